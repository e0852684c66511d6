//! Conversations are named by the model that answered in them, beside everything else, and never over a person's head.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod common;

use chat::{ConversationId, Usage};
use common::Desk;
use engine::{AppEvent, Events, Face, Question};
use testkit::Round;

async fn window(rounds: Vec<Round>) -> Desk {
    Desk::with(rounds, |options| options.face = Face::Window).await
}

/// Waits until the list shows that title.
async fn named(events: &mut Events, title: &str) {
    loop {
        if let AppEvent::Conversation { summary } = events.recv().await.unwrap()
            && summary.title == title
        {
            return;
        }
    }
}

fn title(desk: &Desk, id: &ConversationId) -> String {
    desk.engine.conversations().into_iter().find(|summary| summary.id == *id).unwrap().title
}

#[tokio::test]
async fn the_model_names_what_it_answered_and_what_that_took_is_counted() {
    let rounds = vec![Round::text("TKT-1").usage(100, 10, 0), Round::text("**\"Critical tickets.\"**").usage(20, 3, 0)];
    let desk = window(rounds).await;
    let (_, mut events) = desk.engine.subscribe();
    let told = desk.ask("What is critical?").await;
    named(&mut events, "Critical tickets").await;
    let figures = desk.engine.figures(Some(&told.conversation)).await.unwrap();
    assert_eq!(figures[0].usage, Usage { input: 120, output: 13, cached: 0 });
    // It is the model's from now on: another answer asks for no other title, and it is there after a restart.
    desk.script.push(Round::text("none"));
    let desk = desk.reopen_with(|options| options.face = Face::Window).await;
    desk.ask_in(Some(told.conversation.clone()), "And now?", |_, _| ()).await;
    assert_eq!(title(&desk, &told.conversation), "Critical tickets");
    let requests = desk.finish().await;
    assert!(requests[1].get("tools").is_none());
    let asked = requests[1]["messages"].to_string();
    assert!(asked.contains("What is critical?") && asked.contains("TKT-1"), "{asked}");
}

#[tokio::test]
async fn what_a_person_wrote_meanwhile_stays() {
    let desk = window(vec![Round::text("yes"), Round::new().hold().say("A model's title"), Round::text("no")]).await;
    let told = desk.ask("Is it?").await;
    desk.script.arrived(2).await;
    desk.engine.rename(&told.conversation, "Mine").unwrap();
    desk.script.release();
    desk.ask_in(Some(told.conversation.clone()), "Really?", |_, _| ()).await;
    let desk = desk.reopen().await;
    assert_eq!(title(&desk, &told.conversation), "Mine");
    desk.finish().await;
}

#[tokio::test]
async fn nobody_waits_for_a_title_and_none_is_no_trouble() {
    let rounds = vec![
        Round::text("one"),
        // Given up when the next question comes.
        Round::new().hold().say("too late"),
        Round::text("two"),
        Round::error(500, "no titles here"),
    ];
    let desk = window(rounds).await;
    let told = desk.ask("First?").await;
    desk.script.arrived(2).await;
    let next = Question { conversation: Some(told.conversation.clone()), text: "Second?".into(), ..Default::default() };
    assert!(desk.follow(next).await.log().ends_with("= completed"));
    desk.script.arrived(4).await;
    assert_eq!(title(&desk, &told.conversation), "First?");
    desk.finish().await;
}

#[tokio::test]
async fn who_wants_no_titles_gets_none_and_a_terminal_asks_for_none() {
    let desk = Desk::with(vec![Round::text("one")], |options| {
        options.face = Face::Window;
        options.settings.as_mut().unwrap().titles = false;
    });
    let desk = desk.await;
    desk.ask("First?").await;
    desk.finish().await;
    let desk = Desk::new(vec![Round::text("one")]).await;
    desk.ask("First?").await;
    desk.finish().await;
}
