//! Very many clients that want nothing: they cost `loq` little, and nobody else is kept waiting by them.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test may fail, and runs the program")]
#![allow(clippy::print_stderr, reason = "it tells what it measured")]
#![cfg(target_os = "linux")]

use std::path::Path;
use std::process::Stdio;

use futures::{StreamExt, stream};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

const CLIENTS: usize = 10_000;
/// What else this program and `loq` have open.
const BESIDES: usize = 1000;
/// What one may cost, in KiB: what is read into, and what waits for it.
const MOST_KIB: usize = 24;

struct Serving {
    child: Child,
    address: String,
    _home: TempDir,
}

impl Serving {
    /// Starts it as most systems start programs: with room for few files until they ask for more.
    async fn start(args: &[&str], prepare: impl FnOnce(&Path)) -> Self {
        let home = tempfile::tempdir().unwrap();
        prepare(home.path());
        let mut command = Command::new("sh");
        command.args(["-c", "ulimit -S -n 256 && exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_loq")]).args(args);
        command.env("LOQUAT_HOME", home.path()).current_dir(home.path()).env_remove("DBUS_SESSION_BUS_ADDRESS");
        for name in ["LOQUAT_DATABASE", "LOQUAT_REDIS", "MCP_SERVER_TOKEN", "MODEL", "OPENAI_BASE_URL", "HOST", "PORT"]
        {
            command.env_remove(name);
        }
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let address = loop {
            let line = lines.next_line().await.unwrap().unwrap();
            if let Some((_, rest)) = line.split_once("http://") {
                break rest.split(['/', ' ']).next().unwrap().trim_end_matches('.').to_owned();
            }
        };
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Self { child, address, _home: home }
    }

    fn proc(&self, name: &str) -> String {
        format!("/proc/{}/{name}", self.child.id().unwrap())
    }

    /// What of it lies in memory, in KiB.
    fn memory(&self) -> usize {
        let status = std::fs::read_to_string(self.proc("status")).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }

    fn open_files(&self) -> usize {
        std::fs::read_dir(self.proc("fd")).unwrap().count()
    }

    /// Every second one is answered first, and says nothing more from then on.
    async fn client(&self, number: usize) -> TcpStream {
        let mut stream = TcpStream::connect(&self.address).await.unwrap();
        if number.is_multiple_of(2) {
            assert!(self.health(&mut stream).await.starts_with("HTTP/1.1 200"));
        }
        stream
    }

    async fn health(&self, stream: &mut TcpStream) -> String {
        let request = format!("GET /health HTTP/1.1\r\nhost: {}\r\n\r\n", self.address);
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut text = vec![0; 4096];
        let length = stream.read(&mut text).await.unwrap();
        String::from_utf8_lossy(&text[..length]).into_owned()
    }
}

/// As many as this program may have, up to ten thousand.
fn clients() -> usize {
    let (had, most) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    let wanted = u64::try_from(CLIENTS + BESIDES).unwrap().min(most);
    setrlimit(Resource::RLIMIT_NOFILE, wanted.max(had), most).unwrap();
    usize::try_from(wanted).unwrap() - BESIDES
}

async fn many_are_borne(mut serving: Serving) {
    let many = clients();
    // A few come and go first: what is made once is not theirs.
    drop(stream::iter(0..64).map(|number| serving.client(number)).buffer_unordered(64).collect::<Vec<_>>().await);
    let before = serving.memory();
    let clients: Vec<TcpStream> =
        stream::iter(0..many).map(|number| serving.client(number)).buffer_unordered(64).collect().await;
    // Until the last of them has been taken.
    while serving.open_files() < many {
        tokio::task::yield_now().await;
    }
    let grown = serving.memory().saturating_sub(before);
    let mut other = TcpStream::connect(&serving.address).await.unwrap();
    assert!(serving.health(&mut other).await.starts_with("HTTP/1.1 200"));
    eprintln!("{many} idle connections: {before} KiB before, {grown} KiB more");
    assert!(grown <= many * MOST_KIB, "{many} clients took {grown} KiB");
    drop(clients);
    serving.child.kill().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_idle_clients_of_the_api() {
    let serve = ["serve", "--listen", "127.0.0.1:0", "--provider", "practice"];
    many_are_borne(Serving::start(&serve, |_| ()).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_idle_clients_of_the_gateway() {
    let config = "server: { listen: 127.0.0.1:0 }\ntenants: { default: {} }\ncatalogue: false\n";
    let gateway = ["gateway", "--config", "gateway.yaml"];
    let prepare = |home: &Path| std::fs::write(home.join("gateway.yaml"), config).unwrap();
    many_are_borne(Serving::start(&gateway, prepare).await).await;
}
