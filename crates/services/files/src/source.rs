//! Who may have which content from this peer, and where its bytes are (spec files, rules 20 to 24).
//!
//! Asked by the network driver for every request and every piece; reads a snapshot only. Not for: checking that
//! a shared file is still as it was hashed (the driver does, against the stat given here).

use base::{ContentId, DeviceId, WebId};
use store::{Rows, StoreError};

use crate::jobs::Source;
use crate::tables::{ENTRIES, EntryRow, FILES, HELD, NUMBERS, OWN, PLACES, ShareKey, path_of};

/// Returns where a content is, if `asker` may have it from this peer: some web in which both are members now
/// lists it among this peer's shares, or this peer keeps it for that web. Knowing an id is no right.
pub fn source(rows: &dyn Rows, asker: DeviceId, content: ContentId) -> Result<Option<Source>, StoreError> {
    // Sealed copies first: a carrier gives and gets nothing else.
    if crate::mirror::may_have(rows, asker, content)? || crate::sealing::may_fetch(rows, asker, content)? {
        return Ok(Some(Source::Store));
    }
    Ok(offered(rows, asker, content)?.map(|(_, source)| source))
}

/// Of some devices, returns those that may have got a content from here by the same right as `asker`: members of the web in
/// which the asker gets it. Others it need not hear of.
pub fn fellows(
    rows: &dyn Rows,
    asker: DeviceId,
    content: ContentId,
    devices: &[DeviceId],
) -> Result<Vec<DeviceId>, StoreError> {
    let Some((web, _)) = offered(rows, asker, content)? else { return Ok(Vec::new()) };
    let mut fellows = Vec::new();
    for device in devices {
        if people::read::is_member(rows, web, *device)? {
            fellows.push(*device);
        }
    }
    Ok(fellows)
}

/// Counts the contents that are here for webs of which `asker` is no member, and for none of which it is one.
pub fn foreign(rows: &dyn Rows, asker: DeviceId, contents: &[ContentId]) -> Result<u32, StoreError> {
    let mut count = 0_u32;
    for content in contents {
        let (mut is_of_others, mut is_of_asker) = (false, false);
        for web in people::read::webs(rows)? {
            let is_here = HELD.has(rows, &(web.id, *content))?
                || shared_path(rows, *content, |key| key.web == web.id)?.is_some();
            match people::read::is_member(rows, web.id, asker)? {
                true => is_of_asker |= is_here,
                false => is_of_others |= is_here,
            }
        }
        count = count.saturating_add(u32::from(is_of_others && !is_of_asker));
    }
    Ok(count)
}

/// Returns a web of which both are members and in which this peer gives a content, and where it is.
fn offered(
    rows: &dyn Rows,
    asker: DeviceId,
    content: ContentId,
) -> Result<Option<(WebId, Source)>, StoreError> {
    let Some(me) = people::read::my_person(rows)? else { return Ok(None) };
    for web in people::read::webs_of_device(rows, asker)? {
        if people::read::role_of(rows, web, me)?.is_none() {
            continue;
        }
        if HELD.get(rows, &(web, content))?.is_some_and(|held| held.is_offered) {
            return Ok(Some((web, Source::Store)));
        }
        if let Some(source) = shared_path(rows, content, |key| key.web == web)? {
            return Ok(Some((web, source)));
        }
    }
    Ok(None)
}

/// Returns where a content is for the person of this peer, who may read all that is on this computer, also what
/// was kept of webs that are left.
pub fn own_source(rows: &dyn Rows, content: ContentId) -> Result<Option<Source>, StoreError> {
    if let Some(source) = shared_path(rows, content, |_| true)? {
        return Ok(Some(source));
    }
    for web in people::read::webs(rows)? {
        if HELD.has(rows, &(web.id, content))? {
            return Ok(Some(Source::Store));
        }
    }
    Ok(None)
}

/// Finds a content in a folder this peer shares.
pub(crate) fn shared_path<R: Rows + ?Sized>(
    rows: &R,
    content: ContentId,
    is_wanted: impl Fn(ShareKey) -> bool,
) -> Result<Option<Source>, StoreError> {
    for row in OWN.all(rows) {
        let (number, own) = row?;
        // Own shares are few; files with one content (empty ones) can be many: the first does.
        let Some(place) = PLACES.within(rows, &(content, number)).next().transpose()? else { continue };
        if !NUMBERS.get(rows, &number)?.is_some_and(&is_wanted) {
            continue;
        }
        let ((_, _, file), ()) = place;
        let Some(place) = FILES.get(rows, &(number, file))? else { continue };
        let Some(EntryRow { stat: Some(stat), head, .. }) =
            ENTRIES.get(rows, &(number, place.path.clone()))?
        else {
            continue;
        };
        if head.content == Some(content) {
            let path = format!("{}/{}", own.real_folder, path_of(&place.path));
            return Ok(Some(Source::Path { path, stat }));
        }
    }
    Ok(None)
}
