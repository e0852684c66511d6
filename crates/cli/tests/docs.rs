//! What the documents say is true: their commands run, their paths exist.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test may fail, and runs the program")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// The documents by name, with their text.
fn documents() -> Vec<(String, String)> {
    let pages = fs::read_dir(root().join("docs")).unwrap().map(|entry| entry.unwrap().path());
    let pages = pages.filter(|path| path.extension().is_some_and(|end| end == "md"));
    let all = pages.chain([root().join("README.md")]);
    all.map(|path| (path.display().to_string(), fs::read_to_string(path).unwrap())).collect()
}

/// The lines in fenced blocks.
fn commands(text: &str) -> Vec<&str> {
    let blocks = text.split("```").skip(1).step_by(2);
    blocks.flat_map(|block| block.lines().skip(1)).map(str::trim).filter(|line| !line.is_empty()).collect()
}

/// A line as a shell would take it apart: blanks part words, quotes keep them together.
fn taken_apart(line: &str) -> Vec<String> {
    let (mut words, mut quote) = (vec![String::new()], None);
    for letter in line.chars() {
        match (quote, letter) {
            // The rest is for people.
            (None, '#') if words.last().is_some_and(String::is_empty) => break,
            (None, '\'' | '"') => quote = Some(letter),
            (Some(open), _) if letter == open => quote = None,
            (None, ' ') => words.push(String::new()),
            (_, _) => words.last_mut().unwrap().push(letter),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

struct Outcome {
    code: Option<i32>,
    out: String,
    err: String,
}

/// Runs `loq` in a home of its own, beside a file such as another client writes.
fn run(args: &[String]) -> Outcome {
    let home = tempfile::tempdir().unwrap();
    let desk = testkit::program("loquat-helpdesk");
    let other = json!({ "mcpServers": { "kb": { "command": desk, "args": ["kb"] } } });
    fs::write(home.path().join("claude_desktop_config.json"), other.to_string()).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_loq"));
    command.args(args).env("LOQUAT_HOME", home.path()).current_dir(home.path()).stdin(Stdio::null());
    for name in ["OPENAI_API_KEY", "OPENAI_BASE_URL", "MODEL", "SYSTEM_PROMPT", "LMSTUDIO_MODEL", "LMSTUDIO_BASE_URL"] {
        command.env_remove(name);
    }
    let output = command.env_remove("DBUS_SESSION_BUS_ADDRESS").output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Outcome { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

/// Those that end by themselves and need nobody else. The others are only held to what `loq` understands.
fn runs_alone(args: &[String]) -> bool {
    let alone = ["ask", "chat", "servers", "tools", "call", "examples"];
    let others =
        args.iter().any(|arg| ["lmstudio", "openai", "custom", "--base-url", "--account"].contains(&arg.as_str()));
    alone.contains(&args[0].as_str()) && !others
}

#[test]
fn every_command_of_the_documents_runs() {
    let mut count = 0;
    for (name, text) in documents() {
        for line in commands(&text) {
            let words = taken_apart(line);
            let Some((program, args)) = words.split_first().filter(|(program, _)| program.ends_with("loq")) else {
                continue;
            };
            assert!(["loq", "target/debug/loq"].contains(&program.as_str()), "{name}: {line}");
            count += 1;
            let understood = run(&[args, &["--help".to_owned()]].concat());
            assert_eq!(understood.code, Some(0), "{name}: {line}\n{}", understood.err);
            if runs_alone(args) {
                let Outcome { code, out, err } = run(args);
                assert_eq!(code, Some(0), "{name}: {line}\n{out}\n{err}");
            }
        }
    }
    assert!(count >= 7, "only {count} commands were found");
}

#[test]
fn what_the_first_commands_promise_comes() {
    let answer = run(&["ask".to_owned(), "What are all the critical priority tickets?".to_owned()]);
    assert!(answer.out.contains("**3 tickets**") && answer.err.contains("no AI"), "{}\n{}", answer.out, answer.err);
    let examples = root().join("crates/practice/src/lib.rs");
    let examples = fs::read_to_string(examples).unwrap();
    let page = fs::read_to_string(root().join("docs/getting-started.md")).unwrap();
    let questions: Vec<&str> =
        page.lines().filter_map(|line| line.strip_prefix("- ")).filter(|it| it.ends_with('?')).collect();
    assert!(questions.len() >= 3);
    for question in questions {
        assert!(examples.contains(question), "{question} is not among the examples that are tested");
    }
}

#[test]
fn every_npm_command_is_there() {
    let package: Value = serde_json::from_str(&fs::read_to_string(root().join("package.json")).unwrap()).unwrap();
    for (name, text) in documents() {
        for (at, _) in text.match_indices("npm ") {
            let mut words = text[at + 4..].split(|letter: char| !(letter.is_alphanumeric() || "-:".contains(letter)));
            let script = match words.next() {
                Some("run") => words.next().unwrap(),
                Some(script @ ("start" | "test")) => script,
                Some(_) | None => continue,
            };
            assert!(package["scripts"][script].is_string(), "{name}: npm {script}");
        }
    }
}

#[test]
fn every_path_is_there_and_the_map_names_every_crate() {
    let places = ["crates/", "ui/", "src-tauri/", "scripts/", "docs/"];
    for (name, text) in documents() {
        let quoted = text.split('`').skip(1).step_by(2);
        for path in quoted.filter(|path| places.iter().any(|place| path.starts_with(place)) && !path.contains(' ')) {
            assert!(root().join(path).exists(), "{name}: there is no {path}");
        }
    }
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    for entry in fs::read_dir(root().join("crates")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(readme.contains(&format!("| `crates/{name}` |")), "the map does not name crates/{name}");
    }
}
