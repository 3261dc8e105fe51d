//! Makes the folder of the built page, which is not committed, so that the crate builds without it.
//!
//! Never calls npm: `./run` builds the page. Cargo runs this again when the folder changes.

fn main() {
    let folder = "../../../web/dist";
    // A read-only checkout without the folder builds, too: the derive allows it to be missing.
    drop(std::fs::create_dir_all(folder));
    println!("cargo::rerun-if-changed={folder}");
}
