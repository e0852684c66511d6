//! Taking over the servers of other clients: first shown, then chosen, then added. None of them runs by that.

use std::path::{Path, PathBuf};

use chat::{ErrorCode, ErrorReport};
use mcp::{Imported, ServerConfig, Transport, own_name, read_list, set_secrets_apart, with_own_inputs};
use serde::{Deserialize, Serialize};

use super::sign_ins::{self, ImportSignIn};
use crate::engine::Engine;

/// A list longer than this is none.
const LONGEST: u64 = 16 * 1024 * 1024;

/// What a list of another client would bring.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct ImportPreview {
    pub entries: Vec<ImportEntry>,
    /// Sign-ins that the file holds in the open.
    #[serde(default)]
    pub sign_ins: Vec<ImportSignIn>,
    /// A file with sign-ins that lies beside the list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub beside: Option<String>,
}

/// One server of such a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct ImportEntry {
    /// Its place in the list: that is how it is chosen.
    pub at: u32,
    /// What it is called there.
    pub entry: String,
    /// What it would be called here, or is called already.
    pub name: String,
    /// The whole command line or the address, secrets masked; empty where it cannot be used.
    pub address: String,
    /// Whether it starts a program on this computer. It is asked about once more before it first runs.
    pub runs_program: bool,
    pub fate: ImportFate,
    /// The secrets in it, by the names under which they go to the keychain.
    pub secrets: Vec<String>,
    /// The values that somebody must give before it can work.
    pub asks: Vec<ImportAsk>,
    /// What could not be taken over, and what is good to know, in whole sentences.
    pub notes: Vec<String>,
}

/// What becomes of an entry.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(tag = "fate", rename_all = "camelCase")]
pub enum ImportFate {
    Added,
    /// Another server has its name: it gets another.
    Renamed,
    /// The same server is there already; nothing is done.
    AlreadyThere,
    Unusable {
        error: ErrorReport,
    },
}

/// A value that another client would ask for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct ImportAsk {
    /// The secret that it becomes.
    pub secret: String,
    /// What it is, in the list's own words.
    pub what: String,
}

/// A list of another client that lies on this computer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct ImportSource {
    pub client: String,
    pub path: String,
    /// How many servers it names; nothing where it cannot be read.
    pub servers: Option<u32>,
}

impl Engine {
    /// The lists of other clients that lie where those clients keep them.
    pub fn import_sources(&self) -> Vec<ImportSource> {
        let Some(dirs) = directories::BaseDirs::new() else { return vec![] };
        let lists = mcp::known_lists(dirs.home_dir(), dirs.config_dir()).into_iter();
        let lists = lists.map(|list| {
            let count = read(&list.path.to_string_lossy()).ok().and_then(|text| read_list(&text).ok());
            ImportSource {
                client: list.client.into(),
                path: list.path.display().to_string(),
                servers: count.and_then(|entries| u32::try_from(entries.len()).ok()),
            }
        });
        // A client without servers of its own has nothing to offer.
        lists.filter(|list| list.servers.is_some_and(|servers| servers > 0)).collect()
    }

    /// What the list at a path, or a list given as text, would bring. Nothing is added or run.
    pub fn preview_import(&self, source: &str) -> Result<ImportPreview, ErrorReport> {
        let is_text = source.trim_start().starts_with(['{', '[']);
        let sign_ins = if is_text { vec![] } else { self.sign_ins_in(&read(source)?) };
        if !sign_ins.is_empty() {
            return Ok(ImportPreview { entries: vec![], sign_ins, beside: None });
        }
        let entries = self.judged(source)?.into_iter().map(|(entry, _)| entry).collect();
        let beside = if is_text { None } else { sign_ins::beside(&place(source)) };
        Ok(ImportPreview { entries, sign_ins, beside })
    }

    /// Adds the chosen entries of what [`Engine::preview_import`] showed; returns their names. Secrets go to the
    /// keychain; programs wait for consent.
    pub async fn import(&self, source: &str, chosen: &[u32]) -> Result<Vec<String>, ErrorReport> {
        let judged = self.judged(source)?.into_iter();
        let wanted = judged.filter(|(entry, _)| chosen.contains(&entry.at)).filter_map(|(entry, config)| {
            matches!(entry.fate, ImportFate::Added | ImportFate::Renamed).then_some(config?)
        });
        let configs: Vec<ServerConfig> = wanted.collect();
        let names = configs.iter().map(|config| config.name.clone()).collect();
        let configs = self.keep_secrets(configs).await?;
        self.put_servers(configs).await?;
        Ok(names)
    }

    /// Every entry with what would be added for it.
    fn judged(&self, source: &str) -> Result<Vec<(ImportEntry, Option<ServerConfig>)>, ErrorReport> {
        let text = if source.trim_start().starts_with(['{', '[']) { source.to_owned() } else { read(source)? };
        let mut there = self.configs();
        let mut judged = vec![];
        for (at, imported) in read_list(&text).map_err(|error| error.report())?.into_iter().enumerate() {
            let (entry, config) = judge(u32::try_from(at).unwrap_or(u32::MAX), imported, &there);
            if let (Some(config), ImportFate::Added | ImportFate::Renamed) = (&config, &entry.fate) {
                there.push(config.clone());
            }
            judged.push((entry, config));
        }
        Ok(judged)
    }
}

fn judge(at: u32, imported: Imported, there: &[ServerConfig]) -> (ImportEntry, Option<ServerConfig>) {
    let Imported { entry, config, notes, asks } = imported;
    let config = match config {
        Ok(config) => config,
        Err(error) => {
            let fate = ImportFate::Unusable { error: error.report() };
            let (name, address) = (entry.clone(), String::new());
            return (
                ImportEntry {
                    at,
                    entry,
                    name,
                    address,
                    runs_program: false,
                    fate,
                    secrets: vec![],
                    asks: vec![],
                    notes,
                },
                None,
            );
        }
    };
    let same = there.iter().find(|known| is_same(known, &config));
    let taken = |name: &str| there.iter().any(|known| known.name == name);
    let fate = match same {
        Some(_) => ImportFate::AlreadyThere,
        None if taken(&config.name) => ImportFate::Renamed,
        None => ImportFate::Added,
    };
    let numbered = |config: &ServerConfig| (2..).map(|n| format!("{}-{n}", config.name)).find(|name| !taken(name));
    let name = match (&fate, same) {
        (_, Some(known)) => known.name.clone(),
        (ImportFate::Renamed, None) => numbered(&config).unwrap_or_else(|| config.name.clone()),
        _ => config.name.clone(),
    };
    let config = with_own_inputs(&ServerConfig { name, ..config });
    let (_, secrets) = set_secrets_apart(&config);
    let entry = ImportEntry {
        at,
        entry,
        name: config.name.clone(),
        address: config.address(),
        runs_program: matches!(config.transport, Transport::Stdio { .. }),
        fate,
        secrets: secrets.into_iter().map(|(name, _)| name).collect(),
        asks: asks.into_iter().map(|(id, what)| ImportAsk { secret: own_name(&config.name, &id), what }).collect(),
        notes,
    };
    (entry, Some(config))
}

/// Whether the server is there already, apart from its name and from where its secrets lie.
fn is_same(known: &ServerConfig, new: &ServerConfig) -> bool {
    let new = with_own_inputs(&ServerConfig { name: known.name.clone(), ..new.clone() });
    known.transport == new.transport || set_secrets_apart(&new).0.transport == known.transport
}

/// Where that is, as people write it.
pub(super) fn place(path: &str) -> PathBuf {
    match (path.trim().strip_prefix("~/"), directories::BaseDirs::new()) {
        (Some(rest), Some(dirs)) => dirs.home_dir().join(rest),
        _ => PathBuf::from(path.trim()),
    }
}

pub(super) fn read(path: &str) -> Result<String, ErrorReport> {
    let path = place(path);
    let unreadable = |cause: String| {
        ErrorReport::new(ErrorCode::InvalidInput, format!("{} cannot be read.", shown(&path)))
            .because(cause)
            .fix("Give a file with servers in it, such as Claude Desktop's claude_desktop_config.json.")
    };
    let length = std::fs::metadata(&path).map_err(|error| unreadable(error.to_string()))?.len();
    if length > LONGEST {
        return Err(unreadable("It is too long to be a list of servers.".into()));
    }
    std::fs::read_to_string(&path).map_err(|error| unreadable(error.to_string()))
}

/// What was given for a path may be anything, also something secret pasted into the wrong box.
fn shown(path: &Path) -> String {
    let text = path.display().to_string();
    if text.len() > 200 || text.contains('\n') { "That".into() } else { mcp::masked(&text).into_owned() }
}
