//! One HTML file that needs no other: style within, pictures within, no script.

use std::fmt::Write as _;

use data_encoding::BASE64;

use super::{Block, Frozen, captioned, cut, header_and_rows, picture};
use crate::markdown::{Links, article, cleaned_html as cleaned, escaped, is_link};
use crate::show::Table;

const STYLE: &str = "\
:root{color-scheme:light dark}\
body{font:16px/1.55 system-ui,sans-serif;max-width:46rem;margin:1.5rem auto;padding:0 1.25rem;overflow-wrap:anywhere}\
pre,code{font:14px/1.45 ui-monospace,monospace}\
pre{padding:.75rem;border:1px solid #8884;border-radius:6px;white-space:pre-wrap}\
table{border-collapse:collapse;font-size:.9em}td,th{border:1px solid #8886;padding:.25rem .5rem;vertical-align:top;text-align:start}\
blockquote{margin-inline:0;padding-inline-start:1rem;border-inline-start:3px solid #8888}\
img{max-width:100%}figure{margin:1rem 0;overflow-x:auto}figcaption{font-size:.9em;margin:.25rem 0}\
.missing{border:1px dashed #888;padding:.5rem .75rem}.origin,.sources{font-size:.85em}\
@media print{body{max-width:none;margin:0}pre,table{font-size:9pt}figure,tr,pre{break-inside:avoid}figure{overflow:visible}h1,h2,h3{break-after:avoid}a{color:inherit}}";

/// Keeps links and pictures that are within the document.
struct Kept;

impl Links for Kept {
    fn link(&self, address: &str) -> Option<String> {
        Some(address.to_owned())
    }

    fn picture(&self, address: &str) -> Option<String> {
        address.starts_with("data:").then(|| address.to_owned())
    }
}

/// Returns the file.
pub(super) fn export(frozen: &Frozen) -> String {
    let title = escaped(&frozen.title);
    let mut body = String::new();
    for block in &frozen.blocks {
        add(&mut body, block);
    }
    let mut sources = String::new();
    for source in &frozen.sources {
        let link = source.link.as_deref().filter(|link| is_link(link)).map(|link| {
            let link = escaped(link);
            format!(" <a href=\"{link}\" rel=\"noopener noreferrer\">{link}</a>")
        });
        let described = escaped(&source.described());
        sources.push_str(&format!(
            "<li id=\"source-{0}\" value=\"{0}\">{described}{1}</li>\n",
            source.number,
            link.unwrap_or_default()
        ));
    }
    if !sources.is_empty() {
        sources = format!("<section class=\"sources\"><h2>Sources</h2>\n<ol>\n{sources}</ol></section>\n");
    }
    // The policy is the third wall, after renderer and cleaner.
    format!(
        "<!doctype html>\n<html>\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n\
         <h1>{title}</h1>\n<p class=\"origin\">{} · {}</p>\n{body}{sources}</body>\n</html>\n",
        escaped(&frozen.web),
        escaped(&frozen.at)
    )
}

fn add(body: &mut String, block: &Block) {
    match block {
        Block::Markdown(text) => body.push_str(&article(text, &Kept).html),
        Block::Table { caption, table, source } => figure(body, caption, *source, &rows(table)),
        Block::Html { caption, html, source } => figure(body, caption, *source, &cleaned(html, &[])),
        Block::Text { caption, text, source } => {
            figure(body, caption, *source, &format!("<pre>{}</pre>", escaped(text)));
        }
        Block::Picture { caption, bytes, source, .. } => match picture::kind(bytes) {
            Some(kind) => {
                let (alt, data) = (escaped(caption), BASE64.encode(bytes));
                let image = format!("<img alt=\"{alt}\" src=\"data:{};base64,{data}\">", kind.media());
                figure(body, caption, *source, &image);
            }
            None => missing(body, caption, *source, "it is no picture that can be shown"),
        },
        Block::Missing { caption, why, source } => missing(body, caption, *source, why),
    }
}

fn missing(body: &mut String, caption: &str, source: Option<u32>, why: &str) {
    figure(body, caption, source, &format!("<p class=\"missing\">Not here: {}</p>", escaped(why)));
}

fn figure(body: &mut String, caption: &str, source: Option<u32>, inner: &str) {
    let mut caption = escaped(&captioned(caption, None));
    if let Some(number) = source {
        caption.push_str(&format!(" <a href=\"#source-{number}\">[{number}]</a>"));
    }
    body.push_str("<figure>");
    if !caption.is_empty() {
        body.push_str(&format!("<figcaption>{}</figcaption>", caption.trim()));
    }
    body.push_str(inner);
    body.push_str("</figure>\n");
}

fn rows(table: &Table) -> String {
    let (header, rows) = header_and_rows(table);
    let mut html = String::from("<table>");
    let mut line = |cells: &[String], element: &str| {
        html.push_str("<tr>");
        for cell in cells {
            // A String takes whatever is written.
            write!(html, "<{element}>{}</{element}>", escaped(cell)).unwrap_or_default();
        }
        html.push_str("</tr>\n");
    };
    if let Some(header) = header {
        line(header, "th");
    }
    for row in rows {
        line(row, "td");
    }
    html.push_str("</table>");
    if let Some(cut) = cut(table) {
        html.push_str(&format!("<p class=\"origin\">{}</p>", escaped(&cut)));
    }
    html
}
