//! Conversations that several copies of this engine share: whichever is asked goes on with what all of them said.
//!
//! A copy's own home is then but its memory of what it read and wrote itself; what lies in the common database counts.
//! What a turn has done is there before a tool runs, and its end before anybody is told of it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use chat::{CallStatus, Conversation, ConversationId, ConversationSummary, ErrorCode, ErrorReport};
use chat::{ToolCall, Turn, TurnEvent, TurnStatus};
use mcp::Secret;
use serde::{Deserialize, Serialize};
use serde_json::json;
use team::{CallRow, CallsWanted, Held, Life, Postgres, SessionError, Sessions, TeamError};
use tokio::sync::mpsc;

use crate::clock::now;
use crate::engine::{Engine, busy};
use crate::ledger::{LedgerEntry, LedgerFilter, LedgerOutcome, LedgerPage};
use crate::store::{KeptFile, StoreError, TitledBy, Whole, patterns};
use crate::titles::{by_rule, question_of};

/// How often a copy looks whether others have died.
const LOOK: Duration = Duration::from_secs(10);

/// What the copies have in common.
pub(crate) struct Copies {
    postgres: Postgres,
    life: Life,
    sessions: Sessions,
    /// Calls that are not written down there yet, as they stand.
    calls: Mutex<HashMap<String, LedgerEntry>>,
    /// Held while calls are written down: who finds none to write may still have to wait for one of its own, and an
    /// older state never comes after a newer one.
    writing: tokio::sync::Mutex<()>,
}

/// A conversation that this copy alone goes on with, until it is dropped or ended.
pub(crate) struct Going {
    copies: Arc<Copies>,
    held: Held,
    /// Whether others may go on already.
    released: AtomicBool,
    /// Its turn under way, as it stands.
    turn: Mutex<Option<Turn>>,
}

/// What is told of a conversation besides its turns.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head {
    title: String,
    created_at: u64,
}

impl Copies {
    /// Nothing where there is no database.
    pub(crate) async fn of(database: Option<&Secret>) -> Result<Option<Arc<Self>>, ErrorReport> {
        let Some(database) = database else { return Ok(None) };
        let postgres = Postgres::connect(database.expose()).await.map_err(|error| report(&error))?;
        let life = postgres.live().await.map_err(|error| report(&error))?;
        let (sessions, calls, writing) = (postgres.sessions(), Mutex::default(), tokio::sync::Mutex::default());
        let copies = Arc::new(Self { postgres, life, sessions, calls, writing });
        tokio::spawn(look_after(Arc::downgrade(&copies)));
        Ok(Some(copies))
    }

    /// Goes on living, and ends what the ledger says of calls whose copies do not.
    async fn look_around(&self) -> Result<u64, TeamError> {
        self.life.go_on().await?;
        let error = "The copy that made this call has ended in the middle of it; what came of it is not known.";
        let fields = json!({ "outcome": LedgerOutcome::Failed, "endedAt": now(), "error": error });
        self.postgres.end_calls_of_the_dead(LedgerOutcome::Failed.word(), &fields.to_string()).await
    }

    /// Remembers a call, or the newer state of one, until [`Copies::keep_calls`].
    pub(crate) fn note(&self, entry: &LedgerEntry) {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).insert(entry.call.as_str().to_owned(), entry.clone());
    }

    /// Returns when every call is written down where all copies write theirs.
    pub(crate) async fn keep_calls(&self) -> Result<(), StoreError> {
        let _writing = self.writing.lock().await;
        let noted = std::mem::take(&mut *self.calls.lock().unwrap_or_else(PoisonError::into_inner));
        if noted.is_empty() {
            return Ok(());
        }
        let rows: Result<Vec<CallRow>, StoreError> = noted.values().map(|entry| self.row(entry)).collect();
        let kept = self.postgres.keep_calls(&rows?).await.map_err(unwritten);
        if kept.is_err() {
            let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
            for (id, entry) in noted {
                // What was noted meanwhile is newer.
                calls.entry(id).or_insert(entry);
            }
        }
        kept
    }

    /// The newest calls of all copies that fit.
    pub(crate) async fn ledger(&self, filter: &LedgerFilter, most: usize) -> Result<LedgerPage, ErrorReport> {
        self.keep_calls().await.map_err(|error| error.report())?;
        self.look_around().await.map_err(|error| report(&error))?;
        let wanted = CallsWanted {
            server: filter.server.clone(),
            tool: filter.tool.clone(),
            outcome: filter.outcome.map(|outcome| outcome.word().to_owned()),
            since: filter.since,
            patterns: patterns(filter),
            before: filter.before,
        };
        let found = self.postgres.calls(&wanted, most).await.map_err(|error| report(&error))?;
        let entry = |(number, row): &(u64, CallRow)| {
            let entry: LedgerEntry = read(&row.body)?;
            Ok(LedgerEntry { number: *number, at: row.at, ..entry })
        };
        let entries = found.calls.iter().map(entry).collect::<Result<_, ErrorReport>>()?;
        Ok(LedgerPage { entries, more: found.more, total: found.total })
    }

    /// Ends what the ledger says of calls whose copy has ended in the middle of them.
    async fn end_calls(&self, before: &Turn, ended: &Turn) -> Result<(), TeamError> {
        let is_open = |call: &&ToolCall| {
            let was = before.calls().find(|was| was.id == call.id);
            was.is_some_and(|was| !was.status.is_final())
        };
        for call in ended.calls().filter(is_open) {
            let error = match &call.status {
                CallStatus::Failed { error } => Some(error.message.as_str()),
                _ => None,
            };
            let outcome = LedgerOutcome::of(&call.status);
            let at = call.ended_at.or(ended.ended_at).unwrap_or(ended.started_at);
            let fields = json!({ "outcome": outcome, "endedAt": at, "error": error });
            self.postgres.end_call(call.id.as_str(), outcome.word(), &fields.to_string()).await?;
        }
        Ok(())
    }

    fn row(&self, entry: &LedgerEntry) -> Result<CallRow, StoreError> {
        let is_open = matches!(entry.outcome, LedgerOutcome::Open | LedgerOutcome::Running);
        Ok(CallRow {
            call: entry.call.as_str().to_owned(),
            at: entry.at,
            server: entry.server.clone(),
            tool: entry.tool.clone(),
            outcome: entry.outcome.word().to_owned(),
            copy: is_open.then(|| self.life.name().to_owned()),
            body: text(entry)?,
        })
    }

    fn going(self: &Arc<Self>, held: Held) -> Going {
        Going { copies: self.clone(), held, released: AtomicBool::new(false), turn: Mutex::default() }
    }
}

impl Going {
    /// Sees what happens in its turn.
    pub(crate) fn follow(&self, turn: &Turn, event: &TurnEvent) {
        // Pieces of text are in the message that follows them.
        if !matches!(event, TurnEvent::Text { .. } | TurnEvent::Reasoning { .. }) {
            *self.turn.lock().unwrap_or_else(PoisonError::into_inner) = Some(turn.clone());
        }
    }

    /// Returns when its turn is written down as it stands.
    pub(crate) async fn keep(&self) -> Result<(), StoreError> {
        let turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(turn) = turn else { return Ok(()) };
        self.copies.sessions.put(&self.held, turn.id.as_str(), &text(&turn)?).await.map_err(unwritten)
    }

    /// Writes down what comes with its turn.
    pub(crate) async fn keep_files(&self, files: &[KeptFile]) -> Result<(), ErrorReport> {
        for file in files {
            let body = text(file).map_err(|error| error.report())?;
            self.copies.sessions.put_file(&self.held, &file.about.id, &body).await.map_err(|error| lost(&error))?;
        }
        Ok(())
    }

    /// Writes its turn down and lets others go on.
    pub(crate) async fn end(&self) -> Result<(), ErrorReport> {
        self.copies.keep_calls().await.map_err(|error| error.report())?;
        self.keep().await.map_err(|error| error.report())?;
        // It is tried once: what fails ends the connection, and with it whatever was held over it.
        self.released.store(true, Ordering::Relaxed);
        self.copies.sessions.release(self.held.clone()).await.map_err(|error| lost(&error))
    }
}

impl Drop for Going {
    fn drop(&mut self) {
        if self.released.load(Ordering::Relaxed) {
            return;
        }
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let (copies, held) = (self.copies.clone(), self.held.clone());
        runtime.spawn(async move { copies.sessions.release(held).await });
    }
}

impl Engine {
    /// Begins a conversation that other copies can go on with; nothing where there are none.
    pub(crate) async fn begin_shared(&self, id: &ConversationId, turn: &Turn) -> Result<Option<Going>, ErrorReport> {
        let Some(copies) = &self.inner.copies else { return Ok(None) };
        let head = Head { title: by_rule(question_of(turn)), created_at: turn.started_at };
        let head = text(&head).map_err(|error| error.report())?;
        let held = copies.sessions.begin(id.as_str(), &head).await.map_err(|error| lost(&error))?;
        Ok(Some(copies.going(held)))
    }

    /// Takes a conversation for this copy, with all that others have said in it; nothing where there are no others.
    pub(crate) async fn take_shared(&self, id: &ConversationId) -> Result<Option<Going>, ErrorReport> {
        let Some(copies) = &self.inner.copies else { return Ok(None) };
        let held = copies.sessions.take(id.as_str()).await.map_err(|error| lost(&error))?;
        let going = copies.going(held);
        let kept = copies.sessions.read(&going.held).await.map_err(|error| lost(&error))?;
        let kept = kept.ok_or_else(|| StoreError::NoSuchConversation.report())?;
        let head: Head = read(&kept.head)?;
        let mut turns = vec![];
        for (_, body) in &kept.turns {
            let mut turn: Turn = read(body)?;
            if turn.status == TurnStatus::Running {
                // The copy that went on with it has ended: nobody else could hold it otherwise.
                let before = turn;
                turn = crate::store::ended(before.clone());
                copies.end_calls(&before, &turn).await.map_err(|error| report(&error))?;
                let body = text(&turn).map_err(|error| error.report())?;
                let put = copies.sessions.put(&going.held, turn.id.as_str(), &body).await;
                put.map_err(|error| lost(&error))?;
            }
            turns.push(turn);
        }
        let files: Vec<KeptFile> = kept.files.iter().map(|body| read(body)).collect::<Result<_, _>>()?;
        self.bring_here(id, head, turns, files).await.map_err(|error| error.report())?;
        Ok(Some(going))
    }

    /// The turn of a conversation that came last, at whichever copy; nothing where none did.
    pub async fn last_turn(&self, id: &ConversationId) -> Result<Option<Turn>, ErrorReport> {
        let Some(copies) = &self.inner.copies else {
            return Ok(self.conversation(id).await?.turns.into_iter().next_back());
        };
        let kept = copies.postgres.session(id.as_str()).await.map_err(|error| report(&error))?;
        let kept = kept.ok_or_else(|| StoreError::NoSuchConversation.report())?;
        kept.turns.last().map(|(_, body)| read(body)).transpose()
    }

    /// Returns when what has happened so far is written down where other copies see it.
    pub(crate) async fn keep_shared(&self, going: Option<&Going>) -> Result<(), StoreError> {
        let Some(copies) = &self.inner.copies else { return Ok(()) };
        copies.keep_calls().await?;
        match going {
            Some(going) => going.keep().await,
            None => Ok(()),
        }
    }

    /// Tells the caller of the end as soon as any other copy can go on from there.
    pub(crate) fn end_shared(
        &self,
        going: Option<Arc<Going>>,
        event: TurnEvent,
        caller: mpsc::UnboundedSender<TurnEvent>,
    ) {
        let engine = self.clone();
        self.inner.turns.spawn(async move {
            let kept = match &going {
                Some(going) => going.end().await,
                None => engine.keep_shared(None).await.map_err(|error| error.report()),
            };
            let event = match kept {
                Ok(()) => event,
                Err(error) => TurnEvent::Ended { status: TurnStatus::Failed { error }, at: now() },
            };
            // The caller may be gone.
            let _ = caller.send(event);
        });
    }

    /// Makes this home remember the conversation as it lies in the common database.
    async fn bring_here(
        &self,
        id: &ConversationId,
        head: Head,
        turns: Vec<Turn>,
        attachments: Vec<KeptFile>,
    ) -> Result<(), StoreError> {
        let store = &self.inner.store;
        store.flush().await?;
        match store.whole(id).await {
            Ok(here) if here.conversation.turns == turns => return Ok(()),
            Ok(_) | Err(StoreError::NoSuchConversation) => (),
            Err(error) => return Err(error),
        }
        if store.is_removed(id).await? == Some(false) {
            store.set_removed(id, Some(now()));
            store.flush().await?;
        }
        let Head { title, created_at } = head;
        let updated_at = turns.last().map_or(created_at, |turn| turn.ended_at.unwrap_or(turn.started_at));
        let branches = turns.last().map(|turn| turn.id.clone()).into_iter().collect();
        let conversation = Conversation { id: id.clone(), title: title.clone(), created_at, turns, versions: vec![] };
        let straight = Whole::straight(conversation, updated_at);
        let whole = Whole { branches, attachments, titled_by: TitledBy::Rule, ..straight };
        store.put_in(&[whole]).await?;
        let (running, pinned) = (false, false);
        self.inner.hub.put(ConversationSummary { id: id.clone(), title, created_at, updated_at, running, pinned });
        Ok(())
    }
}

/// As long as the copy is there.
async fn look_after(copies: Weak<Copies>) {
    while let Some(copies) = copies.upgrade() {
        match copies.look_around().await {
            Ok(0) => (),
            Ok(calls) => tracing::warn!(calls, "ended in the ledger, since their copy ended in the middle of them"),
            Err(error) => tracing::warn!(%error, "the other copies cannot be looked after"),
        }
        drop(copies);
        tokio::time::sleep(LOOK).await;
    }
}

fn text(value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Write { cause: error.to_string() })
}

fn read<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, ErrorReport> {
    serde_json::from_str(text).map_err(|error| StoreError::Read { cause: error.to_string() }.report())
}

fn unwritten(error: impl std::error::Error) -> StoreError {
    StoreError::Write { cause: error.to_string() }
}

fn lost(error: &SessionError) -> ErrorReport {
    match error {
        SessionError::Busy => busy(),
        SessionError::Lost => ErrorReport::new(ErrorCode::StorageFailed, "The conversation's database let go of it.")
            .because("The connection to it broke, and another copy may go on with the conversation.")
            .fix("Ask again."),
        SessionError::Team(error) => report(error),
    }
}

fn report(error: &TeamError) -> ErrorReport {
    ErrorReport::new(ErrorCode::StorageFailed, "The database that the copies share cannot be used.")
        .because(error.to_string())
        .fix(error.fix())
}
