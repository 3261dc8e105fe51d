//! A runner process and its two pipes, which never make the parent wait.

use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::driver::ProgramCommand;
use super::reins::{Children, Held, Owner};
use crate::frames::{self, ANSWER_SIZE_MAX, FromRunner, ToRunner};
use crate::runner::PROGRAMS_MAX;

/// Bytes a pipe holds, so that a frame of many units goes over at once; a wish only.
const PIPE_SIZE: usize = 1 << 20;
/// Bytes read at once.
const READ_SIZE: usize = 64 << 10;

/// A runner; dropping it ends it.
#[derive(Debug)]
pub(super) struct Process<'a> {
    child: Child,
    input: ChildStdin,
    output: ChildStdout,
    pub(super) held: Held<'a>,
    /// Seals the code for it alone.
    pub(super) key: [u8; 32],
    pub(super) memory_mib: u32,
    /// Loaded, the one used last at the end.
    programs: Vec<[u8; 32]>,
    outgoing: Vec<u8>,
    gone: usize,
    incoming: Vec<u8>,
    pub(super) is_ready: bool,
}

/// The runner is of no use any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Gone;

impl<'a> Process<'a> {
    /// Starts one for units of so much memory.
    pub(super) fn start(
        command: &ProgramCommand,
        children: &'a Children,
        owner: Owner,
        memory_mib: u32,
        checkpoint_every: Duration,
    ) -> io::Result<Self> {
        let mut key = [0; 32];
        getrandom::fill(&mut key).map_err(|error| io::Error::other(error.to_string()))?;
        let mut child = Command::new(&command.path)
            .args(&command.arguments)
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(io::ErrorKind::BrokenPipe.into());
        };
        let ready = || {
            rustix::io::ioctl_fionbio(&input, true)?;
            rustix::io::ioctl_fionbio(&output, true)?;
            for pipe in [input.as_fd(), output.as_fd()] {
                let _is_large = rustix::pipe::fcntl_setpipe_size(pipe, PIPE_SIZE).is_ok();
            }
            children.hold(&child, owner)
        };
        let held = match ready() {
            Ok(held) => held,
            Err(error) => {
                drop(child.kill());
                drop(child.wait());
                return Err(error);
            }
        };
        let mut process = Self {
            child,
            input,
            output,
            held,
            key,
            memory_mib,
            programs: Vec::new(),
            outgoing: Vec::new(),
            gone: 0,
            incoming: Vec::new(),
            is_ready: false,
        };
        let checkpoint_ms = u64::try_from(checkpoint_every.as_millis()).unwrap_or(u64::MAX);
        process.tell(&ToRunner::Begin { key, checkpoint_ms, memory_mib })?;
        Ok(process)
    }

    /// Says whether a program is loaded; it is the one used last, then.
    pub(super) fn has(&mut self, name: &[u8; 32]) -> bool {
        let place = self.programs.iter().position(|one| one == name);
        if let Some(place) = place {
            let name = self.programs.remove(place);
            self.programs.push(name);
        }
        place.is_some()
    }

    /// Notes that a program is loaded from now on; returns the one to forget for it.
    pub(super) fn add(&mut self, name: [u8; 32]) -> Option<[u8; 32]> {
        let forget = (self.programs.len() >= PROGRAMS_MAX).then(|| self.programs.remove(0));
        self.programs.push(name);
        forget
    }

    /// Tells the runner something, as soon as its pipe has room.
    pub(super) fn tell(&mut self, what: &ToRunner) -> io::Result<()> {
        let frame = frames::frame(what)?;
        if self.outgoing.is_empty() {
            self.outgoing = frame;
        } else {
            self.outgoing.extend_from_slice(&frame);
        }
        Ok(())
    }

    /// Moves bytes both ways for as long as it takes until the runner says something, at most for `patience`.
    pub(super) fn hear(&mut self, patience: Duration) -> Result<Vec<FromRunner>, Gone> {
        self.give()?;
        self.wait(patience)?;
        self.give()?;
        self.take()
    }

    /// Returns the processor time that it has taken.
    pub(super) fn cpu(&self) -> Duration {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap_or_default();
        // After the name, which may have anything in it; user and system time are the 12th and 13th, in hundredths.
        let rest = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
        let ticks: u64 =
            rest.split_whitespace().skip(11).take(2).filter_map(|one| one.parse::<u64>().ok()).sum();
        Duration::from_millis(ticks.saturating_mul(10))
    }

    fn wait(&self, patience: Duration) -> Result<(), Gone> {
        let patience = Timespec::try_from(patience).map_err(|_too_long| Gone)?;
        let read = PollFd::new(&self.output, PollFlags::IN);
        let write = PollFd::new(&self.input, PollFlags::OUT);
        let polled = match self.outgoing.is_empty() {
            true => poll(&mut [read], Some(&patience)),
            false => poll(&mut [read, write], Some(&patience)),
        };
        match polled {
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
            Err(_) => Err(Gone),
        }
    }

    fn give(&mut self) -> Result<(), Gone> {
        while let Some(rest) = self.outgoing.get(self.gone..).filter(|rest| !rest.is_empty()) {
            match self.input.write(rest) {
                Ok(0) => return Err(Gone),
                Ok(count) => self.gone += count,
                Err(error) if is_again(&error) => return Ok(()),
                // What it said before it ended is still to be read.
                Err(_) => break,
            }
        }
        self.outgoing = Vec::new();
        self.gone = 0;
        Ok(())
    }

    fn take(&mut self) -> Result<Vec<FromRunner>, Gone> {
        let mut said = Vec::new();
        let mut part = vec![0; READ_SIZE];
        loop {
            match self.output.read(&mut part) {
                Ok(0) => {
                    return if said.is_empty() { Err(Gone) } else { Ok(said) };
                }
                Ok(count) => self.incoming.extend_from_slice(part.get(..count).unwrap_or_default()),
                Err(error) if is_again(&error) => return Ok(said),
                Err(_) => return Err(Gone),
            }
            self.parse(&mut said)?;
        }
    }

    fn parse(&mut self, said: &mut Vec<FromRunner>) -> Result<(), Gone> {
        let mut rest = self.incoming.as_slice();
        while let Some((head, body)) = rest.split_first_chunk::<4>() {
            let size = u32::from_le_bytes(*head) as usize;
            if size > ANSWER_SIZE_MAX {
                return Err(Gone);
            }
            let Some((frame, behind)) = body.split_at_checked(size) else { break };
            said.push(minicbor::decode(frame).map_err(|_lie| Gone)?);
            rest = behind;
        }
        let used = self.incoming.len() - rest.len();
        self.incoming.drain(..used);
        Ok(())
    }
}

impl Drop for Process<'_> {
    fn drop(&mut self) {
        if let Err(error) = self.child.kill().and_then(|()| self.child.wait()) {
            tracing::warn!(%error, "a program that runs units could not be ended");
        }
    }
}

fn is_again(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted)
}
