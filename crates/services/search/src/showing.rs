//! Parts of the texts that are shown: asked of whoever named the texts, once it is known which ones will be shown
//! (spec search, rules 31 to 33).
//!
//! Reading a text again costs more than all the rest of an answer, and of what many members name few are shown. Not for:
//! a broker's answer, which brings its best snippets with it, since nobody else is asked.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use base::{ContentId, DeviceId, Fault, WebId};
use files::look;
use kernel::{Channel, JobFailure, Step};
use store::{Rows, StoreError};

use crate::asking::Asking;
use crate::jobs::{self, SHOW, SNIPPETS_MAX, Show, Snippet, from_bytes, to_bytes};
use crate::messages::Message;
use crate::query::Terms;
use crate::reading::{index_of, is_broker};
use crate::service::{Purpose, Search, may_ask};

/// How long the first answers wait for the others before snippets are asked for: most answers come within a tenth of it,
/// and a person has only begun to read the names.
pub(crate) const SETTLING: Duration = Duration::from_millis(250);

/// Alarm, followed by a question's number: what has come will do for showing it.
pub(crate) const SETTLED: &str = "settled ";

/// Snippets asked for one question at most: some hits go down while others come.
const ASKED_MAX: usize = 4 * SNIPPETS_MAX;

/// Who lists a content is looked for in so many shares at most.
const LISTING_MAX: usize = 16;

/// Who named a text is remembered so many times at most.
const NAMED_BY_MAX: usize = 4;

/// A text of a web.
pub(crate) type Text = (WebId, ContentId);

/// Who named a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Source {
    /// An index of this computer.
    Own,
    /// A member, or a broker.
    Peer(DeviceId),
}

/// Which snippets have been asked for.
#[derive(Debug, Default)]
pub(crate) struct Showing {
    named_by: BTreeMap<Text, Vec<Source>>,
    /// Asked for and not come.
    open: BTreeMap<Text, Source>,
    asked: BTreeSet<(Text, Source)>,
    /// Whether something may be wanted that has not been asked for.
    is_due: bool,
    is_settled: bool,
}

impl Showing {
    /// Notes who named a text.
    pub(crate) fn note(&mut self, text: Text, source: Source) {
        self.is_due = true;
        let named_by = self.named_by.entry(text).or_default();
        if named_by.len() < NAMED_BY_MAX && !named_by.contains(&source) {
            named_by.push(source);
        }
    }

    /// Notes that others have had time enough to answer.
    pub(crate) fn settle(&mut self) {
        self.is_settled = true;
    }

    /// Says whether it is to be looked at what is wanted; `are_others_open` while others have not answered.
    pub(crate) fn is_due(&self, are_others_open: bool) -> bool {
        self.is_due && (self.is_settled || !are_others_open)
    }

    /// Says whether all that is wanted has come.
    pub(crate) fn is_done(&self) -> bool {
        !self.is_due && self.open.is_empty()
    }

    /// Ends waiting for a source: it has gone, or has no place. Others may have the same texts.
    pub(crate) fn lose(&mut self, source: Source, of: impl Fn(WebId) -> bool) {
        let before = self.open.len();
        self.open.retain(|(web, _), from| *from != source || !of(*web));
        self.is_due |= self.open.len() != before;
    }

    /// Takes a snippet; false when it was not asked of this source.
    fn take(&mut self, text: Text, source: Source, is_empty: bool) -> bool {
        let is_awaited = self.open.get(&text) == Some(&source);
        if is_awaited {
            self.open.remove(&text);
            self.is_due |= is_empty;
        }
        is_awaited
    }

    /// Decides whom to ask for texts that will be shown without a snippet.
    fn ask(
        &mut self,
        step: &Step<'_>,
        wanted: Vec<Text>,
    ) -> Result<BTreeMap<(WebId, Source), BTreeSet<ContentId>>, StoreError> {
        self.is_due = false;
        let mut asked: BTreeMap<_, BTreeSet<ContentId>> = BTreeMap::new();
        for text in wanted {
            if self.open.contains_key(&text) || self.asked.len() >= ASKED_MAX {
                continue;
            }
            for source in self.named_by.get(&text).into_iter().flatten() {
                let is_here = match source {
                    Source::Own => true,
                    Source::Peer(device) => records::is_connected(step.view(), *device)?,
                };
                if is_here && self.asked.insert((text, *source)) {
                    self.open.insert(text, *source);
                    asked.entry((text.0, *source)).or_default().insert(text.1);
                    break;
                }
            }
        }
        Ok(asked)
    }
}

impl Asking {
    /// Takes snippets, those that were asked of this source.
    pub(crate) fn take_snippets(&mut self, web: WebId, source: Source, snippets: Vec<Snippet>) {
        for Snippet { content, snippet, marks } in snippets {
            if self.showing.take((web, content), source, snippet.is_empty())
                && let Some(hit) = self.texts.get_mut(&(web, content))
            {
                (hit.snippet, hit.marks) = (snippet, marks);
                self.version += 1;
            }
        }
    }
}

impl Search {
    /// Asks for the snippets of texts that will be shown.
    pub(crate) fn ask_snippets(
        &mut self,
        step: &mut Step<'_>,
        asking: &mut Asking,
        wanted: Vec<Text>,
    ) -> Result<(), StoreError> {
        for ((web, source), contents) in asking.showing.ask(step, wanted)? {
            let Terms { words, phrases } = asking.terms.clone();
            let contents: Vec<ContentId> = contents.into_iter().take(SNIPPETS_MAX).collect();
            match source {
                Source::Own => {
                    let webs = indexes(step.view(), web)?;
                    let job =
                        step.work(SHOW, to_bytes(&Show { webs, words, phrases, contents: contents.clone() }));
                    self.jobs.insert(job, Purpose::OwnSnippets { question: asking.question, web, contents });
                }
                Source::Peer(device) => {
                    let question = asking.question;
                    let message = Message::Show { web, question, words, phrases, contents };
                    step.send(device, Channel::Member, to_bytes(&message));
                }
            }
        }
        Ok(())
    }

    /// Begins to answer a member who wants to see parts of texts; what it may not have is not read.
    pub(crate) fn show(
        &mut self,
        step: &mut Step<'_>,
        (to, web, question): (DeviceId, WebId, u64),
        terms: Terms,
        contents: Vec<ContentId>,
    ) -> Result<(), Fault> {
        let mut allowed = Vec::new();
        for content in &contents {
            if may_see(step.view(), (to, web), *content)? {
                allowed.push(*content);
            }
        }
        let Terms { words, phrases } = terms;
        let webs = indexes(step.view(), web)?;
        let job = step.work(SHOW, to_bytes(&Show { webs, words, phrases, contents: allowed }));
        self.jobs.insert(job, Purpose::Snippets { to, web, question, contents });
        Ok(())
    }
}

/// Returns what a job found: of each text that was asked for a snippet, an empty one where there is none.
pub(crate) fn of_all(contents: &[ContentId], outcome: Result<Vec<u8>, JobFailure>) -> Vec<Snippet> {
    let shown = outcome.ok().and_then(|bytes| from_bytes::<jobs::Shown>(&bytes).ok()).unwrap_or_default();
    let mut found: BTreeMap<ContentId, Snippet> =
        shown.snippets.into_iter().map(|one| (one.content, one)).collect();
    let nothing = |content| Snippet { content, snippet: String::new(), marks: Vec::new() };
    contents.iter().map(|content| found.remove(content).unwrap_or_else(|| nothing(*content))).collect()
}

/// Answers a member with what it may see now; nothing when it has been removed meanwhile.
pub(crate) fn serve_snippets(
    step: &mut Step<'_>,
    (to, web, question): (DeviceId, WebId, u64),
    mut snippets: Vec<Snippet>,
) -> Result<(), Fault> {
    if !may_ask(step, web, to)? {
        return Ok(());
    }
    for one in &mut snippets {
        if !may_see(step.view(), (to, web), one.content)? {
            (one.snippet, one.marks) = Default::default();
        }
    }
    step.send(to, Channel::Member, to_bytes(&Message::Shown { web, question, snippets }));
    Ok(())
}

/// Says whether a member may see what is in a text: as in an answer, it may have it from here, or this peer is a broker
/// and a member lists it (spec search, rules 13 and 22).
fn may_see(rows: &dyn Rows, (to, web): (DeviceId, WebId), content: ContentId) -> Result<bool, StoreError> {
    if files::source(rows, to, content)?.is_some() {
        return Ok(true);
    }
    Ok(is_broker(rows, web)? && look::lister(rows, web, content, LISTING_MAX)?.is_some())
}

/// Returns the indexes of a web here.
fn indexes(rows: &dyn Rows, web: WebId) -> Result<Vec<WebId>, StoreError> {
    let reading = is_broker(rows, web)?.then(|| index_of(web));
    Ok([web].into_iter().chain(reading).collect())
}
