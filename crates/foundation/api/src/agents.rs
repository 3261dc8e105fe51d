//! Operations of `agents`: small programs that an admin admits to a web, each with a list of what it may do.

use base::{ByteCount, ContentId, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::operation::operations;

operations! {
    Read "agents.list" AskAgents -> Agents, "agent list {web?}", "Lists the agents of your webs, and what each may do.";
    Read "agents.show" AskAgent -> AgentView, "agent show {name}", "Shows an agent: what it may do, what it has used up, and how it is.";
    Read "agents.log" AskAgentLog -> AgentLog, "agent log {name}", "Shows each run of an agent on this computer, newest first: what it was run for, what it did, and what it was refused.";
    Read "agents.notices" AskNotices -> Notices, "agent notices", "Lists what agents told you, newest first.";
    Act "agents.admit" Admit -> AgentView, "agent admit {file}", "Admits a program to a web as an agent, or changes one; admins only.", says "{name} is {state}.";
    Act "agents.stop" StopAgent -> AgentView, "agent stop {name}", "Stops an agent for everybody in its web; admins only.", says "{name} is {state}.";
    Act "agents.start" StartAgent -> AgentView, "agent start {name}", "Starts an agent again: for its web if it was stopped there, on this computer if it had failed too often.", says "{name} is {state}.";
    Act "agents.switch" SwitchAgents -> Agents, "agent switch {state} {name?}", "Switches all agents of this computer on or off, or one.", says "Agents are {state} on this computer.";
    Act "agents.try" TryAgent -> AgentRun, "agent try {program}", "Runs an agent, or a program that is none yet, for one event, and shows what it would do. Nothing of it is done.";
}

/// Arguments of `agents.list`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AskAgents {
    /// The web; all of yours if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub web: Option<String>,
}

/// Arguments of `agents.show`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AskAgent {
    /// Its name, or `web/name`.
    pub name: String,
}

/// Arguments of `agents.log`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AskAgentLog {
    /// Its name, or `web/name`.
    pub name: String,
}

/// Arguments of `agents.notices`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AskNotices {
    /// Only of this web.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub web: Option<String>,
}

/// Arguments of `agents.admit`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Admit {
    /// The program: a file of this computer (`./watchman.wasm`), or a path of the tree as `family/alice/programs/watchman.wasm`.
    #[schemars(extend("format" = "local-path-or-tree"))]
    pub file: String,
    /// What it is called: 1 to 40 of a-z, 0-9 and hyphens inside. The file's name without its ending if not said.
    #[serde(rename = "as", default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The web; the only one you are in if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub web: Option<String>,
    /// What it may do, one thing each: `changes SHARE`, `read SHARE`, `names SHARE`, `members`, `guard`, `facts`, `every MINUTES`,
    /// `notice`, `warn`, `hold`. SHARE is a path as `family/alice/photos`, or `*` for all shares of the web.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub may: Vec<String>,
    /// Only on this computer; on every computer of the web if not said.
    #[serde(default)]
    pub here: bool,
    /// What the program is told with each event, as words to look for; up to 4 KiB of text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settings: Option<String>,
    /// A sentence about it that all members can read, up to 200 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Processor time of one run in milliseconds, 10 to 10,000; 1,000 if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_ms: Option<u32>,
    /// Memory of one run in MiB, 1 to 256; 32 if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_mib: Option<u32>,
    /// Runs in an hour on one computer, 1 to 600; 60 if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runs_per_hour: Option<u32>,
    /// Actions in a day on one computer, 1 to 1,000; 50 if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actions_per_day: Option<u32>,
    /// Bytes it may remember from run to run, up to 256 KiB; 64 KiB if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state_bytes: Option<u32>,
}

/// Arguments of `agents.stop`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StopAgent {
    /// Its name, or `web/name`.
    pub name: String,
}

/// Arguments of `agents.start`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StartAgent {
    /// Its name, or `web/name`.
    pub name: String,
}

/// Whether agents run on this computer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AgentSwitch {
    /// They do.
    #[default]
    On,
    /// They do not.
    Off,
}

/// Arguments of `agents.switch`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SwitchAgents {
    /// On or off.
    pub state: AgentSwitch,
    /// Only this agent: its name, or `web/name`; all if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// Arguments of `agents.try`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TryAgent {
    /// An agent's name, or `web/name`; or a program as a file of this computer (`./mine.wasm`).
    #[schemars(extend("format" = "local-path-or-tree"))]
    pub program: String,
    /// The event as JSON; `{"kind":"schedule"}` with what the agent may know if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    /// What the program remembers, as JSON; what the agent remembers now if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// What the program is told besides; the agent's own settings if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settings: Option<String>,
    /// What a program that is no agent may do, as for admitting it; everything if not said.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub may: Vec<String>,
    /// The web of a program that is no agent; the only one you are in if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub web: Option<String>,
}

/// Agents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Agents {
    /// Whether agents run on this computer at all.
    pub state: AgentSwitch,
    /// Each.
    pub agents: Vec<AgentView>,
}

/// An agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AgentView {
    /// How it is named: `web/name`.
    pub agent: String,
    /// What it is called.
    pub name: String,
    /// The web.
    pub web: String,
    /// How it is here, in words: `working`, `stopped by Alice`, `switched off here`, and why it does not run.
    pub state: String,
    /// Whether it runs on this computer when something happens.
    pub is_working: bool,
    /// Whether this computer's person has switched it off here.
    pub is_off_here: bool,
    /// Who admitted it, you as `you`.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// What it may do, a line each.
    pub may: Vec<String>,
    /// The same as `agents.admit` takes it.
    pub capabilities: Vec<String>,
    /// What its admin says about it; empty when nothing.
    pub note: String,
    /// What it is told with each event; empty when nothing.
    pub settings: String,
    /// Where it runs: `each computer`, `this computer` or `one computer of` somebody.
    pub place: String,
    /// Its program.
    pub program: ContentId,
    /// Bytes of its program.
    pub size: ByteCount,
    /// Processor time of one run at most, milliseconds.
    pub cpu_ms: u32,
    /// Memory of one run at most, MiB.
    pub memory_mib: u32,
    /// Runs in this hour here.
    pub runs: u32,
    /// Runs in an hour at most.
    pub runs_max: u32,
    /// Actions in this day here.
    pub actions: u32,
    /// Actions in a day at most.
    pub actions_max: u32,
    /// Bytes it remembers here.
    pub remembers: ByteCount,
    /// Bytes it may remember.
    pub remembers_max: ByteCount,
    /// Events that wait.
    pub waiting: u64,
    /// When it last ran here.
    pub last_run: Option<Timestamp>,
}

/// Runs of an agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AgentLog {
    /// Newest first.
    pub runs: Vec<AgentRun>,
}

/// One run of an agent, or why there was none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AgentRun {
    /// When.
    pub at: Timestamp,
    /// For what, as `files: 3 changes in family/alice/photos`.
    pub trigger: String,
    /// What came of it: `ran`, or why it did not.
    pub outcome: String,
    /// What it asked for.
    pub actions: Vec<AgentAction>,
    /// What it said for whoever looks after it; empty when nothing.
    pub said: String,
    /// Processor time in microseconds.
    pub cpu_us: u64,
    /// Which program it was.
    pub program: Option<ContentId>,
}

/// Something an agent asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AgentAction {
    /// What, in words.
    pub action: String,
    /// Whether it was done.
    pub is_done: bool,
    /// Why not; empty when it was.
    pub why: String,
}

/// What agents told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Notices {
    /// Newest first.
    pub notices: Vec<NoticeView>,
}

/// What an agent told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NoticeView {
    /// When.
    pub at: Timestamp,
    /// Which agent: `web/name`.
    pub agent: String,
    /// In a few words.
    pub title: String,
    /// The rest; may be empty.
    pub text: String,
}
