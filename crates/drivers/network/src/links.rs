//! Links: the one long-lived connection of messages with each peer and channel.
//!
//! A link is greeted: the one who dialled sends four bytes, the other answers with the same four when it takes
//! the connection as *the* link. When both dial at once, the connection dialled by the smaller device id wins,
//! and both sides know it. `Connected` and `Disconnected` reach the kernel in pairs and in order.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use base::DeviceId;
use guard::jobs::Deed;
use iroh::endpoint::{ConnectionError, RecvStream, SendStream};
use kernel::{Channel, Input};
use tokio::sync::OwnedSemaphorePermit;
use tokio_util::sync::CancellationToken;

use crate::admission::Registration;
use crate::connections::Unreached;
use crate::frame::{self, FRAME_OVERHEAD, FrameError};
use crate::outbox::{Full, Order, Orders, Outbox, outbox};
use crate::protocol::{Protocol, code};
use crate::seen;
use crate::shared::Shared;

/// What both sides say first on a link.
const GREETING: [u8; 4] = *b"ALT1";

/// A connection of ours that is younger is not replaced by one of theirs: both dialled at the same time.
const SETTLE_TIME: Duration = Duration::from_secs(3);

/// How long the last words of a link may take to arrive.
const LAST_WORDS_TIME_MAX: Duration = Duration::from_secs(1);

/// How long a joiner may talk to us, and we to the member whom we ask to let us in.
const JOIN_TIME_MAX: Duration = Duration::from_secs(10);
const ASKING_TIME_MAX: Duration = Duration::from_secs(60);

/// Messages from one member within [`PACE_WITHIN`] that no program in order says; it is slowed down by the kernel's queue, not cut off.
const PACE_MAX: u32 = 10_000;
const PACE_WITHIN: Duration = Duration::from_secs(5);

/// Bytes of the answers of the member whom we ask to let us in: keys of many epochs.
const WELCOME_SIZE_MAX: usize = 1024 * 1024;

type Key = (DeviceId, Channel);

/// All links.
#[derive(Debug, Default)]
pub(crate) struct Links {
    slots: Mutex<Slots>,
}

#[derive(Debug, Default)]
struct Slots {
    links: BTreeMap<Key, Slot>,
    /// Held by a link from `Connected` to `Disconnected`, so that the next one waits its turn.
    turns: BTreeMap<Key, Arc<tokio::sync::Mutex<()>>>,
    next_number: u64,
}

#[derive(Debug)]
struct Slot {
    number: u64,
    cancel: CancellationToken,
    state: SlotState,
}

#[derive(Debug)]
enum SlotState {
    /// We dial; perhaps they dialled, too, and wait for how ours ends.
    Dialing { waiting: Option<Box<Arrival>> },
    /// It stands.
    Up { outbox: Outbox, is_mine: bool, since: Instant },
}

/// A connection on which the other side has greeted.
#[derive(Debug)]
pub(crate) struct Arrival {
    pub(crate) channel: Channel,
    pub(crate) registration: Registration,
    pub(crate) send: SendStream,
    pub(crate) receive: RecvStream,
    /// A stranger's place at the door, kept while it talks.
    pub(crate) place: Option<OwnedSemaphorePermit>,
}

/// A link about to run.
struct Link {
    key: Key,
    number: u64,
    cancel: CancellationToken,
    orders: Orders,
    arrival: Arrival,
    is_mine: bool,
}

/// What came of dialling.
enum Dialled {
    Link(Box<Link>),
    /// No link; the report waits for this turn.
    Nothing(Arc<tokio::sync::Mutex<()>>),
    /// Meanwhile the other side's connection became the link.
    Overtaken,
}

/// How a link ended.
enum End {
    Closed,
    Violation(&'static str),
}

impl Links {
    fn lock(&self) -> MutexGuard<'_, Slots> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says something, dropped when no link stands. A peer that is too far behind loses its link.
    pub(crate) fn say(&self, to: DeviceId, channel: Channel, service: &str, message: Vec<u8>) {
        let slots = self.lock();
        let Some(slot) = slots.links.get(&(to, channel)) else { return };
        let SlotState::Up { outbox, .. } = &slot.state else { return };
        if let Err(Full) = outbox.put(Order::Say(frame::encode(service, message))) {
            tracing::warn!(device = %to.short(), "peer takes too little of what it is sent, its link is ended");
            slot.cancel.cancel();
        }
    }

    /// Says whether a device is being dialled.
    pub(crate) fn is_dialling(&self, device: DeviceId, channel: Channel) -> bool {
        let slots = self.lock();
        slots
            .links
            .get(&(device, channel))
            .is_some_and(|slot| matches!(slot.state, SlotState::Dialing { .. }))
    }

    /// Ends a link, or the attempt to make one. Returns what cancels a link that still says its last words.
    fn end(&self, device: DeviceId, channel: Channel) -> Option<CancellationToken> {
        let slots = self.lock();
        let slot = slots.links.get(&(device, channel))?;
        if let SlotState::Up { outbox, .. } = &slot.state
            && outbox.put(Order::End).is_ok()
        {
            return Some(slot.cancel.clone());
        }
        slot.cancel.cancel();
        None
    }
}

impl Slots {
    fn number(&mut self) -> u64 {
        self.next_number += 1;
        self.next_number
    }

    fn turn(&mut self, key: Key) -> Arc<tokio::sync::Mutex<()>> {
        self.turns.retain(|_, turn| Arc::strong_count(turn) > 1);
        Arc::clone(self.turns.entry(key).or_default())
    }

    /// Makes a connection the link of its slot; what was there before is cancelled.
    fn raise(&mut self, arrival: Arrival, stop: &CancellationToken, is_mine: bool) -> Link {
        let key = (arrival.registration.device(), arrival.channel);
        let number = self.number();
        let cancel = stop.child_token();
        let (outbox, orders) = outbox();
        let state = SlotState::Up { outbox, is_mine, since: Instant::now() };
        let before = self.links.insert(key, Slot { number, cancel: cancel.clone(), state });
        if let Some(before) = before {
            before.cancel.cancel();
        }
        Link { key, number, cancel, orders, arrival, is_mine }
    }

    fn remove(&mut self, key: Key, number: u64) -> Option<Slot> {
        let is_same = self.links.get(&key).is_some_and(|slot| slot.number == number);
        is_same.then(|| self.links.remove(&key)).flatten()
    }
}

impl Shared {
    /// Ends a link, or the attempt to make one; what was said before has a second to arrive.
    pub(crate) fn disconnect(&self, device: DeviceId, channel: Channel) {
        let Some(cancel) = self.links.end(device, channel) else { return };
        self.begin(async move {
            tokio::select! {
                () = cancel.cancelled() => {}
                () = tokio::time::sleep(LAST_WORDS_TIME_MAX * 2) => cancel.cancel(),
            }
        });
    }

    /// Ends the link of a device that is in no web any more. What was said to it before has a second to arrive;
    /// what it says is not heard (`hear`).
    pub(crate) fn part(self: &Arc<Self>, device: DeviceId) {
        self.disconnect(device, Channel::Member);
        let shared = Arc::clone(self);
        self.begin(async move {
            tokio::select! {
                () = shared.stop.cancelled() => {}
                () = tokio::time::sleep(LAST_WORDS_TIME_MAX * 2) => shared.admission.shut_out(device),
            }
        });
    }

    /// Makes a link, or reports at once that one stands.
    pub(crate) fn connect(self: &Arc<Self>, to: DeviceId, channel: Channel) {
        let mut slots = self.links.lock();
        let key = (to, channel);
        if let Some(slot) = slots.links.get(&key) {
            if let SlotState::Up { outbox, .. } = &slot.state
                && let Err(Full) = outbox.put(Order::Greet)
            {
                slot.cancel.cancel();
            }
            return;
        }
        let number = slots.number();
        let cancel = self.stop.child_token();
        let state = SlotState::Dialing { waiting: None };
        slots.links.insert(key, Slot { number, cancel: cancel.clone(), state });
        let shared = Arc::clone(self);
        self.begin(async move { shared.dial_link(key, number, cancel).await });
    }

    async fn dial_link(self: Arc<Self>, key: Key, number: u64, cancel: CancellationToken) {
        let dialled = tokio::select! {
            biased;
            () = cancel.cancelled() => None,
            dialled = tokio::time::timeout(self.limits.greeting, self.dial_and_greet(key)) => dialled.ok().flatten(),
        };
        match self.settle_dial(key, number, dialled, &cancel) {
            Dialled::Link(link) => self.run_link(*link).await,
            Dialled::Nothing(turn) => {
                let _turn = turn.lock().await;
                self.inputs.tell(Input::Disconnected { device: key.0, channel: key.1 }).await;
            }
            Dialled::Overtaken => {}
        }
    }

    fn settle_dial(
        &self,
        key: Key,
        number: u64,
        dialled: Option<Arrival>,
        cancel: &CancellationToken,
    ) -> Dialled {
        let mut slots = self.links.lock();
        let Some(Slot { state: SlotState::Dialing { waiting }, .. }) = slots.remove(key, number) else {
            return Dialled::Overtaken;
        };
        match (dialled, waiting) {
            (Some(arrival), _) => Dialled::Link(Box::new(slots.raise(arrival, &self.stop, true))),
            (None, Some(waiting)) if !cancel.is_cancelled() => {
                Dialled::Link(Box::new(slots.raise(*waiting, &self.stop, false)))
            }
            _ => Dialled::Nothing(slots.turn(key)),
        }
    }

    async fn dial_and_greet(&self, (device, channel): Key) -> Option<Arrival> {
        let protocol = match channel {
            Channel::Member => Protocol::Member,
            Channel::Join => Protocol::Join,
        };
        let registration = self.dial(device, protocol).await.ok()?;
        let connection = registration.connection().clone();
        let greeted = async {
            let (mut send, mut receive) = connection.open_bi().await.ok()?;
            send.write_all(&GREETING).await.ok()?;
            let mut answer = [0; 4];
            receive.read_exact(&mut answer).await.ok()?;
            Some((send, receive, answer))
        };
        let Some((send, receive, answer)) = greeted.await else {
            // The gate at the other end shuts after the handshake.
            let why = connection.close_reason();
            if matches!(why, Some(ConnectionError::ApplicationClosed(why)) if why.error_code == code::REFUSED)
            {
                self.looks.note(device, Some(Unreached::Refused));
                if channel == Channel::Member {
                    self.notice("records.refused", &device).await;
                }
            }
            return None;
        };
        (answer == GREETING).then_some(Arrival { channel, registration, send, receive, place: None })
    }

    /// Reads the greeting of a connection that came in and makes it the link, unless another one is.
    pub(crate) async fn receive_link(
        self: Arc<Self>,
        registration: Registration,
        channel: Channel,
        place: Option<OwnedSemaphorePermit>,
    ) {
        let device = registration.device();
        let greeted = tokio::time::timeout(self.limits.greeting, async {
            let (send, mut receive) = registration.connection().accept_bi().await.ok()?;
            let mut greeting = [0; 4];
            receive.read_exact(&mut greeting).await.ok()?;
            Some((send, receive, greeting))
        });
        let Ok(Some((send, receive, greeting))) = greeted.await else { return };
        if greeting != GREETING {
            self.admission.punish(device, "a wrong greeting");
            return drop(registration);
        }
        let arrival = Arrival { channel, registration, send, receive, place };
        if let Some(link) = self.adopt(arrival) {
            self.run_link(link).await;
        }
    }

    fn adopt(&self, arrival: Arrival) -> Option<Link> {
        let mut slots = self.links.lock();
        let device = arrival.registration.device();
        let my_dial_wins = self.me < device;
        match slots.links.get_mut(&(device, arrival.channel)).map(|slot| &mut slot.state) {
            Some(SlotState::Dialing { waiting }) if my_dial_wins => {
                *waiting = Some(Box::new(arrival));
                None
            }
            Some(SlotState::Up { is_mine: true, since, .. })
                if my_dial_wins && since.elapsed() < SETTLE_TIME =>
            {
                arrival.registration.close(code::DUPLICATE, b"another connection is used");
                None
            }
            // No link, or their dial wins, or they have lost the old one: it is replaced.
            _ => Some(slots.raise(arrival, &self.stop, false)),
        }
    }

    async fn run_link(&self, link: Link) {
        let Link { key: (device, channel), number, cancel, mut orders, arrival, is_mine } = link;
        if channel == Channel::Member && !self.admission.is_admitted(device) {
            // Removed while the two greeted each other.
            cancel.cancel();
        }
        let Arrival { registration, mut send, mut receive, place, .. } = arrival;
        let turn = self.links.lock().turn((device, channel));
        let _turn = turn.lock().await;
        if !is_mine && send.write_all(&GREETING).await.is_err() {
            self.links.lock().remove((device, channel), number);
            // Perhaps somebody asked for this link while we dialled, too.
            return self.inputs.tell(Input::Disconnected { device, channel }).await;
        }
        if let Some(address) = registration.address() {
            self.book.worked(device, address);
        }
        if channel == Channel::Member {
            self.lines.close(device);
        }
        self.inputs.tell(Input::Connected { device, channel }).await;
        if channel == Channel::Member
            && let Some(word) = seen::word(&registration)
        {
            self.links.say(device, channel, seen::SERVICE, word);
        }
        let end = tokio::select! {
            biased;
            () = cancel.cancelled() => End::Closed,
            () = lifetime(channel, is_mine) => End::Closed,
            end = self.hear(device, channel, is_mine, &mut receive) => end,
            end = self.speak(device, channel, &mut orders, &mut send) => end,
        };
        // The slot goes first, so that a `Connect` that answers `Disconnected` dials anew.
        self.links.lock().remove((device, channel), number);
        match end {
            End::Violation(what) => self.admission.punish(device, what),
            End::Closed if self.stop.is_cancelled() => registration.close(code::STOPPING, b"this peer stops"),
            End::Closed => {}
        }
        drop(registration);
        drop(place);
        if channel == Channel::Member {
            self.forget_seen(device).await;
        }
        self.inputs.tell(Input::Disconnected { device, channel }).await;
    }

    /// Hands on what the peer says. While the kernel's queue is full it does not read.
    async fn hear(&self, from: DeviceId, channel: Channel, is_mine: bool, receive: &mut RecvStream) -> End {
        let limit = match channel {
            Channel::Member => wire::sync::MESSAGE_SIZE_MAX,
            Channel::Join if is_mine => WELCOME_SIZE_MAX,
            Channel::Join => wire::join::JOIN_SIZE_MAX,
        };
        let mut said = 0;
        let mut pace = (Instant::now(), 0);
        loop {
            match frame::read(receive, limit + FRAME_OVERHEAD, self.limits.message).await {
                // The last word is on its way to it.
                Ok(Some(_)) if channel == Channel::Member && !self.admission.is_admitted(from) => {}
                Ok(Some(frame)) if channel == Channel::Member && frame.service == seen::SERVICE => {
                    self.hear_seen(from, &frame.message).await;
                }
                Ok(Some(frame)) => {
                    if channel == Channel::Member && is_flood(&mut pace) {
                        self.admission.oddities().note(from, None, Deed::Flooded);
                    }
                    let size = frame.message.len();
                    // On the join channel all frames count together, and so do empty ones.
                    said = if channel == Channel::Join { said + size.max(FRAME_OVERHEAD) } else { size };
                    if said > limit {
                        return End::Violation("more than may be said");
                    }
                    let message = frame.message.into();
                    self.inputs.tell(Input::Heard { from, channel, service: frame.service, message }).await;
                }
                Ok(None) | Err(FrameError::Gone) => return End::Closed,
                Err(FrameError::Violation(what)) => return End::Violation(what),
            }
        }
    }

    async fn speak(
        &self,
        device: DeviceId,
        channel: Channel,
        orders: &mut Orders,
        send: &mut SendStream,
    ) -> End {
        while let Some(order) = orders.next().await {
            match order {
                Order::Say(frame) => {
                    if send.write_chunk(frame).await.is_err() {
                        break;
                    }
                }
                Order::Greet => self.inputs.tell(Input::Connected { device, channel }).await,
                Order::End => {
                    if send.finish().is_ok() {
                        let arrived = tokio::time::timeout(LAST_WORDS_TIME_MAX, send.stopped()).await;
                        tracing::trace!(?arrived, "last words");
                    }
                    break;
                }
            }
        }
        End::Closed
    }
}

/// Counts a message; true once in each [`PACE_WITHIN`] in which there were too many.
fn is_flood((since, count): &mut (Instant, u32)) -> bool {
    if since.elapsed() >= PACE_WITHIN {
        (*since, *count) = (Instant::now(), 0);
    }
    *count += 1;
    *count == PACE_MAX
}

/// Ends when a link on this channel has lived long enough.
async fn lifetime(channel: Channel, is_mine: bool) {
    match (channel, is_mine) {
        (Channel::Member, _) => std::future::pending().await,
        (Channel::Join, true) => tokio::time::sleep(ASKING_TIME_MAX).await,
        (Channel::Join, false) => tokio::time::sleep(JOIN_TIME_MAX).await,
    }
}
