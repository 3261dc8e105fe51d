//! Who took over the rights of whom, being the same human (spec governance rule 87): kept in rows, so that what the old one had
//! shared is shown as the new one's.

use std::collections::BTreeMap;

use base::{PersonId, WebId};
use kernel::Step;
use store::{Rows, StoreError, Table};

use crate::evaluate::State;
use crate::notices;
use crate::tables::{PETNAMES, VERIFIED};

/// Who took over, by who was before.
const AFTER: Table<(WebId, PersonId), PersonId> = Table::new("people.same-after");
/// Who was before, by who took over.
const BEFORE: Table<(WebId, PersonId, PersonId), ()> = Table::new("people.same-before");

/// Steps that are followed: who loses everything more often than that is shown as several.
const STEPS_MAX: usize = 8;

/// Writes who took over from whom.
pub(crate) fn write(step: &mut Step<'_>, web: WebId, state: &State) -> Result<(), StoreError> {
    let known: BTreeMap<PersonId, PersonId> = AFTER
        .within(step.view(), &web)
        .map(|row| row.map(|((_, old), new)| (old, new)))
        .collect::<Result<_, _>>()?;
    let found: BTreeMap<PersonId, PersonId> =
        state.members.iter().filter_map(|(old, member)| Some((*old, member.same?))).collect();
    for (old, new) in known.iter().filter(|(old, new)| found.get(old) != Some(new)) {
        AFTER.delete(step.rows(), &(web, *old));
        BEFORE.delete(step.rows(), &(web, *new, *old));
    }
    for (old, new) in found.iter().filter(|(old, new)| known.get(old) != Some(new)) {
        AFTER.put(step.rows(), &(web, *old), new);
        BEFORE.put(step.rows(), &(web, *new, *old), &());
        take_petname(step, (*old, *new))?;
        notices::same(step, web, *new, *old);
    }
    Ok(())
}

/// Who had a name of mine has it on: but not if I have verified who that was, since nobody has verified who this is.
fn take_petname(step: &mut Step<'_>, (old, new): (PersonId, PersonId)) -> Result<(), StoreError> {
    if VERIFIED.has(step.view(), &old)? || PETNAMES.has(step.view(), &new)? {
        return Ok(());
    }
    if let Some(petname) = PETNAMES.get(step.view(), &old)? {
        PETNAMES.delete(step.rows(), &old);
        PETNAMES.put(step.rows(), &new, &petname);
    }
    Ok(())
}

/// Returns a person and all it took over from, itself first.
pub(crate) fn all<R: Rows + ?Sized>(
    rows: &R,
    web: WebId,
    person: PersonId,
) -> Result<Vec<PersonId>, StoreError> {
    let mut all = vec![person];
    let mut at = 0;
    while let Some(new) = all.get(at).copied().filter(|_| at < STEPS_MAX) {
        for row in BEFORE.within(rows, &(web, new)) {
            let ((.., old), ()) = row?;
            if !all.contains(&old) {
                all.push(old);
            }
        }
        at += 1;
    }
    Ok(all)
}

/// Returns who a person is now: itself, or who took over.
pub(crate) fn now<R: Rows + ?Sized>(rows: &R, web: WebId, person: PersonId) -> Result<PersonId, StoreError> {
    let mut last = person;
    for _ in 0..STEPS_MAX {
        match AFTER.get(rows, &(web, last))? {
            Some(new) => last = new,
            None => break,
        }
    }
    Ok(last)
}
