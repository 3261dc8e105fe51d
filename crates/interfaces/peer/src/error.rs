//! Why a peer cannot start or cannot do what only the peer itself can do.

use std::io;
use std::path::PathBuf;

use base::{Fault, FaultKind};
use kernel::KernelError;
use store::StoreError;

use crate::keys::{PASSPHRASE_LENGTH_MIN, PASSPHRASE_SIZE_MAX};

/// Why a peer cannot start or cannot do what only the peer itself can do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PeerError {
    /// Neither `ALTHING_HOME` nor `HOME` is set.
    #[error("there is no place for the home: neither ALTHING_HOME nor HOME is set")]
    NoHome,
    /// The named home is not an absolute path.
    #[error("the home {path} is not an absolute path")]
    HomeNotAbsolute {
        /// What was named.
        path: PathBuf,
    },
    /// Something else lives in that folder.
    #[error("{path} is not a home of Althing: there are other things in it, such as {found}")]
    NotAHome {
        /// The folder.
        path: PathBuf,
        /// One of the other things.
        found: String,
    },
    /// The home cannot be used.
    #[error("the home {path} cannot be used: {}", in_words(.source))]
    HomeUnusable {
        /// The home.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The home may not be written.
    #[error("the home {path} cannot be written")]
    HomeReadOnly {
        /// The home.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// No space is left for the home.
    #[error("no space is left on the disk of the home {path}")]
    HomeFull {
        /// The home.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Another peer runs with this home.
    #[error("the home {path} is in use by the peer with process id {process}")]
    HomeInUse {
        /// The home.
        path: PathBuf,
        /// Its process, as it wrote down.
        process: String,
    },
    /// The home's path is too long for the socket in it.
    #[error("the path of the home {path} is too long: the socket in it may have {limit} bytes at most")]
    HomePathTooLong {
        /// The home.
        path: PathBuf,
        /// Bytes the system allows.
        limit: usize,
    },
    /// There is a store but no keys.
    #[error("the keys of the home {path} are missing, but there is a store")]
    KeysMissing {
        /// The home.
        path: PathBuf,
    },
    /// Others may read the keys.
    #[error("other users of this computer may read the keys in {path}")]
    KeysExposed {
        /// The file.
        path: PathBuf,
    },
    /// The keys cannot be read.
    #[error("the keys in {path} cannot be read: {}", in_words(.source))]
    KeysUnreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The keys are not what was written.
    #[error("the keys in {path} are damaged")]
    KeysDamaged {
        /// The file.
        path: PathBuf,
    },
    /// The keys were written by a later Althing.
    #[error("the keys in {path} were written by a newer Althing (format {found}, this one knows {known})")]
    KeysFuture {
        /// The file.
        path: PathBuf,
        /// What the file says.
        found: u16,
        /// What this program knows.
        known: u16,
    },
    /// The keys are sealed under a passphrase, and none was given.
    #[error("the keys of this home are sealed under a passphrase")]
    PassphraseNeeded,
    /// The passphrase does not open the keys.
    #[error("the passphrase does not open the keys of this home")]
    PassphraseWrong,
    /// The passphrase is too short or too long.
    #[error(
        "a passphrase has at least {} characters, and at most {} bytes",
        PASSPHRASE_LENGTH_MIN,
        PASSPHRASE_SIZE_MAX
    )]
    PassphraseLength,
    /// No keyring can be asked.
    #[error("no keyring of the system can be asked: {why}")]
    KeyringMissing {
        /// Why.
        why: &'static str,
    },
    /// The keyring is locked.
    #[error("the system's keyring is locked")]
    KeyringLocked,
    /// The keyring does not have the key.
    #[error("the system's keyring does not have the key under which this home's secrets are sealed")]
    KeyringLacksKey,
    /// The keyring fails.
    #[error("the system's keyring cannot be used: {why}")]
    KeyringFailed {
        /// What it says.
        why: String,
    },
    /// The home was somewhere else when it was last used.
    #[error("the home {path} looks like a copy of {before}, or like a backup that was put back")]
    Copied {
        /// The home.
        path: PathBuf,
        /// Where it was used last.
        before: PathBuf,
    },
    /// The home is no copy as far as can be seen.
    #[error("the home {path} does not look like a copy, so its keys are not thrown away")]
    NoCopy {
        /// The home.
        path: PathBuf,
    },
    /// The system gives no randomness.
    #[error("this computer gives no random numbers, so no keys can be made")]
    NoRandomness,
    /// The configuration cannot be read.
    #[error("{path} cannot be read: {}", in_words(.source))]
    ConfigUnreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The configuration is not TOML.
    #[error("{path}, line {line}: {}", .source.message())]
    ConfigSyntax {
        /// The file.
        path: PathBuf,
        /// Where, from 1.
        line: usize,
        /// What the reader of TOML says.
        source: Box<toml::de::Error>,
    },
    /// A key that does not exist.
    #[error("{path}: there is no key {key}; did you mean {nearest}?")]
    ConfigUnknown {
        /// The file.
        path: PathBuf,
        /// The wrong key.
        key: String,
        /// The nearest right one.
        nearest: &'static str,
    },
    /// A value of the wrong kind.
    #[error("{path}: {key} must be {expected}")]
    ConfigValue {
        /// The file.
        path: PathBuf,
        /// The key.
        key: String,
        /// What would be right.
        expected: &'static str,
    },
    /// The store cannot be opened.
    #[error("the store cannot be opened")]
    Store(#[from] StoreError),
    /// The kernel cannot be opened.
    #[error("the kernel cannot be opened")]
    Kernel(#[from] KernelError),
    /// Threads cannot be started.
    #[error("this computer gives no more threads: {}", in_words(.0))]
    NoThreads(io::Error),
    /// A part of the house refuses to start; its own fault says why.
    #[error("{0}")]
    Part(Fault),
    /// The peer is stopping.
    #[error("this peer is stopping")]
    Stopping,
    /// Nobody who has the bytes is here.
    #[error("cannot read {name}: nobody who has it is here now")]
    NobodyHere {
        /// The file.
        name: String,
    },
    /// The export's folder is not usable.
    #[error("cannot export to {folder}: {why}")]
    ExportFolder {
        /// The folder.
        folder: String,
        /// Why.
        why: String,
    },
    /// A document cannot be written there.
    #[error("cannot export to {file}: {why}")]
    ExportFile {
        /// The file.
        file: String,
        /// Why.
        why: String,
    },
    /// A setting of `config.toml` stands above what a person switches.
    #[error("cannot switch finding others on the local network: config.toml decides it")]
    LanIsConfigured,
    /// A setting of `config.toml` stands above what a person switches.
    #[error("cannot switch the BitTorrent DHT: config.toml decides it")]
    DhtIsConfigured,
    /// Mail programs cannot be served.
    #[error("{0}")]
    Mail(mail::MailError),
    /// There is no such web.
    #[error("there is no web {web} here")]
    NoSuchWeb {
        /// What was asked for.
        web: String,
    },
}

impl PeerError {
    /// Tells a full disk and a folder that may not be written from everything else.
    pub(crate) fn of_home(path: impl Into<PathBuf>, source: io::Error) -> Self {
        let path = path.into();
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::HomeFull { path, source },
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                Self::HomeReadOnly { path, source }
            }
            _ => Self::HomeUnusable { path, source },
        }
    }

    fn code(&self) -> (&'static str, FaultKind) {
        use FaultKind::{Broken, Settings, Unreachable, Yours};
        match self {
            Self::NoHome => ("peer.no-home", Settings),
            Self::HomeNotAbsolute { .. } => ("peer.home-not-absolute", Settings),
            Self::NotAHome { .. } => ("peer.not-a-home", Settings),
            Self::HomeUnusable { .. } => ("peer.home-unusable", Settings),
            Self::HomeReadOnly { .. } => ("peer.home-read-only", Settings),
            Self::HomeFull { .. } => ("peer.home-full", Settings),
            Self::HomeInUse { .. } => ("peer.home-in-use", Settings),
            Self::HomePathTooLong { .. } => ("peer.home-path-too-long", Settings),
            Self::KeysMissing { .. } => ("peer.keys-missing", Settings),
            Self::KeysExposed { .. } => ("peer.keys-exposed", Settings),
            Self::KeysUnreadable { .. } => ("peer.keys-unreadable", Settings),
            Self::KeysDamaged { .. } => ("peer.keys-damaged", Settings),
            Self::KeysFuture { .. } => ("peer.keys-future", Settings),
            Self::PassphraseNeeded => ("peer.passphrase-needed", Settings),
            Self::PassphraseWrong => ("peer.passphrase-wrong", Yours),
            Self::PassphraseLength => ("peer.passphrase-length", Yours),
            Self::KeyringMissing { .. } => ("peer.keyring-missing", Settings),
            Self::KeyringLocked => ("peer.keyring-locked", Settings),
            Self::KeyringLacksKey => ("peer.keyring-lacks-key", Settings),
            Self::KeyringFailed { .. } => ("peer.keyring-failed", Settings),
            Self::Copied { .. } => ("peer.copied", Settings),
            Self::NoCopy { .. } => ("peer.no-copy", Yours),
            Self::NoRandomness => ("peer.no-randomness", Settings),
            Self::ConfigUnreadable { .. } => ("peer.config-unreadable", Settings),
            Self::ConfigSyntax { .. } => ("peer.config-syntax", Settings),
            Self::ConfigUnknown { .. } => ("peer.config-unknown", Settings),
            Self::ConfigValue { .. } => ("peer.config-value", Settings),
            Self::Store(_) => ("peer.store", Broken),
            Self::Kernel(_) => ("peer.kernel", Broken),
            Self::NoThreads(_) => ("peer.no-threads", Settings),
            Self::Part(_) => ("peer.part", Broken),
            Self::Stopping => ("peer.stopping", Unreachable),
            Self::NobodyHere { .. } => ("host.nobody-here", Unreachable),
            Self::ExportFolder { .. } => ("host.export-folder", Yours),
            Self::ExportFile { .. } => ("host.export-file", Yours),
            Self::LanIsConfigured => ("host.lan-is-configured", Settings),
            Self::DhtIsConfigured => ("host.dht-is-configured", Settings),
            Self::Mail(mail::MailError::PortTaken { .. }) => ("mail.port-taken", Settings),
            Self::Mail(mail::MailError::CannotListen { .. }) => ("mail.cannot-listen", Settings),
            Self::NoSuchWeb { .. } => ("host.no-such-web", Yours),
        }
    }
}

impl From<PeerError> for Fault {
    fn from(error: PeerError) -> Self {
        let (code, kind) = error.code();
        let fault = Self::new(code, kind, error.to_string());
        match error {
            PeerError::Part(fault) => fault,
            PeerError::Store(error) => error.into(),
            PeerError::Kernel(error) => error.into(),
            PeerError::NoHome => fault.remedy("export ALTHING_HOME=FOLDER", "names a folder for the home"),
            PeerError::HomeNotAbsolute { .. } => {
                fault.remedy("export ALTHING_HOME=\"$PWD/FOLDER\"", "names the home from the root on")
            }
            PeerError::NotAHome { .. } => {
                fault.remedy("", "name an empty or new folder with ALTHING_HOME; nothing was changed")
            }
            PeerError::HomeInUse { .. } => fault
                .remedy("althing status", "shows how that peer is")
                .remedy("althing stop", "stops it")
                .remedy("export ALTHING_HOME=FOLDER", "starts another peer with a home of its own"),
            PeerError::HomeReadOnly { .. } => fault
                .remedy("", "give yourself the right to write there, or name another home with ALTHING_HOME"),
            PeerError::HomeFull { .. } => {
                fault.remedy("", "free some space on that disk; nothing that was saved is lost")
            }
            PeerError::HomePathTooLong { .. } => {
                fault.remedy("export ALTHING_HOME=FOLDER", "names a home with a shorter path")
            }
            PeerError::KeysMissing { .. } => fault
                .remedy("", "put the file `keys` back from your backup: without it nobody can be you")
                .remedy("", "or move the home away and start as somebody new"),
            PeerError::KeysExposed { path } => {
                fault.remedy(format!("chmod 600 '{}'", path.display()), "lets only you read them")
            }
            PeerError::KeysDamaged { .. } => fault.remedy("", "put the file `keys` back from your backup"),
            PeerError::KeysFuture { .. } => {
                fault.remedy("", "start the newer Althing again; this one changes nothing there")
            }
            PeerError::PassphraseNeeded => fault
                .remedy("althing start", "in a terminal, asks for it")
                .remedy("", "a service reads it from its credential althing-passphrase: see docs/serving.md"),
            PeerError::PassphraseWrong => {
                fault.remedy("", "try again: nothing was changed, and nothing is lost")
            }
            PeerError::KeyringMissing { .. }
            | PeerError::KeyringFailed { .. }
            | PeerError::KeyringLocked
            | PeerError::KeyringLacksKey => keyring_remedies(&error, fault),
            PeerError::Copied { .. } => fault
                .remedy("althing start --same-computer", "if this is the only one: its folder or disk was moved, or it was restored")
                .remedy("althing start --new-device", "if the other one lives on: this one becomes a new computer of yours, keeps its contents, forgets the rest, and then needs a link from the other"),
            PeerError::NoCopy { .. } => fault
                .remedy("althing start", "starts it as it is")
                .remedy("", "to begin anew all the same, move the home away"),
            PeerError::ConfigSyntax { .. }
            | PeerError::ConfigUnknown { .. }
            | PeerError::ConfigValue { .. } => {
                fault.remedy("althing config show", "shows every key with its value and what it means")
            }
            PeerError::ExportFolder { .. } | PeerError::ExportFile { .. } => {
                fault.remedy("", "name something new by its whole path, as in /home/you/export")
            }
            PeerError::NobodyHere { .. } => fault
                .remedy("althing about PATH", "shows who has it and when they were last heard")
                .remedy("althing get PATH", "brings it as soon as somebody who has it is here"),
            PeerError::LanIsConfigured => fault
                .remedy("", "change or remove the line `lan = …` in config.toml and start the peer again"),
            PeerError::DhtIsConfigured => fault
                .remedy("", "change or remove the line `dht = …` in config.toml and start the peer again"),
            PeerError::Mail(_) => mail_remedies(fault),
            PeerError::NoSuchWeb { .. } => fault.remedy("althing web list", "lists your webs"),
            _ => fault,
        }
    }
}

fn mail_remedies(fault: Fault) -> Fault {
    fault
        .remedy(
            "",
            "end the program that has the port, and try again; mail programs have it in their settings",
        )
        .remedy(
            "",
            "or remove mail.toml from the home: then other ports are chosen, and the password is made anew",
        )
}

fn keyring_remedies(error: &PeerError, fault: Fault) -> Fault {
    match error {
        PeerError::KeyringLocked => fault
            .remedy("", "unlock it, by logging in to the desktop or in its program for passwords, and try again"),
        PeerError::KeyringLacksKey => fault
            .remedy("", "put the keyring back from a backup, or start as the user who owns it: nothing was changed")
            .remedy("althing start --new-device", "if this is a copy on another computer, and the other one lives on: this one becomes a new computer of yours")
            .remedy("", "or move the home away and start a new one: it becomes yours by a link (althing device add, on another computer of yours) or by your recovery words (althing recover)"),
        _ => fault
            .remedy("", "log in to the desktop as the owner of this home: its keyring opens with it. A service that is tried again starts then")
            .remedy("althing key passphrase", "protects the secrets where there is no keyring, while they can be opened"),
    }
}

fn in_words(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().to_lowercase()
}

/// Returns one fault of each kind this crate makes, for the list of all messages.
pub fn faults() -> Vec<Fault> {
    let path = || PathBuf::from("/home/alice/.local/share/althing");
    let file = || path().join("keys");
    let config = || path().join(crate::config::CONFIG_FILE);
    let denied = || io::Error::from(io::ErrorKind::PermissionDenied);
    let syntax = "page_port = = 1".parse::<toml::Table>().err().map(|source| PeerError::ConfigSyntax {
        path: config(),
        line: 1,
        source: Box::new(source),
    });
    [
        PeerError::NoHome,
        PeerError::HomeNotAbsolute { path: PathBuf::from("althing") },
        PeerError::NotAHome { path: path(), found: "holiday.mp4".to_owned() },
        PeerError::HomeUnusable { path: path(), source: io::Error::from(io::ErrorKind::NotADirectory) },
        PeerError::HomeReadOnly { path: path(), source: denied() },
        PeerError::HomeFull { path: path(), source: io::Error::from(io::ErrorKind::StorageFull) },
        PeerError::HomeInUse { path: path(), process: "4242".to_owned() },
        PeerError::HomePathTooLong { path: path(), limit: crate::home::SOCKET_PATH_MAX },
        PeerError::KeysMissing { path: path() },
        PeerError::KeysExposed { path: file() },
        PeerError::KeysUnreadable { path: file(), source: denied() },
        PeerError::KeysDamaged { path: file() },
        PeerError::KeysFuture { path: file(), found: 5, known: 4 },
        PeerError::PassphraseNeeded,
        PeerError::PassphraseWrong,
        PeerError::PassphraseLength,
        PeerError::KeyringMissing { why: "none runs in this session" },
        PeerError::KeyringLocked,
        PeerError::KeyringLacksKey,
        PeerError::KeyringFailed { why: "the library for encrypting what it says refuses".to_owned() },
        PeerError::Copied { path: path(), before: PathBuf::from("/media/old/althing") },
        PeerError::NoCopy { path: path() },
        PeerError::NoRandomness,
        PeerError::ConfigUnreadable { path: config(), source: denied() },
        PeerError::ConfigUnknown { path: config(), key: "pageport".to_owned(), nearest: "page_port" },
        PeerError::ConfigValue {
            path: config(),
            key: "page_port".to_owned(),
            expected: "a number from 0 to 65535",
        },
        PeerError::NoThreads(io::Error::from(io::ErrorKind::WouldBlock)),
        PeerError::Stopping,
        PeerError::NobodyHere { name: "plan.md".to_owned() },
        PeerError::ExportFolder { folder: "export".to_owned(), why: "it is not empty".to_owned() },
        PeerError::ExportFile { file: "/home/you/plan.pdf".to_owned(), why: "it exists already".to_owned() },
        PeerError::LanIsConfigured,
        PeerError::DhtIsConfigured,
        PeerError::Mail(mail::MailError::PortTaken { port: 41_143 }),
        PeerError::Mail(mail::MailError::CannotListen {
            address: "127.0.0.1".to_owned(),
            why: "permission denied".to_owned(),
        }),
        PeerError::NoSuchWeb { web: "famly".to_owned() },
    ]
    .into_iter()
    .chain(syntax)
    .map(Fault::from)
    .chain(crate::words::faults())
    .collect()
}
