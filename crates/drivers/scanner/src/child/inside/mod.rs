//! What is packed in what: recognised by its bytes, taken out one by one. Each gives its parts to [`Looker::entry`].
//!
//! [`Looker::entry`]: super::look::Looker::entry

mod gzip;
mod macros;
mod mail;
mod pdf;
mod tar;
mod zip;

use std::io::{Read, Seek, SeekFrom};

pub(super) use self::gzip::gzip;
pub(super) use self::macros::macros;
pub(super) use self::mail::mail;
pub(super) use self::pdf::pdf;
pub(super) use self::tar::tar;
pub(super) use self::zip::zip;

/// Bytes that tell a shape.
pub(super) const HEAD_SIZE: u64 = 4 << 10;
/// Bytes at the end that may hold the end of a zip: its record and the longest comment.
const ZIP_END_SIZE: u64 = 22 + 65_535;

/// What something that has parts looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// Also documents of Office, programs in Java, and many others.
    Zip,
    Gzip,
    Tar,
    Mail,
    /// A document of older Office programs.
    Ole,
    Pdf,
    /// An archive of a kind that is not opened here.
    Unknown(&'static str),
}

impl Shape {
    /// Says whether all of what is in it is packed, not only some of it.
    pub(super) fn is_archive(self) -> bool {
        matches!(self, Self::Zip | Self::Gzip | Self::Tar | Self::Mail)
    }
}

/// Returns the shape of what begins so and has this name.
pub(super) fn shape(head: &[u8], name: &str) -> Option<Shape> {
    let beginnings: [(&[u8], Shape); 12] = [
        (b"PK\x03\x04", Shape::Zip),
        (b"PK\x05\x06", Shape::Zip),
        (b"PK00PK\x03\x04", Shape::Zip),
        (b"\x1f\x8b\x08", Shape::Gzip),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Shape::Ole),
        (b"7z\xbc\xaf\x27\x1c", Shape::Unknown("7-Zip")),
        (b"Rar!\x1a\x07", Shape::Unknown("RAR")),
        (b"\xfd7zXZ\x00", Shape::Unknown("xz")),
        (b"\x28\xb5\x2f\xfd", Shape::Unknown("Zstandard")),
        (b"MSCF\x00\x00\x00\x00", Shape::Unknown("cabinet")),
        (b"\x60\xea", Shape::Unknown("ARJ")),
        (b"LZIP\x01", Shape::Unknown("lzip")),
    ];
    if let Some((_, shape)) = beginnings.iter().find(|(beginning, _)| head.starts_with(beginning)) {
        return Some(*shape);
    }
    if head.get(..3) == Some(b"BZh") && head.get(4..10) == Some(b"1AY&SY") {
        return Some(Shape::Unknown("bzip2"));
    }
    if tar::is_header(head) {
        return Some(Shape::Tar);
    }
    let early = head.get(..head.len().min(1_024)).unwrap_or_default();
    if early.windows(5).any(|window| window == b"%PDF-") {
        return Some(Shape::Pdf);
    }
    mail::is_mail(head, name).then_some(Shape::Mail)
}

/// Says whether it begins as a program that is not a script.
pub(super) fn is_program(head: &[u8]) -> bool {
    let beginnings: [&[u8]; 6] = [
        b"MZ",
        b"\x7fELF",
        b"\xcf\xfa\xed\xfe",
        b"\xce\xfa\xed\xfe",
        b"\xca\xfe\xba\xbe",
        b"L\0\0\0\x01\x14\x02\0",
    ];
    beginnings.iter().any(|beginning| head.starts_with(beginning))
}

/// Says whether a zip ends here, whatever it begins with: programs that unpack themselves, files that are two at once.
pub(super) fn has_zip_at_end(file: &mut (impl Read + Seek)) -> bool {
    let Ok(size) = file.seek(SeekFrom::End(0)) else { return false };
    if size < 22 || file.seek(SeekFrom::Start(size.saturating_sub(ZIP_END_SIZE))).is_err() {
        return false;
    }
    let mut end = Vec::new();
    let read = file.by_ref().take(ZIP_END_SIZE).read_to_end(&mut end);
    read.is_ok() && zip::end_of(&end).is_some()
}
