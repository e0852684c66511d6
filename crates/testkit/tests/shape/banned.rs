//! What is written nowhere, or in one place only.

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use crate::files::{File, at_root, root, rust, written};
use crate::none;

/// Where programs are started, which is one place, and where a path of one is only read.
const MAY_START_PROGRAMS: [&str; 5] = [
    "crates/mcp/src/process.rs",
    "crates/mcp/src/process/",
    "crates/testkit/src/databases.rs",
    "src-tauri/again.rs",
    "src-tauri/desk.rs",
];

/// Words of tests that do not run, as the runners of TypeScript and JavaScript spell them.
const NOT_RUN: [&str; 8] =
    [".skip(", ".only(", ".todo(", ".skipIf(", ".runIf(", "skip: true", "only: true", "todo: true"];

/// One token of Rust, which is code: comments and strings are none.
struct Token {
    text: String,
    line: usize,
}

fn tokens(file: &File) -> Vec<Token> {
    let stream: TokenStream = file.text.parse().unwrap_or_else(|error| panic!("{}: {error}", file.path));
    let mut tokens = vec![];
    flatten(stream, &mut tokens);
    tokens
}

fn flatten(stream: TokenStream, tokens: &mut Vec<Token>) {
    for tree in stream {
        let line = tree.span().start().line;
        match tree {
            TokenTree::Group(group) => {
                let opens = match group.delimiter() {
                    Delimiter::Parenthesis => "(",
                    Delimiter::Brace => "{",
                    Delimiter::Bracket => "[",
                    Delimiter::None => "",
                };
                tokens.push(Token { text: opens.into(), line });
                flatten(group.stream(), tokens);
                // What closes it is never asked for, only that nothing runs on.
                tokens.push(Token { text: "close".into(), line: group.span_close().start().line });
            }
            TokenTree::Ident(ident) => tokens.push(Token { text: ident.to_string(), line }),
            TokenTree::Punct(punct) => tokens.push(Token { text: punct.as_char().to_string(), line }),
            TokenTree::Literal(_) => tokens.push(Token { text: "literal".into(), line }),
        }
    }
}

/// Where these tokens follow each other.
fn places(file: &File, pattern: &[&str]) -> Vec<String> {
    let tokens = tokens(file);
    let found = tokens
        .windows(pattern.len())
        .filter(|window| window.iter().zip(pattern).all(|(token, wanted)| token.text == *wanted));
    found.map(|window| format!("{}:{} {}", file.path, window[0].line, pattern.concat())).collect()
}

fn everywhere(files: &[File], patterns: &[&[&str]]) -> Vec<String> {
    files.iter().flat_map(|file| patterns.iter().flat_map(|pattern| places(file, pattern))).collect()
}

#[test]
fn nothing_is_left_to_do() {
    let findings = everywhere(&rust(), &[&["todo", "!"], &["unimplemented", "!"]]);
    none(findings, "Write it, or leave out what leads there.");
}

#[test]
fn every_test_runs() {
    let mut findings = everywhere(&rust(), &[&["#", "[", "ignore"], &["#", "!", "[", "ignore"]]);
    for file in written(&["ts", "mjs", "svelte"]) {
        for (number, line) in file.text.lines().enumerate() {
            let words = NOT_RUN.iter().filter(|word| line.contains(**word));
            findings.extend(words.map(|word| format!("{}:{} {word}", file.path, number + 1)));
        }
    }
    none(findings, "Make the test pass, or delete it with what it tests. A test that does not run proves nothing.");
}

#[test]
fn programs_are_started_in_one_place() {
    let of_tests = ["/tests/", "/benches/", "/examples/", "_tests.rs"];
    let exempt = |file: &File| {
        MAY_START_PROGRAMS.iter().any(|place| file.path.starts_with(place))
            || of_tests.iter().any(|place| file.path.contains(place))
    };
    let files: Vec<File> = rust().into_iter().filter(|file| !exempt(file)).collect();
    let findings = everywhere(&files, &[&["Command", ":", ":", "new"]]);
    none(findings, "Start it through crates/mcp/src/process.rs, which also ends it.");
}

#[test]
fn the_environment_is_never_written() {
    let findings = everywhere(&rust(), &[&["set_var"], &["remove_var"]]);
    none(findings, "Hand the value to whoever needs it; the environment belongs to the whole process.");
}

#[test]
fn the_page_never_parses_html() {
    let files = written(&["svelte"]);
    let wrong = files.iter().filter(|file| file.text.contains("{@html"));
    none(
        wrong.map(|file| file.path.clone()).collect(),
        "Render components from the tokens of the text: then there is no sanitiser to trust.",
    );
}

#[test]
fn only_the_backend_speaks_to_tauri() {
    let files = written(&["ts", "svelte"]);
    let wrong = files.iter().filter(|file| !file.path.starts_with("ui/src/backend/"));
    let wrong = wrong.filter(|file| file.text.contains("@tauri-apps"));
    none(
        wrong.map(|file| file.path.clone()).collect(),
        "Ask for it in ui/src/backend, so that the page still runs in a browser.",
    );
}

#[test]
fn every_crate_says_what_it_is() {
    let mut sources = vec![root().join("src-tauri")];
    let crates = std::fs::read_dir(root().join("crates")).unwrap();
    sources.extend(crates.map(|entry| entry.unwrap().path().join("src")));
    let mut findings = vec![];
    for source in sources {
        let heads = ["lib.rs", "main.rs"].map(|name| source.join(name)).into_iter().filter(|path| path.is_file());
        // The first speaks for the crate; a program beside a library only says what it starts.
        for (place, path) in heads.enumerate() {
            let text = std::fs::read_to_string(&path).unwrap();
            let path = path.strip_prefix(root()).unwrap().display();
            if !text.starts_with("//! ") {
                findings.push(format!("{path} does not begin with a sentence about the crate (//!)"));
            }
            if place == 0 && !text.contains("**Invariant:**") {
                findings.push(format!("{path} states no **Invariant:**"));
            }
        }
    }
    none(
        findings,
        "Say in one sentence what the crate is, then what never holds otherwise, then where to start reading.",
    );
}

#[test]
fn the_scan_sees_code_and_only_code() {
    let text = "// todo!()\n/// todo!()\nfn f() { \"todo!()\"; m! { todo ! () } }\n#[ignore = \"x\"] fn g() {}";
    let file = File { path: "it.rs".into(), text: text.into() };
    assert_eq!(places(&file, &["todo", "!"]), ["it.rs:3 todo!"]);
    assert_eq!(places(&file, &["#", "[", "ignore"]), ["it.rs:4 #[ignore"]);
    assert_eq!(places(&file, &["close", "close", "#"]), ["it.rs:3 closeclose#"]);
    assert!(at_root("Cargo.toml").contains("[workspace]"));
}
