//! Views of jobs, of this computer and of what a web could do, for a person. Reads rows only.

use std::collections::{BTreeMap, BTreeSet};

use api::compute::{
    AskResults, Capacity, CaseView, ComputeHere, ComputerCapacity, Evidence, Given, GiverView, JobLine,
    JobResults, JobView, Jobs, KnownView, LimitsView, ReceiptView, StepView, TroubleView, UnitView,
    WorkerView,
};
use api::files::Opened;
use base::{ByteCount, ContentId, DeviceId, Fault, PersonId, RunId, Timestamp, WebId};
use data_encoding::BASE64;
use store::{Rows, StoreError};

use crate::faults::ComputeError;
use crate::intervals::{Intervals, Span};
use crate::jobs::Outcome;
use crate::messages::WorkState;
use crate::outputs::Outputs;
use crate::owner::{SPEED_SPAN, rolled};
use crate::setting::{mode_words, people_words};
use crate::tables::{
    CREDITS, GIVEN, HERE, JOBS, JobRow, JobState, KNOWN, KNOWN_FROM, LEASES, OFFERS, ORDER, OUTCOMES, PARKED,
    RECEIPTS, SETTINGS, SHUT_OUT, SPEED, STAGES, STATEMENTS, STATES, StageState, TrustKind, TrustRow, UNSENT,
    WORK, WRONG,
};

/// Ranges of a map at most.
const RANGES_MAX: usize = 512;
/// Parked units shown at most.
const TROUBLES_MAX: usize = 20;
/// Results of one answer at most, and bytes of their outputs.
const RESULTS_MAX: usize = 1_000;
const RESULTS: usize = 100;
const RESULTS_SIZE: usize = 4 * 1024 * 1024;
/// Bytes of an output that is shown as text.
const TEXT_MAX: usize = 2 * 1024;
/// Cases shown at most.
const CASES_MAX: usize = 100;

/// Finds a job of this computer by its id or the first digits of it.
pub(crate) fn named(rows: &dyn Rows, name: &str) -> Result<(RunId, JobRow), Fault> {
    if let Ok(id) = name.parse::<RunId>() {
        let job = JOBS.get(rows, &id)?;
        return job
            .map(|job| (id, job))
            .ok_or_else(|| ComputeError::NoSuchJob { job: name.to_owned() }.into());
    }
    let mut found = None;
    for row in JOBS.all(rows) {
        let (id, job) = row?;
        let is_meant = name.len() >= 4 && id.to_string().starts_with(name);
        if is_meant && found.is_some() {
            return Err(ComputeError::Ambiguous { job: name.to_owned() }.into());
        }
        if is_meant {
            found = Some((id, job));
        }
    }
    if found.is_none() {
        found = called(rows, name)?;
    }
    found.ok_or_else(|| ComputeError::NoSuchJob { job: name.chars().take(64).collect() }.into())
}

/// Finds the newest job of that name.
fn called(rows: &dyn Rows, name: &str) -> Result<Option<(RunId, JobRow)>, StoreError> {
    let mut newest: Option<(RunId, JobRow)> = None;
    for row in JOBS.all(rows) {
        let (id, job) = row?;
        if job.name == name && newest.as_ref().is_none_or(|(_, known)| known.since <= job.since) {
            newest = Some((id, job));
        }
    }
    Ok(newest)
}

/// Names persons and computers of a web.
struct Names<'a> {
    rows: &'a dyn Rows,
    web: WebId,
    me: Option<PersonId>,
}

impl Names<'_> {
    fn person(&self, person: PersonId) -> Result<String, StoreError> {
        if self.me == Some(person) {
            return Ok("you".to_owned());
        }
        people::read::label_of(self.rows, self.web, person)
    }

    fn device(&self, device: DeviceId) -> Result<String, StoreError> {
        match people::read::person_of(self.rows, self.web, device)? {
            Some(person) => self.person(person),
            None => Ok(device.short()),
        }
    }
}

fn names(rows: &dyn Rows, web: WebId) -> Result<Names<'_>, StoreError> {
    Ok(Names { rows, web, me: people::read::my_person(rows)? })
}

/// What is done of a step.
struct Done {
    units: Intervals,
    parked: u64,
    cpu_us: u64,
    by: BTreeMap<u64, u64>,
}

fn done_of(rows: &dyn Rows, key: (RunId, u8)) -> Result<Done, StoreError> {
    let mut all = Done { units: Intervals::default(), parked: 0, cpu_us: 0, by: BTreeMap::new() };
    for row in OUTCOMES.within(rows, &key) {
        let ((_, _, first), row) = row?;
        all.units.insert(Span { first, count: row.count });
        all.cpu_us = all.cpu_us.saturating_add(row.cpu_us);
        *all.by.entry(row.statement).or_default() += row.count;
    }
    for row in PARKED.within(rows, &key) {
        let ((_, _, unit), _) = row?;
        all.units.insert(Intervals::one(unit));
        all.parked += 1;
    }
    Ok(all)
}

/// Makes the view of a job.
pub(crate) fn job(rows: &dyn Rows, me: DeviceId, now: Timestamp, id: RunId) -> Result<JobView, Fault> {
    let row = JOBS.get(rows, &id)?.ok_or_else(|| ComputeError::NoSuchJob { job: id.to_string() })?;
    let names = names(rows, row.web)?;
    let mut view = blank(rows, me, id, &row)?;
    let mut workers: BTreeMap<DeviceId, (u64, u64)> = BTreeMap::new();
    let mut cpu_us = 0_u64;
    let mut stages = Vec::new();
    for number in &row.stages {
        let key = (id, *number);
        let Some(stage) = STAGES.get(rows, &key)? else { continue };
        let done = done_of(rows, key)?;
        let count = done.units.count();
        stages.push((stage.clone(), count));
        view.done += count;
        view.total += stage.total;
        view.parked += done.parked;
        cpu_us = cpu_us.saturating_add(done.cpu_us);
        view.is_open |= !stage.is_closed && matches!(stage.source, crate::tables::SourceRow::Items);
        let state = match stage.state {
            StageState::Waiting if row.state == JobState::Failed => "failed",
            StageState::Waiting => "waiting",
            StageState::Running => "running",
            StageState::Done => "done",
        };
        view.steps.push(StepView {
            step: stage.name.clone(),
            state: state.to_owned(),
            done: count,
            total: stage.total,
        });
        for (statement, count) in &done.by {
            if let Some(row) = STATEMENTS.get(rows, &(id, *statement))? {
                workers.entry(row.device).or_default().1 += count;
            }
        }
        let mut running = Intervals::default();
        for lease in LEASES.within(rows, &key) {
            let (_, lease) = lease?;
            let mut units = Intervals::of(lease.units);
            units.remove_all(&done.units);
            workers.entry(lease.device).or_default().0 += units.count();
            running.insert_all(&units);
        }
        view.running += running.count();
        if stage.state == StageState::Running || row.stages.len() == 1 {
            view.ranges = ranges(rows, key, &done.units, &running)?;
        }
    }
    for (device, (running, done)) in workers {
        view.workers.push(worker(&names, now, me, device, (running, done))?);
    }
    view.workers.sort_by(|a, b| b.done.cmp(&a.done).then_with(|| a.who.cmp(&b.who)));
    view.troubles = troubles(rows, &names, id, &row)?;
    for credit in CREDITS.within(rows, &id) {
        let ((_, person), credit) = credit?;
        let who = names.person(person)?;
        view.receipts.push(ReceiptView { who, units: credit.units, core_seconds: credit.cpu_us / 1_000_000 });
    }
    for from in KNOWN_FROM.within(rows, &id) {
        let ((_, person), units) = from?;
        view.known_from.push(KnownView { who: names.person(person)?, units });
    }
    view.known_from.sort_by(|a, b| b.units.cmp(&a.units).then_with(|| a.who.cmp(&b.who)));
    view.receipts.sort_by(|a, b| b.core_seconds.cmp(&a.core_seconds).then_with(|| a.who.cmp(&b.who)));
    speed(rows, now, id, &mut view)?;
    let left = crate::ending::left(rows, now, id, &row, &stages)?;
    (view.time_left, view.seconds_left, view.has_more) = (left.words(), left.seconds, left.has_more);
    cost(rows, now, &row, cpu_us, &mut view)?;
    note(rows, &row, &mut view)?;
    Ok(view)
}

fn blank(rows: &dyn Rows, me: DeviceId, id: RunId, row: &JobRow) -> Result<JobView, StoreError> {
    Ok(JobView {
        name: row.name.clone(),
        web: people::read::web_label(rows, row.web)?,
        state: row.state.word().to_owned(),
        done: 0,
        total: 0,
        running: 0,
        parked: 0,
        known: row.known,
        known_from: Vec::new(),
        per_minute: 0,
        time_left: String::new(),
        seconds_left: None,
        has_more: false,
        note: row.note.clone(),
        trust: trust_words(&row.trust),
        core_seconds: 0,
        core_micros: 0,
        spent_seconds: row.spent_us / 1_000_000,
        cost: String::new(),
        steps: Vec::new(),
        workers: Vec::new(),
        troubles: Vec::new(),
        receipts: Vec::new(),
        is_over: row.state.is_over(),
        is_open: false,
        is_own: row.owner == me,
        priority: u32::from(row.priority),
        ranges: Vec::new(),
        speed: Vec::new(),
        out: row.out.clone(),
        since: row.since,
        until: row.until,
        id,
    })
}

fn ranges(
    rows: &dyn Rows,
    key: (RunId, u8),
    done: &Intervals,
    running: &Intervals,
) -> Result<Vec<(u64, u64, u8)>, StoreError> {
    let mut parked = Intervals::default();
    for row in PARKED.within(rows, &key).take(RANGES_MAX) {
        parked.insert(Intervals::one(row?.0.2));
    }
    let mut fine = done.clone();
    fine.remove_all(&parked);
    let mut ranges: Vec<(u64, u64, u8)> = Vec::new();
    for (set, state) in [(running, 1), (&fine, 2), (&parked, 3)] {
        ranges.extend(set.spans().take(RANGES_MAX).map(|span| (span.first, span.count, state)));
    }
    ranges.sort_unstable();
    ranges.truncate(RANGES_MAX);
    Ok(ranges)
}

fn worker(
    names: &Names<'_>,
    now: Timestamp,
    me: DeviceId,
    device: DeviceId,
    (running, done): (u64, u64),
) -> Result<WorkerView, StoreError> {
    let person = people::read::person_of(names.rows, names.web, device)?;
    let is_out = match person {
        Some(person) => SHUT_OUT.has(names.rows, &person)?,
        None => false,
    };
    let note = if is_out {
        "gave a wrong result; gets no more work of yours".to_owned()
    } else if device == me {
        "this computer".to_owned()
    } else if records::is_connected(names.rows, device)? {
        "here".to_owned()
    } else {
        match records::last_heard(names.rows, device)? {
            Some(heard) => format!("away for {}", span_words(now.since(heard).as_secs())),
            None => "away".to_owned(),
        }
    };
    Ok(WorkerView { who: names.device(device)?, computer: device.short(), running, done, note })
}

fn troubles(
    rows: &dyn Rows,
    names: &Names<'_>,
    id: RunId,
    job: &JobRow,
) -> Result<Vec<TroubleView>, StoreError> {
    let mut troubles = Vec::new();
    let mut outputs = Outputs::new(id);
    for stage in &job.stages {
        for row in PARKED.within(rows, &(id, *stage)).take(TROUBLES_MAX) {
            let ((_, _, unit), row) = row?;
            let Outcome::Failed { failure, log } = row.outcome else { continue };
            let input = outputs.input(rows, *stage, unit)?.map(|input| input.path).unwrap_or_default();
            let who = row.persons.iter().map(|one| names.person(*one)).collect::<Result<_, _>>()?;
            troubles.push(TroubleView { unit, input, why: failure_words(failure).to_owned(), log, who });
        }
    }
    troubles.truncate(TROUBLES_MAX);
    Ok(troubles)
}

pub(crate) fn failure_words(failure: crate::jobs::Failure) -> &'static str {
    use crate::jobs::Failure as F;
    match failure {
        F::BadProgram => "the program cannot run",
        F::Trapped => "the program failed",
        F::TooLong => "it took longer than allowed",
        F::TooLarge => "its output is larger than allowed",
        F::Unable => "the computer could not run it",
    }
}

fn speed(rows: &dyn Rows, now: Timestamp, id: RunId, view: &mut JobView) -> Result<(), StoreError> {
    let row = rolled(SPEED.get(rows, &id)?.unwrap_or_default(), now);
    let minute = usize::try_from(60 / SPEED_SPAN.as_secs()).unwrap_or(12);
    // The span that runs is not whole.
    view.per_minute = row.spans.iter().take(minute + 1).map(|count| u64::from(*count)).sum();
    view.speed = row.spans.iter().rev().copied().collect();
    Ok(())
}

fn cost(
    rows: &dyn Rows,
    now: Timestamp,
    row: &JobRow,
    cpu_us: u64,
    view: &mut JobView,
) -> Result<(), StoreError> {
    view.core_seconds = cpu_us / 1_000_000;
    view.core_micros = cpu_us;
    let settings = SETTINGS.get(rows, &0)?.unwrap_or_default();
    let cores = HERE.get(rows, &0)?.map_or(0, |here| here.cores).max(1);
    let took = row.until.unwrap_or(now).since(row.since).as_secs();
    let all_us = cpu_us.saturating_add(row.spent_us);
    // Watts times microseconds, in milliwatt hours.
    let milliwatt_hours = all_us.saturating_mul(u64::from(settings.watts)) / 3_600_000;
    view.cost = format!(
        "{} of processor time in {}; this computer alone, on {cores} cores, about {}; energy about {}, at {} W a core",
        time_words(all_us),
        span_words(took),
        time_words(cpu_us / u64::from(cores)),
        energy_words(milliwatt_hours),
        settings.watts
    );
    Ok(())
}

fn energy_words(milliwatt_hours: u64) -> String {
    match milliwatt_hours {
        0..1_000 => format!("{milliwatt_hours} mWh"),
        1_000..1_000_000 => format!("{}.{} Wh", milliwatt_hours / 1_000, milliwatt_hours % 1_000 / 100),
        _ => format!("{}.{} kWh", milliwatt_hours / 1_000_000, milliwatt_hours % 1_000_000 / 100_000),
    }
}

/// Returns processor time as a person says it, from microseconds.
fn time_words(us: u64) -> String {
    match us {
        0..10_000_000 => format!("{}.{} s", us / 1_000_000, us % 1_000_000 / 100_000),
        _ => span_words(us / 1_000_000),
    }
}

/// Returns a span of time as a person says it.
pub(crate) fn span_words(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h {} min", seconds / 3_600, seconds % 3_600 / 60),
        _ => format!("{} days", seconds / 86_400),
    }
}

pub(crate) fn trust_words(trust: &TrustRow) -> String {
    let percent = f64::from(trust.drawn) / 10_000.0;
    match trust.kind {
        TrustKind::Own => "only your own computers".to_owned(),
        TrustKind::Trusted => format!("{} trusted people, without a check", trust.persons.len()),
        TrustKind::Spot => format!("anybody; {percent} % of results are made again by another"),
        TrustKind::Quorum => format!("{} of at most {} different persons agree", trust.quorum, trust.most),
        TrustKind::Adaptive => {
            format!(
                "two persons agree; one whose results were right ten times in a row is believed but for {percent} %"
            )
        }
    }
}

/// Says why nothing goes on, if nothing does.
fn note(rows: &dyn Rows, row: &JobRow, view: &mut JobView) -> Result<(), StoreError> {
    if row.state != JobState::Running || view.running > 0 {
        return Ok(());
    }
    let left = view.total.saturating_sub(view.done);
    if left == 0 {
        return Ok(());
    }
    let mut persons = BTreeSet::new();
    for offer in OFFERS.within(rows, &row.web) {
        let ((_, device), _) = offer?;
        let is_here = records::is_connected(rows, device)?
            || people::read::my_person(rows)? == people::read::person_of(rows, row.web, device)?;
        let person = people::read::person_of(rows, row.web, device)?.filter(|_| is_here);
        if let Some(person) = person
            && !SHUT_OUT.has(rows, &person)?
        {
            persons.insert(person);
        }
    }
    let has_me = persons.contains(&row.person);
    let why = match (row.trust.kind, persons.len()) {
        (_, 0) => "no computer of this web works just now: `althing compute on` lets this one",
        (TrustKind::Own, _) if !has_me => "it waits for a computer of yours that works",
        (TrustKind::Quorum | TrustKind::Adaptive | TrustKind::Spot, 1) if !has_me => {
            "it waits for another person's computer, or one of yours: results of one person alone are not enough"
        }
        (_, _) if !has_me => "what is left waits for a computer of yours that works, or of another person",
        _ => "",
    };
    if !why.is_empty() {
        view.note = if view.note.is_empty() { why.to_owned() } else { format!("{}; {why}", view.note) };
    }
    Ok(())
}

/// Makes the line of a job: how far it is, who is at work on it, and when it ends.
fn line(
    rows: &dyn Rows,
    (me, now): (DeviceId, Timestamp),
    id: RunId,
    row: &JobRow,
) -> Result<JobLine, StoreError> {
    let names = names(rows, row.web)?;
    let mut stages = Vec::new();
    let (mut running, mut devices) = (Intervals::default(), BTreeSet::new());
    let mut at_work_units = 0;
    for number in &row.stages {
        let Some(stage) = STAGES.get(rows, &(id, *number))? else { continue };
        let units = done_of(rows, (id, *number))?.units;
        for lease in LEASES.within(rows, &(id, *number)) {
            let (_, lease) = lease?;
            let mut left = Intervals::of(lease.units);
            left.remove_all(&units);
            if !left.is_empty() {
                devices.insert(lease.device);
                running.insert_all(&left);
            }
        }
        at_work_units += std::mem::take(&mut running).count();
        stages.push((stage, units.count()));
    }
    let at_work: BTreeSet<String> =
        devices.into_iter().map(|device| names.device(device)).collect::<Result<_, _>>()?;
    let left = crate::ending::left(rows, now, id, row, &stages)?;
    let note = if row.owner == me {
        row.note.clone()
    } else {
        "this computer carries it on when its owner is away".to_owned()
    };
    Ok(JobLine {
        name: row.name.clone(),
        web: people::read::web_label(rows, row.web)?,
        owner: names.person(row.person)?,
        state: row.state.word().to_owned(),
        done: stages.iter().map(|(_, done)| done).sum(),
        total: stages.iter().map(|(stage, _)| stage.total).sum(),
        running: at_work_units,
        at_work: at_work.into_iter().collect(),
        time_left: left.words(),
        note,
        since: row.since,
        id,
        seconds_left: left.seconds,
        has_more: left.has_more,
    })
}

/// Lists jobs.
pub(crate) fn jobs(rows: &dyn Rows, me: DeviceId, now: Timestamp, is_all: bool) -> Result<Jobs, Fault> {
    let mut lines = Vec::new();
    for row in JOBS.all(rows) {
        let (id, row) = row?;
        if row.owner != me && !is_all {
            continue;
        }
        lines.push(line(rows, (me, now), id, &row)?);
    }
    if is_all {
        let mut seen: BTreeSet<RunId> = lines.iter().map(|line| line.id).collect();
        for row in KNOWN.all(rows) {
            let ((id, _), known) = row?;
            if !seen.insert(id) {
                continue;
            }
            lines.push(JobLine {
                name: known.announced.name.clone(),
                web: people::read::web_label(rows, known.web)?,
                owner: names(rows, known.web)?.person(known.person)?,
                state: if known.is_over { "over" } else { "open" }.to_owned(),
                done: 0,
                total: 0,
                running: 0,
                at_work: Vec::new(),
                time_left: String::new(),
                note: String::new(),
                since: known.heard,
                id,
                seconds_left: None,
                has_more: false,
            });
        }
    }
    lines.sort_by(|a, b| b.since.cmp(&a.since).then_with(|| a.id.cmp(&b.id)));
    Ok(Jobs { jobs: lines })
}

/// Makes the view of a unit's result.
fn unit(
    rows: &dyn Rows,
    names: &Names<'_>,
    outputs: &mut Outputs,
    (stage, unit): (u8, u64),
) -> Result<Option<UnitView>, StoreError> {
    let Some(outcome) = outputs.outcome(rows, stage, unit)? else { return Ok(None) };
    let persons = match outputs.run(rows, stage, unit)? {
        Some((_, run)) => run.persons,
        None => Vec::new(),
    };
    let who = persons.iter().map(|one| names.person(*one)).collect::<Result<_, _>>()?;
    let input = outputs.input(rows, stage, unit)?.map(|input| input.path).unwrap_or_default();
    let mut view = UnitView {
        unit,
        input,
        size: ByteCount(0),
        text: String::new(),
        base64: None,
        content: None,
        failure: String::new(),
        who,
    };
    match outcome {
        Outcome::Output { bytes } => {
            view.size = ByteCount(bytes.len() as u64);
            view.base64 = Some(BASE64.encode(&bytes));
            if bytes.len() <= TEXT_MAX
                && let Ok(text) = std::str::from_utf8(&bytes)
                && !text.chars().any(|letter| letter.is_control() && !letter.is_whitespace())
            {
                text.trim_end().clone_into(&mut view.text);
            }
        }
        Outcome::Large { content, size } => {
            view.size = ByteCount(size);
            view.content = Some(content);
        }
        Outcome::Failed { failure, log } => {
            view.failure = match log.is_empty() {
                true => failure_words(failure).to_owned(),
                false => format!("{}: {log}", failure_words(failure)),
            };
        }
    }
    Ok(Some(view))
}

/// Lists results of the last step, in order of units.
pub(crate) fn results(rows: &dyn Rows, asked: &AskResults) -> Result<JobResults, Fault> {
    let (id, job) = named(rows, &asked.id)?;
    let names = names(rows, job.web)?;
    let stage = crate::service::Compute::last_stage(&job);
    let limit = asked.limit.map_or(RESULTS, |limit| usize::try_from(limit).unwrap_or(RESULTS));
    let limit = limit.clamp(1, RESULTS_MAX);
    let done = done_of(rows, (id, stage))?.units;
    let shown = STAGES.get(rows, &(id, stage))?.map_or(Span { first: 0, count: 0 }, |row| row.results());
    let mut outputs = Outputs::new(id);
    let mut answer = JobResults {
        next: asked.from,
        is_over: true,
        state: job.state.word().to_owned(),
        ..JobResults::default()
    };
    let mut size = 0;
    for number in done
        .within(Span::of(asked.from.max(shown.first), shown.end()))
        .into_iter()
        .flat_map(|span| span.first..span.end())
    {
        if answer.results.len() >= limit || size >= RESULTS_SIZE {
            answer.is_over = false;
            break;
        }
        answer.next = number + 1;
        if let Some(view) = unit(rows, &names, &mut outputs, (stage, number))? {
            size += view.base64.as_ref().map_or(0, String::len);
            answer.results.push(view);
        }
    }
    Ok(answer)
}

/// Lists results of the last step in the order in which they came.
pub(crate) fn results_after(rows: &dyn Rows, id: RunId, after: u64) -> Result<JobResults, Fault> {
    let Some(job) = JOBS.get(rows, &id)? else {
        return Err(ComputeError::NoSuchJob { job: id.to_string() }.into());
    };
    let names = names(rows, job.web)?;
    let last = crate::service::Compute::last_stage(&job);
    let shown = STAGES.get(rows, &(id, last))?.map_or(Span { first: 0, count: 0 }, |row| row.results());
    let mut outputs = Outputs::new(id);
    let mut answer = JobResults { next: after, state: job.state.word().to_owned(), ..JobResults::default() };
    let mut size = 0;
    for row in ORDER.within_from(rows, &id, &(id, after.saturating_add(1))) {
        let ((_, order), (stage, first)) = row?;
        if answer.results.len() >= RESULTS_MAX || size >= RESULTS_SIZE {
            break;
        }
        answer.next = order;
        if stage != last {
            continue;
        }
        let count = OUTCOMES.get(rows, &(id, stage, first))?.map_or(1, |row| row.count);
        for number in first.max(shown.first)..first.saturating_add(count).min(shown.end()) {
            if let Some(view) = unit(rows, &names, &mut outputs, (stage, number))? {
                size += view.base64.as_ref().map_or(0, String::len);
                answer.results.push(view);
            }
        }
    }
    let is_full = answer.results.len() >= RESULTS_MAX || size >= RESULTS_SIZE;
    if !is_full {
        // Also when the last ones have been thrown away.
        answer.next = job.order;
    }
    answer.is_over = job.state.is_over() && answer.next >= job.order;
    Ok(answer)
}

/// Readies a large output for reading.
pub(crate) fn output(rows: &dyn Rows, content: ContentId) -> Result<Opened, Fault> {
    let gone = || ComputeError::NoSuchOutput { content: content.to_string() };
    let (web, size) = files::look::kept_for(rows, content)?.ok_or_else(gone)?;
    Ok(Opened { web, content, size: ByteCount(size), name: content.short(), revision: 0 })
}

/// Makes the view of what this computer does.
pub(crate) fn here(rows: &dyn Rows, now: Timestamp) -> Result<ComputeHere, Fault> {
    let settings = SETTINGS.get(rows, &0)?.unwrap_or_default();
    let here = HERE.get(rows, &0)?.unwrap_or_default();
    let mode = crate::policy::mode(&settings, now);
    let mut working_for = BTreeSet::new();
    let (mut fetched, mut unsent) = (0_u64, 0_u64);
    for row in WORK.all(rows) {
        let ((job, stage, ..), work) = row?;
        fetched += work.units.len() as u64;
        if let Some(known) = KNOWN.get(rows, &(job, stage))? {
            working_for.insert(names(rows, known.web)?.person(known.person)?);
        }
    }
    for row in UNSENT.all(rows) {
        unsent += row?.1.outcomes.len() as u64;
    }
    let hour = now.millis() / 3_600_000;
    let given: u64 = GIVEN
        .within_from(rows, &(), &hour.saturating_sub(24))
        .filter_map(|row| row.ok().map(|row| row.1))
        .sum();
    let state = match here.state.unwrap_or(WorkState::Off) {
        WorkState::Off => "off",
        WorkState::Ready => "ready",
        WorkState::Working => "working",
        WorkState::Paused => "paused",
    };
    let note = match (state, here.why.is_empty()) {
        (_, false) => here.why.clone(),
        ("ready", _) => "nobody has work for it".to_owned(),
        ("working", _) => {
            format!("it computes for {}", working_for.iter().cloned().collect::<Vec<_>>().join(", "))
        }
        _ => mode_words(mode).to_owned(),
    };
    Ok(ComputeHere {
        plan: mode_words(mode).to_owned(),
        mode: mode.into(),
        until: settings.until.map(|(until, _)| until).filter(|until| *until > now),
        state: state.to_owned(),
        note,
        idle_seconds: here.idle_ms.map(|idle| {
            idle.saturating_add(u64::try_from(now.since(here.at).as_millis()).unwrap_or(0)) / 1_000
        }),
        source: here.source.clone(),
        running: here.running,
        fetched,
        unsent,
        working_for: working_for.into_iter().collect(),
        given_seconds: given / 1_000_000,
        limits: LimitsView {
            idle_cores: settings.idle.cores,
            idle_percent: settings.idle.percent,
            idle_memory: settings.idle.memory,
            used_cores: settings.used.cores,
            used_percent: settings.used.percent,
            used_memory: settings.used.memory,
            hours: settings.hours.map_or_else(
                || "any".to_owned(),
                |(from, to)| format!("{}-{}", crate::policy::clock(from), crate::policy::clock(to)),
            ),
            battery: settings.on_battery,
            metered: settings.on_metered,
            people: people_words(rows, &settings.people)?,
            watts: settings.watts,
        },
        cores: here.cores,
        on_battery: here.on_battery,
    })
}

fn webs_of(rows: &dyn Rows, web: Option<&str>) -> Result<Vec<(WebId, String)>, Fault> {
    let all = people::read::webs(rows)?;
    if let Some(name) = web {
        let id = people::read::web_named(rows, name)?;
        let id = id.ok_or_else(|| ComputeError::NoSuchWeb { web: name.to_owned() })?;
        return Ok(vec![(id, people::read::web_label(rows, id)?)]);
    }
    Ok(all.into_iter().map(|web| (web.id, web.label)).collect())
}

/// Makes the view of what the computers of webs could do.
pub(crate) fn capacity(rows: &dyn Rows, me: DeviceId, web: Option<&str>) -> Result<Capacity, Fault> {
    let mut answer = Capacity::default();
    let mut seen = BTreeSet::new();
    for (web, label) in webs_of(rows, web)? {
        let names = names(rows, web)?;
        for row in OFFERS.within(rows, &web) {
            let ((_, device), offer) = row?;
            if device != me && !people::read::is_member(rows, web, device)? {
                continue;
            }
            let state = if device == me {
                HERE.get(rows, &0)?.and_then(|here| here.state)
            } else if records::is_connected(rows, device)? {
                STATES.get(rows, &device)?.map(|row| row.state)
            } else {
                None
            };
            let word = match state {
                Some(WorkState::Ready) => "ready",
                Some(WorkState::Working) => "working",
                Some(WorkState::Paused) => "paused",
                Some(WorkState::Off) | None => "away",
            };
            let million_steps = offer.speed / 1_000;
            if seen.insert(device) {
                answer.cores += offer.cores;
                if matches!(word, "ready" | "working") {
                    answer.cores_ready += offer.cores;
                    answer.million_steps = answer
                        .million_steps
                        .saturating_add(million_steps.saturating_mul(u64::from(offer.cores)));
                    answer.disk_mib = answer.disk_mib.saturating_add(offer.disk_mib);
                }
            }
            answer.computers.push(ComputerCapacity {
                web: label.clone(),
                who: names.device(device)?,
                computer: device.short(),
                cores: offer.cores,
                million_steps,
                disk_mib: offer.disk_mib,
                state: word.to_owned(),
            });
        }
    }
    let ready =
        answer.computers.iter().filter(|one| matches!(one.state.as_str(), "ready" | "working")).count();
    answer.note = format!(
        "{ready} of {} computers work or are ready: {} cores, {} million steps of a fixed loop a second, {} MiB a second from their disks",
        answer.computers.len(),
        answer.cores_ready,
        answer.million_steps,
        answer.disk_mib
    );
    Ok(answer)
}

/// Makes the view of who gave and who used.
pub(crate) fn given(rows: &dyn Rows, web: Option<&str>) -> Result<Given, Fault> {
    let mut people = Vec::new();
    for (web, label) in webs_of(rows, web)? {
        let names = names(rows, web)?;
        let mut sums: BTreeMap<PersonId, GiverView> = BTreeMap::new();
        for row in RECEIPTS.within(rows, &web) {
            let ((_, owner, _), credits) = row?;
            let Some(owner) = people::read::person_of(rows, web, owner)? else { continue };
            // What one's own computers did for oneself is no gift.
            for credit in credits.iter().filter(|credit| credit.person != owner) {
                for (person, is_giver) in [(credit.person, true), (owner, false)] {
                    let who = names.person(person)?;
                    let sum = sums.entry(person).or_insert_with(|| GiverView {
                        web: label.clone(),
                        who,
                        gave_seconds: 0,
                        gave_units: 0,
                        used_seconds: 0,
                        used_units: 0,
                    });
                    let (seconds, units) = match is_giver {
                        true => (&mut sum.gave_seconds, &mut sum.gave_units),
                        false => (&mut sum.used_seconds, &mut sum.used_units),
                    };
                    // Microseconds until all is summed.
                    *seconds = seconds.saturating_add(credit.cpu_us);
                    *units = units.saturating_add(credit.units);
                }
            }
        }
        people.extend(sums.into_values().map(|sum| GiverView {
            gave_seconds: sum.gave_seconds / 1_000_000,
            used_seconds: sum.used_seconds / 1_000_000,
            ..sum
        }));
    }
    people.sort_by(|a, b| (&a.web, &a.who).cmp(&(&b.web, &b.who)));
    Ok(Given { people })
}

/// Makes the view of wrong results.
pub(crate) fn evidence(rows: &dyn Rows, me: DeviceId, web: Option<&str>) -> Result<Evidence, Fault> {
    let mut cases = Vec::new();
    for (web, label) in webs_of(rows, web)? {
        let names = names(rows, web)?;
        for row in WRONG.within_back(rows, &web).take(CASES_MAX) {
            let ((_, at, owner), row) = row?;
            let who = names.device(row.wrong.device)?;
            let person = people::read::person_of(rows, web, row.wrong.device)?;
            let is_shut_out = match person {
                Some(person) => SHUT_OUT.has(rows, &person)?,
                None => false,
            };
            let said = row.wrong.signed.statement().and_then(|statement| {
                statement.units.iter().find(|said| said.unit == row.wrong.unit).map(|said| said.digest)
            });
            let said = said.map_or_else(|| "nothing".to_owned(), |said| said.short());
            let by = match (row.wrong.is_own, owner == me) {
                (true, true) => "a computer of yours",
                (true, false) => "its owner, by computing it,",
                (false, true) => "a quorum of your job",
                (false, false) => "its owner, by a quorum,",
            };
            cases.push(CaseView {
                web: label.clone(),
                who,
                computer: row.wrong.device.short(),
                owner: names.device(owner)?,
                unit: row.wrong.unit,
                note: format!(
                    "signed {said}; {by} says it is {}: whoever runs the unit again can tell",
                    row.wrong.right.short()
                ),
                is_signed: row.is_signed,
                is_shut_out,
                at: Timestamp::from_millis(at),
            });
        }
    }
    cases.sort_by_key(|case| std::cmp::Reverse(case.at));
    cases.truncate(CASES_MAX);
    Ok(Evidence { cases })
}
