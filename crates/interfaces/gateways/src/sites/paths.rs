//! Paths in addresses of sites: decoded once, and never anything that could lead off the site.
//!
//! Not for: what a path leads to; the host knows that.

use std::fmt::Write as _;

use crate::refusal::GatewayError;

/// Bytes of a path at most, decoded or not.
const PATH_BYTES_MAX: usize = 4096;

/// The folder of our own addresses on each site; never a member's.
pub(crate) const OWN: &str = ".althing";

/// A path below a site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SitePath {
    /// Decoded, without a slash at either end; empty for the site itself.
    pub(crate) text: String,
    /// Whether a folder is meant: the address ends with a slash.
    pub(crate) is_folder: bool,
}

impl SitePath {
    /// Reads the path of a URL, as in `/a%20folder/page.md`.
    pub(crate) fn read(path: &str) -> Result<Self, GatewayError> {
        let bad = || GatewayError::BadSitePath { path: path.chars().take(80).collect() };
        let path_inside =
            path.strip_prefix('/').filter(|rest| rest.len() <= PATH_BYTES_MAX).ok_or_else(bad)?;
        let (path_inside, is_folder) = match path_inside.strip_suffix('/') {
            Some(rest) if !rest.is_empty() => (rest, true),
            Some(_) => return Err(bad()),
            None => (path_inside, path_inside.is_empty()),
        };
        if path_inside.is_empty() {
            return Ok(Self { text: String::new(), is_folder });
        }
        let names: Option<Vec<String>> = path_inside.split('/').map(name).collect();
        Ok(Self { text: names.ok_or_else(bad)?.join("/"), is_folder })
    }

    /// Returns the last name; empty for the site itself.
    pub(crate) fn name(&self) -> &str {
        self.text.rsplit('/').next().unwrap_or("")
    }

    /// Returns the path of something in this folder.
    pub(crate) fn join(&self, name: &str) -> String {
        if self.text.is_empty() { name.to_owned() } else { format!("{}/{name}", self.text) }
    }

    /// Returns the URL's path of this as a folder, as in `/a%20folder/`.
    pub(crate) fn folder_url(&self) -> String {
        if self.text.is_empty() { "/".to_owned() } else { format!("/{}/", encode_path(&self.text)) }
    }
}

/// Decodes one name; none for what is no name: `..`, an encoded slash, half an escape.
fn name(encoded: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut rest = encoded.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => hex(rest.next()?)? << 4 | hex(rest.next()?)?,
            byte => byte,
        });
    }
    let name = String::from_utf8(bytes).ok()?;
    let is_bad = matches!(name.as_str(), "" | "." | "..") || name.contains(['/', '\\', '\0']);
    (!is_bad).then_some(name)
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

/// Encodes a name or a path for a URL; slashes stay.
pub(crate) fn encode_path(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            write!(out, "%{byte:02X}").expect("a String takes all");
        }
    }
    out
}

/// Reads a path with its query, as an address bar shows it, for being put behind `http://SITE/`.
///
/// It stays on the site: no second slash, no backslash, no control character. What a URL can't hold is encoded.
pub(crate) fn within_site(path: &str) -> Result<String, GatewayError> {
    let bad = || GatewayError::BadSitePath { path: path.chars().take(80).collect() };
    let path_inside = path.strip_prefix('/').unwrap_or(path);
    let (before_query, _) = path_inside.split_once('?').unwrap_or((path_inside, ""));
    let is_bad = path_inside.len() > PATH_BYTES_MAX
        || before_query.starts_with('/')
        || before_query.contains("//")
        || before_query.split('/').next().is_some_and(|first| first == OWN || first.contains(':'))
        || before_query.split('/').any(|part| matches!(part, "." | ".."))
        || path_inside.chars().any(|one| one == '\\' || one.is_control());
    if is_bad {
        return Err(bad());
    }
    let mut out = String::with_capacity(path_inside.len());
    for byte in path_inside.bytes() {
        if byte.is_ascii_graphic() && !b"\"<>^`{|}#".contains(&byte) {
            out.push(char::from(byte));
        } else {
            write!(out, "%{byte:02X}").expect("a String takes all");
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_decoded_once() {
        let check = |path: &str, text: &str, is_folder: bool| {
            let expected = SitePath { text: text.to_owned(), is_folder };
            assert_eq!(SitePath::read(path), Ok(expected), "{path}");
        };
        check("/", "", true);
        check("/a", "a", false);
        check("/a/", "a", true);
        check("/a%20b/c%C3%BC.md", "a b/cü.md", false);
        check("/%252e%252e/a", "%2e%2e/a", false);
        check("/a%3Fb%23c", "a?b#c", false);
        check("/...", "...", false);
        check("/.hidden", ".hidden", false);
    }

    #[test]
    fn what_could_climb_is_refused() {
        for path in [
            "",
            "a",
            "//",
            "//a",
            "/a//",
            "/a//b",
            "/.",
            "/..",
            "/../a",
            "/a/..",
            "/a/../b",
            "/%2e%2e/a",
            "/%2E/a",
            "/.%2e/a",
            "/a%2fb",
            "/a%2Fb",
            "/..%2fetc",
            "/a%5cb",
            "/a\\b",
            "/..\\a",
            "/a%00b",
            "/%00",
            "/%",
            "/%2",
            "/%zz",
            "/%c3",
            "/%ff",
            "/%c0%ae%c0%ae/a",
        ] {
            assert!(SitePath::read(path).is_err(), "{path}");
        }
        assert!(SitePath::read(&format!("/{}", "a".repeat(5000))).is_err());
    }

    #[test]
    fn what_comes_behind_a_code_stays_on_the_site() {
        let check =
            |path: &str, expected: &str| assert_eq!(within_site(path).as_deref(), Ok(expected), "{path}");
        check("", "");
        check("/", "");
        check("docs/my plan.md", "docs/my%20plan.md");
        check("docs/my%20plan.md?raw&u=http://x/", "docs/my%20plan.md?raw&u=http://x/");
        check("ü#b", "%C3%BC%23b");
        for path in [
            "//evil.com",
            "/\\evil.com",
            "\\evil.com",
            "a\\b",
            "http://evil.com",
            "javascript:alert(1)",
            "a//b",
            "a\r\nset-cookie: x=1",
            "a\tb",
            "\u{0}",
            "..",
            "a/../b",
            "./a",
            ".althing/enter/x",
            ".althing",
        ] {
            assert!(within_site(path).is_err(), "{path}");
        }
    }
}
