//! What a message says now: a function of the rows about it, whatever the order in which they came (spec talk, rules 17 to 22).

use std::collections::{BTreeMap, BTreeSet};

use base::{DeviceId, PersonId, Timestamp, WebId};
use people::Role;
use store::{Rows, StoreError};

use crate::ids::{MessageId, RoomId};
use crate::rights::{self, Muted, Precedence, Terms};
use crate::statement::{Content, What};
use crate::tables::{ABOUT, AboutRow, MESSAGES, MessageRow, OWN, RemovedRow};

/// What has to be known of a conversation to tell what its messages say.
#[derive(Debug, Clone)]
pub(crate) struct Ground {
    pub(crate) web: WebId,
    pub(crate) room: RoomId,
    /// None of a direct conversation.
    pub(crate) terms: Option<Terms>,
    pub(crate) muted: Muted,
    pub(crate) me: Option<PersonId>,
    /// Of a room that is not open: what was said before this is not shown.
    shown_from: Timestamp,
}

/// A message as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shown {
    pub(crate) person: PersonId,
    /// None when it was taken away.
    pub(crate) content: Option<Content>,
    pub(crate) edited: Option<Timestamp>,
    pub(crate) removed: Option<RemovedRow>,
    /// Whether somebody wants it taken away who may not, as far as is known.
    pub(crate) is_denied: bool,
    /// Which count the next edit takes.
    pub(crate) next_edit: u64,
    /// Who reacts how, and with which count each said so last.
    pub(crate) reactions: BTreeMap<String, BTreeSet<PersonId>>,
    pub(crate) counts: BTreeMap<(String, PersonId), u64>,
}

impl Ground {
    /// Looks at a conversation; none when it is a room whose beginning has not come.
    pub(crate) fn of<R: Rows + ?Sized>(
        rows: &R,
        web: WebId,
        room: RoomId,
    ) -> Result<Option<Self>, StoreError> {
        let me = people::read::my_person(rows)?;
        let mut ground =
            Self { web, room, terms: None, muted: Muted::new(), me, shown_from: Timestamp::default() };
        if room.is_direct() {
            return Ok(Some(ground));
        }
        let Some(terms) = rights::terms(rows, web, room)? else { return Ok(None) };
        ground.muted = rights::muted(rows, web, room, &terms)?;
        if let Some(me) = me.filter(|_| !terms.is_open) {
            let mine = people::read::member(rows, web, me)?;
            ground.shown_from = mine.map(|mine| mine.admitted).unwrap_or_default();
        }
        ground.terms = Some(terms);
        Ok(Some(ground))
    }

    /// What is taken of a room whose beginning has not come: nobody moderates it.
    pub(crate) fn unknown(web: WebId, room: RoomId) -> Self {
        Self { web, room, terms: None, muted: Muted::new(), me: None, shown_from: Timestamp::default() }
    }

    /// Says whether a person may take messages of others away.
    pub(crate) fn moderates<R: Rows + ?Sized>(&self, rows: &R, person: PersonId) -> Result<bool, StoreError> {
        match &self.terms {
            Some(terms) => rights::moderates(rows, self.web, terms, person),
            None => Ok(false),
        }
    }

    /// Says whether it counts that a person takes a message of somebody else away: also of who was named moderator once. So what was
    /// taken away stays so, whenever a peer hears of it.
    fn takes_away<R: Rows + ?Sized>(&self, rows: &R, person: PersonId) -> Result<bool, StoreError> {
        match &self.terms {
            Some(terms) if terms.ever.contains(&person) => Ok(true),
            Some(terms) => rights::leads(rows, self.web, terms, person),
            None => Ok(false),
        }
    }

    fn is_muted(&self, person: PersonId, device: DeviceId, place: u64) -> bool {
        self.muted.get(&person).is_some_and(|after| rights::is_after(after, device, place))
    }

    /// Returns a message as it is now; none when it is not shown at all.
    pub(crate) fn show<R: Rows + ?Sized>(
        &self,
        rows: &R,
        id: MessageId,
        row: &MessageRow,
    ) -> Result<Option<Shown>, StoreError> {
        if row.room != self.room {
            return Ok(None);
        }
        let Some(person) = people::read::person_of(rows, self.web, row.author)? else { return Ok(None) };
        // What a guest writes is not used while it is one (spec records, rule 37).
        let role = people::read::role_of(rows, self.web, person)?;
        let is_kept_off = role == Some(Role::Guest) || self.is_muted(person, row.author, row.place);
        let is_before = row.at < self.shown_from && Some(person) != self.me;
        if is_kept_off || is_before {
            return Ok(None);
        }
        self.fold(rows, id, row, person).map(Some)
    }

    /// Puts together what was said about a message.
    pub(crate) fn fold<R: Rows + ?Sized>(
        &self,
        rows: &R,
        id: MessageId,
        row: &MessageRow,
        person: PersonId,
    ) -> Result<Shown, StoreError> {
        let mut shown = Shown {
            person,
            content: row.content.clone(),
            edited: None,
            removed: row.removed,
            is_denied: false,
            next_edit: 1,
            reactions: BTreeMap::new(),
            counts: BTreeMap::new(),
        };
        let mut edit: Option<Precedence> = None;
        let mut reactions: BTreeMap<(String, PersonId), (Precedence, bool)> = BTreeMap::new();
        for pair in ABOUT.within(rows, &(self.web, id)) {
            let ((.., device, number), AboutRow { about, direct }) = pair?;
            let Some(by) = people::read::person_of(rows, self.web, device)? else {
                shown.is_denied |= about.what == What::Delete;
                continue;
            };
            let is_meant =
                direct.is_some() == self.room.is_direct() && direct.is_none_or(|direct| direct == self.room);
            // What is not in the log yet stands nowhere; who is muted says nothing more by its own program. What it said may still be
            // taken away.
            let is_late = number < OWN && self.is_muted(by, device, number) && about.what != What::Delete;
            if !is_meant || is_late {
                continue;
            }
            match about.what {
                What::Edit { count, content } if by == person => {
                    shown.next_edit = shown.next_edit.max(count.saturating_add(1));
                    if edit.is_none_or(|known| known < (count, device, number)) {
                        edit = Some((count, device, number));
                        shown.content = Some(content);
                        shown.edited = Some(about.at);
                    }
                }
                What::Edit { .. } => {}
                What::Delete => {
                    let is_better = |known: RemovedRow| (by == person, by) > (known.by == person, known.by);
                    if by != person && !self.takes_away(rows, by)? {
                        shown.is_denied = true;
                    } else if shown.removed.is_none_or(is_better) {
                        shown.removed = Some(RemovedRow { by, at: about.at });
                    }
                }
                What::React { emoji, count, is_on } => {
                    let order = (count, device, number);
                    let known = reactions.entry((emoji, by)).or_insert((order, is_on));
                    if known.0 < order {
                        *known = (order, is_on);
                    }
                }
            }
        }
        for ((emoji, by), ((count, ..), is_on)) in reactions {
            if is_on {
                shown.reactions.entry(emoji.clone()).or_default().insert(by);
            }
            shown.counts.insert((emoji, by), count);
        }
        if shown.removed.is_some() {
            shown.content = None;
            shown.reactions.clear();
        }
        Ok(shown)
    }
}

/// Returns a message with its row, whether it is shown or not.
pub(crate) fn row<R: Rows + ?Sized>(
    rows: &R,
    web: WebId,
    id: MessageId,
) -> Result<Option<MessageRow>, StoreError> {
    MESSAGES.get(rows, &(web, id))
}
