//! The process that runs units: told what to run on its standard input, it answers on its standard output.
//!
//! It limits itself before it is told anything. A program that breaks out of WASM finds a process without files, network or
//! rights that the peer ends at will.

mod checkpoint;
mod host;
mod outbox;
mod program;
mod steps;
mod ticker;
mod unit;
pub(crate) mod wasi;

use std::fs::File;
use std::io;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use compute::jobs::Failure;
use machine_code::{SealKey, Sealed};
use rustix::process::Resource;
use wasmtime::Engine;

use self::outbox::Outbox;
use self::program::Program;
use self::ticker::Ticker;
use crate::engine::Variant;
use crate::frames::{self, FRAME_SIZE_MAX, Failed, FromRunner, Outcome, ToRunner, Unit};
use crate::{engine, limits};

/// Bytes beside a unit's memory that a runner may use: code, the frame of an input, its copy, an output, a checkpoint.
const REST_MAX: u64 = 2 << 30;
/// Programs that are ready at once.
pub(crate) const PROGRAMS_MAX: usize = 4;

/// Runs units until standard input ends; the whole program of a child process.
pub fn runner_main() -> ExitCode {
    match serve() {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn serve() -> io::Result<()> {
    // Whatever prints must not come among the answers.
    let output = File::from(rustix::io::fcntl_dupfd_cloexec(io::stdout(), 3)?);
    rustix::stdio::dup2_stdout(File::options().write(true).open("/dev/null")?)?;
    std::panic::set_hook(Box::new(|_| {}));
    limits::humble()?;
    let mut input = io::stdin().lock();
    let begin = frames::read(&mut input, 1024)?.ok_or(io::ErrorKind::UnexpectedEof)?;
    let ToRunner::Begin { key, checkpoint_ms, memory_mib } =
        minicbor::decode(&begin).map_err(io::Error::other)?
    else {
        return Err(io::ErrorKind::InvalidData.into());
    };
    // Address space says nothing here: it is reserved by the terabyte. What can be written to counts.
    limits::limit(&[
        (Resource::Data, (u64::from(memory_mib) << 20).saturating_add(REST_MAX)),
        (Resource::Core, 0),
        (Resource::Nofile, 64),
    ])?;
    let engines = Variant::ALL
        .map(|variant| Engine::new(&engine::running(variant)).map_err(io::Error::other))
        .into_iter()
        .collect::<io::Result<Vec<_>>>()?;
    let ticker = Ticker::start(engines.clone())?;
    limits::forbid_calls()?;
    let outbox = Arc::new(Outbox::new(output));
    outbox.say(&FromRunner::Ready)?;
    let mut runner = Runner {
        key: SealKey::new(key),
        checkpoint_every: Duration::from_millis(checkpoint_ms),
        engines,
        ticker,
        outbox,
        programs: Vec::new(),
    };
    while let Some(bytes) = frames::read(&mut input, FRAME_SIZE_MAX)? {
        let told = minicbor::decode(&bytes).map_err(io::Error::other)?;
        drop(bytes);
        runner.hear(told)?;
    }
    Ok(())
}

/// What one process keeps between frames.
struct Runner {
    key: SealKey,
    checkpoint_every: Duration,
    /// One for each variant, at its place.
    engines: Vec<Engine>,
    ticker: Ticker,
    outbox: Arc<Outbox>,
    programs: Vec<([u8; 32], Program)>,
}

impl Runner {
    fn hear(&mut self, told: ToRunner) -> io::Result<()> {
        match told {
            ToRunner::Begin { .. } => Err(io::ErrorKind::InvalidData.into()),
            ToRunner::Load { name, abi, variant, seal, code, forget } => {
                self.programs.retain(|(one, _)| Some(*one) != forget && *one != name);
                let engine =
                    self.engines.get(usize::from(variant.place())).ok_or(io::ErrorKind::InvalidData)?;
                let sealed = Sealed { name: &name, seal: &seal, code: &code };
                match Program::load(engine, abi, &sealed, &self.key) {
                    Ok(program) => self.programs.push((name, program)),
                    Err(text) => self.outbox.say(&FromRunner::NotLoaded { text })?,
                }
                Ok(())
            }
            ToRunner::Run { name, arguments, limits, units, content } => {
                let _ticking = self.ticker.tick();
                let ask = unit::Ask {
                    content,
                    arguments: &arguments,
                    limits,
                    checkpoint_every: self.checkpoint_every,
                    outbox: &self.outbox,
                };
                for unit in units {
                    let outcome = self.run(&name, &ask, unit);
                    self.outbox.push(outcome)?;
                }
                self.outbox.flush()
            }
        }
    }

    fn run(&self, name: &[u8; 32], ask: &unit::Ask<'_>, unit: Unit) -> Outcome {
        let Some((_, program)) = self.programs.iter().find(|(one, _)| one == name) else {
            let failed = Failed::new(Failure::Unable, "the program is not loaded");
            return Outcome { unit: unit.unit, cpu_us: 0, output: Err(failed) };
        };
        unit::run(program, ask, unit)
    }
}
