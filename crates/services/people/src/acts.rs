//! What a person asks for that changes something: names, webs, invitations, roles, removals.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use api::Operation as _;
use api::{people as ask, persons};
use base::{ByteCount, DeviceId, EntryId, Fault, PersonId, TicketId, WebId};
use kernel::{AskId, Step};
use serde::de::DeserializeOwned;
use wire::address::is_relay;
use wire::crypto::SignKey;
use wire::entry::Log;
use wire::governance::{Action, Admission, Cut, Operation, Role};
use wire::ticket::{Door, Ticket};

use crate::apply;
use crate::body::Body;
use crate::evaluate::State;
use crate::fault::PeopleError;
use crate::service::{People, checked_name, publish};
use crate::tables::{KEPT, ME, MeRecord, NAMES, Standing, WEB_NAMES, WEBS, WebRecord};
use crate::{cosigning, dissolving, meeting, petnames, reader, safety};

/// Members named in an invitation besides the one who invites. Each costs about 70 characters of the QR code.
const OTHER_DOORS_MAX: usize = 3;

/// Addresses of each door in an invitation.
pub(crate) const DOOR_ADDRESSES_MAX: usize = 4;

/// Hours an invitation is good for, if nobody says.
const HOURS: u32 = 168;

/// Answers one question.
pub(crate) fn asked(
    people: &mut People,
    step: &mut Step<'_>,
    id: AskId,
    operation: &str,
    arguments: serde_json::Value,
) -> Result<(), Fault> {
    match operation {
        ask::Introduce::NAME => {
            let answer = introduce(step, &read(operation, arguments)?)?;
            step.reply(id, &answer);
        }
        ask::StartWeb::NAME => {
            let answer = start_web(people, step, &read(operation, arguments)?)?;
            step.reply(id, &answer);
        }
        ask::Invite::NAME => {
            let answer = invite(people, step, &read(operation, arguments)?)?;
            step.reply(id, &answer);
        }
        ask::Revoke::NAME => {
            let answer = revoke(people, step, &read(operation, arguments)?)?;
            step.reply(id, &answer);
        }
        ask::Join::NAME => {
            let join: ask::Join = read(operation, arguments)?;
            let web = People::begin_join(step, &join.link)?;
            let answer = reader::joining(step.view(), web)?;
            step.reply(id, &answer);
        }
        ask::Accept::NAME => {
            let answer = accept(people, step, &read(operation, arguments)?)?;
            step.reply(id, &answer);
        }
        ask::SetRole::NAME => {
            let answer = set_role(people, step, &read(operation, arguments)?)?;
            step.reply(id, &answer);
        }
        ask::HandOver::NAME => {
            let answer = hand_over(people, step, &read(operation, arguments)?)?;
            step.reply(id, &answer);
        }
        ask::Remove::NAME => {
            let answer = remove(people, step, &read(operation, arguments)?)?;
            step.reply(id, &answer);
        }
        ask::Serve::NAME => {
            let answer = people.serve(step, &read(operation, arguments)?)?;
            step.reply(id, &answer);
        }
        persons::NamePerson::NAME => {
            let answer = petnames::name(step, &read(operation, arguments)?)?;
            people.say_marks_everywhere(step)?;
            step.reply(id, &answer);
        }
        persons::Verify::NAME => {
            let answer = safety::verify(step, &read(operation, arguments)?)?;
            people.say_marks_everywhere(step)?;
            step.reply(id, &answer);
        }
        _ => return asked_of_devices(people, step, id, (operation, arguments)),
    }
    Ok(())
}

/// Answers what changes which computers are this person's.
fn asked_of_devices(
    people: &mut People,
    step: &mut Step<'_>,
    id: AskId,
    (operation, arguments): (&str, serde_json::Value),
) -> Result<(), Fault> {
    match operation {
        ask::AddDevice::NAME => {
            let ask::AddDevice {} = read(operation, arguments)?;
            let answer = people.add_device(step)?;
            step.reply(id, &answer);
        }
        ask::Pair::NAME => {
            let answer = People::pair(step, &read(operation, arguments)?)?;
            step.reply(id, &answer);
        }
        ask::RevokeDevice::NAME => {
            let answer = people.revoke_device(step, &read(operation, arguments)?)?;
            step.reply(id, &answer);
        }
        ask::NameDevice::NAME => {
            let answer = People::name_device(step, &read(operation, arguments)?)?;
            step.reply(id, &answer);
        }
        ask::ChangeWords::NAME => {
            let answer = people.change_words(step, &read(operation, arguments)?)?;
            step.reply(id, &answer);
        }
        ask::Recover::NAME => {
            let answer = People::recover(step, &read(operation, arguments)?)?;
            step.reply(id, &answer);
        }
        _ => return asked_together(people, step, id, (operation, arguments)),
    }
    Ok(())
}

/// Answers what changes who is in a web with whom, in one step of several.
fn asked_together(
    people: &mut People,
    step: &mut Step<'_>,
    id: AskId,
    (operation, arguments): (&str, serde_json::Value),
) -> Result<(), Fault> {
    match operation {
        persons::StartWebWith::NAME => {
            let answer = meeting::start_web_with(people, step, &read(operation, arguments)?)?;
            step.reply(id, &answer);
        }
        persons::Enter::NAME => {
            let answer = meeting::enter(step, &read(operation, arguments)?)?;
            step.reply(id, &answer);
        }
        persons::Decline::NAME => {
            let answer = meeting::decline(step, &read(operation, arguments)?)?;
            step.reply(id, &answer);
        }
        persons::Dissolve::NAME => {
            let answer = dissolving::dissolve(people, step, &read(operation, arguments)?)?;
            step.reply(id, &answer);
        }
        persons::Dismiss::NAME => {
            let answer = cosigning::dismiss(people, step, &read(operation, arguments)?)?;
            step.reply(id, &answer);
        }
        persons::Restore::NAME => {
            let answer = crate::restoring::restore(people, step, &read(operation, arguments)?)?;
            step.reply(id, &answer);
        }
        persons::SamePerson::NAME => {
            let answer = cosigning::same_person(people, step, &read(operation, arguments)?)?;
            step.reply(id, &answer);
        }
        ask::Leave::NAME => {
            let answer = leave(people, step, &read(operation, arguments)?)?;
            step.reply(id, &answer);
        }
        _ => return Err(PeopleError::UnknownOperation { operation: operation.to_owned() }.into()),
    }
    Ok(())
}

/// Reads the arguments of an operation.
pub(crate) fn read<T: DeserializeOwned>(operation: &str, arguments: serde_json::Value) -> Result<T, Fault> {
    serde_json::from_value(arguments).map_err(|why| {
        PeopleError::BadArguments { operation: operation.to_owned(), why: why.to_string() }.into()
    })
}

fn introduce(step: &mut Step<'_>, asked: &ask::Introduce) -> Result<ask::Me, Fault> {
    let name = checked_name(&asked.name)?;
    if let Some(me) = ME.get(step.view(), &())? {
        let person = me.person;
        ME.put(step.rows(), &(), &MeRecord { name: name.clone(), ..me });
        for web in People::my_webs(step)? {
            publish(step, web, &Body::Profile { name: name.clone() })?;
            NAMES.put(step.rows(), &(web, person), &name);
            if apply::relabel(step, web)? {
                step.announce(crate::Told::Members { web }.to_bytes());
            }
            step.emit("people.changed", &serde_json::json!({ "web": web }));
        }
    }
    reader::me(step.view(), step.me())
}

pub(crate) fn start_web(
    people: &mut People,
    step: &mut Step<'_>,
    asked: &ask::StartWeb,
) -> Result<ask::WebView, Fault> {
    let name = checked_name(&asked.name)?;
    let nonce = EntryId::new(step.random("genesis"));
    let identity = crate::devices::identity(step)?;
    let chain = identity.chain();
    let action = Action::Genesis { nonce, inception: identity.inception, chain, key: identity.key };
    let operation = Operation { deps: Vec::new(), lamport: 1, time: step.now(), action };
    let web = records::found_web(step, &operation)?;
    let now = step.now();
    let record = WebRecord {
        label: String::new(),
        suggested: name.clone(),
        standing: Standing::Joining,
        members: 0,
        has_key: false,
        since: now,
        founder: Some(step.me()),
    };
    WEBS.put(step.rows(), &web, &record);
    // Evaluating it makes this person a member and, as a key is due, the first epoch.
    people.update(step, web)?;
    let person = crate::read::my_person(step.view())?;
    if let Some(person) = person {
        WEB_NAMES.put(step.rows(), &(web, person), &name);
    }
    publish(step, web, &Body::WebName { name })?;
    apply::relabel_web(step, web)?;
    reader::web(step.view(), web)
}

/// Finds a web where this peer is a member now.
pub(crate) fn my_web(step: &Step<'_>, name: &str) -> Result<WebId, Fault> {
    web_with(step, name, |standing| standing == Standing::Member)
}

/// Finds a web where this peer stands in a certain way.
pub(crate) fn web_with(step: &Step<'_>, name: &str, is_right: fn(Standing) -> bool) -> Result<WebId, Fault> {
    let Some(web) = crate::read::web_named(step.view(), name)? else {
        return Err(PeopleError::UnknownWeb { name: name.to_owned() }.into());
    };
    let standing = WEBS.get(step.view(), &web)?.map(|record| record.standing);
    standing
        .is_some_and(is_right)
        .then_some(web)
        .ok_or_else(|| PeopleError::NotAMember { web: name.to_owned() }.into())
}

pub(crate) fn my_role(
    people: &mut People,
    step: &mut Step<'_>,
    web: WebId,
) -> Result<(PersonId, Role), Fault> {
    let me = step.me();
    let state = people.state(step, web)?;
    let person = state.devices.get(&me).copied();
    let role = person.and_then(|person| Some((person, state.role(person)?)));
    match role {
        Some(role) => Ok(role),
        None => Err(PeopleError::NotAMember { web: crate::read::web_label(step.view(), web)? }.into()),
    }
}

pub(crate) fn within(field: &'static str, value: u32, (least, most): (u32, u32)) -> Result<u32, Fault> {
    let is_within = (least..=most).contains(&value);
    is_within.then_some(value).ok_or_else(|| PeopleError::OutOfLimits { field, value, least, most }.into())
}

pub(crate) fn invite(
    people: &mut People,
    step: &mut Step<'_>,
    asked: &ask::Invite,
) -> Result<ask::Invitation, Fault> {
    let web = my_web(step, &asked.web)?;
    let uses = within("uses", asked.uses.unwrap_or(1), (1, 10_000))?;
    let hours = within("hours", asked.hours.unwrap_or(HOURS), (1, 8_760))?;
    let role = asked.role.unwrap_or(ask::Role::Member);
    let (_, mine) = my_role(people, step, web)?;
    let label = crate::read::web_label(step.view(), web)?;
    if mine < Role::Admin || (role > ask::Role::Member && mine < Role::Owner) {
        let needed = if role > ask::Role::Member { "owner" } else { "admin" };
        return Err(PeopleError::NotAllowed { act: "invite", web: label, needed }.into());
    }
    let secret = step.random("ticket");
    let ticket = TicketId::new(SignKey::from_seed(&secret).public());
    let expires = step.now().after(Duration::from_secs(u64::from(hours) * 3_600));
    let admission = if asked.approve { Admission::Approve } else { Admission::Open };
    let action = Action::Invite { ticket, role: reader::wire_role(role), expires, uses, admission };
    people.act(step, web, action)?;
    let link = format!("althing:{}", ticket_text(step, Ticket::new(web, secret, expires))?);
    Ok(ask::Invitation { link, web: label, role, uses, expires, id: ticket })
}

/// Fills in doors and names, as many as fit.
fn ticket_text(step: &Step<'_>, mut ticket: Ticket) -> Result<String, Fault> {
    let web = ticket.web;
    let me = step.me();
    if let Some(mine) = ME.get(step.view(), &())? {
        ticket.inviter.clone_from(&mine.name);
        let addresses = with_relay(mine.addresses, DOOR_ADDRESSES_MAX);
        ticket.doors.push(Door { device: me, addresses });
    }
    ticket.web_name = crate::read::web_label(step.view(), web)?;
    ticket.doors.extend(other_doors(step.view(), (&[web], me), OTHER_DOORS_MAX)?);
    loop {
        let text = ticket.to_text();
        if Ticket::from_text(&text).is_ok_and(|read| read == ticket) {
            return Ok(text);
        }
        // Too long for a ticket: the last door goes.
        if ticket.doors.pop().is_none() {
            return Ok(text);
        }
    }
}

/// Returns where other members of some webs are found, those first who are here now: they are more likely to answer.
pub(crate) fn other_doors(
    rows: &dyn store::Rows,
    (webs, me): (&[WebId], DeviceId),
    count: usize,
) -> Result<Vec<Door>, Fault> {
    let mut others = Vec::new();
    for web in webs {
        let members = crate::read::members(rows, *web)?.into_iter();
        for member in members.filter(|member| member.role >= Some(Role::Member)) {
            for device in member.devices.into_iter().filter(|device| *device != me) {
                let addresses = crate::read::addresses_of(rows, *web, device)?;
                if !addresses.is_empty() {
                    others.push((!records::is_connected(rows, device)?, device, addresses));
                }
            }
        }
    }
    others.sort_by_key(|(is_away, ..)| *is_away);
    let mut seen = BTreeSet::new();
    others.retain(|(_, device, _)| seen.insert(*device));
    let door = |(_, device, addresses)| Door { device, addresses: with_relay(addresses, 2) };
    Ok(others.into_iter().take(count).map(door).collect())
}

/// Keeps the first addresses, a relay among them: somebody behind a router can be reached by nothing else.
pub(crate) fn with_relay(addresses: Vec<String>, count: usize) -> Vec<String> {
    let (relays, direct): (Vec<String>, Vec<String>) = addresses.into_iter().partition(|text| is_relay(text));
    let room = count.saturating_sub(relays.len().min(1));
    direct.into_iter().take(room).chain(relays.into_iter().take(1)).collect()
}

fn revoke(people: &mut People, step: &mut Step<'_>, asked: &ask::Revoke) -> Result<ask::Done, Fault> {
    let web = my_web(step, &asked.web)?;
    let (mine, _) = my_role(people, step, web)?;
    let state = people.state(step, web)?;
    let named = state.invitations.iter().filter(|(ticket, _)| {
        asked.invitation.len() >= 4 && ticket.to_string().starts_with(&asked.invitation)
    });
    let found: Vec<_> =
        named.map(|(ticket, invitation)| (*ticket, invitation.by, invitation.revoked)).collect();
    let [(ticket, by, revoked)] = found[..] else {
        let id = asked.invitation.clone();
        return Err(PeopleError::UnknownInvitation { web: asked.web.clone(), id }.into());
    };
    if revoked.is_some() {
        return Err(PeopleError::InvitationEnded.into());
    }
    if by != mine && !state.outranks(mine, by) {
        let person = crate::read::label_of(step.view(), web, by)?;
        let web = asked.web.clone();
        return Err(PeopleError::Outranked { act: "end the invitation of", person, web }.into());
    }
    people.act(step, web, Action::RevokeInvite { ticket })?;
    Ok(ask::Done { what: "The invitation has ended. Nobody can join by it any more.".to_owned() })
}

pub(crate) fn accept(
    people: &mut People,
    step: &mut Step<'_>,
    asked: &ask::Accept,
) -> Result<ask::Done, Fault> {
    let web = my_web(step, &asked.web)?;
    let (_, mine) = my_role(people, step, web)?;
    if mine < Role::Admin {
        return Err(PeopleError::NotAllowed { act: "admit", web: asked.web.clone(), needed: "admin" }.into());
    }
    let state = people.state(step, web)?;
    let named = state.waiting.iter().filter(|(_, waiting)| {
        asked.person.len() >= 4 && waiting.facts.person.to_string().starts_with(&asked.person)
    });
    // Somebody who has asked twice is one person.
    let found: BTreeMap<PersonId, EntryId> =
        named.map(|(join, waiting)| (waiting.facts.person, *join)).collect();
    let found: Vec<_> = found.into_iter().collect();
    let [(person, join)] = found[..] else {
        return Err(PeopleError::NobodyWaits { web: asked.web.clone(), id: asked.person.clone() }.into());
    };
    people.act(step, web, Action::Accept { join })?;
    let short = person.short();
    Ok(ask::Done {
        what: format!("{short} is admitted to {} and gets the keys when it asks again.", asked.web),
    })
}

/// Finds a member that is not gone.
pub(crate) fn member_named(
    step: &Step<'_>,
    web: WebId,
    (web_name, name): (&str, &str),
) -> Result<PersonId, Fault> {
    let person = crate::read::person_named(step.view(), web, name)?;
    let unknown = || PeopleError::UnknownPerson { web: web_name.to_owned(), name: name.to_owned() };
    let person = person.ok_or_else(unknown)?;
    let is_member = crate::read::role_or_carrier(step.view(), web, person)?.is_some();
    if is_member { Ok(person) } else { Err(unknown().into()) }
}

pub(crate) fn set_role(
    people: &mut People,
    step: &mut Step<'_>,
    asked: &ask::SetRole,
) -> Result<ask::Done, Fault> {
    let web = my_web(step, &asked.web)?;
    let person = member_named(step, web, (&asked.web, &asked.person))?;
    let role = reader::wire_role(asked.role);
    let (mine, my_role) = my_role(people, step, web)?;
    let label = crate::read::label_of(step.view(), web, person)?;
    let state = people.state(step, web)?;
    let theirs = state.role(person);
    let owners = state.by_seniority().iter().filter(|(_, member)| member.role() == Some(Role::Owner)).count();
    if theirs == Some(role) {
        return Err(PeopleError::SameRole { person: label, role: reader::role_word(asked.role) }.into());
    }
    if theirs == Some(Role::Carrier) || role == Role::Carrier {
        return Err(PeopleError::CarrierStays { person: label }.into());
    }
    let steps_down = person == mine && Some(role) < theirs;
    if steps_down && theirs == Some(Role::Owner) && owners == 1 {
        return Err(PeopleError::LastOwner { web: asked.web.clone() }.into());
    }
    if role > Role::Member && my_role < Role::Owner && !steps_down {
        return Err(PeopleError::NotAllowed {
            act: "give that role",
            web: asked.web.clone(),
            needed: "owner",
        }
        .into());
    }
    if !steps_down && !state.outranks(mine, person) {
        let act = "change the role of";
        return Err(PeopleError::Outranked { act, person: label, web: asked.web.clone() }.into());
    }
    let is_demotion = Some(role) < theirs && !steps_down;
    let cuts = if is_demotion { governance_cuts(state, &devices_of(state, person)) } else { Vec::new() };
    people.act(step, web, Action::SetRole { person, role, cuts })?;
    let hidden = match role {
        Role::Guest => " A guest reads everything; what it shared is not shown while it is one.",
        _ => "",
    };
    let role = reader::role_word(asked.role);
    Ok(ask::Done { what: format!("{label} is now {role} in {}.{hidden}", asked.web) })
}

/// Makes another person owner, and then oneself an admin: in one step, so that the web is never without an owner.
fn hand_over(people: &mut People, step: &mut Step<'_>, asked: &ask::HandOver) -> Result<ask::Done, Fault> {
    let web = my_web(step, &asked.web)?;
    let (mine, my_role) = my_role(people, step, web)?;
    if my_role < Role::Owner {
        let act = "hand over";
        return Err(PeopleError::NotAllowed { act, web: asked.web.clone(), needed: "owner" }.into());
    }
    let person = member_named(step, web, (&asked.web, &asked.person))?;
    if person == mine {
        return Err(PeopleError::NotOfYourself { act: "hand the web over to" }.into());
    }
    if people.state(step, web)?.role(person) != Some(Role::Owner) {
        let (web, person) = (asked.web.clone(), asked.person.clone());
        set_role(people, step, &ask::SetRole { web, person, role: ask::Role::Owner })?;
    }
    people.act(step, web, Action::SetRole { person: mine, role: Role::Admin, cuts: Vec::new() })?;
    let label = crate::read::label_of(step.view(), web, person)?;
    Ok(ask::Done { what: format!("{label} owns {} now, and you are admin there.", asked.web) })
}

/// Names the last governance entry known of each of some devices.
pub(crate) fn governance_cuts(state: &State, devices: &[DeviceId]) -> Vec<Cut> {
    let mut cuts: Vec<Cut> = devices
        .iter()
        .filter_map(|device| {
            let (seq, entry) = *state.chains.get(device)?;
            Some(Cut { device: *device, log: Log::Governance, seq, entry })
        })
        .collect();
    cuts.sort_unstable();
    cuts
}

/// Adds the last records entry known of each of some devices.
pub(crate) fn with_records(
    step: &Step<'_>,
    web: WebId,
    (mut cuts, devices): (Vec<Cut>, &[DeviceId]),
) -> Result<Vec<Cut>, Fault> {
    for head in records::heads(step.view(), web)? {
        if head.log == Log::Records && devices.contains(&head.device) {
            cuts.push(Cut { device: head.device, log: head.log, seq: head.seq, entry: head.entry });
        }
    }
    cuts.sort_unstable();
    Ok(cuts)
}

pub(crate) fn devices_of(state: &State, person: PersonId) -> Vec<DeviceId> {
    state.members.get(&person).map(|member| member.devices.clone()).unwrap_or_default()
}

pub(crate) fn remove(
    people: &mut People,
    step: &mut Step<'_>,
    asked: &ask::Remove,
) -> Result<ask::Removed, Fault> {
    let web = my_web(step, &asked.web)?;
    let person = member_named(step, web, (&asked.web, &asked.person))?;
    let (mine, my_role) = my_role(people, step, web)?;
    if person == mine {
        return Err(PeopleError::RemoveYourself { web: asked.web.clone() }.into());
    }
    if my_role < Role::Admin {
        return Err(PeopleError::NotAllowed { act: "remove", web: asked.web.clone(), needed: "admin" }.into());
    }
    let label = crate::read::label_of(step.view(), web, person)?;
    let state = people.state(step, web)?;
    if !state.outranks(mine, person) {
        return Err(PeopleError::Outranked { act: "remove", person: label, web: asked.web.clone() }.into());
    }
    let devices = devices_of(state, person);
    let cuts = with_records(step, web, (governance_cuts(state, &devices), &devices))?;
    // The evaluation that follows tells records and the network, and makes the key that is due, all in this batch.
    people.act(step, web, Action::Remove { person, cuts })?;
    let kept = KEPT.get(step.view(), &(web, person))?.unwrap_or_default();
    let bytes_kept = ByteCount(kept.bytes);
    let what = format!(
        "{label} is removed from {web_name}. This computer gives {label} nothing more from now on, and the other members \
         stop as soon as they hear of it; what is written from now on is sealed under a new key. {label} could \
         already have every listing, name and file of {web_name} up to now, because all members can read all of a web: \
         {kept} Nothing can take that back.",
        web_name = asked.web,
        kept = match kept.files {
            0 => format!("{label}'s computer has not said that it kept any file."),
            files => format!("{label}'s computer said that it kept {files} files, {bytes_kept}."),
        },
    );
    Ok(ask::Removed { what, files_kept: kept.files, bytes_kept })
}

fn leave(people: &mut People, step: &mut Step<'_>, asked: &ask::Leave) -> Result<ask::Done, Fault> {
    let web = web_with(step, &asked.web, Standing::is_in)?;
    let (_, role) = my_role(people, step, web)?;
    let members = people.state(step, web)?.by_seniority();
    let owners = members.iter().filter(|(_, member)| member.role() == Some(Role::Owner)).count();
    let readers = members.iter().filter(|(_, member)| member.reads()).count();
    if role == Role::Owner && owners == 1 && readers > 1 {
        return Err(PeopleError::LastOwner { web: asked.web.clone() }.into());
    }
    people.act(step, web, Action::Leave)?;
    let what = format!(
        "You have left {}. What you kept stays on this computer; the others keep what you had shared with them so far.",
        asked.web
    );
    Ok(ask::Done { what })
}
