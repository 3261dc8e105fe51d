//! Steps of a job, one after the other: which begin, which are over, and the end of the job.

use std::time::Duration;

use base::{Fault, RunId};
use kernel::Step;
use store::StoreError;

use crate::board::Board;
use crate::intervals::{Intervals, Span};
use crate::jobs::{INLINE_SIZE_MAX, Outcome, SAVE, SaveFile, UNITS_MAX};
use crate::messages::{CHUNK, FULL, PARTS_MAX, Says};
use crate::outputs::Outputs;
use crate::owner::StageKey;
use crate::service::Compute;
use crate::tables::{
    CREDITS, INPUTS, InputPart, InputRow, JOBS, JobRow, JobState, KNOWN, RECEIPTS, STAGES, SourceRow,
    StageRow, StageState,
};
use crate::value::{Body, Credit, PERSONS_MAX, Receipt};

/// Units looked through in one step when a step of a job begins.
const LOOK: u64 = 2_000;
/// Large outputs in one group at most.
const LARGE_MAX: usize = 16;
/// How often receipts are told while a job runs.
const RECEIPT_EVERY: Duration = Duration::from_secs(300);

impl Compute {
    /// Goes on with a job: begins steps whose inputs are there, gathers, ends it.
    ///
    /// A deputy in charge goes on in the owner's place, but for what only the owner does (spec compute, rule 30).
    pub(crate) fn advance(&mut self, step: &mut Step<'_>, id: RunId) -> Result<(), Fault> {
        let Some(job) = JOBS.get(step.view(), &id)? else { return Ok(()) };
        if !self.is_in_charge(step, &job)? {
            return Ok(());
        }
        if !matches!(job.state, JobState::Gathering | JobState::Running) {
            return Ok(());
        }
        let mut is_all_done = true;
        for number in job.stages.clone() {
            let Some(stage) = STAGES.get(step.view(), &(id, number))? else { continue };
            match stage.state {
                StageState::Done => {}
                StageState::Running => {
                    is_all_done = false;
                    if let SourceRow::Files { .. } = stage.source {
                        self.gather(step, (id, number), stage)?;
                    }
                }
                StageState::Waiting => {
                    is_all_done = false;
                    if stage.program.is_empty() && self.is_ready(step, id, &stage)? {
                        self.begin_stage(step, (id, number), stage)?;
                    }
                }
            }
        }
        if is_all_done && job.owner == self.me {
            self.finish(step, id)?;
        }
        Ok(())
    }

    /// Says whether all steps that a step needs are done.
    fn is_ready(&self, step: &Step<'_>, id: RunId, stage: &StageRow) -> Result<bool, StoreError> {
        let needed: Vec<u8> = match &stage.source {
            SourceRow::Each { stages } => stages.clone(),
            SourceRow::Groups { stage, .. } => vec![*stage],
            _ => Vec::new(),
        };
        for number in needed {
            let is_done =
                STAGES.get(step.view(), &(id, number))?.is_some_and(|one| one.state == StageState::Done);
            if !is_done {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn begin_stage(&mut self, step: &mut Step<'_>, key: StageKey, mut stage: StageRow) -> Result<(), Fault> {
        let Some(mut job) = JOBS.get(step.view(), &key.0)? else { return Ok(()) };
        match stage.source.clone() {
            SourceRow::Each { stages } => self.put_each(step, key, &mut stage, &stages)?,
            SourceRow::Groups { stage: of, .. } => {
                let units = self.done_units(step, (key.0, of))?;
                self.put_groups(step, key, &mut stage, of, &units)?;
            }
            SourceRow::Range | SourceRow::Items | SourceRow::Files { .. } => {}
        }
        stage.state = StageState::Running;
        let is_owner = job.owner == self.me;
        if !is_owner {
            stage.told = Some(0);
        }
        STAGES.put(step.rows(), &key, &stage);
        if job.state == JobState::Gathering {
            job.state = JobState::Running;
            JOBS.put(step.rows(), &key.0, &job);
        }
        if is_owner {
            self.announce(step, key, &job, &stage)?;
        }
        self.boards.remove(&key);
        self.live(key.0).is_changed = true;
        if self.board(step, key)?.is_none() {
            return Ok(());
        }
        let total = stage.total;
        if is_owner {
            self.recall(step, key, &job, 0, total.min(LOOK))?;
        }
        if is_owner && total > LOOK {
            self.recalling.insert(key, LOOK);
        }
        self.inquire(step, key, &job)?;
        if self.boards.get(&key).is_some_and(Board::is_over) {
            self.end_stage(step, key)?;
        }
        // Files, and what is known, are looked for in steps of their own.
        self.tend_soon(step);
        self.feed(step, key.0)?;
        self.tend_worker(step)
    }

    /// Goes on looking for results that are known.
    pub(crate) fn recall_more(&mut self, step: &mut Step<'_>) -> Result<(), Fault> {
        for (key, from) in std::mem::take(&mut self.recalling) {
            let Some(job) = JOBS.get(step.view(), &key.0)? else { continue };
            let Some(total) = STAGES.get(step.view(), &key)?.map(|stage| stage.total) else { continue };
            let to = total.min(from + LOOK);
            self.recall(step, key, &job, from, to)?;
            if to < total {
                self.recalling.insert(key, to);
                self.tend_soon(step);
            }
            self.after_results(step, key)?;
        }
        Ok(())
    }

    /// Tells the web and the deputies of all steps of a job: those that come later can begin while this computer is away.
    pub(crate) fn announce_all(&mut self, step: &mut Step<'_>, id: RunId) -> Result<(), Fault> {
        let Some(job) = JOBS.get(step.view(), &id)? else { return Ok(()) };
        for number in &job.stages {
            if let Some(stage) = STAGES.get(step.view(), &(id, *number))? {
                self.announce(step, (id, *number), &job, &stage)?;
            }
        }
        Ok(())
    }

    /// Tells the web that there is work, or will be.
    fn announce(
        &mut self,
        step: &mut Step<'_>,
        key: StageKey,
        job: &JobRow,
        stage: &StageRow,
    ) -> Result<(), Fault> {
        if !KNOWN.has(step.view(), &key)? {
            let announced = stage.announced.clone();
            self.need(step, job.web, key.0, (announced.program, announced.program_size));
            records::publish(step, job.web, "compute", wire::to_bytes(&Body::Stage(announced.clone())))?;
            let author = step.me();
            self.hear_stage(step, (job.web, author), announced)?;
        }
        for deputy in &job.deputies {
            self.hand(step, *deputy, key, job, stage);
        }
        Ok(())
    }

    /// Inputs of a step that takes each output of others.
    fn put_each(
        &mut self,
        step: &mut Step<'_>,
        key: StageKey,
        stage: &mut StageRow,
        of: &[u8],
    ) -> Result<(), Fault> {
        let mut inputs = Vec::new();
        for from in of {
            for unit in self.done_units(step, (key.0, *from))? {
                let parts = vec![InputPart::Output { stage: *from, unit }];
                inputs.push(InputRow { parts, path: String::new(), at: None });
            }
        }
        put_inputs(step, key, 0, &inputs)?;
        stage.total = inputs.len() as u64;
        stage.is_closed = true;
        Ok(())
    }

    /// Inputs of a step that joins outputs, or of its next round: as many as fit into a message, in order (rule 62).
    fn put_groups(
        &mut self,
        step: &mut Step<'_>,
        key: StageKey,
        stage: &mut StageRow,
        of: u8,
        units: &[u64],
    ) -> Result<(), Fault> {
        let mut outputs = Outputs::new(key.0);
        let mut inputs: Vec<InputRow> = Vec::new();
        let mut parts = Vec::new();
        let (mut size, mut large) = (0, 0);
        for unit in units.iter().copied() {
            let (bytes, is_large) = match outputs.outcome(step.view(), of, unit)? {
                Some(Outcome::Output { bytes }) => (bytes.len(), false),
                _ => (0, true),
            };
            let is_full =
                parts.len() >= PARTS_MAX || size + bytes > FULL - INLINE_SIZE_MAX || large >= LARGE_MAX;
            // Two at least: a group of one joins nothing.
            if is_full && parts.len() > 1 {
                let parts = std::mem::take(&mut parts);
                inputs.push(InputRow { parts, path: String::new(), at: None });
                (size, large) = (0, 0);
            }
            size += bytes;
            large += usize::from(is_large);
            parts.push(InputPart::Output { stage: of, unit });
        }
        if !parts.is_empty() {
            inputs.push(InputRow { parts, path: String::new(), at: None });
        }
        let first = stage.total;
        put_inputs(step, key, first, &inputs)?;
        stage.total = first + inputs.len() as u64;
        stage.is_closed = inputs.len() <= 1;
        if let SourceRow::Groups { first: round, .. } = &mut stage.source
            && !inputs.is_empty()
        {
            *round = Some(first);
        }
        Ok(())
    }

    /// Joins what came of a round of a step that joins.
    fn begin_round(&mut self, step: &mut Step<'_>, key: StageKey, mut stage: StageRow) -> Result<(), Fault> {
        let Some(job) = JOBS.get(step.view(), &key.0)? else { return Ok(()) };
        let before = stage.total;
        let round = Span { first: before.saturating_sub(stage.round()), count: stage.round() };
        let Some(board) = self.board(step, key)? else { return Ok(()) };
        let mut done = Intervals::of(board.settled.within(round));
        done.remove_all(&board.parked);
        let units: Vec<u64> = done.numbers().collect();
        self.put_groups(step, key, &mut stage, key.1, &units)?;
        if job.owner != self.me && stage.told.is_none() {
            stage.told = Some(before);
        }
        STAGES.put(step.rows(), &key, &stage);
        if let Some(board) = self.board(step, key)? {
            (board.total, board.is_closed) = (stage.total, stage.is_whole());
        }
        self.live(key.0).is_changed = true;
        if job.owner == self.me {
            self.recall(step, key, &job, before, stage.total)?;
            for deputy in &job.deputies {
                self.hand(step, *deputy, key, &job, &stage);
            }
        }
        self.inquire_more(step, key)?;
        self.after_results(step, key)
    }

    fn done_units(&mut self, step: &mut Step<'_>, key: StageKey) -> Result<Vec<u64>, Fault> {
        let Some(results) = STAGES.get(step.view(), &key)?.map(|stage| stage.results()) else {
            return Ok(Vec::new());
        };
        let Some(board) = self.board(step, key)? else { return Ok(Vec::new()) };
        let mut done = Intervals::of(board.settled.within(results));
        done.remove_all(&board.parked);
        Ok(done.numbers().collect())
    }

    /// All units of a step are done: what joins goes on until one is left, then what needs the step begins.
    pub(crate) fn end_stage(&mut self, step: &mut Step<'_>, key: StageKey) -> Result<(), Fault> {
        let Some(mut stage) = STAGES.get(step.view(), &key)? else { return Ok(()) };
        let Some(job) = JOBS.get(step.view(), &key.0)? else { return Ok(()) };
        if stage.state != StageState::Running || !self.is_in_charge(step, &job)? {
            return Ok(());
        }
        if matches!(stage.source, SourceRow::Groups { .. }) && stage.round() > 1 {
            return self.begin_round(step, key, stage);
        }
        stage.state = StageState::Done;
        STAGES.put(step.rows(), &key, &stage);
        self.live(key.0).is_changed = true;
        self.advance(step, key.0)
    }

    /// All steps are done: results are written, receipts told.
    fn finish(&mut self, step: &mut Step<'_>, id: RunId) -> Result<(), Fault> {
        let Some(mut job) = JOBS.get(step.view(), &id)? else { return Ok(()) };
        job.until = Some(step.now());
        job.state = if job.out.is_some() { JobState::Saving } else { JobState::Done };
        JOBS.put(step.rows(), &id, &job);
        self.tell_receipt(step, id, &job)?;
        self.end_job(step, id, &job)?;
        if job.state == JobState::Saving {
            self.save_more(step, id, 0)?;
        }
        Ok(())
    }

    /// A job that was to last as long as the process that began it is over with the first step of the next one: what was
    /// pushed last may be lost, and no number may be given twice (spec compute, rule 66).
    pub(crate) fn end_fleeting(
        &mut self,
        step: &mut Step<'_>,
        id: RunId,
        mut job: JobRow,
    ) -> Result<(), Fault> {
        job.state = JobState::Failed;
        "this computer's peer was started anew, and the job was to last no longer".clone_into(&mut job.note);
        job.until = Some(step.now());
        JOBS.put(step.rows(), &id, &job);
        self.end_job(step, id, &job)
    }

    /// Says to all that nothing more is given out, and lets go of what is in memory.
    pub(crate) fn end_job(&mut self, step: &mut Step<'_>, id: RunId, job: &JobRow) -> Result<(), Fault> {
        records::publish(step, job.web, "compute", wire::to_bytes(&Body::Over { job: id }))?;
        let leases: Vec<(base::DeviceId, u64)> = job
            .stages
            .iter()
            .filter_map(|stage| self.boards.get(&(id, *stage)))
            .flat_map(|board| board.leases().map(|(number, lease)| (lease.device, number)))
            .collect();
        for (device, number) in leases {
            self.say(step, device, id, Says::Stop { leases: vec![number] });
        }
        for stage in &job.stages {
            self.boards.remove(&(id, *stage));
            let rows: Vec<_> = crate::tables::LEASES
                .within(step.view(), &(id, *stage))
                .map(|row| Ok(row?.0))
                .collect::<Result<_, StoreError>>()?;
            for at in &rows {
                crate::tables::LEASES.delete(step.rows(), at);
            }
        }
        let author = step.me();
        self.hear_over(step, (job.web, author), id)?;
        let live = self.live(id);
        live.hungry.clear();
        live.is_changed = true;
        Ok(())
    }

    /// Tells whose work was checked.
    pub(crate) fn tell_receipt(&mut self, step: &mut Step<'_>, id: RunId, job: &JobRow) -> Result<(), Fault> {
        self.live(id).receipt_due = step.now().after(RECEIPT_EVERY);
        let mut persons = Vec::new();
        for row in CREDITS.within(step.view(), &id) {
            let ((_, person), row) = row?;
            persons.push(Credit { person, units: row.units, cpu_us: row.cpu_us });
        }
        persons.truncate(PERSONS_MAX);
        let key = (job.web, step.me(), id);
        if persons.is_empty() || RECEIPTS.get(step.view(), &key)?.is_some_and(|known| known == persons) {
            return Ok(());
        }
        let receipt = Receipt { job: id, persons: persons.clone() };
        records::publish(step, job.web, "compute", wire::to_bytes(&Body::Receipt(receipt)))?;
        RECEIPTS.put(step.rows(), &key, &persons);
        Ok(())
    }

    /// Returns the step whose outputs are the job's.
    pub(crate) fn last_stage(job: &JobRow) -> u8 {
        job.stages.last().copied().unwrap_or_default()
    }

    /// Writes the next results into the folder that was said.
    pub(crate) fn save_more(&mut self, step: &mut Step<'_>, id: RunId, from: u64) -> Result<(), Fault> {
        let Some(mut job) = JOBS.get(step.view(), &id)? else { return Ok(()) };
        let Some(folder) = job.out.clone() else { return Ok(()) };
        let last = Self::last_stage(&job);
        let Some(stage) = STAGES.get(step.view(), &(id, last))? else { return Ok(()) };
        let mut outputs = Outputs::new(id);
        let mut files = Vec::new();
        let (mut unit, mut size) = (from.max(stage.results().first), 0);
        while unit < stage.total && files.len() < UNITS_MAX && size < 8 * FULL {
            let outcome = outputs.outcome(step.view(), last, unit)?;
            let bytes = match outcome {
                Some(Outcome::Output { bytes }) => {
                    size += bytes.len();
                    Some(crate::jobs::Place::Inline { bytes })
                }
                Some(Outcome::Large { content, size }) => {
                    Some(crate::jobs::Place::Content { content, size, source: files::jobs::Source::Store })
                }
                _ => None,
            };
            if let Some(bytes) = bytes {
                let input = outputs.input(step.view(), last, unit)?;
                let path = file_name(&stage, input.as_ref(), unit);
                files.push(SaveFile { path, bytes });
            }
            unit += 1;
        }
        if files.is_empty() && unit >= stage.total {
            job.state = JobState::Done;
            JOBS.put(step.rows(), &id, &job);
            self.live(id).saving = None;
            self.live(id).is_changed = true;
            return Ok(());
        }
        let work = step.work(SAVE, crate::jobs::to_bytes(&crate::jobs::Save { folder, files }));
        self.live(id).saving = Some((work, unit));
        Ok(())
    }
}

/// Writes inputs from a unit on; what stands before it in its row stays.
pub(crate) fn put_inputs(
    step: &mut Step<'_>,
    key: StageKey,
    from: u64,
    inputs: &[InputRow],
) -> Result<(), StoreError> {
    let mut unit = from;
    let mut rest = inputs;
    while !rest.is_empty() {
        let at = (key.0, key.1, unit / CHUNK);
        let mut row = INPUTS.get(step.view(), &at)?.unwrap_or_default();
        let place = usize::try_from(unit % CHUNK).unwrap_or_default();
        row.truncate(place);
        let room = usize::try_from(CHUNK).unwrap_or(usize::MAX).saturating_sub(place);
        let (now, later) = rest.split_at(room.min(rest.len()));
        row.extend_from_slice(now);
        INPUTS.put(step.rows(), &at, &row);
        unit += now.len() as u64;
        rest = later;
    }
    Ok(())
}

/// Returns the file for an output: as its input is called, below the folder all are in if they are of one share; else its number.
fn file_name(stage: &StageRow, input: Option<&InputRow>, unit: u64) -> String {
    if stage.results().count == 1 && matches!(stage.source, SourceRow::Groups { .. }) {
        return "result".to_owned();
    }
    let path = input.map(|input| input.path.as_str()).unwrap_or_default();
    if path.is_empty() {
        return format!("{unit:06}");
    }
    let SourceRow::Files { patterns, .. } = &stage.source else { return format!("{unit:06}") };
    let below = match patterns.as_slice() {
        [only] => {
            path.strip_prefix(&crate::gathering::fixed_part(only)).unwrap_or(path).trim_start_matches('/')
        }
        // Two shares may have files of one name: neither takes the other's place.
        _ => path,
    };
    let name = if below.is_empty() { path.rsplit('/').next().unwrap_or(path) } else { below };
    format!("{name}.out")
}

#[cfg(test)]
mod tests {
    use base::{ContentId, RunId};

    use super::*;
    use crate::jobs::Limits;
    use crate::value::Announcement;

    fn name(patterns: &[&str], path: &str) -> String {
        let limits = Limits { cpu_ms: 1, memory_mib: 1, output: 1, is_nan_canonical: false, fuel: None };
        let announced = Announcement {
            job: RunId::new([0; RunId::LEN]),
            stage: 0,
            name: "count".to_owned(),
            program: ContentId::new([0; ContentId::LEN]),
            program_size: 1,
            arguments: Vec::new().into(),
            limits,
            deputies: Vec::new(),
            priority: 5,
            is_range: false,
            persons: Vec::new(),
            is_joining: false,
        };
        let patterns = patterns.iter().map(|&pattern| pattern.to_owned()).collect();
        let source = SourceRow::Files { patterns, at: 0, after: None };
        let state = StageState::Done;
        let stage = StageRow {
            name: String::new(),
            announced,
            program: String::new(),
            source,
            total: 2,
            is_closed: true,
            state,
            told: None,
        };
        let input = InputRow { parts: Vec::new(), path: path.to_owned(), at: None };
        file_name(&stage, Some(&input), 7)
    }

    #[test]
    fn files_of_one_name_in_two_shares_have_results_of_two_names() {
        assert_eq!(name(&["w/alice/s/**"], "w/alice/s/a/b.txt"), "a/b.txt.out");
        let both = ["w/alice/s/**", "w/bob/s/**"];
        assert_eq!(name(&both, "w/alice/s/b.txt"), "w/alice/s/b.txt.out");
        assert_eq!(name(&both, "w/bob/s/b.txt"), "w/bob/s/b.txt.out");
        assert_eq!(name(&both, ""), "000007");
    }
}
