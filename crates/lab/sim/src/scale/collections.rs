//! What the peers have: documents with their words, and who holds which.
//!
//! Skewed as people's collections are: some have much, most little; some documents are held by very many, most by one or
//! two; some words stand everywhere, most hardly anywhere.

use super::chance::{Draw, doubling, drawn, often, shuffle};
use super::lists::{Lists, PeerSet, number};
use crate::dice::Dice;

/// Documents of its own that a peer has: 1, 2, 4, 8 or 16.
const OWN_DOUBLINGS: u64 = 5;

/// Documents of others that a peer keeps: 1, 2, 4 and so on to 64; the same one twice counts once.
const KEPT_DOUBLINGS: u64 = 7;

/// Running words of a document that are told apart; a word may come more than once.
const WORDS_PER_DOCUMENT: usize = 250;

/// The vocabulary has `2^18 - 1` words, numbered from 1, the most used first.
pub(super) const VOCABULARY_DOUBLINGS: u32 = 18;

/// Peers whose words are counted to know how large a filter is.
const COUNTED_PEERS: u32 = 200;

/// The documents of a web.
#[derive(Debug)]
pub(super) struct Collections {
    seed: u64,
    /// Whose document it is, by document. The number of a document is also its rank: low ones are kept by many.
    owners: Vec<u32>,
    /// Who has it, its owner included.
    holders: Lists,
}

impl Collections {
    /// Draws who has what.
    pub(super) fn new(seed: u64, members: u32, dice: &mut Dice) -> Self {
        let mut owners = Vec::new();
        for peer in 0..members {
            let own = 1_u64 << dice.below(OWN_DOUBLINGS);
            owners.extend((0..own).map(|_| peer));
        }
        // Whose documents many keep has nothing to do with who owns how many.
        shuffle(dice, &mut owners);
        let documents = number(owners.len());
        let mut pairs: Vec<(u32, u32)> = (0..documents).zip(owners.iter().copied()).collect();
        for peer in 0..members {
            let kept = 1_u64 << dice.below(KEPT_DOUBLINGS);
            pairs.extend((0..kept).map(|_| (often(dice, documents), peer)));
        }
        pairs.sort_unstable();
        pairs.dedup();
        Self { seed, owners, holders: Lists::from_pairs(documents, &pairs) }
    }

    /// Returns what draws about these documents begin with.
    pub(super) fn seed(&self) -> u64 {
        self.seed
    }

    /// Counts the documents.
    pub(super) fn documents(&self) -> u32 {
        number(self.owners.len())
    }

    /// Counts copies of all documents.
    pub(super) fn copies(&self) -> usize {
        self.holders.items()
    }

    /// Returns whose a document is.
    pub(super) fn owner(&self, document: u32) -> Option<u32> {
        self.owners.get(document as usize).copied()
    }

    /// Returns who has a document in some revision.
    pub(super) fn holders(&self, document: u32) -> &[u32] {
        self.holders.of(document)
    }

    /// Walks the words of a document, made anew each time: kept, they would be most of the memory.
    pub(super) fn words(&self, document: u32) -> impl Iterator<Item = u32> {
        let mut dice = Dice::new(drawn(self.seed, Draw::Words, document, 0));
        (0..WORDS_PER_DOCUMENT).map(move |_| doubling(dice.bits(), 0, VOCABULARY_DOUBLINGS))
    }

    /// Counts the different words of each of some peers.
    pub(super) fn words_of_some_peers(&self, members: u32) -> Vec<usize> {
        let counted = members.min(COUNTED_PEERS);
        let mut of_peer = vec![Vec::new(); counted as usize];
        for document in 0..self.documents() {
            for peer in self.holders(document) {
                if let Some(documents) = of_peer.get_mut(*peer as usize) {
                    documents.push(document);
                }
            }
        }
        let count = |documents: Vec<u32>| {
            let mut words: Vec<u32> =
                documents.into_iter().flat_map(|document| self.words(document)).collect();
            words.sort_unstable();
            words.dedup();
            words.len()
        };
        of_peer.into_iter().map(count).collect()
    }
}

/// Where the words stand that are asked for, and no others: an index of all would be larger than the rest together.
#[derive(Debug)]
pub(super) struct WordIndex {
    /// The words, in order; a word's place here is its number below.
    words: Vec<u32>,
    documents: Lists,
    peers: Vec<PeerSet>,
}

impl WordIndex {
    /// Looks through all documents for words.
    pub(super) fn new(collections: &Collections, members: u32, mut words: Vec<u32>) -> Self {
        words.sort_unstable();
        words.dedup();
        let mut numbers = vec![None; 1 << VOCABULARY_DOUBLINGS];
        for (number, word) in (0_u32..).zip(&words) {
            if let Some(slot) = numbers.get_mut(*word as usize) {
                *slot = Some(number);
            }
        }
        let mut pairs = Vec::new();
        let mut peers = vec![PeerSet::new(members); words.len()];
        for document in 0..collections.documents() {
            for word in collections.words(document) {
                let Some(number) = numbers.get(word as usize).copied().flatten() else { continue };
                pairs.push((number, document));
                let Some(peers) = peers.get_mut(number as usize) else { continue };
                for peer in collections.holders(document) {
                    peers.insert(*peer);
                }
            }
        }
        pairs.sort_unstable();
        pairs.dedup();
        Self { documents: Lists::from_pairs(number(words.len()), &pairs), words, peers }
    }

    fn number(&self, word: u32) -> Option<usize> {
        self.words.binary_search(&word).ok()
    }

    /// Returns in which documents a word stands, in order.
    pub(super) fn documents(&self, word: u32) -> &[u32] {
        self.number(word).map(|place| self.documents.of(number(place))).unwrap_or_default()
    }

    /// Returns who has some document with a word.
    pub(super) fn peers(&self, word: u32) -> Option<&PeerSet> {
        self.number(word).and_then(|place| self.peers.get(place))
    }
}
