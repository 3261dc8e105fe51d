//! A site's files: found by the path of an address, rendered where that helps, served with as little work as possible.
//!
//! Not for: who may read them (`mod`) and how answers look (`answers`).

use std::ops::Range;
use std::sync::Arc;

use api::files::{EntryKind, Opened};
use api::pages::SiteFile;
use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{Method, Response, StatusCode};
use base::{Fault, FaultKind};
use bytes::Bytes;
use futures_lite::StreamExt as _;
use serde_json::json;

use super::answers::{Head, Stored, see_other};
use super::cache::{Age, FILE_BYTES_MAX};
use super::layout::{self, is_markdown};
use super::paths::{SitePath, encode_path};
use super::{Purpose, Visit, article, parse, wrong_method};
use crate::content::{collect, stream};
use crate::gateway::{Gateway, aside};
use crate::media::{self, MARKDOWN_BYTES_MAX};
use crate::refusal::{GatewayError, Refusal};
use crate::views::Source;

/// What a folder shows instead of its list, the first that is there.
const INDEXES: [&str; 5] = ["index.html", "index.htm", "index.md", "README.md", "readme.md"];

/// Entries the host lists at most: in a longer folder an index may stand behind them.
const ENTRIES_MAX: usize = 1000;

/// What is put behind every HTML document, so that it hears of changes.
const LIVE: &str = "<script src=\"/.althing/live.js\" defer></script>\n";

/// How a file is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wish {
    /// As a page of its own: rendered, with news.
    Page,
    /// The bytes as they are.
    Bytes,
    /// The bytes, shown as text.
    Text,
}

/// Answers a request for something that a member put there.
pub(super) async fn answer(
    gateway: &Arc<Gateway>,
    visit: &Visit,
    parts: &Parts,
    purpose: Purpose,
) -> Result<Response<Body>, Refusal> {
    if parts.method != Method::GET && parts.method != Method::HEAD {
        return Err(wrong_method(&parts.method).into());
    }
    let path = SitePath::read(parts.uri.path())?;
    let wish = match parts.uri.query() {
        Some("raw") => Wish::Text,
        _ if purpose.is_document => Wish::Page,
        _ => Wish::Bytes,
    };
    let slash = if path.is_folder { "/" } else { "" };
    let key = format!("{}\n{wish:?}\n{}{slash}", visit.label, path.text);
    let age = gateway.sites.cache.catch_up(&gateway.host).await;
    if let Some(kept) = gateway.sites.cache.file(&key) {
        return Ok(kept.answer(parts));
    }
    let request = Request { gateway, visit, parts, wish, key, age };
    let found = request.find(&path.text).await?;
    match found.kind.as_str() {
        "file" if !path.is_folder => request.file(path.name(), found, &path).await,
        "folder" if path.is_folder => request.folder(&path, found).await,
        "folder" => {
            let query = parts.uri.query().map(|query| format!("?{query}")).unwrap_or_default();
            Ok(see_other(&format!("/{}/{query}", encode_path(&path.text))))
        }
        _ => Err(missing(&path.text, &found.note)),
    }
}

/// One request on its way.
struct Request<'a> {
    gateway: &'a Arc<Gateway>,
    visit: &'a Visit,
    parts: &'a Parts,
    wish: Wish,
    /// Under which the answer is kept.
    key: String,
    /// When what it is made of was read.
    age: Age,
}

impl Request<'_> {
    async fn find(&self, path: &str) -> Result<SiteFile, Fault> {
        let asked = json!({ "label": self.visit.label, "path": path });
        let host = Arc::clone(&self.gateway.host);
        parse(aside(move || host.read("pages.site_file", asked)).await??)
    }

    fn keep(&self, stored: Stored) -> Response<Body> {
        let stored = Arc::new(stored);
        self.gateway.sites.cache.keep_file(self.key.clone(), &stored, self.age);
        stored.answer(self.parts)
    }

    async fn folder(&self, path: &SitePath, found: SiteFile) -> Result<Response<Body>, Refusal> {
        for index in INDEXES {
            let is_listed =
                found.entries.iter().any(|entry| entry.name == index && entry.kind == EntryKind::File);
            if is_listed || found.entries.len() >= ENTRIES_MAX {
                let file = self.find(&path.join(index)).await?;
                if file.kind == "file" {
                    return self.file(index, file, path).await;
                }
            }
        }
        let place =
            layout::Place { site: self.visit.site()?, folder: path, entries: &found.entries, name: "" };
        let page = layout::listing(place, &found.note) + LIVE;
        Ok(self.keep(Stored::made(page, "text/html; charset=utf-8", found.path)))
    }

    /// Answers with a file; `path` is its own, or that of the folder it stands for.
    async fn file(&self, name: &str, file: SiteFile, path: &SitePath) -> Result<Response<Body>, Refusal> {
        let direct = match (file.web, file.content, file.size) {
            (Some(web), Some(content), Some(size)) => {
                let name = name.to_owned();
                Some(Opened { web, content, size, name, revision: file.revision.unwrap_or_default() })
            }
            _ => None,
        };
        // What is known by its content needs no act of the kernel, if it is here.
        if let Some(opened) = direct
            && let Ok(response) = self.opened(name, &file, opened, path).await
        {
            return Ok(response);
        }
        let asked = json!({ "path": file.path, "revision": file.revision });
        let opened = self.gateway.host.ask("files.open", asked, None).await.map_err(as_answer)?;
        self.opened(name, &file, parse(opened)?, path).await
    }

    async fn opened(
        &self,
        name: &str,
        file: &SiteFile,
        opened: Opened,
        path: &SitePath,
    ) -> Result<Response<Body>, Refusal> {
        let size = opened.size.0;
        let is_short = size <= FILE_BYTES_MAX as u64;
        if self.wish == Wish::Page && is_markdown(name) && size <= MARKDOWN_BYTES_MAX {
            return self.rendered(name, file, opened, path).await;
        }
        let content = opened.content;
        let bytes = if is_short { Some(self.whole(opened.clone()).await?) } else { None };
        let media = if self.wish == Wish::Text && is_text(name) {
            media::PLAIN.media.to_owned()
        } else {
            media_of(name, bytes.as_deref())
        };
        let has_news = self.wish == Wish::Page && is_html(&media) && !bytes.as_deref().is_some_and(is_utf16);
        let tag = if has_news { format!("\"{content}-n\"") } else { format!("\"{content}\"") };
        let tail = if has_news { LIVE } else { "" };
        let head = Head { media, tag, size: size + tail.len() as u64, takes_ranges: !has_news };
        let Some(mut bytes) = bytes else { return self.streamed(&head, opened, tail).await };
        bytes.extend_from_slice(tail.as_bytes());
        Ok(self.keep(Stored { head, bytes: Bytes::from(bytes), source: file.path.clone() }))
    }

    async fn rendered(
        &self,
        name: &str,
        file: &SiteFile,
        opened: Opened,
        path: &SitePath,
    ) -> Result<Response<Body>, Refusal> {
        let bytes = self.whole(opened).await?;
        // A page shows what is beside it.
        let folder = if path.is_folder { path.clone() } else { parent(path) };
        let beside = self.find(&folder.text).await?;
        let site = self.visit.site()?.clone();
        let (port, name, source) = (self.gateway.port, name.to_owned(), beside.path.clone());
        let page = aside(move || {
            let text = String::from_utf8_lossy(&bytes);
            let article = article::render(text.trim_start_matches('\u{feff}'), port);
            let place = layout::Place { site: &site, folder: &folder, entries: &beside.entries, name: &name };
            layout::article(place, &article) + LIVE
        })
        .await?;
        // The folder contains the file: what changes the one concerns the other.
        let source = if source.is_empty() { file.path.clone() } else { source };
        Ok(self.keep(Stored::made(page, "text/html; charset=utf-8", source)))
    }

    async fn whole(&self, opened: Opened) -> Result<Vec<u8>, Refusal> {
        let range = 0..opened.size.0;
        collect(self.gateway.host.as_ref(), Source::File(opened), range).await.map_err(as_answer)
    }

    async fn streamed(
        &self,
        head: &Head,
        opened: Opened,
        tail: &'static str,
    ) -> Result<Response<Body>, Refusal> {
        let (response, range) = head.answer(self.parts);
        let range: Range<u64> = range.start..range.end.min(opened.size.0);
        if range.is_empty() {
            return Ok(response.map(|()| Body::empty()));
        }
        let body =
            stream(self.gateway.host.as_ref(), Source::File(opened), range).await.map_err(as_answer)?;
        if tail.is_empty() {
            return Ok(response.map(|()| body));
        }
        let end = futures_lite::stream::once(Ok(Bytes::from_static(tail.as_bytes())));
        Ok(response.map(|()| Body::from_stream(body.into_data_stream().chain(end))))
    }
}

fn parent(path: &SitePath) -> SitePath {
    let text = path.text.rsplit_once('/').map_or("", |(parent, _)| parent).to_owned();
    SitePath { text, is_folder: true }
}

fn missing(path: &str, note: &str) -> Refusal {
    let path = path.chars().take(200).collect();
    GatewayError::NoSuchPage { path, note: note.to_owned() }.into()
}

/// What the asker of an operation did wrong is, for a visitor, that there is nothing here.
fn as_answer(fault: Fault) -> Refusal {
    match fault.kind {
        FaultKind::Yours => Refusal::of(StatusCode::NOT_FOUND, fault),
        _ => fault.into(),
    }
}

fn is_html(media: &str) -> bool {
    media.starts_with("text/html")
}

fn is_utf16(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff])
}

fn is_text(name: &str) -> bool {
    let kind = mime_guess::from_path(name).first_or_octet_stream();
    is_markdown(name)
        || kind.type_() == "text"
        || ["json", "javascript", "xml"].contains(&kind.subtype().as_str())
}

/// Returns the media type by the name's ending; for names that say nothing, by the bytes.
fn media_of(name: &str, bytes: Option<&[u8]>) -> String {
    if is_markdown(name) {
        return media::PLAIN.media.to_owned();
    }
    match mime_guess::from_path(name).first() {
        Some(kind) if is_text(name) => format!("{}; charset=utf-8", kind.essence_str()),
        Some(kind) => kind.to_string(),
        None => {
            let head = bytes.and_then(|bytes| bytes.get(..bytes.len().min(4096))).unwrap_or(&[0]);
            media::of("", head.len() as u64, head).media.to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endings_say_the_type() {
        let check = |name: &str, expected: &str| assert_eq!(media_of(name, Some(b"hi")), expected, "{name}");
        check("a.html", "text/html; charset=utf-8");
        check("A.HTM", "text/html; charset=utf-8");
        check("a.css", "text/css; charset=utf-8");
        check("a.js", "text/javascript; charset=utf-8");
        check("a.mjs", "application/javascript; charset=utf-8");
        check("a.json", "application/json; charset=utf-8");
        check("a.wasm", "application/wasm");
        check("a.png", "image/png");
        check("a.svg", "image/svg+xml");
        check("a.mp4", "video/mp4");
        check("a.md", "text/plain; charset=utf-8");
        check("README", "text/plain; charset=utf-8");
        assert_eq!(media_of("README", Some(b"\x00\x01")), "application/octet-stream");
        assert_eq!(media_of("README", None), "application/octet-stream");
    }
}
