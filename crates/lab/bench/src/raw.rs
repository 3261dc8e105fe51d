//! The opponent: iroh-blobs as it comes, one process that provides a file and one that fetches it.

use std::path::Path;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use iroh::endpoint::{Endpoint, RelayMode, presets};
use iroh::protocol::Router;
use iroh_blobs::BlobsProtocol;
use iroh_blobs::api::blobs::{AddPathOptions, ImportMode};
use iroh_blobs::store::fs::FsStore;
use iroh_blobs::ticket::BlobTicket;

/// Runs one side.
pub(crate) fn run(mode: &str, arguments: &[String]) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    match (mode, arguments) {
        ("raw-provide", [file]) => runtime.block_on(provide(Path::new(file))),
        ("raw-fetch", [ticket]) => runtime.block_on(fetch(ticket)),
        _ => bail!("unknown mode {mode}"),
    }
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
