//! A text that several people write at once: loro's text, behind a wall.
//!
//! Updates of others are hostile: each may hold only operations of its author, in that author's order, and a parser that
//! panics over one must not stop the service. Not for: who may write (`applying.rs`).

use std::cell::OnceCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

use base::{DeviceId, DocumentId, WebId};
use loro::cursor::{Cursor, Side};
use loro::event::{Diff, DiffEvent};
use loro::{ExportMode, IdSpan, LoroDoc, LoroText, Subscription, TextDelta};

use crate::edit::{ChangeSet, Section, utf16, with_plain_lines};

/// The container of the text; whatever else an update holds is never looked at.
const CONTAINER: &str = "text";

/// Why an update is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotTaken {
    /// It can't be read, or holds what is not its author's.
    Bad,
    /// Something before it has not come yet.
    Early,
    /// All of it is in the text: it says again what was said.
    Known,
    /// A part of it is in the text now and the rest waits for something that has not come: the text has to be read anew
    /// from what was taken, since no row says so.
    Half,
}

/// A text in memory.
pub struct Text {
    doc: LoroDoc,
    content: LoroText,
    /// As it reads now, once somebody has read it.
    now: OnceCell<String>,
    /// What the last import changed.
    told: Arc<Mutex<Vec<TextDelta>>>,
    _subscription: Subscription,
}

impl std::fmt::Debug for Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Text").field("length", &self.content.len_unicode()).finish_non_exhaustive()
    }
}

/// Returns loro's name of a device in a document.
pub fn writer(web: WebId, document: DocumentId, device: DeviceId) -> u64 {
    let mut hasher = blake3::Hasher::new_derive_key("althing text writer v1");
    hasher.update(web.as_bytes()).update(document.as_bytes()).update(device.as_bytes());
    let bytes = hasher.finalize();
    let number = bytes.as_bytes().iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte));
    // The greatest number is loro's own.
    number >> 1
}

impl Text {
    /// Makes an empty text that `me` writes in.
    pub fn new(me: u64) -> Self {
        Self::of(LoroDoc::new(), me)
    }

    /// Reads a text from what [`Self::snapshot`] gave; `None` when it is damaged.
    pub fn from_snapshot(bytes: &[u8], me: u64) -> Option<Self> {
        let doc = catch_unwind(|| LoroDoc::from_snapshot(bytes).ok()).ok().flatten()?;
        Some(Self::of(doc, me))
    }

    fn of(doc: LoroDoc, me: u64) -> Self {
        // Fails only within a transaction, which has not begun.
        let _is_set = doc.set_peer_id(me).is_ok();
        let content = doc.get_text(CONTAINER);
        let told = Arc::<Mutex<Vec<TextDelta>>>::default();
        let tell = Arc::clone(&told);
        let subscription = doc.subscribe(
            &loro::ContainerTrait::id(&content),
            Arc::new(move |event: DiffEvent<'_>| {
                let deltas = event.events.into_iter().filter_map(|one| match one.diff {
                    Diff::Text(deltas) => Some(deltas),
                    _ => None,
                });
                tell.lock().unwrap_or_else(PoisonError::into_inner).extend(deltas.flatten());
            }),
        );
        Self { doc, content, now: OnceCell::new(), told, _subscription: subscription }
    }

    /// Returns the text as it is.
    pub fn read(&self) -> &str {
        self.now.get_or_init(|| self.content.to_string())
    }

    /// Returns its length in bytes.
    pub fn size(&self) -> usize {
        self.content.len_utf8()
    }

    /// Says how far a writer has come here.
    pub fn counter(&self, writer: u64) -> i32 {
        self.doc.oplog_vv().get(&writer).copied().unwrap_or(0)
    }

    /// Takes an update by `writer`: the next of its operations and nothing else. Returns what changes in the text.
    ///
    /// After `Bad` the text may have to be read anew: a parser that panicked leaves it in no known state.
    pub fn take(&mut self, update: &[u8], writer: u64) -> Result<ChangeSet, NotTaken> {
        let Span { from, to, needs } = span(update, writer).ok_or(NotTaken::Bad)?;
        let have = self.counter(writer);
        if from > have || needs.iter().any(|(peer, counter)| self.counter(*peer) <= *counter) {
            return Err(NotTaken::Early);
        }
        if to <= have && to > from {
            return Err(NotTaken::Known);
        }
        if from < have || to <= from {
            return Err(NotTaken::Bad);
        }
        self.import(update)
    }

    /// Takes an update whose operations were looked at when they first came.
    pub fn import(&mut self, update: &[u8]) -> Result<ChangeSet, NotTaken> {
        self.told().clear();
        // What the steps count in, before they are taken.
        self.read();
        let doc = &self.doc;
        let status = catch_unwind(AssertUnwindSafe(|| doc.import(update).ok())).ok().flatten();
        let status = status.ok_or(NotTaken::Bad)?;
        let deltas = std::mem::take(&mut *self.told());
        let edit = edit_of(self.read(), &deltas);
        if !edit.is_empty() {
            self.now.take();
        }
        match status.pending {
            Some(_) => Err(NotTaken::Half),
            None => Ok(edit),
        }
    }

    fn told(&self) -> std::sync::MutexGuard<'_, Vec<TextDelta>> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes an edit of this device's; `None` when it does not fit the text.
    pub fn edit(&mut self, edit: &ChangeSet) -> Option<()> {
        if edit.length_before() != self.content.len_utf16() {
            return None;
        }
        let mut at = 0;
        for section in &edit.0 {
            match section {
                Section::Keep(length) => at += length,
                Section::Change { removed, inserted } => {
                    let inserted = with_plain_lines(inserted);
                    if *removed > 0 {
                        self.content.delete_utf16(at, *removed).ok()?;
                    }
                    if !inserted.is_empty() {
                        self.content.insert_utf16(at, &inserted).ok()?;
                    }
                    at += utf16(&inserted);
                }
            }
        }
        self.doc.commit();
        self.now.take();
        Some(())
    }

    /// Returns this writer's operations from a place on, as an update; `None` when there are none.
    pub fn since(&self, writer: u64, from: i32) -> Option<Vec<u8>> {
        self.between(writer, from, self.counter(writer))
    }

    /// Returns a writer's operations from one place to another, as an update; `None` when there are none.
    pub fn between(&self, writer: u64, from: i32, to: i32) -> Option<Vec<u8>> {
        let spans = vec![IdSpan::new(writer, from, to)];
        (to > from).then(|| self.doc.export(ExportMode::updates_in_range(spans)).ok())?
    }

    /// Returns all of it, history and all.
    pub fn snapshot(&self) -> Option<Vec<u8>> {
        self.doc.export(ExportMode::Snapshot).ok()
    }

    /// Names a place so that it stays where it is while others write.
    pub fn cursor(&self, at: usize) -> Option<Vec<u8>> {
        let now = self.read();
        let units = at.min(utf16(now));
        let place = now.chars().scan(0, |sum, c| {
            *sum += c.len_utf16();
            Some(*sum)
        });
        let characters = place.take_while(|sum| *sum <= units).count();
        self.content.get_cursor(characters, Side::Middle).map(|cursor| cursor.encode())
    }

    /// Returns where a named place is now.
    pub fn place(&self, cursor: &[u8]) -> Option<usize> {
        let cursor = catch_unwind(|| Cursor::decode(cursor).ok()).ok().flatten()?;
        let doc = &self.doc;
        let found = catch_unwind(AssertUnwindSafe(|| doc.get_cursor_pos(&cursor).ok())).ok().flatten()?;
        Some(self.read().chars().take(found.current.pos).map(char::len_utf16).sum())
    }

    /// Returns who wrote what: runs of UTF-16 code units with their writers, in order.
    pub fn runs(&self) -> Vec<(usize, u64)> {
        let mut runs: Vec<(usize, u64)> = Vec::new();
        for (at, c) in self.read().chars().enumerate() {
            let writer = self.content.get_editor_at_unicode_pos(at).unwrap_or(0);
            match runs.last_mut() {
                Some((length, last)) if *last == writer => *length += c.len_utf16(),
                _ => runs.push((c.len_utf16(), writer)),
            }
        }
        runs
    }
}

/// What an update holds.
pub(crate) struct Span {
    /// The first of its writer's operations.
    pub(crate) from: i32,
    /// Behind the last.
    pub(crate) to: i32,
    /// Operations of others that have to be there before: writer and place.
    needs: Vec<(u64, i32)>,
}

/// Returns what an update holds, if it is all one writer's.
pub(crate) fn span(update: &[u8], writer: u64) -> Option<Span> {
    let read = || LoroDoc::decode_import_blob_meta(update, true).ok();
    let meta = catch_unwind(read).ok().flatten()?;
    let is_his = |vv: &loro::VersionVector| vv.iter().all(|(peer, _)| *peer == writer);
    let is_only_his = is_his(&meta.partial_start_vv) && is_his(&meta.partial_end_vv);
    let at = |vv: &loro::VersionVector| vv.get(&writer).copied();
    let to = at(&meta.partial_end_vv).filter(|_| is_only_his && !meta.mode.is_snapshot())?;
    let from = at(&meta.partial_start_vv)?;
    let needs = meta.start_frontiers.iter().map(|id| (id.peer, id.counter)).collect();
    Some(Span { from, to, needs })
}

/// Writes loro's steps, which count characters, as an edit.
fn edit_of(before: &str, deltas: &[TextDelta]) -> ChangeSet {
    let mut edit = ChangeSet::default();
    let mut rest = before.chars();
    let mut length = |count: usize| -> usize { rest.by_ref().take(count).map(char::len_utf16).sum() };
    for delta in deltas {
        match delta {
            TextDelta::Retain { retain, .. } => edit.keep(length(*retain)),
            TextDelta::Delete { delete } => edit.change(length(*delete), ""),
            TextDelta::Insert { insert, .. } => edit.change(0, &with_unit_lines(insert)),
        }
    }
    edit.keep(length(usize::MAX));
    edit
}

/// Returns a text as browsers count its lines, without changing its length: a carriage return, which only a hostile member
/// writes, becomes a space.
pub fn with_unit_lines(text: &str) -> String {
    text.replace('\r', " ")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::edit::applied;

    fn insert(text: &mut Text, at: usize, words: &str) -> ChangeSet {
        let mut edit = ChangeSet::default();
        edit.keep(at);
        edit.change(0, words);
        edit.keep(utf16(text.read()) - at);
        text.edit(&edit).unwrap();
        edit
    }

    #[test]
    fn two_who_write_at_once_end_with_the_same_text() {
        let (mut alice, mut bob) = (Text::new(1), Text::new(2));
        insert(&mut alice, 0, "Hallo 😀 Welt");
        let first = alice.since(1, 0).unwrap();
        let edit = bob.take(&first, 1).unwrap();
        assert_eq!(applied("", &edit).unwrap(), "Hallo 😀 Welt");
        let at = alice.counter(1);
        insert(&mut alice, 9, "große ");
        insert(&mut bob, 0, "# ");
        let (ours, theirs) = (alice.since(1, at).unwrap(), bob.since(2, 0).unwrap());
        let before = bob.read().to_owned();
        let edit = bob.take(&ours, 1).unwrap();
        assert_eq!(applied(&before, &edit).unwrap(), bob.read());
        alice.take(&theirs, 2).unwrap();
        assert_eq!(alice.read(), bob.read());
        assert_eq!(alice.read(), "# Hallo 😀 große Welt");
        let runs = alice.runs();
        assert_eq!(runs, [(2, 2), (19, 1)]);
    }

    #[test]
    fn nobody_writes_in_anothers_name_out_of_order_or_twice() {
        let mut mallory = Text::new(3);
        insert(&mut mallory, 0, "one");
        let first = mallory.since(3, 0).unwrap();
        insert(&mut mallory, 3, "two");
        let second = mallory.since(3, 3).unwrap();
        let mut alice = Text::new(1);
        assert_eq!(alice.take(&first, 2), Err(NotTaken::Bad));
        assert_eq!(alice.take(&second, 3), Err(NotTaken::Early));
        assert_eq!(alice.take(&mallory.snapshot().unwrap(), 3), Err(NotTaken::Bad));
        alice.take(&first, 3).unwrap();
        assert_eq!(alice.take(&first, 3), Err(NotTaken::Known));
        alice.take(&second, 3).unwrap();
        assert_eq!(alice.read(), "onetwo");
    }

    #[test]
    fn a_cursor_stays_where_it_is_while_others_write() {
        let mut alice = Text::new(1);
        insert(&mut alice, 0, "😀 plan");
        let cursor = alice.cursor(3).unwrap();
        insert(&mut alice, 0, "new: ");
        assert_eq!(alice.place(&cursor), Some(8));
        assert_eq!(alice.place(b"nonsense"), None);
    }

    #[test]
    fn a_snapshot_gives_the_text_back_and_damaged_ones_do_not() {
        let mut alice = Text::new(1);
        insert(&mut alice, 0, "kept");
        let bytes = alice.snapshot().unwrap();
        assert_eq!(Text::from_snapshot(&bytes, 1).unwrap().read(), "kept");
        assert!(Text::from_snapshot(&bytes[..bytes.len() / 2], 1).is_none());
    }

    proptest! {
        #[test]
        fn damaged_updates_do_not_stop_the_service(at in 0usize..400, to in any::<u8>(), cut in 0usize..400) {
            let mut mallory = Text::new(3);
            insert(&mut mallory, 0, "some words to be damaged, and some more of them");
            let mut update = mallory.since(3, 0).unwrap();
            let place = at % update.len();
            update[place] = to;
            update.truncate(update.len().saturating_sub(cut % 20));
            let mut alice = Text::new(1);
            let _taken = alice.take(&update, 3);
            let _read = alice.read().len();
        }
    }
}
