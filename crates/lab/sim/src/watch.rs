//! What the world notes for the checkers: what was on disks when, what was said about texts, what rang.

use std::collections::{BTreeMap, BTreeSet};

use base::{DeviceId, WebId};
use serde_json::Value;

use crate::lying::{self, FORGED, Message};
use crate::world::PeerIndex;

/// What a file was made of, and its size; none when it was gone.
pub(crate) type Made = Option<(u64, u64)>;

/// Whom a broker answered for.
#[derive(Debug, Clone)]
pub(crate) struct Covered {
    pub(crate) broker: PeerIndex,
    /// What the devices are called in its answer.
    pub(crate) devices: BTreeSet<u64>,
    pub(crate) at_ms: u64,
}

/// What was seen.
#[derive(Debug, Clone, Default)]
pub struct Watch {
    /// What was on disks: by owner and path, what was written when.
    pub(crate) disks: BTreeMap<(PeerIndex, String), Vec<(u64, Made)>>,
    /// Who was ever let into a web, and who was removed, as person ids.
    pub(crate) let_in: BTreeMap<WebId, BTreeSet<DeviceId>>,
    pub(crate) removed: BTreeMap<(WebId, DeviceId), String>,
    /// Forged answers that arrived: who was told, in answer to which question, by whom, when.
    pub(crate) forged: BTreeMap<(PeerIndex, u64), BTreeMap<PeerIndex, u64>>,
    /// Answers of brokers that arrived: who was told, in answer to which question.
    pub(crate) covered: BTreeMap<(PeerIndex, u64), Vec<Covered>>,
    /// What rang: where, when, for what.
    pub(crate) rang: Vec<(PeerIndex, u64, Value)>,
    /// Which peers' deciders voted about which slots of ledgers: promises and acceptances.
    pub(crate) votes: BTreeSet<(PeerIndex, u64)>,
    /// Leases given out, messages about jobs, and what was wrong with these.
    pub leases: u64,
    /// Messages about jobs.
    pub job_messages: u64,
    /// What is to be told of them.
    pub(crate) wrong_jobs: Vec<String>,
    /// Messages about texts, and their bytes.
    pub messages: u64,
    /// Bytes of those.
    pub bytes: u64,
    /// Questions a peer was asked.
    pub(crate) asked: BTreeMap<PeerIndex, u64>,
    /// Answers checked for who gets them.
    pub answers: u64,
    /// What was wrong with them.
    pub(crate) wrong: Vec<String>,
}

impl Watch {
    pub(crate) fn wrote(&mut self, owner: PeerIndex, path: &str, now_ms: u64, made: Made) {
        self.disks.entry((owner, path.to_owned())).or_default().push((now_ms, made));
    }

    /// Notes votes among what a peer's decider says of a ledger, read apart from the code that wrote it.
    pub(crate) fn said_of_ledger(&mut self, by: PeerIndex, message: &[u8]) {
        let slot_voted = || {
            let mut decoder = minicbor::Decoder::new(message);
            let (_, _, _) = (decoder.array().ok()?, decoder.bytes().ok()?, decoder.array().ok()?);
            let (kind, _) = (decoder.u64().ok()?, decoder.array().ok()?);
            let slot = decoder.u64().ok()?;
            // Of messages 2 and 4, the first field is the slot (spec ledger, rule 13).
            matches!(kind, 2 | 4).then_some(slot)
        };
        self.votes.extend(slot_voted().map(|slot| (by, slot)));
    }

    pub(crate) fn sent(&mut self, asked: Option<PeerIndex>, message: &[u8]) {
        self.messages += 1;
        self.bytes += u64::try_from(message.len()).unwrap_or(0);
        if let Some(asked) = asked {
            *self.asked.entry(asked).or_insert(0) += 1;
        }
    }

    /// Returns how many questions peers were asked.
    pub fn questions(&self) -> u64 {
        self.asked.values().sum()
    }

    pub(crate) fn arrived(&mut self, now_ms: u64, from: PeerIndex, to: PeerIndex, message: &[u8]) {
        match lying::read(message) {
            Some(Message::Answer { question, texts, .. })
                if texts.hits.iter().any(|hit| hit.snippet == FORGED) =>
            {
                self.forged.entry((to, question)).or_default().entry(from).or_insert(now_ms);
            }
            Some(Message::Brokered { question, read, .. }) => {
                let devices = read.iter().map(|one| one.device).collect();
                self.covered.entry((to, question)).or_default().push(Covered {
                    broker: from,
                    devices,
                    at_ms: now_ms,
                });
            }
            _ => {}
        }
    }

    /// Returns what a file was made of from some time on, or `None` when it was not there all the while.
    pub(crate) fn since(&self, owner: PeerIndex, path: &str, from_ms: u64) -> Option<Vec<(u64, u64)>> {
        let all = self.disks.get(&(owner, path.to_owned()))?;
        let first = all.iter().rposition(|(at, _)| *at <= from_ms)?;
        all.get(first..)?.iter().map(|(_, made)| *made).collect()
    }
}
