//! Asks hosts whether they hear us: how many datagrams come back, how long they take, and as whom we are seen.
//!
//! The answer tells the address that the other side saw, which is how a NAT shows what it is.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::process::{ExitCode, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use wan::Machine;

/// Where `echo` listens: the port of the echo service (RFC 862).
const ECHO_PORT: u16 = 7;

/// From where `ping` asks: one port for all, so that the ports seen outside can be compared.
const OWN_PORT: u16 = 40_000;

/// How long after one question the next one goes out.
const GAP: Duration = Duration::from_millis(2);

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(3);

/// What one host answered.
#[derive(Debug, Default)]
struct Answers {
    took: Vec<Duration>,
    seen_as: Option<SocketAddr>,
}

/// Answers datagrams: the number that came, and whom it came from. Does not end by itself.
pub(crate) fn echo() -> Result<ExitCode> {
    let socket =
        UdpSocket::bind((Ipv4Addr::UNSPECIFIED, ECHO_PORT)).context("cannot listen at the echo port")?;
    let mut buffer = [0; 64];
    loop {
        let (_size, sender) = socket.recv_from(&mut buffer).context("listening")?;
        let number = buffer.first_chunk::<4>().copied().unwrap_or_default();
        let answer = [&number[..], sender.to_string().as_bytes()].concat();
        // Where nobody is any more, nobody misses the answer.
        let _sent = socket.send_to(&answer, sender);
    }
}

/// Asks each address `count` times and returns a line for each: who, how many of how many, how long, seen as whom.
pub(crate) fn ping(addresses: &[IpAddr], count: u32) -> Result<String> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, OWN_PORT)).context("cannot open the own port")?;
    let mut answers: BTreeMap<IpAddr, Answers> = BTreeMap::new();
    let begun = Instant::now();
    let mut sent = Vec::new();
    for number in 0..count {
        sent.push(Instant::now());
        for address in addresses {
            // Nobody's being there is what is to be found out.
            let _sent = socket.send_to(&number.to_be_bytes(), (*address, ECHO_PORT));
        }
        listen(&socket, begun + GAP * (number + 1), &sent, &mut answers)?;
    }
    let all = addresses.len() * sent.len();
    let end = Instant::now() + PATIENCE;
    while Instant::now() < end && answers.values().map(|one| one.took.len()).sum::<usize>() < all {
        listen(&socket, Instant::now() + GAP, &sent, &mut answers)?;
    }
    let mut text = String::new();
    for address in addresses {
        let answers = answers.remove(address).unwrap_or_default();
        let came = answers.took.len();
        write!(text, "{address}: {came} of {count} came back")?;
        if let Some((seen_as, mean)) = answers.seen_as.zip(mean(&answers.took)) {
            write!(text, ", {:.1} ms, seen as {seen_as}", mean.as_secs_f64() * 1000.0)?;
        }
        text.push('\n');
    }
    Ok(text)
}

/// Takes answers until a time.
fn listen(
    socket: &UdpSocket,
    until: Instant,
    sent: &[Instant],
    answers: &mut BTreeMap<IpAddr, Answers>,
) -> Result<()> {
    let mut buffer = [0; 128];
    loop {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(());
        }
        socket.set_read_timeout(Some(left)).context("setting a timeout")?;
        let Ok((size, from)) = socket.recv_from(&mut buffer) else { continue };
        let Some((number, seen_as)) = buffer.get(..size).and_then(|answer| answer.split_first_chunk::<4>())
        else {
            continue;
        };
        let number = usize::try_from(u32::from_be_bytes(*number)).unwrap_or(usize::MAX);
        let Some(sent) = sent.get(number) else { continue };
        let one = answers.entry(from.ip()).or_default();
        one.took.push(sent.elapsed());
        one.seen_as = std::str::from_utf8(seen_as).ok().and_then(|text| text.parse().ok());
    }
}

fn mean(took: &[Duration]) -> Option<Duration> {
    let count = u32::try_from(took.len()).ok().filter(|count| *count > 0)?;
    Some(took.iter().sum::<Duration>() / count)
}

/// Lets one host of a world ask others, and returns what it found.
pub(crate) fn measure(machine: &Machine, from: &str, to: &[&str], count: u32) -> Result<String> {
    let this = std::env::current_exe().context("cannot find this program")?;
    let mut echoes = Vec::new();
    let result = (|| {
        let mut ask = machine.command(from, &this)?;
        ask.args(["ping", &count.to_string()]);
        for host in to {
            ask.arg(machine.address(host)?.to_string());
            let mut echo = machine.command(host, &this)?;
            echoes.push(echo.arg("echo").stdin(Stdio::null()).spawn().context("cannot start the echo")?);
        }
        let output = ask.output().context("cannot start the ping")?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr).trim());
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    })();
    for mut echo in echoes {
        echo.kill().and_then(|()| echo.wait()).context("ending an echo")?;
    }
    result
}
