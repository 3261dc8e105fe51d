//! Crashes, rules that take for ever, damage on disk, and documents that were changed at random.

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use guard::jobs::{Outcome, SCAN, Scan, to_bytes};
use kernel::JobFailure;
use scanner::ProgramCommand;

use crate::house::{House, child, harmful, rules, unseen};
use crate::samples::{document_with_macro, eicar, gzip_of, mail_of, program, tar_of, zip_of};

/// A program that is a script of the shell.
fn script(house: &House, text: &str) -> ProgramCommand {
    let path: PathBuf = house.folder.path().join("child.sh");
    std::fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    ProgramCommand { path, arguments: Vec::new() }
}

#[test]
fn rules_that_are_none_are_refused_with_a_sentence() {
    let mut house = House::new();
    let check = |house: &mut House, source: &str, expected: &str| {
        let why = house.compile(source).1.unwrap_err();
        assert!(why.contains(expected), "{why}");
    };
    check(&mut house, "", "no rule");
    check(&mut house, "rule a { condition: ", "error");
    check(&mut house, "include \"/etc/passwd\"", "include");
    check(&mut house, "rule a { condition: unknown_word }", "unknown");
    check(&mut house, "import \"vt\" rule a { condition: vt.x }", "no rule");
    let deep = format!("rule a {{ condition: {}true{} }}", "(".repeat(10_000), ")".repeat(10_000));
    assert!(house.compile(&deep).1.is_err());
}

#[test]
fn rules_say_their_number_and_licences() {
    let mut house = House::new();
    let source = "rule a { meta: license = \"MIT\" condition: true } rule b { meta: licence = \"BSD\" severity = \"odd\" \
                  condition: true } rule c { condition: true }";
    let (set, compiled) = house.compile(source);
    let compiled = compiled.unwrap();
    assert_eq!((compiled.rules, compiled.licences), (3, vec!["BSD".to_owned(), "MIT".to_owned()]));
    let item = house.stored("a", b"a");
    let outcome = house.scan(vec![item], vec![set]).remove(0);
    assert_eq!((rules(&outcome), harmful(&outcome)), (vec!["a", "c", "b"], vec!["a", "c"]));
}

#[test]
fn rules_that_take_for_ever_are_refused() {
    let mut house = House::new();
    let slow = "rule slow { condition: for any i in (0..filesize) : (for any j in (0..filesize) : (uint8(i) + uint8(j) == 1000)) }";
    let why = house.compile(slow).1.unwrap_err();
    assert!(why.contains("too long"), "{why}");
}

#[test]
fn rules_that_are_slow_on_one_content_do_not_silence_the_others() {
    let mut house = House::new();
    let slow = "rule slow { condition: uint32(0) == 0x574f4c53 and for any i in (0..filesize) : \
                (for any j in (0..filesize) : (uint8(i) + uint8(j) == 1000)) }";
    let (set, compiled) = house.compile(slow);
    compiled.unwrap();
    let mut bytes = b"SLOW".to_vec();
    bytes.resize(4 << 20, 0);
    let items = vec![house.stored("invoice.pdf.exe", &bytes), house.stored("b", &eicar())];
    let begun = Instant::now();
    let outcomes = house.scan(items, vec![set]);
    assert!(rules(&outcomes[0]).contains(&"name_with_two_endings"), "{outcomes:?}");
    assert!(unseen(&outcomes[0]).unwrap().contains("too long"), "{outcomes:?}");
    assert_eq!(harmful(&outcomes[1]), ["eicar_test_file"]);
    assert!(begun.elapsed() < Duration::from_secs(300));
}

#[test]
fn a_set_that_is_missing_is_told_and_the_rest_goes_on() {
    let mut house = House::new();
    let item = house.stored("b", &eicar());
    let outcome = house.scan(vec![item], vec![base::ContentId::new([3; 32])]).remove(0);
    assert_eq!(harmful(&outcome), ["eicar_test_file"]);
    assert!(unseen(&outcome).unwrap().starts_with("a set of rules is not used"));
}

#[test]
fn a_program_that_is_missing_or_ends_at_once_fails_the_job() {
    let missing = ProgramCommand { path: "/nonexistent".into(), arguments: Vec::new() };
    for program in [missing, ProgramCommand { path: "/bin/false".into(), arguments: Vec::new() }] {
        let mut house = House::with(program, None);
        let items = vec![house.stored("a", b"a")];
        house.begin(SCAN, to_bytes(&Scan { items, sets: Vec::new() }));
        assert!(matches!(house.end().1, Err(JobFailure::Failed(_))));
    }
}

/// Starts the real child through a script that, once, reads a little and ends.
#[test]
fn a_child_that_ends_costs_one_content_at_most() {
    let first = House::new();
    let text = format!(
        "cd {folder}\nif [ -e broken ]; then rm broken; exec head -c 400 >/dev/null; fi\nexec {child} \"$@\"",
        folder = first.folder.path().display(),
        child = child().path.display(),
    );
    let program = script(&first, &text);
    let mut house = House::with(program, None);
    assert_eq!(harmful(&house.look("a", &eicar())), ["eicar_test_file"]);
    house.end_children();
    std::fs::write(first.folder.path().join("broken"), "").unwrap();
    let items = vec![house.stored("a", b"first"), house.stored("b", &eicar())];
    let outcomes = house.scan(items, Vec::new());
    assert_eq!(outcomes[0], Outcome::NotSeen { why: "the scanner ended on it".to_owned() });
    assert_eq!(harmful(&outcomes[1]), ["eicar_test_file"]);
}

#[test]
fn a_child_that_was_ended_from_outside_is_started_anew() {
    let mut house = House::new();
    assert_eq!(harmful(&house.look("a", &eicar())), ["eicar_test_file"]);
    house.end_children();
    assert_eq!(harmful(&house.look("a", &eicar())), ["eicar_test_file"]);
}

#[test]
fn damaged_files_of_the_cache_are_made_anew() {
    let mut house = House::new();
    let (set, compiled) = house.compile("rule a { condition: true }");
    compiled.unwrap();
    house.look("a", b"a");
    let cache = house.folder.path().join("guard");
    let files = || std::fs::read_dir(&cache).unwrap().map(|entry| entry.unwrap().path());
    assert_eq!(files().count(), 2);
    house.end_children();
    for (number, path) in files().enumerate() {
        let mut bytes = std::fs::read(&path).unwrap();
        if number == 0 {
            bytes.truncate(40);
        } else {
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
        }
        std::fs::write(&path, bytes).unwrap();
    }
    let item = house.stored("b", &eicar());
    let outcome = house.scan(vec![item], vec![set]).remove(0);
    assert_eq!(harmful(&outcome), ["a", "eicar_test_file"]);
    assert_eq!(unseen(&outcome), None);
    assert_eq!(files().count(), 2);
}

#[test]
fn a_cancelled_job_ends_soon() {
    let mut house = House::new();
    house.look("a", b"a");
    let slow = "rule slow { condition: uint32(0) == 0x574f4c53 and for any i in (0..filesize) : \
                (for any j in (0..filesize) : (uint8(i) + uint8(j) == 1000)) }";
    let (set, compiled) = house.compile(slow);
    compiled.unwrap();
    let mut bytes = b"SLOW".to_vec();
    bytes.resize(4 << 20, 0);
    let items = vec![house.stored("a", &bytes)];
    let job = house.begin(SCAN, to_bytes(&Scan { items, sets: vec![set] }));
    std::thread::sleep(Duration::from_millis(500));
    let begun = Instant::now();
    house.cancel(job);
    assert_eq!(house.end(), (job, Err(JobFailure::Cancelled)));
    assert!(begun.elapsed() < Duration::from_secs(10));
}

#[test]
fn documents_changed_at_random_never_stop_the_rest() {
    let mut house = House::new();
    let zip = zip_of(&[
        ("[Content_Types].xml", b"<Types/>"),
        ("word/document.xml", &b"<w:p>text</w:p>".repeat(50)),
    ]);
    let documents: [(&str, Vec<u8>); 6] = [
        ("a.docx", zip.clone()),
        ("a.tgz", gzip_of(&tar_of(&[("a", b"text"), ("b.zip", &zip)]))),
        ("a.eml", mail_of("a.zip", &zip)),
        ("a.doc", document_with_macro("Sub AutoOpen()\r\nEnd Sub\r\n")),
        ("a.exe", program()),
        (
            "a.pdf",
            b"%PDF-1.5\n1 0 obj <</Type /ObjStm /Filter /FlateDecode>> stream\r\nxx endstream".to_vec(),
        ),
    ];
    let mut state = 20_261_130_u64;
    let mut random = move |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % below
    };
    for round in 0..240 {
        let (name, mut bytes) = documents[round % documents.len()].clone();
        for _ in 0..=random(8) {
            let at = random(bytes.len());
            match random(4) {
                0 => bytes[at] = u8::try_from(random(256)).unwrap(),
                1 => bytes.truncate(at.max(16)),
                2 => bytes[at] ^= 1 << random(8),
                _ => {
                    let piece: Vec<u8> = bytes[at..].iter().copied().take(random(64)).collect();
                    let to = random(bytes.len());
                    drop(bytes.splice(to..to, piece));
                }
            }
        }
        let outcome = house.look(name, &bytes);
        assert!(matches!(outcome, Outcome::Seen { .. }), "round {round}, {name}: {outcome:?}");
    }
    assert_eq!(harmful(&house.look("a", &eicar())), ["eicar_test_file"]);
}
