//! What is said over the pipes between the peer and its children: frames of CBOR, each with its length before it.
//!
//! The child has run what others wrote, so the parent believes nothing of what it says but its form, and that within limits.

use std::io::{self, Read, Write};

use base::ContentId;
use compute::jobs::{Abi, Failure, INPUT_SIZE_MAX, Limits};
use minicbor::{Decode, Encode};
use wire::codec::Bytes;

use crate::engine::Variant;

/// Bytes of a frame to a child at most: the largest input, the largest checkpoint, or native code.
pub(crate) const FRAME_SIZE_MAX: usize = 600 << 20;
/// Bytes of a frame from a child at most: outputs, a checkpoint, native code.
pub(crate) const ANSWER_SIZE_MAX: usize = 600 << 20;

const _: () = assert!(INPUT_SIZE_MAX < FRAME_SIZE_MAX as u64);

/// What a runner is told.
#[derive(Debug, Encode, Decode)]
pub(crate) enum ToRunner {
    /// First of all.
    #[n(0)]
    Begin {
        /// Seals the code it will be given: made for this runner alone.
        #[cbor(n(0), with = "minicbor::bytes")]
        key: [u8; 32],
        /// Between checkpoints of a unit, processor time.
        #[n(1)]
        checkpoint_ms: u64,
        /// Memory that its units may take, MiB.
        #[n(2)]
        memory_mib: u32,
    },
    /// A program to have ready.
    #[n(1)]
    Load {
        /// Names it from now on.
        #[cbor(n(0), with = "minicbor::bytes")]
        name: [u8; 32],
        #[n(1)]
        abi: Abi,
        #[n(2)]
        variant: Variant,
        #[cbor(n(3), with = "minicbor::bytes")]
        seal: [u8; 32],
        #[n(4)]
        code: Bytes,
        /// No longer needed.
        #[cbor(n(5), with = "minicbor::bytes")]
        forget: Option<[u8; 32]>,
    },
    /// Units to run, in this order.
    #[n(2)]
    Run {
        #[cbor(n(0), with = "minicbor::bytes")]
        name: [u8; 32],
        #[n(1)]
        arguments: Bytes,
        #[n(2)]
        limits: Limits,
        #[n(3)]
        units: Vec<Unit>,
        /// The program's own id, the same on every computer.
        #[n(4)]
        content: ContentId,
    },
}

/// One unit to run.
#[derive(Debug, Encode, Decode)]
#[expect(clippy::struct_field_names, reason = "the unit's number in its job, as everywhere")]
pub(crate) struct Unit {
    #[n(0)]
    pub(crate) unit: u64,
    #[n(1)]
    pub(crate) input: Bytes,
    #[n(2)]
    pub(crate) checkpoint: Option<Bytes>,
    /// The number that the program hears.
    #[n(3)]
    pub(crate) number: u64,
}

/// What a runner says.
#[derive(Debug, Encode, Decode)]
pub(crate) enum FromRunner {
    /// It has limited itself and waits.
    #[n(0)]
    Ready,
    /// A program could not be loaded; nothing of it will run.
    #[n(1)]
    NotLoaded {
        #[n(0)]
        text: String,
    },
    /// What came of units, in the order they were given.
    #[n(2)]
    Results {
        #[n(0)]
        results: Vec<Outcome>,
    },
    /// Where the unit that runs could go on.
    #[n(3)]
    Checkpoint {
        #[n(0)]
        unit: u64,
        #[n(1)]
        state: Bytes,
    },
}

/// What came of a unit.
#[derive(Debug, Encode, Decode)]
pub(crate) struct Outcome {
    #[n(0)]
    pub(crate) unit: u64,
    #[n(1)]
    pub(crate) cpu_us: u64,
    #[n(2)]
    pub(crate) output: Result<Bytes, Failed>,
}

/// Why there is no output.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Failed {
    #[n(0)]
    pub(crate) failure: Failure,
    #[n(1)]
    pub(crate) log: String,
}

impl Failed {
    /// Names a failure, in words for a person.
    pub(crate) fn new(failure: Failure, log: impl Into<String>) -> Self {
        Self { failure, log: log.into() }
    }
}

/// What a compiler makes of a program.
#[derive(Debug, Encode, Decode)]
pub(crate) struct Compiled {
    #[n(0)]
    pub(crate) abi: Abi,
    #[n(1)]
    pub(crate) has_checkpoints: bool,
    #[n(2)]
    pub(crate) code: Bytes,
}

/// Makes one frame.
pub(crate) fn frame<T: Encode<()>>(value: &T) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; 4];
    minicbor::encode(value, &mut bytes).map_err(io::Error::other)?;
    let size = u32::try_from(bytes.len() - 4).map_err(io::Error::other)?;
    if let Some(head) = bytes.first_chunk_mut() {
        *head = size.to_le_bytes();
    }
    Ok(bytes)
}

/// Writes one frame.
pub(crate) fn write<T: Encode<()>>(output: &mut impl Write, value: &T) -> io::Result<()> {
    output.write_all(&frame(value)?)?;
    output.flush()
}

/// Reads one frame's bytes; `None` at the end.
pub(crate) fn read(input: &mut impl Read, size_max: usize) -> io::Result<Option<Vec<u8>>> {
    let mut head = [0; 4];
    match input.read_exact(&mut head) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(error),
    }
    let size = u32::from_le_bytes(head) as usize;
    if size > size_max {
        return Err(io::ErrorKind::InvalidData.into());
    }
    // A liar about the size costs no memory before its bytes come.
    let mut bytes = Vec::with_capacity(size.min(1 << 20));
    input.take(size as u64).read_to_end(&mut bytes)?;
    if bytes.len() < size {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(Some(bytes))
}

/// Cuts a text to the bytes a report may have.
pub(crate) fn cut(mut text: String, size_max: usize) -> String {
    text.truncate(text.floor_char_boundary(size_max));
    text
}
