//! Resources and templates as servers describe them, and what was read of one.

use chat::{Content, Reading, Resource, ResourceTemplate};
use serde_json::Value;

use crate::{output, prompts::text};

pub(crate) fn read(server: &str, raws: &[Value]) -> Vec<Resource> {
    let resource = |raw: &Value| {
        let uri = raw.get("uri")?.as_str().filter(|uri| !uri.is_empty())?;
        Some(Resource {
            server: server.to_owned(),
            uri: uri.to_owned(),
            name: text(raw, "name").unwrap_or_else(|| uri.to_owned()),
            title: text(raw, "title"),
            description: text(raw, "description").unwrap_or_default(),
            mime_type: text(raw, "mimeType"),
            size: raw.get("size").and_then(Value::as_u64),
        })
    };
    raws.iter().filter_map(resource).collect()
}

pub(crate) fn templates(server: &str, raws: &[Value]) -> Vec<ResourceTemplate> {
    let template = |raw: &Value| {
        let uri_template = raw.get("uriTemplate")?.as_str().filter(|uri| !uri.is_empty())?;
        Some(ResourceTemplate {
            server: server.to_owned(),
            uri_template: uri_template.to_owned(),
            name: text(raw, "name").unwrap_or_else(|| uri_template.to_owned()),
            title: text(raw, "title"),
            description: text(raw, "description").unwrap_or_default(),
            mime_type: text(raw, "mimeType"),
            variables: variables(uri_template),
        })
    };
    raws.iter().filter_map(template).collect()
}

/// The names of a pattern's variables (RFC 6570), each once.
fn variables(template: &str) -> Vec<String> {
    let mut names: Vec<String> = vec![];
    for expression in template.split('{').skip(1).filter_map(|rest| rest.split_once('}')) {
        let list = expression.0.trim_start_matches(['+', '#', '.', '/', ';', '?', '&']);
        for name in list.split(',') {
            let name = name.split(':').next().unwrap_or_default().trim_end_matches('*').trim();
            if !name.is_empty() && !names.iter().any(|known| known == name) {
                names.push(name.to_owned());
            }
        }
    }
    names
}

pub(crate) fn reading(raw: &Value) -> Reading {
    let contents = raw.get("contents").and_then(Value::as_array).into_iter().flatten();
    let content: Vec<Content> = contents.map(part).collect();
    let text = match &content[..] {
        // A single text is read as it is, without a frame around it.
        [Content::Resource { text: Some(text), .. }] => text.clone(),
        parts => parts.iter().map(output::words).collect::<Vec<String>>().join("\n"),
    };
    Reading { text: output::cut(&text, output::MODEL_BUDGET), content }
}

fn part(raw: &Value) -> Content {
    let field = |key: &str| raw.get(key).and_then(Value::as_str).map(str::to_owned);
    match field("uri") {
        Some(uri) => Content::Resource { uri, text: field("text"), mime_type: field("mimeType"), blob: field("blob") },
        None => Content::Other { value: raw.clone() },
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_malformed_resource_costs_itself() {
        let raws =
            [json!({ "uri": "a:1", "size": 3 }), json!({ "name": "no address" }), json!(1), json!({ "uri": "" })];
        let resources = read("s", &raws);
        assert_eq!((resources.len(), resources[0].name.as_str(), resources[0].size), (1, "a:1", Some(3)));
        let raws = [json!({ "uriTemplate": "a://{b}" }), json!({ "uriTemplate": 5 })];
        assert_eq!(templates("s", &raws).len(), 1);
    }

    #[test]
    fn variables_of_every_form_are_found() {
        assert_eq!(variables("a://{b}/{+c*}{?d,e:3}{b}"), ["b", "c", "d", "e"]);
        assert_eq!(variables("plain://{}"), Vec::<String>::new());
    }

    #[test]
    fn text_is_read_as_it_is_and_the_rest_is_named() {
        let one = reading(&json!({ "contents": [{ "uri": "u", "text": "hello" }] }));
        assert_eq!(one.text, "hello");
        let two = reading(&json!({ "contents": [{ "uri": "u", "text": "t" }, { "uri": "v", "blob": "AAAA" }, 5] }));
        assert_eq!(two.text, "u\n```\nt\n```\n[file: v, 3 bytes]\n5");
        assert_eq!(reading(&json!({})).content, []);
    }
}
