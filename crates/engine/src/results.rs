//! What of a result the model is given: all of it where it fits, else its head and its tail, and how to read the rest.

use chat::{CallStatus, ErrorReport, Output, ToolCall, Turn};

use crate::toolset::short_id;

/// How much the results of a turn may take, in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Budget {
    pub(crate) result: usize,
    pub(crate) turn: usize,
}

/// However full the turn is, this much of a result is given.
const LEAST: usize = 2_000;
/// Longer errors are cut.
const LONGEST_ERROR: usize = 8_000;

impl Budget {
    /// For a model that reads `context` tokens; about four characters make one.
    pub(crate) fn of(context: Option<u64>) -> Self {
        let most = Self { result: 50_000, turn: 400_000 };
        let Some(context) = context else { return most };
        let characters = usize::try_from(context.saturating_mul(4)).unwrap_or(usize::MAX);
        Self { result: most.result.min(characters / 4).max(LEAST), turn: most.turn.min(characters / 2) }
    }

    /// The call with its result cut to what is left of the budget. What was cut stays readable.
    pub(crate) fn fit(&self, call: ToolCall, turn: &Turn) -> ToolCall {
        let status = match call.status {
            // Loquat's own are short already, and cutting them would hide what was asked for.
            CallStatus::Succeeded { output } if !call.own => {
                let most = self.result.min(self.left(turn)).max(LEAST);
                CallStatus::Succeeded { output: cut_output(output, most, &short_id(&call.id)) }
            }
            CallStatus::Failed { error } => CallStatus::Failed { error: cut_error(error) },
            other => other,
        };
        ToolCall { status, ..call }
    }

    fn left(&self, turn: &Turn) -> usize {
        let given = turn.calls().map(|call| match &call.status {
            CallStatus::Succeeded { output } => output.model_text.len(),
            _ => 0,
        });
        self.turn.saturating_sub(given.sum())
    }
}

fn cut_output(output: Output, most: usize, id: &str) -> Output {
    let how = format!("read them with loquat__read_result, result {id}");
    match cut(&output.model_text, most, &how) {
        Some(model_text) => Output { whole: Some(output.model_text), model_text, ..output },
        None => output,
    }
}

fn cut_error(error: ErrorReport) -> ErrorReport {
    let cause = error.cause.map(|cause| cut(&cause, LONGEST_ERROR, "they are not kept").unwrap_or(cause));
    ErrorReport { cause, ..error }
}

/// Head and tail of what is too long, and between them how much is missing; nothing where it fits.
fn cut(text: &str, most: usize, how: &str) -> Option<String> {
    if text.len() <= most {
        return None;
    }
    let count = text.chars().count();
    if count <= most {
        return None;
    }
    let (head, tail) = (most * 3 / 4, most / 4);
    let at = |chars: usize| text.char_indices().nth(chars).map_or(text.len(), |(at, _)| at);
    let gone = format!("[… characters {head} to {} of {count} are left out here; {how} …]", count - tail);
    Some(format!("{}\n\n{gone}\n\n{}", &text[..at(head)], &text[at(count - tail)..]))
}

#[cfg(test)]
mod tests {
    use chat::{Item, Message, ModelRef, Role};

    use super::*;

    fn turn() -> Turn {
        let model = ModelRef { provider: "p".into(), model: "m".into() };
        let message = Message {
            id: "q".into(),
            role: Role::User,
            round: 0,
            text: "?".into(),
            reasoning: String::new(),
            attachments: vec![],
            at: 0,
            spoke_at: None,
        };
        Turn::new("t".into(), model, Item::Message(message), 0)
    }

    fn call(id: &str, text: String) -> ToolCall {
        let output = Output {
            content: vec![],
            structured: None,
            model_text: text,
            whole: None,
            bytes: 0,
            withheld: 0,
            too_deep: false,
        };
        ToolCall {
            id: id.into(),
            leave: None,
            wire_id: id.into(),
            account: None,
            mended: None,
            round: 1,
            called: "s__t".into(),
            server: "s".into(),
            tool: "t".into(),
            own: false,
            title: None,
            hints: Default::default(),
            definition: String::new(),
            arguments: serde_json::json!({}),
            status: CallStatus::Succeeded { output },
            started_at: None,
            ended_at: None,
        }
    }

    fn text(call: &ToolCall) -> (&str, Option<&str>) {
        let CallStatus::Succeeded { output } = &call.status else { panic!("{call:?}") };
        (&output.model_text, output.whole.as_deref())
    }

    #[test]
    fn long_results_keep_head_and_tail_and_the_whole() {
        let long = format!("{}{}", "ä".repeat(60_000), "z".repeat(60_000));
        let fitted = Budget::of(None).fit(call("t-1", long.clone()), &turn());
        let (given, whole) = text(&fitted);
        assert!(given.starts_with('ä') && given.ends_with('z'));
        assert!(given.contains("[… characters 37500 to 107500 of 120000 are left out here; read them with"), "{given}");
        assert!(given.contains("result t-1"));
        assert!(given.chars().count() < 50_200);
        assert_eq!(whole, Some(long.as_str()));
        let short = Budget::of(None).fit(call("t-1", "short".into()), &turn());
        assert_eq!(text(&short), ("short", None));
    }

    #[test]
    fn a_full_turn_and_a_small_model_get_less() {
        let budget = Budget::of(Some(4096));
        assert_eq!(budget, Budget { result: 4096, turn: 8192 });
        let mut turn = turn();
        let given: Vec<usize> = (0..4)
            .map(|at| {
                let fitted = budget.fit(call(&format!("t-{at}"), "x".repeat(4000)), &turn);
                let length = text(&fitted).0.len();
                turn.apply(&chat::TurnEvent::Item { item: Item::ToolCall(fitted) });
                length
            })
            .collect();
        assert_eq!(given[..2], [4000, 4000]);
        assert!(given[2..].iter().all(|length| (2000..2300).contains(length)), "{given:?}");
    }
}
