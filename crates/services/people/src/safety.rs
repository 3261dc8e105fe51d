//! Safety codes: two persons see that nobody stands between them (spec identity rules 40 to 45, decisions/safety-codes.md).

use api::people::Done;
use api::persons::{AskSafety, Safety, Verify};
use base::{Fault, PersonId, WebId};
use kernel::Step;
use store::Rows;
use wire::identity::SafetyLink;

use crate::fault::PeopleError;
use crate::petnames::anywhere;
use crate::tables::{MEMBERS, VERIFIED, WEBS};
use crate::told::Told;

/// Groups of five digits: 166 bits, so that somebody who makes persons by the billion to sit in the middle of two needs
/// about 2^83 of them.
const GROUPS: usize = 10;

/// Returns the digits two persons compare; the same whoever asks.
pub(crate) fn code(one: PersonId, other: PersonId) -> String {
    let (first, second) = if one < other { (one, other) } else { (other, one) };
    let mut hasher = blake3::Hasher::new_derive_key("althing safety code v1");
    hasher.update(first.as_bytes()).update(second.as_bytes());
    let mut stream = hasher.finalize_xof();
    let mut group = || {
        let mut bytes = [0; 8];
        stream.fill(&mut bytes);
        format!("{:05}", u64::from_be_bytes(bytes) % 100_000)
    };
    (0..GROUPS).map(|_| group()).collect::<Vec<_>>().join(" ")
}

/// Shows the code of this peer's person and another.
pub(crate) fn safety(rows: &dyn Rows, asked: &AskSafety) -> Result<Safety, Fault> {
    let (web, person) = anywhere(rows, &asked.person, asked.web.as_deref())?;
    let me = other_than(rows, person)?;
    Ok(Safety {
        name: crate::read::label_of(rows, web, person)?,
        code: code(me, person),
        link: SafetyLink::new(me, person).to_text(),
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
            VERIFIED.delete(step.rows(), &person);
            format!("{name} is not verified any more.")
        }
        (Some(text), false, false) => {
            compare(text, (me, person), &name)?;
            mark(step, person, &name)
        }
        (None, true, false) => mark(step, person, &name),
        _ => return Err(PeopleError::HowVerified.into()),
    };
    let webs: Vec<WebId> =
        WEBS.all(step.view()).map(|row| row.map(|(web, _)| web)).collect::<Result<_, _>>()?;
    for web in webs {
        if MEMBERS.has(step.view(), &(web, person))? {
            step.announce(Told::Members { web }.to_bytes());
            step.emit("people.changed", &serde_json::json!({ "web": web }));
        }
    }
    Ok(Done { what })
}

fn mark(step: &mut Step<'_>, person: PersonId, name: &str) -> String {
    let now = step.now();
    VERIFIED.put(step.rows(), &person, &now);
    format!(
        "{name} is verified: nobody stands between you. You will be told when {name} has another computer."
    )
}

/// Checks what the other's computer shows: its text, or its digits.
fn compare(text: &str, (me, person): (PersonId, PersonId), name: &str) -> Result<(), Fault> {
    let digits: String = text.chars().filter(|c| !c.is_whitespace() && !matches!(c, '-' | '.')).collect();
    let is_same = if !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit()) {
        let mine = code(me, person).replace(' ', "");
        if digits.len() != mine.len() {
            return Err(PeopleError::SafetyCodeDamaged.into());
        }
        digits == mine
    } else {
        SafetyLink::from_text(text).map_err(|_letters| PeopleError::SafetyCodeDamaged)?.is_of(me, person)
    };
    is_same.then_some(()).ok_or_else(|| PeopleError::SafetyCodeDiffers { name: name.to_owned() }.into())
}
