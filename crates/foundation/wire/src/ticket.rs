//! The ticket: an invitation as a text that fits in a message or a QR code (spec tickets).
//!
//! `althing1…`, bech32m (BIP 350) of deterministic CBOR. Whoever holds it may join, so it holds a secret.

use base::{DeviceId, TicketId, Timestamp, WebId};
use bech32::{Bech32m, Hrp};
use minicbor::{Decode, Encode};

use crate::codec::{Bytes, WireError, from_bytes, to_bytes};
use crate::crypto::SignKey;

/// The newest ticket format.
pub const VERSION: u16 = 1;

/// Characters of a ticket at most.
pub const TICKET_LEN_MAX: usize = 2_000;

const PREFIX: Hrp = Hrp::parse_unchecked("althing");

/// bech32m without BIP 173's limit of 90 characters, which is for addresses.
#[derive(Clone, Copy, PartialEq, Eq)]
enum LongBech32m {}

impl bech32::Checksum for LongBech32m {
    type MidstateRepr = <Bech32m as bech32::Checksum>::MidstateRepr;
    const CODE_LENGTH: usize = TICKET_LEN_MAX;
    const CHECKSUM_LENGTH: usize = Bech32m::CHECKSUM_LENGTH;
    const GENERATOR_SH: [u32; 5] = Bech32m::GENERATOR_SH;
    const TARGET_RESIDUE: u32 = Bech32m::TARGET_RESIDUE;
}

/// Why a text is not a ticket.
#[derive(Debug, thiserror::Error)]
pub enum TicketError {
    /// A letter is wrong or missing.
    #[error("the checksum does not match: a letter is wrong or missing")]
    Damaged,
    /// Right letters, wrong content.
    #[error("it is not an invitation this program can read")]
    Unreadable(#[source] WireError),
}

/// A member through whom the joiner can enter.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Door {
    /// The member's device.
    #[n(0)]
    pub device: DeviceId,
    /// Where it was last reachable, `ip:port` each, at most 8.
    #[n(1)]
    pub addresses: Vec<String>,
}

/// An invitation with its secret.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
pub struct Ticket {
    #[n(0)]
    version: u16,
    /// The web.
    #[n(1)]
    pub web: WebId,
    #[cbor(n(2), with = "minicbor::bytes")]
    secret: [u8; 32],
    /// When it ends.
    #[n(3)]
    pub expires: Timestamp,
    /// Members to ask, at most 4.
    #[n(4)]
    pub doors: Vec<Door>,
    /// What the inviter calls the web; a suggestion.
    #[n(5)]
    pub web_name: String,
    /// What the inviter calls itself; a suggestion.
    #[n(6)]
    pub inviter: String,
    /// Room for what later versions add without being refused by this one.
    #[n(7)]
    pub reserved: Option<Bytes>,
}

impl std::fmt::Debug for Ticket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ticket")
            .field("web", &self.web)
            .field("expires", &self.expires)
            .finish_non_exhaustive()
    }
}

impl Ticket {
    /// Makes a ticket; `secret` must be fresh randomness.
    pub fn new(web: WebId, secret: [u8; 32], expires: Timestamp) -> Self {
        Self {
            version: VERSION,
            web,
            secret,
            expires,
            doors: Vec::new(),
            web_name: String::new(),
            inviter: String::new(),
            reserved: None,
        }
    }

    /// Returns the key pair whose public half the web knows.
    pub fn key(&self) -> SignKey {
        SignKey::from_seed(&self.secret)
    }

    /// Returns the invitation's id.
    pub fn id(&self) -> TicketId {
        TicketId::new(self.key().public())
    }

    /// Writes the ticket as text.
    pub fn to_text(&self) -> String {
        text_of(PREFIX, &to_bytes(self))
    }

    /// Reads a ticket from pasted text; spaces, line breaks and a leading `althing:` are forgiven.
    pub fn from_text(text: &str) -> Result<Self, TicketError> {
        let bytes = bytes_of(PREFIX, text)?;
        let ticket: Self = from_bytes(&bytes, TICKET_LEN_MAX).map_err(TicketError::Unreadable)?;
        let is_within = ticket.version == VERSION
            && ticket.doors.len() <= 4
            && ticket.doors.iter().all(|door| door.addresses.len() <= 8)
            && ticket.web_name.len() <= 256
            && ticket.inviter.len() <= 256;
        is_within.then_some(ticket).ok_or(TicketError::Unreadable(WireError::OutOfLimits { field: "ticket" }))
    }
}

/// Writes bytes as a text of some kind.
pub(crate) fn text_of(prefix: Hrp, bytes: &[u8]) -> String {
    bech32::encode_lower::<LongBech32m>(prefix, bytes).unwrap_or_default()
}

/// Reads the bytes of a pasted text of some kind, whose version is not later than [`VERSION`].
pub(crate) fn bytes_of(prefix: Hrp, text: &str) -> Result<Vec<u8>, TicketError> {
    let compact: String = text.chars().filter(|c| !c.is_whitespace()).take(TICKET_LEN_MAX + 64).collect();
    let compact = compact.rsplit(['/', ':', '#', '=']).next().unwrap_or_default();
    let parsed = bech32::primitives::decode::CheckedHrpstring::new::<LongBech32m>(compact)
        .map_err(|_letters| TicketError::Damaged)?;
    if parsed.hrp() != prefix {
        return Err(TicketError::Damaged);
    }
    let bytes: Vec<u8> = parsed.byte_iter().collect();
    // The version comes first, so that a text of a later version is told from a damaged one.
    match version_of(&bytes).filter(|version| *version > VERSION) {
        Some(version) => Err(TicketError::Unreadable(WireError::FutureVersion { version, known: VERSION })),
        None => Ok(bytes),
    }
}

fn version_of(bytes: &[u8]) -> Option<u16> {
    let mut decoder = minicbor::Decoder::new(bytes);
    decoder.array().ok()?;
    decoder.u16().ok()
}
