//! A stolen device: somebody has a copy of a home and starts the program with it; then its owner revokes the device.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use serde_json::json;

use crate::Bench;
use crate::peers::{Peer, ask_at, text};
use crate::redteam::cast::{COUNCIL, LATER, Seat, TOWN};
use crate::redteam::line::{connect, content_id, endpoint, fetch, stolen_key, target};
use crate::redteam::stage::{Scene, Stage, Tried};
use crate::redteam::watch::{says, says_before};

/// How long the thief goes on trying.
const TRIES_FOR: Duration = Duration::from_secs(15);
/// What it says in a room and in a file once it is revoked.
const FORGED: &str = "a thief wrote this";

pub(crate) fn act(stage: &mut Stage<'_>, scene: &mut Scene) -> Result<()> {
    let [alice, bob, road] = ["alice", "bob", "road"].map(|name| stage.cast.seat(name));
    let device = road.device()?;
    stage.cast.peer("road").kill()?;
    let folder = stage.bench.folder.join("thief");
    copy(&road.home, &folder.join("home"))?;
    let asked_first = say_it_is_the_same(stage.bench, &folder)?;
    let program = Peer::start(stage.bench, "thief")?;
    let thief = Seat { name: "the thief".to_owned(), person: "Alice", home: program.home(), folder };

    let since = Instant::now();
    alice.ask("people.revoke_device", &json!({ "device": "road" }))?;
    let mut paths = Vec::new();
    for (seat, web) in [(&alice, TOWN), (&alice, COUNCIL), (&bob, TOWN), (&bob, COUNCIL)] {
        let name = format!("later-{web}");
        std::fs::create_dir_all(seat.folder.join(&name))?;
        std::fs::write(seat.folder.join(&name).join("plan.txt"), format!("{LATER} in {web}\n"))?;
        seat.share(web, &name)?;
        paths.push(seat.path(web, &name, "plan.txt"));
    }
    let about =
        bob.until("files.about", &json!({ "path": paths[0] }), |about| !text(about, "content").is_empty())?;
    let content = content_id(text(&about, "content"))?;
    let (mut times, mut read) = (0, 0);
    while since.elapsed() < TRIES_FOR {
        for path in &paths {
            times += 1;
            read += thief.open(path).map_or(0, |bytes| bytes.len());
        }
        std::thread::sleep(Duration::from_millis(300));
    }
    // Nothing of what it writes is to arrive, either. Its own program knows that it was revoked; no line of it counts that
    // comes only from what is done by hand later.
    let said = json!({ "room": "town/square", "text": FORGED });
    let own =
        thief.ask("talk.say", &said).map_or("its program refuses to write on", |_| "its program writes on");
    std::thread::sleep(Duration::from_secs(3));
    let found = bob.ask("talk.find", &json!({ "query": FORGED }))?;
    let arrived = found["found"].as_array().map_or(0, Vec::len);
    scene.tried(Tried {
        what: "runs the program with the copied home after the device was revoked",
        times,
        end: format!(
            "{read} new bytes came; {own}{}",
            if asked_first { "; the copy had first to say that it is the same computer" } else { "" }
        ),
        bytes_read: u64::try_from(read)?,
        since,
        sign: says_before(&[&device], Instant::now()),
    });
    scene.claim("nothing that it writes after that arrives", arrived == 0, format!("{arrived} arrived"));
    drop(program);
    let key = stolen_key(&thief)?;
    by_hand(stage, scene, (key, &device), content)?;
    stage.searched.push((thief.folder, LATER));
    Ok(())
}

/// Asks for new contents with the stolen key, without the program.
fn by_hand(
    stage: &Stage<'_>,
    scene: &mut Scene,
    (key, device): ([u8; 32], &str),
    content: [u8; 32],
) -> Result<()> {
    let since = Instant::now();
    let targets = ["alice", "bob", "carol", "dan"].map(|name| target(&stage.cast.seat(name)));
    let targets: Vec<_> = targets.into_iter().collect::<Result<_>>()?;
    let read = stage.runtime.block_on(async {
        let endpoint = endpoint(key, "127.0.0.1:0", &[]).await?;
        let mut read = 0;
        for target in &targets {
            if let Some(connection) = connect(&endpoint, target, iroh_blobs::ALPN).await {
                read += fetch(connection, content).await;
            }
        }
        endpoint.close().await;
        anyhow::Ok(read)
    })?;
    scene.tried(Tried {
        what: "asks everybody for a new content with the stolen key",
        times: u64::try_from(targets.len())?,
        end: format!("{read} bytes came"),
        bytes_read: read,
        since,
        sign: says(&[device, "still runs"]),
    });
    Ok(())
}

/// A copied home is recognised, and asks what it is; a thief lies. Returns whether it was asked.
fn say_it_is_the_same(bench: &Bench, folder: &Path) -> Result<bool> {
    let start = |words: &[&str]| {
        let mut command = Command::new(&bench.althing);
        command.args(words).env("ALTHING_HOME", folder.join("home"));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()
    };
    let wait = |program: &mut Child| {
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(20) {
            if program.try_wait()?.is_some() {
                return anyhow::Ok(false);
            }
            if ask_at(&folder.join("home"), "host.status", &json!({})).is_ok() {
                return Ok(true);
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(false)
    };
    let mut is_asked = false;
    for words in [&["start"][..], &["start", "--same-computer"]] {
        let mut program = start(words)?;
        let is_up = wait(&mut program)?;
        // It may have ended by itself.
        drop(program.kill());
        program.wait()?;
        if is_up {
            return Ok(is_asked);
        }
        is_asked = true;
    }
    bail!("the program does not start with the copied home")
}

/// Copies the files of a home; sockets stay where they are.
fn copy(from: &Path, to: &Path) -> Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let (kind, into) = (entry.file_type()?, to.join(entry.file_name()));
        if kind.is_dir() {
            copy(&entry.path(), &into)?;
        } else if kind.is_file() {
            std::fs::copy(entry.path(), into)?;
        }
    }
    Ok(())
}
