//! Changes to one web's index: names and texts, committed before the jobs end.

use std::collections::BTreeMap;
use std::sync::Arc;

use base::FileId;
use search::jobs::{Document, ITEMS_MAX, Unread, Update, Updated};
use tantivy::index::InvertedIndexReader;
use tantivy::schema::Field;
use tantivy::{Searcher, Term};

use crate::error::IndexError;
use crate::extract::{NoText, Reader};
use crate::reports::Task;
use crate::schema::Fields;
use crate::webs::{Web, Writing};

/// One job that changes an index.
#[derive(Debug)]
pub(crate) struct UpdateJob {
    pub(crate) task: Task,
    pub(crate) update: Update,
}

/// Takes jobs of one web into its index and commits once; returns what could not be read, job by job.
pub(crate) fn run(
    web: &Web,
    fields: &Fields,
    jobs: &[UpdateJob],
    reader: &mut Reader,
    writing: &mut Writing<'_>,
) -> Result<Vec<Updated>, IndexError> {
    let outcome = change(web, fields, jobs, reader, writing);
    if outcome.is_err() {
        writing.give_up();
    }
    outcome
}

fn change(
    web: &Web,
    fields: &Fields,
    jobs: &[UpdateJob],
    reader: &mut Reader,
    writing: &mut Writing<'_>,
) -> Result<Vec<Updated>, IndexError> {
    let known = Known::new(&web.searcher(), fields)?;
    let mut names: BTreeMap<(u64, FileId), Option<&str>> = BTreeMap::new();
    for item in jobs.iter().flat_map(|job| job.update.names.iter().take(ITEMS_MAX)) {
        names.insert((item.number, item.file), item.path.as_deref());
    }
    for ((number, file), path) in names {
        replace(
            writing,
            &known.names,
            fields.key(number, file),
            path.map(|path| fields.name(number, file, path)),
        )?;
    }
    let mut updated = Vec::new();
    for job in jobs {
        updated.push(Updated { unread: change_texts(fields, job, reader, (writing, &known.texts))? });
    }
    // A commit of nothing would only cost.
    if jobs.iter().any(|job| !job.update.names.is_empty() || !job.update.texts.is_empty()) {
        writing.commit()?;
    }
    Ok(updated)
}

fn change_texts(
    fields: &Fields,
    job: &UpdateJob,
    reader: &mut Reader,
    (writing, known): (&mut Writing<'_>, &[Ids]),
) -> Result<Vec<Unread>, IndexError> {
    let mut unread = Vec::new();
    let mut texts = BTreeMap::new();
    for item in job.update.texts.iter().take(ITEMS_MAX) {
        texts.insert(item.content, item.document.as_ref());
    }
    for (content, document) in texts {
        if job.task.is_cancelled() {
            return Err(IndexError::Cancelled);
        }
        let text = match document.map(|document: &Document| reader.text(content, document)).transpose()? {
            Some(Ok(text)) => Some(text),
            Some(Err(NoText { why, is_lasting })) => {
                unread.push(Unread { content, why, is_lasting });
                None
            }
            None => None,
        };
        replace(writing, known, fields.content(content), text.map(|text| fields.text(content, &text)))?;
    }
    Ok(unread)
}

/// Removes what is under a term and adds a document in its place.
fn replace(
    writing: &mut Writing<'_>,
    known: &[Ids],
    term: Term,
    document: Option<tantivy::TantivyDocument>,
) -> Result<(), IndexError> {
    let mut is_known = false;
    for ids in known {
        is_known = is_known || ids.get_term_info(&term)?.is_some();
    }
    let writer = writing.writer()?;
    // A removal makes the commit look into every segment, so one that removes nothing is left out.
    if is_known {
        writer.delete_term(term);
    }
    if let Some(document) = document {
        writer.add_document(document)?;
    }
    Ok(())
}

/// The ids in one segment.
type Ids = Arc<InvertedIndexReader>;

/// What is in the index before a change, opened once for all of it.
struct Known {
    names: Vec<Ids>,
    texts: Vec<Ids>,
}

impl Known {
    fn new(searcher: &Searcher, fields: &Fields) -> Result<Self, IndexError> {
        let of = |field: Field| {
            searcher
                .segment_readers()
                .iter()
                .map(|segment| segment.inverted_index(field))
                .collect::<Result<Vec<_>, _>>()
        };
        Ok(Self { names: of(fields.key)?, texts: of(fields.content)? })
    }
}
