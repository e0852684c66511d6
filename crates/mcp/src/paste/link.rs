//! Links that stand for a server: Loquat's own, and the ones that other clients' “Install” buttons lead to.
//!
//! | Whose | Shape |
//! |---|---|
//! | Loquat | `loquat://add?url=…`, `loquat://add?command=…`, `loquat://add?config=…`, each with an optional `name=` |
//! | Cursor | `cursor://anysphere.cursor-deeplink/mcp/install?name=…&config=BASE64`, `https://cursor.com/install-mcp?…` |
//! | LM Studio | `lmstudio://add_mcp?name=…&config=BASE64`, `https://lmstudio.ai/install-mcp?…` |
//! | VS Code | `vscode:mcp/install?JSON`, `https://vscode.dev/redirect/mcp/install?name=…&config=JSON` |

use std::collections::BTreeMap;

use base64::{Engine, engine::DecodePaddingMode, engine::general_purpose::GeneralPurposeConfig};
use serde_json::{Map, Value};
use url::Url;

use super::{json, words};
use crate::{ConfigError, ServerConfig};

const SCHEMES: [&str; 6] = ["loquat", "cursor", "lmstudio", "vscode", "vscode-insiders", "vscodium"];
/// Pages on the web that only pass such a link on.
const PAGES: [(&str, &str); 6] = [
    ("cursor.com", "/install-mcp"),
    ("cursor.com", "/en/install-mcp"),
    ("www.cursor.com", "/install-mcp"),
    ("lmstudio.ai", "/install-mcp"),
    ("vscode.dev", "/redirect/mcp/install"),
    ("insiders.vscode.dev", "/redirect/mcp/install"),
];

/// Whether the text is such a link. It says nothing about what the link holds.
pub(super) fn recognise(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let is_page = || PAGES.iter().any(|(host, path)| url.host_str() == Some(host) && url.path() == *path);
    (SCHEMES.contains(&url.scheme()) || url.scheme() == "https" && is_page()).then_some(url)
}

/// The server that the link describes. Nobody's link can mark a server as Loquat's own or agree to its command line.
pub(super) fn server(link: &Url) -> Result<ServerConfig, ConfigError> {
    let query = link.query().ok_or(ConfigError::NoServers)?;
    let asked: BTreeMap<String, String> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let name = asked.get("name").map(String::as_str).filter(|name| !name.trim().is_empty());
    if let Some(config) = asked.get("config") {
        return super::from_value(name, &object(config)?);
    }
    if let Some(url) = asked.get("url") {
        return super::from_value(name, &serde_json::json!({ "url": url }));
    }
    if let Some(command) = asked.get("command") {
        let server = words::server(command)?;
        return Ok(name
            .map(str::to_owned)
            .map_or_else(|| server.clone(), |name| ServerConfig { name, ..server.clone() }));
    }
    // VS Code's own links are nothing but JSON behind the question mark.
    let text = percent_decoded(query);
    if text.trim_start().starts_with('{') {
        return super::from_value(None, &json::read(&text)?);
    }
    Err(ConfigError::NoServers)
}

/// The settings of one server, as JSON or as JSON in base64. Some links wrap them in the server's name.
fn object(config: &str) -> Result<Value, ConfigError> {
    let text = if config.trim_start().starts_with('{') { config.to_owned() } else { decoded(config)? };
    match json::read(&text)? {
        Value::Object(map) => Ok(unwrapped(map)),
        _ => Err(ConfigError::NoServers),
    }
}

fn unwrapped(mut map: Map<String, Value>) -> Value {
    if map.len() == 1
        && let Some(Value::Object(inner)) = map.get_mut("mcpServers")
        && inner.len() == 1
        && let Some((_, only)) = std::mem::take(inner).into_iter().next()
    {
        return only;
    }
    Value::Object(map)
}

/// Base64 as links carry it: of either alphabet, padded or not; a `+` may have become a space on the way.
fn decoded(config: &str) -> Result<String, ConfigError> {
    let config: String = config
        .trim()
        .chars()
        .map(|char| {
            if char == '-' || char == ' ' {
                '+'
            } else if char == '_' {
                '/'
            } else {
                char
            }
        })
        .collect();
    let lenient = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let engine = base64::engine::GeneralPurpose::new(&base64::alphabet::STANDARD, lenient);
    let bytes = engine
        .decode(config)
        .map_err(|error| ConfigError::NotJson { cause: format!("the link's base64 is broken: {error}") })?;
    String::from_utf8(bytes).map_err(|_| ConfigError::NotJson { cause: "the link holds no text".to_owned() })
}

fn percent_decoded(text: &str) -> String {
    // The parser of forms splits at `&` and `=`; as one value without a name it only decodes.
    let kept = text.replace('&', "%26").replace('=', "%3D").replace('+', "%2B");
    url::form_urlencoded::parse(kept.as_bytes()).map(|(text, _)| text.into_owned()).collect()
}
