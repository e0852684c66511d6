//! Answers in Markdown, made of nothing but the results of tools: a sentence on what was found, tables, what could not
//! be done.

mod record;
mod table;

use serde_json::{Map, Value};

use crate::plan::question::Clause;
use crate::plan::results::{Made, Outcome};
use crate::plan::toolbox::{Known, Toolbox};
use crate::plan::words::{capital, orders_change, readable, stem, stems_of_name, synonyms};
use crate::plan::{Answer, Unmet};

/// Stands under every answer.
pub(crate) const SIGNATURE: &str = "*Practice model: no AI, it matches your words to tools.*";

/// Up to this many records with prose are told one after the other; more become a table.
const MOST_TOLD: usize = 3;

/// What an answer is made of.
#[derive(Debug)]
pub(crate) struct Findings<'a> {
    pub(crate) made: &'a [Made],
    pub(crate) toolbox: &'a Toolbox,
    pub(crate) clauses: &'a [Clause],
    /// The tools the question asked for; others were steps on the way to them.
    pub(crate) wanted: &'a [&'a str],
    pub(crate) unmet: &'a [Unmet],
    /// More could have been asked, but the rounds are used up.
    pub(crate) is_cut_short: bool,
}

/// The results of one tool, over all its calls of the turn.
struct Section<'a> {
    tool: &'a str,
    made: Vec<&'a Made>,
    lists: Vec<List<'a>>,
}

/// Records of one kind, from one or several results.
pub(crate) struct List<'a> {
    /// What they are, in the plural as the tool names them.
    name: String,
    rows: Vec<&'a Map<String, Value>>,
    /// Ids the question named that no parameter took: only rows with them are kept.
    narrowed: Vec<String>,
}

/// What the endpoint says when no tool can serve.
pub(crate) fn introduction(toolbox: &Toolbox) -> String {
    let mut text = String::from(
        "I am the practice model: no AI, only a program that matches the words of a question to the tools it is given, \
         calls them and shows what they return.",
    );
    if toolbox.tools.is_empty() {
        text += " I was given no tools, so there is nothing I can look up. Connect a server and ask again, or choose a \
                 real model.";
    } else {
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
    let sections = sections(findings.made, findings.clauses);
    let mut leads = Vec::new();
    let mut bodies = Vec::new();
    let reached = sections.iter().any(|section| findings.wanted.contains(&section.tool));
    for section in sections.iter().filter(|section| !reached || findings.wanted.contains(&section.tool)) {
        leads.push(lead(section, findings));
        bodies.push(body(section, &sections));
    }
    let mut parts: Vec<String> = Vec::new();
    let leads: Vec<String> = leads.into_iter().filter(|lead| !lead.is_empty()).collect();
    if !leads.is_empty() {
        parts.push(leads.join(" "));
    }
    parts.extend(bodies.into_iter().filter(|body| !body.is_empty()));
    let open = open_ends(findings);
    if !open.is_empty() {
        parts.push(format!("**What I could not do**\n\n{}", open.join("\n")));
    }
    if parts.is_empty() {
        parts.push("The tools returned nothing I could show.".to_owned());
    }
    parts.push(SIGNATURE.to_owned());
    parts.join("\n\n")
}

fn sections<'a>(made: &'a [Made], clauses: &[Clause]) -> Vec<Section<'a>> {
    let ids: Vec<Value> =
        clauses.iter().flat_map(|clause| &clause.ids).map(|id| Value::String(id.text.to_uppercase())).collect();
    let mut sections: Vec<Section<'_>> = Vec::new();
    for one in made.iter().filter(|one| !matches!(one.outcome, Outcome::Failed(_))) {
        match sections.iter_mut().find(|section| section.tool == one.tool) {
            Some(section) => section.made.push(one),
            None => sections.push(Section { tool: &one.tool, made: vec![one], lists: Vec::new() }),
        }
    }
    for section in &mut sections {
        for one in section.made.iter().filter_map(|one| one.value()) {
            collect(one, section.tool, &mut section.lists);
        }
        let asked: Vec<&Value> = section.made.iter().flat_map(|one| one.arguments.values()).collect();
        for id in ids.iter().filter(|id| !asked.contains(id)) {
            let id: &Value = id;
            let shows = |row: &&Map<String, Value>| {
                row.values().any(|value| value == id || value.as_array().is_some_and(|list| list.contains(id)))
            };
            for list in section.lists.iter_mut().filter(|list| list.rows.iter().any(&shows)) {
                list.rows.retain(|row| shows(row));
                list.narrowed.push(table::plain(id));
            }
        }
    }
    sections
}

/// Puts the arrays of records in a result into lists. What is no list is shown as a record.
fn collect<'a>(value: &'a Value, tool: &str, lists: &mut Vec<List<'a>>) {
    let mut add = |name: &str, rows: &'a [Value]| {
        let rows = rows.iter().filter_map(Value::as_object);
        match lists.iter_mut().find(|list| list.name == name) {
            Some(list) => list.rows.extend(rows),
            None => lists.push(List { name: name.to_owned(), rows: rows.collect(), narrowed: Vec::new() }),
        }
    };
    match value {
        Value::Array(rows) if rows.iter().all(Value::is_object) => {
            let bare = tool.rsplit_once("__").map_or(tool, |(_, bare)| bare);
            let noun = readable(bare);
            add(noun.split_once(' ').map_or(noun.as_str(), |(_, rest)| rest), rows);
        }
        Value::Object(object) => {
            for (key, value) in object {
                if let Value::Array(rows) = value {
                    let is_records = rows.iter().all(Value::is_object) && (!rows.is_empty() || is_listing(object));
                    if is_records {
                        add(&readable(key), rows);
                    }
                }
            }
        }
        Value::Array(_) | Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Whether an object is a list with remarks about it, rather than a record that has lists.
fn is_listing(object: &Map<String, Value>) -> bool {
    let scalars = object.iter().filter(|(key, value)| !value.is_array() && !value.is_object() && !is_remark(key));
    object.values().any(Value::is_array) && scalars.count() == 0
}

/// Fields that speak of the list, not of a thing in it.
fn is_remark(key: &str) -> bool {
    [
        "total",
        "count",
        "limit",
        "offset",
        "as_of",
        "currency",
        "query",
        "page",
        "success",
        "ok",
        "end_date",
        "start_date",
    ]
    .contains(&key)
}

/// One sentence on what a tool found.
fn lead(section: &Section<'_>, findings: &Findings<'_>) -> String {
    let mut conditions = conditions(section, findings);
    for id in section.lists.iter().flat_map(|list| &list.narrowed) {
        let before = if conditions.is_empty() { "" } else { "; " };
        conditions += &format!("{before}with {id}");
    }
    let suffix = if conditions.is_empty() { String::new() } else { format!(" ({conditions})") };
    if let Some(list) = section.lists.first().filter(|_| is_list(section)) {
        let count = list.rows.len();
        if count == 0 {
            return format!("I found no {}{suffix}.", list.name);
        }
        let name = if count == 1 { singular(&list.name) } else { list.name.clone() };
        let total = section.made.iter().filter_map(|one| one.value()?["total"].as_u64()).sum::<u64>();
        let more =
            if total > count as u64 && list.narrowed.is_empty() { format!(" of {total}") } else { String::new() };
        let told = match list.rows.as_slice() {
            [only] => record::told(only, &asked(findings)).map(|told| format!(" {told}.")).unwrap_or_default(),
            _ => String::new(),
        };
        return format!("I found **{count}{more} {name}**{suffix}.{told}{}", none_for(section));
    }
    let [one] = section.made.as_slice() else {
        return format!("I have the **{}**{suffix}.", title(section));
    };
    match one.value().and_then(Value::as_object).and_then(|object| record::told(object, &asked(findings))) {
        Some(told) => format!("{told}."),
        None => String::new(),
    }
}

/// Which of several calls found nothing, by the argument in which they differ.
fn none_for(section: &Section<'_>) -> String {
    let is_empty = |one: &&&Made| {
        let lists =
            one.value().and_then(Value::as_object).into_iter().flat_map(Map::values).filter_map(Value::as_array);
        lists.into_iter().all(Vec::is_empty)
    };
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

/// What a tool tells, without its verb: "SLA terms".
fn title(section: &Section<'_>) -> String {
    let title = readable(section.tool.rsplit_once("__").map_or(section.tool, |(_, bare)| bare));
    title.split_once(' ').map_or(title.clone(), |(_, rest)| rest.to_owned())
}

fn is_list(section: &Section<'_>) -> bool {
    !section.lists.is_empty()
        && section.made.iter().filter_map(|one| one.value()).all(|value| value.as_object().is_none_or(is_listing))
}

/// The arguments that narrowed a search, where all its calls share them.
fn conditions(section: &Section<'_>, findings: &Findings<'_>) -> String {
    let mut names: Vec<&String> = section.made.iter().flat_map(|one| one.arguments.keys()).collect();
    names.sort_unstable();
    names.dedup();
    let tool = findings.toolbox.find(section.tool);
    let order = |name: &&String| tool.and_then(|tool| tool.params.iter().position(|param| param.name == **name));
    names.sort_by_key(order);
    let values = |name: &String| -> String {
        let mut values: Vec<String> =
            section.made.iter().filter_map(|one| one.arguments.get(name)).map(table::plain).collect();
        values.dedup();
        values.join(", ")
    };
    names.into_iter().map(|name| format!("{}: {}", readable(name), values(name))).collect::<Vec<_>>().join("; ")
}

/// The stems the question used, and their synonyms.
fn asked(findings: &Findings<'_>) -> Vec<String> {
    let words =
        findings.clauses.iter().flat_map(|clause| clause.words.iter().filter(|word| !clause.is_label(&word.stem)));
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

fn body(section: &Section<'_>, sections: &[Section<'_>]) -> String {
    let known = known(sections);
    let heading = |name: &str| format!("### {}", capital(name));
    if is_list(section) {
        let lists = section.lists.iter().filter(|list| !list.rows.is_empty());
        let shown = lists.map(|list| {
            let shown = match list.rows.as_slice() {
                [only] => record::render(only, &known),
                rows => table::render(rows, &known),
            };
            format!("{}\n\n{shown}", heading(&list.name))
        });
        return shown.collect::<Vec<_>>().join("\n\n");
    }
    let title = &title(section);
    let objects: Vec<&Map<String, Value>> = section.made.iter().filter_map(|one| one.value()?.as_object()).collect();
    let tells = objects.iter().any(|object| record::has_prose(object));
    if objects.len() > 1 && objects.len() == section.made.len() && !(tells && objects.len() <= MOST_TOLD) {
        return format!("{}\n\n{}", heading(title), table::render(&objects, &known));
    }
    let shown = section.made.iter().map(|one| match &one.outcome {
        Outcome::Record(Value::Object(object)) => record::render(object, &known),
        Outcome::Record(value) => table::plain(value),
        Outcome::Text(text) => text.clone(),
        Outcome::Failed(_) => String::new(),
    });
    format!("{}\n\n{}", heading(title), shown.collect::<Vec<_>>().join("\n\n"))
}

/// Names by id, from every record that has both: they stand beside the id in tables that have only the id.
fn known(sections: &[Section<'_>]) -> Map<String, Value> {
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

fn open_ends(findings: &Findings<'_>) -> Vec<String> {
    let mut open: Vec<String> = Vec::new();
    for one in findings.made {
        if let Outcome::Failed(error) = &one.outcome {
            let title = findings.toolbox.find(&one.tool).map_or(one.tool.as_str(), |tool| tool.title.as_str());
            let with: Vec<String> = one
                .arguments
                .iter()
                .map(|(name, value)| format!("{} {}", readable(name), table::plain(value)))
                .collect();
            let with = if with.is_empty() { String::new() } else { format!(" ({})", with.join(", ")) };
            open.push(format!("- {title}{with} did not answer: {}", table::one_line(error)));
        }
    }
    for unmet in findings.unmet {
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
    if findings.is_cut_short {
        open.push("- There was more to look up, but I stop after a few rounds of calls.".to_owned());
    }
    open
}

/// A question that orders a change which no tool made gets told so.
fn refused_order(findings: &Findings<'_>) -> Option<String> {
    let firsts = findings.clauses.iter().filter_map(|clause| clause.words.first());
    let ordered = firsts.into_iter().find(|word| orders_change(&word.stem))?;
    let changed =
        findings.made.iter().filter_map(|one| findings.toolbox.find(&one.tool)).any(|tool| tool.change.is_some());
    let order = ordered.text.to_lowercase();
    (!changed).then(|| format!("- Nothing was changed: no tool I could call fits “{order}”."))
}

impl From<String> for Answer {
    fn from(text: String) -> Self {
        Self { text, calls: Vec::new() }
    }
}
