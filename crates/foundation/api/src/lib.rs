//! What a person may ask and hear: one table of operations, from which every face is made.
//!
//! The CLI's commands, the HTTP paths, `openapi.json`, the TypeScript client, `docs/operations.md` and the shell
//! completions all come from [`table`]. Not for: answering; services do that.

pub mod agents;
pub mod compute;
mod event;
pub mod files;
pub mod guard;
pub mod host;
pub mod ledger;
pub mod mail;
mod operation;
pub mod pages;
pub mod people;
pub mod persons;
pub mod search;
pub mod talk;
pub mod tunnels;

pub use event::{Event, EventNumber};
pub use operation::{Kind, Operation, OperationEntry, answer_schema, arguments_schema};

/// Returns every operation, in the order of the manual.
pub fn table() -> Vec<OperationEntry> {
    [
        people::operations(),
        persons::operations(),
        files::operations(),
        search::operations(),
        pages::operations(),
        talk::operations(),
        mail::operations(),
        ledger::operations(),
        compute::operations(),
        tunnels::operations(),
        guard::operations(),
        agents::operations(),
        host::operations(),
    ]
    .concat()
}

/// Returns the operation of that name.
pub fn find(name: &str) -> Option<OperationEntry> {
    table().into_iter().find(|entry| entry.name == name)
}
