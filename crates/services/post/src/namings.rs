//! Which folders there are, and what they are called, on all devices of their person: a register for each folder (spec post, rules 48 to 50).
//!
//! Folders that are here follow from the registers, so devices that have heard the same have the same. Not for: what is in them.

use std::collections::{BTreeMap, BTreeSet};

use base::Fault;
use kernel::Step;
use store::{Rows, StoreError};

use crate::folders::{self, INBOX, OWN};
use crate::ids::FolderKey;
use crate::notes::State as _;
use crate::saying;
use crate::service::Mail;
use crate::tables::{FOLDER_KEYS, FOLDER_NAMES, FOLDERS, FolderRow, MESSAGES, NAMINGS, NamingRow, PLACED_IN};

/// Registers at most, of folders that were removed included: four times the folders that a person has. Then the first removed one makes room.
const NAMINGS_MAX: usize = 4_000;

/// Says whether a folder is always there.
pub(crate) fn is_own(key: FolderKey) -> bool {
    OWN.iter().any(|name| FolderKey::of(0, name) == key)
}

/// Returns the key of a folder that is to be made under a name. One that was used before is never used again: what was placed there is not
/// meant for the new folder.
pub(crate) fn new_key<R: Rows + ?Sized>(rows: &R, name: &str) -> Result<FolderKey, StoreError> {
    let mut number = 0;
    loop {
        let key = FolderKey::of(number, name);
        if !NAMINGS.has(rows, &key)? {
            return Ok(key);
        }
        number += 1;
    }
}

/// Gives folders of an earlier version's home their keys.
pub(crate) fn adopt(step: &mut Step<'_>) -> Result<(), Fault> {
    for (id, row) in FOLDERS.all(step.view()).collect::<Result<Vec<_>, StoreError>>()? {
        if row.key.is_some() {
            continue;
        }
        let key = match OWN.contains(&row.name.as_str()) {
            true => FolderKey::of(0, &row.name),
            false => new_key(step.view(), &row.name)?,
        };
        FOLDERS.put(step.rows(), &id, &FolderRow { key: Some(key), ..row.clone() });
        FOLDER_KEYS.put(step.rows(), &key, &id);
        if !is_own(key) {
            name(step, key, Some(row.name))?;
        }
    }
    Ok(())
}

/// Calls a folder something else, or removes it, on all devices. What is here follows with [`Mail::follow_namings`].
pub(crate) fn name(step: &mut Step<'_>, key: FolderKey, name: Option<String>) -> Result<(), Fault> {
    let count = NAMINGS.get(step.view(), &key)?.map_or(0, |known| known.count).saturating_add(1);
    let by = step.me();
    Room::look(step)?.take(step, key)?;
    NAMINGS.put(step.rows(), &key, &NamingRow { count, by, name });
    saying::soon_everywhere(step)
}

/// How much room there is for registers. Looked at once for a letter, which may hold some hundred new ones.
pub(crate) struct Room {
    count: usize,
    /// Of folders that were removed.
    removed: Vec<FolderKey>,
}

impl Room {
    pub(crate) fn look(step: &Step<'_>) -> Result<Self, StoreError> {
        let mut room = Self { count: 0, removed: Vec::new() };
        for row in NAMINGS.all(step.view()) {
            let (key, row) = row?;
            room.count += 1;
            if row.name.is_none() {
                room.removed.push(key);
            }
        }
        Ok(room)
    }

    /// Takes room for a register, if need be of one that was removed; false when there is none.
    fn take(&mut self, step: &mut Step<'_>, key: FolderKey) -> Result<bool, StoreError> {
        if NAMINGS.has(step.view(), &key)? {
            return Ok(true);
        }
        if self.count < NAMINGS_MAX {
            self.count += 1;
            return Ok(true);
        }
        let Some(old) = self.removed.pop() else { return Ok(false) };
        NAMINGS.delete(step.rows(), &old);
        Ok(true)
    }
}

/// Takes what a device of this person says of a folder; says whether it is new.
pub(crate) fn hear(
    step: &mut Step<'_>,
    room: &mut Room,
    (key, heard): (FolderKey, &NamingRow),
) -> Result<bool, StoreError> {
    let known = NAMINGS.get(step.view(), &key)?;
    let is_new = !is_own(key) && heard.replaces(known.as_ref()) && room.take(step, key)?;
    if is_new {
        NAMINGS.put(step.rows(), &key, heard);
    }
    Ok(is_new)
}

/// Returns how folders are shown. Of several of one name the one with the least key has it, the others a number behind it.
pub(crate) fn shown(living: &BTreeMap<FolderKey, String>) -> BTreeMap<FolderKey, String> {
    let mut taken: BTreeSet<String> = OWN.iter().map(|name| (*name).to_owned()).collect();
    let mut shown = BTreeMap::new();
    let mut others = Vec::new();
    for (key, name) in living {
        if taken.insert(name.clone()) {
            shown.insert(*key, name.clone());
        } else {
            others.push((*key, name));
        }
    }
    for (key, name) in others {
        // One of so many numbers is free.
        let numbers = 2..=taken.len().saturating_add(2);
        let free = numbers.map(|number| format!("{name} ({number})")).find(|name| !taken.contains(name));
        let free = free.unwrap_or_else(|| name.clone());
        taken.insert(free.clone());
        shown.insert(key, free);
    }
    shown
}

impl Mail {
    /// Has the folders that are here be those of the registers.
    pub(crate) fn follow_namings(&mut self, step: &mut Step<'_>) -> Result<(), Fault> {
        let mut living = BTreeMap::new();
        for row in NAMINGS.all(step.view()) {
            let (key, row) = row?;
            if let Some(name) = row.name {
                living.insert(key, name);
            }
        }
        for (id, row) in FOLDERS.all(step.view()).collect::<Result<Vec<_>, StoreError>>()? {
            if let Some(key) = row.key.filter(|key| !is_own(*key) && !living.contains_key(key)) {
                self.dissolve(step, id, key)?;
            }
        }
        let mut new = Vec::new();
        for (key, name) in &living {
            if !FOLDER_KEYS.has(step.view(), key)? {
                folders::add(step, name, *key)?;
                new.push(*key);
            }
        }
        self.show_names(step, &shown(&living))?;
        for key in new {
            self.show_placed_in(step, key)?;
        }
        Ok(())
    }

    /// A folder is no more. Mails that somebody has put there meanwhile come back to `INBOX`, and so does what is in no other device's folder.
    fn dissolve(&mut self, step: &mut Step<'_>, id: u64, key: FolderKey) -> Result<(), Fault> {
        FOLDER_KEYS.delete(step.rows(), &key);
        self.show_placed_in(step, key)?;
        let rest: Vec<_> = MESSAGES.within(step.view(), &id).collect::<Result<_, StoreError>>()?;
        for ((_, uid), message) in rest {
            self.deliver(step, INBOX, message.mail, (message.flags, message.date))?;
            folders::take_out(step, id, &[uid])?;
        }
        self.changed.insert(id);
        Ok(folders::drop_row(step, id)?)
    }

    fn show_placed_in(&mut self, step: &mut Step<'_>, key: FolderKey) -> Result<(), Fault> {
        let now = step.now();
        for ((_, web, mail), ()) in
            PLACED_IN.within(step.view(), &key).collect::<Result<Vec<_>, StoreError>>()?
        {
            self.show(step, (web, mail), now)?;
        }
        Ok(())
    }

    fn show_names(&mut self, step: &mut Step<'_>, shown: &BTreeMap<FolderKey, String>) -> Result<(), Fault> {
        let mut renamed = Vec::new();
        for (id, row) in FOLDERS.all(step.view()).collect::<Result<Vec<_>, StoreError>>()? {
            let name = row.key.and_then(|key| shown.get(&key));
            if let Some(name) = name.filter(|name| **name != row.name) {
                // Two may change names, so all old ones go before a new one comes. One that is new has none yet.
                if FOLDER_NAMES.get(step.view(), &row.name)? == Some(id) {
                    FOLDER_NAMES.delete(step.rows(), &row.name);
                }
                renamed.push((id, FolderRow { name: name.clone(), ..row }));
            } else if name.is_some() {
                renamed.push((id, row));
            }
        }
        for (id, row) in renamed {
            if FOLDER_NAMES.get(step.view(), &row.name)? != Some(id) {
                FOLDER_NAMES.put(step.rows(), &row.name, &id);
                FOLDERS.put(step.rows(), &id, &row);
                self.changed.insert(id);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_namesakes_the_least_key_has_the_name_and_the_others_a_free_number() {
        let key = |number: u8| FolderKey(base::OperationId::new([number; 16]));
        let check = |names: &[&str], expected: &[&str]| {
            let named = |list: &[&str]| -> BTreeMap<FolderKey, String> {
                (1..).zip(list).map(|(number, name)| (key(number), (*name).to_owned())).collect()
            };
            assert_eq!(shown(&named(names)), named(expected));
        };
        check(&["Work", "Bills"], &["Work", "Bills"]);
        check(&["Work", "Work", "Work"], &["Work", "Work (2)", "Work (3)"]);
        check(&["Work", "Work", "Work (2)"], &["Work", "Work (3)", "Work (2)"]);
        check(&["Sent", "INBOX"], &["Sent (2)", "INBOX (2)"]);
    }
}
