//! All faults of the house, for the page that shows them.

use base::Fault;

use crate::{failure, manual};

/// Returns `docs/errors.md`.
pub(crate) fn page() -> String {
    manual::faults(all())
}

/// Returns one fault of each kind that any crate makes.
fn all() -> Vec<Fault> {
    [failure::faults(), gateways::faults(), peer::faults()].concat()
}
