//! FETCH: describes messages and streams what is asked of them, one after the other, as fast as the other side reads.

use bytes::Bytes;
use imap_types::fetch::{MacroOrMessageDataItemNames, MessageDataItemName as Item, Section};
use imap_types::sequence::SequenceSet;

use super::reply::{Reply, Stop};
use super::section::{Found, Looked, write_name};
use super::session::{Session, User};
use super::view::Expunges;
use super::words::date_time;
use crate::flags::{FlagChange, Flags};
use crate::mime::describe::{Detail, envelope, structure};
use crate::mime::outline::Span;
use crate::mime::scan::Scanner;
use crate::post::{Account, FolderId, PostError, Uid};
use crate::wire::{CHUNK, Wire, WireEnd};

/// Messages after which others get their turn.
const TURN: usize = 64;

/// A piece of an answer.
enum Piece {
    Text(Vec<u8>),
    /// Bytes of the message; the first are here, so it can be had.
    Stream {
        span: Span,
        first: Bytes,
    },
}

impl Session {
    pub(super) async fn fetch(
        &mut self,
        set: &SequenceSet,
        wanted: &MacroOrMessageDataItemNames<'_>,
        is_uid: bool,
    ) -> Result<Reply, Stop> {
        let mut items = match wanted {
            MacroOrMessageDataItemNames::Macro(short) => short.expand(),
            MacroOrMessageDataItemNames::MessageDataItemNames(items) => items.clone(),
        };
        if items.iter().any(|item| matches!(item, Item::Binary { .. } | Item::BinarySize { .. })) {
            return Ok(Reply::bad("BINARY is not served here"));
        }
        if is_uid && !items.contains(&Item::Uid) {
            items.insert(0, Item::Uid);
        }
        let places = self.user()?.view()?.places(set, is_uid);
        let Some(places) = places else { return Ok(Reply::bad("there is no message of that number")) };
        let seen = self.mark_seen(&items, &places).await?;
        let mut failed = None;
        for (count, place) in places.into_iter().enumerate() {
            if count % TURN == TURN - 1 {
                tokio::task::yield_now().await;
            }
            if let Some(stop) = self.fetch_one(&items, place, &seen).await? {
                failed.get_or_insert(stop);
            }
        }
        self.update(if is_uid { Expunges::Now } else { Expunges::Later }).await?;
        match failed {
            Some(error) => Err(error.into()),
            None => Ok(Reply::ok("fetched")),
        }
    }

    /// Marks messages as seen if anything is asked for that makes them so. Returns those that were not.
    async fn mark_seen(&mut self, items: &[Item<'_>], places: &[usize]) -> Result<Vec<Uid>, Stop> {
        let is_reading = items
            .iter()
            .any(|item| matches!(item, Item::Rfc822 | Item::Rfc822Text | Item::BodyExt { peek: false, .. }));
        let shared = std::sync::Arc::clone(&self.shared);
        let user = self.user()?;
        let view = user.view()?;
        if !is_reading || view.is_read_only {
            return Ok(Vec::new());
        }
        let messages = places.iter().filter_map(|place| view.get(*place));
        let unseen = messages.filter(|message| !message.flags.has("\\Seen"));
        let uids: Vec<Uid> = unseen.map(|message| message.uid).collect();
        if uids.is_empty() {
            return Ok(uids);
        }
        let folder = view.folder.id;
        user.account.flag(folder, &uids, FlagChange::Add(Flags::seen())).await?;
        user.refresh(&shared).await?;
        // They are told with the messages.
        user.view()?.told(&uids);
        Ok(uids)
    }

    /// Answers for one message. Returns why it can't be had.
    async fn fetch_one(
        &mut self,
        items: &[Item<'_>],
        place: usize,
        seen: &[Uid],
    ) -> Result<Option<PostError>, Stop> {
        let Self { wire, user: Some(user), .. } = self else { return Ok(None) };
        let folder = user.view()?.folder.id;
        let Some(uid) = user.view()?.get(place).map(|message| message.uid) else { return Ok(None) };
        if user.view()?.is_gone(uid) {
            return Ok(Some(PostError::NoMessage));
        }
        let is_newly_seen = seen.binary_search(&uid).is_ok() && !items.contains(&Item::Flags);
        let pieces = match pieces(user, items, place, is_newly_seen).await {
            Ok(pieces) => pieces,
            Err(error) => return Ok(Some(error)),
        };
        let account = &user.account;
        for piece in pieces {
            match piece {
                Piece::Text(text) => wire.write(&text).await?,
                Piece::Stream { span, first } => {
                    stream(wire, account.as_ref(), (folder, uid), span, first).await?;
                }
            }
        }
        Ok(None)
    }
}

/// Streams bytes of a message. When they end too soon the connection has to end: a number of bytes was promised.
async fn stream(
    wire: &mut Wire,
    account: &dyn Account,
    (folder, uid): (FolderId, Uid),
    span: Span,
    first: Bytes,
) -> Result<(), WireEnd> {
    let mut at = span.from;
    let mut bytes = first;
    while at < span.to {
        if bytes.is_empty() {
            tracing::warn!("a message ended before its end");
            return Err(WireEnd::Gone);
        }
        wire.write(&bytes).await?;
        at = at.saturating_add(bytes.len() as u64);
        let left = usize::try_from(span.to.saturating_sub(at)).unwrap_or(CHUNK).min(CHUNK);
        if left > 0 {
            let read = account.read(folder, uid, at, left).await;
            bytes = read.map_err(|error| {
                tracing::warn!(%error, "a message could not be read to its end");
                WireEnd::Gone
            })?;
        }
    }
    Ok(())
}

/// Makes the answer for one message, but for what is streamed.
async fn pieces(
    user: &mut User,
    items: &[Item<'_>],
    place: usize,
    is_newly_seen: bool,
) -> Result<Vec<Piece>, PostError> {
    let User { account, view: Some(view), outlines, .. } = user else { return Err(PostError::NoFolder) };
    let message = view.get(place).ok_or(PostError::NoMessage)?;
    let folder = view.folder.id;
    let mut looked = Looked { account: account.as_ref(), outlines, folder, message, head: None };
    let mut pieces = Vec::new();
    let mut text = format!("* {} FETCH (", place.saturating_add(1)).into_bytes();
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            text.push(b' ');
        }
        match item {
            Item::Uid => text.extend_from_slice(format!("UID {}", message.uid).as_bytes()),
            Item::Flags => view.write_flags(&mut text, place),
            Item::InternalDate => {
                text.extend_from_slice(format!("INTERNALDATE {}", date_time(message.date)).as_bytes());
            }
            Item::Rfc822Size => text.extend_from_slice(format!("RFC822.SIZE {}", message.size).as_bytes()),
            Item::Envelope => {
                text.extend_from_slice(b"ENVELOPE ");
                let mut scanner = Scanner::new();
                scanner.push(&looked.head().await?);
                envelope(&mut text, &scanner.finish());
            }
            Item::Body => {
                text.extend_from_slice(b"BODY ");
                structure(&mut text, &*looked.outline().await?, Detail::Basic);
            }
            Item::BodyStructure => {
                text.extend_from_slice(b"BODYSTRUCTURE ");
                structure(&mut text, &*looked.outline().await?, Detail::Extended);
            }
            other => {
                let (name, section, partial) = bytes_of(other);
                text.extend_from_slice(&name);
                let found = looked.find(section.as_ref()).await?;
                if let Some(streamed) = write_found(&looked, &mut text, found, partial).await? {
                    pieces.push(Piece::Text(std::mem::take(&mut text)));
                    pieces.push(streamed);
                }
            }
        }
    }
    if is_newly_seen {
        text.push(b' ');
        view.write_flags(&mut text, place);
    }
    text.extend_from_slice(b")\r\n");
    pieces.push(Piece::Text(text));
    Ok(pieces)
}

/// Returns the name of an item that has bytes, which bytes, and what of them.
fn bytes_of<'a>(item: &Item<'a>) -> (Vec<u8>, Option<Section<'a>>, Option<(u64, u64)>) {
    match item {
        Item::Rfc822 => (b"RFC822 ".to_vec(), None, None),
        Item::Rfc822Header => (b"RFC822.HEADER ".to_vec(), Some(Section::Header(None)), None),
        Item::Rfc822Text => (b"RFC822.TEXT ".to_vec(), Some(Section::Text(None)), None),
        Item::BodyExt { section, partial, .. } => {
            let mut name = b"BODY[".to_vec();
            write_name(&mut name, section.as_ref());
            name.push(b']');
            if let Some((from, _)) = partial {
                name.extend_from_slice(format!("<{from}>").as_bytes());
            }
            name.push(b' ');
            let partial = partial.map(|(from, length)| (u64::from(from), u64::from(length.get())));
            (name, section.clone(), partial)
        }
        // All others have been dealt with.
        _ => (Vec::new(), None, None),
    }
}

/// Writes a literal's length, and its bytes unless they are to be streamed.
async fn write_found(
    looked: &Looked<'_>,
    text: &mut Vec<u8>,
    found: Found,
    partial: Option<(u64, u64)>,
) -> Result<Option<Piece>, PostError> {
    let (offset, length_max) = partial.unwrap_or((0, u64::MAX));
    match found {
        Found::Nothing => text.extend_from_slice(b"NIL"),
        Found::Bytes(bytes) => {
            let from = usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len());
            let rest = bytes.get(from..).unwrap_or_default();
            let length = usize::try_from(length_max).unwrap_or(usize::MAX).min(rest.len());
            text.extend_from_slice(format!("{{{length}}}\r\n").as_bytes());
            text.extend_from_slice(rest.get(..length).unwrap_or_default());
        }
        Found::Span(all) => {
            let from = all.from.saturating_add(offset).min(all.to);
            let span = Span { from, to: from.saturating_add(length_max).min(all.to) };
            text.extend_from_slice(format!("{{{}}}\r\n", span.len()).as_bytes());
            if span.len() == 0 {
                return Ok(None);
            }
            let first = usize::try_from(span.len()).unwrap_or(CHUNK).min(CHUNK);
            let first = looked.account.read(looked.folder, looked.message.uid, span.from, first).await?;
            if first.is_empty() {
                return Err(PostError::NoMessage);
            }
            return Ok(Some(Piece::Stream { span, first }));
        }
    }
    Ok(None)
}
