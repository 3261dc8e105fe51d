// Watches over a web: files that only one computer has, people who are away for long, log-ins on new computers, full disks.
//
// Admit it with `facts`, `notice` and a schedule:
//     althing agent admit watchman.wasm --may facts notice 'every 360'
//
// Settings, each in a line, all optional: `away=14` (days), `full=5` (percent of the disk that have to be free), `again=7` (days until the same is told again).

#[path = "agent.rs"]
mod agent;

use agent::{Answer, Given, Json};

const DAY: f64 = 86_400_000.0;

fn setting(given: &Given, name: &str, otherwise: f64) -> f64 {
    let value = given.settings().lines().filter_map(|line| line.split_once('=')).find(|(one, _)| one.trim() == name);
    value.and_then(|(_, value)| value.trim().parse().ok()).unwrap_or(otherwise)
}

fn run(given: &Given) -> Answer {
    if given.kind() != "schedule" {
        return Answer::new();
    }
    let away_days = setting(given, "away", 14.0);
    // What is to be told, by what it is about: the number in it may change without being news.
    let mut findings: Vec<(String, String)> = Vec::new();
    for share in given.event().get("shares").list() {
        let (path, alone) = (share.get("path").text(), share.get("alone").number());
        if alone > 0.0 {
            let example = share.get("alone_as").text();
            let noun = if alone == 1.0 { "file is" } else { "files are" };
            findings.push((format!("alone {path}"), format!("{alone} {noun} on one computer only in {path}, as {example}")));
        }
    }
    for member in given.event().get("members").list() {
        let (name, hours) = (member.get("name").text(), member.get("away_hours").number());
        if hours >= away_days * 24.0 {
            let days = (hours / 24.0).floor();
            findings.push((format!("away {name}"), format!("{name} has not been here for {days} days")));
        }
    }
    let disk = given.event().get("disk");
    let (free, size) = (disk.get("free").number(), disk.get("size").number());
    if size > 0.0 && (free < size * setting(given, "full", 5.0) / 100.0 || free < 2e9) {
        findings.push(("disk".to_owned(), format!("the disk of this computer is nearly full: {:.1} GB of {:.0} are free", free / 1e9, size / 1e9)));
    }
    // Somebody who is on one more computer than before: good to know, in case it was not them.
    let mut devices = Vec::new();
    for member in given.event().get("members").list() {
        let (name, count) = (member.get("name").text(), member.get("devices").number());
        let key = format!("devices {name}");
        let before = given.state().get(&key);
        if !before.is_null() && count > before.number() {
            findings.push((format!("log-in {name} {count}"), format!("{name} has one computer more than before: {count} now. If that is news to {name}, the new one should be revoked")));
        }
        devices.push((key, Json::Number(count)));
    }
    let again = setting(given, "again", 7.0) * DAY;
    let is_news = |key: &str| {
        let told = given.state().get(key);
        told.is_null() || given.now() - told.number() >= again
    };
    let mut told = devices;
    let mut news = Vec::new();
    for (key, line) in &findings {
        let at = if is_news(key) {
            news.push(line.as_str());
            given.now()
        } else {
            given.state().get(key).number()
        };
        told.push((key.clone(), Json::Number(at)));
    }
    let answer = Answer::new().remember(Json::Object(told)).log(&format!("{} findings, {} new", findings.len(), news.len()));
    match news.len() {
        0 => answer,
        1 => answer.notice(news[0], if news[0].len() > 120 { news[0] } else { "" }),
        count => answer.notice(&format!("{count} things to look after in {}", given.web()), &news.join("\n")),
    }
}

agent::agent!(run);
