//! Programs over data on everybody's idle processors, with answers one can trust (`specs/compute.md`).

pub mod jobs;
