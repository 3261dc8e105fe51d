//! What stands in simulated files: a text made from the number a file was made of, the same wherever it lies.
//!
//! The number's lower 16 bits are the topic, which all revisions of a file share; the rest counts revisions. So a word
//! finds a revision, or all of them, and a checker knows which it should have been.

use std::collections::BTreeMap;
use std::sync::Arc;

use base::ContentId;
use search::words::words;

use crate::dice::Dice;
use crate::world::PeerIndex;

/// Words that everybody uses.
const VOCABULARY: u64 = 150;

const SYLLABLES: [&str; 12] = ["ba", "du", "fi", "ga", "ko", "le", "mi", "no", "pu", "ra", "si", "ta"];

/// A text with its words, as [`search::words`] cuts them.
#[derive(Debug, PartialEq, Eq)]
pub struct Text {
    /// As it stands in the file: ASCII, one line.
    pub line: String,
    /// Its words, in order.
    pub words: Vec<String>,
}

/// Returns the word that stands in all revisions of a file.
pub fn topic_word(made_of: u64) -> String {
    format!("topic{}", made_of & 0xffff)
}

/// Returns the word that stands in this revision only.
pub fn revision_word(made_of: u64) -> String {
    format!("state{}", made_of >> 16)
}

/// Returns a word of the vocabulary.
pub fn common_word(number: u64) -> String {
    let part = |place: u64| {
        let at = number / 12_u64.pow(u32::try_from(place).unwrap_or(0)) % 12;
        usize::try_from(at).ok().and_then(|at| SYLLABLES.get(at)).copied().unwrap_or_default()
    };
    format!("{}{}{}", part(0), part(1), part(2))
}

/// Returns what stands in a file.
pub fn text_of(made_of: u64) -> String {
    let mut dice = Dice::new(made_of);
    let count = 10 + dice.index(60);
    let topic_at = dice.index(count);
    let mut parts = Vec::with_capacity(count + 2);
    for at in 0..count {
        if at == topic_at {
            parts.push(format!("{}, {}.", topic_word(made_of), revision_word(made_of)));
        }
        // Some words are said often, most seldom, as people do.
        let most = 1 + dice.below(VOCABULARY);
        parts.push(common_word(dice.below(most)));
    }
    parts.join(" ")
}

/// What a content is: where it was first, and its text.
#[derive(Debug, Clone)]
pub struct Known {
    /// Of whose file.
    pub owner: PeerIndex,
    /// What it was made of.
    pub made_of: u64,
    /// Its text.
    pub text: Arc<Text>,
}

/// Every content that was ever written on any disk.
#[derive(Debug, Clone, Default)]
pub struct Library(BTreeMap<ContentId, Known>);

impl Library {
    /// Takes a content in.
    pub fn add(&mut self, content: ContentId, made_of: u64, owner: PeerIndex) {
        let line = text_of(made_of);
        let words = words(&line).map(|word| word.text).collect();
        let known = Known { owner, made_of, text: Arc::new(Text { line, words }) };
        self.0.insert(content, known);
    }

    /// Returns what a content is.
    pub fn get(&self, content: ContentId) -> Option<&Known> {
        self.0.get(&content)
    }

    /// Walks all contents with their ids.
    pub fn contents(&self) -> impl Iterator<Item = (ContentId, &Known)> {
        self.0.iter().map(|(content, known)| (*content, known))
    }

    /// Walks all contents.
    pub fn all(&self) -> impl Iterator<Item = &Known> {
        self.0.values()
    }
}
