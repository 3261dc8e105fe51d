//! What is noted about a message: the five flags of IMAP, and keywords.

use minicbor::{Decode, Encode};

/// Keywords on one message at most, and bytes of one: as the protocol's side has it, since each is repeated in every listing.
const KEYWORDS_MAX: usize = 64;
const KEYWORD_SIZE_MAX: usize = 128;

/// The flags that IMAP itself defines.
const SYSTEM: [&str; 5] = ["\\Answered", "\\Flagged", "\\Deleted", "\\Seen", "\\Draft"];

pub(crate) const SEEN: &str = "\\Seen";
pub(crate) const DELETED: &str = "\\Deleted";

/// Flags of one message: in order, each once, compared without regard to case.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
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
}

fn is_keyword(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= KEYWORD_SIZE_MAX
        && name.bytes().all(|byte| byte.is_ascii_graphic() && !b"(){%*\"\\]".contains(&byte))
}
