//! The service as the kernel meets it: which input leads where.

use api::Operation;
use api::tunnels::{CloseTunnel, OfferTunnel, OpenTunnel, WithdrawTunnel};
use base::Fault;
use kernel::{AskId, Input, Reader, Service, Step};
use records::Told;
use serde_json::Value;

use crate::offering;
use crate::opening::Open;
use crate::reading::{TunnelsReader, arguments_of, unknown};
use crate::uses;

/// Makes the service.
pub fn service() -> Tunnels {
    Tunnels::default()
}

/// Tunnels. Its field is the driver's work, begun anew after a start.
#[derive(Debug, Default)]
pub struct Tunnels {
    open: Open,
}

impl Service for Tunnels {
    fn name(&self) -> &'static str {
        "tunnels"
    }

    fn step(&mut self, step: &mut Step<'_>, input: Input) -> Result<(), Fault> {
        match input {
            Input::Started => self.open.start(step),
            Input::Told { by: "records", message } => match Told::from_bytes(&message) {
                Ok(Told::Record { web, author, body, .. }) => offering::hear(step, web, author, &body),
                _ => Ok(()),
            },
            Input::Asked { ask, operation, arguments } => self.ask(step, ask, &operation, arguments),
            Input::Noticed { kind, report } => uses::note(step, kind, &report),
            Input::Progress { job, report } => self.open.hear(step, job, &report),
            Input::Finished { job, outcome } => self.open.hear_end(step, job, &outcome),
            _ => Ok(()),
        }
    }

    fn forget(&mut self) {
        self.open.forget();
    }

    fn reader(&self) -> Box<dyn Reader> {
        Box::new(TunnelsReader)
    }
}

impl Tunnels {
    fn ask(
        &mut self,
        step: &mut Step<'_>,
        ask: AskId,
        operation: &str,
        arguments: Value,
    ) -> Result<(), Fault> {
        match operation {
            OfferTunnel::NAME => offering::offer(step, ask, &arguments_of(operation, arguments)?),
            WithdrawTunnel::NAME => offering::withdraw(step, ask, &arguments_of(operation, arguments)?),
            OpenTunnel::NAME => self.open.open(step, ask, &arguments_of(operation, arguments)?),
            CloseTunnel::NAME => self.open.close(step, ask, &arguments_of(operation, arguments)?),
            _ => Err(unknown(operation)),
        }
    }
}
