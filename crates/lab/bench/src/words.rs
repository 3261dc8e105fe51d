//! What stands in the documents of the search benchmark, and which of them a question should find.
//!
//! Texts are made from a seed: words as people use them (few often, most seldom), each peer with a topic of its own, some
//! documents the same at several peers. The scorer is written from spec search, rules 1, 6 and 16, and shares no line with
//! the crates `search` and `index`: a second opinion about one list of all documents. Not for: names, phrases, accents.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context as _, Result};
use iroh_blobs::Hash;

/// Words that there are.
const VOCABULARY: usize = 8_000;
/// Words of one topic; topics share some.
const TOPIC_WORDS: usize = 400;
const TOPICS: usize = 12;
/// Documents that are copies of others', in percent of a collection.
const COPIES_PERCENT: usize = 8;

/// A small generator (`SplitMix64`): the seed repeats the run.
#[derive(Debug, Clone)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Returns a number below `end`, which is above 0.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end).unwrap_or(u64::MAX);
        usize::try_from(self.bits() % end).unwrap_or(0)
    }

    /// Returns a place in a list of falling frequencies: the second is half as frequent as the first, about.
    fn rank(&mut self, sums: &[f64]) -> usize {
        let all = sums.last().copied().unwrap_or(0.0);
        let at = f64::from(u32::try_from(self.bits() >> 32).unwrap_or(0)) / f64::from(u32::MAX) * all;
        sums.partition_point(|sum| *sum < at).min(sums.len().saturating_sub(1))
    }
}

/// One content.
#[derive(Debug)]
struct Document {
    text: String,
    content: Hash,
    counts: BTreeMap<String, u32>,
    length: u32,
}

/// All documents of a web, and who has which.
#[derive(Debug)]
pub(crate) struct Library {
    documents: Vec<Document>,
    /// Numbers of the documents of each peer.
    collections: Vec<Vec<usize>>,
}

impl Library {
    /// Makes collections of these sizes.
    pub(crate) fn new(seed: u64, sizes: &[usize]) -> Self {
        let mut dice = Dice::new(seed);
        let (common, topical) = (frequencies(VOCABULARY), frequencies(TOPIC_WORDS));
        let (mut documents, mut collections) = (Vec::new(), Vec::new());
        for (peer, size) in sizes.iter().enumerate() {
            let own = size - size * COPIES_PERCENT / 100;
            let mut collection = Vec::new();
            for _ in 0..own {
                let topic = if dice.below(10) < 7 { peer % TOPICS } else { dice.below(TOPICS) };
                collection.push(documents.len());
                documents.push(write(&mut dice, topic, &common, &topical));
            }
            collections.push(collection);
        }
        for (collection, size) in collections.iter_mut().zip(sizes) {
            while collection.len() < *size {
                let other = dice.below(documents.len());
                if !collection.contains(&other) {
                    collection.push(other);
                }
            }
        }
        Self { documents, collections }
    }

    /// Writes a peer's documents into a folder; returns how many there are.
    pub(crate) fn write(&self, peer: usize, folder: &Path) -> Result<usize> {
        std::fs::create_dir_all(folder)?;
        let collection = self.collections.get(peer).context("no such peer")?;
        for number in collection {
            let document = self.documents.get(*number).context("no such document")?;
            std::fs::write(folder.join(name_of(*number)), &document.text)?;
        }
        Ok(collection.len())
    }

    /// Returns the text of a document of a peer, with the name it has there.
    pub(crate) fn some(&self, peer: usize, place: usize) -> Option<(String, &str)> {
        let number = self.collections.get(peer)?.get(place)?;
        Some((name_of(*number), &self.documents.get(*number)?.text))
    }

    /// Returns how many contents, places and words there are.
    pub(crate) fn size(&self) -> (usize, usize, u64) {
        let places = self.collections.iter().map(Vec::len).sum();
        (self.documents.len(), places, self.documents.iter().map(|one| u64::from(one.length)).sum())
    }

    /// Makes questions of one to three words that stand together in some document: half of the words by how often they
    /// are said there, half by chance.
    pub(crate) fn questions(&self, seed: u64, count: usize) -> Vec<Vec<String>> {
        let mut dice = Dice::new(seed);
        let mut questions: Vec<Vec<String>> = Vec::new();
        while questions.len() < count {
            let collection = &self.collections[dice.below(self.collections.len())];
            if collection.is_empty() {
                continue;
            }
            let document = &self.documents[collection[dice.below(collection.len())]];
            let said: Vec<String> = words_of(&document.text).collect();
            let different: Vec<&String> = document.counts.keys().collect();
            let mut words = Vec::new();
            while words.len() < 1 + questions.len() % 3 {
                let word = match dice.below(2) {
                    0 => said[dice.below(said.len())].clone(),
                    _ => different[dice.below(different.len())].clone(),
                };
                if !words.contains(&word) {
                    words.push(word);
                }
            }
            if !questions.contains(&words) {
                questions.push(words);
            }
        }
        questions
    }

    /// Returns the best documents of all, best first, and how many match (spec search, rules 6 and 16).
    pub(crate) fn best(&self, words: &[String], count: usize) -> (Vec<usize>, usize) {
        let held: BTreeSet<usize> = self.collections.iter().flatten().copied().collect();
        let mut ranked: Vec<(f64, &Hash, usize)> = Vec::new();
        for number in held {
            let document = &self.documents[number];
            let counts: Vec<u32> =
                words.iter().map(|word| document.counts.get(word).copied().unwrap_or(0)).collect();
            if !counts.contains(&0) {
                ranked.push((worth(&counts, document.length), &document.content, number));
            }
        }
        ranked.sort_by(|one, other| {
            other.0.total_cmp(&one.0).then_with(|| one.1.as_bytes().cmp(other.1.as_bytes()))
        });
        let all = ranked.len();
        (ranked.into_iter().take(count).map(|(_, _, number)| number).collect(), all)
    }
}

/// Returns the number of the document that a path names.
pub(crate) fn number_of(path: &str) -> Option<usize> {
    let name = path.rsplit('/').next()?.strip_prefix('d')?;
    name.strip_suffix(".txt")?.parse().ok()
}

fn name_of(number: usize) -> String {
    format!("d{number:05}.txt")
}

/// The sum over the words of `2.2 c / (c + 1.2 (0.25 + 0.75 length / 300))`.
fn worth(counts: &[u32], length: u32) -> f64 {
    let fullness = 1.2 * (0.25 + 0.75 * f64::from(length) / 300.0);
    counts.iter().map(|count| 2.2 * f64::from(*count) / (f64::from(*count) + fullness)).sum()
}

/// Cuts a plain text into words: runs of letters and digits, in lower case.
fn words_of(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split(|character: char| !character.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_ascii_lowercase)
}

fn write(dice: &mut Dice, topic: usize, common: &[f64], topical: &[f64]) -> Document {
    // Most are short, some are long: 30 to about 1,400 words.
    let length = (0..dice.below(56)).fold(30.0_f64, |length, _| length * 1.0718);
    let mut left = 0;
    let mut text = String::new();
    let mut said = 0.0;
    while said < length {
        let is_first = left == 0;
        if is_first {
            left = 4 + dice.below(12);
        }
        let rank = match dice.below(2) {
            0 => dice.rank(common),
            _ => (dice.rank(topical) * 19 + topic * 631 + 40) % VOCABULARY,
        };
        let word = word(rank);
        if is_first {
            text.push_str(&word.to_uppercase());
        } else {
            text.push_str(&word);
        }
        left -= 1;
        text.push_str(if left == 0 { ".\n" } else { " " });
        said += 1.0;
    }
    let mut counts = BTreeMap::new();
    let mut length = 0;
    for word in words_of(&text) {
        *counts.entry(word).or_insert(0) += 1;
        length += 1;
    }
    Document { content: Hash::new(text.as_bytes()), text, counts, length }
}

/// Returns the word of a rank: two or three syllables.
fn word(rank: usize) -> String {
    const BEGINNINGS: [&str; 20] = [
        "b", "br", "d", "dr", "f", "g", "gr", "h", "k", "kl", "l", "m", "n", "p", "pl", "r", "s", "st", "t",
        "v",
    ];
    const MIDDLES: [&str; 5] = ["a", "e", "i", "o", "u"];
    let mut word = String::new();
    let mut left = rank + 100;
    while left > 0 {
        let syllable = left % 100;
        word.push_str(BEGINNINGS[syllable / 5]);
        word.push_str(MIDDLES[syllable % 5]);
        left /= 100;
    }
    word
}

/// Returns running sums of falling frequencies, as Zipf and Mandelbrot found them.
fn frequencies(count: usize) -> Vec<f64> {
    let mut sum = 0.0;
    let mut rank = 0.0;
    let mut sums = Vec::with_capacity(count);
    for _ in 0..count {
        rank += 1.0;
        sum += 1.0 / (rank + 2.7);
        sums.push(sum);
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_repeats_the_library() {
        let (one, other) = (Library::new(7, &[30, 20]), Library::new(7, &[30, 20]));
        assert_eq!(one.questions(1, 9), other.questions(1, 9));
        assert_eq!(one.size(), other.size());
        for words in one.questions(1, 9) {
            let (best, all) = one.best(&words, 10);
            assert!(!best.is_empty() && best.len() == all.min(10));
        }
    }

    #[test]
    fn words_do_not_run_into_each_other() {
        let all: BTreeSet<String> = (0..VOCABULARY).map(word).collect();
        assert_eq!(all.len(), VOCABULARY);
    }

    #[test]
    fn what_is_said_often_in_a_short_text_is_worth_more() {
        assert!((worth(&[1], 300) - 1.0).abs() < 1e-12);
        assert!(worth(&[2, 1], 100) > worth(&[1, 1], 100));
        assert!(worth(&[1], 50) > worth(&[1], 500));
    }
}
