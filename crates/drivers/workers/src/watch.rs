//! Watches folders: one thread collects what the system says and reports it when a folder has been quiet.
//!
//! The system's events are hints only; every report is what a look at the path says. When hints are lost (the
//! queue was full, the system's limits are reached), the report says that the folder must be walked again.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use files::jobs::Watch;
use kernel::JobId;
use notify::event::{CreateKind, ModifyKind, RenameMode};
use notify::{EventKind, RecursiveMode, Watcher};

use crate::folder::{self, Folder};
use crate::report::Task;
use crate::watched::Watched;

/// Hints that wait for the watching thread. A burst beyond this costs one walk, about 0.1 s for 20,000 files.
const HINTS_MAX: usize = 8_192;

/// How long the thread sleeps when nothing is due.
const LONG: Duration = Duration::from_hours(1);

/// A word to the watching thread.
#[derive(Debug)]
pub(crate) enum Word {
    /// A watch stands.
    Begun(Box<Watched>),
    /// Something happened at a path.
    Hint { job: JobId, path: PathBuf, is_new: bool },
    /// Look at the flags: a watch was cancelled or all shall stop.
    LookUp,
}

/// What the system's thread can always say, also when the queue is full.
#[derive(Debug, Default)]
pub(crate) struct Flags {
    /// Hints were lost.
    pub(crate) is_missed: AtomicBool,
    /// The system watches no more folders.
    pub(crate) is_at_limit: AtomicBool,
}

/// The way to the watching thread.
#[derive(Debug, Clone)]
pub(crate) struct Ear {
    words: SyncSender<Word>,
    is_stopped: Arc<AtomicBool>,
}

impl Ear {
    /// Makes the way and its other end.
    pub(crate) fn new() -> (Self, Receiver<Word>) {
        let (words, heard) = sync_channel(HINTS_MAX);
        (Self { words, is_stopped: Arc::default() }, heard)
    }

    /// Has the thread look at its flags; when the queue is full it is awake anyway.
    pub(crate) fn look_up(&self) {
        let _is_heard = self.words.try_send(Word::LookUp).is_ok();
    }

    /// Ends the thread.
    pub(crate) fn stop(&self) {
        self.is_stopped.store(true, Ordering::Relaxed);
        self.look_up();
    }
}

/// Sets a watch up; takes a while for a big tree, so it is done on a thread of its own.
pub(crate) fn set_up(task: &Task, input: &Watch, ear: &Ear) {
    match begin(task, input, ear) {
        Ok(watched) => {
            let _is_heard = ear.words.send(Word::Begun(Box::new(watched))).is_ok();
        }
        Err(text) => task.finish(Err(text)),
    }
}

fn begin(task: &Task, input: &Watch, ear: &Ear) -> Result<Watched, String> {
    let folder = Folder::open(&input.root).map_err(|state| folder::failure_text(&state))?;
    let flags = Arc::new(Flags::default());
    let handler = handler(task.id, ear.words.clone(), Arc::clone(&flags));
    let config = notify::Config::default().with_follow_symlinks(false);
    let mut watcher = notify::RecommendedWatcher::new(handler, config).map_err(|error| words_of(&error))?;
    match watcher.watch(folder.real(), RecursiveMode::Recursive) {
        Ok(()) => {}
        // What could be watched still is; the rest is looked at from time to time.
        Err(error) if matches!(error.kind, notify::ErrorKind::MaxFilesWatch) => {
            flags.is_at_limit.store(true, Ordering::Relaxed);
        }
        Err(error) if !matches!(error.kind, notify::ErrorKind::PathNotFound) => return Err(words_of(&error)),
        // A folder of the tree went away while the watch was set up.
        Err(_) => flags.is_missed.store(true, Ordering::Relaxed),
    }
    let identity = folder.identity().map_err(|error| format!("unreadable: {}", folder::in_words(&error)))?;
    Ok(Watched::new(task.clone(), folder.real_text(), identity, watcher, flags))
}

fn words_of(error: &notify::Error) -> String {
    match &error.kind {
        notify::ErrorKind::Io(error) => format!("unwatchable: {}", folder::in_words(error)),
        notify::ErrorKind::PathNotFound => "missing: there is nothing at that path".to_owned(),
        _ => "unwatchable: the system does not watch that folder".to_owned(),
    }
}

/// Makes what the system's thread calls for each event.
fn handler(
    job: JobId,
    words: SyncSender<Word>,
    flags: Arc<Flags>,
) -> impl FnMut(notify::Result<notify::Event>) + Send + 'static {
    move |event| {
        let event = match event {
            Ok(event) => event,
            Err(error) => {
                let is_limit = matches!(error.kind, notify::ErrorKind::MaxFilesWatch);
                let flag = if is_limit { &flags.is_at_limit } else { &flags.is_missed };
                flag.store(true, Ordering::Relaxed);
                let _is_heard = words.try_send(Word::LookUp).is_ok();
                return;
            }
        };
        if event.need_rescan() {
            flags.is_missed.store(true, Ordering::Relaxed);
            let _is_heard = words.try_send(Word::LookUp).is_ok();
        }
        let is_new = match event.kind {
            // Whoever reads a file, we among them, makes thousands of Access; what Both says was said before.
            EventKind::Access(_) | EventKind::Modify(ModifyKind::Name(RenameMode::Both)) => return,
            EventKind::Create(CreateKind::Folder | CreateKind::Any)
            | EventKind::Modify(ModifyKind::Name(RenameMode::To)) => true,
            _ => false,
        };
        for path in event.paths {
            if words.try_send(Word::Hint { job, path, is_new }).is_err() {
                flags.is_missed.store(true, Ordering::Relaxed);
            }
        }
    }
}

/// Collects hints and reports until stopped.
pub(crate) fn run(ear: &Ear, heard: &Receiver<Word>) {
    let mut watches: BTreeMap<JobId, Watched> = BTreeMap::new();
    while !ear.is_stopped.load(Ordering::Relaxed) {
        let now = Instant::now();
        let due = watches.values().filter_map(Watched::due).min();
        let wait = due.map_or(LONG, |due| due.saturating_duration_since(now));
        match heard.recv_timeout(wait) {
            Ok(word) => take(&mut watches, word, heard),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        let now = Instant::now();
        let ended: Vec<JobId> = watches
            .iter_mut()
            .filter_map(|(job, watched)| watched.tend(now).is_break().then_some(*job))
            .collect();
        for job in ended {
            watches.remove(&job);
        }
    }
}

/// Takes one word and all that wait behind it, so that a burst is one turn.
fn take(watches: &mut BTreeMap<JobId, Watched>, first: Word, heard: &Receiver<Word>) {
    for word in std::iter::once(first).chain(heard.try_iter().take(HINTS_MAX)) {
        match word {
            Word::Begun(begun) => {
                // Said here, not where the watch was set up: hints that came before this word had nobody to take
                // them, and whoever hears "it stands" may count on every later one.
                begun.say_it_stands();
                drop(watches.insert(begun.job(), *begun));
            }
            Word::Hint { job, path, is_new } => {
                if let Some(watched) = watches.get_mut(&job) {
                    watched.hint(&path, is_new);
                }
            }
            Word::LookUp => {}
        }
    }
}
