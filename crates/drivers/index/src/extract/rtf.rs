//! Text of RTF: what stands outside of control words and of groups that are not shown.

use encoding_rs::WINDOWS_1252;

use super::TEXT_SIZE_MAX;

/// Groups whose text is not shown.
const HIDDEN: [&[u8]; 14] = [
    b"fonttbl",
    b"colortbl",
    b"stylesheet",
    b"info",
    b"pict",
    b"object",
    b"fldinst",
    b"themedata",
    b"datastore",
    b"listtable",
    b"listoverridetable",
    b"rsidtbl",
    b"generator",
    b"xmlnstbl",
];
/// Groups within each other at most; a deeper document is cut.
const DEPTH_MAX: usize = 1_000;

/// Returns the text of a document.
pub(super) fn text(bytes: &[u8]) -> String {
    let mut document = Document { rest: bytes, text: String::new(), groups: vec![Group::default()] };
    while let Some((first, rest)) = document.rest.split_first() {
        if document.text.len() >= TEXT_SIZE_MAX || document.groups.len() > DEPTH_MAX {
            break;
        }
        document.rest = rest;
        match first {
            b'{' => document.groups.push(document.group()),
            b'}' => drop(document.groups.pop()),
            b'\\' => document.control(),
            b'\r' | b'\n' => {}
            byte => document.show(&[*byte]),
        }
    }
    document.text
}

#[derive(Debug, Clone, Copy, Default)]
struct Group {
    is_hidden: bool,
    /// Characters after a Unicode one that stand in for it, less one.
    stand_ins_less_one: usize,
}

struct Document<'a> {
    rest: &'a [u8],
    text: String,
    groups: Vec<Group>,
}

impl Document<'_> {
    fn group(&self) -> Group {
        self.groups.last().copied().unwrap_or_default()
    }

    fn change(&mut self, change: impl FnOnce(&mut Group)) {
        if let Some(group) = self.groups.last_mut() {
            change(group);
        }
    }

    fn show(&mut self, bytes: &[u8]) {
        if !self.group().is_hidden {
            self.text.push_str(&WINDOWS_1252.decode_without_bom_handling(bytes).0);
        }
    }

    /// Reads what follows a backslash.
    fn control(&mut self) {
        let letters = self.rest.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
        let (word, rest) = self.rest.split_at(letters);
        if word.is_empty() {
            self.symbol();
            return;
        }
        let digits = rest
            .iter()
            .enumerate()
            .take_while(|(at, byte)| byte.is_ascii_digit() || (*at == 0 && **byte == b'-'));
        let (number, rest) = rest.split_at(digits.count());
        self.rest = rest.strip_prefix(b" ").unwrap_or(rest);
        let number: Option<i32> = std::str::from_utf8(number).ok().and_then(|number| number.parse().ok());
        match word {
            b"par" | b"line" | b"page" | b"sect" | b"row" => self.show(b"\n"),
            b"tab" | b"cell" => self.show(b" "),
            b"u" => self.unicode(number.unwrap_or(0)),
            b"uc" => {
                let count = usize::try_from(number.unwrap_or(1)).unwrap_or(0).min(16);
                // Kept less one, so that the default is nought; none at all is rare and costs a letter.
                self.change(|group| group.stand_ins_less_one = count.saturating_sub(1));
            }
            b"bin" => {
                let size = usize::try_from(number.unwrap_or(0)).unwrap_or(0);
                self.rest = self.rest.get(size..).unwrap_or_default();
            }
            word if HIDDEN.contains(&word) => self.change(|group| group.is_hidden = true),
            _ => {}
        }
    }

    fn symbol(&mut self) {
        let Some((symbol, rest)) = self.rest.split_first() else { return };
        self.rest = rest;
        match symbol {
            b'\'' => {
                let (digits, rest) = rest.split_at(rest.len().min(2));
                self.rest = rest;
                let digits = std::str::from_utf8(digits).unwrap_or_default();
                if let Ok(byte) = u8::from_str_radix(digits, 16) {
                    self.show(&[byte]);
                }
            }
            b'*' => self.change(|group| group.is_hidden = true),
            b'~' | b'\r' | b'\n' => self.show(b" "),
            b'\\' | b'{' | b'}' => self.show(&[*symbol]),
            _ => {}
        }
    }

    /// Shows a character given by its number, and skips what stands in for it where Unicode is not known.
    fn unicode(&mut self, number: i32) {
        // Numbers are 16 bits with a sign.
        let unit = u32::try_from(if number < 0 { number + 65_536 } else { number }).unwrap_or(0);
        if !self.group().is_hidden {
            self.text.push(char::from_u32(unit).unwrap_or(' '));
        }
        for _ in 0..=self.group().stand_ins_less_one {
            self.rest = match self.rest {
                [b'\\', b'\'', _, _, rest @ ..] => rest,
                [] | [b'\\' | b'{' | b'}', ..] => return,
                [_, rest @ ..] => rest,
            };
        }
    }
}
