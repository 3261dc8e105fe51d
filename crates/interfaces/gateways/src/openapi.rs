//! The HTTP surface as an `OpenAPI` 3.1 document, made of the table of operations and the schemas of its types.
//!
//! Not for: anything that runs; `docs/openapi.json` is this, and `GET /api/openapi.json` answers it.

use api::mail::TakenFile;
use api::{Kind, OperationEntry};
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};
use serde_json::{Map, Value, json};

use crate::surface::{AskPart, AskQr, AskSession, AskSite, AskView, PartUrl, Session, SiteUrl, View};

/// Returns the whole surface.
#[expect(clippy::too_many_lines, reason = "one entry for each address, in order")]
pub fn openapi() -> Value {
    let mut components = Map::new();
    add(&mut components, schema_of::<base::Fault>());
    add(&mut components, schema_of::<api::Event>());
    let mut paths = Map::new();
    let mut put = |path: &str, method: &str, operation: Value| {
        paths.insert(path.to_owned(), json!({ method: operation }));
    };
    put(
        "/session",
        "post",
        fixed(
            "session",
            "Trades a one-use code for a session.",
            &mut components,
            schema_of::<AskSession>(),
            schema_of::<Session>(),
        ),
    );
    put("/session/end", "post", end_session());
    put(
        "/view",
        "post",
        fixed(
            "view",
            "Opens a file for seeing or saving.",
            &mut components,
            schema_of::<AskView>(),
            schema_of::<View>(),
        ),
    );
    put(
        "/part",
        "post",
        fixed(
            "part",
            "Opens a part of a mail for saving.",
            &mut components,
            schema_of::<AskPart>(),
            schema_of::<PartUrl>(),
        ),
    );
    put("/attachment", "post", attachment(&mut components));
    put(
        "/site",
        "post",
        fixed(
            "site",
            "Makes an address that enters a member's site.",
            &mut components,
            schema_of::<AskSite>(),
            schema_of::<SiteUrl>(),
        ),
    );
    put("/qr", "post", qr(&mut components));
    put("/api/events", "get", events());
    for entry in api::table() {
        put(&format!("/api/{}", entry.name), "post", operation(&entry, &mut components));
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Althing, the API of a running peer",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Local only. How to get a token and which headers are needed: \
                            the documentation of the crate gateways.",
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "servers": [{ "url": "http://althing.localhost:{port}", "variables": { "port": { "default": "7417" } } }],
        "security": [{ "token": [] }],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": { "token": { "type": "http", "scheme": "bearer" } },
            "parameters": { "marker": {
                "name": "x-althing", "in": "header", "required": true, "schema": { "const": "1" },
                "description": "Shows that the request was not made by a form or a link.",
            } },
            "responses": { "fault": { "description": "It failed.", "content": json_body("Fault") } },
        },
    })
}

fn schema_of<T: JsonSchema>() -> Schema {
    SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<T>()
}

/// Moves a schema and what it needs into the components and returns its name.
fn add(components: &mut Map<String, Value>, schema: Schema) -> String {
    let mut value = schema.to_value();
    let mut name = String::new();
    if let Some(object) = value.as_object_mut() {
        object.remove("$schema");
        if let Some(Value::String(title)) = object.remove("title") {
            name = title;
        }
        if let Some(Value::Object(definitions)) = object.remove("$defs") {
            for (name, mut definition) in definitions {
                point_to_components(&mut definition);
                components.insert(name, definition);
            }
        }
    }
    point_to_components(&mut value);
    components.insert(name.clone(), value);
    name
}

fn point_to_components(value: &mut Value) {
    match value {
        Value::Object(object) => {
            if let Some(Value::String(reference)) = object.get_mut("$ref") {
                *reference = reference.replace("#/$defs/", "#/components/schemas/");
            }
            object.values_mut().for_each(point_to_components);
        }
        Value::Array(items) => items.iter_mut().for_each(point_to_components),
        _ => {}
    }
}

fn json_body(name: &str) -> Value {
    json!({ "application/json": { "schema": { "$ref": format!("#/components/schemas/{name}") } } })
}

fn marker() -> Value {
    json!([{ "$ref": "#/components/parameters/marker" }])
}

fn operation(entry: &OperationEntry, components: &mut Map<String, Value>) -> Value {
    let (service, _) = entry.name.split_once('.').unwrap_or((entry.name, ""));
    let arguments = add(components, (entry.arguments)());
    let answer = add(components, (entry.answer)());
    let mut parameters = marker();
    if let (Kind::Act, Some(list)) = (entry.kind, parameters.as_array_mut()) {
        list.push(json!({
            "name": "Idempotency-Key", "in": "header", "required": false,
            "schema": { "type": "string", "pattern": "^[0-9a-f]{32}$" },
            "description": "The same for each repetition of one act, which then acts once.",
        }));
    }
    json!({
        "operationId": entry.name,
        "tags": [service],
        "summary": entry.summary,
        "parameters": parameters,
        "requestBody": { "required": true, "content": json_body(&arguments) },
        "responses": {
            "200": { "description": "The answer.", "content": json_body(&answer) },
            "default": { "$ref": "#/components/responses/fault" },
        },
    })
}

fn fixed(
    id: &str,
    summary: &str,
    components: &mut Map<String, Value>,
    asked: Schema,
    answered: Schema,
) -> Value {
    let (asked, answered) = (add(components, asked), add(components, answered));
    let mut operation = json!({
        "operationId": id,
        "tags": ["gateway"],
        "summary": summary,
        "parameters": marker(),
        "requestBody": { "required": true, "content": json_body(&asked) },
        "responses": {
            "200": { "description": "The answer.", "content": json_body(&answered) },
            "default": { "$ref": "#/components/responses/fault" },
        },
    });
    if let (true, Some(object)) = (id == "session", operation.as_object_mut()) {
        object.insert("security".to_owned(), json!([]));
    }
    operation
}

fn end_session() -> Value {
    json!({
        "operationId": "end_session",
        "tags": ["gateway"],
        "summary": "Ends the session whose token is sent.",
        "parameters": marker(),
        "requestBody": { "required": true, "content": { "application/json": { "schema": { "type": "object", "additionalProperties": false } } } },
        "responses": {
            "200": { "description": "It has ended.", "content": { "application/json": { "schema": { "type": "object" } } } },
            "default": { "$ref": "#/components/responses/fault" },
        },
    })
}

fn attachment(components: &mut Map<String, Value>) -> Value {
    let answer = add(components, schema_of::<TakenFile>());
    json!({
        "operationId": "attachment",
        "tags": ["gateway"],
        "summary": "Takes the bytes of a file for a mail that is being written.",
        "parameters": marker(),
        "requestBody": { "required": true, "content": { "application/octet-stream": {} } },
        "responses": {
            "200": { "description": "They are kept for an hour.", "content": json_body(&answer) },
            "default": { "$ref": "#/components/responses/fault" },
        },
    })
}

fn qr(components: &mut Map<String, Value>) -> Value {
    let asked = add(components, schema_of::<AskQr>());
    json!({
        "operationId": "qr",
        "tags": ["gateway"],
        "summary": "Draws a QR code.",
        "parameters": marker(),
        "requestBody": { "required": true, "content": json_body(&asked) },
        "responses": {
            "200": { "description": "The code.", "content": { "image/svg+xml": { "schema": { "type": "string" } } } },
            "default": { "$ref": "#/components/responses/fault" },
        },
    })
}

fn events() -> Value {
    json!({
        "operationId": "events",
        "tags": ["gateway"],
        "summary": "Streams events after a number; messages hello, happened (an Event) and reload.",
        "parameters": [
            { "$ref": "#/components/parameters/marker" },
            { "name": "after", "in": "query", "required": false, "schema": { "type": "integer", "minimum": 0 },
              "description": "The number of the last event already known; from now on if not said." },
        ],
        "responses": {
            "200": { "description": "The stream.", "content": { "text/event-stream": { "schema": { "type": "string" } } } },
            "default": { "$ref": "#/components/responses/fault" },
        },
    })
}
