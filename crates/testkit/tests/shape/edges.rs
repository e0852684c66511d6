//! Who may stand on whom, and who may know which part of the outside.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

use crate::none;

struct Floor {
    name: &'static str,
    /// The crates of the workspace it is built on: exactly these.
    on: &'static [&'static str],
    /// What its tests may use besides.
    tests: &'static [&'static str],
}

const fn floor(name: &'static str, on: &'static [&'static str], tests: &'static [&'static str]) -> Floor {
    Floor { name, on, tests }
}

/// The house, from the ground up. Edges go down only.
const HOUSE: [Floor; 12] = [
    floor("chat", &[], &[]),
    floor("mcp", &["chat"], &["testkit"]),
    floor("engine", &["chat", "mcp", "practice", "team"], &["testkit"]),
    floor("team", &[], &["testkit"]),
    floor("listen", &[], &[]),
    floor("api", &["chat", "engine", "listen", "mcp", "team"], &["testkit"]),
    floor("gateway", &["chat", "listen", "mcp", "team"], &["testkit"]),
    floor("cli", &["api", "chat", "engine", "gateway", "mcp"], &["testkit"]),
    floor("loquat", &["api", "chat", "engine", "gateway", "mcp"], &["testkit"]),
    // Aside: what any author of a server would write, a model that is none, and what tests are built with.
    floor("helpdesk", &[], &[]),
    floor("practice", &[], &[]),
    floor("testkit", &["practice"], &[]),
];

/// Parts of the outside that only these crates know. A name ending in `*` stands for all that begin so.
const KNOWN_BY: [(&str, &[&str]); 6] = [
    ("tauri*", &["loquat"]),
    ("async-openai", &["engine"]),
    ("sqlx", &["engine", "team"]),
    ("redis", &["team"]),
    ("axum", &["api", "gateway", "listen", "practice", "testkit"]),
    ("rmcp", &["gateway", "helpdesk", "mcp", "testkit"]),
];

/// All that `chat` knows of the outside: no clock, no network, no task.
const CHAT_KNOWS: [&str; 3] = ["serde", "serde_json", "ts-rs"];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Normal,
    Build,
    Dev,
}

struct Edge {
    from: String,
    to: String,
    kind: Kind,
    /// Whether it leads to a crate of the workspace.
    inside: bool,
}

#[expect(clippy::disallowed_methods, reason = "a test asks cargo; nothing of it ships")]
fn metadata() -> Value {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["metadata", "--format-version", "1", "--no-deps", "--offline"]);
    let output = cargo.current_dir(crate::files::root()).output().expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("cargo metadata prints JSON")
}

fn text(value: &Value) -> String {
    value.as_str().expect("cargo metadata writes a name").to_owned()
}

fn packages(metadata: &Value) -> &[Value] {
    metadata["packages"].as_array().expect("cargo metadata lists packages")
}

fn edges(metadata: &Value) -> Vec<Edge> {
    let dependencies = |package: &Value| package["dependencies"].as_array().cloned().unwrap_or_default();
    let of_package = |package: &Value| {
        let from = text(&package["name"]);
        dependencies(package).into_iter().map(move |dependency| Edge {
            from: from.clone(),
            to: text(&dependency["name"]),
            kind: match dependency["kind"].as_str() {
                None => Kind::Normal,
                Some("build") => Kind::Build,
                Some(_) => Kind::Dev,
            },
            inside: dependency["path"].is_string(),
        })
    };
    packages(metadata).iter().flat_map(of_package).collect()
}

#[test]
fn every_crate_has_its_floor() {
    let metadata = metadata();
    let there: BTreeSet<String> = packages(&metadata).iter().map(|package| text(&package["name"])).collect();
    let planned: BTreeSet<String> = HOUSE.iter().map(|floor| floor.name.to_owned()).collect();
    let findings = there.symmetric_difference(&planned).map(|name| {
        let where_it_is =
            if there.contains(name) { "is in the workspace, but not in HOUSE" } else { "is only in HOUSE" };
        format!("{name} {where_it_is}")
    });
    none(
        findings.collect(),
        "A crate exists if it has two users or forbids a dependency that matters: then give it a row in HOUSE (edges.rs).",
    );
}

#[test]
fn edges_are_those_of_the_house() {
    let edges = edges(&metadata());
    let mut findings = vec![];
    for floor in &HOUSE {
        let inside = |test: fn(Kind) -> bool| -> BTreeSet<&str> {
            let ours = edges.iter().filter(|edge| edge.inside && edge.from == floor.name && test(edge.kind));
            ours.map(|edge| edge.to.as_str()).collect()
        };
        let planned: BTreeSet<&str> = floor.on.iter().copied().collect();
        let built_on = inside(|kind| kind != Kind::Dev);
        findings.extend(built_on.difference(&planned).map(|to| format!("{} must not stand on {to}", floor.name)));
        findings.extend(planned.difference(&built_on).map(|to| format!("{} no longer stands on {to}", floor.name)));
        let tested_with = inside(|kind| kind == Kind::Dev);
        let allowed = |to: &&str| floor.on.contains(to) || floor.tests.contains(to);
        findings.extend(
            tested_with
                .into_iter()
                .filter(|to| !allowed(to))
                .map(|to| format!("the tests of {} must not use {to}", floor.name)),
        );
    }
    none(
        findings,
        "Take the dependency out of that crate's Cargo.toml, or change the plan: a deliberate edit of HOUSE (edges.rs).",
    );
}

#[test]
fn nothing_ships_what_tests_are_built_with() {
    let wrong = edges(&metadata()).into_iter().filter(|edge| edge.to == "testkit" && edge.kind != Kind::Dev);
    none(
        wrong.map(|edge| format!("{} depends on testkit", edge.from)).collect(),
        "Move it to [dev-dependencies]; what ships lives in the crate that ships it.",
    );
}

#[test]
fn the_outside_is_known_where_it_belongs() {
    let mut findings = BTreeMap::new();
    // What tests use is theirs alone, but even they keep away from Tauri.
    for edge in edges(&metadata()).into_iter().filter(|edge| !edge.inside) {
        let rule = KNOWN_BY.iter().find(|(name, _)| match name.strip_suffix('*') {
            Some(prefix) => edge.to.starts_with(prefix),
            None => edge.kind != Kind::Dev && edge.to == *name,
        });
        if let Some((_, known_by)) = rule
            && !known_by.contains(&edge.from.as_str())
        {
            let finding = format!("{} depends on {}, which only {} may", edge.from, edge.to, known_by.join(" and "));
            findings.insert((edge.from, edge.to), finding);
        }
    }
    none(
        findings.into_values().collect(),
        "Ask the crate that knows it, or change the plan: a deliberate edit of KNOWN_BY (edges.rs).",
    );
}

#[test]
fn chat_knows_nothing_of_the_outside() {
    let edges = edges(&metadata());
    let wrong = edges.iter().filter(|edge| edge.from == "chat" && edge.kind != Kind::Dev);
    let wrong = wrong.filter(|edge| !CHAT_KNOWS.contains(&edge.to.as_str()));
    none(
        wrong.map(|edge| format!("chat depends on {}", edge.to)).collect(),
        "Whatever reads a clock, waits or performs I/O belongs to engine or mcp; chat is told.",
    );
}
