//! Addresses that are to be fetched, and what is fetched.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    gateway::outside::addresses(&String::from_utf8_lossy(data));
    gateway::outside::pages(data);
});
