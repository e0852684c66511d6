//! The servers of another client, taken over.

use std::io::{BufRead, IsTerminal};

use ::chat::ErrorReport;
use engine::{Engine, ImportEntry, ImportFate, ImportSignIn};
use serde_json::json;

use crate::args::{Given, Import};
use crate::{Ending, print};

pub(crate) async fn import(args: Import) -> Result<Ending, ErrorReport> {
    let engine = crate::open::open_servers(&Given::default()).await?;
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
    if !preview.sign_ins.is_empty() {
        return sign_ins(engine, file, args, &preview.sign_ins).await;
    }
    let new = |entry: &&ImportEntry| matches!(entry.fate, ImportFate::Added | ImportFate::Renamed);
    let chosen: Vec<u32> = preview.entries.iter().filter(new).map(|entry| entry.at).collect();
    if !args.json {
        preview.entries.iter().for_each(show);
    }
    let may = args.yes || (!args.json && !chosen.is_empty() && agreed(&format!("Add {}?", chosen.len())).await);
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
    if let Some(path) = &preview.beside {
        print::line(&format!("Sign-ins lie beside it in the open. To take them over: loq import '{path}'"));
    }
    Ok(Ending::Answered)
}

/// What another program kept in the open goes where secrets are.
async fn sign_ins(engine: &Engine, file: &str, args: &Import, found: &[ImportSignIn]) -> Result<Ending, ErrorReport> {
    if !args.json {
        for each in found {
            print::line(&print::plain(&match &each.server {
                Some(server) => format!("+ {}: the sign-in for {server}", each.entry),
                None => format!("! {}: there is no server of that name or address; add it first", each.entry),
            }));
        }
    }
    let some = found.iter().any(|each| each.server.is_some());
    let may = some && (args.yes || (!args.json && agreed("Take them over?").await));
    let imported = if may { engine.import_sign_ins(file).await? } else { vec![] };
    let failed = imported.iter().any(|each| each.error.is_some());
    if args.json {
        print::line(&json!({ "signIns": found, "imported": imported }).to_string());
    } else if !may {
        print::line("Nothing was taken over. With --yes it is, without asking.");
    }
    for each in &imported {
        match &each.error {
            Some(error) => print::error(error),
            None if args.json => (),
            None if each.taken => print::line(&format!("Taken over: {}.", each.server)),
            None => print::line(&format!("Somebody is signed in to {} already: that stays.", each.server)),
        }
    }
    if imported.iter().any(|each| each.taken && !each.lasts) {
        print::note(
            "There is no keychain here, so this is lost with the end of loq. Keep the file until there is one.",
        );
    }
    // What could not be taken over, or does not last, is still needed.
    let all = may && imported.iter().all(|each| each.lasts) && found.iter().all(|each| each.server.is_some());
    let all = all && !failed;
    if all && (args.delete || (!args.json && agreed("The file holds them in the open. Delete it?").await)) {
        engine.delete_sign_in_file(file)?;
        if !args.json {
            print::line("The file is deleted.");
        }
    } else if all && !args.json {
        print::line("The file still holds them in the open: delete it, or say --delete.");
    }
    Ok(if failed {
        Ending::Failed
    } else if may {
        Ending::Answered
    } else {
        Ending::Refused
    })
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
async fn agreed(question: &str) -> bool {
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return false;
    }
    print::note(&format!("{question} [y/N]"));
    let line = tokio::task::spawn_blocking(|| std::io::stdin().lock().lines().next());
    matches!(line.await, Ok(Some(Ok(line))) if matches!(line.trim().to_lowercase().as_str(), "y" | "yes"))
}
