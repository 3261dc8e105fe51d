//! What the protocols and the page may look up; every function reads rows and nothing else.

use api::mail::{AddressView, Addresses, FolderView, Folders};
use base::{ContentId, Fault, Timestamp, WebId};
use files::lending;
use store::{Rows, StoreError};
use wire::crypto::EpochKey;
use wire::sealed::ContentKey;

use crate::faults::MailFault;
use crate::naming;
use crate::tables::{
    BYTES, CHANGES, CHUNK_SIZE, FOLDER_NAMES, FOLDERS, FolderRow, GONE, MAILS, MESSAGES, MessageRow,
    OUTLINES, WAITING, WaitingRow,
};

/// Bytes read at once at most.
const READ_MAX: usize = 256 * 1024;

/// A folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder {
    /// Which.
    pub id: u64,
    /// Levels joined by `/`.
    pub name: String,
    /// Whether mail programs are to show it.
    pub is_shown: bool,
    /// Never changes.
    pub validity: u32,
    /// Above every number given so far.
    pub next: u64,
    /// Messages in it.
    pub messages: u64,
    /// Those without `\Seen`.
    pub unseen: u64,
}

/// A message of a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its number.
    pub uid: u64,
    /// Its bytes.
    pub size: u64,
    /// When it came.
    pub date: Timestamp,
    /// Its flags, as IMAP writes them.
    pub flags: Vec<String>,
}

/// What changed in a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// The state that this leads to.
    pub at: u64,
    /// Messages that came or whose flags changed, in order of their numbers.
    pub messages: Vec<Message>,
    /// Messages that went; none when all that are not listed have.
    pub gone: Option<Vec<u64>>,
}

/// Returns all folders, those that are always there first.
pub fn folders<R: Rows + ?Sized>(rows: &R) -> Result<Vec<Folder>, StoreError> {
    FOLDERS.all(rows).map(|pair| pair.map(|(id, row)| described(id, row))).collect()
}

fn described(id: u64, row: FolderRow) -> Folder {
    let FolderRow { name, is_shown, validity, next, messages, unseen, .. } = row;
    Folder { id, name, is_shown, validity, next, messages, unseen }
}

/// Returns one folder.
pub fn folder<R: Rows + ?Sized>(rows: &R, id: u64) -> Result<Option<Folder>, StoreError> {
    Ok(FOLDERS.get(rows, &id)?.map(|row| described(id, row)))
}

/// Returns the folder of a name, `INBOX` in any letters.
pub fn folder_named<R: Rows + ?Sized>(rows: &R, name: &str) -> Result<Option<u64>, StoreError> {
    let name = if name.eq_ignore_ascii_case(crate::folders::INBOX) { crate::folders::INBOX } else { name };
    FOLDER_NAMES.get(rows, &name.to_owned())
}

/// Returns what changed in a folder after a state of it; after 0, everything. None: there is no such folder.
pub fn messages<R: Rows + ?Sized>(rows: &R, folder: u64, after: u64) -> Result<Option<Listing>, StoreError> {
    let Some(row) = FOLDERS.get(rows, &folder)? else { return Ok(None) };
    if after == 0 || after < row.forgotten {
        let all = MESSAGES.within(rows, &folder).map(|pair| pair.map(|((_, uid), row)| message(uid, row)));
        return Ok(Some(Listing { at: row.at, messages: all.collect::<Result<_, _>>()?, gone: None }));
    }
    let first = (folder, after.saturating_add(1));
    let mut changed = Vec::new();
    for pair in CHANGES.within_from(rows, &folder, &first) {
        let (_, uid) = pair?;
        if let Some(row) = MESSAGES.get(rows, &(folder, uid))? {
            changed.push(message(uid, row));
        }
    }
    changed.sort_by_key(|message| message.uid);
    let gone = GONE.within_from(rows, &folder, &first).map(|pair| pair.map(|(_, uid)| uid));
    Ok(Some(Listing { at: row.at, messages: changed, gone: Some(gone.collect::<Result<_, _>>()?) }))
}

/// Returns one message.
pub fn one<R: Rows + ?Sized>(rows: &R, folder: u64, uid: u64) -> Result<Option<Message>, StoreError> {
    Ok(MESSAGES.get(rows, &(folder, uid))?.map(|row| message(uid, row)))
}

/// Returns messages below a number, the greatest first.
pub fn page<R: Rows + ?Sized>(
    rows: &R,
    folder: u64,
    below: u64,
    limit: usize,
) -> Result<Vec<Message>, StoreError> {
    let all = MESSAGES.within_back(rows, &folder).map(|pair| pair.map(|((_, uid), row)| message(uid, row)));
    all.filter(|one| one.as_ref().map_or(true, |one| one.uid < below)).take(limit).collect()
}

/// Returns messages of a folder that were not read, the newest first.
pub fn unseen<R: Rows + ?Sized>(rows: &R, folder: u64, limit: usize) -> Result<Vec<Message>, StoreError> {
    // Counted, so that nothing is looked through when all were read.
    let count = FOLDERS.get(rows, &folder)?.map_or(0, |row| row.unseen);
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    let all = MESSAGES.within_back(rows, &folder).map(|pair| pair.map(|((_, uid), row)| message(uid, row)));
    let is_unseen = |one: &Message| !one.flags.iter().any(|flag| flag.eq_ignore_ascii_case("\\Seen"));
    all.filter(|one| one.as_ref().map_or(true, is_unseen)).take(limit.min(count)).collect()
}

/// Returns the web of an address, as this person calls it; none of an address that is of no web here.
pub fn web_of<R: Rows + ?Sized>(rows: &R, address: &str) -> Result<Option<String>, StoreError> {
    let small = address.to_lowercase();
    let Some((_, side)) = crate::address::split(&small) else { return Ok(None) };
    match naming::web_of(rows, side) {
        Ok(row) => Ok(Some(row.label)),
        Err(MailFault::Store(error)) => Err(error),
        Err(_of_none) => Ok(None),
    }
}

fn message(uid: u64, row: MessageRow) -> Message {
    Message { uid, size: row.size, date: row.date, flags: row.flags.0 }
}

/// Reads bytes of a message that are in rows: at least one, none behind them. None: there is no such message.
pub fn bytes<R: Rows + ?Sized>(
    rows: &R,
    (folder, uid): (u64, u64),
    from: u64,
    max: usize,
) -> Result<Option<Vec<u8>>, StoreError> {
    let Some(row) = MESSAGES.get(rows, &(folder, uid))? else { return Ok(None) };
    let max = max.min(READ_MAX);
    let mut found = Vec::new();
    let mut at = from;
    while at < row.size && found.len() < max {
        let (place, skipped) = (at / CHUNK_SIZE as u64, at % CHUNK_SIZE as u64);
        let Some(chunk) = BYTES.get(rows, &(row.mail, place))? else { break };
        let rest = chunk.get(usize::try_from(skipped).unwrap_or(usize::MAX)..).unwrap_or_default();
        let taken = rest.get(..rest.len().min(max - found.len())).unwrap_or_default();
        if taken.is_empty() {
            break;
        }
        found.extend_from_slice(taken);
        at = at.saturating_add(taken.len() as u64);
    }
    Ok(Some(found))
}

/// The body of a message that is a content of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Large {
    /// Bytes before it, which [`bytes`] reads.
    pub head_size: u64,
    /// Its bytes.
    pub size: u64,
    /// The sealed bytes, which are in the store.
    pub sealed: ContentId,
    secret: [u8; 32],
}

impl Large {
    /// Returns the key that opens it.
    pub fn key(&self) -> ContentKey {
        large_key(&self.secret)
    }
}

/// Returns the key of a body, by what stands in the letter. The secret is of one body only, so nothing else has to stand in the key, and
/// a body can be sealed before its end has come.
pub fn large_key(secret: &[u8; 32]) -> ContentKey {
    ContentKey::of(&EpochKey::new(*secret), ContentId::new([0; ContentId::LEN]))
}

/// Says where the body of a message is, if it is not in rows.
pub fn large<R: Rows + ?Sized>(rows: &R, folder: u64, uid: u64) -> Result<Option<Large>, StoreError> {
    let Some(row) = MESSAGES.get(rows, &(folder, uid))? else { return Ok(None) };
    let large = MAILS.get(rows, &row.mail)?.and_then(|mail| mail.large);
    Ok(large.map(|large| Large {
        head_size: large.head_size,
        size: large.body.size,
        sealed: large.body.sealed,
        secret: large.body.secret.0,
    }))
}

/// Returns the web that a message came from; none if it was made here.
pub fn came_from<R: Rows + ?Sized>(rows: &R, folder: u64, uid: u64) -> Result<Option<WebId>, StoreError> {
    let Some(row) = MESSAGES.get(rows, &(folder, uid))? else { return Ok(None) };
    Ok(MAILS.get(rows, &row.mail)?.and_then(|mail| mail.origin).map(|(web, _)| web))
}

/// A large mail whose body is on its way.
#[derive(Debug, Clone)]
pub struct Coming {
    /// Its head, as it will be shown.
    pub head: Vec<u8>,
    /// Its bytes.
    pub size: u64,
    /// When it was sent.
    pub date: Timestamp,
    /// Whether its body was asked for.
    pub is_asked: bool,
    /// Its body as it comes, and how many bytes that has.
    pub sealed: (ContentId, u64),
    /// Whether somebody who has it is connected.
    pub is_reachable: bool,
    /// In which folder it will be.
    pub folder: &'static str,
}

/// Of a body so many who have it are looked at: its author, and who else got the mail, are few.
const HOLDERS_LOOKED_AT: usize = 64;

/// Lists large mails whose bodies are on their way, the newest first.
pub fn coming(rows: &dyn Rows) -> Result<Vec<Coming>, StoreError> {
    let mut coming = Vec::new();
    for waiting in WAITING.all(rows) {
        let ((web, ..), WaitingRow { head, body, date, is_asked, is_received, .. }) = waiting?;
        let size = body.size.saturating_add(head.len() as u64);
        let mut is_reachable = false;
        for device in lending::holders(rows, web, body.sealed, HOLDERS_LOOKED_AT)? {
            is_reachable |= records::is_connected(rows, device)?;
        }
        let sealed = (body.sealed, body.sealed_size());
        let folder = if is_received { crate::folders::INBOX } else { crate::folders::SENT };
        coming.push(Coming { head: head.to_vec(), size, date, is_asked, sealed, is_reachable, folder });
    }
    coming.sort_by_key(|mail| std::cmp::Reverse(mail.date));
    Ok(coming)
}

/// Returns what was noted about how a message is built.
pub fn outline<R: Rows + ?Sized>(rows: &R, folder: u64, uid: u64) -> Result<Option<Vec<u8>>, StoreError> {
    let Some(row) = MESSAGES.get(rows, &(folder, uid))? else { return Ok(None) };
    Ok(OUTLINES.get(rows, &row.mail)?.map(|outline| outline.to_vec()))
}

/// Returns this person's addresses, those to write from first.
pub fn own_addresses<R: Rows + ?Sized>(rows: &R) -> Result<Vec<String>, Fault> {
    Ok(naming::own(rows)?)
}

/// Says whether mail can be sent to an address; refuses in words.
pub fn accepts<R: Rows + ?Sized>(rows: &R, address: &str) -> Result<(), Fault> {
    Ok(crate::sending::accepts(rows, address).map(|_meant| ())?)
}

/// Lists who can be written to.
pub(crate) fn addresses<R: Rows + ?Sized>(rows: &R, web: Option<&str>) -> Result<Addresses, Fault> {
    let mut addresses = Vec::new();
    let me = people::read::my_person(rows)?;
    for row in people::read::webs(rows)?.into_iter().filter(|row| row.standing.is_in()) {
        if web.is_some_and(|web| web != row.label) {
            continue;
        }
        for (list, who) in [(naming::ALL, "all who read the web"), (naming::ADMINS, "its admins and owners")]
        {
            let address = crate::address::joined(list, &naming::side_of_web(rows, row.id)?);
            addresses.push(AddressView {
                address,
                who: who.to_owned(),
                web: row.label.clone(),
                is_list: true,
            });
        }
        let members = people::read::members(rows, row.id)?;
        for member in members.into_iter().filter(|member| member.role.is_some()) {
            let who = if Some(member.person) == me { "you".to_owned() } else { member.label };
            let address = naming::of_person(rows, row.id, member.person)?;
            addresses.push(AddressView { address, who, web: row.label.clone(), is_list: false });
        }
    }
    if let Some(web) = web.filter(|_| addresses.is_empty()) {
        return Err(MailFault::NoSuchWeb { web: naming::shown(web) }.into());
    }
    Ok(Addresses { addresses })
}

/// Lists folders, for the page.
pub(crate) fn folder_views<R: Rows + ?Sized>(rows: &R) -> Result<Folders, Fault> {
    let view =
        |folder: Folder| FolderView { name: folder.name, messages: folder.messages, unseen: folder.unseen };
    Ok(Folders { folders: folders(rows)?.into_iter().map(view).collect() })
}
