//! What a person takes along from the page: files among their downloads, never in place of another one.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use chat::{ErrorCode, ErrorReport};
use serde::{Deserialize, Serialize};
use tauri::{AppHandle, Manager};

const MOST_COPIES: u32 = 1_000;
const LONGEST_NAME: usize = 80;

#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub(crate) struct SaveDownload {
    /// Without a folder; what no file can be called is replaced.
    pub(crate) name: String,
    pub(crate) text: String,
}

/// Writes a new file and answers where it is.
pub(crate) fn save(app: &AppHandle, request: &SaveDownload) -> Result<String, ErrorReport> {
    let folder = app.path().download_dir().or_else(|_| app.path().home_dir()).map_err(|error| unwritten(&error))?;
    let path = write_new(&folder, &tame(&request.name), request.text.as_bytes()).map_err(|error| unwritten(&error))?;
    Ok(path.display().to_string())
}

fn write_new(folder: &Path, name: &str, bytes: &[u8]) -> std::io::Result<PathBuf> {
    fs::create_dir_all(folder)?;
    let (stem, ending) = name.rsplit_once('.').unwrap_or((name, "txt"));
    for copy in 1..=MOST_COPIES {
        let name = if copy == 1 { format!("{stem}.{ending}") } else { format!("{stem} ({copy}).{ending}") };
        let path = folder.join(name);
        match OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(mut file) => return file.write_all(bytes).map(|()| path),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => (),
            Err(error) => return Err(error),
        }
    }
    Err(ErrorKind::AlreadyExists.into())
}

/// A name that every system takes and that leads into no other folder.
fn tame(name: &str) -> String {
    let kept: String = chat::visible(name)
        .chars()
        .map(|c| if c.is_control() || "/\\:*?\"<>|⟨⟩".contains(c) { ' ' } else { c })
        .collect();
    let (stem, ending) = kept.rsplit_once('.').unwrap_or((&kept, "txt"));
    let stem: String = stem.trim_matches([' ', '.']).chars().take(LONGEST_NAME).collect();
    let ending: String = ending.chars().filter(char::is_ascii_alphanumeric).take(8).collect();
    let stem = if stem.is_empty() { "loquat" } else { stem.trim_end() };
    format!("{stem}.{}", if ending.is_empty() { "txt" } else { &ending })
}

fn unwritten(error: &dyn std::error::Error) -> ErrorReport {
    ErrorReport::new(ErrorCode::StorageFailed, "The file could not be saved among your downloads.")
        .because(error.to_string())
        .fix("Check that the folder is there and the disk has room; or copy instead.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_nowhere_else_and_nothing_is_written_over() {
        for (name, expected) in [
            ("Customers.csv", "Customers.csv"),
            ("../../etc/passwd.csv", "etc passwd.csv"),
            ("..", "loquat.txt"),
            ("a\u{202e}b.csv", "a U+202E b.csv"),
            ("no ending", "no ending.txt"),
        ] {
            assert_eq!(tame(name), expected, "{name}");
        }
        let folder = tempfile::tempdir().unwrap();
        let names: Vec<String> = (0..3)
            .map(|_| {
                write_new(folder.path(), "t.csv", b"x").unwrap().file_name().unwrap().to_string_lossy().into_owned()
            })
            .collect();
        assert_eq!(names, ["t.csv", "t (2).csv", "t (3).csv"]);
    }
}
