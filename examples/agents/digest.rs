// Gathers what is new in a web and tells it once a day: files whose names have one of the standing words, and who came or went.
//
//     althing agent admit digest.wasm --may 'changes *' members notice 'every 60' --settings 'tax invoice'
//
// Settings: words with spaces between them; all files when there are none.

#[path = "agent.rs"]
mod agent;

use agent::{Answer, Given, Json};

const DAY: f64 = 86_400_000.0;
const LINES_MAX: usize = 200;
const TOLD_MAX: usize = 30;

fn run(given: &Given) -> Answer {
    let mut lines: Vec<String> =
        given.state().get("lines").list().iter().map(|line| line.text().to_owned()).collect();
    let mut more = given.state().get("more").number();
    let mut since = given.state().get("since").number();
    if since == 0.0 {
        since = given.now();
    }
    let words: Vec<String> = given.settings().split_whitespace().map(str::to_lowercase).collect();
    let mut add = |line: String| {
        if lines.contains(&line) {
            return;
        }
        if lines.len() < LINES_MAX { lines.push(line) } else { more += 1.0 }
    };
    let event = given.event();
    match given.kind() {
        "files" => {
            for file in event.get("files").list() {
                let path = file.get("path").text();
                let name = path.to_lowercase();
                let is_wanted = words.is_empty() || words.iter().any(|word| name.contains(word));
                if is_wanted && !file.get("gone").is_true() {
                    add(path.to_owned());
                }
            }
        }
        "member-joined" => add(format!("{} joined", event.get("member").text())),
        "member-left" => add(format!("{} left", event.get("member").text())),
        _ => {}
    }
    let mut answer = Answer::new();
    if given.kind() == "schedule" && given.now() - since >= DAY {
        since = given.now();
        if !lines.is_empty() {
            let count = lines.len() as f64 + more;
            let shown: Vec<&str> = lines.iter().take(TOLD_MAX).map(String::as_str).collect();
            let mut text = shown.join("\n");
            if count > shown.len() as f64 {
                text.push_str(&format!("\nand {} more", count - shown.len() as f64));
            }
            answer = answer.notice(&format!("{count} new in {}", given.web()), &text);
            lines.clear();
            more = 0.0;
        }
    }
    let gathered = lines.len();
    let lines = Json::List(lines.into_iter().map(Json::Text).collect());
    let state = [("lines", lines), ("more", Json::Number(more)), ("since", Json::Number(since))];
    answer.remember(Json::object(state)).log(&format!("{gathered} gathered"))
}

agent::agent!(run);
