//! Answers what a person may look up, on a snapshot.

use api::Operation as _;
use api::{people as ask, persons};
use base::{DeviceId, Fault, WebId};
use kernel::{ReadContext, Reader};
use store::{Rows, StoreError};
use wire::governance::Role;

use crate::acts::read;
use crate::audit;
use crate::fault::PeopleError;
use crate::tables::{INVITATIONS, JOINS, JoinStep, ME, PETNAMES, Standing, VERIFIED, WAITING};

/// Reads rows; holds nothing.
#[derive(Debug)]
pub(crate) struct PeopleReader;

impl Reader for PeopleReader {
    fn read(
        &self,
        context: &ReadContext<'_>,
        operation: &str,
        arguments: serde_json::Value,
    ) -> Result<serde_json::Value, Fault> {
        let rows = context.rows;
        match operation {
            ask::AskMe::NAME => {
                let ask::AskMe {} = read(operation, arguments)?;
                answer(&me(rows, context.me)?)
            }
            ask::AskWebs::NAME => {
                let ask::AskWebs {} = read(operation, arguments)?;
                answer(&webs(rows)?)
            }
            ask::AskInvitations::NAME => {
                let asked: ask::AskInvitations = read(operation, arguments)?;
                answer(&invitations(context, any_web(rows, &asked.web)?)?)
            }
            ask::AskJoining::NAME => {
                let asked: ask::AskJoining = read(operation, arguments)?;
                answer(&joining(rows, asked.id)?)
            }
            ask::AskMembers::NAME => {
                let asked: ask::AskMembers = read(operation, arguments)?;
                answer(&members(rows, any_web(rows, &asked.web)?)?)
            }
            ask::AskDevices::NAME => {
                let ask::AskDevices {} = read(operation, arguments)?;
                answer(&crate::devices::devices(rows, context.me)?)
            }
            ask::AskAddress::NAME => {
                let ask::AskAddress {} = read(operation, arguments)?;
                answer(&crate::recovering::address(rows, context.me)?)
            }
            ask::AskAudit::NAME => {
                let asked: ask::AskAudit = read(operation, arguments)?;
                answer(&audit::audit(rows, any_web(rows, &asked.web)?)?)
            }
            persons::AskSafety::NAME => answer(&crate::safety::safety(rows, &read(operation, arguments)?)?),
            persons::AskNews::NAME => {
                let asked: persons::AskNews = read(operation, arguments)?;
                let web = asked.web.map(|web| any_web(rows, &web)).transpose()?;
                answer(&crate::notices::news(rows, web)?)
            }
            persons::AskInvited::NAME => {
                let persons::AskInvited {} = read(operation, arguments)?;
                answer(&crate::meeting::invited(rows, context.now)?)
            }
            persons::AskDismissals::NAME => {
                let asked: persons::AskDismissals = read(operation, arguments)?;
                let web = any_web(rows, &asked.web)?;
                let state = crate::evaluate::evaluate(web, crate::history::read_all(rows, web)?).state;
                answer(&crate::cosigning::dismissals(rows, &state, (context.me, context.now), web)?)
            }
            persons::AskCutOff::NAME => {
                let asked: persons::AskCutOff = read(operation, arguments)?;
                answer(&crate::restoring::cut_off(rows, any_web(rows, &asked.web)?)?)
            }
            persons::AskAuditExport::NAME => {
                let asked: persons::AskAuditExport = read(operation, arguments)?;
                answer(&crate::audit_export::export(rows, any_web(rows, &asked.web)?, asked.form)?)
            }
            _ => Err(PeopleError::UnknownOperation { operation: operation.to_owned() }.into()),
        }
    }
}

fn answer<T: serde::Serialize>(answer: &T) -> Result<serde_json::Value, Fault> {
    serde_json::to_value(answer).map_err(|why| {
        Fault::new("people.answer", base::FaultKind::Broken, format!("an answer could not be written: {why}"))
    })
}

/// Finds a web by name, also one that was left.
fn any_web(rows: &dyn Rows, name: &str) -> Result<WebId, Fault> {
    let web = crate::read::web_named(rows, name)?;
    web.ok_or_else(|| PeopleError::UnknownWeb { name: name.to_owned() }.into())
}

/// Returns who this peer's person is.
pub(crate) fn me(rows: &dyn Rows, device: DeviceId) -> Result<ask::Me, Fault> {
    let me = ME.get(rows, &())?;
    let Some(me) = me else {
        return Err(Fault::new(
            "people.not-started",
            base::FaultKind::Unreachable,
            "the peer is still starting",
        ));
    };
    Ok(ask::Me { name: me.name, person: me.person, device })
}

fn webs(rows: &dyn Rows) -> Result<ask::Webs, Fault> {
    let webs = crate::read::webs(rows)?;
    Ok(ask::Webs { webs: webs.into_iter().map(|row| web(rows, row.id)).collect::<Result<_, _>>()? })
}

/// Returns one web as its person sees it.
pub(crate) fn web(rows: &dyn Rows, web: WebId) -> Result<ask::WebView, Fault> {
    let row = crate::read::web(rows, web)?;
    let Some(row) = row else { return Err(PeopleError::UnknownWeb { name: web.short() }.into()) };
    let me = crate::read::my_person(rows)?;
    let role = match me {
        Some(me) if row.standing.is_in() => crate::read::role_or_carrier(rows, web, me)?,
        _ => None,
    };
    let mut here = 0;
    if row.standing == Standing::Member {
        for member in crate::read::members(rows, web)? {
            here += u64::from(member.role.is_some() && is_here(rows, me, &member)?);
        }
    }
    let note = match row.standing {
        Standing::Member if !row.has_key => "waiting for a member to hand over the keys",
        Standing::Member => "",
        Standing::Carrier => "this computer carries for it and can't read it",
        Standing::Joining => "joining",
        Standing::Removed => "you were removed",
        Standing::Left => "you have left",
    };
    let members = if row.standing == Standing::Joining { 0 } else { row.members };
    Ok(ask::WebView {
        name: row.label,
        role: role.map(api_role),
        members,
        here,
        note: note.to_owned(),
        id: web,
    })
}

fn is_here(
    rows: &dyn Rows,
    me: Option<base::PersonId>,
    member: &crate::read::MemberRow,
) -> Result<bool, StoreError> {
    if Some(member.person) == me {
        return Ok(true);
    }
    for device in &member.devices {
        if records::is_connected(rows, *device)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn invitations(context: &ReadContext<'_>, web: WebId) -> Result<ask::Invitations, Fault> {
    let rows = context.rows;
    let mut found = Vec::new();
    for row in INVITATIONS.within(rows, &web) {
        let ((_, id), record) = row?;
        let state = if record.is_revoked {
            "revoked"
        } else if record.used >= record.uses {
            "used up"
        } else if context.now > record.expires {
            "expired"
        } else {
            "open"
        };
        let view = ask::InvitationView {
            by: crate::read::label_of(rows, web, record.by)?,
            role: api_role(record.role),
            used: record.used,
            uses: record.uses,
            expires: record.expires,
            approve: record.approve.unwrap_or_default(),
            state: state.to_owned(),
            id,
        };
        found.push((record.lamport, view));
    }
    found.sort_by_key(|(lamport, view)| std::cmp::Reverse((*lamport, view.id)));
    let mut waiting = Vec::new();
    for row in WAITING.within(rows, &web) {
        let (_, record) = row?;
        waiting.push(ask::WaitingView { person: record.person, since: record.since });
    }
    Ok(ask::Invitations { invitations: found.into_iter().map(|(_, view)| view).collect(), waiting })
}

/// Returns how a join gets on.
pub(crate) fn joining(rows: &dyn Rows, web: WebId) -> Result<ask::Joining, Fault> {
    let Some(join) = JOINS.get(rows, &web)? else { return Err(PeopleError::NotJoining.into()) };
    let label = crate::read::web_label(rows, web)?;
    let has_key = crate::read::web(rows, web)?.is_some_and(|row| row.has_key);
    let (state, why) = match join.step {
        JoinStep::Asking if join.attempts > 1 => (
            ask::JoinState::Asking,
            "nobody named in the invitation has answered yet; trying again".to_owned(),
        ),
        JoinStep::Asking => (ask::JoinState::Asking, "asking the members named in the invitation".to_owned()),
        JoinStep::Waiting => (ask::JoinState::Waiting, join.why),
        JoinStep::Member if !has_key => {
            (ask::JoinState::Member, "waiting for a member to hand over the keys".to_owned())
        }
        JoinStep::Member => (ask::JoinState::Member, String::new()),
        JoinStep::Refused => (ask::JoinState::Refused, join.why),
    };
    let is_over = matches!(join.step, JoinStep::Member | JoinStep::Refused);
    Ok(ask::Joining { id: web, web: label, inviter: join.inviter, state, why, is_over })
}

fn members(rows: &dyn Rows, web: WebId) -> Result<ask::Members, Fault> {
    let me = crate::read::my_person(rows)?;
    let mut views = Vec::new();
    for member in crate::read::everybody(rows, web)? {
        let mut last_heard = None;
        for device in &member.devices {
            last_heard = last_heard.max(records::last_heard(rows, *device)?);
        }
        let is_here = is_here(rows, me, &member)?;
        let own_name = crate::read::name_of(rows, web, member.person)?.unwrap_or_default();
        views.push(ask::MemberView {
            own_name: if own_name == member.label { String::new() } else { own_name },
            petname: PETNAMES.get(rows, &member.person)?,
            verified: VERIFIED.get(rows, &member.person)?,
            name: member.label,
            role: member.role.map(api_role),
            is_me: Some(member.person) == me,
            is_here,
            last_heard,
            id: member.person,
        });
    }
    Ok(ask::Members { members: views })
}

/// Returns a role as persons meet it.
pub(crate) fn api_role(role: Role) -> ask::Role {
    match role {
        Role::Carrier => ask::Role::Carrier,
        Role::Guest => ask::Role::Guest,
        Role::Member => ask::Role::Member,
        Role::Admin => ask::Role::Admin,
        Role::Owner => ask::Role::Owner,
    }
}

/// Returns a role as operations carry it.
pub(crate) fn wire_role(role: ask::Role) -> Role {
    match role {
        ask::Role::Carrier => Role::Carrier,
        ask::Role::Guest => Role::Guest,
        ask::Role::Member => Role::Member,
        ask::Role::Admin => Role::Admin,
        ask::Role::Owner => Role::Owner,
    }
}

/// Returns a role in words.
pub(crate) fn role_word(role: ask::Role) -> &'static str {
    match role {
        ask::Role::Carrier => "carrier",
        ask::Role::Guest => "guest",
        ask::Role::Member => "member",
        ask::Role::Admin => "admin",
        ask::Role::Owner => "owner",
    }
}
