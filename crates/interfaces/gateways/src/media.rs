//! How a file may be shown: by its name and its first bytes, never by what somebody else says it is.
//!
//! HTML, scripts and everything else that could act is text here. What is not recognised can only be saved.

use crate::surface::Show;

/// How many first bytes [`of`] wants to see.
pub(crate) const HEAD_BYTES: u64 = 4096;

/// Largest Markdown file that is rendered; a larger one is shown as text.
pub(crate) const MARKDOWN_BYTES_MAX: u64 = 1 << 20;

/// How a file is shown and under which media type it is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Media {
    pub(crate) show: Show,
    pub(crate) media: &'static str,
}

/// What can only be saved.
pub(crate) const SAVED_ONLY: Media = Media { show: Show::None, media: "application/octet-stream" };

/// Text as most of the world writes it.
pub(crate) const PLAIN: Media = Media { show: Show::Text, media: "text/plain; charset=utf-8" };

/// Says how to show a file of this name, size and beginning.
pub(crate) fn of(name: &str, size: u64, head: &[u8]) -> Media {
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension).to_ascii_lowercase();
    if let Some((_, show, media)) = KNOWN.iter().find(|(known, ..)| *known == extension) {
        return Media { show: *show, media };
    }
    let Some(text) = text(head) else { return SAVED_ONLY };
    match extension.as_str() {
        "md" | "markdown" | "mdown" if size <= MARKDOWN_BYTES_MAX && text == PLAIN => {
            Media { show: Show::Markdown, media: "text/html; charset=utf-8" }
        }
        "svg" => Media { show: Show::Image, media: "image/svg+xml" },
        _ => text,
    }
}

/// What browsers show by themselves and can't be led to run.
const KNOWN: &[(&str, Show, &str)] = &[
    ("png", Show::Image, "image/png"),
    ("jpg", Show::Image, "image/jpeg"),
    ("jpeg", Show::Image, "image/jpeg"),
    ("gif", Show::Image, "image/gif"),
    ("webp", Show::Image, "image/webp"),
    ("avif", Show::Image, "image/avif"),
    ("pdf", Show::Pdf, "application/pdf"),
    ("mp4", Show::Video, "video/mp4"),
    ("m4v", Show::Video, "video/mp4"),
    ("webm", Show::Video, "video/webm"),
    ("ogv", Show::Video, "video/ogg"),
    ("mp3", Show::Audio, "audio/mpeg"),
    ("m4a", Show::Audio, "audio/mp4"),
    ("aac", Show::Audio, "audio/aac"),
    ("ogg", Show::Audio, "audio/ogg"),
    ("oga", Show::Audio, "audio/ogg"),
    ("opus", Show::Audio, "audio/ogg"),
    ("flac", Show::Audio, "audio/flac"),
    ("wav", Show::Audio, "audio/wav"),
    ("weba", Show::Audio, "audio/webm"),
];

/// Says whether bytes are the beginning of a text, and of which kind.
fn text(head: &[u8]) -> Option<Media> {
    if head.starts_with(&[0xff, 0xfe]) || head.starts_with(&[0xfe, 0xff]) {
        // The mark at the beginning outranks the charset in every browser.
        return Some(Media { show: Show::Text, media: "text/plain; charset=utf-16" });
    }
    let is_control = |byte: &u8| matches!(byte, 0..=8 | 0x0e..=0x1a | 0x1c..=0x1f | 0x7f);
    if head.iter().any(is_control) {
        return None;
    }
    match std::str::from_utf8(head) {
        Ok(_) => Some(PLAIN),
        // Cut in the middle of a character.
        Err(error) if error.error_len().is_none() => Some(PLAIN),
        Err(_) => Some(Media { show: Show::Text, media: "text/plain; charset=windows-1252" }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_act_is_only_text() {
        for name in [
            "index.html",
            "a.HTM",
            "a.xhtml",
            "a.js",
            "a.mjs",
            "a.css",
            "a.xml",
            "a.xsl",
            "a.json",
            "README",
            ".bashrc",
        ] {
            assert_eq!(of(name, 40, b"<script>alert(1)</script>"), PLAIN, "{name}");
        }
    }

    #[test]
    fn names_and_first_bytes_decide() {
        let check = |name, head: &[u8], show| assert_eq!(of(name, 100, head).show, show, "{name}");
        check("a.png", b"\x89PNG", Show::Image);
        check("a.SVG", b"<svg/>", Show::Image);
        check("a.svg", b"\x00", Show::None);
        check("a.pdf", b"%PDF", Show::Pdf);
        check("a.mp4", b"", Show::Video);
        check("a.flac", b"", Show::Audio);
        check("a.md", b"# Hi", Show::Markdown);
        check("a.md", b"\x00\x01", Show::None);
        check("a.txt", b"\x00\x01", Show::None);
        check("a.gz", b"\x1f\x8b\x08", Show::None);
        check("empty", b"", Show::Text);
        check("latin", b"Gr\xfc\xdfe aus K\xf6ln", Show::Text);
        check("cut", "é".as_bytes().get(..1).unwrap(), Show::Text);
        assert_eq!(of("big.md", MARKDOWN_BYTES_MAX + 1, b"# Hi").show, Show::Text);
    }
}
