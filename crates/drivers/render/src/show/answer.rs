//! What is asked for and what is shown.

use minicbor::{Decode, Encode};

use crate::part::Part;

/// What is to be shown of which file.
#[derive(Debug, Clone, Copy)]
pub struct Ask<'a> {
    /// The file's name, or its media type.
    pub name: &'a str,
    /// All of its bytes.
    pub bytes: &'a [u8],
    /// Which part of it.
    pub part: &'a Part,
    /// How much of the part.
    pub window: Window,
}

/// How much of a part is shown: so many rows of a table or lines of a text, from that one on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct Window {
    /// The first row, counted from one as in the file; a row before the part means the part's first.
    #[n(0)]
    pub first_row: u64,
    /// Rows at most; of a table never more than 1,000.
    #[n(1)]
    pub rows_max: u64,
}

impl Default for Window {
    fn default() -> Self {
        Self { first_row: 1, rows_max: 1_000 }
    }
}

/// A part of a file as it can be shown.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Shown {
    /// Rows of a table.
    #[n(0)]
    Table(#[n(0)] Table),
    /// A document as clean HTML.
    #[n(1)]
    Html {
        /// The HTML, safe to stand in any page of ours.
        #[n(0)]
        html: String,
        /// Its first heading of the highest level.
        #[n(1)]
        title: Option<String>,
        /// Whether something of the part is left out, since it is too much.
        #[n(2)]
        is_cut: bool,
    },
    /// Lines of a text.
    #[n(2)]
    Text {
        /// The lines.
        #[n(0)]
        text: String,
        /// The number of the first one, counted from one.
        #[n(1)]
        first_line: u64,
        /// Lines of the whole file, or of the page.
        #[n(2)]
        lines_total: u64,
        /// Pages of the file, when it has pages.
        #[n(3)]
        pages_total: Option<u32>,
        /// Whether something of the part is left out: it is beyond the window, or too much.
        #[n(4)]
        is_cut: bool,
    },
}

/// Rows of a table. All cells are text as people write it; no formula is evaluated.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
pub struct Table {
    /// The sheet that is shown; `None` when the file has no sheets.
    #[n(0)]
    pub sheet: Option<String>,
    /// All sheets of the file.
    #[n(1)]
    pub sheets: Vec<String>,
    /// The labels of the columns shown: A, B, C.
    #[n(2)]
    pub columns: Vec<String>,
    /// The rows shown, each with as many cells as there are columns.
    #[n(3)]
    pub rows: Vec<Vec<String>>,
    /// The number of the first row shown, counted from one as in the file.
    #[n(4)]
    pub first_row: u64,
    /// Rows of the part, shown or not.
    #[n(5)]
    pub rows_total: u64,
    /// The first row of the part, when it seems to name the columns; it is among the rows, too, if they begin there.
    #[n(6)]
    pub header: Option<Vec<String>>,
    /// What of the part is left out.
    #[n(7)]
    pub cut: Cut,
}

/// What of a part is left out of an answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Encode, Decode)]
pub struct Cut {
    /// Rows before or after those shown.
    #[n(0)]
    pub rows: bool,
    /// Columns beyond the 200th.
    #[n(1)]
    pub columns: bool,
    /// The end of a cell longer than 32,767 letters, the most a spreadsheet program writes.
    #[n(2)]
    pub cells: bool,
}

/// Why a part of a file cannot be shown.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, thiserror::Error)]
pub enum CannotShow {
    /// Nothing here reads such files.
    #[n(0)]
    #[error("cannot show the file: it is of no kind that is shown")]
    Unknown,
    /// Such files have no such parts.
    #[n(1)]
    #[error("cannot show {part}: this kind of file has no such parts")]
    Part {
        /// What was asked for.
        #[n(0)]
        part: String,
    },
    /// There is no such sheet.
    #[n(2)]
    #[error("cannot show the sheet {sheet:?}: the file has {}", sheets.join(", "))]
    NoSheet {
        /// What was asked for.
        #[n(0)]
        sheet: String,
        /// The sheets there are.
        #[n(1)]
        sheets: Vec<String>,
    },
    /// There is no such heading.
    #[n(3)]
    #[error("cannot show the section {section:?}: no heading says so")]
    NoSection {
        /// What was asked for.
        #[n(0)]
        section: String,
    },
    /// There is no such page.
    #[n(4)]
    #[error("cannot show page {page}: the file has {pages_total}")]
    NoPage {
        /// What was asked for.
        #[n(0)]
        page: u32,
        /// The pages there are.
        #[n(1)]
        pages_total: u32,
    },
    /// There is no such line.
    #[n(5)]
    #[error("cannot show line {line}: the file has {lines_total}")]
    NoLine {
        /// What was asked for.
        #[n(0)]
        line: u64,
        /// The lines there are.
        #[n(1)]
        lines_total: u64,
    },
    /// It is too large to be read at once.
    #[n(6)]
    #[error("cannot show the file: it is larger than {size_max} bytes")]
    TooLarge {
        /// What is read at most.
        #[n(0)]
        size_max: u64,
    },
    /// It is not what its name says, broken, or needs more memory than a reader may use.
    #[n(7)]
    #[error("cannot show the file: it is damaged, or needs too much memory to read")]
    Damaged,
    /// It can be read with a password only.
    #[n(8)]
    #[error("cannot show the file: it is protected by a password")]
    Protected,
    /// Reading it took longer than it may.
    #[n(9)]
    #[error("cannot show the file: it takes too long to read")]
    TooLong,
    /// The program that reads files could not be started.
    #[n(10)]
    #[error("cannot show the file: the program that reads it does not start ({why})")]
    NoReader {
        /// What the system says.
        #[n(0)]
        why: String,
    },
}
