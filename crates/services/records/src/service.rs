//! The service as the kernel meets it.

use base::Fault;
use kernel::{Input, ReadContext, Reader, Service, Step};

/// Spreads signed facts. Its fields are caches and half-finished conversations; rows are the truth.
#[derive(Debug, Default)]
pub struct Records {}

/// Makes the service.
pub fn service() -> Records {
    Records::default()
}

impl Service for Records {
    fn name(&self) -> &'static str {
        "records"
    }

    fn step(&mut self, step: &mut Step<'_>, input: Input) -> Result<(), Fault> {
        let _ = (step, input);
        Ok(())
    }

    fn forget(&mut self) {}

    fn reader(&self) -> Box<dyn Reader> {
        Box::new(NoReads)
    }
}

/// This service has no read operations.
struct NoReads;

impl Reader for NoReads {
    fn read(&self, _: &ReadContext<'_>, operation: &str, _: serde_json::Value) -> Result<serde_json::Value, Fault> {
        Err(Fault::new("records.no-reads", base::FaultKind::Yours, format!("there is no operation {operation}")))
    }
}
