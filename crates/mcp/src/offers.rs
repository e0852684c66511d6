//! What servers offer besides tools, asked for when somebody looks.

use std::{sync::Arc, time::Duration};

use chat::{Blank, Completion, FilledPrompt, Prompt, Reading, ResourceList};
use serde_json::{Map, Value, json};
use tokio_util::sync::CancellationToken;

use crate::{
    Answers, CallError, Root, Servers,
    exchange::{Deadlines, Exchange, Passing, Terms, request},
    lists::{self, Kind},
    prompts, resources,
    session::RequestError,
};

/// Nobody waits longer for a word that might stand in a blank.
const COMPLETION_DEADLINE: Duration = Duration::from_secs(10);
const DEADLINE: Duration = Duration::from_secs(30);

/// Who is asked meanwhile, and who may end it, while a prompt is filled or a resource read.
#[derive(Default, Clone)]
pub struct Attendance {
    pub answers: Option<Arc<dyn Answers>>,
    pub stop: CancellationToken,
}

impl Servers {
    pub async fn prompts(&self, server: &str) -> Result<Vec<Prompt>, CallError> {
        let (session, _) = self.session(server)?;
        if !session.offers().prompts {
            return Ok(vec![]);
        }
        let raws = lists::kept(&session, Kind::Prompts).await.map_err(|error| error.of(server))?;
        Ok(prompts::read(server, &raws))
    }

    pub async fn fill_prompt(
        &self,
        server: &str,
        name: &str,
        arguments: Map<String, Value>,
        attendance: Attendance,
    ) -> Result<FilledPrompt, CallError> {
        let params = Map::from_iter([("name".to_owned(), json!(name)), ("arguments".to_owned(), json!(arguments))]);
        self.attended(server, "prompts/get", params, attendance).await.map(|raw| prompts::filled(&raw))
    }

    /// Resources and templates.
    pub async fn resources(&self, server: &str) -> Result<ResourceList, CallError> {
        let (session, _) = self.session(server)?;
        if !session.offers().resources {
            return Ok(ResourceList::default());
        }
        let (plain, patterns) =
            tokio::join!(lists::kept(&session, Kind::Resources), lists::kept(&session, Kind::Templates));
        let plain = plain.map_err(|error| error.of(server))?;
        // Many servers have resources and choke on templates.
        let patterns = patterns.unwrap_or_default();
        Ok(ResourceList {
            resources: resources::read(server, &plain),
            templates: resources::templates(server, &patterns),
        })
    }

    pub async fn read_resource(&self, server: &str, uri: &str, attendance: Attendance) -> Result<Reading, CallError> {
        let params = Map::from_iter([("uri".to_owned(), json!(uri))]);
        self.attended(server, "resources/read", params, attendance).await.map(|raw| resources::reading(&raw))
    }

    /// What could stand in a blank that begins with `begun`; `others` are the blanks filled already.
    pub async fn complete(
        &self,
        server: &str,
        blank: &Blank,
        begun: &str,
        others: Map<String, Value>,
    ) -> Result<Completion, CallError> {
        let (session, _) = self.session(server)?;
        if !session.offers().completion {
            return Ok(Completion::default());
        }
        let (of, argument) = match blank {
            Blank::Prompt { name, argument } => (json!({ "type": "ref/prompt", "name": name }), argument),
            Blank::Template { uri_template, variable } => {
                (json!({ "type": "ref/resource", "uri": uri_template }), variable)
            }
        };
        let mut params = Map::from_iter([
            ("ref".to_owned(), of),
            ("argument".to_owned(), json!({ "name": argument, "value": begun })),
        ]);
        if !others.is_empty() {
            params.insert("context".to_owned(), json!({ "arguments": others }));
        }
        let raw = session.ask(request("completion/complete", &params), COMPLETION_DEADLINE).await;
        let raw = raw.map_err(|error| error.of(server))?;
        let completion = raw.get("completion").unwrap_or(&Value::Null);
        let values = completion.get("values").and_then(Value::as_array).into_iter().flatten();
        let values: Vec<String> = values.filter_map(Value::as_str).map(str::to_owned).take(100).collect();
        let total = completion.get("total").and_then(Value::as_u64).unwrap_or(0);
        let more = completion.get("hasMore").and_then(Value::as_bool).unwrap_or(false) || total > values.len() as u64;
        Ok(Completion { values, more })
    }

    /// Asks to be told when a resource changes: the server's changes then say which.
    pub async fn subscribe(&self, server: &str, uri: &str) -> Result<(), CallError> {
        let (session, _) = self.session(server)?;
        session.subscribe(uri).await.map_err(|error| error.of(server))
    }

    pub async fn unsubscribe(&self, server: &str, uri: &str) -> Result<(), CallError> {
        let (session, _) = self.session(server)?;
        session.unsubscribe(uri).await.map_err(|error| error.of(server))
    }

    /// The folders that servers may work in where a call says nothing of its own.
    pub async fn set_roots(&self, roots: Vec<Root>) {
        if !self.common().set_roots(roots) {
            return;
        }
        for session in self.sessions() {
            session.roots_changed().await;
        }
    }

    /// Who answers what servers ask without any request of ours to which it belongs. Declined where nobody does.
    pub fn answer_unasked(&self, answers: Arc<dyn Answers>) {
        self.common().set_answers(answers);
    }

    /// Whether servers may ask models. Each is told when it connects, so those that are connected begin anew.
    pub async fn allow_sampling(&self, on: bool) {
        if !self.common().set_sampling(on) {
            return;
        }
        for server in self.snapshot().iter().filter(|server| server.session.is_some()) {
            self.reconnect(&server.config.name).await;
        }
    }

    /// A request that the server may answer with questions.
    async fn attended(
        &self,
        server: &str,
        method: &str,
        params: Map<String, Value>,
        attendance: Attendance,
    ) -> Result<Value, CallError> {
        let (session, config) = self.session(server)?;
        let terms = Terms {
            server,
            deadlines: Deadlines { idle: DEADLINE.max(config.call_timeout), total: config.call_limit },
            progress: &|_| (),
            stop: attendance.stop,
            answers: attendance.answers,
            passing: Passing::default(),
        };
        Exchange::new(&session, terms).run(method, params).await
    }
}

impl RequestError {
    pub(crate) fn of(self, server: &str) -> CallError {
        let server = server.to_owned();
        match self {
            Self::Rejected { code, message, data } => CallError::Rejected { code, message, data },
            Self::Lost(cause) => CallError::Lost { server, cause },
            Self::SignIn => CallError::SignInRequired { server },
            Self::TimedOut(after) => CallError::TimedOut { after, total: false },
        }
    }
}
