//! The home: one folder that holds everything a peer keeps, readable by its owner only, used by one peer at a time.
//!
//! Not for: what the store and the contents look like inside (`store`, `network`).

use std::ffi::OsString;
use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::FlockOperation;

use crate::PeerError;
use crate::config::CONFIG_FILE;

/// Bytes of a Unix socket's path that every system allows (Linux: 107, macOS: 103).
pub(crate) const SOCKET_PATH_MAX: usize = 103;

const KEYS: &str = "keys";
const LOCK: &str = "lock";
const SOCKET: &str = "althing.sock";
const STORE: &str = "store.redb";
const NETWORK: &str = "network";
pub(crate) const PORTS: &str = "ports.toml";
pub(crate) const PLACE: &str = "place.toml";
const SESSIONS: &str = "sessions";
const INDEX: &str = "index";
pub(crate) const MAIL: &str = "mail.toml";

/// Everything Althing ever puts into a home.
const NAMES: [&str; 11] =
    [KEYS, LOCK, SOCKET, STORE, NETWORK, PORTS, PLACE, SESSIONS, INDEX, MAIL, CONFIG_FILE];

/// A home in use by this process. Dropping it lets another peer use it.
#[derive(Debug)]
pub struct Home {
    path: PathBuf,
    lock: File,
}

/// Returns the home named by the environment: `ALTHING_HOME`, else `althing` in the user's data folder.
pub fn home_from_environment() -> Result<PathBuf, PeerError> {
    let named = |name| std::env::var_os(name).filter(|value: &OsString| !value.is_empty());
    if let Some(home) = named("ALTHING_HOME") {
        let path = PathBuf::from(home);
        return if path.is_absolute() { Ok(path) } else { Err(PeerError::HomeNotAbsolute { path }) };
    }
    // The XDG rules: a relative XDG_DATA_HOME counts as not set.
    let data = named("XDG_DATA_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let data = data.or_else(|| Some(PathBuf::from(named("HOME")?).join(".local/share")));
    data.map(|data| data.join("althing")).ok_or(PeerError::NoHome)
}

/// Returns where the peer of a home listens for commands.
pub fn socket_path(home: &Path) -> PathBuf {
    home.join(SOCKET)
}

/// Returns where the keys of a home are.
pub fn keys_path(home: &Path) -> PathBuf {
    home.join(KEYS)
}

impl Home {
    /// Makes the home if it is missing, and takes it for this process.
    pub fn open(path: &Path) -> Result<Self, PeerError> {
        if !path.is_absolute() {
            return Err(PeerError::HomeNotAbsolute { path: path.to_owned() });
        }
        if socket_path(path).as_os_str().len() > SOCKET_PATH_MAX {
            return Err(PeerError::HomePathTooLong { path: path.to_owned(), limit: SOCKET_PATH_MAX });
        }
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(path)
            .map_err(|error| PeerError::of_home(path, error))?;
        refuse_foreign(path)?;
        let lock = take_lock(path)?;
        close_to_others(path)?;
        Ok(Self { path: path.to_owned(), lock })
    }

    /// Returns the folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns where the keys are.
    pub(crate) fn keys(&self) -> PathBuf {
        keys_path(&self.path)
    }

    /// Returns where the store is.
    pub(crate) fn store(&self) -> PathBuf {
        self.path.join(STORE)
    }

    /// Returns where the network keeps contents and its address book.
    pub(crate) fn network(&self) -> PathBuf {
        self.path.join(NETWORK)
    }

    /// Returns where the chosen ports are remembered.
    pub(crate) fn ports(&self) -> PathBuf {
        self.path.join(PORTS)
    }

    /// Returns where the home remembers its place.
    pub(crate) fn place(&self) -> PathBuf {
        self.path.join(PLACE)
    }

    /// Returns where the index of names and texts is.
    pub(crate) fn index(&self) -> PathBuf {
        self.path.join(INDEX)
    }

    /// Returns where the gateways keep their sessions.
    pub(crate) fn sessions(&self) -> PathBuf {
        self.path.join(SESSIONS)
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        // The lock itself ends with the file; an old process id left there would only confuse.
        let _is_cleared = self.lock.set_len(0).is_ok();
    }
}

/// A folder with other things in it was named by mistake: we must not close it to others or write into it.
fn refuse_foreign(path: &Path) -> Result<(), PeerError> {
    let unusable = |error| PeerError::of_home(path, error);
    if path.join(KEYS).try_exists().map_err(unusable)? {
        return Ok(());
    }
    for entry in std::fs::read_dir(path).map_err(unusable)? {
        let name = entry.map_err(unusable)?.file_name();
        // A file that was being written when the power went has `.new` at its end.
        let stem = name.to_str().map(|name| name.strip_suffix(".new").unwrap_or(name));
        if !stem.is_some_and(|stem| NAMES.contains(&stem)) {
            return Err(PeerError::NotAHome {
                path: path.to_owned(),
                found: name.to_string_lossy().into_owned(),
            });
        }
    }
    Ok(())
}

fn take_lock(home: &Path) -> Result<File, PeerError> {
    let unusable = |error| PeerError::of_home(home, error);
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(home.join(LOCK))
        .map_err(unusable)?;
    match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => {}
        Err(rustix::io::Errno::WOULDBLOCK) => {
            let mut process = String::new();
            let is_read = file.take(32).read_to_string(&mut process).is_ok();
            let process = process.trim();
            let process = if is_read && !process.is_empty() { process } else { "unknown" };
            return Err(PeerError::HomeInUse { path: home.to_owned(), process: process.to_owned() });
        }
        Err(error) => return Err(unusable(error.into())),
    }
    let write = |file: &mut File| -> io::Result<()> {
        file.set_len(0)?;
        file.rewind()?;
        writeln!(file, "{}", std::process::id())
    };
    write(&mut file).map_err(unusable)?;
    Ok(file)
}

fn close_to_others(path: &Path) -> Result<(), PeerError> {
    let unusable = |error| PeerError::of_home(path, error);
    let mode = std::fs::metadata(path).map_err(unusable)?.mode();
    if mode & 0o077 != 0 {
        tracing::warn!("the home was open to other users of this computer; closing it");
        std::fs::set_permissions(path, Permissions::from_mode(0o700)).map_err(unusable)?;
    }
    Ok(())
}

/// Writes a file that appears whole or not at all, readable by its owner only, and survives a power cut.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let parent = path.parent().unwrap_or(Path::new("/"));
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let new = parent.join(name);
    match std::fs::remove_file(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&new, path)?;
    File::open(parent)?.sync_all()
}
