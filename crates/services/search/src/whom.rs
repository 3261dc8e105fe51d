//! Whom to ask: a broker first and only it, else whoever may have something (spec search, rules 15, 21, 24 and 28).

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use base::{DeviceId, KeyId, WebId};
use files::look;
use kernel::{Channel, Step};
use store::StoreError;

use crate::asking::Asking;
use crate::jobs::{QUERY, Query, TEXTS_MAX, to_bytes};
use crate::messages::{Message, ReadOf};
use crate::query::Terms;
use crate::reading::{index_of, is_broker};
use crate::service::{Purpose, Search, may_ask};
use crate::summary::{WordKey, may_have};
use crate::tables::SUMMARIES;

/// How long a broker may take to answer; then everybody is asked, and the answer still comes in two seconds.
pub(crate) const BROKER_WAIT: Duration = Duration::from_millis(500);

/// Members called for one question at most; the others are connected already or away.
const CALLS_MAX: usize = 32;

/// Alarm, followed by a question's number: a broker's time is over.
pub(crate) const BROKER_LATE: &str = "broker late ";

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
            let query =
                Query { web: index_of(web), words, phrases, is_typing: false, names: 0, texts: TEXTS_MAX };
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
        let mut here = Vec::new();
        for device in &brokers {
            if records::is_connected(step.view(), *device)? {
                here.push(*device);
            }
        }
        // Any one will do; questions are spread over them by their numbers.
        let number =
            |of: &[DeviceId]| usize::try_from(asking.question % u64::try_from(of.len()).unwrap_or(1).max(1));
        if let Some(broker) = here.get(number(&here).unwrap_or(0)).copied() {
            asking.brokers.insert(web, broker);
            let Terms { words, phrases } = asking.terms.clone();
            let message = Message::AskBroker { web, question: asking.question, words, phrases };
            step.send(broker, Channel::Member, to_bytes(&message));
            return Ok(());
        }
        if let Some(broker) = brokers.get(number(&brokers).unwrap_or(0)) {
            // For the next question.
            step.connect(*broker, Channel::Member);
        }
        ask_others(step, asking, web)
    }

    /// Goes on without brokers that have not answered.
    pub(crate) fn give_brokers_up(
        step: &mut Step<'_>,
        asking: &mut Asking,
        is_meant: impl Fn(DeviceId) -> bool,
    ) -> Result<(), StoreError> {
        let late: Vec<(WebId, DeviceId)> = asking
            .brokers
            .iter()
            .filter(|(_, broker)| is_meant(**broker))
            .map(|(web, broker)| (*web, *broker))
            .collect();
        for (web, broker) in late {
            asking.brokers.remove(&web);
            asking.silent_brokers.insert((web, broker));
            asking.changed();
            ask_others(step, asking, web)?;
        }
        Ok(())
    }
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
