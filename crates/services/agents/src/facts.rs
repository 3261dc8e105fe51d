//! What an agent that runs by schedule can be told of a web: files without a second copy, who is away, names of files.
//!
//! Reads rows only, within limits: a web of a million files is looked at in part, and the part is named.

use base::{DeviceId, Timestamp, WebId};
use files::look;
use serde_json::{Value, json};
use store::{Rows, StoreError};

use crate::capability::{Capability, Scope};
use crate::document::EVENT_SIZE_MAX;
use crate::standing::Agent;

/// Files of one share that are looked at for copies, at most, and of all shares of a web: it is done in one step of the peer.
const LOOKED_AT_MAX: usize = 500;
const LOOKED_AT_IN_ALL_MAX: usize = 2_000;
/// Shares, and members, told of at most.
const LISTED_MAX: usize = 100;
/// Names told at most, all shares together.
const NAMES_MAX: usize = 500;
/// Bytes of names at most; the rest of an event is for facts.
const NAMES_SIZE_MAX: usize = EVENT_SIZE_MAX / 2;

/// Makes the event of a schedule, with as much as the agent may know.
pub(crate) fn scheduled<R: Rows>(
    rows: &R,
    me: DeviceId,
    agent: &Agent,
    now: Timestamp,
) -> Result<Value, StoreError> {
    let mut event = json!({ "kind": "schedule" });
    let web = agent.key.0;
    let mut put = |name: &str, value: Value| {
        if let Some(event) = event.as_object_mut() {
            event.insert(name.to_owned(), value);
        }
    };
    if agent.admission.may(Capability::Facts) {
        put("shares", shares(rows, me, web)?);
        put("members", members(rows, me, web, now)?);
    }
    let scopes: Vec<Scope> = agent
        .admission
        .capabilities
        .iter()
        .filter_map(|one| match one {
            Capability::Names(scope) => Some(*scope),
            _ => None,
        })
        .collect();
    if !scopes.is_empty() {
        let (files, is_all) = names(rows, web, &scopes)?;
        put("files", files);
        put("all", is_all.into());
    }
    Ok(event)
}

fn shares<R: Rows>(rows: &R, me: DeviceId, web: WebId) -> Result<Value, StoreError> {
    let (mut told, mut left) = (Vec::new(), LOOKED_AT_IN_ALL_MAX);
    for path in look::shares_of(rows, web)?.into_iter().take(LISTED_MAX) {
        let limit = LOOKED_AT_MAX.min(left);
        let below = look::files_below(rows, &path, None, limit)?;
        left = left.saturating_sub(below.files.len());
        let (mut bytes, mut alone, mut example) = (0_u64, 0_u64, None);
        for file in &below.files {
            bytes = bytes.saturating_add(file.size);
            if copies(rows, me, web, file)? < 2 {
                alone = alone.saturating_add(1);
                example = example.or_else(|| Some(file.path.clone()));
            }
        }
        told.push(json!({
            "path": path,
            "files": below.files.len(),
            "bytes": bytes,
            "alone": alone,
            "alone_as": example,
            "all": below.next.is_none() && limit > 0,
        }));
    }
    Ok(told.into())
}

/// Counts the computers that have a file, up to two: whose share it is, who says to have it, and this one.
fn copies(rows: &dyn Rows, me: DeviceId, web: WebId, file: &look::FileAt) -> Result<usize, StoreError> {
    let Some(content) = file.content else { return Ok(1) };
    let mut devices = std::collections::BTreeSet::from([file.device]);
    devices.extend(files::lending::holders(rows, web, content, 4)?);
    if look::is_kept(rows, web, content)? {
        devices.insert(me);
    }
    Ok(devices.len())
}

fn members<R: Rows>(rows: &R, me: DeviceId, web: WebId, now: Timestamp) -> Result<Value, StoreError> {
    let mut told = Vec::new();
    for member in people::read::members(rows, web)?.into_iter().take(LISTED_MAX) {
        let Some(role) = member.role else { continue };
        let (mut is_here, mut heard) = (member.devices.contains(&me), None);
        for device in &member.devices {
            is_here |= records::is_connected(rows, *device)?;
            heard = heard.max(records::last_heard(rows, *device)?);
        }
        let away_hours = heard.filter(|_| !is_here).map(|heard| now.since(heard).as_secs() / 3_600);
        told.push(json!({
            "name": member.label,
            "role": format!("{role:?}").to_lowercase(),
            "devices": member.devices.len(),
            "here": is_here,
            "away_hours": away_hours,
        }));
    }
    Ok(told.into())
}

fn names<R: Rows>(rows: &R, web: WebId, scopes: &[Scope]) -> Result<(Value, bool), StoreError> {
    let (mut told, mut size, mut is_all) = (Vec::new(), 0_usize, true);
    for path in look::shares_of(rows, web)? {
        let mut is_covered = false;
        for scope in scopes {
            is_covered |= scope.covers(rows, web, &path)?;
        }
        if !is_covered {
            continue;
        }
        let below = look::files_below(rows, &path, None, NAMES_MAX)?;
        is_all &= below.next.is_none();
        for file in below.files {
            size = size.saturating_add(file.path.len().saturating_mul(2)).saturating_add(40);
            if told.len() >= NAMES_MAX || size > NAMES_SIZE_MAX {
                return Ok((told.into(), false));
            }
            told.push(json!({ "path": file.path, "size": file.size }));
        }
    }
    Ok((told.into(), is_all))
}
