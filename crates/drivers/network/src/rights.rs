//! Who may get which content: asked anew for every request, decided by `files` on committed rows.

use std::sync::Arc;

use base::{ContentId, DeviceId, Timestamp, WebId};
use files::jobs::Source;
use guard::{Gate, Level};
use store::Backing;

/// Answers who may get what.
pub trait Rights: Send + Sync {
    /// Returns where each content lies, `None` where `asker` has no right to it (or it is not here).
    ///
    /// The two are one answer on purpose: nobody learns by asking that a foreign content is here.
    fn sources(&self, asker: DeviceId, contents: &[ContentId]) -> Vec<Option<Source>>;

    /// Counts those of some contents to which `asker` has no right that are here for webs that are not the asker's.
    fn foreign(&self, asker: DeviceId, contents: &[ContentId]) -> u32 {
        let _ = (asker, contents);
        0
    }

    /// Of some devices, returns those that `asker` may hear to have a content: it gets it here in a web that is theirs, too.
    fn fellows(&self, asker: DeviceId, content: ContentId, devices: &[DeviceId]) -> Vec<DeviceId> {
        let _ = (asker, content, devices);
        Vec::new()
    }

    /// Returns whether a content may be put on the disk of this person now.
    fn gate(&self, content: ContentId) -> Gate {
        let _ = content;
        Gate::Open
    }

    /// Returns whether contents to which `asker` has a right may be given now.
    fn gates_for(&self, asker: DeviceId, contents: &[ContentId]) -> Vec<Gate> {
        let _ = asker;
        vec![Gate::Open; contents.len()]
    }

    /// Returns the port of this device `me` to which a tunnel leads, if it is offered and `asker` may use it now.
    fn tunnel_port(&self, me: DeviceId, asker: DeviceId, tunnel: (WebId, &str)) -> Option<u16> {
        let _ = (me, asker, tunnel);
        None
    }

    /// Says whether a stranger proves by what it shows that it is invited, so that a relay here may carry its knock.
    fn is_invited(&self, device: DeviceId, hello: &[u8]) -> bool {
        let _ = (device, hello);
        false
    }
}

/// The rights that the committed rows of this peer give.
pub(crate) struct RowRights {
    backing: Arc<dyn Backing>,
}

impl RowRights {
    pub(crate) fn new(backing: Arc<dyn Backing>) -> Self {
        Self { backing }
    }
}

impl Rights for RowRights {
    fn sources(&self, asker: DeviceId, contents: &[ContentId]) -> Vec<Option<Source>> {
        let rows = match self.backing.snapshot() {
            Ok(rows) => rows,
            Err(error) => {
                // Without rows there are no rights.
                tracing::error!(%error, "rights cannot be read, nothing is served");
                return vec![None; contents.len()];
            }
        };
        let source = |content: &ContentId| match files::source(&*rows, asker, *content) {
            Ok(source) => source,
            Err(error) => {
                tracing::error!(%error, "the right to a content cannot be read, it is not served");
                None
            }
        };
        contents.iter().map(source).collect()
    }

    fn foreign(&self, asker: DeviceId, contents: &[ContentId]) -> u32 {
        let answer = self.backing.snapshot().and_then(|rows| files::foreign(&*rows, asker, contents));
        answer.unwrap_or_else(|error| {
            tracing::error!(%error, "rights cannot be read, a refused question is not told of");
            0
        })
    }

    fn fellows(&self, asker: DeviceId, content: ContentId, devices: &[DeviceId]) -> Vec<DeviceId> {
        let answer = self.backing.snapshot().and_then(|rows| files::fellows(&*rows, asker, content, devices));
        answer.unwrap_or_else(|error| {
            tracing::error!(%error, "rights cannot be read, nobody is named");
            Vec::new()
        })
    }

    fn gate(&self, content: ContentId) -> Gate {
        let answer = self.backing.snapshot().and_then(|rows| guard::gate(&*rows, content, now()));
        answer.unwrap_or_else(|error| {
            tracing::error!(%error, "the guard cannot be asked, nothing is put on disk");
            Gate::Shut(Level::Held)
        })
    }

    fn gates_for(&self, asker: DeviceId, contents: &[ContentId]) -> Vec<Gate> {
        let now = now();
        let answer = self.backing.snapshot().and_then(|rows| {
            contents.iter().map(|content| guard::gate_for(&*rows, asker, *content, now)).collect()
        });
        answer.unwrap_or_else(|error| {
            tracing::error!(%error, "the guard cannot be asked, nothing is served");
            vec![Gate::Shut(Level::Held); contents.len()]
        })
    }

    fn tunnel_port(&self, me: DeviceId, asker: DeviceId, tunnel: (WebId, &str)) -> Option<u16> {
        let answer = self.backing.snapshot().and_then(|rows| tunnels::port_for(&*rows, me, asker, tunnel));
        answer.unwrap_or_else(|error| {
            tracing::error!(%error, "rights cannot be read, no tunnel is opened");
            None
        })
    }

    fn is_invited(&self, device: DeviceId, hello: &[u8]) -> bool {
        let answer =
            self.backing.snapshot().and_then(|rows| people::read::is_invited(&*rows, device, hello, now()));
        answer.unwrap_or_else(|error| {
            tracing::error!(%error, "invitations cannot be read, the relay carries for nobody new");
            false
        })
    }
}

/// Returns the time by this computer's clock.
fn now() -> Timestamp {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(u64::try_from(now.as_millis()).unwrap_or(u64::MAX))
}
