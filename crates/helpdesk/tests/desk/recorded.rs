//! The practice model is tested against what these servers once said. This holds the recording to what they say now;
//! `UPDATE=1` records anew.

use std::{collections::BTreeMap, fs, path::PathBuf};

use serde_json::{Value, json};

use crate::client::{Client, SERVERS};

fn recording(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../practice/tests/fixtures").join(name)
}

/// Compares, or writes where that was asked for.
fn check(name: &str, now: &str) {
    let path = recording(name);
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, now).unwrap();
    }
    let recorded = fs::read_to_string(&path).unwrap();
    assert!(recorded == now, "{name} is out of date: run `UPDATE=1 cargo test -p helpdesk recorded`");
}

#[test]
fn the_recorded_tools_are_those_of_today() {
    let mut lines = Vec::new();
    for server in SERVERS {
        for tool in Client::greet(server).tools() {
            let name = format!("{server}__{}", tool["name"].as_str().unwrap());
            let function =
                json!({ "name": name, "description": tool["description"], "parameters": tool["inputSchema"] });
            lines.push(json!({ "type": "function", "function": function }).to_string());
        }
    }
    check("helpdesk_tools.json", &format!("[\n{}\n]\n", lines.join(",\n")));
}

#[test]
fn the_recorded_results_are_those_of_today() {
    let recorded = fs::read_to_string(recording("helpdesk_results.json")).unwrap();
    let recorded: BTreeMap<String, Value> = serde_json::from_str(&recorded).unwrap();
    let mut clients = BTreeMap::from(SERVERS.map(|server| (server, Client::greet(server))));
    let lines = recorded.keys().map(|key| {
        let (name, arguments) = key.split_once(' ').unwrap();
        let (server, tool) = name.split_once("__").unwrap();
        let result = clients.get_mut(server).unwrap().call(tool, serde_json::from_str(arguments).unwrap());
        let said = result["content"][0]["text"].as_str().unwrap();
        let said = if result["isError"] == true { format!("Tool error: {said}") } else { said.to_owned() };
        format!("{}:{}", json!(key), json!(said))
    });
    let lines: Vec<String> = lines.collect();
    check("helpdesk_results.json", &format!("{{\n{}\n}}\n", lines.join(",\n")));
}
