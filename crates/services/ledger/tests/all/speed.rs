//! How many transactions a second of processor time all keepers of a town decide: a figure that is printed, not a limit.

use serde_json::json;

use crate::town::{ALICE, Town};

#[test]
#[allow(clippy::disallowed_methods, reason = "a figure needs a clock")]
fn a_town_decides_hundreds_of_transactions_a_second() {
    for (keepers, name) in [(&["you"][..], "one keeper"), (&["you", "Bob", "Carol"][..], "three keepers")] {
        let mut town = Town::new(keepers);
        let begun = std::time::Instant::now();
        let mut made = 0;
        for _ in 0..16 {
            let asks: Vec<_> = (0..64)
                .map(|number| {
                    let put = json!([{ "key": format!("key/{number}"), "value": "1" }]);
                    town.world.ask(ALICE, "ledger.submit", json!({ "ledger": town.shop, "puts": put }))
                })
                .collect();
            for ask in asks {
                let wish = town.await_answer(ask).unwrap();
                made += u64::from(wish["state"] == "done");
            }
        }
        let per_second = u128::from(made) * 1000 / begun.elapsed().as_millis().max(1);
        println!(
            "{name}: {made} transactions, {per_second} a second of one processor, all five peers of the town"
        );
        assert_eq!(made, 16 * 64);
    }
}
