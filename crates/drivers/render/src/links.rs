//! The links in a file: in Markdown and HTML all, in plain text bare `althing:` addresses.
//!
//! It says what is written; whether a link leads anywhere is not its matter.

use std::cell::{Cell, RefCell};

use comrak::Arena;
use comrak::nodes::NodeValue;
use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{
    BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
};

use crate::markdown::{parse, plain_text};
use crate::show::Format;
use crate::text;

/// Links of a file at most.
pub(crate) const FOUND_MAX: usize = 1_000;
/// Bytes of a file at most in which links are looked for; what is longer is data.
const READ_SIZE_MAX: usize = 4 * 1024 * 1024;
/// Bytes of a link's text at most.
const TEXT_SIZE_MAX: usize = 300;
/// How addresses in a web begin.
const SCHEME: &str = "althing:";

/// A link as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundLink {
    /// The address: `althing:`, relative or of another site; never checked.
    pub target: String,
    /// What a reader sees of it; empty when there is nothing but the address.
    pub text: String,
    /// The line it stands in, counted from one.
    pub line: u64,
}

/// Returns the links of a file, in their order, at most 1,000. A file that is no text has none.
pub fn find(name: &str, bytes: &[u8]) -> Vec<FoundLink> {
    let format = Format::of(name, bytes);
    let bytes = bytes.get(..READ_SIZE_MAX).unwrap_or(bytes);
    let mut found = match (format, text::decode(bytes)) {
        (Format::Markdown, Some(text)) => in_markdown(&text),
        (Format::Html, Some(text)) => in_html(&text),
        (Format::Text | Format::Delimited, Some(text)) => in_text(&text, 1),
        _ => Vec::new(),
    };
    found.truncate(FOUND_MAX);
    for link in &mut found {
        link.text.truncate(link.text.floor_char_boundary(TEXT_SIZE_MAX));
    }
    found
}

fn in_markdown(text: &str) -> Vec<FoundLink> {
    let arena = Arena::new();
    let Some(root) = parse(&arena, text.get(..text.floor_char_boundary(1024 * 1024)).unwrap_or_default())
    else {
        return in_text(text, 1);
    };
    let mut found = Vec::new();
    for node in root.descendants() {
        let data = node.data();
        let line = data.sourcepos.start.line as u64;
        match &data.value {
            NodeValue::Link(link) | NodeValue::Image(link) if !link.url.is_empty() => {
                found.push(FoundLink { target: link.url.clone(), text: plain_text(node), line });
            }
            NodeValue::Text(literal) if !is_in_link(node) => found.extend(in_text(literal, line)),
            _ => {}
        }
        if found.len() >= FOUND_MAX {
            break;
        }
    }
    found
}

fn is_in_link(node: comrak::nodes::Node<'_>) -> bool {
    node.ancestors().skip(1).any(|one| matches!(one.data().value, NodeValue::Link(_) | NodeValue::Image(_)))
}

/// Returns bare addresses; what ends a sentence is no part of them.
fn in_text(text: &str, first_line: u64) -> Vec<FoundLink> {
    let mut found = Vec::new();
    for (place, line) in text::lines(text).enumerate() {
        let line_text = text.get(line).unwrap_or_default();
        let mut rest = line_text;
        while let Some(start) = rest.to_ascii_lowercase().find(SCHEME).filter(|_| found.len() < FOUND_MAX) {
            let (before, address) = rest.split_at_checked(start).unwrap_or_default();
            let is_end = |letter: char| {
                letter.is_whitespace() || letter.is_control() || "<>\"'`()[]{}|\\^".contains(letter)
            };
            let end = address.find(is_end).unwrap_or(address.len());
            let (address, after) = address.split_at_checked(end).unwrap_or_default();
            rest = after;
            let address = address.trim_end_matches(['.', ',', ';', ':', '!', '?', '*', '_']);
            let is_word = before.chars().next_back().is_some_and(char::is_alphanumeric);
            if !is_word && address.len() > SCHEME.len() {
                let line = first_line.saturating_add(place as u64);
                found.push(FoundLink { target: address.to_owned(), text: String::new(), line });
            }
        }
    }
    found
}

fn in_html(page: &str) -> Vec<FoundLink> {
    let tokenizer = Tokenizer::new(Collector::default(), TokenizerOpts::default());
    let input = BufferQueue::default();
    // A few pieces at a time, so that the limit is noticed soon.
    let mut rest = page;
    while !rest.is_empty() && tokenizer.sink.found.borrow().len() < FOUND_MAX {
        let (piece, others) = rest.split_at(rest.floor_char_boundary(64 * 1024));
        rest = others;
        input.push_back(StrTendril::from(piece));
        // It stops for scripts only, and the collector runs none.
        drop(tokenizer.feed(&input));
    }
    tokenizer.end();
    tokenizer.sink.found.take()
}

/// Collects the links of a page.
#[derive(Debug, Default)]
struct Collector {
    found: RefCell<Vec<FoundLink>>,
    /// Whether the last link is open, so that text belongs to it.
    is_open: Cell<bool>,
}

impl Collector {
    fn tag(&self, tag: &Tag, line: u64) -> TokenSinkResult<()> {
        let name: &str = &tag.name;
        let of = |attribute: &str| {
            let found = tag.attrs.iter().find(|one| &*one.name.local == attribute);
            found.map(|one| one.value.trim().to_owned()).filter(|value| !value.is_empty())
        };
        if tag.kind == TagKind::EndTag {
            if name == "a" {
                self.is_open.set(false);
            }
            return TokenSinkResult::Continue;
        }
        let found = match name {
            "a" | "area" => of("href").map(|target| (target, of("aria-label").unwrap_or_default())),
            "img" => of("src").map(|target| (target, of("alt").unwrap_or_default())),
            "iframe" | "audio" | "video" | "source" | "embed" => {
                of("src").map(|target| (target, String::new()))
            }
            _ => None,
        };
        if name == "a" {
            self.is_open.set(found.is_some());
        }
        if let Some((target, text)) = found {
            self.found.borrow_mut().push(FoundLink { target, text, line });
            if name != "a" {
                self.is_open.set(false);
            }
        }
        match name {
            _ if tag.self_closing => TokenSinkResult::Continue,
            "script" => TokenSinkResult::RawData(RawKind::ScriptData),
            "style" | "xmp" | "iframe" | "noembed" | "noframes" => TokenSinkResult::RawData(RawKind::Rawtext),
            "title" | "textarea" => TokenSinkResult::RawData(RawKind::Rcdata),
            _ => TokenSinkResult::Continue,
        }
    }
}

impl TokenSink for Collector {
    type Handle = ();

    fn process_token(&self, token: Token, line: u64) -> TokenSinkResult<()> {
        match token {
            Token::TagToken(tag) => return self.tag(&tag, line),
            Token::CharacterTokens(letters) if self.is_open.get() => {
                if let Some(link) =
                    self.found.borrow_mut().last_mut().filter(|link| link.text.len() < TEXT_SIZE_MAX)
                {
                    let words = letters.split_whitespace().collect::<Vec<_>>().join(" ");
                    if !link.text.is_empty() && !words.is_empty() {
                        link.text.push(' ');
                    }
                    link.text.push_str(&words);
                }
            }
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(name: &str, text: &str, expected: &[(&str, &str, u64)]) {
        let found = find(name, text.as_bytes());
        let found: Vec<(&str, &str, u64)> =
            found.iter().map(|link| (link.target.as_str(), link.text.as_str(), link.line)).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn links_of_markdown_are_found() {
        check(
            "a.md",
            "# [One](b.md)\n\nbare althing:w/x. and ![pic](p.png)\n\n[two][r] <https://x.example>\n\n`althing:no`\n\n[r]: althing:r\n",
            &[
                ("b.md", "One", 1),
                ("althing:w/x", "", 3),
                ("p.png", "pic", 3),
                ("althing:r", "two", 5),
                ("https://x.example", "https://x.example", 5),
            ],
        );
    }

    #[test]
    fn links_of_html_are_found() {
        check(
            "a.html",
            "<p>\n<a href='althing:w/x'>One <b>two</b></a>\n<img src=p.png alt=P><script>'<a href=x>'</script><!-- <a href=y> -->\n<a>no</a>",
            &[("althing:w/x", "One two", 2), ("p.png", "P", 3)],
        );
    }

    #[test]
    fn bare_addresses_of_plain_text_are_found() {
        check(
            "a.txt",
            "see (althing:w/x), not https://x or xalthing:y\r\nALTHING:Z!\n",
            &[("althing:w/x", "", 1), ("ALTHING:Z", "", 2)],
        );
        check("a.csv", "name,where\na,\"althing:w/x#cells=A1:B2\"\n", &[("althing:w/x#cells=A1:B2", "", 2)]);
    }

    #[test]
    fn no_more_than_a_thousand_are_found() {
        let many = "[a](b) althing:x ".repeat(5_000);
        for name in ["a.md", "a.txt"] {
            assert_eq!(find(name, many.as_bytes()).len(), 1_000, "{name}");
        }
        assert_eq!(find("a.html", "<a href=x>".repeat(5_000).as_bytes()).len(), 1_000);
    }

    proptest! {
        #[test]
        fn any_bytes_have_links_or_none(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            for name in ["a.md", "a.html", "a.txt", "a"] {
                drop(find(name, &bytes));
            }
        }
    }
}
