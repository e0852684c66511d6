//! The older way over the web (2024-11-05): one stream of events in, and posts out to where its first event says.

use std::time::Duration;

use futures::StreamExt;
use http::header;
use reqwest::Url;
use rmcp::{
    RoleClient,
    service::{RxJsonRpcMessage, TxJsonRpcMessage},
    transport::Transport,
};
use sse_stream::Sse;
use tokio::{sync::mpsc, task::JoinHandle, time::timeout};

use crate::web::{MAX_MESSAGE, NotMcp, StatusError, Web, WebError, events};

/// How long the server may take to say where to post.
const ENDPOINT_DEADLINE: Duration = Duration::from_secs(10);

pub(crate) struct SseTransport {
    web: Web,
    post: Url,
    incoming: mpsc::Receiver<RxJsonRpcMessage<RoleClient>>,
    reader: JoinHandle<()>,
}

impl SseTransport {
    pub(crate) async fn open(web: Web, url: &str) -> Result<Self, WebError> {
        let base = Url::parse(url).map_err(|error| NotMcp::new(format!("not to be had: {error}"), b""))?;
        let request = web.client.get(base.clone()).header(header::ACCEPT, "text/event-stream");
        let response = web.send(request.header(header::CACHE_CONTROL, "no-cache")).await?;
        if !response.status().is_success() {
            return Err(StatusError::read(response).await.into());
        }
        let mut events = events(response, MAX_MESSAGE);
        let first = timeout(ENDPOINT_DEADLINE, async {
            while let Some(Ok(event)) = events.next().await {
                if event.event.as_deref() == Some("endpoint") {
                    return event.data;
                }
            }
            None
        });
        let endpoint = match first.await {
            Ok(Some(endpoint)) => endpoint,
            _ => return Err(NotMcp::new("no stream of events that says where to post", b"").into()),
        };
        let post = base.join(endpoint.trim());
        let post = post.map_err(|error| NotMcp::new(format!("an endpoint that is no address ({error})"), b""))?;
        if post.origin() != base.origin() {
            return Err(
                NotMcp::new(format!("an endpoint elsewhere, at {}", crate::mask::url(post.as_str())), b"").into()
            );
        }
        let (outgoing, incoming) = mpsc::channel(64);
        let reader = tokio::spawn(async move {
            while let Some(Ok(event)) = events.next().await {
                let Some(message) = message(&event) else { continue };
                if outgoing.send(message).await.is_err() {
                    break;
                }
            }
        });
        Ok(Self { web, post, incoming, reader })
    }
}

fn message(event: &Sse) -> Option<RxJsonRpcMessage<RoleClient>> {
    if !matches!(event.event.as_deref(), None | Some("" | "message")) {
        return None;
    }
    match serde_json::from_str(event.data.as_deref()?) {
        Ok(message) => Some(message),
        Err(error) => {
            tracing::warn!(%error, "an event of the server is no message");
            None
        }
    }
}

impl Transport<RoleClient> for SseTransport {
    type Error = WebError;

    fn send(
        &mut self,
        item: TxJsonRpcMessage<RoleClient>,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send + 'static {
        let (web, request) = (self.web.clone(), self.web.client.post(self.post.clone()).json(&item));
        async move {
            let response = web.send(request).await?;
            if response.status().is_success() { Ok(()) } else { Err(StatusError::read(response).await.into()) }
        }
    }

    async fn receive(&mut self) -> Option<RxJsonRpcMessage<RoleClient>> {
        self.incoming.recv().await
    }

    async fn close(&mut self) -> Result<(), Self::Error> {
        self.reader.abort();
        Ok(())
    }
}

impl Drop for SseTransport {
    fn drop(&mut self) {
        self.reader.abort();
    }
}
