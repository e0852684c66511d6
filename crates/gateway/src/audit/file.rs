//! A log in a file, which is put away when it is large.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use serde::Deserialize;

use crate::GatewayError;

use super::{
    BEGINNING, files,
    writer::{Book, End, Group},
};

pub(super) struct InFile {
    path: PathBuf,
    file: File,
    rotate: u64,
    end: End,
}

impl InFile {
    /// Goes on where the log ends.
    pub(super) fn open(path: &Path, rotate: u64) -> Result<Self, GatewayError> {
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
        Ok(Self { path: path.to_owned(), file, rotate, end: End { seq, hash } })
    }

    /// All of it or nothing: half a group would be a torn chain.
    fn write(&mut self, text: &[u8]) -> io::Result<()> {
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

impl Book for InFile {
    fn append(&mut self, group: &Group) -> io::Result<()> {
        let (lines, end) = group.link(&self.end);
        let mut text = lines.join("\n");
        text.push('\n');
        self.write(text.as_bytes())?;
        self.end = end;
        if let Err(error) = self.put_away() {
            tracing::warn!(%error, "the audit log could not be put away; it goes on growing");
        }
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
