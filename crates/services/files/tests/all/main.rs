//! Tries `files` as peers meet it: real kernels with records, people and files, wires between them, folders and
//! contents that exist in memory only, virtual time.

mod disk;
mod getting;
mod hostile;
mod sharing;
mod town;
