//! Our side of a session: what we say of ourselves, what we answer, and where the server's notifications go.
#![expect(deprecated, reason = "servers of all revisions still ask and log")]

use chat::{LogLevel, Progress};
use rmcp::{
    ClientHandler, ErrorData, RoleClient,
    model::{
        ClientConfig, CreateMessageRequestParams, CreateMessageResult, CustomRequest, CustomResult,
        ElicitRequestParams, ElicitResult, Implementation, ListRootsResult, ProgressToken, ProtocolVersion,
        ResourceUpdatedNotificationParam,
    },
    service::{InboundStreamOrigin, NotificationContext, RequestContext},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use tokio::sync::{broadcast, oneshot};

use crate::{
    Root,
    questions::{self, Asked, Question, Unanswerable},
    running::Inquiry,
    session::Ties,
};

/// Progress of every running call of one server; each call picks its own.
pub(crate) type ProgressSender = broadcast::Sender<(ProgressToken, Progress)>;

pub(crate) struct Host {
    pub(crate) name: String,
    pub(crate) version: String,
    /// Who is spoken to: the configured name.
    pub(crate) server: String,
    pub(crate) ties: Ties,
}

impl ClientHandler for Host {
    fn get_info(&self) -> ClientConfig {
        let mut config = ClientConfig::default();
        // The default is a version that has no `initialize`.
        config.protocol_version = ProtocolVersion::LATEST_WITH_INITIALIZE;
        config.client_info = Implementation::new(self.name.clone(), self.version.clone());
        let mut capabilities = json!({
            "elicitation": { "form": {}, "url": {} },
            "roots": { "listChanged": true },
            "extensions": { "io.modelcontextprotocol/tasks": {} }
        });
        if self.ties.sampling {
            capabilities["sampling"] = json!({ "tools": {} });
        }
        config.capabilities = serde_json::from_value(capabilities).unwrap_or_default();
        config
    }

    async fn create_elicitation(
        &self,
        params: ElicitRequestParams,
        context: RequestContext<RoleClient>,
    ) -> Result<ElicitResult, ErrorData> {
        typed(self.answer("elicitation/create", &json(&params), &context).await?)
    }

    async fn create_message(
        &self,
        params: CreateMessageRequestParams,
        context: RequestContext<RoleClient>,
    ) -> Result<CreateMessageResult, ErrorData> {
        typed(self.answer("sampling/createMessage", &json(&params), &context).await?)
    }

    async fn list_roots(&self, context: RequestContext<RoleClient>) -> Result<ListRootsResult, ErrorData> {
        let roots = self.answer("roots/list", &Value::Null, &context).await?;
        self.ties.folders.tell(&roots);
        typed(roots)
    }

    /// What rmcp cannot read in its own shapes is read leniently.
    async fn on_custom_request(
        &self,
        request: CustomRequest,
        context: RequestContext<RoleClient>,
    ) -> Result<CustomResult, ErrorData> {
        let params = request.params.unwrap_or_default();
        self.answer(&request.method, &params, &context).await.map(CustomResult::new)
    }

    async fn on_tool_list_changed(&self, _: NotificationContext<RoleClient>) {
        self.ties.news.tools.notify_one();
    }

    async fn on_prompt_list_changed(&self, _: NotificationContext<RoleClient>) {
        self.ties.news.prompts.notify_one();
    }

    async fn on_resource_list_changed(&self, _: NotificationContext<RoleClient>) {
        self.ties.news.resources.notify_one();
    }

    async fn on_resource_updated(&self, params: ResourceUpdatedNotificationParam, _: NotificationContext<RoleClient>) {
        self.ties.news.updated(&params.uri);
    }
}

impl Host {
    async fn answer(
        &self,
        method: &str,
        params: &Value,
        context: &RequestContext<RoleClient>,
    ) -> Result<Value, ErrorData> {
        let asked = questions::read(method, params, self.ties.sampling).map_err(refused)?;
        let origin = match context.extensions.get::<InboundStreamOrigin>() {
            Some(InboundStreamOrigin::OutboundRequest(id)) => Some(id),
            Some(InboundStreamOrigin::Unassociated) | None => None,
        };
        let Some(call) = self.ties.running.of(origin) else {
            return self.answer_unasked(asked, context).await.map_err(refused);
        };
        let (reply, answer) = oneshot::channel();
        let is_roots = asked == Asked::Roots;
        let question = Question { method: method.to_owned(), params: params.clone() };
        // Where the call has ended the reply goes with it, heard or not.
        let _ = call.send(Inquiry { asked, question, reply });
        tokio::select! {
            biased;
            // The server takes it back: then nobody needs to answer.
            () = context.ct.cancelled() => Err(refused(Unanswerable { code: -32603, why: "it was cancelled" })),
            answer = answer => answer.unwrap_or_else(|_| self.answer_late(is_roots)).map_err(refused),
        }
    }

    /// The call to which a question was thought to belong ended first. A server that asks for its folders may have asked
    /// because they changed, beside every call: it is told them all the same, since it will not ask again.
    fn answer_late(&self, is_roots: bool) -> Result<Value, Unanswerable> {
        if is_roots {
            return unattended(&Asked::Roots, &self.ties.common.roots());
        }
        Err(Unanswerable { code: -32603, why: "the call that it belongs to has ended" })
    }

    /// Of what belongs to no request, a person is asked as well where there is one.
    async fn answer_unasked(&self, asked: Asked, context: &RequestContext<RoleClient>) -> Result<Value, Unanswerable> {
        match (asked, self.ties.common.answers()) {
            (Asked::Person(ask), Some(answers)) => tokio::select! {
                biased;
                () = context.ct.cancelled() => Err(Unanswerable { code: -32603, why: "it was cancelled" }),
                reply = answers.answer(&self.server, (*ask).clone()) => questions::result(&ask, reply),
            },
            (asked, _) => unattended(&asked, &self.ties.common.roots()),
        }
    }
}

/// The answer where no person belongs to the request.
pub(crate) fn unattended(asked: &Asked, roots: &[Root]) -> Result<Value, Unanswerable> {
    match asked {
        Asked::Roots => Ok(questions::roots(roots)),
        Asked::Person(ask) => questions::result(ask, crate::Reply::Decline),
    }
}

pub(crate) fn level(name: &str) -> LogLevel {
    serde_json::from_value(json!(name.to_ascii_lowercase())).unwrap_or(LogLevel::Info)
}

/// The level by its number, in the protocol's words. Standard error has none of its own.
pub(crate) fn level_name(level: u8) -> &'static str {
    const NAMES: [&str; 9] = ["debug", "debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"];
    NAMES.get(usize::from(level)).copied().unwrap_or("info")
}

pub(crate) fn json(params: &impl Serialize) -> Value {
    serde_json::to_value(params).unwrap_or_default()
}

fn typed<T: DeserializeOwned>(value: Value) -> Result<T, ErrorData> {
    serde_json::from_value(value).map_err(|error| ErrorData::internal_error(error.to_string(), None))
}

fn refused(refusal: Unanswerable) -> ErrorData {
    ErrorData::new(rmcp::model::ErrorCode(refusal.code), refusal.why, None)
}
