//! Bytes between a socket and a stream, both ways, each end told when the other has said all.

use std::io::{self, IoSlice};

use bytes::{Bytes, BytesMut};
use iroh::endpoint::{RecvStream, SendStream};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

/// Bytes read from a socket at once; and how many there must be room for, lest another buffer is begun.
const READ_SIZE: usize = 256 * 1024;
const READ_MIN: usize = 64 * 1024;

/// Packets handed to a socket at once: one system call for each takes as long as QUIC itself.
const PACKETS: usize = 64;

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
        // What is left is used up first: a prompt of three bytes shall not cost a buffer.
        if buffer.capacity() < READ_MIN {
            buffer.reserve(READ_SIZE);
        }
        let count = from.read_buf(&mut buffer).await?;
        if count == 0 {
            return to.finish().map_err(io::Error::from);
        }
        note(count);
        to.write_chunk(buffer.split().freeze()).await?;
    }
}

async fn to_socket(from: &mut RecvStream, mut to: OwnedWriteHalf, note: impl Fn(usize)) -> io::Result<()> {
    let mut packets = vec![Bytes::new(); PACKETS];
    while let Some(count) = from.read_many_chunks(&mut packets).await? {
        let mut slices: Vec<IoSlice<'_>> = packets.iter().take(count).map(|one| IoSlice::new(one)).collect();
        note(slices.iter().map(|slice| slice.len()).sum());
        write_all(&mut to, &mut slices).await?;
        // Each holds on to all that came with it.
        packets.fill(Bytes::new());
    }
    to.shutdown().await
}

async fn write_all(to: &mut OwnedWriteHalf, mut slices: &mut [IoSlice<'_>]) -> io::Result<()> {
    while !slices.is_empty() {
        let count = to.write_vectored(slices).await?;
        if count == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        IoSlice::advance_slices(&mut slices, count);
    }
    Ok(())
}
