//! Requests that a server goes on working on after it has answered (extension `io.modelcontextprotocol/tasks`).

use std::time::Duration;

use chat::Progress;
use serde_json::{Map, Value, json};

use crate::{CallError, exchange::Exchange, exchange::request, input, session::Session};

/// How often a server is asked that says nothing of it.
const POLL: Duration = Duration::from_secs(1);
const FASTEST: Duration = Duration::from_millis(100);
const SLOWEST: Duration = Duration::from_secs(30);

/// Asks until the task has ended; its result is the request's.
pub(crate) async fn follow(exchange: &mut Exchange<'_>, created: &Value) -> Result<Value, CallError> {
    let Some(id) = created.get("taskId").and_then(Value::as_str).map(str::to_owned) else {
        return Err(exchange.unusable("a task without a name"));
    };
    let mut abandoned = Abandoned { session: exchange.session.clone(), id: Some(id.clone()) };
    let mut known = created.clone();
    let (mut rounds, mut polls) = (0, 0.0);
    loop {
        match known.get("status").and_then(Value::as_str).unwrap_or("working") {
            "completed" => {
                abandoned.id = None;
                return known
                    .get("result")
                    .cloned()
                    .ok_or_else(|| exchange.unusable("a finished task without a result"));
            }
            "failed" => {
                abandoned.id = None;
                return Err(failure(&known));
            }
            "cancelled" => {
                abandoned.id = None;
                return Err(CallError::TaskCancelled { server: exchange.terms.server.to_owned() });
            }
            "input_required" if rounds >= input::MAX_ROUNDS => return Err(exchange.unusable("questions without end")),
            "input_required" => {
                rounds += 1;
                let answers = input::answers(exchange, &known).await?;
                let mut params = named(&id);
                params.insert("inputResponses".to_owned(), Value::Object(answers));
                exchange.once("tasks/update", &params).await?;
            }
            _ => {
                polls += 1.0;
                if let Some(message) = known.get("statusMessage").and_then(Value::as_str) {
                    exchange.heard(Progress { done: polls, total: None, message: Some(message.to_owned()) });
                }
                exchange.pause(interval(&known)).await?;
            }
        }
        known = exchange.once("tasks/get", &named(&id)).await?;
        // A task that is said to be at work is a sign of life.
        exchange.alive();
    }
}

fn named(id: &str) -> Map<String, Value> {
    Map::from_iter([("taskId".to_owned(), json!(id))])
}

fn interval(task: &Value) -> Duration {
    let wanted = task.get("pollIntervalMs").and_then(Value::as_u64).map(Duration::from_millis);
    wanted.unwrap_or(POLL).clamp(FASTEST, SLOWEST)
}

fn failure(task: &Value) -> CallError {
    let error = task.get("error");
    let code = error.and_then(|error| error.get("code")?.as_i64()).and_then(|code| i32::try_from(code).ok());
    let message = error.and_then(|error| error.get("message")?.as_str());
    let message = message.or_else(|| task.get("statusMessage")?.as_str()).unwrap_or("the task failed");
    let data = error.and_then(|error| error.get("data")).cloned();
    CallError::Rejected { code: code.unwrap_or(-32603), message: message.to_owned(), data }
}

/// Ends a task at the server when nobody waits for it any more.
struct Abandoned {
    session: Session,
    id: Option<String>,
}

impl Drop for Abandoned {
    fn drop(&mut self) {
        let (Some(id), Ok(runtime)) = (self.id.take(), tokio::runtime::Handle::try_current()) else { return };
        let session = self.session.clone();
        runtime.spawn(async move {
            // A server that is gone need not be told.
            let _ = session.ask(request("tasks/cancel", &named(&id)), Duration::from_secs(5)).await;
        });
    }
}
