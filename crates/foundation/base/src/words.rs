//! Words of names and texts: the same for whoever writes an index and whoever asks (spec search, rules 1 to 4).
//!
//! A word is a run of letters and digits, in lower case, without accents (compatibility decomposition, marks
//! dropped). Scripts without spaces between words are cut into pairs of characters. Not for: stems of words, which
//! differ by language.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// Bytes of a word at most; the rest of a longer one is dropped, here and there alike.
pub const WORD_LEN_MAX: usize = 64;

/// A word and where it stands in the text, in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// As it is compared.
    pub text: String,
    /// Where it begins.
    pub from: usize,
    /// Where it ends.
    pub to: usize,
}

/// Walks the words of a text.
pub fn words(text: &str) -> impl Iterator<Item = Word> + '_ {
    runs(text).map(|(from, to)| Word { text: fold(text.get(from..to).unwrap_or_default()), from, to })
}

/// Walks the places of the words of a text, in bytes, from where each begins to where it ends. Nothing is folded, so a
/// run may be there of which folding leaves nothing.
pub fn runs(text: &str) -> Runs<'_> {
    Runs { text, at: 0, last: None }
}

/// Walks the places of words; see [`runs`].
#[derive(Debug, Clone)]
pub struct Runs<'a> {
    text: &'a str,
    at: usize,
    /// The character before in a script without spaces, as the first half of the next pair.
    last: Option<(char, usize)>,
}

impl Iterator for Runs<'_> {
    type Item = (usize, usize);

    fn next(&mut self) -> Option<(usize, usize)> {
        let mut run: Option<usize> = None;
        let mut place = self.at;
        while let Some(byte) = self.text.as_bytes().get(place) {
            // Most text is of such characters, and snippets cost what this costs.
            if byte.is_ascii() {
                self.last = None;
                if byte.is_ascii_alphanumeric() {
                    run.get_or_insert(place);
                } else if let Some(from) = run {
                    self.at = place + 1;
                    return Some((from, place));
                }
                place += 1;
                continue;
            }
            let character = self.text.get(place..).and_then(|rest| rest.chars().next())?;
            let next = place + character.len_utf8();
            if is_unspaced(character) {
                if let Some(from) = run {
                    self.at = place;
                    return Some((from, place));
                }
                let pair = self.last.replace((character, place));
                let is_followed =
                    self.text.get(next..).and_then(|rest| rest.chars().next()).is_some_and(is_unspaced);
                let from = match pair {
                    Some((_, from)) => from,
                    // A single character stands for itself.
                    None if !is_followed => place,
                    None => {
                        place = next;
                        continue;
                    }
                };
                self.at = next;
                return Some((from, next));
            }
            self.last = None;
            let is_part = character.is_alphanumeric() || (run.is_some() && is_combining_mark(character));
            match (is_part, run) {
                (true, None) => run = Some(place),
                (false, Some(from)) => {
                    self.at = next;
                    return Some((from, place));
                }
                _ => {}
            }
            place = next;
        }
        self.at = place;
        run.map(|from| (from, place))
    }
}

/// Returns a word as it is compared: lower case, no accents, at most [`WORD_LEN_MAX`] bytes.
pub fn fold(word: &str) -> String {
    let mut folded = String::with_capacity(word.len().min(WORD_LEN_MAX));
    fold_into(word, &mut folded);
    folded
}

/// Writes a word as it is compared in place of what the string holds: who folds many needs no string for each.
pub fn fold_into(word: &str, folded: &mut String) {
    folded.clear();
    if word.is_ascii() {
        folded.push_str(word.get(..WORD_LEN_MAX).unwrap_or(word));
        folded.make_ascii_lowercase();
        return;
    }
    let push = |character: char| {
        let fits = folded.len() + character.len_utf8() <= WORD_LEN_MAX;
        if fits {
            folded.push(character);
        }
        fits
    };
    let all = word.nfkd().filter(|character| !is_combining_mark(*character)).flat_map(char::to_lowercase);
    // Lower case can bring new marks (the dotted capital I).
    all.filter(|character| !is_combining_mark(*character)).map(plain).all(push);
}

/// Counts the words of a text of which folding leaves something.
pub fn count(text: &str) -> usize {
    let is_word = |(from, to): &(usize, usize)| {
        let run = text.get(*from..*to).unwrap_or_default();
        // Letters and digits of ASCII stay.
        run.is_ascii() || !fold(run).is_empty()
    };
    runs(text).filter(is_word).count()
}

/// Letters that no decomposition brings to their plain form.
fn plain(character: char) -> char {
    match character {
        'ß' | 'ẞ' => 's',
        'ø' | 'œ' => 'o',
        'ς' => 'σ',
        'ł' => 'l',
        'đ' | 'ð' => 'd',
        'ı' => 'i',
        'æ' => 'a',
        _ => character,
    }
}

/// Says whether a character belongs to a script that puts no spaces between words.
fn is_unspaced(character: char) -> bool {
    matches!(u32::from(character),
        0x0E00..=0x0EFF        // Thai, Lao
        | 0x1000..=0x109F      // Burmese
        | 0x1780..=0x17FF      // Khmer
        | 0x3040..=0x30FF      // Hiragana, Katakana
        | 0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xF900..=0xFAFF // Han
        | 0x20000..=0x2FA1F)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[&str]) {
        let found: Vec<String> = words(text).map(|word| word.text).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn words_are_runs_of_letters_and_digits() {
        check("Q4 Roadmap.md", &["q4", "roadmap", "md"]);
        check("fn is_here(x: u64)", &["fn", "is", "here", "x", "u64"]);
        check("  ", &[]);
        check("", &[]);
        check("end", &["end"]);
    }

    #[test]
    fn accents_and_case_do_not_matter() {
        check(
            "Ärger ÉTÉ e\u{301}te\u{301} Straße İstanbul ﬁn",
            &["arger", "ete", "ete", "strase", "istanbul", "fin"],
        );
        check("Отчёт ΣΊΣΥΦΟΣ Σίσυφος", &["отчет", "σισυφοσ", "σισυφοσ"]);
    }

    #[test]
    fn scripts_without_spaces_are_cut_into_pairs() {
        check("東京都 Tokyo 京", &["東京", "京都", "tokyo", "京"]);
        check("a東京b", &["a", "東京", "b"]);
    }

    #[test]
    fn places_are_those_of_the_text() {
        for word in words("Ärger, 東京 und x") {
            assert_eq!(fold("Ärger, 東京 und x".get(word.from..word.to).unwrap()), word.text);
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_has_words_within_it(text in "\\PC{0,60}") {
            for word in words(&text) {
                proptest::prop_assert!(word.from < word.to && word.to <= text.len());
                proptest::prop_assert!(text.get(word.from..word.to).is_some());
                proptest::prop_assert!(word.text.len() <= WORD_LEN_MAX);
            }
        }

        #[test]
        fn folding_again_changes_nothing(text in "\\PC{0,40}") {
            let once = fold(&text);
            proptest::prop_assert_eq!(fold(&once), once);
        }
    }
}
