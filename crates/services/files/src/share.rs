//! Sharing a folder and ending it: what a person asks, and the checks before anything is listed.
//!
//! Whether the folder exists is known when the walk says so: the question waits for the walk's first report.

use api::files::{ReadingView, Share, ShareView, Unshare};
use base::{ByteCount, Fault, ShareId, WebId};
use kernel::{AskId, JobId, Step};
use store::{Rows, StoreError};

use crate::apply::end_share;
use crate::catalogue::Shelf;
use crate::faults::FilesError;
use crate::jobs::{RootState, WALK, Walk, WalkReport, WalkSummary, to_bytes};
use crate::label;
use crate::outgoing::say;
use crate::service::{Files, Purpose};
use crate::statement::{NAME_SIZE_MAX, Statement};
use crate::tables::{HASHING, NUMBERS, OWN, OwnRow, OwnState, SHARES, ShareKey, name_of};
use crate::tree;

/// A folder that is being looked at before it becomes a share.
#[derive(Debug, Clone)]
pub(crate) struct Candidate {
    pub(crate) ask: AskId,
    pub(crate) web: WebId,
    pub(crate) folder: String,
    pub(crate) name: Option<String>,
}

impl Files {
    /// Begins to share a folder: its walk starts, the answer waits for the walk's first report.
    pub(crate) fn ask_share(&mut self, step: &mut Step<'_>, ask: AskId, asked: Share) -> Result<(), Fault> {
        let web = my_web(step.view(), &asked.web)?;
        let folder = checked_folder(&asked.folder)?;
        if let Some(name) = &asked.name {
            check_name(name)?;
        }
        if self.is_home(&folder) {
            return Err(FilesError::HomeInside { folder }.into());
        }
        let job = step.work(WALK, to_bytes(&Walk { root: folder.clone() }));
        let candidate = Candidate { ask, web, folder, name: asked.name };
        self.jobs.insert(job, Purpose::Candidate(candidate));
        Ok(())
    }

    /// Takes the first report of a candidate's walk: checks where the folder really is, and shares it.
    pub(crate) fn admit_candidate(
        &mut self,
        step: &mut Step<'_>,
        job: JobId,
        candidate: Candidate,
        real_root: &str,
    ) -> Result<Option<u64>, Fault> {
        match self.check_root(step, &candidate, real_root) {
            Ok(()) => {}
            Err(fault) => {
                step.cancel(job);
                self.jobs.remove(&job);
                step.refuse(candidate.ask, fault);
                return Ok(None);
            }
        }
        let number = create(step, &candidate, real_root)?;
        self.jobs.insert(job, Purpose::Walk(number));
        self.begin_scan(number, job);
        self.watch(step, number, real_root);
        let view =
            share_view(step.view(), number)?.ok_or(FilesError::NotYourShare { path: candidate.folder })?;
        step.emit("files.share", &view);
        step.reply(candidate.ask, &view);
        Ok(Some(number))
    }

    /// Takes the end of a candidate's walk that never reported: the root is not a readable folder, or it is empty.
    pub(crate) fn end_candidate(
        &mut self,
        step: &mut Step<'_>,
        job: JobId,
        candidate: Candidate,
        summary: &WalkSummary,
    ) -> Result<(), Fault> {
        let folder = candidate.folder.clone();
        let error = match &summary.root {
            RootState::Walked => {
                let report = WalkReport {
                    real_root: summary.real_root.clone(),
                    items: Vec::new(),
                    skipped: Vec::new(),
                };
                if let Some(number) = self.admit_candidate(step, job, candidate, &report.real_root)? {
                    self.jobs.remove(&job);
                    self.finish_walk(step, number, summary)?;
                }
                return Ok(());
            }
            RootState::Missing => FilesError::FolderMissing { folder },
            RootState::NotAFolder => FilesError::FolderIsNone { folder },
            RootState::Unreadable { why } => FilesError::FolderUnreadable { folder, why: why.clone() },
        };
        self.jobs.remove(&job);
        step.refuse(candidate.ask, error.into());
        Ok(())
    }

    /// Ends a share of this peer.
    pub(crate) fn ask_unshare(
        &mut self,
        step: &mut Step<'_>,
        ask: AskId,
        asked: &Unshare,
    ) -> Result<(), Fault> {
        let found = tree::resolve(step.view(), &asked.path)?;
        let not_yours = || FilesError::NotYourShare { path: asked.path.clone() };
        let tree::Spot::Share(spot) = found else { return Err(not_yours().into()) };
        let number = spot.row.number;
        let mut view = share_view(step.view(), number)?.ok_or_else(not_yours)?;
        self.end_own(step, number)?;
        "ended".clone_into(&mut view.state);
        view.reading = None;
        step.emit("files.share", &view);
        step.reply(ask, &view);
        Ok(())
    }

    /// Ends a share of this peer and tells the others.
    pub(crate) fn end_own(&mut self, step: &mut Step<'_>, number: u64) -> Result<(), Fault> {
        self.stop_reading(step, number);
        OWN.delete(step.rows(), &number);
        self.stop_hashing(step, number)?;
        if let Some(shelf) = Shelf::numbered(step.view(), number)? {
            let ShareKey { web, share, .. } = shelf.key;
            end_share(step, shelf)?;
            say(step, web, &Statement::Ended { share })?;
        }
        Ok(())
    }

    /// Says whether a folder holds the peer's home or is in it.
    pub(crate) fn is_home(&self, folder: &str) -> bool {
        is_within(&self.home, folder) || is_within(folder, &self.home)
    }

    fn check_root(&self, step: &Step<'_>, candidate: &Candidate, real_root: &str) -> Result<(), Fault> {
        let folder = &candidate.folder;
        if self.is_home(real_root) {
            return Err(FilesError::HomeInside { folder: folder.clone() }.into());
        }
        my_web_id(step.view(), candidate.web)?;
        for row in OWN.all(step.view()) {
            let (number, own) = row?;
            let Some(key) = NUMBERS.get(step.view(), &number)?.filter(|key| key.web == candidate.web) else {
                continue;
            };
            let other = if own.real_folder.is_empty() { &own.folder } else { &own.real_folder };
            if other == real_root {
                let path = label::share_path(step.view(), key)?;
                return Err(FilesError::AlreadyShared { folder: folder.clone(), path }.into());
            }
            if is_within(other, real_root) || is_within(real_root, other) {
                let path = label::share_path(step.view(), key)?;
                let (folder, other) = (folder.clone(), other.clone());
                return Err(FilesError::ShareInShare { folder, other, path }.into());
            }
        }
        Ok(())
    }
}

fn create(step: &mut Step<'_>, candidate: &Candidate, real_root: &str) -> Result<u64, Fault> {
    let person = me(step.view())?;
    let id = step.random("share");
    let share =
        ShareId::from_slice(id.get(..ShareId::LEN).unwrap_or_default()).unwrap_or(ShareId::new([0; 16]));
    let key = ShareKey { web: candidate.web, person, share };
    let name = candidate.name.clone().unwrap_or_else(|| name_of(&candidate.folder).to_owned());
    let name = if name.is_empty() { "files".to_owned() } else { name };
    let device = step.me();
    let shelf = Shelf::create(step.rows(), key, device, &name)?;
    let own = OwnRow {
        folder: candidate.folder.clone(),
        real_folder: real_root.to_owned(),
        state: OwnState::Walking,
        skipped: 0,
        last_problem: String::new(),
    };
    OWN.put(step.rows(), &shelf.row.number, &own);
    say(step, key.web, &Statement::Declared { share, name })?;
    Ok(shelf.row.number)
}

/// Returns how a share of this peer is; `None` when it is not one.
pub(crate) fn share_view<R: Rows + ?Sized>(rows: &R, number: u64) -> Result<Option<ShareView>, StoreError> {
    let (Some(own), Some(key)) = (OWN.get(rows, &number)?, NUMBERS.get(rows, &number)?) else {
        return Ok(None);
    };
    let Some(row) = SHARES.get(rows, &(key.web, key.person, key.share))? else { return Ok(None) };
    let tally = row.tally;
    let reading = HASHING.get(rows, &number)?.map(|row| ReadingView {
        name: name_of(&row.path).to_owned(),
        done: ByteCount(row.done),
        size: ByteCount(row.size),
    });
    let state = match own.state {
        OwnState::FolderMissing => "folder missing",
        OwnState::Braked => "stopped",
        OwnState::Walking => "reading",
        OwnState::Watching if tally.hashed < tally.files || reading.is_some() => "reading",
        OwnState::Watching => "watching",
    };
    Ok(Some(ShareView {
        path: label::share_path(rows, key)?,
        folder: own.folder,
        files: tally.files,
        bytes: ByteCount(tally.bytes),
        hashed: tally.hashed,
        reading,
        state: state.to_owned(),
        skipped: own.skipped,
        last_problem: own.last_problem,
        canaries: crate::brake::canaries(rows, number)?,
        id: key.share,
    }))
}

/// Finds a web in which this peer's person is a member now.
fn my_web<R: Rows + ?Sized>(rows: &R, name: &str) -> Result<WebId, Fault> {
    let web =
        people::read::web_named(rows, name)?.ok_or_else(|| FilesError::NoSuchWeb { web: name.to_owned() })?;
    my_web_id(rows, web)?;
    Ok(web)
}

fn my_web_id<R: Rows + ?Sized>(rows: &R, web: WebId) -> Result<(), Fault> {
    let label = || people::read::web_label(rows, web);
    let me = me(rows)?;
    if people::read::role_of(rows, web, me)?.is_none() {
        return Err(FilesError::NotAMember { web: label()? }.into());
    }
    if !people::read::writes(rows, web, me)? {
        return Err(FilesError::Guest { web: label()? }.into());
    }
    Ok(())
}

fn me<R: Rows + ?Sized>(rows: &R) -> Result<base::PersonId, Fault> {
    let nobody = || FilesError::NotAMember { web: "any web".to_owned() };
    Ok(people::read::my_person(rows)?.ok_or_else(nobody)?)
}

/// Checks the text of an absolute path and drops what is redundant in it.
pub(crate) fn checked_folder(folder: &str) -> Result<String, FilesError> {
    let parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    let is_fine = folder.starts_with('/')
        && folder.len() <= crate::jobs::PATH_MAX
        && !folder.contains('\0')
        && !parts.contains(&"..");
    if !is_fine {
        return Err(FilesError::BadFolder { folder: folder.to_owned() });
    }
    Ok(format!("/{}", parts.join("/")))
}

fn check_name(name: &str) -> Result<(), FilesError> {
    let is_fine = !name.trim().is_empty()
        && name.len() <= NAME_SIZE_MAX
        && !matches!(name, "." | "..")
        && !name.chars().any(|c| c == '/' || c.is_control());
    is_fine.then_some(()).ok_or_else(|| FilesError::BadName { name: name.to_owned() })
}

/// Says whether `path` is `folder` or inside it.
pub(crate) fn is_within(path: &str, folder: &str) -> bool {
    match path.strip_prefix(folder.trim_end_matches('/')) {
        Some(rest) => rest.is_empty() || rest.starts_with('/'),
        None => false,
    }
}
