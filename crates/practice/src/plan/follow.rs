//! The next round of calls: what the question alone gives, and what ids in earlier results open.

use serde_json::{Map, Value};

use super::Call;
use super::choose::Target;
use super::fill::{Filling, Source, fill};
use super::list::list;
use super::param::{Kind, Param};
use super::question::Clause;
use super::results::{self, Found, Made, ids, opens};
use super::toolbox::{Known, Toolbox};

/// At most this many calls in one round.
const MOST_CALLS: usize = 8;

/// What one turn has to plan with.
#[derive(Debug)]
pub(crate) struct Situation<'a> {
    pub(crate) toolbox: &'a Toolbox,
    pub(crate) clauses: &'a [Clause],
    pub(crate) targets: Vec<Target<'a>>,
    pub(crate) made: &'a [Made],
    /// Ids of the turn before, for questions such as "and their invoices?".
    pub(crate) earlier: Vec<Found>,
}

/// A tool the question asks for that could not be called.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Unmet {
    pub(crate) tool: String,
    pub(crate) lacking: Vec<String>,
    /// The name nothing was found for.
    pub(crate) unknown: Option<String>,
    /// Only a synonym called for the tool: not worth a word where others answered.
    pub(crate) is_hint: bool,
}

#[derive(Debug, Default)]
pub(crate) struct Round {
    pub(crate) calls: Vec<Call>,
    pub(crate) unmet: Vec<Unmet>,
}

enum Step {
    Calls(Vec<Call>),
    /// Something else must answer first.
    Wait,
    Unmet(Unmet),
}

/// The calls that are new, or, when there are none, what stays open.
pub(crate) fn next(situation: &Situation<'_>) -> Round {
    let mut round = Round::default();
    let mut waiting = Vec::new();
    for target in &situation.targets {
        match step(situation, target) {
            Step::Calls(calls) => situation.add(calls, &mut round.calls),
            Step::Wait => waiting.push(target),
            Step::Unmet(unmet) => round.unmet.push(unmet),
        }
    }
    if round.calls.is_empty() && !waiting.is_empty() {
        for target in waiting {
            match stalled(situation, target) {
                Step::Calls(calls) => situation.add(calls, &mut round.calls),
                Step::Wait => {}
                Step::Unmet(unmet) => round.unmet.push(unmet),
            }
        }
    }
    round
}

fn step(situation: &Situation<'_>, target: &Target<'_>) -> Step {
    if let Some(step) = by_name(situation, target) {
        return step;
    }
    let filling = &target.filling;
    if !filling.is_ready() {
        return if target.tool.change.is_some() {
            Step::Unmet(unmet(situation, target))
        } else {
            from_results(situation, target)
        };
    }
    if narrowed_by_another(situation, target) {
        return from_results(situation, target);
    }
    let clause = &situation.clauses[target.at];
    let looks_back = clause.points_back && clause.ids.is_empty() && filling.ids.is_empty() && filling.names.is_empty();
    let others_give = situation.targets.iter().any(|other| other.tool.name != target.tool.name && other.at < target.at);
    let takes_ids = target.tool.params.iter().any(|param| param.entity().is_some());
    if looks_back && takes_ids && target.tool.change.is_none() && (others_give || !situation.earlier.is_empty()) {
        return from_results(situation, target);
    }
    let made = situation.made.iter().filter(|made| made.tool == target.tool.name);
    match without_words(target, &made.collect::<Vec<_>>()) {
        Some(calls) => Step::Calls(calls),
        None => Step::Calls(calls(target.tool, &filling.calls)),
    }
}

/// "Premium customers with open tickets": where a tool of the same clause gives only some of the owners, the others'
/// tickets are not asked for.
fn narrowed_by_another(situation: &Situation<'_>, target: &Target<'_>) -> bool {
    let clause = &situation.clauses[target.at];
    let free = |param: &&Param| !target.filling.calls[0].contains_key(&param.name);
    let entities: Vec<&str> = target.tool.params.iter().filter(free).filter_map(Param::entity).collect();
    let gives = |other: &Target<'_>| {
        let is_about = entities.iter().any(|entity| other.tool.names.iter().all(|name| name == entity));
        is_about && other.at == target.at && other.tool.name != target.tool.name
    };
    let mut others = situation.targets.iter().filter(|other| gives(other));
    clause.ids.is_empty()
        && target.tool.change.is_none()
        && others.any(|other| other.filling.choices > 0 && other.filling.is_ready())
}

/// A search by words and filters that found nothing is made again without the words: they may be but talk.
fn without_words(target: &Target<'_>, made: &[&Made]) -> Option<Vec<Call>> {
    let query = target.tool.params.iter().find(|param| param.kind == Kind::Query && !param.required)?;
    let is_filtered = |call: &&Map<String, Value>| call.len() > 1 && call.contains_key(&query.name);
    let is_empty = |made: &&Made| made.value().is_some_and(|value| !results::has_records(value));
    let tried = |call: &&Map<String, Value>| made.iter().any(|made| made.arguments == **call && is_empty(made));
    let again = target.filling.calls.iter().filter(is_filtered).filter(tried);
    let calls: Vec<Call> = again
        .map(|call| {
            let mut arguments = call.clone();
            arguments.remove(&query.name);
            Call { tool: target.tool.name.clone(), arguments }
        })
        .collect();
    (!calls.is_empty()).then_some(calls)
}

/// A name no parameter takes is looked up first: the tool that takes it gives the id.
fn by_name(situation: &Situation<'_>, target: &Target<'_>) -> Option<Step> {
    let source = situation.source(target.at);
    let names = if source.names().is_empty() { source.clause().emails.as_slice() } else { source.names() };
    let name = names.first()?;
    let filling = &target.filling;
    let query = target.tool.params.iter().find(|param| param.kind == Kind::Query);
    if query.is_some() && source.clause().topics.contains(name) {
        return None;
    }
    if filling.is_ready() && situation.clauses[target.at].guessed {
        return None;
    }
    if filling.names.contains(name) || !filling.ids.is_empty() || target.tool.change.is_some() {
        return None;
    }
    for param in target.tool.params.iter().filter(|param| param.entity().is_some()) {
        let Some((tool, found)) = knows(situation, source, name, param) else { continue };
        let asked: Vec<&Made> =
            situation.made.iter().filter(|made| made.tool == tool.name && says(made, names)).collect();
        if asked.is_empty() {
            return Some(Step::Calls(calls(tool, &found.calls)));
        }
        let given: Vec<Found> = asked
            .iter()
            .flat_map(|made| ids(made, situation.toolbox))
            .filter(|id| id.is_own && opens(param, id))
            .collect();
        if let Some(query) = query.filter(|_| given.is_empty() && filling.is_ready()) {
            // Nobody is called so: then it is what is spoken of.
            let mut found = calls(target.tool, &filling.calls);
            found.iter_mut().for_each(|call| _ = call.arguments.insert(query.name.clone(), name.as_str().into()));
            return Some(Step::Calls(found));
        }
        if given.is_empty() {
            let lacking = vec![param.name.clone()];
            let unknown = Some(name.clone());
            return Some(Step::Unmet(Unmet { lacking, unknown, ..unmet(situation, target) }));
        }
        return Some(Step::Calls(with_ids(target, param, &given)));
    }
    None
}

/// A tool about the parameter's thing that takes the name.
fn knows<'a>(situation: &Situation<'a>, source: Source<'a>, name: &str, param: &Param) -> Option<(&'a Known, Filling)> {
    situation
        .toolbox
        .tools
        .iter()
        .filter(|tool| tool.change.is_none() && tool.names.iter().any(|noun| Some(noun.as_str()) == param.entity()))
        .map(|tool| (tool, fill(tool, source)))
        .find(|(_, filling)| filling.is_ready() && filling.names.contains(name))
}

fn says(made: &Made, names: &[String]) -> bool {
    made.arguments.values().any(|value| names.iter().any(|name| value == name))
}

/// Calls from ids in the results of this turn, or the wait for such results.
fn from_results(situation: &Situation<'_>, target: &Target<'_>) -> Step {
    let found: Vec<Found> = situation
        .made
        .iter()
        .filter(|made| made.tool != target.tool.name)
        .flat_map(|made| ids(made, situation.toolbox))
        .collect();
    let opened = open(situation, target, &found);
    if opened.is_empty() { Step::Wait } else { Step::Calls(opened) }
}

/// What to do about a target that waits while nothing else is under way.
fn stalled(situation: &Situation<'_>, target: &Target<'_>) -> Step {
    let was_called = situation.made.iter().any(|made| made.tool == target.tool.name);
    if was_called {
        return Step::Wait;
    }
    if situation.made.is_empty() {
        let opened = open(situation, target, &situation.earlier);
        if !opened.is_empty() {
            return Step::Calls(opened);
        }
    }
    if target.filling.is_ready() {
        return Step::Calls(calls(target.tool, &target.filling.calls));
    }
    if is_listed(situation, target) {
        return Step::Wait;
    }
    match opener(situation, target).map(|(tool, filling)| calls(tool, &filling.calls)) {
        Some(calls) if calls.iter().any(|call| !situation.was_made(call)) => Step::Calls(calls),
        Some(_) | None => match list(situation, target) {
            Some(call) if !situation.was_made(&call) => Step::Calls(vec![call]),
            Some(_) | None => Step::Unmet(unmet(situation, target)),
        },
    }
}

/// A list of the very things that were asked for is an answer, even where the tool for one of them was not called.
fn is_listed(situation: &Situation<'_>, target: &Target<'_>) -> bool {
    let entities: Vec<&str> = target.tool.params.iter().filter_map(Param::entity).collect();
    if !target.by.iter().any(|stem| entities.contains(&stem.as_str())) {
        return false;
    }
    let mut found = situation.made.iter().flat_map(|made| ids(made, situation.toolbox));
    let is_empty_search = situation.made.iter().any(|made| {
        let tool = situation.toolbox.find(&made.tool);
        made.value().is_some() && tool.is_some_and(|tool| target.by.iter().any(|stem| about(tool, stem) > 0))
    });
    is_empty_search || found.any(|id| id.is_own && target.by.contains(&id.entity))
}

/// A tool that can be called now and is about the things whose ids are lacking.
fn opener<'a>(situation: &Situation<'a>, target: &Target<'a>) -> Option<(&'a Known, Filling)> {
    let source = situation.source(target.at);
    let entities: Vec<&str> = lacking(target).filter_map(Param::entity).collect();
    let candidates =
        situation.toolbox.tools.iter().filter(|tool| tool.change.is_none() && tool.name != target.tool.name);
    candidates
        .filter_map(|tool| {
            let nearness = entities.iter().map(|entity| about(tool, entity)).max().unwrap_or(0);
            let filling = fill(tool, source);
            let lists = tool.names.iter().all(|name| entities.contains(&name.as_str()));
            let seeks = tool.params.iter().any(|param| param.required) && !filling.is_empty();
            let is_specific = seeks || filling.choices > 0 || !filling.ids.is_empty() || !filling.names.is_empty();
            let is_useful = filling.is_ready() && nearness > 0 && (lists || is_specific);
            is_useful.then(|| (nearness + filling.calls[0].len(), tool, filling))
        })
        .max_by_key(|(rank, _, _)| *rank)
        .map(|(_, tool, filling)| (tool, filling))
}

pub(crate) fn about(tool: &Known, stem: &str) -> usize {
    if tool.names.iter().any(|name| name == stem) { 2 } else { usize::from(tool.about.contains(stem)) }
}

pub(crate) fn lacking<'a>(target: &'a Target<'a>) -> impl Iterator<Item = &'a Param> {
    let filling = &target.filling;
    target.tool.params.iter().filter(|param| filling.lacking.contains(&param.name) || filling.is_ready())
}

/// Calls of the target for found ids. What was listed is not opened one by one, unless details were asked for; what
/// was only pointed to is.
fn open(situation: &Situation<'_>, target: &Target<'_>, found: &[Found]) -> Vec<Call> {
    let clause = &situation.clauses[target.at];
    let details = ["detail", "details", "full", "content", "complete", "steps", "how", "everything"];
    let asks_details = clause.words.iter().any(|word| details.contains(&word.text.to_lowercase().as_str()));
    let is_own = |param: &Param| {
        param
            .entity()
            .is_some_and(|entity| target.tool.names.iter().all(|name| name == entity || super::words::is_facet(name)))
    };
    let mut params: Vec<&Param> = lacking(target).filter(|param| param.entity().is_some()).collect();
    if !target.filling.any && !target.filling.is_ready() && params.len() != target.filling.lacking.len() {
        return Vec::new();
    }
    params.sort_by_key(|param| !is_own(param));
    for param in params {
        let ids: Vec<Found> = found
            .iter()
            .filter(|id| opens(param, id) && (!is_own(param) || !id.is_own || asks_details))
            .cloned()
            .collect();
        if !ids.is_empty() {
            return with_ids(target, param, &ids);
        }
    }
    Vec::new()
}

fn with_ids(target: &Target<'_>, param: &Param, ids: &[Found]) -> Vec<Call> {
    let mut made = Vec::new();
    let mut seen: Vec<&Value> = Vec::new();
    let mut of_all: Vec<Value> = Vec::new();
    for found in ids {
        if !of_all.contains(&found.id) {
            of_all.push(found.id.clone());
        }
    }
    for found in ids {
        if seen.contains(&&found.id) {
            continue;
        }
        seen.push(&found.id);
        // A list takes them all at once.
        let ids = if param.kind == Kind::List { Value::Array(of_all.clone()) } else { found.id.clone() };
        for call in &target.filling.calls {
            let mut arguments = call.clone();
            arguments.insert(param.name.clone(), ids.clone());
            made.push(Call { tool: target.tool.name.clone(), arguments });
        }
    }
    made.dedup();
    made
}

fn calls(tool: &Known, filled: &[Map<String, Value>]) -> Vec<Call> {
    filled.iter().map(|arguments| Call { tool: tool.name.clone(), arguments: arguments.clone() }).collect()
}

fn unmet(situation: &Situation<'_>, target: &Target<'_>) -> Unmet {
    let mut lacking = target.filling.lacking.clone();
    if target.filling.any && !target.tool.any_of.is_empty() {
        lacking = target.tool.any_of.concat();
    }
    let said = situation.clauses[target.at].stems();
    let is_hint = !target.tool.names.iter().any(|name| said.contains(name));
    Unmet { tool: target.tool.title.clone(), lacking, unknown: None, is_hint }
}

impl<'a> Situation<'a> {
    pub(crate) fn source(&self, at: usize) -> Source<'a> {
        Source { clauses: self.clauses, at, toolbox: self.toolbox }
    }

    pub(crate) fn was_made(&self, call: &Call) -> bool {
        self.made.iter().any(|made| made.tool == call.tool && made.arguments == call.arguments)
    }

    fn add(&self, calls: Vec<Call>, round: &mut Vec<Call>) {
        for call in calls {
            if round.len() < MOST_CALLS && !self.was_made(&call) && !round.contains(&call) {
                round.push(call);
            }
        }
    }
}
