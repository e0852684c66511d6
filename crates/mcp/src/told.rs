//! What a server says while it works on a request, heard in the order in which it came.
//!
//! rmcp gives every notification to a task of its own, so that a result may overtake what was said before it, and the
//! last words about a call would come when nobody listens any more. Here they are taken off the connection itself.

use std::borrow::Cow;

use chat::{LogLevel, Progress};
use rmcp::{
    RoleClient,
    model::{ServerJsonRpcMessage, ServerNotification},
    service::{RxJsonRpcMessage, TxJsonRpcMessage},
    transport::Transport,
};
use serde_json::Value;
use tokio::sync::mpsc;

use crate::{
    host::{json, level},
    lines::Lines,
    session::Ties,
};

/// So much that did not come by the connection may wait for whoever reads it.
const ASIDE: usize = 16;

/// Hears progress and log messages, wherever they come from.
#[derive(Clone)]
pub(crate) struct Ear {
    ties: Ties,
    lines: Lines,
    aside: mpsc::Sender<RxJsonRpcMessage<RoleClient>>,
}

/// A connection whose progress and log messages reach those who wait for them before anything that came later.
pub(crate) struct InOrder<T> {
    inner: T,
    ear: Ear,
    /// What was said on a stream that rmcp does not know.
    aside: mpsc::Receiver<RxJsonRpcMessage<RoleClient>>,
}

impl<T> InOrder<T> {
    pub(crate) fn new(inner: T, ties: Ties, lines: Lines) -> (Self, Ear) {
        let (aside, said_aside) = mpsc::channel(ASIDE);
        let ear = Ear { ties, lines, aside };
        (Self { inner, ear: ear.clone(), aside: said_aside }, ear)
    }
}

impl Ear {
    /// Hears what did not come by the connection, as if it had.
    pub(crate) async fn hear_aside(&self, item: RxJsonRpcMessage<RoleClient>) {
        if let Some(item) = self.hear(item) {
            // A session that is over is asked nothing.
            let _ = self.aside.send(item).await;
        }
    }

    /// Hears it, if it is of that kind; anything else goes on.
    fn hear(&self, item: RxJsonRpcMessage<RoleClient>) -> Option<RxJsonRpcMessage<RoleClient>> {
        let ServerJsonRpcMessage::Notification(told) = &item else { return Some(item) };
        match &told.notification {
            ServerNotification::ProgressNotification(told) => {
                let params = told.params.clone();
                let progress = Progress { done: params.progress, total: params.total, message: params.message };
                // Nobody listens when no call is running.
                let _ = self.ties.progress.send((params.progress_token, progress));
            }
            ServerNotification::LoggingMessageNotification(told) => self.note(&json(&told.params)),
            ServerNotification::CustomNotification(told) if told.method == "notifications/message" => {
                self.note(told.params.as_ref().unwrap_or(&Value::Null));
            }
            _ => return Some(item),
        }
        None
    }

    fn note(&self, params: &Value) {
        if let Some(listener) = self.ties.running.listener() {
            listener.note(params);
        }
        let level = params.get("level").and_then(Value::as_str).map_or(LogLevel::Info, level);
        let logger = params.get("logger").and_then(Value::as_str);
        let text = match params.get("data") {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Object(data)) if data.len() == 1 && data.contains_key("message") => {
                data["message"].as_str().map_or_else(|| data["message"].to_string(), str::to_owned)
            }
            Some(data) => data.to_string(),
            None => String::new(),
        };
        self.lines.note(level, logger, &text);
    }
}

impl<T: Transport<RoleClient>> Transport<RoleClient> for InOrder<T> {
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
            let item = tokio::select! {
                item = self.inner.receive() => item?,
                Some(item) = self.aside.recv() => return Some(item),
            };
            if let Some(item) = self.ear.hear(item) {
                return Some(item);
            }
        }
    }

    async fn close(&mut self) -> Result<(), Self::Error> {
        self.inner.close().await
    }
}
