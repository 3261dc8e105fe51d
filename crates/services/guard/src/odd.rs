//! Who misbehaves: what each computer notices is told to the others as a signed report, so that what is little to each is
//! seen together, slow scans over days included (spec guard, rules 26 to 30).
//!
//! Each cuts off for itself, at once and for a while; for the web only an admin does, by removing.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use api::guard::{DeedView, OddView, Odds};
use base::{DeviceId, Fault, Timestamp, WebId};
use kernel::Step;
use records::Misdeed;
use store::{Rows, StoreError};

use crate::jobs::{Deed, NOBODY, Oddity, Trespass, Trespassed};
use crate::log;
use crate::reading;
use crate::statement::{Body, Report};
use crate::tables::{LogRow, REPORTS, ReportRow, What};

/// How long the network does not talk to a device that gave wrong bytes or has broken the protocol again and again.
const CUT_OFF_FOR: Duration = Duration::from_mins(10);

/// Days for which reports are kept and seen together.
const DAYS: u64 = 30;
const DAY_MILLIS: u64 = 24 * 60 * 60 * 1_000;

/// Reports that one computer tells a web in a day at most, and those of one that are kept: of strangers, who make themselves any
/// number of keys, and apart from them of members, who don't. What strangers do leaves no member's deed untold.
const STRANGERS: Room = Room { told: 50, kept: 100, again: Duration::from_mins(10) };
const MEMBERS: Room = Room { told: 200, kept: 400, again: Duration::from_secs(30) };

/// How many reports there is room for in a day.
#[derive(Debug, Clone, Copy)]
struct Room {
    told: usize,
    kept: usize,
    /// What more of the same is gathered before it is told again.
    again: Duration,
}

/// Refused questions at once that are told of: a newcomer of whom this computer has not heard yet asks now and then.
const ASKED_MIN: u32 = 5;

/// Computers that a stranger has to knock at, or days on which it knocks at one, to be called a scan.
const SCAN_MIN: usize = 3;

/// Alarm: tell what was noticed since.
pub(crate) const TELL_ALARM: &str = "odd";

fn day_of(at: Timestamp) -> u64 {
    at.millis() / DAY_MILLIS
}

fn byte(deed: Deed) -> u8 {
    match deed {
        Deed::Knocked => 0,
        Deed::BrokeProtocol => 1,
        Deed::GaveWrongBytes => 2,
        Deed::Flooded => 3,
        Deed::Probed => 4,
        Deed::AskedForOthers => 5,
        Deed::Forged => 6,
        Deed::CameBack => 7,
        Deed::SaidTooMuch => 8,
        Deed::MailedTooMuch => 9,
        Deed::BeganTooMuch => 10,
    }
}

/// Says whether a deed is one of strangers, who are told of to all webs.
fn is_of_strangers(deed: Deed) -> bool {
    matches!(deed, Deed::Knocked | Deed::Probed)
}

/// Takes what another service noticed.
pub(crate) fn take(step: &mut Step<'_>, device: DeviceId, what: Misdeed) -> Result<(), Fault> {
    let deed = match what {
        Misdeed::Forged => Deed::Forged,
        Misdeed::Flooded => Deed::Flooded,
        Misdeed::Said => Deed::SaidTooMuch,
        Misdeed::Mailed => Deed::MailedTooMuch,
        Misdeed::Began => Deed::BeganTooMuch,
        Misdeed::Guessed => Deed::Probed,
    };
    notice(step, vec![Oddity { device, address: None, deed, times: 1 }])
}

/// Takes what was tried at this computer's page: nobody's device, and nobody else's affair.
pub(crate) fn take_trespass(step: &mut Step<'_>, trespassed: Trespassed) -> Result<(), Fault> {
    let who = match trespassed.what {
        Trespass::Program => "a program without a code",
        Trespass::Site => "a page of another site",
        Trespass::Guess => "a program that guesses codes",
    };
    let entry = LogRow {
        at: step.now(),
        web: None,
        content: None,
        name: String::new(),
        person: None,
        what: What::Trespassed,
        why: format!("{who}, {} times", trespassed.times),
    };
    log::note(step, &entry)?;
    reading::tell_changed(step, None, None)
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
        if (is_of_strangers(deed) && is_known) || (deed == Deed::AskedForOthers && times < ASKED_MIN) {
            continue;
        }
        for web in webs {
            let Some(deed) = deed_in(step.view(), web.id, device, deed)? else { continue };
            let key = (web.id, device, (day, me, byte(deed)));
            let known = REPORTS.get(step.view(), &key)?;
            if known.is_none() && is_full(step.view(), web.id, (me, day), device)? {
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

/// Returns what a deed is to a web: a member's is told to the webs it is in, a stranger's to all, and one of a computer that was
/// a member's is a coming back.
fn deed_in(rows: &dyn Rows, web: WebId, device: DeviceId, deed: Deed) -> Result<Option<Deed>, StoreError> {
    let person = people::read::person_of(rows, web, device)?;
    let is_former = person.is_some() && !people::read::is_member(rows, web, device)?;
    Ok(match deed {
        Deed::Knocked | Deed::Probed if is_former => Some(Deed::CameBack),
        Deed::Knocked | Deed::Probed => Some(deed),
        // It was on the line when it lost its place: of weight when its person, who is a member, has revoked it.
        Deed::CameBack => match person {
            Some(person) if is_former && people::read::role_of(rows, web, person)?.is_some() => Some(deed),
            _ => None,
        },
        _ => (person.is_some() && !is_former).then_some(deed),
    })
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
        let mut due = Vec::new();
        let (members, strangers) = split(step.view(), web.id, of_today)?;
        for (reports, room) in [(members, MEMBERS), (strangers, STRANGERS)] {
            let (old, new): (Vec<_>, Vec<_>) = reports.into_iter().partition(|(_, row)| row.told.is_some());
            let left = room.told.saturating_sub(old.len());
            due.extend(old.into_iter().chain(new.into_iter().take(left)).map(|report| (report, room.again)));
        }
        for ((key, row), again) in due {
            match row.told {
                Some((times, _)) if times >= row.times => continue,
                // More of the same waits its time.
                Some((_, at)) if step.now() < at.after(again) => {
                    step.alarm(again, TELL_ALARM);
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
    if (known.is_none() && is_full(step.view(), web, (author, report.day), report.device)?)
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

type Kept = ((WebId, DeviceId, (u64, DeviceId, u8)), ReportRow);

/// Parts reports into those of members and those of strangers.
fn split(
    rows: &dyn Rows,
    web: WebId,
    reports: impl Iterator<Item = Kept>,
) -> Result<(Vec<Kept>, Vec<Kept>), StoreError> {
    let (mut members, mut strangers) = (Vec::new(), Vec::new());
    for report in reports {
        let is_known = people::read::person_of(rows, web, report.0.1)?.is_some();
        if is_known { members.push(report) } else { strangers.push(report) }
    }
    Ok((members, strangers))
}

/// Says whether no other report of one computer of one day about such a device is kept.
fn is_full(
    rows: &dyn Rows,
    web: WebId,
    (author, day): (DeviceId, u64),
    about: DeviceId,
) -> Result<bool, Fault> {
    let kept: Vec<_> = REPORTS.within(rows, &web).collect::<Result<_, _>>()?;
    let of_day = kept.into_iter().filter(|((.., (on, by, _)), _)| *on == day && *by == author);
    let (members, strangers) = split(rows, web, of_day)?;
    let is_known = people::read::person_of(rows, web, about)?.is_some();
    Ok(if is_known { members.len() >= MEMBERS.kept } else { strangers.len() >= STRANGERS.kept })
}

fn note(step: &mut Step<'_>, web: WebId, device: DeviceId, row: &ReportRow) -> Result<(), Fault> {
    let is_knock = is_of_strangers(row.deed);
    let is_scan = is_knock && is_scan(step.view(), web, device, row.address.as_deref())?;
    if !is_knock || is_scan {
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
        let is_same_device = by_device == device && device != NOBODY;
        let is_same = is_same_device || (address.is_some() && row.address.as_deref() == address);
        if is_of_strangers(row.deed) && is_same {
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
        Deed::Probed => "tried protocols, invitations or words that do not exist here",
        Deed::AskedForOthers => "asked for files of webs it is not in",
        Deed::Forged => "passed on entries that their author has not signed",
        Deed::SaidTooMuch => "was to say more in conversations than is taken",
        Deed::MailedTooMuch => "was to send more mail than is taken",
        Deed::BeganTooMuch => "was to begin more rooms than are kept",
        Deed::CameBack => "is not a member's computer any more, and still runs",
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
            None if device == NOBODY => "a stranger who has not said who it is".to_owned(),
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
