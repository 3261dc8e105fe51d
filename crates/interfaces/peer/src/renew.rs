//! A home that is a copy of another becomes a new device: new keys, no rows, the same contents.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;

use records::Halt;
use store::{Backing as _, RedbBacking};
use wire::crypto::{SignKey, Signer as _};

use crate::PeerError;
use crate::home::Home;
use crate::keys::{KeyFile, Passphrase};
use crate::place::{Claim, Found, Place};

/// What became of a home before its peer starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Settled {
    /// It is as it was.
    AsBefore,
    /// It was moved, or restored and may lack what it wrote since.
    OnlyOne,
    /// It is a new device now.
    NewDevice,
}

/// Sees to it that no other home is the same device, as far as this one can tell by itself; before anything is written.
/// What it finds of a home that stays is found again until [`Place::remember`].
pub(crate) fn settle(
    home: &Home,
    claim: Claim,
    passphrase: Option<&Passphrase>,
) -> Result<Settled, PeerError> {
    match (Place::look(home)?, claim) {
        (Found::Renewing, _) => {}
        (Found::Here, Claim::Nothing) => return Ok(Settled::AsBefore),
        (Found::Copied(before), Claim::Nothing) => {
            return Err(PeerError::Copied { path: home.path().to_owned(), before });
        }
        (Found::Moved, Claim::Nothing) | (_, Claim::OnlyOne) => return Ok(Settled::OnlyOne),
        (Found::Here | Found::Moved, Claim::NewDevice) if !is_disowned(home, passphrase)? => {
            return Err(PeerError::NoCopy { path: home.path().to_owned() });
        }
        (_, Claim::NewDevice) => {
            KeyFile::may_renew(home, passphrase)?;
            Place::begin_renewal(home)?;
        }
    }
    KeyFile::renew(home, passphrase)?;
    forget_rows(home).map_err(|error| PeerError::of_home(home.path(), error))?;
    Place::end_renewal(home)?;
    Ok(Settled::NewDevice)
}

/// Says whether the rows of a home prove that another one writes as its device.
fn is_disowned(home: &Home, passphrase: Option<&Passphrase>) -> Result<bool, PeerError> {
    if !home.store().exists() {
        return Ok(false);
    }
    let me = SignKey::from_seed(&KeyFile::open(home, passphrase)?.device()).device();
    let backing = RedbBacking::open(home.store())?;
    let rows = backing.snapshot()?;
    let is_proof = |halt| matches!(halt, Halt::Forked | Halt::Copied);
    Ok(records::halts(&*rows, me)?.into_iter().any(|(_, halt)| is_proof(halt)))
}

/// Removes all that a device knows of others and of itself; contents stay, under the names that their bytes have.
fn forget_rows(home: &Home) -> io::Result<()> {
    for path in [home.store(), home.ports(), home.sessions(), home.index()] {
        remove(&path)?;
    }
    let entries = match fs::read_dir(home.network()) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        if entry.file_name() != network::CONTENTS {
            remove(&entry.path())?;
        }
    }
    Ok(())
}

fn remove(path: &Path) -> io::Result<()> {
    let removed = match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(error) => Err(error),
    };
    match removed {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
