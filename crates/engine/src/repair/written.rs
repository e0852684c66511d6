//! Calls that a model wrote into its text, because its server did not understand them or it never learned another way.

use serde_json::{Map, Value, json};

use super::json::mended;

/// What stands around calls, in the words of Hermes and Qwen, of LM Studio, and of Mistral. The last closes with the
/// text.
const MARKS: [(&str, &str); 4] = [
    ("<tool_call>", "</tool_call>"),
    ("<|tool_call|>", "<|/tool_call|>"),
    ("[TOOL_REQUEST]", "[END_TOOL_REQUEST]"),
    ("[TOOL_CALLS]", ""),
];
/// More calls than this in one text are no calls.
const MOST: usize = 16;

/// A text with calls in it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Written {
    /// What the model said besides.
    pub(crate) text: String,
    pub(crate) calls: Vec<WrittenCall>,
}

/// One call as it was written.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct WrittenCall {
    /// Empty where it named no tool.
    pub(crate) name: String,
    /// JSON where it could be read, else the model's own text.
    pub(crate) arguments: String,
}

/// The calls in a text; nothing where there are none. `knows` says whether a tool of that name was offered.
///
/// What stands between marks is a call, whatever it says: who runs it says what is wrong with it. A text that is
/// nothing but JSON is one only if it names a tool that was offered: otherwise it is an answer in JSON.
pub(crate) fn written(text: &str, knows: impl Fn(&str) -> bool) -> Option<Written> {
    let marked = marked(text);
    if marked.is_some() {
        return marked;
    }
    let whole = text.trim();
    if !(whole.starts_with('{') || whole.starts_with("```")) {
        return None;
    }
    let call = one_call(&mended(whole)?)?;
    knows(&call.name).then(|| Written { text: String::new(), calls: vec![call] })
}

fn marked(text: &str) -> Option<Written> {
    let (open, close) = MARKS.into_iter().find(|(open, _)| text.contains(open))?;
    let (mut said, mut calls) = (String::new(), vec![]);
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once(open) {
        said.push_str(before);
        let closed = if close.is_empty() { None } else { behind.split_once(close) };
        let (inner, after) = closed.unwrap_or((behind, ""));
        let found = calls_in(inner);
        // In code it is something the model talks about; one that was not closed must at least be readable.
        if before.ends_with('`') || (closed.is_none() && found.iter().any(|call| call.name.is_empty())) {
            said.push_str(open);
            rest = behind;
            continue;
        }
        calls.extend(found);
        rest = after;
    }
    said.push_str(rest);
    (!calls.is_empty() && calls.len() <= MOST).then(|| Written { text: said.trim().to_owned(), calls })
}

/// The calls between two marks; one that cannot be read is a call without a name.
fn calls_in(inner: &str) -> Vec<WrittenCall> {
    let inner = inner.trim();
    if let Some(call) = in_tags(inner) {
        return vec![call];
    }
    let unread = || WrittenCall { name: String::new(), arguments: inner.to_owned() };
    match mended(inner) {
        Some(Value::Array(list)) => list.iter().map(|value| one_call(value).unwrap_or_else(unread)).collect(),
        Some(value) => vec![one_call(&value).unwrap_or_else(unread)],
        None => vec![unread()],
    }
}

/// `{"name": …, "arguments": {…}}`, also with `parameters`, also within `function`.
fn one_call(value: &Value) -> Option<WrittenCall> {
    let value = value.get("function").filter(|inner| inner.is_object()).unwrap_or(value);
    let name = value.get("name")?.as_str()?.trim().to_owned();
    let arguments = match value.get("arguments").or(value.get("parameters")) {
        Some(Value::String(written)) => written.clone(),
        Some(Value::Null) | None => "{}".into(),
        Some(other) => other.to_string(),
    };
    Some(WrittenCall { name, arguments })
}

/// `<function=name><parameter=key>value</parameter></function>`, as Qwen's coding models write it.
fn in_tags(inner: &str) -> Option<WrittenCall> {
    let (name, mut rest) = inner.strip_prefix("<function=")?.split_once('>')?;
    let mut arguments = Map::new();
    while let Some((_, parameter)) = rest.split_once("<parameter=") {
        let (key, value) = parameter.split_once('>')?;
        let (value, after) = value.split_once("</parameter>")?;
        let value = value.strip_prefix('\n').unwrap_or(value);
        let value = value.strip_suffix('\n').unwrap_or(value);
        arguments.insert(key.trim().to_owned(), json!(value));
        rest = after;
    }
    Some(WrittenCall { name: name.trim().to_owned(), arguments: Value::Object(arguments).to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A text in; what is said besides and `name arguments` of each call out.
    fn check(text: &str, said: &str, expected: &[&str]) {
        let written = written(text, |name| name == "known").unwrap_or_else(|| panic!("no call in {text}"));
        let calls: Vec<String> = written.calls.iter().map(|call| format!("{} {}", call.name, call.arguments)).collect();
        assert_eq!(
            (written.text.as_str(), calls),
            (said, expected.iter().map(|&it| it.to_owned()).collect()),
            "{text}"
        );
    }

    #[test]
    fn calls_between_marks() {
        check(r#"<tool_call>{"name": "a", "arguments": {"x": 1}}</tool_call>"#, "", &[r#"a {"x":1}"#]);
        check(
            "I look.\n<tool_call>\n{\"name\": \"a\"}\n</tool_call>\n<tool_call>{\"name\":\"b\",\"parameters\":{}}</tool_call>",
            "I look.",
            &["a {}", "b {}"],
        );
        check(r#"<tool_call>{"name": "a", "arguments": {"x": 1}}"#, "", &[r#"a {"x":1}"#]);
        check(r#"[TOOL_REQUEST]{"name":"a","arguments":{"x":"y"}}[END_TOOL_REQUEST]"#, "", &[r#"a {"x":"y"}"#]);
        check(r#"[TOOL_CALLS][{"name":"a","arguments":{}},{"name":"b"}]"#, "", &["a {}", "b {}"]);
        check(
            "<tool_call><function=a>\n<parameter=city>\nBonn\n</parameter>\n</function></tool_call>",
            "",
            &[r#"a {"city":"Bonn"}"#],
        );
    }

    #[test]
    fn what_cannot_be_read_between_marks_stays_what_it_is() {
        check("<tool_call>look it up</tool_call>", "", &[" look it up"]);
        check(r#"<tool_call>{"arguments": {}}</tool_call>"#, "", &[r#" {"arguments": {}}"#]);
    }

    #[test]
    fn json_alone_is_a_call_only_of_a_tool_that_was_offered() {
        check(r#"{"name": "known", "arguments": {"x": 1}}"#, "", &[r#"known {"x":1}"#]);
        check("```json\n{\"name\": \"known\"}\n```", "", &["known {}"]);
        for text in [
            r#"{"name": "Ann", "age": 7}"#,
            "Like this:\n```json\n{\"name\": \"known\"}\n```",
            "```python\nprint(1)\n```",
            "plain words",
            "Write `<tool_call>` like that.",
            "[TOOL_CALLS] are what it is called.",
            "",
        ] {
            assert_eq!(written(text, |name| name == "known"), None, "{text}");
        }
    }
}
