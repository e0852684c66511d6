//! What a suite says beforehand: which calls it wishes for, and as whom to sign in.

use serde_json::{Map, Value, json};

use super::Call;

/// By this address the suites' authorization servers know their client, where they know clients by a document.
const DOCUMENT: &str = "https://conformance-test.local/client-metadata.json";

pub(super) struct Context {
    /// Which of its scenarios the suite runs.
    scenario: String,
    said: Value,
}

impl Context {
    /// From the environment, where the suites write it.
    pub(super) fn of_suite() -> Self {
        let said = std::env::var("MCP_CONFORMANCE_CONTEXT").unwrap_or_default();
        Self {
            scenario: std::env::var("MCP_CONFORMANCE_SCENARIO").unwrap_or_default(),
            said: serde_json::from_str(&said).unwrap_or_default(),
        }
    }

    /// What stands under `toolCalls`.
    pub(super) fn calls(&self) -> Vec<Call> {
        let calls = self.said["toolCalls"].as_array().cloned().unwrap_or_default();
        let read = |call: &Value| {
            let arguments = call["arguments"].as_object().cloned().unwrap_or_default();
            Some((call["name"].as_str()?.to_owned(), arguments))
        };
        calls.iter().filter_map(read).collect()
    }

    /// As a person would have configured it.
    pub(super) fn auth(&self) -> Value {
        let mut oauth = Map::from_iter([("client_metadata_url".to_owned(), json!(DOCUMENT))]);
        let named = [
            ("client_id", "client_id"),
            ("client_secret", "client_secret"),
            ("private_key_pem", "private_key"),
            ("signing_algorithm", "algorithm"),
        ];
        for (said, ours) in named {
            if let Some(value) = self.said.get(said) {
                oauth.insert(ours.to_owned(), value.clone());
            }
        }
        if self.scenario.starts_with("auth/client-credentials") {
            oauth.insert("grant".to_owned(), json!("client_credentials"));
        }
        if let Some(token) = self.said.get("idp_id_token") {
            let [client, url] = ["idp_client_id", "idp_token_endpoint"].map(|name| &self.said[name]);
            oauth.insert("idp".to_owned(), json!({ "client_id": client, "id_token": token, "token_url": url }));
        }
        json!({ "oauth": oauth })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_is_configured_as_a_person_would() {
        let context = |scenario: &str, said| Context { scenario: scenario.into(), said };
        let robot = context("auth/client-credentials-basic", json!({ "client_id": "c", "client_secret": "s" })).auth();
        assert_eq!(
            (&robot["oauth"]["grant"], &robot["oauth"]["client_id"]),
            (&json!("client_credentials"), &json!("c"))
        );
        let person = context("auth/pre-registration", json!({ "client_id": "c", "client_secret": "s" })).auth();
        assert_eq!(person["oauth"]["grant"], Value::Null);
        let company = json!({ "client_id": "c", "idp_client_id": "i", "idp_id_token": "t", "idp_token_endpoint": "u" });
        let company = context("auth/cross-app-access-complete-flow", company).auth();
        assert_eq!(company["oauth"]["idp"], json!({ "client_id": "i", "id_token": "t", "token_url": "u" }));
        let calls = context("x", json!({ "toolCalls": [{ "name": "a", "arguments": { "b": 1 } }, { "no": "name" }] }));
        assert_eq!(calls.calls(), [("a".to_owned(), Map::from_iter([("b".to_owned(), json!(1))]))]);
    }
}
