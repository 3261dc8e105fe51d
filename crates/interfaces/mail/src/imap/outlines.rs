//! Gets a message's head or outline, from where it is kept or by reading it.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};

use crate::mime::field::{HEAD_BYTES_MAX, head_length};
use crate::mime::outline::{OUTLINE_BYTES_MAX, Part};
use crate::mime::scan::Scanner;
use crate::post::{Account, FolderId, PostError, Uid};
use crate::wire::CHUNK;

/// The outline that was used last: an attachment is fetched in pieces, one command each.
#[derive(Debug, Default)]
pub(super) struct Outlines(Option<(FolderId, Uid, Arc<Part>)>);

impl Outlines {
    pub(super) async fn of(
        &mut self,
        account: &dyn Account,
        folder: FolderId,
        uid: Uid,
    ) -> Result<Arc<Part>, PostError> {
        if let Some((known_folder, known_uid, outline)) = &self.0
            && (*known_folder, *known_uid) == (folder, uid)
        {
            return Ok(Arc::clone(outline));
        }
        let kept = account.outline(folder, uid).await?.and_then(|bytes| Part::decode(&bytes));
        let outline = if let Some(outline) = kept {
            outline
        } else {
            let outline = scan(account, folder, uid).await?;
            let bytes = outline.encode();
            if bytes.len() <= OUTLINE_BYTES_MAX {
                account.keep_outline(folder, uid, bytes.into()).await?;
            }
            outline
        };
        let outline = Arc::new(outline);
        self.0 = Some((folder, uid, Arc::clone(&outline)));
        Ok(outline)
    }
}

async fn scan(account: &dyn Account, folder: FolderId, uid: Uid) -> Result<Part, PostError> {
    let mut scanner = Scanner::new();
    let mut at = 0_u64;
    loop {
        let bytes = account.read(folder, uid, at, CHUNK).await?;
        if bytes.is_empty() {
            return Ok(scanner.finish());
        }
        at = at.saturating_add(bytes.len() as u64);
        scanner.push(&bytes);
    }
}

/// Reads a message's head, with the empty line; of one that is longer than any real head, the beginning.
pub(super) async fn head(account: &dyn Account, folder: FolderId, uid: Uid) -> Result<Bytes, PostError> {
    let mut head = BytesMut::new();
    loop {
        let bytes = account.read(folder, uid, head.len() as u64, CHUNK).await?;
        let is_end = bytes.is_empty();
        head.extend_from_slice(&bytes);
        let length = head_length(&head);
        if is_end || length.is_some() || head.len() >= HEAD_BYTES_MAX {
            head.truncate(length.unwrap_or(HEAD_BYTES_MAX));
            return Ok(head.freeze());
        }
    }
}

/// Reads bytes of a message, as many as there are of those asked for. Not for what may be large.
pub(super) async fn read_all(
    account: &dyn Account,
    (folder, uid): (FolderId, Uid),
    from: u64,
    length: usize,
) -> Result<Vec<u8>, PostError> {
    let mut all: Vec<u8> = Vec::new();
    while all.len() < length {
        let left = length.saturating_sub(all.len()).min(CHUNK);
        let bytes = account.read(folder, uid, from.saturating_add(all.len() as u64), left).await?;
        if bytes.is_empty() {
            break;
        }
        all.extend_from_slice(&bytes);
    }
    Ok(all)
}
