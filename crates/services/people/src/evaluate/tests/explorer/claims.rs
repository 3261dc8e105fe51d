//! What must hold of every history, whatever is in it.

use std::collections::BTreeSet;

use super::{Evaluation, Tale, Void};
use crate::evaluate::op::{Act, Dismiss, Op};
use crate::evaluate::{Departure, Invitation, Pages, Power, State};
use base::{EntryId, PersonId};
use wire::governance::Role;

/// Panics with the history when a claim does not hold.
pub(super) fn check(tale: &Tale<'_>) {
    let whole = tale.evaluate(tale.all());
    for (name, claim) in [
        ("the same set has the same state", same_state as fn(&Tale<'_>, &Evaluation) -> Result<(), String>),
        ("nobody has more power than was given", no_escalation),
        ("who is removed is out", removed_is_out),
        ("a dismissal is signed by most of the others, and by two", dismissals_are_signed),
        ("who is dismissed changes nothing at the same time", the_dismissed_change_nothing),
        ("no key of now was given to who reads no more", no_key_for_the_gone),
        ("a fork voids nothing that was witnessed", witnessed_stands),
        ("what is back-dated changes nothing", back_dated_changes_nothing),
        ("a ticket of who is removed is no way back", tickets_end),
        ("no device belongs to somebody it should not", devices_belong),
        ("replaced words are worth nothing", replaced_words_are_worth_nothing),
    ] {
        if let Err(why) = claim(tale, &whole) {
            panic!("{}: {name}: {why}\n{}", tale.theme.name, told(tale, &whole));
        }
    }
}

/// The operations in words.
pub(super) fn told(tale: &Tale<'_>, whole: &Evaluation) -> String {
    let line = |(at, op): (usize, &Op)| {
        let void = whole.void.get(&op.id);
        let author = super::number(op);
        format!("  {at}: {author} knowing {:b}: {:?} {void:?}\n", tale.pasts[at], op.act)
    };
    tale.ops.iter().enumerate().map(line).collect()
}

/// Whatever comes last, and however it comes: what is known without it, and then with it, is what is known at once.
fn same_state(tale: &Tale<'_>, whole: &Evaluation) -> Result<(), String> {
    let mut turned = tale.set(tale.all());
    turned.reverse();
    if super::evaluate(super::WEB, turned) != *whole {
        return Err("turned around".into());
    }
    for (at, op) in tale.ops.iter().enumerate() {
        let mut timeline = super::Timeline::new(super::WEB);
        timeline.extend(tale.set(tale.all() & !(1 << at)));
        timeline.extend([op.clone()]);
        if timeline.evaluation() != whole {
            return Err(format!("{at} comes last"));
        }
    }
    Ok(())
}

fn counts(whole: &Evaluation, op: &Op) -> bool {
    !whole.void.contains_key(&op.id)
}

fn power(state: &State, person: PersonId) -> Option<Power> {
    state.members.get(&person)?.power
}

/// The most that the author of an operation ever had by what it knew.
fn most_power(tale: &Tale<'_>, at: usize) -> Option<Power> {
    let past = tale.pasts[at];
    let parts = (0..=past).filter(|part| part & !past == 0 && tale.is_whole(*part));
    let had = parts.filter_map(|part| {
        let known = tale.evaluate(part);
        power(&known.state, known.state.person_of(tale.ops[at].author)?)
    });
    had.max()
}

/// The power of an operation's author by all it knew; of a revocation the greatest of any of its person's devices (rule 74).
fn power_at(tale: &Tale<'_>, at: usize) -> Option<Power> {
    let whole = tale.evaluate(tale.all());
    let whole = &whole.state;
    let author = whole.person_of(tale.ops[at].author)?;
    let places = 0..tale.ops.len();
    let heard = |other: &usize| match tale.ops[at].act {
        Act::Revoke { .. } => whole.person_of(tale.ops[*other].author) == Some(author),
        _ => *other == at,
    };
    places.filter(heard).filter_map(|place| power(&tale.evaluate(tale.pasts[place]).state, author)).max()
}

/// Who is an admin or owner, or lets in who is one, was made so by somebody who could.
fn no_escalation(tale: &Tale<'_>, whole: &Evaluation) -> Result<(), String> {
    let begun = tale.evaluate(0);
    for (who, member) in &whole.state.members {
        let Some(now) = member.power.filter(|now| now.role > Role::Member) else { continue };
        if power(&begun.state, *who) >= Some(now) {
            continue;
        }
        let gives = |(at, op): &(usize, &Op)| match &op.act {
            Act::SetRole { person, role, .. } => {
                *person == *who && *role == now.role && tale.ops[*at].id == op.id
            }
            Act::Invite(terms) => terms.role == now.role,
            _ => false,
        };
        if tale.ops.iter().enumerate().any(|(at, op)| counts(whole, op) && is_inherited(tale, at, *who, now))
        {
            continue;
        }
        let given = tale.ops.iter().enumerate().filter(gives).filter(|(_, op)| counts(whole, op));
        let mut givers = given.filter_map(|(at, _)| most_power(tale, at));
        if !givers.any(|giver| giver.role == Role::Owner && giver >= now) {
            return Err(format!("{who:?} is {now:?}"));
        }
    }
    Ok(())
}

/// Who has signed a dismissal, by what its author knew: admins and owners other than the person, with their power.
fn signers(tale: &Tale<'_>, at: usize, dismiss: &Dismiss) -> Vec<(PersonId, Power)> {
    let known = tale.evaluate(tale.pasts[at]).state.clone();
    let devices = dismiss.signers.iter().map(|(device, _)| *device).chain([tale.ops[at].author]);
    let persons: BTreeSet<PersonId> = devices.filter_map(|device| known.person_of(device)).collect();
    let persons = persons.into_iter().filter(|who| *who != dismiss.person);
    let signers = persons.filter_map(|who| Some((who, power(&known, who)?)));
    signers.filter(|(_, power)| power.role >= Role::Admin).collect()
}

/// The only owner was dismissed, and somebody who has signed owns the web with no more power than any who has signed.
fn is_inherited(tale: &Tale<'_>, at: usize, who: PersonId, now: Power) -> bool {
    let Act::Dismiss(dismiss) = &tale.ops[at].act else { return false };
    let known = tale.evaluate(tale.pasts[at]).state.clone();
    let owners: Vec<PersonId> = known
        .members
        .iter()
        .filter(|(_, one)| one.role() == Some(Role::Owner))
        .map(|(who, _)| *who)
        .collect();
    let signers = signers(tale, at, dismiss);
    owners == [dismiss.person]
        && signers.iter().any(|(signer, _)| *signer == who)
        && signers.iter().all(|(_, power)| now.limit >= power.limit)
}

fn dismissals_are_signed(tale: &Tale<'_>, whole: &Evaluation) -> Result<(), String> {
    for (at, op) in tale.ops.iter().enumerate().filter(|(_, op)| counts(whole, op)) {
        let Act::Dismiss(dismiss) = &op.act else { continue };
        let known = tale.evaluate(tale.pasts[at]).state.clone();
        let others = known
            .members
            .iter()
            .filter(|(who, one)| one.role() >= Some(Role::Admin) && **who != dismiss.person);
        let (all, signed) = (others.count(), signers(tale, at, dismiss).len());
        if signed < 2 || signed * 2 <= all {
            return Err(format!("{at} is signed by {signed} of {all}"));
        }
    }
    Ok(())
}

fn the_dismissed_change_nothing(tale: &Tale<'_>, whole: &Evaluation) -> Result<(), String> {
    for (place, dismissal) in tale.ops.iter().enumerate().filter(|(_, op)| counts(whole, op)) {
        let Act::Dismiss(Dismiss { person, .. }) = &dismissal.act else { continue };
        let meets = |at: usize| tale.pasts[place] >> at & 1 == 0 && tale.pasts[at] >> place & 1 == 0;
        for (at, op) in tale.ops.iter().enumerate().filter(|(at, _)| *at != place && meets(*at)) {
            let is_theirs = whole.state.person_of(op.author) == Some(*person);
            // Of two dismissals that meet the one with more signatures is heard first, and what it removes stays removed.
            if is_theirs && counts(whole, op) && !matches!(op.act, Act::Dismiss(_)) {
                return Err(format!("{at}"));
            }
        }
    }
    Ok(())
}

/// Who was removed is no member, but by an invitation made after the removal.
fn removed_is_out(tale: &Tale<'_>, whole: &Evaluation) -> Result<(), String> {
    for removal in tale.ops.iter().filter(|op| counts(whole, op)) {
        let (Act::Remove { person, .. } | Act::Dismiss(Dismiss { person, .. })) = &removal.act else {
            continue;
        };
        if whole.state.role(*person).is_none() {
            continue;
        }
        let join = whole.state.members[person].join;
        let ticket = tale.ops.iter().find(|op| op.id == join).and_then(|op| match op.act {
            Act::Join { ticket, .. } => Some(ticket),
            _ => None,
        });
        let made = ticket.and_then(|ticket| whole.state.invitations.get(&ticket)).map(|one| one.place.0);
        if made.is_none_or(|made| made <= removal.lamport) {
            return Err(format!("{person:?} is in"));
        }
    }
    Ok(())
}

/// A key that is used is held by members only, and nobody else was ever given it by an operation that counts.
fn no_key_for_the_gone(tale: &Tale<'_>, whole: &Evaluation) -> Result<(), String> {
    let state = &whole.state;
    let clean = |key| state.epochs.get(&key).is_some_and(|epoch| !epoch.is_stale);
    for (at, op) in tale.ops.iter().enumerate().filter(|(_, op)| counts(whole, op)) {
        match &op.act {
            Act::Epoch { key, recipients } if clean(*key) => {
                for who in recipients {
                    if !state.reads(*who) {
                        return Err(format!("{who:?} reads no more and was given the key of {at}"));
                    }
                    let did_not_know = |revocation: &EntryId| {
                        let place = tale.ops.iter().position(|op| op.id == *revocation);
                        place.is_some_and(|place| tale.pasts[at] >> place & 1 == 0)
                    };
                    if state.members[who].revocations.iter().any(did_not_know) {
                        return Err(format!("a thief of {who:?} was given the key of {at}"));
                    }
                }
            }
            Act::Accept { join } => {
                let whose =
                    tale.ops.iter().find(|op| op.id == *join).and_then(|op| state.person_of(op.author));
                let is_gone = whose.is_some_and(|whose| !state.reads(whose));
                for (_, epoch) in tale.among(tale.pasts[at]).filter(|_| is_gone) {
                    if let Act::Epoch { key, .. } = epoch.act
                        && counts(whole, epoch)
                        && clean(key)
                    {
                        return Err(format!("{whose:?}, welcomed by {at}, holds a key that is used"));
                    }
                }
            }
            _ => {}
        }
    }
    match state.current_epoch() {
        Some((_, epoch)) if epoch.holders.keys().any(|holder| !state.reads(*holder)) => {
            Err("a holder".into())
        }
        _ => Ok(()),
    }
}

/// What somebody else's operation that counts was built on is not void because its device signed twice.
fn witnessed_stands(tale: &Tale<'_>, whole: &Evaluation) -> Result<(), String> {
    let begun = tale.evaluate(0);
    for (at, op) in tale.ops.iter().enumerate() {
        if whole.void.get(&op.id) != Some(&Void::Forked) {
            continue;
        }
        for (witness, other) in tale.ops.iter().enumerate().filter(|(_, other)| counts(whole, other)) {
            let persons = (whole.state.person_of(op.author), whole.state.person_of(other.author));
            // Who came in by what the fork says does not witness it.
            let was_there = persons.1.is_some_and(|person| begun.state.role(person).is_some());
            let is_other = was_there && persons.0 != persons.1;
            if is_other && tale.pasts[witness] >> at & 1 == 1 {
                return Err(format!("{at}, witnessed by {witness}"));
            }
        }
    }
    Ok(())
}

/// An operation of somebody removed, that neither knew of the removal nor was known to it, might as well not be there.
fn back_dated_changes_nothing(tale: &Tale<'_>, whole: &Evaluation) -> Result<(), String> {
    for (at, op) in tale.ops.iter().enumerate() {
        let is_last = tale.pasts.iter().all(|past| past >> at & 1 == 0);
        let author = whole.state.person_of(op.author);
        // What most of the admins have signed stands above the removal of any of them (spec governance rule 85).
        if matches!(op.act, Act::Dismiss(_)) {
            continue;
        }
        if !is_last || author.is_none() || whole.state.role(author.unwrap()).is_some() {
            continue;
        }
        let mut removals = tale.ops.iter().enumerate().filter(|(place, removal)| {
            let is_removal = matches!(&removal.act, Act::Remove { person, .. } if Some(*person) == author);
            // Who removes on one of two branches is heard only as far as somebody has witnessed it, whoever that is.
            let is_branch = whole.forked.contains(&removal.author);
            let is_known = tale.pasts[*place] >> at & 1 == 1 || tale.pasts[at] >> place & 1 == 1;
            // Who stood above the remover when it wrote this is heard first: that is no removed person's affair.
            is_removal
                && counts(whole, removal)
                && !is_branch
                && !is_known
                && power_at(tale, at) < power_at(tale, *place)
        });
        if removals.next().is_none() {
            continue;
        }
        let without = tale.evaluate(tale.all() & !(1 << at));
        if what_matters(&without.state) != what_matters(&whole.state) {
            return Err(format!("{at}"));
        }
    }
    Ok(())
}

/// All of a state but how its operations hang together.
fn what_matters(state: &State) -> State {
    State { heads: Pages::default(), lamport: 0, turns: 0, chains: Pages::default(), ..state.clone() }
}

/// Whoever was removed has no invitation that is open, nor has a device that was revoked.
fn tickets_end(_: &Tale<'_>, whole: &Evaluation) -> Result<(), String> {
    let is_removed = |who| {
        let member = whole.state.members.get(&who);
        member.is_some_and(|member| {
            member.power.is_none() && matches!(member.departure, Some(Departure::Removed { .. }))
        })
    };
    let is_open = |one: &&Invitation| {
        one.revoked.is_none() && (is_removed(one.by) || whole.state.revoked.contains_key(&one.device))
    };
    let mut all = whole.state.invitations.values();
    all.find(is_open).map_or(Ok(()), |one| Err(format!("{one:?}")))
}

/// A device belongs to who said so itself, and to nobody once it was revoked.
fn devices_belong(_: &Tale<'_>, whole: &Evaluation) -> Result<(), String> {
    let state = &whole.state;
    for (device, person) in &state.devices {
        let member = state.members.get(person).ok_or("a device of nobody")?;
        if state.revoked.contains_key(device) || !member.devices.contains(device) {
            return Err(format!("{device:?}"));
        }
    }
    Ok(())
}

/// Where a change of words counts, no other change of the same words does, and nobody comes by them whom it did not know.
fn replaced_words_are_worth_nothing(tale: &Tale<'_>, whole: &Evaluation) -> Result<(), String> {
    let counted: Vec<(usize, &Op)> =
        tale.ops.iter().enumerate().filter(|(_, op)| counts(whole, op)).collect();
    for (at, op) in &counted {
        let Act::Revoke { words: Some(words), .. } = &op.act else { continue };
        for (other, rival) in &counted {
            let is_void = match &rival.act {
                Act::Revoke { words: Some(rival), .. } => at != other && rival.old == words.old,
                Act::Recover { facts: Some(facts) } => {
                    facts.recovery.last() == Some(&words.old) && tale.pasts[*at] >> other & 1 == 0
                }
                _ => false,
            };
            if is_void {
                return Err(format!("{other} counts beside {at}"));
            }
        }
    }
    Ok(())
}
