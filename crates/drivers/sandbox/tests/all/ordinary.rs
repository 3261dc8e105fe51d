//! Programs as they should be.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use compute::jobs::{Failure, INLINE_SIZE_MAX, Limits, Outcome, Place, RunUnit};
use files::jobs::Source;

use crate::house::{House, content, limits, output, unit, wasm};
use crate::programs::{STEPS, command, component, core, count, counted, echo};

#[test]
fn a_core_program_gets_its_number_arguments_and_input() {
    let house = House::new();
    let mut expected = 5_u64.to_le_bytes().to_vec();
    expected.extend(3_u32.to_le_bytes());
    expected.extend(b"argin");
    assert_eq!(house.one(&echo(), b"arg", limits(), b"in"), output(&expected));
}

#[test]
fn parts_that_are_joined_are_told_apart_by_their_lengths() {
    let house = House::new();
    let part = |bytes: &[u8]| Place::Inline { bytes: bytes.to_vec().into() };
    let check = |is_framed: bool, input: Vec<Place>, expected: &[u8]| {
        let results = house.run(
            &wasm(&echo()),
            b"",
            limits(),
            vec![RunUnit { unit: 1, input, checkpoint: None, number: 1, is_framed }],
        );
        let Outcome::Output { bytes } = &results[0].outcome else { panic!("{results:?}") };
        assert_eq!(&bytes[12..], expected);
    };
    check(false, vec![part(b"alone")], b"alone");
    check(true, vec![part(b"alone")], b"\x05\0\0\0alone");
    check(true, vec![part(b"a"), part(b""), part(b"bc")], b"\x01\0\0\0a\0\0\0\0\x02\0\0\0bc");
    check(true, vec![], b"");
}

#[test]
fn each_unit_has_one_result_and_none_sees_another() {
    let house = House::new();
    // Counts in memory and in a variable how often it was run.
    let program = core(
        1,
        "(i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 1)))
         (call $pair (i32.const 0) (i32.const 4))",
    );
    let units: Vec<RunUnit> = (0..256).map(|number| unit(number, b"x")).collect();
    let results = house.run(&wasm(&program), b"", limits(), units);
    assert_eq!(results.len(), 256);
    assert_eq!(results.iter().map(|result| result.unit).collect::<BTreeSet<_>>().len(), 256);
    assert!(results.iter().all(|result| result.outcome == output(&[1, 0, 0, 0])), "fresh each time");
}

#[test]
fn a_component_gets_lists_and_says_what_failed() {
    let house = House::new();
    let echo = component(
        "(i32.store8 (i32.const 16) (i32.const 0)) (i32.store (i32.const 20) (local.get $i))
         (i32.store (i32.const 24) (local.get $il))",
    );
    assert_eq!(house.one(&echo, b"arguments", limits(), b"hello"), output(b"hello"));
    let fails = component(
        "(i32.store8 (i32.const 16) (i32.const 1)) (i32.store (i32.const 20) (i32.const 512))
         (i32.store (i32.const 24) (i32.const 14))",
    );
    let log = "no such planet".to_owned();
    let failed = Outcome::Failed { failure: Failure::Trapped, log };
    assert_eq!(house.one(&fails, b"", limits(), b""), failed);
}

#[test]
fn a_command_reads_standard_input_and_writes_standard_output() {
    let house = House::new();
    let cat = command(
        "(block $end (loop $more
            (i32.store (i32.const 0) (i32.const 4096)) (i32.store (i32.const 4) (i32.const 3))
            (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 16)))
            (br_if $end (i32.eqz (i32.load (i32.const 16))))
            (call $say (i32.const 1) (i32.const 4096) (i32.load (i32.const 16)))
            (br $more)))",
    );
    assert_eq!(house.one(&cat, b"", limits(), b"as it stands\n"), output(b"as it stands\n"));
    let surroundings = command(
        "(drop (call $args_sizes (i32.const 4096) (i32.const 4100)))
         (drop (call $args (i32.const 4200) (i32.const 4104)))
         (call $say (i32.const 1) (i32.const 4104) (i32.load (i32.const 4100)))
         (drop (call $env_sizes (i32.const 4096) (i32.const 4100)))
         (drop (call $env (i32.const 4200) (i32.const 4104)))
         (call $say (i32.const 1) (i32.const 4104) (i32.load (i32.const 4100)))
         (call $exit (i32.const 0))",
    );
    assert_eq!(house.one(&surroundings, b"-x", limits(), b""), output(b"program\0-x\0ALTHING_UNIT=5\0"));
    let fails =
        command("(call $say (i32.const 2) (i32.const 2048) (i32.const 10)) (call $exit (i32.const 3))");
    let log = "it ended with exit code 3; it said: last words".to_owned();
    assert_eq!(house.one(&fails, b"", limits(), b""), Outcome::Failed { failure: Failure::Trapped, log });
}

#[test]
fn clock_and_random_numbers_of_a_command_are_the_same_everywhere() {
    let program = command(
        "(drop (call $time (i32.const 0) (i64.const 0) (i32.const 4096)))
         (drop (call $random (i32.const 4104) (i32.const 32)))
         (call $say (i32.const 1) (i32.const 4096) (i32.const 40))",
    );
    let outcome = House::new().one(&program, b"", limits(), b"");
    assert_eq!(House::new().one(&program, b"", limits(), b"other"), outcome);
    let Outcome::Output { bytes } = outcome else { panic!("{outcome:?}") };
    assert_eq!(&bytes[..8], 1_577_836_800_000_000_000_u64.to_le_bytes());
    assert_eq!(
        blake3::hash(&bytes).to_hex().as_str()[..16].to_owned(),
        "129c936e9bb7819c",
        "spec compute-programs, rule 15"
    );
}

#[test]
fn a_large_output_becomes_a_content() {
    let house = House::new();
    let program = core(4, "(call $pair (i32.const 0) (i32.const 100000))");
    let outcome = house.one(&program, b"", limits(), b"in");
    let Outcome::Large { content: named, size } = outcome else { panic!("{outcome:?}") };
    assert_eq!(size, 100_000);
    let kept = house.shelf.0.lock().unwrap().get(&named).unwrap().clone();
    assert_eq!((kept.len(), content(&kept)), (100_000, named));
    let program = core(4, &format!("(call $pair (i32.const 0) (i32.const {INLINE_SIZE_MAX}))"));
    assert!(matches!(house.one(&program, b"", limits(), b"in"), Outcome::Output { .. }));
}

#[test]
fn a_program_and_an_input_may_be_contents() {
    let house = House::new();
    let program = wasm(&echo());
    let place = |bytes: &[u8]| {
        let content = content(bytes);
        house.shelf.0.lock().unwrap().insert(content, bytes.to_vec());
        Place::Content { content, size: bytes.len() as u64, source: Source::Store }
    };
    let run = compute::jobs::Run {
        program: place(&program),
        content: content(&program),
        arguments: Vec::new().into(),
        limits: limits(),
        units: vec![RunUnit {
            unit: 1,
            input: vec![place(b"kept")],
            checkpoint: None,
            number: 1,
            is_framed: false,
        }],
    };
    let job = house.job(compute::jobs::RUN, compute::jobs::to_bytes(&run));
    let Outcome::Output { bytes } = &house.end(job).0.results[0].outcome else { panic!() };
    assert_eq!(&bytes[12..], b"kept");
}

#[test]
fn an_input_that_is_not_what_it_should_be_is_not_run() {
    let house = House::new();
    let named = content(b"true bytes");
    house.shelf.0.lock().unwrap().insert(named, b"other byte".to_vec());
    let place = Place::Content { content: named, size: 10, source: Source::Store };
    let missing = Place::Content { content: content(b"?"), size: 1, source: Source::Store };
    let units = vec![
        RunUnit { unit: 1, input: vec![place], checkpoint: None, number: 1, is_framed: false },
        RunUnit { unit: 2, input: vec![missing], checkpoint: None, number: 2, is_framed: false },
        unit(3, b"good"),
    ];
    let results = house.run(&wasm(&echo()), b"", limits(), units);
    let failures: Vec<_> = results
        .iter()
        .filter_map(|result| match &result.outcome {
            Outcome::Failed { failure: Failure::Unable, .. } => Some(result.unit),
            _ => None,
        })
        .collect();
    assert_eq!((results.len(), failures), (3, vec![1, 2]));
}

#[test]
fn the_same_unit_gives_the_same_bits_with_and_without_canonical_nan() {
    let house = House::new();
    // Sums square roots, and the bits of 0/0, which differ between processors unless they are made equal.
    let program = core(
        1,
        "(local.set $i (i32.const 1))
         (loop $again
            (local.set $f (f64.add (local.get $f) (f64.sqrt (f64.convert_i32_u (local.get $i)))))
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br_if $again (i32.lt_u (local.get $i) (i32.const 100000))))
         (f64.store (i32.const 0) (local.get $f))
         (f64.store (i32.const 8) (f64.div (f64.load (i32.const 512)) (f64.load (i32.const 520))))
         (call $pair (i32.const 0) (i32.const 16))",
    );
    let exact = Limits { is_nan_canonical: true, ..limits() };
    let sum = (1..100_000_u32).map(f64::from).map(f64::sqrt).fold(0.0, |sum, root| sum + root);
    for limits in [limits(), exact] {
        let Outcome::Output { bytes } = house.one(&program, b"", limits, b"") else { panic!() };
        assert_eq!(&bytes[..8], sum.to_le_bytes());
        if limits.is_nan_canonical {
            assert_eq!(&bytes[8..], 0x7ff8_0000_0000_0000_u64.to_le_bytes());
        }
    }
}

#[test]
fn a_unit_that_runs_more_instructions_than_it_may_ends_everywhere_alike() {
    let rounds = |house: &House, count_max: u64, exact: bool, rounds: u32| {
        let limits = Limits { fuel: Some(count_max), is_nan_canonical: exact, ..limits() };
        house.one(&count(), b"", limits, &rounds.to_le_bytes())
    };
    let (house, other) = (House::new(), House::new());
    let is_over = |outcome: &Outcome| matches!(outcome, Outcome::Failed { failure: Failure::TooLong, log } if log.contains("instructions"));
    assert_eq!(rounds(&house, 1_000_000_000, false, 1_000), output(&counted(1_000)));
    assert!(is_over(&rounds(&house, 1_000_000, false, u32::MAX)));
    // The last number of instructions that is too few is the same in another process, and whatever NaN costs.
    let least = |house: &House, exact: bool| {
        let (mut few, mut enough) = (0_u64, 1_000_000);
        while few + 1 < enough {
            let middle = u64::midpoint(few, enough);
            let outcome = rounds(house, middle, exact, 1_000);
            match is_over(&outcome) {
                true => few = middle,
                false => enough = middle,
            }
        }
        enough
    };
    let counted_here = least(&house, false);
    assert!((1_000..100_000).contains(&counted_here), "{counted_here}");
    assert_eq!([least(&other, false), least(&house, true)], [counted_here; 2]);
}

#[test]
fn a_unit_whose_instructions_are_counted_makes_no_checkpoint_and_takes_none() {
    let home = Arc::new(tempfile::tempdir().unwrap());
    let house = House::quiet(home, Duration::from_millis(20));
    house.allow(2);
    let (program, steps) = (wasm(STEPS), 1_500_u32);
    let run = |fuel: Option<u64>, checkpoint: Option<Place>| {
        let mut one = unit(9, &steps.to_le_bytes());
        one.checkpoint = checkpoint;
        let job = house.begin(&program, b"", Limits { fuel, ..limits() }, vec![one]);
        house.end(job).0
    };
    let free = run(None, None);
    let last = free.checkpoints.last().unwrap();
    let place = Place::Content { content: last.content, size: last.size, source: Source::Store };
    let whole = run(Some(1_000_000_000_000), None);
    assert_eq!(whole.results[0].outcome, free.results[0].outcome);
    assert!(whole.checkpoints.is_empty());
    // Who could go on from there would need much less: it begins anew, and fails as everywhere.
    let few = 1_000_000;
    for checkpoint in [None, Some(place)] {
        let ended = run(Some(few), checkpoint);
        assert!(
            matches!(&ended.results[0].outcome, Outcome::Failed { failure: Failure::TooLong, .. }),
            "{ended:?}"
        );
    }
}

#[test]
fn a_unit_goes_on_from_its_checkpoint_to_the_same_output() {
    let home = Arc::new(tempfile::tempdir().unwrap());
    let house = House::quiet(home, Duration::from_millis(20));
    house.allow(2);
    let program = wasm(STEPS);
    let steps = 1_500_u32;
    let job = house.begin(&program, b"", limits(), vec![unit(9, &steps.to_le_bytes())]);
    let (report, _) = house.end(job);
    let whole = &report.results[0];
    assert_eq!(whole.outcome, output(&counted(steps * 100_000)));
    assert!(!report.checkpoints.is_empty());
    let last = report.checkpoints.last().unwrap();
    assert!(last.size < 4_096, "128 KiB of nearly nothing: {}", last.size);
    let again = |checkpoint: Place, number: u64| {
        let mut one = unit(number, &steps.to_le_bytes());
        one.checkpoint = Some(checkpoint);
        house.run(&program, b"", limits(), vec![one]).remove(0)
    };
    let place = Place::Content { content: last.content, size: last.size, source: Source::Store };
    let resumed = again(place.clone(), 9);
    assert_eq!(resumed.outcome, whole.outcome);
    assert!(resumed.cpu_us < whole.cpu_us, "{} of {}", resumed.cpu_us, whole.cpu_us);
    // Of another unit, damaged, or gone: from the beginning.
    let good = house.shelf.0.lock().unwrap().get(&last.content).unwrap().clone();
    assert_eq!(again(place, 10).outcome, whole.outcome);
    let mut bad = good.clone();
    bad.truncate(good.len() / 2);
    assert_eq!(again(Place::Inline { bytes: bad.into() }, 9).outcome, whole.outcome);
    assert_eq!(
        again(Place::Inline { bytes: b"althck\0\x01rubbish".to_vec().into() }, 9).outcome,
        whole.outcome
    );
    let gone = Place::Content { content: content(b"gone"), size: 4, source: Source::Store };
    assert_eq!(again(gone, 9).outcome, whole.outcome);
}

#[test]
fn compiled_code_that_was_changed_on_the_disk_is_made_anew() {
    let home = Arc::new(tempfile::tempdir().unwrap());
    let house = House::quiet(Arc::clone(&home), Duration::from_secs(10));
    house.allow(1);
    assert_eq!(house.one(&count(), b"", limits(), &9_u32.to_le_bytes()), output(&counted(9)));
    let files = || {
        let folder = std::fs::read_dir(home.path().join("sandbox")).unwrap().flatten();
        folder.map(|entry| entry.path()).collect::<Vec<_>>()
    };
    let [file] = files().try_into().unwrap();
    let good = std::fs::read(&file).unwrap();
    let mut bad = good.clone();
    let middle = bad.len() / 2;
    bad[middle] ^= 0xff;
    std::fs::write(&file, &bad).unwrap();
    drop(house);
    let house = House::quiet(Arc::clone(&home), Duration::from_secs(10));
    house.allow(1);
    assert_eq!(house.one(&count(), b"", limits(), &9_u32.to_le_bytes()), output(&counted(9)));
    assert_ne!(std::fs::read(&file).unwrap(), bad);
    assert_eq!(files().len(), 1);
}
