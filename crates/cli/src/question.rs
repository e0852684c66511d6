//! What servers ask, answered at the terminal; where nobody sits there, it is declined.

use std::io::IsTerminal;
use std::sync::Arc;

use ::chat::{Answer, Ask, Field, FieldKind, SamplingRequest, filled};
use engine::Engine;
use futures::future::{BoxFuture, FutureExt};
use mcp::{Answers, Reply, Root};
use serde_json::{Map, Value, json};
use tokio::sync::Mutex;

use crate::print;

/// Whoever sits at the terminal, as a call made by hand asks them.
pub(crate) struct Terminal {
    engine: Engine,
    /// Nobody can answer two questions at the same time.
    one: Arc<Mutex<()>>,
}

impl Terminal {
    pub(crate) fn of(engine: &Engine) -> Arc<Self> {
        Arc::new(Self { engine: engine.clone(), one: Arc::default() })
    }
}

impl Answers for Terminal {
    fn answer(&self, server: &str, ask: Ask) -> BoxFuture<'static, Reply> {
        let (engine, one, server) = (self.engine.clone(), self.one.clone(), server.to_owned());
        async move {
            let _mine = one.lock().await;
            match answer(&engine, &server, &ask, false).await {
                Answer::Decline => Reply::Decline,
                Answer::Cancel => Reply::Cancel,
                Answer::Accept { content, .. } => agreed(&engine, ask, content).await,
            }
        }
        .boxed()
    }

    fn roots(&self) -> Vec<Root> {
        self.engine.roots()
    }
}

/// What the server is told after a yes.
async fn agreed(engine: &Engine, ask: Ask, content: Option<Value>) -> Reply {
    match ask {
        Ask::Form { fields, .. } => match filled(&fields, content.as_ref()) {
            Ok(content) => Reply::Accept { content: Some(content) },
            Err(problems) => {
                for problem in problems {
                    print::note(&print::plain(&format!("{}: {}", problem.field, problem.problem)));
                }
                Reply::Cancel
            }
        },
        Ask::Url { .. } => Reply::Accept { content: None },
        // The sign-in has come about: that was the answer.
        Ask::SignIn { .. } => Reply::Accept { content: None },
        Ask::Sampling { request } => match engine.written(request).await {
            Ok(sampled) => Reply::Sampled(sampled),
            Err(error) => {
                print::error(&error);
                Reply::Cancel
            }
        },
    }
}

/// Asks whoever sits at the terminal. Nobody is asked where the output is for a script.
pub(crate) async fn answer(engine: &Engine, server: &str, ask: &Ask, json: bool) -> Answer {
    if json || !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        print::note(&format!("{server} asked something, and nobody is here to answer: declined."));
        return Answer::Decline;
    }
    print::note(&print::plain(&format!("{server} asks:")));
    match ask {
        Ask::SignIn { tool, account, more, .. } => {
            print::note(&print::plain(&sign_in_shown(tool, more)));
            match yes("Sign in now? [y/N] ").await {
                Answer::Accept { content, model } => {
                    match crate::sign_in::by_hand(engine, server, account.clone()).await {
                        Ok(()) => Answer::Accept { content, model },
                        Err(error) => {
                            print::error(&error);
                            Answer::Decline
                        }
                    }
                }
                other => other,
            }
        }
        Ask::Form { message, fields, .. } => form(message, fields).await,
        Ask::Url { message, url, host } => {
            print::note(&print::plain(&format!("{message}\nIt wants you to visit {host}:\n  {url}")));
            yes("Have you been there? [y/N] ").await
        }
        Ask::Sampling { request } => {
            print::note(&print::plain(&shown(request)));
            yes("May the model answer this? [y/N] ").await
        }
    }
}

fn sign_in_shown(tool: &str, more: &[String]) -> String {
    if more.is_empty() {
        return format!("{tool} runs only after a sign-in.");
    }
    format!("{tool} wants more rights than there are: {}.", more.join(", "))
}

async fn form(message: &str, fields: &[Field]) -> Answer {
    print::note(&print::plain(message));
    let mut content = Map::new();
    for field in fields {
        if field.secret {
            print::note("This looks like a secret, which no server may ask for like this: declined.");
            return Answer::Decline;
        }
        loop {
            let Some(text) = line(&asked(field)).await else { return Answer::Cancel };
            let Some(value) = value(field, text.trim()) else { break };
            match field.problem(&value) {
                Some(problem) => print::note(&problem),
                None => {
                    content.insert(field.name.clone(), value);
                    break;
                }
            }
        }
    }
    match yes("Send this? [y/N] ").await {
        Answer::Accept { .. } => Answer::Accept { content: Some(Value::Object(content)), model: None },
        other => other,
    }
}

fn asked(field: &Field) -> String {
    let choices = match &field.kind {
        FieldKind::Choice { options, .. } | FieldKind::Choices { options, .. } => {
            let names: Vec<&str> = options.iter().map(|option| option.value.as_str()).collect();
            format!(" ({})", names.join(", "))
        }
        FieldKind::Switch { .. } => " (yes or no)".to_owned(),
        FieldKind::Text { .. } | FieldKind::Number { .. } | FieldKind::Json { .. } => String::new(),
    };
    let default = field.default().map(|default| format!(" [{default}]")).unwrap_or_default();
    let needed = if field.required { " *" } else { "" };
    print::plain(&format!("{}{needed}{choices}{default}: ", field.title))
}

/// What was typed as the field wants it; nothing typed leaves the field to its default.
fn value(field: &Field, text: &str) -> Option<Value> {
    if text.is_empty() {
        return None;
    }
    Some(match &field.kind {
        FieldKind::Text { .. } | FieldKind::Choice { .. } => json!(text),
        FieldKind::Number { .. } | FieldKind::Json { .. } => serde_json::from_str(text).unwrap_or_else(|_| json!(text)),
        FieldKind::Switch { .. } => match text.to_lowercase().as_str() {
            "y" | "yes" | "true" => json!(true),
            "n" | "no" | "false" => json!(false),
            _ => json!(text),
        },
        FieldKind::Choices { .. } => json!(text.split(',').map(str::trim).collect::<Vec<&str>>()),
    })
}

fn shown(request: &SamplingRequest) -> String {
    let all = serde_json::to_string_pretty(request).unwrap_or_default();
    format!("It wants the model's words. Everything that would be sent:\n{all}")
}

async fn yes(question: &str) -> Answer {
    match line(question).await {
        Some(text) if matches!(text.trim().to_lowercase().as_str(), "y" | "yes") => {
            Answer::Accept { content: None, model: None }
        }
        Some(_) => Answer::Decline,
        None => Answer::Cancel,
    }
}

/// What is typed; nothing where the input ends or somebody interrupts.
async fn line(question: &str) -> Option<String> {
    print::note(question);
    let read = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        std::io::stdin().read_line(&mut line).ok().filter(|count| *count > 0).map(|_| line)
    });
    tokio::select! {
        line = read => line.ok().flatten(),
        _ = tokio::signal::ctrl_c() => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_becomes_what_the_field_wants() {
        let schema = json!({ "properties": {
            "name": { "type": "string" }, "age": { "type": "integer" }, "on": { "type": "boolean" },
            "many": { "type": "array", "items": { "type": "string", "enum": ["a", "b"] } }
        } });
        let fields = Field::all(&schema);
        let typed = |at: usize, text: &str| value(&fields[at], text);
        assert_eq!(typed(0, "7"), Some(json!("7")));
        assert_eq!((typed(1, "7"), typed(1, "seven")), (Some(json!(7)), Some(json!("seven"))));
        assert_eq!((typed(2, "Yes"), typed(2, "")), (Some(json!(true)), None));
        assert_eq!(typed(3, "a, b"), Some(json!(["a", "b"])));
    }
}
