//! Whom to ask: a broker first and only it, else whoever may have something (spec search, rules 15, 21, 24 and 28).

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use base::{DeviceId, KeyId, Timestamp, WebId};
use files::look;
use kernel::{Channel, Step};
use store::StoreError;

use crate::asking::Asking;
use crate::jobs::{Phrase, QUERY, Query, TEXTS_MAX, to_bytes};
use crate::messages::{Message, ReadOf};
use crate::query::Terms;
use crate::reading::{index_of, is_broker};
use crate::service::{Purpose, Search, may_ask};
use crate::showing::Source;
use crate::summary::{WordKey, may_have};
use crate::tables::SUMMARIES;

/// How long a broker may take to answer; then everybody is asked, and the answer still comes in two seconds.
pub(crate) const BROKER_WAIT: Duration = Duration::from_millis(500);

/// Members called for one question at most; the others are connected already or away.
const CALLS_MAX: usize = 32;

/// Brokers of one web asked for one question at most: the members have to answer within two seconds, too.
const BROKERS_TRIED_MAX: usize = 2;

/// For how long a broker that was silent is not asked, unless something is heard from it.
const BROKER_SHUNNED: Duration = Duration::from_secs(30);

/// When a peer that had no place is asked again: after this, and up to a quarter of a second more by the question's number,
/// so that those who were refused together do not come again together; twice as much the next time.
const AGAIN_WAIT: Duration = Duration::from_millis(250);
const AGAIN_SPREAD_MS: u64 = 256;

/// How long after the question began a broker that has no place is asked again at the latest: it needs time to answer.
const AGAIN_UNTIL: Duration = Duration::from_millis(1_100);

/// How long after the question began members are asked in a broker's place at the latest: an answer that comes when the
/// question is over is only work.
const INSTEAD_UNTIL: Duration = Duration::from_millis(1_500);

/// Questions of this peer that members are asked in a broker's place at a time: each is as much work for all of them as it
/// would have been for the broker, and a person asks one at a time.
const INSTEAD_MAX: usize = 2;

/// How long a broker may take that is known to be slow.
const BROKER_WAIT_MAX: Duration = Duration::from_secs(1);

/// Alarm, followed by a question's number and a web: a broker's time is over.
pub(crate) const BROKER_LATE: &str = "broker late ";

/// Alarm, followed by a question's number, a web and a device: who had no place is asked again.
pub(crate) const AGAIN: &str = "again ";

impl Search {
    /// Asks about texts of a web: this peer's own reading, a broker, or the members.
    pub(crate) fn ask_web(
        &mut self,
        step: &mut Step<'_>,
        asking: &mut Asking,
        web: WebId,
    ) -> Result<(), StoreError> {
        let me = step.me();
        for member in
            people::read::members(step.view(), web)?.into_iter().filter(|member| member.role.is_some())
        {
            asking.meant.insert((web, member.person));
        }
        if is_broker(step.view(), web)? {
            let Terms { words, phrases } = asking.terms.clone();
            let query = Query { web: index_of(web), ..text_query(web, words, phrases) };
            let job = step.work(QUERY, to_bytes(&query));
            self.jobs.insert(job, Purpose::OwnReading { question: asking.question, web });
            asking.own_left += 1;
            let read = self.read_of(step, web)?;
            let mut devices = BTreeSet::new();
            for (device, known) in look::all_documents_at(step.view(), web)? {
                let short = ReadOf::short(device);
                if read.iter().any(|one| one.device == short && one.position >= known) {
                    devices.insert(device);
                }
            }
            asking.cover(web, me, devices);
            return ask_others(step, asking, web);
        }
        let brokers = brokers(step, web)?;
        let is_asked = self.ask_broker(step, asking, web)?;
        if is_asked {
            return Ok(());
        }
        let Some(broker) = one_of(&brokers, asking.question) else { return ask_others(step, asking, web) };
        // For the next question.
        step.connect(broker, Channel::Member);
        self.ask_instead(step, asking, web)
    }

    /// Asks the members of a web in its broker's place, if not too many other questions are with members already.
    fn ask_instead(
        &mut self,
        step: &mut Step<'_>,
        asking: &mut Asking,
        web: WebId,
    ) -> Result<(), StoreError> {
        let has_place = self.instead.contains(&asking.question) || self.instead.len() < INSTEAD_MAX;
        let is_in_time = step.now().since(asking.begun) <= INSTEAD_UNTIL;
        if has_place && is_in_time {
            self.instead.insert(asking.question);
            asking.held.remove(&web);
            return ask_others(step, asking, web);
        }
        asking.held.insert(web);
        Ok(())
    }

    /// Asks members in a broker's place for questions that waited for it.
    pub(crate) fn ask_held(&mut self, step: &mut Step<'_>) -> Result<(), StoreError> {
        let open: BTreeSet<u64> =
            self.asking.iter().filter(|asking| !asking.is_over).map(|asking| asking.question).collect();
        self.instead.retain(|question| open.contains(question));
        if self.instead.len() == INSTEAD_MAX {
            return Ok(());
        }
        self.with_askings(|search, asking| {
            for web in if asking.is_over { BTreeSet::new() } else { asking.held.clone() } {
                search.ask_instead(step, asking, web)?;
            }
            Ok(())
        })
    }

    /// Asks a broker that is here, that has not been asked, and that was not silent lately; false when there is none.
    fn ask_broker(&self, step: &mut Step<'_>, asking: &mut Asking, web: WebId) -> Result<bool, StoreError> {
        if asking.tried.iter().filter(|(of, _)| *of == web).count() >= BROKERS_TRIED_MAX {
            return Ok(false);
        }
        let mut here = Vec::new();
        for device in brokers(step, web)? {
            let is_shunned = self.silent.get(&device).is_some_and(|since| {
                // A clock set back shuns nobody.
                *since <= step.now() && step.now().since(*since) < BROKER_SHUNNED
            });
            let is_new = !asking.tried.contains(&(web, device));
            if is_new && !is_shunned && records::is_connected(step.view(), device)? {
                here.push(device);
            }
        }
        // Any one will do; questions are spread over them by their numbers.
        let Some(broker) = one_of(&here, asking.question) else { return Ok(false) };
        asking.tried.insert((web, broker));
        asking.brokers.insert(web, broker);
        self.send_to_broker(step, asking, (web, broker));
        Ok(true)
    }

    fn send_to_broker(&self, step: &mut Step<'_>, asking: &mut Asking, (web, broker): (WebId, DeviceId)) {
        let Terms { words, phrases } = asking.terms.clone();
        let message = Message::AskBroker { web, question: asking.question, words, phrases };
        step.send(broker, Channel::Member, to_bytes(&message));
        asking.asked_at.insert((web, broker), step.now());
        step.alarm(self.broker_wait(broker), late_key(asking.question, web));
    }

    /// Returns how long a broker may take: one that has much to do more than one that never had.
    fn broker_wait(&self, broker: DeviceId) -> Duration {
        let usual = self.paces.get(&broker).copied().unwrap_or_default();
        (BROKER_WAIT / 2 + usual * 2).clamp(BROKER_WAIT, BROKER_WAIT_MAX)
    }

    /// Notes how long a broker took, late or not.
    pub(crate) fn note_pace(&mut self, now: Timestamp, (web, broker): (WebId, DeviceId), question: u64) {
        let asking = self.asking.iter_mut().find(|asking| asking.question == question);
        let Some(asked) = asking.and_then(|asking| asking.asked_at.remove(&(web, broker))) else { return };
        let took = now.since(asked);
        let usual = self.paces.entry(broker).or_default();
        *usual = (*usual * 3 + took) / 4;
    }

    /// A peer has no place for a question: another broker is asked, or the same peer again in a moment: a member once, a
    /// broker while there is time. Only then are members asked in its place (spec search, rule 25).
    pub(crate) fn hear_busy(
        &mut self,
        step: &mut Step<'_>,
        asking: &mut Asking,
        (web, from): (WebId, DeviceId),
    ) -> Result<(), StoreError> {
        let is_broker = asking.brokers.get(&web) == Some(&from);
        let is_waiting = asking.again.contains(&(web, from));
        if asking.is_over || is_waiting {
            return Ok(());
        }
        if !is_broker && !asking.pending.contains(&(web, from)) {
            asking.showing.lose(Source::Peer(from), |of| of == web);
            return Ok(());
        }
        if is_broker && self.ask_broker(step, asking, web)? {
            return Ok(());
        }
        let times = asking.refused.entry((web, from)).or_insert(0);
        *times += 1;
        let times = *times;
        let spread = Duration::from_millis((asking.question >> (8 * (times - 1).min(7))) % AGAIN_SPREAD_MS);
        let left = AGAIN_UNTIL.saturating_sub(step.now().since(asking.begun));
        let is_again = if is_broker { left >= AGAIN_WAIT } else { times == 1 };
        if is_again {
            let wait = (AGAIN_WAIT + spread) * times;
            let wait = if is_broker { wait.min(left) } else { wait };
            asking.again.insert((web, from));
            step.alarm(wait, again_key(asking.question, web, from));
            if is_broker {
                step.alarm(wait + BROKER_WAIT, late_key(asking.question, web));
            }
            return Ok(());
        }
        if is_broker {
            self.give_up(step, asking, (web, from))?;
        }
        Ok(())
    }

    /// Goes on without brokers that have not answered: with another one, or without any.
    pub(crate) fn give_brokers_up(
        &mut self,
        step: &mut Step<'_>,
        asking: &mut Asking,
        is_meant: impl Fn(WebId, DeviceId) -> bool,
    ) -> Result<(), StoreError> {
        let late: Vec<(WebId, DeviceId)> = asking
            .brokers
            .iter()
            .filter(|(web, broker)| is_meant(**web, **broker))
            .map(|(web, broker)| (*web, *broker))
            .collect();
        for (web, broker) in late {
            if !self.ask_broker(step, asking, web)? {
                self.give_up(step, asking, (web, broker))?;
            }
        }
        Ok(())
    }

    /// A broker's time is over for a question and a web.
    pub(crate) fn take_broker_late(&mut self, step: &mut Step<'_>, key: &str) -> Result<(), StoreError> {
        for asking in &self.asking {
            let late = asking.brokers.iter().filter(|(web, _)| late_key(asking.question, **web) == key);
            self.silent.extend(late.map(|(_, broker)| (*broker, step.now())));
        }
        self.with_askings(|search, asking| {
            let question = asking.question;
            search.give_brokers_up(step, asking, |web, _| late_key(question, web) == key)
        })
    }

    /// Does something with every question of this person.
    pub(crate) fn with_askings(
        &mut self,
        mut work: impl FnMut(&mut Self, &mut Asking) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let mut all = std::mem::take(&mut self.asking);
        let done = all.iter_mut().try_for_each(|asking| work(self, asking));
        self.asking = all;
        done
    }

    /// Asks again who had no place.
    pub(crate) fn ask_again(&mut self, step: &mut Step<'_>, key: &str) -> Result<(), StoreError> {
        self.with_askings(|search, asking| {
            let question = asking.question;
            let due = asking.again.extract_if(.., |(web, device)| again_key(question, *web, *device) == key);
            for (web, device) in due.collect::<Vec<_>>() {
                if asking.is_over {
                } else if asking.brokers.get(&web) == Some(&device) {
                    search.send_to_broker(step, asking, (web, device));
                } else if asking.pending.contains(&(web, device)) {
                    send_question(step, device, asking, web);
                }
            }
            Ok(())
        })
    }

    /// Goes on without any broker, but takes the answer of the one that was asked if it still comes.
    fn give_up(
        &mut self,
        step: &mut Step<'_>,
        asking: &mut Asking,
        (web, broker): (WebId, DeviceId),
    ) -> Result<(), StoreError> {
        asking.brokers.remove(&web);
        asking.silent_brokers.insert((web, broker));
        asking.changed();
        self.ask_instead(step, asking, web)
    }
}

fn again_key(question: u64, web: WebId, device: DeviceId) -> String {
    format!("{AGAIN}{question} {web} {device}")
}

/// Returns a question about texts for an index; snippets are asked for when it is known what is shown.
pub(crate) fn text_query(web: WebId, words: Vec<String>, phrases: Vec<Phrase>) -> Query {
    Query { web, words, phrases, is_typing: false, names: 0, texts: TEXTS_MAX, snippets: 0 }
}

fn late_key(question: u64, web: WebId) -> String {
    format!("{BROKER_LATE}{question} {web}")
}

/// Picks one by a question's number.
fn one_of(devices: &[DeviceId], question: u64) -> Option<DeviceId> {
    let count = u64::try_from(devices.len()).ok().filter(|count| *count > 0)?;
    usize::try_from(question % count).ok().and_then(|place| devices.get(place)).copied()
}

/// Returns the brokers of a web, other than this device, in order of their ids.
fn brokers(step: &Step<'_>, web: WebId) -> Result<Vec<DeviceId>, StoreError> {
    let me = step.me();
    let serving = people::read::serving(step.view(), web)?;
    Ok(serving
        .into_iter()
        .filter(|(device, does)| does.broker && *device != me)
        .map(|(device, _)| device)
        .collect())
}

/// Asks the members of a web whom no broker covers and who may have something.
pub(crate) fn ask_others(step: &mut Step<'_>, asking: &mut Asking, web: WebId) -> Result<(), StoreError> {
    let mut numbers = Numbers::default();
    let mut devices = Vec::new();
    for member in people::read::members(step.view(), web)?.into_iter().filter(|member| member.role.is_some())
    {
        devices.extend(member.devices.into_iter().filter(|device| *device != step.me()));
    }
    let covered = asking.covered.get(&web).map(|covered| covered.devices.clone()).unwrap_or_default();
    let mut is_all_here = true;
    for device in devices.iter().filter(|device| !covered.contains(device)) {
        is_all_here &= ask_if_useful(step, asking, (web, *device), &mut numbers)?;
    }
    if !is_all_here {
        // What those list who are away may be kept by others, and the broker has not read it.
        for device in devices.iter().filter(|device| covered.contains(device)) {
            ask_if_useful(step, asking, (web, *device), &mut numbers)?;
        }
    }
    asking.note_answered(step.view(), step.me())
}

/// Asks a device unless it has nothing to say; false when it would have to be asked and is away.
fn ask_if_useful(
    step: &mut Step<'_>,
    asking: &mut Asking,
    (web, device): (WebId, DeviceId),
    numbers: &mut Numbers,
) -> Result<bool, StoreError> {
    let key = (web, device);
    if asking.heard.contains(&key) || asking.pending.contains(&key) || asking.absent.contains(&key) {
        return Ok(true);
    }
    if !is_worth_asking(step, (web, device), &asking.terms.words, numbers)? {
        asking.spared.insert(key);
        return Ok(true);
    }
    if records::is_connected(step.view(), device)? {
        asking.pending.insert(key);
        send_question(step, device, asking, web);
        return Ok(true);
    }
    if asking.absent.len() < CALLS_MAX {
        step.connect(device, Channel::Member);
    }
    asking.absent.insert(key);
    Ok(false)
}

/// Says whether a device may have texts with all words, by all it has said (spec search, rule 28).
pub(crate) fn is_worth_asking(
    step: &mut Step<'_>,
    (web, device): (WebId, DeviceId),
    words: &[String],
    numbers: &mut Numbers,
) -> Result<bool, StoreError> {
    let documents_at = look::documents_at(step.view(), web, device)?;
    if documents_at == 0 && !look::lists_any(step.view(), web, device)? {
        return Ok(false);
    }
    let Some(summary) = SUMMARIES.get(step.view(), &(web, device))? else { return Ok(true) };
    let Some(filter) = summary.filter.filter(|_| documents_at < summary.position) else { return Ok(true) };
    let Some(numbers) = numbers.of(step, web, summary.key, words) else { return Ok(true) };
    Ok(numbers.iter().all(|number| may_have(&filter, *number)))
}

/// The numbers of a question's words under each epoch's key.
#[derive(Default)]
pub(crate) struct Numbers(BTreeMap<KeyId, Option<Vec<u64>>>);

impl Numbers {
    fn of(&mut self, step: &mut Step<'_>, web: WebId, key: KeyId, words: &[String]) -> Option<&Vec<u64>> {
        let make = || {
            let key = WordKey::of(step.keyring().get(web, key)?);
            Some(words.iter().map(|word| key.number(word)).collect())
        };
        self.0.entry(key).or_insert_with(make).as_ref()
    }
}

pub(crate) fn send_question(step: &mut Step<'_>, to: DeviceId, asking: &Asking, web: WebId) {
    let Terms { words, phrases } = asking.terms.clone();
    let message = Message::Ask { web, question: asking.question, words, phrases };
    step.send(to, Channel::Member, to_bytes(&message));
}

/// A member is here: a question under way is asked there, too.
pub(crate) fn meet(step: &mut Step<'_>, asking: &mut Asking, device: DeviceId) -> Result<(), StoreError> {
    if asking.is_over {
        return Ok(());
    }
    let webs: Vec<WebId> =
        asking.absent.iter().filter(|(_, absent)| *absent == device).map(|(web, _)| *web).collect();
    for web in webs {
        asking.absent.remove(&(web, device));
        if may_ask(step, web, device)? {
            asking.pending.insert((web, device));
            send_question(step, device, asking, web);
        }
    }
    Ok(())
}
