//! Who may do what in a room, and what a room is called: functions of the rows, whatever the order in which they came (spec talk,
//! rules 11 to 16).

use std::collections::{BTreeMap, BTreeSet};

use base::{DeviceId, PersonId, Timestamp, WebId};
use people::Role;
use store::{Rows, StoreError};

use crate::ids::RoomId;
use crate::statement::{Change, Heard};
use crate::tables::{MUTES, ROOMS, RoomRow, SETS};

/// A room as it is now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Terms {
    pub(crate) name: String,
    pub(crate) topic: String,
    pub(crate) is_archived: bool,
    pub(crate) is_open: bool,
    pub(crate) since: Timestamp,
    pub(crate) begun_by: Option<PersonId>,
    /// Those named; who began it and admins moderate, too.
    pub(crate) moderators: BTreeSet<PersonId>,
    /// All who were ever named: what they took away stays away.
    pub(crate) ever: BTreeSet<PersonId>,
}

/// Which of several words about one thing holds: the greatest count, then device, then place in its log (spec talk, rule 13).
pub(crate) type Precedence = (u64, DeviceId, u64);

/// Muted persons, and the places behind which they are not shown.
pub(crate) type Muted = BTreeMap<PersonId, Vec<Heard>>;

/// Returns a room as it is now; none when its beginning has not come, or its author is nobody known.
pub(crate) fn terms<R: Rows + ?Sized>(
    rows: &R,
    web: WebId,
    room: RoomId,
) -> Result<Option<Terms>, StoreError> {
    let Some(RoomRow { begun: Some(begun), .. }) = ROOMS.get(rows, &(web, room))? else { return Ok(None) };
    let begun_by = people::read::person_of(rows, web, begun.by)?;
    let mut terms = Terms {
        name: begun.name,
        topic: begun.topic,
        is_archived: false,
        is_open: begun.is_open,
        since: begun.at,
        begun_by,
        moderators: BTreeSet::new(),
        ever: BTreeSet::new(),
    };
    // Who moderates is for admins and who began the room to say; all else is for moderators, too. So the fields are looked at
    // from the last to the first.
    for field in (0..=4_u8).rev() {
        let mut best: Option<(Precedence, Change)> = None;
        for row in SETS.within(rows, &(web, room, field)) {
            let ((.., device, number), set) = row?;
            let Some(person) = people::read::person_of(rows, web, device)? else { continue };
            let may = leads(rows, web, &terms, person)? || (field != 4 && terms.moderators.contains(&person));
            let order = (set.count, device, number);
            if let Change::Moderators(named) = &set.change
                && may
            {
                terms.ever.extend(named);
            }
            if may && best.as_ref().is_none_or(|(known, _)| *known < order) {
                best = Some((order, set.change));
            }
        }
        match best.map(|(_, change)| change) {
            Some(Change::Name(name)) => terms.name = name,
            Some(Change::Topic(topic)) => terms.topic = topic,
            Some(Change::IsArchived(is_archived)) => terms.is_archived = is_archived,
            Some(Change::IsOpen(is_open)) => terms.is_open = is_open,
            Some(Change::Moderators(moderators)) => terms.moderators = moderators.into_iter().collect(),
            None => {}
        }
    }
    Ok(Some(terms))
}

/// Returns the count that a change of a field takes.
pub(crate) fn next_count<R: Rows + ?Sized>(
    rows: &R,
    web: WebId,
    room: RoomId,
    field: u8,
) -> Result<u64, StoreError> {
    let mut count: u64 = 0;
    for row in SETS.within(rows, &(web, room, field)) {
        count = count.max(row?.1.count);
    }
    Ok(count.saturating_add(1))
}

/// Says whether a person may moderate a room.
pub(crate) fn moderates<R: Rows + ?Sized>(
    rows: &R,
    web: WebId,
    terms: &Terms,
    person: PersonId,
) -> Result<bool, StoreError> {
    let is_named = terms.moderators.contains(&person) && people::read::writes(rows, web, person)?;
    Ok(is_named || leads(rows, web, terms, person)?)
}

/// Says whether a person may say who moderates.
pub(crate) fn leads<R: Rows + ?Sized>(
    rows: &R,
    web: WebId,
    terms: &Terms,
    person: PersonId,
) -> Result<bool, StoreError> {
    let role = people::read::role_of(rows, web, person)?;
    Ok(role >= Some(Role::Admin) || (terms.begun_by == Some(person) && role >= Some(Role::Member)))
}

/// Returns who is muted in a room, as those say who may moderate it now. Nobody who moderates is.
pub(crate) fn muted<R: Rows + ?Sized>(
    rows: &R,
    web: WebId,
    room: RoomId,
    terms: &Terms,
) -> Result<Muted, StoreError> {
    let mut last: BTreeMap<PersonId, (Precedence, Option<Vec<Heard>>)> = BTreeMap::new();
    for row in MUTES.within(rows, &(web, room)) {
        let ((.., device, number), mute) = row?;
        let by = people::read::person_of(rows, web, device)?;
        let may = match by {
            Some(by) => moderates(rows, web, terms, by)?,
            None => false,
        };
        let order = (mute.count, device, number);
        if may && last.get(&mute.person).is_none_or(|(known, _)| *known < order) {
            last.insert(mute.person, (order, mute.after));
        }
    }
    let mut muted = Muted::new();
    for (person, (_, after)) in last {
        if let Some(after) = after
            && !moderates(rows, web, terms, person)?
        {
            muted.insert(person, after);
        }
    }
    Ok(muted)
}

/// Says whether a record of a muted person stands behind the place from which on it is not shown.
pub(crate) fn is_after(after: &[Heard], device: DeviceId, place: u64) -> bool {
    // What is not in the log yet will stand behind everything.
    let heard = after.iter().find(|heard| heard.device == device).map_or(0, |heard| heard.place);
    place == 0 || place > heard
}
