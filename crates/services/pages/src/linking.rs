//! What links to what: taken from documents as they change, and from files by their owners, who tell the others
//! (spec pages, rules 31 to 36). So every member knows all backlinks, whoever is away.

use std::collections::BTreeSet;

use base::{ContentId, Fault, FileId, PersonId, ShareId, Timestamp, WebId};
use files::naming;
use kernel::{JobId, Step};
use minicbor::{Decode, Encode};
use store::{RowsMut, StoreError};

use crate::applying::Said;
use crate::link::{Link, Target};
use crate::markdown::{self, LINKS_MAX, Mention};
use crate::statement::{LinkSaid, Statement, WORDS_SIZE_MAX};
use crate::tables::{BACKLINKS, BacklinkRow, DocumentKey, DocumentRow, From, SOURCES, SourceRow};

/// The job that finds links in a file.
pub const FIND: &str = "pages.links";

/// Files whose links are looked for at once at most.
const FINDING_MAX: usize = 4;

/// Bytes of a file that is looked through at most; a page of text is a thousandth of it.
pub const FILE_SIZE_MAX: u64 = 2 * 1024 * 1024;

/// Bytes of the links of one file at most: they have to fit into one record.
const SAID_SIZE_MAX: usize = 96 * 1024;

/// Find the links of a file.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct FindLinks {
    /// Which content.
    #[n(0)]
    pub content: ContentId,
    /// Where its bytes are.
    #[n(1)]
    pub source: files::jobs::Source,
    /// The file's name.
    #[n(2)]
    pub name: String,
    /// Bytes.
    #[n(3)]
    pub size: u64,
}

/// A link of a file, as it stands there.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct FoundLink {
    /// The address.
    #[n(0)]
    pub address: String,
    /// Its words.
    #[n(1)]
    pub words: String,
    /// The line, from 1.
    #[n(2)]
    pub line: u64,
}

/// A file whose links are being found.
#[derive(Debug, Clone)]
pub(crate) struct Finding {
    number: u64,
    file: FileId,
    mark: u64,
    content: ContentId,
}

/// Links of a file as its owner tells them.
#[derive(Debug)]
pub(crate) struct FileLinks {
    pub(crate) share: ShareId,
    pub(crate) file: FileId,
    pub(crate) at: Timestamp,
    pub(crate) content: ContentId,
    pub(crate) links: Vec<LinkSaid>,
}

/// Takes the links of a document, if they have changed.
pub(crate) fn note_document(
    step: &mut Step<'_>,
    (web, document): DocumentKey,
    row: &DocumentRow,
    text: &str,
) -> Result<(), Fault> {
    let source = Link::new(web, Target::Document(document)).target_id();
    let owner = row.owner.or(row.changed_by).unwrap_or(step.me());
    let Some(person) = people::read::person_of(step.view(), web, owner)? else { return Ok(()) };
    let said = SourceRow {
        web,
        from: From::Document(document),
        person,
        at: row.changed,
        heard: step.now(),
        targets: Vec::new(),
        digest: source,
        place: 0,
        by: owner,
    };
    Ok(put(step.rows(), source, said, markdown::links(text))?)
}

/// Takes the links of another's file.
pub(crate) fn take_file(
    step: &mut Step<'_>,
    said: Said,
    person: PersonId,
    links: FileLinks,
) -> Result<(), Fault> {
    let (web, share, file) = (said.web, links.share, links.file);
    // Only the device that speaks for a share speaks for its files; while nobody is known to, whoever was first.
    let speaker = naming::share(step.view(), web, share)?.map(|share| share.device);
    if speaker.is_some_and(|speaker| speaker != said.author) {
        return Ok(());
    }
    let source = file_source(web, share, file);
    if let Some(known) = SOURCES.get(step.view(), &source)? {
        let is_older = known.by == said.author && known.place >= said.place;
        if is_older || (known.by != said.author && speaker.is_none()) {
            return Ok(());
        }
    }
    let mentions: Vec<Mention> = links
        .links
        .into_iter()
        .filter_map(|one| {
            Some(Mention { link: Link::read(&one.link).ok()?, words: one.words, line: one.line })
        })
        .collect();
    let row = SourceRow {
        web,
        from: From::File(share, file),
        person,
        at: links.at,
        heard: step.now(),
        targets: Vec::new(),
        digest: links.content,
        place: said.place,
        by: said.author,
    };
    put(step.rows(), source, row, mentions)?;
    step.emit("pages.links", &serde_json::json!({ "web": web }));
    Ok(())
}

fn file_source(web: WebId, share: ShareId, file: FileId) -> ContentId {
    Link::new(web, Target::File { share, file: Some(file), revision: None }).target_id()
}

/// Puts the links of something in the place of those it had.
fn put<R: RowsMut + ?Sized>(
    rows: &mut R,
    source: ContentId,
    mut row: SourceRow,
    links: Vec<Mention>,
) -> Result<(), StoreError> {
    let mut hasher = blake3::Hasher::new();
    for one in &links {
        hasher.update(format!("{} {} {}\n", one.line, one.link, one.words).as_bytes());
    }
    row.digest = ContentId::new(*hasher.finalize().as_bytes());
    let known = SOURCES.get(rows, &source)?;
    if known.as_ref().is_some_and(|known| known.digest == row.digest) || (known.is_none() && links.is_empty())
    {
        return Ok(());
    }
    for target in known.into_iter().flat_map(|known| known.targets) {
        let old: Vec<_> = BACKLINKS
            .within(rows, &(target, source))
            .map(|row| row.map(|(key, _)| key))
            .collect::<Result<_, _>>()?;
        for key in &old {
            BACKLINKS.delete(rows, key);
        }
    }
    let mut targets = BTreeSet::new();
    for (count, one) in (0..).zip(links) {
        let target = one.link.target_id();
        targets.insert(target);
        let words = cut(&one.words, WORDS_SIZE_MAX).to_owned();
        let link = Link { part: String::new(), ..one.link.clone() }.to_string();
        let row = BacklinkRow { words, line: one.line, part: one.link.part, link };
        BACKLINKS.put(rows, &(target, source, count), &row);
    }
    row.targets = targets.into_iter().collect();
    SOURCES.put(rows, &source, &row);
    Ok(())
}

fn cut(text: &str, size: usize) -> &str {
    text.get(..text.floor_char_boundary(size)).unwrap_or_default()
}

/// Has the links of own files found that have changed. Returns the jobs.
pub(crate) fn look(step: &mut Step<'_>, busy: &[FileId]) -> Result<Vec<(JobId, Finding)>, Fault> {
    let mut begun = Vec::new();
    for (number, file, mark) in naming::links_changed(step.view(), 64)? {
        if busy.contains(&file) || busy.len() + begun.len() >= FINDING_MAX {
            continue;
        }
        let found = naming::entry(step.view(), number, file)?;
        let Some((path, at)) = found else {
            // Gone, and its links with it.
            say(step, (number, file), ContentId::new([0; 32]), Vec::new())?;
            naming::settle_links(step, number, file, mark)?;
            continue;
        };
        // Not read yet: it comes again with its content.
        let Some(content) = at.content else {
            naming::settle_links(step, number, file, mark)?;
            continue;
        };
        let source = files::own_source(step.view(), content)?.filter(|_| at.size <= FILE_SIZE_MAX);
        let Some(source) = source else {
            say(step, (number, file), content, Vec::new())?;
            naming::settle_links(step, number, file, mark)?;
            continue;
        };
        let name = path.rsplit('/').next().unwrap_or_default().to_owned();
        let job = step.work(FIND, wire::to_bytes(&FindLinks { content, source, name, size: at.size }));
        begun.push((job, Finding { number, file, mark, content }));
    }
    Ok(begun)
}

impl Finding {
    /// Returns the file.
    pub(crate) fn file(&self) -> FileId {
        self.file
    }

    /// Takes what was found, and tells the others.
    pub(crate) fn take(self, step: &mut Step<'_>, found: Option<Vec<FoundLink>>) -> Result<(), Fault> {
        let Self { number, file, mark, content } = self;
        let Some((path, at)) = naming::entry(step.view(), number, file)? else { return Ok(()) };
        // Changed meanwhile: it stands on the list again.
        if at.content != Some(content) {
            return Ok(());
        }
        // It could not be read: what was known of it stands until it changes.
        let Some(found) = found else { return Ok(naming::settle_links(step, number, file, mark)?) };
        let mut links = Vec::new();
        for one in found.into_iter().take(LINKS_MAX) {
            if let Some(link) = absolute(step, number, &path, &one.address)? {
                links.push(Mention { link, words: one.words, line: one.line });
            }
        }
        say(step, (number, file), content, links)?;
        Ok(naming::settle_links(step, number, file, mark)?)
    }
}

/// Reads an address in a file: a link, or a path from the file on.
fn absolute(step: &Step<'_>, number: u64, from: &str, address: &str) -> Result<Option<Link>, StoreError> {
    if Link::is_meant(address) {
        return Ok(Link::read(address).ok());
    }
    if address.contains(':') || address.starts_with("//") {
        return Ok(None);
    }
    let (address, part) = address.split_once('#').unwrap_or((address, ""));
    let address = address.split('?').next().unwrap_or_default();
    let Some(address) = crate::link::unpercent(address).filter(|address| !address.is_empty()) else {
        return Ok(None);
    };
    let mut parts: Vec<&str> = if address.starts_with('/') { Vec::new() } else { from.split('/').collect() };
    parts.pop();
    for part in address.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    let Some(at) = naming::at_path(step.view(), number, &parts.join("/"))? else { return Ok(None) };
    let Some((web, share)) = share_of(step, number)? else { return Ok(None) };
    let mut link = Link::new(web, Target::File { share, file: Some(at.file), revision: None });
    // Headings of pages: the section of that name.
    link.part = crate::link::checked_part(&format!("section={part}"))
        .filter(|_| !part.is_empty())
        .unwrap_or_default();
    Ok(Some(link))
}

fn share_of(step: &Step<'_>, number: u64) -> Result<Option<(WebId, ShareId)>, StoreError> {
    Ok(naming::key_of(step.view(), number)?.map(|(web, _, share)| (web, share)))
}

/// Tells the links of an own file, if they are others than before.
fn say(
    step: &mut Step<'_>,
    (number, file): (u64, FileId),
    content: ContentId,
    links: Vec<Mention>,
) -> Result<(), Fault> {
    let Some((web, person, share)) = naming::key_of(step.view(), number)? else { return Ok(()) };
    let source = file_source(web, share, file);
    let before = SOURCES.get(step.view(), &source)?;
    let at = step.now();
    let row = SourceRow {
        web,
        from: From::File(share, file),
        person,
        at,
        heard: at,
        targets: Vec::new(),
        digest: content,
        place: before.as_ref().map_or(1, |before| before.place + 1),
        by: step.me(),
    };
    put(step.rows(), source, row, links.clone())?;
    let after = SOURCES.get(step.view(), &source)?;
    if after.as_ref().map(|row| row.digest) == before.map(|row| row.digest) {
        return Ok(());
    }
    let mut size = 0;
    let mut said = Vec::new();
    for one in links {
        let one = LinkSaid {
            link: one.link.to_string(),
            words: cut(&one.words, WORDS_SIZE_MAX).to_owned(),
            line: one.line,
        };
        size += one.link.len() + one.words.len() + 16;
        if size > SAID_SIZE_MAX {
            break;
        }
        said.push(one);
    }
    step.emit("pages.links", &serde_json::json!({ "web": web }));
    let said = Statement::Links { share, file, at, content, links: said }.to_bytes();
    if let Err(fault) = records::publish(step, web, "pages", said) {
        // Of a web that was left since, for one: nobody is to be told there.
        tracing::debug!(%fault, "links of a file cannot be told");
    }
    Ok(())
}
