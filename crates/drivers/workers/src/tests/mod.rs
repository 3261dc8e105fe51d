//! The driver's tests: real folders, real threads, the jobs as a decider gives them.

mod hashing;
mod walking;
mod watching;

use std::path::{Path, PathBuf};
use std::time::Duration;

use files::jobs::{
    HASH, Hash, HashItem, HashReport, HashResult, Stat, WALK, Walk, WalkReport, WalkSummary, from_bytes,
    to_bytes,
};
use kernel::{Driver, Input, Job, JobFailure, JobId};
use tokio::sync::mpsc;

use crate::Workers;

/// Longer than anything here takes on a busy machine; a test that reaches it has failed.
const DEADLINE: Duration = Duration::from_secs(30);

/// A temporary folder and workers to let loose on it.
struct Stage {
    workers: Workers,
    inputs: mpsc::Receiver<Input>,
    folder: tempfile::TempDir,
    jobs: u64,
    runtime: tokio::runtime::Runtime,
}

/// All that was said about one job.
struct Said {
    reports: Vec<Vec<u8>>,
    outcome: Result<Vec<u8>, JobFailure>,
}

impl Stage {
    fn new() -> Self {
        let (sender, inputs) = mpsc::channel(1_000);
        Self {
            workers: Workers::start(sender).unwrap(),
            inputs,
            folder: tempfile::tempdir().unwrap(),
            jobs: 0,
            runtime: tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap(),
        }
    }

    fn path(&self, relative: &str) -> PathBuf {
        self.folder.path().join(relative)
    }

    fn root(&self) -> String {
        self.folder.path().to_str().unwrap().to_owned()
    }

    fn write(&self, relative: &str, bytes: impl AsRef<[u8]>) {
        write(&self.path(relative), bytes.as_ref());
    }

    fn give(&mut self, kind: &'static str, input: Vec<u8>) -> JobId {
        self.jobs += 1;
        let id = JobId(self.jobs);
        self.workers.work(Job { id, service: "files", kind, input });
        id
    }

    fn next(&mut self) -> Input {
        self.next_within(DEADLINE).expect("the workers said nothing")
    }

    fn next_within(&mut self, wait: Duration) -> Option<Input> {
        let inputs = &mut self.inputs;
        self.runtime.block_on(async { tokio::time::timeout(wait, inputs.recv()).await.ok().flatten() })
    }

    fn until_end(&mut self, id: JobId) -> Said {
        let mut reports = Vec::new();
        loop {
            match self.next() {
                Input::Progress { job, report } if job == id => reports.push(report),
                Input::Finished { job, outcome } if job == id => return Said { reports, outcome },
                _ => {}
            }
        }
    }

    fn walk(&mut self) -> (Vec<WalkReport>, WalkSummary) {
        let root = self.root();
        self.walk_of(&root)
    }

    fn walk_of(&mut self, root: &str) -> (Vec<WalkReport>, WalkSummary) {
        let id = self.give(WALK, to_bytes(&Walk { root: root.to_owned() }));
        let said = self.until_end(id);
        let reports = said.reports.iter().map(|report| from_bytes(report).unwrap()).collect();
        (reports, from_bytes(&said.outcome.unwrap()).unwrap())
    }

    /// Walks, then hashes every file found.
    fn hash_all(&mut self) -> Vec<HashResult> {
        let (reports, _) = self.walk();
        let items = reports
            .into_iter()
            .flat_map(|report| report.items)
            .filter(|item| item.kind == files::jobs::FoundKind::File)
            .map(|item| HashItem { path: item.path, stat: item.stat })
            .collect();
        let root = self.root();
        self.hash(&root, items).unwrap()
    }

    fn hash(&mut self, root: &str, items: Vec<HashItem>) -> Result<Vec<HashResult>, JobFailure> {
        let id = self.give(HASH, to_bytes(&Hash { root: root.to_owned(), items }));
        let said = self.until_end(id);
        said.outcome?;
        let reports = said.reports.iter().map(|report| from_bytes::<HashReport>(report).unwrap());
        Ok(reports.flat_map(|report| report.results).collect())
    }
}

fn write(path: &Path, bytes: &[u8]) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, bytes).unwrap();
}

fn item(path: &str, size: u64) -> HashItem {
    HashItem { path: path.to_owned(), stat: Stat { size, mtime_ns: 0, ctime_ns: 0, inode: 0 } }
}

#[test]
fn stopping_waits_for_the_threads_and_ends_jobs_under_way() {
    let mut stage = Stage::new();
    for number in 0..2_000 {
        stage.write(&format!("{number}"), "x");
    }
    let root = stage.root();
    stage.give(WALK, to_bytes(&Walk { root: root.clone() }));
    stage.give(files::jobs::WATCH, to_bytes(&files::jobs::Watch { root }));
    stage.runtime.block_on(stage.workers.stop());
    stage.runtime.block_on(stage.workers.stop());
}

#[test]
fn a_job_that_cannot_be_understood_fails() {
    let mut stage = Stage::new();
    for kind in [WALK, files::jobs::WATCH, HASH] {
        let id = stage.give(kind, b"nonsense".to_vec());
        assert!(
            matches!(stage.until_end(id).outcome, Err(JobFailure::Failed(why)) if why.starts_with("malformed"))
        );
    }
}
