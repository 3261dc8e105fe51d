//! The idle driver: says whether anybody uses this computer, and what computing for others should know of it.
//!
//! One thread of its own asks whatever knows best when a key or the mouse was touched, and reads the rest (battery, load,
//! memory, a metered line, sleep) from the system. It only tells: what follows from it, `compute` decides. The encoding of
//! the reports stands in `compute::jobs`. Nothing is inhibited, nothing is started: a desktop's service that does not run is
//! left alone. Not for: pausing work (`sandbox`), and other systems than Linux.

mod bus;
mod driver;
mod fresh;
mod logind;
mod machine;
mod measure;
mod places;
mod sources;
mod terminals;
#[cfg(test)]
mod tests;
mod watch;
mod x11;

pub use driver::Idle;
pub use places::Places;
