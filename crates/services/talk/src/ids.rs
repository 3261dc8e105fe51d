//! Names of conversations and messages: 16 bytes of a hash of all that their readers have to agree about (spec talk, rules 2 to 5).

use std::fmt;

use base::{DeviceId, OperationId, PersonId, WebId};
use minicbor::{Decode, Encode};
use store::Key;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
        #[cbor(transparent)]
        pub(crate) struct $name(#[n(0)] pub(crate) OperationId);

        impl $name {
            #[cfg(test)]
            pub(crate) const fn new(bytes: [u8; OperationId::LEN]) -> Self {
                Self(OperationId::new(bytes))
            }
        }

        impl Key for $name {
            fn write(&self, bytes: &mut Vec<u8>) {
                self.0.write(bytes);
            }

            fn read(bytes: &mut &[u8]) -> Option<Self> {
                OperationId::read(bytes).map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0.short())
            }
        }
    };
}

id!(
    /// A room, or a direct conversation: the first bit tells which, so that nobody can say something in the open under a direct
    /// conversation's name.
    RoomId
);
id!(
    /// A message.
    MessageId
);

/// Under which names they are hashed.
const ROOM_DOMAIN: &str = "althing talk room 1";
const DIRECT_DOMAIN: &str = "althing talk direct 1";
const MESSAGE_DOMAIN: &str = "althing talk message 1";

/// The bit of the first byte that tells a direct conversation.
const DIRECT_BIT: u8 = 0x80;

impl RoomId {
    /// Returns the id of a room by the record that began it.
    pub(crate) fn of_room(web: WebId, author: DeviceId, begun: &[u8]) -> Self {
        let mut bytes = hashed(ROOM_DOMAIN, &[web.as_bytes(), author.as_bytes(), begun]);
        bytes[0] &= !DIRECT_BIT;
        Self(OperationId::new(bytes))
    }

    /// Returns the id of the conversation of some persons, each once and in order.
    pub(crate) fn of_persons(web: WebId, persons: &[PersonId]) -> Self {
        let persons: Vec<u8> = persons.iter().flat_map(|person| *person.as_bytes()).collect();
        let mut bytes = hashed(DIRECT_DOMAIN, &[web.as_bytes(), &persons]);
        bytes[0] |= DIRECT_BIT;
        Self(OperationId::new(bytes))
    }

    /// Says whether it is a direct conversation's.
    pub(crate) fn is_direct(self) -> bool {
        self.0.as_bytes().first().is_some_and(|byte| byte & DIRECT_BIT != 0)
    }
}

impl MessageId {
    /// Sorts before all others.
    pub(crate) const FIRST: Self = Self(OperationId::new([0; OperationId::LEN]));
    /// Sorts after all others.
    pub(crate) const LAST: Self = Self(OperationId::new([255; OperationId::LEN]));

    /// Returns the one that sorts behind it.
    pub(crate) fn next(self) -> Self {
        let id = u128::from_be_bytes(*self.0.as_bytes());
        Self(OperationId::new(id.saturating_add(1).to_be_bytes()))
    }

    /// Returns the id of a message: whoever says something else, elsewhere or as somebody else says another message.
    pub(crate) fn of(web: WebId, author: DeviceId, room: RoomId, message: &[u8]) -> Self {
        let parts: [&[u8]; 4] = [web.as_bytes(), author.as_bytes(), room.0.as_bytes(), message];
        Self(OperationId::new(hashed(MESSAGE_DOMAIN, &parts)))
    }
}

fn hashed(domain: &str, parts: &[&[u8]]) -> [u8; OperationId::LEN] {
    let mut hasher = blake3::Hasher::new_derive_key(domain);
    for part in parts {
        hasher.update(part);
    }
    let mut bytes = [0; OperationId::LEN];
    for (to, from) in bytes.iter_mut().zip(hasher.finalize().as_bytes()) {
        *to = *from;
    }
    bytes
}
