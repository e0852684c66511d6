//! The lists of other clients as they really look.

use super::*;

/// One line for each entry: its name, its address or why there is none, its notes, what it asks for.
#[track_caller]
fn check(text: &str, expected: &[&str]) {
    let lines: Vec<String> = read_list(text)
        .unwrap()
        .iter()
        .map(|imported| {
            let server = match &imported.config {
                Ok(config) => format!("{}: {}", config.name, config.address()),
                Err(error) => format!("{}! {error}", imported.entry),
            };
            let notes = imported.notes.iter().map(|note| format!(" ({note})"));
            let asks = imported.asks.iter().map(|(name, what)| format!(" [{name}: {what}]"));
            std::iter::once(server).chain(notes).chain(asks).collect()
        })
        .collect();
    assert_eq!(lines, expected);
}

#[test]
fn one_bad_entry_costs_that_entry() {
    check(
        r#"{ "globalShortcut": "", "mcpServers": { "a b": { "command": "npx", "args": ["-y", "x"] }, "bad": { "comand": "x" },
            "A-B": { "command": "y" } } }"#,
        &[
            "a-b: npx -y x",
            "bad! Server 'bad': neither \"command\" nor \"url\" is given; a server needs one of them.",
            "a-b-2: y",
        ],
    );
}

#[test]
fn vs_code_asks_for_values() {
    check(
        r#"{ "inputs": [{ "type": "promptString", "id": "gh", "description": "GitHub token", "password": true }],
            "servers": { "github": { "type": "http", "url": "https://api.example.com/mcp/", "gallery": true,
                "headers": { "Authorization": "Bearer ${input:gh}" } },
              "files": { "type": "stdio", "command": "npx", "args": ["${workspaceFolder}"], "envFile": "${workspaceFolder}/.env" } } }"#,
        &[
            "github: https://api.example.com/mcp/ (\"gallery\" is not known here and was left out.) [gh: GitHub token]",
            "files: npx '${workspaceFolder}' (\"envFile\": variables are not read from files; put those that it needs into \"env\".) (\"${workspaceFolder}\" has no meaning outside of an editor: write the path out.)",
        ],
    );
}

#[test]
fn cline_and_its_own_words() {
    let text =
        r#"{ "mcpServers": { "x": { "command": "x", "timeout": 90, "autoApprove": ["a"], "disabled": false } } }"#;
    check(text, &["x: x (\"autoApprove\": whether tools may run without asking is decided in Loquat anew.)"]);
    let imported = read_list(text).unwrap().remove(0);
    assert_eq!(imported.config.unwrap().call_timeout.as_secs(), 90);
    check(
        r#"{ "mcpServers": { "x": { "command": "x", "timeout": 90 } } }"#,
        &["x: x (\"timeout\": its unit differs from client to client; set it in Loquat.)"],
    );
}

#[test]
fn lists_with_sign_in_and_transports_by_name() {
    check(
        r#"{ "servers": [ { "name": "salesforce", "url": "https://apim.example.com/mcp?token=YOUR_TOKEN", "enabled": true,
            "auth_type": "token" }, { "name": "sheets", "url": "https://mcp.example.com/", "auth_type": "oauth" } ] }"#,
        &[
            "salesforce: https://apim.example.com/mcp?token=••• (A value in it looks like a placeholder: put in your own.)",
            "sheets: https://mcp.example.com/",
        ],
    );
    check(
        r#"{ "app_name": "x", "mcp_servers": {
            "github": { "transport": "httpstream", "httpstream-url": "https://api.example.com/mcp", "name": "github",
                "description": "d", "headers": { "Authorization": "Bearer {github_access_token}" } },
            "private": { "transport": "httpstream", "httpstream-url": "http://127.0.0.1:8000/mcp",
                "auth": { "required": true, "post_body": { "username": "u", "password": "p" } } },
            "local": { "transport": "stdio", "name": "local", "config": { "command": "npx", "args": ["-y", "@x/y"] } } } }"#,
        &[
            "github: https://api.example.com/mcp (A value in it looks like a placeholder: put in your own.)",
            "private: http://127.0.0.1:8000/mcp",
            "local: npx -y @x/y",
        ],
    );
    check(
        r#"{ "mcpServers": { "jianshu": { "type": "sse", "url": "http://your-sse-server/sse" } } }"#,
        &["jianshu: http://your-sse-server/sse (A value in it looks like a placeholder: put in your own.)"],
    );
}

#[test]
fn what_is_no_list_is_said() {
    for text in ["", "{", "[]", "{}", r#"{"mcpServers":{}}"#, "plain words"] {
        assert!(read_list(text).is_err(), "{text}");
    }
}
