//! Names of mails: 16 bytes of a hash of all that their readers have to agree about (spec post, rule 3).

use std::fmt;

use base::{DeviceId, OperationId, Timestamp, WebId};
use minicbor::{Decode, Encode};
use store::Key;

/// Under which name they are hashed.
const DOMAIN: &str = "althing mail 1";

/// A mail, in whatever letters it comes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(transparent)]
pub(crate) struct MailId(#[n(0)] pub(crate) OperationId);

impl MailId {
    /// Returns the id of a mail: whoever writes something else, elsewhere, at another time or as somebody else writes another mail.
    pub(crate) fn of(web: WebId, author: DeviceId, at: Timestamp, digest: &[u8; 32]) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key(DOMAIN);
        hasher.update(web.as_bytes());
        hasher.update(author.as_bytes());
        hasher.update(&at.millis().to_be_bytes());
        hasher.update(digest);
        let mut bytes = [0; OperationId::LEN];
        for (to, from) in bytes.iter_mut().zip(hasher.finalize().as_bytes()) {
            *to = *from;
        }
        Self(OperationId::new(bytes))
    }
}

impl Key for MailId {
    fn write(&self, bytes: &mut Vec<u8>) {
        self.0.write(bytes);
    }

    fn read(bytes: &mut &[u8]) -> Option<Self> {
        OperationId::read(bytes).map(Self)
    }
}

impl fmt::Display for MailId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for MailId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MailId({})", self.0.short())
    }
}
