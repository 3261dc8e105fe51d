//! The work that `people` gives to a driver: sealing a new epoch key to the members of a large web. Everything here stays inside
//! one process.

use base::{KeyId, PersonId, WebId};
use minicbor::{Decode, Encode};
use wire::WireError;
use wire::governance::{WRAPS_MAX, Wrap};

/// Seals a key: input [`Seal`], end [`Sealed`].
pub const SEAL: &str = "people.seal";

/// Bytes of an input or an end at most: 3,000 recipients of 130 bytes.
const SIZE_MAX: usize = WRAPS_MAX * 160;

/// What to seal, and to whom.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
pub struct Seal {
    /// The web.
    #[n(0)]
    pub web: WebId,
    /// The key's name.
    #[n(1)]
    pub key: KeyId,
    /// The key.
    #[cbor(n(2), with = "minicbor::bytes")]
    pub secret: [u8; 32],
    /// Fresh randomness.
    #[cbor(n(3), with = "minicbor::bytes")]
    pub seed: [u8; 32],
    /// To whom.
    #[n(4)]
    pub recipients: Vec<Recipient>,
}

/// Somebody who gets a key.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Recipient {
    /// The person.
    #[n(0)]
    pub person: PersonId,
    /// The key to which secrets for this person are sealed.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub key: [u8; 32],
}

/// The key, sealed to each.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Sealed {
    /// In the order of the recipients.
    #[n(0)]
    pub wraps: Vec<Wrap>,
}

// The key is not for logs.
impl std::fmt::Debug for Seal {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let recipients = self.recipients.len();
        out.debug_struct("Seal")
            .field("key", &self.key)
            .field("recipients", &recipients)
            .finish_non_exhaustive()
    }
}

impl Seal {
    /// Reads an input.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, WireError> {
        wire::from_bytes(bytes, SIZE_MAX)
    }

    /// Does the work.
    ///
    /// Whoever named a key that can't be used gets an empty wrap: it must not make the others mint for ever (spec governance
    /// rule 56).
    pub fn run(&self) -> Sealed {
        let context = crate::keys::context(self.web, self.key);
        let seal = |recipient: &Recipient| {
            let seed = blake3::keyed_hash(&self.seed, recipient.person.as_bytes());
            let sealed = wire::crypto::seal_to(
                &recipient.key,
                crate::keys::WRAP_PURPOSE,
                &context,
                &self.secret,
                seed.as_bytes(),
            );
            Wrap { person: recipient.person, sealed: sealed.unwrap_or_default().into() }
        };
        Sealed { wraps: self.recipients.iter().map(seal).collect() }
    }
}

impl Sealed {
    /// Reads an end.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, WireError> {
        wire::from_bytes(bytes, SIZE_MAX)
    }
}
