//! One tool as the gateway offers it, whatever stands behind it.

use std::sync::Arc;

use http::Method;
use jsonschema::Validator;
use serde_json::{Map, Value, json};

use crate::{config::Approval, plan::Tenant};

/// A tool, compiled once when the configuration is read.
pub(crate) struct Offer {
    pub(crate) name: String,
    /// The tool of which this is another name.
    pub(crate) alias_of: Option<String>,
    pub(crate) title: Option<String>,
    pub(crate) description: String,
    pub(crate) input: Arc<Map<String, Value>>,
    pub(crate) output: Option<Arc<Map<String, Value>>>,
    /// None where whoever stands behind it checks for themselves.
    pub(crate) validator: Option<Validator>,
    pub(crate) hints: chat::ToolHints,
    pub(crate) roles: Arc<[String]>,
    pub(crate) approval: Approval,
    pub(crate) via: Via,
}

/// What stands behind a tool.
pub(crate) enum Via {
    Http {
        service: String,
        method: Method,
        path: Path,
    },
    Fetch,
    Server {
        server: String,
        tool: String,
    },
    /// A server, of which something else than a tool is wanted.
    Beyond {
        server: String,
        want: Want,
    },
}

/// What else than a tool can be wanted of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Want {
    Prompt { name: String },
    Resource,
    Completion,
    Watch,
}

impl Want {
    /// The protocol's name of the request.
    pub(crate) fn method(&self) -> &'static str {
        match self {
            Self::Prompt { .. } => "prompts/get",
            Self::Resource => "resources/read",
            Self::Completion => "completion/complete",
            Self::Watch => "resources/subscribe",
        }
    }

    /// As it stands in the audit log.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Prompt { .. } => "prompt",
            Self::Resource => "resource",
            Self::Completion => "completion",
            Self::Watch => "subscription",
        }
    }

    /// Whether it brings something out of the server, and so is asked for and counted like a call.
    pub(crate) fn is_reading(&self) -> bool {
        matches!(self, Self::Prompt { .. } | Self::Resource)
    }
}

impl Via {
    /// The server or service.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Http { service, .. } => service,
            Self::Fetch => "web",
            Self::Server { server, .. } | Self::Beyond { server, .. } => server,
        }
    }

    /// Whether it leads anywhere for that tenant.
    pub(crate) fn leads(&self, tenant: Option<&Tenant>) -> bool {
        match self {
            Self::Http { service, .. } => tenant.is_some_and(|tenant| tenant.services.contains_key(service)),
            Self::Fetch | Self::Server { .. } | Self::Beyond { .. } => true,
        }
    }
}

impl Offer {
    /// The name under which it is counted and judged.
    pub(crate) fn rule_name(&self) -> &str {
        match &self.via {
            // There are as many names as there are resources.
            Via::Beyond { want, .. } => want.method(),
            Via::Http { .. } | Via::Fetch | Via::Server { .. } => self.alias_of.as_deref().unwrap_or(&self.name),
        }
    }

    /// Whether it is counted against the limits of calls.
    pub(crate) fn is_counted(&self) -> bool {
        match &self.via {
            Via::Beyond { want, .. } => want.is_reading(),
            Via::Http { .. } | Via::Fetch | Via::Server { .. } => true,
        }
    }

    /// Whether its schema names this argument.
    pub(crate) fn asks_for(&self, argument: &str) -> bool {
        self.input.get("properties").and_then(Value::as_object).is_some_and(|known| known.contains_key(argument))
    }

    /// As MCP lists it.
    pub(crate) fn listed(&self) -> Value {
        let hints = self.hints;
        let mut tool = json!({
            "name": self.name,
            "description": self.description,
            "inputSchema": &*self.input,
            "annotations": {
                "readOnlyHint": hints.read_only,
                "destructiveHint": hints.destructive,
                "idempotentHint": hints.idempotent,
                "openWorldHint": hints.open_world,
            },
        });
        if let Some(title) = &self.title {
            tool["title"] = json!(title);
            tool["annotations"]["title"] = json!(title);
        }
        if let Some(output) = &self.output {
            tool["outputSchema"] = json!(&**output);
        }
        tool
    }
}

/// A path below a service's URL, with places that arguments fill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Path(Vec<Piece>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Argument(String),
}

impl Path {
    /// Nothing where a brace is left open.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut pieces = vec![];
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let (name, after) = after.split_once('}')?;
            if name.is_empty() || before.contains('}') {
                return None;
            }
            pieces.push(Piece::Text(before.to_owned()));
            pieces.push(Piece::Argument(name.to_owned()));
            rest = after;
        }
        (!rest.contains('}')).then(|| {
            pieces.push(Piece::Text(rest.to_owned()));
            Self(pieces)
        })
    }

    pub(crate) fn arguments(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Text(_) => None,
            Piece::Argument(name) => Some(name.as_str()),
        })
    }

    /// The path with its arguments in it, which are taken out of the others. A value never becomes more than one
    /// segment, and never the name of the folder above.
    pub(crate) fn fill(&self, arguments: &mut Map<String, Value>) -> Result<String, String> {
        let mut path = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => path.push_str(text),
                Piece::Argument(name) => {
                    let value = match arguments.shift_remove(name) {
                        Some(Value::String(text)) => text,
                        Some(value @ (Value::Number(_) | Value::Bool(_))) => value.to_string(),
                        Some(Value::Null | Value::Array(_) | Value::Object(_)) | None => return Err(name.clone()),
                    };
                    if value.is_empty() || value == "." || value == ".." {
                        return Err(name.clone());
                    }
                    path.extend(url::form_urlencoded::byte_serialize(value.as_bytes()).map(|part| match part {
                        "+" => "%20",
                        part => part,
                    }));
                }
            }
        }
        Ok(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_stays_within_its_segment() {
        let path = Path::parse("/contacts/{id}/notes").unwrap();
        let fill = |id: Value| path.fill(json!({ "id": id, "x": 1 }).as_object_mut().unwrap());
        assert_eq!(fill(json!("C 1")).unwrap(), "/contacts/C%201/notes");
        assert_eq!(fill(json!("a/../b?x#y")).unwrap(), "/contacts/a%2F..%2Fb%3Fx%23y/notes");
        assert_eq!(fill(json!(7)).unwrap(), "/contacts/7/notes");
        for bad in [json!(".."), json!("."), json!(""), json!(null), json!([1])] {
            assert!(fill(bad.clone()).is_err(), "{bad}");
        }
        assert!(Path::parse("/a{b").is_none() && Path::parse("/a}b").is_none() && Path::parse("/a{}").is_none());
    }
}
