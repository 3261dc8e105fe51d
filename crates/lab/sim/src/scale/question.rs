//! Questions, and what each peer would answer to one, has in its filter, and knows by the catalogue.

use super::chance::{Draw, any, doubling, drawn, often};
use super::collections::{Collections, WordIndex};
use super::graph::Graph;
use super::lists::PeerSet;
use crate::dice::Dice;

/// Holders of a document that will ever fetch a new revision, of 1,000; the others keep what they have.
const FOLLOWING_PER_MILLE: u64 = 800;

/// They have it after 16 s to 18 h: `2^14` to `2^26` ms, each doubling as likely.
const LAG_DOUBLINGS: (u32, u32) = (14, 26);

/// The newest revision was saved 0.1 s to 37 h before the question, each doubling as likely.
pub(super) const AGE_DOUBLINGS: (u32, u32) = (7, 27);

/// Questions for a word that came with the newest revision, of 1,000. All others ask for words of every revision.
const NEW_WORD_PER_MILLE: u64 = 400;

/// People ask for telling words: none of the thousand most used.
const TELLING: u32 = 1 << 10;

/// Filters say yes to a word that is not there in one of 256 cases (binary fuse filters with 8 bits: 0.4 %).
const FALSE_POSITIVE: u64 = 0xff;

/// Stands for a word that came with a document's newest revision and stands nowhere else. No word of the vocabulary.
const NEW_WORD: u32 = u32::MAX;

/// A state of a document, the newer the greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Revision {
    Oldest,
    Previous,
    Newest,
}

/// Which documents are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    /// As often as they are kept: what many have, many ask for.
    Popular,
    /// Each as likely, so nearly always one that few have.
    Any,
}

/// One question: "where is this document?", asked by two of its words.
#[derive(Debug, Clone, Copy)]
pub(super) struct Question {
    pub(super) asker: u32,
    pub(super) document: u32,
    pub(super) target: Target,
    words: [u32; 2],
    /// How long ago the newest revision was saved.
    pub(super) age_ms: u32,
}

impl Question {
    /// Draws questions that have an answer: the newest revision is at somebody who is here, and not at the asker.
    pub(super) fn draw(graph: &Graph, collections: &Collections, count: u32, dice: &mut Dice) -> Vec<Self> {
        let mut questions = Vec::new();
        // In a tiny web there may be no such question at all.
        for _attempt in 0..count.saturating_mul(20) {
            let question = Self::draw_one(graph, collections, questions.len() % 2 == 0, dice);
            questions.extend(question);
            if questions.len() == count as usize {
                break;
            }
        }
        questions
    }

    fn draw_one(graph: &Graph, collections: &Collections, is_popular: bool, dice: &mut Dice) -> Option<Self> {
        let documents = collections.documents();
        let (target, document) = match is_popular {
            true => (Target::Popular, often(dice, documents)),
            false => (Target::Any, any(dice, documents)),
        };
        let telling: Vec<u32> = collections.words(document).filter(|word| *word >= TELLING).collect();
        let mut word = || telling.get(dice.index(telling.len())).copied();
        let (first, mut second) = (word()?, word()?);
        if dice.chance(NEW_WORD_PER_MILLE) {
            second = NEW_WORD;
        }
        let age_ms = doubling(dice.bits(), AGE_DOUBLINGS.0, AGE_DOUBLINGS.1);
        let asker = graph.any_here(dice);
        let question = Self { asker, document, target, words: [first, second], age_ms };
        let has_answer = collections.holders(document).iter().any(|peer| {
            graph.is_here(*peer) && *peer != asker && question.held(collections, *peer).is_newest()
        });
        has_answer.then_some(question)
    }

    /// Returns the words that are asked for and stand in the vocabulary.
    pub(super) fn vocabulary(&self) -> impl Iterator<Item = u32> + '_ {
        self.words.iter().copied().filter(|word| *word != NEW_WORD)
    }

    fn asks_for_new_word(&self) -> bool {
        self.words.contains(&NEW_WORD)
    }

    /// Returns what a holder of the document has of it.
    pub(super) fn held(&self, collections: &Collections, peer: u32) -> Held {
        if collections.owner(self.document) == Some(peer) {
            return Held { revision: Revision::Newest, since_ms: Some(self.age_ms) };
        }
        let mut dice = Dice::new(drawn(collections.seed(), Draw::Lag, peer, self.document));
        let lag = doubling(dice.bits(), LAG_DOUBLINGS.0, LAG_DOUBLINGS.1);
        let since_ms = self.age_ms.checked_sub(lag).filter(|_| dice.chance(FOLLOWING_PER_MILLE));
        let is_oldest = drawn(collections.seed(), Draw::Old, peer, self.document).is_multiple_of(4);
        let revision = match since_ms {
            Some(_) => Revision::Newest,
            None if is_oldest => Revision::Oldest,
            None => Revision::Previous,
        };
        Held { revision, since_ms }
    }
}

/// What a holder has of the document asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Held {
    pub(super) revision: Revision,
    /// For how long it has had the newest revision, if it has.
    pub(super) since_ms: Option<u32>,
}

impl Held {
    pub(super) fn is_newest(self) -> bool {
        self.revision == Revision::Newest
    }
}

/// What a peer would say if it were asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Says {
    Nothing,
    /// It has another document with these words.
    Other,
    /// It has the document, in a revision in which the words stand.
    Has(Revision),
}

/// One question with the answers that are to be found.
#[derive(Debug)]
pub(super) struct Trial<'a> {
    pub(super) question: Question,
    collections: &'a Collections,
    /// By peer; made for the whole web, since walks look in any order.
    says: Vec<Says>,
    /// Holders of revisions in which the words stand: what is to be found.
    pub(super) relevant: Vec<u32>,
    /// For each word of the vocabulary who has it.
    sets: Vec<&'a PeerSet>,
}

impl<'a> Trial<'a> {
    /// Works out the answers of all peers.
    pub(super) fn new(
        question: Question,
        collections: &'a Collections,
        index: &'a WordIndex,
        members: u32,
    ) -> Self {
        let mut says = vec![Says::Nothing; members as usize];
        let mut put = |peer: u32, answer| {
            if let Some(slot) = says.get_mut(peer as usize) {
                *slot = answer;
            }
        };
        if !question.asks_for_new_word() {
            for document in documents_with_all(question, index) {
                collections.holders(document).iter().for_each(|peer| put(*peer, Says::Other));
            }
        }
        let mut relevant = Vec::new();
        for peer in collections.holders(question.document).iter().copied() {
            let held = question.held(collections, peer);
            if peer != question.asker && (held.is_newest() || !question.asks_for_new_word()) {
                relevant.push(peer);
                put(peer, Says::Has(held.revision));
            }
        }
        let sets = question.vocabulary().filter_map(|word| index.peers(word)).collect();
        Self { question, collections, says, relevant, sets }
    }

    /// Returns what a peer would say.
    pub(super) fn says(&self, peer: u32) -> Says {
        self.says.get(peer as usize).copied().unwrap_or(Says::Nothing)
    }

    /// Returns what a holder has.
    pub(super) fn held(&self, peer: u32) -> Held {
        self.question.held(self.collections, peer)
    }

    /// Says whether a word is asked for that came with the newest revision.
    pub(super) fn asks_for_new_word(&self) -> bool {
        self.question.asks_for_new_word()
    }

    /// Says whether a peer's filter, as others have it, says yes to all words.
    ///
    /// Each word is looked up by itself: that they stand in one document no filter can say.
    pub(super) fn filter_says(&self, peer: u32, age: FilterAge) -> bool {
        let vocabulary = self.question.vocabulary().zip(&self.sets);
        for (word, peers) in vocabulary {
            if !peers.contains(peer) && !self.is_false_positive(peer, word) {
                return false;
            }
        }
        !self.question.asks_for_new_word()
            || (self.says(peer) == Says::Has(Revision::Newest) && self.is_published(peer, age))
            || self.is_false_positive(peer, NEW_WORD)
    }

    /// Says whether a word that came with the newest revision has got into the filter that others have.
    fn is_published(&self, peer: u32, age: FilterAge) -> bool {
        let bits = drawn(self.collections.seed(), Draw::Offset, peer, self.question.document);
        let offset = u32::try_from(bits % u64::from(age.every_ms.max(1))).unwrap_or(0);
        self.held(peer).since_ms.is_some_and(|since| since >= offset + age.spread_ms)
    }

    fn is_false_positive(&self, peer: u32, word: u32) -> bool {
        // A new word is another one in each document.
        let seed = if word == NEW_WORD { self.question.document } else { 0 };
        let seed = self.collections.seed() ^ u64::from(seed);
        drawn(seed, Draw::FalsePositive, peer, word) & FALSE_POSITIVE == 0
    }
}

/// How old filters are.
#[derive(Debug, Clone, Copy)]
pub(super) struct FilterAge {
    /// A peer makes its filter anew at most once in this time.
    pub(super) every_ms: u32,
    /// How long a filter then takes to those who use it.
    pub(super) spread_ms: u32,
}

/// Returns the documents in which all words of the vocabulary stand.
fn documents_with_all(question: Question, index: &WordIndex) -> Vec<u32> {
    let [first, second] = question.words;
    let others = index.documents(second);
    let both = |document: &u32| others.binary_search(document).is_ok();
    index.documents(first).iter().copied().filter(both).collect()
}
