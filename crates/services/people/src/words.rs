//! New recovery words: taken on one device, carried into every web by each, and followed by who comes back (spec governance rules 90
//! to 95, spec identity rules 68 and 69). Not for: the words themselves, which only the peer's word book sees.

use api::people as ask;
use base::{DeviceId, Fault, PersonId, WebId};
use kernel::Step;
use store::{Rows, StoreError, Table};
use wire::codec::Bytes;
use wire::crypto::Signature;
use wire::entry::Entry;
use wire::governance::{Action, NewWords, OLDER_SECRETS_MAX, Operation, SealedSecret};
use wire::identity::{Adoption, CHAIN_MAX, Key, WordsChange};

use crate::devices::{identity, kept_keys};
use crate::fault::PeopleError;
use crate::recovering::INCEPTIONS;
use crate::service::People;

/// How this person's recovery keys were replaced, by the key before.
const CHANGES: Table<DeviceId, WordsChange> = Table::new("people.words-changes");
/// How recovery keys of members were replaced, by the new key: for who comes with nothing but the new words.
const REPLACED: Table<(DeviceId, WebId), WordsChange> = Table::new("people.words-replaced");

/// Changes of one person at most: with a device after them they fill a chain (spec governance rule 80).
const CHANGES_MAX: usize = CHAIN_MAX - 1;

/// Notes how a member's recovery key was replaced. Both keys have signed; whether it counts is asked when somebody comes.
pub(crate) fn note_change(step: &mut Step<'_>, web: WebId, entry: &Entry) -> Result<(), StoreError> {
    let Ok(Operation { action: Action::Revoke { words: Some(words), .. }, .. }) =
        Operation::read(&entry.header.body)
    else {
        return Ok(());
    };
    let place = (DeviceId::new(words.change.new.0), web);
    if words.change.holds(words.person, step.verifier()) && !REPLACED.has(step.view(), &place)? {
        REPLACED.put(step.rows(), &place, &words.change);
    }
    Ok(())
}

/// Notes how the key of somebody who comes was replaced before; the chain was checked.
pub(crate) fn note_chain(
    step: &mut Step<'_>,
    web: WebId,
    first: Key,
    chain: &[Adoption],
) -> Result<(), StoreError> {
    let mut key = first;
    for statement in chain {
        let Some(change) = statement.change_of(key) else { continue };
        let place = (DeviceId::new(change.new.0), web);
        key = change.new;
        if !REPLACED.has(step.view(), &place)? {
            REPLACED.put(step.rows(), &place, &change);
        }
    }
    Ok(())
}

/// Webs in which somebody has had a recovery key, with how that person begins and how its keys were replaced since.
pub(crate) fn owners(
    rows: &dyn Rows,
    key: &DeviceId,
) -> Result<Vec<(WebId, Bytes, Vec<Adoption>)>, StoreError> {
    let mut found = Vec::new();
    for row in INCEPTIONS.within(rows, key) {
        let ((_, web), inception) = row?;
        found.push((web, inception, Vec::new()));
    }
    for row in REPLACED.within(rows, key) {
        let ((_, web), change) = row?;
        let mut path = vec![Adoption::of_words(&change)];
        let mut before = change.old;
        while path.len() <= CHANGES_MAX {
            let place = (DeviceId::new(before.0), web);
            if let Some(inception) = INCEPTIONS.get(rows, &place)? {
                path.reverse();
                found.push((web, inception, path));
                break;
            }
            let Some(change) = REPLACED.get(rows, &place)? else { break };
            path.push(Adoption::of_words(&change));
            before = change.old;
        }
    }
    Ok(found)
}

/// Returns this person's recovery keys as this device knows them, the first one first.
fn keys(step: &Step<'_>) -> Result<Vec<Key>, Fault> {
    let mut keys = vec![Key(*identity(step)?.read()?.recovery())];
    while let Some(last) = keys.last().filter(|_| keys.len() <= CHANGES_MAX) {
        let Some(change) = CHANGES.get(step.view(), &DeviceId::new(last.0))? else { break };
        keys.push(change.new);
    }
    Ok(keys)
}

/// Says whether a recovery key is or was this person's.
pub(crate) fn is_my_key(step: &Step<'_>, key: Key) -> Result<bool, Fault> {
    Ok(keys(step)?.contains(&key))
}

/// Keeps what a member says of how this person's keys were replaced; it was checked.
pub(crate) fn keep_path(step: &mut Step<'_>, first: Key, path: &[Adoption]) {
    let mut key = first;
    for change in path {
        let Some(change) = change.change_of(key) else { return };
        CHANGES.put(step.rows(), &DeviceId::new(key.0), &change);
        key = change.new;
    }
}

/// Returns the change that a web lacks in which the person's key is `now`.
pub(crate) fn change_from(step: &Step<'_>, now: Key) -> Result<Option<WordsChange>, StoreError> {
    CHANGES.get(step.view(), &DeviceId::new(now.0))
}

/// Puts together what new words bring along: all of the person's keys, so that what was sealed to it can be read by them.
pub(crate) fn new_words(
    step: &mut Step<'_>,
    person: PersonId,
    change: WordsChange,
) -> Result<NewWords, Fault> {
    let to = DeviceId::new(change.new.0);
    let mut older = Vec::new();
    for key in kept_keys(step)?.into_iter().take(OLDER_SECRETS_MAX) {
        let context = crate::devices::secret_context(person, key);
        let sealed = step.seal_person(&key.0, &to, wire::governance::ROTATION_PURPOSE, &context);
        older.extend(sealed.map(|sealed| SealedSecret { key, sealed: sealed.into() }));
    }
    Ok(NewWords { person, change, older })
}

impl People {
    /// Learns from a web by which words this person is found, if another of its devices has changed them.
    pub(crate) fn learn_words(
        &mut self,
        step: &mut Step<'_>,
        web: WebId,
        (person, now): (PersonId, Key),
    ) -> Result<(), Fault> {
        if keys(step)?.contains(&now) {
            return Ok(());
        }
        for (_, words) in self.rotations(step, web, person)? {
            let Some(NewWords { change, .. }) = words else { continue };
            let old = DeviceId::new(change.old.0);
            if !CHANGES.has(step.view(), &old)? {
                CHANGES.put(step.rows(), &old, &change);
            }
        }
        Ok(())
    }

    /// Gives this person new recovery words in every web; the old and the new key have signed.
    pub(crate) fn change_words(
        &mut self,
        step: &mut Step<'_>,
        asked: &ask::ChangeWords,
    ) -> Result<ask::Done, Fault> {
        let person = crate::read::my_person(step.view())?.ok_or(PeopleError::NotJoining)?;
        let change = read_change(asked).filter(|change| change.holds(person, step.verifier()));
        let known = keys(step)?;
        let change =
            change.filter(|change| known.last() == Some(&change.old)).ok_or(PeopleError::NotYourWords)?;
        if known.len() > CHANGES_MAX {
            return Err(PeopleError::WordsTooOften.into());
        }
        let webs = Self::my_webs(step)?;
        let mut is_known = webs.is_empty();
        for web in &webs {
            is_known |= self.recovery_key(step, *web, person)? == Some(change.old);
        }
        if !is_known {
            return Err(PeopleError::NotYourWords.into());
        }
        let gone = Self::end_devices(step, &asked.revoke)?;
        CHANGES.put(step.rows(), &DeviceId::new(change.old.0), &change);
        for web in &webs {
            self.align_devices(step, *web)?;
        }
        // Later devices, and those that come by the new words, have the new key only.
        self.say_marks_everywhere(step)?;
        step.emit("people.changed", &serde_json::json!({}));
        let mut done = 0_usize;
        for web in &webs {
            done += usize::from(self.recovery_key(step, *web, person)? == Some(change.new));
        }
        let ended = match gone.is_empty() {
            true => String::new(),
            false => format!(" {} can do nothing more as you.", gone.join(", ")),
        };
        let webs = if done == 1 { "1 web".to_owned() } else { format!("{done} webs") };
        let what = format!(
            "Your new words count in {webs}; the old ones are worth nothing to everybody who has heard of it.{ended} This computer has \
             forgotten the new words: they are yours alone. Throw the old paper away."
        );
        Ok(ask::Done { what })
    }

    fn recovery_key(
        &mut self,
        step: &mut Step<'_>,
        web: WebId,
        person: PersonId,
    ) -> Result<Option<Key>, Fault> {
        Ok(self.state(step, web)?.members.get(&person).map(|member| member.recovery))
    }
}

/// Writes a change as it is asked for; the peer that holds the words signs it.
pub fn change_asked(change: &WordsChange, revoke: Vec<String>) -> ask::ChangeWords {
    let hex = |bytes: &[u8]| data_encoding::HEXLOWER.encode(bytes);
    ask::ChangeWords {
        old: hex(&change.old.0),
        new: hex(&change.new.0),
        by_old: hex(&change.by_old.0),
        by_new: hex(&change.by_new.0),
        revoke,
    }
}

fn read_change(asked: &ask::ChangeWords) -> Option<WordsChange> {
    let bytes = |text: &str| data_encoding::HEXLOWER.decode(text.as_bytes()).ok();
    let key = |text: &str| Some(Key(bytes(text)?.try_into().ok()?));
    let signature = |text: &str| Some(Signature(bytes(text)?.try_into().ok()?));
    Some(WordsChange {
        old: key(&asked.old)?,
        new: key(&asked.new)?,
        by_old: signature(&asked.by_old)?,
        by_new: signature(&asked.by_new)?,
    })
}
