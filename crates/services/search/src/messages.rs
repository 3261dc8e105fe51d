//! What peers say to each other about texts (spec search, rules 9 to 15).
//!
//! A question names words; an answer gives counts, from which the asker makes ranks. Every limit is checked before
//! anything is used. Not for: names, which everybody has.

use base::{ContentId, DeviceId, WebId};
use minicbor::{Decode, Encode};
use wire::WireError;

use crate::jobs::{Phrase, SNIPPET_SIZE_MAX, SNIPPETS_MAX, Snippet, TEXTS_MAX, TextHit, Texts, WORDS_MAX};
use crate::words::WORD_LEN_MAX;

/// Bytes of a message at most: 64 hits with their snippets fit.
pub(crate) const MESSAGE_SIZE_MAX: usize = 96 * 1024;

/// Devices in a broker's answer at most: as many as a web of some thousand has that list anything. Whoever is left out is asked.
pub(crate) const READ_MAX: usize = 2_000;

/// A message between the search services of two members.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) enum Message {
    /// Who has texts with these words?
    #[n(0)]
    Ask {
        /// In which web.
        #[n(0)]
        web: WebId,
        /// Chosen by the asker; the answer repeats it.
        #[n(1)]
        question: u64,
        /// Folded words, all of which must occur.
        #[n(2)]
        words: Vec<String>,
        /// Which of them must follow each other.
        #[n(3)]
        phrases: Vec<Phrase>,
    },
    /// These.
    #[n(1)]
    Answer {
        /// In which web.
        #[n(0)]
        web: WebId,
        /// Which question.
        #[n(1)]
        question: u64,
        /// What is there that the asker may have.
        #[n(2)]
        texts: Texts,
    },
    /// As a broker of the web: what texts of anybody's have these words?
    #[n(2)]
    AskBroker {
        /// In which web.
        #[n(0)]
        web: WebId,
        /// Chosen by the asker; the answer repeats it.
        #[n(1)]
        question: u64,
        /// Folded words, all of which must occur.
        #[n(2)]
        words: Vec<String>,
        /// Which of them must follow each other.
        #[n(3)]
        phrases: Vec<Phrase>,
    },
    /// These, and so far I have read what everybody lists.
    #[n(3)]
    Brokered {
        /// In which web.
        #[n(0)]
        web: WebId,
        /// Which question.
        #[n(1)]
        question: u64,
        /// What others and the broker itself have.
        #[n(2)]
        texts: Texts,
        /// Whose documents have all been read, up to which of their records; ascending.
        #[n(3)]
        read: Vec<ReadOf>,
    },
    /// I have no place for this question now.
    #[n(4)]
    Busy {
        /// In which web.
        #[n(0)]
        web: WebId,
        /// Which question.
        #[n(1)]
        question: u64,
    },
    /// What do these texts say about these words?
    #[n(5)]
    Show {
        /// In which web.
        #[n(0)]
        web: WebId,
        /// As in the question whose answer named them.
        #[n(1)]
        question: u64,
        /// Folded words.
        #[n(2)]
        words: Vec<String>,
        /// Which of them must follow each other.
        #[n(3)]
        phrases: Vec<Phrase>,
        /// Which texts; ascending.
        #[n(4)]
        contents: Vec<ContentId>,
    },
    /// This.
    #[n(6)]
    Shown {
        /// In which web.
        #[n(0)]
        web: WebId,
        /// Which question.
        #[n(1)]
        question: u64,
        /// What the asker may have of them; ascending.
        #[n(2)]
        snippets: Vec<Snippet>,
    },
}

/// How far a broker has read what a device lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
pub(crate) struct ReadOf {
    /// The first eight bytes of the device's id: no two of a web have the same.
    #[n(0)]
    pub(crate) device: u64,
    /// The place of the last of its records that lists contents.
    #[n(1)]
    pub(crate) position: u64,
}

impl ReadOf {
    /// Returns what a device is called here.
    pub(crate) fn short(device: DeviceId) -> u64 {
        device.as_bytes().iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
    }
}

impl Message {
    /// Reads a message and checks its limits.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, WireError> {
        let message: Self = wire::from_bytes(bytes, MESSAGE_SIZE_MAX)?;
        let is_sound = match &message {
            Self::Ask { words, phrases, .. } | Self::AskBroker { words, phrases, .. } => {
                are_words_sound(words, phrases)
            }
            Self::Answer { texts, .. } => are_texts_sound(texts),
            Self::Busy { .. } => true,
            Self::Brokered { texts, read, .. } => {
                let is_ascending =
                    read.iter().zip(read.iter().skip(1)).all(|(one, next)| one.device < next.device);
                are_texts_sound(texts) && read.len() <= READ_MAX && is_ascending
            }
            Self::Show { words, phrases, contents, .. } => {
                are_words_sound(words, phrases) && are_few(contents.iter().copied())
            }
            Self::Shown { snippets, .. } => {
                are_few(snippets.iter().map(|one| one.content))
                    && snippets.iter().all(|one| is_snippet_sound(&one.snippet, &one.marks))
            }
        };
        if is_sound { Ok(message) } else { Err(WireError::OutOfLimits { field: "search message" }) }
    }
}

/// Says whether words are such as [`crate::words`] makes, and phrases lie within them.
fn are_words_sound(words: &[String], phrases: &[Phrase]) -> bool {
    let are_words = !words.is_empty()
        && words.len() <= WORDS_MAX
        && words.iter().all(|word| !word.is_empty() && word.len() <= WORD_LEN_MAX);
    let count = u32::try_from(words.len()).unwrap_or(0);
    let is_within = |phrase: &Phrase| {
        phrase.count >= 2 && phrase.first.checked_add(phrase.count).is_some_and(|end| end <= count)
    };
    are_words && phrases.len() <= WORDS_MAX && phrases.iter().all(is_within)
}

/// Says whether there are some, not too many, each once and in order.
fn are_few(contents: impl Iterator<Item = ContentId> + Clone) -> bool {
    let count = contents.clone().count();
    count <= SNIPPETS_MAX && contents.clone().zip(contents.skip(1)).all(|(one, next)| one < next)
}

/// Says whether a snippet is short and its marks are ascending ranges of whole characters.
fn is_snippet_sound(snippet: &str, marks: &[(u32, u32)]) -> bool {
    let mut last = 0;
    let are_marks = marks.iter().all(|(from, to)| {
        let range = usize::try_from(*from).unwrap_or(usize::MAX)..usize::try_from(*to).unwrap_or(usize::MAX);
        let is_next = *from >= last && from < to && snippet.get(range).is_some();
        last = *to;
        is_next
    });
    snippet.len() <= SNIPPET_SIZE_MAX && marks.len() <= SNIPPET_SIZE_MAX && are_marks
}

fn are_texts_sound(texts: &Texts) -> bool {
    let is_sound = |hit: &TextHit| {
        let counted: u64 = hit.counts.iter().map(|count| u64::from(*count)).sum();
        is_snippet_sound(&hit.snippet, &hit.marks)
            && hit.counts.len() <= WORDS_MAX
            && counted <= u64::from(hit.length)
    };
    texts.hits.len() <= usize::try_from(TEXTS_MAX).unwrap_or(0)
        && texts.found_in.len() <= WORDS_MAX
        && texts.found_in.iter().all(|count| *count <= texts.documents)
        && texts.hits.iter().all(is_sound)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const WEB: WebId = WebId::new([1; 32]);

    fn answer(change: impl FnOnce(&mut TextHit)) -> Vec<u8> {
        let mut hit = TextHit {
            content: ContentId::new([7; 32]),
            counts: vec![2],
            length: 10,
            snippet: "Ärger im Garten".to_owned(),
            marks: vec![(0, 6)],
        };
        change(&mut hit);
        let texts = Texts { documents: 3, length: 30, found_in: vec![1], hits: vec![hit] };
        wire::to_bytes(&Message::Answer { web: WEB, question: 1, texts })
    }

    #[test]
    fn a_message_reads_what_it_writes() {
        let ask = Message::Ask { web: WEB, question: 9, words: vec!["q4".to_owned()], phrases: Vec::new() };
        assert_eq!(Message::read(&wire::to_bytes(&ask)).unwrap(), ask);
        assert!(Message::read(&answer(|_| {})).is_ok());
    }

    #[test]
    fn what_does_not_fit_together_is_refused() {
        for bytes in [
            answer(|hit| hit.marks = vec![(1, 6)]),
            answer(|hit| hit.marks = vec![(0, 600)]),
            answer(|hit| hit.marks = vec![(6, 8), (0, 6)]),
            answer(|hit| hit.counts = vec![11]),
            answer(|hit| hit.snippet = "x".repeat(SNIPPET_SIZE_MAX + 1)),
        ] {
            assert!(Message::read(&bytes).is_err());
        }
        let words = |words: Vec<String>| Message::Ask { web: WEB, question: 0, words, phrases: Vec::new() };
        for ask in [words(Vec::new()), words(vec![String::new()]), words(vec!["w".to_owned(); 17])] {
            assert!(Message::read(&wire::to_bytes(&ask)).is_err());
        }
    }

    proptest! {
        #[test]
        fn any_bytes_do_not_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _read = Message::read(&bytes);
        }
    }
}
