use std::io::{Cursor, Read as _};

use proptest::prelude::*;

use super::*;

/// A PNG of four pixels.
const PIXEL: &[u8] = &[
    0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0x00, 0x00, 0x00, 0x0D, 0x49, 0x48, 0x44, 0x52, 0x00,
    0x00, 0x00, 0x02, 0x00, 0x00, 0x00, 0x02, 0x08, 0x02, 0x00, 0x00, 0x00, 0xFD, 0xD4, 0x9A, 0x73, 0x00,
    0x00, 0x00, 0x12, 0x49, 0x44, 0x41, 0x54, 0x78, 0x9C, 0x63, 0xF8, 0xCF, 0xC0, 0xC0, 0x00, 0xC2, 0x0C,
    0xFF, 0x81, 0x00, 0x00, 0x1F, 0xEE, 0x05, 0xFB, 0x0B, 0xD9, 0x68, 0x8B, 0x00, 0x00, 0x00, 0x00, 0x49,
    0x45, 0x4E, 0x44, 0xAE, 0x42, 0x60, 0x82,
];

fn table() -> Table {
    let rows = [["Name", "Amount"], ["Alice", "12"], ["=cmd|'/c calc'!A0", "a|b <c> \u{1} *d*"]];
    let rows: Vec<Vec<String>> =
        rows.iter().map(|row| row.iter().map(|cell| (*cell).to_owned()).collect()).collect();
    Table {
        columns: vec!["A".to_owned(), "B".to_owned()],
        header: rows.first().cloned(),
        rows,
        first_row: 1,
        rows_total: 9,
        cut: crate::Cut { rows: true, columns: false, cells: false },
        ..Table::default()
    }
}

pub(super) fn frozen() -> Frozen {
    let markdown = "# Plan & <goal>\n\nA **bold**, *italic*, ~~old~~ `code` and a [link](https://example.com/?a=1&b=2); Größe Ωμέγα Привет.\n\n\
        - one\n  - inner\n- [x] two\n\n3. three\n4. four\n\n1) anew\n\n> quoted\n\n```rust\nlet x = 1 < 2;\n\tlet y = 2;\n```\n\n\
        | a | b |\n|---|---|\n| 1 | `2` |\n\n<script>alert(1)</script>\n\n[bad](javascript:alert(1)) ![remote](https://evil.example/x.png)\n\n---\n\nend[^1]\n\n[^1]: a note\n";
    Frozen {
        title: "Quarter <4> & more".to_owned(),
        web: "family".to_owned(),
        at: "29 November 2026, 12:00".to_owned(),
        blocks: vec![
            Block::Markdown(markdown.to_owned()),
            Block::Table { caption: "Sales".to_owned(), table: table(), source: Some(1) },
            Block::Html {
                caption: "Page".to_owned(),
                html: "<h2>Inner</h2><p>para <b>graph</b> &amp; <a href=\"javascript:x\">x</a></p><ol><li>uno</li><li>dos</li></ol><pre>a\n  b</pre><table><tr><td>c1</td><td>c2</td></tr></table><script>alert(1)</script><img src=x onerror=alert(1)>".to_owned(),
                source: Some(2),
            },
            Block::Text { caption: "main.rs".to_owned(), text: "fn main() {\n    ``` <b>\n}\n".to_owned(), source: None },
            Block::Picture { caption: "Pixel".to_owned(), bytes: PIXEL.to_vec(), media: "image/png".to_owned(), source: Some(2) },
            Block::Picture { caption: "Broken".to_owned(), bytes: b"<svg onload=alert(1)>".to_vec(), media: "image/svg+xml".to_owned(), source: None },
            Block::Missing { caption: "Map".to_owned(), why: "its owner has not been seen since Monday".to_owned(), source: Some(2) },
        ],
        sources: vec![
            Source {
                number: 1,
                title: "sales.xlsx".to_owned(),
                owner: "Alice".to_owned(),
                revision: "7".to_owned(),
                content: "b3:1234".to_owned(),
                at: "today".to_owned(),
                state: "live".to_owned(),
                link: Some("althing:family/sales.xlsx".to_owned()),
                ..Source::default()
            },
            Source { number: 2, title: "<img src=x>".to_owned(), link: Some("javascript:alert(1)".to_owned()), ..Source::default() },
        ],
    }
}

fn text_of(kind: As) -> String {
    String::from_utf8(export(&frozen(), kind).unwrap()).unwrap()
}

#[test]
fn html_is_one_file_without_scripts_and_without_anything_from_elsewhere() {
    let html = text_of(As::Html);
    for part in [
        "<title>Quarter &lt;4&gt; &amp; more</title>",
        "<strong>bold</strong>",
        "<th>Name</th>",
        "<td>=cmd|&#39;/c calc&#39;!A0</td>",
        "Shown: rows 1 to 3 of 9.",
        "src=\"data:image/png;base64,iVBOR",
        "Not here: its owner has not been seen since Monday",
        "href=\"althing:family/sales.xlsx\"",
        "sales.xlsx, Alice, revision 7, content b3:1234, read today, live",
        "@media print",
    ] {
        assert!(html.contains(part), "{part} in {html}");
    }
    assert!(!html.contains("<p>alert") && !html.contains(">alert(1)<"), "{html}");
    assert!(html.contains("<p>para <b>graph</b> &amp; "), "{html}");
    for part in ["<script", "<svg", "href=\"javascript", "src=\"http", "<img src=x", "url("] {
        assert!(!html.contains(part), "{part} in {html}");
    }
}

#[test]
fn markdown_holds_tables_pictures_and_sources() {
    let markdown = text_of(As::Markdown);
    for part in [
        "# Quarter \\<4\\> \\& more\n",
        "**Sales \\[1\\]**\n\n| Name | Amount |\n| --- | --- |\n| Alice | 12 |\n",
        "| \\=cmd\\|'/c calc'\\!A0 | a\\|b \\<c\\>",
        "````\nfn main() {\n    ``` <b>\n}\n````\n",
        "![Pixel \\[2\\]](data:image/png;base64,",
        "*Broken* (a picture of 21 bytes, left out)",
        "> Map \\[2\\]: not here, its owner",
        "## Sources\n\n1. sales.xlsx, Alice, revision 7, content b3:1234, read today, live <althing:family/sales.xlsx>\n",
    ] {
        assert!(markdown.contains(part), "{part} in {markdown}");
    }
    let html = crate::markdown::article(&markdown, &crate::markdown::Unchanged).html;
    assert!(html.contains("<td>=cmd|'/c calc'!A0</td>") && !html.contains("<script"), "{html}");
}

fn parts_of_docx() -> Vec<(String, Vec<u8>)> {
    let file = export(&frozen(), As::Docx).unwrap();
    let mut archive = zip::ZipArchive::new(Cursor::new(file)).unwrap();
    let mut parts = Vec::new();
    for place in 0..archive.len() {
        let mut part = archive.by_index(place).unwrap();
        let mut bytes = Vec::new();
        part.read_to_end(&mut bytes).unwrap();
        let name = part.name().unwrap().into_owned();
        parts.push((name, bytes));
    }
    parts
}

#[test]
fn a_docx_is_well_formed_and_holds_styles_lists_tables_links_and_pictures() {
    let parts = parts_of_docx();
    for (name, bytes) in parts.iter().filter(|(name, _)| !name.contains("/media/")) {
        let mut reader = quick_xml::Reader::from_reader(bytes.as_slice());
        let mut buffer = Vec::new();
        let mut depth = 0;
        loop {
            match reader.read_event_into(&mut buffer).unwrap_or_else(|error| panic!("{name}: {error}")) {
                quick_xml::events::Event::Start(tag) => {
                    tag.attributes().for_each(|one| drop(one.unwrap()));
                    depth += 1;
                }
                quick_xml::events::Event::End(_) => depth -= 1,
                quick_xml::events::Event::Eof => break,
                _ => {}
            }
            buffer.clear();
        }
        assert_eq!(depth, 0, "{name}");
    }
    let part = |name: &str| {
        let bytes = &parts.iter().find(|(one, _)| one == name).unwrap_or_else(|| panic!("{name}")).1;
        String::from_utf8_lossy(bytes).into_owned()
    };
    let document = part("word/document.xml");
    for piece in [
        "<w:pStyle w:val=\"Heading1\"/>",
        "Plan &amp; &lt;goal&gt;",
        "<w:b/>",
        "<w:i/>",
        "<w:strike/>",
        "<w:ilvl w:val=\"1\"/><w:numId w:val=\"1\"/>",
        "<w:tblHeader/>",
        ">=cmd|&#39;/c calc&#39;!A0<",
        "Привет",
        "<a:blip r:embed=\"rPicture1\"/>",
        "&lt;script&gt;alert(1)&lt;/script&gt;",
    ] {
        assert!(document.contains(piece), "{piece} in {document}");
    }
    assert!(!document.contains("instrText") && !document.contains("fldSimple"));
    let relations = part("word/_rels/document.xml.rels");
    assert!(
        relations.contains("Target=\"https://example.com/?a=1&amp;b=2\"")
            && !relations.contains("javascript")
    );
    assert!(part("word/numbering.xml").contains("<w:startOverride w:val=\"3\"/>"));
    assert_eq!(parts.iter().find(|(name, _)| name == "word/media/image1.png").unwrap().1, PIXEL);
}

#[test]
fn a_pdf_has_all_text_on_its_pages() {
    let mut long = frozen();
    long.blocks.push(Block::Text { caption: String::new(), text: "line\n".repeat(200), source: None });
    let file = match export(&long, As::Pdf) {
        Ok(file) => file,
        Err(CannotExport::NoFont) => return,
        Err(error) => panic!("{error}"),
    };
    // To look at them: RENDER_KEEP=/tmp cargo test -p render.
    if let Ok(path) = std::env::var("RENDER_KEEP") {
        std::fs::write(format!("{path}/a.pdf"), &file).unwrap();
        std::fs::write(format!("{path}/a.docx"), export(&long, As::Docx).unwrap()).unwrap();
        std::fs::write(format!("{path}/a.html"), export(&long, As::Html).unwrap()).unwrap();
    }
    let text = pdf_extract::extract_text_from_mem(&file).unwrap();
    // Words in two formats that touch come back with a blank between them.
    let text = text.split_whitespace().collect::<String>();
    for part in [
        "Quarter <4> & more",
        "Plan & <goal>",
        "A bold, italic, old code and a link",
        "Größe",
        "Привет",
        "• one",
        "3. three",
        "1. anew",
        "let x = 1 < 2;",
        "Sales [1]",
        "Alice",
        "=cmd|'/c calc'!A0",
        "para graph & x",
        "Not here: its owner has not",
        "[1] sales.xlsx, Alice",
        "althing:family/sales.xlsx",
        "line line line",
    ] {
        assert!(text.contains(&part.replace(' ', "")), "{part} in {text}");
    }
    assert!(text.contains("5/5") || text.contains("4/4") || text.contains("6/6"), "{text}");
    assert!(!String::from_utf8_lossy(&file).contains("javascript"));
}

#[test]
fn a_system_without_fonts_is_told_what_to_install() {
    assert!(pdf::has_no_fonts(fontdb::Database::new()));
    assert!(CannotExport::NoFont.to_string().contains("apt install fonts-dejavu-core"));
}

#[test]
fn equal_documents_are_equal_files() {
    for kind in [As::Html, As::Markdown, As::Docx, As::Pdf] {
        match (export(&frozen(), kind), export(&frozen(), kind)) {
            (Ok(one), Ok(other)) => assert!(one == other, "{kind:?}"),
            (Err(CannotExport::NoFont), _) => {}
            (one, _) => panic!("{kind:?}: {one:?}"),
        }
    }
}

#[test]
fn a_long_document_is_exported_in_a_moment() {
    let markdown =
        "# Title\n\nSome *text* with a [link](a.md) and `code`.\n\n- item\n- item\n\n".repeat(1_500);
    let rows: Vec<Vec<String>> =
        (0..1_000).map(|row| vec![format!("row {row}"), "x".repeat(30), row.to_string()]).collect();
    let table = Table {
        columns: ["A", "B", "C"].map(str::to_owned).to_vec(),
        rows,
        first_row: 1,
        rows_total: 1_000,
        ..Table::default()
    };
    let blocks =
        vec![Block::Markdown(markdown), Block::Table { caption: String::new(), table, source: None }];
    let frozen = Frozen { blocks, ..Frozen::default() };
    for kind in [As::Html, As::Markdown, As::Docx, As::Pdf] {
        let started = std::time::Instant::now();
        let size = export(&frozen, kind).map_or(0, |file| file.len());
        println!("{kind:?}: {:?}, {size} bytes", started.elapsed());
    }
}

#[test]
fn pictures_are_told_by_their_bytes() {
    assert_eq!((picture::kind(PIXEL), picture::size(PIXEL)), (Some(picture::Kind::Png), Some((2, 2))));
    let jpeg = b"\xFF\xD8\xFF\xE0\x00\x04ab\xFF\xC0\x00\x0B\x08\x00\x02\x00\x03\x01";
    assert_eq!((picture::kind(jpeg), picture::size(jpeg)), (Some(picture::Kind::Jpeg), Some((3, 2))));
    assert_eq!(picture::size(b"GIF89a\x05\x00\x04\x00"), Some((5, 4)));
    assert_eq!(picture::kind(b"<svg"), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    #[test]
    fn any_document_is_exported(text in "(.|[\\[\\]()<>*`|#\n-]){0,60}", html in "(<[a-z/]{1,8}>|.|</?t[dr]>|</?[uo]l>|<pre>){0,20}", bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
        let mut picture = PIXEL.to_vec();
        picture.truncate(45);
        picture.extend(&bytes);
        let blocks = vec![
            Block::Markdown(text.clone()),
            Block::Html { caption: text.clone(), html, source: None },
            Block::Text { caption: String::new(), text, source: Some(9) },
            Block::Picture { caption: String::new(), bytes: picture, media: String::new(), source: None },
            Block::Picture { caption: String::new(), bytes: [b"\xFF\xD8\xFF\xE0".to_vec(), bytes].concat(), media: String::new(), source: None },
        ];
        let frozen = Frozen { blocks, ..Frozen::default() };
        for kind in [As::Html, As::Markdown, As::Docx, As::Pdf] {
            if let Err(error) = export(&frozen, kind) {
                prop_assert!(matches!(error, CannotExport::NoFont), "{:?}", error);
            }
        }
    }
}
