//! Texts that match: all words, phrases checked on what is kept of the text, with counts for ranking elsewhere, and snippets
//! for the best.

use std::collections::BTreeMap;

use base::ContentId;
use search::jobs::{Query, SNIPPETS_MAX, Snippet, TEXTS_MAX, TextHit, Texts};
use search::rank::score;
use search::summary::{FILTER_WORDS_MAX, WordKey};
use tantivy::collector::TopDocs;
use tantivy::columnar::{Column, ColumnIndex};
use tantivy::query::{Bm25StatisticsProvider, BooleanQuery, EnableScoring, Occur, TermQuery};
use tantivy::schema::{Field, IndexRecordOption, TantivyDocument, Value as _};
use tantivy::{DocAddress, DocSet as _, Searcher, TERMINATED, Term};

use crate::error::IndexError;
use crate::schema::{CONTENT, Fields, LENGTH, content_of};
use crate::snippet::{self, Phrases};
use crate::webs::Web;

/// Best texts that are read for checking phrases at most; each costs about a millisecond.
const CHECKED_MAX: usize = 200;
/// Up to so many places of a word, deleted texts are not counted.
const COUNTED_MAX: u32 = 20_000;

/// How many texts there are, and how many words in them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    documents: u64,
    length: u64,
}

/// What BM25 needs to know; names, which are in the same index, are not counted.
struct Statistics<'a> {
    totals: Totals,
    found_in: &'a BTreeMap<Term, u64>,
}

/// Returns the best texts; `words` are those of the query without empty ones, `all` with them.
pub(crate) fn find(
    web: &Web,
    searcher: &Searcher,
    fields: &Fields,
    query: &Query,
    all: &[String],
) -> Result<Texts, IndexError> {
    if query.texts == 0 {
        return Ok(Texts::default());
    }
    let totals = totals(web, searcher)?;
    let mut found_in = BTreeMap::new();
    for word in all.iter().filter(|word| !word.is_empty()) {
        let term = Term::from_field_text(fields.body, word);
        let count = count(searcher, &term)?.min(totals.documents);
        found_in.insert(term, count);
    }
    let of = |word: &String| found_in.get(&Term::from_field_text(fields.body, word)).copied().unwrap_or(0);
    let mut texts = Texts {
        documents: totals.documents,
        length: totals.length,
        found_in: all.iter().map(of).collect(),
        hits: Vec::new(),
    };
    if !found_in.is_empty() && found_in.values().all(|count| *count > 0) {
        let statistics = Statistics { totals, found_in: &found_in };
        let limit = query.texts.min(TEXTS_MAX) as usize;
        texts.hits = hits(searcher, fields, &statistics, query, (all, limit))?;
    }
    Ok(texts)
}

fn hits(
    searcher: &Searcher,
    fields: &Fields,
    statistics: &Statistics<'_>,
    query: &Query,
    (all, limit): (&[String], usize),
) -> Result<Vec<TextHit>, IndexError> {
    let phrases = Phrases::new(all, &query.phrases);
    let terms = statistics.found_in.keys();
    let of = |term: &Term| {
        let query: Box<dyn tantivy::query::Query> =
            Box::new(TermQuery::new(term.clone(), IndexRecordOption::WithFreqs));
        (Occur::Must, query)
    };
    let every = BooleanQuery::new(terms.map(of).collect());
    let wanted = if phrases.is_empty() { limit } else { limit.max(CHECKED_MAX) };
    let scoring = EnableScoring::enabled_from_statistics_provider(statistics, searcher);
    let top = TopDocs::with_limit(wanted).order_by_score();
    let found = searcher.search_with_executor(&every, &top, searcher.index().search_executor(), scoring)?;
    let mut hits = Vec::new();
    let mut places = Vec::new();
    let columns = Columns::open(searcher)?;
    for (_, place) in found {
        if hits.len() == limit {
            break;
        }
        if !phrases.is_empty() && !snippet::has_phrases(&kept(searcher, fields, place)?, all, &phrases) {
            continue;
        }
        let (content, length) = columns.of(place)?;
        let counts = vec![0; all.len()];
        hits.push(TextHit { content, counts, length, snippet: String::new(), marks: Vec::new() });
        places.push(place);
    }
    add_counts(searcher, fields, all, &places, &mut hits)?;
    let mut best: Vec<(f64, &mut TextHit, DocAddress)> =
        hits.iter_mut().zip(places).map(|(hit, place)| (score(hit), hit, place)).collect();
    // By what everybody ranks them by, or the first ones shown could be some without.
    best.sort_by(|(one, ..), (other, ..)| other.total_cmp(one));
    for (_, hit, place) in best.into_iter().take(SNIPPETS_MAX.min(query.snippets as usize)) {
        let snippet = snippet::make(&kept(searcher, fields, place)?, all, &phrases);
        (hit.snippet, hit.marks) = (snippet.text, snippet.marks);
    }
    Ok(hits)
}

/// Makes a snippet of a text; `None` when it is not in this index.
pub(crate) fn show(
    searcher: &Searcher,
    fields: &Fields,
    content: ContentId,
    (all, phrases): (&[String], &Phrases),
) -> Result<Option<Snippet>, IndexError> {
    let term = fields.content(content);
    for (ordinal, segment) in (0..).zip(searcher.segment_readers()) {
        let ids = segment.inverted_index(fields.content)?;
        let Some(postings) = ids.read_postings(&term, IndexRecordOption::Basic)? else { continue };
        let mut document = postings.doc();
        let mut postings = postings;
        while document != TERMINATED && segment.is_deleted(document) {
            document = postings.advance();
        }
        if document != TERMINATED {
            let text = kept(searcher, fields, DocAddress::new(ordinal, document))?;
            let made = snippet::make(&text, all, phrases);
            return Ok(Some(Snippet { content, snippet: made.text, marks: made.marks }));
        }
    }
    Ok(None)
}

/// Reads what is kept of a text; each costs unpacking a block.
fn kept(searcher: &Searcher, fields: &Fields, place: DocAddress) -> Result<String, IndexError> {
    let document: TantivyDocument = searcher.doc(place)?;
    let kept = document.get_first(fields.kept).and_then(|value| value.as_str()).map(str::to_owned);
    kept.ok_or_else(incomplete)
}

fn incomplete() -> IndexError {
    IndexError::Damaged("a text is incomplete".to_owned())
}

/// What is known of texts without reading them, by segment.
struct Columns(Vec<(Vec<Column<u64>>, Column<u64>)>);

impl Columns {
    fn open(searcher: &Searcher) -> Result<Self, IndexError> {
        let mut columns = Vec::new();
        for segment in searcher.segment_readers() {
            let fast = segment.fast_fields();
            let content = CONTENT.iter().map(|name| fast.u64(name)).collect::<Result<_, _>>()?;
            columns.push((content, fast.u64(LENGTH)?));
        }
        Ok(Self(columns))
    }

    /// Returns a text's content and how many words it has.
    fn of(&self, place: DocAddress) -> Result<(ContentId, u32), IndexError> {
        let segment = usize::try_from(place.segment_ord).ok().and_then(|segment| self.0.get(segment));
        let (content, length) = segment.ok_or_else(incomplete)?;
        let parts: Option<Vec<u64>> = content.iter().map(|part| part.first(place.doc_id)).collect();
        let content = parts.and_then(|parts| content_of(&parts)).ok_or_else(incomplete)?;
        let length = length.first(place.doc_id).ok_or_else(incomplete)?;
        Ok((content, u32::try_from(length).unwrap_or(u32::MAX)))
    }
}

/// Reads how often each word occurs in each hit.
fn add_counts(
    searcher: &Searcher,
    fields: &Fields,
    all: &[String],
    places: &[DocAddress],
    hits: &mut [TextHit],
) -> Result<(), IndexError> {
    let mut order: Vec<(DocAddress, &mut TextHit)> = places.iter().copied().zip(hits).collect();
    order.sort_by_key(|(place, _)| *place);
    for group in order.chunk_by_mut(|one, other| one.0.segment_ord == other.0.segment_ord) {
        let Some(segment) = group.first().map(|(place, _)| place.segment_ord) else { continue };
        let body = searcher.segment_reader(segment).inverted_index(fields.body)?;
        for (index, word) in all.iter().enumerate().filter(|(_, word)| !word.is_empty()) {
            let term = Term::from_field_text(fields.body, word);
            let Some(mut postings) = body.read_postings(&term, IndexRecordOption::WithFreqs)? else {
                continue;
            };
            for (place, hit) in group.iter_mut() {
                if postings.doc() < place.doc_id {
                    postings.seek(place.doc_id);
                }
                if postings.doc() == place.doc_id
                    && let Some(count) = hit.counts.get_mut(index)
                {
                    *count = tantivy::postings::Postings::term_freq(&postings);
                }
            }
        }
    }
    Ok(())
}

/// Returns the numbers of all words of all texts; `None` when they are too many for a filter.
pub(crate) fn numbers(
    searcher: &Searcher,
    fields: &Fields,
    key: &WordKey,
) -> Result<Option<Vec<u64>>, IndexError> {
    let mut numbers = Vec::new();
    for segment in searcher.segment_readers() {
        let body = segment.inverted_index(fields.body)?;
        if body.terms().num_terms() > FILTER_WORDS_MAX {
            return Ok(None);
        }
        let mut words = body.terms().stream()?;
        while words.advance() {
            if let Ok(word) = std::str::from_utf8(words.key()) {
                numbers.push(key.number(word));
            }
        }
        numbers.sort_unstable();
        numbers.dedup();
    }
    Ok(Some(numbers))
}

/// Counts the texts that have a word; where that takes long, with deleted ones.
fn count(searcher: &Searcher, term: &Term) -> Result<u64, IndexError> {
    let mut sum = 0;
    for segment in searcher.segment_readers() {
        let body = segment.inverted_index(term.field())?;
        let Some(info) = body.get_term_info(term)? else { continue };
        let alive = segment.alive_bitset().filter(|_| info.doc_freq <= COUNTED_MAX);
        sum += u64::from(match alive {
            Some(alive) => body
                .read_postings_from_terminfo(&info, IndexRecordOption::Basic)?
                .doc_freq_given_deletes(alive),
            None => info.doc_freq,
        });
    }
    Ok(sum)
}

/// Counts texts and words, once per commit.
fn totals(web: &Web, searcher: &Searcher) -> Result<Totals, IndexError> {
    let generation = searcher.generation().generation_id();
    let mut cached = web.totals.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some((of, totals)) = *cached
        && of == generation
    {
        return Ok(totals);
    }
    let mut totals = Totals::default();
    for segment in searcher.segment_readers() {
        let lengths = segment.fast_fields().u64(LENGTH)?;
        let mut add = |document| {
            if let Some(length) = lengths.first(document).filter(|_| !segment.is_deleted(document)) {
                totals.documents += 1;
                totals.length += length;
            }
        };
        match documents(&lengths) {
            Some(some) => some.for_each(&mut add),
            None => (0..segment.max_doc()).for_each(&mut add),
        }
    }
    *cached = Some((generation, totals));
    Ok(totals)
}

/// Returns the documents that have a value; `None` for all of them.
fn documents(column: &Column<u64>) -> Option<Box<dyn Iterator<Item = u32> + '_>> {
    match &column.index {
        ColumnIndex::Empty { .. } => Some(Box::new(std::iter::empty())),
        ColumnIndex::Optional(index) => Some(Box::new(index.iter_non_null_docs())),
        ColumnIndex::Full | ColumnIndex::Multivalued(_) => None,
    }
}

impl Bm25StatisticsProvider for Statistics<'_> {
    fn total_num_tokens(&self, _: Field) -> tantivy::Result<u64> {
        Ok(self.totals.length)
    }

    fn total_num_docs(&self) -> tantivy::Result<u64> {
        Ok(self.totals.documents.max(1))
    }

    fn doc_freq(&self, term: &Term) -> tantivy::Result<u64> {
        Ok(self.found_in.get(term).copied().unwrap_or(0))
    }
}
