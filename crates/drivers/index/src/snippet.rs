//! A part of a text that shows why it was found: one line, with the words of the query marked.

use std::collections::VecDeque;

use search::jobs::{Phrase, SNIPPET_SIZE_MAX};
use search::words::{Word, words};

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

/// Words that must follow each other.
#[derive(Debug, Clone, Default)]
pub(crate) struct Phrases<'a>(Vec<Vec<&'a str>>);

impl<'a> Phrases<'a> {
    /// Takes the phrases of a query; those that are not within its words are left out.
    pub(crate) fn new(all: &'a [String], phrases: &[Phrase]) -> Self {
        let of = |phrase: &Phrase| {
            let from = usize::try_from(phrase.first).ok()?;
            let to = from.checked_add(usize::try_from(phrase.count).ok()?)?;
            let phrase: Vec<&str> = all.get(from..to)?.iter().map(String::as_str).collect();
            (phrase.len() > 1).then_some(phrase)
        };
        Self(phrases.iter().take(all.len()).filter_map(of).collect())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A word of the query in the text.
#[derive(Debug, Clone, Copy)]
struct Match {
    word: usize,
    from: usize,
    to: usize,
}

/// The best part seen so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Best {
    /// Different words of the query in it.
    words: usize,
    from: usize,
    to: usize,
}

/// Makes a snippet; `None` when a phrase does not occur.
pub(crate) fn make(text: &str, all: &[String], phrases: &Phrases<'_>) -> Option<Snippet> {
    let mut open = Open::new(&phrases.0);
    let mut window: VecDeque<Match> = VecDeque::new();
    let mut best = Best::default();
    let mut phrase_at = None;
    let different = all.iter().filter(|word| !word.is_empty()).enumerate();
    let different =
        different.filter(|(index, word)| !all.iter().take(*index).any(|other| other == *word)).count();
    for word in words(text).filter(|word| !word.text.is_empty()) {
        if let Some(from) = open.hear(&word) {
            phrase_at.get_or_insert((from, word.to));
        }
        if let Some(index) = all.iter().position(|wanted| *wanted == word.text) {
            window.push_back(Match { word: index, from: word.from, to: word.to });
            while window
                .front()
                .is_some_and(|first| word.to - first.from > SPAN_MAX && first.from != word.from)
            {
                window.pop_front();
            }
            let now = rate(&window);
            if now.words > best.words {
                best = now;
            }
        }
        let is_enough = best.words == different || (best.words > 0 && word.to > LOOKED_AT_MAX);
        if open.missing == 0 && is_enough {
            break;
        }
    }
    if open.missing > 0 {
        return None;
    }
    let (from, to) = phrase_at.unwrap_or((best.from, best.to));
    Some(cut(text, (from, to), all))
}

fn rate(window: &VecDeque<Match>) -> Best {
    let (Some(first), Some(last)) = (window.front(), window.back()) else { return Best::default() };
    let is_new =
        |(index, one): &(usize, &Match)| !window.iter().take(*index).any(|other| other.word == one.word);
    Best { words: window.iter().enumerate().filter(is_new).count(), from: first.from, to: last.to }
}

/// Phrases that are being looked for.
struct Open<'a> {
    /// With the words heard last, as many as the longest has.
    heard: VecDeque<(String, usize)>,
    phrases: Vec<(&'a [&'a str], bool)>,
    longest: usize,
    missing: usize,
}

impl<'a> Open<'a> {
    fn new(phrases: &'a [Vec<&'a str>]) -> Self {
        let longest = phrases.iter().map(Vec::len).max().unwrap_or(0);
        let phrases: Vec<_> = phrases.iter().map(|phrase| (phrase.as_slice(), false)).collect();
        Self { heard: VecDeque::new(), missing: phrases.len(), phrases, longest }
    }

    /// Takes the next word; returns where a phrase began that it ends for the first time.
    fn hear(&mut self, word: &Word) -> Option<usize> {
        if self.missing == 0 {
            return None;
        }
        if self.heard.len() == self.longest {
            self.heard.pop_front();
        }
        self.heard.push_back((word.text.clone(), word.from));
        let mut from = None;
        for (phrase, is_found) in self.phrases.iter_mut().filter(|(_, is_found)| !is_found) {
            let Some(skipped) = self.heard.len().checked_sub(phrase.len()) else { continue };
            let last = self.heard.iter().skip(skipped);
            if last.clone().map(|(word, _)| word.as_str()).eq(phrase.iter().copied()) {
                *is_found = true;
                self.missing -= 1;
                from = from.or(last.map(|(_, from)| *from).next());
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
    let wanted = words(snippet).filter(|word| !word.text.is_empty() && all.contains(&word.text));
    for word in wanted {
        let (Ok(from), Ok(to)) = (u32::try_from(word.from), u32::try_from(word.to)) else { continue };
        match marks.last_mut() {
            Some(last) if from < last.1 => last.1 = last.1.max(to),
            _ => marks.push((from, to)),
        }
    }
    marks
}
