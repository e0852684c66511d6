use chat::{ConversationId, Item, Role, TurnEvent, TurnStatus};

use super::*;
use crate::store::tests::{Desk, begin, happen, message};

/// A store with one ended turn for each answer.
async fn said(desk: &Desk, answers: &[&str]) -> Store {
    let store = desk.open().await;
    for (number, answer) in answers.iter().enumerate() {
        let id = format!("t{number}");
        let mut turn = begin(&store, &id);
        let item = message(&format!("{id}-1"), Role::Assistant, answer);
        happen(&store, &mut turn, TurnEvent::Item { item });
        happen(&store, &mut turn, TurnEvent::Ended { status: TurnStatus::Completed, at: 11 });
        store.end(&turn);
    }
    store.flush().await.unwrap();
    store
}

/// What is found once everything is taken in: the items, each with what is marked in it.
async fn found(store: &Store, text: &str) -> Vec<String> {
    loop {
        let (hits, behind) = store.search(text, 50).await.unwrap();
        if !behind {
            let shown = |hit: &SearchHit| {
                let marked: Vec<&str> = hit.snippet.iter().filter(|it| it.hit).map(|it| it.text.as_str()).collect();
                format!("{} {}", hit.item, marked.join("|"))
            };
            let mut shown: Vec<String> = hits.iter().map(shown).collect();
            shown.sort();
            return shown;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn words_are_found_in_any_script_and_spelling() {
    let desk = Desk::new();
    let answers =
        ["Das Café öffnet, naïve Grüße", "東京都の天気は晴れです", "Ticket TKT-003 is critical", "ภาษาไทยง่าย"];
    let store = said(&desk, &answers).await;
    for (typed, expected) in [
        ("cafe", vec!["t0-1 Café"]),
        ("GRUSSE", vec![]),
        ("gruß", vec!["t0-1 Grüße"]),
        ("offnet naive", vec!["t0-1 öffnet|naïve"]),
        ("天気", vec!["t1-1 天気"]),
        ("京都", vec!["t1-1 京都"]),
        ("tkt-003", vec!["t2-1 TKT-003"]),
        ("crit", vec!["t2-1 critical"]),
        ("\"is crit\"", vec![]),
        ("\"is critical\"", vec!["t2-1 is critical"]),
        ("ticket -critical", vec![]),
        ("ไทย", vec!["t3-1 ไทย"]),
        ("AND \"( NOT", vec![]),
        ("", vec![]),
    ] {
        assert_eq!(found(&store, typed).await, expected, "{typed}");
    }
    // The questions are found as well.
    assert_eq!(found(&store, "hi").await.len(), 4);
}

#[tokio::test]
async fn calls_are_found_by_their_tool_their_arguments_and_their_result() {
    let desk = Desk::new();
    let store = desk.open().await;
    let mut turn = begin(&store, "t");
    let output = chat::Output {
        content: vec![],
        structured: None,
        model_text: "first".into(),
        whole: Some("first and the rest".into()),
        bytes: 5,
        withheld: 0,
        too_deep: false,
    };
    let Item::ToolCall(call) = crate::store::tests::running_call() else { panic!("a call") };
    let call = chat::ToolCall {
        arguments: serde_json::json!({ "path": "notes/todo.txt" }),
        status: chat::CallStatus::Succeeded { output },
        ..call
    };
    happen(&store, &mut turn, TurnEvent::Item { item: Item::ToolCall(call) });
    happen(&store, &mut turn, TurnEvent::Ended { status: TurnStatus::Completed, at: 11 });
    store.end(&turn);
    store.flush().await.unwrap();
    for typed in ["files write", "todo.txt", "rest"] {
        assert_eq!(found(&store, typed).await.len(), 1, "{typed}");
    }
    let (hits, _) = store.search("rest", 50).await.unwrap();
    assert_eq!((hits[0].kind, hits[0].title.as_str()), (SearchKind::Called, "Title t"));
}

#[tokio::test]
async fn what_is_removed_is_not_found_until_it_is_back() {
    let desk = Desk::new();
    let store = said(&desk, &["needle one", "needle two"]).await;
    let first = ConversationId("conversation-t0".into());
    store.set_removed(&first, Some(3));
    store.flush().await.unwrap();
    assert_eq!(found(&store, "needle").await, ["t1-1 needle"]);
    store.set_removed(&first, None);
    store.flush().await.unwrap();
    assert_eq!(found(&store, "needle").await.len(), 2);
    sqlx::query("DELETE FROM conversations WHERE id = ?").bind(first.as_str()).execute(&store.pool).await.unwrap();
    let left = sqlx::query("SELECT rowid FROM said_words WHERE said_words MATCH 'needle'");
    assert_eq!(left.fetch_all(&store.pool).await.unwrap().len(), 1);
}

#[tokio::test]
async fn turns_from_before_are_taken_in_and_a_missing_index_is_made_anew() {
    let desk = Desk::new();
    let answers: Vec<String> = (0..100).map(|number| format!("needle {number}")).collect();
    let store = said(&desk, &answers.iter().map(String::as_str).collect::<Vec<_>>()).await;
    for step in ["DROP TABLE said_words", "UPDATE turns SET searched = 0 WHERE seq % 2 = 0"] {
        sqlx::query(step).execute(&store.pool).await.unwrap();
    }
    // What happens is written down although it cannot be found.
    let mut turn = begin(&store, "late");
    happen(&store, &mut turn, TurnEvent::Ended { status: TurnStatus::Completed, at: 11 });
    store.end(&turn);
    store.flush().await.unwrap();
    desk.crash(store).await;
    let store = desk.open().await;
    assert_eq!(found(&store, "needle").await.len(), 50);
    assert_eq!(found(&store, "needle 77").await, ["t77-1 needle|77"]);
    assert_eq!(store.conversation(&"conversation-late".into()).await.unwrap().turns, [turn]);
}
