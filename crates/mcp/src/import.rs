//! Other clients' lists of servers: what could be taken over, and in words what could not.
//!
//! Unlike a pasted text, of which all must be right, one entry that cannot be used costs that entry.

mod clients;

use serde_json::{Map, Value};

use crate::{ConfigError, ServerConfig, Transport, naming, paste, references};

pub use clients::{KnownList, known_lists};

/// Keys that every entry may have and that are understood, beside those of sign-in.
const UNDERSTOOD: [&str; 31] = [
    "command",
    "args",
    "env",
    "cwd",
    "url",
    "headers",
    "http_headers",
    "type",
    "transport",
    "protocol",
    "config",
    "name",
    "description",
    "enabled",
    "disabled",
    "httpstream-url",
    "serverUrl",
    "httpUrl",
    "endpoint",
    "uri",
    "startTimeout",
    "callTimeout",
    "callLimit",
    "disabledTools",
    "parallel",
    "sandbox",
    "era",
    "ca",
    "bundled",
    "$schema",
    "protocolEra",
];
const SIGN_IN: [&str; 4] = ["auth_type", "oauth", "auth", "authentication"];

/// One entry of somebody's list.
pub struct Imported {
    /// What it is called there.
    pub entry: String,
    pub config: Result<ServerConfig, ConfigError>,
    /// What could not be taken over, and what somebody should know, in whole sentences.
    pub notes: Vec<String>,
    /// Values that its list asks a person for: the secret that stands for each, and what it is.
    pub asks: Vec<(String, String)>,
}

/// Reads any client's list of servers. Nothing of it is added or run.
pub fn read_list(text: &str) -> Result<Vec<Imported>, ConfigError> {
    let document = paste::read_document(text)?;
    let inputs = inputs(&document);
    let entries = paste::entries(&document).filter(|entries| !entries.is_empty()).ok_or(ConfigError::NoServers)?;
    let mut taken: Vec<String> = vec![];
    let imported = entries.into_iter().enumerate().map(|(at, (name, value))| {
        let entry = name.clone().or_else(|| value.get("name").and_then(Value::as_str).map(str::to_owned));
        let entry = entry.unwrap_or_else(|| format!("server-{}", at + 1));
        let mut imported = one(entry, name.as_deref(), value, &inputs);
        if let Ok(config) = &mut imported.config {
            config.name = naming::unique(&naming::slug(&config.name), |name| taken.iter().any(|known| known == name));
            taken.push(config.name.clone());
        }
        imported
    });
    Ok(imported.collect())
}

fn one(entry: String, name: Option<&str>, value: &Value, inputs: &[(String, String)]) -> Imported {
    let config = paste::from_value(name, value).map(|config| ServerConfig { bundled: false, ..config });
    let mut imported = Imported { entry, config, notes: vec![], asks: vec![] };
    let (Ok(config), Some(map)) = (&mut imported.config, value.as_object()) else { return imported };
    imported.notes = not_taken_over(map);
    if let Some(seconds) = client_timeout(map) {
        config.call_timeout = seconds;
    }
    for id in references::inputs(config) {
        let description = inputs.iter().find(|(known, _)| *known == id).map_or(&id, |(_, description)| description);
        imported.asks.push((id.clone(), description.clone()));
    }
    for name in references::variables_read(config) {
        imported.notes.push(match name.as_str() {
            "workspaceFolder" | "workspaceFolderBasename" | "file" | "cwd" => {
                format!("\"${{{name}}}\" has no meaning outside of an editor: write the path out.")
            }
            _ => format!("It reads the variable {name} of the environment in which Loquat runs."),
        });
    }
    if has_placeholder(config) {
        imported.notes.push("A value in it looks like a placeholder: put in your own.".to_owned());
    }
    imported
}

/// VS Code's `inputs`: what it asks for before it starts a server.
fn inputs(document: &Value) -> Vec<(String, String)> {
    let list = document.get("inputs").or_else(|| document.pointer("/mcp/inputs")).and_then(Value::as_array);
    let input = |input: &Value| {
        let id = input.get("id")?.as_str()?;
        let description = input.get("description").and_then(Value::as_str).unwrap_or(id);
        Some((id.to_owned(), description.to_owned()))
    };
    list.into_iter().flatten().filter_map(input).collect()
}

/// One sentence for each thing that another client knows and Loquat does not, or does otherwise.
fn not_taken_over(map: &Map<String, Value>) -> Vec<String> {
    let mut notes = vec![];
    let is_empty = |value: &Value| match value {
        Value::Null | Value::Bool(false) => true,
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.is_empty(),
        Value::Bool(true) | Value::Number(_) | Value::String(_) => false,
    };
    for (key, _) in map.iter().filter(|(_, value)| !is_empty(value)) {
        match key.as_str() {
            "alwaysAllow" | "autoApprove" | "trust" | "alwaysAllowedTools" => {
                notes.push(format!("\"{key}\": whether tools may run without asking is decided in Loquat anew."));
            }
            "envFile" => {
                notes.push(
                    "\"envFile\": variables are not read from files; put those that it needs into \"env\".".into(),
                );
            }
            "timeout" if client_timeout(map).is_some() => (),
            "timeout" => notes.push("\"timeout\": its unit differs from client to client; set it in Loquat.".into()),
            key if UNDERSTOOD.contains(&key) || SIGN_IN.contains(&key) => (),
            key => notes.push(format!("\"{key}\" is not known here and was left out.")),
        }
    }
    if let Some(Value::Object(config)) = map.get("config") {
        let unknown = config.keys().filter(|key| !["command", "args", "env", "cwd"].contains(&key.as_str()));
        notes.extend(unknown.map(|key| format!("\"config.{key}\" is not known here and was left out.")));
    }
    notes
}

/// Cline, which alone writes `autoApprove` and `alwaysAllow`, means seconds.
fn client_timeout(map: &Map<String, Value>) -> Option<std::time::Duration> {
    let is_cline = map.contains_key("autoApprove") || map.contains_key("alwaysAllow");
    let seconds = map.get("timeout").and_then(Value::as_f64).filter(|_| is_cline)?;
    crate::config::seconds::read(seconds)
}

/// What instructions put where everybody's own value belongs.
fn has_placeholder(config: &ServerConfig) -> bool {
    let like = |text: &str| {
        let lower = text.to_ascii_lowercase();
        let braced = |open: char, close: char| {
            lower
                .split(open)
                .skip(1)
                .any(|rest| rest.split(close).next().is_some_and(|inner| is_words(inner) && rest.contains(close)))
        };
        lower.contains("your_")
            || lower.contains("your-")
            || lower.contains("<your")
            || braced('<', '>')
            || (!lower.contains("${") && braced('{', '}'))
    };
    match &config.transport {
        Transport::Stdio { args, env, .. } => args.iter().chain(env.values()).any(|text| like(text)),
        Transport::Http { url, headers } | Transport::Sse { url, headers } => {
            like(url) || headers.values().any(|text| like(text))
        }
    }
}

fn is_words(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "_- ".contains(c))
}

#[cfg(test)]
#[path = "import/tests.rs"]
mod tests;
