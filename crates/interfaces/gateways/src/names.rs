//! File names of others on their way into headers and URLs.
//!
//! Nothing of a name can end a header line, change the direction of writing, or look like a folder.

use std::fmt::Write as _;

use crate::surface::Disposition;

/// Characters at most; browsers and file systems cut longer ones in their own ways.
const NAME_CHARACTERS_MAX: usize = 150;

/// Returns `Content-Disposition` (RFC 6266): a plain name for old readers and the true one as RFC 5987 writes it.
pub(crate) fn disposition(kind: Disposition, name: &str) -> String {
    let word = match kind {
        Disposition::Inline => "inline",
        Disposition::Attachment => "attachment",
    };
    let safe = safe(name);
    let plain: String = safe
        .chars()
        .map(|one| if one.is_ascii_graphic() && !"\"\\%;".contains(one) || one == ' ' { one } else { '_' })
        .collect();
    format!("{word}; filename=\"{plain}\"; filename*=UTF-8''{}", percent(&safe))
}

/// Returns a name as the last part of a URL.
pub(crate) fn in_url(name: &str) -> String {
    percent(&safe(name))
}

/// Returns a name without what could deceive or do harm; never empty.
pub(crate) fn safe(name: &str) -> String {
    let harmless =
        |one: char| if one.is_control() || is_deceptive(one) || "/\\".contains(one) { '_' } else { one };
    let text: String = name.chars().take(NAME_CHARACTERS_MAX).map(harmless).collect();
    match text.as_str() {
        "" | "." | ".." => "file".to_owned(),
        _ => text,
    }
}

/// Says whether a character is invisible or turns the direction of writing.
pub fn is_deceptive(one: char) -> bool {
    matches!(one,
        '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

fn percent(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            write!(out, "%{byte:02X}").expect("a String takes all");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_names_stay() {
        let check = |name, expected: &str| assert_eq!(disposition(Disposition::Attachment, name), expected);
        check("Q4 Roadmap.pdf", "attachment; filename=\"Q4 Roadmap.pdf\"; filename*=UTF-8''Q4%20Roadmap.pdf");
        check("Grüße.txt", "attachment; filename=\"Gr__e.txt\"; filename*=UTF-8''Gr%C3%BC%C3%9Fe.txt");
    }

    #[test]
    fn hostile_names_cannot_leave_the_header() {
        for name in [
            "a\r\nSet-Cookie: x=1",
            "a\nb",
            "\"; filename=\"evil.exe",
            "a\\\"b",
            "..",
            "",
            "../../etc/passwd",
            "C:\\autoexec.bat",
            "invoice\u{202e}fdp.exe",
            "a\u{2066}b\u{0}c",
            "%22%0d%0a",
            "a;b",
            &"long".repeat(1000),
        ] {
            let header = disposition(Disposition::Attachment, name);
            assert!(header.bytes().all(|byte| (0x20..0x7f).contains(&byte)), "{header}");
            assert_eq!(header.matches('"').count(), 2, "{header}");
            assert!(!header.contains('\\') && !header.contains('/'), "{header}");
            assert!(!header.contains("%E2%80%AE"), "no turning of the writing direction: {header}");
            assert!(header.len() < 3000, "{}", header.len());
            assert!(axum::http::HeaderValue::from_str(&header).is_ok());
        }
        assert!(in_url("..").starts_with("file"));
        assert_eq!(in_url("a/b?c#d e"), "a_b%3Fc%23d%20e");
    }
}
