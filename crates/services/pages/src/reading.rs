//! Answers the read operations of `pages` on a snapshot: who links here, what is new, and the rest by its own module.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use api::Operation;
use api::pages::{
    AskBacklinks, AskChanges, AskDocument, AskDocumentHistory, AskDocuments, AskSites, AskVersions,
    AskWhatsNew, BacklinkView, Backlinks, FindSite, FindSiteFile, MakeLink, NewView, Resolve, WhatsNew,
};
use base::{ContentId, Fault, Timestamp};
use files::naming;
use kernel::{ReadContext, Reader};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::applying::removal;
use crate::documents;
use crate::faults::PagesError;
use crate::link::{Link, Target};
use crate::resolve::{self, Eye};
use crate::sites;
use crate::tables::{BACKLINKS, DOCUMENTS, From, SOURCES, SourceRow};

/// Backlinks told at most.
const BACKLINKS_MAX: usize = 1_000;

/// News told at most, and if not said.
const NEWS_MAX: u32 = 1_000;
const NEWS: u32 = 100;

/// Events looked at for news of files at once, how often at most, and how many files are enough.
const EVENTS_MAX: u64 = 5_000;
const EVENT_PAGES_MAX: usize = 10;
const FILES_MAX: usize = 200;

/// Answers read operations.
#[derive(Debug)]
pub(crate) struct PagesReader;

impl Reader for PagesReader {
    fn read(&self, context: &ReadContext<'_>, operation: &str, arguments: Value) -> Result<Value, Fault> {
        let eye = Eye { rows: context.rows, me: context.me, now: context.now };
        let rows = context.rows;
        match operation {
            MakeLink::NAME => answer(&resolve::make(eye, &arguments_of(operation, arguments)?)?),
            Resolve::NAME => {
                let Resolve { link } = arguments_of(operation, arguments)?;
                answer(&resolve::view(eye, &resolve::of_text(rows, &link)?)?)
            }
            AskBacklinks::NAME => answer(&backlinks(eye, &arguments_of(operation, arguments)?)?),
            AskSites::NAME => answer(&sites::sites(rows, eye.me, &arguments_of(operation, arguments)?)?),
            AskVersions::NAME => answer(&sites::versions(rows, &arguments_of(operation, arguments)?)?),
            FindSite::NAME => answer(&sites::spot(rows, eye.me, &arguments_of(operation, arguments)?)?),
            FindSiteFile::NAME => answer(&sites::file(rows, &arguments_of(operation, arguments)?)?),
            AskDocuments::NAME => answer(&documents::documents(rows, &arguments_of(operation, arguments)?)?),
            AskDocument::NAME => answer(&documents::document(eye, &arguments_of(operation, arguments)?)?),
            AskChanges::NAME => answer(&documents::changes(rows, &arguments_of(operation, arguments)?)?),
            AskDocumentHistory::NAME => {
                answer(&documents::history(rows, &arguments_of(operation, arguments)?)?)
            }
            AskWhatsNew::NAME => answer(&news(eye, &arguments_of(operation, arguments)?)?),
            _ => Err(unknown(operation)),
        }
    }
}

/// Reads an operation's arguments.
pub(crate) fn arguments_of<T: DeserializeOwned>(operation: &str, arguments: Value) -> Result<T, Fault> {
    serde_json::from_value(arguments).map_err(|error| {
        PagesError::BadArguments { operation: operation.to_owned(), why: error.to_string() }.into()
    })
}

/// Says that there is no such operation.
pub(crate) fn unknown(operation: &str) -> Fault {
    let why = "there is no such operation".to_owned();
    PagesError::BadArguments { operation: operation.to_owned(), why }.into()
}

fn answer<T: Serialize>(answer: &T) -> Result<Value, Fault> {
    serde_json::to_value(answer).map_err(|error| {
        let what = format!("an answer could not be written: {error}");
        Fault::new("pages.answer", base::FaultKind::Broken, what)
    })
}

/// Answers `pages.backlinks`.
fn backlinks(eye: Eye<'_>, asked: &AskBacklinks) -> Result<Backlinks, Fault> {
    let link = resolve::of_text(eye.rows, &asked.link)?;
    let mut links = backlinks_of(eye, link.target_id(), BACKLINKS_MAX)?;
    links.sort_by_key(|one| std::cmp::Reverse(one.at));
    Ok(Backlinks { links })
}

fn backlinks_of(eye: Eye<'_>, target: ContentId, limit: usize) -> Result<Vec<BacklinkView>, Fault> {
    let mut shown = Vec::new();
    let webs = documents::readable_webs(eye.rows)?;
    let mut sources: BTreeMap<ContentId, Option<(String, String, String, SourceRow)>> = BTreeMap::new();
    for row in BACKLINKS.within(eye.rows, &target) {
        let ((_, source, _), row) = row?;
        if let Entry::Vacant(place) = sources.entry(source) {
            let known = SOURCES.get(eye.rows, &source)?.filter(|known| webs.contains(&known.web));
            place.insert(known.map(|known| source_view(eye, known)).transpose()?.flatten());
        }
        let Some(Some((title, path, link, from))) = sources.get(&source) else { continue };
        shown.push(BacklinkView {
            title: title.clone(),
            path: path.clone(),
            link: link.clone(),
            text: row.words,
            line: row.line,
            part: row.part,
            who: people::read::label_of(eye.rows, from.web, from.person)?,
            at: from.at,
        });
        if shown.len() >= limit {
            break;
        }
    }
    Ok(shown)
}

/// Returns what something that has links is called, its path, and a link to it; `None` when it is gone.
fn source_view(eye: Eye<'_>, row: SourceRow) -> Result<Option<(String, String, String, SourceRow)>, Fault> {
    match row.from {
        From::Document(document) => {
            let key = (row.web, document);
            let known = DOCUMENTS.get(eye.rows, &key)?;
            let known = match known {
                Some(known) if !removal(eye.rows, key, &known)?.is_removed => Some(known),
                _ => None,
            };
            let link = Link::new(row.web, Target::Document(document)).to_string();
            Ok(known.map(|known| (documents::title_of(&known, document), String::new(), link, row)))
        }
        From::File(share, file) => {
            let Some(place) = naming::share(eye.rows, row.web, share)?.filter(|place| !place.is_ended) else {
                return Ok(None);
            };
            let Some((below, _)) = naming::entry(eye.rows, place.number, file)? else { return Ok(None) };
            let link =
                Link::new(row.web, Target::File { share, file: Some(file), revision: None }).to_string();
            let title = below.rsplit('/').next().unwrap_or_default().to_owned();
            Ok(Some((title, format!("{}/{below}", place.path), link, row)))
        }
    }
}

/// Answers `pages.news`.
fn news(eye: Eye<'_>, asked: &AskWhatsNew) -> Result<WhatsNew, Fault> {
    let limit = usize::try_from(asked.limit.unwrap_or(NEWS).clamp(1, NEWS_MAX)).unwrap_or(1);
    let mut news = Vec::new();
    news_of_documents(eye, &mut news)?;
    news_of_sites(eye, &mut news)?;
    news_of_links(eye, &mut news)?;
    news_of_files(eye, &mut news)?;
    news.retain(|one| asked.web.as_ref().is_none_or(|web| *web == one.web));
    news.sort_by(|a, b| b.at.cmp(&a.at).then_with(|| a.title.cmp(&b.title)));
    news.truncate(limit);
    Ok(WhatsNew { news })
}

fn news_of_documents(eye: Eye<'_>, news: &mut Vec<NewView>) -> Result<(), Fault> {
    for row in documents::documents(eye.rows, &AskDocuments::default())?.documents {
        news.push(NewView {
            kind: "document".to_owned(),
            what: "changed".to_owned(),
            who: row.changed_by,
            at: row.changed,
            title: row.title,
            web: row.web,
            path: String::new(),
            link: row.link,
        });
    }
    Ok(())
}

fn news_of_sites(eye: Eye<'_>, news: &mut Vec<NewView>) -> Result<(), Fault> {
    for site in sites::all(eye.rows)? {
        if !sites::is_open(eye.rows, &site)? {
            continue;
        }
        let shown = sites::view(eye.rows, eye.me, &site)?;
        let changed = shown.changed.unwrap_or(site.row.heard).min(eye.now);
        let is_new = site.row.at >= changed;
        news.push(NewView {
            kind: "site".to_owned(),
            what: (if is_new { "published" } else { "changed" }).to_owned(),
            who: shown.owner,
            at: changed.max(site.row.heard),
            title: shown.name,
            web: shown.web,
            path: shown.path,
            link: shown.link,
        });
    }
    Ok(())
}

/// Links of others to what is this person's.
fn news_of_links(eye: Eye<'_>, news: &mut Vec<NewView>) -> Result<(), Fault> {
    let me = people::read::my_person(eye.rows)?;
    let mut mine: BTreeMap<ContentId, String> = BTreeMap::new();
    let webs = documents::readable_webs(eye.rows)?;
    for row in SOURCES.all(eye.rows) {
        let (source, row) = row?;
        if Some(row.person) == me || !webs.contains(&row.web) {
            continue;
        }
        let targets = row.targets.clone();
        let (web, who) = (row.web, people::read::label_of(eye.rows, row.web, row.person)?);
        let at = row.heard;
        let Some((title, path, link, _)) = source_view(eye, row)? else { continue };
        for target in targets {
            let Some(name) = my_thing(eye, target, source, &mut mine)? else { continue };
            news.push(NewView {
                kind: "link".to_owned(),
                what: format!("links to {name}"),
                who: who.clone(),
                at,
                title: title.clone(),
                web: people::read::web_label(eye.rows, web)?,
                path: path.clone(),
                link: link.clone(),
            });
        }
    }
    Ok(())
}

/// Returns what a link's target is called, if it is this person's.
fn my_thing(
    eye: Eye<'_>,
    target: ContentId,
    source: ContentId,
    known: &mut BTreeMap<ContentId, String>,
) -> Result<Option<String>, Fault> {
    if let Some(name) = known.get(&target) {
        return Ok((!name.is_empty()).then(|| name.clone()));
    }
    let mut name = String::new();
    if let Some(link) = link_of(eye, target, source)? {
        let shown = resolve::view(eye, &link)?;
        let mine = [people::read::my_name(eye.rows)?, "you".to_owned()];
        if mine.contains(&shown.owner) {
            name = shown.title;
        }
    }
    known.insert(target, name.clone());
    Ok((!name.is_empty()).then_some(name))
}

/// Finds the link behind a target, in what links to it.
fn link_of(eye: Eye<'_>, target: ContentId, source: ContentId) -> Result<Option<Link>, Fault> {
    let row = BACKLINKS.within(eye.rows, &(target, source)).next().transpose()?;
    let link = row.and_then(|(_, row)| Link::read(&row.link).ok());
    Ok(link)
}

/// Files of others that changed, by the events of this peer.
fn news_of_files(eye: Eye<'_>, news: &mut Vec<NewView>) -> Result<(), Fault> {
    let mut latest: BTreeMap<String, Timestamp> = BTreeMap::new();
    let mut to = kernel::last_event(eye.rows)?;
    // Two who write make many events; files that changed before stand behind them.
    for _ in 0..EVENT_PAGES_MAX {
        let from = to.saturating_sub(EVENTS_MAX);
        let page = kernel::events_after(eye.rows, from, usize::try_from(to - from).unwrap_or(0))?;
        for event in page.events.into_iter().rev().filter(|event| event.kind == "files.changed") {
            let paths = event.about.get("paths").and_then(Value::as_array);
            let share = event.about.get("share").and_then(Value::as_str).unwrap_or_default();
            for path in paths.into_iter().flatten().filter_map(Value::as_str) {
                let path = if path.starts_with(share) { path.to_owned() } else { format!("{share}/{path}") };
                latest.entry(path).or_insert(event.at);
            }
        }
        if from == 0 || latest.len() >= FILES_MAX {
            break;
        }
        to = from;
    }
    let mut latest: Vec<(String, Timestamp)> = latest.into_iter().collect();
    latest.sort_by_key(|(_, at)| std::cmp::Reverse(*at));
    for (path, at) in latest.into_iter().take(usize::try_from(NEWS_MAX).unwrap_or(0)) {
        let Ok(link) = resolve::of_text(eye.rows, &path) else { continue };
        let shown = resolve::view(eye, &link)?;
        let Some(revision) = shown.revision else { continue };
        news.push(NewView {
            kind: "file".to_owned(),
            title: shown.title,
            what: format!("rev {revision}"),
            who: shown.owner,
            web: shown.web,
            at,
            path,
            link: shown.link,
        });
    }
    Ok(())
}
