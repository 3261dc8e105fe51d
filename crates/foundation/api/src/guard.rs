//! Operations of `guard`: what harms is held, others are warned, and each computer looks for itself.

use base::{ByteCount, ContentId, DeviceId, Timestamp, WebId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::operation::operations;

operations! {
    Read "guard.status" AskGuard -> GuardView, "guard status {web?}", "Shows how well this computer and a web are protected.";
    Read "guard.list" AskSuspects -> Suspects, "guard list {web?}", "Lists what is held here or warned of, with the reason.";
    Read "guard.show" AskSuspect -> Suspect, "guard show {file}", "Shows what speaks against a file, who says so, and where it is.";
    Read "guard.log" AskGuardLog -> GuardLog, "guard log {file?}", "Shows what the guard did and heard, newest first.";
    Act "guard.check" Check -> Checked, "guard check {path}", "Looks through a file, a folder or a share again, as far as it is on this computer.", says "{files} looked through: {harmful} harmful, {unseen} could not be looked at.";
    Act "guard.check_file" CheckFile -> Checked, "", "Looks through a file of this computer that is in no share, as what came with a mail; whoever writes it asks before it gets its name.", says "{files} looked through: {harmful} harmful, {unseen} could not be looked at.";
    Act "guard.warn" Warn -> Suspect, "guard warn {file}", "Warns everybody in a web of a file.", says "{web_note}";
    Act "guard.release" Release -> Suspect, "guard release {file}", "Opens what is held or warned of all the same: on this computer, or for the whole web.", says "{name} is {level} now.";
    Act "guard.switch" SwitchGuard -> GuardView, "guard switch {state}", "Switches the guard of this computer on or off.", says "The guard is {state}.";
    Read "guard.odd" AskOdds -> Odds, "guard odd {web?}", "Lists who did what no honest program does, as all computers of a web have seen it together.";
    Read "guard.rules" AskRules -> RuleSets, "guard rules {web?}", "Lists the sets of rules that are looked with.";
    Act "guard.add_rules" AddRules -> RuleSet, "guard add-rules {file}", "Offers a file of a web as a set of YARA rules: in force if you protect that web, else it only observes.", says "{name} is {state}.";
    Act "guard.drop_rules" DropRules -> RuleSet, "guard drop-rules {rules}", "Takes back a set of rules that you offered.", says "{name} is {state}.";
    Act "guard.officer" SetOfficer -> Officers, "guard officer {person}", "Gives a person the task of protecting a web, or takes it back.", says "Who protects {web}: {names}.";
}

/// Arguments of `guard.status`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AskGuard {
    /// The web; all of yours if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub web: Option<String>,
}

/// Arguments of `guard.list`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AskSuspects {
    /// The web; all of yours if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub web: Option<String>,
    /// Also what only observing rules were met in, and what was released.
    #[serde(default)]
    pub all: bool,
}

/// Arguments of `guard.show`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AskSuspect {
    /// Its path in the tree, or its content id.
    pub file: String,
}

/// Arguments of `guard.log`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AskGuardLog {
    /// Only what is about this file: its path in the tree, or its content id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
}

/// Arguments of `guard.odd`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AskOdds {
    /// The web; all of yours if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub web: Option<String>,
}

/// Who misbehaves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Odds {
    /// Those heard of last first.
    pub odds: Vec<OddView>,
}

/// A device that did what no honest program does, within 30 days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OddView {
    /// Whose it is, by label, or a stranger.
    pub who: String,
    /// What it did.
    pub deeds: Vec<DeedView>,
    /// Whose computers it was done to, by label; you as `you`.
    pub reporters: Vec<String>,
    /// On how many days.
    pub days: u64,
    /// From which addresses.
    pub addresses: Vec<String>,
    /// Whether a stranger knocked at several computers, or on several days: it looks for computers.
    pub is_scan: bool,
    /// Whether it is a member's now.
    pub is_member: bool,
    /// Whether this computer does not talk to it now.
    pub is_cut_off: bool,
    /// When it was heard of last.
    pub last: Timestamp,
    /// The web.
    pub web: String,
    /// The device.
    pub device: DeviceId,
}

/// What a device did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DeedView {
    /// What, in words.
    pub deed: String,
    /// How often.
    pub times: u64,
}

/// A share of yours that is stopped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StoppedView {
    /// `web/person/share`.
    pub path: String,
    /// Why, and what to do.
    pub why: String,
}

/// Arguments of `guard.check`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// The path of a file, a folder or a share in the tree, or a content id.
    pub path: String,
    /// Only what was not looked through yet.
    #[serde(default)]
    pub new_only: bool,
}

/// Arguments of `guard.warn`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Warn {
    /// Its path in the tree, or its content id.
    pub file: String,
    /// Why, in a sentence of up to 200 bytes.
    #[serde(default)]
    pub note: String,
    /// The web, if it is not said by the path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub web: Option<String>,
}

/// Arguments of `guard.release`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Release {
    /// Its path in the tree, or its content id.
    pub file: String,
    /// For everybody in the web, if you protect it; else those who do are asked to.
    #[serde(default)]
    pub for_web: bool,
    /// Take it back that it may be opened on this computer.
    #[serde(default)]
    pub no_longer: bool,
    /// Why, in a sentence of up to 200 bytes.
    #[serde(default)]
    pub note: String,
    /// The web, if it is not said by the path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub web: Option<String>,
}

/// Whether the guard works.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Switch {
    /// It does.
    #[default]
    On,
    /// It does not: nothing is looked through, and nothing is held.
    Off,
}

/// Arguments of `guard.switch`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SwitchGuard {
    /// On or off.
    pub state: Switch,
}

/// Arguments of `guard.rules`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AskRules {
    /// The web; all of yours if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub web: Option<String>,
}

/// Arguments of `guard.add_rules`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AddRules {
    /// The path in the tree of a file with YARA rules, up to 8 MiB.
    pub file: String,
}

/// Arguments of `guard.drop_rules`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DropRules {
    /// The set's name, or the id of its content.
    pub rules: String,
}

/// Arguments of `guard.officer`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetOfficer {
    /// The person's label.
    pub person: String,
    /// The web; the only one you are in if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub web: Option<String>,
    /// Takes the task back.
    #[serde(default)]
    pub no_longer: bool,
}

/// How a file is treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LevelWord {
    /// Nothing speaks against it.
    Clear,
    /// You allowed it on this computer.
    Allowed,
    /// Whoever protects the web released it.
    Released,
    /// A rule that only observes was met.
    Observed,
    /// Somebody warns: opening asks first.
    Warned,
    /// Enough persons warn: it is not opened, given or put on disk.
    Held,
    /// A rule in force was met here: as held, until it is released.
    Quarantined,
}

/// How well this computer and a web are protected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GuardView {
    /// Whether the guard of this computer works.
    pub state: Switch,
    /// Why nothing can be looked through now; empty when it can.
    pub trouble: String,
    /// Shares of yours that are stopped because much of them changed at once.
    pub stopped: Vec<StoppedView>,
    /// Contents that wait to be looked through.
    pub waiting: u64,
    /// Contents of this computer that were looked through, ever.
    pub seen: u64,
    /// Contents that are held or quarantined here.
    pub held: u64,
    /// Contents that somebody warns of.
    pub warned: u64,
    /// Sets of rules in force, besides the built-in one.
    pub rules: u64,
    /// Each web.
    pub webs: Vec<GuardedWeb>,
}

/// How well a web is protected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GuardedWeb {
    /// Its label.
    pub web: String,
    /// Persons who have to warn before something is held.
    pub persons_needed: u64,
    /// Who protects it, by label.
    pub officers: Vec<String>,
    /// Whether you do.
    pub is_officer: bool,
    /// Each computer that has said how it is protected.
    pub computers: Vec<ComputerHealth>,
}

/// How well a computer is protected, as it says itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ComputerHealth {
    /// Whose, by label; you as `you`.
    pub person: String,
    /// The first letters of its device id.
    pub device: String,
    /// Whether its guard is on and its scanner works.
    pub is_guarded: bool,
    /// Sets of rules in force there, besides the built-in one.
    pub rules: u64,
    /// Contents it has looked through.
    pub seen: u64,
    /// Contents of this web that it holds.
    pub held: u64,
    /// When it said so.
    pub at: Timestamp,
}

/// What is held or warned of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Suspects {
    /// The worst first, then the newest.
    pub suspects: Vec<Suspect>,
}

/// What speaks against a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Suspect {
    /// The name it goes by.
    pub name: String,
    /// How it is treated on this computer.
    pub level: LevelWord,
    /// What that means, in words.
    pub meaning: String,
    /// What was found in it on this computer.
    pub findings: Vec<FindingView>,
    /// Who warns of it.
    pub warnings: Vec<WarningView>,
    /// What agents of this computer say of it.
    pub agents: Vec<AgentWord>,
    /// Who says that it is no harm.
    pub releases: Vec<ReleaseView>,
    /// Where it is or was shown: paths of the tree.
    pub paths: Vec<String>,
    /// Whether its bytes are on this computer.
    pub is_here: bool,
    /// When this computer looked through it; none if it has not.
    pub looked: Option<Timestamp>,
    /// Why it, or a part of it, could not be looked at; empty when all was.
    pub unseen: String,
    /// How many persons have to warn before it is held.
    pub persons_needed: u64,
    /// What warning of it did, in words; empty when nobody warns.
    pub web_note: String,
    /// Bytes.
    pub size: ByteCount,
    /// The first time anything was said or found; now if nothing was.
    pub since: Timestamp,
    /// Its content.
    pub content: ContentId,
}

/// A rule that was met here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FindingView {
    /// The rule.
    pub rule: String,
    /// The set it is of.
    pub set: String,
    /// Whether it holds anything: harmful, and of a set in force.
    pub is_in_force: bool,
    /// Whether the rule calls it harmful, not only odd.
    pub is_harmful: bool,
    /// In which file of an archive; empty when in the file itself.
    pub inside: String,
    /// Offsets of the places, in bytes.
    pub offsets: Vec<u64>,
}

/// Somebody warns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WarningView {
    /// Who, by label; you as `you`.
    pub by: String,
    /// In which web.
    pub web: String,
    /// On what evidence, in words.
    pub why: String,
    /// Whether it counts; not when it is older than a week, looking here contradicts it, or its author is no member now.
    pub counts: bool,
    /// When it was heard here.
    pub heard: Timestamp,
}

/// An agent of this computer speaks against it; here, and nowhere else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AgentWord {
    /// Which: `web/name`.
    pub agent: String,
    /// Whether it holds the file; if not, it warns of it.
    pub is_hold: bool,
    /// Why, in the agent's words.
    pub why: String,
    /// Whether it counts; not when the file was released since.
    pub counts: bool,
    /// When.
    pub at: Timestamp,
}

/// Somebody says that it is no harm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReleaseView {
    /// Who, by label; you as `you`.
    pub by: String,
    /// In which web.
    pub web: String,
    /// Whether whoever says so protects the web: else it is an appeal.
    pub counts: bool,
    /// Why; may be empty.
    pub note: String,
    /// When it was heard here.
    pub heard: Timestamp,
}

/// Arguments of `guard.check_file`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckFile {
    /// The BLAKE3 hash of its bytes.
    pub content: ContentId,
    /// Where it is: an absolute path.
    pub file: String,
    /// What it is to be called: names can be harmful, too.
    pub name: String,
    /// Its bytes.
    pub size: ByteCount,
    /// When its bytes changed last, in nanoseconds since 1970.
    pub modified: i64,
    /// When its inode changed last, in nanoseconds since 1970.
    pub changed: i64,
    /// The number of its inode.
    pub inode: u64,
    /// The web it came from, which is warned if it is harmful; none if nobody is to be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub web: Option<WebId>,
}

/// What a check came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Checked {
    /// Files that were looked through.
    pub files: u64,
    /// Those in which a rule in force was met.
    pub harmful: u64,
    /// Those that could not be looked at, in part or whole.
    pub unseen: u64,
    /// Files below the path that are not on this computer.
    pub elsewhere: u64,
}

/// What the guard did and heard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GuardLog {
    /// Newest first; the last 1,000.
    pub entries: Vec<GuardEntry>,
}

/// Something the guard did or heard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GuardEntry {
    /// When, by the clock of this computer.
    pub at: Timestamp,
    /// What, in words.
    pub what: String,
    /// The file's name, or the set's; may be empty.
    pub name: String,
    /// Who, by label; empty if nobody is meant.
    pub who: String,
    /// Rule, note or reason; may be empty.
    pub why: String,
    /// The web; empty if it is about this computer alone.
    pub web: String,
    /// The content; none if it is about none.
    pub content: Option<ContentId>,
}

/// Sets of rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RuleSets {
    /// Those in force first.
    pub sets: Vec<RuleSet>,
}

/// A set of rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RuleSet {
    /// Its name.
    pub name: String,
    /// How it stands, in words.
    pub state: String,
    /// Whether it holds what it is met in.
    pub is_in_force: bool,
    /// Rules in it; 0 until it was read.
    pub rules: u64,
    /// Licences that its rules name.
    pub licences: Vec<String>,
    /// Who offers it, by label; empty for the built-in one.
    pub by: String,
    /// The web; empty for the built-in one.
    pub web: String,
    /// Bytes.
    pub size: ByteCount,
    /// Its content.
    pub content: ContentId,
}

/// Who protects a web.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Officers {
    /// The web.
    pub web: String,
    /// All of them, in words.
    pub names: String,
    /// Each, by label.
    pub officers: Vec<String>,
}
