//! The shape of the code: which crate stands on which, how long things get, what is written nowhere.
//!
//! **Invariant:** reads files and `cargo metadata`, and nothing else: it passes or fails the same everywhere.
//!
//! Start reading at `edges.rs`, whose table is the plan of the house. A new edge is a deliberate edit there.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "these are tests, and their helpers")]

mod banned;
mod edges;
mod files;
mod locks;
mod sizes;

/// Fails with every finding at once, and with what to do about them.
fn none(findings: Vec<String>, what_to_do: &str) {
    assert!(findings.is_empty(), "\n  {}\n\n{what_to_do}\n", findings.join("\n  "));
}
