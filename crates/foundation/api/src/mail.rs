//! Operations of `mail`: mail between the persons of a web, and the folders it is kept in.

use base::{ByteCount, ContentId, OperationId, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::operation::operations;

operations! {
    Act "mail.send" SendMail -> SentMail, "mail send {to} {subject} {text}", "Sends a mail of plain text to people of your webs, with files if any are named.", says "Sent to {to}.";
    Read "mail.folders" AskMailFolders -> Folders, "mail folders", "Lists your mail folders.";
    Read "mail.messages" AskMails -> Mails, "mail list {folder?}", "Lists mails of a folder, newest first; of INBOX if nothing else is said.";
    Read "mail.read" AskMail -> MailView, "mail show {message}", "Shows one mail: its text, and what is attached.";
    Read "mail.coming" AskComing -> Coming, "mail coming", "Lists large mails that are on their way here.";
    Read "mail.part" AskMailPart -> MailPart, "", "Says what is needed to save a part of a mail, or all of it.";
    Act "mail.draft" KeepDraft -> DraftKept, "", "Keeps a mail that is being written, also for the person's other computers; one in which nothing stands is forgotten.";
    Read "mail.drafts" AskDrafts -> Drafts, "mail drafts", "Lists mails that you have begun in the page.";
    Act "mail.flag" FlagMail -> MailFolderDone, "mail flag {messages}", "Sets, adds or removes flags of mails, as \\Seen or \\Flagged.", says "Done in {folder}.";
    Act "mail.move" MoveMail -> MailPlaced, "mail move {messages} {folder}", "Moves mails into another folder.", says "In {folder} now.";
    Act "mail.copy" CopyMail -> MailPlaced, "", "Copies mails into another folder.";
    Act "mail.expunge" ExpungeMail -> MailFolderDone, "", "Removes those mails of a folder that carry \\Deleted.";
    Act "mail.append" AppendMail -> MailPlaced, "", "Puts a mail into a folder, as mail programs do with drafts and what they have sent.";
    Act "mail.submit" SubmitMail -> SentMail, "", "Sends a mail that is written already, as mail programs do.";
    Act "mail.new_folder" NewMailFolder -> MailFolderDone, "mail folder new {folder}", "Makes a mail folder.", says "The folder {folder} is there.";
    Act "mail.remove_folder" RemoveMailFolder -> MailFolderDone, "mail folder remove {folder}", "Removes a mail folder with the mails in it.", says "The folder {folder} is gone.";
    Act "mail.rename_folder" RenameMailFolder -> MailFolderDone, "mail folder rename {folder} {name}", "Renames a mail folder and all below it.", says "The folder is called {folder} now.";
    Act "mail.show_folder" ShowMailFolder -> MailFolderDone, "", "Says whether mail programs are to show a folder.";
    Act "mail.outline" KeepMailOutline -> MailFolderDone, "", "Keeps how a mail is built, so that it need not be read whole again.";
    Read "mail.addresses" AskAddresses -> Addresses, "mail addresses {web?}", "Lists who can be written to, and under which address.";
    Read "host.mail_settings" AskMailSettings -> MailSettings, "mail settings", "Shows what to enter in Thunderbird, mutt, mbsync and other mail programs.";
    Act "host.mail_save" SaveMail -> SavedMail, "mail save {message} {part} {to}", "Saves a file that came with a mail, or the whole mail.", says "{file} is saved.";
    Act "host.mail_on" MailOn -> MailSettings, "mail on", "Begins to serve your mail to mail programs of this computer.", says "Mail programs find your mail at IMAP port {imap_port} and SMTP port {smtp_port} of 127.0.0.1; althing mail settings says more.";
    Act "host.mail_off" MailOff -> MailSettings, "mail off", "Serves mail programs no more; the mail stays.", says "Mail programs are not served any more.";
    Act "host.mail_password" NewMailPassword -> MailPassword, "mail password", "Makes the password for mail programs anew, and shows it once; the one before ends.", says "{password}" => passing;
}

/// Arguments of `mail.send`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SendMail {
    /// To whom: addresses as `bob@family.althing.internal`, or `bob@family` for short; several with commas between them.
    pub to: String,
    /// What it is about.
    pub subject: String,
    /// The text, without formatting.
    pub text: String,
    /// Who is to get it, too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cc: Option<String>,
    /// Files that come with it: paths on this computer; from the page `ID/NAME`, of bytes that `POST /attachment` has taken.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("format" = "local-path"))]
    pub attach: Vec<String>,
}

/// Arguments of `mail.draft`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KeepDraft {
    /// Which one; none: it is new.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<OperationId>,
    /// To whom, as far as it was written.
    pub to: String,
    /// What it is about.
    pub subject: String,
    /// The text.
    pub text: String,
}

/// A draft is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DraftKept {
    /// Its name.
    pub id: OperationId,
    /// Whether it follows to the person's other computers; a long one stays here.
    pub follows: bool,
}

/// Arguments of `mail.drafts`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AskDrafts {}

/// A mail that is being written in the page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DraftView {
    /// Its name.
    pub id: OperationId,
    /// When it was changed last.
    pub at: Timestamp,
    /// To whom, as far as it was written.
    pub to: String,
    /// What it is about.
    pub subject: String,
    /// The text.
    pub text: String,
    /// Whether it follows to the person's other computers; a long one stays on the computer on which it was written.
    pub follows: bool,
}

/// Mails that are being written in the page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Drafts {
    /// The last changed first.
    pub drafts: Vec<DraftView>,
}

/// Bytes that were taken for a mail that is being written: the answer of `POST /attachment`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TakenFile {
    /// 32 digits that name them, for an hour and until the peer stops.
    pub id: String,
    /// How many.
    pub size: ByteCount,
}

/// A mail that is on its way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SentMail {
    /// Its name among all mails.
    pub id: String,
    /// To whom.
    pub to: String,
}

/// Arguments of `mail.submit`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SubmitMail {
    /// The mail as RFC 5322 has it, in base64.
    pub message: String,
    /// Addresses of all who get it, also of those whom it does not name.
    pub to: Vec<String>,
    /// Its body, if that is large: then `message` is the head with the empty line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<MailBody>,
    /// Whether a copy is put into `Sent`: mail programs put theirs there by themselves.
    #[serde(default)]
    pub is_kept: bool,
}

/// The body of a large mail: a content of its own, sealed, that is kept on this computer already.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MailBody {
    /// The sealed bytes.
    pub sealed: ContentId,
    /// BLAKE3 of the body.
    pub digest: ContentId,
    /// Bytes of the body.
    pub size: ByteCount,
    /// What the key is derived from: 64 hexadecimal digits.
    pub secret: String,
}

/// Arguments of `mail.append`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AppendMail {
    /// The folder.
    pub folder: String,
    /// The mail, in base64.
    pub message: String,
    /// Its flags.
    #[serde(default)]
    pub flags: Vec<String>,
    /// When it came; now if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<Timestamp>,
    /// Its body, as for `mail.submit`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<MailBody>,
}

/// Where mails are now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MailPlaced {
    /// The folder.
    pub folder: String,
    /// Its validity of numbers.
    pub validity: u32,
    /// Their numbers before and now; before is 0 of one that was in no folder.
    pub uids: Vec<(u64, u64)>,
}

/// How flags change.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum FlagsHow {
    /// These, too.
    #[default]
    Add,
    /// These no more.
    Remove,
    /// These and no others.
    Set,
}

/// Arguments of `mail.flag`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FlagMail {
    /// Which: `FOLDER/NUMBER`, or `FOLDER/NUMBER,NUMBER` for several of one folder.
    pub messages: String,
    /// The flags: `\Seen`, `\Answered`, `\Flagged`, `\Deleted`, `\Draft`, or words of your own.
    pub flags: Vec<String>,
    /// How they change; `add` if not said.
    #[serde(default)]
    pub change: FlagsHow,
}

/// Arguments of `mail.move`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MoveMail {
    /// Which: `FOLDER/NUMBER`, or `FOLDER/NUMBER,NUMBER` for several of one folder.
    pub messages: String,
    /// Where to.
    pub folder: String,
}

/// Arguments of `mail.copy`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CopyMail {
    /// Which, as for moving.
    pub messages: String,
    /// Where to.
    pub folder: String,
}

/// Arguments of `mail.expunge`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExpungeMail {
    /// The folder.
    pub folder: String,
    /// Of these mails.
    pub uids: Vec<u64>,
}

/// Arguments of `mail.new_folder`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewMailFolder {
    /// Its name; levels joined by `/`.
    pub folder: String,
}

/// Arguments of `mail.remove_folder`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RemoveMailFolder {
    /// Its name.
    pub folder: String,
}

/// Arguments of `mail.rename_folder`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RenameMailFolder {
    /// Its name.
    pub folder: String,
    /// The new one.
    pub name: String,
}

/// Arguments of `mail.show_folder`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShowMailFolder {
    /// Its name.
    pub folder: String,
    /// Whether mail programs are to show it.
    pub is_shown: bool,
}

/// Arguments of `mail.outline`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KeepMailOutline {
    /// The folder.
    pub folder: String,
    /// The mail's number.
    pub uid: u64,
    /// The outline, in base64.
    pub outline: String,
}

/// What was done with a folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MailFolderDone {
    /// The folder.
    pub folder: String,
}

/// Arguments of `mail.folders`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AskMailFolders {}

/// A mail folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FolderView {
    /// Its name; levels joined by `/`.
    pub name: String,
    /// Mails in it.
    pub messages: u64,
    /// Mails that were not read.
    pub unseen: u64,
}

/// Mail folders.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Folders {
    /// Those that are always there first.
    pub folders: Vec<FolderView>,
}

/// Arguments of `mail.messages`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AskMails {
    /// The folder; INBOX if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<String>,
    /// Those with smaller numbers than this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub below: Option<u64>,
    /// At most so many, up to 200; 50 if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
}

/// One line of a folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MailLine {
    /// How it is named: `FOLDER/NUMBER`.
    pub message: String,
    /// Who wrote it: checked against the signature.
    pub from: String,
    /// What it is about.
    pub subject: String,
    /// When it came.
    pub at: Timestamp,
    /// Its bytes.
    pub size: ByteCount,
    /// Its flags.
    pub flags: Vec<String>,
    /// Its number.
    pub uid: u64,
}

/// Mails of a folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Mails {
    /// Newest first.
    pub mails: Vec<MailLine>,
    /// Whether there are more below.
    pub has_more: bool,
}

/// Arguments of `mail.read`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AskMail {
    /// Which: `FOLDER/NUMBER`.
    pub message: String,
}

/// Arguments of `mail.part`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AskMailPart {
    /// Which mail: `FOLDER/NUMBER`.
    pub message: String,
    /// Which of its parts, by its number; 0: the mail as it came.
    pub part: u64,
}

/// A part of a mail that can be saved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MailPart {
    /// Which mail: `FOLDER/NUMBER`.
    pub message: String,
    /// Which of its parts; 0: the mail as it came.
    pub part: u64,
    /// What it says it is called. Whoever saves it makes it harmless first.
    pub name: String,
    /// Its bytes, without what they were wrapped in for their way.
    pub size: ByteCount,
}

/// Arguments of `host.mail_save`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SaveMail {
    /// Which mail: `FOLDER/NUMBER`.
    pub message: String,
    /// Which of its parts, by its number; 0: the mail as it came.
    pub part: u64,
    /// Where: a folder, in which it gets the name it came with, made harmless; or a file that is not there yet.
    #[schemars(extend("format" = "local-path"))]
    pub to: String,
}

/// A part of a mail was saved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SavedMail {
    /// The file.
    pub file: String,
    /// Its bytes.
    pub size: ByteCount,
}

/// A part of a mail that is not its text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AttachmentView {
    /// Its number, by which it is saved.
    pub part: u64,
    /// What it says it is called; empty when it does not.
    pub name: String,
    /// What it says it is.
    pub media: String,
    /// Its bytes, up to a few; exact when it is saved.
    pub size: ByteCount,
}

/// A mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MailView {
    /// How it is named: `FOLDER/NUMBER`.
    pub message: String,
    /// Who wrote it: checked against the signature.
    pub from: String,
    /// To whom.
    pub to: String,
    /// Who gets it, too.
    pub cc: String,
    /// What it is about.
    pub subject: String,
    /// When it was written, as it says.
    pub date: String,
    /// When it came.
    pub at: Timestamp,
    /// Its text. Of a mail that has HTML only, its source: it is never rendered.
    pub text: String,
    /// Whether the text is the source of HTML.
    pub is_html: bool,
    /// Whether text and attachments could be read; else only the head is shown.
    pub is_whole: bool,
    /// What else it brings.
    pub attachments: Vec<AttachmentView>,
    /// Its flags.
    pub flags: Vec<String>,
    /// Its bytes.
    pub size: ByteCount,
}

/// Arguments of `mail.coming`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AskComing {}

/// A large mail that is on its way here: its letter has come, what is attached has not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ComingMail {
    /// The folder in which it will be.
    pub folder: String,
    /// The author's address.
    pub from: String,
    /// What it is about.
    pub subject: String,
    /// Its bytes.
    pub size: ByteCount,
    /// How many of them are here.
    pub here: ByteCount,
    /// When it was sent.
    pub at: Timestamp,
    /// Whether somebody who has the rest is there now.
    pub is_reachable: bool,
    /// Whether it is being brought: from whoever has it, as soon as they are there. Else its author has sent so much that its turn is another day.
    pub is_asked: bool,
}

/// Large mails that are on their way here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Coming {
    /// The newest first.
    pub mails: Vec<ComingMail>,
}

/// Arguments of `mail.addresses`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AskAddresses {
    /// The web; all of yours if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub web: Option<String>,
}

/// Who can be written to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AddressView {
    /// The address.
    pub address: String,
    /// Whose it is, yours as `you`.
    pub who: String,
    /// The web.
    pub web: String,
    /// Whether several get what is sent there.
    pub is_list: bool,
}

/// Addresses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Addresses {
    /// By web; lists first, then members by seniority.
    pub addresses: Vec<AddressView>,
}

/// Arguments of `host.mail_settings`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AskMailSettings {}

/// Arguments of `host.mail_on`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MailOn {}

/// Arguments of `host.mail_off`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MailOff {}

/// How mail programs are served.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MailSettings {
    /// Whether they are.
    pub is_on: bool,
    /// The port of IMAP on 127.0.0.1; 0 before it was switched on once.
    pub imap_port: u16,
    /// The port of SMTP.
    pub smtp_port: u16,
    /// The user name for both.
    pub user: String,
    /// Whether a password was made.
    pub has_password: bool,
    /// Bytes of a mail at most that the page or the command line writes, with all that comes with it; mail programs send up to 2 GiB. On its way
    /// each file takes a third more than it has.
    pub size_max: ByteCount,
    /// Addresses to write from, the first of each web first.
    pub addresses: Vec<String>,
    /// What to enter where, for Thunderbird.
    pub thunderbird: String,
    /// Lines for `~/.muttrc`.
    pub mutt: String,
    /// Lines for `~/.mbsyncrc`.
    pub mbsync: String,
    /// A file for Thunderbird's folder `isp`, from which it knows what to enter by itself.
    pub autoconfig: String,
}

/// Arguments of `host.mail_password`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewMailPassword {}

/// A password.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MailPassword {
    /// The user name that goes with it.
    pub user: String,
    /// The password; it is kept nowhere and shown only now.
    pub password: String,
}
