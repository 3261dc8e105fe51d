//! Answers about tunnels, from committed rows.

use api::Operation;
use api::people::Role as RoleWord;
use api::tunnels::{AskTunnelLog, AskTunnels, TunnelLog, TunnelUse, TunnelView, Tunnels};
use base::{ByteCount, DeviceId, Fault, FaultKind, PersonId, WebId};
use kernel::{ReadContext, Reader};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use store::{Rows, StoreError};
use wire::governance::Role;

use crate::faults::TunnelError;
use crate::offering::which_web;
use crate::opening::is_here;
use crate::rights::may_use;
use crate::statement::Audience;
use crate::tables::{OFFERS, OPENED, OfferRow, PORTS, TunnelKey, USES};

/// Entries of the log told at most.
const LOG_MAX: usize = 1_000;

/// Answers read operations.
#[derive(Debug)]
pub(crate) struct TunnelsReader;

impl Reader for TunnelsReader {
    fn read(&self, context: &ReadContext<'_>, operation: &str, arguments: Value) -> Result<Value, Fault> {
        let (rows, me) = (context.rows, context.me);
        match operation {
            AskTunnels::NAME => {
                let asked: AskTunnels = arguments_of(operation, arguments)?;
                value(&list(rows, me, asked.web.as_deref())?)
            }
            AskTunnelLog::NAME => {
                let asked: AskTunnelLog = arguments_of(operation, arguments)?;
                value(&log(rows, asked.name.as_deref())?)
            }
            _ => Err(unknown(operation)),
        }
    }
}

fn list(rows: &dyn Rows, me: DeviceId, web: Option<&str>) -> Result<Tunnels, Fault> {
    let web = web.map(|web| which_web(rows, Some(web))).transpose()?;
    let person = people::read::my_person(rows)?;
    let mut tunnels = Vec::new();
    for row in OFFERS.all(rows) {
        let (key, offer) = row?;
        let is_mine = person.map(|person| may_use(rows, key.0, &offer, person)).transpose()? == Some(true);
        let is_shown = (offer.is_open && (is_mine || key.1 == me)) || OPENED.has(rows, &key)?;
        if is_shown && web.is_none_or(|web| web == key.0) {
            tunnels.push(tunnel(rows, me, &key)?);
        }
    }
    tunnels.sort_by(|a, b| (&a.web, &a.by, &a.name).cmp(&(&b.web, &b.by, &b.name)));
    Ok(Tunnels { tunnels })
}

/// Shows one tunnel.
pub(crate) fn tunnel(rows: &dyn Rows, me: DeviceId, key: &TunnelKey) -> Result<TunnelView, Fault> {
    let offer = OFFERS.get(rows, key)?.ok_or_else(|| TunnelError::NoSuchTunnel { tunnel: key.2.clone() })?;
    let (web, by) = (people::read::web_label(rows, key.0)?, label(rows, key.0, offer.person)?);
    let is_offered_here = key.1 == me;
    let opened = OPENED.get(rows, key)?;
    let port = match is_offered_here {
        true => PORTS.get(rows, &(key.0, key.2.clone()))?,
        false => opened.as_ref().map(|row| row.port).filter(|port| *port != 0),
    };
    let is_reachable = is_offered_here || is_here(rows, key.1)?;
    Ok(TunnelView {
        tunnel: format!("{web}/{by}/{}", key.2),
        name: key.2.clone(),
        web,
        by,
        is_offered: offer.is_open,
        is_offered_here,
        is_open: opened.is_some(),
        is_reachable,
        address: port.map(|port| format!("127.0.0.1:{port}")).unwrap_or_default(),
        state: state(&offer, (is_offered_here, opened.is_some(), is_reachable)).to_owned(),
        audience: audience(rows, key.0, &offer.audience)?,
        to: match &offer.audience {
            Audience::Persons { persons } => labels(rows, key.0, persons)?,
            Audience::AtLeast { .. } => Vec::new(),
        },
        role: match offer.audience {
            Audience::AtLeast { role } => Some(word(role)),
            Audience::Persons { .. } => None,
        },
        note: offer.note,
        changed: offer.at,
    })
}

/// Names a tunnel in an event: web, name, and `web/person/name` if it is known whose it is.
pub(crate) fn named(rows: &dyn Rows, key: &TunnelKey) -> Result<Map<String, Value>, StoreError> {
    let web = people::read::web_label(rows, key.0)?;
    let tunnel = match OFFERS.get(rows, key)? {
        Some(offer) => format!("{web}/{}/{}", label(rows, key.0, offer.person)?, key.2),
        None => String::new(),
    };
    let facts = [("web", web), ("name", key.2.clone()), ("tunnel", tunnel)];
    Ok(facts.into_iter().map(|(name, fact)| (name.to_owned(), fact.into())).collect())
}

fn state(offer: &OfferRow, (is_offered_here, is_open, is_reachable): (bool, bool, bool)) -> &'static str {
    match (offer.is_open, is_offered_here, is_open, is_reachable) {
        (false, _, true, _) => "open here, taken back by its owner",
        (false, ..) => "taken back",
        (true, true, ..) => "offered by this computer",
        (true, false, true, true) => "open here",
        (true, false, true, false) => "open here, its computer is away",
        (true, false, false, true) => "can be opened",
        (true, false, false, false) => "its computer is away",
    }
}

fn audience(rows: &dyn Rows, web: WebId, audience: &Audience) -> Result<String, StoreError> {
    Ok(match audience {
        Audience::AtLeast { role: Role::Guest | Role::Carrier } => "everybody, guests too".to_owned(),
        Audience::AtLeast { role: Role::Member } => "all members".to_owned(),
        Audience::AtLeast { role: Role::Admin } => "admins and owners".to_owned(),
        Audience::AtLeast { role: Role::Owner } => "owners".to_owned(),
        Audience::Persons { persons } => labels(rows, web, persons)?.join(", "),
    })
}

fn labels(rows: &dyn Rows, web: WebId, persons: &[PersonId]) -> Result<Vec<String>, StoreError> {
    persons.iter().map(|person| label(rows, web, *person)).collect()
}

fn label(rows: &dyn Rows, web: WebId, person: PersonId) -> Result<String, StoreError> {
    if people::read::my_person(rows)? == Some(person) {
        return Ok("you".to_owned());
    }
    people::read::label_of(rows, web, person)
}

fn log(rows: &dyn Rows, name: Option<&str>) -> Result<TunnelLog, Fault> {
    let mut uses = Vec::new();
    for row in USES.within_back(rows, &()) {
        let (_, row) = row?;
        if name.is_some_and(|name| name != row.name) {
            continue;
        }
        let who = match row.person {
            Some(person) => label(rows, row.web, person)?,
            None => row.device.short(),
        };
        uses.push(TunnelUse {
            web: people::read::web_label(rows, row.web)?,
            name: row.name,
            who,
            from: row.from,
            until: row.until,
            connections: row.connections,
            refused: row.refused,
            sent: ByteCount(row.up),
            received: ByteCount(row.down),
        });
        if uses.len() >= LOG_MAX {
            break;
        }
    }
    Ok(TunnelLog { uses })
}

/// Returns the role that a person's word means.
pub(crate) fn role(word: RoleWord) -> Role {
    match word {
        RoleWord::Carrier | RoleWord::Guest => Role::Guest,
        RoleWord::Member => Role::Member,
        RoleWord::Admin => Role::Admin,
        RoleWord::Owner => Role::Owner,
    }
}

fn word(role: Role) -> RoleWord {
    match role {
        Role::Carrier | Role::Guest => RoleWord::Guest,
        Role::Member => RoleWord::Member,
        Role::Admin => RoleWord::Admin,
        Role::Owner => RoleWord::Owner,
    }
}

pub(crate) fn arguments_of<T: DeserializeOwned>(operation: &str, arguments: Value) -> Result<T, Fault> {
    serde_json::from_value(arguments).map_err(|error| {
        TunnelError::BadArguments { operation: operation.to_owned(), why: error.to_string() }.into()
    })
}

pub(crate) fn unknown(operation: &str) -> Fault {
    let why = "there is no such operation".to_owned();
    TunnelError::BadArguments { operation: operation.to_owned(), why }.into()
}

fn value<T: serde::Serialize>(answer: &T) -> Result<Value, Fault> {
    serde_json::to_value(answer).map_err(|error| {
        Fault::new("tunnels.answer", FaultKind::Broken, format!("an answer could not be written: {error}"))
    })
}
