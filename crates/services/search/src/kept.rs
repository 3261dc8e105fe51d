//! Kept searches: they ring when something new or newer matches, on any peer.
//!
//! Names and folders of the whole web are known here, so a match anywhere rings here. What was there when the
//! search was kept does not ring. Texts ring where they come into an index: on the computers that have them, and on a
//! broker's. Not for: texts that only others have (`listening.rs`).

use api::search::{AskKept, DropKept, Keep, Kept, KeptView, RingView};
use base::{ContentId, Fault, WebId};
use files::look::Showing;
use files::{changes, look};
use kernel::{AskId, Step};
use store::{Rows, StoreError};

use crate::faults::SearchError;
use crate::jobs::{Answer, NAMES_MAX, NameItem, QUERY, Query, to_bytes};
use crate::listening;
use crate::query::{Terms, owner_label};
use crate::service::{Purpose, Search, first_number};
use crate::tables::{KEPT, KEPT_AT, KeptRow, RINGS, RUNG, RingRow};
use crate::whom::text_query;

/// Kept searches at most: each looks at every name that comes.
const KEPT_MAX: usize = 100;

/// Changes looked at when a search is kept: the index is seldom further behind.
const CHANGES_MAX: usize = 10_000;

/// Files looked at that show one text at most.
const SHOWING_MAX: usize = 16;

/// Rings remembered for one search.
const RINGS_MAX: u64 = 20;

impl Search {
    pub(crate) fn ask_keep(&mut self, step: &mut Step<'_>, ask: AskId, keep: &Keep) -> Result<(), Fault> {
        let terms = Terms::read(&keep.query)?;
        let kept: Vec<(u64, KeptRow)> = KEPT.all(step.view()).collect::<Result<_, _>>()?;
        let web = match &keep.web {
            Some(name) => {
                let web = people::read::web_named(step.view(), name)?;
                Some(web.ok_or_else(|| SearchError::NoSuchWeb { web: name.clone() })?)
            }
            None => None,
        };
        if let Some((number, row)) = kept.iter().find(|(_, row)| row.query == keep.query && row.web == web) {
            let view = view_of(step.view(), *number, row)?;
            step.reply(ask, &view);
            return Ok(());
        }
        if kept.len() >= KEPT_MAX {
            return Err(SearchError::TooManyKept { query: keep.query.clone(), limit: KEPT_MAX }.into());
        }
        let number = kept.last().map_or(1, |(number, _)| number.saturating_add(1));
        let dice = step.random("kept");
        let id = format!("{:08x}", first_number(&dice) >> 32);
        let row = KeptRow { id, query: keep.query.clone(), web, since: step.now(), rang: 0 };
        KEPT.put(step.rows(), &number, &row);
        for web in people::read::webs(step.view())? {
            if row.web.is_none_or(|only| only == web.id) {
                let query = Query {
                    web: web.id,
                    words: terms.words.clone(),
                    phrases: terms.phrases.clone(),
                    is_typing: false,
                    names: NAMES_MAX,
                    texts: 0,
                    snippets: 0,
                };
                let job = step.work(QUERY, to_bytes(&query));
                self.jobs.insert(job, Purpose::Baseline { kept: number });
                listening::begin(step, number, web.id)?;
            }
        }
        // What is there and not in the index yet.
        for entry in changes::entries(step.view(), CHANGES_MAX)? {
            let is_meant = row.web.is_none_or(|only| only == entry.web);
            let Some(place) = look::place(step.view(), entry.number, entry.file)?.filter(|_| is_meant) else {
                continue;
            };
            if terms.find_name(&format!("{}/{}", owner_label(step.view(), &place)?, place.path)) {
                RUNG.put(step.rows(), &(number, entry.number, entry.file), &place.revision);
            }
        }
        let view = view_of(step.view(), number, &row)?;
        step.reply(ask, &view);
        Ok(())
    }

    /// Notes what an index is told from the beginning: it was there, and rang then or not.
    pub(crate) fn note_there(step: &mut Step<'_>, web: WebId, names: &[NameItem]) -> Result<(), StoreError> {
        let kept: Vec<(u64, KeptRow)> = KEPT.all(step.view()).collect::<Result<_, _>>()?;
        for (number, row) in kept.into_iter().filter(|(_, row)| row.web.is_none_or(|only| only == web)) {
            let Ok(terms) = Terms::read(&row.query) else { continue };
            for name in
                names.iter().filter(|name| name.path.as_ref().is_some_and(|path| terms.find_name(path)))
            {
                if let Some(place) = look::place(step.view(), name.number, name.file)? {
                    RUNG.put(step.rows(), &(number, name.number, name.file), &place.revision);
                }
            }
        }
        Ok(())
    }

    /// Notes what was there when a search was kept.
    pub(crate) fn take_baseline(step: &mut Step<'_>, kept: u64, answer: &Answer) -> Result<(), StoreError> {
        for hit in &answer.names {
            if let Some(place) = look::place(step.view(), hit.number, hit.file)? {
                RUNG.put(step.rows(), &(kept, hit.number, hit.file), &place.revision);
            }
        }
        Ok(())
    }

    /// Rings for names that came or changed.
    pub(crate) fn ring(step: &mut Step<'_>, web: WebId, names: &[NameItem]) -> Result<(), Fault> {
        let kept: Vec<(u64, KeptRow)> = KEPT.all(step.view()).collect::<Result<_, _>>()?;
        for (number, mut row) in kept {
            if row.web.is_some_and(|only| only != web) {
                continue;
            }
            let Ok(terms) = Terms::read(&row.query) else { continue };
            let before = row.rang;
            for name in names {
                let Some(path) = name.path.as_ref().filter(|path| terms.find_name(path)) else { continue };
                let Some(place) = look::place(step.view(), name.number, name.file)? else { continue };
                let key = (number, name.number, name.file);
                if RUNG.get(step.view(), &key)?.is_some_and(|rung| rung >= place.revision) {
                    continue;
                }
                RUNG.put(step.rows(), &key, &place.revision);
                let path = format!("{}/{path}", people::read::web_label(step.view(), web)?);
                note_ring(step, number, &mut row, (path, place.revision));
            }
            if row.rang != before {
                KEPT.put(step.rows(), &number, &row);
            }
        }
        Ok(())
    }

    /// Has kept searches looked for in texts that have just come into an index here.
    pub(crate) fn look_in_texts(
        &mut self,
        step: &mut Step<'_>,
        (web, index): (WebId, WebId),
        contents: &[ContentId],
    ) -> Result<(), StoreError> {
        if contents.is_empty() {
            return Ok(());
        }
        let kept: Vec<(u64, KeptRow)> = KEPT.all(step.view()).collect::<Result<_, _>>()?;
        for (number, row) in kept.into_iter().filter(|(_, row)| row.web.is_none_or(|only| only == web)) {
            let Ok(Terms { words, phrases }) = Terms::read(&row.query) else { continue };
            let job = step.work(QUERY, to_bytes(&text_query(index, words, phrases)));
            self.jobs.insert(job, Purpose::KeptTexts { kept: number, web, contents: contents.to_vec() });
        }
        Ok(())
    }

    /// Rings for texts that match, in files that show them now and did not when the search was kept.
    pub(crate) fn ring_for_texts(
        step: &mut Step<'_>,
        (number, web): (u64, WebId),
        found: impl Iterator<Item = ContentId>,
    ) -> Result<(), Fault> {
        let Some(mut row) = KEPT.get(step.view(), &number)? else { return Ok(()) };
        let before = row.rang;
        for content in found {
            for showing in look::showing(step.view(), web, content, SHOWING_MAX)? {
                let place = look::place(step.view(), showing.number, showing.file)?;
                let Some(place) = place.filter(|_| showing.past.is_none()) else { continue };
                let key = (number, showing.number, showing.file);
                let is_member = people::read::writes(step.view(), web, place.person)?;
                if !is_member || was_there(step.view(), (number, web), &showing)? {
                    continue;
                }
                if RUNG.get(step.view(), &key)?.is_some_and(|rung| rung >= place.revision) {
                    continue;
                }
                RUNG.put(step.rows(), &key, &place.revision);
                let label = people::read::web_label(step.view(), web)?;
                let path = format!("{label}/{}/{}", owner_label(step.view(), &place)?, place.path);
                note_ring(step, number, &mut row, (path, place.revision));
            }
        }
        if row.rang != before {
            KEPT.put(step.rows(), &number, &row);
        }
        Ok(())
    }

    pub(crate) fn ask_drop(step: &mut Step<'_>, ask: AskId, drop: &DropKept) -> Result<(), Fault> {
        let kept: Vec<(u64, KeptRow)> = KEPT.all(step.view()).collect::<Result<_, _>>()?;
        let mut meant =
            kept.into_iter().filter(|(_, row)| !drop.id.is_empty() && row.id.starts_with(&drop.id));
        let (Some((number, row)), None) = (meant.next(), meant.next()) else {
            return Err(SearchError::NoSuchKept { id: drop.id.clone() }.into());
        };
        let view = view_of(step.view(), number, &row)?;
        KEPT.delete(step.rows(), &number);
        let rings: Vec<_> = RINGS.within(step.view(), &number).collect::<Result<_, _>>()?;
        for (key, _) in rings {
            RINGS.delete(step.rows(), &key);
        }
        let there: Vec<_> = KEPT_AT.within(step.view(), &number).collect::<Result<_, _>>()?;
        for (key, _) in there {
            KEPT_AT.delete(step.rows(), &key);
        }
        let rung: Vec<_> = RUNG.within(step.view(), &number).collect::<Result<_, _>>()?;
        for (key, _) in rung {
            RUNG.delete(step.rows(), &key);
        }
        step.reply(ask, &view);
        Ok(())
    }
}

/// Says whether a file was as it is now when a search was kept.
fn was_there(rows: &dyn Rows, (number, web): (u64, WebId), showing: &Showing) -> Result<bool, StoreError> {
    let Some(last) = look::last_statement(rows, showing.number, showing.file)? else { return Ok(false) };
    Ok(KEPT_AT.get(rows, &(number, web, last.device))?.is_some_and(|then| last.position <= then))
}

/// Notes what a kept search rings for, and tells whoever watches.
fn note_ring(step: &mut Step<'_>, number: u64, row: &mut KeptRow, (path, revision): (String, u64)) {
    row.rang = row.rang.saturating_add(1);
    let ring = RingRow { path: path.clone(), revision, at: step.now() };
    RINGS.put(step.rows(), &(number, row.rang), &ring);
    RINGS.delete(step.rows(), &(number, row.rang.saturating_sub(RINGS_MAX)));
    let about = serde_json::json!({
        "id": row.id, "query": row.query, "path": path, "revision": revision,
    });
    step.emit("search.rang", &about);
}

/// Answers `search.kept`.
pub(crate) fn kept<R: Rows + ?Sized>(rows: &R, _: &AskKept) -> Result<Kept, StoreError> {
    let mut searches = Vec::new();
    for row in KEPT.all(rows) {
        let (number, row) = row?;
        searches.push(view_of(rows, number, &row)?);
    }
    searches.reverse();
    Ok(Kept { searches })
}

fn view_of<R: Rows + ?Sized>(rows: &R, number: u64, row: &KeptRow) -> Result<KeptView, StoreError> {
    let web = row.web.map(|web| people::read::web_label(rows, web)).transpose()?.unwrap_or_default();
    let mut news: Vec<RingView> = Vec::new();
    for ring in RINGS.within(rows, &number) {
        let (_, RingRow { path, revision, at }) = ring?;
        news.insert(0, RingView { path, revision, at });
    }
    let KeptRow { id, query, since, rang, .. } = row.clone();
    Ok(KeptView { query, web, since, rang, news, id })
}
