//! Names that match: every word in the name or in its folders, at least one in the name.

use search::jobs::{NAMES_MAX, NameHit, Query};
use tantivy::index::{InvertedIndexReader, SegmentReader};
use tantivy::query::{DfaWrapper, FuzzyTermQuery};
use tantivy::{DocId, Searcher, Term};

use crate::error::IndexError;
use crate::places::{self, Place};
use crate::schema::{FILE_HIGH, FILE_LOW, Fields, NAME_LENGTH, NUMBER, file_of};

/// Misspellings are looked for when there are fewer names than this without.
const FEW: u64 = 5;
/// Letters a word needs at least for being a beginning, while its end may still be typed and otherwise.
const TYPED_LETTERS_MIN: usize = 2;
const BEGINNING_LETTERS_MIN: usize = 3;
/// Documents that one or two letters stand for at most, in all segments: who has typed so little types on.
const SHORT_DOCUMENTS_MAX: u64 = 5_000;
/// The same in a segment at least, however small a part of the index it is.
const SHORT_DOCUMENTS_MIN: u64 = 500;
/// One of so many documents of a segment: collecting them by walking over all is quicker than sorting them.
const DENSE: usize = 32;
/// Letters a word needs at least for one and for two wrong ones.
const ONE_WRONG_LETTERS_MIN: usize = 4;
const TWO_WRONG_LETTERS_MIN: usize = 8;

/// What a word of the query is worth, by how and where it is found.
mod worth {
    /// In the name: as it is, as the beginning of one that is being typed, as another beginning, misspelt.
    pub(super) const NAME: [u8; 4] = [12, 9, 8, 4];
    /// The same in a folder.
    pub(super) const FOLDER: [u8; 4] = [6, 4, 3, 1];
    /// Marks what is found in the name.
    pub(super) const IN_NAME: u8 = 0x80;
}

/// Whether wrong letters are forgiven.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Spelling {
    Strict,
    Forgiving,
}

/// How a segment is searched.
#[derive(Debug, Clone, Copy)]
struct How {
    spelling: Spelling,
    short_documents_max: u64,
}

/// One word of the query.
struct Wanted<'a> {
    text: &'a str,
    is_typed: bool,
    /// The words that are nearly like it.
    near: Option<(DfaWrapper, DfaWrapper)>,
}

/// A document that has all words so far.
#[derive(Debug, Clone, Copy)]
struct Candidate {
    document: DocId,
    worth: u32,
    is_in_name: bool,
}

/// Returns the best names and how many there are.
pub(crate) fn find(
    searcher: &Searcher,
    fields: &Fields,
    words: &[&str],
    query: &Query,
) -> Result<(Vec<NameHit>, u64), IndexError> {
    if words.is_empty() || query.names == 0 {
        return Ok((Vec::new(), 0));
    }
    let last = words.len() - 1;
    let mut wanted: Vec<Wanted<'_>> = words
        .iter()
        .enumerate()
        .map(|(index, text)| Wanted { text, is_typed: query.is_typing && index == last, near: None })
        .collect();
    let limit = query.names.min(NAMES_MAX) as usize;
    let strict = find_spelt(searcher, fields, &wanted, limit, Spelling::Strict)?;
    if strict.1 >= FEW {
        return Ok(strict);
    }
    // A word that is found often enough is no misspelling, even if the others are not found with it.
    let are_found: Vec<bool> =
        wanted.iter().map(|word| is_found(searcher, fields, word)).collect::<Result<_, _>>()?;
    let mut best = strict;
    // Most misspellings are of one letter, and looking for two wrong ones goes through most of the dictionary.
    for (wrong, letters_min) in [(1, ONE_WRONG_LETTERS_MIN), (2, TWO_WRONG_LETTERS_MIN)] {
        let mut is_any = false;
        for (word, _) in wanted.iter_mut().zip(&are_found).filter(|(_, is_found)| !**is_found) {
            if word.text.chars().count() >= letters_min && word.text.len() <= search::words::WORD_LEN_MAX {
                word.near = Some(automata(fields, word.text, wrong)?);
                is_any = true;
            }
        }
        if is_any {
            best = find_spelt(searcher, fields, &wanted, limit, Spelling::Forgiving)?;
        }
        if best.1 >= FEW {
            break;
        }
    }
    Ok(best)
}

/// Says whether a word is found in some names or folders as it is.
fn is_found(searcher: &Searcher, fields: &Fields, word: &Wanted<'_>) -> Result<bool, IndexError> {
    let mut found = 0;
    for segment in searcher.segment_readers() {
        for field in [fields.name, fields.folders] {
            let field = segment.inverted_index(field)?;
            let mut places = Vec::new();
            places::whole(&mut places, &field, word.text, 0)?;
            if is_beginning(word) {
                places::beginning(&mut places, &field, word.text, 0, FEW)?;
            }
            found += places.iter().map(|place| u64::from(place.info.doc_freq)).sum::<u64>();
            if found >= FEW {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// Says whether a word may be only the beginning of one.
fn is_beginning(word: &Wanted<'_>) -> bool {
    let letters = word.text.chars().count();
    // A single character may be the first half of a pair in scripts without spaces.
    letters >= BEGINNING_LETTERS_MIN
        || (word.is_typed && letters >= TYPED_LETTERS_MIN)
        || word.text.starts_with(|first| first >= '\u{0E00}')
}

/// Makes what accepts words that are nearly this one, for both fields.
fn automata(fields: &Fields, word: &str, wrong: u8) -> Result<(DfaWrapper, DfaWrapper), IndexError> {
    let of = |field| FuzzyTermQuery::new(Term::from_field_text(field, word), wrong, true).automaton();
    Ok((of(fields.name)?, of(fields.folders)?))
}

fn find_spelt(
    searcher: &Searcher,
    fields: &Fields,
    wanted: &[Wanted<'_>],
    limit: usize,
    spelling: Spelling,
) -> Result<(Vec<NameHit>, u64), IndexError> {
    let mut total = 0;
    let mut hits = Vec::new();
    let documents: u64 = searcher.segment_readers().iter().map(|segment| u64::from(segment.max_doc())).sum();
    for segment in searcher.segment_readers() {
        let (name, folders) = (segment.inverted_index(fields.name)?, segment.inverted_index(fields.folders)?);
        let share = SHORT_DOCUMENTS_MAX * u64::from(segment.max_doc()) / documents.max(1);
        let how = How { spelling, short_documents_max: share.max(SHORT_DOCUMENTS_MIN) };
        let mut candidates = all_words(segment, (&name, &folders), wanted, how)?;
        candidates.retain(|one| one.is_in_name && !segment.is_deleted(one.document));
        total += candidates.len() as u64;
        hits.extend(best_of(segment, &candidates, limit)?);
    }
    keep_best(&mut hits, limit);
    Ok((hits, total))
}

/// Returns the documents of a segment that have all words, rarest word first.
fn all_words(
    segment: &SegmentReader,
    fields: (&InvertedIndexReader, &InvertedIndexReader),
    wanted: &[Wanted<'_>],
    how: How,
) -> Result<Vec<Candidate>, IndexError> {
    let mut by_word = Vec::new();
    for word in wanted {
        let places = places_of(word, fields, how)?;
        let count: u64 = places.iter().map(|place| u64::from(place.info.doc_freq)).sum();
        if count == 0 {
            return Ok(Vec::new());
        }
        by_word.push((count, places));
    }
    by_word.sort_by_key(|(count, _)| *count);
    let mut levels = vec![0_u8; segment.max_doc() as usize];
    let mut candidates: Option<Vec<Candidate>> = None;
    for (_, places) in &by_word {
        candidates = Some(match candidates {
            None => first_word(&mut levels, places)?,
            Some(candidates) if candidates.is_empty() => return Ok(candidates),
            Some(candidates) => next_word(&mut levels, places, candidates)?,
        });
    }
    Ok(candidates.unwrap_or_default())
}

/// Collects where a word can be found in a segment, and what each place is worth.
fn places_of<'a>(
    word: &'a Wanted<'_>,
    (name, folders): (&'a InvertedIndexReader, &'a InvertedIndexReader),
    how: How,
) -> Result<Vec<Place<'a>>, IndexError> {
    let mut places = Vec::new();
    let is_short = word.text.chars().count() < BEGINNING_LETTERS_MIN;
    let documents_max = if is_short { how.short_documents_max } else { u64::MAX };
    for (field, [whole, typed, beginning, misspelt]) in [(name, worth::NAME), (folders, worth::FOLDER)] {
        let mark = if whole == worth::NAME[0] { worth::IN_NAME } else { 0 };
        places::whole(&mut places, field, word.text, whole | mark)?;
        if is_beginning(word) {
            let worth = if word.is_typed { typed } else { beginning };
            places::beginning(&mut places, field, word.text, worth | mark, documents_max)?;
        }
        if how.spelling == Spelling::Forgiving
            && let Some((in_name, in_folders)) = &word.near
        {
            let automaton = if mark == 0 { in_folders } else { in_name };
            places::misspelt(&mut places, field, automaton, misspelt | mark)?;
        }
    }
    Ok(places)
}

/// Puts together two worths of one word: the greater one, and whether either is in the name.
fn joined(one: u8, other: u8) -> u8 {
    let value = (one & !worth::IN_NAME).max(other & !worth::IN_NAME);
    value | ((one | other) & worth::IN_NAME)
}

fn raise(levels: &mut [u8], document: DocId, worth: u8) -> Option<u8> {
    let level = levels.get_mut(document as usize)?;
    let before = *level;
    *level = joined(before, worth);
    Some(before)
}

fn first_word(levels: &mut [u8], places: &[Place<'_>]) -> Result<Vec<Candidate>, IndexError> {
    let mut documents = Vec::new();
    for place in places {
        place.each(|document| {
            if raise(levels, document, place.worth) == Some(0) {
                documents.push(document);
            }
        })?;
    }
    if documents.len() > levels.len() / DENSE {
        let all = (0..).zip(levels.iter()).filter(|(_, level)| **level != 0);
        documents = all.map(|(document, _)| document).collect();
    } else if places.len() > 1 {
        documents.sort_unstable();
    }
    let take = |document: DocId| {
        let level = std::mem::take(levels.get_mut(document as usize)?);
        let worth = u32::from(level & !worth::IN_NAME);
        Some(Candidate { document, worth, is_in_name: level & worth::IN_NAME != 0 })
    };
    Ok(documents.into_iter().filter_map(take).collect())
}

fn next_word(
    levels: &mut [u8],
    places: &[Place<'_>],
    mut candidates: Vec<Candidate>,
) -> Result<Vec<Candidate>, IndexError> {
    let mut touched_all = false;
    for place in places {
        // Seeking costs about as much as reading a block of 128.
        if candidates.len().saturating_mul(64) < place.info.doc_freq as usize {
            let among = candidates.iter().map(|one| one.document);
            place.each_of(among, |document| {
                raise(levels, document, place.worth);
            })?;
        } else {
            touched_all = true;
            place.each(|document| {
                raise(levels, document, place.worth);
            })?;
        }
    }
    candidates.retain_mut(|one| {
        let Some(level) = levels.get_mut(one.document as usize).map(std::mem::take) else { return false };
        one.worth += u32::from(level & !worth::IN_NAME);
        one.is_in_name |= level & worth::IN_NAME != 0;
        level != 0
    });
    if touched_all {
        levels.fill(0);
    }
    Ok(candidates)
}

/// Returns the best of a segment; shorter names first among equals.
fn best_of(
    segment: &SegmentReader,
    candidates: &[Candidate],
    limit: usize,
) -> Result<Vec<NameHit>, IndexError> {
    let columns = segment.fast_fields();
    let lengths = columns.u64(NAME_LENGTH)?;
    let mut scored: Vec<(u32, DocId)> = candidates
        .iter()
        .map(|one| {
            let length = u32::try_from(lengths.first(one.document).unwrap_or(255)).unwrap_or(255).min(255);
            ((one.worth << 8) + 255 - length, one.document)
        })
        .collect();
    if scored.len() > limit {
        scored.select_nth_unstable_by(limit, |one, other| other.cmp(one));
        scored.truncate(limit);
    }
    let (numbers, highs, lows) = (columns.u64(NUMBER)?, columns.u64(FILE_HIGH)?, columns.u64(FILE_LOW)?);
    let hit = |(score, document): (u32, DocId)| {
        let file = file_of(highs.first(document)?, lows.first(document)?);
        Some(NameHit { number: numbers.first(document)?, file, score })
    };
    Ok(scored.into_iter().filter_map(hit).collect())
}

/// Sorts, best first and always alike, and drops what is too much.
fn keep_best(hits: &mut Vec<NameHit>, limit: usize) {
    hits.sort_unstable_by(|one, other| {
        other.score.cmp(&one.score).then((one.number, one.file).cmp(&(other.number, other.file)))
    });
    hits.truncate(limit);
}
