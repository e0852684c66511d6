//! Conversations as files: out of Loquat, and into it.

use std::io::{BufRead, IsTerminal};
use std::path::PathBuf;

use ::chat::{ConversationId, ErrorReport};
use clap::{Args as Group, ValueEnum};
use engine::{ConversationsPreview, Engine, ExportFormat, FoundConversation, FoundFate, Left};
use serde_json::json;

use crate::args::Given;
use crate::{Ending, print};

#[derive(Debug, Group)]
pub(crate) struct Export {
    /// Where it shall go; otherwise it is printed.
    file: Option<PathBuf>,
    /// Only this conversation; may be given several times. `loq export --list` names them.
    #[arg(long, value_name = "ID")]
    conversation: Vec<String>,
    /// Otherwise by the file's ending, or json.
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// List the conversations instead.
    #[arg(long)]
    list: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// Everything, to be read back.
    Json,
    Markdown,
    Html,
}

#[derive(Debug, Group)]
pub(crate) struct Import {
    /// An export of Loquat, ChatGPT, Claude, LibreChat or Open WebUI: its JSON, or the archive as it was sent.
    file: PathBuf,
    /// Take over what is new without asking.
    #[arg(long)]
    yes: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(crate) async fn export(args: Export) -> Result<Ending, ErrorReport> {
    let engine = crate::open::open_servers(&Given::default()).await?;
    let ending = if args.list { Ok(list(&engine)) } else { write(&engine, &args).await };
    engine.shut_down().await;
    ending
}

fn list(engine: &Engine) -> Ending {
    for summary in engine.conversations() {
        print::line(&print::plain(&format!("{}   {}", summary.id, summary.title)));
    }
    Ending::Answered
}

async fn write(engine: &Engine, args: &Export) -> Result<Ending, ErrorReport> {
    let ids: Vec<ConversationId> = args.conversation.iter().map(|id| ConversationId(id.clone())).collect();
    let chosen = (!ids.is_empty()).then_some(ids.as_slice());
    let format = format(args);
    match &args.file {
        Some(file) => {
            let exported = engine.export(chosen, format, file).await?;
            print::note(&format!(
                "{} conversations, {} bytes: {}",
                exported.conversations, exported.bytes, exported.path
            ));
        }
        None => {
            let mut out = tokio::io::stdout();
            let written = engine.export_to(chosen, format, &mut out).await;
            written.map_err(|error| error.of("standard output".as_ref()))?;
        }
    }
    Ok(Ending::Answered)
}

fn format(args: &Export) -> ExportFormat {
    let ending = args.file.as_ref().and_then(|file| file.extension()).and_then(|ending| ending.to_str());
    match (args.format, ending) {
        (Some(Format::Json), _) => ExportFormat::Json,
        (Some(Format::Markdown), _) | (None, Some("md" | "markdown")) => ExportFormat::Markdown,
        (Some(Format::Html), _) | (None, Some("html" | "htm")) => ExportFormat::Html,
        (None, _) => ExportFormat::Json,
    }
}

pub(crate) async fn import(args: Import) -> Result<Ending, ErrorReport> {
    let engine = crate::open::open_servers(&Given::default()).await?;
    let ending = take_over(&engine, &args).await;
    engine.shut_down().await;
    ending
}

async fn take_over(engine: &Engine, args: &Import) -> Result<Ending, ErrorReport> {
    let preview = engine.look_at_conversations(&args.file).await?;
    let fits = |found: &&FoundConversation| matches!(found.fate, FoundFate::New | FoundFate::Copy);
    let new = preview.found.iter().filter(fits).count();
    if !args.json {
        show(&preview);
    }
    let may = args.yes || (!args.json && new > 0 && agreed(new).await);
    let imported = if may { Some(engine.import_conversations(&args.file, None).await?) } else { None };
    if args.json {
        print::line(&json!({ "preview": preview, "imported": imported }).to_string());
        return Ok(Ending::Answered);
    }
    match imported {
        Some(imported) => print::line(&format!(
            "Taken over: {} conversations with {} messages.",
            imported.conversations, imported.messages
        )),
        None if new == 0 => print::line("There is nothing new to take over."),
        None => {
            print::line("Nothing was taken over. With --yes it is, without asking.");
            return Ok(Ending::Refused);
        }
    }
    Ok(Ending::Answered)
}

fn show(preview: &ConversationsPreview) {
    for found in &preview.found {
        let sign = match found.fate {
            FoundFate::New => "+",
            FoundFate::Copy => "+ (beside another state of it)",
            FoundFate::AlreadyThere => "= (there already)",
            FoundFate::Empty => "- (empty)",
        };
        print::line(&print::plain(&format!("{sign} {} ({} messages)", found.title, found.messages)));
    }
    let mut left = Left::default();
    preview.found.iter().for_each(|found| left += found.left);
    if left != Left::default() {
        print::line(&format!(
            "Left out: {} images, {} files, {} messages on branches that were not looked at.",
            left.images, left.files, left.elsewhere
        ));
    }
    if preview.unknown > 0 {
        print::line(&format!("{} entries are no conversations that Loquat knows.", preview.unknown));
    }
    if let Some(broken) = &preview.broken {
        print::error(broken);
    }
}

/// Asks whoever sits at the terminal; nobody is no agreement.
async fn agreed(count: usize) -> bool {
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return false;
    }
    print::note(&format!("Take over {count}? [y/N]"));
    let line = tokio::task::spawn_blocking(|| std::io::stdin().lock().lines().next());
    matches!(line.await, Ok(Some(Ok(line))) if matches!(line.trim().to_lowercase().as_str(), "y" | "yes"))
}
