//! Finds out who can give a content: its owners and those who keep it, members only, connected ones first.

use std::collections::BTreeMap;

use base::{ContentId, DeviceId, WebId};
use store::{Overlay, StoreError};

use crate::barred::is_barred;
use crate::catalogue::holding;
use crate::tables::{HOLDERS, NUMBERS, SHARES};

/// Holders looked at for one content at most: enough to fill any line.
const HOLDERS_MAX: usize = 64;

/// Remembers, during one step, who is a member and who is connected.
#[derive(Debug)]
pub(crate) struct Providers {
    me: DeviceId,
    now: base::Timestamp,
    members: BTreeMap<(WebId, DeviceId), bool>,
    connected: BTreeMap<DeviceId, bool>,
    /// The device of a share's owner and the share's web, by share number.
    owners: BTreeMap<u64, Option<(WebId, DeviceId)>>,
}

impl Providers {
    /// Starts knowing nothing.
    pub(crate) fn new(me: DeviceId, now: base::Timestamp) -> Self {
        Self { me, now, members: BTreeMap::new(), connected: BTreeMap::new(), owners: BTreeMap::new() }
    }

    /// Returns every device that says it has a content and may give it, owners first.
    pub(crate) fn of(
        &mut self,
        rows: &Overlay<'_>,
        web: WebId,
        content: ContentId,
    ) -> Result<Vec<DeviceId>, StoreError> {
        let mut devices = Vec::new();
        for (number, _) in holding(rows, content, HOLDERS_MAX)? {
            if let Some((owner_web, device)) = self.owner(rows, number)?
                && owner_web == web
            {
                devices.push(device);
            }
        }
        for row in HOLDERS.within(rows, &(web, content)).take(HOLDERS_MAX) {
            let ((_, _, device), _) = row?;
            devices.push(device);
        }
        let mut able = Vec::new();
        for device in devices {
            if device != self.me && !able.contains(&device) && self.may_give(rows, web, device, content)? {
                able.push(device);
            }
        }
        Ok(able)
    }

    /// Says whether a device is connected.
    pub(crate) fn is_connected(&mut self, rows: &Overlay<'_>, device: DeviceId) -> Result<bool, StoreError> {
        if let Some(known) = self.connected.get(&device) {
            return Ok(*known);
        }
        let is_connected = records::is_connected(rows, device)?;
        self.connected.insert(device, is_connected);
        Ok(is_connected)
    }

    /// Returns those of [`Self::of`] that are connected.
    pub(crate) fn here(
        &mut self,
        rows: &Overlay<'_>,
        web: WebId,
        content: ContentId,
    ) -> Result<Vec<DeviceId>, StoreError> {
        let mut here = Vec::new();
        for device in self.of(rows, web, content)? {
            if self.is_connected(rows, device)? {
                here.push(device);
            }
        }
        Ok(here)
    }

    fn may_give(
        &mut self,
        rows: &Overlay<'_>,
        web: WebId,
        device: DeviceId,
        content: ContentId,
    ) -> Result<bool, StoreError> {
        let is_member = if let Some(known) = self.members.get(&(web, device)) {
            *known
        } else {
            let is_member = people::read::is_member(rows, web, device)?;
            self.members.insert((web, device), is_member);
            is_member
        };
        Ok(is_member && !is_barred(rows, (device, content), self.now)?)
    }

    fn owner(&mut self, rows: &Overlay<'_>, number: u64) -> Result<Option<(WebId, DeviceId)>, StoreError> {
        if let Some(known) = self.owners.get(&number) {
            return Ok(*known);
        }
        let owner = match NUMBERS.get(rows, &number)? {
            Some(key) => SHARES
                .get(rows, &(key.web, key.person, key.share))?
                .filter(|share| !share.is_ended)
                .map(|share| (key.web, share.device)),
            None => None,
        };
        self.owners.insert(number, owner);
        Ok(owner)
    }
}
