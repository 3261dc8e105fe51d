//! Text of documents that are ZIP archives of XML: Office Open XML, `OpenDocument`, EPUB.

use std::io::{BufRead, BufReader, Cursor, Read};

use zip::ZipArchive;

use super::xml::{self, Rules};
use super::{TEXT_SIZE_MAX, html};

/// Bytes that all parts of a document may inflate to at most: an archive of a few bytes may hold terabytes.
const INFLATED_SIZE_MAX: u64 = 256 * 1024 * 1024;
/// Parts of a document that are read at most.
const PARTS_MAX: usize = 5_000;

const WORD: Rules = Rules {
    within: &["t"],
    without: &["instrText", "delText"],
    lines: &["p", "br", "cr"],
    blanks: &["tab", "tc", "noBreakHyphen"],
};
const SLIDE: Rules = Rules { within: &["t"], without: &[], lines: &["p", "br"], blanks: &["tab", "tc"] };
const STRINGS: Rules = Rules { within: &["t"], without: &["rPh"], lines: &["si"], blanks: &[] };
/// Values of cells and text in them; cells that point to a shared string are dealt with by [`cells`].
const OPEN_DOCUMENT: Rules = Rules {
    within: &["p", "h"],
    without: &["tracked-changes"],
    lines: &["p", "h", "line-break"],
    blanks: &["s", "tab", "table-cell"],
};
const TITLE: Rules = Rules {
    within: &["title", "subject", "keywords", "description", "keyword"],
    without: &[],
    lines: &["title", "subject", "keywords", "description", "keyword"],
    blanks: &[],
};

/// Returns the text of a document, or why there is none.
pub(super) fn text(bytes: &[u8]) -> Result<String, String> {
    let mut parts = Parts::open(bytes)?;
    let names = parts.names.clone();
    let has = |name: &str| names.iter().any(|one| one == name);
    let mut text = String::new();
    if has("word/document.xml") {
        parts.add(&mut text, "docProps/core.xml", &TITLE);
        parts.add(&mut text, "word/document.xml", &WORD);
        for name in numbered(&names, "word/", &["header", "footer", "footnotes", "endnotes", "comments"]) {
            parts.add(&mut text, name, &WORD);
        }
    } else if has("ppt/presentation.xml") {
        parts.add(&mut text, "docProps/core.xml", &TITLE);
        for name in numbered(&names, "ppt/slides/", &["slide"]) {
            parts.add(&mut text, name, &SLIDE);
        }
        for name in numbered(&names, "ppt/notesSlides/", &["notesSlide"]) {
            parts.add(&mut text, name, &SLIDE);
        }
    } else if has("xl/workbook.xml") {
        parts.add(&mut text, "docProps/core.xml", &TITLE);
        parts.each_line(&mut text, "xl/workbook.xml", |part, text| attributes(part, text, "sheet", "name"));
        parts.add(&mut text, "xl/sharedStrings.xml", &STRINGS);
        for name in numbered(&names, "xl/worksheets/", &["sheet"]) {
            parts.each_line(&mut text, name, cells);
        }
    } else if has("content.xml") {
        parts.add(&mut text, "meta.xml", &TITLE);
        parts.add(&mut text, "content.xml", &OPEN_DOCUMENT);
    } else if has("META-INF/container.xml") {
        for name in names.iter().filter(|name| is_page(name)) {
            parts.each_line(&mut text, name, pages);
        }
    } else {
        return Err("it is an archive".to_owned());
    }
    Ok(text)
}

/// Says whether a part of a book is a page.
fn is_page(name: &str) -> bool {
    let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
    matches!(ending.as_deref(), Some("html" | "xhtml" | "htm"))
}

/// Returns names of a folder that begin so and are XML, by the number in them.
fn numbered<'a>(names: &'a [String], folder: &str, begin: &[&str]) -> Vec<&'a str> {
    let mut found: Vec<(usize, u64, &str)> = names
        .iter()
        .filter_map(|name| {
            let rest = name.strip_prefix(folder)?.strip_suffix(".xml")?;
            let kind = begin.iter().position(|begin| rest.starts_with(begin))?;
            let digits: String = rest.chars().filter(char::is_ascii_digit).collect();
            Some((kind, digits.parse().unwrap_or(0), name.as_str()))
        })
        .collect();
    found.sort_unstable();
    found.into_iter().map(|(_, _, name)| name).collect()
}

/// The parts of a document, and how much they may still inflate to.
struct Parts<'a> {
    archive: ZipArchive<Cursor<&'a [u8]>>,
    names: Vec<String>,
    left: u64,
}

impl<'a> Parts<'a> {
    fn open(bytes: &'a [u8]) -> Result<Self, String> {
        let archive = ZipArchive::new(Cursor::new(bytes)).map_err(|_error| "it is damaged".to_owned())?;
        let mut names: Vec<String> =
            archive.file_names().take(PARTS_MAX).filter_map(|name| Some(name.ok()?.into_owned())).collect();
        names.sort_unstable();
        Ok(Self { archive, names, left: INFLATED_SIZE_MAX })
    }

    fn add(&mut self, text: &mut String, name: &str, rules: &Rules) {
        self.each_line(text, name, |part, text| xml::add(text, part, rules));
    }

    /// Reads one part, if it is there; what is damaged in it ends it.
    fn each_line(&mut self, text: &mut String, name: &str, read: impl FnOnce(&mut dyn BufRead, &mut String)) {
        if text.len() >= TEXT_SIZE_MAX || self.left == 0 {
            return;
        }
        let Ok(part) = self.archive.by_name(name) else { return };
        let mut part = BufReader::new(part.take(self.left));
        read(&mut part, text);
        self.left = part.get_ref().limit();
        text.push('\n');
    }
}

/// Adds an attribute of all elements of a name.
fn attributes(part: &mut dyn BufRead, text: &mut String, element: &str, attribute: &str) {
    let mut reader = quick_xml::Reader::from_reader(part);
    let mut buffer = Vec::new();
    while text.len() < TEXT_SIZE_MAX {
        buffer.clear();
        match reader.read_event_into(&mut buffer) {
            Ok(quick_xml::events::Event::Start(tag) | quick_xml::events::Event::Empty(tag)) => {
                if tag.local_name().as_ref() != element {
                    continue;
                }
                let found = tag.attributes().flatten().find(|one| one.key.local_name().as_ref() == attribute);
                if let Some(found) = found {
                    text.push_str(&found.value);
                    text.push('\n');
                }
            }
            Ok(quick_xml::events::Event::Eof) | Err(_) => return,
            Ok(_) => {}
        }
    }
}

/// Adds numbers and texts that stand in cells themselves; shared strings are read from their own part.
fn cells(part: &mut dyn BufRead, text: &mut String) {
    use quick_xml::events::Event;
    let mut reader = quick_xml::Reader::from_reader(part);
    let mut buffer = Vec::new();
    let (mut is_shared, mut depth) = (false, 0_u32);
    while text.len() < TEXT_SIZE_MAX {
        buffer.clear();
        match reader.read_event_into(&mut buffer) {
            Ok(Event::Start(tag)) => match tag.local_name().as_ref() {
                "c" => {
                    let kind = tag.attributes().flatten().find(|one| one.key.as_ref() == "t");
                    is_shared = kind.is_some_and(|kind| kind.value.as_ref() == "s");
                }
                "v" | "t" => depth = depth.saturating_add(1),
                _ => {}
            },
            Ok(Event::End(tag)) => match tag.local_name().as_ref() {
                "c" => text.push(' '),
                "row" => text.push('\n'),
                "v" | "t" => depth = depth.saturating_sub(1),
                _ => {}
            },
            Ok(Event::Text(value)) if depth > 0 && !is_shared => text.push_str(value.as_ref()),
            Ok(Event::GeneralRef(part)) if depth > 0 && !is_shared => {
                text.push_str(quick_xml::escape::resolve_xml_entity(part.as_ref()).unwrap_or(" "));
            }
            Ok(Event::Eof) | Err(_) => return,
            Ok(_) => {}
        }
    }
}

/// Adds a page of a book.
fn pages(part: &mut dyn BufRead, text: &mut String) {
    let mut page = Vec::new();
    if part.read_to_end(&mut page).is_ok() {
        text.push_str(&html::text(&page));
    }
}
