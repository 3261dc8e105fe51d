//! What this service writes into the log of a web, what stands inside of letters, and what peers tell each other about what has
//! arrived (spec talk, rules 1 to 24).
//!
//! Whatever is read here may come from anybody: every limit is checked before anything is used. Not for: what it does (`taking.rs`).

use base::{DeviceId, OperationId, PersonId, Timestamp, WebId};
use minicbor::{Decode, Encode};
use people::{LETTER_PERSONS_MAX, LETTER_PLAIN_MAX, Sealed};
use wire::WireError;

use crate::ids::{MessageId, RoomId};

/// Bytes of a message's text at most: longer ones are documents, and a letter (32 KiB) has to hold it with all that belongs to it.
pub(crate) const TEXT_SIZE_MAX: usize = 16 * 1024;
/// Bytes of a room's name and topic at most.
pub(crate) const NAME_SIZE_MAX: usize = 200;
pub(crate) const TOPIC_SIZE_MAX: usize = 1_000;
/// Persons named in a message at most: who means everybody says so in words.
pub(crate) const MENTIONS_MAX: usize = 32;
/// Links that come with a message at most, and bytes of one; together they fit into a letter beside the longest text.
pub(crate) const ATTACHMENTS_MAX: usize = 8;
pub(crate) const ATTACHMENT_SIZE_MAX: usize = 1_024;
/// Bytes of a reaction at most: the longest emoji of several signs take about 40.
pub(crate) const REACTION_SIZE_MAX: usize = 64;
/// Persons who moderate a room besides admins, at most.
pub(crate) const MODERATORS_MAX: usize = 32;
/// Devices whose places are named when a person is muted: a person has at most 64.
pub(crate) const PLACES_MAX: usize = 64;
/// The greatest turn of a message. Nobody comes there: each turn is at most [`LEAP`] above the one before it.
pub(crate) const TURN_MAX: u64 = 1 << 62;
/// How far a turn may be above the greatest one that counts (spec talk, rule 8): more than any room has messages.
pub(crate) const LEAP: u64 = 1 << 20;

/// Bytes of a record at most: a letter to 16 persons.
const BODY_SIZE_MAX: usize = 36 * 1024;
/// Bytes of a message between peers at most: 64 places of 45 bytes.
const SAYS_SIZE_MAX: usize = 4 * 1024;

/// A message as its author wrote it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Message {
    /// Random, or given by the asker: the same words said twice are two messages.
    #[n(0)]
    pub(crate) nonce: OperationId,
    /// One more than the greatest turn that its author saw there: what answers comes after what it answers.
    #[n(1)]
    pub(crate) turn: u64,
    /// By the author's clock; for display, and between messages of one turn.
    #[n(2)]
    pub(crate) at: Timestamp,
    #[n(3)]
    pub(crate) content: Content,
    /// Which message it answers.
    #[n(4)]
    pub(crate) reply_to: Option<MessageId>,
    /// Under which message it stands; none in the room itself.
    #[n(5)]
    pub(crate) thread: Option<MessageId>,
}

/// What an edit replaces.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Content {
    /// Markdown.
    #[n(0)]
    pub(crate) text: String,
    /// Ascending.
    #[n(1)]
    pub(crate) mentions: Vec<PersonId>,
    /// The house's links.
    #[n(2)]
    pub(crate) attachments: Vec<String>,
}

/// Something about a message.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) enum What {
    /// The author says it anew; the greatest count holds.
    #[n(0)]
    Edit {
        #[n(0)]
        count: u64,
        #[n(1)]
        content: Content,
    },
    /// The author, or who moderates, takes it away.
    #[n(1)]
    Delete,
    /// A person reacts, or does so no more; of one person and emoji the greatest count holds.
    #[n(2)]
    React {
        #[n(0)]
        emoji: String,
        #[n(1)]
        count: u64,
        #[n(2)]
        is_on: bool,
    },
}

/// Something about a message, and when it was said.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct About {
    #[n(0)]
    pub(crate) message: MessageId,
    #[n(1)]
    pub(crate) at: Timestamp,
    #[n(2)]
    pub(crate) what: What,
}

/// A room begins.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Begun {
    #[n(0)]
    pub(crate) nonce: OperationId,
    #[n(1)]
    pub(crate) at: Timestamp,
    #[n(2)]
    pub(crate) name: String,
    #[n(3)]
    pub(crate) topic: String,
    /// Whether newcomers are shown what was said before they came.
    #[n(4)]
    pub(crate) is_open: bool,
}

/// One thing about a room that can be changed.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) enum Change {
    #[n(0)]
    Name(#[n(0)] String),
    #[n(1)]
    Topic(#[n(0)] String),
    #[n(2)]
    IsArchived(#[n(0)] bool),
    #[n(3)]
    IsOpen(#[n(0)] bool),
    /// Ascending.
    #[n(4)]
    Moderators(#[n(0)] Vec<PersonId>),
}

impl Change {
    /// Returns its number: of each the greatest count holds.
    pub(crate) fn field(&self) -> u8 {
        match self {
            Self::Name(_) => 0,
            Self::Topic(_) => 1,
            Self::IsArchived(_) => 2,
            Self::IsOpen(_) => 3,
            Self::Moderators(_) => 4,
        }
    }
}

/// How far a device's log had been heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Heard {
    #[n(0)]
    pub(crate) device: DeviceId,
    /// The batch's place, times 256, plus the place in it.
    #[n(1)]
    pub(crate) place: u64,
}

/// A record of this service.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) enum Body {
    #[n(0)]
    Begun(#[n(0)] Begun),
    /// A room changes.
    #[n(1)]
    Set {
        #[n(0)]
        room: RoomId,
        #[n(1)]
        count: u64,
        #[n(2)]
        change: Change,
    },
    #[n(2)]
    Said {
        #[n(0)]
        room: RoomId,
        #[n(1)]
        message: Message,
    },
    #[n(3)]
    About(#[n(0)] About),
    /// A person is muted in a room: what stands in its logs behind these places is not shown. Without them: no longer.
    #[n(4)]
    Mute {
        #[n(0)]
        room: RoomId,
        #[n(1)]
        person: PersonId,
        #[n(2)]
        count: u64,
        /// Ascending by device.
        #[n(3)]
        after: Option<Vec<Heard>>,
    },
    /// For named persons only.
    #[n(5)]
    Letter(#[n(0)] Sealed),
}

/// What stands inside of a letter.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Letter {
    /// Whose conversation it is, ascending; the author's person is one of them.
    #[n(0)]
    pub(crate) persons: Vec<PersonId>,
    #[n(1)]
    pub(crate) inside: Inside,
}

#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) enum Inside {
    #[n(0)]
    Said(#[n(0)] Message),
    #[n(1)]
    About(#[n(0)] About),
}

/// What one peer tells another, on the member protocol.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) enum Says {
    /// So far I have taken the logs of your person's devices.
    #[n(0)]
    Have {
        #[n(0)]
        web: WebId,
        /// Ascending by device.
        #[n(1)]
        places: Vec<Heard>,
    },
    /// My person has read so far in a direct conversation, and lets you know.
    #[n(1)]
    Read {
        #[n(0)]
        web: WebId,
        #[n(1)]
        room: RoomId,
        #[n(2)]
        turn: u64,
    },
}

impl Body {
    /// Reads a record and checks its limits.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, WireError> {
        let body: Self = wire::from_bytes(bytes, BODY_SIZE_MAX)?;
        let is_sound = match &body {
            Self::Begun(begun) => is_name(&begun.name) && begun.topic.len() <= TOPIC_SIZE_MAX,
            Self::Set { room, change, .. } => !room.is_direct() && is_change(change),
            Self::Said { room, message } => !room.is_direct() && message.is_sound(),
            Self::About(about) => about.is_sound(),
            Self::Mute { room, after, .. } => {
                !room.is_direct() && after.as_ref().is_none_or(|after| are_places(after))
            }
            Self::Letter(sealed) => sealed.is_letter(),
        };
        checked(body, is_sound)
    }
}

impl Letter {
    /// Reads what a letter holds and checks its limits.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, WireError> {
        let letter: Self = wire::from_bytes(bytes, LETTER_PLAIN_MAX)?;
        let is_sound = are_persons(&letter.persons)
            && match &letter.inside {
                Inside::Said(message) => message.is_sound(),
                Inside::About(about) => about.is_sound(),
            };
        checked(letter, is_sound)
    }
}

impl Says {
    /// Reads a message and checks its limits.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, WireError> {
        let says: Self = wire::from_bytes(bytes, SAYS_SIZE_MAX)?;
        let is_sound = match &says {
            Self::Have { places, .. } => are_places(places),
            Self::Read { room, turn, .. } => room.is_direct() && *turn <= TURN_MAX,
        };
        checked(says, is_sound)
    }
}

fn checked<T>(value: T, is_sound: bool) -> Result<T, WireError> {
    if is_sound { Ok(value) } else { Err(WireError::OutOfLimits { field: "talk" }) }
}

impl Message {
    fn is_sound(&self) -> bool {
        self.turn > 0 && self.turn <= TURN_MAX && self.content.is_sound()
    }
}

impl Content {
    pub(crate) fn is_sound(&self) -> bool {
        self.text.len() <= TEXT_SIZE_MAX
            && !(self.text.trim().is_empty() && self.attachments.is_empty())
            && self.mentions.len() <= MENTIONS_MAX
            && self.mentions.is_sorted_by(|one, next| one < next)
            && self.attachments.len() <= ATTACHMENTS_MAX
            && self.attachments.iter().all(|link| is_link(link))
    }
}

impl About {
    fn is_sound(&self) -> bool {
        match &self.what {
            What::Edit { content, .. } => content.is_sound(),
            What::Delete => true,
            What::React { emoji, .. } => is_reaction(emoji),
        }
    }
}

/// Says whether a room can be called so.
pub(crate) fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= NAME_SIZE_MAX
        && name.trim() == name
        && !name.chars().any(|c| c == '/' || c == '\\' || c.is_control())
}

/// Says whether it is written as the house's links are; what it leads to, and whether anything, is found out when it is shown.
pub(crate) fn is_link(link: &str) -> bool {
    link.starts_with("althing:")
        && link.len() <= ATTACHMENT_SIZE_MAX
        && !link.chars().any(|c| c.is_control() || c.is_whitespace())
}

/// Says whether it is short, and one thing to look at.
pub(crate) fn is_reaction(emoji: &str) -> bool {
    !emoji.is_empty()
        && emoji.len() <= REACTION_SIZE_MAX
        && !emoji.chars().any(|c| c.is_control() || c.is_whitespace())
}

fn is_change(change: &Change) -> bool {
    match change {
        Change::Name(name) => is_name(name),
        Change::Topic(topic) => topic.len() <= TOPIC_SIZE_MAX,
        Change::IsArchived(_) | Change::IsOpen(_) => true,
        Change::Moderators(persons) => {
            persons.len() <= MODERATORS_MAX && persons.is_sorted_by(|one, next| one < next)
        }
    }
}

/// Says whether they are such as one letter reaches, each once and in order.
pub(crate) fn are_persons(persons: &[PersonId]) -> bool {
    (2..=LETTER_PERSONS_MAX).contains(&persons.len()) && persons.is_sorted_by(|one, next| one < next)
}

fn are_places(places: &[Heard]) -> bool {
    places.len() <= PLACES_MAX && places.is_sorted_by(|one, next| one.device < next.device)
}
