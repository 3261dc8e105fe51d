//! The sandbox driver: runs units of other people's programs, in WASM, in limited processes of their own.
//!
//! ```text
//! kernel ── RUN ──▶ driver ── one lane per core ──▶ runner process: a fresh instance for each unit
//!        ── TAKE ─▶ desk ───────────────────────▶ compiler process ──▶ cache of sealed native code
//!        ── SET ──▶ reins: stop and go on, at once, by signals to the processes
//! ```
//!
//! How programs take their input stands in `specs/compute-programs.md`, what is defended and how in
//! `decisions/sandbox.md`. No program's code ever runs in the process of the peer. Not for: which unit runs where
//! (`compute`), and when this computer is idle (`idle`).

mod abi;
mod cache;
mod compile;
mod engine;
mod frames;
mod limits;
mod parent;
mod runner;

pub use compile::compiler_main;
pub use parent::{CHECKPOINT_EVERY, Config, Library, ProgramCommand, Sandbox};
pub use runner::runner_main;
