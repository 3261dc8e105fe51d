//! What is noted about a message: the five flags of IMAP, and keywords.

use std::fmt;

/// Keywords on one message at most; mail programs use a handful, and each is repeated in every listing.
pub const KEYWORDS_MAX: usize = 64;

/// Bytes of a keyword at most, for the same reason.
pub const KEYWORD_BYTES_MAX: usize = 128;

/// The flags that IMAP itself defines, and their places in [`Flags`].
const SYSTEM: [(&str, u8); 5] =
    [("\\Answered", 1), ("\\Flagged", 2), ("\\Deleted", 4), ("\\Seen", 8), ("\\Draft", 16)];

/// Flags of one message. Keywords are in order, each once, compared without regard to case.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Flags {
    system: u8,
    keywords: Vec<Box<str>>,
}

/// A change of flags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FlagChange {
    /// These and no others.
    Replace(Flags),
    /// These, too.
    Add(Flags),
    /// These no more.
    Remove(Flags),
}

impl Flags {
    /// Returns `\Seen`.
    pub fn seen() -> Self {
        Self { system: 8, keywords: Vec::new() }
    }

    /// Adds a flag by its name, as `\Seen` or `$Forwarded`. Says no to what is too long or too much, or an unknown `\` flag.
    #[must_use]
    pub fn insert(&mut self, name: &str) -> bool {
        if name.starts_with('\\') {
            let known = SYSTEM.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
            self.system |= known.map_or(0, |(_, bit)| *bit);
            return known.is_some();
        }
        let Err(at) = self.place(name) else { return true };
        let fits = self.keywords.len() < KEYWORDS_MAX && name.len() <= KEYWORD_BYTES_MAX && is_keyword(name);
        if fits {
            self.keywords.insert(at, name.into());
        }
        fits
    }

    /// Says whether a flag is set.
    pub fn has(&self, name: &str) -> bool {
        match SYSTEM.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)) {
            Some((_, bit)) => self.system & bit != 0,
            None => self.place(name).is_ok(),
        }
    }

    /// Returns the names of the flags that are set.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let system = SYSTEM.iter().filter(|(_, bit)| self.system & bit != 0).map(|(name, _)| *name);
        system.chain(self.keywords.iter().map(AsRef::as_ref))
    }

    /// Changes the flags. More keywords than fit are left out.
    pub fn change(&mut self, change: &FlagChange) {
        match change {
            FlagChange::Replace(flags) => self.clone_from(flags),
            FlagChange::Add(flags) => {
                self.system |= flags.system;
                for keyword in &flags.keywords {
                    let _is_in = self.insert(keyword);
                }
            }
            FlagChange::Remove(flags) => {
                self.system &= !flags.system;
                self.keywords.retain(|keyword| flags.place(keyword).is_err());
            }
        }
    }

    fn place(&self, name: &str) -> Result<usize, usize> {
        let lower = |text: &str| text.bytes().map(|byte| byte.to_ascii_lowercase()).collect::<Vec<_>>();
        let wanted = lower(name);
        self.keywords.binary_search_by(|keyword| lower(keyword).cmp(&wanted))
    }
}

/// Says whether a text can be written as a flag without quotes.
fn is_keyword(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic() && !b"(){%*\"\\]".contains(&byte))
}

/// As IMAP writes it, without the brackets.
impl fmt::Display for Flags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, name) in self.names().enumerate() {
            let gap = if index == 0 { "" } else { " " };
            write!(f, "{gap}{name}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flags(names: &str) -> Flags {
        let mut flags = Flags::default();
        for name in names.split_whitespace() {
            assert!(flags.insert(name), "{name}");
        }
        flags
    }

    #[test]
    fn flags_change_by_name_whatever_the_case() {
        let mut these = flags("\\seen $Forwarded work");
        these.change(&FlagChange::Add(flags("\\Flagged WORK")));
        assert_eq!(these.to_string(), "\\Flagged \\Seen $Forwarded work");
        these.change(&FlagChange::Remove(flags("\\SEEN Work")));
        assert_eq!(these.to_string(), "\\Flagged $Forwarded");
        assert!(these.has("\\flagged") && these.has("$forwarded") && !these.has("work"));
    }

    #[test]
    fn what_would_break_a_listing_is_no_flag() {
        let mut flags = Flags::default();
        for name in ["", "a b", "a)", "\\Recent", "\\*", "a\r\nb", "ä", &"k".repeat(200)] {
            assert!(!flags.insert(name), "{name:?}");
        }
        for number in 0..KEYWORDS_MAX {
            assert!(flags.insert(&format!("k{number}")));
        }
        assert!(!flags.insert("one-more") && flags.insert("K3"));
    }
}
