//! The service as the kernel meets it: which input leads where; asking and being asked.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use api::Operation;
use api::search::{AskKept, DropKept, Find, Keep, More};
use base::{ContentId, DeviceId, Fault, KeyId, Timestamp, WebId};
use kernel::{AskId, Channel, Input, JobFailure, JobId, ReadContext, Reader, Service, Step};
use serde::de::DeserializeOwned;
use serde_json::Value;
use store::StoreError;

use crate::asking::{Asking, Verdict};
use crate::brokering::{Brokering, Side, allowed};
use crate::budget::Budget;
use crate::faults::SearchError;
use crate::indexing::{INDEX, Indexing, Part, UNREAD_DUE, is_whole};
use crate::jobs::{
    Answer, LOST, Lost, NAMES_MAX, NameItem, QUERY, Query, SNIPPETS_MAX, TEXTS_MAX, Texts, from_bytes,
    to_bytes,
};
use crate::kept;
use crate::listening::{LISTEN, Listening};
use crate::messages::Message;
use crate::publishing::SUMMARY;
use crate::query::{Filter, Terms};
use crate::reading::{BROKER, BrokerPart, Reading, index_of};
use crate::show;
use crate::showing::{SETTLED, SETTLING, Source, of_all, serve_snippets};
use crate::tables::BROKERS;
use crate::whom::{self, AGAIN, BROKER_LATE, ask_others, text_query};

/// How long others may take to answer: two seconds are what a person waits without thinking that nothing comes, and what
/// has come has to be shown by then.
const ANSWER_WAIT: Duration = Duration::from_millis(1_900);

/// Questions remembered at most; the oldest goes first.
const ASKING_MAX: usize = 64;

/// Questions of others under way at most, in all and of one peer.
const SERVED_MAX: usize = 64;
const SERVED_OF_ONE_MAX: usize = 8;

/// Alarm, followed by a question's number: its time is over.
const LATE: &str = "late ";

/// What a member wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wish {
    /// To know which texts have words.
    Texts,
    /// To see parts of texts.
    Snippets,
}

/// What a job was given for.
#[derive(Debug)]
pub(crate) enum Purpose {
    /// An own index, for a question of this person.
    Own {
        question: u64,
        web: WebId,
    },
    /// Parts of texts in own indexes, for a question of this person.
    OwnSnippets {
        question: u64,
        web: WebId,
        contents: Vec<ContentId>,
    },
    /// Parts of texts, for a member.
    Snippets {
        to: DeviceId,
        web: WebId,
        question: u64,
        contents: Vec<ContentId>,
    },
    /// The own index of a web, for a question of a member.
    Served {
        to: DeviceId,
        web: WebId,
        question: u64,
    },
    /// What matches a search that is being kept.
    Baseline {
        kept: u64,
    },
    /// The own index of what others list, for a question of this person.
    OwnReading {
        question: u64,
        web: WebId,
    },
    /// One of the two indexes of a broker, for a member.
    Brokered {
        ticket: u64,
        side: Side,
        to: DeviceId,
    },
    /// What matches a kept search among texts that have just come.
    KeptTexts {
        kept: u64,
        web: WebId,
        contents: Vec<ContentId>,
    },
    /// What a broker has read.
    BrokerUpdate {
        part: BrokerPart,
    },
    /// The words of the own texts.
    Summarize {
        web: WebId,
        key: KeyId,
        documents_at: u64,
    },
    Update {
        part: Box<Part>,
        names: Vec<NameItem>,
    },
    Forget,
}

/// Makes the service.
pub fn service() -> Search {
    Search::default()
}

/// Finds things. Its fields are questions under way and work with the driver; rows say what is in the index.
#[derive(Debug, Default)]
pub struct Search {
    pub(crate) jobs: BTreeMap<JobId, Purpose>,
    pub(crate) indexing: Indexing,
    pub(crate) reading: Reading,
    pub(crate) brokering: Brokering,
    pub(crate) listening: Listening,
    /// Whether an alarm will look at summaries.
    pub(crate) is_summary_due: bool,
    /// Questions of this person, oldest first.
    pub(crate) asking: Vec<Asking>,
    /// Questions whose members are asked in a broker's place.
    pub(crate) instead: BTreeSet<u64>,
    /// How long brokers take.
    pub(crate) paces: BTreeMap<DeviceId, Duration>,
    budgets: BTreeMap<DeviceId, Budget>,
    /// How often a device may still want to see parts of texts: as often as it may ask.
    show_budgets: BTreeMap<DeviceId, Budget>,
    /// How often a device may still be told that there is no place for its questions.
    refusals: BTreeMap<DeviceId, Budget>,
    /// Brokers that let a question's time pass, since when; whoever says anything is none.
    pub(crate) silent: BTreeMap<DeviceId, Timestamp>,
    /// Who waited when the caches were dropped.
    orphans: Vec<AskId>,
}

impl Service for Search {
    fn name(&self) -> &'static str {
        "search"
    }

    fn listens_to(&self) -> &'static [&'static str] {
        &["people"]
    }

    fn step(&mut self, step: &mut Step<'_>, input: Input) -> Result<(), Fault> {
        for ask in std::mem::take(&mut self.orphans) {
            step.refuse(ask, SearchError::Interrupted.into());
        }
        let done = self.take(step, input);
        if let Err(fault) = &done
            && !fault.code.starts_with("search.")
        {
            self.forget();
        }
        done
    }

    fn close_batch(&mut self, step: &mut Step<'_>) -> Result<(), Fault> {
        self.tend(step)?;
        Ok(self.feed(step)?)
    }

    fn forget(&mut self) {
        let waiting = self.asking.iter().flat_map(|asking| &asking.waiting).map(|(ask, _)| *ask);
        self.orphans.extend(waiting);
        self.jobs.clear();
        self.asking.clear();
        self.silent.clear();
        self.instead.clear();
        self.paces.clear();
        self.indexing = Indexing::default();
        self.reading = Reading::default();
        self.reading.are_roles_due = true;
        self.brokering = Brokering::default();
        self.listening = Listening::default();
        self.is_summary_due = false;
    }

    fn reader(&self) -> Box<dyn Reader> {
        Box::new(SearchReader)
    }
}

impl Search {
    fn take(&mut self, step: &mut Step<'_>, input: Input) -> Result<(), Fault> {
        match input {
            Input::Started => {
                self.forget();
                self.summarize_later(step);
                self.listen_soon(step)?;
                self.tend(step)?;
                self.feed(step)?;
            }
            Input::Told { by: "records", message } => Self::hear_records(step, &message)?,
            Input::Told { .. } => self.hear_people(step)?,
            Input::Asked { ask, operation, arguments } => self.ask(step, ask, &operation, arguments)?,
            Input::Heard { from, channel: Channel::Member, message, .. } => {
                self.hear(step, from, &message)?;
            }
            Input::Connected { device, channel: Channel::Member } => {
                self.silent.remove(&device);
                self.meet(step, device)?;
            }
            Input::Disconnected { device, channel: Channel::Member } => {
                self.with_askings(|search, asking| {
                    asking.lose(device);
                    search.give_brokers_up(step, asking, |_, broker| broker == device)
                })?;
                self.tell_waiting(step)?;
            }
            Input::Finished { job, outcome } => self.take_finished(step, job, outcome)?,
            Input::Noticed { kind: LOST, report } => {
                if let Ok(Lost { web }) = from_bytes(&report) {
                    self.take_lost(step, web)?;
                    self.take_lost_reading(step, index_of(web))?;
                }
            }
            Input::Alarm { key } if key == INDEX || key == UNREAD_DUE => self.go_on_indexing(step)?,
            Input::Alarm { key } if key == BROKER => self.go_on_reading(step)?,
            Input::Alarm { key } if key == LISTEN => self.listen(step)?,
            Input::Alarm { key } if key == SUMMARY => self.summarize(step)?,
            Input::Alarm { key } if key.starts_with(BROKER_LATE) => {
                self.take_broker_late(step, &key)?;
                self.tell_waiting(step)?;
            }
            Input::Alarm { key } if key.starts_with(AGAIN) => {
                self.ask_again(step, &key)?;
            }
            Input::Alarm { key } => {
                let of =
                    |prefix: &str| key.strip_prefix(prefix).and_then(|number| number.parse::<u64>().ok());
                let (late, settled) = (of(LATE), of(SETTLED));
                for asking in &mut self.asking {
                    if Some(asking.question) == late {
                        asking.close(true);
                    } else if Some(asking.question) == settled {
                        asking.showing.settle();
                    }
                }
                self.tell_waiting(step)?;
            }
            _ => {}
        }
        Ok(())
    }

    fn ask(
        &mut self,
        step: &mut Step<'_>,
        ask: AskId,
        operation: &str,
        arguments: Value,
    ) -> Result<(), Fault> {
        match operation {
            Find::NAME => self.ask_find(step, ask, &arguments_of(operation, arguments)?),
            More::NAME => self.ask_more(step, ask, &arguments_of(operation, arguments)?),
            Keep::NAME => self.ask_keep(step, ask, &arguments_of(operation, arguments)?),
            DropKept::NAME => Self::ask_drop(step, ask, &arguments_of(operation, arguments)?),
            _ => Err(no_operation(operation)),
        }
    }

    /// Begins a question: the own indexes at once, members who are here beside.
    fn ask_find(&mut self, step: &mut Step<'_>, ask: AskId, find: &Find) -> Result<(), Fault> {
        let terms = Terms::read(&find.query)?;
        let filter = Filter::read(step.view(), find, step.now())?;
        let dice = step.random("question");
        let question = first_number(&dice);
        let mut asking = Asking::new(question, terms, filter, step.now());
        asking.waiting.push((ask, None));
        for web in asking.filter.webs.clone() {
            let query = Query {
                web,
                words: asking.terms.words.clone(),
                phrases: asking.terms.phrases.clone(),
                is_typing: find.names,
                names: NAMES_MAX,
                texts: if find.names { 0 } else { TEXTS_MAX },
                snippets: 0,
            };
            let job = step.work(QUERY, to_bytes(&query));
            self.jobs.insert(job, Purpose::Own { question, web });
            asking.own_left += 1;
            if let Some(me) = people::read::my_person(step.view())? {
                asking.meant.insert((web, me));
            }
            if !find.names && !find.here {
                self.ask_web(step, &mut asking, web)?;
            }
        }
        if !find.names && !find.here {
            step.alarm(ANSWER_WAIT, format!("{LATE}{question}"));
            step.alarm(SETTLING, format!("{SETTLED}{question}"));
        }
        asking.close(false);
        if self.asking.len() >= ASKING_MAX {
            for (ask, _) in self.asking.remove(0).waiting {
                step.refuse(ask, SearchError::Interrupted.into());
            }
        }
        self.asking.push(asking);
        self.tell_waiting(step)
    }

    fn ask_more(&mut self, step: &mut Step<'_>, ask: AskId, more: &More) -> Result<(), Fault> {
        let asking = self.asking.iter_mut().find(|asking| asking.id == more.id);
        let asking = asking.ok_or_else(|| SearchError::NoSuchSearch { id: more.id.clone() })?;
        asking.waiting.push((ask, more.seen));
        self.tell_waiting(step)
    }

    /// Answers whoever waits for what there is now.
    fn tell_waiting(&mut self, step: &mut Step<'_>) -> Result<(), Fault> {
        self.with_askings(|search, asking| search.tell(step, asking))?;
        Ok(self.ask_held(step)?)
    }

    fn tell(&mut self, step: &mut Step<'_>, asking: &mut Asking) -> Result<(), StoreError> {
        if !asking.is_over {
            asking.note_answered(step.view(), step.me())?;
        }
        let mut page = None;
        if asking.is_showing_due() {
            let (found, wanted) = show::found(step.view(), step.me(), step.now(), asking)?;
            self.ask_snippets(step, asking, wanted)?;
            page = Some(found);
        }
        asking.close(false);
        let (version, is_over) = (asking.version, asking.is_over);
        let is_due = |(_, seen): &mut (AskId, Option<u64>)| is_over || seen.is_none_or(|seen| seen < version);
        if !asking.is_shown() || !asking.waiting.iter_mut().any(&is_due) {
            return Ok(());
        }
        let found = match page.filter(|page| page.version == version) {
            Some(found) => found,
            None => show::found(step.view(), step.me(), step.now(), asking)?.0,
        };
        for (ask, _) in asking.waiting.extract_if(.., is_due) {
            step.reply(ask, &found);
        }
        Ok(())
    }

    fn hear(&mut self, step: &mut Step<'_>, from: DeviceId, message: &[u8]) -> Result<(), Fault> {
        let message = match Message::read(message) {
            Ok(message) => message,
            Err(error) => {
                tracing::warn!(peer = %from.short(), %error, "a search message was dropped");
                return Ok(());
            }
        };
        // Whoever says anything is there.
        self.silent.remove(&from);
        match message {
            Message::Ask { web, question, words, phrases } => {
                if self.takes(step, (web, from), (question, Wish::Texts))? {
                    let query = text_query(web, words, phrases);
                    let job = step.work(QUERY, to_bytes(&query));
                    self.jobs.insert(job, Purpose::Served { to: from, web, question });
                }
            }
            Message::AskBroker { web, question, words, phrases } => {
                if self.takes(step, (web, from), (question, Wish::Texts))? {
                    // Nobody else is asked, so the best of these are the ones that will be shown.
                    let snippets = u32::try_from(SNIPPETS_MAX).unwrap_or(0);
                    let query = Query { snippets, ..text_query(web, words, phrases) };
                    self.broker(step, (from, web, question), query)?;
                }
            }
            Message::Answer { web, question, texts } => {
                self.hear_answer(step, (web, from), question, texts)?;
            }
            Message::Brokered { web, question, texts, read } => {
                let me = step.me();
                self.note_pace(step.now(), (web, from), question);
                let asking = self.asking.iter_mut().find(|asking| asking.question == question);
                if let Some(asking) = asking.filter(|asking| !asking.is_over) {
                    if asking.take_brokered(step.view(), (web, from, me), texts, &read)? != Verdict::Late {
                        ask_others(step, asking, web)?;
                    }
                    self.tell_waiting(step)?;
                }
            }
            Message::Busy { web, question } => {
                self.with_askings(|search, asking| match asking.question == question {
                    true => search.hear_busy(step, asking, (web, from)),
                    false => Ok(()),
                })?;
                self.tell_waiting(step)?;
            }
            Message::Show { web, question, words, phrases, contents } => {
                if self.takes(step, (web, from), (question, Wish::Snippets))? {
                    self.show(step, (from, web, question), Terms { words, phrases }, contents)?;
                }
            }
            Message::Shown { web, question, snippets } => {
                let asking = self.asking.iter_mut().find(|asking| asking.question == question);
                if let Some(asking) = asking.filter(|asking| !asking.is_over) {
                    asking.take_snippets(web, Source::Peer(from), snippets);
                    self.tell_waiting(step)?;
                }
            }
        }
        Ok(())
    }

    fn hear_answer(
        &mut self,
        step: &mut Step<'_>,
        (web, from): (WebId, DeviceId),
        question: u64,
        texts: Texts,
    ) -> Result<(), Fault> {
        let asking = self.asking.iter_mut().find(|asking| asking.question == question);
        let Some(asking) = asking.filter(|asking| !asking.is_over) else {
            return self.hear_of_kept(step, (web, from), question, &texts);
        };
        // It is no broker any more, and answers as any member.
        if asking.brokers.get(&web) == Some(&from) {
            asking.brokers.remove(&web);
            asking.pending.insert((web, from));
            asking.take(step.view(), (web, from), texts)?;
            ask_others(step, asking, web)?;
        } else {
            asking.take(step.view(), (web, from), texts)?;
        }
        self.tell_waiting(step)
    }

    /// Says whether a question is taken; a member who has to come again is told so, others nothing.
    fn takes(
        &mut self,
        step: &mut Step<'_>,
        (web, from): (WebId, DeviceId),
        (question, wish): (u64, Wish),
    ) -> Result<bool, StoreError> {
        if !may_ask(step, web, from)? {
            return Ok(false);
        }
        let has_place = self.has_place(step, from, wish);
        let now = step.now();
        // Who floods gets silence in the end, not a message for each of its own.
        if !has_place && self.refusals.entry(from).or_insert_with(|| Budget::new(now)).take(now) {
            step.send(from, Channel::Member, to_bytes(&Message::Busy { web, question }));
        }
        Ok(has_place)
    }

    /// Says whether a member's question is taken now (spec search, rule 12).
    fn has_place(&mut self, step: &Step<'_>, from: DeviceId, wish: Wish) -> bool {
        let served = self.jobs.values().filter_map(|purpose| match purpose {
            Purpose::Served { to, .. } | Purpose::Brokered { to, .. } | Purpose::Snippets { to, .. } => {
                Some(*to)
            }
            _ => None,
        });
        let (mut all, mut of_one) = (0, 0);
        for to in served {
            all += 1;
            of_one += usize::from(to == from);
        }
        let now = step.now();
        let budgets = match wish {
            Wish::Texts => &mut self.budgets,
            Wish::Snippets => &mut self.show_budgets,
        };
        // What is refused for want of a place is not counted: it comes again.
        all < SERVED_MAX
            && of_one < SERVED_OF_ONE_MAX
            && budgets.entry(from).or_insert_with(|| Budget::new(now)).take(now)
    }

    /// A member is here: questions under way are asked there, and a broker may get something from it.
    fn meet(&mut self, step: &mut Step<'_>, device: DeviceId) -> Result<(), Fault> {
        for asking in &mut self.asking {
            whom::meet(step, asking, device)?;
        }
        self.listen_soon(step)?;
        if BROKERS.all(step.view()).next().transpose()?.is_some() {
            self.reading.is_bringing_due = true;
            self.tend(step)?;
        }
        Ok(())
    }

    /// Who belongs to a web, or what this computer does for one, may have changed.
    fn hear_people(&mut self, step: &mut Step<'_>) -> Result<(), Fault> {
        self.reading.are_roles_due = true;
        self.summarize_later(step);
        self.tend(step)
    }

    fn take_finished(
        &mut self,
        step: &mut Step<'_>,
        job: JobId,
        outcome: Result<Vec<u8>, JobFailure>,
    ) -> Result<(), Fault> {
        let Some(purpose) = self.forget_job(job) else { return Ok(()) };
        let answer = |outcome: Result<Vec<u8>, JobFailure>| {
            outcome.ok().and_then(|bytes| from_bytes::<Answer>(&bytes).ok())
        };
        match purpose {
            Purpose::Own { question, web } => {
                let me = people::read::my_person(step.view())?;
                let is_whole = is_whole(step.view(), web)?;
                if let Some(asking) = self.asking.iter_mut().find(|asking| asking.question == question) {
                    asking.take_own(web, me, answer(outcome), is_whole);
                }
                self.tell_waiting(step)
            }
            Purpose::Served { to, web, question } => {
                // No index, or one that is being made anew: better no answer than a wrong one.
                match answer(outcome) {
                    Some(answer) if is_whole(step.view(), web)? => {
                        serve(step, to, web, question, answer.texts)
                    }
                    _ => Ok(()),
                }
            }
            Purpose::OwnReading { question, web } => {
                if let Some(asking) = self.asking.iter_mut().find(|asking| asking.question == question) {
                    let mut answer = answer(outcome);
                    if let Some(answer) = &mut answer {
                        let hits = std::mem::take(&mut answer.texts.hits);
                        answer.texts.hits = self.brokering.listers.listed(step.view(), web, hits)?;
                    }
                    asking.take_own_reading(web, answer);
                }
                self.tell_waiting(step)
            }
            Purpose::OwnSnippets { question, web, contents } => {
                let snippets = of_all(&contents, outcome);
                if let Some(asking) = self.asking.iter_mut().find(|asking| asking.question == question) {
                    asking.take_snippets(web, Source::Own, snippets);
                }
                self.tell_waiting(step)
            }
            Purpose::Snippets { to, web, question, contents } => {
                serve_snippets(step, (to, web, question), of_all(&contents, outcome))
            }
            Purpose::Brokered { ticket, side, .. } => self.take_half(step, (ticket, side), answer(outcome)),
            Purpose::BrokerUpdate { part } => self.take_read(step, &part, outcome),
            Purpose::Summarize { web, key, documents_at } => {
                self.take_summary(step, (web, key, documents_at), outcome)
            }
            Purpose::KeptTexts { kept, web, contents } => {
                let hits = answer(outcome).unwrap_or_default().texts.hits;
                let found = hits.iter().map(|hit| hit.content).filter(|content| contents.contains(content));
                Self::ring_for_texts(step, (kept, web), found)
            }
            Purpose::Baseline { kept } => {
                Ok(Self::take_baseline(step, kept, &answer(outcome).unwrap_or_default())?)
            }
            Purpose::Update { part, names } => self.take_updated(step, &part, &names, outcome),
            Purpose::Forget => Ok(()),
        }
    }
}

/// Returns a number of random bytes.
pub(crate) fn first_number(dice: &[u8; 32]) -> u64 {
    dice.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// Answers a member with what it may have from here (spec search, rule 13).
fn serve(
    step: &mut Step<'_>,
    to: DeviceId,
    web: WebId,
    question: u64,
    mut texts: Texts,
) -> Result<(), Fault> {
    // Asked again: the asker may have been removed meanwhile.
    if !may_ask(step, web, to)? {
        return Ok(());
    }
    let hits = std::mem::take(&mut texts.hits);
    texts.hits = allowed(step.view(), to, hits)?;
    step.send(to, Channel::Member, to_bytes(&Message::Answer { web, question, texts }));
    Ok(())
}

/// Says whether a device and this one are both members' (spec search, rule 11).
pub(crate) fn may_ask(step: &Step<'_>, web: WebId, device: DeviceId) -> Result<bool, StoreError> {
    let rows = step.view();
    Ok(people::read::is_member(rows, web, device)? && people::read::is_member(rows, web, step.me())?)
}

fn arguments_of<T: DeserializeOwned>(operation: &str, arguments: Value) -> Result<T, Fault> {
    serde_json::from_value(arguments).map_err(|error| {
        SearchError::BadArguments { operation: operation.to_owned(), why: error.to_string() }.into()
    })
}

fn no_operation(operation: &str) -> Fault {
    let why = "there is no such operation".to_owned();
    SearchError::BadArguments { operation: operation.to_owned(), why }.into()
}

/// Answers read operations.
#[derive(Debug)]
struct SearchReader;

impl Reader for SearchReader {
    fn read(&self, context: &ReadContext<'_>, operation: &str, arguments: Value) -> Result<Value, Fault> {
        match operation {
            AskKept::NAME => {
                let kept = kept::kept(context.rows, &arguments_of(operation, arguments)?)?;
                serde_json::to_value(kept).map_err(|error| no_answer(&error))
            }
            _ => Err(no_operation(operation)),
        }
    }
}

fn no_answer(error: &serde_json::Error) -> Fault {
    Fault::new("search.answer", base::FaultKind::Broken, format!("an answer could not be written: {error}"))
}
