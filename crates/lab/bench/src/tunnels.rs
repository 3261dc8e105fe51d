//! Tunnels: how much goes through one, and how long a prompt takes, against a raw iroh stream and the service itself.

use std::io::{BufRead as _, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, Result};
use serde_json::json;

use crate::peers::{text, web};
use crate::{Bench, RUNS, median};

/// Bytes of one measurement.
pub(crate) const AMOUNT: usize = 1 << 30;
/// Prompts of one byte, each answered before the next.
pub(crate) const PROMPTS: usize = 2_000;
/// What a client says first: send [`AMOUNT`], or answer prompts.
pub(crate) const SEND: u8 = b's';
pub(crate) const ANSWER: u8 = b'a';
/// Bytes moved at once.
pub(crate) const STEP: usize = 128 * 1024;

/// Measures a tunnel between two peers on loopback.
#[allow(clippy::print_stdout, reason = "results go to stdout")]
pub(crate) fn measure(bench: &Bench) -> Result<()> {
    let service = TcpListener::bind("127.0.0.1:0")?;
    let own = service.local_addr()?.to_string();
    // Ends with the program.
    drop(std::thread::Builder::new().spawn(move || serve(&service))?);

    let peers = web(bench, &["alice", "bob"])?;
    let port: u16 = own.rsplit(':').next().context("no port")?.parse()?;
    peers[0].ask("tunnels.offer", &json!({ "port": port, "as": "service" }))?;
    peers[1].ask_until("tunnels.list", &json!({}), |list| list["tunnels"][0]["is_reachable"] == true)?;
    let opened = peers[1].ask("tunnels.open", &json!({ "tunnel": "service" }))?;
    let tunnel = text(&opened, "address").to_owned();

    let (mut through, mut raw, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for run in 0..RUNS {
        let before = (peers[0].processor_seconds()?, peers[1].processor_seconds()?);
        let ours = amount(&tunnel)?;
        let after = (peers[0].processor_seconds()?, peers[1].processor_seconds()?);
        let theirs = by_iroh("amount")?;
        println!(
            "run {run}: tunnel {ours:.0} MiB/s (processor {:.1} s gives, {:.1} s takes), iroh stream {theirs:.0} MiB/s",
            after.0 - before.0,
            after.1 - before.1
        );
        through.push(ours);
        raw.push(theirs);
        ratios.push(ours / theirs);
    }
    println!(
        "1 GiB, median of {RUNS}: tunnel {:.0} MiB/s, raw iroh stream {:.0} MiB/s, ratio {:.2}",
        median(through),
        median(raw),
        median(ratios)
    );
    let (mut ours, mut theirs, mut without) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..RUNS {
        ours.push(prompt(&tunnel)?);
        theirs.push(by_iroh("prompt")?);
        without.push(prompt(&own)?);
    }
    let [ours, theirs, without] = [ours, theirs, without].map(median);
    println!(
        "a prompt of one byte: tunnel {ours:.3} ms, raw iroh stream {theirs:.3} ms, the service itself {without:.3} ms: {:.3} ms more than iroh",
        ours - theirs
    );
    Ok(())
}

fn serve(listener: &TcpListener) {
    for client in listener.incoming().flatten() {
        // Each ends with its client.
        let begun = std::thread::Builder::new().spawn(move || drop(answer(client)));
        drop(begun);
    }
}

fn answer(mut client: TcpStream) -> Result<()> {
    client.set_nodelay(true)?;
    let mut first = [0; 1];
    client.read_exact(&mut first)?;
    if first == [SEND] {
        let step = vec![7; STEP];
        for _ in 0..AMOUNT / STEP {
            client.write_all(&step)?;
        }
        return Ok(());
    }
    while client.read_exact(&mut first).is_ok() {
        client.write_all(&first)?;
    }
    Ok(())
}

/// Returns MiB per second.
fn amount(address: &str) -> Result<f64> {
    let mut service = TcpStream::connect(address)?;
    let begun = Instant::now();
    service.write_all(&[SEND])?;
    let mut step = vec![0; STEP];
    let mut left = AMOUNT;
    while left > 0 {
        let count = service.read(&mut step)?;
        anyhow::ensure!(count > 0, "{left} bytes are missing");
        left = left.saturating_sub(count);
    }
    Ok(1024.0 / begun.elapsed().as_secs_f64())
}

/// Returns the median of the milliseconds that a byte there and back takes.
fn prompt(address: &str) -> Result<f64> {
    let mut service = TcpStream::connect(address)?;
    service.set_nodelay(true)?;
    service.write_all(&[ANSWER])?;
    let mut times = Vec::with_capacity(PROMPTS);
    for _ in 0..PROMPTS {
        let begun = Instant::now();
        service.write_all(b"?")?;
        service.read_exact(&mut [0; 1])?;
        times.push(begun.elapsed().as_secs_f64() * 1_000.0);
    }
    Ok(median(times))
}

/// Measures the same over one stream of iroh between two processes.
fn by_iroh(what: &str) -> Result<f64> {
    let program = std::env::current_exe()?;
    let mut service =
        Command::new(&program).arg("raw-serve").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    let mut lines = std::io::BufReader::new(service.stdout.take().context("no output")?).lines();
    let address = lines.next().context("the service said nothing")??;
    let output = Command::new(&program).arg("raw-ask").arg(what).arg(address).output()?;
    drop(service.stdin.take());
    service.wait()?;
    let said = String::from_utf8(output.stdout)?;
    said.trim().parse().with_context(|| String::from_utf8_lossy(&output.stderr).into_owned())
}
