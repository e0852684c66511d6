//! Noticing that this machine has slept: what was connected before may be gone without a word.

use std::time::{Duration, SystemTime};

use tokio::time::{Instant, sleep};

const LOOK_EVERY: Duration = Duration::from_secs(5);
/// A clock that is set right by so much is no sleep.
const A_NAP: Duration = Duration::from_secs(20);

/// Until the machine has slept and is awake again.
pub(crate) async fn woken() {
    loop {
        let (wall, running) = (SystemTime::now(), Instant::now());
        sleep(LOOK_EVERY).await;
        // A clock that was set back has not slept.
        let by_the_wall = wall.elapsed().unwrap_or_default();
        if slept(by_the_wall, running.elapsed()) {
            return;
        }
    }
}

/// The clock on the wall goes on while the machine sleeps; the one that only counts does not, or both do and the
/// timer came far too late.
fn slept(by_the_wall: Duration, running: Duration) -> bool {
    by_the_wall.saturating_sub(running) > A_NAP || running.saturating_sub(LOOK_EVERY) > A_NAP
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sleep_is_told_from_a_busy_moment() {
        let seconds = Duration::from_secs;
        for (wall, running, expected) in
            [(5, 5, false), (12, 12, false), (3_605, 5, true), (3_605, 3_605, true), (0, 5, false)]
        {
            assert_eq!(slept(seconds(wall), seconds(running)), expected, "{wall} {running}");
        }
    }
}
