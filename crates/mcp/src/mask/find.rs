//! Where secrets stand in command lines, variables, headers and addresses.

use percent_encoding::percent_decode_str;

use super::{is_secret_name, is_secret_value};
use crate::references::is_reference;

/// Told what a secret is called and the secret itself; says what is put in its place.
pub(crate) type Swap<'a> = dyn FnMut(&str, &str) -> String + 'a;

/// The arguments of a program: options with a value behind or beside them, headers, variables, addresses.
pub(crate) fn in_args(args: &[String], swap: &mut Swap<'_>) -> Vec<String> {
    let mut option: Option<&str> = None;
    let mut swapped = vec![];
    for arg in args {
        swapped.push(match option.take() {
            Some(name) if is_secret(name, arg) => swap(name, arg),
            _ => in_arg(arg, swap),
        });
        let names_the_next = arg.starts_with('-') && !arg.contains('=') && is_secret_name(arg);
        option = names_the_next.then(|| arg.trim_start_matches('-'));
    }
    swapped
}

fn in_arg(arg: &str, swap: &mut Swap<'_>) -> String {
    if is_reference(arg) {
        return arg.to_owned();
    }
    if let Some((name, value)) = arg.split_once('=')
        && !name.contains("://")
    {
        let word = name.trim_start_matches('-');
        let value = if is_secret(word, value) { swap(word, value) } else { in_arg(value, swap) };
        return format!("{name}={value}");
    }
    if let Some((name, value)) = arg.split_once(':')
        && !value.starts_with("//")
        && is_secret_name(name)
    {
        return format!("{name}:{}", after_blanks(value, |value| in_value(name, value, swap)));
    }
    in_value("argument", arg, swap)
}

/// One variable or header.
pub(crate) fn in_value(name: &str, value: &str, swap: &mut Swap<'_>) -> String {
    if value.contains("://") {
        return in_url(value, swap);
    }
    if !is_secret(name, value) {
        return value.to_owned();
    }
    // The scheme of an `Authorization` header is no secret, and says what kind of secret follows.
    match value.split_once(' ') {
        Some((scheme, rest))
            if !scheme.is_empty() && scheme.chars().all(char::is_alphabetic) && !rest.contains(' ') =>
        {
            format!("{scheme} {}", if is_reference(rest) { rest.to_owned() } else { swap(name, rest) })
        }
        _ => swap(name, value),
    }
}

/// The password and the parameters of an address. What is swapped out is the plain text, not its escaped form.
pub(crate) fn in_url(text: &str, swap: &mut Swap<'_>) -> String {
    let (whole, fragment) = text.split_once('#').map_or((text, None), |(whole, fragment)| (whole, Some(fragment)));
    let (base, query) = whole.split_once('?').map_or((whole, None), |(base, query)| (base, Some(query)));
    let mut out = in_authority(base, swap);
    if let Some(query) = query {
        let pairs = query.split('&').map(|pair| match pair.split_once('=') {
            Some((name, value)) if is_secret(name, value) => format!("{name}={}", swap(name, &decoded(value))),
            _ => pair.to_owned(),
        });
        out = format!("{out}?{}", pairs.collect::<Vec<_>>().join("&"));
    }
    match fragment {
        Some(fragment) => format!("{out}#{fragment}"),
        None => out,
    }
}

fn in_authority(base: &str, swap: &mut Swap<'_>) -> String {
    let Some((scheme, rest)) = base.split_once("://") else { return base.to_owned() };
    let (authority, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
    let Some((user, host)) = authority.rsplit_once('@') else { return base.to_owned() };
    let user = match user.split_once(':') {
        Some((name, password)) if !password.is_empty() && !is_reference(password) => {
            format!("{name}:{}", swap("password", &decoded(password)))
        }
        None if is_secret_value(user) => swap("user", &decoded(user)),
        _ => user.to_owned(),
    };
    format!("{scheme}://{user}@{host}{path}")
}

/// Whether this value of that name is worth hiding.
fn is_secret(name: &str, value: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    if value.trim().is_empty() || is_reference(value) {
        return false;
    }
    if ["password", "passwd", "secret"].iter().any(|word| lower.ends_with(word)) || is_secret_value(value) {
        return true;
    }
    // What lies elsewhere, counts something or switches something is no secret itself.
    let elsewhere = ["file", "path", "dir", "url", "uri", "endpoint", "host", "name", "type", "limit"];
    let is_elsewhere = lower.rsplit(['_', '-']).next().is_some_and(|end| elsewhere.contains(&end));
    let is_path = value.starts_with(['/', '~']) || value.get(1..3) == Some(":\\");
    let is_switch = ["true", "false", "none", "null", "on", "off", "yes", "no"].contains(&value);
    let is_count = value.parse::<u32>().is_ok() && lower.contains("tokens");
    is_secret_name(name) && !is_elsewhere && !is_path && !is_switch && !is_count
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8().map_or_else(|_| text.to_owned(), |text| text.into_owned())
}

fn after_blanks(text: &str, change: impl FnOnce(&str) -> String) -> String {
    let trimmed = text.trim_start();
    format!("{}{}", &text[..text.len() - trimmed.len()], change(trimmed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(swapped: impl FnOnce(&mut Swap<'_>) -> String, expected: &str, secrets: &[&str]) {
        let mut found = vec![];
        let out = swapped(&mut |name, secret| {
            found.push(format!("{name}={secret}"));
            "*".to_owned()
        });
        assert_eq!((out.as_str(), found), (expected, secrets.iter().map(|secret| (*secret).to_owned()).collect()));
    }

    #[test]
    fn values_that_are_secrets() {
        check(|swap| in_value("GITHUB_TOKEN", "abc", swap), "*", &["GITHUB_TOKEN=abc"]);
        check(|swap| in_value("Authorization", "Bearer abc", swap), "Bearer *", &["Authorization=abc"]);
        check(|swap| in_value("Cookie", "a=b; c=d", swap), "*", &["Cookie=a=b; c=d"]);
        check(|swap| in_value("ANYTHING", "xoxb-0123456789abc", swap), "*", &["ANYTHING=xoxb-0123456789abc"]);
        check(|swap| in_value("DB_PASSWORD", "1234", swap), "*", &["DB_PASSWORD=1234"]);
        check(|swap| in_value("DSN", "pg://u:p%40q@h/db", swap), "pg://u:*@h/db", &["password=p@q"]);
        check(|swap| in_url("https://h/x?a=1&token=a%2Fb#f", swap), "https://h/x?a=1&token=*#f", &["token=a/b"]);
        check(|swap| in_url("https://ghp_0123456789abcdef@h/x", swap), "https://*@h/x", &["user=ghp_0123456789abcdef"]);
    }

    #[test]
    fn values_that_are_none() {
        for (name, value) in [
            ("MODE", "fast"),
            ("MAX_TOKENS", "4000"),
            ("TOKENIZERS_PARALLELISM", "false"),
            ("GOOGLE_APPLICATION_CREDENTIALS", "/home/me/key.json"),
            ("TOKEN_FILE", "token.txt"),
            ("AUTH", "none"),
            ("API_KEY", "${secret:s.API_KEY}"),
            ("Authorization", "Bearer ${env:TOKEN}"),
            ("API_KEY", ""),
            ("AUTH_URL", "https://h.example/token"),
        ] {
            check(|swap| in_value(name, value, swap), value, &[]);
        }
    }
}
