//! Signing in from the terminal: the link is shown, and a browser opens only if somebody says so.

use std::io::IsTerminal;

use ::chat::{AccountView, ErrorReport, SignInProgress, SignInStage, SignInStep};
use engine::Engine;
use serde_json::{Value, json};

use crate::args::{Accounts, Login, Logout};
use crate::{Ending, print};

pub(crate) async fn login(args: Login) -> Result<Ending, ErrorReport> {
    let engine = crate::open::open_servers(&args.given).await?;
    let outcome = signed_in(&engine, &args).await;
    engine.shut_down().await;
    outcome
}

async fn signed_in(engine: &Engine, args: &Login) -> Result<Ending, ErrorReport> {
    if args.reset_registration {
        engine.reset_registration(&args.server).await?;
    }
    let report = |step: SignInStep| show(&step, args);
    let sign_in = engine.sign_in(&args.server, args.account.as_deref(), report);
    tokio::pin!(sign_in);
    tokio::select! {
        outcome = &mut sign_in => outcome?,
        _ = tokio::signal::ctrl_c() => {
            engine.stop_sign_in(&args.server);
            sign_in.await?;
        }
    }
    Ok(Ending::Answered)
}

/// A sign-in in the middle of something else.
pub(crate) async fn by_hand(engine: &Engine, server: &str, account: Option<String>) -> Result<(), ErrorReport> {
    let args = Login { server: server.to_owned(), account, ..Login::default() };
    signed_in(engine, &args).await.map(drop)
}

fn show(step: &SignInStep, args: &Login) {
    if args.json {
        print::line(&serde_json::to_string(step).unwrap_or_default());
        return offer(step, args);
    }
    if args.verbose {
        for line in step.exchange.iter().flat_map(|text| text.lines()) {
            print::note(&format!("    {line}"));
        }
    }
    let mark = match step.state {
        SignInProgress::Running => "…",
        SignInProgress::Done => "✓",
        SignInProgress::Skipped => "–",
        SignInProgress::Failed => "✗",
    };
    // What goes wrong is said once, in the end.
    if step.state != SignInProgress::Failed {
        print::note(&format!("{mark} {:<10} {}", name(step.step), step.meaning));
    }
    offer(step, args);
}

/// The link, and the browser for those who want it.
fn offer(step: &SignInStep, args: &Login) {
    let Some(link) = step.link.clone() else { return };
    if !args.json {
        print::line(&link);
    }
    if args.open {
        return open(&link);
    }
    if args.json || !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return;
    }
    print::note("Open it in the browser here? [y/N]");
    // On a thread of its own: the person may have opened the link elsewhere already, and then nobody answers.
    tokio::task::spawn_blocking(move || {
        let mut line = String::new();
        let said = std::io::stdin().read_line(&mut line).map(|_| line.trim().to_lowercase());
        if said.is_ok_and(|said| said == "y" || said == "yes") {
            open(&link);
        }
    });
}

fn open(link: &str) {
    if let Err(error) = open::that_detached(link) {
        print::note(&format!("The browser could not be opened ({error}): open the link yourself."));
    }
}

fn name(step: SignInStage) -> &'static str {
    match step {
        SignInStage::Reach => "reach",
        SignInStage::Tls => "tls",
        SignInStage::Metadata => "metadata",
        SignInStage::Register => "register",
        SignInStage::Consent => "consent",
        SignInStage::Token => "token",
        SignInStage::FirstCall => "first call",
    }
}

pub(crate) async fn logout(args: Logout) -> Result<Ending, ErrorReport> {
    let engine = crate::open::open_servers(&args.given).await?;
    let outcome = engine.sign_out(&args.server, args.account.as_deref()).await;
    engine.shut_down().await;
    let said = if outcome? { "Signed out of" } else { "Nobody was signed in to" };
    print::line(&format!("{said} {}.", args.server));
    Ok(Ending::Answered)
}

pub(crate) async fn accounts(args: Accounts) -> Result<Ending, ErrorReport> {
    let engine = crate::open::open_servers(&args.given).await?;
    let outcome = listed(&engine, &args).await;
    engine.shut_down().await;
    let found = outcome?;
    if args.json {
        print::line(&Value::from_iter(found.iter().map(|(server, account)| account_json(server, account))).to_string());
        return Ok(Ending::Answered);
    }
    for (server, account) in &found {
        let used = if account.active { "*" } else { " " };
        let renews = if account.renews { "renews itself" } else { "ends" };
        print::line(&format!("{server:<16} {used} {:<16} {renews:<14} {}", account.name, account.issuer));
    }
    Ok(Ending::Answered)
}

async fn listed(engine: &Engine, args: &Accounts) -> Result<Vec<(String, AccountView)>, ErrorReport> {
    if let (Some(server), Some(account)) = (&args.server, &args.switch) {
        engine.use_account(server, account).await?;
    }
    let mut found = vec![];
    let all = engine.server_views().into_iter().map(|server| server.name);
    let wanted: Vec<String> = args.server.clone().map_or_else(|| all.collect(), |server| vec![server]);
    for server in wanted {
        match engine.accounts(&server).await {
            Ok(accounts) => found.extend(accounts.into_iter().map(|account| (server.clone(), account))),
            // Programs of this machine have no accounts; only who asks for one of them needs to hear it.
            Err(error) if args.server.is_some() => return Err(error),
            Err(_) => (),
        }
    }
    Ok(found)
}

fn account_json(server: &str, account: &AccountView) -> Value {
    let mut json = json!(account);
    json["server"] = server.into();
    json
}
