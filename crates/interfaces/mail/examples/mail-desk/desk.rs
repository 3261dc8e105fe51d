//! A post office on files: one folder for each person, messages as files that all copies share, folders as logs.
//!
//! Survives being killed at any time, with the same uids. It is for tests: it keeps every folder's list in memory.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context as _;
use base::{Fault, FaultKind, Timestamp};
use mail::{Account, PasswordHash, Post, PostError, Promise};
use tokio::sync::watch;

use crate::account::DeskAccount;
use crate::folder::Shelf;

/// All people of the desk.
#[derive(Debug)]
pub(crate) struct Desk {
    people: BTreeMap<String, Arc<Person>>,
    passwords: BTreeMap<String, PasswordHash>,
}

/// One person's mail.
#[derive(Debug)]
pub(crate) struct Person {
    pub(crate) name: String,
    pub(crate) place: PathBuf,
    pub(crate) bodies: PathBuf,
    pub(crate) shelves: Mutex<BTreeMap<u64, Shelf>>,
    pub(crate) changed: watch::Sender<u64>,
}

impl Desk {
    pub(crate) fn open(place: &Path, people: &[(String, String)]) -> anyhow::Result<Self> {
        let bodies = place.join("bodies");
        std::fs::create_dir_all(&bodies)?;
        let mut desk = Self { people: BTreeMap::new(), passwords: BTreeMap::new() };
        for (name, password) in people {
            desk.passwords.insert(name.clone(), PasswordHash::of(password));
            let person = Person::open(name, place.join(name), bodies.clone());
            desk.people.insert(name.clone(), Arc::new(person.with_context(|| format!("{name}'s mail"))?));
        }
        Ok(desk)
    }
}

impl Person {
    fn open(name: &str, place: PathBuf, bodies: PathBuf) -> anyhow::Result<Self> {
        std::fs::create_dir_all(&place)?;
        let mut shelves = BTreeMap::new();
        for entry in std::fs::read_dir(&place)? {
            let path = entry?.path();
            if path.extension().is_some_and(|ending| ending == "log") {
                let shelf = Shelf::load(&path)?;
                shelves.insert(shelf.id, shelf);
            }
        }
        let person = Self {
            name: name.to_owned(),
            place,
            bodies,
            shelves: Mutex::new(shelves),
            changed: watch::Sender::new(0),
        };
        for name in ["INBOX", "Drafts", "Sent", "Archive", "Junk", "Trash"] {
            match person.create(name) {
                Ok(()) | Err(PostError::FolderTaken) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(person)
    }

    pub(crate) fn address(&self) -> String {
        format!("{}@test.{}", self.name, mail::DOMAIN)
    }

    pub(crate) fn create(&self, name: &str) -> Result<(), PostError> {
        self.change(|shelves| {
            if shelves.values().any(|shelf| shelf.name == name) {
                return Err(PostError::FolderTaken);
            }
            // Time, so that a folder that is made again never gets the validity of the one before.
            let last = shelves.keys().next_back().copied().unwrap_or_default();
            let id = (now().millis() / 1_000).max(last + 1);
            shelves.insert(id, Shelf::create(&self.place, id, name).map_err(broken)?);
            Ok(())
        })
    }

    /// Changes folders, and tells those who watch.
    pub(crate) fn change<T>(
        &self,
        change: impl FnOnce(&mut BTreeMap<u64, Shelf>) -> Result<T, PostError>,
    ) -> Result<T, PostError> {
        let changed = change(&mut self.shelves.lock().unwrap_or_else(PoisonError::into_inner));
        self.changed.send_modify(|count| *count += 1);
        changed
    }

    pub(crate) fn read<T>(
        &self,
        folder: mail::FolderId,
        read: impl FnOnce(&Shelf) -> Result<T, PostError>,
    ) -> Result<T, PostError> {
        let shelves = self.shelves.lock().unwrap_or_else(PoisonError::into_inner);
        read(shelves.get(&folder.0).ok_or(PostError::NoFolder)?)
    }

    pub(crate) fn folder_named(&self, name: &str) -> Option<mail::FolderId> {
        let shelves = self.shelves.lock().unwrap_or_else(PoisonError::into_inner);
        shelves.values().find(|shelf| shelf.name == name).map(|shelf| mail::FolderId(shelf.id))
    }
}

impl Post for Desk {
    fn password(&self, name: &str) -> Promise<'_, Option<PasswordHash>> {
        let hash = self.passwords.get(name).copied();
        Box::pin(async move { Ok(hash) })
    }

    fn open(&self, name: &str) -> Promise<'_, Arc<dyn Account>> {
        let person = self.people.get(name).cloned();
        Box::pin(async move {
            let person = person.ok_or_else(|| refused("there is no such person"))?;
            let account: Arc<dyn Account> = Arc::new(DeskAccount { person, people: self.people.clone() });
            Ok(account)
        })
    }
}

pub(crate) fn refused(text: impl Into<String>) -> PostError {
    PostError::Refused(Fault::new("desk.refused", FaultKind::Refused, text))
}

pub(crate) fn broken(error: impl std::fmt::Display) -> PostError {
    PostError::Refused(Fault::new("desk.broken", FaultKind::Broken, error.to_string()))
}

/// Returns the time, by this computer's clock.
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}
