//! Agents in real child processes: what they get and give, and Mallory's.

use agents::jobs::{Head, Output, Program, RUN, Ran, Run, TAKE, Taken, from_bytes, to_bytes};
use files::jobs::Source;
use kernel::JobFailure;

use crate::house::{House, content, wasm};
use crate::programs::{command, core, forever};

/// Gives its input back, without the 12 bytes before it.
fn echo() -> Vec<u8> {
    wasm(
        r#"(module (memory (export "memory") 64)
        (func (export "althing_alloc") (param i32) (result i32) (i32.const 1024))
        (func (export "althing_run") (param $i i32) (param $n i32) (result i64)
            (i64.or (i64.shl (i64.extend_i32_u (i32.add (local.get $i) (i32.const 12))) (i64.const 32))
                (i64.extend_i32_u (i32.sub (local.get $n) (i32.const 12))))))"#,
    )
}

fn begin(house: &House, program: &[u8], cpu_ms: u32, heads: Vec<Head>) -> Result<Ran, String> {
    let id = content(program);
    house.shelf.0.lock().unwrap().insert(id, program.to_vec());
    let document = br#"{"event":{"files":[{"path":"a"}]}}"#.to_vec();
    let program = Program::Here { content: id, size: program.len() as u64, source: Source::Store };
    let is_disk_told = heads.is_empty();
    let run = Run { program, document: document.into(), heads, cpu_ms, memory_mib: 16, is_disk_told };
    match house.end(house.job(RUN, to_bytes(&run))).1 {
        Ok(bytes) => {
            let ran: Ran = from_bytes(&bytes).unwrap();
            assert_eq!(ran.content, id);
            Ok(ran)
        }
        Err(JobFailure::Failed(why)) => Err(why),
        Err(other) => panic!("{other:?}"),
    }
}

fn check(house: &House, program: &str, words: &str) {
    match begin(house, &wasm(program), 200, Vec::new()).unwrap().output {
        Output::Failed { why } => assert!(why.contains(words), "{why}"),
        Output::Given { bytes } => panic!("{words}: it gave {} bytes", bytes.len()),
    }
}

#[test]
fn an_agent_runs_though_units_of_others_may_not() {
    // Nothing is allowed to units here.
    let house = House::quiet(std::sync::Arc::new(tempfile::tempdir().unwrap()), sandbox::CHECKPOINT_EVERY);
    let file = b"MZ\x90 and more".to_vec();
    let id = content(&file);
    let head = Head { place: 0, content: id, size: file.len() as u64, source: Source::Store };
    house.shelf.0.lock().unwrap().insert(id, file);
    for _ in 0..3 {
        let ran = begin(&house, &echo(), 1_000, vec![head.clone()]).unwrap();
        let Output::Given { bytes } = ran.output else { panic!("{ran:?}") };
        let given = String::from_utf8(bytes.to_vec()).unwrap();
        assert!(given.contains(r#""first":"4d5a90"#) && given.contains(r#""path":"a""#), "{given}");
    }
    let gone = Head { content: content(b"nowhere"), ..head };
    let ran = begin(&house, &echo(), 1_000, vec![gone]).unwrap();
    let Output::Given { bytes } = ran.output else { panic!("{ran:?}") };
    assert_eq!(&*bytes, br#"{"event":{"files":[{"path":"a"}]}}"#);
}

#[test]
fn mallory_s_agents_lose_their_process_and_nothing_else() {
    let house = House::new();
    check(&house, &forever(), "200 ms");
    check(&house, &core(1, "(unreachable)"), "gave up");
    check(
        &house,
        &core(1, "(loop $l (br_if $l (i32.ne (memory.grow (i32.const 16)) (i32.const -1)))) (unreachable)"),
        "gave up",
    );
    // A place and a length far beyond its memory.
    check(&house, &core(1, "(i64.const 0x3fffffff)"), "");
    check(&house, &core(2_000, "(i64.const 0)"), "");
    check(&house, &command(""), "WASI");
    match begin(&house, b"no wasm at all", 200, Vec::new()).unwrap().output {
        Output::Failed { why } => assert!(!why.is_empty()),
        Output::Given { .. } => panic!("it ran"),
    }
    // One that gives more than it may, from memory that it has.
    check(&house, &core(160, "(i64.const 0x900000)"), "");
    let Output::Given { bytes } = begin(&house, &echo(), 1_000, Vec::new()).unwrap().output else {
        panic!("the next one runs as ever")
    };
    let given = String::from_utf8(bytes.to_vec()).unwrap();
    assert!(given.contains(r#""disk":{"free":"#), "{given}");
}

#[test]
fn a_program_is_checked_and_kept_before_it_is_admitted() {
    let house = House::new();
    let take = |program: &Program| match house.end(house.job(TAKE, to_bytes(program))).1 {
        Ok(bytes) => Ok(from_bytes::<Taken>(&bytes).unwrap()),
        Err(JobFailure::Failed(why)) => Err(why),
        Err(other) => panic!("{other:?}"),
    };
    let file = |name: &str, bytes: &[u8]| {
        let path = house.home.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        Program::File { path: path.to_str().unwrap().to_owned() }
    };
    let taken = take(&file("echo.wasm", &echo())).unwrap();
    assert_eq!((taken.content, taken.size), (content(&echo()), echo().len() as u64));
    assert!(house.shelf.0.lock().unwrap().contains_key(&taken.content));
    assert!(take(&file("text", b"hello")).unwrap_err().contains("cannot run here"));
    assert!(take(&file("command.wasm", &wasm(&command("")))).unwrap_err().contains("WASI"));
    assert!(take(&file("large", &vec![0; 5 << 20])).unwrap_err().contains("too large"));
    assert!(take(&Program::File { path: "/nowhere/at/all".to_owned() }).unwrap_err().contains("not there"));
}

#[test]
fn an_agent_that_is_cancelled_ends() {
    let house = House::new();
    let program = wasm(&forever());
    let id = content(&program);
    house.shelf.0.lock().unwrap().insert(id, program.clone());
    let place = Program::Here { content: id, size: program.len() as u64, source: Source::Store };
    let run = Run {
        program: place,
        document: b"{}".to_vec().into(),
        heads: Vec::new(),
        cpu_ms: 10_000,
        memory_mib: 16,
        is_disk_told: false,
    };
    let job = house.job(RUN, to_bytes(&run));
    std::thread::sleep(std::time::Duration::from_millis(300));
    kernel::Driver::cancel(&house.sandbox, job);
    assert_eq!(house.end(job).1, Err(JobFailure::Cancelled));
}
