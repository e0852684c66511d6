//! robots.txt, as RFC 9309 says it is read: the longest rule that matches wins, and allowing wins a tie.

/// Whether a robot of this name (lower-case) may fetch the path.
pub(crate) fn allow(text: &str, robot: &str, path: &str) -> bool {
    let groups = groups(text.trim_start_matches('\u{feff}'));
    let named = |name: &str| -> Vec<&Group<'_>> {
        groups.iter().filter(|group| group.agents.iter().any(|agent| agent == name)).collect()
    };
    let own = named(robot);
    let groups = if own.is_empty() { named("*") } else { own };
    let rules = groups.into_iter().flat_map(|group| &group.rules);
    let fitting = rules.filter(|rule| matches(rule.pattern, path));
    fitting.map(|rule| (rule.pattern.len(), rule.allows)).max().is_none_or(|(_, allows)| allows)
}

#[derive(Default)]
struct Group<'a> {
    agents: Vec<String>,
    rules: Vec<Rule<'a>>,
}

struct Rule<'a> {
    pattern: &'a str,
    allows: bool,
}

fn groups(text: &str) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = vec![];
    let mut naming = false;
    for line in text.lines() {
        let line = line.split('#').next().unwrap_or_default();
        let Some((key, value)) = line.split_once(':') else { continue };
        let value = value.trim();
        let allows = match key.trim().to_ascii_lowercase().as_str() {
            "user-agent" => {
                if !naming {
                    groups.push(Group::default());
                }
                naming = true;
                let name: String = value
                    .to_ascii_lowercase()
                    .chars()
                    .take_while(|c| c.is_ascii_alphanumeric() || "-_*".contains(*c))
                    .collect();
                if let Some(group) = groups.last_mut() {
                    group.agents.push(name);
                }
                continue;
            }
            "allow" => true,
            "disallow" => false,
            _ => continue,
        };
        naming = false;
        if let Some(group) = groups.last_mut().filter(|_| !value.is_empty()) {
            group.rules.push(Rule { pattern: value, allows });
        }
    }
    groups
}

/// `*` stands for anything, `$` at the end for the end. Without going back over the same letters again and again.
fn matches(pattern: &str, path: &str) -> bool {
    let (pattern, anchored) = pattern.strip_suffix('$').map_or((pattern, false), |pattern| (pattern, true));
    let mut pieces = pattern.split('*');
    let Some(mut rest) = pieces.next().and_then(|first| path.strip_prefix(first)) else { return false };
    let pieces: Vec<&str> = pieces.collect();
    for (at, piece) in pieces.iter().enumerate() {
        let is_last = at + 1 == pieces.len();
        if is_last && anchored {
            return rest.ends_with(piece);
        }
        let Some(found) = rest.find(piece) else { return false };
        rest = &rest[found + piece.len()..];
    }
    !anchored || rest.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_rule_of_the_right_group_wins() {
        let text = "# hi\nUser-agent: other\nDisallow: /\n\nUser-agent: *\nDisallow: /private\nAllow: /private/open\n\
                    Disallow: /*.pdf$\nDisallow: /a*b*c\n";
        let rows = [
            ("/", true),
            ("/private", false),
            ("/private/x", false),
            ("/private/open/x", true),
            ("/x.pdf", false),
            ("/x.pdf?y", true),
            ("/a1b2c3", false),
            ("/a1c2b3", true),
        ];
        for (path, expected) in rows {
            assert_eq!(allow(text, "loquatgateway", path), expected, "{path}");
        }
        assert!(!allow(text, "other", "/x"));
        let own = "User-agent: *\nDisallow: /\nUser-agent: LoquatGateway/1.0\nUser-agent: more\nDisallow: /no\n";
        assert!(allow(own, "loquatgateway", "/yes") && !allow(own, "loquatgateway", "/no"));
        assert!(allow("", "loquatgateway", "/x") && allow("<html>404</html>", "loquatgateway", "/x"));
        assert!(allow("User-agent: *\nDisallow:\n", "loquatgateway", "/x"));
        assert!(allow("User-agent: *\nDisallow: /a\nAllow: /a\n", "loquatgateway", "/a"));
    }
}
