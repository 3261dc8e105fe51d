//! What the two protocols ask of whatever keeps the mail, answered by the service `mail`: reads from snapshots, changes through the kernel.

use std::sync::{Arc, Mutex, PoisonError};

use base::{Fault, FaultKind, Timestamp};
use bytes::Bytes;
use data_encoding::BASE64;
use kernel::Readers;
use mail::{
    Account, Appended, Copied, Draft, FlagChange, Flags, Folder, FolderId, Gone, Listing, Message,
    PasswordHash, Post, PostError, Promise, SpecialUse, Submitted, Subscription, Uid,
};
use network::Contents;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use store::Rows;
use tokio::sync::watch;

use super::bodies::{Ready, Writing};
use super::{Kept, bodies};
use crate::engine::Engine;
use crate::host::parse;

/// The one account of this peer: whoever knows the password is its person, whatever name a mail program has for it.
pub(super) struct MailPost {
    pub(super) engine: Arc<Engine>,
    pub(super) readers: Arc<Readers>,
    pub(super) contents: Contents,
    pub(super) kept: Arc<Mutex<Kept>>,
    pub(super) changed: Arc<watch::Sender<u64>>,
}

impl Post for MailPost {
    fn password(&self, _name: &str) -> Promise<'_, Option<PasswordHash>> {
        let hash = self.kept.lock().unwrap_or_else(PoisonError::into_inner).hash();
        Box::pin(std::future::ready(Ok(hash)))
    }

    fn size_max(&self) -> u64 {
        post::MESSAGE_SIZE_MAX
    }

    fn open(&self, _name: &str) -> Promise<'_, Arc<dyn Account>> {
        let account: Arc<dyn Account> = Arc::new(MailAccount {
            engine: Arc::clone(&self.engine),
            readers: Arc::clone(&self.readers),
            contents: self.contents.clone(),
            changed: Arc::clone(&self.changed),
        });
        Box::pin(std::future::ready(Ok(account)))
    }
}

/// This person's mail.
#[derive(Clone)]
struct MailAccount {
    engine: Arc<Engine>,
    readers: Arc<Readers>,
    contents: Contents,
    changed: Arc<watch::Sender<u64>>,
}

/// Bytes of a message, or where they are.
enum Found {
    Bytes(Vec<u8>),
    InBody(post::read::Large),
}

impl MailAccount {
    /// Reads rows in a thread that may wait for the store.
    async fn rows<T: Send + 'static>(
        &self,
        read: impl FnOnce(&dyn Rows) -> Result<T, PostError> + Send + 'static,
    ) -> Result<T, PostError> {
        let readers = Arc::clone(&self.readers);
        let read = tokio::task::spawn_blocking(move || read(&*readers.snapshot().map_err(refused)?));
        read.await.map_err(|error| broken(&error))?
    }

    async fn ask<T: DeserializeOwned>(&self, operation: &str, asked: Value) -> Result<T, PostError> {
        let answer = self.engine.ask(operation, asked, None).await.map_err(of_fault)?;
        // Now, and not when the event of it has gone round: the session that asked looks next.
        super::count(&self.changed);
        parse(operation, answer).map_err(PostError::Refused)
    }

    /// Asks for something whose answer says nothing new.
    async fn act(&self, operation: &str, asked: Value) -> Result<(), PostError> {
        self.ask::<Value>(operation, asked).await.map(|_done| ())
    }

    /// Returns what a folder is called: the service is asked by name, as a page asks.
    async fn name(&self, folder: FolderId) -> Result<String, PostError> {
        self.rows(move |rows| {
            let row = post::read::folder(rows, folder.0).map_err(refused)?;
            row.map(|row| row.name).ok_or(PostError::NoFolder)
        })
        .await
    }

    async fn put(
        &self,
        operation: &'static str,
        (folder, uids): (FolderId, Vec<Uid>),
        to: FolderId,
    ) -> Result<Copied, PostError> {
        let (from, to) = (self.name(folder).await?, self.name(to).await?);
        if uids.is_empty() {
            let uid_validity = 0;
            return Ok(Copied { uid_validity, uids: Vec::new() });
        }
        let asked = json!({ "messages": named(&from, &uids), "folder": to });
        let placed: api::mail::MailPlaced = self.ask(operation, asked).await?;
        let uids = placed.uids.into_iter().map(|(old, new)| Ok((uid(old)?, uid(new)?)));
        Ok(Copied { uid_validity: placed.validity, uids: uids.collect::<Result<_, PostError>>()? })
    }
}

impl Account for MailAccount {
    fn addresses(&self) -> Promise<'_, Vec<String>> {
        Box::pin(self.rows(|rows| post::read::own_addresses(rows).map_err(PostError::Refused)))
    }

    fn accepts(&self, recipient: &str) -> Promise<'_, ()> {
        let recipient = recipient.to_owned();
        Box::pin(self.rows(move |rows| post::read::accepts(rows, &recipient).map_err(PostError::Refused)))
    }

    fn folders(&self) -> Promise<'_, Vec<Folder>> {
        Box::pin(self.rows(|rows| {
            let folders = post::read::folders(rows).map_err(refused)?;
            folders.into_iter().map(described).collect()
        }))
    }

    fn create(&self, name: &str) -> Promise<'_, ()> {
        let asked = json!({ "folder": name });
        Box::pin(async move { self.act("mail.new_folder", asked).await })
    }

    fn remove(&self, folder: FolderId) -> Promise<'_, ()> {
        Box::pin(async move {
            let name = self.name(folder).await?;
            self.act("mail.remove_folder", json!({ "folder": name })).await
        })
    }

    fn rename(&self, folder: FolderId, name: &str) -> Promise<'_, ()> {
        let new = name.to_owned();
        Box::pin(async move {
            let name = self.name(folder).await?;
            self.act("mail.rename_folder", json!({ "folder": name, "name": new })).await
        })
    }

    fn subscribe(&self, folder: FolderId, wish: Subscription) -> Promise<'_, ()> {
        Box::pin(async move {
            let name = self.name(folder).await?;
            let is_shown = wish == Subscription::Shown;
            self.act("mail.show_folder", json!({ "folder": name, "is_shown": is_shown })).await
        })
    }

    fn messages(&self, folder: FolderId, after: u64) -> Promise<'_, Listing> {
        Box::pin(self.rows(move |rows| {
            let found = post::read::messages(rows, folder.0, after).map_err(refused)?;
            let found = found.ok_or(PostError::NoFolder)?;
            let gone = match found.gone {
                Some(uids) => Gone::These(uids.into_iter().map(uid).collect::<Result<_, _>>()?),
                None => Gone::AllOthers,
            };
            let messages = found.messages.iter().map(listed).collect::<Result<_, _>>()?;
            Ok(Listing { at: found.at, messages, gone })
        }))
    }

    fn read(&self, folder: FolderId, uid: Uid, from: u64, max: usize) -> Promise<'_, Bytes> {
        Box::pin(async move {
            let place = (folder.0, u64::from(uid));
            let look = move |rows: &dyn Rows| {
                let large = post::read::large(rows, place.0, place.1).map_err(refused)?;
                if let Some(large) = large.filter(|large| from >= large.head_size) {
                    return Ok(Found::InBody(large));
                }
                let bytes = post::read::bytes(rows, place, from, max).map_err(refused)?;
                bytes.map(Found::Bytes).ok_or(PostError::NoMessage)
            };
            match self.rows(look).await? {
                Found::Bytes(bytes) => Ok(bytes.into()),
                Found::InBody(large) => {
                    let at = from.saturating_sub(large.head_size);
                    let read = bodies::read(&self.contents, &large, at, max).await;
                    read.map(Bytes::from).map_err(PostError::Refused)
                }
            }
        })
    }

    fn outline(&self, folder: FolderId, uid: Uid) -> Promise<'_, Option<Bytes>> {
        Box::pin(self.rows(move |rows| {
            let outline = post::read::outline(rows, folder.0, u64::from(uid)).map_err(refused)?;
            Ok(outline.map(Bytes::from))
        }))
    }

    fn keep_outline(&self, folder: FolderId, uid: Uid, outline: Bytes) -> Promise<'_, ()> {
        Box::pin(async move {
            let asked = json!({
                "folder": self.name(folder).await?,
                "uid": uid,
                "outline": BASE64.encode(&outline),
            });
            match self.act("mail.outline", asked).await {
                // A cache: one that is too large to be kept is made anew.
                Ok(()) | Err(PostError::Refused(_)) => Ok(()),
                Err(error) => Err(error),
            }
        })
    }

    fn draft(&self) -> Promise<'_, Box<dyn Draft>> {
        let draft: Box<dyn Draft> =
            Box::new(MailDraft { account: self.clone(), writing: Writing::new(self.contents.clone()) });
        Box::pin(std::future::ready(Ok(draft)))
    }

    fn flag(&self, folder: FolderId, uids: &[Uid], change: FlagChange) -> Promise<'_, ()> {
        let uids = uids.to_vec();
        Box::pin(async move {
            if uids.is_empty() {
                return Ok(());
            }
            let (how, flags) = match &change {
                FlagChange::Replace(flags) => ("set", flags),
                FlagChange::Add(flags) => ("add", flags),
                FlagChange::Remove(flags) => ("remove", flags),
            };
            let flags: Vec<&str> = flags.names().collect();
            let name = self.name(folder).await?;
            let asked = json!({ "messages": named(&name, &uids), "flags": flags, "change": how });
            match self.act("mail.flag", asked).await {
                // One that is gone is passed over.
                Err(PostError::NoMessage) => Ok(()),
                done => done,
            }
        })
    }

    fn copy(&self, folder: FolderId, uids: &[Uid], to: FolderId) -> Promise<'_, Copied> {
        let uids = uids.to_vec();
        Box::pin(self.put("mail.copy", (folder, uids), to))
    }

    fn shift(&self, folder: FolderId, uids: &[Uid], to: FolderId) -> Promise<'_, Copied> {
        let uids = uids.to_vec();
        Box::pin(self.put("mail.move", (folder, uids), to))
    }

    fn expunge(&self, folder: FolderId, uids: &[Uid]) -> Promise<'_, ()> {
        let uids = uids.to_vec();
        Box::pin(async move {
            let name = self.name(folder).await?;
            self.act("mail.expunge", json!({ "folder": name, "uids": uids })).await
        })
    }

    fn watch(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }
}

/// A message that is being written.
struct MailDraft {
    account: MailAccount,
    writing: Writing,
}

impl Draft for MailDraft {
    fn write(&mut self, bytes: Bytes) -> Promise<'_, ()> {
        Box::pin(async move { self.writing.write(&bytes).await.map_err(PostError::Refused) })
    }

    fn append(
        self: Box<Self>,
        folder: FolderId,
        flags: Flags,
        date: Option<Timestamp>,
    ) -> Promise<'static, Appended> {
        Box::pin(async move {
            let Ready { in_letters, body } = self.writing.ready().await.map_err(PostError::Refused)?;
            let asked = json!({
                "folder": self.account.name(folder).await?,
                "message": BASE64.encode(&in_letters),
                "body": body,
                "flags": flags.names().collect::<Vec<_>>(),
                "date": date,
            });
            let placed: api::mail::MailPlaced = self.account.ask("mail.append", asked).await?;
            let new = placed.uids.first().map(|(_, new)| *new).ok_or(PostError::NoMessage)?;
            Ok(Appended { uid_validity: placed.validity, uid: uid(new)? })
        })
    }

    fn submit(self: Box<Self>, _from: String, to: Vec<String>) -> Promise<'static, Submitted> {
        Box::pin(async move {
            let Ready { in_letters, body } = self.writing.ready().await.map_err(PostError::Refused)?;
            let asked = json!({ "message": BASE64.encode(&in_letters), "body": body, "to": to });
            match self.account.ask::<api::mail::SentMail>("mail.submit", asked).await {
                Ok(sent) => Ok(Submitted::Accepted(sent.id)),
                // What may go better later is said to be so, and the mail program tries again.
                Err(PostError::Refused(fault)) if fault.kind != FaultKind::Unreachable => {
                    Ok(Submitted::Refused(vec![(to.join(", "), fault)]))
                }
                Err(error) => Err(error),
            }
        })
    }
}

fn named(folder: &str, uids: &[Uid]) -> String {
    let uids: Vec<String> = uids.iter().map(Uid::to_string).collect();
    format!("{folder}/{}", uids.join(","))
}

fn listed(message: &post::read::Message) -> Result<Message, PostError> {
    let mut flags = Flags::default();
    for name in &message.flags {
        // The service keeps none that would not fit.
        let _is_in = flags.insert(name);
    }
    Ok(Message { uid: uid(message.uid)?, size: message.size, date: message.date, flags })
}

fn described(folder: post::read::Folder) -> Result<Folder, PostError> {
    let special = match folder.name.as_str() {
        "Archive" => Some(SpecialUse::Archive),
        "Drafts" => Some(SpecialUse::Drafts),
        "Junk" => Some(SpecialUse::Junk),
        "Sent" => Some(SpecialUse::Sent),
        "Trash" => Some(SpecialUse::Trash),
        _ => None,
    };
    let count = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
    Ok(Folder {
        id: FolderId(folder.id),
        special,
        subscription: if folder.is_shown { Subscription::Shown } else { Subscription::Hidden },
        uid_validity: folder.validity,
        uid_next: uid(folder.next)?,
        messages: count(folder.messages),
        unseen: count(folder.unseen),
        name: folder.name,
    })
}

/// A folder that has had four billion messages is full: IMAP counts no further.
fn uid(number: u64) -> Result<Uid, PostError> {
    let full = || Fault::new("mail.folder-full", FaultKind::Refused, "the folder has no numbers left");
    Uid::try_from(number).map_err(|_too_great| PostError::Refused(full()))
}

fn of_fault(fault: Fault) -> PostError {
    match fault.code.as_str() {
        "mail.no-such-folder" => PostError::NoFolder,
        "mail.folder-taken" => PostError::FolderTaken,
        "mail.no-such-message" => PostError::NoMessage,
        _ => PostError::Refused(fault),
    }
}

fn refused(error: impl Into<Fault>) -> PostError {
    PostError::Refused(error.into())
}

fn broken(error: &impl ToString) -> PostError {
    PostError::Refused(Fault::new("mail.broken", FaultKind::Broken, error.to_string()))
}
