//! Flooding: a member says, mails and writes more than anybody needs, with her program and without it.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use base::{EntryId, WebId};
use serde_json::{Value, json};
use wire::sync::Message;

use crate::peers::text;
use crate::redteam::cast::{Seat, TOWN};
use crate::redteam::line::{GREETING, MEMBER, connect, endpoint, frame, stolen_key, target};
use crate::redteam::stage::{Scene, Stage, Tried};
use crate::redteam::watch::says;

/// How long each flood lasts.
const LASTS: Duration = Duration::from_secs(6);
/// Askers at the same time: as a script would.
const ASKERS: usize = 4;
/// What everybody has to be able to do within this meanwhile.
const ANSWERS_WITHIN: Duration = Duration::from_secs(1);

/// Makes what is asked, out of a number.
type Made = fn(u64) -> (&'static str, Value);

/// What came of one flood.
#[derive(Debug, Default)]
struct Flood {
    tried: u64,
    taken: u64,
    refusal: String,
    slowest: Duration,
}

impl Flood {
    fn end(&self) -> String {
        let why = if self.refusal.is_empty() {
            "none refused".to_owned()
        } else {
            format!("the others: {}", self.refusal)
        };
        format!(
            "{} taken by her own program, {why}; the slowest status elsewhere {} ms",
            self.taken,
            self.slowest.as_millis()
        )
    }
}

pub(crate) fn act(stage: &mut Stage<'_>, scene: &mut Scene) -> Result<()> {
    let eve = stage.cast.seat("eve");
    let device = eve.device()?;
    let honest = stage.cast.honest();
    let mut slowest = Duration::ZERO;
    let floods: [(&'static str, &'static str, Made); 3] = [
        ("says as many messages as it can in a room", "to say more in conversations", |number| {
            ("talk.say", json!({ "room": "town/square", "text": format!("buy here {number}") }))
        }),
        ("sends as many mails as it can to everybody", "to send more mail", |number| {
            let to = "alice@town, bob@town, carol@town, dan@town";
            ("mail.send", json!({ "to": to, "subject": format!("buy {number}"), "text": "buy here" }))
        }),
        ("begins as many rooms as it can", "to begin more rooms", |number| {
            ("talk.start", json!({ "web": TOWN, "name": format!("shop {number}") }))
        }),
    ];
    for (what, noticed, made) in floods {
        let since = Instant::now();
        let flood = flood(&eve, &honest, made);
        slowest = slowest.max(flood.slowest);
        let end = flood.end();
        let sign = says(&[&device, noticed]);
        scene.tried(Tried { what, times: flood.tried, end, bytes_read: 0, since, sign });
    }
    let since = Instant::now();
    let changed = rewrite_files(&eve, &honest)?;
    slowest = slowest.max(changed.slowest);
    scene.tried(Tried {
        what: "changes files of a share as fast as it can",
        times: changed.tried,
        end: format!("the slowest status elsewhere {} ms", changed.slowest.as_millis()),
        bytes_read: 0,
        since,
        sign: says(&[&device, "files"]),
    });
    let raw = by_hand(stage, scene, &honest)?;
    slowest = slowest.max(raw);
    scene.claim(
        "honest computers answer status within a second all the time",
        slowest < ANSWERS_WITHIN,
        format!("slowest {} ms", slowest.as_millis()),
    );
    Ok(())
}

fn flood(eve: &Seat, honest: &[Seat], made: Made) -> Flood {
    let begun = Instant::now();
    let mut flood = Flood::default();
    std::thread::scope(|scope| {
        let askers: Vec<_> = (0..ASKERS as u64)
            .map(|asker| {
                scope.spawn(move || {
                    let (mut tried, mut taken, mut refusal) = (0, 0, String::new());
                    while begun.elapsed() < LASTS {
                        let (operation, asked) = made(asker * 1_000_000 + tried);
                        tried += 1;
                        match eve.ask(operation, &asked) {
                            Ok(_) => taken += 1,
                            Err(error) => refusal = crate::redteam::worm::of_fault(&error),
                        }
                    }
                    (tried, taken, refusal)
                })
            })
            .collect();
        flood.slowest = slowest_status(honest, begun);
        for asker in askers {
            let Ok((tried, taken, refusal)) = asker.join() else { continue };
            flood.tried += tried;
            flood.taken += taken;
            if !refusal.is_empty() {
                flood.refusal = refusal;
            }
        }
    });
    flood
}

/// Asks all for their status until the flood is over, and returns the slowest answer.
fn slowest_status(honest: &[Seat], begun: Instant) -> Duration {
    let mut slowest = Duration::ZERO;
    while begun.elapsed() < LASTS {
        for seat in honest {
            let asked = Instant::now();
            if seat.ask("host.status", &json!({})).is_ok() {
                slowest = slowest.max(asked.elapsed());
            }
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    slowest
}

fn rewrite_files(eve: &Seat, honest: &[Seat]) -> Result<Flood> {
    let folder = eve.folder.join("noise");
    std::fs::create_dir_all(&folder)?;
    for number in 0..200 {
        std::fs::write(folder.join(format!("{number}.txt")), "0")?;
    }
    eve.share(TOWN, "noise")?;
    let begun = Instant::now();
    let mut flood = Flood::default();
    std::thread::scope(|scope| {
        let writing = scope.spawn(|| {
            let mut tried: u64 = 0;
            while begun.elapsed() < LASTS {
                // New files every time: what only rewrites would be stopped by the brake of her own program.
                let name = format!("new-{tried}.txt");
                if std::fs::write(folder.join(name), tried.to_string()).is_ok() {
                    tried += 1;
                }
                if tried.is_multiple_of(100) {
                    std::thread::sleep(Duration::from_millis(50));
                }
            }
            tried
        });
        flood.slowest = slowest_status(honest, begun);
        flood.tried = writing.join().unwrap_or_default();
    });
    Ok(flood)
}

/// Mallory's key, without her program: as many messages to Carol's computer as the line takes.
fn by_hand(stage: &mut Stage<'_>, scene: &mut Scene, honest: &[Seat]) -> Result<Duration> {
    let (mallory, carol) = (stage.cast.seat("mallory"), stage.cast.seat("carol"));
    let webs = carol.ask("people.webs", &json!({}))?;
    let town = webs["webs"].as_array().into_iter().flatten().find(|web| text(web, "name") == TOWN);
    let web: WebId = text(town.context("no town")?, "id").parse().ok().context("no id")?;
    let key = stolen_key(&mallory)?;
    let device = crate::redteam::line::id_of(key);
    // Her program, if it still runs, would take the line back again and again.
    drop(stage.cast.peer("mallory").kill());
    let to = target(&carol)?;
    let since = Instant::now();
    let flooding = stage.runtime.spawn(async move {
        let endpoint = endpoint(key, "127.0.0.1:0", &[]).await?;
        let connection = connect(&endpoint, &to, MEMBER).await.context("no connection")?;
        let (mut send, mut receive) = connection.open_bi().await?;
        send.write_all(GREETING).await?;
        receive.read_exact(&mut [0; 4]).await?;
        let mut sent: u64 = 0;
        while since.elapsed() < LASTS {
            let digest = EntryId::new(crate::redteam::line::fresh_key());
            let message = wire::to_bytes(&Message::Summary { web, digest });
            let said = frame("records", &message);
            let saying = send.write_all(&said);
            if !matches!(tokio::time::timeout(Duration::from_secs(1), saying).await, Ok(Ok(()))) {
                break;
            }
            sent += 1;
        }
        endpoint.close().await;
        anyhow::Ok(sent)
    });
    let slowest = slowest_status(honest, since);
    let sent = stage.runtime.block_on(flooding)?;
    let (times, end) = match sent {
        Ok(sent) => (sent, format!("the slowest status elsewhere {} ms", slowest.as_millis())),
        Err(error) => (0, format!("not let in: {error:#}")),
    };
    scene.tried(Tried {
        what: "says as many messages as the line takes, without its program",
        times,
        end,
        bytes_read: 0,
        since,
        sign: says(&[&device, "wrote more than is taken"]),
    });
    Ok(slowest)
}
