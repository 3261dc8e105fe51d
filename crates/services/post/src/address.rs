//! Addresses as they are written: which letters, and what a name becomes (spec post, rules 10 and 11).
//!
//! Not for: who has one (`naming.rs`).

/// Digits of a person's id that tell namesakes apart, at least.
pub(crate) const TAG_DIGITS: usize = 6;

/// Digits of a web's id that name it, at least.
pub(crate) const WEB_DIGITS: usize = 10;

/// Letters of one side of an address at most, as RFC 5321 has it.
const SIDE_MAX: usize = 64;

/// Splits an address of this house, in lower case, into person and web; `bob@family` is short for the whole.
pub(crate) fn split(address: &str) -> Option<(&str, &str)> {
    let (person, host) = address.rsplit_once('@')?;
    let web = host.strip_suffix(crate::DOMAIN).map_or(Some(host), |web| web.strip_suffix('.'))?;
    let is_word = |text: &str| !text.is_empty() && text.chars().all(is_letter);
    (is_word(person) && is_word(web) && !web.contains('.')).then_some((person, web))
}

/// Joins a person and a web.
pub(crate) fn joined(person: &str, web: &str) -> String {
    format!("{person}@{web}.{}", crate::DOMAIN)
}

/// Says whether a letter may stand in an address without quotes: such as every reader takes for the same.
fn is_letter(letter: char) -> bool {
    letter.is_alphanumeric() || "-_.~+".contains(letter)
}

/// Makes the first side of an address of a name: small letters, dots between words. Empty when nothing is left.
pub(crate) fn of_person(name: &str) -> String {
    folded(name, '.')
}

/// Makes the second side of a web's name: hyphens between words.
pub(crate) fn of_web(name: &str) -> String {
    folded(name, '-')
}

fn folded(name: &str, between: char) -> String {
    let small = name.to_lowercase();
    let is_seen = |letter: char| letter.is_alphanumeric() && people::is_safe(letter);
    let keep = |letter: char| is_seen(letter) || letter == '-' || letter == '_';
    let words = small.split(|letter: char| !keep(letter)).filter(|word| !word.is_empty());
    let joined = words.collect::<Vec<_>>().join(&between.to_string());
    joined.chars().take(SIDE_MAX).collect::<String>().trim_matches([between, '-']).to_owned()
}

/// Returns the digits of an id behind the last `~`, if they are enough of them.
pub(crate) fn tag(person: &str) -> Option<&str> {
    let (_, digits) = person.rsplit_once('~')?;
    is_digits(digits, TAG_DIGITS).then_some(digits)
}

/// Says whether a text is digits of an id, and enough of them.
pub(crate) fn is_digits(text: &str, least: usize) -> bool {
    text.len() >= least
        && text.len() <= 64
        && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_becomes_small_letters_with_dots() {
        let check = |name: &str, person: &str, web: &str| {
            assert_eq!((of_person(name).as_str(), of_web(name).as_str()), (person, web), "{name}");
        };
        check("Alice", "alice", "alice");
        check("Uncle Bob", "uncle.bob", "uncle-bob");
        check("  <b>Zoë</b>, 王@x ", "b.zoë.b.王.x", "b-zoë-b-王-x");
        check("...", "", "");
        check("Bob~3f2a9c", "bob.3f2a9c", "bob-3f2a9c");
    }

    #[test]
    fn only_plain_addresses_are_taken_apart() {
        assert_eq!(split("bob@family.althing.internal"), Some(("bob", "family")));
        assert_eq!(split("bob@family"), Some(("bob", "family")));
        for wrong in [
            "bob",
            "@family",
            "bob@",
            "bob@gmail.com",
            "b b@family",
            "\"b\"@family",
            "a@b@family",
            "b@x.family",
        ] {
            assert_eq!(split(wrong), None, "{wrong}");
        }
        assert_eq!((tag("bob~3f2a9c"), tag("bob~3f"), tag("bob")), (Some("3f2a9c"), None, None));
    }
}
