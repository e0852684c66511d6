//! Asking, many times.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures::StreamExt;
use reqwest::header::{ACCEPT, CONTENT_TYPE};
use serde_json::{Value, json};

use crate::running::Running;

/// So many are under way where the time of the processors is told.
pub(crate) const AT_ONCE: usize = 8;
/// What is compared is asked for in turns, so that what else the machine does befalls both.
const TURNS: usize = 5;

/// In the place of what differs from request to request: its number.
pub(crate) const NUMBER: &str = "number";
/// What is not ready by then never will be.
const PATIENCE: Duration = Duration::from_secs(60);
const SESSION: &str = "mcp-session-id";

/// One request that is sent again and again.
pub(crate) struct Asking {
    http: reqwest::Client,
    url: String,
    key: Option<String>,
    session: Option<String>,
    body: String,
    sent: AtomicUsize,
    /// Stands in every right answer; where the first of it comes, the answer begins.
    expected: &'static str,
}

impl Asking {
    pub(crate) fn new(url: String, key: Option<&str>, body: &Value, expected: &'static str) -> Self {
        let http = reqwest::Client::builder().no_proxy().tcp_nodelay(true).build().unwrap();
        let (key, body, sent) = (key.map(str::to_owned), body.to_string(), AtomicUsize::new(0));
        Self { http, url, key, session: None, body, sent, expected }
    }

    /// Begins a session of MCP, as clients up to 2025-11-25 do.
    pub(crate) async fn in_session(mut self) -> Self {
        let client = json!({ "name": "bench", "version": "1" });
        let params = json!({ "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": client });
        let begin = json!({ "jsonrpc": "2.0", "id": 0, "method": "initialize", "params": params });
        let begun = self.post(begin.to_string()).await;
        self.session = begun.headers().get(SESSION).map(|id| id.to_str().unwrap().to_owned());
        begun.bytes().await.unwrap();
        let initialized = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
        self.post(initialized.to_string()).await.bytes().await.unwrap();
        self
    }

    async fn post(&self, body: String) -> reqwest::Response {
        let mut request = self.http.post(&self.url).header(CONTENT_TYPE, "application/json");
        request = request.header(ACCEPT, "application/json, text/event-stream");
        request = request.header("mcp-protocol-version", "2025-06-18");
        if let Some(key) = &self.key {
            request = request.bearer_auth(key);
        }
        if let Some(session) = &self.session {
            request = request.header(SESSION, session);
        }
        request.body(body).send().await.unwrap()
    }

    /// Until it is answered as expected: what stands behind a door may come up after it.
    pub(crate) async fn until_ready(self) -> Self {
        let begun = Instant::now();
        loop {
            let said = self.post(self.body.replace(NUMBER, "0")).await.text().await.unwrap();
            if said.contains(self.expected) {
                return self;
            }
            assert!(begun.elapsed() < PATIENCE, "{} goes on saying: {said}", self.url);
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// How long the answer took, and how long its beginning.
    async fn once(&self) -> (Duration, Duration) {
        let begun = Instant::now();
        let number = self.sent.fetch_add(1, Ordering::Relaxed);
        let response = self.post(self.body.replace(NUMBER, &number.to_string())).await;
        let status = response.status();
        let (mut pieces, mut first, mut text) = (response.bytes_stream(), None, String::new());
        while let Some(piece) = pieces.next().await {
            text.push_str(&String::from_utf8_lossy(&piece.unwrap()));
            if first.is_none() && text.contains(self.expected) {
                first = Some(begun.elapsed());
            }
        }
        let first = first.unwrap_or_else(|| panic!("{} answered {status}: {text}", self.url));
        (begun.elapsed(), first)
    }

    pub(crate) async fn many(&self, many: usize, at_once: usize) {
        futures::stream::iter(0..many).map(|_| self.once()).buffer_unordered(at_once).for_each(async |_| ()).await;
    }
}

/// The time of the processors that an answer costs each of the two, and how many of ours come in a second.
pub(crate) async fn processor_time(
    ours: (&Running, &Asking),
    floor: (&Running, &Asking),
    many: usize,
) -> [Duration; 2] {
    let mut spent = [Duration::ZERO; 2];
    for turn in 0..=TURNS {
        for (spent, (running, asking)) in spent.iter_mut().zip([ours, floor]) {
            let before = running.processor_time();
            asking.many(many / TURNS, AT_ONCE).await;
            // The first turn is there to warm up.
            if turn > 0 {
                *spent += running.processor_time() - before;
            }
        }
    }
    spent.map(|spent| spent / u32::try_from(many / TURNS * TURNS).unwrap())
}

/// The medians of how long whole answers took, and their beginnings, one after the other, asked in turns.
pub(crate) async fn times<const MANY: usize>(all: [&Asking; MANY], turns: usize) -> [(Duration, Duration); MANY] {
    let mut took = [const { (vec![], vec![]) }; MANY];
    for turn in 0..2 * turns {
        for (took, asking) in took.iter_mut().zip(all) {
            let (whole, first) = asking.once().await;
            if turn >= turns {
                took.0.push(whole);
                took.1.push(first);
            }
        }
    }
    took.map(|(whole, first)| (crate::median(whole), crate::median(first)))
}
