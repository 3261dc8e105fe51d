//! Many peers from one seed: the real deciders, with loss, power cuts, liars and bad clocks.
//!
//! `cargo xtask sim --seed N --peers N --hours N` replays a run exactly. The checkers in [`check`] are code apart from
//! what they check. Not for: measuring speed, or anything with a real clock or socket.

pub mod alarms;
pub mod check;
pub mod check_mirror;
pub mod check_search;
pub mod crowd;
pub mod dice;
pub mod disk;
mod drivers;
mod family;
mod index;
pub mod jobs;
pub mod ledgers;
pub mod lone;
mod lying;
pub mod mails;
pub mod mirrors;
pub mod outbreaks;
mod peer;
pub mod programs;
pub mod scale;
mod searching;
pub mod talks;
pub mod texts;
pub mod town;
pub mod trust;
pub mod vault;
mod watch;
mod world;
pub mod worm;
pub mod writing;

pub use drivers::sealed_id;
pub use index::Index;
pub use lying::{Liar, Message, bomb, wish};
pub use peer::SimPeer;
pub use searching::SearchTally;
pub use watch::Watch;
pub use world::{PeerIndex, Tally, Weather, World};
