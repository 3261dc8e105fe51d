//! The gateways in action: a small host behind them, real sockets before them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stdout,
    reason = "tests fail by panicking"
)]

mod hostile;
mod house;
mod load;
mod sites;
mod sites_live;
mod surface;
mod views;
