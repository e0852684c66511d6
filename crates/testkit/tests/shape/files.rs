//! The files of the project that people write.

use std::path::{Path, PathBuf};

/// Made by programs, so no one's style.
const GENERATED: [&str; 1] = ["ui/src/bindings.ts"];
const ROOTS: [&str; 4] = ["crates", "src-tauri", "ui", "scripts"];
const NOT_OURS: [&str; 5] = ["node_modules", "target", "dist", "out", "gen"];

pub(crate) struct File {
    /// From the root of the workspace, with `/`.
    pub(crate) path: String,
    pub(crate) text: String,
}

impl File {
    pub(crate) fn has_ending(&self, endings: &[&str]) -> bool {
        endings.iter().any(|ending| self.path.rsplit('.').next() == Some(ending))
    }

    pub(crate) fn lines(&self) -> usize {
        self.text.lines().count()
    }
}

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("crates/testkit lies two below").to_owned()
}

/// A file at the root of the workspace.
pub(crate) fn at_root(name: &str) -> String {
    std::fs::read_to_string(root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Every written file with one of these endings, in order.
pub(crate) fn written(endings: &[&str]) -> Vec<File> {
    let root = root();
    let mut paths = vec![];
    for dir in ROOTS {
        gather(&root.join(dir), &mut paths);
    }
    paths.sort();
    let files = paths.into_iter().filter_map(|path| {
        let relative = path.strip_prefix(&root).ok()?.to_string_lossy().replace('\\', "/");
        let file = File { path: relative, text: String::new() };
        let ours = file.has_ending(endings) && !GENERATED.contains(&file.path.as_str());
        ours.then(|| File { text: std::fs::read_to_string(&path).unwrap(), ..file })
    });
    let files: Vec<File> = files.collect();
    assert!(!files.is_empty(), "no file ends in {endings:?}: were the folders renamed? Then name them in files.rs.");
    files
}

pub(crate) fn rust() -> Vec<File> {
    written(&["rs"])
}

fn gather(dir: &Path, paths: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(dir) else { return };
    for entry in entries {
        let entry = entry.unwrap();
        let name = entry.file_name();
        let kind = entry.file_type().unwrap();
        if kind.is_dir() && !NOT_OURS.iter().any(|not| name == *not) {
            gather(&entry.path(), paths);
        } else if kind.is_file() {
            paths.push(entry.path());
        }
    }
}
