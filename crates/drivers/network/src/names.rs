//! Safe names for files that other people named.

/// Bytes of a file name at most, on every common file system, less room for ` (1000)`.
const NAME_SIZE_MAX: usize = 240;

/// Names that mean a device on Windows, with any ending.
const RESERVED: [&str; 6] = ["con", "prn", "aux", "nul", "com", "lpt"];

/// Makes one part of a path a name that is safe to create: never a way out of a folder, never a device, nothing
/// that hides its letters or what the file is.
pub fn safe_name(part: &str) -> String {
    let shown: String = part.chars().map(|letter| if is_hiding(letter) { '_' } else { letter }).collect();
    let trimmed = shown.trim_end_matches([' ', '.']);
    let mut name = shorten(if trimmed.is_empty() { "_" } else { trimmed });
    let stem = name.split('.').next().unwrap_or_default().trim_end().to_lowercase();
    let is_reserved = RESERVED.iter().any(|reserved| {
        stem.strip_prefix(reserved).is_some_and(|rest| match *reserved {
            "com" | "lpt" => matches!(rest.as_bytes(), [b'0'..=b'9']),
            _ => rest.is_empty(),
        })
    });
    if is_reserved {
        name.insert(0, '_');
    }
    name
}

/// Returns the name under which a file is saved when others of its name are there.
pub fn numbered(name: &str, number: u32) -> String {
    if number < 2 {
        return name.to_owned();
    }
    match name.rsplit_once('.') {
        Some((stem, ending)) if !stem.is_empty() => format!("{stem} ({number}).{ending}"),
        _ => format!("{name} ({number})"),
    }
}

/// Separators, control characters, and marks that turn or hide text.
fn is_hiding(letter: char) -> bool {
    matches!(letter, '/' | '\\')
        || letter.is_control()
        || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{61c}' | '\u{feff}')
}

/// Shortens a name and keeps its ending.
fn shorten(name: &str) -> String {
    if name.len() <= NAME_SIZE_MAX {
        return name.to_owned();
    }
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    let ending = if ending.len() <= 16 { ending } else { "" };
    let room = NAME_SIZE_MAX - ending.len() - 1;
    let stem: String = name
        .char_indices()
        .take_while(|(at, letter)| at + letter.len_utf8() <= room)
        .map(|(_, letter)| letter)
        .collect();
    if ending.is_empty() { stem } else { format!("{stem}.{ending}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_names_are_made_safe() {
        let check = |part: &str, name: &str| assert_eq!(safe_name(part), name, "{part:?}");
        check("report.pdf", "report.pdf");
        check("..", "_");
        check(".", "_");
        check("", "_");
        check("a/../b", "a_.._b");
        check("CON", "_CON");
        check("com7.txt", "_com7.txt");
        check("company.txt", "company.txt");
        check("nul .txt", "_nul .txt");
        check("invoice\u{202e}fdp.exe", "invoice_fdp.exe");
        check("line\nbreak", "line_break");
        check("__proto__", "__proto__");
        check("trailing. . ", "trailing");
        check(".hidden", ".hidden");
    }

    #[test]
    #[allow(clippy::case_sensitive_file_extension_comparisons, reason = "the ending is ours")]
    fn long_names_keep_their_ending() {
        let name = safe_name(&format!("{}.tar.gz", "ä".repeat(300)));
        assert!(name.len() <= NAME_SIZE_MAX && name.ends_with(".gz"), "{name}");
        assert!(safe_name(&"x".repeat(1000)).len() <= NAME_SIZE_MAX);
    }

    #[test]
    fn numbered_names_stay_readable() {
        assert_eq!(numbered("a.txt", 1), "a.txt");
        assert_eq!(numbered("a.txt", 2), "a (2).txt");
        assert_eq!(numbered("a", 3), "a (3)");
        assert_eq!(numbered(".profile", 2), ".profile (2)");
    }
}
