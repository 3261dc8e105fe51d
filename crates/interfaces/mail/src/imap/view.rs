//! One session's view of a folder: which number is which message, and what its mail program has not been told yet.
//!
//! A message keeps its number until the session has said `EXPUNGE`, also when it is long gone.

use std::collections::BTreeSet;

use super::sets::Ranges;
use crate::post::{Folder, Gone, Listing, Message, Uid};

/// A selected folder.
#[derive(Debug)]
pub(super) struct View {
    pub(super) folder: Folder,
    pub(super) is_read_only: bool,
    /// The state of the folder that this shows.
    pub(super) at: u64,
    /// By uid; places are sequence numbers less one.
    messages: Vec<Message>,
    /// Gone, but still numbered.
    gone: BTreeSet<Uid>,
    /// Flags changed, and not said.
    changed: BTreeSet<Uid>,
    /// How many messages the mail program knows of.
    announced: usize,
    /// Uids that this session was the first to hear of.
    recent: Vec<(Uid, Uid)>,
}

impl View {
    pub(super) fn new(folder: Folder, is_read_only: bool) -> Self {
        Self {
            folder,
            is_read_only,
            at: 0,
            messages: Vec::new(),
            gone: BTreeSet::new(),
            changed: BTreeSet::new(),
            announced: 0,
            recent: Vec::new(),
        }
    }

    /// Takes in what changed. Nothing is said yet.
    pub(super) fn take(&mut self, listing: Listing) {
        self.at = listing.at;
        match listing.gone {
            Gone::These(uids) => {
                let here: Vec<Uid> = uids.into_iter().filter(|uid| self.place(*uid).is_some()).collect();
                self.gone.extend(here);
            }
            Gone::AllOthers => {
                let here: BTreeSet<Uid> = listing.messages.iter().map(|message| message.uid).collect();
                let others =
                    self.messages.iter().map(|message| message.uid).filter(|uid| !here.contains(uid));
                self.gone.extend(others);
            }
        }
        for message in listing.messages {
            match self.messages.binary_search_by_key(&message.uid, |known| known.uid) {
                Ok(place) => {
                    let Some(known) = self.messages.get_mut(place) else { continue };
                    if known.flags != message.flags {
                        self.changed.insert(message.uid);
                        *known = message;
                    }
                }
                // A uid below others that was not there before can't be: uids only grow.
                Err(place) if place < self.messages.len() => {}
                Err(_) => {
                    self.folder.uid_next = self.folder.uid_next.max(message.uid.saturating_add(1));
                    self.messages.push(message);
                }
            }
        }
    }

    /// This session is the first to hear of these.
    pub(super) fn add_recent(&mut self, from: Uid, below: Uid) {
        match self.recent.last_mut() {
            // They go on from, or repeat, what was said before.
            Some((_, end)) if from <= *end => *end = below.max(*end),
            _ => self.recent.push((from, below)),
        }
    }

    pub(super) fn is_recent(&self, uid: Uid) -> bool {
        self.recent.iter().any(|(from, below)| (*from..*below).contains(&uid))
    }

    /// Says that flags were told already, or were set by the mail program itself.
    pub(super) fn told(&mut self, uids: &[Uid]) {
        for uid in uids {
            self.changed.remove(uid);
        }
    }

    /// Writes what the mail program has not been told. Without `EXPUNGE` numbers stay as they are.
    pub(super) fn announce(&mut self, out: &mut Vec<u8>, expunges: Expunges) {
        if expunges == Expunges::Now && !self.gone.is_empty() {
            // From the last to the first, so that no number changes before its turn.
            for (place, message) in self.messages.iter().enumerate().rev() {
                if self.gone.contains(&message.uid) && place < self.announced {
                    out.extend_from_slice(format!("* {} EXPUNGE\r\n", place.saturating_add(1)).as_bytes());
                }
            }
            let known = self.messages.iter().take(self.announced);
            let lost = known.filter(|message| self.gone.contains(&message.uid)).count();
            self.announced = self.announced.saturating_sub(lost);
            self.messages.retain(|message| !self.gone.contains(&message.uid));
            self.gone.clear();
        }
        if self.messages.len() != self.announced {
            self.announced = self.messages.len();
            let recent = self.recent_count();
            out.extend_from_slice(format!("* {} EXISTS\r\n* {recent} RECENT\r\n", self.announced).as_bytes());
        }
        for uid in std::mem::take(&mut self.changed) {
            if let Some(place) = self.place(uid).filter(|_| !self.gone.contains(&uid)) {
                out.extend_from_slice(format!("* {} FETCH (UID {uid} ", place.saturating_add(1)).as_bytes());
                self.write_flags(out, place);
                out.extend_from_slice(b")\r\n");
            }
        }
    }

    /// Writes `FLAGS (…)` of a message.
    pub(super) fn write_flags(&self, out: &mut Vec<u8>, place: usize) {
        let Some(message) = self.messages.get(place) else { return };
        let flags = message.flags.to_string();
        let recent = match (self.is_recent(message.uid), flags.is_empty()) {
            (false, _) => "",
            (true, true) => "\\Recent",
            (true, false) => " \\Recent",
        };
        out.extend_from_slice(format!("FLAGS ({flags}{recent})").as_bytes());
    }

    pub(super) fn messages(&self) -> &[Message] {
        &self.messages
    }

    pub(super) fn get(&self, place: usize) -> Option<&Message> {
        self.messages.get(place)
    }

    pub(super) fn place(&self, uid: Uid) -> Option<usize> {
        self.messages.binary_search_by_key(&uid, |message| message.uid).ok()
    }

    pub(super) fn is_gone(&self, uid: Uid) -> bool {
        self.gone.contains(&uid)
    }

    pub(super) fn recent_count(&self) -> usize {
        self.messages.iter().filter(|message| self.is_recent(message.uid)).count()
    }

    /// Returns how many messages the mail program knows of: the highest number it may use.
    pub(super) fn last_number(&self) -> u32 {
        u32::try_from(self.announced).unwrap_or(u32::MAX)
    }

    pub(super) fn last_uid(&self) -> Uid {
        self.messages.last().map_or(0, |message| message.uid)
    }

    /// Returns the places of the messages of a set, in order; none if a number is beyond the last.
    pub(super) fn places(&self, set: &imap_types::sequence::SequenceSet, is_uid: bool) -> Option<Vec<usize>> {
        let mut places = Vec::new();
        if is_uid {
            for (low, high) in Ranges::of(set, self.last_uid()).iter() {
                let from = self.messages.partition_point(|message| message.uid < low);
                let to = self.messages.partition_point(|message| message.uid <= high);
                places.extend(from..to);
            }
            return Some(places);
        }
        let ranges = Ranges::of(set, self.last_number());
        if ranges.last() > self.last_number() {
            return None;
        }
        for (low, high) in ranges.iter() {
            let place = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
            places.extend(place(low).saturating_sub(1)..place(high));
        }
        Some(places)
    }
}

/// Whether numbers may change now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expunges {
    Now,
    Later,
}
