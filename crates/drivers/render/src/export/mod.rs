//! Exports a document whose components are frozen: HTML, Markdown, DOCX or PDF, with a list of sources at the end.
//!
//! The same input gives the same bytes; PDF also depends on the fonts of the system. It reads no clock: when it was
//! frozen is a text that the caller gives.

mod docx;
mod flow;
mod html;
mod items;
mod markdown;
mod pdf;
mod picture;

use crate::show::Table;

/// A document and all that stood in its components at one time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Frozen {
    /// Its title.
    pub title: String,
    /// The web it is of.
    pub web: String,
    /// When it was frozen, as people write it.
    pub at: String,
    /// What stands in it.
    pub blocks: Vec<Block>,
    /// Where the components come from.
    pub sources: Vec<Source>,
}

/// A piece of a frozen document; `source` is the number of a [`Source`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// What its author wrote.
    Markdown(String),
    /// Rows of a table.
    Table {
        /// What stands above it; may be empty.
        caption: String,
        /// The rows.
        table: Table,
        /// Where it comes from.
        source: Option<u32>,
    },
    /// HTML; it is cleaned here, whatever it is.
    Html {
        /// What stands above it; may be empty.
        caption: String,
        /// The HTML.
        html: String,
        /// Where it comes from.
        source: Option<u32>,
    },
    /// Lines of a text, shown as they are.
    Text {
        /// What stands above it; may be empty.
        caption: String,
        /// The lines.
        text: String,
        /// Where it comes from.
        source: Option<u32>,
    },
    /// A picture: PNG, JPEG, GIF or WebP.
    Picture {
        /// What stands below it; may be empty.
        caption: String,
        /// The file.
        bytes: Vec<u8>,
        /// Its media type, as its owner says; the bytes decide.
        media: String,
        /// Where it comes from.
        source: Option<u32>,
    },
    /// A component that could not be had.
    Missing {
        /// What it would have been.
        caption: String,
        /// Why it is not there.
        why: String,
        /// Where it would have come from.
        source: Option<u32>,
    },
}

/// Where a component comes from. All texts are as people read them; an empty one is not written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Source {
    /// The number by which blocks refer to it.
    pub number: u32,
    /// What it is.
    pub title: String,
    /// Whose it is.
    pub owner: String,
    /// Which revision of it.
    pub revision: String,
    /// The id of its content.
    pub content: String,
    /// When it was read.
    pub at: String,
    /// Whether it was live, old, missing.
    pub state: String,
    /// Anything else.
    pub note: String,
    /// Its address.
    pub link: Option<String>,
}

/// What a document is exported as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum As {
    /// One file that needs no other.
    Html,
    /// Text with tables of pipes; pictures up to 1 MiB within it, larger ones by name only.
    Markdown,
    /// A document for word processors.
    Docx,
    /// Pages of A4.
    Pdf,
}

/// Why a document cannot be exported.
#[derive(Debug, thiserror::Error)]
pub enum CannotExport {
    /// PDF needs a font, and the system has none.
    #[error(
        "cannot export as PDF: this system has no fonts (on Debian: apt install fonts-dejavu-core fonts-noto-core)"
    )]
    NoFont,
    /// The PDF could not be put together.
    #[error("cannot export as PDF: a font or a picture does not fit in it")]
    Pdf,
    /// The archive of a DOCX could not be written.
    #[error("cannot export as DOCX: the archive is too large")]
    Docx(#[source] std::io::Error),
}

/// Returns a document as a file of this kind.
pub fn export(frozen: &Frozen, kind: As) -> Result<Vec<u8>, CannotExport> {
    match kind {
        As::Html => Ok(html::export(frozen).into_bytes()),
        As::Markdown => Ok(markdown::export(frozen).into_bytes()),
        As::Docx => docx::export(frozen).map_err(CannotExport::Docx),
        As::Pdf => pdf::export(frozen),
    }
}

impl Source {
    /// Returns all that is known about it in one line, without its number and address.
    fn described(&self) -> String {
        let labelled = [
            ("", &self.title),
            ("", &self.owner),
            ("revision ", &self.revision),
            ("content ", &self.content),
            ("read ", &self.at),
            ("", &self.state),
            ("", &self.note),
        ];
        let known = labelled.iter().filter(|(_, text)| !text.trim().is_empty());
        known.map(|(label, text)| format!("{label}{}", on_one_line(text))).collect::<Vec<_>>().join(", ")
    }
}

/// Returns a caption with the number of its source.
fn captioned(caption: &str, source: Option<u32>) -> String {
    let number = source.map(|number| format!("[{number}]")).unwrap_or_default();
    let caption = format!("{} {number}", on_one_line(caption));
    caption.trim().to_owned()
}

fn on_one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Says under a table what of it is not there.
fn cut(table: &Table) -> Option<String> {
    let shown = table.rows.len() as u64;
    let last = table.first_row.saturating_add(shown).saturating_sub(1);
    let rows = table.cut.rows.then(|| format!("rows {} to {last} of {}", table.first_row, table.rows_total));
    let columns = table.cut.columns.then(|| format!("the first {} columns", table.columns.len()));
    let parts: Vec<String> = rows.into_iter().chain(columns).collect();
    (!parts.is_empty()).then(|| format!("Shown: {}.", parts.join(", ")))
}

/// Returns the first row of a table as its header, if it is one and stands first, and the other rows.
fn header_and_rows(table: &Table) -> (Option<&[String]>, &[Vec<String>]) {
    match (table.header.as_deref(), table.rows.split_first()) {
        (Some(header), Some((first, rest))) if first == header => (Some(header), rest),
        (header, _) => (header, &table.rows),
    }
}

#[cfg(test)]
mod tests;
