//! Why a server or a provider cannot be used, step by step.

use ::chat::{Check, Diagnosis, DiagnosisKind, DiagnosisStep, ErrorReport, Launch, StepOutcome, WireLine};
use engine::Engine;
use serde_json::{Value, json};

use crate::args::Doctor;
use crate::{Ending, print};

pub(crate) async fn doctor(args: Doctor) -> Result<Ending, ErrorReport> {
    let engine = crate::open::open_servers(&args.given).await?;
    let found = match agreed(&engine, &args).await {
        Ok(()) => engine.diagnose(args.name.as_deref()).await,
        Err(error) => Err(error),
    };
    let mut launches = vec![];
    for diagnosis in found.as_deref().unwrap_or_default() {
        launches.push(match diagnosis.kind {
            DiagnosisKind::Server => engine.servers().launch(&diagnosis.name).await,
            DiagnosisKind::Provider => None,
        });
    }
    let wires = found.as_deref().unwrap_or_default().iter().map(|diagnosis| match diagnosis.kind {
        DiagnosisKind::Server if args.verbose => engine.server_wire(&diagnosis.name),
        DiagnosisKind::Server | DiagnosisKind::Provider => vec![],
    });
    let wires: Vec<Vec<WireLine>> = wires.collect();
    engine.shut_down().await;
    let found = found?;
    if args.json {
        let all = found.iter().zip(&launches).map(|(diagnosis, launch)| json(diagnosis, launch.as_ref()));
        print::line(&Value::from_iter(all).to_string());
    } else {
        for ((diagnosis, launch), wire) in found.iter().zip(&launches).zip(&wires) {
            show(diagnosis, launch.as_ref(), args.verbose);
            wire.iter().for_each(show_exchange);
        }
    }
    Ok(ending(&found))
}

/// Programs of a file that was named are asked about; those of the list say by their diagnosis that they wait.
async fn agreed(engine: &Engine, args: &Doctor) -> Result<(), ErrorReport> {
    let given = &args.given;
    match &args.name {
        _ if given.servers.is_none() && !given.yes => Ok(()),
        Some(name) => crate::consent::server(engine, name, given).await.map(drop),
        None => crate::consent::all(engine, given).await,
    }
}

fn json(diagnosis: &Diagnosis, launch: Option<&Launch>) -> Value {
    let (kind, address) = (diagnosis.kind, &diagnosis.address);
    json!({ "name": diagnosis.name, "kind": kind, "address": address, "steps": diagnosis.steps, "launch": launch })
}

/// What only wants a sign-in is told apart from what is broken.
fn ending(found: &[Diagnosis]) -> Ending {
    let failed: Vec<Check> = found
        .iter()
        .flat_map(|diagnosis| &diagnosis.steps)
        .filter(|step| step.outcome == StepOutcome::Failed)
        .map(|step| step.step)
        .collect();
    match failed.as_slice() {
        [] => Ending::Answered,
        failed if failed.iter().all(|step| *step == Check::SignIn) => Ending::NeedsSignIn,
        _ => Ending::Failed,
    }
}

fn show(diagnosis: &Diagnosis, launch: Option<&Launch>, verbose: bool) {
    let kind = match diagnosis.kind {
        DiagnosisKind::Server => "server",
        DiagnosisKind::Provider => "provider",
    };
    print::line(&format!("{} ({kind})  {}", print::plain(&diagnosis.name), print::plain(&diagnosis.address)));
    if let Some(launch) = launch {
        let line = |what: &str, words: &str| print::line(&format!("    {what:<9} {}", print::plain(words)));
        line("runs", &launch.line);
        line("PATH", &launch.path.join(":"));
        line("variables", &launch.variables.join(" "));
    }
    for step in &diagnosis.steps {
        show_step(step);
        for line in step.exchange.iter().filter(|_| verbose).flat_map(|line| line.lines()) {
            print::line(&print::dim(&format!("              {}", print::plain(line))));
        }
    }
    print::line("");
}

fn show_exchange(line: &WireLine) {
    print::line(&format!("    {} {}", if line.out { "→" } else { "←" }, print::plain(&line.text)));
}

fn show_step(step: &DiagnosisStep) {
    let sign = match step.outcome {
        StepOutcome::Ok => "✓",
        StepOutcome::Failed => "✗",
        StepOutcome::Skipped => "–",
    };
    let name = match step.step {
        Check::Name => "name",
        Check::Reach => "reach",
        Check::Tls => "TLS",
        Check::Protocol => "protocol",
        Check::Metadata => "metadata",
        Check::SignIn => "sign-in",
        Check::List => "list",
        Check::Model => "model",
        Check::Context => "context",
        Check::Tools => "tools",
    };
    let took = step.ms.map(|ms| format!(" ({ms} ms)")).unwrap_or_default();
    let mut lines = step.seen.lines();
    print::line(&format!("  {sign} {name:<9} {}{}", print::plain(lines.next().unwrap_or_default()), print::dim(&took)));
    for line in lines.chain(step.meaning.as_deref()) {
        print::line(&format!("    {:<9} {}", "", print::plain(line)));
    }
    if let Some(fix) = &step.fix {
        print::line(&format!("    {:<9} → {}", "", print::plain(fix)));
    }
}
