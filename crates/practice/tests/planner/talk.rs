//! A conversation with the practice model: its calls are answered from a recording.
//!
//! Tools and results of the help desk are what its servers send; a test of theirs holds the recording to it.

use std::collections::BTreeMap;

use jiff::civil::date;
use practice::plan::plan;
use practice::verify;
use serde_json::{Map, Value, json};

/// The tool that finds the others.
const FINDER: &str = "desk__find_tools";

/// A conversation against recorded results; the key of a result is the tool and its arguments.
pub(crate) struct Talk {
    tools: Value,
    /// Tools that are offered once a search for tools found them.
    hidden: Vec<Value>,
    results: BTreeMap<String, String>,
    messages: Vec<Value>,
}

impl Talk {
    pub(crate) fn with(tools: Value, results: &[(&str, &str)]) -> Self {
        let results = results.iter().map(|(call, result)| ((*call).to_owned(), (*result).to_owned())).collect();
        Self { tools, hidden: Vec::new(), results, messages: Vec::new() }
    }

    pub(crate) fn helpdesk() -> Self {
        let results = serde_json::from_str(include_str!("../fixtures/helpdesk_results.json")).unwrap();
        let tools = serde_json::from_str(include_str!("../fixtures/helpdesk_tools.json")).unwrap();
        Self { tools, hidden: Vec::new(), results, messages: Vec::new() }
    }

    /// Asks, answers every call, and returns the rounds of calls and the text in the end.
    pub(crate) fn ask(&mut self, question: &str) -> (Vec<String>, String) {
        self.messages.push(json!({"role": "user", "content": question}));
        let mut rounds = Vec::new();
        for _ in 0..10 {
            let request = json!({"model": "practice", "messages": self.messages, "tools": self.tools});
            let request = serde_json::from_value(request).unwrap();
            let answer = plan(&request, date(2025, 6, 30));
            assert_eq!(answer, plan(&request, date(2025, 6, 30)), "the same request gets the same answer");
            if answer.calls.is_empty() {
                self.messages.push(json!({"role": "assistant", "content": answer.text}));
                assert!(verify::violations(&request.messages).is_empty());
                assert!(answer.text.ends_with("*Practice model: no AI, it matches your words to tools.*"));
                return (rounds, answer.text);
            }
            rounds.push(self.answer(&answer.calls));
        }
        panic!("{question}: no end after {rounds:?}");
    }

    /// The same tools, but only one is offered: the one that finds the others.
    pub(crate) fn behind_a_search(mut self) -> Self {
        let query = json!({"type": "string", "description": "What the tool should do, in a few words."});
        let finder = tool(FINDER, "Search the tools that are not listed here.", &["query"], json!({ "query": query }));
        self.hidden = self.tools.as_array().unwrap().clone();
        self.tools = json!([finder]);
        self
    }

    /// As a search for tools would: the three whose names and descriptions hold most of the words.
    fn find(&mut self, arguments: &Map<String, Value>) -> Option<String> {
        let query = arguments["query"].as_str()?.to_lowercase();
        let fits = |tool: &Value| {
            let text = tool["function"].to_string().to_lowercase();
            let said = text.split(|letter: char| !letter.is_alphanumeric()).collect::<Vec<_>>();
            let is_said =
                |word: &&str| said.iter().any(|said| said.trim_end_matches('s') == word.trim_end_matches('s'));
            let name = tool["function"]["name"].as_str().unwrap().to_lowercase();
            query.split(' ').filter(is_said).count()
                + 3 * query.split(' ').filter(|word| name.contains(word.trim_end_matches('s'))).count()
        };
        let mut ranked: Vec<Value> = self.hidden.iter().filter(|tool| fits(tool) > 0).cloned().collect();
        ranked.sort_by_key(|tool| std::cmp::Reverse(fits(tool)));
        ranked.truncate(3);
        let offered = self.tools.as_array_mut()?;
        offered.extend(ranked.iter().filter(|tool| !offered.contains(tool)).cloned().collect::<Vec<_>>());
        let names: Vec<&Value> = ranked.iter().map(|tool| &tool["function"]["name"]).collect();
        Some(json!({ "tools": names }).to_string())
    }

    fn answer(&mut self, calls: &[practice::plan::Call]) -> String {
        let start = self.messages.len();
        let (mut made, mut results, mut names) = (Vec::new(), Vec::new(), Vec::new());
        for (index, call) in calls.iter().enumerate() {
            let sorted: BTreeMap<_, _> = call.arguments.iter().collect();
            let arguments = serde_json::to_string(&sorted).unwrap();
            let name = format!("{} {arguments}", call.tool);
            let result =
                if call.tool == FINDER { self.find(&call.arguments) } else { self.results.get(&name).cloned() };
            let result = result.unwrap_or_else(|| panic!("no result for {name}"));
            let id = format!("call_{start}_{index}");
            made.push(json!({"id": id, "type": "function", "function": {"name": call.tool, "arguments": arguments}}));
            results.push(json!({"role": "tool", "tool_call_id": id, "content": result}));
            names.push(name.split_once("__").map_or(name.clone(), |(_, bare)| bare.to_owned()));
        }
        self.messages.push(json!({"role": "assistant", "content": null, "tool_calls": made}));
        self.messages.extend(results);
        names.sort();
        names.join(" | ")
    }
}

/// Asks and compares the rounds of calls, and looks for each part in the answer.
pub(crate) fn check(talk: &mut Talk, question: &str, rounds: &[&str], says: &[&str]) {
    let (called, text) = talk.ask(question);
    assert_eq!(called, rounds, "{question}\n{text}");
    for part in says {
        assert!(text.contains(part), "{question}: no {part:?} in\n{text}");
    }
}

pub(crate) fn helpdesk(question: &str, rounds: &[&str], says: &[&str]) {
    check(&mut Talk::helpdesk(), question, rounds, says);
}

pub(crate) fn tool(name: &str, description: &str, required: &[&str], properties: Value) -> Value {
    let parameters = json!({"type": "object", "properties": properties, "required": required});
    json!({"type": "function", "function": {"name": name, "description": description, "parameters": parameters}})
}
