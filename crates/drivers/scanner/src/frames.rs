//! What parent and child say to each other: a kind, a size, and so many bytes.

use std::io::{self, Read, Write};

use base::ContentId;
use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};

/// To the child: the source of a set of rules.
pub(crate) const COMPILE: u8 = b'c';
/// To the child: a set's id and its compiled rules.
pub(crate) const LOAD: u8 = b'l';
/// To the child: a [`Look`].
pub(crate) const LOOK: u8 = b's';
/// To the child: the bytes it wanted.
pub(crate) const PIECE: u8 = b'p';
/// To the child: the bytes it wanted cannot be had; whatever it says of this content is not believed.
pub(crate) const GONE: u8 = b'g';
/// From the child: a [`Want`].
pub(crate) const WANT: u8 = b'w';
/// From the child: it did what it was told; what follows depends on what that was.
pub(crate) const DONE: u8 = b'd';
/// From the child: it could not, and why.
pub(crate) const FAILED: u8 = b'f';

/// Bytes of a frame at most: compiled rules are the largest, about ten times their source.
pub(crate) const FRAME_SIZE_MAX: usize = 128 << 20;
/// Bytes the child wants at once at most.
pub(crate) const PIECE_SIZE_MAX: usize = 4 << 20;

/// One content to look through.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Look {
    /// Its bytes in number.
    #[n(0)]
    pub(crate) size: u64,
    /// The name it goes by.
    #[n(1)]
    pub(crate) name: String,
    /// With which of the loaded sets.
    #[n(2)]
    pub(crate) sets: Vec<ContentId>,
}

/// Bytes of the content that the child looks through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Want {
    /// The first.
    #[n(0)]
    pub(crate) offset: u64,
    /// How many.
    #[n(1)]
    pub(crate) size: u32,
}

/// A set of rules that can be loaded.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct CompiledSet {
    /// Rules in it.
    #[n(0)]
    pub(crate) rules: u32,
    /// Licences its rules name.
    #[n(1)]
    pub(crate) licences: Vec<String>,
    /// What the engine loads.
    #[n(2)]
    pub(crate) code: ByteVec,
}

/// Returns what goes before the bytes of a frame; none when they are too many.
pub(crate) fn head(kind: u8, size: usize) -> Option<[u8; 5]> {
    let size = u32::try_from(size).ok().filter(|_| size <= FRAME_SIZE_MAX)?;
    let [a, b, c, d] = size.to_be_bytes();
    Some([kind, a, b, c, d])
}

/// Returns the kind and the size that a head tells; none when the frame would be too large.
pub(crate) fn of_head(head: [u8; 5]) -> Option<(u8, usize)> {
    let [kind, size @ ..] = head;
    let size = u32::from_be_bytes(size) as usize;
    (size <= FRAME_SIZE_MAX).then_some((kind, size))
}

/// Writes a frame; blocks.
pub(crate) fn write(output: &mut impl Write, kind: u8, bytes: &[u8]) -> io::Result<()> {
    let head = head(kind, bytes.len()).ok_or(io::ErrorKind::InvalidInput)?;
    output.write_all(&head)?;
    output.write_all(bytes)?;
    output.flush()
}

/// Reads a frame; none when there are no more; blocks.
pub(crate) fn read(input: &mut impl Read) -> io::Result<Option<(u8, Vec<u8>)>> {
    let mut head = [0; 5];
    match input.read_exact(&mut head) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(error),
    }
    let (kind, size) = of_head(head).ok_or(io::ErrorKind::InvalidData)?;
    let mut bytes = vec![0; size];
    input.read_exact(&mut bytes)?;
    Ok(Some((kind, bytes)))
}
