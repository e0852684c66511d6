//! Keeps a program to what a person chose for it, with bubblewrap. Where that cannot be done it is not started.
//!
//! It sees the system's programs and libraries, its own installation, an empty home and an empty `/tmp`, and of the
//! rest only what was chosen. It is no virtual machine: it shares the kernel, and with the network switched on it
//! reaches whatever this computer reaches.

use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
};

use chat::Sandbox;

use super::SpawnError;

/// What every program needs to run at all.
const SYSTEM: [&str; 11] = [
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/etc",
    "/opt",
    "/nix/store",
    "/run/systemd/resolve",
    "/run/NetworkManager",
];

/// The program and its arguments as they are run to stay in the sandbox.
pub(super) fn wrap(
    program: &Path,
    args: impl Iterator<Item = OsString>,
    cwd: Option<&Path>,
    sandbox: &Sandbox,
) -> Result<(PathBuf, Vec<OsString>), SpawnError> {
    if !cfg!(target_os = "linux") {
        return Err(SpawnError::NoSandbox { cause: "sandboxes are made on Linux only" });
    }
    let bwrap =
        which::which("bwrap").map_err(|_| SpawnError::NoSandbox { cause: "bubblewrap (bwrap) is not installed" })?;
    let home = env::home_dir().ok_or(SpawnError::NoSandbox { cause: "the home directory is not known" })?;
    let mut line = around(program, cwd, sandbox, &home)?;
    line.push("--".into());
    line.push(program.into());
    line.extend(args);
    Ok((bwrap, line))
}

fn around(program: &Path, cwd: Option<&Path>, sandbox: &Sandbox, home: &Path) -> Result<Vec<OsString>, SpawnError> {
    let mut line: Vec<OsString> =
        ["--unshare-all", "--die-with-parent", "--new-session", "--proc", "/proc", "--dev", "/dev"]
            .map(Into::into)
            .into();
    if sandbox.network {
        line.push("--share-net".into());
    }
    let mut bind = |way: &str, path: &Path| line.extend([way.into(), path.into(), path.into()]);
    for path in SYSTEM {
        bind("--ro-bind-try", Path::new(path));
    }
    line.extend(["--tmpfs", "/tmp", "--tmpfs"].map(OsString::from));
    line.push(home.into());
    let mut bind = |way: &str, path: &Path| line.extend([way.into(), path.into(), path.into()]);
    for path in installation(program, home) {
        bind("--ro-bind", &path);
    }
    if let Some(folder) = cwd {
        bind("--ro-bind", folder);
    }
    for path in chosen(&sandbox.read, home)? {
        bind("--ro-bind", &path);
    }
    for path in chosen(&sandbox.write, home)? {
        bind("--bind", &path);
    }
    line.push("--chdir".into());
    line.push(cwd.unwrap_or(home).into());
    Ok(line)
}

fn chosen(paths: &[String], home: &Path) -> Result<Vec<PathBuf>, SpawnError> {
    let whole = |path: &String| match path.strip_prefix("~/") {
        Some(rest) => home.join(rest),
        None => PathBuf::from(path),
    };
    let paths = paths.iter().map(whole);
    paths
        .map(
            |path| {
                if path.is_absolute() && path.exists() { Ok(path) } else { Err(SpawnError::NoFolder { folder: path }) }
            },
        )
        .collect()
}

/// What belongs to a program that lies outside of the system's own folders: its folder, also where it really lies,
/// and all of an installation of its own such as nvm's. Never a whole home.
fn installation(program: &Path, home: &Path) -> Vec<PathBuf> {
    let real = program.canonicalize().unwrap_or_else(|_| program.to_owned());
    let mut folders: Vec<PathBuf> = vec![];
    for folder in [program, &real].into_iter().filter_map(Path::parent) {
        let prefix = folder.parent().filter(|_| folder.ends_with("bin"));
        let own = prefix.filter(|prefix| !home.starts_with(prefix) && !prefix.ends_with(".local"));
        let folder = own.unwrap_or(folder);
        // A program at the top of the home brings itself alone.
        let folder = if home.starts_with(folder) { program } else { folder };
        let covered = SYSTEM.iter().any(|system| folder.starts_with(system));
        if !covered && !folders.iter().any(|known| folder.starts_with(known)) {
            folders.push(folder.to_owned());
        }
    }
    folders
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn an_installation_is_seen_and_a_home_is_not() {
        let home = Path::new("/home/me");
        let seen = |program: &str| installation(Path::new(program), home);
        assert_eq!(seen("/usr/bin/ls-that-is-not-there"), [] as [PathBuf; 0]);
        assert_eq!(seen("/home/me/.nvm/versions/node/v22/bin/npx"), [PathBuf::from("/home/me/.nvm/versions/node/v22")]);
        assert_eq!(seen("/home/me/.local/bin/uvx"), [PathBuf::from("/home/me/.local/bin")]);
        assert_eq!(seen("/home/me/bin/tool"), [PathBuf::from("/home/me/bin")]);
        assert_eq!(seen("/home/me/tool"), [PathBuf::from("/home/me/tool")]);
    }

    #[test]
    fn what_is_chosen_must_be_there() {
        let sandbox = Sandbox { read: vec!["/no/such/folder".into()], ..Sandbox::default() };
        let error = wrap(Path::new("/bin/true"), std::iter::empty(), None, &sandbox).unwrap_err();
        assert!(matches!(error, SpawnError::NoFolder { .. } | SpawnError::NoSandbox { .. }), "{error}");
    }
}
