//! Which format a document has, by its first bytes and its name.

use super::plain;

/// How a document is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// As it is: text, Markdown, source code, CSV, JSON, XML, logs.
    Plain,
    Html,
    Pdf,
    /// A ZIP archive of XML: Office Open XML, `OpenDocument`, EPUB.
    Office,
    Rtf,
    Mail,
}

impl Format {
    /// The formats a child reads, by their number between parent and child.
    const BY_NUMBER: [Self; 5] = [Self::Html, Self::Pdf, Self::Office, Self::Rtf, Self::Mail];

    pub(super) fn number(self) -> u8 {
        let place = Self::BY_NUMBER.iter().position(|format| *format == self);
        place.and_then(|place| u8::try_from(place).ok()).unwrap_or(u8::MAX)
    }

    pub(super) fn from_number(number: u8) -> Option<Self> {
        Self::BY_NUMBER.get(usize::from(number)).copied()
    }
}

/// Endings of names of archives that are documents.
const OFFICE: [&str; 22] = [
    "docx", "docm", "dotx", "dotm", "pptx", "pptm", "ppsx", "potx", "xlsx", "xlsm", "xltx", "odt", "ods",
    "odp", "odg", "ott", "ots", "otp", "fodt", "sxw", "sxc", "epub",
];
const HTML: [&str; 4] = ["html", "htm", "xhtml", "shtml"];

/// Tells the format, or why there is none that can be read.
pub(super) fn of(name: &str, head: &[u8]) -> Result<Format, &'static str> {
    let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase()).unwrap_or_default();
    let ending = ending.as_str();
    let start = head.get(..1024).unwrap_or(head);
    if start.windows(5).any(|five| five == b"%PDF-") && (start.starts_with(b"%PDF-") || ending == "pdf") {
        return Ok(Format::Pdf);
    }
    if head.starts_with(b"PK\x03\x04") {
        return if OFFICE.contains(&ending) { Ok(Format::Office) } else { Err("it is an archive") };
    }
    if head.starts_with(b"{\\rtf") {
        return Ok(Format::Rtf);
    }
    if head.starts_with(b"\xD0\xCF\x11\xE0") {
        return Err("its format is of an Office before 2007, which is not read");
    }
    if !plain::looks_like_text(head) {
        return Err("it is not text");
    }
    if HTML.contains(&ending) || begins_as_html(start) {
        return Ok(Format::Html);
    }
    if ending == "eml" {
        return Ok(Format::Mail);
    }
    Ok(Format::Plain)
}

fn begins_as_html(start: &[u8]) -> bool {
    let start = start.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(start).trim_ascii_start();
    let begins = |tag: &[u8]| start.get(..tag.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(tag));
    begins(b"<!doctype html") || begins(b"<html")
}
