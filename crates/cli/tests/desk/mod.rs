//! `loq` in a home whose secrets lie in a file under a passphrase: what one run keeps, the next one has.
#![allow(dead_code, clippy::print_stderr, reason = "every test file uses a part of it; a test tells what it saw")]

use std::{
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Output, Stdio},
    sync::OnceLock,
};

use serde_json::{Value, json};
use tempfile::TempDir;

/// A file with secrets in which there are none yet.
static SEALED: OnceLock<Vec<u8>> = OnceLock::new();
/// Nobody may find it anywhere.
pub(crate) const PASSPHRASE: &str = "planted-passphrase-6e1c";

pub(crate) struct Desk {
    pub(crate) home: TempDir,
    /// Not in the home: who looks there for secrets must not find this one.
    passphrase: TempDir,
}

impl Desk {
    /// With the server `box` there, and no keychain.
    pub(crate) fn new(url: &str) -> Self {
        let desk = Self { home: tempfile::tempdir().unwrap(), passphrase: tempfile::tempdir().unwrap() };
        fs::write(desk.passphrase_file(), format!("{PASSPHRASE}\n")).unwrap();
        let servers = json!({ "mcpServers": { "box": { "url": url } } });
        fs::write(desk.path().join("servers.json"), servers.to_string()).unwrap();
        let file = desk.path().join("secrets.sealed");
        // An empty file is as good for one home as for another.
        let sealed = SEALED.get_or_init(|| {
            let made = desk.run(&["secrets", "--file", "--json"]);
            assert_eq!(said(&made), "{\"place\":\"file\",\"open\":true}\n");
            fs::read(&file).unwrap()
        });
        fs::write(file, sealed).unwrap();
        desk
    }

    pub(crate) fn path(&self) -> &Path {
        self.home.path()
    }

    fn passphrase_file(&self) -> std::path::PathBuf {
        self.passphrase.path().join("passphrase")
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_loq"));
        command.args(args).env("LOQUAT_HOME", self.path()).current_dir(self.path());
        command.env("LOQUAT_PASSPHRASE_FILE", self.passphrase_file()).env_remove("DBUS_SESSION_BUS_ADDRESS");
        command.env("LOG_LEVEL", "debug").env("LOG_FILE", self.path().join("log.txt"));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Output {
        let output = self.command(args).output().unwrap();
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{args:?}: {error}");
        output
    }

    /// Signs in, opening the link at once. `heard` is told each line that is printed, and says whether to go on; who does
    /// not is killed. Whether it came to its end.
    pub(crate) fn sign_in(&self, heard: impl FnMut(&str) -> bool) -> bool {
        self.sign_in_as(None, heard)
    }

    /// The same under a name.
    pub(crate) fn sign_in_as(&self, account: Option<&str>, mut heard: impl FnMut(&str) -> bool) -> bool {
        let name = account.map(|account| ["--account", account]);
        let args: Vec<&str> = ["login", "box", "--json"].into_iter().chain(name.into_iter().flatten()).collect();
        let mut child = self.command(&args).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        for line in lines.map_while(Result::ok) {
            if let Some(link) = serde_json::from_str::<Value>(&line).unwrap_or_default()["link"].as_str() {
                visit(link.to_owned());
            }
            if !heard(&line) {
                return killed(child);
            }
        }
        let ended = child.wait_with_output().unwrap();
        if !ended.status.success() {
            let log = fs::read_to_string(self.path().join("log.txt")).unwrap_or_default();
            eprintln!("the sign-in failed: {}\n{log}", String::from_utf8_lossy(&ended.stderr));
        }
        ended.status.success()
    }
}

/// A browser that goes its own way: who is killed meanwhile leaves it with nobody to come back to.
fn visit(link: String) {
    let runtime = tokio::runtime::Handle::current();
    runtime.spawn(async move { testkit::browse(&link).await });
}

fn killed(mut child: Child) -> bool {
    child.kill().unwrap();
    child.wait().unwrap();
    false
}

pub(crate) fn said(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}
