//! What tests are built with: programs of this workspace, and models that play a script.
//!
//! **Invariant:** only ever a dev-dependency; nothing of it ships.
//!
//! Start reading at [`program`].

#[cfg(unix)]
mod databases;
mod sign_in;
mod spoilt;

use std::path::PathBuf;

#[cfg(unix)]
pub use databases::{TestPostgres, TestRedis};
pub use practice::{Round, Script};
pub use sign_in::{Conduct, Consent, Documents, Places, Seen, SignInServer, Visit, browse};
pub use spoilt::{Dice, bent, spoilt};

/// A program of this workspace, as cargo built it beside the test that runs.
///
/// # Panics
/// When it is not there, with the command that builds it.
pub fn program(name: &str) -> PathBuf {
    let this = std::env::current_exe().unwrap_or_default();
    let file = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    let beside = this.ancestors().skip(1).take(2).flat_map(|dir| [dir.join(&file), dir.join("examples").join(&file)]);
    match beside.into_iter().find(|path| path.is_file()) {
        Some(path) => path,
        None => panic!("{name} is not built: run `cargo build --workspace --all-targets`, or test the whole workspace"),
    }
}
