//! What is asked of a ready server beside the calls: whether it still answers, and what it offers now.

use std::{sync::Arc, time::Duration};

use chat::Tool;
use futures::{StreamExt, future::BoxFuture, stream::FuturesUnordered};
use rmcp::model::SubscriptionFilter;
use tokio::time::{Instant, interval_at, sleep, sleep_until};

use crate::{
    clock::woken,
    news::News,
    session::{Era, RequestError, Session},
    tools,
};

const PING_EVERY: Duration = Duration::from_secs(30);
pub(crate) const PING_DEADLINE: Duration = Duration::from_secs(10);
/// Servers announce changes in bursts.
const DEBOUNCE: Duration = Duration::from_millis(300);

/// What came of one of them.
pub(crate) enum Done {
    Listed(Result<Vec<Tool>, RequestError>),
    Answered(Result<Duration, RequestError>),
    Nothing,
}

/// What is asked of a ready server beside the calls.
pub(crate) struct Jobs {
    name: String,
    session: Session,
    news: Arc<News>,
    relist_at: Option<Instant>,
    ticks: tokio::time::Interval,
    woken: BoxFuture<'static, ()>,
    running: FuturesUnordered<BoxFuture<'static, Done>>,
}

impl Jobs {
    pub(crate) fn new(name: &str, session: &Session, news: Arc<News>) -> Self {
        let running: FuturesUnordered<BoxFuture<'static, Done>> = FuturesUnordered::new();
        if session.era == Era::Modern {
            running.push(Box::pin(listen(session.clone(), news.clone())));
        }
        let ticks = interval_at(Instant::now() + PING_EVERY, PING_EVERY);
        let woken = Box::pin(woken());
        Self { name: name.to_owned(), session: session.clone(), news, relist_at: None, ticks, woken, running }
    }

    /// Waits for whatever comes next of them.
    pub(crate) async fn next(&mut self) -> Done {
        let relist_at = self.relist_at;
        tokio::select! {
            Some(done) = self.running.next() => done,
            () = self.news.tools.notified(), if relist_at.is_none() => {
                self.relist_at = Some(Instant::now() + DEBOUNCE);
                Done::Nothing
            }
            () = until(relist_at) => {
                self.relist_at = None;
                let (session, name) = (self.session.clone(), self.name.clone());
                self.running.push(Box::pin(async move { Done::Listed(tools::list(&session, &name).await) }));
                Done::Nothing
            }
            () = self.session.suspect.notified() => {
                self.check();
                Done::Nothing
            }
            () = &mut self.woken => {
                self.woken = Box::pin(woken());
                self.check();
                Done::Nothing
            }
            _ = self.ticks.tick() => {
                if !self.session.is_busy() {
                    self.check();
                }
                Done::Nothing
            }
        }
    }

    fn check(&mut self) {
        let (session, name) = (self.session.clone(), self.name.clone());
        self.running.push(Box::pin(async move {
            match session.era {
                Era::Legacy => Done::Answered(session.ping(PING_DEADLINE).await),
                // The newer era knows no ping.
                Era::Modern => {
                    let begun = Instant::now();
                    Done::Answered(tools::list(&session, &name).await.map(|_| begun.elapsed()))
                }
            }
        }));
    }
}

/// Servers of the newer era tell only those who listen.
async fn listen(session: Session, news: Arc<News>) -> Done {
    let mut filter = SubscriptionFilter::new();
    filter.tools_list_changed = Some(true);
    while let Ok(mut subscription) = session.peer.listen(filter.clone()).await {
        while let Ok(Some(_)) = subscription.next().await {
            news.tools.notify_one();
        }
        sleep(PING_DEADLINE).await;
        // What happened meanwhile went unheard.
        news.tools.notify_one();
    }
    Done::Nothing
}

async fn until(instant: Option<Instant>) {
    match instant {
        Some(instant) => sleep_until(instant).await,
        None => std::future::pending().await,
    }
}
