//! Prompts, resources and logs of servers.

use ::chat::{ErrorCode, ErrorReport, LogLevel};
use engine::{AppEvent, Engine};
use mcp::Attendance;
use serde_json::{Map, Value, json};
use tokio_util::sync::CancellationToken;

use crate::args::{Given, List, Logs, Prompt, Read};
use crate::question::Terminal;
use crate::{Ending, print};

pub(crate) async fn prompts(args: List) -> Result<Ending, ErrorReport> {
    let engine = opened(&args.given).await?;
    let prompts = engine.offers(None).prompts(None).await;
    engine.shut_down().await;
    let prompts = prompts?;
    if args.json {
        print::line(&json!(prompts).to_string());
        return Ok(Ending::Answered);
    }
    for prompt in prompts {
        let blanks: Vec<String> = prompt.arguments.iter().map(|it| it.name.clone()).collect();
        let words = format!("{:<16} {:<32} {} {}", prompt.server, prompt.name, blanks.join(" "), prompt.description);
        print::line(print::plain(&words).trim_end());
    }
    Ok(Ending::Answered)
}

pub(crate) async fn prompt(args: Prompt) -> Result<Ending, ErrorReport> {
    let arguments = arguments(&args.arguments)?;
    let Some(engine) = opened_for(&args.server, &args.given).await? else { return Ok(Ending::Refused) };
    let attendance = attended(&engine);
    let filled = engine.servers().fill_prompt(&args.server, &args.name, arguments, attendance).await;
    engine.shut_down().await;
    let filled = filled.map_err(|error| error.report())?;
    print::line(&if args.json { json!(filled).to_string() } else { print::plain(&filled.text) });
    Ok(Ending::Answered)
}

pub(crate) async fn resources(args: List) -> Result<Ending, ErrorReport> {
    let engine = opened(&args.given).await?;
    let list = engine.offers(None).resources(None).await;
    engine.shut_down().await;
    let list = list?;
    if args.json {
        print::line(&json!(list).to_string());
        return Ok(Ending::Answered);
    }
    for resource in list.resources {
        print::line(&print::plain(&format!("{:<16} {:<40} {}", resource.server, resource.uri, resource.name)));
    }
    for template in list.templates {
        print::line(&print::plain(&format!("{:<16} {:<40} {}", template.server, template.uri_template, template.name)));
    }
    Ok(Ending::Answered)
}

pub(crate) async fn read(args: Read) -> Result<Ending, ErrorReport> {
    let Some(engine) = opened_for(&args.server, &args.given).await? else { return Ok(Ending::Refused) };
    let outcome = if args.watch { watched(&engine, &args).await } else { read_once(&engine, &args).await };
    engine.shut_down().await;
    outcome.map(|()| Ending::Answered)
}

async fn read_once(engine: &Engine, args: &Read) -> Result<(), ErrorReport> {
    let reading = engine.servers().read_resource(&args.server, &args.uri, attended(engine)).await;
    let reading = reading.map_err(|error| error.report())?;
    print::line(&if args.json { json!(reading).to_string() } else { print::plain(&reading.text) });
    Ok(())
}

/// Reads it each time the server says that it has changed, until somebody interrupts.
async fn watched(engine: &Engine, args: &Read) -> Result<(), ErrorReport> {
    let (_, mut events) = engine.subscribe();
    // Asked for first, so that it is heard from the first word on.
    let mut interrupt = std::pin::pin!(tokio::signal::ctrl_c());
    tokio::select! {
        biased;
        _ = &mut interrupt => return Ok(()),
        read = async {
            engine.subscribe_resource(&args.server, &args.uri, true).await?;
            read_once(engine, args).await
        } => read?,
    }
    loop {
        let event = tokio::select! {
            event = events.recv() => event,
            _ = &mut interrupt => return Ok(()),
        };
        match event {
            Some(AppEvent::ResourceUpdated { server, uri }) if server == args.server && uri == args.uri => {
                read_once(engine, args).await?;
            }
            Some(_) => (),
            None => return Ok(()),
        }
    }
}

/// What the server wrote from its start until it was ready.
pub(crate) async fn logs(args: Logs) -> Result<Ending, ErrorReport> {
    let Some(engine) = opened_for(&args.server, &args.given).await? else { return Ok(Ending::Refused) };
    let known = engine.server_views().iter().any(|server| server.name == args.server);
    let lines = engine.server_log(&args.server, LogLevel::Debug);
    engine.shut_down().await;
    if !known {
        let message = format!("There is no server called {}.", args.server);
        return Err(ErrorReport::new(ErrorCode::NotFound, message).fix("`loq servers` lists those that there are."));
    }
    for line in lines {
        if args.json {
            print::line(&json!(line).to_string());
        } else {
            let level = format!("{:?}", line.level).to_lowercase();
            let logger = line.logger.map(|logger| format!("{logger}: ")).unwrap_or_default();
            print::line(&print::plain(&format!("{level:<9} {logger}{}", line.text)));
        }
    }
    Ok(Ending::Answered)
}

/// With all servers that may run, once they have started.
async fn opened(given: &Given) -> Result<Engine, ErrorReport> {
    let engine = crate::open::open_servers(given).await?;
    if let Err(error) = crate::consent::all(&engine, given).await {
        engine.shut_down().await;
        return Err(error);
    }
    crate::waiting::for_all(&engine).await;
    crate::waiting::tell_who_is_missing(&engine);
    Ok(engine)
}

/// With that one server, once it has started; nothing where it may not run.
async fn opened_for(server: &str, given: &Given) -> Result<Option<Engine>, ErrorReport> {
    let engine = crate::open::open_servers(given).await?;
    let may_run = crate::consent::server(&engine, server, given).await;
    if !matches!(may_run, Ok(true)) {
        engine.shut_down().await;
        return may_run.map(|_| None);
    }
    crate::waiting::for_one(&engine, server).await;
    Ok(Some(engine))
}

/// Whoever sits at the terminal is there to be asked meanwhile.
fn attended(engine: &Engine) -> Attendance {
    Attendance { answers: Some(Terminal::of(engine)), stop: CancellationToken::new() }
}

/// `name=value`, each.
fn arguments(pairs: &[String]) -> Result<Map<String, Value>, ErrorReport> {
    let pair = |pair: &String| {
        let (name, value) = pair.split_once('=').ok_or_else(|| {
            ErrorReport::new(ErrorCode::InvalidInput, format!("'{pair}' is no argument."))
                .fix("Give each as name=value, such as city=Berlin.")
        })?;
        Ok((name.to_owned(), Value::from(value)))
    };
    pairs.iter().map(pair).collect()
}
