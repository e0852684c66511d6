//! A conversation as Markdown: what was said stays as it was written.

use std::fmt::Write;

use chat::{Item, Message, Role, ToolCall, Turn, visible};

use super::document::{arguments, asked, call_line, ending, moment, result, who};
use crate::store::Whole;

pub(super) fn conversation(whole: &Whole) -> String {
    let conversation = &whole.conversation;
    let mut text = format!("# {}\n\n", escaped(&conversation.title));
    let _ = writeln!(text, "*{}*", moment(conversation.created_at));
    for turn in &conversation.turns {
        write_turn(turn, &mut text);
    }
    text
}

fn write_turn(turn: &Turn, text: &mut String) {
    let mut speaks = false;
    for item in &turn.items {
        match item {
            Item::Message(message) if message.role == Role::User => {
                let _ = write!(text, "\n## You\n\n{}\n", message.text.trim_end());
                for file in &message.attachments {
                    let _ = write!(text, "\n*Attached: {}*\n", escaped(&file.name));
                }
            }
            answer => {
                if !speaks {
                    speaks = true;
                    let _ = write!(text, "\n## {}\n", escaped(&who(&turn.model)));
                }
                write_answer(answer, text);
            }
        }
    }
    if let Some(ending) = ending(turn) {
        let _ = write!(text, "\n*{}*\n", escaped(&ending));
    }
}

fn write_answer(item: &Item, text: &mut String) {
    match item {
        Item::Message(message) => write_message(message, text),
        Item::ToolCall(call) => write_call(call, text),
        Item::Question(question) => drop(write!(text, "\n*{}*\n", escaped(&asked(question)))),
    }
}

fn write_message(message: &Message, text: &mut String) {
    if !message.reasoning.trim().is_empty() {
        let _ = write!(text, "\n> *Thought:*\n>\n");
        for line in message.reasoning.trim().lines() {
            let _ = writeln!(text, "> {line}");
        }
    }
    if !message.text.trim().is_empty() {
        let _ = write!(text, "\n{}\n", message.text.trim());
    }
}

fn write_call(call: &ToolCall, text: &mut String) {
    let _ = write!(text, "\n**{}**\n", escaped(&call_line(call)));
    let _ = write!(text, "\n{}", fenced(&arguments(call), "json"));
    if let Some(result) = result(call) {
        let _ = write!(text, "\n{}", fenced(&result, ""));
    }
}

/// In a fence that nothing within can close.
fn fenced(content: &str, language: &str) -> String {
    let longest = content.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}{language}\n{}\n{fence}\n", content.trim_end())
}

/// Words of ours and of servers, in one line that means nothing but itself.
fn escaped(words: &str) -> String {
    let mut line = String::with_capacity(words.len());
    for c in visible(words).chars() {
        match c {
            '\n' | '\t' => line.push(' '),
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '|' | '&' | '~' => line.extend(['\\', c]),
            other => line.push(other),
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fences_are_longer_than_those_within() {
        assert_eq!(fenced("a", "json"), "```json\na\n```\n");
        assert_eq!(fenced("```\nx\n````", ""), "`````\n```\nx\n````\n`````\n");
    }

    #[test]
    fn titles_are_one_line_without_marks() {
        assert_eq!(escaped("a\nb *c* <d>\u{202e}"), "a b \\*c\\* \\<d\\>⟨U+202E⟩");
    }
}
