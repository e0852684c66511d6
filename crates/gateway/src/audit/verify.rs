//! Whether a log is whole: every record there, unchanged, in order.

use std::{
    fs::File,
    io::{self, BufRead, BufReader},
    path::{Path, PathBuf},
};

use chat::{ErrorCode, ErrorReport};
use serde::{Deserialize, Serialize};

use super::{BEGINNING, chained, files};

/// A log that is whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts", rename = "AuditVerified"))]
#[serde(rename_all = "camelCase")]
pub struct Verified {
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub records: u64,
    pub files: usize,
    /// Of the last record. Kept elsewhere, it shows later that nothing was cut off the end.
    pub hash: String,
}

#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    #[error("{} cannot be read: {source}", path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    #[error("there is no audit log at {}", path.display())]
    Missing { path: PathBuf },
    #[error("the database cannot be read: {0}")]
    Database(#[from] team::TeamError),
    #[error("record {record} in the database: {reason}")]
    BrokenInDatabase { record: u64, reason: &'static str },
    #[error("{}:{line}: {reason}", path.display())]
    Broken { path: PathBuf, line: u64, reason: &'static str },
}

#[derive(Deserialize)]
struct Chained {
    seq: u64,
    hash: String,
}

impl VerifyError {
    /// As people are told.
    pub fn report(&self) -> ErrorReport {
        match self {
            Self::Unreadable { source, .. } => {
                ErrorReport::new(ErrorCode::StorageFailed, "The audit log cannot be read.").because(source.to_string())
            }
            Self::Missing { .. } => ErrorReport::new(ErrorCode::NotFound, "There is no audit log yet.")
                .fix("Turn the gateway on: its start is the first record."),
            Self::Database(error) => {
                ErrorReport::new(ErrorCode::StorageFailed, "The audit log cannot be read.").because(error.to_string())
            }
            Self::Broken { .. } | Self::BrokenInDatabase { .. } => {
                ErrorReport::new(ErrorCode::StorageFailed, "The audit log is not whole.")
                    .because(self.to_string())
                    .fix("Keep it as it is, and compare it with a backup from before.")
            }
        }
    }
}

/// Reads the whole log, with all that was put away, and checks every link.
pub fn verify(path: &Path) -> Result<Verified, VerifyError> {
    let unreadable = |path: &Path| {
        let path = path.to_owned();
        move |source| VerifyError::Unreadable { path, source }
    };
    let files = match files(path) {
        Ok(files) if files.is_empty() => return Err(VerifyError::Missing { path: path.to_owned() }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(VerifyError::Missing { path: path.to_owned() });
        }
        files => files.map_err(unreadable(path))?,
    };
    let mut verified = Verified { records: 0, files: files.len(), hash: BEGINNING.to_owned() };
    for file in &files {
        let lines = BufReader::new(File::open(file).map_err(unreadable(file))?);
        for (number, line) in lines.split(b'\n').enumerate() {
            let line = line.map_err(unreadable(file))?;
            let broken = |reason| VerifyError::Broken { path: file.clone(), line: number as u64 + 1, reason };
            verified.hash = link(&line, &verified).map_err(broken)?;
            verified.records += 1;
        }
    }
    Ok(verified)
}

/// The same for the log that several copies keep in a database.
pub async fn verify_in(database: &mcp::Secret) -> Result<Verified, VerifyError> {
    let postgres = team::Postgres::connect(database.expose()).await?;
    let mut verified = Verified { records: 0, files: 0, hash: BEGINNING.to_owned() };
    let mut broken = None;
    let end = postgres.read_chain(|line| match link(line.as_bytes(), &verified) {
        Ok(hash) => {
            (verified.hash, verified.records) = (hash, verified.records + 1);
            true
        }
        Err(reason) => {
            broken = Some(reason);
            false
        }
    });
    let end = end.await?;
    let reason = broken.or_else(|| {
        let is_whole = (end.seq, &end.hash) == (verified.records, &verified.hash);
        (!is_whole).then_some("records are missing after the last one")
    });
    match reason {
        Some(reason) => Err(VerifyError::BrokenInDatabase { record: verified.records + 1, reason }),
        None => Ok(verified),
    }
}

fn link(line: &[u8], so_far: &Verified) -> Result<String, &'static str> {
    const MARK: &[u8] = b",\"hash\":\"";
    let Chained { seq, hash } =
        serde_json::from_slice(line).map_err(|_| "this is no record; it was changed or cut off")?;
    if seq != so_far.records + 1 {
        return Err("a record is missing before this one, or it was put here from elsewhere");
    }
    let cut = line.len().saturating_sub(MARK.len() + hash.len() + 2);
    let body = [line.get(..cut).unwrap_or_default(), b"}"].concat();
    if line.get(cut..cut + MARK.len()) != Some(MARK) || chained(&so_far.hash, &body) != hash {
        return Err("this record, or the one before it, was changed");
    }
    Ok(hash)
}
