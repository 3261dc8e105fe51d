//! Pictures by their bytes: which kind, how large. They are not decoded here.

/// A kind of picture that documents may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Png,
    Jpeg,
    Gif,
    WebP,
}

impl Kind {
    pub(super) fn media(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Gif => "image/gif",
            Self::WebP => "image/webp",
        }
    }

    pub(super) fn ending(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Jpeg => "jpeg",
            Self::Gif => "gif",
            Self::WebP => "webp",
        }
    }
}

/// Tells the kind by the first bytes.
pub(super) fn kind(bytes: &[u8]) -> Option<Kind> {
    if bytes.starts_with(b"\x89PNG\r\n\x1A\n") {
        Some(Kind::Png)
    } else if bytes.starts_with(b"\xFF\xD8\xFF") {
        Some(Kind::Jpeg)
    } else if bytes.starts_with(b"GIF87a") || bytes.starts_with(b"GIF89a") {
        Some(Kind::Gif)
    } else if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
        Some(Kind::WebP)
    } else {
        None
    }
}

/// Returns width and height in pixels, as the file says; of WebP none.
pub(super) fn size(bytes: &[u8]) -> Option<(u32, u32)> {
    let size = match kind(bytes)? {
        Kind::Png => (big(bytes.get(16..20)?), big(bytes.get(20..24)?)),
        Kind::Gif => (little(bytes.get(6..8)?), little(bytes.get(8..10)?)),
        Kind::Jpeg => jpeg(bytes)?,
        Kind::WebP => return None,
    };
    (size.0 > 0 && size.1 > 0).then_some(size)
}

fn big(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |number, byte| number << 8 | u32::from(*byte))
}

fn little(bytes: &[u8]) -> u32 {
    bytes.iter().rev().fold(0, |number, byte| number << 8 | u32::from(*byte))
}

/// Looks for the segment of a JPEG that begins the picture.
fn jpeg(bytes: &[u8]) -> Option<(u32, u32)> {
    let mut at: usize = 2;
    loop {
        let [0xFF, marker] = bytes.get(at..at.checked_add(2)?)? else { return None };
        if *marker == 0xFF {
            at += 1;
            continue;
        }
        if matches!(marker, 0xC0..=0xC3 | 0xC5..=0xC7 | 0xC9..=0xCB | 0xCD..=0xCF) {
            let (height, width) = (bytes.get(at + 5..at + 7)?, bytes.get(at + 7..at + 9)?);
            return Some((big(width), big(height)));
        }
        let size = big(bytes.get(at + 2..at + 4)?) as usize;
        at = at.checked_add(2)?.checked_add(size.max(2))?;
    }
}
