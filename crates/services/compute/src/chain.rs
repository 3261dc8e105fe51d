//! Several programs one after the other, as a small TOML file says. Pure; not for: running them (`staging.rs`).
//!
//! ```toml
//! name = "letters"
//! trust = "quorum 2/3"
//!
//! [[step]]
//! name = "count"
//! program = "./count.wasm"
//! in = ["family/alice/archive/**"]
//!
//! [[step]]
//! name = "total"
//! program = "./sum.wasm"
//! join = "count"
//! ```

use std::path::{Component, Path};

use serde::Deserialize;

use crate::faults::ComputeError;

/// What a file says.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChainFile {
    pub(crate) name: Option<String>,
    pub(crate) web: Option<String>,
    pub(crate) trust: Option<String>,
    pub(crate) people: Option<Vec<String>>,
    pub(crate) deputies: Option<Vec<String>>,
    pub(crate) priority: Option<u32>,
    #[serde(default)]
    pub(crate) anew: bool,
    pub(crate) step: Vec<ChainStep>,
}

/// One program of it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChainStep {
    pub(crate) name: String,
    pub(crate) program: String,
    /// Patterns of the tree.
    #[serde(default, rename = "in")]
    pub(crate) inputs: Vec<String>,
    pub(crate) range: Option<u64>,
    /// Steps, each of whose outputs is an input.
    #[serde(default)]
    pub(crate) from: Vec<String>,
    /// A step whose outputs are joined, many to one.
    pub(crate) join: Option<String>,
    pub(crate) arguments: Option<String>,
    pub(crate) seconds: Option<u64>,
    pub(crate) memory: Option<u32>,
    #[serde(default)]
    pub(crate) exact_nan: bool,
    pub(crate) fuel: Option<u64>,
}

/// Reads a file; programs are found from its folder on.
pub(crate) fn read(text: &str, file: &str) -> Result<ChainFile, ComputeError> {
    let wrong = |why: String| ComputeError::BadChain { file: file.to_owned(), why };
    let mut chain: ChainFile = toml::from_str(text).map_err(|error| {
        let before = error.span().and_then(|span| text.get(..span.start));
        let line = before.map(|before| before.matches('\n').count() + 1);
        let place = line.map(|line| format!("line {line}: ")).unwrap_or_default();
        wrong(format!("{place}{}", error.message()))
    })?;
    let names: Vec<String> = chain.step.iter().map(|step| step.name.clone()).collect();
    if names.is_empty() || names.len() > 16 {
        return Err(wrong(format!("{} steps, 1 to 16 are allowed", names.len())));
    }
    for (index, step) in chain.step.iter_mut().enumerate() {
        let before = names.get(..index).unwrap_or_default();
        if before.contains(&step.name) || !crate::value::is_name(&step.name) {
            return Err(wrong(format!(
                "a step cannot be called {:?}: names differ, and are not empty",
                step.name
            )));
        }
        let sources =
            [!step.inputs.is_empty(), step.range.is_some(), !step.from.is_empty(), step.join.is_some()];
        if sources.iter().filter(|one| **one).count() != 1 {
            return Err(wrong(format!("step {} needs one of `in`, `range`, `from` and `join`", step.name)));
        }
        if let Some(unknown) = step.from.iter().chain(&step.join).find(|from| !before.contains(from)) {
            return Err(wrong(format!(
                "step {} takes from {unknown}, which is no step before it",
                step.name
            )));
        }
        step.program = beside(&step.program, file);
    }
    Ok(chain)
}

/// Returns a program's path: `./x` and `../x` are beside the file, others stay as they are.
fn beside(program: &str, file: &str) -> String {
    if !program.starts_with('.') {
        return program.to_owned();
    }
    let mut whole = Path::new(file).parent().map(Path::to_path_buf).unwrap_or_default();
    for part in Path::new(program).components() {
        match part {
            Component::ParentDir => drop(whole.pop()),
            Component::Normal(name) => whole.push(name),
            _ => {}
        }
    }
    whole.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_says_what_comes_from_where() {
        let text = "[[step]]\nname = 'a'\nprogram = './a.wasm'\nrange = 3\n[[step]]\nname = 'b'\nprogram = '../b.wasm'\njoin = 'a'\n";
        let chain = read(text, "/home/alice/jobs/chain.toml").unwrap();
        assert_eq!(chain.step[0].program, "/home/alice/jobs/a.wasm");
        assert_eq!(chain.step[1].program, "/home/alice/b.wasm");
        assert_eq!(chain.step[1].join.as_deref(), Some("a"));
    }

    #[test]
    fn what_is_wrong_with_a_chain_is_said_with_its_place() {
        let check = |text: &str, why: &str| {
            let error = read(text, "/c.toml").unwrap_err().to_string();
            assert!(error.contains(why), "{error}");
        };
        check("step = []", "0 steps");
        check("[[step]]\nname = 'a'\nprogram = 'a'\n", "needs one of");
        check("[[step]]\nname = 'a'\nprogram = 'a'\nfrom = ['b']\n", "no step before it");
        check("[[step]]\nname = 'a'\nprogram = 'a'\nrange = 1\nsteps = 4\n", "line 5");
        check("[[step]]\nname = 'a'\nprogram = 'a'\nrange = 'x'\n", "line 4");
    }
}
