//! One connection's bytes: lines and literals in, answers out, all within limits of size and time.
//!
//! Answers wait in memory until the other side has nothing more to say, or 64 KiB have gathered: commands that come
//! together are answered together. Writing waits for the other side: who does not read is not written for.

use std::time::Duration;

use bytes::{Buf as _, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio_util::sync::CancellationToken;

/// Bytes moved at once, in and out.
pub(crate) const CHUNK: usize = 64 * 1024;

/// How long the other side may take to read what it has asked for before the connection ends.
const WRITE_TIME: Duration = Duration::from_mins(5);

/// Anything that carries bytes both ways.
pub(crate) trait Socket: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Socket for S {}

/// Why a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum WireEnd {
    #[error("the other side has gone")]
    Gone,
    #[error("the other side took too long")]
    TooSlow,
    #[error("a line is longer than allowed")]
    LineTooLong,
    /// Another program may see a line end where this one does not, so nothing behind it can be trusted.
    #[error("a line ends with a bare line feed")]
    BareLineFeed,
    #[error("the peer stops")]
    Stopping,
}

/// One connection.
pub(crate) struct Wire {
    socket: Box<dyn Socket>,
    read: BytesMut,
    /// Bytes at the start of `read` in which there is no line end.
    searched: usize,
    unsent: Vec<u8>,
    stop: CancellationToken,
    /// How long the other side may be silent.
    pub(crate) patience: Duration,
}

impl Wire {
    pub(crate) fn new(socket: Box<dyn Socket>, stop: CancellationToken, patience: Duration) -> Self {
        Self { socket, read: BytesMut::with_capacity(CHUNK), searched: 0, unsent: Vec::new(), stop, patience }
    }

    /// Returns the next line without its end. May be dropped and called again.
    pub(crate) async fn line(&mut self, max: usize) -> Result<Bytes, WireEnd> {
        loop {
            let fresh = self.read.get(self.searched..).unwrap_or_default();
            if let Some(at) = fresh.iter().position(|byte| *byte == b'\n') {
                let end = self.searched.saturating_add(at);
                self.searched = 0;
                let mut line = self.read.split_to(end.saturating_add(1));
                return match line.strip_suffix(b"\r\n").map(<[u8]>::len) {
                    // A bare carriage return is a line end to some, too.
                    Some(length) if line.get(..length).is_some_and(|text| text.contains(&b'\r')) => {
                        Err(WireEnd::BareLineFeed)
                    }
                    Some(length) if length <= max => {
                        line.truncate(length);
                        Ok(line.freeze())
                    }
                    Some(_) => Err(WireEnd::LineTooLong),
                    None => Err(WireEnd::BareLineFeed),
                };
            }
            self.searched = self.read.len();
            if self.searched > max {
                return Err(WireEnd::LineTooLong);
            }
            self.fill().await?;
        }
    }

    /// Returns the next bytes, whatever is here, at least one and at most `max`.
    pub(crate) async fn chunk(&mut self, max: u64) -> Result<Bytes, WireEnd> {
        if self.read.is_empty() {
            self.fill().await?;
        }
        let wanted = usize::try_from(max).unwrap_or(usize::MAX).min(self.read.len());
        self.searched = 0;
        Ok(self.read.split_to(wanted).freeze())
    }

    /// Gives bytes back that were taken too many.
    pub(crate) fn put_back(&mut self, bytes: &[u8]) {
        let mut read = BytesMut::with_capacity(bytes.len().saturating_add(self.read.remaining()).max(CHUNK));
        read.extend_from_slice(bytes);
        read.extend_from_slice(&self.read);
        (self.read, self.searched) = (read, 0);
    }

    async fn fill(&mut self) -> Result<(), WireEnd> {
        self.flush().await?;
        self.read.reserve(CHUNK);
        let reading = tokio::time::timeout(self.patience, self.socket.read_buf(&mut self.read));
        let length = tokio::select! {
            biased;
            () = self.stop.cancelled() => return Err(WireEnd::Stopping),
            read = reading => read.map_err(|_late| WireEnd::TooSlow)?.map_err(|_gone| WireEnd::Gone)?,
        };
        if length == 0 { Err(WireEnd::Gone) } else { Ok(()) }
    }

    /// Writes, and waits for the other side when much is unread.
    pub(crate) async fn write(&mut self, bytes: &[u8]) -> Result<(), WireEnd> {
        self.unsent.extend_from_slice(bytes);
        if self.unsent.len() >= CHUNK { self.flush().await } else { Ok(()) }
    }

    /// Sends what has gathered.
    pub(crate) async fn flush(&mut self) -> Result<(), WireEnd> {
        if self.unsent.is_empty() {
            return Ok(());
        }
        // Taken out first: when this is dropped half-way the connection ends, and nothing is sent twice.
        let unsent = std::mem::take(&mut self.unsent);
        let writing = async {
            self.socket.write_all(&unsent).await?;
            self.socket.flush().await
        };
        let written = tokio::time::timeout(WRITE_TIME, writing).await;
        written.map_err(|_late| WireEnd::TooSlow)?.map_err(|_gone| WireEnd::Gone)?;
        self.unsent = unsent;
        self.unsent.clear();
        self.unsent.shrink_to(CHUNK.saturating_mul(2));
        Ok(())
    }
}

impl std::fmt::Debug for Wire {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Wire").field("read", &self.read.len()).finish_non_exhaustive()
    }
}
