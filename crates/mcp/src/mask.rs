//! What a command line or an address looks like when nobody may learn its secrets.

pub(crate) const MASK: &str = "•••";

/// A command line, quoted as a shell would want it, with secrets masked.
pub(crate) fn command_line(command: &str, args: &[String]) -> String {
    let mut words = vec![quoted(command)];
    let mut secret_next = false;
    for arg in args {
        words.push(if secret_next { MASK.to_owned() } else { quoted(&argument(arg)) });
        secret_next = arg.starts_with('-') && !arg.contains('=') && is_secret_name(arg);
    }
    words.join(" ")
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
    if !pairs.iter().any(|(name, value)| is_secret_name(name) || is_secret_value(value)) {
        return unchanged_or(text, &url);
    }
    let query: Vec<String> = pairs
        .iter()
        .map(|(name, value)| {
            let hidden = is_secret_name(name) || is_secret_value(value);
            format!("{name}={}", if hidden { MASK } else { value })
        })
        .collect();
    url.set_query(None);
    format!("{url}?{}", query.join("&"))
}

/// Parsing adds a slash to a bare host; what needs no mask is shown as it was written.
fn unchanged_or(text: &str, url: &url::Url) -> String {
    let same = url::Url::parse(text).is_ok_and(|parsed| parsed == *url);
    if same { text.to_owned() } else { url.to_string() }
}

fn argument(arg: &str) -> String {
    if let Some((name, value)) = arg.split_once('=')
        && !name.contains("://")
    {
        let shown = if is_secret_name(name) { MASK.to_owned() } else { argument(value) };
        return format!("{name}={shown}");
    }
    if arg.contains("://") {
        return url(arg);
    }
    if let Some((name, _)) = arg.split_once(':')
        && is_secret_name(name)
    {
        return format!("{name}: {MASK}");
    }
    if is_secret_value(arg) { MASK.to_owned() } else { arg.to_owned() }
}

/// Whether a parameter, variable, header or option of that name holds a secret.
pub(crate) fn is_secret_name(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let within = ["token", "secret", "password", "passwd", "apikey", "credential", "authorization", "cookie", "bearer"];
    let whole = ["key", "pass", "pwd", "sig", "signature", "auth", "pat", "jwt", "code"];
    within.iter().any(|word| lower.contains(word))
        || lower.split(|c: char| !c.is_ascii_alphanumeric()).any(|part| whole.contains(&part))
}

/// Whether a value gives itself away by the form that well-known issuers use.
pub(crate) fn is_secret_value(value: &str) -> bool {
    let prefixes =
        ["sk-", "ghp_", "gho_", "github_pat_", "glpat-", "xoxb-", "xoxp-", "eyJ", "AKIA", "ntn_", "lin_api_"];
    value.len() >= 16 && !value.contains([' ', '/']) && prefixes.iter().any(|prefix| value.starts_with(prefix))
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
        assert_eq!(url("https://example.com/mcp?team=a"), "https://example.com/mcp?team=a");
        assert_eq!(url("http://127.0.0.1:1"), "http://127.0.0.1:1");
    }

    #[test]
    fn secrets_are_masked_wherever_they_stand() {
        assert_eq!(shown(&["s", "--token", "abc"]), "s --token •••");
        assert_eq!(shown(&["s", "--api-key=abc", "x"]), "s --api-key=••• x");
        assert_eq!(shown(&["docker", "-e", "GITHUB_TOKEN=abc"]), "docker -e GITHUB_TOKEN=•••");
        assert_eq!(shown(&["r", "--header", "Authorization: Bearer abc"]), "r --header 'Authorization: •••'");
        assert_eq!(shown(&["r", "ghp_0123456789abcdef"]), "r •••");
        assert_eq!(shown(&["r", "--url=https://u:p@h.example/?sig=1"]), "r --url=https://h.example/?sig=•••");
        assert_eq!(url("https://u:p@h.example/a?x=1&apiKey=2"), "https://h.example/a?x=1&apiKey=•••");
    }
}
