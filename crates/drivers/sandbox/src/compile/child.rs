//! The child process that compiles one program: WASM on its standard input, native code on its standard output.

use std::io;
use std::process::ExitCode;

use compute::jobs::{Failure, PROGRAM_SIZE_MAX};
use rustix::process::{Resource, Rlimit, setrlimit};
use wasmtime::component::Component;
use wasmtime::{Engine, Module};

use super::{CPU_MAX_S, MEMORY_MAX};
use crate::engine::Variant;
use crate::frames::{self, Compiled, Failed};
use crate::{abi, engine, limits};

/// Bytes of the compiler's own stack: deeply nested code must not end it.
const STACK_SIZE: usize = 64 << 20;

/// Compiles one program; the whole program of a child process.
pub fn compiler_main() -> ExitCode {
    let work = || -> io::Result<()> {
        std::panic::set_hook(Box::new(|_| {}));
        limits::humble()?;
        limits::limit(&[
            (Resource::As, MEMORY_MAX),
            (Resource::Core, 0),
            (Resource::Fsize, 0),
            (Resource::Nofile, 8),
        ])?;
        // At the first of the two the system says SIGXCPU, by which the parent knows the reason.
        let cpu = Rlimit { current: Some(CPU_MAX_S), maximum: Some(CPU_MAX_S + 10) };
        setrlimit(Resource::Cpu, cpu)?;
        let thread = std::thread::Builder::new().stack_size(STACK_SIZE).spawn(serve)?;
        thread.join().map_err(|_panic| io::Error::from(io::ErrorKind::Other))?
    };
    match work() {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn serve() -> io::Result<()> {
    limits::forbid_calls()?;
    let size_max = usize::try_from(PROGRAM_SIZE_MAX).map_err(io::Error::other)?.saturating_add(1024);
    let bytes = frames::read(&mut io::stdin().lock(), size_max)?.ok_or(io::ErrorKind::UnexpectedEof)?;
    let Some((variant, program)) = bytes.split_first() else {
        return Err(io::ErrorKind::InvalidData.into());
    };
    let variant = Variant::ALL.get(usize::from(*variant)).copied().ok_or(io::ErrorKind::InvalidData)?;
    let made = make(variant, program);
    frames::write(&mut io::stdout().lock(), &made)
}

fn make(variant: Variant, program: &[u8]) -> Result<Compiled, Failed> {
    let Some(is_component) = abi::is_component(program) else {
        return Err(Failed::new(Failure::BadProgram, "it is no WASM program"));
    };
    let engine = Engine::new(&engine::compiling(variant))
        .map_err(|error| Failed::new(Failure::Unable, format!("the compiler does not start: {error:#}")))?;
    let broken = |error: wasmtime::Error| {
        Failed::new(Failure::BadProgram, format!("it is no valid WASM program: {error:#}"))
    };
    let unable =
        |error: wasmtime::Error| Failed::new(Failure::Unable, format!("it cannot be compiled: {error:#}"));
    let ((abi, has_checkpoints), code) = if is_component {
        let component = Component::from_binary(&engine, program).map_err(broken)?;
        (abi::of_component(&engine, &component)?, component.serialize().map_err(unable)?)
    } else {
        let module = Module::from_binary(&engine, program).map_err(broken)?;
        (abi::of_module(&module)?, module.serialize().map_err(unable)?)
    };
    Ok(Compiled { abi, has_checkpoints, code: code.into() })
}
