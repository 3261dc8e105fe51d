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
/// Who heard another name so long ago has probably got it there, and may be named.
const HAS_IT_AFTER: Duration = Duration::from_millis(300);
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

/// Who asked for one content.
#[derive(Debug, Default)]
struct Crowd {
    /// Who got it from here, and when it began, oldest first.
    given: VecDeque<(Instant, DeviceId)>,
    /// Who heard another name.
    told: BTreeMap<DeviceId, Told>,
    /// Whose turn to be named it is.
    turn: usize,
    last: Option<Instant>,
}

/// What an asker heard.
#[derive(Debug, Clone, Copy)]
struct Told {
    times: u8,
    first: Instant,
    last: Instant,
}

impl Crowds {
    /// Counts bytes that somebody got.
    pub(crate) fn gave(&self, bytes: usize) {
        self.given.fetch_add(u64::try_from(bytes).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    pub(crate) fn given(&self) -> u64 {
        self.given.load(Ordering::Relaxed)
    }

    /// Notes that a device asks for a content. Returns nothing if it is to get it, else who has it, best first.
    pub(crate) fn ask(&self, content: ContentId, asker: DeviceId, now: Instant) -> Vec<DeviceId> {
        let mut contents = self.contents.lock().unwrap_or_else(PoisonError::into_inner);
        let is_lately = |at: Option<Instant>| at.is_some_and(|at| now.saturating_duration_since(at) < LATELY);
        if contents.len() >= CONTENTS_MAX {
            contents.retain(|_, crowd| is_lately(crowd.last));
            if contents.len() >= CONTENTS_MAX {
                return Vec::new();
            }
        }
        let crowd = contents.entry(content).or_default();
        if !is_lately(crowd.last) {
            *crowd = Crowd::default();
        }
        crowd.last = Some(now);
        crowd.ask(asker, now)
    }
}

impl Crowd {
    fn ask(&mut self, asker: DeviceId, now: Instant) -> Vec<DeviceId> {
        while self.given.front().is_some_and(|(at, _)| now.saturating_duration_since(*at) >= LATELY) {
            self.given.pop_front();
        }
        if self.given.iter().any(|(_, device)| *device == asker) {
            return Vec::new();
        }
        let told = self.told.get(&asker).copied();
        let mut told = told.unwrap_or(Told { times: 0, first: now, last: now });
        // Requests for pieces come together, and are answered alike.
        let is_new = told.times == 0 || now.saturating_duration_since(told.last) >= TOGETHER;
        let is_full = self.told.len() >= ASKERS_MAX && told.times == 0;
        if self.given.len() < GIVEN_MAX || (is_new && told.times >= NAMED_MAX) || is_full {
            self.told.remove(&asker);
            if self.given.len() < ASKERS_MAX {
                self.given.push_back((now, asker));
            }
            return Vec::new();
        }
        let mut others: Vec<DeviceId> = self.given.iter().map(|(_, device)| *device).collect();
        let has_it = |since: Instant| now.saturating_duration_since(since) >= HAS_IT_AFTER;
        others.extend(self.told.iter().filter(|(_, told)| has_it(told.first)).map(|(device, _)| *device));
        others.retain(|device| *device != asker);
        if is_new {
            told = Told { times: told.times + 1, last: now, ..told };
            self.turn = self.turn.wrapping_add(1);
        }
        self.told.insert(asker, told);
        let turn = self.turn % others.len().max(1);
        others.rotate_left(turn);
        others
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device(number: u8) -> DeviceId {
        DeviceId::new([number; 32])
    }

    const CONTENT: ContentId = ContentId::new([9; 32]);

    #[test]
    fn a_few_get_it_and_the_others_hear_who_has_it() {
        let (crowds, now) = (Crowds::default(), Instant::now());
        assert!(crowds.ask(CONTENT, device(1), now).is_empty());
        assert!(crowds.ask(CONTENT, device(2), now).is_empty());
        for _ in 0..3 {
            assert!(crowds.ask(CONTENT, device(1), now).is_empty(), "it goes on with what it began");
        }
        let named = crowds.ask(CONTENT, device(3), now);
        assert!(named.contains(&device(1)) && named.contains(&device(2)) && !named.contains(&device(3)));
        assert!(!crowds.ask(CONTENT, device(4), now).contains(&device(3)), "it has just been told a name");
        let later = now + HAS_IT_AFTER;
        assert!(crowds.ask(CONTENT, device(4), later).contains(&device(3)), "it will have it by now");
        assert!(crowds.ask(ContentId::new([8; 32]), device(4), now).is_empty(), "another content");
    }

    #[test]
    fn whoever_comes_again_gets_it_in_the_end() {
        let (crowds, now) = (Crowds::default(), Instant::now());
        let _two = (crowds.ask(CONTENT, device(1), now), crowds.ask(CONTENT, device(2), now));
        for time in 0..u32::from(NAMED_MAX) {
            for piece in 0..8 {
                let at = now + TOGETHER * time + Duration::from_millis(piece);
                assert!(!crowds.ask(CONTENT, device(3), at).is_empty(), "{time} {piece}");
            }
        }
        let later = now + TOGETHER * 5;
        assert!(crowds.ask(CONTENT, device(3), later).is_empty());
        assert!(crowds.ask(CONTENT, device(3), later).is_empty());
    }

    #[test]
    fn a_minute_later_all_is_forgotten() {
        let (crowds, now) = (Crowds::default(), Instant::now());
        let _two = (crowds.ask(CONTENT, device(1), now), crowds.ask(CONTENT, device(2), now));
        assert!(crowds.ask(CONTENT, device(3), now + LATELY).is_empty());
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
