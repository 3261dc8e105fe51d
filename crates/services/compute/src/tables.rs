//! The rows of `compute`: own jobs and those one is a deputy of, what is known of others' jobs, work in hand, settings.

use api::compute::Mode;
use base::{ContentId, DeviceId, PersonId, RunId, Timestamp, WebId};
use minicbor::{Decode, Encode};
use store::Table;
use wire::codec::Bytes;

use crate::intervals::Span;
use crate::jobs::Outcome;
use crate::messages::{Leased, Part, WorkState};
use crate::value::{Announcement, Credit, Offer, SignedStatement, Stated, Statement, Wrong};

/// What a person has set on this computer; one row.
pub(crate) const SETTINGS: Table<u8, SettingsRow> = Table::new("compute.settings");
/// Jobs of this computer, and those it is a deputy of.
pub(crate) const JOBS: Table<RunId, JobRow> = Table::new("compute.jobs");
/// Steps of these.
pub(crate) const STAGES: Table<(RunId, u8), StageRow> = Table::new("compute.stages");
/// Their inputs, [`crate::messages::CHUNK`] to a row: (job, step, number of the row).
pub(crate) const INPUTS: Table<(RunId, u8, u64), Vec<InputRow>> = Table::new("compute.inputs");
/// Units that are given out: (job, step, lease).
pub(crate) const LEASES: Table<(RunId, u8, u64), LeaseRow> = Table::new("compute.leases");
/// What computers have signed: (job, number).
pub(crate) const STATEMENTS: Table<(RunId, u64), StatementRow> = Table::new("compute.statements");
/// Statements with units that were not settled when it came: (job, number).
pub(crate) const PENDING: Table<(RunId, u64), ()> = Table::new("compute.pending");
/// What a deputy has taken in the owner's place and the owner has not: (job, number).
pub(crate) const DEBTS: Table<(RunId, u64), StatementRow> = Table::new("compute.debts");
/// Units that are done: (job, step, first of consecutive ones).
pub(crate) const OUTCOMES: Table<(RunId, u8, u64), OutcomeRow> = Table::new("compute.outcomes");
/// The same in the order in which they came: (job, order).
pub(crate) const ORDER: Table<(RunId, u64), (u8, u64)> = Table::new("compute.order");
/// Units that nobody could do: (job, step, unit).
pub(crate) const PARKED: Table<(RunId, u8, u64), ParkedRow> = Table::new("compute.parked");
/// Contents that jobs need here: (content, job), and (job, content).
pub(crate) const NEEDED: Table<(ContentId, RunId), ()> = Table::new("compute.needed");
pub(crate) const NEEDED_BY: Table<(RunId, ContentId), ()> = Table::new("compute.needed_by");
/// Whose work counts: (job, person).
pub(crate) const CREDITS: Table<(RunId, PersonId), CreditRow> = Table::new("compute.credits");
/// How right the results of a person were that could be compared.
pub(crate) const HISTORY: Table<PersonId, HistoryRow> = Table::new("compute.history");
/// Units of a job that nobody had to compute, by whoever had done so before: (job, person).
pub(crate) const KNOWN_FROM: Table<(RunId, PersonId), u64> = Table::new("compute.known_from");
/// Results by the names of their units.
pub(crate) const MEMO: Table<ContentId, MemoRow> = Table::new("compute.memo");
/// The order of these: (number, name).
pub(crate) const MEMO_ORDER: Table<(u64, ContentId), ()> = Table::new("compute.memo_order");

/// Steps that were announced in webs of this computer.
pub(crate) const KNOWN: Table<(RunId, u8), KnownRow> = Table::new("compute.known");
/// Work in hand: (job, step, who gave it, lease).
pub(crate) const WORK: Table<(RunId, u8, DeviceId, u64), WorkRow> = Table::new("compute.work");
/// Results that have not been taken yet: their number here.
pub(crate) const UNSENT: Table<u64, UnsentRow> = Table::new("compute.unsent");
/// For whom this computer has worked, with a half-life: fair shares.
pub(crate) const USED: Table<PersonId, UsedRow> = Table::new("compute.used");

/// What computers offer: (web, device).
pub(crate) const OFFERS: Table<(WebId, DeviceId), Offer> = Table::new("compute.offers");
/// Receipts: (web, owner's device, job).
pub(crate) const RECEIPTS: Table<(WebId, DeviceId, RunId), Vec<Credit>> = Table::new("compute.receipts");
/// Wrong results: (web, when heard, who said so).
pub(crate) const WRONG: Table<(WebId, u64, DeviceId), WrongRow> = Table::new("compute.wrong");
/// Who gets no more work of this person's jobs.
pub(crate) const SHUT_OUT: Table<PersonId, Timestamp> = Table::new("compute.shut_out");
/// Units done lately: job.
pub(crate) const SPEED: Table<RunId, SpeedRow> = Table::new("compute.speed");
/// What this computer is doing, for whoever looks; one row.
pub(crate) const HERE: Table<u8, HereRow> = Table::new("compute.here");
/// Processor time given to others in microseconds, by the hour.
pub(crate) const GIVEN: Table<u64, u64> = Table::new("compute.given");
/// How computers said they are.
pub(crate) const STATES: Table<DeviceId, StateRow> = Table::new("compute.states");
/// Numbers that grow.
pub(crate) const COUNTERS: Table<u8, u64> = Table::new("compute.counters");
pub(crate) const COUNTER_UNSENT: u8 = 1;
pub(crate) const COUNTER_MEMO: u8 = 2;

/// What a person has set.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct SettingsRow {
    #[n(0)]
    pub(crate) mode: ModeRow,
    /// The mode until then, and the one that comes after.
    #[n(1)]
    pub(crate) until: Option<(Timestamp, ModeRow)>,
    #[n(2)]
    pub(crate) idle: ShareRow,
    #[n(3)]
    pub(crate) used: ShareRow,
    /// From and to, in minutes of the day.
    #[n(4)]
    pub(crate) hours: Option<(u32, u32)>,
    #[n(5)]
    pub(crate) on_battery: bool,
    #[n(6)]
    pub(crate) on_metered: bool,
    #[n(7)]
    pub(crate) people: PeopleRow,
    #[n(8)]
    pub(crate) watts: u32,
}

/// When this computer works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub(crate) enum ModeRow {
    #[n(0)]
    Never,
    #[n(1)]
    Auto,
    #[n(2)]
    Always,
}

impl From<Mode> for ModeRow {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Never => Self::Never,
            Mode::Auto => Self::Auto,
            Mode::Always => Self::Always,
        }
    }
}

impl From<ModeRow> for Mode {
    fn from(mode: ModeRow) -> Self {
        match mode {
            ModeRow::Never => Self::Never,
            ModeRow::Auto => Self::Auto,
            ModeRow::Always => Self::Always,
        }
    }
}

/// How much of a computer work may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub(crate) struct ShareRow {
    /// 0: all when idle, none when used.
    #[n(0)]
    pub(crate) cores: u32,
    #[n(1)]
    pub(crate) percent: u32,
    #[n(2)]
    pub(crate) memory: u32,
}

/// Whose programs may run here.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) enum PeopleRow {
    #[n(0)]
    Everybody,
    #[n(1)]
    Me,
    #[n(2)]
    These {
        #[n(0)]
        persons: Vec<PersonId>,
    },
}

impl Default for SettingsRow {
    fn default() -> Self {
        Self {
            mode: ModeRow::Never,
            until: None,
            idle: ShareRow { cores: 0, percent: 100, memory: 50 },
            used: ShareRow { cores: 0, percent: 50, memory: 25 },
            hours: None,
            on_battery: false,
            on_metered: false,
            people: PeopleRow::Everybody,
            watts: 8,
        }
    }
}

/// A job, its owner's or a deputy's.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct JobRow {
    #[n(0)]
    pub(crate) web: WebId,
    #[n(1)]
    pub(crate) name: String,
    #[n(2)]
    pub(crate) owner: DeviceId,
    #[n(3)]
    pub(crate) person: PersonId,
    #[n(4)]
    pub(crate) trust: TrustRow,
    #[n(5)]
    pub(crate) deputies: Vec<DeviceId>,
    #[n(6)]
    pub(crate) priority: u8,
    #[n(7)]
    pub(crate) state: JobState,
    #[n(8)]
    pub(crate) note: String,
    #[n(9)]
    pub(crate) out: Option<String>,
    #[n(10)]
    pub(crate) since: Timestamp,
    #[n(11)]
    pub(crate) until: Option<Timestamp>,
    /// Steps, in the order in which they are shown and run.
    #[n(12)]
    pub(crate) stages: Vec<u8>,
    /// Number of the last statement.
    #[n(13)]
    pub(crate) statements: u64,
    /// Number of the last run of outcomes.
    #[n(14)]
    pub(crate) order: u64,
    /// Whether results that are known are not used.
    #[n(15)]
    pub(crate) is_anew: bool,
    /// Microseconds that were computed and do not count.
    #[n(16)]
    pub(crate) spent_us: u64,
    /// Units whose results were known.
    #[n(17)]
    pub(crate) known: u64,
    /// What makes the draw of units that are checked: nobody else can know it.
    #[n(18)]
    pub(crate) secret: ContentId,
    /// Of a deputy: the number of the last statement it has from the owner; of an owner: 0.
    #[n(19)]
    pub(crate) copied: u64,
    /// Whether it ends with the process that began it (spec compute, rule 66).
    #[n(20)]
    pub(crate) is_fleeting: Option<bool>,
}

impl JobRow {
    /// Says whether it ends with the process that began it.
    pub(crate) fn is_fleeting(&self) -> bool {
        self.is_fleeting == Some(true)
    }
}

/// How a job is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub(crate) enum JobState {
    /// Programs are looked at, inputs are gathered.
    #[n(0)]
    Gathering,
    #[n(1)]
    Running,
    #[n(2)]
    Paused,
    /// Results are being written.
    #[n(3)]
    Saving,
    #[n(4)]
    Done,
    #[n(5)]
    Failed,
    #[n(6)]
    Cancelled,
}

impl JobState {
    pub(crate) fn is_over(self) -> bool {
        matches!(self, Self::Done | Self::Failed | Self::Cancelled)
    }

    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Gathering => "gathering",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Saving => "saving",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

/// How far results are believed.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct TrustRow {
    #[n(0)]
    pub(crate) kind: TrustKind,
    /// With `Trusted`: whom, besides oneself.
    #[n(1)]
    pub(crate) persons: Vec<PersonId>,
    /// Persons who have to agree.
    #[n(2)]
    pub(crate) quorum: u32,
    /// Persons who are asked at most, before the owner computes it itself.
    #[n(3)]
    pub(crate) most: u32,
    /// Of a million results, how many are made again.
    #[n(4)]
    pub(crate) drawn: u32,
}

/// Ways of believing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub(crate) enum TrustKind {
    #[n(0)]
    Own,
    #[n(1)]
    Trusted,
    #[n(2)]
    Spot,
    #[n(3)]
    Quorum,
    #[n(4)]
    Adaptive,
}

/// A step of a job.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct StageRow {
    #[n(0)]
    pub(crate) announced: Announcement,
    /// Where its program is to be had; empty when it has been taken.
    #[n(1)]
    pub(crate) program: String,
    #[n(2)]
    pub(crate) source: SourceRow,
    #[n(3)]
    pub(crate) total: u64,
    /// Whether no more inputs will come.
    #[n(4)]
    pub(crate) is_closed: bool,
    #[n(5)]
    pub(crate) state: StageState,
    #[n(6)]
    pub(crate) name: String,
    /// Of a deputy that carries on: from this unit on it has made the inputs itself; none where the owner has said all of them.
    #[n(7)]
    pub(crate) told: Option<u64>,
}

impl StageRow {
    /// Returns the units whose outputs are the step's: of a step that joins, what is left in the end.
    pub(crate) fn results(&self) -> Span {
        let first = match self.source {
            SourceRow::Groups { first, .. } if self.is_closed => first.unwrap_or_default(),
            SourceRow::Groups { first: Some(_), .. } => self.total,
            _ => 0,
        };
        Span { first, count: self.total.saturating_sub(first) }
    }

    /// Says whether all inputs are here that can be before some of the units are done.
    pub(crate) fn is_whole(&self) -> bool {
        self.is_closed || matches!(self.source, SourceRow::Groups { first: Some(_), .. })
    }

    /// Returns how many units the round at work has.
    pub(crate) fn round(&self) -> u64 {
        match self.source {
            SourceRow::Groups { first, .. } => self.total.saturating_sub(first.unwrap_or_default()),
            _ => self.total,
        }
    }
}

/// How a step is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub(crate) enum StageState {
    /// For its program, or for the steps before.
    #[n(0)]
    Waiting,
    #[n(1)]
    Running,
    #[n(2)]
    Done,
}

/// Where the inputs of a step come from.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) enum SourceRow {
    /// Numbers.
    #[n(0)]
    Range,
    /// What a person gives.
    #[n(1)]
    Items,
    /// Shared files.
    #[n(2)]
    Files {
        #[n(0)]
        patterns: Vec<String>,
        /// Which pattern is walked, and after which path.
        #[n(1)]
        at: u32,
        #[n(2)]
        after: Option<Bytes>,
    },
    /// Each output of some steps.
    #[n(3)]
    Each {
        #[n(0)]
        stages: Vec<u8>,
    },
    /// Outputs of a step, several at a time, until one is left.
    #[n(4)]
    Groups {
        #[n(0)]
        stage: u8,
        /// The first unit of the round at work: what came of the round before is joined in the units behind.
        #[n(1)]
        first: Option<u64>,
    },
}

/// An input.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct InputRow {
    #[n(0)]
    pub(crate) parts: Vec<InputPart>,
    /// Its path, if it is a file.
    #[n(1)]
    pub(crate) path: String,
    /// The device that shares it.
    #[n(2)]
    pub(crate) at: Option<DeviceId>,
}

/// A part of an input.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) enum InputPart {
    #[n(0)]
    Given {
        #[n(0)]
        part: Part,
    },
    /// What came of a unit of a step before.
    #[n(1)]
    Output {
        #[n(0)]
        stage: u8,
        #[n(1)]
        unit: u64,
    },
}

/// Units that are given out.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct LeaseRow {
    #[n(0)]
    pub(crate) device: DeviceId,
    #[n(1)]
    pub(crate) person: PersonId,
    #[n(2)]
    pub(crate) units: Vec<Span>,
    #[n(3)]
    pub(crate) given: Timestamp,
    /// Whether others have these units, too: a copy near the end.
    #[n(4)]
    pub(crate) is_spare: bool,
}

/// What a computer has signed, with what it is about.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct StatementRow {
    #[n(0)]
    pub(crate) device: DeviceId,
    /// Who took it: the owner, or a deputy.
    #[n(1)]
    pub(crate) via: DeviceId,
    #[n(2)]
    pub(crate) signed: SignedStatement,
    #[n(3)]
    pub(crate) outcomes: Vec<Outcome>,
    /// Of which units of this job it is, where it was signed for another one.
    #[n(4)]
    pub(crate) recalled: Option<Recalled>,
}

impl StatementRow {
    /// Returns what it says of units of a job, one for each outcome; the signature is not looked at.
    pub(crate) fn said(&self, job: RunId) -> Option<Statement> {
        let signed = self.signed.statement()?;
        let Some(recalled) = &self.recalled else { return Some(signed) };
        recalled.of(job, &signed)
    }
}

/// Where a statement that was signed for another job speaks of units of this one.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Recalled {
    #[n(0)]
    pub(crate) stage: u8,
    /// Each unit of this job, ascending, and its place in the statement.
    #[n(1)]
    pub(crate) units: Vec<(u64, u64)>,
}

impl Recalled {
    /// Returns a statement as if it were of this job. It took no time now.
    pub(crate) fn of(&self, job: RunId, signed: &Statement) -> Option<Statement> {
        let units = self.units.iter().map(|(unit, place)| {
            let said = signed.units.get(usize::try_from(*place).ok()?)?;
            Some(Stated { unit: *unit, cpu_us: 0, ..*said })
        });
        let units: Vec<Stated> = units.collect::<Option<_>>()?;
        Some(Statement { job, stage: self.stage, lease: 0, units, what: signed.what })
    }
}

/// Consecutive units that are done.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct OutcomeRow {
    #[n(0)]
    pub(crate) count: u64,
    /// Where the outputs are: a statement, and the place of the first in it.
    #[n(1)]
    pub(crate) statement: u64,
    #[n(2)]
    pub(crate) place: u64,
    #[n(3)]
    pub(crate) order: u64,
    /// Who said so.
    #[n(4)]
    pub(crate) persons: Vec<PersonId>,
    #[n(5)]
    pub(crate) cpu_us: u64,
    /// Where others have said the same: a statement, and the place of the first unit in it.
    #[n(6)]
    pub(crate) also: Option<Vec<(u64, u64)>>,
}

/// A unit that nobody could do.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct ParkedRow {
    #[n(0)]
    pub(crate) outcome: Outcome,
    #[n(1)]
    pub(crate) persons: Vec<PersonId>,
}

/// Work of a person that counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Encode, Decode)]
pub(crate) struct CreditRow {
    #[n(0)]
    pub(crate) units: u64,
    #[n(1)]
    pub(crate) cpu_us: u64,
}

/// How right a person was.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Encode, Decode)]
pub(crate) struct HistoryRow {
    /// Results in a row that others, or this computer, found, too.
    #[n(0)]
    pub(crate) in_row: u64,
    #[n(1)]
    pub(crate) right: u64,
    #[n(2)]
    pub(crate) wrong: u64,
}

/// A result that is known.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct MemoRow {
    #[n(0)]
    pub(crate) outcome: Outcome,
    #[n(1)]
    pub(crate) cpu_us: u64,
    /// How many persons said so; 0: this computer computed it itself.
    #[n(2)]
    pub(crate) persons: u32,
    #[n(3)]
    pub(crate) number: u64,
    /// Whether anybody was free to compute it: only then anybody is told.
    #[n(4)]
    pub(crate) is_open: Option<bool>,
    /// Where it was computed or believed: job, step, unit. Of what was believed the signed results are there.
    #[n(5)]
    pub(crate) at: Option<(RunId, u8, u64)>,
}

/// A step that was announced.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct KnownRow {
    #[n(0)]
    pub(crate) web: WebId,
    #[n(1)]
    pub(crate) owner: DeviceId,
    #[n(2)]
    pub(crate) person: PersonId,
    #[n(3)]
    pub(crate) announced: Announcement,
    #[n(4)]
    pub(crate) is_over: bool,
    #[n(5)]
    pub(crate) heard: Timestamp,
}

/// Work in hand.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct WorkRow {
    /// What is still to do.
    #[n(0)]
    pub(crate) units: Vec<Leased>,
    #[n(1)]
    pub(crate) got: Timestamp,
}

/// Results that have not been taken.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct UnsentRow {
    #[n(0)]
    pub(crate) job: RunId,
    /// Who gave the work.
    #[n(1)]
    pub(crate) to: DeviceId,
    #[n(2)]
    pub(crate) signed: SignedStatement,
    #[n(3)]
    pub(crate) outcomes: Vec<Outcome>,
    #[n(4)]
    pub(crate) made: Timestamp,
}

/// For whom this computer has worked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub(crate) struct UsedRow {
    #[n(0)]
    pub(crate) cpu_us: u64,
    #[n(1)]
    pub(crate) at: Timestamp,
}

/// A wrong result that somebody told of.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct WrongRow {
    #[n(0)]
    pub(crate) wrong: Wrong,
    /// Whether its signature is right.
    #[n(1)]
    pub(crate) is_signed: bool,
}

/// Units done lately.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
pub(crate) struct SpeedRow {
    /// When the last span began.
    #[n(0)]
    pub(crate) began: Timestamp,
    /// Units in each span, last one first.
    #[n(1)]
    pub(crate) spans: Vec<u32>,
}

/// What this computer is doing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
pub(crate) struct HereRow {
    #[n(0)]
    pub(crate) state: Option<WorkState>,
    #[n(1)]
    pub(crate) why: String,
    #[n(2)]
    pub(crate) idle_ms: Option<u64>,
    /// When it was so.
    #[n(3)]
    pub(crate) at: Timestamp,
    #[n(4)]
    pub(crate) source: String,
    #[n(5)]
    pub(crate) cores: u32,
    #[n(6)]
    pub(crate) on_battery: Option<bool>,
    #[n(7)]
    pub(crate) running: u64,
}

/// How a computer said it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub(crate) struct StateRow {
    #[n(0)]
    pub(crate) state: WorkState,
    #[n(1)]
    pub(crate) at: Timestamp,
}
