//! PDF: objects are packed in streams, so that rules for its text would not see them.

use std::io::Read as _;

use flate2::bufread::ZlibDecoder;

use super::super::look::{About, Looker};

/// Bytes before a stream that say what is in it.
const DICTIONARY_SIZE: usize = 512;
/// Bytes of one stream of objects at most.
const STREAM_SIZE_MAX: u64 = 4 << 20;
/// Streams of one file at most.
const STREAMS_MAX: u32 = 2_000;

/// Looks at all streams of objects. Pictures, fonts and pages have none that does anything.
pub(in super::super) fn pdf(looker: &mut Looker<'_>, bytes: &[u8], about: &About) {
    let mut at = 0;
    let mut number = 0;
    let find = |from: usize| {
        let rest = bytes.get(from..)?;
        Some(from + rest.windows(6).position(|window| window == b"stream")?)
    };
    while let Some(found) = find(at) {
        at = found + 6;
        let before = bytes.get(found.saturating_sub(DICTIONARY_SIZE)..found).unwrap_or_default();
        let has = |word: &[u8]| before.windows(word.len()).any(|window| window == word);
        let body = bytes.get(at..).unwrap_or_default();
        let body = body.strip_prefix(b"\r\n").or_else(|| body.strip_prefix(b"\n")).unwrap_or(body);
        if !(has(b"/ObjStm") && has(b"/FlateDecode")) || number >= STREAMS_MAX {
            continue;
        }
        number += 1;
        let objects = ZlibDecoder::new(body).take(STREAM_SIZE_MAX);
        if !looker.entry(objects, &about.within(&format!("objects-{number}"), "pdf")) {
            return;
        }
    }
}
