//! Where a link leads now, how fresh that is, and if it leads nowhere, why (spec pages, rules 5 to 9).

use api::pages::{LinkState, LinkView, MakeLink};
use base::{ByteCount, ContentId, DeviceId, DocumentId, Fault, FileId, PersonId, ShareId, Timestamp, WebId};
use files::Kind;
use files::look::{self, Look};
use files::naming::{self, Named, SharePlace};
use people::read::Standing;
use store::{Rows, StoreError};

use crate::documents;
use crate::faults::PagesError;
use crate::link::{Link, Target, WebMark, checked_part};
use crate::tables::DOCUMENTS;

/// Who looks, and when.
#[derive(Clone, Copy)]
pub(crate) struct Eye<'a> {
    pub(crate) rows: &'a dyn Rows,
    pub(crate) me: DeviceId,
    pub(crate) now: Timestamp,
}

impl std::fmt::Debug for Eye<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Eye").finish_non_exhaustive()
    }
}

/// Answers `pages.link`.
pub(crate) fn make(eye: Eye<'_>, asked: &MakeLink) -> Result<LinkView, Fault> {
    let mut link = of_text(eye.rows, &asked.path)?;
    if let Some(part) = &asked.part {
        link.part = checked_part(part).ok_or_else(|| PagesError::BadPart { part: part.clone() })?;
    }
    if let (Some(wanted), Target::File { revision, .. }) = (asked.revision, &mut link.target) {
        *revision = Some(wanted);
    }
    let text = asked.path.chars().take(100).collect();
    let link = link.checked().map_err(|why| PagesError::BadLink { link: text, why })?;
    view(eye, &link)
}

/// Reads a link, or makes one of a path of the tree.
pub(crate) fn of_text(rows: &dyn Rows, text: &str) -> Result<Link, Fault> {
    let text = text.trim();
    if Link::is_meant(text) {
        return Link::read(text).map_err(|why| {
            let link = text.chars().take(100).collect();
            PagesError::BadLink { link, why }.into()
        });
    }
    let nothing = || Fault::from(PagesError::NothingToLink { path: text.to_owned() });
    match naming::named(rows, text)? {
        Named::Root => Err(nothing()),
        Named::Web(web) => Ok(Link::new(web, Target::Web)),
        Named::Person(web, person) => Ok(Link::new(web, Target::Person(person))),
        // A folder that was never listed itself has no name that lasts.
        Named::Entry { file: None, path, .. } if !path.is_empty() => Err(nothing()),
        Named::Entry { web, share, file, .. } => {
            Ok(Link::new(web, Target::File { share, file, revision: None }))
        }
    }
}

/// Shows where a link leads.
pub(crate) fn view(eye: Eye<'_>, link: &Link) -> Result<LinkView, Fault> {
    let kind = match &link.target {
        Target::File { .. } => "file",
        Target::Content(_) => "content",
        Target::Document(_) => "document",
        Target::Person(_) => "person",
        Target::Web => "web",
        Target::Query(_) => "query",
    };
    let mut shown = LinkView {
        link: link.to_string(),
        copy: link.copy(),
        kind: kind.to_owned(),
        title: String::new(),
        path: String::new(),
        state: LinkState::Missing,
        note: String::new(),
        owner: String::new(),
        web: String::new(),
        revision: None,
        part: link.part.clone(),
        size: None,
        changed: None,
        content: None,
        query: String::new(),
    };
    let web = match web_of(eye.rows, link.web)? {
        Ok(web) => web,
        Err(why) => {
            shown.state = LinkState::Denied;
            why.clone_into(&mut shown.note);
            return Ok(shown);
        }
    };
    shown.web = people::read::web_label(eye.rows, web)?;
    match &link.target {
        Target::File { share, file, revision } => {
            view_file(eye, &mut shown, web, (*share, *file), *revision)?;
        }
        Target::Content(content) => view_content(eye, &mut shown, web, *content)?,
        Target::Document(document) => view_document(eye, &mut shown, (web, *document))?,
        Target::Person(person) => view_person(eye, &mut shown, web, *person)?,
        Target::Web => {
            shown.title.clone_from(&shown.web);
            shown.path.clone_from(&shown.web);
            shown.state = LinkState::Live;
        }
        Target::Query(query) => {
            shown.title = format!("“{query}”");
            shown.query.clone_from(query);
            shown.state = LinkState::Live;
        }
    }
    Ok(shown)
}

/// Finds the web of a mark among this person's; else says why what is in it is denied.
fn web_of(rows: &dyn Rows, mark: WebMark) -> Result<Result<WebId, &'static str>, StoreError> {
    let mut found = people::read::webs(rows)?.into_iter().filter(|web| mark.is_of(web.id));
    let Some(web) = found.next() else { return Ok(Err("it is in a web that you do not belong to")) };
    if found.next().is_some() {
        return Ok(Err("two of your webs have ids that begin alike: one was made to deceive"));
    }
    let me = people::read::my_person(rows)?;
    let is_member = match me {
        Some(me) => people::read::role_of(rows, web.id, me)?.is_some(),
        None => false,
    };
    Ok(match web.standing {
        Standing::Carrier => Err("this computer only carries that web and reads nothing of it"),
        _ if !is_member => Err("you belong to its web no more"),
        _ => Ok(web.id),
    })
}

/// Returns how what a device speaks for is, with words about when that was heard.
fn freshness(eye: Eye<'_>, device: DeviceId, owner: &str) -> Result<(LinkState, String), StoreError> {
    if device == eye.me || records::is_connected(eye.rows, device)? {
        return Ok((LinkState::Live, "newest".to_owned()));
    }
    let heard = records::last_heard(eye.rows, device)?;
    let when = heard.map_or_else(
        || "not heard from yet".to_owned(),
        |at| format!("last heard from {} ago", span(eye.now, at)),
    );
    Ok((LinkState::Stale, format!("newest known; {owner} {when}")))
}

/// Writes how long ago something was.
pub(crate) fn span(now: Timestamp, at: Timestamp) -> String {
    let seconds = now.since(at).as_secs();
    match seconds {
        0..=119 => format!("{seconds} s"),
        120..=7_199 => format!("{} min", seconds / 60),
        7_200..=172_799 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}

fn view_file(
    eye: Eye<'_>,
    shown: &mut LinkView,
    web: WebId,
    (share, file): (ShareId, Option<FileId>),
    revision: Option<u64>,
) -> Result<(), Fault> {
    let Some(place) = naming::share(eye.rows, web, share)? else {
        "its folder is not known on this computer: never shared with this web, or not heard of yet"
            .clone_into(&mut shown.note);
        return Ok(());
    };
    shown.owner = people::read::label_of(eye.rows, web, place.person)?;
    let is_member = people::read::role_of(eye.rows, web, place.person)?.is_some();
    let Some(file) = file else {
        "folder".clone_into(&mut shown.kind);
        place.path.rsplit('/').next().unwrap_or_default().clone_into(&mut shown.title);
        shown.path.clone_from(&place.path);
        if place.is_ended || !is_member {
            shown.note = ended(&shown.owner, is_member);
        } else {
            (shown.state, shown.note) = freshness(eye, place.device, &shown.owner)?;
        }
        return Ok(());
    };
    match naming::entry(eye.rows, place.number, file)? {
        Some((below, at)) if !place.is_ended => {
            below.rsplit('/').next().unwrap_or_default().clone_into(&mut shown.title);
            shown.path = format!("{}/{below}", place.path);
            shown.changed = Some(at.changed);
            if at.kind == Kind::Folder {
                "folder".clone_into(&mut shown.kind);
            } else {
                (shown.revision, shown.content) = (Some(at.revision), at.content);
                shown.size = Some(ByteCount(at.size));
            }
            if let Some(wanted) = revision.filter(|_| at.kind == Kind::File) {
                return view_revision(eye, shown, &place, (file, wanted), at.revision);
            }
            if is_member {
                (shown.state, shown.note) = freshness(eye, place.device, &shown.owner)?;
                say_who_has(eye, shown, place.number, file)?;
            } else {
                shown.state = LinkState::Stale;
                shown.note = format!("{} belongs to the web no more; this is the last revision", shown.owner);
            }
            Ok(())
        }
        _ => view_gone(eye, shown, web, &place, file),
    }
}

fn ended(owner: &str, is_member: bool) -> String {
    match is_member {
        true => format!("{owner} shares it no more"),
        false => format!("{owner} belongs to the web no more"),
    }
}

/// Adds who has the newest revision when it is not here.
fn say_who_has(eye: Eye<'_>, shown: &mut LinkView, number: u64, file: FileId) -> Result<(), Fault> {
    let Some((view, holders)) = Look::at(eye.rows, eye.me)?.entry(number, file)? else { return Ok(()) };
    let newest = view.revision.unwrap_or(0);
    if view.have == view.revision || shown.kind != "file" || shown.state == LinkState::Live {
        return Ok(());
    }
    let here: Vec<&str> = holders
        .iter()
        .filter(|holder| holder.is_here && holder.revision == newest)
        .map(|holder| holder.who.as_str())
        .collect();
    if !here.is_empty() {
        shown.note.push_str(&format!("; {} has it", here.join(", ")));
    } else if let Some(have) = view.have {
        shown.note.push_str(&format!("; rev {have} is here, rev {newest} at nobody who is here"));
    } else {
        shown.note.push_str("; nobody who is here has it");
    }
    Ok(())
}

fn view_revision(
    eye: Eye<'_>,
    shown: &mut LinkView,
    place: &SharePlace,
    (file, wanted): (FileId, u64),
    newest: u64,
) -> Result<(), Fault> {
    let Some(at) = naming::revision(eye.rows, place.number, file, wanted)? else {
        shown.content = None;
        shown.note = format!("there is no rev {wanted}; the newest is rev {newest}");
        return Ok(());
    };
    (shown.revision, shown.content, shown.changed) = (Some(wanted), at.content, Some(at.changed));
    shown.size = Some(ByteCount(at.size));
    shown.state = LinkState::Pinned;
    shown.note = match newest > wanted {
        true => format!("pinned to rev {wanted}; rev {newest} is newer"),
        false => format!("pinned to rev {wanted}, the newest"),
    };
    Ok(())
}

/// A file that is gone: moved to another share, most often; its content says where to.
fn view_gone(
    eye: Eye<'_>,
    shown: &mut LinkView,
    web: WebId,
    place: &SharePlace,
    file: FileId,
) -> Result<(), Fault> {
    let last = naming::last_path(eye.rows, place.number, file)?;
    last.as_deref().and_then(|path| path.rsplit('/').next()).unwrap_or_default().clone_into(&mut shown.title);
    let content = naming::last_content(eye.rows, place.number, file)?;
    if let Some(content) = content {
        for showing in look::showing(eye.rows, web, content, 8)?.into_iter().filter(|one| one.past.is_none())
        {
            let Some(moved) = look::place(eye.rows, showing.number, showing.file)? else { continue };
            shown.path = share_path(eye.rows, showing.number, &moved.path)?;
            moved.path.rsplit('/').next().unwrap_or_default().clone_into(&mut shown.title);
            (shown.revision, shown.content) = (Some(moved.revision), moved.content);
            (shown.size, shown.changed) = (Some(ByteCount(moved.size)), Some(moved.changed));
            shown.owner = people::read::label_of(eye.rows, web, moved.person)?;
            (shown.state, shown.note) = freshness(eye, moved.device, &shown.owner)?;
            shown.note = format!("moved to {}; {}", shown.path, shown.note);
            return Ok(());
        }
    }
    shown.note = match (place.is_ended, last) {
        (true, _) => ended(&shown.owner, true),
        (false, Some(_)) => format!("{} has deleted it", shown.owner),
        (false, None) => "there is no such file in its folder".to_owned(),
    };
    Ok(())
}

fn share_path(rows: &dyn Rows, number: u64, path: &str) -> Result<String, StoreError> {
    let Some((web, _, share)) = naming::key_of(rows, number)? else { return Ok(String::new()) };
    let share = naming::share(rows, web, share)?.map(|place| place.path).unwrap_or_default();
    let below = path.split_once('/').map_or("", |(_, below)| below);
    Ok(if below.is_empty() { share } else { format!("{share}/{below}") })
}

fn view_content(eye: Eye<'_>, shown: &mut LinkView, web: WebId, content: ContentId) -> Result<(), Fault> {
    shown.content = Some(content);
    let all = look::showing(eye.rows, web, content, 8)?;
    let Some(showing) = all.iter().find(|one| one.past.is_none()).or_else(|| all.first()) else {
        "nobody in its web lists it".clone_into(&mut shown.note);
        return Ok(());
    };
    shown.state = LinkState::Pinned;
    if let Some(place) = look::place(eye.rows, showing.number, showing.file)? {
        shown.path = share_path(eye.rows, showing.number, &place.path)?;
        place.path.rsplit('/').next().unwrap_or_default().clone_into(&mut shown.title);
        shown.owner = people::read::label_of(eye.rows, web, place.person)?;
        let revision = showing.past.unwrap_or(place.revision);
        shown.revision = Some(revision);
        shown.changed = Some(place.changed);
        let at = naming::revision(eye.rows, showing.number, showing.file, revision)?;
        shown.size = Some(ByteCount(at.map_or(place.size, |at| at.size)));
        shown.note = match showing.past {
            None => "exactly this content, the newest of its file".to_owned(),
            Some(past) => format!("exactly this content, rev {past}; rev {} is newer", place.revision),
        };
    }
    Ok(())
}

fn view_document(eye: Eye<'_>, shown: &mut LinkView, key: (WebId, DocumentId)) -> Result<(), Fault> {
    let Some(row) = DOCUMENTS.get(eye.rows, &key)? else {
        "no such document is known on this computer yet".clone_into(&mut shown.note);
        return Ok(());
    };
    shown.title = documents::title_of(&row, key.1);
    shown.changed = Some(row.changed);
    shown.owner = documents::label(eye.rows, key.0, row.owner)?;
    if crate::applying::removal(eye.rows, key, &row)?.is_removed {
        "it was taken off the list; who began it or an admin can bring it back".clone_into(&mut shown.note);
        return Ok(());
    }
    shown.state = LinkState::Live;
    shown.note = documents::note(eye, key.0)?;
    if !shown.note.is_empty() {
        shown.state = LinkState::Stale;
    }
    Ok(())
}

fn view_person(eye: Eye<'_>, shown: &mut LinkView, web: WebId, person: PersonId) -> Result<(), Fault> {
    let Some(member) = people::read::member(eye.rows, web, person)? else {
        "no such person was ever in its web".clone_into(&mut shown.note);
        return Ok(());
    };
    shown.title.clone_from(&member.label);
    shown.path = format!("{}/{}", shown.web, member.label);
    shown.owner = member.label;
    if member.role.is_none() {
        "belongs to the web no more".clone_into(&mut shown.note);
        return Ok(());
    }
    let is_me = people::read::my_person(eye.rows)? == Some(person);
    let mut is_here = is_me;
    for device in &member.devices {
        is_here |= records::is_connected(eye.rows, *device)?;
    }
    shown.state = if is_here { LinkState::Live } else { LinkState::Stale };
    (if is_here { "here now" } else { "away" }).clone_into(&mut shown.note);
    Ok(())
}
