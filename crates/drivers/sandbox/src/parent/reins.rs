//! The reins: which jobs run now, and stopping and letting go of the processes that run them.
//!
//! Stopping is a signal that no process can refuse (SIGSTOP), sent from whatever thread hears of it: by a new allowance, by
//! the beat of a percentage, or because somebody touched a key. Stopped processes take no processor time and go on where they
//! were. Signals go through pidfds, so never to a stranger who got the number of a child that has ended.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io;
use std::os::fd::OwnedFd;
use std::process::Child;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use compute::jobs::{Allowance, Run};
use kernel::JobId;
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use reports::Task;

/// One beat of a percentage: of 100 ms, `percent` are running.
const BEAT: Duration = Duration::from_millis(100);
/// Between questions whether somebody touched a key. With the signal's own time it stays below 50 ms.
const WATCH_EVERY: Duration = Duration::from_millis(25);
/// Memory of a runner beside that of its units, MiB.
const RUNNER_MIB: u64 = 48;

/// A job that waits for its turn.
#[derive(Debug)]
pub(crate) struct Waiting {
    pub(crate) task: Task,
    pub(crate) run: Run,
}

/// What a lane is told.
#[derive(Debug)]
pub(crate) enum Next {
    /// Run this.
    Job(Box<Waiting>),
    /// Nothing for a while.
    Quiet,
    /// There will be no more.
    Closed,
}

/// For whom a process works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Owner {
    /// Units of a job, or compiling for them: stopped when units are.
    Units(JobId),
    /// Somebody who waits for an answer: never stopped.
    Person(JobId),
    /// Nobody.
    Nobody,
}

/// All processes, and what they may take.
#[derive(Debug)]
pub(crate) struct Children {
    inner: Mutex<Inner>,
    changed: Condvar,
}

#[derive(Debug)]
struct Inner {
    waiting: VecDeque<Waiting>,
    /// Jobs with their memory, MiB.
    running: BTreeMap<JobId, u64>,
    evicted: BTreeSet<JobId>,
    processes: BTreeMap<u64, Process>,
    next: u64,
    allowance: Allowance,
    set_at: Instant,
    is_touched: bool,
    is_off_beat: bool,
    is_closed: bool,
}

#[derive(Debug)]
struct Process {
    pidfd: OwnedFd,
    owner: Owner,
    is_stopped: bool,
}

/// A process that is held; when this is dropped, it is no longer.
#[derive(Debug)]
pub(crate) struct Held<'a> {
    children: &'a Children,
    number: u64,
}

impl Children {
    /// Starts with nothing allowed.
    pub(crate) fn new() -> Self {
        let inner = Inner {
            waiting: VecDeque::new(),
            running: BTreeMap::new(),
            evicted: BTreeSet::new(),
            processes: BTreeMap::new(),
            next: 0,
            allowance: Allowance { cores: 0, percent: 100, memory_mib: 0, is_for_idle: false },
            set_at: Instant::now(),
            is_touched: false,
            is_off_beat: false,
            is_closed: false,
        };
        Self { inner: Mutex::new(inner), changed: Condvar::new() }
    }

    /// Sets what may be taken from now on. When it returns, what must stop has been told to.
    pub(crate) fn set(&self, allowance: Allowance) {
        let mut inner = self.inner();
        inner.allowance = Allowance { percent: allowance.percent.clamp(1, 100), ..allowance };
        inner.set_at = Instant::now();
        inner.is_touched = false;
        inner.is_off_beat = false;
        inner.evict();
        inner.rein();
        self.changed.notify_all();
    }

    /// Takes a process in hand.
    pub(crate) fn hold(&self, process: &Child, owner: Owner) -> io::Result<Held<'_>> {
        let pid = i32::try_from(process.id()).ok().and_then(Pid::from_raw);
        let pidfd = pidfd_open(pid.ok_or(io::ErrorKind::InvalidInput)?, PidfdFlags::empty())?;
        let mut inner = self.inner();
        if inner.is_closed {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let number = inner.next;
        inner.next += 1;
        inner.processes.insert(number, Process { pidfd, owner, is_stopped: false });
        inner.rein();
        Ok(Held { children: self, number })
    }

    /// Adds a job; it waits until its turn comes.
    pub(crate) fn push(&self, waiting: Waiting) {
        self.inner().waiting.push_back(waiting);
        self.changed.notify_all();
    }

    /// Gives a job back that had to make room; it is the next.
    pub(crate) fn push_back(&self, waiting: Waiting) {
        self.inner().waiting.push_front(waiting);
        self.changed.notify_all();
    }

    /// Waits for a job that may run now.
    pub(crate) fn next(&self, patience: Duration) -> Next {
        let mut inner = self.inner();
        let until = Instant::now() + patience;
        loop {
            if inner.is_closed {
                return Next::Closed;
            }
            if let Some(waiting) = inner.begin() {
                inner.rein();
                // The beat and the watch look at what runs.
                self.changed.notify_all();
                return Next::Job(Box::new(waiting));
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Next::Quiet;
            }
            inner = self.changed.wait_timeout(inner, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Says that a job has ended.
    pub(crate) fn done(&self, job: JobId) {
        let mut inner = self.inner();
        inner.running.remove(&job);
        inner.evicted.remove(&job);
        inner.rein();
        self.changed.notify_all();
    }

    /// Ends the processes of a job; returns the job when it was still waiting.
    pub(crate) fn cancel(&self, job: JobId) -> Option<Waiting> {
        let mut inner = self.inner();
        inner.kill(|owner| owner == Owner::Units(job) || owner == Owner::Person(job));
        let place = inner.waiting.iter().position(|one| one.task.id() == job)?;
        inner.waiting.remove(place)
    }

    /// Says whether a job had to make room.
    pub(crate) fn is_evicted(&self, job: JobId) -> bool {
        self.inner().evicted.contains(&job)
    }

    /// Says whether there is room for a job of so much memory at all.
    pub(crate) fn has_room(&self, memory_mib: u32) -> bool {
        let inner = self.inner();
        u64::from(memory_mib).saturating_add(RUNNER_MIB) <= u64::from(inner.allowance.memory_mib)
    }

    /// Says whether all is over.
    pub(crate) fn is_closed(&self) -> bool {
        self.inner().is_closed
    }

    /// Ends everything, now and later.
    pub(crate) fn close(&self) {
        let mut inner = self.inner();
        inner.is_closed = true;
        inner.waiting.clear();
        inner.kill(|_| true);
        self.changed.notify_all();
    }

    /// Keeps the beat of a percentage until all is over; the work of one thread.
    pub(crate) fn beat(&self) {
        let begun = Instant::now();
        let mut inner = self.inner();
        while !inner.is_closed {
            let percent = inner.allowance.percent;
            let is_beating = percent < 100 && inner.is_going() && !inner.running.is_empty();
            let on = BEAT.saturating_mul(percent) / 100;
            let in_beat = Duration::from_nanos(
                u64::try_from(begun.elapsed().as_nanos() % BEAT.as_nanos()).unwrap_or(0),
            );
            let is_off = is_beating && in_beat >= on;
            if inner.is_off_beat != is_off {
                inner.is_off_beat = is_off;
                inner.rein();
            }
            if is_beating {
                let left = (if is_off { BEAT } else { on }).saturating_sub(in_beat);
                inner = self.changed.wait_timeout(inner, left).unwrap_or_else(PoisonError::into_inner).0;
            } else {
                inner = self.changed.wait(inner).unwrap_or_else(PoisonError::into_inner);
            }
        }
    }

    /// Stops everything when somebody touches a key while that matters, until all is over; the work of one thread.
    pub(crate) fn watch(&self, since_input: &dyn Fn() -> Option<Duration>) {
        loop {
            let mut inner = self.inner();
            while !inner.is_closed && !inner.is_watched() {
                inner = self.changed.wait(inner).unwrap_or_else(PoisonError::into_inner);
            }
            if inner.is_closed {
                return;
            }
            let set_at = inner.set_at;
            drop(inner);
            // It may ask another program, so it is not asked while others wait for the lock.
            let since = since_input();
            let mut inner = self.inner();
            if inner.set_at == set_at && since.is_some_and(|since| since < set_at.elapsed()) {
                inner.is_touched = true;
                inner.rein();
                self.changed.notify_all();
                continue;
            }
            drop(self.changed.wait_timeout(inner, WATCH_EVERY).unwrap_or_else(PoisonError::into_inner));
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held<'_> {
    /// Says for whom the process works from now on.
    pub(crate) fn work_for(&self, owner: Owner) {
        let mut inner = self.children.inner();
        if let Some(process) = inner.processes.get_mut(&self.number) {
            process.owner = owner;
        }
        inner.rein();
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        let process = self.children.inner().processes.remove(&self.number);
        // Nobody else would let it go: whoever waits for its end would wait for ever.
        if let Some(process) = process.filter(|process| process.is_stopped) {
            process.signal(Signal::CONT);
        }
    }
}

impl Inner {
    fn is_going(&self) -> bool {
        self.allowance.cores > 0 && !self.is_touched
    }

    fn is_watched(&self) -> bool {
        self.allowance.is_for_idle && self.is_going() && !self.running.is_empty()
    }

    /// Takes the first waiting job that may run.
    fn begin(&mut self) -> Option<Waiting> {
        if !self.is_going() || self.running.len() >= self.allowance.cores as usize {
            return None;
        }
        let budget = u64::from(self.allowance.memory_mib);
        let used: u64 = self.running.values().sum();
        let memory = |waiting: &Waiting| u64::from(waiting.run.limits.memory_mib).saturating_add(RUNNER_MIB);
        // One that never fits is given out at once, to be told so.
        let place = self.waiting.iter().position(|one| {
            let memory = memory(one);
            memory > budget || used.saturating_add(memory) <= budget
        })?;
        let waiting = self.waiting.remove(place)?;
        let memory = Some(memory(&waiting)).filter(|memory| *memory <= budget);
        self.running.insert(waiting.task.id(), memory.unwrap_or(0));
        Some(waiting)
    }

    /// Ends the youngest jobs' processes until the others have room; the lanes give those jobs back.
    fn evict(&mut self) {
        // While everything is paused it stays where it is: a pause must not lose work.
        if self.allowance.cores == 0 {
            return;
        }
        let mut used: u64 = self.running.values().sum();
        let jobs: Vec<(JobId, u64)> =
            self.running.iter().rev().map(|(job, memory)| (*job, *memory)).collect();
        for (job, memory) in jobs {
            if used <= u64::from(self.allowance.memory_mib) {
                break;
            }
            used = used.saturating_sub(memory);
            self.evicted.insert(job);
            self.kill(|owner| owner == Owner::Units(job));
        }
    }

    /// Stops and lets go, so that as many jobs run as may, the oldest first.
    fn rein(&mut self) {
        let is_going = self.is_going() && !self.is_off_beat;
        let going: BTreeSet<JobId> =
            self.running.keys().take(self.allowance.cores as usize).copied().filter(|_| is_going).collect();
        for process in self.processes.values_mut() {
            let is_stopped = matches!(process.owner, Owner::Units(job) if !going.contains(&job));
            if process.is_stopped != is_stopped {
                process.is_stopped = is_stopped;
                process.signal(if is_stopped { Signal::STOP } else { Signal::CONT });
            }
        }
    }

    fn kill(&self, is_meant: impl Fn(Owner) -> bool) {
        self.processes.values().filter(|one| is_meant(one.owner)).for_each(|one| one.signal(Signal::KILL));
    }
}

impl Process {
    /// Sends a signal; a process that has ended needs none.
    fn signal(&self, signal: Signal) {
        let _is_alive = pidfd_send_signal(&self.pidfd, signal).is_ok();
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use compute::jobs::Allowance;
    use kernel::JobId;

    use super::{Children, Owner};

    #[test]
    fn what_is_held_no_longer_is_not_left_stopped() {
        let children = Children::new();
        let mut process = Command::new("true").spawn().unwrap();
        // Nothing may run, so it is stopped at once, most likely before it has ended.
        children.set(Allowance { cores: 0, percent: 100, memory_mib: 64, is_for_idle: false });
        let held = children.hold(&process, Owner::Units(JobId(1))).unwrap();
        drop(held);
        assert!(process.wait().unwrap().success());
    }
}
