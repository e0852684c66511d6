//! The tools of a request as the planner sees them: which words name them, and what their parameters take.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use super::fill::takes;
use super::param::{Around, Kind, Param, Shapes};
use super::question::Id;
use super::words::{Word, capital, changes, is_facet, only_asks, pattern, readable, stem, stems_of_name, words};
use crate::wire::Tool;

#[derive(Debug)]
pub(crate) struct Toolbox {
    pub(crate) tools: Vec<Known>,
    /// In how many tool names a stem stands.
    named: HashMap<String, usize>,
    /// The tool that finds tools, where not all are offered at once.
    pub(crate) finder: Option<Known>,
}

#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) name: String,
    /// The name without that of its server.
    pub(crate) bare: String,
    /// Words for people: "Search tickets".
    pub(crate) title: String,
    /// The stems that say what the tool is about, without verbs that only ask.
    pub(crate) names: Vec<String>,
    /// Stems of everything else that describes it.
    pub(crate) about: HashSet<String>,
    /// The verb, where the tool changes something.
    pub(crate) change: Option<String>,
    /// It finds tools rather than things.
    finds_tools: bool,
    pub(crate) params: Vec<Param>,
    /// Alternatives of which one must be complete.
    pub(crate) any_of: Vec<Vec<String>>,
}

impl Toolbox {
    pub(crate) fn new(tools: &[Tool]) -> Self {
        let mut shapes = Shapes::new();
        let known = tools.iter().map(|tool| Known::new(tool, &mut shapes));
        let (mut finders, tools): (Vec<Known>, Vec<Known>) = known.partition(|tool| tool.finds_tools);
        let mut named = HashMap::new();
        for stem in tools.iter().flat_map(|tool| tool.names.iter().collect::<HashSet<_>>()) {
            *named.entry(stem.clone()).or_insert(0) += 1;
        }
        Self { tools, named, finder: finders.pop() }
    }

    /// Whether some tool's name holds the stem.
    pub(crate) fn names(&self, stem: &str) -> bool {
        self.named.contains_key(stem)
    }

    /// How much the stem tells one tool from the others; aspects tell half as much as things.
    pub(crate) fn weight(&self, stem: &str) -> f64 {
        let count = self.named.get(stem).copied().unwrap_or(0).max(1) as f64;
        let weight = (1.0 + self.tools.len() as f64 / count).ln();
        if is_facet(stem) { weight / 2.0 } else { weight }
    }

    /// Whether a choice of some parameter is this word.
    pub(crate) fn offers(&self, stem_of_word: &str) -> bool {
        self.tools
            .iter()
            .flat_map(|tool| &tool.params)
            .flat_map(|param| &param.choices)
            .any(|choice| stem(choice) == stem_of_word)
    }

    /// Whether some parameter takes the word as an id.
    pub(crate) fn takes(&self, word: &Word) -> bool {
        let id = Id { text: word.text.clone(), label: None };
        self.tools.iter().any(|tool| tool.params.iter().any(|param| takes(tool, param, &id, self).is_some()))
    }

    /// Whether some parameter of some tool is called so.
    pub(crate) fn labels(&self, stem: &str) -> bool {
        self.tools.iter().flat_map(|tool| &tool.params).any(|param| param.stems.iter().any(|own| own == stem))
    }

    pub(crate) fn find(&self, name: &str) -> Option<&Known> {
        self.tools.iter().find(|tool| tool.name == name)
    }
}

impl Known {
    fn new(tool: &Tool, shapes: &mut Shapes) -> Self {
        let function = &tool.function;
        let (server, bare) = function.name.rsplit_once("__").unwrap_or(("", &function.name));
        let schema = &function.parameters;
        let description = function.description.clone().unwrap_or_default();
        let all = stems_of_name(bare);
        let change = all.first().filter(|verb| changes(verb) && !only_asks(verb)).cloned();
        let mut names: Vec<String> =
            all.iter().filter(|stem| !only_asks(stem) && Some(*stem) != change.as_ref()).cloned().collect();
        if names.is_empty() {
            names = all;
        }
        let mut params: Vec<Param> = Vec::new();
        let mut around = Around { tool: &names, root: schema, shapes };
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            let required = schema["required"].as_array().is_some_and(|names| names.iter().any(|other| other == name));
            params.push(Param::new(name, property, required, &mut around));
        }
        let said = words(&description).into_iter().filter(|word| !word.is_stop());
        let mut about: HashSet<String> = said.flat_map(|word| stems_of_name(&word.text)).collect();
        about.extend(stems_of_name(server));
        for param in &params {
            about.extend(param.stems.iter().cloned());
            about.extend(param.choices.iter().map(|choice| stem(choice)));
        }
        let title = schema["title"]
            .as_str()
            .filter(|title| title.contains(' '))
            .map_or_else(|| capital(&readable(bare)), str::to_owned);
        let mut any_of = alternatives(schema);
        if any_of.is_empty() && !params.iter().any(|param| param.required) {
            any_of = demanded(&description, &params);
        }
        let takes_words = params.iter().any(|param| matches!(param.kind, Kind::Query | Kind::Text | Kind::Name));
        let finds_tools = takes_words && names.contains(&"tool".to_owned()) && FINDS_TOOLS.is_match(&description);
        let bare = bare.to_owned();
        Self { name: function.name.clone(), bare, title, names, about, change, finds_tools, params, any_of }
    }

    /// Whether every parameter only says which one is meant, so that a call without any would ask for nothing.
    pub(crate) fn only_identifies(&self) -> bool {
        let identifies = |param: &Param| match param.kind {
            Kind::Id(_) | Kind::Email | Kind::Name => true,
            Kind::Text => param.choices.is_empty(),
            Kind::Integer
            | Kind::From
            | Kind::To
            | Kind::Flag
            | Kind::Choice
            | Kind::Number
            | Kind::Date
            | Kind::Query
            | Kind::List
            | Kind::Object
            | Kind::Other => false,
        };
        !self.params.is_empty()
            && self.params.iter().any(identifies)
            && self.params.iter().all(|param| identifies(param) || is_window(param))
    }

    /// Whether a call without this parameter may ask for nothing.
    pub(crate) fn demands(&self, param: &Param) -> bool {
        param.required || self.any_of.iter().flatten().any(|name| *name == param.name)
    }

    /// The thing the tool is about, as the last stem of its name.
    pub(crate) fn noun(&self) -> &str {
        self.names.iter().rev().find(|stem| !is_facet(stem)).or(self.names.last()).map_or("", String::as_str)
    }
}

/// Parameters that only narrow what was found: date ranges and limits.
fn is_window(param: &Param) -> bool {
    matches!(param.kind, Kind::From | Kind::To | Kind::Integer | Kind::Flag)
}

/// `anyOf`/`oneOf` of the whole schema that only say which parameters are required.
fn alternatives(schema: &Value) -> Vec<Vec<String>> {
    let groups = schema["anyOf"].as_array().or(schema["oneOf"].as_array());
    let names = |group: &Value| -> Vec<String> {
        group["required"].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    groups.into_iter().flatten().map(names).filter(|names| !names.is_empty()).collect()
}

static FINDS_TOOLS: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?i)\b(?:search|find|look|discover)\w*\b[^.]*\btools?\b"));
static DEMAND: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"(?i)\b(?:give|provide|specify|pass|needs?|requires?)\b[^.]*\b(?:or|one|either|both)\b[^.]*")
});

/// Some schemas call every parameter optional while the description demands one: "Give invoice_id or customer_id".
fn demanded(description: &str, params: &[Param]) -> Vec<Vec<String>> {
    let Some(demand) = DEMAND.find(description) else { return Vec::new() };
    let said: Vec<&str> = demand.as_str().split(|letter: char| !(letter.is_alphanumeric() || letter == '_')).collect();
    let mut named: Vec<&Param> = params.iter().filter(|param| said.contains(&param.name.as_str())).collect();
    if named.is_empty() {
        named = params.iter().filter(|param| !is_window(param) && param.kind != Kind::Date).collect();
    }
    named.into_iter().map(|param| vec![param.name.clone()]).collect()
}
