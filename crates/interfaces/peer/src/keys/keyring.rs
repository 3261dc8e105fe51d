//! Keys sealed under a random key that lies in the system's keyring (Secret Service: GNOME Keyring, KWallet).
//!
//! Every call is bounded and none asks a person anything: a computer without a keyring, or with a locked one, says so
//! soon. Not for: what is sealed (`format`).

use std::time::Duration;

use wire::crypto::EpochKey;
use zeroize::Zeroizing;

/// How long the keyring may take: a peer must not hang because of it.
const PATIENCE: Duration = Duration::from_secs(5);

/// Why the keyring gives nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyringTrouble {
    /// There is none, or it does not answer.
    None,
    /// It is locked.
    Locked,
    /// It has no key for this home.
    Lost,
}

impl std::fmt::Display for KeyringTrouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::None => "no keyring answers here",
            Self::Locked => "the keyring is locked",
            Self::Lost => "the keyring has no key for this home",
        })
    }
}

async fn bounded<T>(work: impl Future<Output = Result<T, KeyringTrouble>>) -> Result<T, KeyringTrouble> {
    tokio::time::timeout(PATIENCE, work).await.unwrap_or(Err(KeyringTrouble::None))
}

/// Reads the key of a home.
pub(super) async fn fetch(item: &[u8; 16]) -> Result<EpochKey, KeyringTrouble> {
    let secret = bounded(service::fetch(&named(item))).await?;
    let secret: &[u8; 32] = secret.as_slice().try_into().ok().ok_or(KeyringTrouble::Lost)?;
    Ok(EpochKey::new(*secret))
}

/// Puts a key there and reads it again: only what comes back may protect anything.
pub(super) async fn keep(item: &[u8; 16], key: &EpochKey, home: &str) -> Result<(), KeyringTrouble> {
    bounded(service::keep(&named(item), key.secret(), &format!("Althing: keys of {home}"))).await?;
    let again = fetch(item).await?;
    (again == *key).then_some(()).ok_or(KeyringTrouble::Lost)
}

/// Takes the key of a home out of the keyring.
pub(super) async fn forget(item: &[u8; 16]) -> Result<(), KeyringTrouble> {
    bounded(service::forget(&named(item))).await
}

fn named(item: &[u8; 16]) -> String {
    item.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(target_os = "linux")]
mod service {
    use std::collections::HashMap;

    use secret_service::{EncryptionType, Error, Item, SecretService};

    use super::{KeyringTrouble, Zeroizing};

    fn trouble(error: &Error) -> KeyringTrouble {
        match error {
            Error::Locked | Error::Prompt | Error::PromptDisconnected => KeyringTrouble::Locked,
            Error::NoResult => KeyringTrouble::Lost,
            _ => KeyringTrouble::None,
        }
    }

    fn attributes(item: &str) -> HashMap<&str, &str> {
        HashMap::from([("application", "althing"), ("home", item)])
    }

    async fn connect() -> Result<SecretService<'static>, KeyringTrouble> {
        SecretService::connect(EncryptionType::Dh).await.map_err(|error| trouble(&error))
    }

    async fn find<'a>(service: &'a SecretService<'_>, item: &str) -> Result<Item<'a>, KeyringTrouble> {
        let found = service.search_items(attributes(item)).await.map_err(|error| trouble(&error))?;
        let missing = if found.locked.is_empty() { KeyringTrouble::Lost } else { KeyringTrouble::Locked };
        found.unlocked.into_iter().next().ok_or(missing)
    }

    pub(super) async fn fetch(item: &str) -> Result<Zeroizing<Vec<u8>>, KeyringTrouble> {
        let service = connect().await?;
        let found = find(&service, item).await?;
        found.get_secret().await.map(Zeroizing::new).map_err(|error| trouble(&error))
    }

    pub(super) async fn keep(item: &str, secret: &[u8; 32], label: &str) -> Result<(), KeyringTrouble> {
        let service = connect().await?;
        let collection = service.get_default_collection().await.map_err(|error| match trouble(&error) {
            KeyringTrouble::Lost => KeyringTrouble::None,
            other => other,
        })?;
        collection.ensure_unlocked().await.map_err(|error| trouble(&error))?;
        let kept = collection.create_item(label, attributes(item), secret, true, "application/octet-stream");
        kept.await.map(|_item| ()).map_err(|error| trouble(&error))
    }

    pub(super) async fn forget(item: &str) -> Result<(), KeyringTrouble> {
        let service = connect().await?;
        let found = find(&service, item).await?;
        found.delete().await.map_err(|error| trouble(&error))
    }
}

#[cfg(not(target_os = "linux"))]
mod service {
    use super::{KeyringTrouble, Zeroizing};

    pub(super) async fn fetch(_: &str) -> Result<Zeroizing<Vec<u8>>, KeyringTrouble> {
        Err(KeyringTrouble::None)
    }

    pub(super) async fn keep(_: &str, _: &[u8; 32], _: &str) -> Result<(), KeyringTrouble> {
        Err(KeyringTrouble::None)
    }

    pub(super) async fn forget(_: &str) -> Result<(), KeyringTrouble> {
        Err(KeyringTrouble::None)
    }
}
