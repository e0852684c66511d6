//! The list of servers in a home, and the help desk among them.

use std::path::Path;
use std::sync::Arc;

use chat::ErrorReport;
use mcp::{ConfigError, Consents, SecretsOrMemory, ServerConfig, ServerFile, Servers, ServersOptions, Transport};

use crate::home::Home;
use crate::settings::Settings;

/// The help desk's servers: the bundled program's only argument, and their names.
pub const HELP_DESK: [&str; 5] = ["ticket", "customer", "billing", "kb", "asset"];

/// What the program is called in the file; where it really lies is known only at run time.
const HELP_DESK_PROGRAM: &str = "loquat-helpdesk";

/// The home's list of servers; in a fresh home the help desk, written down at once. A list that cannot
/// be read stays as it is: until it is mended there is the help desk alone, and what is wrong is among the troubles.
fn configured(home: &Home, troubles: &mut Vec<ErrorReport>) -> Result<ServerFile, ErrorReport> {
    let is_fresh = !home.servers().exists();
    let mut file = ServerFile::load(home.servers()).or_else(|error| match error {
        ConfigError::Corrupted { .. } => {
            troubles.push(error.report());
            let mut unread = ServerFile::unread(home.servers());
            unread.servers = help_desk(None);
            Ok(unread)
        }
        error => Err(error.report()),
    })?;
    troubles.extend(super::reload::troubles_of(&file));
    if is_fresh {
        file.servers = help_desk(None);
        file.save().map_err(|error| error.report())?;
    }
    Ok(file)
}

/// The home's list, and its servers as they are run here.
pub(crate) fn of_home(
    home: &Home,
    program: Option<&Path>,
    troubles: &mut Vec<ErrorReport>,
) -> Result<(Option<ServerFile>, Vec<ServerConfig>), ErrorReport> {
    let file = configured(home, troubles)?;
    let configs = resolved(&file, program);
    Ok((Some(file), configs))
}

/// The servers of the list as they are run here.
pub(crate) fn resolved(file: &ServerFile, program: Option<&Path>) -> Vec<ServerConfig> {
    file.servers.iter().cloned().map(|config| run_here(config, program)).collect()
}

/// Where servers come from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Whose {
    /// They are the home's own list; otherwise they were given for one engine alone.
    pub(crate) home: bool,
    /// The programs of given ones wait for a person's word, too.
    pub(crate) ask_first: bool,
}

/// Starts the servers, and says where it is written down which programs may run; nowhere where all may.
pub(crate) fn start(
    home: &Home,
    settings: &Settings,
    secrets: Arc<SecretsOrMemory>,
    whose: Whose,
    configs: Vec<ServerConfig>,
) -> (Servers, Option<Arc<Consents>>) {
    let consents = (whose.home || whose.ask_first).then(|| Arc::new(Consents::load(home.consents())));
    let options = ServersOptions {
        client_name: "Loquat".into(),
        client_version: env!("CARGO_PKG_VERSION").into(),
        run_dir: Some(home.run()),
        eras: Some(home.eras()),
        // Servers of one call alone are no part of what the home remembers.
        catalogue: whose.home.then(|| home.catalogue()),
        accounts: Some(home.accounts()),
        sampling: settings.sampling,
        roots: crate::folders::roots(&settings.folders),
        secrets: Some(secrets),
        consents: consents.clone(),
    };
    (Servers::start(options, configs), consents)
}

/// The five servers of the help desk, on.
pub fn help_desk(program: Option<&Path>) -> Vec<ServerConfig> {
    let server = |name: &&str| {
        let (command, args) = (HELP_DESK_PROGRAM.to_owned(), vec![(*name).to_owned()]);
        let transport = Transport::Stdio { command, args, env: Default::default(), cwd: None };
        let config = ServerConfig { bundled: true, ..ServerConfig::new(*name, transport) };
        run_here(config, program)
    };
    HELP_DESK.iter().map(server).collect()
}

/// A server counts as bundled, and is trusted as such, only if it is the bundled program: whatever
/// command the file names is replaced by it.
fn run_here(mut config: ServerConfig, program: Option<&Path>) -> ServerConfig {
    let Transport::Stdio { command, args, env, .. } = &mut config.transport else {
        config.bundled = false;
        return config;
    };
    config.bundled &= matches!(&args[..], [only] if HELP_DESK.contains(&only.as_str())) && env.is_empty();
    if config.bundled {
        *command = program.map_or(HELP_DESK_PROGRAM.into(), |program| program.display().to_string());
    }
    config
}

/// A server as it is written down: where the bundled program lies is nobody's business but this run's.
pub(super) fn portable(mut config: ServerConfig) -> ServerConfig {
    if let (true, Transport::Stdio { command, .. }) = (config.bundled, &mut config.transport) {
        *command = HELP_DESK_PROGRAM.into();
    }
    config
}
