//! A second opinion: a clamd of this computer, asked through its socket. That it is missing, slow or wrong stops nothing.
//!
//! Its protocol: `zINSTREAM`, then pieces behind their sizes, a size of nought, and one line as an answer.

use std::io::{self, Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use base::ContentId;
use guard::jobs::{Finding, RULE_NAME_MAX, Severity};
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType};

use super::library::Opened;

/// Bytes of a content at most; what is larger it would refuse by its own settings (`StreamMaxLength`).
const SIZE_MAX: u64 = 25 << 20;
/// It may take so long for one content.
const TIME_MAX: Duration = Duration::from_secs(10);
/// After it has failed or been slow it is left alone for so long.
const AWAY: Duration = Duration::from_secs(60);
/// Bytes sent at once.
const PIECE_SIZE: usize = 256 << 10;
/// Bytes of its answer at most.
const ANSWER_SIZE_MAX: u64 = 4 << 10;

/// A clamd that may be there.
#[derive(Debug)]
pub(super) struct Clamd {
    socket: PathBuf,
    away_until: Mutex<Option<Instant>>,
}

impl Clamd {
    /// Asks at this socket.
    pub(super) fn new(socket: PathBuf) -> Self {
        Self { socket, away_until: Mutex::default() }
    }

    /// Returns what it finds in a content, if anything; nothing when it does not answer.
    pub(super) fn ask(&self, content: &Opened<'_>) -> Option<Finding> {
        if content.size() == 0 || content.size() > SIZE_MAX || self.is_away() {
            return None;
        }
        match self.exchange(content) {
            Ok(answer) => finding(&answer),
            Err(error) => {
                tracing::debug!(%error, "clamd does not answer");
                *self.away_until.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now() + AWAY);
                None
            }
        }
    }

    fn is_away(&self) -> bool {
        let until = *self.away_until.lock().unwrap_or_else(PoisonError::into_inner);
        until.is_some_and(|until| Instant::now() < until)
    }

    fn exchange(&self, content: &Opened<'_>) -> io::Result<Vec<u8>> {
        let until = Instant::now() + TIME_MAX;
        let mut stream = self.connect()?;
        let left = |stream: &UnixStream| {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(io::Error::from(io::ErrorKind::TimedOut));
            }
            stream.set_write_timeout(Some(left))?;
            stream.set_read_timeout(Some(left))
        };
        left(&stream)?;
        stream.write_all(b"zINSTREAM\0")?;
        let mut at = 0;
        while at < content.size() {
            let size = (content.size() - at).min(PIECE_SIZE as u64);
            let size = usize::try_from(size).map_err(io::Error::other)?;
            let piece = content.read(at, size).map_err(io::Error::other)?;
            left(&stream)?;
            stream.write_all(&u32::try_from(size).map_err(io::Error::other)?.to_be_bytes())?;
            stream.write_all(&piece)?;
            at += size as u64;
        }
        stream.write_all(&0_u32.to_be_bytes())?;
        let mut answer = Vec::new();
        let mut byte = [0; 256];
        while (answer.len() as u64) < ANSWER_SIZE_MAX {
            left(&stream)?;
            let count = stream.read(&mut byte)?;
            answer.extend_from_slice(byte.get(..count).unwrap_or_default());
            if count == 0 || answer.ends_with(b"\0") {
                break;
            }
        }
        Ok(answer)
    }

    /// Connects without waiting: who has a full queue is slow.
    fn connect(&self) -> io::Result<UnixStream> {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let socket: OwnedFd = rustix::net::socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
        rustix::net::connect(&socket, &SocketAddrUnix::new(&self.socket)?)?;
        let stream = UnixStream::from(socket);
        stream.set_nonblocking(false)?;
        Ok(stream)
    }
}

/// Reads an answer as `stream: Win.Test.EICAR_HDB-1 FOUND`.
fn finding(answer: &[u8]) -> Option<Finding> {
    let answer = String::from_utf8_lossy(answer);
    let name = answer.trim_matches(['\0', '\n', ' ']).strip_prefix("stream: ")?.strip_suffix(" FOUND")?;
    let name: String = name.chars().filter(|letter| !letter.is_control()).collect();
    // What it calls so is unwanted by some, or a guess.
    let is_odd = ["PUA.", "Heuristics."].iter().any(|beginning| name.starts_with(beginning));
    let mut rule = format!("clamd/{name}");
    rule.truncate(rule.floor_char_boundary(RULE_NAME_MAX));
    Some(Finding {
        rule,
        set: ContentId::new(*blake3::hash(b"clamd").as_bytes()),
        severity: if is_odd { Severity::Odd } else { Severity::Harmful },
        inside: None,
        places: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_clamd_found_is_told() {
        let name = |answer: &[u8]| finding(answer).map(|finding| (finding.rule, finding.severity));
        assert_eq!(name(b"stream: OK\0"), None);
        assert_eq!(name(b"INSTREAM size limit exceeded. ERROR\0"), None);
        assert_eq!(name(b""), None);
        assert_eq!(name(b"\xff\xfe FOUND"), None);
        assert_eq!(name(b"stream: A.B-1 FOUND\0"), Some(("clamd/A.B-1".to_owned(), Severity::Harmful)));
        assert_eq!(name(b"stream: PUA.X FOUND\0"), Some(("clamd/PUA.X".to_owned(), Severity::Odd)));
    }
}
