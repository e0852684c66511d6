//! Beginning anew: after a start that met another copy in the moment of its end, or with another environment.

use std::env;

/// How often this program began anew; absent the first time.
const TRIES: &str = "LOQUAT_START_TRIES";
const MOST: u32 = 5;

/// Whether it failed because the copy that was there did not answer any more.
pub(crate) fn may_help(error: &tauri::Error) -> bool {
    matches!(error, tauri::Error::PluginInitialization(plugin, _) if plugin == "single-instance") && tries() < MOST
}

/// Begins anew, with the failure that led to it; comes back only when that cannot be done.
#[cfg(unix)]
pub(crate) fn start(error: tauri::Error) -> tauri::Error {
    let failed = with(TRIES, &(tries() + 1).to_string());
    tracing::warn!("the program could not begin anew: {failed}");
    error
}

/// Becomes the program anew with that in its environment; comes back only when that cannot be done.
#[cfg(unix)]
#[expect(clippy::disallowed_methods, reason = "nothing is spawned: this process becomes the program")]
pub(crate) fn with(name: &str, value: &str) -> std::io::Error {
    use std::os::unix::process::CommandExt;
    use std::process::Command;

    match env::current_exe() {
        Ok(program) => Command::new(program).args(env::args_os().skip(1)).env(name, value).exec(),
        Err(error) => error,
    }
}

/// Where a program cannot become another, the first failure stays.
#[cfg(not(unix))]
pub(crate) fn start(error: tauri::Error) -> tauri::Error {
    error
}

fn tries() -> u32 {
    env::var(TRIES).ok().and_then(|tries| tries.parse().ok()).unwrap_or_default()
}
