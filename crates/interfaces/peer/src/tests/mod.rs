//! Tests of the home, the keys and the kernel's thread.

mod engine;
mod home;
mod place;
mod protect;

use std::sync::Arc;

use crate::Home;
use crate::vault::HomeVault;
use crate::words::WordBook;

/// Makes the vault of a home, as a peer does when it starts.
fn vault_of(home: &Home) -> HomeVault {
    let keys = Arc::new(home::opened(home));
    HomeVault::new(Arc::clone(&keys), Arc::new(WordBook::new(keys)))
}
