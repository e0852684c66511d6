//! Where other clients keep their lists of servers.

use std::path::{Path, PathBuf};

/// A list of servers that lies on this computer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownList {
    /// The client's name for people.
    pub client: &'static str,
    pub path: PathBuf,
}

/// The lists that are there, under this home and this folder of programs' settings.
pub fn known_lists(home: &Path, settings: &Path) -> Vec<KnownList> {
    let cline = "globalStorage/saoudrizwan.claude-dev/settings/cline_mcp_settings.json";
    let places = [
        ("Claude Desktop", settings.join("Claude/claude_desktop_config.json")),
        ("Claude Code", home.join(".claude.json")),
        ("Cursor", home.join(".cursor/mcp.json")),
        ("VS Code", settings.join("Code/User/mcp.json")),
        ("VS Code Insiders", settings.join("Code - Insiders/User/mcp.json")),
        ("LM Studio", home.join(".lmstudio/mcp.json")),
        ("LM Studio", home.join(".cache/lm-studio/mcp.json")),
        ("Cline", settings.join("Code/User").join(cline)),
        ("Windsurf", home.join(".codeium/windsurf/mcp_config.json")),
        ("Gemini CLI", home.join(".gemini/settings.json")),
        ("Zed", settings.join("zed/settings.json")),
    ];
    let there = places.into_iter().filter(|(_, path)| path.is_file());
    there.map(|(client, path)| KnownList { client, path }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_there_is_found() {
        let dir = tempfile::tempdir().unwrap();
        let (home, settings) = (dir.path().join("home"), dir.path().join("settings"));
        assert_eq!(known_lists(&home, &settings), []);
        let cursor = home.join(".cursor/mcp.json");
        let code = settings.join("Code/User/mcp.json");
        for path in [&cursor, &code] {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "{}").unwrap();
        }
        let found = known_lists(&home, &settings);
        let found: Vec<_> = found.iter().map(|list| (list.client, &list.path)).collect();
        assert_eq!(found, [("Cursor", &cursor), ("VS Code", &code)]);
    }
}
