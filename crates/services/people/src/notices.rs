//! What a person should know of others: that one goes by another name, that a verified one has another computer, that
//! somebody looks like somebody else. Not for: acts in governance (`audit` tells those).
//!
//! There is one notice of each kind of a person in a web, so others can neither fill the disk nor push notices away.

use std::time::Duration;

use api::persons::{News, NewsView};
use base::{DeviceId, Fault, PersonId, WebId};
use kernel::Step;
use store::{Rows, StoreError};

use crate::label;
use crate::tables::{DEVICES, NOTICES, NoticeRecord, PETNAMES, VERIFIED, WEBS};

/// Changes of a name within this are told as one, from the first name to the last: who hurries through several names
/// must not hide which one it had.
const TOGETHER: Duration = Duration::from_hours(24);

/// What a notice is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It goes by another name.
    Renamed,
    /// A verified person has one more computer.
    NewDevice,
    /// A verified person has other computers, and none of those it had.
    OtherDevices,
    /// It calls itself what somebody else is called.
    Namesake,
    /// Several admins say that it is somebody who was there before.
    Same,
    /// It writes more than this peer takes.
    Flood,
}

impl Kind {
    const ALL: [Self; 6] =
        [Self::Renamed, Self::NewDevice, Self::OtherDevices, Self::Namesake, Self::Same, Self::Flood];

    fn number(self) -> u64 {
        match self {
            Self::Renamed => 0,
            Self::NewDevice => 1,
            Self::OtherDevices => 2,
            Self::Namesake => 3,
            Self::Same => 4,
            Self::Flood => 8,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Renamed => "renamed",
            Self::NewDevice => "new-device",
            Self::OtherDevices => "other-devices",
            Self::Namesake => "namesake",
            Self::Same => "same-person",
            Self::Flood => "flood",
        }
    }
}

/// Says whether it is told of a person that it goes by another name.
pub(crate) fn is_renamed<R: Rows + ?Sized>(
    rows: &R,
    web: WebId,
    person: PersonId,
) -> Result<bool, StoreError> {
    NOTICES.has(rows, &(web, person, Kind::Renamed.number()))
}

/// Notes that a person goes by another name.
pub(crate) fn renamed(
    step: &mut Step<'_>,
    web: WebId,
    person: PersonId,
    (before, after): (&str, &str),
) -> Result<(), StoreError> {
    let now = step.now();
    let known = NOTICES.get(step.view(), &(web, person, Kind::Renamed.number()))?;
    let recent = known.filter(|known| now >= known.at && now.since(known.at) < TOGETHER);
    let id = person.to_string();
    let before = recent.map_or_else(|| label::safe(before, &id), |recent| recent.before);
    let after = label::safe(after, &id);
    if before == after {
        NOTICES.delete(step.rows(), &(web, person, Kind::Renamed.number()));
        return Ok(());
    }
    let record = NoticeRecord { at: now, before, after, like: None };
    NOTICES.put(step.rows(), &(web, person, Kind::Renamed.number()), &record);
    Ok(())
}

/// Notes what has changed about the devices of a person that is verified.
pub(crate) fn devices(
    step: &mut Step<'_>,
    web: WebId,
    person: PersonId,
    (before, after): (&[DeviceId], &[DeviceId]),
) -> Result<(), StoreError> {
    let is_new = after.iter().any(|device| !before.contains(device));
    if !is_new || !VERIFIED.has(step.view(), &person)? {
        return Ok(());
    }
    let has_stayed = after.iter().any(|device| before.contains(device));
    let kind = if has_stayed { Kind::NewDevice } else { Kind::OtherDevices };
    note(step, web, person, kind, NoticeRecord::default());
    Ok(())
}

/// Notes that a person would be called as another one, who keeps the name; only if I have a reason to care which is which.
pub(crate) fn namesake(
    step: &mut Step<'_>,
    web: WebId,
    (person, wanted): (PersonId, &str),
    like: PersonId,
) -> Result<(), StoreError> {
    let is_known = VERIFIED.has(step.view(), &like)? || PETNAMES.has(step.view(), &like)?;
    if is_known || crate::read::my_person(step.view())? == Some(like) {
        let record = NoticeRecord { before: wanted.to_owned(), like: Some(like), ..NoticeRecord::default() };
        note(step, web, person, Kind::Namesake, record);
    }
    Ok(())
}

/// Notes that a person took over from another one, as several admins have confirmed.
pub(crate) fn same(step: &mut Step<'_>, web: WebId, person: PersonId, before: PersonId) {
    let record = NoticeRecord { like: Some(before), ..NoticeRecord::default() };
    note(step, web, person, Kind::Same, record);
}

/// Notes that a person writes more governance than this peer takes (spec records rule 40).
pub(crate) fn flood(step: &mut Step<'_>, web: WebId, device: DeviceId) -> Result<(), StoreError> {
    if let Some(person) = DEVICES.get(step.view(), &(web, device))? {
        note(step, web, person, Kind::Flood, NoticeRecord::default());
    }
    Ok(())
}

fn note(step: &mut Step<'_>, web: WebId, person: PersonId, kind: Kind, record: NoticeRecord) {
    let at = step.now();
    NOTICES.put(step.rows(), &(web, person, kind.number()), &NoticeRecord { at, ..record });
}

/// Returns what is new, newest first.
pub(crate) fn news(rows: &dyn Rows, web: Option<WebId>) -> Result<News, Fault> {
    let mut news = Vec::new();
    for row in NOTICES.all(rows) {
        let ((of, person, number), record) = row?;
        let kind = Kind::ALL.into_iter().find(|kind| kind.number() == number);
        let Some(kind) = kind.filter(|_| web.is_none_or(|web| web == of)) else { continue };
        if WEBS.has(rows, &of)? {
            news.push(view(rows, (of, person), kind, record)?);
        }
    }
    news.sort_by_key(|one: &NewsView| (std::cmp::Reverse(one.at), one.person, one.kind.clone()));
    Ok(News { news })
}

fn view(
    rows: &dyn Rows,
    (web, person): (WebId, PersonId),
    kind: Kind,
    NoticeRecord { at, before, after, like }: NoticeRecord,
) -> Result<NewsView, StoreError> {
    let is_verified = VERIFIED.has(rows, &person)?;
    let who = crate::read::label_of(rows, web, person)?;
    let what = match kind {
        Kind::Renamed => format!("was called {before} and now goes by the name {after}"),
        Kind::NewDevice => {
            "has a new computer. You have verified this person: ask whether it is theirs".to_owned()
        }
        Kind::OtherDevices => {
            "came back on another computer, with none of those it had. You have verified this person: \
             ask whether it was them"
                .to_owned()
        }
        Kind::Namesake => namesake_words(rows, web, &before, like)?,
        Kind::Same => same_words(rows, like)?,
        Kind::Flood => {
            "changes the web more often than this computer takes at once; the rest is taken bit by bit. \
             The log shows what it is; an admin can remove this person"
                .to_owned()
        }
    };
    let is_loud = kind != Kind::Renamed || is_verified || PETNAMES.has(rows, &person)?;
    let kind = kind.word().to_owned();
    let web = crate::read::web_label(rows, web)?;
    Ok(NewsView { at, web, who, what, kind, is_loud, person })
}

fn same_words(rows: &dyn Rows, like: Option<PersonId>) -> Result<String, StoreError> {
    let was_verified = like.map(|like| VERIFIED.has(rows, &like)).transpose()?.unwrap_or_default();
    let ask = match was_verified {
        true => "You had verified the one of before: compare safety codes anew before you trust this",
        false => "Compare safety codes if it matters to you",
    };
    Ok(format!("has lost all computers and words and is here anew, as several admins have confirmed. {ask}"))
}

fn namesake_words(
    rows: &dyn Rows,
    web: WebId,
    wanted: &str,
    like: Option<PersonId>,
) -> Result<String, StoreError> {
    let Some(like) = like else { return Ok(format!("calls itself {wanted}")) };
    let other = crate::read::label_of(rows, web, like)?;
    Ok(if crate::read::my_person(rows)? == Some(like) {
        format!("calls itself {wanted}, which looks like your own name")
    } else if VERIFIED.has(rows, &like)? {
        format!("calls itself {wanted} and is somebody else, not the {other} you have verified")
    } else {
        format!("calls itself {wanted} and is somebody else, not the one you call {other}")
    })
}
