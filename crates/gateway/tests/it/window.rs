//! The gateway as a window turns it on, with the window's own servers behind it.

use std::time::Duration;

use chat::{RequestState, VisitorCall, Way};
use gateway::{AuditDecision, AuditFilter, Client, ClientError, Switch};
use mcp::{ServerConfig, Servers, ServersOptions, Transport};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::{
    common::{House, arguments, code},
    upstream::program,
};

struct Window {
    servers: Servers,
    switch: Switch,
    waiting: mpsc::UnboundedReceiver<Vec<VisitorCall>>,
    folder: tempfile::TempDir,
    /// What the window's only server passes its calls on to.
    _backend: House,
}

impl Window {
    async fn open() -> Self {
        let backend = House::open().await;
        let folder = tempfile::TempDir::new().unwrap();
        let file = backend.folder.path().join("inner/gateway.yaml");
        std::fs::create_dir(file.parent().unwrap()).unwrap();
        let tenant = format!(
            "tenants: {{ default: {{ services: {{ memory: \"http://{}/mcp/memory\" }} }} }}\n",
            backend.backend.address()
        );
        std::fs::write(&file, tenant + "auth: { stdio: { tenant: default, roles: [Agent] } }\n").unwrap();
        let (command, args) = (program().display().to_string(), vec![file.display().to_string()]);
        let transport = Transport::Stdio { command, args, env: Default::default(), cwd: None };
        let servers = Servers::start(ServersOptions::default(), vec![ServerConfig::new("near", transport)]);
        servers.settled(Duration::from_secs(90)).await;
        let (tell, waiting) = mpsc::unbounded_channel();
        let switch = Switch::new(folder.path(), servers.clone(), move |calls| drop(tell.send(calls)));
        switch.turn_on(0).await.unwrap();
        Self { servers, switch, waiting, folder, _backend: backend }
    }

    async fn client(&self, key: &str) -> Client {
        Client::new(self.switch.view().await.unwrap().address.unwrap(), Some(key.to_owned())).unwrap()
    }
}

fn query() -> serde_json::Map<String, Value> {
    arguments(json!({ "query": "invoices" }))
}

#[tokio::test]
async fn the_window_s_servers_are_offered_and_what_changes_something_waits_there() {
    let mut window = Window::open().await;
    let key = window.switch.create_key("editor").await.unwrap();
    let client = window.client(&key).await;
    assert_eq!(code(&client.call("near__memory_search", query()).await.unwrap()), "ok");
    for (approve, expected) in [(false, "approval_denied"), (true, "ok")] {
        let write = arguments(json!({ "content": "a note", "tags": ["x"] }));
        let answering = async {
            let calls = window.waiting.recv().await.unwrap();
            let call = &calls[0];
            assert_eq!(
                (call.way, call.who.as_str(), call.tool.as_str()),
                (Way::Gateway, "editor", "near__memory_write")
            );
            assert_eq!(window.switch.waiting().await, calls);
            window.switch.answer(&call.id, approve).await.unwrap();
            assert!(window.switch.answer(&call.id, approve).await.is_err(), "answered once");
            assert!(window.waiting.recv().await.unwrap().is_empty());
        };
        let (result, ()) = tokio::join!(client.call("near__memory_write", write), answering);
        assert_eq!(code(&result.unwrap()), expected);
    }
    let view = window.switch.view().await.unwrap();
    let near = view.exposed.iter().find(|each| each.name == "near").unwrap();
    assert!(near.tools > near.asking && near.asking > 0, "{near:?}");
    let states: Vec<&RequestState> = view.requests.iter().map(|request| &request.state).collect();
    let denied = RequestState::Failed { code: "approval_denied".into() };
    assert_eq!(states, [&RequestState::Answered, &denied, &RequestState::Answered]);
    let asked =
        AuditFilter { decision: Some(AuditDecision::Asked), tool: Some("WRITE".into()), ..AuditFilter::default() };
    // What was written down a moment ago reaches the disk in the next one.
    let asked = loop {
        let page = window.switch.search_audit(asked.clone()).await.unwrap();
        if page.entries.len() == 2 {
            break page.entries;
        }
        tokio::task::yield_now().await;
    };
    let results: Vec<&str> = asked.iter().map(|entry| entry.result.as_str()).collect();
    assert_eq!((results, asked[0].actor.as_str()), (vec!["approved", "approval_denied"], "editor"));
    assert!(window.switch.verify_audit().await.unwrap().records > 5);
    window.switch.turn_off().await;
    assert!(window.switch.verify_audit().await.is_err());
    gateway::verify(&window.folder.path().join("logs/audit.log")).unwrap();
    window.servers.shutdown().await;
}

#[tokio::test]
async fn keys_are_kept_as_hashes_and_turning_off_and_on_keeps_them() {
    let window = Window::open().await;
    let key = window.switch.create_key("editor").await.unwrap();
    assert!(window.switch.create_key("editor").await.is_err(), "a name stands for one");
    let kept = std::fs::read_to_string(window.folder.path().join("gateway-keys.json")).unwrap();
    assert!(!kept.contains(&key) && kept.contains("sha256"));
    window.switch.turn_off().await;
    assert!(window.switch.view().await.unwrap().address.is_none());
    window.switch.turn_on(0).await.unwrap();
    let client = window.client(&key).await;
    assert_eq!(code(&client.call("near__memory_search", query()).await.unwrap()), "ok");
    window.switch.revoke_key("editor").await.unwrap();
    let refused = client.call("near__memory_search", query()).await;
    assert!(matches!(refused, Err(ClientError::Refused { status: 401, .. })), "{refused:?}");
    window.switch.turn_off().await;
    window.servers.shutdown().await;
}

#[tokio::test]
async fn what_is_wrong_with_the_file_and_its_servers_is_shown_until_it_is_mended() {
    let window = Window::open().await;
    let file = window.folder.path().join("gateway.yaml");
    let whole = std::fs::read_to_string(&file).unwrap();
    let shown = async |words: &[&str]| {
        let showing = async {
            loop {
                let troubles = window.switch.view().await.unwrap().troubles;
                let fits = |(trouble, words): (&chat::ErrorReport, &&str)| format!("{trouble:?}").contains(words);
                if troubles.len() == words.len() && troubles.iter().zip(words).all(fits) {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), showing).await.unwrap_or_else(|_| panic!("{words:?}"));
    };
    shown(&[]).await;
    // Of the catalogue nothing is exposed that no tenant has a service for.
    let exposed = window.switch.view().await.unwrap().exposed;
    assert!(exposed.iter().all(|each| each.name != "crm"), "{exposed:?}");
    let server = format!("{whole}servers: {{ gone: {{ command: no-such-program }} }}\n");
    std::fs::write(&file, &server).unwrap();
    shown(&["'gone'"]).await;
    std::fs::write(&file, format!("{server}tenants: [no]\n")).unwrap();
    shown(&["is refused", "'gone'"]).await;
    std::fs::write(&file, whole).unwrap();
    shown(&[]).await;
    window.switch.turn_off().await;
    window.servers.shutdown().await;
}

#[tokio::test]
async fn keys_in_a_file_of_their_own_count_as_soon_as_they_are_written() {
    let house = House::with("").await;
    let made = gateway::new_key();
    let more = house.folder.path().join("more-keys.yaml");
    std::fs::write(&more, "[]\n").unwrap();
    let text = std::fs::read_to_string(house.folder.path().join("gateway.yaml")).unwrap();
    let text = text.replace("auth:\n", "auth:\n  keys_from: [more-keys.yaml]\n");
    std::fs::write(house.folder.path().join("gateway.yaml"), text).unwrap();
    house.gateway.reload().await.unwrap();
    std::fs::write(&more, format!("- {{ name: late, sha256: {}, tenant: default, roles: [Agent] }}\n", made.sha256))
        .unwrap();
    let late = Client::new(house.served.url(), Some(made.key)).unwrap();
    let let_in = async {
        while late.tools().await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), let_in).await.expect("the file is read when it changes");
    std::fs::write(&more, "- { name: late, sha256: nonsense, tenant: default, roles: [Agent] }\n").unwrap();
    let error = house.gateway.reload().await.unwrap_err().to_string();
    assert!(error.contains("more-keys.yaml") && error.contains("hash"), "{error}");
}
