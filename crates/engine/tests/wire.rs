//! What goes over the wire to a model can be looked at, request by request.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod common;

use chat::Usage;
use common::Desk;
use serde_json::{Value, json};
use testkit::Round;

#[tokio::test]
async fn every_request_of_a_turn_is_kept_as_sent_with_its_answer() {
    let rounds = vec![
        Round::new().call("a", "ticket__search_tickets", json!({ "priority": "critical" })),
        Round::text("Three are critical.").usage(100, 20, 5),
    ];
    let desk = Desk::new(rounds).await;
    let told = desk.ask("look for critical ones").await;
    let exchanges = desk.engine.model_exchanges(&told.turn);
    assert_eq!(exchanges.iter().map(|it| (it.round, it.status)).collect::<Vec<_>>(), [(1, Some(200)), (2, Some(200))]);
    let [first, second] = exchanges.as_slice() else { panic!("two") };
    assert!(first.url.ends_with("/chat/completions") && first.error.is_none(), "{first:?}");
    assert!(first.at <= first.head_at.unwrap() && first.head_at <= first.first_at && first.first_at <= first.ended_at);
    let asked: Value = serde_json::from_str(&first.request).unwrap();
    assert_eq!(asked["messages"][0]["content"], "look for critical ones");
    assert!(first.response.starts_with("data: ") && first.response.contains("search_tickets"), "{}", first.response);
    assert!(first.response.trim_end().ends_with("data: [DONE]"), "{}", first.response);
    assert!(second.request.contains("\"role\":\"tool\""), "{}", second.request);
    assert_eq!(second.usage, Some(Usage { input: 100, output: 20, cached: 5 }));
    assert_eq!(second.response_bytes, second.response.len() as u64);
    assert!(desk.engine.model_exchanges(&"another".into()).is_empty());
    desk.finish().await;
}
