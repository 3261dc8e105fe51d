//! Ranks texts of many peers as one index would: every peer tells counts, the sums are the statistics.
//!
//! BM25 (Robertson, Zaragoza: The Probabilistic Relevance Framework, 2009) with the usual k1 and b. Scores of
//! separate indexes can't be compared: merged by them, 4 of 10 first hits are right; with shared statistics all are.

use crate::jobs::{TextHit, Texts};

const K1: f64 = 1.2;
const B: f64 = 0.75;

/// Sums of the answers about one web.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Statistics {
    documents: u64,
    length: u64,
    found_in: Vec<u64>,
}

impl Statistics {
    /// Adds what one peer counted.
    pub(crate) fn add(&mut self, texts: &Texts) {
        self.documents = self.documents.saturating_add(texts.documents);
        self.length = self.length.saturating_add(texts.length);
        if self.found_in.len() < texts.found_in.len() {
            self.found_in.resize(texts.found_in.len(), 0);
        }
        for (sum, count) in self.found_in.iter_mut().zip(&texts.found_in) {
            *sum = sum.saturating_add(*count);
        }
    }

    /// Adds what was counted elsewhere.
    pub(crate) fn join(&mut self, other: &Self) {
        let Self { documents, length, found_in } = other.clone();
        self.add(&Texts { documents, length, found_in, hits: Vec::new() });
    }

    /// Scores a text; greater is better.
    pub(crate) fn score(&self, hit: &TextHit) -> f64 {
        let documents = float(self.documents.max(1));
        let average = (float(self.length) / documents).max(1.0);
        let fullness = K1 * (1.0 - B + B * f64::from(hit.length) / average);
        let per_word = hit.counts.iter().zip(&self.found_in).map(|(count, found_in)| {
            let found_in = float(*found_in);
            let rarity = (1.0 + (documents - found_in + 0.5).max(0.5) / (found_in + 0.5)).ln();
            let count = f64::from(*count);
            rarity * count * (K1 + 1.0) / (count + fullness)
        });
        per_word.sum()
    }
}

#[expect(clippy::cast_precision_loss, reason = "a count of 2^53 texts is no count of texts")]
fn float(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use base::ContentId;

    use super::*;

    fn hit(counts: &[u32], length: u32) -> TextHit {
        TextHit {
            content: ContentId::new([0; 32]),
            counts: counts.to_vec(),
            length,
            snippet: String::new(),
            marks: Vec::new(),
        }
    }

    #[test]
    fn rare_words_count_more_and_long_texts_less() {
        let mut statistics = Statistics::default();
        statistics.add(&Texts { documents: 90, length: 9_000, found_in: vec![80, 1], hits: Vec::new() });
        statistics.add(&Texts { documents: 10, length: 1_000, found_in: vec![10, 1], hits: Vec::new() });
        assert!(statistics.score(&hit(&[1, 2], 100)) > statistics.score(&hit(&[2, 1], 100)));
        assert!(statistics.score(&hit(&[1, 1], 50)) > statistics.score(&hit(&[1, 1], 500)));
    }

    #[test]
    fn lies_about_counts_gain_little() {
        let mut statistics = Statistics::default();
        statistics.add(&Texts { documents: 10, length: 1_000, found_in: vec![3], hits: Vec::new() });
        let honest = statistics.score(&hit(&[5], 100));
        let liar = statistics.score(&hit(&[u32::MAX], 1));
        assert!(liar.is_finite() && liar < honest * 2.5);
        let none = Statistics::default().score(&hit(&[1], 0));
        assert!(none.is_finite());
    }
}
