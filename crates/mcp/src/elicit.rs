//! Pages that must be visited before a request can succeed (error −32042, 2025-11-25).

use chat::Ask;
use serde_json::Value;

use crate::{
    CallError,
    exchange::Exchange,
    questions::{self, Asked},
};

pub(crate) const URL_REQUIRED: i32 = -32042;

/// Asks for every page in turn; returns when a person has been to all of them.
pub(crate) async fn pages(exchange: &mut Exchange<'_>, elicitations: Vec<Value>) -> Result<(), CallError> {
    for elicitation in elicitations {
        let mut params = elicitation;
        if let Value::Object(params) = &mut params {
            params.insert("mode".to_owned(), "url".into());
        }
        let ask = questions::elicitation(&params).map_err(|_| exchange.unusable("a page that cannot be opened"))?;
        let host = match &ask {
            Ask::Url { host, .. } => host.clone(),
            Ask::Form { .. } | Ask::Sampling { .. } | Ask::SignIn { .. } => String::new(),
        };
        let answer = exchange.answer(Asked::Person(Box::new(ask)), None);
        let answer = exchange.asking(answer).await?;
        let agreed = answer.is_ok_and(|answer| answer.get("action").and_then(Value::as_str) == Some("accept"));
        if !agreed {
            return Err(CallError::PageDeclined { server: exchange.terms.server.to_owned(), host });
        }
    }
    Ok(())
}
