//! Waiting until the guard has looked through what is about to leave this computer, or to be put on its disk (spec guard, rules 21
//! to 24).
//!
//! Not for: deciding (`guard` does, on committed rows).

use std::time::Duration;

use base::{ContentId, DeviceId};
use files::jobs::FetchFailure;
use guard::Gate;
use guard::jobs::{AWAITED, Awaited};
use kernel::Input;

use crate::failure::Failure;
use crate::shared::Shared;

/// How long somebody who asks waits; then it asks again.
const SERVE_WAIT: Duration = Duration::from_secs(10);

/// How long a copy waits before it is not saved.
const SAVE_WAIT: Duration = Duration::from_mins(2);

/// How often it is looked; a small file is looked through in less.
const LOOK_EVERY: Duration = Duration::from_millis(10);

impl Shared {
    /// Waits until contents for an asker were looked through; returns for each whether it may leave.
    pub(crate) async fn looked_through(&self, asker: DeviceId, contents: &[ContentId]) -> Vec<Gate> {
        self.wait_until_seen(contents, SERVE_WAIT, || self.rights.gates_for(asker, contents)).await
    }

    /// Waits until a content was looked through that is to be put on the disk; fails if it may not.
    pub(crate) async fn looked_through_to_save(&self, content: ContentId) -> Result<(), Failure> {
        let gates = self.wait_until_seen(&[content], SAVE_WAIT, || vec![self.rights.gate(content)]).await;
        let why = match gates.first() {
            Some(Gate::Open) => return Ok(()),
            Some(Gate::NotYet) => "it could not be looked through in time",
            Some(Gate::Shut(_)) | None => "it may be harmful; see: althing guard list",
        };
        Err(Failure::new(FetchFailure::Local, why))
    }

    /// Waits until no gate says "not yet", or the time is over.
    async fn wait_until_seen(
        &self,
        contents: &[ContentId],
        longest: Duration,
        ask: impl Fn() -> Vec<Gate>,
    ) -> Vec<Gate> {
        let mut waited = Duration::ZERO;
        loop {
            let gates = ask();
            let due = contents.iter().zip(&gates).filter(|(_, gate)| **gate == Gate::NotYet);
            let due: Vec<ContentId> = due.map(|(content, _)| *content).collect();
            if due.is_empty() || waited >= longest {
                return gates;
            }
            if waited.is_zero() {
                self.say_awaited(due).await;
            }
            tokio::time::sleep(LOOK_EVERY).await;
            waited += LOOK_EVERY;
        }
    }

    async fn say_awaited(&self, contents: Vec<ContentId>) {
        let report = guard::jobs::to_bytes(&Awaited { contents });
        self.inputs.tell(Input::Noticed { kind: AWAITED, report }).await;
    }
}
