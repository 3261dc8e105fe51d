//! The work that `compute` gives to the sandbox driver and to the idle driver, and what they report: all kinds, in one place.
//!
//! Everything here stays inside one process; the encoding is CBOR because [`kernel::Job`] carries bytes. Not for: anything
//! that crosses between peers (`messages.rs`).

use base::ContentId;
use files::jobs::Source;
use minicbor::{Decode, Encode};
use wire::WireError;
use wire::codec::Bytes;

pub use wire::to_bytes;

/// Reads a program from a file of this computer or from the store, checks that it can run here and keeps it: input [`Take`],
/// end [`Taken`]; fails with a text for a person.
pub const TAKE: &str = "compute.take";
/// Runs units of one program one after the other, several of these jobs at once: input [`Run`], progress [`RunReport`], end:
/// nothing (empty bytes). Every unit of the job has one result in one of the reports, but for a cancelled job.
pub const RUN: &str = "compute.run";
/// Sets what units may take of this computer from now on: input [`Allowance`], end: nothing (empty bytes).
pub const SET: &str = "compute.set";
/// Writes outputs into files of a folder of this computer: input [`Save`], end: nothing (empty bytes).
pub const SAVE: &str = "compute.save";
/// Watches this computer until cancelled: no input, progress [`Machine`], at the start, at each change of what matters, and at
/// least every 30 s.
pub const MACHINE: &str = "compute.machine";

/// Bytes of an output at most that travels inside messages; larger ones become contents.
pub const INLINE_SIZE_MAX: usize = 64 * 1024;
/// Bytes of a program at most.
pub const PROGRAM_SIZE_MAX: u64 = 64 * 1024 * 1024;
/// Bytes of a unit's input at most, all parts together; it is copied into the program's memory.
pub const INPUT_SIZE_MAX: u64 = 256 * 1024 * 1024;
/// Bytes of a unit's output at most.
pub const OUTPUT_SIZE_MAX: u64 = 64 * 1024 * 1024;
/// Bytes of the arguments that all units of a run get, at most.
pub const ARGUMENTS_SIZE_MAX: usize = 64 * 1024;
/// Bytes of what a failed unit says, at most.
pub const LOG_SIZE_MAX: usize = 2 * 1024;
/// Units in one [`Run`] at most.
pub const UNITS_MAX: usize = 256;
/// Bytes of one job or report at most.
pub const REPORT_SIZE_MAX: usize = 24 * 1024 * 1024;

/// Reads a job's input or report.
pub fn from_bytes<T: for<'b> Decode<'b, ()> + Encode<()>>(bytes: &[u8]) -> Result<T, WireError> {
    wire::from_bytes(bytes, REPORT_SIZE_MAX)
}

/// Where bytes are on this computer.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Place {
    /// Here.
    #[n(0)]
    Inline {
        /// The bytes.
        #[n(0)]
        bytes: Bytes,
    },
    /// In a content that is whole on this computer.
    #[n(1)]
    Content {
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

/// Input of [`TAKE`].
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Take {
    /// A program in a file of this computer.
    #[n(0)]
    File {
        /// Absolute.
        #[n(0)]
        path: String,
    },
    /// A program that is here.
    #[n(1)]
    Here {
        /// Where.
        #[n(0)]
        place: Place,
    },
    /// A text in a file of this computer, at most 256 KiB: no program.
    #[n(2)]
    Text {
        /// Absolute.
        #[n(0)]
        path: String,
    },
}

/// End of [`TAKE`].
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Taken {
    /// A program that can run, in the driver's own store now.
    #[n(0)]
    Program {
        /// Which.
        #[n(0)]
        content: ContentId,
        /// Bytes.
        #[n(1)]
        size: u64,
        /// How it takes its input.
        #[n(2)]
        abi: Abi,
        /// Whether it can stop in the middle of a unit and go on elsewhere.
        #[n(3)]
        has_checkpoints: bool,
    },
    /// The text.
    #[n(1)]
    Text {
        /// As it stands.
        #[n(0)]
        text: String,
    },
}

/// How a program takes its input and gives its output (spec compute).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Abi {
    /// Exports `memory`, `althing_alloc` and `althing_run`.
    #[n(0)]
    Core,
    /// A component that exports `run`.
    #[n(1)]
    Component,
    /// A WASI command: standard input to standard output.
    #[n(2)]
    Command,
}

/// What one unit may take, and how exactly it is repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
pub struct Limits {
    /// Processor time in milliseconds, by the clock of the computer.
    #[n(0)]
    pub cpu_ms: u64,
    /// Memory in MiB, fixed for all: how growing ends must not depend on the computer.
    #[n(1)]
    pub memory_mib: u32,
    /// Bytes of the output.
    #[n(2)]
    pub output: u64,
    /// Whether the bits of NaN are made equal on all processors; 2 to 4 times slower for numbers of 64 bits.
    #[n(3)]
    pub is_nan_canonical: bool,
    /// Instructions it may run, counted alike on all computers; not counted where none is said.
    #[n(4)]
    pub fuel: Option<u64>,
}

/// Input of [`RUN`].
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Run {
    /// The program.
    #[n(0)]
    pub program: Place,
    /// Its BLAKE3.
    #[n(1)]
    pub content: ContentId,
    /// What all units get.
    #[n(2)]
    pub arguments: Bytes,
    /// What each may take.
    #[n(3)]
    pub limits: Limits,
    /// The units, at most [`UNITS_MAX`], in this order.
    #[n(4)]
    pub units: Vec<RunUnit>,
}

/// One unit of a [`Run`].
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct RunUnit {
    /// Its number in its job; results are named by it.
    #[n(0)]
    pub unit: u64,
    /// The number that the program hears.
    #[n(3)]
    pub number: u64,
    /// Its input: the one part as it is; or, of those that join outputs, every part after its length, 4 bytes, little end first.
    #[n(1)]
    pub input: Vec<Place>,
    /// Whether parts come after their lengths, also a single one.
    #[n(4)]
    pub is_framed: bool,
    /// Where it was stopped before, to go on from there.
    #[n(2)]
    pub checkpoint: Option<Place>,
}

/// Progress of [`RUN`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
pub struct RunReport {
    /// What has come out, at most [`UNITS_MAX`].
    #[n(0)]
    pub results: Vec<RunResult>,
    /// Where a unit that takes long could go on; the last one of a unit counts.
    #[n(1)]
    pub checkpoints: Vec<RunCheckpoint>,
}

/// Where a unit could go on.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct RunCheckpoint {
    /// Which unit.
    #[n(0)]
    pub unit: u64,
    /// Its state, in the driver's own store.
    #[n(1)]
    pub content: ContentId,
    /// Bytes.
    #[n(2)]
    pub size: u64,
}

/// What came of one unit.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct RunResult {
    /// Which unit.
    #[n(0)]
    pub unit: u64,
    /// What.
    #[n(1)]
    pub outcome: Outcome,
    /// Processor time in microseconds.
    #[n(2)]
    pub cpu_us: u64,
}

/// What came of a unit.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Outcome {
    /// An output of at most [`INLINE_SIZE_MAX`] bytes.
    #[n(0)]
    Output {
        /// The bytes.
        #[n(0)]
        bytes: Bytes,
    },
    /// A larger one, in the store of whoever made it.
    #[n(1)]
    Large {
        /// Which.
        #[n(0)]
        content: ContentId,
        /// Bytes.
        #[n(1)]
        size: u64,
    },
    /// None.
    #[n(2)]
    Failed {
        /// Why.
        #[n(0)]
        failure: Failure,
        /// In words, with what the program said; at most [`LOG_SIZE_MAX`] bytes.
        #[n(1)]
        log: String,
    },
}

/// Why a unit has no output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(index_only)]
pub enum Failure {
    /// The program cannot run anywhere: no wasm, imports what it may not, takes too long to compile.
    #[n(0)]
    BadProgram,
    /// It trapped, or said that it failed.
    #[n(1)]
    Trapped,
    /// More processor time than allowed.
    #[n(2)]
    TooLong,
    /// A larger output than allowed.
    #[n(3)]
    TooLarge,
    /// This computer could not: no memory, a broken disk, an input that could not be read. Another may.
    #[n(4)]
    Unable,
}

/// What units may take of this computer: input of [`SET`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct Allowance {
    /// Units that run at once; 0: all are paused where they are, and take no processor time.
    #[n(0)]
    pub cores: u32,
    /// How much of each core, 1 to 100.
    #[n(1)]
    pub percent: u32,
    /// Memory for all units together, MiB.
    #[n(2)]
    pub memory_mib: u32,
    /// Whether the driver pauses everything by itself, until the next [`SET`], when a key or the mouse is touched.
    #[n(3)]
    pub is_for_idle: bool,
}

/// How this computer is: progress of [`MACHINE`].
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Machine {
    /// Milliseconds since somebody touched a key or the mouse; none when nothing tells.
    #[n(0)]
    pub idle_ms: Option<u64>,
    /// What tells, in words: `GNOME`, `X11`, `logind`, `no display: load only`, `nothing tells`.
    #[n(1)]
    pub source: String,
    /// Whether it has no display at all, so nobody can sit before it.
    #[n(2)]
    pub is_headless: bool,
    /// Whether it runs on a battery now; none when it has none.
    #[n(3)]
    pub on_battery: Option<bool>,
    /// Whether its line is paid by volume; none when nothing tells.
    #[n(4)]
    pub is_metered: Option<bool>,
    /// What other programs take of all cores, percent, over some seconds.
    #[n(5)]
    pub load_percent: u32,
    /// Cores.
    #[n(6)]
    pub cores: u32,
    /// Memory, MiB.
    #[n(7)]
    pub memory_mib: u64,
    /// Memory that is free, MiB.
    #[n(8)]
    pub free_mib: u64,
    /// Minutes since midnight, local time.
    #[n(9)]
    pub minute_of_day: u32,
    /// Whether it is about to sleep.
    #[n(10)]
    pub is_going_to_sleep: bool,
    /// Steps of a fixed measuring loop per second on one core, in thousands, measured at the start; 0 until measured.
    #[n(11)]
    pub speed: u64,
    /// What the disk of the home reads, MiB/s, measured at the start; 0 until measured.
    #[n(12)]
    pub disk_mib: u64,
    /// The processor's architecture, as `x86_64`.
    #[n(13)]
    pub architecture: String,
}

/// Input of [`SAVE`].
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Save {
    /// A folder, absolute; made if missing.
    #[n(0)]
    pub folder: String,
    /// The files, at most [`UNITS_MAX`].
    #[n(1)]
    pub files: Vec<SaveFile>,
}

/// One file of a [`Save`]; one that is there is replaced at once or not at all.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct SaveFile {
    /// Below the folder, parts joined by `/`; a part that is no plain name makes the job fail.
    #[n(0)]
    pub path: String,
    /// What is in it.
    #[n(1)]
    pub bytes: Place,
}
