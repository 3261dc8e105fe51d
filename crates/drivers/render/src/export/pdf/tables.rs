//! Tables of a PDF: columns as wide as their text wants, cells that wrap, a header on each page.

use super::SMALL_SIZE;
use super::fonts::{Face, Fonts};
use super::lines::{Line, Look};
use super::pages::{HEIGHT, Pages, WIDTH};
use crate::export::flow::{Run, plain, text};

/// Columns of a page at most; more would be narrower than a word.
const COLUMNS_MAX: usize = 16;
/// Points between text and the rule beside it.
const PADDING: f32 = 3.0;
/// Lines of a cell at most; the rest would not fit on a page.
const LINES_MAX: usize = 50;
/// Rows by which the width of columns is measured.
const MEASURED_ROWS: usize = 200;

/// Adds a table below what is there.
pub(super) fn add(pages: &mut Pages, fonts: &mut Fonts, has_header: bool, rows: &[Vec<Vec<Run>>]) {
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let shown = columns.min(COLUMNS_MAX);
    if shown == 0 {
        return;
    }
    let size = if shown > 8 { SMALL_SIZE - 2.0 } else { SMALL_SIZE };
    let widths = widths(fonts, rows, shown, size);
    let mut header: Option<Vec<Vec<Line>>> = None;
    for (place, row) in rows.iter().enumerate() {
        let is_header = has_header && place == 0;
        let look = Look::new(size, if is_header { Face::BOLD } else { Face::PLAIN });
        let cells: Vec<Vec<Line>> = widths
            .iter()
            .enumerate()
            .map(|(column, width)| {
                let runs = row.get(column).map(Vec::as_slice).unwrap_or_default();
                let mut lines = fonts.broken(runs, look, width - 2.0 * PADDING);
                lines.truncate(LINES_MAX);
                lines
            })
            .collect();
        let is_new = pages.keep(height(&cells).min(HEIGHT));
        if let (true, Some(header)) = (is_new, &header) {
            put(pages, header.clone(), &widths, 232);
        }
        if is_header {
            header = Some(cells.clone());
        }
        put(pages, cells, &widths, if is_header { 232 } else { 255 });
    }
    pages.space(4.0);
    if shown < columns {
        let note = plain(&format!("Shown: the first {shown} of {columns} columns."));
        for line in fonts.broken(&[note], Look::new(size, Face::PLAIN).grey(), WIDTH) {
            pages.line(line, 0.0);
        }
    }
    pages.space(8.0);
}

/// Draws a row.
fn put(pages: &mut Pages, cells: Vec<Vec<Line>>, widths: &[f32], grey: u8) {
    let height = height(&cells);
    let total: f32 = widths.iter().sum();
    if grey < 255 {
        pages.filled(0.0, 0.0, (total, height), grey);
    }
    let mut left = 0.0;
    for (lines, width) in cells.into_iter().zip(widths) {
        let mut below = PADDING * 0.6;
        for line in lines {
            let height = line.height;
            pages.at(line, left + PADDING, below);
            below += height;
        }
        pages.filled(left, 0.0, (0.4, height), 160);
        left += width;
    }
    pages.filled(left, 0.0, (0.4, height), 160);
    pages.filled(0.0, 0.0, (total, 0.4), 160);
    pages.filled(0.0, height, (total, 0.4), 160);
    pages.down(height);
}

fn height(cells: &[Vec<Line>]) -> f32 {
    let of = |lines: &Vec<Line>| lines.iter().map(|line| line.height).sum::<f32>();
    cells.iter().map(of).fold(0.0, f32::max) + PADDING * 1.2
}

/// Shares the width of the page: narrow columns get what they want, the others share the rest by what they want.
fn widths(fonts: &mut Fonts, rows: &[Vec<Vec<Run>>], shown: usize, size: f32) -> Vec<f32> {
    let mut wanted = vec![20.0_f32; shown];
    for row in rows.iter().take(MEASURED_ROWS) {
        for (cell, wanted) in row.iter().zip(wanted.iter_mut()) {
            let start: String = text(cell).chars().take(80).collect();
            let line = fonts.broken(&[plain(&start)], Look::new(size, Face::BOLD), 10_000.0);
            let width = line.iter().map(|line| line.width).fold(0.0, f32::max);
            *wanted = wanted.max(width + 2.0 * PADDING + 2.0);
        }
    }
    let total: f32 = wanted.iter().sum();
    if total <= WIDTH {
        return wanted;
    }
    #[expect(clippy::cast_precision_loss, reason = "at most 16 columns")]
    let fair = WIDTH / shown as f32;
    let narrow: f32 = wanted.iter().filter(|width| **width <= fair).sum();
    let wide: f32 = wanted.iter().filter(|width| **width > fair).sum();
    let share = |width: f32| if width <= fair { width } else { width * (WIDTH - narrow) / wide };
    wanted.into_iter().map(share).collect()
}
