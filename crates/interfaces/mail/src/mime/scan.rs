//! Makes the outline of a message in one pass over its bytes, however long it is, in a bounded piece of memory.
//!
//! Boundaries are recognised as Python's `email` does: a line that is one, blanks behind it allowed. `mail-parser` has
//! offsets, too, but wants the whole message in memory; the tests compare the two.

use super::field::{LineKind, line_kind, unfolded};
use super::media::parametered;
use super::outline::{DEPTH_MAX, FIELD_KEPT_MAX, FIELDS_KEPT_MAX, FieldName, Kind, PARTS_MAX, Part, Span};

/// Bytes of a line that are looked at in a body. Boundaries have 70 at most (RFC 2046); blanks may follow.
const BODY_LINE_KEPT: usize = 1_024;

/// Reads a message piece by piece.
#[derive(Debug)]
pub(crate) struct Scanner {
    /// All parts, as they were met; the first is the message.
    parts: Vec<Open>,
    /// The parts that are not over, each within the one before.
    stack: Vec<usize>,
    is_in_head: bool,
    at: u64,
    newlines: u64,
    /// The length of the line end before the current line.
    gap: u64,
    last_byte: u8,
    line: Line,
    /// The field that is being read, if it is kept.
    field: Option<(FieldName, Vec<u8>)>,
    fields_kept: usize,
}

/// The current line, as far as it is kept.
#[derive(Debug, Default)]
struct Line {
    start: u64,
    kept: Vec<u8>,
}

/// A part that is being read.
#[derive(Debug, Default)]
struct Open {
    part: Part,
    parent: Option<usize>,
    /// What separates its parts; none if it has none, or no more.
    boundary: Option<Vec<u8>>,
    is_digest: bool,
    newlines_before: u64,
    has_body: bool,
}

impl Scanner {
    pub(crate) fn new() -> Self {
        Self {
            parts: vec![Open::default()],
            stack: vec![0],
            is_in_head: true,
            at: 0,
            newlines: 0,
            gap: 0,
            last_byte: 0,
            line: Line::default(),
            field: None,
            fields_kept: 0,
        }
    }

    /// Reads the next bytes.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.at = self.at.saturating_add(piece.len() as u64);
            let is_whole = piece.ends_with(b"\n");
            let is_crlf = piece.ends_with(b"\r\n") || (piece == b"\n" && self.last_byte == b'\r');
            self.last_byte = piece.last().copied().unwrap_or(self.last_byte);
            if is_whole && self.line.kept.is_empty() && !self.is_in_head && !piece.starts_with(b"--") {
                self.pass(piece);
                continue;
            }
            let room = if self.is_in_head { FIELD_KEPT_MAX } else { BODY_LINE_KEPT };
            // The line end is always kept: an over-long line is nothing but an over-long line.
            let kept = piece.len().min(room.saturating_sub(self.line.kept.len()));
            self.line.kept.extend_from_slice(piece.get(..kept).unwrap_or_default());
            if is_whole {
                self.end_line(if is_crlf { 2 } else { 1 });
            }
        }
    }

    /// Goes past a line of a body.
    fn pass(&mut self, line: &[u8]) {
        self.newlines = self.newlines.saturating_add(1);
        self.gap = if line.ends_with(b"\r\n") { 2 } else { 1 };
        self.line.start = self.at;
    }

    fn end_line(&mut self, gap: u64) {
        let kept = std::mem::take(&mut self.line.kept);
        self.take_line(&kept);
        self.newlines = self.newlines.saturating_add(u64::from(gap > 0));
        self.gap = gap;
        self.line.start = self.at;
        if self.is_in_head && line_kind(&kept) == LineKind::Empty && !kept.is_empty() {
            self.end_head(self.at, self.newlines);
        }
        self.line.kept = kept;
        self.line.kept.clear();
    }

    fn take_line(&mut self, line: &[u8]) {
        if line.starts_with(b"--") && self.separate(line) {
            return;
        }
        if !self.is_in_head {
            return;
        }
        match line_kind(line) {
            LineKind::Field => {
                self.end_field();
                let colon = line.iter().position(|byte| *byte == b':').unwrap_or(line.len());
                let (name, value) = line.split_at_checked(colon).unwrap_or((line, b""));
                let name = FieldName::of(name.trim_ascii_end());
                self.field = name.map(|name| (name, value.get(1..).unwrap_or_default().to_vec()));
            }
            LineKind::Folded => {
                if let Some((_, value)) = &mut self.field {
                    let room = FIELD_KEPT_MAX.saturating_sub(value.len());
                    value.extend_from_slice(line.get(..line.len().min(room)).unwrap_or_default());
                }
            }
            // The end of the head is dealt with when its line is over.
            LineKind::Empty => {}
            LineKind::Foreign => {
                self.end_head(self.line.start, self.newlines);
                // The same line may separate parts of what begins here, and be foreign again in an embedded message's head.
                self.take_line(line);
            }
        }
    }

    fn end_field(&mut self) {
        let Some((name, value)) = self.field.take() else { return };
        let value = unfolded(&value);
        let kept = self.fields_kept.saturating_add(value.len());
        let Some(open) = self.current() else { return };
        if kept <= FIELDS_KEPT_MAX && open.part.field(name).is_none() {
            open.part.fields.push((name, value.into()));
            self.fields_kept = kept;
        }
    }

    fn current(&mut self) -> Option<&mut Open> {
        self.parts.get_mut(*self.stack.last()?)
    }

    /// The body of the current part begins.
    fn end_head(&mut self, at: u64, newlines: u64) {
        self.end_field();
        self.is_in_head = false;
        let is_deep = self.stack.len() >= DEPTH_MAX;
        let is_full = self.parts.len() >= PARTS_MAX;
        let Some(open) = self.current() else { return };
        open.part.head.to = at;
        open.part.body = Span { from: at, to: at };
        open.newlines_before = newlines;
        open.has_body = true;
        let media = parametered(open.part.field(FieldName::ContentType).unwrap_or_default());
        let is_plain = is_identity(open.part.field(FieldName::ContentTransferEncoding));
        match media.media() {
            Some((kind, sub)) if kind.eq_ignore_ascii_case(b"multipart") && !is_deep => {
                open.is_digest = sub.eq_ignore_ascii_case(b"digest");
                open.boundary = media
                    .parameter(b"boundary")
                    .map(<[u8]>::trim_ascii_end)
                    .filter(|text| !text.is_empty())
                    .map(<[u8]>::to_vec);
            }
            Some((kind, sub)) if is_message(kind, sub) && is_plain && !is_deep && !is_full => self.embed(at),
            None if open.part.is_default_message() && is_plain && !is_deep && !is_full => self.embed(at),
            _ => {}
        }
    }

    /// The body of the current part is a message.
    fn embed(&mut self, at: u64) {
        if let Some(open) = self.current() {
            open.part.kind = Kind::Message;
        }
        self.begin_part(at, false);
    }

    fn begin_part(&mut self, at: u64, is_in_digest: bool) {
        let parent = self.stack.last().copied();
        let part = Part { head: Span { from: at, to: at }, is_in_digest, ..Part::default() };
        self.stack.push(self.parts.len());
        self.parts.push(Open { part, parent, ..Open::default() });
        self.is_in_head = true;
    }

    /// Ends parts if the line is a boundary of one that is open. Says whether it was one.
    fn separate(&mut self, line: &[u8]) -> bool {
        let Some(text) = line.trim_ascii_end().get(2..) else { return false };
        // Of two that are alike the outer one is meant.
        let place = self.stack.iter().position(|index| {
            let boundary = self.parts.get(*index).and_then(|open| open.boundary.as_deref());
            boundary.is_some_and(|boundary| text == boundary || is_last(text, boundary))
        });
        let Some(place) = place else { return false };
        let Some(index) = self.stack.get(place).copied() else { return false };
        let Some(open) = self.parts.get(index) else { return false };
        let is_end = open.boundary.as_deref() != Some(text);
        let is_digest = open.is_digest;
        if !is_end && self.parts.len() >= PARTS_MAX {
            return false;
        }
        self.close_to(place.saturating_add(1), self.line.start.saturating_sub(self.gap), 1);
        self.is_in_head = false;
        if is_end {
            if let Some(open) = self.parts.get_mut(index) {
                open.boundary = None;
            }
        } else {
            if let Some(open) = self.parts.get_mut(index) {
                open.part.kind = Kind::Multipart;
            }
            self.begin_part(self.at, is_digest);
        }
        true
    }

    /// Ends all parts above a place of the stack, the innermost first. The line end before a boundary belongs to the boundary.
    fn close_to(&mut self, place: usize, end: u64, newlines: u64) {
        self.end_field();
        let (mut end, mut newlines) = (end, newlines);
        let closed = self.stack.split_off(place.min(self.stack.len()));
        for index in closed.into_iter().rev() {
            self.end_in_head(index, end);
            let Some(open) = self.parts.get_mut(index) else { continue };
            let part = &mut open.part;
            if part.body.from > end {
                // The line end before the boundary is that of an empty line, which belongs to the head.
                (end, newlines) = (part.body.from, 0);
            }
            part.body.to = end;
            let before = open.newlines_before.saturating_add(newlines);
            let is_empty = part.body.len() == 0 || !open.has_body;
            part.lines = if is_empty { 0 } else { self.newlines.saturating_sub(before) };
        }
    }

    /// Ends a part that ended within its head; what would have been a message holds an empty one.
    fn end_in_head(&mut self, index: usize, end: u64) {
        let is_full = self.parts.len() >= PARTS_MAX;
        let Some(open) = self.parts.get_mut(index).filter(|open| !open.has_body) else { return };
        let part = &mut open.part;
        part.head.to = end.max(part.head.from);
        part.body = Span { from: part.head.to, to: part.head.to };
        let body = part.body;
        if part.is_default_message() && !is_full {
            part.kind = Kind::Message;
            let empty = Part { head: body, body, ..Part::default() };
            self.parts.push(Open { part: empty, parent: Some(index), has_body: true, ..Open::default() });
        }
    }

    /// Ends the message.
    pub(crate) fn finish(mut self) -> Part {
        if self.at > self.line.start {
            let kept = std::mem::take(&mut self.line.kept);
            self.take_line(&kept);
        }
        self.close_to(0, self.at, 0);
        // A part is always behind the one that holds it: taken from the end, each is whole when its turn comes.
        while let Some(mut open) = self.parts.pop() {
            open.part.parts.reverse();
            match open.parent.and_then(|parent| self.parts.get_mut(parent)) {
                Some(parent) => parent.part.parts.push(open.part),
                None => return open.part,
            }
        }
        Part::default()
    }
}

fn is_message(kind: &[u8], sub: &[u8]) -> bool {
    let is_one = |name: &[u8]| sub.eq_ignore_ascii_case(name);
    kind.eq_ignore_ascii_case(b"message") && (is_one(b"rfc822") || is_one(b"global"))
}

fn is_last(text: &[u8], boundary: &[u8]) -> bool {
    text.strip_prefix(boundary) == Some(b"--")
}

/// Says whether a transfer encoding leaves bytes as they are.
fn is_identity(encoding: Option<&[u8]>) -> bool {
    let Some(encoding) = encoding else { return true };
    [&b"7bit"[..], b"8bit", b"binary", b""]
        .iter()
        .any(|name| name.eq_ignore_ascii_case(encoding.trim_ascii()))
}
