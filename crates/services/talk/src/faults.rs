//! What can go wrong with rooms and messages, in the words a person reads.

use base::{Fault, FaultKind};

/// Why something asked of `talk` was not done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the sentence of each says it")]
pub enum TalkError {
    #[error("{operation} cannot be understood: {why}")]
    BadArguments { operation: String, why: String },
    #[error("there is no web called {web} on this peer")]
    NoSuchWeb { web: String },
    #[error("this computer belongs to nobody yet")]
    Nobody,
    #[error("nothing can be said in {web}: you read there, or belong to it no more")]
    NotWriting { web: String },
    #[error("there is no conversation {room}")]
    NoSuchRoom { room: String },
    #[error("several rooms are called {room}")]
    SeveralRooms { room: String },
    #[error("a room cannot be called {name:?}")]
    BadName { name: String },
    #[error("the topic has {size} bytes, {limit} are allowed")]
    TopicTooLong { size: usize, limit: usize },
    #[error("you have begun {limit} rooms in that web, and more are not kept")]
    TooManyRooms { limit: usize },
    #[error("nobody in {web} is called {person}")]
    NoSuchPerson { web: String, person: String },
    #[error("a direct conversation is between you and 1 to {limit} others")]
    BadPersons { limit: usize },
    #[error("nobody is left who could read that conversation")]
    NobodyReads,
    #[error("there is no message {message} that you could see")]
    NoSuchMessage { message: String },
    #[error("the message {message} was taken away")]
    TakenAway { message: String },
    #[error("the message has {size} bytes, {limit} are allowed")]
    TooLong { size: usize, limit: usize },
    #[error("the message says nothing")]
    Empty,
    #[error("{what} cannot come with a message: at most {limit} links that begin with althing:")]
    BadAttachment { what: String, limit: usize },
    #[error("a message can name {limit} people at most")]
    TooManyMentions { limit: usize },
    #[error("{emoji:?} can be no reaction: at most {limit} bytes without spaces")]
    BadReaction { emoji: String, limit: usize },
    #[error("only who wrote the message can change it")]
    NotYours,
    #[error("only moderators of {room} and admins of the web can do that")]
    NotModerating { room: String },
    #[error("you are muted in {room}")]
    Muted { room: String },
    #[error("{room} is archived")]
    Archived { room: String },
    #[error("{person} moderates {room} and cannot be muted there")]
    Moderator { person: String, room: String },
    #[error("only rooms can be changed and moderated, {room} is a direct conversation")]
    NotARoom { room: String },
    #[error("too much was said from this computer: {limit} in {seconds} s are allowed")]
    TooFast { limit: u32, seconds: u64 },
    #[error("too much was said about that message or room from this computer: {limit} times are kept")]
    TooOften { limit: usize },
    #[error("{query:?} has no words to look for")]
    NoWords { query: String },
    #[error("{minute} is no minute of a day")]
    BadMinute { minute: u32 },
}

impl From<TalkError> for Fault {
    #[expect(clippy::too_many_lines, reason = "one line or two for each error")]
    fn from(error: TalkError) -> Self {
        let what = error.to_string();
        let yours = |code| Self::new(code, FaultKind::Yours, what.clone());
        let refused = |code| Self::new(code, FaultKind::Refused, what.clone());
        let people = "althing people WEB";
        match error {
            TalkError::BadArguments { .. } => {
                yours("talk.arguments").remedy("althing room --help", "shows what can be said")
            }
            TalkError::NoSuchWeb { .. } => {
                yours("talk.no-such-web").remedy("althing web list", "lists your webs")
            }
            TalkError::Nobody => yours("talk.nobody").remedy("althing me set NAME", "says who you are"),
            TalkError::NotWriting { .. } => {
                refused("talk.not-writing").remedy(people, "shows your role and who could change it")
            }
            TalkError::NoSuchRoom { .. } => {
                yours("talk.no-such-room").remedy("althing room list", "lists conversations with their ids")
            }
            TalkError::SeveralRooms { .. } => {
                yours("talk.several-rooms").remedy("althing room list", "shows their ids; say one")
            }
            TalkError::BadName { .. } => yours("talk.bad-name")
                .remedy("", "1 to 200 bytes, without slashes and without spaces at the ends"),
            TalkError::TopicTooLong { .. } => yours("talk.topic-too-long").remedy("", "say a shorter one"),
            TalkError::TooManyRooms { .. } => refused("talk.too-many-rooms")
                .remedy("", "somebody else can begin one, or use one that is there"),
            TalkError::NoSuchPerson { .. } => {
                yours("talk.no-such-person").remedy(people, "lists everybody with their names here")
            }
            TalkError::BadPersons { .. } => yours("talk.bad-persons")
                .remedy("althing room new WEB NAME", "a room has space for everybody"),
            TalkError::NobodyReads => {
                refused("talk.nobody-reads").remedy(people, "shows who belongs to the web now")
            }
            TalkError::NoSuchMessage { .. } => yours("talk.no-such-message")
                .remedy("althing room show ROOM", "shows messages with their ids"),
            TalkError::TakenAway { .. } => {
                refused("talk.taken-away").remedy("", "say it anew; what was taken away stays so")
            }
            TalkError::TooLong { .. } => yours("talk.too-long")
                .remedy("althing doc new WEB TITLE", "begins a document for longer texts; send its link"),
            TalkError::Empty => yours("talk.empty").remedy("", "say something, or send a link"),
            TalkError::BadAttachment { .. } => {
                yours("talk.bad-attachment").remedy("althing link PATH", "makes a link to a file")
            }
            TalkError::TooManyMentions { .. } => {
                yours("talk.too-many-mentions").remedy("", "everybody in the room reads it anyway")
            }
            TalkError::BadReaction { .. } => yours("talk.bad-reaction").remedy("", "one emoji, say"),
            TalkError::NotYours => {
                refused("talk.not-yours").remedy("althing say ROOM TEXT", "answers it instead")
            }
            TalkError::NotModerating { .. } => {
                refused("talk.not-moderating").remedy("althing room who ROOM", "shows who moderates")
            }
            TalkError::Muted { .. } => {
                refused("talk.muted").remedy("althing room who ROOM", "shows who could lift it")
            }
            TalkError::Archived { .. } => refused("talk.archived")
                .remedy("althing room set ROOM --bring-back", "brings it back, for who moderates"),
            TalkError::Moderator { .. } => {
                refused("talk.moderator").remedy("althing room set ROOM", "says who moderates")
            }
            TalkError::NotARoom { .. } => {
                yours("talk.not-a-room").remedy("althing room list", "shows which conversations are rooms")
            }
            TalkError::TooFast { .. } => {
                refused("talk.too-fast").remedy("", "wait a moment and say it again")
            }
            TalkError::TooOften { .. } => {
                refused("talk.too-often").remedy("althing say ROOM TEXT", "says it in a new message")
            }
            TalkError::NoWords { .. } => {
                yours("talk.no-words").remedy("", "say at least one letter or digit")
            }
            TalkError::BadMinute { .. } => {
                yours("talk.bad-minute").remedy("", "0 is midnight, 1439 a minute before; in UTC")
            }
        }
    }
}

/// Returns one fault for each variant, for the page of all faults.
pub fn faults() -> Vec<Fault> {
    let text = str::to_owned;
    let room = || text("family/kitchen");
    let message = || "5b".repeat(16);
    [
        TalkError::BadArguments { operation: text("talk.say"), why: text("missing field `text`") },
        TalkError::NoSuchWeb { web: text("famly") },
        TalkError::Nobody,
        TalkError::NotWriting { web: text("family") },
        TalkError::NoSuchRoom { room: text("family/kitchn") },
        TalkError::SeveralRooms { room: room() },
        TalkError::BadName { name: text("a/b") },
        TalkError::TopicTooLong { size: 1_200, limit: 1_000 },
        TalkError::TooManyRooms { limit: 256 },
        TalkError::NoSuchPerson { web: text("family"), person: text("Bobb") },
        TalkError::BadPersons { limit: 15 },
        TalkError::NobodyReads,
        TalkError::NoSuchMessage { message: message() },
        TalkError::TakenAway { message: message() },
        TalkError::TooLong { size: 20_000, limit: 16_384 },
        TalkError::Empty,
        TalkError::BadAttachment { what: text("https://example.org"), limit: 8 },
        TalkError::TooManyMentions { limit: 32 },
        TalkError::BadReaction { emoji: text("very good"), limit: 64 },
        TalkError::NotYours,
        TalkError::NotModerating { room: room() },
        TalkError::Muted { room: room() },
        TalkError::Archived { room: room() },
        TalkError::Moderator { person: text("Alice"), room: room() },
        TalkError::NotARoom { room: text("Bob") },
        TalkError::TooFast { limit: 60, seconds: 20 },
        TalkError::TooOften { limit: 64 },
        TalkError::NoWords { query: text("...") },
        TalkError::BadMinute { minute: 1_500 },
    ]
    .map(Fault::from)
    .to_vec()
}
