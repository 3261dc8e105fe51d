//! Asks for kept searches at whoever has listed or kept something new, so that they ring for texts that only others have
//! (spec search, rule 30). Not for: names, and texts of the indexes here, which ring as they come (`kept.rs`).

use std::collections::BTreeMap;
use std::time::Duration;

use base::{DeviceId, Fault, Timestamp, WebId};
use files::look;
use kernel::{Channel, Step};
use store::StoreError;

use crate::asking::are_sound;
use crate::jobs::{Texts, to_bytes};
use crate::messages::Message;
use crate::query::Terms;
use crate::service::{Search, first_number, may_ask};
use crate::tables::{ASKED_AT, KEPT, KEPT_AT, KeptRow};
use crate::whom::{Numbers, is_worth_asking};

/// When a device is asked, each counted from the time before: whoever lists a document needs a moment, and for many documents
/// minutes, until its index has them.
const WAITS: [Duration; 3] = [Duration::from_secs(4), Duration::from_secs(40), Duration::from_mins(6)];

/// Kept searches asked of one device at once, and how long until the next ones: it answers eight at a time.
const AT_ONCE: usize = 8;
const NEXT_WAIT: Duration = Duration::from_secs(2);

/// Questions remembered at most.
const QUESTIONS_MAX: usize = 1_024;

/// Alarm: somebody may have something new.
pub(crate) const LISTEN: &str = "listen";

/// Who is to be asked, and which questions are open.
#[derive(Debug, Default)]
pub(crate) struct Listening {
    rounds: BTreeMap<(WebId, DeviceId), Round>,
    /// By the number that the answer repeats: for which kept search, of which web, whom.
    questions: BTreeMap<u64, (u64, WebId, DeviceId)>,
    is_alarm_set: bool,
}

/// A device that has something new.
#[derive(Debug, Clone, Copy)]
struct Round {
    /// How far it had come with telling.
    documents_at: u64,
    /// How often all kept searches have been asked since.
    times: usize,
    /// The kept search that was asked last, this time.
    after: u64,
    due: Timestamp,
}

impl Search {
    /// Sees to it that those who have something new are asked in a moment, if anything is kept.
    pub(crate) fn listen_soon(&mut self, step: &mut Step<'_>) -> Result<(), StoreError> {
        if !self.listening.is_alarm_set && KEPT.all(step.view()).next().transpose()?.is_some() {
            self.listening.is_alarm_set = true;
            step.alarm(WAITS[0], LISTEN);
        }
        Ok(())
    }

    /// Asks whoever is due.
    pub(crate) fn listen(&mut self, step: &mut Step<'_>) -> Result<(), Fault> {
        self.listening.is_alarm_set = false;
        let kept: Vec<(u64, KeptRow)> = KEPT.all(step.view()).collect::<Result<_, _>>()?;
        if kept.is_empty() {
            self.listening = Listening::default();
            return Ok(());
        }
        self.note_news(step)?;
        let now = step.now();
        let due: Vec<_> = self.listening.rounds.iter().filter(|(_, round)| round.due <= now).collect();
        let due: Vec<_> = due.into_iter().map(|(key, round)| (*key, *round)).collect();
        for ((web, device), round) in due {
            match self.ask_kept(step, &kept, (web, device), round)? {
                Some(round) => self.listening.rounds.insert((web, device), round),
                None => self.listening.rounds.remove(&(web, device)),
            };
        }
        if let Some(next) = self.listening.rounds.values().map(|round| round.due).min() {
            self.listening.is_alarm_set = true;
            step.alarm(next.since(now), LISTEN);
        }
        Ok(())
    }

    /// Notes who is here and has listed or kept something since it was asked.
    fn note_news(&mut self, step: &Step<'_>) -> Result<(), StoreError> {
        let now = step.now();
        for web in people::read::webs(step.view())? {
            for (device, documents_at) in look::all_documents_at(step.view(), web.id)? {
                let key = (web.id, device);
                let is_news = ASKED_AT.get(step.view(), &key)?.is_none_or(|asked| asked < documents_at);
                if device == step.me() || !is_news || !records::is_connected(step.view(), device)? {
                    continue;
                }
                let round = self.listening.rounds.entry(key).or_insert(Round {
                    documents_at,
                    times: 0,
                    after: 0,
                    due: now,
                });
                if round.documents_at < documents_at {
                    *round =
                        Round { documents_at, times: 0, due: round.due.min(now.after(WAITS[0])), ..*round };
                }
            }
        }
        Ok(())
    }

    /// Asks a device for the next kept searches; returns what is left to do with it.
    fn ask_kept(
        &mut self,
        step: &mut Step<'_>,
        kept: &[(u64, KeptRow)],
        (web, device): (WebId, DeviceId),
        round: Round,
    ) -> Result<Option<Round>, Fault> {
        // When it comes again, it is asked again.
        if !records::is_connected(step.view(), device)? || !may_ask(step, web, device)? {
            return Ok(None);
        }
        let mut numbers = Numbers::default();
        let mut question = first_number(&step.random("kept"));
        let (mut asked, mut after) = (0, None);
        let meant = kept.iter().filter(|(_, row)| row.web.is_none_or(|only| only == web));
        for (number, row) in meant.filter(|(number, _)| *number > round.after) {
            let Ok(Terms { words, phrases }) = Terms::read(&row.query) else { continue };
            if !is_worth_asking(step, (web, device), &words, &mut numbers)? {
                continue;
            }
            if asked == AT_ONCE {
                return Ok(after.map(|after| Round { after, due: step.now().after(NEXT_WAIT), ..round }));
            }
            question = question.wrapping_add(1);
            let message = Message::Ask { web, question, words, phrases };
            step.send(device, Channel::Member, to_bytes(&message));
            if self.listening.questions.len() >= QUESTIONS_MAX {
                self.listening.questions.pop_first();
            }
            self.listening.questions.insert(question, (*number, web, device));
            (asked, after) = (asked + 1, Some(*number));
        }
        let times = round.times + 1;
        let Some(wait) = WAITS.get(times) else {
            ASKED_AT.put(step.rows(), &(web, device), &round.documents_at);
            return Ok(None);
        };
        Ok(Some(Round { times, after: 0, due: step.now().after(*wait), ..round }))
    }

    /// Takes an answer, if it is one to a kept search: it rings for what is new.
    pub(crate) fn hear_of_kept(
        &mut self,
        step: &mut Step<'_>,
        (web, from): (WebId, DeviceId),
        question: u64,
        texts: &Texts,
    ) -> Result<(), Fault> {
        let Some((number, of_web, of)) = self.listening.questions.get(&question).copied() else {
            return Ok(());
        };
        if (of_web, of) != (web, from) {
            return Ok(());
        }
        self.listening.questions.remove(&question);
        let Some(row) = KEPT.get(step.view(), &number)? else { return Ok(()) };
        let Ok(terms) = Terms::read(&row.query) else { return Ok(()) };
        if !are_sound(step.view(), (web, from), texts, terms.words.len())? {
            return Ok(());
        }
        Self::ring_for_texts(step, (number, web), texts.hits.iter().map(|hit| hit.content))
    }
}

/// Notes how far everybody has come when a search is kept: what they tell later is new.
pub(crate) fn begin(step: &mut Step<'_>, number: u64, web: WebId) -> Result<(), StoreError> {
    for (device, documents_at) in look::all_documents_at(step.view(), web)? {
        KEPT_AT.put(step.rows(), &(number, web, device), &documents_at);
        if ASKED_AT.get(step.view(), &(web, device))?.is_none() {
            ASKED_AT.put(step.rows(), &(web, device), &documents_at);
        }
    }
    Ok(())
}
