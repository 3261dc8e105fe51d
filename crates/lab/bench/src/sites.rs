//! Sites: fifty readers of one, and how often its owner gives it.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use serde_json::json;

use crate::Bench;
use crate::peers::{Peer, large_web, random_file, share, text};

/// Who reads.
const READERS: usize = 50;
/// Files of the site, and bytes of each: 20 MB.
const FILES: usize = 40;
const FILE_SIZE: usize = 500_000;

/// All readers open all of a site, at the same moment; then all of another one, one reader every half second.
#[allow(clippy::print_stdout, reason = "results go to stdout")]
pub(crate) fn readers(bench: &Bench) -> Result<()> {
    let names: Vec<String> = (0..=READERS).map(|number| format!("p{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let peers = large_web(bench, &names)?;
    let (owner, readers) = peers.split_first().context("there are some")?;
    let size = f64::from(u32::try_from(FILES * FILE_SIZE)?);
    for (site, apart) in [("crowd", Duration::ZERO), ("queue", Duration::from_millis(500))] {
        publish(owner, site)?;
        let shown = format!("bench/p0/{site}");
        for reader in readers {
            reader.ask_until(
                "files.about",
                &json!({ "path": format!("{shown}/{}", file(FILES - 1)) }),
                |about| about["content"].is_string(),
            )?;
            reader.ask_until("pages.sites", &json!({}), |all| all.to_string().contains(&shown))?;
        }
        let before = given(owner)?;
        let mut times = std::thread::scope(|scope| {
            let all: Vec<_> = readers
                .iter()
                .map(|reader| {
                    let place = shown.clone();
                    std::thread::sleep(apart);
                    scope.spawn(move || read_all(reader, &place))
                })
                .collect();
            all.into_iter()
                .map(|one| one.join().ok().context("a thread panicked")?)
                .collect::<Result<Vec<f64>>>()
        })?;
        times.sort_by(f64::total_cmp);
        let copies = (given(owner)? - before) / size;
        println!(
            "{READERS} readers of a site of {} MB, {} s apart: {copies:.2} copies from its owner; read after {:.1} s (first), {:.1} s (median), {:.1} s (last)",
            size / 1e6,
            apart.as_secs_f64(),
            times[0],
            times[READERS / 2],
            times[READERS - 1]
        );
    }
    Ok(())
}

fn file(number: usize) -> String {
    format!("{number:03}.bin")
}

fn publish(owner: &Peer, site: &str) -> Result<()> {
    let folder = owner.folder.join(site);
    for number in 0..FILES {
        random_file(&folder.join(file(number)), FILE_SIZE as u64)?;
    }
    share(owner, &folder, site)?;
    owner.ask("pages.publish", &json!({ "name": site, "folder": folder, "web": "bench" }))?;
    Ok(())
}

fn given(owner: &Peer) -> Result<f64> {
    owner.ask("host.status", &json!({}))?["given"].as_f64().context("no number")
}

/// Opens a site as a browser does and reads all its files one after the other; returns the seconds it took.
fn read_all(reader: &Peer, site: &str) -> Result<f64> {
    let link = reader.ask("host.open_site", &json!({ "site": site }))?;
    let begun = Instant::now();
    let (host, path) = split(text(&link, "link"))?;
    let (head, _) = get(host, path, "")?;
    let cookie = head.lines().find(|line| line.to_ascii_lowercase().starts_with("set-cookie:"));
    let cookie =
        cookie.and_then(|line| line.split([':', ';']).nth(1)).context(head.clone())?.trim().to_owned();
    for number in 0..FILES {
        let (head, body) = get(host, &format!("/{}", file(number)), &cookie)?;
        ensure!(
            head.starts_with("HTTP/1.1 200") && body.len() == FILE_SIZE,
            "{head}\n\n{}",
            String::from_utf8_lossy(body.get(..2_000.min(body.len())).unwrap_or_default())
        );
    }
    Ok(begun.elapsed().as_secs_f64())
}

fn split(link: &str) -> Result<(&str, &str)> {
    let rest = link.strip_prefix("http://").context("no address")?;
    let end = rest.find('/').context("no path")?;
    Ok(rest.split_at(end))
}

/// Gets an address; returns the head and the body.
fn get(host: &str, path: &str, cookie: &str) -> Result<(String, Vec<u8>)> {
    let port = host.rsplit(':').next().context("no port")?;
    let mut stream = TcpStream::connect(format!("127.0.0.1:{port}"))?;
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: {host}\r\nSec-Fetch-Dest: document\r\nSec-Fetch-Mode: navigate\r\nCookie: {cookie}\r\nConnection: close\r\n\r\n"
    )?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let end = answer.windows(4).position(|part| part == b"\r\n\r\n").context("no head")?;
    let body = answer.split_off(end + 4);
    Ok((String::from_utf8_lossy(&answer).into_owned(), body))
}
