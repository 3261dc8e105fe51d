//! Words of others within answers of line protocols: one line, ASCII, not endless.

/// Letters of a sentence in an answer; lines of SMTP have 512 bytes.
const SENTENCE_MAX: usize = 400;

/// Makes a sentence fit for a line.
pub(crate) fn sentence(text: impl std::fmt::Display) -> String {
    let fit = |letter: char| if letter == ' ' || letter.is_ascii_graphic() { letter } else { '?' };
    text.to_string().chars().take(SENTENCE_MAX).map(fit).collect()
}
