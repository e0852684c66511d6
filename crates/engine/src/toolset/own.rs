//! Loquat's own tools. They reach nothing but what the conversation holds and its servers have linked to.

use std::sync::Arc;

use serde_json::{Value, json};

use super::prepared::Prepared;

/// A tool of Loquat's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Own {
    FindTools,
    ReadResult,
    ReadResource,
}

impl Own {
    const ALL: [Self; 3] = [Self::FindTools, Self::ReadResult, Self::ReadResource];

    /// The own tool of that name.
    pub(crate) fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|own| own.name() == name)
    }

    /// The name within Loquat; the model is given [`Own::called`].
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::FindTools => "find_tools",
            Self::ReadResult => "read_result",
            Self::ReadResource => "read_resource",
        }
    }

    pub(crate) fn called(self) -> String {
        format!("loquat__{}", self.name())
    }

    /// Models change case and punctuation.
    pub(crate) fn is_called(self, name: &str) -> bool {
        let letters = |text: &str| -> String {
            text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
        };
        letters(name) == letters(&self.called())
    }

    /// What people read.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::FindTools => "Find tools",
            Self::ReadResult => "Read more of a result",
            Self::ReadResource => "Read a linked resource",
        }
    }

    pub(super) fn prepared(self, servers: &str) -> Arc<Prepared> {
        let (description, parameters) = match self {
            Self::FindTools => (
                format!(
                    "Finds tools by what they do, and makes them available from your next step on. Only a few of the \
                     tools are shown to you; call this first whenever none of those shown fits. \
                     Servers and how many tools each has: {servers}."
                ),
                object(
                    json!({
                        "query": { "type": "string", "description": "What the tool shall do, in a few words of English." },
                    }),
                    &["query"],
                ),
            ),
            Self::ReadResult => (
                "Reads more of a result that was too long to be shown whole. The marker in the result names its id."
                    .to_owned(),
                object(
                    json!({
                        "result": { "type": "string", "description": "The id from the marker." },
                        "offset": { "type": "integer", "description": "The character to begin at, from 0." },
                        "length": { "type": "integer", "description": "How many characters; 20000 at most." },
                        "search": { "type": "string", "description": "Instead: a text to look for. Tells where it is." },
                    }),
                    &["result"],
                ),
            ),
            Self::ReadResource => (
                "Reads a resource to which a result links, written there as [resource: name (uri)].".to_owned(),
                object(
                    json!({ "uri": { "type": "string", "description": "The uri of the link, unchanged." } }),
                    &["uri"],
                ),
            ),
        };
        Arc::new(Prepared::new(&self.called(), &description, parameters))
    }
}

fn object(properties: Value, required: &[&str]) -> Value {
    json!({ "type": "object", "properties": properties, "required": required })
}
