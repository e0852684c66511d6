//! What servers send, and what providers are given for it.

use super::*;

#[track_caller]
fn check(raw: Value, expected: Value) {
    let shape = shape(&raw).unwrap();
    assert_eq!(shape.parameters, expected, "\n{}", serde_json::to_string_pretty(&shape.parameters).unwrap());
}

/// The same for one property of an object.
#[track_caller]
fn property(raw: Value, expected: Value) {
    let raw = json!({ "type": "object", "properties": { "p": raw } });
    check(raw, json!({ "type": "object", "properties": { "p": expected } }));
}

/// The same for a property that must be given.
#[track_caller]
fn needed(raw: Value, expected: Value) {
    let raw = json!({ "type": "object", "properties": { "p": raw }, "required": ["p"] });
    check(raw, json!({ "type": "object", "properties": { "p": expected }, "required": ["p"] }));
}

fn empty() -> Value {
    json!({ "type": "object", "properties": {} })
}

#[test]
fn the_root_is_an_object_with_properties() {
    for raw in
        [json!({}), json!(true), json!(null), json!("x"), json!({ "type": "object" }), json!({ "type": "string" })]
    {
        check(raw, empty());
    }
    check(
        json!({ "type": ["object", "null"], "properties": { "a": {} } }),
        json!({ "type": "object", "properties": { "a": {} } }),
    );
    check(
        json!({ "$schema": "x", "$id": "y", "$comment": "z", "$defs": {}, "x-more": 1, "type": "object", "properties": {} }),
        empty(),
    );
}

#[test]
fn alternatives_at_the_root_become_one_object() {
    let raw = json!({
        "type": "object",
        "properties": { "id": { "type": "string" }, "name": { "type": "string" } },
        "anyOf": [{ "required": ["id"] }, { "required": ["name"] }],
    });
    check(
        raw.clone(),
        json!({ "type": "object", "properties": { "id": { "type": "string" }, "name": { "type": "string" } } }),
    );
    assert_eq!(shape(&raw).unwrap().demands.as_deref(), Some("Give id, or name."));
    check(
        json!({ "oneOf": [
            { "type": "object", "properties": { "a": { "type": "string" }, "k": { "type": "integer" } }, "required": ["a", "k"] },
            { "$ref": "#/$defs/B" },
        ], "$defs": { "B": { "properties": { "b": { "type": "string" }, "k": {} }, "required": ["k"] } } }),
        json!({
            "properties": { "a": { "type": "string" }, "k": { "type": "integer" }, "b": { "type": "string" } },
            "required": ["k"], "type": "object",
        }),
    );
    check(
        json!({ "allOf": [{ "properties": { "a": {} }, "required": ["a"] }, { "properties": { "b": {} }, "required": ["b"] }] }),
        json!({ "properties": { "a": {}, "b": {} }, "required": ["a", "b"], "type": "object" }),
    );
    check(
        json!({ "anyOf": [{ "$ref": "#" }, { "$ref": "#" }], "properties": { "a": {} } }),
        json!({ "properties": { "a": {} }, "type": "object" }),
    );
    check(
        json!({ "$ref": "#/definitions/In", "definitions": { "In": { "type": "object", "properties": { "a": {} } } } }),
        json!({ "type": "object", "properties": { "a": {} } }),
    );
}

#[test]
fn what_is_missing_is_added_and_what_is_odd_is_left_out() {
    property(json!({ "type": "array" }), json!({ "type": "array", "items": {} }));
    property(json!({ "items": { "type": "string" } }), json!({ "items": { "type": "string" }, "type": "array" }));
    property(json!({ "properties": { "x": {} } }), json!({ "properties": { "x": {} }, "type": "object" }));
    property(json!({ "enum": ["a", "b"] }), json!({ "enum": ["a", "b"], "type": "string" }));
    property(json!({ "type": "strng", "minimum": "5", "required": true }), json!({}));
    property(json!({ "type": "string", "default": null, "enum": [] }), json!({ "type": "string" }));
    property(json!({ "type": "string", "default": "a" }), json!({ "type": "string", "default": "a" }));
    property(json!({ "type": "string", "format": "uuid" }), json!({ "type": "string", "format": "uuid" }));
    property(json!({ "type": "string", "format": "cron" }), json!({ "type": "string" }));
    property(json!({ "type": "string", "pattern": "^[A-Z]+$" }), json!({ "type": "string", "pattern": "^[A-Z]+$" }));
    property(json!({ "type": "string", "pattern": "^(?!x).*$" }), json!({ "type": "string" }));
    property(json!({ "type": "string", "pattern": "(a)\\1" }), json!({ "type": "string" }));
    property(
        json!({ "type": "integer", "exclusiveMinimum": true, "minimum": 1 }),
        json!({ "type": "integer", "minimum": 1 }),
    );
    property(json!({ "type": "string", "title": "P", "contentEncoding": "base64" }), json!({ "type": "string" }));
    property(json!(true), json!({}));
    check(
        json!({ "properties": { "never": false, "a": {} }, "required": ["never", "a", "gone", "a", 7] }),
        json!({
            "properties": { "a": {} }, "required": ["a"], "type": "object",
        }),
    );
}

#[test]
fn tuples_are_lists_of_any_of_their_places() {
    property(
        json!({ "type": "array", "items": [{ "type": "string" }, { "type": "integer" }] }),
        json!({ "type": "array", "items": { "anyOf": [{ "type": "string" }, { "type": "integer" }] } }),
    );
    property(
        json!({ "type": "array", "prefixItems": [{ "type": "number" }, { "type": "number" }] }),
        json!({ "type": "array", "items": { "type": "number" } }),
    );
}

#[test]
fn values_are_enums() {
    property(json!({ "const": "a" }), json!({ "type": "string", "enum": ["a"] }));
    property(json!({ "const": 3 }), json!({ "type": "integer", "enum": [3] }));
    property(
        json!({ "oneOf": [{ "const": "a", "title": "A" }, { "const": "b", "description": "the other" }] }),
        json!({ "enum": ["a", "b"], "type": "string", "description": "b: the other" }),
    );
    property(
        json!({ "anyOf": [{ "enum": ["a"] }, { "const": "b" }] }),
        json!({ "enum": ["a", "b"], "type": "string" }),
    );
}

#[test]
fn null_is_said_only_where_something_must_be_given() {
    property(json!({ "type": ["string", "null"] }), json!({ "type": "string" }));
    property(
        json!({ "anyOf": [{ "type": "integer" }, { "type": "null" }], "default": null, "description": "d" }),
        json!({ "description": "d", "type": "integer" }),
    );
    needed(
        json!({ "type": ["string", "null"], "description": "d", "maxLength": 3 }),
        json!({ "description": "d", "anyOf": [{ "maxLength": 3, "type": "string" }, { "type": "null" }] }),
    );
    needed(
        json!({ "anyOf": [{ "type": "integer" }, { "type": "null" }] }),
        json!({ "anyOf": [{ "type": "integer" }, { "type": "null" }] }),
    );
    property(
        json!({ "type": ["string", "array"], "items": { "type": "string" } }),
        json!({ "anyOf": [{ "type": "string" }, { "items": { "type": "string" }, "type": "array" }] }),
    );
}

#[test]
fn single_alternatives_are_taken_in() {
    property(
        json!({ "allOf": [{ "type": "string" }], "description": "d" }),
        json!({ "description": "d", "type": "string" }),
    );
    property(json!({ "anyOf": [{ "oneOf": [{ "const": 1 }] }] }), json!({ "type": "integer", "enum": [1] }));
    property(
        json!({ "allOf": [{ "properties": { "a": {} }, "required": ["a"] }, { "properties": { "b": {} } }] }),
        json!({ "properties": { "a": {}, "b": {} }, "required": ["a"], "type": "object" }),
    );
    property(
        json!({ "oneOf": [{ "type": "string" }, { "type": "integer" }] }),
        json!({ "anyOf": [{ "type": "string" }, { "type": "integer" }] }),
    );
}

#[test]
fn references_are_local_and_end() {
    let with = |property: Value| {
        json!({ "properties": { "p": property }, "$defs": {
            "Name": { "type": "string", "description": "of the thing" },
            "a/b": { "type": "integer", "$anchor": "here" },
            "Node": { "type": "object", "properties": {
                "value": { "type": "string" }, "next": { "$ref": "#/$defs/Node", "description": "the next one" } } },
            "Maybe": { "type": "object", "properties": { "inner": { "anyOf": [{ "$ref": "#/$defs/Maybe" }, { "type": "null" }] } } },
            "Self": { "$ref": "#/$defs/Self" },
        } })
    };
    let check =
        |raw: Value, expected: Value| check(with(raw), json!({ "properties": { "p": expected }, "type": "object" }));
    check(json!({ "$ref": "#/$defs/Name" }), json!({ "type": "string", "description": "of the thing" }));
    check(json!({ "$ref": "#/$defs/Name", "description": "d" }), json!({ "type": "string", "description": "d" }));
    check(
        json!({ "allOf": [{ "$ref": "#/$defs/Name" }], "description": "d" }),
        json!({ "description": "d", "type": "string" }),
    );
    check(json!({ "anyOf": [{ "$ref": "#/$defs/a~1b" }, { "type": "null" }] }), json!({ "type": "integer" }));
    check(json!({ "$ref": "#here" }), json!({ "type": "integer" }));
    check(json!({ "$ref": "#/$defs/a~1b" }), json!({ "type": "integer" }));
    check(json!({ "$ref": "https://example.com/schema.json", "description": "d" }), json!({ "description": "d" }));
    check(json!({ "$ref": "#/$defs/Gone" }), json!({}));
    check(json!({ "$ref": "#/$defs/Self" }), json!({ "type": "object" }));
    check(
        json!({ "$ref": "#/$defs/Node" }),
        json!({ "type": "object", "properties": {
        "value": { "type": "string" }, "next": { "type": "object", "description": "the next one" } } }),
    );
    check(
        json!({ "$ref": "#/$defs/Maybe" }),
        json!({ "type": "object", "properties": { "inner": { "type": "object" } } }),
    );
}

#[test]
fn what_has_no_end_is_bounded() {
    let deep = (0..300)
        .fold(json!({ "type": "string" }), |inner, _| json!({ "type": "object", "properties": { "x": inner } }));
    assert!(shape(&deep).unwrap().parameters.to_string().len() < 2_000);
    // Each level holds the next twice: written out, 2^40 schemas.
    let mut defs = serde_json::Map::new();
    for level in 0..40 {
        let next = json!({ "$ref": format!("#/$defs/l{}", level + 1) });
        defs.insert(format!("l{level}"), json!({ "type": "object", "properties": { "a": next, "b": next } }));
    }
    let bomb = json!({ "$ref": "#/$defs/l0", "$defs": defs });
    match shape(&bomb) {
        Ok(shape) => assert!(shape.parameters.to_string().len() <= LONGEST),
        Err(error) => assert!(matches!(error, Unusable::TooLong { .. })),
    }
}

#[test]
fn what_is_too_long_is_said_to_be() {
    let long = json!({ "properties": { "p": { "type": "string", "description": "x".repeat(70_000) } } });
    assert!(matches!(shape(&long), Err(Unusable::TooLong { .. })));
}

#[test]
fn shaping_twice_changes_nothing() {
    let raw = json!({ "type": "object", "properties": {
        "a": { "type": ["string", "null"] }, "b": { "type": "array" }, "c": { "oneOf": [{ "type": "string" }, { "type": "integer" }] },
    }, "required": ["a"] });
    let once = shape(&raw).unwrap().parameters;
    assert_eq!(shape(&once).unwrap().parameters, once);
}
