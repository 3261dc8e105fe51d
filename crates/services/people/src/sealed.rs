//! Sealed to named persons: a record that all members of a web carry and only the named ones read (spec identity rules
//! 50 to 56).
//!
//! It is sealed to the persons' keys, so all their devices open it, later ones and those that came by the recovery words
//! too. Sizes are padded and the wraps mixed, so that nobody sees for whom it is; how often who writes is seen.

use base::{DeviceId, PersonId, WebId};
use kernel::Step;
use minicbor::{Decode, Encode};
use store::StoreError;
use wire::codec::Bytes;
use wire::crypto::{EpochKey, PersonKey, seal_to};

/// What the content's key is sealed for.
pub(crate) const WRAP_PURPOSE: &str = "althing/sealed/1";

/// What the content is sealed for, under its key.
const BODY_PURPOSE: &str = "althing sealed record v1";

/// Persons of one record at most; each one that is tried costs every member a key agreement.
pub const PERSONS_MAX: usize = 16;

/// How many wraps there are: the least of these that is enough.
const WRAPS: [usize; 4] = [2, 4, 8, PERSONS_MAX];

/// Bytes of one wrap: encapsulated key, the content's key, tag.
const WRAP_SIZE: usize = 32 + 32 + 16;

/// Bytes of a padded note: the least of these that is enough.
const NOTE_SIZES: [usize; 2] = [1_024, 4_096];

/// The same of a letter, which another service writes for people to read: a text of 16 KiB with what belongs to it fits.
const LETTER_SIZES: [usize; 3] = [1_024, 4_096, 32_768];

/// Bytes that say how long the content is.
const LENGTH_SIZE: usize = 4;

/// The longest content of a letter.
pub const LETTER_PLAIN_MAX: usize = 32_768 - LENGTH_SIZE;

/// The longest content of a note.
pub(crate) const PLAIN_SIZE_MAX: usize = 4_096 - LENGTH_SIZE;

/// Bytes that a content is longer for being sealed.
const TAG_SIZE: usize = 16;

/// The content's key is used for this one content, so there is one nonce.
const NONCE: [u8; 24] = [0; 24];

/// Opens a wrap for a context, if it is for this person.
type Open<'a> = &'a dyn Fn(&[u8], &[u8]) -> Option<Vec<u8>>;

/// Something for named persons only.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Sealed {
    #[n(0)]
    wraps: Vec<Bytes>,
    #[n(1)]
    body: Bytes,
}

impl Sealed {
    /// Seals for persons by their keys; `None` when there are too many or none, a key is unusable, or it is too long.
    pub(crate) fn new(step: &mut Step<'_>, web: WebId, keys: &[[u8; 32]], plain: &[u8]) -> Option<Self> {
        let context = context(web, step.me());
        Self::seal(&mut |label| step.random(label), &context, keys, plain)
    }

    pub(crate) fn seal(
        random: &mut dyn FnMut(&str) -> [u8; 32],
        context: &[u8],
        keys: &[[u8; 32]],
        plain: &[u8],
    ) -> Option<Self> {
        Self::seal_padded(random, context, keys, &pad(plain, &NOTE_SIZES)?)
    }

    /// Seals a letter of `service` for persons of a web by their newest keys; `None` when there are too many or none, the key of one is not
    /// known, or it is too long.
    pub fn letter(
        step: &mut Step<'_>,
        (web, service): (WebId, &str),
        persons: &[PersonId],
        plain: &[u8],
    ) -> Result<Option<Self>, StoreError> {
        let mut keys = Vec::with_capacity(persons.len());
        for person in persons {
            let Some(key) = crate::read::key_of(step.view(), web, *person)? else { return Ok(None) };
            keys.push(key);
        }
        let context = letter_context(web, step.me(), service);
        let sealed = pad(plain, &LETTER_SIZES)
            .and_then(|padded| Self::seal_padded(&mut |label| step.random(label), &context, &keys, &padded));
        Ok(sealed)
    }

    /// Opens a letter of `service` that `author` has sealed in `web`; `None` when it is for others. Costs a key agreement for each wrap and key.
    pub(crate) fn open_letter(
        &self,
        step: &Step<'_>,
        (web, service): (WebId, &str),
        author: DeviceId,
    ) -> Option<Vec<u8>> {
        let open = |wrap: &[u8], context: &[u8]| step.open(wrap, WRAP_PURPOSE, context);
        self.open_with(&open, &letter_context(web, author, service))
    }

    /// Says whether counts and sizes are such as [`Self::letter`] makes.
    pub fn is_letter(&self) -> bool {
        self.has_sizes(&LETTER_SIZES)
    }

    fn seal_padded(
        random: &mut dyn FnMut(&str) -> [u8; 32],
        context: &[u8],
        keys: &[[u8; 32]],
        padded: &[u8],
    ) -> Option<Self> {
        let count = *WRAPS.iter().find(|count| **count >= keys.len()).filter(|_| !keys.is_empty())?;
        let content = EpochKey::new(random("sealed content"));
        let mut wraps = Vec::with_capacity(count);
        for place in 0..count {
            // What nobody can open cannot be told from what somebody can.
            let nobody = PersonKey::from_seed(&random("sealed to nobody")).public();
            let key = keys.get(place).unwrap_or(&nobody);
            let seed = random("sealed wrap");
            wraps.push(Bytes::from(seal_to(key, WRAP_PURPOSE, context, content.secret(), &seed)?));
        }
        wraps.sort_unstable();
        let body = content.seal(BODY_PURPOSE, &NONCE, context, padded).into();
        Some(Self { wraps, body })
    }

    /// Opens what `author` has sealed in `web`; `None` when it is for others. Costs a key agreement for each wrap.
    pub(crate) fn open(&self, step: &Step<'_>, web: WebId, author: DeviceId) -> Option<Vec<u8>> {
        self.open_with(&|wrap, context| step.open(wrap, WRAP_PURPOSE, context), &context(web, author))
    }

    pub(crate) fn open_with(&self, open: Open<'_>, context: &[u8]) -> Option<Vec<u8>> {
        let secret = self.wraps.iter().find_map(|wrap| open(wrap, context))?;
        let content = EpochKey::new(secret.try_into().ok()?);
        unpad(&content.open(BODY_PURPOSE, &NONCE, context, &self.body)?)
    }

    /// Says whether there are no more wraps than one person needs.
    pub(crate) fn is_for_one(&self) -> bool {
        self.wraps.len() <= WRAPS[0]
    }

    /// Says whether counts and sizes are such as [`Self::new`] makes.
    pub(crate) fn is_within(&self) -> bool {
        self.has_sizes(&NOTE_SIZES)
    }

    fn has_sizes(&self, sizes: &[usize]) -> bool {
        let is_padded = sizes.iter().any(|size| self.body.len() == size + TAG_SIZE);
        is_padded
            && WRAPS.contains(&self.wraps.len())
            && self.wraps.iter().all(|wrap| wrap.len() == WRAP_SIZE)
    }
}

/// Binds a record to its web and author: nobody can publish it as its own, or elsewhere.
pub(crate) fn context(web: WebId, author: DeviceId) -> Vec<u8> {
    [web.as_bytes().as_slice(), author.as_bytes()].concat()
}

/// A letter of one service is none of another's.
fn letter_context(web: WebId, author: DeviceId, service: &str) -> Vec<u8> {
    [&context(web, author), service.as_bytes()].concat()
}

fn pad(plain: &[u8], sizes: &[usize]) -> Option<Vec<u8>> {
    let size = *sizes.iter().find(|size| **size >= plain.len().saturating_add(LENGTH_SIZE))?;
    let mut padded = u32::try_from(plain.len()).ok()?.to_be_bytes().to_vec();
    padded.extend_from_slice(plain);
    padded.resize(size, 0);
    Some(padded)
}

fn unpad(padded: &[u8]) -> Option<Vec<u8>> {
    let (length, rest) = padded.split_first_chunk::<LENGTH_SIZE>()?;
    rest.get(..usize::try_from(u32::from_be_bytes(*length)).ok()?).map(<[u8]>::to_vec)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WEB: WebId = WebId::new([1; 32]);
    const ALICE: DeviceId = DeviceId::new([2; 32]);

    fn person(number: u8) -> PersonKey {
        PersonKey::from_seed(&[number; 32])
    }

    fn sealed(persons: &[u8], plain: &[u8]) -> Option<Sealed> {
        let mut count = 0_u64;
        let mut random = |label: &str| {
            count += 1;
            *blake3::hash(format!("{label} {count}").as_bytes()).as_bytes()
        };
        let keys: Vec<[u8; 32]> = persons.iter().map(|number| person(*number).public()).collect();
        Sealed::seal(&mut random, &context(WEB, ALICE), &keys, plain)
    }

    fn opened(sealed: &Sealed, number: u8, context: &[u8]) -> Option<Vec<u8>> {
        sealed.open_with(&|wrap, context| person(number).open(wrap, WRAP_PURPOSE, context), context)
    }

    #[test]
    fn the_named_persons_open_it_and_nobody_else() {
        let one = sealed(&[10, 11, 12], b"come").unwrap();
        for number in [10, 11, 12] {
            assert_eq!(opened(&one, number, &context(WEB, ALICE)).unwrap(), b"come");
        }
        assert_eq!(opened(&one, 13, &context(WEB, ALICE)), None);
        // Nobody can publish it as its own, or in another web.
        assert_eq!(opened(&one, 10, &context(WEB, DeviceId::new([3; 32]))), None);
        assert_eq!(opened(&one, 10, &context(WebId::new([9; 32]), ALICE)), None);
    }

    #[test]
    fn what_travels_shows_neither_for_how_many_nor_how_long_it_is() {
        let sizes = |sealed: &Sealed| (sealed.wraps.len(), wire::to_bytes(sealed).len());
        let short = sealed(&[10], b"come").unwrap();
        assert_eq!(sizes(&short), sizes(&sealed(&[10, 11], &[7; 900]).unwrap()));
        assert!(short.is_within() && sealed(&[10; PERSONS_MAX], &[7; PLAIN_SIZE_MAX]).unwrap().is_within());
        let mut sorted = short.wraps.clone();
        sorted.sort_unstable();
        assert_eq!(short.wraps, sorted, "the order says nothing of who was named first");
    }

    #[test]
    fn too_many_none_or_too_much_is_not_sealed_and_odd_sizes_are_not_taken() {
        assert_eq!(sealed(&[10; PERSONS_MAX + 1], b"come"), None);
        assert_eq!(sealed(&[], b"come"), None);
        assert_eq!(sealed(&[10], &[7; PLAIN_SIZE_MAX + 1]), None);
        let mut odd = sealed(&[10], b"come").unwrap();
        odd.wraps.push(vec![0; WRAP_SIZE].into());
        assert!(!odd.is_within());
        odd.wraps.truncate(2);
        assert!(odd.is_within());
        odd.body = vec![0; 1_000].into();
        assert!(!odd.is_within());
    }

    #[test]
    fn contents_of_any_length_look_like_one_of_two_sizes() {
        for length in [0, 1, 1_020, 1_021, PLAIN_SIZE_MAX] {
            let plain = vec![7; length];
            let padded = pad(&plain, &NOTE_SIZES).unwrap();
            assert!(NOTE_SIZES.contains(&padded.len()), "{length}");
            assert_eq!(unpad(&padded).unwrap(), plain);
        }
        assert_eq!(pad(&vec![7; PLAIN_SIZE_MAX + 1], &NOTE_SIZES), None);
        assert_eq!(pad(&vec![7; LETTER_PLAIN_MAX], &LETTER_SIZES).unwrap().len(), 32_768);
        assert_eq!(pad(&vec![7; LETTER_PLAIN_MAX + 1], &LETTER_SIZES), None);
    }

    #[test]
    fn a_length_that_lies_is_refused() {
        let mut padded = pad(b"hello", &NOTE_SIZES).unwrap();
        padded[..4].copy_from_slice(&u32::MAX.to_be_bytes());
        assert_eq!(unpad(&padded), None);
        assert_eq!(unpad(&[0; 3]), None);
    }
}
