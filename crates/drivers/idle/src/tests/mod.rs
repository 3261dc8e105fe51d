mod bus;
mod driver;
mod files;
mod pacing;
mod x11;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use compute::jobs::{MACHINE, Machine, from_bytes};
use kernel::{Driver, Input, Job, JobId};
use tempfile::TempDir;
use tokio::sync::mpsc;

use crate::{Idle, Places};

/// A loaded computer lets a thread of the lowest priority measure late.
const PATIENCE: Duration = Duration::from_secs(90);

/// A computer made of files: no display, no bus, no battery, nobody logged in.
pub(crate) struct Computer {
    folder: TempDir,
}

impl Computer {
    pub(crate) fn new() -> Self {
        let computer = Self { folder: TempDir::new().unwrap() };
        computer.write("proc/stat", "cpu 100 0 100 800 0 0 0 0 0 0\ncpu0 1 2 3\n");
        computer.write("proc/meminfo", "MemTotal: 2048000 kB\nMemFree: 1 kB\nMemAvailable: 1024000 kB\n");
        computer
    }

    pub(crate) fn root(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn write(&self, path: &str, text: &str) -> PathBuf {
        let path = self.root().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }

    pub(crate) fn places(&self) -> Places {
        Places {
            root: self.root().to_owned(),
            session_bus: None,
            system_bus: None,
            display: None,
            is_wayland: false,
            home: self.root().to_owned(),
        }
    }
}

/// A driver with one job, and what it says.
pub(crate) struct Heard {
    pub(crate) idle: Idle,
    pub(crate) inputs: mpsc::Receiver<Input>,
}

impl Heard {
    pub(crate) fn start(places: Places) -> Self {
        let (sender, inputs) = mpsc::channel(64);
        let idle = Idle::start(places, sender).unwrap();
        idle.work(Job { id: JobId(7), service: "compute", kind: MACHINE, input: Vec::new() });
        Self { idle, inputs }
    }

    pub(crate) async fn next(&mut self) -> Machine {
        let input = tokio::time::timeout(PATIENCE, self.inputs.recv()).await;
        match input.expect("a report in time").expect("the driver lives") {
            Input::Progress { job: JobId(7), report } => from_bytes(&report).unwrap(),
            other => panic!("{other:?}"),
        }
    }

    /// Waits for a report that is as wanted, and says how long that took.
    pub(crate) async fn until(&mut self, wanted: impl Fn(&Machine) -> bool) -> (Machine, Duration) {
        let start = Instant::now();
        loop {
            let machine = self.next().await;
            if wanted(&machine) {
                return (machine, start.elapsed());
            }
            assert!(start.elapsed() < PATIENCE, "last: {machine:?}");
        }
    }
}
