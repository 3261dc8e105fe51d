//! One driver in a folder of its own, asked as the kernel asks it.

use std::collections::BTreeMap;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use base::{ContentId, FileId, WebId};
use files::jobs::{Source, Stat};
use index::{Config, ExtractorProgram, Index, Library};
use kernel::{Driver as _, Input, Job, JobFailure, JobId};
use search::jobs::{
    Answer, Document, FORGET, Forget, LOST, Lost, NameItem, Phrase, QUERY, Query, TextItem, UPDATE, Update,
    Updated, from_bytes, to_bytes,
};
use search::words::words;
use tokio::sync::mpsc;

pub(crate) const FAMILY: WebId = WebId::new([1; 32]);
pub(crate) const WORK: WebId = WebId::new([2; 32]);

/// Contents of the store.
#[derive(Debug, Default)]
pub(crate) struct Shelf(Mutex<BTreeMap<ContentId, Vec<u8>>>);

impl Library for Shelf {
    fn read(&self, content: ContentId, size_max: u64) -> io::Result<Vec<u8>> {
        let all = self.0.lock().unwrap();
        let bytes = all.get(&content).ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
        Ok(bytes.iter().copied().take(usize::try_from(size_max).unwrap()).collect())
    }
}

/// A folder that goes with the test, or one that stays.
#[derive(Debug)]
pub(crate) enum Home {
    Own(tempfile::TempDir),
    Others(PathBuf),
}

impl Home {
    pub(crate) fn path(&self) -> &Path {
        match self {
            Self::Own(folder) => folder.path(),
            Self::Others(path) => path,
        }
    }
}

impl From<tempfile::TempDir> for Home {
    fn from(folder: tempfile::TempDir) -> Self {
        Self::Own(folder)
    }
}

impl<P: AsRef<std::ffi::OsStr> + ?Sized> From<&P> for Home {
    fn from(path: &P) -> Self {
        Self::Others(path.into())
    }
}

pub(crate) struct House {
    pub(crate) folder: Home,
    pub(crate) shelf: Arc<Shelf>,
    index: Index,
    inputs: mpsc::Receiver<Input>,
    jobs: u64,
    pub(crate) lost: Vec<WebId>,
}

pub(crate) fn extractor() -> ExtractorProgram {
    ExtractorProgram { path: PathBuf::from(env!("CARGO_BIN_EXE_index-extract")), arguments: Vec::new() }
}

impl House {
    pub(crate) fn new() -> Self {
        Self::open(tempfile::tempdir().unwrap().into(), Arc::default(), extractor())
    }

    pub(crate) fn open(folder: Home, shelf: Arc<Shelf>, extractor: ExtractorProgram) -> Self {
        let (sender, inputs) = mpsc::channel(64);
        let config = Config { home: folder.path().to_owned(), extractor };
        let library: Arc<dyn Library> = Arc::<Shelf>::clone(&shelf);
        let index = Index::start(config, library, sender).unwrap();
        Self { folder, shelf, index, inputs, jobs: 0, lost: Vec::new() }
    }

    /// Stops the driver and starts it again on the same folder.
    pub(crate) fn restart(self) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(self.index.stop());
        let Self { folder, shelf, .. } = self;
        Self::open(folder, shelf, extractor())
    }

    pub(crate) fn begin(&mut self, kind: &'static str, input: Vec<u8>) -> JobId {
        self.jobs += 1;
        let id = JobId(self.jobs);
        self.index.work(Job { id, service: "search", kind, input });
        id
    }

    pub(crate) fn cancel(&self, job: JobId) {
        self.index.cancel(job);
    }

    /// Waits for the next end of a job.
    pub(crate) fn end(&mut self) -> (JobId, Result<Vec<u8>, JobFailure>) {
        loop {
            match self.inputs.blocking_recv().expect("the driver goes on") {
                Input::Finished { job, outcome } => return (job, outcome),
                Input::Noticed { kind: LOST, report } => {
                    self.lost.push(from_bytes::<Lost>(&report).unwrap().web);
                }
                other => panic!("{other:?}"),
            }
        }
    }

    pub(crate) fn run(&mut self, kind: &'static str, input: Vec<u8>) -> Result<Vec<u8>, JobFailure> {
        let id = self.begin(kind, input);
        let (job, outcome) = self.end();
        assert_eq!(job, id);
        outcome
    }

    pub(crate) fn try_update(&mut self, update: &Update) -> Result<Updated, JobFailure> {
        self.run(UPDATE, to_bytes(update)).map(|bytes| from_bytes(&bytes).unwrap())
    }

    pub(crate) fn update(&mut self, update: &Update) -> Updated {
        self.try_update(update).unwrap()
    }

    pub(crate) fn query(&mut self, query: &Query) -> Answer {
        from_bytes(&self.run(QUERY, to_bytes(query)).unwrap()).unwrap()
    }

    pub(crate) fn forget(&mut self, web: WebId) {
        self.run(FORGET, to_bytes(&Forget { web })).unwrap();
    }

    /// Tells the names of a web, numbered from nought in this order.
    pub(crate) fn tell(&mut self, web: WebId, paths: &[&str]) {
        let items = paths.iter().enumerate().map(|(at, path)| name(at, Some(path)));
        let names = items.collect();
        self.update(&Update { web, names, texts: Vec::new() });
    }

    /// Asks for names and says which were found, best first.
    pub(crate) fn names(&mut self, web: WebId, text: &str, is_typing: bool) -> Vec<usize> {
        let answer = self.query(&Query { names: 100, is_typing, ..ask(web, text) });
        assert_eq!(answer.names_total, answer.names.len() as u64);
        answer.names.iter().map(|hit| place(hit.file)).collect()
    }

    /// Puts a document into the store and tells it; returns its content and why it could not be read.
    pub(crate) fn put(&mut self, web: WebId, name: &str, bytes: &[u8]) -> (ContentId, Option<String>) {
        let content = content_of(bytes);
        self.shelf.0.lock().unwrap().insert(content, bytes.to_vec());
        let document = Document { name: name.to_owned(), size: bytes.len() as u64, source: Source::Store };
        let item = TextItem { content, document: Some(document) };
        let updated = self.update(&Update { web, names: Vec::new(), texts: vec![item] });
        (content, updated.unread.into_iter().next().map(|unread| unread.why))
    }

    pub(crate) fn texts(&mut self, web: WebId, text: &str) -> search::jobs::Texts {
        self.query(&Query { texts: 10, snippets: 10, ..ask(web, text) }).texts
    }

    /// Returns the folder of a web's index.
    pub(crate) fn index_of(&self, web: WebId) -> PathBuf {
        self.folder.path().join("index").join(web.to_string())
    }
}

/// Asks for nothing yet; quoted words must follow each other.
pub(crate) fn ask(web: WebId, text: &str) -> Query {
    let mut query = Query {
        web,
        words: Vec::new(),
        phrases: Vec::new(),
        is_typing: false,
        names: 0,
        texts: 0,
        snippets: 0,
    };
    for (at, part) in text.split('"').enumerate() {
        let first = u32::try_from(query.words.len()).unwrap();
        query.words.extend(words(part).map(|word| word.text));
        let count = u32::try_from(query.words.len()).unwrap() - first;
        if at % 2 == 1 && count > 1 {
            query.phrases.push(Phrase { first, count });
        }
    }
    query
}

pub(crate) fn file(place: usize) -> FileId {
    FileId::new(u128::try_from(place).unwrap().to_be_bytes())
}

fn place(file: FileId) -> usize {
    usize::try_from(u128::from_be_bytes(*file.as_bytes())).unwrap()
}

pub(crate) fn name(place: usize, path: Option<&str>) -> NameItem {
    NameItem { number: 7, file: file(place), path: path.map(str::to_owned) }
}

/// Any different id for different bytes does here.
pub(crate) fn content_of(bytes: &[u8]) -> ContentId {
    use std::hash::{DefaultHasher, Hash as _, Hasher as _};
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    let mut id = [0; 32];
    id[..8].copy_from_slice(&hasher.finish().to_be_bytes());
    ContentId::new(id)
}

/// Returns where a file is, as it is now.
pub(crate) fn in_place(path: &Path) -> Source {
    let metadata = path.metadata().unwrap();
    let stat = Stat {
        size: metadata.size(),
        mtime_ns: metadata.mtime() * 1_000_000_000 + metadata.mtime_nsec(),
        ctime_ns: metadata.ctime() * 1_000_000_000 + metadata.ctime_nsec(),
        inode: metadata.ino(),
    };
    Source::Path { path: path.to_str().unwrap().to_owned(), stat }
}
