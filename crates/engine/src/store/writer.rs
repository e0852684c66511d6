//! The one task that writes. It takes whatever waits and writes it in one transaction.

use std::time::Duration;

use chat::{CallId, ConversationId, ConversationSummary, ToolChoice, Turn, TurnEvent, TurnId, Usage};
use indexmap::IndexMap;
use sqlx::pool::PoolConnection;
use sqlx::{Connection, Sqlite, SqliteConnection, SqlitePool};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use super::apply::{apply, unwritable};
use super::{StoreError, TitledBy, ledger, search};
use crate::ledger::{LedgerEntry, LedgerOutcome};

/// Streamed text is gathered this long: the most a crash may lose of it.
const GATHER: Duration = Duration::from_millis(200);
/// What is only told of calls waits so long for company, unless somebody wants it written.
const LEDGER: Duration = Duration::from_millis(10);
/// After a failure everything is kept and tried again.
const RETRY: Duration = Duration::from_secs(2);

pub(super) enum Write {
    Conversation(ConversationSummary, TitledBy),
    Title {
        id: ConversationId,
        title: String,
        by: TitledBy,
    },
    Pinned {
        id: ConversationId,
        at: Option<u64>,
    },
    Tools {
        id: ConversationId,
        choice: ToolChoice,
    },
    Removed {
        id: ConversationId,
        at: Option<u64>,
    },
    /// What was removed before that time goes for good.
    Purge {
        before: u64,
    },
    Instructions {
        id: ConversationId,
        own: Option<String>,
    },
    /// What was asked beside a turn counts with it.
    Spent {
        turn: TurnId,
        usage: Usage,
    },
    /// The branch that ends with this turn is looked at.
    Choose {
        conversation: ConversationId,
        turn: TurnId,
    },
    Begin {
        conversation: ConversationId,
        turn: Box<Turn>,
        owner: String,
    },
    /// A turn that ended elsewhere.
    Turn {
        conversation: ConversationId,
        turn: Box<Turn>,
    },
    Event {
        turn: TurnId,
        event: TurnEvent,
    },
    End {
        turn: Box<Turn>,
    },
    Ledger(Box<LedgerEntry>),
    /// The entry of a call that a crash broke off.
    LedgerEnd {
        call: CallId,
        outcome: LedgerOutcome,
        error: Option<String>,
        at: u64,
    },
    /// Turns came in beside this task: searching shall find them too.
    CatchUp,
    Flush(oneshot::Sender<Result<(), StoreError>>),
}

impl Write {
    /// Whether turns may come with it that were not written one by one.
    fn may_bring_turns(&self) -> bool {
        let writes_all = matches!(self, Self::Begin { .. } | Self::Event { .. } | Self::End { .. });
        !writes_all && !matches!(self, Self::Ledger(_) | Self::LedgerEnd { .. } | Self::Flush(_))
    }
}

pub(super) struct Writer {
    pool: SqlitePool,
    /// The one it writes over, once there was something to write.
    connection: Option<PoolConnection<Sqlite>>,
    inbox: mpsc::UnboundedReceiver<Write>,
    waiting: Vec<Write>,
    /// Of each call the last that is known.
    ledger: IndexMap<CallId, LedgerEntry>,
    flushes: Vec<oneshot::Sender<Result<(), StoreError>>>,
    /// Whether there may be turns that searching does not find yet.
    behind: bool,
}

impl Writer {
    /// Ends when every sender is gone and all is written.
    pub(super) fn start(pool: SqlitePool) -> mpsc::UnboundedSender<Write> {
        let (send, inbox) = mpsc::unbounded_channel();
        let (waiting, ledger, flushes) = (vec![], IndexMap::new(), vec![]);
        tokio::spawn(Self { pool, connection: None, inbox, waiting, ledger, flushes, behind: true }.run());
        send
    }

    async fn run(mut self) {
        let mut retry = None;
        while self.gather(retry).await {
            retry = match self.commit().await {
                Ok(()) => self.catch_up().await,
                Err(error) => {
                    tracing::error!("writing failed, will be tried again: {error}");
                    Some(Instant::now() + RETRY)
                }
            };
        }
        // The last words, if nobody flushed them.
        if let Err(error) = self.commit().await {
            tracing::error!("the last writes failed: {error}");
        }
    }

    /// Waits for something worth a transaction; false when nothing will come any more.
    async fn gather(&mut self, retry: Option<Instant>) -> bool {
        let mut deadline = retry;
        if self.behind && retry.is_none() && self.inbox.is_empty() && !self.inbox.is_closed() {
            return true;
        }
        loop {
            let next = match deadline {
                Some(deadline) => match tokio::time::timeout_at(deadline, self.inbox.recv()).await {
                    Ok(next) => next,
                    Err(_) => return true,
                },
                None => self.inbox.recv().await,
            };
            let Some(write) = next else { return false };
            match write {
                Write::Flush(done) => {
                    self.flushes.push(done);
                    return true;
                }
                write => {
                    let patience = patience(&write);
                    self.take(write);
                    if retry.is_some() {
                        continue;
                    }
                    let Some(patience) = patience else { return self.take_what_waits() };
                    let latest = Instant::now() + patience;
                    deadline = Some(deadline.map_or(latest, |deadline| deadline.min(latest)));
                }
            }
        }
    }

    /// Everything that has arrived meanwhile goes into the same transaction.
    fn take_what_waits(&mut self) -> bool {
        while let Ok(write) = self.inbox.try_recv() {
            self.take(write);
        }
        true
    }

    fn take(&mut self, write: Write) {
        match write {
            Write::Flush(done) => self.flushes.push(done),
            Write::Event { turn, event } if self.merge(&turn, &event) => (),
            Write::Ledger(entry) => ledger::renew(&mut self.ledger, *entry),
            write => self.waiting.push(write),
        }
    }

    /// Adds a piece of text to the piece before it.
    fn merge(&mut self, turn: &TurnId, event: &TurnEvent) -> bool {
        let Some(Write::Event { turn: last_turn, event: last }) = self.waiting.last_mut() else { return false };
        last_turn == turn && last.join(event)
    }

    /// Writes all that waits, or nothing.
    async fn commit(&mut self) -> Result<(), StoreError> {
        let nothing = self.waiting.is_empty() && self.ledger.is_empty();
        let written = if nothing { Ok(()) } else { self.transact().await };
        if written.is_ok() {
            self.behind |= self.waiting.iter().any(Write::may_bring_turns);
            self.waiting.clear();
            self.ledger.clear();
        }
        for done in self.flushes.drain(..) {
            // Whoever asked may have gone away meanwhile.
            let _ = done.send(written.clone());
        }
        written
    }

    /// Makes some more turns ready for searching, when nothing else waits.
    async fn catch_up(&mut self) -> Option<Instant> {
        if !self.behind || !self.inbox.is_empty() {
            return None;
        }
        match self.take_in_more().await {
            Ok(more) => {
                self.behind = more;
                None
            }
            Err(error) => {
                tracing::warn!("searching cannot be made ready, will be tried again: {error}");
                Some(Instant::now() + RETRY)
            }
        }
    }

    async fn take_in_more(&self) -> Result<bool, sqlx::Error> {
        if !search::is_behind(&self.pool).await? {
            return Ok(false);
        }
        let mut connection = self.pool.acquire().await?;
        let taken = async {
            let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
            let more = search::take_in_more(&mut transaction).await?;
            transaction.commit().await?;
            Ok(more)
        };
        let taken = taken.await;
        if taken.is_err() {
            connection.close_on_drop();
        }
        taken
    }

    async fn transact(&mut self) -> Result<(), StoreError> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.pool.acquire().await.map_err(unwritable)?,
        };
        let written = self.write_all(&mut connection).await;
        match written {
            Ok(()) => self.connection = Some(connection),
            // SQLite may have rolled back by itself, as it does when the disk is full. The connection then counts
            // a transaction that is not there, and could never begin another.
            Err(_) => connection.close_on_drop(),
        }
        written
    }

    async fn write_all(&self, connection: &mut SqliteConnection) -> Result<(), StoreError> {
        let entries: Vec<&LedgerEntry> = self.ledger.values().collect();
        let mut entries = entries.chunks(ledger::AT_ONCE);
        if self.waiting.is_empty() && entries.len() == 1 {
            // One statement is a transaction by itself.
            return ledger::keep(entries.next().unwrap_or_default(), connection).await;
        }
        let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await.map_err(unwritable)?;
        for write in &self.waiting {
            apply(write, &mut transaction).await?;
        }
        for entries in entries {
            ledger::keep(entries, &mut transaction).await?;
        }
        transaction.commit().await.map_err(unwritable)
    }
}

/// How long it may wait for company.
fn patience(write: &Write) -> Option<Duration> {
    match write {
        Write::Event { event: TurnEvent::Text { .. } | TurnEvent::Reasoning { .. }, .. } => Some(GATHER),
        Write::Ledger(_) => Some(LEDGER),
        _ => None,
    }
}
