//! Arguments for a tool from what stands in the question, and nothing else.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::param::{Kind, Param};
use super::query::leftover;
use super::question::{Clause, Id};
use super::toolbox::{Known, Toolbox};
use super::values::values;

/// At most this many calls of one tool from one clause.
const MOST_VARIANTS: usize = 8;

/// What a question gives a tool.
#[derive(Debug, Clone, Default)]
pub(crate) struct Filling {
    /// One map per call; several where the question names several values.
    pub(crate) calls: Vec<Map<String, Value>>,
    /// Names of parameters that must still be filled: all of them, or one where `any` is set.
    pub(crate) lacking: Vec<String>,
    pub(crate) any: bool,
    pub(crate) ids: HashSet<String>,
    pub(crate) names: HashSet<String>,
    /// How many choices of parameters the question names.
    pub(crate) choices: usize,
    /// Stems of the words that became arguments.
    pub(crate) used: HashSet<String>,
}

impl Filling {
    pub(crate) fn is_ready(&self) -> bool {
        self.lacking.is_empty()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.calls.iter().all(Map::is_empty)
    }
}

/// The clause a tool is filled from, among all clauses of the question.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Source<'a> {
    pub(crate) clauses: &'a [Clause],
    pub(crate) at: usize,
    pub(crate) toolbox: &'a Toolbox,
}

impl<'a> Source<'a> {
    pub(crate) fn clause(&self) -> &'a Clause {
        &self.clauses[self.at]
    }

    /// Ids of the clause that the parameter takes; without any, those of the nearest clause before, else after.
    pub(crate) fn ids(&self, tool: &Known, param: &Param) -> Vec<String> {
        let order = std::iter::once(self.at).chain((0..self.at).rev()).chain(self.at + 1..self.clauses.len());
        for at in order {
            let taken: Vec<String> =
                self.clauses[at].ids.iter().filter_map(|id| takes(tool, param, id, self.toolbox)).collect();
            if !taken.is_empty() {
                return taken;
            }
        }
        Vec::new()
    }

    pub(crate) fn names(&self) -> &'a [String] {
        let own = self.clause();
        if !own.names.is_empty() || !own.ids.is_empty() {
            return &own.names;
        }
        self.clauses.iter().find(|clause| !clause.names.is_empty()).map_or(&[], |clause| &clause.names)
    }
}

/// The id as the parameter wants it, where it takes it at all.
pub(crate) fn takes(tool: &Known, param: &Param, id: &Id, toolbox: &Toolbox) -> Option<String> {
    let entity = param.entity().filter(|_| !param.takes_numbers)?;
    for text in [id.text.clone(), id.text.to_uppercase()] {
        match param.fits(&text) {
            Some(true) => return Some(text),
            Some(false) => {}
            None => {
                let elsewhere = toolbox.tools.iter().flat_map(|tool| &tool.params);
                let mut claims = elsewhere.filter(|other| other.entity().is_some_and(|named| named != entity));
                if claims.any(|other| other.fits(&text) == Some(true)) {
                    return None;
                }
                let letters: String = id.text.chars().take_while(|letter| letter.is_alphabetic()).collect();
                let is_meant = id.label.as_deref() == Some(entity) || abbreviates(&letters, entity);
                let is_only = tool.params.len() == 1 && id.label.is_none();
                return (is_meant || is_only).then_some(id.text.clone());
            }
        }
    }
    None
}

/// Whether the letters begin as the word does and stand in it in this order, as `TKT` does in "ticket".
pub(crate) fn abbreviates(letters: &str, word: &str) -> bool {
    let mut rest = word.chars();
    let letters = letters.to_lowercase();
    !letters.is_empty()
        && word.starts_with(letters.chars().next().unwrap_or_default())
        && letters.chars().all(|letter| rest.any(|other| other == letter))
}

/// Fills the tool from the clause.
pub(crate) fn fill(tool: &Known, source: Source<'_>) -> Filling {
    let clause = source.clause();
    let mut filling = Filling { calls: vec![Map::new()], ..Filling::default() };
    let (queries, others): (Vec<&Param>, Vec<&Param>) = tool.params.iter().partition(|param| param.kind == Kind::Query);
    for param in others {
        let values = values(tool, param, source, &mut filling);
        put(&mut filling, param, values);
    }
    for param in queries {
        let text = clause.quoted.first().cloned().or_else(|| leftover(tool, param, source, &filling));
        put(&mut filling, param, text.into_iter().map(Value::String).collect());
    }
    for param in tool.params.iter().filter(|param| param.required) {
        if !filling.calls[0].contains_key(&param.name) {
            put(&mut filling, param, param.default.iter().cloned().collect());
        }
    }
    find_lacking(tool, &mut filling);
    filling
}

fn find_lacking(tool: &Known, filling: &mut Filling) {
    let given = &filling.calls[0];
    let lacking = |name: &String| !given.contains_key(name);
    filling.lacking =
        tool.params.iter().filter(|param| param.required).map(|param| param.name.clone()).filter(lacking).collect();
    if !filling.lacking.is_empty() {
        return;
    }
    let alternatives_unmet =
        !tool.any_of.is_empty() && !tool.any_of.iter().any(|group| group.iter().all(|name| given.contains_key(name)));
    let names_nothing = tool.only_identifies() && given.is_empty();
    if !alternatives_unmet && !names_nothing {
        return;
    }
    filling.any = true;
    let identifies = |param: &&Param| {
        param.entity().is_some()
            && (tool.any_of.is_empty() || tool.any_of.iter().flatten().any(|name| *name == param.name))
    };
    filling.lacking = tool.params.iter().filter(identifies).map(|param| param.name.clone()).collect();
    if filling.lacking.is_empty() {
        let demanded = tool.params.iter().filter(|param| tool.any_of.is_empty() || tool.demands(param));
        filling.lacking = demanded.map(|param| param.name.clone()).collect();
    }
}

/// Gives every call so far the value; several values make several calls.
fn put(filling: &mut Filling, param: &Param, mut values: Vec<Value>) {
    values.dedup();
    let before = std::mem::take(&mut filling.calls);
    if values.is_empty() {
        filling.calls = before;
        return;
    }
    for call in before {
        for value in &values {
            let mut call = call.clone();
            call.insert(param.name.clone(), value.clone());
            filling.calls.push(call);
        }
    }
    filling.calls.truncate(MOST_VARIANTS);
}
