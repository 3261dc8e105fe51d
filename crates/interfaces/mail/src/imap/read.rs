//! Reads one command with its literals, and leaves the literal that is a message to be streamed.

use imap_codec::CommandCodec;
use imap_codec::decode::Decoder as _;
use imap_types::command::CommandBody;

use super::reply::Reply;
use crate::wire::{CHUNK, Wire, WireEnd};

/// Bytes of a line at most. RFC 7162 asks clients for 8,192; long lists of uids of real ones have some more.
const LINE_MAX: usize = 64 * 1024;

/// Bytes of a command with its literals, and of those of somebody who is not logged in: a name and a password.
const COMMAND_MAX: usize = 256 * 1024;
const COMMAND_MAX_STRANGER: usize = 8 * 1024;

/// Bytes of a refused literal that are read and forgotten; of more the connection ends.
const FORGOTTEN_MAX: u64 = 16 * 1024 * 1024;

/// What came.
#[derive(Debug)]
pub(super) enum Request {
    /// A whole command.
    Command(Vec<u8>),
    /// An APPEND, up to its message, in place of which stands one letter.
    Append { command: Vec<u8>, literal: Literal },
    /// Nothing that can be done, with the reason.
    Refused { tag: String, reply: Reply },
}

/// Bytes that are announced at the end of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Literal {
    pub(super) size: u64,
    /// Whether the other side waits to be told to go on.
    pub(super) is_waiting: bool,
}

/// Reads the next command.
pub(super) async fn request(wire: &mut Wire, is_stranger: bool) -> Result<Request, WireEnd> {
    let max = if is_stranger { COMMAND_MAX_STRANGER } else { COMMAND_MAX };
    let mut command = Vec::new();
    loop {
        let line = wire.line(LINE_MAX).await?;
        let Some((before, literal)) = literal(&line) else {
            command.extend_from_slice(&line);
            command.extend_from_slice(b"\r\n");
            return Ok(Request::Command(command));
        };
        if !is_stranger {
            let tried = [&command, before, b"{1+}\r\nx\r\n"].concat();
            if is_append(&tried) {
                return Ok(Request::Append { command: tried, literal });
            }
        }
        let size = usize::try_from(literal.size).unwrap_or(usize::MAX);
        if command.len().saturating_add(line.len()).saturating_add(size) > max {
            let tag = tag(if command.is_empty() { &line } else { &command });
            forget(wire, literal).await?;
            // What comes behind the literal belongs to this command, too.
            let reply = Reply::Bad(format!("[TOOBIG] a command has {max} bytes at most"));
            return Ok(Request::Refused { tag, reply });
        }
        command.extend_from_slice(&line);
        command.extend_from_slice(b"\r\n");
        accept(wire, literal).await?;
        let mut left = literal.size;
        while left > 0 {
            let chunk = wire.chunk(left).await?;
            left = left.saturating_sub(chunk.len() as u64);
            command.extend_from_slice(&chunk);
        }
    }
}

/// Tells the other side to send a literal.
pub(super) async fn accept(wire: &mut Wire, literal: Literal) -> Result<(), WireEnd> {
    if literal.is_waiting { wire.write(b"+ go on\r\n").await } else { Ok(()) }
}

/// Gets past a literal that is not wanted, and the rest of its command.
pub(super) async fn forget(wire: &mut Wire, literal: Literal) -> Result<(), WireEnd> {
    if literal.is_waiting {
        // It will not be sent.
        return Ok(());
    }
    if literal.size > FORGOTTEN_MAX {
        return Err(WireEnd::LineTooLong);
    }
    let mut left = literal.size;
    loop {
        while left > 0 {
            left = left.saturating_sub(wire.chunk(left.min(CHUNK as u64)).await?.len() as u64);
        }
        let line = wire.line(LINE_MAX).await?;
        match self::literal(&line) {
            Some((_, next)) if !next.is_waiting && next.size <= FORGOTTEN_MAX => left = next.size,
            Some((_, next)) if !next.is_waiting => return Err(WireEnd::LineTooLong),
            _ => return Ok(()),
        }
    }
}

/// Returns what a line announces at its end, and what stands before.
fn literal(line: &[u8]) -> Option<(&[u8], Literal)> {
    let inner = line.strip_suffix(b"}")?;
    let brace = inner.iter().rposition(|byte| *byte == b'{')?;
    let (before, number) = inner.split_at_checked(brace)?;
    let number = number.get(1..)?;
    let (number, is_waiting) = number.strip_suffix(b"+").map_or((number, true), |number| (number, false));
    let is_number = !number.is_empty() && number.iter().all(u8::is_ascii_digit);
    let number = std::str::from_utf8(number).ok().filter(|_| is_number)?;
    // A number that is beyond all limits is a literal nevertheless.
    Some((before, Literal { size: number.parse().unwrap_or(u64::MAX), is_waiting }))
}

fn is_append(command: &[u8]) -> bool {
    let decoded = CommandCodec::default().decode(command);
    decoded.is_ok_and(|(rest, command)| rest.is_empty() && matches!(command.body, CommandBody::Append { .. }))
}

/// Returns a command's tag, or `*` if it has none.
pub(super) fn tag(command: &[u8]) -> String {
    let word = command.split(|byte| matches!(byte, b' ' | b'\r' | b'\n')).next().unwrap_or_default();
    let is_tag = |byte: &u8| byte.is_ascii_graphic() && !b"(){%*\"\\+".contains(byte);
    if word.is_empty() || word.len() > 64 || !word.iter().all(is_tag) {
        return "*".to_owned();
    }
    String::from_utf8_lossy(word).into_owned()
}
