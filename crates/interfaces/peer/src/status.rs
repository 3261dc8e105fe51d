//! How a peer is, in one honest sentence and in numbers.

use std::collections::BTreeMap;
use std::path::Path;

use api::files::{TransferState, Transfers};
use api::host::Status;
use base::{ByteCount, DeviceId, Fault, PersonId, Timestamp};
use kernel::Readers;
use records::Halt;
use store::{Rows, StoreError};

use crate::engine::{Health, now};
use crate::keys::Protection;
use crate::words::WordBook;

/// What the status needs besides the rows.
#[derive(Debug)]
pub(crate) struct Outside<'a> {
    pub(crate) home: &'a Path,
    pub(crate) page: &'a str,
    pub(crate) since: Timestamp,
    pub(crate) health: Health,
    pub(crate) kept: ByteCount,
    pub(crate) given: ByteCount,
    pub(crate) me: DeviceId,
    pub(crate) words: &'a WordBook,
}

/// Why nothing is written to a web, and what to do.
const FORKED: &str = "two homes have written as this computer, so nothing more is written from here; make this one a new computer of yours: althing stop, then althing start --new-device";
const COPIED: &str = "another home writes as this computer, so nothing is written from here; if that one lives on: althing stop, then althing start --new-device; if this is the only one: althing start --same-computer";

const RESTORED: &str = "this home was moved or restored, so nothing is written before another computer has said what it wrote since";

/// Who is here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct People {
    webs: usize,
    others: u64,
    here: u64,
}

/// Answers `host.status`.
pub(crate) fn status(readers: &Readers, outside: Outside<'_>) -> Result<Status, Fault> {
    let rows = readers.snapshot()?;
    let people = count_people(&*rows)?;
    let transfers = count_transfers(readers)?;
    let name = people::read::my_name(&*rows)?;
    let mut health = outside.health;
    let halted = halted_webs(&*rows, outside.me)?;
    let halted_count = halted.len();
    health.paused.extend(halted);
    Ok(Status {
        now: sentence(&name, people, transfers, &health, halted_count),
        name,
        people_here: people.here,
        people: people.others,
        transfers,
        page: outside.page.to_owned(),
        home: outside.home.to_string_lossy().into_owned(),
        keys: in_words(outside.words.protection()).to_owned(),
        kept: outside.kept,
        given: outside.given,
        free: ByteCount(free_bytes(outside.home)),
        addresses: health.addresses,
        paused: health.paused,
        words_waiting: outside.words.is_waiting(&*rows)?,
        since: outside.since,
        last_event: kernel::last_event(&*rows)?,
        version: env!("CARGO_PKG_VERSION").to_owned(),
    })
}

fn in_words(protection: Protection) -> &'static str {
    match protection {
        Protection::FileRights => {
            "in the home, not sealed: whoever has its disk has them (better: althing key keyring, or althing key passphrase)"
        }
        Protection::Passphrase => "in the home, sealed under a passphrase",
        Protection::Keyring => "in the home, sealed under a key in the keyring of your account",
    }
}

/// Says in which webs nothing is written, since another home writes as this device, and what to do.
fn halted_webs(rows: &dyn Rows, me: DeviceId) -> Result<Vec<String>, StoreError> {
    let webs = people::read::webs(rows)?;
    let label = |id| webs.iter().find(|web| web.id == id).map(|web| web.label.as_str()).unwrap_or_default();
    let line = |(web, halt)| {
        let why = match halt {
            Halt::Forked => FORKED,
            Halt::Copied => COPIED,
            Halt::Restored => RESTORED,
        };
        format!("{}: {why}", label(web))
    };
    Ok(records::halts(rows, me)?.into_iter().map(line).collect())
}

fn count_people(rows: &dyn Rows) -> Result<People, StoreError> {
    let me = people::read::my_person(rows)?;
    let mut is_here: BTreeMap<PersonId, bool> = BTreeMap::new();
    let mut webs = 0;
    for web in people::read::webs(rows)? {
        let members = people::read::members(rows, web.id)?;
        if !members.iter().any(|member| Some(member.person) == me && member.role.is_some()) {
            continue;
        }
        webs += 1;
        let others = members.into_iter().filter(|member| Some(member.person) != me && member.role.is_some());
        for member in others {
            let here = is_here.entry(member.person).or_default();
            for device in member.devices {
                *here |= records::is_connected(rows, device)?;
            }
        }
    }
    let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
    let here = is_here.values().filter(|here| **here).count();
    Ok(People { webs, others: count(is_here.len()), here: count(here) })
}

fn count_transfers(readers: &Readers) -> Result<u64, Fault> {
    let answer = readers.read(now(), "files.transfers", serde_json::json!({}))?;
    let transfers: Transfers = serde_json::from_value(answer).map_err(|error| {
        Fault::new(
            "host.status",
            base::FaultKind::Broken,
            format!("the list of transfers cannot be read: {error}"),
        )
    })?;
    let runs = |state| matches!(state, TransferState::Running | TransferState::Waiting);
    Ok(u64::try_from(transfers.transfers.iter().filter(|transfer| runs(transfer.state)).count()).unwrap_or(0))
}

/// Says the truth; the worst first.
fn sentence(name: &str, people: People, transfers: u64, health: &Health, halted: usize) -> String {
    let mut parts = Vec::new();
    match halted {
        0 => {}
        1 => parts.push("nothing is written to 1 web".to_owned()),
        count => {
            parts.push(format!("nothing is written to {count} webs"));
        }
    }
    if let Some(trouble) = &health.trouble {
        parts.push(format!("nothing can be saved now ({})", trouble.what));
    }
    match health.paused.len().saturating_sub(halted) {
        0 => {}
        1 => parts.push("1 service is paused".to_owned()),
        count => parts.push(format!("{count} services are paused")),
    }
    parts.push(match people {
        People { webs: 0, .. } if name.is_empty() => {
            "you have not said your name and are in no web yet".to_owned()
        }
        People { webs: 0, .. } => "you are in no web yet".to_owned(),
        People { others: 0, .. } => "nobody else is in your webs yet".to_owned(),
        People { others: 1, here: 1, .. } => "the one other person is here".to_owned(),
        People { others: 1, .. } => "the one other person is away".to_owned(),
        People { others, here, .. } if others == here => format!("all {others} people are here"),
        People { others, here: 0, .. } => format!("none of {others} people is here"),
        People { others, here: 1, .. } => format!("1 of {others} people is here"),
        People { others, here, .. } => format!("{here} of {others} people are here"),
    });
    match transfers {
        0 => {}
        1 => parts.push("1 transfer runs or waits".to_owned()),
        count => parts.push(format!("{count} transfers run or wait")),
    }
    parts.join(", ")
}

/// Returns the free bytes of the disk a folder is on; 0 when the system does not say.
fn free_bytes(path: &Path) -> u64 {
    rustix::fs::statvfs(path).map_or(0, |disk| disk.f_bavail.saturating_mul(disk.f_frsize))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sentence_says_what_is() {
        let check = |webs, others, here, transfers, expected: &str| {
            let people = People { webs, others, here };
            assert_eq!(sentence("Alice", people, transfers, &Health::default(), 0), expected);
        };
        check(0, 0, 0, 0, "you are in no web yet");
        check(1, 0, 0, 0, "nobody else is in your webs yet");
        check(1, 1, 1, 0, "the one other person is here");
        check(1, 1, 0, 1, "the one other person is away, 1 transfer runs or waits");
        check(2, 3, 0, 0, "none of 3 people is here");
        check(2, 3, 1, 0, "1 of 3 people is here");
        check(2, 3, 2, 2, "2 of 3 people are here, 2 transfers run or wait");
        check(2, 3, 3, 0, "all 3 people are here");
    }

    #[test]
    fn a_full_disk_and_paused_services_come_first() {
        let fault = Fault::new("store.full", base::FaultKind::Settings, "no space is left");
        let health =
            Health { paused: vec!["files: why".to_owned()], trouble: Some(fault), addresses: Vec::new() };
        let people = People { webs: 1, others: 1, here: 1 };
        assert_eq!(
            sentence("Alice", people, 0, &health, 0),
            "nothing can be saved now (no space is left), 1 service is paused, the one other person is here"
        );
    }
}
