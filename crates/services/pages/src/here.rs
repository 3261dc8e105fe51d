//! Who has a document open, and where their cursors are. Lives in memory; whoever says nothing for a while is gone.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use api::pages::{CursorView, Cursors, Here};
use base::{DeviceId, DocumentId, Fault, Timestamp, WebId};
use kernel::{Channel, Step};
use wire::codec::Bytes;

use crate::documents;
use crate::statement::Message;
use crate::tables::{DOCUMENTS, DocumentKey};
use crate::writing::Texts;

/// Who says nothing for so long has gone. The page says it every 15 s.
const GONE_AFTER: Duration = Duration::from_secs(40);

/// Devices remembered for one document at most.
const DEVICES_MAX: usize = 100;

/// Documents remembered at most.
const DOCUMENTS_MAX: usize = 256;

/// Where somebody is.
#[derive(Debug, Clone)]
struct Caret {
    cursor: Option<(Bytes, Bytes)>,
    heard: Timestamp,
}

/// Who is where.
#[derive(Debug, Default)]
pub(crate) struct Presence {
    there: BTreeMap<DocumentKey, BTreeMap<DeviceId, Caret>>,
}

impl Presence {
    /// Drops all.
    pub(crate) fn clear(&mut self) {
        self.there.clear();
    }

    /// Takes where this person is, tells the others, and answers where they are.
    pub(crate) fn be_here(
        &mut self,
        step: &mut Step<'_>,
        texts: &mut Texts,
        asked: &Here,
    ) -> Result<Cursors, Fault> {
        let key = documents::find(step.view(), &asked.document)?;
        let (web, document) = key;
        let place = |at: u64| usize::try_from(at).unwrap_or(usize::MAX);
        let text = texts.open(step, key)?;
        let cursor = asked
            .cursor
            .and_then(|(from, to)| Some((text.cursor(place(from))?.into(), text.cursor(place(to))?.into())));
        let message = match asked.leaves {
            true => Message::Gone { web, document },
            false => Message::Here { web, document, cursor },
        };
        let bytes = wire::to_bytes(&message);
        for device in members_here(step, web)? {
            step.send(device, Channel::Member, bytes.clone());
        }
        self.cursors(step, texts, key)
    }

    fn cursors(&mut self, step: &Step<'_>, texts: &mut Texts, key: DocumentKey) -> Result<Cursors, Fault> {
        let now = step.now();
        let version = DOCUMENTS.get(step.view(), &key)?.map_or(0, |row| row.version);
        let mut cursors = Vec::new();
        if let Some(there) = self.there.get_mut(&key) {
            there.retain(|_, caret| now.since(caret.heard) < GONE_AFTER);
            let text = texts.open(step, key)?;
            for (device, caret) in there {
                let Some(person) = people::read::person_of(step.view(), key.0, *device)? else { continue };
                let place = |bytes: &Bytes| text.place(bytes).and_then(|at| u64::try_from(at).ok());
                let cursor = caret.cursor.as_ref().and_then(|(from, to)| Some((place(from)?, place(to)?)));
                cursors.push(CursorView {
                    who: documents::label(step.view(), key.0, Some(*device))?,
                    device: device.short(),
                    person: person.to_string(),
                    cursor,
                });
            }
        }
        Ok(Cursors { cursors, version })
    }

    /// Hears where a member is.
    pub(crate) fn hear(&mut self, step: &mut Step<'_>, from: DeviceId, message: &[u8]) -> Result<(), Fault> {
        let Ok(message) = Message::read(message) else { return Ok(()) };
        let (Message::Here { web, document, .. } | Message::Gone { web, document }) = message;
        let key = (web, document);
        if !people::read::is_member(step.view(), web, from)? || !DOCUMENTS.has(step.view(), &key)? {
            return Ok(());
        }
        let heard = step.now();
        // Who says the same again is only there still: two pages that ask at each event would ask each other for ever.
        let known = self.there.get(&key).and_then(|there| there.get(&from));
        let is_news = match &message {
            Message::Here { cursor, .. } => known.is_none_or(|caret| caret.cursor != *cursor),
            Message::Gone { .. } => known.is_some(),
        };
        match message {
            Message::Here { cursor, .. } => {
                if self.there.len() >= DOCUMENTS_MAX && !self.there.contains_key(&key) {
                    self.there.pop_first();
                }
                let there = self.there.entry(key).or_default();
                if there.len() < DEVICES_MAX || there.contains_key(&from) {
                    there.insert(from, Caret { cursor, heard });
                }
            }
            Message::Gone { .. } => {
                if let Some(there) = self.there.get_mut(&key) {
                    there.remove(&from);
                }
            }
        }
        if is_news {
            tell(step, web, document);
        }
        Ok(())
    }

    /// Forgets a device whose connection has ended.
    pub(crate) fn lose(&mut self, step: &mut Step<'_>, device: DeviceId) {
        for ((web, document), there) in &mut self.there {
            if there.remove(&device).is_some() {
                tell(step, *web, *document);
            }
        }
    }
}

fn tell(step: &mut Step<'_>, web: WebId, document: DocumentId) {
    step.emit("pages.here", &serde_json::json!({ "web": web, "document": document }));
}

/// Returns the devices of a web's members that are connected.
fn members_here(step: &Step<'_>, web: WebId) -> Result<BTreeSet<DeviceId>, Fault> {
    let mut here = BTreeSet::new();
    for member in people::read::members(step.view(), web)? {
        if member.role.is_none() {
            continue;
        }
        for device in member.devices {
            if device != step.me() && records::is_connected(step.view(), device)? {
                here.insert(device);
            }
        }
    }
    Ok(here)
}
