//! Rooms: from what one says until the other's page could show it, in a room and in a direct conversation.

use std::time::{Duration, Instant};

use anyhow::Result;
use serde_json::json;

use crate::Bench;
use crate::pages::spread;
use crate::peers::{Peer, text, web};

/// Messages measured of each kind. A computer says at most 60 in 20 s (spec talk, rule 42).
const MESSAGES: u32 = 150;
const PAUSE: Duration = Duration::from_millis(350);

/// From a message said at one peer until the other has it in its page of messages.
#[allow(clippy::print_stdout, reason = "results go to stdout")]
pub(crate) fn said_until_shown(bench: &Bench) -> Result<()> {
    let peers = web(bench, &["alice", "bob"])?;
    let [alice, bob] = peers.as_slice() else { unreachable!("two names make two peers") };
    let begun = alice.ask("talk.start", &json!({ "web": "bench", "name": "kitchen" }))?;
    let kitchen = text(&begun, "id").to_owned();
    bob.ask_until("talk.rooms", &json!({}), |all| {
        all["rooms"].as_array().is_some_and(|all| !all.is_empty())
    })?;
    println!(
        "said in a room until the other has it, {MESSAGES} messages: {}",
        spread(times(alice, bob, &kitchen)?)
    );
    let begun = alice.ask("talk.direct", &json!({ "web": "bench", "persons": ["bob"] }))?;
    let direct = text(&begun, "id").to_owned();
    alice.ask("talk.say", &json!({ "room": direct, "text": "the first" }))?;
    bob.ask_until("talk.messages", &json!({ "room": direct }), |page| page["messages"][0].is_object())?;
    println!(
        "said to one alone until it is there, {MESSAGES} messages: {}",
        spread(times(alice, bob, &direct)?)
    );
    Ok(())
}

/// Returns seconds.
fn times(alice: &Peer, bob: &Peer, room: &str) -> Result<Vec<f64>> {
    let mut times = Vec::new();
    let newest = json!({ "room": room, "limit": 1 });
    for number in 0..MESSAGES {
        std::thread::sleep(PAUSE);
        let said = format!("message {number}");
        let begun = Instant::now();
        alice.ask("talk.say", &json!({ "room": room, "text": said }))?;
        bob.ask_until("talk.messages", &newest, |page| page["messages"][0]["text"] == said.as_str())?;
        times.push(begun.elapsed().as_secs_f64());
    }
    Ok(times)
}
