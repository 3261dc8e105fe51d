//! The rows of `guard`.

use base::{ContentId, DeviceId, PersonId, Timestamp, WebId};
use minicbor::{Decode, Encode};
use store::Table;

use crate::agents::Act;
use crate::jobs::{Deed, Finding};
use crate::statement::{Evidence, Health};

/// What persons warn of, theirs of this peer among them: the latest of each person for each content and web.
pub(crate) const WARNINGS: Table<(ContentId, WebId, PersonId), WarningRow> = Table::new("guard.warnings");
/// The same by who warns, for their limits.
pub(crate) const WARNED_BY: Table<(WebId, PersonId, ContentId), Timestamp> = Table::new("guard.warned_by");
/// Releases for a web by whoever said so, with what they count for decided when they are looked at.
pub(crate) const RELEASES: Table<(ContentId, WebId, PersonId), ReleaseRow> = Table::new("guard.releases");
/// Contents that the person of this peer opens all the same.
pub(crate) const ALLOWED: Table<ContentId, Timestamp> = Table::new("guard.allowed");
/// Warnings of a person that turned out wrong: when.
pub(crate) const REFUTED: Table<(WebId, PersonId, ContentId), Timestamp> = Table::new("guard.refuted");

/// What agents of this computer say of contents, one word each.
pub(crate) const SAID: Table<(ContentId, WebId), Vec<SaidRow>> = Table::new("guard.said");

/// Contents that came to this computer and wait to be looked through, by lane.
pub(crate) const QUEUE: Table<(u8, ContentId), ()> = Table::new("guard.queue");
/// What looking through a content came to.
pub(crate) const SEEN: Table<ContentId, SeenRow> = Table::new("guard.seen");
/// Contents that could not be looked at, by the millisecond in which they are tried again.
pub(crate) const RETRIES: Table<(u64, ContentId), ()> = Table::new("guard.retries");
/// Contents in which something harmful was found here.
pub(crate) const FOUND: Table<ContentId, ()> = Table::new("guard.found");

/// Sets of rules that persons offer.
pub(crate) const RULES: Table<(WebId, ContentId, PersonId), RulesRow> = Table::new("guard.rules");
/// Sets that are here and were read: ready for looking.
pub(crate) const READY: Table<ContentId, ReadyRow> = Table::new("guard.ready");
/// The set that is built into the scanner of this peer.
pub(crate) const BUILT_IN: Table<(), ContentId> = Table::new("guard.built_in");
/// Who was made or unmade an officer, by whom.
pub(crate) const OFFICERS: Table<(WebId, PersonId, PersonId), OfficerRow> = Table::new("guard.officers");
/// How well the devices of a web are protected.
pub(crate) const HEALTH: Table<(WebId, DeviceId), Health> = Table::new("guard.health");

/// In which web, by which device; on which day, to whose device, which deed.
pub(crate) type ReportKey = (WebId, DeviceId, (u64, DeviceId, u8));

/// What devices did to computers of a web, by whom it was done, on which day, to whose device.
pub(crate) const REPORTS: Table<ReportKey, ReportRow> = Table::new("guard.reports");

/// What happened, oldest first.
pub(crate) const LOG: Table<u64, LogRow> = Table::new("guard.log");
/// Numbers of this peer: see the constants.
pub(crate) const NUMBERS: Table<u8, u64> = Table::new("guard.numbers");

/// Whether the guard is off: 1.
pub(crate) const NUMBER_IS_OFF: u8 = 0;
/// Grows whenever the sets that are ready change.
pub(crate) const NUMBER_EPOCH: u8 = 1;
/// Contents looked through, ever.
pub(crate) const NUMBER_SEEN: u8 = 2;
/// Whether the scanner could not be had the last time: 1.
pub(crate) const NUMBER_IS_BLIND: u8 = 3;

/// Contents of which agents say something.
pub(crate) const NUMBER_SAID: u8 = 4;

/// One warning.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct WarningRow {
    #[n(0)]
    pub(crate) device: DeviceId,
    #[n(1)]
    pub(crate) size: u64,
    #[n(2)]
    pub(crate) name: String,
    /// By the author's clock.
    #[n(3)]
    pub(crate) at: Timestamp,
    /// By the clock of this peer.
    #[n(4)]
    pub(crate) heard: Timestamp,
    #[n(5)]
    pub(crate) evidence: Evidence,
}

/// Somebody says that a content is no harm.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct ReleaseRow {
    #[n(0)]
    pub(crate) at: Timestamp,
    #[n(1)]
    pub(crate) heard: Timestamp,
    #[n(2)]
    pub(crate) note: String,
}

/// What an agent says of a content.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct SaidRow {
    #[n(0)]
    pub(crate) agent: String,
    #[n(1)]
    pub(crate) act: Act,
    #[n(2)]
    pub(crate) at: Timestamp,
    #[n(3)]
    pub(crate) size: u64,
    #[n(4)]
    pub(crate) name: String,
    #[n(5)]
    pub(crate) why: String,
}

/// What looking through a content came to.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct SeenRow {
    /// With the rules of which epoch.
    #[n(0)]
    pub(crate) epoch: u64,
    #[n(1)]
    pub(crate) at: Timestamp,
    #[n(2)]
    pub(crate) findings: Vec<Finding>,
    /// Why it, or a part of it, could not be looked at; empty when all was.
    #[n(3)]
    pub(crate) unseen: String,
    /// Nothing of it could be looked at.
    #[n(4)]
    pub(crate) is_blank: bool,
    /// How often it was tried in vain.
    #[n(5)]
    pub(crate) tries: u32,
}

/// A set of rules that somebody offers.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct RulesRow {
    #[n(0)]
    pub(crate) device: DeviceId,
    #[n(1)]
    pub(crate) size: u64,
    #[n(2)]
    pub(crate) name: String,
    #[n(3)]
    pub(crate) at: Timestamp,
    #[n(4)]
    pub(crate) is_offered: bool,
}

/// A set that is here.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct ReadyRow {
    #[n(0)]
    pub(crate) rules: u32,
    #[n(1)]
    pub(crate) licences: Vec<String>,
    /// Why it cannot be used; empty when it can.
    #[n(2)]
    pub(crate) fault: String,
}

/// What one admin said about one person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub(crate) struct OfficerRow {
    #[n(0)]
    pub(crate) at: Timestamp,
    #[n(1)]
    pub(crate) is_officer: bool,
}

/// What a device did to another on one day.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct ReportRow {
    #[n(0)]
    pub(crate) address: Option<String>,
    #[n(1)]
    pub(crate) deed: Deed,
    #[n(2)]
    pub(crate) times: u32,
    /// By the clock of this peer, the last time it was said.
    #[n(3)]
    pub(crate) heard: Timestamp,
    /// Of one's own: how often it was when others were told last, and when that was.
    #[n(4)]
    pub(crate) told: Option<(u32, Timestamp)>,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct LogRow {
    #[n(0)]
    pub(crate) at: Timestamp,
    #[n(1)]
    pub(crate) web: Option<WebId>,
    #[n(2)]
    pub(crate) content: Option<ContentId>,
    #[n(3)]
    pub(crate) name: String,
    #[n(4)]
    pub(crate) person: Option<PersonId>,
    #[n(5)]
    pub(crate) what: What,
    /// Rule, note or reason.
    #[n(6)]
    pub(crate) why: String,
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub(crate) enum What {
    /// A rule was met here.
    #[n(0)]
    Found,
    /// Somebody warned.
    #[n(1)]
    Warned,
    /// Enough persons warned.
    #[n(2)]
    Held,
    /// A warning was looked into here and nothing was found.
    #[n(3)]
    Refuted,
    /// It was released for a web.
    #[n(4)]
    Released,
    /// Somebody who may not release asks for it.
    #[n(5)]
    Appealed,
    /// The person of this computer opens it all the same.
    #[n(6)]
    Allowed,
    /// A set of rules came into force.
    #[n(7)]
    RulesIn,
    /// A set of rules is in force no more.
    #[n(8)]
    RulesOut,
    /// Somebody became an officer.
    #[n(9)]
    Officer,
    /// Somebody is no officer any more.
    #[n(10)]
    NoOfficer,
    /// The guard was switched on.
    #[n(11)]
    On,
    /// The guard was switched off.
    #[n(12)]
    Off,
    /// A rule that only observes was met here.
    #[n(13)]
    Observed,
    /// A device did what no honest program does.
    #[n(14)]
    Misbehaved,
    /// Several computers were looked for by the same stranger.
    #[n(15)]
    Scanned,
    /// An agent of this computer warned.
    #[n(16)]
    AgentWarned,
    /// An agent of this computer held it.
    #[n(17)]
    AgentHeld,
    /// Somebody on this computer tried its page who is not let in.
    #[n(18)]
    Trespassed,
    /// The person of this computer took it back that it may be opened.
    #[n(19)]
    NoLongerAllowed,
}
