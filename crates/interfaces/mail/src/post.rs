//! What the two protocols need of whatever keeps the mail. The peer implements it; tests implement one on files.
//!
//! Not for: anything about SMTP or IMAP. A post office knows neither commands nor sequence numbers.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use base::{Fault, Timestamp};
use bytes::Bytes;
use tokio::sync::watch;

use crate::flags::{FlagChange, Flags};

/// Something that a post office answers later. Dropping it does not undo what was asked.
pub type Promise<'a, T> = Pin<Box<dyn Future<Output = Result<T, PostError>> + Send + 'a>>;

/// A message's number in its folder: never given twice while the folder keeps its `uid_validity`; local to this peer.
pub type Uid = u32;

/// A folder, whatever it is called at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct FolderId(pub u64);

/// Why something can't be done.
#[derive(Debug, thiserror::Error)]
pub enum PostError {
    /// There is no such folder, or no more.
    #[error("there is no such folder")]
    NoFolder,
    /// The name is in use.
    #[error("a folder of this name is there already")]
    FolderTaken,
    /// The message has been removed.
    #[error("the message is there no more")]
    NoMessage,
    /// Anything else, in words for the person; also when a content is nowhere to be had at the moment.
    #[error("{0}")]
    Refused(Fault),
}

/// The hash of an account's password. Passwords are long and random, made by the peer, so one hash is enough.
#[derive(Debug, Clone, Copy)]
pub struct PasswordHash(pub(crate) blake3::Hash);

impl PasswordHash {
    /// Hashes a password.
    pub fn of(password: &str) -> Self {
        Self(blake3::hash(password.as_bytes()))
    }

    /// Restores a hash that was kept.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(blake3::Hash::from_bytes(bytes))
    }

    /// Returns the hash, to be kept.
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }
}

/// Where the accounts are.
pub trait Post: Send + Sync + 'static {
    /// Returns the hash of an account's password; none if there is no such account. This crate compares.
    fn password(&self, name: &str) -> Promise<'_, Option<PasswordHash>>;

    /// Returns how many bytes a message may have; more than [`crate::MESSAGE_BYTES_MAX`] count for no more.
    fn size_max(&self) -> u64 {
        crate::MESSAGE_BYTES_MAX
    }

    /// Opens an account whose password was right.
    fn open(&self, name: &str) -> Promise<'_, Arc<dyn Account>>;
}

/// One person's mail. Several programs of the person use it at once, each through this.
pub trait Account: Send + Sync + 'static {
    /// Returns the addresses the person may write from, as in `alice@family.althing.internal`, in lower case.
    fn addresses(&self) -> Promise<'_, Vec<String>>;

    /// Says whether mail can be sent to an address, which is one of Althing's, in lower case; refuses in words.
    fn accepts(&self, recipient: &str) -> Promise<'_, ()>;

    /// Returns all folders; one is called `INBOX`. Names are levels joined by `/`.
    fn folders(&self) -> Promise<'_, Vec<Folder>>;

    /// Makes a folder.
    fn create(&self, name: &str) -> Promise<'_, ()>;

    /// Removes a folder with its messages, not the folders below it. `INBOX` is never asked for.
    fn remove(&self, folder: FolderId) -> Promise<'_, ()>;

    /// Renames a folder and all below it. `INBOX` is never asked for.
    fn rename(&self, folder: FolderId, name: &str) -> Promise<'_, ()>;

    /// Says whether mail programs are to show a folder.
    fn subscribe(&self, folder: FolderId, wish: Subscription) -> Promise<'_, ()>;

    /// Returns what changed in a folder after a state of it; after 0, everything. Messages come in order of their uids.
    fn messages(&self, folder: FolderId, after: u64) -> Promise<'_, Listing>;

    /// Reads bytes of a message: at least one, at most `max`; none at its end. May take as long as fetching them from others.
    fn read(&self, folder: FolderId, uid: Uid, from: u64, max: usize) -> Promise<'_, Bytes>;

    /// Returns what [`Account::keep_outline`] was given for a message. A cache: may have forgotten.
    fn outline(&self, _folder: FolderId, _uid: Uid) -> Promise<'_, Option<Bytes>> {
        Box::pin(async { Ok(None) })
    }

    /// Keeps a message's outline, at most [`crate::OUTLINE_BYTES_MAX`], so that it need not be read whole again.
    fn keep_outline(&self, _folder: FolderId, _uid: Uid, _outline: Bytes) -> Promise<'_, ()> {
        Box::pin(async { Ok(()) })
    }

    /// Begins a new message.
    fn draft(&self) -> Promise<'_, Box<dyn Draft>>;

    /// Changes flags of messages; those that are gone are passed over.
    fn flag(&self, folder: FolderId, uids: &[Uid], change: FlagChange) -> Promise<'_, ()>;

    /// Copies messages, flags and dates too, all or none. Those that are gone are passed over.
    fn copy(&self, folder: FolderId, uids: &[Uid], to: FolderId) -> Promise<'_, Copied>;

    /// As [`Account::copy`], and removes them here in the same step.
    fn shift(&self, folder: FolderId, uids: &[Uid], to: FolderId) -> Promise<'_, Copied>;

    /// Removes those of the messages that carry `\Deleted`.
    fn expunge(&self, folder: FolderId, uids: &[Uid]) -> Promise<'_, ()>;

    /// Returns messages that may hold a text, in lower case, somewhere: all others certainly do not. None: not known.
    fn candidates(&self, _folder: FolderId, _text: &str) -> Promise<'_, Option<Vec<Uid>>> {
        Box::pin(async { Ok(None) })
    }

    /// Returns a number that grows whenever anything in any folder has changed; of what was asked through this trait, before the
    /// answer: a session looks at its folder again only then.
    fn watch(&self) -> watch::Receiver<u64>;
}

/// A message that is being written. Dropped, it is forgotten.
pub trait Draft: Send {
    /// Adds bytes, 64 KiB at most each time.
    fn write(&mut self, bytes: Bytes) -> Promise<'_, ()>;

    /// Puts the message into a folder; it is on disk when this answers.
    fn append(
        self: Box<Self>,
        folder: FolderId,
        flags: Flags,
        date: Option<Timestamp>,
    ) -> Promise<'static, Appended>;

    /// Sends the message to all recipients, or to none; it is on disk when this answers.
    fn submit(self: Box<Self>, from: String, to: Vec<String>) -> Promise<'static, Submitted>;
}

/// What a folder is there for (RFC 6154).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpecialUse {
    /// Kept for long.
    Archive,
    /// Not sent yet.
    Drafts,
    /// Unwanted mail.
    Junk,
    /// What the person has sent.
    Sent,
    /// Thrown away.
    Trash,
}

/// Whether mail programs are to show a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subscription {
    /// They are.
    Shown,
    /// They are not.
    Hidden,
}

/// One folder.
#[derive(Debug, Clone)]
pub struct Folder {
    /// Which.
    pub id: FolderId,
    /// As a person reads it.
    pub name: String,
    /// What for, if it is for something special.
    pub special: Option<SpecialUse>,
    /// Whether mail programs are to show it.
    pub subscription: Subscription,
    /// Changes when uids do not mean what they meant: never on a restart. Above 0.
    pub uid_validity: u32,
    /// Above every uid given so far.
    pub uid_next: Uid,
    /// Messages in it.
    pub messages: u32,
    /// Messages without `\Seen`.
    pub unseen: u32,
}

/// One message of a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its number, above 0.
    pub uid: Uid,
    /// Its bytes.
    pub size: u64,
    /// When it came.
    pub date: Timestamp,
    /// What is noted about it.
    pub flags: Flags,
}

/// What changed in a folder.
#[derive(Debug, Clone)]
pub struct Listing {
    /// The state that this leads to: ask for what comes after it.
    pub at: u64,
    /// Messages that came or whose flags changed.
    pub messages: Vec<Message>,
    /// Messages that went.
    pub gone: Gone,
}

/// Messages that went.
#[derive(Debug, Clone)]
pub enum Gone {
    /// These.
    These(Vec<Uid>),
    /// All that are not among the listed: the post office does not remember that far back.
    AllOthers,
}

/// Where an appended message is.
#[derive(Debug, Clone, Copy)]
pub struct Appended {
    /// Of the folder.
    pub uid_validity: u32,
    /// Of the message.
    pub uid: Uid,
}

/// Where copied messages are.
#[derive(Debug, Clone)]
pub struct Copied {
    /// Of the folder they are in now.
    pub uid_validity: u32,
    /// From and to, in order.
    pub uids: Vec<(Uid, Uid)>,
}

/// What became of a message that was to be sent.
#[derive(Debug)]
pub enum Submitted {
    /// It is on its way to all; by this name it can be asked for.
    Accepted(String),
    /// It goes to nobody, since these can't have it.
    Refused(Vec<(String, Fault)>),
}
