//! What a person is shown of a question: hits in order, copies together, newest revisions only.
//!
//! Names first, best match first; then texts by their rank; last, texts of revisions that are not the newest, and
//! those only when nobody who has the newest could be asked (spec search, rules 16 to 19).

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use api::files::{EntryView, Freshness, HolderView};
use api::search::{Found, FoundBy, Hit};
use base::{ContentId, DeviceId, FileId, Timestamp, WebId};
use files::look::{self, Look, Showing};
use store::{Rows, StoreError};

use crate::asking::Asking;
use crate::jobs::{SNIPPETS_MAX, TextHit};
use crate::rank::score;
use crate::showing::Text;

/// Files looked at for one content at most.
const SHOWING_MAX: usize = 16;

/// Places named beside a hit at most.
const COPIES_MAX: usize = 8;

/// People named who did not answer, at most.
const SILENT_MAX: usize = 5;

type FileKey = (u64, FileId);

/// Makes what is shown.
struct Page<'a> {
    rows: &'a dyn Rows,
    look: Look<'a>,
    now: Timestamp,
    asking: &'a Asking,
    hits: Vec<Hit>,
    /// Which hit shows a content of a web, or a file.
    by_content: BTreeMap<(WebId, ContentId), usize>,
    by_file: BTreeMap<FileKey, usize>,
    has_more: bool,
    /// Hits with texts, and which of these have no snippet.
    texts_shown: BTreeSet<usize>,
    wanted: Vec<Text>,
}

/// Returns what is to be shown of a question now, and of which texts among it snippets are wanted.
pub(crate) fn found(
    rows: &dyn Rows,
    me: DeviceId,
    now: Timestamp,
    asking: &Asking,
) -> Result<(Found, Vec<Text>), StoreError> {
    let mut page = Page {
        rows,
        look: Look::at(rows, me)?,
        now,
        asking,
        hits: Vec::new(),
        by_content: BTreeMap::new(),
        by_file: BTreeMap::new(),
        has_more: false,
        texts_shown: BTreeSet::new(),
        wanted: Vec::new(),
    };
    page.names()?;
    page.texts()?;
    let (answered, members) = asking.people();
    let found = Found {
        hits: page.hits,
        has_more: page.has_more,
        state: if asking.is_over { "done" } else { "asking" }.to_owned(),
        is_over: asking.is_over,
        answered,
        members,
        why: why(rows, now, asking)?,
        how: how(rows, me, asking)?,
        id: asking.id.clone(),
        version: asking.version,
    };
    Ok((found, page.wanted))
}

impl Page<'_> {
    fn names(&mut self) -> Result<(), StoreError> {
        let mut ranked = Vec::new();
        for name in &self.asking.names {
            if let Some(place) = look::place(self.rows, name.number, name.file)? {
                // Equals in an order that is the same at every member: numbers of shares are not.
                ranked.push((Reverse(name.score), place.path, place.person, name));
            }
        }
        ranked.sort_by(|(score, path, person, _), (other_score, other_path, other_person, _)| {
            (score, path, person).cmp(&(other_score, other_path, other_person))
        });
        for (_, _, _, name) in ranked {
            self.add((name.number, name.file), FoundBy::Name, None, None)?;
        }
        Ok(())
    }

    fn texts(&mut self) -> Result<(), StoreError> {
        let mut ranked: Vec<(f64, WebId, &TextHit)> = Vec::new();
        for ((web, _), hit) in &self.asking.texts {
            let score = score(hit);
            ranked.push((score, *web, hit));
        }
        ranked.sort_by(|(a, _, one), (b, _, other)| {
            b.total_cmp(a).then_with(|| one.content.cmp(&other.content))
        });
        let mut past: Vec<(Showing, WebId, &TextHit)> = Vec::new();
        for (_, web, hit) in ranked {
            if self.is_full() {
                return Ok(());
            }
            let showing = look::showing(self.rows, web, hit.content, SHOWING_MAX)?;
            let (newest, older): (Vec<Showing>, Vec<Showing>) =
                showing.into_iter().partition(|showing| showing.past.is_none());
            for showing in newest {
                self.add((showing.number, showing.file), FoundBy::Text, Some((web, hit)), None)?;
            }
            past.extend(older.into_iter().map(|showing| (showing, web, hit)));
        }
        for (showing, web, hit) in past {
            if !self.is_newest_out_of_reach(showing)? {
                continue;
            }
            if self.asking.is_over {
                self.add((showing.number, showing.file), FoundBy::Text, Some((web, hit)), showing.past)?;
            } else if hit.snippet.is_empty() && self.wanted.len() < SNIPPETS_MAX {
                // Then it is too late to ask for it.
                self.wanted.push((web, hit.content));
            }
        }
        Ok(())
    }

    /// Says whether nothing that is added would be seen: there are enough hits, more are known of, and all texts of these are
    /// shown with them.
    fn is_full(&self) -> bool {
        self.has_more
            && self.hits.len() >= self.asking.filter.limit
            && self.hits.iter().all(|hit| hit.by != FoundBy::Name)
    }

    /// An older revision is worth showing only if nobody who has the newest can be asked what is in it, and nobody has answered
    /// for it.
    fn is_newest_out_of_reach(&mut self, showing: Showing) -> Result<bool, StoreError> {
        if self.by_file.contains_key(&(showing.number, showing.file)) {
            return Ok(false);
        }
        let Some((view, holders)) = self.look.entry(showing.number, showing.file)? else { return Ok(false) };
        // Its owner's own words, or a broker that has read them, say that the newest has no such words.
        let Some(place) = look::place(self.rows, showing.number, showing.file)? else { return Ok(false) };
        let covered = self.asking.covered.get(&place.web);
        let is_answered = self.asking.spared.contains(&(place.web, place.device))
            || covered.is_some_and(|covered| covered.devices.contains(&place.device));
        if is_answered {
            return Ok(false);
        }
        let is_here = view.have.is_some() && view.have == view.revision;
        let newest = view.revision.unwrap_or(0);
        Ok(!is_here && !holders.iter().any(|holder| holder.is_here && holder.revision == newest))
    }

    /// Adds an entry, or what is new about one that is there.
    fn add(
        &mut self,
        file: FileKey,
        by: FoundBy,
        text: Option<(WebId, &TextHit)>,
        past: Option<u64>,
    ) -> Result<(), StoreError> {
        if let Some(at) = self.by_file.get(&file).copied() {
            self.join(at, text);
            return Ok(());
        }
        let Some(place) = look::place(self.rows, file.0, file.1)? else { return Ok(()) };
        if !self.asking.filter.allows(&place) {
            return Ok(());
        }
        let twin = place.content.and_then(|content| self.by_content.get(&(place.web, content)).copied());
        if twin.is_none() && self.hits.len() >= self.asking.filter.limit {
            self.has_more = true;
            return Ok(());
        }
        let Some((view, holders)) = self.look.entry(file.0, file.1)? else { return Ok(()) };
        if self.asking.filter.is_here_only && view.have.is_none() {
            return Ok(());
        }
        if let Some((at, hit)) = twin.and_then(|at| Some((at, self.hits.get_mut(at)?))) {
            if hit.copies.len() < COPIES_MAX {
                hit.copies.push(view.path);
            }
            self.join(at, text);
            self.by_file.insert(file, at);
            return Ok(());
        }
        let at = self.hits.len();
        self.by_file.insert(file, at);
        if let Some(content) = place.content {
            self.by_content.insert((place.web, content), at);
        }
        let is_by_broker =
            text.is_some_and(|(_, text)| self.asking.by_broker.contains(&(place.web, text.content)));
        self.hits.push(hit_of(view, &holders, (by, is_by_broker), past, self.now));
        self.join(at, text);
        Ok(())
    }

    /// Adds what is in a file to what is shown of it. A text may come without a snippet; another of the same file may have one.
    fn join(&mut self, at: usize, text: Option<(WebId, &TextHit)>) {
        let (Some((web, text)), Some(hit)) = (text, self.hits.get_mut(at)) else { return };
        if !hit.snippet.is_empty() {
            return;
        }
        hit.snippet.clone_from(&text.snippet);
        hit.marks.clone_from(&text.marks);
        if hit.by == FoundBy::Name {
            hit.by = FoundBy::NameAndText;
        }
        let is_new = self.texts_shown.insert(at);
        if is_new && text.snippet.is_empty() && self.texts_shown.len() <= SNIPPETS_MAX {
            self.wanted.push((web, text.content));
        }
    }
}

fn hit_of(
    view: EntryView,
    holders: &[HolderView],
    (by, is_by_broker): (FoundBy, bool),
    past: Option<u64>,
    now: Timestamp,
) -> Hit {
    let newest = view.revision.unwrap_or(0);
    let has_newest = |holder: &&HolderView| holder.revision == newest;
    let here_now: Vec<String> = holders
        .iter()
        .filter(has_newest)
        .filter(|holder| holder.is_here)
        .map(|holder| holder.who.clone())
        .collect();
    let mut note = note(&view, holders, &here_now, past, now);
    if is_by_broker && here_now.is_empty() && past.is_none() && view.have.is_none() {
        note.push_str("; the broker has read it");
    }
    Hit {
        name: view.name,
        path: view.path,
        kind: view.kind,
        revision: view.revision,
        have: view.have,
        freshness: view.freshness,
        size: view.size,
        changed: view.changed,
        who: view.who,
        here_now,
        by,
        note,
        snippet: String::new(),
        marks: Vec::new(),
        copies: Vec::new(),
    }
}

/// Says what should be known: whether it is the newest, and where that is.
fn note(
    view: &EntryView,
    holders: &[HolderView],
    here_now: &[String],
    past: Option<u64>,
    now: Timestamp,
) -> String {
    let Some(newest) = view.revision else { return view.note.clone() };
    let who = holders.iter().find(|holder| holder.revision == newest);
    let heard = || match who {
        Some(HolderView { who, last_heard: Some(at), .. }) => {
            format!("{who}, last heard from {} ago", span(now, *at))
        }
        Some(HolderView { who, .. }) => format!("{who}, not heard from yet"),
        None => view.who.first().cloned().unwrap_or_default(),
    };
    if let Some(past) = past {
        return format!("found in rev {past}; rev {newest} is newer, at {}", heard());
    }
    match view.freshness {
        Some(Freshness::NewestHere) => "newest".to_owned(),
        Some(Freshness::Elsewhere) if here_now.is_empty() => format!("newest known, at {}", heard()),
        Some(Freshness::Elsewhere) => format!("newest, at {}", here_now.join(", ")),
        _ if here_now.is_empty() && !view.note.is_empty() => format!("{}; at {}", view.note, heard()),
        _ => view.note.clone(),
    }
}

/// Says in words who did not answer, and what was wrong.
fn why(rows: &dyn Rows, now: Timestamp, asking: &Asking) -> Result<String, StoreError> {
    let mut parts = Vec::new();
    if asking.has_trouble {
        parts.push("the index on this computer is being made anew, so something may be missing".to_owned());
    }
    for (web, broker) in &asking.silent_brokers {
        let who = owner(rows, *web, *broker)?;
        parts.push(match asking.held.contains(web) {
            false => format!("the broker at {who} did not answer in time, so all members were asked"),
            true => format!(
                "the broker at {who} did not answer in time, and other questions were with the members already: ask again"
            ),
        });
    }
    if asking.is_over {
        parts.extend(silent(rows, now, asking)?);
    }
    let mut liars = BTreeSet::new();
    for device in &asking.liars {
        for (web, person) in &asking.meant {
            if people::read::person_of(rows, *web, *device)? == Some(*person) {
                liars.insert(people::read::label_of(rows, *web, *person)?);
            }
        }
    }
    if !liars.is_empty() {
        let liars: Vec<String> = liars.into_iter().collect();
        parts.push(format!("{} answered with what they do not have; it was left out", liars.join(", ")));
    }
    Ok(parts.join("; "))
}

/// Says in words who was asked: a broker for whom, and who did not need to be.
fn how(rows: &dyn Rows, me: DeviceId, asking: &Asking) -> Result<String, StoreError> {
    let mut parts = Vec::new();
    for (web, covered) in &asking.covered {
        let (mut by_it, mut more) = (0, 0);
        for (_, person) in asking.meant.iter().filter(|(of, _)| of == web) {
            let devices = people::read::devices_of(rows, *web, *person)?;
            let is_covered = |device: &DeviceId| {
                covered.devices.contains(device) || asking.spared.contains(&(*web, *device)) || *device == me
            };
            if devices.iter().all(is_covered) {
                by_it += 1;
            } else if devices.iter().any(|device| asking.heard.contains(&(*web, *device))) {
                more += 1;
            }
        }
        let who = match covered.broker == me {
            true => "this computer, a broker,".to_owned(),
            false => format!("the broker at {}", owner(rows, *web, covered.broker)?),
        };
        let more = if more > 0 { format!("; {more} more answered") } else { String::new() };
        parts.push(format!("{who} answered for {by_it} members{more}"));
    }
    let spared: BTreeSet<_> =
        asking.spared.iter().filter(|(web, _)| !asking.covered.contains_key(web)).collect();
    if !spared.is_empty() {
        let asked = asking.heard.len() + asking.pending.len() + asking.absent.len();
        parts.push(format!("{asked} computers were asked; {} have no such words, as they say", spared.len()));
    }
    Ok(parts.join("; "))
}

/// Returns the label of a device's person.
fn owner(rows: &dyn Rows, web: WebId, device: DeviceId) -> Result<String, StoreError> {
    match people::read::person_of(rows, web, device)? {
        Some(person) => people::read::label_of(rows, web, person),
        None => Ok(device.short()),
    }
}

fn silent(rows: &dyn Rows, now: Timestamp, asking: &Asking) -> Result<Option<String>, StoreError> {
    let mut names = BTreeMap::new();
    for (web, person) in asking.silent() {
        let mut heard = None;
        for device in people::read::devices_of(rows, web, person)? {
            heard = heard.max(records::last_heard(rows, device)?);
        }
        let when =
            heard.map_or_else(|| "not heard from yet".to_owned(), |at| format!("{} ago", span(now, at)));
        names.insert(person, format!("{} ({when})", people::read::label_of(rows, web, person)?));
    }
    if names.is_empty() {
        return Ok(None);
    }
    let more = names.len().saturating_sub(SILENT_MAX);
    let named: Vec<String> = names.into_values().take(SILENT_MAX).collect();
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    Ok(Some(format!("no answer from {}{more}", named.join(", "))))
}

/// Writes how long ago something was.
fn span(now: Timestamp, at: Timestamp) -> String {
    let seconds = now.since(at).as_secs();
    match seconds {
        0..=119 => format!("{seconds} s"),
        120..=7_199 => format!("{} min", seconds / 60),
        7_200..=172_799 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}
