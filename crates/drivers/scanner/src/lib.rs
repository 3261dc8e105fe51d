//! The scanner driver: looks through contents with YARA rules, in a limited process of its own.
//!
//! ```text
//! kernel ── COMPILE ─▶ lane ──▶ fresh child: source of rules → compiled rules ──▶ cache
//!        ── SCAN ────▶ lane ──▶ child: pulls the bytes it wants, unpacks, answers with findings
//!                         └──▶ clamd, when there is one: a second opinion
//! ```
//!
//! The encodings of the jobs stand in `guard::jobs`; what is defended and how in `decisions/scanner.md`. No byte of a content
//! or of a rule is parsed in the process of the peer. What could not be looked at is told, never passed over as clean.
//! Not for: what follows from a finding (`guard`), and where contents are kept (`network`).

mod child;
mod frames;
mod limits;
mod parent;
mod rules;

pub use child::scanner_main;
pub use parent::{Config, Library, ProgramCommand, Scanner};
pub use rules::{BUILT_IN, built_in_set, describe};
