//! What is said about jobs in records, how results are named, and the limits of it all (spec compute, rules 1 to 12).
//!
//! Every limit is checked before anything is used. Not for: what peers say to each other (`messages.rs`).

use base::{ContentId, DeviceId, PersonId, RunId};
use minicbor::{Decode, Encode};
use wire::WireError;
use wire::codec::Bytes;
use wire::crypto::{Signature, Verifier};

use crate::jobs::{ARGUMENTS_SIZE_MAX, Failure, Limits, OUTPUT_SIZE_MAX, Outcome, PROGRAM_SIZE_MAX};

/// Units of a job at most.
pub(crate) const UNITS_MAX: u64 = 1_000_000_000;
/// Steps of a job at most, those that join included.
pub(crate) const STAGES_MAX: usize = 64;
/// Deputies of a job at most.
pub(crate) const DEPUTIES_MAX: usize = 3;
/// Bytes of a name at most.
pub(crate) const NAME_SIZE_MAX: usize = 200;
/// Persons in a receipt at most.
pub(crate) const PERSONS_MAX: usize = 256;
/// Bytes of a record's body at most: arguments of 64 KiB, and what stands beside them.
const BODY_SIZE_MAX: usize = ARGUMENTS_SIZE_MAX + 16 * 1024;
/// What a unit may be given at most.
const CPU_MS_MAX: u64 = 86_400_000;
const MEMORY_MIB_MAX: u32 = 4_096;
/// Instructions at most: more would take a day at four in a billionth of a second.
const FUEL_MAX: u64 = 1_000_000_000_000_000;

/// For what a computer signs results.
const RESULTS_DOMAIN: &str = "althing/compute-results/1";

/// What the records of `compute` say.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) enum Body {
    /// Whoever wants may work for this.
    #[n(0)]
    Stage(#[n(0)] Announcement),
    /// A job is over: nothing more is given out.
    #[n(1)]
    Over {
        #[n(0)]
        job: RunId,
    },
    /// What a computer offers.
    #[n(2)]
    Offer(#[n(0)] Offer),
    /// Whose work an owner has checked, in all, for one of its jobs.
    #[n(3)]
    Receipt(#[n(0)] Receipt),
    /// Somebody has signed a wrong result.
    #[n(4)]
    Wrong(#[n(0)] Wrong),
}

/// A step of a job: all that a computer has to know before it runs a unit of it. The record's signature is its owner's word.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Announcement {
    #[n(0)]
    pub(crate) job: RunId,
    #[n(1)]
    pub(crate) stage: u8,
    #[n(2)]
    pub(crate) name: String,
    #[n(3)]
    pub(crate) program: ContentId,
    #[n(4)]
    pub(crate) program_size: u64,
    #[n(5)]
    pub(crate) arguments: Bytes,
    #[n(6)]
    pub(crate) limits: Limits,
    /// Who carries on when the owner is away, first to last.
    #[n(7)]
    pub(crate) deputies: Vec<DeviceId>,
    /// 1 (last) to 9, among jobs of one person.
    #[n(8)]
    pub(crate) priority: u8,
    /// Whether units are numbers of a range: then the number is their input.
    #[n(9)]
    pub(crate) is_range: bool,
    /// Whose computers get units of it; empty: anybody's.
    #[n(10)]
    pub(crate) persons: Vec<PersonId>,
    /// Whether it joins outputs: parts of an input come after their lengths.
    #[n(11)]
    pub(crate) is_joining: bool,
}

/// What a computer offers.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Offer {
    /// Cores when idle; 0: it works for nobody.
    #[n(0)]
    pub(crate) cores: u32,
    /// Thousands of steps of the measuring loop per second and core.
    #[n(1)]
    pub(crate) speed: u64,
    /// MiB per second that its disk reads.
    #[n(2)]
    pub(crate) disk_mib: u64,
    #[n(3)]
    pub(crate) architecture: String,
    /// The device's name for itself is not told; its label is made of its id.
    #[n(4)]
    pub(crate) memory_mib: u64,
}

/// Checked work for one job, since its beginning.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Receipt {
    #[n(0)]
    pub(crate) job: RunId,
    #[n(1)]
    pub(crate) persons: Vec<Credit>,
}

/// Checked work of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Credit {
    #[n(0)]
    pub(crate) person: PersonId,
    #[n(1)]
    pub(crate) units: u64,
    #[n(2)]
    pub(crate) cpu_us: u64,
}

/// A wrong result with its signature, and what the right one is.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Wrong {
    #[n(0)]
    pub(crate) device: DeviceId,
    #[n(1)]
    pub(crate) signed: SignedStatement,
    #[n(2)]
    pub(crate) unit: u64,
    /// The digest that the owner, or a quorum, found.
    #[n(3)]
    pub(crate) right: ContentId,
    /// Whether the owner's own computer has found it.
    #[n(4)]
    pub(crate) is_own: bool,
}

/// What a computer signs of its results: digests, not the outputs themselves.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Statement {
    #[n(0)]
    pub(crate) job: RunId,
    #[n(1)]
    pub(crate) stage: u8,
    #[n(2)]
    pub(crate) lease: u64,
    /// At most [`crate::jobs::UNITS_MAX`].
    #[n(3)]
    pub(crate) units: Vec<Stated>,
    /// [`step_name`] of what was run: with it the statement says by itself of which program's units it is. None in statements of
    /// before this was said.
    #[n(4)]
    pub(crate) what: Option<ContentId>,
}

/// What is said of one unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Stated {
    #[n(0)]
    pub(crate) unit: u64,
    /// [`digest`] of the outcome.
    #[n(1)]
    pub(crate) digest: ContentId,
    #[n(2)]
    pub(crate) cpu_us: u64,
    /// [`input_hash`] of what it was computed of; none in a range. A deputy that gives out other inputs is found by it.
    #[n(3)]
    pub(crate) input: Option<ContentId>,
}

/// A statement as it was signed.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct SignedStatement {
    #[n(0)]
    pub(crate) bytes: Bytes,
    #[n(1)]
    pub(crate) signature: Bytes,
}

impl Statement {
    /// Returns what all its units together took of a processor, as it says.
    pub(crate) fn cpu_us(&self) -> u64 {
        self.units.iter().fold(0, |sum, said| sum.saturating_add(said.cpu_us))
    }
}

impl SignedStatement {
    /// Signs a statement by this device.
    pub(crate) fn sign(step: &kernel::Step<'_>, statement: &Statement) -> Self {
        let bytes = wire::to_bytes(statement);
        let signature = step.sign(RESULTS_DOMAIN, &bytes).0.to_vec();
        Self { bytes: bytes.into(), signature: signature.into() }
    }

    /// Reads it if `device` has signed it.
    pub(crate) fn read(&self, verifier: &dyn Verifier, device: DeviceId) -> Option<Statement> {
        self.is_by(verifier, device).then(|| self.statement()).flatten()
    }

    /// Says whether `device` has signed it, whatever it says.
    pub(crate) fn is_by(&self, verifier: &dyn Verifier, device: DeviceId) -> bool {
        let signature: Result<[u8; 64], _> = self.signature.as_slice().try_into();
        signature.is_ok_and(|bytes| verifier.verify(&device, RESULTS_DOMAIN, &self.bytes, &Signature(bytes)))
    }

    /// Reads it without looking at the signature: it is one's own, or was checked.
    pub(crate) fn statement(&self) -> Option<Statement> {
        let statement: Statement = wire::from_bytes(&self.bytes, BODY_SIZE_MAX).ok()?;
        let is_sound = statement.units.len() <= crate::jobs::UNITS_MAX
            && usize::from(statement.stage) < STAGES_MAX
            && statement.units.iter().all(|one| one.unit < UNITS_MAX && one.cpu_us <= CPU_MS_MAX * 1_000)
            && statement.units.iter().zip(statement.units.iter().skip(1)).all(|(a, b)| a.unit < b.unit);
        is_sound.then_some(statement)
    }
}

/// Returns what two equal outcomes have in common, and no others: the hash of an output, however it travels.
pub(crate) fn digest(outcome: &Outcome) -> ContentId {
    match outcome {
        Outcome::Output { bytes } => ContentId::new(*blake3::hash(bytes).as_bytes()),
        Outcome::Large { content, .. } => *content,
        Outcome::Failed { failure, .. } => failed(*failure),
    }
}

/// Returns the digest of a failure; what the program said does not count, it may name addresses of memory.
pub(crate) fn failed(failure: Failure) -> ContentId {
    let kind = match failure {
        Failure::BadProgram => 0,
        Failure::Trapped => 1,
        Failure::TooLong => 2,
        Failure::TooLarge => 3,
        Failure::Unable => 4,
    };
    ContentId::new(blake3::derive_key("althing compute failure v1", &[kind]))
}

/// Returns the name of what a step runs: two of one name give the same output for the same input.
pub(crate) fn step_name(announced: &Announcement) -> ContentId {
    let mut hasher = blake3::Hasher::new_derive_key("althing compute step v1");
    hash_step(&mut hasher, announced);
    ContentId::new(*hasher.finalize().as_bytes())
}

fn hash_step(hasher: &mut blake3::Hasher, announced: &Announcement) {
    hasher.update(announced.program.as_bytes());
    let arguments = blake3::hash(&announced.arguments);
    hasher.update(arguments.as_bytes());
    let Limits { cpu_ms, memory_mib, output, is_nan_canonical, fuel } = announced.limits;
    // More time gives no other output, only one where there was none; less memory may.
    hasher.update(&cpu_ms.to_be_bytes()).update(&memory_mib.to_be_bytes()).update(&output.to_be_bytes());
    hasher.update(&[is_nan_canonical, announced.is_range, announced.is_joining].map(u8::from));
    if let Some(fuel) = fuel {
        hasher.update(&fuel.to_be_bytes());
    }
}

/// Returns the name of a unit: two of one name have one answer.
pub(crate) fn unit_name(announced: &Announcement, unit: u64, parts: &[ContentId]) -> ContentId {
    let mut hasher = blake3::Hasher::new_derive_key("althing compute unit v1");
    hash_step(&mut hasher, announced);
    if announced.is_range {
        hasher.update(&unit.to_be_bytes());
    }
    for part in parts {
        hasher.update(part.as_bytes());
    }
    ContentId::new(*hasher.finalize().as_bytes())
}

/// Returns one hash of all parts of an input.
pub(crate) fn input_hash(parts: &[ContentId]) -> ContentId {
    let mut hasher = blake3::Hasher::new_derive_key("althing compute input v1");
    for part in parts {
        hasher.update(part.as_bytes());
    }
    ContentId::new(*hasher.finalize().as_bytes())
}

/// Returns the number that a program hears: a unit's own in a range, else one made of its input, so that the same input
/// gives the same output wherever it stands in a list.
pub(crate) fn heard_number(is_range: bool, unit: u64, parts: &[ContentId]) -> u64 {
    if is_range {
        return unit;
    }
    let mut hasher = blake3::Hasher::new_derive_key("althing compute number v1");
    for part in parts {
        hasher.update(part.as_bytes());
    }
    // 53 bits: exact in every language's numbers.
    u64::from_be_bytes(hasher.finalize().as_bytes().first_chunk().copied().unwrap_or_default()) >> 11
}

impl Body {
    /// Reads a record and checks its limits.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, WireError> {
        let body: Self = wire::from_bytes(bytes, BODY_SIZE_MAX)?;
        let is_sound = match &body {
            Self::Stage(announced) => announced.is_sound(),
            Self::Over { .. } => true,
            Self::Offer(offer) => {
                offer.cores <= 4_096 && offer.architecture.len() <= 32 && offer.speed <= 1_000_000_000
            }
            Self::Receipt(receipt) => receipt.is_sound(),
            Self::Wrong(wrong) => wrong.unit < UNITS_MAX,
        };
        if is_sound { Ok(body) } else { Err(WireError::OutOfLimits { field: "compute record" }) }
    }
}

impl Receipt {
    fn is_sound(&self) -> bool {
        // Ten thousand years of one core: sums of many stay far from the end of the numbers.
        let most = 10_000 * 365 * 86_400 * 1_000_000;
        self.persons.len() <= PERSONS_MAX
            && self.persons.iter().all(|one| one.units <= UNITS_MAX && one.cpu_us <= most)
    }
}

impl Announcement {
    /// Says whether all is within the limits.
    pub(crate) fn is_sound(&self) -> bool {
        usize::from(self.stage) < STAGES_MAX
            && is_name(&self.name)
            && (1..=PROGRAM_SIZE_MAX).contains(&self.program_size)
            && self.arguments.len() <= ARGUMENTS_SIZE_MAX
            && self.deputies.len() <= DEPUTIES_MAX
            && self.persons.len() <= PERSONS_MAX
            && (1..=9).contains(&self.priority)
            && is_limit(&self.limits)
    }
}

/// Says whether that is a name of a job.
pub(crate) fn is_name(name: &str) -> bool {
    (1..=NAME_SIZE_MAX).contains(&name.len()) && !name.chars().any(char::is_control)
}

/// Says whether units may be limited so.
pub(crate) fn is_limit(limits: &Limits) -> bool {
    (1..=CPU_MS_MAX).contains(&limits.cpu_ms)
        && (1..=MEMORY_MIB_MAX).contains(&limits.memory_mib)
        && (1..=OUTPUT_SIZE_MAX).contains(&limits.output)
        && limits.fuel.is_none_or(|fuel| (1..=FUEL_MAX).contains(&fuel))
}
