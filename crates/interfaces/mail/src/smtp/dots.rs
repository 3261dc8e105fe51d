//! The text after `DATA`: where it ends, and the dots that were put before dots.
//!
//! Only CR LF ends a line. A message in which a bare CR or LF stands is read to its end and refused: some program on its
//! way takes the one for a line end and the next does not, and what the one reads as text the other reads as commands.

/// Reads the text piece by piece.
#[derive(Debug)]
pub(super) struct Dots {
    state: State,
    /// Whether a bare CR or LF was met.
    pub(super) is_ambiguous: bool,
}

#[derive(Debug, Clone, Copy)]
enum State {
    LineStart,
    Text,
    Return,
    Dot,
    DotReturn,
}

impl Dots {
    pub(super) fn new() -> Self {
        Self { state: State::LineStart, is_ambiguous: false }
    }

    /// Adds text to `out`. Returns how many bytes were read up to the end, once it has come.
    pub(super) fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> Option<usize> {
        let mut at = 0_usize;
        while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
            if matches!(self.state, State::Text) {
                // Most bytes are neither.
                let plain = rest.iter().position(|byte| matches!(byte, b'\r' | b'\n')).unwrap_or(rest.len());
                out.extend_from_slice(rest.get(..plain).unwrap_or_default());
                at = at.saturating_add(plain);
            }
            let Some(byte) = bytes.get(at) else { break };
            at = at.saturating_add(1);
            if self.step(*byte, out) {
                return Some(at);
            }
        }
        None
    }

    fn step(&mut self, byte: u8, out: &mut Vec<u8>) -> bool {
        self.state = match (self.state, byte) {
            (State::DotReturn, b'\n') => return true,
            (State::LineStart, b'.') => State::Dot,
            (State::Dot, b'\r') => State::DotReturn,
            (State::Return, b'\n') => {
                out.extend_from_slice(b"\r\n");
                State::LineStart
            }
            (State::Return | State::DotReturn, _) => {
                self.is_ambiguous = true;
                out.push(b'\r');
                self.plain(byte, out)
            }
            (State::LineStart | State::Text | State::Dot, _) => self.plain(byte, out),
        };
        false
    }

    fn plain(&mut self, byte: u8, out: &mut Vec<u8>) -> State {
        if byte == b'\r' {
            return State::Return;
        }
        self.is_ambiguous |= byte == b'\n';
        out.push(byte);
        State::Text
    }
}
