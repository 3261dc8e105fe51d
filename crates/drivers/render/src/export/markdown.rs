//! Markdown: what the author wrote, tables of pipes, and the sources as a list.

use data_encoding::BASE64;

use super::flow::{self, Flow};
use super::{Block, Frozen, captioned, cut, header_and_rows, on_one_line, picture};
use crate::markdown::is_link;
use crate::show::Table;

/// Bytes of a picture at most that stands within the text.
const PICTURE_SIZE_MAX: usize = 1024 * 1024;

/// Returns the file.
pub(super) fn export(frozen: &Frozen) -> String {
    let mut text = format!("# {}\n\n", escaped(&frozen.title));
    let origin = [&frozen.web, &frozen.at].map(|text| escaped(text)).join(" · ");
    text.push_str(&format!("{origin}\n\n"));
    for block in &frozen.blocks {
        add(&mut text, block);
    }
    if !frozen.sources.is_empty() {
        text.push_str("## Sources\n\n");
    }
    for source in &frozen.sources {
        let link =
            source.link.as_deref().filter(|link| is_link(link) && !link.contains(['<', '>', '\n', '\r']));
        let link = link.map(|link| format!(" <{link}>")).unwrap_or_default();
        text.push_str(&format!("{}. {}{link}\n", source.number, escaped(&source.described())));
    }
    text
}

fn add(text: &mut String, block: &Block) {
    match block {
        Block::Markdown(written) => text.push_str(&format!("{}\n\n", written.trim_end())),
        Block::Table { caption, table, source } => {
            caption_line(text, caption, *source);
            rows(text, table);
        }
        Block::Html { caption, html, source } => {
            caption_line(text, caption, *source);
            for flow in flow::of_html(html) {
                add_flow(text, &flow);
            }
        }
        Block::Text { caption, text: lines, source } => {
            caption_line(text, caption, *source);
            fenced(text, lines);
        }
        Block::Picture { caption, bytes, source, .. } => {
            let alt = escaped(&captioned(caption, *source));
            match picture::kind(bytes).filter(|_| bytes.len() <= PICTURE_SIZE_MAX) {
                Some(kind) => {
                    let data = BASE64.encode(bytes);
                    text.push_str(&format!("![{alt}](data:{};base64,{data})\n\n", kind.media()));
                }
                None => text.push_str(&format!("*{alt}* (a picture of {} bytes, left out)\n\n", bytes.len())),
            }
        }
        Block::Missing { caption, why, source } => {
            let caption = escaped(&captioned(caption, *source));
            text.push_str(&format!("> {caption}: not here, {}\n\n", escaped(why)));
        }
    }
}

fn add_flow(text: &mut String, flow: &Flow) {
    match flow {
        Flow::Heading { level, runs } => {
            text.push_str(&format!("{} {}\n\n", "#".repeat(usize::from(*level)), escaped(&flow::text(runs))));
        }
        Flow::Paragraph { runs, list, .. } => {
            let mark = list.map(|list| if list.number.is_some() { "1. " } else { "- " }).unwrap_or_default();
            text.push_str(&format!("{mark}{}\n\n", escaped(&flow::text(runs))));
        }
        Flow::Code(lines) => fenced(text, lines),
        Flow::Rule => text.push_str("---\n\n"),
        Flow::Table { rows, .. } => {
            for row in rows {
                let cells: Vec<String> = row.iter().map(|cell| cell_text(&flow::text(cell))).collect();
                text.push_str(&format!("{}\n\n", cells.join(" | ")));
            }
        }
    }
}

fn caption_line(text: &mut String, caption: &str, source: Option<u32>) {
    let caption = escaped(&captioned(caption, source));
    if !caption.is_empty() {
        text.push_str(&format!("**{caption}**\n\n"));
    }
}

/// Adds lines between fences that are longer than any within.
fn fenced(text: &mut String, lines: &str) {
    let longest = lines.split(|letter| letter != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest.max(2) + 1);
    let end = if lines.ends_with('\n') { "" } else { "\n" };
    text.push_str(&format!("{fence}\n{lines}{end}{fence}\n\n"));
}

fn rows(text: &mut String, table: &Table) {
    let (header, rows) = header_and_rows(table);
    let mut line = |cells: &[String]| {
        let cells: Vec<String> = cells.iter().map(|cell| cell_text(cell)).collect();
        text.push_str(&format!("| {} |\n", cells.join(" | ")));
    };
    line(header.unwrap_or(&table.columns));
    line(&vec!["---".to_owned(); table.columns.len()]);
    for row in rows {
        line(row);
    }
    text.push('\n');
    if let Some(cut) = cut(table) {
        text.push_str(&format!("{cut}\n\n"));
    }
}

fn cell_text(cell: &str) -> String {
    if cell == "---" { cell.to_owned() } else { escaped(cell) }
}

/// Escapes what Markdown would read as a sign; all on one line.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in on_one_line(text).chars() {
        if "\\`*_{}[]<>#|!&~".contains(letter) {
            escaped.push('\\');
        }
        escaped.push(letter);
    }
    // What would begin a list, or a table's second line, at the beginning of a line.
    if escaped.starts_with(['-', '+', '=']) {
        escaped.insert(0, '\\');
    }
    escaped
}
