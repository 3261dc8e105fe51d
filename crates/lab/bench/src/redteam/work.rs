//! What honest people do meanwhile, and whether all of it is there at the end.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use serde_json::json;

use crate::redteam::cast::{COUNCIL, Dice, SECRET, Seat, TOWN};
use crate::redteam::report::Town;

/// The share of each person in each web.
pub(crate) const PAPERS: &str = "papers";
pub(crate) const MINUTES: &str = "minutes";

/// Files of all at most: each is compared at everybody in the end.
const FILES_MAX: usize = 40;

/// Between two acts of all together.
const PAUSE: Duration = Duration::from_millis(250);

/// How long what somebody has written may take to be at the others.
const ARRIVES_WITHIN: Duration = Duration::from_secs(45);

/// A file: whose, in which share, called what.
type File = (usize, &'static str, String);

/// Everything that was done.
#[derive(Debug, Default)]
pub(crate) struct Work {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// All versions of each file, the newest last.
    files: BTreeMap<File, Vec<String>>,
    acts: BTreeMap<&'static str, u64>,
    failures: Vec<String>,
}

fn web_of(share: &str) -> &'static str {
    if share == MINUTES { COUNCIL } else { TOWN }
}

impl Work {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Everybody shares two folders with a few files; the persons are the first four of `seats`.
    pub(crate) fn begin(&self, seats: &[Seat], dice: &mut Dice) -> Result<()> {
        for (number, seat) in seats.iter().enumerate() {
            for share in [PAPERS, MINUTES] {
                std::fs::create_dir_all(seat.folder.join(share))?;
                for _ in 0..2 {
                    self.write(seats, (number, share), dice)?;
                }
                seat.share(web_of(share), share)?;
            }
        }
        let room = json!({ "web": TOWN, "name": "square" });
        let first = seats.first().map(|seat| seat.ask("talk.start", &room));
        first.transpose()?;
        Ok(())
    }

    /// Works until it is told to stop.
    pub(crate) fn run(&self, seats: &[Seat], stop: &AtomicBool, mut dice: Dice) {
        while !stop.load(Ordering::Relaxed) {
            if let Err(error) = self.act(seats, &mut dice) {
                self.state().failures.push(format!("{error:#}"));
            }
            std::thread::sleep(PAUSE);
        }
    }

    fn act(&self, seats: &[Seat], dice: &mut Dice) -> Result<()> {
        let who = dice.below(seats.len());
        let (seat, other) = (&seats[who], &seats[dice.below(seats.len())]);
        let what = match dice.below(6) {
            0 | 1 => {
                let share = if dice.below(2) == 0 { PAPERS } else { MINUTES };
                self.write(seats, (who, share), dice)?;
                "files written"
            }
            2 => {
                seat.ask("search.find", &json!({ "query": "harvest", "web": TOWN }))?;
                "searches"
            }
            3 => {
                let said = json!({ "room": "town/square", "text": format!("{} says hello", seat.name) });
                seat.ask("talk.say", &said)?;
                "messages said"
            }
            4 => {
                let to = format!("{}@{TOWN}", other.person.to_lowercase());
                let mail = json!({ "to": to, "subject": "harvest", "text": "When do we meet?" });
                seat.ask("mail.send", &mail)?;
                "mails sent"
            }
            _ => {
                self.read(seats, who, dice)?;
                "files read at others"
            }
        };
        *self.state().acts.entry(what).or_default() += 1;
        Ok(())
    }

    fn write(&self, seats: &[Seat], (who, share): (usize, &'static str), dice: &mut Dice) -> Result<()> {
        let mut state = self.state();
        let own: Vec<String> = state
            .files
            .keys()
            .filter(|(owner, known, _)| *owner == who && *known == share)
            .map(|(.., name)| name.clone())
            .collect();
        let is_new = own.len() < 2 || (state.files.len() < FILES_MAX && dice.below(3) == 0);
        let name =
            if is_new { format!("note-{}.txt", own.len()) } else { own[dice.below(own.len())].clone() };
        let versions = state.files.entry((who, share, name.clone())).or_default();
        let secret = if share == MINUTES { SECRET } else { "open to the town" };
        let seat = &seats[who];
        let text = format!(
            "{} wrote version {} of {name} about the harvest.\n{secret}\n{}\n",
            seat.name,
            versions.len(),
            "corn ".repeat(dice.below(2_000))
        );
        std::fs::write(seat.folder.join(share).join(&name), &text)?;
        versions.push(text);
        Ok(())
    }

    /// Reads a file of another; any version that was ever written will do, nothing else.
    fn read(&self, seats: &[Seat], who: usize, dice: &mut Dice) -> Result<()> {
        let files: Vec<File> =
            self.state().files.keys().filter(|(owner, ..)| *owner != who).cloned().collect();
        let Some(file) = files.get(dice.below(files.len())) else { return Ok(()) };
        let path = seats[file.0].path(web_of(file.1), file.1, &file.2);
        let begun = Instant::now();
        loop {
            match seats[who].open(&path) {
                Ok(bytes) => {
                    let state = self.state();
                    let is_known = state.files[file].iter().any(|text| text.as_bytes() == bytes);
                    ensure!(is_known, "{} read {path}, and nobody ever wrote that", seats[who].name);
                    return Ok(());
                }
                Err(error) if begun.elapsed() > ARRIVES_WITHIN => {
                    bail!("{} cannot read {path}: {error}", seats[who].name)
                }
                Err(_) => std::thread::sleep(Duration::from_millis(200)),
            }
        }
    }

    /// Compares every file byte for byte, on its owner's disk and as each other reads it.
    pub(crate) fn compare(&self, seats: &[Seat]) -> Town {
        let state = self.state();
        let mut town = Town {
            acts: state.acts.iter().map(|(what, times)| ((*what).to_owned(), *times)).collect(),
            failures: state.failures.clone(),
            ..Town::default()
        };
        for ((owner, share, name), versions) in &state.files {
            let Some(newest) = versions.last() else { continue };
            let path = seats[*owner].path(web_of(share), share, name);
            let on_disk = std::fs::read(seats[*owner].folder.join(share).join(name)).unwrap_or_default();
            town.compared += 1;
            if on_disk != newest.as_bytes() {
                town.lost.push(format!("{path} on its owner's disk"));
            }
            for seat in seats.iter().filter(|seat| seat.person != seats[*owner].person) {
                town.compared += 1;
                if let Err(why) = arrives(seat, &path, newest) {
                    town.lost.push(format!("{path} at {}: {why}", seat.name));
                }
            }
        }
        town
    }
}

fn arrives(seat: &Seat, path: &str, newest: &str) -> Result<()> {
    let begun = Instant::now();
    loop {
        let opened = seat.open(path);
        match opened {
            Ok(bytes) if bytes == newest.as_bytes() => return Ok(()),
            _ if begun.elapsed() < ARRIVES_WITHIN => std::thread::sleep(Duration::from_millis(200)),
            Ok(bytes) => bail!("another version of {} bytes", bytes.len()),
            Err(error) => return Err(error),
        }
    }
}
