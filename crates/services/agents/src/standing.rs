//! Which agents there are now: what those say who are admins now (spec agents, rules 3 to 5).

use base::{ContentId, DeviceId, PersonId, Timestamp, WebId};
use store::{Rows, StoreError};
use wire::governance::Role;

use crate::capability::Capability;
use crate::statement::{Admission, Place};
use crate::tables::{AgentKey, DOING, DoingRow, OFF, SAID, SaidRow};

/// What counts of an agent now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Agent {
    pub(crate) key: AgentKey,
    pub(crate) by: PersonId,
    pub(crate) device: DeviceId,
    pub(crate) at: Timestamp,
    pub(crate) admission: Admission,
}

/// Says whether a person may admit and stop agents of a web.
pub(crate) fn is_admin<R: Rows + ?Sized>(rows: &R, web: WebId, person: PersonId) -> Result<bool, StoreError> {
    Ok(people::read::role_of(rows, web, person)?.is_some_and(|role| role >= Role::Admin))
}

/// Returns what counts of all that was said of an agent: the last word of those who are admins now. Of two words of one moment
/// the one that stops counts, then that of the person with the larger id.
pub(crate) fn word<R: Rows + ?Sized>(
    rows: &R,
    key: &AgentKey,
) -> Result<Option<(PersonId, SaidRow)>, StoreError> {
    let mut last: Option<(PersonId, SaidRow)> = None;
    for row in SAID.within(rows, key) {
        let ((_, _, person), said) = row?;
        let rank = |said: &SaidRow, person: PersonId| (said.at, said.admission.is_none(), person);
        let is_later = last.as_ref().is_none_or(|(by, known)| rank(&said, person) > rank(known, *by));
        if is_later && is_admin(rows, key.0, person)? {
            last = Some((person, said));
        }
    }
    Ok(last)
}

/// Returns an agent as it is admitted now; none when it is stopped, or this computer belongs to its web no more.
pub(crate) fn agent<R: Rows + ?Sized>(
    rows: &R,
    me: DeviceId,
    key: &AgentKey,
) -> Result<Option<Agent>, StoreError> {
    if !people::read::is_member(rows, key.0, me)? {
        return Ok(None);
    }
    let Some((by, said)) = word(rows, key)? else { return Ok(None) };
    let SaidRow { at, device, admission, .. } = said;
    Ok(admission.map(|admission| Agent { key: key.clone(), by, device, at, admission }))
}

/// Returns the names of all agents ever heard of, in order.
pub(crate) fn keys<R: Rows + ?Sized>(rows: &R) -> Result<Vec<AgentKey>, StoreError> {
    let mut keys: Vec<AgentKey> = Vec::new();
    for row in SAID.all(rows) {
        let ((web, name, _), _) = row?;
        if keys.last().is_none_or(|(last_web, last)| (*last_web, last) != (web, &name)) {
            keys.push((web, name));
        }
    }
    Ok(keys)
}

/// Returns the agents of all webs that are admitted now, whether they run on this computer or not.
pub(crate) fn admitted<R: Rows + ?Sized>(rows: &R, me: DeviceId) -> Result<Vec<Agent>, StoreError> {
    let mut admitted = Vec::new();
    for key in keys(rows)? {
        admitted.extend(agent(rows, me, &key)?);
    }
    Ok(admitted)
}

/// Returns the agents that may run on this computer now.
pub(crate) fn working<R: Rows + ?Sized>(rows: &R, me: DeviceId) -> Result<Vec<Agent>, StoreError> {
    if OFF.has(rows, &())? {
        return Ok(Vec::new());
    }
    let mut working = Vec::new();
    for agent in admitted(rows, me)? {
        if agent.is_for(me) && agent.doing(rows)?.is_willing() {
            working.push(agent);
        }
    }
    Ok(working)
}

/// Says whether an agent of a web has this program, or an admin could start one again with it.
pub(crate) fn is_wanted<R: Rows + ?Sized>(
    rows: &R,
    web: WebId,
    program: ContentId,
) -> Result<bool, StoreError> {
    for row in SAID.within(rows, &web) {
        let ((_, _, person), said) = row?;
        if said.last.is_some_and(|last| last.program == program) && is_admin(rows, web, person)? {
            return Ok(true);
        }
    }
    Ok(false)
}

impl Agent {
    /// Says whether it runs on a device at all.
    pub(crate) fn is_for(&self, me: DeviceId) -> bool {
        match self.admission.place {
            Place::Each => true,
            Place::Here => self.device == me,
        }
    }

    /// Returns after how many minutes it runs by schedule.
    pub(crate) fn minutes(&self) -> Option<u32> {
        self.admission.capabilities.iter().find_map(|one| match one {
            Capability::Every(minutes) => Some(*minutes),
            _ => None,
        })
    }

    /// Returns how it is doing. Faults of an earlier admission are forgotten, switching off is not.
    pub(crate) fn doing<R: Rows + ?Sized>(&self, rows: &R) -> Result<DoingRow, StoreError> {
        let mut doing = DOING.get(rows, &self.key)?.unwrap_or_default();
        if doing.admitted != self.at.millis() {
            doing = DoingRow { admitted: self.at.millis(), faults: 0, halted: None, due: None, ..doing };
        }
        Ok(doing)
    }
}

impl DoingRow {
    /// Says whether nothing here keeps it from running but what passes by itself.
    pub(crate) fn is_willing(&self) -> bool {
        !self.is_off && self.halted.is_none()
    }
}
