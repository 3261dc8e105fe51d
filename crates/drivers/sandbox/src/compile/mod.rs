//! Compiling, in a child process that is limited and thrown away after one program.

mod child;
mod parent;

pub use child::compiler_main;
pub(crate) use parent::{Compiling, compile};

/// Seconds of processor time that compiling one program may take: a `CPython` of 18 MB takes about 15.
pub(crate) const CPU_MAX_S: u64 = 90;
/// Bytes of address space of the compiler.
pub(crate) const MEMORY_MAX: u64 = 4 << 30;
