//! PostgreSQL and Redis as they are installed here, each test with its own: in a folder that goes with it, and heard
//! on sockets in that folder alone.

#![expect(clippy::expect_used, reason = "where no database can be had, the test has failed")]

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// Nothing takes that long to begin, however busy the machine.
const DEADLINE: Duration = Duration::from_secs(120);
/// The one database of a PostgreSQL of a test.
const DATABASE: &str = "postgres";

/// A PostgreSQL server of one test's own. Dropping it ends it and takes its data away.
pub struct TestPostgres {
    server: Running,
    folder: TempDir,
}

/// A Redis server of one test's own.
pub struct TestRedis {
    server: Running,
    folder: TempDir,
}

impl TestPostgres {
    /// Starts one, empty.
    ///
    /// # Panics
    /// When PostgreSQL is not installed, or does not begin.
    pub fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("pg").tempdir().expect("a folder for a database");
        let user = unprivileged();
        if let Some(user) = user {
            // It refuses to run as an administrator; then what it runs as owns its folder.
            fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).expect("others may look");
            chown(folder.path(), Some(user), None).expect("the folder may be given away");
        }
        let data = folder.path().join("data");
        let mut begin = command("initdb", user);
        begin.args(["--no-sync", "-A", "trust", "-U", "postgres", "-E", "UTF8", "--no-locale", "-D"]).arg(&data);
        succeed(&mut begin);
        Self { server: Self::serve(&data, folder.path(), user), folder }
    }

    fn serve(data: &Path, folder: &Path, user: Option<u32>) -> Running {
        let mut postgres = command("postgres", user);
        postgres.arg("-D").arg(data).arg("-k").arg(folder);
        // Nothing of it outlives the test, so nothing need be flushed.
        postgres.args(["-c", "listen_addresses=", "-c", "fsync=off", "-c", "shared_buffers=16MB"]);
        let mut server = Running::start(&mut postgres, &folder.join("log"));
        server.until(|| {
            let mut ready = command("pg_isready", user);
            ready.arg("-h").arg(folder).output().is_ok_and(|output| output.status.success())
        });
        server
    }

    /// Where clients find it.
    pub fn url(&self) -> String {
        let folder = self.folder.path().display().to_string().replace('/', "%2F");
        format!("postgres://postgres@{folder}/{DATABASE}")
    }

    /// Runs statements as the owner of the database.
    ///
    /// # Errors
    /// What PostgreSQL says against them.
    pub fn run(&self, statements: &str) -> Result<String, String> {
        let mut psql = command("psql", None);
        psql.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-U", "postgres", "-d", DATABASE]);
        psql.arg("-h").arg(self.folder.path()).args(["-c", statements]);
        let output = psql.output().unwrap_or_else(|error| panic!("{psql:?} does not start: {error}"));
        let words = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        if output.status.success() { Ok(words(&output.stdout)) } else { Err(words(&output.stderr)) }
    }

    /// Ends it at once, as a crash would.
    pub fn kill(&mut self) {
        self.server.kill();
    }

    /// Starts it again, with what it had confirmed.
    pub fn start_again(&mut self) {
        self.kill();
        self.server = Self::serve(&self.folder.path().join("data"), self.folder.path(), unprivileged());
    }
}

impl TestRedis {
    /// Starts one, empty.
    ///
    /// # Panics
    /// When Redis is not installed, or does not begin.
    pub fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("redis").tempdir().expect("a folder for a database");
        Self { server: Self::run(folder.path()), folder }
    }

    fn run(folder: &Path) -> Running {
        let socket = folder.join("socket");
        let mut redis = command("redis-server", None);
        redis.args(["--port", "0", "--save", "", "--dir"]).arg(folder).arg("--unixsocket").arg(&socket);
        let mut server = Running::start(&mut redis, &folder.join("log"));
        server.until(|| std::os::unix::net::UnixStream::connect(&socket).is_ok());
        server
    }

    /// Where clients find it.
    pub fn url(&self) -> String {
        format!("redis+unix://{}", self.folder.path().join("socket").display())
    }

    /// Ends it at once, with everything in it.
    pub fn kill(&mut self) {
        self.server.kill();
    }

    /// Starts it again, empty.
    pub fn start_again(&mut self) {
        self.kill();
        self.server = Self::run(self.folder.path());
    }
}

/// A program that ends with its owner.
struct Running {
    child: Child,
    log: PathBuf,
}

impl Running {
    fn start(command: &mut Command, log: &Path) -> Self {
        let file = fs::File::create(log).expect("a log for a database");
        let errors = file.try_clone().expect("a log for a database");
        command.stdin(Stdio::null()).stdout(file).stderr(errors);
        let child = command.spawn().unwrap_or_else(|error| panic!("{command:?} does not start: {error}"));
        Self { child, log: log.to_owned() }
    }

    fn until(&mut self, is_ready: impl Fn() -> bool) {
        let began = Instant::now();
        while !is_ready() {
            let ended = self.child.try_wait().ok().flatten();
            let log = || fs::read_to_string(&self.log).unwrap_or_default();
            assert!(ended.is_none(), "a database ended at once: {}", log());
            assert!(began.elapsed() < DEADLINE, "a database never began: {}", log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn kill(&mut self) {
        let id = self.child.id();
        let children = fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap_or_default();
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
        // Those that it started for its clients see that it is gone, but may answer one more before they do.
        let began = Instant::now();
        while children.split_whitespace().any(runs) && began.elapsed() < DEADLINE {
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Whether a process works still; one that has ended and waits to be collected does not.
fn runs(id: &str) -> bool {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, state)| !state.starts_with('Z'))
}

/// Whom to run as instead of an administrator, as PostgreSQL demands it.
fn unprivileged() -> Option<u32> {
    let is_root = fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0);
    let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let of =
        |name: &str| users.lines().find_map(|line| line.strip_prefix(name)?.split(':').nth(1)?.parse::<u32>().ok());
    is_root.then(|| of("postgres:").or_else(|| of("nobody:"))).flatten()
}

/// Debian keeps what belongs to PostgreSQL out of the way.
fn place(name: &str) -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut places: Vec<PathBuf> = versions.map(|version| version.path().join("bin").join(name)).collect();
    places.sort();
    places.into_iter().rfind(|path| path.is_file()).unwrap_or_else(|| name.into())
}

#[expect(clippy::disallowed_methods, reason = "tests start databases; nothing of it ships")]
fn command(name: &str, user: Option<u32>) -> Command {
    let mut command = Command::new(place(name));
    if let Some(user) = user {
        command.uid(user).current_dir("/");
    }
    command
}

fn succeed(command: &mut Command) -> Output {
    let output = command.output().unwrap_or_else(|error| {
        panic!("{command:?} does not start: {error}. Install Debian's packages postgresql and redis-server.")
    });
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    output
}
