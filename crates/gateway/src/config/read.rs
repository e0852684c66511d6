//! From a file's text to what it says, and from what is wrong with it to where.

use std::{fs, path::Path};

use serde::de::DeserializeOwned;
use serde_saphyr::{DuplicateKeyPolicy, Location};

use crate::{GatewayError, Problem};

/// A file that is being read: its name is in every complaint.
#[derive(Clone)]
pub(crate) struct Source {
    pub(crate) name: String,
    pub(crate) text: String,
}

impl Source {
    pub(crate) fn open(path: &Path) -> Result<Self, GatewayError> {
        let text =
            fs::read_to_string(path).map_err(|source| GatewayError::Unreadable { path: path.to_owned(), source })?;
        Ok(Self { name: path.display().to_string(), text })
    }

    pub(crate) fn problem(&self, location: Location) -> Problem {
        Problem::at(&self.name, location)
    }
}

/// What the source says, or the first thing in it that cannot be understood.
pub(crate) fn read<T: DeserializeOwned>(source: &Source) -> Result<T, Problem> {
    let options = serde_saphyr::options! {
        duplicate_keys: DuplicateKeyPolicy::Error,
        with_snippet: false,
    };
    serde_saphyr::from_str_with_options(&source.text, options).map_err(|error| {
        let location = error.location().unwrap_or(Location::UNKNOWN);
        let text = error.without_snippet().to_string();
        let line = line_of(&source.text, location.line());
        let why = if line.is_empty() { String::new() } else { format!("The line reads `{line}`.") };
        source.problem(location).what(sentence(&text)).why(why).fix(advice(&text))
    })
}

fn line_of(text: &str, line: u64) -> String {
    let at = usize::try_from(line).unwrap_or(0);
    let line = at.checked_sub(1).and_then(|at| text.lines().nth(at)).unwrap_or_default().trim();
    // A key or a password may stand there.
    let name = line.split_once(':').map_or(line, |(name, _)| name);
    let shown = if line.len() > 60 || is_private(name) { format!("{name}: …") } else { line.to_owned() };
    shown.chars().take(80).collect()
}

fn is_private(name: &str) -> bool {
    let name = name.to_lowercase();
    ["key", "token", "secret", "password", "authorization", "cookie"].iter().any(|word| name.contains(word))
}

fn sentence(text: &str) -> String {
    let first = text.lines().next().unwrap_or_default().trim();
    // Where it is, is said before it.
    let first = first.split(" at line ").next().unwrap_or(first);
    // What whoever writes programs could do about it is not what whoever writes files could.
    let first = first.split(", set DuplicateKeyPolicy").next().unwrap_or(first);
    let first = first.strip_prefix("error:").unwrap_or(first).trim().trim_end_matches('.');
    let mut letters = first.chars();
    let capital = letters.next().map(|letter| letter.to_uppercase().collect::<String>()).unwrap_or_default();
    format!("{capital}{}.", letters.as_str())
}

fn advice(text: &str) -> String {
    let advice = if text.contains("unknown field") {
        "Correct its spelling, or take it out; docs/gateway.md lists what may stand there."
    } else if text.contains("duplicate") {
        "Keep one of the two."
    } else if text.contains("missing field") {
        "Add it; docs/gateway.md shows an example."
    } else if text.contains("invalid type") || text.contains("invalid value") {
        "Write a value of the kind that is expected; texts with special letters belong in quotes."
    } else {
        "Check the indentation, the colons and the quotes around this place."
    };
    advice.to_owned()
}

/// A text with every `${env:NAME}` replaced by what the environment says; `${env:NAME:-other}` says what is meant
/// where it says nothing.
pub(crate) fn text(raw: &str) -> Result<String, UnsetVariable> {
    let mut out = String::new();
    let mut rest = raw;
    while let Some((before, after)) = rest.split_once("${env:") {
        let Some((name, after)) = after.split_once('}') else { break };
        let (name, otherwise) = name.split_once(":-").map_or((name, None), |(name, other)| (name, Some(other)));
        let value = std::env::var(name).ok().filter(|value| otherwise.is_none() || !value.is_empty());
        let value = value.or(otherwise.map(str::to_owned)).ok_or_else(|| UnsetVariable(name.to_owned()))?;
        out.push_str(before);
        out.push_str(&value);
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

pub(crate) struct UnsetVariable(pub(crate) String);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::File;

    fn problem(text: &str) -> Problem {
        let source = Source { name: "gateway.yaml".into(), text: text.into() };
        match read::<File>(&source) {
            Ok(_) => panic!("accepted: {text}"),
            Err(problem) => problem,
        }
    }

    /// One row a mistake: the text, the line it is found at, a word of the complaint.
    #[test]
    fn mistakes_are_found_where_they_are() {
        let rows = [
            ("server:\n  name: x\n  lisen: y\n", 3, "lisen"),
            ("tenants:\n  a:\n    services:\n      memory: [1]\n", 4, ""),
            ("rate_limits:\n  default_per_minute: many\n", 2, "many"),
            ("server:\n  name: a\n  name: b\n", 3, "name"),
            ("auth:\n  keys:\n    - name: k\n", 3, "sha256"),
            ("server: {name: x\n", 1, ""),
            ("security:\n  approvals:\n    mode: maybe\n", 3, "maybe"),
        ];
        for (text, line, word) in rows {
            let problem = problem(text);
            assert_eq!(problem.line, line, "{problem} in {text:?}");
            assert!(problem.to_string().contains(word), "{problem}");
            assert!(!problem.fix.is_empty() && problem.to_string().starts_with("gateway.yaml:"), "{problem}");
        }
    }

    #[test]
    fn a_variable_may_say_what_is_meant_without_it() {
        let rows = [
            ("a/${env:NOT_SET_ANYWHERE:-b}/c", Some("a/b/c")),
            ("${env:NOT_SET_ANYWHERE:-}", Some("")),
            ("${env:NOT_SET_ANYWHERE}", None),
            ("plain", Some("plain")),
        ];
        for (raw, expected) in rows {
            assert_eq!(text(raw).ok().as_deref(), expected, "{raw}");
        }
    }

    #[test]
    fn what_looks_private_is_not_repeated() {
        let problem = problem("auth:\n  jwt:\n    secret_key: hunter2\n");
        assert!(!problem.to_string().contains("hunter2"), "{problem}");
    }
}
