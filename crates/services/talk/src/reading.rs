//! What a person sees: conversations, messages page by page, the inbox. Reads rows and nothing else.

use std::cmp::Reverse;

use api::talk::{
    AskInbox, AskMessages, AskRooms, AskThread, AskWho, Inbox, InboxEntry, MessageView, Messages,
    ReactionView, RoomView, Rooms, Who, WhoView,
};
use base::{Fault, PersonId, WebId};
use kernel::ReadContext;
use people::Role;
use store::{Rows, StoreError};

use crate::faults::TalkError;
use crate::ids::{MessageId, RoomId};
use crate::message::{self, Ground, Shown};
use crate::naming;
use crate::receipts::{self, Held};
use crate::rights;
use crate::tables::{DRAFTS, MessageRow, QUIET, READ, ROOMS, Spot, THREADS, TIMELINE, Way, walk};

/// Messages on a page, if nothing else is said, and at most.
const PAGE: usize = 50;
const PAGE_MAX: usize = 100;

/// Messages of one person in a row that a page shows; more are folded into one line, so that a flood fills no page.
const RUN_MAX: usize = 20;

/// Places of an order that one question looks at, at most: about 50 ms.
const LOOKS_MAX: usize = 5_000;

/// Unread messages that are counted: who has more does not count them.
const UNREAD_MAX: u64 = 100;
/// Places that are looked at for that.
const UNREAD_LOOKS_MAX: usize = 1_000;

/// Characters of a message in lists.
const SNIPPET_MAX: usize = 160;

/// The mentions that an inbox shows of one conversation at most.
const MENTIONS_SHOWN_MAX: usize = 20;

/// The last place of a conversation that counts.
fn last_spot(web: WebId, room: RoomId, turn: u64) -> Spot {
    (web, room, turn, u64::MAX, MessageId::LAST)
}

fn first_spot(web: WebId, room: RoomId, turn: u64) -> Spot {
    (web, room, turn, 0, MessageId::FIRST)
}

fn spot_of(web: WebId, id: MessageId, row: &MessageRow) -> Spot {
    (web, row.room, row.turn, row.at.millis(), id)
}

/// The order without one end of it.
fn before(spot: Spot) -> Spot {
    // The ids below: one less, as a number.
    let id = u128::from_be_bytes(*spot.4.0.as_bytes());
    match id.checked_sub(1) {
        Some(id) => (spot.0, spot.1, spot.2, spot.3, MessageId(base::OperationId::new(id.to_be_bytes()))),
        None => (spot.0, spot.1, spot.2, spot.3.saturating_sub(1), MessageId::LAST),
    }
}

fn after(spot: Spot) -> Spot {
    let id = u128::from_be_bytes(*spot.4.0.as_bytes());
    match id.checked_add(1) {
        Some(id) => (spot.0, spot.1, spot.2, spot.3, MessageId(base::OperationId::new(id.to_be_bytes()))),
        None => (spot.0, spot.1, spot.2, spot.3.saturating_add(1), MessageId::FIRST),
    }
}

/// What one walk has found.
struct Page {
    /// In the order of the walk.
    found: Vec<(MessageId, MessageRow, Shown, u64)>,
    has_more: bool,
}

/// Walks a conversation from a place on and takes messages that are shown, with the runs of one person folded.
fn collect(
    rows: &dyn Rows,
    ground: &Ground,
    (first, last): (Spot, Spot),
    way: Way,
    limit: usize,
) -> Result<Page, Fault> {
    let mut page = Page { found: Vec::new(), has_more: false };
    let mut run: (Option<PersonId>, usize) = (None, 0);
    for (looks, pair) in walk(rows, TIMELINE, (&first, &last), way).enumerate() {
        let ((.., id), is_in_thread) = pair?;
        if looks >= LOOKS_MAX {
            page.has_more = true;
            break;
        }
        if is_in_thread {
            continue;
        }
        let Some(row) = message::row(rows, ground.web, id)? else { continue };
        let Some(shown) = ground.show(rows, id, &row)? else { continue };
        run = if run.0 == Some(shown.person) { (run.0, run.1 + 1) } else { (Some(shown.person), 1) };
        let is_folded = run.1 > RUN_MAX && Some(shown.person) != ground.me;
        if let Some((.., folded)) = page.found.last_mut().filter(|_| is_folded) {
            *folded += 1;
            continue;
        }
        if page.found.len() >= limit {
            page.has_more = true;
            break;
        }
        page.found.push((id, row, shown, 0));
    }
    Ok(page)
}

fn limit_of(limit: Option<u32>) -> usize {
    limit.map_or(PAGE, |limit| usize::try_from(limit).unwrap_or(PAGE_MAX).clamp(1, PAGE_MAX))
}

/// Returns a page of a conversation.
pub(crate) fn messages(rows: &dyn Rows, asked: &AskMessages) -> Result<Messages, Fault> {
    let (web, room) = naming::room(rows, &asked.room)?;
    let ground = ground(rows, web, room)?;
    let newest = ROOMS.get(rows, &(web, room))?.unwrap_or_default().newest;
    let (first, last) = (first_spot(web, room, 0), last_spot(web, room, newest));
    let limit = limit_of(asked.limit);
    let named = |name: &Option<String>| -> Result<Option<Spot>, Fault> {
        let Some(name) = name else { return Ok(None) };
        let (named, id, row) = naming::message(rows, name)?;
        match named.room == room {
            true => Ok(Some(spot_of(web, id, &row))),
            false => Err(TalkError::NoSuchMessage { message: id.to_string() }.into()),
        }
    };
    let (to, from) = match (named(&asked.before)?, named(&asked.after)?, named(&asked.around)?) {
        (Some(spot), ..) => (Some((before(spot), limit)), None),
        (None, Some(spot), _) => (None, Some((after(spot), limit))),
        (None, None, Some(spot)) => (Some((spot, limit / 2 + 1)), Some((after(spot), limit / 2))),
        (None, None, None) => (Some((last, limit)), None),
    };
    let mut answer = Messages {
        messages: Vec::new(),
        has_before: asked.after.is_some(),
        has_after: asked.before.is_some(),
        first_unread: first_unread(rows, &ground, last)?.map(|id| id.to_string()),
    };
    if let Some((spot, limit)) = to {
        let page = collect(rows, &ground, (first, spot), Way::Back, limit)?;
        answer.has_before = page.has_more;
        answer.messages.extend(views(rows, &ground, page.found.into_iter().rev())?);
    }
    if let Some((spot, limit)) = from {
        let page = collect(rows, &ground, (spot, last), Way::On, limit)?;
        answer.has_after = page.has_more;
        answer.messages.extend(views(rows, &ground, page.found.into_iter())?);
    }
    Ok(answer)
}

fn ground(rows: &dyn Rows, web: WebId, room: RoomId) -> Result<Ground, Fault> {
    let unknown = || TalkError::NoSuchRoom { room: room.to_string() };
    Ok(Ground::of(rows, web, room)?.ok_or_else(unknown)?)
}

fn views(
    rows: &dyn Rows,
    ground: &Ground,
    found: impl Iterator<Item = (MessageId, MessageRow, Shown, u64)>,
) -> Result<Vec<MessageView>, Fault> {
    let audience = audience(rows, ground)?;
    found
        .map(|(id, row, shown, folded)| {
            let mut view = view_shown(rows, (ground, &audience), (id, &row), shown)?;
            view.folded = folded;
            Ok(view)
        })
        .collect()
}

/// Returns a message and what stands under it.
pub(crate) fn thread(rows: &dyn Rows, asked: &AskThread) -> Result<Messages, Fault> {
    let (ground, root, row) = naming::message(rows, &asked.message)?;
    let limit = limit_of(asked.limit);
    let mut first = (ground.web, root, 0, 0, MessageId::FIRST);
    let mut found = Vec::new();
    if let Some(name) = &asked.after {
        let (_, id, row) = naming::message(rows, name)?;
        let (_, _, turn, at, id) = after(spot_of(ground.web, id, &row));
        first = (ground.web, root, turn, at, id);
    } else {
        let shown = ground.show(rows, root, &row)?;
        found.extend(shown.map(|shown| (root, row, shown, 0)));
    }
    let newest = ROOMS.get(rows, &(ground.web, ground.room))?.unwrap_or_default().newest;
    let mut has_after = false;
    for (looks, pair) in THREADS.within_from(rows, &(ground.web, root), &first).enumerate() {
        let ((_, _, turn, _, id), ()) = pair?;
        if turn > newest || looks >= LOOKS_MAX || found.len() > limit {
            has_after = turn <= newest;
            break;
        }
        let Some(row) = message::row(rows, ground.web, id)? else { continue };
        if let Some(shown) = ground.show(rows, id, &row)? {
            found.push((id, row, shown, 0));
        }
    }
    Ok(Messages {
        messages: views(rows, &ground, found.into_iter())?,
        has_before: asked.after.is_some(),
        has_after,
        first_unread: None,
    })
}

/// Returns for whom a conversation's messages are: all who read there now, without this person.
fn audience(rows: &dyn Rows, ground: &Ground) -> Result<Vec<PersonId>, StoreError> {
    let mut persons = match ground.room.is_direct() {
        true => ROOMS.get(rows, &(ground.web, ground.room))?.unwrap_or_default().persons,
        false => people::read::members(rows, ground.web)?.into_iter().map(|member| member.person).collect(),
    };
    let mut here = Vec::with_capacity(persons.len());
    persons.retain(|person| Some(*person) != ground.me);
    for person in persons {
        if people::read::role_of(rows, ground.web, person)? >= Some(Role::Guest) {
            here.push(person);
        }
    }
    Ok(here)
}

/// Returns one message as a person sees it.
pub(crate) fn view(
    rows: &dyn Rows,
    ground: &Ground,
    id: MessageId,
    row: &MessageRow,
) -> Result<MessageView, Fault> {
    let unknown = || TalkError::NoSuchMessage { message: id.to_string() };
    let shown = ground.show(rows, id, row)?.ok_or_else(unknown)?;
    view_shown(rows, (ground, &audience(rows, ground)?), (id, row), shown)
}

fn view_shown(
    rows: &dyn Rows,
    (ground, audience): (&Ground, &[PersonId]),
    (id, row): (MessageId, &MessageRow),
    shown: Shown,
) -> Result<MessageView, Fault> {
    let web = ground.web;
    let label = |person: PersonId| naming::label(rows, web, person);
    let labels = |persons: Vec<PersonId>| -> Result<Vec<String>, StoreError> {
        persons.into_iter().map(label).collect()
    };
    let (replies, last_reply) = replies(rows, ground, id)?;
    let mut reactions = Vec::new();
    for (emoji, who) in shown.reactions {
        let is_yours = ground.me.is_some_and(|me| who.contains(&me));
        reactions.push(ReactionView { emoji, who: labels(who.into_iter().collect())?, is_yours });
    }
    let held = match ground.me.filter(|me| *me == shown.person) {
        Some(me) => Some(receipts::held(rows, (web, me), row, audience)?),
        None => None,
    };
    let content = shown.content.unwrap_or_default();
    let state = held.as_ref().map(|held| state(row, held, audience.len())).unwrap_or_default();
    let persons = held.as_ref().map_or(0, |_| u64::try_from(audience.len()).unwrap_or(u64::MAX));
    let held = held.unwrap_or_default();
    Ok(MessageView {
        who: label(shown.person)?,
        at: row.at,
        text: content.text,
        edited: shown.edited.filter(|_| shown.removed.is_none()),
        removed_by: shown.removed.map(|removed| label(removed.by)).transpose()?,
        reply_to: row.reply_to.map(|id| id.to_string()),
        thread: row.thread.map(|id| id.to_string()),
        replies,
        last_reply,
        reactions,
        names_you: ground.me.is_some_and(|me| content.mentions.contains(&me)),
        mentions: labels(content.mentions)?,
        attachments: content.attachments,
        state: state.to_owned(),
        sent: held.devices,
        delivered: labels(held.delivered.into_iter().collect())?,
        read: labels(held.read.into_iter().collect())?,
        persons,
        folded: 0,
        person: shown.person,
        room: row.room.to_string(),
        id: id.to_string(),
    })
}

/// Says in a word how far a message of one's own has got (spec talk, rule 31).
fn state(row: &MessageRow, held: &Held, persons: usize) -> &'static str {
    if row.place == 0 {
        "waiting"
    } else if persons > 0 && held.read.len() >= persons {
        "read"
    } else if persons > 0 && held.delivered.len() >= persons {
        "delivered"
    } else if held.devices > 0 {
        "sent"
    } else {
        "held"
    }
}

/// Counts what stands under a message, up to a hundred, and says when the newest was said.
fn replies(
    rows: &dyn Rows,
    ground: &Ground,
    root: MessageId,
) -> Result<(u64, Option<base::Timestamp>), StoreError> {
    let (mut count, mut last) = (0, None);
    for pair in THREADS.within_back(rows, &(ground.web, root)).take(usize::try_from(UNREAD_MAX).unwrap_or(0))
    {
        let ((.., id), ()) = pair?;
        let Some(row) = message::row(rows, ground.web, id)? else { continue };
        if ground.show(rows, id, &row)?.is_some() {
            count += 1;
            last = last.max(Some(row.at));
        }
    }
    Ok((count, last))
}

/// What is unread in a conversation.
#[derive(Debug, Default)]
struct Unread {
    count: u64,
    is_more: bool,
    first: Option<MessageId>,
    mentions: Vec<MessageId>,
}

fn unread(rows: &dyn Rows, ground: &Ground, last: Spot, most: u64) -> Result<Unread, StoreError> {
    let (web, room) = (ground.web, ground.room);
    let read = READ.get(rows, &(web, room))?.unwrap_or(0);
    let mut unread = Unread::default();
    let first = first_spot(web, room, read.saturating_add(1));
    if first > last {
        return Ok(unread);
    }
    for (looks, pair) in walk(rows, TIMELINE, (&first, &last), Way::On).enumerate() {
        let ((.., id), _) = pair?;
        if unread.count >= most || looks >= UNREAD_LOOKS_MAX {
            unread.is_more = true;
            break;
        }
        let Some(row) = message::row(rows, web, id)? else { continue };
        let Some(shown) = ground.show(rows, id, &row)? else { continue };
        let Some(content) = shown.content.filter(|_| Some(shown.person) != ground.me) else { continue };
        unread.count += 1;
        unread.first = unread.first.or(Some(id));
        if ground.me.is_some_and(|me| content.mentions.contains(&me)) {
            unread.mentions.push(id);
        }
    }
    Ok(unread)
}

fn first_unread(rows: &dyn Rows, ground: &Ground, last: Spot) -> Result<Option<MessageId>, StoreError> {
    Ok(unread(rows, ground, last, 1)?.first)
}

/// Returns the newest message of a conversation that is shown and not taken away.
fn newest(
    rows: &dyn Rows,
    ground: &Ground,
    last: Spot,
) -> Result<Option<(MessageId, MessageRow, Shown)>, StoreError> {
    let first = first_spot(ground.web, ground.room, 0);
    for pair in walk(rows, TIMELINE, (&first, &last), Way::Back).take(UNREAD_LOOKS_MAX) {
        let ((.., id), _) = pair?;
        let Some(row) = message::row(rows, ground.web, id)? else { continue };
        let shown = ground.show(rows, id, &row)?;
        if let Some(shown) = shown.filter(|shown| shown.content.is_some()) {
            return Ok(Some((id, row, shown)));
        }
    }
    Ok(None)
}

/// Returns a conversation as a person sees it.
pub(crate) fn room_view(rows: &dyn Rows, web: WebId, room: RoomId) -> Result<RoomView, Fault> {
    let ground = ground(rows, web, room)?;
    let row = ROOMS.get(rows, &(web, room))?.unwrap_or_default();
    let last = last_spot(web, room, row.newest);
    let unread = unread(rows, &ground, last, UNREAD_MAX)?;
    let newest = newest(rows, &ground, last)?.map(|(_, row, _)| row.at);
    let terms = ground.terms.clone();
    let mut persons = Vec::new();
    for person in row.persons.into_iter().filter(|person| Some(*person) != ground.me) {
        persons.push(people::read::label_of(rows, web, person)?);
    }
    let may_moderate = match ground.me {
        Some(me) => ground.moderates(rows, me)?,
        None => false,
    };
    let may_lead = match (ground.me, &terms) {
        (Some(me), Some(terms)) => rights::leads(rows, web, terms, me)?,
        _ => false,
    };
    let mut moderators = Vec::new();
    for person in terms.iter().flat_map(|terms| terms.begun_by.iter().chain(&terms.moderators)) {
        let label = naming::label(rows, web, *person)?;
        if !moderators.contains(&label) {
            moderators.push(label);
        }
    }
    let terms = terms.unwrap_or_default();
    Ok(RoomView {
        web: people::read::web_label(rows, web)?,
        name: naming::room_name(rows, web, room)?,
        kind: if room.is_direct() { "direct" } else { "room" }.to_owned(),
        newest: newest.or((!room.is_direct()).then_some(terms.since)),
        topic: terms.topic,
        unread: unread.count,
        mentions: u64::try_from(unread.mentions.len()).unwrap_or(u64::MAX),
        is_more: unread.is_more,
        is_archived: terms.is_archived,
        is_open: room.is_direct() || terms.is_open,
        is_quiet: QUIET.has(rows, &(web, room))?,
        may_moderate,
        may_lead,
        is_muted: ground.me.is_some_and(|me| ground.muted.contains_key(&me)),
        moderators,
        persons,
        draft: DRAFTS.get(rows, &(web, room))?,
        id: room.to_string(),
    })
}

/// Lists conversations.
pub(crate) fn rooms(rows: &dyn Rows, asked: &AskRooms) -> Result<Rooms, Fault> {
    let mut rooms = Vec::new();
    for (web, room) in known(rows, asked.web.as_deref())? {
        let view = room_view(rows, web, room)?;
        // A direct conversation in which nothing was said is nobody's affair yet.
        let is_empty = room.is_direct() && view.newest.is_none() && view.draft.is_none();
        if !is_empty && (asked.archived || !view.is_archived) {
            rooms.push(view);
        }
    }
    rooms.sort_by_key(|room| Reverse(room.newest));
    Ok(Rooms { rooms })
}

/// Returns the conversations that have begun.
fn known(rows: &dyn Rows, web: Option<&str>) -> Result<Vec<(WebId, RoomId)>, Fault> {
    let mut known = Vec::new();
    for web in naming::webs(rows, web)? {
        for pair in ROOMS.within(rows, &web) {
            let ((_, room), row) = pair?;
            if row.begun.is_some() || room.is_direct() {
                known.push((web, room));
            }
        }
    }
    Ok(known)
}

/// Lists what is new.
pub(crate) fn inbox(rows: &dyn Rows, asked: &AskInbox) -> Result<Inbox, Fault> {
    let mut entries = Vec::new();
    for (web, room) in known(rows, asked.web.as_deref())? {
        let Some(ground) = Ground::of(rows, web, room)? else { continue };
        if ground.terms.as_ref().is_some_and(|terms| terms.is_archived) {
            continue;
        }
        let last = last_spot(web, room, ROOMS.get(rows, &(web, room))?.unwrap_or_default().newest);
        let unread = unread(rows, &ground, last, UNREAD_MAX)?;
        let Some(newest) = newest(rows, &ground, last)?.filter(|_| unread.count > 0) else { continue };
        let kind = if room.is_direct() { "direct" } else { "room" };
        entries.push(entry(rows, &ground, (kind, unread.count), newest)?);
        for id in unread.mentions.into_iter().rev().take(MENTIONS_SHOWN_MAX) {
            let Some(row) = message::row(rows, web, id)? else { continue };
            if let Some(shown) = ground.show(rows, id, &row)? {
                entries.push(entry(rows, &ground, ("mention", 1), (id, row, shown))?);
            }
        }
    }
    entries.sort_by_key(|entry| Reverse(entry.at));
    Ok(Inbox { entries })
}

fn entry(
    rows: &dyn Rows,
    ground: &Ground,
    (kind, unread): (&str, u64),
    (id, row, shown): (MessageId, MessageRow, Shown),
) -> Result<InboxEntry, Fault> {
    Ok(InboxEntry {
        kind: kind.to_owned(),
        web: people::read::web_label(rows, ground.web)?,
        name: naming::room_name(rows, ground.web, ground.room)?,
        unread,
        who: naming::label(rows, ground.web, shown.person)?,
        text: snippet(&shown.content.unwrap_or_default().text),
        at: row.at,
        room: ground.room.to_string(),
        message: id.to_string(),
    })
}

/// Returns the beginning of a text in one line.
pub(crate) fn snippet(text: &str) -> String {
    let mut line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some((at, _)) = line.char_indices().nth(SNIPPET_MAX) {
        line.truncate(at);
        line.push('…');
    }
    line
}

/// Lists whose conversation it is, and who is here.
pub(crate) fn who(context: &ReadContext<'_>, asked: &AskWho) -> Result<Who, Fault> {
    let rows = context.rows;
    let (web, room) = naming::room(rows, &asked.room)?;
    let ground = ground(rows, web, room)?;
    let mut who = Vec::new();
    for person in audience(rows, &ground)?.into_iter().chain(ground.me) {
        let is_me = Some(person) == ground.me;
        let (mut is_here, mut last_heard) = (is_me, None);
        for device in people::read::devices_of(rows, web, person)? {
            is_here |= records::is_connected(rows, device)?;
            last_heard = last_heard.max(records::last_heard(rows, device)?);
        }
        who.push(WhoView {
            who: naming::label(rows, web, person)?,
            is_here,
            last_heard: if is_me { Some(context.now) } else { last_heard },
            moderates: ground.moderates(rows, person)?,
            is_named: ground.terms.as_ref().is_some_and(|terms| terms.moderators.contains(&person)),
            is_muted: ground.muted.contains_key(&person),
            person,
        });
    }
    who.sort_by(|one, other| (!one.is_here, &one.who).cmp(&(!other.is_here, &other.who)));
    Ok(Who { who })
}
