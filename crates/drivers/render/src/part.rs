//! Parts of files as the fragment of an address names them: `lines=3-9`, `cells=Sheet1!A1:C9`, `page=2`.
//!
//! It does not know which files have which parts; that is `show`'s matter.

use std::fmt;
use std::time::Duration;

use minicbor::{Decode, Encode};

/// Columns a sheet has at most, in any format.
const COLUMNS_MAX: u32 = 16_384;
/// Rows a sheet has at most, in any format that counts them.
const ROWS_MAX: u64 = 100_000_000;

/// A part of a file. Lines, pages, rows and columns count from one; both ends belong to the part.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
pub enum Part {
    /// All of it.
    #[n(0)]
    #[default]
    Whole,
    /// Lines of a text.
    #[n(1)]
    Lines {
        /// The first.
        #[n(0)]
        from: u64,
        /// The last.
        #[n(1)]
        to: u64,
    },
    /// A section of a text: what stands below the heading of this text, with it.
    #[n(2)]
    Section(#[n(0)] String),
    /// A page.
    #[n(3)]
    Page(#[n(0)] u32),
    /// Cells of a table.
    #[n(4)]
    Cells {
        /// The sheet; the first one when it is not said.
        #[n(0)]
        sheet: Option<String>,
        /// Which cells; all when it is not said.
        #[n(1)]
        range: Option<CellRange>,
    },
    /// Seconds of a recording; parsed here, shown by whoever plays it.
    #[n(5)]
    Seconds {
        /// From there, in whole milliseconds.
        #[n(0)]
        from: Duration,
        /// To there; to the end when it is not said.
        #[n(1)]
        to: Option<Duration>,
    },
}

/// Cells from one corner to the other, as in `A1:C9`; columns alone (`A:C`) and rows alone (`2:9`) are ranges, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct CellRange {
    /// The first and the last column, counted from one; all when it is not said.
    #[n(0)]
    pub columns: Option<(u32, u32)>,
    /// The first and the last row, counted from one; all when it is not said.
    #[n(1)]
    pub rows: Option<(u64, u64)>,
}

/// Why a fragment names no part.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PartUnreadable {
    /// There is no such kind of part.
    #[error(
        "cannot read the part {given:?}: parts are lines=3-9, section=Title, page=2, cells=Sheet1!A1:C9 and t=10,20"
    )]
    Kind {
        /// What was given.
        given: String,
    },
    /// The lines are none.
    #[error(
        "cannot read the lines {given:?}: lines are a number or two, the first not above the second, as in lines=3-9"
    )]
    Lines {
        /// What was given.
        given: String,
    },
    /// The heading is empty or no text.
    #[error("cannot read the section {given:?}: a section is named by its heading, as in section=Title")]
    Section {
        /// What was given.
        given: String,
    },
    /// The page is no number.
    #[error("cannot read the page {given:?}: pages are numbers from 1")]
    Page {
        /// What was given.
        given: String,
    },
    /// The cells are none.
    #[error("cannot read the cells {given:?}: cells are a sheet, a range or both, as in cells=Sheet1!A1:C9")]
    Cells {
        /// What was given.
        given: String,
    },
    /// The times are none.
    #[error("cannot read the times {given:?}: times are seconds, as in t=10,20")]
    Seconds {
        /// What was given.
        given: String,
    },
}

impl Part {
    /// Reads the fragment of an address, with or without its `#`; nothing at all is the whole.
    pub fn read(fragment: &str) -> Result<Self, PartUnreadable> {
        let fragment = fragment.strip_prefix('#').unwrap_or(fragment);
        if fragment.is_empty() {
            return Ok(Self::Whole);
        }
        let given = || fragment.to_owned();
        let Some((kind, value)) = fragment.split_once('=') else {
            return Err(PartUnreadable::Kind { given: given() });
        };
        let decoded = percent_decoded(value);
        let value = decoded.as_deref();
        match kind {
            "lines" => value.and_then(lines).ok_or_else(|| PartUnreadable::Lines { given: given() }),
            "section" => {
                let heading = value.map(str::trim).filter(|heading| !heading.is_empty());
                let heading = heading.ok_or_else(|| PartUnreadable::Section { given: given() })?;
                Ok(Self::Section(heading.to_owned()))
            }
            "page" => {
                let page = value.and_then(|page| number(page, u64::from(u32::MAX)));
                let page = page.and_then(|page| u32::try_from(page).ok());
                page.map(Self::Page).ok_or_else(|| PartUnreadable::Page { given: given() })
            }
            "cells" => value.and_then(cells).ok_or_else(|| PartUnreadable::Cells { given: given() }),
            "t" => value.and_then(seconds).ok_or_else(|| PartUnreadable::Seconds { given: given() }),
            _ => Err(PartUnreadable::Kind { given: given() }),
        }
    }
}

/// Writes the fragment as [`Part::read`] reads it, without `#`; equal parts are written equally.
impl fmt::Display for Part {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole => Ok(()),
            Self::Lines { from, to } if from == to => write!(out, "lines={from}"),
            Self::Lines { from, to } => write!(out, "lines={from}-{to}"),
            Self::Section(heading) => write!(out, "section={}", percent_encoded(heading)),
            Self::Page(page) => write!(out, "page={page}"),
            Self::Cells { sheet, range } => {
                out.write_str("cells=")?;
                if let Some(sheet) = sheet {
                    write!(out, "{}!", percent_encoded(&quoted(sheet)))?;
                }
                range.map_or(Ok(()), |range| write!(out, "{range}"))
            }
            Self::Seconds { from, to } => {
                write!(out, "t={}", from.as_secs_f64())?;
                to.map_or(Ok(()), |to| write!(out, ",{}", to.as_secs_f64()))
            }
        }
    }
}

impl fmt::Display for CellRange {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let corner = |column: Option<u32>, row: Option<u64>| {
            let column = column.map(column_label).unwrap_or_default();
            format!("{column}{}", row.map(|row| row.to_string()).unwrap_or_default())
        };
        let first = corner(self.columns.map(|columns| columns.0), self.rows.map(|rows| rows.0));
        let last = corner(self.columns.map(|columns| columns.1), self.rows.map(|rows| rows.1));
        let is_one = first == last && self.columns.is_some() && self.rows.is_some();
        if is_one { out.write_str(&first) } else { write!(out, "{first}:{last}") }
    }
}

/// Returns the letters of a column counted from one: A to Z, AA, AB and on.
pub(crate) fn column_label(column: u32) -> String {
    let (mut rest, mut letters) = (column, Vec::new());
    while rest > 0 {
        let letter = u8::try_from((rest - 1) % 26).unwrap_or_default();
        letters.push(char::from(b'A' + letter));
        rest = (rest - 1) / 26;
    }
    letters.iter().rev().collect()
}

/// Reads a number from one.
fn number(digits: &str, most: u64) -> Option<u64> {
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let number = digits.parse().ok().filter(|number| is_number && (1..=most).contains(number))?;
    Some(number)
}

fn lines(value: &str) -> Option<Part> {
    let (from, to) = value.split_once('-').unwrap_or((value, value));
    let (from, to) = (number(from, u64::MAX)?, number(to, u64::MAX)?);
    (from <= to).then_some(Part::Lines { from, to })
}

fn cells(value: &str) -> Option<Part> {
    // A range holds no exclamation mark, a sheet's name may: the last one parts them.
    let (sheet, range) = match value.rsplit_once('!') {
        Some((sheet, range)) => (Some(unquoted(sheet)?), range),
        None => (None, value),
    };
    let range = if range.is_empty() { None } else { Some(cell_range(range)?) };
    (sheet.is_some() || range.is_some()).then_some(Part::Cells { sheet, range })
}

fn cell_range(text: &str) -> Option<CellRange> {
    let (first, last) = text.split_once(':').unwrap_or((text, text));
    let is_range = text.contains(':');
    let (first, last) = (corner(first)?, corner(last)?);
    // A column or a row alone would be a word or a number.
    if !is_range && (first.0.is_none() || first.1.is_none()) {
        return None;
    }
    let both = |one: Option<u64>, other: Option<u64>| match (one, other) {
        (Some(one), Some(other)) => Some(Some((one.min(other), one.max(other)))),
        (None, None) => Some(None),
        _ => None,
    };
    let columns = both(first.0.map(u64::from), last.0.map(u64::from))?;
    let columns =
        columns.and_then(|(first, last)| Some((u32::try_from(first).ok()?, u32::try_from(last).ok()?)));
    Some(CellRange { columns, rows: both(first.1, last.1)? })
}

/// Reads a corner: letters, digits or both, `$` as spreadsheets write it left out.
fn corner(text: &str) -> Option<(Option<u32>, Option<u64>)> {
    let text = text.replace('$', "");
    let digits = text.find(|letter: char| !letter.is_ascii_alphabetic()).unwrap_or(text.len());
    let (letters, digits) = text.split_at_checked(digits)?;
    let column = if letters.is_empty() {
        None
    } else {
        let of = |letter: u8| u32::from(letter.to_ascii_uppercase() - b'A') + 1;
        let add = |column: u32, letter| column.checked_mul(26)?.checked_add(of(letter));
        Some(letters.bytes().try_fold(0, add).filter(|column| *column <= COLUMNS_MAX)?)
    };
    let row = if digits.is_empty() { None } else { Some(number(digits, ROWS_MAX)?) };
    (column.is_some() || row.is_some()).then_some((column, row))
}

fn seconds(value: &str) -> Option<Part> {
    let (from, to) = value.split_once(',').map_or((value, None), |(from, to)| (from, Some(to)));
    // As in media fragments of the W3C: `t=,20` begins at the beginning.
    let from = if from.is_empty() && to.is_some() { Duration::ZERO } else { duration(from)? };
    let to = to.map(duration).map_or(Some(None), |to| to.map(Some))?;
    to.is_none_or(|to| from < to).then_some(Part::Seconds { from, to })
}

fn duration(text: &str) -> Option<Duration> {
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    // Nine digits are thirty years, and exact as a floating point number when they are written.
    if !is_digits(whole) || !is_digits(part) || whole.len() > 9 {
        return None;
    }
    let thousandths: String = part.chars().chain("000".chars()).take(3).collect();
    let (whole, thousandths) = (whole.parse::<u64>().ok()?, thousandths.parse::<u64>().ok()?);
    Some(Duration::from_millis(whole.checked_mul(1000)?.checked_add(thousandths)?))
}

/// Quotes a sheet's name that would be taken for a quoted one, or for none.
fn quoted(sheet: &str) -> String {
    match sheet.is_empty() || sheet.starts_with('\'') {
        true => format!("'{}'", sheet.replace('\'', "''")),
        false => sheet.to_owned(),
    }
}

fn unquoted(sheet: &str) -> Option<String> {
    match sheet.strip_prefix('\'') {
        Some(rest) => Some(rest.strip_suffix('\'')?.replace("''", "'")),
        None => Some(sheet.to_owned()).filter(|sheet| !sheet.is_empty()),
    }
}

/// Decodes `%41`; `None` when that is no text.
pub(crate) fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let mut digit = || char::from(rest.next()?).to_digit(16);
            let (high, low) = (digit()?, digit()?);
            bytes.push(u8::try_from(high * 16 + low).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

/// Encodes all that a fragment may not hold, and what would end or part it.
fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                encoded.push(char::from(byte));
            }
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(fragment: &str, part: &Part, written: &str) {
        assert_eq!(&Part::read(fragment).unwrap(), part, "{fragment}");
        assert_eq!(part.to_string(), written);
        assert_eq!(&Part::read(written).unwrap(), part, "{written}");
    }

    fn cells(sheet: Option<&str>, columns: Option<(u32, u32)>, rows: Option<(u64, u64)>) -> Part {
        let range = (columns.is_some() || rows.is_some()).then_some(CellRange { columns, rows });
        Part::Cells { sheet: sheet.map(str::to_owned), range }
    }

    #[test]
    fn parts_are_read_and_written() {
        check("", &Part::Whole, "");
        check("#lines=3-9", &Part::Lines { from: 3, to: 9 }, "lines=3-9");
        check("lines=7", &Part::Lines { from: 7, to: 7 }, "lines=7");
        check(
            "section=Gr%C3%B6%C3%9Fe%20(m)",
            &Part::Section("Größe (m)".to_owned()),
            "section=Gr%C3%B6%C3%9Fe%20%28m%29",
        );
        check("page=2", &Part::Page(2), "page=2");
        check("cells=Sheet1!A1:C9", &cells(Some("Sheet1"), Some((1, 3)), Some((1, 9))), "cells=Sheet1!A1:C9");
        check("cells=c9:A1", &cells(None, Some((1, 3)), Some((1, 9))), "cells=A1:C9");
        check("cells=Sheet1!", &cells(Some("Sheet1"), None, None), "cells=Sheet1!");
        check(
            "cells='My%20sheet'!B2",
            &cells(Some("My sheet"), Some((2, 2)), Some((2, 2))),
            "cells=My%20sheet!B2",
        );
        check("cells=A:XFD", &cells(None, Some((1, 16_384)), None), "cells=A:XFD");
        check("cells=2:9", &cells(None, None, Some((2, 9))), "cells=2:9");
        check(
            "cells='''a!b'!$A$1:$B$2",
            &cells(Some("'a!b"), Some((1, 2)), Some((1, 2))),
            "cells=%27%27%27a%21b%27!A1:B2",
        );
        let seconds = |from, to| Part::Seconds { from: Duration::from_millis(from), to };
        check("t=10,20", &seconds(10_000, Some(Duration::from_secs(20))), "t=10,20");
        check("t=,20.5", &seconds(0, Some(Duration::from_millis(20_500))), "t=0,20.5");
        check("t=1.25", &seconds(1250, None), "t=1.25");
    }

    #[test]
    fn what_names_no_part_is_told_so() {
        for wrong in [
            "x",
            "line=3",
            "lines=",
            "lines=0",
            "lines=9-3",
            "lines=a-b",
            "lines=+3",
            "section=",
            "section=%FF",
            "section=%4",
            "page=0",
            "page=x",
            "page=99999999999",
            "cells=",
            "cells=!A1",
            "cells=A",
            "cells=1",
            "cells=A1:",
            "cells=A1:B",
            "cells=XFE1",
            "cells=AAAAAAAAAAAAAAA1",
            "cells=A0",
            "cells='a!A1",
            "t=",
            "t=x",
            "t=20,10",
            "t=1e3",
            "t=-1",
        ] {
            let error = Part::read(wrong).unwrap_err().to_string();
            assert!(error.starts_with("cannot read the "), "{wrong}: {error}");
        }
    }

    #[test]
    fn columns_are_lettered_as_in_spreadsheets() {
        for (column, label) in
            [(1, "A"), (26, "Z"), (27, "AA"), (52, "AZ"), (702, "ZZ"), (703, "AAA"), (16_384, "XFD")]
        {
            assert_eq!(column_label(column), label);
        }
    }

    proptest! {
        #[test]
        fn any_fragment_is_a_part_that_is_written_as_it_is_read_or_an_error(fragment in "(lines=|section=|page=|cells=|t=)?[ -~ä]{0,20}") {
            if let Ok(part) = Part::read(&fragment) {
                prop_assert_eq!(Part::read(&part.to_string()), Ok(part));
            }
        }

        #[test]
        fn any_sheet_can_be_named(sheet in ".{1,12}", first in 1_u32..=16_384, row in 1_u64..1_000_000) {
            let range = Some(CellRange { columns: Some((first, 16_384)), rows: Some((row, row + 7)) });
            let part = Part::Cells { sheet: Some(sheet), range };
            prop_assert_eq!(Part::read(&part.to_string()), Ok(part));
        }
    }
}
