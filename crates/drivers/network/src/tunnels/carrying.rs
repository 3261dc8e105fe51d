//! Bytes between a socket and a stream, both ways, each end told when the other has said all.

use std::io;

use bytes::BytesMut;
use iroh::endpoint::{RecvStream, SendStream};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

/// Bytes moved at once.
const STEP: usize = 128 * 1024;

/// Hears how much was carried.
pub(crate) trait Carried {
    /// From the stream to the socket.
    fn up(&self, bytes: usize);
    /// From the socket to the stream.
    fn down(&self, bytes: usize);
}

/// Carries until both sides have said all, or one is gone.
pub(crate) async fn carry<C: Carried>(
    socket: TcpStream,
    send: &mut SendStream,
    receive: &mut RecvStream,
    carried: &C,
) -> io::Result<()> {
    // A prompt of three bytes must not wait for more.
    socket.set_nodelay(true)?;
    let (read, write) = socket.into_split();
    let down = to_stream(read, send, |bytes| carried.down(bytes));
    let up = to_socket(receive, write, |bytes| carried.up(bytes));
    tokio::try_join!(down, up).map(drop)
}

async fn to_stream(mut from: OwnedReadHalf, to: &mut SendStream, note: impl Fn(usize)) -> io::Result<()> {
    let mut buffer = BytesMut::new();
    loop {
        buffer.reserve(STEP);
        let count = from.read_buf(&mut buffer).await?;
        if count == 0 {
            return to.finish().map_err(io::Error::from);
        }
        note(count);
        to.write_chunk(buffer.split().freeze()).await?;
    }
}

async fn to_socket(from: &mut RecvStream, mut to: OwnedWriteHalf, note: impl Fn(usize)) -> io::Result<()> {
    while let Some(chunk) = from.read_chunk(STEP).await? {
        note(chunk.len());
        to.write_all(&chunk).await?;
    }
    to.shutdown().await
}
