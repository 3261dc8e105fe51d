//! How well each computer is protected, told to the others of a web when it changes, and every day (spec guard, rule 25).

use std::time::Duration;

use base::{DeviceId, Fault, WebId};
use kernel::Step;
use store::{Rows, StoreError};

use crate::gate::is_off;
use crate::level::{self, Level};
use crate::reading;
use crate::rules;
use crate::statement::{Body, Health};
use crate::tables::{HEALTH, NUMBER_IS_BLIND, NUMBER_SEEN, NUMBERS};

/// Alarm: tell how this computer is protected.
pub(crate) const ALARM: &str = "health";

/// A little after a start, when the scanner has shown whether it works.
const SOON: Duration = Duration::from_mins(1);
const EVERY: Duration = Duration::from_hours(24);

/// Tells it a little later.
pub(crate) fn tell_later(step: &mut Step<'_>) {
    step.alarm(SOON, ALARM);
}

/// Tells it now, to each web in which something has changed since it was told, or a day has passed.
pub(crate) fn tell(step: &mut Step<'_>) -> Result<(), Fault> {
    step.alarm(EVERY, ALARM);
    let Some(me) = people::read::my_person(step.view())? else { return Ok(()) };
    for web in people::read::webs(step.view())? {
        if !people::read::writes(step.view(), web.id, me)? {
            continue;
        }
        let now = step.now();
        let health = measure(step, web.id)?;
        let key = (web.id, step.me());
        let is_told = HEALTH.get(step.view(), &key)?.is_some_and(|told| {
            now < told.at.after(EVERY) && Health { at: told.at, seen: told.seen, ..health } == told
        });
        if !is_told {
            HEALTH.put(step.rows(), &key, &health);
            records::publish(step, web.id, "guard", Body::Health(health).to_bytes())?;
        }
    }
    Ok(())
}

fn measure(step: &Step<'_>, web: WebId) -> Result<Health, StoreError> {
    let rows = step.view();
    let mut held = 0_u32;
    for content in reading::spoken_of(rows)? {
        let is_held = level::concerns(rows, web, content)?
            && level::in_web(rows, web, content, step.now())? >= Level::Held;
        held = held.saturating_add(u32::from(is_held));
    }
    Ok(Health {
        at: step.now(),
        is_guarded: !is_off(rows)? && NUMBERS.get(rows, &NUMBER_IS_BLIND)? != Some(1),
        sets: in_force(rows)?,
        seen: NUMBERS.get(rows, &NUMBER_SEEN)?.unwrap_or(0),
        held,
    })
}

/// Counts the sets in force here, besides the built-in one.
pub(crate) fn in_force(rows: &dyn Rows) -> Result<u32, StoreError> {
    let mut count = 0_u32;
    for set in rules::to_look_with(rows)? {
        count = count.saturating_add(u32::from(rules::is_in_force(rows, set)?));
    }
    Ok(count)
}

/// Takes what a device says of itself.
pub(crate) fn hear(
    step: &mut Step<'_>,
    (web, author): (WebId, DeviceId),
    health: Health,
) -> Result<(), Fault> {
    let at = health.at.min(step.now());
    if HEALTH.get(step.view(), &(web, author))?.is_none_or(|known| known.at < at) {
        HEALTH.put(step.rows(), &(web, author), &Health { at, ..health });
        reading::tell_changed(step, Some(web), None)?;
    }
    Ok(())
}
