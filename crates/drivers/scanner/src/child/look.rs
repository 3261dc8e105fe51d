//! Looks at a content, and at what is packed in it, within bounds.

use std::cell::Cell;
use std::io::{self, Cursor, Read};
use std::rc::Rc;

use super::engine::Engine;
use super::inside::{self, Shape};
use super::remote::Remote;
use super::stream::Tee;
use super::tally::{Tally, cut};

/// Bytes of what is scanned in one piece, with everything that rules can ask; what is larger passes by in blocks.
const WHOLE_MAX: u64 = 32 << 20;
/// Bytes of a content that are looked at.
const CONTENT_MAX: u64 = 16 << 30;
/// Archives within each other at most.
const DEPTH_MAX: u32 = 4;
/// Bytes that may come out of all archives of one content.
const UNPACKED_MAX: u64 = 512 << 20;
/// Bytes that may come out of any, however small it is.
const UNPACKED_FREE: u64 = 64 << 20;
/// Bytes that may come out of each byte that is packed: what real files of any size do not reach.
const RATIO_MAX: u64 = 256;
/// Files in all archives of one content at most.
const ENTRIES_MAX: u32 = 20_000;
/// Bytes of the path told of what is inside.
const INSIDE_SIZE_MAX: usize = 300;
/// Bytes of a name that rules see.
const NAME_SIZE_MAX: usize = 1_024;

/// What is looked at.
#[derive(Debug, Clone)]
pub(super) struct About {
    /// Its name without folders, as it stands there.
    name: String,
    /// The path within the content, fit to be shown; none for the content itself.
    pub(super) inside: Option<String>,
    /// What it was packed in.
    container: &'static str,
    depth: u32,
}

impl About {
    /// Returns what rules may ask of it besides its bytes.
    pub(super) fn globals(&self) -> [(&'static str, &str); 5] {
        let name = self.name.as_str();
        let extension = name.rfind('.').and_then(|at| name.get(at..)).unwrap_or_default();
        [
            ("filename", name),
            ("filepath", self.inside.as_deref().unwrap_or(name)),
            ("extension", extension),
            ("filetype", ""),
            ("container", self.container),
        ]
    }

    /// Returns the name.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Describes something that is packed in this.
    pub(super) fn within(&self, path: &str, container: &'static str) -> Self {
        let path = path.replace('\\', "/");
        let name = path.rsplit('/').find(|part| !part.is_empty()).unwrap_or_default();
        let shown: String =
            path.chars().map(|letter| if is_plain(letter) { letter } else { '\u{fffd}' }).collect();
        let outer = self.inside.as_ref().unwrap_or(&self.name);
        let inside = if outer.is_empty() { shown } else { format!("{outer}/{shown}") };
        Self {
            name: tail(name, NAME_SIZE_MAX).to_owned(),
            inside: Some(cut(&inside, INSIDE_SIZE_MAX).to_owned()),
            container,
            depth: self.depth + 1,
        }
    }
}

/// Says whether a letter can be shown: neither a control nor one that turns the direction of others around.
fn is_plain(letter: char) -> bool {
    !letter.is_control()
        && !matches!(letter, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Returns the end of a text: an ending counts more than a beginning.
fn tail(text: &str, size_max: usize) -> &str {
    text.get(text.ceil_char_boundary(text.len().saturating_sub(size_max))..).unwrap_or_default()
}

/// What may still come out of archives; shared with those who read from them.
#[derive(Debug)]
pub(super) struct Budget {
    bytes: Cell<u64>,
    entries: Cell<u32>,
    is_over: Cell<bool>,
}

/// Reads what is unpacked, and stops when it is too much.
pub(super) struct Metered<R> {
    reader: R,
    budget: Rc<Budget>,
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buffer)?;
        let Some(left) = self.budget.bytes.get().checked_sub(count as u64) else {
            self.budget.is_over.set(true);
            return Err(io::ErrorKind::FileTooLarge.into());
        };
        self.budget.bytes.set(left);
        Ok(count)
    }
}

/// Looks through one content.
pub(super) struct Looker<'a> {
    engine: &'a mut Engine,
    pub(super) tally: Tally,
    budget: Rc<Budget>,
}

impl<'a> Looker<'a> {
    /// Begins with a content of so many bytes.
    pub(super) fn new(engine: &'a mut Engine, size: u64) -> Self {
        let bytes = size.saturating_mul(RATIO_MAX).clamp(UNPACKED_FREE, UNPACKED_MAX);
        let budget =
            Budget { bytes: Cell::new(bytes), entries: Cell::new(ENTRIES_MAX), is_over: Cell::new(false) };
        Self { engine, tally: Tally::default(), budget: Rc::new(budget) }
    }

    /// Looks at the content itself and at what is in it.
    pub(super) fn content(mut self, mut remote: Remote, name: &str) -> Tally {
        let name = tail(name, NAME_SIZE_MAX).to_owned();
        let about = About { name, inside: None, container: "", depth: 0 };
        if remote.size() <= WHOLE_MAX {
            match remote.whole() {
                Ok(bytes) => self.bytes(&bytes, &about),
                Err(_) => self.tally.lost("its bytes did not come"),
            }
            return self.tally;
        }
        if remote.size() > CONTENT_MAX {
            self.tally.unseen("it is larger than 16 GiB");
        }
        let head = self.stream(&mut (&mut remote).take(CONTENT_MAX), &about);
        match inside::shape(&head, about.name()) {
            Some(Shape::Zip) => inside::zip(&mut self, remote, &about),
            None if inside::has_zip_at_end(&mut remote) => inside::zip(&mut self, remote, &about),
            _ => {}
        }
        self.tally
    }

    /// Looks at bytes in memory and at what is in them.
    pub(super) fn bytes(&mut self, bytes: &[u8], about: &About) {
        self.engine.scan(bytes, about, &mut self.tally);
        let shape = inside::shape(bytes, about.name())
            .or_else(|| inside::has_zip_at_end(&mut Cursor::new(bytes)).then_some(Shape::Zip));
        let Some(shape) = shape else { return };
        if about.depth >= DEPTH_MAX && shape.is_archive() {
            self.tally.unseen("archives in it are packed too deep");
            return;
        }
        match shape {
            Shape::Zip => inside::zip(self, Cursor::new(bytes), about),
            Shape::Gzip => inside::gzip(self, bytes, about),
            Shape::Tar => inside::tar(self, bytes, about),
            Shape::Mail => inside::mail(self, bytes, about),
            Shape::Ole => inside::macros(self, bytes, about),
            Shape::Pdf => inside::pdf(self, bytes, about),
            Shape::Unknown(kind) => {
                self.tally.unseen(&format!("it is a {kind} archive, which cannot be unpacked here"));
            }
        }
    }

    /// Looks at something that is being unpacked; says whether there may be more.
    pub(super) fn entry(&mut self, reader: impl Read, about: &About) -> bool {
        let Some(left) = self.budget.entries.get().checked_sub(1) else {
            self.tally.unseen("more than 20,000 files are packed in it");
            return false;
        };
        self.budget.entries.set(left);
        let mut reader = Metered { reader, budget: Rc::clone(&self.budget) };
        let mut head = Vec::new();
        let read = (&mut reader).take(WHOLE_MAX + 1).read_to_end(&mut head);
        if head.len() as u64 > WHOLE_MAX {
            drop(self.stream(&mut Cursor::new(head).chain(reader), about));
        } else {
            if read.is_err() && !self.budget.is_over.get() {
                self.tally.unseen("a part of it is damaged");
            }
            self.bytes(&head, about);
        }
        if self.budget.is_over.get() {
            self.tally.unseen("more is packed in it than is unpacked here");
        }
        !self.budget.is_over.get()
    }

    /// Looks at bytes that come one after the other, and returns the first of them.
    fn stream(&mut self, reader: &mut dyn Read, about: &About) -> Vec<u8> {
        let mut head = Vec::new();
        let mut tee = Tee::new(self.engine, reader);
        let read = (&mut tee).take(inside::HEAD_SIZE).read_to_end(&mut head);
        let shape = inside::shape(&head, about.name());
        let whole = Cursor::new(head.clone()).chain(&mut tee);
        match shape {
            Some(shape) if shape.is_archive() && about.depth >= DEPTH_MAX => {
                self.tally.unseen("archives in it are packed too deep");
            }
            Some(Shape::Gzip) => inside::gzip(self, io::BufReader::new(whole), about),
            Some(Shape::Tar) => inside::tar(self, whole, about),
            Some(Shape::Zip) if about.depth == 0 => {}
            Some(Shape::Unknown(kind)) => {
                self.tally.unseen(&format!("it is a {kind} archive, which cannot be unpacked here"));
            }
            Some(_) => self.tally.unseen("what is packed in a part of more than 32 MiB"),
            None if inside::is_program(&head) => {
                self.tally.unseen("how it is built, since it is a program of more than 32 MiB");
            }
            None => {}
        }
        let drained = read.map(drop).and_then(|()| tee.drain());
        if drained.is_err() && !self.budget.is_over.get() {
            self.tally.unseen("a part of it cannot be read");
        }
        tee.finish(about, &mut self.tally);
        head
    }
}
