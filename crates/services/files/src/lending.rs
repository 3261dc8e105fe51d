//! Contents that another service of this peer wants here for a while: brought as transfers bring, lent, given back.
//!
//! What is lent is offered to nobody and shown as nobody's: it is not kept, and goes when the service lets go of it.
//! A person who asks for the same content keeps it. Several services can want the same content: it goes when the last one lets go. Not for: what is worth having (the service decides).

use std::collections::BTreeSet;
use std::time::Duration;

use base::{ContentId, DeviceId, Fault, TransferId, WebId};
use kernel::Step;
use minicbor::{Decode, Encode};
use store::{Rows, StoreError};

use crate::arriving::Offered;
use crate::bringing::Key;
use crate::changes;
use crate::jobs::from_bytes;
use crate::service::Files;
use crate::tables::{HELD, HINTS, HOLDERS, HeldRow, ITEMS, ItemRow, LENT_TO, Stage, TRANSFERS, TransferRow};
use crate::transfer::lane_of;

/// Contents in one wish at most.
pub const WISHES_MAX: usize = 256;

/// How long after the disk was full what services want is tried again.
pub(crate) const AGAIN: Duration = Duration::from_mins(1);

/// The order of a transfer that no person asked for: it stands in no list.
pub(crate) const NOBODY: u64 = 0;

/// What another service wants.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
enum Wish {
    #[n(0)]
    Bring {
        #[n(0)]
        web: WebId,
        #[n(1)]
        contents: Vec<Wanted>,
    },
    #[n(1)]
    LetGo {
        #[n(0)]
        web: WebId,
        #[n(1)]
        contents: Vec<ContentId>,
    },
    #[n(2)]
    Offer {
        #[n(0)]
        web: WebId,
        #[n(1)]
        contents: Vec<Wanted>,
    },
}

/// Announced whenever a content is here that a service wanted; again, if it is wanted again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct Arrived {
    /// For which web.
    #[n(0)]
    pub web: WebId,
    /// Which.
    #[n(1)]
    pub content: ContentId,
}

/// A content that is wanted here, or offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct Wanted {
    /// Which.
    #[n(0)]
    pub content: ContentId,
    /// Bytes.
    #[n(1)]
    pub size: u64,
    /// Who has it, when no listing says so.
    #[n(2)]
    pub from: Option<DeviceId>,
}

/// Has contents of a web brought here, at most [`WISHES_MAX`] at once, for the service whose step this is.
///
/// Each ends with [`Arrived`], and as a change of contents ([`changes::contents`]), when it is here; none ends otherwise: it is waited
/// for until somebody gives it or [`let_go`] is called. What is here already is announced at once.
pub fn bring(step: &mut Step<'_>, web: WebId, contents: Vec<Wanted>) {
    step.tell("files", wire::to_bytes(&Wish::Bring { web, contents }));
}

/// Offers contents that are in the store of this computer, or that are being brought, to members of a web until they are let go
/// of; nobody is told of it. At most [`WISHES_MAX`] at once.
pub fn offer(step: &mut Step<'_>, web: WebId, contents: Vec<Wanted>) {
    step.tell("files", wire::to_bytes(&Wish::Offer { web, contents }));
}

/// Lets go of contents, whether they have come or not: what is only lent, and to no other service, leaves this computer.
pub fn let_go(step: &mut Step<'_>, web: WebId, contents: &[ContentId]) {
    for part in contents.chunks(WISHES_MAX) {
        step.tell("files", wire::to_bytes(&Wish::LetGo { web, contents: part.to_vec() }));
    }
}

/// Says whether a content is here for a service only, and came from a member of that web.
pub fn is_lent<R: Rows + ?Sized>(rows: &R, web: WebId, content: ContentId) -> Result<bool, StoreError> {
    Ok(HELD.get(rows, &(web, content))?.is_some_and(HeldRow::is_lent))
}

/// Says whether a content is here whole for a web, or was offered by a service of this peer.
pub fn is_here<R: Rows + ?Sized>(rows: &R, web: WebId, content: ContentId) -> Result<bool, StoreError> {
    HELD.has(rows, &(web, content))
}

/// Returns who says to have a content and could give it, connected or not; at most so many of each kind.
pub fn holders<R: Rows + ?Sized>(
    rows: &R,
    web: WebId,
    content: ContentId,
    limit: usize,
) -> Result<Vec<DeviceId>, StoreError> {
    let listing = crate::look::listing(rows, web, content, limit)?;
    let mut holders: Vec<DeviceId> = listing.into_iter().map(|(device, _)| device).collect();
    for row in HOLDERS.within(rows, &(web, content)).take(limit) {
        let ((_, _, device), _) = row?;
        if people::read::is_member(rows, web, device)? {
            holders.push(device);
        }
    }
    Ok(holders)
}

impl Files {
    /// Takes what another service wants.
    pub(crate) fn take_wish(&mut self, step: &mut Step<'_>, by: &str, message: &[u8]) -> Result<(), Fault> {
        match from_bytes::<Wish>(message) {
            Ok(Wish::Bring { web, contents }) => {
                lend(step, web, &contents, by);
                self.bring_for(step, web, &contents)
            }
            Ok(Wish::Offer { web, contents }) => {
                lend(step, web, &contents, by);
                offer_for(step, web, &contents)
            }
            Ok(Wish::LetGo { web, contents }) => {
                let unwanted = no_longer_lent(step, web, contents, by)?;
                self.let_go_of(step, web, &unwanted)?;
                self.pump(step)
            }
            Err(error) => {
                tracing::warn!(%error, "a wish of another service cannot be read");
                Ok(())
            }
        }
    }

    fn bring_for(&mut self, step: &mut Step<'_>, web: WebId, contents: &[Wanted]) -> Result<(), Fault> {
        if people::read::my_person(step.view())?.is_none() {
            return Ok(());
        }
        let id = transfer_of(web);
        let mut row = TRANSFERS.get(step.view(), &id)?.unwrap_or_else(|| nobodys(web, step.now()));
        for Wanted { content, size, from } in contents.iter().take(WISHES_MAX) {
            if let Some(from) = from.filter(|from| *from != step.me()) {
                let key = (web, *content, from);
                if !HOLDERS.has(step.view(), &key)? {
                    HOLDERS.put(step.rows(), &key, size);
                    HINTS.put(step.rows(), &key, &());
                }
            }
            if HELD.has(step.view(), &(web, *content))? {
                tell_arrived(step, (web, *content))?;
                continue;
            }
            let item = ItemRow {
                file: base::FileId::new([0; 16]),
                content: Some(*content),
                size: *size,
                path: String::new(),
            };
            ITEMS.put(step.rows(), &(id, lane_of(Some(*content), *size), row.items), &item);
            row.items += 1;
            row.total = row.total.saturating_add(*size);
        }
        row.stage = Stage::Running;
        row.why.clear();
        TRANSFERS.put(step.rows(), &id, &row);
        match self.bringing.live.get_mut(&id) {
            Some(live) => {
                live.is_small_end = false;
                live.is_large_end = false;
            }
            None => self.bringing.begin(id),
        }
        self.pump(step)
    }

    fn let_go_of(
        &mut self,
        step: &mut Step<'_>,
        web: WebId,
        gone: &BTreeSet<ContentId>,
    ) -> Result<(), Fault> {
        let id = transfer_of(web);
        let items: Vec<_> = ITEMS
            .within(step.view(), &id)
            .filter(|row| {
                row.as_ref().map_or(true, |(_, item)| item.content.is_some_and(|one| gone.contains(&one)))
            })
            .collect::<Result<_, _>>()?;
        let mut leaving: BTreeSet<ContentId> = BTreeSet::new();
        for ((_, lane, index), item) in items {
            ITEMS.delete(step.rows(), &(id, lane, index));
            leaving.extend(item.content);
        }
        for content in gone {
            let key: Key = (web, *content);
            if let Some(active) = self.bringing.active.get_mut(&key) {
                active.items.retain(|(transfer, _)| *transfer != id);
                if active.items.is_empty() && active.read.is_none() {
                    self.abandon(step, key);
                }
            }
            if HELD.get(step.view(), &key)?.is_some_and(HeldRow::is_lent) {
                HELD.delete(step.rows(), &key);
                changes::note_content(step.rows(), web, *content)?;
                leaving.insert(*content);
                forget_hints(step, key)?;
            }
        }
        for content in leaving {
            // What a person is having brought stays, whether whole or in part.
            let is_wanted =
                self.bringing.is_active(web, content) || self.bringing.small.contains_key(&(web, content));
            if !is_wanted {
                self.forget_unless_held(step, content)?;
            }
        }
        Ok(())
    }

    /// What services want of a web is tried again when it had failed for want of room: nobody looks at such a transfer.
    pub(crate) fn bring_again(&mut self, step: &mut Step<'_>) -> Result<(), Fault> {
        for web in people::read::webs(step.view())? {
            let id = transfer_of(web.id);
            let failed = TRANSFERS.get(step.view(), &id)?.filter(|row| row.stage == Stage::Failed);
            let Some(mut row) = failed else { continue };
            row.stage = Stage::Running;
            row.why.clear();
            TRANSFERS.put(step.rows(), &id, &row);
            self.bringing.begin(id);
        }
        self.pump(step)
    }

    /// Has a lent content brought once more whose copy here is damaged, if a service still wants it.
    pub(crate) fn lend_again(&mut self, step: &mut Step<'_>, web: WebId, one: Wanted) -> Result<(), Fault> {
        let is_wanted = LENT_TO.within(step.view(), &(web, one.content)).next().transpose()?.is_some();
        if is_wanted { self.bring_for(step, web, &[one]) } else { Ok(()) }
    }

    /// Says how a content that has come is kept, by who waits for it.
    pub(crate) fn offered_to(web: WebId, waiting: &[(TransferId, u64)], is_read: bool) -> Offered {
        let id = transfer_of(web);
        let is_for_nobody = !waiting.is_empty() && waiting.iter().all(|(transfer, _)| *transfer == id);
        if is_for_nobody && !is_read { Offered::Lent } else { Offered::Yes }
    }

    /// A person has asked for a content that is only lent: from now on it is kept.
    pub(crate) fn keep_lent(&mut self, step: &mut Step<'_>, web: WebId, item: &ItemRow) -> Result<(), Fault> {
        let Some(content) = item.content else { return Ok(()) };
        if is_lent(step.view(), web, content)? {
            self.keep(step, (web, content), item.size, Offered::Yes)?;
        }
        Ok(())
    }
}

fn lend(step: &mut Step<'_>, web: WebId, contents: &[Wanted], to: &str) {
    for one in contents.iter().take(WISHES_MAX) {
        LENT_TO.put(step.rows(), &(web, one.content, to.to_owned()), &());
    }
}

/// Notes that a service wants contents no more; returns those that no service wants.
fn no_longer_lent(
    step: &mut Step<'_>,
    web: WebId,
    contents: Vec<ContentId>,
    to: &str,
) -> Result<BTreeSet<ContentId>, StoreError> {
    let mut unwanted = BTreeSet::new();
    for content in contents {
        LENT_TO.delete(step.rows(), &(web, content, to.to_owned()));
        if LENT_TO.within(step.view(), &(web, content)).next().transpose()?.is_none() {
            unwanted.insert(content);
        }
    }
    Ok(unwanted)
}

/// This peer is in a web no more, and so nothing of it is wanted.
pub(crate) fn forget_wishes(step: &mut Step<'_>, web: WebId) -> Result<(), StoreError> {
    for (key, ()) in LENT_TO.within(step.view(), &web).collect::<Result<Vec<_>, StoreError>>()? {
        LENT_TO.delete(step.rows(), &key);
    }
    Ok(())
}

/// Announces a content that is here, if a service wanted it.
pub(crate) fn tell_arrived(step: &mut Step<'_>, (web, content): Key) -> Result<(), StoreError> {
    if LENT_TO.within(step.view(), &(web, content)).next().transpose()?.is_some() {
        step.announce(wire::to_bytes(&Arrived { web, content }));
    }
    Ok(())
}

/// Forgets who has a content, as far as it was known from a hint only.
fn forget_hints(step: &mut Step<'_>, key: Key) -> Result<(), StoreError> {
    let hints: Vec<_> =
        HINTS.within(step.view(), &key).map(|row| Ok(row?.0)).collect::<Result<_, StoreError>>()?;
    for hint in &hints {
        HINTS.delete(step.rows(), hint);
        HOLDERS.delete(step.rows(), hint);
    }
    Ok(())
}

fn offer_for(step: &mut Step<'_>, web: WebId, contents: &[Wanted]) -> Result<(), Fault> {
    for Wanted { content, size, .. } in contents.iter().take(WISHES_MAX) {
        let key = (web, *content);
        let row = match HELD.get(step.view(), &key)? {
            Some(row) => HeldRow { is_offered: true, ..row },
            None => HeldRow { size: *size, is_offered: true, lent: Some(true) },
        };
        HELD.put(step.rows(), &key, &row);
    }
    Ok(())
}

/// The transfer of what services want of a web.
pub(crate) fn transfer_of(web: WebId) -> TransferId {
    let derived = blake3::derive_key("althing lent contents v1", web.as_bytes());
    TransferId::new(derived.first_chunk().copied().unwrap_or_default())
}

fn nobodys(web: WebId, now: base::Timestamp) -> TransferRow {
    TransferRow {
        web,
        share: 0,
        path: String::new(),
        root: Vec::new(),
        is_newest: false,
        to: None,
        stage: Stage::Running,
        why: String::new(),
        started: now,
        order: NOBODY,
        files: 0,
        files_done: 0,
        total: 0,
        settled: 0,
        done: 0,
        speed: 0,
        from: Vec::new(),
        expanded: None,
        items: 0,
        gave: Vec::new(),
    }
}
