//! The one loop: a batch of inputs, one transaction, a commit, then the effects leave.
//!
//! Services decide, drivers act, the kernel carries words between them and knows neither. It has no clock, no
//! dice, no sockets and no files of its own: whoever runs it (a peer, the simulator) brings the time and a seed.

mod events;
mod input;
mod keyring;
mod run;
mod service;
mod step;

pub use events::{EventPage, events_after, last_event};
pub use input::{AskId, Channel, Effect, Input, Job, JobFailure, JobId};
pub use keyring::Keyring;
pub use run::{Kernel, KernelError, Pause};
pub use service::{Driver, Reader, ReadContext, Service, Vault};
pub use step::Step;
