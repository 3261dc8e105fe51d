//! What is packed is found, and bombs burst elsewhere.

use std::io::Write as _;

use crate::house::{House, findings, harmful, rules, unseen};
use crate::samples::{eicar, gzip_of, mail_of, program, tar_of, zip_of};

fn inside(outcome: &guard::jobs::Outcome) -> Option<&str> {
    findings(outcome).iter().find(|finding| finding.rule == "eicar_test_file")?.inside.as_deref()
}

#[test]
fn what_is_packed_is_found_and_its_path_is_told() {
    let mut house = House::new();
    let bad = eicar();
    let check = |house: &mut House, name: &str, bytes: &[u8], path: &str| {
        let outcome = house.look(name, bytes);
        assert_eq!(inside(&outcome), Some(path), "{outcome:?}");
        assert_eq!(unseen(&outcome), None);
    };
    check(&mut house, "a.zip", &zip_of(&[("good.txt", b"good"), ("b/bad.com", &bad)]), "a.zip/b/bad.com");
    check(&mut house, "a.com.gz", &gzip_of(&bad), "a.com.gz/a.com");
    check(&mut house, "a.tar", &tar_of(&[("good", b"good"), ("b/bad.com", &bad)]), "a.tar/b/bad.com");
    check(&mut house, "a.tgz", &gzip_of(&tar_of(&[("bad", &bad)])), "a.tgz/a.tar/bad");
    check(&mut house, "a.eml", &mail_of("bad.com", &bad), "a.eml/bad.com");
    check(&mut house, "mail without a name", &mail_of("bad.com", &bad), "mail without a name/bad.com");
    let nested = mail_of("bad.zip", &zip_of(&[("bad.tar.gz", &gzip_of(&tar_of(&[("bad", &bad)])))]));
    check(&mut house, "a.eml", &nested, "a.eml/bad.zip/bad.tar.gz/bad.tar/bad");
    // A zip at the end of something else.
    let behind = [program(), zip_of(&[("bad", &bad)])].concat();
    check(&mut house, "setup.exe", &behind, "setup.exe/bad");
}

#[test]
fn paths_are_told_without_signs_that_turn_others_around() {
    let mut house = House::new();
    let zip = zip_of(&[("x\\y/ann\u{202e}cod.exe", b"x")]);
    let outcome = house.look("a.zip", &zip);
    assert_eq!(rules(&outcome)[0], "name_turned_around");
    assert_eq!(findings(&outcome)[0].inside.as_deref(), Some("a.zip/x/y/ann\u{fffd}cod.exe"));
}

#[test]
fn what_is_packed_too_deep_is_told() {
    let mut house = House::new();
    let mut bytes = eicar();
    for depth in 1..=6 {
        bytes = zip_of(&[("inner.zip", &bytes)]);
        let outcome = house.look("a.zip", &bytes);
        let is_found = harmful(&outcome) == ["eicar_test_file"];
        let is_told = unseen(&outcome) == Some("archives in it are packed too deep");
        assert_eq!((is_found, is_told), (depth <= 4, depth > 4), "{depth}: {outcome:?}");
    }
}

#[test]
fn bombs_end_in_a_sentence() {
    let mut house = House::new();
    let told = "more is packed in it than is unpacked here";
    let zeros = vec![0; 300 << 20];
    let flat = gzip_of(&zeros);
    assert_eq!(unseen(&house.look("flat.gz", &flat)), Some(told));
    let many: Vec<(String, &[u8])> =
        (0..20).map(|number| (format!("{number}"), &zeros[..20 << 20])).collect();
    let many: Vec<(&str, &[u8])> = many.iter().map(|(name, bytes)| (name.as_str(), *bytes)).collect();
    let wide = zip_of(&many);
    assert_eq!(unseen(&house.look("wide.zip", &wide)), Some(told));
    let nested = zip_of(&[("a.zip", &wide), ("b.zip", &wide)]);
    assert_eq!(unseen(&house.look("nested.zip", &nested)), Some(told));
    // What stands before the bomb has been looked at.
    let mixed = zip_of(&[("bad.com", &eicar()), ("bomb", &zeros)]);
    let outcome = house.look("mixed.zip", &mixed);
    assert_eq!((harmful(&outcome), unseen(&outcome)), (vec!["eicar_test_file"], Some(told)));
}

#[test]
fn a_zip_whose_entries_lie_over_each_other_ends() {
    let mut house = House::new();
    let zeros = vec![0; 8 << 20];
    let one = zip_of(&[("a", &zeros)]);
    // The directory names the same entry a thousand times.
    let start = one.windows(4).position(|window| window == b"PK\x01\x02").unwrap();
    let end = one.windows(4).position(|window| window == b"PK\x05\x06").unwrap();
    let mut bomb = one[..start].to_vec();
    let mut directory = Vec::new();
    for number in 0_u16..1_000 {
        let mut entry = one[start..end].to_vec();
        entry[28..30].copy_from_slice(&5_u16.to_le_bytes());
        entry.splice(46..47, format!("{number:05}").into_bytes());
        directory.extend(entry);
    }
    let mut record = one[end..].to_vec();
    record[8..10].copy_from_slice(&1_000_u16.to_le_bytes());
    record[10..12].copy_from_slice(&1_000_u16.to_le_bytes());
    record[12..16].copy_from_slice(&u32::try_from(directory.len()).unwrap().to_le_bytes());
    bomb.extend(directory);
    bomb.extend(record);
    let outcome = house.look("overlapping.zip", &bomb);
    assert!(unseen(&outcome).is_some(), "{outcome:?}");
}

#[test]
fn too_many_files_are_told() {
    let mut house = House::new();
    let names: Vec<String> = (0..21_000).map(|number| number.to_string()).collect();
    let entries: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &b"x"[..])).collect();
    for (name, bytes) in [("a.zip", zip_of(&entries)), ("a.tar", tar_of(&entries))] {
        assert_eq!(unseen(&house.look(name, &bytes)), Some("more than 20,000 files are packed in it"));
    }
}

#[test]
fn what_cannot_be_opened_is_told() {
    let mut house = House::new();
    let mut encrypted = zip_of(&[("secret.txt", b"secret"), ("game.pdf.exe", b"secret")]);
    for at in 0..encrypted.len() - 10 {
        match &encrypted[at..at + 4] {
            b"PK\x03\x04" => encrypted[at + 6] |= 1,
            b"PK\x01\x02" => encrypted[at + 8] |= 1,
            _ => {}
        }
    }
    let outcome = house.look("a.zip", &encrypted);
    assert_eq!(unseen(&outcome), Some("it is protected by a password"));
    assert_eq!(rules(&outcome), ["name_with_two_endings"]);
    assert!(unseen(&house.look("a.7z", b"7z\xbc\xaf\x27\x1c\0\x04")).unwrap().contains("7-Zip"));
    assert!(unseen(&house.look("a.rar", b"Rar!\x1a\x07\x01\0")).unwrap().contains("RAR"));
    assert_eq!(
        unseen(&house.look("a.zip", b"PK\x03\x04 and nothing else")),
        Some("it is a damaged zip archive")
    );
    let cut = gzip_of(&b"some text ".repeat(1_000));
    assert_eq!(unseen(&house.look("a.gz", &cut[..cut.len() / 2])), Some("a part of it is damaged"));
}

#[test]
fn a_large_archive_is_opened_where_it_lies() {
    let mut house = House::new();
    let mut noise = vec![0_u8; 40 << 20];
    let mut state = 1_u32;
    for byte in &mut noise {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        *byte = state.to_be_bytes()[0];
    }
    let outcome = house.look("a.zip", &zip_of(&[("noise", &noise), ("bad.com", &eicar())]));
    assert_eq!(inside(&outcome), Some("a.zip/bad.com"), "{outcome:?}");
    let outcome = house.look("a.tar", &tar_of(&[("noise", &noise), ("bad.com", &eicar())]));
    assert_eq!(inside(&outcome), Some("a.tar/bad.com"), "{outcome:?}");
    let outcome = house.look("a.tgz", &gzip_of(&tar_of(&[("noise", &noise), ("bad.com", &eicar())])));
    assert_eq!(inside(&outcome), Some("a.tgz/a.tar/bad.com"), "{outcome:?}");
}

#[test]
fn long_names_in_a_tar_are_read() {
    let mut house = House::new();
    let long = format!("{}/bad.pdf.exe", "folder".repeat(40));
    let mut tar = tar_of(&[("././@LongLink", format!("{long}\0").as_bytes()), ("cut", b"x")]);
    tar[156] = b'L';
    let sum: u32 = tar[..512]
        .iter()
        .enumerate()
        .map(|(at, byte)| if (148..156).contains(&at) { 32 } else { u32::from(*byte) })
        .sum();
    (&mut tar[148..156]).write_all(format!("{sum:06o}\0 ").as_bytes()).unwrap();
    assert_eq!(rules(&house.look("a.tar", &tar)), ["name_with_two_endings"]);
}
