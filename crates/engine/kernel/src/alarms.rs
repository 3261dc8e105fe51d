//! When each service wants to be woken. In memory only: services set their alarms again on `Started`.

use std::collections::{BTreeMap, BTreeSet};

use base::Timestamp;

/// Which alarm: a service and its own key.
type AlarmName = (&'static str, String);

/// All alarms, by name and by time.
#[derive(Debug, Default)]
pub(crate) struct Alarms {
    times: BTreeMap<AlarmName, Timestamp>,
    order: BTreeSet<(Timestamp, AlarmName)>,
    last_now: Timestamp,
}

impl Alarms {
    /// Sets an alarm; the same name set before is replaced.
    pub(crate) fn set(&mut self, service: &'static str, key: String, at: Timestamp) {
        let name = (service, key);
        if let Some(before) = self.times.insert(name.clone(), at) {
            self.order.remove(&(before, name.clone()));
        }
        self.order.insert((at, name));
    }

    /// Takes out all alarms due at `now`, in order of time.
    ///
    /// A clock that was set back takes the alarms with it: a wait of ten seconds stays one.
    pub(crate) fn take_due(&mut self, now: Timestamp) -> Vec<(&'static str, String)> {
        let set_back = self.last_now.since(now);
        self.last_now = now;
        if !set_back.is_zero() {
            let back = u64::try_from(set_back.as_millis()).unwrap_or(u64::MAX);
            for ((service, key), at) in std::mem::take(&mut self.times) {
                self.order.remove(&(at, (service, key.clone())));
                self.set(service, key, Timestamp::from_millis(at.millis().saturating_sub(back)));
            }
        }
        let mut due = Vec::new();
        while self.next().is_some_and(|at| at <= now) {
            let Some((_, name)) = self.order.pop_first() else { break };
            self.times.remove(&name);
            due.push(name);
        }
        due
    }

    /// Returns the time of the earliest alarm.
    pub(crate) fn next(&self) -> Option<Timestamp> {
        self.order.first().map(|(at, _)| *at)
    }
}
