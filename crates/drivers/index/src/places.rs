//! Where words occur in one segment: posting lists of whole words, beginnings and misspellings.

use std::io;

use tantivy::index::InvertedIndexReader;
use tantivy::postings::TermInfo;
use tantivy::query::DfaWrapper;
use tantivy::schema::IndexRecordOption;
use tantivy::{DocId, DocSet as _, TERMINATED};

/// Words a beginning may stand for in one segment at most.
const TERMS_MAX: usize = 20_000;
/// Words a misspelling may stand for in one segment at most: more than a person could mean.
const NEAR_MAX: usize = 200;

/// The posting list of one word, with what it is worth.
pub(crate) struct Place<'a> {
    pub(crate) field: &'a InvertedIndexReader,
    pub(crate) info: TermInfo,
    pub(crate) worth: u8,
}

/// Adds the list of a whole word.
pub(crate) fn whole<'a>(
    places: &mut Vec<Place<'a>>,
    field: &'a InvertedIndexReader,
    word: &str,
    worth: u8,
) -> io::Result<()> {
    let info = field.terms().get(word)?;
    places.extend(info.map(|info| Place { field, info, worth }));
    Ok(())
}

/// Adds the lists of longer words that begin so, in their order, until there are so many documents in them.
pub(crate) fn beginning<'a>(
    places: &mut Vec<Place<'a>>,
    field: &'a InvertedIndexReader,
    word: &str,
    worth: u8,
    documents_max: u64,
) -> io::Result<()> {
    let mut terms = field.terms().range().gt(word).into_stream()?;
    let mut documents = 0;
    for _ in 0..TERMS_MAX {
        if documents >= documents_max || !terms.advance() || !terms.key().starts_with(word.as_bytes()) {
            break;
        }
        documents += u64::from(terms.value().doc_freq);
        places.push(Place { field, info: terms.value().clone(), worth });
    }
    Ok(())
}

/// Adds the lists of all words an automaton accepts.
pub(crate) fn misspelt<'a>(
    places: &mut Vec<Place<'a>>,
    field: &'a InvertedIndexReader,
    automaton: &'a DfaWrapper,
    worth: u8,
) -> io::Result<()> {
    let mut terms = field.terms().search(automaton).into_stream()?;
    for _ in 0..NEAR_MAX {
        if !terms.advance() {
            break;
        }
        places.push(Place { field, info: terms.value().clone(), worth });
    }
    Ok(())
}

impl Place<'_> {
    /// Calls for every document that has the word, deleted ones, too.
    pub(crate) fn each(&self, mut found: impl FnMut(DocId)) -> io::Result<()> {
        let mut block = self.field.read_block_postings_from_terminfo(&self.info, IndexRecordOption::Basic)?;
        loop {
            let documents = block.docs();
            if documents.is_empty() {
                return Ok(());
            }
            documents.iter().copied().for_each(&mut found);
            block.advance();
        }
    }

    /// Calls for those of these ascending documents that have the word.
    pub(crate) fn each_of(
        &self,
        among: impl Iterator<Item = DocId>,
        mut found: impl FnMut(DocId),
    ) -> io::Result<()> {
        let mut postings = self.field.read_postings_from_terminfo(&self.info, IndexRecordOption::Basic)?;
        for document in among {
            if postings.doc() < document && postings.seek(document) == TERMINATED {
                break;
            }
            if postings.doc() == document {
                found(document);
            }
        }
        Ok(())
    }
}
