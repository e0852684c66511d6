//! A form as a person fills it, read from the schema that a server sent.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// One field of a form.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct Field {
    pub name: String,
    /// What people call it; its name where the server gave no title.
    pub title: String,
    pub description: String,
    pub required: bool,
    /// It looks as if it asks for a secret, which no server may do by form.
    pub secret: bool,
    pub kind: FieldKind,
}

/// What may stand in a field.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum FieldKind {
    Text {
        /// Such as `email`, `uri`, `date` or `date-time`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "ts", ts(optional))]
        format: Option<String>,
        /// In characters.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "ts", ts(optional))]
        min: Option<u64>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "ts", ts(optional))]
        max: Option<u64>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "ts", ts(optional))]
        default: Option<String>,
    },
    Number {
        integer: bool,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "ts", ts(optional))]
        min: Option<f64>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "ts", ts(optional))]
        max: Option<f64>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "ts", ts(optional))]
        default: Option<f64>,
    },
    Switch {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "ts", ts(optional))]
        default: Option<bool>,
    },
    /// One of several.
    Choice {
        options: Vec<FieldOption>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "ts", ts(optional))]
        default: Option<String>,
    },
    /// Any of several.
    Choices {
        options: Vec<FieldOption>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "ts", ts(optional))]
        min: Option<u64>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "ts", ts(optional))]
        max: Option<u64>,
        #[serde(default)]
        default: Vec<String>,
    },
    /// A shape that no form has; its value is given as JSON.
    Json {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "ts", ts(type = "unknown", optional))]
        default: Option<Value>,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct FieldOption {
    /// What the server is given.
    pub value: String,
    /// What people read.
    pub title: String,
}

/// What is wrong with one field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct FieldProblem {
    /// The field's name.
    pub field: String,
    pub problem: String,
}

impl Field {
    /// The fields of an object schema, in its order. What is malformed becomes a field for JSON.
    pub fn all(schema: &Value) -> Vec<Self> {
        let required: Vec<&str> = schema
            .get("required")
            .and_then(Value::as_array)
            .map(|names| names.iter().filter_map(Value::as_str).collect())
            .unwrap_or_default();
        let Some(properties) = schema.get("properties").and_then(Value::as_object) else { return vec![] };
        properties
            .iter()
            .map(|(name, property)| Self::read(name, property, required.contains(&name.as_str())))
            .collect()
    }

    fn read(name: &str, property: &Value, required: bool) -> Self {
        let text = |key: &str| property.get(key).and_then(Value::as_str).unwrap_or_default().trim().to_owned();
        let title = text("title");
        let description = text("description");
        let kind = kind(property);
        let secret = matches!(&kind, FieldKind::Text { format: Some(format), .. } if format == "password")
            || (matches!(kind, FieldKind::Text { .. }) && [name, &title].iter().any(|words| names_a_secret(words)));
        let title = if title.is_empty() { name.to_owned() } else { title };
        Self { name: name.to_owned(), title, description, required, secret, kind }
    }

    /// What stands in it before anybody has touched it.
    pub fn default(&self) -> Option<Value> {
        match &self.kind {
            FieldKind::Text { default, .. } | FieldKind::Choice { default, .. } => default.clone().map(Value::from),
            FieldKind::Number { integer: true, default, .. } => default.map(|number| Value::from(number as i64)),
            FieldKind::Number { default, .. } => default.map(Value::from),
            FieldKind::Switch { default } => default.map(Value::from),
            FieldKind::Choices { default, .. } => (!default.is_empty()).then(|| Value::from(default.clone())),
            FieldKind::Json { default } => default.clone(),
        }
    }

    /// What is wrong with `value` here.
    pub fn problem(&self, value: &Value) -> Option<String> {
        match &self.kind {
            FieldKind::Text { format, min, max, .. } => text_problem(value, format.as_deref(), *min, *max),
            FieldKind::Number { integer, min, max, .. } => number_problem(value, *integer, *min, *max),
            FieldKind::Switch { .. } => (!value.is_boolean()).then(|| "It is yes or no.".to_owned()),
            FieldKind::Choice { options, .. } => {
                let known = value.as_str().is_some_and(|value| options.iter().any(|option| option.value == value));
                (!known).then(|| "Choose one of those given.".to_owned())
            }
            FieldKind::Choices { options, min, max, .. } => choices_problem(value, options, *min, *max),
            FieldKind::Json { .. } => None,
        }
    }
}

/// What was filled in, with defaults where nothing was; or everything that is wrong with it.
pub fn filled(fields: &[Field], given: Option<&Value>) -> Result<Value, Vec<FieldProblem>> {
    let given = given.and_then(Value::as_object).cloned().unwrap_or_default();
    let (mut content, mut problems) = (Map::new(), vec![]);
    for field in fields {
        // An empty box is no answer, unless it had something in it that was taken out.
        let value = match given.get(&field.name) {
            None => field.default(),
            Some(Value::Null) => None,
            Some(Value::String(text))
                if text.is_empty() && !matches!(field.kind, FieldKind::Text { min: None, .. }) =>
            {
                None
            }
            Some(value) => Some(value.clone()),
        };
        let problem = match &value {
            Some(value) => field.problem(value),
            None => field.required.then(|| "It is needed.".to_owned()),
        };
        if let Some(problem) = problem {
            problems.push(FieldProblem { field: field.name.clone(), problem });
        } else if let Some(value) = value {
            content.insert(field.name.clone(), value);
        }
    }
    if problems.is_empty() { Ok(Value::Object(content)) } else { Err(problems) }
}

fn kind(property: &Value) -> FieldKind {
    let whole = |key: &str| property.get(key).and_then(Value::as_u64);
    let number = |key: &str| property.get(key).and_then(Value::as_f64);
    let default = property.get("default").filter(|default| !default.is_null());
    let default_text = || default.and_then(Value::as_str).map(str::to_owned);
    if let Some(options) = options(property) {
        return FieldKind::Choice { options, default: default_text() };
    }
    match type_of(property) {
        Some("string") => FieldKind::Text {
            format: property.get("format").and_then(Value::as_str).map(str::to_owned),
            min: whole("minLength"),
            max: whole("maxLength"),
            default: default_text(),
        },
        Some(kind @ ("number" | "integer")) => FieldKind::Number {
            integer: kind == "integer",
            min: number("minimum"),
            max: number("maximum"),
            default: default.and_then(Value::as_f64),
        },
        Some("boolean") => FieldKind::Switch { default: default.and_then(Value::as_bool) },
        Some("array") if property.get("items").and_then(options).is_some() => FieldKind::Choices {
            options: property.get("items").and_then(options).unwrap_or_default(),
            min: whole("minItems"),
            max: whole("maxItems"),
            default: default
                .and_then(Value::as_array)
                .map(|list| list.iter().filter_map(Value::as_str).map(str::to_owned).collect())
                .unwrap_or_default(),
        },
        _ => FieldKind::Json { default: default.cloned() },
    }
}

/// `["string", "null"]` is a string that may be left out.
fn type_of(property: &Value) -> Option<&str> {
    match property.get("type")? {
        Value::String(name) => Some(name),
        Value::Array(names) => names.iter().filter_map(Value::as_str).find(|name| *name != "null"),
        _ => None,
    }
}

/// What can be chosen: `enum`, with `enumNames` beside it as older servers have it, or titled constants.
fn options(property: &Value) -> Option<Vec<FieldOption>> {
    let list = |key: &str| property.get(key).and_then(Value::as_array);
    if let Some(titled) = list("oneOf").or_else(|| list("anyOf")) {
        let option = |option: &Value| {
            let value = option.get("const")?.as_str()?.to_owned();
            let title = option.get("title").and_then(Value::as_str).unwrap_or(&value).to_owned();
            Some(FieldOption { value, title })
        };
        return titled.iter().map(option).collect();
    }
    let names = list("enumNames");
    let title = |at: usize| names.and_then(|names| names.get(at)?.as_str());
    let values = list("enum")?.iter().map(Value::as_str).collect::<Option<Vec<&str>>>()?;
    let option = |(at, value): (usize, &&str)| FieldOption {
        value: (*value).to_owned(),
        title: title(at).unwrap_or(value).to_owned(),
    };
    Some(values.iter().enumerate().map(option).collect())
}

fn text_problem(value: &Value, format: Option<&str>, min: Option<u64>, max: Option<u64>) -> Option<String> {
    let Some(text) = value.as_str() else { return Some("It is a text.".to_owned()) };
    let length = text.chars().count() as u64;
    let words = match format {
        _ if min.is_some_and(|min| length < min) => {
            format!("It needs at least {} characters.", min.unwrap_or_default())
        }
        _ if max.is_some_and(|max| length > max) => format!("It has room for {} characters.", max.unwrap_or_default()),
        Some("email") if !is_email(text) => "It is an e-mail address.".to_owned(),
        Some("uri") if !text.contains(':') || text.contains(char::is_whitespace) => "It is a web address.".to_owned(),
        Some("date") if !is_date(text) => "It is a day, such as 2026-07-28.".to_owned(),
        Some("date-time") if !is_date_time(text) => "It is a time, such as 2026-07-28T09:30:00Z.".to_owned(),
        _ => return None,
    };
    Some(words)
}

fn number_problem(value: &Value, integer: bool, min: Option<f64>, max: Option<f64>) -> Option<String> {
    let Some(number) = value.as_f64() else { return Some("It is a number.".to_owned()) };
    match () {
        () if integer && number.fract() != 0.0 => Some("It is a whole number.".to_owned()),
        () if min.is_some_and(|min| number < min) => Some(format!("It is at least {}.", min.unwrap_or_default())),
        () if max.is_some_and(|max| number > max) => Some(format!("It is at most {}.", max.unwrap_or_default())),
        () => None,
    }
}

fn choices_problem(value: &Value, options: &[FieldOption], min: Option<u64>, max: Option<u64>) -> Option<String> {
    let chosen = value.as_array()?;
    let known = |value: &Value| value.as_str().is_some_and(|text| options.iter().any(|option| option.value == text));
    let count = chosen.len() as u64;
    match () {
        () if !chosen.iter().all(known) => Some("Choose among those given.".to_owned()),
        () if min.is_some_and(|min| count < min) => Some(format!("Choose at least {}.", min.unwrap_or_default())),
        () if max.is_some_and(|max| count > max) => Some(format!("Choose at most {}.", max.unwrap_or_default())),
        () => None,
    }
}

fn is_email(text: &str) -> bool {
    text.split_once('@').is_some_and(|(name, host)| !name.is_empty() && host.len() > 1 && !text.contains(' '))
}

/// `2026-07-28`, with a month and a day that exist somewhere.
fn is_date(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let within = |part: &str, len: usize, most: u32| {
        part.len() == len && part.parse::<u32>().is_ok_and(|number| (1..=most).contains(&number))
    };
    matches!(parts[..], [year, month, day] if within(year, 4, 9999) && within(month, 2, 12) && within(day, 2, 31))
}

/// RFC 3339, as far as a person needs to be told.
fn is_date_time(text: &str) -> bool {
    let Some((date, time)) = text.split_once(['T', 't', ' ']) else { return false };
    let clock: Vec<&str> =
        time.trim_end_matches(['Z', 'z']).split(['+', '-', '.']).next().unwrap_or_default().split(':').collect();
    is_date(date)
        && (2..=3).contains(&clock.len())
        && clock.iter().all(|part| part.len() == 2 && part.parse::<u8>().is_ok_and(|n| n < 61))
}

/// Whether a field of that name would hold a secret.
fn names_a_secret(name: &str) -> bool {
    let lower = name.to_lowercase();
    let plain: String = lower.chars().filter(|c| c.is_alphanumeric()).collect();
    let within = [
        "password",
        "passwd",
        "passphrase",
        "secret",
        "apikey",
        "accesstoken",
        "privatekey",
        "credential",
        "authtoken",
    ];
    let whole = ["token", "pin", "cvv", "cvc", "otp", "pwd"];
    within.iter().any(|word| plain.contains(word))
        || lower.split(|c: char| !c.is_alphanumeric()).any(|part| whole.contains(&part))
}

#[cfg(test)]
#[path = "form_tests.rs"]
mod tests;
