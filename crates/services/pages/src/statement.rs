//! What this service writes into the log of a web, and what peers say to each other about who is where (spec pages, rules 10 to 19).

use base::{ContentId, DeviceId, DocumentId, FileId, ShareId, Timestamp, WebId};
use minicbor::{Decode, Encode};
use wire::WireError;
use wire::codec::Bytes;

use crate::link::{LINK_SIZE_MAX, Link};
use crate::markdown::LINKS_MAX;

/// Bytes of an update at most: a long text pasted at once comes in several.
pub(crate) const UPDATE_SIZE_MAX: usize = 64 * 1024;

/// Bytes of a statement at most.
const STATEMENT_SIZE_MAX: usize = wire::record::RECORD_SIZE_MAX;

/// Letters, digits and hyphens of a site's name at most.
pub(crate) const SITE_NAME_MAX: usize = 20;

/// Bytes of a path at most, as in `files`.
const PATH_SIZE_MAX: usize = 4_096;

/// Bytes of the words of a link at most.
pub(crate) const WORDS_SIZE_MAX: usize = 200;

/// Bytes of a place in a text at most.
const CURSOR_SIZE_MAX: usize = 128;

/// Bytes of a live message at most.
const MESSAGE_SIZE_MAX: usize = 1_024;

/// One fact about documents, sites or links.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) enum Statement {
    /// The author begins the document of that name ([`document_of`]); its text comes as edits.
    #[n(0)]
    Begun {
        /// Random.
        #[n(0)]
        nonce: DocumentId,
        #[n(1)]
        at: Timestamp,
    },
    /// The author's next operations in a text.
    #[n(1)]
    Edited {
        #[n(0)]
        document: DocumentId,
        #[n(1)]
        at: Timestamp,
        #[n(2)]
        update: Bytes,
    },
    /// Operations of a device whose log was cut before them, kept since the author has built on them.
    #[n(2)]
    Kept {
        #[n(0)]
        document: DocumentId,
        #[n(1)]
        of: DeviceId,
        #[n(2)]
        at: Timestamp,
        #[n(3)]
        update: Bytes,
    },
    /// The document is taken off the list, or is back.
    #[n(3)]
    Listed {
        #[n(0)]
        document: DocumentId,
        #[n(1)]
        at: Timestamp,
        #[n(2)]
        is_removed: bool,
    },
    /// A folder is a site of the author's, or no longer is.
    #[n(4)]
    Site {
        #[n(0)]
        name: String,
        #[n(1)]
        at: Timestamp,
        #[n(2)]
        share: ShareId,
        /// The folder below the share, empty for all of it.
        #[n(3)]
        path: String,
        #[n(4)]
        is_published: bool,
    },
    /// All links of one revision of a file of the author's; takes the place of what was said of that file before.
    #[n(5)]
    Links {
        #[n(0)]
        share: ShareId,
        #[n(1)]
        file: FileId,
        #[n(2)]
        at: Timestamp,
        #[n(3)]
        content: ContentId,
        #[n(4)]
        links: Vec<LinkSaid>,
    },
}

/// One link of a file.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct LinkSaid {
    #[n(0)]
    pub(crate) link: String,
    #[n(1)]
    pub(crate) words: String,
    #[n(2)]
    pub(crate) line: u64,
}

impl Statement {
    /// Encodes it.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        wire::to_bytes(self)
    }

    /// Reads one and checks its limits.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, WireError> {
        let statement: Self = wire::from_bytes(bytes, STATEMENT_SIZE_MAX)?;
        let is_sound = match &statement {
            Self::Begun { .. } | Self::Listed { .. } => true,
            Self::Edited { update, .. } | Self::Kept { update, .. } => {
                !update.is_empty() && update.len() <= UPDATE_SIZE_MAX
            }
            Self::Site { name, path, .. } => is_site_name(name) && path.len() <= PATH_SIZE_MAX,
            Self::Links { links, .. } => {
                let is_short = |one: &LinkSaid| {
                    one.link.len() <= LINK_SIZE_MAX
                        && one.words.len() <= WORDS_SIZE_MAX
                        && Link::read(&one.link).is_ok()
                };
                links.len() <= LINKS_MAX && links.iter().all(is_short)
            }
        };
        if is_sound { Ok(statement) } else { Err(WireError::OutOfLimits { field: "pages statement" }) }
    }
}

/// Returns the id of the document that a device begins with a nonce: so nobody else can begin it.
pub(crate) fn document_of(web: WebId, author: DeviceId, nonce: DocumentId) -> DocumentId {
    let mut hasher = blake3::Hasher::new_derive_key("althing document v1");
    hasher.update(web.as_bytes()).update(author.as_bytes()).update(nonce.as_bytes());
    let hash = hasher.finalize();
    hash.as_bytes().first_chunk().map_or(nonce, |bytes| DocumentId::new(*bytes))
}

/// Says whether a text may be a site's name: a part of a DNS label.
pub(crate) fn is_site_name(name: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !name.is_empty()
        && name.len() <= SITE_NAME_MAX
        && name.bytes().all(is_letter)
        && !name.starts_with('-')
        && !name.ends_with('-')
        && !name.contains("--")
        // Labels that begin so are others': views of files, and names in other alphabets (RFC 5890).
        && !["view", "xn"].contains(&name)
}

/// What members who have a document open say to each other; nothing of it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) enum Message {
    /// I have this document open, and my cursor is there.
    #[n(0)]
    Here {
        #[n(0)]
        web: WebId,
        #[n(1)]
        document: DocumentId,
        /// Where the selection begins and where the cursor stands, as loro encodes places.
        #[n(2)]
        cursor: Option<(Bytes, Bytes)>,
    },
    /// I have closed it.
    #[n(1)]
    Gone {
        #[n(0)]
        web: WebId,
        #[n(1)]
        document: DocumentId,
    },
}

impl Message {
    /// Reads one and checks its limits.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, WireError> {
        let message: Self = wire::from_bytes(bytes, MESSAGE_SIZE_MAX)?;
        match &message {
            Self::Here { cursor: Some((from, to)), .. }
                if from.len() > CURSOR_SIZE_MAX || to.len() > CURSOR_SIZE_MAX =>
            {
                Err(WireError::OutOfLimits { field: "pages cursor" })
            }
            _ => Ok(message),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_sites_name_is_a_part_of_a_dns_label() {
        for good in ["notes", "q4-2026", "a", "7"] {
            assert!(is_site_name(good), "{good}");
        }
        for bad in ["", "view", "xn", "-a", "a-", "a--b", "A", "ä", "a.b", "view/", "abcdefghijklmnopqrstu"]
        {
            assert!(!is_site_name(bad), "{bad}");
        }
    }

    #[test]
    fn what_is_over_the_limits_is_refused() {
        let (document, at) = (DocumentId::new([1; 16]), Timestamp::from_millis(5));
        let edited =
            |size: usize| Statement::Edited { document, at, update: vec![0; size].into() }.to_bytes();
        assert!(Statement::read(&edited(UPDATE_SIZE_MAX)).is_ok());
        assert!(Statement::read(&edited(UPDATE_SIZE_MAX + 1)).is_err());
        assert!(Statement::read(&edited(0)).is_err());
        let (share, file, content) = (ShareId::new([1; 16]), FileId::new([2; 16]), ContentId::new([3; 32]));
        let links = |link: &str| {
            let links = vec![LinkSaid { link: link.to_owned(), words: String::new(), line: 1 }];
            Statement::Links { share, file, at, content, links }.to_bytes()
        };
        assert!(Statement::read(&links(&format!("althing:web/{}", "07".repeat(10)))).is_ok());
        assert!(Statement::read(&links("javascript:alert(1)")).is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_do_not_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _read = (Statement::read(&bytes).is_ok(), Message::read(&bytes).is_ok());
        }
    }
}
