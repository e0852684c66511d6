//! Writing: one thread owns the file; whatever is there when it looks is one group and one flush.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use jiff::Timestamp;
use serde::Deserialize;
use tokio::sync::{mpsc, oneshot};

use crate::GatewayError;

use super::{BEGINNING, Record, chained, files};

/// Callers wait when so many records are not yet written: memory stays bounded, and nothing is left out.
const QUEUE: usize = 8192;
/// How long a group gathers after its first record.
const GATHER: Duration = Duration::from_millis(8);
const LARGEST_GROUP: usize = 2048;
/// How often a disk that refused is tried again.
const RETRY: Duration = Duration::from_millis(250);

/// The log. Cheap to clone; the last clone ends the writing, after all records are written.
#[derive(Clone)]
pub(crate) struct Audit {
    queue: mpsc::Sender<Entry>,
    broken: Arc<AtomicBool>,
    written: Arc<AtomicU64>,
}

/// The log cannot be written, so nothing may be done that belongs into it.
#[derive(Debug)]
pub(crate) struct Unwritten;

struct Entry {
    body: Vec<u8>,
    at: Timestamp,
    /// Told once the record is on the disk.
    done: Option<oneshot::Sender<()>>,
}

impl Audit {
    /// Goes on where the log ends.
    pub(crate) fn open(path: &Path, rotate: u64) -> Result<Self, GatewayError> {
        let failed = |source| GatewayError::Audit { path: path.to_owned(), source };
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(failed)?;
        }
        let file = open(path).map_err(failed)?;
        // Two writers would tear the chain apart.
        match file.try_lock() {
            Ok(()) => (),
            Err(fs::TryLockError::WouldBlock) => {
                return Err(failed(io::Error::other("another gateway is writing to it")));
            }
            Err(fs::TryLockError::Error(error)) => return Err(failed(error)),
        }
        let (seq, hash, torn) = end(path).map_err(failed)?;
        if torn > 0 {
            tracing::warn!(bytes = torn, "the last record of the audit log was cut off and is taken out");
            let length = file.metadata().map_err(failed)?.len();
            file.set_len(length.saturating_sub(torn)).map_err(failed)?;
        }
        if hash.is_empty() {
            return Err(GatewayError::AuditDamaged { path: path.to_owned(), reason: "its last line is no record" });
        }
        let (queue, entries) = mpsc::channel(QUEUE);
        let broken = Arc::new(AtomicBool::new(false));
        let written = Arc::new(AtomicU64::new(0));
        let writer =
            Writer { path: path.to_owned(), file, rotate, seq, hash, broken: broken.clone(), written: written.clone() };
        std::thread::Builder::new().name("audit".to_owned()).spawn(move || writer.run(entries)).map_err(failed)?;
        Ok(Self { queue, broken, written })
    }

    /// Writes a record soon: at most ten milliseconds from now it is on the disk.
    pub(crate) async fn write(&self, record: &Record<'_>) -> Result<(), Unwritten> {
        self.send(record, None).await
    }

    /// Returns once the record is on the disk.
    pub(crate) async fn write_through(&self, record: &Record<'_>) -> Result<(), Unwritten> {
        let (done, heard) = oneshot::channel();
        self.send(record, Some(done)).await?;
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
    path: PathBuf,
    file: File,
    rotate: u64,
    seq: u64,
    hash: String,
    broken: Arc<AtomicBool>,
    written: Arc<AtomicU64>,
}

impl Writer {
    fn run(mut self, mut entries: mpsc::Receiver<Entry>) {
        while let Some(first) = entries.blocking_recv() {
            let begun = Instant::now();
            let mut group = vec![first];
            // Somebody who waits for the disk should not wait for company as well.
            while group.len() < LARGEST_GROUP && begun.elapsed() < GATHER {
                match entries.try_recv() {
                    Ok(entry) => group.push(entry),
                    Err(mpsc::error::TryRecvError::Disconnected) => break,
                    Err(mpsc::error::TryRecvError::Empty) if group.iter().any(|entry| entry.done.is_some()) => break,
                    Err(mpsc::error::TryRecvError::Empty) => std::thread::sleep(Duration::from_millis(1)),
                }
            }
            self.commit(group);
        }
    }

    /// Writes a group, however long the disk refuses: a record that was taken is never dropped.
    fn commit(&mut self, group: Vec<Entry>) {
        let mut text = Vec::with_capacity(group.len() * 512);
        let (mut seq, mut hash) = (self.seq, self.hash.clone());
        for entry in &group {
            seq += 1;
            let head = format!(r#"{{"seq":{seq},"at":"{}","#, entry.at);
            // The body is an object: its opening brace gives way to the head.
            let body = [head.as_bytes(), entry.body.get(1..).unwrap_or_default()].concat();
            hash = chained(&hash, &body);
            text.extend_from_slice(&body[..body.len() - 1]);
            text.extend_from_slice(format!(",\"hash\":\"{hash}\"}}\n").as_bytes());
        }
        while let Err(error) = self.append(&text) {
            if !self.broken.swap(true, Ordering::Relaxed) {
                tracing::error!(%error, "the audit log cannot be written; calls are refused until it can");
            }
            std::thread::sleep(RETRY);
        }
        self.broken.store(false, Ordering::Relaxed);
        self.written.fetch_add(group.len() as u64, Ordering::Relaxed);
        (self.seq, self.hash) = (seq, hash);
        for done in group.into_iter().filter_map(|entry| entry.done) {
            // Whoever waited may have left.
            let _ = done.send(());
        }
        if let Err(error) = self.put_away() {
            tracing::warn!(%error, "the audit log could not be put away; it goes on growing");
        }
    }

    /// All of it or nothing: half a group would be a torn chain.
    fn append(&mut self, text: &[u8]) -> io::Result<()> {
        let before = self.file.seek(SeekFrom::End(0))?;
        let result = self.file.write_all(text).and_then(|()| self.file.sync_data());
        if result.is_err() {
            self.file.set_len(before)?;
        }
        result
    }

    /// Once it is large, the file is put away under the next number; the chain goes on in a new one.
    fn put_away(&mut self) -> io::Result<()> {
        if self.file.metadata()?.len() < self.rotate {
            return Ok(());
        }
        let number = files(&self.path)?.len();
        let mut name = self.path.as_os_str().to_owned();
        name.push(format!(".{number:06}"));
        fs::rename(&self.path, PathBuf::from(name))?;
        let file = open(&self.path)?;
        file.try_lock()?;
        self.file = file;
        Ok(())
    }
}

fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).append(true).create(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options.open(path)
}

#[derive(Deserialize)]
struct Tail {
    seq: u64,
    hash: String,
}

/// The number and hash of the last record, and how many bytes of a torn one follow. An empty hash: it cannot be read.
fn end(path: &Path) -> io::Result<(u64, String, u64)> {
    for file in files(path)?.iter().rev() {
        let mut text = vec![];
        let length = fs::metadata(file)?.len();
        let mut from = File::open(file)?;
        from.seek(SeekFrom::Start(length.saturating_sub(1 << 20)))?;
        from.read_to_end(&mut text)?;
        let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let torn = (text.len() - whole) as u64;
        let Some(last) = text[..whole].split(|byte| *byte == b'\n').rfind(|line| !line.is_empty()) else {
            if file == path && torn > 0 {
                // Only a torn record: what came before stands in the file that was put away.
                let (seq, hash, _) = end_of_earlier(path)?;
                return Ok((seq, hash, torn));
            }
            continue;
        };
        return Ok(match serde_json::from_slice::<Tail>(last) {
            Ok(tail) => (tail.seq, tail.hash, if file == path { torn } else { 0 }),
            Err(_) => (0, String::new(), 0),
        });
    }
    Ok((0, BEGINNING.to_owned(), 0))
}

fn end_of_earlier(path: &Path) -> io::Result<(u64, String, u64)> {
    let earlier = files(path)?.into_iter().rfind(|file| file != path);
    match earlier {
        Some(file) => {
            let text = fs::read(file)?;
            let last = text.split(|byte| *byte == b'\n').rfind(|line| !line.is_empty()).unwrap_or_default();
            let tail = serde_json::from_slice::<Tail>(last).map(|tail| (tail.seq, tail.hash, 0));
            Ok(tail.unwrap_or((0, String::new(), 0)))
        }
        None => Ok((0, BEGINNING.to_owned(), 0)),
    }
}
