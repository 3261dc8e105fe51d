//! Sites: folders that members open in their browsers, each under a name of its own (spec pages, rules 40 to 46).
//!
//! Not for: serving them (`gateways`).

use std::collections::BTreeSet;

use api::files::EntryKind;
use api::pages::{
    AskSites, AskVersions, FindSite, FindSiteFile, Publish, SiteEntry, SiteFile, SiteSpot, SiteView, Sites,
    Unpublish, VersionView, Versions,
};
use base::{ByteCount, DeviceId, Fault, PersonId, ShareId, Timestamp, WebId};
use files::{Kind, naming};
use kernel::{AskId, Step};
use store::{Rows, StoreError};

use crate::faults::PagesError;
use crate::link::{Link, Target};
use crate::statement::{Statement, is_site_name};
use crate::tables::{SITES, SiteRow};
use crate::writing::check_may_write;

/// Characters of a label at most (RFC 1035 section 2.3.4).
const LABEL_LEN_MAX: usize = 63;

/// Characters of a person's or a web's name in a label; longer ones are cut and get some digits of their id.
const NAME_LEN_MAX: usize = 12;

/// Digits of an id in a name that cannot be written whole.
const DIGITS: usize = 6;

/// Versions told at most.
const VERSIONS_MAX: usize = 1_000;

/// Entries of a folder told at most.
const ENTRIES_MAX: usize = 1_000;

/// Files counted for how much of a site is here, at most.
const COUNTED_MAX: usize = 1_000;

/// A site as its owner tells it.
#[derive(Debug)]
pub(crate) struct Heard {
    pub(crate) person: PersonId,
    pub(crate) by: DeviceId,
    pub(crate) at: Timestamp,
    pub(crate) share: ShareId,
    pub(crate) path: String,
    pub(crate) is_published: bool,
}

/// A site with its name.
#[derive(Debug, Clone)]
pub(crate) struct Site {
    pub(crate) web: WebId,
    pub(crate) person: PersonId,
    pub(crate) name: String,
    pub(crate) row: SiteRow,
}

/// Takes what a site's owner says: the later statement counts.
pub(crate) fn take(step: &mut Step<'_>, (web, name): (WebId, String), heard: Heard) -> Result<(), Fault> {
    let Heard { person, by, at, share, path, is_published } = heard;
    let key = (web, person, name);
    let known = SITES.get(step.view(), &key)?;
    if known.is_some_and(|known| (known.at, known.by) >= (at, by)) {
        return Ok(());
    }
    let row = SiteRow { share, path, at, by, is_published, heard: step.now() };
    SITES.put(step.rows(), &key, &row);
    let label = label_of(step.view(), &Site { web, person, name: key.2.clone(), row })?;
    step.emit("pages.site", &serde_json::json!({ "web": web, "name": key.2, "label": label }));
    Ok(())
}

/// Publishes a folder that is shared, or lies in one that is.
pub(crate) fn publish(step: &mut Step<'_>, ask: AskId, asked: &Publish) -> Result<(), Fault> {
    if !is_site_name(&asked.name) {
        return Err(PagesError::BadSiteName { name: asked.name.clone() }.into());
    }
    let wanted = match &asked.web {
        None => None,
        Some(name) => {
            let web = people::read::web_named(step.view(), name)?;
            Some(web.ok_or_else(|| PagesError::NoSuchWeb { web: name.clone() })?)
        }
    };
    let mut shared = naming::own_shares_of(step.view(), &asked.folder)?;
    shared.retain(|(web, ..)| wanted.is_none_or(|wanted| *web == wanted));
    // The innermost share, of whichever web, if there is only one web.
    shared.sort_by_key(|(.., rest)| rest.len());
    let webs: BTreeSet<WebId> = shared.iter().map(|(web, ..)| *web).collect();
    if webs.len() > 1 {
        return Err(PagesError::SeveralWebs { folder: asked.folder.clone() }.into());
    }
    let Some((web, share, _, path)) = shared.into_iter().next() else {
        return Err(PagesError::NotShared { folder: asked.folder.clone() }.into());
    };
    check_may_write(step, web)?;
    say(step, web, (&asked.name, share, path, true))?;
    answer(step, ask, web, &asked.name)
}

/// Takes a site of this person's away.
pub(crate) fn unpublish(step: &mut Step<'_>, ask: AskId, asked: &Unpublish) -> Result<(), Fault> {
    let site = find(step.view(), &asked.name)?;
    if people::read::my_person(step.view())? != Some(site.person) {
        return Err(PagesError::NotYourSite { site: asked.name.clone() }.into());
    }
    say(step, site.web, (&site.name, site.row.share, site.row.path.clone(), false))?;
    answer(step, ask, site.web, &site.name)
}

fn say(
    step: &mut Step<'_>,
    web: WebId,
    (name, share, path, is_published): (&str, ShareId, String, bool),
) -> Result<(), Fault> {
    let me = people::read::my_person(step.view())?.ok_or(PagesError::Nobody)?;
    let known = SITES.get(step.view(), &(web, me, name.to_owned()))?;
    // After whatever was said before, also when the clock was set back.
    let at =
        step.now().max(known.map_or(step.now(), |known| known.at.after(std::time::Duration::from_millis(1))));
    let heard = Heard { person: me, by: step.me(), at, share, path: path.clone(), is_published };
    take(step, (web, name.to_owned()), heard)?;
    let said = Statement::Site { name: name.to_owned(), at, share, path, is_published };
    records::publish(step, web, "pages", said.to_bytes())
}

fn answer(step: &mut Step<'_>, ask: AskId, web: WebId, name: &str) -> Result<(), Fault> {
    let me = people::read::my_person(step.view())?.ok_or(PagesError::Nobody)?;
    let row = SITES.get(step.view(), &(web, me, name.to_owned()))?;
    let row = row.ok_or_else(|| PagesError::NoSuchSite { site: name.to_owned() })?;
    let site = Site { web, person: me, name: name.to_owned(), row };
    let shown = view(step.view(), step.me(), &site)?;
    step.reply(ask, &shown);
    Ok(())
}

/// Walks all sites, also those that were.
pub(crate) fn all(rows: &dyn Rows) -> Result<Vec<Site>, StoreError> {
    let mut sites = Vec::new();
    for row in SITES.all(rows) {
        let ((web, person, name), row) = row?;
        sites.push(Site { web, person, name, row });
    }
    Ok(sites)
}

/// Says whether a site can be opened: its owner is a member still, and has not taken it away.
pub(crate) fn is_open(rows: &dyn Rows, site: &Site) -> Result<bool, StoreError> {
    let is_member = people::read::role_of(rows, site.web, site.person)?.is_some();
    let share = naming::share(rows, site.web, site.row.share)?;
    let am_member = match people::read::my_person(rows)? {
        Some(me) => people::read::role_of(rows, site.web, me)?.is_some(),
        None => false,
    };
    // Nobody gives another's folder out as its own site.
    let owner = people::read::same_human_now(rows, site.web, site.person)?;
    let is_shared = share.is_some_and(|share| !share.is_ended && share.person == owner);
    Ok(site.row.is_published && is_member && am_member && is_shared)
}

/// Returns the name in a browser's address.
pub(crate) fn label_of(rows: &dyn Rows, site: &Site) -> Result<String, StoreError> {
    let person = people::read::label_of(rows, site.web, site.person)?;
    let web = people::read::web_label(rows, site.web)?;
    Ok(label(&site.name, (&person, site.person), (&web, site.web)))
}

/// Writes the label of a site's name, of its owner and of its web.
pub(crate) fn label(name: &str, (person, owner): (&str, PersonId), (web, id): (&str, WebId)) -> String {
    format!("{name}--{}--{}", dns(person, &owner.short()), dns(web, &id.short()))
}

/// Writes a name as a part of a DNS label; what can't be written so gets digits of an id, so that two are never one.
fn dns(name: &str, id: &str) -> String {
    let mut out = String::new();
    for c in name.to_lowercase().chars() {
        match c {
            'a'..='z' | '0'..='9' => out.push(c),
            _ if !out.is_empty() && !out.ends_with('-') => out.push('-'),
            _ => {}
        }
    }
    let plain = out.trim_matches('-');
    // What ends as if it had digits gets its own, or it could be another's.
    let has_digits = plain.rsplit_once('-').is_some_and(|(_, last)| {
        last.len() == DIGITS
            && last.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
    });
    let is_digits = plain.len() == DIGITS && plain.bytes().all(|byte| byte.is_ascii_hexdigit());
    if plain == name.to_lowercase() && plain.len() <= NAME_LEN_MAX && !has_digits && !is_digits {
        return plain.to_owned();
    }
    let cut: String = plain.chars().take(NAME_LEN_MAX - DIGITS - 1).collect();
    let digits: String = id.chars().take(DIGITS).collect();
    let cut = cut.trim_matches('-');
    if cut.is_empty() { digits } else { format!("{cut}-{digits}") }
}

/// Finds a site by `web/person/name`, by its label, or by its name alone if no other has it.
pub(crate) fn find(rows: &dyn Rows, wanted: &str) -> Result<Site, Fault> {
    let (mut found, mut labelled) = (Vec::new(), Vec::new());
    for site in all(rows)? {
        let full = format!(
            "{}/{}/{}",
            people::read::web_label(rows, site.web)?,
            people::read::label_of(rows, site.web, site.person)?,
            site.name
        );
        if full == wanted {
            return Ok(site);
        }
        if label_of(rows, &site)? == wanted {
            labelled.push(site);
        } else if site.name == wanted && is_open(rows, &site)? {
            found.push(site);
        }
    }
    if !labelled.is_empty() {
        found = labelled;
    }
    let mine = people::read::my_person(rows)?;
    if found.len() > 1 && found.iter().any(|site| Some(site.person) == mine) {
        found.retain(|site| Some(site.person) == mine);
    }
    if found.len() > 1 {
        return Err(PagesError::SeveralSites { site: wanted.to_owned() }.into());
    }
    found.pop().ok_or_else(|| PagesError::NoSuchSite { site: wanted.to_owned() }.into())
}

/// Shows a site.
pub(crate) fn view(rows: &dyn Rows, me: DeviceId, site: &Site) -> Result<SiteView, Fault> {
    let owner = people::read::label_of(rows, site.web, site.person)?;
    let web = people::read::web_label(rows, site.web)?;
    let label = label_of(rows, site)?;
    let share = naming::share(rows, site.web, site.row.share)?;
    let my_person = people::read::my_person(rows)?;
    let is_own = my_person == Some(site.person);
    let mut path = String::new();
    let mut changed = None;
    let mut note = "its folder is not known here yet".to_owned();
    let mut link = String::new();
    if let Some(share) = &share {
        path = joined(&share.path, &site.row.path);
        changed = naming::versions(rows, share.number, &site.row.path, 1)?.first().map(|(at, _)| *at);
        note = if is_open(rows, site)? {
            freshness(rows, me, site, share, &owner)?
        } else {
            "taken away".to_owned()
        };
        let file = naming::at_path(rows, share.number, &site.row.path)?.map(|at| at.file);
        link = Link::new(site.web, Target::File { share: site.row.share, file, revision: None }).to_string();
    }
    let full = format!("{web}/{owner}/{}", site.name);
    let address = format!("http://{label}.localhost");
    Ok(SiteView {
        name: site.name.clone(),
        owner,
        web,
        label,
        site: full,
        address,
        path,
        link,
        changed,
        note,
        is_own,
    })
}

/// Says in words how a site is here.
fn freshness(
    rows: &dyn Rows,
    me: DeviceId,
    site: &Site,
    share: &naming::SharePlace,
    owner: &str,
) -> Result<String, StoreError> {
    if share.device == me {
        return Ok("newest".to_owned());
    }
    let is_here = records::is_connected(rows, share.device)?;
    let (here, all) = naming::held_below(rows, site.web, share.number, &site.row.path, COUNTED_MAX)?;
    Ok(match (is_here, here == all) {
        (true, _) => format!("newest, {owner} is here"),
        (false, true) => format!("{owner} is away; all {all} files are here"),
        (false, false) => format!("{owner} is away; {here} of {all} files are here"),
    })
}

fn joined(share: &str, path: &str) -> String {
    if path.is_empty() { share.to_owned() } else { format!("{share}/{path}") }
}

/// Answers `pages.sites`.
pub(crate) fn sites(rows: &dyn Rows, me: DeviceId, asked: &AskSites) -> Result<Sites, Fault> {
    let mut sites = Vec::new();
    for site in all(rows)? {
        let shown = is_open(rows, &site)?.then(|| view(rows, me, &site)).transpose()?;
        sites.extend(shown.filter(|shown| asked.web.as_ref().is_none_or(|web| *web == shown.web)));
    }
    sites.sort_by(|a, b| a.site.cmp(&b.site));
    Ok(Sites { sites })
}

/// Splits a label into that of the site and the time of an old version.
fn split(label: &str) -> (&str, Option<Timestamp>) {
    let (site, last) = label.rsplit_once("--").unwrap_or((label, ""));
    let time = u64::from_str_radix(last, 16).ok().filter(|_| site.matches("--").count() == 2);
    time.map_or((label, None), |time| (site, Some(Timestamp::from_millis(time))))
}

/// Answers `pages.site`.
pub(crate) fn spot(rows: &dyn Rows, me: DeviceId, asked: &FindSite) -> Result<SiteSpot, Fault> {
    let (label, at) = split(&asked.label);
    match find(rows, label) {
        Ok(site) if is_open(rows, &site)? => {
            let mut shown = view(rows, me, &site)?;
            if asked.label.contains("--") {
                shown.label.clone_from(&asked.label);
            }
            Ok(SiteSpot { site: Some(shown), was_there: true, at })
        }
        Ok(_) => Ok(SiteSpot { site: None, was_there: true, at }),
        Err(fault) if fault.code == "pages.no-such-site" => Ok(SiteSpot { site: None, was_there: false, at }),
        Err(fault) => Err(fault),
    }
}

/// Answers `pages.site_file`.
pub(crate) fn file(rows: &dyn Rows, asked: &FindSiteFile) -> Result<SiteFile, Fault> {
    let (label, time) = split(&asked.label);
    let site = find(rows, label)?;
    let no_site = || PagesError::NoSuchSite { site: asked.label.clone() };
    let share =
        naming::share(rows, site.web, site.row.share)?.filter(|share| !share.is_ended).ok_or_else(no_site)?;
    if !is_open(rows, &site)? {
        return Err(no_site().into());
    }
    let wanted = asked.path.trim_end_matches('/');
    let below = [site.row.path.as_str(), wanted]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join("/");
    let mut answer = SiteFile {
        kind: "missing".to_owned(),
        path: joined(&share.path, &below),
        revision: None,
        content: None,
        size: None,
        web: Some(site.web),
        note: String::new(),
        entries: Vec::new(),
    };
    let at = match time {
        None => naming::at_path(rows, share.number, &below)?,
        Some(time) => naming::at_time(rows, share.number, &below, time)?,
    };
    if let Some(at) = at.filter(|at| at.kind == Kind::File) {
        "file".clone_into(&mut answer.kind);
        (answer.revision, answer.content, answer.size) =
            (Some(at.revision), at.content, Some(ByteCount(at.size)));
    } else if naming::is_folder(rows, share.number, &below)? {
        "folder".clone_into(&mut answer.kind);
        for (name, kind, size) in naming::children(rows, share.number, &below, ENTRIES_MAX)? {
            let kind = match kind {
                Kind::File => EntryKind::File,
                Kind::Folder => EntryKind::Folder,
                Kind::Link => continue,
            };
            answer.entries.push(SiteEntry {
                name,
                kind,
                size: (kind == EntryKind::File).then_some(ByteCount(size)),
            });
        }
        if let Some(time) = time {
            entries_then(rows, (share.number, &below), time, &mut answer.entries)?;
        }
    }
    Ok(answer)
}

/// Makes a folder's entries those of a time: files that came later go, and what a folder opens with comes back.
fn entries_then(
    rows: &dyn Rows,
    (number, folder): (u64, &str),
    time: Timestamp,
    entries: &mut Vec<SiteEntry>,
) -> Result<(), StoreError> {
    let then = |name: &str| naming::at_time(rows, number, &joined_below(folder, name), time);
    let mut kept = Vec::new();
    for entry in std::mem::take(entries) {
        let at = if entry.kind == EntryKind::File { then(&entry.name)? } else { None };
        match (entry.kind, at) {
            (EntryKind::File, None) => {}
            (EntryKind::File, Some(at)) => kept.push(SiteEntry { size: Some(ByteCount(at.size)), ..entry }),
            _ => kept.push(entry),
        }
    }
    for name in ["index.html", "index.htm", "index.md", "README.md"] {
        let is_there = kept.iter().any(|entry| entry.name == name);
        if let Some(at) = then(name)?.filter(|_| !is_there) {
            kept.push(SiteEntry {
                name: name.to_owned(),
                kind: EntryKind::File,
                size: Some(ByteCount(at.size)),
            });
        }
    }
    kept.sort_by(|a, b| a.name.cmp(&b.name));
    *entries = kept;
    Ok(())
}

fn joined_below(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

/// Answers `pages.versions`.
pub(crate) fn versions(rows: &dyn Rows, asked: &AskVersions) -> Result<Versions, Fault> {
    let site = find(rows, &asked.site)?;
    let label = label_of(rows, &site)?;
    let mut versions: Vec<VersionView> = Vec::new();
    let Some(share) = naming::share(rows, site.web, site.row.share)? else {
        return Ok(Versions { versions });
    };
    for (at, path) in naming::versions(rows, share.number, &site.row.path, VERSIONS_MAX)? {
        match versions.last_mut() {
            Some(last) if last.at == at => last.files.push(path),
            _ => {
                let millis = at.millis();
                let label = format!("{label}--{millis:x}");
                // With the longest names the time does not fit into a label.
                let address = if label.len() <= LABEL_LEN_MAX {
                    format!("http://{label}.localhost")
                } else {
                    String::new()
                };
                versions.push(VersionView { at, files: vec![path], label, address });
            }
        }
    }
    Ok(Versions { versions })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_parts_of_a_dns_label_and_stay_apart() {
        let check = |name: &str, expected: &str| assert_eq!(dns(name, "0123456789"), expected);
        check("alice", "alice");
        check("q4-2026", "q4-2026");
        check("Alice", "alice");
        check("Zoë B.", "zo-b-012345");
        check("李", "012345");
        check("averyveryverylongname", "avery-012345");
        check("-a--b-", "a-b-012345");
        check("avery-012345", "avery-012345");
        check("avery-abcdef", "avery-012345");
        check("abcdef", "abcde-012345");
        let longest = format!(
            "{}--{}--{}--{:x}",
            "a".repeat(20),
            "avery-012345",
            "avery-012345",
            u64::from(u32::MAX) << 11
        );
        assert!(longest.len() <= LABEL_LEN_MAX + 2, "{}", longest.len());
    }

    #[test]
    fn an_old_versions_label_names_its_time() {
        assert_eq!(split("notes--alice--family"), ("notes--alice--family", None));
        let time = Some(Timestamp::from_millis(0x193_0000_0000));
        assert_eq!(split("notes--alice--family--19300000000"), ("notes--alice--family", time));
    }
}
