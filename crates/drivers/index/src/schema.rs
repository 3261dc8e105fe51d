//! What an index holds: documents of two kinds, names and texts, made of typed values only.
//!
//! A value of another type than its field's would panic tantivy's thread, so nothing else makes documents.

use std::ops::Bound;

use base::{ContentId, FileId};
use search::words::{self, fold_into, runs};
use tantivy::query::{BooleanQuery, Occur, Query, RangeQuery, TermQuery};
use tantivy::schema::{
    BytesOptions, FAST, Field, IndexRecordOption, NumericOptions, STORED, Schema, TantivyDocument,
    TextFieldIndexing, TextOptions,
};
use tantivy::store::{Compressor, ZstdCompressor};
use tantivy::tokenizer::{TextAnalyzer, Token, TokenStream, Tokenizer, TokenizerManager};
use tantivy::{IndexSettings, Term};

/// Bytes of a text that are kept for snippets and for phrases; the rest can only be found.
pub(crate) const KEPT_SIZE_MAX: usize = 256 * 1024;

/// Bytes of the hash under which a name is found: with 24 bits, a million names are nearly all alone in theirs.
const BUCKET_LEN: usize = 3;

/// Keys the hashes of names in one index, so that nobody can choose files that share one.
pub(crate) type Salt = [u8; 32];

/// Name of the tokenizer in the schema; tantivy wants one of this name even for fields that are no text.
const WORDS: &str = "default";

/// The fields. Changing any, or what is a word, needs a new name of the first: an index of another schema is made anew.
#[derive(Debug, Clone)]
pub(crate) struct Fields {
    pub(crate) schema: Schema,
    /// Of a name: a hash of number and file, to replace and remove it.
    pub(crate) bucket: Field,
    pub(crate) name: Field,
    pub(crate) folders: Field,
    /// Of a text: its content, to replace and remove it.
    pub(crate) content: Field,
    pub(crate) body: Field,
    /// The beginning of a text as it is.
    pub(crate) kept: Field,
    number: Field,
    file_high: Field,
    file_low: Field,
    name_length: Field,
    length: Field,
    content_parts: [Field; CONTENT.len()],
}

/// Names of the fast fields, by which columns are opened.
pub(crate) const NUMBER: &str = "number";
pub(crate) const FILE_HIGH: &str = "file_high";
pub(crate) const FILE_LOW: &str = "file_low";
pub(crate) const NAME_LENGTH: &str = "name_length";
pub(crate) const LENGTH: &str = "length";
/// A content's id in four parts: most hits are answered without unpacking what is stored of them.
pub(crate) const CONTENT: [&str; 4] = ["content_0", "content_1", "content_2", "content_3"];

impl Fields {
    pub(crate) fn new() -> Self {
        let mut schema = Schema::builder();
        let words = |option, is_normed| {
            let indexing = TextFieldIndexing::default().set_tokenizer(WORDS).set_index_option(option);
            TextOptions::default().set_indexing_options(indexing.set_fieldnorms(is_normed))
        };
        let number = NumericOptions::default() | FAST;
        let key = BytesOptions::default().set_indexed();
        Self {
            bucket: schema.add_bytes_field("bucket", key.clone()),
            name: schema.add_text_field("name", words(IndexRecordOption::Basic, false)),
            folders: schema.add_text_field("folders", words(IndexRecordOption::Basic, false)),
            content: schema.add_bytes_field("content", key),
            body: schema.add_text_field("body", words(IndexRecordOption::WithFreqs, true)),
            kept: schema.add_text_field("kept", TextOptions::default() | STORED),
            number: schema.add_u64_field(NUMBER, number.clone()),
            file_high: schema.add_u64_field(FILE_HIGH, number.clone()),
            file_low: schema.add_u64_field(FILE_LOW, number.clone()),
            name_length: schema.add_u64_field(NAME_LENGTH, number.clone()),
            length: schema.add_u64_field(LENGTH, number.clone()),
            content_parts: CONTENT.map(|name| schema.add_u64_field(name, number.clone())),
            schema: schema.build(),
        }
    }

    /// Returns the term under which a name is, with a few others: a term of its own for each name is half of the cost of
    /// indexing it, since dictionaries are made anew whenever segments are merged.
    pub(crate) fn bucket(&self, salt: &Salt, number: u64, file: FileId) -> Term {
        let mut hasher = blake3::Hasher::new_keyed(salt);
        hasher.update(&number.to_be_bytes()).update(file.as_bytes());
        let mut bucket = [0; BUCKET_LEN];
        hasher.finalize_xof().fill(&mut bucket);
        Term::from_field_bytes(self.bucket, &bucket)
    }

    /// Returns the query for one name: those of its bucket with its number and file.
    pub(crate) fn only(&self, bucket: &Term, number: u64, file: FileId) -> BooleanQuery {
        let (high, low) = halves(file);
        let exactly = |field, value| {
            let bound = Bound::Included(Term::from_field_u64(field, value));
            (Occur::Must, Box::new(RangeQuery::new(bound.clone(), bound)) as Box<dyn Query>)
        };
        let bucket = TermQuery::new(bucket.clone(), IndexRecordOption::Basic);
        BooleanQuery::new(vec![
            (Occur::Must, Box::new(bucket)),
            exactly(self.file_high, high),
            exactly(self.file_low, low),
            exactly(self.number, number),
        ])
    }

    /// Returns the term of a content.
    pub(crate) fn content(&self, content: ContentId) -> Term {
        Term::from_field_bytes(self.content, content.as_bytes())
    }

    /// Makes the document of a name; the last part of the path is the name, the others are folders.
    pub(crate) fn name(&self, bucket: &Term, number: u64, file: FileId, path: &str) -> TantivyDocument {
        let (folders, name) = path.rsplit_once('/').unwrap_or(("", path));
        let (high, low) = halves(file);
        let mut document = TantivyDocument::default();
        document.add_bytes(self.bucket, bucket.serialized_value_bytes());
        document.add_text(self.name, name);
        if !folders.is_empty() {
            document.add_text(self.folders, folders);
        }
        document.add_u64(self.number, number);
        document.add_u64(self.file_high, high);
        document.add_u64(self.file_low, low);
        document.add_u64(self.name_length, name.chars().count().min(255) as u64);
        document
    }

    /// Makes the document of a text.
    pub(crate) fn text(&self, content: ContentId, text: &str) -> TantivyDocument {
        let length = words::count(text);
        let kept = text.get(..text.floor_char_boundary(KEPT_SIZE_MAX)).unwrap_or_default();
        let mut document = TantivyDocument::default();
        document.add_bytes(self.content, content.as_bytes());
        document.add_text(self.body, text);
        document.add_text(self.kept, kept);
        document.add_u64(self.length, length as u64);
        for (field, part) in self.content_parts.iter().zip(content.as_bytes().chunks_exact(8)) {
            document.add_u64(*field, part.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)));
        }
        document
    }
}

/// Splits a file's id for two columns.
pub(crate) fn halves(file: FileId) -> (u64, u64) {
    let all = u128::from_be_bytes(*file.as_bytes());
    #[expect(clippy::cast_possible_truncation, reason = "each half is what is wanted")]
    let halves = ((all >> 64) as u64, all as u64);
    halves
}

/// Joins what [`halves`] split.
pub(crate) fn file_of(high: u64, low: u64) -> FileId {
    FileId::new(((u128::from(high) << 64) | u128::from(low)).to_be_bytes())
}

/// Joins the parts of a content's id.
pub(crate) fn content_of(parts: &[u64]) -> Option<ContentId> {
    let bytes: Vec<u8> = parts.iter().flat_map(|part| part.to_be_bytes()).collect();
    ContentId::from_slice(&bytes)
}

/// Returns how texts are kept: a text is never split over blocks, and small ones share one of 8 KiB, since each hit costs unpacking one.
pub(crate) fn settings() -> IndexSettings {
    IndexSettings {
        docstore_compression: Compressor::Zstd(ZstdCompressor { compression_level: Some(6) }),
        docstore_compress_dedicated_thread: false,
        docstore_blocksize: 8 * 1024,
        ..IndexSettings::default()
    }
}

/// Returns the only tokenizer there is.
pub(crate) fn tokenizers() -> TokenizerManager {
    let tokenizers = TokenizerManager::new();
    tokenizers.register(WORDS, TextAnalyzer::from(Words));
    tokenizers
}

/// Words as `search` knows them.
#[derive(Debug, Clone, Copy)]
struct Words;

struct WordStream<'a> {
    text: &'a str,
    runs: words::Runs<'a>,
    token: Token,
}

impl Tokenizer for Words {
    type TokenStream<'a> = WordStream<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> WordStream<'a> {
        WordStream { text, runs: runs(text), token: Token::default() }
    }
}

impl TokenStream for WordStream<'_> {
    fn advance(&mut self) -> bool {
        for (from, to) in self.runs.by_ref() {
            fold_into(self.text.get(from..to).unwrap_or_default(), &mut self.token.text);
            if !self.token.text.is_empty() {
                self.token.position = self.token.position.wrapping_add(1);
                (self.token.offset_from, self.token.offset_to) = (from, to);
                return true;
            }
        }
        false
    }

    fn token(&self) -> &Token {
        &self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.token
    }
}
