//! `search` in small towns: real kernels and services, and an index in maps (`lab/sim`).

mod finding;
mod hostile;
mod indexes;
mod keeping;
mod town;
