//! What a person says: messages, edits, reactions, and taking messages away.

use std::collections::BTreeSet;
use std::time::Duration;

use api::talk::{DeleteMessage, EditMessage, MessageView, React, Say};
use base::{Fault, OperationId, PersonId, WebId};
use kernel::Step;
use people::Sealed;
use store::Rows;

use crate::faults::TalkError;
use crate::ids::{MessageId, RoomId};
use crate::letters;
use crate::message::{Ground, Shown};
use crate::naming;
use crate::own;
use crate::reading;
use crate::service::Talk;
use crate::statement::{
    ATTACHMENTS_MAX, About, Body, Content, Inside, Letter, MENTIONS_MAX, Message, REACTION_SIZE_MAX,
    TEXT_SIZE_MAX, TURN_MAX, What, is_link, is_reaction,
};
use crate::tables::{ABOUT, MESSAGES, MessageRow, NONCES, QUEUED, ROOMS};
use crate::taking::{ABOUT_MAX, Said};

/// What may be said from this computer within [`PACE_WITHIN`]: more than anybody types, and little enough that a program gone wild
/// is noticed before others have to mute it.
const PACE_MAX: u32 = 60;
const PACE_WITHIN: Duration = Duration::from_secs(20);

/// Letters of a label that follow an `@` at most.
const LABEL_MAX: usize = 80;

impl Talk {
    /// Says something.
    pub(crate) fn say(&mut self, step: &mut Step<'_>, asked: &Say) -> Result<MessageView, Fault> {
        let (web, room) = naming::room(step.view(), &asked.room)?;
        let given = match &asked.id {
            Some(text) => Some(naming::id_of(text).ok_or_else(|| bad_id(text))?),
            None => None,
        };
        if let Some(nonce) = given
            && let Some(known) = NONCES.get(step.view(), &(web, nonce))?
        {
            return view_of(step, known);
        }
        let ground = writer(step, web, room)?;
        self.pace(step)?;
        let content = content(step.view(), web, &asked.text, (&asked.mentions, &asked.attachments))?;
        let reply_to = named_in(step, room, asked.reply_to.as_deref())?;
        // What answers a message of a thread stands in the same thread.
        let thread = match named_in(step, room, asked.thread.as_deref())? {
            Some(root) => {
                Some(MESSAGES.get(step.view(), &(web, root))?.and_then(|row| row.thread).unwrap_or(root))
            }
            None => None,
        };
        let nonce = given.unwrap_or_else(|| random_id(step));
        let newest = ROOMS.get(step.view(), &(web, room))?.unwrap_or_default().newest;
        let turn = newest.saturating_add(1).min(TURN_MAX);
        let message = Message { nonce, turn, at: step.now(), content, reply_to, thread };
        let id = match ground.terms {
            Some(_) => self.say_openly(step, (web, room), message)?,
            None => self.say_sealed(step, (web, room), Inside::Said(message))?,
        };
        let Some(id) = id else { return Err(TalkError::NobodyReads.into()) };
        NONCES.put(step.rows(), &(web, nonce), &id);
        own::mark_read(step, web, room, turn)?;
        own::keep_draft(step, web, room, "")?;
        view_of(step, id)
    }

    fn say_openly(
        &mut self,
        step: &mut Step<'_>,
        (web, room): (WebId, RoomId),
        message: Message,
    ) -> Result<Option<MessageId>, Fault> {
        let body = Body::Said { room, message: message.clone() };
        let number = records::publish_told(step, web, "talk", wire::to_bytes(&body))?;
        let said = Said::queued(web, step.me(), number);
        let id = self.take_message(step, said, room, message)?;
        QUEUED.put(step.rows(), &(web, number), &id);
        Ok(Some(id))
    }

    /// Seals something to those of a direct conversation who still read in the web, this person among them.
    fn say_sealed(
        &mut self,
        step: &mut Step<'_>,
        (web, room): (WebId, RoomId),
        inside: Inside,
    ) -> Result<Option<MessageId>, Fault> {
        let persons = ROOMS.get(step.view(), &(web, room))?.unwrap_or_default().persons;
        let mut readers = Vec::new();
        for person in &persons {
            if people::read::key_of(step.view(), web, *person)?.is_some() {
                readers.push(*person);
            }
        }
        let is_alone = readers.len() < 2 && persons.len() > 1;
        let letter = Letter { persons, inside };
        let sealed = match is_alone {
            true => None,
            false => Sealed::letter(step, (web, "talk"), &readers, &wire::to_bytes(&letter))?,
        };
        let Some(sealed) = sealed else { return Err(TalkError::NobodyReads.into()) };
        let number = records::publish_told(step, web, "talk", wire::to_bytes(&Body::Letter(sealed)))?;
        let said = Said::queued(web, step.me(), number);
        let about = match &letter.inside {
            Inside::About(about) => Some(about.message),
            Inside::Said(_) => None,
        };
        let id = self.take_inside(step, said, letter)?;
        if let Some(id) = id.or(about) {
            QUEUED.put(step.rows(), &(web, number), &id);
        }
        Ok(id)
    }

    /// Says a message of this person's anew.
    pub(crate) fn edit(&mut self, step: &mut Step<'_>, asked: &EditMessage) -> Result<MessageView, Fault> {
        let (ground, id, shown) = self.changeable(step, &asked.message)?;
        if Some(shown.person) != ground.me {
            return Err(TalkError::NotYours.into());
        }
        let content = content(step.view(), ground.web, &asked.text, (&asked.mentions, &asked.attachments))?;
        self.say_about(step, &ground, id, What::Edit { count: shown.next_edit, content })
    }

    /// Takes a message away.
    pub(crate) fn delete(
        &mut self,
        step: &mut Step<'_>,
        asked: &DeleteMessage,
    ) -> Result<MessageView, Fault> {
        let (ground, id, row) = naming::message(step.view(), &asked.message)?;
        writes(step, ground.web)?;
        let person = people::read::person_of(step.view(), ground.web, row.author)?;
        let me = ground.me.ok_or(TalkError::Nobody)?;
        if person != Some(me) && !ground.moderates(step.view(), me)? {
            let room = naming::room_name(step.view(), ground.web, ground.room)?;
            return Err(TalkError::NotModerating { room }.into());
        }
        self.say_about(step, &ground, id, What::Delete)
    }

    /// Reacts to a message, or takes that back.
    pub(crate) fn react(&mut self, step: &mut Step<'_>, asked: &React) -> Result<MessageView, Fault> {
        if !is_reaction(&asked.emoji) {
            let emoji = asked.emoji.chars().take(REACTION_SIZE_MAX).collect();
            return Err(TalkError::BadReaction { emoji, limit: REACTION_SIZE_MAX }.into());
        }
        let (ground, id, shown) = self.changeable(step, &asked.message)?;
        let me = ground.me.ok_or(TalkError::Nobody)?;
        let known = shown.counts.get(&(asked.emoji.clone(), me)).copied().unwrap_or(0);
        let is_on = !asked.withdraw;
        if is_on == shown.reactions.get(&asked.emoji).is_some_and(|who| who.contains(&me)) {
            return view_of(step, id);
        }
        let what = What::React { emoji: asked.emoji.clone(), count: known.saturating_add(1), is_on };
        self.say_about(step, &ground, id, what)
    }

    /// Finds a message about which something can be said now.
    fn changeable(&mut self, step: &mut Step<'_>, name: &str) -> Result<(Ground, MessageId, Shown), Fault> {
        let (ground, id, row) = naming::message(step.view(), name)?;
        writer(step, ground.web, ground.room)?;
        self.pace(step)?;
        let unknown = || TalkError::NoSuchMessage { message: id.to_string() };
        let shown = ground.show(step.view(), id, &row)?.ok_or_else(unknown)?;
        if shown.removed.is_some() {
            return Err(TalkError::TakenAway { message: id.to_string() }.into());
        }
        if ABOUT.within(step.view(), &(ground.web, id, step.me())).count() >= ABOUT_MAX {
            return Err(TalkError::TooOften { limit: ABOUT_MAX }.into());
        }
        Ok((ground, id, shown))
    }

    fn say_about(
        &mut self,
        step: &mut Step<'_>,
        ground: &Ground,
        id: MessageId,
        what: What,
    ) -> Result<MessageView, Fault> {
        let about = About { message: id, at: step.now(), what };
        if ground.room.is_direct() {
            self.say_sealed(step, (ground.web, ground.room), Inside::About(about))?;
        } else {
            let body = wire::to_bytes(&Body::About(about.clone()));
            let number = records::publish_told(step, ground.web, "talk", body)?;
            QUEUED.put(step.rows(), &(ground.web, number), &id);
            self.take_about(step, Said::queued(ground.web, step.me(), number), about, None)?;
        }
        view_of(step, id)
    }

    /// Counts what is said from this computer.
    fn pace(&mut self, step: &mut Step<'_>) -> Result<(), Fault> {
        let now = step.now();
        if now < self.pace.0 || now.since(self.pace.0) >= PACE_WITHIN {
            self.pace = (now, 0);
        }
        if self.pace.1 >= PACE_MAX {
            self.floods.note(records::Misdeed::Said);
            return Err(TalkError::TooFast { limit: PACE_MAX, seconds: PACE_WITHIN.as_secs() }.into());
        }
        self.pace.1 += 1;
        Ok(())
    }
}

/// Says whether this peer's person writes in a web.
pub(crate) fn writes(step: &Step<'_>, web: WebId) -> Result<PersonId, Fault> {
    let me = people::read::my_person(step.view())?.ok_or(TalkError::Nobody)?;
    if people::read::writes(step.view(), web, me)? && people::read::is_member(step.view(), web, step.me())? {
        return Ok(me);
    }
    Err(TalkError::NotWriting { web: people::read::web_label(step.view(), web)? }.into())
}

/// Looks whether this peer's person may say something in a conversation now.
fn writer(step: &Step<'_>, web: WebId, room: RoomId) -> Result<Ground, Fault> {
    let me = writes(step, web)?;
    let unknown = || TalkError::NoSuchRoom { room: room.to_string() };
    let ground = Ground::of(step.view(), web, room)?.ok_or_else(unknown)?;
    if let Some(terms) = &ground.terms {
        let name = || terms.name.clone();
        if ground.muted.contains_key(&me) {
            return Err(TalkError::Muted { room: name() }.into());
        }
        if terms.is_archived {
            return Err(TalkError::Archived { room: name() }.into());
        }
    }
    Ok(ground)
}

/// Checks what a message shall say, and finds whom it names.
fn content<R: Rows + ?Sized>(
    rows: &R,
    web: WebId,
    text: &str,
    (mentions, attachments): (&[String], &[String]),
) -> Result<Content, Fault> {
    if text.len() > TEXT_SIZE_MAX {
        return Err(TalkError::TooLong { size: text.len(), limit: TEXT_SIZE_MAX }.into());
    }
    if text.trim().is_empty() && attachments.is_empty() {
        return Err(TalkError::Empty.into());
    }
    let bad = attachments.iter().find(|link| !is_link(link));
    if let Some(what) = bad.or_else(|| attachments.get(ATTACHMENTS_MAX)) {
        let what = what.chars().take(100).collect();
        return Err(TalkError::BadAttachment { what, limit: ATTACHMENTS_MAX }.into());
    }
    let mut named: BTreeSet<PersonId> = BTreeSet::new();
    for name in mentions {
        named.insert(naming::person(rows, web, name)?);
    }
    if named.len() > MENTIONS_MAX {
        return Err(TalkError::TooManyMentions { limit: MENTIONS_MAX }.into());
    }
    for name in text.split('@').skip(1) {
        if named.len() >= MENTIONS_MAX {
            break;
        }
        if let Some(person) = named_first(rows, web, name)? {
            named.insert(person);
        }
    }
    Ok(Content {
        text: text.to_owned(),
        mentions: named.into_iter().collect(),
        attachments: attachments.to_vec(),
    })
}

/// Finds the member with whose label a text begins: the longest one, of at most three words.
fn named_first<R: Rows + ?Sized>(rows: &R, web: WebId, text: &str) -> Result<Option<PersonId>, Fault> {
    let line: String = text.lines().next().unwrap_or_default().chars().take(LABEL_MAX).collect();
    let words: Vec<&str> = line.split(' ').take(3).collect();
    for count in (1..=words.len()).rev() {
        let label = words.get(..count).unwrap_or_default().join(" ");
        let bare = label.trim_end_matches(|c: char| c.is_ascii_punctuation());
        for label in [label.as_str(), bare] {
            // An id can be meant, and a short word that an id begins with by accident can't.
            if let Some(person) = people::read::person_named(rows, web, label)?
                && people::read::label_of(rows, web, person)? == label
            {
                return Ok(Some(person));
            }
        }
    }
    Ok(None)
}

/// Finds a message of the same conversation.
fn named_in(step: &Step<'_>, room: RoomId, name: Option<&str>) -> Result<Option<MessageId>, Fault> {
    let Some(name) = name else { return Ok(None) };
    let (ground, id, _): (Ground, MessageId, MessageRow) = naming::message(step.view(), name)?;
    match ground.room == room {
        true => Ok(Some(id)),
        false => Err(TalkError::NoSuchMessage { message: id.to_string() }.into()),
    }
}

fn view_of(step: &Step<'_>, id: MessageId) -> Result<MessageView, Fault> {
    let (ground, id, row) = naming::message(step.view(), &id.to_string())?;
    reading::view(step.view(), &ground, id, &row)
}

/// Returns an id that nobody has.
pub(crate) fn random_id(step: &mut Step<'_>) -> OperationId {
    let mut bytes = [0; OperationId::LEN];
    for (to, from) in bytes.iter_mut().zip(step.random("talk id")) {
        *to = from;
    }
    OperationId::new(bytes)
}

fn bad_id(text: &str) -> Fault {
    let why = format!("{:?} is no id of 32 digits", text.chars().take(64).collect::<String>());
    TalkError::BadArguments { operation: "talk.say".to_owned(), why }.into()
}

impl Talk {
    /// Finds or begins a direct conversation; nobody is told before something is said.
    pub(crate) fn start_direct(
        &mut self,
        step: &mut Step<'_>,
        asked: &api::talk::StartDirect,
    ) -> Result<api::talk::RoomView, Fault> {
        let web = naming::web(step.view(), &asked.web)?;
        let me = writes(step, web)?;
        let most = people::LETTER_PERSONS_MAX - 1;
        let mut persons = BTreeSet::new();
        for name in &asked.persons {
            let person = naming::person(step.view(), web, name)?;
            if people::read::key_of(step.view(), web, person)?.is_none() {
                let web = asked.web.clone();
                return Err(TalkError::NoSuchPerson { web, person: name.clone() }.into());
            }
            persons.insert(person);
        }
        persons.insert(me);
        if persons.len() < 2 || persons.len() > most + 1 {
            return Err(TalkError::BadPersons { limit: most }.into());
        }
        let room = letters::meet(step, web, persons.into_iter().collect())?;
        self.changed.insert((web, room));
        reading::room_view(step.view(), web, room)
    }
}
