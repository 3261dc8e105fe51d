//! Mallory's programs: each gets the failure it deserves, in words, and the next unit runs as if nothing had been.

use compute::jobs::{Failure, LOG_SIZE_MAX, Limits, Outcome, RunUnit};

use crate::house::{House, is_working, limits, output, unit, wasm};
use crate::programs::{command, component, core, count, counted, echo, forever};

/// Runs a bad program between two good ones; returns what became of it.
fn attack(house: &House, program: &[u8], limits: Limits, input: &[u8]) -> (Failure, String) {
    let results = house.run(program, b"", limits, vec![unit(5, input)]);
    let [result] = results.as_slice() else { panic!("{results:?}") };
    let Outcome::Failed { failure, log } = &result.outcome else { panic!("{result:?}") };
    assert!(log.len() <= LOG_SIZE_MAX);
    assert_eq!(house.one(&count(), b"", crate::house::limits(), &7_u32.to_le_bytes()), output(&counted(7)));
    (*failure, log.clone())
}

fn check(program: &str, limits: Limits, expected: Failure, words: &str) {
    let house = House::new();
    let (failure, log) = attack(&house, &wasm(program), limits, b"input");
    assert_eq!(failure, expected, "{log}");
    assert!(log.contains(words), "{log}");
}

fn short() -> Limits {
    Limits { cpu_ms: 100, ..limits() }
}

#[test]
fn a_loop_without_end_runs_out_of_time() {
    check(&forever(), short(), Failure::TooLong, "100 ms of processor time");
    let start = r#"(module (memory (export "memory") 1) (func $s (loop $l (br $l))) (start $s)
        (func (export "althing_alloc") (param i32) (result i32) (i32.const 0))
        (func (export "althing_run") (param i32 i32) (result i64) (i64.const 0)))"#;
    check(start, short(), Failure::TooLong, "100 ms");
    let last_words = r#"(module (memory (export "memory") 1)
        (func (export "althing_log") (result i64) (loop $l (br $l)) (unreachable))
        (func (export "althing_alloc") (param i32) (result i32) (i32.const 0))
        (func (export "althing_run") (param i32 i32) (result i64) (unreachable)))"#;
    check(last_words, short(), Failure::Trapped, "gave up");
    check(&command("(loop $l (br $l))"), short(), Failure::TooLong, "100 ms");
    check(&component("(loop $l (br $l))"), short(), Failure::TooLong, "100 ms");
}

#[test]
fn steps_without_end_run_out_of_time() {
    let program = r#"(module (memory (export "memory") 1)
        (func (export "althing_alloc") (param i32) (result i32) (i32.const 0))
        (func (export "althing_begin") (param i32 i32))
        (func (export "althing_step") (result i64) (i64.const 0)))"#;
    check(program, short(), Failure::TooLong, "100 ms");
}

#[test]
fn endless_recursion_uses_up_its_own_stack_only() {
    check(
        r#"(module (memory (export "memory") 1)
        (func (export "althing_alloc") (param i32) (result i32) (i32.const 0))
        (func $deep (export "althing_run") (param i32 i32) (result i64)
            (i64.add (i64.const 1) (call $deep (local.get 0) (local.get 1)))))"#,
        limits(),
        Failure::Trapped,
        "too deeply",
    );
}

#[test]
fn traps_come_with_last_words() {
    check(&core(1, "(unreachable)"), limits(), Failure::Trapped, "gave up");
    check(
        &core(1, "(drop (i32.div_u (i32.const 1) (local.get $i))) (i64.const 0)"),
        limits(),
        Failure::Trapped,
        "zero",
    );
    check(
        &core(1, "(drop (i32.load (i32.const -4))) (i64.const 0)"),
        limits(),
        Failure::Trapped,
        "out of bounds",
    );
    let words = r#"(module (memory (export "memory") 1) (data (i32.const 64) "the moon is missing")
        (func (export "althing_log") (result i64) (i64.const 0x4000000013))
        (func (export "althing_alloc") (param i32) (result i32) (i32.const 1024))
        (func (export "althing_run") (param i32 i32) (result i64) (unreachable)))"#;
    check(words, limits(), Failure::Trapped, "it said: the moon is missing");
    let lies = words.replace("0x4000000013", "-1");
    check(&lies, limits(), Failure::Trapped, "gave up");
}

#[test]
fn places_outside_of_memory_are_not_read_or_written() {
    check(
        &core(1, "(i64.const -1)"),
        Limits { output: u64::MAX, ..limits() },
        Failure::Trapped,
        "outside of its memory",
    );
    check(&core(1, "(i64.const 0xffffffff00000010)"), limits(), Failure::Trapped, "outside of its memory");
    let alloc = r#"(module (memory (export "memory") 1)
        (func (export "althing_alloc") (param i32) (result i32) (i32.const -8))
        (func (export "althing_run") (param i32 i32) (result i64) (i64.const 0)))"#;
    check(alloc, limits(), Failure::Trapped, "outside of its memory");
    let vectors = command(
        "(i32.store (i32.const 0) (i32.const -4)) (i32.store (i32.const 4) (i32.const 100))
         (if (i32.ne (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 16)) (i32.const 21)) (then (unreachable)))
         (if (i32.ne (call $write (i32.const 1) (i32.const -4) (i32.const 1) (i32.const 16)) (i32.const 21)) (then (unreachable)))
         (if (i32.ne (call $read (i32.const 0) (i32.const 0) (i32.const -1) (i32.const 16)) (i32.const 28)) (then (unreachable)))
         (if (i32.ne (call $random (i32.const -4) (i32.const 100)) (i32.const 21)) (then (unreachable)))
         (if (i32.ne (call $random (i32.const 0) (i32.const -1)) (i32.const 28)) (then (unreachable)))
         (call $exit (i32.const 1))",
    );
    check(&vectors, limits(), Failure::Trapped, "exit code 1");
}

#[test]
fn outputs_have_a_limit() {
    let small = Limits { output: 1_000, ..limits() };
    check(&core(1, "(call $pair (i32.const 0) (i32.const 1001))"), small, Failure::TooLarge, "1000 bytes");
    let program = command("(loop $l (call $say (i32.const 1) (i32.const 4096) (i32.const 900)) (br $l))");
    check(&program, small, Failure::TooLarge, "1000 bytes");
    let errors = command("(loop $l (call $say (i32.const 2) (i32.const 2048) (i32.const 10)) (br $l))");
    check(&errors, short(), Failure::TooLong, "last words");
    let list = "(i32.store8 (i32.const 16) (i32.const 0)) (i32.store (i32.const 24) (i32.const 5000))";
    check(&component(list), small, Failure::TooLarge, "1000 bytes");
}

#[test]
fn memory_has_a_limit_that_a_program_meets_the_same_way_everywhere() {
    let house = House::new();
    // Grows page by page until it may not, and says how far it came.
    let program = core(
        1,
        "(block $end (loop $more
            (br_if $end (i32.eq (memory.grow (i32.const 1)) (i32.const -1)))
            (br $more)))
         (i32.store (i32.const 0) (memory.size))
         (i32.store (i32.const 4) (memory.grow (i32.const 70000)))
         (call $pair (i32.const 0) (i32.const 8))",
    );
    for memory_mib in [16_u32, 64] {
        let mut expected = (memory_mib * 16).to_le_bytes().to_vec();
        expected.extend([255; 4]);
        let limits = Limits { memory_mib, ..limits() };
        assert_eq!(house.one(&program, b"", limits, b""), output(&expected));
    }
    let bomb = core(2_000, "(i64.const 0)");
    check(&bomb, Limits { memory_mib: 64, ..limits() }, Failure::BadProgram, "64 MiB");
    let tables = r#"(module (memory (export "memory") 1) (table 1 funcref)
        (func (export "althing_alloc") (param i32) (result i32) (i32.const 1024))
        (func (export "althing_run") (param i32 i32) (result i64)
            (if (i32.ne (table.grow 0 (ref.null func) (i32.const 100000000)) (i32.const -1)) (then (unreachable)))
            (i64.const 0)))"#;
    assert_eq!(house.one(tables, b"", limits(), b""), output(b""));
    let many = r#"(module (memory (export "memory") 1) (table 90000000 funcref)
        (func (export "althing_alloc") (param i32) (result i32) (i32.const 1024))
        (func (export "althing_run") (param i32 i32) (result i64) (i64.const 0)))"#;
    check(many, limits(), Failure::BadProgram, "it");
}

#[test]
fn a_unit_that_touches_all_of_its_memory_stays_within_it() {
    let house = House::new();
    let program = core(
        1,
        "(drop (memory.grow (i32.const 1000)))
         (memory.fill (i32.const 0) (i32.const 1) (i32.mul (memory.size) (i32.const 65536)))
         (call $pair (i32.const 0) (i32.const 1))",
    );
    let units: Vec<RunUnit> = (0..20).map(|number| unit(number, b"")).collect();
    let results = house.run(&wasm(&program), b"", limits(), units);
    assert!(results.iter().all(|result| result.outcome == output(&[1])));
    for (pid, _, _) in house.runners() {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        let peak: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
        assert!(peak < 200 << 10, "{peak} KiB for units of 64 MiB, one after the other");
    }
}

#[test]
fn what_a_program_may_not_import_is_named() {
    let import = |what: &str| {
        format!(
            r#"(module (import {what}) (memory (export "memory") 1)
            (func (export "_start"))
            (func (export "althing_alloc") (param i32) (result i32) (i32.const 1024))
            (func (export "althing_run") (param i32 i32) (result i64) (i64.const 0)))"#
        )
    };
    check(&import(r#""env" "open" (func)"#), limits(), Failure::BadProgram, "env.open");
    check(
        &import(r#""wasi_snapshot_preview1" "fork" (func)"#),
        limits(),
        Failure::BadProgram,
        "preview1.fork",
    );
    check(&import(r#""env" "global" (global i32)"#), limits(), Failure::BadProgram, "env.global");
    let wrong = import(r#""wasi_snapshot_preview1" "fd_read" (func (param i64) (result i32))"#);
    check(&wrong, limits(), Failure::BadProgram, "fd_read");
    let component = r#"(component (import "wasi:http/types@0.2.0" (instance)))"#;
    check(component, limits(), Failure::BadProgram, "wasi:http/types");
    check(r"(component)", limits(), Failure::BadProgram, "run");
    check(r"(module)", limits(), Failure::BadProgram, "memory");
}

#[test]
fn a_command_finds_no_file_no_network_and_no_clock() {
    let house = House::new();
    let program = command(
        "(i32.store (i32.const 4096) (call $open (i32.const 3) (i32.const 0) (i32.const 2048) (i32.const 4) (i32.const 0)
            (i64.const 2) (i64.const 2) (i32.const 0) (i32.const 16)))
         (i32.store (i32.const 4100) (call $prestat (i32.const 3) (i32.const 16)))
         (i32.store (i32.const 4104) (call $accept (i32.const 3) (i32.const 0) (i32.const 16)))
         (call $say (i32.const 1) (i32.const 4096) (i32.const 12))",
    );
    assert_eq!(house.one(&program, b"", limits(), b""), output(&[8, 0, 0, 0, 8, 0, 0, 0, 52, 0, 0, 0]));
}

#[test]
fn what_differs_between_processors_is_not_to_be_had() {
    let bodies = [
        // Shared memory, relaxed SIMD, memory of 64 bits, several memories.
        r#"(module (memory (export "memory") 1 2 shared))"#,
        r"(module (func (result v128) (f32x4.relaxed_madd (v128.const i64x2 0 0) (v128.const i64x2 0 0) (v128.const i64x2 0 0))))",
        r#"(module (memory (export "memory") i64 1))"#,
        r#"(module (memory (export "memory") 1) (memory 1))"#,
    ];
    for body in bodies {
        check(body, limits(), Failure::BadProgram, "no valid WASM");
    }
}

#[test]
fn garbage_is_no_program() {
    let house = House::new();
    for garbage in
        [b"".as_slice(), b"\0asm", b"#!/bin/sh\n", b"\x7fELF\x02\x01\x01\0", b"(module)", &[0; 4096]]
    {
        assert_eq!(
            attack(&house, garbage, limits(), b""),
            (Failure::BadProgram, "it is no WASM program".to_owned())
        );
    }
    let good = wasm(&echo());
    for cut in (9..good.len()).step_by(7) {
        let (failure, log) = attack(&house, &good[..cut], limits(), b"");
        assert_eq!(failure, Failure::BadProgram, "{log}");
    }
    // Native code of ours, from somebody else: it is no program.
    let code = std::fs::read_dir(house.home.path().join("sandbox")).unwrap().flatten().next().unwrap();
    let code = std::fs::read(code.path()).unwrap();
    let place = code.windows(4).position(|four| four == b"\x7fELF").unwrap();
    assert_eq!(attack(&house, &code[place..], limits(), b"").0, Failure::BadProgram);
}

#[test]
fn a_program_that_is_hard_to_compile_ends_its_compiler_only() {
    let house = House::new();
    // Blocks in blocks in blocks: recursion in a parser or a compiler.
    let deep = |depth: usize| {
        format!(
            r#"(module (memory (export "memory") 1)
            (func (export "althing_alloc") (param i32) (result i32) (i32.const 1024))
            (func (export "althing_run") (param i32 i32) (result i64) {}{} (i64.const 0)))"#,
            "block ".repeat(depth),
            "end ".repeat(depth)
        )
    };
    let results = house.run(&wasm(&deep(2_000)), b"", limits(), vec![unit(1, b"")]);
    match &results[0].outcome {
        Outcome::Output { bytes } => assert!(bytes.is_empty()),
        Outcome::Failed { failure, .. } => assert_eq!(*failure, Failure::BadProgram),
        Outcome::Large { .. } => panic!("{results:?}"),
    }
    assert_eq!(house.one(&count(), b"", limits(), &7_u32.to_le_bytes()), output(&counted(7)));
}

#[test]
fn a_runner_that_is_killed_is_replaced_and_its_unit_run_again() {
    let house = House::new();
    let turns = 400_000_000_u32;
    let units =
        vec![unit(1, &3_u32.to_le_bytes()), unit(2, &turns.to_le_bytes()), unit(3, &5_u32.to_le_bytes())];
    let job = house.begin(&wasm(&count()), b"", limits(), units);
    let runners = house.await_runners("a unit runs", is_working);
    kill(runners[0].0);
    let (report, outcome) = house.end(job);
    assert_eq!(outcome, Ok(Vec::new()));
    let results: Vec<_> = report.results.iter().map(|result| (result.unit, result.outcome.clone())).collect();
    let expected = [(1, output(&counted(3))), (2, output(&counted(turns))), (3, output(&counted(5)))];
    assert_eq!(results, expected);
}

#[test]
fn a_unit_whose_runner_is_killed_twice_is_given_up() {
    let house = House::new();
    let units = vec![unit(1, b""), unit(2, b"")];
    let job = house.begin(&wasm(&forever()), b"", Limits { cpu_ms: 1_000, ..limits() }, units);
    let first = house.await_runners("a unit runs", is_working)[0].0;
    kill(first);
    let is_second =
        |runners: &[(u32, char, u64)]| runners.iter().any(|one| one.0 != first) && is_working(runners);
    let second = house.await_runners("it runs again", is_second);
    kill(second.iter().find(|one| one.0 != first).unwrap().0);
    let (report, outcome) = house.end(job);
    assert_eq!(outcome, Ok(Vec::new()));
    let failures: Vec<_> = report
        .results
        .iter()
        .map(|result| match &result.outcome {
            Outcome::Failed { failure, .. } => (result.unit, *failure),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(failures, [(1, Failure::Unable), (2, Failure::TooLong)]);
}

fn kill(pid: u32) {
    let pid = rustix::process::Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
}

#[test]
fn a_runner_has_no_files_no_rights_and_no_priority() {
    let house = House::new();
    house.one(&echo(), b"", limits(), b"");
    let (pid, _, _) = house.await_runners("it rests", |runners| !runners.is_empty())[0];
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = |name: &str| status.lines().find(|line| line.starts_with(name)).unwrap().to_owned();
    assert_eq!(line("NoNewPrivs"), "NoNewPrivs:\t1");
    assert_eq!(line("Seccomp:"), "Seccomp:\t2");
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let nice = stat.rsplit_once(')').unwrap().1.split_whitespace().nth(16).unwrap().to_owned();
    assert_eq!(nice, "19");
    let environment = std::fs::read(format!("/proc/{pid}/environ")).unwrap();
    assert!(environment.is_empty());
}
