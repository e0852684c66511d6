//! What people paste, in every shape that clients have.

use super::*;

/// One line for each server: name, whether it is on, address, number of variables or headers.
#[track_caller]
fn check(text: &str, expected: &[&str]) {
    let lines: Vec<String> = parse_servers(text)
        .unwrap()
        .iter()
        .map(|server| {
            let count = match &server.transport {
                Transport::Stdio { env, .. } => env.len(),
                Transport::Http { headers, .. } | Transport::Sse { headers, .. } => headers.len(),
            };
            let off = if server.enabled { "" } else { " (off)" };
            format!("{}{off}: {} +{count}", server.name, server.address())
        })
        .collect();
    assert_eq!(lines, expected);
}

#[track_caller]
fn refused(text: &str, expected: &str) {
    let error = parse_servers(text).unwrap_err().to_string();
    assert!(error.contains(expected), "{error}");
}

#[test]
fn a_url() {
    check(" https://mcp.linear.app/mcp\n", &["linear: https://mcp.linear.app/mcp +0"]);
    check("https://h.example/mcp?token=abc", &["h: https://h.example/mcp?token=••• +0"]);
    refused("https://", "not a web address");
}

#[test]
fn a_command_line() {
    check(
        "npx -y @modelcontextprotocol/server-everything",
        &["everything: npx -y @modelcontextprotocol/server-everything +0"],
    );
    check(
        "$ TOKEN=abc MODE='a b' uvx \"mcp-server-git\" --repository /a\\ b",
        &["git: uvx mcp-server-git --repository '/a b' +2"],
    );
    check("docker run -i --rm \\\n  mcp/time", &["time: docker run -i --rm mcp/time +0"]);
    check(r"C:\tools\server.exe --x", &[r"server: 'C:\tools\server.exe' --x +0"]);
    refused("", "nothing here");
    refused("npx 'open", "never closed");
    refused("A=1", "no program");
}

#[test]
fn claude_desktop_with_comments_and_trailing_commas() {
    let text = r#"```json
    {
      // copied from a README
      "mcpServers": {
        "Files & Co": { "command": "npx", "args": ["-y", "server-filesystem", "/tmp//x",], "env": { "N": 1 } }, /* and */
        "web": { "url": "https://example.com/mcp", "headers": { "Authorization": "Bearer x" }, "disabled": true },
      },
    }
    ```"#;
    check(text, &["files-co: npx -y server-filesystem /tmp//x +1", "web (off): https://example.com/mcp +1"]);
}

#[test]
fn other_clients() {
    check(
        r#"{"servers":{"a":{"type":"stdio","command":"a"},"b":{"type":"http","url":"http://localhost:1/mcp"}}}"#,
        &["a: a +0", "b: http://localhost:1/mcp +0"],
    );
    check(r#"{"mcp":{"servers":{"a":{"command":["uv","run","x"]}}}}"#, &["a: uv run x +0"]);
    check(r#"{"a":{"command":"npx -y thing"}}"#, &["a: npx -y thing +0"]);
    check(r#"{"command":"my-server","args":"--a 'b c'"}"#, &["my-server: my-server --a 'b c' +0"]);
    check(
        r#"[{"url":"https://a.example/mcp"},{"url":"https://a.example/sse"}]"#,
        &["a: https://a.example/mcp +0", "a-2: https://a.example/sse +0"],
    );
    check(
        r#"{"mcpServers":{"jianshu":{"type":"sse","url":"http://your-sse-server/sse"}}}"#,
        &["jianshu: http://your-sse-server/sse +0"],
    );
}

#[test]
fn a_list_with_sign_in_settings() {
    let text = r#"{ "servers": [
        { "name": "salesforce", "url": "https://apim.example.com/mcp?token=YOUR_TOKEN", "enabled": true, "auth_type": "token" },
        { "name": "sheets", "url": "https://mcp.example.com/", "enabled": false, "auth_type": "oauth",
          "oauth": { "client_id": "c", "scopes": ["mcp.read"], "redirect_port": 8080 } }
    ] }"#;
    check(
        text,
        &["salesforce: https://apim.example.com/mcp?token=••• +0", "sheets (off): https://mcp.example.com/ +0"],
    );
    let auth = parse_servers(text).unwrap()[1].auth.clone().unwrap();
    assert_eq!((&auth["auth_type"], &auth["oauth"]["redirect_port"]), (&"oauth".into(), &8080.into()));
}

#[test]
fn a_document_with_transports_by_name() {
    let text = r#"{ "app_name": "x", "mcp_servers": {
        "github": { "transport": "httpstream", "httpstream-url": "https://api.githubcopilot.com/mcp", "name": "other",
                    "description": "Git.", "headers": { "Authorization": "Bearer {github_access_token}" } },
        "private": { "transport": "httpstream", "httpstream-url": "http://127.0.0.1:8000/mcp",
                     "auth": { "required": true, "post_body": { "username": "user" } } },
        "local": { "transport": "stdio", "config": { "command": "npx", "args": ["-y", "@x/y"] } }
    } }"#;
    check(
        text,
        &[
            "github: https://api.githubcopilot.com/mcp +1",
            "private: http://127.0.0.1:8000/mcp +0",
            "local: npx -y @x/y +0",
        ],
    );
    let servers = parse_servers(text).unwrap();
    assert_eq!(servers[0].description.as_deref(), Some("Git."));
    assert_eq!(servers[1].auth.as_ref().unwrap()["auth"]["post_body"]["username"], "user");
    // An excerpt without the braces around it.
    check(
        r#""github": { "transport": "httpstream", "httpstream-url": "https://a.example/mcp" }"#,
        &["github: https://a.example/mcp +0"],
    );
}

#[test]
fn mistakes_are_named() {
    refused("{", "cannot be read");
    refused("{}", "No server is described");
    refused(r#"{"mcpServers":{}}"#, "No server is described");
    refused(r#"{"mcpServers":{"a":{}}}"#, "Server 'a': neither \"command\" nor \"url\"");
    refused(r#"{"mcpServers":{"a":{"command":7}}}"#, "Server 'a': \"command\" must be a text");
    refused(r#"{"mcpServers":{"a":{"command":"x","args":[[]]}}}"#, "\"args\" must be a list of texts");
    refused(r#"{"mcpServers":{"a":{"command":"x","env":{"K":[]}}}}"#, "\"K\" in \"env\"");
    refused(r#"{"mcpServers":{"a":{"url":"ftp://x"}}}"#, "only http and https");
    refused(r#"{"mcpServers":{"a":{"type":"grpc","url":"http://x"}}}"#, "the transport \"grpc\" is not known");
    refused(r#"{"mcpServers":{"a":{"command":"x","enabled":"yes"}}}"#, "\"enabled\" must be true or false");
}

#[test]
fn links_that_install_a_server() {
    let time = "uvx mcp-server-time";
    for link in [
        "loquat://add?name=clock&command=uvx%20mcp-server-time",
        // {"command":"uvx","args":["mcp-server-time"]}
        "cursor://anysphere.cursor-deeplink/mcp/install?name=clock&config=eyJjb21tYW5kIjoidXZ4IiwiYXJncyI6WyJtY3Atc2VydmVyLXRpbWUiXX0%3D",
        "https://cursor.com/install-mcp?name=clock&config=eyJjb21tYW5kIjoidXZ4IiwiYXJncyI6WyJtY3Atc2VydmVyLXRpbWUiXX0",
        "lmstudio://add_mcp?name=clock&config=eyJjb21tYW5kIjoidXZ4IiwiYXJncyI6WyJtY3Atc2VydmVyLXRpbWUiXX0=",
        "vscode:mcp/install?%7B%22name%22%3A%22clock%22%2C%22command%22%3A%22uvx%22%2C%22args%22%3A%5B%22mcp-server-time%22%5D%7D",
        "https://insiders.vscode.dev/redirect/mcp/install?name=clock&config=%7B%22command%22%3A%22uvx%22%2C%22args%22%3A%5B%22mcp-server-time%22%5D%7D",
    ] {
        check(link, &[&format!("clock: {time} +0")]);
    }
    check("loquat://add?url=https%3A%2F%2Fh.example%2Fmcp%3Ftoken%3Dabc", &["h: https://h.example/mcp?token=••• +0"]);
    check(
        "loquat://add?config=%7B%22mcpServers%22%3A%7B%22a%22%3A%7B%22url%22%3A%22https%3A%2F%2Fa.example%22%7D%7D%7D&name=b",
        &["b: https://a.example +0"],
    );
}

#[test]
fn a_link_cannot_pass_for_what_comes_with_loquat() {
    let text = "loquat://add?name=ticket&config=%7B%22command%22%3A%22sh%22%2C%22bundled%22%3Atrue%7D";
    assert!(!parse_servers(text).unwrap()[0].bundled);
}

#[test]
fn a_broken_link_says_what_is_wrong() {
    refused("loquat://add", "No server is described here");
    refused("loquat://add?name=x", "No server is described here");
    refused("loquat://add?config=!!!", "base64 is broken");
    refused("cursor://anysphere.cursor-deeplink/mcp/install?config=AAAA", "cannot be read");
    refused("loquat://add?url=nonsense", "nonsense");
}
