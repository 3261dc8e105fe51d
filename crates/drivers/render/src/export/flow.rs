//! A document as a plain sequence of paragraphs, for formats that are not HTML.

use std::cell::RefCell;

use comrak::Arena;
use comrak::nodes::{ListType, Node, NodeValue};
use html5ever::tendril::StrTendril;
use html5ever::tokenizer::{
    BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
};

use crate::markdown::{cleaned_html, is_link, parse};

/// Text in one format. `\n` in it is a new line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) text: String,
    pub(super) style: Style,
    pub(super) link: Option<String>,
}

/// How a run looks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Style {
    pub(super) weight: Weight,
    pub(super) is_italic: bool,
    pub(super) is_crossed: bool,
    pub(super) is_code: bool,
}

/// How thick letters are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Weight {
    #[default]
    Plain,
    Bold,
}

/// The place of a paragraph in a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct InList {
    /// From 0.
    pub(super) level: u8,
    /// The number of its item; none in a list without numbers.
    pub(super) number: Option<u64>,
    /// Which list; lists with numbers begin anew.
    pub(super) list: u32,
    /// Whether it is the first paragraph of its item.
    pub(super) is_first: bool,
}

/// A block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Flow {
    Heading {
        level: u8,
        runs: Vec<Run>,
    },
    Paragraph {
        runs: Vec<Run>,
        list: Option<InList>,
        quotes: u8,
    },
    Code(String),
    Rule,
    /// Rows of cells; the first row is a header.
    Table {
        has_header: bool,
        rows: Vec<Vec<Vec<Run>>>,
    },
}

/// Returns the text of runs.
pub(super) fn text(runs: &[Run]) -> String {
    runs.iter().map(|run| run.text.as_str()).collect()
}

/// Returns a run without a format.
pub(super) fn plain(text: &str) -> Run {
    Run { text: text.to_owned(), ..Run::default() }
}

/// Returns what Markdown says. What is too deeply nested stays as it is written.
pub(super) fn of_markdown(markdown: &str) -> Vec<Flow> {
    let arena = Arena::new();
    let size = markdown.floor_char_boundary(crate::markdown::MARKDOWN_SIZE_MAX);
    let markdown = markdown.get(..size).unwrap_or_default();
    match parse(&arena, markdown) {
        Some(root) => {
            let mut reader = Reader::default();
            reader.blocks(root, None, 0);
            reader.flows
        }
        None => vec![Flow::Code(markdown.to_owned())],
    }
}

/// Walks the tree of a document. It may call itself: `parse` refuses trees deeper than 100.
#[derive(Debug, Default)]
struct Reader {
    flows: Vec<Flow>,
    lists: u32,
}

impl Reader {
    fn blocks(&mut self, parent: Node<'_>, list: Option<InList>, quotes: u8) {
        let mut list = list;
        for node in parent.children() {
            self.block(node, list, quotes);
            if let Some(list) = &mut list {
                list.is_first = false;
            }
        }
    }

    fn block(&mut self, node: Node<'_>, list: Option<InList>, quotes: u8) {
        let data = node.data();
        match &data.value {
            NodeValue::Heading(heading) => {
                self.flows.push(Flow::Heading { level: heading.level, runs: inlines(node) });
            }
            NodeValue::CodeBlock(code) => self.flows.push(Flow::Code(code.literal.clone())),
            NodeValue::HtmlBlock(html) => self.flows.push(Flow::Code(html.literal.clone())),
            NodeValue::ThematicBreak => self.flows.push(Flow::Rule),
            NodeValue::BlockQuote => self.blocks(node, list, quotes.saturating_add(1)),
            NodeValue::List(kind) => {
                self.lists += 1;
                let level = list.map_or(0, |outer| outer.level.saturating_add(1));
                let is_numbered = kind.list_type == ListType::Ordered;
                let start = kind.start as u64;
                let this = self.lists;
                for (place, item) in node.children().enumerate() {
                    let number = is_numbered.then(|| start.saturating_add(place as u64));
                    let list = InList { level, number, list: this, is_first: true };
                    self.item(item, list, quotes);
                }
            }
            NodeValue::FootnoteDefinition(note) => {
                let start = self.flows.len();
                self.blocks(node, list, quotes);
                if let Some(Flow::Paragraph { runs, .. }) = self.flows.get_mut(start) {
                    runs.insert(0, plain(&format!("[^{}] ", note.name)));
                }
            }
            NodeValue::Table(_) => {
                let cells = |row: Node<'_>| row.children().map(inlines).collect();
                let rows = node.children().map(cells).collect();
                self.flows.push(Flow::Table { has_header: true, rows });
            }
            value if value.contains_inlines() => {
                self.flows.push(Flow::Paragraph { runs: inlines(node), list, quotes });
            }
            _ => self.blocks(node, list, quotes),
        }
    }

    fn item(&mut self, item: Node<'_>, list: InList, quotes: u8) {
        let mark = match &item.data().value {
            NodeValue::TaskItem(task) if task.symbol.is_some() => Some("\u{2611} "),
            NodeValue::TaskItem(_) => Some("\u{2610} "),
            _ => None,
        };
        let start = self.flows.len();
        self.blocks(item, Some(list), quotes);
        if let (Some(mark), Some(Flow::Paragraph { runs, .. })) = (mark, self.flows.get_mut(start)) {
            runs.insert(0, plain(mark));
        }
    }
}

/// Returns the text of a block with its formats.
fn inlines(block: Node<'_>) -> Vec<Run> {
    let mut runs = Vec::new();
    for node in block.children() {
        inline(node, Style::default(), None, &mut runs);
    }
    merged(runs)
}

/// Joins runs that look alike.
fn merged(runs: Vec<Run>) -> Vec<Run> {
    let mut merged: Vec<Run> = Vec::with_capacity(runs.len());
    for run in runs {
        match merged.last_mut() {
            Some(last) if last.style == run.style && last.link == run.link => last.text.push_str(&run.text),
            _ => merged.push(run),
        }
    }
    merged
}

fn inline(node: Node<'_>, style: Style, link: Option<&str>, runs: &mut Vec<Run>) {
    let mut style = style;
    let data = node.data();
    let mut push = |text: &str, style: Style| {
        runs.push(Run { text: text.to_owned(), style, link: link.map(str::to_owned) });
    };
    let mut inner_link = link;
    match &data.value {
        NodeValue::Text(text) => push(text, style),
        NodeValue::Code(code) => push(&code.literal, Style { is_code: true, ..style }),
        NodeValue::HtmlInline(html) => push(html, style),
        NodeValue::SoftBreak => push(" ", style),
        NodeValue::LineBreak => push("\n", style),
        NodeValue::FootnoteReference(note) => push(&format!("[^{}]", note.name), style),
        NodeValue::Strong => style.weight = Weight::Bold,
        NodeValue::Emph => style.is_italic = true,
        NodeValue::Strikethrough => style.is_crossed = true,
        NodeValue::Link(link) if is_link(&link.url) => inner_link = Some(&link.url),
        _ => {}
    }
    for child in node.children() {
        inline(child, style, inner_link, runs);
    }
}

/// Returns what HTML says, without anything but text and its simplest formats.
pub(super) fn of_html(html: &str) -> Vec<Flow> {
    let html = cleaned_html(html, &[]);
    let tokenizer = Tokenizer::new(Collector::default(), TokenizerOpts::default());
    let input = BufferQueue::default();
    input.push_back(StrTendril::from(html.as_str()));
    // It stops for scripts only, and the collector runs none.
    drop(tokenizer.feed(&input));
    tokenizer.end();
    let mut state = tokenizer.sink.state.take();
    state.end_block();
    state.end_table();
    state.flows
}

/// Collects the blocks of a page.
#[derive(Debug, Default)]
struct Collector {
    state: RefCell<Collected>,
}

#[derive(Debug, Default)]
struct Collected {
    flows: Vec<Flow>,
    runs: Vec<Run>,
    style: Style,
    link: Option<String>,
    heading: Option<u8>,
    lists: Vec<Option<u64>>,
    list: u32,
    is_item: bool,
    code: Option<String>,
    /// The rows of the table we are in.
    table: Option<Vec<Vec<Vec<Run>>>>,
}

impl Collected {
    fn push(&mut self, text: &str) {
        if let Some(code) = &mut self.code {
            code.push_str(text);
            return;
        }
        let starts_blank = text.starts_with(char::is_whitespace);
        let ends_blank = text.ends_with(char::is_whitespace);
        let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let has_blank = self.runs.last().is_none_or(|run| run.text.ends_with([' ', '\n']));
        let lead = if starts_blank && !has_blank { " " } else { "" };
        let trail = if ends_blank && !words.is_empty() { " " } else { "" };
        let text = format!("{lead}{words}{trail}");
        if !text.is_empty() {
            self.runs.push(Run { text, style: self.style, link: self.link.clone() });
        }
    }

    /// Ends the paragraph, heading or cell we are in.
    fn end_block(&mut self) {
        if let Some(code) = self.code.take() {
            self.flows.push(Flow::Code(code));
        }
        let runs = merged(std::mem::take(&mut self.runs));
        if text(&runs).trim().is_empty() {
            return;
        }
        if let Some(cells) = self.table.as_mut().and_then(|rows| rows.last_mut()) {
            match cells.last_mut() {
                Some(cell) => cell.extend(runs),
                None => cells.push(runs),
            }
            return;
        }
        self.flows.push(match self.heading {
            Some(level) => Flow::Heading { level, runs },
            None => Flow::Paragraph { runs, list: self.in_list(), quotes: 0 },
        });
        self.is_item = false;
    }

    fn in_list(&self) -> Option<InList> {
        let number = *self.lists.last()?;
        let level = u8::try_from(self.lists.len() - 1).unwrap_or(u8::MAX);
        Some(InList { level, number, list: self.list, is_first: self.is_item })
    }

    fn end_table(&mut self) {
        if let Some(rows) = self.table.take().filter(|rows| rows.iter().any(|row| !row.is_empty())) {
            self.flows.push(Flow::Table { has_header: true, rows });
        }
    }

    fn tag(&mut self, tag: &Tag) {
        let name: &str = &tag.name;
        let is_start = tag.kind == TagKind::StartTag;
        match name {
            "b" | "strong" => self.style.weight = if is_start { Weight::Bold } else { Weight::Plain },
            "i" | "em" => self.style.is_italic = is_start,
            "del" | "s" => self.style.is_crossed = is_start,
            "code" => self.style.is_code = is_start && self.code.is_none(),
            "a" => {
                let link = tag.attrs.iter().find(|one| &*one.name.local == "href");
                self.link = link.map(|one| one.value.to_string()).filter(|link| is_start && is_link(link));
            }
            "br" => self.runs.push(plain("\n")),
            "hr" => {
                self.end_block();
                self.flows.push(Flow::Rule);
            }
            "p" | "div" | "section" | "blockquote" | "pre" | "li" | "ul" | "ol" | "table" | "tr" | "td"
            | "th" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "dt" | "dd" | "body" | "article"
            | "header" | "footer" => {
                self.end_block();
                self.block_tag(name, is_start);
            }
            _ => {}
        }
    }

    fn block_tag(&mut self, name: &str, is_start: bool) {
        match name {
            "pre" if is_start => self.code = Some(String::new()),
            "ul" | "ol" if is_start && self.lists.len() < 32 => {
                self.list += 1;
                self.lists.push((name == "ol").then_some(0));
            }
            "ul" | "ol" if !is_start => drop(self.lists.pop()),
            "li" if is_start => {
                self.is_item = true;
                if let Some(Some(number)) = self.lists.last_mut() {
                    *number += 1;
                }
            }
            "table" if is_start => {
                self.end_table();
                self.table = Some(Vec::new());
            }
            "table" => self.end_table(),
            "tr" if is_start => self.table.iter_mut().for_each(|rows| rows.push(Vec::new())),
            "td" | "th" if is_start => {
                if let Some(row) = self.table.as_mut().and_then(|rows| rows.last_mut()) {
                    row.push(Vec::new());
                }
            }
            _ => {
                let level = name.strip_prefix('h').and_then(|level| level.parse::<u8>().ok());
                self.heading = level.filter(|_| is_start);
            }
        }
    }
}

impl TokenSink for Collector {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        match token {
            Token::TagToken(tag) => self.state.borrow_mut().tag(&tag),
            Token::CharacterTokens(letters) => self.state.borrow_mut().push(&letters),
            _ => {}
        }
        TokenSinkResult::Continue
    }
}
