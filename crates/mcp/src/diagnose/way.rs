//! The way to an address, before anything is said there: its name, a proxy that stands in it, and whether somebody listens.

use std::{
    io::ErrorKind,
    net::{IpAddr, SocketAddr},
    time::{Duration, Instant},
};

use chat::{Check, DiagnosisStep, StepOutcome};
use hyper_util::client::proxy::matcher::Matcher;
use tokio::{
    net::{TcpStream, lookup_host},
    time::timeout,
};
use url::Url;

const NAME_DEADLINE: Duration = Duration::from_secs(10);
const LISTEN_DEADLINE: Duration = Duration::from_secs(10);
/// Of many addresses the first few are tried.
const MOST_ADDRESSES: usize = 4;

/// Where the first step of a way leads.
struct Stop {
    host: String,
    port: u16,
    is_proxy: bool,
}

/// Whether an address can be reached from here: the steps `Name` and `Reach`. A failed one is the last.
pub async fn way_to(address: &str) -> Vec<DiagnosisStep> {
    let Some(stop) = Stop::on_the_way_to(address) else {
        let (meaning, fix) = ("It names no computer.", "Write it like https://example.com/mcp.");
        return vec![DiagnosisStep::failed(Check::Name, "This is no web address.", meaning, fix)];
    };
    let begun = Instant::now();
    let addresses = match looked_up(&stop).await {
        Ok(addresses) => addresses,
        Err(cause) => return vec![DiagnosisStep { ms: ms(begun), ..unknown(&stop, &cause) }],
    };
    let name = DiagnosisStep { ms: ms(begun), ..known(&stop, &addresses) };
    let begun = Instant::now();
    let reach = match listens(&addresses).await {
        Ok(address) if stop.is_proxy => {
            said(Check::Reach, format!("A proxy stands in the way, and answers: {} ({address}).", stop.shown()))
        }
        Ok(address) => said(Check::Reach, format!("{address} answers.")),
        Err(kind) => silent(&stop, kind),
    };
    vec![name, DiagnosisStep { ms: ms(begun), ..reach }]
}

impl Stop {
    fn on_the_way_to(address: &str) -> Option<Self> {
        let url = Url::parse(address.trim()).ok()?;
        let host = url.host_str()?.trim_matches(['[', ']']).to_owned();
        let proxy = if is_here(&host) { None } else { Matcher::from_system().intercept(&url.as_str().parse().ok()?) };
        match proxy {
            Some(proxy) => {
                let (host, port) = (proxy.uri().host()?.trim_matches(['[', ']']), proxy.uri().port_u16());
                Some(Self { host: host.to_owned(), port: port.unwrap_or(8080), is_proxy: true })
            }
            None => Some(Self { host, port: url.port_or_known_default()?, is_proxy: false }),
        }
    }

    fn shown(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }
}

/// A proxy knows nothing of this machine.
fn is_here(host: &str) -> bool {
    let is_loopback = host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    is_loopback || host == "localhost" || host.ends_with(".localhost")
}

async fn looked_up(stop: &Stop) -> Result<Vec<SocketAddr>, String> {
    match timeout(NAME_DEADLINE, lookup_host((stop.host.as_str(), stop.port))).await {
        Ok(Ok(addresses)) => {
            let addresses: Vec<SocketAddr> = addresses.take(MOST_ADDRESSES).collect();
            if addresses.is_empty() { Err("no address belongs to it".to_owned()) } else { Ok(addresses) }
        }
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err("the DNS did not answer".to_owned()),
    }
}

/// The first that does; otherwise why the last does not.
async fn listens(addresses: &[SocketAddr]) -> Result<SocketAddr, ErrorKind> {
    let mut last = ErrorKind::TimedOut;
    for address in addresses {
        match timeout(LISTEN_DEADLINE, TcpStream::connect(address)).await {
            Ok(Ok(_)) => return Ok(*address),
            Ok(Err(error)) => last = error.kind(),
            Err(_) => last = ErrorKind::TimedOut,
        }
    }
    Err(last)
}

fn known(stop: &Stop, addresses: &[SocketAddr]) -> DiagnosisStep {
    if stop.host.parse::<IpAddr>().is_ok() {
        return DiagnosisStep::new(Check::Name, StepOutcome::Skipped, "It is a number: there is no name to look up.");
    }
    let addresses: Vec<String> = addresses.iter().map(|address| address.ip().to_string()).collect();
    said(Check::Name, format!("{} is {}.", stop.host, addresses.join(", ")))
}

fn unknown(stop: &Stop, cause: &str) -> DiagnosisStep {
    let whose = if stop.is_proxy { "the proxy" } else { "the server" };
    DiagnosisStep::failed(
        Check::Name,
        format!("{}: {cause}", stop.host),
        format!("The DNS that this computer asks does not know {whose}."),
        "Check how the name is written, and whether this computer is on the network, or the VPN, where it is known.",
    )
}

fn silent(stop: &Stop, kind: ErrorKind) -> DiagnosisStep {
    let at = stop.shown();
    let proxied = "It is the proxy that this system, or HTTPS_PROXY, names. Correct that, or except the server from it (NO_PROXY).";
    if kind == ErrorKind::ConnectionRefused {
        let fix = if stop.is_proxy { proxied } else { "Start it, or correct the port." };
        let meaning = "The computer is there, but nothing listens at that port.";
        return DiagnosisStep::failed(Check::Reach, format!("{at}: the connection is refused."), meaning, fix);
    }
    let fix = if stop.is_proxy {
        proxied
    } else {
        "Check that it is on. Where only a proxy leads out of your network, set HTTPS_PROXY before Loquat starts."
    };
    let meaning = "Nobody answers at all: it is off, or a firewall drops what is sent there.";
    DiagnosisStep::failed(Check::Reach, format!("{at}: {kind}."), meaning, fix)
}

fn said(step: Check, seen: String) -> DiagnosisStep {
    DiagnosisStep::new(step, StepOutcome::Ok, chat::visible(&seen))
}

pub(super) fn ms(begun: Instant) -> Option<u32> {
    u32::try_from(begun.elapsed().as_millis()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_way_ends_where_it_ends() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let of = |steps: Vec<DiagnosisStep>| steps.iter().map(|step| (step.step, step.outcome)).collect::<Vec<_>>();
        let (ok, failed, skipped) = (StepOutcome::Ok, StepOutcome::Failed, StepOutcome::Skipped);
        let there = way_to(&format!("http://127.0.0.1:{port}/mcp")).await;
        assert_eq!(of(there), [(Check::Name, skipped), (Check::Reach, ok)]);
        let named = way_to(&format!("http://localhost:{port}/mcp")).await;
        assert_eq!(of(named), [(Check::Name, ok), (Check::Reach, ok)]);
        drop(listener);
        let gone = way_to(&format!("http://127.0.0.1:{port}/mcp")).await;
        assert!(gone[1].seen.contains("refused"), "{gone:?}");
        assert_eq!(of(gone), [(Check::Name, skipped), (Check::Reach, failed)]);
        assert_eq!(of(way_to("nothing").await), [(Check::Name, failed)]);
        assert_eq!(of(way_to("http://no-such-host.invalid/mcp").await), [(Check::Name, failed)]);
    }
}
