//! What a person is told about an entry: who has it, how fresh the copy here is, in words what should be known.

use std::collections::BTreeMap;

use api::files::{EntryKind, EntryView, Freshness, HolderView};
use base::{ByteCount, ContentId, DeviceId, PersonId, WebId};
use kernel::ReadContext;
use store::{Rows, StoreError};

use crate::label;
use crate::tables::{
    EntryRow, HELD, HOLDERS, Kind, OWN, PLACES, REVISIONS, RevisionRow, ShareKey, Tally, name_of, path_of,
};
use crate::tree::{BelowSpot, ShareSpot, Spot};

/// Persons named for one entry at most.
const WHO_MAX: usize = 12;
/// Older revisions looked at for the newest that is here, at most.
const OLDER_MAX: usize = 64;

/// Looks at rows of one moment and remembers labels while it does.
pub(crate) struct Viewer<'a> {
    pub(crate) rows: &'a dyn Rows,
    me: DeviceId,
    my_person: Option<PersonId>,
    webs: Vec<people::read::WebRow>,
    labels: BTreeMap<(WebId, PersonId), String>,
    persons: BTreeMap<(WebId, DeviceId), Option<PersonId>>,
    /// Numbers of this peer's own shares.
    own: Vec<u64>,
}

impl<'a> Viewer<'a> {
    /// Begins to look.
    pub(crate) fn new(context: &ReadContext<'a>) -> Result<Self, StoreError> {
        Self::of(context.rows, context.me)
    }

    /// Begins to look at some rows.
    pub(crate) fn of(rows: &'a dyn Rows, me: DeviceId) -> Result<Self, StoreError> {
        Ok(Self {
            rows,
            me,
            my_person: people::read::my_person(rows)?,
            webs: people::read::webs(rows)?,
            labels: BTreeMap::new(),
            persons: BTreeMap::new(),
            own: OWN.all(rows).map(|row| row.map(|(number, _)| number)).collect::<Result<_, _>>()?,
        })
    }

    /// Returns this device.
    pub(crate) fn me(&self) -> DeviceId {
        self.me
    }

    /// Returns all webs as entries.
    pub(crate) fn webs(&self) -> Vec<EntryView> {
        self.webs.iter().map(|web| plain(EntryKind::Web, &web.label, web.label.clone())).collect()
    }

    /// Returns the persons of a web as entries.
    pub(crate) fn persons(&mut self, web: WebId) -> Result<Vec<EntryView>, StoreError> {
        let above = people::read::web_label(self.rows, web)?;
        let mut persons = Vec::new();
        for member in people::read::members(self.rows, web)? {
            if member.role.is_none() {
                continue;
            }
            let shares = label::shares(self.rows, web, member.person)?;
            let files: u64 = shares.iter().map(|(_, _, row)| row.tally.files).sum();
            let mut view = plain(EntryKind::Person, &member.label, format!("{above}/{}", member.label));
            if !shares.is_empty() {
                view.note = format!("{} in {}", count(files, "file"), count(shares.len() as u64, "share"));
            }
            persons.push(view);
        }
        Ok(persons)
    }

    /// Returns the shares of a person as entries.
    pub(crate) fn shares(&mut self, web: WebId, person: PersonId) -> Result<Vec<EntryView>, StoreError> {
        let above = format!("{}/{}", people::read::web_label(self.rows, web)?, self.label(web, person)?);
        let who = self.who_label(web, person)?;
        let shares = label::shares(self.rows, web, person)?;
        let view = |(label, _, row): (String, ShareKey, crate::tables::ShareRow)| {
            let mut view = plain(EntryKind::Share, &label, format!("{above}/{label}"));
            view.note = share_note(row.tally);
            view.who = vec![who.clone()];
            view
        };
        Ok(shares.into_iter().map(view).collect())
    }

    /// Returns whatever stands at a spot as an entry.
    pub(crate) fn spot(&mut self, spot: &Spot) -> Result<EntryView, StoreError> {
        let found = match spot {
            Spot::Root => None,
            Spot::Web(web) => {
                let label = people::read::web_label(self.rows, *web)?;
                self.webs().into_iter().find(|view| view.name == label)
            }
            Spot::Person(web, person) => {
                let label = self.label(*web, *person)?;
                self.persons(*web)?.into_iter().find(|view| view.name == label)
            }
            Spot::Share(share) => {
                self.shares(share.key.web, share.key.person)?.into_iter().find(|view| view.path == share.path)
            }
            Spot::Below(BelowSpot { share, key, entry }) => Some(self.entry(share, key, entry.as_ref())?),
        };
        Ok(found.unwrap_or_else(|| plain(EntryKind::Folder, "", String::new())))
    }

    /// Returns an entry of a share; without a row it is a folder known by what is in it.
    pub(crate) fn entry(
        &mut self,
        share: &ShareSpot,
        key: &[u8],
        entry: Option<&EntryRow>,
    ) -> Result<EntryView, StoreError> {
        let path = path_of(key);
        let kind = match entry.map_or(Kind::Folder, |entry| entry.kind) {
            Kind::File => EntryKind::File,
            Kind::Folder => EntryKind::Folder,
            Kind::Link => EntryKind::Link,
        };
        let mut view = plain(kind, name_of(&path), format!("{}/{path}", share.path));
        let owner = self.who_label(share.key.web, share.key.person)?;
        let Some(entry) = entry else {
            view.who = vec![owner];
            return Ok(view);
        };
        if kind != EntryKind::Folder {
            view.changed = Some(entry.head.changed);
        }
        if let Some(target) = &entry.target {
            view.note = format!("link to {target}");
        }
        if kind == EntryKind::File {
            self.describe_file(&mut view, share, entry, &owner)?;
        } else {
            view.who = vec![owner];
        }
        Ok(view)
    }

    /// Returns who has which revision of a file, the owner first.
    pub(crate) fn holders(&mut self, spot: &Spot) -> Result<Vec<HolderView>, StoreError> {
        let (share, entry) = match spot {
            Spot::Share(share) => (share, None),
            Spot::Below(BelowSpot { share, entry, .. }) => (share, entry.as_ref()),
            _ => return Ok(Vec::new()),
        };
        let ShareKey { web, person, .. } = share.key;
        let mut newest: BTreeMap<PersonId, u64> = BTreeMap::new();
        if let Some(entry) = entry.filter(|entry| entry.kind == Kind::File) {
            for (number, revision) in self.revisions(share.row.number, entry)? {
                let Some(content) = revision.content else { continue };
                for holder in self.keepers(web, content)? {
                    newest.entry(holder).or_insert(number);
                }
                if let Some(me) = self.my_person
                    && self.is_here(content)?
                {
                    newest.entry(me).or_insert(number);
                }
            }
        }
        newest.remove(&person);
        let number = entry.filter(|entry| entry.kind == Kind::File).map_or(0, |entry| entry.number);
        let mut holders = vec![self.holder(web, person, number)?];
        for (person, number) in newest {
            holders.push(self.holder(web, person, number)?);
        }
        Ok(holders)
    }

    /// Returns the label of a person, or `you`.
    pub(crate) fn who_label(&mut self, web: WebId, person: PersonId) -> Result<String, StoreError> {
        if self.my_person == Some(person) {
            return Ok("you".to_owned());
        }
        self.label(web, person)
    }

    /// Returns the label of a device's person.
    pub(crate) fn device_label(&mut self, web: WebId, device: DeviceId) -> Result<String, StoreError> {
        match self.person(web, device)? {
            Some(person) => self.who_label(web, person),
            None => Ok(device.short()),
        }
    }

    /// Returns how a person calls a device that gives contents: a carrier gives sealed copies.
    pub(crate) fn giver_label(&mut self, web: WebId, device: DeviceId) -> Result<String, StoreError> {
        let label = self.device_label(web, device)?;
        let is_carrier = people::read::is_carrier(self.rows, web, device)?;
        Ok(if is_carrier { format!("the mirror {label} (sealed)") } else { label })
    }

    /// Says whether a content is on this computer: kept, or in a shared folder.
    pub(crate) fn is_here(&self, content: ContentId) -> Result<bool, StoreError> {
        for web in &self.webs {
            if HELD.get(self.rows, &(web.id, content))?.is_some_and(|held| !held.is_lent()) {
                return Ok(true);
            }
        }
        for number in &self.own {
            if PLACES.within(self.rows, &(content, *number)).next().transpose()?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Returns a file's revisions with their numbers, newest first, the one shown first.
    pub(crate) fn revisions(
        &self,
        number: u64,
        entry: &EntryRow,
    ) -> Result<Vec<(u64, RevisionRow)>, StoreError> {
        let mut revisions = vec![(entry.number, entry.head.clone())];
        for row in REVISIONS.within_back(self.rows, &(number, entry.file)).take(OLDER_MAX) {
            let ((_, _, number, _), revision) = row?;
            revisions.push((number, revision));
        }
        Ok(revisions)
    }

    fn describe_file(
        &mut self,
        view: &mut EntryView,
        share: &ShareSpot,
        entry: &EntryRow,
        owner: &str,
    ) -> Result<(), StoreError> {
        let web = share.key.web;
        view.size = Some(ByteCount(entry.head.size));
        view.revision = Some(entry.number);
        let is_mine = share.row.device == self.me;
        let is_here = match entry.head.content {
            Some(content) => is_mine || self.is_here(content)?,
            None => is_mine,
        };
        view.have = if is_here { Some(entry.number) } else { self.older_here(share.row.number, entry)? };
        view.who = vec![owner.to_owned()];
        if let Some(content) = entry.head.content {
            if is_here && !is_mine {
                view.who.push("you".to_owned());
            }
            for person in self.keepers(web, content)?.into_iter().take(WHO_MAX) {
                let label = self.who_label(web, person)?;
                if !view.who.contains(&label) {
                    view.who.push(label);
                }
            }
        }
        view.freshness = Some(match (entry.head.content, view.have) {
            (None, _) => Freshness::Reading,
            (_, Some(have)) if have == entry.number => Freshness::NewestHere,
            (_, Some(_)) => Freshness::OlderHere,
            (_, None) => Freshness::Elsewhere,
        });
        view.note = match (view.freshness, view.have) {
            (Some(Freshness::Reading), _) if is_mine => "is being read".to_owned(),
            (Some(Freshness::Reading), Some(have)) => {
                format!("rev {} at {owner} is being read, you have rev {have}", entry.number)
            }
            (Some(Freshness::Reading), None) => format!("is being read at {owner}"),
            (Some(Freshness::OlderHere), Some(have)) => {
                format!("rev {} at {owner}, you have rev {have}", entry.number)
            }
            _ => String::new(),
        };
        Ok(())
    }

    fn older_here(&self, number: u64, entry: &EntryRow) -> Result<Option<u64>, StoreError> {
        if entry.number <= 1 {
            return Ok(None);
        }
        for (number, revision) in self.revisions(number, entry)?.into_iter().skip(1) {
            if let Some(content) = revision.content
                && self.is_here(content)?
            {
                return Ok(Some(number));
            }
        }
        Ok(None)
    }

    fn keepers(&mut self, web: WebId, content: ContentId) -> Result<Vec<PersonId>, StoreError> {
        let devices: Vec<DeviceId> = HOLDERS
            .within(self.rows, &(web, content))
            .take(WHO_MAX * 2)
            .map(|row| row.map(|((_, _, device), _)| device))
            .collect::<Result<_, _>>()?;
        let mut persons = Vec::new();
        for device in devices {
            if let Some(person) = self.person(web, device)?
                && !persons.contains(&person)
                && people::read::is_member(self.rows, web, device)?
            {
                persons.push(person);
            }
        }
        Ok(persons)
    }

    fn holder(&mut self, web: WebId, person: PersonId, revision: u64) -> Result<HolderView, StoreError> {
        let is_me = self.my_person == Some(person);
        let mut is_here = is_me;
        let mut last_heard = None;
        if !is_me {
            for device in people::read::devices_of(self.rows, web, person)? {
                is_here |= records::is_connected(self.rows, device)?;
                last_heard = last_heard.max(records::last_heard(self.rows, device)?);
            }
        }
        Ok(HolderView { who: self.who_label(web, person)?, revision, is_here, last_heard })
    }

    fn label(&mut self, web: WebId, person: PersonId) -> Result<String, StoreError> {
        if let Some(label) = self.labels.get(&(web, person)) {
            return Ok(label.clone());
        }
        let label = people::read::label_of(self.rows, web, person)?;
        self.labels.insert((web, person), label.clone());
        Ok(label)
    }

    fn person(&mut self, web: WebId, device: DeviceId) -> Result<Option<PersonId>, StoreError> {
        if let Some(known) = self.persons.get(&(web, device)) {
            return Ok(*known);
        }
        let person = people::read::person_of(self.rows, web, device)?;
        self.persons.insert((web, device), person);
        Ok(person)
    }
}

/// Returns `1 file`, `2 files`.
pub(crate) fn count(number: u64, thing: &str) -> String {
    format!("{number} {thing}{}", if number == 1 { "" } else { "s" })
}

fn share_note(tally: Tally) -> String {
    let note = format!("{}, {}", count(tally.files, "file"), ByteCount(tally.bytes));
    if tally.hashed < tally.files {
        return format!("{note}, {} read", tally.hashed);
    }
    note
}

fn plain(kind: EntryKind, name: &str, path: String) -> EntryView {
    EntryView {
        name: name.to_owned(),
        kind,
        size: None,
        changed: None,
        revision: None,
        have: None,
        freshness: None,
        who: Vec::new(),
        note: String::new(),
        path,
    }
}
