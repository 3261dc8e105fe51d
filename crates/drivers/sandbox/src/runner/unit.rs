//! Running one unit in a fresh instance, and saying in words what became of it (spec compute-programs, rules 5 to 16).

use std::sync::Arc;
use std::time::Duration;

use base::ContentId;
use compute::jobs::{Failure, LOG_SIZE_MAX, Limits};
use rustix::time::{ClockId, clock_gettime};
use wasmtime::{Instance, InstancePre, Memory, Store, Trap, TypedFunc, UpdateDeadline};

use super::host::{Ended, Host};
use super::outbox::Outbox;
use super::program::Program;
use super::steps;
use super::wasi::{Exit, Streams};
use crate::frames::{Failed, Outcome, Unit, cut};

/// Processor time that a program has for its last words.
const LAST_WORDS: Duration = Duration::from_millis(50);

/// What all units of a frame share.
pub(super) struct Ask<'a> {
    pub(super) content: ContentId,
    pub(super) arguments: &'a [u8],
    pub(super) limits: Limits,
    pub(super) checkpoint_every: Duration,
    pub(super) outbox: &'a Arc<Outbox>,
}

/// Runs a unit. Whatever the program does, this returns soon after its processor time is over.
pub(super) fn run(program: &Program, ask: &Ask<'_>, unit: Unit) -> Outcome {
    let begun = now();
    let number = unit.unit;
    let output = run_in_store(program, ask, unit, begun);
    let cpu_us = u64::try_from(now().saturating_sub(begun).as_micros()).unwrap_or(u64::MAX);
    let output = output.and_then(|output| match output.len() as u64 > ask.limits.output {
        true => Err(too_large(ask.limits)),
        false => Ok(output.into()),
    });
    let output = output.map_err(|failed| Failed { log: cut(failed.log, LOG_SIZE_MAX), ..failed });
    Outcome { unit: number, cpu_us, output }
}

/// Returns the processor time of this thread: it stands still while the process is paused.
pub(super) fn now() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::try_from(time).unwrap_or_default()
}

fn run_in_store(program: &Program, ask: &Ask<'_>, unit: Unit, begun: Duration) -> Result<Vec<u8>, Failed> {
    let Unit { unit: _, number: unit, input, checkpoint } = unit;
    let is_command = matches!(program, Program::Command(_));
    let streams = match is_command {
        true => Streams::new(unit, ask.arguments, input.to_vec(), ask.limits.output),
        false => Streams::none(),
    };
    let until = begun.saturating_add(Duration::from_millis(ask.limits.cpu_ms));
    let mut store = store(program, ask, streams, until);
    match program {
        Program::Core(ready) => {
            let mut core = Core::fresh(ready, store, ask)?;
            let (pointer, size) = core.give(ask, unit, &input)?;
            let run: TypedFunc<(u32, u32), u64> = core.function("althing_run")?;
            match run.call(&mut core.store, (pointer, size)) {
                Ok(output) => core.take(output, ask.limits),
                Err(error) => Err(core.failed(ask, &error)),
            }
        }
        Program::Steps(ready) => {
            drop(store);
            let fresh = || Core::fresh(ready, self::store(program, ask, Streams::none(), until), ask);
            steps::run(&fresh, ask, unit, &input, checkpoint.as_deref().map(Vec::as_slice))
        }
        Program::Command(ready) => {
            let instance = ready.instantiate(&mut store).map_err(|error| refused(&store, ask, &error))?;
            let start = instance.get_typed_func::<(), ()>(&mut store, "_start");
            let ended = start.map_err(|error| missing(&error))?.call(&mut store, ());
            command(store, ask, ended)
        }
        Program::Component(ready) => {
            let instance = ready.instantiate(&mut store).map_err(|error| refused(&store, ask, &error))?;
            let run =
                instance.get_typed_func::<(u64, &[u8], &[u8]), (Result<Vec<u8>, String>,)>(&mut store, "run");
            match run
                .map_err(|error| missing(&error))?
                .call(&mut store, (unit, ask.arguments, input.as_slice()))
            {
                Ok((Ok(output),)) => Ok(output),
                Ok((Err(text),)) => Err(Failed::new(Failure::Trapped, text)),
                Err(error) => Err(trapped(&store, ask, &error, "")),
            }
        }
    }
}

fn store(program: &Program, ask: &Ask<'_>, streams: Streams, until: Duration) -> Store<Host> {
    let mut store = Store::new(program.engine(), Host::new(ask.limits, streams));
    store.limiter(|host| host);
    if let Some(fuel) = ask.limits.fuel {
        store.set_fuel(fuel).expect("a program that is given fuel was made by an engine that counts it");
    }
    watch(&mut store, until, ask.outbox);
    store
}

/// Ends the unit when its processor time is over, and lets results of earlier ones out meanwhile.
fn watch(store: &mut Store<Host>, until: Duration, outbox: &Arc<Outbox>) {
    let outbox = Arc::clone(outbox);
    store.set_epoch_deadline(1);
    store.epoch_deadline_callback(move |mut context| {
        outbox.tick()?;
        if now() < until {
            return Ok(UpdateDeadline::Continue(1));
        }
        context.data_mut().ended = Some(Ended::TooLong);
        Ok(UpdateDeadline::Interrupt)
    });
}

fn command(store: Store<Host>, ask: &Ask<'_>, ended: wasmtime::Result<()>) -> Result<Vec<u8>, Failed> {
    let said = store.data().streams.log();
    match ended {
        Ok(()) => Ok(store.into_data().streams.into_output()),
        Err(error) => match (store.data().ended, error.downcast_ref::<Exit>()) {
            (None, Some(Exit(0))) => Ok(store.into_data().streams.into_output()),
            (None, Some(Exit(code))) => Err(Failed::new(
                Failure::Trapped,
                with_words(&format!("it ended with exit code {code}"), &said),
            )),
            _ => Err(trapped(&store, ask, &error, &said)),
        },
    }
}

/// Says why there is no instance.
fn refused(store: &Store<Host>, ask: &Ask<'_>, error: &wasmtime::Error) -> Failed {
    if store.data().ended.is_some() || error.is::<Trap>() || error.is::<Exit>() {
        return trapped(store, ask, error, &store.data().streams.log());
    }
    if error.is::<rustix::io::Errno>() || error.is::<std::io::Error>() {
        return Failed::new(Failure::Unable, format!("this computer has no room for it: {error:#}"));
    }
    Failed::new(
        Failure::BadProgram,
        format!("it cannot begin with {} MiB of memory: {error:#}", ask.limits.memory_mib),
    )
}

/// Says why a call ended.
fn trapped(store: &Store<Host>, ask: &Ask<'_>, error: &wasmtime::Error, said: &str) -> Failed {
    let (failure, text) = match store.data().ended {
        Some(Ended::TooLong) => {
            (Failure::TooLong, format!("it took more than {} ms of processor time", ask.limits.cpu_ms))
        }
        Some(Ended::TooLarge) => return too_large(ask.limits),
        Some(Ended::Unable) => (Failure::Unable, "this computer has no more memory for it".to_owned()),
        None => match (error.downcast_ref::<Trap>(), ask.limits.fuel) {
            // As time that is over, but everywhere at the same instruction.
            (Some(Trap::OutOfFuel), Some(fuel)) => {
                (Failure::TooLong, format!("it ran more than {fuel} instructions"))
            }
            _ => (Failure::Trapped, trap_text(error)),
        },
    };
    Failed::new(failure, with_words(&text, said))
}

fn trap_text(error: &wasmtime::Error) -> String {
    match error.downcast_ref::<Trap>() {
        Some(Trap::StackOverflow) => "it calls itself too deeply: the stack is used up".to_owned(),
        Some(Trap::UnreachableCodeReached) => "it gave up (unreachable)".to_owned(),
        Some(trap) => format!("it trapped: {trap}"),
        None => format!("it failed: {error:#}"),
    }
}

fn with_words(text: &str, said: &str) -> String {
    if said.is_empty() { text.to_owned() } else { format!("{text}; it said: {said}") }
}

fn too_large(limits: Limits) -> Failed {
    Failed::new(Failure::TooLarge, format!("its output is larger than {} bytes", limits.output))
}

fn missing(error: &wasmtime::Error) -> Failed {
    Failed::new(Failure::BadProgram, format!("it lacks what it should export: {error:#}"))
}

/// An instance of a core program.
pub(super) struct Core {
    pub(super) store: Store<Host>,
    pub(super) instance: Instance,
    pub(super) memory: Memory,
}

impl Core {
    /// Makes a fresh instance.
    fn fresh(ready: &InstancePre<Host>, mut store: Store<Host>, ask: &Ask<'_>) -> Result<Self, Failed> {
        let instance = ready.instantiate(&mut store).map_err(|error| refused(&store, ask, &error))?;
        match instance.get_memory(&mut store, "memory") {
            Some(memory) => Ok(Self { store, instance, memory }),
            None => Err(Failed::new(Failure::BadProgram, "it does not export its memory as memory")),
        }
    }

    /// Returns an exported function.
    pub(super) fn function<P: wasmtime::WasmParams, R: wasmtime::WasmResults>(
        &mut self,
        name: &str,
    ) -> Result<TypedFunc<P, R>, Failed> {
        self.instance.get_typed_func(&mut self.store, name).map_err(|error| missing(&error))
    }

    /// Puts the unit's buffer into its memory (spec compute-programs, rule 6); returns where.
    pub(super) fn give(&mut self, ask: &Ask<'_>, unit: u64, input: &[u8]) -> Result<(u32, u32), Failed> {
        let size = input.len().saturating_add(ask.arguments.len()).saturating_add(12);
        let (Ok(size), Ok(arguments)) = (u32::try_from(size), u32::try_from(ask.arguments.len())) else {
            return Err(Failed::new(Failure::Unable, "its input is too large"));
        };
        let alloc: TypedFunc<u32, u32> = self.function("althing_alloc")?;
        let pointer = match alloc.call(&mut self.store, size) {
            Ok(pointer) => pointer,
            Err(error) => return Err(self.failed(ask, &error)),
        };
        let place = range(pointer, size);
        let Some(mut place) = self.memory.data_mut(&mut self.store).get_mut(place) else {
            let text = "althing_alloc gave a place outside of its memory for its input";
            return Err(Failed::new(Failure::Trapped, text));
        };
        for part in [unit.to_le_bytes().as_slice(), arguments.to_le_bytes().as_slice(), ask.arguments, input]
        {
            if let Some((head, rest)) = std::mem::take(&mut place).split_at_mut_checked(part.len()) {
                head.copy_from_slice(part);
                place = rest;
            }
        }
        Ok((pointer, size))
    }

    /// Takes the output that a call told of.
    pub(super) fn take(&self, output: u64, limits: Limits) -> Result<Vec<u8>, Failed> {
        let pointer = u32::try_from(output >> 32).unwrap_or(u32::MAX);
        let size = u32::try_from(output & u64::from(u32::MAX)).unwrap_or(u32::MAX);
        if u64::from(size) > limits.output {
            return Err(too_large(limits));
        }
        match self.memory.data(&self.store).get(range(pointer, size)) {
            Some(bytes) => Ok(bytes.to_vec()),
            None => Err(Failed::new(Failure::Trapped, "its output is outside of its memory")),
        }
    }

    /// Says why a call ended, with the program's last words when it has some.
    pub(super) fn failed(&mut self, ask: &Ask<'_>, error: &wasmtime::Error) -> Failed {
        let failed = trapped(&self.store, ask, error, "");
        if failed.failure != Failure::Trapped {
            return failed;
        }
        let said = self.last_words(ask).unwrap_or_default();
        Failed { log: with_words(&failed.log, &said), ..failed }
    }

    fn last_words(&mut self, ask: &Ask<'_>) -> Option<String> {
        let log = self.instance.get_typed_func::<(), u64>(&mut self.store, "althing_log").ok()?;
        watch(&mut self.store, now().saturating_add(LAST_WORDS), ask.outbox);
        let place = log.call(&mut self.store, ()).ok()?;
        let pointer = u32::try_from(place >> 32).ok()?;
        let size = u32::try_from(place & u64::from(u32::MAX)).ok()?.min(u32::try_from(LOG_SIZE_MAX).ok()?);
        let bytes = self.memory.data(&self.store).get(range(pointer, size))?;
        Some(String::from_utf8_lossy(bytes).into_owned())
    }
}

fn range(pointer: u32, size: u32) -> std::ops::Range<usize> {
    let pointer = pointer as usize;
    pointer..pointer.saturating_add(size as usize)
}
