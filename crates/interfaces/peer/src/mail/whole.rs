//! A whole mail, wherever its bytes are: in rows, or its body in a content of its own. Reads it piece by piece.

use std::ops::Range;

use base::{Fault, WebId};
use mail::{Outline, Outlining};
use network::Contents;
use post::MailFault;
use post::read::{Large, Message};
use store::Rows;

use super::bodies;

/// Bytes that are read into memory of one part at most.
const READ_MAX: u64 = 1024 * 1024;

/// A mail of a folder.
#[derive(Debug, Clone)]
pub(super) struct Whole {
    place: (u64, u64),
    large: Option<Large>,
    /// What its folder knows of it.
    pub(super) message: Message,
}

impl Whole {
    /// Finds a mail by `FOLDER/NUMBER`.
    pub(super) fn find(rows: &dyn Rows, named: &str) -> Result<Self, Fault> {
        let unknown = || MailFault::NoSuchMessage { message: named.chars().take(100).collect() };
        let (name, uid) = named.rsplit_once('/').ok_or_else(unknown)?;
        let uid: u64 = uid.parse().map_err(|_no_number| unknown())?;
        let folder = post::read::folder_named(rows, name)?.ok_or_else(unknown)?;
        let message = post::read::one(rows, folder, uid)?.ok_or_else(unknown)?;
        Ok(Self { place: (folder, uid), large: post::read::large(rows, folder, uid)?, message })
    }

    /// Says whether its body is a content of its own, which may not be here.
    pub(super) fn is_elsewhere(&self) -> bool {
        self.large.is_some()
    }

    /// Returns the web it came from; none if it was made here.
    pub(super) fn web(&self, rows: &dyn Rows) -> Result<Option<WebId>, Fault> {
        Ok(post::read::came_from(rows, self.place.0, self.place.1)?)
    }

    /// Reads bytes from a place on: at least one, none at the end. This thread may block.
    pub(super) fn piece(&self, rows: &dyn Rows, contents: &Contents, at: u64) -> Result<Vec<u8>, Fault> {
        match self.large.filter(|large| at >= large.head_size) {
            Some(large) => {
                let Ok(runtime) = tokio::runtime::Handle::try_current() else { return Ok(Vec::new()) };
                runtime.block_on(bodies::read(
                    contents,
                    &large,
                    at.saturating_sub(large.head_size),
                    usize::MAX,
                ))
            }
            None => Ok(post::read::bytes(rows, self.place, at, usize::MAX)?.unwrap_or_default()),
        }
    }

    /// Reads a range, as much as there is of it, up to a megabyte. This thread may block.
    pub(super) fn range(
        &self,
        rows: &dyn Rows,
        contents: &Contents,
        range: Range<u64>,
    ) -> Result<Vec<u8>, Fault> {
        let end = range.end.min(range.start.saturating_add(READ_MAX));
        let (mut at, mut bytes) = (range.start, Vec::new());
        while at < end {
            let mut piece = self.piece(rows, contents, at)?;
            if piece.is_empty() {
                break;
            }
            piece.truncate(usize::try_from(end.saturating_sub(at)).unwrap_or(usize::MAX));
            at = at.saturating_add(piece.len() as u64);
            bytes.append(&mut piece);
        }
        Ok(bytes)
    }

    /// Says how it is built, as was noted or by reading it. This thread may block.
    pub(super) fn outline(&self, rows: &dyn Rows, contents: &Contents) -> Result<Outline, Fault> {
        let (folder, uid) = self.place;
        let kept = post::read::outline(rows, folder, uid)?;
        if let Some(outline) = kept.and_then(|bytes| Outline::decode(&bytes)) {
            return Ok(outline);
        }
        let (mut at, mut outlining) = (0_u64, Outlining::new());
        loop {
            let piece = self.piece(rows, contents, at)?;
            if piece.is_empty() {
                return Ok(outlining.finish());
            }
            at = at.saturating_add(piece.len() as u64);
            outlining.push(&piece);
        }
    }

    /// Says how that is built which stands in rows: of a large mail the head.
    pub(super) fn outline_of_rows(&self, rows: &dyn Rows) -> Result<Outline, Fault> {
        let mut outlining = Outlining::new();
        let mut at = 0;
        while let Some(piece) = post::read::bytes(rows, self.place, at, usize::MAX)? {
            if piece.is_empty() || self.large.is_some_and(|large| at >= large.head_size) {
                break;
            }
            at = at.saturating_add(piece.len() as u64);
            outlining.push(&piece);
        }
        Ok(outlining.finish())
    }
}
