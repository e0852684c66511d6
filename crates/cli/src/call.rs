//! One tool, called by hand.

use std::time::Instant;

use ::chat::{Content, ErrorCode, ErrorReport, Output, Progress};
use mcp::{CallError, CallRequest};
use serde_json::{Map, Value, json};
use tokio_util::sync::CancellationToken;

use crate::args::Call;
use crate::question::Terminal;
use crate::{Ending, ending_of, print};

pub(crate) async fn call(args: Call) -> Result<Ending, ErrorReport> {
    let arguments = arguments(&args.arguments)?;
    let engine = crate::open::open_servers(&args.given).await?;
    match crate::consent::server(&engine, &args.server, &args.given).await {
        Ok(true) => (),
        refused => {
            engine.shut_down().await;
            return refused.map(|_| Ending::Refused);
        }
    }
    crate::waiting::for_one(&engine, &args.server).await;
    let stop = CancellationToken::new();
    let begun = Instant::now();
    let request = CallRequest::new(&args.server, &args.tool, arguments).in_name_of(args.account.clone());
    let request = request.answered_by(Terminal::of(&engine));
    let told = |progress: Progress| print::progress(&progress);
    let calling = engine.clone();
    let call = calling.call_by_hand(request, told, stop.clone());
    tokio::pin!(call);
    let result = tokio::select! {
        result = &mut call => result,
        _ = tokio::signal::ctrl_c() => {
            stop.cancel();
            call.await
        }
    };
    let duration = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    engine.shut_down().await;
    if args.json {
        print::line(&result_json(&result, duration).to_string());
    }
    match result {
        Ok(output) => {
            if !args.json {
                print::line(&output.model_text);
            }
            Ok(Ending::Answered)
        }
        Err(error) if args.json => Ok(ending_of(&error.report())),
        Err(error) => Err(error.report()),
    }
}

fn arguments(text: &str) -> Result<Map<String, Value>, ErrorReport> {
    let wrong = |cause: String| {
        ErrorReport::new(ErrorCode::InvalidInput, "The arguments cannot be read.")
            .because(cause)
            .fix(r#"Give a JSON object in single quotes, such as '{"ticket_id": "TKT-001"}'."#)
    };
    match serde_json::from_str(text) {
        Ok(Value::Object(arguments)) => Ok(arguments),
        Ok(_) => Err(wrong("They are JSON, but no object.".into())),
        Err(error) => Err(wrong(error.to_string())),
    }
}

fn result_json(result: &Result<Output, CallError>, duration: u64) -> Value {
    let (status, output, error) = match result {
        Ok(output) => ("succeeded", Some(output), None),
        Err(error @ CallError::ToolFailed { output, .. }) => ("failed", Some(output.as_ref()), Some(error.report())),
        Err(error) => ("failed", None, Some(error.report())),
    };
    let content: &[Content] = output.map(|output| output.content.as_slice()).unwrap_or_default();
    json!({
        "status": status,
        "content": content,
        "structuredContent": output.and_then(|output| output.structured.as_ref()),
        "error": error,
        "durationMs": duration,
    })
}
