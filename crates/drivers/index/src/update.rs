//! Changes to one web's index: names and texts, committed before the jobs end.

use std::collections::BTreeMap;
use std::sync::Arc;

use base::FileId;
use search::jobs::{Document, ITEMS_MAX, Unread, Update, Updated};
use tantivy::columnar::Column;
use tantivy::index::InvertedIndexReader;
use tantivy::schema::IndexRecordOption;
use tantivy::{DocSet as _, Searcher, TERMINATED, Term};

use crate::error::IndexError;
use crate::extract::{NoText, Reader};
use crate::schema::{FILE_HIGH, FILE_LOW, Fields, NUMBER, halves};
use crate::webs::{Web, Writing};
use reports::Task;

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
        let bucket = fields.bucket(web.salt(), number, file);
        let writer = writing.writer()?;
        if known.has_name(&bucket, number, file)? {
            writer.delete_query(Box::new(fields.only(&bucket, number, file)))?;
        }
        if let Some(path) = path {
            writer.add_document(fields.name(&bucket, number, file, path))?;
        }
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
        let term = fields.content(content);
        let writer = writing.writer()?;
        // A removal makes the commit look into every segment, so one that removes nothing is left out.
        if is_any(known, &term)? {
            writer.delete_term(term);
        }
        if let Some(text) = text {
            writer.add_document(fields.text(content, &text))?;
        }
    }
    Ok(unread)
}

/// The ids in one segment.
type Ids = Arc<InvertedIndexReader>;

fn is_any(known: &[Ids], term: &Term) -> Result<bool, IndexError> {
    for ids in known {
        if ids.get_term_info(term)?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What is in the index before a change, opened once for all of it.
struct Known {
    names: Vec<Names>,
    texts: Vec<Ids>,
}

/// The names in one segment.
struct Names {
    buckets: Ids,
    numbers: Column<u64>,
    files: [Column<u64>; 2],
}

impl Known {
    fn new(searcher: &Searcher, fields: &Fields) -> Result<Self, IndexError> {
        let mut known = Self { names: Vec::new(), texts: Vec::new() };
        for segment in searcher.segment_readers() {
            let columns = segment.fast_fields();
            known.texts.push(segment.inverted_index(fields.content)?);
            known.names.push(Names {
                buckets: segment.inverted_index(fields.bucket)?,
                numbers: columns.u64(NUMBER)?,
                files: [columns.u64(FILE_HIGH)?, columns.u64(FILE_LOW)?],
            });
        }
        Ok(known)
    }

    /// Says whether a name is in the index; removed ones may count as long as their segment is not merged.
    fn has_name(&self, bucket: &Term, number: u64, file: FileId) -> Result<bool, IndexError> {
        let (high, low) = halves(file);
        for names in &self.names {
            let Some(mut postings) = names.buckets.read_postings(bucket, IndexRecordOption::Basic)? else {
                continue;
            };
            while postings.doc() != TERMINATED {
                let of = |column: &Column<u64>| column.first(postings.doc());
                if names.files.each_ref().map(of) == [Some(high), Some(low)]
                    && of(&names.numbers) == Some(number)
                {
                    return Ok(true);
                }
                postings.advance();
            }
        }
        Ok(false)
    }
}
