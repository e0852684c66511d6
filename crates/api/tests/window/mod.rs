//! The API as a window turns it on, with somebody there to be asked.

use std::time::Duration;

use api::{KeyRights, Switch};
use chat::{RequestState, Way};
use engine::{AppEvent, Face, LedgerFilter};
use serde_json::{Value, json};
use testkit::Round;

use crate::common::Service;

struct Window {
    service: Service,
    switch: Switch,
    http: reqwest::Client,
    home: tempfile::TempDir,
}

impl Window {
    async fn open(rounds: Vec<Round>) -> Self {
        let service = Service::with_fixture(rounds).await;
        let home = tempfile::tempdir().unwrap();
        let switch = Switch::new(service.engine.clone(), home.path()).unwrap();
        switch.turn_on(0).await.unwrap();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { service, switch, http, home }
    }

    async fn ask(&self, key: &str, text: &str) -> Result<Value, reqwest::Error> {
        let url = format!("{}/chat/completions", self.switch.view().await.address.unwrap());
        let body = json!({ "messages": [{ "role": "user", "content": text }] });
        self.http.post(url).bearer_auth(key).json(&body).send().await?.json().await
    }
}

fn echo() -> Vec<Round> {
    vec![Round::new().call("a", "open__echo", json!({ "text": "hi" })), Round::text("Done.")]
}

#[tokio::test]
async fn a_call_that_must_ask_waits_in_the_window_for_a_word() {
    for (allow, state) in [(true, "succeeded"), (false, "refused")] {
        let window = Window::open(echo()).await;
        let key = window.switch.create_key("notebook", KeyRights::default()).unwrap().key;
        let (engine, mut events) = (window.service.engine.clone(), window.service.engine.subscribe().1);
        let answering = async {
            loop {
                let Some(AppEvent::VisitorCalls { way: Way::Api, calls }) = events.recv().await else { continue };
                let [call] = calls.as_slice() else { panic!("one call waits: {calls:?}") };
                assert_eq!((call.who.as_str(), call.tool.as_str()), ("notebook", "echo"));
                assert_eq!(engine.visitor_calls(), calls);
                return engine.answer_visitor(&call.id, allow).unwrap();
            }
        };
        let (answer, ()) = tokio::join!(window.ask(&key, "echo"), answering);
        let answer = answer.unwrap();
        assert_eq!(answer["loquat"]["calls"][0]["state"], state, "{answer}");
        assert!(engine.visitor_calls().is_empty(), "nothing waits any more");
        let view = window.switch.view().await;
        assert_eq!((view.requests.len(), &view.requests[0].state), (1, &RequestState::Answered));
        assert!(view.requests[0].what.ends_with("· scripted") && view.requests[0].who == "notebook");
        window.service.end().await;
    }
}

#[tokio::test]
async fn nobody_s_answer_is_no_and_the_ledger_names_the_key() {
    let service = Service::with_fixture(echo()).await;
    let home = tempfile::tempdir().unwrap();
    let switch = Switch::new(service.engine.clone(), home.path()).unwrap().patience(Duration::from_millis(20));
    switch.turn_on(0).await.unwrap();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let window = Window { service, switch, http, home };
    let key = window.switch.create_key("notebook", KeyRights::default()).unwrap().key;
    let answer = window.ask(&key, "echo").await.unwrap();
    assert_eq!(answer["loquat"]["calls"][0]["state"], "refused", "{answer}");
    let engine = &window.service.engine;
    assert!(engine.visitor_calls().is_empty());
    let ledger = engine.ledger(&LedgerFilter::default()).await.unwrap();
    let entry = &ledger.entries[0];
    assert_eq!((entry.key.as_deref(), entry.face), (Some("notebook"), Face::Api));
    assert!(entry.reason.as_deref().is_some_and(|reason| reason.contains("nobody answered")), "{entry:?}");
    window.service.end().await;
}

#[tokio::test]
async fn who_leaves_takes_the_question_along() {
    let window = Window::open(echo()).await;
    let key = window.switch.create_key("notebook", KeyRights::default()).unwrap().key;
    let mut events = window.service.engine.subscribe().1;
    let mut told = async |count: usize| {
        loop {
            if let Some(AppEvent::VisitorCalls { calls, .. }) = events.recv().await
                && calls.len() == count
            {
                return;
            }
        }
    };
    tokio::select! {
        answer = window.ask(&key, "echo") => panic!("it was answered: {answer:?}"),
        () = told(1) => (),
    }
    told(0).await;
    assert!(window.service.engine.visitor_calls().is_empty());
    window.service.end().await;
}

#[tokio::test]
async fn it_is_turned_on_and_off_and_its_keys_hold() {
    let window = Window::open(vec![Round::text("One."), Round::text("Two.")]).await;
    let key = window.switch.create_key("notebook", KeyRights::default()).unwrap().key;
    assert_eq!(window.ask(&key, "hi").await.unwrap()["choices"][0]["message"]["content"], "One.");
    assert_eq!(window.ask("lq-wrong", "hi").await.unwrap()["error"]["code"], "invalid_api_key");
    let view = window.switch.view().await;
    assert_eq!((view.keys[0].name.as_str(), view.exposed[0].name.as_str()), ("notebook", "open"));
    assert!(view.exposed[0].tools > 0 && view.exposed[0].asking == view.exposed[0].tools, "{:?}", view.exposed);
    let kept = std::fs::read_to_string(window.home.path().join("api-keys.json")).unwrap();
    assert!(!kept.contains(&key) && !serde_json::to_string(&view).unwrap().contains(&key));
    let address = view.address.unwrap();
    window.switch.turn_off().await;
    assert!(window.switch.view().await.address.is_none());
    assert!(window.http.get(format!("{address}/models")).send().await.is_err(), "nothing listens");
    window.switch.turn_on(0).await.unwrap();
    assert_eq!(window.ask(&key, "hi").await.unwrap()["choices"][0]["message"]["content"], "Two.");
    window.switch.revoke_key("notebook").unwrap();
    assert_eq!(window.ask(&key, "hi").await.unwrap()["error"]["code"], "invalid_api_key");
    // Somebody else's port is said, and what served before goes on.
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let error = window.switch.turn_on(taken.local_addr().unwrap().port()).await.unwrap_err();
    assert!(error.fix.is_some() && window.switch.view().await.address.is_some(), "{error:?}");
    window.service.end().await;
}
