//! The wall clock, read in one place.

/// Milliseconds since the Unix epoch.
pub(crate) fn now() -> u64 {
    u64::try_from(jiff::Timestamp::now().as_millisecond()).unwrap_or(0)
}
