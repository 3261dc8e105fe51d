//! The real program against real gateways: what is typed, what is said, how it ends.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod peer;

use base::{Fault, FaultKind};
use peer::{Peer, Ran, Script, althing};
use serde_json::{Value, json};

fn transfer(state: &str, done: u64, is_over: bool) -> Value {
    json!({"path": "f/alice/plans", "state": state, "done": done, "total": 2000, "files_done": 0, "files": 2,
           "speed": 100, "seconds_left": 9, "from": ["alice"], "why": if state == "failed" { "the disk is full" } else { "" },
           "to": null, "is_over": is_over, "started": 0, "id": "ab".repeat(16)})
}

#[tokio::test]
async fn an_act_is_said_in_a_sentence() {
    let me = json!({"name": "Al\u{1b}[2Jice", "person": "00".repeat(32), "device": "11".repeat(32)});
    let peer = Peer::start(Script::default().answer("people.introduce", Ok(me))).await;
    let ran = peer.run("me set Alice").await;
    assert_eq!((ran.code, ran.data.as_str(), ran.talk.as_str()), (0, "You are Al\\u{1b}[2Jice.\n", ""));
    assert_eq!(
        *peer.script.asked.lock().unwrap(),
        [("people.introduce".to_owned(), json!({"name": "Alice"}))]
    );
}

#[tokio::test]
async fn a_read_is_a_table_and_as_json_the_answer_itself() {
    let webs = json!({"webs": [{"name": "family", "role": "owner", "members": 3, "here": 2, "note": "", "id": "ab".repeat(32)}]});
    let peer = Peer::start(Script::default().answer("people.webs", Ok(webs.clone()))).await;
    let ran = peer.run("web list").await;
    assert_eq!(ran.data, "name    role   members  here  id\nfamily  owner  3        2     ababababab\n");
    let ran = peer.run("web list --json").await;
    assert_eq!(serde_json::from_str::<Value>(&ran.data).unwrap(), webs);
    assert!(ran.data.starts_with("{\n  \"webs\": [\n    {\n      \"name\": \"family\","), "{}", ran.data);
}

#[tokio::test]
async fn what_takes_time_is_followed_to_its_end() {
    let script = Script::default()
        .answer("files.get", Ok(transfer("running", 0, false)))
        .answer("files.transfer", Ok(transfer("running", 1000, false)))
        .answer("files.transfer", Ok(transfer("done", 2000, true)));
    let peer = Peer::start(script).await;
    let ran = peer.run("get f/alice/plans").await;
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.data.contains("state:        done\n"), "{}", ran.data);
    assert!(
        ran.talk.starts_with("running, 0 % (0 B of 2.0 kB), 100 B/s, 9 s left, from alice\n"),
        "{}",
        ran.talk
    );
    assert!(ran.talk.lines().count() <= 2, "at most a line a second in a log: {}", ran.talk);
    assert_eq!(
        peer.script.asked.lock().unwrap()[1],
        ("files.transfer".to_owned(), json!({"id": "ab".repeat(16)}))
    );
}

#[tokio::test]
async fn waiting_can_be_left_out() {
    let peer = Peer::start(Script::default().answer("files.get", Ok(transfer("running", 0, false)))).await;
    let ran = peer.run("get f/alice/plans --no-wait").await;
    assert_eq!((ran.code, ran.talk.as_str()), (0, ""));
}

#[tokio::test]
async fn an_end_without_success_is_a_fault() {
    let script = Script::default()
        .answer("files.get", Ok(transfer("running", 0, false)))
        .answer("files.transfer", Ok(transfer("failed", 10, true)));
    let ran = Peer::start(script).await.run("get f/alice/plans").await;
    assert_eq!((ran.code, ran.data.as_str()), (5, ""));
    assert!(ran.talk.contains("Error: f/alice/plans: the disk is full"), "{}", ran.talk);
}

#[tokio::test]
async fn faults_say_what_to_do_and_fix_the_exit_code() {
    for (kind, code) in [
        (FaultKind::Broken, 1),
        (FaultKind::Yours, 2),
        (FaultKind::Settings, 3),
        (FaultKind::Refused, 4),
        (FaultKind::Unreachable, 5),
    ] {
        let fault = Fault::new("people.no-name", kind, "you have no name yet")
            .remedy("althing me set NAME", "say it");
        let peer = Peer::start(Script::default().answer("people.start_web", Err(fault.clone()))).await;
        let ran = peer.run("web start family").await;
        assert_eq!((ran.code, ran.data.as_str()), (code, ""));
        assert!(
            ran.talk.starts_with("Error: you have no name yet\nDo:    althing me set NAME   say it"),
            "{}",
            ran.talk
        );
        assert!(ran.talk.ends_with("[people.no-name]\n"));
        let ran = peer.run("web start family --json").await;
        assert_eq!((ran.code, serde_json::from_str::<Fault>(&ran.talk).unwrap()), (code, fault));
    }
}

#[tokio::test]
async fn a_long_folder_is_read_to_its_end() {
    let page = |name: &str, next: Option<&str>| {
        json!({"entries": [{"name": name, "kind": "file", "size": 1, "changed": null, "revision": 1, "have": null,
                            "freshness": null, "who": [], "note": "", "path": format!("f/{name}")}], "next": next})
    };
    let script = Script::default()
        .answer("files.list", Ok(page("a", Some("a"))))
        .answer("files.list", Ok(page("b", None)));
    let peer = Peer::start(script).await;
    let ran = peer.run("ls f").await;
    assert_eq!(ran.data, "name  kind  size  revision\na     file  1 B   1\nb     file  1 B   1\n");
    let asked = peer.script.asked.lock().unwrap();
    assert_eq!(asked[1].1, json!({"path": "f", "after": "a"}));
}

#[tokio::test]
async fn a_file_comes_byte_by_byte_and_an_early_end_of_its_reader_is_quiet() {
    let content: Vec<u8> = (0..=255).cycle().take(3_000_000).collect();
    let opened = json!({"web": "00".repeat(32), "content": "11".repeat(32), "size": content.len(), "name": "x", "revision": 1});
    let script = Script { content: content.clone(), ..Script::default() }.answer("files.open", Ok(opened));
    let peer = Peer::start(script).await;
    let (socket, expected) = (peer.home.path().to_path_buf(), content);
    let (whole, cut) = tokio::task::spawn_blocking(move || {
        let whole =
            althing().arg("--home").arg(&socket).args(["cat", "f/a/x", "--revision", "1"]).output().unwrap();
        let command = format!(
            "'{}' --home '{}' cat f/a/x | head -c 10",
            env!("CARGO_BIN_EXE_althing"),
            socket.display()
        );
        let cut = std::process::Command::new("sh").args(["-c", &command]).output().unwrap();
        (whole, cut)
    })
    .await
    .unwrap();
    assert!(whole.status.success() && whole.stdout == expected);
    assert_eq!((cut.stdout.len(), String::from_utf8_lossy(&cut.stderr).as_ref()), (10, ""));
}

#[tokio::test]
async fn events_come_as_lines() {
    let peer = Peer::start(Script::default()).await;
    let home = peer.home.path().to_path_buf();
    let lines = tokio::task::spawn_blocking(move || {
        use std::io::{BufRead as _, BufReader};
        let mut child = althing()
            .arg("--home")
            .arg(home)
            .args(["watch", "--after", "1", "--json"])
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let lines: Vec<String> =
            BufReader::new(child.stdout.take().unwrap()).lines().take(2).map(Result::unwrap).collect();
        child.kill().unwrap();
        child.wait().unwrap();
        lines
    })
    .await
    .unwrap();
    assert!(
        lines[0].starts_with("{\"number\":2,") && lines[1].contains("\"kind\":\"files.changed\""),
        "{lines:?}"
    );
}

#[test]
fn without_a_peer_the_remedy_is_to_start_it() {
    let home = tempfile::tempdir().unwrap();
    let ran = Ran::from(althing().env("ALTHING_HOME", home.path()).args(["status"]).output().unwrap());
    assert_eq!((ran.code, ran.data.as_str()), (5, ""));
    assert!(ran.talk.starts_with("Error: no peer is running with this home ("), "{}", ran.talk);
    assert!(
        ran.talk.contains("Do:    althing start") && ran.talk.contains("[althing.no-peer]"),
        "{}",
        ran.talk
    );
}

#[test]
fn exit_codes_settings_and_completions_need_no_peer() {
    let home = tempfile::tempdir().unwrap();
    let run =
        |words: &[&str]| Ran::from(althing().env("ALTHING_HOME", home.path()).args(words).output().unwrap());
    assert!(run(&["exit-codes"]).data.contains("4  somebody may not do this"));
    assert!(run(&["help", "exit-codes"]).data.contains("4  somebody may not do this"));
    assert!(run(&["config", "show"]).data.contains("page_port = "));
    let settings: Value = serde_json::from_str(&run(&["config", "show", "--json"]).data).unwrap();
    assert_eq!(settings["settings"][0]["key"], "listen");
    for shell in ["bash", "zsh", "fish"] {
        assert!(run(&["completions", shell]).data.contains("althing"), "{shell}");
    }
    assert_eq!(run(&["no-such-command"]).code, 2);
    assert_eq!(run(&["--version"]).code, 0);
}
