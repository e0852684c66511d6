//! Many small events as few: pieces of the same text become one piece.

use engine::AppEvent;

/// Adds an event to a batch; text that goes on where the last event stopped is joined to it.
pub(crate) fn merge(batch: &mut Vec<AppEvent>, event: AppEvent) {
    if let (Some(AppEvent::Turn { turn, event: last, .. }), AppEvent::Turn { turn: same, event: next, .. }) =
        (batch.last_mut(), &event)
        && turn == same
        && last.join(next)
    {
        return;
    }
    batch.push(event);
}

#[cfg(test)]
mod tests {
    use chat::TurnEvent;

    use super::*;

    fn text(turn: &str, id: &str, delta: &str) -> AppEvent {
        let event = TurnEvent::Text { id: id.into(), delta: delta.into() };
        AppEvent::Turn { conversation: "c".into(), turn: turn.into(), event }
    }

    #[test]
    fn only_text_of_the_same_message_is_joined() {
        let asked = || AppEvent::Turn { conversation: "c".into(), turn: "t".into(), event: TurnEvent::Asked };
        let mut batch = vec![];
        for event in [
            text("t", "m", "a"),
            text("t", "m", "b"),
            asked(),
            text("t", "m", "c"),
            text("t", "n", "d"),
            text("u", "n", "e"),
        ] {
            merge(&mut batch, event);
        }
        assert_eq!(
            batch,
            [text("t", "m", "ab"), asked(), text("t", "m", "c"), text("t", "n", "d"), text("u", "n", "e")]
        );
    }
}
