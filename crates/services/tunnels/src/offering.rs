//! Offering tunnels, taking them back, and hearing of those of others.

use std::time::Duration;

use api::tunnels::{OfferTunnel, WithdrawTunnel};
use base::{DeviceId, Fault, PersonId, WebId};
use kernel::{AskId, Step};
use store::Rows;
use wire::governance::Role;

use crate::faults::TunnelError;
use crate::jobs::{NAME_LEN_MAX, RECHECK};
use crate::reading;
use crate::statement::{Audience, NOTE_SIZE_MAX, Offer, PERSONS_MAX, is_name, is_note};
use crate::tables::{OFFERS, OfferRow, PORTS};

/// Tunnels that one device offers in one web at most, those taken back among them.
pub(crate) const OFFERS_MAX: usize = 64;

/// Offers a port of this computer.
pub(crate) fn offer(step: &mut Step<'_>, ask: AskId, asked: &OfferTunnel) -> Result<(), Fault> {
    let web = which_web(step.view(), asked.web.as_deref())?;
    let label = people::read::web_label(step.view(), web)?;
    let me = people::read::my_person(step.view())?.ok_or(TunnelError::NotWriting { web: label.clone() })?;
    if !people::read::writes(step.view(), web, me)? {
        return Err(TunnelError::NotWriting { web: label }.into());
    }
    if !is_name(&asked.name) {
        return Err(TunnelError::BadName { name: asked.name.clone(), limit: NAME_LEN_MAX }.into());
    }
    let note = asked.note.clone().unwrap_or_default();
    if !is_note(&note) {
        return Err(TunnelError::BadNote { limit: NOTE_SIZE_MAX }.into());
    }
    let port = u16::try_from(asked.port).ok().filter(|port| *port > 0);
    let port = port.ok_or(TunnelError::BadPort { port: asked.port })?;
    let audience = audience(step.view(), web, asked)?;
    let key = (web, step.me(), asked.name.clone());
    let is_new = !OFFERS.has(step.view(), &key)?;
    if is_new && offers_of(step.view(), web, step.me()) >= OFFERS_MAX {
        return Err(TunnelError::TooMany { limit: OFFERS_MAX }.into());
    }
    PORTS.put(step.rows(), &(web, asked.name.clone()), &port);
    say(step, web, &asked.name, (true, audience, note))?;
    let shown = reading::tunnel(step.view(), step.me(), &key)?;
    step.reply(ask, &shown);
    Ok(())
}

/// Takes a tunnel of this computer back: connections under way end.
pub(crate) fn withdraw(step: &mut Step<'_>, ask: AskId, asked: &WithdrawTunnel) -> Result<(), Fault> {
    let me = step.me();
    let mine = OFFERS
        .all(step.view())
        .filter_map(Result::ok)
        .filter(|((_, device, name), row)| *device == me && row.is_open && *name == asked.name);
    let mine: Vec<_> = mine.collect();
    let wanted = asked.web.as_deref().map(|web| which_web(step.view(), Some(web))).transpose()?;
    let mut meant = mine.into_iter().filter(|((web, ..), _)| wanted.is_none_or(|wanted| wanted == *web));
    let Some((key, row)) = meant.next() else {
        return Err(TunnelError::NotOffered { name: asked.name.clone() }.into());
    };
    if meant.next().is_some() {
        return Err(TunnelError::SeveralWebs { name: asked.name.clone() }.into());
    }
    PORTS.delete(step.rows(), &(key.0, key.2.clone()));
    say(step, key.0, &key.2, (false, row.audience, row.note))?;
    let shown = reading::tunnel(step.view(), me, &key)?;
    step.reply(ask, &shown);
    Ok(())
}

/// Takes what a device says of its tunnel: the later statement counts.
pub(crate) fn hear(step: &mut Step<'_>, web: WebId, author: DeviceId, body: &[u8]) -> Result<(), Fault> {
    let offer = match Offer::read(body) {
        Ok(offer) => offer,
        Err(error) => {
            tracing::warn!(author = %author.short(), %error, "a tunnel's record was dropped");
            return Ok(());
        }
    };
    let Some(person) = people::read::person_of(step.view(), web, author)? else { return Ok(()) };
    let key = (web, author, offer.name);
    match OFFERS.get(step.view(), &key)? {
        Some(known) if known.at >= offer.at => return Ok(()),
        None if offers_of(step.view(), web, author) >= OFFERS_MAX => return Ok(()),
        _ => {}
    }
    let row =
        OfferRow { person, at: offer.at, is_open: offer.is_open, audience: offer.audience, note: offer.note };
    take(step, &key, &row)
}

fn say(
    step: &mut Step<'_>,
    web: WebId,
    name: &str,
    (is_open, audience, note): (bool, Audience, String),
) -> Result<(), Fault> {
    let person = people::read::my_person(step.view())?;
    let Some(person) = person else { return Ok(()) };
    let key = (web, step.me(), name.to_owned());
    let known = OFFERS.get(step.view(), &key)?;
    // After whatever was said before, also when the clock was set back.
    let at = step.now().max(known.map_or(step.now(), |known| known.at.after(Duration::from_millis(1))));
    let row = OfferRow { person, at, is_open, audience: audience.clone(), note: note.clone() };
    take(step, &key, &row)?;
    let offer = Offer { name: name.to_owned(), at, is_open, audience, note };
    records::publish(step, web, "tunnels", offer.to_bytes())
}

fn take(step: &mut Step<'_>, key: &(WebId, DeviceId, String), row: &OfferRow) -> Result<(), Fault> {
    OFFERS.put(step.rows(), key, row);
    if key.1 == step.me() {
        // Whoever may no more loses what is under way.
        step.work(RECHECK, Vec::new());
    }
    let event = reading::named(step.view(), key)?;
    step.emit("tunnels.changed", &event);
    Ok(())
}

fn offers_of(rows: &dyn Rows, web: WebId, device: DeviceId) -> usize {
    OFFERS.within(rows, &(web, device)).count()
}

/// Returns the web that is meant: the only one if none is said.
pub(crate) fn which_web(rows: &dyn Rows, name: Option<&str>) -> Result<WebId, Fault> {
    if let Some(name) = name {
        let web = people::read::web_named(rows, name)?;
        return Ok(web.ok_or_else(|| TunnelError::NoSuchWeb { web: name.to_owned() })?);
    }
    let webs = people::read::webs(rows)?;
    match webs.as_slice() {
        [only] => Ok(only.id),
        all => Err(TunnelError::WhichWeb { count: all.len() }.into()),
    }
}

fn audience(rows: &dyn Rows, web: WebId, asked: &OfferTunnel) -> Result<Audience, Fault> {
    let label = people::read::web_label(rows, web)?;
    match (&asked.role, asked.to.is_empty()) {
        (Some(_), false) => Err(TunnelError::TwoAudiences.into()),
        (None, true) => Ok(Audience::AtLeast { role: Role::Member }),
        (Some(role), true) => Ok(Audience::AtLeast { role: reading::role(*role) }),
        (None, false) => {
            if asked.to.len() > PERSONS_MAX {
                return Err(TunnelError::TooManyPersons { limit: PERSONS_MAX }.into());
            }
            let mut persons: Vec<PersonId> = Vec::with_capacity(asked.to.len());
            for who in &asked.to {
                let person = people::read::person_named(rows, web, who)?;
                let unknown = || TunnelError::NoSuchPerson { web: label.clone(), who: who.clone() };
                persons.push(person.ok_or_else(unknown)?);
            }
            persons.sort_unstable();
            persons.dedup();
            Ok(Audience::Persons { persons })
        }
    }
}
