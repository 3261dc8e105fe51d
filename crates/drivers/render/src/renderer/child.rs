//! The child process: takes files on its standard input, answers with what is shown on its standard output.
//!
//! It limits itself before it reads the first byte. A file that breaks a parser ends the child and nothing else.

use std::fs::File;
use std::io::{self, Read, Write};
use std::panic::catch_unwind;
use std::process::ExitCode;

use rustix::process::{Resource, Rlimit, Signal, set_parent_process_death_signal, setrlimit};

use super::{ANSWER_SIZE_MAX, Answer, QUESTION_SIZE_MAX, Question, READ_SIZE_MAX};
use crate::show::{CannotShow, Format, in_child};

/// Bytes of memory a parser may use; 64 MiB of file and what is inflated from it.
const MEMORY_SIZE_MAX: u64 = 768 * 1024 * 1024;
/// Files that are open at most: what is there at the beginning.
const FILES_MAX: u64 = 8;

/// Shows files until standard input ends; the whole program of a child process.
pub fn renderer_main() -> ExitCode {
    match serve() {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn serve() -> io::Result<()> {
    // Parsers may print; that must not come among the answers.
    let mut output = File::from(rustix::io::fcntl_dupfd_cloexec(io::stdout(), 3)?);
    rustix::stdio::dup2_stdout(File::options().write(true).open("/dev/null")?)?;
    limit()?;
    std::panic::set_hook(Box::new(|_| {}));
    let mut input = io::stdin().lock();
    while let Some((question, bytes)) = request(&mut input)? {
        let show = || match Format::from_number(question.format) {
            Some(format) => in_child(format, &bytes, &question.part, question.window),
            None => Err(CannotShow::Unknown),
        };
        let shown = catch_unwind(show).unwrap_or(Err(CannotShow::Damaged));
        answer(&mut output, &shown)?;
    }
    Ok(())
}

fn limit() -> io::Result<()> {
    set_parent_process_death_signal(Some(Signal::KILL))?;
    for (resource, most) in [
        (Resource::As, MEMORY_SIZE_MAX),
        (Resource::Core, 0),
        (Resource::Fsize, 0),
        (Resource::Nofile, FILES_MAX),
    ] {
        setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) })?;
    }
    Ok(())
}

/// Reads one question and its file; `None` when there are no more.
fn request(input: &mut impl Read) -> io::Result<Option<(Question, Vec<u8>)>> {
    let Some(question) = sized(input, QUESTION_SIZE_MAX)? else { return Ok(None) };
    let question = minicbor::decode(&question).map_err(io::Error::other)?;
    let bytes = sized(input, READ_SIZE_MAX)?.ok_or(io::ErrorKind::UnexpectedEof)?;
    Ok(Some((question, bytes)))
}

/// Reads as many bytes as the four before them say.
fn sized(input: &mut impl Read, size_max: usize) -> io::Result<Option<Vec<u8>>> {
    let mut size = [0; 4];
    match input.read_exact(&mut size) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(error),
    }
    let size = u32::from_be_bytes(size);
    if size as usize > size_max {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut bytes = Vec::with_capacity(size as usize);
    input.take(size.into()).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

fn answer(output: &mut impl Write, shown: &Answer) -> io::Result<()> {
    let mut bytes = minicbor::to_vec(shown).map_err(io::Error::other)?;
    if bytes.len() > ANSWER_SIZE_MAX {
        bytes = minicbor::to_vec::<Answer>(Err(CannotShow::Damaged)).map_err(io::Error::other)?;
    }
    let size = u32::try_from(bytes.len()).map_err(io::Error::other)?;
    output.write_all(&size.to_be_bytes())?;
    output.write_all(&bytes)?;
    output.flush()
}
