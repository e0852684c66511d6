//! What sessions and subscriptions hear on their own account: that lists have changed, and resources.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use rmcp::{
    ErrorData, Peer, RoleServer,
    model::{ResourceUpdatedNotificationParam, ResourcesCapability},
    service::SubscriptionContext,
};
use serde_json::{Map, json};
use tokio::sync::broadcast::error::RecvError;

use crate::{
    caller::Caller,
    door::Call,
    gateway::{Inner, News},
    line::Line,
    offer::Want,
    upstream::Watch,
};

use super::words;

/// The resources that one session or subscription watches, by their addresses.
#[derive(Clone, Default)]
pub(super) struct Watched {
    all: Arc<Mutex<HashMap<String, Watch>>>,
}

impl Watched {
    /// Watches one more, where the caller may.
    pub(super) async fn add(&self, inner: &Inner, caller: &Arc<Caller>, uri: &str) -> Result<(), ErrorData> {
        let known = inner.find_resource(caller, uri).await;
        let Some(server) = known.filter(|server| server.offers.subscriptions) else {
            let words = "No server here tells of changes of this resource.";
            return Err(ErrorData::resource_not_found(words, Some(json!({ "uri": uri }))));
        };
        let offer = inner.beyond(&server, uri, Want::Watch);
        let arguments = Map::from_iter([("uri".to_owned(), json!(uri))]);
        let (line, stop) = (Arc::new(Line::silent()), tokio_util::sync::CancellationToken::new());
        let call = Call { caller: caller.clone(), tool: uri, arguments, line: &line, stop };
        words::plain::<serde_json::Value>(inner.go(offer, call).await)?;
        let servers = inner.upstream.having(&server.name);
        let watch = inner.upstream.watches.begin(servers, &server.name, uri).await;
        let watch = watch.map_err(|error| ErrorData::internal_error(error.to_string(), None))?;
        self.lock().insert(uri.to_owned(), watch);
        Ok(())
    }

    pub(super) fn remove(&self, uri: &str) {
        drop(self.lock().remove(uri));
    }

    fn has(&self, server: &str, uri: &str) -> bool {
        self.lock().get(uri).is_some_and(|watch| watch.key.0 == server)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Watch>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether subscriptions and changes of resources are offered.
pub(super) fn resources(subscriptions: bool) -> ResourcesCapability {
    let mut resources = ResourcesCapability::default();
    (resources.subscribe, resources.list_changed) = (subscriptions.then_some(true), Some(true));
    resources
}

/// Tells a session of everything that it wants to hear, until it or the gateway ends.
pub(super) async fn tell(inner: Arc<Inner>, peer: Peer<RoleServer>, watched: Watched) {
    let (mut changed, mut told, end) = (inner.changed(), inner.told.subscribe(), inner.end.clone());
    drop(inner);
    loop {
        let sent = tokio::select! {
            () = end.cancelled() => return,
            Ok(()) = changed.changed() => peer.notify_tool_list_changed().await,
            news = told.recv() => match news {
                Ok(News::Prompts) => peer.notify_prompt_list_changed().await,
                Ok(News::Resources) => peer.notify_resource_list_changed().await,
                Ok(News::Updated { server, uri }) if watched.has(&server, &uri) => {
                    peer.notify_resource_updated(ResourceUpdatedNotificationParam::new(uri)).await
                }
                Ok(News::Updated { .. }) | Err(RecvError::Lagged(_)) => Ok(()),
                Err(RecvError::Closed) => return,
            },
            else => return,
        };
        if sent.is_err() || peer.is_transport_closed() {
            return;
        }
    }
}

/// The same for a subscription, which says itself what it wants to hear.
pub(super) async fn listen(inner: &Inner, caller: Arc<Caller>, context: SubscriptionContext) -> Result<(), ErrorData> {
    let (mut changed, mut told) = (inner.changed(), inner.told.subscribe());
    let wanted = context.accepted().clone();
    let watched = Watched::default();
    for uri in wanted.resource_subscriptions.iter().flatten() {
        if let Err(error) = watched.add(inner, &caller, uri).await {
            tracing::debug!(%error, "a resource cannot be watched");
        }
    }
    let sink = context.sink();
    let is_on = |wish: Option<bool>| wish == Some(true);
    loop {
        let sent = tokio::select! {
            () = context.cancelled() => return Ok(()),
            () = inner.end.cancelled() => return Ok(()),
            Ok(()) = changed.changed() => match is_on(wanted.tools_list_changed) {
                true => sink.notify_tool_list_changed().await,
                false => Ok(()),
            },
            news = told.recv() => match news {
                Ok(News::Prompts) if is_on(wanted.prompts_list_changed) => sink.notify_prompt_list_changed().await,
                Ok(News::Resources) if is_on(wanted.resources_list_changed) => sink.notify_resource_list_changed().await,
                Ok(News::Updated { server, uri }) if watched.has(&server, &uri) => {
                    sink.notify_resource_updated(uri).await
                }
                Ok(_) | Err(RecvError::Lagged(_)) => Ok(()),
                Err(RecvError::Closed) => return Ok(()),
            },
            else => return Ok(()),
        };
        if sent.is_err() {
            return Ok(());
        }
    }
}
