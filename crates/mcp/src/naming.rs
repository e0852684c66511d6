//! Names: of servers in the configuration, and of tools as models are given them.

use std::collections::HashMap;

use url::Url;

/// Tools under this name are Loquat's own.
pub(crate) const OWN: &str = "loquat";

/// The longest tool name that every provider takes.
const MAX_CALLED: usize = 64;

/// A server's name in lower-case letters, digits, `_` and `-`. Never empty, never with `__` inside.
pub fn slug(text: &str) -> String {
    let lower: String = text.trim().to_lowercase();
    let slug = squeezed(&lower, '-');
    if slug.is_empty() { "server".to_owned() } else { slug.chars().take(40).collect() }
}

/// The first of `name`, `name-2`, `name-3`, … that is not taken.
pub(crate) fn unique(name: &str, is_taken: impl Fn(&str) -> bool) -> String {
    if !is_taken(name) {
        return name.to_owned();
    }
    let numbered = (2..u32::MAX).map(|number| format!("{name}-{number}"));
    numbered.into_iter().find(|candidate| !is_taken(candidate)).unwrap_or_else(|| name.to_owned())
}

/// What a server at that address is called: its host without what all hosts have.
pub(crate) fn from_url(url: &Url) -> String {
    let host = url.host_str().unwrap_or("server");
    if host.parse::<std::net::IpAddr>().is_ok() || host == "localhost" {
        return slug(&format!("local-{}", url.port_or_known_default().unwrap_or(80)));
    }
    let labels: Vec<&str> = host.split('.').filter(|label| !["www", "mcp", "api"].contains(label)).collect();
    let kept = if labels.len() > 1 { &labels[..labels.len() - 1] } else { &labels[..] };
    slug(&kept.join("-"))
}

/// What a server started by that command is called: the package or program, not what runs it.
pub(crate) fn from_command(command: &str, args: &[String]) -> String {
    let base = |text: &str| -> String {
        let last = text.trim_end_matches(['/', '\\']).rsplit(['/', '\\']).next().unwrap_or(text);
        let versionless = last.split_once('@').filter(|(name, _)| !name.is_empty()).map_or(last, |(name, _)| name);
        let stem =
            [".exe", ".cmd", ".js", ".mjs", ".ts", ".py", ".sh"].iter().find_map(|end| versionless.strip_suffix(end));
        let name = stem.unwrap_or(versionless).trim_start_matches('@');
        let short = name.trim_start_matches("mcp-server-").trim_start_matches("server-");
        slug(short.trim_end_matches("-mcp-server").trim_end_matches("-mcp"))
    };
    let program = base(command);
    let runners = [
        "npx", "uvx", "uv", "bunx", "pnpm", "yarn", "node", "deno", "python", "python3", "docker", "podman", "pipx",
        "cargo", "sh", "bash",
    ];
    if !runners.contains(&program.as_str()) {
        return program;
    }
    let verbs = ["run", "exec", "dlx", "tool", "x"];
    let mut takes_value = false;
    for arg in args {
        if takes_value || arg.starts_with('-') {
            takes_value = !takes_value
                && ["-e", "-v", "--env", "--volume", "--mount", "--from", "--directory"].contains(&arg.as_str());
        } else if !verbs.contains(&arg.as_str()) {
            return base(arg.split_once(':').filter(|(image, _)| !image.is_empty()).map_or(arg, |(image, _)| image));
        }
    }
    program
}

/// The names that models are given for the tools of one server, in the order of `tools`.
///
/// `server__tool` where both are safe as they are. Where making them safe lost something that tells two tools or two
/// servers apart, where the name is Loquat's own, or where it is too long, a hash of the true names follows. The same
/// list always gives the same names, whatever other servers there are.
pub(crate) fn called(server: &str, tools: &[&str]) -> Vec<String> {
    let plain: Vec<String> =
        tools.iter().map(|tool| format!("{}__{}", safe_server(server), squeezed(tool, '_'))).collect();
    let own = safe_server(server);
    let is_lossy = own != server || own != own.to_lowercase() || own == OWN;
    let is_safe = |at: usize| squeezed(tools[at], '_') == tools[at];
    // How many tools would have each name, and how many of them by right.
    let mut rivals: HashMap<String, (usize, usize)> = HashMap::new();
    for (at, name) in plain.iter().enumerate() {
        let (all, rightful) = rivals.entry(name.to_lowercase()).or_default();
        *all += 1;
        *rightful += usize::from(is_safe(at));
    }
    let name = |at: usize| {
        let (all, rightful) = rivals[&plain[at].to_lowercase()];
        let clash = all > 1 && !(is_safe(at) && rightful == 1);
        let empty = plain[at].ends_with("__");
        if clash || empty || is_lossy || plain[at].len() > MAX_CALLED {
            hashed(&plain[at], server, tools[at])
        } else {
            plain[at].clone()
        }
    };
    (0..tools.len()).map(name).collect()
}

/// A name cut to length with a hash of the true names behind it.
pub(crate) fn hashed(name: &str, server: &str, tool: &str) -> String {
    let hash = fnv(&format!("{server}\u{0}{tool}"));
    let kept: String = name.chars().take(MAX_CALLED - 9).collect();
    format!("{}_{:08x}", kept.trim_end_matches('_'), (hash ^ (hash >> 32)) as u32)
}

/// What two spellings of one name have in common: models change case and punctuation.
pub(crate) fn normalised(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

/// A fingerprint that stays the same across versions and machines (FNV-1a).
pub(crate) fn fnv(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// Some providers want a letter first.
fn safe_server(server: &str) -> String {
    let safe = squeezed(server, '_');
    if safe.starts_with(|c: char| c.is_ascii_alphabetic()) { safe } else { format!("s{safe}") }
}

/// Only `[a-zA-Z0-9_-]`; other characters become `filler`; no `__` inside, none at the ends.
fn squeezed(text: &str, filler: char) -> String {
    let mut out = String::new();
    for c in text.chars() {
        let c = if c.is_ascii_alphanumeric() || c == '_' || c == '-' { c } else { filler };
        if (c == '_' || c == filler) && out.ends_with(c) {
            continue;
        }
        out.push(c);
    }
    out.trim_matches(['_', filler]).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tools_keep_readable_names() {
        assert_eq!(called("files", &["read_file", "list-dir"]), ["files__read_file", "files__list-dir"]);
        assert_eq!(called("files", &["fs.read file"]), ["files__fs_read_file"]);
    }

    #[test]
    fn servers_that_look_alike_are_told_apart() {
        let name = |server: &str| called(server, &["get"]).remove(0);
        assert!(name("1password").starts_with("s1password__get_"));
        let names = ["a_b", "a.b", "a b", "a__b", "A_b", "1a", "s1a", "loquat"].map(name);
        let different: std::collections::HashSet<String> = names.iter().map(|name| name.to_lowercase()).collect();
        assert_eq!(different.len(), names.len(), "{names:?}");
        assert_ne!(names[7], "loquat__get");
    }

    #[test]
    fn what_would_be_the_same_is_told_apart() {
        let names = called("s", &["a.b", "a b", "a_b"]);
        assert_eq!(names[2], "s__a_b", "the tool that is safe as it is keeps its name");
        assert!(names[0].starts_with("s__a_b_") && names[1].starts_with("s__a_b_") && names[0] != names[1]);
        let cases = called("s", &["Get", "get"]);
        assert_ne!(cases[0].to_lowercase(), cases[1].to_lowercase());
        assert_eq!(called("s", &["日本", "中国"]).iter().filter(|name| name.len() > 3).count(), 2);
    }

    #[test]
    fn names_fit_and_are_safe() {
        let long = "x".repeat(200);
        for name in called(&"s".repeat(60), &[&long, "a", "é", "__", ""]) {
            assert!(name.len() <= MAX_CALLED, "{name}");
            assert!(name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-'), "{name}");
        }
        assert_eq!(called("s", &[&long]), called("s", &[&long]));
    }

    #[test]
    fn servers_are_named_after_what_they_are() {
        let command = |line: &str| {
            let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
            from_command(&words[0], &words[1..])
        };
        assert_eq!(command("npx -y @modelcontextprotocol/server-filesystem /tmp"), "filesystem");
        assert_eq!(command("uvx mcp-server-git@1.2"), "git");
        assert_eq!(command("docker run -i --rm -e TOKEN ghcr.io/github/github-mcp-server"), "github");
        assert_eq!(command("/usr/bin/my-tool --stdio"), "my-tool");
        assert_eq!(command("python3 /opt/weather.py"), "weather");
        let url = |text: &str| from_url(&Url::parse(text).unwrap());
        assert_eq!(url("https://mcp.linear.app/sse"), "linear");
        assert_eq!(url("http://127.0.0.1:8000/mcp"), "local-8000");
        assert_eq!(url("https://api.githubcopilot.com/mcp"), "githubcopilot");
    }
}
