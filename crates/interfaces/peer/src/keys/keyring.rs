//! Keys sealed under a random key that lies in the system's keyring: the Secret Service of freedesktop.org, over D-Bus.
//!
//! Nothing here waits for a person: a keyring that is locked, missing or silent is said, and a peer that starts by itself
//! does not hang. Not for: opening a locked keyring, which the desktop does at log-in.

use std::collections::HashMap;
use std::time::Duration;

use data_encoding::HEXLOWER;
use minicbor::{Decode, Encode};
use secret_service::{Collection, EncryptionType, Error, SecretService};
use wire::crypto::EpochKey;
use zeroize::Zeroizing;

use crate::PeerError;

/// How long a keyring is waited for. One that is there answers within some milliseconds.
const WAIT: Duration = Duration::from_secs(5);

/// Whose a secret in the keyring is, and which one: what other programs of this user see of it.
const APPLICATION: &str = "althing";
const CONTENT_TYPE: &str = "application/octet-stream";

/// Where in the keyring a key lies. No secret.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(super) struct Slot {
    #[cbor(n(0), with = "minicbor::bytes")]
    name: [u8; 16],
}

impl Slot {
    /// Puts a new key into the keyring, and sees that it is there.
    pub(super) fn new() -> Result<(Self, EpochKey), PeerError> {
        let (mut name, mut key) = ([0; 16], Zeroizing::new([0; 32]));
        super::fill_random(&mut name)?;
        super::fill_random(&mut *key)?;
        let slot = Self { name };
        ask(async |keyring| slot.put(keyring, &key).await)?;
        let found = slot.key()?;
        if found != EpochKey::new(*key) {
            return Err(PeerError::KeyringFailed { why: "it gave back another key than it got".to_owned() });
        }
        Ok((slot, found))
    }

    /// Takes the key out of the keyring.
    pub(super) fn key(&self) -> Result<EpochKey, PeerError> {
        let secret = ask(async |keyring| self.get(keyring).await)?;
        let secret = <[u8; 32]>::try_from(secret.as_slice()).ok().map(Zeroizing::new);
        secret.map(|secret| EpochKey::new(*secret)).ok_or(PeerError::KeyringLacksKey)
    }

    async fn put(&self, keyring: &SecretService<'_>, key: &[u8; 32]) -> Result<(), PeerError> {
        let collection = open_collection(keyring).await?;
        let name = HEXLOWER.encode(&self.name);
        let label = "Althing: the key of a home's secrets";
        let item = collection.create_item(label, attributes(&name), key, true, CONTENT_TYPE).await;
        item.map(drop).map_err(fault_of)
    }

    async fn get(&self, keyring: &SecretService<'_>) -> Result<Zeroizing<Vec<u8>>, PeerError> {
        let name = HEXLOWER.encode(&self.name);
        let found = keyring.search_items(attributes(&name)).await.map_err(fault_of)?;
        match (found.unlocked.first(), found.locked.first()) {
            (Some(item), _) => item.get_secret().await.map(Zeroizing::new).map_err(fault_of),
            (None, Some(_)) => Err(PeerError::KeyringLocked),
            // A keyring that is locked may not even say what is in it.
            (None, None) => match keyring.get_default_collection().await {
                Ok(collection) if collection.is_locked().await.map_err(fault_of)? => {
                    Err(PeerError::KeyringLocked)
                }
                _ => Err(PeerError::KeyringLacksKey),
            },
        }
    }
}

/// Says whether the keyring would take a key now, without giving it one.
pub(super) fn takes_keys() -> Result<(), PeerError> {
    ask(async |keyring| open_collection(keyring).await.map(drop))
}

/// Returns the default keyring. Another may be forgotten when its owner logs out, and every key of the home with it.
async fn open_collection<'a>(keyring: &'a SecretService<'_>) -> Result<Collection<'a>, PeerError> {
    let collection = keyring.get_default_collection().await.map_err(|error| match error {
        Error::NoResult => PeerError::KeyringMissing { why: "it has no default keyring yet" },
        error => fault_of(error),
    })?;
    if collection.is_locked().await.map_err(fault_of)? {
        return Err(PeerError::KeyringLocked);
    }
    Ok(collection)
}

fn attributes(name: &str) -> HashMap<&str, &str> {
    HashMap::from([("application", APPLICATION), ("home-key", name)])
}

/// Asks the keyring something, on a thread and a runtime of its own: who asks may or may not stand inside of another.
fn ask<T: Send>(
    question: impl AsyncFnOnce(&SecretService<'_>) -> Result<T, PeerError> + Send,
) -> Result<T, PeerError> {
    let talk = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(PeerError::NoThreads)?;
        let answer = runtime.block_on(async {
            let answer = async {
                // Its own encryption of what it says keeps secrets out of a bus that is watched.
                question(&SecretService::connect(EncryptionType::Dh).await.map_err(unreached)?).await
            };
            let silent = || Err(PeerError::KeyringMissing { why: "it does not answer" });
            tokio::time::timeout(WAIT, answer).await.unwrap_or_else(|_late| silent())
        });
        runtime.shutdown_background();
        answer
    };
    let ended = std::thread::scope(|scope| scope.spawn(talk).join());
    ended.unwrap_or_else(|_panic| Err(PeerError::KeyringFailed { why: "its library has failed".to_owned() }))
}

/// Why there is nobody to ask: no bus, or nobody on it who keeps secrets.
fn unreached(error: Error) -> PeerError {
    match error {
        Error::Zbus(_) | Error::ZbusFdo(_) | Error::Unavailable => {
            PeerError::KeyringMissing { why: "none runs in this session" }
        }
        error => fault_of(error),
    }
}

fn fault_of(error: Error) -> PeerError {
    match error {
        Error::Unavailable => PeerError::KeyringMissing { why: "none runs in this session" },
        // Who is asked, and says no or nothing, has not opened it.
        Error::Locked | Error::Prompt | Error::PromptDisconnected => PeerError::KeyringLocked,
        Error::NoResult => PeerError::KeyringLacksKey,
        error => PeerError::KeyringFailed { why: error.to_string() },
    }
}
