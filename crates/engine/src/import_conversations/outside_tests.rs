//! What other programs export, spoilt: it is understood or left, and nothing else comes of it.

use serde_json::json;

use super::found::entry;

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
    let mut taken = 0;
    for value in testkit::bent(&[chatgpt, claude, libre, of_web], 5000) {
        let Some(entry) = entry(value) else { continue };
        let turns = entry.whole.conversation.turns;
        taken += 1;
        // Nobody goes on with any of them, and each call has come to its end.
        assert!(turns.iter().all(|turn| turn.status != chat::TurnStatus::Running));
        assert!(turns.iter().all(|turn| turn.calls().all(|call| call.status.is_final())));
        assert!(serde_json::to_value(&turns).is_ok());
    }
    assert!(taken > 500, "only {taken} were taken over");
}
