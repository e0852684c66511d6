//! Local references: `#`, `#/…` and `#name`. Nothing else is ever looked up.

use serde_json::Value;

/// What a reference stands for within its own document; nothing where it leads elsewhere or nowhere.
pub(super) fn resolve<'a>(root: &'a Value, reference: &str) -> Option<&'a Value> {
    let fragment = reference.strip_prefix('#')?;
    if fragment.is_empty() {
        return Some(root);
    }
    let fragment = decoded(fragment);
    match fragment.starts_with('/') {
        true => root.pointer(&fragment),
        false => anchored(root, &fragment),
    }
}

/// `$defs` with an `$anchor` of that name.
fn anchored<'a>(root: &'a Value, name: &str) -> Option<&'a Value> {
    let lists = [root.get("$defs"), root.get("definitions")];
    let definitions = lists.into_iter().flatten().filter_map(Value::as_object).flat_map(|map| map.values());
    definitions.into_iter().find(|definition| definition.get("$anchor").and_then(Value::as_str) == Some(name))
}

fn decoded(fragment: &str) -> String {
    percent_encoding::percent_decode_str(fragment).decode_utf8_lossy().into_owned()
}
