//! The service as the kernel meets it: which input leads where.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use base::{DeviceId, EntryId, Fault, FaultKind, WebId};
use kernel::{Channel, Input, ReadContext, Reader, Service, Step};
use store::StoreError;

use crate::agenda::{self, Todo};
use crate::authors;
use crate::budget::Budget;
use crate::copies::{self, Home};
use crate::guests::Guests;
use crate::neighbours::{Calls, Pace, Ring, jitter};
use crate::quota::Quotas;
use crate::tables::{CONNECTED, HEARD, webs};
use crate::talks::Talks;
use crate::visits::{VISIT, Visits};

/// Each web is compared with one neighbour, in turn, about this often (spec sync rule 12). Three webs then cost
/// about 10 bytes per second.
const ROUND_EVERY: Duration = Duration::from_mins(1);

/// The row that says when a connected device was last heard from is written at most this often: a commit each time
/// would wake the disk of a peer at rest.
const HEARD_EVERY: Duration = Duration::from_mins(5);

/// How long a peer that left a web stays admitted, so that its last words arrive.
const PARTING: Duration = Duration::from_secs(5);

/// Bytes of the report that a device was seen, or refuses this one.
const DEVICE_SIZE_MAX: usize = 64;

/// Alarm: compare a web with a neighbour.
const ROUND: &str = "round";
/// Alarm: see whom to call.
const DIAL: &str = "dial";
/// Alarm: an answer is overdue.
pub(crate) const OVERDUE: &str = "overdue";
/// Alarm: go on with what was too much for one batch.
pub(crate) const REST: &str = "rest";
/// Alarm, followed by a web: nobody is admitted to it any more.
const PART: &str = "part ";

/// Spreads signed facts. Its fields are caches and half-finished conversations; rows are the truth.
#[derive(Debug, Default)]
pub struct Records {
    /// Whether the caches are filled.
    is_awake: bool,
    pub(crate) talks: Talks,
    pub(crate) calls: Calls,
    pub(crate) connected: BTreeSet<DeviceId>,
    /// Who was connected when this peer ended, and has not been called since. If it was killed they do not know it, and
    /// what they say goes nowhere until a new connection replaces the dead one.
    former: BTreeSet<DeviceId>,
    pub(crate) rings: BTreeMap<WebId, Ring>,
    /// Digests of our heads, as long as they hold.
    pub(crate) digests: BTreeMap<WebId, EntryId>,
    pub(crate) budgets: BTreeMap<DeviceId, Budget>,
    pub(crate) quotas: Quotas,
    pub(crate) visits: Visits,
    pub(crate) guests: Guests,
    rounds: u64,
    /// What a person says about this home.
    home: Home,
}

/// Makes the service.
pub fn service() -> Records {
    Records::default()
}

/// Makes the service of a home about which a person says something.
pub fn service_of(home: Home) -> Records {
    Records { home, ..Records::default() }
}

impl Service for Records {
    fn name(&self) -> &'static str {
        "records"
    }

    fn step(&mut self, step: &mut Step<'_>, input: Input) -> Result<(), Fault> {
        let done = self.take(step, input);
        if done.is_err() {
            // The step's rows are dropped, so what the fields say may be wrong.
            self.forget();
        }
        done
    }

    fn close_batch(&mut self, step: &mut Step<'_>) -> Result<(), Fault> {
        if agenda::is_empty(step.view())? {
            return Ok(());
        }
        let done = self.wake(step).map_err(Fault::from).and_then(|()| self.close(step));
        if done.is_err() {
            self.forget();
        }
        done
    }

    fn forget(&mut self) {
        *self = service_of(self.home);
    }

    fn reader(&self) -> Box<dyn Reader> {
        Box::new(NoReads)
    }
}

impl Records {
    fn take(&mut self, step: &mut Step<'_>, input: Input) -> Result<(), Fault> {
        match input {
            Input::Started => self.start(step)?,
            Input::Heard { from, channel: Channel::Member, message, .. } => {
                self.wake(step)?;
                self.hear(step, from, &message)?;
            }
            Input::Connected { device, channel: Channel::Member } => {
                self.wake(step)?;
                self.meet(step, device)?;
            }
            Input::Disconnected { device, channel: Channel::Member } => {
                self.wake(step)?;
                self.part(step, device)?;
            }
            Input::Heard { from, channel: Channel::Join, message, .. } => {
                self.wake(step)?;
                self.hear_at_door(step, from, &message)?;
            }
            Input::Connected { device, channel: Channel::Join } => self.enter(step, device)?,
            Input::Disconnected { device, channel: Channel::Join } => self.leave(step, device),
            Input::Reachable { .. } => {
                self.wake(step)?;
                self.calls.forgive();
                self.dial(step);
            }
            Input::Noticed { kind: "records.nearby", report } => {
                self.wake(step)?;
                if let Ok(device) = wire::from_bytes::<DeviceId>(&report, DEVICE_SIZE_MAX) {
                    self.nearby(step, device);
                }
            }
            Input::Noticed { kind: "records.refused", report } => {
                self.wake(step)?;
                if let Ok(device) = wire::from_bytes::<DeviceId>(&report, DEVICE_SIZE_MAX) {
                    self.refused(step, device)?;
                }
            }
            Input::Alarm { key } => {
                self.wake(step)?;
                self.alarm(step, &key)?;
            }
            Input::Asked { operation, .. } => return Err(no_operation(&operation)),
            _ => {}
        }
        Ok(())
    }

    /// A member was seen on the local network: it is called at once, however often it was away before.
    fn nearby(&mut self, step: &mut Step<'_>, device: DeviceId) {
        if !self.connected.contains(&device) {
            self.calls.reached(device);
            self.dial(step);
        }
    }

    fn start(&mut self, step: &mut Step<'_>) -> Result<(), StoreError> {
        let stale: Vec<DeviceId> =
            CONNECTED.within(step.view(), &()).map(|row| Ok(row?.0)).collect::<Result<_, StoreError>>()?;
        for device in &stale {
            CONNECTED.delete(step.rows(), device);
        }
        self.former = stale.into_iter().collect();
        copies::start(step, self.home)?;
        authors::admit_all(step)?;
        for web in webs(step.view())? {
            agenda::note_web(step, Todo::Seal, web);
        }
        self.wake(step)
    }

    /// Fills the caches after a start or a [`Service::forget`].
    fn wake(&mut self, step: &mut Step<'_>) -> Result<(), StoreError> {
        if std::mem::replace(&mut self.is_awake, true) {
            return Ok(());
        }
        self.connected =
            CONNECTED.within(step.view(), &()).map(|row| Ok(row?.0)).collect::<Result<_, StoreError>>()?;
        for web in webs(step.view())? {
            self.place(step, web)?;
            self.greet_connected(step, web)?;
        }
        self.dial(step);
        let dice = step.random("round");
        step.alarm(jitter(ROUND_EVERY, &dice), ROUND);
        Ok(())
    }

    /// Builds the ring of a web.
    pub(crate) fn place(&mut self, step: &Step<'_>, web: WebId) -> Result<(), StoreError> {
        let members = authors::members(step.view(), web)?;
        let before = self.rings.remove(&web).unwrap_or_default();
        self.rings.insert(web, Ring::new(web, step.me(), &members, &before));
        Ok(())
    }

    /// A connection stands.
    fn meet(&mut self, step: &mut Step<'_>, device: DeviceId) -> Result<(), StoreError> {
        let now = step.now();
        self.calls.reached(device);
        self.is_welcome(step, device);
        self.former.remove(&device);
        if self.connected.insert(device) {
            CONNECTED.put(step.rows(), &device, &now);
            HEARD.put(step.rows(), &device, &now);
            step.emit("records.connected", &serde_json::json!({ "device": device }));
        } else {
            // Connected anew without having been disconnected: what was under way is lost.
            self.talks.end_all(device);
        }
        for web in webs(step.view())? {
            if crate::tables::is_member(step.view(), web, device)? {
                self.greet(step, web, device)?;
            }
        }
        self.dial(step);
        Ok(())
    }

    /// A connection ended, or an attempt failed.
    fn part(&mut self, step: &mut Step<'_>, device: DeviceId) -> Result<(), StoreError> {
        let now = step.now();
        if self.connected.remove(&device) {
            CONNECTED.delete(step.rows(), &device);
            HEARD.put(step.rows(), &device, &now);
            step.emit("records.disconnected", &serde_json::json!({ "device": device }));
        }
        self.budgets.remove(&device);
        self.former.remove(&device);
        for web in self.talks.end_all(device) {
            self.ask_all(step, web)?;
        }
        let dice = step.random("call");
        self.calls.lost(device, now, &dice);
        self.dial(step);
        Ok(())
    }

    /// Calls whom we want to be connected with, and sets the alarm for the next look.
    pub(crate) fn dial(&mut self, step: &mut Step<'_>) {
        let now = step.now();
        let dice = step.random("call");
        self.calls.expire(now, &dice);
        let pace = if self.connected.is_empty() { Pace::Alone } else { Pace::InCompany };
        let wanted = self.wanted();
        for device in self.calls.due(&wanted, pace, now) {
            step.connect(device, Channel::Member);
        }
        // Whoever turns out to be away is replaced by others, who are wanted from then on.
        if let Some(wait) = self.calls.wait(&wanted, pace, now) {
            step.alarm(wait, DIAL);
        }
    }

    fn wanted(&self) -> BTreeSet<DeviceId> {
        let wanted = self.rings.values().flat_map(|ring| {
            ring.wanted(|device| !self.connected.contains(&device) && self.calls.is_away(device))
        });
        let wanted = wanted.chain(self.former.iter().copied());
        wanted.filter(|device| !self.connected.contains(device)).collect()
    }

    fn alarm(&mut self, step: &mut Step<'_>, key: &str) -> Result<(), StoreError> {
        match key {
            ROUND => self.round(step)?,
            DIAL => self.dial(step),
            OVERDUE => self.fail_over(step)?,
            VISIT => self.look_at_visits(step)?,
            REST => {
                for web in webs(step.view())? {
                    agenda::note_web(step, Todo::Open, web);
                    agenda::note_web(step, Todo::Seal, web);
                }
            }
            _ => {
                let web = key.strip_prefix(PART).and_then(|web| web.parse().ok());
                if let Some(web) = crate::quota::web_of_alarm(key) {
                    self.talks.unbar(web);
                    self.ask_all(step, web)?;
                }
                if let Some(web) = web.filter(|web| !self.rings.contains_key(web)) {
                    step.admit(web, Vec::new());
                }
            }
        }
        Ok(())
    }

    /// Compares every web with one neighbour, the next one each time.
    fn round(&mut self, step: &mut Step<'_>) -> Result<(), StoreError> {
        let round = usize::try_from(self.rounds).unwrap_or(0);
        self.rounds = self.rounds.wrapping_add(1);
        let webs: Vec<WebId> = self.rings.keys().copied().collect();
        for web in webs {
            let peers = self.neighbours(web);
            if let Some(peer) = round.checked_rem(peers.len()).and_then(|place| peers.get(place)) {
                self.summarise(step, web, *peer)?;
            }
        }
        let dice = step.random("round");
        step.alarm(jitter(ROUND_EVERY, &dice), ROUND);
        Ok(())
    }

    /// Returns the connected neighbours that are told news of a web, at most eight.
    pub(crate) fn neighbours(&self, web: WebId) -> Vec<DeviceId> {
        self.rings.get(&web).map_or_else(Vec::new, |ring| ring.told(&self.connected))
    }

    /// Has nobody admitted to a web this person has left, once the last words had time to arrive.
    pub(crate) fn part_from_web(&mut self, step: &mut Step<'_>, web: WebId) {
        self.rings.remove(&web);
        for peer in self.talks.peers(web) {
            self.talks.end(web, peer);
        }
        step.alarm(PARTING, format!("{PART}{web}"));
    }
}

/// Notes that a member was heard from.
pub(crate) fn note_heard(step: &mut Step<'_>, device: DeviceId) -> Result<(), StoreError> {
    let now = step.now();
    let is_fresh = |at| now >= at && now.since(at) < HEARD_EVERY;
    if !HEARD.get(step.view(), &device)?.is_some_and(is_fresh) {
        HEARD.put(step.rows(), &device, &now);
    }
    Ok(())
}

fn no_operation(operation: &str) -> Fault {
    Fault::new("records.no-operation", FaultKind::Yours, format!("there is no operation {operation}"))
}

/// This service has no read operations.
struct NoReads;

impl Reader for NoReads {
    fn read(
        &self,
        _: &ReadContext<'_>,
        operation: &str,
        _: serde_json::Value,
    ) -> Result<serde_json::Value, Fault> {
        Err(no_operation(operation))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_starts_again_calls_everybody_it_was_connected_with() {
        let (me, web) = (DeviceId::new([0; 32]), WebId::new([1; 32]));
        let members: Vec<DeviceId> = (1..=40).map(|number| DeviceId::new([number; 32])).collect();
        let ring = Ring::new(web, me, &members, &Ring::default());
        let mut records = Records { rings: [(web, ring)].into(), ..Records::default() };
        assert!(records.wanted().len() <= 6);
        records.former = members.iter().copied().collect();
        assert_eq!(records.wanted().len(), 40);
        records.connected.insert(members[3]);
        assert!(!records.wanted().contains(&members[3]));
    }
}
