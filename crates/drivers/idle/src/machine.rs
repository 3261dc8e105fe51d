//! What the system's files say of this computer: battery, load, memory. Odd files say nothing; none makes anything fail.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::Path;

/// Bytes of one file that are read, at most; `/proc/stat` of a large computer is long, what we need stands first.
const FILE_SIZE_MAX: u64 = 256 * 1024;
/// Processes of ours whose time is counted, at most.
const PROCESSES_MAX: usize = 1024;
/// Power supplies and screens that are looked at, at most.
const ENTRIES_MAX: usize = 64;

/// Reads the start of a small text file.
fn text(path: &Path) -> Option<String> {
    let mut bytes = Vec::new();
    std::fs::File::open(path).ok()?.take(FILE_SIZE_MAX).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).trim().to_owned())
}

fn folders(path: &Path) -> Vec<std::path::PathBuf> {
    let Ok(entries) = std::fs::read_dir(path) else { return Vec::new() };
    entries.take(ENTRIES_MAX).filter_map(|entry| Some(entry.ok()?.path())).collect()
}

/// Says whether this computer runs on a battery; none when it has none. Batteries of mice and headsets do not count.
pub(crate) fn on_battery(root: &Path) -> Option<bool> {
    let (mut has_battery, mut is_charging, mut is_discharging) = (false, false, false);
    let (mut has_line, mut is_on_line) = (false, false);
    for supply in folders(&root.join("sys/class/power_supply")) {
        let is = |name: &str, wanted: &str| text(&supply.join(name)).is_some_and(|text| text == wanted);
        if is("scope", "Device") {
            continue;
        }
        match text(&supply.join("type")).as_deref() {
            Some("Battery") if !is("present", "0") => {
                has_battery = true;
                is_charging |= is("status", "Charging");
                is_discharging |= is("status", "Discharging");
            }
            // A power supply that does not say whether it is plugged in says nothing.
            Some("Mains" | "USB" | "Wireless") if supply.join("online").exists() => {
                has_line = true;
                // 2 is "online, with a fixed or programmable current".
                is_on_line |= !is("online", "0");
            }
            _ => {}
        }
    }
    // One of two batteries may rest while the other is used; and not every plug is listed.
    let is_used = is_discharging || (has_line && !is_charging);
    has_battery.then_some(is_used && !is_on_line)
}

/// Says whether a screen is connected.
pub(crate) fn has_screen(root: &Path) -> bool {
    folders(&root.join("sys/class/drm"))
        .iter()
        .any(|output| text(&output.join("status")).is_some_and(|status| status == "connected"))
}

/// Memory of this computer in MiB, all of it and what is free.
pub(crate) fn memory(root: &Path) -> (u64, u64) {
    parse_memory(&text(&root.join("proc/meminfo")).unwrap_or_default())
}

/// Reads `/proc/meminfo`: all memory and what programs could get, in MiB.
pub(crate) fn parse_memory(text: &str) -> (u64, u64) {
    let value = |wanted: &str| {
        text.lines().find_map(|line| {
            let (name, rest) = line.split_once(':')?;
            let kib = rest.split_whitespace().next()?;
            (name.trim() == wanted).then(|| kib.parse::<u64>().ok())?
        })
    };
    let free = value("MemAvailable").or_else(|| value("MemFree")).unwrap_or(0);
    let all = value("MemTotal").unwrap_or(0);
    (all / 1024, free.min(all) / 1024)
}

/// Processor time, in the ticks of the system.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Ticks {
    /// Of all cores, used or not.
    pub(crate) all: u64,
    /// Of all programs.
    pub(crate) busy: u64,
    /// Of this process and what it started.
    pub(crate) own: u64,
}

impl Ticks {
    /// Reads them now.
    pub(crate) fn now(root: &Path) -> Option<Self> {
        let (all, busy) = parse_processors(&text(&root.join("proc/stat"))?)?;
        Some(Self { all, busy, own: own_ticks(root) })
    }

    /// Returns what others took of all cores since `before`, percent; none when no time has passed.
    pub(crate) fn others_since(self, before: Self) -> Option<u32> {
        let all = self.all.checked_sub(before.all).filter(|all| *all > 0)?;
        let own = self.own.saturating_sub(before.own);
        let others = self.busy.saturating_sub(before.busy).saturating_sub(own);
        u32::try_from(others.saturating_mul(100).checked_div(all)?.min(100)).ok()
    }
}

/// Guesses the load before there are two readings: the average of the last minute, ours counted in.
pub(crate) fn first_load(root: &Path, cores: u32) -> u32 {
    let average = text(&root.join("proc/loadavg")).and_then(|text| parse_average(&text)).unwrap_or(0);
    u32::try_from(average / u64::from(cores.max(1))).map_or(100, |percent| percent.min(100))
}

/// Reads the first number of `/proc/loadavg`, in hundredths.
pub(crate) fn parse_average(text: &str) -> Option<u64> {
    let (whole, part) = text.split_whitespace().next()?.split_once('.')?;
    let part: u64 = part.get(..2)?.parse().ok()?;
    whole.parse::<u64>().ok()?.checked_mul(100)?.checked_add(part)
}

/// Reads the first line of `/proc/stat`: time of all cores, and the part in which they ran programs.
pub(crate) fn parse_processors(text: &str) -> Option<(u64, u64)> {
    let mut words = text.lines().next()?.split_whitespace();
    if words.next()? != "cpu" {
        return None;
    }
    let mut numbers = words.map(str::parse::<u64>);
    let mut next = || numbers.next().map_or(Some(0), Result::ok);
    let (user, nice, system, idle) = (next()?, next()?, next()?, next()?);
    // What follows stolen time is counted in `user` already. Stolen time is nobody's on this computer.
    let (waiting, interrupts, soft, stolen) = (next()?, next()?, next()?, next()?);
    let busy = [user, nice, system, interrupts, soft].into_iter().try_fold(0, u64::checked_add)?;
    Some(([busy, idle, waiting, stolen].into_iter().try_fold(0, u64::checked_add)?, busy))
}

/// Adds up what this process and its living and dead children took. A child's time moves to its parent when it ends, so
/// the sum never falls.
fn own_ticks(root: &Path) -> u64 {
    let proc = root.join("proc");
    let mut seen = BTreeSet::new();
    let mut open = vec!["self".to_owned()];
    let mut sum = 0_u64;
    while let Some(process) = open.pop() {
        if seen.len() >= PROCESSES_MAX || !seen.insert(process.clone()) {
            continue;
        }
        let place = proc.join(&process);
        sum =
            sum.saturating_add(text(&place.join("stat")).and_then(|stat| parse_process(&stat)).unwrap_or(0));
        let Ok(threads) = std::fs::read_dir(place.join("task")) else { continue };
        for thread in threads.take(PROCESSES_MAX).filter_map(Result::ok) {
            let children = text(&thread.path().join("children")).unwrap_or_default();
            let is_number = |word: &&str| word.parse::<u32>().is_ok();
            open.extend(children.split_whitespace().filter(is_number).take(PROCESSES_MAX).map(str::to_owned));
        }
    }
    sum
}

/// Reads `/proc/PID/stat`: what the process and its dead children took.
pub(crate) fn parse_process(text: &str) -> Option<u64> {
    // The name may hold anything, also `)` and spaces; nothing behind it does.
    let (_, rest) = text.rsplit_once(')')?;
    // Fields 14 to 17 of proc(5); the state behind the name is field 3.
    let times: Vec<u64> =
        rest.split_whitespace().skip(11).take(4).filter_map(|word| word.parse().ok()).collect();
    (times.len() == 4).then(|| times.into_iter().fold(0, u64::saturating_add))
}

/// Minutes since midnight, local time.
pub(crate) fn minute_of_day() -> u32 {
    use chrono::Timelike as _;
    let now = chrono::Local::now();
    now.hour().saturating_mul(60).saturating_add(now.minute())
}
