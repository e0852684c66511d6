//! Secrets in running text, told by what stands beside them or by their own form.

use std::{borrow::Cow, sync::LazyLock};

use regex::{Captures, Regex};

use super::{MASK, is_secret_name, known, says_secret};

/// Names that sound like a secret and are none, in lower-case letters.
const HARMLESS: [&str; 5] =
    ["progresstoken", "token_type", "tokentype", "token_endpoint", "token_endpoint_auth_method"];

/// `name` · `value` of a JSON field, also of JSON within JSON.
static FIELD: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"(?<name>\\*"(?:[\w.-]+)\\*"\s*:\s*)(?<open>\\*")(?<value>(?:[^"\\]|\\[^"])+)"#).ok()
});
/// `?name=value` of an address or a form.
static PARAMETER: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"(?<name>(?:^|[?&\s;,"'])[\w.-]+)=[^&\s"'\\;,]"#).ok());
/// `Authorization: Bearer value`, and the scheme alone.
static SCHEME: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?i)\b(?<name>bearer|basic)\s+(?<value>[A-Za-z0-9._~+/=-]{8,})").ok());
/// `X-Api-Key: value`.
static HEADER: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?m)(?<name>\b[A-Za-z][\w-]*):\s+(?<value>[^\s,;\x22]+)").ok());
/// `://user:value@`.
static USER: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"://(?<name>[^/\s:@]*):(?<value>[^/\s@]+)@").ok());
/// What well-known issuers issue. Their letters are plain ones: those of all scripts, so many times over, would take
/// half a second to prepare where nothing is optimised, in the middle of a call.
static ISSUED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"\b(?:sk-[A-Za-z0-9_-]{12,}|gh[oprsu]_[A-Za-z0-9]{12,}|github_pat_[[:word:]]{12,}|glpat-[[:word:]-]{12,}",
        r"|xox[abeprs]-[[:word:]-]{8,}|xapp-[[:word:]-]{8,}|AKIA[0-9A-Z]{12,}|AIza[[:word:]-]{20,}",
        r"|eyJ[[:word:]-]{8,}\.[[:word:]-]{4,}(?:\.[[:word:]-]*)?|ntn_[[:word:]]{12,}|lin_api_[[:word:]]{12,}",
        r"|npm_[[:word:]]{20,}|hf_[[:word:]]{20,}|shpat_[[:word:]]{12,})",
        r"|-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)",
    ))
    .ok()
});

/// Any text as it may be written down: without the secrets that are known, and without what looks like one.
pub fn text(text: &str) -> Cow<'_, str> {
    let text = known::without_known(Cow::Borrowed(text));
    let says = |name: &str| {
        let lower = name.trim_matches(|c: char| !c.is_ascii_alphanumeric()).to_ascii_lowercase();
        says_secret(&lower) && !lower.ends_with("tokens") && !HARMLESS.contains(&lower.as_str())
    };
    let text = swapped(text, &FIELD, |found| {
        says(field_name(&found["name"])).then(|| format!("{}{}{MASK}", &found["name"], &found["open"]))
    });
    let text = parameters(text, says);
    let text = swapped(text, &SCHEME, |found| {
        let is_word = found["value"].bytes().all(|byte| byte.is_ascii_lowercase());
        (!is_word).then(|| format!("{} {MASK}", &found["name"]))
    });
    let text = swapped(text, &HEADER, |found| {
        let scheme = ["bearer", "basic"].contains(&found["value"].to_ascii_lowercase().as_str());
        (says(&found["name"]) && !scheme).then(|| format!("{}: {MASK}", &found["name"]))
    });
    let text = swapped(text, &USER, |found| Some(format!("://{}:{MASK}@", &found["name"])));
    swapped(text, &ISSUED, |_| Some(MASK.to_owned()))
}

fn field_name(matched: &str) -> &str {
    matched.trim_end_matches(|c: char| c == ':' || c.is_whitespace()).trim_matches(['\\', '"'])
}

/// Without the values of parameters whose names say that they are secrets. What another one holds is looked at as well: it
/// may be an address with parameters of its own.
fn parameters<'a>(text: Cow<'a, str>, says: impl Fn(&str) -> bool) -> Cow<'a, str> {
    let Some(pattern) = PARAMETER.as_ref() else { return text };
    let (mut shown, mut written, mut at) = (String::new(), 0, 0);
    while let Some(name) = pattern.captures_at(&text, at).and_then(|found| found.name("name")) {
        let is_address = name.as_str().starts_with(['?', '&']);
        let hidden = if is_address { is_secret_name(&name.as_str()[1..]) } else { says(name.as_str()) };
        at = name.end() + 1;
        if hidden {
            shown.push_str(&text[written..at]);
            shown.push_str(MASK);
            at += text[at..].find(is_after_value).unwrap_or(text.len() - at);
            written = at;
        }
    }
    if written == 0 {
        return text;
    }
    shown.push_str(&text[written..]);
    Cow::Owned(shown)
}

/// Whether the value of a parameter has ended before this.
fn is_after_value(letter: char) -> bool {
    letter.is_whitespace() || matches!(letter, '&' | '"' | '\'' | '\\' | ';' | ',')
}

/// Puts what `swap` says in place of what is found. Where it says nothing that stays, and what stands behind its name is
/// looked at as well: it may be another name.
fn swapped<'a>(
    text: Cow<'a, str>,
    pattern: &Option<Regex>,
    swap: impl Fn(&Captures<'_>) -> Option<String>,
) -> Cow<'a, str> {
    let Some(pattern) = pattern else { return text };
    let (mut shown, mut written, mut at) = (String::new(), 0, 0);
    while let Some(found) = pattern.captures_at(&text, at) {
        let whole = found.get_match();
        at = match swap(&found) {
            Some(instead) => {
                shown.push_str(&text[written..whole.start()]);
                shown.push_str(&instead);
                written = whole.end();
                written
            }
            None => found.name("name").map_or(whole.end(), |name| name.end()),
        };
    }
    if written == 0 {
        return text;
    }
    shown.push_str(&text[written..]);
    Cow::Owned(shown)
}

#[cfg(test)]
mod tests {
    use crate::Secret;

    #[test]
    fn what_looks_like_a_secret_is_masked() {
        for (text, expected) in [
            (r#"{"password":"hunter2","user":"me"}"#, r#"{"password":"•••","user":"me"}"#),
            (r#"{"a":"{\"api_token\": \"hunter2\"}"}"#, r#"{"a":"{\"api_token\": \"•••\"}"}"#),
            ("GET https://h/mcp?token=abc&x=1 done", "GET https://h/mcp?token=•••&x=1 done"),
            ("authorization: Bearer abcdefgh12", "authorization: Bearer •••"),
            ("X-Api-Token: abc", "X-Api-Token: •••"),
            ("postgres://me:hunter2@db/x", "postgres://me:•••@db/x"),
            ("?next=https://h/x?token=abc&y=1", "?next=https://h/x?token=•••&y=1"),
            ("a=b password=abc, c=d secret=e", "a=b password=•••, c=d secret=•••"),
            ("got xoxb-1234567890-abc and sk-proj-abcdefghijkl", "got ••• and •••"),
            ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln end", "••• end"),
            ("sent header: X-Api-Token: abc", "sent header: X-Api-Token: •••"),
            ("bearer of: Bearer abcdefgh12", "bearer of: Bearer •••"),
            ("client_secret=abc grant_type=x", "client_secret=••• grant_type=x"),
        ] {
            assert_eq!(super::text(text), expected);
        }
    }

    #[test]
    fn an_address_in_an_address_in_an_address_is_gone_through_once() {
        let deep = "?a=".repeat(100_000);
        assert_eq!(super::text(&format!("{deep}?token=abc")), format!("{deep}?token=•••"));
    }

    #[test]
    fn what_is_none_stays() {
        for text in [
            r#"{"_meta":{"progressToken":"7"},"max_tokens":"12","code":-32601,"key":"PROJ-1"}"#,
            "12 tokens: fine, basic things and a bearer of news",
            "https://h/mcp?team=a",
        ] {
            assert_eq!(super::text(text), text);
        }
    }

    #[test]
    fn what_is_known_is_masked_in_every_spelling_while_somebody_has_it() {
        let secret = Secret::new("a \"very\" odd/one");
        assert_eq!(super::text("x a \"very\" odd/one y"), "x ••• y");
        assert_eq!(super::text(r#"["a \"very\" odd/one"]"#), r#"["•••"]"#);
        assert_eq!(super::text("q=a%20%22very%22%20odd%2Fone"), "q=•••");
        drop(secret);
        assert_eq!(super::text("x a \"very\" odd/one y"), "x a \"very\" odd/one y");
    }
}
