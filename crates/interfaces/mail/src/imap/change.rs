//! STORE, COPY, MOVE, EXPUNGE.

use imap_types::flag::{Flag, StoreResponse, StoreType};
use imap_types::mailbox::Mailbox;
use imap_types::sequence::SequenceSet;

use super::reply::{Reply, Stop};
use super::session::Session;
use super::sets::written;
use super::view::Expunges;
use crate::flags::{FlagChange, Flags};
use crate::post::{Copied, Folder, PostError, Uid};

/// Reads flags as a mail program sends them.
pub(super) fn flags(said: &[Flag<'_>]) -> Result<Flags, Stop> {
    let mut flags = Flags::default();
    for flag in said {
        if !flags.insert(&flag.to_string()) {
            let text = "[LIMIT] a flag is not one of IMAP, or too long, or one too many";
            return Err(Reply::no(text).into());
        }
    }
    Ok(flags)
}

impl Session {
    pub(super) async fn store(
        &mut self,
        set: &SequenceSet,
        (kind, response): (StoreType, StoreResponse),
        said: &[Flag<'_>],
        is_uid: bool,
    ) -> Result<Reply, Stop> {
        let flags = flags(said)?;
        self.user()?.writable()?;
        let uids = self.chosen(set, is_uid)?;
        let change = match kind {
            StoreType::Replace => FlagChange::Replace(flags),
            StoreType::Add => FlagChange::Add(flags),
            StoreType::Remove => FlagChange::Remove(flags),
        };
        let shared = std::sync::Arc::clone(&self.shared);
        let user = self.user()?;
        let folder = user.view()?.folder.id;
        user.account.flag(folder, &uids, change).await?;
        user.refresh(&shared).await?;
        let view = user.view()?;
        view.told(&uids);
        let is_missing = uids.iter().any(|uid| view.is_gone(*uid));
        if response == StoreResponse::Answer {
            let mut out = Vec::new();
            for uid in &uids {
                let Some(place) = view.place(*uid).filter(|_| !view.is_gone(*uid)) else { continue };
                out.extend_from_slice(format!("* {} FETCH (UID {uid} ", place.saturating_add(1)).as_bytes());
                view.write_flags(&mut out, place);
                out.extend_from_slice(b")\r\n");
            }
            self.wire.write(&out).await?;
        }
        self.update(if is_uid { Expunges::Now } else { Expunges::Later }).await?;
        if is_missing { Err(PostError::NoMessage.into()) } else { Ok(Reply::ok("stored")) }
    }

    pub(super) async fn copy(
        &mut self,
        set: &SequenceSet,
        to: &Mailbox<'_>,
        is_uid: bool,
    ) -> Result<Reply, Stop> {
        let (to, uids) = (self.target(to).await?, self.chosen(set, is_uid)?);
        let user = self.user()?;
        let folder = user.view()?.folder.id;
        let copied = user.account.copy(folder, &uids, to.id).await?;
        self.update(Expunges::Now).await?;
        Ok(match copied_uids(&copied) {
            Some(code) => Reply::Ok(format!("{code} copied")),
            None => Reply::ok("nothing to copy"),
        })
    }

    pub(super) async fn shift(
        &mut self,
        set: &SequenceSet,
        to: &Mailbox<'_>,
        is_uid: bool,
    ) -> Result<Reply, Stop> {
        let (to, uids) = (self.target(to).await?, self.chosen(set, is_uid)?);
        let user = self.user()?;
        let folder = user.writable()?.folder.id;
        if folder == to.id {
            return Ok(Reply::no("[CANNOT] they are in this folder already"));
        }
        let moved = user.account.shift(folder, &uids, to.id).await?;
        let code = copied_uids(&moved);
        if let Some(code) = &code {
            self.wire.write(format!("* OK {code} moved\r\n").as_bytes()).await?;
        }
        self.update(Expunges::Now).await?;
        Ok(Reply::ok(if code.is_some() { "moved" } else { "nothing to move" }))
    }

    pub(super) async fn expunge(&mut self, set: Option<&SequenceSet>) -> Result<Reply, Stop> {
        let shared = std::sync::Arc::clone(&self.shared);
        let user = self.user()?;
        user.refresh(&shared).await?;
        let view = user.writable()?;
        let places = match set {
            Some(set) => view.places(set, true).unwrap_or_default(),
            None => (0..view.messages().len()).collect(),
        };
        let messages = places.iter().filter_map(|place| view.get(*place));
        let deleted = messages.filter(|message| message.flags.has("\\Deleted"));
        let uids: Vec<Uid> = deleted.map(|message| message.uid).collect();
        let folder = view.folder.id;
        if !uids.is_empty() {
            user.account.expunge(folder, &uids).await?;
        }
        self.update(Expunges::Now).await?;
        Ok(Reply::ok("removed"))
    }

    /// Returns the uids of a set.
    fn chosen(&mut self, set: &SequenceSet, is_uid: bool) -> Result<Vec<Uid>, Stop> {
        let view = self.user()?.view()?;
        let places = view.places(set, is_uid);
        let Some(places) = places else {
            return Err(Reply::bad("there is no message of that number").into());
        };
        Ok(places.iter().filter_map(|place| view.get(*place)).map(|message| message.uid).collect())
    }

    /// Returns the folder to put something into.
    pub(super) async fn target(&mut self, to: &Mailbox<'_>) -> Result<Folder, Stop> {
        match self.folder(to).await {
            Err(Stop::Reply(Reply::No(_))) => Err(Reply::no("[TRYCREATE] there is no such folder").into()),
            found => found,
        }
    }
}

fn copied_uids(copied: &Copied) -> Option<String> {
    let (from, to): (Vec<Uid>, Vec<Uid>) = copied.uids.iter().copied().unzip();
    (!from.is_empty()).then(|| format!("[COPYUID {} {} {}]", copied.uid_validity, written(from), written(to)))
}
