//! Who may use which tunnel now: asked by the driver for every connection, and again when something changed.

use base::{DeviceId, PersonId, WebId};
use store::{Rows, StoreError};

use crate::statement::Audience;
use crate::tables::{OFFERS, OfferRow, PORTS};

/// Returns the port of this computer to which a tunnel leads, if it is offered here and `asker` may use it now.
///
/// Reads committed rows only. That the tunnel is not offered, and that it is not for the asker, are one answer on purpose.
pub fn port_for<R: Rows + ?Sized>(
    rows: &R,
    me: DeviceId,
    asker: DeviceId,
    (web, name): (WebId, &str),
) -> Result<Option<u16>, StoreError> {
    let Some(offer) = OFFERS.get(rows, &(web, me, name.to_owned()))? else { return Ok(None) };
    if !people::read::is_member(rows, web, me)? || !people::read::is_member(rows, web, asker)? {
        return Ok(None);
    }
    let Some(person) = people::read::person_of(rows, web, asker)? else { return Ok(None) };
    if !may_use(rows, web, &offer, person)? {
        return Ok(None);
    }
    PORTS.get(rows, &(web, name.to_owned()))
}

/// Says whether a tunnel is offered to a person now.
pub(crate) fn may_use<R: Rows + ?Sized>(
    rows: &R,
    web: WebId,
    offer: &OfferRow,
    person: PersonId,
) -> Result<bool, StoreError> {
    let Some(role) = people::read::role_of(rows, web, person)? else { return Ok(false) };
    // Who lost their keys and came back is the same human under another id.
    let person = people::read::same_human_now(rows, web, person)?;
    let mut is_meant = person == people::read::same_human_now(rows, web, offer.person)?;
    match &offer.audience {
        Audience::AtLeast { role: least } => is_meant |= role >= *least,
        Audience::Persons { persons } => {
            for named in persons {
                is_meant |= people::read::same_human_now(rows, web, *named)? == person;
            }
        }
    }
    Ok(offer.is_open && is_meant)
}
