//! A document as clean HTML, with its headings and links.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use comrak::adapters::{HeadingAdapter, HeadingMeta};
use comrak::nodes::{AstNode, Node, NodeValue, Sourcepos};
use comrak::options::Plugins;
use comrak::{Anchorizer, Arena};

use super::address::{self, Links};
use super::clean;
use super::tree::{MARKDOWN_SIZE_MAX, options, parse, plain_text};
use crate::links::{FOUND_MAX, FoundLink};

/// A document as HTML.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Article {
    /// The HTML, without `<html>` and `<body>`; safe to stand in any page of ours.
    pub html: String,
    /// The text of the first heading of the highest level.
    pub title: Option<String>,
    /// All headings, in their order.
    pub headings: Vec<Heading>,
    /// The links and pictures as they stand in the document, at most 1,000.
    pub links: Vec<FoundLink>,
    /// Whether the document is larger than 1 MiB: the rest is left out.
    pub is_cut: bool,
}

/// A heading of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heading {
    /// From 1 to 6.
    pub level: u8,
    /// Its text, without formats.
    pub text: String,
    /// Its id in the HTML: `s-` and its text in small letters.
    pub id: String,
    /// Its line in the document, counted from one.
    pub line: u64,
}

/// Returns a document as HTML. What is too deeply nested is shown as it is written.
pub fn article(text: &str, links: &dyn Links) -> Article {
    let size = text.floor_char_boundary(MARKDOWN_SIZE_MAX);
    let is_cut = size < text.len();
    let text = text.get(..size).unwrap_or_default();
    let arena = Arena::new();
    let Some(root) = parse(&arena, text) else {
        let html = format!("<pre><code>{}</code></pre>\n", clean::escaped(text));
        return Article { html, title: None, headings: Vec::new(), links: Vec::new(), is_cut };
    };
    let found = rewrite(root, links);
    tick(root, &arena);
    let headings = Headings::default();
    let mut plugins = Plugins::default();
    plugins.render.heading_adapter = Some(&headings);
    let mut html = String::new();
    let written = comrak::format_html_with_plugins(root, &options(), &mut html, &plugins);
    if written.is_err() {
        html.clear();
    }
    let mut headings = headings.seen.into_inner().unwrap_or_else(PoisonError::into_inner).1;
    let is_heading = |node: &Node<'_>| matches!(node.data().value, NodeValue::Heading(_));
    for (heading, node) in headings.iter_mut().zip(root.descendants().filter(is_heading)) {
        heading.line = node.data().sourcepos.start.line as u64;
    }
    let highest = headings.iter().map(|heading| heading.level).min();
    let title = headings.iter().find(|heading| Some(heading.level) == highest);
    let title = title.map(|heading| heading.text.clone()).filter(|title| !title.is_empty());
    Article { html: clean::cleaned(&html, &found.pictures), title, headings, links: found.links, is_cut }
}

/// Returns the lines of the section below a heading, both ends counted from one; by its text or its id.
pub(crate) fn section(text: &str, heading: &str) -> Option<(u64, u64)> {
    let arena = Arena::new();
    let root = parse(&arena, text.get(..text.floor_char_boundary(MARKDOWN_SIZE_MAX))?)?;
    let mut anchors = Anchorizer::new();
    let mut all = Vec::new();
    for node in root.children() {
        if let NodeValue::Heading(one) = node.data().value {
            let text = plain_text(node);
            let id = anchors.anchorize(&text);
            all.push((one.level, text, id, node.data().sourcepos.start.line as u64));
        }
    }
    let is_it = |(_, text, id, _): &(u8, String, String, u64)| {
        same(text, heading) || heading.strip_prefix("s-").unwrap_or(heading) == id
    };
    let place = all.iter().position(|one| same(&one.1, heading)).or_else(|| all.iter().position(is_it))?;
    let (level, _, _, from) = all.get(place)?;
    let next = all.iter().skip(place + 1).find(|(other, ..)| other <= level);
    Some((*from, next.map_or(u64::MAX, |(.., line)| line.saturating_sub(1))))
}

/// Compares headings: blanks and capital letters make no difference.
fn same(one: &str, other: &str) -> bool {
    let words = |text: &str| text.split_whitespace().map(str::to_lowercase).collect::<Vec<_>>();
    words(one) == words(other)
}

/// What stood in a document before its addresses were rewritten.
#[derive(Debug, Default)]
struct Found {
    links: Vec<FoundLink>,
    /// Addresses that pictures have now.
    pictures: Vec<String>,
}

/// Has the caller rewrite all addresses; a link without one becomes its text.
fn rewrite<'a>(root: Node<'a>, links: &dyn Links) -> Found {
    let mut found = Found::default();
    let nodes: Vec<Node<'a>> = root.descendants().collect();
    for node in nodes {
        let (address, is_picture) = match &node.data().value {
            NodeValue::Link(link) => (link.url.clone(), false),
            NodeValue::Image(link) => (link.url.clone(), true),
            _ => continue,
        };
        if found.links.len() < FOUND_MAX {
            let line = node.data().sourcepos.start.line as u64;
            found.links.push(FoundLink { target: address.clone(), text: plain_text(node), line });
        }
        let rewritten =
            if is_picture { address::picture(&address, links) } else { address::link(&address, links) };
        match rewritten {
            Some(new) => {
                if is_picture {
                    found.pictures.push(new.clone());
                }
                if let NodeValue::Link(link) | NodeValue::Image(link) = &mut node.data_mut().value {
                    link.url = new;
                }
            }
            None => unwrap(node),
        }
    }
    found
}

/// Puts what is in an element in its place.
fn unwrap(node: Node<'_>) {
    let children: Vec<Node<'_>> = node.children().collect();
    for child in children {
        node.insert_before(child);
    }
    node.detach();
}

/// Makes tasks plain list items with a box before their text: there are no forms in what we show.
fn tick<'a>(root: Node<'a>, arena: &'a Arena<'a>) {
    let nodes: Vec<Node<'a>> = root.descendants().collect();
    for node in nodes {
        let NodeValue::TaskItem(task) = node.data().value else { continue };
        node.data_mut().value = NodeValue::Item(comrak::nodes::NodeList::default());
        let mark = if task.symbol.is_some() { "\u{2611} " } else { "\u{2610} " };
        let mark = arena.alloc(AstNode::from(NodeValue::Text(mark.into())));
        match node.first_child() {
            Some(first) if first.data().value.contains_inlines() => first.prepend(mark),
            _ => {}
        }
    }
}

/// Writes headings with our ids, and remembers them.
#[derive(Default)]
struct Headings {
    seen: Mutex<(Anchorizer, Vec<Heading>)>,
}

impl HeadingAdapter for Headings {
    fn enter(&self, out: &mut dyn fmt::Write, heading: &HeadingMeta, _: Option<Sourcepos>) -> fmt::Result {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        // The prefix: an id chosen by others must not be one that a script of the page looks for.
        let id = format!("s-{}", seen.0.anchorize(&heading.content));
        write!(out, "<h{} id=\"{}\">", heading.level, clean::escaped(&id))?;
        seen.1.push(Heading { level: heading.level, text: heading.content.clone(), id, line: 0 });
        Ok(())
    }

    fn exit(&self, out: &mut dyn fmt::Write, heading: &HeadingMeta) -> fmt::Result {
        writeln!(out, "</h{}>", heading.level)
    }
}

#[cfg(test)]
mod tests;
