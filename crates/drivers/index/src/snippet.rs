//! A part of a text that shows why it was found: one line, with the words of the query marked.

use std::collections::VecDeque;

use search::jobs::{Phrase, SNIPPET_SIZE_MAX};
use search::words::{WORD_LEN_MAX, fold, runs};

/// Bytes from the first to the last marked word at most; the rest of a snippet is what stands around.
const SPAN_MAX: usize = 240;
/// Bytes shown before the first marked word at most.
const BEFORE_MAX: usize = 80;
/// Bytes of the cut part of the text at most; with two ellipses a snippet stays below its limit.
const PART_MAX: usize = SNIPPET_SIZE_MAX - 2 * ELLIPSIS.len();
/// Bytes in which a better part is looked for at most, once there is one.
const LOOKED_AT_MAX: usize = 64 * 1024;
const ELLIPSIS: &str = "…";

/// A snippet and the words marked in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Snippet {
    pub(crate) text: String,
    pub(crate) marks: Vec<(u32, u32)>,
}

/// Words that must follow each other, by the first places that they have in the query.
#[derive(Debug, Clone, Default)]
pub(crate) struct Phrases(Vec<Vec<usize>>);

impl Phrases {
    /// Takes the phrases of a query; those that are not within its words are left out.
    pub(crate) fn new(all: &[String], phrases: &[Phrase]) -> Self {
        let place = |word: &String| all.iter().position(|other| other == word);
        let of = |phrase: &Phrase| {
            let from = usize::try_from(phrase.first).ok()?;
            let to = from.checked_add(usize::try_from(phrase.count).ok()?)?;
            let phrase: Vec<usize> = all.get(from..to)?.iter().filter_map(place).collect();
            (phrase.len() > 1).then_some(phrase)
        };
        Self(phrases.iter().take(all.len()).filter_map(of).collect())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A word of the text.
#[derive(Debug, Clone, Copy)]
struct Heard {
    /// Which of the query it is, if any.
    word: Option<usize>,
    from: usize,
    to: usize,
}

/// Walks the words of a text. Only those are folded for which comparing letters does not do: folding each would be most of
/// the cost of an answer.
fn hear<'a>(text: &'a str, all: &'a [String]) -> impl Iterator<Item = Heard> + 'a {
    runs(text).filter_map(move |(from, to)| {
        let run = text.get(from..to).unwrap_or_default();
        let word = if run.is_ascii() {
            let run = run.as_bytes().get(..WORD_LEN_MAX).unwrap_or(run.as_bytes());
            all.iter().position(|wanted| is_folded_to(run, wanted.as_bytes()))
        } else {
            let folded = fold(run);
            if folded.is_empty() {
                return None;
            }
            all.iter().position(|wanted| *wanted == folded)
        };
        Some(Heard { word, from, to })
    })
}

/// Says whether letters and digits of ASCII are a word when folded.
fn is_folded_to(run: &[u8], word: &[u8]) -> bool {
    run.len() == word.len() && run.iter().zip(word).all(|(one, other)| one.to_ascii_lowercase() == *other)
}

/// The best part seen so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Best {
    /// Different words of the query in it.
    words: usize,
    from: usize,
    to: usize,
}

/// Says whether all phrases occur in a text.
pub(crate) fn has_phrases(text: &str, all: &[String], phrases: &Phrases) -> bool {
    let mut open = Open::new(&phrases.0);
    for heard in hear(text, all) {
        if open.missing == 0 {
            break;
        }
        open.hear(heard);
    }
    open.missing == 0
}

/// Makes a snippet of a text in which all phrases occur.
pub(crate) fn make(text: &str, all: &[String], phrases: &Phrases) -> Snippet {
    let mut open = Open::new(&phrases.0);
    let mut window: VecDeque<(usize, Heard)> = VecDeque::new();
    let mut best = Best::default();
    let mut phrase_at = None;
    let different = all.iter().filter(|word| !word.is_empty()).enumerate();
    let different =
        different.filter(|(index, word)| !all.iter().take(*index).any(|other| other == *word)).count();
    for heard in hear(text, all) {
        if let Some(from) = open.hear(heard) {
            phrase_at.get_or_insert((from, heard.to));
        }
        if let Some(word) = heard.word {
            window.push_back((word, heard));
            while window
                .front()
                .is_some_and(|(_, first)| heard.to - first.from > SPAN_MAX && first.from != heard.from)
            {
                window.pop_front();
            }
            let now = rate(&window);
            if now.words > best.words {
                best = now;
            }
        }
        let is_enough = best.words == different || (best.words > 0 && heard.to > LOOKED_AT_MAX);
        if open.missing == 0 && is_enough {
            break;
        }
    }
    cut(text, phrase_at.unwrap_or((best.from, best.to)), all)
}

fn rate(window: &VecDeque<(usize, Heard)>) -> Best {
    let (Some((_, first)), Some((_, last))) = (window.front(), window.back()) else { return Best::default() };
    let is_new = |(index, (word, _)): &(usize, &(usize, Heard))| {
        !window.iter().take(*index).any(|(other, _)| other == word)
    };
    Best { words: window.iter().enumerate().filter(is_new).count(), from: first.from, to: last.to }
}

/// Phrases that are being looked for.
struct Open<'a> {
    /// With the words heard last, as many as the longest has.
    heard: VecDeque<Heard>,
    phrases: Vec<(&'a [usize], bool)>,
    longest: usize,
    missing: usize,
}

impl<'a> Open<'a> {
    fn new(phrases: &'a [Vec<usize>]) -> Self {
        let longest = phrases.iter().map(Vec::len).max().unwrap_or(0);
        let phrases: Vec<_> = phrases.iter().map(|phrase| (phrase.as_slice(), false)).collect();
        Self { heard: VecDeque::new(), missing: phrases.len(), phrases, longest }
    }

    /// Takes the next word; returns where a phrase began that it ends for the first time.
    fn hear(&mut self, word: Heard) -> Option<usize> {
        if self.missing == 0 {
            return None;
        }
        if self.heard.len() == self.longest {
            self.heard.pop_front();
        }
        self.heard.push_back(word);
        let mut from = None;
        for (phrase, is_found) in self.phrases.iter_mut().filter(|(_, is_found)| !is_found) {
            let Some(skipped) = self.heard.len().checked_sub(phrase.len()) else { continue };
            let last = self.heard.iter().skip(skipped);
            if last.clone().map(|heard| heard.word).eq(phrase.iter().copied().map(Some)) {
                *is_found = true;
                self.missing -= 1;
                from = from.or(last.map(|heard| heard.from).next());
            }
        }
        from
    }
}

/// Cuts the part around the marked words out of a text.
fn cut(text: &str, (from, to): (usize, usize), all: &[String]) -> Snippet {
    let start = beginning(text, from);
    let end = ending(text, start, to);
    let mut snippet = String::with_capacity(SNIPPET_SIZE_MAX);
    if start > 0 {
        snippet.push_str(ELLIPSIS);
    }
    push_plain(&mut snippet, text.get(start..end).unwrap_or_default());
    if end < text.len() {
        snippet.truncate(snippet.trim_end().len());
        snippet.push_str(ELLIPSIS);
    }
    let marks = marks(&snippet, all);
    Snippet { text: snippet, marks }
}

/// Returns where to begin: some words before, at best with a line.
fn beginning(text: &str, from: usize) -> usize {
    let earliest = text.ceil_char_boundary(from.saturating_sub(BEFORE_MAX)).min(from);
    let before = text.get(earliest..from).unwrap_or_default();
    if earliest == 0 {
        return 0;
    }
    let line = before.rfind('\n').map(|at| at + 1);
    let blank = || before.find(char::is_whitespace).map(|at| at + 1);
    let start = line.or_else(blank).map_or(earliest, |at| earliest + at);
    text.ceil_char_boundary(start).min(from)
}

/// Returns where to end: between words if there is a place, after the last marked one if that fits.
fn ending(text: &str, start: usize, to: usize) -> usize {
    let latest = text.floor_char_boundary(start.saturating_add(PART_MAX));
    if latest >= text.len() {
        return text.len();
    }
    let least = to.min(latest).max(start);
    let after = text.get(least..latest).unwrap_or_default();
    after.rfind(char::is_whitespace).map_or(latest, |at| least + at)
}

/// Adds a text as one line: no control characters, no marks that turn the direction, single blanks. Never longer
/// than it was.
fn push_plain(line: &mut String, text: &str) {
    let is_bare = |character: char| {
        character.is_whitespace()
            || character.is_control()
            || matches!(character, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}')
    };
    let mut is_blank = true;
    for character in text.chars() {
        if !is_bare(character) {
            line.push(character);
            is_blank = false;
        } else if !is_blank {
            line.push(' ');
            is_blank = true;
        }
    }
    line.truncate(line.trim_end().len());
}

/// Returns where words of the query stand; overlapping ones are joined.
fn marks(snippet: &str, all: &[String]) -> Vec<(u32, u32)> {
    let mut marks: Vec<(u32, u32)> = Vec::new();
    for word in hear(snippet, all).filter(|heard| heard.word.is_some()) {
        let (Ok(from), Ok(to)) = (u32::try_from(word.from), u32::try_from(word.to)) else { continue };
        match marks.last_mut() {
            Some(last) if from < last.1 => last.1 = last.1.max(to),
            _ => marks.push((from, to)),
        }
    }
    marks
}
