//! A peer: the house put together. Configuration, the home, the kernel's thread, and who starts and stops when.
//!
//! Start: home, store, kernel, drivers, interfaces. Stop: interfaces, drivers, kernel, store. Nothing here decides
//! anything about webs, persons or files; services do that.

mod components;
mod computing;
mod config;
mod engine;
mod error;
mod export;
mod exporting;
mod guarded;
mod home;
mod host;
mod keys;
mod links;
mod mail;
mod memory;
mod net;
mod peer;
mod place;
mod ports;
mod renew;
mod status;
mod vault;
mod words;

pub use computing::{COMPILE, RUN_UNITS, compile_programs, run_units};
pub use config::{CONFIG_FILE, Config, Origin, Set, Setting};
pub use error::{PeerError, faults};
pub use home::{Home, home_from_environment, keys_path, socket_path};
pub use keys::{
    PASSPHRASE_LENGTH_MIN, PASSPHRASE_SIZE_MAX, Passphrase, Protect, Protection, check_passphrase, protect,
    protection,
};
pub use memory::keep_memory_private;
pub use peer::{
    Ending, LOOK_THROUGH, Peer, READ_DOCUMENTS, RENDER, Start, look_through, read_documents, render_files,
};
pub use place::Claim;

#[cfg(test)]
mod tests;
