//! Addresses in documents: which are harmless, and what the caller makes of them.

/// What the caller makes of the addresses in a document.
pub trait Links {
    /// Returns the address that a link gets, or `None`: its text stays, without a link.
    ///
    /// The address is harmless (http, https, mailto, althing, relative); of what is returned the same is demanded.
    fn link(&self, address: &str) -> Option<String>;

    /// Returns the address that a picture gets, or `None`: its description stays.
    ///
    /// What is returned may be relative, http, https or a `data:` picture; a browser fetches it.
    fn picture(&self, address: &str) -> Option<String>;
}

/// Leaves links as they are, and pictures that are relative; pictures elsewhere are dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Unchanged;

impl Links for Unchanged {
    fn link(&self, address: &str) -> Option<String> {
        Some(address.to_owned())
    }

    fn picture(&self, address: &str) -> Option<String> {
        (target_of(address) == Target::Relative).then(|| address.to_owned())
    }
}

/// Where an address leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    /// Within the same place: a path, a question, a fragment.
    Relative,
    /// To another site.
    Web,
    /// To a person.
    Mail,
    /// To something in a web.
    Althing,
    /// A picture within the address.
    Picture,
    /// Anything else: scripts, files, programs of the system.
    Other,
}

/// Tells where a clean address leads, by the rules of browsers: `\` is `/`, and two of them begin another site.
pub(super) fn target_of(address: &str) -> Target {
    let end = address.find([':', '/', '\\', '?', '#']).unwrap_or(address.len());
    let (scheme, rest) = address.split_at_checked(end).unwrap_or((address, ""));
    if !rest.starts_with(':') {
        let mut start = address.chars();
        let is_slash = |letter: Option<char>| letter.is_some_and(|letter| matches!(letter, '/' | '\\'));
        let is_site = is_slash(start.next()) && is_slash(start.next());
        return if is_site { Target::Web } else { Target::Relative };
    }
    let is_picture = |rest: &str| {
        let kinds = [":image/png;", ":image/jpeg;", ":image/gif;", ":image/webp;"];
        kinds.iter().any(|kind| rest.starts_with(kind))
    };
    match scheme.to_ascii_lowercase().as_str() {
        "http" | "https" => Target::Web,
        "mailto" => Target::Mail,
        "althing" => Target::Althing,
        "data" if is_picture(rest) => Target::Picture,
        _ => Target::Other,
    }
}

/// Takes out what browsers skip in an address, so that both read the same.
pub(super) fn cleaned(address: &str) -> String {
    // Besides control characters, blanks of all kinds and marks of direction at its ends are of no use but to deceive.
    let is_noise = |letter: char| {
        letter.is_control()
            || matches!(letter, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}' | '\u{AD}')
    };
    let address: String = address.chars().filter(|letter| !is_noise(*letter)).collect();
    address.trim().to_owned()
}

/// Returns what the caller makes of the address of a link; `None` when that is not harmless.
pub(super) fn link(address: &str, links: &dyn Links) -> Option<String> {
    let address = Some(cleaned(address)).filter(|address| is_link(address))?;
    links.link(&address).map(|address| cleaned(&address)).filter(|address| is_link(address))
}

/// Returns what the caller makes of the address of a picture; `None` when that is not harmless.
pub(super) fn picture(address: &str, links: &dyn Links) -> Option<String> {
    let address = cleaned(address);
    if matches!(target_of(&address), Target::Other | Target::Mail) {
        return None;
    }
    let is_picture =
        |address: &String| matches!(target_of(address), Target::Relative | Target::Web | Target::Picture);
    links.picture(&address).map(|address| cleaned(&address)).filter(is_picture)
}

/// Says whether an address is one that a link may have.
pub(crate) fn is_link(address: &str) -> bool {
    matches!(target_of(address), Target::Relative | Target::Web | Target::Mail | Target::Althing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_lead_where_browsers_say() {
        for (address, target) in [
            ("a/b.md", Target::Relative),
            ("#x:y", Target::Relative),
            ("?q=javascript:x", Target::Relative),
            ("./a:b", Target::Relative),
            ("/a", Target::Relative),
            ("//evil.example/x", Target::Web),
            ("\\\\evil.example/x", Target::Web),
            ("/\\evil.example/x", Target::Web),
            ("HTTPS://x", Target::Web),
            ("mailto:a@b", Target::Mail),
            ("AltHing:x", Target::Althing),
            ("javascript:x", Target::Other),
            ("data:text/html,x", Target::Other),
            ("data:image/svg+xml;base64,x", Target::Other),
            ("data:image/png;base64,x", Target::Picture),
            ("file:///etc/passwd", Target::Other),
            ("C:x", Target::Other),
        ] {
            assert_eq!(target_of(address), target, "{address}");
        }
        assert_eq!(cleaned(" \u{1}java\tscr\nipt:x\u{200B} "), "javascript:x");
    }
}
