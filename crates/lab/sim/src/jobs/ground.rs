//! The ground under jobs in a web of a thousand, given instead of grown: who belongs to it stands in rows from the beginning,
//! a record comes to whoever is connected to its author, and what is lent is here at once.
//!
//! A thousand peers that join one web take the simulator longer than their jobs. Only [`compute`] is the real service here;
//! that it gets along with the real others is what the small towns look at.

use base::{ContentId, DeviceId, Fault, PersonId, Timestamp, WebId};
use kernel::{Channel, Input, Reader, Service, Step};
use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};
use records::Told;
use store::{Backing as _, Changes, MemoryBacking, Overlay, Table};

/// How soon somebody who went is dialled again.
const REDIAL: std::time::Duration = std::time::Duration::from_secs(10);

/// The web.
pub(crate) const WEB: WebId = WebId::new([0x77; 32]);

// Tables of the services whose place this takes, as those lay them out.
const ME: Table<(), Me> = Table::new("people.me");
const WEBS: Table<WebId, Web> = Table::new("people.webs");
const WEB_LABELS: Table<String, WebId> = Table::new("people.web-labels");
const MEMBERS: Table<(WebId, PersonId), Member> = Table::new("people.members");
const DEVICES: Table<(WebId, DeviceId), PersonId> = Table::new("people.devices");
const WEBS_OF: Table<(DeviceId, WebId), bool> = Table::new("people.webs-of");
const RECORDS_OF: Table<WebId, Records> = Table::new("records.webs");
const QUEUE: Table<(WebId, u64), Queued> = Table::new("records.queue");
const CONNECTED: Table<DeviceId, Timestamp> = Table::new("records.connected");
const HELD: Table<(WebId, ContentId), Held> = Table::new("files.held");
// Its own.
const PUBLISHED: Table<u64, ByteVec> = Table::new("ground.published");
const HEARD: Table<DeviceId, u64> = Table::new("ground.heard");

#[derive(Debug, Clone, Encode, Decode)]
struct Me(
    #[n(0)] PersonId,
    #[n(1)] DeviceId,
    #[n(2)] String,
    #[n(3)] Vec<String>,
    #[n(4)] Vec<String>,
    #[n(5)] Timestamp,
);

#[derive(Debug, Clone, Encode, Decode)]
struct Web(
    #[n(0)] String,
    #[n(1)] String,
    #[n(2)] u8,
    #[n(3)] u64,
    #[n(4)] bool,
    #[n(5)] Timestamp,
    #[n(6)] Option<DeviceId>,
);

#[derive(Debug, Clone, Encode, Decode)]
struct Member(
    #[n(0)] Option<wire::governance::Role>,
    #[n(1)] u64,
    #[n(2)] Vec<DeviceId>,
    #[n(3)] Timestamp,
    #[n(4)] String,
);

#[derive(Debug, Clone, Encode, Decode)]
struct Records(#[n(0)] bool, #[n(1)] u64, #[n(2)] u64);

#[derive(Debug, Clone, Encode, Decode)]
struct Queued(#[n(0)] String, #[n(1)] ByteVec);

#[derive(Debug, Clone, Encode, Decode)]
struct Held(#[n(0)] u64, #[n(1)] bool, #[n(2)] Option<bool>);

/// What `compute` says to `files` of contents that it needs.
#[derive(Debug, Clone, Encode, Decode)]
enum Wish {
    #[n(0)]
    Bring(#[n(0)] WebId, #[n(1)] Vec<files::lending::Wanted>),
    #[n(1)]
    LetGo(#[n(0)] WebId, #[n(1)] Vec<ContentId>),
    #[n(2)]
    Offer(#[n(0)] WebId, #[n(1)] Vec<files::lending::Wanted>),
}

/// Returns who a device's person is.
pub(crate) fn person(device: DeviceId) -> PersonId {
    PersonId::new(*blake3::hash(device.as_bytes()).as_bytes())
}

/// Returns a home whose device is a member of the web and knows these members, itself among them.
pub(crate) fn home(me: DeviceId, members: &[DeviceId]) -> MemoryBacking {
    of(me, home_of(members))
}

/// Makes a home that of a device.
pub(crate) fn of(me: DeviceId, home: MemoryBacking) -> MemoryBacking {
    let at = Timestamp::from_millis(0);
    write(&home, |rows| {
        ME.put(rows, &(), &Me(person(me), me, "Somebody".to_owned(), Vec::new(), Vec::new(), at));
    });
    home
}

/// Returns a home that knows these members, and is nobody's yet.
pub(crate) fn home_of(members: &[DeviceId]) -> MemoryBacking {
    let backing = MemoryBacking::default();
    let at = Timestamp::from_millis(0);
    write(&backing, |rows| {
        let count = members.len() as u64;
        let web = Web("hall".to_owned(), "hall".to_owned(), 1, count, true, at, members.first().copied());
        WEBS.put(rows, &WEB, &web);
        WEB_LABELS.put(rows, &"hall".to_owned(), &WEB);
        RECORDS_OF.put(rows, &WEB, &Records(false, 0, 0));
        for (rank, device) in (0..).zip(members) {
            let role = Some(wire::governance::Role::Member);
            let member = Member(role, rank, vec![*device], at, format!("person-{}", device.short()));
            MEMBERS.put(rows, &(WEB, person(*device)), &member);
            DEVICES.put(rows, &(WEB, *device), &person(*device));
            WEBS_OF.put(rows, &(*device, WEB), &true);
        }
    });
    backing
}

/// Writes rows into a home that is not started yet.
pub(crate) fn write(home: &MemoryBacking, writing: impl FnOnce(&mut Overlay<'_>)) {
    let before = home.snapshot().expect("memory can always be read");
    let mut rows = Overlay::new(&*before);
    writing(&mut rows);
    let changes: Changes = rows.into_changes();
    drop(before);
    home.commit(changes, store::Durability::Durable).expect("memory takes everything");
}

/// Returns the services of such a home.
pub(crate) fn services(is_dialling: bool) -> Vec<Box<dyn Service>> {
    vec![Box::new(Carrying { is_dialling }), Box::new(Lending), Box::new(compute::service())]
}

/// Takes the place of `records`.
#[derive(Debug)]
struct Carrying {
    is_dialling: bool,
}

impl Carrying {
    fn others(step: &Step<'_>) -> Result<Vec<DeviceId>, Fault> {
        let members = people::read::members(step.view(), WEB)?;
        let me = step.me();
        Ok(members.into_iter().flat_map(|one| one.devices).filter(|device| *device != me).collect())
    }

    fn dial(&self, step: &mut Step<'_>) -> Result<(), Fault> {
        for device in Self::others(step)? {
            if self.is_dialling && !CONNECTED.has(step.view(), &device)? {
                step.connect(device, Channel::Member);
            }
        }
        Ok(())
    }

    fn hear(step: &mut Step<'_>, from: DeviceId, message: &[u8]) -> Result<(), Fault> {
        let Ok((seq, body)) = minicbor::decode::<(u64, ByteVec)>(message) else { return Ok(()) };
        if HEARD.get(step.view(), &from)?.unwrap_or(0) < seq {
            HEARD.put(step.rows(), &from, &seq);
            let told = Told::Record { web: WEB, author: from, seq, index: 0, body: body.into() };
            step.tell("compute", told.to_bytes());
        }
        Ok(())
    }
}

impl Service for Carrying {
    fn name(&self) -> &'static str {
        "records"
    }

    fn step(&mut self, step: &mut Step<'_>, input: Input) -> Result<(), Fault> {
        match input {
            Input::Started => {
                let gone: Vec<DeviceId> = CONNECTED.all(step.view()).map(|row| Ok(row?.0)).collect::<Result<
                    _,
                    store::StoreError,
                >>(
                )?;
                for device in &gone {
                    CONNECTED.delete(step.rows(), device);
                }
                let others = Self::others(step)?;
                for device in &others {
                    step.addresses(*device, Vec::new());
                }
                step.admit(WEB, others);
                self.dial(step)
            }
            Input::Alarm { .. } => self.dial(step),
            Input::Connected { device, channel: Channel::Member } => {
                let now = step.now();
                CONNECTED.put(step.rows(), &device, &now);
                let said: Vec<ByteVec> = PUBLISHED.all(step.view()).map(|row| Ok(row?.1)).collect::<Result<
                    _,
                    store::StoreError,
                >>(
                )?;
                for one in said {
                    step.send(device, Channel::Member, one.into());
                }
                Ok(())
            }
            Input::Disconnected { device, channel: Channel::Member } => {
                CONNECTED.delete(step.rows(), &device);
                if self.is_dialling {
                    step.alarm(REDIAL, "dial");
                }
                Ok(())
            }
            Input::Heard { from, channel: Channel::Member, message, .. } => Self::hear(step, from, &message),
            _ => Ok(()),
        }
    }

    fn close_batch(&mut self, step: &mut Step<'_>) -> Result<(), Fault> {
        let queued: Vec<((WebId, u64), Queued)> = QUEUE.all(step.view()).collect::<Result<_, _>>()?;
        for (at, Queued(_, body)) in queued {
            QUEUE.delete(step.rows(), &at);
            let message = minicbor::to_vec((at.1, body)).unwrap_or_default();
            PUBLISHED.put(step.rows(), &at.1, &message.clone().into());
            let here: Vec<DeviceId> =
                CONNECTED.all(step.view()).map(|row| Ok(row?.0)).collect::<Result<_, store::StoreError>>()?;
            for device in here {
                step.send(device, Channel::Member, message.clone());
            }
        }
        Ok(())
    }

    fn forget(&mut self) {}

    fn reader(&self) -> Box<dyn Reader> {
        Box::new(Nothing)
    }
}

/// Takes the place of `files`.
#[derive(Debug)]
struct Lending;

impl Service for Lending {
    fn name(&self) -> &'static str {
        "files"
    }

    fn step(&mut self, step: &mut Step<'_>, input: Input) -> Result<(), Fault> {
        let Input::Told { by: "compute", message } = input else { return Ok(()) };
        match minicbor::decode(&message) {
            Ok(Wish::Bring(web, contents)) => {
                for one in contents {
                    HELD.put(step.rows(), &(web, one.content), &Held(one.size, false, Some(true)));
                    step.announce(wire::to_bytes(&files::lending::Arrived { web, content: one.content }));
                }
            }
            Ok(Wish::Offer(web, contents)) => {
                for one in contents {
                    HELD.put(step.rows(), &(web, one.content), &Held(one.size, true, Some(true)));
                }
            }
            Ok(Wish::LetGo(web, contents)) => {
                for one in &contents {
                    HELD.delete(step.rows(), &(web, *one));
                }
            }
            Err(_) => {}
        }
        Ok(())
    }

    fn forget(&mut self) {}

    fn reader(&self) -> Box<dyn Reader> {
        Box::new(Nothing)
    }
}

/// Answers nothing.
#[derive(Debug)]
pub(crate) struct Nothing;

impl Reader for Nothing {
    fn read(
        &self,
        _: &kernel::ReadContext<'_>,
        operation: &str,
        _: serde_json::Value,
    ) -> Result<serde_json::Value, Fault> {
        Err(Fault::new("sim.nobody", base::FaultKind::Refused, format!("nobody answers {operation} here")))
    }
}
