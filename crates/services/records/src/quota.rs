//! How much one person may make this peer take into the governance logs (spec records rules 40 to 42).
//!
//! The accounts are kept in memory: whoever has a peer restarted gets its burst once more. What is refused is asked for again
//! later, so a quota delays and loses nothing.

use std::collections::BTreeMap;
use std::time::Duration;

use base::{DeviceId, PersonId, Timestamp, WebId};
use kernel::Step;
use store::StoreError;
use wire::entry::{Entry, Log};

use crate::agenda::{self, Todo};
use crate::tables::{AUTHORS, LIFTED};
use crate::told::Told;

/// What one entry costs: 600 an hour in the long run. A computer that moves says its addresses 6 times an hour.
const PER_ENTRY_MS: u64 = 6_000;

/// Bytes that cost as much again as their entry: 5 MB an hour in the long run, 40 removals in a web of a thousand.
const BYTES_PER_ENTRY: u64 = 8 * 1024;

/// Entries at once: a person who was away for a fortnight with all its computers, or has let in a thousand others.
const BURST_MS: u64 = 8_192 * PER_ENTRY_MS;

/// What was refused is asked for again after this: there is room for 100 entries then.
const AGAIN: Duration = Duration::from_mins(10);

/// A person is told once in this time that somebody writes too much.
const TELL_EVERY: Duration = Duration::from_hours(1);

/// Alarm, followed by a web: ask for what was refused.
const QUOTA: &str = "quota ";

/// How much each person has written lately.
#[derive(Debug, Default)]
pub(crate) struct Quotas {
    accounts: BTreeMap<(WebId, PersonId), Account>,
}

/// What one person has written, as the time in which it is forgotten.
#[derive(Debug, Clone, Copy)]
struct Account {
    debt_ms: u64,
    at: Timestamp,
    told: Option<Timestamp>,
}

impl Account {
    fn new(now: Timestamp) -> Self {
        Self { debt_ms: 0, at: now, told: None }
    }

    fn bring_to(&mut self, now: Timestamp) {
        let elapsed = u64::try_from(now.since(self.at).as_millis()).unwrap_or(u64::MAX);
        self.debt_ms = self.debt_ms.saturating_sub(elapsed);
        self.at = now;
    }
}

impl Quotas {
    /// Says whether an entry is more than its author's person may write now; then it is asked for again later.
    pub(crate) fn refuses(
        &mut self,
        step: &mut Step<'_>,
        web: WebId,
        entry: &Entry,
    ) -> Result<bool, StoreError> {
        let author = entry.header.author;
        let owner = if entry.header.log == Log::Governance { owner(step, web, author)? } else { None };
        let Some(account) = owner.and_then(|owner| self.accounts.get_mut(&(web, owner))) else {
            return Ok(false);
        };
        let now = step.now();
        account.bring_to(now);
        if account.debt_ms < BURST_MS {
            return Ok(false);
        }
        step.alarm(AGAIN, format!("{QUOTA}{web}"));
        if account.told.is_none_or(|told| now.since(told) >= TELL_EVERY) {
            account.told = Some(now);
            tracing::warn!(device = %author.short(), web = %web.short(), "a person writes more than this peer takes");
            step.announce(Told::Flood { web, device: author }.to_bytes());
        }
        Ok(true)
    }

    /// Counts an entry that was stored.
    pub(crate) fn count(&mut self, step: &Step<'_>, web: WebId, entry: &Entry) -> Result<(), StoreError> {
        if entry.header.log != Log::Governance {
            return Ok(());
        }
        let Some(owner) = owner(step, web, entry.header.author)? else { return Ok(()) };
        let now = step.now();
        let account = self.accounts.entry((web, owner)).or_insert_with(|| Account::new(now));
        account.bring_to(now);
        let size = u64::try_from(entry.bytes.len()).unwrap_or(u64::MAX);
        let cost = PER_ENTRY_MS.saturating_add(size.saturating_mul(PER_ENTRY_MS) / BYTES_PER_ENTRY);
        account.debt_ms = account.debt_ms.saturating_add(cost);
        Ok(())
    }
}

/// Returns on whose account a device writes; nobody's where no quota holds.
fn owner(step: &Step<'_>, web: WebId, device: DeviceId) -> Result<Option<PersonId>, StoreError> {
    if device == step.me() || LIFTED.has(step.view(), &web)? {
        return Ok(None);
    }
    let author = AUTHORS.get(step.view(), &(web, device))?;
    Ok(author.filter(|author| author.is_member).and_then(|author| author.owner))
}

/// Returns the web that an alarm of this part is about.
pub(crate) fn web_of_alarm(key: &str) -> Option<WebId> {
    key.strip_prefix(QUOTA)?.parse().ok()
}

/// Says whether everything is taken for now, whoever writes it: by a newcomer, and where something of weight waits for what
/// was refused (spec records rule 41). Repeating it changes nothing.
pub fn lift_quotas(step: &mut Step<'_>, web: WebId, is_lifted: IsLifted) -> Result<(), StoreError> {
    let is_changed = LIFTED.has(step.view(), &web)? != (is_lifted == IsLifted::Yes);
    match is_lifted {
        IsLifted::Yes if is_changed => {
            LIFTED.put(step.rows(), &web, &true);
            // What was refused is asked for again.
            agenda::note_web(step, Todo::Authors, web);
        }
        IsLifted::No if is_changed => LIFTED.delete(step.rows(), &web),
        _ => {}
    }
    Ok(())
}

/// Whether quotas hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IsLifted {
    /// Everything is taken.
    Yes,
    /// Quotas hold.
    No,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_forgets_as_time_passes_and_not_when_a_clock_is_set_back() {
        let mut account = Account::new(Timestamp::from_millis(1_000_000));
        account.debt_ms = BURST_MS;
        account.bring_to(Timestamp::from_millis(5));
        assert_eq!(account.debt_ms, BURST_MS);
        account.bring_to(Timestamp::from_millis(5 + BURST_MS));
        assert_eq!(account.debt_ms, 0);
    }
}
