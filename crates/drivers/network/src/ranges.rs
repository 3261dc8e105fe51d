//! Byte ranges and the ranges of chunks that verified streaming works with.

use bao_tree::{ChunkNum, ChunkRanges};
use files::jobs::ByteRange;

/// Bytes of a BLAKE3 chunk.
const CHUNK: u64 = 1024;

/// Chunks that are hashed, sent and stored together: 16 KiB.
const GROUP: u64 = 16;

/// Returns the groups of chunks that hold some bytes.
pub(crate) fn chunks_of(bytes: &[ByteRange], size: u64) -> ChunkRanges {
    let mut chunks = ChunkRanges::empty();
    for range in bytes {
        let (from, to) = (range.from.min(size), range.to.min(size));
        if from < to {
            let first = from / (CHUNK * GROUP) * GROUP;
            let end = to.div_ceil(CHUNK * GROUP) * GROUP;
            chunks |= ChunkRanges::from(ChunkNum(first)..ChunkNum(end));
        }
    }
    if size == 0 {
        chunks = ChunkRanges::all();
    }
    chunks
}

/// Returns the number of bytes in some chunks of a content.
pub(crate) fn bytes_in(chunks: &ChunkRanges, size: u64) -> u64 {
    pairs(chunks).map(|(from, to)| end_of(to, size) - end_of(from, size)).sum()
}

/// Returns what is missing, in whole groups, when `present` is here.
pub(crate) fn missing(present: &ChunkRanges, size: u64) -> Vec<ByteRange> {
    let mut missing: Vec<ByteRange> = Vec::new();
    let absent = !present.clone();
    for (from, to) in pairs(&absent) {
        let from = end_of(from / GROUP * GROUP, size);
        let to = end_of(to.div_ceil(GROUP).saturating_mul(GROUP), size);
        if from >= to {
            continue;
        }
        match missing.last_mut() {
            Some(last) if last.to >= from => last.to = to,
            _ => missing.push(ByteRange { from, to }),
        }
    }
    missing
}

/// Returns how far from `from` on there are bytes without a gap.
pub(crate) fn present_until(present: &ChunkRanges, from: u64, size: u64) -> u64 {
    let chunk = from / CHUNK;
    let found = pairs(present).find(|(first, end)| (*first..*end).contains(&chunk));
    found.map_or(from, |(_, end)| end_of(end, size))
}

fn end_of(chunk: u64, size: u64) -> u64 {
    chunk.saturating_mul(CHUNK).min(size)
}

/// Walks ranges of chunks as first and end; the end of an open one is the greatest number there is.
fn pairs(chunks: &ChunkRanges) -> impl Iterator<Item = (u64, u64)> {
    chunks.boundaries().chunks(2).filter_map(|pair| match pair {
        [from, to] => Some((from.0, to.0)),
        [from] => Some((from.0, u64::MAX)),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(from: u64, to: u64) -> ByteRange {
        ByteRange { from, to }
    }

    #[test]
    fn ranges_are_rounded_outwards_to_groups() {
        let size = 100_000;
        let check = |from, to, bytes| assert_eq!(bytes_in(&chunks_of(&[range(from, to)], size), size), bytes);
        check(0, 1, 16_384);
        check(16_383, 16_385, 32_768);
        check(99_999, 100_000, 100_000 - 98_304);
        check(0, u64::MAX, 100_000);
        check(5, 5, 0);
        check(200_000, 300_000, 0);
    }

    #[test]
    fn what_is_missing_is_what_is_not_present() {
        let size = 100_000;
        assert_eq!(missing(&ChunkRanges::empty(), size), [range(0, size)]);
        assert_eq!(missing(&ChunkRanges::all(), size), []);
        assert_eq!(missing(&ChunkRanges::empty(), 0), []);
        let some = chunks_of(&[range(0, 16_384), range(49_152, 65_536)], size);
        assert_eq!(missing(&some, size), [range(16_384, 49_152), range(65_536, size)]);
        let scattered = ChunkRanges::from(ChunkNum(1)..ChunkNum(2));
        assert_eq!(missing(&scattered, size), [range(0, size)]);
    }

    #[test]
    fn the_end_of_what_is_present_is_found() {
        let size = 100_000;
        let some = chunks_of(&[range(16_384, 49_152)], size);
        assert_eq!(present_until(&some, 0, size), 0);
        assert_eq!(present_until(&some, 20_000, size), 49_152);
        assert_eq!(present_until(&some, 49_152, size), 49_152);
        assert_eq!(present_until(&ChunkRanges::all(), 5, size), size);
    }
}
