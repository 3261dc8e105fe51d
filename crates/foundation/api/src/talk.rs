//! Operations of `talk`: rooms and direct conversations of a web.
//!
//! A conversation is named by its id, or a room by `web/name`. Texts are Markdown of others: whoever shows them must not run them.

use base::{PersonId, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::operation::operations;

operations! {
    Read "talk.inbox" AskInbox -> Inbox, "inbox {web?}", "Lists what is new for you: unread conversations, messages that name you, and mail not read.";
    Read "talk.rooms" AskRooms -> Rooms, "room list {web?}", "Lists rooms and direct conversations, newest message first.";
    Act "talk.start" StartRoom -> RoomView, "room new {web} {name}", "Begins a room that everybody in the web can read.", says "The room {name} has begun.";
    Act "talk.change" ChangeRoom -> RoomView, "room set {room}", "Changes a room's name, topic, moderators, what newcomers see, or archives it.", says "{name} is changed.";
    Act "talk.direct" StartDirect -> RoomView, "direct {web} {persons}", "Finds or begins the direct conversation with one or several persons; nobody else can read it.", says "The conversation with {name} is {id}.";
    Act "talk.say" Say -> MessageView, "say {room} {text}", "Says something in a room or direct conversation.", says "Said; {state}.";
    Act "talk.edit" EditMessage -> MessageView, "room edit {message} {text}", "Says a message of yours anew; others see that it was edited.", says "Edited.";
    Act "talk.delete" DeleteMessage -> MessageView, "room delete {message}", "Takes a message away, for everybody: your own, or anybody's where you moderate.", says "The message is taken away.";
    Act "talk.react" React -> MessageView, "room react {message} {emoji}", "Reacts to a message, or takes that back.", says "Done.";
    Read "talk.messages" AskMessages -> Messages, "room show {room}", "Shows messages of a conversation, the newest if nothing else is said.";
    Read "talk.thread" AskThread -> Messages, "room thread {message}", "Shows a message and what stands under it.";
    Read "talk.message" AskMessage -> MessageView, "room message {message}", "Shows one message, and who has it.";
    Read "talk.find" FindMessages -> FoundMessages, "room find {query}", "Finds messages that have all the words, newest first.";
    Act "talk.mark_read" MarkRead -> RoomView, "room read {room}", "Marks a conversation as read, on all your computers.", says "Read.";
    Act "talk.draft" SetDraft -> DraftView, "", "Keeps what was begun to be written; short ones follow you to all your computers." => passing;
    Act "talk.mute" MuteMember -> RoomView, "room mute {room} {person}", "Mutes a member in a room where you moderate: what it says from now on is not shown.", says "Done.";
    Act "talk.quiet" QuietRoom -> RoomView, "room quiet {room}", "Has a conversation ring for you no more, or again.", says "Done.";
    Act "talk.set" SetTalk -> TalkSettings, "room settings {web}", "Shows or changes your settings in a web: quiet hours, and whether others learn that you have read.";
    Read "talk.who" AskWho -> Who, "room who {room}", "Lists whose conversation it is, who is connected to this computer now, and when others last were.";
}

/// Arguments of `talk.inbox`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AskInbox {
    /// The web; all of yours if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub web: Option<String>,
}

/// Something that waits for a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct InboxEntry {
    /// `room` or `direct`: unread messages; `mention`: one that names you; `mail`: one that was not read. There will be more kinds.
    pub kind: String,
    /// The web; empty of a mail that is from none of yours any more.
    pub web: String,
    /// The conversation's name; of a mail, its folder.
    pub name: String,
    /// How many are unread; 1 of a mention or a mail.
    pub unread: u64,
    /// Who said the newest, you as `you`; who wrote a mail, with the address.
    pub who: String,
    /// Its beginning; of a mail, what it is about.
    pub text: String,
    /// When, by its author's clock; of a mail, when it came.
    pub at: Timestamp,
    /// The conversation; empty of a mail.
    pub room: String,
    /// The newest message; of a mail, `FOLDER/NUMBER`.
    pub message: String,
}

/// What is new.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Inbox {
    /// Newest first. Of mail, the newest 50.
    pub entries: Vec<InboxEntry>,
}

/// Arguments of `talk.rooms`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AskRooms {
    /// The web; all of yours if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub web: Option<String>,
    /// Archived ones, too.
    #[serde(default)]
    pub archived: bool,
}

/// A conversation.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact or a wish by itself")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RoomView {
    /// The web.
    pub web: String,
    /// The room's name; of a direct conversation, the persons' labels.
    pub name: String,
    /// `room` or `direct`.
    pub kind: String,
    /// What the room is about.
    pub topic: String,
    /// Unread messages of others, counted up to 100.
    pub unread: u64,
    /// How many of those name you.
    pub mentions: u64,
    /// Whether more are unread than were counted.
    pub is_more: bool,
    /// Whether nothing more is to be said there.
    pub is_archived: bool,
    /// Whether newcomers are shown what was said before they came.
    pub is_open: bool,
    /// Whether it does not ring for you.
    pub is_quiet: bool,
    /// Whether you may take messages away and mute.
    pub may_moderate: bool,
    /// Whether you may say who moderates.
    pub may_lead: bool,
    /// Whether a moderator has muted you here.
    pub is_muted: bool,
    /// Who moderates besides admins: who began it, and those named.
    pub moderators: Vec<String>,
    /// Of a direct conversation: with whom.
    pub persons: Vec<String>,
    /// When the newest message was said, by its author's clock.
    pub newest: Option<Timestamp>,
    /// What you have begun to write.
    pub draft: Option<String>,
    /// Its id.
    pub id: String,
}

/// Conversations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Rooms {
    /// Newest message first.
    pub rooms: Vec<RoomView>,
}

/// Arguments of `talk.start`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StartRoom {
    /// The web.
    pub web: String,
    /// What the room is called.
    pub name: String,
    /// What it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    /// Newcomers are not shown what was said before they came. A courtesy: their computers have the keys.
    #[serde(default)]
    pub closed_history: bool,
}

/// Arguments of `talk.change`.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact or a wish by itself")]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeRoom {
    /// The room: its id, or `web/name`.
    pub room: String,
    /// Another name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Another topic.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    /// Archives it: it is read, and no longer written.
    #[serde(default)]
    pub archive: bool,
    /// Brings it back from the archive.
    #[serde(default)]
    pub bring_back: bool,
    /// Newcomers are shown what was said before they came.
    #[serde(default)]
    pub open_history: bool,
    /// Newcomers are not shown what was said before they came.
    #[serde(default)]
    pub closed_history: bool,
    /// All who shall moderate besides who began it and the web's admins.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub moderators: Vec<String>,
    /// Nobody but those moderates any more.
    #[serde(default)]
    pub no_moderators: bool,
}

/// Arguments of `talk.direct`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StartDirect {
    /// The web.
    pub web: String,
    /// With whom, 1 to 15 members.
    pub persons: Vec<String>,
}

/// Arguments of `talk.say`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Say {
    /// The conversation: its id, or `web/name`.
    pub room: String,
    /// Markdown, at most 16 KiB. `@label` names a member.
    pub text: String,
    /// Which message it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<String>,
    /// Under which message it stands; else in the room itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread: Option<String>,
    /// Members it names besides those in the text.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mentions: Vec<String>,
    /// Links that come with it, `althing:…`, at most 8.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<String>,
    /// 32 digits that the asker gives the message: the same again says nothing new.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
}

/// Arguments of `talk.edit`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EditMessage {
    /// The message.
    pub message: String,
    /// What it says now.
    pub text: String,
    /// Members it names besides those in the text.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mentions: Vec<String>,
    /// Links that come with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<String>,
}

/// Arguments of `talk.delete`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeleteMessage {
    /// The message.
    pub message: String,
}

/// Arguments of `talk.react`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct React {
    /// The message.
    pub message: String,
    /// Any short sign without spaces.
    pub emoji: String,
    /// Takes it back.
    #[serde(default)]
    pub withdraw: bool,
}

/// Arguments of `talk.messages`. Of `before`, `after` and `around` one at most.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AskMessages {
    /// The conversation: its id, or `web/name`.
    pub room: String,
    /// Those before this message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// Those after this message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// This message, with those before and after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub around: Option<String>,
    /// Messages at most, 1 to 100; 50 if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// Arguments of `talk.thread`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AskThread {
    /// The message under which the others stand.
    pub message: String,
    /// Those after this message of the thread.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// Messages at most, 1 to 100; 50 if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// Arguments of `talk.message`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AskMessage {
    /// The message.
    pub message: String,
}

/// Who reacted how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReactionView {
    /// The sign.
    pub emoji: String,
    /// Who, you as `you`.
    pub who: Vec<String>,
    /// Whether you did.
    pub is_yours: bool,
}

/// A message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MessageView {
    /// Who said it, you as `you`.
    pub who: String,
    /// When, by the author's clock.
    pub at: Timestamp,
    /// Markdown; empty when it was taken away.
    pub text: String,
    /// When it was last edited, by the author's clock.
    pub edited: Option<Timestamp>,
    /// Who took it away, you as `you`.
    pub removed_by: Option<String>,
    /// Which message it answers.
    pub reply_to: Option<String>,
    /// Under which message it stands.
    pub thread: Option<String>,
    /// How many stand under it, counted up to 100.
    pub replies: u64,
    /// When the newest of them was said.
    pub last_reply: Option<Timestamp>,
    /// By sign.
    pub reactions: Vec<ReactionView>,
    /// Labels of the members it names.
    pub mentions: Vec<String>,
    /// Whether it names you.
    pub names_you: bool,
    /// Links that come with it.
    pub attachments: Vec<String>,
    /// Of your own messages: `waiting` (not in your log yet), `held` (safe on this computer), `sent` (on other computers, too), `delivered` (on a computer of
    /// every person it is for), `read`. Of others': empty.
    pub state: String,
    /// Of your own: how many computers of others say that they have it.
    pub sent: u64,
    /// Of your own: whose computers say that they have it.
    pub delivered: Vec<String>,
    /// Of your own, in direct conversations: who says that they have read it.
    pub read: Vec<String>,
    /// Of your own: for how many persons it is.
    pub persons: u64,
    /// How many more messages of the same person stand next to it without a break and are left out here: `before` or `after` it shows them.
    pub folded: u64,
    /// Who said it.
    pub person: PersonId,
    /// The conversation.
    pub room: String,
    /// Its id.
    pub id: String,
}

/// Messages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Messages {
    /// Oldest first.
    pub messages: Vec<MessageView>,
    /// Whether there are older ones.
    pub has_before: bool,
    /// Whether there are newer ones.
    pub has_after: bool,
    /// The first unread message of others in the conversation.
    pub first_unread: Option<String>,
}

/// Arguments of `talk.find`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FindMessages {
    /// Words; case and accents do not matter.
    pub query: String,
    /// The web; all of yours if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub web: Option<String>,
    /// Only in this conversation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<String>,
    /// Messages at most, 1 to 100; 20 if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// A message that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FoundMessage {
    /// The web.
    pub web: String,
    /// The conversation's name.
    pub name: String,
    /// Who said it, you as `you`.
    pub who: String,
    /// When, by its author's clock.
    pub at: Timestamp,
    /// A piece of it, around the first word.
    pub text: String,
    /// The conversation.
    pub room: String,
    /// The message.
    pub message: String,
}

/// Messages that were found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FoundMessages {
    /// Newest first.
    pub found: Vec<FoundMessage>,
    /// Whether all were looked at: else there may be older ones, and more words find them.
    pub is_whole: bool,
}

/// Arguments of `talk.mark_read`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MarkRead {
    /// The conversation: its id, or `web/name`.
    pub room: String,
    /// Up to this message; all if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// Arguments of `talk.draft`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetDraft {
    /// The conversation: its id, or `web/name`.
    pub room: String,
    /// What was begun; empty: nothing.
    pub text: String,
}

/// A draft.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DraftView {
    /// Whether it follows you to your other computers: up to 1,000 bytes do.
    pub follows: bool,
    /// The conversation.
    pub room: String,
}

/// Arguments of `talk.mute`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MuteMember {
    /// The room: its id, or `web/name`.
    pub room: String,
    /// Whom.
    pub person: String,
    /// Mutes it no more; what it said meanwhile is shown.
    #[serde(default)]
    pub lift: bool,
}

/// Arguments of `talk.quiet`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QuietRoom {
    /// The conversation: its id, or `web/name`.
    pub room: String,
    /// Has it ring again.
    #[serde(default)]
    pub loud: bool,
}

/// Arguments of `talk.set`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetTalk {
    /// The web.
    pub web: String,
    /// Others in direct conversations learn how far you have read; they do not, if nothing was ever said.
    #[serde(default)]
    pub tell_read: bool,
    /// Others do not learn it any more.
    #[serde(default)]
    pub keep_read: bool,
    /// Minute of the day, in UTC, from which nothing rings, 0 to 1,439.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quiet_from: Option<u32>,
    /// Minute of the day, in UTC, until which nothing rings; the same as the first: it always rings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quiet_until: Option<u32>,
}

/// Settings in a web, the same on all your computers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TalkSettings {
    /// The web.
    pub web: String,
    /// Whether others in direct conversations learn how far you have read.
    pub tells_read: bool,
    /// Minute of the day, in UTC, from which nothing rings.
    pub quiet_from: u32,
    /// Minute of the day, in UTC, until which nothing rings.
    pub quiet_until: u32,
}

/// Arguments of `talk.who`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AskWho {
    /// The conversation: its id, or `web/name`.
    pub room: String,
}

/// A person of a conversation.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact by itself")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WhoView {
    /// Its label, you as `you`.
    pub who: String,
    /// Whether a computer of it is connected to this one now. Others may be there and connected elsewhere.
    pub is_here: bool,
    /// When one was last heard from; none when never.
    pub last_heard: Option<Timestamp>,
    /// Whether it moderates.
    pub moderates: bool,
    /// Whether it was named for that; admins and who began the room moderate without it.
    pub is_named: bool,
    /// Whether a moderator has muted it here: until one lifts that.
    pub is_muted: bool,
    /// Who it is.
    pub person: PersonId,
}

/// Whose conversation it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Who {
    /// Those who are here first.
    pub who: Vec<WhoView>,
}
