//! Lets in who knows the password, and nobody faster than a person types when it is wrong.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::post::{Account, PasswordHash, Post, PostError};

/// Connections of one account at most. Thunderbird opens five, mbsync two; several programs of one person fit.
const CONNECTIONS_PER_ACCOUNT_MAX: usize = 32;

/// The longest wait after a wrong password. Passwords are random, so this only keeps the log and the processor quiet.
const WAIT_MAX: Duration = Duration::from_secs(16);

/// Names whose wrong passwords are counted; whoever tries more starts all counts anew, and still waits a second each time.
const NAMES_MAX: usize = 256;

/// Somebody who is in.
pub(crate) struct Entered {
    pub(crate) name: String,
    pub(crate) account: Arc<dyn Account>,
    _room: OwnedSemaphorePermit,
}

impl std::fmt::Debug for Entered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Entered").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Why somebody is not let in.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LoginError {
    #[error("name or password is wrong")]
    Wrong,
    #[error("this account has {CONNECTIONS_PER_ACCOUNT_MAX} connections already")]
    Crowded,
    #[error("{0}")]
    Post(PostError),
}

/// The door of both protocols.
pub(crate) struct Login {
    post: Arc<dyn Post>,
    failures: Mutex<BTreeMap<String, u32>>,
    rooms: Mutex<BTreeMap<String, Arc<Semaphore>>>,
}

impl Login {
    pub(crate) fn new(post: Arc<dyn Post>) -> Self {
        Self { post, failures: Mutex::default(), rooms: Mutex::default() }
    }

    /// Returns how many bytes a message may have.
    pub(crate) fn size_max(&self) -> u64 {
        self.post.size_max().min(crate::MESSAGE_BYTES_MAX)
    }

    /// Checks name and password; waits before it says no.
    pub(crate) async fn enter(&self, name: &[u8], password: &[u8]) -> Result<Entered, LoginError> {
        let name = String::from_utf8_lossy(name).to_lowercase();
        let known = self.post.password(&name).await.map_err(LoginError::Post)?;
        // Somebody unknown is compared, too, and blake3 compares in constant time.
        let is_known = known.is_some();
        let expected = known.unwrap_or(PasswordHash(blake3::hash(b"nobody")));
        if blake3::hash(password) != expected.0 || !is_known {
            tokio::time::sleep(self.count_failure(&name)).await;
            return Err(LoginError::Wrong);
        }
        self.failures.lock().unwrap_or_else(PoisonError::into_inner).remove(&name);
        let room = self.room(&name).ok_or(LoginError::Crowded)?;
        let account = self.post.open(&name).await.map_err(LoginError::Post)?;
        Ok(Entered { name, account, _room: room })
    }

    /// Counts a wrong password and says how long to wait. The right one is never made to wait for wrong ones.
    fn count_failure(&self, name: &str) -> Duration {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        if failures.len() >= NAMES_MAX && !failures.contains_key(name) {
            failures.clear();
        }
        let count = failures.entry(name.to_owned()).or_default();
        let wait = Duration::from_secs(1_u64.checked_shl(*count).unwrap_or(u64::MAX)).min(WAIT_MAX);
        *count = count.saturating_add(1).min(16);
        tracing::warn!(tries = *count, "a mail program came with a wrong name or password");
        wait
    }

    fn room(&self, name: &str) -> Option<OwnedSemaphorePermit> {
        let mut rooms = self.rooms.lock().unwrap_or_else(PoisonError::into_inner);
        let room = rooms
            .entry(name.to_owned())
            .or_insert_with(|| Arc::new(Semaphore::new(CONNECTIONS_PER_ACCOUNT_MAX)));
        Arc::clone(room).try_acquire_owned().ok()
    }
}

/// Reads what `AUTH PLAIN` sends: whom to be, who one is, password. One can't be somebody else.
pub(crate) fn plain(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut parts = bytes.split(|byte| *byte == 0);
    let (other, name, password) = (parts.next()?, parts.next()?, parts.next()?);
    let is_self = other.is_empty() || other == name;
    (is_self && parts.next().is_none()).then_some((name, password))
}

/// Decodes what `AUTH` and `AUTHENTICATE` send.
pub(crate) fn decoded(text: &[u8]) -> Option<Vec<u8>> {
    if text == b"=" {
        return Some(Vec::new());
    }
    data_encoding::BASE64.decode(text).ok()
}
