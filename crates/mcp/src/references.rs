//! `${…}` in a configuration: values that stand elsewhere, looked up just before they are used.
//!
//! Ours is `${secret:NAME}`, an entry of the keychain. Other clients' files bring `${VAR}`, `${VAR:-default}`,
//! `${env:VAR}`, `${input:NAME}` and `${userHome}`. What is none of these is left as it is written.

use std::{collections::BTreeMap, env};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use crate::{Secret, SecretError, Secrets, ServerConfig, Transport, mask};

/// What may stand in a query or a password as it is.
const PLAIN: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// A value that stands elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reference {
    /// An entry of the keychain.
    Secret(String),
    /// What another client would ask for; here an entry of the keychain likewise.
    Input(String),
    Variable {
        name: String,
        otherwise: Option<String>,
    },
    Home,
}

/// Why a value could not be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Lacking {
    #[error("the secret '{0}' is not in the keychain")]
    Secret(String),
    #[error("the secret '{name}' could not be read: {cause}")]
    Unreadable { name: String, cause: SecretError },
    #[error("the environment variable '{0}' is not set")]
    Variable(String),
    #[error("the home directory is not known")]
    Home,
}

impl Lacking {
    /// What a person can do about it.
    pub(crate) fn fix(&self) -> String {
        match self {
            Self::Secret(name) => format!("Enter it in Settings → Servers, or with: loq secret {name}"),
            Self::Unreadable { cause, .. } => cause.report().fix.unwrap_or_else(|| "Try again.".to_owned()),
            Self::Variable(name) => format!("Set {name} before Loquat starts, or write its value into the settings."),
            Self::Home => "Write the path out in the server's settings.".to_owned(),
        }
    }
}

enum Piece<'a> {
    Text(&'a str),
    Reference(Reference),
}

fn pieces(text: &str) -> Vec<Piece<'_>> {
    let (mut pieces, mut done, mut from) = (vec![], 0, 0);
    while let Some(start) = text[from..].find("${").map(|at| from + at) {
        let Some(end) = text[start..].find('}').map(|at| start + at) else { break };
        from = start + 2;
        if let Some(reference) = read(&text[start + 2..end]) {
            pieces.push(Piece::Text(&text[done..start]));
            pieces.push(Piece::Reference(reference));
            (done, from) = (end + 1, end + 1);
        }
    }
    pieces.push(Piece::Text(&text[done..]));
    pieces
}

fn read(inner: &str) -> Option<Reference> {
    let variable = |name: &str, otherwise: Option<&str>| {
        let starts_well = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        let valid = starts_well && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        valid.then(|| Reference::Variable { name: name.to_owned(), otherwise: otherwise.map(str::to_owned) })
    };
    if inner == "userHome" {
        return Some(Reference::Home);
    }
    match inner.split_once(':') {
        Some(("secret", name)) if !name.is_empty() => Some(Reference::Secret(name.to_owned())),
        Some(("input", name)) if !name.is_empty() => Some(Reference::Input(name.to_owned())),
        Some(("env", name)) => variable(name, None),
        Some((name, otherwise)) if otherwise.starts_with('-') => variable(name, Some(&otherwise[1..])),
        Some(_) => None,
        None => variable(inner, None),
    }
}

/// How a secret is written in a configuration.
pub(crate) fn to_secret(name: &str) -> String {
    format!("${{secret:{name}}}")
}

/// The entry of the keychain in which a configuration's secret lies.
pub fn secret_entry(name: &str) -> String {
    format!("server/{name}")
}

/// Whether nothing of the value but its scheme stands here: `${…}` or `Bearer ${…}`.
pub(crate) fn is_reference(value: &str) -> bool {
    let pieces = pieces(value);
    let refers = pieces.iter().any(|piece| matches!(piece, Piece::Reference(_)));
    refers
        && pieces.iter().all(|piece| match piece {
            Piece::Text(text) => text.chars().all(|c| c.is_alphabetic() || c == ' '),
            Piece::Reference(_) => true,
        })
}

/// Every reference in a configuration, each once.
pub(crate) fn of(config: &ServerConfig) -> Vec<Reference> {
    let mut found = vec![];
    let mut config = config.clone();
    each(&mut config, &mut |text, _| {
        for piece in pieces(text) {
            if let Piece::Reference(reference) = piece
                && !found.contains(&reference)
            {
                found.push(reference);
            }
        }
        None
    });
    found
}

/// The configuration with every value in its place, for immediate use: it must never be shown or written down.
pub(crate) async fn resolve(config: &ServerConfig, secrets: Option<&dyn Secrets>) -> Result<ServerConfig, Lacking> {
    let mut values: BTreeMap<String, Secret> = BTreeMap::new();
    for reference in of(config) {
        if let Reference::Secret(name) | Reference::Input(name) = reference {
            let kept = match secrets {
                Some(secrets) => secrets.get(&secret_entry(&name)).await,
                None => Ok(None),
            };
            let kept = kept.map_err(|cause| Lacking::Unreadable { name: name.clone(), cause })?;
            let value = kept.ok_or_else(|| Lacking::Secret(name.clone()))?;
            values.insert(name, value);
        }
    }
    let mut resolved = config.clone();
    let mut lacking = None;
    each(&mut resolved, &mut |text, is_url| match filled(text, is_url, &values) {
        Ok(text) => Some(text),
        Err(error) => {
            lacking.get_or_insert(error);
            None
        }
    });
    lacking.map_or(Ok(resolved), Err)
}

fn filled(text: &str, is_url: bool, values: &BTreeMap<String, Secret>) -> Result<String, Lacking> {
    let mut out = String::new();
    for piece in pieces(text) {
        match piece {
            Piece::Text(text) => out.push_str(text),
            Piece::Reference(Reference::Secret(name) | Reference::Input(name)) => {
                let value = values.get(&name).ok_or(Lacking::Secret(name))?.expose();
                if is_url { out.extend(utf8_percent_encode(value, &PLAIN)) } else { out.push_str(value) }
            }
            Piece::Reference(Reference::Variable { name, otherwise }) => {
                let value = env::var(&name).ok().filter(|value| !value.is_empty() || otherwise.is_none());
                out.push_str(&value.or(otherwise).ok_or(Lacking::Variable(name))?);
            }
            Piece::Reference(Reference::Home) => {
                let home = env::home_dir().ok_or(Lacking::Home)?;
                out.push_str(&home.to_string_lossy());
            }
        }
    }
    Ok(out)
}

/// Shows every text of a configuration, with whether it is an address, and puts in what is answered.
fn each(config: &mut ServerConfig, change: &mut dyn FnMut(&str, bool) -> Option<String>) {
    let mut put = |text: &mut String, is_url: bool| {
        if let Some(changed) = change(text, is_url) {
            *text = changed;
        }
    };
    match &mut config.transport {
        Transport::Stdio { command, args, env, cwd } => {
            put(command, false);
            args.iter_mut().chain(env.values_mut()).for_each(|text| put(text, text.contains("://")));
            if let Some(folder) = cwd {
                let mut text = folder.to_string_lossy().into_owned();
                put(&mut text, false);
                *folder = text.into();
            }
        }
        Transport::Http { url, headers } | Transport::Sse { url, headers } => {
            put(url, true);
            headers.values_mut().for_each(|text| put(text, false));
        }
    }
    if let Some(auth) = &mut config.auth {
        each_of_json(auth, &mut |text| put(text, false));
    }
}

fn each_of_json(value: &mut Value, put: &mut dyn FnMut(&mut String)) {
    match value {
        Value::String(text) => put(text),
        Value::Array(list) => list.iter_mut().for_each(|value| each_of_json(value, put)),
        Value::Object(map) => map.values_mut().for_each(|value| each_of_json(value, put)),
        Value::Null | Value::Bool(_) | Value::Number(_) => (),
    }
}

/// A configuration without the secrets that stood in it, and those secrets by the names that now refer to them.
pub fn set_secrets_apart(config: &ServerConfig) -> (ServerConfig, Vec<(String, Secret)>) {
    let mut found: Vec<(String, Secret)> = vec![];
    let mut config = config.clone();
    let server = config.name.clone();
    let mut swap = |name: &str, secret: &str| {
        if let Some((known, _)) = found.iter().find(|(_, known)| known.expose() == secret) {
            return to_secret(known);
        }
        let wanted = own_name(&server, name);
        let taken = |name: &String| found.iter().any(|(known, _)| known == name);
        let later = (2..).map(|number| format!("{wanted}-{number}"));
        let name = std::iter::once(wanted.clone()).chain(later).find(|name| !taken(name)).unwrap_or(wanted);
        found.push((name.clone(), Secret::new(secret)));
        to_secret(&name)
    };
    match &mut config.transport {
        Transport::Stdio { args, env, .. } => {
            *args = mask::in_args(args, &mut swap);
            env.iter_mut().for_each(|(name, value)| *value = mask::in_value(name, value, &mut swap));
        }
        Transport::Http { url, headers } | Transport::Sse { url, headers } => {
            *url = mask::in_url(url, &mut swap);
            headers.iter_mut().for_each(|(name, value)| *value = mask::in_value(name, value, &mut swap));
        }
    }
    if let Some(auth) = &mut config.auth {
        in_json("auth", auth, &mut swap);
    }
    (config, found)
}

fn in_json(name: &str, value: &mut Value, swap: &mut dyn FnMut(&str, &str) -> String) {
    match value {
        // `auth_type: "token"` and its like name a way, not a secret.
        Value::String(text) if !name.ends_with("type") => *text = mask::in_value(name, text, swap),
        Value::Array(list) => list.iter_mut().for_each(|value| in_json(name, value, swap)),
        Value::Object(map) => map.iter_mut().for_each(|(name, value)| in_json(name, value, swap)),
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => (),
    }
}

/// The names of the keychain's entries that a configuration refers to.
pub fn secret_names(config: &ServerConfig) -> Vec<String> {
    let secret = |reference| match reference {
        Reference::Secret(name) | Reference::Input(name) => Some(name),
        Reference::Variable { .. } | Reference::Home => None,
    };
    of(config).into_iter().filter_map(secret).collect()
}

/// What a configuration asks for as other clients do: `${input:…}`.
pub fn inputs(config: &ServerConfig) -> Vec<String> {
    let input = |reference| match reference {
        Reference::Input(id) => Some(id),
        Reference::Secret(_) | Reference::Variable { .. } | Reference::Home => None,
    };
    of(config).into_iter().filter_map(input).collect()
}

/// The same configuration; what it asks for has become a secret of its own, by another name than anybody else's.
pub fn with_own_inputs(config: &ServerConfig) -> ServerConfig {
    let mut own = config.clone();
    let server = config.name.clone();
    each(&mut own, &mut |text, _| {
        let word = |piece| match piece {
            Piece::Reference(Reference::Input(id)) => Some((id.clone(), to_secret(&own_name(&server, &id)))),
            Piece::Text(_) | Piece::Reference(_) => None,
        };
        let words: Vec<_> = pieces(text).into_iter().filter_map(word).collect();
        let changed =
            words.iter().fold(text.to_owned(), |text, (id, own)| text.replace(&format!("${{input:{id}}}"), own));
        (!words.is_empty()).then_some(changed)
    });
    own
}

/// What a server's own secret is called.
pub fn own_name(server: &str, name: &str) -> String {
    format!("{server}.{}", entry_word(name))
}

/// The variables of Loquat's own environment that a configuration reads.
pub fn variables_read(config: &ServerConfig) -> Vec<String> {
    let variable = |reference| match reference {
        Reference::Variable { name, .. } => Some(name),
        Reference::Secret(_) | Reference::Input(_) | Reference::Home => None,
    };
    of(config).into_iter().filter_map(variable).collect()
}

fn entry_word(name: &str) -> String {
    name.trim_start_matches('-').chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{MemorySecrets, parse_servers};

    fn server(json: &str) -> ServerConfig {
        parse_servers(json).unwrap().remove(0)
    }

    #[tokio::test]
    async fn what_is_set_apart_comes_back_when_it_is_resolved() {
        for json in [
            r#"{"s":{"command":"x","args":["--token","abc","-e","KEY=def"],"env":{"API_KEY":"k","MODE":"fast"}}}"#,
            r#"{"s":{"url":"https://u:p@h.example/mcp?token=a%2Fb&x=1","headers":{"Authorization":"Bearer abc"}}}"#,
            r#"{"s":{"url":"https://h.example/","auth":{"post_body":{"username":"me","password":"hunter2"}}}}"#,
            r#"{"s":{"url":"https://h.example/","oauth":{"client_id":"c","client_secret":"hunter2"}}}"#,
        ] {
            let before = server(json);
            let (apart, found) = set_secrets_apart(&before);
            assert!(!found.is_empty(), "{json}");
            let written = serde_json::to_string(&apart).unwrap();
            let secrets = MemorySecrets::default();
            assert_eq!(resolve(&apart, Some(&secrets)).await.err(), Some(Lacking::Secret(found[0].0.clone())));
            for (name, secret) in &found {
                assert!(!written.contains(&format!("\"{}\"", secret.expose())), "{written}");
                secrets.set(&secret_entry(name), secret.clone()).await.unwrap();
            }
            assert!(resolve(&apart, Some(&secrets)).await.unwrap() == before, "{json}");
            assert_eq!(set_secrets_apart(&apart).1.len(), 0, "what is apart stays as it is");
        }
    }

    #[tokio::test]
    async fn what_other_clients_refer_to_is_read() {
        let config =
            server(r#"{"s":{"command":"x","args":["${userHome}/a","${NOT_SET_HERE:-b}","${a.b}","${","$5"]}}"#);
        let Transport::Stdio { args, .. } = resolve(&config, None).await.unwrap().transport else { panic!() };
        assert_eq!(args[0], format!("{}/a", env::home_dir().unwrap().display()));
        assert_eq!(args[1..], ["b", "${a.b}", "${", "$5"]);
        let config = server(r#"{"s":{"url":"https://h/","headers":{"A":"${env:NOT_SET_HERE}","B":"${input:key}"}}}"#);
        assert_eq!((variables_read(&config), secret_names(&config)), (vec!["NOT_SET_HERE".into()], vec!["key".into()]));
        let secrets = MemorySecrets::default();
        secrets.set(&secret_entry("key"), Secret::new("value")).await.unwrap();
        assert_eq!(resolve(&config, Some(&secrets)).await.err(), Some(Lacking::Variable("NOT_SET_HERE".into())));
    }
}
