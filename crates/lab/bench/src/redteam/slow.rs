//! A scan so slow that no computer sees much of it: one knock now and then, each time at another one, each time under
//! another key.

use std::time::{Duration, Instant};

use anyhow::Result;

use crate::redteam::line::{GREETING, MEMBER, Target, connect, endpoint, fresh_key, say, target};
use crate::redteam::stage::{Scene, Stage, Tried};
use crate::redteam::watch::says;

/// Where it comes from: always from there, for a home's line has one address.
const FROM: &str = "127.0.0.77";
/// Knocks in all: each computer is touched once.
const KNOCKS: usize = 5;
/// Knocks in all the time there is; two working days of 16 hours in four minutes: one every half an hour.
const KNOCKS_IN_ALL: u64 = 30;

pub(crate) fn act(stage: &mut Stage<'_>, scene: &mut Scene) -> Result<()> {
    let targets: Vec<Target> = stage.cast.honest().iter().map(target).collect::<Result<_>>()?;
    let (mut heard, mut third) = (0, Instant::now());
    let since = Instant::now();
    for (number, target) in targets.iter().take(KNOCKS).enumerate() {
        if number > 0 {
            std::thread::sleep(Duration::from_secs(stage.minutes * 60 / KNOCKS_IN_ALL));
        }
        // Before three computers were touched nobody can tell a scan from a mistake.
        if number < 3 {
            third = Instant::now();
        }
        heard += stage.runtime.block_on(async {
            let endpoint = endpoint(fresh_key(), &format!("{FROM}:0"), &[]).await?;
            let heard = match connect(&endpoint, target, MEMBER).await {
                Some(connection) => say(&connection, GREETING).await,
                None => Vec::new(),
            };
            endpoint.close().await;
            anyhow::Ok(u64::try_from(heard.len())?)
        })?;
    }
    scene.tried(Tried {
        what: "knocks once at each computer, under a new key each time",
        times: u64::try_from(KNOCKS)?,
        end: format!(
            "refused each time; {} s in all, counted from its third computer on",
            since.elapsed().as_secs()
        ),
        bytes_read: heard,
        since: third,
        sign: says(&[FROM, "looks for computers"]),
    });
    Ok(())
}
