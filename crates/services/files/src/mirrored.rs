//! Says how many of a web's contents are at mirrors, and what this computer keeps as one.
//!
//! Reads rows only. Counts what members said and what mirrors said; what has not been said is not guessed.

use api::files::{AskMirrored, MirrorView, MirroredView, StockView};
use base::{ByteCount, Fault, WebId};
use store::StoreError;

use crate::copies::{self, COPIES, MIRRORS, STOW};
use crate::faults::FilesError;
use crate::mirror::quota;
use crate::sealing::waiting;
use crate::view::Viewer;

/// Answers `files.mirrored`.
pub(crate) fn mirrored(viewer: &mut Viewer<'_>, asked: &AskMirrored) -> Result<MirroredView, Fault> {
    let rows = viewer.rows;
    let web = people::read::web_named(rows, &asked.web)?
        .ok_or_else(|| FilesError::NoSuchWeb { web: asked.web.clone() })?;
    let here = match quota(rows, web)? {
        Some(quota) => {
            let stow = STOW.get(rows, &web)?.unwrap_or_default();
            Some(StockView { copies: stow.copies, bytes: ByteCount(stow.bytes), quota: ByteCount(quota) })
        }
        None => None,
    };
    let mut mirrors = Vec::new();
    for row in MIRRORS.within(rows, &web) {
        let ((_, device), mirror) = row?;
        mirrors.push(MirrorView {
            who: viewer.device_label(web, device)?,
            is_here: records::is_connected(rows, device)?,
            copies: mirror.copies,
            bytes: ByteCount(mirror.bytes),
            quota: ByteCount(mirror.quota),
        });
    }
    let (mirrored, mirrored_bytes) = at_mirrors(viewer, web)?;
    let (waiting, waiting_bytes) = waiting(rows, web)?;
    let (mirrored_bytes, waiting_bytes) = (ByteCount(mirrored_bytes), ByteCount(waiting_bytes));
    let what = match (&here, mirrors.is_empty()) {
        (Some(stock), _) => format!(
            "This computer keeps {} sealed copies of {} for {}.",
            stock.copies, stock.bytes, asked.web
        ),
        (None, true) => format!("No computer keeps sealed copies for {}.", asked.web),
        (None, false) if waiting == 0 => format!("{mirrored} files of {} are at a mirror.", asked.web),
        (None, false) => format!("{mirrored} files of {} are at a mirror, {waiting} wait.", asked.web),
    };
    Ok(MirroredView { what, here, mirrors, mirrored, mirrored_bytes, waiting, waiting_bytes })
}

/// Counts contents of which a computer that mirrors the web now is said to have a copy.
fn at_mirrors(viewer: &Viewer<'_>, web: WebId) -> Result<(u64, u64), StoreError> {
    let serving = copies::mirrors(viewer.rows, web)?;
    let (mut count, mut bytes, mut last) = (0_u64, 0_u64, None);
    for row in COPIES.within(viewer.rows, &web) {
        let ((_, content, mirror, _), copy) = row?;
        if last != Some(content) && serving.contains(&mirror) {
            last = Some(content);
            count += 1;
            bytes = bytes.saturating_add(copy.size);
        }
    }
    Ok((count, bytes))
}
