//! The way to the kernel: a bounded queue; whoever fills it waits.

use kernel::Input;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// Sends inputs to the kernel.
///
/// When the queue is full, the sender waits: a task that reads from a peer then stops reading, and QUIC's flow
/// control stops the peer. Nothing is sent once the network stops.
#[derive(Debug, Clone)]
pub(crate) struct Inputs {
    queue: mpsc::Sender<Input>,
    stop: CancellationToken,
}

impl Inputs {
    pub(crate) fn new(queue: mpsc::Sender<Input>, stop: CancellationToken) -> Self {
        Self { queue, stop }
    }

    /// Sends an input; dropped when the network stops or the kernel is gone.
    pub(crate) async fn tell(&self, input: Input) {
        tokio::select! {
            biased;
            () = self.stop.cancelled() => {}
            sent = self.queue.send(input) => {
                if sent.is_err() {
                    tracing::debug!("the kernel is gone, an input is dropped");
                }
            }
        }
    }
}
