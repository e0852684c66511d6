//! A command line as a shell reads it, without a shell.

use std::{collections::BTreeMap, mem};

use crate::{ConfigError, ServerConfig, Transport, naming};

pub(super) fn server(text: &str) -> Result<ServerConfig, ConfigError> {
    let mut words = split(text)?;
    // A copied prompt sign is no part of the command.
    if words.first().is_some_and(|word| word == "$") {
        words.remove(0);
    }
    let mut env = BTreeMap::new();
    while let Some((name, value)) = words.first().and_then(|word| assignment(word)) {
        env.insert(name, value);
        words.remove(0);
    }
    let Some(command) = words.first().cloned() else {
        return Err(ConfigError::NotACommand { cause: "there is no program after the variables" });
    };
    let args = words.split_off(1);
    let name = naming::from_command(&command, &args);
    Ok(ServerConfig::new(name, Transport::Stdio { command, args, env, cwd: None }))
}

fn assignment(word: &str) -> Option<(String, String)> {
    let (name, value) = word.split_once('=')?;
    let starts_well = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    let valid = starts_well && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    valid.then(|| (name.to_owned(), value.to_owned()))
}

/// Splits into words by the quoting rules of POSIX shells. Nothing is expanded: no variables, no globs.
pub(super) fn split(text: &str) -> Result<Vec<String>, ConfigError> {
    let (mut words, mut word, mut begun) = (vec![], String::new(), false);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\'' | '"' => {
                begun = true;
                quoted(c, &mut chars, &mut word)?;
            }
            '\\' => match chars.next() {
                // A line that goes on in the next one.
                Some('\n') => (),
                // In a Windows path the backslash stands for itself.
                Some(next) if next.is_alphanumeric() => {
                    begun = true;
                    word.extend(['\\', next]);
                }
                Some(next) => {
                    begun = true;
                    word.push(next);
                }
                None => return Err(ConfigError::NotACommand { cause: "it ends with a backslash" }),
            },
            c if c.is_whitespace() => {
                if mem::take(&mut begun) {
                    words.push(mem::take(&mut word));
                }
            }
            c => {
                begun = true;
                word.push(c);
            }
        }
    }
    if begun {
        words.push(word);
    }
    Ok(words)
}

fn quoted(
    quote: char,
    chars: &mut std::iter::Peekable<std::str::Chars<'_>>,
    word: &mut String,
) -> Result<(), ConfigError> {
    while let Some(c) = chars.next() {
        match c {
            c if c == quote => return Ok(()),
            '\\' if quote == '"' && chars.peek().is_some_and(|next| "\"\\$`".contains(*next)) => {
                word.extend(chars.next());
            }
            c => word.push(c),
        }
    }
    Err(ConfigError::NotACommand { cause: "a quotation mark is never closed" })
}
