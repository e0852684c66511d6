//! Opens Loquat's window.
#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

use std::process::ExitCode;

fn main() -> ExitCode {
    if let Some(ended) = engine::aside() {
        return ended;
    }
    match loquat_lib::run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            #[expect(clippy::print_stderr, reason = "there is no window in which it could be said")]
            {
                eprintln!("Loquat could not start: {error}");
            }
            ExitCode::FAILURE
        }
    }
}
