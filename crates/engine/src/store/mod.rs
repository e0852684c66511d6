//! Conversations on disk: SQLite, a journal first.
//!
//! Everything is written by one task in the order in which it happened; reads go beside it. What was
//! told to a face is on disk a moment later, and before a tool runs it is there for certain.

mod apply;
mod attachment;
mod figures;
mod ledger;
mod owner;
mod page;
mod read;
mod search;
mod whole;
mod writer;

use std::path::{Path, PathBuf};
use std::time::Duration;

use chat::{
    ConversationId, ConversationSummary, ErrorCode, ErrorReport, ToolChoice, Turn, TurnEvent, TurnId, TurnStatus, Usage,
};
use serde::{Deserialize, Serialize};
use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteAutoVacuum, SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use tokio::sync::{mpsc, oneshot};

pub(crate) use attachment::KeptFile;
pub(crate) use ledger::patterns;
use owner::Owner;
pub(crate) use whole::{Whole, ended};
use writer::{Write, Writer};

#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum StoreError {
    #[error("the database cannot be opened")]
    Open { path: PathBuf, cause: String },
    #[error("the database cannot be read")]
    Read { cause: String },
    #[error("the database cannot be written")]
    Write { cause: String },
    #[error("there is no such conversation")]
    NoSuchConversation,
    #[error("there is no such message")]
    NoSuchTurn,
}

impl StoreError {
    pub(crate) fn report(&self) -> ErrorReport {
        match self {
            Self::Open { path, cause } => ErrorReport::new(
                ErrorCode::StorageFailed,
                format!("The conversations in {} cannot be opened.", path.display()),
            )
            .because(cause)
            .fix("Nothing was changed. Check the disk and the file's permissions; then start again."),
            Self::Read { cause } => {
                ErrorReport::new(ErrorCode::StorageFailed, "The conversation cannot be read from disk.")
                    .because(cause)
                    .fix("Nothing was changed. Check the disk; then try again.")
            }
            Self::Write { cause } => {
                ErrorReport::new(ErrorCode::StorageFailed, "What happens cannot be written to disk.")
                    .because(cause)
                    .fix("Free some space. Loquat keeps it in memory and tries again until it works.")
            }
            Self::NoSuchConversation => {
                ErrorReport::new(ErrorCode::NotFound, "There is no such conversation (any more).")
            }
            Self::NoSuchTurn => ErrorReport::new(ErrorCode::NotFound, "There is no such message in this conversation.")
                .fix("Open the conversation again: it may have changed in another window."),
        }
    }
}

/// Who gave a conversation its title: what a person wrote is never written over.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum TitledBy {
    Rule,
    Model,
    #[default]
    Person,
}

impl TitledBy {
    /// What nobody here knows is taken for a person's: it is kept.
    fn named(name: &str) -> Self {
        [Self::Rule, Self::Model].into_iter().find(|by| by.name() == name).unwrap_or(Self::Person)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Rule => "rule",
            Self::Model => "model",
            Self::Person => "person",
        }
    }
}

/// The conversations of one home directory. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Store {
    pool: SqlitePool,
    writes: mpsc::UnboundedSender<Write>,
    owner: Owner,
}

impl Store {
    /// Opens or makes the database, and ends the turns that a crash broke off.
    pub(crate) async fn open(path: &Path, run: &Path) -> Result<Self, StoreError> {
        let failed = |cause: String| StoreError::Open { path: path.to_owned(), cause };
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // What is deleted can leave the file without writing all of it anew.
            .auto_vacuum(SqliteAutoVacuum::Incremental)
            // What a page held before it holds something else is overwritten then, as it is written anyway: a page that
            // stays when everything is deleted would keep it.
            .pragma("secure_delete", "FAST")
            // A power cut may lose the last moment, never the database; a killed program loses nothing.
            .synchronous(SqliteSynchronous::Normal)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(10));
        Self::make_tables(options.clone()).await.map_err(|error| failed(error.to_string()))?;
        let pool = SqlitePoolOptions::new()
            // One is the writer's.
            .max_connections(5)
            .connect_with(options)
            .await
            .map_err(|error| failed(error.to_string()))?;
        let owner = Owner::claim(run).map_err(|error| failed(error.to_string()))?;
        let store = Self { writes: Writer::start(pool.clone()), pool, owner };
        store.end_broken_turns().await?;
        Ok(store)
    }

    /// Over one connection, which is closed before the pool opens its own: one that was open while another made
    /// the tables can take the first statement for one about a table that is not there.
    async fn make_tables(options: SqliteConnectOptions) -> Result<(), sqlx::Error> {
        let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await?;
        sqlx::migrate!().run(&pool).await?;
        let kind: i64 = sqlx::query_scalar("PRAGMA auto_vacuum").fetch_one(&pool).await?;
        if kind == 0 {
            // From before: it takes on the new kind with one writing of the whole.
            sqlx::query("VACUUM").execute(&pool).await?;
        }
        search::prepare(&pool).await?;
        pool.close().await;
        Ok(())
    }

    /// Writes a new conversation down.
    pub(crate) fn add_conversation(&self, summary: &ConversationSummary, by: TitledBy) {
        self.write(Write::Conversation(summary.clone(), by));
    }

    /// Writes down a turn that ended elsewhere: in another conversation, or another program.
    pub(crate) fn add_turn(&self, conversation: &ConversationId, turn: &Turn) {
        self.write(Write::Turn { conversation: conversation.clone(), turn: Box::new(turn.clone()) });
    }

    pub(crate) fn title(&self, id: &ConversationId, title: &str, by: TitledBy) {
        self.write(Write::Title { id: id.clone(), title: title.to_owned(), by });
    }

    /// Adds to what a turn took: something was asked beside it, for its sake.
    pub(crate) fn spend(&self, turn: &TurnId, usage: Usage) {
        self.write(Write::Spent { turn: turn.clone(), usage });
    }

    /// Puts a conversation on top of the list (`Some`), or back among the others (`None`).
    pub(crate) fn set_pinned(&self, id: &ConversationId, at: Option<u64>) {
        self.write(Write::Pinned { id: id.clone(), at });
    }

    /// Takes a conversation out of the lists (`Some`), or puts it back (`None`).
    pub(crate) fn set_removed(&self, id: &ConversationId, at: Option<u64>) {
        self.write(Write::Removed { id: id.clone(), at });
    }

    /// What was removed before that time goes for good.
    pub(crate) fn purge(&self, before: u64) {
        self.write(Write::Purge { before });
    }

    /// What the model is told in this conversation; the settings' words where absent.
    pub(crate) fn instruct(&self, id: &ConversationId, own: Option<&str>) {
        self.write(Write::Instructions { id: id.clone(), own: own.map(str::to_owned) });
    }

    pub(crate) fn choose_tools(&self, id: &ConversationId, choice: &ToolChoice) {
        self.write(Write::Tools { id: id.clone(), choice: choice.clone() });
    }

    /// From now on the branch that ends with this turn is looked at.
    pub(crate) fn choose(&self, conversation: &ConversationId, turn: &TurnId) {
        self.write(Write::Choose { conversation: conversation.clone(), turn: turn.clone() });
    }

    pub(crate) fn begin(&self, conversation: &ConversationId, turn: &Turn) {
        let owner = self.owner.id().to_owned();
        self.write(Write::Begin { conversation: conversation.clone(), turn: Box::new(turn.clone()), owner });
    }

    pub(crate) fn append(&self, turn: &TurnId, event: &TurnEvent) {
        self.write(Write::Event { turn: turn.clone(), event: event.clone() });
    }

    /// Writes the whole of a turn that has ended in place of its events.
    pub(crate) fn end(&self, turn: &Turn) {
        self.write(Write::End { turn: Box::new(turn.clone()) });
    }

    /// Returns when everything written so far is on disk, or says why it is not (it is kept and
    /// tried again).
    pub(crate) async fn flush(&self) -> Result<(), StoreError> {
        let (done, wait) = oneshot::channel();
        self.write(Write::Flush(done));
        let lost = || StoreError::Write { cause: "The writer has ended.".into() };
        wait.await.map_err(|_| lost())?
    }

    fn write(&self, write: Write) {
        // Fails only when the runtime is being torn down; whoever needs to know asks by `flush`.
        let _ = self.writes.send(write);
    }

    /// Ends the turns of owners that are no longer alive, as stopped, with everything they had.
    async fn end_broken_turns(&self) -> Result<(), StoreError> {
        for (owner, turn) in self.turns_under_way().await? {
            if self.owner.is_alive(&owner) {
                continue;
            }
            let id = turn.id.clone();
            let mut turn = match self.replay(turn).await {
                Ok(turn) => turn,
                Err(error) => {
                    // One damaged turn keeps nobody from the others.
                    tracing::error!("turn {id} cannot be read: {error}");
                    continue;
                }
            };
            if turn.status == TurnStatus::Running {
                let events = turn.stop(last_sign_of_life(&turn));
                for event in &events {
                    turn.apply(event);
                }
                self.end_in_ledger(&turn, &events);
            }
            self.end(&turn);
        }
        self.flush().await
    }
}

/// When the last thing happened of which the time is known.
fn last_sign_of_life(turn: &Turn) -> u64 {
    let times = turn.items.iter().flat_map(|item| match item {
        chat::Item::Message(message) => [Some(message.at), message.spoke_at],
        chat::Item::ToolCall(call) => [call.started_at, call.ended_at],
        chat::Item::Question(question) => [Some(question.at), question.ended_at],
    });
    times.flatten().fold(turn.started_at, u64::max)
}

#[cfg(test)]
#[path = "store_tests.rs"]
mod tests;
