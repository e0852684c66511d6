//! The page's types are made from ours: this fails when they are stale, and `UPDATE=1` rewrites them.

use chat::Conversation;
use engine::{AppEvent, Snapshot};
use ts_rs::{Config, TS};

#[test]
fn bindings_are_current() {
    let dir = tempfile::tempdir().unwrap();
    let config = Config::new().with_out_dir(dir.path()).with_large_int("number");
    super::Commands::export_all(&config).unwrap();
    AppEvent::export_all(&config).unwrap();
    Snapshot::export_all(&config).unwrap();
    Conversation::export_all(&config).unwrap();
    let made = std::fs::read_to_string(dir.path().join("bindings.ts")).unwrap();
    let made = made.replace("https://github.com/Aleph-Alpha/ts-rs", "https://docs.rs/ts-rs");
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/ui/src/bindings.ts");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(path, &made).unwrap();
    }
    let kept = std::fs::read_to_string(path).unwrap();
    assert!(kept == made, "ui/src/bindings.ts is stale: run `UPDATE=1 cargo test -p loquat bindings`");
}
