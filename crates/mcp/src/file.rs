//! The list of servers on disk: `servers.json`, in the shape that other clients read too.

use std::{
    fmt, fs, io,
    io::Write,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::{ConfigError, ServerConfig, Transport, config, naming, paste};

const KEY: &str = "mcpServers";
/// What one transport has and the other must not keep when a server moves.
const TRANSPORT_KEYS: [&str; 13] = [
    "command",
    "args",
    "env",
    "cwd",
    "url",
    "headers",
    "type",
    "transport",
    "config",
    "httpstream-url",
    "serverUrl",
    "httpUrl",
    "http_headers",
];

/// The servers as they are written down. What we do not know of is kept as it was.
pub struct ServerFile {
    path: PathBuf,
    root: Map<String, Value>,
    pub servers: Vec<ServerConfig>,
    /// Entries that cannot be used; they stay in the file.
    pub problems: Vec<ConfigError>,
    /// What the file was when it was last read or written: never its text, which may hold secrets.
    seen: Option<[u8; 32]>,
}

/// Without the entries as they lie in the file: they hold secrets.
impl fmt::Debug for ServerFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerFile").field("path", &self.path).field("servers", &self.servers).finish_non_exhaustive()
    }
}

impl ServerFile {
    /// An empty list for a file that cannot be read now. It is not written before the file can be read again.
    pub fn unread(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), root: Map::new(), servers: vec![], problems: vec![], seen: Some([0; 32]) }
    }

    /// Whether the file is as it was last read or written here.
    pub fn is_current(&self) -> bool {
        fs::read(&self.path).ok().map(|text| Sha256::digest(text).into()) == self.seen
    }

    /// Reads the list. No file is an empty list; one that cannot be read is an error, and stays as it is.
    pub fn load(path: impl Into<PathBuf>) -> Result<Self, ConfigError> {
        let path = path.into();
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(Self { path, root: Map::new(), servers: vec![], problems: vec![], seen: None });
            }
            Err(error) => return Err(ConfigError::File { path, verb: "read", cause: error.to_string() }),
        };
        let root = match read_root(&text) {
            Ok(root) => root,
            Err(cause) => return Err(ConfigError::Corrupted { path, cause }),
        };
        let (mut servers, mut problems) = (vec![], vec![]);
        for (name, entry) in root.get(KEY).and_then(Value::as_object).into_iter().flatten() {
            match paste::from_entry(name, entry) {
                Ok(server) if servers.iter().any(|known: &ServerConfig| known.name == server.name) => {
                    let problem =
                        format!("another server is called {} already; give this one its own name", server.name);
                    problems.push(ConfigError::server(name, problem));
                }
                Ok(server) => servers.push(server),
                Err(problem) => problems.push(problem),
            }
        }
        Ok(Self { path, root, servers, problems, seen: Some(Sha256::digest(&text).into()) })
    }

    /// Writes `servers` in their order: whole or not at all, readable by the owner alone. What somebody else has
    /// written meanwhile is never overwritten.
    pub fn save(&mut self) -> Result<(), ConfigError> {
        let path = self.path.clone();
        let failed =
            |error: io::Error| ConfigError::File { path: path.clone(), verb: "written", cause: error.to_string() };
        if !self.is_current() {
            Self::load(&self.path)?;
            return Err(failed(io::Error::other("another program has just changed it; try again")));
        }
        let known = self.root.get(KEY).and_then(Value::as_object).cloned().unwrap_or_default();
        let mut entries = Map::new();
        // Names are made safe when they are read, so an entry is found by the name it was given then.
        let first = |name: &str| known.iter().find(|(key, _)| naming::slug(key) == name);
        for server in &self.servers {
            let (key, before) = match first(&server.name) {
                Some((key, value)) => (key.clone(), value.as_object().cloned().unwrap_or_default()),
                None => (server.name.clone(), Map::new()),
            };
            entries.insert(key, Value::Object(entry(server, before)));
        }
        // What could not be read or used is somebody's work nevertheless.
        for (name, value) in &known {
            let used = first(&naming::slug(name)).is_some_and(|(key, _)| key == name);
            if (!used || paste::from_entry(name, value).is_err()) && !entries.contains_key(name) {
                entries.insert(name.clone(), value.clone());
            }
        }
        let mut root = self.root.clone();
        root.insert(KEY.to_owned(), Value::Object(entries));
        let mut text = serde_json::to_vec_pretty(&root).map_err(|error| failed(error.into()))?;
        text.push(b'\n');
        write_atomically(&self.path, &text).map_err(failed)?;
        self.root = root;
        self.seen = Some(Sha256::digest(&text).into());
        Ok(())
    }
}

fn read_root(text: &[u8]) -> Result<Map<String, Value>, String> {
    let text = std::str::from_utf8(text).map_err(|error| error.to_string())?;
    if text.trim().is_empty() {
        return Ok(Map::new());
    }
    match paste::read_json(text) {
        Ok(Value::Object(root)) if root.get(KEY).is_none_or(Value::is_object) => Ok(root),
        Ok(_) => Err(format!("an object with \"{KEY}\" is expected")),
        Err(ConfigError::NotJson { cause }) => Err(cause),
        Err(other) => Err(other.to_string()),
    }
}

fn entry(server: &ServerConfig, mut entry: Map<String, Value>) -> Map<String, Value> {
    for key in TRANSPORT_KEYS {
        entry.shift_remove(key);
    }
    let mut set = |key: &str, value: Option<Value>| match value {
        Some(value) => drop(entry.insert(key.to_owned(), value)),
        None => drop(entry.shift_remove(key)),
    };
    match &server.transport {
        Transport::Stdio { command, args, env, cwd } => {
            set("command", Some(json!(command)));
            set("args", Some(json!(args)));
            set("env", (!env.is_empty()).then(|| json!(env)));
            set("cwd", cwd.as_ref().map(|cwd| json!(cwd)));
        }
        Transport::Http { url, headers } | Transport::Sse { url, headers } => {
            let sse = matches!(server.transport, Transport::Sse { .. });
            set("type", sse.then(|| json!("sse")));
            set("url", Some(json!(url)));
            set("headers", (!headers.is_empty()).then(|| json!(headers)));
        }
    }
    set("disabled", None);
    set("enabled", (!server.enabled).then_some(Value::Bool(false)));
    set("bundled", server.bundled.then_some(Value::Bool(true)));
    set("description", server.description.as_ref().map(|text| json!(text)));
    let seconds = |now: std::time::Duration, usual| (now != usual).then(|| json!(now.as_secs_f64()));
    set("startTimeout", seconds(server.start_timeout, server.transport.default_start_timeout()));
    set("callTimeout", seconds(server.call_timeout, config::CALL_TIMEOUT));
    set("callLimit", seconds(server.call_limit, config::CALL_LIMIT));
    set("era", (!server.era.is_auto()).then(|| json!(server.era)));
    set("ca", server.ca.as_ref().map(|ca| json!(ca)));
    set("disabledTools", (!server.disabled_tools.is_empty()).then(|| json!(server.disabled_tools)));
    set("parallel", (server.parallel != config::PARALLEL).then(|| json!(server.parallel)));
    set("sandbox", server.sandbox.as_ref().map(|sandbox| json!(sandbox)));
    for (key, value) in server.auth.as_ref().and_then(Value::as_object).into_iter().flatten() {
        set(key, Some(value.clone()));
    }
    entry
}

/// Replaces a file as a whole: a crash leaves the old one or the new one, never half of either.
pub fn write_atomically(path: &Path, text: &[u8]) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    static WRITES: AtomicU64 = AtomicU64::new(0);
    let nth = WRITES.fetch_add(1, Ordering::Relaxed);
    let new = folder.join(format!(".{name}.{}-{nth}.new", std::process::id()));
    let written = owner_only(&new).and_then(|mut file| {
        file.write_all(text)?;
        file.sync_all()?;
        fs::rename(&new, path)
    });
    if written.is_err() {
        let _ = fs::remove_file(&new);
    }
    written?;
    sync_folder(folder)
}

#[cfg(unix)]
fn owner_only(path: &Path) -> io::Result<fs::File> {
    use std::os::unix::fs::OpenOptionsExt;
    fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)
}

#[cfg(not(unix))]
fn owner_only(path: &Path) -> io::Result<fs::File> {
    fs::File::create(path)
}

/// The rename itself is safe only once the folder is.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    fs::File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
#[path = "file_tests.rs"]
mod tests;
