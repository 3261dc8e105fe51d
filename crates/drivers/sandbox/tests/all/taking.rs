//! Taking programs and texts, saving outputs.

use compute::jobs::{Abi, PROGRAM_SIZE_MAX, Place, Save, SaveFile, Take, Taken};
use files::jobs::Source;

use crate::house::{House, content, wasm};
use crate::programs::{STEPS, command, component, echo};

fn file(house: &House, name: &str, bytes: &[u8]) -> String {
    let path = house.home.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn a_program_is_taken_checked_and_kept() {
    let house = House::new();
    let cases = [
        (echo(), Abi::Core, false),
        (STEPS.to_owned(), Abi::Core, true),
        (component(""), Abi::Component, false),
        (command(""), Abi::Command, false),
    ];
    for (text, abi, has_checkpoints) in cases {
        let program = wasm(&text);
        let path = file(&house, "program.wasm", &program);
        let expected =
            Taken::Program { content: content(&program), size: program.len() as u64, abi, has_checkpoints };
        assert_eq!(house.take(&Take::File { path }), Ok(expected.clone()));
        assert_eq!(house.shelf.0.lock().unwrap().get(&content(&program)), Some(&program));
        let place =
            Place::Content { content: content(&program), size: program.len() as u64, source: Source::Store };
        assert_eq!(house.take(&Take::Here { place }), Ok(expected));
    }
}

#[test]
fn a_program_is_taken_while_units_are_paused() {
    let house = House::new();
    house.allow(0);
    let path = file(&house, "program.wasm", &wasm(&echo()));
    assert!(house.take(&Take::File { path }).is_ok());
}

#[test]
fn what_cannot_be_taken_is_said_in_words() {
    let house = House::new();
    let check = |take: &Take, words: &str| {
        let text = house.take(take).unwrap_err();
        assert!(text.contains(words), "{text}");
    };
    let path = |name: &str| house.home.path().join(name).to_str().unwrap().to_owned();
    check(&Take::File { path: path("missing.wasm") }, "missing.wasm is not there");
    check(&Take::File { path: "relative.wasm".to_owned() }, "not absolute");
    check(&Take::File { path: house.home.path().to_str().unwrap().to_owned() }, "no regular file");
    check(&Take::File { path: "/dev/zero".to_owned() }, "no regular file");
    check(
        &Take::File { path: file(&house, "a.txt", b"hello") },
        "a.txt cannot run here: it is no WASM program",
    );
    let import = wasm(r#"(module (import "env" "system" (func)))"#);
    check(&Take::File { path: file(&house, "import.wasm", &import) }, "env.system");
    let large = path("large.wasm");
    std::fs::File::create(&large).unwrap().set_len(PROGRAM_SIZE_MAX + 1).unwrap();
    check(&Take::File { path: large }, "too large");
    check(&Take::Text { path: file(&house, "latin", b"\xe9") }, "no text");
    check(&Take::Text { path: file(&house, "long", &vec![b'a'; 256 * 1024 + 1]) }, "too large");
    assert!(house.shelf.0.lock().unwrap().is_empty(), "nothing bad is kept");
    let text = Taken::Text { text: "áb\n".to_owned() };
    assert_eq!(house.take(&Take::Text { path: file(&house, "text", "áb\n".as_bytes()) }), Ok(text));
}

#[test]
fn outputs_are_written_below_their_folder_and_nowhere_else() {
    let house = House::new();
    let folder = house.home.path().join("out/deep");
    let save = |path: &str, bytes: &[u8]| {
        house.save(&Save {
            folder: folder.to_str().unwrap().to_owned(),
            files: vec![
                SaveFile { path: "good".to_owned(), bytes: Place::Inline { bytes: b"good".to_vec().into() } },
                SaveFile { path: path.to_owned(), bytes: Place::Inline { bytes: bytes.to_vec().into() } },
            ],
        })
    };
    for path in ["../evil", "/evil", "a/../../evil", "", "a//b", "a/", ".", "a\0"] {
        let text = save(path, b"evil").unwrap_err();
        assert!(text.contains("no name for a file"), "{text}");
        assert!(!folder.exists(), "not even the good one");
    }
    save("tiles/0/1.png", b"first").unwrap();
    save("tiles/0/1.png", b"second").unwrap();
    assert_eq!(std::fs::read(folder.join("tiles/0/1.png")).unwrap(), b"second");
    std::os::unix::fs::symlink(house.home.path(), folder.join("link")).unwrap();
    save("link/evil", b"evil").unwrap_err();
    assert!(!house.home.path().join("evil").exists());
    save("good/evil", b"evil").unwrap_err();
    let relative = Save { folder: "relative".to_owned(), files: Vec::new() };
    assert!(house.save(&relative).unwrap_err().contains("not absolute"));
}
