//! What a command line, an address or any text looks like when nobody may learn its secrets.

mod find;
mod known;
mod patterns;

pub(crate) use find::{in_args, in_url, in_value};
pub(crate) use known::remember;
pub use patterns::text;

pub(crate) const MASK: &str = "•••";

/// A command line, quoted as a shell would want it, with secrets masked.
pub(crate) fn command_line(command: &str, args: &[String]) -> String {
    let args = arguments(args);
    let words = std::iter::once(command).chain(args.iter().map(String::as_str));
    words.map(quoted).collect::<Vec<_>>().join(" ")
}

/// The arguments of a program with secrets masked.
pub(crate) fn arguments(args: &[String]) -> Vec<String> {
    in_args(args, &mut |_, _| MASK.to_owned())
}

/// A URL without its password and without the values of secret-looking query parameters.
pub(crate) fn url(text: &str) -> String {
    let Ok(mut url) = url::Url::parse(text) else { return text.to_owned() };
    if url.password().is_some() || !url.username().is_empty() {
        // Both fail only for URLs that cannot carry them, and those have none.
        let _ = url.set_username("");
        let _ = url.set_password(None);
    }
    if url.query().is_none() {
        return unchanged_or(text, &url);
    }
    let pairs: Vec<(String, String)> = url.query_pairs().map(|(k, v)| (k.into_owned(), v.into_owned())).collect();
    if !pairs.iter().any(|(name, value)| hides(name, value)) {
        return unchanged_or(text, &url);
    }
    let shown = |(name, value): &(String, String)| format!("{name}={}", if hides(name, value) { MASK } else { value });
    let query: Vec<String> = pairs.iter().map(shown).collect();
    url.set_query(None);
    format!("{url}?{}", query.join("&"))
}

/// A reference to a secret says nothing of it.
fn hides(name: &str, value: &str) -> bool {
    !crate::references::is_reference(value) && (is_secret_name(name) || is_secret_value(value))
}

/// Parsing adds a slash to a bare host; what needs no mask is shown as it was written.
fn unchanged_or(text: &str, url: &url::Url) -> String {
    let same = url::Url::parse(text).is_ok_and(|parsed| parsed == *url);
    if same { text.to_owned() } else { url.to_string() }
}

/// Whether a parameter, variable, header or option of that name holds a secret.
pub(crate) fn is_secret_name(name: &str) -> bool {
    let whole = ["key", "pass", "pwd", "sig", "signature", "auth", "pat", "jwt", "code"];
    let lower = name.to_ascii_lowercase();
    says_secret(&lower) || lower.split(|c: char| !c.is_ascii_alphanumeric()).any(|part| whole.contains(&part))
}

/// Whether a name, in lower-case letters, can mean nothing else.
fn says_secret(lower: &str) -> bool {
    let within = ["token", "secret", "password", "passwd", "apikey", "credential", "authorization", "cookie", "bearer"];
    within.iter().any(|word| lower.contains(word))
}

/// Whether a value gives itself away by the form that well-known issuers use.
pub(crate) fn is_secret_value(value: &str) -> bool {
    const PREFIXES: [&str; 19] = [
        "sk-",
        "ghp_",
        "gho_",
        "ghs_",
        "ghu_",
        "github_pat_",
        "glpat-",
        "xoxb-",
        "xoxp-",
        "xoxa-",
        "xapp-",
        "eyJ",
        "AKIA",
        "AIza",
        "ntn_",
        "lin_api_",
        "npm_",
        "hf_",
        "shpat_",
    ];
    value.len() >= 16 && !value.contains([' ', '/']) && PREFIXES.iter().any(|prefix| value.starts_with(prefix))
}

fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./:=@%+,•?&".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(line: &[&str]) -> String {
        let args: Vec<String> = line[1..].iter().map(|arg| (*arg).to_owned()).collect();
        command_line(line[0], &args)
    }

    #[test]
    fn what_is_no_secret_is_shown_as_written() {
        assert_eq!(shown(&["npx", "-y", "@scope/server", "/tmp/my files"]), "npx -y @scope/server '/tmp/my files'");
        assert_eq!(shown(&["s", "--token-file", "/run/token"]), "s --token-file /run/token");
        assert_eq!(url("https://example.com/mcp?team=a"), "https://example.com/mcp?team=a");
        assert_eq!(url("http://127.0.0.1:1"), "http://127.0.0.1:1");
        assert_eq!(
            url("https://h.example/mcp?token=${secret:h.token}"),
            "https://h.example/mcp?token=${secret:h.token}"
        );
    }

    #[test]
    fn secrets_are_masked_wherever_they_stand() {
        assert_eq!(shown(&["s", "--token", "abc"]), "s --token •••");
        assert_eq!(shown(&["s", "--api-key=abc", "x"]), "s --api-key=••• x");
        assert_eq!(shown(&["docker", "-e", "GITHUB_TOKEN=abc"]), "docker -e GITHUB_TOKEN=•••");
        assert_eq!(shown(&["r", "--header", "Authorization: Bearer abc"]), "r --header 'Authorization: Bearer •••'");
        assert_eq!(shown(&["r", "ghp_0123456789abcdef"]), "r •••");
        assert_eq!(shown(&["r", "--url=https://u:p@h.example/?sig=1"]), "r --url=https://u:•••@h.example/?sig=•••");
        assert_eq!(url("https://u:p@h.example/a?x=1&apiKey=2"), "https://h.example/a?x=1&apiKey=•••");
    }
}
