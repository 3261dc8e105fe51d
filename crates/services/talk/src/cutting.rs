//! Records of a device behind a place are void, after a removal: what they said is forgotten, and what they took away comes back
//! (spec talk, rule 22).

use std::collections::BTreeSet;

use base::{DeviceId, Fault, WebId};
use kernel::Step;
use store::StoreError;

use crate::ids::{MessageId, RoomId};
use crate::service::Talk;
use crate::statement::{Body, What};
use crate::tables::{
    ABOUT, BEGUN, HEARD, LETTERS, MESSAGES, MUTES, MessageRow, OWN, PLACED, ROOMS, RoomRow, SETS, THREADS,
    TIMELINE,
};
use crate::taking::{Said, ground_of, reach, texts_of};
use crate::words;

impl Talk {
    /// The records of a device behind a place are void.
    pub(crate) fn cut(
        &mut self,
        step: &mut Step<'_>,
        web: WebId,
        device: DeviceId,
        last: u64,
    ) -> Result<(), Fault> {
        let heard = HEARD.get(step.view(), &(web, device))?.unwrap_or(0);
        HEARD.put(step.rows(), &(web, device), &heard.min(last));
        let gone: Vec<_> = PLACED.within(step.view(), &(web, device)).collect::<Result<_, StoreError>>()?;
        let mut rooms = BTreeSet::new();
        for ((.., place, id), ()) in gone.into_iter().filter(|((.., place, _), ())| *place > last) {
            PLACED.delete(step.rows(), &(web, device, place, id));
            let Some(row) = MESSAGES.get(step.view(), &(web, id))? else { continue };
            for text in texts_of(step, web, id, &row)? {
                words::drop_all(step.rows(), (web, id, row.at), &text)?;
            }
            forget(step, web, id, &row);
            rooms.insert(row.room);
        }
        for room in rooms {
            self.changed.insert((web, room));
            reach_anew(step, web, room)?;
        }
        self.cut_changes(step, (web, device), last)?;
        Ok(LETTERS.cut(step, (web, device), last)?)
    }

    /// Forgets what a device said behind a place about rooms, persons and messages. A removal is rare: all rows are walked.
    fn cut_changes(
        &mut self,
        step: &mut Step<'_>,
        (web, device): (WebId, DeviceId),
        last: u64,
    ) -> Result<(), Fault> {
        let is_void = |by: DeviceId, number: u64| by == device && number > last && number < OWN;
        for (key, _) in SETS.within(step.view(), &web).collect::<Result<Vec<_>, StoreError>>()? {
            if is_void(key.3, key.4) {
                SETS.delete(step.rows(), &key);
                self.changed.insert((web, key.1));
            }
        }
        for (key, _) in MUTES.within(step.view(), &web).collect::<Result<Vec<_>, StoreError>>()? {
            if is_void(key.2, key.3) {
                MUTES.delete(step.rows(), &key);
                self.changed.insert((web, key.1));
            }
        }
        for (key, said) in ABOUT.within(step.view(), &web).collect::<Result<Vec<_>, StoreError>>()? {
            if !is_void(key.2, key.3) {
                continue;
            }
            ABOUT.delete(step.rows(), &key);
            match said.about.what {
                What::Edit { content, .. } => {
                    if let Some(row) = MESSAGES.get(step.view(), &(web, key.1))? {
                        words::drop_all(step.rows(), (web, key.1, row.at), &content.text)?;
                    }
                }
                What::Delete => self.bring_back(step, web, key.1)?,
                What::React { .. } => {}
            }
            self.settle(step, web, key.1)?;
        }
        let begun: Vec<_> = BEGUN.within(step.view(), &(web, device)).collect::<Result<_, StoreError>>()?;
        for (key, ()) in begun {
            let Some(row) = ROOMS.get(step.view(), &(web, key.2))? else { continue };
            if row.begun.as_ref().is_some_and(|begun| is_void(device, begun.number)) {
                BEGUN.delete(step.rows(), &key);
                ROOMS.put(step.rows(), &(web, key.2), &RoomRow { begun: None, ..row });
                self.changed.insert((web, key.2));
            }
        }
        Ok(())
    }

    /// A word that took a message away is void. If no other does, what rows hold no more is taken from the logs once more
    /// (spec talk, rule 22).
    fn bring_back(&mut self, step: &mut Step<'_>, web: WebId, id: MessageId) -> Result<(), Fault> {
        let Some(row) = MESSAGES.get(step.view(), &(web, id))?.filter(|row| row.removed.is_some()) else {
            return Ok(());
        };
        let Some(person) = people::read::person_of(step.view(), web, row.author)? else { return Ok(()) };
        let open = MessageRow { removed: None, ..row };
        let shown = ground_of(step, web, open.room)?.fold(step.view(), id, &open, person)?;
        if shown.removed.is_some() {
            MESSAGES.put(step.rows(), &(web, id), &MessageRow { removed: shown.removed, ..open });
            return Ok(());
        }
        let mut places = vec![(open.author, open.place)];
        for (key, about) in ABOUT.within(step.view(), &(web, id)).collect::<Result<Vec<_>, StoreError>>()? {
            if matches!(about.about.what, What::Edit { .. }) {
                ABOUT.delete(step.rows(), &key);
                places.push((key.2, key.3));
            }
        }
        forget(step, web, id, &open);
        for (author, place) in places {
            for (place, body) in records::read_batch(step, web, (author, place), "talk")? {
                if let Ok(body) = Body::read(&body) {
                    self.take(step, Said::at(web, author, place), body)?;
                }
            }
        }
        Ok(())
    }
}

/// Removes the rows of a message, not of what was said about it.
fn forget(step: &mut Step<'_>, web: WebId, id: MessageId, row: &MessageRow) {
    let at = row.at.millis();
    MESSAGES.delete(step.rows(), &(web, id));
    PLACED.delete(step.rows(), &(web, row.author, row.place, id));
    TIMELINE.delete(step.rows(), &(web, row.room, row.turn, at, id));
    if let Some(root) = row.thread {
        THREADS.delete(step.rows(), &(web, root, row.turn, at, id));
    }
}

/// Finds the greatest turn that counts once more: messages have gone.
fn reach_anew(step: &mut Step<'_>, web: WebId, room: RoomId) -> Result<(), StoreError> {
    let row = ROOMS.get(step.view(), &(web, room))?.unwrap_or_default();
    ROOMS.put(step.rows(), &(web, room), &RoomRow { newest: 0, ..row });
    reach(step, web, room)
}
