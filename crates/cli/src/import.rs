//! The servers of another client, taken over.

use std::io::{BufRead, IsTerminal};

use ::chat::ErrorReport;
use engine::{Engine, ImportEntry, ImportFate};
use serde_json::json;

use crate::args::Import;
use crate::{Ending, print};

pub(crate) async fn import(args: Import) -> Result<Ending, ErrorReport> {
    let engine = crate::open::open_servers(None).await?;
    let ending = match &args.file {
        Some(file) => from(&engine, file, &args).await,
        None => Ok(sources(&engine, args.json)),
    };
    engine.shut_down().await;
    ending
}

fn sources(engine: &Engine, as_json: bool) -> Ending {
    let sources = engine.import_sources();
    if as_json {
        print::line(&json!(sources).to_string());
        return Ending::Answered;
    }
    if sources.is_empty() {
        print::line("No list of another client was found. Name one: loq import FILE");
    }
    for source in sources {
        let count = source.servers.unwrap_or_default();
        print::line(&format!("{:<16} {count} servers   loq import '{}'", source.client, source.path));
    }
    Ending::Answered
}

async fn from(engine: &Engine, file: &str, args: &Import) -> Result<Ending, ErrorReport> {
    let preview = engine.preview_import(file)?;
    let new = |entry: &&ImportEntry| matches!(entry.fate, ImportFate::Added | ImportFate::Renamed);
    let chosen: Vec<u32> = preview.entries.iter().filter(new).map(|entry| entry.at).collect();
    if !args.json {
        preview.entries.iter().for_each(show);
    }
    let may = args.yes || (!args.json && !chosen.is_empty() && agreed(chosen.len()).await);
    let added = if may { engine.import(file, &chosen).await? } else { vec![] };
    if args.json {
        print::line(&json!({ "entries": preview.entries, "added": added }).to_string());
        return Ok(Ending::Answered);
    }
    if chosen.is_empty() {
        print::line("There is nothing new to add.");
    } else if may {
        print::line(&format!("Added: {}.", added.join(", ")));
        if preview.entries.iter().any(|entry| entry.runs_program && chosen.contains(&entry.at)) {
            print::line("Programs wait for your word: loq servers shows them, loq servers --allow NAME lets one run.");
        }
    } else {
        print::line("Nothing was added. With --yes it is, without asking.");
        return Ok(Ending::Refused);
    }
    Ok(Ending::Answered)
}

fn show(entry: &ImportEntry) {
    let fate = match &entry.fate {
        ImportFate::Added => format!("+ {}", entry.name),
        ImportFate::Renamed => format!("+ {} (there is another {} already)", entry.name, entry.entry),
        ImportFate::AlreadyThere => format!("= {} is there already", entry.name),
        ImportFate::Unusable { error } => format!("! {}: {}", entry.entry, error.message),
    };
    print::line(&print::plain(&fate));
    if !entry.address.is_empty() {
        print::line(&print::plain(&format!("    {}", entry.address)));
    }
    if !entry.secrets.is_empty() {
        print::line(&format!("    To the keychain: {}", entry.secrets.join(", ")));
    }
    for ask in &entry.asks {
        print::line(&print::plain(&format!("    It needs: {} — loq secret {}", ask.what, ask.secret)));
    }
    for note in &entry.notes {
        print::line(&print::plain(&format!("    {note}")));
    }
}

/// Asks whoever sits at the terminal; nobody is no agreement.
async fn agreed(count: usize) -> bool {
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return false;
    }
    print::note(&format!("Add {count}? [y/N]"));
    let line = tokio::task::spawn_blocking(|| std::io::stdin().lock().lines().next());
    matches!(line.await, Ok(Some(Ok(line))) if matches!(line.trim().to_lowercase().as_str(), "y" | "yes"))
}
