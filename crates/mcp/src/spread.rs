//! Brings what a server tells on its own account to everybody: changed lists, updated resources, log messages.

use std::{sync::Arc, time::Duration};

use chat::LogLevel;
use rmcp::model::{ServerNotification, SubscriptionFilter};
use tokio::time::sleep;

use crate::{
    board::Board,
    lists::Kind,
    news::News,
    session::{Era, Session},
};

/// Servers announce changes in bursts.
const DEBOUNCE: Duration = Duration::from_millis(300);
const LISTEN_AGAIN: Duration = Duration::from_secs(10);

/// Until the session ends.
pub(crate) async fn spread(session: Session, board: Board, serial: u64) {
    let closed = session.closed.clone();
    let work = async {
        tokio::join!(
            begin(&session),
            listen(&session),
            prompts(&session, &board, serial),
            resources(&session, &board, serial),
            updates(&session, &board, serial)
        );
    };
    tokio::select! {
        () = closed.cancelled() => (),
        () = work => (),
    }
}

/// Says how much of its log is wanted, and what was watched before it went away. Servers of the newer era are told the one
/// with each request, the other with what is listened to.
async fn begin(session: &Session) {
    if session.era == Era::Modern {
        return;
    }
    if session.offers().logging {
        // One that does not obey says what it likes.
        let _ = session.set_log_level(LogLevel::Info).await;
    }
    let watched = session.subscribed.borrow().clone();
    for uri in watched {
        // One that has it no more has nothing to tell.
        let _ = session.ask_for_updates(&uri).await;
    }
}

async fn prompts(session: &Session, board: &Board, serial: u64) {
    loop {
        session.news.prompts.notified().await;
        sleep(DEBOUNCE).await;
        session.kept.forget(&[Kind::Prompts]);
        board.update(serial, |server| server.offers.prompts_changed = server.offers.prompts_changed.wrapping_add(1));
    }
}

async fn resources(session: &Session, board: &Board, serial: u64) {
    loop {
        session.news.resources.notified().await;
        sleep(DEBOUNCE).await;
        session.kept.forget(&[Kind::Resources, Kind::Templates]);
        board
            .update(serial, |server| server.offers.resources_changed = server.offers.resources_changed.wrapping_add(1));
    }
}

async fn updates(session: &Session, board: &Board, serial: u64) {
    loop {
        session.news.updates.notified().await;
        for uri in session.news.take_updates() {
            board.resource_updated(serial, uri);
        }
    }
}

/// Servers of the newer era tell only those who listen, and only what they asked for.
async fn listen(session: &Session) {
    if session.era == Era::Legacy {
        return;
    }
    let mut wanted = session.subscribed.subscribe();
    loop {
        let uris = wanted.borrow_and_update().clone();
        let offers = session.offers();
        let mut filter = SubscriptionFilter::new();
        filter.prompts_list_changed = offers.prompts.then_some(true);
        filter.resources_list_changed = offers.resources.then_some(true);
        filter.resource_subscriptions = (!uris.is_empty()).then(|| uris.into_iter().collect());
        let has_any = offers.prompts || offers.resources;
        tokio::select! {
            () = hear(session, filter), if has_any => sleep(LISTEN_AGAIN).await,
            Ok(()) = wanted.changed() => (),
            else => return,
        }
    }
}

async fn hear(session: &Session, filter: SubscriptionFilter) {
    let Ok(mut subscription) = session.peer.listen(filter).await else { return };
    while let Ok(Some(notification)) = subscription.next().await {
        tell(&session.news, &notification);
    }
}

fn tell(news: &Arc<News>, notification: &ServerNotification) {
    match notification {
        ServerNotification::PromptListChangedNotification(_) => news.prompts.notify_one(),
        ServerNotification::ResourceListChangedNotification(_) => news.resources.notify_one(),
        ServerNotification::ResourceUpdatedNotification(updated) => news.updated(&updated.params.uri),
        _ => (),
    }
}
