//! A sandbox with its surroundings: contents in memory, the kernel's ear, its processes.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use base::ContentId;
use compute::jobs::{
    Allowance, Limits, Outcome, Place, RUN, Run, RunReport, RunResult, RunUnit, SAVE, SET, Save, TAKE, Take,
    Taken, from_bytes, to_bytes,
};
use files::jobs::Source;
use kernel::{Driver, Input, Job, JobFailure, JobId};
use sandbox::{CHECKPOINT_EVERY, Config, Library, ProgramCommand, Sandbox};
use tokio::sync::mpsc;

/// Nothing here takes so long; a test that waits longer has failed.
const PATIENCE: Duration = Duration::from_secs(300);

#[derive(Default)]
pub(crate) struct Shelf(pub(crate) Mutex<BTreeMap<ContentId, Vec<u8>>>);

impl Library for Shelf {
    fn read(&self, content: ContentId, _source: &Source, size_max: u64) -> io::Result<Vec<u8>> {
        let shelf = self.0.lock().unwrap();
        let bytes = shelf.get(&content).ok_or(io::ErrorKind::NotFound)?;
        if bytes.len() as u64 > size_max {
            Err(io::ErrorKind::FileTooLarge.into())
        } else {
            Ok(bytes.clone())
        }
    }

    fn keep(&self, bytes: Vec<u8>) -> io::Result<ContentId> {
        let content = content(&bytes);
        self.0.lock().unwrap().insert(content, bytes);
        Ok(content)
    }
}

pub(crate) fn content(bytes: &[u8]) -> ContentId {
    ContentId::new(*blake3::hash(bytes).as_bytes())
}

pub(crate) struct House {
    pub(crate) sandbox: Sandbox,
    pub(crate) shelf: Arc<Shelf>,
    pub(crate) home: Arc<tempfile::TempDir>,
    pub(crate) input_at: Arc<Mutex<Instant>>,
    inputs: Mutex<mpsc::Receiver<Input>>,
    heard: Mutex<VecDeque<Input>>,
    tag: String,
    next: AtomicU64,
}

pub(crate) fn limits() -> Limits {
    Limits { cpu_ms: 60_000, memory_mib: 64, output: 32 << 20, is_nan_canonical: false, fuel: None }
}

pub(crate) fn wasm(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap()
}

impl House {
    pub(crate) fn new() -> Self {
        let house = Self::quiet(Arc::new(tempfile::tempdir().unwrap()), CHECKPOINT_EVERY);
        house.allow(2);
        house
    }

    /// One in which nothing may run yet.
    pub(crate) fn quiet(home: Arc<tempfile::TempDir>, checkpoint_every: Duration) -> Self {
        static TAGS: AtomicU64 = AtomicU64::new(0);
        let tag = format!("house-{}", TAGS.fetch_add(1, Ordering::Relaxed));
        let program = |what: &str| ProgramCommand {
            path: PathBuf::from(env!("CARGO_BIN_EXE_sandbox-child")),
            arguments: vec![what.to_owned(), tag.clone()],
        };
        let input_at = Arc::new(Mutex::new(Instant::now().checked_sub(Duration::from_secs(600)).unwrap()));
        let since = Arc::clone(&input_at);
        let config = Config {
            home: home.path().to_owned(),
            compiler: program("compile"),
            runner: program("run"),
            key: [7; 32],
            since_input: Arc::new(move || Some(since.lock().unwrap().elapsed())),
        };
        let (sender, inputs) = mpsc::channel(1024);
        let shelf = Arc::new(Shelf::default());
        let library: Arc<dyn Library> = Arc::clone(&shelf) as Arc<dyn Library>;
        let sandbox = Sandbox::start_with_checkpoints(config, library, sender, checkpoint_every).unwrap();
        Self {
            sandbox,
            shelf,
            home,
            input_at,
            inputs: Mutex::new(inputs),
            heard: Mutex::default(),
            tag,
            next: AtomicU64::new(1),
        }
    }

    pub(crate) fn job(&self, kind: &'static str, input: Vec<u8>) -> JobId {
        let id = JobId(self.next.fetch_add(1, Ordering::Relaxed));
        self.sandbox.work(Job { id, service: "compute", kind, input });
        id
    }

    /// The next thing said of a job.
    pub(crate) fn hear(&self, of: JobId) -> Input {
        let until = Instant::now() + PATIENCE;
        let is_it = |input: &Input| match input {
            Input::Progress { job, .. } | Input::Finished { job, .. } => *job == of,
            _ => false,
        };
        loop {
            let mut heard = self.heard.lock().unwrap();
            while let Ok(input) = self.inputs.lock().unwrap().try_recv() {
                heard.push_back(input);
            }
            if let Some(place) = heard.iter().position(is_it) {
                return heard.remove(place).unwrap();
            }
            drop(heard);
            assert!(Instant::now() < until, "nothing was said of {of:?}");
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Everything said of a job until its end.
    pub(crate) fn end(&self, job: JobId) -> (RunReport, Result<Vec<u8>, JobFailure>) {
        let mut all = RunReport::default();
        loop {
            match self.hear(job) {
                Input::Progress { report, .. } => {
                    let report: RunReport = from_bytes(&report).unwrap();
                    all.results.extend(report.results);
                    all.checkpoints.extend(report.checkpoints);
                }
                Input::Finished { outcome, .. } => return (all, outcome),
                other => panic!("{other:?}"),
            }
        }
    }

    pub(crate) fn set(&self, allowance: Allowance) {
        let job = self.job(SET, to_bytes(&allowance));
        assert_eq!(self.end(job).1, Ok(Vec::new()));
    }

    pub(crate) fn allow(&self, cores: u32) {
        self.set(Allowance { cores, percent: 100, memory_mib: 8_192, is_for_idle: false });
    }

    pub(crate) fn begin(
        &self,
        program: &[u8],
        arguments: &[u8],
        limits: Limits,
        units: Vec<RunUnit>,
    ) -> JobId {
        let run = Run {
            program: Place::Inline { bytes: program.to_vec().into() },
            content: content(program),
            arguments: arguments.to_vec().into(),
            limits,
            units,
        };
        self.job(RUN, to_bytes(&run))
    }

    pub(crate) fn run(
        &self,
        program: &[u8],
        arguments: &[u8],
        limits: Limits,
        units: Vec<RunUnit>,
    ) -> Vec<RunResult> {
        let job = self.begin(program, arguments, limits, units);
        let (report, outcome) = self.end(job);
        assert_eq!(outcome, Ok(Vec::new()));
        report.results
    }

    /// Runs one unit, number 5, and returns what came of it.
    pub(crate) fn one(&self, program: &str, arguments: &[u8], limits: Limits, input: &[u8]) -> Outcome {
        let mut results = self.run(&wasm(program), arguments, limits, vec![unit(5, input)]);
        assert_eq!(results.len(), 1);
        results.remove(0).outcome
    }

    pub(crate) fn take(&self, take: &Take) -> Result<Taken, String> {
        let job = self.job(TAKE, to_bytes(take));
        match self.end(job).1 {
            Ok(taken) => Ok(from_bytes(&taken).unwrap()),
            Err(JobFailure::Failed(text)) => Err(text),
            Err(other) => panic!("{other:?}"),
        }
    }

    pub(crate) fn save(&self, save: &Save) -> Result<(), String> {
        let job = self.job(SAVE, to_bytes(save));
        match self.end(job).1 {
            Ok(_) => Ok(()),
            Err(JobFailure::Failed(text)) => Err(text),
            Err(other) => panic!("{other:?}"),
        }
    }

    /// The processes that run units of this house, as `(pid, state, hundredths of processor time)`.
    pub(crate) fn runners(&self) -> Vec<(u32, char, u64)> {
        let mut found = Vec::new();
        for entry in std::fs::read_dir("/proc").unwrap().flatten() {
            let Ok(pid) = entry.file_name().to_string_lossy().parse::<u32>() else { continue };
            let command = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
            let command = String::from_utf8_lossy(&command).into_owned();
            let mine = format!("\0run\0{}\0", self.tag);
            if !command.ends_with(&mine) {
                continue;
            }
            let Ok(stat) = std::fs::read_to_string(entry.path().join("stat")) else { continue };
            let parts: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
            let cpu = parts[11].parse::<u64>().unwrap() + parts[12].parse::<u64>().unwrap();
            found.push((pid, parts[0].chars().next().unwrap(), cpu));
        }
        found
    }

    /// Waits until its processes are as they should be.
    pub(crate) fn await_runners(
        &self,
        what: &str,
        is_so: impl Fn(&[(u32, char, u64)]) -> bool,
    ) -> Vec<(u32, char, u64)> {
        let until = Instant::now() + PATIENCE;
        loop {
            let runners = self.runners();
            if is_so(&runners) {
                return runners;
            }
            assert!(Instant::now() < until, "{what}: {runners:?}");
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

pub(crate) fn unit(number: u64, input: &[u8]) -> RunUnit {
    RunUnit {
        unit: number,
        input: vec![Place::Inline { bytes: input.to_vec().into() }],
        checkpoint: None,
        number,
        is_framed: false,
    }
}

pub(crate) fn output(bytes: &[u8]) -> Outcome {
    Outcome::Output { bytes: bytes.to_vec().into() }
}

/// A process that works: it has been seen to take processor time.
pub(crate) fn is_working(runners: &[(u32, char, u64)]) -> bool {
    runners.iter().any(|(_, _, cpu)| *cpu >= 5)
}

pub(crate) fn are_stopped(runners: &[(u32, char, u64)]) -> bool {
    !runners.is_empty() && runners.iter().all(|(_, state, _)| *state == 'T')
}
