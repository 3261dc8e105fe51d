//! The text of a document: plain text is read here, everything else by a child process with limits.

mod child;
mod formats;
mod html;
mod mail;
mod office;
mod parent;
mod plain;
mod rtf;
mod xml;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use base::ContentId;
use search::jobs::Document;
use search::words::words;

pub use self::child::extractor_main;
use self::formats::Format;
use self::parent::{Child, Ended};
use crate::error::IndexError;
use crate::library::{self, Library};

/// Bytes of a document at most; parsers need some times as much memory.
const READ_SIZE_MAX: u64 = 64 * 1024 * 1024;
/// Bytes of a text at most; the rest of a longer one cannot be found.
const TEXT_SIZE_MAX: usize = 4 * 1024 * 1024;
/// Bytes that tell a format.
const HEAD_SIZE: usize = 8 * 1024;
/// A child unused for so long is ended.
const CHILD_IDLE: Duration = Duration::from_secs(5);

/// The program that reads documents: it calls [`extractor_main`] and nothing else.
#[derive(Debug, Clone)]
pub struct ExtractorProgram {
    /// Which.
    pub path: PathBuf,
    /// With what.
    pub arguments: Vec<String>,
}

/// Reads documents, one after the other; it has its own child process, which is started when it is needed.
pub(crate) struct Reader {
    program: ExtractorProgram,
    library: Arc<dyn Library>,
    child: Option<Child>,
    used: Instant,
}

/// The text of a document, or why there is none.
type Text = Result<String, NoText>;

/// Why there is no text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NoText {
    /// In words.
    pub(crate) why: String,
    /// Whether it will be so the next time, too.
    pub(crate) is_lasting: bool,
}

impl NoText {
    /// There is none in the document.
    fn ever(why: impl Into<String>) -> Self {
        Self { why: why.into(), is_lasting: true }
    }

    /// Its bytes cannot be had now.
    fn now(why: impl Into<String>) -> Self {
        Self { why: why.into(), is_lasting: false }
    }
}

impl Reader {
    pub(crate) fn new(program: ExtractorProgram, library: Arc<dyn Library>) -> Self {
        Self { program, library, child: None, used: Instant::now() }
    }

    /// Returns the text of a document; fails only when no document can be read at all.
    pub(crate) fn text(&mut self, content: ContentId, document: &Document) -> Result<Text, IndexError> {
        if document.size == 0 {
            return Ok(Err(NoText::ever("it is empty")));
        }
        let read = |size_max: u64| {
            let size_max = size_max.min(document.size);
            library::read(self.library.as_ref(), content, &document.source, size_max)
        };
        let head = match read(HEAD_SIZE as u64) {
            Ok(head) => head,
            Err(error) => return Ok(Err(NoText::now(error.to_string()))),
        };
        let format = match formats::of(&document.name, &head) {
            Ok(format) => format,
            Err(why) => return Ok(Err(NoText::ever(why))),
        };
        if format != Format::Plain && document.size > READ_SIZE_MAX {
            return Ok(Err(NoText::ever("it is larger than 64 MiB")));
        }
        let size_max = if format == Format::Plain { TEXT_SIZE_MAX as u64 } else { READ_SIZE_MAX };
        let bytes = if document.size <= HEAD_SIZE as u64 { Ok(head) } else { read(size_max) };
        let text = match bytes {
            Ok(bytes) if format == Format::Plain => plain::decode(&bytes).map_err(NoText::ever),
            Ok(bytes) => self.ask_child(format, &bytes).map_err(IndexError::NoExtractor)?,
            Err(error) => Err(NoText::now(error.to_string())),
        };
        Ok(text.and_then(within_limits))
    }

    /// Ends a child that nobody uses.
    pub(crate) fn rest(&mut self) {
        if self.used.elapsed() >= CHILD_IDLE {
            self.child = None;
        }
    }

    fn ask_child(&mut self, format: Format, bytes: &[u8]) -> io::Result<Text> {
        self.used = Instant::now();
        let is_used = self.child.is_some();
        let mut child = match self.child.take() {
            Some(child) => child,
            None => Child::start(&self.program)?,
        };
        let outcome = match child.ask(format, bytes) {
            // It may have ended before this document came.
            Err(Ended::Early) if is_used => {
                child = Child::start(&self.program)?;
                child.ask(format, bytes)
            }
            outcome => outcome,
        };
        match outcome {
            Ok(text) => {
                self.child = Some(child);
                Ok(text)
            }
            Err(Ended::Early) if child.is_new() => Err(io::Error::other("the program ended at once")),
            Err(Ended::Early | Ended::Crashed) => {
                Ok(Err(NoText::ever("it is damaged, or needs too much memory to read")))
            }
            Err(Ended::TooLong) => Ok(Err(NoText::ever("it takes too long to read"))),
        }
    }
}

/// Cuts a text that is too long; a text without words is none.
fn within_limits(mut text: String) -> Text {
    text.truncate(text.floor_char_boundary(TEXT_SIZE_MAX));
    if words(&text).next().is_none() {
        return Err(NoText::ever("there is no text in it"));
    }
    Ok(text)
}
