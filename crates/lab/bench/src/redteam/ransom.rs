//! Ransomware on one honest computer: something rewrites what its person shares.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use serde_json::json;

use crate::peers::text;
use crate::redteam::cast::{Seat, TOWN};
use crate::redteam::stage::{Scene, Stage, Tried};
use crate::redteam::watch::says;

/// Files of the share; a fifth of them, but at least 20, may not become something else within a minute.
const FILES: usize = 60;
/// Files that a patient one rewrites in a minute: fewer than are noticed.
const PATIENT: usize = 15;

pub(crate) fn act(stage: &mut Stage<'_>, scene: &mut Scene) -> Result<()> {
    let [alice, bob, carol] = ["alice", "bob", "carol"].map(|name| stage.cast.seat(name));
    at_once(stage, scene, (&carol, &bob, &alice))?;
    canary(stage, scene, &carol)?;
    patiently(scene, &carol, &bob)
}

fn name(number: usize) -> String {
    format!("picture-{number}.txt")
}

fn picture(number: usize) -> String {
    format!("picture {number} of the harvest\n")
}

/// Carol shares an album, and Bob has all of it.
fn album(carol: &Seat, bob: &Seat, share: &str) -> Result<()> {
    let folder = carol.folder.join(share);
    std::fs::create_dir_all(&folder)?;
    for number in 0..FILES {
        std::fs::write(folder.join(name(number)), picture(number))?;
    }
    carol.share(TOWN, share)?;
    let path = format!("{TOWN}/Carol/{share}");
    bob.until("files.about", &json!({ "path": format!("{path}/{}", name(FILES - 1)) }), |about| {
        !text(about, "content").is_empty()
    })?;
    let transfer = bob.ask("files.get", &json!({ "path": path }))?;
    let id = json!({ "id": text(&transfer, "id") });
    let over = bob.until("files.transfer", &id, |transfer| transfer["is_over"] == true)?;
    ensure!(text(&over, "state") == "done", "Bob has no copy: {over}");
    Ok(())
}

fn encrypt(carol: &Seat, share: &str, number: usize) -> Result<()> {
    let noise: Vec<u8> = picture(number).bytes().map(|byte| byte ^ 0x5a).collect();
    Ok(std::fs::write(carol.folder.join(share).join(name(number)), noise)?)
}

/// Returns how many files are the true ones as somebody opens them, at a revision or the newest.
fn true_ones(seat: &Seat, share: &str, count: usize) -> usize {
    let is_true = |number: &usize| {
        let path = format!("{TOWN}/Carol/{share}/{}", name(*number));
        seat.open(&path).is_ok_and(|bytes| bytes == picture(*number).as_bytes())
    };
    (0..count).filter(is_true).count()
}

fn at_once(stage: &Stage<'_>, scene: &mut Scene, (carol, bob, alice): (&Seat, &Seat, &Seat)) -> Result<()> {
    album(carol, bob, "album")?;
    let since = Instant::now();
    for number in 0..FILES / 3 * 2 {
        encrypt(carol, "album", number)?;
    }
    let sign = says(&["town/Carol/album is stopped"]);
    stage.watch.wait(since, &sign, Duration::from_secs(20));
    let at_bob = true_ones(bob, "album", FILES);
    let told = alice.ask("files.list", &json!({ "path": "town/Carol/album" }))?;
    let changed =
        told["entries"].as_array().into_iter().flatten().filter(|entry| entry["revision"] != 1).count();
    // Carol brings them back from whoever has them, and says that she is done.
    for number in 0..FILES {
        let bytes = bob.open(&format!("{TOWN}/Carol/album/{}", name(number)))?;
        std::fs::write(carol.folder.join("album").join(name(number)), bytes)?;
    }
    let unbraked = carol.ask("files.unbrake", &json!({ "path": "town/Carol/album" })).is_ok();
    let again = (0..FILES)
        .filter(|number| {
            std::fs::read(carol.folder.join("album").join(name(*number)))
                .is_ok_and(|bytes| bytes == picture(*number).as_bytes())
        })
        .count();
    scene.tried(Tried {
        what: "rewrites two thirds of a share within a second",
        times: u64::try_from(FILES / 3 * 2)?,
        end: format!("the share was stopped; {changed} of its changes were told to others"),
        bytes_read: 0,
        since,
        sign,
    });
    scene.claim(
        "everybody else keeps what was there",
        at_bob == FILES && changed == 0,
        format!("{at_bob} of {FILES} at Bob, {changed} changes told"),
    );
    scene.claim(
        "all of it comes back from Bob's copies",
        again == FILES && unbraked,
        format!("{again} of {FILES} on Carol's disk again"),
    );
    Ok(())
}

/// One file that nobody has a reason to change.
fn canary(stage: &Stage<'_>, scene: &mut Scene, carol: &Seat) -> Result<()> {
    let folder = carol.folder.join("ledger");
    std::fs::create_dir_all(&folder)?;
    for file in ["a.txt", "b.txt", "zz-canary.txt"] {
        std::fs::write(folder.join(file), file)?;
    }
    carol.share(TOWN, "ledger")?;
    carol.ask("files.canary", &json!({ "path": "town/Carol/ledger/zz-canary.txt" }))?;
    let since = Instant::now();
    std::fs::write(folder.join("zz-canary.txt"), "pay us")?;
    let sign = says(&["town/Carol/ledger is stopped", "canary"]);
    stage.watch.wait(since, &sign, Duration::from_secs(20));
    std::fs::write(folder.join("zz-canary.txt"), "zz-canary.txt")?;
    drop(carol.ask("files.unbrake", &json!({ "path": "town/Carol/ledger" })));
    scene.tried(Tried {
        what: "touches a canary",
        times: 1,
        end: "the share was stopped".to_owned(),
        bytes_read: 0,
        since,
        sign,
    });
    Ok(())
}

/// Stays below what is noticed: the first so many files of another album, within a minute.
fn patiently(scene: &mut Scene, carol: &Seat, bob: &Seat) -> Result<()> {
    album(carol, bob, "diary")?;
    let since = Instant::now();
    for number in 0..PATIENT {
        encrypt(carol, "diary", number)?;
    }
    let first = json!({ "path": format!("{TOWN}/Carol/diary/{}", name(PATIENT - 1)) });
    let told = bob.until("files.about", &first, |about| about["entry"]["revision"] == 2).is_ok();
    let old = |number: &usize| {
        let path = format!("{TOWN}/Carol/diary/{}", name(*number));
        let to = bob.folder.join("old");
        let asked = json!({ "path": path, "revision": 1, "to": to });
        let Ok(transfer) = bob.ask("files.get", &asked) else { return false };
        let id = json!({ "id": text(&transfer, "id") });
        let over = bob.until("files.transfer", &id, |transfer| transfer["is_over"] == true);
        over.is_ok()
            && std::fs::read(to.join(name(*number))).is_ok_and(|bytes| bytes == picture(*number).as_bytes())
    };
    std::fs::create_dir_all(bob.folder.join("old"))?;
    let kept = (0..PATIENT).filter(old).count();
    scene.tried(Tried {
        what: "rewrites a quarter of a share, fewer files than are noticed",
        times: u64::try_from(PATIENT)?,
        end: format!(
            "{}; {kept} of {PATIENT} old versions can still be had from Bob",
            if told { "told to others as new versions" } else { "not told to others" }
        ),
        bytes_read: 0,
        since,
        sign: says(&["town/Carol/diary is stopped"]),
    });
    scene.claim(
        "no file of it is lost for good",
        kept == PATIENT,
        format!("{kept} of {PATIENT} old versions"),
    );
    Ok(())
}
