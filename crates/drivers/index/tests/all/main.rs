//! The index driver with real indexes on disk and its real child process.

mod damage;
mod documents;
mod house;
mod names;
mod texts;
