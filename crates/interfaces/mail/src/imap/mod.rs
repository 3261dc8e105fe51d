//! `IMAP4rev1` (RFC 3501) for one person's mail programs.
//!
//! Not for: keeping anything. A session has a view of one folder, and tells its mail program of changes where the
//! protocol allows it.

mod append;
mod change;
mod command;
mod fetch;
mod folders;
mod idle;
mod outlines;
mod read;
mod recents;
mod reply;
mod search;
mod section;
mod session;
mod sets;
#[cfg(test)]
mod tests;
pub(crate) mod text;
mod view;
pub(crate) mod words;

pub(crate) use recents::Recents;
pub(crate) use session::serve;
