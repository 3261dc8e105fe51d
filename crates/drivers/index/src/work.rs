//! What the threads do: take jobs, answer them, and notice damage.

use std::panic::{AssertUnwindSafe, catch_unwind};

use base::{ContentId, WebId};
use search::jobs::{
    Answer, Query, SNIPPETS_MAX, Show, Shown, Snippet, Summarized, Texts, WORDS_MAX, to_bytes,
};
use search::summary::{WordKey, build};
use tantivy::Searcher;

use crate::driver::Shared;
use crate::error::IndexError;
use crate::extract::Reader;
use crate::queue::Next;
use crate::schema::Fields;
use crate::snippet::Phrases;
use crate::update::{self, UpdateJob};
use crate::webs::{LOOK_EVERY, Web, Webs};
use crate::{names, texts};
use reports::Task;

/// What only reads.
#[derive(Debug)]
pub(crate) enum Question {
    /// Names and texts that match.
    Find(Query),
    /// Parts of texts.
    Show(Show),
}

/// A change of one web's index.
#[derive(Debug)]
pub(crate) enum Change {
    /// Names and texts.
    Update(UpdateJob),
    /// The end of it.
    Forget(Task),
    /// The filter of its words; it waits for changes before it.
    Summarize(Task, WordKey),
    /// A job whose input cannot be read.
    Refuse(Task),
    /// Not a job: what was lost before the driver started is said again.
    SayLost(Vec<WebId>),
}

impl Change {
    /// Says whether two changes may be committed together: no text has to be read for either.
    fn joins(&self, next: &Self) -> bool {
        let is_quick = |one: &Self| match one {
            Self::Update(job) => job.update.texts.is_empty(),
            Self::Forget(_) | Self::Summarize(..) | Self::Refuse(_) | Self::SayLost(_) => false,
        };
        is_quick(self) && is_quick(next)
    }
}

/// Changes indexes until the driver stops.
pub(crate) fn change(shared: &Shared) {
    let mut reader = shared.reader();
    loop {
        let timeout = shared.webs.is_any_open().then_some(LOOK_EVERY);
        match shared.changes.pop(timeout, Change::joins) {
            Next::Work(web, changes) => {
                let mut updates = Vec::new();
                for change in changes {
                    match change {
                        Change::Update(job) => updates.push(job),
                        Change::Forget(task) => forget(&shared.webs, web, &task),
                        Change::Summarize(task, key) => summarize(&shared.webs, web, &task, &key),
                        Change::SayLost(webs) => shared.webs.say_lost(webs),
                        Change::Refuse(task) => task.finish(Err("the job's input cannot be read".to_owned())),
                    }
                }
                if !updates.is_empty() {
                    update_all(&shared.webs, web, &updates, &mut reader);
                }
                shared.changes.done(web);
            }
            Next::Quiet => {
                reader.rest();
                shared.webs.rest();
            }
            Next::Closed => return,
        }
    }
}

fn forget(webs: &Webs, web: WebId, task: &Task) {
    let outcome = webs.forget(web).map(|()| Vec::new());
    task.finish(outcome.map_err(|error| format!("the search index of a web cannot be removed: {error}")));
}

/// Makes the filter of all words of a web's texts; words of removed texts stay in it until their segment is merged.
fn summarize(webs: &Webs, id: WebId, task: &Task, key: &WordKey) {
    let made = AssertUnwindSafe(|| match webs.find(id)? {
        Some(web) => texts::numbers(&web.searcher(), &webs.fields, key),
        None => Ok(Some(Vec::new())),
    });
    let outcome =
        catch_unwind(made).unwrap_or_else(|_| Err(IndexError::Damaged("reading it panicked".to_owned())));
    match outcome {
        Ok(numbers) => {
            let filter = numbers.and_then(build).map(Into::into);
            task.finish(Ok(to_bytes(&Summarized { filter })));
        }
        Err(error) => {
            if let IndexError::Damaged(why) = &error {
                webs.lose(id, webs.find(id).ok().flatten().as_ref(), why);
            }
            task.finish(Err(error.text()));
        }
    }
}

/// Takes jobs in and ends them while the right to write is held: what is said to be done cannot be lost unnoticed
/// in between.
fn update_all(webs: &Webs, id: WebId, jobs: &[UpdateJob], reader: &mut Reader) {
    let web = match webs.find_or_make(id) {
        Ok(web) => web,
        Err(error) => {
            if let IndexError::Damaged(why) = &error {
                webs.lose(id, None, why);
            }
            fail_all(jobs, &error);
            return;
        }
    };
    let mut writing = web.write();
    let fields = &webs.fields;
    let run = AssertUnwindSafe(|| update::run(&web, fields, jobs, reader, &mut writing));
    let outcome =
        catch_unwind(run).unwrap_or_else(|_| Err(IndexError::Damaged("writing it panicked".to_owned())));
    match outcome {
        Ok(updated) => {
            for (job, updated) in jobs.iter().zip(updated) {
                job.task.finish(Ok(to_bytes(&updated)));
            }
        }
        Err(error) => {
            writing.give_up();
            drop(writing);
            if let IndexError::Damaged(why) = &error {
                webs.lose(id, Some(&web), why);
            }
            fail_all(jobs, &error);
        }
    }
}

fn fail_all(jobs: &[UpdateJob], error: &IndexError) {
    for job in jobs {
        job.task.finish(Err(error.text()));
    }
}

/// Answers queries until the driver stops.
pub(crate) fn answer(shared: &Shared) {
    loop {
        let (web, questions) = match shared.questions.pop(None, |_, _| false) {
            Next::Work(web, questions) => (web, questions),
            Next::Quiet => continue,
            Next::Closed => return,
        };
        // Two may ask one web at the same time.
        shared.questions.done(web);
        for (task, question) in questions {
            let is_first = !shared.webs.is_any_open();
            let outcome = match &question {
                _ if task.is_cancelled() => Ok(Vec::new()),
                Question::Find(query) => find(&shared.webs, query),
                Question::Show(show) => self::show(&shared.webs, show),
            };
            if is_first {
                // Somebody has to close what was opened for this.
                shared.changes.wake();
            }
            task.finish(outcome.map_err(|error| error.text()));
        }
    }
}

fn find(webs: &Webs, query: &Query) -> Result<Vec<u8>, IndexError> {
    let found = with_index(webs, query.web, |web, searcher| find_in(web, searcher, &webs.fields, query))?;
    Ok(to_bytes(&found.unwrap_or_else(|| nothing(query))))
}

/// Makes snippets; each text is looked for in the indexes in their order.
fn show(webs: &Webs, show: &Show) -> Result<Vec<u8>, IndexError> {
    let all = show.words.get(..WORDS_MAX).unwrap_or(&show.words);
    let phrases = Phrases::new(all, &show.phrases);
    let mut left = show.contents.get(..SNIPPETS_MAX).unwrap_or(&show.contents).to_vec();
    let mut snippets = Vec::new();
    for web in &show.webs {
        let found = with_index(webs, *web, |_, searcher| {
            let shown = |content: &ContentId| texts::show(searcher, &webs.fields, *content, (all, &phrases));
            left.iter().map(shown).collect::<Result<Vec<_>, _>>()
        })?;
        snippets.extend(found.into_iter().flatten().flatten());
        left.retain(|content| !snippets.iter().any(|one: &Snippet| one.content == *content));
    }
    Ok(to_bytes(&Shown { snippets }))
}

/// Reads an index; `None` when there is none, or when it is damaged, which is noticed.
fn with_index<T>(
    webs: &Webs,
    id: WebId,
    read: impl FnOnce(&Web, &Searcher) -> Result<T, IndexError>,
) -> Result<Option<T>, IndexError> {
    let web = match webs.find(id) {
        Ok(Some(web)) => web,
        Ok(None) => return Ok(None),
        Err(IndexError::Damaged(why)) => {
            webs.lose(id, None, &why);
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    let run = AssertUnwindSafe(|| read(&web, &web.searcher()));
    let outcome =
        catch_unwind(run).unwrap_or_else(|_| Err(IndexError::Damaged("reading it panicked".to_owned())));
    match outcome {
        Err(IndexError::Damaged(why)) => {
            webs.lose(id, Some(&web), &why);
            Ok(None)
        }
        outcome => outcome.map(Some),
    }
}

/// An answer without hits has a number for each word, too.
fn nothing(query: &Query) -> Answer {
    let found_in = if query.texts == 0 { Vec::new() } else { vec![0; query.words.len().min(WORDS_MAX)] };
    Answer { texts: Texts { found_in, ..Texts::default() }, ..Answer::default() }
}

fn find_in(web: &Web, searcher: &Searcher, fields: &Fields, query: &Query) -> Result<Answer, IndexError> {
    let all = query.words.get(..WORDS_MAX).unwrap_or(&query.words);
    let words: Vec<&str> = all.iter().map(String::as_str).filter(|word| !word.is_empty()).collect();
    let (names, names_total) = names::find(searcher, fields, &words, query)?;
    let texts = texts::find(web, searcher, fields, query, all)?;
    Ok(Answer { names, names_total, texts })
}
