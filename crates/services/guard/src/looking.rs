//! Having contents looked through: what came is queued, looked at a part at a time, and what is found is acted on (spec guard,
//! rules 7, 11, 21).

use std::time::Duration;

use base::{ContentId, Fault, Timestamp, WebId};
use files::changes;
use kernel::{JobFailure, Step};
use store::{Rows, StoreError};

use crate::faults::GuardError;
use crate::gate::is_off;
use crate::health;
use crate::jobs::{
    FINDINGS_MAX, Finding, ITEMS_MAX, Outcome, SCAN, Scan, ScanItem, Scanned, Severity, from_bytes, to_bytes,
};
use crate::level;
use crate::log;
use crate::reading;
use crate::rules;
use crate::service::{Guard, Loose, Purpose};
use crate::tables::{
    BUILT_IN, FOUND, LogRow, NUMBER_IS_BLIND, NUMBER_SEEN, NUMBERS, QUEUE, RETRIES, SEEN, SeenRow, What,
};
use crate::warning;

/// Lanes: what a person waits for or somebody warns of, what has just come, what is looked at again with other rules.
pub(crate) const LANE_AWAITED: u8 = 0;
pub(crate) const LANE_NEW: u8 = 1;
pub(crate) const LANE_AGAIN: u8 = 2;

/// Jobs with the scanner at the same time: one goes on while the outcomes of the other are written. One more for what is
/// awaited.
const JOBS_MAX: usize = 2;

/// How long after each other contents are tried again that could not be looked at: their files were just being written.
const RETRY_WAITS: [Duration; 3] = [Duration::from_secs(10), Duration::from_mins(1), Duration::from_mins(10)];

/// What came that is taken notice of in one step at most.
const ARRIVALS_MAX: usize = 256;

/// Contents queued for another look in one step at most.
const AGAIN_MAX: usize = 512;

/// After the scanner could not be had.
const FAILED_WAIT: Duration = Duration::from_secs(10);

/// Alarm: try contents again that could not be looked at.
pub(crate) const RETRY_ALARM: &str = "retry";
/// Alarm: try the scanner again.
pub(crate) const LOOK_ALARM: &str = "look";
/// Alarm: queue what was looked at with other rules.
pub(crate) const AGAIN_ALARM: &str = "again";

impl Guard {
    /// Queues what came, and gives the scanner something to do.
    pub(crate) fn feed(&mut self, step: &mut Step<'_>) -> Result<(), Fault> {
        for content in changes::take_arrived(step, ARRIVALS_MAX)? {
            if !SEEN.has(step.view(), &content)? {
                QUEUE.put(step.rows(), &(LANE_NEW, content), &());
            }
        }
        if is_off(step.view())? || self.is_held_up {
            return Ok(());
        }
        loop {
            let under_way =
                self.jobs.values().filter(|purpose| matches!(purpose, Purpose::Look { .. })).count();
            let is_awaited = QUEUE.within(step.view(), &LANE_AWAITED).next().transpose()?.is_some();
            if under_way >= JOBS_MAX + usize::from(is_awaited) {
                return Ok(());
            }
            let items = self.pick(step)?;
            if items.is_empty() {
                return Ok(());
            }
            let contents: Vec<ContentId> = items.iter().map(|item| item.content).collect();
            let (epoch, sets) = (rules::epoch(step.view())?, rules::to_look_with(step.view())?);
            let job = step.work(SCAN, to_bytes(&Scan { items, sets }));
            self.jobs.insert(job, Purpose::Look { contents, epoch, loose: None });
        }
    }

    /// Picks queued contents that are here and not with the scanner yet; they leave the queue when they were looked through.
    fn pick(&mut self, step: &mut Step<'_>) -> Result<Vec<ScanItem>, Fault> {
        let (mut items, mut first) = (Vec::<ScanItem>::new(), None);
        let queued: Vec<(u8, ContentId)> = QUEUE
            .all(step.view())
            .take(4 * ITEMS_MAX)
            .map(|row| row.map(|(key, ())| key))
            .collect::<Result<_, _>>()?;
        for (lane, content) in queued {
            // What is awaited goes alone: nothing else delays it.
            if items.len() == ITEMS_MAX || first.is_some_and(|first| first == LANE_AWAITED && lane != first) {
                break;
            }
            if self.is_under_way(content) || items.iter().any(|item| item.content == content) {
                continue;
            }
            let Some(source) = files::own_source(step.view(), content)? else {
                // It has gone again; whoever waits for it hears so.
                unqueue(step, content);
                SEEN.delete(step.rows(), &content);
                FOUND.delete(step.rows(), &content);
                self.answer_awaiting(step, content)?;
                continue;
            };
            let name = name_of(step.view(), content)?.unwrap_or_default();
            items.push(ScanItem { content, source, name });
            first = first.or(Some(lane));
        }
        Ok(items)
    }

    pub(crate) fn is_under_way(&self, content: ContentId) -> bool {
        self.jobs.values().any(|purpose| match purpose {
            Purpose::Look { contents, .. } => contents.contains(&content),
            Purpose::Compile { .. } => false,
        })
    }

    /// Takes the end of a look.
    pub(crate) fn take_looked(
        &mut self,
        step: &mut Step<'_>,
        (contents, epoch, loose): (Vec<ContentId>, u64, Option<Loose>),
        outcome: Result<Vec<u8>, JobFailure>,
    ) -> Result<(), Fault> {
        let scanned = outcome.ok().and_then(|bytes| from_bytes::<Scanned>(&bytes).ok());
        let scanned = scanned.filter(|scanned| scanned.outcomes.len() == contents.len());
        let Some(scanned) = scanned else {
            self.is_held_up = true;
            set_blind(step, true)?;
            step.alarm(FAILED_WAIT, LOOK_ALARM);
            self.give_up_checks(step, &GuardError::Blind);
            return Ok(());
        };
        set_blind(step, false)?;
        Self::take_built_in(step, scanned.built_in)?;
        for (content, outcome) in contents.iter().zip(scanned.outcomes) {
            take_outcome(step, (*content, loose.as_ref()), epoch, outcome)?;
            self.answer_awaiting(step, *content)?;
        }
        Ok(())
    }

    /// Another version of this program has another set: all is looked at again.
    fn take_built_in(step: &mut Step<'_>, set: ContentId) -> Result<(), Fault> {
        let known = BUILT_IN.get(step.view(), &())?;
        if known != Some(set) {
            BUILT_IN.put(step.rows(), &(), &set);
            if known.is_some() {
                rules::turn_epoch(step)?;
            }
        }
        Ok(())
    }

    /// Goes on after the scanner could not be had.
    pub(crate) fn look_again(&mut self, step: &mut Step<'_>) -> Result<(), Fault> {
        self.is_held_up = false;
        self.feed(step)
    }

    /// Queues contents that could not be looked at, when it is time to try again.
    pub(crate) fn retry(step: &mut Step<'_>) -> Result<(), StoreError> {
        let now = step.now().millis();
        let all: Vec<(u64, ContentId)> = RETRIES
            .all(step.view())
            .take(AGAIN_MAX)
            .map(|row| row.map(|(key, ())| key))
            .collect::<Result<_, _>>()?;
        for (due, content) in all {
            if due > now {
                break;
            }
            RETRIES.delete(step.rows(), &(due, content));
            QUEUE.put(step.rows(), &(LANE_AGAIN, content), &());
        }
        wake_for_retries(step)
    }

    /// Puts contents first for which somebody waits.
    pub(crate) fn await_soon(step: &mut Step<'_>, contents: &[ContentId]) -> Result<(), StoreError> {
        for content in contents {
            if is_queued(step.view(), *content)? || changes::has_arrived(step.view(), *content)? {
                QUEUE.put(step.rows(), &(LANE_AWAITED, *content), &());
            }
        }
        Ok(())
    }

    /// Queues contents that were looked at with other rules, a part at a time.
    pub(crate) fn queue_again(&mut self, step: &mut Step<'_>) -> Result<(), StoreError> {
        let epoch = rules::epoch(step.view())?;
        // Other rules than those of the last part: from the beginning.
        let from = self.again_from.take().filter(|(of, _)| *of == epoch).map(|(_, from)| from);
        let start = from.unwrap_or(ContentId::new([0; ContentId::LEN]));
        let part: Vec<_> =
            SEEN.within_from(step.view(), &(), &start).take(AGAIN_MAX).collect::<Result<_, _>>()?;
        for (content, seen) in &part {
            if seen.epoch < epoch {
                QUEUE.put(step.rows(), &(LANE_AGAIN, *content), &());
            }
        }
        if let Some((last, _)) = part.last().filter(|_| part.len() == AGAIN_MAX) {
            self.again_from = Some((epoch, *last));
            step.alarm(Duration::from_millis(1), AGAIN_ALARM);
        }
        Ok(())
    }
}

/// Wakes the guard when the first content is to be tried again.
fn wake_for_retries(step: &mut Step<'_>) -> Result<(), StoreError> {
    let first = RETRIES.all(step.view()).next().transpose()?;
    if let Some(((due, _), ())) = first {
        step.alarm(Duration::from_millis(due.saturating_sub(step.now().millis())), RETRY_ALARM);
    }
    Ok(())
}

/// Says whether a content waits to be looked through.
pub(crate) fn is_queued(rows: &dyn Rows, content: ContentId) -> Result<bool, StoreError> {
    Ok(QUEUE.has(rows, &(LANE_AWAITED, content))? || QUEUE.has(rows, &(LANE_NEW, content))?)
}

fn unqueue(step: &mut Step<'_>, content: ContentId) {
    for lane in [LANE_AWAITED, LANE_NEW, LANE_AGAIN] {
        QUEUE.delete(step.rows(), &(lane, content));
    }
}

fn set_blind(step: &mut Step<'_>, is_blind: bool) -> Result<(), Fault> {
    let is_known = NUMBERS.get(step.view(), &NUMBER_IS_BLIND)? == Some(1);
    if is_known != is_blind {
        NUMBERS.put(step.rows(), &NUMBER_IS_BLIND, &u64::from(is_blind));
        health::tell_later(step);
        reading::tell_changed(step, None, None)?;
    }
    Ok(())
}

/// Writes down what a look came to, and acts on it.
fn take_outcome(
    step: &mut Step<'_>,
    (content, loose): (ContentId, Option<&Loose>),
    epoch: u64,
    outcome: Outcome,
) -> Result<(), Fault> {
    let at = step.now();
    let row = match outcome {
        Outcome::Seen { mut findings, unseen } => {
            findings.truncate(FINDINGS_MAX);
            SeenRow { epoch, at, findings, unseen: unseen.unwrap_or_default(), is_blank: false, tries: 0 }
        }
        Outcome::NotSeen { why } => {
            let tries = SEEN.get(step.view(), &content)?.map_or(0, |known| known.tries);
            if let Some(wait) = usize::try_from(tries).ok().and_then(|tries| RETRY_WAITS.get(tries)) {
                RETRIES.put(step.rows(), &(at.after(*wait).millis(), content), &());
                wake_for_retries(step)?;
            }
            let tries = tries.saturating_add(1);
            SeenRow { epoch, at, findings: Vec::new(), unseen: why, is_blank: true, tries }
        }
    };
    unqueue(step, content);
    let is_new = !SEEN.has(step.view(), &content)?;
    let seen = NUMBERS.get(step.view(), &NUMBER_SEEN)?.unwrap_or(0);
    NUMBERS.put(step.rows(), &NUMBER_SEEN, &seen.saturating_add(u64::from(is_new)));
    let findings = row.findings.clone();
    let is_harmful = findings.iter().any(|finding| finding.severity == Severity::Harmful);
    let known = FOUND.has(step.view(), &content)?;
    SEEN.put(step.rows(), &content, &row);
    match is_harmful {
        true => FOUND.put(step.rows(), &content, &()),
        false => FOUND.delete(step.rows(), &content),
    }
    if is_harmful {
        found(step, (content, loose), &findings, at)?;
    } else if level::is_spoken_of(step.view(), content)? {
        warning::refute(step, content, &row)?;
    }
    if is_harmful || known || level::is_spoken_of(step.view(), content)? {
        reading::tell_changed(step, None, Some(content))?;
    }
    Ok(())
}

/// A rule was met: it is held here from this transaction on, and the webs it is of are warned.
fn found(
    step: &mut Step<'_>,
    (content, loose): (ContentId, Option<&Loose>),
    findings: &[Finding],
    at: Timestamp,
) -> Result<(), Fault> {
    let worst = level::first_counting(step.view(), findings)?;
    let name = match loose {
        Some(loose) => loose.name.clone(),
        None => name_of(step.view(), content)?.unwrap_or_default(),
    };
    let shown = worst.or(findings.first());
    let entry = LogRow {
        at,
        web: loose.and_then(|loose| loose.web),
        content: Some(content),
        name,
        person: people::read::my_person(step.view())?,
        what: if worst.is_some() { What::Found } else { What::Observed },
        why: shown.map(|finding| finding.rule.clone()).unwrap_or_default(),
    };
    log::note(step, &entry)?;
    health::tell_later(step);
    if let (Some(worst), Some(Loose { name, web: Some(web) })) = (worst, loose) {
        warning::pass_on(step, *web, content, (worst, name))?;
    }
    pass_on(step, content, findings)
}

fn pass_on(step: &mut Step<'_>, content: ContentId, findings: &[Finding]) -> Result<(), Fault> {
    let Some(worst) = level::first_counting(step.view(), findings)? else { return Ok(()) };
    let name = name_of(step.view(), content)?.unwrap_or_default();
    for web in people::read::webs(step.view())? {
        if level::concerns(step.view(), web.id, content)? {
            warning::pass_on(step, web.id, content, (worst, &name))?;
        }
    }
    Ok(())
}

/// Passes on what was found here where it is not said by enough persons any more: one has left, or counts for less.
pub(crate) fn pass_on_all(step: &mut Step<'_>) -> Result<(), Fault> {
    let found: Vec<ContentId> =
        FOUND.all(step.view()).map(|row| row.map(|(content, ())| content)).collect::<Result<_, _>>()?;
    for content in found {
        if let Some(seen) = SEEN.get(step.view(), &content)? {
            pass_on(step, content, &seen.findings)?;
        }
    }
    Ok(())
}

/// Returns the name of a file that shows a content, without folders.
pub(crate) fn name_of(rows: &dyn Rows, content: ContentId) -> Result<Option<String>, StoreError> {
    for web in people::read::webs(rows)? {
        if let Some((name, _)) = name_in(rows, web.id, content)? {
            return Ok(Some(name));
        }
    }
    Ok(None)
}

/// Returns the name and size by which a web shows a content.
pub(crate) fn name_in(
    rows: &dyn Rows,
    web: WebId,
    content: ContentId,
) -> Result<Option<(String, u64)>, StoreError> {
    for showing in files::look::showing(rows, web, content, 1)? {
        if let Some(place) = files::look::place(rows, showing.number, showing.file)? {
            let name = place.path.rsplit('/').next().unwrap_or_default().to_owned();
            return Ok(Some((name, place.size)));
        }
    }
    Ok(None)
}
