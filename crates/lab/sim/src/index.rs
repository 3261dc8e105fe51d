//! The index driver of a simulated peer: what `crates/drivers/index` does, in maps.
//!
//! What an ended update has told is there after a power cut; of what was under way some may be and some not.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use base::{ContentId, FileId, WebId};
use files::jobs::Source;
use kernel::{Input, Job, JobFailure, JobId};
use search::jobs::{
    self, Answer, Document, Forget, Lost, NameHit, Query, SNIPPET_SIZE_MAX, SNIPPETS_MAX, Show, Shown,
    Snippet, Summarize, Summarized, TextHit, Texts, Unread, Update, Updated,
};
use search::rank::score;
use search::summary::build;
use search::words::words;

use crate::dice::Dice;
use crate::texts::Text;
use crate::world::{PeerIndex, World};

/// Milliseconds that a query takes; they stand in a queue.
const QUERY_MS: u64 = 1;

/// A name in an index.
#[derive(Debug, Clone)]
struct Name {
    in_name: Vec<String>,
    in_folders: Vec<String>,
}

/// One web's index.
#[derive(Debug, Clone, Default)]
struct WebIndex {
    names: BTreeMap<(u64, FileId), Name>,
    texts: BTreeMap<ContentId, Arc<Text>>,
}

/// A job that is under way.
#[derive(Debug, Clone)]
enum Change {
    Update { web: WebId, names: Vec<jobs::NameItem>, texts: Vec<(ContentId, Option<Arc<Text>>)> },
    Forget(WebId),
}

/// A peer's indexes.
#[derive(Debug, Clone, Default)]
pub struct Index {
    webs: BTreeMap<WebId, WebIndex>,
    under_way: VecDeque<(JobId, Change)>,
    /// Lost and not begun anew: said again after a start.
    lost: BTreeSet<WebId>,
    /// When the queries that wait are answered.
    free_at_ms: u64,
}

impl Index {
    /// Commits a job and all before it; others are none of this driver's.
    pub(crate) fn ended(&mut self, job: JobId) {
        if let Some(place) = self.under_way.iter().position(|(one, _)| *one == job) {
            for (_, change) in self.under_way.drain(..=place).collect::<Vec<_>>() {
                self.commit(change);
            }
        }
    }

    /// Loses power: some of what was under way had been committed.
    pub(crate) fn cut_power(&mut self, dice: &mut Dice) {
        let kept = dice.index(self.under_way.len() + 1);
        for (_, change) in std::mem::take(&mut self.under_way).into_iter().take(kept) {
            self.commit(change);
        }
        self.free_at_ms = 0;
    }

    /// Loses a web's index; returns the jobs that come to nothing with it.
    fn damage(&mut self, web: WebId, are_failing: bool) -> Vec<JobId> {
        self.webs.remove(&web);
        self.lost.insert(web);
        if !are_failing {
            return Vec::new();
        }
        let is_hit = |change: &Change| match change {
            Change::Update { web: other, .. } | Change::Forget(other) => *other == web,
        };
        let failed =
            self.under_way.iter().filter(|(_, change)| is_hit(change)).map(|(job, _)| *job).collect();
        self.under_way.retain(|(_, change)| !is_hit(change));
        failed
    }

    /// Returns the contents whose texts are in a web's index.
    pub fn contents(&self, web: WebId) -> Vec<ContentId> {
        self.webs.get(&web).into_iter().flat_map(|index| index.texts.keys().copied()).collect()
    }

    /// Returns the contents of a web's index in whose texts all words occur.
    pub(crate) fn with_words(&self, web: WebId, words: &[String]) -> Vec<ContentId> {
        let texts = self.webs.get(&web).into_iter().flat_map(|index| &index.texts);
        let has_all = |text: &Text| words.iter().all(|word| text.words.contains(word));
        texts.filter(|(_, text)| has_all(text)).map(|(content, _)| *content).collect()
    }

    /// Returns how many texts a web's index has.
    pub fn texts_count(&self, web: WebId) -> usize {
        self.webs.get(&web).map_or(0, |index| index.texts.len())
    }

    /// Returns how many names a web's index has.
    pub fn names_count(&self, web: WebId) -> usize {
        self.webs.get(&web).map_or(0, |index| index.names.len())
    }

    /// Returns the webs whose index was lost and not begun anew.
    pub(crate) fn lost(&self) -> Vec<WebId> {
        self.lost.iter().copied().collect()
    }

    fn commit(&mut self, change: Change) {
        match change {
            Change::Forget(web) => {
                self.webs.remove(&web);
                self.lost.remove(&web);
            }
            Change::Update { web, names, texts } => {
                let index = self.webs.entry(web).or_default();
                for name in names {
                    let key = (name.number, name.file);
                    match name.path {
                        Some(path) => drop(index.names.insert(key, read_name(&path))),
                        None => drop(index.names.remove(&key)),
                    }
                }
                for (content, text) in texts {
                    match text {
                        Some(text) => drop(index.texts.insert(content, text)),
                        None => drop(index.texts.remove(&content)),
                    }
                }
            }
        }
    }

    /// Makes the filter of the words in a web's texts, as of the last job that ended.
    fn summary(&self, summarize: &Summarize) -> Option<Vec<u8>> {
        let texts = self.webs.get(&summarize.web).into_iter().flat_map(|index| index.texts.values());
        let words = texts.flat_map(|text| &text.words);
        build(words.map(|word| summarize.key.number(word)).collect())
    }

    fn show(&self, show: &Show) -> Shown {
        let find = |content: &ContentId| {
            let text = show.webs.iter().find_map(|web| self.webs.get(web)?.texts.get(content))?;
            let (snippet, marks) = snippet(text, &show.words);
            Some(Snippet { content: *content, snippet, marks })
        };
        Shown { snippets: show.contents.iter().filter_map(find).collect() }
    }

    /// Returns how long it is until the next question is answered; they stand in a queue.
    fn queue(&mut self, now_ms: u64) -> Duration {
        self.free_at_ms = self.free_at_ms.max(now_ms) + QUERY_MS;
        Duration::from_millis(self.free_at_ms - now_ms + 2)
    }

    fn answer(&self, query: &Query) -> Answer {
        let nothing = WebIndex::default();
        let index = self.webs.get(&query.web).unwrap_or(&nothing);
        let mut names: Vec<NameHit> = Vec::new();
        if query.names > 0 {
            for ((number, file), name) in &index.names {
                names.extend(name.score(query).map(|score| NameHit { number: *number, file: *file, score }));
            }
        }
        let names_total = u64::try_from(names.len()).unwrap_or(0);
        names.sort_by_key(|hit| std::cmp::Reverse(hit.score));
        names.truncate(usize::try_from(query.names).unwrap_or(0));
        Answer { names, names_total, texts: index.texts_with(query) }
    }
}

fn read_name(path: &str) -> Name {
    let (folders, name) = path.rsplit_once('/').unwrap_or(("", path));
    let all = |text: &str| words(text).map(|word| word.text).collect();
    Name { in_name: all(name), in_folders: all(folders) }
}

impl Name {
    /// All words occur, one of them in the name; the last may be a beginning while it is being typed.
    fn score(&self, query: &Query) -> Option<u32> {
        let (mut score, mut is_in_name) = (0, false);
        for (index, word) in query.words.iter().enumerate() {
            let is_typed = query.is_typing && index + 1 == query.words.len();
            let begins = |all: &Vec<String>| is_typed && all.iter().any(|one| one.starts_with(word.as_str()));
            score += if self.in_name.contains(word) {
                is_in_name = true;
                12
            } else if begins(&self.in_name) {
                is_in_name = true;
                9
            } else if self.in_folders.contains(word) {
                6
            } else if begins(&self.in_folders) {
                4
            } else {
                return None;
            };
        }
        let all = [self.in_folders.clone(), self.in_name.clone()].concat();
        (is_in_name && have_phrases(&all, query)).then_some(score)
    }
}

fn have_phrases(all: &[String], query: &Query) -> bool {
    query.phrases.iter().all(|phrase| {
        let first = usize::try_from(phrase.first).unwrap_or(0);
        let end = first.saturating_add(usize::try_from(phrase.count).unwrap_or(0));
        query
            .words
            .get(first..end)
            .is_none_or(|wanted| all.windows(wanted.len()).any(|window| window == wanted))
    })
}

impl WebIndex {
    fn texts_with(&self, query: &Query) -> Texts {
        if query.texts == 0 {
            return Texts::default();
        }
        let count = |count: usize| u64::try_from(count).unwrap_or(0);
        let mut found_in = vec![0; query.words.len()];
        let (mut length, mut hits) = (0, Vec::new());
        for (content, text) in &self.texts {
            length += count(text.words.len());
            let often = |word: &String| text.words.iter().filter(|one| *one == word).count();
            let counts: Vec<u32> =
                query.words.iter().map(|word| u32::try_from(often(word)).unwrap_or(u32::MAX)).collect();
            for (sum, count) in found_in.iter_mut().zip(&counts) {
                *sum += u64::from(*count > 0);
            }
            if counts.iter().all(|count| *count > 0) && have_phrases(&text.words, query) {
                hits.push((*content, counts, text));
            }
        }
        hits.sort_by_key(|(_, counts, _)| std::cmp::Reverse(counts.iter().sum::<u32>()));
        hits.truncate(usize::try_from(query.texts).unwrap_or(0));
        let with_text = |(content, counts, text): (ContentId, Vec<u32>, &Arc<Text>)| {
            let length = u32::try_from(text.words.len()).unwrap_or(u32::MAX);
            (TextHit { content, counts, length, snippet: String::new(), marks: Vec::new() }, Arc::clone(text))
        };
        let mut hits: Vec<(TextHit, Arc<Text>)> = hits.into_iter().map(with_text).collect();
        hits.sort_by(|(one, _), (other, _)| score(other).total_cmp(&score(one)));
        let wanted = SNIPPETS_MAX.min(usize::try_from(query.snippets).unwrap_or(SNIPPETS_MAX));
        for (hit, text) in hits.iter_mut().take(wanted) {
            (hit.snippet, hit.marks) = snippet(text, &query.words);
        }
        let hits = hits.into_iter().map(|(hit, _)| hit).collect();
        Texts { documents: count(self.texts.len()), length, found_in, hits }
    }
}

/// Cuts out a part of a text from its first word of the query on.
fn snippet(text: &Text, wanted: &[String]) -> (String, Vec<(u32, u32)>) {
    let is_wanted = |word: &search::words::Word| wanted.contains(&word.text);
    let from = words(&text.line).find(is_wanted).map_or(0, |word| word.from);
    let to = text.line.len().min(from + SNIPPET_SIZE_MAX / 4);
    let snippet = text.line.get(from..to).unwrap_or_default().to_owned();
    let number = |place: usize| u32::try_from(place).unwrap_or(u32::MAX);
    let marks = words(&snippet).filter(is_wanted).map(|word| (number(word.from), number(word.to))).collect();
    (snippet, marks)
}

/// Carries a job of `search` out.
pub(crate) fn work(world: &mut World, index: PeerIndex, job: &Job) {
    let end = match job.kind {
        jobs::UPDATE => {
            jobs::from_bytes::<Update>(&job.input).map(|update| update_index(world, index, job.id, update))
        }
        jobs::QUERY => jobs::from_bytes::<Query>(&job.input).map(|query| {
            let now_ms = world.now_ms;
            let own = &mut world.peer_mut(index).index_driver;
            (own.queue(now_ms), jobs::to_bytes(&own.answer(&query)))
        }),
        jobs::SHOW => jobs::from_bytes::<Show>(&job.input).map(|show| {
            let now_ms = world.now_ms;
            let own = &mut world.peer_mut(index).index_driver;
            (own.queue(now_ms), jobs::to_bytes(&own.show(&show)))
        }),
        jobs::SUMMARIZE => jobs::from_bytes::<Summarize>(&job.input).map(|summarize| {
            let filter = world.peer(index).index_driver.summary(&summarize).map(Into::into);
            (Duration::from_millis(20), jobs::to_bytes(&Summarized { filter }))
        }),
        _ => jobs::from_bytes::<Forget>(&job.input).map(|forget| {
            world.peer_mut(index).index_driver.under_way.push_back((job.id, Change::Forget(forget.web)));
            (Duration::from_millis(5), Vec::new())
        }),
    };
    match end {
        Ok((wait, bytes)) => world.finish_after(wait, index, job.id, Ok(bytes)),
        Err(error) => {
            world.finish_after(Duration::ZERO, index, job.id, Err(JobFailure::Failed(error.to_string())));
        }
    }
}

fn update_index(world: &mut World, index: PeerIndex, job: JobId, update: Update) -> (Duration, Vec<u8>) {
    let mut unread = Vec::new();
    let mut texts = Vec::new();
    for item in update.texts {
        let content = item.content;
        let text = item.document.map(|document| read(world, index, content, &document));
        if let Some(Err(why)) = &text {
            unread.push(Unread { content, why: (*why).to_owned(), is_lasting: false });
        }
        texts.push((content, text.and_then(Result::ok)));
    }
    let wait = Duration::from_millis(10 + 3 * u64::try_from(texts.len()).unwrap_or(0));
    let change = Change::Update { web: update.web, names: update.names, texts };
    world.peer_mut(index).index_driver.under_way.push_back((job, change));
    (wait, jobs::to_bytes(&Updated { unread }))
}

/// Reads a text where the job says it is: on this peer's disk, or not at all.
fn read(
    world: &World,
    index: PeerIndex,
    content: ContentId,
    document: &Document,
) -> Result<Arc<Text>, &'static str> {
    let peer = world.peer(index);
    let is_there = match &document.source {
        Source::Store => peer.disk.missing(content, document.size).is_empty(),
        Source::Path { path, stat } => {
            let path = path.strip_prefix(&format!("{}/", peer.folder())).unwrap_or(path);
            peer.disk.has_in_place(path, stat, content)
        }
    };
    let known = world.library.get(content).filter(|_| is_there);
    known.map(|known| Arc::clone(&known.text)).ok_or("it is not there as it was")
}

/// Damages a web's index, as a bad disk does; the driver finds out and says so.
pub(crate) fn damage(world: &mut World, index: PeerIndex, web: WebId) {
    if !world.peer(index).is_running() {
        return;
    }
    // A job that was under way comes to nothing, or comes after the damage and begins a new index.
    let are_failing = world.dice.chance(500);
    let failed = world.peer_mut(index).index_driver.damage(web, are_failing);
    let report = jobs::to_bytes(&Lost { web });
    world.input_after(Duration::from_millis(1), index, Input::Noticed { kind: jobs::LOST, report });
    for job in failed {
        world.finish_after(
            Duration::from_millis(2),
            index,
            job,
            Err(JobFailure::Failed("damaged".to_owned())),
        );
    }
}
