//! What peers say to each other about jobs (spec compute, rules 13 to 30).
//!
//! Every limit is checked before anything is used; who may say what is checked where it is heard. Not for: records.

use base::{ContentId, DeviceId, RunId};
use minicbor::{Decode, Encode};
use wire::WireError;
use wire::codec::Bytes;

use crate::jobs::{INLINE_SIZE_MAX, LOG_SIZE_MAX, OUTPUT_SIZE_MAX, Outcome, UNITS_MAX};
use crate::tables::{InputRow, SourceRow, StatementRow, TrustRow};
use crate::value::{STAGES_MAX, SignedStatement};

/// Bytes of a message at most.
pub(crate) const MESSAGE_SIZE_MAX: usize = 896 * 1024;
/// Bytes of inputs or outputs after which a message is full; the last one may go beyond.
pub(crate) const FULL: usize = 256 * 1024;
/// Parts of one input at most.
pub(crate) const PARTS_MAX: usize = 64;
/// Inputs kept together.
pub(crate) const CHUNK: u64 = 64;
/// Microseconds of a processor from which results are on the disk before they are taken, or brought: computing them again
/// would cost more than the few milliseconds of waiting for the disk.
const CHEAP_US: u64 = 1_000_000;
/// Leases told to be alive in one message at most.
const LEASES_MAX: usize = 256;

/// A message between the compute services of two members.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Message {
    /// About which job.
    #[n(0)]
    pub(crate) job: RunId,
    /// What.
    #[n(1)]
    pub(crate) says: Says,
}

/// What a message says.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) enum Says {
    /// Give me units of this step, in so many leases; answered now or when there are any.
    #[n(0)]
    Ask {
        #[n(0)]
        stage: u8,
        #[n(1)]
        leases: u8,
    },
    /// Compute these.
    #[n(1)]
    Lease {
        #[n(0)]
        stage: u8,
        #[n(1)]
        lease: u64,
        #[n(2)]
        units: Vec<Leased>,
    },
    /// There is nothing to do now; you are told when there is.
    #[n(2)]
    Nothing {
        #[n(0)]
        stage: u8,
    },
    /// This is what came out.
    #[n(3)]
    Results {
        #[n(0)]
        number: u64,
        #[n(1)]
        signed: SignedStatement,
        /// One for each unit of the statement, in its order.
        #[n(2)]
        outcomes: Vec<Outcome>,
    },
    /// These results are kept here, or no longer needed.
    #[n(4)]
    Took {
        #[n(0)]
        number: u64,
    },
    /// I am at work on these.
    #[n(5)]
    Alive {
        #[n(0)]
        leases: Vec<u64>,
        #[n(1)]
        checkpoints: Vec<Checkpoint>,
    },
    /// I will not compute the rest of these.
    #[n(6)]
    GiveBack {
        #[n(0)]
        leases: Vec<u64>,
    },
    /// These need not be computed.
    #[n(7)]
    Stop {
        #[n(0)]
        leases: Vec<u64>,
    },
    /// To a deputy: how a step is, as far as its owner has said.
    #[n(8)]
    Hand {
        #[n(0)]
        stage: u8,
        #[n(1)]
        total: u64,
        #[n(2)]
        is_closed: bool,
        #[n(3)]
        trust: TrustRow,
        #[n(4)]
        is_paused: bool,
        /// Of a step whose inputs are outputs of others: which, so that it can begin without its owner.
        #[n(5)]
        source: Option<SourceRow>,
    },
    /// From a deputy: I have so many chunks of this step's inputs, and statements up to this number; what comes next?
    #[n(9)]
    Tell {
        #[n(0)]
        stage: u8,
        #[n(1)]
        chunks: u64,
        #[n(2)]
        statements: u64,
    },
    /// To a deputy: inputs.
    #[n(10)]
    Inputs {
        #[n(0)]
        stage: u8,
        #[n(1)]
        chunk: u64,
        #[n(2)]
        rows: Vec<InputRow>,
    },
    /// To a deputy: a statement that the owner has taken.
    #[n(11)]
    Known {
        #[n(0)]
        number: u64,
        #[n(1)]
        row: StatementRow,
    },
    /// From a deputy: a statement that it has taken in the owner's place.
    #[n(12)]
    Brought {
        #[n(0)]
        number: u64,
        #[n(1)]
        row: StatementRow,
    },
    /// How this computer is; about no job.
    #[n(13)]
    Status {
        #[n(0)]
        state: WorkState,
    },
    /// Do you know what comes of these units? Asked of those who may have computed them before.
    #[n(14)]
    Recall {
        #[n(0)]
        stage: u8,
        #[n(1)]
        number: u64,
        #[n(2)]
        units: Vec<Inquired>,
    },
    /// This is known of them; more follows unless it is the last.
    #[n(15)]
    Recalled {
        #[n(0)]
        stage: u8,
        #[n(1)]
        number: u64,
        #[n(2)]
        rows: Vec<RecalledRow>,
        #[n(3)]
        is_last: bool,
    },
}

/// A unit that is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Inquired {
    #[n(0)]
    pub(crate) unit: u64,
    /// The hashes of its input's parts.
    #[n(1)]
    pub(crate) parts: Vec<ContentId>,
}

/// What a computer has signed, for this job or another one, about units that were asked for.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct RecalledRow {
    #[n(0)]
    pub(crate) device: DeviceId,
    #[n(1)]
    pub(crate) signed: SignedStatement,
    /// Each unit that was asked for, ascending, and its place in the statement.
    #[n(2)]
    pub(crate) units: Vec<(u64, u64)>,
    /// One for each of these.
    #[n(3)]
    pub(crate) outcomes: Vec<Outcome>,
}

impl RecalledRow {
    fn is_sound(&self) -> bool {
        are_recalled(&self.units, &self.outcomes) && self.outcomes.iter().all(is_outcome_sound)
    }
}

/// How a computer that offers work is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub(crate) enum WorkState {
    /// It works for nobody.
    #[n(0)]
    Off,
    /// It has nothing to do.
    #[n(1)]
    Ready,
    /// It computes.
    #[n(2)]
    Working,
    /// Somebody uses it.
    #[n(3)]
    Paused,
}

/// A unit that is given out.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Leased {
    #[n(0)]
    pub(crate) unit: u64,
    #[n(1)]
    pub(crate) parts: Vec<Part>,
    /// Where another has stopped.
    #[n(2)]
    pub(crate) checkpoint: Option<Part>,
}

/// A part of an input.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) enum Part {
    /// Here.
    #[n(0)]
    Inline {
        #[n(0)]
        bytes: Bytes,
    },
    /// A content of the web.
    #[n(1)]
    Content {
        #[n(0)]
        content: ContentId,
        #[n(1)]
        size: u64,
        /// Who has it, when that is not known to all.
        #[n(2)]
        from: Option<DeviceId>,
    },
}

impl Part {
    /// Returns the hash of its bytes.
    pub(crate) fn hash(&self) -> ContentId {
        match self {
            Self::Inline { bytes } => ContentId::new(*blake3::hash(bytes).as_bytes()),
            Self::Content { content, .. } => *content,
        }
    }

    fn size(&self) -> usize {
        match self {
            Self::Inline { bytes } => bytes.len(),
            Self::Content { .. } => 0,
        }
    }
}

impl Leased {
    /// Returns the bytes that travel with it.
    pub(crate) fn size(&self) -> usize {
        self.parts.iter().map(Part::size).sum()
    }

    fn is_sound(&self) -> bool {
        self.unit < crate::value::UNITS_MAX
            && self.parts.len() <= PARTS_MAX
            && self.parts.iter().all(|part| part.size() <= 8 * 1024 * 1024)
    }
}

/// Where a unit that takes long could go on.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Checkpoint {
    #[n(0)]
    pub(crate) lease: u64,
    #[n(1)]
    pub(crate) unit: u64,
    #[n(2)]
    pub(crate) content: ContentId,
    #[n(3)]
    pub(crate) size: u64,
}

impl Message {
    /// Reads a message and checks its limits.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, WireError> {
        let message: Self = wire::from_bytes(bytes, MESSAGE_SIZE_MAX)?;
        let is_stage = |stage: &u8| usize::from(*stage) < STAGES_MAX;
        let is_sound = match &message.says {
            Says::Ask { stage, leases } => is_stage(stage) && *leases > 0,
            Says::Lease { stage, units, .. } => {
                is_stage(stage)
                    && (1..=UNITS_MAX).contains(&units.len())
                    && units.iter().all(Leased::is_sound)
                    && units.iter().zip(units.iter().skip(1)).all(|(a, b)| a.unit < b.unit)
            }
            Says::Results { outcomes, .. } => {
                outcomes.len() <= UNITS_MAX && outcomes.iter().all(is_outcome_sound)
            }
            Says::Alive { leases, checkpoints } => {
                leases.len() <= LEASES_MAX && checkpoints.len() <= LEASES_MAX
            }
            Says::GiveBack { leases } | Says::Stop { leases } => leases.len() <= LEASES_MAX,
            Says::Hand { stage, total, source, .. } => {
                is_stage(stage)
                    && *total <= crate::value::UNITS_MAX
                    && source.as_ref().is_none_or(is_source_sound)
            }
            Says::Inputs { stage, rows, .. } => is_stage(stage) && rows.len() as u64 <= CHUNK,
            Says::Known { row, .. } | Says::Brought { row, .. } => is_row_sound(row),
            Says::Nothing { stage } | Says::Tell { stage, .. } => is_stage(stage),
            Says::Recall { stage, units, .. } => {
                is_stage(stage)
                    && (1..=UNITS_MAX).contains(&units.len())
                    && units.iter().zip(units.iter().skip(1)).all(|(a, b)| a.unit < b.unit)
                    && units
                        .iter()
                        .all(|one| one.unit < crate::value::UNITS_MAX && one.parts.len() <= PARTS_MAX)
            }
            Says::Recalled { stage, rows, .. } => {
                is_stage(stage) && rows.len() <= UNITS_MAX && rows.iter().all(RecalledRow::is_sound)
            }
            Says::Took { .. } | Says::Status { .. } => true,
        };
        if is_sound { Ok(message) } else { Err(WireError::OutOfLimits { field: "compute message" }) }
    }
}

impl Says {
    /// Says whether a power cut may lose what this leads to (rule 20): units are given again, and computed again.
    pub(crate) fn is_made_good(&self) -> bool {
        match self {
            Self::Results { signed, .. } => signed.statement().is_some_and(|said| is_cheap(said.cpu_us())),
            Self::Ask { .. }
            | Self::Lease { .. }
            | Self::Nothing { .. }
            | Self::Took { .. }
            | Self::Alive { .. }
            | Self::GiveBack { .. }
            | Self::Stop { .. }
            | Self::Recall { .. }
            | Self::Recalled { .. }
            | Self::Status { .. } => true,
            Self::Hand { .. }
            | Self::Tell { .. }
            | Self::Inputs { .. }
            | Self::Known { .. }
            | Self::Brought { .. } => false,
        }
    }
}

/// Says whether results that took so much of a processor may be lost with the power.
pub(crate) fn is_cheap(cpu_us: u64) -> bool {
    cpu_us < CHEAP_US
}

fn is_source_sound(source: &SourceRow) -> bool {
    let is_stage = |stage: &u8| usize::from(*stage) < STAGES_MAX;
    match source {
        SourceRow::Each { stages } => (1..=STAGES_MAX).contains(&stages.len()) && stages.iter().all(is_stage),
        SourceRow::Groups { stage, first } => {
            is_stage(stage) && first.is_none_or(|first| first < crate::value::UNITS_MAX)
        }
        SourceRow::Range | SourceRow::Items | SourceRow::Files { .. } => false,
    }
}

fn is_row_sound(row: &StatementRow) -> bool {
    row.outcomes.len() <= UNITS_MAX
        && row.outcomes.iter().all(is_outcome_sound)
        && row.recalled.as_ref().is_none_or(|recalled| {
            usize::from(recalled.stage) < STAGES_MAX && are_recalled(&recalled.units, &row.outcomes)
        })
}

/// Says whether these are units with a place for each outcome, in order.
fn are_recalled(units: &[(u64, u64)], outcomes: &[Outcome]) -> bool {
    units.len() == outcomes.len()
        && (1..=UNITS_MAX).contains(&units.len())
        && units.iter().zip(units.iter().skip(1)).all(|(a, b)| a.0 < b.0)
        && units.iter().all(|(unit, _)| *unit < crate::value::UNITS_MAX)
}

fn is_outcome_sound(outcome: &Outcome) -> bool {
    match outcome {
        Outcome::Output { bytes } => bytes.len() <= INLINE_SIZE_MAX,
        Outcome::Large { size, .. } => (1..=OUTPUT_SIZE_MAX).contains(size),
        Outcome::Failed { log, .. } => log.len() <= LOG_SIZE_MAX,
    }
}
