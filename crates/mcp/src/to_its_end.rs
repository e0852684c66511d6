//! Work that comes to its end whatever becomes of who waits for it.

use std::{
    panic::AssertUnwindSafe,
    pin::Pin,
    task::{Context, Poll},
};

use futures::{FutureExt, future::BoxFuture};
use tokio::runtime::Handle;

/// Done by whoever waits for it, which costs less than a task of its own; once nobody waits any more, by a task.
pub struct ToItsEnd<T: Send + 'static>(Option<BoxFuture<'static, Result<T, BrokeOff>>>);

/// It panicked.
#[derive(Debug, PartialEq)]
pub struct BrokeOff;

impl<T: Send + 'static> ToItsEnd<T> {
    pub fn new(work: impl Future<Output = T> + Send + 'static) -> Self {
        let work = AssertUnwindSafe(work).catch_unwind();
        Self(Some(work.map(|done| done.map_err(|_| BrokeOff)).boxed()))
    }
}

impl<T: Send + 'static> Future for ToItsEnd<T> {
    type Output = Result<T, BrokeOff>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(work) = &mut self.0 else { return Poll::Pending };
        let done = work.poll_unpin(context);
        if done.is_ready() {
            self.0 = None;
        }
        done
    }
}

impl<T: Send + 'static> Drop for ToItsEnd<T> {
    fn drop(&mut self) {
        // Without a runtime everything is at its end.
        if let (Some(rest), Ok(runtime)) = (self.0.take(), Handle::try_current()) {
            runtime.spawn(rest);
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn what_nobody_waits_for_is_done_all_the_same() {
        let (go, gone) = oneshot::channel::<()>();
        let (done, heard) = oneshot::channel();
        let mut work = ToItsEnd::new(async {
            let _ = gone.await;
            let _ = done.send("done");
        });
        assert!(futures::poll!(&mut work).is_pending());
        drop(work);
        go.send(()).unwrap();
        assert_eq!(heard.await, Ok("done"));
    }

    #[tokio::test]
    async fn what_is_waited_for_is_told_also_that_it_broke_off() {
        assert_eq!(ToItsEnd::new(async { 7 }).await, Ok(7));
        assert_eq!(ToItsEnd::new(async { panic!("for a test") }).await, Err::<(), _>(BrokeOff));
    }
}
