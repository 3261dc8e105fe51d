//! Native code that a cache of our own kept: sealed when it is made, loaded only while its seal holds.
//!
//! The one crate of the house with `unsafe` (decisions/sandbox.md): wasmtime cannot check native code, so whoever hands it
//! some must know where it comes from. Here that is a keyed hash, checked in the same call that loads; a [`Sealed`] that
//! does not verify cannot become code. Not for: compiling, caching, or code from any other computer (there is no way in).

use wasmtime::Engine;
use wasmtime::Module;
use wasmtime::component::Component;

/// Bytes of a seal.
pub const SEAL_SIZE: usize = 32;

/// The secret that seals; it never leaves this computer.
#[derive(Clone, Copy)]
pub struct SealKey([u8; 32]);

impl std::fmt::Debug for SealKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SealKey")
    }
}

impl SealKey {
    /// Takes the secret as it is.
    #[must_use]
    pub const fn new(secret: [u8; 32]) -> Self {
        Self(secret)
    }

    /// Returns the seal of code under a name: what it was compiled from, and how.
    #[must_use]
    pub fn seal(&self, name: &[u8; 32], code: &[u8]) -> [u8; SEAL_SIZE] {
        *self.hash(name, code).as_bytes()
    }

    /// Says whether a seal is the one of this code under this name; takes the same time whatever differs.
    #[must_use]
    pub fn is_sealed(&self, name: &[u8; 32], code: &[u8], seal: &[u8; SEAL_SIZE]) -> bool {
        // `blake3::Hash` compares in constant time.
        self.hash(name, code) == *seal
    }

    fn hash(&self, name: &[u8; 32], code: &[u8]) -> blake3::Hash {
        let mut hasher = blake3::Hasher::new_keyed(&self.0);
        hasher.update(name);
        hasher.update(code);
        hasher.finalize()
    }
}

/// Native code with its seal.
#[derive(Debug, Clone, Copy)]
pub struct Sealed<'a> {
    /// What it was compiled from, and how.
    pub name: &'a [u8; 32],
    /// What the key made of name and code.
    pub seal: &'a [u8; SEAL_SIZE],
    /// The native code, as wasmtime wrote it.
    pub code: &'a [u8],
}

/// Why native code was not loaded.
#[derive(Debug, thiserror::Error)]
pub enum NotLoaded {
    /// It is not what was sealed.
    #[error("the seal of compiled code does not match")]
    BrokenSeal,
    /// It is of another version or processor.
    #[error("compiled code does not fit this program: {0}")]
    Unfit(String),
}

impl Sealed<'_> {
    /// Loads a core module.
    pub fn module(&self, engine: &Engine, key: &SealKey) -> Result<Module, NotLoaded> {
        self.check(key)?;
        // SAFETY: `deserialize` demands bytes that `Module::serialize` made and nobody changed. The seal was made, with a key
        // that only this computer has, over bytes that our own compiler process wrote; it has just been checked over the
        // same slice that is loaded, which stays borrowed and so cannot change in between.
        unsafe { Module::deserialize(engine, self.code) }.map_err(|error| NotLoaded::Unfit(error.to_string()))
    }

    /// Loads a component.
    pub fn component(&self, engine: &Engine, key: &SealKey) -> Result<Component, NotLoaded> {
        self.check(key)?;
        // SAFETY: as in `module`.
        unsafe { Component::deserialize(engine, self.code) }
            .map_err(|error| NotLoaded::Unfit(error.to_string()))
    }

    fn check(&self, key: &SealKey) -> Result<(), NotLoaded> {
        if key.is_sealed(self.name, self.code, self.seal) { Ok(()) } else { Err(NotLoaded::BrokenSeal) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_whose_seal_does_not_match_is_never_loaded() {
        let (key, name) = (SealKey::new([1; 32]), [2; 32]);
        let engine = Engine::default();
        let code = b"\x7fELF and so on".to_vec();
        let seal = key.seal(&name, &code);
        let check = |key: &SealKey, name: &[u8; 32], seal: &[u8; 32], code: &[u8]| {
            Sealed { name, seal, code }.module(&engine, key).unwrap_err()
        };
        assert!(matches!(check(&key, &name, &seal, &code), NotLoaded::Unfit(_)), "sealed, but no module");
        let mut changed = code.clone();
        changed[3] ^= 1;
        assert!(matches!(check(&key, &name, &seal, &changed), NotLoaded::BrokenSeal));
        assert!(matches!(check(&key, &[3; 32], &seal, &code), NotLoaded::BrokenSeal));
        assert!(matches!(check(&SealKey::new([9; 32]), &name, &seal, &code), NotLoaded::BrokenSeal));
        assert!(matches!(check(&key, &name, &[0; 32], &code), NotLoaded::BrokenSeal));
    }
}
