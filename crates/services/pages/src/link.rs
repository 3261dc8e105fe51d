//! Links: what they name and how they are written (spec pages, rules 1 to 8).
//!
//! A link names no computer and no name that a person can change. Not for: where it leads now (`resolve.rs`).

use std::fmt;

use base::{ContentId, DocumentId, FileId, PersonId, ShareId, WebId};

/// How a link begins.
pub const SCHEME: &str = "althing:";

/// The path of the copy for programs that only know `http:` addresses.
const COPY_HOST: &str = "althing.localhost";
const COPY_PATH: &str = "/go/";

/// Bytes of a link at most; a query may have some words.
pub const LINK_SIZE_MAX: usize = 1_000;

/// Bytes of a range at most.
const PART_SIZE_MAX: usize = 300;

/// The beginning of a web's id: 80 bits, so that two webs of one person never have the same by accident, and whoever wants
/// the same on purpose computes for longer than the universe is old.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct WebMark([u8; 10]);

/// What a link leads to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// A file, a folder or a share (no file): the living thing, or one revision of it.
    File {
        /// In which share.
        share: ShareId,
        /// Which of its files and folders.
        file: Option<FileId>,
        /// One revision's number; the newest at each time if none.
        revision: Option<u64>,
    },
    /// Exactly these bytes.
    Content(ContentId),
    /// A document.
    Document(DocumentId),
    /// A person.
    Person(PersonId),
    /// The web itself.
    Web,
    /// Whatever a search finds at that moment.
    Query(String),
}

/// A link.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Link {
    /// In which web.
    pub web: WebMark,
    /// To what.
    pub target: Target,
    /// A range, as in `lines=3-9`; empty for the whole.
    pub part: String,
}

/// Why a text is no link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoLink {
    /// It begins with neither `althing:` nor a copy's address.
    #[error("it does not begin with althing:")]
    OtherScheme,
    /// Over the limit.
    #[error("it is longer than {LINK_SIZE_MAX} bytes")]
    TooLong,
    /// Not of a kind there is.
    #[error("it names none of file, content, document, person, web, query")]
    UnknownKind,
    /// An id is missing or damaged: cut while copying, most often.
    #[error("it is cut off or damaged")]
    Damaged,
    /// The range is none.
    #[error("its range is none of lines=, section=, page=, cells=, t=")]
    BadPart,
}

impl WebMark {
    /// Returns a web's mark.
    pub fn of(web: WebId) -> Self {
        let mut mark = [0; 10];
        mark.iter_mut().zip(web.as_bytes()).for_each(|(to, from)| *to = *from);
        Self(mark)
    }

    /// Says whether this is the mark of a web.
    pub fn is_of(self, web: WebId) -> bool {
        web.as_bytes().starts_with(&self.0)
    }
}

impl fmt::Display for WebMark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for WebMark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WebMark({self})")
    }
}

impl Link {
    /// Makes a link to the whole of something.
    pub fn new(web: WebId, target: Target) -> Self {
        Self { web: WebMark::of(web), target, part: String::new() }
    }

    /// Reads a link or its copy.
    pub fn read(text: &str) -> Result<Self, NoLink> {
        let rest = rest_of(text.trim()).ok_or(NoLink::OtherScheme)?;
        // A copy is as long as the link that it stands for.
        if SCHEME.len().saturating_add(rest.len()) > LINK_SIZE_MAX {
            return Err(NoLink::TooLong);
        }
        let (whole, part) = rest.split_once('#').unwrap_or((rest, ""));
        let part = if part.is_empty() { String::new() } else { checked_part(part).ok_or(NoLink::BadPart)? };
        let (kind, ids) = whole.split_once('/').ok_or(NoLink::UnknownKind)?;
        if !["file", "content", "document", "person", "web", "query"].contains(&kind) {
            return Err(NoLink::UnknownKind);
        }
        let (web, target) = read_ids(kind, ids).ok_or(NoLink::Damaged)?;
        Self { web, target, part }.checked()
    }

    /// Refuses a link that would be no link once it is written: words may come as they are, and get longer.
    pub(crate) fn checked(self) -> Result<Self, NoLink> {
        let is_longer = matches!(self.target, Target::Query(_)) && self.to_string().len() > LINK_SIZE_MAX;
        if is_longer { Err(NoLink::TooLong) } else { Ok(self) }
    }

    /// Says whether a text means to be a link.
    pub fn is_meant(text: &str) -> bool {
        rest_of(text.trim()).is_some()
    }

    /// Returns the same for programs that only know `http:` addresses.
    pub fn copy(&self) -> String {
        let text = self.to_string();
        format!("http://{COPY_HOST}{COPY_PATH}{}", text.strip_prefix(SCHEME).unwrap_or_default())
    }

    /// Names what is linked to, whatever its range and revision: links to the same have the same.
    pub fn target_id(&self) -> ContentId {
        let mut target = self.target.clone();
        if let Target::File { revision, .. } = &mut target {
            *revision = None;
        }
        let plain = Self { web: self.web, target, part: String::new() };
        ContentId::new(*blake3::hash(plain.to_string().as_bytes()).as_bytes())
    }
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let web = self.web;
        match &self.target {
            Target::File { share, file, revision } => {
                write!(f, "{SCHEME}file/{web}/{share}")?;
                if let Some(file) = file {
                    write!(f, "/{file}")?;
                }
                if let Some(revision) = revision {
                    write!(f, "@{revision}")?;
                }
            }
            Target::Content(content) => write!(f, "{SCHEME}content/{web}/{content}")?,
            Target::Document(document) => write!(f, "{SCHEME}document/{web}/{document}")?,
            Target::Person(person) => write!(f, "{SCHEME}person/{web}/{person}")?,
            Target::Web => write!(f, "{SCHEME}web/{web}")?,
            Target::Query(query) => write!(f, "{SCHEME}query/{web}?q={}", percent(query))?,
        }
        if self.part.is_empty() { Ok(()) } else { write!(f, "#{}", self.part) }
    }
}

/// Returns what follows the scheme, or the beginning of a copy's address.
fn rest_of(text: &str) -> Option<&str> {
    if let Some(rest) = text.strip_prefix(SCHEME) {
        return Some(rest);
    }
    let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"))?;
    let rest = rest.strip_prefix(COPY_HOST)?;
    let (port, rest) = rest.split_at_checked(rest.find('/')?)?;
    let is_port = port.is_empty()
        || port.strip_prefix(':').is_some_and(|port| port.bytes().all(|byte| byte.is_ascii_digit()));
    rest.strip_prefix(COPY_PATH).filter(|_| is_port)
}

fn read_ids(kind: &str, ids: &str) -> Option<(WebMark, Target)> {
    if kind == "query" {
        let (web, query) = ids.split_once("?q=")?;
        let query = unpercent(query).filter(|query| !query.trim().is_empty())?;
        return Some((mark(web)?, Target::Query(query)));
    }
    let mut ids = ids.split('/');
    let web = mark(ids.next()?)?;
    let target = match kind {
        "file" => {
            let share = ids.next()?;
            let (last, revision) = match ids.clone().next().unwrap_or(share).split_once('@') {
                None => (None, None),
                Some((last, revision)) => (Some(last), Some(number(revision)?)),
            };
            match ids.next() {
                None => Target::File { share: last.unwrap_or(share).parse().ok()?, file: None, revision },
                Some(file) => Target::File {
                    share: share.parse().ok()?,
                    file: Some(last.unwrap_or(file).parse().ok()?),
                    revision,
                },
            }
        }
        "content" => Target::Content(ids.next()?.parse().ok()?),
        "document" => Target::Document(ids.next()?.parse().ok()?),
        "person" => Target::Person(ids.next()?.parse().ok()?),
        _ => Target::Web,
    };
    ids.next().is_none().then_some((web, target))
}

fn mark(text: &str) -> Option<WebMark> {
    // Twelve digits more make the text one of a share's id, whose reader is used.
    let padded: ShareId = format!("{text}000000000000").parse().ok()?;
    let mut mark = [0; 10];
    mark.iter_mut().zip(padded.as_bytes()).for_each(|(to, from)| *to = *from);
    Some(WebMark(mark))
}

/// Reads a revision's number: decimal digits, no sign, not 0.
fn number(text: &str) -> Option<u64> {
    let are_digits = !text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| are_digits)
}

/// Returns a range if it is of a kind there is; what it holds is read by whoever shows it.
pub(crate) fn checked_part(part: &str) -> Option<String> {
    let (kind, value) = part.split_once('=')?;
    let is_kind = ["lines", "section", "page", "cells", "t"].contains(&kind);
    let is_plain = |byte: u8| byte.is_ascii_graphic() && !b"()<>[]\"'\\`#".contains(&byte);
    let is_sound = !value.is_empty() && part.len() <= PART_SIZE_MAX && value.bytes().all(is_plain);
    (is_kind && is_sound).then(|| part.to_owned())
}

/// Writes a text so that it can stand in a link, in Markdown and in HTML without harm.
pub fn percent(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~!:".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// Reads what [`percent`] wrote; `None` when it is no UTF-8.
pub fn unpercent(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let mut digit =
                || char::from(bytes.next()?).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
            let (high, low) = (digit()?, digit()?);
            out.push(high << 4 | low);
        } else {
            out.push(byte);
        }
    }
    String::from_utf8(out).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const WEB: WebId = WebId::new([7; 32]);

    fn check(target: Target, part: &str, expected: &str) {
        let link = Link { web: WebMark::of(WEB), target, part: part.to_owned() };
        assert_eq!(link.to_string(), expected);
        assert_eq!(Link::read(expected), Ok(link.clone()));
        assert_eq!(Link::read(&link.copy()), Ok(link.clone()));
        let ported = link.copy().replace("localhost/", "localhost:7417/").replace("http:", "https:");
        assert_eq!(Link::read(&ported), Ok(link));
    }

    #[test]
    fn a_link_reads_what_it_writes() {
        let (share, file) = (ShareId::new([1; 16]), FileId::new([2; 16]));
        let (web, s, f) = ("07".repeat(10), "01".repeat(16), "02".repeat(16));
        let file_link = |file, revision| Target::File { share, file, revision };
        check(file_link(Some(file), None), "", &format!("althing:file/{web}/{s}/{f}"));
        check(
            file_link(Some(file), Some(4)),
            "lines=3-9",
            &format!("althing:file/{web}/{s}/{f}@4#lines=3-9"),
        );
        check(file_link(None, None), "", &format!("althing:file/{web}/{s}"));
        check(file_link(None, Some(2)), "", &format!("althing:file/{web}/{s}@2"));
        let content = ContentId::new([3; 32]);
        check(Target::Content(content), "page=2", &format!("althing:content/{web}/{content}#page=2"));
        let document = DocumentId::new([4; 16]);
        check(Target::Document(document), "", &format!("althing:document/{web}/{document}"));
        let person = PersonId::new([5; 32]);
        check(Target::Person(person), "", &format!("althing:person/{web}/{person}"));
        check(Target::Web, "", &format!("althing:web/{web}"));
        let query = Target::Query("Q4 \"Größe\" (neu)".to_owned());
        check(query, "", &format!("althing:query/{web}?q=Q4%20%22Gr%C3%B6%C3%9Fe%22%20%28neu%29"));
    }

    #[test]
    fn what_is_no_link_is_refused_with_the_reason() {
        let web = "07".repeat(10);
        for (text, why) in [
            ("https://example.org/".to_owned(), NoLink::OtherScheme),
            ("http://althing.localhost.evil.org/go/web/07".to_owned(), NoLink::OtherScheme),
            (format!("http://althing.localhost:7x/go/web/{web}"), NoLink::OtherScheme),
            ("ALTHING:web/07".to_owned(), NoLink::OtherScheme),
            (format!("althing:thing/{web}"), NoLink::UnknownKind),
            (format!("althing:web/{web}0"), NoLink::Damaged),
            (format!("althing:web/{web}/x"), NoLink::Damaged),
            (format!("althing:file/{web}/{}@0", "01".repeat(16)), NoLink::Damaged),
            (format!("althing:file/{web}/{}@+1", "01".repeat(16)), NoLink::Damaged),
            (format!("althing:query/{web}?q=%F"), NoLink::Damaged),
            (format!("althing:query/{web}?q=%20"), NoLink::Damaged),
            (format!("althing:query/{web}?q=%+5"), NoLink::Damaged),
            (format!("althing:web/{web}#onclick=x"), NoLink::BadPart),
            (format!("althing:web/{web}#lines=<script>"), NoLink::BadPart),
            (format!("althing:query/{web}?q={}", "a".repeat(1000)), NoLink::TooLong),
            // Written again, each of these letters has six.
            (format!("althing:query/{web}?q={}", "ä".repeat(200)), NoLink::TooLong),
        ] {
            assert_eq!(Link::read(&text), Err(why), "{text}");
        }
    }

    #[test]
    fn the_longest_link_can_be_copied() {
        let longest = format!("althing:query/{}?q={}", "07".repeat(10), "a".repeat(963));
        assert_eq!(longest.len(), LINK_SIZE_MAX);
        let link = Link::read(&longest).unwrap();
        assert_eq!(link.to_string(), longest);
        assert_eq!(Link::read(&link.copy()), Ok(link.clone()));
        assert_eq!(Link::read(&format!("{}#t=1", link.copy())), Err(NoLink::TooLong));
    }

    #[test]
    fn links_to_one_thing_have_one_target_id_whatever_their_range() {
        let web = "07".repeat(10);
        let id = |text: &str| Link::read(&text.replace("WEB", &web)).unwrap().target_id();
        let (s, f) = ("01".repeat(16), "02".repeat(16));
        let whole = id(&format!("althing:file/WEB/{s}/{f}"));
        assert_eq!(whole, id(&format!("althing:file/WEB/{s}/{f}@3#lines=1-2")));
        assert_ne!(whole, id(&format!("althing:file/WEB/{s}")));
    }

    proptest! {
        #[test]
        fn any_text_does_not_panic(text in "(althing:)?.{0,200}") {
            if let Ok(link) = Link::read(&text) {
                prop_assert_eq!(Link::read(&link.to_string()), Ok(link));
            }
        }

        #[test]
        fn any_query_comes_back(query in "[^\\s].{0,60}") {
            let link = Link::new(WEB, Target::Query(query));
            prop_assert_eq!(Link::read(&link.to_string()), Ok(link));
        }
    }
}
