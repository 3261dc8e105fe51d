//! What all parts of the network share.

use std::sync::Arc;
use std::time::Duration;

use base::DeviceId;
use files::jobs::FetchFailure;
use iroh::{Endpoint, EndpointAddr};
use kernel::Input;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::admission::{Admission, Registration};
use crate::book::Book;
use crate::connections::{Looks, Unreached};
use crate::contents::ContentStore;
use crate::crowd::Crowds;
use crate::door::Door;
use crate::failure::Failure;
use crate::inputs::Inputs;
use crate::jobs::Jobs;
use crate::limits::TimeLimits;
use crate::lines::Lines;
use crate::links::Links;
use crate::outboards::Outboards;
use crate::protocol::{Protocol, endpoint_of};
use crate::relays::Relays;
use crate::rights::Rights;
use crate::seen::Seen;
use crate::switch::Switch;

/// How long a connection may take to stand.
const DIAL_TIME_MAX: Duration = Duration::from_secs(10);

/// The parts of the network, and what ends them.
pub(crate) struct Shared {
    pub(crate) me: DeviceId,
    pub(crate) endpoint: Endpoint,
    pub(crate) admission: Arc<Admission>,
    pub(crate) book: Book,
    pub(crate) door: Door,
    pub(crate) links: Links,
    pub(crate) lines: Lines,
    pub(crate) jobs: Jobs,
    /// Whether this device is to be a relay.
    pub(crate) relay: Switch,
    pub(crate) relays: Relays,
    /// Whether others are looked for on the local network.
    pub(crate) lan: Switch,
    pub(crate) dht: crate::dht::Entrance,
    pub(crate) looks: Looks,
    pub(crate) seen: Seen,
    pub(crate) rights: Arc<dyn Rights>,
    pub(crate) contents: ContentStore,
    pub(crate) outboards: Outboards,
    pub(crate) crowds: Crowds,
    pub(crate) tunnels: crate::tunnels::Tunnels,
    pub(crate) limits: TimeLimits,
    pub(crate) inputs: Inputs,
    /// Where tasks run that effects begin.
    pub(crate) runtime: tokio::runtime::Handle,
    /// Threads for tasks that read files while they stream.
    pub(crate) disk: tokio::runtime::Handle,
    /// Owns every task of the network; `stop` ends them.
    pub(crate) tasks: TaskTracker,
    pub(crate) stop: CancellationToken,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("me", &self.me).finish_non_exhaustive()
    }
}

impl Shared {
    /// Begins a task for an effect: not on the thread that brings it, which is the kernel's and may not wait for others.
    pub(crate) fn begin(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn_on(task, &self.runtime);
    }

    /// Dials a device where the book says it is.
    pub(crate) async fn dial(&self, device: DeviceId, protocol: Protocol) -> Result<Registration, Failure> {
        if !self.admission.is_open(device, protocol) {
            return Err(Failure::new(FetchFailure::Refused, "the device is not admitted"));
        }
        let known = self.book.find(device).or_else(|| endpoint_of(device).map(EndpointAddr::new));
        let Some(address) = known.map(|known| self.guess_relays(known)).filter(|way| !way.addrs.is_empty())
        else {
            self.looks.note(device, Some(Unreached::NoAddress));
            return Err(Failure::new(FetchFailure::Unreachable, "no address is known"));
        };
        let connected = tokio::time::timeout(DIAL_TIME_MAX, self.endpoint.connect(address, protocol.alpn()));
        let connection = match connected.await {
            Ok(Ok(connection)) => connection,
            Ok(Err(error)) => {
                self.looks.note(device, Some(Unreached::Silent));
                tracing::debug!(device = %device.short(), ?protocol, %error, "dialling failed");
                return Err(Failure::new(FetchFailure::Unreachable, error));
            }
            Err(_) => {
                self.looks.note(device, Some(Unreached::Silent));
                return Err(Failure::new(FetchFailure::Unreachable, "no answer"));
            }
        };
        self.looks.note(device, None);
        let registration = self.admission.register(connection);
        registration.ok_or_else(|| Failure::new(FetchFailure::Refused, "the device is no longer admitted"))
    }

    /// Tells the kernel what nobody asked for.
    pub(crate) async fn notice<T: minicbor::Encode<()>>(&self, kind: &'static str, report: &T) {
        self.inputs.tell(Input::Noticed { kind, report: wire::to_bytes(report) }).await;
    }
}
