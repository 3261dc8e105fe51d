//! What the threads do: take jobs, answer them, and notice damage.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use base::WebId;
use search::jobs::{Answer, Query, Summarized, Texts, WORDS_MAX, to_bytes};
use search::summary::{WordKey, build};

use crate::driver::Shared;
use crate::error::IndexError;
use crate::extract::Reader;
use crate::queue::Next;
use crate::reports::Task;
use crate::update::{self, UpdateJob};
use crate::webs::{LOOK_EVERY, Web, Webs};
use crate::{names, texts};

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
}

impl Change {
    /// Says whether two changes may be committed together: no text has to be read for either.
    fn joins(&self, next: &Self) -> bool {
        let is_quick = |one: &Self| match one {
            Self::Update(job) => job.update.texts.is_empty(),
            Self::Forget(_) | Self::Summarize(..) | Self::Refuse(_) => false,
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
        let (web, queries) = match shared.queries.pop(None, |_, _| false) {
            Next::Work(web, queries) => (web, queries),
            Next::Quiet => continue,
            Next::Closed => return,
        };
        // Two may ask one web at the same time.
        shared.queries.done(web);
        for (task, query) in queries {
            let is_first = !shared.webs.is_any_open();
            let outcome = if task.is_cancelled() { Ok(Answer::default()) } else { ask(&shared.webs, &query) };
            if is_first {
                // Somebody has to close what was opened for this.
                shared.changes.wake();
            }
            task.finish(outcome.map(|answer| to_bytes(&answer)).map_err(|error| error.text()));
        }
    }
}

fn ask(webs: &Webs, query: &Query) -> Result<Answer, IndexError> {
    let web = match webs.find(query.web) {
        Ok(Some(web)) => web,
        Ok(None) => return Ok(nothing(query)),
        Err(IndexError::Damaged(why)) => {
            webs.lose(query.web, None, &why);
            return Ok(nothing(query));
        }
        Err(error) => return Err(error),
    };
    let run = AssertUnwindSafe(|| ask_one(&web, webs, query));
    let outcome =
        catch_unwind(run).unwrap_or_else(|_| Err(IndexError::Damaged("reading it panicked".to_owned())));
    match outcome {
        Err(IndexError::Damaged(why)) => {
            webs.lose(query.web, Some(&web), &why);
            Ok(nothing(query))
        }
        outcome => outcome,
    }
}

/// An answer without hits has a number for each word, too.
fn nothing(query: &Query) -> Answer {
    let found_in = if query.texts == 0 { Vec::new() } else { vec![0; query.words.len().min(WORDS_MAX)] };
    Answer { texts: Texts { found_in, ..Texts::default() }, ..Answer::default() }
}

fn ask_one(web: &Arc<Web>, webs: &Webs, query: &Query) -> Result<Answer, IndexError> {
    let searcher = web.searcher();
    let all = query.words.get(..WORDS_MAX).unwrap_or(&query.words);
    let words: Vec<&str> = all.iter().map(String::as_str).filter(|word| !word.is_empty()).collect();
    let (names, names_total) = names::find(&searcher, &webs.fields, &words, query)?;
    let texts = texts::find(web, &searcher, &webs.fields, query, all)?;
    Ok(Answer { names, names_total, texts })
}
