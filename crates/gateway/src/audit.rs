//! The audit log: one line of JSON a record, each chained to the one before by its hash.
//!
//! Records are written in groups and flushed to the disk at most ten milliseconds after they were made. What changes
//! something is written down before it is sent; what only reads, after. It lies in files of one gateway's own, or in a
//! database where every copy of it writes the same chain.

mod database;
mod file;
mod record;
mod search;
mod verify;
mod writer;

pub(crate) use record::{Outcome, Record, masked, shape};
pub(crate) use search::search;
pub use search::{AuditDecision, AuditEntry, AuditFilter, AuditPage};
pub use verify::{Verified, VerifyError, verify, verify_in};
pub(crate) use writer::Audit;

/// What the first record of a log is chained to.
const BEGINNING: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// The hash of a record: of the hash before it and of its own words.
fn chained(previous: &str, body: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    let digest = Sha256::new().chain_update(previous.as_bytes()).chain_update(body).finalize();
    hex::encode(digest)
}

/// The files of a log, oldest first: those that were put away, then the one that grows.
fn files(path: &std::path::Path) -> std::io::Result<Vec<std::path::PathBuf>> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(std::path::Path::new("."));
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut put_away = vec![];
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let number = entry
            .file_name()
            .to_str()
            .and_then(|found| found.strip_prefix(&name)?.strip_prefix('.')?.parse::<u64>().ok());
        if let Some(number) = number {
            put_away.push((number, entry.path()));
        }
    }
    put_away.sort();
    let mut files: Vec<_> = put_away.into_iter().map(|(_, path)| path).collect();
    if path.exists() {
        files.push(path.to_owned());
    }
    Ok(files)
}
