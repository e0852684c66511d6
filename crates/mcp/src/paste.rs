//! One box for every way in which servers are handed around: a URL, a command line, any client's JSON, or the link
//! behind its “Install” button.

mod json;
mod link;
mod server;
mod words;

use serde_json::{Map, Value};

use crate::{ConfigError, ServerConfig, Transport, naming};

/// Reads whatever a server's instructions give: a URL, a command line with `VAR=value` prefixes, JSON as
/// Claude Desktop, Cursor, LM Studio, VS Code, Zed and others write it, with comments and trailing commas, or a link
/// that installs a server in Loquat, Cursor, LM Studio or VS Code.
///
/// Names are made unique and safe; where there is none, it comes from the command or the URL.
pub fn parse_servers(text: &str) -> Result<Vec<ServerConfig>, ConfigError> {
    let text = without_fence(text.trim_start_matches('\u{feff}').trim());
    let servers = match text.chars().next() {
        None => return Err(ConfigError::Empty),
        Some('{' | '[') => from_document(&json::read(text)?)?,
        // An excerpt out of the middle of such a file: `"github": { … }`.
        Some('"') if text.contains('{') => from_document(&json::read(&format!("{{{text}}}"))?)?,
        Some(_) => vec![match link::recognise(text) {
            Some(link) => link::server(&link)?,
            None if text.lines().count() == 1 && is_url(text) => from_url(text)?,
            None => words::server(text)?,
        }],
    };
    // Who pastes cannot know what comes with us: nothing of theirs is trusted as if it did.
    let servers = servers.into_iter().map(|server| ServerConfig { bundled: false, ..server });
    Ok(with_unique_names(servers.collect()))
}

/// Every server of a document in any client's shape.
fn from_document(document: &Value) -> Result<Vec<ServerConfig>, ConfigError> {
    let entries = entries(document).ok_or(ConfigError::NoServers)?;
    if entries.is_empty() {
        return Err(ConfigError::NoServers);
    }
    entries.iter().map(|(name, value)| server::read(name.as_deref(), value)).collect()
}

/// One entry of a collection as our own file holds it.
pub(crate) fn from_entry(name: &str, value: &Value) -> Result<ServerConfig, ConfigError> {
    server::read(Some(name), value)
}

/// One entry of anybody's list.
pub(crate) fn from_value(name: Option<&str>, value: &Value) -> Result<ServerConfig, ConfigError> {
    server::read(name, value)
}

/// The JSON of a whole list.
pub(crate) fn read_document(text: &str) -> Result<Value, ConfigError> {
    let text = without_fence(text.trim_start_matches('\u{feff}').trim());
    if text.is_empty() { Err(ConfigError::Empty) } else { json::read(text) }
}

/// JSON that people have edited: comments and trailing commas are fine.
pub(crate) fn read_json(text: &str) -> Result<Value, ConfigError> {
    json::read(text)
}

pub(crate) type Entries<'a> = Vec<(Option<String>, &'a Value)>;

/// Every entry of a list in any client's shape, with its name where it has one.
pub(crate) fn entries(document: &Value) -> Option<Entries<'_>> {
    match document {
        Value::Array(list) => Some(list.iter().map(|value| (None, value)).collect()),
        Value::Object(map) => {
            for key in ["mcpServers", "mcp_servers", "servers", "context_servers"] {
                match map.get(key) {
                    Some(Value::Array(list)) => return Some(list.iter().map(|value| (None, value)).collect()),
                    Some(Value::Object(map)) => return Some(named(map)),
                    _ => (),
                }
            }
            if let Some(inner @ Value::Object(_)) = map.get("mcp") {
                return entries(inner);
            }
            if server::is_server(map) {
                return Some(vec![(None, document)]);
            }
            let all_objects = !map.is_empty() && map.values().all(Value::is_object);
            all_objects.then(|| named(map))
        }
        _ => None,
    }
}

fn named(map: &Map<String, Value>) -> Entries<'_> {
    map.iter().map(|(name, value)| (Some(name.clone()), value)).collect()
}

fn is_url(text: &str) -> bool {
    text.starts_with("http://") || text.starts_with("https://")
}

fn from_url(text: &str) -> Result<ServerConfig, ConfigError> {
    let url = server::checked_url(text)?;
    Ok(ServerConfig::new(naming::from_url(&url), Transport::Http { url: text.to_owned(), headers: Default::default() }))
}

/// Text copied out of a README often brings its code fence along.
fn without_fence(text: &str) -> &str {
    let Some(rest) = text.strip_prefix("```") else { return text };
    let body = rest.split_once('\n').map_or("", |(_, body)| body);
    body.trim_end().strip_suffix("```").unwrap_or(body).trim()
}

fn with_unique_names(mut servers: Vec<ServerConfig>) -> Vec<ServerConfig> {
    let mut taken: Vec<String> = vec![];
    for server in &mut servers {
        let name = naming::unique(&naming::slug(&server.name), |name| taken.iter().any(|known| known == name));
        taken.push(name.clone());
        server.name = name;
    }
    servers
}

#[cfg(test)]
#[path = "paste/tests.rs"]
mod tests;
