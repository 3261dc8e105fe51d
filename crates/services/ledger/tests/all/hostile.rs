//! Mallory, a member and no keeper, says what only keepers may.

use kernel::Channel;
use minicbor::Encoder;
use serde_json::json;

use crate::town::{ALICE, BOB, CAROL, DAVE, MALLORY, Town};

type Written = Result<(), minicbor::encode::Error<std::convert::Infallible>>;

impl Town {
    fn forge(&mut self, to: usize, kind: u64, fields: impl FnOnce(&mut Encoder<Vec<u8>>) -> Written) {
        let id: base::LedgerId = self.shop.parse().unwrap();
        let mut encoder = Encoder::new(Vec::new());
        encoder.array(2).unwrap().bytes(id.as_bytes()).unwrap().array(2).unwrap().u64(kind).unwrap();
        fields(&mut encoder).unwrap();
        self.world.forge(MALLORY, to, Channel::Member, "ledger", &encoder.into_writer());
    }
}

fn batch(encoder: &mut Encoder<Vec<u8>>, by: &[u8; 32]) -> Written {
    encoder.array(1)?.array(6)?.bytes(by)?.bytes(&[9; 32])?.bytes(&[7; 16])?.u64(0)?.u64(1)?;
    encoder.array(2)?.u64(0)?.array(2)?.array(0)?.array(1)?.array(2)?.str("mallory")?.str("was here")?;
    Ok(())
}

#[test]
fn nobody_but_keepers_decides_votes_or_tells_what_was_decided() {
    let mut town = Town::new(&["Alice", "Bob", "Carol"]);
    let alice = *town.world.peer(ALICE).device.as_bytes();
    for to in [ALICE, BOB, CAROL, DAVE] {
        // Decided slots that were not; a proposal; a promise for whatever is asked.
        town.forge(to, 6, |encoder| {
            encoder.array(3)?.u64(1)?.array(1)?;
            batch(encoder, &alice)?;
            encoder.u64(1)?;
            Ok(())
        });
        town.forge(to, 3, |encoder| {
            encoder.array(3)?.u64(1)?.u64(u64::MAX)?;
            batch(encoder, &alice)
        });
        town.forge(to, 1, |encoder| {
            encoder.array(2)?.u64(1)?.u64(u64::MAX)?;
            Ok(())
        });
        town.forge(to, 8, |encoder| {
            encoder.array(3)?.u64(u64::MAX)?.u64(0)?.u64(u64::MAX)?;
            Ok(())
        });
    }
    town.pass(5);
    assert_eq!(town.put(BOB, "a", "1")["state"], "done");
    town.pass(30);
    for who in [ALICE, BOB, CAROL, DAVE] {
        let state = town.read(who);
        assert_eq!(state["slot"], 1, "{who}");
        assert_eq!(state["entries"].as_array().unwrap().len(), 1, "{state}");
        assert_eq!(state["note"], "3 of 3 keepers are here");
    }
}

#[test]
fn a_wish_is_its_senders_whatever_it_says() {
    let mut town = Town::new(&["Alice", "Bob", "Carol"]);
    town.forge(ALICE, 0, |encoder| {
        encoder.array(3)?.bytes(&[1; 16])?.u64(0)?;
        encoder.array(2)?.u64(0)?.array(2)?.array(0)?.array(1)?.array(2)?.str("a")?.str("1")?;
        Ok(())
    });
    town.pass(10);
    let state = town.read(BOB);
    assert_eq!(state["entries"][0]["who"], "Mallory", "{state}");
}

#[test]
fn guests_and_removed_members_wish_nothing() {
    let mut town = Town::new(&["Alice", "Bob", "Carol"]);
    let guest = json!({ "web": "family", "person": "Mallory", "role": "guest" });
    town.ask(ALICE, "people.set_role", guest).unwrap();
    town.ask(ALICE, "people.remove", json!({ "web": "family", "person": "Dave" })).unwrap();
    town.pass(30);
    let submit = json!({ "ledger": town.shop, "put": ["a=1"] });
    assert_eq!(town.ask(MALLORY, "ledger.submit", submit).unwrap_err().code, "ledger.not-writing");
    // Who was removed may not know it yet; nobody takes the wish.
    assert_eq!(town.put(DAVE, "a", "1")["state"], "waiting");
    town.forge(ALICE, 0, |encoder| {
        encoder.array(3)?.bytes(&[1; 16])?.u64(0)?;
        encoder.array(2)?.u64(0)?.array(2)?.array(0)?.array(1)?.array(2)?.str("a")?.str("1")?;
        Ok(())
    });
    town.pass(60);
    assert_eq!(town.read(BOB)["slot"], 0);
}
