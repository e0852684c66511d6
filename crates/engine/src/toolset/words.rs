//! Words as the search sees them: parted at case and punctuation, without endings, with a few of one meaning.

/// Words that say nothing of what a tool does.
const EMPTY: [&str; 78] = [
    "a", "an", "and", "any", "are", "as", "at", "be", "by", "can", "could", "do", "does", "for", "from", "has", "have",
    "how", "i", "if", "in", "into", "is", "it", "its", "me", "my", "of", "on", "or", "our", "please", "should", "so",
    "some", "such", "that", "the", "their", "them", "there", "these", "this", "those", "to", "use", "used", "using",
    "was", "we", "what", "when", "where", "which", "who", "whose", "will", "with", "would", "you", "your", "need",
    "want", "tool", "tools", "e", "g", "eg", "etc", "also", "all", "about", "out", "up", "s", "t", "let", "than",
];

/// Words, as stems, that people and servers use for the same.
const KIN: [&[&str]; 22] = [
    &["creat", "add", "new", "make", "open", "insert", "regist", "post"],
    &["delet", "remov", "drop", "eras", "destroy", "trash"],
    &["updat", "edit", "modify", "chang", "set", "patch", "renam"],
    &["get", "fetch", "read", "show", "view", "retriev", "detail", "look", "load", "describ"],
    &["list", "enumerat", "show", "overview"],
    &["search", "find", "query", "look", "lookup"],
    &["send", "post", "deliver"],
    &["run", "execut", "invok", "start", "trigger", "launch"],
    &["stop", "cancel", "abort", "kill", "end", "terminat"],
    &["directory", "folder"],
    &["email", "mail"],
    &["repository", "repo"],
    &["message", "chat"],
    &["picture", "image", "photo", "screenshot"],
    &["db", "database"],
    &["error", "bug", "issue", "problem", "fail"],
    &["person", "user", "people", "member", "account"],
    &["client", "customer", "company"],
    &["bill", "invoic"],
    &["click", "press", "tap"],
    &["web", "website", "url", "page", "site", "internet"],
    &["copy", "duplicat", "fork", "clon"],
];

/// The stems of a text in order: `readTextFiles` is `read`, `text`, `fil`.
pub(super) fn stems(text: &str) -> Vec<String> {
    let words = parts(text).into_iter().filter(|word| !EMPTY.contains(&word.as_str()));
    words.map(|word| stem(&word)).collect()
}

/// Other stems of about the same meaning.
pub(super) fn kin(stem: &str) -> impl Iterator<Item = &'static &'static str> {
    KIN.iter()
        .filter(move |kin| kin.contains(&stem))
        .flat_map(move |kin| kin.iter().filter(move |other| **other != stem))
}

fn parts(text: &str) -> Vec<String> {
    let (mut parts, mut word, mut before) = (vec![], String::new(), ' ');
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        let next_is_small = letters.peek().is_some_and(|next| next.is_lowercase());
        let begins = letter.is_uppercase() && (before.is_lowercase() || (before.is_uppercase() && next_is_small));
        if (begins || !letter.is_alphanumeric()) && !word.is_empty() {
            parts.push(std::mem::take(&mut word));
        }
        if letter.is_alphanumeric() {
            word.extend(letter.to_lowercase());
        }
        before = letter;
    }
    if !word.is_empty() {
        parts.push(word);
    }
    parts
}

/// Without the endings of English: light, so that different words stay different.
fn stem(word: &str) -> String {
    if !word.is_ascii() || word.len() < 4 || word.bytes().any(|byte| byte.is_ascii_digit()) {
        return word.to_owned();
    }
    let mut stem = word.to_owned();
    if let Some(rest) = stem.strip_suffix("ies").filter(|rest| rest.len() > 1) {
        stem = format!("{rest}y");
    } else if let Some(rest) =
        ["sses", "shes", "ches", "xes"].iter().find_map(|end| stem.ends_with(end).then(|| &stem[..stem.len() - 2]))
    {
        stem = rest.to_owned();
    } else if stem.ends_with('s') && !stem.ends_with("ss") && !stem.ends_with("us") && !stem.ends_with("is") {
        stem.pop();
    }
    for end in ["ing", "ed", "er", "or", "ion"] {
        let rest =
            stem.strip_suffix(end).filter(|rest| rest.len() > 3 && rest.contains(['a', 'e', 'i', 'o', 'u', 'y']));
        if let Some(rest) = rest {
            stem = undoubled(rest).to_owned();
            break;
        }
    }
    if stem.len() > 3 && stem.ends_with('e') {
        stem.pop();
    }
    stem
}

/// `stopp` is `stop`; `call` stays.
fn undoubled(word: &str) -> &str {
    let bytes = word.as_bytes();
    let doubled = bytes.len() > 3 && bytes[bytes.len() - 1] == bytes[bytes.len() - 2];
    if doubled && !matches!(bytes[bytes.len() - 1], b'l' | b's' | b'z') { &word[..word.len() - 1] } else { word }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_parted_and_shortened() {
        let rows = [
            ("readTextFiles", "read text fil"),
            ("get_HTTPResponse-v2", "get http respons v2"),
            ("List all the repositories", "list repository"),
            ("stopped stopping stops", "stop stop stop"),
            ("creating, created, creates", "creat creat creat"),
            ("searches boxes classes status", "search box class status"),
            ("Kalender öffnen", "kalend öffnen"),
        ];
        for (text, expected) in rows {
            assert_eq!(stems(text).join(" "), expected);
        }
        assert!(kin("delet").any(|other| *other == "remov"));
        assert_eq!(kin("zeppelin").count(), 0);
    }
}
