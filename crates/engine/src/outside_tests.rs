//! What models write and servers describe, spoilt: it is understood or refused, and nothing else comes of it.

use serde_json::json;

use crate::repair::{mended, written};
use crate::schema::{coerce, read, shape};
use crate::titles::by_rule;

const CALL: &str = "Let me see.\n<tool_call>\n{\"name\": \"kb__get\", \"arguments\": {\"id\": \"KB-001\", \"n\": [1, 2,],}}\n</tool_call>";
const FENCED: &str =
    "```json\n{\"name\": \"kb__get\", \"parameters\": {\"id\": None, \"deep\": {\"a\": [true, False]}}}\n```";
const OTHER: &str = "<function=kb__get>{\"id\": 1}</function> [TOOL_CALLS][{\"name\":\"x\",\"arguments\":\"{}\"}]";

#[test]
fn what_models_write_instead_of_calls_is_read_or_left_as_it_is() {
    let (mut calls, mut values) = (0, 0);
    for text in testkit::spoilt(&[CALL, FENCED, OTHER], 8000) {
        let text = String::from_utf8_lossy(&text).into_owned();
        calls += usize::from(written(&text, |name| name == "kb__get").is_some());
        values += usize::from(mended(&text).is_some());
        if let Ok(value) = read(&text) {
            assert!(value.is_object());
        }
        assert!(by_rule(&text).chars().count() <= 100);
    }
    assert!(calls > 200 && values > 20, "{calls} calls, {values} values");
}

#[test]
fn any_schema_becomes_one_that_providers_take_or_none() {
    let address =
        json!({ "type": "object", "properties": { "street": { "type": ["string", "null"] } }, "required": ["street"] });
    let seed = json!({
        "type": "object",
        "$defs": { "address": address, "list": { "type": "array", "items": { "$ref": "#/$defs/list" } } },
        "properties": {
            "home": { "$ref": "#/$defs/address" },
            "kind": { "oneOf": [{ "const": "a" }, { "const": 2 }, { "type": "string", "pattern": "^x" }] },
            "both": { "allOf": [{ "$ref": "#/$defs/address" }, { "properties": { "zip": { "type": "integer" } } }] },
            "list": { "$ref": "#/$defs/list" },
        },
        "required": ["home"],
        "additionalProperties": false,
    });
    let sent = json!({ "home": { "street": "x" }, "kind": "2", "list": "[[]]", "both": { "zip": "1" } });
    let mut shaped = 0;
    for (schema, mut value) in testkit::bent(&[seed], 3000).zip(testkit::bent(&[sent], 3000)) {
        coerce(&mut value, &schema);
        let Ok(shape) = shape(&schema) else { continue };
        assert_eq!(shape.parameters["type"], "object");
        assert!(shape.parameters["properties"].is_object());
        shaped += 1;
    }
    assert!(shaped > 1000, "only {shaped}");
}
