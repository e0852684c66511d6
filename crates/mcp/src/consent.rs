//! Which programs may be started: those whose whole command line a person has seen and agreed to.

use std::{
    collections::BTreeMap,
    fmt, io,
    path::PathBuf,
    sync::{Mutex, MutexGuard, PoisonError},
};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{ServerConfig, Transport, mask, references, write_atomically};

/// What has been agreed to, in a file of its own. What cannot be read there was never agreed to.
pub struct Consents {
    path: PathBuf,
    given: Mutex<BTreeMap<String, Consent>>,
}

/// One agreement; its key is the fingerprint of what it is for.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Consent {
    server: String,
    /// For whoever reads the file; secrets are masked.
    command: String,
}

impl fmt::Debug for Consents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Consents").field("path", &self.path).finish_non_exhaustive()
    }
}

impl Consents {
    pub fn load(path: impl Into<PathBuf>) -> Self {
        let consents = Self { path: path.into(), given: Mutex::default() };
        consents.read();
        consents
    }

    /// Whether the program of this server may be started as it is configured. What is no program needs no consent,
    /// and what comes with Loquat has it.
    pub fn allows(&self, config: &ServerConfig) -> bool {
        let Some(print) = fingerprint(config).filter(|_| !config.bundled) else { return true };
        if self.lock().contains_key(&print) {
            return true;
        }
        // Another face of Loquat may have been told meanwhile.
        self.read();
        self.lock().contains_key(&print)
    }

    /// Writes down that a person has agreed.
    pub fn give(&self, config: &ServerConfig) -> io::Result<()> {
        let Some(print) = fingerprint(config) else { return Ok(()) };
        self.read();
        let mut given = self.lock();
        given.insert(print, Consent { server: config.name.clone(), command: config.address() });
        let text = serde_json::to_vec_pretty(&*given).map_err(io::Error::other)?;
        write_atomically(&self.path, &text)
    }

    /// The whole of what is agreed to, as a person sees it: variables, program, arguments and folder, secrets masked.
    pub fn shown(config: &ServerConfig) -> String {
        let Transport::Stdio { command, args, env, cwd } = &config.transport else { return config.address() };
        let env =
            env.iter().map(|(name, value)| format!("{name}={}", mask::in_value(name, value, &mut |_, _| "•••".into())));
        let folder = cwd.iter().map(|folder| format!("(in {})", folder.display()));
        let line = mask::command_line(command, args);
        env.chain([line]).chain(folder).collect::<Vec<_>>().join(" ")
    }

    fn read(&self) {
        let read = std::fs::read(&self.path).ok().and_then(|text| serde_json::from_slice(&text).ok());
        let read: BTreeMap<String, Consent> = read.unwrap_or_default();
        self.lock().extend(read);
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Consent>> {
        self.given.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What an agreement is for: the program, its arguments, its folder, its sandbox and its variables. Of secrets only
/// the names count: another key is no other program.
fn fingerprint(config: &ServerConfig) -> Option<String> {
    let (apart, _) = references::set_secrets_apart(config);
    let Transport::Stdio { command, args, env, cwd } = &apart.transport else { return None };
    let all = serde_json::json!([config.name, command, args, env, cwd, config.sandbox]);
    Some(hex::encode(Sha256::digest(all.to_string())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse_servers;

    fn server(line: &str) -> ServerConfig {
        ServerConfig { name: "s".into(), ..parse_servers(line).unwrap().remove(0) }
    }

    #[test]
    fn consent_is_for_one_command_line_and_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("consents.json");
        let agreed = server("API_KEY=hunter2 MODE=a npx -y thing");
        let (one, other) = (Consents::load(&path), Consents::load(&path));
        assert!(!one.allows(&agreed));
        one.give(&agreed).unwrap();
        for consents in [one, other, Consents::load(&path)] {
            assert!(consents.allows(&agreed));
            assert!(consents.allows(&server("API_KEY=another MODE=a npx -y thing")), "another key, the same program");
            for changed in [
                "npx -y thing",
                "API_KEY=hunter2 MODE=b npx -y thing",
                "API_KEY=hunter2 MODE=a LD_PRELOAD=x npx -y thing",
                "API_KEY=hunter2 MODE=a npx -y thing --more",
            ] {
                assert!(!consents.allows(&server(changed)), "{changed}");
            }
            let boxed = ServerConfig { sandbox: Some(chat::Sandbox::default()), ..agreed.clone() };
            assert!(!consents.allows(&boxed));
            assert!(consents.allows(&server("https://example.com/mcp")), "no program");
        }
        assert!(!std::fs::read_to_string(&path).unwrap().contains("hunter2"));
        std::fs::write(&path, "{").unwrap();
        assert!(!Consents::load(&path).allows(&agreed), "what cannot be read was never agreed to");
        assert_eq!(Consents::shown(&agreed), "API_KEY=••• MODE=a npx -y thing");
    }
}
