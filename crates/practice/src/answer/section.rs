//! The results of a turn, put together by the tool they came from.

use serde_json::{Map, Value};

use super::narrow::Wish;
use super::table;
use crate::plan::Situation;
use crate::plan::question::Clause;
use crate::plan::results::{Made, Outcome};
use crate::plan::words::readable;

/// The results of one tool, over all its calls of the turn.
pub(super) struct Section<'a> {
    pub(super) tool: &'a str,
    pub(super) made: Vec<&'a Made>,
    pub(super) lists: Vec<List<'a>>,
    /// What was kept of the records, where each call gave one; in words.
    pub(super) narrowed: Vec<String>,
}

/// Records of one kind, from one or several results.
pub(super) struct List<'a> {
    /// What they are, in the plural as the tool names them.
    pub(super) name: String,
    pub(super) rows: Vec<&'a Map<String, Value>>,
    /// How many there were before some were left out.
    pub(super) all: usize,
    /// What the question said that no parameter took: only rows with it are kept.
    pub(super) narrowed: Vec<String>,
}

pub(super) fn sections<'a>(situation: &Situation<'a>) -> Vec<Section<'a>> {
    let mut sections: Vec<Section<'_>> = Vec::new();
    for one in situation.made.iter().filter(|one| !matches!(one.outcome, Outcome::Failed(_))) {
        match sections.iter_mut().find(|section| section.tool == one.tool) {
            Some(section) => section.made.push(one),
            None => {
                sections.push(Section { tool: &one.tool, made: vec![one], lists: Vec::new(), narrowed: Vec::new() })
            }
        }
    }
    for section in &mut sections {
        for one in section.made.iter().filter_map(|one| one.value()) {
            collect(one, section.tool, &mut section.lists);
        }
        section.lists.iter_mut().for_each(|list| list.all = list.rows.len());
        keep_named(section, situation);
        leave_out(section, situation);
    }
    sections
}

/// Ids the question named that no argument took: only the rows that have one of them are kept. Ids of other parts of
/// the question count where this part says nothing else.
fn keep_named(section: &mut Section<'_>, situation: &Situation<'_>) {
    let asks_nothing = section.made.iter().all(|one| one.arguments.is_empty());
    let asks = |at: usize| situation.targets.iter().any(|target| target.at == at && target.tool.name == section.tool);
    let clauses = situation.clauses.iter().enumerate().filter(|(at, _)| asks_nothing || asks(*at));
    let ids = clauses.flat_map(|(_, clause)| &clause.ids);
    let ids: Vec<Value> = ids.map(|id| Value::String(id.text.to_uppercase())).collect();
    let given: Vec<&Value> = section.made.iter().flat_map(|one| one.arguments.values()).collect();
    let is_given = |id: &Value| given.iter().any(|given| holds(given, id));
    let named: Vec<&Value> = ids.iter().filter(|id| !is_given(id)).collect();
    for list in &mut section.lists {
        let shows = |row: &Map<String, Value>, id: &Value| row.values().any(|value| holds(value, id));
        let shown: Vec<&Value> =
            named.iter().copied().filter(|id| list.rows.iter().any(|row| shows(row, id))).collect();
        if shown.is_empty() {
            continue;
        }
        list.rows.retain(|row| shown.iter().any(|id| shows(row, id)));
        let shown: Vec<String> = shown.into_iter().map(table::plain).collect();
        list.narrowed.push(format!("with {}", shown.join(" or ")));
    }
}

/// Whether a value is the id or a list that has it.
fn holds(value: &Value, id: &Value) -> bool {
    value == id || value.as_array().is_some_and(|list| list.contains(id))
}

/// Leaves out what the question does not speak of.
fn leave_out(section: &mut Section<'_>, situation: &Situation<'_>) {
    let targets = situation.targets.iter().filter(|target| target.tool.name == section.tool);
    let clauses: Vec<&Clause> = targets.map(|target| &situation.clauses[target.at]).collect();
    let given = section.made.iter().flat_map(|one| one.arguments.keys()).cloned().collect();
    let wish = Wish { clauses, given };
    if is_list(section) {
        for list in &mut section.lists {
            let kept = wish.keep(&list.rows);
            list.rows = kept.rows;
            list.narrowed.extend(kept.conditions);
        }
        return;
    }
    let records: Option<Vec<_>> = section.made.iter().map(|one| one.value().and_then(Value::as_object)).collect();
    if let Some(records) = records {
        let kept = wish.keep(&records);
        let is_kept = |one: &&Made| {
            let record = one.value().and_then(Value::as_object);
            kept.rows.iter().any(|row| record.is_some_and(|record| std::ptr::eq(*row, record)))
        };
        section.made.retain(is_kept);
        section.narrowed = kept.conditions;
    }
}

/// Puts the arrays of records in a result into lists. What is no list is shown as a record.
fn collect<'a>(value: &'a Value, tool: &str, lists: &mut Vec<List<'a>>) {
    let mut add = |name: &str, rows: &'a [Value]| {
        let rows = rows.iter().filter_map(Value::as_object);
        match lists.iter_mut().find(|list| list.name == name) {
            Some(list) => list.rows.extend(rows),
            None => lists.push(List { name: name.to_owned(), rows: rows.collect(), all: 0, narrowed: Vec::new() }),
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

/// What a tool tells, without its verb: "SLA terms".
pub(super) fn title(section: &Section<'_>) -> String {
    let title = readable(section.tool.rsplit_once("__").map_or(section.tool, |(_, bare)| bare));
    title.split_once(' ').map_or(title.clone(), |(_, rest)| rest.to_owned())
}

pub(super) fn is_list(section: &Section<'_>) -> bool {
    !section.lists.is_empty()
        && section.made.iter().filter_map(|one| one.value()).all(|value| value.as_object().is_none_or(is_listing))
}
