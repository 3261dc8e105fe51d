//! A real web of a thousand members: letting them in, removing one, and what it costs those who come later.
//!
//! The members are keys, not programs: they join at the real services of one peer, whose home a real peer then runs on.

use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use base::{DeviceId, Timestamp, WebId};
use kernel::{AskId, Channel, Effect, Input, Kernel};
use serde_json::{Value, json};
use sim::vault::{Memory, SimVault};
use store::{Backing as _, RedbBacking};
use wire::codec::Bytes;
use wire::crypto::Signer as _;
use wire::entry::{Entry, Header, Log, VERSION};
use wire::governance::{Action, Operation};
use wire::join::{Message, PROOF_DOMAIN, proof_bytes};
use wire::ticket::Ticket;

use super::history::{Keys, MEMBERS};
use crate::Bench;
use crate::peers::{Peer, text};

/// Of the founder's keys.
const SEED: [u8; 32] = [42; 32];

/// A peer answers 300 knocks a minute; a join takes two.
const BETWEEN_KNOCKS_MS: u64 = 250;

/// Files in the share that a newcomer reads.
const FILES: usize = 100;

#[allow(clippy::print_stdout, reason = "results go to stdout")]
pub(crate) fn large(bench: &Bench) -> Result<()> {
    let home = bench.folder.join("alice/home");
    make_home(&home)?;
    let mut alice = Founder::open(&home)?;
    let begun = Instant::now();
    alice.let_everybody_in()?;
    println!("{} members let in one by one: {:.1} s passed", MEMBERS - 1, begun.elapsed().as_secs_f64());
    let before = alice.entries()?;
    let begun = Instant::now();
    alice.ask("people.remove", json!({ "web": "bench", "person": Keys::new(MEMBERS / 2).person }))?;
    let removing = begun.elapsed();
    println!("one of {MEMBERS} removed, without the new key: {:.0} ms passed", removing.as_secs_f64() * 1e3);
    let new = alice.entries()?;
    let written: Vec<usize> = new.iter().skip(before.len()).map(|entry| entry.bytes.len()).collect();
    let wrap = wire::to_bytes(&wire::governance::Wrap {
        person: Keys::new(1).person,
        sealed: Bytes::from(vec![0; wire::governance::WRAP_SIZE]),
    });
    println!("entries written by it: {written:?} bytes; one recipient's part of it: {} bytes", wrap.len());
    println!(
        "all governance of the web: {} entries, {} bytes",
        new.len(),
        new.iter().map(|entry| entry.bytes.len()).sum::<usize>()
    );
    drop(alice);
    with_real_peers(bench)
}

/// The founder's real peer, a newcomer, a second computer, a removal.
#[allow(clippy::print_stdout, reason = "results go to stdout")]
fn with_real_peers(bench: &Bench) -> Result<()> {
    let alice = Peer::start(bench, "alice")?;
    crate::folders::make_files(&alice.folder.join("things"), FILES, 0)?;
    crate::peers::share(&alice, &alice.folder.join("things"), "things")?;
    let bob = Peer::start(bench, "bob")?;
    bob.ask("people.introduce", &json!({ "name": "bob" }))?;
    let tree = json!({ "path": "bench/alice/things/folder000" });
    let is_listed = |answer: &Value| answer["entries"].as_array().is_some_and(|all| all.len() == FILES);

    let link = alice.ask("people.invite", &json!({ "web": "bench" }))?;
    let joining = bob.ask("people.join", &json!({ "link": text(&link, "link") }))?;
    let is_welcomed =
        |answer: &Value| text(answer, "why").starts_with("admitted") || text(answer, "state") == "member";
    let id = json!({ "id": joining["id"] });
    let welcome = bob.ask_until("people.joining", &id, is_welcomed)?;
    let member = bob.ask_until("people.joining", &id, |answer| text(answer, "state") == "member")?;
    let listed = bob.ask_until("files.list", &tree, is_listed)?;
    said("a newcomer is welcomed", welcome);
    said("then it has the history and is a member", member);
    said("then it lists a share", listed);

    let second = Peer::start(bench, "second")?;
    let begun = Instant::now();
    let link = alice.ask("people.add_device", &json!({}))?;
    second.ask("people.pair", &json!({ "link": text(&link, "link"), "name": "second" }))?;
    second.ask_until("files.list", &tree, is_listed)?;
    said("a second computer, from the link until it lists the share", begun.elapsed());

    let devices = alice.ask("people.devices", &json!({}))?;
    let second_id = devices["devices"].as_array().into_iter().flatten().find(|one| one["is_this"] == false);
    let second_id = second_id.map(|one| one["id"].clone()).context("no second computer")?;
    let begun = Instant::now();
    alice.ask("people.revoke_device", &json!({ "device": second_id }))?;
    said("revoking it: answered", begun.elapsed());
    let is_known = |answer: &Value| answer["acts"].to_string().contains("revoked the device");
    bob.ask_until("people.audit", &json!({ "web": "bench" }), is_known)?;
    said("known at the newcomer, looked up in the whole log", begun.elapsed());

    let carol = Peer::start(bench, "carol")?;
    carol.ask("people.introduce", &json!({ "name": "carol" }))?;
    let link = alice.ask("people.invite", &json!({ "web": "bench" }))?;
    carol.ask("people.join", &json!({ "link": text(&link, "link") }))?;
    carol.ask_until("files.list", &tree, is_listed)?;
    let carol_id = carol.ask("people.me", &json!({}))?["person"].clone();
    let role_is = |answer: &Value, is_in: bool| {
        let mut members = answer["members"].as_array().into_iter().flatten();
        members.any(|member| member["id"] == carol_id && member["role"].is_null() != is_in)
    };
    let members = json!({ "web": "bench" });
    bob.ask_until("people.members", &members, |answer| role_is(answer, true))?;
    let log = json!({ "web": "bench" });
    let keys = |answer: &Value| answer["acts"].to_string().matches("made a new key").count();
    let before = keys(&alice.ask("people.audit", &log)?);
    let begun = Instant::now();
    alice.ask("people.remove", &json!({ "web": "bench", "person": carol_id }))?;
    said("removing a member: answered", begun.elapsed());
    alice.ask_until("people.audit", &log, |answer| keys(answer) > before)?;
    said("the new key is written for everybody, looked up in the whole log", begun.elapsed());
    bob.ask_until("people.members", &members, |answer| role_is(answer, false))?;
    said("known at the other peer", begun.elapsed());
    println!(
        "resident: founder {:.0} MB, newcomer {:.0} MB",
        alice.resident_megabytes()?,
        bob.resident_megabytes()?
    );
    Ok(())
}

#[allow(clippy::print_stdout, reason = "results go to stdout")]
fn said(what: &str, time: Duration) {
    println!("{what}: {:.0} ms", time.as_secs_f64() * 1e3);
}

/// Makes the home of a real peer whose keys are those of [`SimVault`].
fn make_home(home: &Path) -> Result<()> {
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(home)?;
    let mut keys = Vec::new();
    let mut encoder = minicbor::Encoder::new(&mut keys);
    encoder.array(4)?.u16(1)?;
    for purpose in ["sim device", "sim person", "sim recovery"] {
        encoder.bytes(&blake3::derive_key(purpose, &SEED))?;
    }
    let mut file =
        std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(home.join("keys"))?;
    Ok(std::io::Write::write_all(&mut file, &keys)?)
}

/// The services of the founder's peer, over its real store.
struct Founder {
    kernel: Kernel,
    backing: Arc<RedbBacking>,
    device: DeviceId,
    now_ms: u64,
    batches: u64,
    web: Option<WebId>,
}

impl Founder {
    fn open(home: &Path) -> Result<Self> {
        let backing = Arc::new(RedbBacking::open(home.join("store.redb"))?);
        let services: Vec<Box<dyn kernel::Service>> = vec![
            Box::new(records::service()),
            Box::new(people::service()),
            Box::new(files::service(&home.to_string_lossy())),
            Box::new(search::service()),
        ];
        let vault = SimVault::new(&SEED, Memory::none());
        let device = vault.device();
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?;
        // All joins are over by now: the real peer goes on with a right clock.
        let joins_ms = u64::try_from(MEMBERS)? * 2 * BETWEEN_KNOCKS_MS;
        let now_ms = u64::try_from(now.as_millis())?.saturating_sub(joins_ms + 60_000);
        let kernel =
            Kernel::open(Arc::clone(&backing) as Arc<dyn store::Backing>, services, Box::new(vault))?;
        Ok(Self { kernel, backing, device, now_ms, batches: 0, web: None })
    }

    fn batch(&mut self, inputs: Vec<Input>) -> Result<Vec<Effect>> {
        self.batches += 1;
        self.now_ms += BETWEEN_KNOCKS_MS;
        let seed = *blake3::hash(&self.batches.to_be_bytes()).as_bytes();
        Ok(self.kernel.batch(Timestamp::from_millis(self.now_ms), seed, inputs)?)
    }

    fn ask(&mut self, operation: &str, arguments: Value) -> Result<Value> {
        let ask = AskId(self.batches + 1);
        let effects = self.batch(vec![Input::Asked { ask, operation: operation.to_owned(), arguments }])?;
        let reply = effects.into_iter().find_map(|effect| match effect {
            Effect::Reply { ask: of, outcome } if of == ask => Some(outcome),
            _ => None,
        });
        match reply.context("no answer")? {
            Ok(answer) => Ok(answer),
            Err(fault) => bail!("{operation}: {fault:?}"),
        }
    }

    fn entries(&self) -> Result<Vec<Entry>> {
        let web = self.web.context("no web")?;
        let mut entries =
            records::governance(&*self.backing.snapshot()?, web).collect::<Result<Vec<_>, _>>()?;
        entries.sort_by_key(|entry| {
            Operation::read(&entry.header.body).map_or(0, |operation| operation.lamport)
        });
        Ok(entries)
    }

    /// Founds the web and lets everybody in, at the door as strangers come.
    fn let_everybody_in(&mut self) -> Result<()> {
        self.ask("people.introduce", json!({ "name": "alice" }))?;
        let web = self.ask("people.start_web", json!({ "name": "bench" }))?;
        self.web = Some(text(&web, "id").parse()?);
        self.batch(vec![Input::Reachable { addresses: vec!["127.0.0.1:1".to_owned()] }])?;
        let link = self.ask("people.invite", json!({ "web": "bench", "uses": MEMBERS }))?;
        let ticket = Ticket::from_text(text(&link, "link"))?;
        let mut last = Instant::now();
        for number in 1..MEMBERS {
            self.let_in(&ticket, &Keys::new(number)).with_context(|| format!("member {number}"))?;
            if number % 250 == 249 {
                said(&format!("  the last 250 of {}", number + 1), last.elapsed());
                last = Instant::now();
            }
        }
        Ok(())
    }

    fn let_in(&mut self, ticket: &Ticket, keys: &Keys) -> Result<()> {
        let (web, device) = (ticket.web, keys.device.device());
        let proof = ticket.key().sign(PROOF_DOMAIN, &proof_bytes(web, keys.person, device));
        let inception = Bytes::from(keys.inception.clone());
        let hello =
            Message::Hello { web, ticket: ticket.id(), proof, inception: inception.clone(), chain: None };
        let Message::Offer { heads, lamport, .. } = self.say(device, &hello)? else { bail!("no offer") };
        let action = Action::Join { ticket: ticket.id(), proof, inception, chain: None, key: None };
        let time = Timestamp::from_millis(self.now_ms);
        let operation = Operation { deps: heads, lamport: lamport + 1, time, action };
        let header = Header {
            version: VERSION,
            web,
            log: Log::Governance,
            author: device,
            seq: 1,
            previous: base::EntryId::new([0; 32]),
            body: Bytes::from(wire::to_bytes(&operation)),
        };
        let entry = Bytes::from(Entry::sign(header, &keys.device).bytes);
        let Message::Welcome { .. } = self.say(device, &Message::Request { entry, before: None })? else {
            bail!("no welcome")
        };
        Ok(())
    }

    /// Says something at the door and returns the answer.
    fn say(&mut self, from: DeviceId, message: &Message) -> Result<Message> {
        let message = wire::to_bytes(message);
        let heard = Input::Heard { from, channel: Channel::Join, service: "people".to_owned(), message };
        let me = self.device;
        let answers = self.batch(vec![heard])?;
        let answer = answers.into_iter().find_map(|effect| match effect {
            Effect::Send { to, channel: Channel::Join, message, .. } if to == from => Some(message),
            _ => None,
        });
        Ok(Message::read(&answer.with_context(|| format!("{me:?} says nothing"))?)?)
    }
}
