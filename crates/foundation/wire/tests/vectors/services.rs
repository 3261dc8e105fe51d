//! Vectors of services in `specs/vectors`: how they are written, and that they are what the code makes. Each service that has some
//! includes this file; what its vectors say is its own.
//!
//! `UPDATE_VECTORS=1 cargo test --workspace --lib vectors` writes them anew; a change of a vector is a change of format.

#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test that fails here has found something; it reads the repository's own files; not every crate uses all of it"
)]

use serde_json::{Value, json};

/// Returns bytes as a vector has them.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let digit = |number: u8| char::from_digit(u32::from(number), 16).unwrap();
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// Reads what [`hex`] has written.
pub(crate) fn unhex(digits: &str) -> Vec<u8> {
    let digit = |byte: &u8| u8::try_from(char::from(*byte).to_digit(16).unwrap()).unwrap();
    digits.as_bytes().chunks(2).map(|two| two.iter().fold(0, |sum, one| sum << 4 | digit(one))).collect()
}

/// Makes a vector: bytes of a kind, and what a reader finds in them.
pub(crate) fn vector(kind: &str, name: &str, bytes: &[u8], finds: &Value) -> Value {
    json!({ "kind": kind, "name": name, "bytes": hex(bytes), "finds": finds })
}

/// Demands that a reader takes all vectors, and that they stand in the repository.
pub(crate) fn accepted(file: &str, vectors: &[Value], takes: impl Fn(&Value, &[u8]) -> bool) {
    for vector in vectors {
        assert!(takes(vector, &bytes_of(vector)), "{} is not accepted", vector["name"]);
    }
    compare(file, vectors);
}

/// Demands that a reader refuses all vectors, and that they stand in the repository.
pub(crate) fn refused(file: &str, vectors: &[Value], takes: impl Fn(&Value, &[u8]) -> bool) {
    for vector in vectors {
        assert!(!takes(vector, &bytes_of(vector)), "{} is not refused", vector["name"]);
    }
    compare(file, vectors);
}

fn bytes_of(vector: &Value) -> Vec<u8> {
    unhex(vector["bytes"].as_str().unwrap())
}

/// Compares with what stands in the repository, or writes it.
pub(crate) fn compare(file: &str, vectors: &[Value]) {
    let lines: Vec<String> = vectors.iter().map(|vector| format!("  {vector}")).collect();
    let text = format!("[\n{}\n]\n", lines.join(",\n"));
    let path = std::path::Path::new(&std::env::var_os("CARGO_MANIFEST_DIR").unwrap())
        .join("../../../specs/vectors")
        .join(file);
    if std::env::var_os("UPDATE_VECTORS").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text, "{file} is not what the code makes");
}
