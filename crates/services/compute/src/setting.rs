//! What a person sets about this computer's work: when, how much, for whom.

use std::time::Duration;

use api::compute::{Mode, SetLimits, SetMode, TrustAgain};
use base::{Fault, PersonId};
use kernel::{AskId, Step};
use store::{Rows, StoreError};

use crate::faults::ComputeError;
use crate::reading;
use crate::service::Compute;
use crate::tables::{HISTORY, ModeRow, PeopleRow, SETTINGS, SHUT_OUT, SettingsRow, ShareRow};

/// The longest time for which a mode can be set.
const MODE_TIME_MAX: Duration = Duration::from_secs(30 * 86_400);

impl Compute {
    pub(crate) fn ask_mode(&mut self, step: &mut Step<'_>, ask: AskId, set: &SetMode) -> Result<(), Fault> {
        let mut settings = SETTINGS.get(step.view(), &0)?.unwrap_or_default();
        let before = crate::policy::mode(&settings, step.now());
        settings.mode = set.mode.into();
        settings.until = match &set.time {
            None => None,
            Some(time) => Some((step.now().after(read_time(time)?), before)),
        };
        self.set(step, ask, &settings)
    }

    pub(crate) fn ask_on(&mut self, step: &mut Step<'_>, ask: AskId, mode: Mode) -> Result<(), Fault> {
        self.ask_mode(step, ask, &SetMode { mode, time: None })
    }

    pub(crate) fn ask_limits(
        &mut self,
        step: &mut Step<'_>,
        ask: AskId,
        set: &SetLimits,
    ) -> Result<(), Fault> {
        let mut settings = SETTINGS.get(step.view(), &0)?.unwrap_or_default();
        share(&mut settings.idle, "idle", (set.idle_cores, set.idle_percent, set.idle_memory))?;
        share(&mut settings.used, "used", (set.used_cores, set.used_percent, set.used_memory))?;
        if let Some(hours) = &set.hours {
            settings.hours = read_hours(hours)?;
        }
        if let Some(battery) = &set.battery {
            settings.on_battery = read_yes("battery", battery)?;
        }
        if let Some(metered) = &set.metered {
            settings.on_metered = read_yes("metered", metered)?;
        }
        if let Some(watts) = set.watts {
            settings.watts = within("watts", watts, 1, 500)?;
        }
        if !set.people.is_empty() {
            settings.people = read_people(step.view(), &set.people)?;
        }
        self.set(step, ask, &settings)
    }

    fn set(&mut self, step: &mut Step<'_>, ask: AskId, settings: &SettingsRow) -> Result<(), Fault> {
        SETTINGS.put(step.rows(), &0, settings);
        self.watch(step);
        self.decide(step)?;
        self.tell_offer(step)?;
        let view = reading::here(step.view(), step.now())?;
        step.reply(ask, &view);
        step.emit("compute.here", &serde_json::json!({}));
        Ok(())
    }

    pub(crate) fn ask_trust_again(
        &mut self,
        step: &mut Step<'_>,
        ask: AskId,
        asked: &TrustAgain,
    ) -> Result<(), Fault> {
        let (web, name) = asked.person.split_once('/').unwrap_or(("", &asked.person));
        let mut found = None;
        for one in people::read::webs(step.view())? {
            if !web.is_empty() && one.label != web {
                continue;
            }
            let person = people::read::person_named(step.view(), one.id, name)?;
            found = found.or(person);
        }
        let person = found.ok_or_else(|| ComputeError::NoSuchPerson {
            web: if web.is_empty() { "your webs".to_owned() } else { web.to_owned() },
            who: name.to_owned(),
        })?;
        SHUT_OUT.delete(step.rows(), &person);
        HISTORY.delete(step.rows(), &person);
        let view = reading::evidence(step.view(), step.me(), None)?;
        step.reply(ask, &view);
        Ok(())
    }
}

fn share(
    row: &mut ShareRow,
    which: &str,
    (cores, percent, memory): (Option<u32>, Option<u32>, Option<u32>),
) -> Result<(), Fault> {
    if let Some(cores) = cores {
        row.cores = within(&format!("{which}-cores"), cores, 0, 4_096)?;
    }
    if let Some(percent) = percent {
        row.percent = within(&format!("{which}-percent"), percent, 1, 100)?;
    }
    if let Some(memory) = memory {
        row.memory = within(&format!("{which}-memory"), memory, 1, 90)?;
    }
    Ok(())
}

fn within(field: &str, value: u32, least: u32, most: u32) -> Result<u32, Fault> {
    if (least..=most).contains(&value) {
        return Ok(value);
    }
    Err(bad(field, &value.to_string(), &format!("{least} to {most}")).into())
}

fn bad(field: &str, value: &str, allowed: &str) -> ComputeError {
    ComputeError::BadLimit { field: field.to_owned(), value: value.to_owned(), allowed: allowed.to_owned() }
}

fn read_yes(field: &str, word: &str) -> Result<bool, Fault> {
    match word {
        "yes" => Ok(true),
        "no" => Ok(false),
        _ => Err(bad(field, word, "yes or no").into()),
    }
}

/// Reads `22-7` or `22:30-7:15`.
fn read_hours(text: &str) -> Result<Option<(u32, u32)>, Fault> {
    if text == "any" {
        return Ok(None);
    }
    let minute = |text: &str| {
        let (hour, minute) = text.trim().split_once(':').unwrap_or((text.trim(), "0"));
        let (hour, minute) = (hour.parse::<u32>().ok()?, minute.parse::<u32>().ok()?);
        (hour <= 24 && minute < 60).then_some((hour * 60 + minute) % (24 * 60))
    };
    let read = text.split_once('-').and_then(|(from, to)| Some((minute(from)?, minute(to)?)));
    read.map(Some).ok_or_else(|| bad("hours", text, "22-7, 22:30-7:15 or any").into())
}

fn read_time(text: &str) -> Result<Duration, Fault> {
    let wrong = || bad("for", text, "a time as 30m, 2h or 3d, 30 days at most");
    let unit = |letter| text.strip_suffix(letter);
    let (number, seconds) = match (unit('m'), unit('h'), unit('d')) {
        (Some(number), ..) => (number, 60),
        (_, Some(number), _) => (number, 3_600),
        (.., Some(number)) => (number, 86_400),
        _ => return Err(wrong().into()),
    };
    let number: u64 = number.parse().map_err(|_no_number| wrong())?;
    let time = Duration::from_secs(number.saturating_mul(seconds));
    if time.is_zero() || time > MODE_TIME_MAX { Err(wrong().into()) } else { Ok(time) }
}

fn read_people<R: Rows>(rows: &R, people: &[String]) -> Result<PeopleRow, Fault> {
    match people {
        [one] if one == "everybody" => return Ok(PeopleRow::Everybody),
        [one] if one == "me" => return Ok(PeopleRow::Me),
        _ => {}
    }
    let mut persons: Vec<PersonId> = Vec::new();
    for name in people {
        let (web, who) =
            name.split_once('/').ok_or_else(|| bad("people", name, "everybody, me, or WEB/PERSON"))?;
        let id = people::read::web_named(rows, web)?
            .ok_or_else(|| ComputeError::NoSuchWeb { web: web.to_owned() })?;
        let gone = || ComputeError::NoSuchPerson { web: web.to_owned(), who: who.to_owned() };
        persons.push(people::read::person_named(rows, id, who)?.ok_or_else(gone)?);
    }
    Ok(PeopleRow::These { persons })
}

/// Returns whose programs may run here, in words.
pub(crate) fn people_words<R: Rows + ?Sized>(
    rows: &R,
    people: &PeopleRow,
) -> Result<Vec<String>, StoreError> {
    let PeopleRow::These { persons } = people else {
        return Ok(vec![if *people == PeopleRow::Me { "me" } else { "everybody" }.to_owned()]);
    };
    let webs = people::read::webs(rows)?;
    let mut words = Vec::new();
    for person in persons {
        let mut word = person.short();
        for web in &webs {
            if people::read::member(rows, web.id, *person)?.is_some() {
                word = format!("{}/{}", web.label, people::read::label_of(rows, web.id, *person)?);
                break;
            }
        }
        words.push(word);
    }
    Ok(words)
}

pub(crate) fn mode_words(mode: ModeRow) -> &'static str {
    match mode {
        ModeRow::Never => "it works for nobody",
        ModeRow::Auto => "it works when nobody uses it",
        ModeRow::Always => "it works also while it is used",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_and_times_are_read() {
        let check = |text: &str, expected: Option<Option<(u32, u32)>>| {
            assert_eq!(read_hours(text).ok(), expected, "{text}");
        };
        check("22-7", Some(Some((1_320, 420))));
        check("22:30-7:15", Some(Some((1_350, 435))));
        check("any", Some(None));
        for wrong in ["", "7", "25-3", "7-x", "7:60-8"] {
            check(wrong, None);
        }
        assert_eq!(read_time("2h").ok(), Some(Duration::from_secs(7_200)));
        for wrong in ["", "h", "0h", "31d", "2", "2ö"] {
            assert!(read_time(wrong).is_err(), "{wrong}");
        }
    }
}
