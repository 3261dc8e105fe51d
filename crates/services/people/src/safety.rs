//! Safety codes: two persons see that nobody stands between them (spec identity rules 40 to 45, decisions/safety-codes.md).

use api::people::Done;
use api::persons::{AskSafety, Safety, Verify};
use base::{Fault, PersonId};
use kernel::Step;
use store::Rows;
use wire::identity::SafetyLink;

use crate::fault::PeopleError;
use crate::personal;
use crate::petnames::anywhere;
use crate::tables::VERIFIED;

/// Shows the code of this peer's person and another.
pub(crate) fn safety(rows: &dyn Rows, asked: &AskSafety) -> Result<Safety, Fault> {
    let (web, person) = anywhere(rows, &asked.person, asked.web.as_deref())?;
    let me = other_than(rows, person)?;
    let link = SafetyLink::new(me, person);
    Ok(Safety {
        name: crate::read::label_of(rows, web, person)?,
        code: link.code(),
        link: link.to_text(),
        verified: VERIFIED.get(rows, &person)?,
        id: person,
    })
}

/// Returns this peer's person, who has no code with itself.
fn other_than<R: Rows + ?Sized>(rows: &R, person: PersonId) -> Result<PersonId, Fault> {
    let me = crate::read::my_person(rows)?.filter(|me| *me != person);
    me.ok_or_else(|| PeopleError::NotOfYourself { act: "verify" }.into())
}

/// Marks a person as verified, or takes the mark away.
pub(crate) fn verify(step: &mut Step<'_>, asked: &Verify) -> Result<Done, Fault> {
    let (web, person) = anywhere(step.view(), &asked.person, asked.web.as_deref())?;
    let me = other_than(step.view(), person)?;
    let name = crate::read::label_of(step.view(), web, person)?;
    let what = match (&asked.code, asked.matches, asked.undo) {
        (None, false, true) => {
            personal::set_verified(step, person, None)?;
            format!("{name} is not verified any more.")
        }
        (Some(text), false, false) => {
            compare(text, (me, person), &name)?;
            mark(step, person, &name)?
        }
        (None, true, false) => mark(step, person, &name)?,
        _ => return Err(PeopleError::HowVerified.into()),
    };
    Ok(Done { what })
}

fn mark(step: &mut Step<'_>, person: PersonId, name: &str) -> Result<String, Fault> {
    let now = step.now();
    personal::set_verified(step, person, Some(now))?;
    Ok(format!(
        "{name} is verified: nobody stands between you. You will be told when {name} has another computer."
    ))
}

/// Checks what the other's computer shows: its text, or its digits.
fn compare(text: &str, (me, person): (PersonId, PersonId), name: &str) -> Result<(), Fault> {
    let digits: String = text.chars().filter(|c| !c.is_whitespace() && !matches!(c, '-' | '.')).collect();
    let is_same = if !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit()) {
        let mine = SafetyLink::new(me, person).code().replace(' ', "");
        if digits.len() != mine.len() {
            return Err(PeopleError::SafetyCodeDamaged.into());
        }
        digits == mine
    } else {
        SafetyLink::from_text(text).map_err(|_letters| PeopleError::SafetyCodeDamaged)?.is_of(me, person)
    };
    is_same.then_some(()).ok_or_else(|| PeopleError::SafetyCodeDiffers { name: name.to_owned() }.into())
}
