//! What a person asks of jobs: beginning, pausing, cancelling, more inputs, waiting for results.

use std::time::Duration;

use api::compute::{
    CancelJob, Chain, ForgetJob, ForgottenJob, Map, PauseJob, Push, Pushed, ResumeJob, SaveJob, SetPriority,
    Trust, WaitResults,
};
use base::{ContentId, DeviceId, Fault, PersonId, RunId, Timestamp, WebId};
use data_encoding::BASE64;
use kernel::{AskId, JobFailure, JobId, Step};
use store::StoreError;

use crate::chain::{self, ChainStep};
use crate::faults::ComputeError;
use crate::gathering::expand;
use crate::jobs::{ARGUMENTS_SIZE_MAX, Limits, OUTPUT_SIZE_MAX, TAKE, Take, Taken, from_bytes, to_bytes};
use crate::messages::Part;
use crate::owner::StageKey;
use crate::reading;
use crate::service::Compute;
use crate::staging::put_inputs;
use crate::tables::{
    InputPart, InputRow, JOBS, JobRow, JobState, PARKED, STAGES, SourceRow, StageRow, StageState, TrustKind,
    TrustRow,
};
use crate::value::{Announcement, DEPUTIES_MAX, UNITS_MAX, is_limit, is_name};

/// Jobs of one's own that go on at once.
const JOBS_MAX: usize = 64;
/// Items of one question, and their bytes.
const ITEMS_MAX: usize = 10_000;
const ITEMS_SIZE_MAX: usize = 8 * 1024 * 1024;
/// Bytes of one item at most: it travels inside messages.
const ITEM_SIZE_MAX: usize = 256 * 1024;
/// How long somebody waits for results.
const WAIT: Duration = Duration::from_secs(10);
/// The alarm of those who wait.
pub(crate) const WAITING: &str = "waiting";

/// Somebody waits for results.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Waiter {
    ask: AskId,
    job: RunId,
    after: u64,
    until: Timestamp,
}

/// What is to be known of a job before its steps.
struct Frame {
    name: String,
    web: WebId,
    trust: TrustRow,
    deputies: Vec<DeviceId>,
    priority: u8,
    out: Option<String>,
    is_anew: bool,
    is_fleeting: bool,
}

/// A step as a person says it.
struct Wish {
    name: String,
    program: String,
    source: SourceRow,
    total: u64,
    is_closed: bool,
    arguments: Vec<u8>,
    limits: Limits,
    items: Vec<InputRow>,
}

impl Compute {
    pub(crate) fn ask_map(&mut self, step: &mut Step<'_>, ask: AskId, map: &Map) -> Result<(), Fault> {
        let kinds = [!map.inputs.is_empty(), map.range.is_some(), !map.items.is_empty() || map.is_open];
        match kinds.iter().filter(|one| **one).count() {
            0 => return Err(ComputeError::Nothing.into()),
            1 => {}
            _ => return Err(ComputeError::TwoKinds.into()),
        }
        let first = map.inputs.first().and_then(|pattern| pattern.trim_start_matches('/').split('/').next());
        let web = which_web(step, map.web.as_deref().or(first))?;
        let short = map.program.rsplit('/').next().unwrap_or_default().trim_end_matches(".wasm");
        let said = Said {
            trust: trust_words(map),
            people: &map.people,
            deputies: &map.deputies,
            priority: map.priority,
        };
        let frame = self.frame(step, web, map.name.as_deref().unwrap_or(short), &said)?;
        let is_fleeting = map.is_fleeting;
        // What lasts no longer than this peer's process is carried on by nobody.
        let deputies = if is_fleeting { Vec::new() } else { frame.deputies };
        let frame = Frame { out: map.out.clone(), is_anew: map.anew, is_fleeting, deputies, ..frame };
        let limits = limits(map.seconds, map.memory, map.exact_nan, map.fuel)?;
        let arguments = arguments(map.arguments.as_deref())?;
        let items = read_items(&map.items)?;
        let (source, total, is_closed) = match (map.range, map.inputs.is_empty()) {
            (Some(range), _) => (SourceRow::Range, count(range)?, true),
            (None, false) => (files(step, &map.inputs)?, 0, false),
            (None, true) => (SourceRow::Items, items.len() as u64, !map.is_open),
        };
        let mut wishes = vec![Wish {
            name: short.to_owned(),
            program: map.program.clone(),
            source,
            total,
            is_closed,
            arguments: arguments.clone(),
            limits,
            items,
        }];
        if let Some(reduce) = &map.reduce {
            wishes.push(Wish {
                name: "join".to_owned(),
                program: reduce.clone(),
                source: SourceRow::Groups { stage: 0, first: None },
                total: 0,
                is_closed: false,
                arguments,
                limits,
                items: Vec::new(),
            });
        }
        self.begin(step, ask, frame, &wishes)
    }

    pub(crate) fn ask_chain(&mut self, step: &mut Step<'_>, ask: AskId, asked: Chain) {
        let job = step.work(TAKE, to_bytes(&Take::Text { path: asked.file.clone() }));
        self.taking.insert(job, Taking::Chain { ask, asked });
    }

    fn begin_chain(
        &mut self,
        step: &mut Step<'_>,
        ask: AskId,
        asked: &Chain,
        text: &str,
    ) -> Result<(), Fault> {
        let chain = chain::read(text, &asked.file)?;
        let first = chain.step.iter().flat_map(|one| &one.inputs).next();
        let first = first.and_then(|pattern| pattern.trim_start_matches('/').split('/').next());
        let web = which_web(step, chain.web.as_deref().or(first))?;
        let short = asked.file.rsplit('/').next().unwrap_or_default().trim_end_matches(".toml");
        let (people, deputies) = (chain.people.unwrap_or_default(), chain.deputies.unwrap_or_default());
        let said = Said {
            trust: chain.trust.clone().unwrap_or_else(|| "adaptive".to_owned()),
            people: &people,
            deputies: &deputies,
            priority: chain.priority,
        };
        let frame = self.frame(step, web, chain.name.as_deref().unwrap_or(short), &said)?;
        let frame = Frame { out: asked.out.clone(), is_anew: chain.anew, ..frame };
        let names: Vec<String> = chain.step.iter().map(|one| one.name.clone()).collect();
        let place =
            |name: &String| names.iter().position(|one| one == name).and_then(|at| u8::try_from(at).ok());
        let mut wishes = Vec::new();
        for one in chain.step {
            let ChainStep {
                name,
                program,
                inputs,
                range,
                from,
                join,
                arguments: said,
                seconds,
                memory,
                exact_nan,
                fuel,
            } = one;
            let (source, total, is_closed) = match (range, join) {
                (Some(range), _) => (SourceRow::Range, count(range)?, true),
                (None, Some(join)) => {
                    (SourceRow::Groups { stage: place(&join).unwrap_or_default(), first: None }, 0, false)
                }
                (None, None) if inputs.is_empty() => {
                    (SourceRow::Each { stages: from.iter().filter_map(place).collect() }, 0, false)
                }
                (None, None) => (files(step, &inputs)?, 0, false),
            };
            let limits = limits(seconds, memory, exact_nan, fuel)?;
            let arguments = arguments(said.as_deref())?;
            wishes.push(Wish {
                name,
                program,
                source,
                total,
                is_closed,
                arguments,
                limits,
                items: Vec::new(),
            });
        }
        self.begin(step, ask, frame, &wishes)
    }

    fn frame(&self, step: &Step<'_>, web: WebId, name: &str, said: &Said<'_>) -> Result<Frame, Fault> {
        let label = people::read::web_label(step.view(), web)?;
        let me = people::read::my_person(step.view())?;
        let Some(me) = me.filter(|me| people::read::writes(step.view(), web, *me).unwrap_or(false)) else {
            return Err(ComputeError::NotWriting { web: label }.into());
        };
        if !is_name(name) {
            return Err(ComputeError::BadName { name: name.chars().take(200).collect() }.into());
        }
        let mut going = 0;
        for row in JOBS.all(step.view()) {
            let (_, job) = row?;
            going += usize::from(job.owner == self.me && !job.state.is_over());
        }
        if going >= JOBS_MAX {
            return Err(ComputeError::TooManyJobs { limit: JOBS_MAX }.into());
        }
        let person = |who: &String| -> Result<PersonId, Fault> {
            if who == "you" || who == "me" {
                return Ok(me);
            }
            let found = people::read::person_named(step.view(), web, who)?;
            let gone = || ComputeError::NoSuchPerson { web: label.clone(), who: who.clone() };
            found.ok_or_else(|| gone().into())
        };
        let persons = said.people.iter().map(person).collect::<Result<Vec<_>, _>>()?;
        let mut deputies = Vec::new();
        for who in said.deputies {
            deputies.extend(people::read::devices_of(step.view(), web, person(who)?)?);
        }
        if said.deputies.is_empty() {
            deputies = people::read::devices_of(step.view(), web, me)?;
        }
        deputies.retain(|device| *device != self.me);
        deputies.truncate(DEPUTIES_MAX);
        let priority = said.priority.unwrap_or(5);
        let priority = u8::try_from(priority).ok().filter(|one| (1..=9).contains(one)).ok_or_else(|| {
            ComputeError::BadLimit {
                field: "priority".to_owned(),
                value: priority.to_string(),
                allowed: "1 to 9".to_owned(),
            }
        })?;
        let trust = read_trust(&said.trust, persons)?;
        let name = name.to_owned();
        Ok(Frame { name, web, trust, deputies, priority, out: None, is_anew: false, is_fleeting: false })
    }

    /// Writes a job down and has its programs looked at; the answer comes when they can run.
    fn begin(&mut self, step: &mut Step<'_>, ask: AskId, frame: Frame, wishes: &[Wish]) -> Result<(), Fault> {
        let mut random = [0; RunId::LEN];
        random.iter_mut().zip(step.random("job")).for_each(|(to, from)| *to = from);
        let id = RunId::new(random);
        let Some(person) = people::read::my_person(step.view())? else {
            return Err(ComputeError::NotWriting { web: String::new() }.into());
        };
        let persons = match frame.trust.kind {
            TrustKind::Own => vec![person],
            TrustKind::Trusted => frame.trust.persons.iter().copied().chain([person]).collect(),
            _ => Vec::new(),
        };
        for (number, wish) in (0_u8..).zip(wishes) {
            let announced = Announcement {
                job: id,
                stage: number,
                name: frame.name.clone(),
                program: ContentId::new([0; ContentId::LEN]),
                program_size: 1,
                arguments: wish.arguments.clone().into(),
                limits: wish.limits,
                deputies: frame.deputies.clone(),
                priority: frame.priority,
                is_range: wish.source == SourceRow::Range,
                persons: persons.clone(),
                is_joining: matches!(wish.source, SourceRow::Groups { .. }),
            };
            let row = StageRow {
                name: wish.name.clone(),
                announced,
                program: wish.program.clone(),
                source: wish.source.clone(),
                total: wish.total,
                is_closed: wish.is_closed,
                state: StageState::Waiting,
                told: None,
            };
            STAGES.put(step.rows(), &(id, number), &row);
            put_inputs(step, (id, number), 0, &wish.items)?;
        }
        let job = JobRow {
            web: frame.web,
            name: frame.name,
            owner: self.me,
            person,
            trust: frame.trust,
            deputies: frame.deputies,
            priority: frame.priority,
            state: JobState::Gathering,
            note: String::new(),
            out: frame.out,
            since: step.now(),
            until: None,
            stages: (0_u8..).take(wishes.len()).collect(),
            statements: 0,
            order: 0,
            is_anew: frame.is_anew,
            spent_us: 0,
            known: 0,
            secret: ContentId::new(step.random("draw")),
            copied: 0,
            is_fleeting: frame.is_fleeting.then_some(true),
        };
        JOBS.put(step.rows(), &id, &job);
        self.beginning.insert(id, ask);
        self.take_programs(step, id)
    }

    /// Has the programs of a job looked at that were not yet.
    pub(crate) fn take_programs(&mut self, step: &mut Step<'_>, id: RunId) -> Result<(), Fault> {
        let Some(job) =
            JOBS.get(step.view(), &id)?.filter(|job| job.owner == self.me && !job.state.is_over())
        else {
            return Ok(());
        };
        for number in &job.stages {
            let key = (id, *number);
            let Some(stage) = STAGES.get(step.view(), &key)?.filter(|stage| !stage.program.is_empty()) else {
                continue;
            };
            if self.taking.values().any(|taking| matches!(taking, Taking::Program(at) if *at == key)) {
                continue;
            }
            let take = match stage.program.starts_with('/') {
                true => Take::File { path: stage.program.clone() },
                false => match files::look::file_at(step.view(), &stage.program)? {
                    None => {
                        let error = ComputeError::NoProgram { program: stage.program.clone() };
                        return self.cannot_begin(step, id, error);
                    }
                    Some(file) => {
                        if let Some(place) = self.program_here(step, file.web, file.content, file.size)? {
                            Take::Here { place }
                        } else {
                            self.tend_soon(step);
                            continue;
                        }
                    }
                },
            };
            let work = step.work(TAKE, to_bytes(&take));
            self.taking.insert(work, Taking::Program(key));
        }
        Ok(())
    }

    fn program_here(
        &self,
        step: &mut Step<'_>,
        web: WebId,
        content: ContentId,
        size: u64,
    ) -> Result<Option<crate::jobs::Place>, StoreError> {
        let source = match files::look::is_kept(step.view(), web, content)? {
            true => Some(files::jobs::Source::Store),
            false => files::look::source_in(step.view(), web, content)?,
        };
        if source.is_none() {
            let wanted = files::lending::Wanted { content, size, from: None };
            files::lending::bring(step, web, vec![wanted]);
        }
        Ok(source.map(|source| crate::jobs::Place::Content { content, size, source }))
    }

    /// A program was looked at, or a chain read.
    pub(crate) fn hear_taken(
        &mut self,
        step: &mut Step<'_>,
        work: JobId,
        outcome: &Result<Vec<u8>, JobFailure>,
    ) -> Result<bool, Fault> {
        let Some(taking) = self.taking.remove(&work) else { return Ok(false) };
        let why = match outcome {
            Err(JobFailure::Failed(why)) => why.clone(),
            Err(_) => "this computer could not look at it".to_owned(),
            Ok(_) => "the answer of the sandbox cannot be read".to_owned(),
        };
        let taken = outcome.as_ref().ok().and_then(|bytes| from_bytes::<Taken>(bytes).ok());
        match (taking, taken) {
            (Taking::Chain { ask, asked }, Some(Taken::Text { text })) => {
                if let Err(fault) = self.begin_chain(step, ask, &asked, &text) {
                    step.refuse(ask, fault);
                }
            }
            (Taking::Chain { ask, asked }, _) => {
                step.refuse(ask, ComputeError::BadChain { file: asked.file, why }.into());
            }
            (Taking::Program(key), Some(Taken::Program { content, size, .. })) => {
                if let Some(mut stage) = STAGES.get(step.view(), &key)? {
                    (stage.announced.program, stage.announced.program_size) = (content, size);
                    stage.program.clear();
                    STAGES.put(step.rows(), &key, &stage);
                    self.answer_begun(step, key.0)?;
                }
            }
            (Taking::Program(key), _) => {
                if let Some(stage) = STAGES.get(step.view(), &key)? {
                    // The sandbox names the file; whatever else went wrong does not.
                    let why = match why.contains(&stage.program) {
                        true => why,
                        false => format!("{} cannot run: {why}", stage.program),
                    };
                    let error = ComputeError::BadProgram { why };
                    self.cannot_begin(step, key.0, error)?;
                }
            }
        }
        Ok(true)
    }

    fn answer_begun(&mut self, step: &mut Step<'_>, id: RunId) -> Result<(), Fault> {
        for row in STAGES.within(step.view(), &id) {
            if !row?.1.program.is_empty() {
                return Ok(());
            }
        }
        self.announce_all(step, id)?;
        self.advance(step, id)?;
        if let Some(ask) = self.beginning.remove(&id) {
            let view = reading::job(step.view(), step.me(), step.now(), id)?;
            step.reply(ask, &view);
        }
        Ok(())
    }

    /// A job cannot begin: who asked is told, and nothing is left of it; who is gone finds it failed.
    fn cannot_begin(&mut self, step: &mut Step<'_>, id: RunId, error: ComputeError) -> Result<(), Fault> {
        self.taking.retain(|_, taking| !matches!(taking, Taking::Program((job, _)) if *job == id));
        if let Some(ask) = self.beginning.remove(&id) {
            step.refuse(ask, error.into());
            return self.forget_rows(step, id);
        }
        if let Some(mut job) = JOBS.get(step.view(), &id)? {
            job.state = JobState::Failed;
            job.note = error.to_string();
            job.until = Some(step.now());
            JOBS.put(step.rows(), &id, &job);
            self.end_job(step, id, &job)?;
        }
        Ok(())
    }

    /// Returns a job of this person's that is named by its id or the first digits of it.
    fn own_job(&self, step: &Step<'_>, name: &str) -> Result<(RunId, JobRow), Fault> {
        let (id, job) = reading::named(step.view(), name)?;
        if job.owner == self.me {
            Ok((id, job))
        } else {
            Err(ComputeError::NotYours { name: job.name }.into())
        }
    }

    fn answer_job(&mut self, step: &mut Step<'_>, ask: AskId, id: RunId) -> Result<(), Fault> {
        self.live(id).is_changed = true;
        let view = reading::job(step.view(), step.me(), step.now(), id)?;
        step.reply(ask, &view);
        Ok(())
    }

    pub(crate) fn ask_pause(
        &mut self,
        step: &mut Step<'_>,
        ask: AskId,
        asked: &PauseJob,
    ) -> Result<(), Fault> {
        let (id, mut job) = self.own_job(step, &asked.id)?;
        if !matches!(job.state, JobState::Running | JobState::Paused) {
            return Err(wrong_state("pause", &job));
        }
        job.state = JobState::Paused;
        JOBS.put(step.rows(), &id, &job);
        self.hand_again(step, id, &job)?;
        self.answer_job(step, ask, id)
    }

    pub(crate) fn ask_resume(
        &mut self,
        step: &mut Step<'_>,
        ask: AskId,
        asked: &ResumeJob,
    ) -> Result<(), Fault> {
        let (id, mut job) = self.own_job(step, &asked.id)?;
        if !matches!(job.state, JobState::Running | JobState::Paused) {
            return Err(wrong_state("resume", &job));
        }
        job.state = JobState::Running;
        job.note.clear();
        JOBS.put(step.rows(), &id, &job);
        let parked: Vec<(RunId, u8, u64)> =
            PARKED.within(step.view(), &id).map(|row| Ok(row?.0)).collect::<Result<_, StoreError>>()?;
        for at in &parked {
            let is_running =
                STAGES.get(step.view(), &(at.0, at.1))?.is_some_and(|one| one.state == StageState::Running);
            if is_running {
                PARKED.delete(step.rows(), at);
                if let Some(board) = self.board(step, (at.0, at.1))? {
                    board.reopen(crate::intervals::Intervals::one(at.2));
                }
            }
        }
        self.hand_again(step, id, &job)?;
        self.advance(step, id)?;
        self.feed(step, id)?;
        self.answer_job(step, ask, id)
    }

    fn hand_again(&mut self, step: &mut Step<'_>, id: RunId, job: &JobRow) -> Result<(), Fault> {
        for number in &job.stages {
            let Some(stage) = STAGES.get(step.view(), &(id, *number))? else { continue };
            if !crate::deputy::is_handed(&stage) {
                continue;
            }
            for deputy in job.deputies.clone() {
                self.hand(step, deputy, (id, *number), job, &stage);
            }
        }
        Ok(())
    }

    pub(crate) fn ask_cancel(
        &mut self,
        step: &mut Step<'_>,
        ask: AskId,
        asked: &CancelJob,
    ) -> Result<(), Fault> {
        let (id, mut job) = self.own_job(step, &asked.id)?;
        if job.state.is_over() {
            return Err(wrong_state("cancel", &job));
        }
        job.state = JobState::Cancelled;
        job.until = Some(step.now());
        JOBS.put(step.rows(), &id, &job);
        self.tell_receipt(step, id, &job)?;
        self.end_job(step, id, &job)?;
        self.answer_job(step, ask, id)
    }

    pub(crate) fn ask_forget(
        &mut self,
        step: &mut Step<'_>,
        ask: AskId,
        asked: &ForgetJob,
    ) -> Result<(), Fault> {
        let (id, job) = self.own_job(step, &asked.id)?;
        if !job.state.is_over() {
            return Err(wrong_state("forget", &job));
        }
        self.forget_rows(step, id)?;
        step.emit("compute.changed", &serde_json::json!({ "id": id }));
        step.reply(ask, &ForgottenJob { name: job.name });
        Ok(())
    }

    pub(crate) fn ask_priority(
        &mut self,
        step: &mut Step<'_>,
        ask: AskId,
        asked: &SetPriority,
    ) -> Result<(), Fault> {
        let (id, mut job) = self.own_job(step, &asked.id)?;
        if job.state.is_over() {
            return Err(wrong_state("change", &job));
        }
        let allowed = || ComputeError::BadLimit {
            field: "priority".to_owned(),
            value: asked.priority.to_string(),
            allowed: "1 to 9".to_owned(),
        };
        job.priority =
            u8::try_from(asked.priority).ok().filter(|one| (1..=9).contains(one)).ok_or_else(allowed)?;
        JOBS.put(step.rows(), &id, &job);
        for number in job.stages.clone() {
            let Some(mut stage) = STAGES.get(step.view(), &(id, number))? else { continue };
            stage.announced.priority = job.priority;
            STAGES.put(step.rows(), &(id, number), &stage);
            if stage.state != StageState::Done && stage.program.is_empty() {
                let body = crate::value::Body::Stage(stage.announced.clone());
                records::publish(step, job.web, "compute", to_bytes(&body))?;
                let author = step.me();
                self.hear_stage(step, (job.web, author), stage.announced)?;
            }
        }
        self.answer_job(step, ask, id)
    }

    pub(crate) fn ask_save(&mut self, step: &mut Step<'_>, ask: AskId, asked: &SaveJob) -> Result<(), Fault> {
        let (id, mut job) = self.own_job(step, &asked.id)?;
        if !job.state.is_over() {
            return Err(wrong_state("save", &job));
        }
        job.out = Some(asked.out.clone());
        job.state = JobState::Saving;
        JOBS.put(step.rows(), &id, &job);
        self.save_more(step, id, 0)?;
        self.answer_job(step, ask, id)
    }

    pub(crate) fn ask_push(&mut self, step: &mut Step<'_>, ask: AskId, push: &Push) -> Result<(), Fault> {
        let (id, job) = self.own_job(step, &push.id)?;
        let key = (id, 0);
        let Some(mut stage) =
            STAGES.get(step.view(), &key)?.filter(|stage| !stage.is_closed && !job.state.is_over())
        else {
            return Err(wrong_state("push to", &job));
        };
        if stage.source != SourceRow::Items {
            return Err(wrong_state("push to", &job));
        }
        let items = read_items(&push.items)?;
        if job.is_fleeting() {
            step.relax_durability();
        }
        let first = stage.total;
        put_inputs(step, key, first, &items)?;
        stage.total = first + items.len() as u64;
        stage.is_closed = push.is_last;
        STAGES.put(step.rows(), &key, &stage);
        if let Some(board) = self.board(step, key)? {
            (board.total, board.is_closed) = (stage.total, stage.is_closed);
        }
        step.reply(ask, &Pushed { first, total: stage.total });
        self.recall(step, key, &job, first, stage.total)?;
        for deputy in job.deputies.clone() {
            self.hand(step, deputy, key, &job, &stage);
        }
        if stage.state == StageState::Running { self.after_results(step, key) } else { Ok(()) }
    }

    pub(crate) fn ask_wait(
        &mut self,
        step: &mut Step<'_>,
        ask: AskId,
        wait: &WaitResults,
    ) -> Result<(), Fault> {
        let (job, _) = reading::named(step.view(), &wait.id)?;
        let until = step.now().after(WAIT);
        self.waiters.push(Waiter { ask, job, after: wait.after, until });
        step.alarm(WAIT, WAITING);
        Ok(())
    }

    /// Answers those who have waited long enough, or for whom there is something.
    pub(crate) fn answer_waiters(&mut self, step: &mut Step<'_>) -> Result<(), Fault> {
        for waiter in std::mem::take(&mut self.waiters) {
            let job = JOBS.get(step.view(), &waiter.job)?;
            let is_due = job.is_none_or(|job| job.order > waiter.after || job.state.is_over());
            if !is_due && step.now() < waiter.until {
                self.waiters.push(waiter);
                continue;
            }
            match reading::results_after(step.view(), waiter.job, waiter.after) {
                Ok(results) => step.reply(waiter.ask, &results),
                Err(fault) => step.refuse(waiter.ask, fault),
            }
        }
        Ok(())
    }
}

/// A program, or a chain, that is being looked at.
#[derive(Debug)]
pub(crate) enum Taking {
    Program(StageKey),
    Chain { ask: AskId, asked: Chain },
}

/// What a person says about a job, as words.
struct Said<'a> {
    trust: String,
    people: &'a [String],
    deputies: &'a [String],
    priority: Option<u32>,
}

fn wrong_state(verb: &str, job: &JobRow) -> Fault {
    ComputeError::WrongState {
        verb: verb.to_owned(),
        name: job.name.clone(),
        state: job.state.word().to_owned(),
    }
    .into()
}

fn which_web(step: &Step<'_>, name: Option<&str>) -> Result<WebId, Fault> {
    if let Some(name) = name {
        let found = people::read::web_named(step.view(), name)?;
        return found.ok_or_else(|| ComputeError::NoSuchWeb { web: name.to_owned() }.into());
    }
    let webs = people::read::webs(step.view())?;
    match webs.as_slice() {
        [only] => Ok(only.id),
        several => Err(ComputeError::WhichWeb { count: several.len() }.into()),
    }
}

fn files(step: &Step<'_>, patterns: &[String]) -> Result<SourceRow, Fault> {
    Ok(SourceRow::Files { patterns: expand(step.view(), patterns)?, at: 0, after: None })
}

fn count(range: u64) -> Result<u64, Fault> {
    match range {
        1..=UNITS_MAX => Ok(range),
        count => Err(ComputeError::UnitCount { count, limit: UNITS_MAX }.into()),
    }
}

fn arguments(text: Option<&str>) -> Result<Vec<u8>, Fault> {
    let text = text.unwrap_or_default();
    if text.len() > ARGUMENTS_SIZE_MAX {
        let value = format!("{} bytes", text.len());
        let allowed = format!("{ARGUMENTS_SIZE_MAX} bytes");
        return Err(ComputeError::BadLimit { field: "arguments".to_owned(), value, allowed }.into());
    }
    Ok(text.as_bytes().to_vec())
}

fn limits(
    seconds: Option<u64>,
    memory: Option<u32>,
    is_nan_canonical: bool,
    fuel: Option<u64>,
) -> Result<Limits, Fault> {
    let (seconds, memory_mib) = (seconds.unwrap_or(600), memory.unwrap_or(256));
    let limits = Limits {
        cpu_ms: seconds.saturating_mul(1_000),
        memory_mib,
        output: OUTPUT_SIZE_MAX,
        is_nan_canonical,
        fuel,
    };
    if is_limit(&limits) {
        return Ok(limits);
    }
    let (field, value, allowed) = match (1..=86_400).contains(&seconds) {
        false => ("seconds", seconds.to_string(), "1 to 86400"),
        true if is_limit(&Limits { fuel: None, ..limits }) => {
            ("fuel", fuel.unwrap_or_default().to_string(), "1 to 1000000000000000")
        }
        true => ("memory", memory_mib.to_string(), "1 to 4096 MiB"),
    };
    Err(ComputeError::BadLimit { field: field.to_owned(), value, allowed: allowed.to_owned() }.into())
}

fn read_items(items: &[String]) -> Result<Vec<InputRow>, Fault> {
    let whole: usize = items.iter().map(String::len).sum();
    if items.len() > ITEMS_MAX || whole > ITEMS_SIZE_MAX * 4 / 3 + 4 {
        let why = format!("{} items with {whole} letters are more than {ITEMS_MAX} and 8 MiB", items.len());
        return Err(ComputeError::BadItem { place: 0, why }.into());
    }
    let mut rows = Vec::with_capacity(items.len());
    for (place, item) in items.iter().enumerate() {
        let bad = |why: String| ComputeError::BadItem { place, why };
        let bytes =
            BASE64.decode(item.as_bytes()).map_err(|error| bad(format!("it is no base64: {error}")))?;
        if bytes.len() > ITEM_SIZE_MAX {
            return Err(bad(format!("it has {} bytes, {ITEM_SIZE_MAX} are allowed", bytes.len())).into());
        }
        let part = Part::Inline { bytes: bytes.into() };
        rows.push(InputRow { parts: vec![InputPart::Given { part }], path: String::new(), at: None });
    }
    Ok(rows)
}

/// Puts what was said of trust into the words that a chain uses.
fn trust_words(map: &Map) -> String {
    match map.trust {
        None if map.quorum.is_some() => format!("quorum {}", map.quorum.as_deref().unwrap_or_default()),
        None | Some(Trust::Adaptive) => format!("adaptive {}", map.spot.as_deref().unwrap_or_default()),
        Some(Trust::Own) => "own".to_owned(),
        Some(Trust::Trusted) => "trusted".to_owned(),
        Some(Trust::Spot) => format!("spot {}", map.spot.as_deref().unwrap_or_default()),
        Some(Trust::Quorum) => format!("quorum {}", map.quorum.as_deref().unwrap_or_default()),
    }
}

/// Reads `own`, `trusted`, `spot 2%`, `quorum 2/3`, `adaptive 5%`.
pub(crate) fn read_trust(words: &str, persons: Vec<PersonId>) -> Result<TrustRow, ComputeError> {
    let bad = || ComputeError::BadLimit {
        field: "trust".to_owned(),
        value: words.trim().to_owned(),
        allowed: "own, trusted, spot 2%, quorum 2/3 or adaptive".to_owned(),
    };
    let mut parts = words.split_whitespace();
    let kind = match parts.next() {
        Some("own") => TrustKind::Own,
        Some("trusted") => TrustKind::Trusted,
        Some("spot") => TrustKind::Spot,
        Some("quorum") => TrustKind::Quorum,
        Some("adaptive") => TrustKind::Adaptive,
        _ => return Err(bad()),
    };
    let detail = parts.next();
    let mut trust = TrustRow { kind, persons, quorum: 2, most: 4, drawn: 20_000 };
    match (kind, detail) {
        (TrustKind::Quorum, Some(detail)) => {
            let (quorum, most) = detail.split_once('/').unwrap_or((detail, "0"));
            let (quorum, most) = (quorum.parse::<u32>().ok(), most.parse::<u32>().ok());
            let (Some(quorum @ 1..=5), Some(most)) = (quorum, most) else { return Err(bad()) };
            if most != 0 && !(quorum..=8).contains(&most) {
                return Err(bad());
            }
            (trust.quorum, trust.most) = (quorum, if most == 0 { quorum + 2 } else { most });
        }
        (TrustKind::Spot | TrustKind::Adaptive, Some(detail)) => {
            let percent =
                detail.strip_suffix('%').unwrap_or(detail).parse::<f64>().map_err(|_no_number| bad())?;
            if !(0.0..=100.0).contains(&percent) {
                return Err(bad());
            }
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "0 to 100, checked above"
            )]
            let drawn = (percent * 10_000.0).round() as u32;
            trust.drawn = drawn;
        }
        (_, Some(_)) => return Err(bad()),
        (_, None) => {}
    }
    if kind == TrustKind::Trusted && trust.persons.is_empty() {
        return Err(ComputeError::BadLimit {
            field: "people".to_owned(),
            value: "nobody".to_owned(),
            allowed: "with `trusted`, one person or more".to_owned(),
        });
    }
    Ok(trust)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trust_is_read_as_it_is_said() {
        let check = |words: &str, expected: Option<(TrustKind, u32, u32, u32)>| {
            let read = read_trust(words, vec![PersonId::new([1; 32])]).ok();
            let read = read.map(|trust| (trust.kind, trust.quorum, trust.most, trust.drawn));
            assert_eq!(read, expected, "{words}");
        };
        check("own", Some((TrustKind::Own, 2, 4, 20_000)));
        check("spot 2.5%", Some((TrustKind::Spot, 2, 4, 25_000)));
        check("quorum 2/3", Some((TrustKind::Quorum, 2, 3, 20_000)));
        check("quorum 3", Some((TrustKind::Quorum, 3, 5, 20_000)));
        check("adaptive ", Some((TrustKind::Adaptive, 2, 4, 20_000)));
        for wrong in
            ["quorum 3/2", "quorum 0", "quorum 6", "spot 200%", "spot x", "own 3", "all", "spot NaN%"]
        {
            check(wrong, None);
        }
        assert!(read_trust("trusted", Vec::new()).is_err());
    }
}
