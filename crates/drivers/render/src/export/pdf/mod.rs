//! A PDF of A4 pages: headings, paragraphs, lists, code, tables, pictures, page numbers.
//!
//! A simple layout, from top to bottom. Letters come from the fonts of the system; what no font has is shown as the
//! empty box of the first.

mod fonts;
mod lines;
mod pages;
mod tables;

use krilla::Document;
use krilla::metadata::Metadata;

use self::fonts::{Face, Fonts};
use self::lines::Look;
use self::pages::Pages;
use super::flow::{Flow, InList, Run, plain};
use super::items::{self, Item};
use super::{CannotExport, Frozen, picture};

/// Points of a line of text.
const TEXT_SIZE: f32 = 10.5;
/// Points of small text: code, tables, notes.
const SMALL_SIZE: f32 = 8.5;
/// Pixels of a picture at most: more would need gigabytes when it is decoded.
const PIXELS_MAX: u64 = 40_000_000;

/// Returns the file.
pub(super) fn export(frozen: &Frozen) -> Result<Vec<u8>, CannotExport> {
    let mut layout =
        Layout { fonts: Fonts::of_system().ok_or(CannotExport::NoFont)?, pages: Pages::default() };
    for item in items::of(frozen) {
        layout.add(&item);
    }
    let mut document = Document::new();
    document.set_metadata(Metadata::new().title(frozen.title.clone()));
    let Layout { mut fonts, pages } = layout;
    pages.write(&mut document, &mut fonts, &frozen.title);
    document.finish().map_err(|_error| CannotExport::Pdf)
}

/// A document while its pages fill.
struct Layout {
    fonts: Fonts,
    pages: Pages,
}

impl Layout {
    fn add(&mut self, item: &Item<'_>) {
        match item {
            Item::Title(title) => self.paragraph(&[plain(title)], Look::new(22.0, Face::BOLD), 0.0, 4.0),
            Item::Note(note) => {
                self.paragraph(&[plain(note)], Look::new(SMALL_SIZE, Face::PLAIN).grey(), 0.0, 8.0);
            }
            Item::Caption(caption) => {
                self.pages.keep(60.0);
                self.paragraph(&[plain(caption)], Look::new(9.5, Face::BOLD), 0.0, 4.0);
            }
            Item::Flow(flow) => self.flow(flow),
            Item::Picture { bytes, kind, size, .. } => self.picture(bytes, *kind, *size),
        }
    }

    fn flow(&mut self, flow: &Flow) {
        match flow {
            Flow::Heading { level, runs } => {
                let size = match level {
                    1 => 18.0,
                    2 => 15.0,
                    3 => 12.5,
                    _ => 11.0,
                };
                self.pages.keep(size * 4.0);
                self.pages.space(size * 0.6);
                self.paragraph(runs, Look::new(size, Face::BOLD), 0.0, 5.0);
            }
            Flow::Paragraph { runs, list, quotes } => self.listed(runs, *list, *quotes),
            Flow::Code(lines) => {
                for line in lines.trim_end_matches('\n').split('\n') {
                    // Tabs have no width of their own in a PDF.
                    let line = line.replace('\t', "    ");
                    self.paragraph(&[plain(&line)], Look::new(SMALL_SIZE, Face::CODE), 8.0, 0.0);
                }
                self.pages.space(8.0);
            }
            Flow::Rule => {
                self.pages.keep(14.0);
                self.pages.space(5.0);
                self.pages.rule();
                self.pages.space(8.0);
            }
            Flow::Table { has_header, rows } => {
                tables::add(&mut self.pages, &mut self.fonts, *has_header, rows);
            }
        }
    }

    fn listed(&mut self, runs: &[Run], list: Option<InList>, quotes: u8) {
        let look = Look::new(TEXT_SIZE, Face::PLAIN);
        let quoted = 14.0 * f32::from(quotes.min(8));
        let Some(list) = list else {
            let look = if quotes > 0 { look.grey() } else { look };
            return self.paragraph(runs, look, quoted, 6.0);
        };
        let left = quoted + 18.0 * (f32::from(list.level.min(8)) + 1.0);
        if list.is_first {
            let mark = list.number.map_or("•".to_owned(), |number| format!("{number}."));
            let mark = self.fonts.broken(&[plain(&mark)], look, 100.0);
            if let Some(line) = mark.into_iter().next() {
                self.pages.keep(line.height);
                let at = left - line.width - 5.0;
                self.pages.beside(line, at.max(0.0));
            }
        }
        self.paragraph(runs, look, left, 3.0);
    }

    fn paragraph(&mut self, runs: &[Run], look: Look, left: f32, below: f32) {
        for line in self.fonts.broken(runs, look, pages::WIDTH - left) {
            self.pages.line(line, left);
        }
        self.pages.space(below);
    }

    fn picture(&mut self, bytes: &[u8], kind: picture::Kind, size: (u32, u32)) {
        let is_small = u64::from(size.0) * u64::from(size.1) <= PIXELS_MAX;
        let image = is_small.then(|| pages::image(bytes, kind)).flatten();
        match image {
            Some(image) => self.pages.image(image, size),
            None => self.add(&Item::Note("(a picture that this format cannot hold)".to_owned())),
        }
    }
}

#[cfg(test)]
pub(super) fn has_no_fonts(database: fontdb::Database) -> bool {
    Fonts::of(database).is_none()
}
