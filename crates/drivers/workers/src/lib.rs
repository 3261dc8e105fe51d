//! Drivers for work on this computer's own files: walking, watching and hashing shared folders.
//!
//! Also seals new keys to the members of large webs (`people::jobs`). The encodings of the jobs stand in `files::jobs`. Nothing here decides what is shared or writes to a shared
//! folder, nothing leaves the folder it was given (symbolic links are shown, never followed), and nothing runs
//! on the thread that gives the work. Not for: contents that travel (`network`).

mod folder;
mod hash;
mod lanes;
mod queue;
mod report;
mod walk;
mod watch;
mod watched;
mod workers;

pub use workers::Workers;

#[cfg(test)]
mod tests;
