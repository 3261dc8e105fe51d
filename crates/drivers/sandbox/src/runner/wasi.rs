//! The part of WASI preview 1 that a command needs to read its input and to write its output; the rest says that it is not
//! there. Written by hand: twenty short functions that touch nothing but the memory of the program and two buffers are easier
//! to be sure of than a whole implementation with its files and clocks switched off (decisions/sandbox.md).

use wasmtime::{Caller, Engine, Extern, FuncType, Linker, Memory, Module, Val, ValType};

use super::host::{Ended, Host};

/// Where programs import it from.
pub(crate) const MODULE: &str = "wasi_snapshot_preview1";

/// All functions of preview 1. Those not written below answer `nosys`, or `badf` where they take a file.
pub(crate) const NAMES: [&str; 46] = [
    "args_get",
    "args_sizes_get",
    "environ_get",
    "environ_sizes_get",
    "clock_res_get",
    "clock_time_get",
    "fd_advise",
    "fd_allocate",
    "fd_close",
    "fd_datasync",
    "fd_fdstat_get",
    "fd_fdstat_set_flags",
    "fd_fdstat_set_rights",
    "fd_filestat_get",
    "fd_filestat_set_size",
    "fd_filestat_set_times",
    "fd_pread",
    "fd_prestat_get",
    "fd_prestat_dir_name",
    "fd_pwrite",
    "fd_read",
    "fd_readdir",
    "fd_renumber",
    "fd_seek",
    "fd_sync",
    "fd_tell",
    "fd_write",
    "path_create_directory",
    "path_filestat_get",
    "path_filestat_set_times",
    "path_link",
    "path_open",
    "path_readlink",
    "path_remove_directory",
    "path_rename",
    "path_symlink",
    "path_unlink_file",
    "poll_oneoff",
    "proc_exit",
    "proc_raise",
    "sched_yield",
    "random_get",
    "sock_accept",
    "sock_recv",
    "sock_send",
    "sock_shutdown",
];

/// 2020-01-01, nanoseconds since 1970: the only time there is.
const TIME_NS: u64 = 1_577_836_800_000_000_000;
/// Vectors in one call at most, as on other systems.
const VECTORS_MAX: u32 = 1_024;
/// Random bytes in one call at most, so that one call takes no long time.
const RANDOM_MAX: u32 = 1 << 20;
/// Bytes of standard error that are kept: the last ones.
const LOG_MAX: usize = 2_048;

const SUCCESS: i32 = 0;
const BADF: i32 = 8;
const FAULT: i32 = 21;
const INVAL: i32 = 28;
const NOSYS: i32 = 52;
const SPIPE: i32 = 70;

/// The program ended itself, with this exit code.
#[derive(Debug, thiserror::Error)]
#[error("it ended with exit code {0}")]
pub(super) struct Exit(pub(super) i32);

/// Arguments, environment and standard streams of one unit.
pub(super) struct Streams {
    arguments: Vec<Vec<u8>>,
    environment: Vec<Vec<u8>>,
    input: Vec<u8>,
    position: usize,
    output: Vec<u8>,
    output_max: u64,
    error: Vec<u8>,
    random: Option<blake3::OutputReader>,
}

impl Streams {
    /// Makes those of a unit.
    pub(super) fn new(unit: u64, arguments: &[u8], input: Vec<u8>, output_max: u64) -> Self {
        let mut all = vec![b"program".to_vec()];
        if !arguments.is_empty() {
            all.push(arguments.to_vec());
        }
        let environment = vec![format!("ALTHING_UNIT={unit}").into_bytes()];
        Self { arguments: all, environment, input, output_max, ..Self::none() }
    }

    /// Makes none, for programs that have no streams.
    pub(super) fn none() -> Self {
        Self {
            arguments: Vec::new(),
            environment: Vec::new(),
            input: Vec::new(),
            position: 0,
            output: Vec::new(),
            output_max: 0,
            error: Vec::new(),
            random: None,
        }
    }

    /// Returns the end of what was written to standard error.
    pub(super) fn log(&self) -> String {
        let from = self.error.len().saturating_sub(LOG_MAX);
        String::from_utf8_lossy(self.error.get(from..).unwrap_or_default()).into_owned()
    }

    /// Returns what was written to standard output.
    pub(super) fn into_output(self) -> Vec<u8> {
        self.output
    }

    fn read(&mut self, into: &mut [u8]) -> usize {
        let rest = self.input.get(self.position..).unwrap_or_default();
        let count = rest.len().min(into.len());
        for (to, from) in into.iter_mut().zip(rest) {
            *to = *from;
        }
        self.position += count;
        count
    }

    /// Writes to output or error; `false` when the output is larger than it may be.
    fn write(&mut self, file: i32, bytes: &[u8]) -> bool {
        if file == 1 {
            let size = (self.output.len() as u64).saturating_add(bytes.len() as u64);
            if size > self.output_max {
                return false;
            }
            self.output.extend_from_slice(bytes);
            return true;
        }
        let from = bytes.len().saturating_sub(LOG_MAX);
        self.error.extend_from_slice(bytes.get(from..).unwrap_or_default());
        if self.error.len() > 2 * LOG_MAX {
            let from = self.error.len().saturating_sub(LOG_MAX);
            self.error.drain(..from);
        }
        true
    }

    /// Fills with the same random numbers for every unit: by constants and nothing else.
    fn random(&mut self, into: &mut [u8]) {
        let reader = self.random.get_or_insert_with(|| {
            blake3::Hasher::new_derive_key("althing 2026: random of units").finalize_xof()
        });
        reader.fill(into);
    }
}

/// Says whether a function takes and gives plain numbers, as all of preview 1 do.
pub(crate) fn is_plain(function: &FuncType) -> bool {
    let is_number = |ty: ValType| matches!(ty, ValType::I32 | ValType::I64);
    function.params().all(is_number)
        && function.results().len() <= 1
        && function.results().all(|ty| matches!(ty, ValType::I32))
}

/// Makes what a program imports.
pub(super) fn linker(engine: &Engine, module: &Module) -> wasmtime::Result<Linker<Host>> {
    let mut linker = Linker::new(engine);
    // What is written below takes the place of what is made here.
    linker.allow_shadowing(true);
    for import in module.imports() {
        let name = import.name().to_owned();
        let Some(ty) = import.ty().func().cloned() else { continue };
        if import.module() != MODULE || !NAMES.contains(&name.as_str()) {
            continue;
        }
        let answer = if name.starts_with("fd_") || name.starts_with("path_") { BADF } else { NOSYS };
        linker.func_new(MODULE, &name, ty, move |_caller, _arguments, results| {
            if let Some(result) = results.first_mut() {
                *result = Val::I32(answer);
            }
            Ok(())
        })?;
    }
    streams(&mut linker)?;
    surroundings(&mut linker)?;
    Ok(linker)
}

/// Reading and writing.
fn streams(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    linker
        .func_wrap(
            MODULE,
            "fd_read",
            |mut caller: Caller<'_, Host>, file: i32, at: u32, count: u32, told: u32| {
                if file != 0 {
                    return Ok(BADF);
                }
                over_vectors(&mut caller, at, count, told, |host, bytes| Ok(host.streams.read(bytes)))
            },
        )?
        .func_wrap(
            MODULE,
            "fd_write",
            |mut caller: Caller<'_, Host>, file: i32, at: u32, count: u32, told: u32| {
                if file != 1 && file != 2 {
                    return Ok(BADF);
                }
                over_vectors(&mut caller, at, count, told, |host, bytes| {
                    if host.streams.write(file, bytes) {
                        return Ok(bytes.len());
                    }
                    host.ended = Some(Ended::TooLarge);
                    Err(wasmtime::Error::msg("the output is too large"))
                })
            },
        )?
        .func_wrap(MODULE, "fd_fdstat_get", |mut caller: Caller<'_, Host>, file: i32, at: u32| {
            // A character device that can be read (2) or written (64); no seeking.
            let rights: u64 = match file {
                0 => 2,
                1 | 2 => 64,
                _ => return BADF,
            };
            let mut stat = [0; 24];
            for (to, from) in stat.iter_mut().zip([2]) {
                *to = from;
            }
            for (to, from) in stat.iter_mut().skip(8).zip(rights.to_le_bytes()) {
                *to = from;
            }
            put(&mut caller, at, &stat)
        })?
        .func_wrap(MODULE, "fd_seek", |_: Caller<'_, Host>, file: i32, _to: i64, _from: i32, _at: u32| {
            match file {
                0..=2 => SPIPE,
                _ => BADF,
            }
        })?
        .func_wrap(MODULE, "fd_close", |_: Caller<'_, Host>, file: i32| match file {
            0..=2 => SUCCESS,
            _ => BADF,
        })?;
    Ok(())
}

/// Arguments, environment, the fixed clock and the fixed random numbers, and the end.
fn surroundings(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    linker
        .func_wrap(MODULE, "args_sizes_get", |mut caller: Caller<'_, Host>, count: u32, size: u32| {
            let sizes = sizes(&caller.data().streams.arguments);
            put_sizes(&mut caller, count, size, sizes)
        })?
        .func_wrap(MODULE, "args_get", |mut caller: Caller<'_, Host>, places: u32, texts: u32| {
            let all = caller.data().streams.arguments.clone();
            put_all(&mut caller, places, texts, &all)
        })?
        .func_wrap(MODULE, "environ_sizes_get", |mut caller: Caller<'_, Host>, count: u32, size: u32| {
            let sizes = sizes(&caller.data().streams.environment);
            put_sizes(&mut caller, count, size, sizes)
        })?
        .func_wrap(MODULE, "environ_get", |mut caller: Caller<'_, Host>, places: u32, texts: u32| {
            let all = caller.data().streams.environment.clone();
            put_all(&mut caller, places, texts, &all)
        })?
        .func_wrap(
            MODULE,
            "clock_time_get",
            |mut caller: Caller<'_, Host>, _id: i32, _exact: i64, at: u32| {
                put(&mut caller, at, &TIME_NS.to_le_bytes())
            },
        )?
        .func_wrap(MODULE, "clock_res_get", |mut caller: Caller<'_, Host>, _id: i32, at: u32| {
            put(&mut caller, at, &1_000_000_000_u64.to_le_bytes())
        })?
        .func_wrap(MODULE, "random_get", |mut caller: Caller<'_, Host>, at: u32, size: u32| {
            if size > RANDOM_MAX {
                return INVAL;
            }
            let mut bytes = vec![0; size as usize];
            caller.data_mut().streams.random(&mut bytes);
            put(&mut caller, at, &bytes)
        })?
        .func_wrap(MODULE, "sched_yield", |_: Caller<'_, Host>| SUCCESS)?
        .func_wrap(MODULE, "proc_exit", |_: Caller<'_, Host>, code: i32| -> wasmtime::Result<()> {
            Err(wasmtime::Error::new(Exit(code)))
        })?;
    Ok(())
}

fn memory(caller: &mut Caller<'_, Host>) -> Option<Memory> {
    caller.get_export("memory").and_then(Extern::into_memory)
}

/// Goes over the vectors of a read or a write, and tells how many bytes went.
fn over_vectors(
    caller: &mut Caller<'_, Host>,
    at: u32,
    count: u32,
    told: u32,
    mut each: impl FnMut(&mut Host, &mut [u8]) -> wasmtime::Result<usize>,
) -> wasmtime::Result<i32> {
    if count > VECTORS_MAX {
        return Ok(INVAL);
    }
    let Some(memory) = memory(caller) else { return Ok(FAULT) };
    let (bytes, host) = memory.data_and_store_mut(caller);
    let mut all: u32 = 0;
    for number in 0..count {
        let Some(vector) = at.checked_add(number.saturating_mul(8)) else { return Ok(FAULT) };
        let (Some(pointer), Some(size)) = (word(bytes, vector), word(bytes, vector.saturating_add(4))) else {
            return Ok(FAULT);
        };
        let pointer = pointer as usize;
        let Some(part) = bytes.get_mut(pointer..pointer.saturating_add(size as usize)) else {
            return Ok(FAULT);
        };
        let went = u32::try_from(each(host, part)?).unwrap_or(u32::MAX);
        all = all.saturating_add(went);
        if went < size {
            break;
        }
    }
    Ok(put_bytes(bytes, told, &all.to_le_bytes()))
}

fn word(bytes: &[u8], at: u32) -> Option<u32> {
    let at = at as usize;
    bytes.get(at..at.saturating_add(4))?.first_chunk().map(|word| u32::from_le_bytes(*word))
}

fn put_bytes(bytes: &mut [u8], at: u32, what: &[u8]) -> i32 {
    let at = at as usize;
    match bytes.get_mut(at..at.saturating_add(what.len())) {
        Some(place) => {
            place.copy_from_slice(what);
            SUCCESS
        }
        None => FAULT,
    }
}

fn put(caller: &mut Caller<'_, Host>, at: u32, what: &[u8]) -> i32 {
    match memory(caller) {
        Some(memory) => put_bytes(memory.data_mut(caller), at, what),
        None => FAULT,
    }
}

/// Returns how many texts there are and how many bytes they take, each with the zero behind it.
fn sizes(texts: &[Vec<u8>]) -> [u32; 2] {
    let size: usize = texts.iter().map(|text| text.len().saturating_add(1)).sum();
    [texts.len(), size].map(|number| u32::try_from(number).unwrap_or(u32::MAX))
}

fn put_sizes(caller: &mut Caller<'_, Host>, count: u32, size: u32, [texts, bytes]: [u32; 2]) -> i32 {
    match put(caller, count, &texts.to_le_bytes()) {
        SUCCESS => put(caller, size, &bytes.to_le_bytes()),
        failed => failed,
    }
}

fn put_all(caller: &mut Caller<'_, Host>, mut places: u32, mut at: u32, texts: &[Vec<u8>]) -> i32 {
    for text in texts {
        let mut ended = text.clone();
        ended.push(0);
        let done = match put(caller, places, &at.to_le_bytes()) {
            SUCCESS => put(caller, at, &ended),
            failed => failed,
        };
        if done != SUCCESS {
            return done;
        }
        places = places.saturating_add(4);
        at = at.saturating_add(u32::try_from(ended.len()).unwrap_or(u32::MAX));
    }
    SUCCESS
}
