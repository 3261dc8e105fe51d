//! Sealed copies of contents, for carriers, who keep what they cannot read (spec sealed, rules 1 to 9).
//!
//! A content is cut into segments of 64 KiB, each encrypted under a key that belongs to this one content and one
//! epoch; the nonce says which segment it is and whether it is the last (the STREAM construction of Hoang,
//! Reyhanitabar, Rogaway and Vizár, 2015), so nothing can be cut off, added or moved. Everybody who seals the same
//! content under the same epoch key gets the same bytes: copies of two members are one copy at a mirror. Not for:
//! where copies are kept or who may have them (`files`).

use base::ContentId;
use chacha20poly1305::aead::{Aead, KeyInit};
use chacha20poly1305::{ChaCha20Poly1305, Nonce};
use minicbor::{Decode, Encode};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::crypto::EpochKey;

/// Plain bytes of every segment but the last, which has 1 to as many.
pub const SEGMENT_SIZE: usize = 64 * 1024;

/// Bytes that a segment is longer for being sealed.
pub const TAG_SIZE: usize = 16;

/// Derives the storage secret of an epoch.
const STORAGE: &str = "althing sealed storage v1";

/// The key of one content's sealed copy. Whoever has it reads that content and nothing else.
///
/// It is encoded for jobs of one process: it is in no message and in no row.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop, Encode, Decode)]
#[cbor(transparent)]
pub struct ContentKey(#[cbor(n(0), with = "minicbor::bytes")] [u8; 32]);

/// Which segment of a copy it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Segment {
    /// One after which others come, counted from 0.
    Inner(u64),
    /// The one at the end.
    Last(u64),
}

impl Segment {
    /// Returns which segment comes at a place, when there are so many.
    pub fn at(index: u64, count: u64) -> Self {
        if index.saturating_add(1) >= count { Self::Last(index) } else { Self::Inner(index) }
    }

    fn nonce(self) -> Nonce {
        let (index, is_last) = match self {
            Self::Inner(index) => (index, 0),
            Self::Last(index) => (index, 1),
        };
        let mut nonce = [0; 12];
        let place = index.to_be_bytes().into_iter().chain([is_last]);
        for (to, byte) in nonce.iter_mut().skip(3).zip(place) {
            *to = byte;
        }
        Nonce::from(nonce)
    }
}

impl ContentKey {
    /// Derives the key of a content under an epoch.
    pub fn of(epoch: &EpochKey, content: ContentId) -> Self {
        let storage = blake3::derive_key(STORAGE, epoch.secret());
        Self(*blake3::keyed_hash(&storage, content.as_bytes()).as_bytes())
    }

    /// Returns the secret; for tests of formats only.
    pub fn secret(&self) -> &[u8; 32] {
        &self.0
    }

    /// Seals one segment.
    ///
    /// The key is used once for each segment because the content's id commits to all of them: nobody may let sealed
    /// bytes out before the plain bytes have been found to be that content (rule 6).
    ///
    /// # Panics
    /// For a segment of 256 GiB or more, which no caller has.
    pub fn seal(&self, segment: Segment, plain: &[u8]) -> Vec<u8> {
        ChaCha20Poly1305::new(&self.0.into())
            .encrypt(&segment.nonce(), plain)
            .expect("ChaCha20-Poly1305 encrypts any message below 256 GiB")
    }

    /// Opens one segment; `None` when it is not that segment of a copy under this key.
    pub fn open(&self, segment: Segment, sealed: &[u8]) -> Option<Vec<u8>> {
        ChaCha20Poly1305::new(&self.0.into()).decrypt(&segment.nonce(), sealed).ok()
    }

    /// Seals a whole content.
    pub fn seal_all(&self, plain: &[u8]) -> Vec<u8> {
        let count = segments(length(plain));
        let parts = plain.chunks(SEGMENT_SIZE).zip(0..);
        parts.flat_map(|(part, index)| self.seal(Segment::at(index, count), part)).collect()
    }

    /// Opens a whole copy of a content of `size` bytes; `None` when it is none of this key, or of another length.
    ///
    /// Whether the bytes are those of the content that was meant is for the caller to check (rule 7).
    pub fn open_all(&self, sealed: &[u8], size: u64) -> Option<Vec<u8>> {
        if sealed_size(size)? != length(sealed) {
            return None;
        }
        let count = segments(size);
        let mut plain = Vec::with_capacity(sealed.len());
        for (part, index) in sealed.chunks(SEGMENT_SIZE + TAG_SIZE).zip(0..) {
            plain.extend(self.open(Segment::at(index, count), part)?);
        }
        (length(&plain) == size).then_some(plain)
    }
}

impl std::fmt::Debug for ContentKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ContentKey(..)")
    }
}

/// Returns how many segments a content of so many bytes has.
pub fn segments(size: u64) -> u64 {
    size.div_ceil(SEGMENT_SIZE as u64)
}

/// Returns how many bytes a sealed copy has; `None` for the empty content, which nobody seals, and for impossible sizes.
pub fn sealed_size(size: u64) -> Option<u64> {
    if size == 0 {
        return None;
    }
    size.checked_add(segments(size).checked_mul(TAG_SIZE as u64)?)
}

fn length(bytes: &[u8]) -> u64 {
    bytes.len() as u64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key() -> ContentKey {
        ContentKey::of(&EpochKey::new([9; 32]), ContentId::new([3; 32]))
    }

    #[test]
    fn a_copy_opens_to_what_was_sealed_at_every_edge() {
        for size in [1, 2, SEGMENT_SIZE - 1, SEGMENT_SIZE, SEGMENT_SIZE + 1, 3 * SEGMENT_SIZE] {
            let plain: Vec<u8> = (0..size).map(|at| at.to_le_bytes()[0]).collect();
            let sealed = key().seal_all(&plain);
            assert_eq!(Some(length(&sealed)), sealed_size(length(&plain)));
            assert_eq!(key().open_all(&sealed, length(&plain)), Some(plain));
        }
    }

    #[test]
    fn everybody_seals_alike_and_nobody_else_opens() {
        let (epoch, content) = (EpochKey::new([9; 32]), ContentId::new([3; 32]));
        assert_eq!(key().seal_all(b"plans"), ContentKey::of(&epoch, content).seal_all(b"plans"));
        let sealed = key().seal_all(b"plans");
        let others = [
            ContentKey::of(&EpochKey::new([8; 32]), content),
            ContentKey::of(&epoch, ContentId::new([4; 32])),
        ];
        for other in others {
            assert_ne!(other.seal_all(b"plans"), sealed);
            assert_eq!(other.open_all(&sealed, 5), None);
        }
    }

    #[test]
    fn what_is_cut_off_added_or_moved_does_not_open() {
        let size = 3 * SEGMENT_SIZE + 10;
        let plain = vec![7; size];
        let sealed = key().seal_all(&plain);
        let whole = SEGMENT_SIZE + TAG_SIZE;
        // Cut at the end of a segment, and asked for as what is left.
        let cut = sealed.get(..2 * whole).unwrap();
        assert_eq!(key().open_all(cut, 2 * SEGMENT_SIZE as u64), None);
        // Two segments, each valid, in each other's places.
        let mut moved = sealed.get(whole..2 * whole).unwrap().to_vec();
        moved.extend(sealed.get(..whole).unwrap());
        moved.extend(sealed.get(2 * whole..).unwrap());
        assert_eq!(key().open_all(&moved, size as u64), None);
        // One more behind the end.
        let more = [sealed.as_slice(), &key().seal(Segment::Last(4), b"more")].concat();
        assert_eq!(key().open_all(&more, size as u64 + 4), None);
        assert_eq!(key().open_all(&sealed, size as u64 + 1), None);
    }

    #[test]
    fn the_empty_content_is_not_sealed() {
        assert_eq!(sealed_size(0), None);
        assert_eq!(sealed_size(u64::MAX), None);
        assert_eq!(key().open_all(&[], 0), None);
    }

    proptest! {
        #[test]
        fn any_bytes_do_not_panic_and_do_not_open(bytes: Vec<u8>, size: u64) {
            prop_assert_eq!(key().open_all(&bytes, size), None);
            prop_assert_eq!(key().open(Segment::Inner(size), &bytes), None);
        }

        #[test]
        fn one_changed_bit_is_found(at in 0..(SEGMENT_SIZE + 100 + 2 * TAG_SIZE), bit in 0..8_u8) {
            let mut sealed = key().seal_all(&vec![1; SEGMENT_SIZE + 100]);
            if let Some(byte) = sealed.get_mut(at) {
                *byte ^= 1 << bit;
            }
            prop_assert_eq!(key().open_all(&sealed, (SEGMENT_SIZE + 100) as u64), None);
        }
    }
}
