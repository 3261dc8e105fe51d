//! Labels: what persons and webs are called in paths and commands.
//!
//! Names come from others and are hostile; a label is safe in a path, in a terminal and beside other text
//! (spec identity rules 20 to 23). Not for: showing a name as its owner wrote it.

use std::collections::BTreeSet;

use unicode_security::confusable_detection::skeleton;

/// Characters of a label at most.
pub(crate) const LABEL_LEN_MAX: usize = 64;

/// Characters of a name that a person gives itself or a web, at most.
pub(crate) const NAME_LEN_MAX: usize = 64;

/// Digits of an id that tell namesakes apart.
const TAG_DIGITS: usize = 6;

/// Makes a label of a name; `id` is the bearer's full hex id. Never empty, never a special path, never reserved.
pub(crate) fn safe(name: &str, id: &str) -> String {
    let cleaned: String =
        name.chars().map(|c| if is_separator(c) { ' ' } else { c }).filter(|c| is_safe(*c)).collect();
    let words: Vec<&str> = cleaned.split_whitespace().collect();
    let label: String = words.join(" ").chars().take(LABEL_LEN_MAX).collect();
    let label = label.trim_matches(|c: char| c == ' ' || c == '.').to_owned();
    // `~` begins the tag that tells namesakes apart, `-` begins an option; a name may not pretend either.
    let label = label.replace('~', "-");
    let label = label.trim_start_matches('-').trim();
    if label.is_empty() { id.chars().take(10).collect() } else { label.to_owned() }
}

/// Makes a label that looks like none of `taken` ([`looks`]); the junior of two namesakes gets `~` and digits of its id.
pub(crate) fn unique(label: &str, id: &str, taken: &BTreeSet<String>) -> String {
    let is_free = |label: &str| looks(label).iter().all(|look| !taken.contains(look));
    if is_free(label) {
        return label.to_owned();
    }
    let tagged = |digits: usize| {
        let tag: String = id.chars().take(digits).collect();
        let stem: String = label.chars().take(LABEL_LEN_MAX.saturating_sub(digits + 1)).collect();
        format!("{}~{tag}", stem.trim_end())
    };
    (TAG_DIGITS..LABEL_LEN_MAX - 2).map(tagged).find(|label| is_free(label)).unwrap_or_else(|| id.to_owned())
}

/// Returns the forms in which labels are compared: two labels that share one may be taken for each other.
///
/// Both are skeletons (UTS #39), of the label as it is and in small letters: `AIice` with a capital i looks like
/// `Alice`, and `ALICE` would be the same folder on many computers.
pub fn looks(label: &str) -> [String; 2] {
    let look = |text: &str| skeleton(text).collect::<String>().to_lowercase();
    [look(label), look(&label.to_lowercase())]
}

/// Returns the form in which names of computers are compared.
pub(crate) fn folded(label: &str) -> String {
    label.to_lowercase()
}

fn is_separator(c: char) -> bool {
    c.is_whitespace() || matches!(c, '/' | '\\')
}

/// Says whether a character may stand in a name that others rely on: no control characters, no invisible or direction-changing ones, no
/// private use, nothing shells or paths give a meaning on some computer.
pub fn is_safe(c: char) -> bool {
    let is_invisible = matches!(c,
        '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{180B}'..='\u{180F}'
        | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{3164}'
        | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFF}'
        | '\u{E000}'..='\u{F8FF}' | '\u{E0000}'..='\u{E0FFF}' | '\u{F0000}'..='\u{10FFFF}');
    !c.is_control() && !is_invisible && !matches!(c, ':' | '*' | '?' | '"' | '<' | '>' | '|')
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    #[test]
    fn naughty_names_become_safe_labels() {
        let check = |name: &str, expected: &str| assert_eq!(safe(name, ID), expected, "{name:?}");
        check("Alice", "Alice");
        check("  Alice   Liddell ", "Alice Liddell");
        check("..", "0123456789");
        check(".", "0123456789");
        check("", "0123456789");
        check("../../etc/passwd", "etc passwd");
        check("a/b\\c", "a b c");
        check("\u{202E}evil\u{2066}", "evil");
        check("tab\tnew\nline\u{0}\u{7}", "tab new line");
        check("__proto__", "__proto__");
        check("--json", "json");
        check("Bob~0a1b2c", "Bob-0a1b2c");
        check("\u{200B}\u{FEFF}", "0123456789");
        check("Zoë 王", "Zoë 王");
    }

    #[test]
    fn a_label_has_at_most_64_characters() {
        assert_eq!(safe(&"x".repeat(300), ID).chars().count(), LABEL_LEN_MAX);
        assert_eq!(safe(&"é".repeat(150), ID).chars().count(), LABEL_LEN_MAX);
    }

    fn taken(labels: &[&str]) -> BTreeSet<String> {
        labels.iter().flat_map(|label| looks(label)).collect()
    }

    #[test]
    fn namesakes_are_told_apart_by_digits_of_their_ids() {
        let second = unique("bob", ID, &taken(&["Bob"]));
        assert_eq!(second, "bob~012345");
        assert_eq!(unique("BOB", ID, &taken(&["Bob", &second])), "BOB~0123456");
        let long = unique(&"x".repeat(64), ID, &taken(&[&"x".repeat(64)]));
        assert_eq!(long.chars().count(), LABEL_LEN_MAX);
    }

    #[test]
    fn nobody_can_look_like_another() {
        let check = |name: &str, other: &str, is_told_apart: bool| {
            let label = unique(&safe(name, ID), ID, &taken(&[other]));
            assert_eq!(label.contains('~'), is_told_apart, "{name:?} beside {other}: {label}");
        };
        check("bob", "Bob", true);
        // Cyrillic letters, some and all of them; Greek ones; digits; mathematical and full-width ones; an accent apart.
        check("\u{412}\u{43e}b", "Bob", true);
        check("\u{440}\u{430}\u{443}", "pay", true);
        check("\u{410}l\u{456}c\u{435}", "Alice", true);
        check("\u{391}lice", "Alice", true);
        check("B0b", "Bob", true);
        check("AIice", "Alice", true);
        check("A1ice", "Alice", true);
        check("\u{1d401}\u{1d428}\u{1d41b}", "Bob", true);
        check("\u{ff22}\u{ff4f}\u{ff42}", "Bob", true);
        check("Zoe\u{308}", "Zoë", true);
        check("Zoe", "Zoë", false);
        check("Rob", "Bob", false);
        check("王", "三", false);
    }
}
