//! The list on disk survives us, other programs, and damage.

use super::*;

fn stdio(name: &str) -> ServerConfig {
    let transport =
        Transport::Stdio { command: "npx".into(), args: vec!["x".into()], env: Default::default(), cwd: None };
    ServerConfig::new(name, transport)
}

#[test]
fn what_is_saved_is_loaded() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deep/servers.json");
    let mut file = ServerFile::load(&path).unwrap();
    let mut web =
        ServerConfig::new("web", Transport::Http { url: "https://a.example/".into(), headers: Default::default() });
    (web.enabled, web.bundled, web.call_timeout) = (false, true, std::time::Duration::from_millis(1500));
    web.auth = Some(json!({ "auth_type": "oauth" }));
    file.servers = vec![stdio("z"), web, stdio("a")];
    file.save().unwrap();
    assert_eq!(ServerFile::load(&path).unwrap().servers, file.servers);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
    assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "nothing else is left there");
}

#[test]
fn what_is_not_ours_stays() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("servers.json");
    let text = r#"{ "theme": "dark", "mcpServers": {
        "a": { "command": "npx", "icon": "a.png", }, "broken": { "comand": "x" }, "gone": { "command": "y" }
    } } // mine"#;
    fs::write(&path, text).unwrap();
    let mut file = ServerFile::load(&path).unwrap();
    assert_eq!((file.servers.len(), file.problems.len()), (2, 1));
    file.servers.retain(|server| server.name != "gone");
    let transport = Transport::Http { url: "https://a.example/".into(), headers: Default::default() };
    file.servers[0] = ServerConfig::new("a", transport);
    file.save().unwrap();
    let root: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    let expected = json!({ "theme": "dark", "mcpServers": {
        "a": { "url": "https://a.example/", "icon": "a.png" }, "broken": { "comand": "x" }
    } });
    assert_eq!(root, expected);
}

#[test]
fn a_broken_file_is_never_overwritten_and_says_where_it_breaks() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("servers.json");
    fs::write(&path, "{ \"mcpServers\": {\n  \"a\": }").unwrap();
    let Err(error @ ConfigError::Corrupted { .. }) = ServerFile::load(&path) else { panic!() };
    assert!(error.to_string().contains("line 2 column 8"), "{error}");
    let mut unread = ServerFile::unread(&path);
    unread.servers.push(stdio("b"));
    assert!(matches!(unread.save(), Err(ConfigError::Corrupted { .. })));
    assert!(fs::read_to_string(&path).unwrap().ends_with("\"a\": }"));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn what_another_program_wrote_meanwhile_is_not_lost() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("servers.json");
    let (mut one, mut other) = (ServerFile::load(&path).unwrap(), ServerFile::load(&path).unwrap());
    one.servers.push(stdio("a"));
    one.save().unwrap();
    one.save().unwrap();
    other.servers.push(stdio("b"));
    assert!(!other.is_current() && matches!(other.save(), Err(ConfigError::File { .. })));
    assert_eq!(ServerFile::load(&path).unwrap().servers, [stdio("a")]);
}
