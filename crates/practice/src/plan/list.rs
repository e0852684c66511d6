//! "Which customers …?" where the tool for one of them wants to know which: another tool that can be called without
//! knowing anything, and whose results tell of them all, is asked first.

use serde_json::{Map, Value, json};

use super::Call;
use super::choose::Target;
use super::follow::{Situation, about, lacking};
use super::param::{Kind, Param};
use super::question::Clause;
use super::toolbox::Known;
use super::words::is_facet;

/// Where the tool does not say how many it lists at most.
const MANY: u64 = 50;

/// The call that lists what the target wants to know, if the question asks for more than one thing.
pub(crate) fn list(situation: &Situation<'_>, target: &Target<'_>) -> Option<Call> {
    let clause = &situation.clauses[target.at];
    let wanted: Vec<&str> = lacking(target).filter_map(Param::entity).collect();
    let is_named = !situation.source(target.at).names().is_empty() && !clause.guessed;
    if wanted.is_empty() || is_named || !clause.ids.is_empty() || !asks_for_many(clause, target.tool) {
        return None;
    }
    let candidates = situation.toolbox.tools.iter().filter(|tool| tool.name != target.tool.name && is_open(tool));
    let rank = |tool: &&Known| {
        let tells = |entity: &&str| about(tool, entity) + usize::from(takes(tool, entity));
        wanted.iter().map(tells).max().unwrap_or(0)
    };
    // Of those that tell as much the first, and one that lists rather than sums up.
    let lists = |tool: &&Known| limit(tool).is_some() || tool.names.iter().all(|name| wanted.contains(&name.as_str()));
    let best = candidates.filter(|tool| rank(tool) > 1 && lists(tool)).rev().max_by_key(rank)?;
    Some(Call { tool: best.name.clone(), arguments: all(best) })
}

/// The tool that listed the target's things, for the remark that it may not know all of them.
pub(crate) fn lister<'a>(situation: &Situation<'a>, target: &Target<'_>) -> Option<&'a Known> {
    let call = list(situation, target).filter(|call| situation.was_made(call))?;
    situation.toolbox.find(&call.tool)
}

/// "Which", "all", "how many", or the plural of what the tool is about.
fn asks_for_many(clause: &Clause, tool: &Known) -> bool {
    let all = ["which", "who", "whose", "all", "every", "each", "any", "many", "anyone", "anybody"];
    clause.words.iter().any(|word| {
        let lower = word.text.to_lowercase();
        let is_plural = lower.ends_with('s') && lower != word.stem && !is_facet(&word.stem);
        let is_plural = is_plural && tool.names.contains(&word.stem);
        all.contains(&lower.as_str()) || is_plural
    })
}

/// Whether the tool only reads and can be called without knowing anything.
fn is_open(tool: &Known) -> bool {
    let demands = tool.params.iter().any(|param| param.required) || !tool.any_of.is_empty();
    tool.change.is_none() && !demands && !tool.only_identifies()
}

/// A tool that can look for the things of one owner knows the owners of all.
fn takes(tool: &Known, entity: &str) -> bool {
    tool.params.iter().any(|param| param.entity() == Some(entity))
}

/// No filter, and as many as there may be.
fn all(tool: &Known) -> Map<String, Value> {
    limit(tool).map(|param| (param.name.clone(), json!(param.maximum.unwrap_or(MANY)))).into_iter().collect()
}

/// The parameter that says how many to list.
fn limit(tool: &Known) -> Option<&Param> {
    let limits = ["limit", "max", "count", "siz"];
    let is_limit = |param: &&Param| param.stems.iter().any(|stem| limits.contains(&stem.as_str()));
    tool.params.iter().filter(|param| param.kind == Kind::Integer).find(is_limit)
}
