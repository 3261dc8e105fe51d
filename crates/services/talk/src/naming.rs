//! Finds what a person means: webs, conversations, messages, members.

use base::{Fault, OperationId, PersonId, WebId};
use store::{Rows, StoreError};

use crate::faults::TalkError;
use crate::ids::{MessageId, RoomId};
use crate::message::{self, Ground};
use crate::rights;
use crate::tables::{MessageRow, ROOMS};

/// Reads an id as people paste it.
pub(crate) fn id_of(text: &str) -> Option<OperationId> {
    text.replace('-', "").to_lowercase().parse().ok()
}

/// Finds a web.
pub(crate) fn web<R: Rows + ?Sized>(rows: &R, name: &str) -> Result<WebId, Fault> {
    let web = people::read::web_named(rows, name)?;
    web.ok_or_else(|| TalkError::NoSuchWeb { web: name.to_owned() }.into())
}

/// Finds the webs that are meant: one, or all.
pub(crate) fn webs<R: Rows + ?Sized>(rows: &R, name: Option<&str>) -> Result<Vec<WebId>, Fault> {
    match name {
        Some(name) => Ok(vec![web(rows, name)?]),
        None => Ok(people::read::webs(rows)?.into_iter().map(|row| row.id).collect()),
    }
}

/// Finds a conversation by its id, or a room by `web/name`.
pub(crate) fn room<R: Rows + ?Sized>(rows: &R, name: &str) -> Result<(WebId, RoomId), Fault> {
    let unknown = || TalkError::NoSuchRoom { room: name.chars().take(200).collect() };
    if let Some(room) = id_of(name).map(RoomId) {
        for web in webs(rows, None)? {
            if ROOMS.get(rows, &(web, room))?.is_some_and(|row| row.begun.is_some() || room.is_direct()) {
                return Ok((web, room));
            }
        }
        return Err(unknown().into());
    }
    let (web_name, room_name) = name.split_once('/').ok_or_else(unknown)?;
    let web = web(rows, web_name)?;
    let mut found = Vec::new();
    for row in ROOMS.within(rows, &web) {
        let ((_, room), _) = row?;
        if rights::terms(rows, web, room)?.is_some_and(|terms| terms.name == room_name) {
            found.push(room);
        }
    }
    match found.as_slice() {
        [room] => Ok((web, *room)),
        [] => Err(unknown().into()),
        _ => Err(TalkError::SeveralRooms { room: name.to_owned() }.into()),
    }
}

/// Finds a message that this peer's person may see.
pub(crate) fn message<R: Rows + ?Sized>(
    rows: &R,
    name: &str,
) -> Result<(Ground, MessageId, MessageRow), Fault> {
    let unknown = || TalkError::NoSuchMessage { message: name.chars().take(64).collect() };
    let id = MessageId(id_of(name).ok_or_else(unknown)?);
    for web in webs(rows, None)? {
        let Some(row) = message::row(rows, web, id)? else { continue };
        let Some(ground) = Ground::of(rows, web, row.room)? else { continue };
        if ground.show(rows, id, &row)?.is_some() {
            return Ok((ground, id, row));
        }
    }
    Err(unknown().into())
}

/// Finds a member by its label or id.
pub(crate) fn person<R: Rows + ?Sized>(rows: &R, web: WebId, name: &str) -> Result<PersonId, Fault> {
    if name == "you"
        && let Some(me) = people::read::my_person(rows)?
    {
        return Ok(me);
    }
    if let Some(person) = people::read::person_named(rows, web, name)? {
        return Ok(person);
    }
    let web = people::read::web_label(rows, web)?;
    Err(TalkError::NoSuchPerson { web, person: name.chars().take(100).collect() }.into())
}

/// Returns what a person is called here, this peer's own `you`.
pub(crate) fn label<R: Rows + ?Sized>(rows: &R, web: WebId, person: PersonId) -> Result<String, StoreError> {
    match people::read::my_person(rows)? == Some(person) {
        true => Ok("you".to_owned()),
        false => people::read::label_of(rows, web, person),
    }
}

/// Returns what a conversation is called here.
pub(crate) fn room_name<R: Rows + ?Sized>(rows: &R, web: WebId, room: RoomId) -> Result<String, StoreError> {
    if let Some(terms) = rights::terms(rows, web, room)? {
        return Ok(terms.name);
    }
    let row = ROOMS.get(rows, &(web, room))?.unwrap_or_default();
    let me = people::read::my_person(rows)?;
    let mut labels = Vec::new();
    for person in row.persons.into_iter().filter(|person| Some(*person) != me) {
        labels.push(people::read::label_of(rows, web, person)?);
    }
    Ok(labels.join(", "))
}
