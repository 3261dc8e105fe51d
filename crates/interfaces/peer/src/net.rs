//! My webs' computers: how this one is connected with each, and, where it is not, why and what to do.

use std::collections::BTreeMap;

use api::host::{AskNet, ComputerView, Connection, Net};
use base::{ByteCount, DeviceId, Fault, Timestamp, WebId};
use network::{Network, Unreached, Way};
use people::PeopleError;
use people::read::MemberRow;
use store::{Rows, StoreError};
use wire::address::is_relay;

/// A computer while its webs are gathered.
struct Computer {
    name: String,
    webs: Vec<String>,
    serves: Vec<String>,
    mirror: Option<u64>,
    is_carrier: bool,
    addresses: Vec<String>,
}

/// Answers `host.net`.
pub(crate) fn net(rows: &dyn Rows, network: &Network, asked: &AskNet) -> Result<Net, Fault> {
    let only = match &asked.web {
        Some(name) => Some(
            people::read::web_named(rows, name)?
                .ok_or_else(|| PeopleError::UnknownWeb { name: name.clone() })?,
        ),
        None => None,
    };
    let me = network.me();
    let mut computers: BTreeMap<DeviceId, Computer> = BTreeMap::new();
    for web in people::read::webs(rows)? {
        if web.standing.is_in() && only.is_none_or(|only| only == web.id) {
            gather(rows, web.id, &web.label, &mut computers)?;
        }
    }
    let relay = network.relay().filter(|relay| relay.is_connected);
    let mut views = Vec::with_capacity(computers.len());
    for (device, computer) in computers {
        views.push(view(rows, network, (device, computer), relay.is_some())?);
    }
    views.sort_by_key(|view| {
        (view.device != me, view.serves.is_empty(), view.name.to_lowercase(), view.device)
    });
    Ok(Net {
        now: sentence(&views, me),
        computers: views,
        addresses: network.addresses(),
        relay: relay.map(|relay| relay.url).unwrap_or_default(),
        lan: network.is_lan_on(),
        dht: network.is_dht_on(),
        dht_stored: people::read::dht_stored_at(rows)?,
    })
}

fn gather(
    rows: &dyn Rows,
    web: WebId,
    label: &str,
    computers: &mut BTreeMap<DeviceId, Computer>,
) -> Result<(), StoreError> {
    let serving: BTreeMap<DeviceId, _> = people::read::serving(rows, web)?.into_iter().collect();
    let mut add = |member: &MemberRow, is_carrier: bool| -> Result<(), StoreError> {
        for device in &member.devices {
            let known = computers.entry(*device).or_insert_with(|| Computer {
                name: format!("{label}/{}", member.label),
                webs: Vec::new(),
                serves: Vec::new(),
                mirror: None,
                is_carrier,
                addresses: Vec::new(),
            });
            known.webs.push(label.to_owned());
            known.is_carrier &= is_carrier;
            known.addresses.extend(people::read::addresses_of(rows, web, *device)?);
            let Some(serving) = serving.get(device) else { continue };
            known.addresses.extend(serving.addresses.iter().cloned());
            let does = [
                ("relay", serving.relay.is_some()),
                ("mirror", serving.mirror.is_some()),
                ("broker", serving.broker),
            ];
            for (word, _) in does.into_iter().filter(|(_, does)| *does) {
                if !known.serves.iter().any(|known| known == word) {
                    known.serves.push(word.to_owned());
                }
            }
            known.mirror = known.mirror.max(serving.mirror);
        }
        Ok(())
    };
    for member in people::read::members(rows, web)?.iter().filter(|member| member.role.is_some()) {
        add(member, false)?;
    }
    for carrier in &people::read::carriers(rows, web)? {
        add(carrier, true)?;
    }
    Ok(())
}

fn view(
    rows: &dyn Rows,
    network: &Network,
    (device, computer): (DeviceId, Computer),
    has_relay: bool,
) -> Result<ComputerView, Fault> {
    let last_heard = records::last_heard(rows, device)?;
    let mut view = ComputerView {
        name: computer.name,
        webs: computer.webs,
        connection: Connection::None,
        via: String::new(),
        round_trip_us: None,
        receiving: ByteCount(0),
        sending: ByteCount(0),
        serves: computer.serves,
        mirror: computer.mirror.map(ByteCount),
        is_carrier: computer.is_carrier,
        last_heard,
        why: String::new(),
        remedy: String::new(),
        device,
    };
    if device == network.me() {
        view.connection = Connection::This;
        view.last_heard = None;
        return Ok(view);
    }
    if let Some(state) = network.connection(device) {
        view.connection = match state.way {
            Way::Lan => Connection::Lan,
            Way::Direct => Connection::Direct,
            Way::Relayed => Connection::Relayed,
        };
        view.via = state.via;
        view.round_trip_us = u64::try_from(state.round_trip.as_micros()).ok();
        view.receiving = ByteCount(state.receiving);
        view.sending = ByteCount(state.sending);
        return Ok(view);
    }
    if network.is_dialling(device) {
        view.connection = Connection::Trying;
    }
    let situation = Situation {
        unreached: network.unreached(device),
        last_heard,
        ways: computer.addresses.len(),
        knows_relay: computer.addresses.iter().any(|text| is_relay(text)),
        has_relay,
        is_alone: network
            .addresses()
            .iter()
            .all(|address| address.starts_with("127.") || address.starts_with("[::1]")),
        web: view.webs.first().cloned().unwrap_or_default(),
    };
    (view.why, view.remedy) = situation.words();
    Ok(view)
}

/// What is known of a computer that can't be reached.
struct Situation {
    unreached: Option<Unreached>,
    last_heard: Option<Timestamp>,
    ways: usize,
    knows_relay: bool,
    has_relay: bool,
    /// Whether this computer has no network at all.
    is_alone: bool,
    web: String,
}

impl Situation {
    /// Says why it can't be reached and what can be done.
    fn words(&self) -> (String, String) {
        let serve =
            format!("let a computer that is always on carry for you: althing serve {} --relay", self.web);
        let (why, remedy) = match self.unreached {
            _ if self.is_alone && self.ways > 0 && self.unreached.is_none() => {
                ("this computer has no network", "connect it to a network".to_owned())
            }
            Some(Unreached::Refused) => (
                "it answers and refuses this computer: it does not know yet that you belong to the web, or you were removed",
                "wait until it has met another member; or ask an admin".to_owned(),
            ),
            Some(Unreached::NoAddress) => (
                "nobody has said yet where it is",
                "have it on while a member is here that it knows, or on the same local network".to_owned(),
            ),
            None if self.ways == 0 => (
                "nobody has said yet where it is",
                "have it on while a member is here that it knows, or on the same local network".to_owned(),
            ),
            Some(Unreached::Silent) if self.knows_relay && !self.has_relay => (
                "it does not answer where it was last, and the relay cannot be reached from here",
                "see whether the computer that carries is on".to_owned(),
            ),
            Some(Unreached::Silent) if self.knows_relay => (
                "it does not answer, not through the relay either: it is off, asleep or without a network",
                String::new(),
            ),
            Some(Unreached::Silent) if self.last_heard.is_none() => (
                "it does not answer where it says it is, and never has: it is off, or a router stands between you",
                serve,
            ),
            Some(Unreached::Silent) => (
                "it does not answer where it was last: it is off, asleep, has moved, or a router stands between you",
                serve,
            ),
            None => ("it has just gone, or is not needed now: others pass on what it says", String::new()),
        };
        (why.to_owned(), remedy)
    }
}

fn sentence(views: &[ComputerView], me: DeviceId) -> String {
    let others: Vec<&ComputerView> = views.iter().filter(|view| view.device != me).collect();
    let is_connected = |view: &&&ComputerView| {
        matches!(view.connection, Connection::Lan | Connection::Direct | Connection::Relayed)
    };
    let connected = others.iter().filter(is_connected).count();
    let relayed = others.iter().filter(|view| view.connection == Connection::Relayed).count();
    let through = match relayed {
        0 => String::new(),
        1 if connected == 1 => ", through a relay".to_owned(),
        1 => ", 1 of them through a relay".to_owned(),
        count => format!(", {count} of them through a relay"),
    };
    match (others.len(), connected) {
        (0, _) => "there is no other computer in your webs yet".to_owned(),
        (1, 0) => "the one other computer is not connected".to_owned(),
        (1, _) => format!("the one other computer is connected{through}"),
        (count, 0) => format!("none of {count} computers is connected"),
        (count, 1) => format!("1 of {count} computers is connected{through}"),
        (count, connected) => format!("{connected} of {count} computers are connected{through}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn situation() -> Situation {
        Situation {
            unreached: None,
            last_heard: None,
            ways: 2,
            knows_relay: false,
            has_relay: false,
            is_alone: false,
            web: "family".to_owned(),
        }
    }

    #[test]
    fn why_somebody_cannot_be_reached_is_said_with_a_remedy() {
        let check = |situation: Situation, why: &str, remedy: &str| {
            let (said, done) = situation.words();
            assert!(said.contains(why), "{said}");
            assert!(done.contains(remedy), "{done}");
        };
        let silent = Some(Unreached::Silent);
        check(Situation { is_alone: true, ..situation() }, "no network", "connect it");
        check(Situation { ways: 0, ..situation() }, "where it is", "have it on");
        check(Situation { unreached: Some(Unreached::Refused), ..situation() }, "refuses", "admin");
        check(Situation { unreached: silent, ..situation() }, "never has", "althing serve family --relay");
        check(Situation { unreached: silent, knows_relay: true, ..situation() }, "the relay cannot", "is on");
        check(
            Situation { unreached: silent, knows_relay: true, has_relay: true, ..situation() },
            "off, asleep",
            "",
        );
    }
}
