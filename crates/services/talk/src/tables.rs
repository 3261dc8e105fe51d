//! The rows of `talk`.

use std::ops::Bound;

use base::{DeviceId, OperationId, PersonId, Timestamp, WebId};
use minicbor::{Decode, Encode};
use people::Letters;
use store::{Rows, StoreError, Table};

use crate::ids::{MessageId, RoomId};
use crate::statement::{About, Change, Content, Heard};

/// Conversations: rooms and direct ones.
pub(crate) const ROOMS: Table<(WebId, RoomId), RoomRow> = Table::new("talk.rooms");
/// Which rooms a device has begun.
pub(crate) const BEGUN: Table<(WebId, DeviceId, RoomId), ()> = Table::new("talk.begun");
/// What was changed about rooms: (web, room, field, device, number).
pub(crate) const SETS: Table<(WebId, RoomId, u8, DeviceId, u64), SetRow> = Table::new("talk.sets");
/// Who was muted: (web, room, who moderates, number).
pub(crate) const MUTES: Table<(WebId, RoomId, DeviceId, u64), MuteRow> = Table::new("talk.mutes");
/// Messages.
pub(crate) const MESSAGES: Table<(WebId, MessageId), MessageRow> = Table::new("talk.messages");
/// The order of a conversation: (web, room, turn, when, message), and whether a message stands in a thread.
pub(crate) const TIMELINE: Table<Spot, bool> = Table::new("talk.timeline");
/// The order of a thread: (web, the message it stands under, turn, when, message).
pub(crate) const THREADS: Table<(WebId, MessageId, u64, u64, MessageId), ()> = Table::new("talk.threads");
/// What was said about messages, also before they came: (web, message, device, number).
pub(crate) const ABOUT: Table<(WebId, MessageId, DeviceId, u64), AboutRow> = Table::new("talk.about");
/// Messages that somebody wants taken away who may not, as far as is known: the right may still come.
pub(crate) const DENIED: Table<(WebId, MessageId), ()> = Table::new("talk.denied");
/// The messages of a device by the place of their record, for cuts: (web, device, place, message).
pub(crate) const PLACED: Table<(WebId, DeviceId, u64, MessageId), ()> = Table::new("talk.placed");
/// Own messages that are not sealed into the log yet, by the number in the queue.
pub(crate) const QUEUED: Table<(WebId, u64), MessageId> = Table::new("talk.queued");
/// What the asker's name for a message led to.
pub(crate) const NONCES: Table<(WebId, OperationId), MessageId> = Table::new("talk.nonces");
/// Words of shown texts: (web, word, 0, when backwards, message).
pub(crate) const WORDS: Table<(WebId, Vec<u8>), ()> = Table::new("talk.words");
/// In how many messages a word stands.
pub(crate) const WORD_COUNTS: Table<(WebId, String), u64> = Table::new("talk.word-counts");
/// How far the logs of others were told to this service.
pub(crate) const HEARD: Table<(WebId, DeviceId), u64> = Table::new("talk.heard");
/// Letters, by author and place.
pub(crate) const LETTERS: Letters =
    Letters::new("talk", LETTERS_ALARM, ["talk.letters", "talk.closed", "talk.tried-keys"]);
/// Alarm: go on opening letters.
pub(crate) const LETTERS_ALARM: &str = "letters";
/// How far devices say they have taken the logs of this person's devices: (web, own device, theirs).
pub(crate) const DELIVERED: Table<(WebId, DeviceId, DeviceId), u64> = Table::new("talk.delivered");
/// How far others say they have read direct conversations.
pub(crate) const READ_BY: Table<(WebId, RoomId, PersonId), u64> = Table::new("talk.read-by");
/// How far this person has read.
pub(crate) const READ: Table<(WebId, RoomId), u64> = Table::new("talk.read");
/// What this person has begun to write.
pub(crate) const DRAFTS: Table<(WebId, RoomId), String> = Table::new("talk.drafts");
/// Conversations that do not ring.
pub(crate) const QUIET: Table<(WebId, RoomId), ()> = Table::new("talk.quiet");
/// What this person has set in a web.
pub(crate) const SETTINGS: Table<WebId, SettingsRow> = Table::new("talk.settings");

/// A place in the order of a conversation.
pub(crate) type Spot = (WebId, RoomId, u64, u64, MessageId);

/// Own records have numbers from here on, by their place in the queue: later than those that came back from others.
pub(crate) const OWN: u64 = 1 << 63;

/// A conversation.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
pub(crate) struct RoomRow {
    /// None of a direct conversation, and of a room whose beginning is still to come.
    #[n(0)]
    pub(crate) begun: Option<BegunRow>,
    /// Whose direct conversation it is; empty of a room.
    #[n(1)]
    pub(crate) persons: Vec<PersonId>,
    /// The greatest turn that counts (spec talk, rule 8).
    #[n(2)]
    pub(crate) newest: u64,
}

/// How a room began.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct BegunRow {
    #[n(0)]
    pub(crate) by: DeviceId,
    #[n(1)]
    pub(crate) at: Timestamp,
    #[n(2)]
    pub(crate) name: String,
    #[n(3)]
    pub(crate) topic: String,
    #[n(4)]
    pub(crate) is_open: bool,
    /// The number of the record.
    #[n(5)]
    pub(crate) number: u64,
}

/// A change of a room.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct SetRow {
    #[n(0)]
    pub(crate) count: u64,
    #[n(1)]
    pub(crate) change: Change,
}

/// A person is muted, or no longer.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct MuteRow {
    #[n(0)]
    pub(crate) person: PersonId,
    #[n(1)]
    pub(crate) count: u64,
    #[n(2)]
    pub(crate) after: Option<Vec<Heard>>,
}

/// A message.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct MessageRow {
    #[n(0)]
    pub(crate) room: RoomId,
    #[n(1)]
    pub(crate) author: DeviceId,
    /// Where it stands in the author's log; 0 of an own one that is not sealed yet.
    #[n(2)]
    pub(crate) place: u64,
    #[n(3)]
    pub(crate) turn: u64,
    #[n(4)]
    pub(crate) at: Timestamp,
    /// As it was first said; none once it was taken away: then no row holds its text.
    #[n(5)]
    pub(crate) content: Option<Content>,
    #[n(6)]
    pub(crate) reply_to: Option<MessageId>,
    #[n(7)]
    pub(crate) thread: Option<MessageId>,
    /// Who took it away, and when, as this peer has judged.
    #[n(8)]
    pub(crate) removed: Option<RemovedRow>,
}

/// A message was taken away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub(crate) struct RemovedRow {
    #[n(0)]
    pub(crate) by: PersonId,
    #[n(1)]
    pub(crate) at: Timestamp,
}

/// Something about a message.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct AboutRow {
    #[n(0)]
    pub(crate) about: About,
    /// In which direct conversation it was said; none in the open. It counts for messages of the same only.
    #[n(1)]
    pub(crate) direct: Option<RoomId>,
}

/// What a person has set for a web.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Encode, Decode)]
pub(crate) struct SettingsRow {
    /// Whether others in a direct conversation are told how far this person has read.
    #[n(0)]
    pub(crate) tells_read: bool,
    /// Minutes of the day, in UTC, from which on and until which nothing rings; alike: never.
    #[n(1)]
    pub(crate) quiet_from: u32,
    #[n(2)]
    pub(crate) quiet_until: u32,
}

/// Which way to walk a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// Oldest first.
    On,
    /// Newest first.
    Back,
}

/// Walks a part of an order whose keys begin as `first` and `last` do, both included.
pub(crate) fn walk<'a, R: Rows + ?Sized, K: store::Key + 'a, V>(
    rows: &'a R,
    table: Table<K, V>,
    (first, last): (&K, &K),
    way: Way,
) -> impl Iterator<Item = Result<(K, V), StoreError>> + use<'a, R, K, V>
where
    V: Encode<()> + for<'b> Decode<'b, ()> + 'a,
{
    let bytes = |key: &K| {
        let mut bytes = Vec::new();
        key.write(&mut bytes);
        bytes
    };
    let (first, last) = (bytes(first), bytes(last));
    let (from, to) = (Bound::Included(first.as_slice()), Bound::Included(last.as_slice()));
    let pairs = match way {
        Way::On => rows.range(table.name(), from, to),
        Way::Back => rows.range_back(table.name(), from, to),
    };
    pairs.map(move |pair| {
        let (key, value) = pair?;
        let key = K::read(&mut key.as_slice()).ok_or(StoreError::BadKey { table: table.name() })?;
        let value = minicbor::decode(&value)
            .map_err(|source| StoreError::BadValue { table: table.name(), source })?;
        Ok((key, value))
    })
}
