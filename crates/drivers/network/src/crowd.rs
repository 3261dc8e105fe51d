//! Contents that many ask for at once: a few get them, the others hear who has got them (spec files, rule 28).
//!
//! Memory only, and bounded. Not for: who may hear of whom (`rights`), what the asker makes of it (`files`).

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use base::{ContentId, DeviceId};

/// Devices that get a content from here within [`LATELY`], before others are named.
const GIVEN_MAX: usize = 2;
/// How long a content counts as given.
const LATELY: Duration = Duration::from_mins(1);
/// How often an asker hears another name in a row before it gets the content here.
const NAMED_MAX: u8 = 4;
/// How long an asker waits at most while nobody has got it to the end.
const WAIT_MAX: Duration = Duration::from_secs(3);
/// Who heard another name so long ago has probably got it there, and may be named.
const HAS_IT_AFTER: Duration = Duration::from_secs(1);
/// Requests of one asker for one content that come so close are one.
const TOGETHER: Duration = Duration::from_millis(100);
/// Contents and askers of one content remembered at most.
const CONTENTS_MAX: usize = 4_096;
const ASKERS_MAX: usize = 256;

/// Who asked for what lately.
#[derive(Debug, Default)]
pub(crate) struct Crowds {
    contents: Mutex<BTreeMap<ContentId, Crowd>>,
    /// Bytes of contents given since the start.
    given: AtomicU64,
}

/// What an asker is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Turn {
    /// It gets the content here.
    Give,
    /// One of these has it; the first is to be named.
    Name(Vec<DeviceId>),
    /// Somebody will have it in a moment.
    Wait,
}

/// Who asked for one content.
#[derive(Debug, Default)]
struct Crowd {
    /// Who gets or got it from here, oldest first.
    given: VecDeque<Given>,
    /// Who heard another name, or is to wait.
    told: BTreeMap<DeviceId, Told>,
    /// Whose turn to be named it is.
    turn: usize,
    last: Option<Instant>,
}

/// Who gets it from here.
#[derive(Debug, Clone, Copy)]
struct Given {
    device: DeviceId,
    at: Instant,
    is_done: bool,
}

/// What an asker heard.
#[derive(Debug, Clone, Copy)]
struct Told {
    /// How often it heard a name.
    names: u8,
    first: Instant,
    /// When it heard a name last.
    last: Option<Instant>,
}

impl Crowds {
    /// Counts bytes that somebody got.
    pub(crate) fn gave(&self, bytes: usize) {
        self.given.fetch_add(u64::try_from(bytes).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    pub(crate) fn given(&self) -> u64 {
        self.given.load(Ordering::Relaxed)
    }

    /// Notes that a device asks for a content, and says what it is answered.
    pub(crate) fn ask(&self, content: ContentId, asker: DeviceId, now: Instant) -> Turn {
        let mut contents = self.contents.lock().unwrap_or_else(PoisonError::into_inner);
        let is_lately = |at: Option<Instant>| at.is_some_and(|at| now.saturating_duration_since(at) < LATELY);
        if contents.len() >= CONTENTS_MAX {
            contents.retain(|_, crowd| is_lately(crowd.last));
            if contents.len() >= CONTENTS_MAX {
                return Turn::Give;
            }
        }
        let crowd = contents.entry(content).or_default();
        if !is_lately(crowd.last) {
            *crowd = Crowd::default();
        }
        crowd.last = Some(now);
        crowd.ask(asker, now)
    }

    /// Notes that a device has got what it asked for.
    pub(crate) fn done(&self, content: ContentId, asker: DeviceId) {
        let mut contents = self.contents.lock().unwrap_or_else(PoisonError::into_inner);
        let crowd = contents.get_mut(&content);
        let given = crowd.and_then(|crowd| crowd.given.iter_mut().find(|given| given.device == asker));
        if let Some(given) = given {
            given.is_done = true;
        }
    }
}

impl Crowd {
    fn ask(&mut self, asker: DeviceId, now: Instant) -> Turn {
        let age = |since: Instant| now.saturating_duration_since(since);
        while self.given.front().is_some_and(|given| age(given.at) >= LATELY) {
            self.given.pop_front();
        }
        if self.given.iter().any(|given| given.device == asker) {
            return Turn::Give;
        }
        let told = self.told.get(&asker).copied();
        let is_full = told.is_none() && self.told.len() >= ASKERS_MAX;
        let told = told.unwrap_or(Told { names: 0, first: now, last: None });
        // Requests for pieces come together, and are answered alike.
        let is_same = told.last.is_some_and(|last| age(last) < TOGETHER);
        let mut others: Vec<DeviceId> =
            self.given.iter().filter(|given| given.is_done).map(|given| given.device).collect();
        let has_it = |told: &Told| told.names > 0 && age(told.first) >= HAS_IT_AFTER;
        others.extend(self.told.iter().filter(|(_, told)| has_it(told)).map(|(device, _)| *device));
        others.retain(|device| *device != asker);
        let is_tired = match others.is_empty() {
            true => age(told.first) >= WAIT_MAX,
            false => told.names >= NAMED_MAX && !is_same,
        };
        if self.given.len() < GIVEN_MAX || is_tired || is_full {
            self.told.remove(&asker);
            if self.given.len() < ASKERS_MAX {
                self.given.push_back(Given { device: asker, at: now, is_done: false });
            }
            return Turn::Give;
        }
        if others.is_empty() {
            self.told.insert(asker, told);
            return Turn::Wait;
        }
        if !is_same {
            self.turn = self.turn.wrapping_add(1);
        }
        let names = told.names + u8::from(!is_same);
        let last = if is_same { told.last } else { Some(now) };
        self.told.insert(asker, Told { names, last, ..told });
        let turn = self.turn % others.len();
        others.rotate_left(turn);
        Turn::Name(others)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device(number: u8) -> DeviceId {
        DeviceId::new([number; 32])
    }

    const CONTENT: ContentId = ContentId::new([9; 32]);

    /// Two who have got it.
    fn two_readers(crowds: &Crowds, now: Instant) {
        for number in [1, 2] {
            assert_eq!(crowds.ask(CONTENT, device(number), now), Turn::Give);
            crowds.done(CONTENT, device(number));
        }
    }

    fn names(turn: Turn) -> Vec<DeviceId> {
        match turn {
            Turn::Name(devices) => devices,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_few_get_it_and_the_others_hear_who_has_it() {
        let (crowds, now) = (Crowds::default(), Instant::now());
        two_readers(&crowds, now);
        for _ in 0..3 {
            assert_eq!(crowds.ask(CONTENT, device(1), now), Turn::Give, "it goes on with what it began");
        }
        let named = names(crowds.ask(CONTENT, device(3), now));
        assert!(named.contains(&device(1)) && named.contains(&device(2)) && !named.contains(&device(3)));
        assert!(!names(crowds.ask(CONTENT, device(4), now)).contains(&device(3)), "it has just heard a name");
        let later = now + HAS_IT_AFTER;
        assert!(names(crowds.ask(CONTENT, device(4), later)).contains(&device(3)), "it has it by now");
        assert_eq!(crowds.ask(ContentId::new([8; 32]), device(4), now), Turn::Give, "another content");
    }

    #[test]
    fn who_has_not_got_it_to_the_end_is_not_named() {
        let (crowds, now) = (Crowds::default(), Instant::now());
        for number in [1, 2] {
            assert_eq!(crowds.ask(CONTENT, device(number), now), Turn::Give);
        }
        assert_eq!(crowds.ask(CONTENT, device(3), now), Turn::Wait);
        crowds.done(CONTENT, device(2));
        assert_eq!(crowds.ask(CONTENT, device(3), now), Turn::Name(vec![device(2)]));
        assert_eq!(crowds.ask(CONTENT, device(4), now), Turn::Name(vec![device(2)]));
    }

    #[test]
    fn nobody_waits_long_for_those_who_never_get_to_the_end() {
        let (crowds, now) = (Crowds::default(), Instant::now());
        let _two = (crowds.ask(CONTENT, device(1), now), crowds.ask(CONTENT, device(2), now));
        assert_eq!(crowds.ask(CONTENT, device(3), now), Turn::Wait);
        assert_eq!(crowds.ask(CONTENT, device(3), now + WAIT_MAX), Turn::Give);
    }

    #[test]
    fn whoever_comes_again_gets_it_in_the_end() {
        let (crowds, now) = (Crowds::default(), Instant::now());
        two_readers(&crowds, now);
        for time in 0..u32::from(NAMED_MAX) {
            for piece in 0..8 {
                let at = now + TOGETHER * time + Duration::from_millis(piece);
                assert_ne!(crowds.ask(CONTENT, device(3), at), Turn::Give, "{time} {piece}");
            }
        }
        let later = now + TOGETHER * 5;
        assert_eq!(crowds.ask(CONTENT, device(3), later), Turn::Give);
        assert_eq!(crowds.ask(CONTENT, device(3), later), Turn::Give);
    }

    #[test]
    fn a_minute_later_all_is_forgotten() {
        let (crowds, now) = (Crowds::default(), Instant::now());
        two_readers(&crowds, now);
        assert_eq!(crowds.ask(CONTENT, device(3), now + LATELY), Turn::Give);
    }

    #[test]
    fn a_flood_is_bounded() {
        let (crowds, now) = (Crowds::default(), Instant::now());
        for number in 0..10_000_u32 {
            let mut id = [0; 32];
            id[..4].copy_from_slice(&number.to_be_bytes());
            let _named = crowds.ask(ContentId::new(id), device(1), now);
            let _named = crowds.ask(CONTENT, DeviceId::new(id), now);
        }
        let contents = crowds.contents.lock().unwrap();
        assert!(contents.len() <= CONTENTS_MAX);
        let crowd = &contents[&CONTENT];
        assert!(crowd.given.len() <= ASKERS_MAX && crowd.told.len() <= ASKERS_MAX);
    }
}
