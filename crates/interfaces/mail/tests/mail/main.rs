//! Mail over real sockets, with the example's post office on files.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::format_collect,
    reason = "a test that fails here has found something"
)]

#[path = "../../examples/mail-desk/account.rs"]
mod account;
#[path = "../../examples/mail-desk/desk.rs"]
mod desk;
#[path = "../../examples/mail-desk/folder.rs"]
mod folder;

mod house;
mod imap;
mod mangled;
mod smtp;
