//! Saves a part of a mail as a file of this computer: whole or not there, never over another file.
//!
//! Not for: the page, whose browser saves (`files`).

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use api::Operation as _;
use api::mail::{AskMailPart, MailPart, SaveMail, SavedMail};
use base::{ContentId, Fault};
use data_encoding::HEXLOWER;
use futures_lite::StreamExt as _;
use gateways::ContentStream;
use network::{numbered, safe_name};
use post::MailFault;
use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;
use serde_json::Value;

use super::MailDesk;
use super::files::about_part;
use crate::PeerError;
use crate::host::{answer, parse};

/// Files of one name in a folder at most.
const NAMESAKES_MAX: u32 = 1_000;

/// Where a part is saved.
#[derive(Debug, PartialEq, Eq)]
enum Place {
    /// In this folder, under a name of its own; a stranger has chosen it.
    In(PathBuf, String),
    /// As this file, which is not there yet.
    As(PathBuf),
}

impl MailDesk {
    /// Answers `host.mail_save`.
    pub(crate) async fn save(&self, asked: Value) -> Result<Value, Fault> {
        let SaveMail { message, part, to } = parse(SaveMail::NAME, asked)?;
        let refused = |error: io::Error| Fault::from(not_saved(&to, &error));
        let (readers, contents) = (Arc::clone(&self.readers), self.contents.clone());
        let asked = AskMailPart { message, part };
        let looking =
            tokio::task::spawn_blocking(move || about_part(&*readers.snapshot()?, &contents, asked));
        let about: MailPart = looking.await.map_err(|_ended| PeerError::Stopping)??;
        // Looked at before gigabytes are read for nothing.
        let place = place(Path::new(&to), &about.name).map_err(refused)?;
        let draft = Draft::new(place.folder()).map_err(refused)?;
        let size = about.size;
        let bytes = self.bytes(about.clone(), 0..size.0).await?;
        let (draft, written) = draft.filled(bytes, &to).await?;
        if written != size.0 {
            return Err(refused(io::Error::other("the mail was removed meanwhile")));
        }
        self.judge(&draft, &about).await?;
        let file = draft.publish(&place).map_err(refused)?;
        answer(SaveMail::NAME, &SavedMail { file: file.to_string_lossy().into_owned(), size })
    }
}

pub(super) fn not_saved(to: &str, error: &io::Error) -> MailFault {
    MailFault::NotSaved { file: to.to_owned(), why: error.to_string() }
}

/// Finds out where a part is to be saved that is called `name`.
fn place(to: &Path, name: &str) -> io::Result<Place> {
    let wrong = |why| Err(io::Error::new(io::ErrorKind::InvalidInput, why));
    if !to.is_absolute() {
        return wrong("it is no absolute path");
    }
    if to.is_dir() {
        return Ok(Place::In(to.to_owned(), safe_name(name)));
    }
    // A link that leads nowhere is something, too.
    if to.symlink_metadata().is_ok() {
        return wrong("it is there already");
    }
    match to.parent() {
        Some(folder) if folder.is_dir() && to.file_name().is_some() => Ok(Place::As(to.to_owned())),
        _ => wrong("there is no such folder"),
    }
}

impl Place {
    fn folder(&self) -> &Path {
        match self {
            Self::In(folder, _) => folder,
            Self::As(file) => file.parent().unwrap_or(file),
        }
    }
}

/// A file that is being written beside where it will be; it goes when it does not get there.
#[derive(Debug)]
pub(super) struct Draft {
    path: PathBuf,
    file: File,
    hasher: blake3::Hasher,
}

/// Says whether a file is called as drafts are.
pub(super) fn is_draft(name: &OsStr) -> bool {
    name.to_str().is_some_and(|name| name.starts_with(DRAFT.0) && name.ends_with(DRAFT.1))
}

/// What the names of drafts begin and end with.
const DRAFT: (&str, &str) = (".althing-", ".part");

impl Draft {
    pub(super) fn new(folder: &Path) -> io::Result<Self> {
        let mut random = [0; 8];
        getrandom::fill(&mut random).map_err(|_none| io::Error::other("there is no randomness"))?;
        let path = folder.join(format!("{}{}{}", DRAFT.0, HEXLOWER.encode(&random), DRAFT.1));
        let file = File::create_new(&path)?;
        Ok(Self { path, file, hasher: blake3::Hasher::new() })
    }

    /// Returns where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the id of the bytes written so far.
    pub(super) fn content(&self) -> ContentId {
        ContentId::new(*self.hasher.finalize().as_bytes())
    }

    /// Writes all bytes, and says how many.
    pub(super) async fn filled(mut self, mut bytes: ContentStream, to: &str) -> Result<(Self, u64), Fault> {
        let mut size = 0_u64;
        while let Some(piece) = bytes.next().await {
            let piece = piece?;
            size = size.saturating_add(piece.len() as u64);
            let writing = tokio::task::spawn_blocking(move || {
                self.hasher.update(&piece);
                self.file.write_all(&piece)?;
                Ok::<_, io::Error>(self)
            });
            let written = writing.await.map_err(|_ended| PeerError::Stopping)?;
            self = written.map_err(|error| not_saved(to, &error))?;
        }
        Ok((self, size))
    }

    /// Gives it its name; returns under which it is there.
    fn publish(self, place: &Place) -> io::Result<PathBuf> {
        self.file.sync_all()?;
        let (folder, name) = match place {
            Place::As(file) => return rename_new(&self.path, file).map(|()| file.clone()),
            Place::In(folder, name) => (folder, name),
        };
        for number in 1..=NAMESAKES_MAX {
            let file = folder.join(numbered(name, number));
            match rename_new(&self.path, &file) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                done => return done.map(|()| file),
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // After it got its name there is none to remove.
        let removed = std::fs::remove_file(&self.path);
        tracing::trace!(?removed, "draft of a part of a mail");
    }
}

/// Renames, but never over something.
fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        // Not every file system knows it; a second name does the same in two steps.
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => std::fs::hard_link(from, to),
        renamed => Ok(renamed?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_never_saved_over_a_file_or_outside_of_its_folder() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let taken = root.join("taken");
        std::fs::write(&taken, "mine").unwrap();
        std::os::unix::fs::symlink(root.join("nowhere"), root.join("link")).unwrap();
        for wrong in [taken, root.join("link"), root.join("no/such"), PathBuf::from("plan.pdf")] {
            assert!(place(&wrong, "x").is_err(), "{}", wrong.display());
        }
        let safe = Place::In(root.to_owned(), ".._.._etc_passwd".to_owned());
        assert_eq!(place(root, "../../etc/passwd").unwrap(), safe);
        let new = root.join("new");
        assert_eq!(place(&new, "x").unwrap(), Place::As(new));
    }

    #[test]
    fn namesakes_get_numbers_and_drafts_go() {
        let folder = tempfile::tempdir().unwrap();
        let place = Place::In(folder.path().to_owned(), "plan.pdf".to_owned());
        let save = |text: &str| {
            let mut draft = Draft::new(place.folder()).unwrap();
            draft.file.write_all(text.as_bytes()).unwrap();
            draft.publish(&place).unwrap()
        };
        let (first, second) = (save("one"), save("two"));
        assert_eq!(second, folder.path().join("plan (2).pdf"));
        assert_eq!([first, second].map(|file| std::fs::read_to_string(file).unwrap()), ["one", "two"]);
        drop(Draft::new(folder.path()).unwrap());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
        // What came in between stays.
        let taken = folder.path().join("plan.pdf");
        assert!(Draft::new(folder.path()).unwrap().publish(&Place::As(taken.clone())).is_err());
        assert_eq!(std::fs::read_to_string(taken).unwrap(), "one");
    }
}
