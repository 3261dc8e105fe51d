//! The opponents: iroh-blobs as it comes, one process that provides a file and one that fetches it; and one stream of iroh.

use std::path::Path;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use iroh::endpoint::{Endpoint, RelayMode, presets};
use iroh::protocol::Router;
use iroh_blobs::BlobsProtocol;
use iroh_blobs::api::blobs::{AddPathOptions, ImportMode};
use iroh_blobs::store::fs::FsStore;
use iroh_blobs::ticket::BlobTicket;

use crate::tunnels::{AMOUNT, ANSWER, PROMPTS, SEND, STEP};

/// Runs one side.
pub(crate) fn run(mode: &str, arguments: &[String]) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    match (mode, arguments) {
        ("raw-provide", [file]) => runtime.block_on(provide(Path::new(file))),
        ("raw-fetch", [ticket]) => runtime.block_on(fetch(ticket)),
        ("raw-serve", []) => runtime.block_on(serve()),
        ("raw-ask", [what, address]) => runtime.block_on(ask(what, address)),
        _ => bail!("unknown mode {mode}"),
    }
}

const STREAM: &[u8] = b"bench/stream";

/// Prints an address and serves streams until stdin closes.
#[allow(clippy::print_stdout, reason = "the address goes to the other process")]
async fn serve() -> Result<()> {
    let endpoint = endpoint().await?;
    endpoint.set_alpns(vec![STREAM.to_vec()]);
    println!("{}", BlobTicket::new(endpoint.addr(), iroh_blobs::Hash::EMPTY, iroh_blobs::BlobFormat::Raw));
    let closed = tokio::task::spawn_blocking(|| std::io::stdin().read_line(&mut String::new()));
    let serving = async {
        let connection = endpoint.accept().await.context("the endpoint has ended")?.await?;
        let (mut send, mut receive) = connection.accept_bi().await?;
        let mut first = [0; 1];
        receive.read_exact(&mut first).await?;
        if first == [SEND] {
            let step = bytes::Bytes::from(vec![7; STEP]);
            for _ in 0..AMOUNT / STEP {
                send.write_chunk(step.clone()).await?;
            }
            send.finish()?;
        } else {
            while receive.read_exact(&mut first).await.is_ok() {
                send.write_all(&first).await?;
            }
        }
        connection.closed().await;
        anyhow::Ok(())
    };
    tokio::select! {
        served = serving => served,
        read = closed => {
            read??;
            Ok(())
        }
    }
}

/// Prints MiB per second, or milliseconds of a byte there and back.
#[allow(clippy::print_stdout, reason = "the number goes to the other process")]
async fn ask(what: &str, address: &str) -> Result<()> {
    let ticket: BlobTicket = address.parse()?;
    let endpoint = endpoint().await?;
    let connection = endpoint.connect(ticket.addr().clone(), STREAM).await?;
    let (mut send, mut receive) = connection.open_bi().await?;
    let begun = Instant::now();
    if what == "amount" {
        send.write_all(&[SEND]).await?;
        let mut left = AMOUNT;
        while let Some(chunk) = receive.read_chunk(STEP).await? {
            left = left.saturating_sub(chunk.len());
        }
        anyhow::ensure!(left == 0, "{left} bytes are missing");
        println!("{}", 1024.0 / begun.elapsed().as_secs_f64());
        return Ok(());
    }
    send.write_all(&[ANSWER]).await?;
    let mut times = Vec::with_capacity(PROMPTS);
    for _ in 0..PROMPTS {
        let begun = Instant::now();
        send.write_all(b"?").await?;
        receive.read_exact(&mut [0; 1]).await?;
        times.push(begun.elapsed().as_secs_f64() * 1_000.0);
    }
    println!("{}", crate::median(times));
    Ok(())
}

async fn endpoint() -> Result<Endpoint> {
    let builder = Endpoint::builder(presets::Minimal).relay_mode(RelayMode::Disabled).clear_ip_transports();
    Ok(builder.bind_addr("127.0.0.1:0")?.bind().await?)
}

/// Prints a ticket and provides until stdin closes.
#[allow(clippy::print_stdout, reason = "the ticket goes to the other process")]
async fn provide(file: &Path) -> Result<()> {
    let folder = tempfile::tempdir_in(file.parent().context("no folder")?)?;
    let store = FsStore::load(folder.path()).await?;
    let options = AddPathOptions {
        path: file.canonicalize()?,
        format: iroh_blobs::BlobFormat::Raw,
        mode: ImportMode::TryReference,
    };
    let tag = store.blobs().add_path_with_opts(options).await?;
    let endpoint = endpoint().await?;
    let router =
        Router::builder(endpoint.clone()).accept(iroh_blobs::ALPN, BlobsProtocol::new(&store, None)).spawn();
    println!("{}", BlobTicket::new(endpoint.addr(), tag.hash, tag.format));
    tokio::task::spawn_blocking(|| std::io::stdin().read_line(&mut String::new())).await??;
    router.shutdown().await?;
    Ok(())
}

/// Fetches into a fresh store and prints the milliseconds it took.
#[allow(clippy::print_stdout, reason = "the time goes to the other process")]
async fn fetch(ticket: &str) -> Result<()> {
    let ticket: BlobTicket = ticket.parse()?;
    let folder = tempfile::tempdir()?;
    let store = FsStore::load(folder.path()).await?;
    let endpoint = endpoint().await?;
    let begun = Instant::now();
    let connection = endpoint.connect(ticket.addr().clone(), iroh_blobs::ALPN).await?;
    store.remote().fetch(connection, ticket.hash()).complete().await?;
    println!("{}", begun.elapsed().as_millis());
    store.shutdown().await?;
    Ok(())
}
