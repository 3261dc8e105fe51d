//! Mails that are begun, gone on with and discarded on several computers of a person: when all is over each of them has the same.

use serde_json::{Value, json};

use super::{ALICE, BOB, BOBS_SECOND, LATE, PHONE, Town};
use crate::world::PeerIndex;

impl Town {
    /// Every fifth moment somebody writes at one of its computers.
    pub(super) fn write_drafts(&mut self, number: u64) {
        if !number.is_multiple_of(5) {
            return;
        }
        let (devices, turn) = (self.devices(number), usize::try_from(number / 5).unwrap_or(0));
        let peer = devices.get(turn % devices.len().max(1)).copied().unwrap_or(ALICE);
        let drafts = self.drafts_at(peer);
        // Each third one is new, of the others each fourth is discarded.
        let old = drafts.get(turn % drafts.len().max(1)).filter(|_| !turn.is_multiple_of(3));
        let text = if turn % 4 == 1 && old.is_some() { "" } else { "hello" };
        let subject = if text.is_empty() { String::new() } else { format!("draft {number}") };
        let id = old.map_or(Value::Null, |old| old["id"].clone());
        let asked = json!({ "id": id, "to": "", "subject": subject, "text": text });
        if self.ask(peer, "mail.draft", asked).is_some() {
            match text {
                "" => self.tally.discarded += 1,
                _ => self.tally.drafted += 1,
            }
        }
    }

    fn drafts_at(&self, peer: PeerIndex) -> Vec<Value> {
        let drafts = self.world.read(peer, "mail.drafts", json!({})).unwrap_or_default();
        drafts.get("drafts").and_then(Value::as_array).cloned().unwrap_or_default()
    }

    /// All computers of a person have the same drafts.
    pub(super) fn drafts_are_the_same(&mut self) {
        for (one, other) in [(ALICE, PHONE), (ALICE, LATE), (BOB, BOBS_SECOND)] {
            if self.is_lost && other == PHONE {
                continue;
            }
            let (mine, others) = (self.drafts_at(one), self.drafts_at(other));
            self.report
                .claim(mine == others, || format!("{one} and {other} have drafts {mine:?} and {others:?}"));
        }
    }
}
