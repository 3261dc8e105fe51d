//! Zip, and all that is a zip: documents of Office and others, programs in Java.

use std::io::{Read, Seek, SeekFrom};

use zip::result::ZipError;
use zip::{CompressionMethod, ZipArchive};

use super::super::look::{About, Looker};

/// The end of a zip begins so.
const END: &[u8] = b"PK\x05\x06";
/// Bytes of the directory of a zip at most: 20,000 files with long names.
const DIRECTORY_SIZE_MAX: u32 = 16 << 20;

/// What the end of a zip says.
pub(super) struct End {
    directory_size: u32,
}

/// Returns what the end of a zip says, among the last bytes of a file.
pub(super) fn end_of(last: &[u8]) -> Option<End> {
    let at = last.windows(END.len()).rposition(|window| window == END)?;
    let record = last.get(at..)?;
    let size = record.get(12..16)?.first_chunk::<4>()?;
    let comment = record.get(20..22)?.first_chunk::<2>()?;
    // By chance the four bytes stand in many files; that a comment ends where the file does is rarer.
    let is_end = record.len() >= 22 + usize::from(u16::from_le_bytes(*comment));
    is_end.then(|| End { directory_size: u32::from_le_bytes(*size) })
}

/// Looks at all files.
pub(in super::super) fn zip(looker: &mut Looker<'_>, mut packed: impl Read + Seek, about: &About) {
    if is_directory_too_large(&mut packed) {
        looker.tally.unseen("more than 20,000 files are packed in it");
        return;
    }
    let mut begin = [0; 2];
    // What only seems to end as one may be none: the four letters stand in programs, too.
    let is_one = packed.rewind().and_then(|()| packed.read_exact(&mut begin)).is_ok() && begin == *b"PK";
    let Ok(mut archive) = ZipArchive::new(packed) else {
        if is_one {
            looker.tally.unseen("it is a damaged zip archive");
        }
        return;
    };
    for index in 0..archive.len() {
        let Ok(entry) = archive.by_index_raw(index) else {
            looker.tally.unseen("a part of it is damaged");
            continue;
        };
        if entry.is_dir() && entry.size() == 0 {
            continue;
        }
        let name = entry.name().map(std::borrow::Cow::into_owned).unwrap_or_default();
        let about = about.within(&name, "zip");
        let is_encrypted = entry.encrypted();
        let is_known = matches!(entry.compression(), CompressionMethod::Stored | CompressionMethod::Deflated);
        drop(entry);
        let may_go_on = match archive.by_index(index) {
            _ if is_encrypted => {
                looker.tally.unseen("it is protected by a password");
                // Its name can still tell.
                looker.entry(std::io::empty(), &about)
            }
            Ok(entry) if is_known => looker.entry(entry, &about),
            Ok(_) | Err(ZipError::UnsupportedArchive(_)) => {
                looker.tally.unseen("a part of it is packed in a way that is not known here");
                looker.entry(std::io::empty(), &about)
            }
            Err(_) => {
                looker.tally.unseen("a part of it is damaged");
                true
            }
        };
        if !may_go_on {
            return;
        }
    }
}

/// The directory is read as a whole, so its size is looked at before.
fn is_directory_too_large(packed: &mut (impl Read + Seek)) -> bool {
    let Ok(size) = packed.seek(SeekFrom::End(0)) else { return false };
    if packed.seek(SeekFrom::Start(size.saturating_sub(super::ZIP_END_SIZE))).is_err() {
        return false;
    }
    let mut last = Vec::new();
    let read = packed.by_ref().take(super::ZIP_END_SIZE).read_to_end(&mut last);
    // The greatest number means that another record has it: then the limit of memory is the only one.
    read.is_ok()
        && end_of(&last)
            .is_some_and(|end| end.directory_size > DIRECTORY_SIZE_MAX && end.directory_size < u32::MAX)
}
