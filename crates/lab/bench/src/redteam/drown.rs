//! An outsider makes so much noise that nobody can report anything else that day; then a member misbehaves.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use serde_json::json;

use crate::redteam::cast::TOWN;
use crate::redteam::line::{
    GREETING, MEMBER, Target, connect, end_of, endpoint, fresh_key, id_of, say, stolen_key, target,
};
use crate::redteam::stage::{Scene, Stage, Tried};
use crate::redteam::watch::{Sign, says};

/// Keys under which it knocks: more than a computer keeps reports of in a day.
const KEYS: usize = 130;
/// Where it comes from.
const FROM: &str = "127.0.0.88";

pub(crate) fn act(stage: &mut Stage<'_>, scene: &mut Scene) -> Result<()> {
    let targets: Vec<Target> = ["alice", "bob", "carol", "dan"]
        .iter()
        .map(|name| target(&stage.cast.seat(name)))
        .collect::<Result<_>>()?;
    let since = Instant::now();
    stage.runtime.block_on(async {
        for _ in 0..KEYS {
            let endpoint = endpoint(fresh_key(), &format!("{FROM}:0"), &[]).await?;
            let mut knocks = tokio::task::JoinSet::new();
            for target in &targets {
                let (endpoint, target) = (endpoint.clone(), target.clone());
                knocks.spawn(async move {
                    if let Some(connection) = connect(&endpoint, &target, MEMBER).await {
                        end_of(&connection).await;
                    }
                });
            }
            knocks.join_all().await;
            endpoint.close().await;
        }
        anyhow::Ok(())
    })?;
    // What is counted is told every two seconds.
    std::thread::sleep(Duration::from_secs(3));
    let odds = stage.cast.seat("bob").ask("guard.odd", &json!({ "web": TOWN }))?;
    let known = odds["odds"].as_array().map_or(0, Vec::len);
    scene.tried(Tried {
        what: "knocks at everybody under ever new keys",
        times: u64::try_from(KEYS * targets.len())?,
        end: format!("refused each time; Bob knows of {known} devices then"),
        bytes_read: 0,
        since,
        sign: says(&[FROM]),
    });

    // Eve's computer has broken nothing so far: this would be news.
    let eve = stage.cast.seat("eve");
    let key = stolen_key(&eve)?;
    stage.cast.peer("eve").kill()?;
    let bob = targets.get(1).context("nobody")?;
    let since = Instant::now();
    let is_shut = stage.runtime.block_on(async {
        let endpoint = endpoint(key, "127.0.0.1:0", &[]).await?;
        let connection = connect(&endpoint, bob, MEMBER).await.context("a member is let in")?;
        say(&connection, b"GET / HTTP/1.1\r\n\r\n").await;
        let is_shut = match connect(&endpoint, bob, MEMBER).await {
            Some(again) => say(&again, GREETING).await.is_empty(),
            None => true,
        };
        endpoint.close().await;
        anyhow::Ok(is_shut)
    })?;
    let device = id_of(key);
    let sign: Sign =
        Box::new(move |line| line.text.contains(&device) && line.text.contains("broke the protocol"));
    let noticed = stage.watch.wait(since, &sign, Duration::from_secs(10)).is_some();
    scene.tried(Tried {
        what: "in that noise a member breaks the protocol at Bob's",
        times: 1,
        end: format!(
            "Bob's computer {} to hers; {}",
            if is_shut { "does not talk" } else { "still talks" },
            if noticed { "told" } else { "told to nobody" }
        ),
        bytes_read: 0,
        since,
        sign,
    });
    Ok(())
}
