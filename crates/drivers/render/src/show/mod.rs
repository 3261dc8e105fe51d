//! Shows a part of a file: a table, HTML, text or a page.
//!
//! What needs no big parser is shown in place; tables and PDF only in the child process (`renderer`).

mod answer;
mod format;
pub(crate) mod pdf;
mod plain;
pub(crate) mod table;

pub use answer::{Ask, CannotShow, Cut, Shown, Table, Window};
pub(crate) use format::Format;
pub(crate) use plain::in_place;

use crate::part::Part;

/// Bytes of text in an answer at most.
pub(crate) const ANSWER_TEXT_MAX: usize = 1024 * 1024;

/// Shows what only the child process may read.
pub(crate) fn in_child(
    format: Format,
    bytes: &[u8],
    part: &Part,
    window: Window,
) -> Result<Shown, CannotShow> {
    match format {
        Format::Delimited => table::delimited(bytes, part, window),
        Format::Sheets => table::sheets(bytes, part, window),
        Format::Pdf => pdf::page(bytes, part),
        Format::Markdown | Format::Html | Format::Text | Format::Unknown => Err(CannotShow::Unknown),
    }
}
