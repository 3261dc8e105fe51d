//! Opening tunnels of others on this computer, and keeping them open.

use std::collections::BTreeMap;

use api::tunnels::{CloseTunnel, OpenTunnel};
use base::{DeviceId, Fault, WebId};
use kernel::{AskId, JobFailure, JobId, Step};
use store::{Rows, StoreError};

use crate::faults::TunnelError;
use crate::jobs::{LISTEN, Listen, Listening, from_bytes, to_bytes};
use crate::offering::which_web;
use crate::reading;
use crate::rights::may_use;
use crate::tables::{OFFERS, OPENED, OfferRow, OpenedRow, TunnelKey};

/// Tunnels open on one computer at most; each is a listening socket.
const OPENED_MAX: usize = 64;

/// Tunnels that are open here: the driver's job of each, and how it says it is.
#[derive(Debug, Default)]
pub(crate) struct Open {
    jobs: BTreeMap<JobId, TunnelKey>,
    /// Who waits to hear at which port a tunnel is.
    asking: BTreeMap<TunnelKey, AskId>,
}

impl Open {
    /// Opens again what was open before this computer was started.
    pub(crate) fn start(&mut self, step: &mut Step<'_>) -> Result<(), Fault> {
        *self = Self::default();
        let open: Vec<(TunnelKey, OpenedRow)> = OPENED.all(step.view()).collect::<Result<_, _>>()?;
        for (key, row) in open {
            self.listen(step, key, row.port);
        }
        Ok(())
    }

    /// Forgets who waits. What the driver was given goes on whatever happens to a batch.
    pub(crate) fn forget(&mut self) {
        self.asking.clear();
    }

    fn listen(&mut self, step: &mut Step<'_>, key: TunnelKey, port: u16) {
        let (web, device, name) = key.clone();
        let job = step.work(LISTEN, to_bytes(&Listen { device, web, name, port }));
        self.jobs.insert(job, key);
    }

    /// Opens a tunnel at a port of this computer; answered when the driver listens.
    pub(crate) fn open(&mut self, step: &mut Step<'_>, ask: AskId, asked: &OpenTunnel) -> Result<(), Fault> {
        let (key, offer) = named(step.view(), asked.web.as_deref(), &asked.tunnel)?;
        if key.1 == step.me() {
            return Err(TunnelError::YourOwn { name: key.2 }.into());
        }
        let me = people::read::my_person(step.view())?;
        let is_mine = me.map(|me| may_use(step.view(), key.0, &offer, me)).transpose()?;
        if is_mine != Some(true) {
            let by = people::read::label_of(step.view(), key.0, offer.person)?;
            return Err(TunnelError::NotForYou { name: key.2, by }.into());
        }
        let port = match asked.port {
            None => 0,
            Some(port) => {
                u16::try_from(port).ok().filter(|port| *port > 0).ok_or(TunnelError::BadPort { port })?
            }
        };
        if let Some(row) = OPENED.get(step.view(), &key)? {
            if row.port != 0 && (port == 0 || port == row.port) && !self.asking.contains_key(&key) {
                return answer(step, ask, &key);
            }
        } else if OPENED.all(step.view()).count() >= OPENED_MAX {
            return Err(TunnelError::TooManyOpen { limit: OPENED_MAX }.into());
        } else {
            let since = step.now();
            OPENED.put(step.rows(), &key, &OpenedRow { port, since });
        }
        // At another port: where it was it stays until the new one is there.
        self.listen(step, key.clone(), port);
        if let Some(before) = self.asking.insert(key, ask) {
            step.refuse(before, TunnelError::AskedAgain.into());
        }
        Ok(())
    }

    /// Closes a tunnel here: nothing listens there any more, and connections under way end.
    pub(crate) fn close(
        &mut self,
        step: &mut Step<'_>,
        ask: AskId,
        asked: &CloseTunnel,
    ) -> Result<(), Fault> {
        let (key, _) = named(step.view(), asked.web.as_deref(), &asked.tunnel)?;
        if !OPENED.has(step.view(), &key)? {
            return Err(TunnelError::NotOpen { tunnel: asked.tunnel.clone() }.into());
        }
        OPENED.delete(step.rows(), &key);
        self.end(step, &key, None);
        answer(step, ask, &key)
    }

    /// Ends the driver's work for a tunnel, but for one job of it.
    fn end(&mut self, step: &mut Step<'_>, key: &TunnelKey, but: Option<JobId>) {
        let all = self.jobs.iter().filter(|(job, of)| *of == key && Some(**job) != but);
        let ended: Vec<JobId> = all.map(|(job, _)| *job).collect();
        for job in ended {
            self.jobs.remove(&job);
            step.cancel(job);
        }
    }

    /// The driver says how listening gets on.
    pub(crate) fn hear(&mut self, step: &mut Step<'_>, job: JobId, report: &[u8]) -> Result<(), Fault> {
        let (Some(key), Ok(listening)) = (self.jobs.get(&job).cloned(), from_bytes::<Listening>(report))
        else {
            return Ok(());
        };
        if let Some(mut row) = OPENED.get(step.view(), &key)?
            && row.port != listening.port
        {
            row.port = listening.port;
            OPENED.put(step.rows(), &key, &row);
            self.end(step, &key, Some(job));
        }
        let mut event = reading::named(step.view(), &key)?;
        event.insert("connections".to_owned(), listening.connections.into());
        event.insert("trouble".to_owned(), listening.trouble.into());
        step.emit("tunnels.open", &event);
        match self.asking.remove(&key) {
            Some(ask) => answer(step, ask, &key),
            None => Ok(()),
        }
    }

    /// The driver cannot listen, or no longer.
    pub(crate) fn hear_end(
        &mut self,
        step: &mut Step<'_>,
        job: JobId,
        outcome: &Result<Vec<u8>, JobFailure>,
    ) -> Result<(), Fault> {
        let Some(key) = self.jobs.remove(&job) else { return Ok(()) };
        let why = match outcome {
            Err(JobFailure::Failed(why)) => why.clone(),
            _ => "the network has stopped".to_owned(),
        };
        // It may still be open where it was before.
        if !self.jobs.values().any(|of| *of == key) {
            OPENED.delete(step.rows(), &key);
            let event = reading::named(step.view(), &key)?;
            step.emit("tunnels.changed", &event);
        }
        if let Some(ask) = self.asking.remove(&key) {
            step.refuse(ask, TunnelError::CannotListen { name: key.2, why }.into());
        }
        Ok(())
    }
}

fn answer(step: &mut Step<'_>, ask: AskId, key: &TunnelKey) -> Result<(), Fault> {
    let shown = reading::tunnel(step.view(), step.me(), key)?;
    step.reply(ask, &shown);
    Ok(())
}

/// Finds the tunnel that a person means by `name`, `person/name` or `web/person/name`.
///
/// Offers of several devices of one person under one name: the one that is connected, else the one offered last.
fn named(rows: &dyn Rows, web: Option<&str>, text: &str) -> Result<(TunnelKey, OfferRow), Fault> {
    let parts: Vec<&str> = text.split('/').collect();
    let (web, who, name) = match parts.as_slice() {
        [web, who, name] => (Some(which_web(rows, Some(web))?), Some(*who), *name),
        [who, name] => (web.map(|web| which_web(rows, Some(web))).transpose()?, Some(*who), *name),
        [name] => (web.map(|web| which_web(rows, Some(web))).transpose()?, None, *name),
        _ => return Err(TunnelError::NoSuchTunnel { tunnel: text.to_owned() }.into()),
    };
    let mut found = Vec::new();
    for row in OFFERS.all(rows) {
        let (key, offer) = row?;
        let is_meant = key.2 == name
            && web.is_none_or(|web| web == key.0)
            && who.map_or(Ok(true), |who| is_called(rows, key.0, &offer, who))?;
        // What was taken back can still be closed here.
        if is_meant && (offer.is_open || OPENED.has(rows, &key)?) {
            found.push((key, offer));
        }
    }
    let mut owners: Vec<_> = found.iter().map(|(key, offer)| (key.0, offer.person)).collect();
    owners.sort_unstable();
    owners.dedup();
    if owners.len() > 1 {
        return Err(TunnelError::Ambiguous { tunnel: text.to_owned() }.into());
    }
    let mut ranked = Vec::with_capacity(found.len());
    for (key, offer) in found {
        ranked.push(((OPENED.has(rows, &key)?, is_here(rows, key.1)?, offer.at), (key, offer)));
    }
    let best = ranked.into_iter().max_by_key(|(rank, _)| *rank);
    best.map(|(_, found)| found).ok_or_else(|| TunnelError::NoSuchTunnel { tunnel: text.to_owned() }.into())
}

fn is_called(rows: &dyn Rows, web: WebId, offer: &OfferRow, who: &str) -> Result<bool, StoreError> {
    if who == "you" {
        return Ok(people::read::my_person(rows)? == Some(offer.person));
    }
    Ok(people::read::person_named(rows, web, who)? == Some(offer.person))
}

/// Says whether a device is this one, or connected.
pub(crate) fn is_here(rows: &dyn Rows, device: DeviceId) -> Result<bool, StoreError> {
    records::is_connected(rows, device)
}
