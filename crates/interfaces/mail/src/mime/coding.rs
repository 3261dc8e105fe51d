//! Undoes what a part was wrapped in for its way (RFC 2045, 6), piece by piece. Takes anything: what is no base64 is passed over.

/// How the bytes of a part were wrapped.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Coding {
    /// Not at all.
    #[default]
    Plain,
    /// In 64 letters.
    Base64,
    /// Letters as they are, the rest as `=F6`.
    QuotedPrintable,
}

impl Coding {
    /// Reads `Content-Transfer-Encoding`. Bytes of a coding that nobody knows are given out as they are.
    pub(crate) fn of(field: Option<&[u8]>) -> Self {
        let said = field.unwrap_or_default().trim_ascii();
        if said.eq_ignore_ascii_case(b"base64") {
            Self::Base64
        } else if said.eq_ignore_ascii_case(b"quoted-printable") {
            Self::QuotedPrintable
        } else {
            Self::Plain
        }
    }
}

/// Unwraps a part.
#[derive(Debug, Default)]
pub struct Unwrapping {
    coding: Coding,
    /// Base64: bits that are no whole byte yet, and how many.
    bits: u32,
    count: u32,
    /// Base64: whether the end was written.
    is_over: bool,
    /// Quoted-printable: `=` and what followed, or blanks that may stand at a line's end.
    held: Vec<u8>,
}

impl Unwrapping {
    /// Begins with a part's first byte.
    pub fn new(coding: Coding) -> Self {
        Self { coding, ..Self::default() }
    }

    /// Takes the next bytes; returns what they say.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<u8> {
        match self.coding {
            Coding::Plain => bytes.to_vec(),
            Coding::Base64 => bytes.iter().filter_map(|byte| self.letter(*byte)).collect(),
            Coding::QuotedPrintable => {
                let mut out = Vec::with_capacity(bytes.len());
                for byte in bytes {
                    self.sign(*byte, &mut out);
                }
                out
            }
        }
    }

    /// Returns what was held back and stands for itself, since nothing follows.
    pub fn finish(&mut self) -> Vec<u8> {
        let held = std::mem::take(&mut self.held);
        // A `=` at the very end is a line that goes on with nothing; blanks there are of the way.
        if held.len() > 1 && held.starts_with(b"=") { held } else { Vec::new() }
    }

    fn letter(&mut self, byte: u8) -> Option<u8> {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            b'=' => {
                self.is_over = true;
                return None;
            }
            _ => return None,
        };
        if self.is_over {
            return None;
        }
        self.bits = (self.bits << 6) | u32::from(value);
        self.count += 6;
        if self.count < 8 {
            return None;
        }
        self.count -= 8;
        let whole = self.bits >> self.count;
        self.bits &= (1 << self.count) - 1;
        u8::try_from(whole).ok()
    }

    fn sign(&mut self, byte: u8, out: &mut Vec<u8>) {
        match self.held.as_slice() {
            [b'='] if byte == b'\r' || byte.is_ascii_hexdigit() => self.held.push(byte),
            [b'='] | [b'=', b'\r'] if byte == b'\n' => self.held.clear(),
            [b'=', high] if byte.is_ascii_hexdigit() => match (digit(*high), digit(byte)) {
                (Some(high), Some(low)) => {
                    out.push((high << 4) | low);
                    self.held.clear();
                }
                _ => self.let_go(byte, out),
            },
            // Blanks before a line's end are of the way.
            [b' ' | b'\t', ..] if byte == b'\r' || byte == b'\n' => {
                self.held.clear();
                out.push(byte);
            }
            _ => self.let_go(byte, out),
        }
    }

    /// What was held meant itself. The byte begins anew.
    fn let_go(&mut self, byte: u8, out: &mut Vec<u8>) {
        let is_blank = matches!(byte, b' ' | b'\t');
        if is_blank && self.held.iter().all(|one| matches!(one, b' ' | b'\t')) && self.held.len() < BLANKS_MAX
        {
            self.held.push(byte);
            return;
        }
        out.append(&mut self.held);
        match byte {
            b'=' => self.held.push(byte),
            _ if is_blank => self.held.push(byte),
            _ => out.push(byte),
        }
    }
}

/// Blanks that are held back at most: lines of a mail have 998 letters.
const BLANKS_MAX: usize = 1_000;

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Unwrapped whole, and byte by byte, it is the same.
    fn check(coding: Coding, wrapped: &[u8], expected: &[u8]) {
        let mut whole = Unwrapping::new(coding);
        let mut found = whole.push(wrapped);
        found.extend(whole.finish());
        assert_eq!(found, expected, "{:?}", String::from_utf8_lossy(wrapped));
        let mut slow = Unwrapping::new(coding);
        let mut found: Vec<u8> = wrapped.iter().flat_map(|byte| slow.push(&[*byte])).collect();
        found.extend(slow.finish());
        assert_eq!(found, expected);
    }

    #[test]
    fn base64_is_read_across_lines_and_past_what_is_none() {
        check(Coding::Base64, b"aGVs\r\nbG8=\r\n", b"hello");
        check(Coding::Base64, b"aG VsbG8", b"hello");
        check(Coding::Base64, b"aGVsbG8=\r\nbehind the end", b"hello");
        check(Coding::Base64, b"/+8=", &[0xff, 0xef]);
        check(Coding::Base64, b"\xff<script>", &[0xb1, 0xca, 0xe2, 0xa6]);
        check(Coding::Base64, b"", b"");
    }

    #[test]
    fn quoted_printable_is_read_across_lines_and_what_is_none_stands_as_it_is() {
        let check = |wrapped: &[u8], expected: &[u8]| check(Coding::QuotedPrintable, wrapped, expected);
        check(b"gr=C3=BCn\r\n", "grün\r\n".as_bytes());
        check(b"one =\r\ntwo=\nthree", b"one twothree");
        check(b"blanks   \r\nend \t", b"blanks\r\nend");
        check(b"a  b", b"a  b");
        check(b"100=% =zz ==41", b"100=% =zz =A");
        check(b"=4", b"=4");
        check(b"=", b"");
    }

    #[test]
    fn what_is_not_wrapped_stays() {
        check(Coding::Plain, b"=41 aGVs\r\n", b"=41 aGVs\r\n");
        assert_eq!(Coding::of(Some(b" BASE64 ")), Coding::Base64);
        assert_eq!(Coding::of(Some(b"x-uuencode")), Coding::Plain);
        assert_eq!(Coding::of(None), Coding::Plain);
    }
}
