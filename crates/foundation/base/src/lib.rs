//! Ids, time, sizes, fault kinds, and how texts are cut into words: what every floor shares.
//!
//! Not for: input or output, async, or anything that decides.

mod fault;
mod ids;
mod quantity;
pub mod words;

pub use fault::{Fault, FaultKind, Remedy};
pub use ids::{
    ContentId, DeviceId, DocumentId, EntryId, FileId, IdError, KeyId, LedgerId, OperationId, PersonId,
    RevisionId, RunId, ShareId, TicketId, TransferId, WebId,
};
pub use quantity::{ByteCount, NotASize, Timestamp};
