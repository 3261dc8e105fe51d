//! `mail-desk FOLDER IMAP-PORT SMTP-PORT NAME=PASSWORD…`: mail on files, so that real mail programs can be driven.
//!
//! Each NAME has the address `NAME@test.althing.internal`. Says `ready` with its ports, and ends on Ctrl-C or TERM.

mod account;
mod desk;
mod folder;

use std::sync::Arc;

use anyhow::Context as _;
use mail::{MailConfig, MailPorts};
use tokio::signal::unix::{SignalKind, signal};

#[tokio::main]
#[expect(clippy::print_stdout, reason = "whoever starts it waits for this line")]
async fn main() -> anyhow::Result<()> {
    let mut words = std::env::args().skip(1);
    let mut next = || words.next().context("usage: mail-desk FOLDER IMAP-PORT SMTP-PORT NAME=PASSWORD…");
    let (folder, imap_port, smtp_port) = (next()?, next()?.parse()?, next()?.parse()?);
    let people: Vec<(String, String)> = words
        .map(|word| word.split_once('=').map(|(name, password)| (name.to_owned(), password.to_owned())))
        .collect::<Option<_>>()
        .context("write NAME=PASSWORD")?;
    let desk = Arc::new(desk::Desk::open(folder.as_ref(), &people)?);
    let ports = MailPorts::bind(&MailConfig { imap_port, smtp_port }).await?;
    println!("ready: IMAP {}, SMTP {}", ports.imap_port(), ports.smtp_port());
    let serving = ports.serve(desk);
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        done = tokio::signal::ctrl_c() => done?,
        _ = terminate.recv() => {}
    }
    serving.stop().await;
    Ok(())
}
