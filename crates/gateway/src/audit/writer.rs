//! Writing: one thread owns the book; whatever is there when it looks is one group.

use std::{
    io,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::{self, Thread},
    time::{Duration, Instant},
};

use jiff::Timestamp;
use team::Postgres;
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use crate::GatewayError;

use super::{Record, chained, database::InDatabase, file::InFile};

/// Callers wait when so many records are not yet written: memory stays bounded, and nothing is left out.
const QUEUE: usize = 8192;
/// How long a group gathers after its first record.
const GATHER: Duration = Duration::from_millis(8);
const LARGEST_GROUP: usize = 2048;
/// How often a book that refused is tried again.
const RETRY: Duration = Duration::from_millis(250);

/// What records are written into. One thread alone uses it, and may wait.
pub(super) trait Book: Send {
    /// Writes all of a group, or nothing of it; it is there for good when this returns. A group whose writing failed
    /// is given again until it succeeds.
    fn append(&mut self, group: &Group) -> io::Result<()>;
}

/// Records that are written together.
pub(super) struct Group {
    pub(super) id: Uuid,
    pub(super) tries: u32,
    records: Vec<(Timestamp, Vec<u8>)>,
}

/// Where a chain ends.
#[derive(Clone)]
pub(super) struct End {
    pub(super) seq: u64,
    pub(super) hash: String,
}

impl Group {
    /// Its lines as they follow this end, and where the chain ends with them.
    pub(super) fn link(&self, end: &End) -> (Vec<String>, End) {
        let mut end = end.clone();
        let mut lines = Vec::with_capacity(self.records.len());
        for (at, body) in &self.records {
            end.seq += 1;
            let head = format!(r#"{{"seq":{},"at":"{at}","#, end.seq);
            // The body is an object: its opening brace gives way to the head.
            let body = [head.as_bytes(), body.get(1..).unwrap_or_default()].concat();
            end.hash = chained(&end.hash, &body);
            let body = String::from_utf8_lossy(&body[..body.len() - 1]);
            lines.push(format!("{body},\"hash\":\"{}\"}}", end.hash));
        }
        (lines, end)
    }
}

/// The log. Cheap to clone; the last clone ends the writing, after all records are written.
#[derive(Clone)]
pub(crate) struct Audit {
    queue: mpsc::Sender<Entry>,
    writer: Thread,
    /// Whether every record is waited for: another copy may go on in a moment where this one is killed.
    waits: bool,
    broken: Arc<AtomicBool>,
    written: Arc<AtomicU64>,
}

/// The log cannot be written, so nothing may be done that belongs into it.
#[derive(Debug)]
pub(crate) struct Unwritten;

struct Entry {
    body: Vec<u8>,
    at: Timestamp,
    /// Told once the record is there for good.
    done: Option<oneshot::Sender<()>>,
}

impl Audit {
    /// Goes on where the log in that file ends.
    pub(crate) fn in_file(path: &Path, rotate: u64) -> Result<Self, GatewayError> {
        let book = InFile::open(path, rotate)?;
        Self::on(book, false).map_err(|source| GatewayError::Audit { path: path.to_owned(), source })
    }

    /// Goes on where the log of all copies ends.
    pub(crate) fn in_database(postgres: &Postgres) -> Result<Self, GatewayError> {
        Self::on(InDatabase::open(postgres)?, true).map_err(GatewayError::Serve)
    }

    fn on(book: impl Book + 'static, waits: bool) -> io::Result<Self> {
        let (queue, entries) = mpsc::channel(QUEUE);
        let broken = Arc::new(AtomicBool::new(false));
        let written = Arc::new(AtomicU64::new(0));
        let writer = Writer { book: Box::new(book), broken: broken.clone(), written: written.clone() };
        let thread = thread::Builder::new().name("audit".to_owned()).spawn(move || writer.run(entries))?;
        Ok(Self { queue, writer: thread.thread().clone(), waits, broken, written })
    }

    /// Writes a record soon: in a file it is on the disk at most ten milliseconds from now.
    pub(crate) async fn write(&self, record: &Record<'_>) -> Result<(), Unwritten> {
        if self.waits {
            return self.write_through(record).await;
        }
        self.send(record, None).await
    }

    /// Returns once the record is there for good.
    pub(crate) async fn write_through(&self, record: &Record<'_>) -> Result<(), Unwritten> {
        let (done, heard) = oneshot::channel();
        self.send(record, Some(done)).await?;
        // It may be waiting for company.
        self.writer.unpark();
        heard.await.map_err(|_| Unwritten)
    }

    pub(crate) fn is_broken(&self) -> bool {
        self.broken.load(Ordering::Relaxed)
    }

    pub(crate) fn written(&self) -> u64 {
        self.written.load(Ordering::Relaxed)
    }

    async fn send(&self, record: &Record<'_>, done: Option<oneshot::Sender<()>>) -> Result<(), Unwritten> {
        if self.is_broken() {
            return Err(Unwritten);
        }
        let body = serde_json::to_vec(record).map_err(|_| Unwritten)?;
        self.queue.send(Entry { body, at: Timestamp::now(), done }).await.map_err(|_| Unwritten)
    }
}

struct Writer {
    book: Box<dyn Book>,
    broken: Arc<AtomicBool>,
    written: Arc<AtomicU64>,
}

impl Writer {
    fn run(mut self, mut entries: mpsc::Receiver<Entry>) {
        while let Some(first) = entries.blocking_recv() {
            let begun = Instant::now();
            let mut group = vec![first];
            // Somebody who waits for it to be there should not wait for company as well.
            while group.len() < LARGEST_GROUP && begun.elapsed() < GATHER {
                match entries.try_recv() {
                    Ok(entry) => group.push(entry),
                    Err(mpsc::error::TryRecvError::Disconnected) => break,
                    Err(mpsc::error::TryRecvError::Empty) if group.iter().any(|entry| entry.done.is_some()) => break,
                    Err(mpsc::error::TryRecvError::Empty) => {
                        thread::park_timeout(GATHER.saturating_sub(begun.elapsed()));
                    }
                }
            }
            self.commit(group);
        }
    }

    /// Writes a group, however long the book refuses: a record that was taken is never dropped.
    fn commit(&mut self, entries: Vec<Entry>) {
        let (mut records, mut waiting) = (Vec::with_capacity(entries.len()), vec![]);
        for entry in entries {
            records.push((entry.at, entry.body));
            waiting.extend(entry.done);
        }
        let mut group = Group { id: Uuid::new_v4(), tries: 0, records };
        while let Err(error) = self.book.append(&group) {
            group.tries += 1;
            if !self.broken.swap(true, Ordering::Relaxed) {
                tracing::error!(%error, "the audit log cannot be written; calls are refused until it can");
            }
            thread::sleep(RETRY);
        }
        self.broken.store(false, Ordering::Relaxed);
        self.written.fetch_add(group.records.len() as u64, Ordering::Relaxed);
        for done in waiting {
            // Whoever waited may have left.
            let _ = done.send(());
        }
    }
}
