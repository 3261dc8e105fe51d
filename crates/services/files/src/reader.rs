//! Answers the read operations of `files` on a snapshot.

use api::Operation;
use api::files::{
    About, AskHistory, AskMirrored, AskShares, AskTransfer, AskTransfers, List, Shares, Transfers,
};
use base::Fault;
use kernel::{ReadContext, Reader};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::faults::FilesError;
use crate::share::share_view;
use crate::tables::{ORDER, OWN, TRANSFERS};
use crate::view::Viewer;
use crate::{history, mirrored, transfer, tree};

/// Transfers told at most.
const TRANSFERS_MAX: usize = 200;

/// Answers read operations.
#[derive(Debug)]
pub(crate) struct FilesReader;

impl Reader for FilesReader {
    fn read(&self, context: &ReadContext<'_>, operation: &str, arguments: Value) -> Result<Value, Fault> {
        let mut viewer = Viewer::new(context)?;
        match operation {
            AskShares::NAME => answer(&shares(context)?),
            List::NAME => answer(&tree::list(&mut viewer, &arguments_of(operation, arguments)?)?),
            About::NAME => answer(&history::about(&mut viewer, &arguments_of(operation, arguments)?)?),
            AskHistory::NAME => answer(&history::history(&mut viewer, &arguments_of(operation, arguments)?)?),
            AskMirrored::NAME => {
                answer(&mirrored::mirrored(&mut viewer, &arguments_of(operation, arguments)?)?)
            }
            AskTransfers::NAME => answer(&transfers(context)?),
            AskTransfer::NAME => {
                let asked: AskTransfer = arguments_of(operation, arguments)?;
                let (id, row) = transfer::named(context.rows, &asked.id)?;
                answer(&transfer::view_of(context.rows, context.me, id, row)?)
            }
            _ => Err(unknown(operation)),
        }
    }
}

/// Reads an operation's arguments.
pub(crate) fn arguments_of<T: DeserializeOwned>(operation: &str, arguments: Value) -> Result<T, Fault> {
    serde_json::from_value(arguments).map_err(|error| {
        FilesError::BadArguments { operation: operation.to_owned(), why: error.to_string() }.into()
    })
}

/// Says that there is no such operation.
pub(crate) fn unknown(operation: &str) -> Fault {
    let why = "there is no such operation".to_owned();
    FilesError::BadArguments { operation: operation.to_owned(), why }.into()
}

fn answer<T: Serialize>(answer: &T) -> Result<Value, Fault> {
    serde_json::to_value(answer).map_err(|error| {
        Fault::new(
            "files.answer",
            base::FaultKind::Broken,
            format!("an answer could not be written: {error}"),
        )
    })
}

fn shares(context: &ReadContext<'_>) -> Result<Shares, Fault> {
    let mut shares = Vec::new();
    for row in OWN.all(context.rows) {
        let (number, _) = row?;
        shares.extend(share_view(context.rows, number)?);
    }
    shares.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(Shares { shares })
}

fn transfers(context: &ReadContext<'_>) -> Result<Transfers, Fault> {
    let mut transfers = Vec::new();
    for row in ORDER.within_back(context.rows, &()).take(TRANSFERS_MAX) {
        let (_, id) = row?;
        if let Some(row) = TRANSFERS.get(context.rows, &id)? {
            transfers.push(transfer::view_of(context.rows, context.me, id, row)?);
        }
    }
    Ok(Transfers { transfers })
}
