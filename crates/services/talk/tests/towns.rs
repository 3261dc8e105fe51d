//! Towns that talk in storms: more of them by `cargo xtask sim --talks TOWNS`.

#[test]
fn a_few_towns_that_talk_end_with_the_same_conversations() {
    for seed in 1..=4 {
        let (report, tally) = sim::talks::run(seed);
        println!("seed {seed}: {} claims, {tally:?}", report.checked);
        assert!(report.wrong.is_empty(), "seed {seed}: {:#?}", report.wrong);
    }
}
