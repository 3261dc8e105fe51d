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

/// Files up to this size are brought whole and looked through before their first byte is shown; larger ones are shown while they
/// come.
const WHOLE_SIZE_MAX: u64 = 32 * 1024 * 1024;

/// Endings of what is only played or looked at: it is shown while it comes, of any size.
const INERT: [&str; 14] =
    ["mp4", "m4v", "webm", "mkv", "mov", "mp3", "m4a", "ogg", "opus", "flac", "wav", "jpg", "jpeg", "png"];

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
                    return Err(guard::refusal(&*self.readers.snapshot()?, content, level, now())?);
                }
                Gate::NotYet => {}
            }
            if !self.is_here(content).await? {
                if windows.opened.size.0 > WHOLE_SIZE_MAX || is_inert(&windows.opened.name) {
                    return Ok(());
                }
                self.bring_whole(windows).await?;
            }
            let asked = Check { path: content.to_string(), new_only: true };
            match self.engine.ask("guard.check", answer("guard.check", &asked)?, None).await {
                // Nothing is kept from anybody because the scanner does not work; the status says so.
                Err(fault) if fault.code == "guard.blind" || fault.code == "guard.off" => return Ok(()),
                Err(fault) => return Err(fault),
                Ok(_) => {}
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

fn is_inert(name: &str) -> bool {
    let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
    ending.is_some_and(|ending| INERT.contains(&ending.as_str()))
}

#[cfg(test)]
mod tests {
    use super::is_inert;

    #[test]
    fn a_film_is_inert_and_a_script_that_is_called_like_one_is_not() {
        assert!(is_inert("holiday.MP4"));
        assert!(!is_inert("holiday.mp4.js"));
        assert!(!is_inert("mp4"));
    }
}
