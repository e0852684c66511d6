//! The programs that are measured, and what each takes up.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

pub(crate) struct Running {
    child: Child,
    pub(crate) url: String,
    /// From its start until it said where it listens.
    pub(crate) ready: Duration,
    _home: Option<TempDir>,
}

/// What stands behind the doors, and the floor before it.
pub(crate) async fn behind_and_floor() -> (Running, Running) {
    let this = std::env::current_exe().unwrap();
    let behind = Running::listening(Command::new(&this).arg(crate::BEHIND), None).await;
    let floor = Running::listening(Command::new(&this).args([crate::FLOOR, &behind.url]), None).await;
    (behind, floor)
}

/// `loq` in a home of its own.
pub(crate) fn loq(home: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_loq"));
    command.args(args).env("LOQUAT_HOME", home).current_dir(home);
    let others = ["OPENAI_API_KEY", "OPENAI_BASE_URL", "MODEL", "DEFAULT_MODEL", "SYSTEM_PROMPT", "HOST", "PORT"];
    let doors = ["LOQUAT_DATABASE", "LOQUAT_REDIS", "MCP_SERVER_TOKEN", "MCP_SERVER_HOST", "MCP_SERVER_PORT"];
    for name in others.iter().chain(&doors) {
        command.env_remove(name);
    }
    command
}

impl Running {
    pub(crate) async fn loq(home: TempDir, args: &[&str]) -> Self {
        let mut command = loq(home.path(), args);
        Self::listening(&mut command, Some(home)).await
    }

    async fn listening(command: &mut Command, home: Option<TempDir>) -> Self {
        let begun = Instant::now();
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let url = loop {
            let line = lines.next_line().await.unwrap().unwrap();
            if let Some(url) = line.split_whitespace().find(|word| word.starts_with("http://")) {
                break url.trim_end_matches('.').to_owned();
            }
        };
        let ready = begun.elapsed();
        // What it says later is read, too, so that it never waits for a reader.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Self { child, url, ready, _home: home }
    }

    /// A program that is told where to listen, once it answers there at all.
    pub(crate) async fn answering(command: &mut Command, url: String, health: &str, home: TempDir) -> Self {
        let begun = Instant::now();
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
        command.current_dir(home.path());
        let mut child = command.spawn().unwrap();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        while http.get(format!("{url}{health}")).send().await.is_err() {
            assert!(child.try_wait().unwrap().is_none(), "{command:?} ended");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Self { child, url, ready: begun.elapsed(), _home: Some(home) }
    }

    /// What its threads have had of the processors; zero where the system does not tell.
    pub(crate) fn processor_time(&self) -> Duration {
        let threads = std::fs::read_dir(format!("/proc/{}/task", self.child.id().unwrap()));
        let spent = threads.into_iter().flatten().flatten().filter_map(|thread| {
            let text = std::fs::read_to_string(thread.path().join("schedstat")).ok()?;
            text.split_whitespace().next()?.parse::<u64>().ok()
        });
        Duration::from_nanos(spent.sum())
    }

    /// What of it lies in memory.
    pub(crate) fn memory(&self) -> String {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id().unwrap())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
        kib.map_or_else(|| "unknown".to_owned(), |kib| format!("{:.1} MiB", kib / 1024.0))
    }
}
