//! Keys by which other programs are known: shown once, stored as hashes, each with its rights and its budget.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chat::{ErrorCode, ErrorReport, Rule};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use mcp::{Catalogue, write_atomically};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::team_keys::TeamKeys;

/// Every key begins so, so that whoever finds one knows what it is.
const PREFIX: &str = "lq-";
const FILE: &str = "api-keys.json";

/// A key as it is stored: never the key itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Key {
    pub name: String,
    /// Its last four characters, to tell keys apart.
    pub hint: String,
    /// Milliseconds since 1970.
    pub created_at: u64,
    #[serde(default)]
    pub revoked: bool,
    #[serde(default)]
    pub rights: KeyRights,
    /// Tokens used in `month`.
    #[serde(default)]
    pub used: u64,
    /// Such as `2025-08`; use is counted by calendar month, in UTC.
    #[serde(default)]
    pub month: String,
    /// SHA-256 of the key, in hexadecimal. The key has 256 random bits: nothing slower is needed.
    pub(crate) hash: String,
}

/// A key as people see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct KeyView {
    pub name: String,
    /// Its last four characters, to tell keys apart.
    pub hint: String,
    /// Milliseconds since 1970.
    pub created_at: u64,
    pub revoked: bool,
    pub rights: KeyRights,
    /// Tokens used this month.
    pub used: u64,
    /// Such as `2025-08`.
    pub month: String,
}

impl From<&Key> for KeyView {
    fn from(key: &Key) -> Self {
        let now = month();
        Self {
            name: key.name.clone(),
            hint: key.hint.clone(),
            created_at: key.created_at,
            revoked: key.revoked,
            rights: key.rights.clone(),
            used: if key.month == now { key.used } else { 0 },
            month: now,
        }
    }
}

/// What whoever has the key may do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase", default)]
pub struct KeyRights {
    /// Tools of these servers only; of all where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub servers: Option<Vec<String>>,
    /// Calls that run without anybody being asked: `*`, or `server/tool`, or `server/*`.
    pub allow: Vec<String>,
    /// So many tokens a month; any number where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub budget: Option<u64>,
}

impl KeyRights {
    /// As rules of the policy, given what there is to call.
    pub(crate) fn rules(&self, tools: &Catalogue) -> Vec<Rule> {
        let one = |server: &str, tool: &str| Rule::AllowTool { server: server.to_owned(), tool: tool.to_owned() };
        let rules = |allow: &String| match allow.split_once('/') {
            None => vec![Rule::AllowAll],
            Some((server, "*")) => {
                tools.tools().iter().filter(|tool| tool.server == server).map(|tool| one(server, &tool.name)).collect()
            }
            Some((server, tool)) => vec![one(server, tool)],
        };
        self.allow.iter().flat_map(rules).collect()
    }

    fn checked(self) -> Result<Self, KeyError> {
        let wrong = self.allow.iter().find(|allow| {
            *allow != "*" && allow.split_once('/').is_none_or(|(server, tool)| server.is_empty() || tool.is_empty())
        });
        match wrong {
            Some(wrong) => Err(KeyError::Right(wrong.clone())),
            None => Ok(self),
        }
    }
}

/// A key that was just made: the only time at which it can be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
pub struct NewKey {
    pub name: String,
    pub key: String,
}

#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error("there is a key called {0} already")]
    Taken(String),
    #[error("there is no key called {0}")]
    Unknown(String),
    #[error("a key needs a name")]
    Nameless,
    #[error("'{0}' is no right")]
    Right(String),
    #[error("no random numbers could be had: {0}")]
    Random(String),
    #[error("{path} cannot be {verb}")]
    File { path: PathBuf, verb: &'static str, source: io::Error },
    /// What several copies share.
    #[error(transparent)]
    Team(#[from] team::TeamError),
    #[error("{path} is damaged")]
    Damaged { path: PathBuf, source: serde_json::Error },
}

impl KeyError {
    pub fn report(&self) -> ErrorReport {
        let report = |code, fix: &str| ErrorReport::new(code, format!("{}.", capital(&self.to_string()))).fix(fix);
        match self {
            Self::Taken(_) => report(ErrorCode::InvalidInput, "Revoke it first, or choose another name."),
            Self::Unknown(_) => report(ErrorCode::NotFound, "`loq keys list` shows them."),
            Self::Nameless => report(ErrorCode::InvalidInput, "Name it after the program that will use it."),
            Self::Right(_) => report(ErrorCode::InvalidInput, "Give `*`, `server/tool` or `server/*`."),
            Self::Random(_) => report(ErrorCode::Unknown, "Try again."),
            Self::Team(error @ (team::TeamError::Taken(_) | team::TeamError::Address { .. })) => {
                report(ErrorCode::InvalidInput, error.fix())
            }
            Self::Team(error @ team::TeamError::Unknown(_)) => report(ErrorCode::NotFound, error.fix()),
            Self::Team(error) => report(ErrorCode::StorageFailed, error.fix()),
            Self::File { source, .. } => {
                report(ErrorCode::Unknown, "Check who may read and write it.").because(source.to_string())
            }
            Self::Damaged { source, .. } => {
                report(ErrorCode::Unknown, "Mend or remove it; without it no key is known and nobody gets in.")
                    .because(source.to_string())
            }
        }
    }
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Kept {
    /// What session ids are signed with.
    #[serde(default)]
    secret: String,
    keys: Vec<Key>,
}

/// The keys of one home. Cheap to clone; all clones are the same keys.
#[derive(Clone)]
pub struct Keys {
    place: Place,
    kept: Arc<Mutex<Kept>>,
}

/// Where keys are kept.
#[derive(Clone)]
enum Place {
    File(PathBuf),
    /// Where every copy knows them.
    Team(TeamKeys),
}

impl Keys {
    pub fn open(home: &Path) -> Result<Self, KeyError> {
        let path = home.join(FILE);
        let mut kept = read(&path)?;
        if kept.secret.is_empty() {
            kept.secret = random()?;
        }
        Ok(Self { place: Place::File(path), kept: Arc::new(Mutex::new(kept)) })
    }

    /// The keys that all copies know. They are made and revoked by [`TeamKeys`] itself.
    pub async fn of_team(team: TeamKeys) -> Result<Self, KeyError> {
        let kept = Kept { secret: team.secret(&random()?).await?, keys: team.list().await? };
        Ok(Self { place: Place::Team(team), kept: Arc::new(Mutex::new(kept)) })
    }

    /// Every key, oldest first.
    pub fn list(&self) -> Vec<Key> {
        self.kept().keys.clone()
    }

    /// Makes a key. A name that was revoked may be used again.
    pub fn create(&self, name: &str, rights: KeyRights) -> Result<NewKey, KeyError> {
        let (key, made) = make(name, rights)?;
        let mut kept = self.kept();
        if kept.keys.iter().any(|known| known.name == key.name && !known.revoked) {
            return Err(KeyError::Taken(key.name));
        }
        kept.keys.retain(|known| known.name != key.name);
        kept.keys.push(key);
        self.save(&kept)?;
        Ok(made)
    }

    /// From now on nobody gets in by it.
    pub fn revoke(&self, name: &str) -> Result<(), KeyError> {
        let mut kept = self.kept();
        let key = kept.keys.iter_mut().find(|key| key.name == name && !key.revoked);
        key.ok_or_else(|| KeyError::Unknown(name.to_owned()))?.revoked = true;
        self.save(&kept)
    }

    /// The key that was given, if it is one and still counts.
    pub(crate) fn find(&self, given: &str) -> Option<Key> {
        let given = hash(given);
        let kept = self.kept();
        // All are looked at, whichever fits: the time it takes tells nothing.
        let mut found = None;
        for key in &kept.keys {
            if bool::from(key.hash.as_bytes().ct_eq(given.as_bytes())) && !key.revoked {
                found = Some(key.clone());
            }
        }
        found
    }

    /// How many tokens are left of this month's budget; nothing where there is none.
    pub(crate) fn left(&self, name: &str) -> Option<u64> {
        let kept = self.kept();
        let key = kept.keys.iter().find(|key| key.name == name)?;
        let used = if key.month == month() { key.used } else { 0 };
        key.rights.budget.map(|budget| budget.saturating_sub(used))
    }

    /// Counts what was used.
    pub(crate) fn count(&self, name: &str, tokens: u64) {
        let mut kept = self.kept();
        let Some(key) = kept.keys.iter_mut().find(|key| key.name == name) else { return };
        let now = month();
        if key.month != now {
            (key.month, key.used) = (now, 0);
        }
        key.used = key.used.saturating_add(tokens);
        if let Place::Team(team) = &self.place {
            team.note(name, key.month.clone(), tokens);
        }
    }

    /// The same as [`Keys::sync`] where all copies write down what they counted.
    pub(crate) async fn sync_team(&self) -> Result<(), KeyError> {
        let Place::Team(team) = &self.place else { return Ok(()) };
        let keys = team.sync().await?;
        self.kept().keys = keys;
        Ok(())
    }

    /// Writes down what was counted, and takes in what other programs changed meanwhile.
    pub(crate) fn sync(&self) -> Result<(), KeyError> {
        let Place::File(path) = &self.place else { return Ok(()) };
        let mut kept = self.kept();
        let disk = read(path)?;
        if disk.keys.is_empty() && disk.secret.is_empty() && kept.keys.is_empty() {
            return Ok(());
        }
        let counted = std::mem::take(&mut kept.keys);
        kept.keys = disk.keys;
        let mut changed = false;
        for key in &mut kept.keys {
            if let Some(before) = counted.iter().find(|it| it.hash == key.hash)
                && (before.month > key.month || before.month == key.month && before.used > key.used)
            {
                (key.month, key.used, changed) = (before.month.clone(), before.used, true);
            }
        }
        if changed { self.save(&kept) } else { Ok(()) }
    }

    /// What session ids are signed with.
    pub(crate) fn secret(&self) -> String {
        self.kept().secret.clone()
    }

    /// Makes sure that sessions of today are known tomorrow.
    pub(crate) fn keep_secret(&self) -> Result<(), KeyError> {
        let Place::File(path) = &self.place else { return Ok(()) };
        let kept = self.kept();
        if read(path)?.secret == kept.secret { Ok(()) } else { self.save(&kept) }
    }

    fn save(&self, kept: &Kept) -> Result<(), KeyError> {
        // A team's keys are never made or revoked here.
        let Place::File(path) = &self.place else { return Ok(()) };
        let text =
            serde_json::to_vec_pretty(kept).map_err(|source| KeyError::Damaged { path: path.clone(), source })?;
        write_atomically(path, &text).map_err(|source| KeyError::File { path: path.clone(), verb: "written", source })
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn read(path: &Path) -> Result<Kept, KeyError> {
    match fs::read(path) {
        Ok(text) => serde_json::from_slice(&text).map_err(|source| KeyError::Damaged { path: path.to_owned(), source }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Kept::default()),
        Err(source) => Err(KeyError::File { path: path.to_owned(), verb: "read", source }),
    }
}

/// 256 random bits, in hexadecimal.
fn random() -> Result<String, KeyError> {
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes).map_err(|error| KeyError::Random(error.to_string()))?;
    Ok(hex::encode(bytes))
}

fn hash(key: &str) -> String {
    hex::encode(Sha256::digest(key.as_bytes()))
}

/// A key as it is stored, and as it is shown once.
pub(crate) fn make(name: &str, rights: KeyRights) -> Result<(Key, NewKey), KeyError> {
    let name = name.trim();
    if name.is_empty() {
        return Err(KeyError::Nameless);
    }
    let rights = rights.checked()?;
    let key = format!("{PREFIX}{}", random()?);
    let stored = Key {
        name: name.to_owned(),
        hint: key[key.len() - 4..].to_owned(),
        created_at: u64::try_from(Timestamp::now().as_millisecond()).unwrap_or_default(),
        revoked: false,
        rights,
        used: 0,
        month: month(),
        hash: hash(&key),
    };
    Ok((stored, NewKey { name: name.to_owned(), key }))
}

pub(crate) fn month() -> String {
    Timestamp::now().to_zoned(TimeZone::UTC).strftime("%Y-%m").to_string()
}
