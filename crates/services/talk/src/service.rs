//! The service as the kernel meets it: which input leads where.

use std::collections::{BTreeMap, BTreeSet};

use api::Operation;
use api::talk as ask;
use base::{DeviceId, Fault, FaultKind, Timestamp, WebId};
use kernel::{AskId, Channel, Input, ReadContext, Reader, Service, Step};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::faults::TalkError;
use crate::ids::{MessageId, RoomId};
use crate::own;
use crate::receipts::{TELL, meet};
use crate::tables::{LETTERS, LETTERS_ALARM, QUIET, READ, ROOMS, SETTINGS};
use crate::taking::{JUDGE_ALARM, is_news};
use crate::{finding, reading};

/// Makes the service.
pub fn service() -> Talk {
    Talk::default()
}

/// Keeps conversations. Its fields are what is to be told when a batch closes, and how much was done lately; rows say the rest.
#[derive(Debug, Default)]
pub struct Talk {
    /// Conversations that look different now.
    pub(crate) changed: BTreeSet<(WebId, RoomId)>,
    /// Webs in which somebody has said what it has.
    pub(crate) delivered: BTreeSet<WebId>,
    /// The last message of each conversation that is to ring.
    pub(crate) rings: BTreeMap<(WebId, RoomId), Rang>,
    /// Whose logs were taken, and who is to be told so.
    pub(crate) owed: BTreeSet<(WebId, DeviceId)>,
    /// In which second how many letters were tried.
    pub(crate) tried: people::Tried,
    /// What was said from this computer lately.
    pub(crate) pace: (Timestamp, u32),
    pub(crate) floods: records::Floods,
}

/// A message that is to ring.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rang {
    pub(crate) message: MessageId,
    pub(crate) at: Timestamp,
    pub(crate) names_me: bool,
}

impl Service for Talk {
    fn name(&self) -> &'static str {
        "talk"
    }

    fn listens_to(&self) -> &'static [&'static str] {
        &["records", "people"]
    }

    fn step(&mut self, step: &mut Step<'_>, input: Input) -> Result<(), Fault> {
        let done = self.take_input(step, input);
        if let Err(fault) = &done
            && !fault.code.starts_with("talk.")
        {
            self.forget();
        }
        done
    }

    fn close_batch(&mut self, step: &mut Step<'_>) -> Result<(), Fault> {
        self.floods.tell(step);
        for (web, room) in std::mem::take(&mut self.changed) {
            let web = people::read::web_label(step.view(), web)?;
            step.emit("talk.changed", &serde_json::json!({ "web": web, "room": room.to_string() }));
        }
        for web in std::mem::take(&mut self.delivered) {
            let web = people::read::web_label(step.view(), web)?;
            step.emit("talk.delivered", &serde_json::json!({ "web": web }));
        }
        for ((web, room), rang) in std::mem::take(&mut self.rings) {
            ring(step, (web, room), rang)?;
        }
        Ok(())
    }

    fn forget(&mut self) {
        *self = Self::default();
    }

    fn reader(&self) -> Box<dyn Reader> {
        Box::new(TalkReader)
    }
}

/// Tells whoever watches of a message, unless it is old, was read, or is not to ring.
fn ring(step: &mut Step<'_>, (web, room): (WebId, RoomId), rang: Rang) -> Result<(), Fault> {
    let now = step.now();
    let turn = crate::message::row(step.view(), web, rang.message)?.map_or(0, |row| row.turn);
    let is_read = READ.get(step.view(), &(web, room))?.is_some_and(|read| read >= turn);
    let settings = SETTINGS.get(step.view(), &web)?.unwrap_or_default();
    let is_silent = QUIET.has(step.view(), &(web, room))? || own::is_quiet_hour(settings, now);
    if is_silent || is_read || !is_news(now, rang.at) || !ROOMS.has(step.view(), &(web, room))? {
        return Ok(());
    }
    let about = serde_json::json!({
        "web": people::read::web_label(step.view(), web)?,
        "room": room.to_string(),
        "message": rang.message.to_string(),
        "names_you": rang.names_me,
    });
    step.emit("talk.rang", &about);
    Ok(())
}

impl Talk {
    fn take_input(&mut self, step: &mut Step<'_>, input: Input) -> Result<(), Fault> {
        match input {
            Input::Started => self.open_letters(step),
            Input::Told { by: "records", message } => self.hear_records(step, &message),
            Input::Told { by: "people", message } => self.hear_people(step, &message),
            Input::Asked { ask, operation, arguments } => self.ask(step, ask, &operation, arguments),
            Input::Heard { from, channel: Channel::Member, message, .. } => self.hear(step, from, &message),
            Input::Connected { device, channel: Channel::Member } => meet(step, device),
            Input::Alarm { key } if key == TELL => self.tell_owed(step),
            Input::Alarm { key } if key == LETTERS_ALARM => self.open_letters(step),
            Input::Alarm { key } => match key.strip_prefix(JUDGE_ALARM) {
                Some(named) => self.judge_on(step, named),
                None => Ok(()),
            },
            _ => Ok(()),
        }
    }

    fn hear_people(&mut self, step: &mut Step<'_>, message: &[u8]) -> Result<(), Fault> {
        match people::Told::from_bytes(message) {
            Ok(people::Told::Mark { kind, about, value }) => {
                self.hear_mark(step, (kind, &about), value.as_ref().map(|value| value.as_slice()))
            }
            Ok(people::Told::Members { web } | people::Told::Joined { web }) => {
                self.judge_again(step, web)?;
                if LETTERS.try_again(step)? { self.open_letters(step) } else { Ok(()) }
            }
            Ok(people::Told::Removed { .. } | people::Told::Left { .. }) | Err(_) => Ok(()),
        }
    }

    fn ask(
        &mut self,
        step: &mut Step<'_>,
        id: AskId,
        operation: &str,
        arguments: Value,
    ) -> Result<(), Fault> {
        match operation {
            ask::StartRoom::NAME => {
                let answer = self.start_room(step, &arguments_of(operation, arguments)?)?;
                step.reply(id, &answer);
            }
            ask::ChangeRoom::NAME => {
                let answer = self.change_room(step, &arguments_of(operation, arguments)?)?;
                step.reply(id, &answer);
            }
            ask::StartDirect::NAME => {
                let answer = self.start_direct(step, &arguments_of(operation, arguments)?)?;
                step.reply(id, &answer);
            }
            ask::Say::NAME => {
                let answer = self.say(step, &arguments_of(operation, arguments)?)?;
                step.reply(id, &answer);
            }
            ask::EditMessage::NAME => {
                let answer = self.edit(step, &arguments_of(operation, arguments)?)?;
                step.reply(id, &answer);
            }
            ask::DeleteMessage::NAME => {
                let answer = self.delete(step, &arguments_of(operation, arguments)?)?;
                step.reply(id, &answer);
            }
            ask::React::NAME => {
                let answer = self.react(step, &arguments_of(operation, arguments)?)?;
                step.reply(id, &answer);
            }
            _ => return self.ask_of_oneself(step, id, (operation, arguments)),
        }
        Ok(())
    }

    /// Answers what is about moderating, and about what a person keeps for itself.
    fn ask_of_oneself(
        &mut self,
        step: &mut Step<'_>,
        id: AskId,
        (operation, arguments): (&str, Value),
    ) -> Result<(), Fault> {
        match operation {
            ask::MuteMember::NAME => {
                let answer = self.mute(step, &arguments_of(operation, arguments)?)?;
                step.reply(id, &answer);
            }
            ask::MarkRead::NAME => {
                let answer = self.mark_read(step, &arguments_of(operation, arguments)?)?;
                step.reply(id, &answer);
            }
            ask::SetDraft::NAME => {
                let answer = Self::draft(step, &arguments_of(operation, arguments)?)?;
                step.reply(id, &answer);
            }
            ask::QuietRoom::NAME => {
                let answer = self.quiet(step, &arguments_of(operation, arguments)?)?;
                step.reply(id, &answer);
            }
            ask::SetTalk::NAME => {
                let answer = Self::set(step, &arguments_of(operation, arguments)?)?;
                step.reply(id, &answer);
            }
            _ => return Err(no_operation(operation)),
        }
        Ok(())
    }
}

fn arguments_of<T: DeserializeOwned>(operation: &str, arguments: Value) -> Result<T, Fault> {
    serde_json::from_value(arguments).map_err(|error| {
        TalkError::BadArguments { operation: operation.to_owned(), why: error.to_string() }.into()
    })
}

fn no_operation(operation: &str) -> Fault {
    let why = "there is no such operation".to_owned();
    TalkError::BadArguments { operation: operation.to_owned(), why }.into()
}

/// Answers read operations.
#[derive(Debug)]
struct TalkReader;

impl Reader for TalkReader {
    fn read(&self, context: &ReadContext<'_>, operation: &str, arguments: Value) -> Result<Value, Fault> {
        let rows = context.rows;
        match operation {
            ask::AskInbox::NAME => value(&reading::inbox(rows, &arguments_of(operation, arguments)?)?),
            ask::AskRooms::NAME => value(&reading::rooms(rows, &arguments_of(operation, arguments)?)?),
            ask::AskMessages::NAME => value(&reading::messages(rows, &arguments_of(operation, arguments)?)?),
            ask::AskThread::NAME => value(&reading::thread(rows, &arguments_of(operation, arguments)?)?),
            ask::AskMessage::NAME => {
                let asked: ask::AskMessage = arguments_of(operation, arguments)?;
                let (ground, id, row) = crate::naming::message(rows, &asked.message)?;
                value(&reading::view(rows, &ground, id, &row)?)
            }
            ask::FindMessages::NAME => value(&finding::find(rows, &arguments_of(operation, arguments)?)?),
            ask::AskWho::NAME => value(&reading::who(context, &arguments_of(operation, arguments)?)?),
            _ => Err(no_operation(operation)),
        }
    }
}

fn value<T: Serialize>(answer: &T) -> Result<Value, Fault> {
    serde_json::to_value(answer).map_err(|error| {
        Fault::new("talk.answer", FaultKind::Broken, format!("an answer could not be written: {error}"))
    })
}
