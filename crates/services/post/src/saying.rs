//! When notes are said, and in which web (spec post, rules 51 to 54).
//!
//! What changed waits in rows for the next full half minute, so that an hour of sorting mail is few records. A person with one device says its
//! changes once in an hour: for the device that takes its place after a loss.

use std::time::Duration;

use base::{DeviceId, Fault, PersonId, WebId};
use kernel::Step;
use people::Sealed;
use store::StoreError;

use crate::ids::FolderKey;
use crate::namings::{self, Room};
use crate::notes::{Note, Notes, Packing, tag_of};
use crate::service::Mail;
use crate::statement::Body;
use crate::tables::{
    ANEW, AnewRow, NAMINGS, NAMINGS_SAID, NamingRow, OfStranger, Origin, PLACINGS, PlacingRow, SaidRow,
    UNSAID,
};
use crate::taking;

/// Alarm, followed by a web: say what changed.
pub(crate) const ALARM: &str = "notes ";

/// Changes are said at the next multiple of this.
const EVERY: Duration = Duration::from_secs(30);
/// The same of a person with one device.
const EVERY_ALONE: Duration = Duration::from_hours(1);

/// Letters of notes that a device says in one web at once: some three thousand changes.
const LETTERS_AT_ONCE: usize = 8;

/// What other devices have changed is said by this one only after a time, since one saying is enough: at random between these.
const ANEW_WAIT_LEAST: Duration = Duration::from_secs(30);
const ANEW_WAIT_SPREAD_MS: u64 = 90_000;
const ANEW_WAIT_MOST: Duration = Duration::from_mins(2);

/// Placings that are looked at for that at once.
const LOOKED_AT: usize = 5_000;

/// Has what changed said in a web, a little later.
pub(crate) fn soon(step: &mut Step<'_>, web: WebId) -> Result<(), StoreError> {
    let Some(me) = people::read::my_person(step.view())? else { return Ok(()) };
    let is_alone = people::read::devices_of(step.view(), web, me)?.len() < 2;
    wait(step, web, if is_alone { EVERY_ALONE } else { EVERY });
    Ok(())
}

fn wait(step: &mut Step<'_>, web: WebId, every: Duration) {
    let every = u64::try_from(every.as_millis()).unwrap_or(u64::MAX);
    let wait = every.saturating_sub(step.now().millis() % every);
    step.alarm(Duration::from_millis(wait), format!("{ALARM}{web}"));
}

/// The same in all webs: of folders, or after a start, since alarms of an earlier run are gone.
pub(crate) fn soon_everywhere(step: &mut Step<'_>) -> Result<(), Fault> {
    for web in webs(step)? {
        soon(step, web)?;
    }
    Ok(())
}

/// After a start it takes half a minute, also for a person with one device: it may not be on for an hour.
pub(crate) fn after_start(step: &mut Step<'_>) -> Result<(), Fault> {
    for web in webs(step)? {
        wait(step, web, EVERY);
    }
    Ok(())
}

/// Returns the webs in which this person writes.
fn webs(step: &Step<'_>) -> Result<Vec<WebId>, StoreError> {
    let Some(me) = people::read::my_person(step.view())? else { return Ok(Vec::new()) };
    let mut webs = Vec::new();
    for row in people::read::webs(step.view())? {
        if row.standing.is_in() && people::read::writes(step.view(), row.id, me)? {
            webs.push(row.id);
        }
    }
    webs.sort_unstable();
    Ok(webs)
}

/// Says whether folders are told of in a web: if a mail of it was noted, or, before there is any such web, in the first one.
fn tells_folders(step: &Step<'_>, web: WebId) -> Result<bool, StoreError> {
    if PLACINGS.within(step.view(), &web).next().is_some() {
        return Ok(true);
    }
    let webs = webs(step)?;
    let has_mail = |web: &WebId| PLACINGS.within(step.view(), web).next().is_some();
    Ok(!webs.iter().any(has_mail) && webs.first() == Some(&web))
}

/// What is being said in a web.
struct Saying {
    web: WebId,
    key: u64,
    packing: Packing,
    /// Whether all that is to be said found room.
    is_all: bool,
}

impl Saying {
    fn placing(&mut self, step: &mut Step<'_>, origin: Origin, row: PlacingRow) {
        let by = Some(row.by).filter(|by| *by != step.me());
        let note = Note::Placing { mail: origin.1, count: row.count, by, places: row.places.clone() };
        if self.packing.add(note) {
            UNSAID.delete(step.rows(), &origin);
            PLACINGS.put(step.rows(), &origin, &PlacingRow { said: Some(self.key), ..row });
        } else {
            self.is_all = false;
        }
    }

    fn changed_placings(&mut self, step: &mut Step<'_>) -> Result<(), StoreError> {
        for (origin, ()) in UNSAID.within(step.view(), &self.web).collect::<Result<Vec<_>, StoreError>>()? {
            match PLACINGS.get(step.view(), &origin)? {
                Some(row) => self.placing(step, origin, row),
                None => UNSAID.delete(step.rows(), &origin),
            }
            if !self.is_all {
                break;
            }
        }
        Ok(())
    }

    /// Goes on with what the web's records do not hold under this key, whoever changed it.
    fn placings_anew(&mut self, step: &mut Step<'_>, anew: AnewRow) -> Result<(), StoreError> {
        let from = (self.web, anew.after.unwrap_or(crate::ids::MailId::LEAST));
        let rows: Vec<_> = PLACINGS
            .within_from(step.view(), &self.web, &from)
            .take(LOOKED_AT)
            .collect::<Result<_, StoreError>>()?;
        let is_last = rows.len() < LOOKED_AT;
        let mut after = anew.after;
        for (origin, row) in rows {
            if row.count > 0 && row.said != Some(self.key) {
                self.placing(step, origin, row);
            }
            if !self.is_all {
                break;
            }
            after = Some(origin.1);
        }
        let is_over = is_last && self.is_all;
        self.is_all &= is_over;
        ANEW.put(step.rows(), &self.web, &AnewRow { after, is_over, ..anew });
        Ok(())
    }

    /// Folders that are there come before what is placed in them, and those that were removed after it, so that no other device shows a thousand
    /// mails in `INBOX` meanwhile.
    fn folders(
        &mut self,
        step: &mut Step<'_>,
        is_wanted: impl Fn(&NamingRow) -> bool,
    ) -> Result<(), StoreError> {
        for (folder, row) in NAMINGS.all(step.view()).collect::<Result<Vec<_>, StoreError>>()? {
            let NamingRow { count, by, name } = row.clone();
            let said = SaidRow { count, by, key: self.key };
            let place = (self.web, folder);
            if !is_wanted(&row) || NAMINGS_SAID.get(step.view(), &place)? == Some(said) {
                continue;
            }
            let by = Some(by).filter(|by| *by != step.me());
            if !self.packing.add(Note::Naming { folder, count, by, name }) {
                self.is_all = false;
                break;
            }
            NAMINGS_SAID.put(step.rows(), &place, &said);
        }
        Ok(())
    }
}

/// Says in a web what changed.
pub(crate) fn say(step: &mut Step<'_>, web: WebId) -> Result<(), Fault> {
    let Some(me) = people::read::my_person(step.view())? else { return Ok(()) };
    let Some(key) = people::read::key_of(step.view(), web, me)? else { return Ok(()) };
    if !people::read::writes(step.view(), web, me)? {
        return no_longer(step, web);
    }
    let key = tag_of(&key);
    let anew = anew(step, web, key)?;
    // A time that is further away was noted by a clock that was wrong.
    let is_time = anew.at <= step.now() || anew.at.since(step.now()) > ANEW_WAIT_MOST;
    let is_anew_due = !anew.is_over && is_time;
    let mut saying = Saying { web, key, packing: Packing::into_at_most(LETTERS_AT_ONCE), is_all: true };
    let own = step.me();
    let is_mine = |row: &NamingRow| row.by == own || is_anew_due;
    let tells_folders = tells_folders(step, web)?;
    if tells_folders {
        saying.folders(step, |row| is_mine(row) && row.name.is_some())?;
    }
    if saying.is_all {
        saying.changed_placings(step)?;
    }
    if saying.is_all && tells_folders {
        saying.folders(step, |row| is_mine(row) && row.name.is_none())?;
    }
    if saying.is_all && is_anew_due {
        saying.placings_anew(step, anew)?;
    }
    let is_all = saying.is_all && (anew.is_over || is_anew_due);
    for notes in saying.packing.letters() {
        publish(step, (web, me), &Notes { key, notes })?;
    }
    if !is_all {
        wait(step, web, EVERY);
    }
    Ok(())
}

fn publish(step: &mut Step<'_>, (web, me): (WebId, PersonId), notes: &Notes) -> Result<(), Fault> {
    match Sealed::letter(step, (web, "mail"), &[me], &notes.to_bytes())? {
        Some(sealed) => records::publish(step, web, "mail", wire::to_bytes(&Body::Letter(sealed))),
        None => Ok(()),
    }
}

/// This person writes in a web no more: its mails stay as they are here. If it does again, everything is looked at.
fn no_longer(step: &mut Step<'_>, web: WebId) -> Result<(), Fault> {
    for (origin, ()) in UNSAID.within(step.view(), &web).collect::<Result<Vec<_>, StoreError>>()? {
        UNSAID.delete(step.rows(), &origin);
    }
    ANEW.delete(step.rows(), &web);
    Ok(())
}

/// Returns how far everything was said under a key; from the beginning, if the key is new.
fn anew(step: &mut Step<'_>, web: WebId, key: u64) -> Result<AnewRow, StoreError> {
    let known = ANEW.get(step.view(), &web)?;
    if let Some(known) = known.filter(|known| known.key == key) {
        return Ok(known);
    }
    for (place, _) in NAMINGS_SAID.within(step.view(), &web).collect::<Result<Vec<_>, StoreError>>()? {
        NAMINGS_SAID.delete(step.rows(), &place);
    }
    let dice = step.random("notes wait");
    let spread = u64::from_be_bytes(*dice.first_chunk().unwrap_or(&[0; 8])) % ANEW_WAIT_SPREAD_MS;
    let at = step.now().after(ANEW_WAIT_LEAST + Duration::from_millis(spread));
    let row = AnewRow { key, at, after: None, is_over: false };
    ANEW.put(step.rows(), &web, &row);
    Ok(row)
}

impl Mail {
    /// Takes what a letter to oneself holds, if one of this person's devices has written it.
    pub(crate) fn take_notes(
        &mut self,
        step: &mut Step<'_>,
        (web, author, place): (WebId, DeviceId, u64),
        plain: &[u8],
    ) -> Result<(), Fault> {
        let whose = people::read::person_of(step.view(), web, author)?;
        if whose.is_none() {
            let notes = OfStranger::Notes(plain.to_vec().into());
            taking::keep_of_stranger(step, (web, author, place), &notes);
            return Ok(());
        }
        if whose != people::read::my_person(step.view())? {
            return Ok(());
        }
        let Notes { key, notes } = match Notes::read(plain) {
            Ok(notes) => notes,
            Err(error) => {
                tracing::warn!(author = %author.short(), %error, "a letter of mail was dropped");
                return Ok(());
            }
        };
        let mut placings = Vec::new();
        let mut is_new = false;
        let mut room = Room::look(step)?;
        for note in notes {
            match note {
                Note::Naming { folder, count, by, name } => {
                    let by = by.unwrap_or(author);
                    let row = NamingRow { count, by, name };
                    is_new |= heard_folder(step, &mut room, (web, folder, key), &row)?;
                }
                Note::Placing { mail, count, by, places } => {
                    let by = by.unwrap_or(author);
                    let row = PlacingRow { count, by, places, said: Some(key), is_early: false };
                    placings.push(((web, mail), row));
                }
            }
        }
        if is_new {
            self.follow_namings(step)?;
        }
        for (origin, row) in placings {
            self.hear_placing(step, origin, row)?;
        }
        Ok(())
    }
}

/// Takes what a device says of a folder, and notes that the web's records hold it; says whether it is new.
fn heard_folder(
    step: &mut Step<'_>,
    room: &mut Room,
    (web, folder, key): (WebId, FolderKey, u64),
    row: &NamingRow,
) -> Result<bool, StoreError> {
    let is_new = namings::hear(step, room, (folder, row))?;
    if NAMINGS.get(step.view(), &folder)?.as_ref() == Some(row) {
        NAMINGS_SAID.put(step.rows(), &(web, folder), &SaidRow { count: row.count, by: row.by, key });
    }
    Ok(is_new)
}
