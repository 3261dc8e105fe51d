//! The service as the kernel meets it: which input leads where.

use std::collections::BTreeMap;

use api::Operation;
use api::pages::{
    Append, BringBack, Edit, Edited, Here, NewDocument, Publish, RemoveDocument, RestoreDocument, Unpublish,
    Write,
};
use base::{Fault, FileId};
use kernel::{AskId, Channel, Input, JobId, Reader, Service, Step};
use serde_json::Value;

use crate::applying;
use crate::documents;
use crate::here::Presence;
use crate::linking::{self, Finding, FoundLink};
use crate::merging;
use crate::reading::{PagesReader, arguments_of, unknown};
use crate::sites;
use crate::tables::DocumentKey;
use crate::writing::{SAY, Texts, say, say_all};

/// Bytes of what a driver found at most: the links of one file.
const FOUND_SIZE_MAX: usize = 4 * 1024 * 1024;

/// Makes the service.
pub fn service() -> Pages {
    Pages::default()
}

/// Links, sites, documents. Its fields are texts in memory, who is where, and work with the driver.
#[derive(Debug, Default)]
pub struct Pages {
    texts: Texts,
    presence: Presence,
    finding: BTreeMap<JobId, Finding>,
}

impl Service for Pages {
    fn name(&self) -> &'static str {
        "pages"
    }

    fn listens_to(&self) -> &'static [&'static str] {
        // Logs that are cut.
        &["records"]
    }

    fn step(&mut self, step: &mut Step<'_>, input: Input) -> Result<(), Fault> {
        let done = self.take(step, input);
        if done.as_ref().is_err_and(|fault| fault.kind == base::FaultKind::Broken) {
            // What the step wrote is dropped; texts may be ahead of the rows.
            self.texts.clear();
        }
        done
    }

    fn close_batch(&mut self, step: &mut Step<'_>) -> Result<(), Fault> {
        merging::close(step, &mut self.texts)?;
        let busy: Vec<FileId> = self.finding.values().map(Finding::file).collect();
        self.finding.extend(linking::look(step, &busy)?);
        Ok(())
    }

    fn forget(&mut self) {
        self.texts.clear();
        self.presence.clear();
        self.finding.clear();
    }

    fn reader(&self) -> Box<dyn Reader> {
        Box::new(PagesReader)
    }
}

impl Pages {
    fn take(&mut self, step: &mut Step<'_>, input: Input) -> Result<(), Fault> {
        match input {
            Input::Started => {
                self.forget();
                say_all(step, &mut self.texts)
            }
            Input::Told { by: "records", message } => applying::hear(step, &mut self.texts, &message),
            Input::Asked { ask, operation, arguments } => self.ask(step, ask, &operation, arguments),
            Input::Heard { from, channel: Channel::Member, message, .. } => {
                self.presence.hear(step, from, &message)
            }
            Input::Disconnected { device, channel: Channel::Member } => {
                self.presence.lose(step, device);
                Ok(())
            }
            Input::Finished { job, outcome } => match self.finding.remove(&job) {
                Some(finding) => {
                    let found = outcome
                        .ok()
                        .and_then(|bytes| wire::from_bytes::<Vec<FoundLink>>(&bytes, FOUND_SIZE_MAX).ok());
                    finding.take(step, found)
                }
                None => Ok(()),
            },
            Input::Alarm { key } => match key.strip_prefix(SAY).and_then(key_of) {
                Some(key) => say(step, &mut self.texts, key),
                None => Ok(()),
            },
            _ => Ok(()),
        }
    }

    fn ask(
        &mut self,
        step: &mut Step<'_>,
        ask: AskId,
        operation: &str,
        arguments: Value,
    ) -> Result<(), Fault> {
        let texts = &mut self.texts;
        let edited: Edited = match operation {
            NewDocument::NAME => {
                return documents::begin(step, texts, ask, &arguments_of(operation, arguments)?);
            }
            RemoveDocument::NAME => {
                let RemoveDocument { document } = arguments_of(operation, arguments)?;
                return documents::list(step, ask, &document, true);
            }
            BringBack::NAME => {
                let BringBack { document } = arguments_of(operation, arguments)?;
                return documents::list(step, ask, &document, false);
            }
            Publish::NAME => {
                let asked: Publish = arguments_of(operation, arguments)?;
                return sites::publish(step, ask, &asked);
            }
            Unpublish::NAME => {
                let asked: Unpublish = arguments_of(operation, arguments)?;
                return sites::unpublish(step, ask, &asked);
            }
            Here::NAME => {
                let asked: Here = arguments_of(operation, arguments)?;
                let cursors = self.presence.be_here(step, texts, &asked)?;
                step.reply(ask, &cursors);
                return Ok(());
            }
            Write::NAME => documents::write(step, texts, &arguments_of(operation, arguments)?)?,
            Append::NAME => documents::append(step, texts, &arguments_of(operation, arguments)?)?,
            Edit::NAME => documents::edit(step, texts, &arguments_of(operation, arguments)?)?,
            RestoreDocument::NAME => documents::restore(step, texts, &arguments_of(operation, arguments)?)?,
            _ => return Err(unknown(operation)),
        };
        step.reply(ask, &edited);
        Ok(())
    }
}

fn key_of(text: &str) -> Option<DocumentKey> {
    let (web, document) = text.split_once(' ')?;
    Some((web.parse().ok()?, document.parse().ok()?))
}
