//! The service as the kernel meets it: which input leads where.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use api::Operation;
use api::compute::{
    AskCapacity, AskEvidence, AskGiven, AskHere, AskJob, AskJobs, AskOutput, AskResults, CancelJob, Chain,
    ComputeOff, ComputeOn, ForgetJob, Map, Mode, PauseJob, Push, ResumeJob, SaveJob, SetLimits, SetMode,
    SetPriority, TrustAgain, WaitResults,
};
use base::{DeviceId, Fault, FaultKind, RunId, Timestamp};
use kernel::{AskId, Channel, Input, JobFailure, JobId, ReadContext, Reader, Service, Step};
use records::Told;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use store::StoreError;

use crate::asking::{Taking, Waiter};
use crate::board::Board;
use crate::deputy::Handed;
use crate::faults::ComputeError;
use crate::inquiring::{Inquiry, Unheard};
use crate::messages::{Message, Says};
use crate::owner::{Live, StageKey};
use crate::reading;
use crate::tables::{
    JOBS, JobRow, JobState, SETTINGS, STAGES, STATES, StageState, StateRow, StatementRow, WORK,
};
use crate::worker::Worker;

/// The alarm of what has to be looked at.
const TEND: &str = "tend";
/// How often it is looked at while there is anything, and how soon after something that needs it.
const TEND_EVERY: Duration = Duration::from_secs(1);
const TEND_SOON: Duration = Duration::from_millis(30);
/// Messages to oneself in one step at most: a bug, not a limit of work, would make more.
const LOCAL_MAX: usize = 10_000;

/// Makes the service.
pub fn service() -> Compute {
    Compute::default()
}

/// Runs jobs, and works for those of others. Its fields are what is under way; rows say what was asked, given out and done.
#[derive(Debug)]
pub struct Compute {
    pub(crate) me: DeviceId,
    pub(crate) boards: BTreeMap<StageKey, Board>,
    pub(crate) lives: BTreeMap<RunId, Live>,
    pub(crate) worker: Worker,
    /// Programs that are being looked at, and who waits for that.
    pub(crate) taking: BTreeMap<JobId, Taking>,
    pub(crate) beginning: BTreeMap<RunId, AskId>,
    pub(crate) waiters: Vec<Waiter>,
    /// Steps in which it is still looked for what is known, from which unit on.
    pub(crate) recalling: BTreeMap<StageKey, u64>,
    /// Steps of which others are asked whether they know results.
    pub(crate) inquiries: BTreeMap<StageKey, Inquiry>,
    /// Who asked about steps that are not known here yet.
    pub(crate) unheard: BTreeMap<(DeviceId, StageKey), Unheard>,
    /// Own jobs whose deputies bring what they have taken: since when, and when something last came.
    pub(crate) bringing: BTreeMap<RunId, (Timestamp, Timestamp)>,
    /// Steps of which an owner is asked for more.
    pub(crate) telling: BTreeSet<StageKey>,
    pub(crate) tell_due: Timestamp,
    /// What deputies were told last.
    pub(crate) handed: BTreeMap<(DeviceId, StageKey), (u64, bool, JobState, StageState)>,
    /// Who is connected, as far as was heard: one that is may be said to have come once more.
    here: BTreeSet<DeviceId>,
    /// When who went away.
    pub(crate) left: BTreeMap<DeviceId, Timestamp>,
    pub(crate) is_state_due: bool,
    local: VecDeque<Message>,
    /// Whether an alarm is set, and whether it is the one for soon.
    alarm: Option<Duration>,
    is_loaded: bool,
}

impl Default for Compute {
    fn default() -> Self {
        Self {
            me: DeviceId::new([0; DeviceId::LEN]),
            boards: BTreeMap::new(),
            lives: BTreeMap::new(),
            worker: Worker::default(),
            taking: BTreeMap::new(),
            beginning: BTreeMap::new(),
            waiters: Vec::new(),
            recalling: BTreeMap::new(),
            inquiries: BTreeMap::new(),
            unheard: BTreeMap::new(),
            bringing: BTreeMap::new(),
            telling: BTreeSet::new(),
            tell_due: Timestamp::default(),
            handed: BTreeMap::new(),
            here: BTreeSet::new(),
            left: BTreeMap::new(),
            is_state_due: false,
            local: VecDeque::new(),
            alarm: None,
            is_loaded: false,
        }
    }
}

impl Service for Compute {
    fn name(&self) -> &'static str {
        "compute"
    }

    fn listens_to(&self) -> &'static [&'static str] {
        &["files"]
    }

    fn step(&mut self, step: &mut Step<'_>, input: Input) -> Result<(), Fault> {
        self.me = step.me();
        self.load(step)?;
        // Whatever this leads to is looked at again.
        let is_news = !matches!(input, Input::Alarm { .. } | Input::Started | Input::Told { .. });
        let done = self.take(step, input).and_then(|()| self.end_step(step));
        if is_news {
            self.tend_after(step, TEND_EVERY);
        }
        if let Err(fault) = &done
            && !fault.code.starts_with("compute.")
        {
            self.forget();
        }
        done
    }

    fn close_batch(&mut self, step: &mut Step<'_>) -> Result<(), Fault> {
        step.relax_durability();
        for (id, live) in &mut self.lives {
            if std::mem::take(&mut live.is_changed) {
                step.emit("compute.changed", &serde_json::json!({ "id": id }));
            }
        }
        Ok(())
    }

    fn forget(&mut self) {
        let me = self.me;
        // Whoever waits for an answer gets it from the rows, or asks again.
        *self = Self { me, ..Self::default() };
    }

    fn reader(&self) -> Box<dyn Reader> {
        Box::new(ComputeReader)
    }
}

impl Compute {
    /// Begins what the rows say is under way, after a start or a failure.
    fn load(&mut self, step: &mut Step<'_>) -> Result<(), Fault> {
        if self.is_loaded {
            return Ok(());
        }
        self.is_loaded = true;
        if SETTINGS.has(step.view(), &0)? || WORK.all(step.view()).next().is_some() {
            self.watch(step);
        }
        let me = self.me;
        // To itself a computer does not come: what of its own leases it still has, it says here.
        self.say_alive(step, |coordinator| coordinator == me)?;
        let jobs: Vec<(RunId, JobRow)> = JOBS.all(step.view()).collect::<Result<_, _>>()?;
        let now = step.now();
        for (id, job) in jobs {
            if job.owner == me && job.is_fleeting() && !job.state.is_over() {
                self.end_fleeting(step, id, job)?;
                continue;
            }
            if job.owner == self.me && !job.deputies.is_empty() {
                self.bringing.insert(id, (now, now));
            }
            if job.state == JobState::Saving {
                self.save_more(step, id, 0)?;
            }
            if job.state.is_over() || job.state == JobState::Saving {
                continue;
            }
            for number in &job.stages {
                let is_running = STAGES
                    .get(step.view(), &(id, *number))?
                    .is_some_and(|one| one.state == StageState::Running);
                if is_running {
                    self.board(step, (id, *number))?.into_iter().for_each(|board| board.doubt(me));
                    self.inquire(step, (id, *number), &job)?;
                }
            }
            self.take_programs(step, id)?;
            self.advance(step, id)?;
        }
        self.tend_soon(step);
        Ok(())
    }

    fn take(&mut self, step: &mut Step<'_>, input: Input) -> Result<(), Fault> {
        match input {
            Input::Told { by: "records", message } => {
                if let Ok(Told::Record { web, author, body, .. }) = Told::from_bytes(&message) {
                    self.hear_record(step, web, author, &body)?;
                }
            }
            // Something has come that was brought for this service.
            Input::Told { by: "files", .. } => self.tend(step)?,
            Input::Asked { ask, operation, arguments } => self.ask(step, ask, &operation, arguments)?,
            Input::Heard { from, channel: Channel::Member, message, .. } => match Message::read(&message) {
                Ok(message) => {
                    if message.says.is_made_good() {
                        step.relax_durability();
                    }
                    self.hear(step, from, message)?;
                }
                Err(error) => tracing::warn!(peer = %from.short(), %error, "a compute message was dropped"),
            },
            Input::Connected { device, channel: Channel::Member } => {
                if self.here.insert(device) {
                    self.boards.values_mut().for_each(|board| board.doubt(device));
                }
                let left = self.left.remove(&device);
                self.expect_brought(step, device, left)?;
                self.hand_all(step, device)?;
                self.meet_coordinator(step, device)?;
                self.say_state(step, device)?;
            }
            Input::Disconnected { device, channel: Channel::Member } => {
                self.here.remove(&device);
                self.note_left(device, step.now());
                self.miss_coordinator(device);
                self.miss_knower(device);
                for live in self.lives.values_mut() {
                    live.hungry.retain(|(_, hungry), _| *hungry != device);
                }
                self.tend_soon(step);
            }
            Input::Progress { job, report } => {
                if self.worker.is_watching(job) {
                    self.hear_machine(step, &report)?;
                } else {
                    self.hear_report(step, job, &report)?;
                }
            }
            Input::Finished { job, outcome } => self.hear_end(step, job, &outcome)?,
            Input::Alarm { key } => match key.as_str() {
                TEND => {
                    self.alarm = None;
                    self.tend(step)?;
                }
                "mode" => self.decide(step)?,
                _ => {}
            },
            _ => {}
        }
        Ok(())
    }

    fn hear_end(
        &mut self,
        step: &mut Step<'_>,
        job: JobId,
        outcome: &Result<Vec<u8>, JobFailure>,
    ) -> Result<(), Fault> {
        if self.hear_taken(step, job, outcome)? || self.hear_finished(step, job, outcome)? {
            return Ok(());
        }
        let saving = self
            .lives
            .iter()
            .find_map(|(id, live)| live.saving.filter(|(work, _)| *work == job).map(|(_, next)| (*id, next)));
        let Some((id, next)) = saving else { return Ok(()) };
        match outcome {
            Ok(_) => self.save_more(step, id, next),
            Err(failure) => {
                let why = match failure {
                    JobFailure::Failed(why) => why.clone(),
                    _ => "this computer could not write them".to_owned(),
                };
                if let Some(mut row) = JOBS.get(step.view(), &id)? {
                    row.state = JobState::Done;
                    row.note = format!("the results are here, but were not written: {why}");
                    row.out = None;
                    JOBS.put(step.rows(), &id, &row);
                }
                let live = self.live(id);
                (live.saving, live.is_changed) = (None, true);
                Ok(())
            }
        }
    }

    /// What goes on at the end of every step: messages to oneself, answers, the next look.
    fn end_step(&mut self, step: &mut Step<'_>) -> Result<(), Fault> {
        for _ in 0..LOCAL_MAX {
            let Some(message) = self.local.pop_front() else { break };
            let me = self.me;
            self.hear(step, me, message)?;
        }
        self.answer_waiters(step)
    }

    /// Says something to a computer, this one among them.
    pub(crate) fn say(&mut self, step: &mut Step<'_>, to: DeviceId, job: RunId, says: Says) {
        let message = Message { job, says };
        match to == self.me {
            true => self.local.push_back(message),
            false => step.send(to, Channel::Member, wire::to_bytes(&message)),
        }
    }

    /// Has everything looked at soon.
    pub(crate) fn tend_soon(&mut self, step: &mut Step<'_>) {
        self.tend_after(step, TEND_SOON);
    }

    fn tend_after(&mut self, step: &mut Step<'_>, wait: Duration) {
        if self.alarm.is_none_or(|set| set > wait) {
            self.alarm = Some(wait);
            step.alarm(wait, TEND);
        }
    }

    pub(crate) fn known_changed(&mut self) {
        self.worker.is_known_changed = true;
    }

    /// Looks at everything that time changes.
    fn tend(&mut self, step: &mut Step<'_>) -> Result<(), Fault> {
        let jobs: Vec<(RunId, JobState)> = JOBS
            .all(step.view())
            .map(|row| row.map(|(id, job)| (id, job.state)))
            .collect::<Result<_, StoreError>>()?;
        let mut is_busy = false;
        for (id, state) in jobs {
            if state.is_over() {
                continue;
            }
            is_busy = true;
            self.take_programs(step, id)?;
            self.take_coming(step, id)?;
            self.advance(step, id)?;
            self.tend_leases(step, id)?;
            if let Some(job) =
                JOBS.get(step.view(), &id)?.filter(|job| job.owner == self.me && !job.state.is_over())
                && step.now() >= self.live(id).receipt_due
            {
                self.tell_receipt(step, id, &job)?;
            }
        }
        self.recall_more(step)?;
        self.tend_inquiries(step)?;
        self.tend_deputy(step)?;
        self.tend_worker(step)?;
        self.tend_alive(step)?;
        if std::mem::take(&mut self.is_state_due) {
            self.say_state_to_all(step)?;
        }
        is_busy |= self.worker.is_busy(step);
        if is_busy {
            self.tend_after(step, TEND_EVERY);
        }
        Ok(())
    }

    fn hear(&mut self, step: &mut Step<'_>, from: DeviceId, message: Message) -> Result<(), Fault> {
        let Message { job, says } = message;
        match says {
            Says::Ask { stage, leases } => self.hear_ask(step, from, (job, stage), leases),
            Says::Lease { stage, lease, units } => self.hear_lease(step, from, (job, stage), lease, units),
            Says::Nothing { stage } => self.hear_nothing(step, from, (job, stage)),
            Says::Results { number, signed, outcomes } => {
                let row = StatementRow { device: from, via: self.me, signed, outcomes, recalled: None };
                self.hear_results(step, (from, number), job, row)
            }
            Says::Took { number } => {
                if self.pay(step, from, job, number)? {
                    Ok(())
                } else {
                    self.hear_took(step, job, number)
                }
            }
            Says::Alive { leases, checkpoints } => self.hear_alive(step, from, job, &leases, &checkpoints),
            Says::GiveBack { leases } => self.hear_give_back(step, from, job, &leases),
            Says::Stop { leases } => self.hear_stop(step, from, job, &leases),
            Says::Hand { stage, total, is_closed, trust, is_paused, source } => {
                let handed = Handed { total, is_closed, trust, is_paused, source };
                self.hear_hand(step, from, (job, stage), handed)
            }
            Says::Tell { stage, chunks, statements } => {
                self.hear_tell(step, from, (job, stage), (chunks, statements))
            }
            Says::Inputs { stage, chunk, rows } => self.hear_inputs(step, from, (job, stage), chunk, &rows),
            Says::Known { number, row } => self.hear_known(step, from, job, number, &row),
            Says::Brought { number, row } => self.hear_brought(step, from, job, number, row),
            Says::Recall { stage, number, units } => {
                self.hear_recall(step, from, (job, stage), (number, units))
            }
            Says::Recalled { stage, number, rows, is_last } => {
                self.hear_recalled(step, from, (job, stage), (number, is_last), rows)
            }
            Says::Status { state } => {
                let is_news = STATES.get(step.view(), &from)?.is_none_or(|before| before.state != state);
                if is_news {
                    let at = step.now();
                    STATES.put(step.rows(), &from, &StateRow { state, at });
                    step.emit("compute.capacity", &serde_json::json!({}));
                }
                Ok(())
            }
        }
    }

    fn say_state(&mut self, step: &mut Step<'_>, to: DeviceId) -> Result<(), Fault> {
        let state = self.work_state();
        if SETTINGS.has(step.view(), &0)? {
            self.say(step, to, RunId::new([0; RunId::LEN]), Says::Status { state });
        }
        Ok(())
    }

    fn say_state_to_all(&mut self, step: &mut Step<'_>) -> Result<(), Fault> {
        let mut told = BTreeSet::new();
        for web in people::read::webs(step.view())? {
            for member in people::read::members(step.view(), web.id)? {
                told.extend(member.devices);
            }
        }
        for device in told {
            if device != self.me && records::is_connected(step.view(), device)? {
                self.say_state(step, device)?;
            }
        }
        Ok(())
    }

    fn ask(
        &mut self,
        step: &mut Step<'_>,
        ask: AskId,
        operation: &str,
        arguments: Value,
    ) -> Result<(), Fault> {
        match operation {
            Map::NAME => self.ask_map(step, ask, &arguments_of(operation, arguments)?),
            Chain::NAME => {
                self.ask_chain(step, ask, arguments_of(operation, arguments)?);
                Ok(())
            }
            PauseJob::NAME => self.ask_pause(step, ask, &arguments_of(operation, arguments)?),
            ResumeJob::NAME => self.ask_resume(step, ask, &arguments_of(operation, arguments)?),
            CancelJob::NAME => self.ask_cancel(step, ask, &arguments_of(operation, arguments)?),
            ForgetJob::NAME => self.ask_forget(step, ask, &arguments_of(operation, arguments)?),
            SetPriority::NAME => self.ask_priority(step, ask, &arguments_of(operation, arguments)?),
            SaveJob::NAME => self.ask_save(step, ask, &arguments_of(operation, arguments)?),
            Push::NAME => self.ask_push(step, ask, &arguments_of(operation, arguments)?),
            WaitResults::NAME => self.ask_wait(step, ask, &arguments_of(operation, arguments)?),
            ComputeOn::NAME => self.ask_on(step, ask, Mode::Auto),
            ComputeOff::NAME => self.ask_on(step, ask, Mode::Never),
            SetMode::NAME => self.ask_mode(step, ask, &arguments_of(operation, arguments)?),
            SetLimits::NAME => self.ask_limits(step, ask, &arguments_of(operation, arguments)?),
            TrustAgain::NAME => self.ask_trust_again(step, ask, &arguments_of(operation, arguments)?),
            _ => Err(no_operation(operation)),
        }
    }
}

fn arguments_of<T: DeserializeOwned>(operation: &str, arguments: Value) -> Result<T, Fault> {
    serde_json::from_value(arguments).map_err(|error| {
        ComputeError::BadArguments { operation: operation.to_owned(), why: error.to_string() }.into()
    })
}

fn no_operation(operation: &str) -> Fault {
    let why = "there is no such operation".to_owned();
    ComputeError::BadArguments { operation: operation.to_owned(), why }.into()
}

/// Answers read operations.
#[derive(Debug)]
struct ComputeReader;

impl Reader for ComputeReader {
    fn read(&self, context: &ReadContext<'_>, operation: &str, arguments: Value) -> Result<Value, Fault> {
        let (rows, me, now) = (context.rows, context.me, context.now);
        match operation {
            AskJobs::NAME => {
                let asked: AskJobs = arguments_of(operation, arguments)?;
                value(&reading::jobs(rows, me, now, asked.all)?)
            }
            AskJob::NAME => {
                let asked: AskJob = arguments_of(operation, arguments)?;
                let (id, _) = reading::named(rows, &asked.id)?;
                value(&reading::job(rows, me, now, id)?)
            }
            AskResults::NAME => value(&reading::results(rows, &arguments_of(operation, arguments)?)?),
            AskOutput::NAME => {
                let asked: AskOutput = arguments_of(operation, arguments)?;
                value(&reading::output(rows, asked.content)?)
            }
            AskHere::NAME => value(&reading::here(rows, now)?),
            AskCapacity::NAME => {
                let asked: AskCapacity = arguments_of(operation, arguments)?;
                value(&reading::capacity(rows, me, asked.web.as_deref())?)
            }
            AskGiven::NAME => {
                let asked: AskGiven = arguments_of(operation, arguments)?;
                value(&reading::given(rows, asked.web.as_deref())?)
            }
            AskEvidence::NAME => {
                let asked: AskEvidence = arguments_of(operation, arguments)?;
                value(&reading::evidence(rows, me, asked.web.as_deref())?)
            }
            _ => Err(no_operation(operation)),
        }
    }
}

fn value<T: Serialize>(answer: &T) -> Result<Value, Fault> {
    serde_json::to_value(answer).map_err(|error| {
        Fault::new("compute.answer", FaultKind::Broken, format!("an answer could not be written: {error}"))
    })
}
