//! The one loop: a batch of inputs, one transaction, a commit, then the effects leave.
//!
//! Services decide, drivers act, the kernel carries words between them and knows neither. It has no clock, no
//! dice, no sockets and no files of its own: whoever runs it (a peer, the simulator) brings the time and a seed.

mod alarms;
mod asks;
mod batch;
mod events;
mod faults;
mod inbox;
mod input;
mod keyring;
mod readers;
mod run;
mod service;
mod step;

pub use events::{EventPage, events_after, last_event};
pub use faults::faults;
pub use input::{AskId, Channel, Effect, Input, Job, JobFailure, JobId, RelayAccess};
pub use keyring::Keyring;
pub use readers::Readers;
pub use run::{Kernel, KernelError, Pause};
pub use service::{Driver, ReadContext, Reader, Service, Vault};
pub use step::Step;

#[cfg(test)]
mod tests;
