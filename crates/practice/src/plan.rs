//! What one request gets: calls to make, or an answer from the results that are there.
//!
//! The question is read ([`reading`]) and parted into clauses ([`question`]); its words choose tools by what these say
//! of themselves ([`choose`]); its values fill their arguments ([`fill`]); ids in the results open further calls
//! ([`follow`]), also those of a list that is asked for first ([`list`]). Where the tools at hand do not fit and one of
//! them finds others, it is asked before all that ([`find`]). No tool is known by name.

mod choose;
mod dates;
mod explain;
mod fill;
mod find;
mod follow;
mod german;
mod list;
pub(crate) mod param;
mod query;
pub(crate) mod question;
mod reading;
pub(crate) mod results;
pub(crate) mod toolbox;
mod values;
pub(crate) mod words;

use jiff::civil::Date;
use serde_json::{Map, Value};

use crate::answer;
use crate::wire::{ChatRequest, Message};
use choose::{Target, choose};
use explain::explain;
use follow::next;
pub(crate) use follow::{Round, Situation};
use question::{Clause, Id, clauses};
use reading::{Reading, read};
use results::{Found, Made, made};
use toolbox::Toolbox;

/// After this many rounds of calls it answers with what it has.
const MOST_ROUNDS: usize = 8;

/// A longer reading of a question is not repeated in the answer.
const LONGEST_READING: usize = 200;

/// What the practice model says and calls next.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Answer {
    /// Markdown.
    pub text: String,
    pub calls: Vec<Call>,
}

/// One call of a tool the request offered.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    pub tool: String,
    pub arguments: Map<String, Value>,
}

impl From<Vec<Call>> for Answer {
    fn from(calls: Vec<Call>) -> Self {
        Self { text: String::new(), calls }
    }
}

/// Plans from nothing but the request; `today` is what words such as "last week" count from.
pub fn plan(request: &ChatRequest, today: Date) -> Answer {
    let offered = if request.tool_choice == "none" { &[] } else { request.tools.as_slice() };
    let toolbox = Toolbox::new(offered);
    let asked = request.messages.iter().rposition(|message| message.role == "user");
    let has_tools = !toolbox.tools.is_empty() || toolbox.finder.is_some();
    let Some(asked) = asked.filter(|_| has_tools) else {
        return answer::introduction(&toolbox, &[]).into();
    };
    let turn = &request.messages[asked + 1..];
    let before = &request.messages[..asked];
    let is_search = |made: &Made| toolbox.finder.as_ref().is_some_and(|finder| finder.name == made.tool);
    let (searched, made): (Vec<Made>, Vec<Made>) = made(turn).into_iter().partition(is_search);
    let rounds = turn.iter().filter(|message| !message.calls().is_empty()).count();
    let may_call = rounds < MOST_ROUNDS;
    // What was looked for before is not looked for again.
    let unsearched = |calls: Vec<Call>| -> Vec<Call> {
        let is_new = |call: &Call| !searched.iter().any(|made| made.arguments == call.arguments);
        calls.into_iter().filter(|call| may_call && is_new(call)).collect()
    };
    let reading = read(&request.messages[asked].text(), &toolbox);
    if let Some(finder) = &toolbox.finder {
        let calls = unsearched(find::searches(finder, &reading.text, &toolbox));
        if !calls.is_empty() {
            return calls.into();
        }
    }
    let clauses = understood(&reading.text, before, &toolbox, today);
    let targets = choose(&clauses, &toolbox);
    if targets.is_empty() && made.is_empty() {
        return answer::introduction(&toolbox, &searched).into();
    }
    let earlier = earlier(before, &targets, &toolbox);
    let situation = Situation { toolbox: &toolbox, clauses: &clauses, targets, made: &made, earlier };
    let mut round = next(&situation);
    let explained = explain(&situation);
    if let Some((_, call)) = explained.as_ref().filter(|(_, call)| round.calls.is_empty() && !situation.was_made(call))
    {
        round.calls.push(call.clone());
    }
    if let Some(finder) = toolbox.finder.as_ref().filter(|_| round.calls.is_empty()) {
        round.calls = unsearched(find::searches_for(finder, &round.unmet));
    }
    if !round.calls.is_empty() && may_call {
        return round.calls.into();
    }
    let remarks = remarks(&situation, &reading);
    let findings =
        answer::Findings { situation: &situation, explained: explained.map(|(tool, _)| tool), round: &round, remarks };
    answer::answer(&findings).into()
}

/// What a reader should know of how the question was taken.
fn remarks(situation: &Situation<'_>, reading: &Reading) -> Vec<String> {
    let mut remarks = Vec::new();
    if reading.is_changed {
        let is_short = reading.text.chars().count() <= LONGEST_READING;
        let text = if is_short {
            format!("I read your question as “{}”.", reading.text.trim())
        } else {
            "I read some of your words as others that I know.".to_owned()
        };
        remarks.push(text);
    }
    for target in &situation.targets {
        let Some(lister) = list::lister(situation, target) else { continue };
        let remark =
            format!("No tool lists them all: {} was asked for those that {} names.", target.tool.title, lister.title);
        if !remarks.contains(&remark) {
            remarks.push(remark);
        }
    }
    remarks
}

/// The clauses of the question. One that names no thing ("and for CUST-003?") is the question before with new values.
fn understood(question: &str, before: &[Message], toolbox: &Toolbox, today: Date) -> Vec<Clause> {
    let own = clauses(question, toolbox, today);
    let has_values =
        own.iter().any(|clause| !clause.ids.is_empty() || !clause.names.is_empty() || !clause.emails.is_empty());
    let opening = question.trim_start().to_lowercase();
    let continues =
        ["and ", "what about", "how about", "also ", "same "].iter().any(|start| opening.starts_with(start));
    let is_anchored = own.iter().flat_map(|clause| &clause.words).any(|word| {
        let is_label = own.iter().any(|clause| clause.is_label(&word.stem));
        !is_label && question::anchors(word, toolbox).next().is_some()
    });
    let last = before.iter().rev().find(|message| message.role == "user");
    let last = last.map(|message| read(&message.text(), toolbox).text);
    let Some(last) = last.filter(|_| has_values && continues && !is_anchored) else { return own };
    let mut clauses = clauses(&last, toolbox, today);
    for clause in &mut clauses {
        clause.words.retain(|word| !word.is_id());
        let label = clause.ids.first().and_then(|id| id.label.clone());
        let ids = own.iter().flat_map(|own| &own.ids);
        clause.ids = ids.map(|id| Id { text: id.text.clone(), label: id.label.clone().or(label.clone()) }).collect();
        clause.names = own.iter().flat_map(|own| own.names.clone()).collect();
        clause.emails = own.iter().flat_map(|own| own.emails.clone()).collect();
    }
    clauses
}

/// Ids of the turn before: those its question named, else those in its results.
fn earlier(before: &[Message], targets: &[Target<'_>], toolbox: &Toolbox) -> Vec<Found> {
    let Some(start) = before.iter().rposition(|message| message.role == "user") else { return Vec::new() };
    let params = || targets.iter().flat_map(|target| &target.tool.params);
    let spoken = |text: &str| -> Vec<Found> {
        let words = words::words(text);
        let ids = words.iter().filter(|word| word.is_id()).map(|word| word.text.clone());
        let known = ids.flat_map(|id| {
            let takes = params().find(|param| param.entity().is_some() && fits(param, &id));
            takes.and_then(|param| param.entity()).map(|entity| Found {
                entity: entity.to_owned(),
                id: Value::String(id),
                is_own: false,
            })
        });
        known.collect()
    };
    let named = spoken(&before[start].text());
    if !named.is_empty() {
        return named;
    }
    let results: Vec<Found> = made(&before[start..]).iter().flat_map(|made| results::ids(made, toolbox)).collect();
    if results.iter().any(|found| params().any(|param| results::opens(param, found))) {
        return results.into_iter().map(|found| Found { is_own: false, ..found }).collect();
    }
    before[start..]
        .iter()
        .filter(|message| message.role == "assistant")
        .flat_map(|message| spoken(&message.text()))
        .collect()
}

fn fits(param: &param::Param, id: &str) -> bool {
    let letters: String = id.chars().take_while(|letter| letter.is_alphabetic()).collect();
    param.fits(id).unwrap_or_else(|| param.entity().is_some_and(|entity| fill::abbreviates(&letters, entity)))
}
