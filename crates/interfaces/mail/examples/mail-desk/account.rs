//! What one person's mail programs ask of the desk.

use std::collections::BTreeMap;
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use base::Timestamp;
use bytes::Bytes;
use mail::{
    Account, Appended, Copied, Draft, FlagChange, Flags, Folder, FolderId, Listing, PostError, Promise,
    SpecialUse, Submitted, Subscription, Uid,
};
use tokio::sync::watch;

use crate::desk::{Person, broken, now, refused};
use crate::folder::{Line, Shelf};

/// A person at the desk.
pub(crate) struct DeskAccount {
    pub(crate) person: Arc<Person>,
    pub(crate) people: BTreeMap<String, Arc<Person>>,
}

/// Answers at once.
fn answer<'a, T: Send + 'a>(answer: Result<T, PostError>) -> Promise<'a, T> {
    Box::pin(std::future::ready(answer))
}

impl DeskAccount {
    fn with<T>(
        &self,
        folder: FolderId,
        change: impl FnOnce(&mut Shelf) -> anyhow::Result<T>,
    ) -> Result<T, PostError> {
        self.person.change(|shelves| {
            let shelf = shelves.get_mut(&folder.0).ok_or(PostError::NoFolder)?;
            change(shelf).map_err(broken)
        })
    }

    fn outline_path(&self, folder: FolderId, uid: Uid) -> Result<PathBuf, PostError> {
        self.person.read(folder, |shelf| {
            let item = shelf.items.get(&uid).ok_or(PostError::NoMessage)?;
            Ok(self.person.bodies.join(format!("{}.outline", item.body)))
        })
    }

    /// Copies messages, and removes them if they are to move.
    fn put(&self, from: FolderId, uids: &[Uid], to: FolderId, is_move: bool) -> Result<Copied, PostError> {
        self.person.change(|shelves| {
            let items: Vec<_> = {
                let shelf = shelves.get(&from.0).ok_or(PostError::NoFolder)?;
                uids.iter().filter_map(|uid| shelf.items.get(uid).cloned()).collect()
            };
            let target = shelves.get_mut(&to.0).ok_or(PostError::NoFolder)?;
            let mut lines = Vec::new();
            let mut pairs = Vec::new();
            for (item, uid) in items.into_iter().zip(target.uid_next..) {
                pairs.push((item.message.uid, uid));
                let (size, date) = (item.message.size, item.message.date.millis());
                lines.push(Line::Came {
                    uid,
                    size,
                    date,
                    flags: item.message.flags.to_string(),
                    body: item.body,
                });
            }
            target.note(&lines).map_err(broken)?;
            let copied = Copied { uid_validity: validity(target), uids: pairs };
            if is_move {
                let shelf = shelves.get_mut(&from.0).ok_or(PostError::NoFolder)?;
                shelf.remove(copied.uids.iter().map(|(uid, _)| *uid)).map_err(broken)?;
            }
            Ok(copied)
        })
    }
}

/// Made anew for every folder, also of the same name.
fn validity(shelf: &Shelf) -> u32 {
    u32::try_from(shelf.id & u64::from(u32::MAX)).unwrap_or(1).max(1)
}

fn described(shelf: &Shelf) -> Folder {
    let special = match shelf.name.as_str() {
        "Archive" => Some(SpecialUse::Archive),
        "Drafts" => Some(SpecialUse::Drafts),
        "Junk" => Some(SpecialUse::Junk),
        "Sent" => Some(SpecialUse::Sent),
        "Trash" => Some(SpecialUse::Trash),
        _ => None,
    };
    let unseen = shelf.items.values().filter(|item| !item.message.flags.has("\\Seen")).count();
    Folder {
        id: FolderId(shelf.id),
        name: shelf.name.clone(),
        special,
        subscription: if shelf.is_shown { Subscription::Shown } else { Subscription::Hidden },
        uid_validity: validity(shelf),
        uid_next: shelf.uid_next,
        messages: u32::try_from(shelf.items.len()).unwrap_or(u32::MAX),
        unseen: u32::try_from(unseen).unwrap_or(u32::MAX),
    }
}

impl Account for DeskAccount {
    fn addresses(&self) -> Promise<'_, Vec<String>> {
        answer(Ok(vec![self.person.address()]))
    }

    fn accepts(&self, recipient: &str) -> Promise<'_, ()> {
        let is_known = self.people.values().any(|person| person.address() == recipient);
        answer(if is_known { Ok(()) } else { Err(refused(format!("nobody here is called {recipient}"))) })
    }

    fn folders(&self) -> Promise<'_, Vec<Folder>> {
        let shelves = self.person.shelves.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        answer(Ok(shelves.values().map(described).collect()))
    }

    fn create(&self, name: &str) -> Promise<'_, ()> {
        answer(self.person.create(name))
    }

    fn remove(&self, folder: FolderId) -> Promise<'_, ()> {
        answer(self.person.change(|shelves| {
            shelves.remove(&folder.0).ok_or(PostError::NoFolder)?;
            std::fs::remove_file(self.person.place.join(format!("{}.log", folder.0))).map_err(broken)
        }))
    }

    fn rename(&self, folder: FolderId, name: &str) -> Promise<'_, ()> {
        answer(self.person.change(|shelves| {
            let old = shelves.get(&folder.0).ok_or(PostError::NoFolder)?.name.clone();
            let renamed = |known: &str| match known.strip_prefix(&old) {
                Some(rest) if rest.is_empty() || rest.starts_with('/') => Some(format!("{name}{rest}")),
                _ => None,
            };
            let names: BTreeMap<u64, String> =
                shelves.iter().filter_map(|(id, shelf)| Some((*id, renamed(&shelf.name)?))).collect();
            if shelves.values().any(|shelf| names.values().any(|name| *name == shelf.name)) {
                return Err(PostError::FolderTaken);
            }
            for (id, name) in names {
                if let Some(shelf) = shelves.get_mut(&id) {
                    shelf.note(&[Line::Named(name)]).map_err(broken)?;
                }
            }
            Ok(())
        }))
    }

    fn subscribe(&self, folder: FolderId, wish: Subscription) -> Promise<'_, ()> {
        answer(self.with(folder, |shelf| shelf.note(&[Line::Shown(wish == Subscription::Shown)])))
    }

    fn messages(&self, folder: FolderId, after: u64) -> Promise<'_, Listing> {
        answer(self.person.read(folder, |shelf| Ok(shelf.since(after))))
    }

    fn read(&self, folder: FolderId, uid: Uid, from: u64, max: usize) -> Promise<'_, Bytes> {
        let found = self.person.read(folder, |shelf| {
            let item = shelf.items.get(&uid).ok_or(PostError::NoMessage)?;
            Ok((self.person.bodies.join(&item.body), item.message.size))
        });
        answer(found.and_then(|(path, size)| {
            let length = size.saturating_sub(from).min(max as u64);
            let mut file = std::fs::File::open(path).map_err(broken)?;
            file.seek(SeekFrom::Start(from)).map_err(broken)?;
            let mut bytes = Vec::new();
            file.take(length).read_to_end(&mut bytes).map_err(broken)?;
            Ok(bytes.into())
        }))
    }

    fn outline(&self, folder: FolderId, uid: Uid) -> Promise<'_, Option<Bytes>> {
        answer(self.outline_path(folder, uid).map(|path| std::fs::read(path).ok().map(Bytes::from)))
    }

    fn keep_outline(&self, folder: FolderId, uid: Uid, outline: Bytes) -> Promise<'_, ()> {
        answer(self.outline_path(folder, uid).and_then(|path| std::fs::write(path, outline).map_err(broken)))
    }

    fn draft(&self) -> Promise<'_, Box<dyn Draft>> {
        // Unique across starts, too.
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let started = now().millis();
        let name = format!("{started:x}-{:x}", COUNT.fetch_add(1, Ordering::Relaxed));
        let path = self.person.bodies.join(&name);
        let begun = std::fs::File::create_new(&path).map_err(broken).map(|file| {
            let (person, people) = (Arc::clone(&self.person), self.people.clone());
            let draft: Box<dyn Draft> =
                Box::new(DeskDraft { person, people, file, path, name, size: 0, is_kept: false });
            draft
        });
        answer(begun)
    }

    fn flag(&self, folder: FolderId, uids: &[Uid], change: FlagChange) -> Promise<'_, ()> {
        answer(self.with(folder, |shelf| shelf.flag(uids, &change)))
    }

    fn copy(&self, folder: FolderId, uids: &[Uid], to: FolderId) -> Promise<'_, Copied> {
        answer(self.put(folder, uids, to, false))
    }

    fn shift(&self, folder: FolderId, uids: &[Uid], to: FolderId) -> Promise<'_, Copied> {
        answer(self.put(folder, uids, to, true))
    }

    fn expunge(&self, folder: FolderId, uids: &[Uid]) -> Promise<'_, ()> {
        answer(self.with(folder, |shelf| {
            let is_deleted =
                |uid: &Uid| shelf.items.get(uid).is_some_and(|item| item.message.flags.has("\\Deleted"));
            let deleted: Vec<Uid> = uids.iter().copied().filter(is_deleted).collect();
            shelf.remove(deleted)
        }))
    }

    fn watch(&self) -> watch::Receiver<u64> {
        self.person.changed.subscribe()
    }
}

/// A message in a file of its own.
struct DeskDraft {
    person: Arc<Person>,
    people: BTreeMap<String, Arc<Person>>,
    file: std::fs::File,
    path: PathBuf,
    name: String,
    size: u64,
    is_kept: bool,
}

impl DeskDraft {
    fn put(
        &mut self,
        person: &Person,
        folder: FolderId,
        flags: &Flags,
        date: Timestamp,
    ) -> Result<Appended, PostError> {
        self.is_kept = true;
        person.change(|shelves| {
            let shelf = shelves.get_mut(&folder.0).ok_or(PostError::NoFolder)?;
            let uid = shelf.add(self.size, date, flags, self.name.clone()).map_err(broken)?;
            Ok(Appended { uid_validity: validity(shelf), uid })
        })
    }
}

impl Drop for DeskDraft {
    fn drop(&mut self) {
        if !self.is_kept
            && let Err(error) = std::fs::remove_file(&self.path)
        {
            tracing::warn!(%error, "a draft stays behind");
        }
    }
}

impl Draft for DeskDraft {
    fn write(&mut self, bytes: Bytes) -> Promise<'_, ()> {
        self.size += bytes.len() as u64;
        answer(self.file.write_all(&bytes).map_err(broken))
    }

    fn append(
        mut self: Box<Self>,
        folder: FolderId,
        flags: Flags,
        date: Option<Timestamp>,
    ) -> Promise<'static, Appended> {
        let person = Arc::clone(&self.person);
        answer(self.put(&person, folder, &flags, date.unwrap_or_else(now)))
    }

    fn submit(mut self: Box<Self>, _from: String, to: Vec<String>) -> Promise<'static, Submitted> {
        let sent = (|| {
            let people = self.people.clone();
            for address in &to {
                let person = people.values().find(|person| person.address() == *address);
                let person = person.ok_or_else(|| refused(format!("{address} has gone")))?;
                let inbox = person.folder_named("INBOX").ok_or(PostError::NoFolder)?;
                self.put(person, inbox, &Flags::default(), now())?;
            }
            Ok(Submitted::Accepted(self.name.clone()))
        })();
        answer(sent)
    }
}
