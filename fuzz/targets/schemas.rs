//! Schemas and what is sent by them; the two in a list.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|data: &[u8]| {
    if let Ok(Value::Array(pair)) = serde_json::from_slice::<Value>(data)
        && let [schema, sent] = &pair[..]
    {
        engine::outside::schemas(schema, sent.clone());
    }
});
