//! What can go wrong with mail, in the words a person reads.

use base::{Fault, FaultKind};
use store::StoreError;

/// Why something asked of `mail` was not done.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the sentence of each says it")]
pub enum MailFault {
    #[error("the arguments of {operation} are not understood: {why}")]
    BadArguments { operation: String, why: String },
    #[error(
        "{address} is no address of Althing: they are written person@web.althing.internal, and mail never leaves into the internet"
    )]
    NoAddress { address: String },
    #[error("you are in no web {web} to which mail could be sent")]
    NoSuchWeb { web: String },
    #[error("nobody in {web} has the address {address}")]
    NoSuchPerson { address: String, web: String },
    #[error("{address} can mean several people: {}", .others.join(", "))]
    SeveralPersons { address: String, others: Vec<String> },
    #[error("mail cannot be sealed for {address} yet: no key of that person is known here")]
    NoKey { address: String },
    #[error("you do not write in {web}, so you cannot send mail there")]
    NotWriting { web: String },
    #[error("the mail is from {address}, which is not an address of yours")]
    NotYours { address: String },
    #[error("the head of the mail cannot be read in one way only: {why}")]
    BadHead { why: &'static str },
    #[error("the mail has {size} bytes, {limit} are taken")]
    TooLarge { size: u64, limit: u64 },
    #[error("the mail would have to be sealed {letters} times, {limit} times are allowed")]
    TooManyLetters { letters: u64, limit: u64 },
    #[error("too much mail was sent from this computer: {limit} letters in {seconds} s are allowed")]
    TooFast { limit: u64, seconds: u64 },
    #[error("the mail is for nobody")]
    NobodyMeant,
    #[error("there is no mail folder {folder}")]
    NoSuchFolder { folder: String },
    #[error("there is a mail folder {folder} already")]
    FolderTaken { folder: String },
    #[error("{folder:?} cannot be a mail folder's name")]
    BadFolder { folder: String },
    #[error("the mail folder {folder} stays: mail programs rely on it")]
    FolderStays { folder: String },
    #[error("there are {limit} mail folders, more are not kept")]
    TooManyFolders { limit: usize },
    #[error("there is no mail {message}")]
    NoSuchMessage { message: String },
    #[error("the mail {message} has no part {part}")]
    NoSuchPart { message: String, part: u64 },
    #[error("{limit} mails are being written, more are not kept")]
    TooManyDrafts { limit: usize },
    #[error("{name} cannot come with the mail: {why}")]
    NotAttached { name: String, why: String },
    #[error("nothing is saved as {file}: {why}")]
    NotSaved { file: String, why: String },
    #[error("{0}")]
    Store(#[from] StoreError),
}

impl From<MailFault> for Fault {
    fn from(error: MailFault) -> Self {
        let what = error.to_string();
        let yours = |code| Self::new(code, FaultKind::Yours, what.clone());
        let refused = |code| Self::new(code, FaultKind::Refused, what.clone());
        let folders = ("althing mail folders", "lists your mail folders");
        match error {
            MailFault::Store(error) => error.into(),
            MailFault::BadArguments { .. } => {
                yours("mail.arguments").remedy("althing mail --help", "shows what can be done with mail")
            }
            MailFault::NoAddress { .. } => yours("mail.no-address")
                .remedy("althing mail addresses", "lists who can be written to, and how"),
            MailFault::NoSuchWeb { .. } => {
                yours("mail.no-such-web").remedy("althing mail addresses", "lists who can be written to")
            }
            MailFault::NoSuchPerson { .. } => {
                yours("mail.no-such-person").remedy("althing mail addresses", "lists who can be written to")
            }
            MailFault::SeveralPersons { .. } => yours("mail.several-persons")
                .remedy("", "write to one of these addresses: each is one person's"),
            MailFault::NoKey { .. } => Self::new("mail.no-key", FaultKind::Unreachable, what)
                .remedy("", "try again later: the key comes with what the web's computers tell each other"),
            MailFault::NotWriting { .. } => refused("mail.not-writing")
                .remedy("althing people WEB", "shows your role and who could change it"),
            MailFault::NotYours { .. } => refused("mail.not-yours").remedy(
                "althing mail settings",
                "shows your addresses; others see whose log a mail stands in",
            ),
            MailFault::BadHead { .. } => refused("mail.bad-head")
                .remedy("", "write From and Sender as Name <person@web.althing.internal>"),
            MailFault::TooLarge { .. } => refused("mail.too-large")
                .remedy("althing share WEB FOLDER", "shares the file; send its link (althing link PATH)"),
            MailFault::TooManyLetters { .. } => refused("mail.too-many-letters").remedy(
                "",
                "write to all@WEB.althing.internal, which is sealed once, or send a smaller mail",
            ),
            MailFault::TooFast { .. } => Self::new("mail.too-fast", FaultKind::Unreachable, what)
                .remedy("", "wait a moment and send it again"),
            MailFault::NobodyMeant => yours("mail.nobody-meant").remedy("", "say at least one address"),
            MailFault::NoSuchFolder { .. } => yours("mail.no-such-folder").remedy(folders.0, folders.1),
            MailFault::FolderTaken { .. } => yours("mail.folder-taken").remedy(folders.0, folders.1),
            MailFault::BadFolder { .. } => yours("mail.bad-folder").remedy(
                "",
                "up to 200 bytes, levels joined by /, without control characters or empty levels",
            ),
            MailFault::FolderStays { .. } => {
                refused("mail.folder-stays").remedy("", "move or remove the mails in it instead")
            }
            MailFault::TooManyFolders { .. } => refused("mail.too-many-folders").remedy(folders.0, folders.1),
            MailFault::TooManyDrafts { .. } => {
                refused("mail.too-many-drafts").remedy("", "send or discard one of them first")
            }
            MailFault::NoSuchMessage { .. } => {
                yours("mail.no-such-message").remedy("althing mail list", "lists mails with their names")
            }
            MailFault::NoSuchPart { .. } => {
                yours("mail.no-such-part").remedy("althing mail show MESSAGE", "lists what comes with a mail")
            }
            MailFault::NotAttached { .. } => {
                yours("mail.not-attached").remedy("", "attach the file again, or send the mail without it")
            }
            MailFault::NotSaved { .. } => {
                yours("mail.not-saved").remedy("", "name a folder, or a file that is not there yet")
            }
        }
    }
}

/// Returns one fault for each variant, for the page of all faults.
pub fn faults() -> Vec<Fault> {
    let text = str::to_owned;
    let bob = || text("bob@family.althing.internal");
    let others = vec![text("bob~3f2a9c@family.althing.internal"), text("bob~91bc02@family.althing.internal")];
    [
        MailFault::BadArguments { operation: text("mail.send"), why: text("missing field `to`") },
        MailFault::NoAddress { address: text("bob@gmail.com") },
        MailFault::NoSuchWeb { web: text("famly") },
        MailFault::NoSuchPerson { address: text("bobb@family.althing.internal"), web: text("family") },
        MailFault::SeveralPersons { address: bob(), others },
        MailFault::NoKey { address: bob() },
        MailFault::NotWriting { web: text("family") },
        MailFault::NotYours { address: bob() },
        MailFault::BadHead { why: "From stands there twice" },
        MailFault::TooLarge { size: 10_000_000, limit: crate::MESSAGE_SIZE_MAX },
        MailFault::TooManyLetters { letters: 96, limit: 64 },
        MailFault::TooFast { limit: 600, seconds: 20 },
        MailFault::NobodyMeant,
        MailFault::NoSuchFolder { folder: text("Work") },
        MailFault::FolderTaken { folder: text("Work") },
        MailFault::BadFolder { folder: text("a//b") },
        MailFault::FolderStays { folder: text("INBOX") },
        MailFault::TooManyFolders { limit: crate::FOLDERS_MAX },
        MailFault::NoSuchMessage { message: text("INBOX/12") },
        MailFault::NoSuchPart { message: text("INBOX/12"), part: 3 },
        MailFault::TooManyDrafts { limit: 100 },
        MailFault::NotAttached { name: text("plan.pdf"), why: text("it is not kept any more") },
        MailFault::NotSaved { file: text("/home/you/plan.pdf"), why: text("it is there already") },
    ]
    .map(Fault::from)
    .to_vec()
}
