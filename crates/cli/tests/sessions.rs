//! Three copies of the API as three processes, each with a home of its own, killed one after the other while programs
//! talk through them.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "a test may fail, runs the program, and tells what came of it"
)]
#![cfg(unix)]

use std::process::Stdio;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use testkit::TestPostgres;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

const PROGRAMS: usize = 3;
const TURNS: usize = 8;
/// A copy is killed whenever so many turns have ended.
const KILL_EVERY: usize = 6;
/// The practice model asks a tool for it.
const QUESTION: &str = "What are all the critical priority tickets?";

struct Copy {
    url: String,
    child: Child,
    _home: TempDir,
}

struct Team {
    postgres: TestPostgres,
    copies: Mutex<Vec<Option<Copy>>>,
    turn: AtomicUsize,
    /// So many answers came of a call.
    looked_up: AtomicUsize,
}

impl Team {
    async fn start(copies: usize) -> Self {
        let team = Self {
            postgres: TestPostgres::start(),
            copies: Mutex::default(),
            turn: AtomicUsize::new(0),
            looked_up: AtomicUsize::new(0),
        };
        let copies = futures::future::join_all((0..copies).map(|_| team.copy())).await;
        *team.copies.lock().unwrap() = copies.into_iter().map(Some).collect();
        team
    }

    fn command(&self, home: &TempDir, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_loq"));
        command.args(args).env("LOQUAT_HOME", home.path()).current_dir(home.path());
        for name in ["OPENAI_API_KEY", "OPENAI_BASE_URL", "MODEL", "DEFAULT_MODEL", "HOST", "PORT", "LOQUAT_REDIS"] {
            command.env_remove(name);
        }
        command.env("LOQUAT_DATABASE", self.postgres.url()).env_remove("DBUS_SESSION_BUS_ADDRESS");
        command.stdin(Stdio::null()).kill_on_drop(true);
        command
    }

    async fn copy(&self) -> Copy {
        let home = tempfile::tempdir().unwrap();
        let desk = testkit::program("loquat-helpdesk");
        let servers = json!({ "mcpServers": { "ticket": { "command": desk, "args": ["ticket"] } } });
        std::fs::write(home.path().join("list.json"), servers.to_string()).unwrap();
        let args = ["serve", "--listen", "127.0.0.1:0", "--provider", "practice", "--servers", "list.json"];
        let mut child = self.command(&home, &args).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut said = String::new();
        while let Some(line) = lines.next_line().await.unwrap() {
            if let Some(url) = line.split_whitespace().find(|word| word.starts_with("http://")) {
                let url = url.trim_end_matches('.').to_owned();
                // What it says later is read, too, so that it never waits for a reader.
                tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
                return Copy { url, child, _home: home };
            }
            said.push_str(&line);
        }
        panic!("a copy ended at once: {said}");
    }

    /// Kills one of the copies as it stands, and starts another in its place.
    async fn replace(&self, number: usize) {
        let copy = self.copies.lock().unwrap()[number % 3].take();
        if let Some(mut copy) = copy {
            copy.child.kill().await.unwrap();
        }
        let copy = self.copy().await;
        self.copies.lock().unwrap()[number % 3] = Some(copy);
    }

    /// The next copy in turn that takes connections.
    async fn next(&self) -> String {
        loop {
            let turn = self.turn.fetch_add(1, Ordering::Relaxed);
            let url = self.copies.lock().unwrap()[turn % 3].as_ref().map(|copy| copy.url.clone());
            if let Some(url) = url
                && TcpStream::connect(url.trim_start_matches("http://")).await.is_ok()
            {
                return url;
            }
            tokio::task::yield_now().await;
        }
    }

    async fn json(&self, args: &[&str]) -> Value {
        serde_json::from_slice(&self.run(args).await).unwrap()
    }

    async fn run(&self, args: &[&str]) -> Vec<u8> {
        let home = tempfile::tempdir().unwrap();
        let output = self.command(&home, args).output().await.unwrap();
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    }
}

/// One program that talks on and on in one session; what it heard an answer to.
async fn talk(team: &Team, key: &str, ended: &AtomicUsize) -> (String, Vec<String>) {
    let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(120)).build().unwrap();
    let (mut session, mut answered, mut tries) = (Value::Null, vec![], 0);
    while answered.len() < TURNS {
        tries += 1;
        assert!(tries < 4000, "the session is broken: {answered:?}");
        let said = format!("{QUESTION} This is number {tries}.");
        let body = json!({ "message": said, "session_id": session });
        let url = format!("{}/chat", team.next().await);
        let Ok(response) = http.post(url).bearer_auth(key).json(&body).send().await else { continue };
        let status = response.status().as_u16();
        let Ok(answer) = response.json::<Value>().await else { continue };
        if status == 200 {
            // A copy that has only just begun may answer before its server is there.
            let looked_up = answer["response"].as_str().unwrap().contains("3 tickets");
            team.looked_up.fetch_add(usize::from(looked_up), Ordering::Relaxed);
            assert!(session.is_null() || session == answer["session_id"], "it stays the same session");
            session = answer["session_id"].clone();
            answered.push(said);
            ended.fetch_add(1, Ordering::Relaxed);
        } else {
            // The copy before is being missed, or the key not known yet.
            assert_ne!(status, 404, "the session is not known: {answer}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
    (session.as_str().unwrap().to_owned(), answered)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_go_on_whichever_copy_is_killed() {
    let team = Team::start(3).await;
    let made = team.json(&["keys", "create", "notebook", "--allow", "*", "--json"]).await;
    let key = made["key"].as_str().unwrap();
    let ended = AtomicUsize::new(0);
    let talking = futures::future::join_all((0..PROGRAMS).map(|_| talk(&team, key, &ended)));
    let killing = async {
        for number in 1.. {
            while ended.load(Ordering::Relaxed) < number * KILL_EVERY {
                tokio::task::yield_now().await;
            }
            team.replace(number).await;
        }
    };
    let heard = tokio::select! {
        heard = talking => heard,
        () = killing => unreachable!("it goes on for ever"),
    };
    for (session, answered) in &heard {
        let id = session.rsplit_once('-').unwrap().0;
        let query = format!("SELECT body FROM session_turns WHERE session = '{id}' ORDER BY number");
        let turns = team.postgres.run(&query).unwrap();
        let turns: Vec<Value> = turns.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let asked: Vec<&str> = turns.iter().map(|turn| turn["items"][0]["text"].as_str().unwrap_or_default()).collect();
        // All that was answered is there, in its order, once, and each turn follows the one before it.
        let kept: Vec<&str> = asked.iter().copied().filter(|said| answered.iter().any(|it| it == said)).collect();
        assert_eq!(kept, answered.iter().map(String::as_str).collect::<Vec<_>>(), "{asked:?}");
        assert!(turns.windows(2).all(|pair| pair[1]["parent"] == pair[0]["id"]), "{turns:#?}");
        assert!(turns.iter().all(|turn| turn["status"]["state"] != "running"), "{turns:#?}");
    }
    // What a killed copy was calling is ended by those that live.
    let ledger = loop {
        let ledger = String::from_utf8(team.run(&["ledger", "--json"]).await).unwrap();
        if !["running", "open"].iter().any(|state| ledger.contains(&format!("\"outcome\":\"{state}\""))) {
            break ledger;
        }
    };
    let succeeded = ledger.lines().filter(|line| line.contains("\"outcome\":\"succeeded\"")).count();
    let looked_up = team.looked_up.load(Ordering::Relaxed);
    assert!(looked_up > 0 && succeeded >= looked_up, "{looked_up} answers came of calls: {ledger}");
    assert!(ledger.lines().all(|line| line.contains("\"key\":\"notebook\"")), "{ledger}");
    let calls = ledger.lines().count();
    let listed = team.json(&["keys", "list", "--json"]).await;
    eprintln!("{calls} calls in the ledger; {} tokens of the key are counted", listed[0]["used"]);
}

/// Waits until it answers so.
async fn health(url: &str, wanted: u16) {
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    while http.get(format!("{url}/health")).send().await.unwrap().status() != wanted {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_says_that_its_database_is_away_and_goes_on_when_it_is_back() {
    let mut team = Team::start(1).await;
    let made = team.json(&["keys", "create", "notebook", "--allow", "*", "--json"]).await;
    let key = made["key"].as_str().unwrap();
    let url = team.next().await;
    let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(120)).build().unwrap();
    let ask = async |session: &Value| {
        let body = json!({ "message": QUESTION, "session_id": session });
        let response = http.post(format!("{url}/chat")).bearer_auth(key).json(&body).send().await.unwrap();
        (response.status().as_u16(), response.json::<Value>().await.unwrap())
    };
    let first = loop {
        match ask(&Value::Null).await {
            (200, answer) => break answer,
            // The key is not known there yet.
            (status, answer) => assert_eq!(status, 401, "{answer}"),
        }
    };
    team.postgres.kill();
    health(&url, 503).await;
    let (status, answer) = ask(&first["session_id"]).await;
    assert!(status >= 500 && answer["error"]["message"].as_str().unwrap().contains("database"), "{answer}");
    team.postgres.start_again();
    health(&url, 200).await;
    let (status, second) = ask(&first["session_id"]).await;
    assert_eq!((status, &second["session_id"]), (200, &first["session_id"]), "{second}");
}
