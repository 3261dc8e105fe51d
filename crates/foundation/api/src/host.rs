//! Operations of the running peer itself, answered outside of the kernel.

use base::{ByteCount, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::operation::operations;
use crate::people::Done;

operations! {
    Read "host.status" AskStatus -> Status, "status", "Shows how this peer is.";
    Act "host.page" MakePageLink -> PageLink, "page", "Makes a link that opens the page in a browser; good once, for 30 seconds.", says "{link}";
    Act "host.export" Export -> Done, "export {web} {folder}", "Writes all signed entries of a web into a folder, for reading by other programs.", says "{what}";
    Act "host.stop" Stop -> Done, "stop", "Stops this peer.", says "{what}";
}

/// Arguments of `host.status`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AskStatus {}

/// How a peer is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Status {
    /// Your name; empty until you have said it.
    pub name: String,
    /// In words, the truth in one sentence: `2 of 3 people are here, 1 transfer runs`.
    pub now: String,
    /// Persons of all your webs connected now, without you.
    pub people_here: u64,
    /// Persons of all your webs, without you.
    pub people: u64,
    /// Transfers that run or wait.
    pub transfers: u64,
    /// Where the page is.
    pub page: String,
    /// Where the home is.
    pub home: String,
    /// Bytes of contents kept in the home.
    pub kept: ByteCount,
    /// Free bytes on its disk.
    pub free: ByteCount,
    /// Addresses other peers can reach.
    pub addresses: Vec<String>,
    /// Services that are paused, with the reason; empty is good.
    pub paused: Vec<String>,
    /// Since when the peer runs.
    pub since: Timestamp,
    /// The number of the last event.
    pub last_event: u64,
    /// Althing's version.
    pub version: String,
}

/// Arguments of `host.page`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MakePageLink {}

/// A link to the page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PageLink {
    /// Opens the page once, within 30 seconds.
    pub link: String,
}

/// Arguments of `host.export`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Export {
    /// The web.
    pub web: String,
    /// A folder on the computer of this peer; made if missing.
    #[schemars(extend("format" = "local-path"))]
    pub folder: String,
}

/// Arguments of `host.stop`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Stop {}
