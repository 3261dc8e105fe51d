//! Text with delimiters: CSV, tab separated and what programs call so.

use csv::{ReaderBuilder, StringRecord};

use super::{Collector, Wanted, sheet_and_range};
use crate::part::Part;
use crate::show::{CannotShow, Shown, Window};
use crate::text;

/// Delimiters that are in use, the likeliest first.
const DELIMITERS: [u8; 4] = *b",;\t|";
/// Lines by which the delimiter is guessed.
const GUESS_LINES: usize = 50;
/// Bytes by which the delimiter is guessed.
const GUESS_SIZE: usize = 64 * 1024;

/// Shows rows of a text with delimiters.
pub(crate) fn delimited(bytes: &[u8], part: &Part, window: Window) -> Result<Shown, CannotShow> {
    let (sheet, range) = sheet_and_range(part)?;
    if let Some(sheet) = sheet {
        return Err(CannotShow::NoSheet { sheet: sheet.to_owned(), sheets: Vec::new() });
    }
    let text = text::decode(bytes).ok_or(CannotShow::Damaged)?;
    let (delimiter, text) = delimiter(&text);
    let mut reader = ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes());
    let mut collector = Collector::new(Wanted::new(range, window));
    let mut record = StringRecord::new();
    let mut row = 0;
    while reader.read_record(&mut record).map_err(|_error| CannotShow::Damaged)? {
        row += 1;
        collector.row(row);
        if !collector.needs_row(row) {
            continue;
        }
        for (place, cell) in record.iter().enumerate() {
            collector.cell(row, place as u64 + 1, cell);
        }
    }
    Ok(collector.finish(None, Vec::new()))
}

/// Guesses the delimiter: the one by which lines part into the same number of cells, and many.
fn delimiter(text: &str) -> (u8, &str) {
    // Excel reads and writes it as the first line.
    let line = text.get(..text.find('\n').map_or(0, |end| end + 1)).unwrap_or_default();
    if let Some(said) = line.trim_end().strip_prefix("sep=").filter(|said| said.len() == 1)
        && let Some(said) = said.bytes().next()
    {
        return (said, text.get(line.len()..).unwrap_or_default());
    }
    let head = text.get(..text.floor_char_boundary(GUESS_SIZE)).unwrap_or_default();
    let score = |delimiter: u8| {
        let mut builder = ReaderBuilder::new();
        let reader = builder.delimiter(delimiter).has_headers(false).flexible(true);
        let records = reader.from_reader(head.as_bytes()).into_records();
        let counts: Vec<usize> = records.take(GUESS_LINES).flatten().map(|record| record.len()).collect();
        let first = counts.first().copied().unwrap_or_default();
        let alike = counts.iter().filter(|count| **count == first && first > 1).count();
        // How many lines are alike in percent, then how many cells they have.
        (alike * 100 / counts.len().max(1), first)
    };
    let best = DELIMITERS.into_iter().rev().max_by_key(|delimiter| score(*delimiter));
    (best.filter(|best| score(*best).1 > 1).unwrap_or(b','), text)
}
