//! Splits a document into runs of Markdown and the components that stand between them.

use comrak::Arena;
use comrak::nodes::{Node, NodeValue};

use super::tree::{MARKDOWN_SIZE_MAX, parse, plain_text};
use crate::text::lines;

/// Components of a document at most; what follows is text.
const COMPONENTS_MAX: usize = 1_000;

/// A piece of a document. The sources of all pieces, one after the other, are the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Markdown, as it is written.
    Text {
        /// What is written.
        markdown: String,
        /// The line of the document it begins with, counted from one.
        first_line: u64,
    },
    /// A component: a paragraph that is nothing but a picture with an `althing:` address.
    Component {
        /// The address of what it shows.
        link: String,
        /// The description of the picture.
        caption: String,
        /// Its line in the document, counted from one.
        line: u64,
        /// What is written there.
        source: String,
    },
}

impl Piece {
    /// Returns what is written in the document.
    pub fn source(&self) -> &str {
        match self {
            Self::Text { markdown, .. } => markdown,
            Self::Component { source, .. } => source,
        }
    }
}

/// A component, and the lines it stands in, counted from zero.
struct Found {
    first: usize,
    last: usize,
    link: String,
    caption: String,
}

/// Splits a document. Definitions of links and footnotes are in the piece they stand in, and in no other.
pub fn pieces(text: &str) -> Vec<Piece> {
    let ends: Vec<std::ops::Range<usize>> = lines(text).collect();
    let mut pieces = Vec::new();
    let mut done = 0;
    let between = |from: usize, to: usize| {
        let start = ends.get(from).map_or(text.len(), |line| line.start);
        let end = ends.get(to).map_or(text.len(), |line| line.start);
        text.get(start..end).unwrap_or_default().to_owned()
    };
    for found in components(text) {
        if found.first < done || found.last < found.first || found.last >= ends.len() {
            continue;
        }
        let source = between(found.first, found.last + 1);
        // A paragraph may begin with definitions of links, which are no part of it.
        if !source.trim_start().starts_with("![") {
            continue;
        }
        if found.first > done {
            pieces.push(Piece::Text { markdown: between(done, found.first), first_line: done as u64 + 1 });
        }
        let line = found.first as u64 + 1;
        pieces.push(Piece::Component { link: found.link, caption: found.caption, line, source });
        done = found.last + 1;
    }
    if done < ends.len() {
        pieces.push(Piece::Text { markdown: between(done, usize::MAX), first_line: done as u64 + 1 });
    }
    pieces
}

fn components(text: &str) -> Vec<Found> {
    let arena = Arena::new();
    let root = text.get(..text.floor_char_boundary(MARKDOWN_SIZE_MAX)).and_then(|text| parse(&arena, text));
    let found = root.into_iter().flat_map(|root| root.children().filter_map(component));
    found.take(COMPONENTS_MAX).collect()
}

fn component(node: Node<'_>) -> Option<Found> {
    if !matches!(node.data().value, NodeValue::Paragraph) {
        return None;
    }
    let only = node.first_child().filter(|first| first.next_sibling().is_none())?;
    let only_data = only.data();
    let NodeValue::Image(picture) = &only_data.value else { return None };
    if !is_component(&picture.url) {
        return None;
    }
    let at = node.data().sourcepos;
    Some(Found {
        first: at.start.line.checked_sub(1)?,
        last: at.end.line.checked_sub(1)?,
        link: picture.url.clone(),
        caption: plain_text(only),
    })
}

/// Says whether an address is one of a web, as it is or as the page on this machine writes it.
fn is_component(address: &str) -> bool {
    let after = |prefix: &str| {
        let start = address.get(..prefix.len())?;
        start.eq_ignore_ascii_case(prefix).then(|| address.get(prefix.len()..)).flatten()
    };
    if after("althing:").is_some() {
        return true;
    }
    let rest = after("http://althing.localhost").or_else(|| after("https://althing.localhost"));
    let Some((port, _)) = rest.and_then(|rest| rest.split_once("/go/")) else { return false };
    let port = port.strip_prefix(':').map_or(port.is_empty().then_some("1"), Some);
    port.is_some_and(|port| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, expected: &[(&str, u64)]) {
        let pieces = pieces(text);
        assert_eq!(pieces.iter().map(Piece::source).collect::<String>(), text);
        let shown: Vec<(String, u64)> = pieces
            .iter()
            .map(|piece| match piece {
                Piece::Text { first_line, .. } => ("text".to_owned(), *first_line),
                Piece::Component { link, caption, line, .. } => (format!("{caption}={link}"), *line),
            })
            .collect();
        let expected: Vec<(String, u64)> =
            expected.iter().map(|(text, line)| ((*text).to_owned(), *line)).collect();
        assert_eq!(shown, expected, "{text}");
    }

    #[test]
    fn a_component_is_a_paragraph_that_is_a_picture_of_a_web() {
        check("# A\n\n![Sales](althing:w/x)\n\nend\n", &[("text", 1), ("Sales=althing:w/x", 3), ("text", 4)]);
        check("![a](althing:x)", &[("a=althing:x", 1)]);
        check(
            "\r\n![a](althing:x \"t\")\r\n\r\n![b](althing:y#cells=A1:B2)",
            &[("text", 1), ("a=althing:x", 2), ("text", 3), ("b=althing:y#cells=A1:B2", 4)],
        );
        check("![a](http://althing.localhost:4180/go/x)\n", &[("a=http://althing.localhost:4180/go/x", 1)]);
        check("![a](https://althing.localhost/go/x)\n", &[("a=https://althing.localhost/go/x", 1)]);
        check("![a][r]\n\n[r]: althing:x\n", &[("a=althing:x", 1), ("text", 2)]);
    }

    #[test]
    fn what_stands_in_code_lists_quotes_or_a_sentence_is_no_component() {
        for text in [
            "",
            "plain",
            "```\n![a](althing:x)\n```\n",
            "    ![a](althing:x)\n",
            "- ![a](althing:x)\n",
            "> ![a](althing:x)\n",
            "see ![a](althing:x)\n",
            "![a](althing:x) and\n",
            "![a](althing:x)\n![b](althing:y)\n",
            "[a](althing:x)\n",
            "![a](x.png)\n",
            "![a](http://althing.localhost.evil.example/go/x)\n",
            "![a](http://althing.localhost:80x/go/x)\n",
            "# ![a](althing:x)\n",
            "![a](althing:x)\n===\n",
            "`![a](althing:x)`\n",
        ] {
            let pieces = pieces(text);
            assert!(pieces.iter().all(|piece| matches!(piece, Piece::Text { .. })), "{text}: {pieces:?}");
            assert_eq!(pieces.iter().map(Piece::source).collect::<String>(), text);
        }
    }

    proptest! {
        #[test]
        fn the_sources_of_all_pieces_are_the_document(parts in proptest::collection::vec(
            prop_oneof![
                Just("![a](althing:x)"), Just("\n"), Just("\r\n"), Just("\r"), Just("\n\n"), Just("> "), Just("- "), Just("```\n"),
                Just("[r]: althing:x\n"), Just("![a][r]"), Just("\0"), Just("\t"), Just("ä"), Just("|a|b|\n|-|-|\n"), Just("x"),
                Just("[^1]"), Just("[^1]: "), Just("    "), Just("# "), Just("***\n"), Just("===\n"), Just("\u{2028}"), Just("\u{c}")
            ], 0..40)) {
            let text = parts.concat();
            let pieces = pieces(&text);
            prop_assert_eq!(pieces.iter().map(Piece::source).collect::<String>(), text.clone());
            let mut line = 1;
            for piece in &pieces {
                let (Piece::Text { first_line: first, .. } | Piece::Component { line: first, .. }) = piece;
                prop_assert_eq!(*first, line);
                line += lines(piece.source()).count() as u64;
            }
        }
    }
}
