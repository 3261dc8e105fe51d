// Looks at files that change, by their names and first bytes, and asks the guard to hold or to warn.
//
//     althing agent admit virus-guard.wasm --may 'changes *' 'read *' guard warn hold notice
//
// It knows four things: a program that calls itself a document; a name with two endings, the last of a program; many files that
// got one strange ending at once, as when somebody encrypts a folder; and what the guard itself has found.

#[path = "agent.rs"]
mod agent;

use agent::{Answer, Given, Json};

const DOCUMENTS: [&str; 18] = [
    "pdf", "doc", "docx", "xls", "xlsx", "ppt", "pptx", "odt", "ods", "txt", "md", "csv", "jpg", "jpeg", "png", "gif", "mp3", "mp4",
];
const PROGRAMS: [&str; 16] = [
    "exe", "scr", "com", "bat", "cmd", "pif", "js", "jse", "vbs", "vbe", "wsf", "hta", "lnk", "ps1", "jar", "msi",
];
/// Files with one strange ending in one event that look like encrypting.
const MANY: usize = 15;

fn run(given: &Given) -> Answer {
    let event = given.event();
    match given.kind() {
        "files" => look(given, event),
        "guard" => {
            let (name, level) = (event.get("name").text(), event.get("level").text());
            let key = format!("{name} {level}");
            let is_told = given.state().get("told").list().iter().any(|one| one.text() == key);
            if is_told || !matches!(level, "held" | "quarantined") {
                return Answer::new();
            }
            let mut told: Vec<Json> = given.state().get("told").list().to_vec();
            told.push(Json::Text(key));
            let skip = told.len().saturating_sub(100);
            let told = Json::List(told.into_iter().skip(skip).collect());
            Answer::new()
                .notice(&format!("{name} is {level}"), event.get("meaning").text())
                .remember(Json::object([("told", told)]))
        }
        _ => Answer::new(),
    }
}

fn look(given: &Given, event: &Json) -> Answer {
    let mut answer = Answer::new();
    let mut strange: Vec<(String, usize)> = Vec::new();
    for file in event.get("files").list().iter().filter(|file| !file.get("gone").is_true()) {
        let path = file.get("path").text();
        let name = path.rsplit('/').next().unwrap_or("").to_lowercase();
        let endings: Vec<&str> = name.split('.').skip(1).collect();
        let last = endings.last().copied().unwrap_or("");
        let before = endings.len().checked_sub(2).and_then(|at| endings.get(at)).copied().unwrap_or("");
        let first = file.get("first").text();
        // Programs of Windows, Linux and macOS begin with these.
        let is_program = ["4d5a", "7f454c46", "cffaedfe", "cafebabe"].iter().any(|magic| first.starts_with(magic));
        if answer.count() >= 30 {
            break;
        }
        if is_program && DOCUMENTS.contains(&last) {
            answer = answer.hold(path, "a program that calls itself a document");
        } else if PROGRAMS.contains(&last) && DOCUMENTS.contains(&before) {
            answer = answer.warn(path, "its name has two endings, and the last is that of a program");
        }
        if DOCUMENTS.contains(&before) && !DOCUMENTS.contains(&last) && !PROGRAMS.contains(&last) {
            match strange.iter_mut().find(|(one, _)| one == last) {
                Some((_, count)) => *count += 1,
                None => strange.push((last.to_owned(), 1)),
            }
        }
    }
    if let Some((ending, count)) = strange.into_iter().find(|(_, count)| *count >= MANY) {
        answer = answer.notice(
            &format!("{count} files got the ending .{ending} at once"),
            &format!(
                "In {}. That happens when a program encrypts a folder. Earlier revisions can be brought back: althing history PATH.",
                event.get("share").text()
            ),
        );
    }
    let _ = given;
    answer
}

agent::agent!(run);
