//! Writes a document with all its components as they are now, and a list of their sources with revisions.

use std::io::Write as _;
use std::path::Path;

use api::host::{AskComponent, Component, DocumentFormat, ExportDocument, ExportedDocument};
use api::pages::{AskDocument, ComponentView, Document, LinkState};
use base::{ByteCount, Fault, Timestamp};
use render::Table;
use render::export::{As, Block, Frozen, Source, export};

use crate::PeerError;
use crate::components::DEPTH_MAX;
use crate::engine::now;
use crate::host::PeerHost;

/// Rows of each table at most.
const ROWS_MAX: u32 = 1_000;

/// Bytes of a picture at most; larger ones are named among what is missing.
const PICTURE_SIZE_MAX: u64 = 20 * 1024 * 1024;

/// Bytes of all pictures of one export at most: they are in memory at once.
const PICTURES_SIZE_MAX: u64 = 200 * 1024 * 1024;

/// Components of one export at most, those of documents within it among them.
const COMPONENTS_MAX: usize = 1_000;

/// A document that is being frozen.
struct Freezing {
    frozen: Frozen,
    missing: Vec<String>,
    components: usize,
    pictures: u64,
}

impl PeerHost {
    /// Answers `host.export_document`.
    pub(crate) async fn export_document(&self, asked: ExportDocument) -> Result<ExportedDocument, Fault> {
        let unusable = |why: String| Fault::from(PeerError::ExportFile { file: asked.to.clone(), why });
        let path = Path::new(&asked.to);
        if !path.is_absolute() {
            return Err(unusable("it is not an absolute path".to_owned()));
        }
        let kind = format_of(&asked).ok_or_else(|| {
            unusable("its ending is none of .html, .md, .docx, .pdf, and no format is said".to_owned())
        })?;
        let document: Document =
            self.look("pages.document", &AskDocument::of(asked.document.clone())).await?;
        let frozen = Frozen {
            title: document.about.title.clone(),
            web: document.about.web.clone(),
            at: written(now()),
            ..Frozen::default()
        };
        let mut freezing = Freezing { frozen, missing: Vec::new(), components: 0, pictures: 0 };
        let within = vec![document.about.link.clone()];
        self.freeze(&mut freezing, (&document.text, &document.components), within).await?;
        let Freezing { frozen, missing, .. } = freezing;
        let sources = u64::try_from(frozen.sources.len()).unwrap_or(0);
        let made = tokio::task::spawn_blocking(move || export(&frozen, kind));
        let bytes =
            made.await.map_err(|_error| PeerError::Stopping)?.map_err(|error| unusable(error.to_string()))?;
        let size = ByteCount(u64::try_from(bytes.len()).unwrap_or(0));
        // Never in the place of something: there is no undo for it.
        let mut file = std::fs::File::options()
            .write(true)
            .create_new(true)
            .open(path)
            .map_err(|error| unusable(error.to_string()))?;
        if let Err(error) = file.write_all(&bytes).and_then(|()| file.sync_all()) {
            // A part of a document is none.
            let is_gone = std::fs::remove_file(path).is_ok();
            let left = if is_gone { "" } else { "; a part of it is left there" };
            return Err(unusable(format!("{error}{left}")));
        }
        Ok(ExportedDocument { file: asked.to, size, sources, missing })
    }

    /// Turns a text and its components into blocks.
    async fn freeze(
        &self,
        freezing: &mut Freezing,
        (text, components): (&str, &[ComponentView]),
        within: Vec<String>,
    ) -> Result<(), Fault> {
        let lines: Vec<&str> = text.split('\n').collect();
        let mut next = 0;
        for component in components {
            let at = usize::try_from(component.line.saturating_sub(1)).unwrap_or(usize::MAX);
            push_text(freezing, lines.get(next..at).unwrap_or_default());
            next = at.saturating_add(1);
            freezing.components += 1;
            if freezing.components > COMPONENTS_MAX {
                break;
            }
            self.freeze_component(freezing, component, &within).await?;
        }
        push_text(freezing, lines.get(next..).unwrap_or_default());
        Ok(())
    }

    async fn freeze_component(
        &self,
        freezing: &mut Freezing,
        component: &ComponentView,
        within: &[String],
    ) -> Result<(), Fault> {
        let asked = AskComponent {
            link: component.target.link.clone(),
            part: None,
            first_row: 0,
            rows: Some(ROWS_MAX),
            within: within.to_vec(),
        };
        let shown = self.component(asked).await?;
        let source = Some(freezing.source(&shown));
        let caption = component.caption.clone();
        match shown.show.as_str() {
            "table" => {
                let table = shown.table.map(table_of).unwrap_or_default();
                freezing.frozen.blocks.push(Block::Table { caption, table, source });
            }
            "html" => freezing.frozen.blocks.push(Block::Html { caption, html: shown.html, source }),
            "text" => freezing.frozen.blocks.push(Block::Text { caption, text: shown.text, source }),
            "hits" => {
                let lines = shown.hits.iter().map(|hit| format!("{} ({})", hit.path, hit.note));
                let text = lines.collect::<Vec<_>>().join("\n");
                freezing.frozen.blocks.push(Block::Text { caption, text, source });
            }
            "picture" => self.freeze_picture(freezing, &shown, caption, source).await,
            "document" if within.len() < DEPTH_MAX => {
                let mut deeper = within.to_vec();
                deeper.push(shown.target.link.clone());
                let inner = (shown.text.as_str(), shown.components.as_slice());
                Box::pin(self.freeze(freezing, inner, deeper)).await?;
            }
            "pdf" => self.freeze_page(freezing, &shown, caption, source).await?,
            _ => {
                let why = if shown.why.is_empty() { shown.target.note } else { shown.why };
                freezing.miss(caption, why, source);
            }
        }
        Ok(())
    }

    async fn freeze_picture(
        &self,
        freezing: &mut Freezing,
        shown: &Component,
        caption: String,
        source: Option<u32>,
    ) {
        let size = shown.target.size.unwrap_or_default().0;
        freezing.pictures = freezing.pictures.saturating_add(size);
        if size > PICTURE_SIZE_MAX || freezing.pictures > PICTURES_SIZE_MAX {
            freezing.miss(
                caption,
                "the picture is too large, or all of them are, for a document".to_owned(),
                source,
            );
            return;
        }
        match self.bytes_of(&shown.target).await {
            Ok(bytes) => {
                let media = String::new();
                freezing.frozen.blocks.push(Block::Picture { caption, bytes, media, source });
            }
            Err(fault) => freezing.miss(caption, fault.what, source),
        }
    }

    /// A page of a PDF is exported as its text.
    async fn freeze_page(
        &self,
        freezing: &mut Freezing,
        shown: &Component,
        caption: String,
        source: Option<u32>,
    ) -> Result<(), Fault> {
        let page = self.pdf_page(shown).await?;
        match page.show.as_str() {
            "text" => freezing.frozen.blocks.push(Block::Text { caption, text: page.text, source }),
            _ => freezing.miss(caption, page.why, source),
        }
        Ok(())
    }
}

impl Freezing {
    /// Numbers where a component comes from, each thing once.
    fn source(&mut self, shown: &Component) -> u32 {
        let target = &shown.target;
        if let Some(known) = self.frozen.sources.iter().find(|one| one.link.as_ref() == Some(&target.link)) {
            return known.number;
        }
        let number = u32::try_from(self.frozen.sources.len()).unwrap_or(u32::MAX).saturating_add(1);
        let state = match target.state {
            LinkState::Live => "live",
            LinkState::Stale => "stale",
            LinkState::Pinned => "pinned",
            LinkState::Denied => "denied",
            LinkState::Missing => "missing",
        };
        self.frozen.sources.push(Source {
            number,
            title: if target.part.is_empty() {
                target.title.clone()
            } else {
                format!("{} ({})", target.title, target.part)
            },
            owner: target.owner.clone(),
            revision: target.revision.map(|revision| revision.to_string()).unwrap_or_default(),
            content: target.content.map(|content| content.to_string()).unwrap_or_default(),
            at: self.frozen.at.clone(),
            state: state.to_owned(),
            note: target.note.clone(),
            link: Some(target.link.clone()),
        });
        number
    }

    fn miss(&mut self, caption: String, why: String, source: Option<u32>) {
        self.missing.push(format!("{caption}: {why}"));
        self.frozen.blocks.push(Block::Missing { caption, why, source });
    }
}

fn push_text(freezing: &mut Freezing, lines: &[&str]) {
    let text = lines.join("\n");
    if !text.trim().is_empty() {
        freezing.frozen.blocks.push(Block::Markdown(text));
    }
}

fn table_of(view: api::host::TableView) -> Table {
    let header = view.rows.first().cloned().filter(|_| view.has_header && view.first_row == 0);
    let shown = u64::try_from(view.rows.len()).unwrap_or(0);
    let mut table = Table {
        sheet: Some(view.sheet).filter(|sheet| !sheet.is_empty()),
        sheets: view.sheets,
        columns: view.columns,
        first_row: view.first_row.saturating_add(1),
        rows_total: view.rows_total,
        header,
        rows: view.rows,
        ..Table::default()
    };
    table.cut.rows = shown < view.rows_total;
    table
}

fn format_of(asked: &ExportDocument) -> Option<As> {
    let ending = asked.to.rsplit_once('.').map_or("", |(_, ending)| ending).to_ascii_lowercase();
    let said = asked.format.or(match ending.as_str() {
        "html" | "htm" => Some(DocumentFormat::Html),
        "md" | "markdown" => Some(DocumentFormat::Markdown),
        "docx" => Some(DocumentFormat::Docx),
        "pdf" => Some(DocumentFormat::Pdf),
        _ => None,
    })?;
    Some(match said {
        DocumentFormat::Html => As::Html,
        DocumentFormat::Markdown => As::Markdown,
        DocumentFormat::Docx => As::Docx,
        DocumentFormat::Pdf => As::Pdf,
    })
}

fn written(at: Timestamp) -> String {
    let [year, month, day, hour, minute, _] = at.in_utc();
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02} UTC")
}
