//! What servers ask while a call runs, in both eras, against a real child process.
#![allow(clippy::unwrap_used, reason = "a test ends where something is not as it should be")]

mod common;

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};
use std::time::Duration;

use chat::{Ask, Output};
use common::{LONG, asker, request, server, settled};
use futures::future::BoxFuture;
use mcp::{Answers, CallError, Reply, Root, Sampled, ServerConfig, Servers, ServersOptions};
use serde_json::{Value, json};
use tokio::{sync::Notify, time::timeout};
use tokio_util::sync::CancellationToken;

/// Answers everything with the same reply, and remembers what was asked.
struct Person {
    reply: Reply,
    asked: Mutex<Vec<Ask>>,
    /// Where set: thinks until told.
    think: Option<Arc<Notify>>,
    dropped: Arc<AtomicUsize>,
    folder: &'static str,
}

impl Person {
    fn says(reply: Reply) -> Arc<Self> {
        Arc::new(Self {
            reply,
            asked: Mutex::default(),
            think: None,
            dropped: Arc::default(),
            folder: "file:///home/ann",
        })
    }

    fn asked(&self) -> Vec<Ask> {
        self.asked.lock().unwrap().clone()
    }
}

struct Thinking(Arc<AtomicUsize>);

impl Drop for Thinking {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl Answers for Person {
    fn answer(&self, server: &str, ask: Ask) -> BoxFuture<'static, Reply> {
        assert_eq!(server, "asker");
        self.asked.lock().unwrap().push(ask);
        let (reply, think) = (self.reply.clone(), self.think.clone());
        let thinking = Thinking(self.dropped.clone());
        Box::pin(async move {
            let _thinking = thinking;
            if let Some(think) = think {
                think.notified().await;
            }
            reply
        })
    }

    fn roots(&self) -> Vec<Root> {
        vec![Root { uri: self.folder.into(), name: None }]
    }
}

fn accept(content: Value) -> Reply {
    Reply::Accept { content: Some(content) }
}

async fn ask(servers: &Servers, tool: &str, person: &Arc<Person>) -> Result<Output, CallError> {
    let request = request("asker", tool, json!({})).answered_by(person.clone());
    timeout(LONG, servers.call(request, |_| (), CancellationToken::new())).await.unwrap()
}

/// What the server was told, as JSON.
async fn told(servers: &Servers, tool: &str, person: &Arc<Person>) -> Value {
    serde_json::from_str(&ask(servers, tool, person).await.unwrap().model_text).unwrap()
}

async fn with_sampling(mode: &str) -> Servers {
    let options = ServersOptions { client_name: "test".into(), sampling: true, ..Default::default() };
    let servers = Servers::start(options, vec![asker(mode)]);
    servers.settled(LONG).await;
    servers
}

#[tokio::test]
async fn a_form_is_asked_and_answered_in_both_eras() {
    for mode in ["legacy", "modern"] {
        let servers = settled(vec![asker(mode)]).await;
        let person = Person::says(accept(json!({ "name": "Ann", "age": 7 })));
        let answer = told(&servers, "form", &person).await;
        assert_eq!(answer, json!({ "action": "accept", "content": { "name": "Ann", "age": 7 } }), "{mode}");
        let asked = person.asked();
        assert!(
            matches!(&asked[..], [Ask::Form { fields, .. }] if fields[0].title == "Your name" && fields[0].required)
        );
        let declined = told(&servers, "form", &Person::says(Reply::Decline)).await;
        assert_eq!(declined["action"], "decline", "{mode}");
        servers.shutdown().await;
    }
}

#[tokio::test]
async fn a_form_of_unknown_shape_is_asked_all_the_same() {
    let servers = settled(vec![asker("legacy")]).await;
    let person = Person::says(accept(json!({ "name": "Ann" })));
    assert_eq!(told(&servers, "odd-form", &person).await["action"], "accept");
    assert!(matches!(&person.asked()[..], [Ask::Form { fields, .. }] if fields.len() == 2));
    let secret = Person::says(Reply::Decline);
    assert_eq!(told(&servers, "secret", &secret).await["action"], "decline");
    assert!(matches!(&secret.asked()[..], [Ask::Form { fields, .. }] if fields[0].secret));
    servers.shutdown().await;
}

#[tokio::test]
async fn nobody_there_means_no() {
    let servers = settled(vec![asker("legacy")]).await;
    let output = common::call(&servers, "asker", "form", json!({})).await.unwrap();
    assert_eq!(output.model_text, r#"{"action":"decline"}"#);
    let sampled = common::call(&servers, "asker", "sample", json!({})).await.unwrap();
    assert!(sampled.model_text.contains("-32601"), "what is not switched on is not known: {}", sampled.model_text);
    servers.shutdown().await;
}

#[tokio::test]
async fn a_page_is_shown_with_its_host_and_a_call_that_needs_one_is_made_again_once() {
    let servers = settled(vec![asker("legacy")]).await;
    let person = Person::says(Reply::Accept { content: None });
    assert_eq!(told(&servers, "page", &person).await, json!({ "action": "accept" }));
    assert_eq!(ask(&servers, "needs-page", &person).await.unwrap().model_text, "paid");
    let hosts = person.asked().into_iter().map(|ask| match ask {
        Ask::Url { host, .. } => host,
        other => panic!("no page: {other:?}"),
    });
    assert_eq!(hosts.collect::<Vec<_>>(), ["pay.example", "pay.example"]);
    servers.shutdown().await;
}

#[tokio::test]
async fn a_page_that_is_declined_ends_the_call() {
    let servers = settled(vec![asker("legacy")]).await;
    let error = ask(&servers, "needs-page", &Person::says(Reply::Decline)).await.unwrap_err();
    assert!(matches!(&error, CallError::PageDeclined { host, .. } if host == "pay.example"), "{error:?}");
    servers.shutdown().await;
}

#[tokio::test]
async fn models_are_asked_for_servers_only_where_that_is_switched_on() {
    for mode in ["legacy", "modern"] {
        let servers = with_sampling(mode).await;
        let sampled = Sampled { model: "m".into(), text: "hi".into(), calls: vec![], cut: false };
        let person = Person::says(Reply::Sampled(sampled));
        let answer = told(&servers, "sample", &person).await;
        assert_eq!((answer["content"]["text"].as_str(), answer["model"].as_str()), (Some("hi"), Some("m")), "{mode}");
        assert!(matches!(&person.asked()[..], [Ask::Sampling { request }] if request.max_tokens == Some(50)));
        servers.shutdown().await;
    }
}

#[tokio::test]
async fn folders_are_those_of_the_call_and_changes_are_told() {
    for mode in ["legacy", "modern"] {
        let servers = settled(vec![asker(mode)]).await;
        let answer = told(&servers, "roots", &Person::says(Reply::Cancel)).await;
        assert_eq!(answer["roots"][0]["uri"], "file:///home/ann", "{mode}");
        servers.shutdown().await;
    }
    let servers = settled(vec![asker("legacy")]).await;
    servers.set_roots(vec![Root { uri: "file:///work".into(), name: Some("work".into()) }]).await;
    heard(&servers, r#"roots "file:///work""#).await;
    servers.shutdown().await;
}

#[tokio::test]
async fn a_server_that_keeps_its_folders_is_told_those_of_a_call_before_it() {
    let servers = settled(vec![asker("legacy")]).await;
    let ann = Person::says(Reply::Cancel);
    let bob = Arc::new(Person { folder: "file:///home/bob", ..Arc::into_inner(Person::says(Reply::Cancel)).unwrap() });
    // One that never asked keeps nothing.
    let heard = async |person| ask(&servers, "heard", person).await.unwrap().model_text;
    assert!(!heard(&bob).await.contains("roots"));
    assert_eq!(told(&servers, "roots", &ann).await["roots"][0]["uri"], "file:///home/ann");
    assert!(!heard(&ann).await.contains("roots"));
    for person in [&bob, &ann] {
        let told = format!("roots \"{}\"", person.folder);
        // It writes that down beside its calls.
        let waiting = async { while !heard(person).await.ends_with(&told) {} };
        timeout(LONG, waiting).await.unwrap();
    }
    servers.shutdown().await;
}

/// Waits until the server has been told that.
async fn heard(servers: &Servers, words: &str) {
    let waiting = async {
        loop {
            let output = common::call(servers, "asker", "heard", json!({})).await.unwrap();
            if output.model_text.contains(words) {
                return;
            }
            tokio::task::yield_now().await;
        }
    };
    timeout(LONG, waiting).await.unwrap();
}

#[tokio::test]
async fn deadlines_stand_still_while_a_person_thinks() {
    let config = ServerConfig { call_timeout: Duration::from_millis(300), ..asker("legacy") };
    let servers = settled(vec![config]).await;
    let think = Arc::new(Notify::new());
    let person = Arc::new(Person {
        reply: accept(json!({ "name": "Ann" })),
        asked: Mutex::default(),
        think: Some(think.clone()),
        dropped: Arc::default(),
        folder: "file:///home/ann",
    });
    let deadline = tokio::time::sleep(Duration::from_millis(900));
    let (answer, ()) = tokio::join!(told(&servers, "form", &person), async {
        // Three times as long as the call may be silent.
        deadline.await;
        think.notify_one();
    });
    assert_eq!(answer["action"], "accept");
    servers.shutdown().await;
}

#[tokio::test]
async fn a_question_ends_with_its_call() {
    let servers = settled(vec![asker("legacy")]).await;
    let person = Arc::new(Person {
        reply: Reply::Cancel,
        asked: Mutex::default(),
        think: Some(Arc::default()),
        dropped: Arc::default(),
        folder: "file:///home/ann",
    });
    let stop = CancellationToken::new();
    let request = request("asker", "form", json!({})).answered_by(person.clone());
    let call = servers.call(request, |_| (), stop.clone());
    let stopping = async {
        while person.asked().is_empty() {
            tokio::task::yield_now().await;
        }
        stop.cancel();
    };
    let (outcome, ()) = timeout(LONG, async { tokio::join!(call, stopping) }).await.unwrap();
    assert_eq!(outcome, Err(CallError::Stopped));
    assert_eq!(person.dropped.load(Ordering::SeqCst), 1);
    heard(&servers, "notifications/cancelled").await;
    servers.shutdown().await;
}

#[tokio::test]
async fn a_task_is_followed_to_its_result_with_its_questions() {
    let servers = settled(vec![asker("modern")]).await;
    let person = Person::says(accept(json!({ "name": "Ann" })));
    let progress = Arc::new(Mutex::new(vec![]));
    let told = progress.clone();
    let request = request("asker", "task", json!({})).answered_by(person.clone());
    let call = servers.call(request, move |it| told.lock().unwrap().extend(it.message), CancellationToken::new());
    assert_eq!(timeout(LONG, call).await.unwrap().unwrap().model_text, "task done");
    assert_eq!(*progress.lock().unwrap(), ["begun", "halfway"]);
    heard(&servers, r#"update "Ann""#).await;
    servers.shutdown().await;
}

#[tokio::test]
async fn a_task_nobody_waits_for_is_cancelled() {
    let servers = settled(vec![asker("modern")]).await;
    let person = Arc::new(Person {
        reply: Reply::Cancel,
        asked: Mutex::default(),
        think: Some(Arc::default()),
        dropped: Arc::default(),
        folder: "file:///home/ann",
    });
    let stop = CancellationToken::new();
    let request = request("asker", "task", json!({})).answered_by(person.clone());
    let call = servers.call(request, |_| (), stop.clone());
    let stopping = async {
        while person.asked().is_empty() {
            tokio::task::yield_now().await;
        }
        stop.cancel();
    };
    let (outcome, ()) = timeout(LONG, async { tokio::join!(call, stopping) }).await.unwrap();
    assert_eq!(outcome, Err(CallError::Stopped));
    heard(&servers, "tasks/cancel").await;
    assert!(server(&servers, "asker").offers.prompts);
    servers.shutdown().await;
}
