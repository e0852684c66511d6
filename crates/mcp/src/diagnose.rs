//! Connecting once more, beside what runs, to say which step fails and why.

mod way;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use chat::{Check, Diagnosis, DiagnosisKind, DiagnosisStep, ErrorReport, StepOutcome, WireLine};
use tokio::{
    net::{TcpStream, lookup_host},
    time::timeout,
};
use url::Url;

use crate::{
    ServerConfig, SignInError, Transport,
    auth::Account,
    connect::{ConnectError, Ears, Setting},
    log::Log,
    references,
    server::{Connected, ready},
    session::Era,
    wire::Wire,
};

pub use way::way_to;

const REACH_DEADLINE: Duration = Duration::from_secs(10);
/// There is no way to go on without trust, and there will be none.
const TRUST: &str = "Where a company's own certificate authority is behind it, give its file (PEM) as the server's \"ca\", or \
                     have the system trust it. Otherwise ask whoever runs the server.";
const ALL: [Check; 7] =
    [Check::Name, Check::Reach, Check::Tls, Check::Protocol, Check::Metadata, Check::SignIn, Check::List];
/// A longer exchange shows its end.
const MOST_LINES: usize = 30;
const LONGEST_LINE: usize = 1_500;

/// Whoever signs in there, where somebody does, or why that cannot be read.
type Whose = Result<Option<Arc<Account>>, SignInError>;

pub(crate) async fn diagnose(config: &ServerConfig, setting: &Setting, account: Whose) -> Diagnosis {
    let steps = if setting.may_start(config) { tried(config, setting, account).await } else { vec![not_allowed()] };
    let skipped = |step| said(step, StepOutcome::Skipped, "Not reached.");
    let steps =
        ALL.map(|check| steps.iter().find(|step| step.step == check).cloned().unwrap_or_else(|| skipped(check)));
    Diagnosis { name: config.name.clone(), kind: DiagnosisKind::Server, address: config.address(), steps: steps.into() }
}

async fn tried(config: &ServerConfig, setting: &Setting, account: Whose) -> Vec<DiagnosisStep> {
    let mut steps = way(config, setting).await;
    if steps.iter().any(|step| step.outcome == StepOutcome::Failed) {
        return steps;
    }
    let (log, wire) = (Log::default(), Wire::of(&config.name));
    let begun = Instant::now();
    let (more, last) = match ready(config, setting, Ears { log: &log, wire: &wire }).await {
        Ok(connected) => {
            let steps = well(config, &connected, begun.elapsed());
            connected.link.close().await;
            (steps, Check::List)
        }
        Err(error) => {
            let at = failed_at(config, &error).await;
            (before(config, at).into_iter().chain([failed(at, &error.report(config, &log))]).collect(), at)
        }
    };
    // What was seen of the way itself says more than that it led somewhere, unless it ended there.
    steps.retain(|step| step.step != last);
    steps.extend(more.into_iter().filter(|step| step.step > Check::Reach || step.step == last));
    match account {
        Ok(Some(account)) if last == Check::SignIn => steps.extend(metadata(&account).await),
        Ok(_) => (),
        Err(error) => {
            steps.retain(|step| step.step != Check::SignIn);
            steps.push(unreadable(&error));
        }
    }
    for step in steps.iter_mut().filter(|step| step.step == last && step.exchange.is_empty()) {
        step.exchange = exchange(wire.lines());
    }
    steps
}

/// Programs of this computer need none.
async fn way(config: &ServerConfig, setting: &Setting) -> Vec<DiagnosisStep> {
    // Where something it refers to is missing, connecting says so.
    let resolved = references::resolve(config, setting.secrets.as_deref()).await;
    match resolved.as_ref().map(|config| &config.transport) {
        Ok(Transport::Http { url, .. } | Transport::Sse { url, .. }) => way_to(url).await,
        Ok(Transport::Stdio { .. }) => {
            let here = "It is a program of this computer.";
            vec![
                said(Check::Name, StepOutcome::Skipped, here),
                said(Check::Reach, StepOutcome::Ok, "The program starts."),
            ]
        }
        Err(_) => vec![],
    }
}

/// Who would sign somebody in, found out as a sign-in does, without anybody's doing.
async fn metadata(account: &Account) -> Option<DiagnosisStep> {
    let begun = Instant::now();
    let (outcome, exchange) = account.look().await;
    let step = match outcome {
        Ok(issuer) => said(Check::Metadata, StepOutcome::Ok, format!("{issuer} signs people in.")),
        Err(error) => DiagnosisStep::failed(
            Check::Metadata,
            error.to_string(),
            "Nobody could sign in as it is: who does that for this server is not to be found out.",
            error.fix(),
        ),
    };
    Some(DiagnosisStep { ms: way::ms(begun), exchange, ..step })
}

fn exchange(lines: Vec<WireLine>) -> Vec<String> {
    let skipped = lines.len().saturating_sub(MOST_LINES);
    let shown = lines.into_iter().skip(skipped).map(|line| {
        let arrow = if line.out { "→" } else { "←" };
        match line.text.char_indices().nth(LONGEST_LINE) {
            Some((end, _)) => format!("{arrow} {}…", &line.text[..end]),
            None => format!("{arrow} {}", line.text),
        }
    });
    shown.collect()
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
        step.seen = chat::visible(&format!("{name}speaks version {version} ({era})."));
        step.ms = u32::try_from(took.as_millis()).ok();
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
        said(Check::Metadata, StepOutcome::Skipped, "Nobody has to sign in now."),
        said(Check::SignIn, StepOutcome::Ok, if local { "None is needed." } else { "It lets us in." }),
    ];
    let refused_early =
        |step: &DiagnosisStep| at == Check::SignIn && matches!(step.step, Check::Protocol | Check::Metadata);
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

/// Whatever the server says: who calls it is not known for sure.
fn unreadable(error: &SignInError) -> DiagnosisStep {
    let meaning = "Who is signed in there cannot be read, so nobody can be sure in whose name it is called.";
    DiagnosisStep::failed(Check::SignIn, error.to_string(), meaning, error.fix())
}

fn failed(step: Check, report: &ErrorReport) -> DiagnosisStep {
    let meaning = match step {
        Check::Reach => "It is not there, or cannot be reached from here.",
        Check::Tls => "Somebody answers, but is not trusted, or does not speak TLS.",
        Check::Protocol => "It is there, but we do not come to an understanding.",
        Check::SignIn => "It wants to know who you are.",
        Check::List => "It lets us in, but does not say what it offers.",
        Check::Name | Check::Metadata | Check::Model | Check::Context | Check::Tools => "It cannot be used as it is.",
    };
    DiagnosisStep {
        meaning: Some(meaning.to_owned()),
        fix: if step == Check::Tls { Some(TRUST.to_owned()) } else { report.fix.clone() },
        ..said(step, StepOutcome::Failed, report.cause.clone().unwrap_or_else(|| report.message.clone()))
    }
}

fn said(step: Check, outcome: StepOutcome, seen: impl Into<String>) -> DiagnosisStep {
    DiagnosisStep::new(step, outcome, seen)
}
