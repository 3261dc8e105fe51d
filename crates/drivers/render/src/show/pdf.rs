//! The text of a page of a PDF. Only the child process comes here.

use super::{CannotShow, Shown, Window, plain};
use crate::part::Part;

/// Shows a page; the whole is its first.
pub(crate) fn page(bytes: &[u8], part: &Part) -> Result<Shown, CannotShow> {
    let page = match part {
        Part::Whole => 1,
        Part::Page(page) => *page,
        part => return Err(CannotShow::Part { part: part.to_string() }),
    };
    let (text, total) = text_of(bytes, page)?;
    let text = text.trim_matches(['\n', '\r']);
    let shown = plain::lines(text, (1, u64::MAX), Window { first_row: 1, rows_max: u64::MAX })?;
    let Shown::Text { text, first_line, lines_total, is_cut, .. } = shown else {
        return Err(CannotShow::Damaged);
    };
    Ok(Shown::Text { text, first_line, lines_total, pages_total: Some(total), is_cut })
}

fn text_of(bytes: &[u8], page: u32) -> Result<(String, u32), CannotShow> {
    let document = pdf_extract::Document::load_mem(bytes).map_err(|error| match error {
        pdf_extract::Error::Decryption(_) => CannotShow::Protected,
        _ => CannotShow::Damaged,
    })?;
    if document.is_encrypted() {
        return Err(CannotShow::Protected);
    }
    let pages_total = u32::try_from(document.get_pages().len()).unwrap_or(u32::MAX);
    if page > pages_total {
        return Err(CannotShow::NoPage { page, pages_total });
    }
    let mut text = String::new();
    let mut output = pdf_extract::PlainTextOutput::new(&mut text);
    pdf_extract::output_doc_page(&document, &mut output, page).map_err(|_error| CannotShow::Damaged)?;
    Ok((text, pages_total))
}
