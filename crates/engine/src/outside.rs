//! What must hold of whatever comes from elsewhere. The tests try it with what is spoilt, and `fuzz/` with all that it
//! can think of.

use serde_json::Value;

use crate::repair::{mended, written};
use crate::schema::{coerce, read, shape};
use crate::titles::by_rule;

pub use crate::import_conversations::outside::conversations;
pub use crate::provider::outside::{deltas, failures, thinking};

/// What a model writes instead of a call is read, or left as it is; answers whether it was a call and whether a value.
pub fn writings(text: &str) -> [bool; 2] {
    if let Ok(value) = read(text) {
        assert!(value.is_object());
    }
    assert!(by_rule(text).chars().count() <= 100);
    [written(text, |name| name == "kb__get").is_some(), mended(text).is_some()]
}

/// A schema becomes one that providers take, or none; answers whether it did.
pub fn schemas(schema: &Value, mut sent: Value) -> bool {
    coerce(&mut sent, schema);
    let Ok(shape) = shape(schema) else { return false };
    assert_eq!(shape.parameters["type"], "object");
    assert!(shape.parameters["properties"].is_object());
    true
}
