//! What the model is told before everything else: the settings' words, or the conversation's own.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod common;

use common::Desk;
use engine::{Question, Settings, Variable};
use serde_json::Value;
use testkit::Round;

fn desk_settings(settings: &mut Settings) {
    settings.system_prompt = "Talk to {{name}}.".into();
    settings.variables = vec![Variable { name: "name".into(), value: "Ann".into() }];
}

fn system(request: &Value) -> &str {
    let first = &request["messages"][0];
    if first["role"] == "system" { first["content"].as_str().unwrap() } else { "" }
}

#[tokio::test]
async fn a_conversation_has_words_of_its_own_and_they_survive() {
    let rounds = ["one", "two", "three", "four"].map(Round::text).to_vec();
    let desk = Desk::with(rounds, |options| desk_settings(options.settings.as_mut().unwrap())).await;
    let usual = desk.engine.instructions(None).await.unwrap();
    assert_eq!((usual.own, usual.filled.as_str()), (None, "Talk to Ann."));
    let question =
        Question { text: "q1".into(), instructions: Some("Only rhymes, {{name}}.".into()), ..Default::default() };
    let id = desk.follow(question).await.conversation;
    let desk = desk.reopen_with(|options| desk_settings(options.settings.as_mut().unwrap())).await;
    desk.ask_in(Some(id.clone()), "q2", |_, _| ()).await;
    // A copy is told the same.
    let copy = desk.engine.fork(&id, None).await.unwrap();
    assert_eq!(desk.engine.instructions(Some(&copy)).await.unwrap().own.unwrap(), "Only rhymes, {{name}}.");
    // Nothing at all is a choice, too; and the way back to the settings' words is open.
    desk.engine.instruct(&id, Some(String::new())).await.unwrap();
    desk.ask_in(Some(id.clone()), "q3", |_, _| ()).await;
    desk.engine.instruct(&id, None).await.unwrap();
    desk.ask_in(Some(id.clone()), "q4", |_, _| ()).await;
    assert!(desk.engine.instruct(&"nowhere".into(), None).await.is_err());
    let requests = desk.finish().await;
    let told: Vec<&str> = requests.iter().map(system).collect();
    assert_eq!(told, ["Only rhymes, Ann.", "Only rhymes, Ann.", "", "Talk to Ann."]);
}
