//! The service as the kernel meets it: which input leads where.

use std::collections::BTreeMap;
use std::time::Duration;

use api::Operation;
use api::files::{Canary, Cancel, Get, Open, Pause, Resume, Share, Unbrake, Unshare, Want};
use base::{Fault, WebId};
use kernel::{AskId, Channel, Input, JobFailure, JobId, Reader, Service, Step};
use serde_json::Value;

use crate::alarms;
use crate::apply::{self, Author};
use crate::brake::Brakes;
use crate::bringing::{Bringing, Key};
use crate::catalogue::Shelf;
use crate::faults::FilesError;
use crate::hash::Hashing;
use crate::jobs::{
    CHANGED_IN_PLACE, ChangedInPlace, DAMAGED, Damaged, HashReport, WalkReport, WalkSummary, WatchReport,
    from_bytes,
};
use crate::lending;
use crate::messages::Message;
use crate::mirror::{self, Mirroring};
use crate::outgoing::say;
use crate::reader::{FilesReader, arguments_of, unknown};
use crate::scan::{Scan, Watching};
use crate::sealing::Sealing;
use crate::share::Candidate;
use crate::statement::Statement;
use crate::tables::{
    DOCUMENTS_AT, HASHING, ITEMS, NUMBERS, OWN, OwnState, SHARES, SWEEP, Stage, TRANSFERS, UNSENT_HASHES,
    UNSENT_HELD,
};

/// Returns the service. `home` is the folder where the peer keeps its keys and rows: it is never shared.
pub fn service(home: &str) -> Files {
    Files {
        home: home.trim_end_matches('/').to_owned(),
        is_awake: false,
        jobs: BTreeMap::new(),
        scans: BTreeMap::new(),
        watches: BTreeMap::new(),
        hashing: Hashing::default(),
        bringing: Bringing::default(),
        sealing: Sealing::default(),
        mirroring: Mirroring::default(),
        brakes: Brakes::default(),
        orphans: Vec::new(),
    }
}

/// Decides about shares, the tree and transfers.
///
/// Its fields say what is under way with the drivers; rows say everything else, and from rows it begins anew.
#[derive(Debug)]
pub struct Files {
    pub(crate) home: String,
    is_awake: bool,
    pub(crate) jobs: BTreeMap<JobId, Purpose>,
    pub(crate) scans: BTreeMap<u64, Scan>,
    pub(crate) watches: BTreeMap<u64, Watching>,
    pub(crate) hashing: Hashing,
    pub(crate) bringing: Bringing,
    pub(crate) sealing: Sealing,
    pub(crate) mirroring: Mirroring,
    pub(crate) brakes: Brakes,
    /// Questions whose folders were being looked at when the caches were dropped.
    orphans: Vec<(AskId, String)>,
}

/// What a job was given for.
#[derive(Debug, Clone)]
pub(crate) enum Purpose {
    /// Looking at a folder that may become a share.
    Candidate(Candidate),
    /// Walking a share, by number.
    Walk(u64),
    /// Watching a share, by number.
    Watch(u64),
    Hash,
    Missing(Key),
    Piece,
    Bundle,
    Save,
    Forget,
    Seal,
    Unseal,
    StowMissing,
    StowFetch,
    StowBundle,
    Audit,
}

impl Service for Files {
    fn name(&self) -> &'static str {
        "files"
    }

    fn listens_to(&self) -> &'static [&'static str] {
        &["people", "records"]
    }

    fn step(&mut self, step: &mut Step<'_>, input: Input) -> Result<(), Fault> {
        let outcome = self.take(step, input);
        if let Err(fault) = &outcome
            && !fault.code.starts_with("files.")
        {
            // The rows of this step are dropped; what it noted in memory must not stay.
            self.forget();
        }
        outcome
    }

    fn forget(&mut self) {
        let candidates = std::mem::take(&mut self.jobs).into_values().filter_map(|purpose| match purpose {
            Purpose::Candidate(candidate) => Some((candidate.ask, candidate.folder)),
            _ => None,
        });
        self.orphans.extend(candidates);
        self.is_awake = false;
        self.scans.clear();
        self.watches.clear();
        self.hashing = Hashing::default();
        self.bringing = Bringing::default();
        self.sealing = Sealing::default();
        self.mirroring = Mirroring::default();
        self.brakes = Brakes::default();
    }

    fn close_batch(&mut self, step: &mut Step<'_>) -> Result<(), Fault> {
        Ok(self.note_moves(step)?)
    }

    fn reader(&self) -> Box<dyn Reader> {
        Box::new(FilesReader)
    }
}

impl Files {
    fn take(&mut self, step: &mut Step<'_>, input: Input) -> Result<(), Fault> {
        if matches!(input, Input::Started) {
            self.forget();
        }
        if !self.is_awake {
            self.wake(step)?;
        }
        match input {
            Input::Asked { ask, operation, arguments } => self.ask(step, ask, &operation, arguments),
            Input::Told { by: "records", message } => self.hear_records(step, &message),
            Input::Told { by: "people", message } => self.hear_people(step, &message),
            Input::Told { by, message } => self.take_wish(step, by, &message),
            Input::Progress { job, report } => self.take_progress(step, job, &report),
            Input::Finished { job, outcome } => self.take_finished(step, job, outcome),
            Input::Noticed { kind, report } => self.notice(step, kind, &report),
            Input::Alarm { key } => self.wake_up(step, &key),
            Input::Connected { device, channel: Channel::Member } => {
                self.bringing.resting.remove(&device);
                self.bringing.look_again();
                Self::greet_member(step, device)?;
                self.seal_next(step)?;
                self.pump(step)
            }
            Input::Disconnected { device, channel: Channel::Member } => {
                self.give_up_offers(step, None, device)?;
                self.pump(step)
            }
            Input::Heard { from, channel: Channel::Member, message, .. } => {
                self.hear_peer(step, from, &message)
            }
            _ => Ok(()),
        }
    }

    /// Begins anew from rows: at the start, and after caches were dropped.
    fn wake(&mut self, step: &mut Step<'_>) -> Result<(), Fault> {
        self.is_awake = true;
        for (ask, folder) in std::mem::take(&mut self.orphans) {
            step.refuse(ask, FilesError::Interrupted { folder }.into());
        }
        let owns: Vec<_> = OWN.all(step.view()).collect::<Result<_, _>>()?;
        for (number, own) in owns {
            // The walk follows when watching stands; a folder that cannot be watched is walked then, too.
            if own.state != OwnState::Braked {
                self.watch(step, number, &own.folder);
            }
        }
        // The jobs that would have ended these are gone.
        let stale: Vec<_> = HASHING.all(step.view()).collect::<Result<_, _>>()?;
        for (number, _) in stale {
            HASHING.delete(step.rows(), &number);
        }
        self.retry_hashing(step)?;
        if SWEEP.all(step.view()).next().is_some() {
            step.alarm(Duration::ZERO, alarms::SWEEP);
        }
        if UNSENT_HASHES.all(step.view()).next().is_some() || UNSENT_HELD.all(step.view()).next().is_some() {
            step.alarm(Duration::ZERO, alarms::FLUSH);
        }
        let transfers: Vec<_> = TRANSFERS.all(step.view()).collect::<Result<_, _>>()?;
        for (id, row) in transfers {
            if row.stage.is_live() {
                self.bringing.begin(id);
            } else if row.stage == Stage::Cancelled && ITEMS.within(step.view(), &id).next().is_some() {
                self.bringing.sweep_later(id);
            }
        }
        self.bring_again(step)?;
        step.alarm(Duration::from_mins(1), alarms::READINGS);
        self.wake_sealing(step)?;
        for web in people::read::webs(step.view())? {
            self.look_at_quota(step, web.id)?;
        }
        self.audit_next(step)?;
        self.go_on_expanding(step)
    }

    /// Takes what another device says about sealed copies; nonsense changes nothing.
    fn hear_peer(&mut self, step: &mut Step<'_>, from: base::DeviceId, message: &[u8]) -> Result<(), Fault> {
        match Message::read(message) {
            Ok(Message::Stock { web, stock, copies, bytes, quota }) => {
                self.hear_stock(step, (web, from), mirror::said(stock, (copies, bytes, quota)))
            }
            Ok(Message::Offer { web, items }) => self.hear_offer(step, (web, from), &items),
            Ok(Message::Ask { web, sealed }) => Self::hear_ask(step, (web, from), &sealed),
            Ok(Message::Drop { web, sealed }) => self.hear_drop(step, (web, from), &sealed),
            Ok(Message::Answer { web, items }) => self.hear_answer(step, (web, from), &items),
            Err(_) => Ok(()),
        }
    }

    fn ask(
        &mut self,
        step: &mut Step<'_>,
        ask: AskId,
        operation: &str,
        arguments: Value,
    ) -> Result<(), Fault> {
        match operation {
            Share::NAME => self.ask_share(step, ask, arguments_of(operation, arguments)?),
            Unshare::NAME => self.ask_unshare(step, ask, &arguments_of(operation, arguments)?),
            Unbrake::NAME => self.ask_unbrake(step, ask, &arguments_of(operation, arguments)?),
            Canary::NAME => Self::ask_canary(step, ask, &arguments_of(operation, arguments)?),
            Get::NAME => self.ask_get(step, ask, &arguments_of(operation, arguments)?),
            Pause::NAME => self.ask_pause(step, ask, &arguments_of(operation, arguments)?),
            Resume::NAME => self.ask_resume(step, ask, &arguments_of(operation, arguments)?),
            Cancel::NAME => self.ask_cancel(step, ask, &arguments_of(operation, arguments)?),
            Open::NAME => self.ask_open(step, ask, &arguments_of(operation, arguments)?),
            Want::NAME => self.ask_want(step, ask, &arguments_of(operation, arguments)?),
            _ => Err(unknown(operation)),
        }
    }

    fn hear_records(&mut self, step: &mut Step<'_>, message: &[u8]) -> Result<(), Fault> {
        match records::Told::from_bytes(message) {
            Ok(records::Told::Record { web, author, seq, index, body }) => {
                // Own records that come back after a restored backup say nothing the folders do not say better.
                if author == step.me() {
                    return Ok(());
                }
                let Some(author) = Author::of(step.view(), web, author, seq, index)? else { return Ok(()) };
                let applied = apply::apply(step, author, &body)?;
                if applied.has_contents {
                    DOCUMENTS_AT.put(step.rows(), &(web, author.device), &author.position);
                }
                if let Some(key) = applied.share {
                    apply::emit_changed(step, key, &applied.paths)?;
                }
                if (applied.has_contents || !applied.paths.is_empty()) && !self.bringing.live.is_empty() {
                    let number = match applied.share {
                        Some(key) => Shelf::open(step.view(), key)?.map(|shelf| shelf.row.number),
                        None => Some(u64::MAX),
                    };
                    self.promote_unread(step, number)?;
                }
                Ok(())
            }
            // What is cut off belongs to one who is no member: the tree shows members only (rule 14).
            _ => Ok(()),
        }
    }

    fn hear_people(&mut self, step: &mut Step<'_>, message: &[u8]) -> Result<(), Fault> {
        match people::Told::from_bytes(message) {
            Ok(people::Told::Left { web }) => self.leave(step, web),
            Ok(people::Told::Joined { web }) => self.join(step, web),
            // Shares of removed persons stay in the rows, out of sight: a removal can turn out void.
            Ok(people::Told::Removed { web, .. } | people::Told::Members { web }) => {
                self.look_at_mirrors(step, web)?;
                self.look_at_quota(step, web)?;
                self.bringing.look_again();
                self.pump(step)
            }
            Ok(people::Told::Mark { .. }) | Err(_) => Ok(()),
        }
    }

    /// This peer is in a web, perhaps again: shares that ended when it had to leave are told to have ended.
    fn join(&mut self, step: &mut Step<'_>, web: WebId) -> Result<(), Fault> {
        let Some(me) = people::read::my_person(step.view())? else { return Ok(()) };
        let shares: Vec<_> = SHARES.within(step.view(), &(web, me)).collect::<Result<_, _>>()?;
        for ((_, _, share), row) in shares {
            if row.is_ended && row.device == step.me() {
                say(step, web, &Statement::Ended { share })?;
            }
        }
        self.look_at_mirrors(step, web)?;
        self.bringing.look_again();
        self.pump(step)
    }

    /// This peer is no longer in a web: its shares there end, and so do transfers from there. What is kept stays.
    fn leave(&mut self, step: &mut Step<'_>, web: WebId) -> Result<(), Fault> {
        let owns: Vec<u64> =
            OWN.all(step.view()).map(|row| row.map(|(number, _)| number)).collect::<Result<_, _>>()?;
        for number in owns {
            if NUMBERS.get(step.view(), &number)?.is_none_or(|key| key.web != web) {
                continue;
            }
            self.stop_reading(step, number);
            OWN.delete(step.rows(), &number);
            self.stop_hashing(step, number)?;
            if let Some(shelf) = Shelf::numbered(step.view(), number)? {
                apply::end_share(step, shelf)?;
            }
        }
        for id in self.bringing.live() {
            if let Some(row) = TRANSFERS.get(step.view(), &id)?.filter(|row| row.web == web) {
                self.cancel_transfer(step, id, row)?;
            }
        }
        lending::forget_wishes(step, web)?;
        self.look_at_mirrors(step, web)?;
        self.look_at_quota(step, web)
    }

    fn take_progress(&mut self, step: &mut Step<'_>, job: JobId, report: &[u8]) -> Result<(), Fault> {
        match self.jobs.get(&job).cloned() {
            Some(Purpose::Candidate(candidate)) => {
                let Ok(report) = from_bytes::<WalkReport>(report) else { return Ok(()) };
                match self.admit_candidate(step, job, candidate, &report.real_root)? {
                    Some(number) => self.take_walked(step, number, report),
                    None => Ok(()),
                }
            }
            Some(Purpose::Walk(number)) => match from_bytes::<WalkReport>(report) {
                Ok(report) => self.take_walked(step, number, report),
                Err(_) => Ok(()),
            },
            Some(Purpose::Watch(number)) => match from_bytes::<WatchReport>(report) {
                Ok(report) => self.take_watched(step, number, &report),
                Err(_) => Ok(()),
            },
            Some(Purpose::Hash) => match from_bytes::<HashReport>(report) {
                Ok(report) => self.take_hashed(step, job, report),
                Err(_) => Ok(()),
            },
            Some(Purpose::Piece) => {
                self.take_piece_progress(job, report);
                Ok(())
            }
            Some(_) => Ok(()),
            None => {
                // Given before the caches were dropped: what it reports is found out anew.
                step.cancel(job);
                Ok(())
            }
        }
    }

    fn take_finished(
        &mut self,
        step: &mut Step<'_>,
        job: JobId,
        outcome: Result<Vec<u8>, JobFailure>,
    ) -> Result<(), Fault> {
        let Some(purpose) = self.jobs.remove(&job) else { return Ok(()) };
        match purpose {
            Purpose::Candidate(candidate) => match summary_of(&outcome) {
                Ok(summary) => {
                    self.jobs.insert(job, Purpose::Candidate(candidate.clone()));
                    self.end_candidate(step, job, candidate, &summary)
                }
                Err(failure) => {
                    let why = format!("reading it came to nothing ({failure:?})");
                    step.refuse(
                        candidate.ask,
                        FilesError::FolderUnreadable { folder: candidate.folder, why }.into(),
                    );
                    Ok(())
                }
            },
            Purpose::Walk(number) => match summary_of(&outcome) {
                Ok(summary) => self.finish_walk(step, number, &summary),
                Err(failure) => {
                    self.fail_walk(step, number, &failure);
                    Ok(())
                }
            },
            Purpose::Watch(number) => self.end_watch(step, number, outcome.err().as_ref()),
            Purpose::Hash => self.end_hashing(step, job, outcome.is_err()),
            Purpose::Missing(key) => self.take_missing(step, key, outcome),
            Purpose::Piece => self.take_piece(step, job, outcome),
            Purpose::Bundle => self.take_bundle(step, job, outcome),
            Purpose::Save => self.take_saved(step, job, outcome),
            Purpose::Forget => Ok(()),
            Purpose::Seal => self.take_sealed(step, job, outcome),
            Purpose::Unseal => self.take_unsealed(step, job, outcome),
            Purpose::StowMissing => self.take_stow_missing(step, job, outcome),
            Purpose::StowFetch => self.take_stow_fetch(step, job, &outcome),
            Purpose::StowBundle => self.take_stow_bundle(step, job, outcome),
            Purpose::Audit => self.take_audit(step, job, outcome),
        }
    }

    fn notice(&mut self, step: &mut Step<'_>, kind: &str, report: &[u8]) -> Result<(), Fault> {
        match kind {
            DAMAGED => match from_bytes::<Damaged>(report) {
                Ok(Damaged { content }) => self.take_damaged(step, content),
                Err(_) => Ok(()),
            },
            CHANGED_IN_PLACE => match from_bytes::<ChangedInPlace>(report) {
                Ok(ChangedInPlace { path }) => self.check_path(step, &path),
                Err(_) => Ok(()),
            },
            _ => Ok(()),
        }
    }

    fn wake_up(&mut self, step: &mut Step<'_>, key: &str) -> Result<(), Fault> {
        match key {
            alarms::SWEEP => {
                if apply::sweep(step)? {
                    step.alarm(Duration::ZERO, alarms::SWEEP);
                }
                Ok(())
            }
            alarms::FLUSH => {
                self.flush_hashes(step)?;
                self.flush_held(step)
            }
            alarms::HASH => self.retry_hashing(step),
            alarms::TICK => self.tick(step),
            alarms::RETRY => self.retry(step),
            alarms::LENT => self.bring_again(step),
            alarms::CROWD => self.ask_crowded(step),
            alarms::EXPAND => self.go_on_expanding(step),
            alarms::READINGS => {
                self.drop_old_parts(step)?;
                self.look_after_readings(step)
            }
            alarms::MIRROR_LOOK => self.look_at_copies(step),
            alarms::MIRROR_SAY => self.say_again(step),
            alarms::MIRROR_TELL => self.tell_stock(step),
            _ if key.starts_with(alarms::MIRROR_CLEAR) => {
                match key.strip_prefix(alarms::MIRROR_CLEAR).map(str::parse) {
                    Some(Ok(web)) => self.look_at_quota(step, web),
                    _ => Ok(()),
                }
            }
            _ => match (alarms::number(key, alarms::WALK), alarms::number(key, alarms::GONE)) {
                (Some(number), _) => self.walk_again(step, number),
                (_, Some(number)) => self.go_on_after_walk(step, number),
                _ => Ok(()),
            },
        }
    }
}

fn summary_of(outcome: &Result<Vec<u8>, JobFailure>) -> Result<WalkSummary, JobFailure> {
    match outcome {
        Ok(bytes) => from_bytes(bytes).map_err(|error| JobFailure::Failed(error.to_string())),
        Err(failure) => Err(failure.clone()),
    }
}
