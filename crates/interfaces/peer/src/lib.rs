//! A peer: the house put together. Configuration, the home, the kernel's thread, and who starts and stops when.
//!
//! Start: home, store, kernel, drivers, interfaces. Stop: interfaces, drivers, kernel, store. Nothing here decides
//! anything about webs, persons or files; services do that.

mod config;
mod engine;
mod error;
mod export;
mod home;
mod host;
mod keys;
mod net;
mod peer;
mod ports;
mod status;
mod vault;
mod words;

pub use config::{CONFIG_FILE, Config, Origin, Set, Setting};
pub use error::{PeerError, faults};
pub use home::{Home, home_from_environment, socket_path};
pub use peer::{Ending, Peer, READ_DOCUMENTS, read_documents};

#[cfg(test)]
mod tests;
