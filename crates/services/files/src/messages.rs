//! What members and mirrors say to each other about sealed copies (spec sealed, rules 16 to 24).
//!
//! Every limit is checked before anything is used. Not for: records (`statement.rs`), or the bytes of copies, which
//! travel as any content does.

use base::{ContentId, WebId};
use minicbor::{Decode, Encode};
use wire::WireError;

use crate::statement::NUMBER_MAX;

/// Copies in one message at most: a bundle takes as many.
pub(crate) const ITEMS_MAX: usize = 256;
/// Bytes of a message at most.
const MESSAGE_SIZE_MAX: usize = 32 * 1024;

/// A message between the files services of a member and a mirror.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) enum Message {
    /// A mirror says what it keeps; when a connection stands, and when it has changed.
    #[n(0)]
    Stock {
        /// Of which web.
        #[n(0)]
        web: WebId,
        /// The stock's name; a new one whenever something was lost.
        #[n(1)]
        stock: u64,
        /// How many copies.
        #[n(2)]
        copies: u64,
        /// Their bytes.
        #[n(3)]
        bytes: u64,
        /// How many bytes it would keep.
        #[n(4)]
        quota: u64,
    },
    /// A member asks a mirror to keep copies, which it can fetch from that member now.
    #[n(1)]
    Offer {
        /// Of which web.
        #[n(0)]
        web: WebId,
        /// Which.
        #[n(1)]
        items: Vec<Offered>,
    },
    /// A member asks whether a mirror still has copies.
    #[n(2)]
    Ask {
        /// Of which web.
        #[n(0)]
        web: WebId,
        /// Which.
        #[n(1)]
        sealed: Vec<ContentId>,
    },
    /// A member no longer needs copies.
    #[n(3)]
    Drop {
        /// Of which web.
        #[n(0)]
        web: WebId,
        /// Which.
        #[n(1)]
        sealed: Vec<ContentId>,
    },
    /// What a mirror says to any of these.
    #[n(4)]
    Answer {
        /// Of which web.
        #[n(0)]
        web: WebId,
        /// Which, and how it is with each.
        #[n(1)]
        items: Vec<Answered>,
    },
}

/// A sealed copy that can be fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Offered {
    #[n(0)]
    pub(crate) sealed: ContentId,
    /// Bytes of the copy.
    #[n(1)]
    pub(crate) size: u64,
}

/// What a mirror says of a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Answered {
    #[n(0)]
    pub(crate) sealed: ContentId,
    #[n(1)]
    pub(crate) state: CopyState,
}

/// How it is with a copy at a mirror.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub(crate) enum CopyState {
    /// It is there, durably.
    #[n(0)]
    Stored,
    /// It is not there.
    #[n(1)]
    NotHere,
    /// There is no room for it.
    #[n(2)]
    Full,
    /// It could not be fetched.
    #[n(3)]
    Failed,
}

impl Message {
    /// Reads a message and checks its limits.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, WireError> {
        let message: Self = wire::from_bytes(bytes, MESSAGE_SIZE_MAX)?;
        let is_sound = match &message {
            Self::Stock { copies, bytes, quota, .. } => {
                *copies <= NUMBER_MAX && *bytes <= NUMBER_MAX && *quota <= NUMBER_MAX
            }
            Self::Offer { items, .. } => {
                items.len() <= ITEMS_MAX && items.iter().all(|item| (1..=NUMBER_MAX).contains(&item.size))
            }
            Self::Ask { sealed, .. } | Self::Drop { sealed, .. } => sealed.len() <= ITEMS_MAX,
            Self::Answer { items, .. } => items.len() <= ITEMS_MAX,
        };
        if is_sound { Ok(message) } else { Err(WireError::OutOfLimits { field: "files message" }) }
    }

    /// Encodes it.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        wire::to_bytes(self)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_message_reads_what_it_writes_and_limits_hold() {
        let web = WebId::new([1; 32]);
        let item = Offered { sealed: ContentId::new([2; 32]), size: NUMBER_MAX };
        let full = Message::Offer { web, items: vec![item; ITEMS_MAX] };
        assert_eq!(Message::read(&full.to_bytes()).ok(), Some(full));
        for message in [
            Message::Offer { web, items: vec![item; ITEMS_MAX + 1] },
            Message::Offer { web, items: vec![Offered { size: 0, ..item }] },
            Message::Ask { web, sealed: vec![item.sealed; ITEMS_MAX + 1] },
        ] {
            assert!(Message::read(&message.to_bytes()).is_err());
        }
    }

    proptest! {
        #[test]
        fn any_bytes_do_not_panic(bytes: Vec<u8>) {
            drop(Message::read(&bytes));
        }
    }
}
