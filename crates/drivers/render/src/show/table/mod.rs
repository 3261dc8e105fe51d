//! Tables, page by page. Only the child process comes here.
//!
//! All rows pass by, for only then it is known how many there are; only those in the window are kept.

mod delimited;
mod sheets;
mod value;

pub(crate) use delimited::delimited;
pub(crate) use sheets::sheets;

use super::{ANSWER_TEXT_MAX, CannotShow, Shown, Table, Window};
use crate::part::{CellRange, Part, column_label};

/// Rows in an answer at most.
const ROWS_MAX: u64 = 1_000;
/// Columns in an answer at most.
const COLUMNS_MAX: u64 = 200;
/// Letters of a cell at most; no spreadsheet program writes more.
const CELL_SIZE_MAX: usize = 32_767;
/// The last row of a table; none has as many.
const LAST_ROW: u64 = u64::MAX;

/// Which cells of a table are asked for: columns and rows of the part, and the rows in the window.
#[derive(Debug, Clone, Copy)]
struct Wanted {
    columns: (u64, u64),
    rows: (u64, u64),
    window: (u64, u64),
}

impl Wanted {
    fn new(range: Option<CellRange>, window: Window) -> Self {
        let columns = range
            .and_then(|range| range.columns)
            .map_or((1, u64::MAX), |(first, last)| (first.into(), last.into()));
        let rows = range.and_then(|range| range.rows).unwrap_or((1, LAST_ROW));
        let first = window.first_row.max(rows.0);
        let last = first.saturating_add(window.rows_max.min(ROWS_MAX)).saturating_sub(1).min(rows.1);
        Self { columns, rows, window: (first, last) }
    }
}

/// Splits a part into the sheet and the cells.
fn sheet_and_range(part: &Part) -> Result<(Option<&str>, Option<CellRange>), CannotShow> {
    match part {
        Part::Whole => Ok((None, None)),
        Part::Lines { from, to } => Ok((None, Some(CellRange { columns: None, rows: Some((*from, *to)) }))),
        Part::Cells { sheet, range } => Ok((sheet.as_deref(), *range)),
        part => Err(CannotShow::Part { part: part.to_string() }),
    }
}

/// Takes cells in any order of columns, rows in their order, and makes the answer of them.
#[derive(Debug)]
struct Collector {
    wanted: Wanted,
    table: Table,
    /// The row of the part that may be its header.
    first: Vec<String>,
    /// Whether a row below the first has a number where the first one has words.
    has_numbers: bool,
    /// The last row that has anything.
    last_row: u64,
    size: usize,
    is_full: bool,
}

impl Collector {
    fn new(wanted: Wanted) -> Self {
        Self {
            wanted,
            table: Table::default(),
            first: Vec::new(),
            has_numbers: false,
            last_row: 0,
            size: 0,
            is_full: false,
        }
    }

    /// Says whether the text of a cell is of interest; of others only the place is.
    fn needs(&self, row: u64, column: u64) -> bool {
        let is_column = (self.wanted.columns.0..=self.wanted.columns.1).contains(&column);
        let is_row = (self.wanted.window.0..=self.wanted.window.1).contains(&row);
        let is_near_header = row >= self.wanted.rows.0 && row - self.wanted.rows.0 < 20;
        is_column && (is_row || is_near_header)
    }

    /// Says whether anything of a row is of interest.
    fn needs_row(&self, row: u64) -> bool {
        self.needs(row, self.wanted.columns.0)
    }

    /// Notes that a row is there, though it may be empty.
    fn row(&mut self, row: u64) {
        self.last_row = self.last_row.max(row);
    }

    /// Takes a cell; rows and columns count from one.
    fn cell(&mut self, row: u64, column: u64, text: &str) {
        self.row(row);
        if !self.needs(row, column) {
            return;
        }
        let place = column - self.wanted.columns.0;
        if place >= COLUMNS_MAX {
            self.table.cut.columns = true;
            return;
        }
        let size = text.floor_char_boundary(CELL_SIZE_MAX);
        self.table.cut.cells |= size < text.len();
        let text = text.get(..size).unwrap_or_default();
        let place = usize::try_from(place).unwrap_or(usize::MAX);
        if row == self.wanted.rows.0 {
            put(&mut self.first, place, text);
        } else if row - self.wanted.rows.0 < 20 && value::is_number(text) {
            self.has_numbers |= self.first.get(place).is_some_and(|first| !first.is_empty());
        }
        let (first, last) = self.wanted.window;
        if !(first..=last).contains(&row) || self.is_full {
            return;
        }
        // Before it is added, so that an answer never is larger; the row it would be in is left out as a whole.
        self.size = self.size.saturating_add(text.len() + 2);
        let at = usize::try_from(row - first).unwrap_or(usize::MAX);
        if self.size > ANSWER_TEXT_MAX {
            self.is_full = true;
            self.table.rows.truncate(at.max(1));
            return;
        }
        while self.table.rows.len() <= at {
            self.table.rows.push(Vec::new());
        }
        if let Some(cells) = self.table.rows.get_mut(at) {
            put(cells, place, text);
        }
    }

    /// Returns the answer.
    fn finish(mut self, sheet: Option<String>, sheets: Vec<String>) -> Shown {
        let wanted = self.wanted;
        let last = self.last_row.min(wanted.rows.1);
        let mut table = self.table;
        // Empty rows at the end of the window are rows, too.
        if !self.is_full {
            let end = wanted.window.1.min(last);
            let count = (end + 1).saturating_sub(wanted.window.0);
            table.rows.resize(usize::try_from(count.min(ROWS_MAX)).unwrap_or_default(), Vec::new());
        }
        let widest = table.rows.iter().map(Vec::len).max().unwrap_or_default().max(self.first.len());
        for row in &mut table.rows {
            row.resize(widest, String::new());
        }
        let label = |place: usize| {
            column_label(u32::try_from(wanted.columns.0.saturating_add(place as u64)).unwrap_or(u32::MAX))
        };
        table.columns = (0..widest).map(label).collect();
        table.first_row = wanted.window.0;
        table.rows_total = (last + 1).saturating_sub(wanted.rows.0);
        let shown_to = wanted.window.0.saturating_add(table.rows.len() as u64);
        table.cut.rows = wanted.window.0 > wanted.rows.0 || shown_to <= last;
        if is_header(&self.first, self.has_numbers, table.rows_total) {
            self.first.resize(widest, String::new());
            table.header = Some(self.first);
        }
        table.sheet = sheet;
        table.sheets = sheets;
        Shown::Table(table)
    }
}

fn put(cells: &mut Vec<String>, place: usize, text: &str) {
    while cells.len() <= place {
        cells.push(String::new());
    }
    if let Some(cell) = cells.get_mut(place) {
        text.clone_into(cell);
    }
}

/// Guesses whether a first row names the columns: all of it are words, all different, and numbers or at least rows follow.
fn is_header(first: &[String], has_numbers: bool, rows_total: u64) -> bool {
    let words = first.iter().filter(|cell| !cell.trim().is_empty() && !value::is_number(cell)).count();
    let distinct: std::collections::BTreeSet<&String> = first.iter().collect();
    let is_short = first.iter().all(|cell| cell.len() <= 100);
    let is_full = words == first.len() && distinct.len() == first.len() && is_short;
    rows_total > 1 && is_full && words > 0 && (has_numbers || first.len() > 1)
}

#[cfg(test)]
mod tests;
