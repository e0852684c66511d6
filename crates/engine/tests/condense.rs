//! A context that is nearly full: the older part is summed up, said to be, and told whole again at a word.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod common;

use chat::{ConversationId, Item, Message, Role, Turn};
use common::Desk;
use serde_json::Value;
use testkit::Round;

/// What a request tells of what was said, in a line.
fn told(request: &Value) -> String {
    let messages = request["messages"].as_array().unwrap();
    messages.iter().filter_map(|message| message["content"].as_str()).collect::<Vec<_>>().join(" | ")
}

fn words(turns: &[Turn]) -> Vec<&str> {
    let items = turns.iter().flat_map(|turn| &turn.items);
    let text = |item: &'_ Item| matches!(item, Item::Message(Message { role: Role::Assistant, .. }));
    let said = items.filter(|item| text(item)).filter_map(|item| match item {
        Item::Message(message) => Some(message.text.as_str()),
        Item::ToolCall(_) | Item::Question(_) => None,
    });
    said.collect()
}

async fn ask(desk: &Desk, id: &ConversationId, text: &str) -> common::Told {
    desk.ask_in(Some(id.clone()), text, |_, _| ()).await
}

#[tokio::test]
async fn what_is_too_long_is_summed_up_said_to_be_and_told_whole_again_at_a_word() {
    let rounds = vec![
        Round::text("one"),
        Round::text("two"),
        Round::too_long(),
        Round::text("They said one.").usage(70, 7, 0),
        Round::text("three").usage(30, 3, 0),
        Round::text("four"),
        Round::text("five"),
    ];
    let desk = Desk::new(rounds).await;
    let id = desk.ask("q1").await.conversation;
    ask(&desk, &id, "q2").await;
    let third = ask(&desk, &id, "q3").await;
    assert_eq!(third.log(), "? (1 summed up) [says] three = completed");
    ask(&desk, &id, "q4").await;
    // It holds after a restart, and nothing is lost.
    let desk = desk.reopen().await;
    let turns = desk.turns(&id).await;
    assert_eq!(words(&turns), ["one", "two", "three", "four"]);
    let condensed = turns[2].condensed.clone().unwrap();
    assert_eq!((condensed.upto, condensed.turns, condensed.undone), (turns[0].id.clone(), 1, false));
    // What summing up took belongs to the turn for whose sake it was done.
    assert_eq!((turns[2].usage.input, turns[2].latest.input), (100, 30));
    desk.engine.undo_condensing(&id, &turns[2].id).await.unwrap();
    assert!(desk.engine.undo_condensing(&id, &turns[1].id).await.is_err());
    ask(&desk, &id, "q5").await;
    let requests = desk.finish().await;
    assert_eq!(told(&requests[2]), "q1 | one | q2 | two | q3");
    assert!(told(&requests[3]).contains("User: q1\n\nAssistant: one"), "{}", told(&requests[3]));
    assert!(requests[3].get("tools").is_none());
    assert_eq!(told(&requests[4]), "Sum up what we have said so far. | They said one. | q2 | two | q3");
    assert_eq!(told(&requests[5]), "Sum up what we have said so far. | They said one. | q2 | two | q3 | three | q4");
    assert_eq!(told(&requests[6]), "q1 | one | q2 | two | q3 | three | q4 | four | q5");
}

#[tokio::test]
async fn where_nothing_can_be_summed_up_the_error_is_said() {
    let rounds =
        vec![Round::too_long(), Round::text("one"), Round::too_long(), Round::error(500, "no"), Round::text("")];
    let desk = Desk::new(rounds).await;
    let alone = desk.ask("far too long").await;
    assert_eq!(alone.log(), "? = failed ContextOverflow");
    let id = desk.ask("q1").await.conversation;
    let second = ask(&desk, &id, "q2").await;
    assert_eq!(second.log(), "? = failed ContextOverflow");
    desk.finish().await;
}
