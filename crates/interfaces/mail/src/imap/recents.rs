//! Which messages no session has been told of yet: `\Recent`.
//!
//! In memory only: after a start all messages are new to this peer's sessions, as RFC 3501 allows (2.3.2).

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::post::{FolderId, Uid};

/// By account and folder: the first uid that nobody was told of. As many as there are folders.
#[derive(Debug, Default)]
pub(crate) struct Recents(Mutex<BTreeMap<(String, FolderId), Uid>>);

impl Recents {
    /// Takes all messages below a uid for one session. Returns the first that was left.
    pub(super) fn claim(&self, account: &str, folder: FolderId, below: Uid) -> Uid {
        let mut marks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mark = marks.entry((account.to_owned(), folder)).or_insert(1);
        let first = *mark;
        *mark = first.max(below);
        first
    }
}
