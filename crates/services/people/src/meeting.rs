//! Webs with people I know, in one step: each gets an invitation, sealed to that person, through a web we have in common
//! (spec tickets rules 30 to 35). Not for: how a join goes on (`joining`), or what sealing is (`sealed`).

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::time::Duration;

use api::people::{Done, Invite, Joining, StartWeb, WebView};
use api::persons::{Decline, Enter, Invited, InvitedView, StartWebWith};
use base::{DeviceId, Fault, PersonId, Timestamp, WebId};
use kernel::Step;
use minicbor::{Decode, Encode};
use store::{Rows, StoreError};
use wire::ticket::Ticket;

use crate::acts::{DOOR_ADDRESSES_MAX, invite, start_web, with_relay};
use crate::body::Body;
use crate::cosigning::Agreement;
use crate::fault::PeopleError;
use crate::petnames::anywhere;
use crate::reader;
use crate::sealed::{PERSONS_MAX, PLAIN_SIZE_MAX, Sealed};
use crate::service::{People, publish};
use crate::tables::{INVITED, InvitedRecord, NOTES_TRIED, Standing, TriedRecord, WEBS};

/// Hours such an invitation is good for: who is asked may be away for weeks.
const HOURS: u32 = 30 * 24;

/// Notes of one device tried on one day at most; each costs up to 16 key agreements, about a millisecond.
const TRIED_MAX: u32 = 64;

/// Invitations kept of one person at most, and of all.
const OF_ONE_MAX: usize = 8;
const OF_ALL_MAX: usize = 64;

/// Fewer digits than this would name a web by accident.
const ID_PREFIX_MIN: usize = 4;

const DAY: Duration = Duration::from_hours(24);

/// What is inside of a sealed note.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) enum Note {
    /// Come into a web.
    #[n(0)]
    Invitation {
        /// A ticket, as spec tickets rule 1.
        #[n(0)]
        ticket: String,
    },
    /// A signature that takes several.
    #[n(1)]
    Agreement {
        #[n(0)]
        agreement: Agreement,
    },
}

/// Somebody to be invited.
struct Guest {
    person: PersonId,
    /// A web we have in common.
    through: WebId,
    key: [u8; 32],
}

/// Starts a web and invites people to it, each by a ticket of its own for one use.
pub(crate) fn start_web_with(
    people: &mut People,
    step: &mut Step<'_>,
    asked: &StartWebWith,
) -> Result<WebView, Fault> {
    let guests = guests(people, step, &asked.persons)?;
    let web = start_web(people, step, &StartWeb { name: asked.name.clone() })?;
    for guest in guests {
        let terms =
            Invite { web: web.name.clone(), role: None, uses: Some(1), hours: Some(HOURS), approve: false };
        let invitation = invite(people, step, &terms)?;
        send_invitation(step, &guest, &invitation, &web.name)?;
    }
    reader::web(step.view(), web.id)
}

/// Invites somebody again whose admission was cut off: sealed, in a web that both belong to, or else by a link to hand over.
pub(crate) fn invite_again(
    people: &mut People,
    step: &mut Step<'_>,
    web: &str,
    (person, label, role): (PersonId, &str, api::people::Role),
) -> Result<Done, Fault> {
    let through = guests(people, step, &[person.to_string()]).ok().and_then(|mut guests| guests.pop());
    let terms =
        Invite { web: web.to_owned(), role: Some(role), uses: Some(1), hours: Some(HOURS), approve: false };
    let invitation = invite(people, step, &terms)?;
    let what = match through {
        Some(guest) => {
            send_invitation(step, &guest, &invitation, web)?;
            let common = crate::read::web_label(step.view(), guest.through)?;
            format!(
                "{label} is asked to come back to {web}: an invitation for one use waits, sealed, in {common}."
            )
        }
        None => format!(
            "You and {label} are in no other web together: hand over this invitation, which is good once and for 30 days. A computer that has \
             written more into {web} than it holds here, or has not heard of the removal, cannot use it yet. {}",
            invitation.link
        ),
    };
    Ok(Done { what })
}

fn send_invitation(
    step: &mut Step<'_>,
    guest: &Guest,
    invitation: &api::people::Invitation,
    web: &str,
) -> Result<(), Fault> {
    let ticket = invitation.link.trim_start_matches("althing:").to_owned();
    let plain = wire::to_bytes(&Note::Invitation { ticket });
    let sealed = Sealed::new(step, guest.through, &[guest.key], &plain);
    let sealed = sealed.ok_or_else(|| PeopleError::UnusableKey { web: web.to_owned() })?;
    publish(step, guest.through, &Body::Note { until: invitation.expires, sealed })
}

fn guests(people: &mut People, step: &mut Step<'_>, names: &[String]) -> Result<Vec<Guest>, Fault> {
    if names.len() > PERSONS_MAX {
        return Err(PeopleError::TooMany { what: "people to invite at once", most: PERSONS_MAX }.into());
    }
    let me = crate::read::my_person(step.view())?;
    let mut guests: Vec<Guest> = Vec::new();
    for name in names {
        let (through, person) = anywhere(step.view(), name, None)?;
        if Some(person) == me {
            return Err(PeopleError::NotOfYourself { act: "invite" }.into());
        }
        let label = crate::read::web_label(step.view(), through)?;
        let member = people.state(step, through)?.members.get(&person).filter(|member| member.reads());
        let key = member.map(|member| member.person_key);
        let key = key.ok_or_else(|| PeopleError::UnknownPerson { web: label, name: name.clone() })?;
        if guests.iter().all(|guest| guest.person != person) {
            guests.push(Guest { person, through, key });
        }
    }
    if guests.is_empty() { Err(PeopleError::NobodyNamed.into()) } else { Ok(guests) }
}

/// Takes a note of another person: hostile until opened, and then, too.
pub(crate) fn take_note(
    step: &mut Step<'_>,
    web: WebId,
    (author, person): (DeviceId, PersonId),
    (until, sealed): (Timestamp, &Sealed),
) -> Result<(), Fault> {
    let is_mine = crate::read::my_person(step.view())? == Some(person);
    if is_mine || step.now() > until || !may_try(step, web, author)? {
        return Ok(());
    }
    let Some(plain) = sealed.open(step, web, author) else { return Ok(()) };
    match wire::from_bytes(&plain, PLAIN_SIZE_MAX) {
        Ok(Note::Invitation { ticket }) => take_invitation(step, web, person, &ticket),
        Ok(Note::Agreement { agreement }) => {
            crate::cosigning::take_agreement(step, web, (author, person), &agreement)
        }
        // A later version's note.
        Err(_) => Ok(()),
    }
}

/// Counts a note of a device; false when it has sent too many today.
fn may_try(step: &mut Step<'_>, web: WebId, author: DeviceId) -> Result<bool, StoreError> {
    let day = step.now().millis() / u64::try_from(DAY.as_millis()).unwrap_or(u64::MAX);
    let tried = NOTES_TRIED.get(step.view(), &(web, author))?.filter(|tried| tried.day == day);
    let count = tried.unwrap_or_default().count;
    if count >= TRIED_MAX {
        return Ok(false);
    }
    NOTES_TRIED.put(step.rows(), &(web, author), &TriedRecord { day, count: count.saturating_add(1) });
    Ok(true)
}

fn take_invitation(step: &mut Step<'_>, through: WebId, by: PersonId, text: &str) -> Result<(), Fault> {
    let Ok(ticket) = Ticket::from_text(text) else { return Ok(()) };
    let now = step.now();
    let is_in = WEBS.get(step.view(), &ticket.web)?.is_some_and(|web| web.standing.is_in());
    if is_in || now > ticket.expires || ticket.doors.is_empty() {
        return Ok(());
    }
    forget_expired(step)?;
    let of_one = INVITED.within(step.view(), &by).count();
    let of_all = INVITED.all(step.view()).count();
    let is_known = INVITED.has(step.view(), &(by, ticket.web))?;
    if !is_known && (of_one >= OF_ONE_MAX || of_all >= OF_ALL_MAX) {
        return Ok(());
    }
    let record = InvitedRecord {
        ticket: ticket.to_text(),
        through,
        at: now,
        expires: ticket.expires,
        web_name: crate::label::safe(&ticket.web_name, &ticket.web.to_string()),
    };
    INVITED.put(step.rows(), &(by, ticket.web), &record);
    step.emit("people.invited", &serde_json::json!({ "web": crate::read::web_label(step.view(), through)? }));
    Ok(())
}

fn forget_expired(step: &mut Step<'_>) -> Result<(), StoreError> {
    let now = step.now();
    let all: Vec<_> = INVITED.all(step.view()).collect::<Result<_, _>>()?;
    for (place, record) in all {
        if now > record.expires {
            INVITED.delete(step.rows(), &place);
        }
    }
    Ok(())
}

/// An invitation, by who invites and to which web.
type Placed = ((PersonId, WebId), InvitedRecord);

/// Returns the invitations that can be followed now, newest first.
fn open<R: Rows + ?Sized>(rows: &R, now: Timestamp) -> Result<Vec<Placed>, StoreError> {
    let mut open = Vec::new();
    for row in INVITED.all(rows) {
        let ((by, web), record) = row?;
        let standing = WEBS.get(rows, &web)?.map(|known| known.standing);
        let is_there = standing.is_some_and(|standing| standing.is_in() || standing == Standing::Joining);
        if now <= record.expires && !is_there {
            open.push(((by, web), record));
        }
    }
    open.sort_by_key(|(place, record)| (Reverse(record.at), *place));
    Ok(open)
}

/// Lists who invites me, and to what.
pub(crate) fn invited(rows: &dyn Rows, now: Timestamp) -> Result<Invited, Fault> {
    let mut invited = Vec::new();
    for ((person, id), record) in open(rows, now)? {
        invited.push(InvitedView {
            web: record.web_name,
            by: crate::read::label_of(rows, record.through, person)?,
            through: crate::read::web_label(rows, record.through)?,
            at: record.at,
            expires: record.expires,
            person,
            id,
        });
    }
    Ok(Invited { invited })
}

/// Joins a web to which I am invited.
pub(crate) fn enter(step: &mut Step<'_>, asked: &Enter) -> Result<Joining, Fault> {
    let (by, web, record) = named(step, &asked.web)?;
    let mut ticket = Ticket::from_text(&record.ticket).map_err(|_old| PeopleError::TicketDamaged)?;
    // The inviter may have moved since; the web we have in common says where to.
    for door in &mut ticket.doors {
        let known = crate::read::addresses_of(step.view(), record.through, door.device)?;
        if !known.is_empty() && crate::read::person_of(step.view(), record.through, door.device)? == Some(by)
        {
            door.addresses = with_relay(known, DOOR_ADDRESSES_MAX);
        }
    }
    let joining = People::begin_join(step, &ticket.to_text())?;
    forget(step, web)?;
    reader::joining(step.view(), joining)
}

/// Takes an invitation off the list.
pub(crate) fn decline(step: &mut Step<'_>, asked: &Decline) -> Result<Done, Fault> {
    let (by, web, record) = named(step, &asked.web)?;
    let by = crate::read::label_of(step.view(), record.through, by)?;
    forget(step, web)?;
    step.emit(
        "people.invited",
        &serde_json::json!({ "web": crate::read::web_label(step.view(), record.through)? }),
    );
    let name = record.web_name;
    Ok(Done { what: format!("The invitation to {name} is off your list. {by} is not told.") })
}

/// Finds the newest invitation to the web that is meant: by its name, its id or first digits of it.
fn named(step: &Step<'_>, name: &str) -> Result<(PersonId, WebId, InvitedRecord), Fault> {
    let is_meant = |web: &WebId, record: &InvitedRecord| {
        record.web_name == name || (name.len() >= ID_PREFIX_MIN && web.to_string().starts_with(name))
    };
    let found: Vec<_> = open(step.view(), step.now())?
        .into_iter()
        .filter(|((_, web), record)| is_meant(web, record))
        .collect();
    if found.iter().map(|((_, web), _)| *web).collect::<BTreeSet<_>>().len() > 1 {
        return Err(PeopleError::InvitedAmbiguous { name: name.to_owned() }.into());
    }
    let newest = found.into_iter().next().map(|((by, web), record)| (by, web, record));
    newest.ok_or_else(|| PeopleError::NotInvited { name: name.to_owned() }.into())
}

/// Forgets all invitations to a web, which hold secrets.
fn forget(step: &mut Step<'_>, web: WebId) -> Result<(), StoreError> {
    let all: Vec<_> = INVITED.all(step.view()).collect::<Result<_, _>>()?;
    for (place, _) in all {
        if place.1 == web {
            INVITED.delete(step.rows(), &place);
        }
    }
    Ok(())
}
