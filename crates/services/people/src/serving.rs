//! What always-on computers do for a web: what this one was asked to do, what all say they do, and which relays to
//! use (spec governance rules 60 to 66). Not for: doing it; `files` and `search` mirror and broker, the network relays.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use api::people as ask;
use base::{ByteCount, Fault, WebId};
use kernel::{RelayAccess, Step};
use store::StoreError;
use wire::address::is_relay;
use wire::governance::{Action, SERVING_ADDRESSES_MAX, Serving};

use crate::evaluate::State;
use crate::fault::{CATCHING_UP, PeopleError};
use crate::service::People;
use crate::tables::{JOINS, ME, RELAY, SERVES, SERVING, ServesRecord, Standing, WEBS};
use crate::told::Told;

/// What a computer says of itself is said anew at most this often: each time costs every member about 250 bytes for ever.
const SAY_EVERY: Duration = Duration::from_mins(10);

/// When what could not be said yet is tried again.
const SAY_AGAIN: Duration = Duration::from_secs(30);

/// The least room a mirror must offer: less than a few photographs is a mistake.
const MIRROR_LEAST: u64 = 10_000_000;

/// Relays used at once at most; each costs a connection held open.
const RELAYS_MAX: usize = 8;

/// Alarm, followed by a web: say what this computer does, if it has changed.
pub(crate) const SAY: &str = "serving ";

/// Says in words what a computer does.
pub(crate) fn words(serving: &Serving) -> String {
    let mut words = Vec::new();
    if serving.relay.is_some() {
        words.push("relay".to_owned());
    }
    if let Some(bytes) = serving.mirror {
        words.push(format!("mirror with {}", ByteCount(bytes)));
    }
    if serving.broker {
        words.push("broker".to_owned());
    }
    if words.is_empty() { "nothing".to_owned() } else { words.join(", ") }
}

impl People {
    /// A person says what this computer shall do for a web.
    pub(crate) fn serve(&mut self, step: &mut Step<'_>, asked: &ask::Serve) -> Result<ask::Served, Fault> {
        let is_link =
            crate::read::web_named(step.view(), &asked.web)?.is_none() && asked.web.contains("althing1");
        let web = match is_link {
            true => Self::begin_join(step, &asked.web)?,
            false => crate::read::web_named(step.view(), &asked.web)?
                .ok_or_else(|| PeopleError::UnknownWeb { name: asked.web.clone() })?,
        };
        let standing = WEBS.get(step.view(), &web)?.map(|record| record.standing);
        let label = crate::read::web_label(step.view(), web)?;
        if matches!(standing, Some(Standing::Removed | Standing::Left) | None) {
            return Err(PeopleError::NotAMember { web: label }.into());
        }
        if asked.broker && standing == Some(Standing::Carrier) {
            return Err(PeopleError::CarrierCannotRead { web: label }.into());
        }
        if let Some(bytes) = asked.mirror.filter(|bytes| bytes.0 < MIRROR_LEAST) {
            return Err(PeopleError::MirrorTooSmall { bytes, least: ByteCount(MIRROR_LEAST) }.into());
        }
        if !asked.stop && !asked.relay && asked.mirror.is_none() && !asked.broker {
            return Err(PeopleError::ServeNothing.into());
        }
        let mirror = asked.mirror.map(|bytes| bytes.0);
        let wish = ServesRecord { relay: asked.relay, mirror, broker: asked.broker, said_at: None };
        match asked.stop {
            true => SERVES.put(step.rows(), &web, &ServesRecord::default()),
            false => SERVES.put(step.rows(), &web, &wish),
        }
        Self::be_relay_if_due(step)?;
        self.say_serving(step, web)?;
        step.announce(Told::Members { web }.to_bytes());
        step.emit("people.changed", &serde_json::json!({ "web": web }));
        served(step, web)
    }

    /// The relay of this device is reached here now, or there is none.
    pub(crate) fn relay_noticed(&mut self, step: &mut Step<'_>, report: &[u8]) -> Result<(), Fault> {
        let url = String::from_utf8_lossy(report).into_owned();
        let url = Some(url).filter(|url| is_relay(url)).unwrap_or_default();
        if RELAY.get(step.view(), &())?.unwrap_or_default() != url {
            RELAY.put(step.rows(), &(), &url);
        }
        self.say_serving_everywhere(step)
    }

    /// Says for every web what this computer does, where that has changed.
    pub(crate) fn say_serving_everywhere(&mut self, step: &mut Step<'_>) -> Result<(), Fault> {
        let webs: Vec<WebId> =
            SERVES.all(step.view()).map(|row| row.map(|(web, _)| web)).collect::<Result<_, _>>()?;
        for web in webs {
            self.say_serving(step, web)?;
        }
        Ok(())
    }

    /// Writes what this computer does into the web's governance, if that is new and not too soon.
    pub(crate) fn say_serving(&mut self, step: &mut Step<'_>, web: WebId) -> Result<(), Fault> {
        let Some(wish) = SERVES.get(step.view(), &web)? else { return Ok(()) };
        let standing = WEBS.get(step.view(), &web)?.map(|record| record.standing);
        if !standing.is_some_and(Standing::is_in) {
            return Ok(());
        }
        let me = step.me();
        let now = step.now();
        let relay = RELAY.get(step.view(), &())?.filter(|url| wish.relay && !url.is_empty());
        let direct = ME.get(step.view(), &())?.map(|me| me.addresses).unwrap_or_default();
        let addresses = direct.into_iter().take(SERVING_ADDRESSES_MAX).collect();
        let broker = wish.broker && standing == Some(Standing::Member);
        let mut serving = Serving { addresses, relay, mirror: wish.mirror, broker };
        if serving.is_nothing() {
            serving = Serving::default();
        }
        let said = self.state(step, web)?.serving.get(&me).cloned().unwrap_or_default();
        if said == serving {
            return Ok(());
        }
        let is_same_but_moved =
            Serving { addresses: Vec::new(), ..said } == Serving { addresses: Vec::new(), ..serving.clone() };
        let waited = wish.said_at.map(|at| (now.since(at), now >= at));
        if let Some((waited, true)) = waited.filter(|(waited, _)| is_same_but_moved && *waited < SAY_EVERY) {
            step.alarm(SAY_EVERY.saturating_sub(waited), format!("{SAY}{web}"));
            return Ok(());
        }
        match self.append(step, web, Action::Serve { serving }) {
            // What is missing of the history is on its way.
            Err(fault) if fault.code == CATCHING_UP => {
                step.alarm(SAY_AGAIN, format!("{SAY}{web}"));
                return Ok(());
            }
            done => done?,
        };
        SERVES.put(step.rows(), &web, &ServesRecord { said_at: Some(now), ..wish });
        Ok(())
    }

    /// Has the network be a relay when any web wants this device to be one.
    pub(crate) fn be_relay_if_due(step: &mut Step<'_>) -> Result<(), Fault> {
        let mut is_relay = false;
        for row in SERVES.all(step.view()) {
            is_relay |= row?.1.relay;
        }
        step.be_relay(is_relay);
        if !is_relay && RELAY.get(step.view(), &())?.is_some() {
            RELAY.delete(step.rows(), &());
        }
        Ok(())
    }
}

/// Writes what everybody's computers do into rows; returns whether it has changed.
pub(crate) fn write(step: &mut Step<'_>, web: WebId, state: &State) -> Result<bool, StoreError> {
    let mut before: BTreeMap<_, _> = BTreeMap::new();
    for row in SERVING.within(step.view(), &web) {
        let ((_, device), serving) = row?;
        before.insert(device, serving);
    }
    let mut is_changed = false;
    for (device, serving) in &state.serving {
        if before.remove(device).as_ref() != Some(serving) {
            SERVING.put(step.rows(), &(web, *device), serving);
            step.addresses(*device, serving.addresses.clone());
            is_changed = true;
        }
    }
    for device in before.into_keys() {
        SERVING.delete(step.rows(), &(web, device));
        is_changed = true;
    }
    Ok(is_changed)
}

/// Tells the network which relays to use: those of webs this person belongs to, and those at the doors of a web it is joining.
pub(crate) fn tell_relays(step: &mut Step<'_>) -> Result<(), Fault> {
    let mut relays = BTreeSet::new();
    for row in SERVING.all(step.view()) {
        let ((web, device), serving) = row?;
        let standing = WEBS.get(step.view(), &web)?.map(|record| record.standing);
        let is_mine = device == step.me();
        if standing.is_some_and(Standing::is_in) && !is_mine {
            relays.extend(serving.relay.map(|url| RelayAccess { url, token: None }));
        }
    }
    let joins: Vec<_> = JOINS.all(step.view()).collect::<Result<Vec<_>, _>>()?;
    for (_, join) in joins {
        let Ok(ticket) = wire::ticket::Ticket::from_text(&join.ticket) else { continue };
        let Ok(token) = crate::joining::relay_token(step, &ticket) else { continue };
        for url in ticket.doors.iter().flat_map(|door| &door.addresses) {
            let is_known = relays.iter().any(|relay: &RelayAccess| relay.url == *url);
            if is_relay(url) && !is_known {
                relays.insert(RelayAccess { url: url.clone(), token: Some(token.clone()) });
            }
        }
    }
    step.use_relays(relays.into_iter().take(RELAYS_MAX).collect());
    Ok(())
}

fn served(step: &Step<'_>, web: WebId) -> Result<ask::Served, Fault> {
    let label = crate::read::web_label(step.view(), web)?;
    let wish = SERVES.get(step.view(), &web)?.unwrap_or_default();
    let standing = WEBS.get(step.view(), &web)?.map(|record| record.standing);
    let relay = if wish.relay { Some(String::new()) } else { None };
    let does = words(&Serving { addresses: Vec::new(), relay, mirror: wish.mirror, broker: wish.broker });
    let what = match standing {
        Some(Standing::Joining) => {
            format!("This computer asks to join {label} and then serves it: {does}. See: althing net")
        }
        _ if does == "nothing" => format!("This computer no longer serves {label}."),
        _ => format!("This computer serves {label}: {does}. See: althing net"),
    };
    let mirror = wish.mirror.map(ByteCount);
    Ok(ask::Served { what, id: web, relay: wish.relay, mirror, broker: wish.broker })
}
