//! What an agent has asked of the guard, as the guard hears it: `Input::Told { by: "agents", .. }`.
//!
//! Applications never import each other, so the guard reads the same encoding with a type of its own (spec agents, rule 21).
//! The capability was checked and the action stands in the agent's log before this is told.

use base::{ContentId, WebId};
use minicbor::{Decode, Encode};
use wire::WireError;

/// Bytes of a wish at most.
pub const WISH_SIZE_MAX: usize = 4 * 1024;

/// What is asked of the guard of this computer.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum GuardWish {
    /// An agent speaks against a file.
    #[n(0)]
    Act(#[n(0)] GuardWord),
    /// What an agent asked for is over: it is stopped, or may ask no more.
    #[n(1)]
    TakeBack {
        /// The web that had admitted it.
        #[n(0)]
        web: WebId,
        /// The agent's name.
        #[n(1)]
        agent: String,
    },
}

/// What an agent says of a file.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct GuardWord {
    /// The web that admitted the agent.
    #[n(0)]
    pub web: WebId,
    /// The content it is about; a file of that web has it now.
    #[n(1)]
    pub content: ContentId,
    /// Bytes of the content.
    #[n(2)]
    pub size: u64,
    /// The file's name without folders.
    #[n(3)]
    pub name: String,
    /// What is asked.
    #[n(4)]
    pub what: GuardAct,
    /// Why, in the agent's words: a sentence of at most 200 bytes without control characters.
    #[n(5)]
    pub why: String,
    /// The agent's name.
    #[n(6)]
    pub agent: String,
}

/// What an agent can ask of the guard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum GuardAct {
    /// Warn on this computer: opening asks first.
    #[n(0)]
    Warn,
    /// Hold on this computer: it is not opened until a person releases it.
    #[n(1)]
    Hold,
}

impl GuardWish {
    /// Writes the wish.
    pub fn to_bytes(&self) -> Vec<u8> {
        wire::to_bytes(self)
    }

    /// Reads a wish.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, WireError> {
        wire::from_bytes(bytes, WISH_SIZE_MAX)
    }
}
