//! Coordinating a job: giving units out, taking results, ending steps. For the owner, and for a deputy in its place.
//!
//! Not for: what a person asks (`asking.rs`), gathering inputs (`gathering.rs`), or computing (`worker.rs`).

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use base::{ContentId, DeviceId, Fault, PersonId, RunId, Timestamp};
use files::lending::{self, Wanted};
use kernel::Step;
use store::{Rows, StoreError};

use crate::board::{Asker, Board, Lease};
use crate::intervals::{Intervals, Span};
use crate::jobs::{Failure, Outcome};
use crate::judge::{Bench, PROVEN_AFTER, Verdict, Vote};
use crate::messages::{Checkpoint, FULL, Leased, Part, Says};
use crate::outputs::Outputs;
use crate::service::Compute;
use crate::tables::{
    CREDITS, HISTORY, JOBS, JobRow, JobState, KNOWN_FROM, LEASES, LeaseRow, ORDER, OUTCOMES, OutcomeRow,
    PARKED, PENDING, ParkedRow, SHUT_OUT, SPEED, STAGES, STATEMENTS, SpeedRow, StageRow, StageState,
    StatementRow, TrustKind,
};
use crate::value::{SignedStatement, Stated, Statement, digest, step_name};

/// Work in one lease, in microseconds of the asker's pace: long enough that messages cost nothing, short enough that the end
/// of a job is not waited for.
const LEASE_US: u64 = 1_000_000;
/// A lease of which nothing is heard for so long is given to others.
const SILENT: Duration = Duration::from_secs(45);
/// The same of a lease given before a start: results of it may have been taken and then lost with the power, and who brought
/// them has nothing more to say of it. A worker that is at work says so every ten seconds, and has to connect first.
const SILENT_IF_OLD: Duration = Duration::from_secs(20);
/// Lease numbers kept free for each millisecond, so that those given after a start are above all that were given before.
const LEASES_IN_MS: u64 = 1 << 10;
/// Leases of one computer at most.
const LEASES_MAX: usize = 64;
/// Parked units of a step at most; with more it fails as a whole: the program is wrong.
const PARKED_MAX: u64 = 10_000;
/// Spans of five seconds for which units are counted.
pub(crate) const SPEED_SPANS: usize = 60;
pub(crate) const SPEED_SPAN: Duration = Duration::from_secs(5);

/// What is under way of a job, besides its boards.
#[derive(Debug, Default)]
pub(crate) struct Live {
    /// Who waits for units, and for how many leases: (step, device).
    pub(crate) hungry: BTreeMap<(u8, DeviceId), u8>,
    /// Where units could go on: (step, unit).
    pub(crate) checkpoints: BTreeMap<(u8, u64), (ContentId, u64)>,
    /// Results whose large outputs are on their way.
    pub(crate) coming: VecDeque<Coming>,
    /// The job that writes results, and the next unit to write.
    pub(crate) saving: Option<(kernel::JobId, u64)>,
    /// Until when a report has been given, for the receipt.
    pub(crate) receipt_due: Timestamp,
    /// Whether it changed since the last event.
    pub(crate) is_changed: bool,
}

/// Results whose large outputs are on their way.
#[derive(Debug)]
pub(crate) struct Coming {
    pub(crate) from: DeviceId,
    /// What it is told once they are taken; none where they answer a question.
    pub(crate) number: Option<u64>,
    pub(crate) row: StatementRow,
    pub(crate) since: Timestamp,
}

/// A step of a job that is coordinated here.
pub(crate) type StageKey = (RunId, u8);

impl Compute {
    /// Returns the board of a step, made of the rows if it is not in memory.
    pub(crate) fn board(&mut self, step: &Step<'_>, key: StageKey) -> Result<Option<&mut Board>, StoreError> {
        if let std::collections::btree_map::Entry::Vacant(e) = self.boards.entry(key) {
            let Some(job) = JOBS.get(step.view(), &key.0)? else { return Ok(None) };
            let Some(stage) = STAGES.get(step.view(), &key)? else { return Ok(None) };
            let board = load_board(step, key, &job, &stage)?;
            e.insert(board);
        }
        Ok(self.boards.get_mut(&key))
    }

    pub(crate) fn live(&mut self, job: RunId) -> &mut Live {
        self.lives.entry(job).or_default()
    }

    /// Somebody asks for units.
    pub(crate) fn hear_ask(
        &mut self,
        step: &mut Step<'_>,
        from: DeviceId,
        key: StageKey,
        leases: u8,
    ) -> Result<(), Fault> {
        let Some(job) = JOBS.get(step.view(), &key.0)? else { return Ok(()) };
        if !self.may_work(step.view(), &job, from)? {
            return Ok(());
        }
        // A power cut on either side, or a broken line, has taken these: nobody is at work on them.
        let ended = self.board(step, key)?.map(|board| board.end_doubtful(from)).unwrap_or_default();
        for number in ended {
            LEASES.delete(step.rows(), &(key.0, key.1, number));
        }
        self.live(key.0).hungry.insert((key.1, from), leases.min(16));
        self.feed(step, key.0)?;
        if self.live(key.0).hungry.contains_key(&(key.1, from)) {
            self.say(step, from, key.0, Says::Nothing { stage: key.1 });
        }
        Ok(())
    }

    /// Says whether a computer gets units of a job.
    pub(crate) fn may_work<R: Rows + ?Sized>(
        &self,
        rows: &R,
        job: &JobRow,
        device: DeviceId,
    ) -> Result<bool, StoreError> {
        if !people::read::is_member(rows, job.web, device)? && device != self.me {
            return Ok(false);
        }
        let Some(person) = people::read::person_of(rows, job.web, device)? else { return Ok(false) };
        let is_wanted = match job.trust.kind {
            TrustKind::Own => person == job.person,
            TrustKind::Trusted => person == job.person || job.trust.persons.contains(&person),
            _ => true,
        };
        Ok(is_wanted && !SHUT_OUT.has(rows, &person)?)
    }

    /// Gives units to those who wait for them.
    pub(crate) fn feed(&mut self, step: &mut Step<'_>, id: RunId) -> Result<(), Fault> {
        let Some(job) = JOBS.get(step.view(), &id)? else { return Ok(()) };
        if job.state != JobState::Running || !self.is_in_charge(step, &job)? {
            return Ok(());
        }
        if self.is_brought(id, step.now()) {
            return Ok(());
        }
        for stage in &job.stages {
            if self.is_holding((id, *stage), step.now()) {
                continue;
            }
            // Near the end a thousand computers may wait, and each message comes by here.
            let has_free =
                |boards: &BTreeMap<StageKey, Board>| boards.get(&(id, *stage)).is_none_or(Board::has_free);
            if !has_free(&self.boards) {
                continue;
            }
            let hungry: Vec<(DeviceId, u8)> = self
                .live(id)
                .hungry
                .iter()
                .filter(|((at, _), _)| at == stage)
                .map(|((_, who), leases)| (*who, *leases))
                .collect();
            for (device, leases) in hungry {
                let given = self.give(step, (id, *stage), &job, (device, leases))?;
                if given == leases {
                    self.live(id).hungry.remove(&(*stage, device));
                } else if given > 0 {
                    self.live(id).hungry.insert((*stage, device), leases.saturating_sub(given));
                }
                if !has_free(&self.boards) {
                    break;
                }
            }
        }
        Ok(())
    }

    /// Gives a computer units in so many leases; returns in how many it did.
    fn give(
        &mut self,
        step: &mut Step<'_>,
        key: StageKey,
        job: &JobRow,
        (device, leases): (DeviceId, u8),
    ) -> Result<u8, Fault> {
        let Some(stage) = STAGES.get(step.view(), &key)? else { return Ok(0) };
        let Some(person) = people::read::person_of(step.view(), job.web, device)? else { return Ok(0) };
        // Since it asked it may have lied, or been removed.
        if stage.state != StageState::Running || !self.may_work(step.view(), job, device)? {
            return Ok(0);
        }
        let now = step.now();
        // Also among trusted persons: a failure is believed of two, and the same one would only fail again.
        let is_distinct = job.trust.kind != TrustKind::Own;
        let asker = Asker { device, person, is_owner: person == job.person, is_distinct };
        let copies = copies_for(job, person);
        let mut given = 0;
        let mut outputs = Outputs::new(key.0);
        while given < leases {
            let Some(board) = self.board(step, key)? else { return Ok(given) };
            if board.leases_of(device) >= LEASES_MAX {
                break;
            }
            let limit = lease_size(board, device);
            let mut units = board.take(asker, limit, copies);
            let is_spare = units.is_empty() && board.is_closed;
            if is_spare {
                units = board.take_spare(asker, limit);
            }
            if units.is_empty() {
                break;
            }
            let number = board.next_lease;
            let lease = Lease { device, person, units: units.clone(), given: now, heard: now, is_spare };
            board.lease(number, lease);
            let leased = self.leased(step, key, (job, &stage), &units, &mut outputs)?;
            let sent = Intervals::of(leased.iter().map(|one| Intervals::one(one.unit)));
            let mut left = units.clone();
            left.remove_all(&sent);
            if let Some(board) = self.boards.get_mut(&key) {
                board.give_back(number, &left);
            }
            if leased.is_empty() {
                break;
            }
            let row = LeaseRow { device, person, units: sent.spans().collect(), given: now, is_spare };
            LEASES.put(step.rows(), &(key.0, key.1, number), &row);
            self.say(step, device, key.0, Says::Lease { stage: key.1, lease: number, units: leased });
            self.live(key.0).is_changed = true;
            given += 1;
        }
        Ok(given)
    }

    /// Puts inputs to units, as many as fit into a message.
    fn leased(
        &mut self,
        step: &mut Step<'_>,
        key: StageKey,
        (job, stage): (&JobRow, &StageRow),
        units: &Intervals,
        outputs: &mut Outputs,
    ) -> Result<Vec<Leased>, Fault> {
        let mut leased: Vec<Leased> = Vec::new();
        let mut size = 0;
        for unit in units.numbers() {
            if !stage.announced.is_range && outputs.input(step.view(), key.1, unit)?.is_none() {
                // A deputy that has not got all inputs yet.
                continue;
            }
            let parts = match stage.announced.is_range {
                true => Vec::new(),
                false => outputs.parts(step.view(), key.1, unit)?,
            };
            let checkpoint = self.live(key.0).checkpoints.get(&(key.1, unit)).copied();
            let checkpoint = match checkpoint {
                Some((content, size)) if files::look::is_kept(step.view(), job.web, content)? => {
                    Some(Part::Content { content, size, from: Some(self.me) })
                }
                _ => None,
            };
            let one = Leased { unit, parts, checkpoint };
            size += one.size();
            leased.push(one);
            if size >= FULL {
                break;
            }
        }
        Ok(leased)
    }

    /// Takes a statement: for oneself, or as a deputy, who has to bring it to the owner.
    pub(crate) fn take_in_place(
        &mut self,
        step: &mut Step<'_>,
        (id, statement): (RunId, &Statement),
        row: &StatementRow,
    ) -> Result<(), Fault> {
        let Some(job) = JOBS.get(step.view(), &id)? else { return Ok(()) };
        for outcome in &row.outcomes {
            if let Outcome::Large { content, size } = outcome {
                self.need(step, job.web, id, (*content, *size));
            }
        }
        if job.owner != self.me {
            self.owe(step, id, row)?;
        }
        self.take_statement(step, (id, statement), row)
    }

    /// Takes a statement whose signature and outputs are right.
    pub(crate) fn take_statement(
        &mut self,
        step: &mut Step<'_>,
        (id, statement): (RunId, &Statement),
        row: &StatementRow,
    ) -> Result<(), Fault> {
        let key = (id, statement.stage);
        let Some(mut job) = JOBS.get(step.view(), &id)? else { return Ok(()) };
        let Some(person) = people::read::person_of(step.view(), job.web, row.device)? else { return Ok(()) };
        let via = people::read::person_of(step.view(), job.web, row.via)?.unwrap_or(job.person);
        let Some(board) = self.board(step, key)? else { return Ok(()) };
        let units = Intervals::of(statement.units.iter().map(|said| Intervals::one(said.unit)));
        for ended in board.arrived(row.device, &units) {
            LEASES.delete(step.rows(), &(id, key.1, ended));
        }
        // What was known tells nothing of how quick a computer is.
        let is_remembered = row.recalled.is_some() || (row.device == row.via && statement.lease == 0);
        if !is_remembered {
            note_pace(board, row.device, statement);
        }
        board.heard_results(statement.lease, row.device, step.now());
        let number = job.statements + 1;
        let mut turned = Turned { number, ..Turned::default() };
        for (place, (said, outcome)) in (0_u64..).zip(statement.units.iter().zip(&row.outcomes)) {
            let unable = matches!(outcome, Outcome::Failed { failure: Failure::Unable, .. });
            let is_news = said.unit < board.total && !board.settled.has(said.unit);
            let has_voted = board
                .votes
                .get(&said.unit)
                .is_some_and(|all| all.iter().any(|vote| vote.device == row.device));
            if !is_news || has_voted {
                job.spent_us = job.spent_us.saturating_add(said.cpu_us);
                if is_news {
                    // It had been given the unit once more: that copy will not come.
                    turned.again.push(said.unit);
                }
            } else if unable {
                turned.unable.insert(said.unit);
            } else {
                let mut vote = vote_of((row.device, person, via), *said, outcome, (number, place));
                vote.is_remembered = is_remembered;
                board.vote(said.unit, vote);
                turned.voted.push(said.unit);
            }
        }
        if !turned.voted.is_empty() {
            job.statements = number;
            STATEMENTS.put(step.rows(), &(id, number), row);
        }
        JOBS.put(step.rows(), &id, &job);
        self.judge_all(step, key, &job, (row.device, person), &turned)
    }

    /// Judges units on which somebody has just voted, or could not.
    fn judge_all(
        &mut self,
        step: &mut Step<'_>,
        key: StageKey,
        job: &JobRow,
        who: (DeviceId, PersonId),
        turned: &Turned,
    ) -> Result<(), Fault> {
        let now = step.now();
        let units: Vec<u64> = turned.voted.iter().chain(&turned.again).copied().collect();
        let proven = self.proven(step, key, &units)?;
        let is_proven = |one: PersonId| proven.contains(&one);
        let drawn = Draw { secret: job.secret, stage: key.1, of_million: job.trust.drawn };
        let Some(board) = self.boards.get_mut(&key) else { return Ok(()) };
        let mut settled: Vec<(u64, ContentId)> = Vec::new();
        let mut is_pending = false;
        let none = Vec::new();
        for unit in turned.voted.iter().chain(&turned.unable).chain(&turned.again).copied() {
            let votes = board.votes.get(&unit).unwrap_or(&none);
            let bench = Bench {
                trust: &job.trust,
                owner: job.person,
                is_drawn: drawn.has(unit),
                is_proven: &is_proven,
            };
            match bench.judge(votes) {
                Verdict::Settled(digest) => settled.push((unit, digest)),
                Verdict::Short(copies) => board.set_short(unit, copies),
                Verdict::Mine => board.set_mine(unit),
            }
            is_pending |= settled.last().is_none_or(|(last, _)| *last != unit);
            if turned.unable.contains(&unit) {
                board.note_unable(who, unit, now);
            }
        }
        if is_pending && !turned.voted.is_empty() {
            PENDING.put(step.rows(), &(key.0, turned.number), &());
        }
        self.settle(step, key, &settled)
    }

    /// Judges once more what is not settled: who was right in many units since is believed in the others.
    pub(crate) fn judge_again(
        &mut self,
        step: &mut Step<'_>,
        key: StageKey,
        job: &JobRow,
    ) -> Result<(), Fault> {
        let Some(board) = self.boards.get(&key) else { return Ok(()) };
        let turned = Turned { again: board.votes.keys().copied().collect(), ..Turned::default() };
        let me = (self.me, job.person);
        self.judge_all(step, key, job, me, &turned)
    }

    fn proven(
        &self,
        step: &Step<'_>,
        key: StageKey,
        units: &[u64],
    ) -> Result<BTreeSet<PersonId>, StoreError> {
        let mut persons = BTreeSet::new();
        if let Some(board) = self.boards.get(&key) {
            for unit in units {
                persons.extend(board.votes.get(unit).into_iter().flatten().map(|vote| vote.person));
            }
        }
        let mut proven = BTreeSet::new();
        for person in persons {
            if HISTORY.get(step.view(), &person)?.is_some_and(|row| row.in_row >= PROVEN_AFTER) {
                proven.insert(person);
            }
        }
        Ok(proven)
    }

    /// Notes units as done: rows, credit, history, and who was wrong.
    fn settle(
        &mut self,
        step: &mut Step<'_>,
        key: StageKey,
        settled: &[(u64, ContentId)],
    ) -> Result<(), Fault> {
        let Some(mut job) = JOBS.get(step.view(), &key.0)? else { return Ok(()) };
        let Some(board) = self.boards.get_mut(&key) else { return Ok(()) };
        let mut runs: Vec<Run> = Vec::new();
        let mut sums = Sums::default();
        let mut known: Vec<BTreeSet<PersonId>> = Vec::new();
        for (unit, digest) in settled {
            let votes = board.votes.get(unit).cloned().unwrap_or_default();
            let Some(best) = votes.iter().find(|vote| vote.digest == *digest) else { continue };
            let persons: BTreeSet<PersonId> =
                votes.iter().filter(|vote| vote.digest == *digest).map(|vote| vote.person).collect();
            let cpu_us = sums.count(&votes, *digest, &persons, job.person);
            let is_own = persons.contains(&job.person);
            let others = votes.iter().filter(|vote| vote.digest != *digest);
            let wrong = |vote: &Vote| FoundWrong { vote: *vote, unit: *unit, right: *digest, is_own };
            sums.wrong.extend(others.map(wrong));
            let also = votes.iter().filter(|vote| vote.digest == *digest && vote.statement != best.statement);
            let also = also.map(|vote| (vote.statement, vote.place)).collect();
            if votes.iter().all(|vote| vote.digest != *digest || vote.is_remembered) {
                known.push(persons.clone());
            }
            let run = Run { first: *unit, count: 1, vote: *best, persons, cpu_us, also };
            match runs.last_mut() {
                Some(last) if last.takes(&run) => {
                    last.count += 1;
                    last.cpu_us += cpu_us;
                }
                _ => runs.push(run),
            }
        }
        for run in &runs {
            let span = Span { first: run.first, count: run.count };
            board.settle(span);
            if run.vote.is_failure {
                board.parked.insert(span);
            }
        }
        let parked = board.parked.count();
        for run in runs {
            job.order += 1;
            ORDER.put(step.rows(), &(key.0, job.order), &(key.1, run.first));
            if run.vote.is_failure {
                park(step, key, &run)?;
            } else {
                OUTCOMES.put(step.rows(), &(key.0, key.1, run.first), &run.row(job.order));
            }
        }
        job.spent_us = job.spent_us.saturating_add(sums.spent_us);
        job.known += known.len() as u64;
        for person in known.iter().flatten() {
            let count = KNOWN_FROM.get(step.view(), &(key.0, *person))?.unwrap_or_default() + 1;
            KNOWN_FROM.put(step.rows(), &(key.0, *person), &count);
        }
        if parked > PARKED_MAX && job.state == JobState::Running {
            job.state = JobState::Failed;
            job.note = format!("more than {PARKED_MAX} units failed; the first of them are listed");
        }
        JOBS.put(step.rows(), &key.0, &job);
        let count = u32::try_from(settled.len().saturating_sub(known.len())).unwrap_or(u32::MAX);
        count_speed(step, key.0, count)?;
        sums.write(step, key.0)?;
        self.remember(step, key, &job, settled)?;
        self.accuse(step, key, &job, &sums.wrong)
    }

    /// After results: leases nobody needs end, whoever waits is given more, and a step may be over.
    pub(crate) fn after_results(&mut self, step: &mut Step<'_>, key: StageKey) -> Result<(), Fault> {
        let Some(board) = self.boards.get_mut(&key) else { return Ok(()) };
        let mut stopped: BTreeMap<DeviceId, Vec<u64>> = BTreeMap::new();
        for (number, device) in board.idle_leases() {
            LEASES.delete(step.rows(), &(key.0, key.1, number));
            stopped.entry(device).or_default().push(number);
        }
        for (device, leases) in stopped {
            self.say(step, device, key.0, Says::Stop { leases });
        }
        self.live(key.0).is_changed = true;
        if let Some(mut job) = JOBS.get(step.view(), &key.0)?
            && job.state == JobState::Failed
            && job.owner == self.me
        {
            job.until = Some(step.now());
            JOBS.put(step.rows(), &key.0, &job);
            return self.end_job(step, key.0, &job);
        }
        if self.boards.get(&key).is_some_and(Board::is_over) {
            self.end_stage(step, key)?;
        }
        self.feed(step, key.0)
    }

    /// A worker is at work on these.
    pub(crate) fn hear_alive(
        &mut self,
        step: &mut Step<'_>,
        from: DeviceId,
        id: RunId,
        leases: &[u64],
        checkpoints: &[Checkpoint],
    ) -> Result<(), Fault> {
        let Some(job) = JOBS.get(step.view(), &id)? else { return Ok(()) };
        let now = step.now();
        let mut unknown: BTreeSet<u64> = leases.iter().copied().collect();
        let mut wanted = Vec::new();
        for stage in &job.stages {
            let Some(board) = self.board(step, (id, *stage))? else { continue };
            for number in leases {
                if board.heard_of(*number, from, now) {
                    unknown.remove(number);
                }
            }
            for Checkpoint { lease, unit, content, size } in checkpoints {
                let holds = board.lease_of(*lease, from).is_some_and(|one| one.units.has(*unit));
                if holds && *size <= crate::jobs::OUTPUT_SIZE_MAX {
                    wanted.push((*stage, *unit, *content, *size));
                }
            }
        }
        for (stage, unit, content, size) in wanted {
            let before = self.live(id).checkpoints.insert((stage, unit), (content, size));
            lending::bring(step, job.web, vec![Wanted { content, size, from: Some(from) }]);
            self.need(step, job.web, id, (content, size));
            if let Some((before, _)) = before.filter(|(before, _)| *before != content) {
                self.need_no_more(step, job.web, id, before)?;
            }
        }
        if !unknown.is_empty() {
            self.say(step, from, id, Says::Stop { leases: unknown.into_iter().collect() });
        }
        Ok(())
    }

    /// A worker gives leases back.
    pub(crate) fn hear_give_back(
        &mut self,
        step: &mut Step<'_>,
        from: DeviceId,
        id: RunId,
        leases: &[u64],
    ) -> Result<(), Fault> {
        let Some(job) = JOBS.get(step.view(), &id)? else { return Ok(()) };
        // It has enough, or cannot: it asks again when it wants more. Else it would get the same again at once.
        self.live(id).hungry.retain(|(_, device), _| *device != from);
        for stage in &job.stages {
            let Some(board) = self.board(step, (id, *stage))? else { continue };
            for number in leases {
                if board.lease_of(*number, from).is_some() {
                    board.end_lease(*number);
                    LEASES.delete(step.rows(), &(id, *stage, *number));
                }
            }
        }
        self.feed(step, id)
    }

    /// Gives the work of those who say nothing to others.
    pub(crate) fn tend_leases(&mut self, step: &mut Step<'_>, id: RunId) -> Result<(), Fault> {
        let Some(job) = JOBS.get(step.view(), &id)? else { return Ok(()) };
        let now = step.now();
        for stage in &job.stages {
            let Some(board) = self.boards.get_mut(&(id, *stage)) else { continue };
            let silent: Vec<u64> = board
                .leases()
                .filter(|(number, lease)| {
                    let is_old = *number < board.first_lease;
                    now.since(lease.heard) > if is_old { SILENT_IF_OLD } else { SILENT }
                })
                .map(|(number, _)| number)
                .collect();
            board.forget_unable(now);
            for number in silent {
                board.end_lease(number);
                LEASES.delete(step.rows(), &(id, *stage, number));
            }
            if board.is_closed && self.lives.get(&id).is_some_and(|live| !live.hungry.is_empty()) {
                board.note_slow(now);
            }
        }
        let done = self.feed(step, id);
        for stage in &job.stages {
            self.boards.get_mut(&(id, *stage)).into_iter().for_each(Board::forget_slow);
        }
        done
    }

    /// Drops what a person who lied has said in jobs that go on.
    pub(crate) fn void_person(&mut self, step: &mut Step<'_>, person: PersonId) -> Result<(), Fault> {
        let jobs: Vec<(RunId, JobRow)> = JOBS.all(step.view()).collect::<Result<_, _>>()?;
        let me = self.me;
        for (id, job) in jobs.into_iter().filter(|(_, job)| job.owner == me && !job.state.is_over()) {
            for stage in &job.stages {
                self.void_in(step, (id, *stage), &job, person)?;
            }
        }
        Ok(())
    }

    fn void_in(
        &mut self,
        step: &mut Step<'_>,
        key: StageKey,
        job: &JobRow,
        person: PersonId,
    ) -> Result<(), Fault> {
        let is_running =
            STAGES.get(step.view(), &key)?.is_some_and(|stage| stage.state == StageState::Running);
        if !is_running || self.board(step, key)?.is_none() {
            return Ok(());
        }
        let rows: Vec<((RunId, u8, u64), OutcomeRow)> =
            OUTCOMES.within(step.view(), &key).collect::<Result<_, _>>()?;
        let rows: Vec<_> = rows.into_iter().filter(|(_, row)| row.persons == [person]).collect();
        let spans: Vec<Span> = rows.iter().map(|(at, row)| Span { first: at.2, count: row.count }).collect();
        self.unremember(step, key, &spans)?;
        CREDITS.delete(step.rows(), &(key.0, person));
        if let Some(known) = KNOWN_FROM.get(step.view(), &(key.0, person))?
            && let Some(mut job) = JOBS.get(step.view(), &key.0)?
        {
            KNOWN_FROM.delete(step.rows(), &(key.0, person));
            job.known = job.known.saturating_sub(known);
            JOBS.put(step.rows(), &key.0, &job);
        }
        let Some(board) = self.boards.get_mut(&key) else { return Ok(()) };
        for (at, row) in rows {
            board.reopen(Span { first: at.2, count: row.count });
            OUTCOMES.delete(step.rows(), &at);
            ORDER.delete(step.rows(), &(key.0, row.order));
        }
        let (leases, units) = board.forget_person(person);
        for number in leases {
            LEASES.delete(step.rows(), &(key.0, key.1, number));
        }
        let turned = Turned { voted: units.into_iter().collect(), ..Turned::default() };
        let me = (self.me, job.person);
        self.judge_all(step, key, job, me, &turned)
    }
}

/// What a statement has turned.
#[derive(Debug, Default)]
struct Turned {
    number: u64,
    voted: Vec<u64>,
    unable: BTreeSet<u64>,
    /// Said before by the same device.
    again: Vec<u64>,
}

/// Which units are made again: nobody but the owner can tell.
struct Draw {
    secret: ContentId,
    stage: u8,
    of_million: u32,
}

impl Draw {
    fn has(&self, unit: u64) -> bool {
        let mut hasher = blake3::Hasher::new_keyed(self.secret.as_bytes());
        hasher.update(&[self.stage]).update(&unit.to_be_bytes());
        let drawn =
            u64::from_be_bytes(hasher.finalize().as_bytes().first_chunk().copied().unwrap_or_default());
        drawn % 1_000_000 < u64::from(self.of_million)
    }
}

/// What somebody said of a unit that was settled otherwise.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FoundWrong {
    pub(crate) vote: Vote,
    pub(crate) unit: u64,
    /// The digest that is believed.
    pub(crate) right: ContentId,
    /// Whether a computer of the owner has found it, and not only others who agree.
    pub(crate) is_own: bool,
}

/// Consecutive units with one answer to where their outputs are.
#[derive(Debug)]
struct Run {
    first: u64,
    count: u64,
    vote: Vote,
    persons: BTreeSet<PersonId>,
    cpu_us: u64,
    /// Where others have said the same.
    also: Vec<(u64, u64)>,
}

impl Run {
    fn takes(&self, next: &Self) -> bool {
        self.first + self.count == next.first
            && self.vote.statement == next.vote.statement
            && self.vote.place + self.count == next.vote.place
            && self.vote.is_failure == next.vote.is_failure
            && self.persons == next.persons
            && self.also.len() == next.also.len()
            && self.also.iter().zip(&next.also).all(|(a, b)| *b == (a.0, a.1 + self.count))
            && !self.vote.is_failure
    }

    fn row(&self, order: u64) -> OutcomeRow {
        OutcomeRow {
            count: self.count,
            statement: self.vote.statement,
            place: self.vote.place,
            order,
            persons: self.persons.iter().copied().collect(),
            cpu_us: self.cpu_us,
            also: (!self.also.is_empty()).then(|| self.also.clone()),
        }
    }
}

/// What settled units change of people's accounts.
#[derive(Debug, Default)]
struct Sums {
    credits: BTreeMap<PersonId, (u64, u64)>,
    confirmed: BTreeMap<PersonId, u64>,
    spent_us: u64,
    wrong: Vec<FoundWrong>,
}

impl Sums {
    /// Counts a unit: to each who was right, the least that one of them says it took.
    fn count(
        &mut self,
        votes: &[Vote],
        digest: ContentId,
        persons: &BTreeSet<PersonId>,
        owner: PersonId,
    ) -> u64 {
        let right = || votes.iter().filter(|vote| vote.digest == digest);
        let least = right().map(|vote| vote.cpu_us).min().unwrap_or_default();
        let all: u64 = votes.iter().map(|vote| vote.cpu_us).sum();
        self.spent_us = self.spent_us.saturating_add(all.saturating_sub(least));
        for person in persons {
            let credit = self.credits.entry(*person).or_default();
            credit.0 += 1;
            credit.1 = credit.1.saturating_add(least);
            if persons.len() > 1 && *person != owner {
                *self.confirmed.entry(*person).or_default() += 1;
            }
        }
        least
    }

    fn write(&self, step: &mut Step<'_>, id: RunId) -> Result<(), StoreError> {
        for (person, (units, cpu_us)) in &self.credits {
            let mut row = CREDITS.get(step.view(), &(id, *person))?.unwrap_or_default();
            row.units += units;
            row.cpu_us = row.cpu_us.saturating_add(*cpu_us);
            CREDITS.put(step.rows(), &(id, *person), &row);
        }
        for (person, count) in &self.confirmed {
            let mut row = HISTORY.get(step.view(), person)?.unwrap_or_default();
            row.in_row += count;
            row.right += count;
            HISTORY.put(step.rows(), person, &row);
        }
        Ok(())
    }
}

/// Returns how often a fresh unit is wanted that a person is given.
fn copies_for(job: &JobRow, person: PersonId) -> u32 {
    match job.trust.kind {
        // The owner's own computer needs nobody else to agree.
        TrustKind::Quorum if person != job.person => job.trust.quorum,
        _ => 1,
    }
}

fn vote_of(
    (device, person, via): (DeviceId, PersonId, PersonId),
    said: Stated,
    outcome: &Outcome,
    (statement, place): (u64, u64),
) -> Vote {
    let is_failure = matches!(outcome, Outcome::Failed { .. });
    let (digest, cpu_us) = (said.digest, said.cpu_us);
    Vote { device, person, via, digest, is_failure, cpu_us, statement, place, is_remembered: false }
}

fn park(step: &mut Step<'_>, key: StageKey, run: &Run) -> Result<(), StoreError> {
    let statement = STATEMENTS.get(step.view(), &(key.0, run.vote.statement))?;
    let place = usize::try_from(run.vote.place).unwrap_or(usize::MAX);
    let Some(outcome) = statement.and_then(|row| row.outcomes.get(place).cloned()) else { return Ok(()) };
    let row = ParkedRow { outcome, persons: run.persons.iter().copied().collect() };
    PARKED.put(step.rows(), &(key.0, key.1, run.first), &row);
    Ok(())
}

fn note_pace(board: &mut Board, device: DeviceId, statement: &Statement) {
    let Some(count) = u64::try_from(statement.units.len()).ok().filter(|count| *count > 0) else { return };
    let mean = statement.units.iter().map(|said| said.cpu_us).sum::<u64>() / count;
    let pace = board.pace.entry(device).or_insert(mean);
    *pace = (*pace * 3 + mean) / 4;
}

/// Returns how many units a computer is given at once: a second of work, less when few are left.
fn lease_size(board: &Board, device: DeviceId) -> u64 {
    let most = crate::jobs::UNITS_MAX as u64;
    let by_pace = match board.pace.get(&device) {
        Some(pace) => LEASE_US / (*pace).max(1),
        // They may take minutes each, and several leases are asked for at once.
        None => 1,
    };
    let left = board.total.saturating_sub(board.settled.count());
    let workers = board.pace.len().max(1) as u64;
    by_pace.clamp(1, most).min((left / (workers * 4)).max(1))
}

fn count_speed(step: &mut Step<'_>, id: RunId, count: u32) -> Result<(), StoreError> {
    let row = SPEED.get(step.view(), &id)?.unwrap_or_default();
    let mut row = rolled(row, step.now());
    if let Some(last) = row.spans.first_mut() {
        *last = last.saturating_add(count);
    }
    SPEED.put(step.rows(), &id, &row);
    Ok(())
}

/// Begins new spans of time as they come.
pub(crate) fn rolled(mut row: SpeedRow, now: Timestamp) -> SpeedRow {
    if row.spans.is_empty() || now.since(row.began) > SPEED_SPAN * 120 {
        return SpeedRow { began: now, spans: vec![0] };
    }
    while now.since(row.began) >= SPEED_SPAN {
        row.began = row.began.after(SPEED_SPAN);
        row.spans.insert(0, 0);
        row.spans.truncate(SPEED_SPANS);
    }
    row
}

/// Makes a board of the rows.
fn load_board(step: &Step<'_>, key: StageKey, job: &JobRow, stage: &StageRow) -> Result<Board, StoreError> {
    let rows = step.view();
    let mut board = Board::new(stage.total, stage.is_whole());
    // A power cut may have taken the rows of leases that workers still have: no number of theirs is given to other units.
    board.first_lease = step.now().millis().saturating_mul(LEASES_IN_MS);
    board.next_lease = board.first_lease;
    for row in OUTCOMES.within(rows, &key) {
        let ((_, _, first), row) = row?;
        board.settle(Span { first, count: row.count });
    }
    for row in PARKED.within(rows, &key) {
        let ((_, _, unit), _) = row?;
        board.settle(Intervals::one(unit));
        board.parked.insert(Intervals::one(unit));
    }
    for row in PENDING.within(rows, &key.0) {
        let ((_, number), ()) = row?;
        let Some(row) = STATEMENTS.get(rows, &(key.0, number))? else { continue };
        let Some(statement) = row.said(key.0).filter(|one| one.stage == key.1) else { continue };
        let Some(person) = people::read::person_of(rows, job.web, row.device)? else { continue };
        if SHUT_OUT.has(rows, &person)? {
            continue;
        }
        let via = people::read::person_of(rows, job.web, row.via)?.unwrap_or(job.person);
        for (place, (said, outcome)) in (0_u64..).zip(statement.units.iter().zip(&row.outcomes)) {
            let unable = matches!(outcome, Outcome::Failed { failure: Failure::Unable, .. });
            if !unable && said.unit < board.total && !board.settled.has(said.unit) {
                let has_voted = |all: &Vec<Vote>| all.iter().any(|before| before.device == row.device);
                if !board.votes.get(&said.unit).is_some_and(has_voted) {
                    let mut vote = vote_of((row.device, person, via), *said, outcome, (number, place));
                    vote.is_remembered = row.recalled.is_some();
                    board.vote(said.unit, vote);
                }
            }
        }
    }
    let proven = |one: PersonId| {
        HISTORY.get(rows, &one).is_ok_and(|row| row.is_some_and(|row| row.in_row >= PROVEN_AFTER))
    };
    let drawn = Draw { secret: job.secret, stage: key.1, of_million: job.trust.drawn };
    let voted: Vec<u64> = board.votes.keys().copied().collect();
    for unit in voted {
        let bench =
            Bench { trust: &job.trust, owner: job.person, is_drawn: drawn.has(unit), is_proven: &proven };
        let votes = board.votes.get(&unit).cloned().unwrap_or_default();
        match bench.judge(&votes) {
            Verdict::Short(copies) => board.set_short(unit, copies),
            Verdict::Mine => board.set_mine(unit),
            // What was enough before is enough now, but a person may have become proven since: one more vote settles it.
            Verdict::Settled(_) => board.set_short(unit, 1),
        }
    }
    for row in LEASES.within(rows, &key) {
        let ((_, _, number), row) = row?;
        let mut units = Intervals::of(row.units.iter().copied());
        units.remove_all(&board.settled);
        let voted = Intervals::of(
            board
                .votes
                .iter()
                .filter(|(_, votes)| votes.iter().any(|vote| vote.device == row.device))
                .map(|(unit, _)| Intervals::one(*unit)),
        );
        units.remove_all(&voted);
        // Heard just now: whoever has it still gets the time to say so.
        let (device, person, given) = (row.device, row.person, row.given);
        let lease = Lease { device, person, units, given, heard: step.now(), is_spare: row.is_spare };
        board.restore(number, lease, copies_for(job, person));
    }
    crate::gathering::note_local(rows, key, stage, &mut board)?;
    Ok(board)
}

impl Compute {
    /// Takes results that are known without anybody computing them, as this computer's own word.
    pub(crate) fn take_known(
        &mut self,
        step: &mut Step<'_>,
        key: StageKey,
        found: Vec<(u64, Outcome, u64)>,
    ) -> Result<(), Fault> {
        let Some(stage) = STAGES.get(step.view(), &key)? else { return Ok(()) };
        let stated = |(unit, outcome, _): &(u64, Outcome, u64)| Stated {
            unit: *unit,
            digest: digest(outcome),
            cpu_us: 0,
            input: None,
        };
        let units = found.iter().map(stated).collect();
        let what = Some(step_name(&stage.announced));
        let statement = Statement { job: key.0, stage: key.1, lease: 0, units, what };
        let signed = SignedStatement::sign(step, &statement);
        let outcomes = found.into_iter().map(|(_, outcome, _)| outcome).collect();
        let row = StatementRow { device: self.me, via: self.me, signed, outcomes, recalled: None };
        self.take_statement(step, (key.0, &statement), &row)
    }
}
