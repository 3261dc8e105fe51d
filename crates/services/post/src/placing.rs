//! Where a mail is, on all devices of its person: a register for each mail, whose newest state every device shows (spec post, rules 46 and 47).
//!
//! What a step does to folders it does here first; at its end the places of each mail that it touched are compared with what is known, and what
//! differs is this device's word. So nothing that changes a folder has to think of other devices.

use base::{Fault, Timestamp};
use kernel::Step;
use store::{Rows, StoreError};

use crate::flags::Flags;
use crate::folders::{self, Change, INBOX};
use crate::ids::FolderKey;
use crate::namings;
use crate::notes::{PLACES_MAX, Place, State as _};
use crate::saying;
use crate::service::Mail;
use crate::tables::{
    ANEW, COME, EARLY, FOLDER_KEYS, FOLDERS, MAILS, MESSAGES, MailRow, ORIGINS, Origin, PLACED_IN, PLACES,
    PLACINGS, PlacingRow, TOUCHED, UNSAID,
};

/// Placings of mails that have not come at most: a letter of notes holds some hundred, and those of a computer that was off for a year come
/// before many of its mails.
const EARLY_MAX: u64 = 200_000;

/// A message of a mail.
struct Copy {
    folder: u64,
    uid: u64,
    place: Place,
    date: Timestamp,
}

/// The places of a mail may have changed.
pub(crate) fn touch(step: &mut Step<'_>, row: &MailRow) {
    if let Some(origin) = row.origin {
        TOUCHED.put(step.rows(), &origin, &());
    }
}

/// Says what all who have it call a mail that is kept here.
pub(crate) fn belongs(step: &mut Step<'_>, kept: u64, origin: Origin) -> Result<(), StoreError> {
    if let Some(row) = MAILS.get(step.view(), &kept)? {
        MAILS.put(step.rows(), &kept, &MailRow { origin: Some(origin), ..row });
        ORIGINS.put(step.rows(), &origin, &kept);
    }
    Ok(())
}

/// Notes where a mail is as long as nobody moves it: on all devices alike, so nothing is said of it.
pub(crate) fn begins_at(step: &mut Step<'_>, origin: Origin, places: Vec<Place>) -> Result<(), StoreError> {
    if PLACINGS.within(step.view(), &origin.0).next().is_none() {
        // The first mail of a web: names of folders are said there from now on.
        ANEW.delete(step.rows(), &origin.0);
        saying::soon(step, origin.0)?;
    }
    let row = PlacingRow { count: 0, by: step.me(), places, said: None, is_early: false };
    keep(step, origin, None, &row);
    Ok(())
}

/// Has it said where a mail is, though nobody moved it: other devices cannot tell that it is for this person, too.
pub(crate) fn say(step: &mut Step<'_>, origin: Origin) -> Result<(), StoreError> {
    if let Some(known) = PLACINGS.get(step.view(), &origin)? {
        PLACINGS.put(step.rows(), &origin, &PlacingRow { count: known.count.saturating_add(1), ..known });
        UNSAID.put(step.rows(), &origin, &());
        saying::soon(step, origin.0)?;
    }
    Ok(())
}

fn copies<R: Rows + ?Sized>(rows: &R, mail: u64) -> Result<Vec<Copy>, StoreError> {
    let mut copies = Vec::new();
    for row in PLACES.within(rows, &mail) {
        let ((_, folder, uid), ()) = row?;
        let key = FOLDERS.get(rows, &folder)?.and_then(|row| row.key);
        if let (Some(key), Some(message)) = (key, MESSAGES.get(rows, &(folder, uid))?) {
            let place = Place { folder: key, flags: message.flags.following() };
            copies.push(Copy { folder, uid, place, date: message.date });
        }
    }
    copies.sort_by(|one, next| one.place.cmp(&next.place));
    Ok(copies)
}

fn places<R: Rows + ?Sized>(rows: &R, mail: u64) -> Result<Vec<Place>, StoreError> {
    Ok(copies(rows, mail)?.into_iter().take(PLACES_MAX).map(|copy| copy.place).collect())
}

/// Returns where a mail is shown: in `INBOX`, if all its folders are gone, or not known yet.
fn shown<R: Rows + ?Sized>(rows: &R, places: &[Place]) -> Result<Vec<Place>, StoreError> {
    let mut here = Vec::new();
    for place in places {
        if FOLDER_KEYS.has(rows, &place.folder)? {
            here.push(place.clone());
        }
    }
    if here.is_empty()
        && let Some(first) = places.first()
    {
        here.push(Place { folder: FolderKey::of(0, INBOX), flags: first.flags.clone() });
    }
    Ok(here)
}

/// Writes a register, and by which folders it is found.
fn keep(step: &mut Step<'_>, origin: Origin, known: Option<&PlacingRow>, row: &PlacingRow) {
    let (web, mail) = origin;
    for place in known.iter().flat_map(|known| &known.places) {
        PLACED_IN.delete(step.rows(), &(place.folder, web, mail));
    }
    for place in row.places.iter().filter(|place| !namings::is_own(place.folder)) {
        PLACED_IN.put(step.rows(), &(place.folder, web, mail), &());
    }
    PLACINGS.put(step.rows(), &origin, row);
}

/// Compares the places of mails that this step touched with what is known of them.
pub(crate) fn settle(step: &mut Step<'_>) -> Result<(), Fault> {
    let touched: Vec<_> = TOUCHED.all(step.view()).collect::<Result<_, StoreError>>()?;
    for (origin, ()) in touched {
        TOUCHED.delete(step.rows(), &origin);
        let here = match ORIGINS.get(step.view(), &origin)? {
            Some(mail) => places(step.view(), mail)?,
            None => Vec::new(),
        };
        let Some(known) = PLACINGS.get(step.view(), &origin)? else { continue };
        if shown(step.view(), &known.places)? != here {
            let count = known.count.saturating_add(1);
            let by = step.me();
            let row = PlacingRow { count, by, places: here, said: None, ..known };
            keep(step, origin, Some(&known), &row);
            UNSAID.put(step.rows(), &origin, &());
            saying::soon(step, origin.0)?;
        }
    }
    Ok(())
}

impl Mail {
    /// Puts a mail that has come into folders: those where another device has it, else those where it usually goes. Nowhere, if it was removed
    /// on another device meanwhile.
    pub(crate) fn place_new(
        &mut self,
        step: &mut Step<'_>,
        (origin, kept): (Origin, u64),
        usual: &[(&str, Flags)],
        date: Timestamp,
    ) -> Result<(), Fault> {
        belongs(step, kept, origin)?;
        if let Some(known) = PLACINGS.get(step.view(), &origin)? {
            if known.is_early {
                let early = EARLY.get(step.view(), &())?.unwrap_or_default();
                EARLY.put(step.rows(), &(), &early.saturating_sub(1));
                PLACINGS.put(step.rows(), &origin, &PlacingRow { is_early: false, ..known.clone() });
            }
            return match known.places.is_empty() {
                true => Ok(folders::forget(step, kept)?),
                false => self.show(step, origin, date),
            };
        }
        for (folder, flags) in usual {
            self.deliver(step, folder, kept, (flags.clone(), date))?;
        }
        let places = places(step.view(), kept)?;
        Ok(begins_at(step, origin, places)?)
    }

    /// Takes what a device of this person says of a mail.
    pub(crate) fn hear_placing(
        &mut self,
        step: &mut Step<'_>,
        origin: Origin,
        mut heard: PlacingRow,
    ) -> Result<(), Fault> {
        let known = PLACINGS.get(step.view(), &origin)?;
        if !heard.replaces(known.as_ref()) {
            let is_same = |known: &PlacingRow| {
                (known.count, known.by, &known.places) == (heard.count, heard.by, &heard.places)
            };
            if let Some(known) = known.filter(is_same) {
                PLACINGS.put(step.rows(), &origin, &PlacingRow { said: heard.said, ..known });
            }
            return Ok(());
        }
        match &known {
            Some(known) => heard.is_early = known.is_early,
            None if !COME.has(step.view(), &origin)? => {
                let early = EARLY.get(step.view(), &())?.unwrap_or_default();
                if early >= EARLY_MAX {
                    return Ok(());
                }
                EARLY.put(step.rows(), &(), &early.saturating_add(1));
                heard.is_early = true;
            }
            None => {}
        }
        keep(step, origin, known.as_ref(), &heard);
        UNSAID.delete(step.rows(), &origin);
        let now = step.now();
        self.show(step, origin, now)
    }

    /// Has folders show a mail where it is.
    pub(crate) fn show(&mut self, step: &mut Step<'_>, origin: Origin, date: Timestamp) -> Result<(), Fault> {
        let Some(mail) = ORIGINS.get(step.view(), &origin)? else { return Ok(()) };
        let Some(row) = PLACINGS.get(step.view(), &origin)? else { return Ok(()) };
        let mut wanted = shown(step.view(), &row.places)?;
        let mut here = copies(step.view(), mail)?;
        let date = here.first().map_or(date, |copy| copy.date);
        here.retain(|copy| match wanted.iter().position(|place| *place == copy.place) {
            Some(at) => {
                wanted.remove(at);
                false
            }
            None => true,
        });
        for place in wanted {
            let Some(folder) = FOLDER_KEYS.get(step.view(), &place.folder)? else { continue };
            self.changed.insert(folder);
            match here.iter().position(|copy| copy.folder == folder) {
                Some(at) => {
                    let uid = here.remove(at).uid;
                    folders::flag(step, folder, &[uid], (Change::Replace, &place.flags))?;
                }
                None => {
                    folders::put(step, folder, mail, (place.flags, date))?;
                }
            }
        }
        // Last, since the last copy takes the mail's bytes along.
        for copy in here {
            self.changed.insert(copy.folder);
            folders::take_out(step, copy.folder, &[copy.uid])?;
        }
        Ok(())
    }
}
