//! `loq`: Loquat in the terminal, on the same engine, settings and secrets as the window.
//!
//! **Invariant:** nothing here or below needs Tauri.
//!
//! Start reading at `args.rs` (what can be asked), then `ask.rs` (one question and its answer).
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a terminal program prints")]

mod args;
mod ask;
mod call;
mod chat;
mod conformance;
mod consent;
mod doctor;
mod gateway;
mod import;
mod keys;
mod ledger;
mod list;
mod offers;
mod open;
mod passphrase;
mod print;
mod question;
mod secret;
mod serve;
mod settings;
mod sign_in;
mod standing;
mod transfer;
mod waiting;

use std::process::ExitCode;

use ::chat::{ErrorCode, ErrorReport};
use clap::Parser;
use engine::logging::{self, LogWishes};
use mimalloc::MiMalloc;

use args::{Args, Command};

/// The doors serve many small requests from several threads at once, for which the systems' own are slower.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// Why `loq` ends as it does. The numbers are a promise to scripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    Answered = 0,
    Failed = 1,
    Usage = 2,
    NeedsSignIn = 3,
    Refused = 4,
}

fn main() -> ExitCode {
    if let Some(ended) = engine::aside() {
        return ended;
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            print::note(&format!("loq could not start: {error}"));
            return ExitCode::FAILURE;
        }
    };
    let code = runtime.block_on(run());
    // A keychain that still waits for somebody's password must not keep the program.
    runtime.shutdown_background();
    code
}

async fn run() -> ExitCode {
    // What the surrounding environment says counts more than the file.
    if let Err(error) = dotenvy::from_path(".env")
        && !error.not_found()
    {
        print::note(&format!("The file .env here is read only up to its first error: {error}"));
    }
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { Ending::Usage as u8 } else { Ending::Answered as u8 });
        }
    };
    write_down(&args.log);
    let ending = match args.command {
        Command::Ask(args) => ask::ask(args).await,
        Command::Chat(common) => chat::chat(common).await,
        Command::Examples(args) => ask::examples(args).await,
        Command::Servers(args) => list::servers(args).await,
        Command::Import(args) => import::import(args).await,
        Command::Export(args) => transfer::export(args).await,
        Command::ImportConversations(args) => transfer::import(args).await,
        Command::Secret(args) => secret::secret(args).await,
        Command::Secrets(args) => secret::secrets(args).await,
        Command::Tools(args) => list::tools(args).await,
        Command::Call(args) => call::call(args).await,
        Command::Ledger(args) => ledger::ledger(args).await,
        Command::Doctor(args) => doctor::doctor(args).await,
        Command::Conformance(args) => conformance::conformance(args).await,
        Command::Prompts(args) => offers::prompts(args).await,
        Command::Prompt(args) => offers::prompt(args).await,
        Command::Resources(args) => offers::resources(args).await,
        Command::Read(args) => offers::read(args).await,
        Command::Logs(args) => offers::logs(args).await,
        Command::Serve(args) => serve::serve(args).await,
        Command::Keys(args) => keys::keys(args).await,
        Command::Gateway(args) => gateway::gateway(args).await,
        Command::Audit(args) => gateway::audit(args).await,
        Command::Login(args) => sign_in::login(args).await,
        Command::Logout(args) => sign_in::logout(args).await,
        Command::Accounts(args) => sign_in::accounts(args).await,
    };
    match ending {
        Ok(ending) => ExitCode::from(ending as u8),
        Err(report) => {
            print::error(&report);
            ExitCode::from(ending_of(&report) as u8)
        }
    }
}

/// Begins the log: in a file where one is named, else on the terminal where somebody asked how much.
fn write_down(args: &args::Log) {
    let said = LogWishes::from_environment();
    let given = LogWishes {
        level: args.log_level.or(said.level),
        file: args.log_file.clone().or(said.file),
        console: args.log_to_console.then_some(true).or(said.console),
    };
    let console = given.level.is_some() && given.file.as_ref().is_none_or(|path| path.as_os_str().is_empty());
    logging::start(given, LogWishes { console: Some(console), ..LogWishes::default() });
}

/// How an error ends the program.
pub(crate) fn ending_of(report: &ErrorReport) -> Ending {
    match report.code {
        ErrorCode::InvalidInput | ErrorCode::NotFound => Ending::Usage,
        ErrorCode::KeyMissing | ErrorCode::KeyRejected | ErrorCode::SignInRequired => Ending::NeedsSignIn,
        _ => Ending::Failed,
    }
}
