//! Puts the calls of one answer together from their deltas.

use serde::Deserialize;

use super::ProposedCall;

/// One `delta.tool_calls[]` entry. Everything is optional: providers differ in what they send.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct CallDelta {
    index: Option<usize>,
    id: Option<String>,
    function: Option<FunctionDelta>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct FunctionDelta {
    name: Option<String>,
    /// A string of JSON, or, from careless servers, the object itself.
    arguments: Option<serde_json::Value>,
}

#[derive(Debug, Default)]
struct Partial {
    index: Option<usize>,
    id: String,
    name: String,
    arguments: String,
}

impl CallDelta {
    pub(super) fn stands_at(&mut self, place: usize) {
        self.index = Some(place);
    }

    fn is_another_than(&self, partial: &Partial) -> bool {
        let id = self.id.as_deref().unwrap_or_default();
        let name = self.function.as_ref().and_then(|function| function.name.as_deref()).unwrap_or_default();
        !id.is_empty() && !partial.id.is_empty() && id != partial.id && !name.is_empty()
    }
}

/// Calls under construction, keyed by the index the provider gives.
#[derive(Debug, Default)]
pub(super) struct Assembly {
    partials: Vec<Partial>,
}

impl Assembly {
    pub(super) fn add(&mut self, delta: CallDelta) {
        let partial = self.partial(&delta);
        let CallDelta { id, function, .. } = delta;
        // The first word that says something counts: some servers repeat id and name in every delta.
        if let Some(id) = id.filter(|id| !id.is_empty() && partial.id.is_empty()) {
            partial.id = id;
        }
        let Some(function) = function else { return };
        if let Some(name) = function.name.filter(|name| !name.is_empty() && partial.name.is_empty()) {
            partial.name = name;
        }
        match function.arguments {
            Some(serde_json::Value::String(text)) => partial.arguments.push_str(&text),
            Some(serde_json::Value::Null) | None => (),
            Some(object) => partial.arguments = object.to_string(),
        }
    }

    /// The call a delta belongs to. Without an index: a new id begins a new call, anything else
    /// goes on with the last one.
    fn partial(&mut self, delta: &CallDelta) -> &mut Partial {
        let known = match delta.index {
            Some(index) => self.partials.iter().rposition(|partial| partial.index == Some(index)),
            None => {
                let id = delta.id.as_deref().unwrap_or_default();
                let last = self.partials.len().checked_sub(1);
                last.filter(|&last| id.is_empty() || self.partials[last].id == id)
            }
        };
        // A named call with another id is another call, even where careless servers count them all as 0.
        let at = known.filter(|&at| !delta.is_another_than(&self.partials[at])).unwrap_or_else(|| {
            self.partials.push(Partial { index: delta.index, ..Partial::default() });
            self.partials.len() - 1
        });
        &mut self.partials[at]
    }

    /// How many calls have no name.
    pub(super) fn nameless(&self) -> usize {
        self.partials.iter().filter(|partial| partial.name.is_empty()).count()
    }

    /// The calls in the order in which they began. Nameless ones cannot be called and are left
    /// out; missing and repeated ids are replaced, since the history needs each exactly once.
    pub(super) fn finish(self, round: &str) -> Vec<ProposedCall> {
        let mut calls: Vec<ProposedCall> = vec![];
        for (at, partial) in self.partials.into_iter().enumerate() {
            if partial.name.is_empty() {
                continue;
            }
            let taken = partial.id.is_empty() || calls.iter().any(|call| call.wire_id == partial.id);
            let wire_id = if taken { format!("call_{round}_{at}") } else { partial.id };
            let arguments = if partial.arguments.trim().is_empty() { "{}".into() } else { partial.arguments };
            calls.push(ProposedCall { wire_id, name: partial.name, arguments });
        }
        calls
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Deltas as JSON lines in, `id name arguments` lines out.
    fn check(deltas: &[&str], expect: &[&str]) {
        let mut assembly = Assembly::default();
        for delta in deltas {
            assembly.add(serde_json::from_str(delta).unwrap());
        }
        let calls: Vec<String> = assembly
            .finish("r")
            .into_iter()
            .map(|call| format!("{} {} {}", call.wire_id, call.name, call.arguments))
            .collect();
        assert_eq!(calls, expect);
    }

    #[test]
    fn two_calls_interleaved() {
        check(
            &[
                r#"{"index":0,"id":"a","function":{"name":"one","arguments":""}}"#,
                r#"{"index":1,"id":"b","function":{"name":"two","arguments":"{\"x\""}}"#,
                r#"{"index":0,"function":{"arguments":"{}"}}"#,
                r#"{"index":1,"function":{"arguments":":1}"}}"#,
            ],
            &["a one {}", r#"b two {"x":1}"#],
        );
    }

    #[test]
    fn repeated_names_and_ids_are_not_joined() {
        check(
            &[
                r#"{"index":0,"id":"a","function":{"name":"one","arguments":"{"}}"#,
                r#"{"index":0,"id":"a","function":{"name":"one","arguments":"}"}}"#,
            ],
            &["a one {}"],
        );
    }

    #[test]
    fn empty_and_equal_ids_are_minted_and_nameless_calls_dropped() {
        check(
            &[
                r#"{"index":0,"id":"","function":{"name":"one"}}"#,
                r#"{"index":1,"id":"x","function":{"name":"two"}}"#,
                r#"{"index":2,"id":"x","function":{"name":"three"}}"#,
                r#"{"index":3,"id":"y"}"#,
            ],
            &["call_r_0 one {}", "x two {}", "call_r_2 three {}"],
        );
    }

    #[test]
    fn one_index_for_all_calls() {
        check(
            &[
                r#"{"index":0,"id":"a","function":{"name":"one","arguments":"{}"}}"#,
                r#"{"index":0,"id":"b","function":{"name":"two","arguments":"{"}}"#,
                r#"{"index":0,"function":{"arguments":"}"}}"#,
            ],
            &["a one {}", "b two {}"],
        );
    }

    #[test]
    fn no_index_at_all_and_arguments_as_an_object() {
        check(
            &[
                r#"{"id":"a","function":{"name":"one","arguments":{"x":1}}}"#,
                r#"{"id":"b","function":{"name":"two","arguments":"{"}}"#,
                r#"{"function":{"arguments":"}"}}"#,
            ],
            &[r#"a one {"x":1}"#, "b two {}"],
        );
    }
}
