//! Labels: what persons and webs are called in paths and commands.
//!
//! Names come from others and are hostile; a label is safe in a path, in a terminal and beside other text
//! (spec identity rules 20 to 23). Not for: showing a name as its owner wrote it.

use std::collections::BTreeSet;

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

/// Makes a label that none of `taken` is; the junior of two namesakes gets `~` and digits of its id.
pub(crate) fn unique(label: &str, id: &str, taken: &BTreeSet<String>) -> String {
    // Labels that differ in case only would be one folder on many computers.
    let is_free = |label: &str| !taken.contains(&folded(label));
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

/// Returns the form in which labels are compared.
pub(crate) fn folded(label: &str) -> String {
    label.to_lowercase()
}

fn is_separator(c: char) -> bool {
    c.is_whitespace() || matches!(c, '/' | '\\')
}

/// No control characters, no invisible or direction-changing ones, no private use, nothing shells or paths
/// give a meaning on some computer.
fn is_safe(c: char) -> bool {
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

    #[test]
    fn namesakes_are_told_apart_by_digits_of_their_ids() {
        let mut taken = BTreeSet::from([folded("Bob")]);
        let second = unique("bob", ID, &taken);
        assert_eq!(second, "bob~012345");
        taken.insert(folded(&second));
        assert_eq!(unique("BOB", ID, &taken), "BOB~0123456");
        let long = unique(&"x".repeat(64), ID, &BTreeSet::from(["x".repeat(64)]));
        assert_eq!(long.chars().count(), LABEL_LEN_MAX);
    }
}
