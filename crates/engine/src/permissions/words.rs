//! Rules in words.

use std::collections::BTreeMap;

use chat::{Covers, Effect, Remembered, Rule};

/// What the rule says, for people.
pub(crate) fn words(rule: &Rule) -> String {
    match rule {
        Rule::Guard { .. } => "No call may name the files by which Loquat itself goes.".into(),
        Rule::AllowAll => "Every other call may run.".into(),
        Rule::AllowTool { server, tool } => format!("{server} · {tool} may run."),
        Rule::AllowReadOnly { server } => format!("Tools of {server} that only read may run."),
        Rule::AskTool { server, tool } => format!("{server} · {tool} always asks."),
        Rule::DenyTool { server, tool } => format!("{server} · {tool} is blocked."),
        Rule::DenyServer { server } => format!("{server} is blocked."),
        Rule::Remembered { remembered } => said(remembered),
    }
}

fn said(remembered: &Remembered) -> String {
    let server = &remembered.server;
    let place = if remembered.conversation.is_some() { " in one conversation" } else { "" };
    let effect = match remembered.effect {
        Effect::Allow => "You allowed",
        Effect::Ask => "You want to be asked about",
        Effect::Deny => "You refuse",
    };
    match &remembered.covers {
        Covers::Tool { tool, .. } => format!("{effect} {server} · {tool}{place}."),
        Covers::Arguments { tool, arguments, .. } => format!("{effect} {server} · {tool} with {arguments}{place}."),
        Covers::ReadOnly { definitions } => {
            format!("{effect} the {} tools of {server} that only read{place}.", definitions.len())
        }
        Covers::Pattern { tool, arguments, .. } => {
            format!("{effect} {server} · {tool} where {}{place}.", patterns(arguments))
        }
        Covers::Server => format!("{effect} all tools of {server}{place}."),
    }
}

fn patterns(arguments: &BTreeMap<String, String>) -> String {
    let each: Vec<String> = arguments.iter().map(|(name, pattern)| format!("{name} is {pattern}")).collect();
    each.join(" and ")
}
