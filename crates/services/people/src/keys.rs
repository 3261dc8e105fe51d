//! Epoch keys: unwrapping, minting, handing over (spec governance rules 50 to 58). Plain keys stand in the keyring only.

use std::collections::BTreeSet;

use base::{Fault, KeyId, WebId};
use kernel::Step;
use store::StoreError;
use wire::crypto::{EpochKey, seal_to};
use wire::governance::{Action, OlderKey, WRAPS_MAX};
use wire::join::KeyWrap;

use crate::evaluate::State;
use crate::jobs::{Recipient, Seal, Sealed};
use crate::tables::{OLDER, WRAPS};

/// What an epoch key is sealed for.
pub(crate) const WRAP_PURPOSE: &str = "althing/epoch/1";

/// What an older key is sealed for under a newer one.
const OLDER_PURPOSE: &str = "althing older epoch v1";

/// Older keys that one epoch carries at most (wire's limit).
const OLDER_MAX: usize = 64;

/// Keys of one welcome at most: 400 take about 55 KiB of the 64 KiB a stranger's connection may carry.
const WELCOME_KEYS_MAX: usize = 400;

pub(crate) fn context(web: WebId, key: KeyId) -> Vec<u8> {
    [web.as_bytes().as_slice(), key.as_bytes()].concat()
}

fn older_context(web: WebId, newer: KeyId, older: KeyId) -> Vec<u8> {
    [web.as_bytes().as_slice(), newer.as_bytes(), older.as_bytes()].concat()
}

/// Unwraps everything that can be unwrapped; returns whether a key was new.
pub(crate) fn unwrap_all(step: &mut Step<'_>, web: WebId) -> Result<bool, StoreError> {
    let mut is_new = false;
    let wraps: Vec<_> = WRAPS.within(step.view(), &web).collect::<Result<_, _>>()?;
    for ((_, key), sealed) in wraps {
        if step.keyring().get(web, key).is_none()
            && let Some(plain) = step.open(&sealed, WRAP_PURPOSE, &context(web, key))
        {
            is_new |= add(step, web, key, &plain);
        }
    }
    let older: Vec<_> = OLDER.within(step.view(), &web).collect::<Result<_, _>>()?;
    loop {
        let mut has_found = false;
        for ((_, key, newer), sealed) in &older {
            if step.keyring().get(web, *key).is_some() {
                continue;
            }
            let plain = step.keyring().get(web, *newer).and_then(|newer_key| {
                let (nonce, sealed) = sealed.split_first_chunk::<24>()?;
                newer_key.open(OLDER_PURPOSE, nonce, &older_context(web, *newer, *key), sealed)
            });
            has_found |= plain.is_some_and(|plain| add(step, web, *key, &plain));
        }
        if !has_found {
            return Ok(is_new);
        }
        is_new = true;
    }
}

/// Adds a key if it is the one its name commits to.
fn add(step: &mut Step<'_>, web: WebId, key: KeyId, plain: &[u8]) -> bool {
    let Ok(secret) = <[u8; 32]>::try_from(plain) else { return false };
    let epoch = EpochKey::new(secret);
    let is_named = epoch.id() == key;
    if is_named {
        step.keyring().add(web, epoch);
    }
    is_named
}

/// Returns the keys, of those that may be passed on, from which every other one of them can be unsealed.
///
/// What is passed on counts as known to who gets it, and is used no more once that turns out to be nobody's member. Of a key
/// whose introduction is not evaluated yet nobody could tell that later, so it stays here (spec governance rule 52).
fn roots(step: &mut Step<'_>, web: WebId, introduced: &BTreeSet<KeyId>) -> Result<Vec<EpochKey>, StoreError> {
    let older: Vec<_> = OLDER.within(step.view(), &web).collect::<Result<_, _>>()?;
    let keyring = step.keyring();
    let is_reachable = |key: KeyId| {
        older.iter().any(|((_, older, newer), _)| {
            let is_passed_on = introduced.contains(newer) && keyring.get(web, *newer).is_some();
            *older == key && *newer != key && is_passed_on
        })
    };
    let all = || keyring.of(web).filter(|key| introduced.contains(&key.id()));
    let mut roots: Vec<EpochKey> = all().filter(|key| !is_reachable(key.id())).cloned().collect();
    if roots.is_empty() {
        // Only members who seal keys under each other in a circle can cause this.
        roots = all().cloned().collect();
    }
    Ok(roots)
}

/// Begins a new epoch for all members; `None` when there are more than one operation can name.
pub(crate) fn begin(step: &mut Step<'_>, web: WebId, state: &State) -> Option<Seal> {
    let members = state.by_seniority().into_iter().filter(|(_, member)| member.reads());
    let recipients: Vec<Recipient> =
        members.map(|(person, member)| Recipient { person, key: member.person_key }).collect();
    if recipients.len() > WRAPS_MAX {
        return None;
    }
    let epoch = EpochKey::new(step.random("epoch key"));
    let seed = step.random("epoch wraps");
    Some(Seal { web, key: epoch.id(), secret: *epoch.secret(), seed, recipients })
}

/// Says whether an epoch that was begun is for those who may read now, under the keys they have now.
pub(crate) fn is_for_all(seal: &Seal, state: &State) -> bool {
    let readers = state.members.iter().filter(|(_, member)| member.reads());
    let mut readers: Vec<_> = readers.map(|(person, member)| (*person, member.person_key)).collect();
    let mut recipients: Vec<_> = seal.recipients.iter().map(|one| (one.person, one.key)).collect();
    readers.sort_unstable();
    recipients.sort_unstable();
    readers == recipients
}

/// Ends a new epoch: the operation that introduces it, with the keys held sealed under it.
pub(crate) fn introduce(
    step: &mut Step<'_>,
    seal: &Seal,
    sealed: Sealed,
    introduced: &BTreeSet<KeyId>,
) -> Result<Action, Fault> {
    let (web, key, epoch) = (seal.web, seal.key, EpochKey::new(seal.secret));
    let mut older = Vec::new();
    for root in roots(step, web, introduced)?.iter().rev().take(OLDER_MAX) {
        let nonce = step.random("older epoch");
        let Some((nonce, _)) = nonce.split_first_chunk::<24>() else { continue };
        let mut sealed = nonce.to_vec();
        sealed.extend(epoch.seal(OLDER_PURPOSE, nonce, &older_context(web, key, root.id()), root.secret()));
        older.push(OlderKey { key: root.id(), sealed: sealed.into() });
    }
    Ok(Action::Epoch { key, wraps: sealed.wraps, older })
}

/// Wraps all current keys for a newcomer; empty when this peer holds none.
pub(crate) fn hand_over(
    step: &mut Step<'_>,
    web: WebId,
    person_key: &[u8; 32],
    introduced: &BTreeSet<KeyId>,
) -> Result<Vec<KeyWrap>, StoreError> {
    let mut wraps = Vec::new();
    for root in roots(step, web, introduced)?.into_iter().take(WELCOME_KEYS_MAX) {
        let seed = step.random("welcome");
        let sealed = seal_to(person_key, WRAP_PURPOSE, &context(web, root.id()), root.secret(), &seed);
        wraps.extend(sealed.map(|sealed| KeyWrap { key: root.id(), sealed: sealed.into() }));
    }
    Ok(wraps)
}

/// Keeps wraps that a member handed over, as far as they hold what they name; returns how many.
pub(crate) fn take_over(step: &mut Step<'_>, web: WebId, wraps: &[KeyWrap]) -> usize {
    let mut taken = 0;
    for wrap in wraps.iter().take(WELCOME_KEYS_MAX) {
        let plain = step.open(&wrap.sealed, WRAP_PURPOSE, &context(web, wrap.key));
        if plain.is_some_and(|plain| add(step, web, wrap.key, &plain)) {
            WRAPS.put(step.rows(), &(web, wrap.key), &wrap.sealed);
            taken += 1;
        }
    }
    taken
}

/// Says under which key this peer writes; returns whether it holds one that only members can hold.
pub(crate) fn choose(step: &mut Step<'_>, web: WebId, state: &State, is_member: bool) -> bool {
    let current = state.current_epoch().map(|(key, _)| key).filter(|_| is_member);
    let held = current.filter(|key| step.keyring().get(web, *key).is_some());
    step.keyring().set_current(web, held);
    held.is_some()
}
