//! `althing start`: runs the peer in the foreground.

use std::path::Path;

use clap::ArgMatches;

use crate::out::Stop;

/// Runs the peer until it is stopped.
pub(crate) fn run(_home: &Path, _matches: &ArgMatches) -> Result<(), Stop> {
    Ok(())
}
