//! What can go wrong with jobs, in the words a person reads.

use base::{Fault, FaultKind};

/// Why something asked of `compute` was not done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the sentence of each says it")]
pub enum ComputeError {
    #[error("{operation} cannot be understood: {why}")]
    BadArguments { operation: String, why: String },
    #[error("there is no web called {web} on this peer")]
    NoSuchWeb { web: String },
    #[error("it is not said in which web the job runs, and you are in {count}")]
    WhichWeb { count: usize },
    #[error("cannot begin a job in {web}: you are no member there who writes")]
    NotWriting { web: String },
    #[error("there is no job {job} on this computer")]
    NoSuchJob { job: String },
    #[error("the output {content} is not on this computer")]
    NoSuchOutput { content: String },
    #[error("several jobs begin with {job}")]
    Ambiguous { job: String },
    #[error("{name} is another's job: only its owner can change it")]
    NotYours { name: String },
    #[error("cannot {verb} {name}: it is {state}")]
    WrongState { verb: String, name: String, state: String },
    #[error("{why}")]
    BadProgram { why: String },
    #[error("{program} is no program of this computer or of the tree")]
    NoProgram { program: String },
    #[error("the job has no inputs: say files, a number of units, or items")]
    Nothing,
    #[error("a job cannot have inputs of two kinds")]
    TwoKinds,
    #[error("no share is called {pattern}")]
    NoInputs { pattern: String },
    #[error("{pattern} leads to more than {limit} shares")]
    TooManyShares { pattern: String, limit: usize },
    #[error("{pattern} is no pattern: {why}")]
    BadPattern { pattern: String, why: String },
    #[error("{count} is no number of units: 1 to {limit} are allowed")]
    UnitCount { count: u64, limit: u64 },
    #[error("item {place} cannot be used: {why}")]
    BadItem { place: usize, why: String },
    #[error("{field} cannot be {value}: {allowed} is allowed")]
    BadLimit { field: String, value: String, allowed: String },
    #[error("nobody in {web} is called {who}")]
    NoSuchPerson { web: String, who: String },
    #[error("{file} is no chain of programs: {why}")]
    BadChain { file: String, why: String },
    #[error("{name} cannot be a job's name: 1 to 200 bytes without control characters are")]
    BadName { name: String },
    #[error("{limit} jobs of yours go on, and no more can")]
    TooManyJobs { limit: usize },
}

impl From<ComputeError> for Fault {
    fn from(error: ComputeError) -> Self {
        use ComputeError as E;
        let (code, kind, command, text) = match &error {
            E::BadArguments { .. } => {
                ("compute.bad-arguments", FaultKind::Yours, "", "see the manual of operations")
            }
            E::NoSuchWeb { .. } => {
                ("compute.no-such-web", FaultKind::Yours, "althing web list", "lists your webs")
            }
            E::WhichWeb { .. } => ("compute.which-web", FaultKind::Yours, "", "say it with --web"),
            E::NotWriting { .. } => {
                ("compute.not-writing", FaultKind::Refused, "", "an admin can make you a member")
            }
            E::NoSuchJob { .. } => {
                ("compute.no-such-job", FaultKind::Yours, "althing jobs list", "lists jobs")
            }
            E::NoSuchOutput { .. } => (
                "compute.no-such-output",
                FaultKind::Yours,
                "althing jobs list",
                "shows whose results are here",
            ),
            E::Ambiguous { .. } => ("compute.ambiguous", FaultKind::Yours, "", "say more digits of its id"),
            E::NotYours { .. } => ("compute.not-yours", FaultKind::Refused, "", "ask its owner"),
            E::WrongState { .. } => {
                ("compute.wrong-state", FaultKind::Yours, "althing jobs list", "shows how jobs are")
            }
            E::BadProgram { .. } => {
                ("compute.bad-program", FaultKind::Yours, "", "docs/computing.md shows how programs are made")
            }
            E::NoProgram { .. } => {
                ("compute.no-program", FaultKind::Yours, "", "say ./FILE.wasm, or WEB/PERSON/SHARE/FILE.wasm")
            }
            E::Nothing => {
                ("compute.nothing", FaultKind::Yours, "", "add --in 'WEB/PERSON/SHARE/**', or --range 100")
            }
            E::TwoKinds => ("compute.two-kinds", FaultKind::Yours, "", "make two steps of a chain of it"),
            E::NoInputs { .. } => {
                ("compute.no-inputs", FaultKind::Yours, "althing ls", "shows what is shared")
            }
            E::TooManyShares { .. } => {
                ("compute.too-many-shares", FaultKind::Yours, "", "name fewer of them")
            }
            E::BadPattern { .. } => {
                ("compute.bad-pattern", FaultKind::Yours, "", "`*` is part of a name, `**` any folders")
            }
            E::UnitCount { .. } => ("compute.unit-count", FaultKind::Yours, "", "say another number"),
            E::BadItem { .. } => ("compute.bad-item", FaultKind::Yours, "", "share large inputs as files"),
            E::BadLimit { .. } => ("compute.bad-limit", FaultKind::Yours, "", "say another value"),
            E::NoSuchPerson { .. } => {
                ("compute.no-such-person", FaultKind::Yours, "althing people WEB", "lists who is in a web")
            }
            E::BadChain { .. } => ("compute.bad-chain", FaultKind::Yours, "", "docs/computing.md shows one"),
            E::BadName { .. } => ("compute.bad-name", FaultKind::Yours, "", "say another name"),
            E::TooManyJobs { .. } => (
                "compute.too-many-jobs",
                FaultKind::Refused,
                "althing jobs list",
                "shows which can be cancelled",
            ),
        };
        Self::new(code, kind, error.to_string()).remedy(command, text)
    }
}

/// Returns one fault for each variant, for the page of all faults.
pub fn faults() -> Vec<Fault> {
    let text = str::to_owned;
    [
        ComputeError::BadArguments { operation: text("compute.map"), why: text("missing field `program`") },
        ComputeError::NoSuchWeb { web: text("famly") },
        ComputeError::WhichWeb { count: 2 },
        ComputeError::NotWriting { web: text("family") },
        ComputeError::NoSuchJob { job: text("5b0c") },
        ComputeError::NoSuchOutput { content: text("5b0c8f") },
        ComputeError::Ambiguous { job: text("5b") },
        ComputeError::NotYours { name: text("count") },
        ComputeError::WrongState { verb: text("resume"), name: text("count"), state: text("done") },
        ComputeError::BadProgram { why: text("./count.wasm cannot run here: it is no WASM program") },
        ComputeError::NoProgram { program: text("count.wasm") },
        ComputeError::Nothing,
        ComputeError::TwoKinds,
        ComputeError::NoInputs { pattern: text("family/alice/archiv/**") },
        ComputeError::TooManyShares { pattern: text("family/**"), limit: 1_000 },
        ComputeError::BadPattern { pattern: text("family/["), why: text("unclosed character class") },
        ComputeError::UnitCount { count: 0, limit: 1_000_000_000 },
        ComputeError::BadItem { place: 3, why: text("it is no base64") },
        ComputeError::BadLimit { field: text("memory"), value: text("0"), allowed: text("1 to 4096 MiB") },
        ComputeError::NoSuchPerson { web: text("family"), who: text("carl") },
        ComputeError::BadChain { file: text("chain.toml"), why: text("line 3: unknown field `form`") },
        ComputeError::BadName { name: String::new() },
        ComputeError::TooManyJobs { limit: 64 },
    ]
    .map(Fault::from)
    .to_vec()
}
