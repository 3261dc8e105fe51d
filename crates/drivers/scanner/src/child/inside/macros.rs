//! Macros in documents of Office: found by how they begin, wherever they are in the file.
//!
//! The format is that of MS-OVBA, section 2.4.1: a signature byte, then chunks of at most 4,096 bytes, each a sequence of
//! eight tokens behind a byte of flags; a token is a letter or a copy of letters before it. The directory of the file is not read:
//! a module whose sectors are scattered is seen up to the first gap.

use super::super::look::{About, Looker};

/// The source of a module begins so: the first token that can be a copy stands behind eight letters.
const BEGINNING: &[u8] = b"\x00Attribut\x00e ";
/// Bytes from the beginning of a container to [`BEGINNING`]: its signature and the head of its first chunk.
const BEFORE: usize = 3;
/// Bytes of one module at most.
const MODULE_SIZE_MAX: usize = 4 << 20;
/// Bytes in a chunk at most.
const CHUNK_SIZE: usize = 4_096;

/// Looks at the source of all macros.
pub(in super::super) fn macros(looker: &mut Looker<'_>, bytes: &[u8], about: &About) {
    let mut at = 0;
    let mut number = 0;
    while let Some(found) =
        bytes.get(at..).and_then(|rest| rest.windows(BEGINNING.len()).position(|w| w == BEGINNING))
    {
        let begin = at + found;
        at = begin + BEGINNING.len();
        let container = begin.checked_sub(BEFORE).and_then(|begin| bytes.get(begin..));
        let Some((1, chunks)) = container.and_then(|container| container.split_first()).map(|(a, b)| (*a, b))
        else {
            continue;
        };
        number += 1;
        let source = unpack(chunks);
        if !looker.entry(source.as_slice(), &about.within(&format!("macro-{number}.bas"), "macros")) {
            return;
        }
    }
}

/// Unpacks the chunks of a container as far as they make sense.
fn unpack(mut packed: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    while let Some((head, rest)) = packed.split_first_chunk::<2>() {
        let head = u16::from_le_bytes(*head);
        if (head >> 12) & 0b111 != 0b011 || plain.len() >= MODULE_SIZE_MAX {
            break;
        }
        let size = usize::from(head & 0x0fff) + 1;
        let (chunk, others) = rest.split_at(size.min(rest.len()));
        packed = others;
        if head & 0x8000 == 0 {
            plain.extend_from_slice(chunk);
        } else if unpack_chunk(chunk, &mut plain).is_none() {
            break;
        }
    }
    plain
}

/// Unpacks one chunk; none when a copy goes beyond its beginning.
fn unpack_chunk(chunk: &[u8], plain: &mut Vec<u8>) -> Option<()> {
    let begin = plain.len();
    let mut rest = chunk;
    while let Some((flags, tokens)) = rest.split_first() {
        rest = tokens;
        for bit in 0..8 {
            if flags & (1 << bit) == 0 {
                let Some((letter, others)) = rest.split_first() else { return Some(()) };
                plain.push(*letter);
                rest = others;
            } else {
                let Some((token, others)) = rest.split_first_chunk::<2>() else { return Some(()) };
                rest = others;
                copy(u16::from_le_bytes(*token), begin, plain)?;
            }
            if plain.len() - begin > CHUNK_SIZE {
                return None;
            }
        }
    }
    Some(())
}

/// The farther in a chunk, the more bits of a token say how far back, and the fewer how many.
fn copy(token: u16, begin: usize, plain: &mut Vec<u8>) -> Option<()> {
    let here = plain.len() - begin;
    let bits = (usize::BITS - here.checked_sub(1)?.leading_zeros()).max(4);
    let count = usize::from(token & (0xffff >> bits)) + 3;
    let back = usize::from(token >> (16 - bits)) + 1;
    let from = plain.len().checked_sub(back).filter(|from| *from >= begin)?;
    for at in from..from + count {
        let letter = *plain.get(at)?;
        plain.push(letter);
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_the_format_unpack() {
        let check = |packed: &[u8], plain: &[u8]| assert_eq!(unpack(packed), plain);
        check(b"\x19\xb0\x00abcdefgh\x00ijklmnop\x00qrstuv.", b"abcdefghijklmnopqrstuv.");
        check(
            b"\x2f\xb0\x00#aaabcde\x82f\x00paghij\x018\x08akl\x000mnop\x06q\x02p\x04\x10rstuv\x10wxyz\x00<",
            b"#aaabcdefaaaaghijaaaaaklaaamnopqaaaaaaaaaaaarstuvwxyzaaa",
        );
        check(b"\x03\xb0\x02aE\x00", &[b'a'; 73]);
    }

    #[test]
    fn a_copy_from_before_the_beginning_ends_it() {
        assert_eq!(unpack(b"\x02\xb0\x01\xff\xff"), b"");
    }
}
