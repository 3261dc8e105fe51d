//! Pages while they fill, and how they are written.

use krilla::Document;
use krilla::action::{Action, LinkAction};
use krilla::annotation::{Annotation, LinkAnnotation, Target};
use krilla::color::rgb;
use krilla::geom::{PathBuilder, Point, Rect, Size, Transform};
use krilla::image::Image;
use krilla::num::NormalizedF32;
use krilla::page::PageSettings;
use krilla::paint::{Fill, FillRule};
use krilla::surface::Surface;

use super::fonts::{Face, Fonts};
use super::lines::{Line, Look, Piece, Shade};
use crate::export::flow::plain;
use crate::export::picture;

/// Points of an A4 page and its margins.
const PAGE: (f32, f32) = (595.0, 842.0);
const MARGIN: f32 = 56.0;
/// Points of a line of text at most.
pub(super) const WIDTH: f32 = PAGE.0 - 2.0 * MARGIN;
/// Points from top to bottom that text may fill.
pub(super) const HEIGHT: f32 = PAGE.1 - 2.0 * MARGIN;

/// Something on a page; points from its upper left corner.
#[derive(Debug)]
enum Drawn {
    Line { line: Line, left: f32, baseline: f32 },
    Filled { left: f32, top: f32, width: f32, height: f32, grey: u8 },
    Image { image: Image, left: f32, top: f32, width: f32, height: f32 },
}

/// Pages, and how far the last one is full.
#[derive(Debug)]
pub(super) struct Pages {
    pages: Vec<Vec<Drawn>>,
    top: f32,
}

impl Default for Pages {
    fn default() -> Self {
        Self { pages: vec![Vec::new()], top: 0.0 }
    }
}

impl Pages {
    /// Begins a new page, unless so many points are left on this one. Says whether it did.
    pub(super) fn keep(&mut self, height: f32) -> bool {
        let is_new = self.top + height > HEIGHT && self.top > 0.0;
        if is_new {
            self.pages.push(Vec::new());
            self.top = 0.0;
        }
        is_new
    }

    /// Leaves space, but none at the top of a page.
    pub(super) fn space(&mut self, height: f32) {
        if self.top > 0.0 {
            self.top += height;
        }
    }

    fn draw(&mut self, drawn: Drawn) {
        if let Some(page) = self.pages.last_mut() {
            page.push(drawn);
        }
    }

    /// Adds a line below what is there.
    pub(super) fn line(&mut self, line: Line, left: f32) {
        self.keep(line.height);
        let height = line.height;
        self.beside(line, left);
        self.top += height;
    }

    /// Adds a line; what follows stands beside it.
    pub(super) fn beside(&mut self, line: Line, left: f32) {
        let baseline = MARGIN + self.top + line.size * 1.05;
        self.draw(Drawn::Line { line, left: MARGIN + left, baseline });
    }

    /// Adds a line some points below where the next one would stand; what follows does not move.
    pub(super) fn at(&mut self, line: Line, left: f32, below: f32) {
        let baseline = MARGIN + self.top + below + line.size * 1.05;
        self.draw(Drawn::Line { line, left: MARGIN + left, baseline });
    }

    /// Moves down, over what was drawn below.
    pub(super) fn down(&mut self, height: f32) {
        self.top += height;
    }

    /// Adds a rule over the whole width.
    pub(super) fn rule(&mut self) {
        self.filled(0.0, 0.0, (WIDTH, 0.6), 160);
    }

    /// Adds a filled box, points from where the next line would stand.
    pub(super) fn filled(&mut self, left: f32, below: f32, size: (f32, f32), grey: u8) {
        let (left, top) = (MARGIN + left, MARGIN + self.top + below);
        self.draw(Drawn::Filled { left, top, width: size.0, height: size.1, grey });
    }

    /// Adds a picture, as large as it is at 96 pixels to the inch, or as the page allows.
    pub(super) fn image(&mut self, image: Image, size: (u32, u32)) {
        #[expect(clippy::cast_precision_loss, reason = "pixels of a picture are thousands")]
        let (width, height) = (size.0 as f32 * 0.75, size.1 as f32 * 0.75);
        let scale = (WIDTH / width).min(HEIGHT * 0.9 / height).min(1.0);
        let (width, height) = ((width * scale).max(0.5), (height * scale).max(0.5));
        self.keep(height);
        let top = MARGIN + self.top;
        self.draw(Drawn::Image { image, left: MARGIN, top, width, height });
        self.top += height;
        self.space(6.0);
    }

    /// Writes all pages, each with its number.
    pub(super) fn write(self, document: &mut Document, fonts: &mut Fonts, title: &str) {
        let total = self.pages.len();
        for (place, drawn) in self.pages.iter().enumerate() {
            let Some(settings) = PageSettings::from_wh(PAGE.0, PAGE.1) else { return };
            let mut page = document.start_page_with(settings);
            let mut surface = page.surface();
            let number = plain(&format!("{} / {total}", place + 1));
            let look = Look::new(8.0, Face::PLAIN).grey();
            if let Some(line) = fonts.broken(&[number], look, WIDTH).into_iter().next() {
                let left = PAGE.0 - MARGIN - line.width;
                draw_line(&mut surface, fonts, &line, (left, PAGE.1 - 30.0));
            }
            if let Some(line) = fonts.broken(&[plain(title)], look, WIDTH - 80.0).into_iter().next() {
                draw_line(&mut surface, fonts, &line, (MARGIN, PAGE.1 - 30.0));
            }
            for one in drawn {
                draw(&mut surface, fonts, one);
            }
            surface.finish();
            for annotation in drawn.iter().flat_map(links) {
                page.add_annotation(annotation);
            }
            page.finish();
        }
    }
}

fn draw(surface: &mut Surface<'_>, fonts: &Fonts, drawn: &Drawn) {
    match drawn {
        Drawn::Line { line, left, baseline } => draw_line(surface, fonts, line, (*left, *baseline)),
        Drawn::Filled { left, top, width, height, grey } => {
            fill(surface, *grey, (*left, *top), (*width, *height));
        }
        Drawn::Image { image, left, top, width, height } => {
            if let Some(size) = Size::from_wh(*width, *height) {
                surface.push_transform(&Transform::from_translate(*left, *top));
                surface.draw_image(image.clone(), size);
                surface.pop();
            }
        }
    }
}

fn fill(surface: &mut Surface<'_>, grey: u8, at: (f32, f32), size: (f32, f32)) {
    let mut path = PathBuilder::new();
    if let Some(area) = Rect::from_xywh(at.0, at.1, size.0, size.1) {
        path.push_rect(area);
    }
    if let Some(path) = path.finish() {
        surface.set_fill(Some(paint(rgb::Color::new(grey, grey, grey))));
        surface.draw_path(&path);
    }
}

fn draw_line(surface: &mut Surface<'_>, fonts: &Fonts, line: &Line, at: (f32, f32)) {
    for piece in &line.pieces {
        let Some(font) = fonts.font(piece.shaped.font) else { continue };
        let color = match piece.shade {
            Shade::Black => rgb::Color::new(0, 0, 0),
            Shade::Grey => rgb::Color::new(90, 90, 90),
            Shade::Link => rgb::Color::new(5, 80, 160),
        };
        surface.set_fill(Some(paint(color)));
        let start = Point::from_xy(at.0 + piece.left, at.1);
        surface.draw_glyphs(start, &piece.shaped.glyphs, font, &piece.text, line.size, false);
        if piece.is_crossed {
            fill(surface, 0, (at.0 + piece.left, at.1 - line.size * 0.3), (piece.width, 0.6));
        }
    }
}

fn paint(color: rgb::Color) -> Fill {
    Fill { paint: color.into(), opacity: NormalizedF32::ONE, rule: FillRule::NonZero }
}

fn links(drawn: &Drawn) -> Vec<Annotation> {
    let Drawn::Line { line, left, baseline } = drawn else { return Vec::new() };
    let link = |piece: &Piece| {
        // Only what leads somewhere from a file on its own.
        let link = piece.link.clone().filter(|link| link.contains(':'))?;
        let area =
            Rect::from_xywh(left + piece.left, baseline - line.size, piece.width.max(0.1), line.size * 1.3)?;
        let action = Target::Action(Action::Link(LinkAction::new(link)));
        Some(Annotation::new_link(LinkAnnotation::new(area, action), None))
    };
    line.pieces.iter().filter_map(link).collect()
}

/// Reads a picture; `None` when it is damaged.
pub(super) fn image(bytes: &[u8], kind: picture::Kind) -> Option<Image> {
    let bytes = bytes.to_vec().into();
    let image = match kind {
        picture::Kind::Png => Image::from_png(bytes, true),
        picture::Kind::Jpeg => Image::from_jpeg(bytes, true),
        picture::Kind::Gif => Image::from_gif(bytes, true),
        picture::Kind::WebP => return None,
    };
    // What is wrong is noticed only when the document is written, and then there is none: so one is written to try.
    image.ok().filter(|image| {
        let mut trial = Document::new();
        let mut page = trial.start_page();
        let mut surface = page.surface();
        if let Some(size) = Size::from_wh(1.0, 1.0) {
            surface.draw_image(image.clone(), size);
        }
        surface.finish();
        page.finish();
        trial.finish().is_ok()
    })
}
