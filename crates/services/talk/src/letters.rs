//! Letters: what is said in direct conversations (spec talk, rules 25 to 30).

use base::{Fault, WebId};
use kernel::Step;
use store::StoreError;

use crate::ids::RoomId;
use crate::service::Talk;
use crate::statement::{Inside, Letter};
use crate::tables::{LETTERS, OWN, ROOMS};
use crate::taking::Said;

impl Talk {
    /// Opens letters, as many as may be now.
    pub(crate) fn open_letters(&mut self, step: &mut Step<'_>) -> Result<(), Fault> {
        while let Some(people::Letter { web, author, place: number, plain }) =
            LETTERS.next(step, &mut self.tried)?
        {
            self.owe(step, web, author);
            if let Some(plain) = plain {
                let place = if number < OWN { number } else { 0 };
                self.take_letter(step, Said { web, author, number, place }, &plain)?;
            }
        }
        Ok(())
    }

    /// Takes what stands in a letter; hostile until read, and then, too.
    fn take_letter(&mut self, step: &mut Step<'_>, said: Said, plain: &[u8]) -> Result<(), Fault> {
        let Ok(letter) = Letter::read(plain) else { return Ok(()) };
        let author = people::read::person_of(step.view(), said.web, said.author)?;
        let me = people::read::my_person(step.view())?;
        let is_ours = [author, me].iter().all(|who| who.is_some_and(|who| letter.persons.contains(&who)));
        if is_ours { self.take_inside(step, said, letter).map(|_| ()) } else { Ok(()) }
    }

    /// Takes what somebody of a direct conversation said there; returns which message it was, if it was one.
    pub(crate) fn take_inside(
        &mut self,
        step: &mut Step<'_>,
        said: Said,
        letter: Letter,
    ) -> Result<Option<crate::ids::MessageId>, Fault> {
        let room = meet(step, said.web, letter.persons)?;
        match letter.inside {
            Inside::Said(message) => self.take_message(step, said, room, message).map(Some),
            Inside::About(about) => self.take_about(step, said, about, Some(room)).map(|()| None),
        }
    }
}

/// Returns the direct conversation of some persons, which is here from now on.
pub(crate) fn meet(
    step: &mut Step<'_>,
    web: WebId,
    persons: Vec<base::PersonId>,
) -> Result<RoomId, StoreError> {
    let room = RoomId::of_persons(web, &persons);
    let mut row = ROOMS.get(step.view(), &(web, room))?.unwrap_or_default();
    if row.persons.is_empty() {
        row.persons = persons;
        ROOMS.put(step.rows(), &(web, room), &row);
    }
    Ok(room)
}
