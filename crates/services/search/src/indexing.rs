//! Keeps the index up to date: what `files` says has changed is told to the driver, a part at a time.
//!
//! Something leaves the list of changes only after the driver has it on disk, so a crash costs telling again, which
//! replaces and does no harm. An index that is missing, lost or of an older version is told everything.

use std::collections::BTreeSet;
use std::time::Duration;

use base::{ContentId, Fault, FileId, WebId};
use files::changes::{self, ChangedContent, ChangedEntry};
use files::look::{self, Place};
use kernel::{JobFailure, JobId, Step};
use store::{Rows, StoreError};

use crate::documents::may_have_text;
use crate::jobs::{
    Document, FORGET, Forget, ITEMS_MAX, NameItem, TextItem, UPDATE, Update, Updated, from_bytes, to_bytes,
};
use crate::query::owner_label;
use crate::service::{Purpose, Search};
use crate::tables::{Cursor, INDEX_VERSION, INDEXED, IndexedRow, TEXTS, UNREAD, UnreadRow};

/// Texts in one update at most: a PDF takes a tenth of a second to read.
const TEXTS_MAX: usize = 64;

/// After an update that came to nothing.
const FAILED_WAIT: Duration = Duration::from_secs(30);

/// How long after each other contents are tried again whose bytes could not be had: their files were just being renamed or
/// written; after the last one they count as without text.
const UNREAD_WAITS: [Duration; 5] = [
    Duration::from_secs(2),
    Duration::from_secs(10),
    Duration::from_mins(1),
    Duration::from_mins(10),
    Duration::from_hours(1),
];

/// Alarm: try contents again whose bytes could not be had.
pub(crate) const UNREAD_DUE: &str = "unread";

/// Parts in a round at most, so that the first does not wait long for its end.
const TOGETHER_MAX: usize = 64;
/// After so many changed names there may be more at once.
const MORE_MIN: usize = 256;

/// Alarm: go on with the index.
pub(crate) const INDEX: &str = "index";

/// What is with the driver.
#[derive(Debug, Default)]
pub(crate) struct Indexing {
    /// Parts that the driver has and has not ended.
    under_way: usize,
    round: Round,
    /// No driver keeps an index here, or it cannot at the moment.
    is_held_up: bool,
    /// Whose index was lost while the driver had something: that may stand in the lost one, or alone in a new one.
    lost: BTreeSet<WebId>,
}

/// Parts with the driver at the same time, which commits them together: names of one web. What they cost is mostly commits
/// and merges, so a million names take less than half the time that they take one part after the other.
#[derive(Debug, Default)]
struct Round {
    given: usize,
    /// Where the next part begins; none when it has to wait for a new round.
    next: Option<Next>,
    /// A part was not taken: what is told from the beginning has a gap there.
    is_broken: bool,
}

/// Where a part begins that may go with others.
#[derive(Debug, Clone)]
enum Next {
    /// After this one in the list of changes.
    Changed(ChangedEntry),
    /// Here in all that is told of a web from the beginning.
    Anew(WebId, Cursor),
}

/// Why something is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    /// It changed.
    News,
    /// All is told from the beginning: where it gets to.
    Anew(Option<Cursor>),
}

/// A part of what is to be told.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    web: WebId,
    entries: Vec<ChangedEntry>,
    contents: Vec<ChangedContent>,
    /// Contents told with it: in the index from then on, or not.
    texts: Vec<(ContentId, bool)>,
    told: Told,
}

impl Search {
    /// Gives the driver something to do if it has nothing, or more of the same.
    pub(crate) fn feed(&mut self, step: &mut Step<'_>) -> Result<(), StoreError> {
        if self.indexing.is_held_up {
            return Ok(());
        }
        let part = if self.indexing.under_way > 0 {
            self.more(step)?
        } else {
            self.indexing.round = Round::default();
            match changed(step)? {
                Some(part) => Some(part),
                None => match unread(step)? {
                    Some(part) => Some(part),
                    None => self.anew(step)?,
                },
            }
        };
        let Some((part, update)) = part else { return Ok(()) };
        for change in &part.contents {
            self.look_if_brokered(step, part.web, change.content)?;
        }
        if update.names.is_empty() && update.texts.is_empty() {
            settle(step, &part)?;
            step.alarm(Duration::ZERO, INDEX);
            return Ok(());
        }
        let round = &mut self.indexing.round;
        round.given += 1;
        round.next =
            Some(&part).filter(|_| round.given < TOGETHER_MAX && update.texts.is_empty()).and_then(next_of);
        if round.next.is_some() {
            step.alarm(Duration::ZERO, INDEX);
        }
        let job = step.work(UPDATE, to_bytes(&update));
        self.jobs.insert(job, Purpose::Update { part: Box::new(part), names: update.names });
        self.indexing.under_way += 1;
        Ok(())
    }

    /// Collects the next part of the round under way: names only, since texts take long.
    fn more(&mut self, step: &mut Step<'_>) -> Result<Option<(Part, Update)>, StoreError> {
        let made = match self.indexing.round.next.take() {
            Some(Next::Changed(after)) => {
                let mut entries = changes::entries_after(step.view(), &after, ITEMS_MAX)?;
                entries.retain(|entry| entry.web == after.web);
                Some(changed_names(step, after.web, entries)?)
            }
            Some(Next::Anew(web, cursor)) => Some(page(step, web, cursor)?),
            None => None,
        };
        let made = made.filter(|(_, update)| !update.names.is_empty() && update.texts.is_empty());
        if let Some((Part { web, told: Told::Anew(_), .. }, update)) = &made {
            Self::note_there(step, *web, &update.names)?;
        }
        Ok(made)
    }

    /// Begins or goes on to tell everything about a web whose index does not have it.
    fn anew(&mut self, step: &mut Step<'_>) -> Result<Option<(Part, Update)>, StoreError> {
        for web in people::read::webs(step.view())? {
            let row = INDEXED.get(step.view(), &web.id)?.filter(|row| row.version == INDEX_VERSION);
            let cursor = match row {
                Some(IndexedRow { cursor: None, .. }) => continue,
                Some(IndexedRow { cursor: Some(cursor), .. }) => cursor,
                None => {
                    // What an earlier index has is of no use.
                    let job = step.work(FORGET, to_bytes(&Forget { web: web.id }));
                    self.jobs.insert(job, Purpose::Forget);
                    forget_texts(step, web.id)?;
                    self.take_summary_back(step, web.id)?;
                    Cursor::Files { number: 0, after: None }
                }
            };
            let (part, update) = page(step, web.id, cursor)?;
            // Nothing has changed that was not told: all of this was there before.
            Self::note_there(step, web.id, &update.names)?;
            return Ok(Some((part, update)));
        }
        Ok(None)
    }

    /// Takes the end of an update. Kept searches look at what came.
    pub(crate) fn take_updated(
        &mut self,
        step: &mut Step<'_>,
        part: &Part,
        names: &[NameItem],
        outcome: Result<Vec<u8>, JobFailure>,
    ) -> Result<(), Fault> {
        self.indexing.under_way = self.indexing.under_way.saturating_sub(1);
        let is_lost = self.indexing.lost.contains(&part.web);
        if self.indexing.under_way == 0 {
            self.indexing.lost.clear();
        }
        if is_lost || (self.indexing.round.is_broken && part.told != Told::News) {
            return Ok(self.feed(step)?);
        }
        match outcome {
            Ok(bytes) => {
                let updated = from_bytes::<Updated>(&bytes).map(|updated| updated.unread).unwrap_or_default();
                let mut part = part.clone();
                for unread in updated {
                    tracing::debug!(content = %unread.content.short(), why = unread.why, "no text");
                    if !unread.is_lasting && try_again(step, part.web, unread.content)? {
                        part.texts.retain(|(content, _)| *content != unread.content);
                    }
                }
                if !part.texts.is_empty() {
                    self.summarize_later(step);
                }
                settle(step, &part)?;
                if part.told == Told::News {
                    Self::ring(step, part.web, names)?;
                    let came: Vec<ContentId> =
                        part.texts.iter().filter(|(_, is_in)| *is_in).map(|(content, _)| *content).collect();
                    self.look_in_texts(step, (part.web, part.web), &came)?;
                    self.listen_soon(step)?;
                }
                self.feed(step)?;
            }
            Err(failure) => {
                tracing::debug!(?failure, "the index could not be brought up to date");
                self.indexing.is_held_up = true;
                self.indexing.round = Round { is_broken: true, ..Round::default() };
                if failure != JobFailure::NoDriver {
                    step.alarm(FAILED_WAIT, INDEX);
                }
            }
        }
        Ok(())
    }

    /// Tries again, or goes on.
    pub(crate) fn go_on_indexing(&mut self, step: &mut Step<'_>) -> Result<(), StoreError> {
        self.indexing.is_held_up = false;
        self.feed(step)
    }

    /// Takes the news that an index is lost.
    pub(crate) fn take_lost(&mut self, step: &mut Step<'_>, web: WebId) -> Result<(), StoreError> {
        tracing::warn!(web = %web.short(), "an index was damaged and is made anew");
        INDEXED.delete(step.rows(), &web);
        if self.indexing.under_way > 0 {
            self.indexing.lost.insert(web);
            self.indexing.round.next = None;
        }
        self.go_on_indexing(step)
    }

    /// Drops what is known of jobs.
    pub(crate) fn forget_job(&mut self, job: JobId) -> Option<Purpose> {
        self.jobs.remove(&job)
    }
}

/// Says whether a web's index has been told everything, but for what changed just now.
pub(crate) fn is_whole<R: Rows + ?Sized>(rows: &R, web: WebId) -> Result<bool, StoreError> {
    let whole = IndexedRow { version: INDEX_VERSION, cursor: None };
    Ok(INDEXED.get(rows, &web)? == Some(whole))
}

/// Collects what changed in one web.
fn changed(step: &Step<'_>) -> Result<Option<(Part, Update)>, StoreError> {
    let rows = step.view();
    let mut entries = changes::entries(rows, ITEMS_MAX)?;
    let mut contents = changes::contents(rows, ITEMS_MAX)?;
    let first = entries.first().map(|entry| entry.web).or(contents.first().map(|content| content.web));
    let Some(web) = first else { return Ok(None) };
    entries.retain(|entry| entry.web == web);
    contents.retain(|content| content.web == web);
    let (mut part, mut update) = changed_names(step, web, entries)?;
    let mut texts = Vec::new();
    let mut taken = 0;
    for change in &contents {
        if update.texts.len() >= TEXTS_MAX {
            break;
        }
        taken += 1;
        texts.extend(text_item(rows, web, change.content, &mut update)?);
    }
    contents.truncate(taken);
    (part.contents, part.texts) = (contents, texts);
    Ok(Some((part, update)))
}

fn changed_names(
    step: &Step<'_>,
    web: WebId,
    entries: Vec<ChangedEntry>,
) -> Result<(Part, Update), StoreError> {
    let item = |entry: &ChangedEntry| name_item(step.view(), entry.number, entry.file);
    let names = entries.iter().map(item).collect::<Result<_, _>>()?;
    let part = Part { web, entries, contents: Vec::new(), texts: Vec::new(), told: Told::News };
    Ok((part, Update { web, names, texts: Vec::new() }))
}

/// Returns where the part after this one begins, if it may go with it.
fn next_of(part: &Part) -> Option<Next> {
    match &part.told {
        Told::News => {
            part.entries.last().filter(|_| part.entries.len() >= MORE_MIN).copied().map(Next::Changed)
        }
        Told::Anew(cursor) => cursor.map(|cursor| Next::Anew(part.web, cursor)),
    }
}

/// Collects contents whose bytes could not be had before, when it is time to try again.
fn unread(step: &mut Step<'_>) -> Result<Option<(Part, Update)>, StoreError> {
    let now = step.now();
    let due: Vec<(WebId, ContentId)> = UNREAD
        .all(step.view())
        .filter(|row| row.as_ref().map_or(true, |(_, row)| row.due <= now))
        .take(TEXTS_MAX)
        .map(|row| row.map(|(key, _)| key))
        .collect::<Result<_, _>>()?;
    let Some((web, _)) = due.first().copied() else { return Ok(None) };
    let mut update = Update { web, names: Vec::new(), texts: Vec::new() };
    let mut texts = Vec::new();
    for (_, content) in due.into_iter().filter(|(other, _)| *other == web) {
        match text_item(step.view(), web, content, &mut update)? {
            Some(text) => texts.push(text),
            None => UNREAD.delete(step.rows(), &(web, content)),
        }
    }
    Ok(Some((Part { web, entries: Vec::new(), contents: Vec::new(), texts, told: Told::News }, update)))
}

/// Notes that the bytes of a content could not be had; false when that was tried often enough.
fn try_again(step: &mut Step<'_>, web: WebId, content: ContentId) -> Result<bool, StoreError> {
    let tries = UNREAD.get(step.view(), &(web, content))?.map_or(0, |row| row.tries);
    let Some(wait) = usize::try_from(tries).ok().and_then(|tries| UNREAD_WAITS.get(tries)) else {
        return Ok(false);
    };
    let due = step.now().after(*wait);
    UNREAD.put(step.rows(), &(web, content), &UnreadRow { due, tries: tries.saturating_add(1) });
    step.alarm(*wait, UNREAD_DUE);
    Ok(true)
}

/// Collects the next part of everything about a web.
fn page(step: &Step<'_>, web: WebId, cursor: Cursor) -> Result<(Part, Update), StoreError> {
    let rows = step.view();
    let mut update = Update { web, names: Vec::new(), texts: Vec::new() };
    let mut texts = Vec::new();
    let next = match cursor {
        Cursor::Files { number, after } => {
            let numbers = look::share_numbers(rows, web)?;
            let Some(number) = numbers.into_iter().find(|other| *other >= number) else {
                let part = Part {
                    web,
                    entries: Vec::new(),
                    contents: Vec::new(),
                    texts,
                    told: Told::Anew(Some(Cursor::Kept { after: None })),
                };
                return Ok((part, update));
            };
            let is_own = look::is_own(rows, number)?;
            let limit = if is_own { TEXTS_MAX } else { ITEMS_MAX };
            let files = look::files_after(rows, number, after, limit)?;
            for file in &files {
                let item = name_item(rows, number, *file)?;
                if item.path.is_some() {
                    update.names.push(item);
                }
                let content = look::place(rows, number, *file)?.and_then(|place| place.content);
                if let Some(content) = content.filter(|_| is_own) {
                    texts.extend(text_item(rows, web, content, &mut update)?);
                }
            }
            let is_all = files.len() < limit;
            Some(match files.last().filter(|_| !is_all) {
                Some(last) => Cursor::Files { number, after: Some(*last) },
                None => Cursor::Files { number: number.saturating_add(1), after: None },
            })
        }
        Cursor::Kept { after } => {
            let kept = look::kept_after(rows, web, after, TEXTS_MAX)?;
            for content in &kept {
                texts.extend(text_item(rows, web, *content, &mut update)?);
            }
            kept.last().filter(|_| kept.len() == TEXTS_MAX).map(|last| Cursor::Kept { after: Some(*last) })
        }
    };
    Ok((Part { web, entries: Vec::new(), contents: Vec::new(), texts, told: Told::Anew(next) }, update))
}

fn name_item<R: Rows + ?Sized>(rows: &R, number: u64, file: FileId) -> Result<NameItem, StoreError> {
    let path = match look::place(rows, number, file)? {
        Some(place) => Some(format!("{}/{}", owner_label(rows, &place)?, place.path)),
        None => None,
    };
    Ok(NameItem { number, file, path })
}

/// Adds a content to an update if the index has to hear of it; says whether it is in the index then.
fn text_item<R: Rows + ?Sized>(
    rows: &R,
    web: WebId,
    content: ContentId,
    update: &mut Update,
) -> Result<Option<(ContentId, bool)>, StoreError> {
    let is_known = TEXTS.has(rows, &(web, content))?;
    let source = look::source_in(rows, web, content)?;
    let place = match source {
        Some(_) => named(rows, web, content)?,
        None => None,
    };
    match (source, place) {
        (Some(source), Some(place)) if !is_known => {
            let document = Document { name: place.path, size: place.size, source };
            update.texts.push(TextItem { content, document: Some(document) });
            Ok(Some((content, true)))
        }
        (None, _) if is_known => {
            update.texts.push(TextItem { content, document: None });
            Ok(Some((content, false)))
        }
        _ => Ok(None),
    }
}

/// Returns a place that shows a content, for its name; none when no name is that of a text.
fn named<R: Rows + ?Sized>(rows: &R, web: WebId, content: ContentId) -> Result<Option<Place>, StoreError> {
    let mut found = None;
    for showing in look::showing(rows, web, content, 4)? {
        if let Some(place) = look::place(rows, showing.number, showing.file)?
            && may_have_text(&place.path)
        {
            found = found.or(Some(place));
        }
    }
    Ok(found)
}

/// Notes that the driver has a part.
fn settle(step: &mut Step<'_>, part: &Part) -> Result<(), StoreError> {
    changes::settle_entries(step, &part.entries)?;
    changes::settle_contents(step, &part.contents)?;
    for (content, is_in) in &part.texts {
        UNREAD.delete(step.rows(), &(part.web, *content));
        if *is_in {
            TEXTS.put(step.rows(), &(part.web, *content), &());
        } else {
            TEXTS.delete(step.rows(), &(part.web, *content));
        }
    }
    if let Told::Anew(cursor) = part.told {
        INDEXED.put(step.rows(), &part.web, &IndexedRow { version: INDEX_VERSION, cursor });
    }
    Ok(())
}

fn forget_texts(step: &mut Step<'_>, web: WebId) -> Result<(), StoreError> {
    let unread: Vec<_> = UNREAD.within(step.view(), &web).collect::<Result<_, _>>()?;
    for (key, _) in unread {
        UNREAD.delete(step.rows(), &key);
    }
    let texts: Vec<_> = TEXTS.within(step.view(), &web).collect::<Result<_, _>>()?;
    for (key, ()) in texts {
        TEXTS.delete(step.rows(), &key);
    }
    Ok(())
}
