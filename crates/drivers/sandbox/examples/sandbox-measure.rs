//! Measures the sandbox: `cargo run --release -p sandbox --example sandbox-measure`. It is its own child.
//!
//! Prints: what a fresh instance with its call costs, units that do nothing per second through the whole driver, and how
//! long pausing takes.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a measurement, run by hand"
)]
#![allow(
    clippy::cast_precision_loss,
    clippy::needless_for_each,
    reason = "it measures, and prints what it measured"
)]

use std::collections::BTreeMap;
use std::io;
use std::process::ExitCode;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use base::ContentId;
use compute::jobs::{Allowance, Limits, Place, RUN, Run, RunReport, RunUnit, SET, from_bytes, to_bytes};
use files::jobs::Source;
use kernel::{Driver, Input, Job, JobId};
use sandbox::{Config, Library, ProgramCommand, Sandbox};
use tokio::sync::mpsc;

const NOTHING: &str = r#"(module (memory (export "memory") 1)
    (func (export "althing_alloc") (param i32) (result i32) (i32.const 1024))
    (func (export "althing_run") (param i32 i32) (result i64) (i64.const 0)))"#;
const FOREVER: &str = r#"(module (memory (export "memory") 1)
    (func (export "althing_alloc") (param i32) (result i32) (i32.const 1024))
    (func (export "althing_run") (param i32 i32) (result i64) (loop $l (br $l)) (unreachable)))"#;

struct Shelf(Mutex<BTreeMap<ContentId, Vec<u8>>>);

impl Library for Shelf {
    fn read(&self, content: ContentId, _: &Source, _: u64) -> io::Result<Vec<u8>> {
        self.0.lock().unwrap().get(&content).cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn keep(&self, bytes: Vec<u8>) -> io::Result<ContentId> {
        let content = ContentId::new(*blake3::hash(&bytes).as_bytes());
        self.0.lock().unwrap().insert(content, bytes);
        Ok(content)
    }
}

struct House {
    sandbox: Sandbox,
    inputs: mpsc::Receiver<Input>,
    next: u64,
}

impl House {
    fn job(&mut self, kind: &'static str, input: Vec<u8>) -> JobId {
        self.next += 1;
        self.sandbox.work(Job { id: JobId(self.next), service: "compute", kind, input });
        JobId(self.next)
    }

    fn set(&mut self, cores: u32) {
        let allowance = Allowance { cores, percent: 100, memory_mib: 4_096, is_for_idle: false };
        self.job(SET, to_bytes(&allowance));
        while !matches!(self.inputs.blocking_recv().unwrap(), Input::Finished { .. }) {}
    }

    fn begin(&mut self, program: &str, units: u64) -> JobId {
        let program = wat::parse_str(program).unwrap();
        let unit = |unit| RunUnit {
            unit,
            input: vec![Place::Inline { bytes: vec![7; 16].into() }],
            checkpoint: None,
            number: unit,
            is_framed: false,
        };
        let run = Run {
            content: ContentId::new(*blake3::hash(&program).as_bytes()),
            program: Place::Inline { bytes: program.into() },
            arguments: Vec::new().into(),
            limits: Limits {
                cpu_ms: 3_600_000,
                memory_mib: 64,
                output: 1 << 20,
                is_nan_canonical: false,
                fuel: None,
            },
            units: (0..units).map(unit).collect(),
        };
        self.job(RUN, to_bytes(&run))
    }

    /// Runs jobs of 256 units, four at a time in the queue; returns seconds and processor time of the units.
    fn nothing(&mut self, jobs: u64) -> (f64, Vec<u64>) {
        let begun = Instant::now();
        let (mut open, mut left, mut cpu) = (0, jobs, Vec::new());
        while left > 0 || open > 0 {
            while open < 4 && left > 0 {
                self.begin(NOTHING, 256);
                open += 1;
                left -= 1;
            }
            match self.inputs.blocking_recv().unwrap() {
                Input::Progress { report, .. } => {
                    let report: RunReport = from_bytes(&report).unwrap();
                    cpu.extend(report.results.iter().map(|result| result.cpu_us));
                }
                _ => open -= 1,
            }
        }
        (begun.elapsed().as_secs_f64(), cpu)
    }
}

fn children() -> Vec<(u32, char)> {
    let me = std::process::id().to_string();
    let stats = std::fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| {
        let pid = entry.file_name().to_string_lossy().parse::<u32>().ok()?;
        let stat = std::fs::read_to_string(entry.path().join("stat")).ok()?;
        let parts: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
        let is_runner = std::fs::read(entry.path().join("cmdline")).ok()?.ends_with(b"\0run\0");
        (parts[1] == me && is_runner).then(|| (pid, parts[0].chars().next().unwrap()))
    });
    stats.collect()
}

fn state(pid: u32) -> char {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    stat.rsplit_once(')').unwrap().1.trim_start().chars().next().unwrap()
}

fn main() -> ExitCode {
    match std::env::args().nth(1).as_deref() {
        Some("compile") => return sandbox::compiler_main(),
        Some("run") => return sandbox::runner_main(),
        _ => {}
    }
    let home = tempfile::tempdir().unwrap();
    let program = |what: &str| ProgramCommand {
        path: std::env::current_exe().unwrap(),
        arguments: vec![what.to_owned()],
    };
    let touched = Arc::new(Mutex::new(Instant::now().checked_sub(Duration::from_secs(600)).unwrap()));
    let since = Arc::clone(&touched);
    let config = Config {
        home: home.path().to_owned(),
        compiler: program("compile"),
        runner: program("run"),
        key: [1; 32],
        since_input: Arc::new(move || Some(since.lock().unwrap().elapsed())),
    };
    let (sender, inputs) = mpsc::channel(1_024);
    let shelf = Arc::new(Shelf(Mutex::default()));
    let sandbox = Sandbox::start(config, shelf, sender).unwrap();
    let mut house = House { sandbox, inputs, next: 0 };
    house.set(2);
    let begun = Instant::now();
    house.begin(NOTHING, 1);
    while !matches!(house.inputs.blocking_recv().unwrap(), Input::Finished { .. }) {}
    println!(
        "first unit with compiling and starting a runner: {:.1} ms",
        begun.elapsed().as_secs_f64() * 1e3
    );
    let (_, _) = house.nothing(40);
    for round in 1..=3 {
        let jobs = 800;
        let (seconds, mut cpu) = house.nothing(jobs);
        cpu.sort_unstable();
        let mean = cpu.iter().sum::<u64>() as f64 / cpu.len() as f64;
        println!(
            "round {round}: {:.0} units/s through two runners ({} units); a unit takes {mean:.1} µs (median {} µs, 99th {} µs)",
            (jobs * 256) as f64 / seconds,
            cpu.len(),
            cpu[cpu.len() / 2],
            cpu[cpu.len() * 99 / 100],
        );
    }
    let mut latencies = Vec::new();
    for _ in 0..200 {
        let begun = Instant::now();
        house.begin(NOTHING, 1);
        while !matches!(house.inputs.blocking_recv().unwrap(), Input::Finished { .. }) {}
        latencies.push(begun.elapsed());
    }
    latencies.sort_unstable();
    println!(
        "one unit alone, from work() to its end: median {:?}, worst {:?}",
        latencies[100], latencies[199]
    );
    pauses(&mut house, &touched);
    ExitCode::SUCCESS
}

/// Two endless units; stopped by a word and by a key.
fn pauses(house: &mut House, touched: &Mutex<Instant>) {
    let jobs = [house.begin(FOREVER, 1), house.begin(FOREVER, 1)];
    while children().iter().filter(|(_, state)| *state == 'R').count() < 2 {
        std::thread::sleep(Duration::from_millis(1));
    }
    let pids: Vec<u32> = children().into_iter().map(|(pid, _)| pid).collect();
    for is_by_key in [false, true] {
        let mut times = Vec::new();
        for round in 0..100_u64 {
            let allowance = Allowance { cores: 2, percent: 100, memory_mib: 4_096, is_for_idle: is_by_key };
            house.job(SET, to_bytes(&allowance));
            while pids.iter().any(|pid| state(*pid) == 'T') {}
            std::thread::sleep(Duration::from_millis(20 + round % 25));
            let begun = Instant::now();
            if is_by_key {
                *touched.lock().unwrap() = begun;
            } else {
                house.job(SET, to_bytes(&Allowance { cores: 0, ..allowance }));
            }
            while pids.iter().any(|pid| state(*pid) != 'T') {
                std::thread::yield_now();
            }
            times.push(begun.elapsed());
        }
        times.sort_unstable();
        let what = if is_by_key { "a touched key" } else { "cores 0" };
        println!("from {what} to both runners stopped: median {:?}, worst {:?}", times[50], times[99]);
    }
    jobs.iter().for_each(|job| house.sandbox.cancel(*job));
}
