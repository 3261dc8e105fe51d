//! Who misbehaves: what each computer notices is told to the others as a signed report, so that what is little to each is
//! seen together, slow scans over days included (spec guard, rules 26 to 30).
//!
//! Each cuts off for itself, at once and for a while; for the web only an admin does, by removing.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use api::guard::{DeedView, OddView, Odds};
use base::{DeviceId, Fault, Timestamp, WebId};
use kernel::Step;
use store::{Rows, StoreError};

use crate::jobs::{Deed, Oddity};
use crate::log;
use crate::reading;
use crate::statement::{Body, Report};
use crate::tables::{LogRow, REPORTS, ReportRow, What};

/// How long the network does not talk to a device that gave wrong bytes or has broken the protocol again and again.
const CUT_OFF_FOR: Duration = Duration::from_mins(10);

/// Days for which reports are kept and seen together.
const DAYS: u64 = 30;
const DAY_MILLIS: u64 = 24 * 60 * 60 * 1_000;

/// Reports that one computer tells a web in a day at most; strangers make themselves any number of keys.
const TOLD_A_DAY: usize = 50;

/// Reports of one device that are kept in a web for a day at most.
const KEPT_A_DAY: usize = 100;

/// Computers that a stranger has to knock at, or days on which it knocks at one, to be called a scan.
const SCAN_MIN: usize = 3;

/// Alarm: tell what was noticed since.
pub(crate) const TELL_ALARM: &str = "odd";

/// What more of the same is gathered before it is told again.
const TELL_EVERY: Duration = Duration::from_mins(10);

fn day_of(at: Timestamp) -> u64 {
    at.millis() / DAY_MILLIS
}

fn byte(deed: Deed) -> u8 {
    match deed {
        Deed::Knocked => 0,
        Deed::BrokeProtocol => 1,
        Deed::GaveWrongBytes => 2,
        Deed::Flooded => 3,
    }
}

/// Takes what drivers noticed.
pub(crate) fn notice(step: &mut Step<'_>, oddities: Vec<Oddity>) -> Result<(), Fault> {
    let (me, day) = (step.me(), day_of(step.now()));
    for oddity in oddities {
        let Oddity { device, address, deed, times } = oddity;
        let webs = people::read::webs(step.view())?;
        // A member who asks before this computer has opened its doors to anybody, as at its start, is no stranger.
        let mut is_known = false;
        for web in &webs {
            is_known |= people::read::is_member(step.view(), web.id, device)?;
        }
        if deed == Deed::Knocked && is_known {
            continue;
        }
        for web in webs {
            // A member's misdeeds are told to the webs it is in, a stranger's to all.
            let concerns = deed == Deed::Knocked || people::read::is_member(step.view(), web.id, device)?;
            if !concerns {
                continue;
            }
            let key = (web.id, device, (day, me, byte(deed)));
            let known = REPORTS.get(step.view(), &key)?;
            if known.is_none() && reports_of(step.view(), web.id, me, day)? >= KEPT_A_DAY {
                continue;
            }
            let sum = known.as_ref().map_or(0, |known| known.times);
            let row = ReportRow {
                address: address.clone(),
                deed,
                times: sum.saturating_add(times),
                heard: step.now(),
                told: known.as_ref().and_then(|known| known.told),
            };
            REPORTS.put(step.rows(), &key, &row);
            if known.is_none() {
                forget_old(step, web.id);
                note(step, web.id, device, &row)?;
            }
        }
    }
    tell(step)
}

/// Tells webs what was noticed here and not told yet.
pub(crate) fn tell(step: &mut Step<'_>) -> Result<(), Fault> {
    let (me, day) = (step.me(), day_of(step.now()));
    let Some(person) = people::read::my_person(step.view())? else { return Ok(()) };
    for web in people::read::webs(step.view())? {
        if !people::read::writes(step.view(), web.id, person)? {
            continue;
        }
        let mine: Vec<_> = REPORTS.within(step.view(), &web.id).collect::<Result<_, _>>()?;
        let of_today = mine.into_iter().filter(|((.., (on, by, _)), _)| *on == day && *by == me);
        let (old, new): (Vec<_>, Vec<_>) = of_today.partition(|(_, row)| row.told.is_some());
        let room = TOLD_A_DAY.saturating_sub(old.len());
        for (key, row) in old.into_iter().chain(new.into_iter().take(room)) {
            match row.told {
                Some((times, _)) if times >= row.times => continue,
                // More of the same waits its time.
                Some((_, at)) if step.now() < at.after(TELL_EVERY) => {
                    step.alarm(TELL_EVERY, TELL_ALARM);
                    continue;
                }
                _ => {}
            }
            let (device, address) = (key.1, row.address.clone());
            let report = Report { device, address, deed: row.deed, times: row.times, day };
            records::publish(step, web.id, "guard", Body::Report(report).to_bytes())?;
            let told = Some((row.times, step.now()));
            REPORTS.put(step.rows(), &key, &ReportRow { told, ..row });
        }
    }
    Ok(())
}

/// Takes what another says that was done to it: seen together with what was noticed here.
pub(crate) fn hear(
    step: &mut Step<'_>,
    (web, author): (WebId, DeviceId),
    report: Report,
) -> Result<(), Fault> {
    let today = day_of(step.now());
    if report.day > today.saturating_add(1) || report.day.saturating_add(DAYS) < today {
        return Ok(());
    }
    let key = (web, report.device, (report.day, author, byte(report.deed)));
    let known = REPORTS.get(step.view(), &key)?;
    if (known.is_none() && reports_of(step.view(), web, author, report.day)? >= KEPT_A_DAY)
        || known.as_ref().is_some_and(|row| row.times >= report.times)
    {
        return Ok(());
    }
    let row = ReportRow {
        address: report.address,
        deed: report.deed,
        times: report.times,
        heard: step.now(),
        told: None,
    };
    REPORTS.put(step.rows(), &key, &row);
    if known.is_none() {
        note(step, web, report.device, &row)?;
    }
    forget_old(step, web);
    Ok(())
}

/// Counts what is kept of one computer's reports of one day.
fn reports_of(rows: &dyn Rows, web: WebId, author: DeviceId, day: u64) -> Result<usize, StoreError> {
    let mut count = 0;
    for row in REPORTS.within(rows, &web) {
        let ((.., (on, by, _)), _) = row?;
        count += usize::from(on == day && by == author);
    }
    Ok(count)
}

fn note(step: &mut Step<'_>, web: WebId, device: DeviceId, row: &ReportRow) -> Result<(), Fault> {
    let is_scan = row.deed == Deed::Knocked && is_scan(step.view(), web, device, row.address.as_deref())?;
    if row.deed != Deed::Knocked || is_scan {
        let entry = LogRow {
            at: step.now(),
            web: Some(web),
            content: None,
            name: row.address.clone().unwrap_or_else(|| device.short()),
            person: people::read::person_of(step.view(), web, device)?,
            what: if is_scan { What::Scanned } else { What::Misbehaved },
            why: said(row.deed).to_owned(),
        };
        log::note(step, &entry)?;
    }
    reading::tell_changed(step, Some(web), None)
}

fn forget_old(step: &mut Step<'_>, web: WebId) {
    let today = day_of(step.now());
    let old: Vec<_> = REPORTS
        .within(step.view(), &web)
        .filter_map(Result::ok)
        .map(|(key, _)| key)
        .filter(|(.., (day, ..))| day.saturating_add(DAYS) < today)
        .collect();
    for key in old {
        REPORTS.delete(step.rows(), &key);
    }
}

/// Says whether a stranger, by its key or its address, has knocked at several computers or on several days.
fn is_scan(rows: &dyn Rows, web: WebId, device: DeviceId, address: Option<&str>) -> Result<bool, StoreError> {
    let mut places = BTreeSet::new();
    for row in REPORTS.within(rows, &web) {
        let ((_, by_device, (day, at, _)), row) = row?;
        let is_same = by_device == device || (address.is_some() && row.address.as_deref() == address);
        if row.deed == Deed::Knocked && is_same {
            places.insert((day, at));
        }
    }
    Ok(places.len() >= SCAN_MIN)
}

fn said(deed: Deed) -> &'static str {
    match deed {
        Deed::Knocked => "asked for what only members may",
        Deed::BrokeProtocol => "broke the protocol",
        Deed::GaveWrongBytes => "gave wrong bytes",
        Deed::Flooded => "wrote more than is taken",
    }
}

/// Lists who did what, seen by all computers of a web together; proofs of two histories among it.
pub(crate) fn list(rows: &dyn Rows, me: DeviceId, web: Option<WebId>, now: Timestamp) -> Result<Odds, Fault> {
    let mut odds = Vec::new();
    for row in people::read::webs(rows)? {
        if web.is_none_or(|web| web == row.id) {
            odds.extend(in_web(rows, me, row.id, now)?);
        }
    }
    odds.sort_by_key(|odd| std::cmp::Reverse(odd.last));
    Ok(Odds { odds })
}

fn in_web(rows: &dyn Rows, me: DeviceId, web: WebId, now: Timestamp) -> Result<Vec<OddView>, Fault> {
    let mut by_device: BTreeMap<DeviceId, Vec<(DeviceId, u64, ReportRow)>> = BTreeMap::new();
    for row in REPORTS.within(rows, &web) {
        let ((_, device, (day, by, _)), row) = row?;
        by_device.entry(device).or_default().push((by, day, row));
    }
    let forked: BTreeSet<DeviceId> = records::forks(rows, web)?.into_iter().map(|fork| fork.device).collect();
    for device in &forked {
        by_device.entry(*device).or_default();
    }
    let mut odds = Vec::new();
    for (device, reports) in by_device {
        odds.push(odd(rows, (web, device, forked.contains(&device)), &reports, (me, now))?);
    }
    Ok(odds)
}

fn odd(
    rows: &dyn Rows,
    (web, device, has_forked): (WebId, DeviceId, bool),
    reports: &[(DeviceId, u64, ReportRow)],
    (me, now): (DeviceId, Timestamp),
) -> Result<OddView, Fault> {
    let person = people::read::person_of(rows, web, device)?;
    let mut deeds: Vec<DeedView> = Vec::new();
    let (mut reporters, mut days, mut addresses) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    let (mut last, mut is_cut_off) = (None, false);
    for (by, day, row) in reports {
        let is_cut = matches!(row.deed, Deed::BrokeProtocol | Deed::GaveWrongBytes);
        is_cut_off |= is_cut && *by == me && now < row.heard.after(CUT_OFF_FOR);
        if let Some(by) = people::read::person_of(rows, web, *by)? {
            reporters.insert(reading::label(rows, web, by)?);
        }
        days.insert(*day);
        addresses.extend(row.address.clone());
        last = last.max(Some(row.heard));
        let times = u64::from(row.times);
        match deeds.iter_mut().find(|deed| deed.deed == said(row.deed)) {
            Some(deed) => deed.times = deed.times.saturating_add(times),
            None => deeds.push(DeedView { deed: said(row.deed).to_owned(), times }),
        }
    }
    if has_forked {
        let deed = "signed two histories: proven; from there on nothing of it counts".to_owned();
        deeds.push(DeedView { deed, times: 1 });
    }
    let is_member = people::read::is_member(rows, web, device)?;
    let mut is_scan_now = false;
    for address in addresses.iter().map(|address| Some(address.as_str())).chain([None]) {
        is_scan_now |= !is_member && is_scan(rows, web, device, address)?;
    }
    Ok(OddView {
        who: match person {
            Some(person) => reading::label(rows, web, person)?,
            None => format!("a stranger ({})", device.short()),
        },
        is_member,
        is_scan: is_scan_now,
        is_cut_off,
        deeds,
        reporters: reporters.into_iter().collect(),
        days: u64::try_from(days.len()).unwrap_or(u64::MAX),
        addresses: addresses.into_iter().collect(),
        last: last.unwrap_or(now),
        web: people::read::web_label(rows, web)?,
        device,
    })
}
