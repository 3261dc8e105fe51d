//! `cargo xtask tidy`: a report for the one who changes the code. Never fails, decides nothing.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::{house, say};

/// Above this a file deserves a second thought.
const FILE_LINES: usize = 600;

/// About a screen.
const FUNCTION_LINES: usize = 70;

/// Reports long files and functions, synonyms of glossary words, and rules that no code or test cites.
pub(crate) fn report() -> anyhow::Result<()> {
    let mut sources = Vec::new();
    for folder in ["crates", "xtask/src", "web/src"] {
        collect(&house::root().join(folder), &mut sources)?;
    }
    let mut texts = Vec::new();
    for path in &sources {
        let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let shown = path.strip_prefix(house::root()).unwrap_or(path).display().to_string();
        texts.push((shown, text));
    }
    section("Files above 600 lines", long_files(&texts));
    section(
        "Functions above 70 lines",
        texts.iter().flat_map(|(path, text)| long_functions(path, text)).collect(),
    );
    section("Words the glossary does not use, in comments", synonyms(&texts)?);
    section("Rules of the specs that no code and no test cites", uncited_rules(&texts)?);
    Ok(())
}

fn section(title: &str, lines: Vec<String>) {
    say(&format!("{title}: {}", lines.len()));
    for line in lines {
        say(&format!("  {line}"));
    }
}

fn collect(folder: &Path, out: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or("");
        if path.is_dir() {
            collect(&path, out)?;
        } else if [".rs", ".ts", ".svelte"].iter().any(|end| name.ends_with(end)) && !name.contains(".gen.") {
            out.push(path);
        }
    }
    out.sort();
    Ok(())
}

fn is_test(path: &str) -> bool {
    path.contains("/tests/") || path.ends_with("tests.rs") || path.ends_with(".test.ts")
}

fn long_files(texts: &[(String, String)]) -> Vec<String> {
    let long = texts.iter().filter(|(path, text)| !is_test(path) && text.lines().count() > FILE_LINES);
    long.map(|(path, text)| format!("{path}: {}", text.lines().count())).collect()
}

/// Finds functions by rustfmt's indentation: from a line with `fn` to the brace at the same depth.
fn long_functions(path: &str, text: &str) -> Vec<String> {
    let mut out = Vec::new();
    if Path::new(path).extension().is_none_or(|end| end != "rs") || is_test(path) {
        return out;
    }
    let mut open: Option<(usize, usize, String)> = None;
    for (number, line) in text.lines().enumerate() {
        let depth = line.len().saturating_sub(line.trim_start().len());
        let code = line.trim_start();
        match &open {
            Some((start, at, name)) if depth == *at && code == "}" => {
                let length = number.saturating_sub(*start);
                if length > FUNCTION_LINES {
                    out.push(format!("{path}:{} {name}: {length}", start.saturating_add(1)));
                }
                open = None;
            }
            None if !code.starts_with("//") && !code.ends_with(';') => {
                let name =
                    code.split_once("fn ").map(|(_, rest)| rest.split(['(', '<']).next().unwrap_or(""));
                open = name.filter(|_| is_head(code)).map(|name| (number, depth, name.to_owned()));
            }
            _ => {}
        }
    }
    out
}

fn is_head(code: &str) -> bool {
    let before = code.split("fn ").next().unwrap_or("");
    before
        .split_whitespace()
        .all(|word| ["pub", "async", "const", "unsafe"].contains(&word) || word.starts_with("pub("))
}

/// Compares comments with the last column of the glossary.
fn synonyms(texts: &[(String, String)]) -> anyhow::Result<Vec<String>> {
    let glossary =
        fs::read_to_string(house::root().join("GLOSSARY.md")).context("cannot read GLOSSARY.md")?;
    let rows = glossary.lines().filter(|line| line.starts_with("| ")).skip(1);
    let mut unwanted = BTreeSet::new();
    for row in rows {
        let last = row.trim_end_matches('|').rsplit('|').next().unwrap_or("");
        let words = last.split(',').map(|word| word.split('(').next().unwrap_or("").trim());
        unwanted.extend(words.filter(|word| word.len() > 2).map(str::to_lowercase));
    }
    let mut out = Vec::new();
    for (path, text) in texts {
        for (number, line) in text.lines().enumerate() {
            let Some((_, comment)) = line.split_once("// ").or_else(|| line.split_once("//! ")) else {
                continue;
            };
            let comment = comment.to_lowercase();
            let words: BTreeSet<&str> = comment.split(|one: char| !one.is_alphanumeric()).collect();
            let found = unwanted.iter().filter(|word| words.contains(word.as_str()));
            out.extend(found.map(|word| format!("{path}:{} {word}", number.saturating_add(1))));
        }
    }
    Ok(out)
}

/// Looks for `spec NAME rule N` and `spec NAME rules N and M` in the code; rules begin lines of `specs/NAME.md`.
fn uncited_rules(texts: &[(String, String)]) -> anyhow::Result<Vec<String>> {
    let mut out = Vec::new();
    for entry in fs::read_dir(house::root().join("specs")).context("cannot read specs")? {
        let path = entry?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()?.strip_suffix(".md")) else {
            continue;
        };
        let spec = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let cited = cited(texts, name);
        let rules = spec.lines().filter_map(|line| line.split_once(". ")?.0.parse::<u32>().ok());
        out.extend(rules.filter(|rule| !cited.contains(rule)).map(|rule| format!("{name} rule {rule}")));
    }
    out.sort();
    Ok(out)
}

fn cited(texts: &[(String, String)], spec: &str) -> BTreeSet<u32> {
    let start = format!("spec {spec} rule");
    let mut out = BTreeSet::new();
    for (_, text) in texts {
        for after in text.split(&start).skip(1) {
            let numbers = after.trim_start_matches('s').split(|one: char| !one.is_alphanumeric());
            let list = numbers
                .filter(|word| !word.is_empty())
                .take_while(|word| *word == "and" || word.parse::<u32>().is_ok());
            out.extend(list.filter_map(|word| word.parse::<u32>().ok()));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_functions_are_found_and_short_ones_are_not() {
        let body = "    let x = 1;\n".repeat(71);
        let text = format!(
            "fn short() {{\n    1\n}}\n\nimpl A {{\n    pub(crate) async fn long(&self) {{\n{body}    }}\n}}\n"
        );
        assert_eq!(long_functions("a.rs", &text), ["a.rs:6 long: 72"]);
    }

    #[test]
    fn citations_of_several_rules_count_each() {
        let texts = [(String::new(), "// spec sync rules 3, 4 and 7: x\n// spec sync rule 12.".to_owned())];
        assert_eq!(cited(&texts, "sync"), BTreeSet::from([3, 4, 7, 12]));
        assert!(cited(&texts, "records").is_empty());
    }
}
