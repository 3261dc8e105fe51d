//! Where the bytes of contents come from, and where new ones go.

use std::io;

use base::ContentId;
use compute::jobs::Place;
use files::jobs::Source;

/// The contents that this computer keeps; given by the peer.
pub trait Library: Send + Sync {
    /// Returns the bytes of a content that is whole here; fails when it has more than `size_max`. Blocks.
    fn read(&self, content: ContentId, source: &Source, size_max: u64) -> io::Result<Vec<u8>>;

    /// Keeps bytes in the content store, durably before it returns. Blocks.
    fn keep(&self, bytes: Vec<u8>) -> io::Result<ContentId>;
}

/// Returns the bytes of a place, at most `size_max`, and only if they are those of its content.
pub(super) fn read(library: &dyn Library, place: &Place, size_max: u64) -> Result<Vec<u8>, String> {
    match place {
        Place::Inline { bytes } if bytes.len() as u64 > size_max => {
            Err(too_large(bytes.len() as u64, size_max))
        }
        Place::Inline { bytes } => Ok(bytes.to_vec()),
        Place::Content { size, .. } if *size > size_max => Err(too_large(*size, size_max)),
        Place::Content { content, size, source } => {
            let bytes = library.read(*content, source, *size).map_err(|error| error.to_string())?;
            // A file shared in place can have changed in this moment: an output from other bytes would count as a lie.
            if bytes.len() as u64 != *size || blake3::hash(&bytes).as_bytes() != content.as_bytes() {
                return Err("its bytes are not those they should be".to_owned());
            }
            Ok(bytes)
        }
    }
}

fn too_large(size: u64, size_max: u64) -> String {
    format!("{size} bytes, {size_max} allowed")
}
