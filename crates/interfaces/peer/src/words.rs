//! The recovery words (spec identity, rules 60 and 61): shown until they are written down, and said on another computer.
//!
//! 24 words of BIP 39's English list are the 32 bytes of the recovery secret and 8 bits of checksum. They pass through memory
//! only, and are never an argument of a service's operation, which is kept in rows.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use api::host::{AskNewWords, KeepWords, Word, Words};
use api::people::{ChangeWords, Done};
use base::{Fault, FaultKind, PersonId};
use bip39::{Language, Mnemonic};
use store::Rows;
use wire::identity::{Inception, RecoveryKey, WordsChange};
use zeroize::Zeroizing;

use crate::PeerError;
use crate::keys::{KeyFile, Protection};

/// Words of one secret.
const COUNT: usize = 24;

/// How many of them their owner repeats.
const CHECKED: usize = 3;

/// Letters that tell any two words of the list apart.
const PREFIX_LEN: usize = 4;

/// How long words that were said are used.
const SAID_TIME: Duration = Duration::from_mins(30);

/// Why recovery words can't be shown, checked or used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WordsError {
    /// They were written down, and forgotten here.
    #[error(
        "the recovery words are not kept here: they were written down, and this computer has forgotten them"
    )]
    Gone,
    /// The person began on another computer.
    #[error("the recovery words are not on this computer: they are on the one where you began")]
    Elsewhere,
    /// Nobody has looked at them yet.
    #[error("the recovery words were not shown since this peer was started")]
    NotShown,
    /// New words are made with the old ones only.
    #[error("new recovery words take the old ones: say all 24")]
    OldFirst,
    /// Not what was asked for.
    #[error("these are not the words at the places {places}")]
    Differ {
        /// Which were asked for, from 1.
        places: String,
    },
    /// No word of the list.
    #[error("word {place}, {word}, is none of the recovery words")]
    Unknown {
        /// Which, from 1.
        place: usize,
        /// What was said.
        word: String,
    },
    /// Too few or too many.
    #[error("there are 24 recovery words, and these are {found}")]
    Count {
        /// How many were said.
        found: usize,
    },
    /// The checksum does not match.
    #[error("these words do not belong together: one is another, or two have changed places")]
    MixedUp,
}

impl From<WordsError> for Fault {
    fn from(error: WordsError) -> Self {
        use FaultKind::{Refused, Yours};
        let (code, kind) = match error {
            WordsError::Gone => ("host.words-gone", Refused),
            WordsError::Elsewhere => ("host.words-elsewhere", Refused),
            WordsError::NotShown => ("host.words-not-shown", Yours),
            WordsError::OldFirst => ("host.words-old-first", Yours),
            WordsError::Differ { .. } => ("host.words-differ", Yours),
            WordsError::Unknown { .. } => ("host.word-unknown", Yours),
            WordsError::Count { .. } => ("host.words-count", Yours),
            WordsError::MixedUp => ("host.words-mixed-up", Yours),
        };
        let fault = Self::new(code, kind, error.to_string());
        match error {
            WordsError::Gone | WordsError::Elsewhere => {
                fault.remedy("", "look where you keep what is on paper")
            }
            WordsError::NotShown => fault.remedy("althing words show", "shows them"),
            WordsError::OldFirst => {
                fault.remedy("", "a stolen computer alone must not be able to change them")
            }
            WordsError::Differ { .. } => {
                fault.remedy("althing words show", "shows them again; nothing was forgotten")
            }
            WordsError::Unknown { .. } => {
                fault.remedy("", "look at the paper again; four letters of each word are enough")
            }
            WordsError::Count { .. } | WordsError::MixedUp => {
                fault.remedy("", "say all 24 words in their order")
            }
        }
    }
}

/// Returns one fault of each kind, for the list of all messages.
pub(crate) fn faults() -> Vec<Fault> {
    [
        WordsError::Gone,
        WordsError::Elsewhere,
        WordsError::NotShown,
        WordsError::OldFirst,
        WordsError::Differ { places: "3, 11, 20".to_owned() },
        WordsError::Unknown { place: 3, word: "tahnk".to_owned() },
        WordsError::Count { found: 23 },
        WordsError::MixedUp,
    ]
    .into_iter()
    .map(Fault::from)
    .collect()
}

/// The words of a home: its own until they are written down, and those that were said to it.
#[derive(Debug)]
pub(crate) struct WordBook {
    keys: Arc<KeyFile>,
    said: Mutex<Option<(RecoveryKey, Instant)>>,
    /// Places of the words to repeat, from 0.
    asked: Mutex<Option<[usize; CHECKED]>>,
    /// Those that are to take the place of the old ones, once three were repeated.
    new: Mutex<Option<New>>,
}

/// New words that are not in force yet.
#[derive(Clone)]
struct New {
    secret: Zeroizing<[u8; 32]>,
    old: RecoveryKey,
    /// Computers that end with the old ones.
    revoke: Vec<String>,
    since: Instant,
}

impl std::fmt::Debug for New {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("New(..)")
    }
}

/// What follows when three words were repeated.
pub(crate) enum Kept {
    /// Nothing: the first words are forgotten.
    Done(Done),
    /// The new words are to be said to all webs, and then forgotten.
    Change(ChangeWords),
}

impl WordBook {
    pub(crate) fn new(keys: Arc<KeyFile>) -> Self {
        Self { keys, said: Mutex::new(None), asked: Mutex::new(None), new: Mutex::new(None) }
    }

    /// Returns the key whose words were said here just now.
    pub(crate) fn said(&self) -> Option<RecoveryKey> {
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        said.take_if(|(_, since)| since.elapsed() > SAID_TIME);
        said.as_ref().map(|(key, _)| key.clone())
    }

    /// Remembers for a while what was said.
    pub(crate) fn say(&self, words: &str) -> Result<(), WordsError> {
        let secret = secret_of(words)?;
        let said = Some((RecoveryKey::from_seed(&secret), Instant::now()));
        *self.said.lock().unwrap_or_else(PoisonError::into_inner) = said;
        Ok(())
    }

    /// Says what the secrets, the words among them, are protected by.
    pub(crate) fn protection(&self) -> Protection {
        self.keys.protection()
    }

    /// Says whether there are words here that wait to be written down.
    pub(crate) fn is_waiting(&self, rows: &dyn Rows) -> Result<bool, Fault> {
        Ok(self.keys.recovery().is_some() && self.is_own(rows)?)
    }

    /// Shows the words, and chooses which of them are to be repeated.
    pub(crate) fn show(&self, rows: &dyn Rows, address: String) -> Result<Words, Fault> {
        if let Some(new) = self.pending() {
            return self.shown(&new.secret, address);
        }
        if !self.is_own(rows)? {
            return Err(WordsError::Elsewhere.into());
        }
        let secret = self.keys.recovery().ok_or(WordsError::Gone)?;
        self.shown(&secret, address)
    }

    /// Makes new words and shows them; the old ones stay in force until three of the new ones were repeated.
    pub(crate) fn renew(
        &self,
        rows: &dyn Rows,
        asked: &AskNewWords,
        address: String,
    ) -> Result<Words, Fault> {
        let said = match asked.words.trim() {
            "" => None,
            words => Some(RecoveryKey::from_seed(&*secret_of(words)?)),
        };
        let kept = if self.is_own(rows)? { self.keys.recovery() } else { None };
        let old = said.or_else(|| kept.map(|secret| RecoveryKey::from_seed(&secret)));
        let old = old.or_else(|| self.said()).ok_or(WordsError::OldFirst)?;
        let mut secret = Zeroizing::new([0; 32]);
        getrandom::fill(&mut *secret).ok().ok_or(PeerError::NoRandomness)?;
        let new = New { secret, old, revoke: asked.revoke.clone(), since: Instant::now() };
        let shown = self.shown(&new.secret, address)?;
        *self.new.lock().unwrap_or_else(PoisonError::into_inner) = Some(new);
        Ok(shown)
    }

    fn pending(&self) -> Option<New> {
        let mut new = self.new.lock().unwrap_or_else(PoisonError::into_inner);
        new.take_if(|new| new.since.elapsed() > SAID_TIME);
        new.clone()
    }

    fn shown(&self, secret: &[u8; 32], address: String) -> Result<Words, Fault> {
        let words = words_of(secret);
        let places = places()?;
        *self.asked.lock().unwrap_or_else(PoisonError::into_inner) = Some(places);
        let numbered = (1..).zip(&words).map(|(place, word)| Word { place, word: (*word).to_owned() });
        let check = places.iter().map(|place| u32::try_from(place + 1).unwrap_or(0)).collect();
        Ok(Words { words: numbered.collect(), check, address })
    }

    /// Forgets the secret for ever, once its owner has repeated what it was asked for; of new words says what is to be done first.
    pub(crate) fn keep(&self, person: Option<PersonId>, asked: &KeepWords) -> Result<Kept, Fault> {
        let new = self.pending();
        let secret = new.as_ref().map(|new| new.secret.clone()).or_else(|| self.keys.recovery());
        let secret = secret.ok_or(WordsError::Gone)?;
        let places = *self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let places = places.ok_or(WordsError::NotShown)?;
        let words = words_of(&secret);
        let said = read_words(&asked.words)?;
        let wanted = places.iter().map(|place| words.get(*place).copied().unwrap_or_default());
        if !wanted.eq(said) {
            let places = places.map(|place| (place + 1).to_string()).join(", ");
            return Err(WordsError::Differ { places }.into());
        }
        if let (Some(new), Some(person)) = (new, person) {
            let change = WordsChange::new(person, &new.old, &RecoveryKey::from_seed(&new.secret));
            return Ok(Kept::Change(people::change_asked(&change, new.revoke)));
        }
        self.keys.forget_recovery()?;
        let what = "The words are yours alone now: this computer has forgotten them. Whoever finds them can become you; keep them \
                    on paper, where nobody looks.";
        Ok(Kept::Done(Done { what: what.to_owned() }))
    }

    /// Forgets new words that are in force now, and the first ones if they were still here.
    pub(crate) fn forget_new(&self) -> Result<(), PeerError> {
        *self.new.lock().unwrap_or_else(PoisonError::into_inner) = None;
        self.keys.forget_recovery()
    }

    /// Says whether this home's person began here; words of another beginning would lead nowhere.
    fn is_own(&self, rows: &dyn Rows) -> Result<bool, Fault> {
        let began = Inception::read(&self.keys.inception()).map(|inception| inception.person()).ok();
        let person = people::read::my_person(rows)?;
        Ok(person.is_none() || person == began)
    }
}

fn words_of(secret: &[u8; 32]) -> Vec<&'static str> {
    Mnemonic::from_entropy(secret).map(|mnemonic| mnemonic.words().collect()).unwrap_or_default()
}

/// Chooses three places, rising.
fn places() -> Result<[usize; CHECKED], PeerError> {
    let mut places = std::collections::BTreeSet::new();
    while places.len() < CHECKED {
        let mut dice = [0_u8; 1];
        getrandom::fill(&mut dice).ok().ok_or(PeerError::NoRandomness)?;
        // 240 is ten times 24: each place is as likely as any other.
        if dice[0] < 240 {
            places.insert(usize::from(dice[0]) % COUNT);
        }
    }
    let mut rising = places.into_iter();
    Ok(std::array::from_fn(|_| rising.next().unwrap_or_default()))
}

/// Reads words as people write them: any case, numbered or not, four letters are enough.
fn read_words(text: &str) -> Result<Vec<&'static str>, WordsError> {
    let is_word = |word: &&str| word.chars().any(char::is_alphabetic);
    let bare = |word: &str| word.trim_matches(|c: char| !c.is_alphabetic()).to_lowercase();
    let words = text.split_whitespace().filter(is_word).map(bare);
    (1..).zip(words).map(|(place, word)| find(place, &word)).collect()
}

fn find(place: usize, word: &str) -> Result<&'static str, WordsError> {
    let mut found = Language::English.words_by_prefix_iter(word);
    let (first, second) = (found.next(), found.next());
    match first {
        Some(first) if first == word || (second.is_none() && word.len() >= PREFIX_LEN) => Ok(first),
        _ => Err(WordsError::Unknown { place, word: word.chars().take(20).collect() }),
    }
}

fn secret_of(text: &str) -> Result<Zeroizing<[u8; 32]>, WordsError> {
    let words = read_words(text)?;
    if words.len() != COUNT {
        return Err(WordsError::Count { found: words.len() });
    }
    let joined = Zeroizing::new(words.join(" "));
    let mnemonic = Mnemonic::parse_in_normalized(Language::English, &joined).ok();
    let (bytes, _) = mnemonic.ok_or(WordsError::MixedUp)?.to_entropy_array();
    let secret = bytes.first_chunk::<32>().ok_or(WordsError::MixedUp)?;
    Ok(Zeroizing::new(*secret))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_of_the_standard() {
        // BIP 39's own vector of 32 bytes 0x7f.
        let words = "legal winner thank year wave sausage worth useful legal winner thank year wave sausage worth useful \
                     legal winner thank year wave sausage worth title";
        assert_eq!(words_of(&[0x7f; 32]), words.split_whitespace().collect::<Vec<_>>());
        assert_eq!(*secret_of(words).unwrap(), [0x7f; 32]);
    }

    #[test]
    fn words_are_read_as_people_write_them() {
        let text = "1. Legal 2. winn 3. THANK 4) year, wave sausage worth useful legal winner thank year wave sausage worth \
                    useful legal winner thank year wave sausage worth titl";
        assert_eq!(*secret_of(text).unwrap(), [0x7f; 32]);
    }

    #[test]
    fn what_is_wrong_is_said() {
        let code = |text: &str| Fault::from(secret_of(text).unwrap_err());
        let good = words_of(&[0x7f; 32]).join(" ");
        assert_eq!(code("legal winner").code, "host.words-count");
        assert_eq!(code("").code, "host.words-count");
        let misspelt = code(&good.replacen("thank", "tahnk", 1));
        assert_eq!(misspelt.code, "host.word-unknown");
        assert!(misspelt.what.contains("word 3, tahnk"), "{}", misspelt.what);
        assert_eq!(code(&good.replacen("legal winner", "winner legal", 1)).code, "host.words-mixed-up");
        assert_eq!(code(&good.replacen("wave", "wav", 1)).code, "host.word-unknown");
        assert_eq!(code(&format!("{good} title")).code, "host.words-count");
    }

    #[test]
    fn the_words_to_repeat_are_three_different_ones() {
        for _ in 0..100 {
            let places = places().unwrap();
            assert!(places.is_sorted_by(|a, b| a < b) && places.iter().all(|place| *place < COUNT));
        }
    }
}
