//! Makes the hash tree of a large file on all cores: the tree of BLAKE3 above groups of 16 KiB, in pre-order.
//!
//! Of a tree of this order each half lies in one stretch, so halves are made apart. Not for: verifying (bao-tree
//! does), or where trees are kept (`outboards.rs`).

use std::fs::File;
use std::io;
use std::num::NonZeroUsize;
use std::os::unix::fs::FileExt as _;

use blake3::hazmat::{ChainingValue, HasherExt as _, Mode, merge_subtrees_non_root, merge_subtrees_root};

/// Bytes under one leaf of the tree, as in iroh-blobs.
const GROUP: u64 = 16 * 1024;

/// Bytes of two hashes.
const PAIR: u64 = 64;

/// Bytes read and hashed at once, and at least by one thread.
const BLOCK: u64 = 1024 * 1024;

/// A stretch of a file and where its part of the tree goes.
#[derive(Clone, Copy)]
struct Part {
    from: u64,
    length: u64,
    position: u64,
}

impl Part {
    /// Parts at the greatest power of two of groups that leaves something for the right half.
    fn halves(self) -> (Self, Self) {
        let groups = self.length.div_ceil(GROUP);
        let left_groups = groups.next_power_of_two() / 2;
        let left = left_groups * GROUP;
        (
            Self { from: self.from, length: left, position: self.position + PAIR },
            Self {
                from: self.from + left,
                length: self.length - left,
                position: self.position + PAIR * left_groups,
            },
        )
    }
}

/// Reads a file once, writes its tree, and returns the root.
///
/// A file that is shorter than `size` is an `UnexpectedEof`. The tree of a file of one group is empty.
pub(crate) fn make(file: &File, size: u64, tree: &File) -> io::Result<blake3::Hash> {
    let whole = Part { from: 0, length: size, position: 0 };
    if size <= GROUP {
        let mut bytes = vec![0; usize::try_from(size).unwrap_or(0)];
        file.read_exact_at(&mut bytes, 0)?;
        return Ok(blake3::hash(&bytes));
    }
    let threads = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let (left, right) = both(file, tree, whole, threads)?;
    write_pair(tree, whole.position, &left, &right)?;
    Ok(merge_subtrees_root(&left, &right, Mode::Hash))
}

/// Makes both halves of a part of more than one group, apart if it is worth a thread.
fn both(file: &File, tree: &File, part: Part, threads: usize) -> io::Result<(ChainingValue, ChainingValue)> {
    let (left, right) = part.halves();
    if threads < 2 || right.length < BLOCK {
        return Ok((subtree(file, tree, left, threads)?, subtree(file, tree, right, threads)?));
    }
    std::thread::scope(|scope| {
        let helper = scope.spawn(|| subtree(file, tree, left, threads / 2));
        let right = subtree(file, tree, right, threads.div_ceil(2))?;
        let left = helper.join().map_err(|_panic| io::Error::other("a hashing thread stopped"))??;
        Ok((left, right))
    })
}

fn subtree(file: &File, tree: &File, part: Part, threads: usize) -> io::Result<ChainingValue> {
    if part.length > BLOCK {
        let (left, right) = both(file, tree, part, threads)?;
        write_pair(tree, part.position, &left, &right)?;
        return Ok(merge_subtrees_non_root(&left, &right, Mode::Hash));
    }
    let mut bytes = vec![0; usize::try_from(part.length).unwrap_or(0)];
    file.read_exact_at(&mut bytes, part.from)?;
    let mut pairs = Vec::new();
    let hash = in_memory(&bytes, part.from, &mut pairs);
    tree.write_all_at(&pairs, part.position)?;
    Ok(hash)
}

fn in_memory(bytes: &[u8], from: u64, pairs: &mut Vec<u8>) -> ChainingValue {
    let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    let (left, _) = Part { from, length, position: 0 }.halves();
    let split = usize::try_from(left.length).unwrap_or(usize::MAX);
    match bytes.split_at_checked(split) {
        Some((one, other)) if length > GROUP => {
            let place = pairs.len();
            pairs.extend_from_slice(&[0; 64]);
            let one = in_memory(one, from, pairs);
            let other = in_memory(other, from + left.length, pairs);
            if let Some((first, second)) =
                pairs.get_mut(place..place + 64).and_then(|pair| pair.split_at_mut_checked(32))
            {
                first.copy_from_slice(&one);
                second.copy_from_slice(&other);
            }
            merge_subtrees_non_root(&one, &other, Mode::Hash)
        }
        _ => {
            let mut hasher = blake3::Hasher::new();
            hasher.set_input_offset(from);
            hasher.update(bytes);
            hasher.finalize_non_root()
        }
    }
}

fn write_pair(tree: &File, position: u64, left: &ChainingValue, right: &ChainingValue) -> io::Result<()> {
    let mut pair = [0; 64];
    let (first, second) = pair.split_at_mut(32);
    first.copy_from_slice(left);
    second.copy_from_slice(right);
    tree.write_all_at(&pair, position)
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Seek as _, Write as _};

    use super::*;

    fn check(size: u64) {
        let bytes: Vec<u8> = (0..size).map(|at| u8::try_from((at * 31 + at / 977) % 251).unwrap()).collect();
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&bytes).unwrap();
        let tree = tempfile::tempfile().unwrap();
        let root = make(&file, size, &tree).unwrap();
        let expected =
            bao_tree::io::outboard::PreOrderMemOutboard::create(&bytes, iroh_blobs::store::IROH_BLOCK_SIZE);
        assert_eq!(root, expected.root, "{size} bytes");
        let mut made = Vec::new();
        (&tree).rewind().unwrap();
        (&tree).read_to_end(&mut made).unwrap();
        assert_eq!(made, expected.data, "{size} bytes");
    }

    #[test]
    fn the_tree_is_the_one_bao_makes() {
        for size in
            [0, 1, GROUP, GROUP + 1, 3 * GROUP, BLOCK, BLOCK + 1, 5 * BLOCK - 7, 8 * BLOCK, 8 * BLOCK + 1]
        {
            check(size);
        }
    }

    #[test]
    fn a_file_that_became_shorter_is_noticed() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&vec![1; 3_000_000]).unwrap();
        let made = make(&file, 9_000_000, &tempfile::tempfile().unwrap());
        assert_eq!(made.unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    }
}
