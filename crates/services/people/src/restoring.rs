//! What a removal has cut off: which of it there is, and doing it again in one's own name (decisions/senior-removal.md). Not for:
//! records above a cut, which every peer has erased.

use api::people as ask;
use api::persons::{CutOff, CutOffs, Restore};
use base::{EntryId, Fault, PersonId, Timestamp, WebId};
use kernel::Step;
use store::Rows;

use crate::acts::my_web;
use crate::evaluate::{Act, Evaluation, Op, Void, evaluate};
use crate::fault::PeopleError;
use crate::history;
use crate::meeting;
use crate::reader::{api_role, role_word};
use crate::service::People;

/// Fewer digits than this would name an act by accident.
const ID_PREFIX_MIN: usize = 4;

/// What can be done again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Again {
    /// Somebody came in by an invitation that ended with its maker.
    Join(PersonId, ask::Role),
    /// Somebody was given a role.
    Role(PersonId, ask::Role),
    /// Somebody was removed.
    Removal(PersonId),
    /// Somebody who waits was admitted.
    Admission(PersonId),
}

/// One act that was cut off.
#[derive(Debug)]
struct Lost {
    entry: EntryId,
    at: Timestamp,
    author: Option<PersonId>,
    again: Again,
    by: Option<EntryId>,
}

/// Finds what removals and revocations have cut off and what nobody has done again since.
fn lost(ops: &[Op], evaluation: &Evaluation) -> Vec<Lost> {
    let mut found: Vec<Lost> = ops.iter().filter_map(|op| lost_by(op, ops, evaluation)).collect();
    // Whoever has asked twice, or was given a role twice, stands here once: with the last of it.
    found.reverse();
    let mut seen: Vec<Again> = Vec::new();
    found.retain(|one| {
        let is_new = !seen.contains(&one.again);
        seen.push(one.again);
        is_new
    });
    found.reverse();
    found
}

fn lost_by(op: &Op, ops: &[Op], evaluation: &Evaluation) -> Option<Lost> {
    let state = &evaluation.state;
    let why = evaluation.void.get(&op.id)?;
    let is_cut = |void: &Void| if let Void::CutOff { by } = void { Some(*by) } else { None };
    let (again, by) = match &op.act {
        Act::SetRole { person, role, .. } if state.role(*person).is_some_and(|now| now != *role) => {
            (Again::Role(*person, api_role(*role)), Some(is_cut(why)?))
        }
        Act::Remove { person, .. } if state.role(*person).is_some() => {
            (Again::Removal(*person), Some(is_cut(why)?))
        }
        Act::Accept { join } => {
            let waiting = state.waiting.get(join)?;
            (Again::Admission(waiting.facts.person), Some(is_cut(why)?))
        }
        Act::Join { ticket, facts: Some(facts) } if !state.members.contains_key(&facts.person) => {
            let made =
                ops.iter().find(|made| matches!(&made.act, Act::Invite(of) if of.ticket == *ticket))?;
            let Act::Invite(terms) = &made.act else { return None };
            let with_maker = evaluation.void.get(&made.id).and_then(is_cut);
            let ended = state.invitations.get(ticket).and_then(|invitation| invitation.revoked);
            let by = with_maker.or(ended)?;
            let end = ops.iter().find(|end| end.id == by)?;
            // Somebody ended the invitation on purpose: then who came by it is not missed.
            if matches!(end.act, Act::RevokeInvite { .. } | Act::Leave) {
                return None;
            }
            (Again::Join(facts.person, api_role(terms.role)), Some(by))
        }
        _ => return None,
    };
    let newcomer = if let Again::Join(person, _) = again { Some(person) } else { None };
    Some(Lost { entry: op.id, at: op.time, author: state.person_of(op.author).or(newcomer), again, by })
}

fn all(rows: &dyn Rows, web: WebId) -> Result<Vec<(Lost, CutOff)>, Fault> {
    let mut ops = history::read_all(rows, web)?;
    let evaluation = evaluate(web, ops.clone());
    ops.sort_by_key(Op::place);
    let label = |person: PersonId| crate::read::label_of(rows, web, person);
    let mut views = Vec::new();
    for one in lost(&ops, &evaluation) {
        let what = match one.again {
            Again::Join(person, role) => format!("{} came in as {}", label(person)?, role_word(role)),
            Again::Role(person, role) => format!("made {} {}", label(person)?, role_word(role)),
            Again::Removal(person) => format!("removed {}", label(person)?),
            Again::Admission(person) => format!("admitted {}", label(person)?),
        };
        let cut = ops.iter().find(|op| Some(op.id) == one.by);
        let by = cut.and_then(|op| evaluation.state.person_of(op.author)).map(label).transpose()?;
        let author = one.author.map(label).transpose()?;
        let view = CutOff {
            act: one.entry.to_string().chars().take(8).collect(),
            at: one.at,
            who: author.unwrap_or_default(),
            what,
            cut_by: by.unwrap_or_default(),
            entry: one.entry,
        };
        views.push((one, view));
    }
    Ok(views)
}

/// Answers `people.cut_off`.
pub(crate) fn cut_off(rows: &dyn Rows, web: WebId) -> Result<CutOffs, Fault> {
    Ok(CutOffs { acts: all(rows, web)?.into_iter().map(|(_, view)| view).collect() })
}

/// Does again in this person's name what was cut off, as far as it may: nobody's power comes from what is void.
pub(crate) fn restore(people: &mut People, step: &mut Step<'_>, asked: &Restore) -> Result<ask::Done, Fault> {
    let web = my_web(step, &asked.web)?;
    let unknown = || PeopleError::NothingCutOff { web: asked.web.clone(), act: asked.act.clone() };
    let found = all(step.view(), web)?.into_iter().find(|(lost, _)| {
        asked.act.len() >= ID_PREFIX_MIN && lost.entry.to_string().starts_with(&asked.act.to_lowercase())
    });
    let (lost, view) = found.ok_or_else(unknown)?;
    let name = asked.web.clone();
    match lost.again {
        Again::Role(person, role) => {
            let again = ask::SetRole { web: name, person: person.to_string(), role };
            crate::acts::set_role(people, step, &again)
        }
        Again::Admission(person) => {
            crate::acts::accept(people, step, &ask::Accept { web: name, person: person.to_string() })
        }
        Again::Removal(person) => {
            let again = ask::Remove { web: name, person: person.to_string() };
            let done = crate::acts::remove(people, step, &again)?;
            Ok(ask::Done { what: done.what })
        }
        Again::Join(person, role) => {
            let label = if view.who.is_empty() { person.short() } else { view.who };
            meeting::invite_again(people, step, &name, (person, &label, role))
        }
    }
}
