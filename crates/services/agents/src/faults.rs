//! What can go wrong with agents, in the words a person reads.

use base::{Fault, FaultKind};

/// Why something asked of `agents` was not done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the sentence of each says it")]
pub enum AgentError {
    #[error("{operation} cannot be understood: {why}")]
    BadArguments { operation: String, why: String },
    #[error("there is no web called {web} on this peer")]
    NoSuchWeb { web: String },
    #[error("it is not said in which web, and you are in {count}")]
    WhichWeb { count: usize },
    #[error("agents of {web} are admitted and stopped by its admins, and you are none")]
    NoAdmin { web: String },
    #[error("{name} cannot be an agent's name: 1 to {limit} of a-z, 0-9 and hyphens inside are")]
    BadName { name: String, limit: usize },
    #[error("the note cannot be kept: up to {limit} bytes without control characters can")]
    BadNote { limit: usize },
    #[error("the settings cannot be kept: up to {limit} bytes of text can")]
    BadSettings { limit: usize },
    #[error("{text} is nothing that an agent can be admitted to")]
    BadCapability { text: String },
    #[error("an agent is admitted to {limit} things at most, and runs by one schedule")]
    TooManyCapabilities { limit: usize },
    #[error("the budget is larger or smaller than any agent may have")]
    BadBudget,
    #[error("you have said something of {limit} agents of that web, and no more can be kept")]
    TooMany { limit: usize },
    /// As many programs are checked or tried as can be.
    #[error("{limit} programs are being checked or tried on this computer")]
    Busy { limit: usize },
    #[error("there is no file at {path}")]
    NoSuchFile { path: String },
    #[error("the program {path} is not on this computer")]
    NotHere { path: String },
    #[error("{name} cannot be admitted: {why}")]
    BadProgram { name: String, why: String },
    #[error("{name} is too large for an agent: {limit} bytes are allowed")]
    TooLarge { name: String, limit: u64 },
    #[error("there is no agent called {name}")]
    NoSuchAgent { name: String },
    #[error("several webs have an agent called {name}")]
    Ambiguous { name: String },
    #[error("{name} is not admitted now, and it is not known with what to admit it again")]
    NothingToStart { name: String },
    #[error("{what} is no JSON as an agent is given it: {why}")]
    BadJson { what: String, why: String },
    #[error("{name} could not be run: {why}")]
    CannotRun { name: String, why: String },
    #[error("this computer was interrupted before it was done")]
    Interrupted,
}

impl From<AgentError> for Fault {
    fn from(error: AgentError) -> Self {
        use AgentError as E;
        use FaultKind::{Refused, Settings, Yours};
        let list = "althing agent list";
        let (code, kind, command, text) = match &error {
            E::BadArguments { .. } => ("agents.bad-arguments", Yours, "", "see the manual of operations"),
            E::NoSuchWeb { .. } => ("agents.no-such-web", Yours, "althing web list", "lists your webs"),
            E::WhichWeb { .. } => ("agents.which-web", Yours, "", "say it with --web"),
            E::NoAdmin { .. } => (
                "agents.no-admin",
                Refused,
                "althing agent switch off NAME",
                "switches it off on this computer",
            ),
            E::BadName { .. } => ("agents.bad-name", Yours, "", "say another name with --as"),
            E::BadNote { .. } => ("agents.bad-note", Yours, "", "say it shorter"),
            E::BadSettings { .. } => ("agents.bad-settings", Yours, "", "say less"),
            E::BadCapability { .. } => (
                "agents.bad-capability",
                Yours,
                "",
                "say changes, read or names with a share or *, members, guard, facts, every MINUTES from 5 on, notice, warn or hold",
            ),
            E::TooManyCapabilities { .. } => {
                ("agents.too-many-capabilities", Yours, "", "admit a program for each task")
            }
            E::BadBudget => ("agents.bad-budget", Yours, "", "see the manual of agents.admit for the limits"),
            E::Busy { .. } => ("agents.busy", Refused, "", "try again in a moment"),
            E::TooMany { .. } => ("agents.too-many", Refused, list, "shows names that can be used again"),
            E::NoSuchFile { .. } => (
                "agents.no-such-file",
                Yours,
                "",
                "say a file of this computer as ./NAME, or a path of the tree",
            ),
            E::NotHere { .. } => ("agents.not-here", Yours, "althing get PATH", "brings it here"),
            E::BadProgram { .. } => {
                ("agents.bad-program", Yours, "", "see docs/agents.md for how a program is made")
            }
            E::TooLarge { .. } => ("agents.too-large", Yours, "", "build it for size, and strip it"),
            E::NoSuchAgent { .. } => ("agents.no-such-agent", Yours, list, "lists agents"),
            E::Ambiguous { .. } => ("agents.ambiguous", Yours, "", "say WEB/NAME"),
            E::NothingToStart { .. } => {
                ("agents.nothing-to-start", Yours, "althing agent admit FILE", "admits it anew")
            }
            E::BadJson { .. } => ("agents.bad-json", Yours, "", "see docs/agents.md for events"),
            E::CannotRun { .. } => ("agents.cannot-run", Settings, "", "try again in a moment"),
            E::Interrupted => ("agents.interrupted", Settings, "", "ask again"),
        };
        Self::new(code, kind, error.to_string()).remedy(command, text)
    }
}

/// Returns one fault for each variant, for the page of all faults.
pub fn faults() -> Vec<Fault> {
    let text = str::to_owned;
    [
        AgentError::BadArguments { operation: text("agents.admit"), why: text("missing field `file`") },
        AgentError::NoSuchWeb { web: text("famly") },
        AgentError::WhichWeb { count: 2 },
        AgentError::NoAdmin { web: text("family") },
        AgentError::BadName { name: text("My Agent"), limit: 40 },
        AgentError::BadNote { limit: 200 },
        AgentError::BadSettings { limit: 4_096 },
        AgentError::BadCapability { text: text("everything") },
        AgentError::TooManyCapabilities { limit: 16 },
        AgentError::BadBudget,
        AgentError::TooMany { limit: 64 },
        AgentError::Busy { limit: 4 },
        AgentError::NoSuchFile { path: text("family/alice/tools/watchman.wasm") },
        AgentError::NotHere { path: text("family/bob/tools/watchman.wasm") },
        AgentError::BadProgram { name: text("watchman"), why: text("it is no WASM") },
        AgentError::TooLarge { name: text("watchman"), limit: 4_194_304 },
        AgentError::NoSuchAgent { name: text("wachman") },
        AgentError::Ambiguous { name: text("watchman") },
        AgentError::NothingToStart { name: text("watchman") },
        AgentError::BadJson { what: text("the event"), why: text("expected value at line 1 column 1") },
        AgentError::CannotRun { name: text("watchman"), why: text("this computer has no sandbox just now") },
        AgentError::Interrupted,
    ]
    .map(Fault::from)
    .to_vec()
}
