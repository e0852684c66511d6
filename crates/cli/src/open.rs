//! The engine as the options ask for it.

use std::path::{Path, PathBuf};

use ::chat::{ErrorCode, ErrorReport, Rule};
use engine::{Engine, Home, Options};
use mcp::{Secret, ServerConfig};

use crate::args::{Common, Given};

/// The engine of the home with this call's wishes; programs that have not run yet are asked about.
pub(crate) async fn open(common: &Common) -> Result<Engine, ErrorReport> {
    open_copy(common, None).await
}

/// The same as one of the copies that have a database in common.
pub(crate) async fn open_copy(common: &Common, database: Option<Secret>) -> Result<Engine, ErrorReport> {
    let home = Home::find()?;
    let settings = Some(crate::settings::wished(&home, common)?);
    let rules = if common.yes { vec![Rule::AllowAll] } else { vec![] };
    let given = Given { servers: common.servers.clone(), yes: common.yes };
    let options = Options { settings, rules, database, ..Options::new(home) };
    let engine = with(options, &given).await?;
    match crate::consent::all(&engine, &given).await {
        Ok(()) => Ok(engine),
        Err(error) => {
            engine.shut_down().await;
            Err(error)
        }
    }
}

/// The engine for looking at servers alone. Nobody is asked about programs here.
pub(crate) async fn open_servers(given: &Given) -> Result<Engine, ErrorReport> {
    with(Options::new(Home::find()?), given).await
}

async fn with(options: Options, given: &Given) -> Result<Engine, ErrorReport> {
    let servers = given.servers.as_deref().map(read_servers).transpose()?;
    // Whoever names a file without sitting there has said by that what shall run.
    let ask_first = servers.is_some() && !given.yes && crate::consent::somebody_is_there();
    let passphrase = crate::passphrase::of(&options.home)?;
    Engine::open(Options { helpdesk: bundled_program(), servers, ask_first, passphrase, ..options }).await
}

fn read_servers(path: &Path) -> Result<Vec<ServerConfig>, ErrorReport> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        ErrorReport::new(ErrorCode::InvalidInput, format!("{} cannot be read.", path.display()))
            .because(error.to_string())
            .fix("Give a file with servers in it, such as Claude Desktop's claude_desktop_config.json.")
    })?;
    mcp::parse_servers(&text).map_err(|error| error.report())
}

/// The help-desk program that ships beside this one.
fn bundled_program() -> Option<PathBuf> {
    let name = format!("loquat-helpdesk{}", std::env::consts::EXE_SUFFIX);
    let beside = std::env::current_exe().ok()?.with_file_name(name);
    beside.exists().then_some(beside)
}
