//! One folder: a log of what happened to it, one line of JSON each, and what comes out of it.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use base::Timestamp;
use mail::{FlagChange, Flags, Gone, Listing, Message, Uid};
use serde::{Deserialize, Serialize};

/// Removals that are remembered for those who ask what has changed.
const GONE_KEPT: usize = 10_000;

/// A folder.
#[derive(Debug)]
pub(crate) struct Shelf {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) is_shown: bool,
    pub(crate) uid_next: Uid,
    pub(crate) items: BTreeMap<Uid, Item>,
    /// Grows with every change; those of before the start count as one.
    pub(crate) at: u64,
    gone: Vec<(u64, Uid)>,
    /// Removals up to here are forgotten.
    forgotten: u64,
    log: File,
}

/// One message of a folder.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    pub(crate) message: Message,
    /// The file with its bytes.
    pub(crate) body: String,
    at: u64,
}

/// A line of the log.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Line {
    Named(String),
    Shown(bool),
    Came { uid: Uid, size: u64, date: u64, flags: String, body: String },
    Flagged(Uid, String),
    Gone(Uid),
}

impl Shelf {
    pub(crate) fn create(place: &Path, id: u64, name: &str) -> anyhow::Result<Self> {
        let mut shelf = Self::empty(&place.join(format!("{id}.log")), id)?;
        shelf.note(&[Line::Named(name.to_owned())])?;
        Ok(shelf)
    }

    pub(crate) fn load(path: &PathBuf) -> anyhow::Result<Self> {
        let id = path.file_stem().and_then(|name| name.to_str()).context("a strange log")?.parse()?;
        let mut shelf = Self::empty(path, id)?;
        for line in BufReader::new(File::open(path)?).lines() {
            // The last line may have been broken off when the desk was killed.
            let Ok(line) = serde_json::from_str(&line?) else { continue };
            shelf.apply(line);
        }
        (shelf.at, shelf.forgotten) = (1, 1);
        shelf.gone.clear();
        for item in shelf.items.values_mut() {
            item.at = 1;
        }
        // What is written next begins on a line of its own.
        shelf.log.write_all(b"\n")?;
        Ok(shelf)
    }

    fn empty(path: &Path, id: u64) -> anyhow::Result<Self> {
        let log = OpenOptions::new().create(true).append(true).open(path)?;
        Ok(Self {
            id,
            name: String::new(),
            is_shown: true,
            uid_next: 1,
            items: BTreeMap::new(),
            at: 1,
            gone: Vec::new(),
            forgotten: 0,
            log,
        })
    }

    /// Writes down what happens, then lets it happen.
    pub(crate) fn note(&mut self, lines: &[Line]) -> anyhow::Result<()> {
        let mut text = Vec::new();
        for line in lines {
            serde_json::to_writer(&mut text, line)?;
            text.push(b'\n');
        }
        self.log.write_all(&text)?;
        for line in lines {
            self.apply(serde_json::from_value(serde_json::to_value(line)?)?);
        }
        Ok(())
    }

    fn apply(&mut self, line: Line) {
        self.at += 1;
        match line {
            Line::Named(name) => self.name = name,
            Line::Shown(is_shown) => self.is_shown = is_shown,
            Line::Came { uid, size, date, flags, body } => {
                let date = Timestamp::from_millis(date);
                let message = Message { uid, size, date, flags: flags_of(&flags) };
                self.items.insert(uid, Item { message, body, at: self.at });
                self.uid_next = self.uid_next.max(uid + 1);
            }
            Line::Flagged(uid, flags) => {
                if let Some(item) = self.items.get_mut(&uid) {
                    (item.message.flags, item.at) = (flags_of(&flags), self.at);
                }
            }
            Line::Gone(uid) => {
                self.items.remove(&uid);
                self.gone.push((self.at, uid));
                if self.gone.len() > GONE_KEPT {
                    self.forgotten = self.gone.remove(0).0;
                }
            }
        }
    }

    pub(crate) fn add(
        &mut self,
        size: u64,
        date: Timestamp,
        flags: &Flags,
        body: String,
    ) -> anyhow::Result<Uid> {
        let uid = self.uid_next;
        self.note(&[Line::Came { uid, size, date: date.millis(), flags: flags.to_string(), body }])?;
        Ok(uid)
    }

    pub(crate) fn flag(&mut self, uids: &[Uid], change: &FlagChange) -> anyhow::Result<()> {
        let mut lines = Vec::new();
        for uid in uids {
            let Some(item) = self.items.get(uid) else { continue };
            let mut flags = item.message.flags.clone();
            flags.change(change);
            if flags != item.message.flags {
                lines.push(Line::Flagged(*uid, flags.to_string()));
            }
        }
        self.note(&lines)
    }

    pub(crate) fn remove(&mut self, uids: impl IntoIterator<Item = Uid>) -> anyhow::Result<()> {
        let here = uids.into_iter().filter(|uid| self.items.contains_key(uid));
        let lines: Vec<Line> = here.map(Line::Gone).collect();
        self.note(&lines)
    }

    pub(crate) fn since(&self, after: u64) -> Listing {
        let is_known = after >= self.forgotten && after != 0;
        let changed = self.items.values().filter(|item| !is_known || item.at > after);
        let messages = changed.map(|item| item.message.clone()).collect();
        let gone = match is_known {
            true => {
                let from = self.gone.partition_point(|(at, _)| *at <= after);
                Gone::These(self.gone.iter().skip(from).map(|(_, uid)| *uid).collect())
            }
            false => Gone::AllOthers,
        };
        Listing { at: self.at, messages, gone }
    }
}

fn flags_of(text: &str) -> Flags {
    let mut flags = Flags::default();
    for name in text.split_whitespace() {
        let _is_in = flags.insert(name);
    }
    flags
}
