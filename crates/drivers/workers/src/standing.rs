//! Lets a walk begin when the watch of the same folder stands, so that no change falls between the two.
//!
//! A watch of a huge tree takes a while; then the walk goes first and the watch, once it stands, asks for a rescan.

use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long a walk waits for the watch of its folder. Setting up 20,000 files takes 0.2 s; the first listing
/// should be seen within 2 s.
const WAIT_MAX: Duration = Duration::from_millis(700);

/// The folders that are being walked or whose watch is being set up.
#[derive(Debug, Default)]
pub(crate) struct Standing {
    roots: Mutex<BTreeMap<String, Root>>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Root {
    walks: u32,
    setups: u32,
    /// Whether a walk began before the watch stood.
    is_walk_early: bool,
}

impl Standing {
    /// Notes that a watch is going to be set up.
    pub(crate) fn begin_setup(&self, root: &str) {
        let mut roots = self.roots();
        let entry = roots.entry(root.to_owned()).or_default();
        entry.setups += 1;
        entry.is_walk_early |= entry.walks > 0;
    }

    /// Notes that the watch stands or failed; says whether a walk may have missed something.
    pub(crate) fn end_setup(&self, root: &str) -> bool {
        let mut roots = self.roots();
        let Some(entry) = roots.get_mut(root) else { return false };
        entry.setups = entry.setups.saturating_sub(1);
        let is_walk_early = std::mem::take(&mut entry.is_walk_early);
        forget_idle(&mut roots, root);
        self.changed.notify_all();
        is_walk_early
    }

    /// Notes that a walk begins, after waiting (not for long) for the watch of this folder if one is being set up.
    pub(crate) fn begin_walk(&self, root: &str) {
        let roots = self.roots();
        let is_pending =
            |roots: &mut BTreeMap<String, Root>| roots.get(root).is_some_and(|entry| entry.setups > 0);
        let (mut roots, _) = self
            .changed
            .wait_timeout_while(roots, WAIT_MAX, is_pending)
            .unwrap_or_else(PoisonError::into_inner);
        let entry = roots.entry(root.to_owned()).or_default();
        entry.walks += 1;
        entry.is_walk_early |= entry.setups > 0;
    }

    /// Notes that a walk has ended.
    pub(crate) fn end_walk(&self, root: &str) {
        let mut roots = self.roots();
        if let Some(entry) = roots.get_mut(root) {
            entry.walks = entry.walks.saturating_sub(1);
        }
        forget_idle(&mut roots, root);
    }

    fn roots(&self) -> MutexGuard<'_, BTreeMap<String, Root>> {
        self.roots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn forget_idle(roots: &mut BTreeMap<String, Root>, root: &str) {
    if roots.get(root).is_some_and(|entry| entry.walks == 0 && entry.setups == 0) {
        roots.remove(root);
    }
}
