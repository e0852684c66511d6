//! The gateway, and what its operators ask of one that runs.

mod keys;
mod operate;

use std::{convert::Infallible, net::SocketAddr, path::PathBuf, time::Duration};

use ::chat::{ErrorCode, ErrorReport};
use ::gateway::{DevBackend, Gateway, Options, Reading, new_key, verify, verify_in};
use clap::{Args as Group, Subcommand};
use mcp::Secret;
use tokio::sync::watch;

use crate::{Ending, print, standing};

/// A server that is slow to start must not keep the others waiting.
const SERVERS_MAY_TAKE: Duration = Duration::from_secs(20);

#[derive(Debug, Group)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: Serve,
}

#[derive(Debug, Group)]
struct Serve {
    /// What is served, to whom, and how: docs/gateway.md.
    #[arg(long, value_name = "FILE", env = "MCP_SERVER_CONFIG", default_value = "config/server.yaml")]
    config: PathBuf,
    /// Where to listen, instead of what the file says.
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    #[arg(long, hide = true, env = "MCP_SERVER_HOST")]
    host: Option<std::net::IpAddr>,
    #[arg(long, hide = true, env = "MCP_SERVER_PORT")]
    port: Option<u16>,
    /// Serve one client over standard input and output instead.
    #[arg(long)]
    stdio: bool,
    #[command(flatten)]
    team: Team,
}

/// What several copies of the gateway share. Both are better given in the environment: arguments are seen by everybody
/// on a machine.
#[derive(Debug, Group)]
struct Team {
    /// Keep the audit log and keys in PostgreSQL, where every copy finds them: docs/team.md.
    #[arg(long, value_name = "URL", env = "LOQUAT_DATABASE", hide_env_values = true)]
    database: Option<Secret>,
    /// Count, and let calls wait for approval, in Redis or Valkey, for all copies together.
    #[arg(long, value_name = "URL", env = "LOQUAT_REDIS", hide_env_values = true)]
    redis: Option<Secret>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make a key: it is printed once, and its hash goes into the file, or into the database of all copies.
    Key(keys::Key),
    /// List the keys in the database of all copies.
    Keys(keys::List),
    /// Let nobody in by a key in the database any more.
    Revoke(keys::Revoke),
    /// Read a file and say whether it could be served.
    Check {
        #[arg(value_name = "FILE")]
        config: PathBuf,
    },
    /// Serve a backend with made-up data that answers every call of the catalogue.
    DevBackend {
        #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8000")]
        listen: SocketAddr,
    },
    /// List the tools that a running gateway offers.
    ListTools(operate::To),
    /// Call a tool of a running gateway.
    Call(operate::Call),
    /// Ask a running gateway whether it is well.
    Health(operate::To),
    /// Ask a running gateway what it is and can.
    Discover(operate::To),
    /// See which calls wait for a yes, and answer them.
    Approvals(operate::Approvals),
}

#[derive(Debug, Group)]
pub(crate) struct AuditArgs {
    #[command(subcommand)]
    command: AuditCommand,
}

#[derive(Debug, Subcommand)]
enum AuditCommand {
    /// Check that nothing in it was changed, taken out or put in.
    Verify {
        /// By default logs/audit.log.
        #[arg(value_name = "FILE")]
        file: Option<PathBuf>,
        /// The log that several copies keep in PostgreSQL, instead of a file.
        #[arg(long, value_name = "URL", env = "LOQUAT_DATABASE", hide_env_values = true)]
        database: Option<Secret>,
        #[arg(long)]
        json: bool,
    },
}

pub(crate) async fn gateway(args: Args) -> Result<Ending, ErrorReport> {
    match args.command {
        None => serve(args.serve).await,
        Some(Command::Key(key)) => keys::key(key).await,
        Some(Command::Keys(list)) => keys::list(list).await,
        Some(Command::Revoke(revoke)) => keys::revoke(revoke).await,
        Some(Command::Check { config }) => check(config).await,
        Some(Command::DevBackend { listen }) => dev_backend(listen).await,
        Some(Command::ListTools(to)) => operate::list_tools(to).await,
        Some(Command::Call(call)) => operate::call(call).await,
        Some(Command::Health(to)) => operate::health(to).await,
        Some(Command::Discover(to)) => operate::discover(to).await,
        Some(Command::Approvals(approvals)) => operate::approvals(approvals).await,
    }
}

async fn serve(args: Serve) -> Result<Ending, ErrorReport> {
    let listen = match (args.listen, args.host, args.port) {
        (Some(listen), _, _) => Some(listen),
        (None, None, None) => None,
        (None, host, port) => Some((host.unwrap_or([127, 0, 0, 1].into()), port.unwrap_or(9000)).into()),
    };
    let given = std::env::var("MCP_SERVER_TOKEN").ok().filter(|key| !key.is_empty());
    let was_given = given.is_some();
    let spare = given.unwrap_or_else(|| new_key().key);
    let spare_key = (!args.stdio).then(|| Secret::new(spare.clone()));
    let Team { database, redis } = args.team;
    let options = Options { config: args.config, listen, spare_key, servers: None, database, redis };
    let gateway = Gateway::open(options).await.map_err(|error| error.report())?;
    if args.stdio {
        gateway.settled(SERVERS_MAY_TAKE).await;
        gateway.serve_stdio().await.map_err(|error| error.report())?;
        gateway.shut_down().await;
        return Ok(Ending::Answered);
    }
    if !gateway.knows_someone() {
        gateway.shut_down().await;
        return Err(ErrorReport::new(ErrorCode::InvalidInput, "Nobody could come in.")
            .because("The file has no keys and no authorization server, and it is served to more than this machine.")
            .fix("Make a key with `loq gateway key NAME` and put what it prints into the file."));
    }
    let mut served = gateway.serve().await.map_err(|error| error.report())?;
    print::note(&format!("The gateway serves {} until Ctrl+C.", served.url()));
    if gateway.is_open_to_spare_key() {
        let words = if was_given { "the key of MCP_SERVER_TOKEN".to_owned() } else { format!("this key: {spare}") };
        print::note(&format!("The file names nobody, so for this run an administrator comes in with {words}"));
    }
    let ended = tokio::select! {
        ended = served.ended() => ended,
        () = told_to_end() => served.stop().await,
        never = standing::follow(gateway.servers(), no_sign_in) => match never {},
        never = readings(gateway.readings()) => match never {},
    };
    gateway.shut_down().await;
    ended.map_err(|error| error.report())?;
    Ok(Ending::Answered)
}

/// What is kept of sign-ins belongs to the window and the API.
fn no_sign_in(_server: &str) -> String {
    "It wants a sign-in, which this gateway has not: give it a token under `headers`.".to_owned()
}

/// Tells when the file was read again.
async fn readings(mut readings: watch::Receiver<Option<Reading>>) -> Infallible {
    while readings.changed().await.is_ok() {
        match &*readings.borrow_and_update() {
            Some(Reading::Taken) => print::note("The configuration was read again."),
            Some(Reading::Refused(report)) => {
                print::note("The configuration is refused, and the old one goes on.");
                print::error(report);
            }
            None => (),
        }
    }
    std::future::pending().await
}

/// By Ctrl+C, or by whoever looks after services.
async fn told_to_end() {
    let interrupted = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        let terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate());
        if let Ok(mut terminate) = terminate {
            tokio::select! {
                _ = interrupted => (),
                _ = terminate.recv() => (),
            }
            return;
        }
    }
    let _ = interrupted.await;
}

async fn check(config: PathBuf) -> Result<Ending, ErrorReport> {
    let tools = ::gateway::check(config).await.map_err(|error| error.report())?;
    print::line(&format!("The file can be served. It offers {tools} tools of its own."));
    Ok(Ending::Answered)
}

async fn dev_backend(listen: SocketAddr) -> Result<Ending, ErrorReport> {
    let mut backend = DevBackend::start(listen).await.map_err(|error| error.report())?;
    print::note(&format!("The backend with made-up data serves http://{} until Ctrl+C.", backend.address()));
    tokio::select! {
        ended = backend.ended() => ended.map_err(|error| error.report())?,
        () = told_to_end() => (),
    }
    Ok(Ending::Answered)
}

pub(crate) async fn audit(args: AuditArgs) -> Result<Ending, ErrorReport> {
    let AuditCommand::Verify { file, database, json } = args.command;
    // A file that is named is meant, whatever the environment says.
    let database = database.filter(|_| file.is_none());
    let verified = match &database {
        Some(database) => verify_in(database).await,
        None => verify(&file.unwrap_or_else(|| PathBuf::from("logs/audit.log"))),
    };
    let verified = verified.map_err(|error| {
        ErrorReport::new(ErrorCode::StorageFailed, "The audit log is not whole, or cannot be read.")
            .because(error.to_string())
            .fix("Compare it with a copy from before. Up to the place that is named, it is as it was written.")
    })?;
    let place = match (&database, verified.files) {
        (Some(_), _) => "the database".to_owned(),
        (None, 1) => "one file".to_owned(),
        (None, files) => format!("{files} files"),
    };
    let words = format!("Whole: {} records in {place}. The last hash is {}.", verified.records, verified.hash);
    print::line(&if json { serde_json::to_string(&verified).unwrap_or_default() } else { words });
    Ok(Ending::Answered)
}
