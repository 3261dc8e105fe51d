//! What happened, in words, for `althing watch`. Not for: programs, which read JSON.

use serde_json::Value;

use crate::words::harmless;

/// Says in a sentence what happened; `None` for what has no better words than its fields.
pub(crate) fn sentence(kind: &str, about: &Value) -> Option<String> {
    let text =
        |key: &str| about.get(key).and_then(Value::as_str).filter(|text| !text.is_empty()).map(harmless);
    let number = |key: &str| about.get(key).and_then(Value::as_u64);
    match kind {
        "search.rang" => {
            let (query, path, revision) = (text("query")?, text("path")?, number("revision")?);
            Some(format!("the kept search for {query} rang: {path}, revision {revision}"))
        }
        "files.share" => {
            let (path, state, files) = (text("path")?, text("state")?, number("files")?);
            Some(format!("{path} is {state}, {files} files"))
        }
        "files.transfer" => {
            let (path, state) = (text("path")?, text("state")?);
            let why = text("why").map(|why| format!(": {why}")).unwrap_or_default();
            Some(format!("getting {path} is {state}{why}"))
        }
        "people.changed" => Some("people, their computers or their rights changed".to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_ring_says_what_for_and_where() {
        let about =
            json!({"id": "x", "query": "q4 \u{1b}road", "path": "family/Bob/plans/q4.md", "revision": 3});
        assert_eq!(
            sentence("search.rang", &about).as_deref(),
            Some("the kept search for q4 \\u{1b}road rang: family/Bob/plans/q4.md, revision 3")
        );
    }

    #[test]
    fn what_is_unknown_or_incomplete_has_no_sentence() {
        assert_eq!(sentence("later.kind", &json!({})), None);
        assert_eq!(sentence("search.rang", &json!({"query": "q4"})), None);
    }
}
