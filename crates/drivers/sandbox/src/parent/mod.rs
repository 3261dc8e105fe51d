//! The driver's side in the peer: takes jobs, holds the reins of the children, reports.

mod agents;
mod desk;
mod driver;
mod lane;
mod library;
mod process;
mod reins;
mod save;
mod stream;
mod take;

pub use driver::{CHECKPOINT_EVERY, Config, ProgramCommand, Sandbox};
pub use library::Library;
pub(crate) use reins::{Children, Owner};
