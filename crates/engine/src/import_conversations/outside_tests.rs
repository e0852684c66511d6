//! What other programs export, spoilt: it is understood or left, and nothing else comes of it.

use serde_json::json;

use super::outside;

#[test]
fn conversations_of_other_programs_are_taken_over_or_left() {
    let message = |id: &str, parent: Option<&str>, role: &str| {
        let content = json!({ "content_type": "text", "parts": [format!("words of {id}")] });
        let message = json!({ "id": id, "author": { "role": role }, "content": content, "create_time": 1.7e9 });
        json!({ "id": id, "parent": parent, "children": [], "message": message })
    };
    let mapping = json!({ "q": message("q", None, "user"), "a": message("a", Some("q"), "assistant") });
    let chatgpt = json!({ "title": "t", "create_time": 1.7e9, "update_time": 1.7e9, "conversation_id": "68-ab", "current_node": "a", "mapping": mapping });
    let said = |sender: &str| {
        json!({ "uuid": sender, "sender": sender, "text": "words", "content": [{ "type": "text", "text": "words" }],
            "created_at": "2025-01-01T00:00:00Z", "attachments": [], "files": [] })
    };
    let claude = json!({ "uuid": "u", "name": "n", "created_at": "2025-01-01T00:00:00Z", "updated_at": "2025-01-02T00:00:00Z",
        "chat_messages": [said("human"), said("assistant")] });
    let libre = json!({ "conversationId": "c", "title": "t", "messages": [
        { "messageId": "1", "parentMessageId": "0", "isCreatedByUser": true, "text": "q", "children": [
            { "messageId": "2", "parentMessageId": "1", "isCreatedByUser": false, "text": "a", "model": "m", "children": [] } ] } ] });
    let of_web = json!({ "id": "o", "title": "t", "chat": { "history": { "currentId": "2", "messages": {
        "1": { "id": "1", "parentId": null, "role": "user", "content": "q", "timestamp": 1700000000 },
        "2": { "id": "2", "parentId": "1", "role": "assistant", "content": "a", "model": "m", "timestamp": 1700000001 } } } } });
    let seeds = [chatgpt, claude, libre, of_web];
    let taken = testkit::bent(&seeds, 5000).filter(|value| outside::conversations(value.clone())).count();
    assert!(taken > 500, "only {taken} were taken over");
}
