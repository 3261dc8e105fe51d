//! What a person is told when the kernel itself, not a service, can't do something.

use base::{Fault, FaultKind};

/// Returns one fault of each kind this crate makes, for the list of all messages.
pub fn faults() -> Vec<Fault> {
    vec![
        unknown_operation("files.fold"),
        panicked("files.get", "index out of bounds"),
        paused("files", "index out of bounds"),
        operation_id_reused("files.get"),
        interrupted("files.get"),
        crate::KernelError::SameName { service: "files" }.into(),
    ]
}

pub(crate) fn unknown_operation(operation: &str) -> Fault {
    Fault::new("kernel.unknown-operation", FaultKind::Yours, format!("there is no operation {operation:?}"))
        .remedy("althing help", "lists what can be asked")
}

pub(crate) fn panicked(operation: &str, why: &str) -> Fault {
    let what = format!("{operation} failed by a mistake in Althing itself ({why}); nothing was changed");
    Fault::new("kernel.panicked", FaultKind::Broken, what)
        .remedy("althing status", "shows whether that part of Althing goes on")
}

pub(crate) fn paused(service: &str, why: &str) -> Fault {
    let what = format!("{service} is paused after repeated mistakes in Althing itself (the last one: {why})");
    Fault::new("kernel.paused", FaultKind::Broken, what)
        .remedy("althing stop", "and start again: what waits for this part is taken up then")
}

pub(crate) fn operation_id_reused(operation: &str) -> Fault {
    let what = format!("the operation id of this {operation} was used for another question within a day");
    Fault::new("kernel.operation-id-reused", FaultKind::Yours, what)
        .remedy("", "ask again with a fresh operation id")
}

pub(crate) fn interrupted(operation: &str) -> Fault {
    let what = format!("the peer was stopped before it had answered this {operation}");
    Fault::new("kernel.interrupted", FaultKind::Broken, what)
        .remedy("", "look whether it was done; if not, ask again with a fresh operation id")
}

/// Returns the text of a panic.
pub(crate) fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("no reason given").chars().take(300).collect()
}
