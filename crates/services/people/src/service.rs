//! The service as the kernel meets it: which input leads where.

use std::time::Duration;

use base::{DeviceId, Fault, WebId};
use kernel::{AskId, Channel, Input, JobFailure, JobId, Reader, Service, Step};
use store::StoreError;
use wire::address::is_relay;
use wire::codec::Bytes;
use wire::crypto::EpochKey;
use wire::entry::Log;
use wire::governance::{Action, Operation, Role};
use wire::join::Message;

use crate::apply::{self, Turn};
use crate::body::{Body, usable};
use crate::dht::Dht;
use crate::doors::Knocks;
use crate::evaluate::{Evaluation, State};
use crate::fault::PeopleError;
use crate::history::{self, Change, Evaluations, Known};
use crate::jobs::{self, Seal, Sealed};
use crate::keys;
use crate::label;
use crate::reader::PeopleReader;
use crate::serving;
use crate::tables::{
    ADDRESSES, DEVICES, EARLY, JOINS, ME, MeRecord, NAMES, SERVING, Standing, WEB_NAMES, WEBS,
};
use crate::told::Told;

/// Members who are no admins wait this long, at random, before they make a key that is due, so that one does.
const MINT_WAIT_LEAST: Duration = Duration::from_secs(5);
const MINT_WAIT_SPREAD_MS: u64 = 55_000;

/// A member without the current key asks another member for it again after this.
const ASK_KEYS_EVERY: Duration = Duration::from_secs(30);

/// Addresses are told to members at most this often: a computer on the move changes them in bursts.
const ADDRESSES_EVERY: Duration = Duration::from_mins(1);

/// A relay found or lost is told sooner, but not with every flap of a bad line.
const RELAYS_EVERY: Duration = Duration::from_secs(2);

/// Records of devices not known yet, kept per device at most.
const EARLY_MAX: usize = 16;

/// Operations appended in answer to one another within one step, at most: a removal and its epoch, an admission and
/// its epoch.
const FOLLOW_UPS_MAX: u8 = 4;

/// Members to whom a new key is sealed within a step: each takes about a tenth of a millisecond, and a step should stay
/// under 5 ms. For more of them a driver does it.
const WRAPS_IN_STEP: usize = 32;

/// Alarm, followed by a web: make the key that is due.
const MINT: &str = "mint ";
/// Alarm, followed by a web: evaluate what has come while this peer rested.
const EVALUATE: &str = "evaluate ";
/// Alarm, followed by a web: ask for keys.
const ASK_KEYS: &str = "keys ";
/// Alarm: tell addresses.
const TELL_ADDRESSES: &str = "addresses";

/// Decides who belongs together. Its fields are caches; rows are the truth.
#[derive(Debug, Default)]
pub struct People {
    pub(crate) webs: Evaluations,
    pub(crate) knocks: Knocks,
    pub(crate) dht: Dht,
    follow_ups: u8,
    /// Keys that a driver is sealing.
    minting: std::collections::BTreeMap<WebId, Minting>,
    /// Webs into which this step is writing about this person's devices.
    pub(crate) aligning: std::collections::BTreeSet<WebId>,
    /// Whether this step has changed the evaluations.
    is_touched: bool,
}

/// A key that is being sealed.
#[derive(Debug)]
struct Minting {
    job: JobId,
    seal: Seal,
}

/// Makes the service.
pub fn service() -> People {
    People::default()
}

impl Service for People {
    fn name(&self) -> &'static str {
        "people"
    }

    fn listens_to(&self) -> &'static [&'static str] {
        &["records"]
    }

    fn step(&mut self, step: &mut Step<'_>, input: Input) -> Result<(), Fault> {
        self.follow_ups = 0;
        self.is_touched = false;
        let done = self.take(step, input);
        if done.is_err() {
            // The work that this step gave out is not done.
            self.minting.clear();
        }
        if done.is_err() && self.is_touched {
            // The step's rows are dropped, so what the caches say may be ahead of them.
            self.webs.clear();
        }
        done
    }

    fn forget(&mut self) {
        *self = Self::default();
    }

    fn reader(&self) -> Box<dyn Reader> {
        Box::new(PeopleReader)
    }
}

impl People {
    fn take(&mut self, step: &mut Step<'_>, input: Input) -> Result<(), Fault> {
        match input {
            Input::Started => self.start(step),
            Input::Asked { ask, operation, arguments } => self.asked(step, ask, &operation, arguments),
            Input::Heard { from, channel, message, .. } => self.heard(step, from, channel, &message),
            Input::Connected { device, channel: Channel::Join } => {
                Self::ask_to_pair(step, device)?;
                Self::ask_to_recover(step, device)?;
                Self::door_opened(step, device)
            }
            Input::Connected { device, channel: Channel::Member } => {
                self.dht_met(device);
                Self::tell_sibling(step, device)?;
                Self::ask_keys_of(step, device)
            }
            Input::Disconnected { device, channel: Channel::Member } => self.dht_missed(step, device),
            Input::Reachable { addresses } => self.reachable(step, &addresses),
            Input::Alarm { key } => self.alarm(step, &key),
            Input::Noticed { kind: "people.relay", report } => self.relay_noticed(step, &report),
            Input::Noticed { kind: jobs::SWITCHED, report } => self.dht_switched(step, &report),
            Input::Finished { job, outcome } if self.is_minting(job) => self.minted(step, job, outcome),
            Input::Finished { job, outcome } => self.dht_finished(step, job, outcome),
            Input::Told { by: "records", message } => self.told(step, &message),
            Input::Told { message, .. } => crate::personal::wished(step, &message),
            _ => Ok(()),
        }
    }

    fn start(&mut self, step: &mut Step<'_>) -> Result<(), Fault> {
        crate::dht::wait_for_driver(step)?;
        let person = crate::devices::unlock(step)?;
        let device = step.me();
        let me = ME.get(step.view(), &())?;
        if me.as_ref().is_none_or(|me| me.person != person || me.device != device) {
            let me = me.unwrap_or_else(|| MeRecord {
                person,
                device,
                name: String::new(),
                addresses: Vec::new(),
                published: Vec::new(),
                published_at: base::Timestamp::default(),
            });
            ME.put(step.rows(), &(), &MeRecord { person, device, ..me });
        }
        crate::personal::adopt(step)?;
        let known: Vec<_> = ADDRESSES.all(step.view()).collect::<Result<_, StoreError>>()?;
        for ((_, device), addresses) in known {
            step.addresses(device, addresses);
        }
        let webs: Vec<_> = WEBS.all(step.view()).collect::<Result<_, StoreError>>()?;
        for (web, record) in webs {
            if record.standing.is_in() {
                // Plain keys are never rows; the evaluation says which of them is the current one.
                keys::unwrap_all(step, web)?;
                self.refresh(step, web)?;
                if let Some(evaluation) = self.evaluation(web) {
                    apply::write_keys(step, web, &evaluation.state)?;
                }
                self.settle(step, web)?;
            }
        }
        for row in SERVING.all(step.view()).collect::<Result<Vec<_>, StoreError>>()? {
            let ((_, device), serving) = row;
            step.addresses(device, serving.addresses);
        }
        Self::be_relay_if_due(step)?;
        serving::tell_relays(step)?;
        Self::knock_to_pair(step)?;
        Self::knock_to_recover(step)?;
        Self::go_on_joining(step)
    }

    fn alarm(&mut self, step: &mut Step<'_>, key: &str) -> Result<(), Fault> {
        if key == TELL_ADDRESSES {
            return self.tell_addresses(step);
        }
        if key == crate::dht::SAY {
            return self.say_in_dht(step);
        }
        if let Some(web) = key.strip_prefix(serving::SAY).and_then(|web| web.parse().ok()) {
            return self.say_serving(step, web);
        }
        if let Some(web) = key.strip_prefix(MINT).and_then(|web| web.parse().ok()) {
            // A driver that has not sealed by now is not waited for any more.
            self.minting.remove(&web);
            return self.mint_if_due(step, web);
        }
        if let Some(web) = key.strip_prefix(EVALUATE).and_then(|web| web.parse().ok()) {
            return self.hear_of(step, web);
        }
        if let Some(web) = key.strip_prefix(ASK_KEYS).and_then(|web| web.parse().ok()) {
            return Self::ask_keys(step, web);
        }
        if let Some(web) = key.strip_prefix(crate::dissolving::LEAVE).and_then(|web| web.parse().ok()) {
            return crate::dissolving::leave(self, step, web);
        }
        if let Some(web) = key.strip_prefix(crate::cosigning::COUNT).and_then(|web| web.parse().ok()) {
            return crate::cosigning::count(self, step, web);
        }
        if let Some(web) = key.strip_prefix(crate::personal::SAY).and_then(|web| web.parse().ok()) {
            return self.say_marks(step, web);
        }
        if key == crate::devices::pairing::PAIR {
            return Self::knock_to_pair(step);
        }
        if key == crate::recovering::RECOVER {
            return Self::knock_to_recover(step);
        }
        Self::join_alarm(step, key)
    }

    fn heard(
        &mut self,
        step: &mut Step<'_>,
        from: DeviceId,
        channel: Channel,
        bytes: &[u8],
    ) -> Result<(), Fault> {
        // What can't be read is dropped without a word: an answer would tell a stranger what we understand.
        let Ok(message) = Message::read(bytes) else { return Ok(()) };
        match message {
            Message::Hello { .. }
            | Message::Request { .. }
            | Message::Pair { .. }
            | Message::Recovering { .. } => self.knocked(step, from, channel, message),
            Message::Paired { .. } => self.paired(step, from, message),
            Message::Recovered { .. } => Self::recovered(step, from, message),
            Message::Ours { ours } if channel == Channel::Member => self.hear_ours(step, from, ours),
            Message::Ours { .. } => Ok(()),
            Message::Offer { .. }
            | Message::Welcome { .. }
            | Message::Waiting { .. }
            | Message::Refused { .. } => self.answered(step, from, channel, message),
        }
    }

    fn told(&mut self, step: &mut Step<'_>, message: &[u8]) -> Result<(), Fault> {
        match records::Told::from_bytes(message) {
            Ok(records::Told::Governance { web }) => self.hear_of(step, web),
            Ok(records::Told::Record { web, author, body, .. }) => {
                Self::take_record(step, web, author, &body)
            }
            Ok(records::Told::Flood { web, device }) => Ok(crate::notices::flood(step, web, device)?),
            _ => Ok(()),
        }
    }

    /// Returns what was evaluated of a web last.
    pub(crate) fn evaluation(&self, web: WebId) -> Option<&Evaluation> {
        self.webs.get(&web).map(Known::evaluation)
    }

    /// Returns the evaluated state of a web.
    pub(crate) fn state(&mut self, step: &mut Step<'_>, web: WebId) -> Result<&State, Fault> {
        if !self.webs.contains_key(&web) {
            self.refresh(step, web)?;
        }
        self.evaluation(web).map(|evaluation| &evaluation.state).ok_or_else(|| {
            PeopleError::CatchingUp { web: crate::read::web_label(step.view(), web).unwrap_or_default() }
                .into()
        })
    }

    /// Evaluates what is new.
    pub(crate) fn refresh(&mut self, step: &mut Step<'_>, web: WebId) -> Result<(), Fault> {
        let is_new = history::refresh(&mut self.webs, step, web);
        // Also when it failed half-way: the step's rows are dropped then.
        self.is_touched |= !matches!(is_new, Ok(false));
        is_new.map(|_| ())
    }

    /// Evaluates what others have written, now or after a rest.
    fn hear_of(&mut self, step: &mut Step<'_>, web: WebId) -> Result<(), Fault> {
        match self.webs.get(&web).and_then(|known| known.rest(step.now())) {
            Some(rest) => {
                step.alarm(rest, format!("{EVALUATE}{web}"));
                Ok(())
            }
            None => self.update(step, web),
        }
    }

    /// Evaluates what is new and does what follows from it.
    pub(crate) fn update(&mut self, step: &mut Step<'_>, web: WebId) -> Result<(), Fault> {
        if !WEBS.has(step.view(), &web)? {
            return Ok(());
        }
        self.refresh(step, web)?;
        let change = self.webs.get_mut(&web).map_or(Change::Nothing, Known::take_pending);
        self.is_touched |= change != Change::Nothing;
        let Some(evaluation) = self.evaluation(web).filter(|_| change != Change::Nothing) else {
            return Ok(());
        };
        let turn = apply::apply(step, web, evaluation, change)?;
        self.lift_quotas(step, web)?;
        Self::take_early(step, web)?;
        self.take_rotations(step, web)?;
        keys::unwrap_all(step, web)?;
        match turn {
            Turn::In => self.came_in(step, web)?,
            Turn::Out => {
                step.keyring().set_current(web, None);
                records::stop_web(step, web)?;
            }
            Turn::None => {}
        }
        self.settle(step, web)
    }

    /// Has everything taken, whoever writes it, while this peer is a newcomer, and while something that an admin wrote waits for what
    /// a quota keeps away (spec records rule 41).
    fn lift_quotas(&self, step: &mut Step<'_>, web: WebId) -> Result<(), StoreError> {
        let is_in = WEBS.get(step.view(), &web)?.is_some_and(|web| web.standing.is_in());
        let waits = self.webs.get(&web).is_some_and(Known::waits_for_an_admin);
        let is_lifted = if !is_in || waits { records::IsLifted::Yes } else { records::IsLifted::No };
        records::lift_quotas(step, web, is_lifted)
    }

    /// Chooses the key to write under, and has one made when it is due.
    pub(crate) fn settle(&mut self, step: &mut Step<'_>, web: WebId) -> Result<(), Fault> {
        let Some(mut record) = WEBS.get(step.view(), &web)? else { return Ok(()) };
        let is_member = record.standing == Standing::Member;
        let me = step.me();
        let Some(evaluation) = self.evaluation(web) else { return Ok(()) };
        let before = step.keyring().current(web).map(EpochKey::id);
        let has_key = keys::choose(step, web, &evaluation.state, is_member);
        let is_new_epoch = step.keyring().current(web).map(EpochKey::id) != before;
        let has_epoch = evaluation.state.current_epoch().is_some();
        let role = evaluation.state.devices.get(&me).and_then(|person| evaluation.state.role(*person));
        let is_due = role >= Some(Role::Member)
            && is_member
            && evaluation.incomplete == 0
            && evaluation.state.needs_epoch();
        if record.has_key != has_key {
            record.has_key = has_key;
            WEBS.put(step.rows(), &web, &record);
        }
        records::keys_changed(step, web)?;
        if is_new_epoch {
            self.say_in_dht(step)?;
        }
        if is_member {
            self.align_devices(step, web)?;
            self.have_marks_said(step, web)?;
        }
        if is_member && !has_key && has_epoch {
            self.renew_lost_key(step, web)?;
            step.alarm(Duration::from_secs(1), format!("{ASK_KEYS}{web}"));
        }
        // Without a clean key nobody can write, so admins make one at once. A newcomer without the newest key can wait
        // for the word that it was welcomed, which may be on its way.
        if is_due && !has_epoch && role >= Some(Role::Admin) {
            return self.mint_if_due(step, web);
        }
        if is_due {
            let dice = step.random("mint wait");
            let spread = u64::from_be_bytes(*dice.first_chunk().unwrap_or(&[0; 8])) % MINT_WAIT_SPREAD_MS;
            step.alarm(MINT_WAIT_LEAST + Duration::from_millis(spread), format!("{MINT}{web}"));
        }
        Ok(())
    }

    /// Says whether this peer's person is a guest in a web.
    pub(crate) fn is_guest(step: &Step<'_>, web: WebId) -> Result<bool, Fault> {
        let Some(me) = crate::read::my_person(step.view())? else { return Ok(false) };
        Ok(crate::read::role_or_carrier(step.view(), web, me)? == Some(Role::Guest))
    }

    fn mint_if_due(&mut self, step: &mut Step<'_>, web: WebId) -> Result<(), Fault> {
        let state = self.state(step, web)?.clone();
        let me = step.me();
        let role = state.devices.get(&me).and_then(|person| state.role(*person));
        let is_member = role >= Some(Role::Member);
        // Who holds no key can't seal the older ones under the new, and newcomers could not read history.
        let holds_any = state.epochs.is_empty() || step.keyring().of(web).next().is_some();
        if !is_member || !state.needs_epoch() || !holds_any || self.follow_ups >= FOLLOW_UPS_MAX {
            return Ok(());
        }
        if self.minting.contains_key(&web) {
            return Ok(());
        }
        let Some(seal) = keys::begin(step, web, &state) else { return Ok(()) };
        if seal.recipients.len() > WRAPS_IN_STEP {
            let job = step.work(jobs::SEAL, jobs::to_bytes(&seal));
            self.minting.insert(web, Minting { job, seal });
            // Should the driver's answer be lost, the key is still due.
            step.alarm(MINT_WAIT_LEAST + Duration::from_millis(MINT_WAIT_SPREAD_MS), format!("{MINT}{web}"));
            return Ok(());
        }
        self.introduce(step, &seal, seal.run())
    }

    fn is_minting(&self, job: JobId) -> bool {
        self.minting.values().any(|minting| minting.job == job)
    }

    /// A key is sealed to all, or no driver does this; meanwhile the web may have become another.
    fn minted(
        &mut self,
        step: &mut Step<'_>,
        job: JobId,
        end: Result<Vec<u8>, JobFailure>,
    ) -> Result<(), Fault> {
        let web = self.minting.iter().find(|(_, minting)| minting.job == job).map(|(web, _)| *web);
        let Some((web, Minting { seal, .. })) = web.and_then(|web| self.minting.remove_entry(&web)) else {
            return Ok(());
        };
        let state = self.state(step, web)?;
        if !state.needs_epoch() || !keys::is_for_all(&seal, state) {
            return self.mint_if_due(step, web);
        }
        let sealed = end.ok().and_then(|end| Sealed::from_bytes(&end).ok());
        let sealed = sealed.filter(|sealed| {
            sealed.wraps.iter().map(|wrap| wrap.person).eq(seal.recipients.iter().map(|one| one.person))
        });
        self.introduce(step, &seal, sealed.unwrap_or_else(|| seal.run()))
    }

    fn introduce(&mut self, step: &mut Step<'_>, seal: &Seal, sealed: Sealed) -> Result<(), Fault> {
        self.follow_ups += 1;
        let introduced = self.webs.get(&seal.web).map(Known::introduced).unwrap_or_default();
        let action = keys::introduce(step, seal, sealed, &introduced)?;
        self.append(step, seal.web, action)?;
        Ok(())
    }

    /// Has no key made for the rest of this step: whoever ends a web needs none in between.
    pub(crate) fn mint_no_more(&mut self) {
        self.follow_ups = FOLLOW_UPS_MAX;
    }

    /// Writes an operation of this device and evaluates it.
    pub(crate) fn append(
        &mut self,
        step: &mut Step<'_>,
        web: WebId,
        action: Action,
    ) -> Result<base::EntryId, Fault> {
        let me = step.me();
        let state = self.state(step, web)?;
        let (deps, lamport) = state.next();
        let known = state.chains.get(&me).map_or(0, |(seq, _)| *seq);
        let heads = records::heads(step.view(), web)?;
        let is_mine = |head: &&wire::sync::Head| head.device == me && head.log == Log::Governance;
        let stored = heads.iter().find(is_mine).map_or(0, |head| head.seq);
        if stored != known || deps.is_empty() {
            let web = crate::read::web_label(step.view(), web)?;
            return Err(PeopleError::CatchingUp { web }.into());
        }
        let operation = Operation { deps, lamport, time: step.now(), action };
        let entry = records::append_governance(step, web, &operation)?;
        self.update(step, web)?;
        Ok(entry.id)
    }

    /// Writes an operation that a person asked for; a fault when the evaluation does not let it count.
    pub(crate) fn act(
        &mut self,
        step: &mut Step<'_>,
        web: WebId,
        action: Action,
    ) -> Result<base::EntryId, Fault> {
        let id = self.append(step, web, action)?;
        let why = self.evaluation(web).and_then(|evaluation| evaluation.void.get(&id));
        match why {
            Some(why) => {
                let web = crate::read::web_label(step.view(), web)?;
                Err(PeopleError::DidNotCount { web, why: why.words().to_owned() }.into())
            }
            None => Ok(id),
        }
    }

    fn came_in(&mut self, step: &mut Step<'_>, web: WebId) -> Result<(), Fault> {
        Self::joined(step, web)?;
        Self::tell_siblings(step)?;
        self.say_serving(step, web)?;
        // A carrier has no key to write records under.
        if WEBS.get(step.view(), &web)?.is_some_and(|web| web.standing == Standing::Carrier) {
            return Ok(());
        }
        let Some(me) = ME.get(step.view(), &())? else { return Ok(()) };
        if !me.name.is_empty() {
            publish(step, web, &Body::Profile { name: me.name.clone() })?;
            NAMES.put(step.rows(), &(web, me.person), &me.name);
            apply::relabel(step, web)?;
        }
        if !me.addresses.is_empty() {
            publish(step, web, &Body::Addresses { addresses: me.addresses })?;
        }
        Ok(())
    }

    fn reachable(&mut self, step: &mut Step<'_>, addresses: &[String]) -> Result<(), Fault> {
        let addresses = usable(addresses);
        let Some(me) = ME.get(step.view(), &())? else { return Ok(()) };
        if me.addresses != addresses {
            ME.put(step.rows(), &(), &MeRecord { addresses, ..me });
        }
        self.say_in_dht(step)?;
        self.tell_addresses(step)
    }

    /// Tells members where this device is reachable, if that is new; not more often than once a minute.
    fn tell_addresses(&mut self, step: &mut Step<'_>) -> Result<(), Fault> {
        self.say_serving_everywhere(step)?;
        let Some(me) = ME.get(step.view(), &())? else { return Ok(()) };
        if me.addresses == me.published {
            return Ok(());
        }
        let now = step.now();
        let waited = now.since(me.published_at);
        let relays = |addresses: &[String]| -> Vec<String> {
            addresses.iter().filter(|text| is_relay(text)).cloned().collect()
        };
        // Whoever has just found a relay may be reached by nothing else, and relays change seldom.
        let is_urgent = relays(&me.addresses) != relays(&me.published) && waited >= RELAYS_EVERY;
        // A clock that was set back must not silence this for years.
        if !is_urgent && waited < ADDRESSES_EVERY && now >= me.published_at {
            step.alarm(ADDRESSES_EVERY.saturating_sub(waited), TELL_ADDRESSES);
            return Ok(());
        }
        for web in Self::my_webs(step)? {
            publish(step, web, &Body::Addresses { addresses: me.addresses.clone() })?;
        }
        let published = me.addresses.clone();
        ME.put(step.rows(), &(), &MeRecord { published, published_at: now, ..me });
        Ok(())
    }

    /// Returns the webs where this peer is a member.
    pub(crate) fn my_webs(step: &Step<'_>) -> Result<Vec<WebId>, StoreError> {
        let webs = WEBS.all(step.view()).filter_map(|row| match row {
            Ok((web, record)) => (record.standing == Standing::Member).then_some(Ok(web)),
            Err(error) => Some(Err(error)),
        });
        webs.collect()
    }

    /// Takes a record of another device; hostile until read.
    fn take_record(step: &mut Step<'_>, web: WebId, author: DeviceId, bytes: &[u8]) -> Result<(), Fault> {
        let Ok(body) = Body::read(bytes) else { return Ok(()) };
        let Some(person) = DEVICES.get(step.view(), &(web, author))? else {
            let kept: Vec<u64> = EARLY
                .within(step.view(), &(web, author))
                .map(|row| row.map(|((.., at), _)| at))
                .collect::<Result<_, _>>()?;
            if kept.len() < EARLY_MAX {
                let next = kept.last().map_or(0, |last| last.saturating_add(1));
                EARLY.put(step.rows(), &(web, author, next), &bytes.to_vec().into());
            }
            return Ok(());
        };
        let is_changed = match body {
            Body::Profile { name } => crate::petnames::heard_name(step, web, person, &name)?,
            Body::WebName { name } => {
                WEB_NAMES.put(step.rows(), &(web, person), &name);
                apply::relabel_web(step, web)?
            }
            Body::Addresses { addresses } => {
                let addresses = usable(&addresses);
                ADDRESSES.put(step.rows(), &(web, author), &addresses);
                step.addresses(author, addresses);
                false
            }
            Body::Note { until, sealed } => {
                return crate::meeting::take_note(step, web, (author, person), (until, &sealed));
            }
            Body::Marks { sealed } => {
                return crate::personal::take(step, web, (author, person), &sealed);
            }
        };
        if is_changed {
            step.announce(Told::Members { web }.to_bytes());
            step.emit("people.changed", &serde_json::json!({ "web": web }));
        }
        Ok(())
    }

    /// Takes the records that came before their authors were known.
    fn take_early(step: &mut Step<'_>, web: WebId) -> Result<(), Fault> {
        let early: Vec<_> = EARLY.within(step.view(), &web).collect::<Result<_, StoreError>>()?;
        for ((web, device, at), bytes) in early {
            if DEVICES.has(step.view(), &(web, device))? {
                EARLY.delete(step.rows(), &(web, device, at));
                Self::take_record(step, web, device, &bytes)?;
            }
        }
        Ok(())
    }

    /// Asks a member who is here now for keys this peer lacks.
    fn ask_keys(step: &mut Step<'_>, web: WebId) -> Result<(), Fault> {
        let Some(record) = WEBS.get(step.view(), &web)? else { return Ok(()) };
        if record.standing != Standing::Member || record.has_key {
            return Ok(());
        }
        for member in crate::read::members(step.view(), web)? {
            for device in member.devices {
                if member.role.is_some() && records::is_connected(step.view(), device)? {
                    Self::ask_keys_of(step, device)?;
                }
            }
        }
        step.alarm(ASK_KEYS_EVERY, format!("{ASK_KEYS}{web}"));
        Ok(())
    }

    /// Asks one member for keys, by showing it this peer's own join again, or the web's beginning.
    fn ask_keys_of(step: &mut Step<'_>, device: DeviceId) -> Result<(), Fault> {
        for web in crate::read::webs_of_device(step.view(), device)? {
            let lacks = WEBS
                .get(step.view(), &web)?
                .is_some_and(|web| web.standing == Standing::Member && !web.has_key);
            let entry = JOINS.get(step.view(), &web)?.and_then(|join| join.entry);
            let entry = match entry.filter(|_| lacks) {
                // A later device of somebody who joined has none of its own.
                None if lacks => genesis_of(step, web)?,
                entry => entry,
            };
            if let Some(entry) = entry {
                step.send(device, Channel::Member, wire::to_bytes(&Message::Request { entry, before: None }));
            }
        }
        Ok(())
    }

    fn asked(
        &mut self,
        step: &mut Step<'_>,
        ask: AskId,
        operation: &str,
        arguments: serde_json::Value,
    ) -> Result<(), Fault> {
        crate::acts::asked(self, step, ask, operation, arguments)
    }
}

/// Publishes a record of this service to one web.
pub(crate) fn publish(step: &mut Step<'_>, web: WebId, body: &Body) -> Result<(), Fault> {
    records::publish(step, web, "people", body.to_bytes())
}

/// Returns the entry that founds a web.
pub(crate) fn genesis_of(step: &Step<'_>, web: WebId) -> Result<Option<Bytes>, Fault> {
    let founder = WEBS.get(step.view(), &web)?.and_then(|record| record.founder);
    let Some(founder) = founder else { return Ok(None) };
    Ok(records::entry(step.view(), web, founder, Log::Governance, 1)?.map(Bytes::from))
}

/// Checks a name that a person gives itself or a web.
pub(crate) fn checked_name(name: &str) -> Result<String, Fault> {
    let name = name.trim();
    let length = name.chars().count();
    if length > label::NAME_LEN_MAX {
        return Err(PeopleError::NameTooLong { length }.into());
    }
    // A label that is made of the id alone means that nothing of the name could be shown.
    if label::safe(name, "").is_empty() {
        return Err(PeopleError::NameEmpty.into());
    }
    Ok(name.to_owned())
}
