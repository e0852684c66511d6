//! What a server says when it turns somebody away: the `WWW-Authenticate` headers (RFC 9110 11.6.1, RFC 6750, RFC 9728).

/// What matters of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Challenge {
    pub(crate) resource_metadata: Option<String>,
    pub(crate) scopes: Vec<String>,
    pub(crate) error: Option<String>,
    pub(crate) description: Option<String>,
}

impl Challenge {
    /// Every header as it came; what is said first counts.
    pub(crate) fn read(headers: &[String]) -> Self {
        let mut challenge = Self::default();
        for (name, value) in headers.iter().flat_map(|header| parameters(header)) {
            let slot = match name.as_str() {
                "resource_metadata" => &mut challenge.resource_metadata,
                "error" => &mut challenge.error,
                "error_description" => &mut challenge.description,
                "scope" if challenge.scopes.is_empty() => {
                    challenge.scopes = value.split_whitespace().map(str::to_owned).collect();
                    continue;
                }
                _ => continue,
            };
            if slot.is_none() && !value.is_empty() {
                *slot = Some(value);
            }
        }
        challenge
    }

    pub(crate) fn wants_more_rights(&self) -> bool {
        self.error.as_deref() == Some("insufficient_scope")
    }
}

/// The `name=value` pairs of one header, names in lower case. Schemes and what is no pair are stepped over.
fn parameters(header: &str) -> Vec<(String, String)> {
    let mut found = vec![];
    let mut rest = header;
    while let Some(at) = rest.find('=') {
        let name = rest[..at].trim_end().rsplit([' ', ',', '\t']).next().unwrap_or_default().to_ascii_lowercase();
        let value = rest[at + 1..].trim_start();
        let (value, after) = match value.strip_prefix('"') {
            Some(quoted) => quoted_text(quoted),
            None => {
                let end = value.find([',', ' ']).unwrap_or(value.len());
                (value[..end].to_owned(), &value[end..])
            }
        };
        found.push((name, value));
        rest = after;
    }
    found
}

/// A quoted text without its quotes, and what comes after it.
fn quoted_text(quoted: &str) -> (String, &str) {
    let mut text = String::new();
    let mut chars = quoted.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return (text, &quoted[at + 1..]),
            '\\' => text.extend(chars.next().map(|(_, c)| c)),
            c => text.push(c),
        }
    }
    (text, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(headers: &[&str]) -> Challenge {
        Challenge::read(&headers.iter().map(|header| (*header).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn every_way_to_write_a_challenge_is_read() {
        let url = Some("https://a.example/.well-known/x?a=b,c".to_owned());
        let plain = read(&[
            "Bearer resource_metadata=\"https://a.example/.well-known/x?a=b,c\", scope=\"files:read files:write\"",
        ]);
        assert_eq!(
            (plain.resource_metadata, plain.scopes),
            (url.clone(), vec!["files:read".into(), "files:write".into()])
        );
        let second = read(&[
            "Basic realm=\"x=y\"",
            "Bearer error=insufficient_scope , SCOPE=\"a\", error_description=\"say \\\"please\\\"\"",
        ]);
        assert!(second.wants_more_rights());
        assert_eq!((second.scopes, second.description.as_deref()), (vec!["a".into()], Some("say \"please\"")));
        let bare = read(&["Bearer resource_metadata=https://a.example/.well-known/x?a=b, scope=a"]);
        assert_eq!(bare.resource_metadata.as_deref(), Some("https://a.example/.well-known/x?a=b"));
        for odd in ["", "Bearer", "=", "Bearer =\"", "Bearer scope=\"unclosed", "\u{e4}=\u{f6}"] {
            assert!(!read(&[odd]).wants_more_rights());
        }
    }
}
