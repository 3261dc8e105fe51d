//! What is shown in place: Markdown as HTML, everything else that is text as it is.

use super::{ANSWER_TEXT_MAX, Ask, CannotShow, Format, Shown, Window};
use crate::markdown::{self, Links};
use crate::part::Part;
use crate::text;

/// Bytes of a text at most.
const READ_SIZE_MAX: usize = 64 * 1024 * 1024;

/// Shows a part of a text.
pub(crate) fn in_place(format: Format, ask: &Ask<'_>, links: &dyn Links) -> Result<Shown, CannotShow> {
    if ask.bytes.len() > READ_SIZE_MAX {
        return Err(CannotShow::TooLarge { size_max: READ_SIZE_MAX as u64 });
    }
    let text = text::decode(ask.bytes).ok_or(CannotShow::Unknown)?;
    let range = match ask.part {
        Part::Whole => (1, u64::MAX),
        Part::Lines { from, to } => (*from, *to),
        Part::Section(heading) if format == Format::Markdown => markdown::section(&text, heading)
            .ok_or_else(|| CannotShow::NoSection { section: heading.clone() })?,
        part => return Err(CannotShow::Part { part: part.to_string() }),
    };
    if format != Format::Markdown {
        return lines(&text, range, ask.window);
    }
    let is_whole = *ask.part == Part::Whole;
    let chosen = if is_whole { text.as_str() } else { text::of_lines(&text, range.0, range.1) };
    if chosen.is_empty() && !is_whole {
        return Err(no_line(&text, range.0));
    }
    let article = markdown::article(chosen, links);
    Ok(Shown::Html { html: article.html, title: article.title, is_cut: article.is_cut })
}

fn no_line(text: &str, line: u64) -> CannotShow {
    CannotShow::NoLine { line, lines_total: text::lines(text).count() as u64 }
}

/// Shows the lines of the part that are in the window.
pub(super) fn lines(text: &str, part: (u64, u64), window: Window) -> Result<Shown, CannotShow> {
    let lines_total = text::lines(text).count() as u64;
    if part.0 > lines_total && part.0 > 1 {
        return Err(no_line(text, part.0));
    }
    let first = window.first_row.max(part.0).max(1);
    let last = part.1.min(lines_total);
    let end = first.saturating_add(window.rows_max).saturating_sub(1).min(last);
    let chosen = if end < first { "" } else { text::of_lines(text, first, end) };
    let size = chosen.floor_char_boundary(ANSWER_TEXT_MAX);
    let is_cut = size < chosen.len() || end < last || first > part.0;
    let text = chosen.get(..size).unwrap_or_default().to_owned();
    Ok(Shown::Text { text, first_line: first, lines_total, pages_total: None, is_cut })
}
