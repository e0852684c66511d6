//! The journal on a real file: what is written is there again, also after a crash.

use chat::{CallStatus, Item, Message, ModelRef, Role, ToolCall, ToolHints};

use super::*;

pub(super) struct Desk {
    dir: tempfile::TempDir,
}

impl Desk {
    pub(super) fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    pub(super) async fn open(&self) -> Store {
        Store::open(&self.dir.path().join("loquat.db"), &self.dir.path().join("run")).await.unwrap()
    }

    /// Leaves a store as `kill -9` does: nothing more is written, the lock is gone.
    pub(super) async fn crash(&self, store: Store) {
        let lock = self.dir.path().join("run").join(format!("owner-{}.lock", store.owner.id()));
        store.flush().await.unwrap();
        drop(store);
        assert!(!lock.exists());
    }
}

pub(super) fn message(id: &str, role: Role, text: &str) -> Item {
    let round = u32::from(role == Role::Assistant);
    Item::Message(Message {
        id: id.into(),
        role,
        round,
        text: text.into(),
        reasoning: String::new(),
        attachments: vec![],
        at: 7,
        spoke_at: None,
    })
}

pub(super) fn running_call() -> Item {
    Item::ToolCall(ToolCall {
        id: "c1".into(),
        leave: None,
        wire_id: "w1".into(),
        account: None,
        mended: None,
        round: 1,
        called: "files__write".into(),
        server: "files".into(),
        tool: "write".into(),
        title: None,
        own: false,
        hints: ToolHints::default(),
        definition: String::new(),
        arguments: serde_json::json!({}),
        status: CallStatus::Running { progress: None },
        started_at: Some(9),
        ended_at: None,
    })
}

pub(super) fn begin(store: &Store, id: &str) -> Turn {
    let conversation = ConversationId(format!("conversation-{id}"));
    let title = format!("Title {id}");
    store.add_conversation(
        &ConversationSummary {
            id: conversation.clone(),
            title,
            created_at: 1,
            updated_at: 1,
            running: true,
            pinned: false,
        },
        TitledBy::Rule,
    );
    let model = ModelRef { provider: "practice".into(), model: "practice".into() };
    let turn = Turn::new(id.into(), model, message(&format!("{id}-q"), Role::User, "hi"), 5);
    store.begin(&conversation, &turn);
    turn
}

pub(super) fn happen(store: &Store, turn: &mut Turn, event: TurnEvent) {
    turn.apply(&event);
    store.append(&turn.id, &event);
}

#[tokio::test]
async fn a_turn_broken_off_by_a_crash_comes_back_stopped_and_whole() {
    let desk = Desk::new();
    let store = desk.open().await;
    let mut turn = begin(&store, "t");
    happen(&store, &mut turn, TurnEvent::Asked);
    happen(&store, &mut turn, TurnEvent::Item { item: message("m", Role::Assistant, "") });
    for word in ["one ", "two ", "three"] {
        happen(&store, &mut turn, TurnEvent::Text { id: "m".into(), delta: word.into() });
    }
    happen(&store, &mut turn, TurnEvent::Item { item: running_call() });
    desk.crash(store).await;

    let store = desk.open().await;
    let turns = store.conversation(&"conversation-t".into()).await.unwrap().turns;
    assert_eq!(turns.len(), 1);
    assert_eq!((&turns[0].status, turns[0].ended_at), (&TurnStatus::Stopped, Some(9)));
    assert!(matches!(&turns[0].items[1], Item::Message(message) if message.text == "one two three"));
    let status = &turns[0].calls().next().unwrap().status;
    assert!(matches!(status, CallStatus::Failed { error } if error.code == ErrorCode::Interrupted));
}

#[tokio::test]
async fn a_turn_of_a_living_program_is_left_alone() {
    let desk = Desk::new();
    let window = desk.open().await;
    begin(&window, "t");
    window.flush().await.unwrap();
    let terminal = desk.open().await;
    let turns = terminal.conversation(&"conversation-t".into()).await.unwrap().turns;
    assert_eq!(turns[0].status, TurnStatus::Running);
}

#[tokio::test]
async fn a_turn_that_had_ended_before_the_crash_stays_as_it_ended() {
    let desk = Desk::new();
    let store = desk.open().await;
    let mut turn = begin(&store, "t");
    happen(&store, &mut turn, TurnEvent::Asked);
    happen(&store, &mut turn, TurnEvent::Ended { status: TurnStatus::Completed, at: 11 });
    desk.crash(store).await;
    let turns = desk.open().await.conversation(&"conversation-t".into()).await.unwrap().turns;
    assert_eq!(turns, [turn]);
}

#[tokio::test]
async fn an_ended_turn_is_kept_whole_without_its_events() {
    let desk = Desk::new();
    let store = desk.open().await;
    let mut turn = begin(&store, "t");
    happen(&store, &mut turn, TurnEvent::Asked);
    happen(&store, &mut turn, TurnEvent::Item { item: message("m", Role::Assistant, "done") });
    happen(&store, &mut turn, TurnEvent::Ended { status: TurnStatus::Completed, at: 11 });
    store.end(&turn);
    store.flush().await.unwrap();
    let (events,): (i64,) = sqlx::query_as("SELECT count(*) FROM events").fetch_one(&store.pool).await.unwrap();
    assert_eq!(events, 0);
    assert_eq!(store.conversation(&"conversation-t".into()).await.unwrap().turns, [turn]);
}

#[tokio::test]
async fn removing_hides_and_restoring_brings_back() {
    let desk = Desk::new();
    let store = desk.open().await;
    begin(&store, "a");
    begin(&store, "b");
    store.set_removed(&"conversation-a".into(), Some(3));
    store.title(&"conversation-b".into(), "New", TitledBy::Person);
    store.flush().await.unwrap();
    let titles = |them: Vec<ConversationSummary>| them.into_iter().map(|it| it.title).collect::<Vec<_>>();
    assert_eq!(titles(store.conversations().await.unwrap()), ["New"]);
    store.set_removed(&"conversation-a".into(), None);
    store.flush().await.unwrap();
    assert_eq!(store.conversations().await.unwrap().len(), 2);
    let missing = store.conversation(&"nowhere".into()).await.unwrap_err();
    assert_eq!(missing.report().code, ErrorCode::NotFound);
}

#[tokio::test]
async fn what_was_removed_long_ago_goes_for_good() {
    let desk = Desk::new();
    let store = desk.open().await;
    for (id, removed) in [("old", Some(3)), ("late", Some(8)), ("there", None)] {
        let mut turn = begin(&store, id);
        happen(&store, &mut turn, TurnEvent::Ended { status: TurnStatus::Completed, at: 6 });
        store.end(&turn);
        store.set_removed(&format!("conversation-{id}").as_str().into(), removed);
    }
    store.purge(5);
    store.flush().await.unwrap();
    let left = store.removed().await.unwrap();
    assert_eq!(left.iter().map(|(it, at)| (it.title.as_str(), *at)).collect::<Vec<_>>(), [("Title late", 8)]);
    assert!(store.summary(&"conversation-old".into()).await.is_err());
    assert_eq!(store.conversations().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_damaged_database_is_reported_and_not_touched() {
    let desk = Desk::new();
    let path = desk.dir.path().join("loquat.db");
    let garbage = "this is no database, but somebody may want it back".repeat(100);
    std::fs::write(&path, &garbage).unwrap();
    let Err(error) = Store::open(&path, &desk.dir.path().join("run")).await else { panic!("opened garbage") };
    assert_eq!(error.report().code, ErrorCode::StorageFailed);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), garbage);
}

/// The disk refuses for a while (a trigger that rolls back stands in for a full one): what was told is kept, the failure is
/// said, and it is written when it works again.
#[tokio::test]
async fn what_cannot_be_written_is_kept_and_written_later() {
    let desk = Desk::new();
    let store = desk.open().await;
    // As where the disk is full, the transaction ends by itself.
    let full = "CREATE TRIGGER full BEFORE INSERT ON events BEGIN SELECT RAISE(ROLLBACK, 'the disk is full'); END";
    sqlx::query(full).execute(&store.pool).await.unwrap();
    let mut turn = begin(&store, "t");
    let long = "x".repeat(1_000_000);
    happen(&store, &mut turn, TurnEvent::Item { item: message("m", Role::Assistant, &long) });
    let error = store.flush().await.unwrap_err();
    assert_eq!(error.report().code, ErrorCode::StorageFailed);

    sqlx::query("DROP TRIGGER full").execute(&store.pool).await.unwrap();
    store.flush().await.unwrap();
    assert_eq!(store.conversation(&"conversation-t".into()).await.unwrap().turns, [turn]);
}

/// What was written before there were branches follows one after the other, within its conversation.
#[tokio::test]
async fn conversations_from_before_branches_are_one_branch() {
    let desk = Desk::new();
    let path = desk.dir.path().join("loquat.db");
    let options = SqliteConnectOptions::new().filename(&path).create_if_missing(true).foreign_keys(true);
    let pool = SqlitePoolOptions::new().connect_with(options).await.unwrap();
    sqlx::migrate!().run_to(2, &pool).await.unwrap();
    for id in ["a", "b"] {
        let query = sqlx::query("INSERT INTO conversations (id, title, created_at, updated_at) VALUES (?, '', 1, 1)");
        query.bind(id).execute(&pool).await.unwrap();
    }
    for (conversation, id) in [("a", "a1"), ("b", "b1"), ("a", "a2"), ("a", "a3"), ("b", "b2")] {
        let model = ModelRef { provider: "practice".into(), model: "practice".into() };
        let turn = Turn::new(id.into(), model, message(id, Role::User, id), 5);
        let body = serde_json::to_string(&Turn { status: TurnStatus::Completed, ..turn }).unwrap();
        let query = sqlx::query("INSERT INTO turns (id, conversation, owner, begun, ended) VALUES (?, ?, '', ?, ?)");
        query.bind(id).bind(conversation).bind(&body).bind(&body).execute(&pool).await.unwrap();
    }
    pool.close().await;

    let store = desk.open().await;
    let chain = async |id: &str| {
        let turns = store.conversation(&id.into()).await.unwrap().turns;
        let word = |turn: &Turn| format!("{}<{}", turn.id, turn.parent.as_ref().map_or("", TurnId::as_str));
        turns.iter().map(word).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(chain("a").await, "a1< a2<a1 a3<a2");
    assert_eq!(chain("b").await, "b1< b2<b1");
}

/// Deleted for good means that no file holds it, also in a database from before that was counted on.
#[tokio::test]
async fn what_is_wiped_is_in_no_file() {
    let desk = Desk::new();
    let path = desk.dir.path().join("loquat.db");
    let options = SqliteConnectOptions::new().filename(&path).create_if_missing(true);
    let pool = SqlitePoolOptions::new().connect_with(options).await.unwrap();
    sqlx::migrate!().run_to(4, &pool).await.unwrap();
    pool.close().await;

    let store = desk.open().await;
    let word = "aardvarkish";
    for number in 0..50 {
        let id = ConversationId::from(format!("conversation-{number}").as_str());
        let model = ModelRef { provider: "practice".into(), model: "practice".into() };
        let said = format!("{word} {}", "and so on ".repeat(500));
        let turn = Turn::new(format!("turn-{number}").as_str().into(), model, message("said", Role::User, &said), 5);
        let turn = Turn { status: TurnStatus::Completed, ..turn };
        let conversation =
            chat::Conversation { id, title: word.into(), created_at: 1, turns: vec![turn], versions: vec![] };
        store.put_in(&[Whole::straight(conversation, 1)]).await.unwrap();
    }
    store.flush().await.unwrap();
    let files = || ["loquat.db", "loquat.db-wal"].map(|name| std::fs::read(desk.dir.path().join(name)).unwrap());
    let holds = |bytes: &[u8]| bytes.windows(word.len()).any(|window| window == word.as_bytes());
    let before: usize = files().iter().map(Vec::len).sum();
    assert!(files().iter().any(|file| holds(file)));

    assert_eq!(store.wipe().await.unwrap(), 0);
    assert!(!files().iter().any(|file| holds(file)));
    let after: usize = files().iter().map(Vec::len).sum();
    assert!(after < before / 2, "{after} of {before} bytes are left");
}

/// Whoever read of a turn that it goes on, and looks at what happened to it only after it has ended, sees it ended.
#[tokio::test]
async fn a_turn_that_ends_while_it_is_read_is_read_as_ended() {
    let desk = Desk::new();
    let store = desk.open().await;
    let mut turn = begin(&store, "t");
    let begun = turn.clone();
    happen(&store, &mut turn, TurnEvent::Ended { status: TurnStatus::Completed, at: 6 });
    store.end(&turn);
    store.flush().await.unwrap();
    assert_eq!(begun.status, TurnStatus::Running);
    assert_eq!(store.replay(begun).await.unwrap(), turn);
}
