//! A program's line to the peer of its person: any operation of the table, and maps over many inputs.
//!
//! Blocking, one thread, no async: what calls it decides about threads. Not for: anything that the table of operations does
//! not have.
//!
//! ```no_run
//! use api::compute::Map;
//! # fn main() -> Result<(), base::Fault> {
//! let client = client::Client::open("/home/alice/.local/share/althing")?;
//! let job = Map { program: "/home/alice/count.wasm".into(), web: Some("family".into()), ..Map::default() };
//! for output in client.map(job, [b"one line\n".to_vec(), b"two\nlines\n".to_vec()])? {
//!     let output = output?;
//!     println!("{}: {}", output.unit, String::from_utf8_lossy(&output.bytes));
//! }
//! # Ok(())
//! # }
//! ```

mod map;

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use api::Operation;
use base::{Fault, FaultKind};
use serde_json::Value;

pub use map::{Output, Outputs};

/// An answer that takes longer than this does not come: the longest question, `compute.wait`, takes ten seconds.
const PATIENCE: Duration = Duration::from_secs(60);

/// Asks the peer of a home.
#[derive(Debug, Clone)]
pub struct Client {
    socket: PathBuf,
}

impl Client {
    /// Returns a client of the peer that runs with this home; fails when none does.
    pub fn open(home: impl AsRef<Path>) -> Result<Self, Fault> {
        let client = Self { socket: home.as_ref().join("althing.sock") };
        client.connect().map(|_stream| client)
    }

    /// Asks an operation of the table.
    pub fn ask<O: Operation>(&self, arguments: &O) -> Result<O::Answer, Fault> {
        let arguments = serde_json::to_value(arguments).map_err(|error| garbled(&error))?;
        serde_json::from_value(self.ask_named(O::NAME, &arguments)?).map_err(|error| garbled(&error))
    }

    fn ask_named(&self, operation: &str, arguments: &Value) -> Result<Value, Fault> {
        let body = arguments.to_string();
        let (is_fine, bytes) = self.send(&format!("POST /api/{operation}"), body.as_bytes())?;
        if is_fine {
            return serde_json::from_slice(&bytes).map_err(|error| garbled(&error));
        }
        Err(serde_json::from_slice(&bytes).unwrap_or_else(|error| garbled(&error)))
    }

    /// Returns the bytes of a content that is on this computer.
    fn content(&self, content: base::ContentId) -> Result<Vec<u8>, Fault> {
        match self.send(&format!("GET /content/{content}"), &[])? {
            (true, bytes) => Ok(bytes),
            (false, bytes) => Err(serde_json::from_slice(&bytes).unwrap_or_else(|error| garbled(&error))),
        }
    }

    fn connect(&self) -> Result<UnixStream, Fault> {
        UnixStream::connect(&self.socket).map_err(|error| {
            let what = format!("no peer answers at {}: {error}", self.socket.display());
            Fault::new("client.no-peer", FaultKind::Unreachable, what)
                .remedy("althing start", "starts your peer")
        })
    }

    /// Sends one request on a line of its own; returns whether it went well, and the body.
    fn send(&self, what: &str, body: &[u8]) -> Result<(bool, Vec<u8>), Fault> {
        let mut stream = self.connect()?;
        let cut = |error: std::io::Error| {
            Fault::new("client.cut-off", FaultKind::Unreachable, format!("the peer does not answer: {error}"))
        };
        stream.set_read_timeout(Some(PATIENCE)).map_err(cut)?;
        let head = format!(
            "{what} HTTP/1.1\r\nHost: althing.localhost\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body)).map_err(cut)?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).map_err(cut)?;
        let end = answer.windows(4).position(|four| four == b"\r\n\r\n");
        let Some(end) = end else { return Err(garbled(&"it is no HTTP")) };
        let body = answer.split_off(end + 4);
        let head = String::from_utf8_lossy(&answer).to_ascii_lowercase();
        let is_fine = head.split_whitespace().nth(1).is_some_and(|status| status.starts_with('2'));
        let body = if head.contains("transfer-encoding: chunked") { unchunked(&body)? } else { body };
        Ok((is_fine, body))
    }
}

/// Puts the chunks of a body together (RFC 9112, 7.1).
fn unchunked(mut bytes: &[u8]) -> Result<Vec<u8>, Fault> {
    let mut whole = Vec::new();
    loop {
        let Some(end) = bytes.windows(2).position(|two| two == b"\r\n") else {
            return Err(garbled(&"a chunk has no size"));
        };
        let (line, rest) = bytes.split_at(end);
        let size = std::str::from_utf8(line).ok().and_then(|line| line.split(';').next());
        let size = size.and_then(|size| usize::from_str_radix(size.trim(), 16).ok());
        let Some((chunk, rest)) = size.and_then(|size| rest.get(2..)?.split_at_checked(size)) else {
            return Err(garbled(&"a chunk is cut off"));
        };
        if chunk.is_empty() {
            return Ok(whole);
        }
        whole.extend_from_slice(chunk);
        bytes = rest.get(2..).unwrap_or_default();
    }
}

fn garbled(error: &dyn std::fmt::Display) -> Fault {
    let what = format!("the answer of the peer cannot be read: {error}");
    Fault::new("client.garbled", FaultKind::Broken, what)
        .remedy("", "client and peer are perhaps of different versions")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_are_put_together_and_broken_ones_refused() {
        assert_eq!(unchunked(b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n").unwrap(), b"abcde");
        for broken in [&b"3\r\nab"[..], b"", b"x\r\n", b"ffffffffffffffffff\r\na"] {
            assert!(unchunked(broken).is_err());
        }
    }

    #[test]
    fn who_has_no_peer_is_told_how_to_start_one() {
        let home = tempfile::tempdir().unwrap();
        let fault = Client::open(home.path()).unwrap_err();
        assert_eq!(
            (fault.code.as_str(), fault.remedies[0].command.as_str()),
            ("client.no-peer", "althing start")
        );
    }
}
