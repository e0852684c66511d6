//! How text is laid into the index, and what somebody types is asked of it.

use crate::search::SnippetPiece;

use super::{CLOSES, OPENS};

/// Between two letters of a script that puts no spaces between words. Nobody sees it.
const JOINT: char = '\u{200b}';

/// The text with every letter of a script without spaces on its own, so that any part of a sentence is found.
pub(super) fn spread(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    let mut before_joins = false;
    for c in text.chars().filter(|c| !matches!(*c, OPENS | CLOSES | JOINT)) {
        let joins = is_without_spaces(c);
        if (joins || before_joins) && !out.is_empty() {
            out.push(JOINT);
        }
        out.push(c);
        before_joins = joins;
    }
    out
}

/// Chinese, Japanese, Korean, and Thai, Lao, Burmese and Khmer.
fn is_without_spaces(c: char) -> bool {
    matches!(c,
        '\u{0e00}'..='\u{0eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{1100}'..='\u{11ff}'
        | '\u{2e80}'..='\u{2fdf}' | '\u{3005}'..='\u{3007}' | '\u{3040}'..='\u{30ff}' | '\u{3100}'..='\u{31ff}'
        | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{ac00}'..='\u{d7ff}' | '\u{f900}'..='\u{faff}'
        | '\u{ff66}'..='\u{ff9f}' | '\u{20000}'..='\u{3ffff}')
}

/// What is typed, as FTS5 asks for it: all words, each as a beginning; "in quotes" as they stand; -without.
/// Nothing where there is nothing to look for.
pub(super) fn expression(text: &str) -> Option<String> {
    let (unwanted, wanted): (Vec<_>, Vec<_>) = terms(text).into_iter().partition(|term| term.without);
    let all = |terms: &[Term], joint: &str| terms.iter().map(Term::quoted).collect::<Vec<_>>().join(joint);
    if wanted.is_empty() {
        return None;
    }
    let asked = all(&wanted, " AND ");
    Some(if unwanted.is_empty() { asked } else { format!("({asked}) NOT ({})", all(&unwanted, " OR ")) })
}

struct Term {
    text: String,
    without: bool,
    /// As it stands, not as a beginning.
    whole: bool,
}

impl Term {
    fn quoted(&self) -> String {
        let star = if self.whole { "" } else { "*" };
        format!("\"{}\"{star}", spread(&self.text).replace('"', "\"\""))
    }
}

fn terms(text: &str) -> Vec<Term> {
    let mut terms = vec![];
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let without = rest.starts_with('-');
        let after = rest.strip_prefix('-').unwrap_or(rest);
        let (word, whole, left) = match after.strip_prefix('"') {
            Some(quoted) => match quoted.split_once('"') {
                Some((word, left)) => (word, true, left),
                // Still being typed.
                None => (quoted, false, ""),
            },
            None => {
                let end = after.find(|c: char| c.is_whitespace() || c == '"').unwrap_or(after.len());
                (&after[..end], false, &after[end..])
            }
        };
        // What holds no letter is in no index.
        if word.chars().any(char::is_alphanumeric) {
            terms.push(Term { text: word.to_owned(), without, whole });
        }
        rest = left.trim_start();
    }
    terms
}

/// A snippet in pieces, what was found told apart; as it was written, in one line.
pub(super) fn pieces(snippet: &str) -> Vec<SnippetPiece> {
    let mut pieces: Vec<SnippetPiece> = vec![];
    let mut hit = false;
    let mut text = String::new();
    let mut end = |text: &mut String, hit: bool| {
        if text.is_empty() {
            return;
        }
        let text = std::mem::take(text);
        match pieces.last_mut() {
            Some(last) if last.hit == hit => last.text.push_str(&text),
            _ => pieces.push(SnippetPiece { text, hit }),
        }
    };
    for c in snippet.chars() {
        match c {
            OPENS | CLOSES => {
                end(&mut text, hit);
                hit = c == OPENS;
            }
            JOINT => (),
            c if c.is_whitespace() => {
                if !text.ends_with(' ') {
                    text.push(' ');
                }
            }
            c => text.push(c),
        }
    }
    end(&mut text, hit);
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_is_asked_for() {
        for (typed, asked) in [
            ("tick", Some(r#""tick"*"#)),
            ("critical  tickets", Some(r#""critical"* AND "tickets"*"#)),
            (r#""in progress" TKT-003"#, Some(r#""in progress" AND "TKT-003"*"#)),
            ("ticket -closed", Some(r#"("ticket"*) NOT ("closed"*)"#)),
            ("-closed", None),
            ("  !? ", None),
            (r#"say "hel"#, Some(r#""say"* AND "hel"*"#)),
            ("NEAR(a) OR *", Some(r#""NEAR(a)"* AND "OR"*"#)),
            ("東京", Some("\"東\u{200b}京\"*")),
        ] {
            assert_eq!(expression(typed).as_deref(), asked, "{typed}");
        }
    }

    #[test]
    fn a_snippet_is_one_line_as_it_was_written() {
        let piece = |text: &str, hit| SnippetPiece { text: text.into(), hit };
        let snippet = format!("a\n\n b {OPENS}東{JOINT}京{CLOSES}{JOINT}都");
        assert_eq!(pieces(&snippet), [piece("a b ", false), piece("東京", true), piece("都", false)]);
        assert_eq!(spread(&format!("ab東c{OPENS}")), format!("ab{JOINT}東{JOINT}c"));
    }
}
