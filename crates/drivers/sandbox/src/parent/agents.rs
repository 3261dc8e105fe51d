//! Agents: one short unit at a time, in a process of its own, whatever is allowed to units of others.
//!
//! An agent gets what a unit gets, and less: a limited process that ends with it, and an input that the decider wrote. It does
//! not wait for cores that are given to units, and is not stopped with them: a person waits for what it would tell.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use agents::jobs::{Disk, OUTPUT_SIZE_MAX, Output, PROGRAM_SIZE_MAX, Program, Ran, Run, Taken, WHY_SIZE_MAX};
use base::ContentId;
use compute::jobs::{Abi, Failure, Limits, Place};

use super::driver::Shared;
use super::library;
use super::process::Process;
use super::reins::Owner;
use super::take::{compiled, read_file};
use crate::engine::Variant;
use crate::frames::{Compiled, Failed, FromRunner, ToRunner, Unit, cut};
use reports::Task;

/// The same event gives the same answer on all computers.
const VARIANT: Variant = Variant { is_nan_canonical: true, is_counted: false };
/// Time by the clock beyond a run's processor time: starting the process on a busy computer, and the load.
const OVERTIME: Duration = Duration::from_secs(20);
/// Between looks at a runner that says nothing.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// Bytes of a file that is read for its first bytes.
const HEAD_READ_MAX: u64 = 4 << 20;

/// What is to be done for agents.
#[derive(Debug)]
pub(super) enum Errand {
    /// Check a program and keep it.
    Take(Task, Program),
    /// Run a program once.
    Run(Task, Box<Run>),
}

/// A line of work for one thread.
#[derive(Debug)]
pub(super) struct Line {
    sender: Mutex<Option<Sender<Errand>>>,
    receiver: Mutex<Option<Receiver<Errand>>>,
}

impl Line {
    /// Starts empty.
    pub(super) fn new() -> Self {
        let (sender, receiver) = channel();
        Self { sender: Mutex::new(Some(sender)), receiver: Mutex::new(Some(receiver)) }
    }

    /// Adds one; dropped when all is over. The decider has two runs under way at most.
    pub(super) fn push(&self, errand: Errand) {
        if let Some(sender) = &*self.sender.lock().unwrap_or_else(PoisonError::into_inner) {
            let _is_open = sender.send(errand).is_ok();
        }
    }

    /// Does one after the other until all is over; the work of one thread.
    pub(super) fn work(&self, shared: &Shared) {
        let receiver = self.receiver.lock().unwrap_or_else(PoisonError::into_inner).take();
        for errand in receiver.into_iter().flatten() {
            match errand {
                Errand::Take(task, program) => task.finish(calmly(|| take(shared, &task, &program))),
                Errand::Run(task, run) => task.finish(calmly(|| run_once(shared, &task, &run))),
            }
        }
    }

    /// Ends the work.
    pub(super) fn close(&self) {
        drop(self.sender.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}

/// Does something that one defect of this program must not keep from being done the next time.
fn calmly(work: impl FnOnce() -> Result<Vec<u8>, String>) -> Result<Vec<u8>, String> {
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|_| Err("a defect of this program ended the work".to_owned()))
}

/// Checks that a program can run as an agent and keeps it; the text of a failure is for a person.
fn take(shared: &Shared, task: &Task, program: &Program) -> Result<Vec<u8>, String> {
    let bytes = bytes_of(shared, program)?;
    let content = ContentId::new(*blake3::hash(&bytes).as_bytes());
    let Compiled { abi, .. } =
        compiled(shared, task, Owner::Person(task.id()), content, VARIANT, || Ok(bytes.clone()))
            .map_err(|failed| format!("it cannot run here: {}", failed.log))?;
    if abi == Abi::Command {
        return Err("it wants functions of WASI, and an agent gets its input and nothing else".to_owned());
    }
    let size = bytes.len() as u64;
    let kept = shared.library.keep(bytes).map_err(|error| format!("it cannot be kept: {error}"))?;
    if kept != content {
        return Err("it cannot be kept: the store has another name for it".to_owned());
    }
    Ok(agents::jobs::to_bytes(&Taken { content, size }))
}

/// Runs a program once; the text of a failure says why this computer could not.
fn run_once(shared: &Shared, task: &Task, run: &Run) -> Result<Vec<u8>, String> {
    let program = bytes_of(shared, &run.program)?;
    let content = ContentId::new(*blake3::hash(&program).as_bytes());
    let mut cpu_us = 0;
    let output = match unit(shared, task, (content, program), run) {
        Ok((bytes, us)) => {
            cpu_us = us;
            bytes
        }
        Err(Failed { failure: Failure::Unable, log }) => return Err(log),
        Err(Failed { log, .. }) => Err(log),
    };
    let output = match output {
        Ok(bytes) if bytes.len() > OUTPUT_SIZE_MAX => {
            Output::Failed { why: format!("it gave back more than {OUTPUT_SIZE_MAX} bytes") }
        }
        Ok(bytes) => Output::Given { bytes: bytes.into() },
        Err(why) => Output::Failed { why: cut(why, WHY_SIZE_MAX) },
    };
    Ok(agents::jobs::to_bytes(&Ran { content, cpu_us, output }))
}

/// What the program gave, or what went wrong with it, and the processor time it took.
type Came = (Result<Vec<u8>, String>, u64);

fn unit(
    shared: &Shared,
    task: &Task,
    (content, program): (ContentId, Vec<u8>),
    run: &Run,
) -> Result<Came, Failed> {
    let unable = |why: String| Failed::new(Failure::Unable, why);
    let owner = Owner::Person(task.id());
    let Compiled { abi, code, .. } = compiled(shared, task, owner, content, VARIANT, || Ok(program.clone()))?;
    if abi == Abi::Command {
        let why = "it wants functions of WASI, and an agent gets its input and nothing else";
        return Err(Failed::new(Failure::BadProgram, why));
    }
    let memory_mib = run.memory_mib.max(16);
    let mut process =
        Process::start(&shared.config.runner, &shared.children, owner, memory_mib, shared.checkpoint_every)
            .map_err(|error| unable(format!("no process can be started for it: {error}")))?;
    let name = shared.cache.name(content, VARIANT);
    let seal = machine_code::SealKey::new(process.key).seal(&name, &code);
    let load = ToRunner::Load { name, abi, variant: VARIANT, seal, code, forget: None };
    let limits = Limits {
        cpu_ms: u64::from(run.cpu_ms),
        memory_mib: run.memory_mib,
        output: OUTPUT_SIZE_MAX as u64,
        is_nan_canonical: VARIANT.is_nan_canonical,
        fuel: None,
    };
    let input = document(shared, run).into();
    let units = vec![Unit { unit: 0, input, checkpoint: None, number: 0 }];
    let begin = ToRunner::Run { name, arguments: Vec::new().into(), limits, units, content };
    for told in [&load, &begin] {
        process.tell(told).map_err(|error| unable(error.to_string()))?;
    }
    wait(shared, task, &mut process, (name, run.cpu_ms))
}

/// Waits for the one result, for as long as it may take and no longer.
fn wait(
    shared: &Shared,
    task: &Task,
    process: &mut Process<'_>,
    (name, cpu_ms): ([u8; 32], u32),
) -> Result<Came, Failed> {
    let unable = |why: &str| Failed::new(Failure::Unable, why);
    let until = Instant::now() + Duration::from_millis(u64::from(cpu_ms)) + OVERTIME;
    while Instant::now() < until && !task.is_cancelled() && !shared.children.is_closed() {
        // A process that ends has run out of the memory that all of it may have, or was ended by the system.
        let said = process.hear(LOOK_EVERY).map_err(|_gone| {
            Failed::new(Failure::Trapped, "the process that ran it ended, as when memory runs out")
        })?;
        for one in said {
            match one {
                FromRunner::Results { results } => {
                    let one = results.into_iter().next().ok_or_else(|| unable("it was not run"))?;
                    return match one.output {
                        Ok(bytes) => Ok((Ok(bytes.to_vec()), one.cpu_us)),
                        Err(failed) if failed.failure == Failure::Unable => Err(failed),
                        Err(failed) => Ok((Err(failed.log), one.cpu_us)),
                    };
                }
                FromRunner::NotLoaded { text } => {
                    shared.cache.forget(&name);
                    return Err(unable(&format!("it does not load: {}", cut(text, 512))));
                }
                FromRunner::Ready | FromRunner::Checkpoint { .. } => {}
            }
        }
    }
    Err(unable("it was not done in time, or nobody waits for it any more"))
}

/// Puts the first bytes of files, and how full the disk is, into what it is given; what cannot be read is left out.
fn document(shared: &Shared, run: &Run) -> Vec<u8> {
    let mut heads = Vec::new();
    for head in &run.heads {
        let place = Place::Content { content: head.content, size: head.size, source: head.source.clone() };
        if let Ok(mut bytes) = library::read(&*shared.library, &place, HEAD_READ_MAX) {
            bytes.truncate(agents::jobs::HEAD_SIZE_MAX);
            heads.push((head.place, bytes));
        }
    }
    let disk = if run.is_disk_told { rustix::fs::statvfs(&shared.config.home).ok() } else { None };
    let disk = disk.map(|disk| Disk {
        free: disk.f_bavail.saturating_mul(disk.f_frsize),
        size: disk.f_blocks.saturating_mul(disk.f_frsize),
    });
    agents::jobs::completed(run.document.to_vec(), &heads, disk)
}

fn bytes_of(shared: &Shared, program: &Program) -> Result<Vec<u8>, String> {
    match program {
        Program::File { path } => read_file(path, PROGRAM_SIZE_MAX),
        Program::Here { content, size, source } => {
            let place = Place::Content { content: *content, size: *size, source: source.clone() };
            library::read(&*shared.library, &place, PROGRAM_SIZE_MAX)
                .map_err(|why| format!("the program cannot be read: {why}"))
        }
    }
}
