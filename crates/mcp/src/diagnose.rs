//! Connecting once more, beside what runs, to say which step fails and why.

use std::time::{Duration, Instant};

use chat::{Check, Diagnosis, DiagnosisKind, DiagnosisStep, ErrorReport, StepOutcome};
use tokio::{
    net::{TcpStream, lookup_host},
    time::timeout,
};
use url::Url;

use crate::{
    ServerConfig, Transport,
    connect::{ConnectError, Ears, Setting},
    log::Log,
    server::{Connected, ready},
    session::Era,
    wire::Wire,
};

const REACH_DEADLINE: Duration = Duration::from_secs(10);
/// There is no way to go on without trust, and there will be none.
const TRUST: &str = "Where a company's own certificate authority is behind it, give its file (PEM) as the server's \"ca\", or \
                     have the system trust it. Otherwise ask whoever runs the server.";
const ALL: [Check; 5] = [Check::Reach, Check::Tls, Check::Protocol, Check::SignIn, Check::List];

pub(crate) async fn diagnose(config: &ServerConfig, setting: &Setting) -> Diagnosis {
    let steps = if setting.may_start(config) { tried(config, setting).await } else { vec![not_allowed()] };
    let skipped = |step| said(step, StepOutcome::Skipped, "Not reached.");
    let steps =
        ALL.map(|check| steps.iter().find(|step| step.step == check).cloned().unwrap_or_else(|| skipped(check)));
    Diagnosis { name: config.name.clone(), kind: DiagnosisKind::Server, address: config.address(), steps: steps.into() }
}

async fn tried(config: &ServerConfig, setting: &Setting) -> Vec<DiagnosisStep> {
    let (log, wire) = (Log::default(), Wire::of(&config.name));
    let begun = Instant::now();
    match ready(config, setting, Ears { log: &log, wire: &wire }).await {
        Ok(connected) => {
            let steps = well(config, &connected, begun.elapsed());
            connected.link.close().await;
            steps
        }
        Err(error) => {
            let at = failed_at(config, &error).await;
            before(config, at).into_iter().chain([failed(at, &error.report(config, &log))]).collect()
        }
    }
}

fn well(config: &ServerConfig, connected: &Connected, took: Duration) -> Vec<DiagnosisStep> {
    let mut steps = before(config, Check::List);
    let session = &connected.link.session;
    let about = session.peer.peer_info();
    let version = about.as_ref().map(|about| about.protocol_version.to_string()).unwrap_or_default();
    let name = about.as_ref().and_then(|about| about.server_info.as_ref());
    let name = name.map(|info| format!("{} {} ", info.name, info.version)).unwrap_or_default();
    let era = match session.era {
        Era::Modern => "every request stands for itself",
        Era::Legacy => "with sessions",
    };
    for step in steps.iter_mut().filter(|step| step.step == Check::Protocol) {
        step.seen =
            chat::visible(&format!("{name}speaks version {version} ({era}); ready after {} ms.", took.as_millis()));
    }
    let warned = connected.tools.iter().filter(|tool| !tool.warnings.is_empty()).count();
    let count =
        if connected.tools.len() == 1 { "1 tool".to_owned() } else { format!("{} tools", connected.tools.len()) };
    let odd = if warned == 0 { String::new() } else { format!(", {warned} of them with something odd") };
    steps.push(said(Check::List, StepOutcome::Ok, format!("{count}{odd}.")));
    steps
}

/// What must have gone well for that step to be reached.
fn before(config: &ServerConfig, at: Check) -> Vec<DiagnosisStep> {
    let local = matches!(config.transport, Transport::Stdio { .. });
    let secure = !local && config.address().starts_with("https:");
    let steps = [
        said(Check::Reach, StepOutcome::Ok, if local { "The program starts." } else { "The address answers." }),
        if secure {
            said(Check::Tls, StepOutcome::Ok, "Its certificate is trusted.")
        } else {
            let why = if local { "It is a program of this computer." } else { "The address is not an https one." };
            said(Check::Tls, StepOutcome::Skipped, why)
        },
        said(Check::Protocol, StepOutcome::Ok, "It answers as an MCP server does."),
        said(Check::SignIn, StepOutcome::Ok, if local { "None is needed." } else { "It lets us in." }),
    ];
    let refused_early = |step: &DiagnosisStep| at == Check::SignIn && step.step == Check::Protocol;
    steps.into_iter().filter(|step| step.step < at && !refused_early(step)).collect()
}

async fn failed_at(config: &ServerConfig, error: &ConnectError) -> Check {
    match error.main() {
        ConnectError::Unreachable(_) => match &config.transport {
            Transport::Http { url, .. } | Transport::Sse { url, .. } if has_a_listener(url).await => Check::Tls,
            _ => Check::Reach,
        },
        ConnectError::SignIn => Check::SignIn,
        ConnectError::NoList(_) => Check::List,
        ConnectError::Spawn(_) | ConnectError::Lacks(_) | ConnectError::Settings(_) => Check::Reach,
        ConnectError::OtherEra | ConnectError::Exited { .. } | ConnectError::Silent(_) | ConnectError::Handshake(_) => {
            Check::Protocol
        }
        ConnectError::Moved(_) | ConnectError::Closed | ConnectError::Unresponsive(_) => Check::Protocol,
        ConnectError::Busy(_) | ConnectError::Refused { .. } | ConnectError::Tried { .. } => Check::Protocol,
    }
}

/// Whether somebody listens at an https address: then it is the certificate or the like that stands in the way.
async fn has_a_listener(url: &str) -> bool {
    let Ok(url) = Url::parse(url) else { return false };
    let (Some(host), Some(port)) = (url.host_str(), url.port_or_known_default()) else { return false };
    let reached = async {
        let mut addresses = lookup_host((host.trim_matches(['[', ']']), port)).await.ok()?;
        TcpStream::connect(addresses.next()?).await.ok()
    };
    url.scheme() == "https" && matches!(timeout(REACH_DEADLINE, reached).await, Ok(Some(_)))
}

fn not_allowed() -> DiagnosisStep {
    DiagnosisStep {
        meaning: Some("No program runs before a person has agreed to its whole command line.".to_owned()),
        fix: Some("Look at its command in Settings → Servers, and allow it there.".to_owned()),
        ..said(Check::Reach, StepOutcome::Failed, "Nobody has agreed yet that this program runs.")
    }
}

fn failed(step: Check, report: &ErrorReport) -> DiagnosisStep {
    let meaning = match step {
        Check::Reach => "It is not there, or cannot be reached from here.",
        Check::Tls => "Somebody answers, but is not trusted, or does not speak TLS.",
        Check::Protocol => "It is there, but we do not come to an understanding.",
        Check::SignIn => "It wants to know who you are.",
        Check::List => "It lets us in, but does not say what it offers.",
    };
    DiagnosisStep {
        meaning: Some(meaning.to_owned()),
        fix: if step == Check::Tls { Some(TRUST.to_owned()) } else { report.fix.clone() },
        ..said(step, StepOutcome::Failed, report.cause.clone().unwrap_or_else(|| report.message.clone()))
    }
}

fn said(step: Check, outcome: StepOutcome, seen: impl Into<String>) -> DiagnosisStep {
    DiagnosisStep { step, outcome, seen: seen.into(), meaning: None, fix: None }
}
