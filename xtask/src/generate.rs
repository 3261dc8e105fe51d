//! Writes the generated files and says which are not what the code makes.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::Context;

use crate::{house, say, typescript};

/// Writes what has changed. With `--light` only what needs no `althing` binary.
pub(crate) fn write_all(words: &[String]) -> anyhow::Result<()> {
    write(&schema_files())?;
    if !words.iter().any(|word| word == "--light") {
        write(&binary_files()?)?;
    }
    Ok(())
}

/// Returns path and text of the files that come from the schemas alone.
pub(crate) fn schema_files() -> Vec<(String, String)> {
    let openapi =
        serde_json::to_string_pretty(&gateways::openapi()).expect("a document of plain JSON values");
    vec![
        ("web/src/lib/api.gen.ts".to_owned(), typescript::client()),
        ("docs/openapi.json".to_owned(), openapi + "\n"),
    ]
}

/// Returns path and text of the files that the binary knows: its manual, completions and all faults.
pub(crate) fn binary_files() -> anyhow::Result<Vec<(String, String)>> {
    let mut files = vec![
        ("docs/operations.md".to_owned(), althing(&["commands"])?),
        ("docs/errors.md".to_owned(), althing(&["faults"])?),
    ];
    for (shell, name) in [("bash", "althing.bash"), ("zsh", "_althing"), ("fish", "althing.fish")] {
        files.push((format!("docs/completions/{name}"), althing(&["completions", shell])?));
    }
    Ok(files)
}

/// Returns the paths whose file is not what the code makes.
pub(crate) fn outdated(files: &[(String, String)]) -> Vec<String> {
    let is_same =
        |path: &str, text: &str| fs::read_to_string(house::root().join(path)).is_ok_and(|old| old == text);
    files.iter().filter(|(path, text)| !is_same(path, text)).map(|(path, _)| path.clone()).collect()
}

fn write(files: &[(String, String)]) -> anyhow::Result<()> {
    let outdated = outdated(files);
    for (path, text) in files.iter().filter(|(path, _)| outdated.contains(path)) {
        let target = house::root().join(path);
        fs::create_dir_all(target.parent().unwrap_or(Path::new(".")))
            .and_then(|()| fs::write(&target, text))
            .with_context(|| format!("cannot write {path}"))?;
        say(&format!("wrote {path}"));
    }
    Ok(())
}

fn althing(words: &[&str]) -> anyhow::Result<String> {
    let program = house::built("althing")?;
    let output = Command::new(program).args(words).output().context("cannot run althing")?;
    let talk = String::from_utf8_lossy(&output.stderr).into_owned();
    anyhow::ensure!(output.status.success(), "althing {} failed: {talk}", words.join(" "));
    String::from_utf8(output.stdout).context("althing wrote no UTF-8")
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_files_made_of_the_schemas_are_what_the_code_makes() {
        let outdated = super::outdated(&super::schema_files());
        assert!(outdated.is_empty(), "out of date: {outdated:?}; run: cargo xtask generate");
    }
}
