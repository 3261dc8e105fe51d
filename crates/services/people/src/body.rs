//! What people writes into records: names and addresses, sealed under the epoch, never in governance.

use base::Timestamp;
use minicbor::{Decode, Encode};
use wire::codec::WireError;

use crate::label::NAME_LEN_MAX;
use crate::sealed::Sealed;

/// Addresses of a device at most.
pub(crate) const ADDRESSES_MAX: usize = 8;

/// Bytes of such a record at most: a note to 16 persons takes about 5,500.
const BODY_SIZE_MAX: usize = 8_192;

/// The body of a record of this service.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) enum Body {
    /// What the author calls itself.
    #[n(0)]
    Profile {
        #[n(0)]
        name: String,
    },
    /// What the web is called; counts when an owner says it.
    #[n(1)]
    WebName {
        #[n(0)]
        name: String,
    },
    /// Where the author's device is reachable.
    #[n(2)]
    Addresses {
        #[n(0)]
        addresses: Vec<String>,
    },
    /// Something for named persons only ([`crate::sealed`]).
    #[n(3)]
    Note {
        /// After this nobody needs it: it is not even tried.
        #[n(0)]
        until: Timestamp,
        #[n(1)]
        sealed: Sealed,
    },
    /// What the author's person knows for itself, sealed to it ([`crate::personal`]).
    #[n(4)]
    Marks {
        #[n(0)]
        sealed: Sealed,
    },
}

impl Body {
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        wire::to_bytes(self)
    }

    /// Reads a record of another device, which may say anything.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, WireError> {
        let body: Self = wire::from_bytes(bytes, BODY_SIZE_MAX)?;
        let is_within = match &body {
            // Four bytes a character at most; labels are made safe later.
            Self::Profile { name } | Self::WebName { name } => name.chars().count() <= NAME_LEN_MAX,
            Self::Addresses { addresses } => addresses.len() <= ADDRESSES_MAX,
            Self::Note { sealed, .. } | Self::Marks { sealed } => sealed.is_within(),
        };
        is_within.then_some(body).ok_or(WireError::OutOfLimits { field: "people record" })
    }
}

/// Keeps the first addresses that can be read.
pub(crate) fn usable(addresses: &[String]) -> Vec<String> {
    let is_usable = |text: &&String| wire::address::Address::read(text).is_some();
    addresses.iter().filter(is_usable).take(ADDRESSES_MAX).cloned().collect()
}
