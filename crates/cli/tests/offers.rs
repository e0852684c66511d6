//! What servers offer besides tools, and whether their programs may run, as scripts see it: what is printed where, and how
//! it ends.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test may fail, and runs the program")]

use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

/// A home with a list of its own, and a file with other servers beside it.
struct Desk {
    home: TempDir,
}

/// The server that has prompts and resources, in that era.
fn asker(era: &str) -> Value {
    json!({ "command": testkit::program("mcp-asker"), "args": [era] })
}

fn fixture(mode: &str) -> Value {
    json!({ "command": testkit::program("mcp-fixture"), "args": [mode] })
}

impl Desk {
    fn new(listed: Value, given: Value) -> Self {
        let home = tempfile::tempdir().unwrap();
        for (name, servers) in [("servers.json", listed), ("given.json", given)] {
            std::fs::write(home.path().join(name), json!({ "mcpServers": servers }).to_string()).unwrap();
        }
        Self { home }
    }

    fn run(&self, args: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_loq"));
        command.args(args).env("LOQUAT_HOME", self.home.path()).current_dir(self.home.path());
        command.env_remove("DBUS_SESSION_BUS_ADDRESS").stdin(Stdio::null()).output().unwrap()
    }

    /// With the servers of the file; what is printed must be JSON, and nothing else.
    fn json(&self, args: &[&str]) -> Value {
        let output = self.run(&[args, &["--json", "--servers", "given.json"]].concat());
        assert_eq!(output.status.code(), Some(0), "{args:?}: {}", err(&output));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    fn fails(&self, args: &[&str], code: i32) -> String {
        let output = self.run(args);
        assert_eq!((output.status.code(), out(&output).as_str()), (Some(code), ""), "{args:?}: {}", err(&output));
        err(&output)
    }
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn prompts_and_resources_are_listed_filled_and_read_in_both_eras() {
    let desk = Desk::new(json!({}), json!({ "old": asker("legacy"), "new": asker("modern") }));
    let prompts = desk.json(&["prompts"]);
    let names: Vec<_> = prompts.as_array().unwrap().iter().map(|it| (&it["server"], &it["name"])).collect();
    // In whichever order their servers stand.
    assert_eq!(names.len(), 2, "{prompts}");
    assert!(["old", "new"].iter().all(|server| names.contains(&(&json!(server), &json!("greet")))), "{prompts}");
    assert_eq!(prompts[0]["arguments"][0]["required"], true);
    let resources = desk.json(&["resources"]);
    assert_eq!(resources["resources"].as_array().unwrap().len(), 4, "{resources}");
    assert_eq!(resources["templates"][0]["uriTemplate"], "note://{day}");
    for server in ["old", "new"] {
        assert_eq!(desk.json(&["prompt", server, "greet", "who=Ann"])["text"], "Hello Ann");
        assert_eq!(desk.json(&["read", server, "note://1"])["text"], "text of note://1");
        let given = ["--servers", "given.json"];
        let plain = desk.run(&[&["prompt", server, "greet", "who=Ann Lee"][..], &given].concat());
        assert_eq!(out(&plain), "Hello Ann Lee\n");
        let plain = desk.run(&[&["read", server, "note://2"][..], &given].concat());
        assert_eq!(out(&plain), "text of note://2\n");
    }
}

#[test]
fn what_a_resource_asks_is_declined_where_nobody_sits() {
    let desk = Desk::new(json!({}), json!({ "old": asker("legacy") }));
    let output = desk.run(&["read", "old", "note://ask", "--servers", "given.json"]);
    assert!(err(&output).contains("nobody is here to answer: declined"), "{}", err(&output));
}

#[test]
fn what_cannot_be_had_says_why_and_ends_so_that_scripts_know() {
    let desk = Desk::new(json!({}), json!({ "old": asker("legacy"), "dead": fixture("exit-at-once") }));
    let given = |args: &[&'static str]| [args, &["--servers", "given.json"]].concat();
    assert!(desk.fails(&given(&["prompt", "nobody", "greet"]), 2).contains("no server called 'nobody'"));
    assert!(desk.fails(&given(&["read", "nobody", "note://1"]), 2).contains("no server called 'nobody'"));
    assert!(desk.fails(&given(&["logs", "nobody"]), 2).contains("no server called nobody"));
    assert!(desk.fails(&given(&["prompt", "old", "greet", "who"]), 2).contains("name=value"));
    for command in [&["prompt", "dead", "greet"][..], &["read", "dead", "note://1"], &["call", "dead", "echo"]] {
        let why = desk.fails(&given(command), 1);
        assert!(why.contains("exit code 3") && why.contains("no such database"), "{why}");
    }
    // A server that is away costs the others nothing, and is not passed over in silence.
    for command in ["tools", "prompts", "resources"] {
        let output = desk.run(&given(&[command]));
        assert_eq!(output.status.code(), Some(0), "{command}");
        assert!(out(&output).contains("old"), "{command}: {}", out(&output));
        assert!(err(&output).contains("! dead: ") && err(&output).contains("no such database"), "{}", err(&output));
    }
    // What it wrote is there to be read all the same.
    let logs = desk.run(&given(&["logs", "dead", "--json"]));
    let line: Value = serde_json::from_str(out(&logs).lines().next().unwrap()).unwrap();
    assert_eq!((&line["level"], &line["text"]), (&json!("stderr"), &json!("fatal: no such database")));
    assert!(out(&desk.run(&given(&["logs", "dead"]))).contains("fatal: no such database"));
}

#[test]
fn a_program_of_the_list_runs_only_after_somebody_has_agreed() {
    let desk = Desk::new(json!({ "old": asker("legacy") }), json!({}));
    for command in [
        &["call", "old", "heard"][..],
        &["prompt", "old", "greet", "who=Ann"],
        &["read", "old", "note://1"],
        &["logs", "old"],
    ] {
        let why = desk.fails(command, 4);
        assert!(why.contains("mcp-asker") && why.contains("loq servers --allow old, or --yes"), "{why}");
    }
    let prompts = desk.run(&["prompts", "--json"]);
    assert_eq!((prompts.status.code(), out(&prompts).as_str()), (Some(0), "[]\n"));
    assert!(err(&prompts).contains("It does not run"));
    let waiting = desk.run(&["servers"]);
    assert!(out(&waiting).contains("needsConsent") && out(&waiting).contains("legacy"), "{}", out(&waiting));
    let agreed = desk.run(&["prompt", "old", "greet", "who=Ann", "--yes"]);
    assert_eq!((agreed.status.code(), out(&agreed).as_str()), (Some(0), "Hello Ann\n"), "{}", err(&agreed));
    let later = desk.run(&["read", "old", "note://1"]);
    assert_eq!(later.status.code(), Some(0), "{}", err(&later));
    assert!(!err(&later).contains("has not run yet"), "it is not asked for again");
}

#[test]
fn whoever_names_a_file_in_a_script_has_agreed_for_that_call_alone() {
    let desk = Desk::new(json!({}), json!({ "old": asker("legacy") }));
    assert_eq!(desk.json(&["prompt", "old", "greet", "who=Ann"])["text"], "Hello Ann");
    assert!(!desk.home.path().join("consents.json").exists(), "nothing was agreed to for later");
    // The same program in the list is another matter.
    std::fs::copy(desk.home.path().join("given.json"), desk.home.path().join("servers.json")).unwrap();
    assert!(desk.fails(&["prompt", "old", "greet", "who=Ann"], 4).contains("has not run yet"));
}

#[test]
fn a_list_of_another_client_is_taken_over_and_says_what_it_waits_for() {
    let desk = Desk::new(json!({}), json!({ "old": asker("legacy") }));
    let looked = desk.run(&["import", "given.json"]);
    assert_eq!(looked.status.code(), Some(4), "nobody was there to say yes: {}", err(&looked));
    assert!(out(&looked).contains("+ old") && out(&looked).contains("Nothing was added"), "{}", out(&looked));
    let output = desk.run(&["import", "given.json", "--yes", "--json"]);
    let imported: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(imported["added"], json!(["old"]), "{imported}");
    assert_eq!(desk.run(&["servers", "--allow", "old"]).status.code(), Some(0));
    let filled = desk.run(&["prompt", "old", "greet", "who=Ann"]);
    assert_eq!(out(&filled), "Hello Ann\n", "{}", err(&filled));
}
