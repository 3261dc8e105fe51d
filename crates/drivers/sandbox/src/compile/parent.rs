//! The parent's side of compiling: starts the child, gives it the program, takes what it makes.

use std::io::{self, Read, Write};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, Stdio};

use compute::jobs::Failure;
use rustix::process::Signal;

use super::CPU_MAX_S;
use crate::engine::Variant;
use crate::frames::{self, ANSWER_SIZE_MAX, Compiled, Failed};
use crate::parent::{Children, Owner, ProgramCommand};

/// Whoever ends the child uses this.
const SIGKILL: i32 = Signal::KILL.as_raw();
/// The system ends it with this when its processor time is over.
const SIGXCPU: i32 = Signal::XCPU.as_raw();

/// What to compile, for whom.
pub(crate) struct Compiling<'a> {
    pub(crate) command: &'a ProgramCommand,
    pub(crate) children: &'a Children,
    /// Whose cancelling ends it, and whether it is held when units are.
    pub(crate) owner: Owner,
    pub(crate) program: &'a [u8],
    pub(crate) variant: Variant,
}

/// Compiles in a child; ends when the child has no processor time left, at the latest.
///
/// No limit by the clock on the wall: on a busy computer the child waits, and a program is not bad for that.
pub(crate) fn compile(what: &Compiling<'_>) -> Result<Compiled, Failed> {
    let unable = |error: io::Error| {
        Failed::new(Failure::Unable, format!("the program that compiles cannot be started: {error}"))
    };
    let mut command = Command::new(&what.command.path);
    command.args(&what.command.arguments).env_clear().current_dir("/");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut process = command.spawn().map_err(unable)?;
    let (Some(input), Some(output)) = (process.stdin.take(), process.stdout.take()) else {
        return Err(unable(io::ErrorKind::BrokenPipe.into()));
    };
    let answer = what.children.hold(&process, what.owner).and_then(|_held| exchange(what, input, output));
    if answer.is_err() {
        drop(process.kill());
    }
    let status = process.wait().map_err(unable)?;
    let answer: Option<Result<Compiled, Failed>> =
        answer.ok().flatten().and_then(|bytes| minicbor::decode(&bytes).ok());
    match (answer, status.signal()) {
        (Some(answer), _) => answer.map_err(|failed| Failed {
            failure: if failed.failure == Failure::Unable { Failure::Unable } else { Failure::BadProgram },
            log: failed.log,
        }),
        // Ended by somebody: the program need not be bad.
        (None, Some(SIGKILL)) => Err(Failed::new(Failure::Unable, "the program that compiles was ended")),
        (None, Some(SIGXCPU)) => Err(Failed::new(
            Failure::BadProgram,
            format!("it takes more than {CPU_MAX_S} s of processor time to compile"),
        )),
        (None, Some(_)) => Err(Failed::new(
            Failure::BadProgram,
            "it breaks the compiler or needs too much memory to compile",
        )),
        (None, None) => {
            Err(Failed::new(Failure::Unable, "the program that compiles ended without an answer"))
        }
    }
}

fn exchange(
    what: &Compiling<'_>,
    mut input: impl Write,
    mut output: impl Read,
) -> io::Result<Option<Vec<u8>>> {
    // The child reads everything before it writes anything, so neither waits for the other.
    let size = u32::try_from(what.program.len().saturating_add(1)).map_err(io::Error::other)?;
    let given = input
        .write_all(&size.to_le_bytes())
        .and_then(|()| input.write_all(&[what.variant.place()]))
        .and_then(|()| input.write_all(what.program))
        .and_then(|()| input.flush());
    drop(input);
    given?;
    frames::read(&mut output, ANSWER_SIZE_MAX)
}
