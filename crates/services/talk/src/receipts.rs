//! Who has what: peers tell each other how far they have taken each other's logs, and if their persons allow it, how far those have
//! read (spec talk, rules 31 to 36).
//!
//! What is told is a state, not a change: said again at each meeting, so nothing is lost with a message. Only the device itself is
//! believed about itself.

use std::collections::BTreeSet;
use std::time::Duration;

use base::{DeviceId, Fault, PersonId, WebId};
use kernel::{Channel, Step};
use store::{Rows, StoreError};

use crate::ids::RoomId;
use crate::service::Talk;
use crate::statement::{Heard, PLACES_MAX, Says};
use crate::tables::{DELIVERED, HEARD, LETTERS, MessageRow, READ, READ_BY, ROOMS, SETTINGS};

/// What is owed is told after this: one message for all that came meanwhile.
const TELL_AFTER: Duration = Duration::from_millis(1_500);

/// Alarm: tell what is owed.
pub(crate) const TELL: &str = "tell";

/// Who has a message of this person's.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) devices: u64,
    pub(crate) delivered: BTreeSet<PersonId>,
    pub(crate) read: BTreeSet<PersonId>,
}

impl Talk {
    /// Notes that a device is to be told how far its log was taken.
    pub(crate) fn owe(&mut self, step: &mut Step<'_>, web: WebId, author: DeviceId) {
        if self.owed.is_empty() {
            step.alarm(TELL_AFTER, TELL);
        }
        self.owed.insert((web, author));
    }

    /// Tells those whose logs were taken, all computers of the same persons.
    pub(crate) fn tell_owed(&mut self, step: &mut Step<'_>) -> Result<(), Fault> {
        let mut persons = BTreeSet::new();
        for (web, author) in std::mem::take(&mut self.owed) {
            if let Some(person) = people::read::person_of(step.view(), web, author)? {
                persons.insert((web, person));
            }
        }
        for (web, person) in persons {
            for device in people::read::devices_of(step.view(), web, person)? {
                tell_places(step, web, person, device)?;
            }
        }
        Ok(())
    }

    /// Hears how far another device has got; hostile until checked.
    pub(crate) fn hear(&mut self, step: &mut Step<'_>, from: DeviceId, message: &[u8]) -> Result<(), Fault> {
        let says = match Says::read(message) {
            Ok(says) => says,
            Err(error) => {
                tracing::warn!(peer = %from.short(), %error, "a message about talk was dropped");
                return Ok(());
            }
        };
        let (Says::Have { web, .. } | Says::Read { web, .. }) = says;
        let Some(me) = people::read::my_person(step.view())? else { return Ok(()) };
        let person = people::read::person_of(step.view(), web, from)?;
        let Some(person) =
            person.filter(|_| people::read::is_member(step.view(), web, from).unwrap_or(false))
        else {
            return Ok(());
        };
        match says {
            Says::Have { places, .. } => {
                for Heard { device, place } in places {
                    let is_mine = people::read::person_of(step.view(), web, device)? == Some(me);
                    let known = DELIVERED.get(step.view(), &(web, device, from))?;
                    if is_mine && known.is_none_or(|known| known < place) {
                        DELIVERED.put(step.rows(), &(web, device, from), &place);
                        self.delivered.insert(web);
                    }
                }
            }
            Says::Read { room, turn, .. } => {
                let is_in =
                    ROOMS.get(step.view(), &(web, room))?.is_some_and(|row| row.persons.contains(&person));
                let known = READ_BY.get(step.view(), &(web, room, person))?;
                if is_in && person != me && known.is_none_or(|known| known < turn) {
                    READ_BY.put(step.rows(), &(web, room, person), &turn);
                    self.delivered.insert(web);
                }
            }
        }
        Ok(())
    }
}

/// A device is connected: it hears all that was told while it was away.
pub(crate) fn meet(step: &mut Step<'_>, device: DeviceId) -> Result<(), Fault> {
    for web in people::read::webs_of_device(step.view(), device)? {
        let Some(person) = people::read::person_of(step.view(), web, device)? else { continue };
        tell_places(step, web, person, device)?;
        if !SETTINGS.get(step.view(), &web)?.unwrap_or_default().tells_read {
            continue;
        }
        let rooms: Vec<RoomId> = ROOMS
            .within(step.view(), &web)
            .filter_map(|row| match row {
                Ok(((_, room), row)) => row.persons.contains(&person).then_some(Ok(room)),
                Err(error) => Some(Err(error)),
            })
            .collect::<Result<_, StoreError>>()?;
        for room in rooms {
            if let Some(turn) = READ.get(step.view(), &(web, room))? {
                send(step, device, &Says::Read { web, room, turn });
            }
        }
    }
    Ok(())
}

/// Tells a device how far the logs of its person's devices were taken.
fn tell_places(
    step: &mut Step<'_>,
    web: WebId,
    person: PersonId,
    device: DeviceId,
) -> Result<(), StoreError> {
    let me = step.me();
    if device == me || !records::is_connected(step.view(), device)? {
        return Ok(());
    }
    let mut places = Vec::new();
    for author in people::read::devices_of(step.view(), web, person)?.into_iter().take(PLACES_MAX) {
        let place = taken(step.view(), web, author)?;
        if place > 0 {
            places.push(Heard { device: author, place });
        }
    }
    places.sort_by_key(|heard| heard.device);
    if !places.is_empty() {
        send(step, device, &Says::Have { web, places });
    }
    Ok(())
}

/// Returns up to where everything of a log was taken and, of letters, tried.
fn taken<R: Rows + ?Sized>(rows: &R, web: WebId, author: DeviceId) -> Result<u64, StoreError> {
    let heard = HEARD.get(rows, &(web, author))?.unwrap_or(0);
    let waits = LETTERS.first_waiting(rows, (web, author))?;
    Ok(waits.map_or(heard, |waits| heard.min(waits.saturating_sub(1))))
}

/// Tells the others of a direct conversation how far this person has read, if it wants that.
pub(crate) fn tell_read(step: &mut Step<'_>, web: WebId, room: RoomId, turn: u64) -> Result<(), Fault> {
    if !room.is_direct() || !SETTINGS.get(step.view(), &web)?.unwrap_or_default().tells_read {
        return Ok(());
    }
    for person in ROOMS.get(step.view(), &(web, room))?.unwrap_or_default().persons {
        for device in people::read::devices_of(step.view(), web, person)? {
            if device != step.me() && records::is_connected(step.view(), device)? {
                send(step, device, &Says::Read { web, room, turn });
            }
        }
    }
    Ok(())
}

/// Looks who says that it has a message.
pub(crate) fn held<R: Rows + ?Sized>(
    rows: &R,
    (web, me): (WebId, PersonId),
    row: &MessageRow,
    persons: &[PersonId],
) -> Result<Held, StoreError> {
    let mut held = Held::default();
    if row.place == 0 {
        return Ok(held);
    }
    for pair in DELIVERED.within(rows, &(web, row.author)) {
        let ((.., device), place) = pair?;
        let person = people::read::person_of(rows, web, device)?;
        if place >= row.place
            && let Some(person) = person.filter(|person| *person != me)
        {
            held.devices += 1;
            if persons.contains(&person) {
                held.delivered.insert(person);
            }
        }
    }
    if row.room.is_direct() {
        for pair in READ_BY.within(rows, &(web, row.room)) {
            let ((.., person), turn) = pair?;
            if turn >= row.turn && held.delivered.contains(&person) {
                held.read.insert(person);
            }
        }
    }
    Ok(held)
}

fn send(step: &mut Step<'_>, to: DeviceId, says: &Says) {
    step.send(to, Channel::Member, wire::to_bytes(says));
}
