//! Folders: messages with numbers that are never given twice, their flags, and what changed when (spec post, rules 30 to 36).
//!
//! Not for: what other devices of the person make of it (`placing.rs`, `namings.rs`).

use base::{Fault, Timestamp, WebId};
use kernel::Step;
use store::StoreError;

use crate::faults::MailFault;
use crate::flags::{DELETED, Flags, SEEN};
use crate::ids::FolderKey;
use crate::statement::LargeBody;
use crate::tables::{
    BYTES, CHANGES, CHUNK_SIZE, CONTENTS, FOLDER_KEYS, FOLDER_NAMES, FOLDERS, FOLDERS_MAX, FolderRow, GONE,
    GONE_MAX, LAST, LargeRow, LastRow, MAILS, MESSAGES, MailRow, MessageRow, ORIGINS, OUTLINES, PLACES,
};
use crate::{namings, placing};

/// Folders that are always there.
pub(crate) const INBOX: &str = "INBOX";
pub(crate) const SENT: &str = "Sent";
pub(crate) const OWN: [&str; 6] = [INBOX, "Drafts", SENT, "Archive", "Junk", "Trash"];

/// Bytes of a folder's name at most, levels included.
pub(crate) const NAME_SIZE_MAX: usize = 200;

/// Makes the folders that are always there.
pub(crate) fn begin(step: &mut Step<'_>) -> Result<(), Fault> {
    for name in OWN {
        if !FOLDER_NAMES.has(step.view(), &name.to_owned())? {
            add_own(step, name)?;
        }
    }
    Ok(())
}

/// Makes a folder that is always there.
pub(crate) fn add_own(step: &mut Step<'_>, name: &str) -> Result<u64, StoreError> {
    let id = add(step, name, FolderKey::of(0, name))?;
    FOLDER_NAMES.put(step.rows(), &name.to_owned(), &id);
    Ok(id)
}

/// Adds a folder; it is found by no name yet.
pub(crate) fn add(step: &mut Step<'_>, name: &str, key: FolderKey) -> Result<u64, StoreError> {
    let last = LAST.get(step.view(), &())?.unwrap_or_default();
    // Seconds since 1970, and more than any folder had: a home that was restored from a backup gives no validity twice.
    let now = u32::try_from(step.now().millis() / 1_000).unwrap_or(u32::MAX);
    let validity = now.max(last.validity.saturating_add(1));
    let id = last.folder.saturating_add(1);
    LAST.put(step.rows(), &(), &LastRow { folder: id, validity, ..last });
    let (name, key) = (name.to_owned(), Some(key));
    let row = FolderRow { name, is_shown: true, validity, next: 1, key, ..FolderRow::default() };
    FOLDERS.put(step.rows(), &id, &row);
    if let Some(key) = row.key {
        FOLDER_KEYS.put(step.rows(), &key, &id);
    }
    Ok(id)
}

/// Says on all devices that there is a folder.
pub(crate) fn create(step: &mut Step<'_>, name: &str) -> Result<(), Fault> {
    checked(name)?;
    if FOLDER_NAMES.has(step.view(), &name.to_owned())? {
        return Err(MailFault::FolderTaken { folder: name.to_owned() }.into());
    }
    if FOLDERS.all(step.view()).count() >= FOLDERS_MAX {
        return Err(MailFault::TooManyFolders { limit: FOLDERS_MAX }.into());
    }
    let key = namings::new_key(step.view(), name)?;
    namings::name(step, key, Some(name.to_owned()))
}

/// Looks whether a folder can be called so.
pub(crate) fn checked(name: &str) -> Result<(), MailFault> {
    let is_level = |level: &str| !level.is_empty() && level.trim() == level;
    let is_fine = name.len() <= NAME_SIZE_MAX
        && name.split('/').all(is_level)
        && !name.chars().any(|letter| letter.is_control() || letter == '\\')
        // IMAP takes INBOX in any letters for the one.
        && (!name.eq_ignore_ascii_case(INBOX) || name == INBOX);
    match is_fine {
        true => Ok(()),
        false => Err(MailFault::BadFolder { folder: crate::naming::shown(name) }),
    }
}

fn may_go(name: &str) -> Result<(), MailFault> {
    match OWN.contains(&name) {
        true => Err(MailFault::FolderStays { folder: name.to_owned() }),
        false => Ok(()),
    }
}

/// Removes a folder's messages here, and says on all devices that there is no such folder.
pub(crate) fn remove(step: &mut Step<'_>, id: u64) -> Result<(), Fault> {
    let row = folder(step, id)?;
    may_go(&row.name)?;
    let messages: Vec<_> = MESSAGES.within(step.view(), &id).collect::<Result<_, StoreError>>()?;
    for (key, message) in messages {
        MESSAGES.delete(step.rows(), &key);
        CHANGES.delete(step.rows(), &(id, message.at));
        PLACES.delete(step.rows(), &(message.mail, id, key.1));
        forget(step, message.mail)?;
    }
    match row.key {
        Some(key) => namings::name(step, key, None),
        None => Ok(drop_row(step, id)?),
    }
}

/// Drops a folder in which no message is.
pub(crate) fn drop_row(step: &mut Step<'_>, id: u64) -> Result<(), StoreError> {
    let Some(row) = FOLDERS.get(step.view(), &id)? else { return Ok(()) };
    for (key, _) in GONE.within(step.view(), &id).collect::<Result<Vec<_>, StoreError>>()? {
        GONE.delete(step.rows(), &key);
    }
    FOLDERS.delete(step.rows(), &id);
    if FOLDER_NAMES.get(step.view(), &row.name)? == Some(id) {
        FOLDER_NAMES.delete(step.rows(), &row.name);
    }
    Ok(())
}

/// Renames a folder and all below it, on all devices.
pub(crate) fn rename(step: &mut Step<'_>, id: u64, name: &str) -> Result<(), Fault> {
    let old = folder(step, id)?.name;
    may_go(&old)?;
    checked(name)?;
    let below = format!("{old}/");
    let all: Vec<_> = FOLDERS.all(step.view()).collect::<Result<_, StoreError>>()?;
    let moved: Vec<_> =
        all.into_iter().filter(|(key, row)| *key == id || row.name.starts_with(&below)).collect();
    let renamed = |row: &FolderRow| format!("{name}{}", row.name.strip_prefix(&old).unwrap_or_default());
    for (key, row) in &moved {
        let new = renamed(row);
        checked(&new)?;
        let taken = FOLDER_NAMES.get(step.view(), &new)?;
        if taken.is_some_and(|taken| taken == *key || !moved.iter().any(|(moved, _)| *moved == taken)) {
            return Err(MailFault::FolderTaken { folder: new }.into());
        }
    }
    for (_, row) in moved {
        if let Some(key) = row.key {
            namings::name(step, key, Some(renamed(&row)))?;
        }
    }
    Ok(())
}

/// Says whether mail programs are to show a folder.
pub(crate) fn subscribe(step: &mut Step<'_>, id: u64, is_shown: bool) -> Result<(), Fault> {
    let row = folder(step, id)?;
    FOLDERS.put(step.rows(), &id, &FolderRow { is_shown, ..row });
    Ok(())
}

/// Returns a folder that is there.
pub(crate) fn folder(step: &Step<'_>, id: u64) -> Result<FolderRow, Fault> {
    let unknown = || MailFault::NoSuchFolder { folder: id.to_string() };
    Ok(FOLDERS.get(step.view(), &id)?.ok_or_else(unknown)?)
}

/// Returns the folder of a name.
pub(crate) fn named(step: &Step<'_>, name: &str) -> Result<u64, Fault> {
    let unknown = || MailFault::NoSuchFolder { folder: crate::naming::shown(name) };
    Ok(FOLDER_NAMES.get(step.view(), &name.to_owned())?.ok_or_else(unknown)?)
}

/// Keeps a mail's bytes; in no folder yet.
pub(crate) fn keep(step: &mut Step<'_>, bytes: &[u8]) -> Result<u64, StoreError> {
    let last = LAST.get(step.view(), &())?.unwrap_or_default();
    let mail = last.mail.saturating_add(1);
    LAST.put(step.rows(), &(), &LastRow { mail, ..last });
    MAILS.put(
        step.rows(),
        &mail,
        &MailRow { size: bytes.len() as u64, copies: 0, large: None, origin: None },
    );
    for (place, chunk) in (0..).zip(bytes.chunks(CHUNK_SIZE)) {
        BYTES.put(step.rows(), &(mail, place), &chunk.to_vec().into());
    }
    Ok(mail)
}

/// Keeps a mail whose body is a content of a web, which is here.
pub(crate) fn keep_large(
    step: &mut Step<'_>,
    web: WebId,
    head: &[u8],
    body: LargeBody,
) -> Result<u64, StoreError> {
    let mail = keep(step, head)?;
    let head_size = head.len() as u64;
    let size = head_size.saturating_add(body.size);
    let large = Some(LargeRow { web, body, head_size });
    MAILS.put(step.rows(), &mail, &MailRow { size, copies: 0, large, origin: None });
    let count = CONTENTS.get(step.view(), &(web, body.sealed))?.unwrap_or_default();
    CONTENTS.put(step.rows(), &(web, body.sealed), &count.saturating_add(1));
    Ok(mail)
}

/// One folder has a mail no more; the last one takes its bytes along.
pub(crate) fn forget(step: &mut Step<'_>, mail: u64) -> Result<(), StoreError> {
    let Some(row) = MAILS.get(step.view(), &mail)? else { return Ok(()) };
    placing::touch(step, &row);
    if row.copies > 1 {
        MAILS.put(step.rows(), &mail, &MailRow { copies: row.copies - 1, ..row });
        return Ok(());
    }
    for place in 0..row.size_in_rows().div_ceil(CHUNK_SIZE as u64) {
        BYTES.delete(step.rows(), &(mail, place));
    }
    OUTLINES.delete(step.rows(), &mail);
    MAILS.delete(step.rows(), &mail);
    if let Some(origin) = row.origin {
        ORIGINS.delete(step.rows(), &origin);
    }
    match row.large {
        Some(large) => crate::large::drop_one(step, large.web, large.body.sealed),
        None => Ok(()),
    }
}

/// Puts a mail into a folder; returns its number there.
pub(crate) fn put(
    step: &mut Step<'_>,
    id: u64,
    mail: u64,
    (flags, date): (Flags, Timestamp),
) -> Result<u64, Fault> {
    let unknown = || MailFault::NoSuchMessage { message: mail.to_string() };
    let row = MAILS.get(step.view(), &mail)?.ok_or_else(unknown)?;
    placing::touch(step, &row);
    MAILS.put(step.rows(), &mail, &MailRow { copies: row.copies.saturating_add(1), ..row });
    let mut folder = folder(step, id)?;
    let uid = folder.next;
    folder.next = uid.saturating_add(1);
    folder.at = folder.at.saturating_add(1);
    folder.messages = folder.messages.saturating_add(1);
    folder.unseen = folder.unseen.saturating_add(u64::from(!flags.has(SEEN)));
    let message = MessageRow { mail, size: row.size, date, flags, at: folder.at };
    CHANGES.put(step.rows(), &(id, folder.at), &uid);
    MESSAGES.put(step.rows(), &(id, uid), &message);
    PLACES.put(step.rows(), &(mail, id, uid), &());
    FOLDERS.put(step.rows(), &id, &folder);
    Ok(uid)
}

/// How flags change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    Replace,
    Add,
    Remove,
}

/// Changes flags; messages that are gone are passed over.
pub(crate) fn flag(
    step: &mut Step<'_>,
    id: u64,
    uids: &[u64],
    (change, flags): (Change, &Flags),
) -> Result<(), Fault> {
    let mut folder = folder(step, id)?;
    for uid in uids {
        let Some(mut message) = MESSAGES.get(step.view(), &(id, *uid))? else { continue };
        let before = message.flags.clone();
        match change {
            Change::Replace => message.flags = flags.clone(),
            Change::Add => flags.0.iter().for_each(|name| message.flags.add(name)),
            Change::Remove => flags.0.iter().for_each(|name| message.flags.remove(name)),
        }
        if message.flags == before {
            continue;
        }
        let unseen = |flags: &Flags| u64::from(!flags.has(SEEN));
        folder.unseen = folder.unseen.saturating_sub(unseen(&before)).saturating_add(unseen(&message.flags));
        folder.at = folder.at.saturating_add(1);
        CHANGES.delete(step.rows(), &(id, message.at));
        CHANGES.put(step.rows(), &(id, folder.at), uid);
        message.at = folder.at;
        MESSAGES.put(step.rows(), &(id, *uid), &message);
        if let Some(row) = MAILS.get(step.view(), &message.mail)? {
            placing::touch(step, &row);
        }
    }
    FOLDERS.put(step.rows(), &id, &folder);
    Ok(())
}

/// Removes messages; those that are gone are passed over.
pub(crate) fn take_out(step: &mut Step<'_>, id: u64, uids: &[u64]) -> Result<(), Fault> {
    let mut folder = folder(step, id)?;
    for uid in uids {
        let Some(message) = MESSAGES.get(step.view(), &(id, *uid))? else { continue };
        MESSAGES.delete(step.rows(), &(id, *uid));
        PLACES.delete(step.rows(), &(message.mail, id, *uid));
        CHANGES.delete(step.rows(), &(id, message.at));
        folder.at = folder.at.saturating_add(1);
        folder.messages = folder.messages.saturating_sub(1);
        folder.unseen = folder.unseen.saturating_sub(u64::from(!message.flags.has(SEEN)));
        GONE.put(step.rows(), &(id, folder.at), uid);
        folder.gone = folder.gone.saturating_add(1);
        let oldest = GONE.within(step.view(), &id).next().transpose()?;
        if let Some((oldest, _)) = oldest.filter(|_| folder.gone > GONE_MAX) {
            GONE.delete(step.rows(), &oldest);
            folder.gone = folder.gone.saturating_sub(1);
            folder.forgotten = oldest.1;
        }
        forget(step, message.mail)?;
    }
    FOLDERS.put(step.rows(), &id, &folder);
    Ok(())
}

/// Removes those of the messages that carry `\Deleted`.
pub(crate) fn expunge(step: &mut Step<'_>, id: u64, uids: &[u64]) -> Result<(), Fault> {
    let mut deleted = Vec::new();
    for uid in uids {
        if MESSAGES.get(step.view(), &(id, *uid))?.is_some_and(|message| message.flags.has(DELETED)) {
            deleted.push(*uid);
        }
    }
    take_out(step, id, &deleted)
}

/// Copies messages, with flags and dates; returns their numbers there and here.
pub(crate) fn copy(step: &mut Step<'_>, id: u64, uids: &[u64], to: u64) -> Result<Vec<(u64, u64)>, Fault> {
    folder(step, to)?;
    let mut pairs = Vec::new();
    for uid in uids {
        let Some(message) = MESSAGES.get(step.view(), &(id, *uid))? else { continue };
        let new = put(step, to, message.mail, (message.flags, message.date))?;
        pairs.push((*uid, new));
    }
    Ok(pairs)
}
