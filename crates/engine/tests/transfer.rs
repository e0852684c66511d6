//! Conversations out of one home and into another: nothing is lost, and nothing broken does harm.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod common;

use std::io::Write;
use std::path::Path;

use chat::{CallStatus, Conversation, ConversationId, ErrorCode, Item, Role, TurnStatus};
use common::{Desk, allow, fixture};
use engine::{Engine, ExportFormat, ExportedBy, FoundFate, Question};
use serde_json::{Value, json};
use testkit::Round;

/// A desk with conversations of every kind: words, thoughts, calls that ran, failed and were refused, a failed turn.
async fn furnished() -> Desk {
    let rounds = vec![
        Round::new().reasoning("hm").say("Let me look.").call("a", "fixture__echo", json!({ "text": "x", "n": 0.1 })),
        Round::text("# Done\n\n`<b>` & \"quotes\" \u{202e}").usage(120, 30, 100),
        Round::new().call("a", "nowhere__tool", json!({})),
        Round::text("second"),
        Round::unauthorized(),
    ];
    let desk = Desk::with(rounds, |options| options.servers = Some(vec![fixture("good")])).await;
    let told = desk.ask_in(None, "First question", |engine, told| {
        if let Some(call) = told.waiting() {
            allow(engine, call);
        }
    });
    let first = told.await.conversation;
    let dot = desk.engine.attach("dot.png", common::DOT.to_vec()).await.unwrap();
    let notes = desk.engine.attach("<b>notes.md", b"# Notes <script>alert(1)</script>".to_vec()).await.unwrap();
    let (text, attachments) = ("And <script>alert(1)</script>?".into(), vec![dot.id, notes.id]);
    desk.follow(Question { conversation: Some(first), text, attachments, ..Default::default() }).await;
    desk.ask("This one fails").await;
    desk
}

async fn all(engine: &Engine) -> Vec<Conversation> {
    let mut all = vec![];
    for summary in engine.conversations() {
        all.push(engine.conversation(&summary.id).await.unwrap());
    }
    all
}

/// What came with questions: each file's id and what is kept of it.
async fn held(engine: &Engine, all: &[Conversation]) -> Vec<(String, String)> {
    let mut held = vec![];
    for item in all.iter().flat_map(|it| &it.turns).flat_map(|turn| &turn.items) {
        let Item::Message(message) = item else { continue };
        for file in &message.attachments {
            held.push((file.id.clone(), engine.attached(&file.id).await.unwrap()));
        }
    }
    held
}

fn held_to_schema(file: &Path) {
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/conversations.schema.json");
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(schema).unwrap()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let export: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let errors: Vec<String> =
        validator.iter_errors(&export).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{errors:#?}");
}

#[tokio::test]
async fn what_is_exported_wiped_and_imported_is_the_same() {
    let desk = furnished().await;
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("all.json");
    let before = (desk.engine.conversations(), all(&desk.engine).await);
    let held = held(&desk.engine, &before.1).await;
    let exported = desk.engine.export(None, ExportFormat::Json, &file).await.unwrap();
    assert_eq!((exported.conversations, exported.bytes), (2, std::fs::metadata(&file).unwrap().len()));
    held_to_schema(&file);
    assert_eq!(desk.engine.delete_all().await.unwrap(), 0);
    assert!(desk.engine.conversations().is_empty());
    for (id, _) in &held {
        assert_eq!(desk.engine.attached(id).await.unwrap_err().code, ErrorCode::NotFound);
    }
    let imported = desk.engine.import_conversations(&file, None).await.unwrap();
    assert_eq!((imported.conversations, imported.broken), (2, None));
    assert_eq!((desk.engine.conversations(), all(&desk.engine).await), before);
    assert_eq!((held.len(), self::held(&desk.engine, &before.1).await), (2, held));
    // What comes out again is the same, byte for byte, but for when it was written.
    let again = dir.path().join("again.json");
    desk.engine.export(None, ExportFormat::Json, &again).await.unwrap();
    let rest = |path: &Path| std::fs::read_to_string(path).unwrap().split_once('\n').unwrap().1.to_owned();
    assert_eq!(rest(&file), rest(&again));
    let desk = desk.reopen().await;
    assert_eq!(all(&desk.engine).await, before.1);
    desk.finish().await;
}

#[tokio::test]
async fn an_import_is_taken_once_and_another_state_is_put_beside() {
    let desk = furnished().await;
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("all.json");
    desk.engine.export(None, ExportFormat::Json, &file).await.unwrap();
    let preview = desk.engine.look_at_conversations(&file).await.unwrap();
    assert!(preview.found.iter().all(|found| found.by == ExportedBy::Loquat && found.fate == FoundFate::AlreadyThere));
    assert_eq!(desk.engine.import_conversations(&file, None).await.unwrap().conversations, 0);
    // Somebody changed the file: what is here stays as it is.
    let changed = std::fs::read_to_string(&file).unwrap().replace("second", "another answer");
    std::fs::write(&file, changed).unwrap();
    let imported = desk.engine.import_conversations(&file, None).await.unwrap();
    assert_eq!((imported.conversations, desk.engine.conversations().len()), (1, 3));
    let texts: Vec<String> = all(&desk.engine).await.iter().map(|it| json!(it).to_string()).collect();
    assert_eq!(texts.iter().filter(|text| text.contains("another answer")).count(), 1);
    assert_eq!(texts.iter().filter(|text| text.contains("second")).count(), 1);
    desk.finish().await;
}

#[tokio::test]
async fn what_was_deleted_comes_back_from_a_file() {
    let desk = furnished().await;
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("one.json");
    let id = desk.engine.conversations().pop().unwrap().id;
    let before = desk.engine.conversation(&id).await.unwrap();
    desk.engine.export(Some(std::slice::from_ref(&id)), ExportFormat::Json, &file).await.unwrap();
    desk.engine.remove(&id).unwrap();
    let imported = desk.engine.import_conversations(&file, None).await.unwrap();
    assert_eq!(imported.conversations, 1);
    assert_eq!(desk.engine.conversation(&id).await.unwrap(), before);
    desk.finish().await;
}

#[tokio::test]
async fn documents_say_everything_and_run_nothing() {
    let desk = furnished().await;
    let dir = tempfile::tempdir().unwrap();
    let (md, html) = (dir.path().join("a.md"), dir.path().join("a.html"));
    desk.engine.export(None, ExportFormat::Markdown, &md).await.unwrap();
    desk.engine.export(None, ExportFormat::Html, &html).await.unwrap();
    let (md, html) = (std::fs::read_to_string(md).unwrap(), std::fs::read_to_string(html).unwrap());
    assert!(html.contains("src=\"data:image/png;base64,") && html.contains("# Notes &lt;script&gt;"));
    assert!(html.contains("&lt;b&gt;notes") && md.contains("*Attached: dot.png*"));
    for document in [&md, &html] {
        for words in ["First question", "fixture · echo", "succeeded", "failed", "second", "does not accept"] {
            assert!(document.contains(words), "{words} is missing in {document}");
        }
    }
    assert!(html.contains("default-src 'none'") && html.contains("&lt;script&gt;"));
    assert!(!html.contains("<script") && !html.contains("<link") && !html.contains("http://"));
    desk.finish().await;
}

#[tokio::test]
async fn an_export_that_cannot_be_written_leaves_nothing() {
    let desk = Desk::new(vec![]).await;
    let dir = tempfile::tempdir().unwrap();
    let nowhere = dir.path().join("nowhere").join("all.json");
    let error = desk.engine.export(None, ExportFormat::Json, &nowhere).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::StorageFailed);
    let gone = [ConversationId("gone".into())];
    let error = desk.engine.export(Some(&gone), ExportFormat::Json, &dir.path().join("a.json")).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::NotFound);
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    desk.finish().await;
}

/// Takes a file over into an empty home; answers what was there then.
async fn taken(content: &[u8]) -> (Desk, Vec<Conversation>) {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("conversations.json");
    std::fs::write(&file, content).unwrap();
    let desk = Desk::new(vec![]).await;
    desk.engine.import_conversations(&file, None).await.unwrap();
    let all = all(&desk.engine).await;
    (desk, all)
}

/// A conversation in lines: who said what, what was called and how it ended.
fn told(conversation: &Conversation) -> Vec<String> {
    let items = conversation.turns.iter().flat_map(|turn| &turn.items);
    let told = items.map(|item| match item {
        Item::Message(message) if message.role == Role::User => format!("? {}", message.text),
        Item::Message(message) if message.reasoning.is_empty() => format!("! {}", message.text),
        Item::Message(message) => format!("! ({}) {}", message.reasoning, message.text),
        Item::ToolCall(call) => match &call.status {
            CallStatus::Succeeded { output } => format!("{} {} = {}", call.tool, call.arguments, output.model_text),
            other => format!("{} {} {}", call.tool, call.arguments, json!(other)["state"]),
        },
        Item::Question(_) => "question".into(),
    });
    told.collect()
}

fn chatgpt() -> Value {
    let node = |id: &str, parent: &str, role: &str, content: Value, more: Value| {
        let mut message = json!({ "id": id, "author": { "role": role, "name": null }, "create_time": 1_700_000_000.5,
            "content": content, "recipient": "all", "metadata": { "model_slug": "gpt-4o" } });
        for (key, value) in more.as_object().unwrap() {
            message[key] = value.clone();
        }
        (id.to_owned(), json!({ "id": id, "parent": parent, "children": [], "message": message }))
    };
    let text = |text: &str| json!({ "content_type": "text", "parts": [text] });
    let mapping: serde_json::Map<String, Value> = [
        ("root".into(), json!({ "id": "root", "parent": null, "message": null })),
        node("s", "root", "system", text("hidden"), json!({})),
        node(
            "q",
            "s",
            "user",
            json!({ "content_type": "multimodal_text", "parts": [
            { "content_type": "image_asset_pointer", "asset_pointer": "file-service://x" }, "What is 2+2?"] }),
            json!({}),
        ),
        node("old", "q", "assistant", text("An answer that was given up"), json!({})),
        node(
            "th",
            "q",
            "assistant",
            json!({ "content_type": "thoughts",
            "thoughts": [{ "summary": "Adding", "content": "2 and 2" }] }),
            json!({}),
        ),
        node(
            "c",
            "th",
            "assistant",
            json!({ "content_type": "code", "text": "print(2+2)" }),
            json!({ "recipient": "python" }),
        ),
        node(
            "r",
            "c",
            "tool",
            json!({ "content_type": "execution_output", "text": "4" }),
            json!({ "author": { "role": "tool", "name": "python" } }),
        ),
        node("a", "r", "assistant", text("It is 4."), json!({})),
        node("q2", "a", "user", text("Thanks"), json!({})),
        node("a2", "q2", "assistant", text("Gladly."), json!({})),
    ]
    .into_iter()
    .collect();
    json!({ "title": "Sums", "create_time": 1_700_000_000.0, "update_time": 1_700_000_100.0,
        "conversation_id": "68-ab", "current_node": "a2", "mapping": mapping })
}

#[tokio::test]
async fn chatgpts_conversations_come_along_the_branch_that_was_read() {
    let (desk, all) = taken(json!([chatgpt(), { "something": "else" }]).to_string().as_bytes()).await;
    assert_eq!((all.len(), all[0].title.as_str(), all[0].id.as_str()), (1, "Sums", "chatgpt-68-ab"));
    let expected = [
        "? What is 2+2?",
        "! (Adding\n2 and 2) ",
        "python {\"input\":\"print(2+2)\"} = 4",
        "! It is 4.",
        "? Thanks",
        "! Gladly.",
    ];
    assert_eq!(told(&all[0]), expected);
    let turn = &all[0].turns[0];
    assert_eq!((turn.model.provider.as_str(), turn.model.model.as_str()), ("chatgpt", "gpt-4o"));
    assert_eq!((turn.started_at, &turn.status), (1_700_000_000_500, &TurnStatus::Completed));
    desk.finish().await;
}

#[tokio::test]
async fn what_cannot_be_carried_over_is_said_before() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("conversations.json");
    std::fs::write(&file, json!([chatgpt(), { "something": "else" }]).to_string()).unwrap();
    let desk = Desk::new(vec![]).await;
    let preview = desk.engine.look_at_conversations(&file).await.unwrap();
    let [found] = preview.found.as_slice() else { panic!("{preview:?}") };
    assert_eq!((found.by, found.fate, found.messages, preview.unknown), (ExportedBy::ChatGpt, FoundFate::New, 5, 1));
    assert_eq!((found.left.images, found.left.elsewhere), (1, 1));
    assert!(desk.engine.conversations().is_empty());
    desk.finish().await;
}

#[tokio::test]
async fn an_archive_is_opened_and_its_parts_are_read_in_order() {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(vec![]));
    for (name, id) in [("export/conversations-001.json", "two"), ("export/conversations-000.json", "one")] {
        let mut conversation = chatgpt();
        conversation["conversation_id"] = id.into();
        archive.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        archive.write_all(json!([conversation]).to_string().as_bytes()).unwrap();
    }
    let (desk, all) = taken(&archive.finish().unwrap().into_inner()).await;
    let mut ids: Vec<&str> = all.iter().map(|it| it.id.as_str()).collect();
    ids.sort_unstable();
    assert_eq!(ids, ["chatgpt-one", "chatgpt-two"]);
    desk.finish().await;
}

#[tokio::test]
async fn claudes_conversations_come_with_thoughts_calls_and_the_text_of_files() {
    let export = json!([{ "uuid": "u-1", "name": "Weather", "created_at": "2025-06-01T10:00:00.000000Z",
        "updated_at": "2025-06-01T10:05:00Z", "account": { "uuid": "x" }, "chat_messages": [
            { "uuid": "m1", "sender": "human", "text": "Rain?", "created_at": "2025-06-01T10:00:00Z",
              "content": [{ "type": "text", "text": "Rain?" }],
              "attachments": [{ "file_name": "a.txt", "extracted_content": "wet" }], "files": [{ "file_name": "b.png" }] },
            { "uuid": "m2", "sender": "assistant", "text": "", "created_at": "2025-06-01T10:00:09Z", "content": [
                { "type": "thinking", "thinking": "look" },
                { "type": "tool_use", "id": "t1", "name": "weather", "input": { "city": "Bonn" } },
                { "type": "tool_result", "tool_use_id": "t1", "content": [{ "type": "text", "text": "18 °C" }] },
                { "type": "text", "text": "No rain." }] }] }]);
    let (desk, all) = taken(export.to_string().as_bytes()).await;
    let expected = ["? Rain?\n\na.txt:\n\n```\nwet\n```", "! (look) No rain.", "weather {\"city\":\"Bonn\"} = 18 °C"];
    assert_eq!(told(&all[0]), expected);
    assert_eq!(all[0].created_at, 1_748_772_000_000);
    desk.finish().await;
}

#[tokio::test]
async fn librechats_and_open_webuis_conversations_come_over() {
    let libre = json!({ "conversationId": "L1", "title": "Libre", "endpoint": "openAI", "options": { "model": "gpt-4" },
        "recursive": true, "messagesTree": [{ "messageId": "a", "parentMessageId": "00000000-0000-0000-0000-000000000000",
            "isCreatedByUser": true, "text": "Hi", "createdAt": "2025-01-01T00:00:00Z", "children": [
                { "messageId": "b", "parentMessageId": "a", "isCreatedByUser": false, "text": "", "model": "gpt-4o",
                  "createdAt": "2025-01-01T00:00:05Z", "content": [
                    { "type": "think", "think": "hm" },
                    { "type": "tool_call", "tool_call": { "id": "1", "name": "now", "args": "{\"tz\":1}", "output": "noon" } },
                    { "type": "text", "text": { "value": "Hello" } }], "children": [] }] }] });
    let (desk, all) = taken(libre.to_string().as_bytes()).await;
    assert_eq!(told(&all[0]), ["? Hi", "! (hm) Hello", "now {\"tz\":1} = noon"]);
    assert_eq!(all[0].turns[0].model.model, "gpt-4o");
    desk.finish().await;
    let webui = json!([{ "id": "w", "title": "Web", "created_at": 1_700_000_000, "updated_at": 1_700_000_010, "chat": {
        "models": ["llama3"], "history": { "currentId": "b", "messages": {
            "a": { "id": "a", "parentId": null, "role": "user", "content": "15*17?", "timestamp": 1_700_000_000 },
            "b": { "id": "b", "parentId": "a", "role": "assistant", "model": "llama3", "timestamp": 1_700_000_010,
                   "content": "<details type=\"reasoning\" done=\"true\"><summary>Thought</summary>\n&gt; 15*17\n</details>\n255" } } } } }]);
    let (desk, all) = taken(webui.to_string().as_bytes()).await;
    assert_eq!(told(&all[0]), ["? 15*17?", "! (15*17) 255"]);
    desk.finish().await;
}

#[tokio::test]
async fn broken_files_cost_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let desk = Desk::new(vec![]).await;
    let file = dir.path().join("conversations.json");
    let nested = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let hopeless: [&[u8]; 8] =
        [b"", b"null", b"{}", b"[]", b"{ oops", b"PK\x03\x04 no archive", b"\xff\xfe", nested.as_bytes()];
    for content in hopeless {
        std::fs::write(&file, content).unwrap();
        let shown = String::from_utf8_lossy(&content[..content.len().min(20)]).into_owned();
        let error = desk.engine.look_at_conversations(&file).await.expect_err(&shown);
        assert_eq!(error.code, ErrorCode::InvalidInput, "{shown}");
        let error = desk.engine.import_conversations(&file, None).await.expect_err(&shown);
        assert_eq!(error.code, ErrorCode::InvalidInput, "{shown}");
    }
    assert!(desk.engine.look_at_conversations(&dir.path().join("nowhere.json")).await.is_err());
    assert!(desk.engine.conversations().is_empty());
    // What stands before the first error is there for the taking.
    let mut cut = json!([chatgpt(), chatgpt()]).to_string();
    cut.truncate(cut.len() - 10);
    std::fs::write(&file, cut).unwrap();
    let preview = desk.engine.look_at_conversations(&file).await.unwrap();
    assert_eq!((preview.found.len(), preview.broken.is_some()), (1, true));
    let imported = desk.engine.import_conversations(&file, None).await.unwrap();
    assert_eq!((imported.conversations, imported.broken.is_some()), (1, true));
    desk.finish().await;
}

#[tokio::test]
async fn an_imported_conversation_goes_on_here() {
    let desk = Desk::new(vec![Round::text("of course")]).await;
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("conversations.json");
    std::fs::write(&file, json!([chatgpt()]).to_string()).unwrap();
    desk.engine.import_conversations(&file, None).await.unwrap();
    let id = desk.engine.conversations()[0].id.clone();
    let told = desk.ask_in(Some(id), "Go on?", |_, _| ()).await;
    assert_eq!(told.text(), "of course");
    let requests = desk.finish().await;
    let said = requests[0]["messages"].to_string();
    assert!(said.contains("What is 2+2?") && said.contains("print(2+2)") && !said.contains("given up"), "{said}");
}
