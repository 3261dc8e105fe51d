//! The tree of a Markdown document, within limits: hostile nesting is noticed before it costs anything.

use comrak::arena_tree::NodeEdge;
use comrak::nodes::{Node, NodeValue};
use comrak::{Arena, Options};

/// Bytes of a document at most that are read as Markdown; a book of 400 pages has as many.
pub(crate) const MARKDOWN_SIZE_MAX: usize = 1024 * 1024;
/// Quotes and lists in each other at most at the beginning of a line.
///
/// A parser looks at all of them in each line that follows: a megabyte of `- - -` and empty lines takes minutes.
const MARKERS_MAX: usize = 32;
/// Elements in each other at most.
const DEPTH_MAX: usize = 100;

/// Characters at most that HTML writes as `&amp;` and such.
///
/// Renderer and cleaner join text at each of them, which takes time by the square of their number: a megabyte of `&`
/// takes 25 s, so many take two.
const ESCAPES_MAX: usize = 200_000;

/// What Markdown we read: `CommonMark` with tables, tasks, footnotes, bare addresses and crossed out text.
pub(crate) fn options() -> Options<'static> {
    let mut options = Options::default();
    options.extension.strikethrough = true;
    options.extension.table = true;
    options.extension.autolink = true;
    options.extension.tasklist = true;
    options.extension.footnotes = true;
    // Both stand in the way of raw HTML; what comes out is cleaned once more.
    options.render.escape = true;
    options.render.r#unsafe = false;
    options
}

/// Returns the tree of a document; `None` when it is nobody's honest text.
pub(crate) fn parse<'a>(arena: &'a Arena<'a>, text: &str) -> Option<Node<'a>> {
    if crate::text::lines(text).any(|line| markers(text.get(line).unwrap_or_default()) > MARKERS_MAX) {
        return None;
    }
    let is_escaped = |byte: &u8| matches!(byte, b'&' | b'<' | b'>' | b'"');
    if text.bytes().filter(|byte| is_escaped(byte)).count() > ESCAPES_MAX {
        return None;
    }
    let root = comrak::parse_document(arena, text, &options());
    let mut depth: usize = 0;
    for edge in root.traverse() {
        match edge {
            NodeEdge::Start(_) => depth += 1,
            NodeEdge::End(_) => depth = depth.saturating_sub(1),
        }
        if depth > DEPTH_MAX {
            return None;
        }
    }
    Some(root)
}

/// Counts what begins quotes and lists at the beginning of a line.
fn markers(line: &str) -> usize {
    let mut count = 0;
    let mut digits = 0_usize;
    for byte in line.bytes() {
        match byte {
            b'>' | b'-' | b'*' | b'+' => count += 1,
            b'0'..=b'9' if digits < 9 => digits += 1,
            b'.' | b')' if digits > 0 => {
                count += 1;
                digits = 0;
            }
            b' ' | b'\t' => {}
            _ => break,
        }
    }
    // A line of dashes is a rule.
    let is_rule = count > 0 && line.trim().bytes().all(|byte| line.trim().bytes().next() == Some(byte));
    if is_rule && !line.trim().starts_with('>') { 0 } else { count }
}

/// Returns the text of an element and what is in it, on one line.
pub(crate) fn plain_text(node: Node<'_>) -> String {
    let mut text = String::new();
    for one in node.descendants() {
        match &one.data().value {
            NodeValue::Text(literal) => text.push_str(literal),
            NodeValue::Code(code) => text.push_str(&code.literal),
            NodeValue::HtmlInline(literal) => text.push_str(literal),
            NodeValue::SoftBreak | NodeValue::LineBreak => text.push(' '),
            _ => {}
        }
    }
    text
}
