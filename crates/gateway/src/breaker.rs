//! A backend that fails again and again is left alone for a while; then one call tries whether it is back.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// One breaker for each backend of each tenant.
#[derive(Default)]
pub(crate) struct Breakers {
    known: Mutex<HashMap<String, State>>,
}

#[derive(Default)]
struct State {
    failures: u32,
    /// While it lies ahead, nothing is sent.
    rests_until: Option<Instant>,
}

impl Breakers {
    /// Whether a call may be tried; how long to wait otherwise.
    pub(crate) fn may_try(&self, backend: &str, pause: Duration) -> Result<(), Duration> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(state) = known.get_mut(backend) else { return Ok(()) };
        let Some(until) = state.rests_until else { return Ok(()) };
        let left = until.saturating_duration_since(Instant::now());
        if !left.is_zero() {
            return Err(left);
        }
        // This one tries; the others wait for what comes of it.
        state.rests_until = Some(Instant::now() + pause);
        Ok(())
    }

    pub(crate) fn succeeded(&self, backend: &str) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(state) = known.get_mut(backend) {
            *state = State::default();
        }
    }

    pub(crate) fn failed(&self, backend: &str, most: u32, pause: Duration) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let state = known.entry(backend.to_owned()).or_default();
        state.failures = state.failures.saturating_add(1);
        if state.failures >= most {
            state.rests_until = Some(Instant::now() + pause);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_rests_after_failures_in_a_row_and_one_success_wakes_it() {
        let breakers = Breakers::default();
        let long = Duration::from_secs(3600);
        for _ in 0..2 {
            breakers.failed("a", 3, long);
        }
        breakers.succeeded("a");
        for _ in 0..2 {
            breakers.failed("a", 3, long);
        }
        assert!(breakers.may_try("a", long).is_ok());
        breakers.failed("a", 3, long);
        assert!(breakers.may_try("a", long).is_err());
        assert!(breakers.may_try("b", long).is_ok());
        breakers.succeeded("a");
        assert!(breakers.may_try("a", long).is_ok());
    }

    #[test]
    fn after_the_pause_only_one_tries() {
        let breakers = Breakers::default();
        breakers.failed("a", 1, Duration::ZERO);
        let long = Duration::from_secs(3600);
        assert!(breakers.may_try("a", long).is_ok());
        assert!(breakers.may_try("a", long).is_err());
    }
}
