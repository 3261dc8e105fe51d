//! Compares arguments with an operation's schema, so that a wrong request is told what is wrong before it
//! reaches a service.
//!
//! Knows the parts of JSON schema that schemars writes for the types in `api`. An unknown part lets
//! everything through: services read their arguments strictly again.

use serde_json::Value;

/// How deep a schema is followed.
const DEPTH_MAX: u32 = 16;

/// Says in words why a value does not fit a root schema.
pub fn check(schema: &Value, value: &Value) -> Result<(), String> {
    Checker { root: schema }.check(schema, value, "the arguments", DEPTH_MAX)
}

struct Checker<'a> {
    root: &'a Value,
}

impl Checker<'_> {
    fn check(&self, schema: &Value, value: &Value, name: &str, depth: u32) -> Result<(), String> {
        let Some(depth) = depth.checked_sub(1) else { return Ok(()) };
        if let Some(target) = schema.get("$ref").and_then(Value::as_str) {
            let target = target.strip_prefix('#').and_then(|pointer| self.root.pointer(pointer));
            return target.map_or(Ok(()), |target| self.check(target, value, name, depth));
        }
        if let Some(choices) = choices(schema) {
            return self.check_choices(choices, value, name, depth);
        }
        if let Some(constant) = schema.get("const") {
            return if constant == value { Ok(()) } else { Err(format!("{name} is not {constant}")) };
        }
        check_type(schema, value, name)?;
        match value {
            Value::Object(object) => self.check_object(schema, object, name, depth),
            Value::Array(items) => match schema.get("items") {
                Some(of) => {
                    items.iter().try_for_each(|item| self.check(of, item, &format!("each of {name}"), depth))
                }
                None => Ok(()),
            },
            Value::Number(number) => check_number(schema, number, name),
            Value::String(text) => check_text(schema, text, name),
            _ => Ok(()),
        }
    }

    fn check_choices(&self, choices: &[Value], value: &Value, name: &str, depth: u32) -> Result<(), String> {
        if choices.iter().any(|choice| self.check(choice, value, name, depth).is_ok()) {
            return Ok(());
        }
        let words = self.words(choices);
        Err(if words.is_empty() {
            format!("{name} has a wrong form")
        } else {
            format!("{name} is none of {}", words.join(", "))
        })
    }

    /// Returns the constants among choices, looking through references.
    fn words(&self, choices: &[Value]) -> Vec<String> {
        let of = |choice: &Value| {
            let target =
                choice.get("$ref").and_then(Value::as_str).and_then(|target| target.strip_prefix('#'));
            let choice = target.and_then(|pointer| self.root.pointer(pointer)).unwrap_or(choice);
            let inner = super::arguments::choices(choice).unwrap_or(std::slice::from_ref(choice));
            inner.iter().filter_map(|one| one.get("const")?.as_str().map(str::to_owned)).collect::<Vec<_>>()
        };
        choices.iter().flat_map(of).collect()
    }

    fn check_object(
        &self,
        schema: &Value,
        object: &serde_json::Map<String, Value>,
        name: &str,
        depth: u32,
    ) -> Result<(), String> {
        let none = serde_json::Map::new();
        let properties = schema.get("properties").and_then(Value::as_object).unwrap_or(&none);
        let required = schema.get("required").and_then(Value::as_array).into_iter().flatten();
        for property in required.filter_map(Value::as_str) {
            if !object.contains_key(property) {
                return Err(format!("{property} is missing"));
            }
        }
        for (property, value) in object {
            match properties.get(property) {
                Some(schema) => self.check(schema, value, property, depth)?,
                None if schema.get("additionalProperties") == Some(&Value::Bool(false)) => {
                    let known: Vec<&str> = properties.keys().map(String::as_str).collect();
                    let known = if known.is_empty() { "nothing".to_owned() } else { known.join(", ") };
                    let property: String = property.chars().take(60).collect();
                    return Err(format!("{name} have no {property:?}; they may have: {known}"));
                }
                None => {}
            }
        }
        Ok(())
    }
}

/// Returns the alternatives of a schema.
fn choices(schema: &Value) -> Option<&[Value]> {
    ["anyOf", "oneOf"].iter().find_map(|key| schema.get(*key)).and_then(Value::as_array).map(Vec::as_slice)
}

fn check_type(schema: &Value, value: &Value, name: &str) -> Result<(), String> {
    let allowed: Vec<&str> = match schema.get("type") {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
        _ => return Ok(()),
    };
    let fits = |kind: &&str| match *kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        "integer" => value.is_u64() || value.is_i64(),
        "number" => value.is_number(),
        _ => true,
    };
    if allowed.iter().any(fits) {
        return Ok(());
    }
    let wanted = match allowed.first().copied() {
        Some("integer") => "a whole number",
        Some("string") => "a text",
        Some("boolean") => "true or false",
        Some("array") => "a list",
        Some("object") => "an object",
        _ => "of another type",
    };
    Err(format!("{name} is not {wanted}"))
}

fn check_number(schema: &Value, number: &serde_json::Number, name: &str) -> Result<(), String> {
    let limits = match schema.get("format").and_then(Value::as_str) {
        Some("uint32") => (0, i128::from(u32::MAX)),
        Some("int64") => (i128::from(i64::MIN), i128::from(i64::MAX)),
        _ => (i128::from(i64::MIN), i128::from(u64::MAX)),
    };
    let whole = |value: &Value| value.as_i64().map(i128::from).or(value.as_u64().map(i128::from));
    let least = schema.get("minimum").and_then(whole).unwrap_or(limits.0).max(limits.0);
    let most = schema.get("maximum").and_then(whole).unwrap_or(limits.1).min(limits.1);
    let value = number.as_i64().map(i128::from).or(number.as_u64().map(i128::from));
    match value {
        Some(value) if value < least || value > most => {
            Err(format!("{name} is not between {least} and {most}"))
        }
        _ => Ok(()),
    }
}

/// Ids are the only texts with a pattern: a number of lower-case hex digits.
fn check_text(schema: &Value, text: &str, name: &str) -> Result<(), String> {
    let digits = schema
        .get("pattern")
        .and_then(Value::as_str)
        .and_then(|pattern| pattern.strip_prefix("^[0-9a-f]{")?.strip_suffix("}$")?.parse::<usize>().ok());
    match digits {
        Some(digits)
            if text.len() != digits
                || !text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) =>
        {
            Err(format!("{name} is not an id of {digits} lower-case hex digits"))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(operation: &str, arguments: &Value) -> Result<(), String> {
        check(&(api::find(operation).unwrap().arguments)().to_value(), arguments)
    }

    #[test]
    fn what_fits_passes() {
        for arguments in [
            json!({"web": "family"}),
            json!({"web": "family", "role": "admin", "uses": 3, "hours": null, "approve": true}),
            json!({"web": "family", "role": null}),
        ] {
            assert_eq!(of("people.invite", &arguments), Ok(()), "{arguments}");
        }
        assert_eq!(of("people.me", &json!({})), Ok(()));
        assert_eq!(of("people.joining", &json!({"id": "00".repeat(32)})), Ok(()));
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let says = |operation, arguments: Value, why: &str| {
            assert_eq!(of(operation, &arguments), Err(why.to_owned()));
        };
        says("people.invite", json!({}), "web is missing");
        says("people.invite", json!([]), "the arguments is not an object");
        says("people.invite", json!({"web": 7}), "web is not a text");
        says("people.invite", json!({"web": "a", "uses": -1}), "uses is not between 0 and 4294967295");
        says(
            "people.invite",
            json!({"web": "a", "uses": 4_294_967_296_u64}),
            "uses is not between 0 and 4294967295",
        );
        says("people.invite", json!({"web": "a", "uses": 1.5}), "uses is not a whole number");
        says(
            "people.invite",
            json!({"web": "a", "role": "king"}),
            "role is none of carrier, guest, member, admin, owner",
        );
        says("people.invite", json!({"web": "a", "approve": "yes"}), "approve is not true or false");
        says("people.me", json!({"x": 1}), "the arguments have no \"x\"; they may have: nothing");
        says("people.joining", json!({"id": "0G"}), "id is not an id of 64 lower-case hex digits");
        says(
            "people.leave",
            json!({"web": "a", "__proto__": {}}),
            "the arguments have no \"__proto__\"; they may have: web",
        );
    }
}
