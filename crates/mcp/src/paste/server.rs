//! One server out of any client's JSON.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use chat::Sandbox;
use serde_json::{Map, Value};
use url::Url;

use super::words;
use crate::{
    ConfigError, Era, ServerConfig, Transport,
    config::{CALL_LIMIT, CALL_TIMEOUT, PARALLEL, seconds},
    naming,
};

const URL_KEYS: [&str; 6] = ["url", "httpstream-url", "serverUrl", "httpUrl", "endpoint", "uri"];
const AUTH_KEYS: [&str; 4] = ["auth_type", "oauth", "auth", "authentication"];

pub(super) fn is_server(map: &Map<String, Value>) -> bool {
    let has = |key: &str| map.get(key).is_some_and(|value| !value.is_object());
    has("command")
        || URL_KEYS.iter().any(|key| has(key))
        || map.get("config").is_some_and(|c| c.get("command").is_some())
}

pub(super) fn read(key: Option<&str>, value: &Value) -> Result<ServerConfig, ConfigError> {
    let label = key.or_else(|| value.get("name").and_then(Value::as_str));
    let place = Place { server: label.unwrap_or("(without a name)") };
    let Value::Object(map) = value else {
        return Err(place.error("an object with \"command\" or \"url\" is expected"));
    };
    let transport = transport(&place, map)?;
    let name = match (label, &transport) {
        (Some(label), _) => label.to_owned(),
        (None, Transport::Stdio { command, args, .. }) => naming::from_command(command, args),
        (None, Transport::Http { url, .. } | Transport::Sse { url, .. }) => naming::from_url(&checked_url(url)?),
    };
    let on = place.flag(map, "enabled")?.unwrap_or(true) && !place.flag(map, "disabled")?.unwrap_or(false);
    let auth: Map<String, Value> =
        AUTH_KEYS.iter().filter_map(|key| Some(((*key).to_owned(), map.get(*key)?.clone()))).collect();
    Ok(ServerConfig {
        name: naming::slug(&name),
        enabled: on,
        bundled: place.flag(map, "bundled")?.unwrap_or(false),
        description: place.text(map, "description")?,
        start_timeout: place.seconds(map, "startTimeout")?.unwrap_or(transport.default_start_timeout()),
        call_timeout: place.seconds(map, "callTimeout")?.unwrap_or(CALL_TIMEOUT),
        call_limit: place.seconds(map, "callLimit")?.unwrap_or(CALL_LIMIT),
        era: place.era(map)?,
        ca: place.text(map, "ca")?.map(PathBuf::from),
        disabled_tools: place.list(map, "disabledTools")?,
        parallel: place.count(map, "parallel")?.unwrap_or(PARALLEL),
        sandbox: place.sandbox(map)?,
        auth: (!auth.is_empty()).then_some(Value::Object(auth)),
        transport,
    })
}

fn transport(place: &Place<'_>, map: &Map<String, Value>) -> Result<Transport, ConfigError> {
    let kind = place
        .text(map, "type")?
        .or(place.text(map, "transport")?)
        .or(place.text(map, "protocol")?)
        .map(|kind| kind.to_ascii_lowercase());
    // Some clients keep what belongs to a program in an object of its own.
    let program = match map.get("config") {
        Some(Value::Object(config)) => config,
        _ => map,
    };
    let url = URL_KEYS.iter().find_map(|key| map.get(*key).map(|value| (*key, value)));
    let wants_http = match kind.as_deref() {
        Some("stdio" | "local") => false,
        Some("http" | "httpstream" | "streamable-http" | "streamable_http" | "streamablehttp" | "sse" | "remote") => {
            true
        }
        Some(other) => {
            return Err(place.error(format!("the transport \"{other}\" is not known; use \"stdio\" or \"http\"")));
        }
        None => !program.contains_key("command") && url.is_some(),
    };
    if wants_http {
        let Some((key, value)) = url else {
            return Err(place.error("\"url\" is missing; give the server's web address"));
        };
        let Value::String(url) = value else { return Err(place.error(format!("\"{key}\" must be a text"))) };
        checked_url(url).map_err(|error| place.error(error.to_string().trim_end_matches('.')))?;
        let headers = if map.contains_key("headers") { "headers" } else { "http_headers" };
        let (url, headers) = (url.clone(), place.texts(map, headers)?);
        let sse = kind.as_deref() == Some("sse");
        return Ok(if sse { Transport::Sse { url, headers } } else { Transport::Http { url, headers } });
    }
    stdio(place, program)
}

fn stdio(place: &Place<'_>, map: &Map<String, Value>) -> Result<Transport, ConfigError> {
    let mut args = place.list(map, "args")?;
    let command = match map.get("command") {
        Some(Value::String(command)) if !command.trim().is_empty() => command.trim().to_owned(),
        Some(Value::Array(_)) => {
            let mut words = place.list(map, "command")?.into_iter();
            let command = words.next().ok_or_else(|| place.error("\"command\" is empty; name the program to start"))?;
            args = words.chain(args).collect();
            command
        }
        Some(Value::String(_)) => return Err(place.error("\"command\" is empty; name the program to start")),
        Some(_) => return Err(place.error("\"command\" must be a text")),
        None => return Err(place.error("neither \"command\" nor \"url\" is given; a server needs one of them")),
    };
    // A whole command line where only the program belongs is meant as one, unless it is a path with blanks.
    let (command, args) = if args.is_empty() && command.contains(' ') && !PathBuf::from(&command).exists() {
        let mut words = words::split(&command).map_err(|error| place.error(error.to_string().trim_end_matches('.')))?;
        let rest = words.split_off(1.min(words.len()));
        (words.pop().unwrap_or(command), rest)
    } else {
        (command, args)
    };
    let cwd = place.text(map, "cwd")?.map(PathBuf::from);
    Ok(Transport::Stdio { command, args, env: place.texts(map, "env")?, cwd })
}

/// A web address that can be asked; its own error where it cannot.
pub(super) fn checked_url(text: &str) -> Result<Url, ConfigError> {
    let error = |cause: &str| ConfigError::NotAUrl { url: crate::mask::url(text), cause: cause.to_owned() };
    let url = Url::parse(text).map_err(|cause| error(&cause.to_string()))?;
    match (url.scheme(), url.host_str()) {
        ("http" | "https", Some(_)) => Ok(url),
        ("http" | "https", None) => Err(error("the host is missing")),
        _ => Err(error("only http and https are spoken")),
    }
}

/// Where in the document we are, for messages that name it.
struct Place<'a> {
    server: &'a str,
}

impl Place<'_> {
    fn error(&self, problem: impl Into<String>) -> ConfigError {
        ConfigError::server(self.server, problem)
    }

    fn text(&self, map: &Map<String, Value>, key: &str) -> Result<Option<String>, ConfigError> {
        match map.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(self.error(format!("\"{key}\" must be a text"))),
        }
    }

    fn flag(&self, map: &Map<String, Value>, key: &str) -> Result<Option<bool>, ConfigError> {
        match map.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(*flag)),
            Some(_) => Err(self.error(format!("\"{key}\" must be true or false"))),
        }
    }

    fn seconds(&self, map: &Map<String, Value>, key: &str) -> Result<Option<Duration>, ConfigError> {
        match map.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => match value.as_f64().and_then(seconds::read) {
                Some(duration) => Ok(Some(duration)),
                None => Err(self.error(format!("\"{key}\" must be a number of seconds above 0"))),
            },
        }
    }

    /// What is not known here is whatever the server turns out to speak.
    fn era(&self, map: &Map<String, Value>) -> Result<Era, ConfigError> {
        let era = self.text(map, "era")?.or(self.text(map, "protocolEra")?);
        Ok(match era.map(|era| era.to_ascii_lowercase()).as_deref() {
            Some("legacy") => Era::Legacy,
            Some("modern") => Era::Modern,
            _ => Era::Auto,
        })
    }

    fn count(&self, map: &Map<String, Value>, key: &str) -> Result<Option<u32>, ConfigError> {
        match map.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => match value.as_u64().and_then(|number| u32::try_from(number).ok()) {
                Some(number @ 1..=1000) => Ok(Some(number)),
                _ => Err(self.error(format!("\"{key}\" must be a number from 1 to 1000"))),
            },
        }
    }

    /// Another program's idea of a sandbox is not taken for ours: what cannot be read is no sandbox to rely on.
    fn sandbox(&self, map: &Map<String, Value>) -> Result<Option<Sandbox>, ConfigError> {
        match map.get("sandbox") {
            None | Some(Value::Null) => Ok(None),
            Some(value) => serde_json::from_value(value.clone()).map(Some).map_err(|_| {
                self.error("\"sandbox\" must be an object with lists \"read\" and \"write\" and a switch \"network\"")
            }),
        }
    }

    fn list(&self, map: &Map<String, Value>, key: &str) -> Result<Vec<String>, ConfigError> {
        let wrong = || self.error(format!("\"{key}\" must be a list of texts"));
        match map.get(key) {
            None | Some(Value::Null) => Ok(vec![]),
            Some(Value::Array(list)) => list.iter().map(|value| scalar(value).ok_or_else(wrong)).collect(),
            Some(Value::String(line)) => words::split(line),
            Some(_) => Err(wrong()),
        }
    }

    fn texts(&self, map: &Map<String, Value>, key: &str) -> Result<BTreeMap<String, String>, ConfigError> {
        match map.get(key) {
            None | Some(Value::Null) => Ok(BTreeMap::new()),
            Some(Value::Object(texts)) => texts
                .iter()
                .filter(|(_, value)| !value.is_null())
                .map(|(name, value)| match scalar(value) {
                    Some(text) => Ok((name.clone(), text)),
                    None => Err(self.error(format!("\"{name}\" in \"{key}\" must be a text"))),
                })
                .collect(),
            Some(_) => Err(self.error(format!("\"{key}\" must be an object of texts"))),
        }
    }
}

/// Numbers and switches are often written without quotes.
fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}
