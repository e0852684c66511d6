//! What models write and servers describe, spoilt: it is understood or refused, and nothing else comes of it.

use serde_json::json;

use crate::outside;

const CALL: &str = "Let me see.\n<tool_call>\n{\"name\": \"kb__get\", \"arguments\": {\"id\": \"KB-001\", \"n\": [1, 2,],}}\n</tool_call>";
const FENCED: &str =
    "```json\n{\"name\": \"kb__get\", \"parameters\": {\"id\": None, \"deep\": {\"a\": [true, False]}}}\n```";
const OTHER: &str = "<function=kb__get>{\"id\": 1}</function> [TOOL_CALLS][{\"name\":\"x\",\"arguments\":\"{}\"}]";

#[test]
fn what_models_write_instead_of_calls_is_read_or_left_as_it_is() {
    let (mut calls, mut values) = (0, 0);
    for text in testkit::spoilt(&[CALL, FENCED, OTHER], 8000) {
        let [call, value] = outside::writings(&String::from_utf8_lossy(&text));
        calls += usize::from(call);
        values += usize::from(value);
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
    let (schemas, values) = ([seed], [sent]);
    let pairs = testkit::bent(&schemas, 3000).zip(testkit::bent(&values, 3000));
    let shaped = pairs.filter(|(schema, value)| outside::schemas(schema, value.clone())).count();
    assert!(shaped > 1000, "only {shaped}");
}
