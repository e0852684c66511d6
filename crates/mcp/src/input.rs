//! Rounds of a request that the server answers with questions (`input_required`, from 2026-07-28 on).

use chat::Ask;
use serde_json::{Map, Value};

use crate::{
    CallError,
    exchange::Exchange,
    questions::{self, Asked, Question},
};

/// A server that asks more often than this goes in circles.
pub(crate) const MAX_ROUNDS: usize = 10;

/// Puts the answers to what `result` asks into `params`, to be sent anew. The state goes back as it came.
pub(crate) async fn fill(
    exchange: &mut Exchange<'_>,
    params: &mut Map<String, Value>,
    result: &Value,
) -> Result<(), CallError> {
    let answers = answers(exchange, result).await?;
    params.insert("inputResponses".to_owned(), Value::Object(answers));
    match result.get("requestState").filter(|state| !state.is_null()) {
        Some(state) => params.insert("requestState".to_owned(), state.clone()),
        None => params.shift_remove("requestState"),
    };
    Ok(())
}

/// The answers to all `inputRequests`, by the server's names for them, one after another.
pub(crate) async fn answers(exchange: &mut Exchange<'_>, result: &Value) -> Result<Map<String, Value>, CallError> {
    let mut answers = Map::new();
    let requests = result.get("inputRequests").and_then(Value::as_object).cloned().unwrap_or_default();
    for (name, request) in requests {
        let method = request.get("method").and_then(Value::as_str).unwrap_or_default();
        let params = request.get("params").unwrap_or(&Value::Null);
        let sampling = exchange.session.sampling;
        let asked = questions::read(method, params, sampling);
        let asked = asked.map_err(|_| exchange.unusable("a question that cannot be answered"))?;
        let refused = if matches!(&asked, Asked::Person(ask) if matches!(**ask, Ask::Sampling { .. })) {
            "a question that was declined"
        } else {
            "a question that cannot be answered"
        };
        let question = Question { method: method.to_owned(), params: params.clone() };
        let answer = exchange.answer(asked, Some(&question));
        let answer = exchange.asking(answer).await?.map_err(|_| exchange.unusable(refused))?;
        answers.insert(name, answer);
    }
    Ok(answers)
}
