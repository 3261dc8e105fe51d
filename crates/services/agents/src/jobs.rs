//! What the sandbox is asked to do for agents, and what it tells.

use base::ContentId;
use files::jobs::Source;
use minicbor::{Decode, Encode};
use wire::WireError;
use wire::codec::Bytes;

pub use crate::document::{Disk, HEAD_SIZE_MAX, completed};
pub use wire::to_bytes;

/// Checks that a program can run here and keeps it in the store: input [`Program`], end [`Taken`]; fails with a sentence.
pub const TAKE: &str = "agents.take";

/// Runs a program once, as one unit, in a process of its own that has nothing but its input: input [`Run`], end [`Ran`]; fails
/// with a sentence when this computer could not, which says nothing about the program.
pub const RUN: &str = "agents.run";

/// Bytes of an agent's program at most: interpreters of other languages are units of `compute`, not agents.
pub const PROGRAM_SIZE_MAX: u64 = 4 * 1024 * 1024;

/// Bytes of what an agent gives back at most: what it remembers, and 32 actions.
pub const OUTPUT_SIZE_MAX: usize = 512 * 1024;

/// Bytes of what a program that failed says at most.
pub const WHY_SIZE_MAX: usize = 1024;

/// Bytes of a job or report at most: event, state and settings, escaped as JSON.
const REPORT_SIZE_MAX: usize = 4 * 1024 * 1024;

/// Reads a job's input or report.
pub fn from_bytes<T: for<'b> Decode<'b, ()> + Encode<()>>(bytes: &[u8]) -> Result<T, WireError> {
    wire::from_bytes(bytes, REPORT_SIZE_MAX)
}

/// Where a program is.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Program {
    /// In a file of this computer.
    #[n(0)]
    File {
        /// Absolute.
        #[n(0)]
        path: String,
    },
    /// In a content that is whole on this computer.
    #[n(1)]
    Here {
        /// Which.
        #[n(0)]
        content: ContentId,
        /// Bytes.
        #[n(1)]
        size: u64,
        /// Where.
        #[n(2)]
        source: Source,
    },
}

/// End of [`TAKE`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct Taken {
    /// The program, in the store now.
    #[n(0)]
    pub content: ContentId,
    /// Bytes.
    #[n(1)]
    pub size: u64,
}

/// Input of [`RUN`].
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Run {
    /// The program.
    #[n(0)]
    pub program: Program,
    /// What it is given, as JSON; the driver adds what it reads and measures with [`completed`].
    #[n(1)]
    pub document: Bytes,
    /// Files whose first bytes it is given, too.
    #[n(2)]
    pub heads: Vec<Head>,
    /// Processor time, milliseconds.
    #[n(3)]
    pub cpu_ms: u32,
    /// Memory, MiB.
    #[n(4)]
    pub memory_mib: u32,
    /// Whether it is told how full the disk of this computer is.
    #[n(5)]
    pub is_disk_told: bool,
}

/// A file whose first bytes an agent is given.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Head {
    /// Its place in the event's list of files.
    #[n(0)]
    pub place: u32,
    /// Its content.
    #[n(1)]
    pub content: ContentId,
    /// Bytes.
    #[n(2)]
    pub size: u64,
    /// Where it is.
    #[n(3)]
    pub source: Source,
}

/// End of [`RUN`].
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Ran {
    /// The program that ran.
    #[n(0)]
    pub content: ContentId,
    /// Processor time, microseconds.
    #[n(1)]
    pub cpu_us: u64,
    /// What it gave back, or what went wrong with it.
    #[n(2)]
    pub output: Output,
}

/// What a program gave back.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Output {
    /// These bytes, at most [`OUTPUT_SIZE_MAX`]. Hostile until checked.
    #[n(0)]
    Given {
        /// The bytes.
        #[n(0)]
        bytes: Bytes,
    },
    /// Nothing: it trapped, took too long, gave too much, or cannot run anywhere. The program's own fault.
    #[n(1)]
    Failed {
        /// Why, at most [`WHY_SIZE_MAX`] bytes; words of the program may be in it.
        #[n(0)]
        why: String,
    },
}
