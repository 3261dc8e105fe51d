//! What the gateways need of the peer behind them. `peer` implements it; tests implement a small one.
//!
//! Not for: anything about HTTP. A host knows neither tokens nor headers.

use std::future::Future;
use std::ops::Range;
use std::pin::Pin;

use api::files::Opened;
use api::mail::{MailPart, TakenFile};
use api::{Event, EventNumber};
use base::{Fault, OperationId};
use bytes::Bytes;
use futures_lite::Stream;
use serde_json::Value;

use crate::trespass::Trespass;

/// Something that a host answers later.
pub type Promise<'a, T> = Pin<Box<dyn Future<Output = Result<T, Fault>> + Send + 'a>>;

/// Verified bytes in order. After an error nothing more comes.
pub type ContentStream = Pin<Box<dyn Stream<Item = Result<Bytes, Fault>> + Send>>;

/// Some events in order of their numbers.
#[derive(Debug, Clone, Default)]
pub struct Events {
    /// What happened after the number asked for, without gaps; empty when nothing has.
    pub events: Vec<Event>,
    /// Whether events after the number asked for are kept no more, or the number lies ahead of the log:
    /// the asker has to load everything anew.
    pub is_cut_off: bool,
}

/// The peer as its gateways see it.
pub trait Host: Send + Sync + 'static {
    /// Carries out an operation of kind `Act`; `id` makes a repeated request act once.
    ///
    /// The gateways have checked the arguments against the operation's schema, not more. They answer `host.page`
    /// themselves, every other operation comes here. Dropping the promise does not undo what was asked.
    fn ask(&self, operation: &str, arguments: Value, id: Option<OperationId>) -> Promise<'_, Value>;

    /// Answers an operation of kind `Read` on a snapshot. May block on the disk: called off the async threads.
    fn read(&self, operation: &str, arguments: Value) -> Result<Value, Fault>;

    /// Returns at most `limit` events after the number. May block on the disk: called off the async threads.
    fn events(&self, after: EventNumber, limit: usize) -> Result<Events, Fault>;

    /// Returns the number of the last event, now and whenever it grows.
    fn watch(&self) -> tokio::sync::watch::Receiver<EventNumber>;

    /// Reads bytes of what `files.open` answered, verified, and has what is missing fetched first (`files.want`).
    ///
    /// The range lies within the content's size. Ends with a fault when the next bytes do not come in time;
    /// dropping the stream ends the interest in them.
    fn content(&self, opened: Opened, range: Range<u64>) -> Promise<'_, ContentStream>;

    /// Reads bytes of what `mail.part` answered. The range lies within its size.
    fn part(&self, part: MailPart, range: Range<u64>) -> Promise<'_, ContentStream>;

    /// Takes bytes for a mail that is being written, as many as a mail may have.
    fn attach(&self, bytes: ContentStream) -> Promise<'_, TakenFile>;

    /// Somebody tried the port who is not let in, so many times since it was told last.
    fn trespassed(&self, what: Trespass, times: u32) {
        let _ = (what, times);
    }
}
