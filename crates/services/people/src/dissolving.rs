//! Ends a web: everybody is removed at once, and its owner leaves when the others had time to hear of it.

use std::time::Duration;

use api::people::Done;
use api::persons::Dissolve;
use base::{Fault, PersonId, TicketId, WebId};
use kernel::Step;
use wire::governance::{Action, Role};

use crate::acts::{devices_of, governance_cuts, my_role, my_web, with_records};
use crate::fault::PeopleError;
use crate::service::People;

/// Members and open invitations that one step ends at most: each is an operation that is evaluated at once.
const ENDED_MAX: usize = 64;

/// How long those who are connected have to hear that they were removed: who leaves says nothing more.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// Alarm, followed by a web: leave it.
pub(crate) const LEAVE: &str = "dissolved ";

/// Leaves a web that this person has dissolved, unless somebody came in again.
pub(crate) fn leave(people: &mut People, step: &mut Step<'_>, web: WebId) -> Result<(), Fault> {
    let me = step.me();
    let state = people.state(step, web)?;
    let mine = state.devices.get(&me).copied();
    let is_alone = state.by_seniority().iter().all(|(person, _)| Some(*person) == mine);
    if is_alone && mine.is_some_and(|mine| state.role(mine).is_some()) {
        people.mint_no_more();
        people.append(step, web, Action::Leave)?;
    }
    Ok(())
}

/// Removes all others, ends the own invitations, and leaves.
pub(crate) fn dissolve(people: &mut People, step: &mut Step<'_>, asked: &Dissolve) -> Result<Done, Fault> {
    let web = my_web(step, &asked.web)?;
    let (mine, role) = my_role(people, step, web)?;
    if role < Role::Owner {
        let act = "dissolve the web";
        return Err(PeopleError::NotAllowed { act, web: asked.web.clone(), needed: "owner" }.into());
    }
    let state = people.state(step, web)?;
    let others: Vec<PersonId> =
        state.by_seniority().iter().map(|(person, _)| *person).filter(|person| *person != mine).collect();
    let is_open = |invitation: &crate::evaluate::Invitation| {
        invitation.by == mine && invitation.revoked.is_none() && invitation.used < invitation.uses
    };
    let open: Vec<TicketId> =
        state.invitations.iter().filter(|(_, one)| is_open(one)).map(|(ticket, _)| *ticket).collect();
    let senior = others.iter().copied().find(|person| !state.outranks(mine, *person));
    if others.len() + open.len() > ENDED_MAX {
        let what = "members and open invitations to end in one step";
        return Err(PeopleError::TooMany { what, most: ENDED_MAX }.into());
    }
    if let Some(senior) = senior {
        let person = crate::read::label_of(step.view(), web, senior)?;
        return Err(PeopleError::Outranked { act: "remove", person, web: asked.web.clone() }.into());
    }
    people.mint_no_more();
    for ticket in open {
        people.act(step, web, Action::RevokeInvite { ticket })?;
    }
    // Juniors first: who is still there at the end outranks all who went before.
    for person in others.iter().rev().copied() {
        let state = people.state(step, web)?;
        let devices = devices_of(state, person);
        let cuts = with_records(step, web, (governance_cuts(state, &devices), &devices))?;
        people.act(step, web, Action::Remove { person, cuts })?;
    }
    match others.is_empty() {
        true => drop(people.act(step, web, Action::Leave)?),
        false => step.alarm(LAST_WORDS, format!("{LEAVE}{web}")),
    }
    let gone = match others.len() {
        0 => "Nobody else was in it.".to_owned(),
        1 => "The other person is removed and can read nothing new.".to_owned(),
        count => format!("The other {count} people are removed and can read nothing new."),
    };
    let what = format!(
        "{} is dissolved. {gone} What each one has kept stays on their computer, yours on this one; nothing can take \
         that back.",
        asked.web
    );
    Ok(Done { what })
}
