//! Which tools a question is about: for each word that names tools, the tool it names best.

use std::collections::HashSet;

use super::fill::{Filling, Source, fill, takes};
use super::param::{Kind, Param};
use super::question::{Clause, anchors};
use super::toolbox::{Known, Toolbox};
use super::words::{Word, is_facet, stem, synonyms};

/// How much of a tool's description an unanchored question must meet.
const LEAST_DESCRIBED: f64 = 0.5;
/// How much of a tool's name a word must make up to call for it.
const LEAST_NAMED: f64 = 0.3;

/// So many tools look for an id that none of them takes.
const MOST_SEARCHES: usize = 3;

/// A tool the question asks for, in one of its clauses.
#[derive(Debug, Clone)]
pub(crate) struct Target<'a> {
    pub(crate) tool: &'a Known,
    pub(crate) at: usize,
    /// The stems that called for it.
    pub(crate) by: HashSet<String>,
    pub(crate) filling: Filling,
}

/// A tool held against a clause.
struct Judged<'a> {
    tool: &'a Known,
    filling: Filling,
    score: f64,
    /// Which share of its name the clause says.
    share: f64,
    /// Which share of the clause describes it.
    described: f64,
}

/// The targets of all clauses, in the order of the question.
pub(crate) fn choose<'a>(clauses: &'a [Clause], toolbox: &'a Toolbox) -> Vec<Target<'a>> {
    let sources = (0..clauses.len()).map(|at| Source { clauses, at, toolbox });
    let judged: Vec<Vec<Judged<'a>>> = sources.clone().map(judge).collect();
    let mut targets: Vec<Target<'a>> = Vec::new();
    for (source, judged) in sources.clone().zip(&judged) {
        for stem in callers(source) {
            let Some(best) = best(&stem, judged) else { continue };
            match targets.iter_mut().find(|target| target.at == source.at && target.tool.name == best.tool.name) {
                Some(target) => {
                    target.by.insert(stem);
                }
                None => targets.push(best.target(source.at, HashSet::from([stem]))),
            }
        }
    }
    for (source, judged) in sources.clone().zip(&judged) {
        open_ids(source, judged, &mut targets);
    }
    for (source, judged) in sources.clone().zip(&judged) {
        count(source, judged, &mut targets);
    }
    for fallback in [addressed, described] {
        if targets.is_empty() {
            targets.extend(sources.clone().zip(&judged).filter_map(|(source, judged)| fallback(source, judged)));
        }
    }
    if targets.is_empty() {
        targets.extend(sources.clone().zip(&judged).flat_map(|(source, judged)| mentioned(source, judged)));
    }
    targets
}

/// "How many …?" without any condition asks the tool that counts, where one does.
fn count<'a>(source: Source<'a>, judged: &[Judged<'a>], targets: &mut [Target<'a>]) {
    let words = &source.clause().words;
    let says = |index: usize, text: &str| words.get(index).is_some_and(|word| word.text.eq_ignore_ascii_case(text));
    let asks = (0..words.len()).any(|at| {
        let heads = at == 0 || says(at - 1, "the");
        says(at, "how") && says(at + 1, "many") || heads && says(at, "number") && says(at + 1, "of")
    });
    if !asks {
        return;
    }
    for target in targets.iter_mut().filter(|target| target.at == source.at && target.filling.choices == 0) {
        let counts = |one: &&Judged<'a>| {
            let is_counter =
                ["metric", "statistic", "stat", "count"].iter().any(|word| one.tool.names.contains(&stem(word)));
            is_counter && one.filling.is_ready() && target.by.iter().any(|stem| one.tool.names.contains(stem))
        };
        if let Some(counter) = judged.iter().find(counts) {
            *target = counter.target(source.at, target.by.clone());
        }
    }
}

/// An id no tool takes may stand in a text: the tools that search by words look for it.
fn mentioned<'a>(source: Source<'a>, judged: &[Judged<'a>]) -> Vec<Target<'a>> {
    let Some(word) = source.clause().words.iter().find(|word| word.is_id() && !source.toolbox.takes(word)) else {
        return Vec::new();
    };
    let searches = judged.iter().filter(|one| {
        let is_query =
            |name: &String| one.tool.params.iter().any(|param| param.name == *name && param.kind == Kind::Query);
        one.tool.change.is_none()
            && one.filling.is_ready()
            && one.tool.any_of.is_empty()
            && one.filling.calls[0].keys().any(is_query)
    });
    let targets = searches.map(|one| one.target(source.at, HashSet::from([word.stem.clone()])));
    targets.take(MOST_SEARCHES).collect()
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

fn best<'a, 'j>(stem: &str, judged: &'j [Judged<'a>]) -> Option<&'j Judged<'a>> {
    let related = |name: &String| name == stem || synonyms(stem).contains(name);
    let named = judged.iter().filter(|one| one.share >= LEAST_NAMED && one.tool.names.iter().any(related));
    named.fold(None, |best: Option<&Judged<'a>>, one| match best {
        Some(best) if one.score <= best.score + 1e-9 => Some(best),
        Some(_) | None => Some(one),
    })
}

/// The tools that may run for the clause: those that change something only for who uses their verb.
fn judge(source: Source<'_>) -> Vec<Judged<'_>> {
    let may_run = |tool: &&Known| tool.change.as_ref().is_none_or(|verb| source.clause().asks_for_change(verb));
    source.toolbox.tools.iter().filter(may_run).map(|tool| Judged::new(tool, source)).collect()
}

impl<'a> Judged<'a> {
    fn new(tool: &'a Known, source: Source<'a>) -> Self {
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
        let described = overlap(tool, clause);
        let mut score = share + 0.05 * covered + 0.1 * filling.choices as f64 + 0.2 * described;
        // "details of ticket TKT-001" means the tool for details, not the one for tickets.
        score += 0.15 * tool.names.iter().filter(|stem| is_facet(stem) && said.contains(*stem)).count() as f64;
        if clause.ids.iter().any(|id| filling.ids.contains(&id.text.to_uppercase())) {
            score += 0.3;
        } else if !clause.ids.is_empty() {
            score -= 0.4;
        }
        let lacks = |param: &Param| filling.lacking.contains(&param.name) && !matches!(param.kind, Kind::Id(_));
        if !filling.any && tool.params.iter().any(lacks) {
            score -= 0.6;
        }
        if tool.change.is_some() {
            score += 0.3;
        }
        Self { tool, filling, score, share, described }
    }

    fn target(&self, at: usize, by: HashSet<String>) -> Target<'a> {
        Target { tool: self.tool, at, by, filling: self.filling.clone() }
    }
}

/// The share of the clause's words that describe the tool.
fn overlap(tool: &Known, clause: &Clause) -> f64 {
    let says = |word: &&Word| !word.is_stop() && !word.is_id() && !clause.in_name(word);
    let spoken: Vec<_> = clause.words.iter().filter(says).collect();
    let met = spoken.iter().filter(|word| {
        let knows = |stem: &String| tool.about.contains(stem) || tool.names.contains(stem);
        knows(&word.stem) || synonyms(&word.stem).iter().any(knows)
    });
    if spoken.is_empty() { 0.0 } else { met.count() as f64 / spoken.len() as f64 }
}

/// Ids that no target takes open the thing they name.
fn open_ids<'a>(source: Source<'a>, judged: &[Judged<'a>], targets: &mut Vec<Target<'a>>) {
    for id in &source.clause().ids {
        let text = id.text.to_uppercase();
        if targets.iter().any(|target| target.filling.ids.contains(&text)) {
            continue;
        }
        let names_own = |one: &Judged<'_>, param: &Param| {
            let is_own = param.entity().is_some_and(|entity| one.tool.names.iter().any(|name| name == entity));
            is_own && takes(one.tool, param, id, source.toolbox).is_some()
        };
        let fits =
            |one: &&Judged<'a>| one.tool.change.is_none() && one.filling.is_ready() && one.filling.ids.contains(&text);
        let rank = |one: &&Judged<'a>| {
            let is_own = one.tool.params.iter().any(|param| names_own(one, param));
            (!is_own, one.tool.names.iter().filter(|name| !is_facet(name)).count())
        };
        if let Some(one) = judged.iter().filter(fits).min_by_key(rank) {
            targets.push(one.target(source.at, id.label.iter().cloned().collect()));
        }
    }
}

/// An e-mail address alone asks for whom it belongs to.
fn addressed<'a>(source: Source<'a>, judged: &[Judged<'a>]) -> Option<Target<'a>> {
    source.clause().emails.first()?;
    let takes_address = |one: &&Judged<'a>| {
        let given = &one.filling.calls[0];
        let takes = one.tool.params.iter().any(|param| param.kind == Kind::Email && given.contains_key(&param.name));
        takes && one.tool.change.is_none() && one.filling.is_ready()
    };
    judged.iter().find(takes_address).map(|one| one.target(source.at, HashSet::new()))
}

/// Without any word that names a tool: the tool whose description meets the clause best, if it can run at once or
/// once a name is looked up.
fn described<'a>(source: Source<'a>, judged: &[Judged<'a>]) -> Option<Target<'a>> {
    let is_named = !source.clause().names.is_empty() && !source.clause().guessed;
    let runs = |one: &&Judged<'a>| one.tool.change.is_none() && (one.filling.is_ready() || is_named);
    let met = judged.iter().filter(|one| one.described >= LEAST_DESCRIBED).filter(runs);
    let best = met.min_by(|one, other| other.described.total_cmp(&one.described))?;
    Some(best.target(source.at, HashSet::new()))
}
