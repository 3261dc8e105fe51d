//! The thread's loop: looks as often as needed, reports as seldom as possible.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use compute::jobs::{Machine, to_bytes};
use kernel::{Input, JobFailure, JobId};
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

use crate::driver::Shared;
use crate::fresh::Told;
use crate::machine::{self, Ticks};
use crate::measure::{Measured, measure};
use crate::places::Places;
use crate::sources::{Signal, Source, Sources};

/// Nobody is there when nothing has been touched for this long; whoever touches something then has come back.
const AWAY_AFTER: Duration = Duration::from_secs(1);
/// What clocks and full seconds may differ between two answers without anybody having touched anything.
const CLOCKS_DIFFER: Duration = Duration::from_millis(300);
/// Reports to one who types.
const REPORT_IN_USE: Duration = Duration::from_secs(1);
/// Reports when nothing changes.
const REPORT_ALWAYS: Duration = Duration::from_secs(30);
/// A load that moved by this much is worth a report, percent.
const LOAD_MOVED: u32 = 20;

/// Between two questions while somebody asks every 25 ms whether to pause.
const ASK_WANTED: Duration = Duration::from_millis(20);
/// Between two questions while somebody is there: what they touch next changes nothing.
const ASK_IN_USE: Duration = Duration::from_millis(250);
/// Between two questions while nobody is there: a report within 100 ms of their coming back.
const ASK_AWAY: Duration = Duration::from_millis(80);
/// Between two questions to whom asking more often is of no use.
const ASK_SELDOM: Duration = Duration::from_secs(1);

const POWER_EVERY: Duration = Duration::from_secs(2);
const LOAD_EVERY: Duration = Duration::from_secs(5);
/// Signals tell before; this is for those that are lost.
const BUS_EVERY: Duration = Duration::from_secs(30);

/// A time after which something is looked at again.
#[derive(Debug, Default)]
struct Every(Option<Instant>);

impl Every {
    fn is_time(&mut self, now: Instant, period: Duration) -> bool {
        let is_time = self.0.is_none_or(|last| now.saturating_duration_since(last) >= period);
        if is_time {
            self.0 = Some(now);
        }
        is_time
    }
}

/// The loop and all it knows.
#[derive(Debug)]
pub(crate) struct Watch {
    places: Places,
    shared: Arc<Shared>,
    inputs: mpsc::Sender<Input>,
    sources: Sources,
    told: Option<Told>,
    ticks: Option<Ticks>,
    now: Machine,
    said: Option<(Machine, Instant)>,
    /// Somebody came back, or a job is new: a report is owed.
    is_owed: bool,
    measured: Arc<Measured>,
    measuring: Option<JoinHandle<()>>,
    power: Every,
    load: Every,
    bus: Every,
}

impl Watch {
    pub(crate) fn new(places: Places, shared: Arc<Shared>, inputs: mpsc::Sender<Input>) -> Self {
        Self {
            sources: Sources::new(places.clone()),
            places,
            shared,
            inputs,
            told: None,
            ticks: None,
            now: nothing_known(),
            said: None,
            is_owed: false,
            measured: Arc::default(),
            measuring: None,
            power: Every::default(),
            load: Every::default(),
            bus: Every::default(),
        }
    }

    /// Runs until stopped, or until the kernel is gone.
    pub(crate) async fn run(mut self) {
        let shared = Arc::clone(&self.shared);
        while !self.inputs.is_closed() {
            let is_working = tokio::select! {
                biased;
                () = shared.stop.notified() => break,
                is_working = self.turn() => is_working,
            };
            let pause = if is_working { Some(self.pause()) } else { None };
            tokio::select! {
                () = shared.stop.notified() => break,
                () = shared.fresh.wake.notified() => {}
                () = sleep(pause) => {}
                signal = self.sources.signal() => self.hear(signal).await,
            }
        }
        self.measured.is_unwanted.store(true, Ordering::Relaxed);
        if let Some(measuring) = self.measuring.take()
            && measuring.join().is_err()
        {
            tracing::warn!("the thread that measures this computer had panicked");
        }
    }

    /// Looks once, and reports if that is due; says whether there is anything to do until somebody wants something new.
    async fn turn(&mut self) -> bool {
        let (has_jobs, has_new, ended) = {
            let mut wanted = self.shared.wanted();
            (!wanted.jobs.is_empty(), std::mem::take(&mut wanted.has_new), std::mem::take(&mut wanted.ended))
        };
        let is_all_said = self.say_ended(ended);
        if !has_jobs && !self.shared.fresh.is_wanted(Instant::now()) {
            return !is_all_said;
        }
        self.is_owed |= has_new;
        self.look_at_input().await;
        if has_jobs {
            self.look_at_machine().await;
            self.report();
        }
        true
    }

    async fn look_at_input(&mut self) {
        let told = self.sources.idle().await;
        if let (Some(before), Some(told)) = (self.told, told) {
            let untouched = before.idle_at(told.at);
            if untouched > AWAY_AFTER && told.idle.saturating_add(CLOCKS_DIFFER) < untouched {
                self.is_owed = true;
                self.sources.forget_watch();
            }
        }
        self.told = told;
        self.shared.fresh.tell(told);
        if told.is_some_and(|told| told.idle > AWAY_AFTER) {
            self.sources.watch().await;
        }
    }

    async fn look_at_machine(&mut self) {
        let now = Instant::now();
        let root = &self.places.root;
        if self.power.is_time(now, POWER_EVERY) {
            self.now.on_battery = machine::on_battery(root);
        }
        if self.load.is_time(now, LOAD_EVERY) {
            let ticks = Ticks::now(root);
            self.now.load_percent = match (self.ticks, ticks) {
                (Some(before), Some(ticks)) => ticks.others_since(before).unwrap_or(self.now.load_percent),
                _ => machine::first_load(root, self.now.cores),
            };
            self.ticks = ticks;
            (self.now.memory_mib, self.now.free_mib) = machine::memory(root);
        }
        if self.bus.is_time(now, BUS_EVERY) {
            self.now.is_metered = self.sources.is_metered().await;
            self.now.is_going_to_sleep = self.sources.is_going_to_sleep().await.unwrap_or(false);
        }
        if self.measuring.is_none() {
            self.start_measuring();
        }
        self.now.speed = self.measured.speed.load(Ordering::Relaxed);
        self.now.disk_mib = self.measured.disk_mib.load(Ordering::Relaxed);
        self.now.idle_ms =
            self.told.map(|told| u64::try_from(told.idle_at(Instant::now()).as_millis()).unwrap_or(u64::MAX));
        self.sources.words().clone_into(&mut self.now.source);
        self.now.is_headless = self.sources.is_headless();
        self.now.minute_of_day = machine::minute_of_day();
    }

    fn start_measuring(&mut self) {
        let (home, measured) = (self.places.home.clone(), Arc::clone(&self.measured));
        let thread = std::thread::Builder::new().name("idle-measure".to_owned());
        match thread.spawn(move || measure(&home, &measured)) {
            Ok(thread) => self.measuring = Some(thread),
            Err(error) => tracing::debug!(%error, "no thread to measure this computer"),
        }
    }

    async fn hear(&mut self, signal: Signal) {
        match signal {
            Signal::Touched => {
                let told = Told { idle: Duration::ZERO, at: Instant::now() };
                self.told = Some(told);
                self.shared.fresh.tell(self.told);
                self.is_owed = true;
            }
            Signal::Sleep(is_near) => self.now.is_going_to_sleep = is_near,
            Signal::Line => self.now.is_metered = self.sources.is_metered().await,
        }
    }

    fn report(&mut self) {
        let is_due =
            self.is_owed || self.said.as_ref().is_none_or(|(said, at)| is_due(said, &self.now, at.elapsed()));
        if !is_due {
            return;
        }
        let jobs: Vec<JobId> = self.shared.wanted().jobs.iter().copied().collect();
        let report = to_bytes(&self.now);
        for job in jobs {
            // With the kernel's queue full it stays owed: a newer one goes at the next turn.
            if self.inputs.try_send(Input::Progress { job, report: report.clone() }).is_err() {
                self.is_owed = true;
                return;
            }
        }
        self.is_owed = false;
        self.said = Some((self.now.clone(), Instant::now()));
    }

    /// Says the end of cancelled jobs; false when the kernel's queue is full, so that some are left for the next turn.
    fn say_ended(&self, ended: Vec<JobId>) -> bool {
        let mut is_full = false;
        for job in ended {
            let end = Input::Finished { job, outcome: Err(JobFailure::Cancelled) };
            if let Err(TrySendError::Full(_)) = self.inputs.try_send(end) {
                self.shared.wanted().ended.push(job);
                is_full = true;
            }
        }
        !is_full
    }

    fn pause(&self) -> Duration {
        let is_wanted = self.shared.fresh.is_wanted(Instant::now());
        let idle = self.told.map_or(Duration::ZERO, |told| told.idle_at(Instant::now()));
        pause(self.sources.used(), self.sources.is_watched(), is_wanted, idle)
    }
}

/// How long until the next question.
pub(crate) fn pause(used: Option<Source>, is_watched: bool, is_wanted: bool, idle: Duration) -> Duration {
    match used {
        None | Some(Source::Logind) => ASK_SELDOM,
        Some(Source::Mutter) if is_watched => ASK_SELDOM,
        Some(Source::Mutter | Source::ScreenSaver | Source::X11) if is_wanted => ASK_WANTED,
        Some(_) if idle <= AWAY_AFTER => ASK_IN_USE,
        Some(_) => ASK_AWAY,
    }
}

/// Says whether a report is due after `said`, which was `age` ago.
pub(crate) fn is_due(said: &Machine, now: &Machine, age: Duration) -> bool {
    let is_in_use = now.idle_ms.is_some_and(|idle| Duration::from_millis(idle) <= AWAY_AFTER);
    let steady = |machine: &Machine| {
        let Machine { is_headless, on_battery, is_metered, is_going_to_sleep, speed, disk_mib, .. } =
            *machine;
        (is_headless, on_battery, is_metered, is_going_to_sleep, speed, disk_mib)
    };
    age >= REPORT_ALWAYS
        || (is_in_use && age >= REPORT_IN_USE)
        || said.source != now.source
        || steady(said) != steady(now)
        || said.load_percent.abs_diff(now.load_percent) >= LOAD_MOVED
}

fn nothing_known() -> Machine {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    Machine {
        idle_ms: None,
        source: String::new(),
        is_headless: false,
        on_battery: None,
        is_metered: None,
        load_percent: 0,
        cores: u32::try_from(cores).unwrap_or(u32::MAX),
        memory_mib: 0,
        free_mib: 0,
        minute_of_day: 0,
        is_going_to_sleep: false,
        speed: 0,
        disk_mib: 0,
        architecture: std::env::consts::ARCH.to_owned(),
    }
}

async fn sleep(pause: Option<Duration>) {
    match pause {
        Some(pause) => tokio::time::sleep(pause).await,
        None => std::future::pending().await,
    }
}
