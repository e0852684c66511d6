//! Tools it has never heard of, and questions nobody should ask.

use jiff::civil::date;
use practice::plan::plan;
use serde_json::json;

use crate::talk::{Talk, check, tool};

fn weather() -> Talk {
    let units = json!({"type": "string", "enum": ["celsius", "fahrenheit"]});
    let tools = json!([
        tool(
            "get_current_weather",
            "The weather at a place right now",
            &["location"],
            json!({"location": {"type": "string"}, "units": units})
        ),
        tool(
            "get_forecast",
            "The weather of the next days",
            &["city"],
            json!({"city": {"type": "string"}, "days": {"type": "integer"}})
        ),
        tool("list_todos", "List the tasks on the list", &[], json!({"done": {"type": "boolean"}})),
        tool(
            "add_todo",
            "Add a task",
            &["title"],
            json!({"title": {"type": "string"}, "due": {"type": "string", "format": "date"}})
        ),
        tool("delete_todo", "Delete a task", &["id"], json!({"id": {"type": "integer"}})),
    ]);
    let results = [
        (r#"get_current_weather {"location":"Berlin"}"#, r#"{"location": "Berlin", "temperature": 18, "sky": "rain"}"#),
        (r#"get_current_weather {"location":"Paris"}"#, "Sunny, 21 °C"),
        (r#"get_current_weather {"location":"Paris","units":"celsius"}"#, "Sunny, 21 °C"),
        (
            r#"get_forecast {"city":"Oslo","days":3}"#,
            r#"[{"day": "Monday", "high": 9}, {"day": "Tuesday", "high": 11}]"#,
        ),
        (r#"list_todos {}"#, r#"{"todos": [{"id": 1, "title": "Water the plants"}, {"id": 2, "title": "Call Ann"}]}"#),
        (r#"list_todos {"done":true}"#, r#"{"todos": []}"#),
        (r#"add_todo {"title":"Buy milk"}"#, r#"{"id": 3, "title": "Buy milk"}"#),
        (r#"delete_todo {"id":2}"#, "Refused by the person at the keyboard"),
    ];
    Talk::with(tools, &results)
}

#[test]
fn tools_it_never_heard_of_work_the_same_way() {
    let berlin = r#"get_current_weather {"location":"Berlin"} | get_current_weather {"location":"Paris"}"#;
    check(&mut weather(), "What's the current weather in Paris and Berlin?", &[berlin], &["Sunny, 21 °C", "rain"]);
    let celsius = r#"get_current_weather {"location":"Paris","units":"celsius"}"#;
    check(&mut weather(), "How is the current weather in Paris in Celsius?", &[celsius], &["Sunny"]);
    let oslo = r#"get_forecast {"city":"Oslo","days":3}"#;
    check(&mut weather(), "Give me the forecast for Oslo for the next 3 days", &[oslo], &["| Tuesday | 11 |"]);
    check(&mut weather(), "What is on my todo list?", &["list_todos {}"], &["**2 todos**", "Water the plants"]);
    check(&mut weather(), "Which todos are done?", &[r#"list_todos {"done":true}"#], &["I found no todos"]);
}

#[test]
fn changes_are_made_only_when_asked_for() {
    let milk = r#"add_todo {"title":"Buy milk"}"#;
    check(&mut weather(), "Add a todo \"Buy milk\"", &[milk], &["Buy milk"]);
    check(&mut weather(), "Show me todo 2", &["list_todos {}"], &["Call Ann"]);
    let refused = r#"delete_todo {"id":2}"#;
    check(&mut weather(), "Delete todo 2", &[refused], &["did not answer: Refused by the person at the keyboard"]);
    check(&mut weather(), "Delete the todo", &[], &["does not say which ID"]);
}

#[test]
fn odd_questions_and_odd_tools_are_survived() {
    let tools = json!([
        {"type": "function", "function": {"name": ""}},
        {"type": "function", "function": {"name": "__"}},
        {"type": "function", "function": {"name": "größe_ändern", "parameters": {"type": "object", "properties": 5}}},
        {"type": "function", "function": {"name": "search", "parameters": {"properties": {
            "id": {"$ref": "#/nowhere"}, "pattern": {"type": "string", "pattern": "("}, "many": {"anyOf": []},
            "query": {"type": ["string", "null"]}, "kind": {"type": "string", "enum": ["", "a b", null, 5]}
        }, "required": ["query"]}}},
    ]);
    let long = "Why? ".repeat(20_000);
    for question in
        ["", " ", "’s", "'", "\"", "größe ändern für Ünïted’s №5 🦀🦀-1", "… — …", "A", "-1-", "é-01 É-001.", &long]
    {
        let request = json!({"model": "practice", "messages": [{"role": "user", "content": question}], "tools": tools});
        let answer = plan(&serde_json::from_value(request).unwrap(), date(2025, 6, 30));
        assert!(!answer.text.is_empty() || !answer.calls.is_empty());
    }
}

#[test]
fn lists_and_objects_are_filled() {
    let text = json!({"type": "string"});
    let entity = json!({"type": "object", "required": ["name"], "properties": {"name": text, "note": text}});
    let tools = json!([
        tool(
            "get_weather_of_cities",
            "Weather of several cities",
            &["cities"],
            json!({"cities": {"type": "array", "items": text}})
        ),
        tool(
            "add_numbers",
            "Add numbers up",
            &["numbers"],
            json!({"numbers": {"type": "array", "items": {"type": "number"}}})
        ),
        tool(
            "create_entities",
            "Create entities",
            &["entities"],
            json!({"entities": {"type": "array", "items": entity}})
        ),
        tool(
            "list_orders",
            "List orders",
            &[],
            json!({
                "filter": {"type": "object", "properties": {
                    "state": {"type": "string", "enum": ["shipped", "waiting"]}, "since": {"type": "string", "format": "date"},
                }},
                "order_ids": {"type": "array", "items": {"type": "string", "pattern": r"^ORD-\d+$"}},
            })
        ),
    ]);
    let results = [
        (r#"get_weather_of_cities {"cities":["Paris","Berlin"]}"#, "Sunny in both"),
        (r#"add_numbers {"numbers":[3,4.5]}"#, "7.5"),
        (r#"create_entities {"entities":[{"name":"Ada Lovelace"}]}"#, "Created"),
        (r#"list_orders {"filter":{"state":"shipped","since":"2025-05-01"}}"#, r#"{"orders": []}"#),
        (
            r#"list_orders {"order_ids":["ORD-7","ORD-9"]}"#,
            r#"{"orders": [{"order_id": "ORD-7"}, {"order_id": "ORD-9"}]}"#,
        ),
    ];
    let ask = |question: &str, call: usize, says: &str| {
        check(&mut Talk::with(tools.clone(), &results), question, &[results[call].0], &[says]);
    };
    ask("What is the weather in the cities Paris and Berlin?", 0, "Sunny in both");
    ask("add the numbers 3 and 4.5", 1, "7.5");
    ask("Create an entity named \"Ada Lovelace\"", 2, "Created");
    ask("Which orders were shipped since 2025-05-01?", 3, "I found no orders");
    ask("Show orders ORD-7 and ORD-9", 4, "**2 orders**");
}

#[test]
fn what_must_be_given_and_is_not_said_has_its_default() {
    let properties = json!({"city": {"type": "string"}, "units": {"type": "string", "default": "metric"}});
    let tools = json!([tool("get_weather", "Weather", &["city", "units"], properties)]);
    let call = r#"get_weather {"city":"Paris","units":"metric"}"#;
    check(&mut Talk::with(tools, &[(call, "Sunny")]), "weather in Paris", &[call], &["Sunny"]);
}

#[test]
fn rows_are_kept_by_what_the_question_says_of_them() {
    let orders = r#"{"orders": [
        {"order_id": "ORD-1", "state": "shipped", "carrier": "Blue Van"},
        {"order_id": "ORD-2", "state": "shipped", "carrier": "Red Ship"},
        {"order_id": "ORD-3", "state": "not shipped", "carrier": "Red Ship"}]}"#;
    let tools = json!([tool("list_orders", "List all orders.", &[], json!({}))]);
    let ask = |question: &str, says: &[&str]| {
        check(&mut Talk::with(tools.clone(), &[("list_orders {}", orders)]), question, &["list_orders {}"], says);
    };
    ask("Which orders were shipped?", &["**2 of 3 orders** (state: shipped)", "ORD-2"]);
    ask("Which shipped orders went by red ship?", &["**1 of 3 orders** (carrier: Red Ship; state: shipped)", "ORD-2"]);
    ask("Which orders were not shipped?", &["**3 orders**", "ORD-3"]);
    ask("Which orders were lost?", &["**3 orders**"]);
    ask("Show orders ORD-1 and ORD-3", &["**2 of 3 orders** (with ORD-1 or ORD-3)"]);
}
