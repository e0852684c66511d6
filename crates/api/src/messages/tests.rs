use axum::http::StatusCode;
use axum::response::IntoResponse;

use super::*;

fn seeds() -> Vec<Value> {
    let call = json!({ "id": "c1", "type": "function", "function": { "name": "f", "arguments": "{}" } });
    let dot = "data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==";
    let parts = json!([{ "type": "text", "text": "x" }, { "type": "image_url", "image_url": { "url": dot } }]);
    let messages = json!([
        { "role": "system", "content": "s" },
        { "role": "user", "content": parts },
        { "role": "assistant", "content": null, "tool_calls": [call] },
        { "role": "tool", "tool_call_id": "c1", "content": "r" },
        { "role": "assistant", "content": [{ "type": "output_text", "text": "a" }] },
        { "role": "user", "content": "q" },
    ]);
    let schema = json!({ "type": "object", "properties": { "a": { "type": "string" } } });
    let function = json!({ "name": "f", "description": "d", "parameters": schema });
    vec![json!({ "messages": messages, "tools": [{ "type": "function", "function": function }] })]
}

#[tokio::test]
async fn whatever_is_sent_is_read_or_refused_as_wrong() {
    let model = ModelRef { provider: "p".into(), model: "m".into() };
    let (mut taken, mut refused) = (0, 0);
    for body in testkit::bent(&seeds(), 4000) {
        let part = |name: &str| body.get(name).cloned().unwrap_or_default();
        let said = read(&part("messages"), &model, &Handed::default()).await;
        for outcome in [said.map(drop), tools(&part("tools")).map(drop)] {
            match outcome {
                Ok(()) => taken += 1,
                Err(error) => {
                    assert_eq!(error.into_response().status(), StatusCode::BAD_REQUEST, "{body}");
                    refused += 1;
                }
            }
        }
    }
    assert!(taken > 1000 && refused > 500, "{taken} taken, {refused} refused");
}
