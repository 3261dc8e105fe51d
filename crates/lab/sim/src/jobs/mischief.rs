//! Mistakes planted into a peer's compute service, one kind for each claim of the checkers: a checker that has never failed
//! proves nothing. The service itself knows nothing of it: inputs are kept from it or changed, rows changed behind it.

use std::ops::Bound;

use base::Fault;
use compute::jobs::{Outcome, RunReport};
use kernel::{Input, Reader, Service, Step};
use serde_json::Value;
use store::{Rows, RowsMut};

/// A mistake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mischief {
    /// A unit that is done is lost.
    LosesUnit,
    /// A run of units says that it has one more than it has.
    CountsTwice,
    /// It believes everybody alone where it was asked to believe two.
    BelievesOne,
    /// It changes an output that it has taken.
    ChangesOutput,
    /// A unit that nobody can do is lost.
    LosesParked,
    /// It hears nobody who asks for work.
    HearsNoAsking,
    /// It hears no results, its own among them.
    HearsNoResults,
    /// It forgets whom it has shut out.
    ForgetsShutOut,
    /// It does not know whom it has shut out when it gives out work.
    OverlooksShutOut,
    /// It credits units that nobody has computed.
    CreditsMore,
    /// It loses the evidence it has.
    LosesEvidence,
    /// It loses who has signed evidence.
    LosesSignatures,
    /// A worker that hears nobody who has taken its results.
    HearsNoTaking,
    /// A worker whose results are others than its sandbox gave.
    Lies,
    /// It does not join outputs.
    JoinsNothing,
    /// It writes nothing.
    SavesNothing,
    /// It does not end a job that is cancelled.
    CancelsNothing,
    /// It tells nobody what it knows.
    TellsNothingKnown,
    /// Its step panics.
    Panics,
}

/// A service with a mistake in it.
pub(crate) struct Mischievous {
    pub(crate) inner: Box<dyn Service>,
    pub(crate) mischief: Mischief,
}

impl Service for Mischievous {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    fn listens_to(&self) -> &'static [&'static str] {
        self.inner.listens_to()
    }

    fn step(&mut self, step: &mut Step<'_>, mut input: Input) -> Result<(), Fault> {
        if self.keeps_back(&input) {
            return Ok(());
        }
        if let Input::Asked { operation, arguments, .. } = &mut input {
            self.bend(step, operation, arguments);
        }
        if self.mischief == Mischief::Lies {
            lie(&mut input);
        }
        let hidden = match self.mischief {
            Mischief::OverlooksShutOut => take_all(step, "compute.shut_out"),
            _ => Vec::new(),
        };
        let done = self.inner.step(step, input);
        for (key, value) in hidden {
            step.rows().put("compute.shut_out", &key, value);
        }
        self.spoil(step);
        done
    }

    fn close_batch(&mut self, step: &mut Step<'_>) -> Result<(), Fault> {
        self.inner.close_batch(step)
    }

    fn forget(&mut self) {
        self.inner.forget();
    }

    fn reader(&self) -> Box<dyn Reader> {
        self.inner.reader()
    }
}

impl Mischievous {
    /// Says whether the service never hears of this.
    #[expect(clippy::panic, reason = "the mistake that is planted")]
    fn keeps_back(&self, input: &Input) -> bool {
        let says =
            |kind: u8| matches!(input, Input::Heard { message, .. } if super::kind_of(message) == Some(kind));
        match self.mischief {
            Mischief::HearsNoAsking => says(0),
            Mischief::HearsNoResults => {
                says(3) || matches!(input, Input::Progress { .. } if is_results(input))
            }
            Mischief::HearsNoTaking => says(4),
            Mischief::TellsNothingKnown => says(14),
            Mischief::CancelsNothing => {
                matches!(input, Input::Asked { operation, .. } if operation == "compute.cancel")
            }
            Mischief::Panics if says(3) => panic!("as it was told to"),
            _ => false,
        }
    }

    /// Changes what a person asks for.
    fn bend(&self, step: &Step<'_>, operation: &str, arguments: &mut Value) {
        let Some(arguments) = arguments.as_object_mut().filter(|_| operation == "compute.map") else {
            return;
        };
        match self.mischief {
            Mischief::BelievesOne => {
                arguments.insert("trust".to_owned(), "trusted".into());
                arguments.insert("people".to_owned(), everybody(step).into());
                arguments.remove("quorum");
            }
            Mischief::JoinsNothing => drop(arguments.remove("reduce")),
            Mischief::SavesNothing => drop(arguments.remove("out")),
            _ => {}
        }
    }

    /// Changes rows that the service has written.
    fn spoil(&self, step: &mut Step<'_>) {
        match self.mischief {
            Mischief::LosesUnit => drop_first(step, "compute.outcomes"),
            Mischief::LosesParked => drop_first(step, "compute.parked"),
            Mischief::ForgetsShutOut => drop(take_all(step, "compute.shut_out")),
            Mischief::LosesEvidence => drop(take_all(step, "compute.wrong")),
            // `[count, …`: counts below 24 are one byte.
            Mischief::CountsTwice => change_first(step, "compute.outcomes", |row| {
                row.get_mut(1).filter(|count| **count == 1).into_iter().for_each(|count| *count += 1);
            }),
            Mischief::CreditsMore => change_first(step, "compute.credits", |row| {
                row.get_mut(1).filter(|count| **count < 23).into_iter().for_each(|count| *count += 1);
            }),
            // `[wrong, is signed]`.
            Mischief::LosesSignatures => change_first(step, "compute.wrong", |row| {
                row.last_mut().into_iter().for_each(|is_signed| *is_signed = 0xf4);
            }),
            // `[device, via, signed, [[0, [output]], …`: the last byte of the last outcome.
            Mischief::ChangesOutput => change_first(step, "compute.statements", |row| {
                row.last_mut()
                    .filter(|digit| digit.is_ascii_digit())
                    .into_iter()
                    .for_each(|digit| *digit ^= 1);
            }),
            _ => {}
        }
    }
}

/// Labels of all other members.
fn everybody(step: &Step<'_>) -> Vec<String> {
    let me = people::read::my_person(step.view()).ok().flatten();
    let webs = people::read::webs(step.view()).unwrap_or_default();
    let members = webs.iter().flat_map(|web| people::read::members(step.view(), web.id).unwrap_or_default());
    members.filter(|one| Some(one.person) != me).map(|one| one.label).collect()
}

/// Says whether a report is of units that were run, and not of how this computer is.
fn is_results(input: &Input) -> bool {
    matches!(input, Input::Progress { report, .. }
        if compute::jobs::from_bytes::<RunReport>(report).is_ok_and(|one| !one.results.is_empty()))
}

/// Puts something else in place of what a sandbox has found.
fn lie(input: &mut Input) {
    let Input::Progress { report, .. } = input else { return };
    let Ok(mut read) = compute::jobs::from_bytes::<RunReport>(report) else { return };
    for result in &mut read.results {
        if let Outcome::Output { bytes } = &mut result.outcome {
            *bytes = b"3999999999".to_vec().into();
        }
    }
    if !read.results.is_empty() {
        *report = compute::jobs::to_bytes(&read);
    }
}

fn rows_of(step: &Step<'_>, table: &'static str) -> Vec<(Vec<u8>, Vec<u8>)> {
    step.view().range(table, Bound::Unbounded, Bound::Unbounded).filter_map(Result::ok).collect()
}

fn take_all(step: &mut Step<'_>, table: &'static str) -> Vec<(Vec<u8>, Vec<u8>)> {
    let rows = rows_of(step, table);
    for (key, _) in &rows {
        step.rows().delete(table, key);
    }
    rows
}

/// Only when there are others: a first one that is lost each time would be a service that never does anything.
fn drop_first(step: &mut Step<'_>, table: &'static str) {
    if let [(key, _), _, ..] = rows_of(step, table).as_slice() {
        step.rows().delete(table, key);
    }
}

fn change_first(step: &mut Step<'_>, table: &'static str, change: fn(&mut Vec<u8>)) {
    if let Some((key, mut value)) = rows_of(step, table).into_iter().next() {
        change(&mut value);
        step.rows().put(table, &key, value);
    }
}
