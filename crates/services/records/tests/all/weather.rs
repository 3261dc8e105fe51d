//! Whatever is lost, doubled or overtaken on the way: in the end all have the same.

use std::time::Duration;

use proptest::prelude::*;

use crate::town::{Town, Weather, leave};

#[derive(Debug, Clone)]
enum Deed {
    Publish(usize, u8),
    Govern(usize),
    Split(Vec<u8>),
    PowerCut(usize),
    Pass(u64),
}

const COUNT: usize = 5;

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        5 => (0..COUNT, any::<u8>()).prop_map(|(peer, byte)| Deed::Publish(peer, byte)),
        2 => (0..COUNT).prop_map(Deed::Govern),
        1 => prop::collection::vec(0_u8..2, COUNT).prop_map(Deed::Split),
        1 => (0..COUNT).prop_map(Deed::PowerCut),
        4 => (1_u64..5_000).prop_map(Deed::Pass),
    ]
}

fn all_agree_in_the_end(seed: u64, weather: Weather, deeds: Vec<Deed>) -> Result<(), TestCaseError> {
    let mut town = Town::new(COUNT, seed);
    let web = town.found(1);
    town.weather = weather;
    let mut published = 0;
    for deed in deeds {
        match deed {
            Deed::Publish(peer, byte) => {
                published += 1;
                town.publish(peer, web, vec![vec![byte; usize::from(byte) * 40]]);
            }
            Deed::Govern(peer) => {
                town.act(peer, move |step| records::append_governance(step, web, &leave()).map(drop))
                    .unwrap();
            }
            Deed::Split(side) => town.split(&side),
            Deed::PowerCut(peer) => {
                town.stop(peer);
                town.start(peer);
                town.give_key(peer, web);
            }
            Deed::Pass(millis) => town.pass(Duration::from_millis(millis)),
        }
    }
    town.split(&[0; COUNT]);
    town.pass(Duration::from_secs(60));
    town.weather = Weather::default();
    town.pass(Duration::from_mins(6));
    town.assert_agree(web);
    let mut all = std::collections::BTreeSet::new();
    for index in 0..COUNT {
        let mut records = town.records(index);
        let count = records.len();
        records.dedup();
        prop_assert_eq!(count, records.len(), "peer {} was told a record twice", index);
        all.extend(records);
        prop_assert_eq!(records::queued_count(&*town.rows(index), web).unwrap(), 0);
        let paused = town.peers[index].kernel.as_ref().unwrap().paused();
        prop_assert!(paused.is_empty());
    }
    prop_assert_eq!(all.len(), published);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(48) })]

    #[test]
    fn peers_agree_whatever_the_weather(
        seed in any::<u64>(),
        lost_percent in 0_u64..40,
        doubled_percent in 0_u64..30,
        jitter_ms in 0_u64..2_000,
        deeds in prop::collection::vec(deed(), 1..40),
    ) {
        all_agree_in_the_end(seed, Weather { lost_percent, doubled_percent, jitter_ms }, deeds)?;
    }
}
