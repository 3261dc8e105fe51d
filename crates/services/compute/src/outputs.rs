//! What came of units: for the next step, for a person, for the disk. Reads rows; remembers the statement it read last.

use base::{ContentId, RunId};
use store::{Rows, StoreError};

use crate::jobs::Outcome;
use crate::messages::{CHUNK, Part};
use crate::tables::{INPUTS, InputPart, InputRow, OUTCOMES, OutcomeRow, PARKED, STATEMENTS, StatementRow};

/// Reads outcomes of one job.
#[derive(Debug)]
pub(crate) struct Outputs {
    job: RunId,
    statement: Option<(u64, StatementRow)>,
    chunk: Option<((u8, u64), Vec<InputRow>)>,
}

impl Outputs {
    pub(crate) fn new(job: RunId) -> Self {
        Self { job, statement: None, chunk: None }
    }

    /// Returns the run of units that a unit is in, with the number of its first one.
    pub(crate) fn run<R: Rows + ?Sized>(
        &self,
        rows: &R,
        stage: u8,
        unit: u64,
    ) -> Result<Option<(u64, OutcomeRow)>, StoreError> {
        // Runs do not overlap and are at most as long as a statement: the nearest one that begins before is the only one.
        for first in (unit.saturating_sub(crate::jobs::UNITS_MAX as u64)..=unit).rev() {
            if let Some(row) = OUTCOMES.get(rows, &(self.job, stage, first))? {
                let is_in = unit < first.saturating_add(row.count);
                return Ok(is_in.then_some((first, row)));
            }
        }
        Ok(None)
    }

    /// Returns what came of a unit that is done.
    pub(crate) fn outcome<R: Rows + ?Sized>(
        &mut self,
        rows: &R,
        stage: u8,
        unit: u64,
    ) -> Result<Option<Outcome>, StoreError> {
        let Some((first, row)) = self.run(rows, stage, unit)? else {
            return Ok(PARKED.get(rows, &(self.job, stage, unit))?.map(|row| row.outcome));
        };
        self.at(rows, row.statement, row.place.saturating_add(unit.saturating_sub(first)))
    }

    /// Returns an outcome by its place in a statement.
    pub(crate) fn at<R: Rows + ?Sized>(
        &mut self,
        rows: &R,
        statement: u64,
        place: u64,
    ) -> Result<Option<Outcome>, StoreError> {
        if self.statement.as_ref().is_none_or(|(number, _)| *number != statement) {
            self.statement = STATEMENTS.get(rows, &(self.job, statement))?.map(|row| (statement, row));
        }
        let place = usize::try_from(place).unwrap_or(usize::MAX);
        Ok(self.statement.as_ref().and_then(|(_, row)| row.outcomes.get(place).cloned()))
    }

    /// Returns a unit's input as it stands in the rows.
    pub(crate) fn input<R: Rows + ?Sized>(
        &mut self,
        rows: &R,
        stage: u8,
        unit: u64,
    ) -> Result<Option<InputRow>, StoreError> {
        let at = (stage, unit / CHUNK);
        if self.chunk.as_ref().is_none_or(|(known, _)| *known != at) {
            self.chunk = INPUTS.get(rows, &(self.job, stage, at.1))?.map(|inputs| (at, inputs));
        }
        let place = usize::try_from(unit % CHUNK).unwrap_or(usize::MAX);
        Ok(self.chunk.as_ref().and_then(|(_, inputs)| inputs.get(place).cloned()))
    }

    /// Returns the parts of a unit's input, those that are outputs of other units among them.
    pub(crate) fn parts<R: Rows + ?Sized>(
        &mut self,
        rows: &R,
        stage: u8,
        unit: u64,
    ) -> Result<Vec<Part>, StoreError> {
        let Some(input) = self.input(rows, stage, unit)? else { return Ok(Vec::new()) };
        let mut parts = Vec::with_capacity(input.parts.len());
        for part in input.parts {
            match part {
                InputPart::Given { part } => parts.push(part),
                InputPart::Output { stage, unit } => match self.outcome(rows, stage, unit)? {
                    Some(Outcome::Output { bytes }) => parts.push(Part::Inline { bytes }),
                    Some(Outcome::Large { content, size }) => {
                        parts.push(Part::Content { content, size, from: None });
                    }
                    _ => {}
                },
            }
        }
        Ok(parts)
    }

    /// Returns the hashes of these parts.
    pub(crate) fn hashes<R: Rows + ?Sized>(
        &mut self,
        rows: &R,
        stage: u8,
        unit: u64,
    ) -> Result<Vec<ContentId>, StoreError> {
        Ok(self.parts(rows, stage, unit)?.iter().map(Part::hash).collect())
    }
}
