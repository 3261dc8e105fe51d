//! Where a home lives, so that a copy of it, or an old backup, is noticed before two peers write as one device.
//!
//! A folder keeps its inode and the time of its birth when it is renamed or its disk is carried elsewhere, and loses them
//! when it is copied or restored. Only a copy beside its original, or on another computer, is worth a question; the
//! computer is known by a hash only. Not for: copies of whole disks and virtual machines that keep all of these; those are
//! noticed by what the copies write (`records`).

use std::collections::BTreeSet;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use serde::{Deserialize, Serialize};

use crate::PeerError;
use crate::home::{Home, write_whole};

/// Where Linux names the installation.
const MACHINE_ID: &str = "/etc/machine-id";

/// Bytes of a machine's name at most.
const MACHINE_ID_MAX: usize = 128;

/// Computers that one home on a disk is carried between, at most.
const COMPUTERS_MAX: usize = 16;

/// What a person says about a home that is a copy.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Claim {
    /// Nothing: a home that is a copy is not started.
    #[default]
    Nothing,
    /// It is the only one that is left: it was moved, or restored from a backup.
    OnlyOne,
    /// It is a copy, and shall become a new device.
    NewDevice,
}

/// What a home remembers of its place.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Place {
    /// Random, so that the hashes tell nobody which computers they are.
    salt: String,
    /// Of the folder.
    inode: u64,
    /// When the folder was born, nanoseconds since 1970; empty where the system does not say.
    #[serde(default)]
    born: String,
    /// Hashes of the computers it is at home on.
    #[serde(default)]
    computers: BTreeSet<String>,
    /// For words only.
    path: PathBuf,
    /// Whether the home is becoming a new device: whatever was left undone is done at the next start.
    #[serde(default)]
    is_renewing: bool,
}

/// What became of looking.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// The home is the folder it was, or new.
    Here,
    /// It is another folder, and nothing says that the one it was lives on: moved to another disk, or restored.
    Moved,
    /// The home it was made of, named so, is still there, or is on another computer.
    Copied(PathBuf),
    /// It was becoming a new device when the power went.
    Renewing,
}

impl Place {
    /// Looks whether a home is where it was; a home without a memory of it is taken as here.
    pub(crate) fn look(home: &Home) -> Result<Found, PeerError> {
        Self::look_from(home, machine_id().as_deref())
    }

    pub(crate) fn look_from(home: &Home, machine: Option<&str>) -> Result<Found, PeerError> {
        let Some(known) = Self::load(home.path()) else { return Ok(Found::Here) };
        if known.is_renewing {
            return Ok(Found::Renewing);
        }
        if known.is_folder(home.path())? {
            return Ok(Found::Here);
        }
        let is_same_computer = machine
            .map(|machine| hash(&known.salt, machine))
            .is_none_or(|computer| known.computers.is_empty() || known.computers.contains(&computer));
        let is_original_there = known.is_folder(&known.path).unwrap_or(false);
        Ok(if is_same_computer && !is_original_there { Found::Moved } else { Found::Copied(known.path) })
    }

    /// Says whether a folder is the one that is remembered, whatever its name is now.
    fn is_folder(&self, path: &Path) -> Result<bool, PeerError> {
        let now = Self::here(path, &self.salt)?;
        let is_same_birth = self.born.is_empty() || now.born.is_empty() || self.born == now.born;
        Ok(self.inode == now.inode && is_same_birth)
    }

    /// Remembers that the home is at home here. Computers it was known on stay known only as long as the folder is the
    /// same one.
    pub(crate) fn remember(home: &Home) -> Result<(), PeerError> {
        Self::remember_from(home, machine_id().as_deref())
    }

    pub(crate) fn remember_from(home: &Home, machine: Option<&str>) -> Result<(), PeerError> {
        let known = Self::load(home.path());
        let salt = match &known {
            Some(known) => known.salt.clone(),
            None => fresh_salt()?,
        };
        let mut place = Self::here(home.path(), &salt)?;
        if let Some(known) = &known
            && (known.inode, &known.born) == (place.inode, &place.born)
        {
            place.computers.clone_from(&known.computers);
        }
        if let Some(machine) = machine {
            if place.computers.len() >= COMPUTERS_MAX {
                place.computers.clear();
            }
            place.computers.insert(hash(&salt, machine));
        }
        if known.as_ref() != Some(&place) {
            place.save(home)?;
        }
        Ok(())
    }

    /// Remembers durably that the home is becoming a new device.
    pub(crate) fn begin_renewal(home: &Home) -> Result<(), PeerError> {
        Self { is_renewing: true, path: home.path().to_owned(), ..Self::default() }.save(home)
    }

    /// Ends a renewal: the home is a new one, here.
    pub(crate) fn end_renewal(home: &Home) -> Result<(), PeerError> {
        std::fs::remove_file(home.place()).map_err(|error| PeerError::of_home(home.path(), error))?;
        Self::remember(home)
    }

    /// A damaged file is as none: who can damage it could as well write another one.
    fn load(home: &Path) -> Option<Self> {
        let text = std::fs::read_to_string(home.join(crate::home::PLACE)).ok()?;
        toml::from_str(&text).ok()
    }

    fn save(&self, home: &Home) -> Result<(), PeerError> {
        let text = toml::to_string(self).unwrap_or_default();
        write_whole(&home.place(), text.as_bytes()).map_err(|error| PeerError::of_home(home.path(), error))
    }

    fn here(path: &Path, salt: &str) -> Result<Self, PeerError> {
        let folder = std::fs::metadata(path).map_err(|error| PeerError::of_home(path, error))?;
        let born = folder.created().ok().and_then(|born| born.duration_since(UNIX_EPOCH).ok());
        Ok(Self {
            salt: salt.to_owned(),
            inode: folder.ino(),
            born: born.map(|born| born.as_nanos().to_string()).unwrap_or_default(),
            computers: BTreeSet::new(),
            path: path.to_owned(),
            is_renewing: false,
        })
    }
}

fn hash(salt: &str, machine: &str) -> String {
    let key = blake3::derive_key("althing computer of a home v1", salt.as_bytes());
    blake3::keyed_hash(&key, machine.as_bytes()).to_string()
}

fn fresh_salt() -> Result<String, PeerError> {
    let mut salt = [0; 16];
    getrandom::fill(&mut salt).ok().ok_or(PeerError::NoRandomness)?;
    Ok(format!("{:032x}", u128::from_be_bytes(salt)))
}

/// Returns what names this installation; in many containers nothing does.
fn machine_id() -> Option<String> {
    let id = std::fs::read_to_string(MACHINE_ID).ok()?.trim().to_owned();
    (!id.is_empty() && id.len() <= MACHINE_ID_MAX && id != "uninitialized").then_some(id)
}
