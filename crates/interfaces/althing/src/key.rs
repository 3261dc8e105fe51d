//! `althing key`: how the secrets of a home are protected on the disk. The peer must not run meanwhile.

use std::path::Path;

use base::Fault;
use clap::{Arg, ArgAction, ArgMatches, Command};
use peer::{Protect, Protection, check_passphrase};
use serde_json::json;

use crate::failure::Failure;
use crate::out::{self, Stop};
use crate::{secret, words};

/// Returns the command with those below it.
pub(crate) fn command() -> Command {
    Command::new("key")
        .about("How this home's secrets are protected on the disk")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(Command::new("status").about("Says where the secrets are and how they are protected"))
        .subcommand(
            Command::new("passphrase")
                .about("Seals the secrets under a passphrase, asked for now and at each start")
                .arg(
                    Arg::new("remove")
                        .long("remove")
                        .action(ArgAction::SetTrue)
                        .help("Seals them no more: then the file's rights alone protect them"),
                ),
        )
        .subcommand(
            Command::new("keyring")
                .about("Seals the secrets under a key in the system's keyring, which opens at log-in")
                .arg(
                    Arg::new("remove")
                        .long("remove")
                        .action(ArgAction::SetTrue)
                        .help("Seals them no more: then the file's rights alone protect them"),
                ),
        )
}

/// Carries out what was typed.
pub(crate) fn run(home: &Path, matches: &ArgMatches, is_json: bool) -> Result<(), Stop> {
    match matches.subcommand() {
        Some(("passphrase", below)) if below.get_flag("remove") => release(home, Protection::Passphrase),
        Some(("passphrase", _)) => {
            let present = present(home)?;
            let new = secret::new()?;
            check_passphrase(&new).map_err(Fault::from)?;
            change(home, present.as_ref(), Protect::Passphrase(new))
        }
        Some(("keyring", below)) if below.get_flag("remove") => release(home, Protection::Keyring),
        Some(("keyring", _)) => change(home, present(home)?.as_ref(), Protect::Keyring),
        _ => status(home, is_json),
    }
}

/// Asks for the passphrase that protects the secrets now, if one does.
fn present(home: &Path) -> Result<Option<peer::Passphrase>, Stop> {
    let is_sealed = peer::protection(home).map_err(Fault::from)? == Some(Protection::Passphrase);
    Ok(is_sealed.then(|| secret::read("The present passphrase: ")).transpose()?)
}

fn release(home: &Path, from: Protection) -> Result<(), Stop> {
    if peer::protection(home).map_err(Fault::from)? != Some(from) {
        return Err(Failure::NotProtectedSo { home: home.to_owned() }.into());
    }
    change(home, present(home)?.as_ref(), Protect::FileRights)
}

fn change(home: &Path, present: Option<&peer::Passphrase>, by: Protect) -> Result<(), Stop> {
    peer::protect(home, present, by).map_err(Fault::from)?;
    status(home, false)
}

fn status(home: &Path, is_json: bool) -> Result<(), Stop> {
    let protection = peer::protection(home).map_err(Fault::from)?;
    let file = peer::keys_path(home);
    if is_json {
        let word = match protection {
            None => "none",
            Some(Protection::FileRights) => "file-rights",
            Some(Protection::Passphrase) => "passphrase",
            Some(Protection::Keyring) => "keyring",
        };
        let answer = json!({ "file": file.display().to_string(), "protection": word });
        return out::data((words::json(&answer) + "\n").as_bytes());
    }
    let file = words::harmless(&file.display().to_string());
    let text = match protection {
        None => "There are no secrets yet: they are made when the peer starts first.\n".to_owned(),
        Some(protection) => format!("The secrets of this home are in {file}, {}\n", in_words(protection)),
    };
    out::data(text.as_bytes())
}

fn in_words(protection: Protection) -> &'static str {
    match protection {
        Protection::FileRights => {
            "which only your account may read. They are not sealed:\nwhoever gets hold of the disk, or of a backup of it, can be you. Better: althing key keyring, or: althing key passphrase"
        }
        Protection::Passphrase => {
            "sealed under a passphrase that is asked for at each start.\nWithout it nobody opens them, you included: nothing can bring a forgotten one back"
        }
        Protection::Keyring => {
            "sealed under a key in the keyring of your account on this computer.\nWithout that keyring nobody opens them, you included: write your recovery words down, or have a second computer"
        }
    }
}
