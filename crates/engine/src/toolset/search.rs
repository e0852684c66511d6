//! Finding tools by what they do: BM25 over names, descriptions and arguments.

use std::collections::HashMap;

use chat::Tool;
use serde_json::Value;

use super::words::{kin, stems};

/// How much a repeated word adds, and how much length counts against it (the usual values of BM25).
const SATURATION: f64 = 1.2;
const LENGTH: f64 = 0.5;
/// What a word of the same meaning counts, against the word itself.
const KIN: f64 = 0.4;

/// What a word is worth by the place where it stands.
const IN_NAME: f64 = 3.0;
const IN_TITLE: f64 = 2.0;
const IN_SERVER: f64 = 1.5;
const IN_DESCRIPTION: f64 = 1.0;
const IN_ARGUMENT: f64 = 0.8;
const IN_ARGUMENT_DESCRIPTION: f64 = 0.3;
/// Further sentences are examples and manners more than purpose.
const IN_REST: f64 = 0.4;

/// Tools made ready to be searched.
#[derive(Debug, Default)]
pub struct ToolIndex {
    tools: Vec<Indexed>,
    /// In how many tools a stem stands.
    known: HashMap<String, usize>,
    average: f64,
}

#[derive(Debug)]
struct Indexed {
    weights: HashMap<String, f64>,
    length: f64,
}

impl ToolIndex {
    pub fn new<'a>(tools: impl IntoIterator<Item = &'a Tool>) -> Self {
        let tools: Vec<Indexed> = tools.into_iter().map(Indexed::new).collect();
        let mut known = HashMap::new();
        for stem in tools.iter().flat_map(|tool| tool.weights.keys()) {
            *known.entry(stem.clone()).or_insert(0) += 1;
        }
        let average = tools.iter().map(|tool| tool.length).sum::<f64>() / tools.len().max(1) as f64;
        Self { tools, known, average }
    }

    /// The places of the tools that fit best, best first; among equals the earlier.
    pub fn search(&self, query: &str, most: usize) -> Vec<usize> {
        let mut asked: HashMap<String, f64> = HashMap::new();
        for stem in stems(query) {
            for kin in kin(&stem) {
                let weight = asked.entry((*kin).to_owned()).or_default();
                *weight = weight.max(KIN);
            }
            asked.insert(stem, 1.0);
        }
        let mut scored: Vec<(usize, f64)> =
            (0..self.tools.len()).map(|at| (at, self.score(at, &asked))).filter(|(_, score)| *score > 0.0).collect();
        scored.sort_by(|(at, one), (other_at, other)| other.total_cmp(one).then(at.cmp(other_at)));
        scored.into_iter().take(most).map(|(at, _)| at).collect()
    }

    fn score(&self, at: usize, asked: &HashMap<String, f64>) -> f64 {
        let tool = &self.tools[at];
        let norm = SATURATION * (1.0 - LENGTH + LENGTH * tool.length / self.average.max(1.0));
        let mut parts: Vec<f64> = asked
            .iter()
            .filter_map(|(stem, weight)| {
                let found = *tool.weights.get(stem)? * weight;
                Some(self.rarity(stem) * found * (SATURATION + 1.0) / (found + norm))
            })
            .collect();
        // Sums of the same numbers in another order may differ in their last digit.
        parts.sort_by(f64::total_cmp);
        parts.iter().sum()
    }

    fn rarity(&self, stem: &str) -> f64 {
        let (all, having) = (self.tools.len() as f64, self.known.get(stem).copied().unwrap_or(0) as f64);
        (1.0 + (all - having + 0.5) / (having + 0.5)).ln()
    }
}

impl Indexed {
    fn new(tool: &Tool) -> Self {
        let mut indexed = Self { weights: HashMap::new(), length: 0.0 };
        indexed.add(&tool.name, IN_NAME);
        indexed.add(&tool.server, IN_SERVER);
        indexed.add(tool.title.as_deref().unwrap_or_default(), IN_TITLE);
        let (first, rest) = sentence(&tool.description);
        indexed.add(first, IN_DESCRIPTION);
        indexed.add(rest, IN_REST);
        indexed.arguments(&tool.input_schema, 0);
        indexed
    }

    fn add(&mut self, text: &str, weight: f64) {
        for stem in stems(text) {
            *self.weights.entry(stem).or_default() += weight;
            self.length += weight;
        }
    }

    fn arguments(&mut self, schema: &Value, depth: usize) {
        let properties = schema.get("properties").and_then(Value::as_object);
        for (name, property) in properties.into_iter().flatten() {
            self.add(name, IN_ARGUMENT);
            self.add(property.get("description").and_then(Value::as_str).unwrap_or_default(), IN_ARGUMENT_DESCRIPTION);
            for choice in property.get("enum").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
            {
                self.add(choice, IN_ARGUMENT_DESCRIPTION);
            }
            if depth < 2 {
                self.arguments(property, depth + 1);
                self.arguments(property.get("items").unwrap_or(&Value::Null), depth + 1);
            }
        }
    }
}

/// The first sentence and what follows it.
fn sentence(text: &str) -> (&str, &str) {
    let text = text.trim();
    let ends = [". ", ".\n", "\n\n", "\n"].iter().filter_map(|end| text.find(end));
    let at = ends.min().map_or(text.len(), |at| at + 1);
    text.split_at(at)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn tool(server: &str, name: &str, description: &str, arguments: &[&str]) -> Tool {
        let properties: serde_json::Map<String, Value> =
            arguments.iter().map(|name| ((*name).to_owned(), json!({}))).collect();
        Tool {
            server: server.into(),
            name: name.into(),
            raw_name: None,
            called: format!("{server}__{name}"),
            title: None,
            description: description.into(),
            input_schema: json!({ "type": "object", "properties": properties }),
            output_schema: None,
            hints: Default::default(),
            definition: String::new(),
            tokens: 0,
            warnings: vec![],
        }
    }

    #[test]
    fn tools_are_found_by_what_they_do() {
        let tools = [
            tool("github", "create_issue", "Create a new issue in a GitHub repository", &["owner", "repo", "title"]),
            tool("github", "list_issues", "List issues in a repository", &["owner", "repo", "state"]),
            tool("github", "merge_pull_request", "Merge a pull request", &["pullNumber"]),
            tool("files", "readTextFile", "Read the complete contents of a file", &["path"]),
            tool("files", "move_file", "Move or rename files and directories", &["source", "destination"]),
            tool("mail", "send", "Sends a message to one or more recipients", &["to", "subject", "body"]),
        ];
        let index = ToolIndex::new(&tools);
        let rows = [
            ("open a new issue", "create_issue"),
            ("which issues are there", "list_issues"),
            ("reading text files", "readTextFile"),
            ("rename a folder or file", "move_file"),
            ("e-mail with subject to recipients", "send"),
            ("merging PRs: pull requests", "merge_pull_request"),
        ];
        for (query, expected) in rows {
            let found: Vec<&str> = index.search(query, 3).into_iter().map(|at| tools[at].name.as_str()).collect();
            assert_eq!(found.first(), Some(&expected), "{query}: {found:?}");
        }
        assert!(index.search("zeppelin", 5).is_empty());
        assert!(index.search("", 5).is_empty());
    }
}
