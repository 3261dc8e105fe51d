//! Which sealed copies of contents are at which mirrors, as members say, and which mirrors there are (spec sealed,
//! rules 10 to 15).
//!
//! Not for: making copies (`sealing.rs`), keeping them (`mirror.rs`) or opening them (`unsealing.rs`).

use std::collections::BTreeMap;

use base::{ContentId, DeviceId, KeyId, WebId};
use kernel::Step;
use minicbor::{Decode, Encode};
use store::{Overlay, Rows, StoreError, Table};

use crate::apply::Author;
use crate::barred::is_barred;
use crate::statement::{Mirrored, WrongCopy};
use crate::tables::HELD;

/// Copies that members say are at mirrors: (web, content, mirror, who sealed it).
pub(crate) const COPIES: Table<(WebId, ContentId, DeviceId, DeviceId), CopyRow> = Table::new("files.copies");
/// Copies that somebody called wrong, of contents that are here: (web, content, who sealed it) -> the copy.
pub(crate) const DOUBTS: Table<(WebId, ContentId, DeviceId), ContentId> = Table::new("files.doubts");
/// Mirrors of webs whose contents this peer may read, this peer itself left out.
pub(crate) const MIRRORS: Table<(WebId, DeviceId), MirrorRow> = Table::new("files.mirrors");
/// Contents that became the newest of some file or ceased to be, or that came to this computer: to be looked at.
pub(crate) const MOVED: Table<(WebId, ContentId), ()> = Table::new("files.moved");
/// Contents that wait to be sealed: (web, rank, content); the value is the size.
pub(crate) const TO_SEAL: Table<(WebId, u64, ContentId), u64> = Table::new("files.to_seal");
/// Sealed copies that this peer made and mirrors may fetch now: (sealed id, web).
pub(crate) const OFFERED: Table<(ContentId, WebId), OfferedRow> = Table::new("files.offered");
/// Sealed copies that a mirror need not keep any longer for this peer.
pub(crate) const TO_DROP: Table<(DeviceId, WebId, ContentId), ()> = Table::new("files.to_drop");
/// Sealed copies that this peer keeps as a mirror.
pub(crate) const STOWED: Table<(WebId, ContentId), StowedRow> = Table::new("files.stowed");
/// What this peer keeps as a mirror, in sum.
pub(crate) const STOW: Table<WebId, StowRow> = Table::new("files.stow");

/// Copies of one content looked at, at most.
const COPIES_MAX: usize = 64;

/// A sealed copy, as a member says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub(crate) struct CopyRow {
    #[n(0)]
    pub(crate) sealed: ContentId,
    #[n(1)]
    pub(crate) key: KeyId,
    /// Bytes of the content, not of the copy.
    #[n(2)]
    pub(crate) size: u64,
}

/// A mirror.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Encode, Decode)]
pub(crate) struct MirrorRow {
    /// What it called its stock when all copies there were last asked for; another name means: ask again.
    #[n(0)]
    pub(crate) stock: Option<u64>,
    /// Whether all contents of this peer were considered for it.
    #[n(1)]
    pub(crate) is_filled: bool,
    /// What it said of itself last.
    #[n(2)]
    pub(crate) quota: u64,
    #[n(3)]
    pub(crate) copies: u64,
    #[n(4)]
    pub(crate) bytes: u64,
}

/// A sealed copy that mirrors may fetch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub(crate) struct OfferedRow {
    #[n(0)]
    pub(crate) content: ContentId,
    #[n(1)]
    pub(crate) size: u64,
    #[n(2)]
    pub(crate) key: KeyId,
}

/// A sealed copy that this peer keeps.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct StowedRow {
    /// Bytes of the copy.
    #[n(0)]
    pub(crate) size: u64,
    /// For whom.
    #[n(1)]
    pub(crate) by: Vec<DeviceId>,
}

/// What this peer keeps as a mirror of a web.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Encode, Decode)]
pub(crate) struct StowRow {
    /// A random name; a new one whenever copies were lost.
    #[n(0)]
    pub(crate) stock: u64,
    #[n(1)]
    pub(crate) copies: u64,
    #[n(2)]
    pub(crate) bytes: u64,
}

/// A copy that can be asked for, and of whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) sealed: ContentId,
    pub(crate) key: KeyId,
    /// Mirrors that are said to have it, connected or not.
    pub(crate) mirrors: Vec<DeviceId>,
}

/// Says whether a device says now that it is a mirror of a web.
pub(crate) fn is_mirror<R: Rows + ?Sized>(
    rows: &R,
    web: WebId,
    device: DeviceId,
) -> Result<bool, StoreError> {
    let is_in = people::read::is_member(rows, web, device)? || people::read::is_carrier(rows, web, device)?;
    let serving = people::read::serving(rows, web)?;
    Ok(is_in && serving.iter().any(|(other, serving)| *other == device && serving.mirror.is_some()))
}

/// Returns the mirrors of a web as they say now.
pub(crate) fn mirrors<R: Rows + ?Sized>(rows: &R, web: WebId) -> Result<Vec<DeviceId>, StoreError> {
    let mut mirrors = Vec::new();
    for (device, serving) in people::read::serving(rows, web)? {
        let is_in =
            people::read::is_member(rows, web, device)? || people::read::is_carrier(rows, web, device)?;
        if serving.mirror.is_some() && is_in {
            mirrors.push(device);
        }
    }
    Ok(mirrors)
}

/// Notes that a content moved: it became the newest of a file or ceased to be, or came to this computer.
pub(crate) fn note_moved(rows: &mut Overlay<'_>, web: WebId, content: ContentId) -> Result<(), StoreError> {
    // Most webs have no mirror: nothing is written for them.
    if MIRRORS.within(rows, &web).next().transpose()?.is_some() {
        MOVED.put(rows, &(web, content), &());
    }
    Ok(())
}

/// Says whether a sealed copy is kept or offered here, so that its bytes must stay.
pub(crate) fn is_needed<R: Rows + ?Sized>(rows: &R, sealed: ContentId) -> Result<bool, StoreError> {
    if OFFERED.within(rows, &sealed).next().transpose()?.is_some() {
        return Ok(true);
    }
    for web in people::read::webs(rows)? {
        if STOWED.has(rows, &(web.id, sealed))? || HELD.has(rows, &(web.id, sealed))? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Says whether some mirror of a web lacks a copy of a content, as far as members say.
pub(crate) fn is_lacking<R: Rows + ?Sized>(
    rows: &R,
    web: WebId,
    content: ContentId,
) -> Result<bool, StoreError> {
    for row in MIRRORS.within(rows, &web) {
        let ((_, mirror), _) = row?;
        if COPIES.within(rows, &(web, content, mirror)).next().transpose()?.is_none() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Returns the copies of a content of `size` bytes that could be opened here, those at most mirrors first.
///
/// Left out are copies of members who said of that content what was not so.
pub(crate) fn found(
    step: &mut Step<'_>,
    web: WebId,
    content: ContentId,
    size: u64,
) -> Result<Vec<Found>, StoreError> {
    let rows: Vec<_> =
        COPIES.within(step.view(), &(web, content)).take(COPIES_MAX).collect::<Result<_, _>>()?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let serving = mirrors(step.view(), web)?;
    let (me, now) = (step.me(), step.now());
    let mut groups: BTreeMap<(ContentId, KeyId), Vec<DeviceId>> = BTreeMap::new();
    for ((_, _, mirror, author), copy) in rows {
        let is_usable = copy.size == size
            && mirror != me
            && serving.contains(&mirror)
            && !is_barred(step.view(), (author, content), now)?
            && !is_barred(step.view(), (mirror, copy.sealed), now)?
            && step.keyring().get(web, copy.key).is_some();
        if is_usable {
            let mirrors = groups.entry((copy.sealed, copy.key)).or_default();
            if !mirrors.contains(&mirror) {
                mirrors.push(mirror);
            }
        }
    }
    let mut found: Vec<Found> =
        groups.into_iter().map(|((sealed, key), mirrors)| Found { sealed, key, mirrors }).collect();
    found.sort_by_key(|found| std::cmp::Reverse(found.mirrors.len()));
    Ok(found)
}

/// Returns who said that a copy is one of a content.
pub(crate) fn authors<R: Rows + ?Sized>(
    rows: &R,
    web: WebId,
    content: ContentId,
    sealed: ContentId,
) -> Result<Vec<DeviceId>, StoreError> {
    let mut authors = Vec::new();
    for row in COPIES.within(rows, &(web, content)).take(COPIES_MAX) {
        let ((_, _, _, author), copy) = row?;
        if copy.sealed == sealed && !authors.contains(&author) {
            authors.push(author);
        }
    }
    Ok(authors)
}

/// Takes over that a mirror has copies.
pub(crate) fn mirrored(
    step: &mut Step<'_>,
    author: Author,
    mirror: DeviceId,
    key: KeyId,
    copies: &[Mirrored],
) -> Result<(), StoreError> {
    for copy in copies {
        // Words of two members come in any order: this one may be the claim that was called wrong before.
        if DOUBTS.get(step.view(), &(author.web, copy.content, author.device))? == Some(copy.sealed) {
            note_moved(step.rows(), author.web, copy.content)?;
            continue;
        }
        let row = CopyRow { sealed: copy.sealed, key, size: copy.size };
        COPIES.put(step.rows(), &(author.web, copy.content, mirror, author.device), &row);
    }
    Ok(())
}

/// Takes over that what a member said of copies no longer holds: only of its own words.
pub(crate) fn no_longer_mirrored(
    step: &mut Step<'_>,
    author: Author,
    mirror: DeviceId,
    contents: &[ContentId],
) -> Result<(), StoreError> {
    for content in contents {
        COPIES.delete(step.rows(), &(author.web, *content, mirror, author.device));
        note_moved(step.rows(), author.web, *content)?;
    }
    Ok(())
}

/// Looks into copies that are said to be wrong: whoever has the content seals it again, and says what is right.
pub(crate) fn doubted(step: &mut Step<'_>, author: Author, copies: &[WrongCopy]) -> Result<(), StoreError> {
    for wrong in copies {
        let is_here = crate::look::source_in(step.view(), author.web, wrong.content)?.is_some();
        if !is_here || wrong.author == step.me() {
            continue;
        }
        DOUBTS.put(step.rows(), &(author.web, wrong.content, wrong.author), &wrong.sealed);
        let rows: Vec<_> =
            COPIES.within(step.view(), &(author.web, wrong.content)).collect::<Result<_, _>>()?;
        for (key, copy) in rows {
            if key.3 == wrong.author && copy.sealed == wrong.sealed {
                COPIES.delete(step.rows(), &key);
                note_moved(step.rows(), author.web, wrong.content)?;
            }
        }
    }
    Ok(())
}
