//! Writes conversations of any length into a home, for measuring:
//! `fill-home HOME TITLE MESSAGES CALLS [RESULT_BYTES [CONVERSATIONS]]`.
#![allow(clippy::unwrap_used, reason = "a tool for measuring may end with any failure")]

use chat::{
    CallStatus, Content, Item, Message, ModelRef, Output, Role, ToolCall, ToolHints, Turn, TurnEvent, TurnStatus,
};
use engine::{Engine, Home, Options};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection, SqliteConnection};

struct Wanted {
    title: String,
    messages: usize,
    calls: usize,
    result: usize,
    /// How many of them; they are numbered where there are several.
    conversations: usize,
}

#[tokio::main]
async fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize| args.get(at).map_or(0, |text| text.parse().unwrap());
    let home = Home::at(args.first().unwrap().as_ref()).unwrap();
    let path = std::path::Path::new(args.first().unwrap()).join("loquat.db");
    let (result, conversations) = (number(4).max(40), number(5).max(1));
    let wanted = Wanted { title: args[1].clone(), messages: number(2), calls: number(3), result, conversations };
    // Makes the database.
    let engine = Engine::open(Options { servers: Some(vec![]), ..Options::new(home) }).await.unwrap();
    engine.shut_down().await;
    let mut database = SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(path)).await.unwrap();
    let mut transaction = database.begin().await.unwrap();
    for number in 1..=wanted.conversations {
        let title = if wanted.conversations == 1 { wanted.title.clone() } else { format!("{} {number}", wanted.title) };
        fill(&wanted, &title, &mut transaction).await;
    }
    transaction.commit().await.unwrap();
}

async fn fill(wanted: &Wanted, title: &str, transaction: &mut SqliteConnection) {
    let id = title.to_lowercase().replace(' ', "-");
    sqlx::query("INSERT INTO conversations (id, title, created_at, updated_at) VALUES (?, ?, 1, 1)")
        .bind(&id)
        .bind(title)
        .execute(&mut *transaction)
        .await
        .unwrap();
    let turns = wanted.messages.div_ceil(2);
    for number in 0..turns {
        let calls = wanted.calls * (number + 1) / turns - wanted.calls * number / turns;
        let turn = turn(&id, number, calls, wanted.result);
        let json = serde_json::to_string(&turn).unwrap();
        sqlx::query("INSERT INTO turns (id, conversation, parent, owner, begun, ended) VALUES (?, ?, ?, '', ?, ?)")
            .bind(turn.id.as_str())
            .bind(&id)
            .bind((number > 0).then(|| format!("{id}-{}", number - 1)))
            .bind(&json)
            .bind(&json)
            .execute(&mut *transaction)
            .await
            .unwrap();
    }
}

fn turn(conversation: &str, number: usize, calls: usize, result: usize) -> Turn {
    let id = format!("{conversation}-{number}");
    let model = ModelRef { provider: "practice".into(), model: "practice".into() };
    let question = said(&id, 0, Role::User, format!("Question {number}: how does this go on?"));
    let mut turn = Turn::new(id.as_str().into(), model, question, 1);
    turn.apply(&TurnEvent::Asked);
    for call in 0..calls {
        turn.apply(&TurnEvent::Item { item: called(&id, call + 1, result) });
    }
    let text = format!(
        "Answer **{number}**, with some `words` of it.\n\n- one\n- two\n\n| a | b |\n|---|---|\n| {number} | x |\n"
    );
    turn.apply(&TurnEvent::Item { item: said(&id, calls + 1, Role::Assistant, text) });
    turn.apply(&TurnEvent::Ended { status: TurnStatus::Completed, at: 2 });
    turn
}

fn said(turn: &str, place: usize, role: Role, text: String) -> Item {
    let (id, round) = (format!("{turn}-{place}").as_str().into(), u32::from(role == Role::Assistant));
    Item::Message(Message {
        id,
        role,
        round,
        text,
        reasoning: String::new(),
        attachments: vec![],
        at: 1,
        spoke_at: None,
    })
}

fn called(turn: &str, place: usize, result: usize) -> Item {
    let text = "A line of what came back.\n".repeat(result.div_ceil(26));
    let bytes = text.len() as u64;
    let model_text = text.chars().take(50_000).collect();
    let content = vec![Content::Text { text }];
    Item::ToolCall(ToolCall {
        id: format!("{turn}-{place}").as_str().into(),
        wire_id: format!("call_{place}"),
        account: None,
        mended: None,
        leave: None,
        round: 1,
        called: "ticket__get_ticket".into(),
        server: "ticket".into(),
        own: false,
        tool: "get_ticket".into(),
        title: None,
        hints: ToolHints::default(),
        definition: String::new(),
        arguments: serde_json::json!({ "ticket_id": "TKT-001" }),
        status: CallStatus::Succeeded {
            output: Output { content, structured: None, model_text, whole: None, bytes, withheld: 0, too_deep: false },
        },
        started_at: Some(1),
        ended_at: Some(2),
    })
}
