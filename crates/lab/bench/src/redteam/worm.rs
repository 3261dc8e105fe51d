//! A worm on one honest computer: it switches the guard there off and copies itself into every share, room and mail it
//! can reach, each copy a little different. People elsewhere open at random.
//!
//! The worm is text that looks like one and does nothing; it is put together when it is needed.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use crate::peers::text;
use crate::redteam::cast::{Seat, TOWN};
use crate::redteam::stage::{Scene, Stage, Tried};
use crate::redteam::watch::says;
use crate::redteam::work::PAPERS;

/// Copies in the share; half of them of each kind.
const COPIES: usize = 24;
/// Mails with a copy attached, to each of three persons.
const MAILS: usize = 2;
/// Numbers of the copies that only a room and a mail lead to.
const IN_ROOM: usize = 50;
const IN_MAIL: usize = 60;
/// How long people open at random.
const OPENING: Duration = Duration::from_secs(15);

/// What has come of opening.
#[derive(Debug, Default)]
struct Opens {
    tried: u64,
    before_hold: u64,
    after_hold: u64,
    refusal: String,
}

pub(crate) fn act(stage: &mut Stage<'_>, scene: &mut Scene) -> Result<()> {
    let dan = stage.cast.seat("dan");
    let others: Vec<Seat> = stage.cast.honest().into_iter().filter(|seat| seat.person != "Dan").collect();
    let since = Instant::now();
    dan.ask("guard.switch", &json!({ "state": "off" }))?;
    scene.tried(Tried {
        what: "switches the guard of its own computer off",
        times: 1,
        end: "it can: it runs as its person".to_owned(),
        bytes_read: 0,
        since,
        sign: says(&["Dan is not guarded"]),
    });

    let since = Instant::now();
    let copies: Vec<(String, Vec<u8>)> = (0..COPIES).map(copy).collect();
    for (name, bytes) in &copies {
        std::fs::write(dan.folder.join(PAPERS).join(name), bytes)?;
    }
    let shown = dan.path(TOWN, PAPERS, &copies.last().context("copies")?.0);
    for seat in &others {
        seat.until("files.about", &json!({ "path": shown }), |about| !text(about, "content").is_empty())?;
    }
    let opens = open_at_random(stage, &others, &dan, &copies);
    scene.tried(Tried {
        what: "copies itself into a share, each copy different",
        times: u64::try_from(COPIES)?,
        end: format!(
            "{} opens tried, {} got through before the first hold and {} after it; {}",
            opens.tried, opens.before_hold, opens.after_hold, opens.refusal
        ),
        bytes_read: 0,
        since,
        sign: says(&["quarantined", "worm-"]),
    });
    let through = opens.before_hold + opens.after_hold;
    scene.claim(
        "no copy in a share is opened while the guard is on",
        through == 0 && opens.tried > 0,
        format!("{through} of {} opens", opens.tried),
    );

    spread_by_room(scene, &dan, &others)?;
    spread_by_mail(stage, scene, &dan)?;

    for (name, _) in copies.iter().chain([&copy(IN_ROOM)]) {
        std::fs::remove_file(dan.folder.join(PAPERS).join(name))?;
    }
    dan.ask("guard.switch", &json!({ "state": "on" }))?;
    Ok(())
}

/// Returns a copy: every second one looks like a love letter, the others like the test file of all scanners.
fn copy(number: usize) -> (String, Vec<u8>) {
    if number.is_multiple_of(2) {
        (format!("worm-{number}.txt.vbs"), letter(number))
    } else {
        // What follows it may only be white space: it is another content all the same.
        let mut bytes = eicar();
        bytes.extend(std::iter::repeat_n(b' ', number));
        (format!("worm-{number}.com"), bytes)
    }
}

/// Returns the test file, put together here so that it stands nowhere whole.
pub(crate) fn eicar() -> Vec<u8> {
    ["X5O!P%@AP[4\\PZX54(P^)", "7CC)7}$EICAR-STAN", "DARD-ANTIVIRUS-TEST", "-FILE!$H+H*"]
        .concat()
        .into_bytes()
}

/// Returns a script that nothing here would run.
fn letter(number: usize) -> Vec<u8> {
    let lines = [
        format!("' A harmless example, copy {number}: nothing here would run."),
        ["Set o = CreateObject(\"Outlook.Applica", "tion\")"].concat(),
        ["For Each a In o.GetNamespace(\"MA", "PI\").AddressLists"].concat(),
        ["m.Attachme", "nts.Add(WScript.ScriptFullNa", "me) : m.Se", "nd"].concat(),
    ];
    (lines.join("\n") + "\n").into_bytes()
}

fn open_at_random(stage: &mut Stage<'_>, seats: &[Seat], dan: &Seat, copies: &[(String, Vec<u8>)]) -> Opens {
    let (begun, mut opens) = (Instant::now(), Opens::default());
    let held = says(&["quarantined", "worm-"]);
    while begun.elapsed() < OPENING {
        let seat = &seats[stage.dice.below(seats.len())];
        let (name, bytes) = &copies[stage.dice.below(copies.len())];
        let path = dan.path(TOWN, PAPERS, name);
        opens.tried += 1;
        let got = if stage.dice.below(2) == 0 { opened(seat, &path) } else { saved(seat, &path, name) };
        let is_through = match got {
            Ok(got) => got == *bytes,
            Err(error) => {
                opens.refusal = format!("the last answer was: {}", of_fault(&error));
                false
            }
        };
        if is_through && stage.watch.notice(begun, &held).is_some() {
            opens.after_hold += 1;
        } else if is_through {
            opens.before_hold += 1;
        }
    }
    opens
}

fn opened(seat: &Seat, path: &str) -> Result<Vec<u8>> {
    seat.open(path)
}

/// Saves a copy to disk as a person would; what lies there then counts as opened.
fn saved(seat: &Seat, path: &str, name: &str) -> Result<Vec<u8>> {
    let to = seat.folder.join("saved");
    std::fs::create_dir_all(&to)?;
    let file = to.join(name);
    let transfer = seat.ask("files.get", &json!({ "path": path, "to": to }))?;
    let id = json!({ "id": text(&transfer, "id") });
    let begun = Instant::now();
    loop {
        let state = seat.ask("files.transfer", &id)?;
        if state["is_over"] == true || begun.elapsed() > Duration::from_secs(5) {
            let why = text(&state, "why").to_owned();
            return std::fs::read(&file).with_context(|| why);
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Returns what a refusal says, out of its JSON.
pub(crate) fn of_fault(error: &anyhow::Error) -> String {
    let said = format!("{error}");
    let fault: Option<Value> = said.find('{').and_then(|at| serde_json::from_str(said.get(at..)?).ok());
    fault.map_or(said, |fault| text(&fault, "what").to_owned())
}

/// Says in a room where all are: look at this, with a link. Following it is opening the file.
fn spread_by_room(scene: &mut Scene, dan: &Seat, others: &[Seat]) -> Result<()> {
    let since = Instant::now();
    let (name, bytes) = copy(IN_ROOM);
    std::fs::write(dan.folder.join(PAPERS).join(&name), bytes)?;
    let path = dan.path(TOWN, PAPERS, &name);
    let asked = json!({ "path": path });
    let link = dan.until("pages.link", &asked, |link| !text(link, "link").is_empty())?;
    let said = json!({ "room": "town/square", "text": "kindly check the attached LOVELETTER",
        "attachments": [text(&link, "link")] });
    dan.ask("talk.say", &said)?;
    let mut through = 0;
    for seat in others {
        seat.until("files.about", &asked, |about| !text(about, "content").is_empty())?;
        through += usize::from(seat.open(&path).is_ok());
    }
    scene.tried(Tried {
        what: "says the link of a new copy in a room",
        times: 1,
        end: format!("{} people follow it, {through} get it", others.len()),
        bytes_read: 0,
        since,
        sign: says(&[&name]),
    });
    scene.claim("no link to it opens it", through == 0, format!("{through} of {}", others.len()));
    Ok(())
}

fn spread_by_mail(stage: &Stage<'_>, scene: &mut Scene, dan: &Seat) -> Result<()> {
    let since = Instant::now();
    let (name, bytes) = copy(IN_MAIL);
    let attached = dan.folder.join(format!("mailed-{name}"));
    std::fs::write(&attached, &bytes)?;
    let people = ["alice", "bob", "carol"].map(|person| stage.cast.seat(person));
    let to: Vec<String> = people.iter().map(|seat| format!("{}@{TOWN}", seat.name.to_lowercase())).collect();
    for _ in 0..MAILS {
        let mail = json!({ "to": to.join(", "), "subject": "ILOVEYOU", "text": "kindly check the attached",
            "attach": [attached] });
        dan.ask("mail.send", &mail)?;
    }
    let (mut saved, mut why) = (0, String::new());
    for seat in &people {
        let listed = seat.until("mail.messages", &json!({ "limit": 200 }), |answer| {
            let mails = answer["mails"].as_array();
            mails.is_some_and(|mails| mails.iter().filter(|mail| is_love(mail)).count() == MAILS)
        })?;
        let mails = listed["mails"].as_array().into_iter().flatten().filter(|mail| is_love(mail));
        for (number, mail) in mails.enumerate() {
            let file = seat.folder.join(format!("from-mail-{number}"));
            let part = attachment(seat, text(mail, "message"))?;
            let asked = json!({ "message": text(mail, "message"), "part": part, "to": file });
            match seat.ask("host.mail_save", &asked) {
                Ok(_) if std::fs::read(&file).is_ok_and(|read| read == bytes) => saved += 1,
                Ok(other) => why = format!("; another file came: {other}"),
                Err(error) => why = format!("; the last answer was: {}", of_fault(&error)),
            }
        }
    }
    let sent = MAILS * people.len();
    scene.tried(Tried {
        what: "mails itself as an attachment",
        times: u64::try_from(sent)?,
        end: format!("{saved} of {sent} attachments were saved to disk as they came{why}"),
        bytes_read: 0,
        since,
        sign: says(&["mailed-"]),
    });
    scene.claim(
        "no attachment with it is put on disk while the guard is on",
        saved == 0,
        format!("{saved} of {sent}"),
    );
    Ok(())
}

fn is_love(mail: &Value) -> bool {
    text(mail, "subject") == "ILOVEYOU"
}

fn attachment(seat: &Seat, message: &str) -> Result<u64> {
    let shown = seat.ask("mail.read", &json!({ "message": message }))?;
    let first = shown["attachments"].get(0).with_context(|| format!("no attachment in {shown}"))?;
    first["part"].as_u64().with_context(|| format!("no number in {first}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_copy_is_another_content() {
        let all: std::collections::BTreeSet<Vec<u8>> = (0..COPIES).map(|number| copy(number).1).collect();
        assert_eq!(all.len(), COPIES);
    }

    #[test]
    fn a_refusal_is_told_in_its_own_words() {
        let error = anyhow::anyhow!("files.get: {{\"code\":\"guard.held\",\"what\":\"it is held\"}}");
        assert_eq!(of_fault(&error), "it is held");
        assert_eq!(of_fault(&anyhow::anyhow!("no peer")), "no peer");
    }
}
