//! Which files may have text in them, by their names: all but those that are pictures, sound, film, archives or programs.
//!
//! The same rule for whoever reads (spec search, rule 7): what no index reads makes no difference between asking its owner
//! and asking a broker. Not for: what a document's format is, which its bytes tell.

/// Endings of files in which there is no text that could be read.
const WITHOUT_TEXT: [&str; 64] = [
    "jpg", "jpeg", "png", "gif", "webp", "bmp", "tif", "tiff", "avif", "heic", "heif", "ico", "psd", "raw",
    "cr2", "nef", "mp3", "ogg", "opus", "flac", "wav", "m4a", "aac", "wma", "mid", "aiff", "mp4", "webm",
    "mkv", "mov", "avi", "m4v", "ogv", "wmv", "flv", "mpg", "mpeg", "3gp", "zip", "gz", "tgz", "xz", "bz2",
    "zst", "7z", "rar", "tar", "iso", "img", "dmg", "deb", "rpm", "apk", "jar", "exe", "dll", "so", "dylib",
    "o", "a", "class", "pyc", "ttf", "woff2",
];

/// Says whether a file of this name may have text in it.
pub(crate) fn may_have_text(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    match name.rsplit_once('.') {
        Some((_, ending)) => !WITHOUT_TEXT.iter().any(|known| known.eq_ignore_ascii_case(ending)),
        None => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_and_archives_are_not_read() {
        for name in ["plan.md", "a/b.PNG/note", "README", "mail.eml", "x.tar.md", ".gif2"] {
            assert!(may_have_text(name), "{name}");
        }
        for name in ["a/b.PNG", "film.Mp4", "x.tar.gz", "lib.so"] {
            assert!(!may_have_text(name), "{name}");
        }
    }
}
