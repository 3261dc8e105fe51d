//! The parent's side of the child process: gives files, takes what is shown, and ends what takes too long.

use std::io::{self, Read, Write};
use std::process::{ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::{ANSWER_SIZE_MAX, Answer, RendererProgram};

/// A file that takes longer is given up.
const TIME_MAX: Duration = Duration::from_secs(20);

/// A running child; dropping it ends it.
#[derive(Debug)]
pub(super) struct Child {
    process: std::process::Child,
    input: ChildStdin,
    output: ChildStdout,
    answers: u64,
}

/// Why a child is no longer of use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    /// It ended before it had the whole file.
    Early,
    /// It ended while reading the file.
    Crashed,
    /// It had to be ended.
    TooLong,
}

impl Child {
    /// Starts a child: it has none of our environment and sees only its two pipes.
    pub(super) fn start(program: &RendererProgram) -> io::Result<Self> {
        let mut process = Command::new(&program.path)
            .args(&program.arguments)
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let (Some(input), Some(output)) = (process.stdin.take(), process.stdout.take()) else {
            return Err(io::ErrorKind::BrokenPipe.into());
        };
        rustix::io::ioctl_fionbio(&input, true)?;
        rustix::io::ioctl_fionbio(&output, true)?;
        Ok(Self { process, input, output, answers: 0 })
    }

    /// Says whether it has not answered anything yet.
    pub(super) fn is_new(&self) -> bool {
        self.answers == 0
    }

    /// Ends it, and says whether it had ended by itself: what breaks a parser ends it by a signal.
    pub(super) fn has_given_up(&mut self) -> bool {
        let ended = self.process.kill().and_then(|()| self.process.wait());
        ended.is_ok_and(|status| status.code().is_some())
    }

    /// Has a file shown. After an error the child is of no use any more.
    pub(super) fn ask(&mut self, question: &[u8], bytes: &[u8]) -> Result<Answer, Ended> {
        let until = Instant::now() + TIME_MAX;
        let given = self.give_sized(question, until).and_then(|()| self.give_sized(bytes, until));
        given.map_err(|error| if error == Ended::Crashed { Ended::Early } else { error })?;
        let mut size = [0; 4];
        self.take(&mut size, until)?;
        let size = u32::from_be_bytes(size) as usize;
        // The child has been reading what others wrote, so what it says is checked, too.
        if size > ANSWER_SIZE_MAX {
            return Err(Ended::Crashed);
        }
        let mut answer = vec![0; size];
        self.take(&mut answer, until)?;
        self.answers += 1;
        minicbor::decode(&answer).map_err(|_error| Ended::Crashed)
    }

    /// Gives bytes, and before them how many there are.
    fn give_sized(&mut self, bytes: &[u8], until: Instant) -> Result<(), Ended> {
        let size = u32::try_from(bytes.len()).map_err(|_error| Ended::Crashed)?;
        self.give(&size.to_be_bytes(), until)?;
        self.give(bytes, until)
    }

    fn give(&mut self, mut bytes: &[u8], until: Instant) -> Result<(), Ended> {
        while !bytes.is_empty() {
            match self.input.write(bytes) {
                Ok(0) => return Err(Ended::Crashed),
                Ok(count) => bytes = bytes.get(count..).unwrap_or_default(),
                Err(error) if is_again(&error) => wait(PollFd::new(&self.input, PollFlags::OUT), until)?,
                Err(_) => return Err(Ended::Crashed),
            }
        }
        Ok(())
    }

    fn take(&mut self, mut bytes: &mut [u8], until: Instant) -> Result<(), Ended> {
        while !bytes.is_empty() {
            match self.output.read(bytes) {
                Ok(0) => return Err(Ended::Crashed),
                Ok(count) => bytes = bytes.get_mut(count..).unwrap_or_default(),
                Err(error) if is_again(&error) => wait(PollFd::new(&self.output, PollFlags::IN), until)?,
                Err(_) => return Err(Ended::Crashed),
            }
        }
        Ok(())
    }
}

fn is_again(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted)
}

/// Waits until a pipe is ready or closed, but not for ever.
fn wait(pipe: PollFd<'_>, until: Instant) -> Result<(), Ended> {
    let left = until.saturating_duration_since(Instant::now());
    let left = Timespec::try_from(left).map_err(|_error| Ended::TooLong)?;
    match poll(&mut [pipe], Some(&left)) {
        Ok(0) => Err(Ended::TooLong),
        Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
        Err(_) => Err(Ended::Crashed),
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        if let Err(error) = self.process.kill().and_then(|()| self.process.wait()) {
            tracing::warn!(%error, "a program that reads files could not be ended");
        }
    }
}
