//! A map over many inputs: one open job, fed as fast as the peer takes it, read as results come.

use std::collections::VecDeque;

use api::compute::{CancelJob, ForgetJob, JobResults, Map, Push, UnitView, WaitResults};
use base::{Fault, FaultKind, RunId};
use data_encoding::BASE64;

use crate::{Client, garbled};

/// Inputs and bytes of them pushed at once: a part of what `compute.push` takes, so that results come meanwhile.
const PUSH_ITEMS: usize = 1_000;
const PUSH_SIZE: usize = 1024 * 1024;
/// Inputs that are ahead of their results at most.
const AHEAD: u64 = 20_000;

/// What came of one input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// The place of the input, from 0.
    pub unit: u64,
    /// What the program gave.
    pub bytes: Vec<u8>,
    /// Who computed it.
    pub who: Vec<String>,
}

/// Outputs, in the order in which they come. Dropped before its end, the job is cancelled; afterwards it is forgotten.
#[derive(Debug)]
pub struct Outputs<I> {
    client: Client,
    job: RunId,
    inputs: Option<I>,
    pushed: u64,
    came: u64,
    after: u64,
    ready: VecDeque<UnitView>,
    is_over: bool,
}

impl Client {
    /// Maps a program over inputs. `job` says program, web and the rest; its inputs are those given here.
    pub fn map<I>(&self, job: Map, inputs: I) -> Result<Outputs<I::IntoIter>, Fault>
    where
        I: IntoIterator<Item = Vec<u8>>,
    {
        let view =
            self.ask(&Map { is_open: true, items: Vec::new(), range: None, inputs: Vec::new(), ..job })?;
        Ok(Outputs {
            client: self.clone(),
            job: view.id,
            inputs: Some(inputs.into_iter()),
            pushed: 0,
            came: 0,
            after: 0,
            ready: VecDeque::new(),
            is_over: false,
        })
    }
}

impl<I: Iterator<Item = Vec<u8>>> Outputs<I> {
    /// Returns the job's id, as the command line takes it.
    pub fn job(&self) -> RunId {
        self.job
    }

    fn push(&mut self) -> Result<(), Fault> {
        let Some(inputs) = &mut self.inputs else { return Ok(()) };
        if self.pushed - self.came > AHEAD {
            return Ok(());
        }
        let (mut items, mut size) = (Vec::new(), 0);
        let mut is_last = false;
        while items.len() < PUSH_ITEMS && size < PUSH_SIZE {
            let Some(input) = inputs.next() else {
                is_last = true;
                break;
            };
            size += input.len();
            items.push(BASE64.encode(&input));
        }
        self.pushed += items.len() as u64;
        self.client.ask(&Push { id: self.job.to_string(), items, is_last })?;
        if is_last {
            self.inputs = None;
        }
        Ok(())
    }

    fn wait(&mut self) -> Result<(), Fault> {
        let wait = WaitResults { id: self.job.to_string(), after: self.after };
        let JobResults { results, next, is_over, .. } = self.client.ask(&wait)?;
        self.after = next;
        self.came += results.len() as u64;
        self.ready.extend(results);
        self.is_over = is_over;
        Ok(())
    }

    fn output(&self, view: UnitView) -> Result<Output, Fault> {
        let UnitView { unit, base64, content, failure, who, .. } = view;
        if !failure.is_empty() {
            let what = format!("unit {unit} has no output: {failure}");
            return Err(Fault::new("client.unit-failed", FaultKind::Yours, what));
        }
        let bytes = match (base64, content) {
            (Some(text), _) => BASE64.decode(text.as_bytes()).map_err(|error| garbled(&error))?,
            (None, Some(content)) => self.client.content(content)?,
            (None, None) => Vec::new(),
        };
        Ok(Output { unit, bytes, who })
    }
}

impl<I: Iterator<Item = Vec<u8>>> Iterator for Outputs<I> {
    type Item = Result<Output, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(view) = self.ready.pop_front() {
                return Some(self.output(view));
            }
            if self.is_over {
                return None;
            }
            if let Err(fault) = self.push().and_then(|()| self.wait()) {
                self.is_over = true;
                return Some(Err(fault));
            }
        }
    }
}

impl<I> Drop for Outputs<I> {
    fn drop(&mut self) {
        let id = self.job.to_string();
        if !self.is_over {
            // Whoever lets go wants no more; a peer that does not answer has ended it itself.
            let _is_cancelled = self.client.ask(&CancelJob { id: id.clone() }).is_ok();
        }
        let _is_forgotten = self.client.ask(&ForgetJob { id }).is_ok();
    }
}
