//! Ranks texts of many peers as one index would: every peer tells counts, and what a text is worth follows from its own.
//!
//! The part of BM25 (Robertson, Zaragoza: The Probabilistic Relevance Framework, 2009) that needs nothing but the text, with
//! the usual k1 and b and one length for all that counts as usual. How rare a word is in a web depends on who was
//! asked, and with brokers and summaries that differs from asker to asker; since all words of a question have to occur, it
//! would only weigh them against each other. Scores of separate indexes cannot be compared: merged by them, 4 of 10
//! first hits are right.

use crate::jobs::TextHit;

const K1: f64 = 1.2;
const B: f64 = 0.75;
/// Words of a usual text: a page.
const LENGTH: f64 = 300.0;

/// Scores a text; greater is better, and everybody who knows the same counts finds the same.
pub fn score(hit: &TextHit) -> f64 {
    let fullness = K1 * (1.0 - B + B * f64::from(hit.length) / LENGTH);
    let per_word = hit.counts.iter().map(|count| {
        let count = f64::from(*count);
        count * (K1 + 1.0) / (count + fullness)
    });
    per_word.sum()
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
    fn what_is_said_often_counts_more_and_long_texts_less() {
        assert!(score(&hit(&[2, 1], 100)) > score(&hit(&[1, 1], 100)));
        assert!(score(&hit(&[2, 2], 100)) > score(&hit(&[4, 1], 100)), "all words rather than one often");
        assert!(score(&hit(&[1, 1], 50)) > score(&hit(&[1, 1], 500)));
    }

    #[test]
    fn lies_about_counts_gain_little() {
        let honest = score(&hit(&[5], 100));
        let liar = score(&hit(&[u32::MAX], 1));
        assert!(liar.is_finite() && liar < honest * 2.5);
        assert!(score(&hit(&[1], 0)).is_finite() && score(&hit(&[], 0)) == 0.0);
    }
}
