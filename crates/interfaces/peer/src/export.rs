//! Writes all signed entries of a web into a folder, so that another program can read and check them.
//!
//! ```text
//! FOLDER/manifest.json    {"format": 1, "web": ID, "name": LABEL, "entries": [{"file", "id", "author", "log", "seq"}]}
//! FOLDER/entries/NNN.bin  one entry each, the bytes as they travel
//! ```
//! Epoch keys are not among them: what is sealed stays sealed.

use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use api::host::Export;
use api::people::Done;
use base::{DeviceId, EntryId, Fault, WebId};
use serde::Serialize;
use store::Rows;
use wire::entry::{Entry, Log};

use crate::PeerError;

/// The layout's version.
const FORMAT: u32 = 1;

#[derive(Debug, Serialize)]
struct Manifest {
    format: u32,
    web: WebId,
    name: String,
    entries: Vec<Exported>,
}

#[derive(Debug, Serialize)]
struct Exported {
    file: String,
    id: EntryId,
    author: DeviceId,
    log: &'static str,
    seq: u64,
}

/// Answers `host.export`.
pub(crate) fn export(rows: &dyn Rows, arguments: &Export) -> Result<Done, Fault> {
    let no_web = || PeerError::NoSuchWeb { web: arguments.web.clone() };
    let web = people::read::web_named(rows, &arguments.web)?.ok_or_else(no_web)?;
    let unusable = |why: String| PeerError::ExportFolder { folder: arguments.folder.clone(), why };
    let folder = Path::new(&arguments.folder);
    if !folder.is_absolute() {
        return Err(unusable("it is not an absolute path".to_owned()).into());
    }
    prepare(folder).map_err(|error| unusable(error.to_string()))?;
    let name = people::read::web_label(rows, web)?;
    let mut manifest = Manifest { format: FORMAT, web, name, entries: Vec::new() };
    for (entry, log) in entries(rows, web)? {
        let file = format!("entries/{:06}.bin", manifest.entries.len() + 1);
        std::fs::write(folder.join(&file), &entry.bytes).map_err(|error| unusable(error.to_string()))?;
        let Entry { header, id, .. } = entry;
        manifest.entries.push(Exported { file, id, author: header.author, log, seq: header.seq });
    }
    let text = serde_json::to_vec_pretty(&manifest).map_err(|error| unusable(error.to_string()))?;
    std::fs::write(folder.join("manifest.json"), text).map_err(|error| unusable(error.to_string()))?;
    let count = manifest.entries.len();
    Ok(Done { what: format!("{count} entries of {} are in {}.", manifest.name, arguments.folder) })
}

/// Makes the folder for its owner only; entries say who is in the web. Never writes into a folder in use.
fn prepare(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    if std::fs::read_dir(folder)?.next().is_some() {
        return Err(io::Error::new(io::ErrorKind::DirectoryNotEmpty, "it is not empty"));
    }
    std::fs::create_dir(folder.join("entries"))
}

/// Returns every entry kept of a web: governance first, each chain in order.
fn entries(rows: &dyn Rows, web: WebId) -> Result<Vec<(Entry, &'static str)>, Fault> {
    let mut heads = records::heads(rows, web)?;
    heads.sort_by_key(|head| (head.log, head.device));
    let mut entries = Vec::new();
    for head in heads {
        let log = match head.log {
            Log::Governance => "governance",
            Log::Records => "records",
        };
        for seq in 1..=head.seq {
            let Some(bytes) = records::entry(rows, web, head.device, head.log, seq)? else { continue };
            let entry = Entry::read_known(&bytes).map_err(|error| {
                Fault::new(
                    "host.export",
                    base::FaultKind::Broken,
                    format!("a stored entry cannot be read: {error}"),
                )
            })?;
            entries.push((entry, log));
        }
    }
    Ok(entries)
}
