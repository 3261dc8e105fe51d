//! The fonts of the system: which face a letter is taken from, and how letters become glyphs.

use std::collections::BTreeMap;
use std::sync::Arc;

use fontdb::{Database, Family, Query, Stretch, Style, Weight};
use krilla::text::{Font, GlyphId, KrillaGlyph};

/// Families without serifs, the fullest first.
const SANS: [&str; 8] =
    ["Noto Sans", "DejaVu Sans", "Liberation Sans", "Arial", "Segoe UI", "Helvetica", "Ubuntu", "Cantarell"];
/// Families whose letters are equally wide.
const MONO: [&str; 7] = [
    "Noto Sans Mono",
    "DejaVu Sans Mono",
    "Liberation Mono",
    "Consolas",
    "Menlo",
    "Courier New",
    "Ubuntu Mono",
];
/// Fonts at most that are opened to find a letter.
const OPENED_MAX: usize = 400;
/// Words at most whose glyphs are remembered.
const REMEMBERED_MAX: usize = 50_000;

/// A face of the two families.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Face(u8);

impl Face {
    pub(super) const PLAIN: Self = Self(0);
    pub(super) const BOLD: Self = Self(1);
    pub(super) const CODE: Self = Self(4);

    /// Returns the face with more weight, slant or the width of code.
    pub(super) fn with(self, style: super::super::flow::Style) -> Self {
        let is_bold = style.weight == super::super::flow::Weight::Bold;
        Self(self.0 | u8::from(is_bold) | u8::from(style.is_italic) << 1 | u8::from(style.is_code) << 2)
    }
}

/// A font that is open.
struct Open {
    bytes: Arc<Vec<u8>>,
    index: u32,
    font: Font,
}

/// A word, or a part of it, as glyphs of one font.
#[derive(Debug, Clone)]
pub(super) struct Shaped {
    pub(super) font: usize,
    pub(super) glyphs: Vec<KrillaGlyph>,
    /// For letters of one point.
    pub(super) width: f32,
}

/// The fonts in use.
pub(super) struct Fonts {
    database: Database,
    open: Vec<Open>,
    /// Which open font each face begins with.
    faces: BTreeMap<Face, usize>,
    /// Fonts not opened yet, in which letters may be found.
    others: Vec<fontdb::ID>,
    /// Which font has a letter that the face has not.
    letters: BTreeMap<char, usize>,
    /// Which fonts are known to have a letter, or not to have it: opening a face for each takes long.
    known: BTreeMap<(usize, char), bool>,
    words: BTreeMap<(usize, String), Shaped>,
}

impl Fonts {
    /// Returns the fonts of the system; `None` when it has none.
    pub(super) fn of_system() -> Option<Self> {
        let mut database = Database::new();
        database.load_system_fonts();
        Self::of(database)
    }

    /// Returns the fonts of a database; `None` when it has none.
    pub(super) fn of(database: Database) -> Option<Self> {
        let mut others: Vec<(String, String, fontdb::ID)> = database
            .faces()
            .filter(|face| face.style == Style::Normal && face.weight == Weight::NORMAL)
            .map(|face| {
                (
                    face.families.first().map(|family| family.0.clone()).unwrap_or_default(),
                    face.post_script_name.clone(),
                    face.id,
                )
            })
            .collect();
        // By name, so that the same fonts are taken whatever order the system lists them in; sans before serif.
        others.sort_by_key(|(family, name, _)| (!family.contains("Sans"), family.clone(), name.clone()));
        let others = others.into_iter().take(OPENED_MAX).map(|(.., id)| id).collect();
        let mut fonts = Self {
            database,
            open: Vec::new(),
            faces: BTreeMap::new(),
            others,
            letters: BTreeMap::new(),
            known: BTreeMap::new(),
            words: BTreeMap::new(),
        };
        fonts.face(Face::PLAIN)?;
        Some(fonts)
    }

    pub(super) fn font(&self, font: usize) -> Option<Font> {
        self.open.get(font).map(|open| open.font.clone())
    }

    /// Returns the font a face begins with.
    fn face(&mut self, face: Face) -> Option<usize> {
        if let Some(font) = self.faces.get(&face) {
            return Some(*font);
        }
        let names: &[&str] = if face.0 & 4 != 0 { &MONO } else { &SANS };
        let families: Vec<Family<'_>> = names.iter().map(|name| Family::Name(name)).collect();
        let query = Query {
            families: &families,
            weight: if face.0 & 1 != 0 { Weight::BOLD } else { Weight::NORMAL },
            stretch: Stretch::Normal,
            style: if face.0 & 2 != 0 { Style::Italic } else { Style::Normal },
        };
        let found = self.database.query(&query).and_then(|id| self.open(id));
        let font = match found {
            Some(font) => Some(font),
            None if face != Face::PLAIN => self.face(Face::PLAIN),
            None => {
                let others = self.others.clone();
                others.into_iter().find_map(|id| self.open(id))
            }
        }?;
        self.faces.insert(face, font);
        Some(font)
    }

    fn open(&mut self, id: fontdb::ID) -> Option<usize> {
        let (bytes, index) = self.database.with_face_data(id, |bytes, index| (bytes.to_vec(), index))?;
        let bytes = Arc::new(bytes);
        rustybuzz::Face::from_slice(&bytes, index)?;
        let font = Font::new(Arc::clone(&bytes).into(), index)?;
        self.open.push(Open { bytes, index, font });
        Some(self.open.len() - 1)
    }

    /// Returns the font a letter is taken from.
    fn font_of(&mut self, letter: char, face: usize) -> usize {
        if letter.is_whitespace() || self.has(face, letter) {
            return face;
        }
        if let Some(font) = self.letters.get(&letter) {
            return *font;
        }
        let opened = (0..self.open.len()).find(|font| self.has(*font, letter));
        let found = opened.or_else(|| {
            while let Some(id) = (!self.others.is_empty()).then(|| self.others.remove(0)) {
                let font = self.open(id);
                if let Some(font) = font.filter(|font| self.has(*font, letter)) {
                    return Some(font);
                }
            }
            None
        });
        let font = found.unwrap_or(face);
        self.letters.insert(letter, font);
        font
    }

    fn has(&mut self, font: usize, letter: char) -> bool {
        if let Some(has) = self.known.get(&(font, letter)) {
            return *has;
        }
        let face = self.open.get(font).and_then(|open| rustybuzz::Face::from_slice(&open.bytes, open.index));
        let has = face.is_some_and(|face| face.glyph_index(letter).is_some());
        self.known.insert((font, letter), has);
        has
    }

    /// Parts a word by the fonts its letters are in, and shapes each part.
    pub(super) fn shape(&mut self, word: &str, face: Face) -> Vec<(String, Shaped)> {
        let Some(face) = self.face(face) else { return Vec::new() };
        let mut parts: Vec<(usize, String)> = Vec::new();
        for letter in word.chars().filter(|letter| !letter.is_control()) {
            let font = self.font_of(letter, face);
            match parts.last_mut() {
                Some((last, part)) if *last == font => part.push(letter),
                _ => parts.push((font, String::from(letter))),
            }
        }
        let shaped =
            parts.into_iter().filter_map(|(font, part)| Some((part.clone(), self.part(font, part)?)));
        shaped.collect()
    }

    fn part(&mut self, font: usize, part: String) -> Option<Shaped> {
        let key = (font, part);
        if let Some(shaped) = self.words.get(&key) {
            return Some(shaped.clone());
        }
        let open = self.open.get(font)?;
        let face = rustybuzz::Face::from_slice(&open.bytes, open.index)?;
        let shaped = shaped(&face, font, &key.1);
        if self.words.len() < REMEMBERED_MAX {
            self.words.insert(key, shaped.clone());
        }
        Some(shaped)
    }
}

fn shaped(face: &rustybuzz::Face<'_>, font: usize, text: &str) -> Shaped {
    let mut buffer = rustybuzz::UnicodeBuffer::new();
    buffer.push_str(text);
    buffer.guess_segment_properties();
    let output = rustybuzz::shape(face, &[], buffer);
    let mut starts: Vec<usize> = output.glyph_infos().iter().map(|info| info.cluster as usize).collect();
    starts.push(text.len());
    starts.sort_unstable();
    starts.dedup();
    #[expect(clippy::cast_precision_loss, reason = "units of a font are thousands")]
    let of_em = |units: i32| units as f32 / face.units_per_em() as f32;
    let glyph = |(info, at): (&rustybuzz::GlyphInfo, &rustybuzz::GlyphPosition)| {
        let start = info.cluster as usize;
        let end = starts.iter().copied().find(|end| *end > start).unwrap_or(text.len());
        KrillaGlyph::new(
            GlyphId::new(info.glyph_id),
            of_em(at.x_advance),
            of_em(at.x_offset),
            of_em(at.y_offset),
            of_em(at.y_advance),
            start..end,
            None,
        )
    };
    let glyphs: Vec<KrillaGlyph> =
        output.glyph_infos().iter().zip(output.glyph_positions()).map(glyph).collect();
    let width = glyphs.iter().map(|glyph| glyph.x_advance).sum();
    Shaped { font, glyphs, width }
}
