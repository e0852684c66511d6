use serde_json::json;

use super::*;

fn one(property: Value) -> FieldKind {
    Field::all(&json!({ "properties": { "x": property } })).remove(0).kind
}

fn option(value: &str, title: &str) -> FieldOption {
    FieldOption { value: value.into(), title: title.into() }
}

#[test]
fn every_shape_of_the_protocol_is_a_field() {
    let text =
        FieldKind::Text { format: Some("email".into()), min: Some(3), max: Some(9), default: Some("a@b".into()) };
    let email = json!({ "type": "string", "format": "email", "minLength": 3, "maxLength": 9, "default": "a@b" });
    assert_eq!(one(email), text);
    let integer = json!({ "type": "integer", "minimum": 1, "maximum": 5, "default": 2 });
    assert_eq!(one(integer), FieldKind::Number { integer: true, min: Some(1.0), max: Some(5.0), default: Some(2.0) });
    assert_eq!(one(json!({ "type": "boolean", "default": false })), FieldKind::Switch { default: Some(false) });
    let untitled = json!({ "type": "string", "enum": ["a", "b"], "default": "b" });
    let choice = |options, default: &str| FieldKind::Choice { options, default: Some(default.to_owned()) };
    assert_eq!(one(untitled), choice(vec![option("a", "a"), option("b", "b")], "b"));
    let titled = json!({ "type": "string", "oneOf": [{ "const": "a", "title": "A" }], "default": "a" });
    assert_eq!(one(titled), choice(vec![option("a", "A")], "a"));
    let legacy = json!({ "type": "string", "enum": ["a", "b"], "enumNames": ["A", "B"], "default": "a" });
    assert_eq!(one(legacy), choice(vec![option("a", "A"), option("b", "B")], "a"));
    for items in [json!({ "type": "string", "enum": ["a"] }), json!({ "anyOf": [{ "const": "a", "title": "a" }] })] {
        let many = json!({ "type": "array", "items": items, "minItems": 1, "default": ["a"] });
        let kind =
            FieldKind::Choices { options: vec![option("a", "a")], min: Some(1), max: None, default: vec!["a".into()] };
        assert_eq!(one(many), kind);
    }
    assert_eq!(one(json!({ "type": ["string", "null"] })), one(json!({ "type": "string" })));
    for odd in [json!(true), json!({ "type": "object" }), json!({ "enum": [1] }), json!({ "type": "array" })] {
        assert!(matches!(one(odd.clone()), FieldKind::Json { .. }), "{odd}");
    }
}

#[test]
fn order_titles_and_needs_are_kept() {
    let schema = json!({ "required": ["b"], "properties": {
        "b": { "type": "string", "title": "Bee" }, "a": { "type": "number", "description": "how many" }
    } });
    let fields = Field::all(&schema);
    let told: Vec<_> = fields.iter().map(|it| (it.name.as_str(), it.title.as_str(), it.required)).collect();
    assert_eq!(told, [("b", "Bee", true), ("a", "a", false)]);
    assert_eq!(Field::all(&json!("no schema")), []);
}

#[test]
fn what_asks_for_a_secret_is_known() {
    let secret = |name: &str, property: Value| Field::all(&json!({ "properties": { name: property } }))[0].secret;
    for name in ["password", "apiKey", "api_key", "client-secret", "PIN", "access token"] {
        assert!(secret(name, json!({ "type": "string" })), "{name}");
    }
    assert!(secret("x", json!({ "type": "string", "format": "password" })));
    assert!(secret("x", json!({ "type": "string", "title": "Your passphrase" })));
    for name in ["name", "opinion", "tokens_used_for", "spinning"] {
        assert!(!secret(name, json!({ "type": "string" })), "{name}");
    }
    assert!(!secret("reset_password", json!({ "type": "boolean" })));
}

#[test]
fn defaults_fill_what_nobody_filled() {
    let fields = Field::all(&json!({ "required": ["name"], "properties": {
        "name": { "type": "string", "default": "Ann" }, "age": { "type": "integer", "default": 42 },
        "note": { "type": "string" }, "on": { "type": "boolean", "default": true }
    } }));
    assert_eq!(filled(&fields, None).unwrap(), json!({ "name": "Ann", "age": 42, "on": true }));
    let given = json!({ "name": "Bob", "on": false, "stranger": 1 });
    assert_eq!(filled(&fields, Some(&given)).unwrap(), json!({ "name": "Bob", "age": 42, "on": false }));
}

#[test]
fn what_does_not_fit_is_said_for_each_field() {
    let fields = Field::all(&json!({ "required": ["need"], "properties": {
        "need": { "type": "string" }, "mail": { "type": "string", "format": "email" },
        "day": { "type": "string", "format": "date" }, "when": { "type": "string", "format": "date-time" },
        "page": { "type": "string", "format": "uri" }, "short": { "type": "string", "maxLength": 2 },
        "whole": { "type": "integer", "minimum": 1 }, "one": { "type": "string", "enum": ["a"] },
        "many": { "type": "array", "items": { "type": "string", "enum": ["a", "b"] }, "maxItems": 1 },
        "on": { "type": "boolean" }
    } }));
    let wrong = json!({
        "mail": "nobody", "day": "2026-13-01", "when": "soon", "page": "here", "short": "long", "whole": 0.5,
        "one": "b", "many": ["a", "b"], "on": "yes"
    });
    let problems = filled(&fields, Some(&wrong)).unwrap_err();
    let named: Vec<&str> = problems.iter().map(|it| it.field.as_str()).collect();
    assert_eq!(named, fields.iter().map(|it| it.name.as_str()).collect::<Vec<_>>());
    let right = json!({
        "need": "x", "mail": "a@b.c", "day": "2026-12-01", "when": "2026-12-01T10:00:00+01:00", "page": "https://a.b",
        "short": "ab", "whole": 1, "one": "a", "many": ["b"], "on": true
    });
    assert_eq!(filled(&fields, Some(&right)).unwrap(), right);
}
