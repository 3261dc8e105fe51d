//! The scanner as the kernel asks it, with its real child process.

mod archives;
mod clamd;
mod house;
mod plain;
mod rules;
mod samples;
mod trouble;
