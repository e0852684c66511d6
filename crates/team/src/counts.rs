//! How often, over all copies: GCRA, counted where one script sees every copy's calls and one clock.

use std::sync::LazyLock;
use std::time::Duration;

use redis::Script;

use crate::TeamError;
use crate::redis::{Redis, unusable};

/// One rule, and whom it counts.
#[derive(Debug, Clone, PartialEq)]
pub struct Mark {
    /// Says which rule and whose calls.
    pub key: String,
    /// So many at once, and so many in each window from then on.
    pub calls: u32,
    pub window: Duration,
}

/// What came of counting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    Within,
    /// The mark at this place of the list refuses; what came before it has counted.
    Beyond {
        at: usize,
        wait: Duration,
    },
}

/// For each key the moment at which all that was counted has worn off, in microseconds of the server's clock.
static COUNT: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
        local time = redis.call('TIME')
        local now = time[1] * 1000000 + time[2]
        for at = 1, #KEYS do
            local each = tonumber(ARGV[at * 2 - 1])
            local window = tonumber(ARGV[at * 2])
            local before = tonumber(redis.call('GET', KEYS[at]) or now)
            local after = math.max(before, now) + each
            if after - now > window then
                return { at, after - now - window }
            end
            redis.call('SET', KEYS[at], string.format('%.0f', after), 'PX', math.ceil((after - now) / 1000))
        end
        return { 0, 0 }
        ",
    )
});

impl Redis {
    /// Counts one call against every mark, in their order, up to the first that refuses.
    pub async fn count(&self, marks: &[Mark]) -> Result<Counted, TeamError> {
        if marks.is_empty() {
            return Ok(Counted::Within);
        }
        let mut script = COUNT.prepare_invoke();
        for mark in marks {
            let window = u64::try_from(mark.window.as_micros()).unwrap_or(u64::MAX);
            // Rounded down: all of a window's calls fit into it.
            let each = (window / u64::from(mark.calls.max(1))).max(1);
            script.key(self.key(&mark.key)).arg(each).arg(window.max(1));
        }
        let mut connection = self.connection.clone();
        let (at, wait): (usize, u64) = script.invoke_async(&mut connection).await.map_err(unusable)?;
        Ok(match at.checked_sub(1) {
            None => Counted::Within,
            Some(at) => Counted::Beyond { at, wait: Duration::from_micros(wait) },
        })
    }
}
