//! Folders: lists of them, their state, what is done to them, and opening one.

use std::collections::BTreeMap;

use imap_types::mailbox::{ListMailbox, Mailbox};
use imap_types::status::StatusDataItemName;

use super::reply::{Reply, Stop};
use super::session::Session;
use super::view::View;
use super::words::{folder_name, read_folder_name};
use crate::post::{Folder, SpecialUse, Subscription};

/// Bytes of a folder's name at most, and its levels.
const NAME_BYTES_MAX: usize = 1_000;
const LEVELS_MAX: usize = 20;

/// Returns a folder's name as a person reads it.
pub(super) fn name_of(mailbox: &Mailbox<'_>) -> Result<String, Stop> {
    let written = match mailbox {
        Mailbox::Inbox => return Ok("INBOX".to_owned()),
        Mailbox::Other(other) => other.as_ref(),
    };
    read_folder_name(written)
        .ok_or_else(|| Reply::bad("the name of the folder is not in modified UTF-7").into())
}

/// Returns the name of a folder that is to be made.
fn new_name(mailbox: &Mailbox<'_>) -> Result<String, Stop> {
    let name = name_of(mailbox)?;
    // Some programs say by a slash at the end that they will put folders into it.
    let name = name.strip_suffix('/').unwrap_or(&name).to_owned();
    let levels: Vec<&str> = name.split('/').collect();
    let is_bad = |level: &&str| {
        level.is_empty() || level.chars().any(|letter| letter.is_control() || "%*".contains(letter))
    };
    if name.len() > NAME_BYTES_MAX || levels.len() > LEVELS_MAX || levels.iter().any(is_bad) {
        return Err(Reply::no("[CANNOT] a folder can't be called so").into());
    }
    Ok(name)
}

impl Session {
    pub(super) async fn folder(&mut self, mailbox: &Mailbox<'_>) -> Result<Folder, Stop> {
        let name = name_of(mailbox)?;
        let folders = self.user()?.account.folders().await?;
        let found = folders.into_iter().find(|folder| folder.name == name);
        found.ok_or_else(|| Reply::no("[NONEXISTENT] there is no such folder").into())
    }

    pub(super) async fn list(
        &mut self,
        reference: &Mailbox<'_>,
        wanted: &ListMailbox<'_>,
    ) -> Result<Reply, Stop> {
        let pattern = pattern(reference, wanted)?;
        if pattern.is_empty() {
            self.wire.write(b"* LIST (\\Noselect) \"/\" \"\"\r\n").await?;
            return Ok(Reply::ok("listed"));
        }
        let folders = self.user()?.account.folders().await?;
        for (name, folder) in with_parents(&folders) {
            if matches(pattern.as_bytes(), name.as_bytes()) {
                let inner = format!("{name}/");
                let has_more = folders.iter().any(|other| other.name.starts_with(&inner));
                let children = if has_more { "\\HasChildren" } else { "\\HasNoChildren" };
                let special = folder.and_then(|folder| folder.special).map_or("", special_use);
                let select = if folder.is_none() { "\\Noselect " } else { "" };
                self.write_folder("LIST", &format!("{select}{children}{special}"), name).await?;
            }
        }
        Ok(Reply::ok("listed"))
    }

    pub(super) async fn lsub(
        &mut self,
        reference: &Mailbox<'_>,
        wanted: &ListMailbox<'_>,
    ) -> Result<Reply, Stop> {
        let pattern = pattern(reference, wanted)?;
        let mut folders = self.user()?.account.folders().await?;
        folders.retain(|folder| folder.subscription == Subscription::Shown);
        for (name, folder) in with_parents(&folders) {
            // A folder that is not subscribed is told of only where `%` stops at it (RFC 3501, 6.3.9).
            if matches(pattern.as_bytes(), name.as_bytes()) && (folder.is_some() || pattern.ends_with('%')) {
                self.write_folder("LSUB", if folder.is_none() { "\\Noselect" } else { "" }, name).await?;
            }
        }
        Ok(Reply::ok("listed"))
    }

    async fn write_folder(&mut self, word: &str, attributes: &str, name: &str) -> Result<(), Stop> {
        let mut out = format!("* {word} ({attributes}) \"/\" ").into_bytes();
        out.extend_from_slice(&folder_name(name));
        out.extend_from_slice(b"\r\n");
        Ok(self.wire.write(&out).await?)
    }

    pub(super) async fn status(
        &mut self,
        mailbox: &Mailbox<'_>,
        items: &[StatusDataItemName],
    ) -> Result<Reply, Stop> {
        let folder = self.folder(mailbox).await?;
        let mut told = Vec::new();
        for item in items {
            told.push(match item {
                StatusDataItemName::Messages => format!("MESSAGES {}", folder.messages),
                StatusDataItemName::UidNext => format!("UIDNEXT {}", folder.uid_next),
                StatusDataItemName::UidValidity => format!("UIDVALIDITY {}", folder.uid_validity),
                StatusDataItemName::Unseen => format!("UNSEEN {}", folder.unseen),
                StatusDataItemName::Recent => {
                    let name = &self.user.as_ref().map_or("", |user| user.entered.name.as_str());
                    let first = self.shared.recents.claim(name, folder.id, 0);
                    format!("RECENT {}", folder.uid_next.saturating_sub(first).min(folder.messages))
                }
                _ => return Ok(Reply::bad("this is not counted here")),
            });
        }
        let mut out = b"* STATUS ".to_vec();
        out.extend_from_slice(&folder_name(&folder.name));
        out.extend_from_slice(format!(" ({})\r\n", told.join(" ")).as_bytes());
        self.wire.write(&out).await?;
        Ok(Reply::ok("counted"))
    }

    pub(super) async fn create(&mut self, mailbox: &Mailbox<'_>) -> Result<Reply, Stop> {
        let name = new_name(mailbox)?;
        self.user()?.account.create(&name).await?;
        Ok(Reply::ok("made"))
    }

    pub(super) async fn remove(&mut self, mailbox: &Mailbox<'_>) -> Result<Reply, Stop> {
        if *mailbox == Mailbox::Inbox {
            return Ok(Reply::no("[CANNOT] INBOX stays"));
        }
        let folder = self.folder(mailbox).await?;
        let user = self.user()?;
        user.account.remove(folder.id).await?;
        // Who looks at it sees nothing from here on.
        user.view.take_if(|view| view.folder.id == folder.id);
        Ok(Reply::ok("removed"))
    }

    pub(super) async fn rename(&mut self, from: &Mailbox<'_>, to: &Mailbox<'_>) -> Result<Reply, Stop> {
        let folder = self.folder(from).await?;
        let name = new_name(to)?;
        let account = std::sync::Arc::clone(&self.user()?.account);
        if *from != Mailbox::Inbox {
            if name.strip_prefix(&folder.name).is_some_and(|rest| rest.starts_with('/')) {
                return Ok(Reply::no("[CANNOT] a folder can't be put into itself"));
            }
            account.rename(folder.id, &name).await?;
            return Ok(Reply::ok("renamed"));
        }
        // INBOX stays, its messages go (RFC 3501, 6.3.5).
        account.create(&name).await?;
        let made = account.folders().await?.into_iter().find(|folder| folder.name == name);
        let Some(made) = made else { return Ok(Reply::no("[NONEXISTENT] the new folder is gone already")) };
        let messages = account.messages(folder.id, 0).await?.messages;
        let uids: Vec<u32> = messages.iter().map(|message| message.uid).collect();
        account.shift(folder.id, &uids, made.id).await?;
        Ok(Reply::ok("the messages are there now"))
    }

    pub(super) async fn subscribe(
        &mut self,
        mailbox: &Mailbox<'_>,
        wish: Subscription,
    ) -> Result<Reply, Stop> {
        let folder = self.folder(mailbox).await?;
        self.user()?.account.subscribe(folder.id, wish).await?;
        Ok(Reply::ok("noted"))
    }

    pub(super) async fn select(&mut self, mailbox: &Mailbox<'_>, is_read_only: bool) -> Result<Reply, Stop> {
        // A failed SELECT leaves nothing open (RFC 3501, 6.3.1).
        self.user()?.view = None;
        let folder = self.folder(mailbox).await?;
        let shared = std::sync::Arc::clone(&self.shared);
        let user = self.user()?;
        user.view = Some(View::new(folder, is_read_only));
        if let Err(error) = user.refresh(&shared).await {
            user.view = None;
            return Err(error);
        }
        let view = user.view()?;
        let mut out = Vec::new();
        let unseen = view.messages().iter().position(|message| !message.flags.has("\\Seen"));
        let keywords: BTreeMap<String, String> = view
            .messages()
            .iter()
            .flat_map(|message| message.flags.names())
            .filter(|name| !name.starts_with('\\'))
            .map(|name| (name.to_ascii_lowercase(), format!(" {name}")))
            .collect();
        let flags = keywords
            .into_values()
            .fold("\\Answered \\Flagged \\Deleted \\Seen \\Draft".to_owned(), |all, name| all + &name);
        out.extend_from_slice(format!("* FLAGS ({flags})\r\n").as_bytes());
        let permanent = if is_read_only { String::new() } else { format!("{flags} \\*") };
        out.extend_from_slice(format!("* OK [PERMANENTFLAGS ({permanent})] kept\r\n").as_bytes());
        let is_empty = view.messages().is_empty();
        view.announce(&mut out, super::view::Expunges::Now);
        if is_empty {
            out.extend_from_slice(b"* 0 EXISTS\r\n* 0 RECENT\r\n");
        }
        if let Some(first) = unseen {
            out.extend_from_slice(format!("* OK [UNSEEN {}] first\r\n", first.saturating_add(1)).as_bytes());
        }
        let (validity, next) = (view.folder.uid_validity, view.folder.uid_next);
        out.extend_from_slice(
            format!("* OK [UIDVALIDITY {validity}] valid\r\n* OK [UIDNEXT {next}] next\r\n").as_bytes(),
        );
        self.wire.write(&out).await?;
        Ok(Reply::ok(if is_read_only { "[READ-ONLY] opened" } else { "[READ-WRITE] opened" }))
    }

    pub(super) async fn close(&mut self) -> Result<Reply, Stop> {
        let user = self.user()?;
        let Some(view) = user.view.take().filter(|view| !view.is_read_only) else {
            return Ok(Reply::ok("closed"));
        };
        let deleted = view.messages().iter().filter(|message| message.flags.has("\\Deleted"));
        let uids: Vec<u32> = deleted.map(|message| message.uid).collect();
        if !uids.is_empty() {
            user.account.expunge(view.folder.id, &uids).await?;
        }
        Ok(Reply::ok("closed"))
    }
}

fn special_use(special: SpecialUse) -> &'static str {
    match special {
        SpecialUse::Archive => " \\Archive",
        SpecialUse::Drafts => " \\Drafts",
        SpecialUse::Junk => " \\Junk",
        SpecialUse::Sent => " \\Sent",
        SpecialUse::Trash => " \\Trash",
    }
}

/// Returns reference and pattern as one, as a person reads it.
fn pattern(reference: &Mailbox<'_>, wanted: &ListMailbox<'_>) -> Result<String, Stop> {
    let wanted = match wanted {
        ListMailbox::Token(token) => token.as_ref(),
        ListMailbox::String(text) => text.as_ref(),
    };
    if wanted.is_empty() {
        return Ok(String::new());
    }
    if wanted.len() > NAME_BYTES_MAX {
        return Err(Reply::bad("the name is longer than any folder's").into());
    }
    let wanted = read_folder_name(wanted).ok_or_else(|| Reply::bad("the name is not in modified UTF-7"))?;
    let is_inbox = wanted.eq_ignore_ascii_case("INBOX");
    let reference = name_of(reference)?;
    Ok(if reference.is_empty() && is_inbox { "INBOX".to_owned() } else { reference + &wanted })
}

/// Returns folders by name, and levels above them that are no folders themselves.
fn with_parents(folders: &[Folder]) -> BTreeMap<&str, Option<&Folder>> {
    let mut all = BTreeMap::new();
    for folder in folders {
        for (slash, _) in folder.name.match_indices('/') {
            all.entry(folder.name.get(..slash).unwrap_or_default()).or_insert(None);
        }
    }
    for folder in folders {
        all.insert(folder.name.as_str(), Some(folder));
    }
    all
}

/// Says whether a name fits a pattern: `*` is anything, `%` anything within one level. Takes at most as many steps as
/// both are long, multiplied.
fn matches(pattern: &[u8], name: &[u8]) -> bool {
    // Which places of the name can be reached by the pattern so far.
    let mut reached = vec![false; name.len().saturating_add(1)];
    if let Some(first) = reached.first_mut() {
        *first = true;
    }
    for mark in pattern {
        let mut next = vec![false; reached.len()];
        let mut is_open = false;
        for (place, slot) in next.iter_mut().enumerate() {
            let is_here = reached.get(place).copied().unwrap_or(false);
            let before = place.checked_sub(1);
            let letter = before.and_then(|before| name.get(before));
            *slot = match mark {
                b'*' => is_here || is_open,
                b'%' => is_here || (is_open && letter != Some(&b'/')),
                mark => {
                    before.is_some_and(|before| reached.get(before) == Some(&true)) && letter == Some(mark)
                }
            };
            is_open = *slot;
        }
        reached = next;
    }
    reached.last() == Some(&true)
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn a_star_crosses_levels_and_a_percent_does_not() {
        let check = |pattern: &str, name: &str, expected| {
            assert_eq!(matches(pattern.as_bytes(), name.as_bytes()), expected, "{pattern} {name}");
        };
        check("*", "a/b", true);
        check("%", "a/b", false);
        check("%", "a", true);
        check("a/%", "a/b", true);
        check("a/%", "a/b/c", false);
        check("%/%", "a/b", true);
        check("*b", "a/b", true);
        check("a*c", "a/b/c", true);
        check("INBOX", "INBOX", true);
        check("", "", true);
        check("", "a", false);
        check(&"*%".repeat(200), &"a/".repeat(300), true);
    }
}
