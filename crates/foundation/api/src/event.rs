//! Events: what happened, numbered at commit, so that whoever watches can go on where it stopped.

use base::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An event's place in this peer's event log, from 1, without gaps.
pub type EventNumber = u64;

/// Something that happened on this peer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Event {
    /// Its place in the log.
    pub number: EventNumber,
    /// When it was committed.
    pub at: Timestamp,
    /// What kind, as in `files.changed`.
    pub kind: String,
    /// What it is about; its form belongs to the kind.
    pub about: serde_json::Value,
}
