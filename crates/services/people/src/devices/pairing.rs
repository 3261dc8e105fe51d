//! How another computer becomes this person's: by a link, shown by one and taken by the other (spec identity, rules 30 to 36).
//! Not for: what devices of one person tell each other afterwards (`devices`).

use std::time::Duration;

use api::people as ask;
use base::{DeviceId, Fault};
use kernel::{Channel, Step};
use minicbor::{Decode, Encode};
use store::{Rows, StoreError, Table};
use wire::crypto::{SignKey, Signature, Signer as _};
use wire::governance::ROTATION_PURPOSE;
use wire::identity::{ADOPT_DOMAIN, Adoption, DEVICE_DOMAIN, device_bytes};
use wire::join::{Message, PAIR_DOMAIN};
use wire::pairing::DeviceLink;
use wire::ticket::{Door, TicketError};

use super::{
    DEVICE_NAME, IDENTITY, Identity, REVOKED, SECRETS, SIBLINGS, SiblingRecord, identity, open_secret,
    secret_context,
};
use crate::fault::PeopleError;
use crate::service::{People, checked_name};
use crate::tables::{ME, MeRecord, WEBS};

/// The link for a new device that was made last.
const LINK: Table<(), LinkRecord> = Table::new("people.device-link");
/// The link by which this device is becoming another person's.
const PAIRING: Table<(), String> = Table::new("people.pairing");

/// How long a link is good for: both devices are at hand.
const LINK_TIME: Duration = Duration::from_mins(30);

/// Waits between attempts to reach the device that made the link.
const KNOCK_EVERY: Duration = Duration::from_secs(3);

/// Alarm: try to reach the device that made the link.
pub(crate) const PAIR: &str = "pair";

/// A link for a new device.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
struct LinkRecord {
    #[n(0)]
    key: DeviceId,
    #[n(1)]
    expires: base::Timestamp,
    /// Who used it, and may ask again.
    #[n(2)]
    used_by: Option<DeviceId>,
}

impl People {
    /// Makes the link by which another computer becomes this person's.
    pub(crate) fn add_device(&mut self, step: &mut Step<'_>) -> Result<ask::DeviceLink, Fault> {
        let me = ME.get(step.view(), &())?.ok_or(PeopleError::NotJoining)?;
        if me.name.is_empty() {
            return Err(PeopleError::NameFirst.into());
        }
        if Self::my_webs(step)?.is_empty() {
            // What a person's devices have in common is a web, also when nobody else is in it.
            let name = format!("{}-computers", crate::label::safe(&me.name, "my")).to_lowercase();
            crate::acts::start_web(self, step, &ask::StartWeb { name })?;
        }
        let secret = step.random("device link");
        let expires = step.now().after(LINK_TIME);
        let addresses = crate::acts::with_relay(me.addresses, 4);
        let link =
            DeviceLink::new(me.person, secret, expires, Door { device: me.device, addresses }, me.name);
        let key = DeviceId::new(SignKey::from_seed(&secret).public());
        LINK.put(step.rows(), &(), &LinkRecord { key, expires, used_by: None });
        Ok(ask::DeviceLink { link: format!("althing:{}", link.to_text()), expires })
    }

    /// Begins to become a device of another person's.
    pub(crate) fn pair(step: &mut Step<'_>, asked: &ask::Pair) -> Result<ask::Done, Fault> {
        let link = DeviceLink::from_text(&asked.link).map_err(|error| match error {
            TicketError::Damaged => PeopleError::DeviceLinkDamaged,
            TicketError::Unreadable(wire::WireError::FutureVersion { version, known }) => {
                PeopleError::TicketFuture { version, known }
            }
            TicketError::Unreadable(why) => PeopleError::TicketUnreadable { why: why.to_string() },
        })?;
        let name = crate::label::safe(&link.name, &link.person.to_string());
        if step.now() > link.expires {
            return Err(PeopleError::DeviceLinkExpired { name }.into());
        }
        let mine = crate::read::my_person(step.view())?;
        if mine == Some(link.person) {
            return Err(PeopleError::DeviceAlready { name }.into());
        }
        if WEBS.all(step.view()).next().transpose()?.is_some() {
            return Err(PeopleError::DeviceInUse { name }.into());
        }
        let called = checked_name(&asked.name)?;
        DEVICE_NAME.put(step.rows(), &(), &called);
        PAIRING.put(step.rows(), &(), &link.to_text());
        Self::knock_to_pair(step)?;
        let what = format!("This computer asks to become {name}'s. See: althing device list");
        Ok(ask::Done { what })
    }

    /// Has a connection made with the device that made the link, and tries again until the link ends.
    pub(crate) fn knock_to_pair(step: &mut Step<'_>) -> Result<(), Fault> {
        let Some(link) = under_way(step.view())? else { return Ok(()) };
        if step.now() > link.expires {
            PAIRING.delete(step.rows(), &());
            return Ok(());
        }
        step.addresses(link.door.device, crate::body::usable(&link.door.addresses));
        step.connect(link.door.device, Channel::Join);
        step.alarm(KNOCK_EVERY, PAIR);
        Self::ask_to_pair(step, link.door.device)
    }

    /// A connection for joining stands: asks, if it is with the device that made the link.
    pub(crate) fn ask_to_pair(step: &mut Step<'_>, device: DeviceId) -> Result<(), Fault> {
        let Some(link) = under_way(step.view())?.filter(|link| link.door.device == device) else {
            return Ok(());
        };
        let covered = device_bytes(link.person, step.me());
        let name = DEVICE_NAME.get(step.view(), &())?.unwrap_or_default();
        let proof = link.key().sign(PAIR_DOMAIN, &covered);
        let consent = step.sign(DEVICE_DOMAIN, &covered);
        step.send(device, Channel::Join, wire::to_bytes(&Message::Pair { proof, consent, name }));
        Ok(())
    }

    /// A device asks to be this person's: whoever holds the link is, once.
    pub(crate) fn asked_to_pair(
        &mut self,
        step: &mut Step<'_>,
        from: DeviceId,
        (proof, consent, name): (&Signature, Signature, &str),
    ) -> Result<(), Fault> {
        let Some(link) = LINK.get(step.view(), &())? else { return Ok(()) };
        let Some(me) = ME.get(step.view(), &())? else { return Ok(()) };
        let covered = device_bytes(me.person, from);
        let is_open = step.now() <= link.expires && link.used_by.is_none_or(|used_by| used_by == from);
        let is_proven = is_open
            && step.verifier().verify(&link.key, PAIR_DOMAIN, &covered, proof)
            && step.verifier().verify(&from, DEVICE_DOMAIN, &covered, &consent);
        if !is_proven || REVOKED.has(step.view(), &from)? {
            return Ok(());
        }
        LINK.put(step.rows(), &(), &LinkRecord { used_by: Some(from), ..link });
        let name = crate::label::safe(name, &from.to_string());
        SIBLINGS.put(step.rows(), &from, &SiblingRecord { consent, name, is_own: true });
        for web in Self::my_webs(step)? {
            self.align_devices(step, web)?;
        }
        let identity = identity(step)?;
        let now = identity.key_now()?;
        let Identity { inception, mut chain, key } = identity;
        let signature = step.sign(ADOPT_DOMAIN, &covered);
        chain.push(Adoption::of_device(from, false, signature));
        let context = secret_context(me.person, now);
        let Some(secret) = step.seal_person(&now.0, &from, ROTATION_PURPOSE, &context) else { return Ok(()) };
        let ours = Self::ours(step)?;
        let answer = Message::Paired { inception, chain, key, secret: secret.into(), name: me.name, ours };
        step.send(from, Channel::Join, wire::to_bytes(&answer));
        Self::tell_siblings(step)?;
        step.emit("people.changed", &serde_json::json!({}));
        Ok(())
    }

    /// The other device has made this one the person's.
    pub(crate) fn paired(
        &mut self,
        step: &mut Step<'_>,
        from: DeviceId,
        message: Message,
    ) -> Result<(), Fault> {
        let Message::Paired { inception, chain, key, secret, name, ours } = message else { return Ok(()) };
        let Some(link) = under_way(step.view())?.filter(|link| link.door.device == from) else {
            return Ok(());
        };
        let identity = Identity { inception, chain, key };
        let Ok(began) = identity.read() else { return Ok(()) };
        let me = step.me();
        let is_led = began.leads_to(&identity.chain, me, step.verifier());
        let now = identity.key_now()?;
        if began.person() != link.person || !is_led || !open_secret(step, link.person, now, &secret) {
            return Ok(());
        }
        SECRETS.put(step.rows(), &base::KeyId::new(now.0), &secret);
        IDENTITY.put(step.rows(), &(), &identity);
        PAIRING.delete(step.rows(), &());
        if let Some(mine) = ME.get(step.view(), &())? {
            let name = checked_name(&name).unwrap_or_default();
            ME.put(step.rows(), &(), &MeRecord { person: link.person, name, ..mine });
        }
        step.disconnect(from, Channel::Join);
        self.take_ours(step, from, ours)?;
        step.emit("people.changed", &serde_json::json!({}));
        Ok(())
    }
}

/// Ends the link for a new device, if there is one: nobody comes in by it any more.
pub(super) fn end_link(step: &mut Step<'_>) {
    LINK.delete(step.rows(), &());
}

/// Returns the link by which this device is becoming another person's.
pub(super) fn under_way<R: Rows + ?Sized>(rows: &R) -> Result<Option<DeviceLink>, StoreError> {
    Ok(PAIRING.get(rows, &())?.and_then(|link| DeviceLink::from_text(&link).ok()))
}
