//! Where programs are found: where this person's own shell would look, and where installers put things besides.
//!
//! An app that was started by a click has hardly any `PATH`; the shell of a terminal has a long one.

use std::{
    env,
    ffi::OsStr,
    path::{Path, PathBuf},
};

/// The folders in which a program is looked for, in order. `configured` is the server's own `PATH`; whether the login
/// shell is asked at all is up to `asks`, because that takes a moment once.
pub(crate) async fn folders(configured: Option<&str>, asks: bool) -> Vec<PathBuf> {
    let shell = if asks { login::path().await } else { None };
    let paths = [configured.map(Into::into), shell, env::var_os("PATH")];
    let listed: Vec<PathBuf> = paths.iter().flatten().flat_map(env::split_paths).collect();
    // A relative folder would be one that anybody can put a program into.
    let there = |folder: &PathBuf| folder.is_absolute() && folder.is_dir();
    let mut folders = vec![];
    for folder in listed.into_iter().chain(env::home_dir().map(|home| usual(&home)).unwrap_or_default()).filter(there) {
        if !folders.contains(&folder) {
            folders.push(folder);
        }
    }
    folders
}

/// The program of that name, or at that path, as it would be started from `cwd`.
pub(crate) fn find(command: &str, folders: &[PathBuf], cwd: &Path) -> Option<PathBuf> {
    let command = match (command.strip_prefix("~/"), env::home_dir()) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => PathBuf::from(command),
    };
    which::which_in(command, env::join_paths(folders).ok(), cwd).ok()
}

/// Where installers put programs that no click-started app would look through by itself.
fn usual(home: &Path) -> Vec<PathBuf> {
    let of_home = [
        ".local/bin",
        "bin",
        ".cargo/bin",
        ".volta/bin",
        ".asdf/shims",
        ".local/share/mise/shims",
        ".bun/bin",
        ".deno/bin",
        ".pyenv/shims",
        ".local/share/fnm/aliases/default/bin",
        "scoop/shims",
    ];
    let of_system = [
        "/opt/homebrew/bin",
        "/usr/local/bin",
        "/home/linuxbrew/.linuxbrew/bin",
        "/opt/local/bin",
        "/usr/bin",
        "/bin",
        "/snap/bin",
        "/Applications/Docker.app/Contents/Resources/bin",
    ];
    let of_windows = [
        ("ProgramFiles", "nodejs"),
        ("APPDATA", "npm"),
        ("LOCALAPPDATA", "Volta\\bin"),
        ("LOCALAPPDATA", "Microsoft\\WindowsApps"),
        ("ProgramFiles", "Docker\\Docker\\resources\\bin"),
    ];
    let mut folders: Vec<PathBuf> = of_home.iter().map(|folder| home.join(folder)).collect();
    folders.extend(newest_node(&home.join(".nvm/versions/node")));
    folders.extend(of_system.iter().map(PathBuf::from));
    folders.extend(of_windows.iter().filter_map(|(root, rest)| Some(Path::new(&env::var_os(root)?).join(rest))));
    folders
}

/// Of the versions that nvm keeps side by side, the newest.
fn newest_node(versions: &Path) -> Option<PathBuf> {
    let entries = std::fs::read_dir(versions).ok()?.flatten();
    let newest = entries.max_by_key(|entry| version(&entry.file_name()))?;
    Some(newest.path().join("bin"))
}

fn version(name: &OsStr) -> Vec<u32> {
    let name = name.to_string_lossy();
    name.trim_start_matches('v').split('.').map(|part| part.parse().unwrap_or(0)).collect()
}

#[cfg(not(unix))]
mod login {
    /// The system gives every program the whole of it.
    pub(super) async fn path() -> Option<std::ffi::OsString> {
        None
    }
}

#[cfg(unix)]
pub(super) mod login {
    use std::{env, ffi::OsString, path::Path, process::Stdio, time::Duration};

    use rmcp::transport::which_command;
    use tokio::{io::AsyncReadExt, sync::OnceCell, time::timeout};

    /// Shells with much to load take a second; one that asks something would take for ever.
    const DEADLINE: Duration = Duration::from_secs(4);
    const MARK: &str = "__this_is_the_environment__";
    const MOST: u64 = 1024 * 1024;

    static PATH: OnceCell<Option<OsString>> = OnceCell::const_new();

    /// The login shell's, asked for once. Who was started from a shell has it already.
    pub(in crate::process) async fn path() -> Option<OsString> {
        let from_a_shell = env::var_os("SHLVL").is_some() && env::var_os("TERM").is_some();
        if from_a_shell {
            return None;
        }
        let ask = || async {
            let shell = env::var_os("SHELL").unwrap_or_else(|| "/bin/sh".into());
            ask(Path::new(&shell)).await.map(OsString::from)
        };
        PATH.get_or_init(ask).await.clone()
    }

    /// What this shell has as its path once it has read all that it reads at a login.
    pub(in crate::process) async fn ask(shell: &Path) -> Option<String> {
        let mut command = which_command(shell).ok()?;
        let script = format!("printf '\\n%s\\n' {MARK}; /usr/bin/env; printf '\\n%s\\n' {MARK}");
        command.args(["-i", "-l", "-c", &script]);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = super::super::wrapped(command).spawn().ok()?;
        let mut text = String::new();
        let out = child.stdout().take()?;
        let read = timeout(DEADLINE, out.take(MOST).read_to_string(&mut text)).await;
        // What it started in the background, or the shell itself where it is still at it, ends now.
        let _ = child.start_kill();
        let _ = timeout(DEADLINE, child.wait()).await;
        if !matches!(read, Ok(Ok(_))) {
            tracing::warn!(shell = %shell.display(), "the login shell did not say its PATH in time");
        }
        let environment = text.split(MARK).nth(1)?;
        let path = environment.lines().find_map(|line| line.strip_prefix("PATH="))?;
        (!path.is_empty()).then(|| path.to_owned())
    }
}

#[allow(clippy::unwrap_used, reason = "a test ends where something is not as it should be")]
#[cfg(all(test, unix))]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt};

    use super::*;

    fn program(path: &Path, text: &str) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    #[tokio::test]
    async fn a_shell_says_its_path_whatever_else_it_says() {
        let dir = tempfile::tempdir().unwrap();
        let shell = dir.path().join("shell");
        program(
            &shell,
            "#!/bin/sh\necho 'PATH=/wrong'; PATH=/from/profile:/usr/bin:/bin; export PATH; shift 2; exec /bin/sh \"$@\"\n",
        );
        assert_eq!(login::ask(&shell).await.as_deref(), Some("/from/profile:/usr/bin:/bin"));
        program(&shell, "#!/bin/sh\nexit 1\n");
        assert_eq!(login::ask(&shell).await, None);
        assert_eq!(login::ask(Path::new("/no/such/shell")).await, None);
    }

    #[tokio::test]
    async fn the_servers_own_path_comes_first_and_nothing_relative_counts() {
        let dir = tempfile::tempdir().unwrap();
        program(&dir.path().join("b/tool"), "");
        let configured = format!("relative:{0}/a:{0}/b:{0}/missing:{0}/b", dir.path().display());
        fs::create_dir(dir.path().join("a")).unwrap();
        let folders = folders(Some(&configured), false).await;
        assert_eq!(folders[..2], [dir.path().join("a"), dir.path().join("b")]);
        assert!(folders.iter().all(|folder| folder.is_absolute()) && folders.contains(&PathBuf::from("/usr/bin")));
        assert_eq!(find("tool", &folders, dir.path()), Some(dir.path().join("b/tool")));
        assert_eq!(find("./b/tool", &folders, dir.path()), Some(dir.path().join("b/tool")));
        assert_eq!(find("no-such-tool", &folders, dir.path()), None);
    }

    #[test]
    fn the_newest_node_is_the_newest_by_number() {
        let dir = tempfile::tempdir().unwrap();
        for version in ["v9.1.0", "v22.10.0", "v22.9.1"] {
            fs::create_dir(dir.path().join(version)).unwrap();
        }
        assert_eq!(newest_node(dir.path()), Some(dir.path().join("v22.10.0/bin")));
    }
}
