//! What comes into the kernel and what leaves it.

use api::Event;
use base::{DeviceId, Fault, Timestamp, WebId};

/// Names one question of a person until it is answered; given by the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AskId(pub u64);

/// Names one job of this run of the kernel; jobs do not outlive it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobId(pub u64);

/// On which of the protocols between peers something is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Channel {
    /// Between members of a common web.
    Member,
    /// Between a stranger with a ticket and a member.
    Join,
}

/// A relay, and what to show it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RelayAccess {
    /// Its URL.
    pub url: String,
    /// Shown by a newcomer whom the relay does not know yet; members need none.
    pub token: Option<String>,
}

/// Work for a driver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Its name.
    pub id: JobId,
    /// The service that asked and that will hear of it.
    pub service: &'static str,
    /// What kind of work, as in `files.scan`; drivers register for kinds.
    pub kind: &'static str,
    /// The work in the encoding its kind defines.
    pub input: Vec<u8>,
}

/// Why a job ended without its result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JobFailure {
    /// The service cancelled it.
    Cancelled,
    /// No driver does this kind of work.
    NoDriver,
    /// It failed; the text is for the log and for "details".
    Failed(String),
}

/// What a decider hears.
#[derive(Debug, Clone)]
pub enum Input {
    /// The kernel has started; rows are as they were left, jobs, alarms and connections are gone.
    Started,
    /// A person asks for something; it is answered with [`crate::Step::reply`] now or later.
    Asked {
        /// Under which name to answer.
        ask: AskId,
        /// Which operation, as in `files.get`; goes to the service before the dot.
        operation: String,
        /// Its arguments, checked against nothing but JSON.
        arguments: serde_json::Value,
    },
    /// A peer said something. Hostile until checked.
    Heard {
        /// Whose connection; proven by the transport.
        from: DeviceId,
        /// On which protocol.
        channel: Channel,
        /// For which service, as the peer says.
        service: String,
        /// What.
        message: Vec<u8>,
    },
    /// A connection stands.
    Connected {
        /// With whom.
        device: DeviceId,
        /// On which protocol.
        channel: Channel,
    },
    /// A connection ended, or an attempt to connect failed.
    Disconnected {
        /// With whom.
        device: DeviceId,
        /// On which protocol.
        channel: Channel,
    },
    /// This device is now reachable here (as [`wire::address`] writes it).
    Reachable {
        /// Its addresses, most useful first.
        addresses: Vec<String>,
    },
    /// A driver noticed something nobody asked for; goes to the service before the dot.
    Noticed {
        /// What, as in `files.damaged`.
        kind: &'static str,
        /// In the encoding its kind defines.
        report: Vec<u8>,
    },
    /// A driver reports on a job that goes on.
    Progress {
        /// Which.
        job: JobId,
        /// In the encoding its kind defines.
        report: Vec<u8>,
    },
    /// A job ended.
    Finished {
        /// Which.
        job: JobId,
        /// With what.
        outcome: Result<Vec<u8>, JobFailure>,
    },
    /// A time asked for with [`crate::Step::alarm`] has come.
    Alarm {
        /// As asked for.
        key: String,
    },
    /// Another service of this peer says something ([`crate::Step::tell`], [`crate::Step::announce`]).
    Told {
        /// Which service.
        by: &'static str,
        /// In the encoding the teller defines.
        message: Vec<u8>,
    },
}

/// What leaves the kernel after a commit.
#[derive(Debug, Clone)]
pub enum Effect {
    /// Say something to a connected peer; dropped when it is not connected.
    Send {
        /// To whom.
        to: DeviceId,
        /// On which protocol.
        channel: Channel,
        /// For which of the peer's services.
        service: &'static str,
        /// What.
        message: Vec<u8>,
    },
    /// Connect, or answer at once with `Connected` when a connection stands.
    Connect {
        /// To whom.
        to: DeviceId,
        /// On which protocol.
        channel: Channel,
    },
    /// End all connections with a device, and every stream on them, on this channel.
    Disconnect {
        /// With whom.
        device: DeviceId,
        /// On which protocol.
        channel: Channel,
    },
    /// Remember where a device is reachable.
    Addresses {
        /// Which device.
        device: DeviceId,
        /// As [`wire::address`] reads them.
        addresses: Vec<String>,
    },
    /// Use these relays, and no others, for those who can't be reached directly; replaces what was said before.
    UseRelays(Vec<RelayAccess>),
    /// Be a relay for those who are admitted, or be none. Where it is reached comes back as
    /// `Noticed { kind: "people.relay" }`: the URL in UTF-8, empty when there is none.
    BeRelay(bool),
    /// Only these devices may use the member protocols for a web; replaces what was said before.
    ///
    /// A device that is in no web any more loses its connections and streams at once.
    Admit {
        /// The web.
        web: WebId,
        /// Every device of every member but this one.
        devices: Vec<DeviceId>,
    },
    /// Do some work.
    Work(Job),
    /// Stop some work; it ends as `Cancelled` unless it had ended.
    Cancel(JobId),
    /// Answer a person.
    Reply {
        /// The question.
        ask: AskId,
        /// The answer.
        outcome: Result<serde_json::Value, Fault>,
    },
    /// Tell everybody who watches.
    Happened(Event),
    /// Wake me then: the earliest alarm there is.
    WakeAt(Timestamp),
}
