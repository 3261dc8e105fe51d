//! An outsider who knows the public ids and addresses of all five computers, and nothing else.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use base::{TicketId, Timestamp, WebId};
use serde_json::json;
use wire::crypto::{PersonKey, SignKey, Signer as _};
use wire::identity::Inception;
use wire::join::{Message, PROOF_DOMAIN, proof_bytes};
use wire::ticket::Ticket;

use crate::peers::text;
use crate::redteam::cast::COUNCIL;
use crate::redteam::line::{
    BUNDLE, GREETING, JOIN, MEMBER, TUNNEL, Target, connect, content_id, end_of, endpoint, fetch, frame,
    fresh_key, id_of, say, target,
};
use crate::redteam::stage::{Scene, Stage, Tried};
use crate::redteam::watch::says;
use crate::redteam::work::MINUTES;

/// Where it comes from: an address of its own, though of this computer.
const FROM: &str = "127.0.0.66:0";
/// How often it tries each invitation and each connection again.
const GUESSES: usize = 40;
const AGAIN: usize = 150;
/// Bytes of a refusal at most: a frame with the web's id and the reason.
const REFUSAL_MAX: u64 = 100;

pub(crate) fn act(stage: &mut Stage<'_>, scene: &mut Scene) -> Result<()> {
    let honest = stage.cast.honest();
    let targets: Vec<Target> = honest.iter().map(target).collect::<Result<_>>()?;
    // It knows what a file of the council is called by its bytes, as somebody may who has heard of it.
    let bob = stage.cast.seat("bob");
    let about = bob.ask("files.about", &json!({ "path": bob.path(COUNCIL, MINUTES, "note-0.txt") }))?;
    let content = content_id(text(&about, "content"))?;
    stage.runtime.block_on(async {
        knock(scene, &targets).await?;
        ask_for_content(scene, &targets, content).await?;
        wrong_protocols(scene, &targets).await?;
        garbage_at_the_door(scene, &targets).await?;
        guess_invitations(scene, &targets).await?;
        again_and_again(scene, &targets).await
    })
}

/// Tries every protocol of members, and says there what members say.
async fn knock(scene: &mut Scene, targets: &[Target]) -> Result<()> {
    let (key, since) = (fresh_key(), Instant::now());
    let endpoint = endpoint(key, FROM, &[]).await?;
    let (mut times, mut heard, mut end) = (0, 0, String::new());
    for target in targets {
        for protocol in [MEMBER, BUNDLE, TUNNEL] {
            times += 1;
            let Some(connection) = connect(&endpoint, target, protocol).await else { continue };
            heard += bytes_heard(&say(&connection, GREETING).await);
            end = end_of(&connection).await;
        }
    }
    endpoint.close().await;
    scene.tried(Tried {
        what: "asks all computers for what members are given",
        times,
        end: format!("closed: {end}"),
        bytes_read: heard,
        since,
        sign: says(&[&id_of(key)]),
    });
    Ok(())
}

async fn ask_for_content(scene: &mut Scene, targets: &[Target], content: [u8; 32]) -> Result<()> {
    let (key, since) = (fresh_key(), Instant::now());
    let endpoint = endpoint(key, FROM, &[]).await?;
    let (mut times, mut read) = (0, 0);
    for target in targets {
        times += 1;
        let Some(connection) = connect(&endpoint, target, iroh_blobs::ALPN).await else { continue };
        read += fetch(connection, content).await;
    }
    endpoint.close().await;
    scene.tried(Tried {
        what: "asks for a content whose id it knows",
        times,
        end: format!("{read} bytes came"),
        bytes_read: read,
        since,
        sign: says(&[&id_of(key)]),
    });
    Ok(())
}

async fn wrong_protocols(scene: &mut Scene, targets: &[Target]) -> Result<()> {
    let (key, since) = (fresh_key(), Instant::now());
    let endpoint = endpoint(key, FROM, &[]).await?;
    let (mut times, mut connected) = (0, 0);
    for target in targets {
        for protocol in [b"h3".as_slice(), b"althing/member/0", b"ssh", b"/iroh-gossip/1", b"dumbpipe/1"] {
            times += 1;
            connected += u64::from(connect(&endpoint, target, protocol).await.is_some());
        }
    }
    endpoint.close().await;
    scene.tried(Tried {
        what: "tries protocols that do not exist here",
        times,
        end: format!("{connected} connections came about"),
        bytes_read: 0,
        since,
        // The handshake ends before it proves its key.
        sign: says(&["not said who it is", "do not exist here", "127.0.0.66"]),
    });
    Ok(())
}

/// Says on the channel for joiners what no joiner says.
async fn garbage_at_the_door(scene: &mut Scene, targets: &[Target]) -> Result<()> {
    let (key, since) = (fresh_key(), Instant::now());
    let endpoint = endpoint(key, FROM, &[]).await?;
    let long = [GREETING, &u32::MAX.to_be_bytes(), &[0; 9_000]].concat();
    let garbage = [GREETING, &frame("people", &[0xff; 400])].concat();
    let elsewhere = [GREETING, &frame("records", &[0; 40])].concat();
    let (mut times, mut heard, mut end) = (0, 0, String::new());
    for target in targets {
        for bytes in [b"GET / HTTP/1.1\r\n\r\n".as_slice(), &long, &garbage, &elsewhere] {
            times += 1;
            let Some(connection) = connect(&endpoint, target, JOIN).await else { continue };
            heard += bytes_at_the_door(&say(&connection, bytes).await);
            connection.close(0_u32.into(), b"");
            end = end_of(&connection).await;
        }
    }
    endpoint.close().await;
    scene.tried(Tried {
        what: "says garbage on the channel for joiners",
        times,
        end: format!("last: {end}"),
        bytes_read: heard,
        since,
        sign: says(&[&id_of(key)]),
    });
    Ok(())
}

/// Knows the web's id, perhaps from an old invitation, and guesses tickets.
async fn guess_invitations(scene: &mut Scene, targets: &[Target]) -> Result<()> {
    let (key, since) = (fresh_key(), Instant::now());
    let endpoint = endpoint(key, FROM, &[]).await?;
    let target = targets.first().context("nobody")?;
    let (mut refused, mut busy, mut other) = (0, 0, 0);
    for _ in 0..GUESSES {
        let Some(connection) = connect(&endpoint, target, JOIN).await else {
            busy += 1;
            continue;
        };
        let ticket =
            Ticket::new(WebId::new(fresh_key()), fresh_key(), Timestamp::from_millis(u64::MAX >> 12));
        let hello = wire::to_bytes(&hello(key, &ticket));
        let heard = read_some(&connection, &[GREETING, &frame("people", &hello)].concat()).await;
        let heard = heard.unwrap_or_default();
        other += bytes_at_the_door(&heard);
        *(if heard.len() > GREETING.len() { &mut refused } else { &mut busy }) += 1;
        connection.close(0_u32.into(), b"");
    }
    endpoint.close().await;
    scene.tried(Tried {
        what: "guesses invitations",
        times: u64::try_from(GUESSES)?,
        end: format!("{refused} refused, {busy} turned away at the door or unanswered"),
        bytes_read: other,
        since,
        sign: says(&[&id_of(key)]),
    });
    Ok(())
}

fn hello(key: [u8; 32], ticket: &Ticket) -> Message {
    let device = SignKey::from_seed(&key);
    let inception = Inception::new(&SignKey::from_seed(&[7; 32]), &device, &PersonKey::from_seed(&[8; 32]));
    let covered = proof_bytes(ticket.web, inception.person(), device.device());
    Message::Hello {
        web: ticket.web,
        ticket: TicketId::new(fresh_key()),
        proof: ticket.key().sign(PROOF_DOMAIN, &covered),
        inception: inception.to_bytes().into(),
        chain: None,
    }
}

/// Says something and returns what comes within a second.
async fn read_some(connection: &iroh::endpoint::Connection, bytes: &[u8]) -> Option<Vec<u8>> {
    let (mut send, mut receive) = connection.open_bi().await.ok()?;
    send.write_all(bytes).await.ok()?;
    let mut heard = Vec::new();
    let reading = async {
        while heard.len() <= 4 {
            match receive.read_chunk(64 * 1024).await {
                Ok(Some(chunk)) => heard.extend_from_slice(&chunk),
                _ => break,
            }
        }
    };
    drop(tokio::time::timeout(Duration::from_secs(1), reading).await);
    Some(heard)
}

async fn again_and_again(scene: &mut Scene, targets: &[Target]) -> Result<()> {
    let (key, since) = (fresh_key(), Instant::now());
    let endpoint = endpoint(key, FROM, &[]).await?;
    let mut tries = tokio::task::JoinSet::new();
    for number in 0..AGAIN {
        let (endpoint, target) = (endpoint.clone(), targets[number % targets.len()].clone());
        tries.spawn(async move {
            let Some(connection) = connect(&endpoint, &target, MEMBER).await else { return 0 };
            bytes_heard(&say(&connection, GREETING).await)
        });
    }
    let mut heard = 0;
    while let Some(one) = tries.join_next().await {
        heard += one?;
    }
    endpoint.close().await;
    scene.tried(Tried {
        what: "connects again and again, many at once",
        times: u64::try_from(AGAIN)?,
        end: "all refused".to_owned(),
        bytes_read: heard,
        since,
        sign: says(&[&id_of(key)]),
    });
    Ok(())
}

/// Counts what was heard, without the greeting that anybody gets.
fn bytes_heard(heard: &[u8]) -> u64 {
    let said = heard.strip_prefix(GREETING).unwrap_or(heard);
    u64::try_from(said.len()).unwrap_or(u64::MAX)
}

/// Counts what was heard at the door: a short refusal is for everybody, an offer of a web is not.
fn bytes_at_the_door(heard: &[u8]) -> u64 {
    let bytes = bytes_heard(heard);
    if bytes > REFUSAL_MAX { bytes } else { 0 }
}
