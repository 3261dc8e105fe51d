//! A malicious member: admitted by an invitation, and from then on she speaks with her own hands, under the key of her
//! device.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use base::{ContentId, DeviceId, EntryId, WebId};
use iroh::endpoint::{Connection, Endpoint, RecvStream, SendStream};
use serde_json::json;
use wire::crypto::SignKey;
use wire::entry::{Entry, Header, Log};
use wire::sync::Message;

use crate::peers::text;
use crate::redteam::cast::{COUNCIL, Seat, TOWN};
use crate::redteam::line::{
    BUNDLE, GREETING, MEMBER, Target, connect, content_id, end_of, endpoint, fetch, frame, say, stolen_key,
    target,
};
use crate::redteam::stage::{Scene, Stage, Tried};
use crate::redteam::watch::{Sign, says, says_before};
use crate::redteam::work::MINUTES;

/// A file of hers, large enough to be streamed.
const FILM: &str = "film.bin";
const FILM_BYTES: usize = 300_000;
/// Forged entries in one message.
const FORGED: usize = 20;
/// How long a link may take: a call of the other side that nobody answers ends after ten seconds.
const LINKED_WITHIN: Duration = Duration::from_secs(20);
/// How long the line of one move is waited for before the next, so that they are not mistaken for each other.
const BETWEEN: Duration = Duration::from_secs(6);

/// Mallory without her program.
struct Mallory<'a> {
    key: [u8; 32],
    device: String,
    endpoint: Endpoint,
    stage: &'a Stage<'a>,
}

pub(crate) fn act(stage: &mut Stage<'_>, scene: &mut Scene) -> Result<()> {
    let mallory = stage.cast.seat("mallory");
    let film = mallory.folder.join("films");
    std::fs::create_dir_all(&film)?;
    std::fs::write(film.join(FILM), vec![b'm'; FILM_BYTES])?;
    mallory.share(TOWN, "films")?;
    let honest = stage.cast.honest();
    let path = mallory.path(TOWN, "films", FILM);
    for seat in &honest {
        seat.until("files.about", &json!({ "path": path }), |about| !text(about, "content").is_empty())?;
    }
    let bob = stage.cast.seat("bob");
    let about = bob.ask("files.about", &json!({ "path": bob.path(COUNCIL, MINUTES, "note-0.txt") }))?;
    let foreign = content_id(text(&about, "content"))?;
    let webs = bob.ask("people.webs", &json!({}))?;
    let web_called = |name: &str| -> Result<WebId> {
        let web = webs["webs"].as_array().into_iter().flatten().find(|web| text(web, "name") == name);
        text(web.context("no such web")?, "id").parse().ok().context("no id")
    };
    let (town, council) = (web_called(TOWN)?, web_called(COUNCIL)?);
    let at = mallory.addresses()?.first().context("no address")?.clone();
    let targets: Vec<Target> = honest.iter().map(target).collect::<Result<_>>()?;
    let (key, device) = (stolen_key(&mallory)?, mallory.device()?);
    stage.cast.peer("mallory").kill()?;
    let endpoint = stage.runtime.block_on(endpoint(key, &at, &[MEMBER, BUNDLE, iroh_blobs::ALPN]))?;
    let hers = Mallory { key, device, endpoint, stage };
    let find = |name: &str| targets.iter().find(|target| target.name == name).context("nobody of that name");
    stage.runtime.block_on(hers.ask_for_foreign(scene, find("Bob")?, foreign, council))?;
    stage.runtime.block_on(hers.forge(scene, find("Bob")?, find("Alice")?, town))?;
    hers.break_protocols(scene, &targets)?;
    hers.give_wrong_bytes(scene, find("Bob")?, &bob, &path);
    stage.runtime.block_on(hers.sign_twice(scene, find("Alice")?, town))?;
    stage.runtime.block_on(hers.endpoint.close());
    Ok(())
}

impl Mallory<'_> {
    /// Makes a link as her program would; tries again while the other computer calls hers, or does not talk to it for a while.
    async fn link(&self, to: &Target) -> Result<(Connection, SendStream, RecvStream)> {
        let begun = Instant::now();
        loop {
            match self.link_once(to).await {
                Err(error) if begun.elapsed() > LINKED_WITHIN => return Err(error),
                Err(_) => tokio::time::sleep(Duration::from_millis(500)).await,
                linked => return linked,
            }
        }
    }

    async fn link_once(&self, to: &Target) -> Result<(Connection, SendStream, RecvStream)> {
        let connection = connect(&self.endpoint, to, MEMBER).await.context("no connection")?;
        let (mut send, mut receive) = connection.open_bi().await?;
        send.write_all(GREETING).await?;
        let mut greeting = [0; 4];
        tokio::time::timeout(Duration::from_secs(3), receive.read_exact(&mut greeting)).await??;
        ensure!(greeting == GREETING, "no greeting");
        Ok((connection, send, receive))
    }

    /// Asks as a member of one web for contents of another.
    async fn ask_for_foreign(
        &self,
        scene: &mut Scene,
        bob: &Target,
        content: [u8; 32],
        council: WebId,
    ) -> Result<()> {
        let since = Instant::now();
        let connection =
            connect(&self.endpoint, bob, iroh_blobs::ALPN).await.context("a member is let in")?;
        let mut read = fetch(connection, content).await;
        let items: Vec<(ContentId, u64)> =
            (1..50).map(|size| (ContentId::new(content), size * 100)).collect();
        let request = wire::to_bytes(&(council, items));
        let length = u32::try_from(request.len())?.to_be_bytes();
        let connection = connect(&self.endpoint, bob, BUNDLE).await.context("a member is let in")?;
        let answer = self.ask_whole(&connection, &[&length[..], &request].concat()).await;
        // One byte other than 0 says that an item is refused.
        read += u64::try_from(if answer.contains(&0) { answer.len() } else { 0 })?;
        scene.tried(Tried {
            what: "asks for contents of a web it is not in",
            times: 50,
            end: format!("refused: {read} bytes came"),
            bytes_read: read,
            since,
            sign: self.sign_before_next().await,
        });
        Ok(())
    }

    async fn ask_whole(&self, connection: &Connection, bytes: &[u8]) -> Vec<u8> {
        let asking = async {
            let (mut send, mut receive) = connection.open_bi().await.ok()?;
            send.write_all(bytes).await.ok()?;
            send.finish().ok()?;
            receive.read_to_end(1 << 20).await.ok()
        };
        tokio::time::timeout(Duration::from_secs(5), asking).await.ok().flatten().unwrap_or_default()
    }

    /// A sign that names her and a deed.
    fn sign(&self, deed: &str) -> Sign {
        says(&[&self.device, deed])
    }

    /// A sign that names her before her next move, which leaves the same words.
    async fn sign_before_next(&self) -> Sign {
        tokio::time::sleep(BETWEEN).await;
        says_before(&[&self.device], Instant::now())
    }

    fn entry(&self, author: DeviceId, web: WebId, seq: u64) -> Entry {
        let header = Header {
            version: wire::entry::VERSION,
            web,
            log: Log::Records,
            author,
            seq,
            previous: EntryId::new([0; 32]),
            body: vec![seq.to_le_bytes()[0]; 64].into(),
        };
        Entry::sign(header, &SignKey::from_seed(&self.key))
    }

    /// Says that Alice's computer has written what it has not.
    async fn forge(&self, scene: &mut Scene, bob: &Target, alice: &Target, web: WebId) -> Result<()> {
        let (connection, mut send, _receive) = self.link(bob).await?;
        let since = Instant::now();
        let author = DeviceId::new(*alice.address.id.as_bytes());
        let entries = (0..FORGED).map(|seq| self.entry(author, web, 1 + seq as u64).bytes.into()).collect();
        let message = wire::to_bytes(&Message::Entries { web, entries, is_last: true });
        send.write_all(&frame("records", &message)).await?;
        send.write_all(&frame("records", &[0xff; 300])).await?;
        let sign = self.sign_before_next().await;
        let end = connection
            .close_reason()
            .map_or("dropped in silence, the link stands".to_owned(), |why| why.to_string());
        scene.tried(Tried {
            what: "forges entries in Alice's name, and says garbage to a service",
            times: u64::try_from(FORGED)? + 1,
            end,
            bytes_read: 0,
            since,
            sign,
        });
        Ok(())
    }

    /// Four ways to break the protocol, each at another computer.
    fn break_protocols(&self, scene: &mut Scene, targets: &[Target]) -> Result<()> {
        let too_long = [GREETING, &u32::MAX.to_be_bytes(), &[0; 400]].concat();
        let garbage = [GREETING, &300_u32.to_be_bytes(), &[0xff; 300]].concat();
        let moves: [(&'static str, &str, &[u8], Vec<u8>); 4] = [
            ("greets wrongly", "Alice", MEMBER, b"GET / HTTP/1.1\r\n\r\n".to_vec()),
            ("says a message of 4 GB", "Carol", MEMBER, too_long),
            ("says a frame that is none", "Dan", MEMBER, garbage),
            ("asks for a bundle beyond its limits", "Alice's second computer", BUNDLE, vec![0xff; 64]),
        ];
        for (what, whom, protocol, bytes) in moves {
            let to = targets.iter().find(|target| target.name == whom).context("nobody of that name")?;
            let since = Instant::now();
            let end = self.stage.runtime.block_on(async {
                let connection = connect(&self.endpoint, to, protocol).await.context("a member is let in")?;
                say(&connection, &bytes).await;
                anyhow::Ok(end_of(&connection).await)
            })?;
            let (device, at) = (self.device.clone(), to.name.clone());
            let sign: Sign = Box::new(move |line| {
                line.by == at && line.text.contains(&device) && line.text.contains("broke the protocol")
            });
            self.stage.watch.wait(since, &sign, BETWEEN);
            scene.tried(Tried {
                what,
                times: 1,
                end: format!("{whom}'s computer ended the connection: {end}"),
                bytes_read: 0,
                since,
                sign,
            });
        }
        Ok(())
    }

    /// Bob asks for her film; she gives other bytes.
    fn give_wrong_bytes(&self, scene: &mut Scene, target: &Target, bob: &Seat, path: &str) {
        let since = Instant::now();
        let serving = self.stage.runtime.spawn(serve_noise(self.endpoint.clone()));
        // It may fail, because Bob's computer has called hers in the meantime: then that link stands.
        let link = self.stage.runtime.block_on(self.link(target)).ok();
        let got = bob.open(path);
        let wrong = got.as_ref().is_ok_and(|bytes| *bytes != vec![b'm'; FILM_BYTES]);
        let sign = self.sign("gave wrong bytes");
        self.stage.watch.wait(since, &sign, BETWEEN);
        drop(link);
        // What it gives after that is not asked for any more.
        let again = self.stage.runtime.block_on(connect(&self.endpoint, target, MEMBER));
        let is_shut = match again {
            Some(connection) => self.stage.runtime.block_on(say(&connection, GREETING)).is_empty(),
            None => true,
        };
        serving.abort();
        scene.tried(Tried {
            what: "gives wrong bytes for a content of hers",
            times: 1,
            end: format!(
                "Bob got {}; afterwards his computer {}",
                if got.is_ok() { "bytes" } else { "nothing" },
                if is_shut { "does not talk to hers" } else { "still talks to hers" }
            ),
            bytes_read: 0,
            since,
            sign,
        });
        scene.claim("nobody is given wrong bytes", !wrong, format!("{} wrong", u8::from(wrong)));
        scene.claim("who gives wrong bytes is cut off", is_shut, format!("{is_shut}"));
    }

    /// Signs another beginning of her own log.
    async fn sign_twice(&self, scene: &mut Scene, alice: &Target, web: WebId) -> Result<()> {
        let (_connection, mut send, _receive) = self.link(alice).await?;
        let since = Instant::now();
        let me = DeviceId::new(*self.endpoint.id().as_bytes());
        let entries = vec![self.entry(me, web, 1).bytes.into()];
        send.write_all(&frame("records", &wire::to_bytes(&Message::Entries { web, entries, is_last: true })))
            .await?;
        tokio::time::sleep(Duration::from_secs(2)).await;
        scene.tried(Tried {
            what: "signs two histories",
            times: 1,
            end: "proven; from there on nothing of it counts".to_owned(),
            bytes_read: 0,
            since,
            sign: self.sign("signed two histories"),
        });
        Ok(())
    }
}

/// Answers whoever connects: greets members, and gives noise for every content.
async fn serve_noise(endpoint: Endpoint) {
    let mut answers = tokio::task::JoinSet::new();
    while let Some(incoming) = endpoint.accept().await {
        let Ok(connection) = incoming.await else { continue };
        answers.spawn(async move {
            let mut streams = Vec::new();
            while let Ok((mut send, mut receive)) = connection.accept_bi().await {
                if connection.alpn() == MEMBER {
                    drop(send.write_all(GREETING).await);
                    streams.push((send, receive));
                    continue;
                }
                drop(receive.read_to_end(64 * 1024).await);
                drop(send.write_all(&(FILM_BYTES as u64).to_le_bytes()).await);
                drop(send.write_all(&vec![0x55; FILM_BYTES]).await);
                drop(send.finish());
            }
        });
    }
}
