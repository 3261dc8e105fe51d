//! Understands a question: words, phrases, and which files may answer it.

use api::search::Find;
use base::{Fault, PersonId, Timestamp, WebId};
use files::Kind;
use files::look::Place;
use store::{Rows, StoreError};

use crate::faults::SearchError;
use crate::jobs::{Phrase, WORDS_MAX};
use crate::words::words;

/// Characters of a query at most: longer than any sentence somebody looks for.
const QUERY_LEN_MAX: usize = 1_000;

/// Hits of one answer at most, and if not said.
const LIMIT_MAX: u32 = 1_000;
const LIMIT: u32 = 50;

/// Words with those that must follow each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Terms {
    pub(crate) words: Vec<String>,
    pub(crate) phrases: Vec<Phrase>,
}

impl Terms {
    /// Reads a query; words of one pair of quotes make a phrase.
    pub(crate) fn read(query: &str) -> Result<Self, SearchError> {
        let length = query.chars().count();
        if length > QUERY_LEN_MAX {
            return Err(SearchError::TooLong { length, limit: QUERY_LEN_MAX });
        }
        let mut terms = Self { words: Vec::new(), phrases: Vec::new() };
        for (index, part) in query.split('"').enumerate() {
            let first = terms.words.len();
            for word in words(part).filter(|word| !word.text.is_empty()) {
                let is_in_phrase = index % 2 == 1;
                if terms.words.len() < WORDS_MAX && (is_in_phrase || !terms.words.contains(&word.text)) {
                    terms.words.push(word.text);
                }
            }
            let count = terms.words.len() - first;
            if index % 2 == 1 && count >= 2 {
                let number = |place: usize| u32::try_from(place).unwrap_or(0);
                terms.phrases.push(Phrase { first: number(first), count: number(count) });
            }
        }
        if terms.words.is_empty() {
            return Err(SearchError::NoWords { query: query.chars().take(40).collect() });
        }
        Ok(terms)
    }

    /// Says whether a search for these finds a file by its path: all words there, at least one in the name itself.
    pub(crate) fn find_name(&self, path: &str) -> bool {
        let name = path.rsplit('/').next().unwrap_or_default();
        self.are_in(path) && words(name).any(|word| self.words.contains(&word.text))
    }

    /// Says whether all words occur in a text, the phrases as such: for names.
    pub(crate) fn are_in(&self, text: &str) -> bool {
        let there: Vec<String> = words(text).map(|word| word.text).collect();
        let has_phrase = |phrase: &Phrase| {
            let first = usize::try_from(phrase.first).unwrap_or(0);
            let count = usize::try_from(phrase.count).unwrap_or(0);
            self.words
                .get(first..first.saturating_add(count))
                .is_none_or(|wanted| there.windows(wanted.len()).any(|window| window == wanted))
        };
        self.words.iter().all(|word| there.contains(word)) && self.phrases.iter().all(has_phrase)
    }
}

/// What kind of file is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
enum WantedKind {
    Any,
    Folders,
    Endings(&'static [&'static str]),
    Ending(String),
}

/// Which entries may be hits.
#[derive(Debug, Clone)]
pub(crate) struct Filter {
    pub(crate) webs: Vec<WebId>,
    persons: Option<Vec<(WebId, PersonId)>>,
    /// Below this path: `share/folder`, person apart.
    below: Option<String>,
    kind: WantedKind,
    since: Option<Timestamp>,
    size_min: u64,
    size_max: u64,
    pub(crate) is_here_only: bool,
    pub(crate) limit: usize,
}

impl Filter {
    /// Reads the arguments of `search.find`.
    pub(crate) fn read<R: Rows + ?Sized>(rows: &R, find: &Find, now: Timestamp) -> Result<Self, Fault> {
        let mut parts = find.below.as_deref().unwrap_or("").trim_matches('/').splitn(3, '/');
        let mut part = || parts.next().filter(|part| !part.is_empty()).map(str::to_owned);
        let (below_web, below_person, below) = (part(), part(), part());
        let web = find.web.clone().or(below_web);
        let person = find.person.clone().or(below_person);
        let webs = webs(rows, web.as_deref())?;
        let persons = person.map(|person| persons(rows, &webs, &person)).transpose()?;
        let days = |days: u32| std::time::Duration::from_hours(u64::from(days) * 24);
        Ok(Self {
            webs,
            persons,
            below,
            kind: find.kind.as_deref().map_or(Ok(WantedKind::Any), kind)?,
            since: find.days.map(|count| before(now, days(count))),
            size_min: find.size_min.unwrap_or(0),
            size_max: find.size_max.unwrap_or(u64::MAX),
            is_here_only: find.here,
            limit: usize::try_from(find.limit.unwrap_or(LIMIT).clamp(1, LIMIT_MAX)).unwrap_or(1),
        })
    }

    /// Says whether an entry may be a hit.
    pub(crate) fn allows(&self, place: &Place) -> bool {
        let is_person =
            self.persons.as_ref().is_none_or(|persons| persons.contains(&(place.web, place.person)));
        let is_below = self.below.as_ref().is_none_or(|below| {
            place
                .path
                .strip_prefix(below.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        });
        let is_file = place.kind == Kind::File;
        let is_sized = (self.size_min == 0 && self.size_max == u64::MAX)
            || (is_file && (self.size_min..=self.size_max).contains(&place.size));
        let is_recent = self.since.is_none_or(|since| place.changed >= since);
        let ending = place.path.rsplit('/').next().and_then(|name| name.rsplit_once('.'));
        let ending = ending.map(|(_, ending)| ending.to_lowercase());
        let is_kind = match &self.kind {
            WantedKind::Any => true,
            WantedKind::Folders => place.kind == Kind::Folder,
            WantedKind::Endings(endings) => ending.is_some_and(|ending| endings.contains(&ending.as_str())),
            WantedKind::Ending(wanted) => ending.as_ref() == Some(wanted),
        };
        self.webs.contains(&place.web) && is_person && is_below && is_sized && is_recent && is_kind
    }
}

/// Returns the webs this person is a member of, or only one.
fn webs<R: Rows + ?Sized>(rows: &R, name: Option<&str>) -> Result<Vec<WebId>, Fault> {
    if let Some(name) = name {
        let web = people::read::web_named(rows, name)?;
        return Ok(vec![web.ok_or_else(|| SearchError::NoSuchWeb { web: name.to_owned() })?]);
    }
    Ok(people::read::webs(rows)?.into_iter().map(|web| web.id).collect())
}

fn persons<R: Rows + ?Sized>(rows: &R, webs: &[WebId], name: &str) -> Result<Vec<(WebId, PersonId)>, Fault> {
    let mut persons = Vec::new();
    for web in webs {
        persons.extend(people::read::person_named(rows, *web, name)?.map(|person| (*web, person)));
    }
    if persons.is_empty() {
        return Err(SearchError::NoSuchPerson { person: name.to_owned() }.into());
    }
    Ok(persons)
}

fn kind(name: &str) -> Result<WantedKind, SearchError> {
    let is_ending =
        (1..=8).contains(&name.len()) && name.chars().all(|character| character.is_ascii_alphanumeric());
    Ok(match name {
        "folders" => WantedKind::Folders,
        "documents" => WantedKind::Endings(&[
            "md", "txt", "pdf", "odt", "ods", "odp", "doc", "docx", "xls", "xlsx", "ppt", "pptx", "rtf",
            "html", "htm", "csv", "tex", "epub", "eml",
        ]),
        "pictures" => WantedKind::Endings(&[
            "jpg", "jpeg", "png", "gif", "webp", "svg", "bmp", "tif", "tiff", "avif", "heic",
        ]),
        "audio" => WantedKind::Endings(&["mp3", "ogg", "opus", "flac", "wav", "m4a", "aac"]),
        "video" => WantedKind::Endings(&["mp4", "webm", "mkv", "mov", "avi", "m4v", "ogv"]),
        "code" => WantedKind::Endings(&[
            "rs", "c", "h", "cpp", "hpp", "py", "js", "ts", "java", "go", "rb", "sh", "svelte", "html",
            "css", "toml", "json", "yaml", "yml", "sql", "kt", "swift", "cs", "php",
        ]),
        _ if is_ending => WantedKind::Ending(name.to_lowercase()),
        _ => return Err(SearchError::NoSuchKind { kind: name.chars().take(40).collect() }),
    })
}

fn before(now: Timestamp, span: std::time::Duration) -> Timestamp {
    let millis = u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
    Timestamp::from_millis(now.millis().saturating_sub(millis))
}

/// Returns the label of a person for the index: names of people find what they share.
pub(crate) fn owner_label<R: Rows + ?Sized>(rows: &R, place: &Place) -> Result<String, StoreError> {
    people::read::label_of(rows, place.web, place.person)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_in_quotes_are_a_phrase() {
        let terms = Terms::read("Garten \"Q4 Roadmap\" garten").unwrap();
        assert_eq!(terms.words, ["garten", "q4", "roadmap"]);
        assert_eq!(terms.phrases, [Phrase { first: 1, count: 2 }]);
        assert!(terms.are_in("der Garten/Q4-Roadmap.md"));
        assert!(!terms.are_in("garten/roadmap q4.md"));
    }

    #[test]
    fn what_cannot_be_searched_for_is_said() {
        assert!(matches!(Terms::read("?! \u{7}"), Err(SearchError::NoWords { .. })));
        assert!(matches!(Terms::read(&"x ".repeat(5_000)), Err(SearchError::TooLong { .. })));
        assert!(kind("nice things").is_err());
        assert_eq!(kind("PDF").unwrap(), WantedKind::Ending("pdf".to_owned()));
    }

    #[test]
    fn a_query_has_so_many_words_and_no_more() {
        let many = (0..100).map(|number| format!("word{number}")).collect::<Vec<_>>().join(" ");
        assert_eq!(Terms::read(&many).unwrap().words.len(), WORDS_MAX);
        assert_eq!(Terms::read("\"a b").unwrap().phrases, [Phrase { first: 0, count: 2 }]);
    }
}
