//! Lists of servers, tools and what servers answer.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|data: &[u8]| {
    if let Ok(text) = std::str::from_utf8(data) {
        mcp::outside::lists(text);
    }
    mcp::outside::messages(data);
    if let Ok(value) = serde_json::from_slice::<Value>(data) {
        mcp::outside::results(&value);
        mcp::outside::definitions(value.as_array().map_or(&[], Vec::as_slice));
    }
});
