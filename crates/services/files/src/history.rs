//! All about one entry: who has it, and its revisions with author and time.

use api::files::{About, AskHistory, EntryDetail, History, RevisionView};
use base::{ByteCount, Fault, RevisionId};
use store::Rows;

use crate::faults::FilesError;
use crate::tables::{ENTRIES, EntryRow, GONE, REVISIONS, RevisionRow, path_key};
use crate::tree::{self, Above, BelowSpot, ShareSpot, Spot};
use crate::view::Viewer;

/// Revisions told at most.
const REVISIONS_MAX: usize = 1_000;

/// Answers `files.about`.
pub(crate) fn about(viewer: &mut Viewer<'_>, asked: &About) -> Result<EntryDetail, Fault> {
    let spot = tree::resolve(viewer.rows, &asked.path)?;
    let entry = viewer.spot(&spot)?;
    let holders = viewer.holders(&spot)?;
    let file = match &spot {
        Spot::Below(below) => below.file(),
        _ => None,
    };
    Ok(EntryDetail {
        entry,
        holders,
        content: file.and_then(|file| file.head.content),
        file: file.map(|file| file.file),
    })
}

/// Answers `files.history`; also for a file that is gone, as long as nothing else has its path.
pub(crate) fn history(viewer: &mut Viewer<'_>, asked: &AskHistory) -> Result<History, Fault> {
    let (share, head, file) = find(viewer.rows, &asked.path)?;
    let number = share.row.number;
    let mut revisions: Vec<(u64, RevisionId, RevisionRow)> = Vec::new();
    if let Some(entry) = head {
        revisions.push((entry.number, entry.revision, entry.head));
    }
    for row in REVISIONS.within_back(viewer.rows, &(number, file)).take(REVISIONS_MAX) {
        let ((_, _, number, id), revision) = row?;
        revisions.push((number, id, revision));
    }
    revisions.sort_by_key(|(number, id, _)| std::cmp::Reverse((*number, *id)));
    revisions.dedup_by_key(|(_, id, _)| *id);
    let parents: std::collections::BTreeSet<RevisionId> =
        revisions.iter().flat_map(|(.., revision)| revision.parents.iter().copied()).collect();
    let author = viewer.who_label(share.key.web, share.key.person)?;
    let mut views = Vec::new();
    for (number, id, revision) in revisions {
        let is_mine = share.row.device == viewer.me();
        let is_head = !parents.contains(&id);
        let is_here = match revision.content {
            Some(content) => viewer.is_here(content)?,
            None => is_mine && is_head && !revision.is_deletion,
        };
        views.push(RevisionView {
            number,
            author: author.clone(),
            at: revision.told,
            size: ByteCount(revision.size),
            is_here,
            is_newest: is_head,
            what: what(&revision),
            id,
        });
    }
    Ok(History { revisions: views })
}

fn what(revision: &RevisionRow) -> String {
    if revision.is_deletion {
        return "deleted".to_owned();
    }
    match &revision.renamed_from {
        Some(path) => format!("renamed from {path}"),
        None if revision.parents.is_empty() => "listed".to_owned(),
        None => "changed".to_owned(),
    }
}

fn find(rows: &dyn Rows, path: &str) -> Result<(ShareSpot, Option<EntryRow>, base::FileId), Fault> {
    if let Above::In(share, rest) = tree::resolve_above(rows, path)? {
        let key = path_key(&rest);
        let number = share.row.number;
        if ENTRIES.get(rows, &(number, key.clone()))?.is_none()
            && let Some(file) = GONE.get(rows, &(number, key))?
        {
            return Ok((share, None, file));
        }
    }
    match tree::resolve(rows, path)? {
        Spot::Below(BelowSpot { share, entry: Some(entry), .. })
            if entry.kind == crate::tables::Kind::File =>
        {
            let file = entry.file;
            Ok((share, Some(entry), file))
        }
        _ => Err(FilesError::NotAFile { path: path.to_owned() }.into()),
    }
}
