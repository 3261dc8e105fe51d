//! Personal state: what a person knows for itself, on all its devices and after a recovery (spec identity rules 80 to 88).
//!
//! Each piece is a *mark*. Marks travel in records that are sealed to the person itself, in the webs of whom they are
//! about. Not for: what a petname does (`petnames`), or how a safety code is compared (`safety`).

mod marks;
#[cfg(test)]
mod vectors;

use std::ops::RangeInclusive;
use std::time::Duration;

use base::{DeviceId, Fault, PersonId, Timestamp, WebId};
use kernel::Step;
use minicbor::{Decode, Encode};
use store::{Rows, StoreError, Table};
use wire::codec::Bytes;
use wire::identity::Key;

use crate::apply;
use crate::body::Body;
use crate::fault::PeopleError;
use crate::sealed::{PLAIN_SIZE_MAX, Sealed};
use crate::service::{People, checked_name, publish};
use crate::tables::{MEMBERS, PETNAMES, VERIFIED, WEBS};
use crate::told::{Told, Wish};
use marks::Mark;
pub(crate) use marks::Marks;

/// The marks, by kind and what they are about.
const MARKS: Table<(u64, Vec<u8>), Mark> = Table::new("people.marks");
/// Which mark was said in a web last, and under which key of the person.
const SAID: Table<(WebId, u64, Vec<u8>), SaidRecord> = Table::new("people.marks-said");
/// How many marks there are, and how long they are together.
const HELD: Table<(), HeldRecord> = Table::new("people.marks-held");

/// Marks at most, those that were taken back included: two for each of as many people as anybody knows by name.
const MARKS_MAX: u64 = 20_000;
/// Bytes of all marks at most.
const BYTES_MAX: u64 = 8 << 20;

/// Records of marks that one step seals for a web at most, each about 200 µs; the rest follows at once.
const RECORDS_AT_ONCE: usize = 16;
const NEXT_RECORDS: Duration = Duration::from_millis(200);

/// Who has not changed a mark says it after this, at random, so that one device does.
const SAY_WAIT_LEAST: Duration = Duration::from_secs(5);
const SAY_WAIT_SPREAD_MS: u64 = 55_000;

/// Alarm, followed by a web: say the marks that its records do not hold.
pub(crate) const SAY: &str = "marks ";

/// Kinds that other services keep here ([`crate::Wish`]): what each means is theirs, and their `about` begins with the id of a web.
pub const OTHERS: RangeInclusive<u64> = 100..=199;

/// What other services change is said at the next moment that is a multiple of this: who reads along, or writes a draft, changes it often.
const OTHERS_EVERY: Duration = Duration::from_secs(10);

/// What a mark is about, and what it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A name of mine for a person: its letters.
    Petname,
    /// That I have compared safety codes with a person: when, as 8 bytes.
    Verified,
}

impl Kind {
    fn number(self) -> u64 {
        match self {
            Self::Petname => 0,
            Self::Verified => 1,
        }
    }

    fn of(number: u64) -> Option<Self> {
        [Self::Petname, Self::Verified].into_iter().find(|kind| kind.number() == number)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
struct SaidRecord {
    #[n(0)]
    count: u64,
    #[n(1)]
    by: DeviceId,
    #[n(2)]
    key: Key,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Encode, Decode)]
struct HeldRecord {
    #[n(0)]
    marks: u64,
    #[n(1)]
    bytes: u64,
}

/// Changes a name of mine; none takes it back.
pub(crate) fn set_petname(step: &mut Step<'_>, person: PersonId, name: Option<&str>) -> Result<(), Fault> {
    set(step, Kind::Petname, person, name.map(|name| name.as_bytes().to_vec()))
}

/// Changes since when a person is verified; none takes it back.
pub(crate) fn set_verified(
    step: &mut Step<'_>,
    person: PersonId,
    since: Option<Timestamp>,
) -> Result<(), Fault> {
    set(step, Kind::Verified, person, since.map(|since| since.millis().to_be_bytes().to_vec()))
}

fn set(step: &mut Step<'_>, kind: Kind, person: PersonId, value: Option<Vec<u8>>) -> Result<(), Fault> {
    change(step, kind.number(), person.as_bytes().to_vec(), value)
}

/// Does what another service wishes.
pub(crate) fn wished(step: &mut Step<'_>, message: &[u8]) -> Result<(), Fault> {
    let Ok(Wish::Mark { kind, about, value }) = Wish::from_bytes(message) else { return Ok(()) };
    let Some(web) = web_of(kind, &about) else { return Ok(()) };
    let known = MARKS.get(step.view(), &(kind, about.to_vec()))?;
    if known.map(|known| known.value).unwrap_or_default() == value {
        return Ok(());
    }
    change(step, kind, about.to_vec(), value.map(Vec::from))?;
    let every = u64::try_from(OTHERS_EVERY.as_millis()).unwrap_or(u64::MAX);
    let wait = every.saturating_sub(step.now().millis() % every);
    step.alarm(Duration::from_millis(wait), format!("{SAY}{web}"));
    Ok(())
}

/// Returns in which web a mark of another service is said.
fn web_of(kind: u64, about: &[u8]) -> Option<WebId> {
    let web = about.first_chunk().filter(|_| OTHERS.contains(&kind));
    web.map(|web| WebId::new(*web))
}

fn change(step: &mut Step<'_>, kind: u64, about: Vec<u8>, value: Option<Vec<u8>>) -> Result<(), Fault> {
    let count = MARKS.get(step.view(), &(kind, about.clone()))?.map_or(0, |mark| mark.count);
    let mark = Mark {
        kind,
        about: about.into(),
        count: count.saturating_add(1),
        by: step.me(),
        value: value.map(Bytes::from),
    };
    if !keep(step, &mark)? {
        let most = usize::try_from(MARKS_MAX).unwrap_or(usize::MAX);
        return Err(PeopleError::TooMany { what: "names and marks of your own", most }.into());
    }
    show(step, &mark)
}

/// Writes a mark's row; false when there is no room.
fn keep(step: &mut Step<'_>, mark: &Mark) -> Result<bool, StoreError> {
    let place = (mark.kind, mark.about.to_vec());
    let bytes = |mark: &Mark| u64::try_from(mark.size()).unwrap_or(u64::MAX);
    let before = MARKS.get(step.view(), &place)?;
    let held = HELD.get(step.view(), &())?.unwrap_or_default();
    let held = HeldRecord {
        marks: held.marks.saturating_add(u64::from(before.is_none())),
        bytes: held.bytes.saturating_sub(before.as_ref().map_or(0, bytes)).saturating_add(bytes(mark)),
    };
    let has_room = held.marks <= MARKS_MAX && held.bytes <= BYTES_MAX;
    if has_room {
        HELD.put(step.rows(), &(), &held);
        MARKS.put(step.rows(), &place, mark);
    }
    Ok(has_room)
}

/// Has a mark seen wherever it counts. What it says may be of a stolen computer: what cannot be read says nothing.
fn show(step: &mut Step<'_>, mark: &Mark) -> Result<(), Fault> {
    if OTHERS.contains(&mark.kind) {
        let told = Told::Mark { kind: mark.kind, about: mark.about.clone(), value: mark.value.clone() };
        step.announce(told.to_bytes());
        return Ok(());
    }
    let person = <[u8; 32]>::try_from(mark.about.to_vec()).ok().map(PersonId::new);
    let (Some(kind), Some(person)) = (Kind::of(mark.kind), person) else { return Ok(()) };
    if crate::read::my_person(step.view())? == Some(person) {
        return Ok(());
    }
    match kind {
        Kind::Petname => match mark.value.as_ref().and_then(|value| petname(value)) {
            Some(name) => PETNAMES.put(step.rows(), &person, &name),
            None => PETNAMES.delete(step.rows(), &person),
        },
        Kind::Verified => match mark.value.as_ref().and_then(|value| since(value)) {
            Some(since) => VERIFIED.put(step.rows(), &person, &since),
            None => VERIFIED.delete(step.rows(), &person),
        },
    }
    let webs: Vec<WebId> =
        WEBS.all(step.view()).map(|row| row.map(|(web, _)| web)).collect::<Result<_, StoreError>>()?;
    for web in webs {
        if !MEMBERS.has(step.view(), &(web, person))? {
            continue;
        }
        if apply::relabel(step, web)? || kind == Kind::Verified {
            step.announce(Told::Members { web }.to_bytes());
            step.emit("people.changed", &serde_json::json!({ "web": web }));
        }
    }
    Ok(())
}

fn petname(value: &[u8]) -> Option<String> {
    checked_name(std::str::from_utf8(value).ok()?).ok()
}

fn since(value: &[u8]) -> Option<Timestamp> {
    Some(Timestamp::from_millis(u64::from_be_bytes(value.try_into().ok()?)))
}

/// Makes marks of the rows of homes that had none.
pub(crate) fn adopt(step: &mut Step<'_>) -> Result<(), Fault> {
    if HELD.has(step.view(), &())? {
        return Ok(());
    }
    HELD.put(step.rows(), &(), &HeldRecord::default());
    for (person, name) in PETNAMES.all(step.view()).collect::<Result<Vec<_>, StoreError>>()? {
        set_petname(step, person, Some(&name))?;
    }
    for (person, since) in VERIFIED.all(step.view()).collect::<Result<Vec<_>, StoreError>>()? {
        set_verified(step, person, Some(since))?;
    }
    Ok(())
}

/// Takes marks that another device of this person has sealed; those of others are not even tried.
pub(crate) fn take(
    step: &mut Step<'_>,
    web: WebId,
    (author, person): (DeviceId, PersonId),
    sealed: &Sealed,
) -> Result<(), Fault> {
    // More wraps than one person needs would cost more keys tried than this is worth.
    if crate::read::my_person(step.view())? != Some(person) || !sealed.is_for_one() {
        return Ok(());
    }
    let Some(plain) = sealed.open(step, web, author) else { return Ok(()) };
    let Ok(Marks { key, marks }) = wire::from_bytes(&plain, PLAIN_SIZE_MAX) else { return Ok(()) };
    let now = crate::devices::identity(step)?.key_now()?;
    for mark in marks {
        let known = MARKS.get(step.view(), &(mark.kind, mark.about.to_vec()))?;
        if mark.replaces(known.as_ref()) && keep(step, &mark)? {
            show(step, &mark)?;
        } else if known.as_ref() != Some(&mark) {
            continue;
        }
        heard(step, web, &mark, (key, now))?;
    }
    Ok(())
}

/// Notes that a web's records hold a mark.
fn heard(step: &mut Step<'_>, web: WebId, mark: &Mark, (key, now): (Key, Key)) -> Result<(), StoreError> {
    let place = (web, mark.kind, mark.about.to_vec());
    let record = SaidRecord { count: mark.count, by: mark.by, key };
    let is_better = SAID.get(step.view(), &place)?.is_none_or(|said| said.key != now || key == now);
    if is_better {
        SAID.put(step.rows(), &place, &record);
    }
    Ok(())
}

/// Says whether somebody who knows none of them takes any, and how they would show.
#[cfg(test)]
pub(crate) fn is_taken(marks: &Marks) -> bool {
    let reads = |mark: &Mark| {
        mark.value.as_ref().is_some_and(|value| petname(value).is_some() || since(value).is_some())
    };
    marks.marks.iter().filter(|mark| mark.replaces(None)).any(reads)
}

/// Returns marks of each kind.
#[cfg(test)]
pub(crate) fn some_marks() -> Marks {
    let mark = |kind, value: Option<&[u8]>| Mark {
        kind,
        about: vec![4; 32].into(),
        count: 1,
        by: DeviceId::new([2; 32]),
        value: value.map(|value| value.to_vec().into()),
    };
    let marks = vec![mark(0, Some(b"Uncle Bob")), mark(1, Some(&[0; 8])), mark(0, None)];
    Marks { key: Key([5; 32]), marks }
}

/// Returns the marks that a web's records do not hold, under the key of now.
fn unsaid<R: Rows + ?Sized>(rows: &R, web: WebId, key: Key) -> Result<Vec<Mark>, StoreError> {
    let mut unsaid = Vec::new();
    for row in MARKS.all(rows) {
        let (place, mark) = row?;
        let said = SAID.get(rows, &(web, place.0, place.1.clone()))?;
        let is_there = match (Kind::of(mark.kind), <[u8; 32]>::try_from(place.1.as_slice())) {
            (Some(_), Ok(person)) => MEMBERS.has(rows, &(web, PersonId::new(person)))?,
            _ if OTHERS.contains(&mark.kind) => web_of(mark.kind, &place.1) == Some(web),
            // Of a later version: whoever understands it has chosen its webs.
            _ => said.is_some(),
        };
        let now = SaidRecord { count: mark.count, by: mark.by, key };
        if is_there && said != Some(now) {
            unsaid.push(mark);
        }
    }
    Ok(unsaid)
}

impl People {
    /// Returns what is to be said in a web, and to which key; none while the web does not know this person's newest one: the
    /// other devices could not open it yet.
    fn marks_to_say(&self, step: &Step<'_>, web: WebId) -> Result<Option<(Key, Vec<Mark>)>, Fault> {
        let Some(me) = crate::read::my_person(step.view())? else { return Ok(None) };
        let key = crate::devices::identity(step)?.key_now()?;
        let Some(evaluation) = self.evaluation(web) else { return Ok(None) };
        let mine = evaluation.state.members.get(&me).filter(|mine| mine.reads());
        if mine.is_none_or(|mine| mine.person_key != key.0) {
            return Ok(None);
        }
        let unsaid = unsaid(step.view(), web, key)?;
        Ok(Some((key, unsaid)).filter(|(_, unsaid)| !unsaid.is_empty()))
    }

    /// Says the marks that a web's records do not hold.
    pub(crate) fn say_marks(&self, step: &mut Step<'_>, web: WebId) -> Result<(), Fault> {
        let Some((key, unsaid)) = self.marks_to_say(step, web)? else { return Ok(()) };
        for (number, list) in (0..).zip(Marks::pack(key, unsaid)) {
            if number == RECORDS_AT_ONCE {
                step.alarm(NEXT_RECORDS, format!("{SAY}{web}"));
                break;
            }
            // A web would have refused a key that nothing can be sealed to.
            let Some(sealed) = Sealed::new(step, web, &[key.0], &wire::to_bytes(&list)) else { continue };
            publish(step, web, &Body::Marks { sealed })?;
            for mark in list.marks {
                heard(step, web, &mark, (key, key))?;
            }
        }
        Ok(())
    }

    /// Says marks in all webs at once, after this device has changed one, or the key.
    pub(crate) fn say_marks_everywhere(&self, step: &mut Step<'_>) -> Result<(), Fault> {
        for web in Self::my_webs(step)? {
            self.say_marks(step, web)?;
        }
        Ok(())
    }

    /// Has marks said that a web's records do not hold, by this device or another.
    pub(crate) fn have_marks_said(&self, step: &mut Step<'_>, web: WebId) -> Result<(), Fault> {
        if self.marks_to_say(step, web)?.is_some() {
            let dice = step.random("marks wait");
            let spread = u64::from_be_bytes(*dice.first_chunk().unwrap_or(&[0; 8])) % SAY_WAIT_SPREAD_MS;
            step.alarm(SAY_WAIT_LEAST + Duration::from_millis(spread), format!("{SAY}{web}"));
        }
        Ok(())
    }
}
