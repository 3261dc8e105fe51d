//! The service as the kernel meets it: which input leads where.

use std::collections::{BTreeMap, BTreeSet};

use api::Operation;
use api::mail as ask;
use base::{ContentId, Fault, FaultKind, Timestamp, WebId};
use data_encoding::{BASE64, HEXLOWER};
use kernel::{AskId, Input, JobId, ReadContext, Reader, Service, Step};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::drafts;
use crate::faults::MailFault;
use crate::flags::Flags;
use crate::folders::{self, Change};
use crate::ids::MailId;
use crate::large::{self, BODIES_ALARM};
use crate::sending::{OwnCopy, check_size};
use crate::statement::{IN_LETTERS_MAX, LargeBody, Secret};
use crate::tables::{FOLDERS, LETTERS, LETTERS_ALARM, MESSAGES, ORIGINS, OUTLINES};
use crate::{namings, placing, read, saying, submitted};

/// Bytes of an outline at most, as the protocol's side has it.
const OUTLINE_SIZE_MAX: usize = 1 << 20;

/// Makes the service.
pub fn service() -> Mail {
    Mail::default()
}

/// Keeps mail. Its fields are what is to be told when a batch closes, and how much was done lately; rows say the rest.
#[derive(Debug, Default)]
pub struct Mail {
    /// Folders that look different now.
    pub(crate) changed: BTreeSet<u64>,
    /// In which second how many letters were tried.
    pub(crate) tried: people::Tried,
    /// Since when how many letters were sent.
    pub(crate) pace: (Timestamp, u64),
    pub(crate) floods: records::Floods,
    /// Mails whose bodies are being looked at.
    pub(crate) checks: BTreeMap<JobId, (WebId, ContentId, MailId)>,
}

impl Service for Mail {
    fn name(&self) -> &'static str {
        "mail"
    }

    fn listens_to(&self) -> &'static [&'static str] {
        &["records", "people", "files"]
    }

    fn step(&mut self, step: &mut Step<'_>, input: Input) -> Result<(), Fault> {
        let done = self.take_input(step, input).and_then(|()| placing::settle(step));
        if let Err(fault) = &done
            && !fault.code.starts_with("mail.")
        {
            self.forget();
        }
        done
    }

    fn close_batch(&mut self, step: &mut Step<'_>) -> Result<(), Fault> {
        self.floods.tell(step);
        for folder in std::mem::take(&mut self.changed) {
            let name = FOLDERS.get(step.view(), &folder)?.map(|row| row.name).unwrap_or_default();
            step.emit("mail.changed", &serde_json::json!({ "folder": name }));
        }
        Ok(())
    }

    fn forget(&mut self) {
        *self = Self::default();
    }

    fn reader(&self) -> Box<dyn Reader> {
        Box::new(MailReader)
    }
}

impl Mail {
    fn take_input(&mut self, step: &mut Step<'_>, input: Input) -> Result<(), Fault> {
        match input {
            Input::Started => {
                folders::begin(step)?;
                namings::adopt(step)?;
                // Alarms of an earlier run are gone.
                self.look_after_bodies(step)?;
                saying::after_start(step)?;
                drafts::say(step)?;
                self.open_letters(step)
            }
            Input::Told { by: "records", message } => self.hear_records(step, &message),
            Input::Told { by: "people", message } => match people::Told::from_bytes(&message) {
                Ok(people::Told::Members { web } | people::Told::Joined { web }) => {
                    self.take_of_strangers(step, web)?;
                    saying::soon(step, web)?;
                    if LETTERS.try_again(step)? { self.open_letters(step) } else { Ok(()) }
                }
                Ok(people::Told::Mark { kind, about, value }) => {
                    drafts::hear_mark(step, (kind, &about), value.as_ref().map(|value| value.as_slice()))
                }
                _ => Ok(()),
            },
            Input::Told { by: "files", message } => self.hear_files(step, &message),
            Input::Alarm { key } if key == BODIES_ALARM => self.look_after_bodies(step),
            Input::Finished { job, outcome } => self.checked(step, job, &outcome),
            Input::Alarm { key } if key == drafts::ALARM => drafts::say(step),
            Input::Alarm { key } if key == LETTERS_ALARM => self.open_letters(step),
            Input::Alarm { key } => match key.strip_prefix(saying::ALARM).and_then(|web| web.parse().ok()) {
                Some(web) => saying::say(step, web),
                None => Ok(()),
            },
            Input::Asked { ask, operation, arguments } => self.ask(step, ask, (&operation, arguments)),
            _ => Ok(()),
        }
    }

    fn ask(
        &mut self,
        step: &mut Step<'_>,
        id: AskId,
        (operation, arguments): (&str, Value),
    ) -> Result<(), Fault> {
        match operation {
            ask::SendMail::NAME => {
                let asked: ask::SendMail = arguments_of(operation, arguments)?;
                let mail = self.send(step, &asked)?;
                step.reply(id, &ask::SentMail { id: mail.to_string(), to: asked.to });
            }
            ask::SubmitMail::NAME => {
                let asked: ask::SubmitMail = arguments_of(operation, arguments)?;
                let bytes = decoded(operation, &asked.message)?;
                let body = asked.body.as_ref().map(|body| body_of(operation, body)).transpose()?;
                let own_copy = if asked.is_kept { OwnCopy::Kept } else { OwnCopy::Elsewhere };
                let mail = self.submit(step, &bytes, &asked.to, (own_copy, body))?;
                step.reply(id, &ask::SentMail { id: mail.to_string(), to: asked.to.join(", ") });
            }
            ask::KeepDraft::NAME => {
                let answer = drafts::keep(step, arguments_of(operation, arguments)?)?;
                step.reply(id, &answer);
            }
            ask::AppendMail::NAME => {
                let answer = self.append(step, arguments_of(operation, arguments)?)?;
                step.reply(id, &answer);
            }
            ask::FlagMail::NAME => {
                let answer = self.flag(step, &arguments_of(operation, arguments)?)?;
                step.reply(id, &answer);
            }
            ask::CopyMail::NAME => {
                let answer = self.copy(step, &arguments_of(operation, arguments)?)?;
                step.reply(id, &answer);
            }
            ask::MoveMail::NAME => {
                let asked: ask::MoveMail = arguments_of(operation, arguments)?;
                let (folder, uids) = named(step, &asked.messages)?;
                let answer = self.shift(step, (folder, uids), &asked.folder)?;
                step.reply(id, &answer);
            }
            _ => return self.ask_of_folders(step, id, (operation, arguments)),
        }
        Ok(())
    }

    fn ask_of_folders(
        &mut self,
        step: &mut Step<'_>,
        id: AskId,
        (operation, arguments): (&str, Value),
    ) -> Result<(), Fault> {
        let name = match operation {
            ask::ExpungeMail::NAME => {
                let asked: ask::ExpungeMail = arguments_of(operation, arguments)?;
                let folder = folders::named(step, &asked.folder)?;
                folders::expunge(step, folder, &asked.uids)?;
                self.changed.insert(folder);
                asked.folder
            }
            ask::NewMailFolder::NAME => {
                let asked: ask::NewMailFolder = arguments_of(operation, arguments)?;
                folders::create(step, &asked.folder)?;
                self.follow_namings(step)?;
                asked.folder
            }
            ask::RemoveMailFolder::NAME => {
                let asked: ask::RemoveMailFolder = arguments_of(operation, arguments)?;
                let folder = folders::named(step, &asked.folder)?;
                folders::remove(step, folder)?;
                self.follow_namings(step)?;
                asked.folder
            }
            ask::RenameMailFolder::NAME => {
                let asked: ask::RenameMailFolder = arguments_of(operation, arguments)?;
                let folder = folders::named(step, &asked.folder)?;
                folders::rename(step, folder, &asked.name)?;
                self.follow_namings(step)?;
                asked.name
            }
            ask::ShowMailFolder::NAME => {
                let asked: ask::ShowMailFolder = arguments_of(operation, arguments)?;
                let folder = folders::named(step, &asked.folder)?;
                folders::subscribe(step, folder, asked.is_shown)?;
                asked.folder
            }
            ask::KeepMailOutline::NAME => {
                let asked: ask::KeepMailOutline = arguments_of(operation, arguments)?;
                keep_outline(step, operation, &asked)?;
                asked.folder
            }
            _ => return Err(no_operation(operation)),
        };
        step.reply(id, &ask::MailFolderDone { folder: name });
        Ok(())
    }

    fn append(&mut self, step: &mut Step<'_>, asked: ask::AppendMail) -> Result<ask::MailPlaced, Fault> {
        let folder = folders::named(step, &asked.folder)?;
        let bytes = decoded(ask::AppendMail::NAME, &asked.message)?;
        let body = asked.body.as_ref().map(|body| body_of(ask::AppendMail::NAME, body)).transpose()?;
        check_size(bytes.len(), body.as_ref())?;
        let kept = keep_appended(step, &bytes, body)?;
        let flags = Flags::of(&asked.flags);
        let uid = folders::put(step, folder, kept, (flags, asked.date.unwrap_or(step.now())))?;
        self.changed.insert(folder);
        let validity = folders::folder(step, folder)?.validity;
        Ok(ask::MailPlaced { folder: asked.folder, validity, uids: vec![(0, uid)] })
    }

    fn flag(&mut self, step: &mut Step<'_>, asked: &ask::FlagMail) -> Result<ask::MailFolderDone, Fault> {
        let (folder, uids) = named(step, &asked.messages)?;
        let flags = Flags::of(&asked.flags);
        let change = match asked.change {
            ask::FlagsHow::Set => Change::Replace,
            ask::FlagsHow::Add => Change::Add,
            ask::FlagsHow::Remove => Change::Remove,
        };
        folders::flag(step, folder, &uids, (change, &flags))?;
        self.changed.insert(folder);
        Ok(ask::MailFolderDone { folder: folders::folder(step, folder)?.name })
    }

    fn copy(&mut self, step: &mut Step<'_>, asked: &ask::CopyMail) -> Result<ask::MailPlaced, Fault> {
        let (from, uids) = named(step, &asked.messages)?;
        let to = folders::named(step, &asked.folder)?;
        let uids = folders::copy(step, from, &uids, to)?;
        self.changed.insert(to);
        let validity = folders::folder(step, to)?.validity;
        Ok(ask::MailPlaced { folder: asked.folder.clone(), validity, uids })
    }

    fn shift(
        &mut self,
        step: &mut Step<'_>,
        (from, uids): (u64, Vec<u64>),
        name: &str,
    ) -> Result<ask::MailPlaced, Fault> {
        let to = folders::named(step, name)?;
        let pairs = folders::copy(step, from, &uids, to)?;
        folders::take_out(step, from, &uids)?;
        self.changed.extend([from, to]);
        let validity = folders::folder(step, to)?.validity;
        Ok(ask::MailPlaced { folder: name.to_owned(), validity, uids: pairs })
    }
}

/// Keeps a message that a mail program puts away; if it was sent from here, it is that mail.
fn keep_appended(step: &mut Step<'_>, bytes: &[u8], body: Option<LargeBody>) -> Result<u64, Fault> {
    let sent = submitted::found(step, bytes)?;
    if let (Some(origin), None) = (sent, &body)
        && let Some(kept) = ORIGINS.get(step.view(), &origin)?
    {
        return Ok(kept);
    }
    let kept = match body {
        Some(body) => {
            // Contents are here for a web; which one does not matter, since nobody is told the key.
            let webs = people::read::webs(step.view())?;
            let web = webs.iter().find(|row| row.standing.is_in());
            let limit = IN_LETTERS_MAX;
            let web = web.ok_or(MailFault::TooLarge { size: body.size, limit })?.id;
            large::keep(step, web, &body);
            folders::keep_large(step, web, bytes, body)?
        }
        None => folders::keep(step, bytes)?,
    };
    if let Some(origin) = sent
        && !ORIGINS.has(step.view(), &origin)?
    {
        submitted::is_here(step, origin, kept)?;
    }
    Ok(kept)
}

/// Finds messages by `FOLDER/NUMBER`, or `FOLDER/NUMBER,NUMBER` for several of one folder.
fn named(step: &Step<'_>, name: &str) -> Result<(u64, Vec<u64>), Fault> {
    let unknown = || MailFault::NoSuchMessage { message: crate::naming::shown(name) };
    let (folder, numbers) = name.rsplit_once('/').ok_or_else(unknown)?;
    let uids: Vec<u64> =
        numbers.split(',').map(str::parse).collect::<Result<_, _>>().map_err(|_no| unknown())?;
    let folder = read::folder_named(step.view(), folder)?.ok_or_else(unknown)?;
    if let [uid] = uids.as_slice()
        && !MESSAGES.has(step.view(), &(folder, *uid))?
    {
        return Err(unknown().into());
    }
    Ok((folder, uids))
}

fn keep_outline(step: &mut Step<'_>, operation: &str, asked: &ask::KeepMailOutline) -> Result<(), Fault> {
    let outline = decoded(operation, &asked.outline)?;
    let folder = folders::named(step, &asked.folder)?;
    if let Some(message) = MESSAGES.get(step.view(), &(folder, asked.uid))?
        && outline.len() <= OUTLINE_SIZE_MAX
    {
        OUTLINES.put(step.rows(), &message.mail, &outline.into());
    }
    Ok(())
}

fn decoded(operation: &str, text: &str) -> Result<Vec<u8>, Fault> {
    let size = text.len() as u64 / 4 * 3;
    if size > IN_LETTERS_MAX.max(OUTLINE_SIZE_MAX as u64).saturating_add(2) {
        return Err(MailFault::TooLarge { size, limit: IN_LETTERS_MAX }.into());
    }
    BASE64.decode(text.as_bytes()).map_err(|error| {
        MailFault::BadArguments { operation: operation.to_owned(), why: error.to_string() }.into()
    })
}

fn body_of(operation: &str, asked: &ask::MailBody) -> Result<LargeBody, Fault> {
    let secret = HEXLOWER.decode(asked.secret.as_bytes()).ok().and_then(|bytes| bytes.try_into().ok());
    let secret = Secret(secret.ok_or_else(|| MailFault::BadArguments {
        operation: operation.to_owned(),
        why: "the secret has no 64 digits".to_owned(),
    })?);
    Ok(LargeBody { sealed: asked.sealed, digest: asked.digest, size: asked.size.0, secret })
}

fn arguments_of<T: DeserializeOwned>(operation: &str, arguments: Value) -> Result<T, Fault> {
    serde_json::from_value(arguments).map_err(|error| {
        MailFault::BadArguments { operation: operation.to_owned(), why: error.to_string() }.into()
    })
}

fn no_operation(operation: &str) -> Fault {
    let why = "there is no such operation".to_owned();
    MailFault::BadArguments { operation: operation.to_owned(), why }.into()
}

/// Answers read operations.
#[derive(Debug)]
struct MailReader;

impl Reader for MailReader {
    fn read(&self, context: &ReadContext<'_>, operation: &str, arguments: Value) -> Result<Value, Fault> {
        match operation {
            ask::AskMailFolders::NAME => value(&read::folder_views(context.rows)?),
            ask::AskDrafts::NAME => value(&ask::Drafts { drafts: drafts::all(context.rows)? }),
            ask::AskAddresses::NAME => {
                let asked: ask::AskAddresses = arguments_of(operation, arguments)?;
                value(&read::addresses(context.rows, asked.web.as_deref())?)
            }
            _ => Err(no_operation(operation)),
        }
    }
}

fn value<T: Serialize>(answer: &T) -> Result<Value, Fault> {
    serde_json::to_value(answer).map_err(|error| {
        Fault::new("mail.answer", FaultKind::Broken, format!("an answer could not be written: {error}"))
    })
}
