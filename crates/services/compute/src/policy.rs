//! What work may take of this computer now, and why (spec compute, rules 50 to 55). Pure; not for: measuring (the idle driver).

use base::Timestamp;

use crate::jobs::{Allowance, Machine};
use crate::tables::{ModeRow, SettingsRow, ShareRow};

/// Nobody has touched it for so long: it is idle.
const IDLE_AFTER_MS: u64 = 60_000;
/// Other programs take more than this: it is in use; less than that: it no longer is.
const LOAD_HIGH: u32 = 60;
const LOAD_LOW: u32 = 35;

/// Remembers what a threshold has to: without it work would begin and stop all the time.
#[derive(Debug, Default)]
pub(crate) struct Policy {
    is_loaded: bool,
}

/// What work may take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Decision {
    pub(crate) allowance: Allowance,
    /// In words, whenever it is paused, and what else should be known.
    pub(crate) why: String,
    /// Whether new work may be fetched.
    pub(crate) is_fetching: bool,
    /// Whether it is switched off: work in hand is given back.
    pub(crate) is_off: bool,
}

/// Returns the mode that holds now.
pub(crate) fn mode(settings: &SettingsRow, now: Timestamp) -> ModeRow {
    match settings.until {
        Some((until, after)) if now >= until => after,
        _ => settings.mode,
    }
}

impl Policy {
    /// Decides by what is set and how the computer is; `None`: not known yet.
    pub(crate) fn decide(
        &mut self,
        settings: &SettingsRow,
        machine: Option<&Machine>,
        now: Timestamp,
    ) -> Decision {
        let mode = mode(settings, now);
        if mode == ModeRow::Never {
            return Decision { is_off: true, ..paused("it is switched off", false) };
        }
        let Some(machine) = machine else { return paused("it is not known yet how it is used", false) };
        self.is_loaded = machine.load_percent > if self.is_loaded { LOAD_LOW } else { LOAD_HIGH };
        let is_metered = machine.is_metered == Some(true) && !settings.on_metered;
        if machine.is_going_to_sleep {
            return paused("it goes to sleep", false);
        }
        if mode != ModeRow::Always
            && let Some((from, to)) = settings.hours
            && !is_within(machine.minute_of_day, from, to)
        {
            let why = format!("it works from {} to {} only", clock(from), clock(to));
            return paused(&why, false);
        }
        if machine.on_battery == Some(true) && !settings.on_battery {
            return paused("it runs on battery", false);
        }
        let in_use = self.in_use(machine);
        let (share, is_idle) = match (&in_use, mode) {
            (None, _) => (settings.idle, true),
            (Some(_), ModeRow::Always) if settings.used.cores == 0 => {
                (ShareRow { cores: 0, ..settings.idle }, true)
            }
            (Some(_), _) => (settings.used, false),
        };
        let cores = match share.cores {
            0 if is_idle => machine.cores,
            some => some.min(machine.cores),
        };
        // Prefetching goes on: what is here when it is idle again needs no line.
        let is_fetching = !is_metered;
        if cores == 0 {
            return paused(&in_use.unwrap_or_default(), is_fetching);
        }
        let memory = machine.memory_mib.saturating_mul(u64::from(share.memory)) / 100;
        let memory_mib = u32::try_from(memory).unwrap_or(u32::MAX);
        let is_for_idle = is_idle && mode == ModeRow::Auto && settings.used != settings.idle;
        let allowance = Allowance { cores, percent: share.percent.clamp(1, 100), memory_mib, is_for_idle };
        let why = match (is_metered, &in_use) {
            (true, _) => "its line is paid by volume, nothing new is fetched".to_owned(),
            (false, Some(why)) if !is_idle => format!("{why}: it works within the limits for that"),
            _ => String::new(),
        };
        Decision { allowance, why, is_fetching, is_off: false }
    }

    /// Says in words why it counts as in use; `None` when it is idle.
    fn in_use(&self, machine: &Machine) -> Option<String> {
        match machine.idle_ms {
            Some(idle) if idle < IDLE_AFTER_MS => {
                let seconds = idle / 1_000;
                Some(format!(
                    "somebody touched it {seconds} s ago; it counts as idle after {} s",
                    IDLE_AFTER_MS / 1_000
                ))
            }
            None if !machine.is_headless => {
                Some("nothing tells whether somebody uses it, so it counts as in use".to_owned())
            }
            _ if self.is_loaded => {
                Some(format!("other programs take {} % of its processors", machine.load_percent))
            }
            _ => None,
        }
    }
}

fn paused(why: &str, is_fetching: bool) -> Decision {
    let allowance = Allowance { cores: 0, percent: 100, memory_mib: 0, is_for_idle: false };
    Decision { allowance, why: why.to_owned(), is_fetching, is_off: false }
}

/// Says whether a minute of the day is in a span that may go over midnight.
fn is_within(minute: u32, from: u32, to: u32) -> bool {
    if from <= to { (from..to).contains(&minute) } else { minute >= from || minute < to }
}

pub(crate) fn clock(minute: u32) -> String {
    format!("{}:{:02}", minute / 60, minute % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine() -> Machine {
        Machine {
            idle_ms: Some(600_000),
            source: "X11".to_owned(),
            is_headless: false,
            on_battery: None,
            is_metered: None,
            load_percent: 3,
            cores: 8,
            memory_mib: 16_000,
            free_mib: 8_000,
            minute_of_day: 12 * 60,
            is_going_to_sleep: false,
            speed: 1,
            disk_mib: 1,
            architecture: "x86_64".to_owned(),
        }
    }

    fn auto() -> SettingsRow {
        SettingsRow { mode: ModeRow::Auto, ..SettingsRow::default() }
    }

    fn check(settings: &SettingsRow, machine: &Machine, cores: u32, why: &str) {
        let decision = Policy::default().decide(settings, Some(machine), Timestamp::from_millis(1_000));
        assert_eq!(decision.allowance.cores, cores, "{decision:?}");
        assert!(decision.why.contains(why), "{decision:?}");
    }

    #[test]
    fn every_pause_has_its_reason() {
        check(&auto(), &machine(), 8, "");
        check(&auto(), &Machine { idle_ms: Some(34_000), ..machine() }, 0, "34 s ago");
        check(&auto(), &Machine { idle_ms: None, ..machine() }, 0, "counts as in use");
        check(&auto(), &Machine { idle_ms: None, is_headless: true, ..machine() }, 8, "");
        check(&auto(), &Machine { load_percent: 80, ..machine() }, 0, "80 %");
        check(&auto(), &Machine { on_battery: Some(true), ..machine() }, 0, "battery");
        // A computer without a battery is not on battery.
        check(&auto(), &Machine { on_battery: None, ..machine() }, 8, "");
        check(&auto(), &Machine { is_going_to_sleep: true, ..machine() }, 0, "sleep");
        check(&SettingsRow { hours: Some((22 * 60, 7 * 60)), ..auto() }, &machine(), 0, "22:00 to 7:00");
        check(&SettingsRow::default(), &machine(), 0, "switched off");
        let used = ShareRow { cores: 2, percent: 50, memory: 10 };
        check(
            &SettingsRow { used, ..auto() },
            &Machine { idle_ms: Some(5), ..machine() },
            2,
            "within the limits",
        );
        let always = SettingsRow { mode: ModeRow::Always, ..SettingsRow::default() };
        check(&always, &Machine { idle_ms: Some(5), load_percent: 99, ..machine() }, 8, "");
    }

    #[test]
    fn a_load_around_the_limit_does_not_make_it_flap() {
        let mut policy = Policy::default();
        let at = |policy: &mut Policy, load_percent| {
            let machine = Machine { load_percent, ..machine() };
            policy.decide(&auto(), Some(&machine), Timestamp::from_millis(0)).allowance.cores
        };
        assert_eq!([55, 65, 55, 40, 30, 40, 55].map(|load| at(&mut policy, load)), [8, 0, 0, 0, 8, 8, 8]);
    }

    #[test]
    fn a_mode_for_some_time_ends() {
        let until = Some((Timestamp::from_millis(5_000), ModeRow::Auto));
        let settings = SettingsRow { mode: ModeRow::Never, until, ..SettingsRow::default() };
        assert_eq!(mode(&settings, Timestamp::from_millis(4_999)), ModeRow::Never);
        assert_eq!(mode(&settings, Timestamp::from_millis(5_000)), ModeRow::Auto);
    }
}
