//! Notes: what a person's devices tell each other of its folders and of where its mails are, in letters to the person alone (spec post, rules
//! 44 to 46).
//!
//! Only devices of the person write them, but one may be stolen: every limit is checked before anything is used. Not for: what a note does
//! (`placing.rs`, `namings.rs`), and when it is said (`saying.rs`).

use base::DeviceId;
use minicbor::{Decode, Encode};
use people::LETTER_PLAIN_MAX;
use wire::WireError;

use crate::flags::Flags;
use crate::folders;
use crate::ids::{FolderKey, MailId};
use crate::tables::{NamingRow, PlacingRow};

/// Places of one mail that follow the person; a mail program makes a copy for each.
pub(crate) const PLACES_MAX: usize = 16;

/// How far a count may be above the known one: a stolen device could set one that nobody can top (as spec identity, rule 83).
const LEAP_MAX: u64 = 1 << 20;

/// Bytes of a letter beside its notes.
const AROUND: usize = 32;

/// A mail is in a folder, with flags.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
pub(crate) struct Place {
    #[n(0)]
    pub(crate) folder: FolderKey,
    #[n(1)]
    pub(crate) flags: Flags,
}

/// What one device says of one thing.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) enum Note {
    /// Where a mail is; nowhere, if it was removed.
    #[n(0)]
    Placing {
        #[n(0)]
        mail: MailId,
        #[n(1)]
        count: u64,
        /// Who changed it; none: whose log it stands in.
        #[n(2)]
        by: Option<DeviceId>,
        #[n(3)]
        places: Vec<Place>,
    },
    /// What a folder is called; nothing, if it was removed.
    #[n(1)]
    Naming {
        #[n(0)]
        folder: FolderKey,
        #[n(1)]
        count: u64,
        #[n(2)]
        by: Option<DeviceId>,
        #[n(3)]
        name: Option<String>,
    },
}

/// What a letter to oneself holds. The numbers before are those of mails.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
enum Inside {
    #[n(2)]
    Notes(#[n(0)] Notes),
}

/// The notes of one letter.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Notes {
    /// Which key of the person it is sealed to ([`tag_of`]).
    #[n(0)]
    pub(crate) key: u64,
    #[n(1)]
    pub(crate) notes: Vec<Note>,
}

/// Returns what tells the keys of one person apart.
pub(crate) fn tag_of(key: &[u8; 32]) -> u64 {
    key.first_chunk().map_or(0, |first| u64::from_be_bytes(*first))
}

impl Notes {
    /// Reads what a letter holds; notes over a limit are left out.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, WireError> {
        let Inside::Notes(Self { key, mut notes }) = wire::from_bytes(bytes, LETTER_PLAIN_MAX)?;
        notes.retain(Note::is_sound);
        Ok(Self { key, notes })
    }

    /// Writes it as a letter holds it.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        wire::to_bytes(&Inside::Notes(self.clone()))
    }
}

impl Note {
    fn is_sound(&self) -> bool {
        match self {
            Self::Placing { count, places, .. } => {
                *count > 0
                    && places.len() <= PLACES_MAX
                    && places.is_sorted()
                    && places.iter().all(|place| place.flags.is_sound())
            }
            Self::Naming { count, name, .. } => {
                *count > 0 && name.as_ref().is_none_or(|name| folders::checked(name).is_ok())
            }
        }
    }
}

/// What is known of a thing on a device, and what another says of it.
pub(crate) trait State {
    fn count(&self) -> u64;

    /// Says whether it takes the place of another state, whichever of the two was heard first: what was removed stays removed, else who has changed
    /// it more often wins, then the greater device.
    fn is_above(&self, other: &Self) -> bool;

    /// Says whether it is taken by who knows another state, or none.
    fn replaces(&self, known: Option<&Self>) -> bool {
        let limit = known.map_or(0, Self::count).saturating_add(LEAP_MAX);
        self.count() <= limit && known.is_none_or(|known| self.is_above(known))
    }
}

impl State for PlacingRow {
    fn count(&self) -> u64 {
        self.count
    }

    fn is_above(&self, other: &Self) -> bool {
        let order = |row: &Self| (row.places.is_empty(), row.count, row.by);
        (order(self), &self.places) > (order(other), &other.places)
    }
}

impl State for NamingRow {
    fn count(&self) -> u64 {
        self.count
    }

    fn is_above(&self, other: &Self) -> bool {
        let order = |row: &Self| (row.name.is_none(), row.count, row.by);
        (order(self), &self.name) > (order(other), &other.name)
    }
}

/// Notes that go into letters, as many as fit into a few.
#[derive(Debug)]
pub(crate) struct Packing {
    letters_max: usize,
    full: Vec<Vec<Note>>,
    open: Vec<Note>,
    size: usize,
}

impl Packing {
    pub(crate) fn into_at_most(letters_max: usize) -> Self {
        Self { letters_max, full: Vec::new(), open: Vec::new(), size: 0 }
    }

    /// Adds a note; false when there is no room for it.
    pub(crate) fn add(&mut self, note: Note) -> bool {
        let size = wire::to_bytes(&note).len();
        if self.size.saturating_add(size) > LETTER_PLAIN_MAX - AROUND {
            if self.full.len().saturating_add(1) >= self.letters_max {
                return false;
            }
            self.full.push(std::mem::take(&mut self.open));
            self.size = 0;
        }
        self.size = self.size.saturating_add(size);
        self.open.push(note);
        true
    }

    /// Returns the letters.
    pub(crate) fn letters(mut self) -> Vec<Vec<Note>> {
        self.full.push(self.open);
        self.full.retain(|notes| !notes.is_empty());
        self.full
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn naming(name: Option<&str>, count: u64, by: u8) -> NamingRow {
        NamingRow { count, by: DeviceId::new([by; 32]), name: name.map(str::to_owned) }
    }

    #[test]
    fn of_two_states_one_counts_whichever_was_heard_first() {
        let ascending = [
            naming(Some("b"), 1, 2),
            naming(Some("a"), 1, 3),
            naming(Some("b"), 1, 3),
            naming(Some("a"), 2, 1),
            naming(None, 1, 1),
            naming(None, 2, 1),
        ];
        for (at, one) in ascending.iter().enumerate() {
            assert!(one.replaces(None));
            for (other_at, other) in ascending.iter().enumerate() {
                assert_eq!(one.replaces(Some(other)), at > other_at, "{one:?} {other:?}");
            }
        }
    }

    #[test]
    fn no_count_is_out_of_reach() {
        let known = naming(Some("a"), 5, 1);
        assert!(!naming(Some("b"), u64::MAX, 1).replaces(Some(&known)));
        assert!(!naming(None, 6 + LEAP_MAX, 1).replaces(Some(&known)));
        assert!(naming(Some("b"), 5 + LEAP_MAX, 1).replaces(Some(&known)));
        assert!(!naming(Some("b"), 1 + LEAP_MAX, 1).replaces(None));
    }

    #[test]
    fn letters_are_full_and_no_more_than_allowed() {
        let note = |number| Note::Placing {
            mail: MailId::LEAST,
            count: number,
            by: None,
            places: vec![Place { folder: FolderKey::of(0, "INBOX"), flags: Flags::of(&["\\Seen"]) }],
        };
        let mut packing = Packing::into_at_most(3);
        let added = (1..10_000).take_while(|number| packing.add(note(*number))).count();
        let letters = packing.letters();
        assert_eq!((letters.len(), letters.iter().map(Vec::len).sum()), (3, added));
        for notes in letters {
            let size = Notes { key: 1, notes }.to_bytes().len();
            assert!((LETTER_PLAIN_MAX - 100..=LETTER_PLAIN_MAX).contains(&size), "{size}");
        }
    }
}
