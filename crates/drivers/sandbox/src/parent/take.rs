//! Taking a program: read, compiled once to check it, kept. And taking a text.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::time::Duration;

use base::ContentId;
use compute::jobs::{Failure, PROGRAM_SIZE_MAX, Take, Taken, to_bytes};
use rustix::fs::{Mode, OFlags};

use super::driver::Shared;
use super::library;
use super::reins::Owner;
use crate::compile::{Compiling, compile};
use crate::engine::Variant;
use crate::frames::{Compiled, Failed};
use reports::Task;

/// Bytes of a text at most.
const TEXT_SIZE_MAX: u64 = 256 * 1024;
/// Between looks whether somebody else has compiled the program.
const PATIENCE: Duration = Duration::from_millis(20);

/// Takes what is asked; the text of a failure is for a person.
pub(super) fn take(shared: &Shared, task: &Task, take: &Take) -> Result<Vec<u8>, String> {
    let program = match take {
        Take::Text { path } => {
            let bytes = read_file(path, TEXT_SIZE_MAX)?;
            let text = String::from_utf8(bytes).map_err(|_bytes| format!("{path} is no text in UTF-8"))?;
            return Ok(to_bytes(&Taken::Text { text }));
        }
        Take::File { path } => read_file(path, PROGRAM_SIZE_MAX)?,
        Take::Here { place } => library::read(&*shared.library, place, PROGRAM_SIZE_MAX)
            .map_err(|why| format!("the program cannot be read: {why}"))?,
    };
    let name = match take {
        Take::File { path } => path.as_str(),
        _ => "the program",
    };
    let content = ContentId::new(*blake3::hash(&program).as_bytes());
    let owner = Owner::Person(task.id());
    let compiled = compiled(shared, task, owner, content, Variant::PLAIN, || Ok(program.clone()));
    let compiled = compiled.map_err(|failed| format!("{name} cannot run here: {}", failed.log))?;
    let size = program.len() as u64;
    let kept = shared.library.keep(program).map_err(|error| format!("{name} cannot be kept: {error}"))?;
    if kept != content {
        return Err(format!("{name} cannot be kept: the store has another name for it"));
    }
    let Compiled { abi, has_checkpoints, code: _ } = compiled;
    Ok(to_bytes(&Taken::Program { content, size, abi, has_checkpoints }))
}

/// Returns the native code of a program, from the cache or made now. One thread makes it, others wait.
pub(super) fn compiled(
    shared: &Shared,
    task: &Task,
    owner: Owner,
    content: ContentId,
    variant: Variant,
    program: impl Fn() -> Result<Vec<u8>, String>,
) -> Result<Compiled, Failed> {
    let cache = &shared.cache;
    let name = cache.name(content, variant);
    let _turn = loop {
        if let Some(known) = cache.get(&name) {
            return known;
        }
        if task.is_cancelled() {
            return Err(Failed::new(Failure::Unable, "cancelled"));
        }
        match cache.turn(name) {
            Some(turn) => break turn,
            None => std::thread::sleep(PATIENCE),
        }
    };
    // It may have been made between the look and the turn.
    if let Some(known) = cache.get(&name) {
        return known;
    }
    let program = program()
        .map_err(|why| Failed::new(Failure::Unable, format!("the program cannot be read: {why}")))?;
    let compiling = Compiling {
        command: &shared.config.compiler,
        children: &shared.children,
        owner,
        program: &program,
        variant,
    };
    let made = compile(&compiling);
    if task.is_cancelled() || shared.children.is_closed() || shared.children.is_evicted(task.id()) {
        // Ended from here: that says nothing about the program.
        return Err(Failed::new(Failure::Unable, "cancelled"));
    }
    match &made {
        Ok(compiled) => cache.put(&name, compiled),
        Err(failed) if failed.failure == Failure::BadProgram => cache.refuse(name, failed.clone()),
        Err(_) => {}
    }
    made
}

/// Reads a regular file of at most so many bytes; never waits for a pipe or a device.
pub(super) fn read_file(path: &str, size_max: u64) -> Result<Vec<u8>, String> {
    let cannot = |why: &dyn std::fmt::Display| format!("{path} cannot be read: {why}");
    if !Path::new(path).is_absolute() {
        return Err(cannot(&"its path is not absolute"));
    }
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let file = match rustix::fs::open(path, flags, Mode::empty()) {
        Ok(file) => File::from(file),
        Err(rustix::io::Errno::NOENT | rustix::io::Errno::NOTDIR) => {
            return Err(format!("{path} is not there"));
        }
        Err(error) => return Err(cannot(&error)),
    };
    let metadata = file.metadata().map_err(|error| cannot(&error))?;
    if !metadata.is_file() {
        return Err(format!("{path} is no regular file"));
    }
    let mut bytes = Vec::new();
    file.take(size_max.saturating_add(1)).read_to_end(&mut bytes).map_err(|error| cannot(&error))?;
    if bytes.len() as u64 > size_max {
        return Err(format!("{path} is too large: {size_max} bytes are allowed"));
    }
    Ok(bytes)
}
