//! How deeply a value may be nested and still be read back: JSON readers stop at 128 levels, and a
//! value on disk lies within several of its own.

use serde_json::Value;

const DEEPEST: usize = 96;

pub(crate) fn is_shallow(value: &Value) -> bool {
    // A list of what is still to be looked at, so that depth costs no stack.
    let mut waiting = vec![(value, 1)];
    while let Some((value, depth)) = waiting.pop() {
        if depth > DEEPEST {
            return false;
        }
        match value {
            Value::Array(list) => waiting.extend(list.iter().map(|it| (it, depth + 1))),
            Value::Object(map) => waiting.extend(map.values().map(|it| (it, depth + 1))),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => (),
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_is_counted_through_lists_and_objects() {
        let nest = |levels| (0..levels).fold(Value::Null, |inner, _| serde_json::json!([{ "x": inner }]));
        assert!(is_shallow(&nest(40)));
        assert!(!is_shallow(&nest(60)));
    }
}
