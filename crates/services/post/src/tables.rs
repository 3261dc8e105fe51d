//! The rows of `mail`.

use base::{ContentId, DeviceId, OperationId, PersonId, Timestamp, WebId};
use minicbor::{Decode, Encode};
use people::Letters;
use store::Table;
use wire::codec::Bytes;

use crate::drafts;
use crate::flags::Flags;
use crate::ids::{FolderKey, MailId};
use crate::notes::Place;
use crate::statement::{Inside, LargeBody};

/// Folders of a person at most: a mail program lists them all whenever it starts.
pub const FOLDERS_MAX: usize = 1_000;

/// Removals of a folder that are remembered for programs that ask what has changed; older askers list everything anew.
pub(crate) const GONE_MAX: u64 = 10_000;

/// Bytes of a mail in one row: a program that shows the beginning does not read the rest.
pub(crate) const CHUNK_SIZE: usize = 64 * 1024;

/// Folders.
pub(crate) const FOLDERS: Table<u64, FolderRow> = Table::new("mail.folders");
/// Folders by name.
pub(crate) const FOLDER_NAMES: Table<String, u64> = Table::new("mail.folder-names");
/// Messages: (folder, number).
pub(crate) const MESSAGES: Table<(u64, u64), MessageRow> = Table::new("mail.messages");
/// The last change of each message, in order: (folder, change), and which message.
pub(crate) const CHANGES: Table<(u64, u64), u64> = Table::new("mail.changes");
/// The last messages that went: (folder, change), and which message.
pub(crate) const GONE: Table<(u64, u64), u64> = Table::new("mail.gone");
/// Mails, whatever folders they are in.
pub(crate) const MAILS: Table<u64, MailRow> = Table::new("mail.mails");
/// Their bytes: (mail, place).
pub(crate) const BYTES: Table<(u64, u64), Bytes> = Table::new("mail.bytes");
/// What a mail program's side has noted about how a mail is built.
pub(crate) const OUTLINES: Table<u64, Bytes> = Table::new("mail.outlines");
/// In which folders a mail is: (mail, folder, number).
pub(crate) const PLACES: Table<(u64, u64, u64), ()> = Table::new("mail.places");
/// Mails that came as letters or in the open, those that are here.
pub(crate) const ORIGINS: Table<Origin, u64> = Table::new("mail.origins");
/// Mails whose places this step has changed; empty between steps.
pub(crate) const TOUCHED: Table<Origin, ()> = Table::new("mail.touched");
/// Where mails are on all devices of the person, also those that are not here yet or no more.
pub(crate) const PLACINGS: Table<Origin, PlacingRow> = Table::new("mail.placings");
/// Placings that name a folder, of those that are not always there.
pub(crate) const PLACED_IN: Table<(FolderKey, WebId, MailId), ()> = Table::new("mail.placed-in");
/// How many placings are of mails that have not come.
pub(crate) const EARLY: Table<(), u64> = Table::new("mail.early");
/// Folders that are here, by key.
pub(crate) const FOLDER_KEYS: Table<FolderKey, u64> = Table::new("mail.folder-keys");
/// Folders on all devices of the person, those that were removed included; not those that are always there.
pub(crate) const NAMINGS: Table<FolderKey, NamingRow> = Table::new("mail.namings");
/// Placings changed here that are still to be said.
pub(crate) const UNSAID: Table<Origin, ()> = Table::new("mail.unsaid");
/// Mails that are being written in the page.
pub(crate) const DRAFTS: Table<OperationId, DraftRow> = Table::new("mail.drafts");
/// Which state of a folder a web's records hold.
pub(crate) const NAMINGS_SAID: Table<(WebId, FolderKey), SaidRow> = Table::new("mail.namings-said");
/// How far everything was said in a web under a key of the person.
pub(crate) const ANEW: Table<WebId, AnewRow> = Table::new("mail.anew");
/// Mails that a mail program has sent and will put into a folder by itself: by BLAKE3 of the Message-ID.
pub(crate) const SUBMITTED: Table<ContentId, SubmittedRow> = Table::new("mail.submitted");
/// Numbers given last.
pub(crate) const LAST: Table<(), LastRow> = Table::new("mail.last");
/// Mails that have come, also if they were removed since: each comes once.
pub(crate) const COME: Table<(WebId, MailId), ()> = Table::new("mail.come");
/// What came of devices that were not known to be a member's: (web, author, place).
pub(crate) const STRANGERS: Table<(WebId, DeviceId, u64), OfStranger> = Table::new("mail.strangers");
/// Pieces of mails that are not whole: (web, author, mail, piece).
pub(crate) const PIECES: Table<(WebId, DeviceId, MailId, u64), PieceRow> = Table::new("mail.pieces");
/// Where they stand in their author's log: (web, author, place).
pub(crate) const PIECE_PLACES: Table<(WebId, DeviceId, u64), MailId> = Table::new("mail.piece-places");
/// In how many mails here a content is the body.
pub(crate) const CONTENTS: Table<(WebId, ContentId), u64> = Table::new("mail.contents");
/// Bodies of mails that were sent from here, since when they are offered: (web, content).
pub(crate) const OFFERED: Table<(WebId, ContentId), Timestamp> = Table::new("mail.offered");
/// Mails whose bodies are still to come: (web, content, mail).
pub(crate) const WAITING: Table<(WebId, ContentId, MailId), WaitingRow> = Table::new("mail.awaited");
/// How many of them an author has: (web, author).
pub(crate) const WAITING_OF: Table<(WebId, DeviceId), u64> = Table::new("mail.waiting-of");
/// Bytes of bodies that were asked for lately: (web, author).
pub(crate) const BROUGHT: Table<(WebId, PersonId), BroughtRow> = Table::new("mail.brought");
/// Letters, by author and place in its log.
pub(crate) const LETTERS: Letters =
    Letters::new("mail", LETTERS_ALARM, ["mail.letters", "mail.closed", "mail.tried-keys"]);
/// Alarm: go on opening letters.
pub(crate) const LETTERS_ALARM: &str = "letters";

/// A mail as all who have it name it.
pub(crate) type Origin = (WebId, MailId);

/// A folder.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
pub(crate) struct FolderRow {
    #[n(0)]
    pub(crate) name: String,
    #[n(1)]
    pub(crate) is_shown: bool,
    /// Never changes; no other folder ever had it.
    #[n(2)]
    pub(crate) validity: u32,
    /// The number given next.
    #[n(3)]
    pub(crate) next: u64,
    /// Counts changes.
    #[n(4)]
    pub(crate) at: u64,
    #[n(5)]
    pub(crate) messages: u64,
    #[n(6)]
    pub(crate) unseen: u64,
    /// How many removals are remembered.
    #[n(7)]
    pub(crate) gone: u64,
    /// Removals up to here are forgotten.
    #[n(8)]
    pub(crate) forgotten: u64,
    /// Which folder it is on all devices of the person; none before an earlier version's home is adopted.
    #[n(9)]
    pub(crate) key: Option<FolderKey>,
}

/// A message in a folder.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct MessageRow {
    #[n(0)]
    pub(crate) mail: u64,
    #[n(1)]
    pub(crate) size: u64,
    #[n(2)]
    pub(crate) date: Timestamp,
    #[n(3)]
    pub(crate) flags: Flags,
    /// Its last change.
    #[n(4)]
    pub(crate) at: u64,
}

/// A mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub(crate) struct MailRow {
    #[n(0)]
    pub(crate) size: u64,
    /// In how many folders it is.
    #[n(1)]
    pub(crate) copies: u64,
    /// Where its body is, if it is not in rows.
    #[n(2)]
    pub(crate) large: Option<LargeRow>,
    /// What it is called by all who have it; none of what was made here only.
    #[n(3)]
    pub(crate) origin: Option<Origin>,
}

/// Where a mail is.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct PlacingRow {
    /// How often it was changed; 0 as long as it is where it was delivered.
    #[n(0)]
    pub(crate) count: u64,
    /// Which device changed it last.
    #[n(1)]
    pub(crate) by: DeviceId,
    /// Ascending; none when the mail was removed.
    #[n(2)]
    pub(crate) places: Vec<Place>,
    /// Under which key of the person the web's records hold it.
    #[n(3)]
    pub(crate) said: Option<u64>,
    /// Whether it was heard of before the mail came.
    #[n(4)]
    pub(crate) is_early: bool,
}

/// What a folder is called.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct NamingRow {
    #[n(0)]
    pub(crate) count: u64,
    #[n(1)]
    pub(crate) by: DeviceId,
    /// None when it was removed.
    #[n(2)]
    pub(crate) name: Option<String>,
}

/// What was said of a folder last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub(crate) struct SaidRow {
    #[n(0)]
    pub(crate) count: u64,
    #[n(1)]
    pub(crate) by: DeviceId,
    /// Under which key of the person.
    #[n(2)]
    pub(crate) key: u64,
}

/// How far everything was said under a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub(crate) struct AnewRow {
    #[n(0)]
    pub(crate) key: u64,
    /// Not before.
    #[n(1)]
    pub(crate) at: Timestamp,
    /// The last placing that was looked at.
    #[n(2)]
    pub(crate) after: Option<MailId>,
    #[n(3)]
    pub(crate) is_over: bool,
}

/// A mail that a mail program has sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub(crate) struct SubmittedRow {
    #[n(0)]
    pub(crate) web: WebId,
    #[n(1)]
    pub(crate) mail: MailId,
    #[n(2)]
    pub(crate) at: Timestamp,
}

/// A body that is a content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub(crate) struct LargeRow {
    /// For which web the content is here.
    #[n(0)]
    pub(crate) web: WebId,
    #[n(1)]
    pub(crate) body: LargeBody,
    /// Bytes of the head, which is in rows.
    #[n(2)]
    pub(crate) head_size: u64,
}

impl MailRow {
    /// Returns how many of its bytes are in rows.
    pub(crate) fn size_in_rows(&self) -> u64 {
        self.large.map_or(self.size, |large| large.head_size)
    }
}

/// A mail whose body is still to come.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct WaitingRow {
    #[n(0)]
    pub(crate) author: DeviceId,
    /// Where it stands in its author's log.
    #[n(1)]
    pub(crate) place: u64,
    /// As it will be shown.
    #[n(2)]
    pub(crate) head: Bytes,
    #[n(3)]
    pub(crate) body: LargeBody,
    /// Whether this person has sent it, from another device; then it is for `Sent`.
    #[n(4)]
    pub(crate) is_sent: bool,
    /// Whether it is for `INBOX`.
    #[n(5)]
    pub(crate) is_received: bool,
    #[n(6)]
    pub(crate) date: Timestamp,
    /// Since when it waits.
    #[n(7)]
    pub(crate) since: Timestamp,
    /// Whether its body was asked for; if not, its author has sent too much for today.
    #[n(8)]
    pub(crate) is_asked: bool,
}

/// A mail that is being written in the page.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct DraftRow {
    /// Whose records carry it to other computers; none while the person writes in no web.
    #[n(0)]
    pub(crate) web: Option<WebId>,
    #[n(1)]
    pub(crate) said: drafts::Said,
    /// Whether it was changed here and not said yet.
    #[n(2)]
    pub(crate) is_unsaid: bool,
}

/// What came of a device that was not known to be a member's.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) enum OfStranger {
    #[n(0)]
    Mail(#[n(0)] Inside),
    /// A letter that holds something else, as it was opened.
    #[n(1)]
    Notes(#[n(0)] Bytes),
}

/// Bytes of bodies of one person that were asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Encode, Decode)]
pub(crate) struct BroughtRow {
    /// On which day, since 1970.
    #[n(0)]
    pub(crate) day: u64,
    #[n(1)]
    pub(crate) bytes: u64,
}

/// Numbers given last.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Encode, Decode)]
pub(crate) struct LastRow {
    #[n(0)]
    pub(crate) folder: u64,
    #[n(1)]
    pub(crate) mail: u64,
    #[n(2)]
    pub(crate) validity: u32,
}

/// A piece of a mail that is not whole.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct PieceRow {
    /// Where it stands in its author's log.
    #[n(0)]
    pub(crate) place: u64,
    #[n(1)]
    pub(crate) bytes: Bytes,
}
