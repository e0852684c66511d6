//! "How do I …?": what a search found best is opened, where a tool opens it.

use super::Call;
use super::choose::Target;
use super::follow::Situation;
use super::param::Param;
use super::question::Clause;
use super::results::{Found, ids, opens};
use super::toolbox::Known;
use super::words::is_facet;

/// The call that opens the best of what was found, and the tool it is a call of.
pub(crate) fn explain<'a>(situation: &Situation<'a>) -> Option<(&'a Known, Call)> {
    situation.targets.iter().find_map(|target| open(situation, target))
}

fn open<'a>(situation: &Situation<'a>, target: &Target<'_>) -> Option<(&'a Known, Call)> {
    if !asks_how(&situation.clauses[target.at]) {
        return None;
    }
    let made = situation.made.iter().filter(|made| made.tool == target.tool.name);
    let found = made.flat_map(|made| ids(made, situation.toolbox)).find(|found| found.is_own)?;
    let (tool, param) = situation.toolbox.tools.iter().find_map(|tool| Some((tool, opener(tool, &found)?)))?;
    let arguments = serde_json::Map::from_iter([(param.name.clone(), found.id)]);
    (tool.name != target.tool.name).then(|| (tool, Call { tool: tool.name.clone(), arguments }))
}

/// The parameter of a tool that reads this one thing and nothing else.
fn opener<'a>(tool: &'a Known, found: &Found) -> Option<&'a Param> {
    let mut required = tool.params.iter().filter(|param| param.required);
    let (param, None) = (required.next()?, required.next()) else { return None };
    let entity = param.entity()?;
    let is_about = tool.names.iter().all(|name| name == entity || is_facet(name));
    (tool.change.is_none() && is_about && opens(param, found)).then_some(param)
}

fn asks_how(clause: &Clause) -> bool {
    let lower: Vec<String> = clause.words.iter().map(|word| word.text.to_lowercase()).collect();
    let asks =
        lower.windows(2).any(|pair| pair[0] == "how" && ["do", "to", "can", "should"].contains(&pair[1].as_str()));
    asks || ["steps", "procedure"].iter().any(|word| lower.iter().any(|said| said == word))
}
