//! Which tools a question is about: for each word that names tools, the tool it names best.

use std::collections::HashSet;

use super::fill::{Filling, Source, fill};
use super::question::{Clause, Id, anchors};
use super::toolbox::{Kind, Known, Toolbox};
use super::words::{is_facet, synonyms};

/// How much of a tool's description an unanchored question must meet.
const LEAST_DESCRIBED: f64 = 0.5;
/// How much of a tool's name a word must make up to call for it.
const LEAST_NAMED: f64 = 0.3;

/// A tool the question asks for, in one of its clauses.
#[derive(Debug, Clone)]
pub(crate) struct Target<'a> {
    pub(crate) tool: &'a Known,
    pub(crate) at: usize,
    /// The stems that called for it.
    pub(crate) by: HashSet<String>,
    pub(crate) filling: Filling,
}

/// The targets of all clauses, in the order of the question.
pub(crate) fn choose<'a>(clauses: &'a [Clause], toolbox: &'a Toolbox) -> Vec<Target<'a>> {
    let mut targets: Vec<Target<'a>> = Vec::new();
    for at in 0..clauses.len() {
        let source = Source { clauses, at, toolbox };
        for stem in callers(source) {
            let Some(tool) = best(&stem, source) else { continue };
            match targets.iter_mut().find(|target| target.at == at && target.tool.name == tool.name) {
                Some(target) => {
                    target.by.insert(stem);
                }
                None => targets.push(Target { tool, at, by: HashSet::from([stem]), filling: fill(tool, source) }),
            }
        }
    }
    for at in 0..clauses.len() {
        open_ids(Source { clauses, at, toolbox }, &mut targets);
    }
    if targets.is_empty() {
        targets.extend((0..clauses.len()).filter_map(|at| addressed(Source { clauses, at, toolbox })));
    }
    if targets.is_empty() {
        targets.extend((0..clauses.len()).filter_map(|at| described(Source { clauses, at, toolbox })));
    }
    targets
}

/// The stems of a clause that call for tools. Aspects, labels of ids and words such as "who" call only where nothing
/// else does.
fn callers(source: Source<'_>) -> Vec<String> {
    let clause = source.clause();
    let mut ranked: [Vec<String>; 4] = Default::default();
    for word in &clause.words {
        if clause.in_name(word) || word.is_id() {
            continue;
        }
        for stem in anchors(word, source.toolbox) {
            let rank = if clause.is_label(stem) {
                2
            } else if is_facet(stem) {
                1
            } else if word.is_stop() {
                3
            } else {
                0
            };
            if !ranked[rank].iter().any(|known| known == stem) {
                ranked[rank].push(stem.to_owned());
            }
        }
    }
    let [things, aspects, labels, vague] = ranked;
    if !things.is_empty() {
        return things;
    }
    // "status of customer CUST-001": the aspect alone says too little, the label alone too.
    if !aspects.is_empty() && !labels.is_empty() {
        return labels;
    }
    [aspects, labels, vague].into_iter().find(|stems| !stems.is_empty()).unwrap_or_default()
}

fn best<'a>(stem: &str, source: Source<'a>) -> Option<&'a Known> {
    let related = |name: &String| name == stem || synonyms(stem).contains(name);
    let named = source.toolbox.tools.iter().filter(|tool| tool.names.iter().any(related));
    let mut best: Option<(f64, &Known)> = None;
    for tool in named {
        let (score, covered) = score(tool, source);
        if covered >= LEAST_NAMED
            && best.is_none_or(|(other, _)| score > other + 1e-9)
            && may_run(tool, source.clause())
        {
            best = Some((score, tool));
        }
    }
    best.map(|(_, tool)| tool)
}

/// Tools that change something run only for who uses their verb.
pub(crate) fn may_run(tool: &Known, clause: &Clause) -> bool {
    tool.change.as_ref().is_none_or(|verb| clause.asks_for_change(verb))
}

/// How well the tool answers the clause, and which share of its name the clause says.
fn score(tool: &Known, source: Source<'_>) -> (f64, f64) {
    let (clause, toolbox) = (source.clause(), source.toolbox);
    let said = clause.stems();
    let (mut covered, mut total) = (0.0, 0.0);
    for stem in &tool.names {
        let weight = toolbox.weight(stem);
        total += weight;
        if said.contains(stem) {
            covered += weight;
        } else if said.iter().any(|word| synonyms(word).contains(stem)) {
            covered += 0.6 * weight;
        }
    }
    let share = if total > 0.0 { covered / total } else { 0.0 };
    let filling = fill(tool, source);
    let mut score = share + 0.05 * covered + 0.1 * filling.choices as f64 + 0.2 * overlap(tool, clause);
    // "details of ticket TKT-001" means the tool for details, not the one for tickets.
    score += 0.15 * tool.names.iter().filter(|stem| is_facet(stem) && said.contains(*stem)).count() as f64;
    let own_ids = clause.ids.iter().filter(|id| filling.ids.contains(&id.text.to_uppercase())).count();
    if own_ids > 0 {
        score += 0.3;
    } else if !clause.ids.is_empty() {
        score -= 0.4;
    }
    let is_hopeless = filling
        .lacking
        .iter()
        .any(|name| tool.params.iter().any(|param| &param.name == name && !matches!(param.kind, Kind::Id(_))));
    if is_hopeless && !filling.any {
        score -= 0.6;
    }
    if tool.change.is_some() {
        score += 0.3;
    }
    (score, share)
}

/// The share of the clause's words that describe the tool.
fn overlap(tool: &Known, clause: &Clause) -> f64 {
    let spoken: Vec<_> = clause.words.iter().filter(|word| !word.is_stop() && !word.is_id()).collect();
    let met = spoken.iter().filter(|word| {
        let knows = |stem: &String| tool.about.contains(stem) || tool.names.contains(stem);
        knows(&word.stem) || synonyms(&word.stem).iter().any(knows)
    });
    if spoken.is_empty() { 0.0 } else { met.count() as f64 / spoken.len() as f64 }
}

/// Ids that no target takes open the thing they name.
fn open_ids<'a>(source: Source<'a>, targets: &mut Vec<Target<'a>>) {
    for id in &source.clause().ids {
        if targets.iter().any(|target| target.filling.ids.contains(&id.text.to_uppercase())) {
            continue;
        }
        let opens = source.toolbox.tools.iter().filter(|tool| tool.change.is_none()).filter_map(|tool| {
            let filling = fill(tool, source);
            let is_own = tool.params.iter().any(|param| {
                param.entity().is_some_and(|entity| tool.names.iter().any(|name| name == entity))
                    && takes(tool, param, id, source.toolbox)
            });
            let fits = filling.is_ready() && filling.ids.contains(&id.text.to_uppercase());
            let others = tool.names.iter().filter(|name| !is_facet(name)).count();
            fits.then_some(((!is_own, others), tool, filling))
        });
        if let Some((_, tool, filling)) = opens.min_by_key(|(rank, _, _)| *rank) {
            let by = id.label.iter().cloned().collect();
            targets.push(Target { tool, at: source.at, by, filling });
        }
    }
}

fn takes(tool: &Known, param: &super::toolbox::Param, id: &Id, toolbox: &Toolbox) -> bool {
    super::fill::takes(tool, param, id, toolbox).is_some()
}

/// An e-mail address alone asks for whom it belongs to.
fn addressed(source: Source<'_>) -> Option<Target<'_>> {
    source.clause().emails.first()?;
    let readers = source.toolbox.tools.iter().filter(|tool| tool.change.is_none());
    let mut ready = readers.map(|tool| (tool, fill(tool, source))).filter(|(tool, filling)| {
        let takes_address =
            tool.params.iter().any(|param| param.kind == Kind::Email && filling.calls[0].contains_key(&param.name));
        takes_address && filling.is_ready()
    });
    ready.next().map(|(tool, filling)| Target { tool, at: source.at, by: HashSet::new(), filling })
}

/// Without any word that names a tool: the tool whose description meets the clause best, if it can run at once.
fn described(source: Source<'_>) -> Option<Target<'_>> {
    let clause = source.clause();
    let mut best: Option<(f64, &Known, Filling)> = None;
    for tool in &source.toolbox.tools {
        let filling = fill(tool, source);
        let met = overlap(tool, clause);
        let is_better = best.as_ref().is_none_or(|(other, _, _)| met > *other);
        if met >= LEAST_DESCRIBED && is_better && filling.is_ready() && may_run(tool, clause) {
            best = Some((met, tool, filling));
        }
    }
    best.map(|(_, tool, filling)| Target { tool, at: source.at, by: HashSet::new(), filling })
}
