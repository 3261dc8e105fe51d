//! Shows files: text and Markdown in place, tables and PDF by a child process with limits.

mod child;
mod parent;

use std::io;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use minicbor::{Decode, Encode};

pub use self::child::renderer_main;
use self::parent::{Child, Ended};
use crate::markdown::Links;
use crate::part::Part;
use crate::show::{Ask, CannotShow, Format, Shown, Window, in_place};

/// Bytes of a file at most; parsers need some times as much memory.
const READ_SIZE_MAX: usize = 64 * 1024 * 1024;
/// Bytes of an answer at most: text of 1 MiB with what stands around it.
const ANSWER_SIZE_MAX: usize = 4 * 1024 * 1024;
/// Bytes of a question without its file at most.
const QUESTION_SIZE_MAX: usize = 64 * 1024;
/// A child unused for so long is ended.
const CHILD_IDLE: Duration = Duration::from_secs(30);

/// The program that reads files: it calls [`renderer_main`] and nothing else.
#[derive(Debug, Clone)]
pub struct RendererProgram {
    /// Which.
    pub path: PathBuf,
    /// With what.
    pub arguments: Vec<String>,
}

/// Shows files, one after the other; it keeps a child process of its own, which is started when it is needed.
///
/// It blocks: up to 20 seconds for a file that is hard to read. Dropping it ends the child.
#[derive(Debug)]
pub struct Renderer {
    program: RendererProgram,
    child: Option<Child>,
    used: Instant,
}

/// What a child is asked, before the file itself.
#[derive(Debug, Encode, Decode)]
struct Question {
    #[n(0)]
    format: u8,
    #[n(1)]
    part: Part,
    #[n(2)]
    window: Window,
}

/// What a child answers.
type Answer = Result<Shown, CannotShow>;

impl Renderer {
    /// Returns a renderer that starts this program when it needs it.
    pub fn new(program: RendererProgram) -> Self {
        Self { program, child: None, used: Instant::now() }
    }

    /// Shows a part of a file. Addresses in Markdown are what `links` makes of them.
    pub fn show(&mut self, ask: &Ask<'_>, links: &dyn Links) -> Result<Shown, CannotShow> {
        let format = Format::of(ask.name, ask.bytes);
        match (format, format.number()) {
            (Format::Unknown, _) => Err(CannotShow::Unknown),
            // Lines of a table are what a text editor shows.
            (Format::Delimited, _) if matches!(ask.part, Part::Lines { .. }) => {
                in_place(Format::Text, ask, links)
            }
            (_, None) => in_place(format, ask, links),
            (_, Some(_)) if ask.bytes.len() > READ_SIZE_MAX => {
                Err(CannotShow::TooLarge { size_max: READ_SIZE_MAX as u64 })
            }
            (_, Some(format)) => self.ask_child(ask, format),
        }
    }

    /// Ends a child that nobody used for half a minute; to be called now and then.
    pub fn rest(&mut self) {
        if self.used.elapsed() >= CHILD_IDLE {
            self.child = None;
        }
    }

    fn ask_child(&mut self, ask: &Ask<'_>, format: u8) -> Result<Shown, CannotShow> {
        self.used = Instant::now();
        let question = Question { format, part: ask.part.clone(), window: ask.window };
        let question = minicbor::to_vec(question).map_err(|_error| CannotShow::Damaged)?;
        if question.len() > QUESTION_SIZE_MAX {
            return Err(CannotShow::Part { part: ask.part.to_string().chars().take(80).collect() });
        }
        let is_used = self.child.is_some();
        let mut child = match self.child.take() {
            Some(child) => child,
            None => self.start()?,
        };
        let outcome = match child.ask(&question, ask.bytes) {
            // It may have ended before this file came.
            Err(Ended::Early) if is_used => {
                child = self.start()?;
                child.ask(&question, ask.bytes)
            }
            outcome => outcome,
        };
        match outcome {
            Ok(answer) => {
                self.child = Some(child);
                self.used = Instant::now();
                answer
            }
            Err(Ended::Early) if child.is_new() => {
                Err(CannotShow::NoReader { why: "it ended at once".to_owned() })
            }
            Err(Ended::Crashed) if child.is_new() && child.has_given_up() => {
                Err(CannotShow::NoReader { why: "it ended without an answer".to_owned() })
            }
            Err(Ended::Early | Ended::Crashed) => Err(CannotShow::Damaged),
            Err(Ended::TooLong) => Err(CannotShow::TooLong),
        }
    }

    fn start(&self) -> Result<Child, CannotShow> {
        Child::start(&self.program)
            .map_err(|error: io::Error| CannotShow::NoReader { why: error.to_string() })
    }
}
