//! What comes with a mail passes the guard before it is saved or shown (spec guard, rule 34).
//!
//! A part's bytes are unwrapped into a draft in the home first, if they were not before: only then is there something to look
//! through. Not for: deciding (`guard` does), and mail programs, which unwrap for themselves.

use std::collections::BTreeMap;
use std::ops::Range;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use api::Operation as _;
use api::guard::CheckFile;
use api::mail::MailPart;
use base::{ByteCount, ContentId, Fault, WebId};
use gateways::ContentStream;
use guard::{Gate, GuardError};

use super::MailDesk;
use super::saving::{Draft, is_draft};
use super::whole::Whole;
use crate::PeerError;
use crate::engine::now;
use crate::host::answer;

/// Looks of one passing: rules may change between.
const LOOKS_MAX: usize = 3;

/// Parts of which is remembered what they are, at most.
const KNOWN_MAX: usize = 1_000;

/// What parts are that were unwrapped lately.
#[derive(Debug, Default)]
pub(super) struct Known(Mutex<BTreeMap<(String, u64), ContentId>>);

impl Known {
    fn find(&self, part: &MailPart) -> Option<ContentId> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(&(part.message.clone(), part.part)).copied()
    }

    fn put(&self, part: &MailPart, content: ContentId) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= KNOWN_MAX {
            known.clear();
        }
        known.insert((part.message.clone(), part.part), content);
    }
}

impl MailDesk {
    /// Gives bytes of a part, once it was looked through.
    pub(crate) async fn part(&self, part: MailPart, range: Range<u64>) -> Result<ContentStream, Fault> {
        if !guard::is_off(&*self.readers.snapshot()?)? {
            self.pass(&part).await?;
        }
        self.bytes(part, range).await
    }

    pub(super) async fn pass(&self, part: &MailPart) -> Result<(), Fault> {
        if let Some(content) = self.known.find(part)
            && self.gate(content, &part.name)? == Gate::Open
        {
            return Ok(());
        }
        let bytes = self.bytes(part.clone(), 0..part.size.0).await?;
        let draft = Draft::new(&self.home).map_err(|error| super::saving::not_saved(&part.name, &error))?;
        let (draft, _) = draft.filled(bytes, &part.name).await?;
        self.judge(&draft, part).await
    }

    /// Lets a draft of a part become a file, or says why not; waits until it was looked through.
    pub(super) async fn judge(&self, draft: &Draft, part: &MailPart) -> Result<(), Fault> {
        let content = draft.content();
        self.known.put(part, content);
        let web = web_of(self, part)?;
        for _ in 0..LOOKS_MAX {
            if self.gate(content, &part.name)? == Gate::Open {
                return Ok(());
            }
            let asked = about(draft.path(), content, part, web)?;
            match self.engine.ask(CheckFile::NAME, answer(CheckFile::NAME, &asked)?, None).await {
                // What the gate makes of that it says itself.
                Err(fault) if fault.code != "guard.blind" && fault.code != "guard.off" => return Err(fault),
                Ok(_) | Err(_) => {}
            }
        }
        Err(GuardError::NotYet { name: part.name.clone() }.into())
    }

    /// Says how the gate stands; a fault if it is shut.
    fn gate(&self, content: ContentId, name: &str) -> Result<Gate, Fault> {
        let rows = self.readers.snapshot()?;
        match guard::gate(&*rows, content, now())? {
            Gate::Shut(level) => {
                // It has no path to be called by.
                let named = format!("{name} ({content})");
                Err(guard::refusal(&*rows, (content, &named), level, now())?)
            }
            gate => Ok(gate),
        }
    }
}

fn web_of(desk: &MailDesk, part: &MailPart) -> Result<Option<WebId>, Fault> {
    let rows = desk.readers.snapshot()?;
    Whole::find(&*rows, &part.message)?.web(&*rows)
}

fn about(file: &Path, content: ContentId, part: &MailPart, web: Option<WebId>) -> Result<CheckFile, Fault> {
    let stat = file.metadata().map_err(|_gone| PeerError::Stopping)?;
    let nanoseconds = |seconds: i64, rest: i64| seconds.saturating_mul(1_000_000_000).saturating_add(rest);
    Ok(CheckFile {
        content,
        file: file.to_string_lossy().into_owned(),
        name: network::safe_name(&part.name),
        size: ByteCount(stat.size()),
        modified: nanoseconds(stat.mtime(), stat.mtime_nsec()),
        changed: nanoseconds(stat.ctime(), stat.ctime_nsec()),
        inode: stat.ino(),
        web,
    })
}

/// Removes drafts that a power cut has left in the home.
pub(super) fn tidy(home: &Path) {
    for entry in std::fs::read_dir(home).into_iter().flatten().flatten() {
        if is_draft(&entry.file_name()) {
            let removed = std::fs::remove_file(entry.path());
            tracing::debug!(?removed, "a draft of a part of a mail was left");
        }
    }
}
