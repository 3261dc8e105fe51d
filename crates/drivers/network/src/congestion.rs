//! Which congestion control a path gets (decisions/network.md): BBR3 where packets are long under way or get lost, Cubic where
//! the other computer is near. Not for: the windows of streams and connections (`endpoint.rs`).

use std::any::Any;
use std::sync::Arc;
use std::time::{Duration, Instant};

use noq_proto::RttEstimator;
use noq_proto::congestion::{Bbr3Config, Controller, ControllerFactory, ControllerMetrics, CubicConfig};

/// A path is near when a packet was once answered within this time: this computer, its house, its street. There a lost packet
/// costs Cubic next to nothing, and BBR3's measuring and pacing cost more than they bring.
const NEAR_TIME_MAX: Duration = Duration::from_millis(2);

/// Of how many bytes the share that was lost is looked at.
const LOOK_SIZE: u64 = 4 * 1024 * 1024;

/// A near path is bad when it loses more than one byte of so many, as a poor radio does: there Cubic gives up most of the line.
const LOST_SHARE: u64 = 50;

/// How often in a row that has to be so: a full socket that drops half a window once, when Cubic tries how much there is, is none.
const LOOKS: u8 = 4;

/// Makes a [`ByPath`] for each path.
#[derive(Debug, Default)]
pub(crate) struct ByPathConfig;

impl ControllerFactory for ByPathConfig {
    fn build(self: Arc<Self>, now: Instant, current_mtu: u16) -> Box<dyn Controller> {
        Box::new(ByPath::begin(now, current_mtu))
    }
}

/// What a path is taken for. Every path begins as a far one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Path {
    Far,
    Near,
    /// Near, and bad; for as long as the path lasts.
    Bad,
}

/// The congestion control of one path: hands everything on to the one that is right for it.
///
/// The two that hand over to each other need nothing of each other but the window: what is in flight is counted by QUIC.
#[derive(Debug)]
pub(crate) struct ByPath {
    control: Box<dyn Controller>,
    path: Path,
    mtu: u16,
    /// Bytes since the last look, on a near path.
    arrived: u64,
    lost: u64,
    /// Looks in a row at which much was lost.
    bad_looks: u8,
}

impl ByPath {
    fn begin(now: Instant, mtu: u16) -> Self {
        Self { control: far(None, now, mtu), path: Path::Far, mtu, arrived: 0, lost: 0, bad_looks: 0 }
    }

    /// Whoever takes over goes on with the window there is.
    fn take_for(&mut self, path: Path, now: Instant) {
        let window = self.control.window();
        self.control = match path {
            Path::Near => near(window, now, self.mtu),
            Path::Far | Path::Bad => far(Some(window), now, self.mtu),
        };
        self.path = path;
        (self.arrived, self.lost, self.bad_looks) = (0, 0, 0);
        tracing::debug!(?path, window, "other congestion control");
    }

    /// Looks at the shortest time in which a packet was answered so far.
    fn time(&mut self, shortest: Duration, now: Instant) {
        if self.path == Path::Far && shortest < NEAR_TIME_MAX {
            self.take_for(Path::Near, now);
        }
    }

    /// Looks at what was lost once there is enough to tell.
    fn weigh(&mut self, now: Instant) {
        let all = self.arrived.saturating_add(self.lost);
        if self.path != Path::Near || all < LOOK_SIZE {
            return;
        }
        self.bad_looks = if self.lost > all / LOST_SHARE { self.bad_looks.saturating_add(1) } else { 0 };
        (self.arrived, self.lost) = (0, 0);
        if self.bad_looks >= LOOKS {
            self.take_for(Path::Bad, now);
        }
    }
}

fn far(window: Option<u64>, now: Instant, mtu: u16) -> Box<dyn Controller> {
    let mut config = Bbr3Config::default();
    if let Some(window) = window {
        config.initial_window(window);
    }
    Arc::new(config).build(now, mtu)
}

fn near(window: u64, now: Instant, mtu: u16) -> Box<dyn Controller> {
    let mut config = CubicConfig::default();
    config.initial_window(window);
    Arc::new(config).build(now, mtu)
}

impl Controller for ByPath {
    fn on_sent(&mut self, now: Instant, bytes: u64, largest_pn: u64) {
        self.control.on_sent(now, bytes, largest_pn);
    }

    fn on_packet_sent(&mut self, now: Instant, bytes: u16, pn: u64) {
        self.control.on_packet_sent(now, bytes, pn);
    }

    fn on_cwnd_limited(&mut self) {
        self.control.on_cwnd_limited();
    }

    fn on_ack(
        &mut self,
        now: Instant,
        sent: Instant,
        bytes: u64,
        pn: u64,
        app_limited: bool,
        rtt: &RttEstimator,
    ) {
        self.time(rtt.min(), now);
        self.arrived = self.arrived.saturating_add(bytes);
        self.control.on_ack(now, sent, bytes, pn, app_limited, rtt);
    }

    fn on_end_acks(
        &mut self,
        now: Instant,
        in_flight: u64,
        app_limited: bool,
        largest_packet_num_acked: Option<u64>,
    ) {
        self.control.on_end_acks(now, in_flight, app_limited, largest_packet_num_acked);
        self.weigh(now);
    }

    fn on_congestion_event(
        &mut self,
        now: Instant,
        sent: Instant,
        is_persistent_congestion: bool,
        is_ecn: bool,
        lost_bytes: u64,
        largest_lost_pn: u64,
    ) {
        self.control.on_congestion_event(
            now,
            sent,
            is_persistent_congestion,
            is_ecn,
            lost_bytes,
            largest_lost_pn,
        );
    }

    fn on_packet_lost(&mut self, lost_bytes: u16, pn: u64, now: Instant) {
        self.control.on_packet_lost(lost_bytes, pn, now);
        self.lost = self.lost.saturating_add(lost_bytes.into());
    }

    fn on_spurious_congestion_event(&mut self) {
        self.control.on_spurious_congestion_event();
    }

    fn on_mtu_update(&mut self, new_mtu: u16) {
        self.mtu = new_mtu;
        self.control.on_mtu_update(new_mtu);
    }

    fn on_ack_frequency_update(&mut self, ack_eliciting_threshold: u64, requested_max_ack_delay: Duration) {
        self.control.on_ack_frequency_update(ack_eliciting_threshold, requested_max_ack_delay);
    }

    fn window(&self) -> u64 {
        self.control.window()
    }

    fn metrics(&self) -> ControllerMetrics {
        self.control.metrics()
    }

    fn clone_box(&self) -> Box<dyn Controller> {
        let Self { path, mtu, arrived, lost, bad_looks, .. } = *self;
        Box::new(Self { control: self.control.clone_box(), path, mtu, arrived, lost, bad_looks })
    }

    fn initial_window(&self) -> u64 {
        self.control.initial_window()
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MTU: u16 = 1_200;

    fn path() -> (ByPath, Instant) {
        let now = Instant::now();
        (ByPath::begin(now, MTU), now)
    }

    /// Only BBR3 says at which pace packets shall leave.
    fn is_paced(path: &ByPath) -> bool {
        path.metrics().pacing_rate.is_some()
    }

    fn lose(path: &mut ByPath, one_in: u64, of: u64, now: Instant) {
        path.arrived += of - of / one_in;
        for number in 0..of / one_in / u64::from(MTU) {
            path.on_packet_lost(MTU, number, now);
        }
        path.weigh(now);
    }

    #[test]
    fn a_path_is_far_until_a_packet_is_answered_at_once() {
        let (mut path, now) = path();
        for millis in [333, 80, 5, 2] {
            path.time(Duration::from_millis(millis), now);
            assert!(path.path == Path::Far && is_paced(&path), "{millis} ms");
        }
        path.time(Duration::from_micros(1_999), now);
        assert!(path.path == Path::Near && !is_paced(&path));
    }

    #[test]
    fn who_takes_over_goes_on_with_the_window() {
        let (mut path, now) = path();
        path.control = far(Some(400_000), now, MTU);
        path.time(Duration::from_millis(1), now);
        assert_eq!(path.window(), 400_000);
        path.take_for(Path::Bad, now);
        assert_eq!(path.window(), 400_000);
    }

    #[test]
    fn a_near_path_that_goes_on_losing_much_is_taken_for_a_bad_one_from_then_on() {
        let (mut path, now) = path();
        path.time(Duration::from_millis(1), now);
        for _ in 0..2 * LOOKS {
            lose(&mut path, 100, 2 * LOOK_SIZE, now);
        }
        assert!(path.path == Path::Near, "one in a hundred is not much");
        for _ in 0..LOOKS {
            assert!(path.path == Path::Near && !is_paced(&path));
            lose(&mut path, 25, 2 * LOOK_SIZE, now);
        }
        assert!(path.path == Path::Bad && is_paced(&path));
        path.time(Duration::from_micros(10), now);
        for _ in 0..2 * LOOKS {
            lose(&mut path, 1_000, 2 * LOOK_SIZE, now);
        }
        assert_eq!(path.path, Path::Bad);
    }

    #[test]
    fn losing_much_now_and_then_says_nothing() {
        let (mut path, now) = path();
        path.time(Duration::from_millis(1), now);
        for _ in 0..10 {
            for _ in 1..LOOKS {
                lose(&mut path, 2, 2 * LOOK_SIZE, now);
            }
            lose(&mut path, 1_000, 2 * LOOK_SIZE, now);
        }
        assert_eq!(path.path, Path::Near);
    }

    #[test]
    fn a_path_that_moves_to_another_address_stays_what_it_is() {
        let (mut path, now) = path();
        path.time(Duration::from_millis(1), now);
        let moved = path.clone_box().into_any().downcast::<ByPath>().unwrap();
        assert!(moved.path == Path::Near && !is_paced(&moved));
    }
}
