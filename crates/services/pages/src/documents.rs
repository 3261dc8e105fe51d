//! Documents as people ask for them: lists, one with its components and writers, its history; and the acts on them.

use std::collections::btree_map::Entry;

use api::pages::{
    Append, AskChanges, AskDocument, AskDocumentHistory, AskDocuments, ChangeView, Changes, ComponentView,
    Document, DocumentChange, DocumentHistory, DocumentRow as Row, Documents, Edit, Edited, NewDocument,
    RestoreDocument, SpanView, Write,
};
use base::{DeviceId, DocumentId, Fault, Timestamp, WebId};
use kernel::{AskId, Step};
use store::{Rows, StoreError};

use crate::applying::{listed, may_list, removal};
use crate::edit::{ChangeSet, with_plain_lines};
use crate::faults::PagesError;
use crate::link::{Link, Target, WebMark};
use crate::markdown;
use crate::resolve::{self, Eye};
use crate::statement::{Statement, document_of};
use crate::tables::{ARRIVALS, ArrivalRow, DOCUMENTS, DocumentKey, DocumentRow, EDITS, Standing};
use crate::text::{Text, with_unit_lines, writer};
use crate::writing::{Texts, check_may_write, may_write, read_text, take};

/// Characters of a title at most.
const TITLE_LEN_MAX: usize = 200;

/// Documents told at most.
const DOCUMENTS_MAX: usize = 10_000;

/// Changes told at most.
const CHANGES_MAX: usize = 1_000;

/// What one person writes within so long is one change of the history.
const ONE_CHANGE: std::time::Duration = std::time::Duration::from_mins(2);

/// Edits in one request at most.
const EDITS_MAX: usize = 100;

/// Bytes of an editor's own name at most.
const CLIENT_SIZE_MAX: usize = 64;

/// Finds a document by its id, its link, or its title if no other has it.
pub(crate) fn find(rows: &dyn Rows, wanted: &str) -> Result<DocumentKey, Fault> {
    let missing = || Fault::from(PagesError::NoSuchDocument { document: wanted.chars().take(100).collect() });
    let by_id = |document: DocumentId, mark: Option<WebMark>| -> Result<DocumentKey, Fault> {
        let mut found = Vec::new();
        for web in people::read::webs(rows)? {
            let is_meant = mark.is_none_or(|mark| mark.is_of(web.id));
            if is_meant && DOCUMENTS.has(rows, &(web.id, document))? {
                found.push((web.id, document));
            }
        }
        match found.as_slice() {
            [one] => Ok(*one),
            [] => Err(missing()),
            _ => Err(PagesError::SeveralDocuments { document: wanted.to_owned() }.into()),
        }
    };
    if let Ok(document) = wanted.trim().parse() {
        return by_id(document, None);
    }
    if let Ok(Link { web, target: Target::Document(document), .. }) = Link::read(wanted) {
        return by_id(document, Some(web));
    }
    let mut found = Vec::new();
    let folded = wanted.trim().to_lowercase();
    for row in DOCUMENTS.all(rows) {
        let (key, row) = row?;
        if row.title.to_lowercase() == folded && !removal(rows, key, &row)?.is_removed {
            found.push(key);
        }
    }
    match found.as_slice() {
        [one] => Ok(*one),
        [] => Err(missing()),
        _ => Err(PagesError::SeveralDocuments { document: wanted.to_owned() }.into()),
    }
}

/// Returns what a document is called.
pub(crate) fn title_of(row: &DocumentRow, document: DocumentId) -> String {
    if row.title.is_empty() { format!("untitled {}", document.short()) } else { row.title.clone() }
}

/// Returns the label of a device's person; empty when nobody's.
pub(crate) fn label(rows: &dyn Rows, web: WebId, device: Option<DeviceId>) -> Result<String, StoreError> {
    let person = device.map(|device| people::read::person_of(rows, web, device)).transpose()?.flatten();
    let me = people::read::my_person(rows)?;
    match person {
        Some(person) if Some(person) == me => Ok("you".to_owned()),
        Some(person) => people::read::label_of(rows, web, person),
        None => Ok(String::new()),
    }
}

/// Says whether edits may be missing: nobody else of the web is here to tell them.
pub(crate) fn note(eye: Eye<'_>, web: WebId) -> Result<String, StoreError> {
    let me = people::read::my_person(eye.rows)?;
    let mut others = 0;
    for member in people::read::members(eye.rows, web)? {
        if member.role.is_none() || Some(member.person) == me {
            continue;
        }
        others += 1;
        for device in member.devices {
            if records::is_connected(eye.rows, device)? {
                return Ok(String::new());
            }
        }
    }
    Ok(match others {
        0 => String::new(),
        _ => "nobody else is here: what others wrote since then will come with them".to_owned(),
    })
}

/// Returns what lists say of a document.
pub(crate) fn row_view(rows: &dyn Rows, key: DocumentKey, row: &DocumentRow) -> Result<Row, StoreError> {
    let (web, document) = key;
    Ok(Row {
        title: title_of(row, document),
        web: people::read::web_label(rows, web)?,
        owner: label(rows, web, row.owner)?,
        changed_by: label(rows, web, row.changed_by)?,
        changed: row.changed,
        components: row.components,
        link: Link::new(web, Target::Document(document)).to_string(),
        is_removed: removal(rows, key, row)?.is_removed,
        id: document.to_string(),
    })
}

/// Answers `pages.documents`.
pub(crate) fn documents(rows: &dyn Rows, asked: &AskDocuments) -> Result<Documents, Fault> {
    let mut documents = Vec::new();
    let webs: Vec<WebId> = readable_webs(rows)?;
    for row in DOCUMENTS.all(rows) {
        let (key, row) = row?;
        if !webs.contains(&key.0) {
            continue;
        }
        let shown = row_view(rows, key, &row)?;
        if shown.is_removed && !asked.removed {
            continue;
        }
        if asked.web.as_ref().is_none_or(|web| *web == shown.web) {
            documents.push(shown);
        }
    }
    documents.sort_by_key(|row| std::cmp::Reverse(row.changed));
    documents.truncate(DOCUMENTS_MAX);
    Ok(Documents { documents })
}

/// Returns the webs this person belongs to.
pub(crate) fn readable_webs(rows: &dyn Rows) -> Result<Vec<WebId>, StoreError> {
    let Some(me) = people::read::my_person(rows)? else { return Ok(Vec::new()) };
    let mut webs = Vec::new();
    for web in people::read::webs(rows)? {
        if people::read::role_of(rows, web.id, me)?.is_some() {
            webs.push(web.id);
        }
    }
    Ok(webs)
}

/// Answers `pages.document`.
pub(crate) fn document(eye: Eye<'_>, asked: &AskDocument) -> Result<Document, Fault> {
    let key = find(eye.rows, &asked.document)?;
    let (web, document) = key;
    let row = DOCUMENTS.get(eye.rows, &key)?.unwrap_or_else(DocumentRow::unknown);
    let me = writer(web, document, eye.me);
    let text = match &asked.change {
        None => read_text(eye.rows, key, me)?,
        Some(change) => text_after(eye.rows, key, change)?,
    };
    let spans = if asked.who { spans(eye.rows, key, &text)? } else { Vec::new() };
    let is_now = asked.change.is_none();
    let about = row_view(eye.rows, key, &row)?;
    Ok(Document {
        components: components(eye, text.read())?,
        text: with_unit_lines(text.read()),
        version: row.version,
        spans,
        can_write: is_now && !about.is_removed && may_write(eye.rows, web)?,
        note: if is_now { note(eye, web)? } else { "as it was then".to_owned() },
        about,
    })
}

/// Returns a text's components with what they lead to.
pub(crate) fn components(eye: Eye<'_>, text: &str) -> Result<Vec<ComponentView>, Fault> {
    markdown::components(text)
        .into_iter()
        .map(|one| {
            let target = resolve::view(eye, &one.link)?;
            Ok(ComponentView { line: one.line, caption: one.words, target })
        })
        .collect()
}

fn spans(rows: &dyn Rows, key: DocumentKey, text: &Text) -> Result<Vec<SpanView>, Fault> {
    let (web, document) = key;
    let mut writers = std::collections::BTreeMap::new();
    for member in people::read::members(rows, web)? {
        for device in member.devices {
            writers.insert(writer(web, document, device), label(rows, web, Some(device))?);
        }
    }
    for row in ARRIVALS.within(rows, &key) {
        let (_, row) = row?;
        let who = writer(web, document, row.author);
        if let Entry::Vacant(place) = writers.entry(who) {
            place.insert(label(rows, web, Some(row.author))?);
        }
    }
    let mut at = 0;
    let mut spans = Vec::new();
    for (length, who) in text.runs() {
        let from = at;
        at += u64::try_from(length).unwrap_or(0);
        let who = writers.get(&who).cloned().unwrap_or_default();
        spans.push(SpanView { from, to: at, who });
    }
    Ok(spans)
}

/// Answers `pages.changes`.
pub(crate) fn changes(rows: &dyn Rows, asked: &AskChanges) -> Result<Changes, Fault> {
    let key = find(rows, &asked.document)?;
    let (web, document) = key;
    let version = DOCUMENTS.get(rows, &key)?.map_or(0, |row| row.version);
    let mut changes = Vec::new();
    let mut next = asked.since.saturating_add(1);
    for row in EDITS.within_from(rows, &key, &(web, document, next)) {
        let ((.., at), row) = row?;
        if at != next {
            break;
        }
        next += 1;
        let edit = serde_json::from_str(&row.edit).unwrap_or_default();
        changes.push(ChangeView { client: row.client, edit });
    }
    let is_cut_off = next != version.saturating_add(1);
    Ok(Changes { changes, version, is_cut_off })
}

/// A run of updates by one author.
struct Run {
    first: ArrivalRow,
    last: Timestamp,
    /// The arrival after which it is complete.
    end: u64,
}

fn runs(rows: &dyn Rows, key: DocumentKey) -> Result<Vec<Run>, StoreError> {
    let mut runs: Vec<Run> = Vec::new();
    for row in ARRIVALS.within(rows, &key) {
        let ((.., number), arrival) = row?;
        if arrival.standing != Standing::Taken {
            continue;
        }
        match runs.last_mut() {
            Some(run) if run.first.author == arrival.author && arrival.at.since(run.last) < ONE_CHANGE => {
                run.first.tally.added += arrival.tally.added;
                run.first.tally.removed += arrival.tally.removed;
                let left = 80usize.saturating_sub(run.first.tally.excerpt.chars().count());
                run.first.tally.excerpt.extend(arrival.tally.excerpt.chars().take(left));
                run.last = arrival.at;
                run.end = number;
            }
            _ => runs.push(Run { last: arrival.at, first: arrival, end: number }),
        }
    }
    Ok(runs)
}

/// Answers `pages.document_history`.
pub(crate) fn history(rows: &dyn Rows, asked: &AskDocumentHistory) -> Result<DocumentHistory, Fault> {
    let key = find(rows, &asked.document)?;
    let mut changes = Vec::new();
    for run in runs(rows, key)?.into_iter().rev().take(CHANGES_MAX) {
        let mut who = label(rows, key.0, Some(run.first.author))?;
        if let Some(keeper) = run.first.keeper {
            who = format!("{who}, kept by {}", label(rows, key.0, Some(keeper))?);
        }
        let tally = run.first.tally;
        changes.push(DocumentChange {
            who,
            at: run.last,
            added: tally.added,
            removed: tally.removed,
            excerpt: tally.excerpt,
            change: run.end.to_string(),
        });
    }
    Ok(DocumentHistory { changes })
}

/// Reads a text as it was after a change.
fn text_after(rows: &dyn Rows, key: DocumentKey, change: &str) -> Result<Text, Fault> {
    let missing = || PagesError::NoSuchChange { document: key.1.to_string(), change: change.to_owned() };
    let end: u64 = change.parse().ok().ok_or_else(missing)?;
    if !ARRIVALS.has(rows, &(key.0, key.1, end))? {
        return Err(missing().into());
    }
    let mut text = Text::new(0);
    for row in ARRIVALS.within(rows, &key) {
        let ((.., number), arrival) = row?;
        if number > end {
            break;
        }
        if arrival.standing == Standing::Taken {
            // What waited for something that came after this change is not in it yet.
            let _is_early = text.import(&arrival.update).is_err();
        }
    }
    Ok(text)
}

/// Begins a document.
pub(crate) fn begin(
    step: &mut Step<'_>,
    texts: &mut Texts,
    ask: AskId,
    asked: &NewDocument,
) -> Result<(), Fault> {
    let title = asked.title.trim();
    let is_title = !title.is_empty() && title.chars().count() <= TITLE_LEN_MAX;
    if !is_title || title.contains(char::is_control) {
        return Err(
            PagesError::BadTitle { title: title.chars().take(50).collect(), limit: TITLE_LEN_MAX }.into()
        );
    }
    let web = people::read::web_named(step.view(), &asked.web)?;
    let web = web.ok_or_else(|| PagesError::NoSuchWeb { web: asked.web.clone() })?;
    check_may_write(step, web)?;
    let dice = step.random("document");
    let nonce = DocumentId::new(*dice.first_chunk().unwrap_or(&[0; 16]));
    let key = (web, document_of(web, step.me(), nonce));
    let at = step.now();
    let row = DocumentRow { owner: Some(step.me()), begun: at, ..DocumentRow::unknown() };
    DOCUMENTS.put(step.rows(), &key, &row);
    records::publish(step, web, "pages", Statement::Begun { nonce, at }.to_bytes())?;
    let mut text = format!("# {title}\n\n");
    if !asked.text.is_empty() {
        text.push_str(&with_plain_lines(&asked.text));
    }
    take(step, texts, key, ("", &[ChangeSet::between("", &text)]))?;
    step.emit("pages.document", &serde_json::json!({ "web": web, "document": key.1 }));
    let row = DOCUMENTS.get(step.view(), &key)?.unwrap_or(row);
    let shown = row_view(step.view(), key, &row)?;
    step.reply(ask, &shown);
    Ok(())
}

/// Makes a document's text another.
fn replace(step: &mut Step<'_>, texts: &mut Texts, key: DocumentKey, text: &str) -> Result<Edited, Fault> {
    let before = texts.open(step, key)?.read().to_owned();
    let edit = ChangeSet::between(&before, &with_plain_lines(text));
    if edit.is_empty() {
        let version = DOCUMENTS.get(step.view(), &key)?.map_or(0, |row| row.version);
        return Ok(Edited { is_taken: true, version });
    }
    let version = take(step, texts, key, ("", &[edit]))?;
    Ok(Edited { is_taken: true, version })
}

/// Answers `pages.write`.
pub(crate) fn write(step: &mut Step<'_>, texts: &mut Texts, asked: &Write) -> Result<Edited, Fault> {
    let key = find(step.view(), &asked.document)?;
    replace(step, texts, key, &asked.text)
}

/// Answers `pages.append`.
pub(crate) fn append(step: &mut Step<'_>, texts: &mut Texts, asked: &Append) -> Result<Edited, Fault> {
    let key = find(step.view(), &asked.document)?;
    let eye = Eye { rows: step.view(), me: step.me(), now: step.now() };
    let said = asked.text.trim();
    let is_path =
        !said.contains('\n') && said.contains('/') && files::naming::named(step.view(), said).is_ok();
    let paragraph = if Link::is_meant(said) || asked.part.is_some() || is_path {
        let link = api::pages::MakeLink { path: said.to_owned(), part: asked.part.clone(), revision: None };
        let target = resolve::make(eye, &link)?;
        let caption = asked.caption.clone().unwrap_or(target.title);
        format!("![{}]({})", markdown::escape(&caption), target.link)
    } else {
        asked.text.clone()
    };
    let before = texts.open(step, key)?.read().trim_end().to_owned();
    let gap = if before.is_empty() { "" } else { "\n\n" };
    replace(step, texts, key, &format!("{before}{gap}{}\n", paragraph.trim_end()))
}

/// Answers `pages.edit`.
pub(crate) fn edit(step: &mut Step<'_>, texts: &mut Texts, asked: &Edit) -> Result<Edited, Fault> {
    let key = find(step.view(), &asked.document)?;
    let bad = || Fault::from(PagesError::BadEdit { document: key.1 });
    let row = DOCUMENTS.get(step.view(), &key)?.unwrap_or_else(DocumentRow::unknown);
    if row.version != asked.version {
        return Ok(Edited { is_taken: false, version: row.version });
    }
    let is_fit = asked.client.len() <= CLIENT_SIZE_MAX && !asked.client.is_empty();
    if asked.edits.len() > EDITS_MAX || !is_fit {
        return Err(bad());
    }
    let edits: Vec<ChangeSet> =
        asked.edits.iter().map(ChangeSet::read).collect::<Option<_>>().ok_or_else(bad)?;
    let version = take(step, texts, key, (&asked.client, &edits))?;
    Ok(Edited { is_taken: true, version })
}

/// Answers `pages.restore`.
pub(crate) fn restore(
    step: &mut Step<'_>,
    texts: &mut Texts,
    asked: &RestoreDocument,
) -> Result<Edited, Fault> {
    let key = find(step.view(), &asked.document)?;
    let text = text_after(step.view(), key, &asked.change)?.read().to_owned();
    replace(step, texts, key, &text)
}

/// Answers `pages.remove` and `pages.bring_back`.
pub(crate) fn list(step: &mut Step<'_>, ask: AskId, wanted: &str, is_removed: bool) -> Result<(), Fault> {
    let key = find(step.view(), wanted)?;
    let row = DOCUMENTS.get(step.view(), &key)?.unwrap_or_else(DocumentRow::unknown);
    if !may_list(step.view(), key.0, &row, step.me())? {
        return Err(PagesError::NotYourDocument { document: title_of(&row, key.1) }.into());
    }
    // After whatever was said before, also when the clock was set back.
    let last = removal(step.view(), key, &row)?.at;
    let at = step.now().max(last.after(std::time::Duration::from_millis(1)));
    let me = step.me();
    listed(step, key, me, (at, is_removed));
    let said = Statement::Listed { document: key.1, at, is_removed };
    records::publish(step, key.0, "pages", said.to_bytes())?;
    let row = DOCUMENTS.get(step.view(), &key)?.unwrap_or(row);
    let shown = row_view(step.view(), key, &row)?;
    step.reply(ask, &shown);
    Ok(())
}
