//! Counting where every copy of the gateway counts.

use futures::{FutureExt, future::BoxFuture};
use team::{Counted, Mark, Redis};

use super::{Counting, Uncounted};

impl Counting for Redis {
    fn count<'a>(&'a self, marks: &'a [Mark]) -> BoxFuture<'a, Result<Counted, Uncounted>> {
        let counting = async {
            self.count(marks).await.map_err(|error| {
                tracing::error!(%error, "nothing can be counted; calls are refused until it can");
                Uncounted
            })
        };
        counting.boxed()
    }

    fn tidy(&self) {
        // What has worn off is forgotten there by itself.
    }

    fn is_there(&self) -> BoxFuture<'_, bool> {
        self.answers().boxed()
    }
}
