//! What must hold of whatever other programs export.

use serde_json::Value;

use super::found::entry;

/// A conversation of another program is taken over, or left; answers whether it was.
pub fn conversations(value: Value) -> bool {
    let Some(entry) = entry(value) else { return false };
    let turns = entry.whole.conversation.turns;
    // Nobody goes on with any of them, and each call has come to its end.
    assert!(turns.iter().all(|turn| turn.status != chat::TurnStatus::Running));
    assert!(turns.iter().all(|turn| turn.calls().all(|call| call.status.is_final())));
    assert!(serde_json::to_value(&turns).is_ok());
    true
}
