//! The log on disk: written by a thread of its own, so that nobody waits for the disk, and kept small.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

/// A file longer than this is put aside, and of those put aside the newest are kept.
const LONGEST: u64 = 5 * 1024 * 1024;
const KEPT: u32 = 4;
/// Lines that wait for a slow disk; more are dropped, and how many is said.
const WAITING: usize = 10_000;
const FLUSH_DEADLINE: Duration = Duration::from_secs(2);

enum Order {
    Write(String),
    Flush(SyncSender<()>),
}

/// Hands lines to the thread that writes them. The thread ends with it.
pub(super) struct Writer {
    path: PathBuf,
    orders: SyncSender<Order>,
}

impl Writer {
    pub(super) fn open(path: PathBuf) -> io::Result<Self> {
        let mut file = Rotating::open(path.clone(), LONGEST)?;
        let (orders, inbox) = sync_channel(WAITING);
        std::thread::Builder::new().name("log".into()).spawn(move || write_all(&mut file, &inbox))?;
        Ok(Self { path, orders })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn write(&self, line: String) {
        // A disk that cannot follow must not hold up anything else.
        let _ = self.orders.try_send(Order::Write(line));
    }

    pub(super) fn flush(&self) {
        let (done, heard) = sync_channel(1);
        if self.orders.send(Order::Flush(done)).is_ok() {
            let _ = heard.recv_timeout(FLUSH_DEADLINE);
        }
    }
}

fn write_all(file: &mut Rotating, inbox: &Receiver<Order>) {
    for order in inbox {
        match order {
            // A full disk costs the line; there is nobody to be told but the log itself.
            Order::Write(line) => drop(file.write(&line)),
            Order::Flush(done) => drop(done.send(())),
        }
    }
}

/// A file that is put aside when it has grown too long: `loquat.log`, then `loquat.log.1`, and so on.
struct Rotating {
    path: PathBuf,
    file: File,
    length: u64,
    longest: u64,
}

impl Rotating {
    fn open(path: PathBuf, longest: u64) -> io::Result<Self> {
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            fs::create_dir_all(folder)?;
        }
        let file = append(&path)?;
        let length = file.metadata()?.len();
        Ok(Self { path, file, length, longest })
    }

    fn write(&mut self, line: &str) -> io::Result<()> {
        if self.length > 0 && self.length + line.len() as u64 > self.longest {
            self.rotate()?;
        }
        self.file.write_all(line.as_bytes())?;
        self.length += line.len() as u64;
        Ok(())
    }

    fn rotate(&mut self) -> io::Result<()> {
        // Another process may have done it already: then this one only follows.
        if fs::metadata(&self.path).is_ok_and(|there| there.len() + 1 >= self.length) {
            let aside = |number: u32| PathBuf::from(format!("{}.{number}", self.path.display()));
            for number in (1..KEPT).rev() {
                // Most of the time not all of them are there.
                let _ = fs::rename(aside(number), aside(number + 1));
            }
            fs::rename(&self.path, aside(1))?;
        }
        self.file = append(&self.path)?;
        self.length = self.file.metadata()?.len();
        Ok(())
    }
}

fn append(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options.open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_stays_small_and_the_newest_stays() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("deep/loquat.log");
        let mut file = Rotating::open(path.clone(), 100).unwrap();
        for number in 0..100 {
            file.write(&format!("line number {number:03}\n")).unwrap();
        }
        let files = fs::read_dir(path.parent().unwrap()).unwrap().flatten();
        let lengths: Vec<u64> = files.map(|file| file.metadata().unwrap().len()).collect();
        assert!(lengths.len() == 5 && lengths.iter().all(|length| *length <= 100), "{lengths:?}");
        assert!(fs::read_to_string(&path).unwrap().ends_with("line number 099\n"));
        let mut again = Rotating::open(path.clone(), 100).unwrap();
        again.write("more\n").unwrap();
        assert!(fs::read_to_string(&path).unwrap().ends_with("line number 099\nmore\n"));
    }

    #[test]
    fn what_is_flushed_is_on_disk() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.log");
        let writer = Writer::open(path.clone()).unwrap();
        writer.write("one\n".into());
        writer.write("two\n".into());
        writer.flush();
        assert_eq!(fs::read_to_string(&path).unwrap(), "one\ntwo\n");
    }
}
