//! Breaks text into lines.

use super::fonts::{Face, Fonts, Shaped};
use crate::export::flow::Run;

/// How text of a paragraph looks before its own formats.
#[derive(Debug, Clone, Copy)]
pub(super) struct Look {
    pub(super) size: f32,
    face: Face,
    shade: Shade,
}

/// How dark text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shade {
    Black,
    Grey,
    Link,
}

impl Look {
    pub(super) fn new(size: f32, face: Face) -> Self {
        Self { size, face, shade: Shade::Black }
    }

    pub(super) fn grey(self) -> Self {
        Self { shade: Shade::Grey, ..self }
    }
}

/// A line, ready to be drawn.
#[derive(Debug, Clone, Default)]
pub(super) struct Line {
    pub(super) pieces: Vec<Piece>,
    pub(super) width: f32,
    pub(super) height: f32,
    /// Points of its letters.
    pub(super) size: f32,
}

/// A word or a part of it.
#[derive(Debug, Clone)]
pub(super) struct Piece {
    /// Points from the beginning of the line.
    pub(super) left: f32,
    pub(super) width: f32,
    pub(super) text: String,
    pub(super) shaped: Shaped,
    pub(super) shade: Shade,
    pub(super) is_crossed: bool,
    pub(super) link: Option<String>,
}

/// Lines while they fill.
struct Lines<'a> {
    fonts: &'a mut Fonts,
    look: Look,
    width: f32,
    done: Vec<Line>,
    line: Line,
    /// The last piece before which the line may end: words in two formats may touch.
    break_at: usize,
    /// The last letter of the line.
    before: char,
}

impl Fonts {
    /// Breaks text into lines no wider than so many points; there is at least one.
    pub(super) fn broken(&mut self, runs: &[Run], look: Look, width: f32) -> Vec<Line> {
        let mut lines = Lines {
            fonts: self,
            look,
            width: width.max(20.0),
            done: Vec::new(),
            line: Line::default(),
            break_at: 0,
            before: ' ',
        };
        for run in runs {
            for (place, text) in run.text.split('\n').enumerate() {
                if place > 0 {
                    lines.end();
                }
                for (place, word) in words(text).enumerate() {
                    if place > 0 || lines.before == ' ' || word.starts_with(' ') {
                        lines.break_at = lines.line.pieces.len();
                    }
                    lines.word(word, run);
                    lines.before = word.chars().next_back().unwrap_or(' ');
                }
            }
        }
        if lines.done.is_empty() || !lines.line.pieces.is_empty() {
            lines.end();
        }
        lines.done
    }
}

impl Lines<'_> {
    fn word(&mut self, word: &str, run: &Run) {
        let face = self.look.face.with(run.style);
        let shaped = self.fonts.shape(word, face);
        // Blanks may hang over the end.
        let letters = self.fonts.shape(word.trim_end_matches(' '), face);
        let solid = self.width_of(&letters);
        if self.line.width + solid > self.width && !self.line.pieces.is_empty() {
            self.end_before_word();
        }
        if solid <= self.width {
            return self.push(shaped, run);
        }
        // A word wider than the line: letter by letter.
        for letter in word.chars() {
            let shaped = self.fonts.shape(letter.encode_utf8(&mut [0; 4]), face);
            if self.line.width + self.width_of(&shaped) > self.width && !self.line.pieces.is_empty() {
                self.end();
            }
            self.push(shaped, run);
        }
    }

    fn width_of(&self, shaped: &[(String, Shaped)]) -> f32 {
        shaped.iter().map(|(_, shaped)| shaped.width).sum::<f32>() * self.look.size
    }

    fn push(&mut self, shaped: Vec<(String, Shaped)>, run: &Run) {
        for (text, shaped) in shaped {
            let width = shaped.width * self.look.size;
            self.line.pieces.push(Piece {
                left: self.line.width,
                width,
                text,
                shaped,
                shade: if run.link.is_some() { Shade::Link } else { self.look.shade },
                is_crossed: run.style.is_crossed,
                link: run.link.clone(),
            });
            self.line.width += width;
        }
    }

    /// Ends the line where it may end; what touches the next word goes with it, unless it fills the line.
    fn end_before_word(&mut self) {
        let touching = match self.break_at {
            0 => Vec::new(),
            place => self.line.pieces.split_off(place.min(self.line.pieces.len())),
        };
        self.end();
        for mut piece in touching {
            piece.left = self.line.width;
            self.line.width += piece.width;
            self.line.pieces.push(piece);
        }
    }

    fn end(&mut self) {
        self.break_at = 0;
        self.line.height = self.look.size * 1.4;
        self.line.size = self.look.size;
        self.done.push(std::mem::take(&mut self.line));
    }
}

/// Parts a text where a line may end: after blanks, and around letters of scripts written without blanks.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let mut letters = rest.char_indices();
        let (_, first) = letters.next()?;
        let mut before = first;
        let mut end = rest.len();
        for (place, letter) in letters {
            let is_after_blank = before == ' ' && letter != ' ';
            let is_wide = (is_unspaced(before) || is_unspaced(letter))
                && !"、。，．！？）」』".contains(letter)
                && letter != ' ';
            let is_after_hyphen = matches!(before, '-' | '/') && letter.is_alphanumeric();
            if is_after_blank || is_wide || is_after_hyphen {
                end = place;
                break;
            }
            before = letter;
        }
        let (word, after) = rest.split_at_checked(end)?;
        rest = after;
        Some(word)
    })
}

/// Says whether a letter is of a script that needs no blanks between words.
fn is_unspaced(letter: char) -> bool {
    matches!(letter, '\u{2E80}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{FF00}'..='\u{FFEF}' | '\u{20000}'..='\u{3FFFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_may_end_after_blanks_hyphens_and_between_letters_of_the_east() {
        let all = |text| words(text).collect::<Vec<_>>();
        assert_eq!(all("one two  three"), ["one ", "two  ", "three"]);
        assert_eq!(all("well-known a - b"), ["well-", "known ", "a ", "- ", "b"]);
        assert_eq!(all("日本語。x"), ["日", "本", "語。", "x"]);
        assert_eq!(all(""), Vec::<&str>::new());
    }
}
