//! Reads schemas: what an operation takes, and how the parts of its answer are to be shown.

use serde_json::{Map, Value};

/// A place in a schema.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape<'a> {
    root: &'a Value,
    node: &'a Value,
}

/// What a text or number means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// A number of bytes.
    Bytes,
    /// Milliseconds since 1970.
    Time,
    /// An identifier.
    Id,
    /// A path on this computer.
    LocalPath,
    /// A path on this computer if there is something, else one of the tree.
    LocalOrTree,
    /// Nothing special.
    Plain,
}

/// What an argument may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Form {
    /// Any text.
    Text,
    /// One or more texts.
    Texts,
    /// A whole number up to this.
    Whole(u64),
    /// Said or not said.
    Flag,
    /// One of some words, each with what it means.
    Words(Vec<(String, String)>),
}

/// One argument of an operation.
#[derive(Debug, Clone)]
pub(crate) struct Property {
    pub(crate) name: String,
    pub(crate) doc: String,
    pub(crate) form: Form,
    pub(crate) meaning: Meaning,
    pub(crate) is_required: bool,
}

impl<'a> Shape<'a> {
    /// Begins at a schema's root.
    pub(crate) fn of(root: &'a Value) -> Self {
        Self { root, node: root }.resolved()
    }

    /// Follows references and leaves `null` aside.
    fn resolved(self) -> Self {
        let mut here = self;
        // Schemas of the table nest a few levels; a loop ends here.
        for _ in 0..8 {
            let target = here.text("$ref").and_then(|target| here.root.pointer(target.strip_prefix('#')?));
            let only = || {
                let choices = here.node.get("anyOf")?.as_array()?;
                let mut real = choices.iter().filter(|one| one.get("type").is_none_or(|kind| kind != "null"));
                real.next().filter(|_| real.next().is_none())
            };
            match target.or_else(only) {
                Some(node) => here = Self { root: here.root, node },
                None => break,
            }
        }
        here
    }

    /// Returns the parts of an object, in order, without those for programs: other parts say them in words.
    pub(crate) fn properties(self) -> impl Iterator<Item = (&'a str, Self)> {
        let properties = self.node.get("properties").and_then(Value::as_object);
        let root = self.root;
        properties
            .into_iter()
            .flatten()
            .filter(|(_, node)| node.get("format").is_none_or(|format| format != "for-programs"))
            .map(move |(name, node)| (name.as_str(), Self { root, node }.resolved()))
    }

    /// Returns one part of an object.
    pub(crate) fn property(self, name: &str) -> Option<Self> {
        self.properties().find(|(known, _)| *known == name).map(|(_, shape)| shape)
    }

    /// Returns what a list consists of.
    pub(crate) fn items(self) -> Option<Self> {
        self.node.get("items").map(|node| Self { root: self.root, node }.resolved())
    }

    /// Says whether this is an object with parts.
    pub(crate) fn is_object(self) -> bool {
        self.node.get("properties").is_some()
    }

    /// Returns what it means.
    pub(crate) fn meaning(self) -> Meaning {
        match self.text("format") {
            Some("bytes") => Meaning::Bytes,
            Some("time") => Meaning::Time,
            Some("id") => Meaning::Id,
            Some("local-path") => Meaning::LocalPath,
            Some("local-path-or-tree") => Meaning::LocalOrTree,
            _ => Meaning::Plain,
        }
    }

    /// Returns the arguments, if this is an operation's schema.
    pub(crate) fn arguments(self) -> Vec<Property> {
        let none = Map::new();
        let nodes = self.node.get("properties").and_then(Value::as_object).unwrap_or(&none);
        let required: Vec<&str> = self
            .node
            .get("required")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let one = |(name, shape): (&str, Self)| Property {
            name: name.to_owned(),
            doc: nodes.get(name).and_then(|node| node.get("description")?.as_str()).unwrap_or("").to_owned(),
            form: shape.form(),
            meaning: shape.meaning(),
            is_required: required.contains(&name),
        };
        self.properties().map(one).collect()
    }

    fn form(self) -> Form {
        if let Some(choices) = self.node.get("oneOf").and_then(Value::as_array) {
            let word = |one: &Value| {
                let doc = one.get("description").and_then(Value::as_str).unwrap_or("").to_owned();
                Some((one.get("const")?.as_str()?.to_owned(), doc))
            };
            return Form::Words(choices.iter().filter_map(word).collect());
        }
        let kinds: Vec<&str> = match self.node.get("type") {
            Some(Value::String(one)) => vec![one],
            Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        match kinds.first() {
            Some(&"boolean") => Form::Flag,
            Some(&"array") => Form::Texts,
            Some(&"integer") if self.text("format") == Some("uint32") => Form::Whole(u64::from(u32::MAX)),
            Some(&"integer") => Form::Whole(u64::MAX),
            _ => Form::Text,
        }
    }

    fn text(self, key: &str) -> Option<&'a str> {
        self.node.get(key).and_then(Value::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_argument_of_the_table_has_a_form_the_command_line_knows() {
        for entry in api::table() {
            let schema = (entry.arguments)().to_value();
            for property in Shape::of(&schema).arguments() {
                assert!(!property.doc.is_empty(), "{} {}", entry.name, property.name);
                assert!(property.form != Form::Words(Vec::new()), "{} {}", entry.name, property.name);
            }
        }
    }

    #[test]
    fn forms_and_meanings_are_read() {
        let check = |operation: &str, name: &str, form: &Form, meaning, is_required| {
            let schema = (api::find(operation).unwrap().arguments)().to_value();
            let property = Shape::of(&schema).arguments().into_iter().find(|one| one.name == name).unwrap();
            assert_eq!(
                (&property.form, property.meaning, property.is_required),
                (form, meaning, is_required),
                "{name}"
            );
        };
        check("files.get", "path", &Form::Text, Meaning::Plain, true);
        check("files.get", "to", &Form::Text, Meaning::LocalPath, false);
        check("files.get", "revision", &Form::Whole(u64::MAX), Meaning::Plain, false);
        check("people.invite", "uses", &Form::Whole(u64::from(u32::MAX)), Meaning::Plain, false);
        check("people.invite", "approve", &Form::Flag, Meaning::Plain, false);
        check("people.start_web_with", "persons", &Form::Texts, Meaning::Plain, true);
        let schema = (api::find("people.set_role").unwrap().arguments)().to_value();
        let role = Shape::of(&schema).arguments().into_iter().find(|one| one.name == "role").unwrap();
        assert!(matches!(&role.form, Form::Words(words) if words.len() == 5 && words[0].0 == "carrier"));
    }
}
