//! Clients as they should not be, on real sockets.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, State};
use axum::routing::{get, post};
use futures::StreamExt;
use listen::{Bounds, Pace, Unread};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Longer than anything here takes by itself.
const LONG: Duration = Duration::from_secs(600);

struct Door {
    address: SocketAddr,
    /// Ends the answers that wait for it.
    go_on: Arc<Notify>,
    begun: Arc<Notify>,
    end: CancellationToken,
    served: JoinHandle<()>,
}

type Waiting = (Arc<Notify>, Arc<Notify>);

impl Door {
    async fn open(bounds: Bounds) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, end) = (listener.local_addr().unwrap(), CancellationToken::new());
        let (begun, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let waits = async |State((begun, go_on)): State<Waiting>| {
            begun.notify_one();
            go_on.notified().await;
            "done"
        };
        let router = Router::new()
            .route("/who", get(async |ConnectInfo(from): ConnectInfo<SocketAddr>| from.ip().to_string()))
            .route("/waits", get(waits))
            .route("/length", post(length))
            .with_state((begun.clone(), go_on.clone()));
        let served = tokio::spawn(listen::serve(listener, router, bounds, end.clone()));
        Self { address, go_on, begun, end, served }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }
}

async fn length(body: Body) -> String {
    format!("{:?}", listen::whole(body, 100_000, Pace::default()).await.map(|text| text.len()))
}

async fn ask(stream: &mut TcpStream, path: &str) -> String {
    stream.write_all(format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n").as_bytes()).await.unwrap();
    answer(stream).await
}

/// The next answer, which is short.
async fn answer(stream: &mut TcpStream) -> String {
    let mut text = vec![0; 4096];
    let length = stream.read(&mut text).await.unwrap();
    String::from_utf8_lossy(&text[..length]).into_owned()
}

#[tokio::test]
async fn who_says_nothing_is_let_go_and_who_asks_is_answered() {
    let door = Door::open(Bounds { head: Duration::from_millis(300), ..Bounds::default() }).await;
    let (mut silent, mut half, mut asks) = (door.connect().await, door.connect().await, door.connect().await);
    half.write_all(b"GET / HTTP/1.1\r\nhos").await.unwrap();
    assert!(ask(&mut asks, "/who").await.ends_with("127.0.0.1"));
    // They are ended, and so is the one on which nothing more is asked.
    for stream in [&mut silent, &mut half, &mut asks] {
        let mut rest = vec![];
        let ended = tokio::time::timeout(LONG, stream.read_to_end(&mut rest)).await.unwrap();
        assert!(ended.is_err() || rest.is_empty() || rest.starts_with(b"HTTP/1.1 408"), "{rest:?}");
    }
    // An answer may take longer than that.
    let mut waits = door.connect().await;
    waits.write_all(b"GET /waits HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    door.begun.notified().await;
    let mut later = door.connect().await;
    let mut rest = vec![];
    let _ = later.read_to_end(&mut rest).await;
    door.go_on.notify_one();
    assert!(answer(&mut waits).await.ends_with("done"));
}

#[tokio::test]
async fn whoever_finds_no_room_waits_for_it() {
    let door = Door::open(Bounds { head: LONG, connections: 2 }).await;
    let (mut one, two) = (door.connect().await, door.connect().await);
    assert!(ask(&mut one, "/who").await.starts_with("HTTP/1.1 200"));
    let mut three = door.connect().await;
    let mut asking = Box::pin(ask(&mut three, "/who"));
    // While the two are there, the third is not heard: the first one is answered, it is not.
    for _ in 0..20 {
        tokio::select! {
            biased;
            answered = &mut asking => panic!("there was room: {answered}"),
            first = ask(&mut one, "/who") => assert!(first.starts_with("HTTP/1.1 200")),
        }
    }
    drop(two);
    assert!(asking.await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn what_is_being_answered_at_the_end_is_answered() {
    let door = Door::open(Bounds { head: LONG, ..Bounds::default() }).await;
    let idle = door.connect().await;
    let mut waits = door.connect().await;
    waits.write_all(b"GET /waits HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    door.begun.notified().await;
    door.end.cancel();
    while TcpStream::connect(door.address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    assert!(!door.served.is_finished());
    door.go_on.notify_one();
    assert!(answer(&mut waits).await.ends_with("done"));
    door.served.await.unwrap();
    drop(idle);
}

#[tokio::test]
async fn a_body_has_its_bounds() {
    let door = Door::open(Bounds::default()).await;
    for (length, wanted) in [(0, "Ok(0)"), (3, "Ok(3)"), (100_000, "Ok(100000)"), (100_001, "Err(TooLong)")] {
        let mut stream = door.connect().await;
        let head = format!("POST /length HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        // Whoever sends too much may find the door closed before the end.
        let _ = stream.write_all(&vec![b'x'; length]).await;
        let text = answer(&mut stream).await;
        assert!(text.ends_with(wanted), "{text}");
    }
}

#[tokio::test]
async fn a_body_that_hardly_comes_is_given_up() {
    let pace = Pace { patience: Duration::from_millis(100), more: Duration::ZERO };
    let begun = futures::stream::iter([Ok::<_, std::io::Error>(vec![b'x'])]);
    let hardly = begun.chain(futures::stream::pending());
    assert_eq!(listen::whole(Body::from_stream(hardly), 10, pace).await, Err(Unread::TooSlow));
    // Every piece buys time for the next one.
    let pace = Pace { patience: Duration::ZERO, more: LONG };
    let steady = futures::stream::iter((0..20).map(|_| Ok::<_, std::io::Error>(vec![b'x'; 20_000])));
    assert_eq!(listen::whole(Body::from_stream(steady), usize::MAX, pace).await.unwrap().len(), 400_000);
    let broken = futures::stream::iter([Ok(vec![b'x']), Err(std::io::Error::other("gone"))]);
    assert_eq!(listen::whole(Body::from_stream(broken), 10, Pace::default()).await, Err(Unread::BrokenOff));
}
