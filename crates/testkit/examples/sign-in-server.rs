//! The server that wants a sign-in, for tests outside of Rust. The first line it writes says where it is; every line it reads
//! changes how it behaves, and is answered with what was seen so far. It ends with its input.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test reads what it prints, and it may end where something is odd"
)]

use serde_json::json;
use testkit::{Conduct, SignInServer};
use tokio::io::{AsyncBufReadExt, BufReader, stdin};

#[tokio::main]
async fn main() {
    let server = SignInServer::start(Conduct::default()).await;
    println!("{}", json!({ "url": server.url(), "auth": server.places.auth }));
    let mut lines = BufReader::new(stdin()).lines();
    while let Some(line) = lines.next_line().await.unwrap() {
        match line.split_once(' ').unwrap_or((&line, "")) {
            ("look", _) => (),
            ("expire", _) => server.expire(),
            // From now on nobody's sign-in is good for more.
            ("revoke", _) => {
                server.expire();
                server.change(|conduct| conduct.refuses_refresh = true);
            }
            ("forgive", _) => server.change(|conduct| conduct.refuses_refresh = false),
            ("calls-need", right) => {
                let right: &'static str = right.to_owned().leak();
                server.change(|conduct| conduct.call_needs = Some(right));
            }
            // A call is answered with the number of the sign-in in whose name it came.
            ("tells-who", _) => server.change(|conduct| conduct.tells_who = true),
            (other, _) => panic!("{other}: nothing here is changed so"),
        }
        let seen = server.seen();
        let counts = json!({
            "registrations": seen.registrations.len(), "authorizations": seen.authorizations.len(),
            "refreshes": seen.refreshes, "reuses": seen.reuses, "calls": seen.calls, "callers": seen.callers, "secrets": seen.secrets,
        });
        println!("{counts}");
    }
}
