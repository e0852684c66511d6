//! Whether a request's fields are of the kinds that they are described as, before anything is made of them.

use serde_json::Value;

use crate::error::ApiError;

#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    Text,
    Flag,
    Number,
    /// A whole number from 1 on.
    Count,
    List,
}

impl Kind {
    fn fits(self, value: &Value) -> bool {
        match self {
            Self::Text => value.is_string(),
            Self::Flag => value.is_boolean(),
            Self::Number => value.is_number(),
            Self::Count => value.as_u64().is_some_and(|count| count > 0),
            Self::List => value.is_array(),
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Text => "a string",
            Self::Flag => "true or false",
            Self::Number => "a number",
            Self::Count => "a whole number from 1 on",
            Self::List => "a list",
        }
    }
}

/// Fields that are absent or null say nothing, which is always allowed.
pub(crate) fn check(body: &Value, fields: &[(&str, Kind)]) -> Result<(), ApiError> {
    if !body.is_object() {
        return Err(ApiError::wrong("", "The body must be a JSON object."));
    }
    for (name, kind) in fields {
        if let Some(value) = body.get(*name).filter(|value| !value.is_null())
            && !kind.fits(value)
        {
            return Err(ApiError::wrong(name, format!("`{name}` must be {}.", kind.words())));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_of_another_kind_is_refused_and_what_is_absent_is_not() {
        let fields = [("a", Kind::Text), ("b", Kind::Flag), ("c", Kind::Number), ("d", Kind::Count), ("e", Kind::List)];
        for right in
            [json!({}), json!({ "a": "", "b": false, "c": 0.5, "d": 1, "e": [], "z": {} }), json!({ "a": null })]
        {
            assert!(check(&right, &fields).is_ok(), "{right}");
        }
        for wrong in [
            json!({ "a": {} }),
            json!({ "b": "true" }),
            json!({ "c": "1" }),
            json!({ "d": 0 }),
            json!({ "d": 1.5 }),
            json!({ "e": {} }),
            json!([]),
        ] {
            assert!(check(&wrong, &fields).is_err(), "{wrong}");
        }
    }
}
