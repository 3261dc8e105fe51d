//! What waits to be said to one peer: a bounded queue.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use tokio::sync::mpsc;

/// Frames that wait for one peer at most.
const FRAMES_MAX: usize = 4_096;

/// Bytes that wait for one peer at most: minutes of a slow uplink. A peer further behind is better served by a
/// new connection and a new comparison of heads.
const BYTES_MAX: usize = 64 * 1024 * 1024;

/// What the writer of a link does next.
#[derive(Debug)]
pub(crate) enum Order {
    /// Send a frame.
    Say(Bytes),
    /// Report once more that the link stands.
    Greet,
    /// Let what was said arrive, then end.
    End,
}

/// The sending end; cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Outbox {
    queue: mpsc::Sender<Order>,
    bytes: Arc<AtomicUsize>,
}

/// The reading end.
#[derive(Debug)]
pub(crate) struct Orders {
    queue: mpsc::Receiver<Order>,
    bytes: Arc<AtomicUsize>,
}

/// The queue is full.
#[derive(Debug)]
pub(crate) struct Full;

/// Makes a queue.
pub(crate) fn outbox() -> (Outbox, Orders) {
    let (sender, receiver) = mpsc::channel(FRAMES_MAX);
    let bytes = Arc::new(AtomicUsize::new(0));
    (Outbox { queue: sender, bytes: Arc::clone(&bytes) }, Orders { queue: receiver, bytes })
}

impl Outbox {
    /// Adds an order. An order to a link that has ended is dropped, as a message to nobody is.
    pub(crate) fn put(&self, order: Order) -> Result<(), Full> {
        let size = size_of(&order);
        let before = self.bytes.fetch_add(size, Ordering::Relaxed);
        if size > 0 && before.saturating_add(size) > BYTES_MAX {
            return Err(Full);
        }
        match self.queue.try_send(order) {
            Ok(()) | Err(mpsc::error::TrySendError::Closed(_)) => Ok(()),
            Err(mpsc::error::TrySendError::Full(_)) => Err(Full),
        }
    }
}

impl Orders {
    /// Takes the next order, waiting for it.
    pub(crate) async fn next(&mut self) -> Option<Order> {
        let order = self.queue.recv().await?;
        self.bytes.fetch_sub(size_of(&order), Ordering::Relaxed);
        Some(order)
    }
}

fn size_of(order: &Order) -> usize {
    match order {
        Order::Say(frame) => frame.len(),
        Order::Greet | Order::End => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_that_does_not_read_fills_its_queue_and_no_more() {
        let (outbox, _orders) = outbox();
        let frame = Bytes::from(vec![0; 1024 * 1024]);
        let taken = (0..100).take_while(|_| outbox.put(Order::Say(frame.clone())).is_ok()).count();
        assert_eq!(taken, 64);
    }

    #[test]
    fn many_small_frames_are_bounded_too() {
        let (outbox, _orders) = outbox();
        let taken = (0..10_000).take_while(|_| outbox.put(Order::Greet).is_ok()).count();
        assert_eq!(taken, FRAMES_MAX);
    }
}
