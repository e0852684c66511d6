//! Rules of the turn, each on a small history, and all of them on many generated ones.

use super::*;
use crate::{Message, Output, Role, Rule, ToolHints};

fn turn(items: Vec<Item>) -> Turn {
    let model = ModelRef { provider: "practice".into(), model: "practice".into() };
    let mut turn = Turn::new("t".into(), model, said(Role::User, "hi"), 0);
    turn.items.extend(items);
    turn
}

fn said(role: Role, text: &str) -> Item {
    let id = format!("{role:?}-{text}").as_str().into();
    Item::Message(Message {
        id,
        role,
        round: 0,
        text: text.into(),
        reasoning: String::new(),
        attachments: vec![],
        at: 0,
        spoke_at: None,
    })
}

fn call(server: &str, tool: &str) -> ToolCall {
    ToolCall {
        id: format!("{server}.{tool}").as_str().into(),
        leave: None,
        wire_id: tool.into(),
        account: None,
        mended: None,
        round: 1,
        called: format!("{server}__{tool}"),
        server: server.into(),
        tool: tool.into(),
        own: false,
        title: None,
        hints: ToolHints::default(),
        definition: String::new(),
        arguments: serde_json::Value::Null,
        status: CallStatus::Proposed,
        started_at: None,
        ended_at: None,
    }
}

fn proposed(server: &str, tool: &str) -> Item {
    Item::ToolCall(call(server, tool))
}

fn apply_all(turn: &mut Turn, events: Vec<TurnEvent>) {
    for event in events {
        turn.apply(&event);
    }
}

fn deny(server: &str) -> Policy {
    Policy { rules: vec![Rule::DenyServer { server: server.into() }] }
}

#[test]
fn a_question_asks_the_model() {
    assert_eq!(turn(vec![]).next(), Next::AskModel);
}

#[test]
fn an_answer_ends_the_turn() {
    let mut turn = turn(vec![]);
    turn.apply(&TurnEvent::Asked);
    turn.apply(&TurnEvent::Item { item: said(Role::Assistant, "hello") });
    assert_eq!(turn.next(), Next::End(TurnStatus::Completed));
}

#[test]
fn an_empty_answer_ends_the_turn_too() {
    let mut turn = turn(vec![]);
    turn.apply(&TurnEvent::Asked);
    assert_eq!(turn.next(), Next::End(TurnStatus::Completed));
}

#[test]
fn results_go_back_even_when_text_follows_the_call() {
    let mut turn = turn(vec![]);
    turn.apply(&TurnEvent::Asked);
    turn.apply(&TurnEvent::Item { item: proposed("clock", "now") });
    turn.apply(&TurnEvent::Item { item: said(Role::Assistant, "one moment") });
    let judged = turn.judge(&deny("clock"), 5);
    apply_all(&mut turn, judged);
    assert_eq!(turn.next(), Next::AskModel);
}

#[test]
fn the_round_limit_ends_a_turn_that_never_would() {
    let mut turn = turn(vec![]);
    turn.max_rounds = 2;
    for round in 0..2 {
        turn.apply(&TurnEvent::Asked);
        turn.apply(&TurnEvent::Item { item: proposed("clock", &round.to_string()) });
        let judged = turn.judge(&deny("clock"), 5);
        apply_all(&mut turn, judged);
    }
    assert!(matches!(turn.next(), Next::End(TurnStatus::Failed { error }) if error.code == ErrorCode::RoundLimit));
}

#[test]
fn stopping_says_which_calls_may_have_run() {
    let running = ToolCall { status: CallStatus::Running { progress: None }, ..call("files", "write") };
    let mut turn = turn(vec![Item::ToolCall(running), proposed("clock", "now")]);
    let stop = turn.stop(9);
    apply_all(&mut turn, stop);
    let statuses: Vec<&CallStatus> = turn.calls().map(|call| &call.status).collect();
    assert!(matches!(statuses[..], [CallStatus::Failed { .. }, CallStatus::Refused { .. }]));
    assert_eq!((&turn.status, turn.ended_at), (&TurnStatus::Stopped, Some(9)));
}

#[test]
fn policy_settles_what_it_can_and_leaves_the_rest_open() {
    let mut turn = turn(vec![proposed("clock", "now"), proposed("files", "delete"), proposed("shell", "run")]);
    let policy = Policy {
        rules: vec![
            Rule::AllowTool { server: "clock".into(), tool: "now".into() },
            Rule::DenyServer { server: "shell".into() },
        ],
    };
    let judged = turn.judge(&policy, 5);
    apply_all(&mut turn, judged);
    let statuses: Vec<&CallStatus> = turn.calls().map(|call| &call.status).collect();
    assert!(matches!(
        statuses[..],
        [CallStatus::Proposed, CallStatus::AwaitingApproval { .. }, CallStatus::Refused { .. }]
    ));
    assert_eq!(turn.next(), Next::RunTools(vec!["clock.now".into(), "files.delete".into()]));
}

#[test]
fn usage_adds_up_over_rounds() {
    let mut turn = turn(vec![]);
    for _ in 0..3 {
        turn.apply(&TurnEvent::Usage { usage: Usage { input: 10, output: 2, cached: 1 }, pace: None });
    }
    assert_eq!(turn.usage, Usage { input: 30, output: 6, cached: 3 });
}

/// A small deterministic generator (xorshift), so that a failing history can be had again.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }
}

/// One step of a made-up history: the model speaks, calls, or a call changes its status.
fn random_event(dice: &mut Dice, turn: &Turn, step: u64) -> TurnEvent {
    match dice.roll(6) {
        0 => TurnEvent::Asked,
        1 => TurnEvent::Item { item: said(Role::Assistant, &step.to_string()) },
        2 => TurnEvent::Item { item: proposed("s", &step.to_string()) },
        3 => TurnEvent::Text { id: format!("Assistant-{step}"), delta: "x".into() },
        _ => {
            let statuses = [
                CallStatus::Running { progress: None },
                CallStatus::AwaitingApproval { reason: "r".into(), change: None },
                CallStatus::Succeeded {
                    output: Output {
                        content: vec![],
                        structured: None,
                        model_text: "ok".into(),
                        whole: None,
                        bytes: 2,
                        withheld: 0,
                        too_deep: false,
                    },
                },
                CallStatus::Failed { error: interrupted() },
                CallStatus::Refused { reason: "no".into() },
            ];
            let pick = dice.roll(1 + turn.calls().count() as u64) as usize;
            let status = statuses[dice.roll(5) as usize].clone();
            match turn.calls().nth(pick) {
                Some(call) => TurnEvent::Item { item: Item::ToolCall(ToolCall { status, ..call.clone() }) },
                None => TurnEvent::Asked,
            }
        }
    }
}

/// What holds for every history whatsoever.
#[test]
fn generated_histories_keep_the_rules() {
    for seed in 1..400_u64 {
        let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let mut turn = turn(vec![]);
        let mut journal = vec![];
        for step in 0..dice.roll(40) {
            let event = random_event(&mut dice, &turn, step);
            turn.apply(&event);
            journal.push(event);
        }
        // Open calls are settled before anything else, in the model's order.
        let open: Vec<CallId> = turn.calls().filter(|c| !c.status.is_final()).map(|c| c.id.clone()).collect();
        match turn.next() {
            Next::RunTools(ids) => assert_eq!(ids, open, "seed {seed}"),
            Next::AskModel => assert!(open.is_empty() && turn.rounds < turn.max_rounds, "seed {seed}"),
            Next::End(_) => assert!(open.is_empty() && turn.rounds > 0, "seed {seed}"),
        }
        // A journal replays to the same turn, also through JSON.
        let mut again = self::turn(vec![]);
        for event in &journal {
            let text = serde_json::to_string(event).unwrap();
            again.apply(&serde_json::from_str(&text).unwrap());
        }
        assert_eq!(again, turn, "seed {seed}");
        // Stopping leaves nothing open, and what was final stays as it was.
        let settled: Vec<ToolCall> = turn.calls().filter(|c| c.status.is_final()).cloned().collect();
        let stop = turn.stop(1);
        apply_all(&mut turn, stop);
        assert!(turn.calls().all(|c| c.status.is_final()), "seed {seed}");
        assert!(settled.iter().all(|call| turn.calls().any(|c| c == call)), "seed {seed}");
        assert_eq!(turn.status, TurnStatus::Stopped);
    }
}
