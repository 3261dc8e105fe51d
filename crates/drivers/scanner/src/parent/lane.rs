//! What a thread does: takes jobs, has a child look through contents, and starts it anew when a content has ended it.

use std::collections::BTreeSet;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use base::ContentId;
use files::jobs::Source;
use guard::jobs::{
    Compile, Compiled, FINDINGS_MAX, Finding, ITEMS_MAX, Outcome, PLACES_MAX, RULES_SIZE_MAX, SETS_MAX, Scan,
    ScanItem, Scanned, to_bytes,
};

use super::cache::Refusal;
use super::driver::Shared;
use super::library::Opened;
use super::line::{Errand, Next};
use super::process::{Ended, Process};
use crate::frames::CompiledSet;
use crate::rules::{BUILT_IN, built_in_set};
use reports::Task;

/// A child unused for so long is ended, for its memory.
const CHILD_IDLE: Duration = Duration::from_secs(10);
/// Bytes of the texts in an outcome at most.
const TEXT_SIZE_MAX: usize = 1_024;

/// Works until there will be no more; the work of one thread.
pub(super) fn work(shared: &Shared) {
    let mut lane = Lane { shared, process: None };
    loop {
        let timeout = lane.process.is_some().then_some(CHILD_IDLE);
        match shared.line.pop(timeout) {
            Next::Closed => return,
            Next::Quiet => lane.process = None,
            Next::Work(Errand::Refuse(task, why)) => task.finish(Err(why)),
            Next::Work(Errand::Scan(task, scan)) => {
                let done = catch_unwind(AssertUnwindSafe(|| lane.scan(&task, &scan)));
                task.finish(done.unwrap_or_else(|_| Err(panicked())).map(|scanned| to_bytes(&scanned)));
            }
            Next::Work(Errand::Compile(task, compile)) => {
                let done = catch_unwind(AssertUnwindSafe(|| lane.compile(&task, compile)));
                task.finish(done.unwrap_or_else(|_| Err(panicked())).map(|compiled| to_bytes(&compiled)));
            }
        }
    }
}

fn panicked() -> String {
    "a defect of this program ended the work".to_owned()
}

fn not_started(error: &io::Error) -> String {
    format!("the program that looks through contents cannot be started: {error}")
}

struct Lane<'a> {
    shared: &'a Shared,
    process: Option<Process>,
}

/// A set that can be loaded.
type Set = (ContentId, Arc<CompiledSet>);

impl Lane<'_> {
    fn compile(&mut self, task: &Task, compile: Compile) -> Result<Compiled, String> {
        let set = self.compiled(task, compile.set)?;
        Ok(Compiled { rules: set.rules, licences: set.licences.clone() })
    }

    fn scan(&mut self, task: &Task, scan: &Scan) -> Result<Scanned, String> {
        if scan.items.len() > ITEMS_MAX || scan.sets.len() > SETS_MAX {
            return Err(format!("more than {ITEMS_MAX} contents or {SETS_MAX} sets of rules at once"));
        }
        let mut sets = vec![(built_in_set(), self.compiled(task, built_in_set())?)];
        let mut missing = Vec::new();
        for id in scan.sets.iter().copied().collect::<BTreeSet<_>>() {
            match self.compiled(task, id) {
                Ok(_) if id == built_in_set() => {}
                Ok(set) => sets.push((id, set)),
                Err(why) => missing.push(format!("a set of rules is not used: {why}")),
            }
        }
        let mut outcomes = Vec::new();
        for item in &scan.items {
            if task.is_cancelled() {
                break;
            }
            let mut outcome = self.item(task, item, &sets)?;
            if let (Outcome::Seen { unseen, .. }, Some(why)) = (&mut outcome, missing.first()) {
                add_reason(unseen, why);
            }
            outcomes.push(outcome);
        }
        Ok(Scanned { outcomes, built_in: built_in_set() })
    }

    fn item(&mut self, task: &Task, item: &ScanItem, sets: &[Set]) -> Result<Outcome, String> {
        let library = Arc::clone(&self.shared.library);
        let opened = match Opened::open(&*library, item.content, &item.source) {
            Ok(opened) => opened,
            Err(error) => return Ok(Outcome::NotSeen { why: error.to_string() }),
        };
        let outcome = self.look(task, item, &opened, sets)?;
        let mut outcome = checked(outcome, sets);
        if let (Outcome::Seen { findings, .. }, Some(clamd)) = (&mut outcome, &self.shared.clamd)
            && let Some(finding) = clamd.ask(&opened)
        {
            findings.truncate(FINDINGS_MAX - 1);
            findings.push(finding);
            findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        }
        Ok(outcome)
    }

    /// Has a child look, and another when it ended: it may have been worn out, or the sets of others are to blame.
    fn look(
        &mut self,
        task: &Task,
        item: &ScanItem,
        opened: &Opened<'_>,
        sets: &[Set],
    ) -> Result<Outcome, String> {
        let was_new = self.process.as_ref().is_none_or(Process::is_new);
        let ended = match self.ask(task, item, opened, sets)? {
            Ok(outcome) => return Ok(outcome),
            Err(Ended::Cancelled) => return Ok(not_wanted()),
            Err(ended) => ended,
        };
        let (built_in, others) = sets.split_at(sets.len().min(1));
        if !others.is_empty() {
            return Ok(match self.ask(task, item, opened, built_in)? {
                Ok(Outcome::Seen { findings, mut unseen }) => {
                    add_reason(&mut unseen, "the sets of rules that were added break or take too long on it");
                    Outcome::Seen { findings, unseen }
                }
                Ok(outcome) => outcome,
                Err(ended) => not_seen(ended),
            });
        }
        if ended == Ended::Crashed && !was_new {
            return Ok(self.ask(task, item, opened, sets)?.unwrap_or_else(not_seen));
        }
        Ok(not_seen(ended))
    }

    /// Asks the child, started and loaded as far as it is not; it is gone when it ended.
    fn ask(
        &mut self,
        task: &Task,
        item: &ScanItem,
        opened: &Opened<'_>,
        sets: &[Set],
    ) -> Result<Result<Outcome, Ended>, String> {
        // A child never forgets a set; one with many old ones is replaced.
        let fits = |process: &Process| {
            let new = sets.iter().filter(|(id, _)| !process.has(*id)).count();
            process.sets() + new <= SETS_MAX + 1
        };
        let process = match self.process.take().filter(fits) {
            Some(process) => process,
            None => Process::start(&self.shared.program).map_err(|error| not_started(&error))?,
        };
        let mut process = process;
        for (id, set) in sets {
            if !process.has(*id)
                && let Err(ended) = process.load(task, *id, &set.code)
            {
                return Ok(Err(ended));
            }
        }
        let ids: Vec<ContentId> = sets.iter().map(|(id, _)| *id).collect();
        let outcome = process.look(task, opened, &item.name, &ids);
        if outcome.is_ok() {
            self.process = Some(process);
        }
        Ok(outcome)
    }

    fn compiled(&self, task: &Task, set: ContentId) -> Result<Arc<CompiledSet>, String> {
        self.shared.cache.get_or(set, || {
            let source = match set == built_in_set() {
                true => BUILT_IN.as_bytes().to_vec(),
                false => self.source(set)?,
            };
            // A child of its own, thrown away after: what has seen contents of others makes no rules.
            let mut process =
                Process::start(&self.shared.program).map_err(|error| Refusal::Now(not_started(&error)))?;
            match process.compile(task, &source) {
                Ok(made) => made.map_err(Refusal::Ever),
                Err(Ended::Cancelled) => Err(Refusal::Now("it is no longer wanted".to_owned())),
                Err(Ended::TooLong) => Err(Refusal::Ever("it takes too long to compile".to_owned())),
                Err(Ended::Crashed) if process.has_broken() => {
                    Err(Refusal::Ever("it breaks the compiler, or needs too much memory".to_owned()))
                }
                Err(Ended::Crashed) => {
                    Err(Refusal::Now("the program that compiles ended without an answer".to_owned()))
                }
            }
        })
    }

    fn source(&self, set: ContentId) -> Result<Vec<u8>, Refusal> {
        let now = |error: &dyn std::fmt::Display| Refusal::Now(error.to_string());
        let opened = Opened::open(&*self.shared.library, set, &Source::Store).map_err(|error| now(&error))?;
        if opened.size() > RULES_SIZE_MAX {
            return Err(Refusal::Ever(format!("it has {} bytes, {RULES_SIZE_MAX} allowed", opened.size())));
        }
        let size = usize::try_from(opened.size()).map_err(|error| now(&error))?;
        let source = opened.read(0, size).map_err(|error| now(&error))?;
        if crate::rules::set_of(&source) != set {
            return Err(Refusal::Now("its bytes are not those they should be".to_owned()));
        }
        Ok(source)
    }
}

fn not_wanted() -> Outcome {
    Outcome::NotSeen { why: "it is no longer wanted".to_owned() }
}

fn not_seen(ended: Ended) -> Outcome {
    let why = match ended {
        Ended::Crashed => "the scanner ended on it",
        Ended::TooLong => "the scanner takes too long on it",
        Ended::Cancelled => return not_wanted(),
    };
    Outcome::NotSeen { why: why.to_owned() }
}

fn add_reason(unseen: &mut Option<String>, why: &str) {
    let text = match unseen.take() {
        Some(others) => format!("{others}; {why}"),
        None => why.to_owned(),
    };
    *unseen = Some(cut(text));
}

fn cut(mut text: String) -> String {
    text.truncate(text.floor_char_boundary(TEXT_SIZE_MAX));
    text
}

/// A child that was taken over says what it likes, but no more than this, and only of sets it was asked about.
fn checked(outcome: Outcome, sets: &[Set]) -> Outcome {
    match outcome {
        Outcome::NotSeen { why } => Outcome::NotSeen { why: cut(why) },
        Outcome::Seen { findings, unseen } => {
            let is_known = |finding: &Finding| sets.iter().any(|(id, _)| *id == finding.set);
            let findings = findings.into_iter().filter(is_known).take(FINDINGS_MAX).map(|mut finding| {
                finding.rule.truncate(finding.rule.floor_char_boundary(guard::jobs::RULE_NAME_MAX));
                finding.inside = finding.inside.map(cut);
                finding.places.truncate(PLACES_MAX);
                finding
            });
            Outcome::Seen { findings: findings.collect(), unseen: unseen.map(cut) }
        }
    }
}
