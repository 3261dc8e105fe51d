//! What is noted about a message: the five flags of IMAP, and keywords.

use minicbor::{Decode, Encode};

/// Keywords on one message at most, and bytes of one: as the protocol's side has it, since each is repeated in every listing.
const KEYWORDS_MAX: usize = 64;
const KEYWORD_SIZE_MAX: usize = 128;

/// The flags that IMAP itself defines.
const SYSTEM: [&str; 5] = ["\\Answered", "\\Flagged", "\\Deleted", "\\Seen", "\\Draft"];

pub(crate) const SEEN: &str = "\\Seen";
pub(crate) const DELETED: &str = "\\Deleted";

/// Bytes of a message's flags that follow the person to other devices: 64 keywords as mail programs choose them, and no letter is too small
/// for one mail's.
const FOLLOW_SIZE_MAX: usize = 1_000;

/// Flags of one message: in order, each once, compared without regard to case.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(transparent)]
pub(crate) struct Flags(#[n(0)] pub(crate) Vec<String>);

impl Flags {
    /// Makes flags of names; what is no flag, or too much, is left out.
    pub(crate) fn of(names: &[impl AsRef<str>]) -> Self {
        let mut flags = Self::default();
        for name in names {
            flags.add(name.as_ref());
        }
        flags
    }

    pub(crate) fn add(&mut self, name: &str) {
        let name = match name.starts_with('\\') {
            true => SYSTEM.into_iter().find(|known| known.eq_ignore_ascii_case(name)),
            false => Some(name).filter(|name| is_keyword(name)),
        };
        let (Some(name), false) = (name, name.is_some_and(|name| self.has(name))) else { return };
        let keywords = self.0.iter().filter(|known| !known.starts_with('\\')).count();
        if name.starts_with('\\') || keywords < KEYWORDS_MAX {
            let at = self.0.partition_point(|known| known.as_str() < name);
            self.0.insert(at, name.to_owned());
        }
    }

    pub(crate) fn remove(&mut self, name: &str) {
        self.0.retain(|known| !known.eq_ignore_ascii_case(name));
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|known| known.eq_ignore_ascii_case(name))
    }

    /// Returns those that follow the person to other devices: IMAP's own, and as many keywords as there is room for.
    pub(crate) fn following(&self) -> Self {
        let mut room = FOLLOW_SIZE_MAX;
        let (own, words): (Vec<&String>, Vec<&String>) =
            self.0.iter().partition(|name| name.starts_with('\\'));
        let mut kept: Vec<String> = Vec::new();
        for name in own.into_iter().chain(words) {
            if name.len() <= room {
                room -= name.len();
                kept.push(name.clone());
            }
        }
        kept.sort_unstable();
        Self(kept)
    }

    /// Says whether they are written as [`Self::following`] writes them.
    pub(crate) fn is_sound(&self) -> bool {
        Self::of(&self.0) == *self && self.following() == *self
    }
}

fn is_keyword(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= KEYWORD_SIZE_MAX
        && name.bytes().all(|byte| byte.is_ascii_graphic() && !b"(){%*\"\\]".contains(&byte))
}
