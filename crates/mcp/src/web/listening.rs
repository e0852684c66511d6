//! Whether a server can reach us beside our requests.

use std::time::Duration;

use tokio::{sync::watch, time::timeout};

/// A server that has not answered by then is asked all the same.
const PATIENCE: Duration = Duration::from_secs(1);

/// Some servers of older revisions ask what they want to know on a stream of its own, also where they are asked
/// something; a question that comes before there is such a stream reaches nobody.
#[derive(Default)]
pub(super) struct Listening {
    is: watch::Sender<bool>,
}

impl Listening {
    /// There is a stream now, or it is known that there will be none.
    pub(super) fn begin(&self) {
        self.is.send_replace(true);
    }

    /// Until it is so; only ever waits once.
    pub(super) async fn begun(&self) {
        if *self.is.borrow() {
            return;
        }
        let begun = async { self.is.subscribe().wait_for(|is| *is).await.is_ok() };
        if timeout(PATIENCE, begun).await.is_err() {
            self.begin();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_is_waited_for_once_and_not_for_ever() {
        let listening = Listening::default();
        // Each of these would wait for ever by itself.
        listening.begun().await;
        assert!(*listening.is.borrow());
        let listening = Listening::default();
        tokio::join!(listening.begun(), async { listening.begin() });
        assert!(*listening.is.borrow());
    }
}
