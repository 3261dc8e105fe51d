//! Rooms begin and change, members are muted; and what a person sets for itself.

use api::talk::{
    ChangeRoom, DraftView, MarkRead, MuteMember, QuietRoom, RoomView, SetDraft, SetTalk, StartRoom,
    TalkSettings,
};
use base::{Fault, PersonId, WebId};
use kernel::Step;
use store::StoreError;

use crate::faults::TalkError;
use crate::ids::RoomId;
use crate::naming;
use crate::own::{self, DAY_MINUTES, Ringing};
use crate::reading;
use crate::rights::{self, Terms};
use crate::saying::{random_id, writes};
use crate::service::Talk;
use crate::statement::{Begun, Body, Change, Heard, MODERATORS_MAX, TEXT_SIZE_MAX, TOPIC_SIZE_MAX, is_name};
use crate::tables::{BEGUN, HEARD, MUTES, ROOMS, SETS, SETTINGS, SettingsRow};
use crate::taking::{CHANGES_MAX, ROOMS_MAX, Said};

impl Talk {
    /// Begins a room.
    pub(crate) fn start_room(&mut self, step: &mut Step<'_>, asked: &StartRoom) -> Result<RoomView, Fault> {
        let web = naming::web(step.view(), &asked.web)?;
        writes(step, web)?;
        let (name, topic) = (checked_name(&asked.name)?, asked.topic.clone().unwrap_or_default());
        check_topic(&topic)?;
        if BEGUN.within(step.view(), &(web, step.me())).count() >= ROOMS_MAX {
            self.floods.note(records::Misdeed::Began);
            return Err(TalkError::TooManyRooms { limit: ROOMS_MAX }.into());
        }
        let nonce = random_id(step);
        let begun = Begun { nonce, at: step.now(), name, topic, is_open: !asked.closed_history };
        let room = RoomId::of_room(web, step.me(), &wire::to_bytes(&begun));
        self.publish(step, web, Body::Begun(begun))?;
        view(step, web, room)
    }

    /// Changes a room.
    pub(crate) fn change_room(&mut self, step: &mut Step<'_>, asked: &ChangeRoom) -> Result<RoomView, Fault> {
        let (web, room) = naming::room(step.view(), &asked.room)?;
        let me = writes(step, web)?;
        let terms = terms(step, web, room)?;
        if !rights::moderates(step.view(), web, &terms, me)? {
            return Err(TalkError::NotModerating { room: terms.name }.into());
        }
        let mut changes = Vec::new();
        if let Some(name) = &asked.name {
            changes.push(Change::Name(checked_name(name)?));
        }
        if let Some(topic) = &asked.topic {
            check_topic(topic)?;
            changes.push(Change::Topic(topic.clone()));
        }
        changes.extend(either(asked.archive, asked.bring_back).map(Change::IsArchived));
        changes.extend(either(asked.open_history, asked.closed_history).map(Change::IsOpen));
        if !asked.moderators.is_empty() || asked.no_moderators {
            if !rights::leads(step.view(), web, &terms, me)? {
                return Err(TalkError::NotModerating { room: terms.name }.into());
            }
            changes.push(Change::Moderators(persons(step, web, &asked.moderators)?));
        }
        for change in changes {
            let field = change.field();
            if SETS.within(step.view(), &(web, room, field, step.me())).count() >= CHANGES_MAX {
                return Err(TalkError::TooOften { limit: CHANGES_MAX }.into());
            }
            let count = rights::next_count(step.view(), web, room, field)?;
            self.publish(step, web, Body::Set { room, count, change })?;
        }
        view(step, web, room)
    }

    /// Mutes a member in a room, or no longer.
    pub(crate) fn mute(&mut self, step: &mut Step<'_>, asked: &MuteMember) -> Result<RoomView, Fault> {
        let (web, room) = naming::room(step.view(), &asked.room)?;
        let me = writes(step, web)?;
        let terms = terms(step, web, room)?;
        if !rights::moderates(step.view(), web, &terms, me)? {
            return Err(TalkError::NotModerating { room: terms.name }.into());
        }
        let person = naming::person(step.view(), web, &asked.person)?;
        if !asked.lift && rights::moderates(step.view(), web, &terms, person)? {
            return Err(TalkError::Moderator { person: asked.person.clone(), room: terms.name }.into());
        }
        if MUTES.within(step.view(), &(web, room, step.me())).count() >= CHANGES_MAX {
            return Err(TalkError::TooOften { limit: CHANGES_MAX }.into());
        }
        let mut count: u64 = 0;
        for row in MUTES.within(step.view(), &(web, room)) {
            count = count.max(row?.1.count);
        }
        let after = match asked.lift {
            true => None,
            false => Some(heard_of(step, web, person)?),
        };
        self.publish(step, web, Body::Mute { room, person, count: count.saturating_add(1), after })?;
        view(step, web, room)
    }

    /// Publishes a record and takes it in.
    fn publish(&mut self, step: &mut Step<'_>, web: WebId, body: Body) -> Result<(), Fault> {
        let number = records::publish_told(step, web, "talk", wire::to_bytes(&body))?;
        self.take(step, Said::queued(web, step.me(), number), body)
    }

    /// Marks a conversation as read.
    pub(crate) fn mark_read(&mut self, step: &mut Step<'_>, asked: &MarkRead) -> Result<RoomView, Fault> {
        let (web, room) = naming::room(step.view(), &asked.room)?;
        let turn = match &asked.message {
            Some(message) => {
                let (ground, id, row) = naming::message(step.view(), message)?;
                if ground.room != room {
                    return Err(TalkError::NoSuchMessage { message: id.to_string() }.into());
                }
                row.turn
            }
            None => ROOMS.get(step.view(), &(web, room))?.unwrap_or_default().newest,
        };
        if own::mark_read(step, web, room, turn)? {
            self.changed.insert((web, room));
        }
        view(step, web, room)
    }

    /// Keeps a draft.
    pub(crate) fn draft(step: &mut Step<'_>, asked: &SetDraft) -> Result<DraftView, Fault> {
        let (web, room) = naming::room(step.view(), &asked.room)?;
        if asked.text.len() > TEXT_SIZE_MAX {
            return Err(TalkError::TooLong { size: asked.text.len(), limit: TEXT_SIZE_MAX }.into());
        }
        let follows = own::keep_draft(step, web, room, &asked.text)?;
        Ok(DraftView { follows, room: room.to_string() })
    }

    /// Has a conversation ring no more, or again.
    pub(crate) fn quiet(&mut self, step: &mut Step<'_>, asked: &QuietRoom) -> Result<RoomView, Fault> {
        let (web, room) = naming::room(step.view(), &asked.room)?;
        own::keep_quiet(step, web, room, if asked.loud { Ringing::Loud } else { Ringing::Quiet });
        self.changed.insert((web, room));
        view(step, web, room)
    }

    /// Shows settings, and changes those that are said.
    pub(crate) fn set(step: &mut Step<'_>, asked: &SetTalk) -> Result<TalkSettings, Fault> {
        let web = naming::web(step.view(), &asked.web)?;
        let known = SETTINGS.get(step.view(), &web)?.unwrap_or_default();
        let minutes = [asked.quiet_from, asked.quiet_until];
        if let Some(minute) = minutes.into_iter().flatten().find(|minute| *minute >= DAY_MINUTES) {
            return Err(TalkError::BadMinute { minute }.into());
        }
        let settings = SettingsRow {
            tells_read: either(asked.tell_read, asked.keep_read).unwrap_or(known.tells_read),
            quiet_from: asked.quiet_from.unwrap_or(known.quiet_from),
            quiet_until: asked.quiet_until.unwrap_or(known.quiet_until),
        };
        if settings != known {
            own::keep_settings(step, web, settings);
        }
        let SettingsRow { tells_read, quiet_from, quiet_until } = settings;
        let web = people::read::web_label(step.view(), web)?;
        Ok(TalkSettings { web, tells_read, quiet_from, quiet_until })
    }
}

/// Returns which of two opposites was said; of both the second one.
fn either(yes: bool, no: bool) -> Option<bool> {
    match (yes, no) {
        (false, false) => None,
        (_, no) => Some(!no),
    }
}

/// Returns how far the logs of a person's devices were heard.
fn heard_of(step: &Step<'_>, web: WebId, person: PersonId) -> Result<Vec<Heard>, StoreError> {
    let mut after = Vec::new();
    for device in people::read::devices_of(step.view(), web, person)? {
        if let Some(place) = HEARD.get(step.view(), &(web, device))? {
            after.push(Heard { device, place });
        }
    }
    after.sort_by_key(|heard| heard.device);
    Ok(after)
}

fn persons(step: &Step<'_>, web: WebId, names: &[String]) -> Result<Vec<PersonId>, Fault> {
    let mut persons = std::collections::BTreeSet::new();
    for name in names {
        persons.insert(naming::person(step.view(), web, name)?);
    }
    if persons.len() > MODERATORS_MAX {
        return Err(TalkError::TooManyMentions { limit: MODERATORS_MAX }.into());
    }
    Ok(persons.into_iter().collect())
}

fn terms(step: &Step<'_>, web: WebId, room: RoomId) -> Result<Terms, Fault> {
    match rights::terms(step.view(), web, room)? {
        Some(terms) => Ok(terms),
        None => Err(TalkError::NotARoom { room: naming::room_name(step.view(), web, room)? }.into()),
    }
}

fn checked_name(name: &str) -> Result<String, Fault> {
    let name = name.trim();
    match is_name(name) {
        true => Ok(name.to_owned()),
        false => Err(TalkError::BadName { name: name.chars().take(200).collect() }.into()),
    }
}

fn check_topic(topic: &str) -> Result<(), Fault> {
    match topic.len() <= TOPIC_SIZE_MAX {
        true => Ok(()),
        false => Err(TalkError::TopicTooLong { size: topic.len(), limit: TOPIC_SIZE_MAX }.into()),
    }
}

fn view(step: &Step<'_>, web: WebId, room: RoomId) -> Result<RoomView, Fault> {
    reading::room_view(step.view(), web, room)
}
