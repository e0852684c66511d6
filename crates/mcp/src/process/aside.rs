//! Work that may end badly, done by a process of its own: it gets bytes, answers bytes, and is gone.

use std::{env, io, path::Path, process::Stdio, time::Duration};

use rmcp::transport::which_command;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::timeout,
};

use super::{launch::passed_on, wrapped};

/// More is not taken for an answer.
const MOST_ANSWER: u64 = 32 << 20;
/// Where the libraries of a program lie that was packed together with them.
const LIBRARIES: &str = "LD_LIBRARY_PATH";

/// An allocator that takes more room at its start than such a process may have, all of which would be counted, is told to
/// take only what it uses.
const ROOM: (&str, &str) = ("MIMALLOC_ARENA_EAGER_COMMIT", "0");

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum AsideError {
    #[error("The process that was to do it could not be started: {cause}")]
    NotStarted { cause: io::Error },
    #[error("The process that was to do it took too long.")]
    TooSlow,
    #[error("The process that was to do it ended in the middle of it.")]
    Ended,
}

/// Starts that program with that argument, hands it all that is given on its standard input, and answers what it writes
/// to its standard output. It has ended by then, however it went.
pub async fn aside(program: &Path, argument: &str, given: Vec<u8>, patience: Duration) -> Result<Vec<u8>, AsideError> {
    let failed = |cause| AsideError::NotStarted { cause };
    let mut command = which_command(program).map_err(failed)?;
    command.arg(argument).env_clear().envs(passed_on()).envs([ROOM]);
    command.envs(env::var_os(LIBRARIES).map(|folders| (LIBRARIES, folders)));
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = wrapped(command).spawn().map_err(failed)?;
    let (Some(mut stdin), Some(stdout)) = (child.stdin().take(), child.stdout().take()) else {
        return Err(failed(io::Error::other("its input or output is missing")));
    };
    let worked = async {
        let mut answer = vec![];
        let write = async move {
            // One that has ended takes no more; its answer tells.
            let _ = stdin.write_all(&given).await;
        };
        let mut said = stdout.take(MOST_ANSWER);
        let (_, read) = tokio::join!(write, said.read_to_end(&mut answer));
        let ended = child.inner_mut().wait().await;
        let is_whole = read.is_ok() && ended.is_ok_and(|status| status.success());
        if is_whole { Ok(answer) } else { Err(AsideError::Ended) }
    };
    let worked = timeout(patience, worked).await.unwrap_or(Err(AsideError::TooSlow));
    // An error means that nothing was left to be ended.
    let _ = child.start_kill();
    let _ = child.inner_mut().wait().await;
    worked
}
