//! Tar: files one after the other, each behind a header of 512 bytes.

use std::io::{self, Read};

use super::super::look::{About, Looker};

const BLOCK: usize = 512;
/// Bytes of a name in a block of its own at most.
const LONG_NAME_MAX: u64 = 64 << 10;

/// What a header says.
struct Header {
    name: String,
    size: u64,
    kind: u8,
}

/// Says whether it begins with a header of tar.
pub(super) fn is_header(head: &[u8]) -> bool {
    head.first_chunk().is_some_and(|block| header(block).is_some())
}

/// Looks at all files.
pub(in super::super) fn tar(looker: &mut Looker<'_>, mut packed: impl Read, about: &About) {
    let mut long_name = None;
    loop {
        let mut block = [0; BLOCK];
        if packed.read_exact(&mut block).is_err() || block.iter().all(|byte| *byte == 0) {
            return;
        }
        let Some(Header { name, size, kind }) = header(&block) else {
            looker.tally.unseen("a part of it is damaged");
            return;
        };
        let padding = (BLOCK as u64 - size % BLOCK as u64) % BLOCK as u64;
        let mut body = (&mut packed).take(size);
        match kind {
            b'L' | b'x' => {
                let mut bytes = Vec::new();
                if (&mut body).take(LONG_NAME_MAX).read_to_end(&mut bytes).is_err() {
                    return;
                }
                long_name = if kind == b'L' { Some(text(&bytes)) } else { pax_path(&bytes).or(long_name) };
            }
            b'0' | 0 | b'7' | b'S' => {
                let name = long_name.take().unwrap_or(name);
                if !looker.entry(&mut body, &about.within(&name, "tar")) {
                    return;
                }
            }
            _ => long_name = None,
        }
        let left = body.limit().saturating_add(padding);
        if io::copy(&mut (&mut packed).take(left), &mut io::sink()).is_err() {
            return;
        }
    }
}

fn header(block: &[u8; BLOCK]) -> Option<Header> {
    let field = |from: usize, size: usize| block.get(from..from + size).unwrap_or_default();
    let sum: u64 = block.iter().map(|byte| u64::from(*byte)).sum();
    let own: u64 = field(148, 8).iter().map(|byte| u64::from(*byte)).sum();
    // The sum is made with blanks in its own place.
    if octal(field(148, 8))? != sum - own + 8 * u64::from(b' ') {
        return None;
    }
    let name = text(field(0, 100));
    let prefix = if field(257, 5) == b"ustar" { text(field(345, 155)) } else { String::new() };
    let name = if prefix.is_empty() { name } else { format!("{prefix}/{name}") };
    let size = field(124, 12);
    let size = match size.first() {
        // Sizes of 8 GiB and more are written as a number of 95 bits.
        Some(first) if first & 0x80 != 0 => {
            u64::from_be_bytes(size.last_chunk::<8>().copied().unwrap_or_default())
        }
        _ => octal(size)?,
    };
    Some(Header { name, size, kind: *field(156, 1).first()? })
}

fn octal(field: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(field).ok()?.trim_matches(['\0', ' ']);
    if text.is_empty() { Some(0) } else { u64::from_str_radix(text, 8).ok() }
}

fn text(field: &[u8]) -> String {
    let end = field.iter().position(|byte| *byte == 0).unwrap_or(field.len());
    String::from_utf8_lossy(field.get(..end).unwrap_or_default()).into_owned()
}

/// Returns the path among records as `23 path=a/b/c.txt\n`.
fn pax_path(bytes: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(bytes);
    text.lines().find_map(|line| line.split_once(" path=").map(|(_, path)| path.to_owned()))
}
