//! The peer's side: takes jobs, finds bytes, keeps compiled rules, and watches over the child.

mod cache;
mod clamd;
mod driver;
mod lane;
mod library;
mod line;
mod process;

pub use driver::{Config, ProgramCommand, Scanner};
pub use library::Library;
