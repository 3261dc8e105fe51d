//! A DOCX by hand: a ZIP archive of XML as ECMA-376 has it, with styles, lists, tables, links and pictures.
//!
//! Nothing in it is a field, a macro or a link to be fetched: what is text stays text.

use std::collections::BTreeMap;
use std::io::{self, Cursor, Write as _};

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::flow::{Flow, InList, Run, Weight};
use super::items::{self, Item};
use super::{Frozen, picture};

/// English Metric Units of a pixel at 96 to the inch, and of the width of a page between its margins (16 cm).
const EMU_OF_PIXEL: u64 = 9_525;
const EMU_OF_PAGE: u64 = 5_760_000;
/// A page's height at most for a picture (22 cm).
const EMU_OF_HEIGHT: u64 = 7_920_000;
/// Columns of a table at most; word processors refuse more than 63.
const COLUMNS_MAX: usize = 63;
/// Levels of lists at most.
const LEVELS: u8 = 9;

const PROLOG: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n";
const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const WORD: &str = "http://schemas.openxmlformats.org/wordprocessingml/2006/main";
const PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006";

/// Returns the file.
pub(super) fn export(frozen: &Frozen) -> io::Result<Vec<u8>> {
    let mut body = Body::default();
    for item in items::of(frozen) {
        body.add(&item);
    }
    let mut archive = Archive { writer: ZipWriter::new(Cursor::new(Vec::new())) };
    archive.add("[Content_Types].xml", types().as_bytes())?;
    archive.add("_rels/.rels", package().as_bytes())?;
    archive.add("docProps/core.xml", properties(frozen).as_bytes())?;
    archive.add("word/document.xml", body.document().as_bytes())?;
    archive.add("word/styles.xml", styles().as_bytes())?;
    archive.add("word/numbering.xml", body.numbering().as_bytes())?;
    archive.add("word/_rels/document.xml.rels", body.relations().as_bytes())?;
    for (name, bytes) in &body.pictures {
        archive.add(&format!("word/{name}"), bytes)?;
    }
    archive.finish()
}

struct Archive {
    writer: ZipWriter<Cursor<Vec<u8>>>,
}

impl Archive {
    fn add(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        // Without a time of change: equal documents are equal files.
        let options = SimpleFileOptions::default().last_modified_time(zip::DateTime::default());
        self.writer.start_file(name, options).map_err(io::Error::other)?;
        self.writer.write_all(bytes)
    }

    fn finish(self) -> io::Result<Vec<u8>> {
        Ok(self.writer.finish().map_err(io::Error::other)?.into_inner())
    }
}

/// The body of the document and what it refers to.
#[derive(Debug, Default)]
struct Body<'a> {
    xml: String,
    /// Addresses, by the number of their relation.
    links: Vec<String>,
    pictures: Vec<(String, &'a [u8])>,
    /// Numbered lists by their own number: where they begin.
    lists: BTreeMap<u32, u64>,
}

impl<'a> Body<'a> {
    fn add(&mut self, item: &Item<'a>) {
        match item {
            Item::Title(title) => self.styled("Title", title),
            Item::Note(note) => self.styled("Note", note),
            Item::Caption(caption) => self.styled("Caption", caption),
            Item::Flow(flow) => self.flow(flow),
            Item::Picture { kind: picture::Kind::WebP, .. } => {
                self.styled("Note", "(a picture that this format cannot hold)");
            }
            Item::Picture { bytes, kind, size, alt } => self.picture(bytes, *kind, *size, alt),
        }
    }

    fn styled(&mut self, style: &str, text: &str) {
        self.xml.push_str(&format!("<w:p><w:pPr><w:pStyle w:val=\"{style}\"/></w:pPr>"));
        self.run(&super::flow::plain(text));
        self.xml.push_str("</w:p>\n");
    }

    fn flow(&mut self, flow: &Flow) {
        match flow {
            Flow::Heading { level, runs } => {
                let style = format!("<w:pStyle w:val=\"Heading{}\"/>", (*level).clamp(1, 6));
                self.paragraph(&style, runs);
            }
            Flow::Paragraph { runs, list, quotes } => {
                let style = match list {
                    Some(list) => self.in_list(*list, *quotes),
                    None if *quotes > 0 => {
                        format!("<w:pStyle w:val=\"Quote\"/><w:ind w:left=\"{}\"/>", 400 * u32::from(*quotes))
                    }
                    None => String::new(),
                };
                self.paragraph(&style, runs);
            }
            Flow::Code(lines) => {
                for line in lines.trim_end_matches('\n').split('\n') {
                    self.styled("Code", line);
                }
            }
            Flow::Rule => self.xml.push_str(
                "<w:p><w:pPr><w:pBdr><w:bottom w:val=\"single\" w:sz=\"6\" w:space=\"1\" w:color=\"808080\"/></w:pBdr></w:pPr></w:p>\n",
            ),
            Flow::Table { has_header, rows } => self.table(*has_header, rows),
        }
    }

    fn in_list(&mut self, list: InList, quotes: u8) -> String {
        let level = list.level.min(LEVELS - 1);
        if !list.is_first {
            let left = 720 * (u32::from(level) + 1) + 400 * u32::from(quotes);
            return format!("<w:ind w:left=\"{left}\"/>");
        }
        let number = match list.number {
            None => 1,
            Some(number) => {
                self.lists.entry(list.list).or_insert(number);
                list.list.saturating_add(1)
            }
        };
        format!(
            "<w:pStyle w:val=\"ListParagraph\"/><w:numPr><w:ilvl w:val=\"{level}\"/><w:numId w:val=\"{number}\"/></w:numPr>"
        )
    }

    fn paragraph(&mut self, properties: &str, runs: &[Run]) {
        self.xml.push_str(&format!("<w:p><w:pPr>{properties}</w:pPr>"));
        for run in runs {
            match &run.link {
                Some(link) => {
                    let number = self.link(link);
                    self.xml.push_str(&format!("<w:hyperlink r:id=\"rLink{number}\">"));
                    self.run(run);
                    self.xml.push_str("</w:hyperlink>");
                }
                None => self.run(run),
            }
        }
        self.xml.push_str("</w:p>\n");
    }

    fn link(&mut self, link: &str) -> usize {
        let known = self.links.iter().position(|one| one == link);
        known.unwrap_or_else(|| {
            self.links.push(link.to_owned());
            self.links.len() - 1
        })
    }

    fn run(&mut self, run: &Run) {
        let style = run.style;
        let mut properties = String::new();
        for (is_set, property) in [
            (run.link.is_some(), "<w:rStyle w:val=\"Hyperlink\"/>"),
            (
                style.is_code,
                "<w:rFonts w:ascii=\"Courier New\" w:hAnsi=\"Courier New\" w:cs=\"Courier New\"/>",
            ),
            (style.weight == Weight::Bold, "<w:b/>"),
            (style.is_italic, "<w:i/>"),
            (style.is_crossed, "<w:strike/>"),
        ] {
            if is_set {
                properties.push_str(property);
            }
        }
        self.xml.push_str(&format!("<w:r><w:rPr>{properties}</w:rPr>"));
        for (place, line) in run.text.split('\n').enumerate() {
            if place > 0 {
                self.xml.push_str("<w:br/>");
            }
            self.xml.push_str(&format!("<w:t xml:space=\"preserve\">{}</w:t>", escaped(line)));
        }
        self.xml.push_str("</w:r>");
    }

    fn table(&mut self, has_header: bool, rows: &[Vec<Vec<Run>>]) {
        let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
        let shown = columns.min(COLUMNS_MAX);
        if shown == 0 {
            return;
        }
        self.xml.push_str("<w:tbl><w:tblPr><w:tblStyle w:val=\"TableGrid\"/><w:tblW w:w=\"0\" w:type=\"auto\"/></w:tblPr><w:tblGrid>");
        self.xml.push_str(&format!("<w:gridCol w:w=\"{}\"/>", 9_072 / shown).repeat(shown));
        self.xml.push_str("</w:tblGrid>\n");
        for (place, row) in rows.iter().enumerate() {
            let header = if has_header && place == 0 { "<w:trPr><w:tblHeader/></w:trPr>" } else { "" };
            self.xml.push_str(&format!("<w:tr>{header}"));
            for column in 0..shown {
                self.xml.push_str("<w:tc><w:tcPr><w:tcW w:w=\"0\" w:type=\"auto\"/></w:tcPr>");
                self.paragraph(
                    "<w:pStyle w:val=\"Cell\"/>",
                    row.get(column).map(Vec::as_slice).unwrap_or_default(),
                );
                self.xml.push_str("</w:tc>");
            }
            self.xml.push_str("</w:tr>\n");
        }
        self.xml.push_str("</w:tbl>\n");
        if shown < columns {
            self.styled("Note", &format!("Shown: the first {shown} columns."));
        } else {
            // Tables that touch become one.
            self.xml.push_str("<w:p><w:pPr><w:pStyle w:val=\"Note\"/></w:pPr></w:p>\n");
        }
    }

    fn picture(&mut self, bytes: &'a [u8], kind: picture::Kind, size: (u32, u32), alt: &str) {
        let number = self.pictures.len() + 1;
        self.pictures.push((format!("media/image{number}.{}", kind.ending()), bytes));
        let (width, height) = (u64::from(size.0) * EMU_OF_PIXEL, u64::from(size.1) * EMU_OF_PIXEL);
        let scaled = |width: u64, height: u64| match width > EMU_OF_PAGE {
            true => (EMU_OF_PAGE, height.saturating_mul(EMU_OF_PAGE) / width),
            false => (width, height),
        };
        let (width, height) = scaled(width, height);
        let (width, height) = match height > EMU_OF_HEIGHT {
            true => (width.saturating_mul(EMU_OF_HEIGHT) / height, EMU_OF_HEIGHT),
            false => (width, height),
        };
        let (width, height) = (width.max(1), height.max(1));
        let alt = escaped(alt);
        self.xml.push_str(&format!(
            "<w:p><w:r><w:drawing><wp:inline distT=\"0\" distB=\"0\" distL=\"0\" distR=\"0\"><wp:extent cx=\"{width}\" cy=\"{height}\"/>\
             <wp:docPr id=\"{number}\" name=\"Picture {number}\" descr=\"{alt}\"/>\
             <a:graphic><a:graphicData uri=\"http://schemas.openxmlformats.org/drawingml/2006/picture\"><pic:pic>\
             <pic:nvPicPr><pic:cNvPr id=\"{number}\" name=\"Picture {number}\"/><pic:cNvPicPr/></pic:nvPicPr>\
             <pic:blipFill><a:blip r:embed=\"rPicture{number}\"/><a:stretch><a:fillRect/></a:stretch></pic:blipFill>\
             <pic:spPr><a:xfrm><a:off x=\"0\" y=\"0\"/><a:ext cx=\"{width}\" cy=\"{height}\"/></a:xfrm>\
             <a:prstGeom prst=\"rect\"><a:avLst/></a:prstGeom></pic:spPr></pic:pic></a:graphicData></a:graphic>\
             </wp:inline></w:drawing></w:r></w:p>\n"
        ));
    }

    fn document(&self) -> String {
        format!(
            "{PROLOG}<w:document xmlns:w=\"{WORD}\" xmlns:r=\"{OFFICE}\" \
             xmlns:wp=\"http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing\" \
             xmlns:a=\"http://schemas.openxmlformats.org/drawingml/2006/main\" \
             xmlns:pic=\"http://schemas.openxmlformats.org/drawingml/2006/picture\"><w:body>\n{}\
             <w:sectPr><w:pgSz w:w=\"11906\" w:h=\"16838\"/><w:pgMar w:top=\"1417\" w:right=\"1417\" w:bottom=\"1134\" \
             w:left=\"1417\" w:header=\"708\" w:footer=\"708\" w:gutter=\"0\"/></w:sectPr></w:body></w:document>",
            self.xml
        )
    }

    fn relations(&self) -> String {
        let mut all = format!(
            "<Relationship Id=\"rStyles\" Type=\"{OFFICE}/styles\" Target=\"styles.xml\"/>\
             <Relationship Id=\"rNumbering\" Type=\"{OFFICE}/numbering\" Target=\"numbering.xml\"/>"
        );
        for (number, link) in self.links.iter().enumerate() {
            let link = escaped(link);
            all.push_str(&format!(
                "<Relationship Id=\"rLink{number}\" Type=\"{OFFICE}/hyperlink\" Target=\"{link}\" TargetMode=\"External\"/>"
            ));
        }
        for (place, (name, _)) in self.pictures.iter().enumerate() {
            let number = place + 1;
            all.push_str(&format!(
                "<Relationship Id=\"rPicture{number}\" Type=\"{OFFICE}/image\" Target=\"{name}\"/>"
            ));
        }
        format!("{PROLOG}<Relationships xmlns=\"{PACKAGE}/relationships\">{all}</Relationships>")
    }

    /// Lists: one without numbers, and each with numbers as one of its own, so that it begins anew.
    fn numbering(&self) -> String {
        let level = |format: &str, text: &dyn Fn(u8) -> String| -> String {
            let one = |level: u8| {
                let left = 720 * (u32::from(level) + 1);
                format!(
                    "<w:lvl w:ilvl=\"{level}\"><w:start w:val=\"1\"/><w:numFmt w:val=\"{format}\"/><w:lvlText w:val=\"{}\"/>\
                     <w:lvlJc w:val=\"left\"/><w:pPr><w:ind w:left=\"{left}\" w:hanging=\"360\"/></w:pPr></w:lvl>",
                    text(level)
                )
            };
            (0..LEVELS).map(one).collect()
        };
        let bullets = level("bullet", &|_| "•".to_owned());
        let numbers = level("decimal", &|level| format!("%{}.", level + 1));
        let overrides = |start: u64| -> String {
            let one = |level: u8| {
                format!(
                    "<w:lvlOverride w:ilvl=\"{level}\"><w:startOverride w:val=\"{start}\"/></w:lvlOverride>"
                )
            };
            (0..LEVELS).map(one).collect::<Vec<_>>().concat()
        };
        let lists = self
            .lists
            .iter()
            .map(|(list, start)| {
                let number = list.saturating_add(1);
                format!(
                    "<w:num w:numId=\"{number}\"><w:abstractNumId w:val=\"2\"/>{}</w:num>",
                    overrides(*start)
                )
            })
            .collect::<Vec<_>>()
            .concat();
        format!(
            "{PROLOG}<w:numbering xmlns:w=\"{WORD}\"><w:abstractNum w:abstractNumId=\"1\"><w:multiLevelType w:val=\"multilevel\"/>{bullets}</w:abstractNum>\
             <w:abstractNum w:abstractNumId=\"2\"><w:multiLevelType w:val=\"multilevel\"/>{numbers}</w:abstractNum>\
             <w:num w:numId=\"1\"><w:abstractNumId w:val=\"1\"/></w:num>{lists}</w:numbering>"
        )
    }
}

fn types() -> String {
    let word = "application/vnd.openxmlformats-officedocument.wordprocessingml";
    let kinds = [picture::Kind::Png, picture::Kind::Jpeg, picture::Kind::Gif];
    let pictures = kinds
        .iter()
        .map(|kind| format!("<Default Extension=\"{}\" ContentType=\"{}\"/>", kind.ending(), kind.media()))
        .collect::<Vec<_>>()
        .concat();
    format!(
        "{PROLOG}<Types xmlns=\"{PACKAGE}/content-types\">\
         <Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>\
         <Default Extension=\"xml\" ContentType=\"application/xml\"/>{pictures}\
         <Override PartName=\"/word/document.xml\" ContentType=\"{word}.document.main+xml\"/>\
         <Override PartName=\"/word/styles.xml\" ContentType=\"{word}.styles+xml\"/>\
         <Override PartName=\"/word/numbering.xml\" ContentType=\"{word}.numbering+xml\"/>\
         <Override PartName=\"/docProps/core.xml\" ContentType=\"application/vnd.openxmlformats-package.core-properties+xml\"/></Types>"
    )
}

fn package() -> String {
    format!(
        "{PROLOG}<Relationships xmlns=\"{PACKAGE}/relationships\">\
         <Relationship Id=\"rId1\" Type=\"{OFFICE}/officeDocument\" Target=\"word/document.xml\"/>\
         <Relationship Id=\"rId2\" Type=\"{PACKAGE}/relationships/metadata/core-properties\" Target=\"docProps/core.xml\"/></Relationships>"
    )
}

fn properties(frozen: &Frozen) -> String {
    format!(
        "{PROLOG}<cp:coreProperties xmlns:cp=\"{PACKAGE}/metadata/core-properties\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\">\
         <dc:title>{}</dc:title><dc:description>{} · {}</dc:description></cp:coreProperties>",
        escaped(&frozen.title),
        escaped(&frozen.web),
        escaped(&frozen.at)
    )
}

fn styles() -> String {
    let paragraph = |id: &str, name: &str, properties: &str, run: &str| {
        format!(
            "<w:style w:type=\"paragraph\" w:styleId=\"{id}\"><w:name w:val=\"{name}\"/><w:basedOn w:val=\"Normal\"/><w:qFormat/>\
             <w:pPr>{properties}</w:pPr><w:rPr>{run}</w:rPr></w:style>"
        )
    };
    let headings: String = [36, 30, 26, 24, 22, 22]
        .iter()
        .zip(1..)
        .map(|(size, level)| {
            let outline = format!(
                "<w:keepNext/><w:spacing w:before=\"280\" w:after=\"100\"/><w:outlineLvl w:val=\"{}\"/>",
                level - 1
            );
            let run = format!("<w:b/><w:sz w:val=\"{size}\"/>");
            paragraph(&format!("Heading{level}"), &format!("heading {level}"), &outline, &run)
        })
        .collect();
    let code = "<w:rFonts w:ascii=\"Courier New\" w:hAnsi=\"Courier New\" w:cs=\"Courier New\"/><w:sz w:val=\"18\"/>";
    format!(
        "{PROLOG}<w:styles xmlns:w=\"{WORD}\"><w:docDefaults><w:rPrDefault><w:rPr><w:sz w:val=\"22\"/></w:rPr></w:rPrDefault>\
         <w:pPrDefault><w:pPr><w:spacing w:after=\"140\" w:line=\"276\" w:lineRule=\"auto\"/></w:pPr></w:pPrDefault></w:docDefaults>\
         <w:style w:type=\"paragraph\" w:default=\"1\" w:styleId=\"Normal\"><w:name w:val=\"Normal\"/><w:qFormat/></w:style>{}{headings}{}{}{}{}{}{}\
         <w:style w:type=\"character\" w:styleId=\"Hyperlink\"><w:name w:val=\"Hyperlink\"/><w:rPr><w:color w:val=\"0563C1\"/><w:u w:val=\"single\"/></w:rPr></w:style>\
         <w:style w:type=\"table\" w:styleId=\"TableGrid\"><w:name w:val=\"Table Grid\"/><w:tblPr><w:tblBorders>{}</w:tblBorders>\
         <w:tblCellMar><w:left w:w=\"80\" w:type=\"dxa\"/><w:right w:w=\"80\" w:type=\"dxa\"/></w:tblCellMar></w:tblPr></w:style></w:styles>",
        paragraph("Title", "Title", "<w:spacing w:after=\"100\"/>", "<w:b/><w:sz w:val=\"44\"/>"),
        paragraph("Note", "Note", "", "<w:color w:val=\"606060\"/><w:sz w:val=\"18\"/>"),
        paragraph("Caption", "caption", "<w:keepNext/>", "<w:b/><w:sz w:val=\"20\"/>"),
        paragraph("Quote", "Quote", "", "<w:i/>"),
        paragraph("Code", "Code", "<w:spacing w:after=\"0\"/>", code),
        paragraph(
            "Cell",
            "Cell",
            "<w:spacing w:after=\"0\" w:line=\"240\" w:lineRule=\"auto\"/>",
            "<w:sz w:val=\"18\"/>"
        ),
        paragraph("ListParagraph", "List Paragraph", "<w:contextualSpacing/>", ""),
        ["top", "left", "bottom", "right", "insideH", "insideV"]
            .map(|side| format!("<w:{side} w:val=\"single\" w:sz=\"4\" w:space=\"0\" w:color=\"A0A0A0\"/>"))
            .concat(),
    )
}

/// Escapes a text for XML; what XML cannot hold is left out.
fn escaped(text: &str) -> String {
    let is_allowed = |letter: &char| matches!(letter, '\t' | '\n' | '\r' | '\u{20}'..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..);
    let allowed: String = text.chars().filter(is_allowed).collect();
    crate::markdown::escaped(&allowed)
}
