//! What members have said comes in: rows that are the same whatever the order (spec talk, rules 6 to 10).
//!
//! Own records go the same way when they are published. Not for: what the rows amount to (`rights.rs`, `message.rs`).

use std::time::Duration;

use base::{DeviceId, Fault, Timestamp, WebId};
use kernel::Step;
use records::Told;
use store::StoreError;

use crate::ids::{MessageId, RoomId};
use crate::message::Ground;
use crate::service::{Rang, Talk};
use crate::statement::{About, Begun, Body, Change, Content, LEAP, Message, What};
use crate::tables::{
    ABOUT, AboutRow, BEGUN, BegunRow, DENIED, HEARD, LETTERS, MESSAGES, MUTES, MessageRow, MuteRow, OWN,
    PLACED, QUEUED, ROOMS, SETS, SetRow, THREADS, TIMELINE,
};
use crate::words;

/// Rooms that one device may begin in a web; later ones in its log are nowhere. More than anybody keeps apart.
pub(crate) const ROOMS_MAX: usize = 256;
/// Changes of one field of a room, and mutings, that are kept of one device.
pub(crate) const CHANGES_MAX: usize = 256;
/// What one device may say about one message, besides taking it away: a page shows messages with all that was said about them.
pub(crate) const ABOUT_MAX: usize = 64;

/// Messages that are looked at again in one step when rights change; the rest follows at once.
const DENIED_MAX: usize = 256;

/// Alarm: look at more of them. The web and the last message that was looked at follow.
pub(crate) const JUDGE_ALARM: &str = "judge ";

/// Who said something: `number` orders what one device says; `place` is where it stands in its log, 0 as long as it stands nowhere.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Said {
    pub(crate) web: WebId,
    pub(crate) author: DeviceId,
    pub(crate) number: u64,
    pub(crate) place: u64,
}

impl Said {
    /// Something that stands in an author's log.
    pub(crate) fn at(web: WebId, author: DeviceId, place: u64) -> Self {
        Self { web, author, number: place, place }
    }

    /// Something of this device that waits in the queue.
    pub(crate) fn queued(web: WebId, author: DeviceId, number: u64) -> Self {
        Self { web, author, number: OWN.saturating_add(number), place: 0 }
    }
}

impl Talk {
    /// Hears what `records` tells.
    pub(crate) fn hear_records(&mut self, step: &mut Step<'_>, message: &[u8]) -> Result<(), Fault> {
        match Told::from_bytes(message) {
            Ok(Told::Record { web, author, seq, index, body }) => {
                let said = Said::at(web, author, records::place(seq, index));
                let heard = HEARD.get(step.view(), &(web, author))?.unwrap_or(0);
                HEARD.put(step.rows(), &(web, author), &said.place.max(heard));
                self.owe(step, web, author);
                match Body::read(&body) {
                    Ok(body) => self.take(step, said, body),
                    Err(error) => {
                        tracing::warn!(author = %author.short(), %error, "a record of talk was dropped");
                        Ok(())
                    }
                }
            }
            Ok(Told::Sealed { web, number, seq, index }) => {
                if let Some(id) = QUEUED.get(step.view(), &(web, number))? {
                    QUEUED.delete(step.rows(), &(web, number));
                    let place = records::place(seq, index);
                    if !number_anew(step, (web, id), number, place)? {
                        self.placed(step, web, id, place)?;
                    }
                }
                Ok(())
            }
            Ok(Told::Cut { web, device, seq }) => self.cut(step, web, device, records::last_place(seq)),
            _ => Ok(()),
        }
    }

    /// Takes a record in.
    pub(crate) fn take(&mut self, step: &mut Step<'_>, said: Said, body: Body) -> Result<(), Fault> {
        let Said { web, author, number, .. } = said;
        match body {
            Body::Begun(begun) => self.take_begun(step, said, begun),
            Body::Set { room, count, change } => {
                let key = (web, room, change.field(), author);
                if SETS.within(step.view(), &key).count() >= CHANGES_MAX {
                    return Ok(());
                }
                let names_moderators = matches!(change, Change::Moderators(_));
                let key = (key.0, key.1, key.2, key.3, number);
                SETS.put(step.rows(), &key, &SetRow { count, change });
                self.changed.insert((web, room));
                // Nothing else changes who may take messages away.
                if names_moderators { self.judge_again(step, web) } else { Ok(()) }
            }
            Body::Said { room, message } => {
                self.take_message(step, said, room, message)?;
                Ok(())
            }
            Body::About(about) => self.take_about(step, said, about, None),
            Body::Mute { room, person, count, after } => {
                if MUTES.within(step.view(), &(web, room, author)).count() < CHANGES_MAX {
                    MUTES.put(step.rows(), &(web, room, author, number), &MuteRow { person, count, after });
                    self.changed.insert((web, room));
                }
                Ok(())
            }
            Body::Letter(sealed) => {
                LETTERS.put(step, (web, author, number), &sealed);
                self.open_letters(step)
            }
        }
    }

    fn take_begun(&mut self, step: &mut Step<'_>, said: Said, begun: Begun) -> Result<(), Fault> {
        let Said { web, author, number, .. } = said;
        let room = RoomId::of_room(web, author, &wire::to_bytes(&begun));
        let mut row = ROOMS.get(step.view(), &(web, room))?.unwrap_or_default();
        if row.begun.is_some() || BEGUN.within(step.view(), &(web, author)).count() >= ROOMS_MAX {
            return Ok(());
        }
        let Begun { at, name, topic, is_open, .. } = begun;
        row.begun = Some(BegunRow { by: author, at, name, topic, is_open, number });
        ROOMS.put(step.rows(), &(web, room), &row);
        BEGUN.put(step.rows(), &(web, author, room), &());
        self.changed.insert((web, room));
        self.judge_again(step, web)
    }

    /// Somebody may do what it might not before, or is known now: looks again at messages that it wanted taken away.
    pub(crate) fn judge_again(&mut self, step: &mut Step<'_>, web: WebId) -> Result<(), Fault> {
        self.judge_from(step, web, MessageId::FIRST)
    }

    fn judge_from(&mut self, step: &mut Step<'_>, web: WebId, first: MessageId) -> Result<(), Fault> {
        let denied: Vec<_> = DENIED
            .within_from(step.view(), &web, &(web, first))
            .take(DENIED_MAX)
            .collect::<Result<_, StoreError>>()?;
        for ((_, id), ()) in &denied {
            self.settle(step, web, *id)?;
        }
        if let Some(((_, last), ())) = denied.get(DENIED_MAX - 1) {
            step.alarm(Duration::ZERO, format!("{JUDGE_ALARM}{web} {last}"));
        }
        Ok(())
    }

    /// Goes on looking at messages behind the one that an alarm names.
    pub(crate) fn judge_on(&mut self, step: &mut Step<'_>, named: &str) -> Result<(), Fault> {
        let named =
            named.split_once(' ').and_then(|(web, last)| Some((web.parse().ok()?, last.parse().ok()?)));
        match named {
            Some((web, last)) => self.judge_from(step, web, MessageId(last).next()),
            None => Ok(()),
        }
    }

    /// Takes a message in, each once; returns its id.
    pub(crate) fn take_message(
        &mut self,
        step: &mut Step<'_>,
        said: Said,
        room: RoomId,
        message: Message,
    ) -> Result<MessageId, Fault> {
        let Said { web, author, place, .. } = said;
        let id = MessageId::of(web, author, room, &wire::to_bytes(&message));
        if MESSAGES.has(step.view(), &(web, id))? {
            // What a home had forgotten that was restored, or the same again. Its place is the first one.
            self.placed(step, web, id, place)?;
            return Ok(id);
        }
        let Message { turn, at, content, reply_to, thread, .. } = message;
        let row = MessageRow {
            room,
            author,
            place,
            turn,
            at,
            content: Some(content),
            reply_to,
            thread,
            removed: None,
        };
        MESSAGES.put(step.rows(), &(web, id), &row);
        TIMELINE.put(step.rows(), &(web, room, turn, at.millis(), id), &thread.is_some());
        if let Some(root) = thread {
            THREADS.put(step.rows(), &(web, root, turn, at.millis(), id), &());
        }
        if place > 0 {
            PLACED.put(step.rows(), &(web, author, place, id), &());
        }
        reach(step, web, room)?;
        self.changed.insert((web, room));
        self.settle(step, web, id)?;
        self.ring(step, web, id, &row)?;
        Ok(id)
    }

    /// An own message stands in the log now.
    fn placed(
        &mut self,
        step: &mut Step<'_>,
        web: WebId,
        id: MessageId,
        place: u64,
    ) -> Result<(), StoreError> {
        let row = MESSAGES.get(step.view(), &(web, id))?.filter(|row| place > 0 && row.place == 0);
        if let Some(row) = row {
            PLACED.put(step.rows(), &(web, row.author, place, id), &());
            self.changed.insert((web, row.room));
            MESSAGES.put(step.rows(), &(web, id), &MessageRow { place, ..row });
        }
        Ok(())
    }

    /// Takes in what was said about a message, which may still be to come.
    pub(crate) fn take_about(
        &mut self,
        step: &mut Step<'_>,
        said: Said,
        about: About,
        direct: Option<RoomId>,
    ) -> Result<(), Fault> {
        let Said { web, author, number, .. } = said;
        let id = about.message;
        let many = ABOUT.within(step.view(), &(web, id, author)).count();
        let most = if about.what == What::Delete { ABOUT_MAX + 1 } else { ABOUT_MAX };
        if many >= most {
            return Ok(());
        }
        ABOUT.put(step.rows(), &(web, id, author, number), &AboutRow { about, direct });
        self.settle(step, web, id)
    }

    /// Brings what follows from a message up to date: by which words it is found, and that no row holds what was taken away.
    pub(crate) fn settle(&mut self, step: &mut Step<'_>, web: WebId, id: MessageId) -> Result<(), Fault> {
        let Some(row) = MESSAGES.get(step.view(), &(web, id))? else { return Ok(()) };
        self.changed.insert((web, row.room));
        let texts = texts_of(step, web, id, &row)?;
        let key = (web, id, row.at);
        let person = people::read::person_of(step.view(), web, row.author)?;
        let shown = match person {
            Some(person) => Some(ground_of(step, web, row.room)?.fold(step.view(), id, &row, person)?),
            None => None,
        };
        if let Some(removed) = shown.as_ref().and_then(|shown| shown.removed) {
            for text in texts {
                words::drop_all(step.rows(), key, &text)?;
            }
            drop_texts(step, web, id)?;
            MESSAGES.put(
                step.rows(),
                &(web, id),
                &MessageRow { content: None, removed: Some(removed), ..row },
            );
            DENIED.delete(step.rows(), &(web, id));
            return Ok(());
        }
        for text in texts {
            words::put(step.rows(), key, &text)?;
        }
        let is_denied = match shown {
            Some(shown) => shown.is_denied,
            // A web's first records may come before it is known who its members are.
            None => is_to_go(step, web, id)?,
        };
        match is_denied {
            true => DENIED.put(step.rows(), &(web, id), &()),
            false => DENIED.delete(step.rows(), &(web, id)),
        }
        Ok(())
    }

    /// Looks whether somebody is to be told of a message.
    fn ring(
        &mut self,
        step: &mut Step<'_>,
        web: WebId,
        id: MessageId,
        row: &MessageRow,
    ) -> Result<(), Fault> {
        let Some(ground) = Ground::of(step.view(), web, row.room)? else { return Ok(()) };
        let Some(shown) = ground.show(step.view(), id, row)? else { return Ok(()) };
        let (Some(me), Some(content)) = (ground.me, &shown.content) else { return Ok(()) };
        let names_me = content.mentions.contains(&me);
        let is_mine = shown.person == me;
        if !is_mine && (names_me || row.room.is_direct()) {
            self.rings.insert((web, row.room), Rang { message: id, at: row.at, names_me });
        }
        Ok(())
    }
}

/// Returns what is known of a conversation; of a room that has not begun, that nobody moderates it.
pub(crate) fn ground_of(step: &Step<'_>, web: WebId, room: RoomId) -> Result<Ground, StoreError> {
    match Ground::of(step.view(), web, room)? {
        Some(ground) => Ok(ground),
        None => Ok(Ground::unknown(web, room)),
    }
}

/// Returns all texts of a message that rows hold: what it said first, and what edits of anybody say. Which of them it shows
/// depends on rights.
pub(crate) fn texts_of(
    step: &Step<'_>,
    web: WebId,
    id: MessageId,
    row: &MessageRow,
) -> Result<Vec<String>, StoreError> {
    let mut texts: Vec<String> = row.content.iter().map(|content| content.text.clone()).collect();
    for pair in ABOUT.within(step.view(), &(web, id)) {
        if let What::Edit { content, .. } = pair?.1.about.what {
            texts.push(content.text);
        }
    }
    Ok(texts)
}

/// Says whether somebody wants a message taken away.
fn is_to_go(step: &Step<'_>, web: WebId, id: MessageId) -> Result<bool, StoreError> {
    for pair in ABOUT.within(step.view(), &(web, id)) {
        if pair?.1.about.what == What::Delete {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Drops the texts of edits of a message that was taken away; where they stand is kept.
fn drop_texts(step: &mut Step<'_>, web: WebId, id: MessageId) -> Result<(), StoreError> {
    for (key, mut row) in ABOUT.within(step.view(), &(web, id)).collect::<Result<Vec<_>, StoreError>>()? {
        if let What::Edit { content, .. } = &mut row.about.what
            && *content != Content::default()
        {
            *content = Content::default();
            ABOUT.put(step.rows(), &key, &row);
        }
    }
    Ok(())
}

/// What this device said about a message stands in its log now: under the number that it has everywhere. Says whether it was
/// something of that kind.
fn number_anew(
    step: &mut Step<'_>,
    (web, id): (WebId, MessageId),
    number: u64,
    place: u64,
) -> Result<bool, StoreError> {
    let me = step.me();
    let key = (web, id, me, OWN.saturating_add(number));
    let Some(row) = ABOUT.get(step.view(), &key)? else { return Ok(false) };
    ABOUT.delete(step.rows(), &key);
    ABOUT.put(step.rows(), &(web, id, me, place), &row);
    Ok(true)
}

/// Goes on to the greatest turn that counts: from the one before, no step is longer than [`LEAP`] (spec talk, rule 8).
pub(crate) fn reach(step: &mut Step<'_>, web: WebId, room: RoomId) -> Result<(), StoreError> {
    let mut row = ROOMS.get(step.view(), &(web, room))?.unwrap_or_default();
    let before = row.newest;
    let first = (web, room, row.newest.saturating_add(1), 0, MessageId::FIRST);
    for spot in TIMELINE.within_from(step.view(), &(web, room), &first) {
        let ((_, _, turn, ..), _) = spot?;
        if turn > row.newest.saturating_add(LEAP) {
            break;
        }
        row.newest = turn;
    }
    if row.newest != before || !ROOMS.has(step.view(), &(web, room))? {
        ROOMS.put(step.rows(), &(web, room), &row);
    }
    Ok(())
}

/// A time further ahead than this is a lie or a broken clock; what such a message says of its time rings for nobody.
pub(crate) fn is_news(now: Timestamp, at: Timestamp) -> bool {
    const FRESH_MS: u64 = 24 * 3_600_000;
    now.millis().abs_diff(at.millis()) < FRESH_MS
}
