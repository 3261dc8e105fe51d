//! The sandbox with its real child processes: what programs get, what Mallory's programs get, and what stops when it should.

mod attacks;
mod house;
mod ordinary;
mod pausing;
mod programs;
mod taking;
