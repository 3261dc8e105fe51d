//! The pages that are ours on a site: around rendered texts, lists of folders, and what went wrong, in words.
//!
//! Whatever somebody else has named is written as text. No script stands in a page.

use std::fmt::Write as _;

use api::files::EntryKind;
use api::pages::{SiteEntry, SiteView};

use super::article::Article;
use super::paths::{SitePath, encode_path};
use crate::names::is_deceptive;

/// The style of our pages, at `/.althing/page.css`.
pub(crate) const STYLE: &str = include_str!("page.css");

/// Entries at most in the side list of a rendered page; the list of the folder has them all.
const SIDE_ENTRIES_MAX: usize = 200;

/// A page that shows something of a folder.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) site: &'a SiteView,
    /// The folder.
    pub(crate) folder: &'a SitePath,
    /// What is in it.
    pub(crate) entries: &'a [SiteEntry],
    /// What the page shows of it; empty for the folder itself.
    pub(crate) name: &'a str,
}

/// Returns the page of a rendered text.
pub(crate) fn article(place: Place<'_>, article: &Article) -> String {
    let title = if article.title.is_empty() { stem(place.name) } else { &article.title };
    let mut body = trail(place);
    body.push_str(&side(place));
    write!(body, "<main>{}</main>", article.html).expect("a String takes all");
    page(&format!("{title} · {}", place.site.name), &body)
}

/// Returns the page of a folder without an index.
pub(crate) fn listing(place: Place<'_>, note: &str) -> String {
    let title = if place.folder.text.is_empty() { &place.site.name } else { place.folder.name() };
    let mut rows = String::new();
    for entry in place.entries {
        let is_folder = entry.kind == EntryKind::Folder;
        let slash = if is_folder { "/" } else { "" };
        let size = entry.size.map(|size| size.to_string()).unwrap_or_default();
        write!(
            rows,
            "<tr><td><a href=\"./{}{slash}\">{}{slash}</a></td><td>{}</td></tr>",
            encode_path(&entry.name),
            text(&entry.name),
            text(&size)
        )
        .expect("a String takes all");
    }
    if rows.is_empty() {
        rows.push_str("<tr><td>Nothing is in this folder.</td></tr>");
    }
    let body = format!(
        "{}<main><h1>{}</h1>{}<table class=\"list\">{rows}</table></main>",
        trail(place),
        text(title),
        paragraph(note)
    );
    page(&format!("{title} · {}", place.site.name), &body)
}

/// What a person reads when something did not work.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Words<'a> {
    /// What failed.
    pub(crate) what: &'a str,
    /// Why; may be empty.
    pub(crate) why: &'a str,
    /// What to do.
    pub(crate) todo: &'a [String],
    /// For a report.
    pub(crate) code: &'a str,
}

/// Returns the page that says what did not work. It needs no other file, as those may be out of reach, too.
pub(crate) fn words(words: Words<'_>) -> String {
    let mut todo = String::new();
    for one in words.todo {
        write!(todo, "<li>{}</li>", text(one)).expect("a String takes all");
    }
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{what}</title>\
         <meta name=\"viewport\" content=\"width=device-width\"><meta name=\"color-scheme\" content=\"light dark\">\
         <style>body{{font:17px/1.55 system-ui,sans-serif;max-width:38rem;margin:12vh auto;padding:0 1.25rem;\
         overflow-wrap:anywhere}}small{{opacity:.7}}</style></head>\
         <body><main><h1>{what}</h1>{}<ul>{todo}</ul><p><small>{}</small></p></main></body></html>",
        paragraph(words.why),
        text(words.code),
        what = text(words.what),
    )
}

fn page(title: &str, body: &str) -> String {
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{}</title>\
         <meta name=\"viewport\" content=\"width=device-width\"><meta name=\"color-scheme\" content=\"light dark\">\
         <link rel=\"stylesheet\" href=\"/.althing/page.css\"></head><body>{body}</body></html>",
        text(title)
    )
}

/// The way from the site to here.
fn trail(place: Place<'_>) -> String {
    let mut out = format!("<header><a href=\"/\">{}</a>", text(&place.site.name));
    let mut way = String::from("/");
    for name in place.folder.text.split('/').filter(|name| !name.is_empty()) {
        way.push_str(&encode_path(name));
        way.push('/');
        write!(out, " / <a href=\"{way}\">{}</a>", text(name)).expect("a String takes all");
    }
    write!(out, "<small>{} · {}</small></header>", text(&place.site.owner), text(&place.site.web))
        .expect("a String takes all");
    out
}

/// The other texts and folders beside this one, the index first.
fn side(place: Place<'_>) -> String {
    let mut entries: Vec<&SiteEntry> = place
        .entries
        .iter()
        .filter(|entry| entry.kind == EntryKind::Folder || is_markdown(&entry.name))
        .collect();
    entries.sort_by_key(|entry| (!is_index(&entry.name), entry.kind == EntryKind::Folder));
    let mut out = String::from("<nav aria-label=\"This folder\"><ul>");
    if !place.folder.text.is_empty() {
        out.push_str("<li><a href=\"../\">One up</a></li>");
    }
    for entry in entries.into_iter().take(SIDE_ENTRIES_MAX) {
        let here = if entry.name == place.name { " aria-current=\"page\"" } else { "" };
        let slash = if entry.kind == EntryKind::Folder { "/" } else { "" };
        write!(
            out,
            "<li><a href=\"{}{}{slash}\"{here}>{}{slash}</a></li>",
            place.folder.folder_url(),
            encode_path(&entry.name),
            text(stem(&entry.name))
        )
        .expect("a String takes all");
    }
    out.push_str("</ul></nav>");
    out
}

fn paragraph(words: &str) -> String {
    if words.is_empty() { String::new() } else { format!("<p>{}</p>", text(words)) }
}

/// Says whether a file is rendered when it is opened.
pub(crate) fn is_markdown(name: &str) -> bool {
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    ["md", "markdown", "mdown"].iter().any(|known| ending.eq_ignore_ascii_case(known))
}

fn is_index(name: &str) -> bool {
    is_markdown(name) && ["index", "readme"].iter().any(|known| stem(name).eq_ignore_ascii_case(known))
}

fn stem(name: &str) -> &str {
    if is_markdown(name) { name.rsplit_once('.').map_or(name, |(stem, _)| stem) } else { name }
}

/// Writes somebody's words as HTML text that neither acts nor turns the direction of writing.
pub(crate) fn text(words: &str) -> String {
    let mut out = String::with_capacity(words.len());
    for one in words.chars() {
        match one {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            one if one.is_control() || is_deceptive(one) => out.push('\u{fffd}'),
            one => out.push(one),
        }
    }
    out
}
