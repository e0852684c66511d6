//! The only place that starts programs, and the one that sees to it that none outlives us.
//!
//! A server runs in a process group of its own. The group is killed when its [`Child`] is dropped, asked and then
//! made to end when it is stopped, and killed by a [`Watchdog`] when we die without a chance to do either.

pub(crate) mod aside;
pub(crate) mod launch;
mod path;
mod sandbox;
mod watchdog;

use std::{
    io,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    time::Duration,
};

use process_wrap::tokio::{ChildWrapper, CommandWrap, KillOnDrop};
use rmcp::transport::which_command;
use tokio::{
    process::{ChildStdin, ChildStdout},
    task::JoinHandle,
    time::timeout,
};

use crate::log::Log;
pub(crate) use launch::Program;
pub(crate) use watchdog::Watchdog;

/// How long a server may take to end by itself once its input is closed.
const GRACE_AFTER_EOF: Duration = Duration::from_millis(300);
const GRACE_AFTER_TERM: Duration = Duration::from_secs(2);
const LAST_WORDS: Duration = Duration::from_millis(500);

#[derive(Debug, thiserror::Error)]
pub(crate) enum SpawnError {
    #[error("The program '{command}' was not found.")]
    NotFound { command: String },
    #[error("The folder '{}' does not exist.", folder.display())]
    NoFolder { folder: PathBuf },
    /// It is never started without the sandbox that it is to have.
    #[error("It is to run in a sandbox, and there is none: {cause}.")]
    NoSandbox { cause: &'static str },
    #[error("The program '{command}' could not be started: {cause}")]
    Failed { command: String, cause: io::Error },
}

impl SpawnError {
    /// What a person can do about it.
    pub(crate) fn fix(&self) -> String {
        let command = match self {
            Self::NotFound { command } => command,
            Self::NoSandbox { .. } if cfg!(target_os = "linux") => {
                return "Install bubblewrap with your system's package manager, then try again; or take the sandbox out \
                        of the server's settings."
                    .to_owned();
            }
            Self::NoSandbox { .. } => return "Take the sandbox out of the server's settings.".to_owned(),
            Self::NoFolder { .. } | Self::Failed { .. } => return "Check the server's settings.".to_owned(),
        };
        let stem = Path::new(command).file_stem().map(|stem| stem.to_string_lossy().to_lowercase());
        match stem.as_deref() {
            Some("npx" | "node" | "npm") => "Install Node.js from https://nodejs.org, then try again.".to_owned(),
            Some("uvx" | "uv") => "Install uv from https://docs.astral.sh/uv, then try again.".to_owned(),
            Some("docker") => {
                "Install Docker from https://docs.docker.com/get-docker, start it, then try again.".to_owned()
            }
            Some("python" | "python3" | "pipx") => {
                "Install Python from https://www.python.org, then try again.".to_owned()
            }
            Some("bunx" | "bun") => "Install Bun from https://bun.sh, then try again.".to_owned(),
            _ => "Install it, or give its full path in the server's settings.".to_owned(),
        }
    }
}

/// A running program with everything that it started.
pub(crate) struct Child {
    inner: Box<dyn ChildWrapper>,
    pid: Option<u32>,
    watchdog: Watchdog,
    /// Ends when all that it wrote to its standard error has been read.
    heard: Option<JoinHandle<()>>,
}

/// Starts a program with an environment of its own. Its standard error goes into `log`.
pub(crate) async fn spawn(
    program: Program<'_>,
    log: &Log,
    watchdog: &Watchdog,
) -> Result<(Child, ChildStdout, ChildStdin), SpawnError> {
    let failed = |cause| SpawnError::Failed { command: program.command.to_owned(), cause };
    let prepared = launch::prepare(&program).await?;
    let mut command = which_command(&prepared.run).map_err(failed)?;
    command.args(prepared.args).env_clear().envs(prepared.env);
    if let Some(folder) = program.cwd {
        command.current_dir(folder);
    }
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut inner = wrapped(command).spawn().map_err(failed)?;
    let pid = inner.id();
    let parts = (inner.stdin().take(), inner.stdout().take(), inner.stderr().take());
    let (Some(stdin), Some(stdout), Some(stderr)) = parts else {
        return Err(failed(io::Error::other("its input or output is missing")));
    };
    let heard = Some(tokio::spawn(log.clone().drain(stderr)));
    let child = Child { inner, pid, watchdog: watchdog.clone(), heard };
    if let Some(pid) = pid {
        watchdog.watch(pid).await;
    }
    Ok((child, stdout, stdin))
}

impl Child {
    /// Until the program itself has ended.
    pub(crate) async fn exited(&mut self) -> Option<ExitStatus> {
        // The wrapper's own wait also waits for children of the group that we cannot have.
        self.inner.inner_mut().wait().await.ok()
    }

    /// Until what it wrote has been read: its last words say best why it ended. What it left running may go on writing.
    pub(crate) async fn last_words(&mut self) {
        if let Some(heard) = self.heard.take() {
            let _ = timeout(LAST_WORDS, heard).await;
        }
    }

    /// Ends the whole group: its input is closed already, then it is asked, then it is made to.
    pub(crate) async fn stop(mut self) {
        if timeout(GRACE_AFTER_EOF, self.exited()).await.is_err() {
            self.ask_to_end();
            let _ = timeout(GRACE_AFTER_TERM, self.exited()).await;
        }
        self.kill();
        let _ = timeout(GRACE_AFTER_TERM, self.exited()).await;
        self.last_words().await;
        if let Some(pid) = self.pid.take() {
            self.watchdog.forget(pid).await;
        }
    }

    #[cfg(unix)]
    fn ask_to_end(&self) {
        let _ = self.inner.signal(15);
    }

    #[cfg(not(unix))]
    fn ask_to_end(&self) {}

    /// What the program left behind in its group goes with it. An error means that nothing was left.
    fn kill(&mut self) {
        let _ = self.inner.start_kill();
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        if let Some(pid) = self.pid.take() {
            self.kill();
            self.watchdog.forget_soon(pid);
        }
    }
}

fn wrapped(command: tokio::process::Command) -> CommandWrap {
    let mut wrap = CommandWrap::from(command);
    #[cfg(unix)]
    wrap.wrap(process_wrap::tokio::ProcessGroup::leader());
    #[cfg(windows)]
    {
        // CREATE_NO_WINDOW: no console flashes up.
        wrap.wrap(process_wrap::tokio::CreationFlags(windows::Win32::System::Threading::PROCESS_CREATION_FLAGS(
            0x0800_0000,
        )));
        wrap.wrap(process_wrap::tokio::JobObject);
    }
    wrap.wrap(KillOnDrop);
    wrap
}
