//! A child and its two pipes: gives it what it wants, and ends it when it takes too long.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::io::{self, Read, Write};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use base::ContentId;
use guard::jobs::{Outcome, REPORT_SIZE_MAX, from_bytes, to_bytes};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::Signal;

use super::driver::ProgramCommand;
use super::library::{NotRead, Opened};
use crate::frames::{
    self, COMPILE, CompiledSet, DONE, FAILED, FRAME_SIZE_MAX, GONE, LOAD, LOOK, Look, PIECE, PIECE_SIZE_MAX,
    WANT, Want,
};
use reports::Task;

/// Processor time of one content: this, and more for each of its bytes.
const LOOK_TIME_MAX: Duration = Duration::from_secs(20);
/// Bytes that get one more second: a twentieth of the speed with many rules.
const BYTES_PER_SECOND: u64 = 2 << 20;
/// Processor time of reading or loading a set of rules: two thousand take about five seconds.
const COMPILE_TIME_MAX: Duration = Duration::from_secs(60);
/// A busy computer may give it so little of its time; then the clock on the wall ends it, too.
const WALL_FACTOR: u32 = 10;
/// How often a cancelled job is noticed.
const LOOK_AROUND: Duration = Duration::from_millis(200);

/// A running child; dropping it ends it.
#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    input: ChildStdin,
    output: ChildStdout,
    loaded: BTreeSet<ContentId>,
    answers: u64,
}

/// Why a child is no longer of use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    /// It ended, or said what it may not say.
    Crashed,
    /// It had to be ended.
    TooLong,
    /// Nobody wants the answer any more.
    Cancelled,
}

/// How long a child may take.
struct Patience<'a> {
    task: &'a Task,
    /// Processor time it may have used in all.
    processor_max: Duration,
    wall: Instant,
    /// When it is next looked at; a child that always answers at once never makes us wait.
    next: Cell<Instant>,
}

impl Process {
    /// Starts a child: it has none of our environment and sees only its two pipes.
    pub(super) fn start(command: &ProgramCommand) -> io::Result<Self> {
        let mut child = Command::new(&command.path)
            .args(&command.arguments)
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            drop(child.kill());
            return Err(io::ErrorKind::BrokenPipe.into());
        };
        let process = Self { child, input, output, loaded: BTreeSet::new(), answers: 0 };
        rustix::io::ioctl_fionbio(&process.input, true)?;
        rustix::io::ioctl_fionbio(&process.output, true)?;
        Ok(process)
    }

    /// Says whether it has not answered about a content yet.
    pub(super) fn is_new(&self) -> bool {
        self.answers == 0
    }

    /// Says whether it has a set.
    pub(super) fn has(&self, set: ContentId) -> bool {
        self.loaded.contains(&set)
    }

    /// Returns how many sets it has.
    pub(super) fn sets(&self) -> usize {
        self.loaded.len()
    }

    /// Has it compile a set; the inner result is what it says of the source.
    pub(super) fn compile(
        &mut self,
        task: &Task,
        source: &[u8],
    ) -> Result<Result<CompiledSet, String>, Ended> {
        let patience = self.patience(task, COMPILE_TIME_MAX);
        self.give(COMPILE, &[source], &patience)?;
        match self.take(FRAME_SIZE_MAX, &patience)? {
            (DONE, bytes) => Ok(Ok(minicbor::decode(&bytes).map_err(|_error| Ended::Crashed)?)),
            (FAILED, why) => Ok(Err(String::from_utf8_lossy(&why).into_owned())),
            _ => Err(Ended::Crashed),
        }
    }

    /// Loads a compiled set.
    pub(super) fn load(&mut self, task: &Task, set: ContentId, code: &[u8]) -> Result<(), Ended> {
        let patience = self.patience(task, COMPILE_TIME_MAX);
        self.give(LOAD, &[set.as_bytes(), code], &patience)?;
        match self.take(REPORT_SIZE_MAX, &patience)? {
            (DONE, _) => {
                self.loaded.insert(set);
                Ok(())
            }
            _ => Err(Ended::Crashed),
        }
    }

    /// Has it look through a content with loaded sets. What it says has been checked for its form only.
    pub(super) fn look(
        &mut self,
        task: &Task,
        content: &Opened<'_>,
        name: &str,
        sets: &[ContentId],
    ) -> Result<Outcome, Ended> {
        let more = Duration::from_secs(content.size() / BYTES_PER_SECOND);
        let patience = self.patience(task, LOOK_TIME_MAX + more);
        let look = Look { size: content.size(), name: name.to_owned(), sets: sets.to_vec() };
        self.give(LOOK, &[&to_bytes(&look)], &patience)?;
        let mut gone: Option<NotRead> = None;
        loop {
            match self.take(REPORT_SIZE_MAX, &patience)? {
                (WANT, bytes) => {
                    let want: Want = from_bytes(&bytes).map_err(|_error| Ended::Crashed)?;
                    let size = usize::try_from(want.size).unwrap_or(usize::MAX);
                    if size > PIECE_SIZE_MAX {
                        return Err(Ended::Crashed);
                    }
                    match content.read(want.offset, size) {
                        Ok(piece) => self.give(PIECE, &[&piece], &patience)?,
                        Err(error) => {
                            gone.get_or_insert(error);
                            self.give(GONE, &[], &patience)?;
                        }
                    }
                }
                (DONE, bytes) => {
                    self.answers += 1;
                    let outcome = from_bytes(&bytes).map_err(|_error| Ended::Crashed)?;
                    return Ok(match gone.or_else(|| content.check().err()) {
                        Some(error) => Outcome::NotSeen { why: error.to_string() },
                        None => outcome,
                    });
                }
                _ => return Err(Ended::Crashed),
            }
        }
    }

    /// Says whether it broke by itself: neither ended in order nor was ended by somebody.
    pub(super) fn has_broken(&mut self) -> bool {
        // One that goes on is ended here; one that has ended does not notice.
        let status = self.child.kill().and_then(|()| self.child.wait());
        status.is_ok_and(|status| status.signal().is_some_and(|signal| signal != Signal::KILL.as_raw()))
    }

    fn patience<'a>(&self, task: &'a Task, processor: Duration) -> Patience<'a> {
        let now = Instant::now();
        let wall = now + processor.saturating_mul(WALL_FACTOR);
        let next = Cell::new(now + LOOK_AROUND);
        Patience { task, processor_max: self.processor_time() + processor, wall, next }
    }

    /// Fails when the answer is no longer wanted or has taken too long.
    fn check(&self, patience: &Patience<'_>) -> Result<(), Ended> {
        let now = Instant::now();
        if now < patience.next.get() {
            return Ok(());
        }
        patience.next.set(now + LOOK_AROUND);
        if patience.task.is_cancelled() {
            return Err(Ended::Cancelled);
        }
        match now >= patience.wall || self.processor_time() >= patience.processor_max {
            true => Err(Ended::TooLong),
            false => Ok(()),
        }
    }

    /// Returns the processor time it has used; none when the system does not say.
    fn processor_time(&self) -> Duration {
        let ticks = || {
            let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).ok()?;
            // Its name is in brackets and may hold blanks.
            let (_, rest) = stat.rsplit_once(')')?;
            let mut fields = rest.split_whitespace().skip(11);
            let user: u64 = fields.next()?.parse().ok()?;
            let system: u64 = fields.next()?.parse().ok()?;
            user.checked_add(system)
        };
        let per_second = rustix::param::clock_ticks_per_second().max(1);
        Duration::from_millis(ticks().unwrap_or(0).saturating_mul(1_000) / per_second)
    }

    fn give(&mut self, kind: u8, parts: &[&[u8]], patience: &Patience<'_>) -> Result<(), Ended> {
        let size = parts.iter().map(|part| part.len()).sum();
        let head = frames::head(kind, size).ok_or(Ended::Crashed)?;
        for part in std::iter::once(&head.as_slice()).chain(parts) {
            let mut bytes = *part;
            while !bytes.is_empty() {
                match self.input.write(bytes) {
                    Ok(0) => return Err(Ended::Crashed),
                    Ok(count) => bytes = bytes.get(count..).unwrap_or_default(),
                    Err(error) if is_again(&error) => self.wait(PollFlags::OUT, patience)?,
                    Err(_) => return Err(Ended::Crashed),
                }
            }
        }
        Ok(())
    }

    fn take(&mut self, size_max: usize, patience: &Patience<'_>) -> Result<(u8, Vec<u8>), Ended> {
        self.check(patience)?;
        let mut head = [0; 5];
        self.fill(&mut head, patience)?;
        // The child has been reading what others wrote, so what it says is checked, too.
        let (kind, size) =
            frames::of_head(head).filter(|(_, size)| *size <= size_max).ok_or(Ended::Crashed)?;
        let mut bytes = vec![0; size];
        self.fill(&mut bytes, patience)?;
        Ok((kind, bytes))
    }

    fn fill(&mut self, mut bytes: &mut [u8], patience: &Patience<'_>) -> Result<(), Ended> {
        while !bytes.is_empty() {
            match self.output.read(bytes) {
                Ok(0) => return Err(Ended::Crashed),
                Ok(count) => bytes = bytes.get_mut(count..).unwrap_or_default(),
                Err(error) if is_again(&error) => self.wait(PollFlags::IN, patience)?,
                Err(_) => return Err(Ended::Crashed),
            }
        }
        Ok(())
    }

    /// Waits until a pipe is ready or closed, but not for ever.
    fn wait(&self, direction: PollFlags, patience: &Patience<'_>) -> Result<(), Ended> {
        let step = Timespec::try_from(LOOK_AROUND).map_err(|_error| Ended::TooLong)?;
        loop {
            let pipe = match direction == PollFlags::OUT {
                true => PollFd::new(&self.input, direction),
                false => PollFd::new(&self.output, direction),
            };
            match poll(&mut [pipe], Some(&step)) {
                Ok(0) => self.check(patience)?,
                Ok(_) | Err(rustix::io::Errno::INTR) => return Ok(()),
                Err(_) => return Err(Ended::Crashed),
            }
        }
    }
}

fn is_again(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted)
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Err(error) = self.child.kill().and_then(|()| self.child.wait()) {
            tracing::warn!(%error, "a program that looks through contents could not be ended");
        }
    }
}
