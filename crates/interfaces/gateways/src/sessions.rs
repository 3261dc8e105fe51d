//! Who may use the API from a browser: one-use codes and the tokens they are traded for.
//!
//! Only hashes are kept, in memory and in a file (0600) that lets a restarted peer know its sessions.
//! Times come from the caller, so that tests need not wait.

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use base::{Fault, Timestamp};
use serde::{Deserialize, Serialize};

use crate::refusal::{GatewayError, Refusal};
use crate::secrets;
use crate::surface::Session;

/// How long a code is good: a person's click, or a paste into another window.
const CODE_LIFE: Duration = Duration::from_secs(30);

/// How long a token is good: a window left open over a week's pause still works.
const TOKEN_LIFE: Duration = Duration::from_hours(7 * 24);

/// Codes at most that wait; the oldest gives way.
const CODES_MAX: usize = 32;

/// Sessions at most; the oldest gives way. More windows than a person has.
const SESSIONS_MAX: usize = 64;

/// Failed attempts that are answered at once; then one a second.
const ATTEMPTS_MAX: u32 = 10;

/// Codes and tokens.
#[derive(Debug)]
pub(crate) struct Sessions {
    file: PathBuf,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    codes: Vec<Kept>,
    tokens: Vec<Kept>,
    wrong_codes: Budget,
    wrong_tokens: Budget,
}

#[derive(Debug, Clone, PartialEq)]
struct Kept {
    /// Compares in constant time.
    hash: blake3::Hash,
    expires: Timestamp,
}

#[derive(Debug, Serialize, Deserialize)]
struct Stored {
    hash: String,
    expires: Timestamp,
}

/// Failures a caller may still have.
#[derive(Debug)]
struct Budget {
    left: u32,
    since: Timestamp,
}

impl Default for Budget {
    fn default() -> Self {
        Self { left: ATTEMPTS_MAX, since: Timestamp::default() }
    }
}

impl Budget {
    /// Says whether another attempt may be looked at; one more each second.
    fn allows(&mut self, now: Timestamp) -> bool {
        let seconds = u32::try_from(now.since(self.since).as_secs()).unwrap_or(u32::MAX);
        if seconds > 0 {
            self.left = self.left.saturating_add(seconds).min(ATTEMPTS_MAX);
            self.since = now;
        }
        self.left > 0
    }

    fn failed(&mut self) {
        self.left = self.left.saturating_sub(1);
    }
}

impl Sessions {
    /// Reads the sessions of the last run; a missing or unreadable file means there are none.
    pub(crate) fn load(file: &Path) -> Self {
        let stored: Vec<Stored> = std::fs::read(file)
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .unwrap_or_default();
        let kept = |stored: Stored| {
            Some(Kept { hash: blake3::Hash::from_hex(&stored.hash).ok()?, expires: stored.expires })
        };
        let tokens = stored.into_iter().take(SESSIONS_MAX).filter_map(kept).collect();
        Self { file: file.to_path_buf(), state: Mutex::new(State { tokens, ..State::default() }) }
    }

    /// Makes a code, good once, for 30 seconds.
    pub(crate) fn new_code(&self, now: Timestamp) -> Result<String, Fault> {
        let code = secrets::draw(20)?;
        let mut state = self.state();
        state.codes.retain(|kept| kept.expires > now);
        push_bounded(&mut state.codes, Kept { hash: hash(&code), expires: now.after(CODE_LIFE) }, CODES_MAX);
        Ok(code)
    }

    /// Trades a code for a session.
    pub(crate) fn open(&self, code: &str, now: Timestamp) -> Result<Session, Refusal> {
        let mut state = self.state();
        if !state.wrong_codes.allows(now) {
            return Err(GatewayError::TooManyAttempts.into());
        }
        let hash_of_code = hash(code);
        // The code goes whether or not it is still good: nobody gets a second look at it.
        let found = take(&mut state.codes, &hash_of_code);
        if found.is_none_or(|kept| kept.expires <= now) {
            state.wrong_codes.failed();
            return Err(GatewayError::WrongCode.into());
        }
        let token = secrets::draw(32)?;
        let expires = now.after(TOKEN_LIFE);
        state.tokens.retain(|kept| kept.expires > now);
        push_bounded(&mut state.tokens, Kept { hash: hash(&token), expires }, SESSIONS_MAX);
        self.store(&state.tokens);
        Ok(Session { token, expires })
    }

    /// Checks a token.
    pub(crate) fn check(&self, token: &str, now: Timestamp) -> Result<(), GatewayError> {
        let mut state = self.state();
        let hash = hash(token);
        // Looks at all of them, so that the time taken says nothing.
        let same = state.tokens.iter().filter(|kept| kept.hash == hash);
        if same.filter(|kept| kept.expires > now).count() > 0 {
            return Ok(());
        }
        // A right token is never refused for others' wrong ones: another program of this computer could else
        // lock the person out. 256 random bits are not found by trying.
        let allowed = state.wrong_tokens.allows(now);
        state.wrong_tokens.failed();
        Err(if allowed { GatewayError::UnknownToken } else { GatewayError::TooManyAttempts })
    }

    /// Ends a session; nothing happens when there is none.
    pub(crate) fn end(&self, token: &str) {
        let mut state = self.state();
        if take(&mut state.tokens, &hash(token)).is_some() {
            self.store(&state.tokens);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes the hashes; when that fails the sessions last until the peer stops.
    fn store(&self, tokens: &[Kept]) {
        let stored: Vec<Stored> = tokens
            .iter()
            .map(|kept| Stored { hash: kept.hash.to_hex().to_string(), expires: kept.expires })
            .collect();
        let written =
            serde_json::to_vec(&stored).map_err(Into::into).and_then(|bytes| replace(&self.file, &bytes));
        if let Err(error) = written {
            tracing::warn!(%error, "sessions are not kept over a restart");
        }
    }
}

fn replace(file: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let new = file.with_extension("new");
    match std::fs::remove_file(&new) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut out = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
    out.write_all(bytes)?;
    out.sync_all()?;
    std::fs::rename(&new, file)
}

fn hash(secret: &str) -> blake3::Hash {
    blake3::hash(secret.as_bytes())
}

fn take(list: &mut Vec<Kept>, hash: &blake3::Hash) -> Option<Kept> {
    let mut found = None;
    list.retain(|kept| {
        let is_it = kept.hash == *hash;
        if is_it {
            found = Some(kept.clone());
        }
        !is_it
    });
    found
}

fn push_bounded(list: &mut Vec<Kept>, kept: Kept, max: usize) {
    if list.len() >= max {
        list.remove(0);
    }
    list.push(kept);
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

    fn seconds(later: u64) -> Timestamp {
        NOW.after(Duration::from_secs(later))
    }

    fn fresh() -> (tempfile::TempDir, Sessions) {
        let home = tempfile::tempdir().unwrap();
        let sessions = Sessions::load(&home.path().join("sessions"));
        (home, sessions)
    }

    #[test]
    fn a_code_is_good_once() {
        let (_home, sessions) = fresh();
        let code = sessions.new_code(NOW).unwrap();
        let session = sessions.open(&code, NOW).unwrap();
        assert_eq!(sessions.check(&session.token, NOW), Ok(()));
        assert_eq!(sessions.open(&code, NOW).unwrap_err().fault().code, "gateways.wrong-code");
    }

    #[test]
    fn a_code_ends_after_thirty_seconds() {
        let (_home, sessions) = fresh();
        let code = sessions.new_code(NOW).unwrap();
        assert_eq!(sessions.open(&code, seconds(30)).unwrap_err().fault().code, "gateways.wrong-code");
        assert_eq!(
            sessions.open(&code, seconds(1)).unwrap_err().fault().code,
            "gateways.wrong-code",
            "gone for good"
        );
    }

    #[test]
    fn a_token_ends_after_a_week_or_when_told() {
        let (_home, sessions) = fresh();
        let token = sessions.open(&sessions.new_code(NOW).unwrap(), NOW).unwrap().token;
        assert_eq!(sessions.check(&token, seconds(7 * 86_400 - 1)), Ok(()));
        assert_eq!(sessions.check(&token, seconds(7 * 86_400)), Err(GatewayError::UnknownToken));
        sessions.end(&token);
        assert_eq!(sessions.check(&token, NOW), Err(GatewayError::UnknownToken));
    }

    #[test]
    fn a_restarted_peer_knows_its_sessions_and_its_file_holds_no_secret() {
        let (home, sessions) = fresh();
        let token = sessions.open(&sessions.new_code(NOW).unwrap(), NOW).unwrap().token;
        let file = home.path().join("sessions");
        assert!(!std::fs::read_to_string(&file).unwrap().contains(&token));
        let rights =
            std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&file).unwrap().permissions());
        assert_eq!(rights & 0o777, 0o600);
        assert_eq!(Sessions::load(&file).check(&token, NOW), Ok(()));
    }

    #[test]
    fn guessing_is_slowed_down_but_never_locks_a_session_out() {
        let (_home, sessions) = fresh();
        let code = sessions.new_code(NOW).unwrap();
        let token = sessions.open(&code, NOW).unwrap().token;
        for _ in 0..ATTEMPTS_MAX {
            assert_eq!(sessions.open("guess", NOW).unwrap_err().fault().code, "gateways.wrong-code");
            assert_eq!(sessions.check("guess", NOW), Err(GatewayError::UnknownToken));
        }
        assert_eq!(sessions.open("guess", NOW).unwrap_err().fault().code, "gateways.too-many-attempts");
        assert_eq!(sessions.check("guess", NOW), Err(GatewayError::TooManyAttempts));
        assert_eq!(sessions.check(&token, NOW), Ok(()));
        let code = sessions.new_code(NOW).unwrap();
        assert!(sessions.open(&code, seconds(1)).is_ok(), "a second later the next attempt is possible");
    }

    #[test]
    fn a_broken_file_means_no_sessions() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("sessions");
        std::fs::write(&file, b"[{\"hash\":\"zz\",\"expires\":-1}").unwrap();
        assert_eq!(Sessions::load(&file).check("", NOW), Err(GatewayError::UnknownToken));
    }
}
