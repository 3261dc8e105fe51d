//! The clock of the programs: while units run, it makes them look at their limits every few milliseconds.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Barrier};
use std::thread::Thread;
use std::time::Duration;

use wasmtime::Engine;

/// Between looks: a unit's time is exact to this, and it costs 200 wake-ups a second while units run.
const TICK: Duration = Duration::from_millis(5);

/// A thread that ticks while it is asked to; it lives as long as the process.
#[derive(Debug)]
pub(super) struct Ticker {
    is_ticking: Arc<AtomicBool>,
    thread: Thread,
}

/// While it lives, the ticker ticks.
#[derive(Debug)]
pub(super) struct Ticking<'a>(&'a Ticker);

impl Ticker {
    /// Starts the thread, at rest.
    pub(super) fn start(engines: Vec<Engine>) -> io::Result<Self> {
        let is_ticking = Arc::new(AtomicBool::new(false));
        let ticks = Arc::clone(&is_ticking);
        // A thread that begins makes calls that are forbidden soon after; without them it ends the process.
        let is_up = Arc::new(Barrier::new(2));
        let begun = Arc::clone(&is_up);
        let handle = std::thread::Builder::new().name("ticker".to_owned()).spawn(move || {
            begun.wait();
            #[expect(clippy::infinite_loop, reason = "it ends with the process")]
            loop {
                while !ticks.load(Ordering::Acquire) {
                    std::thread::park();
                }
                std::thread::sleep(TICK);
                engines.iter().for_each(Engine::increment_epoch);
            }
        })?;
        is_up.wait();
        Ok(Self { is_ticking, thread: handle.thread().clone() })
    }

    /// Lets it tick until the answer is dropped.
    pub(super) fn tick(&self) -> Ticking<'_> {
        self.is_ticking.store(true, Ordering::Release);
        self.thread.unpark();
        Ticking(self)
    }
}

impl Drop for Ticking<'_> {
    fn drop(&mut self) {
        self.0.is_ticking.store(false, Ordering::Release);
    }
}
