//! What a link leads to, ready to be shown: bytes fetched, tables and texts rendered, queries asked.
//!
//! Not for: how fresh it is (`pages` says so) or what it looks like (the page).

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use api::files::{Open, Opened};
use api::host::{AskComponent, Component, TableView};
use api::pages::{AskDocument, Document, LinkState, LinkView, MakeLink, Resolve};
use api::search::{Find, Found, More};
use base::{ContentId, Fault};
use futures_lite::StreamExt as _;
use render::{Ask, Part, Renderer, RendererProgram, Shown, Window};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::PeerError;
use crate::engine::now;
use crate::host::{PeerHost, answer};

/// Bytes of a file that is rendered at most; larger ones are only named.
const RENDERED_SIZE_MAX: u64 = 64 * 1024 * 1024;

/// Rows of a table if not said, and at most.
const ROWS: u32 = 100;
const ROWS_MAX: u32 = 1_000;

/// Hits of a query shown at most.
const HITS_MAX: u32 = 50;

/// Documents within documents at most, so that nobody builds a tower.
pub(crate) const DEPTH_MAX: usize = 4;

/// How long the bytes of a component may take: somebody waits for the page.
const FETCH_TIME: Duration = Duration::from_secs(20);

/// How often it is looked whether a file that is being fetched was saved again, and how many newer ones are turned to.
const LOOK_EVERY: Duration = Duration::from_millis(300);
const OVERTAKEN_MAX: usize = 8;

/// Rendered parts remembered at most.
const KEPT_MAX: usize = 512;

/// Renderers at once at most: each may keep a child process.
const RENDERERS_MAX: usize = 2;

/// Files in memory at once at most: some wait for bytes of others.
const READING_MAX: usize = 12;

/// What makes a rendered part what it is.
type Key = (ContentId, String, String, u64, u32);

/// What was rendered last: a clock, and by key when each was used.
type Rendered = (u64, BTreeMap<Key, (u64, Component)>);

/// Renderers, and what they rendered last.
#[derive(Debug)]
pub(crate) struct Components {
    program: RendererProgram,
    idle: Mutex<Vec<Renderer>>,
    room: tokio::sync::Semaphore,
    reading: tokio::sync::Semaphore,
    kept: Mutex<Rendered>,
}

/// Addresses in others' Markdown: what leads somewhere by itself stays, the rest is text.
struct Addresses;

impl render::markdown::Links for Addresses {
    fn link(&self, address: &str) -> Option<String> {
        let is_whole =
            ["althing:", "http://", "https://", "mailto:"].iter().any(|one| address.starts_with(one));
        is_whole.then(|| address.to_owned())
    }

    fn picture(&self, _: &str) -> Option<String> {
        None
    }
}

impl Components {
    pub(crate) fn new(path: PathBuf) -> Self {
        let program = RendererProgram { path, arguments: vec![crate::RENDER.to_owned()] };
        let room = tokio::sync::Semaphore::new(RENDERERS_MAX);
        let reading = tokio::sync::Semaphore::new(READING_MAX);
        Self { program, idle: Mutex::default(), room, reading, kept: Mutex::default() }
    }

    fn find(&self, key: &Key) -> Option<Component> {
        let mut kept = lock(&self.kept);
        kept.0 += 1;
        let used = kept.0;
        let (last, found) = kept.1.get_mut(key)?;
        *last = used;
        Some(found.clone())
    }

    fn keep(&self, key: Key, component: &Component) {
        let mut kept = lock(&self.kept);
        if kept.1.len() >= KEPT_MAX {
            let oldest = kept.1.iter().min_by_key(|(_, (used, _))| *used).map(|(key, _)| key.clone());
            oldest.and_then(|key| kept.1.remove(&key));
        }
        let used = kept.0;
        kept.1.insert(key, (used, component.clone()));
    }

    fn renderer(&self) -> Renderer {
        let idle = lock(&self.idle).pop();
        idle.unwrap_or_else(|| Renderer::new(self.program.clone()))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl PeerHost {
    /// Answers `host.component`.
    pub(crate) async fn component(&self, asked: AskComponent) -> Result<Component, Fault> {
        let mut shown = blank(self.target(&asked).await?);
        if is_gone(&mut shown) {
            return Ok(shown);
        }
        match shown.target.kind.as_str() {
            "file" | "content" => self.show_newest(shown, &asked).await,
            "document" => self.show_document(shown, &asked).await,
            "query" => self.show_hits(shown).await,
            "person" => Ok(Component { show: "person".to_owned(), ..shown }),
            _ => Ok(Component { show: "folder".to_owned(), ..shown }),
        }
    }

    async fn target(&self, asked: &AskComponent) -> Result<LinkView, Fault> {
        let link = asked.link.clone();
        match &asked.part {
            None => self.look("pages.resolve", &Resolve { link }).await,
            part => {
                self.look("pages.link", &MakeLink { path: link, part: part.clone(), revision: None }).await
            }
        }
    }

    /// Shows a file. While its bytes come its owner may save it again: nobody can give the old ones then.
    async fn show_newest(&self, mut shown: Component, asked: &AskComponent) -> Result<Component, Fault> {
        for _ in 0..OVERTAKEN_MAX {
            let content = shown.target.content;
            tokio::select! {
                shown = self.show_file(shown.clone(), asked) => return shown,
                newer = self.newer(asked, content) => shown = blank(newer?),
            }
            if is_gone(&mut shown) {
                return Ok(shown);
            }
        }
        self.show_file(shown, asked).await
    }

    /// Waits until a link leads to another content.
    async fn newer(&self, asked: &AskComponent, content: Option<ContentId>) -> Result<LinkView, Fault> {
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            let target = self.target(asked).await?;
            if target.content != content {
                return Ok(target);
            }
        }
    }

    async fn show_file(&self, mut shown: Component, asked: &AskComponent) -> Result<Component, Fault> {
        let name = shown.target.title.clone();
        shown.show = media(&name, &shown.target.part).to_owned();
        if shown.show != "text" {
            return Ok(shown);
        }
        let Some(content) = shown.target.content else {
            "nothing".clone_into(&mut shown.show);
            "its owner's computer has not read it yet".clone_into(&mut shown.why);
            return Ok(shown);
        };
        let part = match Part::read(&shown.target.part) {
            Ok(part) => part,
            Err(error) => {
                return Ok(Component { show: "nothing".to_owned(), why: error.to_string(), ..shown });
            }
        };
        let size = shown.target.size.unwrap_or_default().0;
        if size > RENDERED_SIZE_MAX {
            let why = format!("it is larger than {} MiB", RENDERED_SIZE_MAX >> 20);
            return Ok(Component { show: "file".to_owned(), why, ..shown });
        }
        let rows = asked.rows.unwrap_or(ROWS).clamp(1, ROWS_MAX);
        let key = (content, name.clone(), shown.target.part.clone(), asked.first_row, rows);
        if let Some(kept) = self.components.find(&key) {
            return Ok(Component { target: shown.target, ..kept });
        }
        let _reading = self.components.reading.acquire().await.map_err(|_closed| PeerError::Stopping)?;
        let bytes = match self.bytes_of(&shown.target).await {
            Ok(bytes) => bytes,
            Err(fault) => return Ok(Component { show: "nothing".to_owned(), why: fault.what, ..shown }),
        };
        let first = first_row(&part).saturating_add(asked.first_row);
        let shown = self.render(shown, name, bytes, part, (first, rows)).await?;
        if shown.show != "nothing" && shown.show != "file" {
            self.components.keep(key, &shown);
        }
        Ok(shown)
    }

    async fn render(
        &self,
        mut shown: Component,
        name: String,
        bytes: Vec<u8>,
        part: Part,
        (first_row, rows): (u64, u32),
    ) -> Result<Component, Fault> {
        let first = self::first_row(&part);
        let window = Window { first_row, rows_max: u64::from(rows) };
        let _room = self.components.room.acquire().await.map_err(|_closed| PeerError::Stopping)?;
        let mut renderer = self.components.renderer();
        let rendered = tokio::task::spawn_blocking(move || {
            let ask = Ask { name: &name, bytes: &bytes, part: &part, window };
            let rendered = renderer.show(&ask, &Addresses);
            (rendered, renderer)
        });
        let (rendered, renderer) = rendered.await.map_err(|_error| PeerError::Stopping)?;
        lock(&self.components.idle).push(renderer);
        match rendered {
            Ok(rendered) => put(&mut shown, rendered, first),
            Err(error) => {
                let is_unknown = error == render::CannotShow::Unknown;
                (if is_unknown { "file" } else { "nothing" }).clone_into(&mut shown.show);
                shown.why = error.to_string();
            }
        }
        Ok(shown)
    }

    /// Returns the text of the page of a PDF that a link leads to; of its first one when none is said.
    pub(crate) async fn pdf_page(&self, shown: &Component) -> Result<Component, Fault> {
        let bytes = match self.bytes_of(&shown.target).await {
            Ok(bytes) => bytes,
            Err(fault) => {
                return Ok(Component { show: "nothing".to_owned(), why: fault.what, ..shown.clone() });
            }
        };
        let part = Part::read(&shown.target.part).ok().filter(|part| *part != Part::Whole);
        let part = part.unwrap_or(Part::Page(1));
        let name = shown.target.title.clone();
        self.render(shown.clone(), name, bytes, part, (1, ROWS_MAX)).await
    }

    /// Reads all bytes of a file that a link leads to.
    pub(crate) async fn bytes_of(&self, target: &LinkView) -> Result<Vec<u8>, Fault> {
        let open = Open { path: target.path.clone(), revision: target.revision };
        let opened: Opened = self.have("files.open", &open).await?;
        let size = opened.size.0.min(RENDERED_SIZE_MAX);
        if size == 0 {
            return Ok(Vec::new());
        }
        let name = opened.name.clone();
        let read = async {
            let mut stream = self.open(opened, 0..size).await?;
            let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0));
            while let Some(piece) = stream.next().await {
                bytes.extend_from_slice(&piece?);
            }
            Ok(bytes)
        };
        match tokio::time::timeout(FETCH_TIME, read).await {
            Ok(read) => read,
            Err(_late) => Err(PeerError::NobodyHere { name }.into()),
        }
    }

    async fn show_document(&self, mut shown: Component, asked: &AskComponent) -> Result<Component, Fault> {
        let id = shown.target.link.split('#').next().unwrap_or_default().to_owned();
        if asked.within.iter().any(|one| one.split('#').next() == Some(&id)) {
            "a document cannot be shown within itself: it would have no end".clone_into(&mut shown.why);
            return Ok(shown);
        }
        if asked.within.len() >= DEPTH_MAX {
            shown.why = format!("documents are shown within each other {DEPTH_MAX} deep at most");
            return Ok(shown);
        }
        let document: Document = self.look("pages.document", &AskDocument::of(id)).await?;
        Ok(Component {
            show: "document".to_owned(),
            text: document.text,
            components: document.components,
            ..shown
        })
    }

    async fn show_hits(&self, shown: Component) -> Result<Component, Fault> {
        let web = Some(shown.target.web.clone());
        let find = Find { query: shown.target.query.clone(), web, limit: Some(HITS_MAX), ..Find::default() };
        let mut found: Found = match self.have("search.find", &find).await {
            Ok(found) => found,
            Err(fault) => return Ok(Component { why: fault.what, ..shown }),
        };
        while !found.is_over {
            found = self.have("search.more", &More { id: found.id, seen: Some(found.version) }).await?;
        }
        Ok(Component { show: "hits".to_owned(), hits: found.hits, why: found.why, ..shown })
    }

    /// Asks for an operation of kind `Read`.
    pub(crate) async fn look<T: DeserializeOwned>(
        &self,
        operation: &'static str,
        asked: &impl Serialize,
    ) -> Result<T, Fault> {
        let (readers, asked) = (std::sync::Arc::clone(&self.readers), answer(operation, asked)?);
        let read = tokio::task::spawn_blocking(move || readers.read(now(), operation, asked));
        crate::host::parse(operation, read.await.map_err(|_error| PeerError::Stopping)??)
    }

    /// Asks for an operation of kind `Act`.
    async fn have<T: DeserializeOwned>(
        &self,
        operation: &'static str,
        asked: &impl Serialize,
    ) -> Result<T, Fault> {
        let asked = answer(operation, asked)?;
        crate::host::parse(operation, self.engine.ask(operation, asked, None).await?)
    }
}

/// Says whether there is nothing to show, and why in what is shown.
fn is_gone(shown: &mut Component) -> bool {
    let is_gone = matches!(shown.target.state, LinkState::Denied | LinkState::Missing);
    if is_gone {
        shown.why.clone_from(&shown.target.note);
    }
    is_gone
}

fn blank(target: LinkView) -> Component {
    Component {
        target,
        show: "nothing".to_owned(),
        why: String::new(),
        html: String::new(),
        text: String::new(),
        first_line: 1,
        table: None,
        hits: Vec::new(),
        components: Vec::new(),
        pages: None,
    }
}

/// Says how a file of that name is shown; `text` is whatever is rendered here.
pub(crate) fn media(name: &str, part: &str) -> &'static str {
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending).to_ascii_lowercase();
    match ending.as_str() {
        "png" | "jpg" | "jpeg" | "gif" | "webp" | "avif" | "svg" => "picture",
        "pdf" if part.is_empty() || part.starts_with("page=") => "pdf",
        "mp4" | "m4v" | "webm" | "ogv" => "video",
        "mp3" | "m4a" | "aac" | "ogg" | "oga" | "opus" | "flac" | "wav" | "weba" => "audio",
        _ => "text",
    }
}

/// Returns the first row of a part, counted from one as in the file.
fn first_row(part: &Part) -> u64 {
    match part {
        Part::Cells { range: Some(range), .. } => range.rows.map_or(1, |(first, _)| first),
        Part::Lines { from, .. } => *from,
        _ => 1,
    }
}

fn put(shown: &mut Component, rendered: Shown, first: u64) {
    match rendered {
        Shown::Table(table) => {
            "table".clone_into(&mut shown.show);
            if table.cut.columns {
                shown.why = format!("only the first {} columns are shown", table.columns.len());
            }
            shown.table = Some(TableView {
                sheet: table.sheet.unwrap_or_default(),
                sheets: table.sheets,
                columns: table.columns,
                first_row: table.first_row.saturating_sub(first),
                rows_total: table.rows_total,
                has_header: table.header.is_some(),
                rows: table.rows,
            });
        }
        Shown::Html { html, is_cut, .. } => {
            "html".clone_into(&mut shown.show);
            shown.html = html;
            if is_cut {
                "only its beginning is shown".clone_into(&mut shown.why);
            }
        }
        Shown::Text { text, first_line, pages_total, is_cut, .. } => {
            "text".clone_into(&mut shown.show);
            shown.text = text;
            shown.first_line = first_line;
            shown.pages = pages_total.map(u64::from);
            if is_cut {
                "only a part of it is shown".clone_into(&mut shown.why);
            }
        }
    }
}
