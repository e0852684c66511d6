//! Counting in this process: for a gateway that is one alone.

use std::{
    num::NonZeroU32,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use futures::{FutureExt, future::BoxFuture};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter, clock::Clock, clock::DefaultClock};
use team::{Counted, Mark};

use super::{Counting, Uncounted};

type Counter = DefaultKeyedRateLimiter<String>;

/// One counter for all that is counted by the same numbers.
#[derive(Default)]
pub(crate) struct Here {
    counters: RwLock<Vec<(Numbers, Arc<Counter>)>>,
    clock: DefaultClock,
}

#[derive(Clone, Copy, PartialEq)]
struct Numbers {
    calls: u32,
    window: Duration,
}

impl Here {
    fn counter(&self, numbers: Numbers) -> Arc<Counter> {
        let find = |counters: &[(Numbers, Arc<Counter>)]| {
            counters.iter().find(|(known, _)| *known == numbers).map(|(_, counter)| counter.clone())
        };
        let known = find(&self.counters.read().unwrap_or_else(PoisonError::into_inner));
        known.unwrap_or_else(|| {
            let mut counters = self.counters.write().unwrap_or_else(PoisonError::into_inner);
            // Somebody else may have been here in between.
            find(&counters).unwrap_or_else(|| {
                let counter = Arc::new(numbers.counter());
                counters.push((numbers, counter.clone()));
                counter
            })
        })
    }

    fn count_now(&self, marks: &[Mark]) -> Counted {
        for (at, mark) in marks.iter().enumerate() {
            let counter = self.counter(Numbers { calls: mark.calls, window: mark.window });
            if let Err(early) = counter.check_key(&mark.key) {
                return Counted::Beyond { at, wait: early.wait_time_from(self.clock.now()) };
            }
        }
        Counted::Within
    }
}

impl Numbers {
    fn counter(self) -> Counter {
        let calls = NonZeroU32::new(self.calls).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::with_period(self.window / calls.get()).unwrap_or(Quota::per_minute(calls));
        RateLimiter::keyed(quota.allow_burst(calls))
    }
}

impl Counting for Here {
    fn count<'a>(&'a self, marks: &'a [Mark]) -> BoxFuture<'a, Result<Counted, Uncounted>> {
        std::future::ready(Ok(self.count_now(marks))).boxed()
    }

    fn tidy(&self) {
        let counters = self.counters.read().unwrap_or_else(PoisonError::into_inner);
        counters.iter().for_each(|(_, counter)| counter.retain_recent());
    }

    fn is_there(&self) -> BoxFuture<'_, bool> {
        std::future::ready(true).boxed()
    }
}
