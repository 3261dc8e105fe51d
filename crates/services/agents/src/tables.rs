//! The rows of `agents`.

use base::{ContentId, DeviceId, PersonId, Timestamp, WebId};
use minicbor::{Decode, Encode};
use store::{Key, Table};
use wire::codec::Bytes;

use crate::statement::Admission;

/// An agent: the web that admitted it, its name.
pub(crate) type AgentKey = (WebId, Name);

/// An agent's name as a part of keys: unlike other text it ends with a zero byte, so that more can follow it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Name(String);

impl Name {
    /// Makes one of a text without zero bytes, as [`crate::statement::is_name`] takes it.
    pub(crate) fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }
}

impl std::ops::Deref for Name {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl Key for Name {
    fn write(&self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(self.0.as_bytes());
        bytes.push(0);
    }

    fn read(bytes: &mut &[u8]) -> Option<Self> {
        let end = bytes.iter().position(|byte| *byte == 0)?;
        let (name, rest) = bytes.split_at_checked(end)?;
        *bytes = rest.get(1..)?;
        Some(Self(std::str::from_utf8(name).ok()?.to_owned()))
    }
}

/// What each admin last said of an agent.
pub(crate) const SAID: Table<(WebId, Name, PersonId), SaidRow> = Table::new("agents.said");
/// How each agent is doing on this computer.
pub(crate) const DOING: Table<AgentKey, DoingRow> = Table::new("agents.doing");
/// What each agent remembers on this computer, as JSON.
pub(crate) const STATES: Table<AgentKey, Bytes> = Table::new("agents.states");
/// Events that agents are still to be told, oldest first. One leaves with the actions that came of it, in one commit.
pub(crate) const WAITING: Table<(WebId, Name, u64), WaitingRow> = Table::new("agents.waiting");
/// What agents did here, oldest first.
pub(crate) const LOG: Table<(WebId, Name, u64), LogRow> = Table::new("agents.log");
/// What agents told the person here, oldest first.
pub(crate) const NOTICES: Table<u64, NoticeRow> = Table::new("agents.notices");
/// There is a row while agents are switched off on this computer.
pub(crate) const OFF: Table<(), ()> = Table::new("agents.off");
/// The last event of the kernel's log that was looked at.
pub(crate) const SEEN: Table<(), u64> = Table::new("agents.seen");
/// Members of webs whose agents hear of members, with the labels they had.
pub(crate) const KNOWN: Table<(WebId, PersonId), String> = Table::new("agents.known");

/// What an admin said of an agent.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct SaidRow {
    #[n(0)]
    pub(crate) at: Timestamp,
    #[n(1)]
    pub(crate) device: DeviceId,
    /// None: it is stopped.
    #[n(2)]
    pub(crate) admission: Option<Admission>,
    /// What the same person admitted last, to start it again.
    #[n(3)]
    pub(crate) last: Option<Admission>,
    /// Whoever said it was an admin when it was heard: others' words count when they become admins, and are not shown before.
    #[n(4)]
    pub(crate) is_by_admin: bool,
}

/// How an agent is doing on this computer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
pub(crate) struct DoingRow {
    /// The person switched it off here.
    #[n(0)]
    pub(crate) is_off: bool,
    /// Runs in a row that failed by the program's fault.
    #[n(1)]
    pub(crate) faults: u32,
    /// Why it runs no more until a person starts it.
    #[n(2)]
    pub(crate) halted: Option<String>,
    /// The admission that `faults` and `halted` are about.
    #[n(3)]
    pub(crate) admitted: u64,
    #[n(4)]
    pub(crate) hour_from: u64,
    #[n(5)]
    pub(crate) runs: u32,
    #[n(6)]
    pub(crate) day_from: u64,
    #[n(7)]
    pub(crate) actions: u32,
    /// Until then it does not run, because a budget is used up.
    #[n(8)]
    pub(crate) rests_until: u64,
    /// When it is next due by schedule.
    #[n(9)]
    pub(crate) due: Option<u64>,
    /// Events that were dropped because too many waited, since it last ran.
    #[n(10)]
    pub(crate) missed: u64,
    #[n(11)]
    pub(crate) last_run: Option<Timestamp>,
    /// It asked the guard for something, which ends with its admission.
    #[n(12)]
    pub(crate) has_asked: bool,
    /// The last event of this peer from before it could run: it is told none up to this one.
    #[n(13)]
    pub(crate) from: u64,
}

/// An event that an agent is to be told.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct WaitingRow {
    #[n(0)]
    pub(crate) at: Timestamp,
    /// JSON.
    #[n(1)]
    pub(crate) event: String,
    /// The admission it was kept for: another one may hear other things.
    #[n(2)]
    pub(crate) admitted: u64,
}

/// What came of one run.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct LogRow {
    #[n(0)]
    pub(crate) at: Timestamp,
    #[n(1)]
    pub(crate) trigger: String,
    #[n(2)]
    pub(crate) outcome: String,
    #[n(3)]
    pub(crate) actions: Vec<ActionRow>,
    #[n(4)]
    pub(crate) said: String,
    #[n(5)]
    pub(crate) cpu_us: u64,
    #[n(6)]
    pub(crate) program: Option<ContentId>,
}

/// What an agent asked for, and whether it was done.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct ActionRow {
    #[n(0)]
    pub(crate) action: String,
    /// Why it was not done; none when it was.
    #[n(1)]
    pub(crate) refused: Option<String>,
}

/// What an agent told.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct NoticeRow {
    #[n(0)]
    pub(crate) at: Timestamp,
    #[n(1)]
    pub(crate) web: WebId,
    #[n(2)]
    pub(crate) agent: String,
    #[n(3)]
    pub(crate) title: String,
    #[n(4)]
    pub(crate) text: String,
}
