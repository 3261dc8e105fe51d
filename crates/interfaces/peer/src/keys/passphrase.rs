//! Keys sealed under a passphrase: Argon2id (RFC 9106) makes a guess dear.

use argon2::{Algorithm, Argon2, Params, Version};
use minicbor::{Decode, Encode};
use wire::crypto::EpochKey;
use zeroize::Zeroizing;

use crate::PeerError;

/// What a person knows; wiped when it is no longer used.
pub type Passphrase = Zeroizing<String>;

/// Characters of a passphrase at least: a shorter one is found by trying.
pub const PASSPHRASE_LENGTH_MIN: usize = 8;

/// Bytes of a passphrase at most.
pub const PASSPHRASE_SIZE_MAX: usize = 1_024;

/// Memory of one guess: the second recommended choice of RFC 9106, for computers where 2 GiB are too much.
const MEMORY_KIB: u32 = 64 * 1024;
const PASSES: u32 = 3;
const LANES: u32 = 4;

/// Memory that a file may ask for at most.
const MEMORY_KIB_MAX: u32 = 1024 * 1024;
const PASSES_MAX: u32 = 64;
const LANES_MAX: u32 = 64;

/// How a key is made of a passphrase.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Stretch {
    #[cbor(n(0), with = "minicbor::bytes")]
    salt: [u8; 16],
    #[n(1)]
    memory_kib: u32,
    #[n(2)]
    passes: u32,
    #[n(3)]
    lanes: u32,
}

impl Stretch {
    pub(super) fn new() -> Result<Self, PeerError> {
        let mut salt = [0; 16];
        super::fill_random(&mut salt)?;
        Ok(Self { salt, memory_kib: MEMORY_KIB, passes: PASSES, lanes: LANES })
    }

    /// Says whether the numbers are such as this program would ever write.
    pub(super) fn is_sound(&self) -> bool {
        (8 * LANES_MAX..=MEMORY_KIB_MAX).contains(&self.memory_kib)
            && (1..=PASSES_MAX).contains(&self.passes)
            && (1..=LANES_MAX).contains(&self.lanes)
    }

    /// Makes the key. Takes a tenth of a second and the memory that the file asks for.
    pub(super) fn key(&self, passphrase: &str) -> Result<EpochKey, PeerError> {
        let params = Params::new(self.memory_kib, self.passes, self.lanes, Some(32));
        let params = params.ok().ok_or(PeerError::PassphraseWrong)?;
        let mut key = Zeroizing::new([0; 32]);
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(passphrase.as_bytes(), &self.salt, &mut *key)
            .ok()
            .ok_or(PeerError::PassphraseWrong)?;
        Ok(EpochKey::new(*key))
    }
}

/// Says whether a passphrase may be set.
pub fn check_passphrase(passphrase: &str) -> Result<(), PeerError> {
    let is_long = passphrase.chars().count() >= PASSPHRASE_LENGTH_MIN;
    if !is_long || passphrase.len() > PASSPHRASE_SIZE_MAX {
        return Err(PeerError::PassphraseLength);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_passphrase_and_its_salt_make_one_key() {
        let small = |salt| Stretch { salt: [salt; 16], memory_kib: 512, passes: 1, lanes: 1 };
        let key = |stretch: &Stretch, words| stretch.key(words).unwrap().id();
        assert_eq!(key(&small(1), "plum harvest"), key(&small(1), "plum harvest"));
        assert_ne!(key(&small(1), "plum harvest"), key(&small(2), "plum harvest"));
        assert_ne!(key(&small(1), "plum harvest"), key(&small(1), "plum harvests"));
    }

    #[test]
    fn a_file_cannot_ask_for_all_memory_or_for_ever() {
        let whole = Stretch::new().unwrap();
        assert!(whole.is_sound());
        for bad in [
            Stretch { memory_kib: u32::MAX, ..whole.clone() },
            Stretch { memory_kib: 0, ..whole.clone() },
            Stretch { passes: 0, ..whole.clone() },
            Stretch { passes: 65, ..whole.clone() },
            Stretch { lanes: 0, ..whole.clone() },
            Stretch { lanes: 65, ..whole.clone() },
        ] {
            assert!(!bad.is_sound(), "{bad:?}");
        }
    }

    #[test]
    fn short_and_endless_passphrases_are_refused() {
        assert!(check_passphrase("plümchen").is_ok());
        assert!(check_passphrase("plümche").is_err());
        assert!(check_passphrase(&"x".repeat(1_025)).is_err());
    }
}
