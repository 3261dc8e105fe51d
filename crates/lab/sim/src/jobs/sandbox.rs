//! A sandbox and an idle driver that only pretend: outputs follow from program, arguments, number and input, as a hash does.
//!
//! What comes out is known to the checkers by [`right`]; a cheater's sandbox says something else, and not what another's says.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use base::ContentId;
use compute::jobs::{
    Abi, Allowance, Failure, INLINE_SIZE_MAX, Machine, Outcome, Place, Run, RunReport, RunResult, RunUnit,
    Save, Take, Taken, from_bytes, to_bytes,
};
use files::jobs::ByteRange;
use kernel::{Input, Job, JobFailure, JobId};

use crate::world::{PeerIndex, World};

/// Bytes of every program.
pub(super) const PROGRAM_SIZE: u64 = 5_000;
/// Bytes of a large output.
pub(crate) const LARGE_SIZE: u64 = 100_000;
/// How often results are reported.
const REPORT_MS: u64 = 700;
/// How often the idle driver says how the computer is.
const MACHINE_EVERY: Duration = Duration::from_secs(30);

/// How a sandbox answers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Honesty {
    /// What is so.
    #[default]
    Honest,
    /// Something else for so many of 1,000 units.
    Cheating(u64),
    /// It can run nothing.
    Unable,
    /// Something else for every unit, and the same as others who do.
    Colluding,
    /// What is so, but it claims to have taken so many times longer.
    Greedy(u64),
    /// It takes work and says that it is at it, and nothing comes of it.
    Silent,
}

/// The drivers of one computer.
#[derive(Debug)]
pub struct Sandbox {
    /// How it answers.
    pub honesty: Honesty,
    /// Which lies are its own.
    pub(crate) lie: u64,
    pub(crate) idle_ms: Option<u64>,
    pub(crate) is_headless: bool,
    pub(crate) is_going_to_sleep: bool,
    pub(crate) cores: u32,
    watching: Option<JobId>,
    allowance: Option<Allowance>,
    runs: BTreeMap<JobId, Running>,
    /// Texts in files of this computer.
    pub(crate) texts: BTreeMap<String, String>,
    /// What was written into folders: path and digest.
    pub(crate) saved: BTreeMap<String, ContentId>,
    /// Units that were run.
    pub executed: u64,
    /// The same by the seed of the job's habits.
    pub(crate) executed_for: BTreeMap<u64, u64>,
    /// Wrong outputs that were given.
    pub lies: u64,
}

impl Default for Sandbox {
    fn default() -> Self {
        Self {
            honesty: Honesty::Honest,
            lie: 0,
            idle_ms: Some(600_000),
            is_headless: false,
            is_going_to_sleep: false,
            cores: 2,
            watching: None,
            allowance: None,
            runs: BTreeMap::new(),
            texts: BTreeMap::new(),
            saved: BTreeMap::new(),
            executed: 0,
            executed_for: BTreeMap::new(),
            lies: 0,
        }
    }
}

impl Sandbox {
    /// What a power cut leaves: what is on disks.
    pub(crate) fn cut_power(&mut self) {
        (self.watching, self.allowance) = (None, None);
        self.runs.clear();
    }
}

#[derive(Debug)]
struct Running {
    run: Run,
    next: usize,
    /// Units in the report that comes.
    batch: usize,
}

/// Returns the id of the program in a file.
pub(crate) fn program(path: &str) -> ContentId {
    ContentId::new(*blake3::hash(format!("program {path}").as_bytes()).as_bytes())
}

/// What the arguments of a made-up program say: `ms poison seed`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Habits {
    /// Milliseconds of a unit.
    pub(crate) ms: u64,
    /// One of so many units fails everywhere; 0: none.
    pub(crate) poison: u64,
    pub(crate) seed: u64,
}

impl Habits {
    pub(crate) fn text(self) -> String {
        format!("{} {} {}", self.ms, self.poison, self.seed)
    }

    fn read(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let mut words = text.split(' ').map(|word| word.parse().unwrap_or(0));
        let mut next = || words.next().unwrap_or(0);
        Self { ms: next().max(1), poison: next(), seed: next() }
    }
}

/// Returns what a unit gives on every honest computer: `hear` is the number in a range, `input` the bytes or the content's id.
pub(crate) fn right(program: &str, habits: Habits, hear: Option<u64>, input: &[Vec<u8>]) -> Outcome {
    if program == "/prog/sum.wasm" {
        let sum = input.iter().map(|part| String::from_utf8_lossy(part).parse::<u64>().unwrap_or(0));
        return text(sum.fold(0_u64, u64::wrapping_add).to_string());
    }
    let mut hasher = blake3::Hasher::new();
    hasher.update(program.as_bytes()).update(&habits.seed.to_be_bytes());
    hasher.update(&hear.unwrap_or(0).to_be_bytes());
    for part in input {
        hasher.update(part);
    }
    let hash = hasher.finalize();
    let number = u64::from_be_bytes(hash.as_bytes().first_chunk().copied().unwrap_or_default());
    if habits.poison > 0 && number % habits.poison == 0 {
        return Outcome::Failed { failure: Failure::Trapped, log: "unreachable".to_owned() };
    }
    if program == "/prog/large.wasm" && number % 7 == 3 {
        return Outcome::Large { content: ContentId::new(*hash.as_bytes()), size: LARGE_SIZE };
    }
    text((number % 1_000_000_007).to_string())
}

fn text(text: String) -> Outcome {
    Outcome::Output { bytes: text.into_bytes().into() }
}

/// The programs there are.
const PROGRAMS: [&str; 3] = ["/prog/map.wasm", "/prog/large.wasm", "/prog/sum.wasm"];

fn outcome(run: &Run, unit: &RunUnit) -> Outcome {
    let path = PROGRAMS.into_iter().find(|path| program(path) == run.content).unwrap_or_default();
    let parts: Vec<Vec<u8>> = unit
        .input
        .iter()
        .map(|place| match place {
            Place::Inline { bytes } => bytes.to_vec(),
            Place::Content { content, .. } => content.as_bytes().to_vec(),
        })
        .collect();
    // A range gives one empty part; only then the number is the input.
    let hear = parts.iter().all(Vec::is_empty).then_some(unit.number);
    right(path, Habits::read(&run.arguments), hear, &parts)
}

/// Carries out a job of `compute`; says whether it was one.
pub(crate) fn work(world: &mut World, index: PeerIndex, job: &Job) -> bool {
    let quickly = Duration::from_millis(3);
    let end = match job.kind {
        compute::jobs::TAKE => take(world, index, job),
        compute::jobs::SET => {
            let allowance = from_bytes::<Allowance>(&job.input).ok();
            world.peer_mut(index).sandbox.allowance = allowance;
            Ok(Vec::new())
        }
        compute::jobs::SAVE => save(world, index, job),
        compute::jobs::MACHINE => {
            world.peer_mut(index).sandbox.watching = Some(job.id);
            tick(world, index, job.id);
            return true;
        }
        compute::jobs::RUN => return begin(world, index, job),
        _ => return false,
    };
    world.finish_after(quickly, index, job.id, end.map_err(JobFailure::Failed));
    true
}

fn take(world: &mut World, index: PeerIndex, job: &Job) -> Result<Vec<u8>, String> {
    match from_bytes::<Take>(&job.input).map_err(|error| error.to_string())? {
        Take::File { path } => {
            if !PROGRAMS.contains(&path.as_str()) {
                return Err("there is no such file".to_owned());
            }
            let content = program(&path);
            world.peer_mut(index).disk.store(content, ByteRange { from: 0, to: PROGRAM_SIZE });
            let taken =
                Taken::Program { content, size: PROGRAM_SIZE, abi: Abi::Core, has_checkpoints: false };
            Ok(to_bytes(&taken))
        }
        Take::Text { path } => match world.peer(index).sandbox.texts.get(&path) {
            Some(text) => Ok(to_bytes(&Taken::Text { text: text.clone() })),
            None => Err("there is no such file".to_owned()),
        },
        Take::Here { .. } => Err("this world has no such programs".to_owned()),
    }
}

fn save(world: &mut World, index: PeerIndex, job: &Job) -> Result<Vec<u8>, String> {
    let save = from_bytes::<Save>(&job.input).map_err(|error| error.to_string())?;
    for file in save.files {
        let digest = match file.bytes {
            Place::Inline { bytes } => ContentId::new(*blake3::hash(&bytes).as_bytes()),
            Place::Content { content, .. } => content,
        };
        world.peer_mut(index).sandbox.saved.insert(format!("{}/{}", save.folder, file.path), digest);
    }
    Ok(Vec::new())
}

fn begin(world: &mut World, index: PeerIndex, job: &Job) -> bool {
    let Ok(run) = from_bytes::<Run>(&job.input) else {
        world.finish_after(Duration::ZERO, index, job.id, Err(JobFailure::Failed("unreadable".to_owned())));
        return true;
    };
    let is_here = |place: &Place| match place {
        Place::Inline { .. } => true,
        Place::Content { content, size, source } => match source {
            files::jobs::Source::Store => world.peer(index).disk.missing(*content, *size).is_empty(),
            files::jobs::Source::Path { .. } => true,
        },
    };
    let is_all_here = run.units.iter().flat_map(|unit| &unit.input).chain([&run.program]).all(is_here);
    if !is_all_here {
        let why = "bytes are not here that should be".to_owned();
        world.watch.wrong_jobs.push(format!("peer {index}: {why}"));
        world.finish_after(Duration::ZERO, index, job.id, Err(JobFailure::Failed(why)));
        return true;
    }
    world.peer_mut(index).sandbox.runs.insert(job.id, Running { run, next: 0, batch: 0 });
    go_on(world, index, job.id);
    true
}

/// The next part of a run ends some time later.
fn go_on(world: &mut World, index: PeerIndex, job: JobId) {
    let sandbox = &mut world.peer_mut(index).sandbox;
    let busy = u64::try_from(sandbox.runs.len()).unwrap_or(1);
    let cores = u64::from(sandbox.allowance.map_or(1, |allowance| allowance.cores)).max(1);
    let Some(running) = sandbox.runs.get_mut(&job) else { return };
    let each = Habits::read(&running.run.arguments).ms * busy.div_ceil(cores);
    let left = running.run.units.len().saturating_sub(running.next);
    running.batch = usize::try_from(REPORT_MS / each).unwrap_or(1).clamp(1, left.max(1));
    let wait = Duration::from_millis(each * running.batch as u64);
    world.sandbox_after(wait, index, job);
}

/// Time has passed for a job.
pub(crate) fn tick(world: &mut World, index: PeerIndex, job: JobId) {
    if world.peer(index).sandbox.watching == Some(job) {
        say_machine(world, index);
        return world.sandbox_after(MACHINE_EVERY, index, job);
    }
    let is_cancelled = world.peer(index).is_cancelled(job);
    let sandbox = &mut world.peer_mut(index).sandbox;
    let Some(mut running) = sandbox.runs.remove(&job) else { return };
    if is_cancelled {
        return world.finish_after(Duration::ZERO, index, job, Ok(Vec::new()));
    }
    if sandbox.allowance.is_none_or(|allowance| allowance.cores == 0) || sandbox.honesty == Honesty::Silent {
        sandbox.runs.insert(job, running);
        return world.sandbox_after(Duration::from_secs(1), index, job);
    }
    let mut results = Vec::new();
    let mut large = BTreeSet::new();
    let Habits { ms, seed, .. } = Habits::read(&running.run.arguments);
    let greed = if let Honesty::Greedy(times) = sandbox.honesty { times } else { 1 };
    for unit in running.run.units.iter().skip(running.next).take(running.batch) {
        sandbox.executed += 1;
        *sandbox.executed_for.entry(seed).or_default() += 1;
        let right = outcome(&running.run, unit);
        let outcome = sandbox.say(unit.unit, right);
        if let Outcome::Large { content, .. } = &outcome {
            large.insert(*content);
        }
        results.push(RunResult { unit: unit.unit, outcome, cpu_us: ms * 1_000 * greed });
    }
    running.next += running.batch;
    let is_over = running.next >= running.run.units.len();
    if !is_over {
        sandbox.runs.insert(job, running);
    }
    for content in large {
        world.peer_mut(index).disk.store(content, ByteRange { from: 0, to: LARGE_SIZE });
    }
    let report = to_bytes(&RunReport { results, checkpoints: Vec::new() });
    world.input_after(Duration::ZERO, index, Input::Progress { job, report });
    if is_over {
        world.finish_after(Duration::from_millis(1), index, job, Ok(Vec::new()));
    } else {
        go_on(world, index, job);
    }
}

impl Sandbox {
    fn say(&mut self, unit: u64, right: Outcome) -> Outcome {
        match self.honesty {
            Honesty::Honest | Honesty::Greedy(_) | Honesty::Silent => right,
            Honesty::Unable => Outcome::Failed { failure: Failure::Unable, log: "no memory".to_owned() },
            Honesty::Colluding => {
                self.lies += 1;
                text("1999999999".to_owned())
            }
            Honesty::Cheating(often) => {
                let drawn = unit.wrapping_add(self.lie).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20;
                if drawn % 1_000 >= often {
                    return right;
                }
                self.lies += 1;
                // Nobody else tells the same lie, and no honest computer a number as large.
                text((2_000_000_000 + self.lie).to_string())
            }
        }
    }
}

/// The idle driver says how the computer is now.
pub(crate) fn say_machine(world: &mut World, index: PeerIndex) {
    let minute = world.now_ms() / 60_000 % 1_440;
    let sandbox = &world.peer(index).sandbox;
    let Some(job) = sandbox.watching else { return };
    let machine = Machine {
        idle_ms: sandbox.idle_ms,
        source: "simulated".to_owned(),
        is_headless: sandbox.is_headless,
        on_battery: None,
        is_metered: None,
        load_percent: 3,
        cores: sandbox.cores,
        memory_mib: 8_000,
        free_mib: 6_000,
        minute_of_day: u32::try_from(minute).unwrap_or(0),
        is_going_to_sleep: sandbox.is_going_to_sleep,
        speed: 500_000,
        disk_mib: 300,
        architecture: "x86_64".to_owned(),
    };
    let report = to_bytes(&machine);
    world.input_after(Duration::from_millis(2), index, Input::Progress { job, report });
}

const _: () = assert!((INLINE_SIZE_MAX as u64) < LARGE_SIZE, "what is large does not travel inside messages");
