//! Sheets of workbooks: Excel of all ages and `OpenDocument`. Formulas show the value that was saved with them.

use std::io::Cursor;

use calamine::{Cell, DataRef, Ods, Reader, Xls, Xlsb, Xlsx, open_workbook_from_rs};
use zip::ZipArchive;

use super::{Collector, Wanted, sheet_and_range, value};
use crate::part::Part;
use crate::show::{CannotShow, Shown, Window};

/// Bytes that all parts of a workbook say they inflate to at most; what lies about it ends at the child's memory.
const INFLATED_SIZE_MAX: u64 = 1024 * 1024 * 1024;
/// How many cells a workbook without rows read one by one may have.
const CELLS_MAX: usize = 10_000_000;

type Bytes<'a> = Cursor<&'a [u8]>;

/// Shows rows of a sheet.
pub(crate) fn sheets(bytes: &[u8], part: &Part, window: Window) -> Result<Shown, CannotShow> {
    let (sheet, range) = sheet_and_range(part)?;
    let mut collector = Collector::new(Wanted::new(range, window));
    let file = Cursor::new(bytes);
    let (sheet, sheets) = if bytes.starts_with(b"PK") {
        let mut archive = ZipArchive::new(file.clone()).map_err(|_error| CannotShow::Damaged)?;
        if archive.decompressed_size().is_none_or(|size| size > u128::from(INFLATED_SIZE_MAX)) {
            return Err(CannotShow::Damaged);
        }
        if archive.by_name("xl/workbook.bin").is_ok() {
            xlsb(file, sheet, &mut collector)?
        } else if archive.by_name("xl/workbook.xml").is_ok() {
            xlsx(file, sheet, &mut collector)?
        } else {
            let mut book: Ods<Bytes<'_>> = open_workbook_from_rs(file).map_err(|error| match error {
                calamine::OdsError::Password => CannotShow::Protected,
                _ => CannotShow::Damaged,
            })?;
            whole(&mut book, sheet, &mut collector)?
        }
    } else {
        if let Some(refused) = encrypted(bytes) {
            return Err(refused);
        }
        let mut book: Xls<Bytes<'_>> = open_workbook_from_rs(file).map_err(|error| match error {
            calamine::XlsError::Password => CannotShow::Protected,
            _ => CannotShow::Damaged,
        })?;
        whole(&mut book, sheet, &mut collector)?
    };
    Ok(collector.finish(Some(sheet), sheets))
}

/// A workbook of the new kind with a password is a container of the old kind with this stream in it.
fn encrypted(bytes: &[u8]) -> Option<CannotShow> {
    let name: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
    bytes.windows(name.len()).any(|window| window == name).then_some(CannotShow::Protected)
}

fn xlsx(
    file: Bytes<'_>,
    sheet: Option<&str>,
    collector: &mut Collector,
) -> Result<(String, Vec<String>), CannotShow> {
    let mut book: Xlsx<Bytes<'_>> = open_workbook_from_rs(file).map_err(|_error| CannotShow::Damaged)?;
    let (sheet, sheets) = choose(book.sheet_names(), sheet)?;
    let mut cells = book.worksheet_cells_reader(&sheet).map_err(|_error| CannotShow::Damaged)?;
    while let Some(cell) = cells.next_cell().map_err(|_error| CannotShow::Damaged)? {
        add(&cell, collector);
    }
    Ok((sheet, sheets))
}

fn xlsb(
    file: Bytes<'_>,
    sheet: Option<&str>,
    collector: &mut Collector,
) -> Result<(String, Vec<String>), CannotShow> {
    let mut book: Xlsb<Bytes<'_>> = open_workbook_from_rs(file).map_err(|error| match error {
        calamine::XlsbError::Password => CannotShow::Protected,
        _ => CannotShow::Damaged,
    })?;
    let (sheet, sheets) = choose(book.sheet_names(), sheet)?;
    let mut cells = book.worksheet_cells_reader(&sheet).map_err(|_error| CannotShow::Damaged)?;
    while let Some(cell) = cells.next_cell().map_err(|_error| CannotShow::Damaged)? {
        add(&cell, collector);
    }
    Ok((sheet, sheets))
}

fn add(cell: &Cell<DataRef<'_>>, collector: &mut Collector) {
    let (row, column) = cell.get_position();
    let (row, column) = (u64::from(row) + 1, u64::from(column) + 1);
    if *cell.get_value() == DataRef::Empty {
        return;
    }
    match collector.needs(row, column) {
        true => collector.cell(row, column, &value::text(cell.get_value())),
        false => collector.row(row),
    }
}

/// Reads a sheet of a workbook that is read as a whole.
fn whole<'a, Book: Reader<Bytes<'a>>>(
    book: &mut Book,
    sheet: Option<&str>,
    collector: &mut Collector,
) -> Result<(String, Vec<String>), CannotShow> {
    let (sheet, sheets) = choose(book.sheet_names(), sheet)?;
    let range = book.worksheet_range(&sheet).map_err(|_error| CannotShow::Damaged)?;
    let Some((top, left)) = range.start() else { return Ok((sheet, sheets)) };
    for (row, column, data) in range.used_cells().take(CELLS_MAX) {
        let row = u64::from(top).saturating_add(row as u64 + 1);
        let column = u64::from(left).saturating_add(column as u64 + 1);
        match collector.needs(row, column) {
            true => collector.cell(row, column, &value::owned(data)),
            false => collector.row(row),
        }
    }
    Ok((sheet, sheets))
}

/// Finds the sheet that was asked for: by its name, else by its name without regard to capital letters.
fn choose(sheets: Vec<String>, asked: Option<&str>) -> Result<(String, Vec<String>), CannotShow> {
    let Some(asked) = asked else {
        let first = sheets.first().cloned().ok_or(CannotShow::Damaged)?;
        return Ok((first, sheets));
    };
    let exact = sheets.iter().find(|sheet| *sheet == asked);
    let found = exact.or_else(|| sheets.iter().find(|sheet| sheet.to_lowercase() == asked.to_lowercase()));
    match found.cloned() {
        Some(found) => Ok((found, sheets)),
        None => Err(CannotShow::NoSheet { sheet: asked.to_owned(), sheets }),
    }
}
