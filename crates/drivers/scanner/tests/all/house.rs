//! One driver in a folder of its own, asked as the kernel asks it.

use std::collections::BTreeMap;
use std::io;
use std::ops::Range;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use base::ContentId;
use files::jobs::{Source, Stat};
use guard::jobs::{
    COMPILE, Compile, Compiled, Finding, Outcome, SCAN, Scan, ScanItem, Scanned, Severity, from_bytes,
    to_bytes,
};
use kernel::{Driver as _, Input, Job, JobFailure, JobId};
use scanner::{Config, Library, ProgramCommand, Scanner};
use tokio::sync::mpsc;

/// Contents of the store.
#[derive(Debug, Default)]
pub(crate) struct Shelf(Mutex<BTreeMap<ContentId, Arc<Vec<u8>>>>);

impl Shelf {
    pub(crate) fn put(&self, bytes: Vec<u8>) -> ContentId {
        let id = ContentId::new(*blake3::hash(&bytes).as_bytes());
        self.0.lock().unwrap().insert(id, Arc::new(bytes));
        id
    }

    fn get(&self, content: ContentId) -> io::Result<Arc<Vec<u8>>> {
        self.0.lock().unwrap().get(&content).cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

impl Library for Shelf {
    fn size(&self, content: ContentId) -> io::Result<u64> {
        Ok(self.get(content)?.len() as u64)
    }

    fn read(&self, content: ContentId, range: Range<u64>) -> io::Result<Vec<u8>> {
        let bytes = self.get(content)?;
        let at = |place: u64| usize::try_from(place).unwrap();
        Ok(bytes[at(range.start)..at(range.end)].to_vec())
    }
}

pub(crate) struct House {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) shelf: Arc<Shelf>,
    scanner: Scanner,
    inputs: mpsc::Receiver<Input>,
    jobs: u64,
}

pub(crate) fn child() -> ProgramCommand {
    ProgramCommand { path: PathBuf::from(env!("CARGO_BIN_EXE_scanner-child")), arguments: Vec::new() }
}

impl House {
    pub(crate) fn new() -> Self {
        Self::with(child(), None)
    }

    pub(crate) fn with(mut program: ProgramCommand, clamd: Option<PathBuf>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        program.arguments.push(folder.path().to_str().unwrap().to_owned());
        let (sender, inputs) = mpsc::channel(64);
        let shelf: Arc<Shelf> = Arc::default();
        let config = Config { home: folder.path().to_owned(), program, clamd };
        let library: Arc<dyn Library> = Arc::<Shelf>::clone(&shelf);
        let scanner = Scanner::start(config, library, sender).unwrap();
        Self { folder, shelf, scanner, inputs, jobs: 0 }
    }

    pub(crate) fn begin(&mut self, kind: &'static str, input: Vec<u8>) -> JobId {
        self.jobs += 1;
        let id = JobId(self.jobs);
        self.scanner.work(Job { id, service: "guard", kind, input });
        id
    }

    pub(crate) fn cancel(&self, job: JobId) {
        self.scanner.cancel(job);
    }

    /// Waits for the next end of a job.
    pub(crate) fn end(&mut self) -> (JobId, Result<Vec<u8>, JobFailure>) {
        match self.inputs.blocking_recv().expect("the driver goes on") {
            Input::Finished { job, outcome } => (job, outcome),
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn stored(&self, name: &str, bytes: &[u8]) -> ScanItem {
        ScanItem { content: self.shelf.put(bytes.to_vec()), source: Source::Store, name: name.to_owned() }
    }

    pub(crate) fn scan(&mut self, items: Vec<ScanItem>, sets: Vec<ContentId>) -> Vec<Outcome> {
        self.begin(SCAN, to_bytes(&Scan { items, sets }));
        let report = self.end().1.expect("the job ends well");
        from_bytes::<Scanned>(&report).unwrap().outcomes
    }

    /// Scans one content of the store with the built-in rules.
    pub(crate) fn look(&mut self, name: &str, bytes: &[u8]) -> Outcome {
        let item = self.stored(name, bytes);
        self.scan(vec![item], Vec::new()).remove(0)
    }

    pub(crate) fn compile(&mut self, source: &str) -> (ContentId, Result<Compiled, String>) {
        let set = self.shelf.put(source.as_bytes().to_vec());
        (set, self.compile_again(set))
    }

    pub(crate) fn compile_again(&mut self, set: ContentId) -> Result<Compiled, String> {
        self.begin(COMPILE, to_bytes(&Compile { set }));
        match self.end().1 {
            Ok(report) => Ok(from_bytes(&report).unwrap()),
            Err(JobFailure::Failed(why)) => Err(why),
            Err(other) => panic!("{other:?}"),
        }
    }
}

/// A shared file, read in place.
pub(crate) fn in_place(path: &Path) -> ScanItem {
    let metadata = std::fs::metadata(path).unwrap();
    let stat = Stat {
        size: metadata.size(),
        mtime_ns: metadata.mtime() * 1_000_000_000 + metadata.mtime_nsec(),
        ctime_ns: metadata.ctime() * 1_000_000_000 + metadata.ctime_nsec(),
        inode: metadata.ino(),
    };
    ScanItem {
        content: ContentId::new([9; 32]),
        source: Source::Path { path: path.to_str().unwrap().to_owned(), stat },
        name: path.file_name().unwrap().to_str().unwrap().to_owned(),
    }
}

pub(crate) fn findings(outcome: &Outcome) -> &[Finding] {
    match outcome {
        Outcome::Seen { findings, .. } => findings,
        Outcome::NotSeen { why } => panic!("not seen: {why}"),
    }
}

pub(crate) fn rules(outcome: &Outcome) -> Vec<&str> {
    findings(outcome).iter().map(|finding| finding.rule.as_str()).collect()
}

pub(crate) fn harmful(outcome: &Outcome) -> Vec<&str> {
    let harmful = findings(outcome).iter().filter(|finding| finding.severity == Severity::Harmful);
    harmful.map(|finding| finding.rule.as_str()).collect()
}

pub(crate) fn unseen(outcome: &Outcome) -> Option<&str> {
    match outcome {
        Outcome::Seen { unseen, .. } => unseen.as_deref(),
        Outcome::NotSeen { why } => panic!("not seen: {why}"),
    }
}

impl House {
    /// Ends the children of this driver, as the system does when memory is short.
    pub(crate) fn end_children(&self) {
        for child in self.children() {
            rustix::process::kill_process(child, rustix::process::Signal::KILL).unwrap();
        }
        // Ended is when nothing runs; the driver takes them away when it next asks.
        std::thread::sleep(std::time::Duration::from_millis(200));
    }

    /// Children of this house: its folder stands in their arguments, since tests run side by side.
    fn children(&self) -> Vec<rustix::process::Pid> {
        let mark = self.folder.path().to_str().unwrap();
        let all = std::fs::read_dir("/proc")
            .unwrap()
            .filter_map(|entry| entry.unwrap().file_name().into_string().ok());
        let is_ours = |id: &String| {
            let line = std::fs::read_to_string(format!("/proc/{id}/cmdline")).unwrap_or_default();
            line.contains(mark)
        };
        all.filter(|name| name.parse::<i32>().is_ok())
            .filter(is_ours)
            .filter_map(|id| rustix::process::Pid::from_raw(id.parse().unwrap()))
            .collect()
    }
}
