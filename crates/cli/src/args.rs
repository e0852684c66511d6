//! What can be asked of `loq`.

use std::path::PathBuf;

use clap::{Args as Group, Parser, Subcommand, ValueEnum};
use engine::logging::LogLevel;

/// Talk to a language model that uses your tools, and see everything that happens.
#[derive(Debug, Parser)]
#[command(name = "loq", version, max_term_width = 100)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
    #[command(flatten)]
    pub(crate) log: Log,
}

/// What is written down of what happens; otherwise LOG_LEVEL, LOG_FILE and LOG_TO_CONSOLE, or the settings.
#[derive(Debug, Group)]
#[command(next_help_heading = "Log")]
pub(crate) struct Log {
    /// error, warn, info, debug (everything on the wire) or trace.
    #[arg(long, global = true, value_name = "LEVEL", value_parser = level)]
    pub(crate) log_level: Option<LogLevel>,
    /// Write it into this file.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) log_file: Option<PathBuf>,
    /// Write it to the terminal.
    #[arg(long, global = true)]
    pub(crate) log_to_console: bool,
}

fn level(text: &str) -> Result<LogLevel, &'static str> {
    LogLevel::read(text).ok_or("expected error, warn, info, debug or trace")
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Ask one question and print the answer.
    Ask(Ask),
    /// Talk: questions and answers until `quit`.
    Chat(Common),
    /// Ask seven questions that show what the help desk can do.
    Examples(Examples),
    /// List the servers and how they stand.
    Servers(Servers),
    /// Take over the servers of another client: Claude Desktop, Cursor, VS Code, LM Studio, Cline and others.
    Import(Import),
    /// Write conversations into a file: whole, to be read back, or as a document.
    Export(crate::transfer::Export),
    /// Take over the conversations of a file: Loquat's own, or those of ChatGPT, Claude, LibreChat or Open WebUI.
    ImportConversations(crate::transfer::Import),
    /// Give a secret that a server's configuration refers to; it goes to the keychain.
    Secret(Secret),
    /// Show where secrets are kept, or choose another place.
    Secrets(Secrets),
    /// List every tool of every server.
    Tools(List),
    /// Call one tool, without a model.
    Call(Call),
    /// List every prompt of every server.
    Prompts(List),
    /// Fill one prompt and print it.
    Prompt(Prompt),
    /// List every resource and template of every server.
    Resources(List),
    /// Read one resource and print it.
    Read(Read),
    /// Print what a server wrote while it started.
    Logs(Logs),
    /// Sign in to a server: prints the link to open, and waits.
    Login(Login),
    /// Sign out of a server.
    Logout(Logout),
    /// List who is signed in where.
    Accounts(Accounts),
    /// Every call ever made: by whose leave, with what, and what came of it.
    Ledger(crate::ledger::Args),
    /// Find out why a server or a provider cannot be used.
    Doctor(Doctor),
    /// What the official suites for clients of MCP run.
    #[command(hide = true)]
    Conformance(Conformance),
    /// Answer other programs over HTTP, as OpenAI's API does, with your tools.
    Serve(Serve),
    /// Make, list and revoke the keys of other programs.
    Keys(crate::keys::Args),
    /// Serve many tools as one MCP server, with roles, approvals, limits and audit.
    Gateway(crate::gateway::Args),
    /// Look after a gateway's audit log.
    Audit(crate::gateway::AuditArgs),
}

#[derive(Debug, Group)]
pub(crate) struct Ask {
    /// What you want to know.
    pub(crate) question: String,
    /// Print one event a line, exactly what the window is told.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) common: Common,
}

#[derive(Debug, Group)]
pub(crate) struct Examples {
    /// Print one event a line, exactly what the window is told.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) common: Common,
}

#[derive(Debug, Clone, Group)]
pub(crate) struct Common {
    /// Who answers; otherwise whoever is chosen in the settings.
    #[arg(long, value_enum)]
    pub(crate) provider: Option<Provider>,
    /// Where the provider is; with no provider named, any OpenAI-compatible address.
    #[arg(long, value_name = "URL")]
    pub(crate) base_url: Option<String>,
    /// Which model; otherwise MODEL, LMSTUDIO_MODEL, or what the provider offers.
    #[arg(long, value_name = "MODEL")]
    pub(crate) model: Option<String>,
    /// What the model is told first; otherwise SYSTEM_PROMPT, or what the settings say.
    #[arg(short, long, value_name = "PROMPT")]
    pub(crate) system_prompt: Option<String>,
    /// Use these servers, for this call alone: any client's JSON.
    #[arg(long, value_name = "FILE")]
    pub(crate) servers: Option<PathBuf>,
    /// Call a server in the name of this account; may be given for several servers.
    #[arg(long, value_name = "SERVER=NAME", value_parser = account)]
    pub(crate) account: Vec<(String, String)>,
    /// Allow every call without asking.
    #[arg(long)]
    pub(crate) yes: bool,
}

fn account(text: &str) -> Result<(String, String), &'static str> {
    let (server, name) = text.split_once('=').ok_or("expected SERVER=NAME, such as box=work")?;
    Ok((server.trim().to_owned(), name.trim().to_owned()))
}

/// Which servers a command looks at.
#[derive(Debug, Clone, Default, Group)]
pub(crate) struct Given {
    /// Use these servers, for this call alone: any client's JSON.
    #[arg(long, value_name = "FILE")]
    pub(crate) servers: Option<PathBuf>,
    /// Let their programs run, where nobody has agreed to it yet.
    #[arg(long)]
    pub(crate) yes: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Provider {
    Openai,
    Lmstudio,
    Practice,
    Custom,
}

#[derive(Debug, Group)]
pub(crate) struct Servers {
    #[command(flatten)]
    pub(crate) list: List,
    /// Agree that this server's program runs with the command line that is shown.
    #[arg(long, value_name = "NAME")]
    pub(crate) allow: Vec<String>,
    /// Move the secrets that lie open in the list to the keychain.
    #[arg(long)]
    pub(crate) protect: bool,
}

#[derive(Debug, Group)]
pub(crate) struct Import {
    /// Its list of servers, or its file of sign-ins (.mcp_tokens.json); without one, the lists that lie on this computer
    /// are shown.
    pub(crate) file: Option<String>,
    /// Print JSON.
    #[arg(long)]
    pub(crate) json: bool,
    /// Add what can be added without asking.
    #[arg(long)]
    pub(crate) yes: bool,
    /// Delete the file of sign-ins once they are kept where secrets are.
    #[arg(long)]
    pub(crate) delete: bool,
}

#[derive(Debug, Group)]
pub(crate) struct Secret {
    /// Its name, as it stands in ${secret:NAME}. The secret itself is read from the terminal or standard input.
    pub(crate) name: String,
}

#[derive(Debug, Group)]
pub(crate) struct Secrets {
    /// From now on keep them in a file under a passphrase: for systems without a keychain.
    #[arg(long)]
    pub(crate) file: bool,
    /// Print JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Group)]
pub(crate) struct List {
    /// Print JSON.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) given: Given,
}

#[derive(Debug, Group)]
pub(crate) struct Call {
    /// The server's name, as `loq servers` shows it.
    pub(crate) server: String,
    /// The tool's own name, as `loq tools` shows it.
    pub(crate) tool: String,
    /// The arguments, a JSON object.
    #[arg(default_value = "{}")]
    pub(crate) arguments: String,
    /// In the name of this account; otherwise of the one that is used.
    #[arg(long, value_name = "NAME")]
    pub(crate) account: Option<String>,
    /// Print JSON.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) given: Given,
}

#[derive(Debug, Group)]
pub(crate) struct Serve {
    /// Where to listen; otherwise HOST and PORT, or 127.0.0.1:8000.
    #[arg(long, value_name = "ADDR")]
    pub(crate) listen: Option<String>,
    /// Let every program of this machine in, without a key.
    #[arg(long)]
    pub(crate) open: bool,
    /// Keep keys, sessions and the ledger in PostgreSQL, where every copy finds them: docs/team.md.
    #[arg(long, value_name = "URL", env = "LOQUAT_DATABASE", hide_env_values = true)]
    pub(crate) database: Option<mcp::Secret>,
    #[command(flatten)]
    pub(crate) common: Common,
}

#[derive(Debug, Group)]
pub(crate) struct Doctor {
    /// A server's or a provider's name; otherwise all of them.
    pub(crate) name: Option<String>,
    /// Show also what went over the wire, secrets masked.
    #[arg(long)]
    pub(crate) verbose: bool,
    /// Print JSON.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) given: Given,
}

#[derive(Debug, Group)]
pub(crate) struct Conformance {
    /// The suite's server.
    pub(crate) url: String,
}

#[derive(Debug, Default, Group)]
pub(crate) struct Login {
    /// The server's name, as `loq servers` shows it.
    pub(crate) server: String,
    /// A name for the account, where there are several.
    #[arg(long, value_name = "NAME")]
    pub(crate) account: Option<String>,
    /// Open the link in the browser without asking.
    #[arg(long)]
    pub(crate) open: bool,
    /// Forget who we are to the authorization server first, and register anew.
    #[arg(long)]
    pub(crate) reset_registration: bool,
    /// Show what goes over the wire, secrets masked.
    #[arg(long, short)]
    pub(crate) verbose: bool,
    /// Print one step a line as JSON.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) given: Given,
}

#[derive(Debug, Group)]
pub(crate) struct Logout {
    /// The server's name, as `loq servers` shows it.
    pub(crate) server: String,
    /// Whose account; otherwise the one that is used.
    #[arg(long, value_name = "NAME")]
    pub(crate) account: Option<String>,
    #[command(flatten)]
    pub(crate) given: Given,
}

#[derive(Debug, Group)]
pub(crate) struct Accounts {
    /// Only this server's.
    pub(crate) server: Option<String>,
    /// Use this account from now on.
    #[arg(long, value_name = "NAME", requires = "server")]
    pub(crate) switch: Option<String>,
    /// Print JSON.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) given: Given,
}

#[derive(Debug, Group)]
pub(crate) struct Prompt {
    /// The server's name, as `loq servers` shows it.
    pub(crate) server: String,
    /// The prompt's name, as `loq prompts` shows it.
    pub(crate) name: String,
    /// What fills its blanks: name=value, each.
    pub(crate) arguments: Vec<String>,
    /// Print JSON.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) given: Given,
}

#[derive(Debug, Group)]
pub(crate) struct Read {
    /// The server's name, as `loq servers` shows it.
    pub(crate) server: String,
    /// The resource's address, as `loq resources` shows it.
    pub(crate) uri: String,
    /// Read it again each time the server says that it has changed, until Ctrl+C.
    #[arg(long)]
    pub(crate) watch: bool,
    /// Print JSON.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) given: Given,
}

#[derive(Debug, Group)]
pub(crate) struct Logs {
    /// The server's name, as `loq servers` shows it.
    pub(crate) server: String,
    /// Print JSON, one line each.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) given: Given,
}
