//! Asking a program which generation of the protocol it speaks, before anything depends on the answer.

use std::{
    borrow::Cow,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use rmcp::{
    RoleClient,
    model::{
        ClientConfig, ClientJsonRpcMessage, ClientRequest, DiscoverRequest, DiscoverRequestParams, ProtocolVersion,
        RequestId, RequestMetaObject, ServerJsonRpcMessage,
    },
    service::{RxJsonRpcMessage, TxJsonRpcMessage},
    transport::Transport,
};
use serde_json::Value;
use tokio::time::timeout;

/// No request of the session will ever have it.
const PROBE: RequestId = RequestId::Number(999_999_999);

/// A transport over which a program has been asked. What it says to that later than we waited is not passed on.
pub(super) struct Probed<T> {
    inner: T,
    /// It was modern after all.
    late: Arc<AtomicBool>,
}

/// What it said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Heard {
    Modern,
    /// An answer, but none of a modern server; or none yet.
    Other,
    /// It does not listen any more.
    Gone,
}

impl<T: Transport<RoleClient>> Probed<T> {
    pub(super) fn new(inner: T) -> Self {
        Self { inner, late: Arc::default() }
    }

    /// Tells whether a modern answer came late, also when the transport has been given away.
    pub(super) fn late(&self) -> Arc<AtomicBool> {
        self.late.clone()
    }

    pub(super) async fn ask(&mut self, us: &ClientConfig, deadline: Duration) -> Heard {
        let mut discover = DiscoverRequest::new(DiscoverRequestParams {});
        discover.extensions.insert(RequestMetaObject::with_client_context(
            ProtocolVersion::V_2026_07_28,
            us.client_info.clone(),
            us.capabilities.clone(),
        ));
        let request = ClientJsonRpcMessage::request(ClientRequest::DiscoverRequest(discover), PROBE);
        let answer = timeout(deadline, async {
            if self.inner.send(request).await.is_err() {
                return Heard::Gone;
            }
            loop {
                match self.inner.receive().await {
                    None => return Heard::Gone,
                    Some(message) if !is_answer(&message) => (),
                    Some(message) if is_modern(&message) => return Heard::Modern,
                    Some(_) => return Heard::Other,
                }
            }
        });
        answer.await.unwrap_or(Heard::Other)
    }
}

/// Some servers give a number back as a text.
fn is_ours(id: &RequestId) -> bool {
    id.to_string() == PROBE.to_string()
}

fn is_answer(message: &ServerJsonRpcMessage) -> bool {
    match message {
        ServerJsonRpcMessage::Response(response) => is_ours(&response.id),
        ServerJsonRpcMessage::Error(error) => error.id.as_ref().is_none_or(is_ours),
        _ => false,
    }
}

fn is_modern(message: &ServerJsonRpcMessage) -> bool {
    let ServerJsonRpcMessage::Response(response) = message else { return false };
    let result = serde_json::to_value(&response.result).unwrap_or_default();
    let versions = result.get("supportedVersions").and_then(Value::as_array);
    versions.is_some_and(|versions| versions.iter().any(|version| version == ProtocolVersion::V_2026_07_28.as_str()))
}

impl<T: Transport<RoleClient>> Transport<RoleClient> for Probed<T> {
    type Error = T::Error;

    fn name() -> Cow<'static, str> {
        T::name()
    }

    fn send(
        &mut self,
        item: TxJsonRpcMessage<RoleClient>,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send + 'static {
        self.inner.send(item)
    }

    async fn receive(&mut self) -> Option<RxJsonRpcMessage<RoleClient>> {
        loop {
            let message = self.inner.receive().await?;
            let late = match &message {
                ServerJsonRpcMessage::Response(response) => is_ours(&response.id),
                ServerJsonRpcMessage::Error(error) => error.id.as_ref().is_some_and(is_ours),
                _ => false,
            };
            if !late {
                return Some(message);
            }
            self.late.fetch_or(is_modern(&message), Ordering::Relaxed);
        }
    }

    async fn close(&mut self) -> Result<(), Self::Error> {
        self.inner.close().await
    }
}
