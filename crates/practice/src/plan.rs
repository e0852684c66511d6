//! What one request gets: calls to make, or an answer from the results that are there.
//!
//! The question is parted into clauses ([`question`]); its words choose tools by what these say of themselves
//! ([`choose`]); its values fill their arguments ([`fill`]); ids in the results open further calls ([`follow`]). No
//! tool is known by name.

mod choose;
mod dates;
mod fill;
mod follow;
pub(crate) mod question;
pub(crate) mod results;
pub(crate) mod toolbox;
pub(crate) mod words;

use jiff::civil::Date;
use serde_json::{Map, Value};

use crate::answer;
use crate::wire::{ChatRequest, Message};
use choose::{Target, choose};
pub(crate) use follow::Unmet;
use follow::{Situation, next};
use question::{Clause, Id, clauses};
use results::{Found, made};
use toolbox::Toolbox;

/// After this many rounds of calls it answers with what it has.
const MOST_ROUNDS: usize = 6;

/// Of a longer question it reads the beginning: what follows is pasted text, not a question.
const LONGEST_QUESTION: usize = 4000;

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

/// Plans from nothing but the request; `today` is what words such as "last week" count from.
pub fn plan(request: &ChatRequest, today: Date) -> Answer {
    let offered = if request.tool_choice == "none" { &[] } else { request.tools.as_slice() };
    let toolbox = Toolbox::new(offered);
    let asked = request.messages.iter().rposition(|message| message.role == "user");
    let Some(asked) = asked.filter(|_| !toolbox.tools.is_empty()) else {
        return answer::introduction(&toolbox).into();
    };
    let turn = &request.messages[asked + 1..];
    let before = &request.messages[..asked];
    let made = made(turn);
    let question: String = request.messages[asked].text().chars().take(LONGEST_QUESTION).collect();
    let clauses = understood(&question, before, &toolbox, today);
    let targets = choose(&clauses, &toolbox);
    if targets.is_empty() && made.is_empty() {
        return answer::introduction(&toolbox).into();
    }
    let earlier = earlier(before, &targets, &toolbox);
    let situation = Situation { toolbox: &toolbox, clauses: &clauses, targets, made: &made, earlier };
    let round = next(&situation);
    let rounds = turn.iter().filter(|message| !message.calls().is_empty()).count();
    if !round.calls.is_empty() && rounds < MOST_ROUNDS {
        return Answer { text: String::new(), calls: round.calls };
    }
    let wanted: Vec<&str> = situation.targets.iter().map(|target| target.tool.name.as_str()).collect();
    answer::answer(&answer::Findings {
        made: &made,
        toolbox: &toolbox,
        clauses: &clauses,
        wanted: &wanted,
        unmet: &round.unmet,
        is_cut_short: !round.calls.is_empty(),
    })
    .into()
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
    let last = before.iter().rev().find(|message| message.role == "user").map(Message::text);
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

fn fits(param: &toolbox::Param, id: &str) -> bool {
    let letters: String = id.chars().take_while(|letter| letter.is_alphabetic()).collect();
    param.fits(id).unwrap_or_else(|| param.entity().is_some_and(|entity| fill::abbreviates(&letters, entity)))
}
