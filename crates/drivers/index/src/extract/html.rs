//! Text of HTML as a browser shows it: no scripts, no styles, no tags.

use std::cell::RefCell;

use encoding_rs::{Encoding, WINDOWS_1252};
use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{
    BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
};

use super::TEXT_SIZE_MAX;

/// Elements that stand within a line.
const WITHIN_LINE: [&str; 32] = [
    "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em", "font",
    "i", "ins", "kbd", "label", "mark", "q", "s", "samp", "small", "span", "strong", "sub", "sup", "time",
    "tt", "u", "var", "wbr",
];
/// Elements whose text nobody sees.
const HIDDEN: [&str; 8] = ["script", "style", "xmp", "iframe", "noembed", "noframes", "template", "svg"];

/// Returns the text of a page.
pub(super) fn text(bytes: &[u8]) -> String {
    text_of(&decode(bytes))
}

/// Returns the text of a page that is decoded.
pub(super) fn text_of(page: &str) -> String {
    let tokenizer = Tokenizer::new(Collector::default(), TokenizerOpts::default());
    let input = BufferQueue::default();
    // A few pieces at a time, so that the limit on the text is noticed soon.
    let mut rest = page;
    while !rest.is_empty() && tokenizer.sink.text.borrow().len() < TEXT_SIZE_MAX {
        let (piece, others) = rest.split_at(rest.floor_char_boundary(64 * 1024));
        rest = others;
        input.push_back(StrTendril::from(piece));
        // It stops for scripts only, and the collector runs none.
        drop(tokenizer.feed(&input));
    }
    tokenizer.end();
    tokenizer.sink.text.take()
}

/// Decodes a page: by its mark, as UTF-8, by what it says of itself, else as browsers do.
fn decode(bytes: &[u8]) -> String {
    if let Some((encoding, _)) = Encoding::for_bom(bytes) {
        return encoding.decode(bytes).0.into_owned();
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        return text.to_owned();
    }
    let start = bytes.get(..1024).unwrap_or(bytes).to_ascii_lowercase();
    let place = start.windows(8).position(|eight| eight == b"charset=");
    let label = place.and_then(|place| start.get(place + 8..)).unwrap_or_default();
    let label = label.strip_prefix(b"\"").or_else(|| label.strip_prefix(b"'")).unwrap_or(label);
    let end = label.iter().position(|byte| matches!(byte, b'"' | b'\'' | b'>' | b';' | b' ' | b'/'));
    let label = label.get(..end.unwrap_or(label.len())).unwrap_or_default();
    Encoding::for_label(label).unwrap_or(WINDOWS_1252).decode_without_bom_handling(bytes).0.into_owned()
}

/// Collects the text of a page.
#[derive(Debug, Default)]
struct Collector {
    text: RefCell<String>,
    /// The hidden element we are in, and how deep.
    hidden: RefCell<Option<(String, u32)>>,
}

impl Collector {
    fn push(&self, characters: &str) {
        let mut text = self.text.borrow_mut();
        if self.hidden.borrow().is_none() && text.len() < TEXT_SIZE_MAX {
            text.push_str(characters);
        }
    }

    fn tag(&self, tag: &Tag) -> TokenSinkResult<()> {
        let name: &str = &tag.name;
        let is_start = tag.kind == TagKind::StartTag;
        self.hide(name, tag);
        if !WITHIN_LINE.contains(&name) {
            let mut text = self.text.borrow_mut();
            let is_cell = matches!(name, "td" | "th");
            if !text.ends_with('\n') {
                text.push(if is_cell { ' ' } else { '\n' });
            }
        }
        if is_start && name == "img" {
            let described = tag.attrs.iter().find(|attribute| &*attribute.name.local == "alt");
            if let Some(described) = described {
                self.push(&described.value);
            }
        }
        match name {
            _ if !is_start || tag.self_closing => TokenSinkResult::Continue,
            "script" => TokenSinkResult::RawData(RawKind::ScriptData),
            "style" | "xmp" | "iframe" | "noembed" | "noframes" => TokenSinkResult::RawData(RawKind::Rawtext),
            "title" | "textarea" => TokenSinkResult::RawData(RawKind::Rcdata),
            _ => TokenSinkResult::Continue,
        }
    }

    fn hide(&self, name: &str, tag: &Tag) {
        let mut hidden = self.hidden.borrow_mut();
        match hidden.as_mut() {
            Some((outer, depth)) if outer == name && tag.kind == TagKind::EndTag => {
                *depth -= 1;
                if *depth == 0 {
                    *hidden = None;
                }
            }
            Some((outer, depth)) if outer == name && !tag.self_closing => *depth = depth.saturating_add(1),
            None if tag.kind == TagKind::StartTag && !tag.self_closing && HIDDEN.contains(&name) => {
                *hidden = Some((name.to_owned(), 1));
            }
            _ => {}
        }
    }
}

impl TokenSink for Collector {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        match token {
            Token::TagToken(tag) => return self.tag(&tag),
            Token::CharacterTokens(characters) => self.push(&characters),
            _ => {}
        }
        TokenSinkResult::Continue
    }
}
