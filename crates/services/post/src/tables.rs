//! The rows of `mail`.

use base::{ContentId, DeviceId, PersonId, Timestamp, WebId};
use minicbor::{Decode, Encode};
use people::Letters;
use store::Table;
use wire::codec::Bytes;

use crate::flags::Flags;
use crate::ids::MailId;
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
/// Numbers given last.
pub(crate) const LAST: Table<(), LastRow> = Table::new("mail.last");
/// Mails that have come, also if they were removed since: each comes once.
pub(crate) const COME: Table<(WebId, MailId), ()> = Table::new("mail.come");
/// Mails of this person's other computers that have come into INBOX, too.
pub(crate) const COME_TO_ME: Table<(WebId, MailId), ()> = Table::new("mail.come-to-me");
/// What came of devices that were not known to be a member's: (web, author, place).
pub(crate) const STRANGERS: Table<(WebId, DeviceId, u64), Inside> = Table::new("mail.strangers");
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
