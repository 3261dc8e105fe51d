//! What can go wrong here, as a person or another service meets it.

use base::{DeviceId, Fault, FaultKind, WebId};
use store::StoreError;
use wire::WireError;
use wire::entry::Log;

/// Why a fact could not be written or taken in.
#[derive(Debug, thiserror::Error)]
pub enum RecordsError {
    /// Rows could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// This peer keeps nothing of that web.
    #[error("cannot write to the web {}: this peer does not know it", web.short())]
    UnknownWeb {
        /// The web.
        web: WebId,
    },
    /// This person left the web or was removed from it.
    #[error("cannot write to the web {}: you are no longer a member", web.short())]
    Stopped {
        /// The web.
        web: WebId,
    },
    /// A record is over its limit.
    #[error("cannot publish a record of {service}: {size} bytes, {limit} allowed")]
    TooLarge {
        /// Whose record.
        service: &'static str,
        /// Its size.
        size: usize,
        /// What is allowed.
        limit: usize,
    },
    /// Bytes that are no entry, or an entry with a signature that does not match.
    #[error("the entry is not valid")]
    BadEntry(#[source] WireError),
    /// An entry of some other web or log.
    #[error("the entry does not belong to the web {}", web.short())]
    WrongWeb {
        /// The web it was offered for.
        web: WebId,
    },
    /// Entries before it are missing.
    #[error("entry {seq} of device {} does not follow entry {have}, the newest known", device.short())]
    OutOfPlace {
        /// Whose chain.
        device: DeviceId,
        /// The newest place stored.
        have: u64,
        /// The place that came.
        seq: u64,
    },
    /// The device signed two different entries for one place.
    #[error("device {} wrote two different entries number {seq} of its {} log", device.short(), log_name(*log))]
    Forked {
        /// Whose chain.
        device: DeviceId,
        /// Which.
        log: Log,
        /// The place.
        seq: u64,
    },
    /// Somebody else writes as this device.
    #[error("cannot write to the web {}: another home writes as this computer", web.short())]
    Copied {
        /// The web.
        web: WebId,
    },
    /// The home was restored from a backup.
    #[error("cannot write to the web {} yet: this home was moved or restored, and nobody has said yet what it wrote since", web.short())]
    Restored {
        /// The web.
        web: WebId,
    },
    /// Too much from devices that are no members.
    #[error("too many entries of devices that are not members of the web {}", web.short())]
    TooManyStrangers {
        /// The web.
        web: WebId,
    },
}

fn log_name(log: Log) -> &'static str {
    match log {
        Log::Governance => "governance",
        Log::Records => "records",
    }
}

impl From<RecordsError> for Fault {
    fn from(error: RecordsError) -> Self {
        use FaultKind::{Broken, Refused, Settings};
        let (code, kind) = match error {
            RecordsError::Store(error) => return error.into(),
            RecordsError::UnknownWeb { .. } => ("records.unknown-web", FaultKind::Yours),
            RecordsError::Stopped { .. } => ("records.stopped", Refused),
            RecordsError::TooLarge { .. } => ("records.too-large", Broken),
            RecordsError::BadEntry(_) => ("records.bad-entry", Refused),
            RecordsError::WrongWeb { .. } => ("records.wrong-web", Refused),
            RecordsError::OutOfPlace { .. } => ("records.out-of-place", Refused),
            RecordsError::Forked { .. } => ("records.forked", Settings),
            RecordsError::Copied { .. } => ("records.copied", Settings),
            RecordsError::Restored { .. } => ("records.restored", FaultKind::Unreachable),
            RecordsError::TooManyStrangers { .. } => ("records.too-many-strangers", Refused),
        };
        let what = match &error {
            RecordsError::BadEntry(source) => format!("{error}: {source}"),
            _ => error.to_string(),
        };
        let fault = Self::new(code, kind, what);
        match error {
            RecordsError::UnknownWeb { .. } => {
                fault.remedy("althing web list", "shows the webs of this peer")
            }
            RecordsError::Stopped { .. } => fault.remedy("", "ask a member for a new invitation"),
            RecordsError::Forked { .. } => fault.remedy(
                "althing start --new-device",
                "there, after althing stop: its home was copied, or restored from a backup",
            ),
            RecordsError::Restored { .. } => {
                fault.remedy("", "try again when another computer of that web is here")
            }
            RecordsError::Copied { .. } => fault
                .remedy("althing stop", "first")
                .remedy(
                    "althing start --new-device",
                    "if the other home lives on: this one becomes a new computer of yours",
                )
                .remedy("althing start --same-computer", "if this is the only one, restored from a backup"),
            RecordsError::TooLarge { .. } | RecordsError::BadEntry(_) | RecordsError::WrongWeb { .. } => {
                fault.remedy("", "report this: it should not happen between peers in order")
            }
            _ => fault.remedy("", "try again when this peer has caught up with the others"),
        }
    }
}

/// Lists one fault per situation, for the page of all messages.
pub fn faults() -> Vec<Fault> {
    let web = WebId::new([7; 32]);
    let device = DeviceId::new([9; 32]);
    [
        RecordsError::UnknownWeb { web },
        RecordsError::Stopped { web },
        RecordsError::TooLarge { service: "files", size: 200_000, limit: wire::record::RECORD_SIZE_MAX },
        RecordsError::BadEntry(WireError::BadSignature),
        RecordsError::WrongWeb { web },
        RecordsError::OutOfPlace { device, have: 4, seq: 9 },
        RecordsError::Forked { device, log: Log::Records, seq: 5 },
        RecordsError::Copied { web },
        RecordsError::Restored { web },
        RecordsError::TooManyStrangers { web },
    ]
    .into_iter()
    .map(Fault::from)
    .collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_fault_says_what_failed_and_what_to_do() {
        for fault in super::faults() {
            assert!(fault.code.starts_with("records."), "{fault:?}");
            assert!(!fault.remedies.is_empty(), "{fault:?}");
        }
        let all: Vec<String> = super::faults()
            .iter()
            .map(|fault| {
                format!("[{}] {:?}: {}\n  do: {}", fault.code, fault.kind, fault.what, fault.remedies[0].text)
            })
            .collect();
        insta::assert_snapshot!("errors", all.join("\n"));
    }
}
