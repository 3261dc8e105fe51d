//! IDLE (RFC 2177): says what happens when it happens.

use std::time::Duration;

use super::reply::{Reply, Stop};
use super::session::Session;
use super::view::Expunges;

/// After how long something is said even if nothing happens: routers and sleeping computers forget silent connections.
const BREATH: Duration = Duration::from_mins(2);

/// Bytes of the line that ends it.
const DONE_MAX: usize = 64;

impl Session {
    pub(super) async fn idle(&mut self) -> Result<Reply, Stop> {
        self.wire.write(b"+ idling\r\n").await?;
        loop {
            self.update(Expunges::Now).await?;
            // All is sent before the wait, so that a wait that is broken off leaves nothing half-sent.
            self.wire.flush().await?;
            let Self { wire, user, .. } = self;
            let Some(user) = user else { return Ok(Reply::bad("log in first")) };
            let happened = async {
                if user.view.is_none() || user.changes.changed().await.is_err() {
                    // Nothing can happen.
                    std::future::pending::<()>().await;
                }
            };
            tokio::select! {
                biased;
                line = wire.line(DONE_MAX) => {
                    return Ok(if line?.eq_ignore_ascii_case(b"DONE") { Reply::ok("done") } else { Reply::bad("say DONE") });
                }
                () = happened => {
                    // The view looks for itself whether anything is new.
                    user.changes.mark_changed();
                }
                () = tokio::time::sleep(BREATH) => wire.write(b"* OK still here\r\n").await?,
            }
        }
    }
}
