//! How often a stream may be opened anew, whatever the server says.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::{Instant, sleep_until};

/// So many at once are nobody's fault.
const FREE: u32 = 5;
/// After so long without one, all is forgotten.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(60);
const LONGEST: Duration = Duration::from_secs(30);

/// Streams that end as soon as they begin are opened ever more slowly.
#[derive(Default)]
pub(super) struct Pace {
    opened: Mutex<Opened>,
}

#[derive(Default)]
struct Opened {
    times: u32,
    last: Option<Instant>,
}

impl Pace {
    /// Until it is time for the next one.
    pub(super) async fn next(&self) {
        let at = {
            let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
            let at = opened.next(Instant::now());
            opened.last = Some(at);
            at
        };
        sleep_until(at).await;
    }
}

impl Opened {
    fn next(&mut self, now: Instant) -> Instant {
        let Some(last) = self.last.filter(|last| now.saturating_duration_since(*last) < FORGOTTEN_AFTER) else {
            self.times = 1;
            return now;
        };
        self.times += 1;
        let step = self.times.saturating_sub(FREE);
        let pause = if step == 0 {
            Duration::ZERO
        } else {
            LONGEST.min(Duration::from_millis(250) * 2_u32.saturating_pow(step))
        };
        now.max(last + pause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_that_ends_at_once_is_opened_ever_more_slowly() {
        let (mut opened, begun) = (Opened::default(), Instant::now());
        let mut now = begun;
        let mut pauses = vec![];
        for _ in 0..20 {
            let at = opened.next(now);
            pauses.push(at.duration_since(now).as_millis());
            (opened.last, now) = (Some(at), at);
        }
        assert_eq!(pauses[..8], [0, 0, 0, 0, 0, 500, 1_000, 2_000]);
        assert_eq!(pauses[19], 30_000);
        assert_eq!(opened.next(now + FORGOTTEN_AFTER), now + FORGOTTEN_AFTER);
    }
}
