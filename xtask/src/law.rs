//! The law for deciders: `crates/services/clippy.toml` replaces the root's, so it has to repeat all of it.

use std::path::Path;

use anyhow::Context;
use toml::{Table, Value};

use crate::house;

/// Returns what of the root's law the services' law lacks.
pub(crate) fn wrongs() -> anyhow::Result<Vec<String>> {
    let (all, services) = (read("clippy.toml")?, read("crates/services/clippy.toml")?);
    Ok(lacking(&all, &services))
}

fn lacking(all: &Table, services: &Table) -> Vec<String> {
    let mut wrongs = Vec::new();
    for (key, value) in all {
        match (value, services.get(key)) {
            (Value::Array(items), Some(Value::Array(others))) => {
                let missing = items.iter().filter(|item| !others.contains(item));
                wrongs
                    .extend(missing.map(|item| format!("crates/services/clippy.toml lacks {item} in {key}")));
            }
            (value, other) if Some(value) != other => {
                wrongs.push(format!("crates/services/clippy.toml lacks {key} = {value}"));
            }
            _ => {}
        }
    }
    wrongs
}

fn read(path: &str) -> anyhow::Result<Table> {
    let text = std::fs::read_to_string(house::root().join(Path::new(path)))
        .with_context(|| format!("cannot read {path}"))?;
    text.parse().with_context(|| format!("{path} is no TOML"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_law_for_services_repeats_the_law_of_the_house() {
        assert_eq!(wrongs().unwrap(), Vec::<String>::new());
    }

    #[test]
    fn a_missing_ban_and_another_number_are_found() {
        let of = |text: &str| text.parse::<Table>().unwrap();
        let all = of("lines = 70\nban = [{ path = 'a' }, { path = 'b' }]\n");
        assert_eq!(lacking(&all, &all).len(), 0);
        assert_eq!(lacking(&all, &of("lines = 80\nban = [{ path = 'a' }, { path = 'c' }]\n")).len(), 2);
        assert_eq!(lacking(&all, &of("")).len(), 2);
    }
}
