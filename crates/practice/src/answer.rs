//! Answers in Markdown, made of nothing but the results of tools: a sentence on what was found, tables, what could not
//! be done.

mod narrow;
mod record;
mod section;
mod table;

use serde_json::{Map, Value};

use crate::plan::param::Kind;
use crate::plan::question::Clause;
use crate::plan::results::{Made, Outcome, has_records};
use crate::plan::toolbox::{Known, Toolbox};
use crate::plan::words::{Word, capital, orders_change, readable, stem, stems_of_name, synonyms};
use crate::plan::{Answer, Round, Situation};
use section::{Section, is_list, sections, title};
use table::Look;

/// Stands under every answer.
pub(crate) const SIGNATURE: &str = "*Practice model: no AI, it matches your words to tools.*";

/// Up to this many records with prose are told one after the other; more become a table.
const MOST_TOLD: usize = 3;

/// A parameter with more choices is not spelled out.
const MOST_CHOICES: usize = 8;

/// What an answer is made of.
#[derive(Debug)]
pub(crate) struct Findings<'a> {
    pub(crate) situation: &'a Situation<'a>,
    /// The tool that opened what another found.
    pub(crate) explained: Option<&'a Known>,
    pub(crate) round: &'a Round,
    pub(crate) remarks: Vec<String>,
}

impl Findings<'_> {
    /// Whether the question asked for the tool; others were steps on the way to it.
    fn wants(&self, tool: &str) -> bool {
        let explains = self.explained.is_some_and(|known| known.name == tool);
        explains || self.situation.targets.iter().any(|target| target.tool.name == tool)
    }
}

/// What the endpoint says when no tool can serve.
pub(crate) fn introduction(toolbox: &Toolbox, searched: &[Made]) -> String {
    let mut text = String::from(
        "I am the practice model: no AI, only a program that matches the words of a question to the tools it is given, \
         calls them and shows what they return.",
    );
    let queries = searched.iter().flat_map(|made| made.arguments.values()).map(table::plain);
    let queries: Vec<String> = queries.map(|query| format!("“{query}”")).collect();
    if !queries.is_empty() {
        text += &format!(" I looked for tools that fit {} and found none I can use.", queries.join(", "));
    }
    if toolbox.tools.is_empty() && toolbox.finder.is_none() {
        text += " I was given no tools, so there is nothing I can look up. Connect a server and ask again, or choose a \
                 real model.";
    } else if !toolbox.tools.is_empty() {
        text += " Your question matches none of these tools, which I could use if you ask in their words:\n\n";
        for tool in toolbox.tools.iter().take(30) {
            text += &format!("- **{}**{}\n", tool.title, needs(tool));
        }
    }
    format!("{}\n\n{SIGNATURE}", text.trim_end())
}

fn needs(tool: &Known) -> String {
    let required: Vec<String> =
        tool.params.iter().filter(|param| param.required).map(|param| readable(&param.name)).collect();
    if required.is_empty() { String::new() } else { format!(": needs {}", required.join(", ")) }
}

/// The answer of a turn whose calls are made.
pub(crate) fn answer(findings: &Findings<'_>) -> String {
    let sections = sections(findings.situation);
    let mut leads = Vec::new();
    let mut bodies = Vec::new();
    let reached = sections.iter().any(|section| findings.wants(section.tool));
    let look = Look { names: names(&sections), asked: asked(findings) };
    for section in sections.iter().filter(|section| !reached || findings.wants(section.tool)) {
        leads.push(lead(section, findings));
        bodies.push(body(section, &look));
    }
    let mut parts: Vec<String> = Vec::new();
    let leads: Vec<String> = leads.into_iter().filter(|lead| !lead.is_empty()).collect();
    if !leads.is_empty() {
        parts.push(leads.join(" "));
    }
    parts.extend(bodies.into_iter().filter(|body| !body.is_empty()));
    parts.extend(findings.remarks.iter().cloned());
    let open = open_ends(findings, reached);
    if !open.is_empty() {
        parts.push(format!("**What I could not do**\n\n{}", open.join("\n")));
    }
    if parts.is_empty() {
        parts.push("The tools returned nothing I could show.".to_owned());
    }
    parts.push(SIGNATURE.to_owned());
    parts.join("\n\n")
}

/// One sentence on what a tool found.
fn lead(section: &Section<'_>, findings: &Findings<'_>) -> String {
    let mut conditions = conditions(section, findings);
    conditions.extend(section.lists.iter().flat_map(|list| list.narrowed.clone()));
    conditions.extend(section.narrowed.clone());
    let suffix = if conditions.is_empty() { String::new() } else { format!(" ({})", conditions.join("; ")) };
    let given: Vec<&str> = section.made.iter().flat_map(|one| one.arguments.keys()).map(String::as_str).collect();
    if let Some(list) = section.lists.first().filter(|_| is_list(section)) {
        let count = list.rows.len();
        if count == 0 {
            return format!("I found no {}{suffix}.{}", list.name, choices(section, findings));
        }
        let told = section.made.iter().filter_map(|one| one.value()?["total"].as_u64()).sum::<u64>() as usize;
        let total = told.max(list.all);
        let more = if total > count { format!(" of {total}") } else { String::new() };
        let name = if count == 1 && more.is_empty() { singular(&list.name) } else { list.name.clone() };
        let told = match list.rows.as_slice() {
            [only] => record::told(only, &asked(findings), &given).map(|told| format!(" {told}.")).unwrap_or_default(),
            _ => String::new(),
        };
        return format!("I found **{count}{more} {name}**{suffix}.{told}{}", none_for(section));
    }
    let [one] = section.made.as_slice() else {
        return format!("I have the **{}**{suffix}.", title(section));
    };
    match one.value().and_then(Value::as_object).and_then(|object| record::told(object, &asked(findings), &given)) {
        Some(told) => format!("{told}."),
        None => String::new(),
    }
}

/// What a search by words that found nothing could be asked for instead.
fn choices(section: &Section<'_>, findings: &Findings<'_>) -> String {
    let Some(tool) = findings.situation.toolbox.find(section.tool) else { return String::new() };
    let is_query = |name: &String| tool.params.iter().any(|param| param.name == *name && param.kind == Kind::Query);
    if !section.made.iter().any(|one| one.arguments.keys().any(is_query)) {
        return String::new();
    }
    let known = tool.params.iter().filter(|param| !param.choices.is_empty() && param.choices.len() <= MOST_CHOICES);
    let known: Vec<String> =
        known.map(|param| format!("{} ({})", readable(&param.name), param.choices.join(", "))).collect();
    if known.is_empty() { String::new() } else { format!(" Besides words it knows {}.", known.join("; ")) }
}

/// Which of several calls found nothing, by the argument in which they differ.
fn none_for(section: &Section<'_>) -> String {
    let is_empty = |one: &&&Made| one.value().is_some_and(|value| !has_records(value));
    let differs = |name: &&String| {
        section.made.iter().any(|one| one.arguments.get(*name) != section.made[0].arguments.get(*name))
    };
    let Some(name) = section.made.iter().flat_map(|one| one.arguments.keys()).find(differs) else {
        return String::new();
    };
    let empty = section.made.iter().filter(is_empty).filter_map(|one| one.arguments.get(name)).map(table::plain);
    let empty: Vec<String> = empty.collect();
    if empty.is_empty() { String::new() } else { format!(" None for {}.", empty.join(", ")) }
}

/// The arguments that narrowed a search, over all its calls.
fn conditions(section: &Section<'_>, findings: &Findings<'_>) -> Vec<String> {
    let mut names: Vec<&String> = section.made.iter().flat_map(|one| one.arguments.keys()).collect();
    names.sort_unstable();
    names.dedup();
    let tool = findings.situation.toolbox.find(section.tool);
    let order = |name: &&String| tool.and_then(|tool| tool.params.iter().position(|param| param.name == **name));
    names.sort_by_key(order);
    let has = |one: &&&Made| one.value().is_none_or(has_records);
    let some_found = section.made.iter().any(|one| has(&one));
    let values = |name: &String| -> String {
        let found = section.made.iter().filter(|one| !some_found || has(one));
        let mut values: Vec<String> = found.filter_map(|one| one.arguments.get(name)).map(table::plain).collect();
        values.dedup();
        values.join(", ")
    };
    let told = names.into_iter().map(|name| (name, values(name))).filter(|(_, values)| !values.is_empty());
    told.map(|(name, values)| format!("{}: {values}", readable(name))).collect()
}

/// The stems the question used, and their synonyms.
fn asked(findings: &Findings<'_>) -> Vec<String> {
    let clauses = findings.situation.clauses;
    let words = clauses.iter().flat_map(|clause| clause.words.iter().filter(|word| !clause.is_label(&word.stem)));
    words
        .filter(|word| !word.is_stop())
        .flat_map(|word| std::iter::once(&word.stem).chain(synonyms(&word.stem)))
        .cloned()
        .collect()
}

fn singular(name: &str) -> String {
    if let Some(rest) = name.strip_suffix("ies") {
        return format!("{rest}y");
    }
    let ends_in_es = ["xes", "ches", "shes", "sses"].iter().any(|ending| name.ends_with(ending));
    name.strip_suffix(if ends_in_es { "es" } else { "s" }).unwrap_or(name).to_owned()
}

fn body(section: &Section<'_>, look: &Look) -> String {
    let heading = |name: &str| format!("### {}", capital(name));
    if is_list(section) {
        let lists = section.lists.iter().filter(|list| !list.rows.is_empty());
        let shown = lists.map(|list| {
            let shown = match list.rows.as_slice() {
                [only] => record::render(only, look),
                rows => table::render(rows, look),
            };
            format!("{}\n\n{shown}", heading(&list.name))
        });
        return shown.collect::<Vec<_>>().join("\n\n");
    }
    let title = &title(section);
    let objects: Vec<&Map<String, Value>> = section.made.iter().filter_map(|one| one.value()?.as_object()).collect();
    let tells = objects.iter().any(|object| record::has_prose(object));
    if objects.len() > 1 && objects.len() == section.made.len() && !(tells && objects.len() <= MOST_TOLD) {
        return format!("{}\n\n{}", heading(title), table::render(&objects, look));
    }
    let shown = section.made.iter().map(|one| match &one.outcome {
        Outcome::Record(Value::Object(object)) => record::render(object, look),
        Outcome::Record(value) => table::plain(value),
        Outcome::Text(text) => text.clone(),
        Outcome::Failed(_) => String::new(),
    });
    format!("{}\n\n{}", heading(title), shown.collect::<Vec<_>>().join("\n\n"))
}

/// Names by id, from every record that has both: they stand beside the id in tables that have only the id.
fn names(sections: &[Section<'_>]) -> Map<String, Value> {
    let mut known = Map::new();
    for section in sections {
        let objects = section.made.iter().filter_map(|one| one.value()?.as_object());
        for row in section.lists.iter().flat_map(|list| list.rows.iter().copied()).chain(objects) {
            let Some((key, id)) = row.iter().find(|(key, value)| key.ends_with("_id") && value.is_string()) else {
                continue;
            };
            let thing = stem(key.trim_end_matches("_id"));
            let named = row.iter().find(|(key, value)| {
                let stems = stems_of_name(key);
                let says_name = ["name", "company", "title", "subject"].iter().any(|word| stems == [stem(word)]);
                value.is_string() && (says_name || (stems.len() == 2 && stems[0] == thing && stems[1] == stem("name")))
            });
            if let (Some(id), Some((_, name))) = (id.as_str(), named) {
                known.insert(id.to_owned(), name.clone());
            }
        }
    }
    known
}

fn open_ends(findings: &Findings<'_>, reached: bool) -> Vec<String> {
    let mut open: Vec<String> = Vec::new();
    let Situation { toolbox, made, .. } = findings.situation;
    for one in *made {
        if let Outcome::Failed(error) = &one.outcome {
            let title = toolbox.find(&one.tool).map_or(one.tool.as_str(), |tool| tool.title.as_str());
            let with: Vec<String> = one
                .arguments
                .iter()
                .map(|(name, value)| format!("{} {}", readable(name), table::plain(value)))
                .collect();
            let with = if with.is_empty() { String::new() } else { format!(" ({})", with.join(", ")) };
            let error = error.strip_prefix("Tool error: ").unwrap_or(error);
            open.push(format!("- {title}{with} did not answer: {}", table::one_line(error)));
        }
    }
    for unmet in findings.round.unmet.iter().filter(|unmet| !(reached && unmet.is_hint)) {
        let line = match &unmet.unknown {
            Some(name) => format!("- {}: nothing was found for “{name}”.", unmet.tool),
            None => {
                let lacking: Vec<String> = unmet.lacking.iter().map(|name| readable(name)).collect();
                format!(
                    "- {}: your question does not say which {}, and no result told it.",
                    unmet.tool,
                    lacking.join(" or ")
                )
            }
        };
        if !open.contains(&line) {
            open.push(line);
        }
    }
    open.extend(refused_order(findings));
    if !findings.round.calls.is_empty() {
        open.push("- There was more to look up, but I stop after a few rounds of calls.".to_owned());
    }
    open
}

/// A question that orders a change which no tool made gets told so.
fn refused_order(findings: &Findings<'_>) -> Option<String> {
    let Situation { clauses, made, toolbox, .. } = findings.situation;
    // An order opens a clause, or follows on another word that does: "… and delete it", "please close it".
    let leads = ["and", "then", "please", "to", "also"];
    let opens = |words: &[Word], at: usize| at == 0 || leads.contains(&words[at - 1].text.to_lowercase().as_str());
    let ordered = clauses.iter().find_map(|Clause { words, .. }| {
        (0..words.len()).find(|at| orders_change(&words[*at].stem) && opens(words, *at)).map(|at| &words[at])
    })?;
    let changed = made.iter().filter_map(|one| toolbox.find(&one.tool)).any(|tool| tool.change.is_some());
    let order = ordered.text.to_lowercase();
    (!changed).then(|| format!("- Nothing was changed: no tool I could call fits “{order}”."))
}

impl From<String> for Answer {
    fn from(text: String) -> Self {
        Self { text, calls: Vec::new() }
    }
}
