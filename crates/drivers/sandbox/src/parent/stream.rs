//! The units of one job on their way through a runner: given ahead, taken back in order, reported together.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use compute::jobs::{
    Failure, INLINE_SIZE_MAX, Outcome, Place, Run, RunCheckpoint, RunReport, RunResult, RunUnit, UNITS_MAX,
    to_bytes,
};
use files::jobs::Source;

use super::driver::Shared;
use super::lane;
use super::library;
use super::process::{Gone, Process};
use crate::engine::Variant;
use crate::frames::{self, FRAME_SIZE_MAX, Failed, FromRunner, ToRunner, Unit};
use reports::Task;

/// Bytes of inputs in one frame, unless one alone has more.
const BATCH_SIZE: usize = 1 << 20;
/// Bytes of outputs in one report, about.
const REPORT_SIZE: usize = 1 << 20;
/// The first result of a report waits so long at most, if more units follow: each report is signed, sent and judged, which
/// costs as much as a quarter of a unit of ten milliseconds.
const REPORT_WAIT: Duration = Duration::from_millis(250);
/// Between looks at a runner that says nothing.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Processor time beyond a unit's own after which its runner does not end it any more.
const OVERTIME: Duration = Duration::from_secs(10);
/// Bytes of a checkpoint that is taken from elsewhere.
const CHECKPOINT_SIZE_MAX: u64 = 512 << 20;

/// How a run through one runner ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// All units have results.
    Done,
    /// Nobody wants the rest.
    Cancelled,
    /// The job has to make room.
    Evicted,
    /// The runner has ended.
    Gone,
    /// The runner does not take the program.
    NotLoaded(String),
}

/// A unit that has no result yet.
#[derive(Debug)]
struct Open {
    unit: RunUnit,
    crashes: u32,
}

/// The units of one job.
pub(super) struct Stream<'a> {
    shared: &'a Shared,
    task: &'a Task,
    run: &'a Run,
    waiting: VecDeque<Open>,
    /// With the runner, in the order given.
    given: VecDeque<Open>,
    given_size: usize,
    report: RunReport,
    report_size: usize,
    since: Instant,
    heard: Instant,
    cpu_heard: Option<Duration>,
}

impl<'a> Stream<'a> {
    /// Starts with all units waiting.
    pub(super) fn new(shared: &'a Shared, task: &'a Task, run: &'a Run, units: Vec<RunUnit>) -> Self {
        let waiting = units.into_iter().map(|unit| Open { unit, crashes: 0 }).collect();
        Self {
            shared,
            task,
            run,
            waiting,
            given: VecDeque::new(),
            given_size: 0,
            report: RunReport::default(),
            report_size: 0,
            since: Instant::now(),
            heard: Instant::now(),
            cpu_heard: None,
        }
    }

    /// Runs the units that wait.
    pub(super) fn run(&mut self, process: &mut Process<'_>) -> Ended {
        self.heard = Instant::now();
        self.cpu_heard = None;
        loop {
            if self.task.is_cancelled() || self.shared.children.is_closed() {
                return Ended::Cancelled;
            }
            if self.waiting.is_empty() && self.given.is_empty() {
                return Ended::Done;
            }
            // Two batches ahead, so that the runner never waits; one when they are large.
            if self.given.len() <= UNITS_MAX / 2
                && self.given_size < BATCH_SIZE
                && self.give(process).is_err()
            {
                return Ended::Gone;
            }
            if self.given.is_empty() {
                continue;
            }
            let is_reporting = !self.report.results.is_empty();
            let left = REPORT_WAIT.saturating_sub(self.since.elapsed());
            let said = match process.hear(if is_reporting { left } else { LOOK_EVERY }) {
                Ok(said) => said,
                Err(Gone) => return Ended::Gone,
            };
            for one in said {
                match self.hear(process, one) {
                    Ok(None) => {}
                    Ok(Some(ended)) => return ended,
                    Err(Gone) => return Ended::Gone,
                }
            }
            if is_reporting && self.since.elapsed() >= REPORT_WAIT {
                self.flush();
            }
            if self.heard.elapsed() >= LOOK_EVERY && self.is_overtime(process) {
                return Ended::Gone;
            }
        }
    }

    /// After the runner has ended: gives back what it had. The first unit was running; a second time is its last.
    pub(super) fn crashed(&mut self) {
        if let Some(mut first) = self.given.pop_front() {
            first.crashes += 1;
            if first.crashes > 1 {
                let text = "the process that ran it ended twice, as when memory runs out";
                self.result(first.unit.unit, lane::failed(&Failed::new(Failure::Unable, text)), 0);
            } else {
                self.given.push_front(first);
            }
        }
        self.take_back();
    }

    /// Ends all units that have no result in the same way.
    pub(super) fn fail_all(&mut self, why: &Failed) {
        self.take_back();
        while let Some(open) = self.waiting.pop_front() {
            self.result(open.unit.unit, lane::failed(why), 0);
        }
        self.flush();
    }

    /// Reports what waits to be.
    pub(super) fn flush(&mut self) {
        if self.report.results.is_empty() && self.report.checkpoints.is_empty() {
            return;
        }
        self.report_size = 0;
        self.task.progress(to_bytes(&std::mem::take(&mut self.report)));
    }

    /// Returns the units that have no result.
    pub(super) fn into_rest(mut self) -> Vec<RunUnit> {
        self.take_back();
        self.waiting.into_iter().map(|open| open.unit).collect()
    }

    /// Puts back what was given, because the runner is gone.
    pub(super) fn take_back(&mut self) {
        self.given_size = 0;
        while let Some(open) = self.given.pop_back() {
            self.waiting.push_front(open);
        }
    }

    /// Gives one frame of units.
    fn give(&mut self, process: &mut Process<'_>) -> Result<(), Gone> {
        let mut units = Vec::new();
        let mut size = 0_usize;
        while size < BATCH_SIZE && self.given.len() < UNITS_MAX {
            let Some(open) = self.waiting.pop_front() else { break };
            let number = open.unit.unit;
            let input = match lane::input(self.shared, &open.unit) {
                Ok(input) => input,
                Err(why) => {
                    let why = Failed::new(Failure::Unable, format!("its input cannot be read: {why}"));
                    self.result(number, lane::failed(&why), 0);
                    continue;
                }
            };
            // A checkpoint that cannot be read costs time only.
            let place = open.unit.checkpoint.as_ref();
            let checkpoint =
                place.and_then(|place| library::read(&*self.shared.library, place, CHECKPOINT_SIZE_MAX).ok());
            let size_of = |checkpoint: &Option<Vec<u8>>| checkpoint.as_ref().map_or(0, Vec::len);
            let checkpoint =
                checkpoint.filter(|one| one.len().saturating_add(input.len()) < FRAME_SIZE_MAX / 2);
            let one = input.len().saturating_add(size_of(&checkpoint)).saturating_add(64);
            size = size.saturating_add(one);
            let (input, checkpoint) = (input.into(), checkpoint.map(Into::into));
            units.push(Unit { unit: number, number: open.unit.number, input, checkpoint });
            self.given.push_back(open);
        }
        if units.is_empty() {
            return Ok(());
        }
        self.given_size = self.given_size.saturating_add(size);
        let name = self.shared.cache.name(self.run.content, Variant::of(&self.run.limits));
        let arguments = self.run.arguments.clone();
        let told =
            ToRunner::Run { name, arguments, limits: self.run.limits, units, content: self.run.content };
        process.tell(&told).map_err(|_too_large| Gone)
    }

    fn hear(&mut self, process: &mut Process<'_>, said: FromRunner) -> Result<Option<Ended>, Gone> {
        self.heard = Instant::now();
        self.cpu_heard = None;
        match said {
            FromRunner::Ready => process.is_ready = true,
            FromRunner::NotLoaded { text } => return Ok(Some(Ended::NotLoaded(frames::cut(text, 512)))),
            FromRunner::Results { results } => {
                for outcome in results {
                    // In the order given; whoever says something else is no longer believed.
                    let open = self.given.pop_front().ok_or(Gone)?;
                    if open.unit.unit != outcome.unit {
                        self.given.push_front(open);
                        return Err(Gone);
                    }
                    self.take(outcome);
                }
                if self.given.is_empty() {
                    self.given_size = 0;
                }
            }
            FromRunner::Checkpoint { unit, state } => {
                let open = self.given.front_mut().filter(|open| open.unit.unit == unit).ok_or(Gone)?;
                let size = state.len() as u64;
                match self.shared.library.keep(state.into()) {
                    Ok(content) => {
                        open.unit.checkpoint = Some(Place::Content { content, size, source: Source::Store });
                        self.report.checkpoints.push(RunCheckpoint { unit, content, size });
                        self.flush();
                    }
                    Err(error) => tracing::warn!(%error, "a checkpoint of a unit cannot be kept"),
                }
            }
        }
        Ok(None)
    }

    fn take(&mut self, outcome: frames::Outcome) {
        let frames::Outcome { unit, cpu_us, output } = outcome;
        let outcome = match output {
            Err(why) => lane::failed(&why),
            Ok(bytes) if bytes.len() as u64 > self.run.limits.output => {
                lane::failed(&Failed::new(Failure::TooLarge, "its output is larger than allowed"))
            }
            Ok(bytes) if bytes.len() <= INLINE_SIZE_MAX => Outcome::Output { bytes },
            Ok(bytes) => {
                let size = bytes.len() as u64;
                match self.shared.library.keep(bytes.into()) {
                    Ok(content) => Outcome::Large { content, size },
                    Err(error) => {
                        let why = format!("its output cannot be kept: {error}");
                        lane::failed(&Failed::new(Failure::Unable, why))
                    }
                }
            }
        };
        self.result(unit, outcome, cpu_us);
    }

    fn result(&mut self, unit: u64, outcome: Outcome, cpu_us: u64) {
        if self.report.results.is_empty() {
            self.since = Instant::now();
        }
        self.report_size += match &outcome {
            Outcome::Output { bytes } => bytes.len(),
            Outcome::Large { .. } => 64,
            Outcome::Failed { log, .. } => log.len(),
        };
        self.report.results.push(RunResult { unit, outcome, cpu_us });
        if self.report.results.len() >= UNITS_MAX || self.report_size >= REPORT_SIZE {
            self.flush();
        }
    }

    /// Says whether the runner works on without ending a unit whose time is over: it is broken or taken over.
    fn is_overtime(&mut self, process: &Process<'_>) -> bool {
        self.heard = Instant::now();
        let cpu = process.cpu();
        let begun = *self.cpu_heard.get_or_insert(cpu);
        let most = Duration::from_millis(self.run.limits.cpu_ms).saturating_add(OVERTIME);
        cpu.saturating_sub(begun) > most
    }
}
