//! What all routes share: the host, sessions, views, limits.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use api::OperationEntry;
use base::{Fault, Timestamp};
use serde_json::Value;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::host::Host;
use crate::places::control_origin;
use crate::refusal::GatewayError;
use crate::sessions::Sessions;
use crate::sites::Sites;
use crate::trespass::Trespasses;
use crate::views::Views;

/// Streams of events at most: windows a person has open, with room for those that are going away.
pub(crate) const STREAMS_MAX: usize = 32;

/// What the routes work with.
pub(crate) struct Gateway {
    pub(crate) host: Arc<dyn Host>,
    pub(crate) port: u16,
    pub(crate) sessions: Arc<Sessions>,
    pub(crate) trespasses: Trespasses,
    pub(crate) views: Views,
    pub(crate) sites: Sites,
    pub(crate) streams: Arc<Semaphore>,
    pub(crate) stop: CancellationToken,
    table: BTreeMap<&'static str, (OperationEntry, Value)>,
}

impl std::fmt::Debug for Gateway {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gateway").field("port", &self.port).finish_non_exhaustive()
    }
}

impl Gateway {
    pub(crate) fn new(
        host: Arc<dyn Host>,
        port: u16,
        sessions: Arc<Sessions>,
        stop: CancellationToken,
    ) -> Self {
        let row = |entry: OperationEntry| (entry.name, (entry, (entry.arguments)().to_value()));
        let sites = Sites::new(host.as_ref());
        Self {
            host,
            port,
            sites,
            sessions,
            trespasses: Trespasses::default(),
            views: Views::default(),
            streams: Arc::new(Semaphore::new(STREAMS_MAX)),
            stop,
            table: api::table().into_iter().map(row).collect(),
        }
    }

    /// Returns an operation and the schema of its arguments.
    pub(crate) fn operation(&self, name: &str) -> Result<&(OperationEntry, Value), GatewayError> {
        self.table
            .get(name)
            .ok_or_else(|| GatewayError::UnknownOperation { name: name.chars().take(80).collect() })
    }

    /// Makes a link that opens the page once.
    pub(crate) fn link(&self) -> Result<String, Fault> {
        link(&self.sessions, self.port)
    }
}

/// Runs what may block or compute off the async threads.
pub(crate) async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Fault> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| GatewayError::Broken { why: format!("a task ended early: {error}") }.into())
}

/// Returns the time, by this computer's clock.
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

/// Makes a link that opens the page once.
pub(crate) fn link(sessions: &Sessions, port: u16) -> Result<String, Fault> {
    Ok(format!("{}/#code={}", control_origin(port), sessions.new_code(now())?))
}
