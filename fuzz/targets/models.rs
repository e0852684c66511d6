//! What models and their providers write.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    engine::outside::writings(&text);
    engine::outside::thinking(&text);
    engine::outside::failures(400 + u16::from(data.len() as u8), &text);
    if let Ok(Value::Array(deltas)) = serde_json::from_slice(data) {
        engine::outside::deltas(deltas);
    }
});
