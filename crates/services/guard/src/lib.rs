//! The guard: what harms is held where it is seen, others are warned, and each verifies by itself (`specs/guard.md`).
//!
//! Decides only: contents are looked through by the scanner, through [`jobs`]. Not for: deleting anything.

pub mod jobs;
