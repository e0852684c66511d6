//! From a configuration to a command that can be started: the program itself, its folders, its environment, its
//! sandbox.

use std::{
    collections::BTreeMap,
    env,
    ffi::OsString,
    path::{Path, PathBuf},
};

use chat::{ErrorCode, ErrorReport, Launch, Sandbox};

use super::{SpawnError, path, sandbox};
use crate::{ServerConfig, Transport, mask};

/// What servers get to see of our environment; keys of providers are not among it.
const PASSED_ON: [&str; 33] = [
    "HOME",
    "PATH",
    "LANG",
    "LANGUAGE",
    "TZ",
    "USER",
    "LOGNAME",
    "SHELL",
    "TERM",
    "TMPDIR",
    "TEMP",
    "TMP",
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "DBUS_SESSION_BUS_ADDRESS",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "NODE_EXTRA_CA_CERTS",
    "SystemRoot",
    "SystemDrive",
    "windir",
    "ComSpec",
    "PATHEXT",
    "APPDATA",
    "LOCALAPPDATA",
    "USERPROFILE",
    "ProgramFiles",
    "ProgramData",
    "HOMEDRIVE",
    "HOMEPATH",
    "USERNAME",
    "DOCKER_HOST",
    "SSH_AUTH_SOCK",
];
const PROXIES: [&str; 4] = ["http_proxy", "https_proxy", "no_proxy", "all_proxy"];

/// What to start, as it is configured.
pub(crate) struct Program<'a> {
    pub(crate) command: &'a str,
    pub(crate) args: &'a [String],
    pub(crate) env: &'a BTreeMap<String, String>,
    pub(crate) cwd: Option<&'a Path>,
    pub(crate) sandbox: Option<&'a Sandbox>,
    /// Comes with Loquat: found without anybody's PATH.
    pub(crate) bundled: bool,
}

impl<'a> Program<'a> {
    /// The program of a server; nothing where it is none.
    pub(crate) fn of(config: &'a ServerConfig) -> Option<Self> {
        let Transport::Stdio { command, args, env, cwd } = &config.transport else { return None };
        let (cwd, sandbox) = (cwd.as_deref(), config.sandbox.as_ref());
        Some(Self { command, args, env, cwd, sandbox, bundled: config.bundled })
    }
}

/// What is really started.
#[derive(Debug)]
pub(crate) struct Prepared {
    /// Where the configured program lies.
    pub(crate) found: PathBuf,
    /// What is run: the program, or what keeps it in its sandbox.
    pub(crate) run: PathBuf,
    pub(crate) args: Vec<OsString>,
    /// All of its environment.
    pub(crate) env: BTreeMap<String, OsString>,
    pub(crate) folders: Vec<PathBuf>,
}

/// Finds the program and puts together what it is started with.
pub(crate) async fn prepare(program: &Program<'_>) -> Result<Prepared, SpawnError> {
    if let Some(folder) = program.cwd.filter(|folder| !folder.is_dir()) {
        return Err(SpawnError::NoFolder { folder: folder.to_owned() });
    }
    let mut folders = folders(program).await;
    let here = env::current_dir().unwrap_or_default();
    let found = path::find(program.command, &folders, program.cwd.unwrap_or(&here));
    let found = found.ok_or_else(|| SpawnError::NotFound { command: program.command.to_owned() })?;
    // What lies beside a program belongs to it: npx needs the node of its own version.
    if let Some(own) = found.parent().filter(|own| folders.first().is_none_or(|first| first != own)) {
        folders.retain(|folder| folder != own);
        folders.insert(0, own.to_owned());
    }
    let env = environment(program, &folders);
    let plain = || program.args.iter().map(OsString::from);
    let (run, args) = match program.sandbox {
        None => (found.clone(), plain().collect()),
        Some(sandbox) => sandbox::wrap(&found, plain(), program.cwd, sandbox)?,
    };
    Ok(Prepared { found, run, args, env, folders })
}

async fn folders(program: &Program<'_>) -> Vec<PathBuf> {
    let configured = program.env.get("PATH").or_else(|| program.env.get("Path"));
    path::folders(configured.map(String::as_str), !program.bundled).await
}

fn environment(program: &Program<'_>, folders: &[PathBuf]) -> BTreeMap<String, OsString> {
    let mut all: BTreeMap<String, OsString> = passed_on().collect();
    all.extend(program.env.iter().map(|(name, value)| (name.clone(), value.into())));
    if let Ok(path) = env::join_paths(folders) {
        all.retain(|name, _| !name.eq_ignore_ascii_case("PATH"));
        all.insert("PATH".to_owned(), path);
    }
    all
}

pub(super) fn passed_on() -> impl Iterator<Item = (String, OsString)> {
    env::vars_os().filter_map(|(name, value)| {
        let name = name.into_string().ok()?;
        let listed = PASSED_ON.contains(&name.as_str())
            || name.starts_with("LC_")
            || name.starts_with("XDG_")
            || PROXIES.iter().any(|proxy| name.eq_ignore_ascii_case(proxy));
        listed.then_some((name, value))
    })
}

/// What starting this server comes down to, for a person to see. Nothing where it is no program.
pub(crate) async fn describe(config: &ServerConfig) -> Option<Launch> {
    let program = Program::of(config)?;
    let args = mask::arguments(program.args);
    let mut launch = Launch {
        command: program.command.to_owned(),
        program: None,
        line: mask::command_line(program.command, program.args),
        args,
        cwd: program.cwd.map(|folder| folder.display().to_string()),
        path: vec![],
        variables: vec![],
        sandbox: config.sandbox.clone(),
        problem: None,
    };
    match prepare(&program).await {
        Ok(prepared) => {
            let shown: Vec<String> = prepared.args.iter().map(|arg| arg.to_string_lossy().into_owned()).collect();
            launch.line = mask::command_line(&prepared.run.to_string_lossy(), &shown);
            launch.program = Some(prepared.found.display().to_string());
            launch.path = prepared.folders.iter().map(|folder| folder.display().to_string()).collect();
            launch.variables = prepared.env.into_keys().collect();
        }
        Err(error) => {
            launch.path = folders(&program).await.iter().map(|folder| folder.display().to_string()).collect();
            launch.variables = environment(&program, &[]).into_keys().collect();
            let report = ErrorReport::new(ErrorCode::ServerUnavailable, "The program cannot be started here.");
            launch.problem = Some(report.because(error.to_string()).fix(error.fix()));
        }
    }
    Some(launch)
}
