//! The cryptography formats are made of: Ed25519 strict, HPKE, XChaCha20-Poly1305, BLAKE3.
//!
//! Only calls well-kept crates; no primitive and no handshake of our own (decisions/cryptography.md).

use base::{DeviceId, KeyId};
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use ed25519_dalek::{Signer as _, SigningKey, VerifyingKey};
use hpke::rand_core::{TryCryptoRng, TryRng};
use hpke::{Deserializable, Kem as _, OpModeR, OpModeS, Serializable};
use minicbor::{Decode, Encode};
use zeroize::{Zeroize, ZeroizeOnDrop};

type Kem = hpke::kem::X25519HkdfSha256;
type Kdf = hpke::kdf::HkdfSha256;
type HpkeAead = hpke::aead::ChaCha20Poly1305;

/// An Ed25519 signature (RFC 8032).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Signature(pub [u8; 64]);

impl std::fmt::Debug for Signature {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Signature(..)")
    }
}

impl<C> Encode<C> for Signature {
    fn encode<W: minicbor::encode::Write>(
        &self,
        encoder: &mut minicbor::Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        encoder.bytes(&self.0)?.ok()
    }
}

impl<'b, C> Decode<'b, C> for Signature {
    fn decode(decoder: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        let bytes = decoder.bytes()?;
        bytes
            .try_into()
            .map(Self)
            .map_err(|_length| minicbor::decode::Error::message("wrong length of a signature"))
    }
}

/// Signs with the key of this device.
pub trait Signer {
    /// The device whose key signs.
    fn device(&self) -> DeviceId;
    /// Signs `bytes` for one purpose; a signature for one domain is worth nothing in another.
    fn sign(&self, domain: &str, bytes: &[u8]) -> Signature;
}

/// Checks signatures; the simulator's one remembers what it has checked.
pub trait Verifier {
    /// Says whether `device` signed `bytes` for `domain` (Ed25519, `verify_strict`).
    fn verify(&self, device: &DeviceId, domain: &str, bytes: &[u8], signature: &Signature) -> bool;
}

/// An Ed25519 key pair.
#[derive(Clone)]
pub struct SignKey(SigningKey);

impl SignKey {
    /// Makes the key of a 32-byte secret.
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(seed))
    }

    /// Returns the public half.
    pub fn public(&self) -> [u8; 32] {
        self.0.verifying_key().to_bytes()
    }

    /// Opens what [`seal_to_device`] sealed.
    ///
    /// The same key pair signs and opens: Ed25519 and this KEM are jointly secure (Thormarker, eprint 2021/509).
    pub fn open(&self, sealed: &[u8], purpose: &str, context: &[u8]) -> Option<Vec<u8>> {
        let private = <Kem as hpke::Kem>::PrivateKey::from_bytes(&self.0.to_scalar_bytes()).ok()?;
        open_with(&private, sealed, purpose, context)
    }
}

impl std::fmt::Debug for SignKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SignKey(..)")
    }
}

impl Signer for SignKey {
    fn device(&self) -> DeviceId {
        DeviceId::new(self.public())
    }

    fn sign(&self, domain: &str, bytes: &[u8]) -> Signature {
        Signature(self.0.sign(&signed_message(domain, bytes)).to_bytes())
    }
}

/// The verifier that checks every signature.
#[derive(Debug, Clone, Copy, Default)]
pub struct Strict;

impl Verifier for Strict {
    fn verify(&self, device: &DeviceId, domain: &str, bytes: &[u8], signature: &Signature) -> bool {
        verify(device.as_bytes(), domain, bytes, signature)
    }
}

/// Says whether the holder of `public` signed `bytes` for `domain` (Ed25519, `verify_strict`).
pub fn verify(public: &[u8; 32], domain: &str, bytes: &[u8], signature: &Signature) -> bool {
    let Ok(key) = VerifyingKey::from_bytes(public) else { return false };
    let signature = ed25519_dalek::Signature::from_bytes(&signature.0);
    key.verify_strict(&signed_message(domain, bytes), &signature).is_ok()
}

fn signed_message(domain: &str, bytes: &[u8]) -> Vec<u8> {
    let mut message = Vec::with_capacity(domain.len() + 1 + bytes.len());
    message.extend_from_slice(domain.as_bytes());
    message.push(0);
    message.extend_from_slice(bytes);
    message
}

/// A person's key pair for what is sealed to the person (X25519).
#[derive(Clone)]
pub struct PersonKey {
    private: <Kem as hpke::Kem>::PrivateKey,
    public: [u8; 32],
    secret: zeroize::Zeroizing<[u8; 32]>,
}

impl PersonKey {
    /// Derives the key pair of a 32-byte secret (RFC 9180, `DeriveKeyPair`).
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        let (private, public) = Kem::derive_keypair(seed);
        Self { private, public: public.to_bytes().into(), secret: zeroize::Zeroizing::new(*seed) }
    }

    /// Returns the public half, as it stands in the person's inception.
    pub fn public(&self) -> [u8; 32] {
        self.public
    }

    /// Seals the secret itself to a device of the person.
    pub fn seal_secret(
        &self,
        to: &DeviceId,
        purpose: &str,
        context: &[u8],
        seed: &[u8; 32],
    ) -> Option<Vec<u8>> {
        seal_to_device(to.as_bytes(), purpose, context, &*self.secret, seed)
    }

    /// Opens what [`seal_to`] sealed; `None` when it was sealed for somebody or something else.
    pub fn open(&self, sealed: &[u8], purpose: &str, context: &[u8]) -> Option<Vec<u8>> {
        open_with(&self.private, sealed, purpose, context)
    }
}

fn open_with(
    private: &<Kem as hpke::Kem>::PrivateKey,
    sealed: &[u8],
    purpose: &str,
    context: &[u8],
) -> Option<Vec<u8>> {
    let (encapsulated, ciphertext) = sealed.split_first_chunk::<32>()?;
    let encapsulated = <Kem as hpke::Kem>::EncappedKey::from_bytes(encapsulated).ok()?;
    hpke::single_shot_open::<HpkeAead, Kdf, Kem>(
        &OpModeR::Base,
        private,
        &encapsulated,
        purpose.as_bytes(),
        ciphertext,
        context,
    )
    .ok()
}

impl std::fmt::Debug for PersonKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PersonKey(..)")
    }
}

/// Seals bytes to a person's public key (HPKE base mode, X25519, HKDF-SHA256, ChaCha20-Poly1305).
///
/// `seed` must be fresh randomness. `None` when `public` is not a usable key.
pub fn seal_to(
    public: &[u8; 32],
    purpose: &str,
    context: &[u8],
    plain: &[u8],
    seed: &[u8; 32],
) -> Option<Vec<u8>> {
    let public = <Kem as hpke::Kem>::PublicKey::from_bytes(public).ok()?;
    let mut stream =
        SeedStream(blake3::Hasher::new_derive_key("althing hpke v1").update(seed).finalize_xof());
    let (encapsulated, ciphertext) = hpke::single_shot_seal_with_rng::<HpkeAead, Kdf, Kem>(
        &OpModeS::Base,
        &public,
        purpose.as_bytes(),
        plain,
        context,
        &mut stream,
    )
    .ok()?;
    let mut sealed = encapsulated.to_bytes().to_vec();
    sealed.extend_from_slice(&ciphertext);
    Some(sealed)
}

/// Seals bytes to the holder of an Ed25519 key, as [`seal_to`], with the X25519 form of the key (RFC 7748, section 4.1).
pub fn seal_to_device(
    public: &[u8; 32],
    purpose: &str,
    context: &[u8],
    plain: &[u8],
    seed: &[u8; 32],
) -> Option<Vec<u8>> {
    let public = VerifyingKey::from_bytes(public).ok()?.to_montgomery().to_bytes();
    seal_to(&public, purpose, context, plain, seed)
}

/// Randomness drawn from one seed, so that a simulated run can be replayed.
struct SeedStream(blake3::OutputReader);

impl TryRng for SeedStream {
    type Error = std::convert::Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        let mut bytes = [0; 4];
        self.0.fill(&mut bytes);
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes);
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Self::Error> {
        self.0.fill(bytes);
        Ok(())
    }
}

impl TryCryptoRng for SeedStream {}

/// Returns a number for some bytes that nobody can tell without the secret (the first 8 bytes, big-endian, of BLAKE3 keyed
/// with it).
pub fn keyed_number(secret: &[u8; 32], bytes: &[u8]) -> u64 {
    let hash = blake3::keyed_hash(secret, bytes);
    hash.as_bytes().iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// The key of an epoch: every member of that epoch holds it. Never stored in a row.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct EpochKey([u8; 32]);

impl EpochKey {
    /// Makes the key of 32 random bytes.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Returns the secret, for wrapping only.
    pub fn secret(&self) -> &[u8; 32] {
        &self.0
    }

    /// Returns the key's name, which commits to it.
    pub fn id(&self) -> KeyId {
        KeyId::new(blake3::derive_key("althing epoch id v1", &self.0))
    }

    /// Encrypts for everybody who holds the key (XChaCha20-Poly1305); a nonce is used once.
    ///
    /// # Panics
    /// For a message of 256 GiB or more, which no format allows.
    pub fn seal(&self, purpose: &str, nonce: &[u8; 24], context: &[u8], plain: &[u8]) -> Vec<u8> {
        self.cipher(purpose)
            .encrypt(&XNonce::from(*nonce), Payload { msg: plain, aad: context })
            .expect("XChaCha20-Poly1305 encrypts any message below 256 GiB")
    }

    /// Decrypts; `None` when key, purpose, nonce, context or bytes are not those of [`Self::seal`].
    pub fn open(&self, purpose: &str, nonce: &[u8; 24], context: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        self.cipher(purpose).decrypt(&XNonce::from(*nonce), Payload { msg: sealed, aad: context }).ok()
    }

    /// Derives a secret that only those have who hold the key; each purpose has its own.
    pub fn derive(&self, purpose: &str) -> [u8; 32] {
        blake3::derive_key(purpose, &self.0)
    }

    fn cipher(&self, purpose: &str) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&blake3::derive_key(purpose, &self.0).into())
    }
}

impl std::fmt::Debug for EpochKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "EpochKey({})", self.id().short())
    }
}
