//! What can go wrong with shares, the tree and transfers, in the words a person reads.

use base::{ByteCount, Fault, FaultKind};

/// Why a question to `files` was not granted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FilesError {
    /// The arguments are not those of the operation.
    #[error("{operation} cannot be understood: {why}")]
    BadArguments {
        /// The operation.
        operation: String,
        /// What the reader said.
        why: String,
    },
    /// No web has that name.
    #[error("there is no web called {web} on this peer")]
    NoSuchWeb {
        /// As asked for.
        web: String,
    },
    /// This peer is not in that web, or not any more.
    #[error("you are not a member of {web}")]
    NotAMember {
        /// Its label.
        web: String,
    },
    /// Guests read and share nothing.
    #[error("cannot share anything in {web}: you are a guest there")]
    Guest {
        /// Its label.
        web: String,
    },
    /// This computer carries the web: it holds no key and sees no files.
    #[error("this computer carries {web} for others and can read nothing of it")]
    Carried {
        /// Its label.
        web: String,
    },
    /// Nothing in the tree has that path.
    #[error("there is nothing at {path}")]
    NoSuchPath {
        /// As asked for.
        path: String,
    },
    /// The path is one of a folder, a link, a person or a web.
    #[error("{path} is not a file")]
    NotAFile {
        /// As asked for.
        path: String,
    },
    /// The path is one of a file or a link.
    #[error("{path} is not a folder")]
    NotAFolder {
        /// As asked for.
        path: String,
    },
    /// Only shares and what is in them can be brought.
    #[error("{path} cannot be brought as a whole")]
    TooMuch {
        /// As asked for.
        path: String,
    },
    /// A folder to share or to save into is not an absolute path.
    #[error("{folder} is not an absolute path of a folder")]
    BadFolder {
        /// As asked for.
        folder: String,
    },
    /// A share's name is empty or holds what no name may hold.
    #[error("{name:?} cannot be the name of a share")]
    BadName {
        /// As asked for.
        name: String,
    },
    /// There is no such folder on this computer.
    #[error("cannot share {folder}: there is no such folder")]
    FolderMissing {
        /// As asked for.
        folder: String,
    },
    /// A file is there, or something else.
    #[error("cannot share {folder}: it is not a folder")]
    FolderIsNone {
        /// As asked for.
        folder: String,
    },
    /// The folder cannot be read.
    #[error("cannot share {folder}: {why}")]
    FolderUnreadable {
        /// As asked for.
        folder: String,
        /// What the computer says.
        why: String,
    },
    /// The folder holds the peer's home, or is in it: keys would be shared.
    #[error("cannot share {folder}: this peer keeps its keys and records there")]
    HomeInside {
        /// As asked for.
        folder: String,
    },
    /// The same folder is shared with that web already.
    #[error("{folder} is shared already, as {path}")]
    AlreadyShared {
        /// As asked for.
        folder: String,
        /// The share.
        path: String,
    },
    /// One folder would be in the other.
    #[error("cannot share {folder}: it and {other}, shared as {path}, are one inside the other")]
    ShareInShare {
        /// As asked for.
        folder: String,
        /// The other folder.
        other: String,
        /// The other share.
        path: String,
    },
    /// A share is not stopped.
    #[error("{path} is not stopped")]
    NotBraked {
        /// As asked for.
        path: String,
    },
    /// A share has enough canaries.
    #[error("a share has {limit} canaries at most")]
    TooManyCanaries {
        /// Files.
        limit: usize,
    },
    /// Somebody else shares it.
    #[error("{path} is not one of your shares")]
    NotYourShare {
        /// As asked for.
        path: String,
    },
    /// It is listed, but its owner has not read it yet, so nobody knows its content id.
    #[error("{path} is listed, but its owner's peer has not read it yet")]
    NotReadYet {
        /// As asked for.
        path: String,
    },
    /// The file has no such revision.
    #[error("{path} has no revision {revision} whose content is known")]
    NoSuchRevision {
        /// As asked for.
        path: String,
        /// As asked for.
        revision: u64,
    },
    /// No transfer has that id.
    #[error("there is no transfer {id}")]
    NoSuchTransfer {
        /// As asked for.
        id: String,
    },
    /// More than one transfer's id begins like that.
    #[error("more than one transfer's id begins with {id}")]
    AmbiguousTransfer {
        /// As asked for.
        id: String,
    },
    /// It is done, cancelled or failed.
    #[error("the transfer of {path} is over: {done} of {total} came")]
    TransferOver {
        /// What was brought.
        path: String,
        /// How much came.
        done: ByteCount,
        /// Of how much.
        total: ByteCount,
    },
    /// Too many live transfers.
    #[error("{count} transfers are under way already")]
    TooManyTransfers {
        /// How many.
        count: usize,
    },
    /// That content is not listed in that web.
    #[error("no file of that web that is listed here has this content")]
    NotListed,
    /// The peer was interrupted before it could answer.
    #[error("the peer was interrupted while it looked at {folder}")]
    Interrupted {
        /// As asked for.
        folder: String,
    },
}

impl FilesError {
    fn kind(&self) -> FaultKind {
        match self {
            Self::NotAMember { .. }
            | Self::Guest { .. }
            | Self::Carried { .. }
            | Self::NotYourShare { .. }
            | Self::NotBraked { .. }
            | Self::TooManyCanaries { .. }
            | Self::HomeInside { .. }
            | Self::NotListed => FaultKind::Refused,
            Self::FolderMissing { .. } | Self::FolderIsNone { .. } | Self::FolderUnreadable { .. } => {
                FaultKind::Settings
            }
            Self::AlreadyShared { .. } | Self::ShareInShare { .. } => FaultKind::Settings,
            Self::NotReadYet { .. } => FaultKind::Unreachable,
            Self::Interrupted { .. } => FaultKind::Broken,
            _ => FaultKind::Yours,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::BadArguments { .. } => "files.bad-arguments",
            Self::NoSuchWeb { .. } => "files.no-such-web",
            Self::NotAMember { .. } => "files.not-a-member",
            Self::Guest { .. } => "files.guest",
            Self::Carried { .. } => "files.carried",
            Self::NoSuchPath { .. } => "files.no-such-path",
            Self::NotAFile { .. } => "files.not-a-file",
            Self::NotAFolder { .. } => "files.not-a-folder",
            Self::TooMuch { .. } => "files.too-much",
            Self::BadFolder { .. } => "files.bad-folder",
            Self::BadName { .. } => "files.bad-name",
            Self::FolderMissing { .. } => "files.folder-missing",
            Self::FolderIsNone { .. } => "files.folder-is-none",
            Self::FolderUnreadable { .. } => "files.folder-unreadable",
            Self::HomeInside { .. } => "files.home-inside",
            Self::AlreadyShared { .. } => "files.already-shared",
            Self::ShareInShare { .. } => "files.share-in-share",
            Self::NotYourShare { .. } => "files.not-your-share",
            Self::NotBraked { .. } => "files.not-stopped",
            Self::TooManyCanaries { .. } => "files.too-many-canaries",
            Self::NotReadYet { .. } => "files.not-read-yet",
            Self::NoSuchRevision { .. } => "files.no-such-revision",
            Self::NoSuchTransfer { .. } => "files.no-such-transfer",
            Self::AmbiguousTransfer { .. } => "files.ambiguous-transfer",
            Self::TransferOver { .. } => "files.transfer-over",
            Self::TooManyTransfers { .. } => "files.too-many-transfers",
            Self::NotListed => "files.not-listed",
            Self::Interrupted { .. } => "files.interrupted",
        }
    }

    fn remedies(&self, fault: Fault) -> Fault {
        match self {
            Self::BadArguments { .. } => fault.remedy("althing help", "shows what every command takes"),
            Self::NoSuchWeb { .. } | Self::NotAMember { .. } => {
                fault.remedy("althing web list", "lists your webs")
            }
            Self::Guest { web } => fault.remedy(
                format!("althing people {}", quoted(web)),
                "shows the admins, who can make you a member",
            ),
            Self::Carried { web } => {
                fault.remedy(format!("althing mirror {}", quoted(web)), "shows how much is kept here, sealed")
            }
            Self::NoSuchPath { path } => fault
                .remedy(listing_above(path), "shows what is there")
                .remedy("althing find WORDS", "finds it by a few letters of its name"),
            Self::NotAFile { path } => {
                fault.remedy(format!("althing ls {}", quoted(path)), "shows what is in it")
            }
            Self::NotAFolder { path } => {
                fault.remedy(format!("althing about {}", quoted(path)), "shows what it is")
            }
            Self::TooMuch { path } => {
                fault.remedy(format!("althing ls {}", quoted(path)), "shows the shares to choose from")
            }
            Self::BadFolder { .. } => fault.remedy("", "give the whole path, as in /home/alice/documents"),
            Self::BadName { .. } => {
                fault.remedy("", "choose a name without / and control characters, at most 255 bytes")
            }
            Self::FolderMissing { .. } | Self::FolderIsNone { .. } => {
                fault.remedy("", "check the path; for a single file, share the folder it is in")
            }
            Self::FolderUnreadable { .. } => fault.remedy("", "give yourself the right to read it"),
            Self::HomeInside { .. } => {
                fault.remedy("", "share a folder beside or below it that does not hold the home")
            }
            Self::AlreadyShared { path, .. } => {
                fault.remedy(format!("althing ls {}", quoted(path)), "shows what others see of it")
            }
            Self::ShareInShare { path, .. } => {
                fault.remedy(format!("althing unshare {}", quoted(path)), "stops sharing the other one")
            }
            Self::NotYourShare { .. } | Self::NotBraked { .. } => {
                fault.remedy("althing shares", "lists your shares")
            }
            Self::TooManyCanaries { .. } => fault.remedy("", "make one an ordinary file again: --no-longer"),
            Self::NotReadYet { path } => {
                fault.remedy(format!("althing get {}", quoted(path)), "brings it as soon as it has been read")
            }
            Self::NoSuchRevision { path, .. } => {
                fault.remedy(format!("althing history {}", quoted(path)), "lists the revisions")
            }
            Self::NoSuchTransfer { .. } | Self::AmbiguousTransfer { .. } => {
                fault.remedy("althing transfers", "lists transfers with their ids")
            }
            Self::TransferOver { path, .. } => fault.remedy(
                format!("althing get {}", quoted(path)),
                "brings it again; what is here is not fetched twice",
            ),
            Self::TooManyTransfers { .. } => {
                fault.remedy("althing transfers", "lists them; cancel some, or bring a whole folder at once")
            }
            Self::NotListed => fault.remedy("", "open the file by its path"),
            Self::Interrupted { .. } => {
                fault.remedy("althing shares", "shows whether it is shared; if not, ask again")
            }
        }
    }
}

impl From<FilesError> for Fault {
    fn from(error: FilesError) -> Self {
        let fault = Self::new(error.code(), error.kind(), error.to_string());
        error.remedies(fault)
    }
}

fn listing_above(path: &str) -> String {
    match path.rsplit_once('/') {
        Some((above, _)) => format!("althing ls {}", quoted(above)),
        None => "althing ls".to_owned(),
    }
}

/// Quotes a path for a POSIX shell; names are hostile.
fn quoted(path: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "/._-~".contains(c);
    if !path.is_empty() && path.chars().all(is_plain) {
        return path.to_owned();
    }
    format!("'{}'", path.replace('\'', "'\\''"))
}

/// Returns one fault for every situation, for the page of all messages.
pub fn faults() -> Vec<Fault> {
    let path = || "family/alice/documents/plan.md".to_owned();
    let folder = || "/home/alice/documents".to_owned();
    let share = || "family/alice/documents".to_owned();
    let id = || "3f".to_owned();
    [
        FilesError::BadArguments {
            operation: "files.get".to_owned(),
            why: "missing field `path`".to_owned(),
        },
        FilesError::NoSuchWeb { web: "family".to_owned() },
        FilesError::NotAMember { web: "family".to_owned() },
        FilesError::Guest { web: "family".to_owned() },
        FilesError::Carried { web: "family".to_owned() },
        FilesError::NoSuchPath { path: path() },
        FilesError::NotAFile { path: share() },
        FilesError::NotAFolder { path: path() },
        FilesError::TooMuch { path: "family/alice".to_owned() },
        FilesError::BadFolder { folder: "documents".to_owned() },
        FilesError::BadName { name: "a/b".to_owned() },
        FilesError::FolderMissing { folder: folder() },
        FilesError::FolderIsNone { folder: folder() },
        FilesError::FolderUnreadable { folder: folder(), why: "permission denied".to_owned() },
        FilesError::HomeInside { folder: "/home/alice".to_owned() },
        FilesError::AlreadyShared { folder: folder(), path: share() },
        FilesError::ShareInShare { folder: format!("{}/old", folder()), other: folder(), path: share() },
        FilesError::NotYourShare { path: "family/bob/music".to_owned() },
        FilesError::NotBraked { path: share() },
        FilesError::TooManyCanaries { limit: 64 },
        FilesError::NotReadYet { path: path() },
        FilesError::NoSuchRevision { path: path(), revision: 7 },
        FilesError::NoSuchTransfer { id: id() },
        FilesError::AmbiguousTransfer { id: id() },
        FilesError::TransferOver { path: path(), done: ByteCount(1_000), total: ByteCount(2_000) },
        FilesError::TooManyTransfers { count: 1_000 },
        FilesError::NotListed,
        FilesError::Interrupted { folder: folder() },
    ]
    .map(Fault::from)
    .into()
}
