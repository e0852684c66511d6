//! What is left of our servers when we are killed without warning: nothing.
//!
//! A tiny shell script, started once, holds the other end of a pipe. While we live it only learns which process
//! groups are ours; when the pipe breaks, however we died, it kills them. Should even the script have been killed,
//! the next start finds what is written down in the run folder and sweeps it away.

#[cfg(not(unix))]
pub(crate) use elsewhere::Watchdog;
#[cfg(unix)]
pub(crate) use unix::Watchdog;

#[cfg(unix)]
mod unix {
    use std::{
        collections::BTreeMap,
        fs, io,
        path::{Path, PathBuf},
        process::Stdio,
    };

    use nix::{
        sys::signal::{Signal, killpg},
        unistd::Pid,
    };
    use process_wrap::tokio::{ChildWrapper, CommandWrap, ProcessGroup};
    use rmcp::transport::which_command;
    use tokio::{
        io::AsyncWriteExt,
        process::ChildStdin,
        sync::{mpsc, oneshot},
    };

    const SCRIPT: &str = r#"
trap '' HUP INT TERM
ours=
while read -r what group; do
  case $what in
    watch) ours="$ours $group" ;;
    forget) kept=; for one in $ours; do [ "$one" = "$group" ] || kept="$kept $one"; done; ours=$kept ;;
  esac
done
for one in $ours; do kill -KILL "-$one"; done 2>/dev/null
"#;

    /// Cheap to clone; the script ends when the last clone is gone and every group has been forgotten.
    #[derive(Clone)]
    pub(crate) struct Watchdog {
        news: mpsc::Sender<(News, oneshot::Sender<()>)>,
    }

    enum News {
        Watch(u32),
        Forget(u32),
    }

    impl Watchdog {
        /// Sweeps what earlier runs left, then starts watching.
        pub(crate) fn start(run_dir: Option<PathBuf>) -> Self {
            let (news, inbox) = mpsc::channel(64);
            tokio::spawn(watch(run_dir, inbox));
            Self { news }
        }

        /// Returns once the group would be killed with us.
        pub(crate) async fn watch(&self, group: u32) {
            self.tell(News::Watch(group)).await;
        }

        pub(crate) async fn forget(&self, group: u32) {
            self.tell(News::Forget(group)).await;
        }

        /// For where nobody can wait.
        pub(crate) fn forget_soon(&self, group: u32) {
            let _ = self.news.try_send((News::Forget(group), oneshot::channel().0));
        }

        async fn tell(&self, news: News) {
            let (done, heard) = oneshot::channel();
            if self.news.send((news, done)).await.is_ok() {
                let _ = heard.await;
            }
        }
    }

    async fn watch(run_dir: Option<PathBuf>, mut inbox: mpsc::Receiver<(News, oneshot::Sender<()>)>) {
        let record = run_dir.map(|folder| {
            sweep(&folder);
            folder.join(format!("{}.json", std::process::id()))
        });
        let mut script: Option<(Box<dyn ChildWrapper>, ChildStdin)> = None;
        let mut groups: BTreeMap<u32, u64> = BTreeMap::new();
        while let Some((news, done)) = inbox.recv().await {
            let line = match news {
                News::Watch(group) => {
                    groups.insert(group, start_time(group).unwrap_or(0));
                    format!("watch {group}\n")
                }
                News::Forget(group) => {
                    groups.remove(&group);
                    format!("forget {group}\n")
                }
            };
            if script.is_none() {
                script = begin().inspect_err(|error| tracing::warn!(%error, "no watchdog")).ok();
            }
            if let Some((_, pipe)) = &mut script
                && let Err(error) = pipe.write_all(line.as_bytes()).await
            {
                tracing::warn!(%error, "the watchdog is gone");
                script = None;
            }
            if let Some(record) = &record {
                write_down(record, &groups);
            }
            let _ = done.send(());
        }
        if let Some((mut child, pipe)) = script {
            drop(pipe);
            let _ = child.wait().await;
        }
    }

    fn begin() -> io::Result<(Box<dyn ChildWrapper>, ChildStdin)> {
        let mut command = which_command("/bin/sh")?;
        command.arg("-c").arg(SCRIPT).env_clear().current_dir("/");
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        // A group of its own: what kills ours must not kill it.
        let mut wrap = CommandWrap::from(command);
        wrap.wrap(ProcessGroup::leader());
        let mut child = wrap.spawn()?;
        let pipe = child.stdin().take().ok_or_else(|| io::Error::other("no pipe"))?;
        Ok((child, pipe))
    }

    /// Group and when its leader began: a number alone may by now belong to somebody else.
    fn write_down(record: &Path, groups: &BTreeMap<u32, u64>) {
        let done = if groups.is_empty() {
            fs::remove_file(record)
                .or_else(|error| if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) })
        } else {
            let owner = (std::process::id(), start_time(std::process::id()).unwrap_or(0));
            serde_json::to_vec(&(owner, groups)).map_err(io::Error::other).and_then(|text| {
                record.parent().map_or(Ok(()), fs::create_dir_all)?;
                fs::write(record, text)
            })
        };
        if let Err(error) = done {
            tracing::warn!(%error, "running servers could not be written down");
        }
    }

    /// Kills what runs of Loquat that have ended left running.
    fn sweep(folder: &Path) {
        let Ok(entries) = fs::read_dir(folder) else { return };
        let ours = |path: &PathBuf| path.extension().is_some_and(|end| end == "json");
        for path in entries.flatten().map(|entry| entry.path()).filter(ours) {
            type Record = ((u32, u64), BTreeMap<u32, u64>);
            let record = fs::read(&path).ok().and_then(|text| serde_json::from_slice::<Record>(&text).ok());
            let Some(((owner, began), groups)) = record else { continue };
            if start_time(owner).is_some_and(|now| now == began) {
                continue;
            }
            for (group, began) in groups {
                if start_time(group).is_some_and(|now| now == began)
                    && let Ok(group) = i32::try_from(group)
                {
                    let _ = killpg(Pid::from_raw(group), Signal::SIGKILL);
                }
            }
            let _ = fs::remove_file(&path);
        }
    }

    /// When a process began, in ticks since boot (proc(5), field 22). Known on Linux only.
    fn start_time(pid: u32) -> Option<u64> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The name may hold anything, also blanks and brackets; the fields after it are plain.
        stat.rsplit_once(')')?.1.split_whitespace().nth(19)?.parse().ok()
    }
}

#[cfg(not(unix))]
mod elsewhere {
    use std::path::PathBuf;

    /// The job object of each server closes with us: the system sees to it.
    #[derive(Clone)]
    pub(crate) struct Watchdog;

    impl Watchdog {
        pub(crate) fn start(_: Option<PathBuf>) -> Self {
            Self
        }

        pub(crate) async fn watch(&self, _: u32) {}

        pub(crate) async fn forget(&self, _: u32) {}

        pub(crate) fn forget_soon(&self, _: u32) {}
    }
}
