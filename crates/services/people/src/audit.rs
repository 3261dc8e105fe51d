//! The audit log of a web in words: every act that changed who belongs to it, and which of them do not count.

use api::people as ask;
use base::{Fault, PersonId, TicketId, WebId};
use store::{Rows, StoreError};

use crate::evaluate::{Act, Op, State, evaluate};
use crate::history;
use crate::reader::{api_role, role_word};

/// Returns all acts, oldest first by causality. Reads every governance entry: for looking, not for the loop.
pub(crate) fn audit(rows: &dyn Rows, web: WebId) -> Result<ask::Audit, Fault> {
    let mut ops = history::read_all(rows, web)?;
    let evaluation = evaluate(web, ops.clone());
    ops.sort_by_key(Op::place);
    let mut acts = Vec::with_capacity(ops.len());
    for op in &ops {
        let person = evaluation.state.person_of(op.author).or(newcomer(op));
        let by = match person {
            Some(person) => crate::read::label_of(rows, web, person)?,
            None => op.author.short(),
        };
        let mut what = words(rows, web, op, &evaluation.state)?;
        let void = evaluation.void.get(&op.id);
        if let Some(why) = void {
            what.push_str(", which does not count: ");
            what.push_str(why.words());
        }
        acts.push(ask::AuditView {
            at: op.time,
            by,
            what,
            is_void: void.is_some(),
            why_void: void.map(|why| why.words().to_owned()).unwrap_or_default(),
            kind: kind(&op.act).to_owned(),
            person,
            about: about(&op.act, &evaluation.state),
            device: op.author,
            entry: op.id,
        });
    }
    Ok(ask::Audit { acts })
}

/// Returns who came by an operation of its own, whose device is not known before it counts.
fn newcomer(op: &Op) -> Option<PersonId> {
    match &op.act {
        Act::Join { facts: Some(facts), .. } | Act::Recover { facts: Some(facts) } => Some(facts.person),
        _ => None,
    }
}

/// Returns the kind of an act for programs; stable, unlike the words.
fn kind(act: &Act) -> &'static str {
    match act {
        Act::Genesis { .. } => "start",
        Act::Invite(_) => "invite",
        Act::RevokeInvite { .. } => "revoke-invitation",
        Act::Join { .. } => "join",
        Act::Accept { .. } => "admit",
        Act::SetRole { .. } => "role",
        Act::Remove { .. } => "remove",
        Act::Dismiss(dismiss) if dismiss.same.is_some() => "same-person",
        Act::Dismiss(_) => "dismiss",
        Act::Leave => "leave",
        Act::AddDevice { .. } => "add-device",
        Act::Revoke { words: Some(_), .. } => "new-words",
        Act::Revoke { .. } => "revoke-device",
        Act::Recover { .. } => "recover",
        Act::Serve(_) => "serve",
        Act::Epoch { .. } => "key",
    }
}

/// Returns to whom an act was done.
fn about(act: &Act, state: &State) -> Option<PersonId> {
    match act {
        Act::SetRole { person, .. } | Act::Remove { person, .. } => Some(*person),
        Act::Dismiss(dismiss) => Some(dismiss.person),
        Act::Accept { join } => state.admitted.get(join).copied(),
        _ => None,
    }
}

fn words(rows: &dyn Rows, web: WebId, op: &Op, state: &State) -> Result<String, StoreError> {
    let label = |person: PersonId| crate::read::label_of(rows, web, person);
    let short = |ticket: &TicketId| ticket.short();
    Ok(match &op.act {
        Act::Genesis { .. } => "started the web".to_owned(),
        Act::Invite(terms) => {
            let role = role_word(api_role(terms.role));
            format!("made invitation {} for {} as {role}", short(&terms.ticket), persons(terms.uses))
        }
        Act::RevokeInvite { ticket } => format!("ended invitation {}", short(ticket)),
        Act::Join { ticket, .. } => format!("joined by invitation {}", short(ticket)),
        Act::Accept { join } => match state.admitted.get(join) {
            Some(person) => format!("welcomed {}", label(*person)?),
            None => "welcomed somebody".to_owned(),
        },
        Act::SetRole { person, role, .. } => {
            format!("gave {} the role {}", label(*person)?, role_word(api_role(*role)))
        }
        Act::Remove { person, .. } => format!("removed {}", label(*person)?),
        Act::Dismiss(dismiss) => {
            let mut names = Vec::new();
            for (device, _) in &dismiss.signers {
                if let Some(signer) = state.person_of(*device) {
                    names.push(label(signer)?);
                }
            }
            names.sort();
            names.dedup();
            let (gone, with) = (label(dismiss.person)?, names.join(", "));
            match dismiss.same {
                Some(same) => format!("confirmed with {with} that {} is {gone}", label(same)?),
                None => format!("removed {gone} together with {with}"),
            }
        }
        Act::Leave => "left".to_owned(),
        Act::AddDevice { device, .. } => format!("added the device {}", device.short()),
        Act::Revoke { devices, words, .. } => {
            let gone: Vec<String> = devices.iter().map(base::DeviceId::short).collect();
            let gone = gone.join(", ");
            match (words.is_some(), devices.is_empty()) {
                (true, true) => "took new recovery words".to_owned(),
                (true, false) => format!("took new recovery words and revoked the device {gone}"),
                (false, true) => "took a new personal key".to_owned(),
                (false, false) => format!("revoked the device {gone}"),
            }
        }
        Act::Recover { .. } => "came back on a new device by the recovery words".to_owned(),
        Act::Serve(serving) => match serving.is_nothing() {
            true => "stopped serving the web with a computer".to_owned(),
            false => format!("serves the web with a computer: {}", crate::serving::words(serving)),
        },
        Act::Epoch { recipients, .. } => {
            let count = u32::try_from(recipients.len()).unwrap_or(u32::MAX);
            format!("made a new key for {}", persons(count))
        }
    })
}

fn persons(count: u32) -> String {
    if count == 1 { "1 person".to_owned() } else { format!("{count} persons") }
}
