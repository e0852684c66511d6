//! Every call ever made.

use ::chat::ErrorReport;
use engine::{Engine, Home, LedgerDecision, LedgerEntry, LedgerFilter, LedgerFormat, LedgerOutcome, Options};

use crate::{Ending, print};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Print every call as JSON, one line each.
    #[arg(long)]
    json: bool,
    /// Print every call as a table for other programs.
    #[arg(long, conflicts_with = "json")]
    csv: bool,
    /// Only calls of this server's tools.
    #[arg(long, value_name = "NAME")]
    server: Option<String>,
    /// Only calls of this tool.
    #[arg(long, value_name = "NAME")]
    tool: Option<String>,
    /// Only calls in which these words stand.
    #[arg(long, value_name = "WORDS")]
    text: Option<String>,
    /// Only calls since then: 30m, 2h, 7d, 2026-11-21 or 2026-11-21T14:00:00Z.
    #[arg(long, value_name = "WHEN", value_parser = since)]
    since: Option<u64>,
    /// The calls of all copies of `loq serve`, which PostgreSQL has.
    #[arg(long, value_name = "URL", env = "LOQUAT_DATABASE", hide_env_values = true)]
    database: Option<mcp::Secret>,
}

pub(crate) async fn ledger(args: Args) -> Result<Ending, ErrorReport> {
    // Nothing but the ledger is needed: no server is started.
    let options = Options { servers: Some(vec![]), database: args.database, ..Options::new(Home::find()?) };
    let engine = Engine::open(options).await?;
    let filter = LedgerFilter {
        server: args.server,
        tool: args.tool,
        text: args.text,
        since: args.since,
        ..LedgerFilter::default()
    };
    let shown = match (args.json, args.csv) {
        (true, _) => export(&engine, &filter, LedgerFormat::JsonLines).await,
        (_, true) => export(&engine, &filter, LedgerFormat::Csv).await,
        _ => show(&engine, &filter).await,
    };
    engine.shut_down().await;
    shown.map(|()| Ending::Answered)
}

async fn export(engine: &Engine, filter: &LedgerFilter, format: LedgerFormat) -> Result<(), ErrorReport> {
    engine.export_ledger(filter, format, &mut std::io::stdout()).await.map(drop)
}

/// The newest that fit, the newest last, as a terminal is read.
async fn show(engine: &Engine, filter: &LedgerFilter) -> Result<(), ErrorReport> {
    let page = engine.ledger(filter).await?;
    for entry in page.entries.iter().rev() {
        print::line(&print::plain(&line(entry)));
    }
    if page.more {
        print::note(&format!("These are the newest of {}. All of them: loq ledger --json", page.total));
    }
    Ok(())
}

fn line(entry: &LedgerEntry) -> String {
    let at = i64::try_from(entry.at).ok().and_then(|at| jiff::Timestamp::from_millisecond(at).ok());
    let at = at.map(|at| at.strftime("%Y-%m-%d %H:%M:%SZ").to_string()).unwrap_or_default();
    let decision = match entry.decision {
        LedgerDecision::None => "not judged",
        LedgerDecision::Allowed => "allowed by rule",
        LedgerDecision::Denied => "denied by rule",
        LedgerDecision::Waiting => "waits",
        LedgerDecision::Approved => "approved",
        LedgerDecision::Refused => "refused",
        LedgerDecision::ByHand => "by hand",
    };
    let outcome = match entry.outcome {
        LedgerOutcome::Open => "not run",
        LedgerOutcome::Running => "running",
        LedgerOutcome::Succeeded => "succeeded",
        LedgerOutcome::Failed => "failed",
        LedgerOutcome::Refused => "refused",
    };
    let size = entry.bytes.map(|bytes| format!(" {bytes} B")).unwrap_or_default();
    let more = entry.error.as_deref().or(entry.reason.as_deref()).or(entry.rule.as_deref()).unwrap_or_default();
    let tool = format!("{} · {}", entry.server, entry.tool);
    format!("{at}  {tool:<40} {decision:<15} {outcome}{size}  {}  {more}", entry.arguments)
}

fn since(text: &str) -> Result<u64, String> {
    let wrong = || "expected such as 30m, 2h, 7d, 2026-11-21 or 2026-11-21T14:00:00Z".to_owned();
    let at = match text.char_indices().last() {
        Some((end, unit @ ('m' | 'h' | 'd' | 'w'))) => {
            let number: i64 = text[..end].parse().map_err(|_| wrong())?;
            let minutes = match unit {
                'm' => 1,
                'h' => 60,
                'd' => 24 * 60,
                _ => 7 * 24 * 60,
            };
            let span = number.checked_mul(minutes * 60_000).ok_or_else(wrong)?;
            jiff::Timestamp::now().as_millisecond().checked_sub(span).ok_or_else(wrong)?
        }
        _ => match text.parse::<jiff::Timestamp>() {
            Ok(at) => at.as_millisecond(),
            Err(_) => format!("{text}T00:00:00Z").parse::<jiff::Timestamp>().map_err(|_| wrong())?.as_millisecond(),
        },
    };
    u64::try_from(at).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_as_people_write_them() {
        assert_eq!(since("1970-01-02"), Ok(86_400_000));
        assert_eq!(since("1970-01-01T00:00:01Z"), Ok(1_000));
        let (hour, day) = (since("1h").unwrap(), since("1d").unwrap());
        assert!(hour > day && hour - day <= 23 * 3_600_000);
        for wrong in ["", "h", "soon", "-1", "99999999999999999w", "2026-13-01"] {
            assert!(since(wrong).is_err(), "{wrong}");
        }
    }
}
