//! Which kind of file it is, by its first bytes and its name or media type.

use crate::text;

/// How a file is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Markdown,
    Html,
    /// Source code, logs, JSON and all else that is text.
    Text,
    Delimited,
    Sheets,
    Pdf,
    Unknown,
}

impl Format {
    /// The formats the child reads, by their number between parent and child.
    const BY_NUMBER: [Self; 3] = [Self::Delimited, Self::Sheets, Self::Pdf];

    /// Returns the number the child knows it by; `None` when the child does not read it.
    pub(crate) fn number(self) -> Option<u8> {
        let place = Self::BY_NUMBER.iter().position(|format| *format == self);
        place.and_then(|place| u8::try_from(place).ok())
    }

    pub(crate) fn from_number(number: u8) -> Option<Self> {
        Self::BY_NUMBER.get(usize::from(number)).copied()
    }

    /// Tells the format of a file by its name or media type, and its bytes.
    pub(crate) fn of(name: &str, bytes: &[u8]) -> Self {
        let name = name.to_ascii_lowercase();
        let media = name.split(';').next().unwrap_or_default().trim();
        let ending = name.rsplit_once('.').map(|(_, ending)| ending).unwrap_or_default();
        let is = |endings: &[&str], medias: &[&str]| endings.contains(&ending) || medias.contains(&media);
        let is_sheets = is(
            &["xlsx", "xlsm", "xltx", "xltm", "xlam", "xlsb", "xls", "xla", "ods", "ots"],
            &[
                "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
                "application/vnd.ms-excel",
                "application/vnd.ms-excel.sheet.macroenabled.12",
                "application/vnd.ms-excel.sheet.binary.macroenabled.12",
                "application/vnd.oasis.opendocument.spreadsheet",
            ],
        );
        let start = bytes.get(..1024).unwrap_or(bytes);
        if start.starts_with(b"%PDF-") || is(&["pdf"], &["application/pdf"]) {
            return Self::Pdf;
        }
        if start.starts_with(b"PK\x03\x04") || start.starts_with(b"\xD0\xCF\x11\xE0") {
            return if is_sheets { Self::Sheets } else { Self::Unknown };
        }
        if text::decode(start).is_none() {
            return Self::Unknown;
        }
        // Programs of old wrote tables with tabs and called them .xls: they are delimited text, and excel opens them.
        let is_delimited = is(&["csv", "tsv", "tab"], &["text/csv", "text/tab-separated-values"]);
        if is_delimited || is_sheets {
            Self::Delimited
        } else if is(&["md", "markdown", "mdown", "mkd"], &["text/markdown"]) {
            Self::Markdown
        } else if is(&["html", "htm", "xhtml", "shtml"], &["text/html", "application/xhtml+xml"]) {
            Self::Html
        } else {
            Self::Text
        }
    }
}
