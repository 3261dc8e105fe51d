//! A person's own devices: adding one by a link, telling each other of webs, revoking one everywhere (spec identity, rules 30 to
//! 36; spec governance, rules 70 to 80). Not for: what these operations mean in a web (`evaluate`).

pub(crate) mod pairing;

use std::collections::{BTreeMap, BTreeSet};

use api::people as ask;
use base::{DeviceId, Fault, PersonId, WebId};
use kernel::{Channel, Step};
use minicbor::{Decode, Encode};
use store::{Rows, StoreError, Table};
use wire::codec::Bytes;
use wire::crypto::{PersonKey, Signature};
use wire::entry::{Entry, Log, web_of_genesis};
use wire::governance::{Action, DeviceWrap, NewWords, Operation, ROTATION_PURPOSE, Rotation, SealedSecret};
use wire::identity::{
    Adoption, DEVICE_DOMAIN, DEVICES_MAX, Inception, Key, RecoveryKey, WordsChange, device_bytes,
};
use wire::join::{Message, OUR_WEBS_MAX, OurDevice, OurWeb, Ours, SealedKey};

use crate::acts::{governance_cuts, with_records};
use crate::evaluate::State;
use crate::fault::PeopleError;
use crate::service::{People, checked_name, genesis_of};
use crate::tables::{DEVICES, JOINS, JoinRecord, JoinStep, ME, Standing, WEBS, WebRecord};

/// How this person came to be, when it did not begin on this device alone.
const IDENTITY: Table<(), Identity> = Table::new("people.identity");
/// Later keys of this person, sealed to this device, by their public halves.
const SECRETS: Table<base::KeyId, Bytes> = Table::new("people.person-secrets");
/// The person's other devices.
const SIBLINGS: Table<DeviceId, SiblingRecord> = Table::new("people.siblings");
/// Devices of the person that were revoked somewhere, and are to be everywhere.
const REVOKED: Table<DeviceId, ()> = Table::new("people.revoked-devices");
/// Devices about which something was written into a web that did not count: it is not written again.
const IN_VAIN: Table<(WebId, DeviceId), ()> = Table::new("people.devices-in-vain");
/// What the person calls this device.
const DEVICE_NAME: Table<(), String> = Table::new("people.device-name");

/// Keys of one person kept here at most: one for each device ever revoked.
const SECRETS_MAX: usize = 256;

/// How a person began, and how this device came to be its.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Identity {
    #[n(0)]
    pub(crate) inception: Bytes,
    #[n(1)]
    pub(crate) chain: Vec<Adoption>,
    /// The person's key now, if it is not the inception's.
    #[n(2)]
    pub(crate) key: Option<Key>,
}

/// Another device of the person.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
struct SiblingRecord {
    #[n(0)]
    consent: Signature,
    #[n(1)]
    name: String,
    /// Whether it came by a link of this device.
    #[n(2)]
    is_own: bool,
}

impl Identity {
    /// The chain as operations carry it.
    pub(crate) fn chain(&self) -> Option<Vec<Adoption>> {
        Some(self.chain.clone()).filter(|chain| !chain.is_empty())
    }

    pub(crate) fn key_now(&self) -> Result<Key, Fault> {
        Ok(self.key.unwrap_or(Key(*self.read()?.person_key())))
    }

    pub(crate) fn read(&self) -> Result<Inception, Fault> {
        Inception::read(&self.inception).map_err(|error| {
            let text = format!("this home's inception: {error}");
            Fault::new("people.bad-inception", base::FaultKind::Broken, text)
        })
    }
}

/// Returns how this person came to be.
pub(crate) fn identity(step: &Step<'_>) -> Result<Identity, StoreError> {
    let known = IDENTITY.get(step.view(), &())?;
    let own = || Identity { inception: step.inception().into(), chain: Vec::new(), key: None };
    Ok(known.unwrap_or_else(own))
}

/// Takes the person's later keys out of their rows; returns the person.
pub(crate) fn unlock(step: &mut Step<'_>) -> Result<PersonId, Fault> {
    let person = identity(step)?.read()?.person();
    let sealed: Vec<_> = SECRETS.all(step.view()).collect::<Result<Vec<_>, StoreError>>()?;
    for (key, sealed) in sealed {
        open_secret(step, person, Key(*key.as_bytes()), &sealed);
    }
    Ok(person)
}

pub(crate) fn secret_context(person: PersonId, key: Key) -> Vec<u8> {
    [person.as_bytes().as_slice(), &key.0].concat()
}

/// Opens a key of this person; false when it is not the one it is said to be.
fn open_secret(step: &mut Step<'_>, person: PersonId, key: Key, sealed: &[u8]) -> bool {
    let plain = step.open_for_device(sealed, ROTATION_PURPOSE, &secret_context(person, key));
    let Some(secret) = plain.and_then(|plain| <[u8; 32]>::try_from(plain).ok()) else { return false };
    let opened = PersonKey::from_seed(&secret);
    let is_it = opened.public() == key.0;
    if is_it {
        step.keyring().add_person(opened);
    }
    is_it
}

/// Keeps a key of this person, sealed to this device; returns its public half.
pub(crate) fn keep_secret(step: &mut Step<'_>, person: PersonId, key: PersonKey) -> Key {
    let key = Key(step.keyring().add_person(key));
    let me = step.me();
    let sealed = step.seal_person(&key.0, &me, ROTATION_PURPOSE, &secret_context(person, key));
    SECRETS.put(step.rows(), &base::KeyId::new(key.0), &sealed.unwrap_or_default().into());
    key
}

/// Keeps a later key of this person that was sealed to the recovery key, if it is what it is said to be.
pub(crate) fn open_with_recovery(
    step: &mut Step<'_>,
    recovery: &RecoveryKey,
    person: PersonId,
    SealedKey { key, sealed }: &SealedKey,
) {
    let plain = recovery.key().open(sealed, ROTATION_PURPOSE, &secret_context(person, *key));
    let secret = plain.and_then(|plain| <[u8; 32]>::try_from(plain).ok());
    let opened = secret.map(|secret| PersonKey::from_seed(&secret)).filter(|opened| opened.public() == key.0);
    let is_full = SECRETS.all(step.view()).count() >= SECRETS_MAX;
    if let Some(opened) = opened.filter(|_| !is_full) {
        keep_secret(step, person, opened);
    }
}

/// Returns the person's keys that are here.
pub(crate) fn kept_keys(step: &Step<'_>) -> Result<Vec<Key>, Fault> {
    let mut keys: Vec<Key> = SECRETS
        .all(step.view())
        .map(|row| row.map(|(key, _)| Key(*key.as_bytes())))
        .collect::<Result<_, _>>()?;
    let first = Key(*identity(step)?.read()?.person_key());
    // The first key is in the vault of the device with which the person began, and nowhere else.
    let is_own = Inception::read_unchecked(&step.inception()).is_ok_and(|own| *own.person_key() == first.0);
    if is_own && !keys.contains(&first) {
        keys.push(first);
    }
    Ok(keys)
}

/// Changes what is known of how this person came to be.
pub(crate) fn keep_identity(
    step: &mut Step<'_>,
    change: impl FnOnce(Identity) -> Identity,
) -> Result<(), StoreError> {
    let changed = change(identity(step)?);
    IDENTITY.put(step.rows(), &(), &changed);
    Ok(())
}

impl People {
    /// Collects what this person's devices tell each other.
    fn ours(step: &mut Step<'_>) -> Result<Ours, Fault> {
        let mut ours = Ours::default();
        if let Some(me) = ME.get(step.view(), &())? {
            let consent = step.sign(DEVICE_DOMAIN, &device_bytes(me.person, me.device));
            let name = DEVICE_NAME.get(step.view(), &())?.unwrap_or_default();
            ours.devices.push(OurDevice { device: me.device, consent, name });
        }
        for row in SIBLINGS.all(step.view()) {
            let (device, SiblingRecord { consent, name, .. }) = row?;
            ours.devices.push(OurDevice { device, consent, name });
        }
        ours.devices.truncate(DEVICES_MAX);
        for web in Self::my_webs(step)?.into_iter().take(OUR_WEBS_MAX) {
            if let Some(genesis) = genesis_of(step, web)? {
                let name = crate::read::web_label(step.view(), web)?;
                ours.webs.push(OurWeb { web, genesis, name });
            }
        }
        Ok(ours)
    }

    /// Tells the person's other devices what there is, those that are here.
    pub(crate) fn tell_siblings(step: &mut Step<'_>) -> Result<(), Fault> {
        let siblings: Vec<DeviceId> =
            SIBLINGS.all(step.view()).map(|row| row.map(|(device, _)| device)).collect::<Result<_, _>>()?;
        for device in siblings {
            if records::is_connected(step.view(), device)? {
                Self::tell_sibling(step, device)?;
            }
        }
        Ok(())
    }

    /// Tells one of the person's other devices what there is.
    pub(crate) fn tell_sibling(step: &mut Step<'_>, device: DeviceId) -> Result<(), Fault> {
        if is_sibling(step.view(), device)? {
            let ours = Self::ours(step)?;
            step.send(device, Channel::Member, wire::to_bytes(&Message::Ours { ours }));
        }
        Ok(())
    }

    /// Takes what another device of this person says there is; nobody else is heard.
    pub(crate) fn hear_ours(&mut self, step: &mut Step<'_>, from: DeviceId, ours: Ours) -> Result<(), Fault> {
        match is_sibling(step.view(), from)? {
            true => self.take_ours(step, from, ours),
            false => Ok(()),
        }
    }

    fn take_ours(&mut self, step: &mut Step<'_>, from: DeviceId, ours: Ours) -> Result<(), Fault> {
        let Some(me) = ME.get(step.view(), &())? else { return Ok(()) };
        for OurDevice { device, consent, name } in ours.devices.into_iter().take(DEVICES_MAX) {
            let covered = device_bytes(me.person, device);
            let is_new = device != me.device && !REVOKED.has(step.view(), &device)?;
            if is_new && step.verifier().verify(&device, DEVICE_DOMAIN, &covered, &consent) {
                let name = crate::label::safe(&name, &device.to_string());
                let is_own = SIBLINGS.get(step.view(), &device)?.is_some_and(|known| known.is_own);
                SIBLINGS.put(step.rows(), &device, &SiblingRecord { consent, name, is_own });
            }
        }
        for OurWeb { web, genesis, name } in ours.webs.into_iter().take(OUR_WEBS_MAX) {
            let standing = WEBS.get(step.view(), &web)?.map(|record| record.standing);
            // Who has left a web on one device has left it on all; who joins again asks again.
            if standing.is_some() {
                continue;
            }
            let genesis = Entry::read(&genesis, step.verifier());
            if let Some(genesis) = genesis.ok().filter(|genesis| web_of_genesis(genesis) == web) {
                Self::follow_into(step, web, (from, &genesis, &name))?;
            }
        }
        for web in Self::my_webs(step)? {
            self.align_devices(step, web)?;
        }
        Ok(())
    }

    /// Begins to belong to a web because another device of this person does.
    pub(crate) fn follow_into(
        step: &mut Step<'_>,
        web: WebId,
        (from, genesis, name): (DeviceId, &Entry, &str),
    ) -> Result<(), Fault> {
        let now = step.now();
        let record = WebRecord {
            label: String::new(),
            suggested: name.to_owned(),
            standing: Standing::Joining,
            members: 0,
            has_key: false,
            since: now,
            founder: Some(genesis.header.author),
        };
        WEBS.put(step.rows(), &web, &record);
        let join = JoinRecord {
            ticket: String::new(),
            inviter: String::new(),
            step: JoinStep::Waiting,
            why: "another device of yours belongs to it; bringing the history of the web".to_owned(),
            entry: None,
            attempts: 0,
            welcomer: Some(from),
        };
        JOINS.put(step.rows(), &web, &join);
        crate::apply::relabel_web(step, web)?;
        records::accept_governance(step, web, &genesis.bytes)?;
        crate::apply::say_authors(step, web, &State::default())?;
        step.connect(from, Channel::Member);
        Ok(())
    }

    /// Writes into a web what it does not know of this person's devices.
    pub(crate) fn align_devices(&mut self, step: &mut Step<'_>, web: WebId) -> Result<(), Fault> {
        // What is written is evaluated at once, which leads here again.
        if !self.aligning.insert(web) {
            return Ok(());
        }
        let done = self.try_align(step, web);
        self.aligning.remove(&web);
        match done {
            // What is missing of the history is on its way, and brings this up again.
            Err(fault) if fault.code == crate::fault::CATCHING_UP => Ok(()),
            done => done,
        }
    }

    fn try_align(&mut self, step: &mut Step<'_>, web: WebId) -> Result<(), Fault> {
        for _ in 0..=DEVICES_MAX {
            let Some((action, about)) = self.next_alignment(step, web)? else { return Ok(()) };
            let id = self.append(step, web, action)?;
            if self.evaluation(web).is_some_and(|evaluation| evaluation.void.contains_key(&id)) {
                // Written again it would be void again, and the log would grow for ever.
                for device in about {
                    IN_VAIN.put(step.rows(), &(web, device), &());
                }
            }
        }
        Ok(())
    }

    /// Returns what is to be written next into a web about this person's devices, and about which it is.
    fn next_alignment(
        &mut self,
        step: &mut Step<'_>,
        web: WebId,
    ) -> Result<Option<(Action, Vec<DeviceId>)>, Fault> {
        let Some(person) = crate::read::my_person(step.view())? else { return Ok(None) };
        let me = step.me();
        let Some(evaluation) = self.evaluation(web) else { return Ok(None) };
        let state = &evaluation.state;
        if state.devices.get(&me) != Some(&person) || state.role(person).is_none() {
            return Ok(None);
        }
        let Some(member) = state.members.get(&person) else { return Ok(None) };
        let (ours, key) = (member.devices.clone(), member.recovery);
        let gone = state.revoked.iter().filter(|(_, one)| one.person == person);
        let gone: Vec<DeviceId> = gone.map(|(device, _)| *device).collect();
        let strange: BTreeSet<DeviceId> = state.chains.keys().chain(state.devices.keys()).copied().collect();
        for device in gone {
            // Revoked in one web is revoked in all.
            SIBLINGS.delete(step.rows(), &device);
            REVOKED.put(step.rows(), &device, &());
        }
        let mut revoked = Vec::new();
        for device in ours.iter().filter(|device| **device != me) {
            if REVOKED.has(step.view(), device)? && !IN_VAIN.has(step.view(), &(web, *device))? {
                revoked.push(*device);
            }
        }
        self.learn_words(step, web, (person, key))?;
        let mut change = crate::words::change_from(step, key)?;
        if let Some(new) = change.as_ref().map(|change| DeviceId::new(change.new.0))
            && IN_VAIN.has(step.view(), &(web, new))?
        {
            change = None;
        }
        if !revoked.is_empty() || change.is_some() {
            let mut about = revoked.clone();
            about.extend(change.as_ref().map(|change| DeviceId::new(change.new.0)));
            let action = self.revocation(step, web, (person, &ours, revoked), change)?;
            return Ok(Some((action, about)));
        }
        for row in SIBLINGS.all(step.view()).collect::<Result<Vec<_>, _>>()? {
            let (device, sibling) = row;
            // The word of another device alone adds none: it may be in a thief's hands. What some web knows, all may.
            let is_trusted = sibling.is_own || is_known(step.view(), person, device)?;
            let is_missing = !ours.contains(&device) && !strange.contains(&device);
            if is_trusted
                && is_missing
                && !IN_VAIN.has(step.view(), &(web, device))?
                && ours.len() < DEVICES_MAX
            {
                let action = Action::AddDevice { person, device, proof: sibling.consent };
                return Ok(Some((action, vec![device])));
            }
        }
        Ok(None)
    }

    /// Puts together the revocation of devices, with the person's newest key for those that remain.
    fn revocation(
        &mut self,
        step: &mut Step<'_>,
        web: WebId,
        (person, ours, revoked): (PersonId, &[DeviceId], Vec<DeviceId>),
        change: Option<WordsChange>,
    ) -> Result<Action, Fault> {
        let state = self.state(step, web)?;
        let known = state.members.get(&person).map(|member| member.recovery);
        let cuts = governance_cuts(state, &revoked);
        let cuts = with_records(step, web, (cuts, &revoked))?;
        let identity = identity(step)?;
        let began = identity.read()?;
        let key = identity.key_now()?;
        let context = secret_context(person, key);
        let mut remaining: Vec<DeviceId> =
            ours.iter().filter(|device| !revoked.contains(device)).copied().collect();
        remaining.sort_unstable();
        let mut wraps = Vec::new();
        for device in remaining {
            let sealed = step.seal_person(&key.0, &device, ROTATION_PURPOSE, &context);
            wraps.extend(sealed.map(|sealed| DeviceWrap { device, sealed: sealed.into() }));
        }
        let by_words = change.as_ref().map(|change| change.new).or(known);
        let recovery = DeviceId::new(by_words.map_or(*began.recovery(), |key| key.0));
        let recovery = step.seal_person(&key.0, &recovery, ROTATION_PURPOSE, &context).unwrap_or_default();
        let words = match change {
            Some(change) => Some(crate::words::new_words(step, person, change)?),
            None => None,
        };
        let rotation = Rotation { key, wraps, recovery: recovery.into() };
        Ok(Action::Revoke { devices: revoked, cuts, rotation, words })
    }

    /// Returns the rotations of a person's key that count in a web, oldest first, with the new words that came along.
    pub(crate) fn rotations(
        &mut self,
        step: &mut Step<'_>,
        web: WebId,
        person: PersonId,
    ) -> Result<Vec<(Rotation, Option<NewWords>)>, Fault> {
        self.state(step, web)?;
        let Some(evaluation) = self.evaluation(web) else { return Ok(Vec::new()) };
        let mut rotations = Vec::new();
        for (device, (last, _)) in &evaluation.state.chains {
            if evaluation.state.person_of(*device) != Some(person) {
                continue;
            }
            for seq in 1..=*last {
                let bytes = records::entry(step.view(), web, *device, Log::Governance, seq)?;
                let Some(entry) = bytes.and_then(|bytes| Entry::read_known(&bytes).ok()) else { continue };
                if let Ok(Operation { lamport, action: Action::Revoke { rotation, words, .. }, .. }) =
                    Operation::read(&entry.header.body)
                    && !evaluation.void.contains_key(&entry.id)
                {
                    rotations.push(((lamport, entry.id), (rotation, words)));
                }
            }
        }
        rotations.sort_by_key(|(place, _)| *place);
        Ok(rotations.into_iter().map(|(_, rotation)| rotation).collect())
    }

    /// Takes over this person's key when another of its devices has made a new one (spec governance rule 77).
    pub(crate) fn take_rotations(&mut self, step: &mut Step<'_>, web: WebId) -> Result<(), Fault> {
        let (me, Some(person)) = (step.me(), crate::read::my_person(step.view())?) else { return Ok(()) };
        let Some(evaluation) = self.evaluation(web) else { return Ok(()) };
        let mine = evaluation.state.members.get(&person).filter(|member| member.devices.contains(&me));
        let Some(now) = mine.map(|member| Key(member.person_key)) else { return Ok(()) };
        // Who has come back by words has the newest key from a member, and takes the older ones as long as it has the words.
        if holds(step, now) && step.recovery().is_none() {
            return Ok(());
        }
        for (Rotation { key, wraps, recovery }, new_words) in self.rotations(step, web, person)? {
            if let (Some(said), Some(words)) = (step.recovery(), new_words) {
                open_older(step, &said, person, words);
            }
            if holds(step, key) {
                continue;
            }
            let is_full = SECRETS.all(step.view()).count() >= SECRETS_MAX;
            let wrap = wraps.into_iter().find(|wrap| wrap.device == me).filter(|_| !is_full);
            if let Some(wrap) = wrap {
                if open_secret(step, person, key, &wrap.sealed) {
                    SECRETS.put(step.rows(), &base::KeyId::new(key.0), &wrap.sealed);
                }
            } else if let Some(words) = step.recovery() {
                open_with_recovery(step, &words, person, &SealedKey { key, sealed: recovery });
            }
        }
        if holds(step, now) {
            keep_identity(step, |identity| Identity { key: Some(now), ..identity })?;
        }
        Ok(())
    }

    /// Gives this person a new key in a web when nobody here can open what is sealed to the one it has: it came back by its
    /// recovery words, and the key was never sealed to those.
    pub(crate) fn renew_lost_key(&mut self, step: &mut Step<'_>, web: WebId) -> Result<(), Fault> {
        let me = step.me();
        let Some(person) = crate::read::my_person(step.view())? else { return Ok(()) };
        let state = self.state(step, web)?;
        let Some(member) = state.members.get(&person).filter(|_| state.recovered.contains(&me)) else {
            return Ok(());
        };
        let (now, ours) = (member.person_key, member.devices.clone());
        if holds(step, Key(now)) {
            return Ok(());
        }
        if identity(step)?.key.is_none_or(|key| key.0 == now) {
            renew_key(step)?;
        }
        let action = self.revocation(step, web, (person, &ours, Vec::new()), None)?;
        self.append(step, web, action)?;
        Ok(())
    }

    /// Notes which devices of this person are at an end, and makes a new key of the person; returns their names. What each web is
    /// told says `align_devices`.
    pub(crate) fn end_devices(step: &mut Step<'_>, named: &[String]) -> Result<Vec<String>, Fault> {
        let mut names = Vec::new();
        for one in named {
            let (device, name) = sibling_named(step.view(), one)?;
            SIBLINGS.delete(step.rows(), &device);
            REVOKED.put(step.rows(), &device, &());
            names.push(name);
        }
        renew_key(step)?;
        pairing::end_link(step);
        Ok(names)
    }

    /// Revokes one of this person's devices in every web, with a new key of the person.
    pub(crate) fn revoke_device(
        &mut self,
        step: &mut Step<'_>,
        asked: &ask::RevokeDevice,
    ) -> Result<ask::Done, Fault> {
        let name = Self::end_devices(step, std::slice::from_ref(&asked.device))?.concat();
        let webs = Self::my_webs(step)?;
        for web in &webs {
            self.align_devices(step, *web)?;
        }
        // Later devices have the new key only.
        self.say_marks_everywhere(step)?;
        step.emit("people.changed", &serde_json::json!({}));
        let count = webs.len();
        let what = format!(
            "{name} is revoked in {count} {}. It gets nothing more from this computer from now on, and from the others as soon as they hear of it; \
             what is written from now on is sealed under new keys. What {name} had, it keeps: nothing can take that back.",
            if count == 1 { "web" } else { "webs" },
        );
        Ok(ask::Done { what })
    }

    /// Says what the person calls this device.
    pub(crate) fn name_device(step: &mut Step<'_>, asked: &ask::NameDevice) -> Result<ask::Done, Fault> {
        let name = checked_name(&asked.name)?;
        DEVICE_NAME.put(step.rows(), &(), &name);
        Self::tell_siblings(step)?;
        Ok(ask::Done { what: format!("This computer is called {name}.") })
    }
}

/// Keeps older keys of this person that came along with new words.
fn open_older(step: &mut Step<'_>, said: &RecoveryKey, person: PersonId, words: NewWords) {
    if words.change.new.0 != said.key().public() {
        return;
    }
    for SealedSecret { key, sealed } in words.older {
        if !holds(step, key) {
            open_with_recovery(step, said, person, &SealedKey { key, sealed });
        }
    }
}

/// Says whether this device can open what is sealed to a key of its person.
fn holds(step: &mut Step<'_>, key: Key) -> bool {
    let first = Inception::read_unchecked(&step.inception()).ok();
    first.is_some_and(|first| *first.person_key() == key.0) || step.keyring().person(&key.0).is_some()
}

/// Makes a new key of this person, which the next revocations give to its devices.
fn renew_key(step: &mut Step<'_>) -> Result<(), Fault> {
    let person = crate::read::my_person(step.view())?.ok_or(PeopleError::NotJoining)?;
    let secret = step.random("person key");
    let key = keep_secret(step, person, PersonKey::from_seed(&secret));
    Ok(keep_identity(step, |identity| Identity { key: Some(key), ..identity })?)
}

/// Says whether a web of this peer knows a device as this person's.
fn is_known<R: Rows + ?Sized>(rows: &R, person: PersonId, device: DeviceId) -> Result<bool, StoreError> {
    for web in crate::read::webs_of_device(rows, device)? {
        if DEVICES.get(rows, &(web, device))? == Some(person) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Says whether a device is another one of this person: it was paired with, or a web says so.
fn is_sibling<R: Rows + ?Sized>(rows: &R, device: DeviceId) -> Result<bool, StoreError> {
    let Some(me) = ME.get(rows, &())?.filter(|me| me.device != device) else { return Ok(false) };
    Ok(SIBLINGS.has(rows, &device)? || is_known(rows, me.person, device)?)
}

/// Returns this person's other devices with their names: those that were paired with, and those that a web knows.
fn siblings(rows: &dyn Rows) -> Result<BTreeMap<DeviceId, String>, StoreError> {
    let Some(me) = ME.get(rows, &())? else { return Ok(BTreeMap::new()) };
    let mut siblings = BTreeMap::new();
    for web in crate::read::webs(rows)?.into_iter().filter(|web| web.standing.is_in()) {
        for device in crate::read::devices_of(rows, web.id, me.person)? {
            siblings.insert(device, String::new());
        }
    }
    for row in SIBLINGS.all(rows) {
        let (device, sibling) = row?;
        siblings.insert(device, sibling.name);
    }
    siblings.remove(&me.device);
    Ok(siblings)
}

fn sibling_named(rows: &dyn Rows, name: &str) -> Result<(DeviceId, String), Fault> {
    let is_meant = |device: &DeviceId, called: &str| {
        (!called.is_empty() && crate::label::folded(called) == crate::label::folded(name))
            || (name.len() >= 4 && device.to_string().starts_with(name))
    };
    let mut meant = siblings(rows)?.into_iter().filter(|(device, called)| is_meant(device, called));
    match (meant.next(), meant.next()) {
        (Some((device, called)), None) => {
            let called = if called.is_empty() { device.short() } else { called };
            Ok((device, called))
        }
        (Some(_), Some(_)) => Err(PeopleError::DeviceAmbiguous { name: name.to_owned() }.into()),
        _ => Err(PeopleError::UnknownDevice { name: name.to_owned() }.into()),
    }
}

/// Answers `people.devices`.
pub(crate) fn devices(rows: &dyn Rows, me: DeviceId) -> Result<ask::Devices, Fault> {
    let mut devices = vec![ask::DeviceView {
        name: DEVICE_NAME.get(rows, &())?.unwrap_or_default(),
        is_this: true,
        is_here: true,
        heard: None,
        webs: webs_of(rows, me)?,
        id: me,
    }];
    for (device, name) in siblings(rows)? {
        devices.push(ask::DeviceView {
            name,
            is_this: false,
            is_here: records::is_connected(rows, device)?,
            heard: records::last_heard(rows, device)?,
            webs: webs_of(rows, device)?,
            id: device,
        });
    }
    let note = match pairing::under_way(rows)? {
        Some(link) => {
            format!("asks to become {}'s", crate::label::safe(&link.name, &link.person.to_string()))
        }
        None => crate::recovering::note(rows)?,
    };
    Ok(ask::Devices { devices, note })
}

fn webs_of(rows: &dyn Rows, device: DeviceId) -> Result<u64, StoreError> {
    let mut count = 0;
    for web in crate::read::webs(rows)? {
        let is_in = web.standing.is_in();
        count += u64::from(is_in && DEVICES.has(rows, &(web.id, device))?);
    }
    Ok(count)
}
