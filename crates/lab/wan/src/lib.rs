//! A WAN on one machine: hosts in network namespaces, behind routers with NAT, on sites that an Internet of ours joins.
//!
//! The kernel does what it does in a real router (nftables: NAT; tc: rates); a seeded program in user space delays,
//! drops and reorders packets between sites, because `netem` is missing in many kernels. Everything lives in private
//! namespaces of one process tree, so nothing is left on the machine however it ends. Not for: measuring the
//! limits of a fast network (every packet between sites passes two system calls of ours).

mod chance;
mod delivery;
mod forwarder;
mod internet;
mod machine;
mod path;
mod registry;
mod stage;
mod world;

pub use chance::Chance;
pub use forwarder::Forwarder;
pub use internet::Count;
pub use machine::{Machine, missing_programs};
pub use path::{Path, Quality, Verdict};
pub use registry::{Standing, standing};
pub use stage::{Entered, NotAllowed, command_in, enter};
pub use world::{Host, Nat, Site, World};
