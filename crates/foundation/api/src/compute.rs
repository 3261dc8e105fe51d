//! Cycle sharing: running programs over many inputs on everybody's idle processors.

use base::{ByteCount, ContentId, RunId, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::files::Opened;
use crate::operation::operations;

operations! {
    Act "compute.map" Map -> JobView, "map {program}", "Runs a program over shared files, or over numbers, on idle computers of a web.", follow "compute.job";
    Act "compute.chain" Chain -> JobView, "chain {file}", "Runs several programs one after the other, as a small TOML file says.", follow "compute.job";
    Read "compute.jobs" AskJobs -> Jobs, "jobs list", "Lists jobs of this computer and of the people of its webs, newest first.";
    Read "compute.job" AskJob -> JobView, "jobs show {id}", "Shows how a job gets on: units, people, speed, time left.";
    Act "compute.pause" PauseJob -> JobView, "jobs pause {id}", "Pauses a job: what runs is finished, nothing new is given out.", says "{name} is paused at {done} of {total}.";
    Act "compute.resume" ResumeJob -> JobView, "jobs resume {id}", "Goes on with a paused job, and tries parked units again.", says "{name} goes on at {done} of {total}.";
    Act "compute.cancel" CancelJob -> JobView, "jobs cancel {id}", "Cancels a job; results that are here stay until it is forgotten.", says "{name} is cancelled.";
    Act "compute.forget" ForgetJob -> ForgottenJob, "jobs forget {id}", "Removes a job that is over, with its results, from this computer.", says "{name} is forgotten.";
    Act "compute.priority" SetPriority -> JobView, "jobs priority {id} {priority}", "Says which of your jobs goes first: 1 is last, 9 is first, 5 if not said.", says "{name} has priority {priority}.";
    Act "compute.save" SaveJob -> JobView, "jobs save {id} {out}", "Writes the results that are here into a folder of this computer.", follow "compute.job";
    Read "compute.results" AskResults -> JobResults, "jobs results {id}", "Lists results of a job, in order of units.";
    Act "compute.push" Push -> Pushed, "", "Adds inputs to a job that was begun open; closes it if said.";
    Act "compute.wait" WaitResults -> JobResults, "", "Waits until a job has results after a place, or for ten seconds.";
    Read "compute.output" AskOutput -> Opened, "", "Readies an output that is a content of its own for reading.";
    Act "compute.on" ComputeOn -> ComputeHere, "compute on", "Lets this computer work for your webs when nobody uses it.", says "This computer: {plan}.";
    Act "compute.off" ComputeOff -> ComputeHere, "compute off", "Ends working for others; what runs is given back.", says "This computer: {plan}.";
    Act "compute.mode" SetMode -> ComputeHere, "compute mode {mode}", "Says when this computer works for your webs, for good or for some hours.", says "This computer: {plan}.";
    Act "compute.limits" SetLimits -> ComputeHere, "compute limits", "Says how much of this computer work may take, apart for when it is used and when it is idle.";
    Read "compute.here" AskHere -> ComputeHere, "compute show", "Shows what this computer does for others now, and why it pauses.";
    Read "compute.capacity" AskCapacity -> Capacity, "compute capacity {web?}", "Shows what the computers of a web could do together, as each has measured it.";
    Read "compute.people" AskGiven -> Given, "compute people {web?}", "Shows who gave processor time and who used it; only checked work counts.";
    Read "compute.evidence" AskEvidence -> Evidence, "compute evidence {web?}", "Shows who gave wrong results, with what was signed.";
    Act "compute.trust_again" TrustAgain -> Evidence, "compute trust-again {person}", "Gives work of yours again to a person who once gave wrong results.";
}

/// How far results of others are believed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Trust {
    /// Only my own computers.
    Own,
    /// These people, without a check.
    Trusted,
    /// Anybody; some results, at random, are made again by another person or a computer of mine.
    Spot,
    /// The same result from several persons.
    Quorum,
    /// As quorum, until a person has given many right results in a row; then spot.
    #[default]
    Adaptive,
}

/// Arguments of `compute.map`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is a wish by itself")]
pub struct Map {
    /// The program: a file of this computer (`./count.wasm`), or a path of the tree as `family/alice/programs/count.wasm`.
    #[schemars(extend("format" = "local-path-or-tree"))]
    pub program: String,
    /// The web whose computers work; that of the inputs if not said, or else the only one you are in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub web: Option<String>,
    /// Shared files, one unit each, as `family/alice/archive/**`; `*` stands for a part of a name, `**` for any folders.
    #[serde(default, rename = "in", skip_serializing_if = "Vec::is_empty")]
    pub inputs: Vec<String>,
    /// So many units without files, numbered from 0: the program hears its number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<u64>,
    /// Inputs themselves, one unit each, in base64; at most 10,000 and 8 MiB at once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("format" = "for-programs"))]
    pub items: Vec<String>,
    /// Whether more inputs will be pushed.
    #[serde(default)]
    #[schemars(extend("format" = "for-programs"))]
    pub is_open: bool,
    /// A text that every unit is given, at most 64 KiB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arguments: Option<String>,
    /// A program that joins outputs, many to one, again and again until one is left; named as the program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "local-path-or-tree"))]
    pub reduce: Option<String>,
    /// A folder of this computer for the results; they wait in the program if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "local-path"))]
    pub out: Option<String>,
    /// What the job is called; the program's name if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// How far results of others are believed; adaptive if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trust: Option<Trust>,
    /// With `trusted`: whom, as their labels in the web.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub people: Vec<String>,
    /// With `quorum`: how many persons have to agree of how many asked at most, as `2/3`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quorum: Option<String>,
    /// With `spot` and `adaptive`: which share of results is made again, as `2%`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spot: Option<String>,
    /// Whose computers carry the job on when this one is away, at most 3: labels of people; your own others if not said.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deputies: Vec<String>,
    /// Seconds of processor time a unit may take, 1 to 86,400; 600 if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<u64>,
    /// MiB of memory a unit may take, 1 to 4,096; 256 if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<u32>,
    /// Which of your jobs goes first: 1 is last, 9 is first; 5 if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<u32>,
    /// Instructions of WASM a unit may run, 1 to 10^15: who needs more fails, on every computer alike. Counting takes time; not counted
    /// if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fuel: Option<u64>,
    /// Makes NaN alike on all processors; slower for programs that calculate with fractions.
    #[serde(default)]
    pub exact_nan: bool,
    /// Computes everything anew, also what is known.
    #[serde(default)]
    pub anew: bool,
    /// Ends the job as failed when this peer is started anew, and gives it no deputies: inputs that are pushed need not wait for the disk.
    #[serde(default)]
    #[schemars(extend("format" = "for-programs"))]
    pub is_fleeting: bool,
}

/// Arguments of `compute.chain`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Chain {
    /// A TOML file of this computer; see docs/computing.md.
    #[schemars(extend("format" = "local-path"))]
    pub file: String,
    /// A folder of this computer for the results of the last step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "local-path"))]
    pub out: Option<String>,
}

/// Arguments of `compute.jobs`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AskJobs {
    /// Also jobs of others that this computer may work for.
    #[serde(default)]
    pub all: bool,
}

/// Jobs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Jobs {
    /// Newest first.
    pub jobs: Vec<JobLine>,
}

/// A job in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct JobLine {
    /// What it is called.
    pub name: String,
    /// The web.
    pub web: String,
    /// Whose it is, you as `you`.
    pub owner: String,
    /// `gathering`, `running`, `paused`, `saving`, `done`, `failed` or `cancelled`; of another's job: `open` or `over`.
    pub state: String,
    /// Units done.
    pub done: u64,
    /// Units in all, as far as known.
    pub total: u64,
    /// Units at work now.
    pub running: u64,
    /// Whose computers are at work on it now, you as `you`.
    pub at_work: Vec<String>,
    /// When it will be done, in words, by what was measured in the last minutes: `about 3 min`, `3 min at least` while more units will
    /// come, `unknown` when nothing was measured; empty when nothing is left to do or it is paused.
    pub time_left: String,
    /// In words what should be known.
    pub note: String,
    /// When it was begun.
    pub since: Timestamp,
    /// Its id.
    pub id: RunId,
    /// The same in seconds; none when that is unknown.
    #[schemars(extend("format" = "for-programs"))]
    pub seconds_left: Option<u64>,
    /// Whether more units will come than are counted.
    #[schemars(extend("format" = "for-programs"))]
    pub has_more: bool,
}

/// Arguments of `compute.job`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AskJob {
    /// Its id, the first digits of it, or its name.
    pub id: String,
}

/// A job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact by itself")]
pub struct JobView {
    /// What it is called.
    pub name: String,
    /// The web.
    pub web: String,
    /// `gathering`, `running`, `paused`, `saving`, `done`, `failed` or `cancelled`.
    pub state: String,
    /// Units done, of all steps.
    pub done: u64,
    /// Units in all, as far as known.
    pub total: u64,
    /// Units at work now.
    pub running: u64,
    /// Units that no computer could do; they are parked with what they said.
    pub parked: u64,
    /// Units whose results were known before, so nobody computed them.
    pub known: u64,
    /// Units done in the last minute.
    pub per_minute: u64,
    /// When it will be done, in words, by what was measured in the last minutes: `about 3 min`, `3 min at least` while more units will
    /// come, `unknown` when nothing was measured; empty when nothing is left to do or it is paused.
    pub time_left: String,
    /// The same in seconds; none when that is unknown.
    #[schemars(extend("format" = "for-programs"))]
    pub seconds_left: Option<u64>,
    /// Whether more units will come than are counted.
    #[schemars(extend("format" = "for-programs"))]
    pub has_more: bool,
    /// In words what should be known: who is waited for, why nothing goes on, what is next.
    pub note: String,
    /// How results are believed, in words.
    pub trust: String,
    /// Processor time of checked work in seconds.
    pub core_seconds: u64,
    /// Processor time that was given to nothing: copies, and what was thrown away, in seconds.
    pub spent_seconds: u64,
    /// What it cost in words: time against doing it alone, and energy as an estimate.
    pub cost: String,
    /// The steps, first to last.
    pub steps: Vec<StepView>,
    /// Who computes.
    pub workers: Vec<WorkerView>,
    /// Parked units, at most 20.
    pub troubles: Vec<TroubleView>,
    /// Whose computers had computed the units that were known; a unit of several persons counts for each.
    pub known_from: Vec<KnownView>,
    /// Receipts of what was checked and credited, by person.
    pub receipts: Vec<ReceiptView>,
    /// Whether it is over.
    #[schemars(extend("format" = "for-programs"))]
    pub is_over: bool,
    /// Whether it takes more inputs.
    #[schemars(extend("format" = "for-programs"))]
    pub is_open: bool,
    /// Whether this computer can change it.
    #[schemars(extend("format" = "for-programs"))]
    pub is_own: bool,
    /// Processor time of checked work in microseconds.
    #[schemars(extend("format" = "for-programs"))]
    pub core_micros: u64,
    /// Its priority.
    #[schemars(extend("format" = "for-programs"))]
    pub priority: u32,
    /// For a map of the units of the step at work: ranges `[first, count, state]` in order, state 1 running, 2 done, 3 parked;
    /// what is left out waits. At most 512 ranges.
    #[schemars(extend("format" = "for-programs"))]
    pub ranges: Vec<(u64, u64, u8)>,
    /// Units done in each of the last 60 spans of five seconds, oldest first.
    #[schemars(extend("format" = "for-programs"))]
    pub speed: Vec<u32>,
    /// The folder for the results, if one was said.
    #[schemars(extend("format" = "for-programs"))]
    pub out: Option<String>,
    /// When it was begun.
    pub since: Timestamp,
    /// When it ended.
    pub until: Option<Timestamp>,
    /// Its id.
    pub id: RunId,
}

/// A step of a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StepView {
    /// What it is called.
    pub step: String,
    /// `waiting`, `running`, `done` or `failed`.
    pub state: String,
    /// Units done.
    pub done: u64,
    /// Units in all, as far as known.
    pub total: u64,
}

/// Somebody who computes for a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WorkerView {
    /// Whose computer, you as `you`.
    pub who: String,
    /// Which computer.
    pub computer: String,
    /// Units it has now.
    pub running: u64,
    /// Units of it that were taken.
    pub done: u64,
    /// In words: `here`, `away for 3 min`, `gave a wrong result`.
    pub note: String,
}

/// A unit that no computer could do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TroubleView {
    /// Its number.
    pub unit: u64,
    /// Its input, as a path; empty when it is none.
    pub input: String,
    /// Why, in words.
    pub why: String,
    /// What the program said.
    pub log: String,
    /// Who tried.
    pub who: Vec<String>,
}

/// Somebody whose computers had computed units before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct KnownView {
    /// Whose, you as `you`.
    pub who: String,
    /// Units.
    pub units: u64,
}

/// Checked work of a person for a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReceiptView {
    /// Who.
    pub who: String,
    /// Units that were taken and count.
    pub units: u64,
    /// Processor time of these, in seconds.
    pub core_seconds: u64,
}

/// Arguments of `compute.pause`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PauseJob {
    /// Its id, the first digits of it, or its name.
    pub id: String,
}

/// Arguments of `compute.resume`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ResumeJob {
    /// Its id, the first digits of it, or its name.
    pub id: String,
}

/// Arguments of `compute.cancel`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CancelJob {
    /// Its id, the first digits of it, or its name.
    pub id: String,
}

/// Arguments of `compute.forget`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ForgetJob {
    /// Its id, the first digits of it, or its name.
    pub id: String,
}

/// A job that is gone from this computer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ForgottenJob {
    /// What it was called.
    pub name: String,
}

/// Arguments of `compute.priority`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetPriority {
    /// Its id, the first digits of it, or its name.
    pub id: String,
    /// 1 (last) to 9 (first).
    pub priority: u32,
}

/// Arguments of `compute.save`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SaveJob {
    /// Its id, the first digits of it, or its name.
    pub id: String,
    /// A folder of this computer; made if missing.
    #[schemars(extend("format" = "local-path"))]
    pub out: String,
}

/// Arguments of `compute.results`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AskResults {
    /// Its id, the first digits of it, or its name.
    pub id: String,
    /// Only units from this one on.
    #[serde(default)]
    pub from: u64,
    /// Results at most, 1 to 1,000; 100 if not said. An answer has at most 4 MiB of outputs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// Arguments of `compute.wait`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WaitResults {
    /// Its id.
    pub id: String,
    /// Results that came after this place, in the order in which they came; 0 at first, then `next` of the answer.
    #[serde(default)]
    pub after: u64,
}

/// Arguments of `compute.output`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AskOutput {
    /// The content, as `compute.results` names it.
    pub content: ContentId,
}

/// Results of a job.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct JobResults {
    /// The results.
    pub results: Vec<UnitView>,
    /// Where to go on.
    pub next: u64,
    /// Whether nothing more will come.
    pub is_over: bool,
    /// The job's state.
    pub state: String,
}

/// A unit's result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UnitView {
    /// Its number.
    pub unit: u64,
    /// Its input, as a path; empty when it is none.
    pub input: String,
    /// Bytes of the output.
    pub size: ByteCount,
    /// The output, when it is text of at most 2 KiB.
    pub text: String,
    /// The output in base64; none when it is a content of its own, or failed.
    #[schemars(extend("format" = "for-programs"))]
    pub base64: Option<String>,
    /// The content that is the output, when it is larger than 64 KiB: `GET /content/ID` of the page.
    #[schemars(extend("format" = "for-programs"))]
    pub content: Option<ContentId>,
    /// Why there is none; empty when there is one.
    pub failure: String,
    /// Who computed it.
    pub who: Vec<String>,
}

/// Arguments of `compute.push`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Push {
    /// Its id.
    pub id: String,
    /// Inputs, one unit each, in base64; at most 10,000 and 8 MiB at once.
    #[serde(default)]
    pub items: Vec<String>,
    /// Whether these are the last.
    #[serde(default)]
    pub is_last: bool,
}

/// What was pushed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Pushed {
    /// The number of the first of them.
    pub first: u64,
    /// Units in all.
    pub total: u64,
}

/// When a computer works for its webs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Also while it is used, within the limits for that.
    Always,
    /// When it is idle; while it is used, within the limits for that.
    Auto,
    /// Not at all.
    #[default]
    Never,
}

/// Arguments of `compute.on`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ComputeOn {}

/// Arguments of `compute.off`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ComputeOff {}

/// Arguments of `compute.mode`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetMode {
    /// When it works.
    pub mode: Mode,
    /// For how long, as `2h` or `30m`; for good if not said.
    #[serde(default, rename = "for", skip_serializing_if = "Option::is_none")]
    pub time: Option<String>,
}

/// Arguments of `compute.limits`; what is not said stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetLimits {
    /// Cores while idle; 0: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idle_cores: Option<u32>,
    /// Percent of each core while idle, 1 to 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idle_percent: Option<u32>,
    /// Percent of the memory while idle, 1 to 90.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idle_memory: Option<u32>,
    /// Cores while somebody uses it; 0: it pauses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used_cores: Option<u32>,
    /// Percent of each core while somebody uses it, 1 to 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used_percent: Option<u32>,
    /// Percent of the memory while somebody uses it, 1 to 90.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used_memory: Option<u32>,
    /// Only between these hours, local time, as `22-7`; `any` for always.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours: Option<String>,
    /// Whether it works on battery: `yes` or `no`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub battery: Option<String>,
    /// Whether it fetches work over a line paid by volume: `yes` or `no`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metered: Option<String>,
    /// Whose programs may run here: `everybody` of your webs, `me`, or labels of people as `family/alice`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub people: Vec<String>,
    /// Watts that one busy core of this computer takes more than an idle one, for estimates; 8 if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub watts: Option<u32>,
}

/// Arguments of `compute.here`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AskHere {}

/// What this computer does for others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ComputeHere {
    /// When it works, in words.
    pub plan: String,
    /// When it works.
    pub mode: Mode,
    /// Until when, if the mode is for some time.
    pub until: Option<Timestamp>,
    /// `off`, `working`, `ready` (nothing to do) or `paused`.
    pub state: String,
    /// Why, in words: `you are typing`, `on battery`, `nobody has work`.
    pub note: String,
    /// Seconds since somebody touched it; none when nothing tells.
    pub idle_seconds: Option<u64>,
    /// What tells whether it is used.
    pub source: String,
    /// Units that run.
    pub running: u64,
    /// Units fetched ahead.
    pub fetched: u64,
    /// Results that wait for their owners.
    pub unsent: u64,
    /// For whom it works now.
    pub working_for: Vec<String>,
    /// Processor time given in the last 24 hours, in seconds.
    pub given_seconds: u64,
    /// The limits.
    pub limits: LimitsView,
    /// Cores of this computer.
    #[schemars(extend("format" = "for-programs"))]
    pub cores: u32,
    /// Whether it is on a battery; none without one.
    #[schemars(extend("format" = "for-programs"))]
    pub on_battery: Option<bool>,
}

/// How much of a computer work may take.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LimitsView {
    /// Cores while idle; 0: all.
    pub idle_cores: u32,
    /// Percent of each core while idle.
    pub idle_percent: u32,
    /// Percent of the memory while idle.
    pub idle_memory: u32,
    /// Cores while somebody uses it; 0: it pauses.
    pub used_cores: u32,
    /// Percent of each core while somebody uses it.
    pub used_percent: u32,
    /// Percent of the memory while somebody uses it.
    pub used_memory: u32,
    /// Between which hours, or `any`.
    pub hours: String,
    /// Whether it works on battery.
    pub battery: bool,
    /// Whether it fetches work over a line paid by volume.
    pub metered: bool,
    /// Whose programs may run here.
    pub people: Vec<String>,
    /// Watts of a busy core.
    pub watts: u32,
}

/// Arguments of `compute.capacity`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AskCapacity {
    /// The web; all of yours if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub web: Option<String>,
}

/// What the computers of webs could do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Capacity {
    /// In words: what they could do together now.
    pub note: String,
    /// The computers that offer something.
    pub computers: Vec<ComputerCapacity>,
    /// Cores of those that are here and ready.
    #[schemars(extend("format" = "for-programs"))]
    pub cores_ready: u32,
    /// Cores of all.
    #[schemars(extend("format" = "for-programs"))]
    pub cores: u32,
    /// Millions of steps of a fixed loop per second, those of all that are ready.
    #[schemars(extend("format" = "for-programs"))]
    pub million_steps: u64,
    /// What their disks read together, MiB/s.
    #[schemars(extend("format" = "for-programs"))]
    pub disk_mib: u64,
}

/// What one computer offers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ComputerCapacity {
    /// The web.
    pub web: String,
    /// Whose, you as `you`.
    pub who: String,
    /// Which.
    pub computer: String,
    /// Cores it offers when idle.
    pub cores: u32,
    /// Millions of steps of a fixed loop per second and core, as it has measured.
    pub million_steps: u64,
    /// What its disk reads, MiB/s, as it has measured.
    pub disk_mib: u64,
    /// `ready`, `working`, `paused`, or `away`.
    pub state: String,
}

/// Arguments of `compute.people`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AskGiven {
    /// The web; all of yours if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub web: Option<String>,
}

/// Who gave and who used.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Given {
    /// By web and name.
    pub people: Vec<GiverView>,
}

/// What a person gave and used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GiverView {
    /// The web.
    pub web: String,
    /// Who, you as `you`.
    pub who: String,
    /// Processor time given to others whose owners have checked it, in seconds.
    pub gave_seconds: u64,
    /// Units of these.
    pub gave_units: u64,
    /// Processor time used of others, in seconds.
    pub used_seconds: u64,
    /// Units of these.
    pub used_units: u64,
}

/// Arguments of `compute.evidence`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AskEvidence {
    /// The web; all of yours if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub web: Option<String>,
}

/// Wrong results.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Evidence {
    /// Newest first, at most 100.
    pub cases: Vec<CaseView>,
}

/// A wrong result that somebody signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CaseView {
    /// The web.
    pub web: String,
    /// Who gave it.
    pub who: String,
    /// Which computer.
    pub computer: String,
    /// Whose job it was.
    pub owner: String,
    /// The unit.
    pub unit: u64,
    /// In words: what was found, and how it can be checked.
    pub note: String,
    /// Whether the signature is that of the computer, checked here.
    pub is_signed: bool,
    /// Whether this person gets no more work of yours.
    pub is_shut_out: bool,
    /// When.
    pub at: Timestamp,
}

/// Arguments of `compute.trust_again`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TrustAgain {
    /// Who, as a label, or as `web/label`.
    pub person: String,
}
