//! Fetching pages: what is public is read, and nothing else is reached, on whatever hop it is asked for.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use axum::{
    Router,
    extract::Path,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use serde_json::{Value, json};

use crate::common::{House, arguments, code};

struct Site {
    address: String,
    port: u16,
    /// How often the page that must not be reached was.
    secret: Arc<AtomicUsize>,
}

/// A site that redirects wherever its path says (in hex), and has a page that nobody may reach.
async fn site() -> Site {
    let secret = Arc::new(AtomicUsize::new(0));
    let counter = secret.clone();
    let page =
        |kind: &'static str, text: &'static str| get(move || async move { ([(header::CONTENT_TYPE, kind)], text) });
    let router = Router::new()
        .route("/to/{target}", get(redirect))
        .route("/loop", get(|| async { (StatusCode::FOUND, [(header::LOCATION, "/loop")]) }))
        .route(
            "/page",
            page("text/html; charset=utf-8", "<html><title> A  page </title><script>no()</script><h1>Hi</h1><p>There"),
        )
        .route("/json", page("application/json", "{\"a\":1}"))
        .route("/image", page("image/png", "x"))
        .route("/large", get(|| async { ([(header::CONTENT_TYPE, "text/plain")], "x".repeat(3 << 20)) }))
        .route("/private", page("text/plain", "private"))
        .route("/broken", get(|| async { StatusCode::INTERNAL_SERVER_ERROR }))
        .route("/robots.txt", page("text/plain", "User-agent: *\nDisallow: /private\n"))
        .route(
            "/secret",
            get(move || {
                counter.fetch_add(1, Ordering::SeqCst);
                async { "secret" }
            }),
        );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move { axum::serve(listener, router).await });
    Site { address: format!("http://127.0.0.1:{port}"), port, secret }
}

async fn redirect(Path(target): Path<String>) -> Response {
    let bytes: Vec<u8> =
        (0..target.len()).step_by(2).map(|at| u8::from_str_radix(&target[at..at + 2], 16).unwrap()).collect();
    let target = String::from_utf8(bytes).unwrap();
    (StatusCode::FOUND, [(header::LOCATION, target)]).into_response()
}

fn hop(site: &Site, target: &str) -> String {
    let hex: String = target.bytes().map(|byte| format!("{byte:02x}")).collect();
    format!("{}/to/{hex}", site.address)
}

/// A house that may fetch from this one address of this machine, on this one port.
async fn house(site: &Site) -> House {
    let port = site.port;
    House::with(&format!(
        "fetch: {{ ports: [{port}, 80, 443], allow: [127.0.0.1/32] }}\nrate_limits: {{ default_per_minute: 9999, per_actor_per_minute: 9999 }}\n"
    ))
    .await
}

async fn fetch(house: &House, url: &str) -> Value {
    house.client("Agent").call("website.fetch", arguments(json!({ "url": url }))).await.unwrap()
}

#[tokio::test]
async fn pages_are_read_as_a_person_reads_them() {
    let site = site().await;
    let house = house(&site).await;
    let page = fetch(&house, &hop(&site, "/page")).await["structuredContent"].clone();
    assert_eq!((&page["title"], &page["url"]), (&json!("A page"), &json!(format!("{}/page", site.address))), "{page}");
    let text = page["text"].as_str().unwrap();
    assert!(text.contains("Hi") && text.contains("There") && !text.contains("no()"), "{text}");
    assert_eq!(fetch(&house, &format!("{}/json", site.address)).await["structuredContent"]["text"], "{\"a\":1}");
    let rows = [
        ("/image", "not_text"),
        ("/large", "page_too_large"),
        ("/loop", "too_many_redirects"),
        ("/broken", "page_failed"),
        ("/missing", "page_failed"),
        ("/private", "address_not_allowed"),
    ];
    for (path, expected) in rows {
        let result = fetch(&house, &format!("{}{path}", site.address)).await;
        assert_eq!(code(&result), expected, "{path}: {result}");
    }
}

/// Where a page may send us, but not get us to.
const TRAPS: &str = "http://169.254.169.254/latest/meta-data/ http://[fd00:ec2::254]/
http://127.0.0.2:PORT/secret http://[::1]:PORT/secret http://[::ffff:127.0.0.2]:PORT/secret http://10.0.0.1/ http://192.168.1.1/
http://172.16.0.1/ http://0.0.0.0:PORT/secret http://0:PORT/secret http://2130706434:PORT/secret http://0x7f000002:PORT/secret
http://0177.0.0.2:PORT/secret http://127.2:PORT/secret http://100.64.0.1/ http://[fe80::1]/ http://[64:ff9b::a00:1]/
http://[2002:a00:1::]/ http://224.0.0.1/ http://255.255.255.255/ http://198.18.0.1/ http://192.0.2.1/ http://[2001:db8::1]/
http://127.0.0.1:22/ http://127.0.0.1:6379/ file:///etc/passwd gopher://127.0.0.1/ ftp://127.0.0.1/ data:text/plain,x
http://me:pw@127.0.0.1:PORT/secret http://[::7f00:2]:PORT/secret http://[::ffff:0:7f00:2]:PORT/secret //127.0.0.2:PORT/secret
http://127.0.0.2%2f@169.254.169.254/ http://169.254.169.254.:80/ http://①⑥⑨.254.169.254/ http://168.63.129.16/
javascript:alert(1) http://localhost:1/ http://[::ffff:a9fe:a9fe]/ http://0251.0376.0251.0376/ http://2852039166/";

#[tokio::test]
async fn no_redirect_leads_where_no_address_leads() {
    let site = site().await;
    let house = house(&site).await;
    for trap in TRAPS.split_whitespace() {
        let trap = trap.replace("PORT", &site.port.to_string());
        for url in [hop(&site, &trap), hop(&site, &hop(&site, &trap))] {
            let result = fetch(&house, &url).await;
            assert_eq!(code(&result), "address_not_allowed", "{trap}: {result}");
        }
        let direct = fetch(&house, &trap).await;
        assert!(["address_not_allowed", "invalid_arguments"].contains(&code(&direct).as_str()), "{trap}: {direct}");
    }
    assert_eq!(site.secret.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn names_of_this_machine_are_not_fetched_unless_allowed() {
    let site = site().await;
    let house = House::with(&format!("fetch: {{ ports: [{}] }}\n", site.port)).await;
    for host in ["localhost", "LOCALHOST", "localhost.", "127.0.0.1", "printer", "db.internal", "nas.local"] {
        let result = fetch(&house, &format!("http://{host}:{}/secret", site.port)).await;
        assert_eq!(code(&result), "address_not_allowed", "{host}: {result}");
    }
    assert_eq!(site.secret.load(Ordering::SeqCst), 0);
}
