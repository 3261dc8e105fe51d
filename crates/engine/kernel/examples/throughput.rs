//! Measures how many facts per second one kernel records in a real home on this disk.
//!
//! `cargo run --release -p kernel --example throughput [FOLDER]`: a service that writes one row per question, in
//! batches of 50 to 500, every batch durable before its answers leave. The folder decides the disk; a temporary one
//! if not said.

use std::sync::Arc;
use std::time::{Duration, Instant};

use base::{DeviceId, Fault, Timestamp};
use kernel::{AskId, Effect, Input, Kernel, ReadContext, Reader, Service, Step, Vault};
use store::{RedbBacking, Table};
use wire::crypto::{SignKey, Signature, Signer, Strict, Verifier};

/// Questions in a batch, one measurement each.
const BATCHES: [usize; 4] = [50, 100, 200, 500];

/// Questions per measurement.
const FACTS: usize = 40_000;

type Failure = Box<dyn std::error::Error>;

/// What one measurement showed.
#[derive(Debug)]
pub struct Measured {
    /// Questions in a batch.
    pub batch: usize,
    /// Facts recorded and answered.
    pub facts: usize,
    /// From the first question to the last answer.
    pub took: Duration,
}

impl Measured {
    /// Returns facts per second.
    #[expect(clippy::cast_precision_loss, reason = "a rate for people to read")]
    pub fn rate(&self) -> f64 {
        self.facts as f64 / self.took.as_secs_f64()
    }
}

/// Records facts in batches of one size in a home in `folder`.
pub fn measure(folder: &std::path::Path, batch: usize, facts: usize) -> Result<Measured, Failure> {
    let backing = RedbBacking::open(folder.join(format!("facts-{batch}.redb")))?;
    let vault = Box::new(OneKey(SignKey::from_seed(&[1; 32])));
    let mut kernel = Kernel::open(Arc::new(backing), vec![Box::new(Facts)], vault)?;
    let mut now = Timestamp::from_millis(1_790_000_000_000);
    kernel.batch(now, [0; 32], Vec::new())?;
    let began = Instant::now();
    let mut done = 0;
    for round in 0_u64.. {
        if done >= facts {
            break;
        }
        now = now.after(Duration::from_millis(1));
        let inputs = (0_u64..).take(batch).map(|place| Input::Asked {
            ask: AskId(place),
            operation: "facts.record".to_owned(),
            arguments: serde_json::json!({ "text": format!("fact {place} of round {round}"), "of": round }),
        });
        let effects = kernel.batch(now, *blake3::hash(&round.to_be_bytes()).as_bytes(), inputs.collect())?;
        done +=
            effects.iter().filter(|effect| matches!(effect, Effect::Reply { outcome: Ok(_), .. })).count();
    }
    Ok(Measured { batch, facts: done, took: began.elapsed() })
}

#[expect(clippy::print_stdout, reason = "a program whose output is its result")]
fn main() -> Result<(), Failure> {
    let temporary = tempfile::tempdir()?;
    let folder = std::env::args().nth(1).map_or(temporary.path().to_owned(), Into::into);
    for batch in BATCHES {
        let measured = measure(&folder, batch, FACTS)?;
        let (facts, seconds, rate) = (measured.facts, measured.took.as_secs_f64(), measured.rate());
        println!("batches of {batch:>3}: {facts} facts in {seconds:.2} s, {rate:.0} facts/s");
    }
    Ok(())
}

/// Writes each question down as one row.
struct Facts;

const FACTS_TABLE: Table<(u64, u64), String> = Table::new("facts.facts");

impl Service for Facts {
    fn name(&self) -> &'static str {
        "facts"
    }

    fn step(&mut self, step: &mut Step<'_>, input: Input) -> Result<(), Fault> {
        if let Input::Asked { ask, arguments, .. } = input {
            let round = arguments.get("of").and_then(serde_json::Value::as_u64).unwrap_or_default();
            let text = arguments.get("text").and_then(serde_json::Value::as_str).unwrap_or_default();
            FACTS_TABLE.put(step.rows(), &(round, ask.0), &text.to_owned());
            step.reply(ask, &"recorded");
        }
        Ok(())
    }

    fn forget(&mut self) {}

    fn reader(&self) -> Box<dyn Reader> {
        Box::new(Facts)
    }
}

impl Reader for Facts {
    fn read(
        &self,
        context: &ReadContext<'_>,
        _: &str,
        _: serde_json::Value,
    ) -> Result<serde_json::Value, Fault> {
        Ok(FACTS_TABLE.all(context.rows).count().into())
    }
}

/// A vault with a device key and nothing to open.
struct OneKey(SignKey);

impl Signer for OneKey {
    fn device(&self) -> DeviceId {
        self.0.device()
    }

    fn sign(&self, domain: &str, bytes: &[u8]) -> Signature {
        self.0.sign(domain, bytes)
    }
}

impl Verifier for OneKey {
    fn verify(&self, device: &DeviceId, domain: &str, bytes: &[u8], signature: &Signature) -> bool {
        Strict.verify(device, domain, bytes, signature)
    }
}

impl Vault for OneKey {
    fn inception(&self) -> Vec<u8> {
        Vec::new()
    }

    fn open(&self, _: &[u8], _: &str, _: &[u8]) -> Option<Vec<u8>> {
        None
    }

    fn open_for_device(&self, _: &[u8], _: &str, _: &[u8]) -> Option<Vec<u8>> {
        None
    }

    fn seal_person(&self, _: &DeviceId, _: &str, _: &[u8], _: &[u8; 32]) -> Option<Vec<u8>> {
        None
    }
}
