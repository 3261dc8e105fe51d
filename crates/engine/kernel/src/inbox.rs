//! Words from service to service: in memory within a batch, rows while they wait for a later one.

use std::collections::VecDeque;

use base::Timestamp;
use minicbor::{Decode, Encode};
use store::{Rows, RowsMut, StoreError, Table};

/// Messages and inputs set aside that are kept, the newest ones: for whoever looks for the mistake.
const ASIDE_MAX: u64 = 100;

const INBOX: Table<u64, InboxRow> = Table::new("kernel.inbox");
const ASIDE: Table<u64, AsideRow> = Table::new("kernel.aside");

#[derive(Debug, Encode, Decode)]
struct InboxRow {
    #[n(0)]
    to: String,
    #[n(1)]
    by: String,
    #[cbor(n(2), with = "minicbor::bytes")]
    bytes: Vec<u8>,
    #[n(3)]
    panics: u8,
}

#[derive(Debug, Encode, Decode)]
struct AsideRow {
    #[n(0)]
    at: Timestamp,
    #[n(1)]
    service: String,
    #[n(2)]
    what: String,
    #[cbor(n(3), with = "minicbor::bytes")]
    bytes: Vec<u8>,
    #[n(4)]
    why: String,
}

/// One message on its way.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    pub(crate) number: u64,
    pub(crate) to: &'static str,
    pub(crate) by: &'static str,
    pub(crate) bytes: Vec<u8>,
    /// How many tellings led here within the batch.
    pub(crate) depth: u8,
    /// How often its receiver panicked on it.
    pub(crate) panics: u8,
    /// Whether its row is as it is here.
    pub(crate) is_stored: bool,
}

/// The messages that wait, oldest first.
pub(crate) type Queue = VecDeque<Message>;

/// Reads the messages an earlier run left. Those of services that are not here stay as they are.
pub(crate) fn load<R: Rows + ?Sized>(rows: &R, services: &[&'static str]) -> Result<Queue, StoreError> {
    let known = |name: &str| services.iter().find(|service| **service == name).copied();
    let mut queue = Queue::new();
    for row in INBOX.all(rows) {
        let (number, row) = row?;
        if let (Some(to), Some(by)) = (known(&row.to), known(&row.by)) {
            let InboxRow { bytes, panics, .. } = row;
            queue.push_back(Message { number, to, by, bytes, depth: 0, panics, is_stored: true });
        }
    }
    Ok(queue)
}

/// Returns the number after that of every row.
pub(crate) fn next_number<R: Rows + ?Sized>(rows: &R) -> Result<u64, StoreError> {
    Ok(INBOX.within_back(rows, &()).next().transpose()?.map_or(1, |(number, _)| number.saturating_add(1)))
}

/// Writes the messages that wait for the next batch.
pub(crate) fn store<R: RowsMut + ?Sized>(rows: &mut R, queue: &mut Queue) {
    for message in queue {
        message.depth = 0;
        if !std::mem::replace(&mut message.is_stored, true) {
            let row = InboxRow {
                to: message.to.to_owned(),
                by: message.by.to_owned(),
                bytes: message.bytes.clone(),
                panics: message.panics,
            };
            INBOX.put(rows, &message.number, &row);
        }
    }
}

/// Removes a message that was taken.
pub(crate) fn taken<R: RowsMut + ?Sized>(rows: &mut R, message: &Message) {
    // Most messages are taken in the batch that told them and never were rows.
    if message.is_stored || message.panics > 0 {
        INBOX.delete(rows, &message.number);
    }
}

/// Keeps something that a service panics on again and again, out of the way.
pub(crate) fn set_aside<R: RowsMut + ?Sized>(
    rows: &mut R,
    at: Timestamp,
    (service, what, why): (&str, &str, &str),
    bytes: Vec<u8>,
) -> Result<(), StoreError> {
    let last = ASIDE.within_back(rows, &()).next().transpose()?.map_or(0, |(number, _)| number);
    let row = AsideRow { at, service: service.to_owned(), what: what.to_owned(), bytes, why: why.to_owned() };
    ASIDE.put(rows, &last.saturating_add(1), &row);
    let first = ASIDE.all(rows).next().transpose()?.map_or(0, |(number, _)| number);
    if last.saturating_sub(first) >= ASIDE_MAX {
        ASIDE.delete(rows, &first);
    }
    Ok(())
}
