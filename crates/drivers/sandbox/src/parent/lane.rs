//! A lane: one thread that takes job after job, and runs each in a runner of its own.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use compute::jobs::{Failure, Outcome, PROGRAM_SIZE_MAX, Run, RunUnit};

use super::driver::Shared;
use super::library;
use super::process::Process;
use super::reins::{Next, Owner, Waiting};
use super::stream::{Ended, Stream};
use super::take::compiled;
use crate::engine::Variant;
use crate::frames::{Compiled, Failed, ToRunner};
use reports::Task;

/// A runner that nobody needed for so long is ended.
const REST: Duration = Duration::from_secs(30);

/// Runs jobs until all is over; the work of one thread, whose end also ends its runner.
pub(super) fn work(shared: &Shared) {
    let mut process = None;
    loop {
        match shared.children.next(REST) {
            Next::Closed => return,
            Next::Quiet => process = None,
            Next::Job(waiting) => {
                let job = waiting.task.id();
                let task = waiting.task.clone();
                let run = AssertUnwindSafe(|| run(shared, *waiting, &mut process));
                let given_back = catch_unwind(run).unwrap_or_else(|_| {
                    task.finish(Err("a defect of this program ended the work".to_owned()));
                    None
                });
                if let Some(process) = &process {
                    let process: &Process<'_> = process;
                    process.held.work_for(Owner::Nobody);
                }
                shared.children.done(job);
                if let Some(waiting) = given_back {
                    shared.children.push_back(waiting);
                }
            }
        }
    }
}

/// Runs a job to its end; returns what is left of it when it had to make room.
#[expect(
    clippy::too_many_lines,
    reason = "one loop, in which everything that can end a run is looked at in order"
)]
fn run<'a>(shared: &'a Shared, waiting: Waiting, process: &mut Option<Process<'a>>) -> Option<Waiting> {
    let Waiting { task, mut run } = waiting;
    let units: Vec<RunUnit> = std::mem::take(&mut run.units);
    let mut stream = Stream::new(shared, &task, &run, units);
    if !shared.children.has_room(run.limits.memory_mib) {
        let text =
            format!("it may use {} MiB of memory, more than is free for units here", run.limits.memory_mib);
        stream.fail_all(&Failed::new(Failure::Unable, text));
        task.finish(Ok(Vec::new()));
        return None;
    }
    let mut has_loaded_anew = false;
    let mut has_failed_to_start = false;
    let outcome = loop {
        if let Err(failed) = ready(shared, &task, &run, process) {
            if !shared.children.is_evicted(task.id()) {
                stream.fail_all(&failed);
                break Ok(());
            }
            break Err(Ended::Evicted);
        }
        let Some(runner) = process.as_mut() else { continue };
        match stream.run(runner) {
            Ended::Done => break Ok(()),
            Ended::Cancelled => break Err(Ended::Cancelled),
            Ended::NotLoaded(text) => {
                let name = shared.cache.name(run.content, Variant::of(&run.limits));
                // What it was told of this program goes with it.
                *process = None;
                stream.take_back();
                shared.cache.forget(&name);
                if std::mem::replace(&mut has_loaded_anew, true) {
                    stream.fail_all(&Failed::new(Failure::BadProgram, format!("it does not load: {text}")));
                    break Ok(());
                }
            }
            Ended::Gone => {
                let was_ready = runner.is_ready;
                *process = None;
                if shared.children.is_closed() || task.is_cancelled() {
                    break Err(Ended::Cancelled);
                }
                if shared.children.is_evicted(task.id()) {
                    break Err(Ended::Evicted);
                }
                match (was_ready, has_failed_to_start) {
                    (true, _) => stream.crashed(),
                    (false, false) => {
                        has_failed_to_start = true;
                        stream.take_back();
                    }
                    (false, true) => {
                        let text = "the process that runs units ends at once";
                        stream.fail_all(&Failed::new(Failure::Unable, text));
                        break Ok(());
                    }
                }
            }
            Ended::Evicted => break Err(Ended::Evicted),
        }
    };
    match outcome {
        Err(Ended::Evicted) if !task.is_cancelled() => {
            stream.flush();
            run.units = stream.into_rest();
            Some(Waiting { task, run })
        }
        Err(_) => {
            // What the runner still has of a cancelled job would come among the next one's.
            *process = None;
            drop(stream);
            task.finish(Ok(Vec::new()));
            None
        }
        Ok(()) => {
            stream.flush();
            drop(stream);
            task.finish(Ok(Vec::new()));
            None
        }
    }
}

/// Has a runner that has the program.
fn ready<'a>(
    shared: &'a Shared,
    task: &Task,
    run: &Run,
    process: &mut Option<Process<'a>>,
) -> Result<(), Failed> {
    let owner = Owner::Units(task.id());
    let limits = run.limits;
    if process.as_ref().is_some_and(|runner| runner.memory_mib < limits.memory_mib) {
        *process = None;
    }
    let runner = if let Some(runner) = process {
        runner.held.work_for(owner);
        runner
    } else {
        let unable =
            |error| Failed::new(Failure::Unable, format!("no program to run units can be started: {error}"));
        let memory_mib = limits.memory_mib.max(64).checked_next_power_of_two().unwrap_or(u32::MAX);
        let started = Process::start(
            &shared.config.runner,
            &shared.children,
            owner,
            memory_mib,
            shared.checkpoint_every,
        );
        process.insert(started.map_err(unable)?)
    };
    let variant = Variant::of(&limits);
    let name = shared.cache.name(run.content, variant);
    if runner.has(&name) {
        return Ok(());
    }
    let program = || {
        library::read(&*shared.library, &run.program, PROGRAM_SIZE_MAX).and_then(|bytes| {
            match blake3::hash(&bytes).as_bytes() == run.content.as_bytes() {
                true => Ok(bytes),
                false => Err("its bytes are not those they should be".to_owned()),
            }
        })
    };
    let Compiled { abi, has_checkpoints: _, code } =
        compiled(shared, task, owner, run.content, variant, program)?;
    let seal = machine_code::SealKey::new(runner.key).seal(&name, &code);
    let forget = runner.add(name);
    let load = ToRunner::Load { name, abi, variant, seal, code, forget };
    runner.tell(&load).map_err(|error| Failed::new(Failure::Unable, error.to_string()))
}

/// Makes the outcome of a unit that has none.
pub(super) fn failed(failed: &Failed) -> Outcome {
    let log = crate::frames::cut(failed.log.clone(), compute::jobs::LOG_SIZE_MAX);
    Outcome::Failed { failure: failed.failure, log }
}

/// Reads the parts of an input and puts them together.
pub(super) fn input(shared: &Shared, unit: &RunUnit) -> Result<Vec<u8>, String> {
    let mut left = compute::jobs::INPUT_SIZE_MAX;
    let mut input = Vec::new();
    for part in &unit.input {
        let bytes = library::read(&*shared.library, part, left)?;
        left = left.saturating_sub(bytes.len() as u64);
        if !unit.is_framed {
            input.extend(bytes);
            continue;
        }
        let size = u32::try_from(bytes.len()).map_err(|error| error.to_string())?;
        input.extend(size.to_le_bytes());
        input.extend(bytes);
    }
    Ok(input)
}
