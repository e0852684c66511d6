//! Conversations that call one server in the names of different people.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod common;

use std::time::Duration;

use chat::{Ask, Item, Question as Asked, QuestionStatus, Rule, ToolChoice, TurnEvent};
use common::{Desk, Told};
use engine::{Engine, ExportFormat, InChat, Question};
use mcp::{ServerConfig, Transport};
use serde_json::json;
use testkit::{Conduct, Round, SignInServer, browse};

/// A person clicks, and says yes in the browser.
async fn sign_in(engine: &Engine, account: &str) {
    let report = |step: chat::SignInStep| {
        if let Some(link) = step.link {
            tokio::spawn(async move { browse(&link).await });
        }
    };
    engine.sign_in("box", Some(account), report).await.unwrap();
}

/// Ada and Bob are signed in, Bob is used; the model calls once in each of so many turns.
async fn desk(there: &SignInServer, turns: usize) -> Desk {
    let turn = |nth: usize| [calls(&format!("c{nth}")), Round::text("done")];
    desk_of(there, (0..turns).flat_map(turn).collect()).await
}

fn calls(id: &str) -> Round {
    Round::new().call(id, "box__whoami", json!({}))
}

async fn desk_of(there: &SignInServer, rounds: Vec<Round>) -> Desk {
    let transport = Transport::Http { url: there.url(), headers: Default::default() };
    let server = ServerConfig { auth: Some(json!({ "oauth": {} })), ..ServerConfig::new("box", transport) };
    let desk = Desk::with(rounds, |options| {
        options.servers = Some(vec![server]);
        options.rules = vec![Rule::AllowAll];
    })
    .await;
    desk.engine.servers_settled(Duration::from_secs(60)).await;
    sign_in(&desk.engine, "ada").await;
    sign_in(&desk.engine, "bob").await;
    desk
}

async fn there(conduct: Conduct) -> SignInServer {
    SignInServer::start(Conduct { tells_who: true, ..conduct }).await
}

fn choice(account: &str) -> ToolChoice {
    ToolChoice { accounts: [("box".to_owned(), account.to_owned())].into(), ..ToolChoice::default() }
}

fn question(account: &str) -> Question {
    Question { text: "hi".into(), tools: Some(choice(account)), ..Question::default() }
}

/// In whose name the call was shown to be made, and who the server says it was.
fn whose(told: &Told) -> (Option<String>, String) {
    let call = told.calls().pop().unwrap();
    let chat::CallStatus::Succeeded { output } = &call.status else { panic!("{}", told.log()) };
    (call.account.clone(), output.model_text.clone())
}

fn of(account: &str, sign_in: &str) -> (Option<String>, String) {
    (Some(account.into()), sign_in.into())
}

fn waiting(told: &Told) -> Option<&Asked> {
    match told.events.last() {
        Some(TurnEvent::Item { item: Item::Question(question) }) if question.status == QuestionStatus::Waiting => {
            Some(question)
        }
        _ => None,
    }
}

#[tokio::test]
async fn two_conversations_call_at_the_same_time_each_in_its_own_name() {
    // No call is answered before both are there: both models have called by then, and both speak afterwards.
    let there = there(Conduct { calls_meet: 2, ..Conduct::default() }).await;
    let desk = desk_of(&there, vec![calls("a"), calls("b"), Round::text("done"), Round::text("done")]).await;
    let (ada, bob) = tokio::join!(desk.follow(question("ada")), desk.follow(question("bob")));
    assert_eq!((whose(&ada), whose(&bob)), (of("ada", "1"), of("bob", "2")));
    desk.finish().await;
}

#[tokio::test]
async fn a_conversation_is_switched_in_the_middle_and_its_copy_keeps_the_name() {
    let there = there(Conduct::default()).await;
    let desk = desk(&there, 4).await;
    let first = desk.ask("hi").await;
    assert_eq!(whose(&first), of("bob", "2"), "where several are signed in, it is said who it is");
    let id = first.conversation;
    desk.engine.choose_tools(Some(&id), choice("ada")).await.unwrap();
    let second = desk.ask_in(Some(id.clone()), "hi", |_, _| ()).await;
    assert_eq!(whose(&second), of("ada", "1"));
    let copy = desk.engine.fork(&id, None).await.unwrap();
    let third = desk.ask_in(Some(copy), "hi", |_, _| ()).await;
    assert_eq!(whose(&third), of("ada", "1"));
    desk.engine.choose_tools(Some(&id), ToolChoice::default()).await.unwrap();
    let fourth = desk.ask_in(Some(id.clone()), "hi", |_, _| ()).await;
    assert_eq!(whose(&fourth), of("bob", "2"));
    let view = desk.engine.toolset(Some(&id), None).await.unwrap();
    let accounts = &view.accounts[0];
    assert_eq!((accounts.names.join(" "), accounts.used.as_str()), ("ada bob".to_owned(), "bob"));
    desk.finish().await;
}

#[tokio::test]
async fn what_a_server_offers_is_asked_for_in_the_name_of_the_chat() {
    let there = there(Conduct::default()).await;
    let desk = desk(&there, 1).await;
    let chat = InChat { conversation: Some(desk.follow(question("ada")).await.conversation) };
    for (chat, person) in [(Some(&chat), "1"), (None, "2"), (Some(&InChat::default()), "2")] {
        let offers = desk.engine.offers(chat);
        assert_eq!(offers.prompts(None).await.unwrap()[0].description, person);
        assert_eq!(offers.fill_prompt("box", "hello", Default::default()).await.unwrap().text, person);
        assert_eq!(offers.resources(None).await.unwrap().resources[0].name, person);
        assert_eq!(offers.read_resource("box", "note://me").await.unwrap().text, person);
    }
    desk.engine.sign_out("box", Some("ada")).await.unwrap();
    let offers = desk.engine.offers(Some(&chat));
    offers.read_resource("box", "note://me").await.unwrap_err();
    assert!(offers.prompts(None).await.unwrap().is_empty(), "nobody else's name is lent");
    assert_eq!(desk.engine.offers(None).prompts(None).await.unwrap().len(), 1);
    desk.finish().await;
}

#[tokio::test]
async fn a_call_waits_for_the_very_person_it_is_made_for() {
    let there = there(Conduct::default()).await;
    let desk = desk(&there, 1).await;
    desk.engine.sign_out("box", Some("ada")).await.unwrap();
    let mut asked = vec![];
    let told = desk.see(question("ada"), |engine, told| {
        if let Some(Ask::SignIn { account, .. }) = waiting(told).map(|question| &question.ask) {
            asked.push(account.clone());
            let engine = engine.clone();
            tokio::spawn(async move {
                // Somebody else's sign-in is no answer to it.
                sign_in(&engine, "eve").await;
                sign_in(&engine, "ada").await;
            });
        }
    });
    let told = told.await;
    assert_eq!(whose(&told), of("ada", "4"));
    assert_eq!(asked, [Some("ada".to_owned())], "asked once, by name");
    let view = desk.engine.toolset(None, None).await.unwrap();
    assert_eq!(view.accounts[0].used, "eve", "the others go on as they are");
    desk.finish().await;
}

#[tokio::test]
async fn a_conversation_takes_its_name_along_into_another_home_where_nobody_lends_it() {
    let there = there(Conduct::default()).await;
    let desk = desk(&there, 1).await;
    let told = desk.follow(question("ada")).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("all.json");
    let all = vec![told.conversation.clone()];
    desk.engine.export(Some(&all), ExportFormat::Json, &file).await.unwrap();
    desk.finish().await;

    let other = Desk::new(vec![]).await;
    other.engine.import_conversations(&file, None).await.unwrap();
    let choice = other.engine.tool_choice(Some(&told.conversation)).await.unwrap();
    assert_eq!(choice.accounts["box"], "ada");
    other.finish().await;
}
