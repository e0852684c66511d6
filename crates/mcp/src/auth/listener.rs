//! Where the browser comes back to: a door on this machine that is open for one answer.

use std::{io, net::Ipv6Addr, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinSet,
    time::timeout,
};
use url::Url;

use super::{SignInError, page::Page, settings::Redirect};
use crate::Secret;

/// An address with a code in it is long, but not endless.
const MAX_REQUEST: usize = 32 * 1024;
/// Browsers open connections ahead that they may never use.
const REQUEST_DEADLINE: Duration = Duration::from_secs(20);
/// Both families need the same port; a free one of the first may be taken in the second.
const ATTEMPTS: usize = 8;

/// Bound before anybody is told its address. Closed when dropped.
pub(crate) struct Listener {
    sockets: Vec<TcpListener>,
    redirect: Url,
}

/// What came back; the browser waits for [`Callback::answer`].
pub(crate) struct Callback {
    parameters: Vec<(String, Secret)>,
    stream: TcpStream,
}

impl Listener {
    /// At the wished port; at `before` where any is fine, because that one is known already; else at a free one.
    pub(crate) async fn bind(wish: &Redirect, before: Option<u16>) -> Result<Self, SignInError> {
        if wish.port == 0
            && let Some(port) = before
            && let Ok(sockets) = both(port).await
        {
            return Self::at(wish, sockets);
        }
        let mut outcome = both(wish.port).await;
        for _ in 0..ATTEMPTS {
            if outcome.is_ok() || wish.port != 0 {
                break;
            }
            outcome = both(0).await;
        }
        match outcome {
            Ok(sockets) => Self::at(wish, sockets),
            Err(error) => Err(SignInError::PortTaken { port: wish.port, cause: error.to_string() }),
        }
    }

    fn at(wish: &Redirect, sockets: Vec<TcpListener>) -> Result<Self, SignInError> {
        let broken = |cause: String| SignInError::PortTaken { port: wish.port, cause };
        let port = sockets.first().map(TcpListener::local_addr).transpose();
        let port = port.map_err(|error| broken(error.to_string()))?.map_or(wish.port, |address| address.port());
        let redirect = Url::parse(&format!("http://{}:{port}{}", wish.host, wish.path));
        Ok(Self { sockets, redirect: redirect.map_err(|error| broken(error.to_string()))? })
    }

    pub(crate) fn redirect(&self) -> &Url {
        &self.redirect
    }

    /// The answer that belongs to `state`. Whatever else comes is told that it is not meant.
    pub(crate) async fn callback(&self, state: &str) -> Callback {
        let mut reading = JoinSet::new();
        loop {
            tokio::select! {
                stream = self.accept() => {
                    reading.spawn(timeout(REQUEST_DEADLINE, request(stream)));
                }
                Some(read) = reading.join_next() => {
                    let Ok(Ok(Some((stream, head)))) = read else { continue };
                    match self.judge(&head, state) {
                        Ok(parameters) => return Callback { parameters, stream },
                        Err(page) => respond(stream, &page).await,
                    }
                }
            }
        }
    }

    async fn accept(&self) -> TcpStream {
        let accepted = self.sockets.iter().map(|socket| Box::pin(socket.accept()));
        match futures::future::select_all(accepted).await.0 {
            Ok((stream, _)) => stream,
            // Out of handles, for example: others must not be starved by asking at once again.
            Err(_) => {
                tokio::time::sleep(Duration::from_millis(100)).await;
                Box::pin(self.accept()).await
            }
        }
    }

    /// The parameters, where this is the answer that is waited for.
    fn judge(&self, head: &str, state: &str) -> Result<Vec<(String, Secret)>, Page> {
        let mut lines = head.split("\r\n");
        let mut words = lines.next().unwrap_or_default().split(' ');
        let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let host = lines.filter_map(|line| line.split_once(':')).find(|(name, _)| name.eq_ignore_ascii_case("host"));
        // Another name for this machine is somebody else's page that looks for us.
        if !host.is_some_and(|(_, host)| self.is_here(host.trim())) {
            return Err(Page::refused(421, "This address is not meant for that name."));
        }
        let target = self.redirect.join(target).map_err(|_| Page::refused(400, "This cannot be read."))?;
        if target.path() != self.redirect.path() {
            return Err(Page::refused(404, "There is nothing here."));
        }
        if method != "GET" {
            return Err(Page::refused(405, "Only the browser's way back ends here."));
        }
        let parameters: Vec<(String, Secret)> =
            target.query_pairs().map(|(name, value)| (name.into_owned(), Secret::new(value))).collect();
        let first = |name: &str| parameters.iter().find(|(it, _)| it == name).map(|(_, value)| value.expose());
        match (first("state"), first("code"), first("error")) {
            (Some(found), Some(_), _) | (Some(found), _, Some(_)) if found == state => Ok(parameters),
            // Some say no without saying to whom: nothing is won by such an answer but an end.
            (None, None, Some(_)) => Ok(parameters),
            _ => Err(Page::refused(400, "This answer does not belong to the sign-in that is under way.")),
        }
    }

    fn is_here(&self, host: &str) -> bool {
        let port = self.redirect.port().unwrap_or(80);
        ["localhost", "127.0.0.1", "[::1]"].iter().any(|name| host.eq_ignore_ascii_case(&format!("{name}:{port}")))
    }
}

impl Callback {
    /// Given twice is given wrong, and then it is not given at all.
    pub(crate) fn get(&self, name: &str) -> Option<&Secret> {
        let mut found = self.parameters.iter().filter(|(it, _)| it == name);
        match (found.next(), found.next()) {
            (Some((_, value)), None) => Some(value),
            _ => None,
        }
    }

    /// Tells the person in the browser how it went.
    pub(crate) async fn answer(self, page: &Page) {
        respond(self.stream, page).await;
    }
}

/// The same port in both families; a machine without the second has only the first.
async fn both(port: u16) -> io::Result<Vec<TcpListener>> {
    let first = TcpListener::bind(("127.0.0.1", port)).await?;
    let port = first.local_addr()?.port();
    match TcpListener::bind((Ipv6Addr::LOCALHOST, port)).await {
        Ok(second) => Ok(vec![first, second]),
        // Someone else would hear there what is meant for us.
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => Err(error),
        Err(_) => Ok(vec![first]),
    }
}

/// Everything up to the empty line; nothing where there is no end to it.
async fn request(mut stream: TcpStream) -> Option<(TcpStream, String)> {
    let mut read = vec![];
    let mut chunk = [0; 4096];
    while read.len() < MAX_REQUEST {
        match stream.read(&mut chunk).await {
            Ok(count @ 1..) => read.extend_from_slice(&chunk[..count]),
            Ok(0) | Err(_) => return None,
        }
        if let Some(end) = read.windows(4).position(|end| end == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&read[..end]).into_owned();
            return Some((stream, head));
        }
    }
    None
}

async fn respond(mut stream: TcpStream, page: &Page) {
    // Whoever is gone already needs no answer.
    let _ = timeout(REQUEST_DEADLINE, async {
        stream.write_all(page.response().as_bytes()).await?;
        stream.shutdown().await
    })
    .await;
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn ask(port: u16, host: &str, target: &str) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        let request = format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    #[tokio::test]
    async fn only_the_answer_that_is_waited_for_comes_in() {
        let listener = Listener::bind(&Redirect::default(), None).await.unwrap();
        let port = listener.redirect().port().unwrap();
        let here = format!("127.0.0.1:{port}");
        let others = async {
            // A connection that says nothing holds up nobody.
            let _silent = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
            assert!(ask(port, &here, "/callback?code=c&state=other").await.starts_with("HTTP/1.1 400"));
            assert!(ask(port, &here, "/callback?code=c").await.starts_with("HTTP/1.1 400"));
            assert!(ask(port, &here, "/favicon.ico").await.starts_with("HTTP/1.1 404"));
            assert!(ask(port, "evil.example", "/callback?code=c&state=mine").await.starts_with("HTTP/1.1 421"));
            ask(port, &here, "/callback?code=c%2B1&state=mine&iss=https%3A%2F%2Fa.example&x=1&x=2").await
        };
        let wait = async {
            let callback = listener.callback("mine").await;
            let get = |name| callback.get(name).map(|value| value.expose().to_owned());
            let seen = (get("code"), get("iss"), get("x"));
            callback.answer(&Page::done("box")).await;
            seen
        };
        let (answer, seen) = tokio::join!(others, wait);
        assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("signed in"), "{answer}");
        assert_eq!(seen, (Some("c+1".into()), Some("https://a.example".into()), None));
    }

    #[tokio::test]
    async fn a_port_that_is_taken_is_named() {
        let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = taken.local_addr().unwrap().port();
        let wish = Redirect { port, ..Redirect::default() };
        let error = Listener::bind(&wish, None).await.err().unwrap();
        assert!(matches!(error, SignInError::PortTaken { port: named, .. } if named == port));
        let any = Listener::bind(&Redirect::default(), Some(port)).await.unwrap();
        assert_ne!(any.redirect().port(), Some(port));
    }
}
