//! What is opened passes the guard first (spec guard, rules 21 to 23).
//!
//! Not for: deciding (`guard` does, on committed rows).

use std::sync::Arc;
use std::time::Duration;

use api::files::Want;
use api::guard::Check;
use base::{ContentId, Fault};
use guard::{Gate, GuardError};

use crate::engine::now;
use crate::host::{PeerHost, Windows, answer, broken};

/// How long a file may stand still on its way.
const BRINGING_MAX: Duration = Duration::from_mins(2);
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Looks of one opening: rules may change between.
const LOOKS_MAX: usize = 3;

impl PeerHost {
    /// Lets a content be opened, or says why not; waits until it was looked through.
    pub(crate) async fn pass(&self, windows: &mut Windows) -> Result<(), Fault> {
        let content = windows.opened.content;
        for _ in 0..LOOKS_MAX {
            match self.gate(content).await? {
                Gate::Open => return Ok(()),
                Gate::Shut(level) => {
                    let named = (content, windows.opened.name.as_str());
                    return Err(guard::refusal(&*self.readers.snapshot()?, named, level, now())?);
                }
                Gate::NotYet => {}
            }
            if !self.is_here(content).await? {
                if guard::is_shown_while_it_comes(&windows.opened.name, windows.opened.size.0) {
                    return Ok(());
                }
                self.bring_whole(windows).await?;
            }
            let asked = Check { path: content.to_string(), new_only: true };
            match self.engine.ask("guard.check", answer("guard.check", &asked)?, None).await {
                // What the gate makes of that it says itself.
                Err(fault) if fault.code != "guard.blind" && fault.code != "guard.off" => return Err(fault),
                Ok(_) | Err(_) => {}
            }
        }
        Err(GuardError::NotYet { name: windows.opened.name.clone() }.into())
    }

    async fn gate(&self, content: ContentId) -> Result<Gate, Fault> {
        let readers = Arc::clone(&self.readers);
        let gate =
            tokio::task::spawn_blocking(move || guard::gate(&*readers.snapshot()?, content, now())).await;
        Ok(gate.map_err(|error| broken("guard.gate", error))??)
    }

    async fn is_here(&self, content: ContentId) -> Result<bool, Fault> {
        let readers = Arc::clone(&self.readers);
        let source =
            tokio::task::spawn_blocking(move || files::own_source(&*readers.snapshot()?, content)).await;
        Ok(source.map_err(|error| broken("guard.gate", error))??.is_some())
    }

    async fn bring_whole(&self, windows: &mut Windows) -> Result<(), Fault> {
        let opened = windows.opened.clone();
        let want = Want { web: opened.web, content: opened.content, offset: 0, length: opened.size.0 };
        windows.want(&want).await?;
        let until = tokio::time::Instant::now() + BRINGING_MAX;
        while !self.is_here(opened.content).await? {
            if tokio::time::Instant::now() >= until {
                return Err(GuardError::NotYet { name: opened.name.clone() }.into());
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Ok(())
    }
}
