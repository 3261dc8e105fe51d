//! A frozen document as one sequence of items, for formats that are made of paragraphs.

use super::flow::{self, Flow, Run, Style, Weight, plain};
use super::{Block, Frozen, captioned, cut, header_and_rows, picture};
use crate::markdown::is_link;
use crate::show::Table;

/// An item of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Item<'a> {
    /// The title.
    Title(&'a str),
    /// Something small: where it is from, what is cut.
    Note(String),
    /// What stands above a component.
    Caption(String),
    /// Text.
    Flow(Flow),
    /// A picture, its kind and its size in pixels.
    Picture { bytes: &'a [u8], kind: picture::Kind, size: (u32, u32), alt: &'a str },
}

/// Returns all items, the sources last.
pub(super) fn of(frozen: &Frozen) -> Vec<Item<'_>> {
    let mut items = vec![Item::Title(&frozen.title), Item::Note(format!("{} · {}", frozen.web, frozen.at))];
    for block in &frozen.blocks {
        add(&mut items, block);
    }
    if !frozen.sources.is_empty() {
        items.push(Item::Flow(Flow::Heading { level: 2, runs: vec![plain("Sources")] }));
    }
    for source in &frozen.sources {
        let mut runs = vec![plain(&format!("[{}] {} ", source.number, source.described()))];
        if let Some(link) = source.link.as_ref().filter(|link| is_link(link)) {
            runs.push(Run { text: link.clone(), style: Style::default(), link: Some(link.clone()) });
        }
        items.push(Item::Flow(Flow::Paragraph { runs, list: None, quotes: 0 }));
    }
    items
}

fn add<'a>(items: &mut Vec<Item<'a>>, block: &'a Block) {
    let caption = |caption: &str, source: Option<u32>| {
        Some(captioned(caption, source)).filter(|caption| !caption.is_empty()).map(Item::Caption)
    };
    match block {
        Block::Markdown(text) => items.extend(flow::of_markdown(text).into_iter().map(Item::Flow)),
        Block::Table { caption: above, table, source } => {
            items.extend(caption(above, *source));
            items.push(Item::Flow(cells(table)));
            items.extend(cut(table).map(Item::Note));
        }
        Block::Html { caption: above, html, source } => {
            items.extend(caption(above, *source));
            items.extend(flow::of_html(html).into_iter().map(Item::Flow));
        }
        Block::Text { caption: above, text, source } => {
            items.extend(caption(above, *source));
            items.push(Item::Flow(Flow::Code(text.clone())));
        }
        Block::Picture { caption: below, bytes, source, .. } => {
            match (picture::kind(bytes), picture::size(bytes)) {
                (Some(kind), Some(size)) => items.push(Item::Picture { bytes, kind, size, alt: below }),
                _ => items.push(Item::Note("(a picture that this format cannot hold)".to_owned())),
            }
            items.extend(caption(below, *source));
        }
        Block::Missing { caption: above, why, source } => {
            items.extend(caption(above, *source));
            items.push(Item::Note(format!("Not here: {why}")));
        }
    }
}

fn cells(table: &Table) -> Flow {
    let (header, rest) = header_and_rows(table);
    let bold = Style { weight: Weight::Bold, ..Style::default() };
    let header = header.map(|row| {
        row.iter().map(|cell| vec![Run { text: cell.clone(), style: bold, link: None }]).collect()
    });
    let has_header = header.is_some();
    let rest = rest.iter().map(|row| row.iter().map(|cell| vec![plain(cell)]).collect());
    Flow::Table { has_header, rows: header.into_iter().chain(rest).collect() }
}
