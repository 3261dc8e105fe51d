//! Bytes that are text, and their lines. What `index` finds is text here, too.

use std::ops::Range;

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};

/// One in so many bytes may be a control character in text.
const CONTROLS_ONE_IN: usize = 50;
/// One in so many bytes may be no letter of Latin-1's western languages in text that is not UTF-8.
const FOREIGN_ONE_IN: usize = 3;
/// Bytes that tell whether it is text.
const HEAD_SIZE: usize = 8 * 1024;

/// Decodes a text, without its mark; `None` when it is none.
pub(crate) fn decode(bytes: &[u8]) -> Option<String> {
    if let Some((encoding, _)) = Encoding::for_bom(bytes) {
        return Some(encoding.decode(bytes).0.into_owned());
    }
    if !looks_like_text(bytes.get(..HEAD_SIZE).unwrap_or(bytes)) {
        return None;
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Some(text.to_owned()),
        Err(_) if is_mostly_utf8(bytes) => Some(UTF_8.decode(bytes).0.into_owned()),
        Err(_) => Some(WINDOWS_1252.decode_without_bom_handling(bytes).0.into_owned()),
    }
}

/// Says whether letters beyond ASCII that are right outnumber what is wrong: then it is damaged UTF-8.
fn is_mostly_utf8(bytes: &[u8]) -> bool {
    let (mut right, mut wrong) = (0_usize, 0_usize);
    for chunk in bytes.utf8_chunks() {
        right += chunk.valid().chars().filter(|letter| !letter.is_ascii()).count();
        wrong += usize::from(!chunk.invalid().is_empty());
    }
    right > wrong
}

fn looks_like_text(head: &[u8]) -> bool {
    let is_control = |byte: &&u8| matches!(byte, 0..=8 | 11 | 14..=26 | 28..=31 | 127);
    if head.contains(&0) || head.iter().filter(is_control).count() > head.len() / CONTROLS_ONE_IN {
        return false;
    }
    let is_utf8 = match std::str::from_utf8(head) {
        Ok(_) => true,
        // The first bytes may end within a character.
        Err(error) => error.error_len().is_none() && head.len() - error.valid_up_to() < 4,
    };
    is_utf8 || head.iter().filter(|byte| **byte >= 0x80).count() <= head.len() / FOREIGN_ONE_IN
}

/// Returns the lines of a text with their ends: `\n`, `\r\n` or `\r`, as Markdown has it.
pub(crate) fn lines(text: &str) -> impl Iterator<Item = Range<usize>> {
    let mut start = 0;
    std::iter::from_fn(move || {
        let rest = text.get(start..).filter(|rest| !rest.is_empty())?;
        let size = match rest.find(['\n', '\r']) {
            Some(end) if rest.get(end..).is_some_and(|rest| rest.starts_with("\r\n")) => end + 2,
            Some(end) => end + 1,
            None => rest.len(),
        };
        let line = start..start + size;
        start += size;
        Some(line)
    })
}

/// Returns these lines of a text, counted from one, with their ends.
pub(crate) fn of_lines(text: &str, from: u64, to: u64) -> &str {
    let skipped = usize::try_from(from.saturating_sub(1)).unwrap_or(usize::MAX);
    let count = usize::try_from(to.saturating_sub(from).saturating_add(1)).unwrap_or(usize::MAX);
    let mut chosen = lines(text).skip(skipped).take(count);
    let Some(first) = chosen.next() else { return "" };
    let end = chosen.last().map_or(first.end, |last| last.end);
    text.get(first.start..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_as_in_markdown() {
        let text = "a\nb\r\nc\rd\n\n";
        let all: Vec<&str> = lines(text).filter_map(|line| text.get(line)).collect();
        assert_eq!(all, ["a\n", "b\r\n", "c\r", "d\n", "\n"]);
        assert_eq!(of_lines(text, 2, 3), "b\r\nc\r");
        assert_eq!(of_lines(text, 9, 12), "");
        assert_eq!(of_lines(text, 4, u64::MAX), "d\n\n");
    }

    #[test]
    fn text_is_told_from_bytes() {
        assert_eq!(decode(b"\xEF\xBB\xBFhi").as_deref(), Some("hi"));
        assert_eq!(decode(b"\xFF\xFEh\0i\0").as_deref(), Some("hi"));
        assert_eq!(decode(b"Die Gr\xF6\xDFe").as_deref(), Some("Die Größe"));
        assert_eq!(decode(b"a\0b"), None);
    }
}
